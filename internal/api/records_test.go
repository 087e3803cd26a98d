package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

func TestClients(t *testing.T) {
	t.Parallel()
	both(t, func(_ *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "GET /api/clients", status: 200, parts: []string{`"total":1`, `"totalPages":1`, `"hasNext":false`, `"name":"Kōwhai Café"`, `"active_projects":1`, `"total_spent":null`, `"sync_status":null`, `"payment_terms_day":20`}},
			{who: "manager", ask: "GET /api/clients?search=kowhai&page=undefined&limit=&status=active&order=DESC", status: 200, parts: []string{`"total":1`, `"limit":20`, `"total_spent":"0.00"`}},
			{who: "manager", ask: "GET /api/clients?search=nobody", status: 200, parts: []string{`"data":[]`, `"total":0`}},
			{who: "manager", ask: "GET /api/clients?sort=colour&client_type=friend", status: 400, parts: []string{`"field":"sort"`, `"field":"client_type"`, `"code":"VALIDATION_ERROR"`}},
			{who: "tech", ask: "POST /api/clients", body: `{"name":"x"}`, status: 403, parts: []string{"Permission denied"}},
			{
				who: "manager", ask: "POST /api/clients", body: `{"name":" ","email":"no","billing_email":"no","client_type":"friend","payment_terms_type":"LATER","status":"x"}`, status: 400,
				parts: []string{`"field":"name"`, `"field":"email"`, `"field":"billing_email"`, `"field":"client_type"`, `"field":"payment_terms_type"`, `"field":"status"`, `"requestId"`, `"detail"`, `"title":"Bad Request"`},
			},
			{
				who: "manager", ask: "POST /api/clients", body: `{"name":" Ohm Ltd ","email":"a@ohm.nz","phone":"","client_type":"both","payment_terms_type":"DAYSAFTERBILLDATE","payment_terms_day":7,"colour":"red","xero_contact_id":"mine"}`, status: 201, save: "ohm",
				parts: []string{`"name":"Ohm Ltd"`, `"phone":null`, `"payment_terms_type":"DAYSAFTERBILLDATE"`, `"payment_terms_day":7`, `"xero_contact_id":null`, `"status":"active"`},
			},
			{who: "tech", ask: "GET /api/clients/{ohm}", status: 200, parts: []string{`"projects":[]`, `"email":"a@ohm.nz"`}},
			{who: "manager", ask: "GET /api/clients/{client}", status: 200, parts: []string{`"code":"PRJ-`, `"budget":"10000.00"`, `"actual_cost":"0.00"`}},
			{who: "tech", ask: "GET /api/clients/{client}", status: 200, parts: []string{`"budget":null`}},
			{who: "manager", ask: "PUT /api/clients/{ohm}", body: `{}`, status: 400, parts: []string{"No updates provided"}},
			{who: "manager", ask: "PUT /api/clients/{ohm}", body: `{"colour":"red"}`, status: 400, parts: []string{"No updates provided"}},
			{who: "manager", ask: "PUT /api/clients/{ohm}", body: `{"email":null,"status":"inactive"}`, status: 200, parts: []string{`"email":null`, `"status":"inactive"`, `"name":"Ohm Ltd"`}},
			{who: "manager", ask: "PUT /api/clients/{ohm}", body: `{"name":5,"payment_terms_day":"x"}`, status: 400, parts: []string{`{"field":"name","message":"must be a text"}`, `{"field":"payment_terms_day","message":"must be a whole number"}`}},
			{who: "manager", ask: "PUT /api/clients/{nowhere}", body: `{"name":"x"}`, status: 404, parts: []string{"Client not found"}},
			{who: "manager", ask: "GET /api/bin/preview/client/{client}", status: 200, parts: []string{`"counts":{"client":1,"project":1}`, `"refusal":null`, `"label":"Kōwhai Café"`}},
			{who: "manager", ask: "DELETE /api/clients/{client}", status: 200, parts: []string{`"counts":{"client":1,"project":1}`}},
			{who: "manager", ask: "GET /api/clients/{client}", status: 404},
			{who: "manager", ask: "GET /api/projects/{project}", status: 404},
			{who: "manager", ask: "POST /api/projects/{project}/restore", status: 409, parts: []string{"Project was deleted with Client Kōwhai Café; restore that"}},
			{who: "tech", ask: "POST /api/clients/{client}/restore", status: 403},
			{who: "manager", ask: "POST /api/clients/{client}/restore", status: 200, parts: []string{`"message":"Client restored"`, `"entity_id":"{client}"`, `"copy":false`}},
			{who: "manager", ask: "POST /api/clients/{client}/restore", status: 409, parts: []string{"Client is not deleted"}},
			{who: "manager", ask: "GET /api/projects/{project}", status: 200, parts: []string{`"client_id":"{client}"`}},
			{who: "manager", ask: "DELETE /api/clients/{ohm}", status: 200, parts: []string{`"message":"Client deleted"`}},
			{who: "manager", ask: "GET /api/clients/{ohm}", status: 404, parts: []string{"Client not found", `"code":"NOT_FOUND"`}},
			{who: "manager", ask: "GET /api/clients/nonsense", status: 404},
			{who: "manager", ask: "GET /api/clients/" + fieldops.NilID, status: 404},
		})
	})
}

