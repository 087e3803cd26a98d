package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

const (
	strokes   = `{"width":600,"height":200,"lines":[[20,120,120,40,220,160,380,60,560,110]]}`
	signature = `{"name":"Wiremu Pōtae","strokes":` + strokes + `}`
	fullCoC   = `{"location":"3 Bank Street, Whangārei","description":"New switchboard","installation_date":"2026-05-04","risk_category":"general","compliance_method":"part_2",
		"compliance_standards":["AS/NZS 3000:2007"],"testing_results":[{"test":"Polarity","circuit":"All","result":"Correct","outcome":"pass"}],"inspector_name":"Wiremu Pōtae",
		"inspector_license":"E 123456","contact":"09 555 0100","safe_to_connect":true}`
	fullESC = `{"location":"3 Bank Street, Whangārei","description":"New switchboard","connection_date":"2026-05-04","safe_to_use":true,
		"safety_checks":[{"check":"Polarity","status":"passed","notes":""}],"inspector_name":"Wiremu Pōtae","inspector_license":"E 123456","contact":"09 555 0100"}`
	fullJSA = `{"job_description":"Replace the switchboard","location":"3 Bank Street, Tāmaki Makaurau","prepared_by_name":"Wiremu Pōtae",
		"hazards":[{"description":"Live parts","risk_level":"high","control_measures":"Isolate, lock out, test for dead"}]}`
)

