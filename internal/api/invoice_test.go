package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// work books hours of a technician today and names the entries {work1},
// {work2}, …
func (f *firm) work(hours ...fieldops.E4) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx *store.Tx) error {
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		user, project, activity, center := f.people["tech"], f.vars["project"], f.vars["activity"], f.vars["center"]
		for n, h := range hours {
			t := fieldops.Timesheet{
				UserID: &user, ProjectID: &project, ActivityTypeID: &activity, CostCenterID: &center,
				Date: fieldops.DateOf(tx.Now.Time, settings.Timezone), Hours: h,
			}
			if err := tx.InsertTimesheet(ctx, &t); err != nil {
				return err
			}
			f.vars[fmt.Sprintf("work%d", n+1)] = t.ID
		}
		return nil
	})
}

const fromTimesheets = "POST /api/xero/invoices/from-timesheets"

func TestInvoicingScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.vars["gone"] = fieldops.NewID()
		f.play([]scenario{
			{who: "tech", ask: fromTimesheets, body: `{"client_id":"{client}"}`, status: 403, parts: []string{"Permission denied"}},
			{who: "manager", ask: fromTimesheets, body: `{}`, status: 400, parts: []string{`"error":"Client is required"`, `"field":"client_id"`}},
			{who: "manager", ask: fromTimesheets, body: `{"client_id":"{client}"}`, status: 400, parts: []string{"No unbilled timesheets found for the selected criteria"}},
			{who: "manager", ask: fromTimesheets, body: `{"client_id":"{gone}"}`, status: 404, parts: []string{"Client not found"}},
			{who: "manager", ask: "GET /api/xero/unbilled", status: 200, parts: []string{`"clients":[]`, `"total":"0.00"`}},
		})
		f.work(7_5000, 2_0000)
		f.play([]scenario{
			{who: "manager", ask: "GET /api/xero/unbilled", status: 200, parts: []string{`"total":"902.50"`, `"hours":"9.50"`, `"0_30":"902.50"`, `"age_days":0`, `"timesheets_count":2`, `"project_name":"Rewire"`}},
			{who: "manager", ask: "GET /api/xero/unbilled?client_id={gone}", status: 200, parts: []string{`"clients":[]`}},
			{
				who: "manager", ask: fromTimesheets + "/preview", body: `{"client_id":"{client}","group_by":"entry","lines":[{"description":"Cable","quantity":"2","unit_price":1.255}]}`, status: 200,
				parts: []string{`"quantity":7.5,"unit_price":95,"amount":712.5,"tax_rate":15,"tax_amount":106.88`, `"amount":2.51`, `"total":1040.77`, `"timesheets_count":2`, `"invoice_number":"INV-00001"`, `"document_status":"DRAFT"`, "No sales account"},
			},
			{
				who: "manager", ask: fromTimesheets + "/preview", status: 400,
				body:  `{"client_id":"{client}","due_date":"2001-01-01","group_by":"colour","lines":[{"description":"","quantity":0,"unit_price":"abc"}],"timesheet_ids":["x"]}`,
				parts: []string{`"field":"lines[0].unit_price"`},
			},
			{
				who: "manager", ask: fromTimesheets + "/preview", status: 400,
				body:  `{"client_id":"{client}","due_date":"2001-01-01","group_by":"colour","lines":[{"description":"","quantity":0}],"timesheet_ids":["x"]}`,
				parts: []string{`"field":"due_date"`, `"field":"group_by"`, `"field":"lines[0].description"`, `"field":"lines[0].quantity"`, `"field":"lines[0].unit_price"`, `"field":"timesheet_ids[0]"`},
			},
			{who: "manager", ask: fromTimesheets, body: `{"client_id":"{client}","timesheet_ids":["{work1}"],"preview_hash":"stale"}`, status: 409, parts: []string{"changed since the preview", `"preview_hash":`}},
			{
				who: "manager", ask: fromTimesheets, body: `{"client_id":"{client}","timesheet_ids":["{work1}"],"reference":"Gate 4"}`, status: 202, save: "invoice",
				parts: []string{
					`"invoice_number":"INV-00001"`, `"sync_status":"pending"`, `"xero_sync_id":"`, `"timesheets_count":1`, `"total":"819.38"`, `"status":202`, `"document_status":"DRAFT"`,
					`"message":"Invoice created. Syncing to Xero in the background..."`, `"reference":"Gate 4"`, `"xero_invoice_id":null`, `"phase":"queued"`, `"project_name":"Rewire"`, `"timesheet_ids":["{work1}"]`,
				},
			},
			{
				who: "manager", ask: fromTimesheets, body: `{"client_id":"{client}","timesheet_ids":["{work1}","{work2}"]}`, status: 409,
				parts: []string{"billed already, on INV-00001", `"conflicts":[{"timesheet_id":"{work1}","invoice_id":"{invoice}","invoice_number":"INV-00001"}]`},
			},
			{who: "manager", ask: "GET /api/xero/invoices/{invoice}", status: 200, parts: []string{`"id":"{invoice}"`, `"client_name":"Kōwhai Café"`, `"timesheets":[{"id":"{work1}"`, `"status":"DRAFT"`, `"phase":"waiting"`, `"wait_reason":"not_connected"`}},
			{who: "tech", ask: "GET /api/xero/invoices/{invoice}", status: 403},
			{who: "manager", ask: "GET /api/xero/invoices/{gone}", status: 404, parts: []string{"Invoice not found"}},
			{who: "manager", ask: "GET /api/xero/invoices/17", status: 404},
			{who: "manager", ask: "GET /api/xero/invoices?search=kowhai&status=DRAFT&sync_status=pending&client_id={client}&limit=5", status: 200, parts: []string{`"id":"{invoice}"`}},
			{who: "manager", ask: "GET /api/xero/invoices?sync_status=failed", status: 200, parts: []string{"[]"}},
			{who: "manager", ask: "GET /api/xero/invoices?sync_status=broken&status=x&client_id=7&date_from=never", status: 400, parts: []string{`"field":"sync_status"`, `"field":"status"`, `"field":"client_id"`, `"field":"date_from"`}},
			{who: "manager", ask: "GET /api/xero/invoices?cursor=%21%21", status: 400, parts: []string{"cursor"}},
			{who: "manager", ask: "GET /api/xero/invoices/{invoice}/sync-status", status: 200, parts: []string{`"sync_status":"pending"`, `"who_must_act":"admin"`, `"max_attempts":3`, `"attempt":0`}},
			{who: "manager", ask: "GET /api/xero/invoices/{gone}/sync-status", status: 404, parts: []string{"Invoice not found"}},
			{who: "manager", ask: "GET /api/timesheets/{work1}", status: 200, parts: []string{`"billing_status":"billed"`, `"invoice_number":"INV-00001"`, `"sync_status":"pending"`}},
			{who: "manager", ask: "PUT /api/xero/invoices/{invoice}", body: `{"due_date":"2000-01-01"}`, status: 400, parts: []string{`"field":"due_date"`}},
			{who: "manager", ask: "PUT /api/xero/invoices/{invoice}", body: `{"reference":"Gate 5"}`, status: 202, parts: []string{`"reference":"Gate 5"`, `"status":"DRAFT"`, `"sync_status":"pending"`}, headers: []string{"If-Match", "*"}},
			{who: "manager", ask: "PUT /api/xero/invoices/{invoice}", body: `{"reference":"Gate 6"}`, status: 412, parts: []string{"Somebody else"}, headers: []string{"If-Match", `"1"`}},
			{who: "manager", ask: "POST /api/xero/invoices/{invoice}/retry-sync", body: `{}`, status: 202, parts: []string{`"sync_status":"pending"`}},
			{who: "manager", ask: "POST /api/xero/invoices/{invoice}/retry-sync", body: `{"invoice_number":"Rēchnung"}`, status: 400, parts: []string{`"field":"invoice_number"`}},
			{who: "manager", ask: "POST /api/xero/invoices/{invoice}/retry-sync", body: `{"invoice_number":"K-1"}`, status: 202},
			{who: "manager", ask: "POST /api/xero/invoices/{gone}/retry-sync", body: `{}`, status: 404, parts: []string{"Invoice not found"}},
			{who: "manager", ask: "GET /api/xero/sync-logs?entity_type=invoice&entity_id={invoice}", status: 200, parts: []string{"[]"}},
			{who: "manager", ask: "GET /api/xero/sync-logs?entity_type=invoice", status: 400, parts: []string{`"field":"entity_id"`}},
			{who: "manager", ask: "DELETE /api/xero/invoices/{invoice}", status: 202, parts: []string{`"sync_status":null`, "Invoice deleted"}},
			{who: "manager", ask: "DELETE /api/xero/invoices/{invoice}", status: 404},
			{who: "manager", ask: "GET /api/xero/invoices", status: 200, parts: []string{"!{invoice}"}},
			{who: "manager", ask: "GET /api/xero/invoices?status=DELETED", status: 200, parts: []string{"{invoice}"}},
			{who: "manager", ask: "GET /api/xero/invoices?include_deleted=true", status: 200, parts: []string{"{invoice}", `"status":"DELETED"`, `"invoice_number":"K-1"`}},
			{who: "manager", ask: "GET /api/timesheets/{work1}", status: 200, parts: []string{`"billing_status":"unbilled"`, `"invoice_id":null`, `"sync_status":null`}},
			{
				who: "manager", ask: fromTimesheets + "/batch", body: `{"invoices":[{"client_id":"{client}"},{"client_id":"{client}"},{}]}`, status: 200,
				parts: []string{`"created":1`, `"failed":2`, `"status":202`, `"status":400`, `"invoice_number":"INV-00002"`, "Client is required"},
			},
			{who: "manager", ask: fromTimesheets + "/batch", body: `{"invoices":[]}`, status: 400, parts: []string{`"field":"invoices"`}},
		})
	})
}

