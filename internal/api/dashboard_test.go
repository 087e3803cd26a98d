package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// The former product showed everybody's timesheets and the firm's money to all,
// and as revenue of the year the cost of all projects of all time.
func TestTheDashboardTellsEachTheirOwn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		settings, err := f.db.Settings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p := periodsOf(f.now, settings)
		f.vars["today"] = string(p.Today)
		book := func(who, hours string) {
			f.play([]scenario{{who: who, ask: "POST /api/timesheets", body: strings.Replace(goodWork, "2026-05-04", "{today}", 1) + `,"hours":` + hours + `}`, status: 201}})
		}
		book("tech", "2.5")
		book("other", "4")
		f.play([]scenario{{who: "manager", ask: "PUT /api/projects/{project}", body: `{"status":"in-progress","budget":1000,"end_date":"2020-01-01"}`, status: 200}})
		f.write(func(ctx context.Context, tx *store.Tx) error {
			client := f.vars["client"]
			for n, i := range []fieldops.Invoice{
				{Status: fieldops.StatusAuthorised, IssueDate: p.Today, SubTotal: 500_00, Total: 575_00},
				{Status: fieldops.StatusPaid, IssueDate: p.YearStart, SubTotal: 100_10, Total: 115_12},
				{Status: fieldops.StatusAuthorised, IssueDate: p.YearStart.AddDays(-1), SubTotal: 9_000_00}, // last year's
				{Status: fieldops.StatusDraft, IssueDate: p.Today, SubTotal: 7_000_00},                      // not invoiced yet
			} {
				i.Number, i.ClientID, i.Currency = fmt.Sprintf("D-%d", n), &client, "NZD"
				if err := tx.InsertInvoice(ctx, &i); err != nil {
					return err
				}
			}
			return nil
		})
		f.play([]scenario{
			{who: "tech", ask: "GET /api/dashboard", status: 200, parts: []string{"availableEndpoints"}},
			{who: "manager", ask: "GET /api/dashboard/metrics", status: 200, parts: []string{
				`"totalProjects":1`, `"activeProjects":1`, `"totalHours":6.5`, `"totalRevenue":600.1`, `"activeTeam":2`, `{"date":"{today}","hours":6.5}`, `"own_work":false`, `"as_of":"`, `"hoursTrend":100`,
			}},
			{who: "tech", ask: "GET /api/dashboard/metrics", status: 200, parts: []string{`"totalHours":2.5`, `"totalRevenue":null`, `"revenueTrend":null`, `"activeTeam":1`, `{"date":"{today}","hours":2.5}`, `"own_work":true`, "!600.1"}},
			{who: "tech", ask: "GET /api/dashboard/recent-timesheets", status: 200, parts: []string{`"user_name":"tech"`, `!"user_name":"other"`}},
			{who: "manager", ask: "GET /api/dashboard/recent-timesheets?limit=1", status: 200, parts: []string{`"user_name":"other"`, `!"user_name":"tech"`}},
			{who: "tech", ask: "GET /api/dashboard/active-projects", status: 200, parts: []string{`"hours_logged":"6.50"`, `"budget":null`}},
			{who: "manager", ask: "GET /api/dashboard/quick-stats", status: 200, parts: []string{`"budgetUtilization":62`, `"projectsOnTrack":100`, `"overdueProjects":100`}},
			{who: "tech", ask: "GET /api/dashboard/quick-stats", status: 200, parts: []string{`"budgetUtilization":null`}},
		})
		f.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.SetPermission(ctx, f.people["other"], fieldops.CanViewDashboard, false)
		})
		book("tech", "1")
		f.play([]scenario{
			{who: "other", ask: "GET /api/dashboard/metrics", status: 403},
			{who: "tech", ask: "GET /api/dashboard/metrics", status: 200, parts: []string{`"totalHours":2.5`}}, // kept for a while
		})
		f.now = f.now.Add(figuresFresh)
		f.play([]scenario{{who: "tech", ask: "GET /api/dashboard/metrics", status: 200, parts: []string{`"totalHours":3.5`}}})
	})
}

