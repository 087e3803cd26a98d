package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// keptFile is a file of a project as the API tells of it.
type keptFile struct {
	ID          string
	Name        string   `json:"file_name"`
	Path        string   `json:"file_path"`
	Preview     string   `json:"preview_url"`
	Type        string   `json:"file_type"`
	Size        string   `json:"file_size"`
	ContentType string   `json:"mime_type"`
	SHA256      string   `json:"sha256"`
	Tags        []string `json:"tags"`
}

func (f *firm) keepFile(who, name, content string, fields map[string]string, headers ...string) keptFile {
	f.t.Helper()
	return answer[keptFile](f.t, f.submit(who, "POST", "/api/files", fields, []photo{{"file", name, content}}, headers...), 201)
}

func TestFilesOfProjects(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		plan := f.keepFile("manager", "Plan\u202e.pdf.exe", pdf, map[string]string{"project_id": "{project}", "cost_center_id": "{center}", "tags": "Switchboard, as built"})
		if plan.Name != "Plan.pdf.pdf" || plan.Type != "pdf" || plan.Size != strconv.Itoa(len(pdf)) || plan.ContentType != "application/pdf" || plan.SHA256 != sha256Hex(pdf) || len(plan.Tags) != 2 || plan.Preview != "" {
			t.Fatalf("kept as %+v", plan)
		}
		board := f.keepFile("manager", "board.jpg", jpeg, map[string]string{"cost_center_id": "{center}", "file_name": "The board", "tags": `["Board"]`})
		if board.Type != "image" || board.Name != "The board" || board.Preview == "" {
			t.Fatalf("kept as %+v", board)
		}
		f.vars["plan"], f.vars["path"], f.vars["board"], f.vars["photo"] = plan.ID, plan.Path, board.ID, board.Path
		got := f.ask("manager", "GET", "/api/files/{plan}/download", "")
		if got.Code != 200 || got.Body.String() != pdf || got.Header().Get("Content-Disposition") != `attachment; filename=Plan.pdf.pdf` {
			t.Errorf("downloaded: %d %v", got.Code, got.Header())
		}
		if got := f.ask("manager", "GET", "{path}", ""); got.Code != 200 || !strings.HasPrefix(got.Header().Get("Content-Disposition"), "inline") || got.Header().Get("Content-Security-Policy") != pdfPolicy || got.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("shown: %d %v", got.Code, got.Header())
		}
		f.play([]scenario{
			{who: "manager", ask: "GET /api/files?project_id={project}", status: 200, parts: []string{`"id":"{plan}"`, "!{board}", `"uploaded_by_name":`, `"project_code":`, `"project_name":`, `"client_name":`, `"cost_center_code":`, `"cost_center_name":`}},
			{who: "manager", ask: "GET /api/files?cost_center_id={center}", status: 200, parts: []string{"{plan}", "{board}"}},
			{who: "manager", ask: "GET /api/files?file_type=image", status: 200, parts: []string{"!{plan}", "{board}"}},
			{who: "manager", ask: "GET /api/files?file_type=song", status: 400, parts: []string{`"field":"file_type"`}},
			{who: "manager", ask: "GET /api/files?tag=AS+BUILT", status: 200, parts: []string{"{plan}", "!{board}"}},
			{who: "manager", ask: "GET /api/files?q=the+bo", status: 200, parts: []string{"!{plan}", "{board}"}},
			{who: "manager", ask: "GET /api/files?cursor=x", status: 400},
			{who: "manager", ask: "GET /api/files/projects/{project}", status: 200, parts: []string{"{plan}", "!{board}"}},
			{who: "manager", ask: "GET /api/files/projects/{project}?file_type=image", status: 200, parts: []string{"[]"}},
			{who: "manager", ask: "GET /api/files/cost-centers/{center}", status: 200, parts: []string{"{plan}", "{board}"}},
			{who: "manager", ask: "GET /api/files/cost-centers/x", status: 404},
			{who: "manager", ask: "GET /api/files/somewhere/{center}", status: 404},
			{who: "manager", ask: "GET /api/files/{nowhere}", status: 404},
			{who: "manager", ask: "GET /api/files/{nowhere}/download", status: 404},
			{who: "manager", ask: "GET /api/search?q=switch&type=files", status: 200, parts: []string{`"files":[{"id":"{plan}"`}},
			{who: "tech", ask: "GET /api/search?q=switch", status: 200, parts: []string{`!"files"`}},
			{who: "tech", ask: "GET /api/files", status: 403},
			{who: "tech", ask: "GET /api/files/{plan}", status: 403},
			{who: "tech", ask: "GET /api/files/{plan}/download", status: 403},
			{who: "tech", ask: "GET {path}", status: 403},
			{who: "tech", ask: "GET {photo}?preview", status: 403},
			{ask: "GET {path}", status: 401},
			{who: "tech", ask: "PUT /api/files/{plan}", body: `{"file_name":"x"}`, status: 403},
			{who: "tech", ask: "DELETE /api/files/{plan}", status: 403},
			{who: "manager", ask: "PUT /api/files/{plan}", body: `{}`, status: 400, parts: []string{"No updates provided"}},
			{who: "manager", ask: "PUT /api/files/{plan}", body: `{"file_name":" ","tags":["a,b"]}`, status: 400, parts: []string{`"field":"file_name"`, `"field":"tags"`}},
			{who: "manager", ask: "PUT /api/files/{plan}", body: `{"project_id":null,"cost_center_id":null}`, status: 400, parts: []string{`"field":"project_id"`}},
			{who: "manager", ask: "PUT /api/files/{plan}", body: `{"project_id":"{nowhere}"}`, status: 400, parts: []string{"Project does not exist"}},
			{who: "manager", ask: "PUT /api/files/{plan}", body: `{"file_name":"Final","tags":["final"],"project_id":null}`, headers: []string{"If-Match", `"older"`}, status: 412},
			{who: "manager", ask: "PUT /api/files/{plan}", body: `{"file_name":"Final","tags":["final"],"project_id":null}`, status: 200, parts: []string{`"file_name":"Final.pdf"`, `"project_id":null`, `"file_path":"{path}"`}},
			{who: "manager", ask: "GET /api/files/projects/{project}", status: 200, parts: []string{"[]"}},
			{who: "manager", ask: "GET /api/files?tag=final", status: 200, parts: []string{"{plan}"}},
			{who: "manager", ask: "GET /api/files?tag=switchboard", status: 200, parts: []string{"[]"}},
		})
		if got := f.ask("manager", "GET", "/api/files/{plan}/download", ""); got.Header().Get("Content-Disposition") != "attachment; filename=Final.pdf" {
			t.Errorf("renamed, it is saved as %q", got.Header().Get("Content-Disposition"))
		}
		one := f.ask("manager", "GET", "/api/files/{plan}", "")
		link, err := url.Parse(answer[struct{ Link string }](t, one, 200).Link)
		if err != nil || one.Header().Get("ETag") == "" {
			t.Fatalf("%v %v", one.Header(), err)
		}
		if got := f.ask("", "GET", link.RequestURI(), ""); got.Code != 200 || got.Body.String() != pdf {
			t.Errorf("by its link: %d", got.Code)
		}
		f.play([]scenario{
			{who: "manager", ask: "DELETE /api/files/{plan}", status: 200, parts: []string{"File deleted", `"deletion_id":`}},
			{who: "manager", ask: "GET /api/files/{plan}", status: 404},
			{who: "manager", ask: "GET /api/files/{plan}/download", status: 404},
			{who: "manager", ask: "GET {path}", status: 404},
			{ask: "GET " + link.RequestURI(), status: 404},
			{who: "manager", ask: "GET /api/bin?entity_type=project_file", status: 200, parts: []string{`"label":"Final.pdf"`}},
			{who: "tech", ask: "POST /api/files/{plan}/restore", status: 403},
			{who: "manager", ask: "POST /api/files/{plan}/restore", status: 200, parts: []string{"File restored"}},
			{who: "manager", ask: "GET {path}", status: 200},
			{who: "manager", ask: "DELETE /api/files/{plan}", status: 200},
		})
		// The bytes go when it is removed for good, and not before.
		f.afterTheBin()
		kept := f.photosKept()
		id := answer[[]struct{ ID string }](t, f.ask("admin", "GET", "/api/bin?entity_type=project_file", ""), 200)[0].ID
		f.sql("update deletions set created_at = '2020-01-01T00:00:00.000000Z' where id = '" + id + "'")
		f.play([]scenario{{who: "admin", ask: "DELETE /api/bin/" + id, status: 200}})
		f.afterTheBin()
		if now := f.photosKept(); now != kept-1 {
			t.Errorf("%d files lie there, after %d before", now, kept)
		}
	})
}

