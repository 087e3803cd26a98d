package store

import (
	"context"
	"database/sql"
	"fmt"

	"ampedfieldops/internal/fieldops"
)

const itemColumns = `i.id, i.xero_item_id, i.code, i.name, i.description, i.purchase_price_e4, i.sale_price_e4, i.stock_level_e4, i.is_tracked,
	i.inventory_asset_account_code, i.sales_account_code, i.purchase_account_code, i.is_active, i.created_at, i.updated_at`

func itemPlaces(i *fieldops.Item) []any {
	return []any{
		&i.ID, &i.XeroItemID, &i.Code, &i.Name, &i.Description, &i.PurchasePrice, &i.SalePrice, &i.StockLevel, &i.IsTracked,
		&i.AssetAccount, &i.SalesAccount, &i.PurchasesAccount, &i.IsActive, &i.CreatedAt, &i.UpdatedAt,
	}
}

// ItemFilter chooses items. Zero values choose everything.
type ItemFilter struct {
	Search     string // every word somewhere in code, name or description
	Tracked    *bool
	ActiveOnly bool
	Limit      int
	// AfterCode continues a list behind its last row: codes are unique.
	AfterCode string
}

// Items lists items by code.
func (r reads) Items(ctx context.Context, f ItemFilter) ([]fieldops.Item, error) {
	var w where
	w.andContains("i.search_folded", f.Search)
	if f.Tracked != nil {
		w.and("i.is_tracked = ?", *f.Tracked)
	}
	if f.ActiveOnly {
		w.and("i.is_active")
	}
	if f.AfterCode != "" {
		w.and(r.bytewise("i.code")+" > ?", f.AfterCode)
	}
	return collect(ctx, r, "select "+itemColumns+" from live_items i where "+w.String()+
		fmt.Sprintf(" order by %s limit %d", r.bytewise("i.code"), f.Limit), w.args,
		func(rows *sql.Rows, i *fieldops.Item) error { return rows.Scan(itemPlaces(i)...) })
}

// Item is one item. A deleted one is not found.
func (r reads) Item(ctx context.Context, id fieldops.ID) (fieldops.Item, error) {
	var i fieldops.Item
	err := r.q.QueryRowContext(ctx, "select "+itemColumns+" from live_items i where i.id = $1", id).Scan(itemPlaces(&i)...)
	return i, notFound(err, "Item")
}

// LockItem reads an item to change it.
func (tx *Tx) LockItem(ctx context.Context, id fieldops.ID) (fieldops.Item, error) {
	var i fieldops.Item
	err := tx.q.QueryRowContext(ctx, "select "+itemColumns+" from live_items i where i.id = $1"+tx.forUpdate(), id).Scan(itemPlaces(&i)...)
	return i, notFound(err, "Item")
}

// MissingItems are those of the ids that name no item.
func (r reads) MissingItems(ctx context.Context, ids []fieldops.ID) (map[fieldops.ID]bool, error) {
	missing := map[fieldops.ID]bool{}
	if len(ids) == 0 {
		return missing, nil
	}
	for _, id := range ids {
		missing[id] = true
	}
	var w where
	_, err := collect(ctx, r, "select id from live_items where "+r.among(&w, "id", ids), w.args, func(rows *sql.Rows, id *fieldops.ID) error {
		err := rows.Scan(id)
		delete(missing, *id)
		return err
	})
	return missing, err
}

func itemSearch(i *fieldops.Item) string { return foldAll(&i.Code, &i.Name, i.Description) }

func itemCodeTaken(err error) error {
	if breaksUnique(err, "code") {
		return fieldops.Refuse(fieldops.Conflict, "Item code already exists")
	}
	return err
}

