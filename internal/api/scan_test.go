package api

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// scanned is a scan as the API tells of it.
type scanned struct {
	ID           string
	FileID       string `json:"file_id"`
	Path         string `json:"file_path"`
	Status       string
	FiledID      string `json:"filed_id"`
	DocumentType string `json:"document_type"`
	Fields       struct {
		SupplierID string  `json:"supplier_id"`
		Total      *string `json:"total_amount"`
		Number     string  `json:"document_number"`
		Order      string  `json:"po_number"`
	}
	Duplicates []struct{ ID, Reason string }
}

// scan uploads a paper and reads it as a recogniser would.
func (f *firm) scan(who, bytes string, fields map[string]string, lines string) scanned {
	f.t.Helper()
	made := answer[struct{ Scan scanned }](f.t, f.submit(who, "POST", "/api/document-scan", fields, []photo{{"file", "paper.png", bytes}}), 201).Scan
	f.read(made.ID, 1, lines)
	return answer[scanned](f.t, f.ask(who, "GET", "/api/document-scan/"+made.ID, ""), 200)
}

// read keeps what a recogniser has found in a scan.
func (f *firm) read(scan string, run int64, lines string) {
	f.t.Helper()
	var text []fieldops.ScanText
	for line := range strings.Lines(f.fill(lines)) {
		text = append(text, fieldops.ScanText{Text: strings.TrimSpace(line), Confidence: 93})
	}
	f.write(func(ctx context.Context, tx *store.Tx) error {
		_, begun, err := tx.BeginReading(ctx, scan, run)
		if err != nil || !begun {
			return fmt.Errorf("the reading does not begin: %w", err)
		}
		about, err := tx.ScanContext(ctx, tx.Now)
		if err != nil {
			return err
		}
		return tx.KeepReading(ctx, scan, run, f.fill(lines), 93, fieldops.ReadScan(text, about))
	})
}

// papers makes a supplier with an order that is open.
func (f *firm) papers() {
	f.t.Helper()
	f.play([]scenario{
		{who: "manager", ask: "POST /api/clients", body: `{"name":"Ideal Electrical Ltd","client_type":"supplier"}`, status: 201, save: "ideal"},
		{who: "manager", ask: "POST /api/xero/purchase-orders", body: `{"supplier_id":"{ideal}","project_id":"{project}","date":"2026-10-30","line_items":[{"description":"TPS cable","quantity":2,"unit_amount":"100.00"}]}`, status: 202, save: "order"},
	})
	f.vars["number"] = answer[struct {
		Number string `json:"po_number"`
	}](f.t, f.ask("manager", "GET", "/api/xero/purchase-orders/{order}", ""), 200).Number
}

const supplierInvoice = `Ideal Electrical Ltd
TAX INVOICE
Invoice No: SI-4471
Date: 03/11/2026
Your order: {number}
TPS cable   2   100.00   200.00
Sub total   200.00
GST   30.00
Total   $230.00`

const tillReceipt = `Mitre 10 Petone
TAX INVOICE
14/11/2026 10:32
Screws  23.00
TOTAL  $23.00
GST INCLUDED 3.00
EFTPOS 23.00`

