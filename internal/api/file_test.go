package api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/blob/blobtest"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// tusCall makes a request of the upload protocol.
func (f *firm) tusCall(who, method, path, body string, header ...string) (int, http.Header) {
	f.t.Helper()
	w := f.ask(who, method, path, body, append([]string{"Tus-Resumable", "1.0.0"}, header...)...)
	return w.Code, w.Header()
}

func metadata(pairs ...string) string {
	var parts []string
	for i := 0; i < len(pairs); i += 2 {
		parts = append(parts, pairs[i]+" "+base64.StdEncoding.EncodeToString([]byte(pairs[i+1])))
	}
	return strings.Join(parts, ",")
}

func TestAPhotoComesInPieces(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		about := metadata("filename", "board.jpg", "purpose", "photo", "sha256", sha256Hex(jpeg))
		size := strconv.Itoa(len(jpeg))
		if code, header := f.tusCall("tech", "OPTIONS", "/api/uploads", ""); code != 204 || header.Get("Tus-Version") != "1.0.0" || header.Get("Tus-Extension") == "" || header.Get("Tus-Max-Size") == "" {
			t.Errorf("what uploads can do: %d %v", code, header)
		}
		code, header := f.tusCall("tech", "POST", "/api/uploads", "", "Upload-Length", size, "Upload-Metadata", about)
		at := header.Get("Location")
		if code != 201 || !strings.HasPrefix(at, "/api/uploads/") || header.Get("Upload-Expires") == "" {
			t.Fatalf("begun: %d %v", code, header)
		}
		f.vars["upload"] = strings.TrimPrefix(at, "/api/uploads/")
		piece := []string{"Content-Type", "application/offset+octet-stream", "Upload-Offset"}
		cut := len(jpeg) * 8 / 10
		if code, header := f.tusCall("tech", "PATCH", at, jpeg[:cut], append(piece, "0")...); code != 204 || header.Get("Upload-Offset") != strconv.Itoa(cut) {
			t.Errorf("the first piece: %d %v", code, header)
		}
		for _, c := range []struct {
			who, method, body string
			header            []string
			want              int
		}{
			{"other", "HEAD", "", nil, 404},
			{"other", "PATCH", jpeg[cut:], append(piece, strconv.Itoa(cut)), 404},
			{"tech", "PATCH", jpeg[cut:], append(piece, "0"), 409},
			{"tech", "PATCH", jpeg[cut:], []string{"Content-Type", "text/plain", "Upload-Offset", strconv.Itoa(cut)}, 400},
			{"tech", "PATCH", jpeg[cut:] + "more", append(piece, strconv.Itoa(cut)), 413},
		} {
			if code, _ := f.tusCall(c.who, c.method, at, c.body, c.header...); code != c.want {
				t.Errorf("%s %s %v: %d, want %d", c.who, c.method, c.header, code, c.want)
			}
			if c.want == 413 { // what came until then stays
				break
			}
		}
		if w := f.ask("tech", "HEAD", at, ""); w.Code != 412 || w.Header().Get("Tus-Version") != "1.0.0" {
			t.Errorf("without the protocol's version: %d %v", w.Code, w.Header())
		}
		code, header = f.tusCall("tech", "HEAD", at, "")
		if code != 200 || header.Get("Upload-Length") != size {
			t.Errorf("where it stands: %d %v", code, header)
		}
		from, err := strconv.Atoi(header.Get("Upload-Offset"))
		if err != nil || from > len(jpeg) {
			t.Fatalf("it stands at %q", header.Get("Upload-Offset"))
		}
		if from < len(jpeg) {
			if code, _ := f.tusCall("tech", "PATCH", at, jpeg[from:], append(piece, strconv.Itoa(from))...); code != 204 {
				t.Errorf("the rest: %d", code)
			}
		}
		f.play([]scenario{
			{who: "other", ask: "POST /api/timesheets", body: goodWork + `,"upload_ids":["{upload}"]}`, status: 404},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"upload_ids":"x"}`, status: 400, parts: []string{`"field":"upload_ids"`}},
			{who: "tech", ask: "POST /api/timesheets", body: strings.Replace(goodWork, `"hours":`, `"hours":"x","was":`, 1) + `,"upload_ids":["{upload}"]}`, status: 400},
		})
		if n := f.photosKept(); n != 1 { // the draft
			t.Errorf("%d files lie there", n)
		}
		w := f.ask("tech", "POST", "/api/timesheets", f.fill(goodWork+`,"upload_ids":["{upload}"]}`), "Idempotency-Key", "in pieces")
		// The answer was lost: the same request has the same answer, although the upload has ended.
		if again := f.ask("tech", "POST", "/api/timesheets", f.fill(goodWork+`,"upload_ids":["{upload}"]}`), "Idempotency-Key", "in pieces"); again.Code != 201 || again.Body.String() != w.Body.String() {
			t.Errorf("again: %d %s", again.Code, again.Body)
		}
		made := answer[struct {
			sheet
			Photos []fieldops.Photo
		}](t, w, 201)
		if len(made.Photos) != 1 || made.Photos[0].SHA256 != sha256Hex(jpeg) || made.Photos[0].Name != "board.jpg" {
			t.Fatalf("made %+v", made)
		}
		if got := f.ask("tech", "GET", made.ImageURLs[0], ""); got.Body.String() != jpeg {
			t.Errorf("read %d bytes", got.Body.Len())
		}
		if code, _ := f.tusCall("tech", "HEAD", at, ""); code != 404 {
			t.Errorf("the upload is still there: %d", code)
		}
		// Another is given up.
		_, header = f.tusCall("tech", "POST", "/api/uploads", "", "Upload-Length", size, "Upload-Metadata", about)
		if code, _ := f.tusCall("tech", "DELETE", header.Get("Location"), ""); code != 204 {
			t.Errorf("given up: %d", code)
		}
		if n := f.photosKept(); n != 1 {
			t.Errorf("%d files lie there at last", n)
		}
		for _, c := range []struct {
			header []string
			want   int
		}{
			{[]string{"Upload-Length", "x"}, 400},
			{[]string{"Upload-Length", "0"}, 400},
			{[]string{"Upload-Length", "5", "Upload-Metadata", "filename !"}, 400},
			{[]string{"Upload-Length", "5", "Upload-Metadata", metadata("purpose", "secrets")}, 400},
			{[]string{"Upload-Length", "5", "Upload-Metadata", metadata("sha256", "abc")}, 400},
			{[]string{"Upload-Length", "99999999"}, 400},
		} {
			if code, _ := f.tusCall("tech", "POST", "/api/uploads", "", c.header...); code != c.want {
				t.Errorf("%v: %d, want %d", c.header, code, c.want)
			}
		}
	})
}

func TestLinksToFilesEndAndCannotBeMadeUp(t *testing.T) {
	t.Parallel()
	c := blobtest.S3(t)
	f := newFirm(t, store.SQLite)
	w := f.ask("admin", "PUT", "/api/settings/storage", fmt.Sprintf(`{"driver":"s3","s3Bucket":%q,"s3Region":%q,"s3AccessKeyId":%q,"s3SecretAccessKey":%q,"s3Endpoint":%q}`,
		c.Bucket, c.Region, c.AccessKeyID, c.SecretAccessKey, c.Endpoint))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	shown := f.ask("admin", "GET", "/api/settings/storage", "").Body.String()
	for _, secret := range []string{c.AccessKeyID, c.SecretAccessKey} {
		if strings.Contains(shown, secret) {
			t.Errorf("a secret is shown: %s", shown)
		}
	}
	made := answer[struct {
		sheet
		Cloud []string `json:"cloud_image_urls"`
	}](t, f.submit("tech", "POST", "/api/timesheets", goodFields, []photo{{"images", "a.jpg", jpeg}}), 201)
	if len(made.Cloud) != 1 {
		t.Fatalf("%+v", made)
	}
	link, err := url.Parse(made.Cloud[0])
	if err != nil {
		t.Fatal(err)
	}
	at := link.RequestURI()
	if got := f.ask("", "GET", at, ""); got.Code != 200 || got.Body.String() != jpeg {
		t.Errorf("by its link: %d %s", got.Code, got.Body)
	}
	// The original holds where it was taken, and a link is not for that.
	const place = "GPS 36.8485 S 174.7633 E"
	taken := jpeg[:2] + "\xff\xfe\x00\x1a" + place + jpeg[2:]
	located := answer[struct {
		sheet
		Cloud []string `json:"cloud_image_urls"`
	}](t, f.submit("tech", "POST", "/api/timesheets", goodFields, []photo{{"images", "b.jpg", taken}}), 201)
	if got := f.ask("tech", "GET", located.ImageURLs[0]+"?original", ""); got.Body.String() != taken {
		t.Errorf("the original: %d, %d bytes", got.Code, got.Body.Len())
	}
	shared, err := url.Parse(located.Cloud[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := f.ask("", "GET", shared.RequestURI()+"&original", ""); got.Code != 200 || strings.Contains(got.Body.String(), "GPS") {
		t.Errorf("the original by a link: %d", got.Code)
	}
	if got := f.ask("", "GET", made.ImageURLs[0], ""); got.Code != 401 {
		t.Errorf("without a session: %d", got.Code)
	}
	signature := link.Query().Get("signature")
	for i := range []int{0, len(signature) / 2, len(signature) - 1} {
		changed := []byte(signature)
		changed[i] ^= 1
		if got := f.ask("", "GET", strings.Replace(at, signature, string(changed), 1), ""); got.Code != 403 {
			t.Errorf("with byte %d changed: %d", i, got.Code)
		}
	}
	if got := f.ask("", "GET", strings.Replace(at, "expires=", "expires=1", 1), ""); got.Code != 403 {
		t.Errorf("with a later end: %d", got.Code)
	}
	if got := f.ask("", "GET", "/shared/"+fieldops.NewID()+"?"+link.RawQuery, ""); got.Code != 403 {
		t.Errorf("of another file: %d", got.Code)
	}
	f.now = f.now.Add(3 * time.Hour)
	if got := f.ask("", "GET", at, ""); got.Code != 403 || !strings.Contains(got.Body.String(), "expired") {
		t.Errorf("after its end: %d %s", got.Code, got.Body)
	}
}

func TestAPlaceIsTriedBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	c := blobtest.S3(t)
	f := newFirm(t, store.SQLite)
	f.vars["endpoint"], f.vars["bucket"], f.vars["key"], f.vars["secret"] = c.Endpoint, c.Bucket, c.AccessKeyID, c.SecretAccessKey
	good := `"s3Bucket":"{bucket}","s3AccessKeyId":"{key}","s3SecretAccessKey":"{secret}","s3Endpoint":"{endpoint}"`
	f.play([]scenario{
		{who: "tech", ask: "GET /api/settings/storage", status: 403},
		{who: "tech", ask: "PUT /api/settings/storage", body: `{"driver":"local"}`, status: 403},
		{who: "admin", ask: "GET /api/settings/storage", status: 200, parts: []string{`"driver":"local"`, `"from_environment":true`}},
		{who: "admin", ask: "PUT /api/settings/storage", body: `{"driver":"ftp"}`, status: 400, parts: []string{`"field":"driver"`}},
		{who: "admin", ask: "PUT /api/settings/storage", body: `{"driver":"s3"}`, status: 400, parts: []string{`"field":"s3Bucket"`, `"field":"s3AccessKeyId"`, `"missing":["s3Bucket"`}},
		{who: "admin", ask: "POST /api/settings/storage/test", body: `{"driver":"s3","s3Bucket":"no-such-bucket","s3AccessKeyId":"{key}","s3SecretAccessKey":"{secret}","s3Endpoint":"{endpoint}"}`, status: 200, parts: []string{`"success":false`, "no-such-bucket"}},
		{who: "admin", ask: "POST /api/settings/storage/test", body: `{"driver":"s3",` + strings.Replace(good, "{secret}", "wrong", 1) + `}`, status: 200, parts: []string{`"success":false`}},
		{who: "admin", ask: "PUT /api/settings/storage", body: `{"driver":"s3",` + strings.Replace(good, "{secret}", "wrong", 1) + `}`, status: 400, parts: []string{"Nothing was changed"}},
		{who: "admin", ask: "GET /api/settings/storage", status: 200, parts: []string{`"driver":"local"`}},
		{who: "admin", ask: "POST /api/settings/storage/test", body: `{"driver":"s3",` + good + `}`, status: 200, parts: []string{`"success":true`}},
		{who: "admin", ask: "PUT /api/settings/storage", body: `{"driver":"s3",` + good + `}`, status: 200, parts: []string{"updated successfully"}},
		// A secret that comes back as stars stays what it is.
		{who: "admin", ask: "PUT /api/settings/storage", body: `{"driver":"s3","s3Bucket":"{bucket}","s3AccessKeyId":"abcd********wxyz","s3SecretAccessKey":"********","s3Endpoint":"{endpoint}"}`, status: 200},
		{who: "admin", ask: "GET /api/settings/storage", status: 200, parts: []string{`"driver":"s3"`, `"from_environment":false`, "!{secret}"}},
		{who: "admin", ask: "GET /api/settings", status: 200, parts: []string{`"storage_s3_secret_access_key_set":"true"`, "!{secret}"}},
		{who: "manager", ask: "GET /api/settings", status: 200, parts: []string{"!{bucket}"}},
		{who: "admin", ask: "PUT /api/settings/storage", body: `{"driver":"local"}`, status: 200},
	})
	if strings.Contains(f.log.String(), c.SecretAccessKey) {
		t.Error("the log holds the secret")
	}
}