// TestSafetyDocuments reads as what may be done with them, by whom.
func TestSafetyDocuments(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		const all = "/api/safety-documents"
		f.play([]scenario{
			{who: "", ask: "GET " + all, status: 401},
			{who: "manager", ask: "GET " + all, status: 200, parts: []string{"[]"}},
			// Everything that is wrong is said at once, by field.
			{who: "manager", ask: "POST " + all, body: `{}`, status: 400, parts: []string{`"field":"project_id"`, `"field":"document_type"`, `"field":"title"`, `"field":"data"`}},
			{who: "manager", ask: "POST " + all, body: `{"project_id":"{nowhere}","document_type":"jsa","title":"JSA","data":{}}`, status: 400, parts: []string{`"field":"project_id"`, "does not exist"}},
			{
				who: "manager", ask: "POST " + all, body: `{"project_id":"{project}","document_type":"jsa","title":"JSA","data":{"hazards":[{"risk_level":"huge"}],"date":"tomorrow","notes":7}}`, status: 400,
				parts: []string{`"field":"data.hazards[0].risk_level"`, `"field":"data.date"`, `"field":"data.notes"`},
			},
			{who: "manager", ask: "POST " + all, body: `{"project_id":"{project}","document_type":"jsa","title":"JSA","data":[]}`, status: 400, parts: []string{`"field":"data"`}},
			{who: "manager", ask: "POST " + all, body: `{"project_id":"{project}","document_type":"jsa","title":"JSA","data":{},"status":"signed"}`, status: 400, parts: []string{`"field":"status"`}},

			// As existing clients do it: a draft, and its PDF when they ask for it.
			{
				who: "manager", ask: "POST " + all, body: `{"project_id":"{project}","document_type":"electrical_compliance","title":" Switchboard ","data":{"location":"Whangārei","testing_results":"All good","own":1}}`, status: 201, save: "coc",
				parts: []string{`"title":"Switchboard"`, `"status":"draft"`, `"data":{"location":"Whangārei","testing_results":"All good","own":1}`, `"created_by_name":"manager"`, `"project_name":"Rewire"`, `"client_name":"Kōwhai Café"`, `"file_path":null`, `"number":null`},
			},
			{who: "manager", ask: "GET " + all + "/{coc}/pdf", status: 404, parts: []string{"PDF not generated yet"}},
			{who: "manager", ask: "POST " + all + "/{coc}/generate-pdf", status: 200, parts: []string{`"file_path":"/uploads/safety-documents/`, "message"}},
			{who: "manager", ask: "GET " + all + "/{coc}/pdf", status: 200, parts: []string{"%PDF-"}},
			{who: "manager", ask: "PUT " + all + "/{coc}", body: `{"title":"Main switchboard","status":"draft"}`, status: 200, parts: []string{`"title":"Main switchboard"`, `"file_path":null`}},
			{who: "manager", ask: "PUT " + all + "/{coc}", body: `{}`, status: 400},
			{who: "manager", ask: "GET " + all + "?status=draft&document_type=electrical_compliance&project_id={project}&search=whangarei", status: 200, parts: []string{`"id":"{coc}"`}},
			{who: "manager", ask: "GET " + all + "?status=approved", status: 200, parts: []string{"!{coc}"}},
			{who: "manager", ask: "GET " + all + "?document_type=jsa", status: 200, parts: []string{"!{coc}"}},

			// Technicians see and write what is theirs by their work.
			{who: "tech", ask: "GET " + all, status: 200, parts: []string{"!{coc}"}},
			{who: "tech", ask: "GET " + all + "/{coc}", status: 404},
			{who: "tech", ask: "PUT " + all + "/{coc}", body: `{"title":"Mine"}`, status: 404},
			{who: "tech", ask: "GET " + all + "/{coc}/pdf", status: 404},
			{who: "tech", ask: "GET " + all + "/{coc}/revisions", status: 404},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201},
			{who: "tech", ask: "GET " + all, status: 200, parts: []string{"{coc}"}},
			{who: "other", ask: "GET " + all, status: 200, parts: []string{"!{coc}"}},
			{who: "tech", ask: "PUT " + all + "/{coc}", body: `{"status":"completed"}`, status: 400, parts: []string{
				`"field":"data.description"`, `"field":"data.installation_date"`, `"field":"data.risk_category"`, `"field":"data.compliance_method"`, `"field":"data.compliance_standards"`,
				`"field":"data.inspector_name"`, `"field":"data.inspector_license"`, `"field":"data.safe_to_connect"`, `"field":"signature"`, "It cannot be completed yet",
			}},
			{who: "tech", ask: "PUT " + all + "/{coc}", body: `{"data":` + strings.Replace(fullCoC, "Correct", "fail", 1) + `,"signature":` + signature + `,"status":"completed"}`, status: 400, parts: []string{`"field":"data.testing_results[0].result"`, "cannot be certified"}},
			{who: "tech", ask: "POST " + all + "/{coc}/signatures", body: `{"name":"","strokes":{"width":600,"height":200,"lines":[[1,1]]}}`, status: 400, parts: []string{`"field":"signature.name"`, `"field":"signature.strokes"`}},
			{who: "tech", ask: "POST " + all + "/{coc}/signatures", body: `{"name":"W","strokes":{"width":600,"height":200,"lines":[[1,1,900,1]]}}`, status: 400, parts: []string{"leaves the drawing"}},
			{who: "tech", ask: "POST " + all + "/{coc}/approve", status: 403},
			{who: "tech", ask: "PUT " + all + "/{coc}", body: `{"data":` + fullCoC + `}`, status: 200},
			{who: "tech", ask: "POST " + all + "/{coc}/signatures", body: signature, status: 200, parts: []string{`"name":"Wiremu Pōtae"`, `"signed_by_name":"tech"`}},
			{who: "tech", ask: "POST " + all + "/{coc}/complete", body: `{}`, status: 200, parts: []string{`"status":"completed"`, `"number":"COC-00001"`, `"certificate_number":"COC-00001"`, `"completed_by_name":"tech"`, `"file_path":"/uploads/safety-documents/`, `"issue_date":"20`}},
			{who: "tech", ask: "POST " + all + "/{coc}/complete", body: `{}`, status: 409},
			{who: "tech", ask: "PUT " + all + "/{coc}", body: `{"title":"Other"}`, status: 409, parts: []string{"Reopen it"}},
			{who: "tech", ask: "PUT " + all + "/{coc}", body: `{"status":"approved"}`, status: 403},
			{who: "manager", ask: "PUT " + all + "/{coc}", body: `{"title":"Main switchboard","status":"approved"}`, status: 200, parts: []string{`"status":"approved"`, `"approved_by":"{manager}"`, `"approved_by_name":"manager"`, `"approved_at":"20`}},
			{who: "manager", ask: "PUT " + all + "/{coc}", body: `{"status":"completed"}`, status: 409},
			{who: "manager", ask: "DELETE " + all + "/{coc}", status: 409, parts: []string{"at least 7 years", "COC-00001"}},
			{who: "tech", ask: "POST " + all + "/{coc}/reopen", body: `{"reason":"Wrong circuit"}`, status: 403},
			{who: "admin", ask: "POST " + all + "/{coc}/reopen", body: `{"reason":"Wrong circuit"}`, status: 200, parts: []string{`"status":"draft"`, `"revision":2`, `"number":"COC-00001"`, `"approved_by":null`, `"signatures":[]`}},
			{who: "tech", ask: "GET " + all + "/{coc}/revisions", status: 200, parts: []string{`"event":"reopened","reason":"Wrong circuit"`, `"event":"approved"`, `"event":"completed"`}},
			{who: "manager", ask: "DELETE " + all + "/{coc}", status: 409, parts: []string{"at least 7 years"}},

			// The analysis of a job comes before its first hour.
			{who: "other", ask: "POST " + all, body: `{"project_id":"{project}","document_type":"jsa","title":"Board","data":` + fullJSA + `,"signature":` + signature + `,"status":"completed"}`, status: 201, save: "jsa", parts: []string{`"number":"JSA-00001"`, `"status":"completed"`, `"prepared_by_date":"20`}},
			{who: "other", ask: "GET " + all, status: 200, parts: []string{"{jsa}", "!{coc}"}},
			{who: "other", ask: "POST " + all, body: `{"project_id":"{project}","document_type":"jsa","title":"Approved","data":` + fullJSA + `,"signature":` + signature + `,"status":"approved"}`, status: 403},
			{who: "other", ask: "POST " + all + "/{jsa}/reopen", body: `{}`, status: 200},
			{who: "other", ask: "POST " + all + "/{jsa}/signatures", body: `{"role":"crew","name":"Mere","strokes":` + strokes + `}`, status: 200, parts: []string{`"role":"crew"`}},
			{who: "tech", ask: "POST " + all + "/{coc}/signatures", body: `{"role":"crew","name":"Mere","strokes":` + strokes + `}`, status: 400, parts: []string{"job safety analyses only"}},
			{who: "other", ask: "DELETE " + all + "/{jsa}", status: 403},
			{who: "manager", ask: "DELETE " + all + "/{jsa}", status: 200, parts: []string{`"counts":{"safety_document":1}`}},
			{who: "manager", ask: "GET " + all + "/{jsa}", status: 404},
			{who: "manager", ask: "GET /api/bin?entity_type=safety_document", status: 200, parts: []string{"JSA-00001 Board"}},
			{who: "manager", ask: "POST " + all + "/{jsa}/restore", status: 200, parts: []string{"Safety document restored"}},
			{who: "other", ask: "POST " + all, body: `{"project_id":"{project}","document_type":"jsa","title":"Mistake","data":{}}`, status: 201, save: "mistake"},
			{who: "tech", ask: "DELETE " + all + "/{mistake}", status: 403},
			{who: "other", ask: "DELETE " + all + "/{mistake}", status: 200},

			// A number that a form brings along is kept, and unique.
			{who: "manager", ask: "POST " + all, body: `{"project_id":"{project}","document_type":"electrical_safety_certificate","title":"Board","data":` + strings.Replace(fullESC, "{", `{"certificate_number":"ESC/77",`, 1) + `,"signature":` + signature + `,"status":"completed"}`, status: 201, save: "esc", parts: []string{`"number":"ESC/77"`}},
			{who: "manager", ask: "POST " + all, body: `{"project_id":"{project}","document_type":"electrical_safety_certificate","title":"Board","data":` + strings.Replace(fullESC, "{", `{"certificate_number":"ESC/77",`, 1) + `,"signature":` + signature + `,"status":"completed"}`, status: 400, parts: []string{`"field":"data.certificate_number"`, "ESC/77"}},
			{who: "manager", ask: "POST " + all + "/{esc}/approve", body: `{}`, status: 403, parts: []string{"Somebody else"}},
			{who: "admin", ask: "POST " + all + "/{esc}/approve", body: `{}`, status: 200},
		})
		// What was issued opens, whatever became of it since; and only there.
		steps := answer[[]fieldops.SafetyRevision](t, f.ask("admin", "GET", "/api/safety-documents/{coc}/revisions", ""), http.StatusOK)
		pages := 0
		for _, s := range steps {
			w := f.ask("tech", "GET", "/api/safety-documents/{coc}/revisions/"+s.ID+"/pdf", "")
			if s.Event == fieldops.SafetyReopened {
				if w.Code != http.StatusNotFound {
					t.Errorf("a step without a page: %d", w.Code)
				}
				continue
			}
			pages++
			if w.Code != http.StatusOK || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF-")) || s.FilePath == nil {
				t.Errorf("%s: %d %+v", s.Event, w.Code, s)
				continue
			}
			if other := f.ask("admin", "GET", "/api/safety-documents/{esc}/revisions/"+s.ID+"/pdf", ""); other.Code != http.StatusNotFound {
				t.Errorf("the page of another document: %d", other.Code)
			}
			for who, want := range map[string]int{"tech": 200, "other": 404, "manager": 200} {
				if got := f.ask(who, "GET", *s.FilePath, "").Code; got != want {
					t.Errorf("%s gets %d of the file, want %d", who, got, want)
				}
			}
		}
		if pages != 2 {
			t.Errorf("%d pages", pages)
		}
		// Two versions cannot be changed by accident.
		w := f.ask("tech", "GET", "/api/safety-documents/{coc}", "")
		if again := f.ask("tech", "PUT", "/api/safety-documents/{coc}", `{"title":"A"}`, "If-Match", w.Header().Get("ETag")); again.Code != http.StatusOK {
			t.Error(again.Code, again.Body)
		}
		if again := f.ask("tech", "PUT", "/api/safety-documents/{coc}", `{"title":"B"}`, "If-Match", w.Header().Get("ETag")); again.Code != http.StatusPreconditionFailed {
			t.Error(again.Code, again.Body)
		}
		// The bytes of draft pages and of taken-back ones do not stay.
		f.now = f.now.Add(time.Hour)
		if err := f.api.Files.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		kept := 0
		_ = filepath.WalkDir(filepath.Join(f.folder, "uploads", "safety-documents"), func(_ string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				kept++
			}
			return nil
		})
		if kept != 5 { // COC completed and approved, JSA completed, ESC completed and approved
			t.Errorf("%d files are kept", kept)
		}
	})
}

