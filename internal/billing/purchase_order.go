package billing

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// CreatePurchaseOrder places an order and asks for its way to the provider. also
// runs in the same transaction, last.
func (s *Service) CreatePurchaseOrder(ctx context.Context, actor fieldops.Actor, request fieldops.PurchaseOrderRequest, also ...func(*store.Tx, fieldops.PurchaseOrder) error) (fieldops.PurchaseOrder, error) {
	var order fieldops.PurchaseOrder
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		settings, terms, err := billingTerms(ctx, tx, purchases, tx.Now.Time)
		if err != nil {
			return err
		}
		r := request
		r.Lines = slices.Clone(request.Lines)
		if order, err = fieldops.DraftPurchaseOrder(&r, settings.Currency, terms); err != nil {
			return err
		}
		order.Status = settings.OrderStatus
		if err := orderable(ctx, tx, &order); err != nil {
			return err
		}
		order.ID = fieldops.NewID()
		intent, err := tx.RequestCreation(ctx, fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: order.ID})
		if err != nil {
			return err
		}
		order.Sync = fieldops.Sync{Status: fieldops.SyncPending, XeroSyncID: &intent, Revision: 1}
		if order.Number == "" {
			order.Number, err = tx.TakePurchaseOrderNumber(ctx, settings)
		} else {
			err = freeNumber(ctx, tx, fieldops.KindPurchaseOrder, order.Number, "")
		}
		if err != nil {
			return err
		}
		if err := tx.InsertPurchaseOrder(ctx, &order); err != nil {
			return err
		}
		if err := tx.NotePurchaseOrder(ctx, "create", order.ID, map[string]any{
			"po_number": order.Number, "supplier_id": *order.SupplierID, "total": order.Total,
		}); err != nil {
			return err
		}
		if order, err = tx.PurchaseOrder(ctx, order.ID); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(tx, order); err != nil {
				return err
			}
		}
		return nil
	})
	return order, err
}

// orderable refuses an order that names a supplier, project or cost centre that
// is not there.
func orderable(ctx context.Context, tx *store.Tx, o *fieldops.PurchaseOrder) error {
	if _, err := tx.Client(ctx, *o.SupplierID); err != nil {
		return named(err, "Supplier")
	}
	if err := projectThere(ctx, tx, o.ProjectID); err != nil {
		return err
	}
	return costCentersThere(ctx, tx, o.Lines)
}

func projectThere(ctx context.Context, tx *store.Tx, id *fieldops.ID) error {
	if id == nil {
		return nil
	}
	return tx.ProjectThere(ctx, *id)
}

func costCentersThere(ctx context.Context, tx *store.Tx, lines []fieldops.Line) error {
	var ids []fieldops.ID
	for _, l := range lines {
		if l.CostCenterID != nil {
			ids = append(ids, *l.CostCenterID)
		}
	}
	missing, err := tx.MissingCostCenters(ctx, ids)
	if err != nil {
		return err
	}
	var f fieldops.Faults
	for n, l := range lines {
		f.Require(l.CostCenterID == nil || !missing[*l.CostCenterID], fmt.Sprintf("line_items[%d].cost_center_id", n), "Cost centre not found")
	}
	return f.Err("")
}

// named says in the order's own words what was not found.
func named(err error, what string) error {
	if fieldops.KindOf(err) == fieldops.NotFound {
		return fieldops.Refuse(fieldops.NotFound, "%s not found", what)
	}
	return err
}

// PurchaseOrderView is an order with all that a screen shows of it.
type PurchaseOrderView struct {
	fieldops.PurchaseOrder
	Document Document
}

// PurchaseOrders lists orders, newest date first.
func (s *Service) PurchaseOrders(ctx context.Context, f store.DocumentFilter) ([]PurchaseOrderView, error) {
	orders, err := s.db.PurchaseOrders(ctx, f)
	if err != nil {
		return nil, err
	}
	return s.orderViews(ctx, orders...)
}

// PurchaseOrder shows one order. A deleted one is not found.
func (s *Service) PurchaseOrder(ctx context.Context, id fieldops.ID) (PurchaseOrderView, error) {
	order, err := s.db.PurchaseOrder(ctx, id)
	if err != nil {
		return PurchaseOrderView{}, err
	}
	return s.ShowPurchaseOrder(ctx, order)
}

