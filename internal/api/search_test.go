package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// The former product's search showed everybody's timesheets to everybody.
func TestSearchShowsOnlyWhatThePersonMaySee(t *testing.T) {
	t.Parallel()
	both(t, func(_ *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"notes":"Replaced the switchboard at Whangārei","location":"Tāmaki"}`, status: 201, save: "mine"},
			{who: "other", ask: "POST /api/timesheets", body: goodWork + `,"notes":"Switchboard, second fix"}`, status: 201, save: "theirs"},
			{who: "manager", ask: "POST /api/xero/invoices/from-timesheets", body: `{"client_id":"{client}","timesheet_ids":["{theirs}"]}`, status: 202},

			{who: "tech", ask: "GET /api/search?q=switchb", status: 200, parts: []string{`"id":"{mine}"`, `!{theirs}`, `"clients":[]`, `"projects":[]`, `!"invoices"`, `!"quotes"`}},
			{who: "manager", ask: "GET /api/search?q=SWITCHB", status: 200, parts: []string{`"id":"{mine}"`, `"id":"{theirs}"`, `"invoices":[]`, `"quotes":[]`, `"purchase_orders":[]`}},
			{who: "manager", ask: "GET /api/search?q=switch+fix", status: 200, parts: []string{`!{mine}`, `"id":"{theirs}"`}},
			{who: "manager", ask: "GET /api/search?q=board", status: 200, parts: []string{`"timesheets":[]`}}, // not the beginning of a word
			{who: "tech", ask: "GET /api/search?q=whangarei", status: 200, parts: []string{`"id":"{mine}"`}},
			{who: "tech", ask: "GET /api/search?q=tamaki&type=timesheets", status: 200, parts: []string{`"id":"{mine}"`, `!"clients"`}},
			{who: "tech", ask: "GET /api/search?q=kowhai", status: 200, parts: []string{`"name":"Kōwhai Café"`, `"timesheets":[]`}},
			{who: "tech", ask: "GET /api/search?q=cafe&type=clients", status: 200, parts: []string{`"name":"Kōwhai Café"`}},
			{who: "tech", ask: "GET /api/search?q=rew", status: 200, parts: []string{`"name":"Rewire"`, `"client_name":"Kōwhai Café"`}},
			{who: "manager", ask: "GET /api/search?q=00001&type=invoices", status: 200, parts: []string{`"number":"INV-00001"`, `!"timesheets"`}},
			{who: "tech", ask: "GET /api/search?q=00001&type=invoices", status: 200, parts: []string{`!INV-00001`}},
			{who: "tech", ask: "GET /api/search?q=k", status: 200, parts: []string{`"clients":[]`}},
			{who: "tech", ask: "GET /api/search?q=%25%25", status: 200, parts: []string{`"clients":[]`, `"timesheets":[]`}},
			{who: "tech", ask: "GET /api/search?q=kowhai&type=secrets", status: 400},

			{who: "tech", ask: "PUT /api/timesheets/{mine}", body: `{"notes":"Meter box"}`, status: 200},
			{who: "manager", ask: "GET /api/search?q=replaced&type=timesheets", status: 200, parts: []string{`"timesheets":[]`}},
			{who: "manager", ask: "GET /api/search?q=meter&type=timesheets", status: 200, parts: []string{`"id":"{mine}"`}},
			{who: "tech", ask: "DELETE /api/timesheets/{mine}", status: 200},
			{who: "manager", ask: "GET /api/search?q=meter&type=timesheets", status: 200, parts: []string{`"timesheets":[]`}},
		})
		f.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.SetPermission(ctx, f.people["tech"], fieldops.CanViewClients, false)
		})
		f.play([]scenario{{who: "tech", ask: "GET /api/search?q=kowhai", status: 200, parts: []string{`!"clients"`}}})
	})
}

func TestRecentSearches(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "GET /api/search/recent", status: 200, parts: []string{"[]"}},
			{who: "tech", ask: "POST /api/search/recent", body: `{"query":" "}`, status: 400},
		})
		var race sync.WaitGroup
		for i := range 20 {
			race.Go(func() {
				if w := f.ask("tech", "POST", "/api/search/recent", fmt.Sprintf(`{"query":"q%d","type":"clients"}`, i%12)); w.Code != http.StatusOK {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
		race.Wait()
		recent := answer[[]recentSearch](t, f.ask("tech", "GET", "/api/search/recent", ""), http.StatusOK)
		seen := map[string]bool{}
		for _, s := range recent {
			seen[s.Query] = true
		}
		if len(recent) != maxRecent || len(seen) != maxRecent {
			t.Errorf("%+v", recent)
		}
		f.play([]scenario{
			{who: "tech", ask: "POST /api/search/recent", body: `{"query":"newest"}`, status: 200, parts: []string{"Search saved"}},
			{who: "other", ask: "GET /api/search/recent", status: 200, parts: []string{"[]"}},
		})
		if w := f.ask("tech", "GET", "/api/search/recent", ""); !strings.HasPrefix(w.Body.String(), `[{"query":"newest"`) {
			t.Errorf("%s", w.Body)
		}
		f.play([]scenario{
			{who: "tech", ask: "DELETE /api/search/recent", status: 200},
			{who: "tech", ask: "GET /api/search/recent", status: 200, parts: []string{"[]"}},
		})
	})
}