func TestScans(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.papers()
		s := f.scan("manager", pngPicture, map[string]string{"project_id": "{project}", "cost_center_id": "{center}"}, supplierInvoice)
		f.vars["scan"], f.vars["file"], f.vars["path"] = s.ID, s.FileID, s.Path
		if s.Status != "completed" || s.DocumentType != "invoice" || s.Fields.SupplierID != f.vars["ideal"] || *s.Fields.Total != "230.00" || s.Fields.Order != f.vars["number"] || s.FileID == "" {
			t.Fatalf("read as %+v", s)
		}
		mine := f.scan("tech", jpeg, nil, tillReceipt)
		f.vars["mine"], f.vars["minePath"] = mine.ID, mine.Path
		f.play([]scenario{
			{who: "manager", ask: "GET /api/document-scan", status: 200, parts: []string{"{scan}", "{mine}", `"project_name":"Rewire"`, `"extracted_data":{"document_number":"SI-4471","date":"2026-11-03","amount":"230.00","total_amount":"230.00","tax_amount":"30.00","vendor_name":"Ideal Electrical Ltd"`}},
			{who: "manager", ask: "GET /api/document-scan?project_id={project}", status: 200, parts: []string{"{scan}", "!{mine}"}},
			{who: "manager", ask: "GET /api/document-scan?document_type=receipt", status: 200, parts: []string{"!{scan}", "{mine}"}},
			{who: "manager", ask: "GET /api/document-scan?status=failed", status: 200, parts: []string{"[]"}},
			{who: "manager", ask: "GET /api/document-scan?status=lost", status: 400, parts: []string{`"field":"status"`}},
			{who: "manager", ask: "GET /api/document-scan?search=ideal+4471", status: 200, parts: []string{"{scan}", "!{mine}"}},
			{who: "tech", ask: "GET /api/document-scan", status: 200, parts: []string{"!{scan}", "{mine}"}},
			{who: "other", ask: "GET /api/document-scan", status: 200, parts: []string{"[]"}},
			{ask: "GET /api/document-scan", status: 401},
			{who: "tech", ask: "GET /api/document-scan/{scan}", status: 404},
			{who: "other", ask: "GET /api/document-scan/{mine}", status: 404},
			{who: "manager", ask: "GET /api/document-scan/{nowhere}", status: 404},
			{who: "manager", ask: "GET /api/document-scan/reading", status: 200, parts: []string{`"pictures":false`, "tesseract-ocr"}},
			{who: "manager", ask: "GET {path}", status: 200},
			{who: "tech", ask: "GET {path}", status: 404},
			{who: "tech", ask: "GET {minePath}", status: 200},
			{who: "other", ask: "GET {minePath}", status: 404},
			{who: "manager", ask: "GET /api/files/{file}", status: 200, parts: []string{`"project_id":"{project}"`, `"kept_for":"document_scan"`}},
			{who: "tech", ask: "GET /api/document-scan/{mine}/matches", status: 403},
			{who: "manager", ask: "GET /api/document-scan/{nowhere}/matches", status: 404},
			{who: "manager", ask: "GET /api/document-scan/{scan}/matches", status: 200, parts: []string{`"entity_type":"purchase_order"`, `"entity_id":"{order}"`, `"entity_name":"{number}"`, `"entity_amount":"230.00"`, `"confidence_score":1`, `It names the number {number}`, `4 days apart`}},
			{who: "tech", ask: "PUT /api/document-scan/{scan}", body: `{"total_amount":"1.00"}`, status: 404},
			{who: "manager", ask: "PUT /api/document-scan/{scan}", body: `{}`, status: 400, parts: []string{"No updates provided"}},
			{who: "manager", ask: "PUT /api/document-scan/{scan}", body: `{"total_amount":"10.00","tax_amount":"11.00","document_type":"song","supplier_id":"{nowhere}"}`, status: 400, parts: []string{`"field":"tax_amount"`, `"field":"document_type"`, "Supplier does not exist"}},
			{who: "manager", ask: "PUT /api/document-scan/{scan}", body: `{"due_date":"2026-12-20"}`, headers: []string{"If-Match", `"older"`}, status: 412},
			{who: "manager", ask: "PUT /api/document-scan/{scan}", body: `{"due_date":"2026-12-20","document_number":" SI-4472 "}`, status: 200, parts: []string{`"due_date":"2026-12-20"`, `"document_number":"SI-4472"`, `"checked":true`}},
			{who: "tech", ask: "PUT /api/document-scan/{mine}", body: `{"vendor_name":"Mitre 10 MEGA"}`, status: 200, parts: []string{`"vendor_name":"Mitre 10 MEGA"`}},
			{who: "other", ask: "POST /api/document-scan/{mine}/retry", status: 404},
			{who: "tech", ask: "POST /api/document-scan/{mine}/retry", status: 200, parts: []string{`"status":"pending"`}},
		})
		// What a person has put right stays so, however often it is read.
		f.read(mine.ID, 2, tillReceipt)
		f.play([]scenario{{who: "tech", ask: "GET /api/document-scan/{mine}", status: 200, parts: []string{`"vendor_name":"Mitre 10 MEGA"`, `"status":"completed"`}}})
	})
}