// NewPurchaseOrder shows an order as it stands when it has just been placed.
func (s *Service) NewPurchaseOrder(o fieldops.PurchaseOrder) PurchaseOrderView {
	return PurchaseOrderView{PurchaseOrder: o, Document: s.newDocument(o.XeroSyncID)}
}

// ShowPurchaseOrder adds to an order what a screen shows beside it.
func (s *Service) ShowPurchaseOrder(ctx context.Context, order fieldops.PurchaseOrder) (PurchaseOrderView, error) {
	views, err := s.orderViews(ctx, order)
	if err != nil {
		return PurchaseOrderView{}, err
	}
	return views[0], nil
}

func (s *Service) orderViews(ctx context.Context, orders ...fieldops.PurchaseOrder) ([]PurchaseOrderView, error) {
	remote := make(map[fieldops.ID]*string, len(orders))
	for _, o := range orders {
		remote[o.ID] = o.XeroPOID
	}
	documents, err := s.documents(ctx, fieldops.KindPurchaseOrder, remote)
	if err != nil {
		return nil, err
	}
	views := make([]PurchaseOrderView, len(orders))
	for n, o := range orders {
		views[n] = PurchaseOrderView{PurchaseOrder: o, Document: documents[o.ID]}
	}
	return views, nil
}

// EditPurchaseOrder changes an order and asks for the change's way to the
// provider. unchanged says whether it is still what the person saw.
func (s *Service) EditPurchaseOrder(ctx context.Context, actor fieldops.Actor, id fieldops.ID, edit fieldops.PurchaseOrderEdit, unchanged func(fieldops.Time) error) (fieldops.PurchaseOrder, error) {
	var order fieldops.PurchaseOrder
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		before, err := tx.LockPurchaseOrder(ctx, id)
		if err != nil {
			return err
		}
		if err := unchanged(before.UpdatedAt); err != nil {
			return err
		}
		_, terms, err := billingTerms(ctx, tx, purchases, tx.Now.Time)
		if err != nil {
			return err
		}
		e := edit
		e.Lines = slices.Clone(edit.Lines)
		order = before
		if err := order.Edit(&e, terms); err != nil {
			return err
		}
		if reflect.DeepEqual(order, before) {
			return nil
		}
		if e.ProjectID != nil {
			if err := projectThere(ctx, tx, order.ProjectID); err != nil {
				return err
			}
		}
		if e.Lines != nil {
			if err := costCentersThere(ctx, tx, order.Lines); err != nil {
				return err
			}
		}
		if err := tx.UpdatePurchaseOrder(ctx, &order); err != nil {
			return err
		}
		if err := tx.NotePurchaseOrder(ctx, "update", id, map[string]any{
			"po_number": order.Number, "status": order.Status, "total_before": before.Total, "total": order.Total,
		}); err != nil {
			return err
		}
		if _, _, err := tx.RequestSync(ctx, fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: id}, fieldops.OpUpdate); err != nil {
			return err
		}
		order, err = tx.PurchaseOrder(ctx, id)
		return err
	})
	return order, err
}

// DeletePurchaseOrder takes an order back, also at the provider. gone tells that
// nothing of it can stand there.
func (s *Service) DeletePurchaseOrder(ctx context.Context, actor fieldops.Actor, id fieldops.ID) (gone bool, err error) {
	err = s.db.Write(ctx, actor, func(tx *store.Tx) error {
		order, err := tx.LockPurchaseOrder(ctx, id)
		if err != nil {
			return err
		}
		if order.Status == fieldops.StatusBilled {
			return fieldops.Refuse(fieldops.Conflict, "Purchase order %s has been billed and cannot be deleted", order.Number)
		}
		if bills, err := tx.OrderBills(ctx, id); err != nil {
			return err
		} else if len(bills) > 0 {
			return billedAlready(ctx, tx, &order, "Purchase order %s has been billed on %s and cannot be deleted; delete the bill first")
		}
		if _, gone, err = tx.RequestSync(ctx, fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: id}, fieldops.OpVoid); err != nil {
			return err
		}
		if gone {
			return tx.FinishPurchaseOrderVoid(ctx, id)
		}
		return tx.NotePurchaseOrder(ctx, "delete_requested", id, map[string]any{"po_number": order.Number})
	})
	return gone, err
}
