package api

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

const orderOfTwoLines = `{"supplier_id":"{client}","project_id":"{project}","date":"2026-11-02",
	"line_items":[{"description":"Cable","quantity":100,"unit_amount":"1.25","cost_center_id":"{center}"},{"description":"Freight","quantity":1,"unit_amount":20}]}`

func TestBillScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "POST /api/xero/bills", body: `{}`, status: 403},
			{who: "tech", ask: "GET /api/xero/bills", status: 403},
			{who: "manager", ask: "POST /api/xero/bills", body: `{}`, status: 400, parts: []string{`"field":"supplier_id"`, `"field":"date"`, `"field":"line_items"`}},
			{
				who: "manager", ask: "POST /api/xero/bills", status: 400, body: `{"supplier_id":"x","date":"2026-11-02","due_date":"2026-11-01","status":"PAID","line_items":[{"quantity":0,"po_line_id":"y"}]}`,
				parts: []string{`"field":"supplier_id"`, `"field":"due_date"`, `"field":"status"`, `"field":"line_items[0].description"`, `"field":"line_items[0].quantity"`, `"field":"line_items[0].po_line_id"`},
			},
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{nowhere}","date":"2026-11-02","line_items":[{"description":"a","quantity":1,"unit_amount":1}]}`, status: 404, parts: []string{"Supplier not found"}},
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{client}","project_id":"{nowhere}","date":"2026-11-02","line_items":[{"description":"a","quantity":1,"unit_amount":1}]}`, status: 404, parts: []string{"Project not found"}},
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{client}","purchase_order_id":"{nowhere}","date":"2026-11-02","line_items":[{"description":"a","quantity":1,"unit_amount":1}]}`, status: 404, parts: []string{"Purchase order not found"}},
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{client}","date":"2026-11-02","line_items":[{"description":"a","quantity":1,"unit_amount":1,"item_id":"{nowhere}","cost_center_id":"{nowhere}"}]}`, status: 400, parts: []string{"line_items[0].item_id", "line_items[0].cost_center_id"}},
			// The firm is not connected to Xero: bills are written down all the same.
			{
				who: "manager", ask: "POST /api/xero/bills", status: 201, save: "bill",
				body:  `{"supplier_id":"{client}","project_id":"{project}","date":"2026-11-02","bill_number":" KC-77 ","reference":"Gate 4","line_items":[{"description":"Cable","quantity":"3.5","unit_amount":"10.333","cost_center_id":"{center}"}]}`,
				parts: []string{`"bill_number":"KC-77"`, `"subtotal":"36.17"`, `"total_tax":"5.43"`, `"amount":"41.60"`, `"amount_due":"41.60"`, `"status":"AUTHORISED"`, `"due_date":"2026-12-20"`, `"currency":"NZD"`, `"supplier_name":"Kōwhai Café"`, `"cost_center_code":"CC-1"`, `"reference":"Gate 4"`, `!sync_status`},
			},
			{who: "manager", ask: "POST /api/xero/bills", status: 409, body: `{"supplier_id":"{client}","date":"2026-11-03","bill_number":"kc-77","line_items":[{"description":"Cable","quantity":1,"unit_amount":1}]}`, parts: []string{"is here already", `"bill_id":"{bill}"`}},
			{who: "manager", ask: "POST /api/xero/bills", status: 201, save: "draft", body: `{"supplier_id":"{client}","date":"2026-11-03","status":"DRAFT","line_items":[{"description":"Hire","quantity":1,"unit_amount":100}]}`, parts: []string{`"bill_number":"BILL-00001"`, `"status":"DRAFT"`, `"project_id":null`}},
			{who: "manager", ask: "GET /api/xero/bills", status: 200, parts: []string{`"id":"{bill}"`, `"id":"{draft}"`}},
			{who: "manager", ask: "GET /api/xero/bills?supplier_id={client}&project_id={project}&status=AUTHORISED&date_from=2026-11-02&date_to=2026-11-02&search=gate", status: 200, parts: []string{`"id":"{bill}"`, `!"id":"{draft}"`}},
			{who: "manager", ask: "GET /api/xero/bills?status=LATE", status: 400},
			{who: "manager", ask: "GET /api/xero/bills/{bill}", status: 200, parts: []string{`"line_items":[{`}},
			{who: "manager", ask: "GET /api/xero/bills/{nowhere}", status: 404, parts: []string{"Bill not found"}},
			{who: "manager", ask: "GET /api/xero/bills/42", status: 404},
			{who: "manager", ask: "PUT /api/xero/bills/{bill}", body: `{}`, status: 400, parts: []string{"No updates provided"}},
			{who: "manager", ask: "PUT /api/xero/bills/{bill}", body: `{"status":"DRAFT"}`, status: 400, parts: []string{"cannot become DRAFT again"}},
			{who: "manager", ask: "PUT /api/xero/bills/{bill}", body: `{"date":"2026-11-05"}`, headers: []string{"If-Match", `"old"`}, status: 412},
			{who: "manager", ask: "PUT /api/xero/bills/{draft}", body: `{"bill_number":"KC-77"}`, status: 409},
			{who: "manager", ask: "PUT /api/xero/bills/{draft}", body: `{"status":"AUTHORISED","due_date":null,"project_id":"{project}","line_items":[{"description":"Hire","quantity":2,"unit_amount":100}]}`, status: 200, parts: []string{`"amount":"230.00"`, `"amount_due":"230.00"`, `"due_date":null`, `"project_id":"{project}"`}},
			// Paying takes no amount for all that is due, and never more than that.
			{who: "tech", ask: "POST /api/xero/bills/{bill}/pay", body: `{}`, status: 403},
			{who: "manager", ask: "POST /api/xero/bills/{bill}/pay", body: `{"amount":"0"}`, status: 400},
			{who: "manager", ask: "POST /api/xero/bills/{bill}/pay", body: `{"amount":"41.61"}`, status: 409, parts: []string{"41.60 is due"}},
			{who: "manager", ask: "POST /api/xero/bills/{bill}/pay", body: `{"amount":11.60,"payment_date":"2026-11-10","payment_method":"CREDIT_CARD","reference":"visa"}`, status: 200, parts: []string{`"amount_paid":"11.60"`, `"amount_due":"30.00"`, `"status":"AUTHORISED"`, `"paid_date":null`}},
			{who: "manager", ask: "PUT /api/xero/bills/{bill}", body: `{"line_items":[{"description":"Cable","quantity":1,"unit_amount":1}]}`, status: 409, parts: []string{"11.60 of the bill has been paid already"}},
			{who: "manager", ask: "PUT /api/xero/bills/{bill}/mark-paid", body: `{"payment_date":"2026-11-12"}`, status: 200, parts: []string{`"amount_paid":"41.60"`, `"amount_due":"0.00"`, `"status":"PAID"`, `"paid_date":"2026-11-12"`}},
			{who: "manager", ask: "POST /api/xero/bills/{bill}/pay", body: `{}`, status: 409, parts: []string{"Nothing is due of bill KC-77"}},
			{who: "manager", ask: "PUT /api/xero/bills/{bill}", body: `{"date":"2026-11-05"}`, status: 409, parts: []string{"cannot be changed"}},
			{who: "manager", ask: "GET /api/xero/payments?bill_id={bill}", status: 200, parts: []string{`"amount":"11.60"`, `"amount":"30.00"`, `"bill_number":"KC-77"`}},
		})
	})
}

