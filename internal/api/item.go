package api

import (
	"reflect"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type listItemsInput struct {
	Search     string `query:"search" doc:"Words in code, name or description"`
	IsTracked  string `query:"is_tracked" enum:"true,false"`
	ActiveOnly bool   `query:"active_only"`
	Limit      int    `query:"limit" doc:"Rows of the answer, at most 500" default:"100"`
	After      string `query:"after" doc:"Continues a list; see the Link header of the answer"`
}

func (a *api) listItems(r *request, in *listItemsInput) ([]fieldops.Item, error) {
	limit := rowsOf(in.Limit)
	items, err := a.DB.Items(r.Context(), store.ItemFilter{
		Search: in.Search, Tracked: maybe(in.IsTracked), ActiveOnly: in.ActiveOnly, AfterCode: in.After, Limit: limit,
	})
	if n := len(items); n == limit {
		r.linkAfter(items[n-1].Code)
	}
	return items, err
}

// rowsOf is how many rows an answer has when limit are asked for.
func rowsOf(limit int) int {
	if limit < 1 {
		return 100
	}
	return min(limit, 500)
}

func (a *api) getItem(r *request, in *byID) (fieldops.Item, error) {
	item, err := a.DB.Item(r.Context(), in.ID)
	r.Header.Set("ETag", etag(item.UpdatedAt))
	return item, err
}

type itemInput struct {
	Code            Optional[string]      `json:"code,omitempty"`
	Name            Optional[string]      `json:"name,omitempty"`
	Description     Optional[*string]     `json:"description,omitempty"`
	PurchasePrice   Optional[fieldops.E4] `json:"purchase_price,omitempty"`
	SalePrice       Optional[fieldops.E4] `json:"sale_price,omitempty"`
	IsTracked       Optional[bool]        `json:"is_tracked,omitempty"`
	AssetAccount    Optional[*string]     `json:"inventory_asset_account_code,omitempty"`
	SalesAccount    Optional[*string]     `json:"sales_account_code,omitempty"`
	PurchaseAccount Optional[*string]     `json:"purchase_account_code,omitempty"`
	IsActive        Optional[bool]        `json:"is_active,omitempty"`
}

func (in *itemInput) apply(i *fieldops.Item) {
	in.Code.into(&i.Code)
	in.Name.into(&i.Name)
	i.Code, i.Name = strings.TrimSpace(i.Code), strings.TrimSpace(i.Name)
	textInto(in.Description, &i.Description)
	in.PurchasePrice.into(&i.PurchasePrice)
	in.SalePrice.into(&i.SalePrice)
	in.IsTracked.into(&i.IsTracked)
	textInto(in.AssetAccount, &i.AssetAccount)
	textInto(in.SalesAccount, &i.SalesAccount)
	textInto(in.PurchaseAccount, &i.PurchasesAccount)
	in.IsActive.into(&i.IsActive)
}

type createItemInput struct {
	Body struct {
		itemInput
		StockLevel fieldops.E4 `json:"stock_level,omitempty" doc:"What is there already"`
	}
}

func (a *api) createItem(r *request, in *createItemInput) (fieldops.Item, error) {
	item := fieldops.Item{IsActive: true, StockLevel: in.Body.StockLevel}
	in.Body.apply(&item)
	ctx := r.Context()
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		if err := tx.InsertItem(ctx, &item); err != nil {
			return err
		}
		return r.keep(tx, item)
	})
	return item, err
}

type updateItemInput struct {
	byID
	Body itemInput
}

func (a *api) updateItem(r *request, in *updateItemInput) (fieldops.Item, error) {
	if reflect.ValueOf(in.Body).IsZero() {
		return fieldops.Item{}, errNoUpdates()
	}
	return a.changeItem(r, in.ID, func(tx *store.Tx, i *fieldops.Item) error {
		in.Body.apply(i)
		return tx.UpdateItem(r.Context(), i)
	})
}

type setStockInput struct {
	byID
	Body struct {
		StockLevel *fieldops.E4 `json:"stock_level"`
		Reason     *string      `json:"reason,omitempty" doc:"Stocktake, unless given"`
	}
}

func (a *api) setStock(r *request, in *setStockInput) (fieldops.Item, error) {
	var f fieldops.Faults
	reason := "Stocktake"
	if t := text(in.Body.Reason); t != nil {
		reason = *t
	}
	fieldops.CheckReason(&f, &reason)
	if in.Body.StockLevel == nil {
		f.Add("stock_level", "Stock level is required")
	} else {
		fieldops.CheckStock(&f, *in.Body.StockLevel)
	}
	if err := f.Err(""); err != nil {
		return fieldops.Item{}, err
	}
	return a.changeItem(r, in.ID, func(tx *store.Tx, i *fieldops.Item) error {
		return tx.SetStock(r.Context(), i, *in.Body.StockLevel, reason)
	})
}

func (a *api) changeItem(r *request, id fieldops.ID, change func(*store.Tx, *fieldops.Item) error) (fieldops.Item, error) {
	ctx := r.Context()
	var item fieldops.Item
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		var err error
		if item, err = tx.LockItem(ctx, id); err != nil {
			return err
		}
		if err := r.ifMatch(item.UpdatedAt); err != nil {
			return err
		}
		return change(tx, &item)
	})
	if err != nil {
		return fieldops.Item{}, err
	}
	r.Header.Set("ETag", etag(item.UpdatedAt))
	return item, nil
}

func (a *api) deleteItem(r *request, in *byID) (message, error) {
	ctx := r.Context()
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error { return tx.DeleteItem(ctx, in.ID) })
	return message{"Item deleted"}, err
}

type listMovementsInput struct {
	byID
	Limit int         `query:"limit" doc:"Rows of the answer, at most 500" default:"100"`
	After fieldops.ID `query:"after" format:"uuid" doc:"Continues a list; see the Link header of the answer"`
}

func (a *api) listMovements(r *request, in *listMovementsInput) ([]fieldops.StockMovement, error) {
	if _, err := a.DB.Item(r.Context(), in.ID); err != nil {
		return nil, err
	}
	limit := rowsOf(in.Limit)
	movements, err := a.DB.StockMovements(r.Context(), in.ID, in.After, limit)
	if n := len(movements); n == limit {
		r.linkAfter(movements[n-1].ID)
	}
	return movements, err
}
