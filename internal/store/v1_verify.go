package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// compared is a former table beside ours: the same rows, and sums that must be
// the same over them.
type compared struct {
	former, ours string
	changes      bool        // the rows have updated_at
	among        bool        // ours come from elsewhere, too
	sums         [][3]string // what, of the former row o, of our row n
}

// comparisons are every table that is copied row by row.
var comparisons = []compared{
	{former: "users", ours: "users", changes: true, sums: [][3]string{{"password hashes", "case when o.password_hash <> '' then 1 end", "case when n.password_hash = o.password_hash then 1 end"}}},
	{former: "clients", ours: "clients", changes: true},
	{former: "projects", ours: "projects", changes: true, sums: [][3]string{{"budgets", "round(coalesce(o.budget, 0) * 100)", "n.budget_cents"}}},
	{former: "cost_centers", ours: "cost_centers", changes: true, sums: [][3]string{{"budgets", "round(coalesce(o.budget, 0) * 100)", "n.budget_cents"}}},
	{former: "activity_types", ours: "activity_types", changes: true, sums: [][3]string{{"hourly rates", "round(coalesce(o.hourly_rate, 0) * 100)", "round(n.hourly_rate_e4 / 100.0)"}}},
	{former: "timesheets", ours: "timesheets", changes: true, sums: [][3]string{{"hours", "round(o.hours * 100)", "round(n.hours_e4 / 100.0)"}}},
	{former: "xero_invoices", ours: "xero_invoices", changes: true, sums: [][3]string{{"totals", "round(coalesce(o.total, coalesce(o.amount_due, 0) + coalesce(o.amount_paid, 0)) * 100)", "n.total_cents"}}},
	{former: "xero_quotes", ours: "xero_quotes", changes: true, sums: [][3]string{{"totals that were computed", "round(coalesce(o.total, 0) * 100)", "case when coalesce(o.total, 0) <> 0 then n.total_cents else 0 end"}}},
	{former: "xero_purchase_orders", ours: "xero_purchase_orders", changes: true, sums: [][3]string{{"totals", "round(coalesce(o.total_amount, 0) * 100)", "n.total_amount_cents"}}},
	{former: "xero_bills", ours: "xero_bills", changes: true, sums: [][3]string{{"amounts", "round(coalesce(o.amount, 0) * 100)", "n.amount_cents"}}},
	{former: "xero_expenses", ours: "xero_expenses", changes: true, sums: [][3]string{{"amounts", "round(coalesce(o.amount, 0) * 100)", "n.amount_cents"}}},
	{former: "xero_payments", ours: "xero_payments", changes: true, sums: [][3]string{{"amounts", "round(coalesce(o.amount, 0) * 100)", "n.amount_cents"}}},
	{former: "xero_credit_notes", ours: "xero_credit_notes", changes: true, sums: [][3]string{{"amounts", "round(coalesce(o.amount, 0) * 100)", "n.amount_cents"}}},
	{former: "xero_items", ours: "xero_items", changes: true, sums: [][3]string{{"stock", "round(coalesce(o.stock_level, 0) * 100)", "round(n.stock_level_e4 / 100.0)"}}},
	{former: "bank_transactions", ours: "bank_transactions", changes: true, sums: [][3]string{{"amounts", "abs(round(o.amount * 100))", "n.amount_cents"}}},
	{former: "payment_reminders", ours: "payment_reminders"},
	{former: "project_files", ours: "project_files", changes: true, among: true, sums: [][3]string{{
		"bytes of files not read yet", "case when n.file_id in (select id from stored_files where sha256 is null and record_kind in ('project', 'cost_center')) then o.file_size * 100 end",
		"(select size * 100 from stored_files where id = n.file_id and sha256 is null and record_kind in ('project', 'cost_center'))",
	}}},
	{former: "safety_documents", ours: "safety_documents", changes: true, sums: [][3]string{{"letters of titles", "length(btrim(o.title)) * 100", "case when btrim(o.title) = '' then 0 else length(n.title) * 100 end"}}},
	{former: "document_scans", ours: "document_scans", changes: true},
	{former: "document_matches", ours: "document_matches"},
	{former: "activity_logs", ours: "audit_entries"},
	{former: "sync_logs", ours: "sync_logs"},
}

