package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
)

const invoiceColumns = `i.id, i.invoice_number, i.client_id, coalesce(c.name, ''), i.project_id, coalesce(p.name, ''),
	i.status, i.currency, i.issue_date, i.due_date, i.reference, i.subtotal_cents, i.total_tax_cents, i.total_cents,
	i.amount_paid_cents, i.amount_due_cents, i.last_payment_date, i.sent_at, i.sent_to, i.copy_of, i.xero_invoice_id, i.xero_total_cents, i.sync_warning,
	i.synced_at, i.created_at, i.updated_at, i.deleted_at, i.scanned_document_id,
	coalesce(cast(i.sync_status as text), ''), i.xero_sync_id, coalesce(d.revision, 0)`

const invoiceTables = ` /* deleted too */ xero_invoices i
	left join /* deleted too */ clients c on c.id = i.client_id
	left join /* deleted too */ projects p on p.id = i.project_id
	left join sync_documents d on d.entity_type = 'invoice' and d.entity_id = i.id`

func scanInvoice(rows *sql.Rows, i *fieldops.Invoice) error {
	return rows.Scan(&i.ID, &i.Number, &i.ClientID, &i.ClientName, &i.ProjectID, &i.ProjectName,
		&i.Status, &i.Currency, &i.IssueDate, &i.DueDate, &i.Reference, &i.SubTotal, &i.TotalTax, &i.Total,
		&i.AmountPaid, &i.AmountDue, &i.LastPayment, &i.SentAt, &i.SentTo, &i.CopyOf, &i.XeroInvoiceID, &i.XeroTotal, &i.SyncWarning,
		&i.SyncedAt, &i.CreatedAt, &i.UpdatedAt, &i.DeletedAt, &i.ScanID,
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
		coalesce(tax_type, ''), tax_rate_ppm, item_id, line_amount_cents, tax_amount_cents
		from xero_invoice_lines where invoice_id in `+list(&lines, ids)+" order by invoice_id, position", lines...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var invoice fieldops.ID
		var l fieldops.Line
		if err := rows.Scan(&invoice, &l.ID, &l.Key, &l.Description, &l.Quantity, &l.UnitPrice, &l.AccountCode,
			&l.TaxType, &l.TaxRate, &l.ItemID, &l.Amount, &l.Tax); err != nil {
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
	pairs, err := collect(ctx, r, `select invoice_line_id, id from /* deleted too */ timesheets where invoice_line_id is not null and invoice_id in `+
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
	CostCenterID fieldops.ID         // purchase orders with a line on it
	OrderID      fieldops.ID         // bills of this purchase order
	SyncStatus   fieldops.SyncStatus // or TakenOver
	Search       string              // part of a number, a reference, notes or a name
	From, To     fieldops.Date
	Deleted      bool // deleted ones too, as a Status that only they have implies
	Limit        int
	// AfterDate and AfterID continue a list behind its last row.
	AfterDate fieldops.Date
	AfterID   fieldops.ID
}

// Invoices lists invoices, newest issue date first.
func (r reads) Invoices(ctx context.Context, f DocumentFilter) ([]fieldops.Invoice, error) {
	// An invoice of several projects belongs to none; it is each one's all the same.
	project := f.ProjectID
	f.ProjectID = ""
	w := f.where("i", "issue_date", "client_id")
	if project != "" {
		w.and(`i.id in (select id from /* deleted too */ xero_invoices where project_id = ?
			union select invoice_id from live_timesheets where project_id = ? and invoice_id is not null)`, project, project)
	}
	f.search(w, []string{"i.invoice_number", "i.reference"})
	return r.invoices(ctx, w.String(), w.args, f.Limit)
}

// where is the part of a filter that invoices and purchase orders have in
// common; a is the table's alias.
func (f *DocumentFilter) where(a, date, party string) *where {
	w := &where{}
	if !f.Deleted && f.Status != fieldops.StatusVoided && f.Status != fieldops.StatusDeleted {
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
	switch f.SyncStatus {
	case "":
	case TakenOver:
		w.and(a + ".taken_over")
	default:
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

// search wants every word somewhere in one of the columns, or in the name of
// the client (alias c) or project (alias p).
func (f *DocumentFilter) search(w *where, columns []string) {
	texts := []string{"c.search_folded", "p.search_folded"}
	for _, column := range columns {
		texts = append(texts, "lower("+column+")")
	}
	w.andSomewhere(f.Search, texts...)
}

// andSomewhere wants every word of the searched text somewhere in one of the
// texts, which are in lower case.
func (w *where) andSomewhere(search string, texts ...string) {
	either := "(" + strings.Join(texts, ` like ? escape '\' or `) + ` like ? escape '\')`
	for _, word := range strings.Fields(fold(search)) {
		w.and(either, slices.Repeat([]any{contains(word)}, len(texts))...)
	}
}

// contains is the like pattern for a part of a text, with the backslash as its
// escape.
func contains(part string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(part) + "%"
}

// Work chooses timesheets to invoice.
type Work struct {
	ClientID fieldops.ID
	// IDs, unless nil, are the entries, whoever they belong to and whether they
	// are billed or kept off invoices or not, so that the caller can say why one
	// cannot be invoiced. Without them what is kept off is left out.
	IDs       []fieldops.ID
	ProjectID fieldops.ID
	From, To  fieldops.Date // inclusive; "" is without end
	// Approved leaves out what nobody has approved.
	Approved bool
}

func (k *Work) where(r reads) *where {
	w := &where{}
	w.and("t.deleted_at is null")
	if k.IDs != nil {
		w.and(r.among(w, "t.id", k.IDs))
		return w
	}
	w.and("t.billing_status = 'unbilled'")
	w.and("t.client_id = ?", k.ClientID)
	if k.ProjectID != "" {
		w.and("t.project_id = ?", k.ProjectID)
	}
	if k.From != "" {
		w.and("t.date >= ?", k.From)
	}
	if k.To != "" {
		w.and("t.date <= ?", k.To)
	}
	w.invoiceable(k.Approved)
	return w
}

// BillableWork reads of the chosen timesheets what an invoice is made of, in the
// order of their date, at most one more than an invoice can hold.
func (r reads) BillableWork(ctx context.Context, k Work) ([]fieldops.Timesheet, error) {
	return r.billableWork(ctx, k, "")
}

// LockWork reads the chosen timesheets as BillableWork does and keeps everybody
// else from changing them until the transaction ends. Whoever waits here for
// another invoice of the same work sees that they are billed. All callers lock in
// the same order, so that no two wait for each other.
func (tx *Tx) LockWork(ctx context.Context, k Work) ([]fieldops.Timesheet, error) {
	return tx.billableWork(ctx, k, tx.forUpdate())
}

func (r reads) billableWork(ctx context.Context, k Work, lock string) ([]fieldops.Timesheet, error) {
	w := k.where(r)
	work, err := collect(ctx, r, `select t.id, t.user_id, t.project_id, t.client_id, t.activity_type_id, t.cost_center_id, t.date,
		t.hours_e4, t.hourly_rate_e4, t.invoice_id, t.updated_at, not t.billable, t.approved_at, t.hold_reason from /* deleted too */ timesheets t where `+w.String()+
		fmt.Sprintf(" order by t.date, t.created_at, t.id limit %d", fieldops.MaxTimesheets+1)+lock, w.args,
		func(rows *sql.Rows, t *fieldops.Timesheet) error {
			return rows.Scan(&t.ID, &t.UserID, &t.ProjectID, &t.ClientID, &t.ActivityTypeID, &t.CostCenterID, &t.Date,
				&t.Hours, &t.HourlyRate, &t.InvoiceID, &t.UpdatedAt, &t.NotBillable, &t.ApprovedAt, &t.HoldReason)
		})
	if err != nil || len(work) == 0 {
		return work, err
	}
	if err := r.surroundWork(ctx, work, lock != ""); err != nil {
		return nil, err
	}
	return work, r.nameWork(ctx, work)
}

// surroundWork fills in what of the projects decides whether their work can be
// invoiced. With lock it stays so until the transaction ends: who takes the
// certificate of a project away waits, or was there first.
func (r reads) surroundWork(ctx context.Context, work []fieldops.Timesheet, lock bool) error {
	var ids []fieldops.ID
	seen := map[fieldops.ID]bool{}
	for i := range work {
		if id := work[i].ProjectID; id != nil && !seen[*id] {
			seen[*id] = true
			ids = append(ids, *id)
		}
	}
	if lock && r.engine == Postgres {
		var l where
		if _, err := collect(ctx, r, "select id from /* deleted too */ projects where "+r.among(&l, "id", ids)+" order by id for share", l.args,
			func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) }); err != nil {
			return err
		}
	}
	type surroundings struct {
		fieldops.Project
		uncertified bool
	}
	var w where
	projects, err := collect(ctx, r, "select p.id, p.billing_method, p.bill_on_completion, p.billing_hold, p.status, p.certificate_required, "+uncertifiedSQL+
		" from /* deleted too */ projects p where "+r.among(&w, "p.id", ids), w.args,
		func(rows *sql.Rows, p *surroundings) error {
			return rows.Scan(&p.ID, &p.BillingMethod, &p.BillOnCompletion, &p.BillingHold, &p.Status, &p.CertificateRequired, &p.uncertified)
		})
	if err != nil {
		return err
	}
	by := make(map[fieldops.ID]*surroundings, len(projects))
	for i := range projects {
		by[projects[i].ID] = &projects[i]
	}
	for i := range work {
		if id := work[i].ProjectID; id != nil && by[*id] != nil {
			work[i].Project, work[i].ProjectStatus, work[i].Uncertified = by[*id].ProjectBilling, by[*id].Status, by[*id].uncertified
		}
	}
	return nil
}

