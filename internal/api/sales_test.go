package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"ampedfieldops/internal/store"
)

const (
	manual  = "POST /api/xero/invoices"
	quoting = "POST /api/xero/quotes"
	credits = "POST /api/xero/credit-notes"
)

func TestManualInvoiceScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: manual, body: `{}`, status: 403},
			{who: "manager", ask: manual, body: `{}`, status: 400, parts: []string{`"field":"client_id"`, `"field":"line_items"`, "Client is required"}},
			{
				who: "manager", ask: manual, status: 400, body: `{"client_id":"{client}","issue_date":"2026-11-24","due_date":"2026-11-01","line_items":[{"quantity":-1},{"description":"a","quantity":3,"unit_price":"0.335","amount":1}],"currency":"USD"}`,
				parts: []string{`"field":"due_date"`, `"field":"line_items[0].description"`, `"field":"line_items[0].quantity"`, `"field":"line_items[0].unit_price"`, `"field":"line_items[1].amount"`, "3.00 × 0.335 is 1.01", `"field":"currency"`},
			},
			{who: "manager", ask: manual, body: `{"client_id":"{nowhere}","line_items":[{"description":"a","amount":1}]}`, status: 404, parts: []string{"Client not found"}},
			{who: "manager", ask: manual, body: `{"client_id":"{client}","project_id":"{nowhere}","line_items":[{"description":"a","amount":1}]}`, status: 404, parts: []string{"Project not found"}},
			{who: "manager", ask: manual, body: `{"client_id":"{client}","line_items":[{"description":"a","amount":1,"item_id":"{nowhere}"}]}`, status: 400, parts: []string{`"field":"line_items[0].item_id"`}},
			// It has a way to Xero, a number of the series, exact sums with tax, and dates.
			{
				who: "manager", ask: manual, body: `{"client_id":"{client}","project_id":"{project}","line_items":[{"description":"Heat pump","amount":"999.99"},{"description":"Cable","quantity":"2.5","unit_price":1.115}],"reference":"Gate 4"}`, status: 202, save: "invoice",
				parts: []string{
					`"invoice_number":"INV-00001"`, `"sync_status":"pending"`, `"status":202`, `"document_status":"DRAFT"`, `"subtotal":"1002.78"`, `"total_tax":"150.42"`, `"total":"1153.20"`, `"amount_due":"1153.20"`,
					`"project_name":"Rewire"`, `"client_name":"Kōwhai Café"`, `"unit_price":"999.99"`, `"timesheets_count":0`, "!\"due_date\":null", `"xero_invoice_id":null`,
				},
			},
			{who: "manager", ask: "GET /api/xero/invoices/{invoice}/sync-status", status: 200, parts: []string{`"sync_status":"pending"`, `"phase":"waiting"`}},
			{who: "manager", ask: manual, body: `{"client_id":"{client}","invoice_number":"INV-00001","line_items":[{"description":"a","amount":1}]}`, status: 409, parts: []string{"is taken"}},
			{who: "manager", ask: "DELETE /api/xero/invoices/{invoice}", status: 202, parts: []string{"Invoice deleted"}},
		})
	})
}

func TestQuoteScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: quoting, body: `{}`, status: 403},
			{who: "manager", ask: quoting, body: `{}`, status: 400, parts: []string{`"field":"client_id"`, `"field":"line_items"`}},
			// The total is computed, with tax.
			{
				who: "manager", ask: quoting, body: `{"client_id":"{client}","project_id":"{project}","expiry_date":"2150-01-01","title":"New board","line_items":[{"description":"Board","quantity":2,"unit_price":"150.25"}]}`, status: 201, save: "quote",
				parts: []string{`"quote_number":"QU-00001"`, `"status":"DRAFT"`, `"total":"345.58"`, `"total_tax":"45.08"`, `"expired":false`, `"title":"New board"`, "!sync_status"},
			},
			{who: "manager", ask: quoting, body: `{"client_id":"{client}","line_items":[{"description":"a","amount":1}],"issue_date":"2020-01-01","expiry_date":"2020-02-01"}`, status: 201, save: "old", parts: []string{`"expired":true`}},
			{who: "manager", ask: "POST /api/xero/quotes/{old}/accept", status: 409, parts: []string{"expired on 2020-02-01"}},
			{who: "manager", ask: "POST /api/xero/quotes/{old}/decline", status: 200, parts: []string{`"status":"DECLINED"`, `"expired":false`}},
			{who: "manager", ask: "POST /api/xero/quotes/{old}/convert", status: 409, parts: []string{"was declined"}},
			{who: "manager", ask: "POST /api/xero/quotes/{old}/accept", status: 409, parts: []string{"is declined and cannot become accepted"}},
			{who: "manager", ask: "POST /api/xero/quotes/{old}/reopen", status: 200, parts: []string{`"status":"DRAFT"`}},
			{who: "manager", ask: "GET /api/xero/quotes?search=board&status=DRAFT&client_id={client}&project_id={project}", status: 200, parts: []string{`"id":"{quote}"`, "!{old}"}},
			{who: "manager", ask: "GET /api/xero/quotes?status=PENDING", status: 400, parts: []string{`"field":"status"`}},
			{who: "manager", ask: "PUT /api/xero/quotes/{quote}", body: `{}`, status: 400, parts: []string{"No updates provided"}},
			{who: "manager", ask: "PUT /api/xero/quotes/{quote}", body: `{"title":"x"}`, status: 412, headers: []string{"If-Match", `"stale"`}},
			{who: "manager", ask: "PUT /api/xero/quotes/{quote}", body: `{"line_items":[]}`, status: 400, parts: []string{`"field":"line_items"`}},
			{who: "manager", ask: "PUT /api/xero/quotes/{quote}", body: `{"line_items":[{"description":"Board","quantity":1,"unit_price":"100"}],"title":null,"reference":"R-1","expiry_date":null}`, status: 200, parts: []string{`"total":"115.00"`, `"title":null`, `"reference":"R-1"`, `"expiry_date":null`}},
			{who: "manager", ask: "POST /api/xero/quotes/{quote}/send", status: 200, parts: []string{`"status":"SENT"`, "!\"sent_at\":null"}},
			{who: "manager", ask: "POST /api/xero/quotes/{quote}/accept", status: 200, parts: []string{`"status":"ACCEPTED"`}},
			{who: "tech", ask: "POST /api/xero/quotes/{quote}/convert", status: 403},
			// The invoice has all that an invoice has, and there is one.
			{
				who: "manager", ask: "POST /api/xero/quotes/{quote}/convert", status: 202, save: "invoice",
				parts: []string{`"invoice_number":"INV-00001"`, `"amount_due":"115.00"`, `"total":"115.00"`, `"reference":"R-1"`, `"sync_status":"pending"`, "!\"issue_date\":null", "!\"due_date\":null", `"description":"Board"`},
			},
			{who: "manager", ask: "POST /api/xero/quotes/{quote}/convert", status: 409, parts: []string{"became invoice INV-00001 already", `"invoice_id":"{invoice}"`}},
			{who: "manager", ask: "GET /api/xero/quotes/{quote}", status: 200, parts: []string{`"status":"INVOICED"`, `"invoice_id":"{invoice}"`, `"invoice_number":"INV-00001"`}},
			{who: "manager", ask: "PUT /api/xero/quotes/{quote}", body: `{"title":"x"}`, status: 409, parts: []string{"became an invoice"}},
			{who: "manager", ask: "POST /api/xero/quotes/{quote}/reopen", status: 409},
			// Taken back, it can be invoiced again.
			{who: "manager", ask: "DELETE /api/xero/invoices/{invoice}", status: 202},
			{who: "manager", ask: "GET /api/xero/quotes/{quote}", status: 200, parts: []string{`"status":"ACCEPTED"`, `"invoice_id":null`}},
			{who: "manager", ask: "POST /api/xero/invoices/{invoice}/copy", body: `{}`, status: 202, save: "copy", parts: []string{`"invoice_number":"INV-00002"`, `"copy_of":"{invoice}"`, `"total":"115.00"`}},
			// The copy of the invoice that was taken back is the quote's invoice now.
			{who: "manager", ask: "POST /api/xero/quotes/{quote}/convert", status: 409, parts: []string{"became invoice INV-00002 already"}},
			{who: "manager", ask: "DELETE /api/xero/invoices/{copy}", status: 202},
			{who: "manager", ask: "POST /api/xero/quotes/{quote}/convert", status: 202, save: "again", parts: []string{`"invoice_number":"INV-00003"`}},
			{who: "manager", ask: "GET /api/xero/quotes/{nowhere}", status: 404, parts: []string{"Quote not found"}},
			{who: "manager", ask: "GET /api/xero/quotes/nothing/pdf", status: 404},
		})
		w := f.ask("manager", "GET", "/api/xero/quotes/{quote}/pdf", "")
		if w.Code != http.StatusOK || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF-")) || w.Header().Get("Content-Disposition") != `inline; filename=QU-00001.pdf` {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	})
}

