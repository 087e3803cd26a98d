package billing

import (
	"cmp"
	"context"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// MarkPaid keeps a payment of an invoice: of amount, or of everything that is
// due when it is nil; today and by bank transfer unless p says otherwise.
// unchanged says whether the invoice is still what the person saw.
func (s *Service) MarkPaid(ctx context.Context, actor fieldops.Actor, id fieldops.ID, p fieldops.Payment, amount *fieldops.Cents, unchanged func(fieldops.Time) error) (fieldops.Invoice, error) {
	var invoice fieldops.Invoice
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		var err error
		if invoice, err = tx.LockInvoice(ctx, id); err != nil {
			return err
		}
		if err := unchanged(invoice.UpdatedAt); err != nil {
			return err
		}
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		if amount == nil && invoice.AmountDue == 0 {
			return fieldops.Refuse(fieldops.Conflict, "Nothing is due of invoice %s any more", invoice.Number)
		}
		payment := p
		payment.InvoiceID, payment.Amount = &invoice.ID, invoice.AmountDue
		if amount != nil {
			payment.Amount = *amount
		}
		payment.Date = cmp.Or(p.Date, fieldops.DateOf(tx.Now.Time, settings.Timezone))
		payment.Method = cmp.Or(p.Method, fieldops.BankTransfer)
		if err := tx.InsertPayment(ctx, &payment); err != nil {
			return err
		}
		invoice, err = tx.Invoice(ctx, id)
		return err
	})
	return invoice, err
}