func TestOrdersBecomeBills(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "manager", ask: "POST /api/xero/purchase-orders", body: orderOfTwoLines, status: 202, save: "order"},
		})
		order := answer[orderAnswer](t, f.ask("manager", "GET", "/api/xero/purchase-orders/{order}", ""), 200)
		f.vars["cable"], f.vars["freight"] = order.LineItems[0].ID, order.LineItems[1].ID
		f.play([]scenario{
			{who: "tech", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: `{}`, status: 403},
			{who: "manager", ask: "POST /api/xero/purchase-orders/{nowhere}/convert-to-bill", body: `{}`, status: 404},
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: `{"lines":[]}`, status: 400, parts: []string{`"field":"lines"`}},
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: `{"lines":[{"po_line_id":"{nowhere}","quantity":1}]}`, status: 400, parts: []string{`lines[0].po_line_id`}},
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: `{"lines":[{"po_line_id":"{cable}","quantity":101}]}`, status: 409, parts: []string{"more of purchase order PO-00001 than was ordered"}},
			// A part of the order is billed: only that part leaves the commitments.
			{
				who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: `{"date":"2026-11-05","bill_number":"S-1","lines":[{"po_line_id":"{cable}","quantity":40}]}`, status: 201, save: "part",
				parts: []string{`"subtotal":"50.00"`, `"amount":"57.50"`, `"po_line_id":"{cable}"`, `"po_number":"PO-00001"`, `"project_id":"{project}"`, `"date":"2026-11-05"`},
			},
			{who: "manager", ask: "GET /api/projects/{project}/financials", status: 200, parts: []string{`"po_commitments":"95.00"`, `"actual_cost":"50.00"`, `"available_budget":"9855.00"`, `"bills":{"total_count":1,"total_amount":"57.50"`, `"total_committed":"145.00"`, `"billed_count":0`}},
			{who: "manager", ask: "GET /api/xero/purchase-orders/{order}", status: 200, parts: []string{`"status":"DRAFT"`, `"billed_quantity":"40.00"`}},
			{who: "manager", ask: "PUT /api/xero/purchase-orders/{order}", body: `{"line_items":[{"description":"Other","quantity":1,"unit_amount":1}]}`, status: 400, parts: []string{"has been billed"}},
			{who: "manager", ask: "PUT /api/xero/purchase-orders/{order}", body: `{"notes":"Ring first"}`, status: 202},
			{who: "manager", ask: "DELETE /api/xero/purchase-orders/{order}", status: 409, parts: []string{"S-1"}},
			// A bill that names the order and copies its line is taken for that line.
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{client}","purchase_order_id":"{order}","date":"2026-11-06","bill_number":"S-2","line_items":[{"description":"Cable","quantity":10,"unit_amount":"1.25"},{"description":"Pallet","quantity":1,"unit_amount":5}]}`, status: 201, save: "second", parts: []string{`"po_line_id":"{cable}"`, `"po_line_id":null`}},
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{client}","purchase_order_id":"{order}","date":"2026-11-06","bill_number":"S-3","line_items":[{"description":"Cable","quantity":51,"unit_amount":"1.25","po_line_id":"{cable}"}]}`, status: 409},
			{who: "manager", ask: "PUT /api/xero/bills/{part}", body: `{"line_items":[{"description":"Cable","quantity":91,"unit_amount":"1.25","po_line_id":"{cable}"}]}`, status: 409},
			{who: "manager", ask: "PUT /api/xero/bills/{part}", body: `{"line_items":[{"description":"Cable","quantity":90,"unit_amount":"1.25","po_line_id":"{cable}"}]}`, status: 200},
			{who: "manager", ask: "PUT /api/xero/bills/{part}", body: `{"line_items":[{"description":"Cable","quantity":40,"unit_amount":"1.25","po_line_id":"{cable}"}]}`, status: 200},
			// The rest.
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", status: 201, save: "rest", parts: []string{`"subtotal":"82.50"`, `"bill_number":"BILL-00001"`}},
			{who: "manager", ask: "GET /api/xero/purchase-orders/{order}", status: 200, parts: []string{`"status":"BILLED"`}},
			{who: "manager", ask: "GET /api/xero/purchase-orders?status=BILLED", status: 200, parts: []string{`"id":"{order}"`}},
			{who: "manager", ask: "GET /api/xero/purchase-orders?status=DRAFT", status: 200, parts: []string{`!"id":"{order}"`}},
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: `{}`, status: 409, parts: []string{"has been billed already", "S-1, S-2, BILL-00001"}},
			{who: "manager", ask: "GET /api/projects/{project}/financials", status: 200, parts: []string{`"po_commitments":"0.00"`, `"actual_cost":"150.00"`, `"billed_count":1`}},
			{who: "manager", ask: "PUT /api/xero/purchase-orders/{order}", body: `{"status":"AUTHORISED"}`, status: 400},
			// Without the bill the order is open again.
			{who: "manager", ask: "DELETE /api/xero/bills/{rest}", status: 200},
			{who: "manager", ask: "GET /api/xero/purchase-orders/{order}", status: 200, parts: []string{`"status":"DRAFT"`}},
			{who: "manager", ask: "GET /api/projects/{project}/financials", status: 200, parts: []string{`"po_commitments":"82.50"`, `"actual_cost":"67.50"`}},
			{who: "manager", ask: "POST /api/xero/bills/{rest}/restore", status: 200},
			{who: "manager", ask: "GET /api/xero/purchase-orders/{order}", status: 200, parts: []string{`"status":"BILLED"`}},
		})
	})
}