func TestInvoicePDFIsServed(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	f.work(1_0000)
	f.play([]scenario{{who: "manager", ask: fromTimesheets, body: `{"client_id":"{client}"}`, status: 202, save: "invoice"}})
	w := f.ask("manager", "GET", "/api/xero/invoices/{invoice}/pdf", "")
	if w.Code != http.StatusOK || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF-")) || w.Header().Get("Content-Disposition") != `inline; filename=INV-00001.pdf` {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	f.play([]scenario{
		{who: "manager", ask: "GET /api/xero/invoices/nothing/pdf", status: 404},
		{who: "tech", ask: "GET /api/xero/invoices/{invoice}/pdf", status: 403},
	})
}

func TestInvoiceListGoesOn(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	f.work(1_0000, 1_0000, 1_0000)
	for _, body := range []string{`{work1}`, `{work2}`, `{work3}`} {
		f.play([]scenario{{who: "manager", ask: fromTimesheets, body: `{"client_id":"{client}","timesheet_ids":["` + body + `"]}`, status: 202}})
	}
	var numbers []string
	for path := "/api/xero/invoices?limit=2&status=DRAFT"; path != ""; {
		w := f.ask("manager", "GET", path, "")
		for _, i := range answer[[]invoiceAnswer](t, w, 200) {
			numbers = append(numbers, i.InvoiceNumber)
		}
		path = ""
		if _, err := fmt.Sscanf(w.Header().Get("Link"), "<%s rel=\"next\"", &path); err == nil {
			path = path[:len(path)-2]
		}
	}
	if fmt.Sprint(numbers) != "[INV-00003 INV-00002 INV-00001]" {
		t.Errorf("listed %v", numbers)
	}
}

