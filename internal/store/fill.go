package store

import (
	"context"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// fillTogether is how many rows one statement writes. SQLite takes $1 for a name
// and looks through all of them for each, so a few are faster than many.
const fillTogether = 40

// FillTimesheets writes made-up work of many years at once, for demonstrations
// and measurements: what is written is believed, and one audit entry stands for
// all of it. The entries bear their ids, times, rates and billing state.
func (tx *Tx) FillTimesheets(ctx context.Context, timesheets []fieldops.Timesheet, lines []fieldops.ID) error {
	for from := 0; from < len(timesheets); from += fillTogether {
		var w where
		some := timesheets[from:min(from+fillTogether, len(timesheets))]
		rows := make([]string, len(some))
		for i := range some {
			t := &some[i]
			rows[i] = w.row(t.ID, t.UserID, t.ProjectID, t.ClientID, t.ActivityTypeID, t.CostCenterID, t.Date, int64(t.Hours), int64(t.HourlyRate),
				t.Notes, t.BillingStatus, t.InvoiceID, orNull(lines[from+i]), t.CreatedAt, t.UpdatedAt, int64(t.CostRate))
		}
		if _, err := tx.q.ExecContext(ctx, `insert into timesheets (id, user_id, project_id, client_id, activity_type_id, cost_center_id, date, hours_e4, hourly_rate_e4,
			notes, billing_status, invoice_id, invoice_line_id, created_at, updated_at, cost_rate_e4) values `+strings.Join(rows, ", "), w.args...); err != nil {
			return err
		}
		ids, keys := make([]fieldops.ID, len(some)), make([][]int64, len(some))
		for i := range some {
			ids[i], keys[i] = some[i].ID, keysOf(some[i].Notes, some[i].Location)
		}
		if err := insertWords(ctx, tx.q, fieldops.RecordTimesheet, ids, keys); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "fill", "timesheet", "", map[string]any{"rows": len(timesheets)})
}

// FillInvoices writes made-up invoices of earlier years, which go nowhere.
func (tx *Tx) FillInvoices(ctx context.Context, invoices []fieldops.Invoice) error {
	for from := 0; from < len(invoices); from += fillTogether {
		var w, l where
		some := invoices[from:min(from+fillTogether, len(invoices))]
		var rows, lines []string
		ids, keys := make([]fieldops.ID, len(some)), make([][]int64, len(some))
		for i := range some {
			v := &some[i]
			ids[i], keys[i] = v.ID, keysOf(&v.Number)
			rows = append(rows, w.row(v.ID, v.Number, v.ClientID, v.ProjectID, v.Status, v.Currency, v.IssueDate, v.DueDate,
				int64(v.SubTotal), int64(v.TotalTax), int64(v.Total), int64(v.AmountPaid), int64(v.AmountDue), int64(v.AmountPaid), v.CreatedAt, v.CreatedAt))
			for n := range v.Lines {
				k := &v.Lines[n]
				lines = append(lines, l.row(k.ID, v.ID, n, k.Key, k.Description, int64(k.Quantity), int64(k.UnitPrice), int64(k.TaxRate), int64(k.Amount), int64(k.Tax)))
			}
		}
		if _, err := tx.q.ExecContext(ctx, `insert into xero_invoices (id, invoice_number, client_id, project_id, status, currency, issue_date, due_date,
			subtotal_cents, total_tax_cents, total_cents, amount_paid_cents, amount_due_cents, xero_settled_cents, created_at, updated_at) values `+strings.Join(rows, ", "), w.args...); err != nil {
			return err
		}
		if _, err := tx.q.ExecContext(ctx, `insert into xero_invoice_lines (id, invoice_id, position, group_key, description, quantity_e4, unit_price_e4, tax_rate_ppm,
			line_amount_cents, tax_amount_cents) values `+strings.Join(lines, ", "), l.args...); err != nil {
			return err
		}
		if err := insertWords(ctx, tx.q, fieldops.RecordInvoice, ids, keys); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "fill", "invoice", "", map[string]any{"rows": len(invoices)})
}

// Optimise has the database look at what it holds, so that it plans queries by
// what there is.
func (db *DB) Optimise(ctx context.Context) error {
	_, err := db.write.ExecContext(ctx, "analyze")
	return err
}
