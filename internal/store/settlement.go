package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// settleInvoice derives what is paid and due of an invoice, its status and that
// of its timesheets, and the day of its last payment, from the payments and
// credits that are kept for it and from what Xero last said. It is called in the
// transaction of every change of one of these; the caller holds the invoice's
// lock, so that no two are derived from the same state.
func (tx *Tx) settleInvoice(ctx context.Context, id fieldops.ID) error {
	tx.documents = true
	var total, remote, here fieldops.Cents
	var status string
	var last fieldops.Date
	err := tx.q.QueryRowContext(ctx, `select i.total_cents, i.xero_settled_cents, i.status,
		(select cast(coalesce(sum(amount_cents), 0) as bigint) from live_payments where invoice_id = i.id)
		+ (select cast(coalesce(sum(a.amount_cents), 0) as bigint) from credit_note_allocations a
			join live_credit_notes n on n.id = a.credit_note_id where a.invoice_id = i.id),
		(select max(payment_date) from live_payments where invoice_id = i.id)
		from /* deleted too */ xero_invoices i where i.id = $1`, id).Scan(&total, &remote, &status, &here, &last)
	if err != nil {
		return notFound(err, "Invoice")
	}
	s := fieldops.Settle(total, here, remote, status)
	if status == fieldops.StatusVoided || status == fieldops.StatusDeleted {
		return nil // nothing is due of it
	}
	if _, err := tx.q.ExecContext(ctx, `update xero_invoices set status = $1, amount_paid_cents = $2, amount_due_cents = $3, last_payment_date = $4
		where id = $5`, s.Status, int64(s.Paid), int64(s.Due), last, id); err != nil {
		return err
	}
	billing := fieldops.Billed
	if s.Status == fieldops.StatusPaid {
		billing = fieldops.Paid
	}
	_, err = tx.q.ExecContext(ctx, "update timesheets set billing_status = $1, updated_at = $2 where invoice_id = $3 and billing_status <> $1", billing, tx.Now, id)
	return err
}

// resettleInvoice settles an invoice anew after a deletion took payments or
// credits of it, or a restoration brought them back. They are refused when more
// has been paid meanwhile than they leave room for.
func (tx *Tx) resettleInvoice(ctx context.Context, id, deletion fieldops.ID) error {
	invoice, err := tx.LockInvoice(ctx, id)
	if err != nil {
		return err
	}
	var here fieldops.Cents
	var restored int
	if err := tx.q.QueryRowContext(ctx, `select
		(select cast(coalesce(sum(amount_cents), 0) as bigint) from live_payments where invoice_id = $1)
		+ (select cast(coalesce(sum(a.amount_cents), 0) as bigint) from credit_note_allocations a
			join live_credit_notes n on n.id = a.credit_note_id where a.invoice_id = $1),
		(select count(*) from live_payments where invoice_id = $1 and deletion_id = $2)
		+ (select count(*) from credit_note_allocations a
			join live_credit_notes n on n.id = a.credit_note_id where a.invoice_id = $1 and n.deletion_id = $2)`, id, deletion).Scan(&here, &restored); err != nil {
		return err
	}
	if restored > 0 && here > invoice.Total {
		return fieldops.Refuse(fieldops.Conflict, "Invoice %s has been paid otherwise meanwhile; with this it would be paid by more than its total", invoice.Number)
	}
	return tx.settleInvoice(ctx, id)
}

// LockPayable locks an invoice of which something is about to be paid or
// credited. One that is being taken back is not paid any more.
func (tx *Tx) LockPayable(ctx context.Context, id fieldops.ID) (fieldops.Invoice, error) {
	invoice, err := tx.LockInvoice(ctx, id)
	if err != nil {
		return invoice, err
	}
	var going int
	err = tx.q.QueryRowContext(ctx, `select count(*) from sync_documents d left join sync_intents n on n.id = d.open_intent_id
		where d.entity_type = 'invoice' and d.entity_id = $1 and (d.wish is not null or n.operation = 'void')`, id).Scan(&going)
	if err != nil {
		return invoice, err
	}
	if going > 0 {
		return invoice, fieldops.Refuse(fieldops.Conflict, "Invoice %s is being deleted and can be neither paid nor credited", invoice.Number)
	}
	return invoice, nil
}

// Settler is a payment or a credit that settles a part of an invoice.
type Settler struct {
	Kind   string         `json:"entity_type"` // payment or credit_note
	ID     fieldops.ID    `json:"entity_id"`
	Number *string        `json:"number"` // of a credit note
	Amount fieldops.Cents `json:"amount"`
	Date   fieldops.Date  `json:"date"`
}

// Settlers are the payments and credits that settle an invoice, by day.
func (r reads) Settlers(ctx context.Context, invoice fieldops.ID) ([]Settler, error) {
	return collect(ctx, r, `select 'payment', id, cast(null as text), amount_cents, payment_date from live_payments where invoice_id = $1
		union all select 'credit_note', n.id, n.credit_note_number, a.amount_cents, a.date from credit_note_allocations a
		join live_credit_notes n on n.id = a.credit_note_id where a.invoice_id = $1 order by 5, 2`, []any{invoice},
		func(rows *sql.Rows, s *Settler) error {
			return rows.Scan(&s.Kind, &s.ID, &s.Number, &s.Amount, &s.Date)
		})
}

// RefuseSettled refuses to take back an invoice of which something was paid or
// credited, and says what stands in the way.
func (r reads) RefuseSettled(ctx context.Context, i *fieldops.Invoice) error {
	settlers, err := r.Settlers(ctx, i.ID)
	if err != nil {
		return err
	}
	if len(settlers) == 0 {
		if i.Status == fieldops.StatusPaid || i.AmountPaid > 0 {
			return fieldops.Refuse(fieldops.Conflict, "Invoice %s has payments; take them off in Xero before you delete it", i.Number)
		}
		return nil
	}
	var names []string
	for _, s := range settlers {
		name := "the payment of " + s.Amount.String() + " of " + string(s.Date)
		if s.Number != nil {
			name = fmt.Sprintf("%s of credit note %s", s.Amount, *s.Number)
		}
		names = append(names, name)
	}
	refusal := fieldops.Refuse(fieldops.Conflict, "Invoice %s has payments or credits; take them off before you delete it: %s", i.Number, strings.Join(names, ", "))
	refusal.Details = map[string]any{"conflicts": settlers}
	return refusal
}
