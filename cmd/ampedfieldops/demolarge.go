package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// demoSize says how much a made-up firm has behind it.
type demoSize struct {
	timesheets, invoices, clients int
}

// demoSizes are the sizes by name; "small" is the firm of demofirm.go alone.
// Medium is a hundredth of large.
var demoSizes = map[string]demoSize{
	"small":  {},
	"medium": {timesheets: 10_000, invoices: 500, clients: 50},
	"large":  {timesheets: 1_000_000, invoices: 50_000, clients: 5_000},
}

const (
	largeYears      = 8
	largePeople     = 40
	orderEvery      = 10 // invoices for one purchase order
	quoteEvery      = 10
	unbilledEntries = 50 // in a thousand, the newest: nobody has invoiced them yet
)

// largeFirm is the history that is put behind the made-up firm.
type largeFirm struct {
	demoFirm
	size      demoSize
	random    *rand.Rand
	suppliers []fieldops.Client
	started   fieldops.Date
	progress  *progress
}

// makeUpHistory puts years of work behind the made-up firm f, written in bulk. The
// same size always gives the same history.
func makeUpHistory(ctx context.Context, db *store.DB, f *demoFirm, size demoSize, out io.Writer) error {
	l := &largeFirm{demoFirm: *f, size: size, random: rand.New(rand.NewPCG(2026, 2)), progress: &progress{what: "timesheets", out: out, total: size.timesheets, began: time.Now()}}
	l.started = f.today.AddDays(-largeYears * 365)
	err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return l.storePeopleAndClients(ctx, tx) })
	if err != nil {
		return err
	}
	// Each stretch of work is billed by a few invoices, as it went.
	stretches := max(1, size.timesheets/5_000)
	for n := range stretches {
		err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return l.storeStretch(ctx, tx, n, stretches) })
		if err != nil {
			return err
		}
		l.progress.at((n + 1) * size.timesheets / stretches)
	}
	if err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return l.storePapers(ctx, tx) }); err != nil {
		return err
	}
	l.progress.done()
	return db.Optimise(ctx)
}

func (l *largeFirm) storePeopleAndClients(ctx context.Context, tx *store.Tx) error {
	tx.Actor = fieldops.Actor{UserID: l.people[0].ID, Name: l.people[0].Name}
	for n := range largePeople {
		u := fieldops.User{Email: fmt.Sprintf("tech%02d@demo.test", n), Name: fmt.Sprintf("%s %s", pick(l.random, firstNames), pick(l.random, lastNames)), Role: fieldops.RoleUser, IsActive: true, PasswordHash: l.people[0].PasswordHash}
		if err := tx.InsertUser(ctx, &u); err != nil {
			return err
		}
		l.people = append(l.people, u)
	}
	for n := range l.size.clients {
		email := fmt.Sprintf("office%05d@demo.test", n)
		place := pick(l.random, places)
		c := fieldops.Client{Name: fmt.Sprintf("%s %s %d", place, pick(l.random, trades), n), Email: &email, Location: &place}
		if n%50 == 0 {
			c.ClientType = fieldops.Supplier
		}
		if err := tx.InsertClient(ctx, &c); err != nil {
			return err
		}
		if n%50 == 0 {
			l.suppliers = append(l.suppliers, c)
			continue
		}
		p := fieldops.Project{
			Name: pick(l.random, jobs), ClientID: &c.ID, Budget: fieldops.Cents(20_000+l.random.IntN(200_000)) * 100,
			Status: fieldops.ProjectStatuses[min(l.random.IntN(8), 4)], StartDate: l.started,
		}
		if err := tx.InsertProject(ctx, &p, []fieldops.ID{l.centers[n%len(l.centers)].ID}); err != nil {
			return err
		}
		l.clients, l.projects = append(l.clients, c), append(l.projects, p)
	}
	// The first ones are the small firm's, with projects of their own.
	l.clients, l.projects = l.clients[len(demoClients):], l.projects[len(demoProjects):]
	return nil
}

