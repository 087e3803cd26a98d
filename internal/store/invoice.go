package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"ampedfieldops/internal/fieldops"
)

const invoiceColumns = `i.id, i.invoice_number, i.client_id, coalesce(c.name, ''), i.project_id, coalesce(p.name, ''),
	i.status, i.currency, i.issue_date, i.due_date, i.reference, i.subtotal_cents, i.total_tax_cents, i.total_cents,
	i.amount_paid_cents, i.amount_due_cents, i.xero_invoice_id, i.xero_total_cents, i.sync_warning,
	i.synced_at, i.created_at, i.updated_at, i.deleted_at,
	coalesce(cast(i.sync_status as text), ''), i.xero_sync_id, coalesce(d.revision, 0)`

const invoiceTables = ` xero_invoices i
	left join clients c on c.id = i.client_id
	left join projects p on p.id = i.project_id
	left join sync_documents d on d.entity_type = 'invoice' and d.entity_id = i.id`

func scanInvoice(rows *sql.Rows, i *fieldops.Invoice) error {
	return rows.Scan(&i.ID, &i.Number, &i.ClientID, &i.ClientName, &i.ProjectID, &i.ProjectName,
		&i.Status, &i.Currency, &i.IssueDate, &i.DueDate, &i.Reference, &i.SubTotal, &i.TotalTax, &i.Total,
		&i.AmountPaid, &i.AmountDue, &i.XeroInvoiceID, &i.XeroTotal, &i.SyncWarning,
		&i.SyncedAt, &i.CreatedAt, &i.UpdatedAt, &i.DeletedAt,
		&i.Sync.Status, &i.XeroSyncID, &i.Revision)
}

// Invoice is one invoice with its lines. A deleted one is not found.
func (r reads) Invoice(ctx context.Context, id fieldops.ID) (fieldops.Invoice, error) {
	return r.oneInvoice(ctx, "i.id = $1 and i.deleted_at is null", id)
}

// AnyInvoice is one invoice with its lines, deleted or not.
func (r reads) AnyInvoice(ctx context.Context, id fieldops.ID) (fieldops.Invoice, error) {
	return r.oneInvoice(ctx, "i.id = $1", id)
}

func (r reads) oneInvoice(ctx context.Context, condition string, args ...any) (fieldops.Invoice, error) {
	found, err := r.invoices(ctx, condition, args, 1)
	if err != nil {
		return fieldops.Invoice{}, err
	}
	if len(found) == 0 {
		return fieldops.Invoice{}, fieldops.Refuse(fieldops.NotFound, "Invoice not found")
	}
	return found[0], nil
}

// invoices reads invoices, newest first, with their lines, in three queries
// however many there are.
func (r reads) invoices(ctx context.Context, condition string, args []any, limit int) ([]fieldops.Invoice, error) {
	invoices, err := collect(ctx, r, "select "+invoiceColumns+" from"+invoiceTables+" where "+condition+
		fmt.Sprintf(" order by i.issue_date desc, i.id desc limit %d", limit), args, scanInvoice)
	if err != nil || len(invoices) == 0 {
		return invoices, err
	}
	place := make(map[fieldops.ID]int, len(invoices))
	ids := make([]fieldops.ID, len(invoices))
	for i := range invoices {
		place[invoices[i].ID], ids[i] = i, invoices[i].ID
	}
	billed, err := r.billedTimesheets(ctx, ids)
	if err != nil {
		return nil, err
	}
	lines := []any{}
	rows, err := r.q.QueryContext(ctx, `select invoice_id, id, group_key, description, quantity_e4, unit_price_e4, coalesce(account_code, ''),
		coalesce(tax_type, ''), tax_rate_ppm, line_amount_cents, tax_amount_cents
		from xero_invoice_lines where invoice_id in `+list(&lines, ids)+" order by invoice_id, position", lines...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var invoice fieldops.ID
		var l fieldops.Line
		if err := rows.Scan(&invoice, &l.ID, &l.Key, &l.Description, &l.Quantity, &l.UnitPrice, &l.AccountCode,
			&l.TaxType, &l.TaxRate, &l.Amount, &l.Tax); err != nil {
			return nil, err
		}
		l.Timesheets = billed[l.ID]
		i := &invoices[place[invoice]]
		i.Lines = append(i.Lines, l)
	}
	return invoices, rows.Err()
}