func TestWhatIsUploadedToBeScanned(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		upload := func(who, path string, fields map[string]string, files []photo, headers ...string) *httptest.ResponseRecorder {
			return f.submit(who, "POST", path, fields, files, headers...)
		}
		project := map[string]string{"project_id": "{project}"}
		for _, c := range []struct {
			name, who, path string
			fields          map[string]string
			files           []photo
			status          int
			says            string
		}{
			{"as existing clients do", "manager", "/api/document-scan/upload", project, []photo{{"file", "a.png", pngPicture}}, 201, `"scan":{"id":"`},
			{"which need a project", "manager", "/api/document-scan/upload", nil, []photo{{"file", "a.png", pngPicture}}, 400, "Project ID is required"},
			{"without a file", "manager", "/api/document-scan/upload", project, nil, 400, "No file uploaded"},
			{"of a project that is not there", "manager", "/api/document-scan/upload", map[string]string{"project_id": "{nowhere}"}, []photo{{"file", "a.png", pngPicture}}, 400, "Project does not exist"},
			{"of a cost centre that is not there", "manager", "/api/document-scan", map[string]string{"cost_center_id": "{nowhere}"}, []photo{{"file", "a.png", pngPicture}}, 400, "Cost center does not exist"},
			{"in another field", "manager", "/api/document-scan", nil, []photo{{"image", "a.png", pngPicture}}, 400, `in the field \"file\"`},
			{"that is no picture", "manager", "/api/document-scan", nil, []photo{{"file", "a.png", "MZ\x90 something else"}}, 400, "JPEG, PNG, WebP and TIFF images and PDF files"},
			{"that would fill any memory", "manager", "/api/document-scan", nil, []photo{{"file", "a.png", bombPNG()}}, 400, "more than can be shown"},
			{"by who may not edit projects", "tech", "/api/document-scan/upload", project, []photo{{"file", "a.png", pngPicture}}, 403, "Permission denied"},
			{"by a technician, of a project that they do not work on", "tech", "/api/document-scan", project, []photo{{"file", "a.png", pngPicture}}, 403, "no timesheet on this project"},
			{"by a stranger", "", "/api/document-scan", nil, []photo{{"file", "a.png", pngPicture}}, 401, ""},
		} {
			if got := upload(c.who, c.path, c.fields, c.files); got.Code != c.status || !strings.Contains(got.Body.String(), c.says) {
				t.Errorf("%s: %d %s", c.name, got.Code, got.Body)
			}
		}
		before := f.photosKept()
		key := []string{"Idempotency-Key", "paper-1"}
		first := answer[struct{ Scan scanned }](t, upload("tech", "/api/document-scan", nil, []photo{{"file", "a.png", pngPicture}}, key...), 201)
		again := answer[struct{ Scan scanned }](t, upload("tech", "/api/document-scan", nil, []photo{{"file", "a.png", pngPicture}}, key...), 201)
		if first.Scan.ID != again.Scan.ID || f.photosKept() != before+1 {
			t.Errorf("repeated, it is %+v and %+v", first, again)
		}
		if got := upload("tech", "/api/document-scan", nil, []photo{{"file", "a.png", jpeg}}, key...); got.Code != 409 {
			t.Errorf("another under the same key: %d %s", got.Code, got.Body)
		}
	})
}

// bombPNG is a PNG of a few bytes that claims to be 30,000 by 30,000 points.
func bombPNG() string {
	head := []byte(pngPicture)[:33]
	copy(head[16:], []byte{0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30})
	binary.BigEndian.PutUint32(head[29:], crc32.ChecksumIEEE(head[12:29]))
	return string(head) + pngPicture[33:]
}

