package billing_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// firm is a small electrical firm on a fresh database: two people, a client
// with two projects, two kinds of work.
type firm struct {
	t       testing.TB
	db      *store.DB
	billing *billing.Service
	actor   fieldops.Actor
	today   fieldops.Date

	jane, tāne          fieldops.User
	client              fieldops.Client
	supplier            fieldops.Client
	wiring, alarm       fieldops.Project
	installing, testing fieldops.ActivityType
	ordered             fieldops.CostCenter // with the client's order number
	other               fieldops.CostCenter
	general             fieldops.CostCenter // without one
}

func newFirm(t testing.TB, db *store.DB) *firm {
	t.Helper()
	f := &firm{
		t: t, db: db,
		billing: billing.New(db, billing.NewSync(billing.SyncConfig{DB: db, Durations: fieldops.RealDurations(1), MaxAttempts: 3})),
		jane:    fieldops.User{Email: "jane@firm.test", Name: "Jane Doe", Role: fieldops.RoleManager, IsActive: true},
		tāne:    fieldops.User{Email: "tane@firm.test", Name: "Tāne Rāwiri", Role: fieldops.RoleUser, IsActive: true},

		client:     fieldops.Client{Name: "Kererū Homes", ClientType: fieldops.Customer},
		supplier:   fieldops.Client{Name: "Copper & Co", ClientType: fieldops.Supplier},
		wiring:     fieldops.Project{Name: "Wiring"},
		alarm:      fieldops.Project{Name: "Alarm"},
		installing: fieldops.ActivityType{Name: "Installation", Icon: "bolt", Color: "#00d4ff", HourlyRate: 95_0000, IsActive: true},
		testing:    fieldops.ActivityType{Name: "Testing", Icon: "bolt", Color: "#00d4ff", HourlyRate: 110_5000, IsActive: true},
		ordered:    fieldops.CostCenter{Code: "A1", Name: "Stage one", ClientPONumber: text("PO 7781"), IsActive: true},
		general:    fieldops.CostCenter{Code: "C1", Name: "General", IsActive: true},
		other:      fieldops.CostCenter{Code: "B1", Name: "Stage two", ClientPONumber: text("PO 9000"), IsActive: true},
	}
	f.write(func(ctx context.Context, tx *store.Tx) error {
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		f.today = fieldops.DateOf(tx.Now.Time, settings.Timezone)
		for _, u := range []*fieldops.User{&f.jane, &f.tāne} {
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
		}
		for _, c := range []*fieldops.Client{&f.client, &f.supplier} {
			if err := tx.InsertClient(ctx, c); err != nil {
				return err
			}
		}
		for _, p := range []*fieldops.Project{&f.wiring, &f.alarm} {
			p.ClientID = &f.client.ID
			if err := tx.InsertProject(ctx, p, nil); err != nil {
				return err
			}
		}
		for _, a := range []*fieldops.ActivityType{&f.installing, &f.testing} {
			if err := tx.InsertActivityType(ctx, a); err != nil {
				return err
			}
		}
		for _, k := range []*fieldops.CostCenter{&f.ordered, &f.other, &f.general} {
			if err := tx.InsertCostCenter(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
	f.actor = fieldops.Actor{UserID: f.jane.ID, Name: f.jane.Name, RequestID: "test"}
	return f
}

// version refuses what is made of another version than this one.
func (f *firm) version(seen fieldops.Time) func(fieldops.Time) error {
	return func(is fieldops.Time) error {
		if is != seen {
			return fieldops.Refuse(fieldops.Stale, "It is another one")
		}
		return nil
	}
}

func text(s string) *string { return &s }

func (f *firm) write(change func(ctx context.Context, tx *store.Tx) error) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := f.db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return change(ctx, tx) }); err != nil {
		f.t.Fatal(err)
	}
}

// work books hours of installation on the wiring project, unless change says
// otherwise, daysAgo.
func (f *firm) work(daysAgo int, hours fieldops.E4, change ...func(*fieldops.Timesheet)) fieldops.Timesheet {
	f.t.Helper()
	t := fieldops.Timesheet{
		UserID: &f.tāne.ID, ProjectID: &f.wiring.ID, ActivityTypeID: &f.installing.ID, CostCenterID: &f.general.ID,
		Date: f.today.AddDays(-daysAgo), Hours: hours,
	}
	for _, c := range change {
		c(&t)
	}
	f.write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertTimesheet(ctx, &t) })
	return t
}

// manyHours books n hours, each an entry.
func (f *firm) manyHours(n int) []fieldops.ID {
	f.t.Helper()
	ids := make([]fieldops.ID, n)
	f.write(func(ctx context.Context, tx *store.Tx) error {
		for i := range n {
			t := fieldops.Timesheet{
				UserID: &f.tāne.ID, ProjectID: &f.wiring.ID, ActivityTypeID: &f.installing.ID, CostCenterID: &f.general.ID,
				Date: f.today.AddDays(-i % 28), Hours: 1_0000,
			}
			if i%2 == 1 {
				t.ActivityTypeID = &f.testing.ID
			}
			if err := tx.InsertTimesheet(ctx, &t); err != nil {
				return fmt.Errorf("timesheet %d: %w", i, err)
			}
			ids[i] = t.ID
		}
		return nil
	})
	return ids
}

func (f *firm) timesheet(id fieldops.ID) fieldops.Timesheet {
	f.t.Helper()
	t, err := f.db.Timesheet(context.Background(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return t
}

// invoice invoices everything unbilled of the client.
func (f *firm) invoice(change ...func(*fieldops.InvoiceRequest)) fieldops.Invoice {
	f.t.Helper()
	r := fieldops.InvoiceRequest{ClientID: f.client.ID}
	for _, c := range change {
		c(&r)
	}
	invoice, err := f.billing.InvoiceTimesheets(context.Background(), f.actor, r)
	if err != nil {
		f.t.Fatal(err)
	}
	return invoice
}

func wantKind(t testing.TB, err error, kind fieldops.ErrorKind) {
	t.Helper()
	if fieldops.KindOf(err) != kind {
		t.Fatalf("got %v, want a refusal of kind %q", err, kind)
	}
}
