package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"ampedfieldops/internal/fieldops"
)

const quoteColumns = `q.id, q.xero_quote_id, q.quote_number, q.client_id, coalesce(c.name, ''), q.project_id, coalesce(p.name, ''),
	q.status, q.currency, q.issue_date, q.expiry_date, q.title, q.summary, q.terms, q.reference,
	q.subtotal_cents, q.total_tax_cents, q.total_cents, q.invoice_id, i.invoice_number, q.sent_at, q.sent_to,
	q.created_at, q.updated_at, q.deleted_at`

const quoteTables = ` /* deleted too */ xero_quotes q
	left join /* deleted too */ clients c on c.id = q.client_id
	left join /* deleted too */ projects p on p.id = q.project_id
	left join /* deleted too */ xero_invoices i on i.id = q.invoice_id`

func scanQuote(rows *sql.Rows, q *fieldops.Quote) error {
	return rows.Scan(&q.ID, &q.XeroQuoteID, &q.Number, &q.ClientID, &q.ClientName, &q.ProjectID, &q.ProjectName,
		&q.Status, &q.Currency, &q.IssueDate, &q.ExpiryDate, &q.Title, &q.Summary, &q.Terms, &q.Reference,
		&q.SubTotal, &q.TotalTax, &q.Total, &q.InvoiceID, &q.InvoiceNo, &q.SentAt, &q.SentTo,
		&q.CreatedAt, &q.UpdatedAt, &q.DeletedAt)
}

// Quotes lists quotes, newest issue date first.
func (r reads) Quotes(ctx context.Context, f DocumentFilter) ([]fieldops.Quote, error) {
	w := f.where("q", "issue_date", "client_id")
	f.search(w, []string{"q.quote_number", "q.reference", "q.title"})
	return r.quotes(ctx, w.String(), w.args, f.Limit)
}

// Quote is one quote with its lines. A deleted one is not found.
func (r reads) Quote(ctx context.Context, id fieldops.ID) (fieldops.Quote, error) {
	found, err := r.quotes(ctx, "q.id = $1 and q.deleted_at is null", []any{id}, 1)
	if err != nil {
		return fieldops.Quote{}, err
	}
	if len(found) == 0 {
		return fieldops.Quote{}, fieldops.Refuse(fieldops.NotFound, "Quote not found")
	}
	return found[0], nil
}

// quotes reads quotes, newest first, with their lines, in two queries.
func (r reads) quotes(ctx context.Context, condition string, args []any, limit int) ([]fieldops.Quote, error) {
	quotes, err := collect(ctx, r, "select "+quoteColumns+" from"+quoteTables+" where "+condition+
		fmt.Sprintf(" order by q.issue_date desc, q.id desc limit %d", limit), args, scanQuote)
	if err != nil || len(quotes) == 0 {
		return quotes, err
	}
	ids := make([]fieldops.ID, len(quotes))
	for i := range quotes {
		ids[i] = quotes[i].ID
	}
	lines, err := r.saleLines(ctx, "xero_quote_lines", "quote_id", ids)
	for i := range quotes {
		quotes[i].Lines = lines[quotes[i].ID]
	}
	return quotes, err
}

// saleLines are the lines of quotes or credit notes, by their document.
func (r reads) saleLines(ctx context.Context, table, column string, ids []fieldops.ID) (map[fieldops.ID][]fieldops.Line, error) {
	item := "item_id"
	if table == "xero_credit_note_lines" {
		item = "cast(null as uuid)"
	}
	args := []any{}
	type row struct {
		document fieldops.ID
		fieldops.Line
	}
	rows, err := collect(ctx, r, "select "+column+", id, description, quantity_e4, unit_price_e4, coalesce(account_code, ''), coalesce(tax_type, ''), tax_rate_ppm, "+
		item+", line_amount_cents, tax_amount_cents from "+table+" where "+column+" in "+list(&args, ids)+" order by "+column+", position", args,
		func(rows *sql.Rows, x *row) error {
			l := &x.Line
			return rows.Scan(&x.document, &l.ID, &l.Description, &l.Quantity, &l.UnitPrice, &l.AccountCode, &l.TaxType, &l.TaxRate, &l.ItemID, &l.Amount, &l.Tax)
		})
	lines := make(map[fieldops.ID][]fieldops.Line, len(ids))
	for _, x := range rows {
		lines[x.document] = append(lines[x.document], x.Line)
	}
	return lines, err
}

