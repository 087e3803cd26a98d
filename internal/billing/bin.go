package billing

import (
	"context"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// Restored is what a restoration brought back.
type Restored struct {
	fieldops.Deletion
	// Record is what stands now: the record itself, or the copy of a document
	// that was taken back in Xero for good.
	Record fieldops.Record
}

// Restore brings a deletion back with everything it took.
//
// An invoice or purchase order that has been in Xero was voided there, which
// cannot be undone: it comes back as a copy with a new number. One that never
// was there comes back as it was and goes on its way. An invoice bills again what
// it had let go; if some of it was billed elsewhere meanwhile, that is a Conflict.
func (s *Service) Restore(ctx context.Context, actor fieldops.Actor, deletion fieldops.ID) (Restored, error) {
	var r Restored
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		d, err := tx.LockDeletion(ctx, deletion)
		if err != nil {
			return err
		}
		r = Restored{d, fieldops.Record{Kind: d.Kind, ID: d.EntityID, Label: d.Label}}
		voided, err := tx.Voided(ctx, d.Kind, d.EntityID)
		switch {
		case err != nil:
			return err
		case !voided:
			return tx.Restore(ctx, &r.Deletion)
		case d.Kind == fieldops.RecordInvoice:
			return s.restoreInvoice(ctx, tx, &r)
		default:
			return s.restoreOrder(ctx, tx, &r)
		}
	})
	return r, err
}

// restoreInvoice brings back an invoice that was deleted by itself.
func (s *Service) restoreInvoice(ctx context.Context, tx *store.Tx, r *Restored) error {
	invoice, err := tx.AnyInvoice(ctx, r.EntityID)
	if err != nil {
		return err
	}
	released, err := tx.ReleasedTimesheets(ctx, invoice.ID)
	if err != nil {
		return err
	}
	if err := stillFree(ctx, tx, &invoice, released); err != nil {
		return err
	}
	ref := fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: invoice.ID}
	travelled, err := tx.Travelled(ctx, ref)
	if err != nil {
		return err
	}
	settings, terms, err := billingTerms(ctx, tx, sales, tx.Now.Time)
	if err != nil {
		return err
	}
	if !travelled {
		if err := tx.ReviveInvoice(ctx, &r.Deletion, settings.InvoiceStatus, released); err != nil {
			return err
		}
		return tx.SendAgain(ctx, ref)
	}
	copied, err := copyInvoice(ctx, tx, settings, terms, &invoice, released)
	if err != nil {
		return err
	}
	r.Record = fieldops.Record{Kind: fieldops.RecordInvoice, ID: copied.ID, Label: copied.Number}
	return tx.MarkRestored(ctx, &r.Deletion, map[string]any{"copy": copied.Number})
}

// restoreOrder brings back a purchase order that was deleted by itself.
func (s *Service) restoreOrder(ctx context.Context, tx *store.Tx, r *Restored) error {
	order, err := tx.AnyPurchaseOrder(ctx, r.EntityID)
	if err != nil {
		return err
	}
	ref := fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: order.ID}
	travelled, err := tx.Travelled(ctx, ref)
	if err != nil {
		return err
	}
	settings, _, err := billingTerms(ctx, tx, purchases, tx.Now.Time)
	if err != nil {
		return err
	}
	if !travelled {
		if err := tx.RevivePurchaseOrder(ctx, &r.Deletion, settings.OrderStatus); err != nil {
			return err
		}
		return tx.SendAgain(ctx, ref)
	}
	copied := order
	copied.ID, copied.Number, copied.XeroPOID, copied.Status = fieldops.NewID(), "", nil, settings.OrderStatus
	for i := range copied.Lines {
		copied.Lines[i].ID = fieldops.NewID()
	}
	if copied.SupplierID != nil {
		if _, err := tx.Client(ctx, *copied.SupplierID); err != nil {
			return inBin(err, "supplier")
		}
	}
	if err := projectThere(ctx, tx, copied.ProjectID); err != nil {
		return inBin(err, "project")
	}
	intent, err := tx.RequestCreation(ctx, fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: copied.ID})
	if err != nil {
		return err
	}
	copied.Sync = fieldops.Sync{Status: fieldops.SyncPending, XeroSyncID: &intent, Revision: 1}
	if copied.Number, err = tx.TakePurchaseOrderNumber(ctx, settings); err != nil {
		return err
	}
	if err := tx.InsertPurchaseOrder(ctx, &copied); err != nil {
		return err
	}
	if err := tx.NotePurchaseOrder(ctx, "create", copied.ID, map[string]any{
		"po_number": copied.Number, "supplier_id": copied.SupplierID, "total": copied.Total, "copy_of": order.Number,
	}); err != nil {
		return err
	}
	r.Record = fieldops.Record{Kind: fieldops.RecordPurchaseOrder, ID: copied.ID, Label: copied.Number}
	return tx.MarkRestored(ctx, &r.Deletion, map[string]any{"copy": copied.Number})
}

// inBin says of a document's parent that was not found why it cannot come back.
func inBin(err error, what string) error {
	if fieldops.KindOf(err) == fieldops.NotFound {
		return fieldops.Refuse(fieldops.Conflict, "Its %s is in the bin; restore that first", what)
	}
	return err
}