// TestAnOrderIsBilledOnceHoweverManyTry has twenty people convert one order.
func TestAnOrderIsBilledOnceHoweverManyTry(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{{who: "manager", ask: "POST /api/xero/purchase-orders", body: orderOfTwoLines, status: 202, save: "order"}})
		codes := f.together(20, "POST", "/api/xero/purchase-orders/{order}/convert-to-bill", `{}`)
		if codes[http.StatusCreated] != 1 || codes[http.StatusConflict] != 19 {
			t.Errorf("answers %v", codes)
		}
		bills, err := f.db.Bills(t.Context(), store.DocumentFilter{OrderID: f.vars["order"], Limit: 50})
		if err != nil || len(bills) != 1 || bills[0].SubTotal != 145_00 {
			t.Errorf("bills %+v, %v", bills, err)
		}
		codes = f.together(20, "POST", "/api/xero/bills/"+bills[0].ID+"/pay", `{"amount":"166.75"}`)
		if codes[http.StatusOK] != 1 || codes[http.StatusConflict] != 19 {
			t.Errorf("payments %v", codes)
		}
		codes = f.together(20, "POST", "/api/xero/bills", `{"supplier_id":"{client}","date":"2026-11-03","bill_number":"ONE","line_items":[{"description":"Cable","quantity":1,"unit_amount":1}]}`)
		if codes[http.StatusCreated] != 1 || codes[http.StatusConflict] != 19 {
			t.Errorf("the same paper %v", codes)
		}
		codes = f.together(20, "POST", "/api/xero/bills", `{"supplier_id":"{client}","date":"2026-11-03","line_items":[{"description":"Cable","quantity":1,"unit_amount":1}]}`)
		if codes[http.StatusCreated] != 20 {
			t.Errorf("numbers of ours %v", codes)
		}
	})
}

// together sends n times the same request at once, and counts the answers.
func (f *firm) together(n int, method, path, body string) map[int]int {
	f.t.Helper()
	var mu sync.Mutex
	codes := map[int]int{}
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			w := f.ask("manager", method, path, body)
			mu.Lock()
			defer mu.Unlock()
			codes[w.Code]++
			if w.Code >= http.StatusInternalServerError {
				f.t.Errorf("%s: %s", path, w.Body)
			}
		})
	}
	all.Wait()
	return codes
}

func TestExpenseScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "POST /api/xero/expenses", body: `{}`, status: 400, parts: []string{`"field":"amount"`, `"field":"date"`, `"field":"description"`}},
			{who: "tech", ask: "POST /api/xero/expenses", body: `{"amount":1,"date":"2026-11-02","description":"x","receipt_url":"javascript:alert(1)","project_id":"{nowhere}","cost_center_id":"{nowhere}","tax":"2","currency":"USD"}`, status: 400, parts: []string{`"field":"receipt_url"`, `"field":"project_id"`, `"field":"cost_center_id"`, `"field":"tax"`, `"field":"currency"`}},
			{who: "tech", ask: "POST /api/xero/expenses", body: `{"amount":1,"date":"2026-11-02","description":"x","receipt_url":"/uploads/../etc/passwd"}`, status: 400, parts: []string{`"field":"receipt_url"`}},
			{who: "tech", ask: "POST /api/xero/expenses", body: `{"amount":1,"date":"2026-11-02","description":"x","tax_type":"NOPE"}`, status: 400, parts: []string{`"field":"tax_type"`}},
			{
				who: "tech", ask: "POST /api/xero/expenses", body: `{"amount":"115.00","date":"2026-11-02","description":"Drill bits","project_id":"{project}","cost_center_id":"{center}","receipt_url":"https://shop.test/r/1"}`, status: 201, save: "bits",
				parts: []string{`"status":"DRAFT"`, `"amount":"115.00"`, `"tax":"15.00"`, `"user_id":"{tech}"`, `"user_name":"tech"`, `"project_name":"Rewire"`, `"cost_center_code":"CC-1"`, `"currency":"NZD"`},
			},
			{who: "manager", ask: "POST /api/xero/expenses", body: `{"amount":"50","tax":"0","date":"2026-11-03","description":"Parking"}`, status: 201, save: "parking", parts: []string{`"tax":"0.00"`}},
			{who: "manager", ask: "POST /api/xero/expenses", body: `{"amount":"50","tax_type":"NONE","date":"2026-11-03","description":"Toll"}`, status: 201, parts: []string{`"tax":"0.00"`}},
			{who: "manager", ask: "GET /api/projects/{project}/financials", status: 200, parts: []string{`"expenses_cost":"100.00"`, `"actual_cost":"100.00"`, `"expenses":{"total_count":1,"total_amount":"115.00"}`}},
			// Technicians see and change their own, and only those.
			{who: "tech", ask: "GET /api/xero/expenses", status: 200, parts: []string{"Drill bits", "!Parking"}},
			{who: "other", ask: "GET /api/xero/expenses?user_id={tech}", status: 200, parts: []string{"!Drill bits"}},
			{who: "other", ask: "GET /api/xero/expenses/{bits}", status: 404},
			{who: "other", ask: "PUT /api/xero/expenses/{bits}", body: `{"amount":1}`, status: 404},
			{who: "other", ask: "POST /api/xero/expenses/{bits}/submit", status: 404},
			{who: "tech", ask: "GET /api/xero/expenses/{bits}", status: 200},
			{who: "manager", ask: "GET /api/xero/expenses?project_id={project}&cost_center_id={center}&status=DRAFT&date_from=2026-11-02&search=drill", status: 200, parts: []string{`"id":"{bits}"`}},
			{who: "tech", ask: "PUT /api/xero/expenses/{bits}", body: `{}`, status: 400},
			{who: "tech", ask: "PUT /api/xero/expenses/{bits}", body: `{"amount":"230"}`, headers: []string{"If-Match", `"old"`}, status: 412},
			{who: "tech", ask: "PUT /api/xero/expenses/{bits}", body: `{"amount":"230"}`, status: 200, parts: []string{`"tax":"30.00"`}},
			{who: "tech", ask: "POST /api/xero/expenses/{bits}/approve", status: 403},
			{who: "manager", ask: "POST /api/xero/expenses/{bits}/pay", status: 409, parts: []string{"approve it"}},
			{who: "tech", ask: "POST /api/xero/expenses/{bits}/submit", status: 200, parts: []string{`"status":"SUBMITTED"`}},
			{who: "tech", ask: "PUT /api/xero/expenses/{bits}", body: `{"amount":"1"}`, status: 409, parts: []string{"only the office"}},
			{who: "manager", ask: "PUT /api/xero/expenses/{bits}", body: `{"description":"Bits"}`, status: 200, parts: []string{`"tax":"30.00"`}},
			{who: "manager", ask: "POST /api/xero/expenses/{bits}/approve", status: 200, parts: []string{`"status":"APPROVED"`}},
			{who: "manager", ask: "POST /api/xero/expenses/{bits}/approve", status: 409},
			{who: "manager", ask: "PUT /api/xero/expenses/{bits}", body: `{"description":"x"}`, status: 409},
			{who: "manager", ask: "POST /api/xero/expenses/{bits}/pay", status: 200, parts: []string{`"status":"PAID"`}},
			{who: "manager", ask: "DELETE /api/xero/expenses/{bits}", status: 200},
			{who: "manager", ask: "GET /api/xero/expenses/{bits}", status: 404},
			{who: "manager", ask: "GET /api/projects/{project}/financials", status: 200, parts: []string{`"actual_cost":"0.00"`}},
		})
	})
}

func TestItemScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "GET /api/xero/items", status: 403},
			{who: "manager", ask: "POST /api/xero/items", body: `{"purchase_price":-1,"stock_level":-1}`, status: 400, parts: []string{`"field":"code"`, `"field":"name"`, `"field":"purchase_price"`, `"field":"stock_level"`}},
			{who: "manager", ask: "POST /api/xero/items", body: `{"code":"CAB-25","name":"Cable 2.5 mm²","purchase_price":"1.2345","sale_price":2.5,"is_tracked":true,"stock_level":10}`, status: 201, save: "item", parts: []string{`"stock_level":"10.00"`, `"purchase_price":"1.2345"`, `"is_active":true`}},
			{who: "manager", ask: "POST /api/xero/items", body: `{"code":"CAB-25","name":"Again"}`, status: 409, parts: []string{"already exists"}},
			{who: "manager", ask: "POST /api/xero/items", body: `{"code":"SW","name":"Switch"}`, status: 201, save: "switch"},
			{who: "manager", ask: "GET /api/xero/items?search=cable&is_tracked=true", status: 200, parts: []string{"CAB-25", "!Switch"}},
			{who: "manager", ask: "GET /api/xero/items?is_tracked=false", status: 200, parts: []string{"!CAB-25", "Switch"}},
			{who: "manager", ask: "GET /api/xero/items?is_tracked=maybe", status: 400},
			{who: "manager", ask: "PUT /api/xero/items/{item}", body: `{"name":"Cable","stock_level":99}`, status: 200, parts: []string{`"name":"Cable"`, `"stock_level":"10.00"`}},
			{who: "manager", ask: "PUT /api/xero/items/{item}/stock", body: `{}`, status: 400, parts: []string{`"field":"stock_level"`}},
			{who: "manager", ask: "PUT /api/xero/items/{item}/stock", body: `{"stock_level":-0.5}`, status: 400},
			{who: "manager", ask: "PUT /api/xero/items/{item}/stock", body: `{"stock_level":"7.5","reason":"Used on site"}`, status: 200, parts: []string{`"stock_level":"7.50"`}},
			{who: "manager", ask: "PUT /api/xero/items/{item}/stock", body: `{"stock_level":0}`, status: 200, parts: []string{`"stock_level":"0.00"`}},
			{who: "manager", ask: "PUT /api/xero/items/{nowhere}/stock", body: `{"stock_level":1}`, status: 404},
			{who: "manager", ask: "GET /api/xero/items/{item}/movements", status: 200, parts: []string{`"quantity":"-7.50"`, `"quantity":"-2.50"`, `"reason":"Used on site"`, `"quantity":"10.00"`, `"reason":"Opening stock"`}},
			{who: "manager", ask: "GET /api/xero/items/{nowhere}/movements", status: 404},
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{client}","date":"2026-11-03","line_items":[{"description":"Switch","quantity":1,"unit_amount":1,"item_id":"{switch}"}]}`, status: 201},
			{who: "manager", ask: "DELETE /api/xero/items/{switch}", status: 409, parts: []string{"stands on 1 documents"}},
			{who: "manager", ask: "DELETE /api/xero/items/{item}", status: 200},
			{who: "manager", ask: "GET /api/xero/items/{item}", status: 404},
			{who: "manager", ask: "POST /api/xero/items", body: `{"code":"CAB-25","name":"New"}`, status: 201},
		})
		first := f.ask("manager", "GET", "/api/xero/items?limit=1", "")
		next, _, _ := strings.Cut(strings.TrimPrefix(first.Header().Get("Link"), "<"), ">")
		if w := f.ask("manager", "GET", next, ""); !strings.Contains(w.Body.String(), "Switch") || strings.Contains(w.Body.String(), "CAB-25") {
			t.Errorf("%s gives %s", next, w.Body)
		}
		levels := map[int]int{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				w := f.ask("manager", "PUT", "/api/xero/items/{switch}/stock", `{"stock_level":4}`)
				mu.Lock()
				defer mu.Unlock()
				levels[w.Code]++
			})
		}
		all.Wait()
		movements, err := f.db.StockMovements(t.Context(), f.vars["switch"], "", 50)
		if err != nil || len(movements) != 1 || movements[0].Quantity != 4_0000 || levels[200] != 10 {
			t.Errorf("movements %+v, %v, answers %v", movements, err, levels)
		}
	})
}

func TestBankScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		const csv = "\ufeffDate,Amount,Details,Reference\n2026-11-02,\"1,150.00\",KOWHAI CAFE,INV-1\n03/11/2026,-57.50,COPPER,S-1\n03/11/2026,-57.50,COPPER,S-1\n"
		file := []photo{{"file", "november.csv", csv}}
		imported := func(status int, fields map[string]string, files []photo) statementAnswer {
			t.Helper()
			return answer[statementAnswer](t, f.submit("manager", "POST", "/api/xero/bank-transactions/import", fields, files), status)
		}
		if got := imported(200, map[string]string{"dry_run": "true"}, file); got.Imported != 3 || got.Rows != 3 || len(got.Transactions) != 3 || got.Transactions[1].Type != "SPEND" || got.Transactions[1].Amount != 57_50 {
			t.Errorf("dry run %+v", got)
		}
		if all, err := f.db.BankTransactions(t.Context(), store.BankFilter{Limit: 10}); err != nil || len(all) != 0 {
			t.Fatalf("a dry run left %d, %v", len(all), err)
		}
		// Two lines that do not differ are two transactions, and a statement adds
		// nothing the second time.
		if got := imported(200, nil, file); got.Imported != 3 || got.AlreadyImported != 0 {
			t.Errorf("first %+v", got)
		}
		if got := imported(200, nil, file); got.Imported != 0 || got.AlreadyImported != 3 {
			t.Errorf("again %+v", got)
		}
		if got := imported(200, map[string]string{"dry_run": "1"}, file); got.Imported != 0 || got.AlreadyImported != 3 {
			t.Errorf("dry run again %+v", got)
		}
		f.play([]scenario{
			{who: "tech", ask: "POST /api/xero/bank-transactions/import", status: 403},
			{who: "manager", ask: "POST /api/xero/bank-transactions/import", body: "date,amount\n2026-11-05,12.00\n", headers: []string{"Content-Type", "text/csv"}, status: 200, parts: []string{`"imported":1`}},
			{who: "manager", ask: "POST /api/xero/bank-transactions/import?bank_account_code=091", body: "date,amount\n2026-11-05,12.00\n", headers: []string{"Content-Type", "text/csv"}, status: 200, parts: []string{`"imported":1`}},
			{who: "manager", ask: "POST /api/xero/bank-transactions/import", status: 400, parts: []string{"Send the statement as CSV"}},
			{who: "manager", ask: "POST /api/xero/bank-transactions/import", body: "when,what\n1,2\n", headers: []string{"Content-Type", "text/csv"}, status: 400, parts: []string{`"field":"date"`, `"field":"amount"`}},
			{who: "manager", ask: "POST /api/xero/bank-transactions/import", body: "date,amount\n2026-13-05,12.00\n2026-11-05,twelve\n2026-11-06,5\n", headers: []string{"Content-Type", "text/csv"}, status: 400, parts: []string{`"field":"rows[2].date"`, `"field":"rows[3].amount"`, "!rows[4]"}},
			{who: "manager", ask: "POST /api/xero/bank-transactions/import?dry_run=true", body: "date,amount\n2026-13-05,12.00\n2026-11-06,5\n", headers: []string{"Content-Type", "text/csv"}, status: 200, parts: []string{`"field":"rows[2].date"`, `"imported":0`}},
			{who: "manager", ask: "GET /api/xero/bank-transactions?date_from=2026-11-06", status: 200, parts: []string{"[]"}},
			// Existing clients ask this path to read from Xero.
			{who: "manager", ask: "POST /api/xero/bank-transactions", body: `{"date_from":"2026-11-01","date_to":"2026-11-30"}`, status: 409, parts: []string{"not read from Xero"}},
			{who: "manager", ask: "POST /api/xero/bank-transactions", body: `{"date":"2026-11-07","amount":0,"contact_id":"{client}"}`, status: 400, parts: []string{`"field":"amount"`}},
			{who: "manager", ask: "POST /api/xero/bank-transactions", body: `{"date":"2026-11-07","amount":"-115","description":"Copper","contact_id":"{client}"}`, status: 201, save: "spent", parts: []string{`"type":"SPEND"`, `"amount":"115.00"`, `"contact_name":"Kōwhai Café"`, `"reconciled":false`}},
			{who: "manager", ask: "POST /api/xero/bank-transactions", body: `{"date":"2026-11-07","amount":"115","description":"In"}`, status: 201, save: "received"},
			{who: "manager", ask: "POST /api/xero/bank-transactions", body: `{"date":"2026-11-08","amount":"115","type":"SPEND"}`, status: 201, save: "later"},
			{who: "manager", ask: "POST /api/xero/bank-transactions", body: `{"date":"2026-11-08","amount":"114.99","type":"SPEND"}`, status: 201, save: "less"},

			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{client}","date":"2026-11-01","bill_number":"C-1","line_items":[{"description":"Copper","quantity":1,"unit_amount":100}]}`, status: 201, save: "bill"},
			{who: "manager", ask: "GET /api/xero/bank-transactions/{spent}/suggestions", status: 200, parts: []string{`"kind":"bill"`, `"number":"C-1"`, `"client_name":"Kōwhai Café"`}},
			{who: "manager", ask: "GET /api/xero/bank-transactions/{received}/suggestions", status: 200, parts: []string{`"suggestions":[]`}},
			{who: "manager", ask: "POST /api/xero/payments", body: `{"bill_id":"{bill}","amount":"115","payment_date":"2026-11-07","payment_method":"BANK_TRANSFER"}`, status: 201, save: "payment"},
			{who: "manager", ask: "GET /api/xero/bank-transactions/{spent}/suggestions", status: 200, parts: []string{`"kind":"payment"`, `"id":"{payment}"`, `!"kind":"bill"`}},

			{who: "manager", ask: "POST /api/xero/reconcile", body: `{}`, status: 400, parts: []string{`"field":"transaction_id"`, `"field":"payment_id"`}},
			{who: "manager", ask: "POST /api/xero/reconcile", body: `{"transaction_id":"{nowhere}","payment_id":"{payment}"}`, status: 404},
			{who: "manager", ask: "POST /api/xero/reconcile", body: `{"transaction_id":"{spent}","payment_id":"{nowhere}"}`, status: 404},
			{who: "manager", ask: "POST /api/xero/reconcile", body: `{"transaction_id":"{received}","payment_id":"{payment}"}`, status: 409, parts: []string{"money spent"}},
			{who: "manager", ask: "POST /api/xero/reconcile", body: `{"transaction_id":"{less}","payment_id":"{payment}"}`, status: 409, parts: []string{"114.99"}},
			{who: "manager", ask: "POST /api/xero/reconcile", body: `{"transaction_id":"{spent}","payment_id":"{payment}"}`, status: 200, parts: []string{`"success":true`, `"reconciled":true`, `"document_number":"C-1"`, `"client_name":"Kōwhai Café"`}},
			{who: "manager", ask: "POST /api/xero/reconcile", body: `{"transaction_id":"{later}","payment_id":"{payment}"}`, status: 409, parts: []string{"another bank transaction"}},
			{who: "manager", ask: "POST /api/xero/reconcile", body: `{"transaction_id":"{spent}","payment_id":"{payment}"}`, status: 409},
			// The list shows what stands, with its names.
			{who: "manager", ask: "GET /api/xero/bank-transactions", status: 200, parts: []string{"KOWHAI CAFE", `"id":"{spent}"`}},
			{who: "manager", ask: "GET /api/xero/bank-transactions?reconciled=true&payment_id={payment}&search=copper", status: 200, parts: []string{`"id":"{spent}"`, `!"id":"{later}"`}},
			{who: "manager", ask: "GET /api/xero/bank-transactions?reconciled=false&type=SPEND", status: 200, parts: []string{`!"id":"{spent}"`, `"id":"{later}"`}},
			{who: "manager", ask: "DELETE /api/xero/payments/{payment}", status: 409, parts: []string{"reconciled"}},
			{who: "manager", ask: "POST /api/xero/unreconcile", body: `{"transaction_id":"{spent}"}`, status: 200, parts: []string{`"reconciled":false`, `"payment_id":null`}},
			{who: "manager", ask: "POST /api/xero/unreconcile", body: `{"transaction_id":"{spent}"}`, status: 409},
		})
		if codes := f.together(10, "POST", "/api/xero/reconcile", `{"transaction_id":"{spent}","payment_id":"{payment}"}`); codes[200] != 1 || codes[409] != 9 {
			t.Errorf("reconciled %v", codes)
		}
		first := f.ask("manager", "GET", "/api/xero/bank-transactions?limit=2", "")
		if all := answer[[]fieldops.BankTransaction](t, first, 200); len(all) != 2 || first.Header().Get("Link") == "" {
			t.Errorf("%d rows, Link %q", len(all), first.Header().Get("Link"))
		}
	})
}

