package bench

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

const (
	adminEmail    = "admin@bench.test"
	adminPassword = "bench-password"
	day500        = 20 // entries a day of a piece of work with 500 entries
)

// size says how much there is in the firm's database before anything is
// measured, and how often each thing is done.
type size struct {
	clients, projects, suppliers int
	oldInvoices, oldOrders       int // that never were to go to Xero
	busyClients                  int // among whom the small pieces of work are spread
	small, large                 int // pieces of unbilled work, of 5 and of 500 entries
}

// work is unbilled work that one invoice bills: a client's entries of some days.
type work struct {
	client   fieldops.ID
	from, to fieldops.Date
	entries  int
}

// firm is what was put into the database.
type firm struct {
	people     []fieldops.User
	activities []fieldops.ActivityType
	center     fieldops.CostCenter
	clients    []fieldops.Client
	suppliers  []fieldops.Client
	projects   []fieldops.Project // the n-th belongs to the n-th client
	today      fieldops.Date
	small      []work
	large      []work
}

// makeFirm fills an empty database by the ways that people use.
func makeFirm(ctx context.Context, t testing.TB, db *store.DB, s size) *firm {
	t.Helper()
	f := &firm{}
	if err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return f.storeRecords(ctx, tx, s) }); err != nil {
		t.Fatalf("storing the firm: %v", err)
	}
	for n := range s.small {
		day := f.today.AddDays(-10 - n/s.busyClients)
		f.small = append(f.small, work{f.clients[n%s.busyClients].ID, day, day, 5})
	}
	for n := range s.large {
		f.large = append(f.large, work{f.clients[s.busyClients+n].ID, f.today.AddDays(-100), f.today.AddDays(-76), 500})
	}
	place := make(map[fieldops.ID]int, len(f.clients))
	for n, c := range f.clients {
		place[c.ID] = n
	}
	storing, ctx := errgroup.WithContext(ctx)
	storing.SetLimit(4)
	all := append(append([]work{}, f.large...), f.small...)
	for len(all) > 0 {
		var some []work
		for entries := 0; len(all) > 0 && entries < 500; all = all[1:] {
			some = append(some, all[0])
			entries += all[0].entries
		}
		storing.Go(func() error {
			return db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
				for _, w := range some {
					if err := f.storeWork(ctx, tx, w, f.projects[place[w.client]%len(f.projects)].ID); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	if err := storing.Wait(); err != nil {
		t.Fatalf("storing the work: %v", err)
	}
	return f
}

func (f *firm) storeRecords(ctx context.Context, tx *store.Tx, s size) error {
	for _, setting := range [][2]string{{"xero_sales_account_code", "200"}, {"xero_purchase_account_code", "300"}} {
		if err := tx.SetSetting(ctx, setting[0], setting[1]); err != nil {
			return err
		}
	}
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	f.today = fieldops.DateOf(tx.Now.Time, settings.Timezone)
	hash := fieldops.HashPassword(adminPassword)
	f.people = []fieldops.User{{Email: adminEmail, Name: "Alex Admin", Role: fieldops.RoleAdmin}}
	for n := range 8 {
		f.people = append(f.people, fieldops.User{Email: fmt.Sprintf("tech%d@bench.test", n), Name: fmt.Sprintf("Technician %d", n), Role: fieldops.RoleUser})
	}
	for n := range f.people {
		f.people[n].PasswordHash, f.people[n].IsActive = hash, true
		if err := tx.InsertUser(ctx, &f.people[n]); err != nil {
			return err
		}
	}
	for n := range 6 {
		a := fieldops.ActivityType{Name: fmt.Sprintf("Activity %d", n), Icon: "zap", Color: "electric", HourlyRate: fieldops.E4(95+5*n) * 1_0000, IsActive: true}
		if err := tx.InsertActivityType(ctx, &a); err != nil {
			return err
		}
		f.activities = append(f.activities, a)
	}
	f.center = fieldops.CostCenter{Code: "CC-001", Name: "General", IsActive: true}
	if err := tx.InsertCostCenter(ctx, &f.center); err != nil {
		return err
	}
	for n := range s.clients + s.suppliers {
		email := fmt.Sprintf("office%05d@bench.test", n)
		c := fieldops.Client{Name: fmt.Sprintf("Client %05d Ltd", n), Email: &email}
		if n >= s.clients {
			c.Name, c.ClientType = fmt.Sprintf("Supplier %05d Ltd", n), fieldops.Supplier
		}
		if err := tx.InsertClient(ctx, &c); err != nil {
			return err
		}
		if n < s.clients {
			f.clients = append(f.clients, c)
		} else {
			f.suppliers = append(f.suppliers, c)
		}
	}
	for n := range s.projects {
		p := fieldops.Project{Name: fmt.Sprintf("Job %05d", n), ClientID: &f.clients[n].ID, Status: "in-progress", Budget: 10_000_00}
		if err := tx.InsertProject(ctx, &p, []fieldops.ID{f.center.ID}); err != nil {
			return err
		}
		f.projects = append(f.projects, p)
	}
	return f.storeHistory(ctx, tx, s)
}

// storeHistory stores documents of earlier years, which no longer go anywhere.
func (f *firm) storeHistory(ctx context.Context, tx *store.Tx, s size) error {
	line := func(n int) fieldops.Line {
		return fieldops.Line{
			Key: fmt.Sprintf("line %d", n), Description: fmt.Sprintf("Line %d", n), Quantity: 2_0000, UnitPrice: 100_0000,
			TaxRate: 150_000, Amount: 200_00, Tax: 30_00,
		}
	}
	for n := range s.oldInvoices {
		i := fieldops.Invoice{
			Number: fmt.Sprintf("OLD-%05d", n), ClientID: &f.clients[n%len(f.clients)].ID, Status: fieldops.StatusPaid, Currency: "NZD",
			IssueDate: f.today.AddDays(-400), DueDate: f.today.AddDays(-380), Lines: []fieldops.Line{line(1), line(2)},
			SubTotal: 400_00, TotalTax: 60_00, Total: 460_00, AmountPaid: 460_00,
		}
		if err := tx.InsertInvoice(ctx, &i); err != nil {
			return err
		}
	}
	for n := range s.oldOrders {
		o := fieldops.PurchaseOrder{
			Number: fmt.Sprintf("OLD-%05d", n), SupplierID: &f.suppliers[n%len(f.suppliers)].ID, ProjectID: &f.projects[n%len(f.projects)].ID,
			Status: fieldops.StatusBilled, Currency: "NZD", Date: f.today.AddDays(-400), Lines: []fieldops.Line{line(1), line(2)},
			SubTotal: 400_00, TotalTax: 60_00, Total: 460_00,
		}
		if err := tx.InsertPurchaseOrder(ctx, &o); err != nil {
			return err
		}
	}
	return nil
}

// storeWork writes a piece of work: the technicians in turn, one or two kinds of
// activity in a small piece, all in a large one.
func (f *firm) storeWork(ctx context.Context, tx *store.Tx, w work, project fieldops.ID) error {
	kinds := min(2, len(f.activities))
	if w.entries > day500 {
		kinds = len(f.activities)
	}
	for n := range w.entries {
		t := fieldops.Timesheet{
			UserID: &f.people[1+n%(len(f.people)-1)].ID, ProjectID: &project, ClientID: &w.client, ActivityTypeID: &f.activities[n%kinds].ID,
			CostCenterID: &f.center.ID, Date: w.from.AddDays(n / day500), Hours: fieldops.E4(1+n%8) * 2500,
		}
		if err := tx.InsertTimesheet(ctx, &t); err != nil {
			return err
		}
	}
	return nil
}

// orderLines are the five lines of a purchase order.
func (f *firm) orderLines() []map[string]any {
	lines := make([]map[string]any, 5)
	for n := range lines {
		lines[n] = map[string]any{
			"description": fmt.Sprintf("Cable, drum %d", n), "quantity": "2.5", "unit_amount": "118.40", "cost_center_id": f.center.ID,
		}
	}
	return lines
}