func TestProjects(t *testing.T) {
	t.Parallel()
	both(t, func(_ *testing.T, f *firm) {
		f.play([]scenario{
			{
				who: "manager", ask: "POST /api/projects", body: `{"name":"Switchboard","client_id":"{client}","budget":"1500.5","start_date":"2026-05-01","end_date":"","cost_center_ids":["{center}"]}`, status: 201, save: "switch",
				parts: []string{`"code":"PRJ-`, `-002"`, `"budget":"1500.50"`, `"status":"quoted"`, `"client_name":"Kōwhai Café"`, `"cost_center_ids":["{center}"]`, `"cost_center_codes":["CC-1"]`, `"end_date":null`},
			},
			{who: "tech", ask: "POST /api/projects", body: `{"name":"x"}`, status: 403},
			{who: "manager", ask: "POST /api/projects", body: `{"client_id":"x","cost_center_ids":["y"]}`, status: 400, parts: []string{`"field":"client_id"`, `"field":"cost_center_ids[0]"`}},
			{
				who: "manager", ask: "POST /api/projects", body: `{"name":"","status":"lost","client_id":"{nowhere}","budget":-1,"cost_center_ids":["{nowhere}"]}`, status: 400,
				parts: []string{`"field":"name"`, `"field":"status"`, `"field":"client_id"`, `"field":"budget"`, `"field":"cost_center_ids[0]"`},
			},
			{
				who: "manager", ask: "POST /api/projects", body: `{"name":"x","budget":"lots","start_date":"yesterday","cost_center_ids":"y"}`, status: 400,
				parts: []string{`"field":"budget"`, `"field":"start_date"`, `"field":"cost_center_ids"`},
			},
			{who: "tech", ask: "GET /api/projects?search=switchboard", status: 200, parts: []string{`"total":1`, `"budget":null`, `"actual_cost":null`, `"po_commitments":null`, `"cost_center_codes":["CC-1"]`}},
			{who: "manager", ask: "GET /api/projects?client_id={client}&sort=name&order=asc&limit=1", status: 200, parts: []string{`"name":"Rewire"`, `"total":2`, `"hasNext":true`}},
			{who: "manager", ask: "GET /api/projects?client_id=x", status: 400, parts: []string{`"field":"client_id"`}},
			{who: "manager", ask: "GET /api/projects/{switch}", status: 200, parts: []string{`"available_budget":"1500.50"`, `"cost_centers":[{"id":"{center}"`, `"timesheets":[]`}},
			{who: "tech", ask: "GET /api/projects/{switch}", status: 200, parts: []string{`"financials":null`}},
			{who: "tech", ask: "GET /api/projects/{switch}/financials", status: 403},
			{who: "manager", ask: "GET /api/projects/{switch}/financials", status: 200, parts: []string{`"purchase_orders":{"total_count":0,"total_committed":"0.00"`, `"project":{"id":"{switch}"`}},
			{who: "manager", ask: "GET /api/projects/{nowhere}/financials", status: 404, parts: []string{"Project not found"}},
			{
				who: "manager", ask: "PUT /api/projects/{switch}", body: `{"status":"in-progress","client_id":null,"cost_center_ids":[],"actual_cost":5,"code":"mine"}`, status: 200,
				parts: []string{`"status":"in-progress"`, `"client_id":null`, `"cost_center_ids":[]`, `"actual_cost":"0.00"`, `"name":"Switchboard"`, `!"code":"mine"`},
			},
			{who: "manager", ask: "PUT /api/projects/{switch}", body: `{}`, status: 400, parts: []string{"No updates provided"}},
			{who: "tech", ask: "POST /api/timesheets", body: `{"project_id":"{switch}","date":"2026-05-04","hours":2,"activity_type_id":"{activity}","cost_center_id":"{center}"}`, status: 201},
			{who: "manager", ask: "GET /api/projects/{switch}", status: 200, parts: []string{`"hours_logged":"2.00"`, `"actual_cost":"190.00"`, `"available_budget":"1310.50"`, `"user_name":"tech"`}},
			{who: "other", ask: "GET /api/projects/{switch}", status: 200, parts: []string{`"timesheets":[]`}},
			{who: "manager", ask: "DELETE /api/projects/{switch}", status: 200, parts: []string{`"counts":{"project":1,"timesheet":1}`}},
			{who: "tech", ask: "GET /api/bin", status: 200, parts: []string{`[]`}},
			{who: "manager", ask: "GET /api/bin?search=switch", status: 200, parts: []string{`"deleted_by":"manager"`, `Switchboard`, `"entity_id":"{switch}"`}},
			{who: "manager", ask: "POST /api/projects/{switch}/restore", status: 200},
			{who: "manager", ask: "GET /api/bin", status: 200, parts: []string{`[]`}},
			{who: "manager", ask: "POST /api/projects", body: `{"name":"Mistake"}`, status: 201, save: "mistake"},
			{who: "manager", ask: "DELETE /api/projects/{mistake}", status: 200, parts: []string{"Project deleted"}},
			{who: "manager", ask: "DELETE /api/projects/{mistake}", status: 404},
			{who: "manager", ask: "POST /api/projects", body: `{"name":"After the mistake"}`, status: 201, parts: []string{`-004"`}},
		})
	})
}

