package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"ampedfieldops/internal/fieldops"
)

// An installation of the former product, of whatever age, is upgraded in one
// transaction: its tables move to the schema v1, untouched, and what they hold
// is copied into this program's tables. The statements are in v1/*.sql.

//go:embed v1/*.sql
var upgradeFiles embed.FS

// formerSchema is where the former product's tables are kept.
const formerSchema = "v1"

// formerTables are the tables of the former product with the columns that are
// read of them. An installation may lack some: they grew over the years. Times
// have no zone there and are UTC.
var formerTables = map[string]string{
	"users":                          `id uuid, email text, password_hash text, name text, role text, avatar text, is_active boolean, created_at time, updated_at time`,
	"user_permissions":               `user_id uuid, permission text, granted boolean, created_at time`,
	"permissions":                    `id uuid, key text, label text, description text, is_system boolean, is_custom boolean, is_active boolean, created_at time, updated_at time`,
	"settings":                       `id uuid, key text, value text, user_id uuid, created_at time, updated_at time`,
	"activity_logs":                  `id uuid, user_id uuid, action text, entity_type text, entity_id uuid, details jsonb, ip_address text, created_at time`,
	"activity_types":                 `id uuid, name text, icon text, color text, hourly_rate numeric, is_active boolean, created_at time, updated_at time`,
	"cost_centers":                   `id uuid, code text, name text, description text, budget numeric, xero_tracking_category_id text, client_po_number text, is_active boolean, created_at time, updated_at time`,
	"clients":                        `id uuid, name text, contact_name text, email text, phone text, address text, location text, billing_address text, billing_email text, xero_contact_id text, client_type text, status text, notes text, created_at time, updated_at time, deleted_at time`,
	"projects":                       `id uuid, code text, name text, client_id uuid, status text, budget numeric, description text, start_date date, end_date date, xero_project_id text, files text[], created_at time, updated_at time, deleted_at time`,
	"project_cost_centers":           `project_id uuid, cost_center_id uuid`,
	"timesheets":                     `id uuid, user_id uuid, project_id uuid, client_id uuid, activity_type_id uuid, cost_center_id uuid, date date, hours numeric, notes text, image_urls text[], location text, xero_timesheet_id text, billing_status text, created_at time, updated_at time, invoice_id uuid, cloud_image_urls text[], deleted_at time`,
	"xero_invoices":                  `id uuid, xero_invoice_id text, invoice_number text, client_id uuid, project_id uuid, status text, amount_due numeric, amount_paid numeric, total numeric, currency text, issue_date date, due_date date, line_items jsonb, synced_at time, created_at time, updated_at time, last_payment_date date, paid_date date, reference text, deleted_at time, sync_status text, xero_sync_id uuid, scanned_document_id uuid`,
	"xero_quotes":                    `id uuid, xero_quote_id text, quote_number text, client_id uuid, project_id uuid, status text, total numeric, currency text, issue_date date, expiry_date date, line_items jsonb, synced_at time, created_at time, updated_at time, deleted_at time`,
	"xero_purchase_orders":           `id uuid, xero_po_id text, po_number text, supplier_id uuid, project_id uuid, status text, date date, delivery_date date, total_amount numeric, currency text, line_items jsonb, bill_id uuid, notes text, synced_at time, created_at time, updated_at time, deleted_at time, sync_status text, xero_sync_id uuid, scanned_document_id uuid`,
	"xero_purchase_order_line_items": `id uuid, po_id uuid, description text, quantity numeric, unit_amount numeric, account_code text, cost_center_id uuid, item_id uuid, line_amount numeric, created_at time`,
	"xero_bills":                     `id uuid, xero_bill_id text, bill_number text, supplier_id uuid, purchase_order_id uuid, project_id uuid, amount numeric, amount_paid numeric, amount_due numeric, currency text, date date, due_date date, status text, paid_date date, line_items jsonb, synced_at time, created_at time, updated_at time, deleted_at time, scanned_document_id uuid`,
	"xero_expenses":                  `id uuid, xero_expense_id text, project_id uuid, cost_center_id uuid, amount numeric, date date, description text, receipt_url text, status text, synced_at time, created_at time, updated_at time, deleted_at time, scanned_document_id uuid`,
	"xero_payments":                  `id uuid, xero_payment_id text, invoice_id uuid, amount numeric, payment_date date, payment_method text, reference text, account_code text, currency text, exchange_rate numeric, synced_at time, created_at time, updated_at time, deleted_at time`,
	"xero_credit_notes":              `id uuid, xero_credit_note_id text, credit_note_number text, invoice_id uuid, amount numeric, date date, reason text, status text, synced_at time, created_at time, updated_at time, deleted_at time`,
	"xero_items":                     `id uuid, xero_item_id text, code text, name text, description text, purchase_price numeric, sale_price numeric, stock_level numeric, is_tracked boolean, inventory_asset_account_code text, synced_at time, created_at time, updated_at time`,
	"bank_transactions":              `id uuid, xero_bank_transaction_id text, bank_account_code text, bank_account_name text, date date, amount numeric, type text, description text, reference text, contact_id uuid, reconciled boolean, payment_id uuid, reconciled_date date, synced_at time, created_at time, updated_at time`,
	"payment_reminders":              `id uuid, invoice_id uuid, sent_date date, reminder_type text, sent_to text, created_at time`,
	"sync_logs":                      `id uuid, entity_type text, entity_id uuid, request_payload jsonb, response_payload jsonb, status_code bigint, error_message text, created_at time`,
	"xero_tokens":                    `id uuid, tenant_id text`,
	"project_files":                  `id uuid, project_id uuid, cost_center_id uuid, file_name text, file_path text, file_type text, file_size bigint, mime_type text, uploaded_by uuid, created_at time, updated_at time`,
	"safety_documents":               `id uuid, project_id uuid, cost_center_id uuid, document_type text, title text, data jsonb, file_path text, status text, created_by uuid, approved_by uuid, approved_at time, created_at time, updated_at time`,
	"document_scans":                 `id uuid, file_id uuid, user_id uuid, status text, document_type text, extracted_data jsonb, confidence numeric, error_message text, xero_attachment_id text, processed_at time, created_at time, updated_at time`,
	"document_matches":               `id uuid, scan_id uuid, entity_type text, entity_id uuid, confidence_score numeric, match_reasons jsonb, confirmed boolean, confirmed_by uuid, confirmed_at time, created_at time`,
	// These have no place here and stay where they were moved to.
	"file_migrations": "",
	"backups":         "", "xero_webhook_events": "",
}

