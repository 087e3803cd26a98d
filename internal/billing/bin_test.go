package billing_test

import (
	"context"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// deletionOf is the deletion that hides a record.
func deletionOf(t *testing.T, db *store.DB, kind fieldops.RecordKind, id fieldops.ID) fieldops.Deletion {
	t.Helper()
	d, err := db.DeletionOf(t.Context(), kind, id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWhatNeverWasInXeroComesBackAsItWas(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, f := t.Context(), newFirm(t, db)
		first, second := f.work(1, 2_0000), f.work(2, 3_0000)
		invoice := f.invoice()
		if _, err := f.billing.DeleteInvoice(ctx, f.actor, invoice.ID); err != nil {
			t.Fatal(err)
		}
		d := deletionOf(t, db, fieldops.RecordInvoice, invoice.ID)
		if d.Actor != f.actor.Name || d.Label != invoice.Number || d.Counts[fieldops.RecordInvoice] != 1 {
			t.Errorf("the bin says %+v", d)
		}
		// What was billed elsewhere meanwhile keeps the invoice from coming back.
		other := f.invoice(func(r *fieldops.InvoiceRequest) { r.TimesheetIDs = []fieldops.ID{first.ID} })
		_, err := f.billing.Restore(ctx, f.actor, d.ID)
		wantKind(t, err, fieldops.Conflict)
		if free := f.timesheet(second.ID); free.BillingStatus != fieldops.Unbilled {
			t.Errorf("a refused restoration billed %+v", free)
		}
		if _, err := f.billing.DeleteInvoice(ctx, f.actor, other.ID); err != nil {
			t.Fatal(err)
		}
		restored, err := f.billing.Restore(ctx, f.actor, d.ID)
		if err != nil || restored.Record.ID != invoice.ID {
			t.Fatalf("restored %+v, %v", restored, err)
		}
		back, err := db.Invoice(ctx, invoice.ID)
		if err != nil || back.Number != invoice.Number || back.Status != invoice.Status || back.AmountDue != invoice.Total ||
			back.Sync.Status != fieldops.SyncPending || len(back.Lines[0].Timesheets) != 2 {
			t.Errorf("it came back as %+v, %v", back, err)
		}
		if billed := f.timesheet(first.ID); billed.BillingStatus != fieldops.Billed || *billed.InvoiceID != invoice.ID {
			t.Errorf("its work is %+v", billed)
		}
		_, err = f.billing.Restore(ctx, f.actor, d.ID)
		wantKind(t, err, fieldops.Conflict)

		order, err := f.order()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.billing.DeletePurchaseOrder(ctx, f.actor, order.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := f.billing.Restore(ctx, f.actor, deletionOf(t, db, fieldops.RecordPurchaseOrder, order.ID).ID); err != nil {
			t.Fatal(err)
		}
		if again, err := db.PurchaseOrder(ctx, order.ID); err != nil || again.Number != order.Number || again.Sync.Status != fieldops.SyncPending || again.Status != order.Status {
			t.Errorf("the order came back as %+v, %v", again, err)
		}
	})
}

func TestWhatTravelsIsNotDeletedWithItsClient(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, f := t.Context(), newFirm(t, db)
		f.work(1, 2_0000)
		invoice := f.invoice()
		err := db.Write(ctx, f.actor, func(tx *store.Tx) error {
			_, err := tx.Delete(ctx, fieldops.RecordClient, f.client.ID)
			return err
		})
		wantKind(t, err, fieldops.Conflict)
		d, records, refusal, err := db.PreviewDeletion(ctx, f.actor, fieldops.RecordClient, f.client.ID)
		if err != nil || refusal == nil || refusal.Message != "On the way to Xero: "+invoice.Number+". Delete this when they have arrived." {
			t.Errorf("the preview says %+v, %v, %v, %v", d, records, refusal, err)
		}
		if _, err := db.Client(ctx, f.client.ID); err != nil {
			t.Errorf("after a preview and a refusal: %v", err)
		}
	})
}

// An invoice that Xero has voided cannot be brought back there: it comes back as
// a copy with a new number, which bills the work again.
func TestWhatWasVoidedInXeroComesBackAsACopy(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		f := newSandbox(t, db)
		f.work(0, 2)
		invoice := f.invoice(0)
		f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
		if _, err := f.service.DeleteInvoice(ctx, f.actor, invoice.ID); err != nil {
			t.Fatal(err)
		}
		f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
		d := deletionOf(t, db, fieldops.RecordInvoice, invoice.ID)
		if d.Actor != f.actor.Name {
			t.Errorf("deleted by %s, who asked was %s", d.Actor, f.actor.Name)
		}
		restored, err := f.service.Restore(ctx, f.actor, d.ID)
		if err != nil || restored.Record.ID == invoice.ID || restored.Record.Label == invoice.Number {
			t.Fatalf("restored %+v, %v", restored, err)
		}
		f.until(fieldops.KindInvoice, restored.Record.ID, fieldops.SyncSynced)
		duplicate, err := db.Invoice(ctx, restored.Record.ID)
		if err != nil || duplicate.Total != invoice.Total || duplicate.AmountDue != invoice.Total || len(duplicate.Lines) != len(invoice.Lines) || len(duplicate.Lines[0].Timesheets) != 2 {
			t.Errorf("the copy is %+v, %v", duplicate, err)
		}
		live := 0
		for _, remote := range f.remoteInvoices() {
			if remote.Status != fieldops.StatusVoided && remote.Status != fieldops.StatusDeleted {
				live++
			}
		}
		if live != 1 {
			t.Errorf("%d live invoices in Xero", live)
		}
		// The client with all its documents goes and comes back; nothing travels.
		var hidden fieldops.Deletion
		f.write(func(tx *store.Tx) error {
			hidden, err = tx.Delete(ctx, fieldops.RecordClient, *invoice.ClientID)
			return err
		})
		if _, err := db.Invoice(ctx, duplicate.ID); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("an invoice of a deleted client is there: %v", err)
		}
		if _, err := f.service.Restore(ctx, f.actor, hidden.ID); err != nil {
			t.Fatal(err)
		}
		if back, err := db.Invoice(ctx, duplicate.ID); err != nil || back.Number != duplicate.Number || back.Sync.Status != fieldops.SyncSynced {
			t.Errorf("it came back as %+v, %v", back, err)
		}
	})
}
