package store

import (
	"context"
	"database/sql"
	"fmt"

	"ampedfieldops/internal/fieldops"
)

const orderColumns = `o.id, o.po_number, o.supplier_id, coalesce(c.name, ''), o.project_id, coalesce(p.code, ''), coalesce(p.name, ''),
	o.status, o.currency, o.date, o.delivery_date, o.notes, o.subtotal_cents, o.total_tax_cents, o.total_amount_cents,
	o.xero_po_id, o.xero_total_cents, o.sync_warning, o.synced_at, o.created_at, o.updated_at, o.deleted_at,
	coalesce(cast(o.sync_status as text), ''), o.xero_sync_id, coalesce(d.revision, 0)`

const orderTables = ` xero_purchase_orders o
	left join clients c on c.id = o.supplier_id
	left join projects p on p.id = o.project_id
	left join sync_documents d on d.entity_type = 'purchase_order' and d.entity_id = o.id`

func scanOrder(rows *sql.Rows, o *fieldops.PurchaseOrder) error {
	return rows.Scan(&o.ID, &o.Number, &o.SupplierID, &o.SupplierName, &o.ProjectID, &o.ProjectCode, &o.ProjectName,
		&o.Status, &o.Currency, &o.Date, &o.DeliveryDate, &o.Notes, &o.SubTotal, &o.TotalTax, &o.Total,
		&o.XeroPOID, &o.XeroTotal, &o.SyncWarning, &o.SyncedAt, &o.CreatedAt, &o.UpdatedAt, &o.DeletedAt,
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
		coalesce(k.code, ''), coalesce(k.name, '')
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
			&l.TaxType, &l.TaxRate, &l.Amount, &l.Tax, &l.ItemID, &l.CostCenterID, &l.CostCenterCode, &l.CostCenterName); err != nil {
			return nil, err
		}
		o := &orders[place[order]]
		o.Lines = append(o.Lines, l)
	}
	return orders, rows.Err()
}

// PurchaseOrders lists orders, newest date first.
func (r reads) PurchaseOrders(ctx context.Context, f DocumentFilter) ([]fieldops.PurchaseOrder, error) {
	w := f.where("o", "date", "supplier_id")
	if f.CostCenterID != "" {
		w.and("o.id in (select po_id from xero_purchase_order_line_items where cost_center_id = ?)", f.CostCenterID)
	}
	if f.Search != "" {
		w.and(`(lower(o.po_number) like ? escape '\' or lower(coalesce(o.notes, '')) like ? escape '\'
			or c.name_folded like ? escape '\' or lower(coalesce(p.name, '')) like ? escape '\' or lower(coalesce(p.code, '')) like ? escape '\')`,
			f.pattern(), f.pattern(), f.pattern(), f.pattern(), f.pattern())
	}
	return r.purchaseOrders(ctx, w.String(), w.args, f.Limit)
}