// totalsOfLines are the documents whose lines must add up to what they say.
var totalsOfLines = []struct{ table, total, lines, parent string }{
	{"xero_invoices", "total_cents", "xero_invoice_lines", "invoice_id"},
	{"xero_quotes", "total_cents", "xero_quote_lines", "quote_id"},
	{"xero_purchase_orders", "total_amount_cents", "xero_purchase_order_line_items", "po_id"},
	{"xero_bills", "amount_cents", "xero_bill_lines", "bill_id"},
	{"xero_credit_notes", "amount_cents", "xero_credit_note_lines", "credit_note_id"},
}

// placeholders are the columns in which only an id of Xero may stand.
var placeholders = [][2]string{
	{"clients", "xero_contact_id"},
	{"xero_invoices", "xero_invoice_id"},
	{"xero_purchase_orders", "xero_po_id"},
	{"xero_quotes", "xero_quote_id"},
	{"xero_bills", "xero_bill_id"},
	{"xero_expenses", "xero_expense_id"},
	{"xero_payments", "xero_payment_id"},
	{"xero_credit_notes", "xero_credit_note_id"},
	{"xero_items", "xero_item_id"},
	{"bank_transactions", "xero_bank_transaction_id"},
}

// compare compares the tables. Unless whole, rows that were changed here since
// the upgrade count on neither side of the sums, and it does not matter how many
// rows there are beside the former ones.
func compare(ctx context.Context, tx *sql.Tx, whole bool) (sums []UpgradeSum, faults []string, err error) {
	for _, c := range comparisons {
		unchanged := ""
		if !whole && c.changes {
			unchanged = " filter (where n.updated_at = coalesce(o.updated_at, o.created_at, n.updated_at))"
		}
		columns := []string{"count(*), count(n.id), (select count(*) from " + c.ours + ")"}
		for _, s := range c.sums {
			columns = append(columns, "coalesce(sum("+s[1]+")"+unchanged+", 0), coalesce(sum("+s[2]+")"+unchanged+", 0)")
		}
		counts := make([]int64, 3)
		figures := make([]string, 2*len(c.sums))
		places := []any{&counts[0], &counts[1], &counts[2]}
		for i := range figures {
			places = append(places, &figures[i])
		}
		if err := tx.QueryRowContext(ctx, "select "+strings.Join(columns, ", ")+" from old_"+c.former+" o left join "+c.ours+` n on n.id = o.id
			where o.id not in (select entity_id from v1.upgrade_oddities where left_out and table_name = '`+c.former+"')").Scan(places...); err != nil {
			return nil, nil, fmt.Errorf("comparing %s: %w", c.former, err)
		}
		var left int64
		if err := tx.QueryRowContext(ctx, "select count(*) from v1.upgrade_oddities where left_out and table_name = $1", c.former).Scan(&left); err != nil {
			return nil, nil, err
		}
		sums = append(sums, UpgradeSum{c.former, "rows", strconv.FormatInt(counts[0], 10), strconv.FormatInt(counts[1], 10), left})
		if whole && !c.among && counts[2] != counts[1] {
			faults = append(faults, fmt.Sprintf("%s has %d rows that %s had not", c.ours, counts[2]-counts[1], c.former))
		}
		for i, s := range c.sums {
			sums = append(sums, UpgradeSum{c.former, s[0], hundredths(s[0], figures[2*i]), hundredths(s[0], figures[2*i+1]), 0})
		}
	}
	for _, s := range sums {
		if s.Old != s.New {
			faults = append(faults, fmt.Sprintf("%s: %s were %s and are %s", s.Table, s.What, s.Old, s.New))
		}
	}
	for _, t := range totalsOfLines {
		since := ""
		if !whole {
			since = " and d.updated_at <= (select max(at) from v1.upgrade_reports)"
		}
		var wrong int64
		if err := tx.QueryRowContext(ctx, "select count(*) from "+t.table+" d left join (select "+t.parent+" as id, sum(line_amount_cents + tax_amount_cents) as amount from "+t.lines+
			" group by 1) l on l.id = d.id where d."+t.total+" <> coalesce(l.amount, 0)"+since).Scan(&wrong); err != nil {
			return nil, nil, err
		}
		if wrong > 0 {
			faults = append(faults, fmt.Sprintf("%s: the lines of %d do not add up to the total", t.table, wrong))
		}
	}
	for _, p := range placeholders {
		var wrong int64
		if err := tx.QueryRowContext(ctx, "select count(*) from "+p[0]+" where "+p[1]+" !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'").Scan(&wrong); err != nil {
			return nil, nil, err
		}
		if wrong > 0 {
			faults = append(faults, fmt.Sprintf("%s: %d rows have something else than an id of Xero in %s", p[0], wrong, p[1]))
		}
	}
	return sums, faults, nil
}

