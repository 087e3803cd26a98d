package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"ampedfieldops/internal/fieldops"
)

// keepInBin is how long what was deleted stays before it can be removed for
// good.
const keepInBin = 30 * 24 * time.Hour

// binnedKind is a kind of record that can be deleted and restored.
type binnedKind struct {
	kind  fieldops.RecordKind
	table string
	label string // an SQL expression that names a row
	// belongs is true for the rows that go with the records which the deletion
	// $1 has taken before; "" for what belongs to nothing.
	belongs string
	// parents are the columns that name what a row cannot be restored without.
	parents map[string]string
}

// taken is the list of the records of a table that the deletion took.
func taken(table string) string {
	return "(select id from /* deleted too */ " + table + " where deletion_id = $1)"
}

// binned are all of them, each after what it belongs to. This order is the
// order in which every deletion and restoration locks.
var binned = []binnedKind{
	{kind: fieldops.RecordClient, table: "clients", label: "name"},
	{
		kind: fieldops.RecordProject, table: "projects", label: "code || ' ' || name",
		belongs: "client_id in " + taken("clients"),
		parents: map[string]string{"client_id": "clients"},
	},
	{
		kind: fieldops.RecordInvoice, table: "xero_invoices", label: "invoice_number",
		belongs: "client_id in " + taken("clients") + " or project_id in " + taken("projects"),
		parents: map[string]string{"client_id": "clients", "project_id": "projects"},
	},
	{
		kind: fieldops.RecordPurchaseOrder, table: "xero_purchase_orders", label: "po_number",
		belongs: "supplier_id in " + taken("clients") + " or project_id in " + taken("projects"),
		parents: map[string]string{"supplier_id": "clients", "project_id": "projects"},
	},
	{
		kind: fieldops.RecordTimesheet, table: "timesheets", label: "cast(date as text)",
		belongs: "client_id in " + taken("clients") + " or project_id in " + taken("projects"),
		parents: map[string]string{"client_id": "clients", "project_id": "projects"},
	},
	{
		kind: fieldops.RecordQuote, table: "xero_quotes", label: "quote_number",
		belongs: "client_id in " + taken("clients") + " or project_id in " + taken("projects"),
		parents: map[string]string{"client_id": "clients", "project_id": "projects"},
	},
	{
		kind: fieldops.RecordBill, table: "xero_bills", label: "bill_number",
		belongs: "supplier_id in " + taken("clients") + " or project_id in " + taken("projects"),
		parents: map[string]string{"supplier_id": "clients", "project_id": "projects"},
	},
	{
		kind: fieldops.RecordExpense, table: "xero_expenses", label: "cast(date as text) || ' ' || coalesce(description, '')",
		belongs: "project_id in " + taken("projects"),
		parents: map[string]string{"project_id": "projects"},
	},
	{
		kind: fieldops.RecordCreditNote, table: "xero_credit_notes", label: "credit_note_number",
		belongs: "client_id in " + taken("clients") + " or invoice_id in " + taken("xero_invoices"),
		parents: map[string]string{"client_id": "clients", "invoice_id": "xero_invoices"},
	},
	{
		kind: fieldops.RecordPayment, table: "xero_payments", label: "cast(payment_date as text)",
		belongs: "invoice_id in " + taken("xero_invoices") + " or bill_id in " + taken("xero_bills"),
		parents: map[string]string{"invoice_id": "xero_invoices", "bill_id": "xero_bills"},
	},
	{
		kind: fieldops.RecordProjectFile, table: "project_files", label: "file_name",
		belongs: "project_id in " + taken("projects"),
		parents: map[string]string{"project_id": "projects"},
	},
	{
		kind: fieldops.RecordDocumentScan, table: "document_scans",
		label:   "coalesce(vendor_name || ' ', '') || (select file_name from stored_files where stored_files.id = document_scans.file_id)",
		belongs: "project_id in " + taken("projects"),
		parents: map[string]string{"project_id": "projects"},
	},
	{
		kind: fieldops.RecordSafetyDocument, table: "safety_documents", label: "coalesce(number || ' ', '') || title",
		belongs: "project_id in " + taken("projects"),
		parents: map[string]string{"project_id": "projects"},
	},
}

func binnedOf(kind fieldops.RecordKind) (binnedKind, bool) {
	for _, b := range binned {
		if b.kind == kind {
			return b, true
		}
	}
	return binnedKind{}, false
}

// errNoSuchKind is the refusal of a kind that cannot be deleted.
func errNoSuchKind(kind fieldops.RecordKind) error {
	return fieldops.Refuse(fieldops.NotFound, "There is no kind of record called %q in the bin", string(kind))
}