func TestCostCentersAndActivityTypes(t *testing.T) {
	t.Parallel()
	both(t, func(_ *testing.T, f *firm) {
		f.play([]scenario{
			{who: "manager", ask: "POST /api/cost-centers", body: `{"code":"X"}`, status: 403},
			{who: "admin", ask: "POST /api/cost-centers", body: `{}`, status: 400, parts: []string{`"field":"code"`, `"field":"name"`}},
			{who: "admin", ask: "POST /api/cost-centers", body: `{"code":"CC-1","name":"x"}`, status: 400, parts: []string{"Cost center code already exists"}},
			{who: "admin", ask: "POST /api/cost-centers", body: `{"code":"CC-2","name":"Bath","budget":99.5,"client_po_number":"PO 7"}`, status: 201, save: "bath", parts: []string{`"budget":"99.50"`, `"client_po_number":"PO 7"`, `"is_active":true`}},
			{who: "admin", ask: "PUT /api/cost-centers/{bath}", body: `{"is_active":false}`, status: 200, parts: []string{`"is_active":false`, `"name":"Bath"`}},
			{who: "admin", ask: "PUT /api/cost-centers/{bath}", body: `{"code":"CC-1"}`, status: 400, parts: []string{"Cost center code already exists"}},
			{who: "tech", ask: "GET /api/cost-centers?active_only=true", status: 200, parts: []string{`"CC-1"`, `!"CC-2"`, `"total_cost":null`}},
			{who: "manager", ask: "GET /api/cost-centers?active_only=undefined", status: 200, parts: []string{`"CC-2"`, `"total_cost":"0.00"`}},
			{who: "manager", ask: "GET /api/cost-centers/{center}", status: 200, parts: []string{`"projects":[]`, `"project_count":0`}},
			{who: "admin", ask: "DELETE /api/cost-centers/{bath}", status: 200},
			{who: "admin", ask: "GET /api/cost-centers/{bath}", status: 404},

			{who: "manager", ask: "POST /api/activity-types", body: `{}`, status: 403},
			{who: "admin", ask: "POST /api/activity-types", body: `{"hourly_rate":-1}`, status: 400, parts: []string{`"field":"name"`, `"field":"icon"`, `"field":"color"`, `"field":"hourly_rate"`}},
			{who: "admin", ask: "POST /api/activity-types", body: `{"name":"Travel","icon":"Car","color":"blue","hourly_rate":"60.1234"}`, status: 201, save: "travel", parts: []string{`"hourly_rate":"60.1234"`}},
			{who: "admin", ask: "PUT /api/activity-types/{travel}", body: `{"hourly_rate":1e2,"is_active":false}`, status: 200, parts: []string{`"hourly_rate":"100.00"`}},
			{who: "tech", ask: "GET /api/activity-types?active_only=true", status: 200, parts: []string{`"Labour"`, `!"Travel"`, `"hourly_rate":"95.00"`}},
			{who: "tech", ask: "GET /api/activity-types/{travel}", status: 200, parts: []string{`"usage_count":0`}},
			{who: "tech", ask: "POST /api/timesheets", body: `{"project_id":"{project}","date":"2026-05-04","hours":2,"activity_type_id":"{activity}","cost_center_id":"{center}"}`, status: 201},
			{who: "admin", ask: "DELETE /api/activity-types/{activity}", status: 400, parts: []string{`"usage_count":1`}},
			{who: "admin", ask: "DELETE /api/cost-centers/{center}", status: 400, parts: []string{`"usage_count":1`}},
			{who: "admin", ask: "DELETE /api/activity-types/{travel}", status: 200},
			{who: "admin", ask: "GET /api/activity-types/{travel}", status: 404},
			{who: "admin", ask: "PUT /api/activity-types/{travel}", body: `{"name":"x"}`, status: 404},
		})
	})
}