// InsertItem adds an item. ID and times are set here; a stock level that it has
// is its first movement.
func (tx *Tx) InsertItem(ctx context.Context, i *fieldops.Item) error {
	i.ID, i.CreatedAt, i.UpdatedAt = fieldops.NewID(), tx.Now, tx.Now
	if err := i.Check(); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into xero_items (id, code, name, description, purchase_price_e4, sale_price_e4, stock_level_e4, is_tracked,
		inventory_asset_account_code, sales_account_code, purchase_account_code, is_active, search_folded, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)`,
		i.ID, i.Code, i.Name, i.Description, int64(i.PurchasePrice), int64(i.SalePrice), int64(i.StockLevel), i.IsTracked,
		i.AssetAccount, i.SalesAccount, i.PurchasesAccount, i.IsActive, itemSearch(i), tx.Now); err != nil {
		return itemCodeTaken(err)
	}
	if i.StockLevel != 0 {
		if err := tx.moveStock(ctx, i.ID, i.StockLevel, "Opening stock"); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "create", "item", i.ID, map[string]any{"code": i.Code, "name": i.Name, "stock_level": i.StockLevel})
}

// UpdateItem writes everything of an item that a person may change but its
// stock level, which only moves.
func (tx *Tx) UpdateItem(ctx context.Context, i *fieldops.Item) error {
	i.UpdatedAt = tx.Now
	if err := i.Check(); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `update xero_items set code = $1, name = $2, description = $3, purchase_price_e4 = $4, sale_price_e4 = $5,
		is_tracked = $6, inventory_asset_account_code = $7, sales_account_code = $8, purchase_account_code = $9, is_active = $10,
		search_folded = $11, updated_at = $12 where id = $13`,
		i.Code, i.Name, i.Description, int64(i.PurchasePrice), int64(i.SalePrice), i.IsTracked, i.AssetAccount, i.SalesAccount,
		i.PurchasesAccount, i.IsActive, itemSearch(i), tx.Now, i.ID); err != nil {
		return itemCodeTaken(err)
	}
	return tx.audit(ctx, "update", "item", i.ID, map[string]any{"code": i.Code, "name": i.Name})
}

// SetStock brings the stock of a locked item to a level, by a movement of the
// difference.
func (tx *Tx) SetStock(ctx context.Context, i *fieldops.Item, level fieldops.E4, reason string) error {
	change := level - i.StockLevel
	if change == 0 {
		return nil
	}
	if err := tx.moveStock(ctx, i.ID, change, reason); err != nil {
		return err
	}
	before := i.StockLevel
	i.StockLevel, i.UpdatedAt = level, tx.Now
	if _, err := tx.q.ExecContext(ctx, "update xero_items set stock_level_e4 = $1, updated_at = $2 where id = $3", int64(level), tx.Now, i.ID); err != nil {
		return err
	}
	return tx.audit(ctx, "update_stock", "item", i.ID, map[string]any{"before": before, "stock_level": level, "reason": reason})
}

func (tx *Tx) moveStock(ctx context.Context, item fieldops.ID, quantity fieldops.E4, reason string) error {
	_, err := tx.q.ExecContext(ctx, "insert into stock_movements (id, item_id, quantity_e4, reason, actor, created_at) values ($1, $2, $3, $4, $5, $6)",
		fieldops.NewID(), item, int64(quantity), reason, tx.Actor.Name, tx.Now)
	return err
}

// StockMovements lists an item's movements, newest first. after, unless "", is
// the last one that was read.
func (r reads) StockMovements(ctx context.Context, item, after fieldops.ID, limit int) ([]fieldops.StockMovement, error) {
	var w where
	w.and("item_id = ?", item)
	if after != "" {
		w.and("id < ?", after)
	}
	// Ids are made in the order of time.
	return collect(ctx, r, "select id, item_id, quantity_e4, reason, actor, created_at from stock_movements where "+w.String()+
		fmt.Sprintf(" order by id desc limit %d", limit), w.args,
		func(rows *sql.Rows, m *fieldops.StockMovement) error {
			return rows.Scan(&m.ID, &m.ItemID, &m.Quantity, &m.Reason, &m.Actor, &m.CreatedAt)
		})
}

// DeleteItem hides an item that no document holds.
func (tx *Tx) DeleteItem(ctx context.Context, id fieldops.ID) error {
	i, err := tx.LockItem(ctx, id)
	if err != nil {
		return err
	}
	var documents int
	if err := tx.q.QueryRowContext(ctx, `select
		(select count(distinct d.id) from live_invoices d join xero_invoice_lines l on l.invoice_id = d.id where l.item_id = $1)
		+ (select count(distinct d.id) from live_quotes d join xero_quote_lines l on l.quote_id = d.id where l.item_id = $1)
		+ (select count(distinct d.id) from live_purchase_orders d join xero_purchase_order_line_items l on l.po_id = d.id where l.item_id = $1)
		+ (select count(distinct d.id) from live_bills d join xero_bill_lines l on l.bill_id = d.id where l.item_id = $1)`, id).Scan(&documents); err != nil {
		return err
	}
	if documents > 0 {
		return fieldops.Refuse(fieldops.Conflict, "Item %s stands on %d documents. Set it inactive instead.", i.Code, documents)
	}
	if _, err := tx.q.ExecContext(ctx, "update xero_items set deleted_at = $1, updated_at = $1 where id = $2", tx.Now, id); err != nil {
		return err
	}
	return tx.audit(ctx, "delete", "item", id, map[string]any{"code": i.Code, "name": i.Name})
}