// nameWork fills in the names that invoice lines bear. Many entries share few
// names, so they are looked up once and not joined to each entry; and after a
// wait for a lock, so that the number of the invoice that took an entry is seen.
func (r reads) nameWork(ctx context.Context, work []fieldops.Timesheet) error {
	kinds := []struct {
		table, columns string // two of them
		id             func(*fieldops.Timesheet) *fieldops.ID
		fill           func(t *fieldops.Timesheet, first, second string)
	}{
		{"users", "name, ''", func(t *fieldops.Timesheet) *fieldops.ID { return t.UserID }, func(t *fieldops.Timesheet, first, _ string) { t.UserName = first }},
		{"projects", "code, name", func(t *fieldops.Timesheet) *fieldops.ID { return t.ProjectID }, func(t *fieldops.Timesheet, first, second string) { t.ProjectCode, t.ProjectName = first, second }},
		{"activity_types", "name, ''", func(t *fieldops.Timesheet) *fieldops.ID { return t.ActivityTypeID }, func(t *fieldops.Timesheet, first, _ string) { t.ActivityTypeName = first }},
		{"cost_centers", "coalesce(client_po_number, ''), ''", func(t *fieldops.Timesheet) *fieldops.ID { return t.CostCenterID }, func(t *fieldops.Timesheet, first, _ string) { t.ClientPONumber = first }},
		{"xero_invoices", "invoice_number, ''", func(t *fieldops.Timesheet) *fieldops.ID { return t.InvoiceID }, func(t *fieldops.Timesheet, first, _ string) { t.InvoiceNumber = first }},
	}
	var w where
	parts := make([]string, len(kinds))
	for k, kind := range kinds {
		ids := []fieldops.ID{}
		seen := map[fieldops.ID]bool{}
		for i := range work {
			if id := kind.id(&work[i]); id != nil && !seen[*id] {
				seen[*id] = true
				ids = append(ids, *id)
			}
		}
		parts[k] = "select id, " + kind.columns + " from " + kind.table + " where " + r.among(&w, "id", ids)
	}
	type row struct {
		id            fieldops.ID
		first, second string
	}
	// Ids are unique across all tables, so the answer need not say of which kind
	// each is.
	rows, err := collect(ctx, r, strings.Join(parts, " union all "), w.args,
		func(rows *sql.Rows, x *row) error { return rows.Scan(&x.id, &x.first, &x.second) })
	if err != nil {
		return err
	}
	names := make(map[fieldops.ID]row, len(rows))
	for _, x := range rows {
		names[x.id] = x
	}
	for _, kind := range kinds {
		for i := range work {
			if id := kind.id(&work[i]); id != nil {
				kind.fill(&work[i], names[*id].first, names[*id].second)
			}
		}
	}
	return nil
}