// TestWhatComesBackFitsWhatHappenedMeanwhile restores payments and bills of which
// something else has taken the place.
func TestWhatComesBackFitsWhatHappenedMeanwhile(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "manager", ask: "POST /api/xero/purchase-orders", body: orderOfTwoLines, status: 202, save: "order"},
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: `{}`, status: 201, save: "first"},
			{who: "manager", ask: "POST /api/xero/payments", body: `{"bill_id":"{first}","amount":"166.75","payment_date":"2026-11-07","payment_method":"CASH"}`, status: 201, save: "payment"},
			{who: "manager", ask: "GET /api/xero/bills/{first}", status: 200, parts: []string{`"status":"PAID"`}},
			{who: "manager", ask: "DELETE /api/xero/payments/{payment}", status: 200},
			{who: "manager", ask: "GET /api/xero/bills/{first}", status: 200, parts: []string{`"status":"AUTHORISED"`, `"amount_due":"166.75"`, `"paid_date":null`}},
			{who: "manager", ask: "POST /api/xero/bills/{first}/pay", body: `{"amount":1}`, status: 200},
			{who: "manager", ask: "POST /api/xero/payments/{payment}/restore", status: 409, parts: []string{"paid otherwise"}},
		})
		paid := answer[[]fieldops.Payment](t, f.ask("manager", "GET", "/api/xero/payments?bill_id={first}", ""), 200)
		f.vars["one"] = paid[0].ID
		f.play([]scenario{
			{who: "manager", ask: "DELETE /api/xero/payments/{one}", status: 200},
			{who: "manager", ask: "DELETE /api/xero/bills/{first}", status: 200},
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: `{}`, status: 201, save: "second"},
			{who: "manager", ask: "POST /api/xero/bills/{first}/restore", status: 409, parts: []string{"billed otherwise"}},
			{who: "manager", ask: "DELETE /api/xero/bills/{second}", status: 200},
			// Lines that only deleted bills name may be replaced.
			{who: "manager", ask: "PUT /api/xero/purchase-orders/{order}", body: `{"line_items":[{"description":"Pipe","quantity":4,"unit_amount":10}]}`, status: 202},
			{who: "manager", ask: "POST /api/xero/bills/{first}/restore", status: 200},
			{who: "manager", ask: "GET /api/projects/{project}/financials", status: 200, parts: []string{`"po_commitments":"40.00"`, `"actual_cost":"145.00"`}},
		})
	})
}