// Delete hides a record and all that belongs to it, until it is restored.
//
// It is refused with a Conflict while a document that it would take is on its
// way to Xero, and where the record's own state forbids it. Invoices and
// purchase orders are deleted by the use cases of billing, which take them back
// in Xero.
func (tx *Tx) Delete(ctx context.Context, kind fieldops.RecordKind, id fieldops.ID) (fieldops.Deletion, error) {
	b, ok := binnedOf(kind)
	if !ok {
		return fieldops.Deletion{}, errNoSuchKind(kind)
	}
	if kind == fieldops.RecordSafetyDocument { // its project's lock comes before its own
		if _, err := tx.LockSafetyDocument(ctx, id); err != nil {
			return fieldops.Deletion{}, err
		}
	}
	d, err := tx.beginDeletion(ctx, b, id)
	if err != nil {
		return d, err
	}
	if err := tx.mayDelete(ctx, kind, id); err != nil {
		return d, err
	}
	if err := tx.hide(ctx, &d, b.table, "id = $4", id); err != nil {
		return d, err
	}
	for _, member := range binned {
		if member.belongs == "" || kind != fieldops.RecordClient && kind != fieldops.RecordProject {
			continue
		}
		if err := tx.hide(ctx, &d, member.table, "("+member.belongs+")"); err != nil {
			return d, err
		}
	}
	if err := tx.refuseWhatTravels(ctx, &d); err != nil {
		return d, err
	}
	return d, tx.finishDeletion(ctx, &d)
}

// beginDeletion locks the record and notes who deletes it.
func (tx *Tx) beginDeletion(ctx context.Context, b binnedKind, id fieldops.ID) (fieldops.Deletion, error) {
	d := fieldops.Deletion{
		ID: fieldops.NewID(), Kind: b.kind, EntityID: id, Counts: map[fieldops.RecordKind]int{},
		UserID: orNull(tx.Actor.UserID), Actor: tx.Actor.Name, CreatedAt: tx.Now,
	}
	err := tx.q.QueryRowContext(ctx, "select "+b.label+" from /* deleted too */ "+b.table+" where id = $1 and deleted_at is null"+tx.forUpdate(), id).Scan(&d.Label)
	if err != nil {
		return d, notFound(err, b.kind.Label())
	}
	_, err = tx.q.ExecContext(ctx, `insert into deletions (id, entity_type, entity_id, label, counts, user_id, actor, created_at)
		values ($1, $2, $3, $4, '{}', $5, $6, $7)`, d.ID, d.Kind, d.EntityID, d.Label, d.UserID, d.Actor, d.CreatedAt)
	return d, err
}

// hide puts the live rows of a table that fulfil a condition into a deletion.
// In the condition $1 is the deletion and $4 onwards are args.
func (tx *Tx) hide(ctx context.Context, d *fieldops.Deletion, table, condition string, args ...any) error {
	n, err := tx.exec(ctx, "update "+table+" set deletion_id = $1, deleted_at = $2, updated_at = $3 where deleted_at is null and "+condition,
		append([]any{d.ID, tx.Now, tx.Now}, args...)...)
	if err != nil || n == 0 {
		return err
	}
	for _, b := range binned {
		if b.table == table {
			d.Counts[b.kind] += int(n)
		}
	}
	return nil
}

// mayDelete refuses where the record's own state forbids its deletion.
func (tx *Tx) mayDelete(ctx context.Context, kind fieldops.RecordKind, id fieldops.ID) error {
	ask := func(query string, places ...any) error { return tx.q.QueryRowContext(ctx, query, id).Scan(places...) }
	switch kind {
	case fieldops.RecordInvoice, fieldops.RecordPurchaseOrder:
		return fmt.Errorf("a %s is deleted by way of Xero", kind)
	case fieldops.RecordTimesheet:
		_, err := tx.LockTimesheet(ctx, id, "delete")
		return err
	case fieldops.RecordQuote:
		var number string
		err := ask("select i.invoice_number from live_quotes q join live_invoices i on i.id = q.invoice_id where q.id = $1", &number)
		if err == nil {
			return fieldops.Refuse(fieldops.Conflict, "The quote became invoice %s; delete the invoice first", number)
		}
		return noRows(err)
	case fieldops.RecordBill:
		var payments int
		if err := ask("select count(*) from live_payments where bill_id = $1", &payments); err != nil || payments == 0 {
			return err
		}
		return fieldops.Refuse(fieldops.Conflict, "The bill has payments; delete them first")
	case fieldops.RecordSafetyDocument:
		d, err := tx.SafetyDocument(ctx, id)
		if err != nil {
			return err
		}
		return d.Deletable(tx.Now)
	case fieldops.RecordPayment:
		var date fieldops.Date
		err := ask("select date from bank_transactions where payment_id = $1", &date)
		if err == nil {
			return fieldops.Refuse(fieldops.Conflict, "The payment is reconciled with the bank transaction of %s; undo that first", date)
		}
		return noRows(err)
	}
	return nil
}

