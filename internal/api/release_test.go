package api

import "testing"

// takenOver has a document be as an upgrade leaves one that only claimed to be
// on its way.
const takenOver = ` set taken_over = true, sync_status = 'pending' where id in `

// TestReleaseScenarios decides what documents of the former product are, one by
// one and many at once.
func TestReleaseScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		const (
			invoice = `{"client_id":"{client}","line_items":[{"description":"Heat pump","amount":100}]}`
			xeroID  = `7e4d0000-0000-4000-8000-000000000001`
		)
		f.play([]scenario{
			{who: "manager", ask: manual, body: invoice, status: 202, save: "one"},
			{who: "manager", ask: manual, body: invoice, status: 202, save: "two"},
			{who: "manager", ask: manual, body: invoice, status: 202, save: "three"},
			{who: "manager", ask: manual, body: invoice, status: 202, save: "gone"},
			{who: "manager", ask: manual, body: invoice, status: 202, save: "plain"},
			{who: "manager", ask: "POST /api/clients", body: `{"name":"Copper & Co","client_type":"supplier"}`, status: 201, save: "supplier"},
			{who: "manager", ask: "POST /api/xero/purchase-orders", body: `{"supplier_id":"{supplier}","project_id":"{project}","date":"2026-11-02","line_items":[{"description":"Cable","quantity":1,"unit_amount":10}]}`, status: 202, save: "order"},
		})
		f.sql("update sync_documents set open_intent_id = null, wish = null")
		f.sql("delete from sync_intents where entity_id in ('{one}','{two}','{three}','{gone}','{order}')")
		f.sql("delete from sync_documents where entity_id in ('{one}','{two}','{three}','{gone}','{order}')")
		f.sql("update xero_invoices" + takenOver + "('{one}','{two}','{three}','{gone}')")
		f.sql("update xero_purchase_orders" + takenOver + "('{order}')")
		f.play([]scenario{
			{who: "manager", ask: "GET /api/xero/invoices?sync_status=taken_over", status: 200, parts: []string{"{one}", "{two}", "{three}", "!{plain}"}},
			{who: "manager", ask: "GET /api/xero/invoices/{one}", status: 200, parts: []string{`"wait_reason":"taken_over"`}},

			// Who may, and what is refused before anything is looked at.
			{who: "tech", ask: "POST /api/xero/invoices/{one}/release", body: `{"action":"send"}`, status: 403},
			{who: "tech", ask: "POST /api/xero/release", body: `{"ids":["{one}"],"action":"send"}`, status: 403},
			{who: "manager", ask: "POST /api/xero/invoices/{one}/release", body: `{"action":"burn"}`, status: 400, parts: []string{`"field":"action"`}},
			{who: "manager", ask: "POST /api/xero/invoices/{one}/release", body: `{"action":"link","xero_id":"INV-7"}`, status: 400, parts: []string{`"field":"xero_id"`}},
			{who: "manager", ask: "POST /api/xero/invoices/{one}/release", body: `{"action":"send","xero_id":"` + xeroID + `"}`, status: 400, parts: []string{`"field":"xero_id"`}},
			{who: "manager", ask: "POST /api/xero/invoices/{nowhere}/release", body: `{"action":"send"}`, status: 404},
			{who: "manager", ask: "POST /api/xero/invoices/{plain}/release", body: `{"action":"send"}`, status: 409, parts: []string{"does not wait for a decision"}},
			{who: "manager", ask: "POST /api/xero/release", body: `{"ids":[],"action":"send"}`, status: 400, parts: []string{`"field":"ids"`}},
			{who: "manager", ask: "POST /api/xero/release", body: `{"ids":["{one}","x"],"action":"link"}`, status: 400, parts: []string{`"field":"action"`, `"field":"ids[1]"`}},
			{who: "manager", ask: "DELETE /api/xero/invoices/{one}", status: 409},
			{who: "manager", ask: "GET /api/xero/invoices?sync_status=taken_over", status: 200, parts: []string{"{one}", "{two}", "{three}"}},

			// One by one.
			{who: "manager", ask: "POST /api/xero/invoices/{one}/release", body: `{"action":"link","xero_id":"` + xeroID + `"}`, status: 202, parts: []string{`"sync_status":"pending"`, "!taken_over"}},
			{who: "manager", ask: "POST /api/xero/invoices/{one}/release", body: `{"action":"send"}`, status: 409},
			{who: "manager", ask: "POST /api/xero/invoices/{two}/release", body: `{"action":"link","xero_id":"` + xeroID + `"}`, status: 409, parts: []string{"is linked to that document of Xero already"}},
			{who: "manager", ask: "GET /api/xero/invoices/{one}", status: 200, parts: []string{`"xero_invoice_id":"` + xeroID + `"`, "!taken_over"}},

			// Many at once, each by itself.
			{
				who: "manager", ask: "POST /api/xero/release", body: `{"ids":["{one}","{two}","{order}","{nowhere}","{two}"],"action":"keep"}`, status: 202,
				parts: []string{
					`{"id":"{one}","entity_type":"invoice","released":false,"error":"Invoice does not wait for a decision"}`,
					`{"id":"{two}","entity_type":"invoice","released":true,"error":null}`, `{"id":"{two}","entity_type":"invoice","released":false,`,
					`{"id":"{order}","entity_type":"purchase_order","released":true,"error":null}`, `{"id":"{nowhere}","entity_type":"","released":false,"error":"Document not found"}`,
				},
			},
			{who: "manager", ask: "GET /api/xero/invoices/{two}", status: 200, parts: []string{`"sync_status":null`}},
			{who: "manager", ask: "POST /api/xero/release", body: `{"ids":["{three}"],"action":"send"}`, status: 202, parts: []string{`"released":true`}},
			{who: "manager", ask: "GET /api/xero/invoices/{three}", status: 200, parts: []string{`"sync_status":"pending"`, "!taken_over"}},
			{who: "admin", ask: "GET /api/settings/logs/activity?action=release", status: 200, parts: []string{"{one}", "{two}", "{three}", "{order}", "!{plain}", `"action":"send"`, xeroID}},
			{who: "manager", ask: "GET /api/xero/invoices?sync_status=taken_over", status: 200, parts: []string{"{gone}", "!{one}", "!{two}", "!{three}"}},
		})
	})
}