// InsertQuote stores a quote with its lines. It gives it its id, times and,
// unless it has one, its number, for which all who create quotes wait.
func (tx *Tx) InsertQuote(ctx context.Context, q *fieldops.Quote, s fieldops.Settings) error {
	if q.ID == "" {
		q.ID = fieldops.NewID()
	}
	q.CreatedAt, q.UpdatedAt = tx.Now, tx.Now
	if q.Number == "" {
		var err error
		if q.Number, err = tx.freeNumberOf(ctx, "xero_quotes", "quote_number", quoteSeries, s.QuotePrefix, s.NumberPadding); err != nil {
			return err
		}
	}
	_, err := tx.q.ExecContext(ctx, `insert into xero_quotes (id, quote_number, client_id, project_id, status, currency, issue_date, expiry_date,
		title, summary, terms, reference, subtotal_cents, total_tax_cents, total_cents, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)`,
		q.ID, q.Number, q.ClientID, q.ProjectID, q.Status, q.Currency, q.IssueDate, q.ExpiryDate,
		q.Title, q.Summary, q.Terms, q.Reference, int64(q.SubTotal), int64(q.TotalTax), int64(q.Total), tx.Now)
	if breaksUnique(err, "number") {
		return numberTaken(q.Number)
	}
	if err != nil {
		return err
	}
	if err := tx.insertQuoteLines(ctx, q); err != nil {
		return err
	}
	if err := tx.indexWords(ctx, fieldops.RecordQuote, q.ID, nil, keysOf(&q.Number)); err != nil {
		return err
	}
	return tx.NoteQuote(ctx, "create", q)
}

func (tx *Tx) insertQuoteLines(ctx context.Context, q *fieldops.Quote) error {
	var w where
	rows := make([]string, len(q.Lines))
	for n := range q.Lines {
		l := &q.Lines[n]
		l.ID = fieldops.NewID()
		rows[n] = w.row(l.ID, q.ID, n, l.Description, int64(l.Quantity), int64(l.UnitPrice), orNull(l.AccountCode), orNull(l.TaxType),
			int64(l.TaxRate), l.ItemID, int64(l.Amount), int64(l.Tax))
	}
	_, err := tx.q.ExecContext(ctx, `insert into xero_quote_lines (id, quote_id, position, description, quantity_e4, unit_price_e4,
		account_code, tax_type, tax_rate_ppm, item_id, line_amount_cents, tax_amount_cents) values `+strings.Join(rows, ", "), w.args...)
	return err
}

// LockQuote reads a quote that is about to be changed and keeps everybody else
// from changing it until the transaction ends.
func (tx *Tx) LockQuote(ctx context.Context, id fieldops.ID) (fieldops.Quote, error) {
	if err := tx.lockRow(ctx, "xero_quotes", id); err != nil {
		return fieldops.Quote{}, notFound(err, "Quote")
	}
	return tx.Quote(ctx, id)
}

// UpdateQuote stores a quote that LockQuote gave, as changed. lines says whether
// they were changed, too.
func (tx *Tx) UpdateQuote(ctx context.Context, q *fieldops.Quote, lines bool) error {
	q.UpdatedAt = tx.Now
	if _, err := tx.q.ExecContext(ctx, `update xero_quotes set client_id = $1, project_id = $2, status = $3, issue_date = $4, expiry_date = $5,
		title = $6, summary = $7, terms = $8, reference = $9, subtotal_cents = $10, total_tax_cents = $11, total_cents = $12,
		invoice_id = $13, sent_at = $14, sent_to = $15, updated_at = $16 where id = $17`,
		q.ClientID, q.ProjectID, q.Status, q.IssueDate, q.ExpiryDate, q.Title, q.Summary, q.Terms, q.Reference,
		int64(q.SubTotal), int64(q.TotalTax), int64(q.Total), q.InvoiceID, q.SentAt, q.SentTo, tx.Now, q.ID); err != nil {
		return err
	}
	if !lines {
		return nil
	}
	if _, err := tx.q.ExecContext(ctx, "delete from xero_quote_lines where quote_id = $1", q.ID); err != nil {
		return err
	}
	return tx.insertQuoteLines(ctx, q)
}

// NoteQuote adds an audit entry about a quote.
func (tx *Tx) NoteQuote(ctx context.Context, action string, q *fieldops.Quote) error {
	return tx.audit(ctx, action, "quote", q.ID, map[string]any{
		"quote_number": q.Number, "client_id": q.ClientID, "status": q.Status, "total": q.Total, "invoice_id": q.InvoiceID,
	})
}

// freeQuote lets a quote be invoiced again whose invoice was taken back. It
// keeps the link, so that a restored invoice is its invoice again.
func (tx *Tx) freeQuote(ctx context.Context, invoice fieldops.ID) error {
	_, err := tx.q.ExecContext(ctx, "update xero_quotes set status = 'ACCEPTED', updated_at = $1 where invoice_id = $2 and status = 'INVOICED'", tx.Now, invoice)
	return err
}

// bindQuote has a quote be invoiced by a restored invoice, or by the copy of it.
func (tx *Tx) bindQuote(ctx context.Context, was, invoice fieldops.ID) error {
	_, err := tx.q.ExecContext(ctx, "update xero_quotes set invoice_id = $1, status = 'INVOICED', updated_at = $2 where invoice_id = $3", invoice, tx.Now, was)
	return err
}

// ProjectClient is the client of a project, nil when it has none. A deleted
// project is not found.
func (r reads) ProjectClient(ctx context.Context, project fieldops.ID) (client *fieldops.ID, err error) {
	err = r.q.QueryRowContext(ctx, "select client_id from live_projects where id = $1", project).Scan(&client)
	return client, notFound(err, "Project")
}
