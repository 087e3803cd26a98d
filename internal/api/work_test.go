package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

func TestClientsHaveTheirOwnRates(t *testing.T) {
	t.Parallel()
	both(t, func(_ *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "GET /api/clients/{client}/rates", status: 403},
			{who: "manager", ask: "GET /api/clients/{nowhere}/rates", status: 404},
			{who: "manager", ask: "GET /api/clients/{client}/rates", status: 200, parts: []string{`"rates":[]`}},
			{who: "manager", ask: "PUT /api/clients/{client}/rates", body: `{}`, status: 400, parts: []string{`"field":"rates"`}},
			{
				who: "manager", ask: "PUT /api/clients/{client}/rates", status: 400,
				body:  `{"rates":[{"activity_type_id":"{nowhere}","hourly_rate":1},{"activity_type_id":"{activity}","hourly_rate":-1},{"activity_type_id":"{activity}","hourly_rate":2}]}`,
				parts: []string{`rates[0].activity_type_id`, `rates[1].hourly_rate`, `rates[2].activity_type_id`},
			},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, save: "old", parts: []string{`"hourly_rate":"95.00"`}},
			{who: "manager", ask: "PUT /api/clients/{client}/rates", body: `{"rates":[{"activity_type_id":"{activity}","hourly_rate":"80.5"}]}`, status: 200, parts: []string{`"hourly_rate":"80.50"`, `"standard_rate":"95.00"`, `"activity_type_name":"Labour"`}},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, save: "new", parts: []string{`"hourly_rate":"80.50"`}},
			{who: "tech", ask: "PUT /api/timesheets/{old}", body: `{"hours":1}`, status: 200, parts: []string{`"hourly_rate":"95.00"`}}, // neither activity nor client changed
			{who: "manager", ask: "POST /api/clients", body: `{"name":"Tūī Ltd"}`, status: 201, save: "tui"},
			{who: "manager", ask: "PUT /api/timesheets/{new}", body: `{"client_id":"{tui}"}`, status: 200, parts: []string{`"hourly_rate":"95.00"`}},
			{who: "manager", ask: "PUT /api/timesheets/{new}", body: `{"client_id":"{client}"}`, status: 200, parts: []string{`"hourly_rate":"80.50"`}},
			{who: "manager", ask: "PUT /api/clients/{client}/rates", body: `{"rates":[]}`, status: 200, parts: []string{`"rates":[]`}},
			{who: "tech", ask: "GET /api/timesheets/{new}", status: 200, parts: []string{`"hourly_rate":"80.50"`}},
		})
	})
}

func TestWhatAnHourCostsIsForThoseWhoSeeMoney(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "admin", ask: "PUT /api/activity-types/{activity}", body: `{"cost_rate":"42.5"}`, status: 200, parts: []string{`"cost_rate":"42.50"`}},
			{who: "manager", ask: "GET /api/activity-types", status: 200, parts: []string{`"cost_rate":"42.50"`}},
			{who: "tech", ask: "GET /api/activity-types", status: 200, parts: []string{`"cost_rate":null`, "!42.50"}},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, save: "sheet", parts: []string{"!42.5", "!cost_rate"}},
			{who: "admin", ask: "PUT /api/activity-types/{activity}", body: `{"cost_rate":null}`, status: 200, parts: []string{`"cost_rate":null`}},
			{who: "admin", ask: "PUT /api/activity-types/{activity}", body: `{"cost_rate":-1}`, status: 400, parts: []string{`"field":"cost_rate"`}},
		})
		e, err := f.db.Timesheet(t.Context(), f.vars["sheet"])
		if err != nil || e.CostRate != 42_5000 {
			t.Errorf("the cost was not frozen: %s, %v", e.CostRate, err)
		}
	})
}