// billedTimesheets are the timesheets of invoices by the line that bills them.
func (r reads) billedTimesheets(ctx context.Context, invoices []fieldops.ID) (map[fieldops.ID][]fieldops.ID, error) {
	args := []any{}
	type pair struct{ line, timesheet fieldops.ID }
	pairs, err := collect(ctx, r, `select invoice_line_id, id from timesheets where invoice_line_id is not null and invoice_id in `+
		list(&args, invoices)+" order by date, created_at, id", args,
		func(rows *sql.Rows, p *pair) error { return rows.Scan(&p.line, &p.timesheet) })
	if err != nil {
		return nil, err
	}
	byLine := make(map[fieldops.ID][]fieldops.ID, len(pairs))
	for _, p := range pairs {
		byLine[p.line] = append(byLine[p.line], p.timesheet)
	}
	return byLine, nil
}

// DocumentFilter chooses invoices or purchase orders. Zero values choose
// everything.
type DocumentFilter struct {
	Status       string
	ClientID     fieldops.ID // of a purchase order: the supplier
	ProjectID    fieldops.ID
	CostCenterID fieldops.ID // purchase orders with a line on it
	SyncStatus   fieldops.SyncStatus
	Search       string // part of a number, a reference, notes or a name
	From, To     fieldops.Date
	Deleted      bool // deleted ones too
	Limit        int
	// AfterDate and AfterID continue a list behind its last row.
	AfterDate fieldops.Date
	AfterID   fieldops.ID
}

// Invoices lists invoices, newest issue date first.
func (r reads) Invoices(ctx context.Context, f DocumentFilter) ([]fieldops.Invoice, error) {
	w := f.where("i", "issue_date", "client_id")
	if f.Search != "" {
		w.and(`(lower(i.invoice_number) like ? escape '\' or lower(coalesce(i.reference, '')) like ? escape '\'
			or c.name_folded like ? escape '\' or lower(coalesce(p.name, '')) like ? escape '\')`,
			f.pattern(), f.pattern(), f.pattern(), f.pattern())
	}
	return r.invoices(ctx, w.String(), w.args, f.Limit)
}

// where is the part of a filter that invoices and purchase orders have in
// common; a is the table's alias.
func (f *DocumentFilter) where(a, date, party string) *where {
	w := &where{}
	if !f.Deleted {
		w.and(a + ".deleted_at is null")
	}
	if f.Status != "" {
		w.and(a+".status = ?", f.Status)
	}
	if f.ClientID != "" {
		w.and(a+"."+party+" = ?", f.ClientID)
	}
	if f.ProjectID != "" {
		w.and(a+".project_id = ?", f.ProjectID)
	}
	if f.SyncStatus != "" {
		w.and(a+".sync_status = ?", f.SyncStatus)
	}
	if f.From != "" {
		w.and(a+"."+date+" >= ?", f.From)
	}
	if f.To != "" {
		w.and(a+"."+date+" <= ?", f.To)
	}
	if f.AfterID != "" {
		w.and("("+a+"."+date+", "+a+".id) < (?, ?)", f.AfterDate, f.AfterID)
	}
	return w
}

func (f *DocumentFilter) pattern() string { return contains(strings.ToLower(f.Search)) }

// contains is the like pattern for a part of a text, with the backslash as its
// escape.
func contains(part string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(part) + "%"
}

// Tax is what an account of the connected organisation charges.
type Tax struct {
	Type string
	Rate fieldops.TaxRate
}

// AccountTaxes are the taxes of the connected organisation's accounts by
// account code, as last read. It is empty while nothing is connected; an account
// whose rate is not known is not in it.
func (r reads) AccountTaxes(ctx context.Context) (map[string]Tax, error) {
	var accountsText, ratesText string
	err := r.q.QueryRowContext(ctx, `select o.accounts, o.tax_rates from xero_organisations o
		join xero_tokens t on t.tenant_id = o.tenant_id limit 1`).Scan(&accountsText, &ratesText)
	if errors.Is(err, sql.ErrNoRows) {
		return map[string]Tax{}, nil
	}
	if err != nil {
		return nil, err
	}
	var accounts []fieldops.Account
	var rates []fieldops.RemoteTaxRate
	if err := errors.Join(json.Unmarshal([]byte(accountsText), &accounts), json.Unmarshal([]byte(ratesText), &rates)); err != nil {
		return nil, fmt.Errorf("the organisation as last read: %w", err)
	}
	rateOf := make(map[string]fieldops.TaxRate, len(rates))
	for _, rate := range rates {
		rateOf[rate.TaxType] = rate.Rate
	}
	taxes := make(map[string]Tax, len(accounts))
	for _, a := range accounts {
		if rate, known := rateOf[a.TaxType]; known && a.Code != "" {
			taxes[a.Code] = Tax{a.TaxType, rate}
		}
	}
	return taxes, nil
}