// noRows is nil for an error that says that nothing was found.
func noRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// refuseWhatTravels refuses a deletion that took a document on its way to Xero,
// or a client on its way as a contact.
func (tx *Tx) refuseWhatTravels(ctx context.Context, d *fieldops.Deletion) error {
	var w where
	w.arg(d.ID)
	var parts []string
	for _, b := range binned {
		if t, ok := syncTables[fieldops.DocumentKind(b.kind)]; ok && t.table == b.table {
			parts = append(parts, "select "+w.arg(string(b.kind))+" as kind, x.id, "+b.label+" as label from /* deleted too */ "+b.table+` x
				join sync_documents s on s.entity_id = x.id and s.entity_type = `+w.arg(string(b.kind))+" where x.deletion_id = $1 and s.open_intent_id is not null")
		}
	}
	travelling, err := collect(ctx, tx.reads, "select kind, id, label from ("+strings.Join(parts, " union all ")+") t order by label limit 100", w.args,
		func(rows *sql.Rows, r *fieldops.Record) error { return rows.Scan(&r.Kind, &r.ID, &r.Label) })
	if err != nil || len(travelling) == 0 {
		return err
	}
	names := make([]string, 0, 6)
	for i, r := range travelling {
		if i == 5 {
			names = append(names, fmt.Sprintf("%d more", len(travelling)-i))
			break
		}
		names = append(names, r.Label)
	}
	return &fieldops.Error{
		Kind:    fieldops.Conflict,
		Message: "On the way to Xero: " + strings.Join(names, ", ") + ". Delete this when they have arrived.",
		Details: map[string]any{"documents": travelling},
	}
}

// finishDeletion brings what depends on the hidden rows up to date and keeps
// how many there are.
func (tx *Tx) finishDeletion(ctx context.Context, d *fieldops.Deletion) error {
	if err := tx.settleAround(ctx, d.ID); err != nil {
		return err
	}
	counts, err := json.Marshal(d.Counts)
	if err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "update deletions set counts = $1 where id = $2", string(counts), d.ID); err != nil {
		return err
	}
	details := map[string]any{"label": d.Label, "counts": d.Counts, "deletion_id": d.ID}
	if d.Kind == fieldops.RecordTimesheet {
		t, err := tx.AnyTimesheet(ctx, d.EntityID)
		if err != nil {
			return err
		}
		maps.Copy(details, timesheetDetails(&t))
	}
	return tx.audit(ctx, "delete", string(d.Kind), d.EntityID, details)
}

// settleAround derives anew what live invoices and bills owe, after payments and
// credit notes of theirs were hidden or brought back.
func (tx *Tx) settleAround(ctx context.Context, deletion fieldops.ID) error {
	invoices, err := collect(ctx, tx.reads, `select i.id from live_invoices i where i.id in
		(select invoice_id from /* deleted too */ xero_payments where deletion_id = $1)
		or i.id in (select a.invoice_id from credit_note_allocations a
			join /* deleted too */ xero_credit_notes n on n.id = a.credit_note_id where n.deletion_id = $1)
		order by i.id`, []any{deletion}, func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return err
	}
	for _, id := range invoices {
		if err := tx.resettleInvoice(ctx, id, deletion); err != nil {
			return err
		}
	}
	bills, err := collect(ctx, tx.reads, `select b.id from live_bills b where b.deletion_id = $1
		or b.id in (select bill_id from /* deleted too */ xero_payments where deletion_id = $1) order by b.id`, []any{deletion},
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return err
	}
	for _, id := range bills {
		if err := tx.resettleBill(ctx, id, deletion); err != nil {
			return err
		}
	}
	return nil
}

// hideVoided puts a document into the bin of which nothing stands in Xero any
// more, in the name of who asked for it.
func (tx *Tx) hideVoided(ctx context.Context, kind fieldops.RecordKind, id fieldops.ID, label string) error {
	d := fieldops.Deletion{
		ID: fieldops.NewID(), Kind: kind, EntityID: id, Label: label, Counts: map[fieldops.RecordKind]int{},
		UserID: orNull(tx.Actor.UserID), Actor: tx.Actor.Name, CreatedAt: tx.Now,
	}
	if tx.Actor.UserID == "" {
		err := tx.q.QueryRowContext(ctx, `select user_id, actor from audit_entries where entity_type = $1 and entity_id = $2 and action = 'delete_requested'
			order by created_at desc limit 1`, string(kind), id).Scan(&d.UserID, &d.Actor)
		if err := noRows(err); err != nil {
			return err
		}
	}
	if _, err := tx.q.ExecContext(ctx, `insert into deletions (id, entity_type, entity_id, label, counts, user_id, actor, created_at)
		values ($1, $2, $3, $4, '{}', $5, $6, $7)`, d.ID, d.Kind, d.EntityID, d.Label, d.UserID, d.Actor, d.CreatedAt); err != nil {
		return err
	}
	b, ok := binnedOf(kind)
	if !ok {
		return errNoSuchKind(kind)
	}
	if err := tx.hide(ctx, &d, b.table, "id = $4", id); err != nil {
		return err
	}
	counts, err := json.Marshal(d.Counts)
	if err != nil {
		return err
	}
	_, err = tx.q.ExecContext(ctx, "update deletions set counts = $1 where id = $2", string(counts), d.ID)
	return err
}

