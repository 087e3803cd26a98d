package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
)

const orderColumns = `o.id, o.po_number, o.supplier_id, coalesce(c.name, ''), o.project_id, coalesce(p.code, ''), coalesce(p.name, ''),
	o.status, o.currency, o.date, o.delivery_date, o.notes, o.subtotal_cents, o.total_tax_cents, o.total_amount_cents,
	o.xero_po_id, o.xero_total_cents, o.sync_warning, o.synced_at, o.created_at, o.updated_at, o.deleted_at, o.scanned_document_id,
	coalesce(cast(o.sync_status as text), ''), o.xero_sync_id, coalesce(d.revision, 0)`

const orderTables = ` /* deleted too */ xero_purchase_orders o
	left join /* deleted too */ clients c on c.id = o.supplier_id
	left join /* deleted too */ projects p on p.id = o.project_id
	left join sync_documents d on d.entity_type = 'purchase_order' and d.entity_id = o.id`

func scanOrder(rows *sql.Rows, o *fieldops.PurchaseOrder) error {
	return rows.Scan(&o.ID, &o.Number, &o.SupplierID, &o.SupplierName, &o.ProjectID, &o.ProjectCode, &o.ProjectName,
		&o.Status, &o.Currency, &o.Date, &o.DeliveryDate, &o.Notes, &o.SubTotal, &o.TotalTax, &o.Total,
		&o.XeroPOID, &o.XeroTotal, &o.SyncWarning, &o.SyncedAt, &o.CreatedAt, &o.UpdatedAt, &o.DeletedAt, &o.ScanID,
		&o.Sync.Status, &o.XeroSyncID, &o.Revision)
}

// PurchaseOrder is one order with its lines. A deleted one is not found.
func (r reads) PurchaseOrder(ctx context.Context, id fieldops.ID) (fieldops.PurchaseOrder, error) {
	return r.oneOrder(ctx, "o.id = $1 and o.deleted_at is null", id)
}

// AnyPurchaseOrder is one order with its lines, deleted or not.
func (r reads) AnyPurchaseOrder(ctx context.Context, id fieldops.ID) (fieldops.PurchaseOrder, error) {
	return r.oneOrder(ctx, "o.id = $1", id)
}

func (r reads) oneOrder(ctx context.Context, condition string, args ...any) (fieldops.PurchaseOrder, error) {
	found, err := r.purchaseOrders(ctx, condition, args, 1)
	if err != nil {
		return fieldops.PurchaseOrder{}, err
	}
	if len(found) == 0 {
		return fieldops.PurchaseOrder{}, fieldops.Refuse(fieldops.NotFound, "Purchase order not found")
	}
	return found[0], nil
}

// purchaseOrders reads orders, newest first, with their lines, in two queries.
func (r reads) purchaseOrders(ctx context.Context, condition string, args []any, limit int) ([]fieldops.PurchaseOrder, error) {
	orders, err := collect(ctx, r, "select "+orderColumns+" from"+orderTables+" where "+condition+
		fmt.Sprintf(" order by o.date desc, o.id desc limit %d", limit), args, scanOrder)
	if err != nil || len(orders) == 0 {
		return orders, err
	}
	place := make(map[fieldops.ID]int, len(orders))
	ids := make([]fieldops.ID, len(orders))
	for i := range orders {
		place[orders[i].ID], ids[i] = i, orders[i].ID
	}
	lines := []any{}
	rows, err := r.q.QueryContext(ctx, `select l.po_id, l.id, l.description, l.quantity_e4, l.unit_amount_e4, coalesce(l.account_code, ''),
		coalesce(l.tax_type, ''), l.tax_rate_ppm, l.line_amount_cents, l.tax_amount_cents, l.item_id, l.cost_center_id,
		coalesce(k.code, ''), coalesce(k.name, ''), `+billedSQL+`
		from xero_purchase_order_line_items l left join cost_centers k on k.id = l.cost_center_id
		where l.po_id in `+list(&lines, ids)+" order by l.po_id, l.position", lines...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var order fieldops.ID
		var l fieldops.Line
		if err := rows.Scan(&order, &l.ID, &l.Description, &l.Quantity, &l.UnitPrice, &l.AccountCode,
			&l.TaxType, &l.TaxRate, &l.Amount, &l.Tax, &l.ItemID, &l.CostCenterID, &l.CostCenterCode, &l.CostCenterName, &l.Billed); err != nil {
			return nil, err
		}
		o := &orders[place[order]]
		o.Lines = append(o.Lines, l)
	}
	for i := range orders {
		orders[i].FullyBilled = fullyBilled(orders[i].Lines)
	}
	return orders, rows.Err()
}

