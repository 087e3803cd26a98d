package api

import "testing"

func TestPurchasingScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		const order = `{"supplier_id":"{client}","project_id":"{project}","date":"2026-11-23","delivery_date":"2026-11-30","notes":"Gate 4",
			"line_items":[{"description":"Cable","quantity":100,"unit_amount":"1.2345","cost_center_id":"{center}"},{"description":"Freight","quantity":"1","unit_amount":"20","item_id":""}]}`
		f.play([]scenario{
			{who: "tech", ask: "POST /api/xero/purchase-orders", body: order, status: 403},
			{who: "manager", ask: "POST /api/xero/purchase-orders", body: `{}`, status: 400, parts: []string{`"field":"supplier_id"`, `"field":"project_id"`, `"field":"date"`, `"field":"line_items"`, "Supplier is required"}},
			{
				who: "manager", ask: "POST /api/xero/purchase-orders", status: 400, body: `{"supplier_id":"{client}","project_id":"{project}","date":"2026-11-23","delivery_date":"2026-11-01","line_items":[{"quantity":-1}]}`,
				parts: []string{`"field":"delivery_date"`, `"field":"line_items[0].description"`, `"field":"line_items[0].quantity"`, `"field":"line_items[0].unit_amount"`},
			},
			{who: "manager", ask: "POST /api/xero/purchase-orders", body: `{"supplier_id":"{nowhere}","project_id":"{project}","date":"2026-11-23","line_items":[{"description":"a","quantity":1,"unit_amount":1}]}`, status: 404, parts: []string{"Supplier not found"}},
			{who: "manager", ask: "POST /api/xero/purchase-orders", body: `{"supplier_id":"{client}","project_id":"{nowhere}","date":"2026-11-23","line_items":[{"description":"a","quantity":1,"unit_amount":1}]}`, status: 404, parts: []string{"Project not found"}},
			{
				who: "manager", ask: "POST /api/xero/purchase-orders", body: order, status: 202, save: "order",
				parts: []string{
					`"po_number":"PO-00001"`, `"sync_status":"pending"`, `"status":202`, `"document_status":"DRAFT"`, `"message":"Purchase order created. Syncing to Xero in the background..."`,
					`"subtotal":"143.45"`, `"total_tax":"21.52"`, `"total_amount":"164.97"`, `"currency":"NZD"`, `"cost_center_code":"CC-1"`, `"line_items_detail":[{`, `"unit_amount":"1.2345"`, `"supplier_name":"Kōwhai Café"`,
				},
			},
			{who: "manager", ask: "GET /api/xero/purchase-orders", status: 200, parts: []string{`"id":"{order}"`}},
			{who: "manager", ask: "GET /api/xero/purchase-orders?supplier_id={client}&project_id={project}&cost_center_id={center}&search=cafe&date_from=2026-11-23", status: 200, parts: []string{`"id":"{order}"`}},
			{who: "manager", ask: "GET /api/xero/purchase-orders?search=nothing", status: 200, parts: []string{"[]"}},
			{who: "manager", ask: "GET /api/xero/purchase-orders/{order}", status: 200, parts: []string{`"status":"DRAFT"`, `"notes":"Gate 4"`}},
			{who: "manager", ask: "GET /api/xero/purchase-orders/{nowhere}", status: 404, parts: []string{"Purchase order not found"}},
			{who: "manager", ask: "GET /api/xero/purchase-orders/project/{project}", status: 200, parts: []string{`"id":"{order}"`}},
			{who: "manager", ask: "GET /api/xero/purchase-orders/cost-center/{center}", status: 200, parts: []string{`"cost_center_total":123.45`, `"cost_center_line_items":[{`}},
			{who: "manager", ask: "GET /api/xero/purchase-orders/{order}/sync-status", status: 200, parts: []string{`"sync_status":"pending"`, `"phase":"waiting"`}},
			{who: "manager", ask: "GET /api/xero/purchase-orders/{nowhere}/sync-status", status: 404},
			{who: "manager", ask: "GET /api/xero/purchase-orders/colour/{center}", status: 404},
			{who: "manager", ask: "PUT /api/xero/purchase-orders/{order}", body: `{}`, status: 400, parts: []string{"No updates provided"}},
			{who: "manager", ask: "PUT /api/xero/purchase-orders/{order}", body: `{"status":"CANCELLED"}`, status: 400, parts: []string{"delete it"}},
			{who: "manager", ask: "PUT /api/xero/purchase-orders/{order}", body: `{"project_id":"","notes":null,"delivery_date":null,"status":"AUTHORISED"}`, status: 202, parts: []string{`"project_id":null`, `"notes":null`, `"delivery_date":null`, `"status":"AUTHORISED"`}},
			{who: "manager", ask: "PUT /api/xero/purchase-orders/{order}", body: `{"project_id":"{nowhere}"}`, status: 404, parts: []string{"Project not found"}},
			{who: "manager", ask: "PUT /api/xero/purchase-orders/{order}", body: `{"line_items":[]}`, status: 400, parts: []string{`"field":"line_items"`}},
			{who: "manager", ask: "PUT /api/xero/purchase-orders/{order}", body: `{"line_items":[{"description":"Switch","quantity":2,"unit_amount":10}]}`, status: 202, parts: []string{`"total_amount":"23.00"`, "!Freight"}},
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/retry-sync", body: `{"po_number":"B-1"}`, status: 202, parts: []string{`"sync_status":"pending"`}},
			{who: "manager", ask: "DELETE /api/xero/purchase-orders/{order}", status: 202, parts: []string{`"message":"Purchase order deleted"`, `"sync_status":null`}},
			{who: "manager", ask: "GET /api/xero/purchase-orders/{order}", status: 404},
		})
	})
}