// storeStretch writes the nth of the stretches of work and the invoices that
// bill it. The newest work is not billed.
func (l *largeFirm) storeStretch(ctx context.Context, tx *store.Tx, n, stretches int) error {
	share := func(total int) int { return (n+1)*total/stretches - n*total/stretches }
	entries, invoices := share(l.size.timesheets), share(l.size.invoices)
	from, to := l.day(n, stretches), l.day(n+1, stretches)
	days := max(1, to.DaysSince(from))
	all := make([]fieldops.Invoice, invoices)
	work := make([]fieldops.Timesheet, 0, entries)
	lines := make([]fieldops.ID, 0, entries)
	open := n*1000 >= stretches*(1000-unbilledEntries)
	perInvoice := max(1, entries/max(1, invoices))
	for i := range entries {
		v := min(i/perInvoice, invoices-1)
		inv := &all[v]
		if inv.ID == "" {
			l.beginInvoice(inv, v, n*100_000+v, to)
		}
		line := &inv.Lines[i%len(inv.Lines)]
		t := l.entry(inv, line, from.AddDays(l.random.IntN(days)))
		if open {
			t.BillingStatus, t.InvoiceID = fieldops.Unbilled, nil
			lines = append(lines, "")
		} else {
			lines = append(lines, line.ID)
		}
		line.Quantity += t.Hours
		work = append(work, t)
	}
	for i := range all {
		if all[i].ID == "" {
			l.beginInvoice(&all[i], i, n*100_000+i, to)
		}
		if err := l.finishInvoice(&all[i]); err != nil {
			return err
		}
	}
	if err := tx.FillInvoices(ctx, all); err != nil {
		return err
	}
	return tx.FillTimesheets(ctx, work, lines)
}

// day is where the nth of the stretches begins.
func (l *largeFirm) day(n, stretches int) fieldops.Date {
	return l.started.AddDays(n * largeYears * 365 / stretches)
}

func (l *largeFirm) beginInvoice(v *fieldops.Invoice, _, number int, day fieldops.Date) {
	at := l.random.IntN(len(l.projects))
	activity := l.random.IntN(len(l.activities) - 1)
	v.ID, v.Number = fieldops.NewID(), fmt.Sprintf("H-%08d", number)
	v.ClientID, v.ProjectID, v.ProjectName = l.projects[at].ClientID, &l.projects[at].ID, l.projects[at].Name
	v.Currency, v.IssueDate, v.DueDate = "NZD", day, day.AddDays(20)
	v.CreatedAt = fieldops.At(day.Time())
	v.Status = fieldops.StatusPaid
	if l.today.DaysSince(day) < 60 {
		v.Status = fieldops.StatusAuthorised
	}
	for k := range 2 {
		a := l.activities[activity+k]
		v.Lines = append(v.Lines, fieldops.Line{ID: fieldops.NewID(), Key: "activity:" + a.ID, Description: a.Name, UnitPrice: a.HourlyRate, TaxRate: 150_000})
	}
}

func (l *largeFirm) finishInvoice(v *fieldops.Invoice) error {
	for n := range v.Lines {
		if v.Lines[n].Quantity == 0 {
			v.Lines[n].Quantity = 1_0000
		}
		if err := v.Lines[n].Price(); err != nil {
			return err
		}
	}
	v.SubTotal, v.TotalTax, v.Total = fieldops.Totals(v.Lines)
	v.AmountDue = v.Total
	if v.Status == fieldops.StatusPaid {
		v.AmountPaid, v.AmountDue = v.Total, 0
	}
	return nil
}