// The former product kept the client of the old project (and billed them), took
// any hours in an edit, could not remove the last photo, and let people who may
// create for others not edit for them.
func TestAnEditOfATimesheetIsCheckedAsItsEntryWas(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "manager", ask: "POST /api/clients", body: `{"name":"Tūī Ltd"}`, status: 201, save: "tui"},
			{who: "manager", ask: "POST /api/projects", body: `{"name":"Alarm","client_id":"{tui}"}`, status: 201, save: "alarm"},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, save: "sheet", parts: []string{`"billable":true`}},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"project_id":"{alarm}"}`, status: 200, parts: []string{`"client_id":"{tui}"`, `"client_name":"Tūī Ltd"`}},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"hours":24.01}`, status: 400},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"hours":0.24}`, status: 400},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"billable":false}`, status: 200, parts: []string{`"billable":false`}},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"billable":"perhaps"}`, status: 400, parts: []string{`"field":"billable"`}},
			{who: "other", ask: "PUT /api/timesheets/{sheet}", body: `{"notes":"x"}`, status: 403},
		})
		f.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.SetPermission(ctx, f.people["other"], fieldops.CanViewAllTimesheets, true)
		})
		f.play([]scenario{
			{who: "other", ask: "PUT /api/timesheets/{sheet}", body: `{"notes":"x"}`, status: 200, parts: []string{`"notes":"x"`}},
			{who: "other", ask: "POST /api/timesheets", body: goodWork + `,"user_id":"{tech}"}`, status: 201},
		})
		w := f.submit("tech", "POST", "/api/timesheets/{sheet}/images", nil, []photo{{"images", "a.jpg", jpeg}})
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		f.play([]scenario{{who: "tech", ask: "DELETE /api/timesheets/{sheet}/images/0", status: 200, parts: []string{`"image_urls":[]`}}})
	})
}

const people = `{"project_id":"{project}","date":"2026-05-04","cost_center_id":"{center}","notes":"Together","people":["{tech}","{other}"],
	"activities":[{"activity_type_id":"{activity}","hours":4},{"activity_type_id":"{activity}","hours":"1.25","billable":false,"notes":"Alone"}]`

func TestSeveralEntriesAtOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "POST /api/timesheets/batch", body: people + `}`, status: 403, parts: []string{"Not authorized to create timesheets for other users"}},
			{who: "tech", ask: "POST /api/timesheets/batch", body: `{}`, status: 400, parts: []string{`"field":"entries"`}},
			{
				who: "tech", ask: "POST /api/timesheets/batch", status: 400,
				body:  `{"project_id":"{project}","cost_center_id":"{center}","entries":[{"date":"2026-05-04","hours":1,"activity_type_id":"{activity}"},{"hours":25,"activity_type_id":"{nowhere}"}]}`,
				parts: []string{`entries[1].hours`, `entries[1].date`, `entries[1].activity_type_id`, `!entries[0]`},
			},
			{who: "manager", ask: "GET /api/timesheets", status: 200, parts: []string{`"total":0`}},
			{who: "manager", ask: "POST /api/timesheets/batch", body: people + `}`, status: 201, headers: []string{"Idempotency-Key", "k1"}, parts: []string{`"notes":"Together"`, `"notes":"Alone"`, `"billable":false`, `"warnings":[]`}},
			{who: "manager", ask: "POST /api/timesheets/batch", body: people + `}`, status: 201, headers: []string{"Idempotency-Key", "k1"}},
			{who: "manager", ask: "GET /api/timesheets?user_id={other}", status: 200, parts: []string{`"total":2`}},
			{who: "manager", ask: "GET /api/timesheets", status: 200, parts: []string{`"total":4`}},
			{who: "tech", ask: "POST /api/timesheets/batch", body: `{"project_id":"{project}","cost_center_id":"{center}","date":"2026-05-04","activities":[{"activity_type_id":"{activity}","hours":20}]}`, status: 201, parts: []string{"which is more than a day"}},
		})
	})
}

// The former product uploaded the photos of a shared entry once for each person
// and saved half of them when one request failed.
func TestSharedPhotosLiveAsLongAsAnEntryNamesThem(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		fields := map[string]string{
			"project_id": "{project}", "date": "2026-05-04", "cost_center_id": "{center}",
			"people": `["{tech}","{other}"]`, "activities": `[{"activity_type_id":"{activity}","hours":2}]`,
		}
		bad := map[string]string{"people": `["{tech}"]`, "activities": `[{"activity_type_id":"{activity}","hours":99}]`}
		w := f.submit("manager", "POST", "/api/timesheets/batch", bad, []photo{{"images", "a.jpg", jpeg}})
		if w.Code != http.StatusBadRequest || f.photosKept() != 0 {
			t.Fatalf("%d, %d photos kept: %s", w.Code, f.photosKept(), w.Body)
		}
		w = f.submit("manager", "POST", "/api/timesheets/batch", fields, []photo{{"images", "a.jpg", jpeg}, {"images", "b.jpg", jpeg}})
		made := answer[struct {
			Timesheets []struct {
				ID     string
				Images []string `json:"image_urls"`
			}
		}](t, w, http.StatusCreated).Timesheets
		if len(made) != 2 || len(made[0].Images) != 2 || made[0].Images[0] != made[1].Images[0] || f.photosKept() != 2 {
			t.Fatalf("%+v, %d photos kept", made, f.photosKept())
		}
		f.vars["url"], f.vars["first"], f.vars["second"] = made[0].Images[0], made[0].ID, made[1].ID
		first := f.ask("manager", "GET", "/api/files/timesheet-images/{project}?limit=1", "")
		next, _, _ := strings.Cut(strings.TrimPrefix(first.Header().Get("Link"), "<"), ">")
		if n := strings.Count(first.Body.String(), `"timesheet_id"`); n != 2 || next == "" {
			t.Errorf("the gallery tells %d photos, and goes on at %q: %s", n, next, first.Body)
		}
		f.vars["next"] = next
		f.play([]scenario{
			{who: "manager", ask: "GET {next}", status: 200, parts: []string{"[]"}}, // what is shared is told once
			{who: "tech", ask: "GET {url}", status: 200},
			{who: "other", ask: "GET {url}", status: 200},
			{who: "tech", ask: "DELETE /api/timesheets/{first}/images/0", status: 200},
			{who: "tech", ask: "GET {url}", status: 403},
			{who: "other", ask: "GET {url}", status: 200},
		})
		// Both take the remaining photo off at once: its file goes exactly then.
		var both sync.WaitGroup
		for who, ask := range map[string]string{"tech": "/api/timesheets/{first}/images/0", "other": "/api/timesheets/{second}/images/1"} {
			both.Go(func() {
				if w := f.ask(who, "DELETE", ask, ""); w.Code != http.StatusOK {
					t.Errorf("%s: %d %s", who, w.Code, w.Body)
				}
			})
		}
		both.Wait()
		f.afterTheBin()
		if n := f.photosKept(); n != 1 {
			t.Errorf("%d photos are kept, want the one that is still named", n)
		}
		f.play([]scenario{
			{who: "other", ask: "DELETE /api/timesheets/{second}/images/0", status: 200},
			{who: "manager", ask: "GET {url}", status: 404},
		})
		if n := f.photosKept(); n != 1 {
			t.Errorf("%d photos are kept, want the one that can be taken back", n)
		}
		f.afterTheBin()
		if n := f.photosKept(); n != 0 {
			t.Errorf("%d photos are kept, want none", n)
		}
	})
}

func TestApproval(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		const preview = "POST /api/xero/invoices/from-timesheets/preview"
		f.play([]scenario{
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, save: "sheet", parts: []string{`"approved_at":null`}},
		})
		f.vars["updated"] = answer[struct {
			UpdatedAt string `json:"updated_at"`
		}](t, f.ask("manager", "GET", "/api/timesheets/{sheet}", ""), 200).UpdatedAt
		f.play([]scenario{
			{who: "manager", ask: preview, body: `{"client_id":"{client}"}`, status: 200},
			{who: "admin", ask: "PUT /api/settings/timesheet_approval", body: `{"value":"perhaps"}`, status: 400},
			{who: "admin", ask: "PUT /api/settings/timesheet_approval", body: `{"value":"required"}`, status: 200},
			{who: "manager", ask: preview, body: `{"client_id":"{client}"}`, status: 400, parts: []string{"No unbilled timesheets"}},
			{who: "manager", ask: preview, body: `{"client_id":"{client}","timesheet_ids":["{sheet}"]}`, status: 409, parts: []string{"Nobody has approved it yet", `"kept_off"`, `"code":"not_approved"`}},
			{who: "tech", ask: "POST /api/timesheets/approve", body: `{"ids":["{sheet}"]}`, status: 403},
			{who: "manager", ask: "POST /api/timesheets/approve", body: `{"ids":[]}`, status: 400},
			{who: "manager", ask: "POST /api/timesheets/approve", body: `{"ids":["{sheet}","{nowhere}","x"]}`, status: 400, parts: []string{`ids[2]`}},
			{who: "manager", ask: "POST /api/timesheets/approve", body: `{"ids":["{sheet}","{nowhere}"]}`, status: 400, parts: []string{`ids[1]`}},
			{who: "manager", ask: "GET /api/timesheets?approval=waiting", status: 200, parts: []string{`"total":1`}},
			// What was changed since it was seen is not approved unseen.
			{who: "manager", ask: "POST /api/timesheets/approve", body: `{"ids":["{sheet}"],"seen":{"{sheet}":"2026-05-04T00:00:00Z"}}`, status: 409, parts: []string{"was changed since you saw it", `"timesheet_id":"{sheet}"`}},
			{who: "manager", ask: "POST /api/timesheets/approve", body: `{"ids":["{sheet}"],"seen":{"{sheet}":"now"}}`, status: 400},
			{who: "manager", ask: "POST /api/timesheets/approve", body: `{"ids":["{sheet}"],"seen":{"{sheet}":"{updated}"}}`, status: 200, parts: []string{`"count":1`}},
			{who: "manager", ask: "POST /api/timesheets/approve", body: `{"ids":["{sheet}"]}`, status: 200, parts: []string{`"count":0`}},
			{who: "manager", ask: "GET /api/timesheets?approval=approved", status: 200, parts: []string{`"total":1`, `"approved_by_name":"manager"`}},
			{who: "manager", ask: preview, body: `{"client_id":"{client}"}`, status: 200},
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"hours":"7.5"}`, status: 200, parts: []string{`"approved_by_name":"manager"`}}, // nothing changed
			{who: "tech", ask: "PUT /api/timesheets/{sheet}", body: `{"hours":8}`, status: 200, parts: []string{`"approved_at":null`, `"approved_by":null`}},
			{who: "manager", ask: "POST /api/timesheets/approve", body: `{"ids":["{sheet}"]}`, status: 200, parts: []string{`"count":1`}},
			{who: "manager", ask: "PUT /api/timesheets/{sheet}", body: `{"hours":7}`, status: 200, parts: []string{`"approved_by_name":"manager"`}},
			{who: "manager", ask: "POST /api/timesheets/unapprove", body: `{"ids":["{sheet}"],"reason":"Too long"}`, status: 200, parts: []string{`"count":1`}},
			{who: "tech", ask: "GET /api/timesheets/{sheet}/why", status: 200, parts: []string{`"billed":false`, `"code":"not_approved"`, `"who_must_act":"office"`}},
			{who: "other", ask: "GET /api/timesheets/{sheet}/why", status: 403},
			{who: "manager", ask: "POST /api/timesheets/approve", body: `{"ids":["{sheet}"]}`, status: 200},
			{who: "manager", ask: "POST /api/xero/invoices/from-timesheets", body: `{"client_id":"{client}"}`, status: 202},
			{who: "manager", ask: "POST /api/timesheets/unapprove", body: `{"ids":["{sheet}"]}`, status: 409, parts: []string{"INV-00001"}},
			{who: "manager", ask: "POST /api/timesheets/hold", body: `{"ids":["{sheet}"],"reason":"x"}`, status: 409, parts: []string{"INV-00001"}},
			{who: "tech", ask: "GET /api/timesheets/{sheet}/why", status: 200, parts: []string{`"code":"on_draft"`, "INV-00001"}},
		})
	})
}

