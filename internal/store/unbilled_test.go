package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// TestAllWorkIsBilledOrExplained makes 10,000 entries under random rules and
// shows that what is billed and what is explained by its first reason add up to
// all work, to the cent; that the sums made in SQL are those of the rule; and
// that what an invoice would take is what nothing keeps off.
func TestAllWorkIsBilledOrExplained(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		const seed = 20261124
		random := rand.New(rand.NewPCG(seed, 1))
		o := newOffice(t, db)
		n := 10_000
		if testing.Short() {
			n = 1_000
		}
		ids := randomWork(t, o, random, n)

		for _, required := range []bool{false, true} {
			var entries []fieldops.Timesheet
			for page := 1; ; page++ {
				some, _, err := db.Timesheets(ctx, store.TimesheetFilter{Page: store.Page{Number: page, Size: 2500}})
				if err != nil {
					t.Fatal(err)
				}
				if len(some) == 0 {
					break
				}
				entries = append(entries, some...)
			}
			if len(entries) != len(ids) {
				t.Fatalf("%d entries, want %d", len(entries), len(ids))
			}
			var all, billed, explained fieldops.Cents
			byReason := map[fieldops.ReasonCode]store.UnbilledSum{}
			byClient := map[fieldops.ID]map[fieldops.ReasonCode]fieldops.Cents{}
			ready := map[fieldops.ID]map[fieldops.ID]bool{}
			for i := range entries {
				e := &entries[i]
				all += e.Amount()
				reasons := e.Unbilled(required)
				if (reasons == nil) != e.IsBilled() {
					t.Fatalf("seed %d: billed %v, yet %+v", seed, e.IsBilled(), reasons)
				}
				if reasons == nil {
					billed += e.Amount()
					continue
				}
				sum := byReason[reasons[0].Code]
				sum.Hours, sum.Total, sum.Timesheets = sum.Hours+e.Hours, sum.Total+e.Amount(), sum.Timesheets+1
				byReason[reasons[0].Code] = sum
				if e.ClientID == nil {
					continue
				}
				if byClient[*e.ClientID] == nil {
					byClient[*e.ClientID], ready[*e.ClientID] = map[fieldops.ReasonCode]fieldops.Cents{}, map[fieldops.ID]bool{}
				}
				byClient[*e.ClientID][reasons[0].Code] += e.Amount()
				if e.KeptOff(required) == nil {
					ready[*e.ClientID][e.ID] = true
				}
			}

			unbilled, err := db.Unbilled(ctx, "2026-06-01", "", required)
			if err != nil {
				t.Fatal(err)
			}
			got := map[fieldops.ReasonCode]store.UnbilledSum{}
			for _, r := range unbilled.Reasons {
				explained += r.Total
				got[r.Code] = store.UnbilledSum{Hours: r.Hours, Total: r.Total, Timesheets: r.Timesheets}
			}
			if diff := cmp.Diff(byReason, got); diff != "" {
				t.Errorf("seed %d, approval %v: the rule and the sums differ (-rule +SQL):\n%s", seed, required, diff)
			}
			if billed+explained != all || billed == 0 || explained == 0 {
				t.Errorf("seed %d, approval %v: billed %s and explained %s are not all work, %s", seed, required, billed, explained, all)
			}
			balance, err := db.WorkBalance(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if balance.All.Total != all || balance.Billed.Total != billed || balance.All.Timesheets != len(entries) {
				t.Errorf("seed %d: the balance says %+v, by the entries all is %s and billed %s", seed, balance, all, billed)
			}
			if wanted := len(fieldops.ReasonCodes); required && len(got) != wanted {
				t.Errorf("%d of %d reasons were met", len(got), wanted)
			}
			for _, c := range unbilled.Clients {
				sums := map[fieldops.ReasonCode]fieldops.Cents{}
				for _, r := range c.Reasons {
					sums[r.Code] = r.Total
				}
				if diff := cmp.Diff(byClient[c.ClientID], sums); diff != "" {
					t.Errorf("seed %d: client %s (-rule +SQL):\n%s", seed, c.ClientName, diff)
				}
				checkSelection(t, db, c.ClientID, ready[c.ClientID], required)
			}
			checkOpenList(t, db, o.client.ID, entries, required)
		}
	})
}

// checkSelection compares what an invoice would take with what nothing keeps off.
func checkSelection(t *testing.T, db *store.DB, client fieldops.ID, ready map[fieldops.ID]bool, required bool) {
	t.Helper()
	work, err := db.BillableWork(t.Context(), store.Work{ClientID: client, Approved: required})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range work {
		if !ready[e.ID] {
			t.Errorf("an invoice would take %s, which is kept off", e.ID)
		}
	}
	if len(work) != min(len(ready), fieldops.MaxTimesheets+1) {
		t.Errorf("an invoice would take %d entries, want %d", len(work), len(ready))
	}
}

