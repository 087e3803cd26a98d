package billing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

func TestInvoiceTimesheets(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		morning := f.work(3, 4_0000, func(t *fieldops.Timesheet) { t.CostCenterID = &f.ordered.ID })
		afternoon := f.work(3, 3_5000, func(t *fieldops.Timesheet) { t.CostCenterID = &f.other.ID })
		tested := f.work(1, 2_0000, func(t *fieldops.Timesheet) { t.ActivityTypeID = &f.testing.ID; t.CostCenterID = &f.ordered.ID })

		preview, err := f.billing.PreviewInvoice(ctx, fieldops.InvoiceRequest{ClientID: f.client.ID})
		if err != nil {
			t.Fatal(err)
		}
		made := f.invoice(func(r *fieldops.InvoiceRequest) { r.PreviewHash = preview.Hash })
		if made.Number != "INV-00001" || preview.Number != made.Number {
			t.Errorf("number %q, previewed %q", made.Number, preview.Number)
		}
		// 7.5 × 95 + 2 × 110.50 = 933.50, and 15 % of each line.
		if made.SubTotal != 933_50 || made.TotalTax != 106_88+33_15 || made.Total != preview.Total || made.AmountDue != made.Total {
			t.Errorf("totals %s + %s = %s", made.SubTotal, made.TotalTax, made.Total)
		}
		stored, err := db.Invoice(ctx, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(preview.Lines, stored.Lines, cmp.Transformer("shown", func(l fieldops.Line) []any {
			return []any{l.Key, l.Description, l.Quantity, l.UnitPrice, l.Amount, l.Tax, l.TaxRate, l.Timesheets}
		})); diff != "" {
			t.Errorf("stored lines are not those of the preview (-preview +stored):\n%s", diff)
		}
		if got := stored.Lines[0].Description; got != "Installation - 7.50 hours" {
			t.Errorf("description %q", got)
		}
		if stored.Reference == nil || *stored.Reference != "PO 7781, PO 9000" {
			t.Errorf("reference %v", stored.Reference)
		}
		if stored.DueDate != f.client.DueDate(f.today) || stored.IssueDate != f.today {
			t.Errorf("issued %s, due %s", stored.IssueDate, stored.DueDate)
		}
		if stored.Sync.Status != fieldops.SyncPending || stored.XeroSyncID == nil || stored.Revision != 1 || stored.XeroInvoiceID != nil {
			t.Errorf("sync %+v, xero id %v", stored.Sync, stored.XeroInvoiceID)
		}
		for _, entry := range []fieldops.Timesheet{morning, afternoon, tested} {
			got := f.timesheet(entry.ID)
			if got.BillingStatus != fieldops.Billed || got.InvoiceID == nil || *got.InvoiceID != made.ID ||
				got.SyncStatus != fieldops.SyncPending || got.XeroSyncID == nil || *got.XeroSyncID != *stored.XeroSyncID {
				t.Errorf("timesheet %+v", got)
			}
		}
		_, err = f.billing.InvoiceTimesheets(ctx, f.actor, fieldops.InvoiceRequest{ClientID: f.client.ID})
		wantKind(t, err, fieldops.Invalid)
		if err.Error() != "No unbilled timesheets found for the selected criteria" {
			t.Errorf("said %q", err)
		}
		entries, _, err := db.AuditEntries(ctx, store.AuditFilter{EntityType: "invoice", EntityID: made.ID, Limit: 10})
		if err != nil || len(entries) != 1 || entries[0].Action != "create" || *entries[0].UserID != f.jane.ID {
			t.Errorf("audit %+v, %v", entries, err)
		}
	})
}

func TestChosenEntriesThatAreBilled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		first, second := f.work(2, 1_0000), f.work(1, 1_0000)
		made := f.invoice(func(r *fieldops.InvoiceRequest) { r.TimesheetIDs = []fieldops.ID{first.ID} })
		if left := f.timesheet(second.ID); left.BillingStatus != fieldops.Unbilled {
			t.Fatalf("an entry that was not chosen is %s", left.BillingStatus)
		}
		_, err := f.billing.InvoiceTimesheets(ctx, f.actor, fieldops.InvoiceRequest{ClientID: f.client.ID, TimesheetIDs: []fieldops.ID{second.ID, first.ID}})
		wantKind(t, err, fieldops.Conflict)
		if want := "1 of the chosen timesheets has been billed already, on " + made.Number; err.Error() != want {
			t.Errorf("said %q, want %q", err, want)
		}
		refused, _ := errors.AsType[*fieldops.Error](err)
		if refused.Details["conflicts"] == nil {
			t.Errorf("details %v", refused.Details)
		}
		_, err = f.billing.InvoiceTimesheets(ctx, f.actor, fieldops.InvoiceRequest{ClientID: f.client.ID, TimesheetIDs: []fieldops.ID{fieldops.NewID()}})
		wantKind(t, err, fieldops.Invalid)
		_, err = f.billing.InvoiceTimesheets(ctx, f.actor, fieldops.InvoiceRequest{ClientID: f.supplier.ID, TimesheetIDs: []fieldops.ID{second.ID}})
		wantKind(t, err, fieldops.Invalid)
		if left := f.timesheet(second.ID); left.BillingStatus != fieldops.Unbilled {
			t.Errorf("after the refusals the entry is %s", left.BillingStatus)
		}
	})
}