func TestHolds(t *testing.T) {
	t.Parallel()
	both(t, func(_ *testing.T, f *firm) {
		const preview, all = "POST /api/xero/invoices/from-timesheets/preview", `{"client_id":"{client}"}`
		f.play([]scenario{
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, save: "held"},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `}`, status: 201, save: "free"},
			{who: "tech", ask: "POST /api/timesheets/hold", body: `{"ids":["{held}"],"reason":"x"}`, status: 403},
			{who: "manager", ask: "POST /api/timesheets/hold", body: `{"ids":["{held}"]}`, status: 400, parts: []string{`"field":"reason"`}},
			{who: "manager", ask: "POST /api/timesheets/hold", body: `{"ids":["{held}"],"reason":"Disputed"}`, status: 200, parts: []string{`"count":1`}},
			{who: "manager", ask: preview, body: all, status: 200, parts: []string{`"{free}"`, `!"{held}"`}},
			{who: "manager", ask: preview, body: `{"client_id":"{client}","timesheet_ids":["{held}","{free}"]}`, status: 409, parts: []string{"Disputed", `"timesheet_id":"{held}"`, `!"timesheet_id":"{free}"`}},
			{who: "manager", ask: "GET /api/xero/unbilled", status: 200, parts: []string{`"code":"on_hold"`, `"ready_total":"712.50"`, `"total":"1425.00"`, `"explained":{"hours":"15.00","total":"1425.00","timesheets":2}`}},
			{who: "manager", ask: "GET /api/xero/unbilled/balance", status: 200, parts: []string{`"billed":{"hours":"0.00","total":"0.00","timesheets":0}`, `"explained":{"hours":"15.00","total":"1425.00","timesheets":2}`, `"balanced":true`}},
			{who: "tech", ask: "GET /api/xero/unbilled/balance", status: 403},
			{who: "manager", ask: "GET /api/clients/{client}/unbilled?reason=on_hold", status: 200, parts: []string{`"id":"{held}"`, `"hold_reason":"Disputed"`, `!"id":"{free}"`}},
			{who: "manager", ask: "GET /api/projects/{project}/unbilled?limit=1", status: 200, parts: []string{`"id":"{held}"`, `!"id":"{free}"`}},
			{who: "tech", ask: "GET /api/clients/{client}/unbilled", status: 403},
			{who: "manager", ask: "POST /api/timesheets/release-hold", body: `{"ids":["{held}"]}`, status: 200, parts: []string{`"count":1`}},
			{who: "manager", ask: "PUT /api/projects/{project}", body: `{"billing_hold":" Variation "}`, status: 200, parts: []string{`"billing_hold":"Variation"`}},
			{who: "manager", ask: preview, body: all, status: 400},
			{who: "tech", ask: "GET /api/timesheets/{free}/why", status: 200, parts: []string{"is on hold: Variation"}},
			{who: "manager", ask: "PUT /api/projects/{project}", body: `{"billing_hold":null,"bill_on_completion":true}`, status: 200},
			{who: "manager", ask: preview, body: all, status: 400},
			{who: "manager", ask: "PUT /api/projects/{project}", body: `{"status":"completed"}`, status: 200},
			{who: "manager", ask: preview, body: all, status: 200},
			{who: "manager", ask: "PUT /api/projects/{project}", body: `{"billing_method":"by_gut"}`, status: 400, parts: []string{`"field":"billing_method"`}},
			{who: "manager", ask: "PUT /api/projects/{project}", body: `{"billing_method":"fixed_price","xero_project_id":"p-1"}`, status: 200, parts: []string{`"xero_project_id":"p-1"`}},
			{who: "manager", ask: preview, body: `{"client_id":"{client}","timesheet_ids":["{free}"]}`, status: 409, parts: []string{"fixed price"}},
			{who: "manager", ask: "PUT /api/projects/{project}", body: `{"billing_method":"time_and_materials"}`, status: 200},
			{who: "manager", ask: "PUT /api/clients/{client}", body: `{"billing_hold":"Insolvent"}`, status: 200, parts: []string{`"billing_hold":"Insolvent"`}},
			{who: "manager", ask: preview, body: all, status: 409, parts: []string{"Insolvent"}},
		})
	})
}