func TestTheDashboardsPeriodsAreTheFirms(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		parsed, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for now, want := range map[string][6]fieldops.Date{
		// The evening of 31 March in UTC is 1 April there: a new year.
		"2026-03-31T12:00:00Z": {"2026-04-01", "2026-04-01", "2026-03-30", "2026-04-01", "2026-03-01", "2026-03-01"},
		"2026-03-31T10:00:00Z": {"2026-03-31", "2025-04-01", "2026-03-30", "2026-03-01", "2026-02-01", "2026-02-28"},
		"2026-01-01T00:00:00Z": {"2026-01-01", "2025-04-01", "2025-12-29", "2026-01-01", "2025-12-01", "2025-12-01"},
	} {
		p := periodsOf(at(now), fieldops.Settings{Timezone: zone, YearStart: time.April})
		if got := [6]fieldops.Date{p.Today, p.YearStart, p.Week, p.Month, p.LastMonth, p.LastMonthDay}; got != want {
			t.Errorf("%s: %v, want %v", now, got, want)
		}
	}
	for _, c := range []struct {
		now, before int64
		want        string
	}{{0, 0, "0"}, {5, 0, "100"}, {15, 10, "50"}, {10, 15, "-33.3"}, {1, -2, "150"}} {
		if got := trend(c.now, c.before); string(got) != c.want {
			t.Errorf("from %d to %d: %s, want %s", c.before, c.now, got, c.want)
		}
	}
}

func TestFiguresAreAddedUpByOneAtATime(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	k := newFigures[int64](func() time.Time { return time.Unix(now.Load(), 0) })
	now.Store(1_000_000)
	var made atomic.Int64
	begun, goOn := make(chan struct{}), make(chan struct{})
	slow := func(context.Context) (int64, error) {
		n := made.Add(1)
		begun <- struct{}{}
		<-goOn
		return n, nil
	}
	ask := func(want int64) {
		t.Helper()
		if got, _, err := k.of(t.Context(), "all", slow); got != want || err != nil {
			t.Errorf("%d, %v, want %d", got, err, want)
		}
	}
	// Twenty who ask first wait for one.
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { ask(1) })
	}
	<-begun
	goOn <- struct{}{}
	all.Wait()
	// Somewhat later one works them out anew, and the others get the old ones.
	now.Add(20)
	all.Go(func() { ask(2) })
	<-begun
	ask(1)
	now.Add(10) // the old ones are too old now: the others wait
	all.Go(func() { ask(2) })
	goOn <- struct{}{}
	all.Wait()
	// What failed is not kept, and whoever waited tries by himself.
	if _, _, err := k.of(t.Context(), "nobody", func(context.Context) (int64, error) { return 0, errors.New("broken") }); err == nil {
		t.Error("a failure was no failure")
	}
	if got, _, err := k.of(t.Context(), "nobody", func(context.Context) (int64, error) { return 7, nil }); got != 7 || err != nil {
		t.Errorf("%d, %v after a failure", got, err)
	}
}