// errPreview takes a rehearsed deletion back.
var errPreview = errors.New("only a preview")

// PreviewDeletion tells what a deletion would take along: the deletion itself is
// made and taken back, so that it is true. refusal, unless nil, is why it would
// be refused. At most 200 records are named.
func (db *DB) PreviewDeletion(ctx context.Context, actor fieldops.Actor, kind fieldops.RecordKind, id fieldops.ID) (d fieldops.Deletion, records []fieldops.Record, refusal *fieldops.Error, err error) {
	err = db.Write(ctx, actor, func(tx *Tx) error {
		if d, err = tx.Delete(ctx, kind, id); err != nil {
			return err
		}
		if records, err = tx.DeletedRecords(ctx, d.ID, 200); err != nil {
			return err
		}
		return errPreview
	})
	if refused, ok := errors.AsType[*fieldops.Error](err); ok && refused.Kind != fieldops.NotFound {
		return d, records, refused, nil
	}
	if errors.Is(err, errPreview) {
		err = nil
	}
	return d, records, nil, err
}

// DeletedRecords names what a deletion took that is still in the bin.
func (r reads) DeletedRecords(ctx context.Context, deletion fieldops.ID, limit int) ([]fieldops.Record, error) {
	records := []fieldops.Record{}
	for _, b := range binned {
		room := limit - len(records)
		if room <= 0 {
			break
		}
		some, err := collect(ctx, r, "select id, "+b.label+" from /* deleted too */ "+b.table+
			fmt.Sprintf(" where deletion_id = $1 order by id limit %d", room), []any{deletion},
			func(rows *sql.Rows, x *fieldops.Record) error { return rows.Scan(&x.ID, &x.Label) })
		if err != nil {
			return nil, err
		}
		for i := range some {
			some[i].Kind = b.kind
		}
		records = append(records, some...)
	}
	return records, nil
}

const deletionColumns = `d.id, d.entity_type, d.entity_id, d.label, d.counts, d.user_id, d.actor, d.created_at,
	d.restored_at, d.restored_by, d.purged_at, d.purged_by`

func scanDeletion(row interface{ Scan(...any) error }, d *fieldops.Deletion) error {
	var counts string
	if err := row.Scan(&d.ID, &d.Kind, &d.EntityID, &d.Label, &counts, &d.UserID, &d.Actor, &d.CreatedAt,
		&d.RestoredAt, &d.RestoredBy, &d.PurgedAt, &d.PurgedBy); err != nil {
		return err
	}
	return json.Unmarshal([]byte(counts), &d.Counts)
}

// BinFilter chooses deletions. Zero values choose everything.
type BinFilter struct {
	Kinds  []fieldops.RecordKind
	UserID fieldops.ID // who deleted; with it only their own timesheets are shown
	Search string      // part of the label
	Limit  int
	// AfterID continues a list behind its last row: ids are in the order of
	// time.
	AfterID fieldops.ID
}

// Bin lists what can be restored, newest first.
func (r reads) Bin(ctx context.Context, f BinFilter) ([]fieldops.Deletion, error) {
	w := &where{}
	w.and("d.restored_at is null and d.purged_at is null")
	kinds := "(null)"
	if len(f.Kinds) > 0 {
		kinds = list(&w.args, f.Kinds)
	}
	w.and("d.entity_type in " + kinds)
	if f.UserID != "" {
		w.and("d.user_id = ?", f.UserID)
	}
	for word := range strings.FieldsSeq(fold(f.Search)) {
		w.and(`lower(d.label) like ? escape '\'`, contains(word))
	}
	if f.AfterID != "" {
		w.and("d.id < ?", f.AfterID)
	}
	return collect(ctx, r, "select "+deletionColumns+" from deletions d where "+w.String()+fmt.Sprintf(" order by d.id desc limit %d", f.Limit), w.args,
		func(rows *sql.Rows, d *fieldops.Deletion) error { return scanDeletion(rows, d) })
}