// TestOnePersonFirmsApproveTheirOwn: where nobody else may, one does it oneself.
func TestOnePersonFirmsApproveTheirOwn(t *testing.T) {
	t.Parallel()
	both(t, func(_ *testing.T, f *firm) {
		f.play([]scenario{
			{who: "admin", ask: "PUT /api/users/{manager}", body: `{"is_active":false}`, status: 200},
			{who: "admin", ask: "POST /api/safety-documents", body: `{"project_id":"{project}","document_type":"electrical_compliance","title":"Board","data":` + fullCoC + `,"signature":` + signature + `,"status":"approved"}`, status: 201, parts: []string{`"status":"approved"`, `"approved_by":"{admin}"`}},
		})
	})
}

// TestNothingIsInvoicedWithoutTheCertificate: the preview, the reasons and the
// invoice say the same.
func TestNothingIsInvoicedWithoutTheCertificate(t *testing.T) {
	t.Parallel()
	both(t, func(_ *testing.T, f *firm) {
		const preview, invoice, everything = "POST /api/xero/invoices/from-timesheets/preview", "POST /api/xero/invoices/from-timesheets", `{"client_id":"{client}"}`
		const sentence = "needs an approved CoC before its work is invoiced, and has none"
		f.play([]scenario{
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, save: "work"},
			{who: "manager", ask: preview, body: everything, status: 200},
			{who: "manager", ask: "PUT /api/projects/{project}", body: `{"certificate_required":"jsa"}`, status: 400, parts: []string{`"field":"certificate_required"`}},
			{who: "manager", ask: "PUT /api/projects/{project}", body: `{"certificate_required":"electrical_compliance"}`, status: 200, parts: []string{`"certificate_required":"electrical_compliance"`}},
			{who: "manager", ask: preview, body: everything, status: 409, parts: []string{sentence, `"kept_off"`, `/safety-documents?project_id={project}\u0026document_type=electrical_compliance`}},
			{who: "manager", ask: invoice, body: `{"client_id":"{client}","timesheet_ids":["{work}"]}`, status: 409, parts: []string{sentence}},
			{who: "tech", ask: "GET /api/timesheets/{work}/why", status: 200, parts: []string{`"code":"no_certificate"`, sentence, "have it approved"}},
			{who: "manager", ask: "GET /api/xero/unbilled", status: 200, parts: []string{`"code":"no_certificate"`, `"ready_total":"0.00"`, `"explained":{"hours":"7.50","total":"712.50","timesheets":1}`}},
			{who: "manager", ask: "GET /api/projects/{project}/unbilled?reason=no_certificate", status: 200, parts: []string{"{work}"}},
			{who: "tech", ask: "POST /api/safety-documents", body: `{"project_id":"{project}","document_type":"electrical_compliance","title":"Board","data":` + fullCoC + `,"signature":` + signature + `,"status":"completed"}`, status: 201, save: "coc"},
			{who: "manager", ask: preview, body: everything, status: 409},
			{who: "manager", ask: "POST /api/safety-documents/{coc}/approve", body: `{}`, status: 200},
			{who: "manager", ask: preview, body: everything, status: 200},
			{who: "manager", ask: "POST /api/safety-documents/{coc}/reopen", body: `{}`, status: 200},
			{who: "manager", ask: invoice, body: everything, status: 409, parts: []string{sentence}},
			{who: "manager", ask: "PUT /api/projects/{project}", body: `{"certificate_required":null}`, status: 200, parts: []string{`"certificate_required":null`}},
			{who: "manager", ask: invoice, body: everything, status: 202},
		})
	})
}