// TestFilesOfATechsOwnProjects has the person with the role user upload and change
// files of the projects that they work on, and of no other.
func TestFilesOfATechsOwnProjects(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	theirs := f.keepFile("manager", "theirs.pdf", pdf, map[string]string{"project_id": "{project}"})
	f.vars["theirs"] = theirs.ID
	f.play([]scenario{{who: "admin", ask: "PUT /api/users/{tech}/permissions", body: `{"permissions":[{"permission":"can_view_financials","granted":true},{"permission":"can_edit_projects","granted":true}]}`, status: 200}})
	before := f.photosKept()
	for _, fields := range []map[string]string{{"project_id": "{project}"}, {"cost_center_id": "{center}"}} {
		if w := f.submit("tech", "POST", "/api/files", fields, []photo{{"file", "mine.pdf", pdf}}); w.Code != 403 || !strings.Contains(w.Body.String(), "no timesheet on this project") {
			t.Errorf("%v: %d %s", fields, w.Code, w.Body)
		}
	}
	f.play([]scenario{
		{who: "tech", ask: "GET /api/files/{theirs}", status: 200},
		{who: "tech", ask: "PUT /api/files/{theirs}", body: `{"file_name":"x"}`, status: 403, parts: []string{"no timesheet on this project"}},
		{who: "tech", ask: "DELETE /api/files/{theirs}", status: 403},
		{who: "tech", ask: "POST /api/timesheets", body: goodWork + "}", status: 201},
		{who: "admin", ask: "POST /api/projects", body: `{"name":"Elsewhere","client_id":"{client}"}`, status: 201, save: "elsewhere"},
		{who: "tech", ask: "PUT /api/files/{theirs}", body: `{"file_name":"x"}`, status: 200, parts: []string{`"file_name":"x.pdf"`}},
		{who: "tech", ask: "PUT /api/files/{theirs}", body: `{"project_id":"{elsewhere}"}`, status: 403},
		{who: "tech", ask: "PUT /api/files/{theirs}", body: `{"project_id":null,"cost_center_id":"{center}"}`, status: 403},
	})
	f.keepFile("tech", "mine.pdf", pdf, map[string]string{"project_id": "{project}"})
	if now := f.photosKept(); now != before+1 {
		t.Errorf("%d files lie there, want one more than %d", now, before)
	}
}