func TestTheBoardShowsTheFirstCardsOfEachState(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		for i := range 4 {
			f.play([]scenario{{who: "manager", ask: "POST /api/projects", body: fmt.Sprintf(`{"name":"Job %d","status":"in-progress","budget":100}`, i), status: 201, save: "job"}})
		}
		f.play([]scenario{
			{who: "manager", ask: "PUT /api/projects/{project}", body: `{"status":"paid"}`, status: 200},
			{who: "tech", ask: "POST /api/timesheets", body: strings.Replace(goodWork, "{project}", "{job}", 1) + `}`, status: 201},
			{who: "manager", ask: "GET /api/projects/board?cards=2", status: 200, parts: []string{`"over_budget":true`, `"actual_cost":"712.50"`, `"hours_logged":"7.50"`, `{"status":"paid","count":1,"cards":[]}`, "!Job 1"}},
			{who: "tech", ask: "GET /api/projects/board", status: 200, parts: []string{`"over_budget":null`, `"budget":null`}},
			{who: "manager", ask: "GET /api/projects/board?archived=true&search=rewire", status: 200, parts: []string{`"Rewire"`, "!Job"}},
			{who: "manager", ask: "GET /api/projects?status=paid", status: 200, parts: []string{`"total":1`}},
		})
		board := answer[boardAnswer](t, f.ask("manager", "GET", "/api/projects/board?cards=2", ""), http.StatusOK)
		if len(board.Columns) != 5 || board.Columns[1].Status != "in-progress" || board.Columns[1].Count != 4 || len(board.Columns[1].Cards) != 2 {
			t.Errorf("%+v", board)
		}
	})
}