// Deletion is one deletion, restored or not.
func (r reads) Deletion(ctx context.Context, id fieldops.ID) (fieldops.Deletion, error) {
	var d fieldops.Deletion
	err := scanDeletion(r.q.QueryRowContext(ctx, "select "+deletionColumns+" from deletions d where d.id = $1", id), &d)
	return d, notFound(err, "Deletion")
}

// DeletionOf is the deletion that hides a record, whether it was deleted itself
// or went with another.
func (r reads) DeletionOf(ctx context.Context, kind fieldops.RecordKind, id fieldops.ID) (fieldops.Deletion, error) {
	b, ok := binnedOf(kind)
	if !ok {
		return fieldops.Deletion{}, errNoSuchKind(kind)
	}
	var deletion *fieldops.ID
	var deleted fieldops.Time
	if err := r.q.QueryRowContext(ctx, "select deletion_id, deleted_at from /* deleted too */ "+b.table+" where id = $1", id).Scan(&deletion, &deleted); err != nil {
		return fieldops.Deletion{}, notFound(err, kind.Label())
	}
	if deleted.IsZero() {
		return fieldops.Deletion{}, fieldops.Refuse(fieldops.Conflict, "%s is not deleted", kind.Label())
	}
	if deletion == nil {
		return fieldops.Deletion{}, fieldops.Refuse(fieldops.Conflict, "%s was deleted before there was a bin and cannot be restored", kind.Label())
	}
	return r.Deletion(ctx, *deletion)
}

// LockDeletion reads a deletion that is about to be undone or made final, and
// keeps everybody else from doing either.
func (tx *Tx) LockDeletion(ctx context.Context, id fieldops.ID) (fieldops.Deletion, error) {
	if err := tx.lockRow(ctx, "deletions", id); err != nil {
		return fieldops.Deletion{}, notFound(err, "Deletion")
	}
	d, err := tx.Deletion(ctx, id)
	if err != nil {
		return d, err
	}
	if !d.RestoredAt.IsZero() {
		return d, fieldops.Refuse(fieldops.Conflict, "%s was restored already", d.Label)
	}
	if !d.PurgedAt.IsZero() {
		return d, fieldops.Refuse(fieldops.Conflict, "%s was removed for good", d.Label)
	}
	return d, nil
}

// Restore brings back what a locked deletion took, with all its links. It is
// refused with a Conflict while something that a record belongs to is in the bin
// itself.
func (tx *Tx) Restore(ctx context.Context, d *fieldops.Deletion) error {
	for _, b := range binned {
		_, err := tx.q.ExecContext(ctx, "update "+b.table+" set deleted_at = null, updated_at = $1 where deletion_id = $2", tx.Now, d.ID)
		if breaksUnique(err, "xero_contact") {
			return fieldops.Refuse(fieldops.Conflict, "Another client is linked to the same contact in Xero meanwhile; unlink or delete it first")
		}
		if err != nil {
			return err
		}
	}
	if err := tx.refuseOrphans(ctx, d); err != nil {
		return err
	}
	if err := tx.settleAround(ctx, d.ID); err != nil {
		return err
	}
	for _, b := range binned {
		if _, err := tx.q.ExecContext(ctx, "update "+b.table+" set deletion_id = null where deletion_id = $1", d.ID); err != nil {
			return err
		}
	}
	return tx.MarkRestored(ctx, d, nil)
}

// MarkRestored notes that a deletion was undone; details say how, where it was
// not simply brought back.
func (tx *Tx) MarkRestored(ctx context.Context, d *fieldops.Deletion, details map[string]any) error {
	d.RestoredAt, d.RestoredBy = tx.Now, &tx.Actor.Name
	if _, err := tx.q.ExecContext(ctx, "update deletions set restored_at = $1, restored_by = $2 where id = $3", tx.Now, tx.Actor.Name, d.ID); err != nil {
		return err
	}
	all := map[string]any{"label": d.Label, "counts": d.Counts, "deletion_id": d.ID}
	for k, v := range details {
		all[k] = v
	}
	return tx.audit(ctx, "restore", string(d.Kind), d.EntityID, all)
}