func TestAScanBecomesABill(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.papers()
		s := f.scan("manager", pngPicture, map[string]string{"project_id": "{project}"}, supplierInvoice)
		f.vars["scan"], f.vars["path"] = s.ID, s.Path
		convert := `{"date":"2026-11-03","bill_number":"SI-4471","scanned_document_id":"{scan}"}`
		f.play([]scenario{
			{who: "tech", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: convert, status: 403},
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{ideal}","date":"2026-11-03","scanned_document_id":"{nowhere}","line_items":[{"description":"x","quantity":1,"unit_amount":"1.00"}]}`, status: 400, parts: []string{"Document scan does not exist"}},
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: convert, status: 201, headers: []string{"Idempotency-Key", "bill-1"}, save: "bill", parts: []string{`"amount":"230.00"`, `"scanned_document_id":"{scan}"`, `"po_number":"{number}"`}},
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: convert, status: 201, headers: []string{"Idempotency-Key", "bill-1"}, parts: []string{`"id":"{bill}"`}},
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{ideal}","date":"2026-11-03","scanned_document_id":"{scan}","line_items":[{"description":"x","quantity":1,"unit_amount":"1.00"}]}`, status: 409, parts: []string{"This document has become bill SI-4471 already", `"bill_id":"{bill}"`}},
			{who: "manager", ask: "POST /api/xero/expenses", body: `{"amount":"230.00","date":"2026-11-03","description":"x","scanned_document_id":"{scan}"}`, status: 409},
			{who: "manager", ask: "GET /api/document-scan/{scan}", status: 200, parts: []string{`"filed_kind":"bill"`, `"filed_id":"{bill}"`, `"filed_number":"SI-4471"`}},
			{who: "manager", ask: "GET /api/document-scan?open=true", status: 200, parts: []string{"[]"}},
			{who: "manager", ask: "GET /api/xero/purchase-orders/{order}", status: 200, parts: []string{`"scanned_document_id":"{scan}"`}},
			{who: "manager", ask: "GET /api/xero/bills/{bill}/attachments", status: 200, parts: []string{`"url":"{path}"`, `"scan_id":"{scan}"`, `"file_name":"paper.png"`}},
			{who: "tech", ask: "GET /api/xero/bills/{bill}/attachments", status: 403},
			// The scan may go; the bill keeps the file, and so do the bytes.
			{who: "manager", ask: "DELETE /api/document-scan/{scan}", status: 200, parts: []string{"Document scan deleted"}},
			{who: "manager", ask: "GET /api/document-scan/{scan}", status: 404},
			{who: "manager", ask: "GET {path}", status: 200},
			{who: "manager", ask: "POST /api/document-scan/{scan}/restore", status: 200},
			// A bill that was deleted sets the paper free.
			{who: "manager", ask: "DELETE /api/xero/bills/{bill}", status: 200},
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{ideal}","date":"2026-11-03","bill_number":"SI-4471","scanned_document_id":"{scan}","line_items":[{"description":"Cable","quantity":1,"unit_amount":"200.00"}]}`, status: 201, save: "second"},
			{who: "manager", ask: "GET /api/document-scan/{scan}", status: 200, parts: []string{`"filed_id":"{second}"`}},
		})
		// The same paper, photographed again, and the same file.
		twin := f.scan("manager", jpeg, nil, supplierInvoice)
		if len(twin.Duplicates) != 1 || twin.Duplicates[0].ID != s.ID || twin.Duplicates[0].Reason != "same_document" {
			t.Errorf("photographed again: %+v", twin.Duplicates)
		}
		same := f.scan("manager", pngPicture, nil, tillReceipt)
		if len(same.Duplicates) != 1 || same.Duplicates[0].ID != s.ID || same.Duplicates[0].Reason != "same_file" {
			t.Errorf("the same file: %+v", same.Duplicates)
		}
		f.vars["twin"] = twin.ID
		matches := answer[[]struct {
			ID   string
			Type string `json:"entity_type"`
		}](t, f.ask("manager", "GET", "/api/document-scan/{twin}/matches", ""), 200)
		for _, m := range matches {
			f.vars["match_"+m.Type] = m.ID
		}
		f.play([]scenario{
			{who: "tech", ask: "POST /api/document-scan/{twin}/match/{match_bill}/confirm", status: 403},
			{who: "manager", ask: "POST /api/document-scan/{scan}/match/{match_bill}/confirm", status: 404},
			{who: "manager", ask: "POST /api/document-scan/{twin}/match/{match_bill}/confirm", status: 200, parts: []string{`"success":true`, `"message":"Match confirmed"`, `"confirmed":true`}},
			{who: "manager", ask: "POST /api/document-scan/{twin}/match/{match_bill}/confirm", status: 200, parts: []string{`"confirmed":true`}},
			{who: "manager", ask: "GET /api/xero/bills/{second}/attachments", status: 200, parts: []string{`"scan_id":"{scan}"`, `"scan_id":"{twin}"`}},
			{who: "manager", ask: "GET /api/document-scan/{twin}/matches", status: 200, parts: []string{"!{match_bill}"}},
			{who: "manager", ask: "GET /api/document-scan/{twin}", status: 200, parts: []string{`"confirmed_matches":[{"id":"{match_bill}"`}},
			{who: "manager", ask: "POST /api/document-scan/{twin}/match/{match_purchase_order}/reject", status: 200, parts: []string{`"rejected":1`}},
			{who: "manager", ask: "POST /api/document-scan/{twin}/match/{match_purchase_order}/reject", status: 404},
			{who: "manager", ask: "POST /api/document-scan/{twin}/matches", status: 200, parts: []string{"!{match_purchase_order}", "!{order}"}},
			{who: "manager", ask: "POST /api/document-scan/{twin}/match/reject", status: 200, parts: []string{`"success":true`}},
			{who: "manager", ask: "GET /api/document-scan/{twin}/matches", status: 200, parts: []string{"[]"}},
		})
	})
}