// among is the condition that a column of ids holds one of many. Unlike list it
// needs one parameter, so the statement is the same however many there are.
func (r reads) among(w *where, column string, ids []fieldops.ID) string {
	if r.engine == Postgres {
		return column + " = any(cast(" + w.arg("{"+strings.Join(ids, ",")+"}") + " as uuid[]))"
	}
	return column + " in (select value from json_each(" + w.arg(`["`+strings.Join(ids, `","`)+`"]`) + "))" // [""] when there are none
}

// pairing is a table of timesheets and the lines that bill them, in one or two
// parameters.
func (r reads) pairing(w *where, timesheets, lines []fieldops.ID) string {
	if r.engine == Postgres {
		return "(select unnest(cast(" + w.arg("{"+strings.Join(timesheets, ",")+"}") + " as uuid[])) as timesheet, unnest(cast(" +
			w.arg("{"+strings.Join(lines, ",")+"}") + " as uuid[])) as line)"
	}
	var b strings.Builder
	for i := range timesheets {
		fmt.Fprintf(&b, `,["%s","%s"]`, timesheets[i], lines[i])
	}
	return "(select value ->> 0 as timesheet, value ->> 1 as line from json_each(" + w.arg("["+strings.TrimPrefix(b.String(), ",")+"]") + "))"
}