// TestInvoicingAndTakingTheCertificateAwayComeOneAfterTheOther: however they race,
// never is something invoiced after the certificate was taken away.
func TestInvoicingAndTakingTheCertificateAwayComeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{{who: "manager", ask: "PUT /api/projects/{project}", body: `{"certificate_required":"electrical_compliance"}`, status: 200}})
		won := map[string]int{}
		for n := range 12 {
			f.play([]scenario{
				{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, save: "work"},
				{who: "tech", ask: "POST /api/safety-documents", body: fmt.Sprintf(`{"project_id":"{project}","document_type":"electrical_compliance","title":"Board %d","data":`, n) + fullCoC + `,"signature":` + signature + `,"status":"completed"}`, status: 201, save: "coc"},
				{who: "manager", ask: "POST /api/safety-documents/{coc}/approve", body: `{}`, status: 200},
			})
			var wg sync.WaitGroup
			var invoiced, reopened int
			wg.Go(func() {
				invoiced = f.ask("manager", "POST", "/api/xero/invoices/from-timesheets", `{"client_id":"{client}","timesheet_ids":["{work}"]}`).Code
			})
			wg.Go(func() { reopened = f.ask("admin", "POST", "/api/safety-documents/{coc}/reopen", `{}`).Code })
			wg.Wait()
			if reopened != http.StatusOK || invoiced != http.StatusAccepted && invoiced != http.StatusConflict {
				t.Fatalf("reopened %d, invoiced %d", reopened, invoiced)
			}
			won[strconv.Itoa(invoiced)]++
			// After both there is no certificate: now it must be refused.
			f.play([]scenario{{who: "manager", ask: "POST /api/xero/invoices/from-timesheets", body: `{"client_id":"{client}","timesheet_ids":["{work}"]}`, status: 409}})
			if invoiced == http.StatusConflict {
				f.play([]scenario{{who: "tech", ask: "DELETE /api/timesheets/{work}", status: 200}})
			}
		}
		t.Log(won)
	})
}

