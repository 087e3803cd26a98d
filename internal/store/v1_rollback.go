package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// newerRecords are the tables in which people's work since the upgrade can be:
// what was made or changed after it. With a parent the rows are those of the
// parent's newer rows.
var newerRecords = []struct {
	table, former  string // former is its table in v1, "" when there is none
	changed        string // when a row was last changed
	parent, column string
}{
	{table: "users", former: "users", changed: "updated_at"},
	{table: "user_permissions", changed: "created_at"},
	{table: "permissions", changed: "case when is_custom then updated_at end"},
	{table: "role_permissions", changed: "updated_at"},
	{table: "api_tokens", changed: "created_at"},
	{table: "settings", changed: "updated_at"},
	{table: "user_settings", changed: "updated_at"},
	{table: "clients", former: "clients", changed: "updated_at"},
	{table: "projects", former: "projects", changed: "updated_at"},
	{table: "cost_centers", former: "cost_centers", changed: "updated_at"},
	{table: "activity_types", former: "activity_types", changed: "updated_at"},
	{table: "timesheets", former: "timesheets", changed: "updated_at"},
	{table: "xero_invoices", former: "xero_invoices", changed: "updated_at"},
	{table: "xero_invoice_lines", parent: "xero_invoices", column: "invoice_id"},
	{table: "xero_purchase_orders", former: "xero_purchase_orders", changed: "updated_at"},
	{table: "xero_purchase_order_line_items", parent: "xero_purchase_orders", column: "po_id"},
	{table: "xero_quotes", former: "xero_quotes", changed: "updated_at"},
	{table: "xero_quote_lines", parent: "xero_quotes", column: "quote_id"},
	{table: "xero_bills", former: "xero_bills", changed: "updated_at"},
	{table: "xero_bill_lines", parent: "xero_bills", column: "bill_id"},
	{table: "xero_expenses", former: "xero_expenses", changed: "updated_at"},
	{table: "xero_payments", former: "xero_payments", changed: "updated_at"},
	{table: "xero_credit_notes", former: "xero_credit_notes", changed: "updated_at"},
	{table: "xero_credit_note_lines", parent: "xero_credit_notes", column: "credit_note_id"},
	{table: "credit_note_allocations", changed: "created_at"},
	{table: "xero_items", former: "xero_items", changed: "updated_at"},
	{table: "stock_movements", changed: "created_at"},
	{table: "bank_transactions", former: "bank_transactions", changed: "updated_at"},
	{table: "payment_reminders", changed: "created_at"},
	{table: "project_files", former: "project_files", changed: "updated_at"},
	{table: "safety_documents", former: "safety_documents", changed: "updated_at"},
	{table: "safety_document_revisions", parent: "safety_documents", column: "document_id"},
	{table: "safety_document_signatures", parent: "safety_documents", column: "document_id"},
	{table: "document_scans", former: "document_scans", changed: "updated_at"},
	{table: "document_matches", changed: "greatest(confirmed_at, rejected_at, created_at)"},
	{table: "attachments", changed: "attached_at"},
	{table: "deletions", changed: "coalesce(restored_at, purged_at, created_at)"},
	{table: "sync_intents", changed: "opened_at"},
	{table: "sync_logs", changed: "created_at"},
	{table: "mails", changed: "created_at"},
	{table: "audit_entries", changed: "created_at"},
}

// ignoredNewer are tables whose newer rows say nothing that would be missed;
// they are exported all the same.
var ignoredNewer = []string{"audit_entries", "sync_logs", "deletions"}

// NewerRecords is how many rows of a table were made or changed after the
// upgrade.
type NewerRecords struct {
	Table string
	Rows  int64
}

// newer is the condition that a row was made or changed after the upgrade. A
// row whose time the former product had set is not.
func newer(former, changed string) string {
	condition := changed + " > (select max(at) from v1.upgrade_reports)"
	if former != "" {
		condition += " and not exists (select from old_" + former + " o where o.id = x.id and o.updated_at = x.updated_at)"
	}
	return condition
}