func TestFilesThatAreRefusedLeaveNothing(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	good := map[string]string{"project_id": "{project}"}
	for _, c := range []struct {
		fields map[string]string
		files  []photo
		status int
		part   string
	}{
		{good, nil, 400, "No file uploaded"},
		{good, []photo{{"file", "page.jpg", "<html><script>alert(1)</script></html>"}}, 400, "Only images, PDF files, Word and Excel documents, and text and CSV files can be kept"},
		{good, []photo{{"file", "drawing.svg", `<svg xmlns="http://www.w3.org/2000/svg"/>`}}, 400, "Only images, PDF files"},
		{good, []photo{{"file", "page.txt", "<!doctype html>"}}, 400, "web page"},
		{good, []photo{{"images", "plan.pdf", pdf}}, 400, "Send one file, in the field"},
		{good, []photo{{"file", "a.pdf", pdf}, {"file", "b.pdf", pdf}}, 400, "Send one file"},
		{nil, []photo{{"file", "plan.pdf", pdf}}, 400, "which project or cost center"},
		{map[string]string{"project_id": "x"}, []photo{{"file", "plan.pdf", pdf}}, 400, "Invalid project_id"},
		{map[string]string{"project_id": "{nowhere}"}, []photo{{"file", "plan.pdf", pdf}}, 400, "Project does not exist"},
		{map[string]string{"project_id": "{project}", "upload_id": "x"}, nil, 400, `"field":"upload_id"`},
		{map[string]string{"project_id": "{project}", "upload_id": "{nowhere}"}, nil, 404, "Upload not found"},
	} {
		w := f.submit("manager", "POST", "/api/files", c.fields, c.files)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.part) {
			t.Errorf("%v %v: %d %s, want %d with %q", c.fields, c.files, w.Code, w.Body, c.status, c.part)
		}
	}
	if n := f.photosKept(); n != 0 {
		t.Errorf("%d files lie there", n)
	}
	if files, err := f.db.ProjectFiles(t.Context(), store.ProjectFileFilter{Limit: 5}); err != nil || len(files) != 0 {
		t.Errorf("written down: %v, %v", files, err)
	}
}

func TestAFileComesInPiecesAndIsKeptOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		begin := func(who, purpose string) (int, http.Header) {
			return f.tusCall(who, "POST", "/api/uploads", "", "Upload-Length", strconv.Itoa(len(pdf)), "Upload-Metadata", metadata("filename", "plan.pdf", "purpose", purpose, "sha256", sha256Hex(pdf)))
		}
		if code, _ := begin("tech", "file"); code != 403 {
			t.Errorf("a person who may not upload files begins one: %d", code)
		}
		code, header := begin("manager", "file")
		at := header.Get("Location")
		if code != 201 {
			t.Fatalf("begun: %d %v", code, header)
		}
		f.vars["upload"] = strings.TrimPrefix(at, "/api/uploads/")
		f.play([]scenario{{who: "manager", ask: "POST /api/files", body: `{"project_id":"{project}","upload_id":"{upload}"}`, status: 409, parts: []string{"only 0 of"}}})
		for from := 0; from < len(pdf); from += 20 {
			to := min(from+20, len(pdf))
			if code, _ := f.tusCall("manager", "PATCH", at, pdf[from:to], "Content-Type", tusBody, "Upload-Offset", strconv.Itoa(from)); code != 204 {
				t.Fatalf("the piece from %d: %d", from, code)
			}
		}
		f.play([]scenario{
			{who: "admin", ask: "POST /api/files", body: `{"project_id":"{project}","upload_id":"{upload}"}`, status: 404},
			{who: "manager", ask: "POST /api/files", body: `{"upload_id":"{upload}"}`, status: 400},
		})
		body := `{"project_id":"{project}","tags":["plan"],"upload_id":"{upload}"}`
		first := f.ask("manager", "POST", "/api/files", body, "Idempotency-Key", "in pieces")
		again := f.ask("manager", "POST", "/api/files", body, "Idempotency-Key", "in pieces")
		if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() {
			t.Errorf("first %d %s\nagain %d %s", first.Code, first.Body, again.Code, again.Body)
		}
		if kept := answer[keptFile](t, first, 201); kept.SHA256 != sha256Hex(pdf) || kept.Name != "plan.pdf" {
			t.Errorf("kept %+v", kept)
		}
		form := map[string]string{"project_id": "{project}"}
		whole, repeated := f.keepFile("manager", "whole.pdf", pdf, form, "Idempotency-Key", "whole"), f.keepFile("manager", "whole.pdf", pdf, form, "Idempotency-Key", "whole")
		if whole.ID != repeated.ID {
			t.Error("a repeat kept the file twice")
		}
		if w := f.submit("manager", "POST", "/api/files", form, []photo{{"file", "whole.pdf", pdf + "%%EOF"}}, "Idempotency-Key", "whole"); w.Code != 409 {
			t.Errorf("another file under the same key: %d", w.Code)
		}
		if n := f.photosKept(); n != 2 {
			t.Errorf("%d files lie there, want 2", n)
		}
	})
}

// TestAFormerFileThatAnEntryShowsToo is open to who may see either.
func TestAFormerFileThatAnEntryShowsToo(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	made := answer[sheet](t, f.submit("tech", "POST", "/api/timesheets", goodFields, []photo{{"images", "a.jpg", jpeg}}), 201)
	f.vars["photo"] = made.ImageURLs[0]
	f.play([]scenario{
		{who: "admin", ask: "PUT /api/users/{other}/permissions", body: `{"permissions":[{"permission":"can_view_financials","granted":true}]}`, status: 200},
		{who: "other", ask: "GET {photo}", status: 403},
	})
	stored, err := f.db.FileAt(t.Context(), f.vars["photo"])
	if err != nil {
		t.Fatal(err)
	}
	f.sql(fmt.Sprintf(`insert into project_files (id, project_id, file_id, file_name, file_type, words, created_at, updated_at)
		values ('%s', '{project}', '%s', 'a.jpg', 'image', 'a.jpg', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z')`, fieldops.NewID(), stored.ID))
	f.play([]scenario{{who: "other", ask: "GET {photo}", status: 200}, {who: "tech", ask: "GET {photo}", status: 200}})
}