// TestPagesOfCertificatesAreComplete sees that a page that could not be made at once
// is made by the job, and made once.
func TestPagesOfCertificatesAreComplete(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "manager", ask: "POST /api/safety-documents", body: `{"project_id":"{project}","document_type":"electrical_compliance","title":"Board","data":` + fullCoC + `,"signature":` + signature + `,"status":"completed"}`, status: 201, save: "coc"},
		})
		var wg sync.WaitGroup
		paths := make([]string, 6)
		for n := range paths {
			wg.Go(func() {
				paths[n] = *answer[pageAnswer](t, f.ask("manager", "POST", "/api/safety-documents/{coc}/generate-pdf", ""), http.StatusOK).FilePath
			})
		}
		wg.Wait()
		for _, p := range paths {
			if p != paths[0] {
				t.Errorf("two pages of one revision: %v", paths)
			}
		}
		body, _ := io.ReadAll(f.ask("manager", "GET", paths[0], "").Body)
		if !bytes.HasPrefix(body, []byte("%PDF-")) {
			t.Errorf("%.40q", body)
		}
	})
}

// TestTheMailOfAnInvoiceBringsItsCertificates: those that are approved, when somebody
// asks for it, and nothing when there is none.
func TestTheMailOfAnInvoiceBringsItsCertificates(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		post := billing.NewPost(billing.PostConfig{DB: f.db, Transport: f.post, Server: fieldops.MailServer{Host: "mail.test", Port: 587, From: "a@firm.test"}})
		f.api.Billing.SendBy(post)
		f.api.Billing.AttachPagesFrom(f.api.Safety.Page)
		const send = "POST /api/xero/invoices/{invoice}/send"
		f.play([]scenario{
			{who: "manager", ask: "PUT /api/clients/{client}", body: `{"email":"cafe@kowhai.test"}`, status: 200},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201},
			{who: "manager", ask: "POST /api/xero/invoices/from-timesheets", body: `{"client_id":"{client}"}`, status: 202, save: "invoice"},
			{who: "tech", ask: "POST /api/safety-documents", body: `{"project_id":"{project}","document_type":"electrical_compliance","title":"Board","data":` + fullCoC + `,"signature":` + signature + `,"status":"completed"}`, status: 201, save: "coc"},
			{who: "tech", ask: "POST /api/safety-documents", body: `{"project_id":"{project}","document_type":"jsa","title":"Board","data":` + fullJSA + `,"signature":` + signature + `,"status":"completed"}`, status: 201, save: "jsa"},
			{who: "manager", ask: "POST /api/safety-documents/{jsa}/approve", status: 200},
			{who: "manager", ask: "GET /api/xero/invoices/{invoice}/certificates", status: 200, parts: []string{"[]"}},
			{who: "manager", ask: send, body: `{"attach_certificates":true}`, status: 409, parts: []string{"No certificate of the projects on invoice"}},
			{who: "manager", ask: "POST /api/safety-documents/{coc}/approve", status: 200},
			{who: "tech", ask: "GET /api/xero/invoices/{invoice}/certificates", status: 403},
			{who: "manager", ask: "GET /api/xero/invoices/{invoice}/certificates", status: 200, parts: []string{"COC-00001", "!JSA-00001"}},
			{who: "manager", ask: send, body: `{"attach_certificates":true}`, status: 202},
			{who: "manager", ask: send, body: `{}`, status: 202},
		})
		mails, err := f.db.Mails(t.Context(), store.MailFilter{Status: fieldops.MailQueued, Limit: 10})
		if err != nil || len(mails) != 2 {
			t.Fatal(mails, err)
		}
		for _, m := range mails {
			if err := post.Deliver(t.Context(), m.ID); err != nil {
				t.Fatal(err)
			}
		}
		var with []string
		for _, m := range f.post.mails {
			for _, a := range m.Attachments[1:] {
				with = append(with, a.Name)
				if !bytes.HasPrefix(a.Content, []byte("%PDF-")) {
					t.Errorf("%s is no PDF", a.Name)
				}
			}
		}
		if len(with) != 1 || with[0] != "COC-00001.pdf" {
			t.Errorf("attached %v", with)
		}
	})
}