// InsertInvoice stores an invoice with its lines. It gives them their ids, unless
// they have them, and times. A number that is taken is a Conflict.
func (tx *Tx) InsertInvoice(ctx context.Context, i *fieldops.Invoice) error {
	if i.ID == "" {
		i.ID = fieldops.NewID()
	}
	i.CreatedAt, i.UpdatedAt, i.Revision = tx.Now, tx.Now, 1
	_, err := tx.q.ExecContext(ctx, `insert into xero_invoices (id, invoice_number, client_id, project_id, status, currency, issue_date, due_date,
		reference, subtotal_cents, total_tax_cents, total_cents, amount_paid_cents, amount_due_cents, created_at, updated_at, sync_status, xero_sync_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16, $17)`,
		i.ID, i.Number, i.ClientID, i.ProjectID, i.Status, i.Currency, i.IssueDate, i.DueDate,
		i.Reference, int64(i.SubTotal), int64(i.TotalTax), int64(i.Total), int64(i.AmountPaid), int64(i.AmountDue), tx.Now, orNull(string(i.Sync.Status)), i.XeroSyncID)
	if breaksUnique(err, "number") {
		return numberTaken(i.Number)
	}
	if err != nil {
		return err
	}
	if err := tx.indexWords(ctx, fieldops.RecordInvoice, i.ID, nil, keysOf(&i.Number)); err != nil {
		return err
	}
	return tx.insertInvoiceLines(ctx, i)
}

func numberTaken(number string) error {
	return &fieldops.Error{
		Kind:    fieldops.Conflict,
		Message: fmt.Sprintf("The number %s is taken; choose another, or leave it out to get the next free one", number),
	}
}

func (tx *Tx) insertInvoiceLines(ctx context.Context, i *fieldops.Invoice) error {
	if len(i.Lines) == 0 {
		return nil
	}
	var w where
	rows := make([]string, len(i.Lines))
	for n := range i.Lines {
		l := &i.Lines[n]
		if l.ID == "" {
			l.ID = fieldops.NewID()
		}
		rows[n] = w.row(l.ID, i.ID, n, l.Key, l.Description, int64(l.Quantity), int64(l.UnitPrice), orNull(l.AccountCode), orNull(l.TaxType),
			int64(l.TaxRate), l.ItemID, int64(l.Amount), int64(l.Tax))
	}
	_, err := tx.q.ExecContext(ctx, `insert into xero_invoice_lines (id, invoice_id, position, group_key, description, quantity_e4, unit_price_e4,
		account_code, tax_type, tax_rate_ppm, item_id, line_amount_cents, tax_amount_cents) values `+strings.Join(rows, ", "), w.args...)
	return err
}

// row is a row of placeholders for an insert of several rows.
func (w *where) row(values ...any) string {
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = w.arg(v)
	}
	return "(" + strings.Join(places, ", ") + ")"
}

// BillTimesheets puts the timesheets that the invoice's lines name onto it, all
// of them or none: if one of them is no longer unbilled it is a Conflict. They
// show the invoice's sync state from the start.
func (tx *Tx) BillTimesheets(ctx context.Context, i *fieldops.Invoice) error {
	var timesheets, lines []fieldops.ID
	for _, l := range i.Lines {
		for _, id := range l.Timesheets {
			timesheets, lines = append(timesheets, id), append(lines, l.ID)
		}
	}
	var w where
	// Within coalesce the status is no reason for SQLite to go through all unbilled
	// work for each of the entries, instead of finding it by its id.
	billed, err := tx.exec(ctx, "update timesheets as t set billing_status = 'billed', invoice_id = "+w.arg(i.ID)+
		", invoice_line_id = billed.line, sync_status = "+w.arg(orNull(string(i.Sync.Status)))+", xero_sync_id = "+w.arg(i.XeroSyncID)+
		", updated_at = "+w.arg(tx.Now)+" from "+tx.pairing(&w, timesheets, lines)+` as billed
		where t.id = billed.timesheet and coalesce(t.billing_status, '') = 'unbilled' and t.deleted_at is null`, w.args...)
	if err != nil {
		return err
	}
	if billed != int64(len(timesheets)) {
		return fieldops.Refuse(fieldops.Conflict, "Some of the timesheets have been billed or deleted in the meantime")
	}
	return nil
}