// refuseOrphans refuses a restoration whose records belong to something that is
// still deleted.
func (tx *Tx) refuseOrphans(ctx context.Context, d *fieldops.Deletion) error {
	for _, b := range binned {
		for column, table := range b.parents {
			parent, ok := binnedByTable(table)
			if !ok {
				return fmt.Errorf("%s is no table of the bin", table)
			}
			var label string
			err := tx.q.QueryRowContext(ctx, "select "+parent.label+" from /* deleted too */ "+table+" where deleted_at is not null and id in (select "+
				column+" from /* deleted too */ "+b.table+" where deletion_id = $1) limit 1", d.ID).Scan(&label)
			if err == nil {
				return fieldops.Refuse(fieldops.Conflict, "It belongs to %s %s, which is in the bin; restore that first", strings.ToLower(parent.kind.Label()), label)
			}
			if err := noRows(err); err != nil {
				return err
			}
		}
	}
	var center string
	err := tx.q.QueryRowContext(ctx, `select code || ' ' || name from cost_centers where deleted_at is not null and id in
		(select cost_center_id from /* deleted too */ project_files where deletion_id = $1 and project_id is null) limit 1`, d.ID).Scan(&center)
	if err == nil {
		return fieldops.Refuse(fieldops.Conflict, "It belongs to cost center %s, which was deleted since and cannot be restored", center)
	}
	return noRows(err)
}

func binnedByTable(table string) (binnedKind, bool) {
	for _, b := range binned {
		if b.table == table {
			return b, true
		}
	}
	return binnedKind{}, false
}

// Purge removes for good what a locked deletion took, at the earliest 30 days
// after. Documents that reached Xero are never removed, nor what they belong to.
// The bytes of files that nothing names then go by a job.
func (tx *Tx) Purge(ctx context.Context, d *fieldops.Deletion) error {
	if wait := d.CreatedAt.Add(keepInBin); tx.Now.Before(wait.Time) {
		return fieldops.Refuse(fieldops.Conflict, "%s can be removed for good from %s on, 30 days after it was deleted", d.Label, wait.Format("2 January 2006"))
	}
	if err := tx.refuseWhatReachedXero(ctx, d); err != nil {
		return err
	}
	if err := tx.refuseWhatIsKept(ctx, d); err != nil {
		return err
	}
	photos, err := tx.photosOf(ctx, d)
	if err != nil {
		return err
	}
	files, err := collect(ctx, tx.reads, "select path from stored_files where id in (select file_id from /* deleted too */ project_files where deletion_id = $1) order by id", []any{d.ID},
		func(rows *sql.Rows, path *string) error { return rows.Scan(path) })
	if err != nil {
		return err
	}
	attached, err := tx.attachedTo(ctx, d)
	if err != nil {
		return err
	}
	pages, err := tx.safetyPagesOf(ctx, d)
	if err != nil {
		return err
	}
	if err := tx.forgetDeleted(ctx, d.ID); err != nil {
		return err
	}
	for _, statement := range purges {
		if _, err := tx.q.ExecContext(ctx, statement, d.ID); err != nil {
			if breaksForeignKey(err) {
				return fieldops.Refuse(fieldops.Conflict, "Other records still belong to what was deleted with %s; remove or restore those first", d.Label)
			}
			return err
		}
	}
	d.PurgedAt, d.PurgedBy = tx.Now, &tx.Actor.Name
	if _, err := tx.q.ExecContext(ctx, "update deletions set purged_at = $1, purged_by = $2 where id = $3", tx.Now, tx.Actor.Name, d.ID); err != nil {
		return err
	}
	if err := tx.ReleaseFiles(ctx, true, slices.Concat(photos, files, attached, pages)...); err != nil {
		return err
	}
	return tx.audit(ctx, "purge", string(d.Kind), d.EntityID, map[string]any{"label": d.Label, "counts": d.Counts, "deletion_id": d.ID})
}

