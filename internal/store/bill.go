package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
)

const billColumns = `b.id, b.bill_number, b.supplier_id, coalesce(c.name, ''), b.purchase_order_id, coalesce(o.po_number, ''),
	b.project_id, coalesce(p.code, ''), coalesce(p.name, ''), b.status, b.currency, b.date, b.due_date, b.reference,
	b.subtotal_cents, b.total_tax_cents, b.amount_cents, b.amount_paid_cents, b.amount_due_cents, b.paid_date,
	b.created_at, b.updated_at, b.deleted_at, b.scanned_document_id`

const billTables = ` /* deleted too */ xero_bills b
	left join /* deleted too */ clients c on c.id = b.supplier_id
	left join /* deleted too */ projects p on p.id = b.project_id
	left join /* deleted too */ xero_purchase_orders o on o.id = b.purchase_order_id`

func scanBill(rows *sql.Rows, b *fieldops.Bill) error {
	return rows.Scan(&b.ID, &b.Number, &b.SupplierID, &b.SupplierName, &b.OrderID, &b.OrderNumber,
		&b.ProjectID, &b.ProjectCode, &b.ProjectName, &b.Status, &b.Currency, &b.Date, &b.DueDate, &b.Reference,
		&b.SubTotal, &b.TotalTax, &b.Total, &b.AmountPaid, &b.AmountDue, &b.PaidDate,
		&b.CreatedAt, &b.UpdatedAt, &b.DeletedAt, &b.ScanID)
}

// Bill is one bill with its lines. A deleted one is not found.
func (r reads) Bill(ctx context.Context, id fieldops.ID) (fieldops.Bill, error) {
	found, err := r.bills(ctx, "b.id = $1 and b.deleted_at is null", []any{id}, 1)
	if err != nil {
		return fieldops.Bill{}, err
	}
	if len(found) == 0 {
		return fieldops.Bill{}, fieldops.Refuse(fieldops.NotFound, "Bill not found")
	}
	return found[0], nil
}

// Bills lists bills, newest date first. The filter's client is the supplier.
func (r reads) Bills(ctx context.Context, f DocumentFilter) ([]fieldops.Bill, error) {
	w := f.where("b", "date", "supplier_id")
	if f.OrderID != "" {
		w.and("b.purchase_order_id = ?", f.OrderID)
	}
	f.search(w, []string{"b.bill_number", "b.reference"})
	return r.bills(ctx, w.String(), w.args, f.Limit)
}

// bills reads bills, newest first, with their lines, in two queries.
func (r reads) bills(ctx context.Context, condition string, args []any, limit int) ([]fieldops.Bill, error) {
	bills, err := collect(ctx, r, "select "+billColumns+" from"+billTables+" where "+condition+
		fmt.Sprintf(" order by b.date desc, b.id desc limit %d", limit), args, scanBill)
	if err != nil || len(bills) == 0 {
		return bills, err
	}
	place := make(map[fieldops.ID]int, len(bills))
	ids := make([]fieldops.ID, len(bills))
	for i := range bills {
		place[bills[i].ID], ids[i] = i, bills[i].ID
	}
	var w where
	_, err = collect(ctx, r, `select l.bill_id, l.id, l.description, l.quantity_e4, l.unit_amount_e4, coalesce(l.account_code, ''),
		coalesce(l.tax_type, ''), l.tax_rate_ppm, l.line_amount_cents, l.tax_amount_cents, l.item_id, l.po_line_id, l.cost_center_id,
		coalesce(k.code, ''), coalesce(k.name, '')
		from xero_bill_lines l left join cost_centers k on k.id = l.cost_center_id
		where `+r.among(&w, "l.bill_id", ids)+" order by l.bill_id, l.position", w.args,
		func(rows *sql.Rows, l *fieldops.Line) error {
			var bill fieldops.ID
			if err := rows.Scan(&bill, &l.ID, &l.Description, &l.Quantity, &l.UnitPrice, &l.AccountCode,
				&l.TaxType, &l.TaxRate, &l.Amount, &l.Tax, &l.ItemID, &l.OrderLineID, &l.CostCenterID, &l.CostCenterCode, &l.CostCenterName); err != nil {
				return err
			}
			b := &bills[place[bill]]
			b.Lines = append(b.Lines, *l)
			return nil
		})
	return bills, err
}

// TakeBillNumber reserves the next number for a bill whose supplier gave none.
// See nextNumber for when to call it.
func (tx *Tx) TakeBillNumber(ctx context.Context, s fieldops.Settings) (string, error) {
	return tx.freeNumberOf(ctx, "xero_bills", "bill_number", billSeries, s.BillPrefix, s.NumberPadding)
}

// LockSupplier keeps others from writing bills of the same supplier until this
// transaction ends, so that a number is looked for and used by one at a time.
func (tx *Tx) LockSupplier(ctx context.Context, id fieldops.ID) (fieldops.Client, error) {
	lock := ""
	if tx.engine == Postgres {
		lock = " for no key update"
	}
	var found fieldops.ID
	if err := tx.q.QueryRowContext(ctx, "select id from live_clients where id = $1"+lock, id).Scan(&found); err != nil {
		return fieldops.Client{}, notFound(err, "Supplier")
	}
	return tx.Client(ctx, id)
}

