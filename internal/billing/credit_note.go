package billing

import (
	"context"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// Credit makes a credit note of an invoice and sets it against the invoice as
// far as something is due of it; the rest stays as the client's credit. also runs
// in the same transaction, last.
func (s *Service) Credit(ctx context.Context, actor fieldops.Actor, request fieldops.CreditRequest, also ...func(*store.Tx, fieldops.CreditNote) error) (fieldops.CreditNote, error) {
	var note fieldops.CreditNote
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		settings, terms, err := billingTerms(ctx, tx, sales, tx.Now.Time)
		if err != nil {
			return err
		}
		r := request
		if err := r.Validate(settings, terms); err != nil {
			return err
		}
		invoice, err := tx.LockPayable(ctx, r.InvoiceID)
		if err != nil {
			return err
		}
		credited, err := tx.Credited(ctx, invoice.ID)
		if err != nil {
			return err
		}
		if note, err = invoice.Credit(&r, credited, terms); err != nil {
			return err
		}
		if err := tx.InsertCreditNote(ctx, &note, settings); err != nil {
			return err
		}
		if due := min(note.Amount, invoice.AmountDue); due > 0 {
			if err := tx.Allocate(ctx, &note, &invoice, due, note.Date); err != nil {
				return err
			}
		}
		if note, err = tx.CreditNote(ctx, note.ID); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(tx, note); err != nil {
				return err
			}
		}
		return nil
	})
	return note, err
}

// ApplyCredit sets what is left of a credit note against an invoice of the same
// client: amount of it, or with nil as much as fits.
func (s *Service) ApplyCredit(ctx context.Context, actor fieldops.Actor, id, invoiceID fieldops.ID, amount *fieldops.Cents) (fieldops.CreditNote, error) {
	var note fieldops.CreditNote
	var f fieldops.Faults
	f.Require(amount == nil || *amount > 0, "amount", "The amount must be more than 0")
	if err := f.Err(""); err != nil {
		return note, err
	}
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		if _, err := tx.CreditNote(ctx, id); err != nil {
			return err
		}
		invoice, err := tx.LockPayable(ctx, invoiceID)
		if err != nil {
			return err
		}
		if note, err = tx.LockCreditNote(ctx, id); err != nil {
			return err
		}
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		part := min(note.Remaining(), invoice.AmountDue)
		if amount != nil {
			part = *amount
		} else if note.Remaining() == 0 {
			return fieldops.Refuse(fieldops.Conflict, "Nothing is left of credit note %s", note.Number)
		}
		if err := tx.Allocate(ctx, &note, &invoice, part, fieldops.DateOf(tx.Now.Time, settings.Timezone)); err != nil {
			return err
		}
		note, err = tx.CreditNote(ctx, id)
		return err
	})
	return note, err
}

// UnapplyCredit takes an allocation of a credit note off its invoice, which owes
// it again.
func (s *Service) UnapplyCredit(ctx context.Context, actor fieldops.Actor, id, allocation fieldops.ID) (fieldops.CreditNote, error) {
	var note fieldops.CreditNote
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		found := func() (a fieldops.Allocation, err error) {
			if note, err = tx.CreditNote(ctx, id); err != nil {
				return a, err
			}
			for _, a := range note.Allocations {
				if a.ID == allocation {
					return a, nil
				}
			}
			return a, fieldops.Refuse(fieldops.NotFound, "Credit note %s has no such allocation", note.Number)
		}
		a, err := found()
		if err != nil {
			return err
		}
		if _, err := tx.LockInvoice(ctx, a.InvoiceID); err != nil {
			return err
		}
		if _, err := tx.LockCreditNote(ctx, id); err != nil {
			return err
		}
		if a, err = found(); err != nil { // somebody else may have been faster
			return err
		}
		if err := tx.Unallocate(ctx, &a); err != nil {
			return err
		}
		note, err = tx.CreditNote(ctx, id)
		return err
	})
	return note, err
}