// PurchaseOrders lists orders, newest date first.
func (r reads) PurchaseOrders(ctx context.Context, f DocumentFilter) ([]fieldops.PurchaseOrder, error) {
	// The status that people see is not only the column's.
	status := f.Status
	if status == fieldops.StatusBilled || slices.Contains(fieldops.OrderStatuses, status) {
		f.Status = ""
	}
	w := f.where("o", "date", "supplier_id")
	switch {
	case f.Status == status:
	case status == fieldops.StatusBilled:
		w.and("(o.status = ? or "+fullyBilledSQL+")", status)
	default:
		w.and("o.status = ? and not "+fullyBilledSQL, status)
	}
	if f.CostCenterID != "" {
		w.and("o.id in (select po_id from xero_purchase_order_line_items where cost_center_id = ?)", f.CostCenterID)
	}
	f.search(w, []string{"o.po_number", "o.notes"})
	return r.purchaseOrders(ctx, w.String(), w.args, f.Limit)
}

// InsertPurchaseOrder stores an order with its lines. It gives them their ids,
// unless they have them, and times. A number that is taken is a Conflict.
func (tx *Tx) InsertPurchaseOrder(ctx context.Context, o *fieldops.PurchaseOrder) error {
	if o.ID == "" {
		o.ID = fieldops.NewID()
	}
	o.CreatedAt, o.UpdatedAt, o.Revision = tx.Now, tx.Now, 1
	_, err := tx.q.ExecContext(ctx, `insert into xero_purchase_orders (id, po_number, supplier_id, project_id, status, date, delivery_date,
		subtotal_cents, total_tax_cents, total_amount_cents, currency, notes, created_at, updated_at, sync_status, xero_sync_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15)`,
		o.ID, o.Number, o.SupplierID, o.ProjectID, o.Status, o.Date, o.DeliveryDate,
		int64(o.SubTotal), int64(o.TotalTax), int64(o.Total), o.Currency, o.Notes, tx.Now, orNull(string(o.Sync.Status)), o.XeroSyncID)
	if breaksUnique(err, "number") {
		return numberTaken(o.Number)
	}
	if err != nil {
		return err
	}
	tx.spends(o.ProjectID)
	if err := tx.indexWords(ctx, fieldops.RecordPurchaseOrder, o.ID, nil, keysOf(&o.Number)); err != nil {
		return err
	}
	return tx.insertOrderLines(ctx, o)
}

func (tx *Tx) insertOrderLines(ctx context.Context, o *fieldops.PurchaseOrder) error {
	if len(o.Lines) == 0 {
		return nil
	}
	var w where
	rows := make([]string, len(o.Lines))
	for n := range o.Lines {
		l := &o.Lines[n]
		if l.ID == "" {
			l.ID = fieldops.NewID()
		}
		rows[n] = w.row(l.ID, o.ID, n, l.Description, int64(l.Quantity), int64(l.UnitPrice), orNull(l.AccountCode), orNull(l.TaxType),
			int64(l.TaxRate), l.CostCenterID, l.ItemID, int64(l.Amount), int64(l.Tax))
	}
	_, err := tx.q.ExecContext(ctx, `insert into xero_purchase_order_line_items (id, po_id, position, description, quantity_e4, unit_amount_e4,
		account_code, tax_type, tax_rate_ppm, cost_center_id, item_id, line_amount_cents, tax_amount_cents) values `+strings.Join(rows, ", "), w.args...)
	return err
}