// LockInvoice reads an invoice that is about to be changed and keeps everybody
// else from changing it until the transaction ends.
func (tx *Tx) LockInvoice(ctx context.Context, id fieldops.ID) (fieldops.Invoice, error) {
	// The worker locks in this order too.
	if _, err := tx.lockSyncDocument(ctx, fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: id}); err != nil {
		return fieldops.Invoice{}, err
	}
	if err := tx.lockRow(ctx, "xero_invoices", id); err != nil {
		return fieldops.Invoice{}, notFound(err, "Invoice")
	}
	return tx.Invoice(ctx, id)
}

func (tx *Tx) lockRow(ctx context.Context, table string, id fieldops.ID) error {
	var found fieldops.ID
	return tx.q.QueryRowContext(ctx, "select id from "+table+" where id = $1"+tx.forUpdate(), id).Scan(&found)
}

// UpdateInvoice stores what a person may change of an invoice: dates, reference,
// totals and lines. Its number is Renumber's.
func (tx *Tx) UpdateInvoice(ctx context.Context, i *fieldops.Invoice) error {
	i.UpdatedAt = tx.Now
	if _, err := tx.q.ExecContext(ctx, `update xero_invoices set issue_date = $1, due_date = $2, reference = $3,
		subtotal_cents = $4, total_tax_cents = $5, total_cents = $6, amount_due_cents = $7, updated_at = $8 where id = $9`,
		i.IssueDate, i.DueDate, i.Reference, int64(i.SubTotal), int64(i.TotalTax), int64(i.Total), int64(i.AmountDue), tx.Now, i.ID); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "delete from xero_invoice_lines where invoice_id = $1", i.ID); err != nil {
		return err
	}
	return tx.insertInvoiceLines(ctx, i)
}

// NoteInvoice adds an audit entry about an invoice.
func (tx *Tx) NoteInvoice(ctx context.Context, action string, id fieldops.ID, details any) error {
	return tx.audit(ctx, action, "invoice", id, details)
}

// FinishInvoiceVoid deletes an invoice of which nothing stands at the provider
// any more, and releases its timesheets. What it was decides whether it counts
// as deleted or voided, in the provider's words.
func (tx *Tx) FinishInvoiceVoid(ctx context.Context, id fieldops.ID) error {
	// Kept, so that a restored invoice can bill them again.
	if _, err := tx.q.ExecContext(ctx, `insert into released_timesheets (invoice_id, timesheet_id, invoice_line_id, hours_e4, hourly_rate_e4)
		select invoice_id, id, invoice_line_id, hours_e4, hourly_rate_e4 from /* deleted too */ timesheets where invoice_id = $1 and invoice_line_id is not null
		on conflict do nothing`, id); err != nil {
		return err
	}
	released, err := tx.q.ExecContext(ctx, `update timesheets set billing_status = 'unbilled', invoice_id = null, invoice_line_id = null,
		sync_status = null, xero_sync_id = null, updated_at = $1 where invoice_id = $2`, tx.Now, id)
	if err != nil {
		return err
	}
	n, err := released.RowsAffected()
	if err != nil {
		return err
	}
	var number, status string
	err = tx.q.QueryRowContext(ctx, `update xero_invoices set updated_at = $1, amount_due_cents = 0,
		status = case when status in ('DRAFT', 'SUBMITTED') then 'DELETED' else 'VOIDED' end
		where id = $2 and deleted_at is null returning invoice_number, status`, tx.Now, id).Scan(&number, &status)
	if err != nil {
		return notFound(err, "Invoice")
	}
	if err := tx.freeQuote(ctx, id); err != nil {
		return err
	}
	if err := tx.hideVoided(ctx, fieldops.RecordInvoice, id, number); err != nil {
		return err
	}
	return tx.NoteInvoice(ctx, "delete", id, map[string]any{"invoice_number": number, "status": status, "timesheets_released": n})
}

// ChangedSince are those of the timesheets that a deleted invoice let go whose
// hours or rate are no longer what it billed.
func (r reads) ChangedSince(ctx context.Context, invoice fieldops.ID) (map[fieldops.ID]bool, error) {
	ids, err := collect(ctx, r, `select t.id from released_timesheets r join live_timesheets t on t.id = r.timesheet_id
		where r.invoice_id = $1 and (t.hours_e4 <> r.hours_e4 or t.hourly_rate_e4 <> r.hourly_rate_e4)`, []any{invoice},
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	changed := make(map[fieldops.ID]bool, len(ids))
	for _, id := range ids {
		changed[id] = true
	}
	return changed, err
}

// InvoiceTimesheets are the timesheets that an invoice bills, by date.
func (r reads) InvoiceTimesheets(ctx context.Context, id fieldops.ID) ([]fieldops.Timesheet, error) {
	return r.collectTimesheets(ctx, " where t.invoice_id = $1 order by t.date, t.created_at, t.id", []any{id})
}