// TestSummaryCountsWhatIsDueAndWhenItWasPaid has an invoice paid in part, a draft,
// and money of another month.
func TestSummaryCountsWhatIsDueAndWhenItWasPaid(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.write(func(ctx context.Context, tx *store.Tx) error {
			for _, i := range []fieldops.Invoice{
				{Number: "A", Status: "AUTHORISED", IssueDate: "2026-09-30", DueDate: "2026-10-20", SubTotal: 100_00, TotalTax: 15_00},
				{Number: "B", Status: "AUTHORISED", IssueDate: "2026-10-01", DueDate: "2026-11-24", SubTotal: 200_00, TotalTax: 30_00},
				{Number: "C", Status: "DRAFT", IssueDate: "2026-11-01", DueDate: "2026-11-01", SubTotal: 400_00, TotalTax: 60_00},
				{Number: "D", Status: "AUTHORISED", IssueDate: "2026-04-30", DueDate: "2026-05-20", SubTotal: 40_00, TotalTax: 6_00},
			} {
				id, client := fieldops.NewID(), f.vars["client"]
				i.ID, i.ClientID, i.Currency, i.Total, i.AmountDue = id, &client, "NZD", i.SubTotal+i.TotalTax, i.SubTotal+i.TotalTax
				if err := tx.InsertInvoice(ctx, &i); err != nil {
					return err
				}
				f.vars["inv"+i.Number] = id
			}
			return nil
		})
		f.play([]scenario{
			{who: "manager", ask: "POST /api/xero/payments", body: `{"invoice_id":"{invA}","amount":"15","payment_date":"2026-10-31","payment_method":"CASH"}`, status: 201},
			{who: "manager", ask: "POST /api/xero/payments", body: `{"invoice_id":"{invA}","amount":"50","payment_date":"2026-11-01","payment_method":"CASH"}`, status: 201},
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{client}","date":"2026-08-01","due_date":"2026-08-20","line_items":[{"description":"Copper","quantity":1,"unit_amount":100}]}`, status: 201, save: "bill"},
			{who: "manager", ask: "POST /api/xero/bills", body: `{"supplier_id":"{client}","date":"2026-08-01","status":"DRAFT","line_items":[{"description":"Copper","quantity":1,"unit_amount":100}]}`, status: 201},
			{who: "manager", ask: "POST /api/xero/bills/{bill}/pay", body: `{"amount":15,"payment_date":"2026-11-02"}`, status: 200},
			{who: "tech", ask: "GET /api/xero/summary", status: 403},
			{who: "tech", ask: "GET /api/xero/aged", status: 403},
			{who: "manager", ask: "GET /api/xero/summary", status: 200, parts: []string{`"outstanding_invoices":"326.00"`, `"pending_quotes":{"total":"0.00","count":0}`, `"revenue_by_month":[{"month":"2`, `"top_clients":[{"id":"{client}"`}},
			{who: "manager", ask: "GET /api/xero/aged?kind=receivables", status: 200, parts: []string{`"total":"326.00","documents":3`, `"name":"Kōwhai Café"`}},
			{who: "manager", ask: "GET /api/xero/aged?kind=payables", status: 200, parts: []string{`"kind":"payables"`, `"total":"100.00","documents":1`}},
			{who: "manager", ask: "GET /api/xero/aged?kind=debts", status: 400},
		})
		summary, err := f.db.Summary(t.Context(), "2026-11-30")
		want := store.Summary{
			Outstanding: 326_00, PaidThisMonth: 50_00,
			Revenue: []store.MonthRevenue{
				{Month: "2026-06"}, {Month: "2026-07"}, {Month: "2026-08"}, {Month: "2026-09", Total: 100_00}, {Month: "2026-10", Total: 200_00}, {Month: "2026-11"},
			},
			TopClients: []store.ClientRevenue{{ID: f.vars["client"], Name: "Kōwhai Café", TotalRevenue: 340_00}},
		}
		if diff := cmp.Diff(want, summary); err != nil || diff != "" {
			t.Errorf("%v, summary (-want +got):\n%s", err, diff)
		}
		page := store.Page{Number: 1, Size: 20}
		owed, err := f.db.AgedReceivables(t.Context(), "2026-11-30", page)
		if err != nil || len(owed.Clients) != 1 || owed.Sum != owed.Clients[0].Aged || owed.Sum != (store.Aged{Days1: 230_00, Days31: 50_00, Over90: 46_00, Total: 326_00, Documents: 3}) {
			t.Errorf("receivables %+v, %v", owed, err)
		}
		owing, err := f.db.AgedPayables(t.Context(), "2026-11-18", page)
		if err != nil || len(owing.Clients) != 1 || owing.Clients[0].Aged != (store.Aged{Days61: 100_00, Total: 100_00, Documents: 1}) {
			t.Errorf("payables %+v, %v", owing, err)
		}
	})
}

// TestPeopleAreToldOnceThatABudgetIsPassed spends a budget of 10,000 in steps, the
// last ones all at once.
func TestPeopleAreToldOnceThatABudgetIsPassed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		bill := func(amount string) string {
			return `{"supplier_id":"{client}","project_id":"{project}","date":"2026-11-03","line_items":[{"description":"Cable","quantity":1,"unit_amount":` + amount + `}]}`
		}
		told := func() (details []string) {
			t.Helper()
			entries, _, err := f.db.AuditEntries(t.Context(), store.AuditFilter{Action: "budget_alert", EntityID: f.vars["project"], Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if details = append(details, string(e.Details)); !strings.Contains(string(e.Details), `"told":["admin","manager"]`) {
					t.Errorf("those who may see money are to be told, and nobody else: %s", e.Details)
				}
			}
			return details
		}
		f.play([]scenario{{who: "manager", ask: "POST /api/xero/bills", body: bill("8000"), status: 201}})
		if got := told(); len(got) != 0 {
			t.Errorf("told %q at 80 %%", got)
		}
		f.together(5, "POST", "/api/xero/bills", bill("0.01"))
		if got := told(); len(got) != 1 || !strings.Contains(got[0], `"threshold":80`) {
			t.Errorf("told %q beyond 80 %%", got)
		}
		// None of these passes the budget alone; an order counts like a bill.
		f.together(19, "POST", "/api/xero/bills", bill("100"))
		f.play([]scenario{{who: "manager", ask: "POST /api/xero/purchase-orders", body: orderOfTwoLines, status: 202}})
		if got := told(); len(got) != 2 || !strings.Contains(got[0], `"threshold":100`) {
			t.Errorf("told %q beyond 100 %%", got)
		}
		f.play([]scenario{
			{who: "admin", ask: "PUT /api/settings/budget_alerts", body: `{"value":"false"}`, status: 200},
			{who: "manager", ask: "PUT /api/projects/{project}", body: `{"budget":"1"}`, status: 200},
			{who: "manager", ask: "POST /api/xero/bills", body: bill("1"), status: 201},
		})
		if got := told(); len(got) != 2 {
			t.Errorf("told %q although nobody wants to be", got)
		}
		f.play([]scenario{
			{who: "admin", ask: "PUT /api/settings/budget_alerts", body: `{"value":"true"}`, status: 200},
			{who: "manager", ask: "POST /api/xero/bills", body: bill("1"), status: 201},
		})
		if got := told(); len(got) != 3 {
			t.Errorf("told %q of a new budget", got)
		}
	})
}
