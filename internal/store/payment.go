package store

import (
	"context"
	"database/sql"
	"fmt"

	"ampedfieldops/internal/fieldops"
)

const paymentColumns = `y.id, y.xero_payment_id, y.invoice_id, y.bill_id, y.amount_cents, y.payment_date, y.payment_method,
	y.reference, y.account_code, y.currency, y.created_at, y.updated_at, y.deleted_at,
	i.invoice_number, b.bill_number, c.id, coalesce(c.name, '')`

const paymentTables = ` /* deleted too */ xero_payments y
	left join /* deleted too */ xero_invoices i on i.id = y.invoice_id
	left join /* deleted too */ xero_bills b on b.id = y.bill_id
	left join /* deleted too */ clients c on c.id = coalesce(i.client_id, b.supplier_id)`

func scanPayment(rows *sql.Rows, p *fieldops.Payment) error {
	return rows.Scan(&p.ID, &p.XeroPaymentID, &p.InvoiceID, &p.BillID, &p.Amount, &p.Date, &p.Method,
		&p.Reference, &p.AccountCode, &p.Currency, &p.CreatedAt, &p.UpdatedAt, &p.DeletedAt,
		&p.InvoiceNumber, &p.BillNumber, &p.ClientID, &p.ClientName)
}

// PaymentFilter chooses payments. Zero values choose everything.
type PaymentFilter struct {
	InvoiceID fieldops.ID
	BillID    fieldops.ID
	ClientID  fieldops.ID
	Method    string
	From, To  fieldops.Date
	Limit     int
	// AfterDate and AfterID continue a list behind its last row.
	AfterDate fieldops.Date
	AfterID   fieldops.ID
}

// Payments lists payments, newest first.
func (r reads) Payments(ctx context.Context, f PaymentFilter) ([]fieldops.Payment, error) {
	w := &where{}
	w.and("y.deleted_at is null")
	for _, c := range []struct{ condition, value string }{
		{"y.invoice_id = ?", f.InvoiceID},
		{"y.bill_id = ?", f.BillID},
		{"c.id = ?", f.ClientID},
		{"y.payment_method = ?", f.Method},
		{"y.payment_date >= ?", string(f.From)},
		{"y.payment_date <= ?", string(f.To)},
	} {
		if c.value != "" {
			w.and(c.condition, c.value)
		}
	}
	if f.AfterID != "" {
		w.and("(y.payment_date, y.id) < (?, ?)", f.AfterDate, f.AfterID)
	}
	return collect(ctx, r, "select "+paymentColumns+" from"+paymentTables+" where "+w.String()+
		fmt.Sprintf(" order by y.payment_date desc, y.id desc limit %d", f.Limit), w.args, scanPayment)
}

// Payment is one payment. A deleted one is not found.
func (r reads) Payment(ctx context.Context, id fieldops.ID) (fieldops.Payment, error) {
	found, err := collect(ctx, r, "select "+paymentColumns+" from"+paymentTables+" where y.id = $1 and y.deleted_at is null", []any{id}, scanPayment)
	if err != nil {
		return fieldops.Payment{}, err
	}
	if len(found) == 0 {
		return fieldops.Payment{}, fieldops.Refuse(fieldops.NotFound, "Payment not found")
	}
	return found[0], nil
}

// InsertPayment keeps a payment of an invoice or a bill and settles it, in one
// step with everybody else who pays it: it never takes more than is due. It
// gives the payment its id, times and currency.
func (tx *Tx) InsertPayment(ctx context.Context, p *fieldops.Payment) error {
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	if err := p.Check(fieldops.DateOf(tx.Now.Time, settings.Timezone), settings.Currency); err != nil {
		return err
	}
	if p.BillID != nil {
		return tx.payBill(ctx, p)
	}
	invoice, err := tx.LockPayable(ctx, *p.InvoiceID)
	if err != nil {
		return err
	}
	if err := payable(p.Amount, invoice.AmountDue, "invoice "+invoice.Number); err != nil {
		return err
	}
	if err := tx.addPayment(ctx, p); err != nil {
		return err
	}
	if err := tx.settleInvoice(ctx, *p.InvoiceID); err != nil {
		return err
	}
	return tx.notePayment(ctx, p, map[string]any{"invoice_id": invoice.ID, "invoice_number": invoice.Number})
}

// payable refuses a payment of more than is due of a document.
func payable(amount, due fieldops.Cents, document string) error {
	switch {
	case due == 0:
		return fieldops.Refuse(fieldops.Conflict, "Nothing is due of %s any more", document)
	case amount > due:
		refusal := fieldops.Refuse(fieldops.Conflict, "Payment amount exceeds invoice amount due: %s is due of %s", due, document)
		refusal.Details = map[string]any{"amount_due": due}
		return refusal
	}
	return nil
}

// addPayment stores a payment whose document is locked and has so much due.
func (tx *Tx) addPayment(ctx context.Context, p *fieldops.Payment) error {
	if p.ID == "" {
		p.ID = fieldops.NewID()
	}
	p.CreatedAt, p.UpdatedAt = tx.Now, tx.Now
	_, err := tx.q.ExecContext(ctx, `insert into xero_payments (id, invoice_id, bill_id, amount_cents, payment_date, payment_method,
		reference, account_code, currency, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
		p.ID, p.InvoiceID, p.BillID, int64(p.Amount), p.Date, p.Method, p.Reference, p.AccountCode, p.Currency, tx.Now)
	return err
}

func (tx *Tx) notePayment(ctx context.Context, p *fieldops.Payment, details map[string]any) error {
	details["amount"], details["payment_date"], details["payment_method"] = p.Amount, p.Date, p.Method
	return tx.audit(ctx, "create", "payment", p.ID, details)
}