func TestAScanBecomesAnExpense(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		mine := f.scan("tech", jpeg, nil, tillReceipt)
		f.vars["mine"], f.vars["path"] = mine.ID, mine.Path
		expense := `{"amount":"23.00","tax":"3.00","date":"2026-11-14","description":"Screws","scanned_document_id":"{mine}"}`
		f.play([]scenario{
			{who: "other", ask: "POST /api/xero/expenses", body: expense, status: 400, parts: []string{"Document scan does not exist"}},
			{who: "tech", ask: "POST /api/xero/expenses", body: expense, status: 201, save: "expense", parts: []string{`"receipt_url":"{path}"`, `"scanned_document_id":"{mine}"`}},
			{who: "tech", ask: "POST /api/xero/expenses", body: expense, status: 409, parts: []string{`"expense_id":"{expense}"`}},
			{who: "tech", ask: "GET /api/xero/expenses/{expense}/attachments", status: 200, parts: []string{`"url":"{path}"`}},
			{who: "other", ask: "GET /api/xero/expenses/{expense}/attachments", status: 404},
			{who: "manager", ask: "GET {path}", status: 200},
			{who: "other", ask: "GET {path}", status: 404},
		})
		// A second file, right on the expense.
		files := answer[[]fieldops.AttachedFile](t, f.submit("tech", "POST", "/api/xero/expenses/{expense}/attachments", nil, []photo{{"file", "back.png", pngPicture}}), 201)
		if len(files) != 2 || files[1].Name != "back.png" {
			t.Fatalf("attached: %+v", files)
		}
		f.vars["second"], f.vars["secondPath"] = files[1].ID, files[1].URL
		f.play([]scenario{
			{who: "other", ask: "DELETE /api/xero/expenses/{expense}/attachments/{second}", status: 404},
			{who: "other", ask: "GET {secondPath}", status: 404},
			{who: "tech", ask: "GET {secondPath}", status: 200},
			{who: "tech", ask: "DELETE /api/xero/expenses/{expense}/attachments/{second}", status: 200, parts: []string{"!back.png"}},
			{who: "tech", ask: "DELETE /api/xero/expenses/{expense}/attachments/{second}", status: 404},
			{who: "tech", ask: "POST /api/xero/expenses/{expense}/attachments", body: `{"file_id":"{second}"}`, status: 201, parts: []string{"back.png"}},
			{who: "tech", ask: "POST /api/xero/expenses/{expense}/attachments", body: `{"file_id":"{nowhere}"}`, status: 404},
			{who: "tech", ask: "POST /api/xero/expenses/{expense}/attachments", body: `{"file_id":"x"}`, status: 400, parts: []string{`"field":"file_id"`}},
			{who: "tech", ask: "POST /api/xero/expenses/{expense}/attachments", body: `{}`, status: 400, parts: []string{"No file uploaded"}},
			{who: "tech", ask: "DELETE /api/xero/expenses/{expense}/attachments/{second}", status: 200},
		})
		kept := f.photosKept()
		f.afterTheBin()
		if now := f.photosKept(); now != kept-1 {
			t.Errorf("%d files lie there after a month, %d before: the one that was taken off goes", now, kept)
		}
		f.play([]scenario{
			{who: "tech", ask: "GET {path}", status: 200},
			{who: "tech", ask: "POST /api/xero/expenses/{expense}/submit", status: 200},
			{who: "tech", ask: "DELETE /api/xero/expenses/{expense}/attachments/" + files[0].ID, status: 409, parts: []string{"only the office can change it"}},
			{who: "manager", ask: "DELETE /api/xero/expenses/{expense}/attachments/" + files[0].ID, status: 200},
			{who: "tech", ask: "GET /api/xero/expenses/{expense}", status: 200, parts: []string{`"receipt_url":null`}},
		})
		// The scan still has it.
		f.afterTheBin()
		f.play([]scenario{
			{who: "tech", ask: "GET {path}", status: 200},
			{who: "tech", ask: "DELETE /api/document-scan/{mine}", status: 200},
			{who: "tech", ask: "GET {path}", status: 404},
			{who: "tech", ask: "POST /api/document-scan/{mine}/restore", status: 200},
			{who: "tech", ask: "GET {path}", status: 200},
			{who: "tech", ask: "DELETE /api/document-scan/{mine}", status: 200},
		})
		f.sql("update deletions set created_at = '2020-01-01T00:00:00.000000Z' where entity_id = '{mine}'")
		id := answer[[]struct{ ID string }](t, f.ask("admin", "GET", "/api/bin?entity_type=document_scan", ""), 200)[0].ID
		kept = f.photosKept()
		f.play([]scenario{{who: "admin", ask: "DELETE /api/bin/" + id, status: 200}})
		f.afterTheBin()
		if now := f.photosKept(); now >= kept {
			t.Errorf("%d files lie there, %d before the scan was removed for good", now, kept)
		}
	})
}

