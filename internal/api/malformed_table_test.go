package api

import (
	"testing"
)

// TestMalformedRequestsAndTheirAnswers is a table of requests that no client
// should send, each with the answer that says what is wrong with it. Nothing of
// them is kept.
func TestMalformedRequestsAndTheirAnswers(t *testing.T) {
	t.Parallel()
	fault := func(field string) string { return `"field":"` + field + `"` }
	table := []scenario{
		// Bodies that are none.
		{ask: "POST /api/clients", body: `{`, status: 400, parts: []string{"not valid JSON"}},
		{ask: "POST /api/clients", body: `[]`, status: 400, parts: []string{"must be a JSON object"}},
		{ask: "POST /api/clients", body: `"name"`, status: 400, parts: []string{"must be a JSON object"}},
		{ask: "POST /api/clients", body: `{"name":"\u0000"}`, status: 400, parts: []string{"NUL"}},
		{ask: "POST /api/clients", body: ``, status: 400, parts: []string{fault("name")}},
		// Clients.
		{ask: "POST /api/clients", body: `{"name":5}`, status: 400, parts: []string{fault("name"), "must be a text"}},
		{ask: "POST /api/clients", body: `{"name":"x","email":"no"}`, status: 400, parts: []string{fault("email")}},
		{ask: "POST /api/clients", body: `{"name":"x","payment_terms_day":0}`, status: 400, parts: []string{fault("payment_terms_day")}},
		{ask: "POST /api/clients", body: `{"name":"x","payment_terms_type":"SOON"}`, status: 400, parts: []string{fault("payment_terms_type")}},
		{ask: "PUT /api/clients/{client}", body: `{}`, status: 400, parts: []string{"No updates provided"}},
		{ask: "PUT /api/clients/{client}", body: `{"client_type":"friend"}`, status: 400, parts: []string{fault("client_type")}},
		{ask: "PUT /api/clients/{client}/rates", body: `{"rates":[{"activity_type_id":"x","hourly_rate":-1}]}`, status: 400, parts: []string{"rates[0]"}},
		{ask: "GET /api/clients/x", status: 404},
		{ask: "GET /api/clients?after=x", status: 400, parts: []string{fault("after")}},
		{ask: "GET /api/clients?after={nowhere}", status: 400, parts: []string{"no row to go on behind"}},
		// Projects.
		{ask: "POST /api/projects", body: `{"name":"x","budget":"lots"}`, status: 400, parts: []string{fault("budget")}},
		{ask: "POST /api/projects", body: `{"name":"x","start_date":"2026-05-02","end_date":"2026-05-01"}`, status: 400, parts: []string{fault("end_date")}},
		{ask: "POST /api/projects", body: `{"name":"x","client_id":"{nowhere}"}`, status: 400, parts: []string{fault("client_id")}},
		{ask: "POST /api/projects", body: `{"name":"x","billing_method":"barter"}`, status: 400, parts: []string{fault("billing_method")}},
		{ask: "PUT /api/projects/{project}", body: `{"status":"lost"}`, status: 400, parts: []string{fault("status")}},
		// Cost centres and activity types.
		{ask: "POST /api/cost-centers", body: `{"code":"","name":""}`, status: 400, parts: []string{fault("code"), fault("name")}},
		{ask: "POST /api/cost-centers", body: `{"code":"CC-1","name":"again"}`, status: 400, parts: []string{"Cost center code already exists"}},
		{ask: "POST /api/activity-types", body: `{"name":"x","icon":"zap","color":"red","hourly_rate":-1}`, status: 400, parts: []string{fault("hourly_rate")}},
		// Timesheets.
		{ask: "POST /api/timesheets", body: `{}`, status: 400, parts: []string{"missing_fields"}},
		{ask: "POST /api/timesheets", body: `{"project_id":"{project}","date":"2026-05-04","hours":"much","activity_type_id":"{activity}","cost_center_id":"{center}"}`, status: 400, parts: []string{fault("hours")}},
		{ask: "POST /api/timesheets", body: `{"project_id":"{project}","date":"2026-05-04","hours":25,"activity_type_id":"{activity}","cost_center_id":"{center}"}`, status: 400, parts: []string{"Hours must be between 0.25 and 24"}},
		{ask: "POST /api/timesheets", body: `{"project_id":"{project}","date":"2026-02-30","hours":1,"activity_type_id":"{activity}","cost_center_id":"{center}"}`, status: 400, parts: []string{fault("date")}},
		{ask: "POST /api/timesheets", body: `{"project_id":"{client}","date":"2026-05-04","hours":1,"activity_type_id":"{activity}","cost_center_id":"{center}"}`, status: 400, parts: []string{"Invalid project"}},
		{ask: "POST /api/timesheets/batch", body: `{"people":[],"activities":[]}`, status: 400},
		{ask: "POST /api/timesheets/approve", body: `{"ids":[]}`, status: 400, parts: []string{fault("ids")}},
		{ask: "POST /api/timesheets/approve", body: `{"ids":["x"]}`, status: 400, parts: []string{"ids[0]"}},
		{ask: "POST /api/timesheets/hold", body: `{"ids":["{nowhere}"],"reason":""}`, status: 400, parts: []string{fault("reason")}},
		{ask: "PUT /api/timesheets/{nowhere}", body: `{"hours":1}`, status: 404},
		{ask: "DELETE /api/timesheets/{nowhere}/images/x", status: 404},
		// Invoices.
		{ask: "POST /api/xero/invoices/from-timesheets", body: `{}`, status: 400, parts: []string{"Client is required"}},
		{ask: "POST /api/xero/invoices/from-timesheets", body: `{"client_id":"{client}","period":"year"}`, status: 400, parts: []string{fault("period")}},
		{ask: "POST /api/xero/invoices/from-timesheets", body: `{"client_id":"{client}"}`, status: 400, parts: []string{"No unbilled timesheets found"}},
		{ask: "POST /api/xero/invoices/from-timesheets", body: `{"client_id":"{client}","timesheet_ids":["{nowhere}"]}`, status: 400, parts: []string{fault("timesheet_ids")}},
		{ask: "POST /api/xero/invoices/from-timesheets/batch", body: `{"invoices":[]}`, status: 400, parts: []string{fault("invoices")}},
		{ask: "POST /api/xero/invoices", body: `{"client_id":"{client}","line_items":[]}`, status: 400, parts: []string{fault("line_items")}},
		{ask: "POST /api/xero/invoices", body: `{"client_id":"{client}","line_items":[{"description":"x","quantity":2,"unit_price":"10","amount":"21"}]}`, status: 400, parts: []string{"line_items[0].amount"}},
		{ask: "POST /api/xero/invoices", body: `{"client_id":"{client}","line_items":[{"description":"","quantity":0,"unit_price":"x"}]}`, status: 400, parts: []string{"line_items[0]"}},
		{ask: "PUT /api/xero/invoices/{nowhere}", body: `{"reference":"x"}`, status: 404},
		{ask: "PUT /api/xero/invoices/{nowhere}/mark-paid", body: `{}`, status: 404},
		{ask: "GET /api/xero/invoices?cursor=nonsense", status: 400, parts: []string{"cursor"}},
		{ask: "GET /api/xero/invoices?status=LOST", status: 400, parts: []string{fault("status")}},
		{ask: "GET /api/xero/invoices?date_from=tomorrow", status: 400, parts: []string{fault("date_from")}},
		// Payments, credit notes, quotes.
		{ask: "POST /api/xero/payments", body: `{}`, status: 400},
		{ask: "POST /api/xero/payments", body: `{"invoice_id":"{nowhere}","amount":"0","payment_date":"2026-05-04","payment_method":"SHELLS"}`, status: 400, parts: []string{fault("amount"), fault("payment_method")}},
		{ask: "POST /api/xero/payments", body: `{"invoice_id":"{nowhere}","amount":"5","payment_date":"2026-05-04","payment_method":"CASH"}`, status: 404},
		{ask: "GET /api/xero/payments?payment_method=SHELLS", status: 400, parts: []string{fault("payment_method")}},
		{ask: "POST /api/xero/credit-notes", body: `{"amount":"-1"}`, status: 400, parts: []string{fault("invoice_id")}},
		{ask: "POST /api/xero/credit-notes/{nowhere}/apply", body: `{"invoice_id":"{nowhere}","amount":"1"}`, status: 404},
		{ask: "POST /api/xero/quotes", body: `{"client_id":"{client}","line_items":[{"description":"x","quantity":"two","unit_price":1}]}`, status: 400, parts: []string{"line_items[0].quantity"}},
		{ask: "POST /api/xero/quotes/{nowhere}/convert", status: 404},
		// Purchasing.
		{ask: "POST /api/xero/purchase-orders", body: `{"supplier_id":"{client}","project_id":"{project}","date":"2026-05-04","line_items":[{"description":"x","quantity":1}]}`, status: 400, parts: []string{"line_items[0].unit_amount"}},
		{ask: "POST /api/xero/purchase-orders", body: `{"supplier_id":"x","project_id":5}`, status: 400},
		{ask: "POST /api/xero/purchase-orders/{nowhere}/convert-to-bill", body: `{}`, status: 404},
		{ask: "POST /api/xero/bills", body: `{"supplier_id":"{client}","date":"2026-05-04","due_date":"2026-05-01","line_items":[{"description":"x","quantity":1,"unit_amount":1}]}`, status: 400, parts: []string{fault("due_date")}},
		{ask: "POST /api/xero/bills/{nowhere}/pay", body: `{"amount":"x"}`, status: 400, parts: []string{fault("amount")}},
		{ask: "POST /api/xero/expenses", body: `{"amount":"-5","date":"2026-05-04","description":""}`, status: 400, parts: []string{fault("amount"), fault("description")}},
		{ask: "POST /api/xero/expenses", body: `{"amount":"5","date":"2026-05-04","description":"x","receipt_url":"javascript:alert(1)"}`, status: 400, parts: []string{fault("receipt_url")}},
		{ask: "POST /api/xero/items", body: `{"code":"","name":""}`, status: 400, parts: []string{fault("code"), fault("name")}},
		{ask: "PUT /api/xero/items/{nowhere}/stock", body: `{"stock_level":-1}`, status: 400, parts: []string{fault("stock_level")}},
		{ask: "POST /api/xero/reconcile", body: `{}`, status: 400, parts: []string{fault("transaction_id"), fault("payment_id")}},
		// Everything else.
		{ask: "POST /api/import/vehicles", body: "name\nx\n", status: 404},
		{ask: "POST /api/import/clients", body: "colour\nred\n", status: 400, parts: []string{fault("name"), fault("colour")}},
		{ask: "GET /api/bin/preview/vehicle/{client}", status: 404},
		{ask: "POST /api/bin/{nowhere}/restore", status: 404},
		{ask: "PUT /api/settings/timezone", body: `{"value":"Mars/Base"}`, status: 400, parts: []string{fault("timezone")}},
		{ask: "PUT /api/settings/no_such_setting", body: `{"value":"x","global":true}`, status: 404},
		{ask: "GET /api/xero/sync-logs?entity_type=invoice", status: 400},
		{ask: "GET /api/nothing", status: 404, parts: []string{"There is nothing at GET /api/nothing"}},
	}
	if len(table) < 60 {
		t.Fatalf("only %d requests", len(table))
	}
	both(t, func(_ *testing.T, f *firm) {
		for i := range table {
			table := table[i]
			table.who = "admin"
			table.parts = append([]string{`"requestId":"`}, table.parts...)
			f.play([]scenario{table})
		}
		f.play([]scenario{
			{who: "admin", ask: "GET /api/clients", status: 200, parts: []string{`"total":1`}},
			{who: "admin", ask: "GET /api/projects", status: 200, parts: []string{`"total":1`}},
			{who: "admin", ask: "GET /api/timesheets", status: 200, parts: []string{`"total":0`}},
			{who: "admin", ask: "GET /api/xero/invoices", status: 200, parts: []string{`[]`}},
		})
	})
}
