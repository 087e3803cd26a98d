package billing

import (
	"context"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// RetryRequest is what a person decides when sending a document again.
type RetryRequest struct {
	// Number gives the document another number, because Xero has its own
	// taken, or voided the document under it.
	Number string
	// AcceptTax takes the tax that Xero's account demands instead of ours.
	AcceptTax bool
	// Link takes what stands in Xero under the same name for ours.
	Link bool
	// Seen, unless empty, is the intent that the person saw in the queue: the
	// document is sent again only if that is still how it stands.
	Seen fieldops.ID
}

// Retry sends a document again that failed, wakes one that waits, and does what
// the person decided with it.
func (s *Service) Retry(ctx context.Context, actor fieldops.Actor, ref fieldops.DocumentRef, r RetryRequest) error {
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		if r.Link {
			return tx.Link(ctx, ref)
		}
		if r.Seen != "" {
			if err := tx.StillQueued(ctx, ref, r.Seen); err != nil {
				return err
			}
		}
		if r.AcceptTax {
			if err := acceptTax(ctx, tx, ref); err != nil {
				return err
			}
		}
		if r.Number != "" {
			if err := freeNumber(ctx, tx, ref.Kind, r.Number, ref.ID); err != nil {
				return err
			}
			if err := tx.Renumber(ctx, ref, r.Number); err != nil {
				return err
			}
		}
		return tx.Retry(ctx, ref, r.Number != "")
	})
	if err == nil {
		s.sync.Wake()
	}
	return err
}

// acceptTax taxes a document's lines as Xero's accounts do, because a person
// has seen both totals.
func acceptTax(ctx context.Context, tx *store.Tx, ref fieldops.DocumentRef) error {
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	reference, err := tx.Reference(ctx)
	if err != nil {
		return err
	}
	var lines []fieldops.Line
	account := settings.SalesAccount
	switch ref.Kind {
	case fieldops.KindInvoice:
		invoice, err := tx.Invoice(ctx, ref.ID)
		if err != nil {
			return err
		}
		lines = invoice.Lines
	case fieldops.KindPurchaseOrder:
		order, err := tx.PurchaseOrder(ctx, ref.ID)
		if err != nil {
			return err
		}
		lines, account = order.Lines, settings.PurchaseAccount
	default:
		return fieldops.Refuse(fieldops.Invalid, "A %s has no tax", ref.Kind)
	}
	for i := range lines {
		l := &lines[i]
		if l.AccountCode == "" {
			l.AccountCode = account
		}
		known, ok := reference.Account(l.AccountCode)
		if !ok {
			return fieldops.Refuse(fieldops.Conflict, "Xero has no active account %s; choose another account first", l.AccountCode)
		}
		if l.TaxType == "" {
			l.TaxType = known.TaxType
		}
		if rate, ok := reference.TaxRate(l.TaxType); ok {
			l.TaxRate = rate.Rate
		}
		if err := l.Price(); err != nil {
			return err
		}
	}
	if err := tx.Retax(ctx, ref, lines); err != nil {
		return err
	}
	_, _, err = tx.RequestSync(ctx, ref, fieldops.OpUpdate)
	return err
}