// A click that is sent twice makes one invoice.
func TestRepeatedInvoiceRequest(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.work(1_0000)
		const clicks = 8
		codes, ids := make([]int, clicks), make([]string, clicks)
		var all sync.WaitGroup
		for n := range clicks {
			all.Go(func() {
				w := f.ask("manager", "POST", "/api/xero/invoices/from-timesheets", `{"client_id":"{client}"}`, "Idempotency-Key", "one click")
				var made struct{ ID string }
				_ = json.Unmarshal(w.Body.Bytes(), &made)
				codes[n], ids[n] = w.Code, made.ID
			})
		}
		all.Wait()
		w := f.ask("manager", "POST", "/api/xero/invoices/from-timesheets", `{"client_id":"{client}"}`, "Idempotency-Key", "one click")
		made := answer[createdInvoice](t, w, 202)
		for n, code := range codes {
			if code == http.StatusAccepted && ids[n] != made.ID || code != http.StatusAccepted && code != http.StatusConflict {
				t.Errorf("click %d: %d %s", n, code, ids[n])
			}
		}
		if w := f.ask("manager", "GET", "/api/xero/invoices", ""); len(answer[[]invoiceAnswer](t, w, 200)) != 1 {
			t.Errorf("invoices: %s", w.Body)
		}
	})
}