// TestThePageOfASafetyDocumentOutlivesACommitInDoubt loses the answer to the commit
// that wrote a page down: its bytes must not be taken back.
func TestThePageOfASafetyDocumentOutlivesACommitInDoubt(t *testing.T) {
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
	folder, err := blob.OpenFolder(filepath.Join(f.folder, "uploads"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	files := paperwork.NewFiles(paperwork.FilesConfig{DB: config.DB, Folder: folder, Places: &paperwork.Places{Read: config.Storages.Read}})
	config.Safety = paperwork.NewSafety(config.DB, files, nil)
	behind := *f
	behind.handler = New(config)

	proxy.LoseAnswer("insert into stored_files", "commit")
	body := `{"project_id":"{project}","document_type":"jsa","title":"Board","data":` + fullJSA + `,"signature":` + signature + `,"status":"completed"}`
	made := answer[struct{ ID fieldops.ID }](t, behind.ask("manager", "POST", "/api/safety-documents", body), http.StatusCreated)
	got := f.ask("manager", "GET", "/api/safety-documents/"+made.ID+"/pdf", "")
	if got.Code != http.StatusOK || !strings.HasPrefix(got.Body.String(), "%PDF-") {
		t.Errorf("its page: %d %.200s", got.Code, got.Body)
	}
}