func TestPreviewBinds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		f.work(2, 1_0000)
		r := fieldops.InvoiceRequest{ClientID: f.client.ID}
		preview, err := f.billing.PreviewInvoice(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		f.work(1, 1_0000)
		r.PreviewHash = preview.Hash
		_, err = f.billing.InvoiceTimesheets(ctx, f.actor, r)
		wantKind(t, err, fieldops.Conflict)
		// What was typed after the preview is in the request and changes
		// nothing of what the preview showed.
		fresh, err := f.billing.PreviewInvoice(ctx, fieldops.InvoiceRequest{ClientID: f.client.ID})
		if err != nil {
			t.Fatal(err)
		}
		made := f.invoice(func(r *fieldops.InvoiceRequest) {
			r.PreviewHash = fresh.Hash
			r.Number, r.Reference = " K-17 ", text("Gate 4")
			hours, price := fieldops.E4(3_0000), fieldops.E4(12_3456)
			r.Lines = []fieldops.LineEdit{
				{Key: fresh.Lines[0].Key, Description: text("Rewiring of the kitchen")},
				{Description: text("Cable, 3 m"), Quantity: &hours, UnitPrice: &price},
			}
		})
		if made.Number != "K-17" || *made.Reference != "Gate 4" || made.Lines[0].Description != "Rewiring of the kitchen" || made.Lines[1].Amount != 37_04 {
			t.Errorf("made %+v", made)
		}
		f.work(1, 1_0000)
		_, err = f.billing.InvoiceTimesheets(ctx, f.actor, fieldops.InvoiceRequest{ClientID: f.client.ID, Number: "K-17"})
		wantKind(t, err, fieldops.Conflict)
	})
}

// Fifty people invoice the same two hundred entries at once.
func TestOneOfManyWins(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFirm(t, db)
		ids := f.manyHours(200)
		const callers = 50
		results := atOnce(callers, func(i int) (fieldops.Invoice, error) {
			r := fieldops.InvoiceRequest{ClientID: f.client.ID}
			if i%2 == 0 {
				r.TimesheetIDs = slices.Clone(ids)
				slices.Reverse(r.TimesheetIDs)
			}
			return f.billing.InvoiceTimesheets(t.Context(), f.actor, r)
		})
		won := 0
		for i, r := range results {
			switch {
			case r.err == nil:
				won++
			case i%2 == 0:
				wantKind(t, r.err, fieldops.Conflict)
			default:
				wantKind(t, r.err, fieldops.Invalid)
			}
		}
		if won != 1 {
			t.Errorf("%d of %d callers made an invoice", won, callers)
		}
		invoices, err := db.Invoices(t.Context(), store.DocumentFilter{Limit: 100})
		if err != nil || len(invoices) != 1 {
			t.Fatalf("%d invoices, %v", len(invoices), err)
		}
		count := 0
		for _, l := range invoices[0].Lines {
			count += len(l.Timesheets)
		}
		if count != len(ids) || invoices[0].Number != "INV-00001" {
			t.Errorf("invoice %s holds %d entries", invoices[0].Number, count)
		}
	})
}

func TestNumbersAreNeverGivenTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFirm(t, db)
		ids := f.manyHours(201)
		// A number typed in lies in the way of the series.
		f.invoice(func(r *fieldops.InvoiceRequest) { r.TimesheetIDs = ids[200:]; r.Number = "INV-00007" })
		results := atOnce(200, func(i int) (fieldops.Invoice, error) {
			return f.billing.InvoiceTimesheets(t.Context(), f.actor, fieldops.InvoiceRequest{ClientID: f.client.ID, TimesheetIDs: ids[i : i+1]})
		})
		given := map[string]bool{"INV-00007": true}
		for _, r := range results {
			if r.err != nil {
				t.Fatal(r.err)
			}
			if given[r.invoice.Number] {
				t.Errorf("%s was given twice", r.invoice.Number)
			}
			given[r.invoice.Number] = true
		}
		// The refused take no number: the series has no hole.
		for n := range 201 {
			if number := fmt.Sprintf("INV-%05d", n+1); !given[number] {
				t.Errorf("%s was given to nobody", number)
			}
		}
	})
}

type result struct {
	invoice fieldops.Invoice
	err     error
}