// hundredths writes a sum that was counted in hundredths, unless it is a count.
func hundredths(what, figure string) string {
	if what == "password hashes" || strings.HasPrefix(what, "bytes") {
		return figure
	}
	var n int64
	if _, err := fmt.Sscan(figure, &n); err != nil {
		return figure
	}
	return fieldops.Cents(n).String()
}

// report compares what was copied with what was there, and keeps the report
// beside the former tables. It fails when anything was lost or anything would be
// sent.
func (c *copier) report(ctx context.Context) (*UpgradeReport, error) {
	r := &UpgradeReport{Age: c.former.age, Moved: c.former.moved, Left: c.former.left}
	for _, table := range c.former.moved {
		if spec, known := formerTables[table]; known && spec != "" && table != "xero_tokens" {
			continue
		}
		var rows int64
		if err := c.tx.QueryRowContext(ctx, "select count(*) from "+formerSchema+"."+quoted(table)).Scan(&rows); err != nil {
			return nil, err
		}
		r.Kept = append(r.Kept, KeptTable{table, rows})
	}
	var faults []string
	var err error
	if r.Sums, faults, err = compare(ctx, c.tx, true); err != nil {
		return nil, err
	}
	var sending int64
	if err := c.tx.QueryRowContext(ctx, "select (select count(*) from sync_intents) + (select count(*) from sync_documents where open_intent_id is not null or wish is not null)").Scan(&sending); err != nil {
		return nil, err
	}
	if sending > 0 {
		faults = append(faults, fmt.Sprintf("%d documents would be sent", sending))
	}
	if len(faults) > 0 {
		return r, errors.New("the upgrade was taken back, nothing is changed, because old and new do not agree: " + strings.Join(faults, "; "))
	}
	r.Oddities, err = collect(ctx, c.reads, `select table_name, kind, min(note), count(*), bool_or(left_out), cast(array_to_json((array_agg(entity_id order by seq))[1:3]) as text)
		from v1.upgrade_oddities group by table_name, kind, case when kind in ('setting', 'status', 'hours', 'amount', 'method', 'number', 'code', 'total') then note else '' end order by 1, 2, 3`, nil,
		func(rows *sql.Rows, o *UpgradeOddity) error {
			var examples string
			if err := rows.Scan(&o.Table, &o.Kind, &o.Note, &o.Rows, &o.LeftOut, &examples); err != nil {
				return err
			}
			return json.Unmarshal([]byte(examples), &o.Examples)
		})
	if err != nil {
		return nil, err
	}
	return r, c.keepReport(ctx, r)
}

// Verification is what a check of an upgrade found.
type Verification struct {
	Upgraded  fieldops.Time
	Sums      []UpgradeSum // of what was not changed here since
	Photos    int          // photos and files looked for in the data folder
	Elsewhere int          // in other stores: files verify asks them
	Faults    []string
}

// ErrNoUpgrade is the answer where no former installation was upgraded.
var ErrNoUpgrade = errors.New("the database was not upgraded from the former product: there is nothing in the schema v1 to compare with")

// VerifyUpgrade compares an upgraded database with the former tables that it
// kept, as far as nobody has changed it since. photo tells whether the file of a
// photo of ours is there.
func (db *DB) VerifyUpgrade(ctx context.Context, photo func(url string) bool) (v Verification, err error) {
	err = db.withFormer(ctx, func(tx *sql.Tx, _ *former, at fieldops.Time) error {
		v.Upgraded = at
		if v.Sums, v.Faults, err = compare(ctx, tx, false); err != nil {
			return err
		}
		r := reads{q: tx, engine: Postgres}
		broken, err := brokenReferences(ctx, r)
		if err != nil {
			return err
		}
		v.Faults = append(v.Faults, broken...)
		var without int64
		if err := tx.QueryRowContext(ctx, "select count(*) from users where password_hash = ''").Scan(&without); err != nil {
			return err
		}
		if without > 0 {
			v.Faults = append(v.Faults, fmt.Sprintf("%d people have no password", without))
		}
		urls, err := collect(ctx, r, "select path from stored_files where place = 'local' order by id", nil,
			func(rows *sql.Rows, url *string) error { return rows.Scan(url) })
		if err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, "select count(*) from stored_files where place <> 'local'").Scan(&v.Elsewhere); err != nil {
			return err
		}
		missing := 0
		example := ""
		for _, url := range urls {
			v.Photos++
			if !photo(url) {
				missing++
				example = url
			}
		}
		if missing > 0 {
			v.Faults = append(v.Faults, fmt.Sprintf("%d of %d files are not in the data folder, for example %s", missing, v.Photos, example))
		}
		return nil
	})
	return v, err
}