// purges remove the rows of the deletion $1, what hangs on a row before the row.
var purges = func() []string {
	lines := func(table, column, parent string) string {
		return "delete from " + table + " where " + column + " in " + taken(parent)
	}
	statements := []string{
		lines("document_matches", "scan_id", "document_scans"),
		"update document_scans set supplier_id = null where supplier_id in " + taken("clients"),
		lines("credit_note_allocations", "credit_note_id", "xero_credit_notes"),
		lines("credit_note_allocations", "invoice_id", "xero_invoices"),
		lines("xero_credit_note_lines", "credit_note_id", "xero_credit_notes"),
		lines("xero_bill_lines", "bill_id", "xero_bills"),
		lines("xero_quote_lines", "quote_id", "xero_quotes"),
		lines("released_timesheets", "invoice_id", "xero_invoices"),
		lines("released_timesheets", "timesheet_id", "timesheets"),
		lines("budget_alerts", "project_id", "projects"),
		lines("safety_document_signatures", "document_id", "safety_documents"),
		lines("safety_document_revisions", "document_id", "safety_documents"),
		lines("payment_reminders", "invoice_id", "xero_invoices"),
		"update timesheets set split_from_id = null where split_from_id in " + taken("timesheets"),
		"update xero_quotes set invoice_id = null where invoice_id in " + taken("xero_invoices"),
		"update xero_invoices set copy_of = null where copy_of in " + taken("xero_invoices"),
	}
	for kind, table := range scannedTables {
		statements = append(statements,
			"update "+table+" set scanned_document_id = null where scanned_document_id in "+taken("document_scans"),
			"delete from attachments where entity_type = '"+string(kind)+"' and entity_id in "+taken(table),
			"delete from document_matches where entity_type = '"+string(kind)+"' and entity_id in "+taken(table))
	}
	statements = append(statements,
		"update document_scans set project_file_id = null where project_file_id in "+taken("project_files"),
		"delete from document_scans where deletion_id = $1")
	tables := []string{"project_files", "xero_payments", "xero_credit_notes", "xero_expenses", "xero_bills", "xero_quotes", "timesheets", "safety_documents"}
	for _, table := range tables {
		statements = append(statements, "delete from "+table+" where deletion_id = $1")
	}
	for _, kind := range []string{"invoice", "purchase_order", "client"} {
		table := syncTables[fieldops.DocumentKind(kind)].table
		for _, sync := range []string{"sync_intents", "sync_documents"} {
			statements = append(statements, "delete from "+sync+" where entity_type = '"+kind+"' and entity_id in "+taken(table))
		}
	}
	return append(statements,
		lines("xero_purchase_order_line_items", "po_id", "xero_purchase_orders"),
		"delete from xero_purchase_orders where deletion_id = $1",
		lines("xero_invoice_lines", "invoice_id", "xero_invoices"),
		"delete from xero_invoices where deletion_id = $1",
		lines("project_cost_centers", "project_id", "projects"),
		"delete from projects where deletion_id = $1",
		lines("client_rates", "client_id", "clients"),
		"delete from clients where deletion_id = $1",
	)
}()

// remoteColumns hold the id that a record has in Xero.
var remoteColumns = map[string]string{
	"clients": "xero_contact_id", "xero_invoices": "xero_invoice_id", "xero_purchase_orders": "xero_po_id", "xero_quotes": "xero_quote_id",
	"xero_bills": "xero_bill_id", "xero_expenses": "xero_expense_id", "xero_payments": "xero_payment_id", "xero_credit_notes": "xero_credit_note_id",
}

func (tx *Tx) refuseWhatReachedXero(ctx context.Context, d *fieldops.Deletion) error {
	for _, b := range binned {
		column, ok := remoteColumns[b.table]
		if !ok {
			continue
		}
		var label string
		err := tx.q.QueryRowContext(ctx, "select "+b.label+" from /* deleted too */ "+b.table+" x where deletion_id = $1 and ("+column+
			" is not null or exists (select 1 from sync_logs l where l.entity_type = $2 and l.entity_id = x.id and l.writes)) limit 1", d.ID, string(b.kind)).Scan(&label)
		if err == nil {
			return fieldops.Refuse(fieldops.Conflict, "%s %s has been in Xero and is never removed for good", b.kind.Label(), label)
		}
		if err := noRows(err); err != nil {
			return err
		}
	}
	return nil
}

// photosOf are the photos of the timesheets of a deletion that no other
// timesheet shares.
func (tx *Tx) photosOf(ctx context.Context, d *fieldops.Deletion) ([]string, error) {
	type entry struct {
		images string
		batch  *fieldops.ID
	}
	entries, err := collect(ctx, tx.reads, "select cast(image_urls as text), batch_id from /* deleted too */ timesheets where deletion_id = $1 and cast(image_urls as text) <> '[]'", []any{d.ID},
		func(rows *sql.Rows, e *entry) error { return rows.Scan(&e.images, &e.batch) })
	if err != nil {
		return nil, err
	}
	var photos []string
	for _, e := range entries {
		var urls []string
		if err := json.Unmarshal([]byte(e.images), &urls); err != nil {
			return nil, err
		}
		for _, url := range urls {
			shared := 0
			if e.batch != nil { // entries share photos only with those they were written down with
				if err := tx.q.QueryRowContext(ctx, `select count(*) from /* deleted too */ timesheets where batch_id = $1 and (deletion_id is null or deletion_id <> $2)
					and cast(image_urls as text) like $3 escape '\'`, *e.batch, d.ID, contains(`"`+url+`"`)).Scan(&shared); err != nil {
					return nil, err
				}
			}
			if shared == 0 && !slices.Contains(photos, url) {
				photos = append(photos, url)
			}
		}
	}
	return photos, nil
}

// breaksForeignKey reports whether err is the refusal to remove a row that
// another one names.
func breaksForeignKey(err error) bool {
	if broken, ok := errors.AsType[*pgconn.PgError](err); ok {
		return broken.Code == "23503"
	}
	return err != nil && strings.Contains(err.Error(), "FOREIGN KEY constraint failed")
}

