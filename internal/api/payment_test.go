package api

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"ampedfieldops/internal/store"
)

func TestPaymentScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.work(2_0000)
		const pay = "POST /api/xero/payments"
		f.play([]scenario{
			{who: "manager", ask: fromTimesheets, body: `{"client_id":"{client}"}`, status: 202, save: "invoice", parts: []string{`"total":"218.50"`, `"payment_status":"unpaid"`}},
			{who: "tech", ask: pay, body: `{"invoice_id":"{invoice}","amount":1,"payment_date":"2026-11-23","payment_method":"CASH"}`, status: 403},
			{who: "manager", ask: pay, body: `{}`, status: 400, parts: []string{`"field":"invoice_id"`, `"field":"amount"`, `"field":"payment_date"`, `"field":"payment_method"`}},
			{who: "manager", ask: pay, body: `{"invoice_id":"{invoice}","amount":"10.005","payment_date":"2026-11-23","payment_method":"CASH"}`, status: 400, parts: []string{`"field":"amount"`}},
			{who: "manager", ask: pay, body: `{"invoice_id":"{invoice}","amount":-1,"payment_date":"2150-01-01","payment_method":"GOLD","currency":"USD"}`, status: 400, parts: []string{`"field":"amount"`, `"field":"payment_date"`, `"field":"payment_method"`, `"field":"currency"`}},
			{who: "manager", ask: pay, body: `{"invoice_id":"{nowhere}","amount":1,"payment_date":"2026-11-23","payment_method":"CASH"}`, status: 404, parts: []string{"Invoice not found"}},
			{who: "manager", ask: pay, body: `{"invoice_id":"{invoice}","amount":"218.51","payment_date":"2026-11-23","payment_method":"CASH"}`, status: 409, parts: []string{"exceeds invoice amount due", `"amount_due":"218.50"`}},
			// Money for a draft says that it was issued.
			{
				who: "manager", ask: pay, body: `{"invoice_id":"{invoice}","amount":"100.10","payment_date":"2026-11-23","payment_method":"CHECK","reference":" 77 ","account_code":""}`, status: 201, save: "payment",
				parts: []string{`"amount":"100.10"`, `"reference":"77"`, `"account_code":null`, `"invoice_number":"INV-00001"`, `"client_name":"Kōwhai Café"`, `"currency":"NZD"`, "!sync_status"},
			},
			{who: "manager", ask: "GET /api/xero/invoices/{invoice}", status: 200, parts: []string{`"status":"AUTHORISED"`, `"payment_status":"partially_paid"`, `"amount_paid":"100.10"`, `"amount_due":"118.40"`, `"last_payment_date":"2026-11-23"`}},
			{who: "manager", ask: "PUT /api/xero/invoices/{invoice}", body: `{"reference":"x"}`, status: 409, parts: []string{"has payments"}},
			{who: "manager", ask: "DELETE /api/xero/invoices/{invoice}", status: 409, parts: []string{"the payment of 100.10 of 2026-11-23", `"entity_id":"{payment}"`}},
			{who: "tech", ask: "PUT /api/xero/invoices/{invoice}/mark-paid", body: `{}`, status: 403},
			{who: "manager", ask: "PUT /api/xero/invoices/{invoice}/mark-paid", body: `{}`, status: 412, headers: []string{"If-Match", `"7"`}},
			{who: "manager", ask: "PUT /api/xero/invoices/{invoice}/mark-paid", body: `{"amount":0}`, status: 400, parts: []string{`"field":"amount"`}},
			{who: "manager", ask: "PUT /api/xero/invoices/{invoice}/mark-paid", body: `{"payment_date":"2026-11-20"}`, status: 200, parts: []string{`"status":"PAID"`, `"payment_status":"paid"`, `"amount_due":"0.00"`, `"amount_paid":"218.50"`, `"last_payment_date":"2026-11-23"`}},
			{who: "manager", ask: "GET /api/timesheets/{work1}", status: 200, parts: []string{`"billing_status":"paid"`}},
			{who: "manager", ask: "PUT /api/xero/invoices/{invoice}/mark-paid", body: `{}`, status: 409, parts: []string{"Nothing is due of invoice INV-00001"}},
			{who: "manager", ask: "GET /api/xero/payments/{payment}", status: 200, parts: []string{`"payment_method":"CHECK"`}},
			{who: "manager", ask: "GET /api/xero/payments/{nowhere}", status: 404, parts: []string{"Payment not found"}},
			{who: "tech", ask: "GET /api/xero/payments", status: 403},
			{who: "manager", ask: "GET /api/xero/payments?invoice_id={invoice}&payment_method=CHECK&date_from=2026-11-23&date_to=2026-11-23&client_id={client}", status: 200, parts: []string{`"id":"{payment}"`, "!BANK_TRANSFER"}},
			{who: "manager", ask: "GET /api/xero/payments?payment_method=ONLINE", status: 200, parts: []string{"[]"}},
			// A query that cannot be read is an error and not an empty list.
			{who: "manager", ask: "GET /api/xero/payments?invoice_id=7&payment_method=GOLD&date_from=x", status: 400, parts: []string{`"field":"invoice_id"`, `"field":"payment_method"`, `"field":"date_from"`}},
		})
		// The list goes on behind its last row instead of being endless.
		w := f.ask("manager", "GET", "/api/xero/payments?limit=1", "")
		var next string
		if _, err := fmt.Sscanf(w.Header().Get("Link"), "<%s rel=\"next\"", &next); err != nil {
			t.Fatalf("no next page: %v", w.Header())
		}
		f.play([]scenario{{who: "manager", ask: "GET " + next[:len(next)-2], status: 200, parts: []string{`"payment_date":"2026-11-20"`, "!{payment}"}}})
	})
}

// Twenty people write down the same payment of an invoice at once.
func TestOnePaymentOfManyFits(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.work(1_0000)
		f.play([]scenario{{who: "manager", ask: fromTimesheets, body: `{"client_id":"{client}"}`, status: 202, save: "invoice"}})
		codes := make([]int, 20)
		var all sync.WaitGroup
		for n := range codes {
			all.Go(func() {
				if n%2 == 0 {
					codes[n] = f.ask("manager", "PUT", "/api/xero/invoices/{invoice}/mark-paid", `{}`).Code
					return
				}
				codes[n] = f.ask("manager", "POST", "/api/xero/payments", `{"invoice_id":"{invoice}","amount":"109.25","payment_date":"2026-11-23","payment_method":"ONLINE"}`).Code
			})
		}
		all.Wait()
		won := 0
		for _, code := range codes {
			switch code {
			case http.StatusOK, http.StatusCreated:
				won++
			case http.StatusConflict:
			default:
				t.Errorf("a payer got %d", code)
			}
		}
		payments, err := f.db.Payments(t.Context(), store.PaymentFilter{Limit: 100})
		if err != nil || won != 1 || len(payments) != 1 {
			t.Errorf("%d won, %d payments, %v", won, len(payments), err)
		}
	})
}