// brokenReferences are the foreign keys that point at nothing: PostgreSQL lets
// none be, unless a table was loaded with its constraints off.
func brokenReferences(ctx context.Context, r reads) ([]string, error) {
	type key struct{ table, column, target string }
	keys, err := collect(ctx, r, `select cast(k.conrelid as regclass), a.attname, cast(k.confrelid as regclass) from pg_constraint k
		join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
		join pg_namespace n on n.oid = k.connamespace
		where k.contype = 'f' and n.nspname = current_schema() and array_length(k.conkey, 1) = 1 order by 1, 2`, nil,
		func(rows *sql.Rows, k *key) error { return rows.Scan(&k.table, &k.column, &k.target) })
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, k := range keys {
		if strings.HasPrefix(k.table, "river_") {
			continue
		}
		var broken int64
		if err := r.q.QueryRowContext(ctx, "select count(*) from "+k.table+" t where t."+k.column+" is not null and not exists (select from "+k.target+" p where p.id = t."+k.column+")").Scan(&broken); err != nil {
			return nil, err
		}
		if broken > 0 {
			faults = append(faults, fmt.Sprintf("%s: %d rows name a %s that is not there", k.table, broken, k.column))
		}
	}
	return faults, nil
}

// withFormer runs do in a transaction that changes nothing, with the former
// tables as the views old_….
func (db *DB) withFormer(ctx context.Context, do func(tx *sql.Tx, f *former, at fieldops.Time) error) error {
	if db.engine != Postgres {
		return ErrNoUpgrade
	}
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it changes nothing
	f, at, err := keptFormer(ctx, tx)
	if err != nil {
		return err
	}
	if err := f.views(ctx, tx); err != nil {
		return err
	}
	return do(tx, f, at)
}

// keptFormer reads what the former tables are like that an upgrade has kept, and
// when that was.
func keptFormer(ctx context.Context, tx *sql.Tx) (*former, fieldops.Time, error) {
	var at fieldops.Time
	r := reads{q: tx, engine: Postgres}
	var kept int
	if err := tx.QueryRowContext(ctx, "select count(*) from pg_tables where schemaname = $1 and tablename = 'upgrade_reports'", formerSchema).Scan(&kept); err != nil {
		return nil, at, err
	}
	if kept == 0 {
		return nil, at, ErrNoUpgrade
	}
	f := &former{has: map[string]map[string]string{}}
	type column struct{ table, name, kind string }
	columns, err := collect(ctx, r, `select table_name, column_name, data_type from information_schema.columns where table_schema = $1`, []any{formerSchema},
		func(rows *sql.Rows, c *column) error { return rows.Scan(&c.table, &c.name, &c.kind) })
	if err != nil {
		return nil, at, err
	}
	for _, c := range columns {
		if f.has[c.table] == nil {
			f.has[c.table] = map[string]string{}
		}
		f.has[c.table][c.name] = c.kind
	}
	var report string
	if err := tx.QueryRowContext(ctx, "select at, report from v1.upgrade_reports order by at desc limit 1").Scan(&at, &report); err != nil {
		return nil, at, err
	}
	var written UpgradeReport
	if err := json.Unmarshal([]byte(report), &written); err != nil {
		return nil, at, err
	}
	f.age, f.moved = written.Age, written.Moved
	var types int
	err = tx.QueryRowContext(ctx, `select count(*) from pg_type t join pg_namespace n on n.oid = t.typnamespace
		where t.typname = 'sync_status_enum' and n.nspname = $1`, formerSchema).Scan(&types)
	f.hasOf = types > 0
	return f, at, err
}