// BillOfNumber finds the supplier's bill with a number, whatever its case, other
// than the bill self. Deleted ones do not count. "" when there is none.
func (r reads) BillOfNumber(ctx context.Context, supplier fieldops.ID, number string, self fieldops.ID) (fieldops.ID, error) {
	var w where
	w.and("supplier_id = ?", supplier)
	w.and("lower(bill_number) = ?", strings.ToLower(number))
	if self != "" {
		w.and("id <> ?", self)
	}
	found, err := collect(ctx, r, "select id from live_bills where "+w.String()+" limit 1", w.args,
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

// InsertBill stores a bill with its lines. It gives them their ids, unless they
// have them, and times.
func (tx *Tx) InsertBill(ctx context.Context, b *fieldops.Bill) error {
	if b.ID == "" {
		b.ID = fieldops.NewID()
	}
	b.CreatedAt, b.UpdatedAt = tx.Now, tx.Now
	if _, err := tx.q.ExecContext(ctx, `insert into xero_bills (id, bill_number, supplier_id, purchase_order_id, project_id, status, currency, date,
		due_date, reference, subtotal_cents, total_tax_cents, amount_cents, amount_paid_cents, amount_due_cents, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $13, $14, $14)`,
		b.ID, b.Number, b.SupplierID, b.OrderID, b.ProjectID, b.Status, b.Currency, b.Date,
		b.DueDate, b.Reference, int64(b.SubTotal), int64(b.TotalTax), int64(b.Total), tx.Now); err != nil {
		return err
	}
	tx.spends(b.ProjectID)
	if err := tx.insertBillLines(ctx, b); err != nil {
		return err
	}
	return tx.audit(ctx, "create", "bill", b.ID, map[string]any{
		"bill_number": b.Number, "supplier_id": b.SupplierID, "purchase_order_id": b.OrderID, "total": b.Total,
	})
}

func (tx *Tx) insertBillLines(ctx context.Context, b *fieldops.Bill) error {
	if len(b.Lines) == 0 {
		return nil
	}
	var w where
	rows := make([]string, len(b.Lines))
	for n := range b.Lines {
		l := &b.Lines[n]
		if l.ID == "" {
			l.ID = fieldops.NewID()
		}
		rows[n] = w.row(l.ID, b.ID, n, l.Description, int64(l.Quantity), int64(l.UnitPrice), orNull(l.AccountCode), orNull(l.TaxType),
			int64(l.TaxRate), l.CostCenterID, l.ItemID, l.OrderLineID, int64(l.Amount), int64(l.Tax))
	}
	_, err := tx.q.ExecContext(ctx, `insert into xero_bill_lines (id, bill_id, position, description, quantity_e4, unit_amount_e4,
		account_code, tax_type, tax_rate_ppm, cost_center_id, item_id, po_line_id, line_amount_cents, tax_amount_cents) values `+strings.Join(rows, ", "), w.args...)
	return err
}

// LockBill reads a bill that is about to be changed and keeps everybody else
// from changing it until the transaction ends; the order that it bills, too,
// which comes first.
func (tx *Tx) LockBill(ctx context.Context, id fieldops.ID) (fieldops.Bill, error) {
	bill, err := tx.Bill(ctx, id) // its order never changes
	if err != nil {
		return bill, err
	}
	if bill.OrderID != nil {
		if _, err := tx.lockSyncDocument(ctx, fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: *bill.OrderID}); err != nil {
			return bill, err
		}
		if err := tx.lockRow(ctx, "xero_purchase_orders", *bill.OrderID); err != nil {
			return bill, err
		}
	}
	if err := tx.lockRow(ctx, "xero_bills", id); err != nil {
		return bill, notFound(err, "Bill")
	}
	return tx.Bill(ctx, id)
}

// UpdateBill stores what a person may change of a bill that is locked: number,
// status, project, dates, reference, totals and lines.
func (tx *Tx) UpdateBill(ctx context.Context, before, b *fieldops.Bill) error {
	b.UpdatedAt = tx.Now
	if _, err := tx.q.ExecContext(ctx, `update xero_bills set bill_number = $1, status = $2, project_id = $3, date = $4, due_date = $5,
		reference = $6, subtotal_cents = $7, total_tax_cents = $8, amount_cents = $9, amount_due_cents = $10, updated_at = $11 where id = $12`,
		b.Number, b.Status, b.ProjectID, b.Date, b.DueDate, b.Reference, int64(b.SubTotal), int64(b.TotalTax), int64(b.Total),
		int64(b.AmountDue), tx.Now, b.ID); err != nil {
		return err
	}
	tx.spends(before.ProjectID)
	tx.spends(b.ProjectID)
	if _, err := tx.q.ExecContext(ctx, "delete from xero_bill_lines where bill_id = $1", b.ID); err != nil {
		return err
	}
	if err := tx.insertBillLines(ctx, b); err != nil {
		return err
	}
	if err := tx.settleBill(ctx, b.ID); err != nil {
		return err
	}
	return tx.audit(ctx, "update", "bill", b.ID, map[string]any{
		"bill_number": b.Number, "status": b.Status, "total_before": before.Total, "total": b.Total,
	})
}

// settleBill derives from a bill's payments what is paid of it, what is due, and
// whether it is PAID. It is called in the transaction of every change of one of
// these, by the holder of the bill's lock.
func (tx *Tx) settleBill(ctx context.Context, id fieldops.ID) error {
	tx.documents = true
	var status string
	var total, paid fieldops.Cents
	var last fieldops.Date
	err := tx.q.QueryRowContext(ctx, `select b.status, b.amount_cents,
		(select cast(coalesce(sum(amount_cents), 0) as bigint) from live_payments where bill_id = b.id),
		(select max(payment_date) from live_payments where bill_id = b.id)
		from /* deleted too */ xero_bills b where b.id = $1`, id).Scan(&status, &total, &paid, &last)
	if err != nil {
		return notFound(err, "Bill")
	}
	s := fieldops.Settle(total, paid, 0, status)
	if s.Status != fieldops.StatusPaid {
		last = ""
	}
	_, err = tx.q.ExecContext(ctx, `update xero_bills set status = $1, amount_paid_cents = $2, amount_due_cents = $3, paid_date = $4, updated_at = $5
		where id = $6`, s.Status, int64(s.Paid), int64(s.Due), last, tx.Now, id)
	return err
}

// resettleBill settles a bill anew after payments of it, or it itself, were hidden
// or brought back by a deletion. It refuses to bring back what would pay the bill
// by more than its total, or bill an order by more than was ordered.
func (tx *Tx) resettleBill(ctx context.Context, id, deletion fieldops.ID) error {
	bill, err := tx.LockBill(ctx, id)
	if err != nil {
		return err
	}
	var paid fieldops.Cents
	var restored int
	var back bool
	if err := tx.q.QueryRowContext(ctx, `select (select cast(coalesce(sum(amount_cents), 0) as bigint) from live_payments where bill_id = $1),
		(select count(*) from live_payments where bill_id = $1 and deletion_id = $2),
		exists (select 1 from live_bills where id = $1 and deletion_id = $2)`, id, deletion).Scan(&paid, &restored, &back); err != nil {
		return err
	}
	if restored > 0 && paid > bill.Total {
		return fieldops.Refuse(fieldops.Conflict, "Bill %s has been paid otherwise meanwhile; with this it would be paid by more than its total", bill.Number)
	}
	if back && bill.OrderID != nil {
		order, err := tx.AnyPurchaseOrder(ctx, *bill.OrderID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(order.Lines, func(l fieldops.Line) bool { return l.Billed > l.Quantity }) {
			return fieldops.Refuse(fieldops.Conflict, "Purchase order %s has been billed otherwise meanwhile; with bill %s more of it would be billed than was ordered", order.Number, bill.Number)
		}
	}
	return tx.settleBill(ctx, id)
}

// payBill keeps a payment of a bill.
func (tx *Tx) payBill(ctx context.Context, p *fieldops.Payment) error {
	bill, err := tx.LockBill(ctx, *p.BillID)
	if err != nil {
		return err
	}
	if err := payable(p.Amount, bill.AmountDue, "bill "+bill.Number); err != nil {
		return err
	}
	if err := tx.addPayment(ctx, p); err != nil {
		return err
	}
	if err := tx.settleBill(ctx, bill.ID); err != nil {
		return err
	}
	return tx.notePayment(ctx, p, map[string]any{"bill_id": bill.ID, "bill_number": bill.Number})
}

// OrderBills are the bills that hold any of a purchase order, oldest first.
func (r reads) OrderBills(ctx context.Context, order fieldops.ID) ([]fieldops.Bill, error) {
	return collect(ctx, r, "select id, bill_number from live_bills where purchase_order_id = $1 and status not in ('VOIDED', 'DELETED') order by created_at, id",
		[]any{order}, func(rows *sql.Rows, b *fieldops.Bill) error { return rows.Scan(&b.ID, &b.Number) })
}

// billedSQL is how much of an order's line l is on bills that stand.
const billedSQL = `(select cast(coalesce(sum(billed.quantity_e4), 0) as bigint) from xero_bill_lines billed join live_bills bill on bill.id = billed.bill_id
	where billed.po_line_id = l.id and bill.status not in ('VOIDED', 'DELETED'))`

// fullyBilled reports whether bills hold all of an order with these lines.
func fullyBilled(lines []fieldops.Line) bool {
	ordered := false
	for _, l := range lines {
		if l.Quantity > l.Billed {
			return false
		}
		ordered = ordered || l.Quantity > 0
	}
	return ordered
}

// fullyBilledSQL is the same of an order o in a condition. It is asked for and
// not kept, so that a bill that is deleted or restored needs to know nothing of
// orders.
const fullyBilledSQL = `(exists (select 1 from xero_purchase_order_line_items l where l.po_id = o.id and l.quantity_e4 > 0)
	and not exists (select 1 from xero_purchase_order_line_items l where l.po_id = o.id and l.quantity_e4 > ` + billedSQL + `))`