// formerNames are the former product's tables, in one order.
func formerNames() []string {
	names := make([]string, 0, len(formerTables))
	for name := range formerTables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Upgrading is what the upgrade of a former installation needs of the world
// outside the database. All of it must be set, but for a rehearsal.
type Upgrading struct {
	// Seal encrypts a secret under the installation's key.
	Seal func(secret string) string
	// KeepPhoto writes a photo of a timesheet under an id of its own and returns
	// its URL. It is called before the commit, and again with the same ids when
	// the upgrade is repeated.
	KeepPhoto func(timesheet, photo fieldops.ID, year int, content []byte) (url string, err error)
	// Tell hears what is being done, line by line.
	Tell func(line string)
}

func (u *Upgrading) tell(format string, args ...any) {
	if u.Tell != nil {
		u.Tell(fmt.Sprintf(format, args...))
	}
}

// UpgradeReport is what an upgrade found and did, or would do.
type UpgradeReport struct {
	Age      string          `json:"age"`      // which state of the former product it was
	Moved    []string        `json:"moved"`    // tables that moved to the schema v1
	Kept     []KeptTable     `json:"kept"`     // of those, what has no place here and is kept there only
	Left     []string        `json:"left"`     // tables of somebody else, not touched
	Sums     []UpgradeSum    `json:"sums"`     // old against new
	Oddities []UpgradeOddity `json:"oddities"` // what was not as it should be, and what became of it
}

// KeptTable is a table that stays in the schema v1 and has no counterpart here.
type KeptTable struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// UpgradeSum compares a table's count or sum, old against new.
type UpgradeSum struct {
	Table string `json:"table"`
	What  string `json:"what"`
	Old   string `json:"old"`
	New   string `json:"new"`
	Left  int64  `json:"left"` // rows that were left in the schema v1, and counted on neither side
}

// UpgradeOddity is a condition that some records of a table were in.
type UpgradeOddity struct {
	Kind     string   `json:"kind"`
	Table    string   `json:"table"`
	Rows     int64    `json:"rows"`
	LeftOut  bool     `json:"left_out"` // they are in the schema v1 only
	Note     string   `json:"note"`
	Examples []string `json:"examples"` // ids of the first of them
}

// Lines is the report for a person.
func (r *UpgradeReport) Lines() []string {
	lines := []string{"found: " + r.Age}
	lines = append(lines, fmt.Sprintf("%d tables move to the schema %s, untouched: %s", len(r.Moved), formerSchema, strings.Join(r.Moved, ", ")))
	for _, k := range r.Kept {
		lines = append(lines, fmt.Sprintf("kept in %s.%s only, because there is no place for it here yet: %d rows", formerSchema, k.Table, k.Rows))
	}
	if len(r.Left) > 0 {
		lines = append(lines, "not the product's own, left where they are: "+strings.Join(r.Left, ", "))
	}
	for _, s := range r.Sums {
		line := fmt.Sprintf("%s: %s %s, taken over %s", s.Table, s.What, s.Old, s.New)
		if s.Left > 0 {
			line += fmt.Sprintf(" (%d rows are left out of both and named below)", s.Left)
		}
		lines = append(lines, line)
	}
	for _, o := range r.Oddities {
		line := fmt.Sprintf("%s: %d × %s", o.Table, o.Rows, o.Note)
		if len(o.Examples) > 0 {
			line += " (" + strings.Join(o.Examples, ", ")
			if int64(len(o.Examples)) < o.Rows {
				line += ", …"
			}
			line += ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// errRehearsed takes a rehearsed upgrade back.
var errRehearsed = errors.New("only a rehearsal")

// ErrFormer is the answer to opening a former installation's database without
// the means to upgrade it.
var ErrFormer = errors.New("the database belongs to the former product: run ampedfieldops migrate, which upgrades it, and see docs/upgrading.md")

// FormerAge tells which state of the former product the database is in, "" when
// it is none.
func (db *DB) FormerAge(ctx context.Context) (string, error) {
	if db.engine != Postgres {
		return "", nil
	}
	f, err := recogniseFormer(ctx, reads{q: db.write, engine: Postgres})
	if err != nil || f == nil {
		return "", err
	}
	return f.age, nil
}

// RehearseUpgrade upgrades a former installation and takes it back, so that the
// report is true; nil when it is none. It keeps others out of the database while
// it lasts.
func (db *DB) RehearseUpgrade(ctx context.Context, tell func(string)) (*UpgradeReport, error) {
	if db.engine != Postgres {
		return nil, nil
	}
	u := &Upgrading{
		Seal:      func(string) string { return "" },
		KeepPhoto: func(_, _ fieldops.ID, _ int, _ []byte) (string, error) { return "/uploads/timesheets/rehearsal", nil },
		Tell:      tell,
	}
	report, err := db.migrateSchema(ctx, u, true)
	if errors.Is(err, errRehearsed) {
		err = nil
	}
	return report, err
}

// former is a recognised database of the former product.
type former struct {
	age   string
	home  string                       // the schema its tables are in
	moved []string                     // tables that move
	left  []string                     // other tables in the same schema
	has   map[string]map[string]string // type of each column of each table
	hasOf bool                         // the enumerated type is there
}

// recogniseFormer looks at the current schema; nil when it is empty or ours.
func recogniseFormer(ctx context.Context, r reads) (*former, error) {
	type column struct{ schema, table, name, kind string }
	columns, err := collect(ctx, r, `select table_schema, table_name, column_name, data_type from information_schema.columns
		where table_schema = current_schema() and table_name in (select tablename from pg_tables where schemaname = current_schema())`, nil,
		func(rows *sql.Rows, c *column) error { return rows.Scan(&c.schema, &c.table, &c.name, &c.kind) })
	if err != nil {
		return nil, err
	}
	f := &former{has: map[string]map[string]string{}}
	for _, c := range columns {
		if f.has[c.table] == nil {
			f.has[c.table] = map[string]string{}
		}
		f.has[c.table][c.name], f.home = c.kind, c.schema
	}
	if f.has["schema_migrations"] != nil {
		return nil, nil
	}
	ours := ourTables(NewestSchema())
	for _, need := range [][2]string{{"users", "password_hash"}, {"clients", "xero_contact_id"}, {"projects", "budget"}, {"timesheets", "hours"}, {"settings", "user_id"}} {
		if f.has[need[0]][need[1]] == "" {
			for table := range f.has {
				if slices.Contains(ours, table) {
					return nil, fmt.Errorf("the database holds a table %s that is neither this program's nor that of a former product which it can upgrade; give it a database of its own", table)
				}
			}
			return nil, nil
		}
	}
	switch {
	case f.has["clients"]["client_type"] != "" || f.has["document_scans"] != nil:
		f.age = "the former product, in the last state of its second version"
	case f.has["sync_logs"] != nil || f.has["timesheets"]["sync_status"] != "":
		f.age = "the former product, second version"
	case f.has["xero_purchase_orders"] != nil:
		f.age = "the former product, first version"
	default:
		f.age = "the former product, first version, as of its first days"
	}
	for table := range f.has {
		if _, known := formerTables[table]; known || slices.Contains(ours, table) {
			f.moved = append(f.moved, table)
		} else if !strings.HasPrefix(table, "river_") {
			f.left = append(f.left, table)
		}
	}
	slices.Sort(f.moved)
	slices.Sort(f.left)
	var types int
	err = r.q.QueryRowContext(ctx, `select count(*) from pg_type t join pg_namespace n on n.oid = t.typnamespace
		where t.typname = 'sync_status_enum' and n.nspname = current_schema()`).Scan(&types)
	f.hasOf = types > 0
	return f, err
}

// move takes the former tables out of the way.
func (f *former) move(ctx context.Context, tx *sql.Tx) error {
	var there int
	if err := tx.QueryRowContext(ctx, "select count(*) from pg_tables where schemaname = $1", formerSchema).Scan(&there); err != nil {
		return err
	}
	if there > 0 {
		return fmt.Errorf("the schema %s, where the former product's tables are to be kept, holds tables already; rename that schema first", formerSchema)
	}
	statements := []string{"set local lock_timeout = '30s'", "create schema if not exists " + formerSchema}
	for _, table := range f.moved {
		statements = append(statements, "alter table "+quoted(table)+" set schema "+formerSchema)
	}
	if f.hasOf {
		statements = append(statements, "alter type sync_status_enum set schema "+formerSchema)
	}
	statements = append(statements, "set local lock_timeout = 0")
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			if broken, ok := errors.AsType[*pgconn.PgError](err); ok && broken.Code == "55P03" {
				return errors.New("another program is using the database: stop the former product, all of it, and begin again")
			}
			return fmt.Errorf("moving the former product's tables: %w", err)
		}
	}
	return nil
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// views makes a temporary view old_… of every former table, all of the same
// shape however old the installation is. at is the schema the tables are in.
func (f *former) views(ctx context.Context, tx *sql.Tx) error {
	for _, table := range formerNames() {
		spec := formerTables[table]
		if spec == "" {
			continue
		}
		var columns []string
		for column := range strings.SplitSeq(spec, ", ") {
			name, kind, _ := strings.Cut(column, " ")
			kind = strings.Replace(kind, "time", "timestamptz", 1)
			is := f.has[table][name]
			switch {
			case is == "":
				columns = append(columns, fmt.Sprintf("cast(null as %s) as %s", kind, name))
			case kind == "timestamptz" && is == "timestamp without time zone":
				columns = append(columns, fmt.Sprintf("%s at time zone 'UTC' as %s", name, name))
			default:
				columns = append(columns, fmt.Sprintf("cast(%s as %s) as %s", name, kind, name))
			}
		}
		from := " from " + formerSchema + "." + quoted(table)
		if f.has[table] == nil {
			from = " where false"
		}
		if _, err := tx.ExecContext(ctx, "create temp view old_"+table+" as select "+strings.Join(columns, ", ")+from); err != nil {
			return fmt.Errorf("reading the former table %s: %w", table, err)
		}
	}
	return nil
}

func dropViews(ctx context.Context, tx *sql.Tx) error {
	for _, table := range formerNames() {
		if formerTables[table] != "" {
			if _, err := tx.ExecContext(ctx, "drop view if exists old_"+table); err != nil {
				return err
			}
		}
	}
	return nil
}

// upgrade copies what the former tables, which have moved, hold into ours, which
// are there and empty.
func (f *former) upgrade(ctx context.Context, tx *sql.Tx, u *Upgrading) (*UpgradeReport, error) {
	c := &copier{Upgrading: u, former: f, tx: tx, reads: reads{q: tx, engine: Postgres}, now: fieldops.At(time.Now())}
	if err := f.views(ctx, tx); err != nil {
		return nil, err
	}
	if err := c.prepare(ctx); err != nil {
		return nil, err
	}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"people", c.file("people.sql")},
		{"who they are, where that is double", c.logins},
		{"what they may do", c.permissions},
		{"settings", c.settings},
		{"records that work is done for", c.file("records.sql")},
		{"the texts to search", c.searched},
		{"documents", c.file("documents.sql")},
		{"their lines", c.lines},
		{"timesheets and payments", c.file("work.sql")},
		{"photos", c.photos},
		{"history, stock, bank", c.file("rest.sql")},
		{"where the photos lie", func(ctx context.Context) error { return adoptFormerFiles(ctx, tx, Postgres) }},
		{"files and documents", c.takeLate},
	} {
		u.tell("copying %s", step.name)
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("the upgrade, %s: %w", step.name, err)
		}
	}
	report, err := c.report(ctx)
	if err != nil {
		return nil, err
	}
	return report, dropViews(ctx, tx)
}

// keepReport stores what was done beside the former tables.
func (c *copier) keepReport(ctx context.Context, report *UpgradeReport) error {
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	_, err = c.tx.ExecContext(ctx, "insert into v1.upgrade_reports (at, report) values ($1, $2)", c.now, string(text))
	return err
}
