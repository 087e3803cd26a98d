package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"ampedfieldops/internal/fieldops"
)

const creditNoteColumns = `n.id, n.xero_credit_note_id, n.credit_note_number, n.client_id, coalesce(c.name, ''), n.invoice_id, i.invoice_number,
	n.status, n.currency, n.date, n.reason, n.subtotal_cents, n.total_tax_cents, n.amount_cents,
	(select cast(coalesce(sum(amount_cents), 0) as bigint) from credit_note_allocations where credit_note_id = n.id),
	n.created_at, n.updated_at, n.deleted_at`

const creditNoteTables = ` /* deleted too */ xero_credit_notes n
	left join /* deleted too */ clients c on c.id = n.client_id
	left join /* deleted too */ xero_invoices i on i.id = n.invoice_id`

func scanCreditNote(rows *sql.Rows, n *fieldops.CreditNote) error {
	return rows.Scan(&n.ID, &n.XeroCreditNoteID, &n.Number, &n.ClientID, &n.ClientName, &n.InvoiceID, &n.InvoiceNumber,
		&n.Status, &n.Currency, &n.Date, &n.Reason, &n.SubTotal, &n.TotalTax, &n.Amount, &n.Allocated,
		&n.CreatedAt, &n.UpdatedAt, &n.DeletedAt)
}

// CreditNotes lists credit notes, newest first. invoice, unless "", is one that
// they were made for or set against.
func (r reads) CreditNotes(ctx context.Context, f DocumentFilter, invoice fieldops.ID) ([]fieldops.CreditNote, error) {
	f.ProjectID, f.SyncStatus = "", "" // they have none
	w := f.where("n", "date", "client_id")
	for _, word := range strings.Fields(fold(f.Search)) {
		w.and(`(lower(n.credit_note_number) like ? escape '\' or lower(n.reason) like ? escape '\' or c.search_folded like ? escape '\')`,
			contains(word), contains(word), contains(word))
	}
	if invoice != "" {
		w.and("(n.invoice_id = ? or n.id in (select credit_note_id from credit_note_allocations where invoice_id = ?))", invoice, invoice)
	}
	return r.creditNotes(ctx, w.String(), w.args, f.Limit)
}

// CreditNote is one credit note with its lines and allocations. A deleted one is
// not found.
func (r reads) CreditNote(ctx context.Context, id fieldops.ID) (fieldops.CreditNote, error) {
	found, err := r.creditNotes(ctx, "n.id = $1 and n.deleted_at is null", []any{id}, 1)
	if err != nil {
		return fieldops.CreditNote{}, err
	}
	if len(found) == 0 {
		return fieldops.CreditNote{}, fieldops.Refuse(fieldops.NotFound, "Credit note not found")
	}
	return found[0], nil
}

// creditNotes reads credit notes, newest first, in three queries.
func (r reads) creditNotes(ctx context.Context, condition string, args []any, limit int) ([]fieldops.CreditNote, error) {
	notes, err := collect(ctx, r, "select "+creditNoteColumns+" from"+creditNoteTables+" where "+condition+
		fmt.Sprintf(" order by n.date desc, n.id desc limit %d", limit), args, scanCreditNote)
	if err != nil || len(notes) == 0 {
		return notes, err
	}
	ids := make([]fieldops.ID, len(notes))
	place := make(map[fieldops.ID]int, len(notes))
	for i := range notes {
		ids[i], place[notes[i].ID] = notes[i].ID, i
	}
	lines, err := r.saleLines(ctx, "xero_credit_note_lines", "credit_note_id", ids)
	if err != nil {
		return nil, err
	}
	in := []any{}
	allocations, err := collect(ctx, r, `select a.id, a.credit_note_id, a.invoice_id, i.invoice_number, a.amount_cents, a.date, a.created_at
		from credit_note_allocations a join /* deleted too */ xero_invoices i on i.id = a.invoice_id where a.credit_note_id in `+list(&in, ids)+
		" order by a.created_at, a.id", in, func(rows *sql.Rows, a *fieldops.Allocation) error {
		return rows.Scan(&a.ID, &a.CreditNoteID, &a.InvoiceID, &a.InvoiceNumber, &a.Amount, &a.Date, &a.CreatedAt)
	})
	for i := range notes {
		notes[i].Lines = lines[notes[i].ID]
	}
	for _, a := range allocations {
		n := &notes[place[a.CreditNoteID]]
		n.Allocations = append(n.Allocations, a)
	}
	return notes, err
}

// Credited is what was credited of an invoice by credit notes that were made for
// it.
func (r reads) Credited(ctx context.Context, invoice fieldops.ID) (credited fieldops.Cents, err error) {
	err = r.q.QueryRowContext(ctx, "select cast(coalesce(sum(amount_cents), 0) as bigint) from live_credit_notes where invoice_id = $1", invoice).Scan(&credited)
	return credited, err
}