// Voided reports whether a deleted record is an invoice or a purchase order that
// was deleted by itself, by way of Xero, and not with what it belongs to.
func (r reads) Voided(ctx context.Context, kind fieldops.RecordKind, id fieldops.ID) (bool, error) {
	if kind != fieldops.RecordInvoice && kind != fieldops.RecordPurchaseOrder {
		return false, nil
	}
	b, _ := binnedOf(kind)
	var status string
	err := r.q.QueryRowContext(ctx, "select status from /* deleted too */ "+b.table+" where id = $1", id).Scan(&status)
	return status == fieldops.StatusVoided || status == fieldops.StatusDeleted, notFound(err, kind.Label())
}

// Travelled reports whether anything of a document can have been in Xero: then
// its number is used up and what was voided there stays voided.
func (r reads) Travelled(ctx context.Context, ref fieldops.DocumentRef) (bool, error) {
	remote, err := r.remoteID(ctx, ref)
	if err != nil || remote != "" {
		return remote != "", err
	}
	var calls int
	err = r.q.QueryRowContext(ctx, `select count(*) from sync_logs where entity_type = $1 and entity_id = $2 and writes
		and (outcome is null or outcome not in ('rejected', 'not_sent', 'throttled', 'auth'))`, ref.Kind, ref.ID).Scan(&calls)
	return calls > 0, err
}

// SendAgain asks for the way of a document that was taken back before anything
// of it reached Xero.
func (tx *Tx) SendAgain(ctx context.Context, ref fieldops.DocumentRef) error {
	d, err := tx.lockSyncDocument(ctx, ref)
	if err != nil {
		return err
	}
	op := fieldops.OpUpdate
	if d == nil {
		op = fieldops.OpCreate
	}
	_, _, err = tx.RequestSync(ctx, ref, op)
	return err
}

// ReleasedTimesheets are the timesheets that a deleted invoice let go, by the
// line that billed them.
func (r reads) ReleasedTimesheets(ctx context.Context, invoice fieldops.ID) (map[fieldops.ID][]fieldops.ID, error) {
	type pair struct{ line, timesheet fieldops.ID }
	pairs, err := collect(ctx, r, "select invoice_line_id, timesheet_id from released_timesheets where invoice_id = $1 order by timesheet_id", []any{invoice},
		func(rows *sql.Rows, p *pair) error { return rows.Scan(&p.line, &p.timesheet) })
	byLine := map[fieldops.ID][]fieldops.ID{}
	for _, p := range pairs {
		byLine[p.line] = append(byLine[p.line], p.timesheet)
	}
	return byLine, err
}

// ReviveInvoice brings a deleted invoice back that never was in Xero, and bills
// again what it had let go.
func (tx *Tx) ReviveInvoice(ctx context.Context, d *fieldops.Deletion, status string, released map[fieldops.ID][]fieldops.ID) error {
	if _, err := tx.q.ExecContext(ctx, "update xero_invoices set status = $1, amount_due_cents = total_cents - amount_paid_cents where id = $2", status, d.EntityID); err != nil {
		return err
	}
	if err := tx.Restore(ctx, d); err != nil {
		return err
	}
	if err := tx.bindQuote(ctx, d.EntityID, d.EntityID); err != nil {
		return err
	}
	invoice, err := tx.Invoice(ctx, d.EntityID)
	if err != nil {
		return err
	}
	for i := range invoice.Lines {
		invoice.Lines[i].Timesheets = released[invoice.Lines[i].ID]
	}
	if err := tx.BillTimesheets(ctx, &invoice); err != nil {
		return err
	}
	_, err = tx.q.ExecContext(ctx, "delete from released_timesheets where invoice_id = $1", d.EntityID)
	return err
}

// RevivePurchaseOrder brings a deleted order back that never was in Xero.
func (tx *Tx) RevivePurchaseOrder(ctx context.Context, d *fieldops.Deletion, status string) error {
	if _, err := tx.q.ExecContext(ctx, "update xero_purchase_orders set status = $1 where id = $2", status, d.EntityID); err != nil {
		return err
	}
	return tx.Restore(ctx, d)
}

// NoteCopy keeps of which invoice another is the copy. The quote of an invoice
// that was taken back is invoiced by the copy.
func (tx *Tx) NoteCopy(ctx context.Context, original, duplicate *fieldops.Invoice) error {
	duplicate.CopyOf = &original.ID
	if _, err := tx.q.ExecContext(ctx, "update xero_invoices set copy_of = $1 where id = $2", original.ID, duplicate.ID); err != nil {
		return err
	}
	if original.DeletedAt.IsZero() {
		return nil
	}
	return tx.bindQuote(ctx, original.ID, duplicate.ID)
}