// RollBackUpgrade puts the former tables back and drops ours, in one
// transaction. While there are newer records it refuses, unless discard is
// given: then each table of them is written to it first, as rows in JSON, one a
// line. It returns how many there were.
func (db *DB) RollBackUpgrade(ctx context.Context, discard func(table string, rows func(io.Writer) error) error) (lost []NewerRecords, err error) {
	if db.engine != Postgres {
		return nil, ErrNoUpgrade
	}
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it has nothing to do
	if _, err := tx.ExecContext(ctx, "set local idle_in_transaction_session_timeout = 0; select pg_advisory_xact_lock(7215001)"); err != nil {
		return nil, err
	}
	if err := aloneOnPostgres(ctx, tx); err != nil {
		return nil, err
	}
	f, at, err := keptFormer(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := f.views(ctx, tx); err != nil {
		return nil, err
	}
	var work []string
	for _, n := range newerRecords {
		condition := newer(n.former, n.changed)
		if n.parent != "" {
			condition = "x." + n.column + " in (select x.id from " + n.parent + " x where " + newer(n.parent, "updated_at") + ")"
		}
		var rows int64
		if err := tx.QueryRowContext(ctx, "select count(*) from "+n.table+" x where "+condition).Scan(&rows); err != nil {
			return nil, fmt.Errorf("looking for newer records in %s: %w", n.table, err)
		}
		if rows == 0 {
			continue
		}
		lost = append(lost, NewerRecords{n.table, rows})
		if !slices.Contains(ignoredNewer, n.table) && n.parent == "" {
			work = append(work, fmt.Sprintf("%d in %s", rows, n.table))
		}
		if discard == nil {
			continue
		}
		if err := discard(n.table, func(w io.Writer) error {
			return writeRows(ctx, tx, "select cast(row_to_json(x) as text) from "+n.table+" x where "+condition, w)
		}); err != nil {
			return lost, err
		}
	}
	if discard == nil && len(work) > 0 {
		return lost, fieldops.Refuse(fieldops.Conflict, "Since the upgrade of %s records were made or changed: %s. They would be lost; with --discard-new they are written to files first",
			at.Format("2006-01-02 15:04 UTC"), strings.Join(work, ", "))
	}
	if err := dropViews(ctx, tx); err != nil {
		return lost, err
	}
	return lost, f.putBack(ctx, tx)
}

func writeRows(ctx context.Context, tx *sql.Tx, query string, w io.Writer) error {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			return err
		}
		if _, err := io.WriteString(w, row+"\n"); err != nil {
			return err
		}
	}
	return rows.Err()
}

// putBack drops our tables, moves the former ones to where they were, and
// commits.
func (f *former) putBack(ctx context.Context, tx *sql.Tx) error {
	there, err := collect(ctx, reads{q: tx, engine: Postgres}, "select tablename from pg_tables where schemaname = current_schema()", nil,
		func(rows *sql.Rows, name *string) error { return rows.Scan(name) })
	if err != nil {
		return err
	}
	ours := append(ourTables(NewestSchema()), "schema_migrations")
	var drop []string
	for _, name := range there {
		if slices.Contains(ours, name) || strings.HasPrefix(name, "river_") {
			drop = append(drop, quoted(name))
		}
	}
	var home string
	if err := tx.QueryRowContext(ctx, "select current_schema()").Scan(&home); err != nil {
		return err
	}
	if len(drop) == 0 {
		return errors.New("there are no tables of this program to replace")
	}
	statements := []string{
		"set local lock_timeout = '30s'",
		"drop table " + strings.Join(drop, ", ") + " cascade",
		"drop function if exists river_job_state_in_bitmask",
		"drop type if exists river_job_state",
		"drop type sync_status_enum",
		"drop table v1.upgrade_reports, v1.upgrade_oddities",
		"drop table if exists v1.taken_over",
	}
	for _, table := range f.moved {
		statements = append(statements, "alter table "+formerSchema+"."+quoted(table)+" set schema "+quoted(home))
	}
	if f.hasOf {
		statements = append(statements, "alter type "+formerSchema+".sync_status_enum set schema "+quoted(home))
	}
	statements = append(statements, "drop schema "+formerSchema)
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("putting the former tables back: %w", err)
		}
	}
	return tx.Commit()
}