const goodWork = `{"project_id":"{project}","date":"2026-05-04","hours":7.5,"activity_type_id":"{activity}","cost_center_id":"{center}"`

func TestTimesheets(t *testing.T) {
	t.Parallel()
	both(t, func(_ *testing.T, f *firm) {
		f.play([]scenario{
			{
				who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"notes":" Board ","user_id":"","location":"Site"}`, status: 201, save: "sheet",
				parts: []string{
					`"hours":"7.50"`, `"hourly_rate":"95.00"`, `"amount":"712.50"`, `"billing_status":"unbilled"`, `"client_id":"{client}"`, `"client_name":"Kōwhai Café"`, `"notes":"Board"`,
					`"user_name":"tech"`, `"project_code":"PRJ-`, `"activity_type_name":"Labour"`, `"cost_center_code":"CC-1"`, `"invoice_number":null`, `"sync_status":null`, `"image_urls":[]`, `"cloud_image_urls":[]`, `!"warnings"`,
				},
			},
			{who: "tech", ask: "POST /api/timesheets", body: `{}`, status: 400, parts: []string{`"error":"Missing required fields"`, `"missing_fields":["project_id","date","hours","activity_type_id","cost_center_id"]`, `"field":"cost_center_id"`}},
			{who: "tech", ask: "POST /api/timesheets", body: `{"project_id":"x","date":"2026-05-04","hours":1,"activity_type_id":"{activity}","cost_center_id":"{center}"}`, status: 400, parts: []string{`"error":"Invalid project_id"`}},
			{who: "tech", ask: "POST /api/timesheets", body: `{"project_id":"{project}","date":"someday","hours":"many"}`, status: 400, parts: []string{"Missing required fields", `"field":"date"`, "Invalid hours value. Must be a number.", `"field":"activity_type_id"`}},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"hours":24.25}`, status: 400, parts: []string{"Hours must be between 0.25 and 24"}},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"hours":"0.2"}`, status: 400, parts: []string{"Hours must be between 0.25 and 24"}},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"project_id":"{nowhere}"}`, status: 400, parts: []string{"Invalid project, activity type, or cost center", `"field":"project_id"`}},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"date":"2222-01-01"}`, status: 400, parts: []string{"Date must not be in the future"}},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"image_urls":["/uploads/timesheets/2026/x.jpg"]}`, status: 400, parts: []string{`"field":"image_urls"`}},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"user_id":"{other}"}`, status: 403, parts: []string{"Not authorized to create timesheets for other users"}},
			{who: "manager", ask: "POST /api/timesheets", body: goodWork + `,"user_id":"{other}","hours":20}`, status: 201, save: "theirs", parts: []string{`"user_name":"other"`}},
			{who: "other", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, parts: []string{`"warnings":["other has 27.50 hours on 2026-05-04`}},

			{who: "tech", ask: "GET /api/timesheets?user_id={other}", status: 200, parts: []string{`"total":1`, `"id":"{sheet}"`}},
			{who: "manager", ask: "GET /api/timesheets?user_id={other}&billing_status=unbilled&date_from=2026-05-04&date_to=2026-05-04&project_id={project}&client_id={client}&cost_center_id={center}", status: 200, parts: []string{`"total":2`, `!"id":"{sheet}"`}},
			{who: "manager", ask: "GET /api/timesheets?date_from=2026-05-05", status: 200, parts: []string{`"total":0`}},
			{who: "manager", ask: "GET /api/timesheets?date_from=soon&user_id=me&billing_status=x", status: 400, parts: []string{`"field":"date_from"`, `"field":"user_id"`, `"field":"billing_status"`}},
			{who: "other", ask: "GET /api/timesheets/{sheet}", status: 403, parts: []string{"Not authorized to view this timesheet"}},
			{who: "tech", ask: "GET /api/timesheets/{sheet}", status: 200, parts: []string{`"location":"Site"`}},
			{who: "manager", ask: "GET /api/timesheets/{sheet}", status: 200},
			{who: "manager", ask: "GET /api/timesheets/{nowhere}", status: 404, parts: []string{"Timesheet not found"}},

			{who: "other", ask: "PUT /api/timesheets/{sheet}", body: `{"hours":1}`, status: 403, parts: []string{"Not authorized to edit this timesheet"}},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"hours":"8","notes":null}`, status: 200, parts: []string{`"hours":"8.00"`, `"notes":null`, `"location":"Site"`}},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"hours":25,"date":"2222-01-01","project_id":"{nowhere}"}`, status: 400, parts: []string{`"field":"hours"`, `"field":"date"`, `"field":"project_id"`}},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"project_id":null}`, status: 400, parts: []string{"Project is required"}},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"user_id":"{other}"}`, status: 403},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{}`, status: 400, parts: []string{"No updates provided"}},
			{who: "manager", ask: "PUT /api/timesheets/{sheet}", body: `{"user_id":"{other}"}`, status: 200, parts: []string{`"user_name":"other"`}},
			{who: "tech", ask: "DELETE /api/timesheets/{sheet}", status: 403, parts: []string{"Not authorized to delete this timesheet"}},
			{who: "manager", ask: "PUT /api/timesheets/{nowhere}", body: `{"hours":1}`, status: 404},
			{who: "manager", ask: "PUT /api/timesheets/nonsense", body: `{"hours":1}`, status: 404},
			{who: "other", ask: "DELETE /api/timesheets/{sheet}", status: 200, parts: []string{"Timesheet deleted"}},
			{who: "other", ask: "DELETE /api/timesheets/{sheet}", status: 404},
			{who: "other", ask: "GET /api/timesheets/{sheet}", status: 404},
		})
	})
}

func TestBilledTimesheetsAreImmutable(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	f.play([]scenario{{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, save: "sheet"}})
	f.write(func(ctx context.Context, tx *store.Tx) error {
		client := f.vars["client"]
		line := fieldops.Line{ID: fieldops.NewID(), Key: "k", Description: "Labour", Quantity: 75_000, UnitPrice: 950_000, Timesheets: []fieldops.ID{f.vars["sheet"]}}
		invoice := fieldops.Invoice{ID: fieldops.NewID(), Number: "INV-00077", ClientID: &client, Status: fieldops.StatusDraft, Currency: "NZD", IssueDate: "2026-05-04", Lines: []fieldops.Line{line}}
		if err := tx.InsertInvoice(ctx, &invoice); err != nil {
			return err
		}
		return tx.BillTimesheets(ctx, &invoice)
	})
	f.play([]scenario{
		{who: "tech", ask: "GET /api/timesheets/{sheet}", status: 200, parts: []string{`"billing_status":"billed"`, `"invoice_number":"INV-00077"`}},
		{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"hours":1}`, status: 400, parts: []string{"Cannot edit timesheet that has been billed or paid", `"billing_status":"billed"`, `"invoice_number":"INV-00077"`}},
		{who: "tech", ask: "DELETE /api/timesheets/{sheet}", status: 400, parts: []string{"Cannot delete timesheet that has been billed or paid"}},
		{who: "tech", ask: "DELETE /api/timesheets/{sheet}/images/0", status: 400, parts: []string{"billed"}},
	})
	if w := f.submit("tech", "POST", "/api/timesheets/{sheet}/images", nil, []photo{{"images", "a.jpg", jpeg}}); w.Code != 400 {
		t.Errorf("a photo of billed work: %d %s", w.Code, w.Body)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	both(t, func(_ *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "GET /api/settings", status: 200, parts: []string{`"company_name":"AmpedFieldOps"`, `"timezone":"Pacific/Auckland"`, "!invoice_prefix"}},
			{who: "admin", ask: "GET /api/settings", status: 200, parts: []string{`"invoice_next_number":"1"`, `"default_sales_tax_rate":"15"`}},
			{who: "manager", ask: "PUT /api/settings/company_name", body: `{"value":"x","global":true}`, status: 403, parts: []string{"Permission denied"}},
			{who: "admin", ask: "PUT /api/settings/company_name", body: `{"value":"Ohm Ltd","global":true}`, status: 200, parts: []string{`{"key":"company_name","value":"Ohm Ltd"}`}},
			{who: "admin", ask: "PUT /api/settings/invoice_next_number", body: `{"value":500,"global":true}`, status: 200, parts: []string{`"value":"500"`}},
			{who: "admin", ask: "PUT /api/settings/invoice_next_number", body: `{"value":499}`, status: 409},
			{who: "admin", ask: "PUT /api/settings/invoice_next_number", body: `{"value":["a"]}`, status: 400},
			{who: "admin", ask: "PUT /api/settings/default_sales_tax_rate", body: `{"value":"lots"}`, status: 400, parts: []string{`"field":"default_sales_tax_rate"`}},
			{who: "admin", ask: "PUT /api/settings/xero_client_secret", body: `{"value":"x","global":true}`, status: 404, parts: []string{"Setting not found"}},
			{who: "manager", ask: "GET /api/settings", status: 200, parts: []string{`"invoice_next_number":"500"`, `"company_name":"Ohm Ltd"`}},
			{who: "manager", ask: "GET /api/settings/logs/activity", status: 403, parts: []string{"Insufficient permissions"}},
			{who: "admin", ask: "GET /api/settings/logs/activity?entity_type=setting&limit=1", status: 200, parts: []string{`"total":2`, `"actor":"admin"`, `"action":"update"`, `"limit":1`, "500", `"ip_address":"192.0.2.1"`}},
			{who: "admin", ask: "GET /api/settings/logs/activity?user_id={admin}&action=update&offset=5", status: 200, parts: []string{`"logs":[]`}},
		})
	})
}