// TestTwoMakeOneBillOfAScan has many people make a bill and an expense of one scan at
// once: one of them succeeds.
func TestTwoMakeOneBillOfAScan(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.papers()
		f.vars["scan"] = f.scan("manager", pngPicture, nil, supplierInvoice).ID
		var wg sync.WaitGroup
		codes := make([]int, 8)
		for i := range codes {
			wg.Go(func() {
				if i%2 == 0 {
					codes[i] = f.ask("manager", "POST", "/api/xero/expenses", `{"amount":"230.00","date":"2026-11-03","description":"Cable","scanned_document_id":"{scan}"}`).Code
					return
				}
				codes[i] = f.ask("manager", "POST", "/api/xero/bills", fmt.Sprintf(`{"supplier_id":"{ideal}","date":"2026-11-03","bill_number":"SI-%d","scanned_document_id":"{scan}","line_items":[{"description":"Cable","quantity":1,"unit_amount":"200.00"}]}`, i)).Code
			})
		}
		wg.Wait()
		made := 0
		for _, code := range codes {
			if code == 201 {
				made++
			} else if code != 409 {
				t.Errorf("status %d", code)
			}
		}
		bills := answer[[]any](t, f.ask("manager", "GET", "/api/xero/bills", ""), 200)
		expenses := answer[[]any](t, f.ask("manager", "GET", "/api/xero/expenses", ""), 200)
		if made != 1 || len(bills)+len(expenses) != 1 {
			t.Errorf("%v: %d bills and %d expenses", codes, len(bills), len(expenses))
		}
	})
}

func TestAScanComesByAnUploadInPieces(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	actor := fieldops.Actor{UserID: f.people["tech"], Name: "tech"}
	u, err := f.api.Files.BeginUpload(t.Context(), actor, paperwork.UseScan, "a.png", int64(len(pngPicture)), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.api.Files.Append(t.Context(), actor, u.ID, 0, strings.NewReader(pngPicture)); err != nil {
		t.Fatal(err)
	}
	f.vars["upload"] = u.ID
	f.play([]scenario{
		{who: "other", ask: "POST /api/document-scan", body: `{"upload_id":"{upload}"}`, status: 404},
		{who: "tech", ask: "POST /api/document-scan", body: `{"upload_id":"{upload}"}`, status: 201, parts: []string{`"status":"pending"`, sha256Hex(pngPicture)}},
		{who: "tech", ask: "POST /api/document-scan", body: `{"upload_id":"{upload}"}`, status: 404},
	})
}