// InsertCreditNote stores a credit note with its lines. It gives it its id,
// times and number, for which all who create credit notes wait.
func (tx *Tx) InsertCreditNote(ctx context.Context, n *fieldops.CreditNote, s fieldops.Settings) error {
	n.ID, n.CreatedAt, n.UpdatedAt = fieldops.NewID(), tx.Now, tx.Now
	var err error
	if n.Number, err = tx.freeNumberOf(ctx, "xero_credit_notes", "credit_note_number", creditNoteSeries, s.CreditPrefix, s.NumberPadding); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into xero_credit_notes (id, credit_note_number, client_id, invoice_id, status, currency, date, reason,
		subtotal_cents, total_tax_cents, amount_cents, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)`,
		n.ID, n.Number, n.ClientID, n.InvoiceID, n.Status, n.Currency, n.Date, n.Reason,
		int64(n.SubTotal), int64(n.TotalTax), int64(n.Amount), tx.Now); err != nil {
		return err
	}
	var w where
	rows := make([]string, len(n.Lines))
	for i := range n.Lines {
		l := &n.Lines[i]
		l.ID = fieldops.NewID()
		rows[i] = w.row(l.ID, n.ID, i, l.Description, int64(l.Quantity), int64(l.UnitPrice), orNull(l.AccountCode), orNull(l.TaxType),
			int64(l.TaxRate), int64(l.Amount), int64(l.Tax))
	}
	if _, err := tx.q.ExecContext(ctx, `insert into xero_credit_note_lines (id, credit_note_id, position, description, quantity_e4, unit_price_e4,
		account_code, tax_type, tax_rate_ppm, line_amount_cents, tax_amount_cents) values `+strings.Join(rows, ", "), w.args...); err != nil {
		return err
	}
	return tx.audit(ctx, "create", "credit_note", n.ID, map[string]any{
		"credit_note_number": n.Number, "invoice_id": n.InvoiceID, "amount": n.Amount, "reason": n.Reason,
	})
}

// LockCreditNote reads a credit note that is about to be changed and keeps
// everybody else from changing it until the transaction ends. Whoever locks an
// invoice, too, locks that first.
func (tx *Tx) LockCreditNote(ctx context.Context, id fieldops.ID) (fieldops.CreditNote, error) {
	if err := tx.lockRow(ctx, "xero_credit_notes", id); err != nil {
		return fieldops.CreditNote{}, notFound(err, "Credit note")
	}
	return tx.CreditNote(ctx, id)
}

// Allocate sets a part of a locked credit note against a locked invoice of the
// same client and settles that. Never more than is left of the note, nor than is
// due of the invoice.
func (tx *Tx) Allocate(ctx context.Context, n *fieldops.CreditNote, i *fieldops.Invoice, amount fieldops.Cents, date fieldops.Date) error {
	switch {
	case n.ClientID == nil || i.ClientID == nil || *n.ClientID != *i.ClientID:
		return fieldops.Refuse(fieldops.Conflict, "Credit note %s is not of the client of invoice %s", n.Number, i.Number)
	case amount > n.Remaining():
		return fieldops.Refuse(fieldops.Conflict, "Of credit note %s only %s is left", n.Number, n.Remaining())
	case i.AmountDue == 0:
		return fieldops.Refuse(fieldops.Conflict, "Nothing is due of invoice %s any more", i.Number)
	case amount > i.AmountDue:
		return fieldops.Refuse(fieldops.Conflict, "Only %s is due of invoice %s", i.AmountDue, i.Number)
	}
	a := fieldops.Allocation{ID: fieldops.NewID(), CreditNoteID: n.ID, InvoiceID: i.ID, InvoiceNumber: i.Number, Amount: amount, Date: date, CreatedAt: tx.Now}
	if _, err := tx.q.ExecContext(ctx, "insert into credit_note_allocations (id, credit_note_id, invoice_id, amount_cents, date, created_at) values ($1, $2, $3, $4, $5, $6)",
		a.ID, a.CreditNoteID, a.InvoiceID, int64(a.Amount), a.Date, a.CreatedAt); err != nil {
		return err
	}
	if err := tx.keepCreditStatus(ctx, n.ID); err != nil {
		return err
	}
	if err := tx.settleInvoice(ctx, i.ID); err != nil {
		return err
	}
	return tx.audit(ctx, "allocate", "credit_note", n.ID, map[string]any{"invoice_id": i.ID, "invoice_number": i.Number, "amount": amount})
}

// Unallocate takes an allocation of a locked credit note off its locked invoice.
func (tx *Tx) Unallocate(ctx context.Context, a *fieldops.Allocation) error {
	if _, err := tx.q.ExecContext(ctx, "delete from credit_note_allocations where id = $1", a.ID); err != nil {
		return err
	}
	if err := tx.keepCreditStatus(ctx, a.CreditNoteID); err != nil {
		return err
	}
	if err := tx.settleInvoice(ctx, a.InvoiceID); err != nil {
		return err
	}
	return tx.audit(ctx, "unallocate", "credit_note", a.CreditNoteID, map[string]any{"invoice_id": a.InvoiceID, "invoice_number": a.InvoiceNumber, "amount": a.Amount})
}

// keepCreditStatus says of a credit note, as Xero does, that it is paid when
// nothing is left of it.
func (tx *Tx) keepCreditStatus(ctx context.Context, id fieldops.ID) error {
	_, err := tx.q.ExecContext(ctx, `update xero_credit_notes set updated_at = $1, status = case when amount_cents <=
		(select coalesce(sum(amount_cents), 0) from credit_note_allocations where credit_note_id = $2) then 'PAID' else 'AUTHORISED' end
		where id = $2 and status in ('AUTHORISED', 'PAID')`, tx.Now, id)
	return err
}