func TestTheReportOfCostCentres(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "admin", ask: "PUT /api/activity-types/{activity}", body: `{"cost_rate":40}`, status: 200},
			{who: "admin", ask: "PUT /api/cost-centers/{center}", body: `{"budget":1000}`, status: 200},
			{who: "tech", ask: "POST /api/timesheets", body: goodWork + `,"hours":10}`, status: 201},
			{who: "tech", ask: "POST /api/timesheets", body: strings.Replace(goodWork, "2026-05-04", "2026-01-04", 1) + `,"hours":2}`, status: 201},
			{who: "tech", ask: "GET /api/reports/cost-centers", status: 403},
			{who: "manager", ask: "GET /api/reports/cost-centers?weeks=0&date_from=2026-06-01&date_to=2026-05-01", status: 400, parts: []string{`"field":"date_to"`}},
			{who: "manager", ask: "GET /api/reports/cost-centers?weeks=105", status: 400, parts: []string{`"field":"weeks"`}},
			{
				who: "manager", ask: "GET /api/reports/cost-centers?date_from=2026-05-01&date_to=2026-05-10&weeks=4", status: 200,
				parts: []string{
					`"code":"CC-1"`, `"timesheets_count":1`, `"hours":"10.00"`, `"labour_cost":"400.00"`, `"labour_charge":"950.00"`, `"total_cost":"400.00"`,
					`"spent_to_date":"480.00"`, `"remaining":"520.00"`, `"burn_rate":"100.00"`, `"projected_exhaustion_date":"2026-06-16"`,
				},
			},
			{who: "manager", ask: "GET /api/reports/cost-centers?project_id={nowhere}&date_to=2026-05-10", status: 200, parts: []string{`"hours":"0.00"`, `"projected_exhaustion_date":null`}},
			{who: "manager", ask: "GET /api/cost-centers/{center}", status: 200, parts: []string{`"costs":{`, `"spent_to_date":"480.00"`, `"timesheets":[{`, `"project_count":0`, `"total_hours":"12.00"`, `"total_cost":"1140.00"`}},
			{who: "other", ask: "GET /api/cost-centers/{center}", status: 200, parts: []string{`"timesheets":[]`, `"spent_to_date":null`, `"total_cost":null`}},
		})
		f.play([]scenario{{who: "manager", ask: "POST /api/xero/purchase-orders", body: strings.Replace(orderOfTwoLines, "2026-11-02", "2026-05-05", 1), status: 202, save: "order"}})
		f.vars["cable"] = answer[orderAnswer](t, f.ask("manager", "GET", "/api/xero/purchase-orders/{order}", ""), 200).LineItems[0].ID
		part := `{"date":"2026-05-06","bill_number":"S-1","lines":[{"po_line_id":"{cable}","quantity":40}]}`
		const may = "GET /api/reports/cost-centers?date_from=2026-05-01&date_to=2026-05-10"
		f.play([]scenario{
			{who: "manager", ask: may, status: 200, parts: []string{`"po_commitments":"125.00"`, `"bills":"0.00"`, `"total_cost":"400.00"`}},
			// What a bill has of an order is cost, and only the rest is still ordered.
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: part, status: 201, save: "bill"},
			{who: "manager", ask: may, status: 200, parts: []string{`"po_commitments":"75.00"`, `"bills":"50.00"`, `"total_cost":"450.00"`}},
			{who: "manager", ask: may + "&project_id={project}", status: 200, parts: []string{`"po_commitments":"75.00"`, `"bills":"50.00"`}},
			{who: "manager", ask: may + "&project_id={nowhere}", status: 200, parts: []string{`"po_commitments":"0.00"`, `"bills":"0.00"`}},
			{who: "tech", ask: "POST /api/xero/expenses", body: `{"project_id":"{project}","cost_center_id":"{center}","amount":"23.00","date":"2026-05-07","description":"Parking"}`, status: 201},
			{who: "manager", ask: may, status: 200, parts: []string{`"expenses":"20.00"`, `"total_cost":"470.00"`}},
			{who: "manager", ask: "DELETE /api/xero/bills/{bill}", status: 200},
			{who: "manager", ask: may, status: 200, parts: []string{`"po_commitments":"125.00"`, `"bills":"0.00"`, `"total_cost":"420.00"`}},
			{who: "manager", ask: "POST /api/xero/purchase-orders/{order}/convert-to-bill", body: `{"date":"2026-05-06"}`, status: 201},
			{who: "manager", ask: may, status: 200, parts: []string{`"po_commitments":"0.00"`, `"bills":"125.00"`, `"total_cost":"545.00"`}},
		})
		w := f.ask("manager", "GET", "/api/reports/cost-centers?format=csv&date_to=2026-05-10", "")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "CC-1") || !strings.Contains(w.Body.String(), "projected_exhaustion_date") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		f.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.SetPermission(ctx, f.people["manager"], fieldops.CanExportData, false)
		})
		f.play([]scenario{{who: "manager", ask: "GET /api/reports/cost-centers?format=csv", status: 403}})
	})
}