// entry is a piece of work that a line of an invoice bills.
func (l *largeFirm) entry(v *fieldops.Invoice, line *fieldops.Line, day fieldops.Date) fieldops.Timesheet {
	activity := strings.TrimPrefix(line.Key, "activity:")
	at := fieldops.At(day.Time().Add(time.Duration(20*60+l.random.IntN(180)) * time.Minute))
	notes := pick(l.random, verbs) + " " + pick(l.random, things) + ", " + pick(l.random, rooms)
	t := fieldops.Timesheet{
		ID: fieldops.NewID(), UserID: &l.people[len(demoPeople)+l.random.IntN(largePeople)].ID, ProjectID: v.ProjectID, ClientID: v.ClientID,
		ActivityTypeID: &activity, CostCenterID: &l.centers[l.random.IntN(len(l.centers))].ID, Date: day, Hours: quarters(l.random, 2, 16),
		HourlyRate: line.UnitPrice, CostRate: line.UnitPrice / 2, Notes: &notes, BillingStatus: fieldops.Billed, InvoiceID: &v.ID, CreatedAt: at, UpdatedAt: at,
	}
	if v.Status == fieldops.StatusPaid {
		t.BillingStatus = fieldops.Paid
	}
	return t
}

// storePapers writes the other documents, a tenth as many as invoices of each.
func (l *largeFirm) storePapers(ctx context.Context, tx *store.Tx) error {
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	line := func() []fieldops.Line {
		k := fieldops.Line{Description: pick(l.random, things), Quantity: fieldops.E4(1+l.random.IntN(50)) * 1_0000, UnitPrice: fieldops.E4(100+l.random.IntN(9_000)) * 100, TaxRate: 150_000}
		if err := k.Price(); err != nil {
			panic("demo: " + err.Error()) // small numbers
		}
		return []fieldops.Line{k}
	}
	for n := range l.size.invoices / orderEvery {
		p := &l.projects[l.random.IntN(len(l.projects))]
		day := l.started.AddDays(n * largeYears * 365 / (l.size.invoices / orderEvery))
		o := fieldops.PurchaseOrder{
			Number: fmt.Sprintf("HPO-%06d", n), SupplierID: &l.suppliers[n%len(l.suppliers)].ID, ProjectID: &p.ID, Status: fieldops.StatusBilled,
			Currency: settings.Currency, Date: day, Lines: line(),
		}
		o.SubTotal, o.TotalTax, o.Total = fieldops.Totals(o.Lines)
		if err := tx.InsertPurchaseOrder(ctx, &o); err != nil {
			return err
		}
		if n%(quoteEvery/orderEvery) == 0 {
			q := fieldops.Quote{ClientID: p.ClientID, ProjectID: &p.ID, Status: "SENT", Currency: settings.Currency, IssueDate: day, ExpiryDate: day.AddDays(30), Lines: line()}
			q.SubTotal, q.TotalTax, q.Total = fieldops.Totals(q.Lines)
			if err := tx.InsertQuote(ctx, &q, settings); err != nil {
				return err
			}
		}
	}
	return nil
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

var (
	firstNames = []string{"Aroha", "Ben", "Chloe", "Dev", "Eruera", "Fetu", "Grace", "Hemi", "Isla", "Jack", "Kiri", "Liam", "Mereana", "Nikau", "Olivia", "Pita"}
	lastNames  = []string{"Ngata", "Smith", "Patel", "Tūhoro", "Brown", "Faleolo", "Wilson", "Rāpana", "Chen", "Taylor", "Kahukura", "Walker"}
	places     = []string{"Auckland", "Hamilton", "Tauranga", "Whangārei", "Ōtaki", "Wellington", "Nelson", "Christchurch", "Dunedin", "Taupō", "Rotorua", "Kāpiti"}
	trades     = []string{"Motors", "Bakery", "Dental", "Orchards", "Cool Stores", "Engineering", "Homes", "Hotel", "Dairy", "Printing", "Marae Trust", "Body Corporate"}
	jobs       = []string{"Switchboard upgrade", "Lighting replacement", "Data cabling", "Rewire", "Solar and battery", "Fault finding", "Maintenance", "Fit-out"}
	verbs      = []string{"Fitted", "Tested", "Replaced", "Isolated", "Terminated", "Labelled", "Pulled", "Commissioned"}
	things     = []string{"sub-mains", "emergency lights", "socket outlets", "the distribution board", "motor cables", "smoke alarms", "a contactor", "data points", "RCDs"}
	rooms      = []string{"level 1", "level 2", "the plant room", "the kitchen", "the roof", "the workshop", "unit 4", "the switch room"}
)
