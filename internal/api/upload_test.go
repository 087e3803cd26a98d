package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

type sheet struct {
	ID        string
	Hours     string
	ImageURLs []string `json:"image_urls"`
}

var goodFields = map[string]string{"project_id": "{project}", "date": "2026-05-04", "hours": "7.5", "activity_type_id": "{activity}", "cost_center_id": "{center}", "notes": "undefined"}

func TestPhotosComeAndGo(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		w := f.submit("tech", "POST", "/api/timesheets", goodFields, []photo{{"images", "a.jpg", jpeg}, {"images", "b.exe", pdf}})
		created := answer[sheet](t, w, 201)
		if created.Hours != "7.50" || len(created.ImageURLs) != 2 || strings.Contains(w.Body.String(), "undefined") {
			t.Fatalf("%s", w.Body)
		}
		f.vars["sheet"], f.vars["first"], f.vars["second"] = created.ID, created.ImageURLs[0], created.ImageURLs[1]

		got := f.ask("tech", "GET", "{first}", "")
		if got.Code != 200 || got.Body.String() != jpeg || got.Header().Get("Content-Type") != "image/jpeg" ||
			got.Header().Get("Cache-Control") != "private, max-age=3600" || got.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%d %v %q", got.Code, got.Header(), got.Body)
		}
		f.play([]scenario{
			{who: "manager", ask: "GET {second}", status: 200, parts: []string{"%PDF-1.7"}},
			{who: "other", ask: "GET {first}", status: 403},
			{ask: "GET {first}", status: 401},
			{who: "tech", ask: "GET {first}x", status: 404},
			{who: "tech", ask: "GET /uploads/timesheets/2026/%2e%2e/%2e%2e/secret", status: 404},
			{who: "tech", ask: "GET /uploads/secret", status: 404},
			{who: "other", ask: "DELETE /api/timesheets/{sheet}/images/0", status: 403},
			{who: "tech", ask: "DELETE /api/timesheets/{sheet}/images/2", status: 404},
			{who: "tech", ask: "DELETE /api/timesheets/{sheet}/images/-1", status: 404},
			{who: "tech", ask: "DELETE /api/timesheets/{sheet}/images/x", status: 404},
			{who: "tech", ask: "DELETE /api/timesheets/{sheet}/images/0", status: 200, parts: []string{`"image_urls":["{second}"]`}},
			{who: "tech", ask: "GET {first}", status: 404},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"image_urls":["{second}","/uploads/timesheets/2026/other.jpg"]}`, status: 400, parts: []string{"is no photo of this timesheet"}},
			// It can be put back until its time in the bin is over.
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"image_urls":["{second}","{first}"]}`, status: 200, parts: []string{`"image_urls":["{second}","{first}"]`, `"file_name":"a.jpg"`}},
			{who: "tech", ask: "GET {first}", status: 200},
			{who: "other", ask: "PUT /api/timesheets/{sheet}/images/1", body: `{"caption":"x"}`, status: 403},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}/images/2", body: `{"caption":"x"}`, status: 404},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}/images/1", body: `{"caption":" The board, before "}`, status: 200, parts: []string{`"caption":"The board, before"`}},
			{who: "tech", ask: "GET /api/files/timesheet-images", status: 200, parts: []string{`"project_id":"{project}"`, `"timesheets_with_images":1`, `"total_images":2`}},
			{who: "other", ask: "GET /api/files/timesheet-images", status: 200, parts: []string{"!{project}"}},
			{who: "manager", ask: "GET /api/files/timesheet-images/{project}?limit=1", status: 200, parts: []string{`"timesheet_id":"{sheet}"`, `"url":"{first}"`, `"image_index":1`, `"caption":"The board, before"`, `"filename":"a.jpg"`}},
			{who: "other", ask: "GET /api/files/timesheet-images/{project}", status: 200, parts: []string{"[]"}},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"image_urls":["{second}"]}`, status: 200},
		})
		if w := f.submit("other", "POST", "/api/timesheets/{sheet}/images", nil, []photo{{"images", "c.png", jpeg}}); w.Code != 403 {
			t.Errorf("a stranger's photo: %d %s", w.Code, w.Body)
		}
		added := answer[sheet](t, f.submit("tech", "POST", "/api/timesheets/{sheet}/images", nil, []photo{{"images", "c.png", jpeg}}), 200)
		if len(added.ImageURLs) != 2 || added.ImageURLs[0] != f.vars["second"] {
			t.Errorf("added: %v", added.ImageURLs)
		}
		changed := answer[sheet](t, f.submit("tech", "PUT", "/api/timesheets/{sheet}", map[string]string{"hours": "8", "image_urls": `["{second}"]`}, []photo{{"images", "d.gif", pngPicture}}), 200)
		if len(changed.ImageURLs) != 2 || changed.ImageURLs[1] != f.vars["second"] || changed.Hours != "8.00" {
			t.Errorf("changed: %+v", changed)
		}
		if w := f.ask("tech", "GET", added.ImageURLs[1], ""); w.Code != 404 {
			t.Errorf("a photo that an edit dropped: %d", w.Code)
		}
		cleared := answer[sheet](t, f.ask("tech", "PUT", "/api/timesheets/{sheet}", `{"image_urls":[]}`), 200)
		if len(cleared.ImageURLs) != 0 {
			t.Errorf("cleared: %v", cleared.ImageURLs)
		}
	})
}

func TestUploadsThatAreRefusedLeaveNothing(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	six := make([]photo, paperwork.MaxPhotos+1)
	for i := range six {
		six[i] = photo{"images", "a.jpg", jpeg}
	}
	created := answer[sheet](t, f.submit("tech", "POST", "/api/timesheets", goodFields, six[:5]), 201)
	f.vars["sheet"] = created.ID
	large := photo{"images", "large.jpg", jpeg + strings.Repeat("x", paperwork.MaxPhotoBytes)}
	for _, c := range []struct {
		method, path string
		fields       map[string]string
		photos       []photo
		status       int
		part         string
	}{
		{"POST", "/api/timesheets", goodFields, six, 400, "Maximum 5 images allowed per timesheet"},
		{"POST", "/api/timesheets", goodFields, []photo{large}, 400, "File size exceeds 10MB limit. Please compress your images."},
		{"POST", "/api/timesheets", goodFields, []photo{{"photo", "a.jpg", jpeg}}, 400, "Unexpected file field"},
		{"POST", "/api/timesheets", goodFields, []photo{{"images", "a.jpg", "<script>"}}, 400, "Only JPEG"},
		{"POST", "/api/timesheets", map[string]string{"hours": "x"}, six[:1], 400, "Missing required fields"},
		{"POST", "/api/timesheets", map[string]string{"notes": "\x00"}, six[:1], 400, "cannot be kept"},
		{"POST", "/api/timesheets", map[string]string{"notes": strings.Repeat("x", maxField+1)}, six[:1], 400, "too long"},
		{"POST", "/api/timesheets/{sheet}/images", nil, six[:1], 400, "Maximum 5 images allowed per timesheet"},
		{"POST", "/api/timesheets/{sheet}/images", nil, nil, 400, "No files uploaded"},
		{"PUT", "/api/timesheets/{sheet}", nil, six[:1], 400, "Maximum 5 images allowed per timesheet"},
		{"PUT", "/api/timesheets/{sheet}", map[string]string{"hours": "99"}, nil, 400, "Hours must be between"},
	} {
		if w := f.submit("tech", c.method, c.path, c.fields, c.photos); w.Code != c.status || !strings.Contains(w.Body.String(), c.part) {
			t.Errorf("%s %s %v: %d %s", c.method, c.path, c.fields, w.Code, w.Body)
		}
	}
	if kept := f.photosKept(); kept != 5 {
		t.Errorf("%d photos on the disk, want 5", kept)
	}
}

func TestARepeatedSubmissionIsKeptOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		photos := []photo{{"images", "a.jpg", jpeg}}
		first := f.submit("tech", "POST", "/api/timesheets", goodFields, photos, "Idempotency-Key", "entry-1")
		second := f.submit("tech", "POST", "/api/timesheets", goodFields, photos, "Idempotency-Key", "entry-1") // with another boundary
		if first.Code != 201 || second.Code != 201 || first.Body.String() != second.Body.String() {
			t.Errorf("first %d %s\nsecond %d %s", first.Code, first.Body, second.Code, second.Body)
		}
		other := f.submit("tech", "POST", "/api/timesheets", goodFields, []photo{{"images", "a.jpg", pngPicture}}, "Idempotency-Key", "entry-1")
		if other.Code != 409 {
			t.Errorf("another photo: %d %s", other.Code, other.Body)
		}
		byBody := goodWork + `,"client_request_id":"entry-2"}`
		third, fourth := f.ask("tech", "POST", "/api/timesheets", byBody), f.ask("tech", "POST", "/api/timesheets", byBody)
		if third.Code != 201 || third.Body.String() != fourth.Body.String() {
			t.Errorf("third %d %s\nfourth %d %s", third.Code, third.Body, fourth.Code, fourth.Body)
		}
		if _, listing, err := f.db.Timesheets(t.Context(), store.TimesheetFilter{Page: store.Page{Number: 1, Size: 10}}); err != nil || listing.Total != 2 {
			t.Errorf("%d timesheets, %v", listing.Total, err)
		}
		if kept := f.photosKept(); kept != 1 {
			t.Errorf("%d photos on the disk, want 1", kept)
		}
	})
}

// A change whose commit was answered by nobody may stand: the photo that it names
// must be there then, and is, when the same request is made again.
func TestPhotosOutliveACommitInDoubt(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.Postgres)
	address, err := url.Parse(f.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := storetest.NewProxy(t, address.Host)
	address.Host = fmt.Sprintf("127.0.0.1:%d", proxy.Port)
	config := f.api.Config
	config.DB = storetest.Open(t, address.String())
	behind := *f
	behind.handler = New(config)

	fields := maps.Clone(goodFields)
	fields["client_request_id"] = "in doubt"
	photos := []photo{{"images", "a.jpg", jpeg}}
	proxy.LoseAnswer("insert into timesheets", "commit")
	first := behind.submit("tech", "POST", "/api/timesheets", fields, photos)
	if first.Code != http.StatusServiceUnavailable {
		t.Fatalf("a request whose commit nobody answered: %d %s", first.Code, first.Body)
	}
	again := answer[sheet](t, behind.submit("tech", "POST", "/api/timesheets", fields, photos), 201)
	if got := f.ask("tech", "GET", again.ImageURLs[0], ""); got.Code != 200 || got.Body.String() != jpeg {
		t.Errorf("its photo: %d, %d bytes", got.Code, got.Body.Len())
	}
}