// checkOpenList walks the list of a client's open work from page to page.
func checkOpenList(t *testing.T, db *store.DB, client fieldops.ID, entries []fieldops.Timesheet, required bool) {
	t.Helper()
	open := map[fieldops.ID]bool{}
	for i := range entries {
		if e := &entries[i]; e.ClientID != nil && *e.ClientID == client && !e.IsBilled() {
			open[e.ID] = true
		}
	}
	listed := 0
	filter := store.OpenFilter{ClientID: client, Limit: 400}
	for {
		some, err := db.OpenTimesheets(t.Context(), filter, required)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range some {
			if !open[e.ID] {
				t.Fatalf("%s is listed as open, twice or wrongly", e.ID)
			}
			delete(open, e.ID)
			filter.AfterDate, filter.AfterID = e.Date, e.ID
		}
		if listed += len(some); len(some) < filter.Limit {
			break
		}
	}
	if len(open) > 0 || listed == 0 {
		t.Errorf("%d listed, %d open entries are not", listed, len(open))
	}
}

// randomWork books n entries for clients and projects with all kinds of terms,
// and puts some of them on invoices in all states.
func randomWork(t *testing.T, o *office, random *rand.Rand, n int) []fieldops.ID {
	t.Helper()
	hold := "Disputed"
	certificates := fieldops.SafetyTypes
	oneIn := func(k int) bool { return random.IntN(k) == 0 }
	clients := []*fieldops.ID{nil, &o.client.ID}
	var projects []fieldops.Project
	var ids []fieldops.ID
	activities := []fieldops.ID{o.activity.ID}
	o.write(t, func(ctx context.Context, tx *store.Tx) error {
		for i := range 4 {
			c := fieldops.Client{Name: fmt.Sprintf("Client %d", i)}
			if i == 0 {
				c.BillingHold = &hold
			}
			if err := tx.InsertClient(ctx, &c); err != nil {
				return err
			}
			clients = append(clients, &c.ID)
		}
		for _, rate := range []fieldops.E4{0, 1_234_567, 333_333} {
			a := fieldops.ActivityType{Name: "Kind", Icon: "Zap", Color: "blue", HourlyRate: rate, IsActive: true}
			if err := tx.InsertActivityType(ctx, &a); err != nil {
				return err
			}
			activities = append(activities, a.ID)
		}
		for i := range 40 {
			p := fieldops.Project{Name: fmt.Sprintf("Project %d", i), ClientID: clients[random.IntN(len(clients))], Status: fieldops.ProjectStatuses[random.IntN(5)]}
			p.BillingMethod = []string{fieldops.TimeAndMaterials, fieldops.TimeAndMaterials, fieldops.TimeAndMaterials, fieldops.FixedPrice, fieldops.NonBillable}[random.IntN(5)]
			p.BillOnCompletion = oneIn(4)
			if oneIn(6) {
				p.BillingHold = &hold
			}
			if i%3 == 0 {
				p.CertificateRequired = &certificates[1+i%2]
			}
			if err := tx.InsertProject(ctx, &p, nil); err != nil {
				return err
			}
			if i%5 < 2 { // some have it, some the other one, and some only a draft of it
				if err := certify(ctx, tx, p.ID, certificates[1+i%4/2], i%7 > 0); err != nil {
					return err
				}
			}
			projects = append(projects, p)
		}
		return nil
	})
	statuses := []string{fieldops.StatusDraft, fieldops.StatusSubmitted, fieldops.StatusAuthorised, fieldops.StatusPaid}
	onInvoices := map[string][]fieldops.ID{}
	o.write(t, func(ctx context.Context, tx *store.Tx) error {
		for range n {
			p := projects[random.IntN(len(projects))]
			e := o.work(fieldops.Date("2026-01-01").AddDays(random.IntN(150)), fieldops.MinHours+fieldops.E4(random.IntN(2375))*100)
			e.ProjectID, e.ActivityTypeID, e.NotBillable = &p.ID, &activities[random.IntN(len(activities))], oneIn(12)
			if err := tx.InsertTimesheet(ctx, &e); err != nil {
				return err
			}
			ids = append(ids, e.ID)
			if oneIn(3) {
				status := statuses[random.IntN(4)]
				onInvoices[status] = append(onInvoices[status], e.ID)
			}
		}
		chosen := func(k int) (some []fieldops.ID) {
			for _, id := range ids {
				if oneIn(k) {
					some = append(some, id)
				}
			}
			return some
		}
		if _, err := tx.ApproveTimesheets(ctx, chosen(2), nil); err != nil {
			return err
		}
		if _, err := tx.HoldTimesheets(ctx, chosen(10), hold); err != nil {
			return err
		}
		for _, status := range statuses {
			i := fieldops.Invoice{
				Number: "RANDOM-" + status, ClientID: &o.client.ID, Status: status, Currency: "NZD", IssueDate: "2026-06-01",
				Lines: []fieldops.Line{{ID: fieldops.NewID(), Key: "x", Description: "x", Quantity: 1, Timesheets: onInvoices[status]}},
			}
			if err := tx.InsertInvoice(ctx, &i); err != nil {
				return err
			}
			if err := tx.BillTimesheets(ctx, &i); err != nil {
				return err
			}
		}
		return nil
	})
	return ids
}
