package billing_test

import (
	"errors"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

func TestCopyInvoice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		first, second := f.work(2, 2_0000), f.work(1, 1_0000)
		made := f.invoice()
		// The copy of an invoice that stands bills no work twice.
		plain, err := f.billing.CopyInvoice(ctx, f.actor, made.ID, false)
		if err != nil || plain.Total != made.Total || plain.Number != "INV-00002" || *plain.CopyOf != made.ID || plain.XeroSyncID == nil || len(plain.Lines[0].Timesheets) != 0 {
			t.Fatalf("%+v, %v", plain, err)
		}
		if got := f.timesheet(first.ID); *got.InvoiceID != made.ID {
			t.Errorf("the work moved to %v", got.InvoiceID)
		}
		if gone, err := f.billing.DeleteInvoice(ctx, f.actor, made.ID); err != nil || !gone {
			t.Fatal(err)
		}
		// The copy of one that was taken back bills its work again, once.
		results := atOnce(20, func(int) (fieldops.Invoice, error) { return f.billing.CopyInvoice(ctx, f.actor, made.ID, false) })
		var again fieldops.Invoice
		for _, r := range results {
			if r.err == nil {
				if again.ID != "" {
					t.Fatal("two copies bill the same work")
				}
				again = r.invoice
				continue
			}
			wantKind(t, r.err, fieldops.Conflict)
			if refused, _ := errors.AsType[*fieldops.Error](r.err); refused.Details["conflicts"] == nil {
				t.Errorf("%v names no timesheets", r.err)
			}
		}
		for _, entry := range []fieldops.Timesheet{first, second} {
			if got := f.timesheet(entry.ID); got.InvoiceID == nil || *got.InvoiceID != again.ID {
				t.Errorf("%+v", got)
			}
		}
		bare, err := f.billing.CopyInvoice(ctx, f.actor, made.ID, true)
		if err != nil || bare.Total != made.Total {
			t.Errorf("%+v, %v", bare, err)
		}
	})
}

// Work whose hours were changed after its invoice was taken back is not billed
// again with the hours that it had.
func TestChangedWorkIsNotBilledAgainAsItWas(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		entry := f.work(1, 2_0000)
		made := f.invoice()
		if _, err := f.billing.DeleteInvoice(ctx, f.actor, made.ID); err != nil {
			t.Fatal(err)
		}
		err := db.Write(ctx, f.actor, func(tx *store.Tx) error {
			before, err := tx.LockTimesheet(ctx, entry.ID, "edit")
			if err != nil {
				return err
			}
			after := before
			after.Hours = 1_0000
			return tx.UpdateTimesheet(ctx, &before, &after)
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.billing.CopyInvoice(ctx, f.actor, made.ID, false)
		wantKind(t, err, fieldops.Conflict)
	})
}