func TestPeople(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	f.play([]scenario{
		{who: "manager", ask: "GET /api/users", status: 403, parts: []string{"Permission denied"}},
		{who: "admin", ask: "GET /api/users", status: 200, parts: []string{`"email":"tech@firm.nz"`, `"is_active":true`, "!password", "!argon2"}},
		{who: "manager", ask: "GET /api/users/names", status: 200, parts: []string{`"name":"tech","role":"user"`, "!email"}},
		{who: "tech", ask: "GET /api/users/names", status: 403},
	})
}

func TestHealth(t *testing.T) {
	t.Parallel()
	alive := true
	f := newFirm(t, store.SQLite, func(c *Config) { c.WorkerAlive = func() bool { return alive }; c.XeroConfigured = true })
	f.play([]scenario{
		{ask: "GET /healthz", status: 200, parts: []string{`"status":"ok"`}},
		{ask: "GET /readyz", status: 200, parts: []string{`"status":"ready"`, `"worker":true`}},
		{ask: "GET /api/health", status: 200, parts: []string{`"status":"healthy"`, `"database":{"healthy":true,"status":"connected"}`, `"status":"not_connected"`}},
		{ask: "GET /api/openapi.json", status: 200, parts: []string{`"openapi": "3.1.0"`, `"/api/timesheets/{id}/images/{index}"`}},
	})
	alive = false
	f.play([]scenario{{ask: "GET /readyz", status: 503, parts: []string{"the worker does not run"}}})
}