func atOnce(n int, do func(i int) (fieldops.Invoice, error)) []result {
	results := make([]result, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			results[i].invoice, results[i].err = do(i)
		})
	}
	close(start)
	all.Wait()
	return results
}

func TestEditInvoice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		entry := f.work(1, 2_0000)
		made := f.invoice()
		first := f.version(made.UpdatedAt)
		quantity, price := fieldops.E4(1_5000), fieldops.E4(95_0000)
		one, ten := fieldops.E4(1_0000), fieldops.E4(10_0000)
		edited, err := f.billing.EditInvoice(ctx, f.actor, made.ID, fieldops.InvoiceEdit{
			DueDate: f.today.AddDays(30), Reference: text("Gate 4"),
			Lines: []fieldops.InvoiceLineEdit{
				{ID: made.Lines[0].ID, Description: text("Installation, as agreed"), Quantity: &quantity, UnitPrice: &price},
				{Description: text("Call-out"), Quantity: &one, UnitPrice: &ten},
			},
		}, first)
		if err != nil {
			t.Fatal(err)
		}
		if edited.Total != 175_38 || edited.Revision != 2 || edited.Lines[0].ID != made.Lines[0].ID ||
			!slices.Equal(edited.Lines[0].Timesheets, []fieldops.ID{entry.ID}) || *edited.Reference != "Gate 4" {
			t.Errorf("edited %+v", edited)
		}
		_, err = f.billing.EditInvoice(ctx, f.actor, made.ID, fieldops.InvoiceEdit{DueDate: f.today.AddDays(31)}, first)
		wantKind(t, err, fieldops.Stale)
		_, err = f.billing.EditInvoice(ctx, f.actor, made.ID, fieldops.InvoiceEdit{DueDate: f.today.AddDays(-1), Lines: []fieldops.InvoiceLineEdit{
			{Description: text(""), Quantity: &one, UnitPrice: &ten},
		}}, billing.AnyVersion)
		wantKind(t, err, fieldops.Invalid)
		refused, _ := errors.AsType[*fieldops.Error](err)
		var fields []string
		for _, fault := range refused.Faults {
			fields = append(fields, fault.Field)
		}
		if diff := cmp.Diff([]string{"due_date", "lines[0].description", "lines"}, fields); diff != "" {
			t.Errorf("faults (-want +got):\n%s", diff)
		}
		same, err := f.billing.EditInvoice(ctx, f.actor, made.ID, fieldops.InvoiceEdit{DueDate: edited.DueDate}, billing.AnyVersion)
		if err != nil || same.Revision != 2 {
			t.Errorf("an edit that changes nothing made revision %d, %v", same.Revision, err)
		}
	})
}

func TestDeleteInvoiceReleasesTheWork(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		entry := f.work(1, 2_0000)
		made := f.invoice()
		gone, err := f.billing.DeleteInvoice(ctx, f.actor, made.ID)
		if err != nil || !gone {
			t.Fatalf("gone %v, %v: nothing was ever sent", gone, err)
		}
		free := f.timesheet(entry.ID)
		if free.BillingStatus != fieldops.Unbilled || free.InvoiceID != nil || free.SyncStatus != "" || free.XeroSyncID != nil {
			t.Errorf("timesheet %+v", free)
		}
		_, err = db.Invoice(ctx, made.ID)
		wantKind(t, err, fieldops.NotFound)
		deleted, err := db.AnyInvoice(ctx, made.ID)
		if err != nil || deleted.Status != fieldops.StatusDeleted || deleted.DeletedAt.IsZero() {
			t.Errorf("deleted %+v, %v", deleted, err)
		}
		_, err = f.billing.DeleteInvoice(ctx, f.actor, made.ID)
		wantKind(t, err, fieldops.NotFound)
		again := f.invoice()
		if again.Number != "INV-00002" {
			t.Errorf("the number of a deleted invoice was given again: %s", again.Number)
		}
	})
}

func TestInvoiceBatch(t *testing.T) {
	t.Parallel()
	f := newFirm(t, storetest.New(t, store.SQLite))
	entry := f.work(1, 2_0000)
	results, err := f.billing.InvoiceBatch(t.Context(), f.actor, []fieldops.InvoiceRequest{
		{ClientID: f.client.ID, TimesheetIDs: []fieldops.ID{entry.ID}},
		{ClientID: f.client.ID, TimesheetIDs: []fieldops.ID{entry.ID}},
		{ClientID: f.supplier.ID},
	})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []fieldops.ErrorKind
	for _, r := range results {
		kinds = append(kinds, fieldops.KindOf(r.Err))
	}
	if diff := cmp.Diff([]fieldops.ErrorKind{"", fieldops.Conflict, fieldops.Invalid}, kinds); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	_, err = f.billing.InvoiceBatch(t.Context(), f.actor, make([]fieldops.InvoiceRequest, 101))
	wantKind(t, err, fieldops.Invalid)
}

