package api

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// TestAnotherPersonsRecordsStayTheirs asks for everything that belongs to one
// technician as another one: nothing of it is shown or changed, whichever way is
// tried, while their manager may.
func TestAnotherPersonsRecordsStayTheirs(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"hours":2,"notes":"Private note"}`, status: 201, save: "sheet"},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"hours":3}`, status: 201, save: "gone"},
			{who: "tech", ask: "DELETE /api/timesheets/{gone}", status: 200},
			{who: "tech", ask: "POST /api/xero/expenses", body: `{"amount":"23","date":"2026-05-04","description":"Private parking"}`, status: 201, save: "expense"},
			{who: "tech", ask: "POST /api/tokens", body: `{"name":"Mine","scopes":["can_view_clients"]}`, status: 201, save: "token"},
			{who: "tech", ask: "POST /api/search/recent", body: `{"query":"secret search","type":"clients"}`, status: 200},
			{who: "tech", ask: "PUT /api/settings/theme", body: `{"value":"private theme"}`, status: 200},
		})
		w := f.submit("tech", "POST", "/api/timesheets/{sheet}/images", nil, []photo{{"images", "a.jpg", jpeg}})
		if w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		image := answer[imagesAnswer](t, w, 200).ImageURLs[0]
		sessions := answer[[]struct{ ID string }](t, f.ask("tech", "GET", "/api/auth/sessions", ""), 200)
		f.vars["session"] = sessions[0].ID
		f.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.Notify(ctx, f.people["tech"], "approved", "Private notice", "", "")
		})
		deletions := answer[[]fieldops.Deletion](t, f.ask("tech", "GET", "/api/bin?entity_type=timesheet", ""), 200)
		if len(deletions) != 1 {
			t.Fatalf("my own bin holds %+v", deletions)
		}
		f.vars["deletion"] = deletions[0].ID
		quiet := []string{"!Private", "!private", "!secret search", "!{sheet}", "!{expense}", "!{token}"}
		others := []scenario{
			{ask: "GET /api/timesheets", status: 200},
			{ask: "GET /api/timesheets?user_id={tech}", status: 200},
			{ask: "GET /api/timesheets/{sheet}", status: 403},
			{ask: "GET /api/timesheets/{sheet}/why", status: 403},
			{ask: "PUT /api/timesheets/{sheet}", body: `{"project_id":"{project}","hours":9}`, status: 403},
			{ask: "PUT /api/timesheets/{sheet}", body: `{"project_id":"{project}","user_id":"{other}"}`, status: 403},
			{ask: "DELETE /api/timesheets/{sheet}", status: 403},
			{ask: "DELETE /api/timesheets/{sheet}/images/0", status: 403},
			{ask: "POST /api/timesheets/{sheet}/images", status: 403},
			{ask: "POST /api/timesheets/approve", body: `{"ids":["{sheet}"]}`, status: 403},
			{ask: "POST /api/timesheets", body: goodWork + `,"hours":2,"user_id":"{tech}"}`, status: 403},
			{ask: "POST /api/timesheets/batch", body: `{"project_id":"{project}","date":"2026-05-04","cost_center_id":"{center}","people":["{tech}"],"activities":[{"activity_type_id":"{activity}","hours":1}]}`, status: 403},
			{ask: "POST /api/timesheets/{gone}/restore", status: 403},
			{ask: "GET " + image, status: 403},
			{ask: "GET /api/bin", status: 200},
			{ask: "GET /api/bin?entity_type=timesheet", status: 200},
			{ask: "GET /api/bin/{deletion}", status: 403},
			{ask: "GET /api/bin/preview/timesheet/{sheet}", status: 403},
			{ask: "POST /api/bin/{deletion}/restore", status: 403},
			{ask: "GET /api/dashboard/recent-timesheets", status: 200},
			{ask: "GET /api/projects/{project}", status: 200},
			{ask: "GET /api/cost-centers/{center}", status: 200},
			{ask: "GET /api/search?q=private", status: 200},
			{ask: "GET /api/search/recent", status: 200},
			{ask: "GET /api/xero/expenses", status: 200},
			{ask: "GET /api/xero/expenses/{expense}", status: 404},
			{ask: "PUT /api/xero/expenses/{expense}", body: `{"amount":"1"}`, status: 404},
			{ask: "POST /api/xero/expenses/{expense}/submit", status: 404},
			{ask: "GET /api/auth/sessions", status: 200, parts: []string{"!{session}"}},
			{ask: "DELETE /api/auth/sessions/{session}", status: 404},
			{ask: "GET /api/users/{tech}/sessions", status: 403},
			{ask: "GET /api/tokens", status: 200},
			{ask: "DELETE /api/tokens/{token}", status: 404},
			{ask: "GET /api/notifications", status: 200},
			{ask: "GET /api/settings", status: 200},
			{ask: "GET /api/settings/theme", status: 404},
			{ask: "GET /api/users/{tech}", status: 403},
		}
		for _, s := range others {
			s.who = "other"
			for _, part := range quiet {
				// An answer may name the id that it was asked for.
				if id := strings.TrimPrefix(part, "!"); !strings.Contains(s.ask, id) {
					s.parts = append(s.parts, part)
				}
			}
			f.play([]scenario{s})
		}
		f.play([]scenario{
			{who: "tech", ask: "GET /api/timesheets/{sheet}", status: 200, parts: []string{"Private note", `"hours":"2.00"`, fmt.Sprintf("%q", image)}},
			{who: "tech", ask: "GET " + image, status: 200},
			{who: "tech", ask: "GET /api/auth/me", status: 200},
			{who: "tech", ask: "GET /api/notifications", status: 200, parts: []string{"Private notice", `"unread":1`}},
			{who: "manager", ask: "GET /api/timesheets/{sheet}", status: 200, parts: []string{"Private note"}},
			{who: "manager", ask: "GET /api/xero/expenses/{expense}", status: 200},
			{who: "manager", ask: "POST /api/timesheets/{gone}/restore", status: 200},
		})
	})
}
