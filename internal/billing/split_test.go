package billing_test

import (
	"context"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// A part of an entry is billed and the rest stays unbilled; the preview shows the
// same and changes nothing.
func TestPartOfAnEntryIsBilled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		whole := f.work(2, 3_0000)
		entry := f.work(1, 7_5000, func(t *fieldops.Timesheet) { t.Notes, t.ImageURLs = text("Both floors"), []string{"/uploads/a.jpg"} })
		part := fieldops.E4(5_2500)
		r := fieldops.InvoiceRequest{ClientID: f.client.ID, Timesheets: []fieldops.TimesheetPart{{ID: entry.ID, Hours: &part}, {ID: whole.ID}}}
		preview, err := f.billing.PreviewInvoice(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.timesheet(entry.ID); got.Hours != 7_5000 || got.UpdatedAt != entry.UpdatedAt {
			t.Fatalf("the preview changed the entry: %+v", got)
		}
		r.PreviewHash = preview.Hash
		made, err := f.billing.InvoiceTimesheets(ctx, f.actor, r)
		if err != nil {
			t.Fatal(err)
		}
		// 8.25 hours at 95.00, and 15 %.
		if made.Total != preview.Total || made.SubTotal != 783_75 || made.Lines[0].Quantity != 8_2500 {
			t.Errorf("made %s of %s hours, previewed %s", made.Total, made.Lines[0].Quantity, preview.Total)
		}
		billed := f.timesheet(entry.ID)
		if billed.Hours != part || billed.BillingStatus != fieldops.Billed || *billed.InvoiceID != made.ID {
			t.Errorf("the billed part is %+v", billed)
		}
		left, _, err := db.Timesheets(ctx, store.TimesheetFilter{BillingStatus: fieldops.Unbilled, Page: store.Page{Number: 1, Size: 10}})
		if err != nil || len(left) != 1 {
			t.Fatalf("%d unbilled, %v", len(left), err)
		}
		rest := left[0]
		if rest.Hours != 2_2500 || rest.Date != entry.Date || rest.HourlyRate != entry.HourlyRate || *rest.Notes != "Both floors" ||
			len(rest.ImageURLs) != 1 || *rest.UserID != *entry.UserID || rest.SyncStatus != "" || rest.InvoiceID != nil {
			t.Errorf("the rest is %+v", rest)
		}
		// Dropped by the one part, the photo of both stays for the other.
		f.write(func(ctx context.Context, tx *store.Tx) error {
			unnamed, err := tx.UnnamedImages(ctx, &billed, []string{"/uploads/a.jpg"})
			if len(unnamed) > 0 {
				t.Errorf("the photo of both parts counts as nobody's")
			}
			return err
		})
		// The rest is billed on another invoice.
		second := f.invoice()
		if second.SubTotal != 213_75 {
			t.Errorf("the rest came to %s", second.SubTotal)
		}
		// Taken back, both parts can be billed again, and no hour twice.
		for _, id := range []fieldops.ID{made.ID, second.ID} {
			if gone, err := f.billing.DeleteInvoice(ctx, f.actor, id); err != nil || !gone {
				t.Fatal(err)
			}
		}
		if again := f.invoice(); again.SubTotal != 997_50 {
			t.Errorf("all of it came to %s", again.SubTotal)
		}
	})
}

func TestPartsThatCannotBeBilled(t *testing.T) {
	t.Parallel()
	db := storetest.New(t, store.SQLite)
	f := newFirm(t, db)
	entry := f.work(1, 2_0000)
	for name, hours := range map[string]fieldops.E4{"none": 0, "too little": 2000, "too many": 2_0100, "too little left": 1_9000, "too fine": 1_0001} {
		r := fieldops.InvoiceRequest{ClientID: f.client.ID, Timesheets: []fieldops.TimesheetPart{{ID: entry.ID, Hours: &hours}}}
		_, err := f.billing.InvoiceTimesheets(t.Context(), f.actor, r)
		if fieldops.KindOf(err) != fieldops.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := fieldops.InvoiceRequest{ClientID: f.client.ID, Timesheets: []fieldops.TimesheetPart{{ID: entry.ID}, {ID: entry.ID}}}
	if _, err := f.billing.InvoiceTimesheets(t.Context(), f.actor, r); fieldops.KindOf(err) != fieldops.Invalid {
		t.Errorf("the same entry twice: %v", err)
	}
	if got := f.timesheet(entry.ID); got.Hours != 2_0000 || got.BillingStatus != fieldops.Unbilled {
		t.Errorf("after the refusals the entry is %+v", got)
	}
}

// Twenty people bill a part of the same entry at once.
func TestOnePartOfManyWins(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFirm(t, db)
		entry := f.work(1, 8_0000)
		part := fieldops.E4(3_0000)
		won := 0
		for _, r := range atOnce(20, func(int) (fieldops.Invoice, error) {
			return f.billing.InvoiceTimesheets(t.Context(), f.actor, fieldops.InvoiceRequest{
				ClientID: f.client.ID, Timesheets: []fieldops.TimesheetPart{{ID: entry.ID, Hours: &part}},
			})
		}) {
			if r.err == nil {
				won++
				continue
			}
			wantKind(t, r.err, fieldops.Conflict)
		}
		left, _, err := db.Timesheets(t.Context(), store.TimesheetFilter{Page: store.Page{Number: 1, Size: 10}})
		if err != nil || won != 1 || len(left) != 2 || left[0].Hours+left[1].Hours != 8_0000 {
			t.Errorf("%d won, %d entries, %v", won, len(left), err)
		}
	})
}