func TestUnbilled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFirm(t, db)
		f.work(0, 1_0000)
		f.work(30, 1_0000)
		f.work(31, 2_0000)
		f.work(61, 1_0000, func(t *fieldops.Timesheet) { t.ProjectID = &f.alarm.ID })
		f.work(120, 3_0000)
		unbilled, err := db.Unbilled(t.Context(), f.today, "", false)
		clients := unbilled.Clients
		if err != nil || len(clients) != 1 {
			t.Fatalf("%+v, %v", clients, err)
		}
		c := clients[0]
		if diff := cmp.Diff([4]fieldops.Cents{190_00, 190_00, 95_00, 285_00}, c.Ages); diff != "" {
			t.Errorf("ages (-want +got):\n%s", diff)
		}
		if c.Hours != 8_0000 || c.Total != 760_00 || c.Timesheets != 5 || c.Oldest != f.today.AddDays(-120) || len(c.Projects) != 2 {
			t.Errorf("client %+v", c)
		}
		f.invoice(func(r *fieldops.InvoiceRequest) { r.ProjectID = f.wiring.ID })
		if unbilled, err = db.Unbilled(t.Context(), f.today, f.client.ID, false); err != nil || len(unbilled.Clients) != 1 || unbilled.Clients[0].Total != 95_00 {
			t.Errorf("after an invoice %+v, %v", unbilled, err)
		}
	})
}

// An invoice of two projects' work belongs to neither, and is listed with both.
func TestInvoicesOfAProject(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFirm(t, db)
		f.work(0, 1_0000)
		f.work(1, 1_0000, func(t *fieldops.Timesheet) { t.ProjectID = &f.alarm.ID })
		both := f.invoice()
		f.work(2, 1_0000)
		one := f.invoice()
		for project, want := range map[fieldops.ID][]fieldops.ID{f.wiring.ID: {one.ID, both.ID}, f.alarm.ID: {both.ID}} {
			found, err := db.Invoices(t.Context(), store.DocumentFilter{ProjectID: project, Limit: 10})
			got := make([]fieldops.ID, len(found))
			for i := range found {
				got[i] = found[i].ID
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("invoices %v, %v, want %v", got, err, want)
			}
		}
	})
}

func TestInvoicesAreListed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		ids := f.manyHours(5)
		var made []fieldops.ID
		for i := range ids {
			made = append(made, f.invoice(func(r *fieldops.InvoiceRequest) { r.TimesheetIDs = ids[i : i+1] }).ID)
		}
		slices.Reverse(made)
		var listed []fieldops.ID
		filter := store.DocumentFilter{Search: "kereru inv-0", SyncStatus: fieldops.SyncPending, Status: fieldops.StatusDraft, Limit: 2}
		for {
			views, err := f.billing.Invoices(ctx, filter)
			if err != nil {
				t.Fatal(err)
			}
			if len(views) == 0 {
				break
			}
			for _, v := range views {
				listed = append(listed, v.ID)
				if v.TimesheetsCount != 1 || v.Document.Phase == nil || len(v.Lines) != 1 {
					t.Errorf("row %+v", v)
				}
			}
			last := views[len(views)-1]
			filter.AfterDate, filter.AfterID = last.IssueDate, last.ID
		}
		if diff := cmp.Diff(made, listed); diff != "" {
			t.Errorf("listed (-want +got):\n%s", diff)
		}
		none, err := db.Invoices(ctx, store.DocumentFilter{Search: "100%", Limit: 10})
		if err != nil || len(none) != 0 {
			t.Errorf("found %d, %v", len(none), err)
		}
	})
}

// An invoice of 500 entries is made while its maker waits; the limit is far
// above the usual few milliseconds, so that only a statement for each entry
// would break it.
func TestInvoiceOfManyEntriesIsFast(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFirm(t, db)
		f.manyHours(500)
		began := time.Now()
		f.invoice()
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("500 entries took %s", took)
		} else {
			t.Logf("500 entries took %s", took)
		}
	})
}

func TestDatabaseErrorsAreNotForPeople(t *testing.T) {
	t.Parallel()
	f := newFirm(t, storetest.New(t, store.SQLite))
	f.work(1, 1_0000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.billing.InvoiceTimesheets(ctx, f.actor, fieldops.InvoiceRequest{ClientID: f.client.ID})
	if err == nil || fieldops.KindOf(err) != "" {
		t.Errorf("got %v", err)
	}
}

func BenchmarkInvoiceOf500Entries(b *testing.B) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			f := newFirm(b, storetest.New(b, engine))
			for b.Loop() {
				b.StopTimer()
				f.manyHours(500)
				b.StartTimer()
				f.invoice()
			}
		})
	}
}