// Approving, editing, holding and invoicing race for the same entries: each
// entry is on at most one invoice, and none that was held is on one.
func TestApprovalHoldsAndInvoicingRace(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		var ids []string
		for range 10 {
			made := answer[struct{ ID string }](t, f.ask("tech", "POST", "/api/timesheets", goodWork+`,"hours":1}`), http.StatusCreated)
			ids = append(ids, made.ID)
		}
		chosen, err := json.Marshal(ids)
		if err != nil {
			t.Fatal(err)
		}
		var race sync.WaitGroup
		codes := make([]int, 20)
		for i := range codes {
			race.Go(func() {
				path, body := "/api/xero/invoices/from-timesheets", `{"client_id":"{client}","timesheet_ids":`+string(chosen)+`}`
				switch i % 4 {
				case 1:
					path, body = "/api/timesheets/hold", `{"reason":"Race","ids":`+string(chosen)+`}`
				case 2:
					path, body = "/api/timesheets/approve", `{"ids":`+string(chosen)+`}`
				case 3:
					path, body = "/api/timesheets/release-hold", `{"ids":`+string(chosen)+`}`
				}
				codes[i] = f.ask("manager", "POST", path, body).Code
			})
		}
		race.Wait()
		invoiced := 0
		for i, code := range codes {
			if code >= http.StatusInternalServerError {
				t.Errorf("request %d: %d", i, code)
			}
			if i%4 == 0 && code == http.StatusAccepted {
				invoiced++
			}
		}
		if invoiced > 1 {
			t.Errorf("the same work was invoiced %d times", invoiced)
		}
		for _, id := range ids {
			e, err := f.db.Timesheet(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if (e.InvoiceID != nil) != (invoiced == 1) || e.InvoiceID != nil && e.HoldReason != nil {
				t.Errorf("%d invoices, entry on %v, held %v", invoiced, e.InvoiceID, e.HoldReason)
			}
		}
	})
}