// LockPurchaseOrder reads an order that is about to be changed and keeps
// everybody else from changing it until the transaction ends.
func (tx *Tx) LockPurchaseOrder(ctx context.Context, id fieldops.ID) (fieldops.PurchaseOrder, error) {
	// The worker locks in this order too.
	if _, err := tx.lockSyncDocument(ctx, fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: id}); err != nil {
		return fieldops.PurchaseOrder{}, err
	}
	if err := tx.lockRow(ctx, "xero_purchase_orders", id); err != nil {
		return fieldops.PurchaseOrder{}, notFound(err, "Purchase order")
	}
	return tx.PurchaseOrder(ctx, id)
}

// UpdatePurchaseOrder stores what a person may change of an order: status,
// project, dates, notes, totals and lines. Its number is Renumber's.
func (tx *Tx) UpdatePurchaseOrder(ctx context.Context, o *fieldops.PurchaseOrder) error {
	o.UpdatedAt = tx.Now
	if _, err := tx.q.ExecContext(ctx, `update xero_purchase_orders set status = $1, project_id = $2, date = $3, delivery_date = $4,
		notes = $5, subtotal_cents = $6, total_tax_cents = $7, total_amount_cents = $8, updated_at = $9 where id = $10`,
		o.Status, o.ProjectID, o.Date, o.DeliveryDate, o.Notes, int64(o.SubTotal), int64(o.TotalTax), int64(o.Total), tx.Now, o.ID); err != nil {
		return err
	}
	tx.spends(o.ProjectID)
	return tx.replaceOrderLines(ctx, o)
}

// replaceOrderLines gives an order the lines it shall have. Those that bills
// name stay; the lines of deleted bills, which may come back, let go of what is
// taken away.
func (tx *Tx) replaceOrderLines(ctx context.Context, o *fieldops.PurchaseOrder) error {
	before, err := collect(ctx, tx.reads, "select id from xero_purchase_order_line_items where po_id = $1", []any{o.ID},
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return err
	}
	same := len(before) == len(o.Lines)
	for _, l := range o.Lines {
		same = same && slices.Contains(before, l.ID)
	}
	if same { // lines are replaced as a whole or not at all
		return nil
	}
	if _, err := tx.q.ExecContext(ctx, `update xero_bill_lines set po_line_id = null
		where po_line_id in (select id from xero_purchase_order_line_items where po_id = $1)`, o.ID); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "delete from xero_purchase_order_line_items where po_id = $1", o.ID); err != nil {
		return err
	}
	return tx.insertOrderLines(ctx, o)
}

// NotePurchaseOrder adds an audit entry about a purchase order.
func (tx *Tx) NotePurchaseOrder(ctx context.Context, action string, id fieldops.ID, details any) error {
	return tx.audit(ctx, action, "purchase_order", id, details)
}

// FinishPurchaseOrderVoid deletes an order of which nothing stands at the
// provider any more.
func (tx *Tx) FinishPurchaseOrderVoid(ctx context.Context, id fieldops.ID) error {
	var number string
	err := tx.q.QueryRowContext(ctx, `update xero_purchase_orders set updated_at = $1, status = 'DELETED'
		where id = $2 and deleted_at is null returning po_number`, tx.Now, id).Scan(&number)
	if err != nil {
		return notFound(err, "Purchase order")
	}
	if err := tx.hideVoided(ctx, fieldops.RecordPurchaseOrder, id, number); err != nil {
		return err
	}
	return tx.NotePurchaseOrder(ctx, "delete", id, map[string]any{"po_number": number})
}

// ProjectThere is NotFound when there is no such project, or it was deleted.
// Nobody deletes it until the transaction ends.
func (tx *Tx) ProjectThere(ctx context.Context, id fieldops.ID) error {
	var found int
	return notFound(tx.q.QueryRowContext(ctx, "select 1 from live_projects where id = $1"+tx.forShare(), id).Scan(&found), "Project")
}

// MissingCostCenters are those of the ids that name no cost centre that can be
// ordered for: it is deleted, or never was.
func (r reads) MissingCostCenters(ctx context.Context, ids []fieldops.ID) (map[fieldops.ID]bool, error) {
	args := []any{}
	found, err := collect(ctx, r, "select id from live_cost_centers where id in "+list(&args, ids), args,
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return nil, err
	}
	missing := map[fieldops.ID]bool{}
	for _, id := range ids {
		missing[id] = !slices.Contains(found, id)
	}
	return missing, nil
}