func TestAChangeOfAnOldVersionIsRefused(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	f.play([]scenario{{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, save: "sheet"}})
	for _, path := range []string{"/api/clients/{client}", "/api/projects/{project}", "/api/cost-centers/{center}", "/api/activity-types/{activity}", "/api/timesheets/{sheet}"} {
		body := `{"name":"Changed"}`
		if strings.Contains(path, "timesheets") {
			body = `{"notes":"Changed"}`
		}
		read := f.ask("admin", "GET", path, "")
		tag := read.Header().Get("ETag")
		if tag == "" {
			t.Fatalf("%s has no ETag", path)
		}
		first := f.ask("admin", "PUT", path, body, "If-Match", `"old", `+tag)
		if first.Code != http.StatusOK || first.Header().Get("ETag") == tag {
			t.Errorf("%s: the current version: %d %s, ETag %s", path, first.Code, first.Body, first.Header().Get("ETag"))
		}
		if second := f.ask("admin", "PUT", path, body, "If-Match", tag); second.Code != http.StatusPreconditionFailed || !strings.Contains(second.Body.String(), "Somebody else has changed this") {
			t.Errorf("%s: an old version: %d %s", path, second.Code, second.Body)
		}
		if w := f.ask("admin", "PUT", path, body, "If-Match", "W/"+first.Header().Get("ETag")); w.Code != http.StatusOK {
			t.Errorf("%s: a tag that a proxy made weak: %d %s", path, w.Code, w.Body)
		}
		if w := f.ask("admin", "PUT", path, body, "If-Match", "*"); w.Code != http.StatusOK {
			t.Errorf("%s: any version: %d %s", path, w.Code, w.Body)
		}
	}
}