// Twenty people invoice the same quote at once: there is one invoice, and the
// others are told which.
func TestOneConversionOfManyWins(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{{who: "manager", ask: quoting, body: `{"client_id":"{client}","line_items":[{"description":"a","amount":10}]}`, status: 201, save: "quote"}})
		won := f.race(20, http.StatusAccepted, "POST", "/api/xero/quotes/{quote}/convert", "")
		invoices, err := f.db.Invoices(t.Context(), store.DocumentFilter{Limit: 100})
		if err != nil || won != 1 || len(invoices) != 1 {
			t.Errorf("%d won, %d invoices, %v", won, len(invoices), err)
		}
	})
}

// race asks the same of many at once and counts who got it; the others must meet
// a conflict.
func (f *firm) race(n, status int, method, path, body string) (won int) {
	f.t.Helper()
	codes := make([]int, n)
	var all sync.WaitGroup
	for i := range codes {
		all.Go(func() { codes[i] = f.ask("manager", method, path, body).Code })
	}
	all.Wait()
	for _, code := range codes {
		if code == status {
			won++
		} else if code != http.StatusConflict {
			f.t.Errorf("somebody got %d", code)
		}
	}
	return won
}

func TestCreditNoteScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		line := `"line_items":[{"description":"a","amount":100}]`
		f.play([]scenario{
			{who: "manager", ask: manual, body: `{"client_id":"{client}",` + line + `}`, status: 202, save: "first"},
			{who: "manager", ask: manual, body: `{"client_id":"{client}",` + line + `}`, status: 202, save: "second"},
			{who: "manager", ask: "POST /api/clients", body: `{"name":"Somebody else"}`, status: 201, save: "stranger"},
			{who: "manager", ask: manual, body: `{"client_id":"{stranger}",` + line + `}`, status: 202, save: "foreign"},
			{who: "tech", ask: credits, body: `{}`, status: 403},
			{who: "manager", ask: credits, body: `{"amount":-1,"date":"2150-01-01"}`, status: 400, parts: []string{`"field":"invoice_id"`, `"field":"amount"`, `"field":"date"`}},
			{who: "manager", ask: credits, body: `{"invoice_id":"{nowhere}","amount":1,"date":"2026-11-23"}`, status: 404, parts: []string{"Invoice not found"}},
			{who: "manager", ask: credits, body: `{"invoice_id":"{first}","amount":"115.01","date":"2026-11-23"}`, status: 409, parts: []string{"115.00 can still be credited"}},
			// A credit note lowers what the invoice owes.
			{
				who: "manager", ask: credits, body: `{"invoice_id":"{first}","amount":"11.50","date":"2026-11-23","reason":"Damaged"}`, status: 201, save: "note",
				parts: []string{`"credit_note_number":"CN-00001"`, `"amount":"11.50"`, `"subtotal":"10.00"`, `"total_tax":"1.50"`, `"remaining_credit":"0.00"`, `"status":"PAID"`, `"description":"Damaged"`, `"invoice_number":"INV-00001"`, "!sync_status"},
			},
			{who: "manager", ask: "GET /api/xero/invoices/{first}", status: 200, parts: []string{`"amount_due":"103.50"`, `"amount_paid":"11.50"`, `"payment_status":"partially_paid"`, `"last_payment_date":null`, `"entity_id":"{note}"`}},
			{who: "manager", ask: "DELETE /api/xero/invoices/{first}", status: 409, parts: []string{"11.50 of credit note CN-00001"}},
			// What is paid already stays as credit.
			{who: "manager", ask: "PUT /api/xero/invoices/{first}/mark-paid", body: `{}`, status: 200, parts: []string{`"status":"PAID"`}},
			{who: "manager", ask: credits, body: `{"invoice_id":"{first}"}`, status: 409, parts: []string{"Nothing is due"}},
			{who: "manager", ask: credits, body: `{"invoice_id":"{first}","line_items":[{"description":"Back","amount":"40"}]}`, status: 201, save: "credit", parts: []string{`"amount":"46.00"`, `"remaining_credit":"46.00"`, `"status":"AUTHORISED"`, `"allocations":[]`}},
			{who: "tech", ask: "GET /api/xero/credit-notes/{credit}/pdf", status: 403},
			{who: "manager", ask: "GET /api/xero/credit-notes/{credit}/pdf", status: 200, parts: []string{"%PDF-"}},
			{who: "manager", ask: "GET /api/xero/credit-notes/{nowhere}/pdf", status: 404, parts: []string{"Credit note not found"}},
			{who: "manager", ask: "POST /api/xero/credit-notes/{credit}/apply", body: `{}`, status: 400, parts: []string{`"field":"invoice_id"`}},
			{who: "manager", ask: "POST /api/xero/credit-notes/{credit}/apply", body: `{"invoice_id":"{second}","amount":0}`, status: 400, parts: []string{`"field":"amount"`}},
			{who: "manager", ask: "POST /api/xero/credit-notes/{credit}/apply", body: `{"invoice_id":"{second}","amount":"46.01"}`, status: 409, parts: []string{"only 46.00 is left"}},
			{who: "manager", ask: "POST /api/xero/credit-notes/{credit}/apply", body: `{"invoice_id":"{foreign}","amount":"1"}`, status: 409, parts: []string{"not of the client"}},
			{who: "manager", ask: "POST /api/xero/credit-notes/{credit}/apply", body: `{"invoice_id":"{first}","amount":"1"}`, status: 409, parts: []string{"Nothing is due of invoice INV-00001"}},
			{who: "manager", ask: "POST /api/xero/credit-notes/{credit}/apply", body: `{"invoice_id":"{second}","amount":"40"}`, status: 200, parts: []string{`"success":true`, `"remaining_credit":"6.00"`, `"invoice_number":"INV-00002"`}},
			{who: "manager", ask: "GET /api/xero/invoices/{second}", status: 200, parts: []string{`"amount_due":"75.00"`}},
			{who: "manager", ask: "GET /api/xero/credit-notes?invoice_id={second}", status: 200, parts: []string{`"id":"{credit}"`, "!{note}"}},
			{who: "manager", ask: "GET /api/xero/credit-notes?status=OPEN", status: 400, parts: []string{`"field":"status"`}},
			{who: "manager", ask: "POST /api/xero/credit-notes/{credit}/unapply", body: `{"allocation_id":"{nowhere}"}`, status: 404},
		})
		var shown struct{ Allocations []struct{ ID string } }
		w := f.ask("manager", "GET", "/api/xero/credit-notes/{credit}", "")
		if err := json.Unmarshal(w.Body.Bytes(), &shown); err != nil || len(shown.Allocations) != 1 {
			t.Fatalf("%v in %s", err, w.Body)
		}
		f.vars["allocation"] = shown.Allocations[0].ID
		f.play([]scenario{
			{who: "manager", ask: "POST /api/xero/credit-notes/{credit}/unapply", body: `{"allocation_id":"{allocation}"}`, status: 200, parts: []string{`"remaining_credit":"46.00"`, `"allocations":[]`, `"status":"AUTHORISED"`}},
			{who: "manager", ask: "GET /api/xero/invoices/{second}", status: 200, parts: []string{`"amount_due":"115.00"`, `"payment_status":"unpaid"`}},
			// The whole of what is due.
			{who: "manager", ask: credits, body: `{"invoice_id":"{second}"}`, status: 201, parts: []string{`"amount":"115.00"`, `"total_tax":"15.00"`}},
			{who: "manager", ask: "GET /api/xero/invoices/{second}", status: 200, parts: []string{`"amount_due":"0.00"`, `"status":"PAID"`}},
		})
	})
}

// Twenty people set the same credit against an invoice at once.
func TestOneApplicationOfManyFits(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		line := `"line_items":[{"description":"a","amount":100}]`
		f.play([]scenario{
			{who: "manager", ask: manual, body: `{"client_id":"{client}",` + line + `}`, status: 202, save: "first"},
			{who: "manager", ask: manual, body: `{"client_id":"{client}",` + line + `}`, status: 202, save: "second"},
			{who: "manager", ask: "PUT /api/xero/invoices/{first}/mark-paid", body: `{}`, status: 200},
			{who: "manager", ask: credits, body: `{"invoice_id":"{first}","amount":30}`, status: 201, save: "note"},
		})
		if won := f.race(20, http.StatusOK, "POST", "/api/xero/credit-notes/{note}/apply", `{"invoice_id":"{second}","amount":20}`); won != 1 {
			t.Errorf("%d got it", won)
		}
		f.play([]scenario{{who: "manager", ask: "GET /api/xero/invoices/{second}", status: 200, parts: []string{fmt.Sprintf(`"amount_due":"%s"`, "95.00")}}})
	})
}
