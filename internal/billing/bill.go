package billing

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// CreateBill writes down what a supplier charges. also runs in the same
// transaction, last.
func (s *Service) CreateBill(ctx context.Context, actor fieldops.Actor, request fieldops.BillRequest, also ...func(*store.Tx, fieldops.Bill) error) (fieldops.Bill, error) {
	var bill fieldops.Bill
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		r := request
		r.Lines = slices.Clone(request.Lines)
		if err := r.Validate(); err != nil {
			return err
		}
		var order *fieldops.PurchaseOrder
		if r.OrderID != "" {
			locked, err := tx.LockPurchaseOrder(ctx, r.OrderID)
			if err != nil {
				return err
			}
			order = &locked
		}
		var err error
		bill, err = createBill(ctx, tx, &r, order, also)
		return err
	})
	return bill, err
}

// ConvertOrder makes a bill of what is open of a purchase order, or of the part
// that is asked for. Everything being billed already is a Conflict that names
// the bills.
func (s *Service) ConvertOrder(ctx context.Context, actor fieldops.Actor, id fieldops.ID, conversion fieldops.OrderConversion, also ...func(*store.Tx, fieldops.Bill) error) (fieldops.Bill, error) {
	var bill fieldops.Bill
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		order, err := tx.LockPurchaseOrder(ctx, id)
		if err != nil {
			return err
		}
		if err := somethingToBill(ctx, tx, &order); err != nil {
			return err
		}
		_, terms, err := billingTerms(ctx, tx, purchases, tx.Now.Time)
		if err != nil {
			return err
		}
		c := conversion
		c.Lines = slices.Clone(conversion.Lines)
		r, err := order.Bill(&c, terms.Today)
		if err != nil {
			return err
		}
		if err := r.Validate(); err != nil {
			return err
		}
		bill, err = createBill(ctx, tx, &r, &order, also)
		return err
	})
	return bill, err
}

// somethingToBill refuses an order of which nothing is left to bill.
func somethingToBill(ctx context.Context, tx *store.Tx, order *fieldops.PurchaseOrder) error {
	if order.Status == fieldops.StatusCancelled || order.Status == fieldops.StatusDeleted {
		return fieldops.Refuse(fieldops.Conflict, "Purchase order %s is %s and cannot be billed", order.Number, order.Status)
	}
	if !order.FullyBilled {
		return nil
	}
	return billedAlready(ctx, tx, order, "Purchase order %s has been billed already, on %s")
}

// billedAlready is a Conflict that names the bills of an order.
func billedAlready(ctx context.Context, tx *store.Tx, order *fieldops.PurchaseOrder, sentence string) error {
	bills, err := tx.OrderBills(ctx, order.ID)
	if err != nil {
		return err
	}
	numbers, ids := make([]string, len(bills)), make([]fieldops.ID, len(bills))
	for n, b := range bills {
		numbers[n], ids[n] = b.Number, b.ID
	}
	return &fieldops.Error{
		Kind: fieldops.Conflict, Message: fmt.Sprintf(sentence, order.Number, strings.Join(numbers, ", ")),
		Details: map[string]any{"bill_ids": ids, "bill_numbers": numbers},
	}
}

// createBill makes the bill of a valid request. The order, unless nil, is
// locked.
func createBill(ctx context.Context, tx *store.Tx, r *fieldops.BillRequest, order *fieldops.PurchaseOrder, also []func(*store.Tx, fieldops.Bill) error) (fieldops.Bill, error) {
	supplier, err := tx.LockSupplier(ctx, r.SupplierID)
	if err != nil {
		return fieldops.Bill{}, err
	}
	settings, terms, err := billingTerms(ctx, tx, purchases, tx.Now.Time)
	if err != nil {
		return fieldops.Bill{}, err
	}
	bill, err := fieldops.DraftBill(r, &supplier, order, settings.Currency, terms)
	if err != nil {
		return bill, err
	}
	if err := billable(ctx, tx, &bill, order); err != nil {
		return bill, err
	}
	if bill.Number == "" {
		bill.Number, err = tx.TakeBillNumber(ctx, settings)
	} else {
		err = newToSupplier(ctx, tx, &bill)
	}
	if err != nil {
		return bill, err
	}
	if err := tx.InsertBill(ctx, &bill); err != nil {
		return bill, err
	}
	if r.ScanID != "" {
		if err := tx.FileScan(ctx, r.ScanID, fieldops.RecordBill, bill.ID); err != nil {
			return bill, err
		}
	}
	if r.ScanID != "" && order != nil {
		if err := tx.LinkScan(ctx, r.ScanID, fieldops.RecordPurchaseOrder, order.ID); err != nil {
			return bill, err
		}
	}
	if bill, err = tx.Bill(ctx, bill.ID); err != nil {
		return bill, err
	}
	for _, do := range also {
		if err := do(tx, bill); err != nil {
			return bill, err
		}
	}
	return bill, nil
}

// billable refuses a bill that names a project, cost centre or item that is not
// there. The project that came with the order may be gone.
func billable(ctx context.Context, tx *store.Tx, b *fieldops.Bill, order *fieldops.PurchaseOrder) error {
	if order == nil || !reflect.DeepEqual(b.ProjectID, order.ProjectID) {
		if err := projectThere(ctx, tx, b.ProjectID); err != nil {
			return err
		}
	}
	var f fieldops.Faults
	var centers, items []fieldops.ID
	for _, l := range b.Lines {
		if l.OrderLineID != nil {
			continue // what was ordered is billed
		}
		if l.CostCenterID != nil {
			centers = append(centers, *l.CostCenterID)
		}
		if l.ItemID != nil {
			items = append(items, *l.ItemID)
		}
	}
	missingCenters, err := tx.MissingCostCenters(ctx, centers)
	if err != nil {
		return err
	}
	missingItems, err := tx.MissingItems(ctx, items)
	if err != nil {
		return err
	}
	for n, l := range b.Lines {
		field := fmt.Sprintf("line_items[%d]", n)
		f.Require(l.OrderLineID != nil || l.CostCenterID == nil || !missingCenters[*l.CostCenterID], field+".cost_center_id", "Cost centre not found")
		f.Require(l.OrderLineID != nil || l.ItemID == nil || !missingItems[*l.ItemID], field+".item_id", "Item not found")
	}
	return f.Err("")
}

// newToSupplier refuses a number that another bill of the supplier bears: the
// same paper, entered twice.
func newToSupplier(ctx context.Context, tx *store.Tx, b *fieldops.Bill) error {
	holder, err := tx.BillOfNumber(ctx, *b.SupplierID, b.Number, b.ID)
	if err != nil || holder == "" {
		return err
	}
	return &fieldops.Error{
		Kind:    fieldops.Conflict,
		Message: fmt.Sprintf("A bill %s of this supplier is here already", b.Number),
		Details: map[string]any{"bill_id": holder},
	}
}

// EditBill changes a bill that is not paid yet. unchanged says whether it is
// still the one that the person saw.
func (s *Service) EditBill(ctx context.Context, actor fieldops.Actor, id fieldops.ID, edit fieldops.BillEdit, unchanged func(fieldops.Time) error) (fieldops.Bill, error) {
	var bill fieldops.Bill
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		before, err := tx.LockBill(ctx, id)
		if err != nil {
			return err
		}
		if err := unchanged(before.UpdatedAt); err != nil {
			return err
		}
		order, err := orderWithout(ctx, tx, &before)
		if err != nil {
			return err
		}
		_, terms, err := billingTerms(ctx, tx, purchases, tx.Now.Time)
		if err != nil {
			return err
		}
		e := edit
		e.Lines = slices.Clone(edit.Lines)
		bill = before
		if err := bill.Edit(&e, order, terms); err != nil {
			return err
		}
		if reflect.DeepEqual(bill, before) {
			return nil
		}
		if e.Lines != nil || e.ProjectID != nil {
			if err := billable(ctx, tx, &bill, order); err != nil {
				return err
			}
		}
		if bill.Number != before.Number && bill.SupplierID != nil {
			if _, err := tx.LockSupplier(ctx, *bill.SupplierID); err != nil {
				return err
			}
			if err := newToSupplier(ctx, tx, &bill); err != nil {
				return err
			}
		}
		if err := tx.UpdateBill(ctx, &before, &bill); err != nil {
			return err
		}
		bill, err = tx.Bill(ctx, id)
		return err
	})
	return bill, err
}

// PayBill keeps a payment of a bill: of amount, or of everything that is due when
// it is nil; today and by bank transfer unless p says otherwise.
func (s *Service) PayBill(ctx context.Context, actor fieldops.Actor, id fieldops.ID, p fieldops.Payment, amount *fieldops.Cents, unchanged func(fieldops.Time) error) (fieldops.Bill, error) {
	var bill fieldops.Bill
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		var err error
		if bill, err = tx.LockBill(ctx, id); err != nil {
			return err
		}
		if err := unchanged(bill.UpdatedAt); err != nil {
			return err
		}
		if bill.AmountDue == 0 {
			return fieldops.Refuse(fieldops.Conflict, "Nothing is due of bill %s any more", bill.Number)
		}
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		payment := p
		payment.BillID, payment.Amount = &bill.ID, bill.AmountDue
		if amount != nil {
			payment.Amount = *amount
		}
		payment.Date = cmp.Or(p.Date, fieldops.DateOf(tx.Now.Time, settings.Timezone))
		payment.Method = cmp.Or(p.Method, fieldops.BankTransfer)
		if err := tx.InsertPayment(ctx, &payment); err != nil {
			return err
		}
		bill, err = tx.Bill(ctx, id)
		return err
	})
	return bill, err
}

// orderWithout is the order that a bill bills, with what other bills hold of it;
// nil when it bills none, or one that is gone.
func orderWithout(ctx context.Context, tx *store.Tx, b *fieldops.Bill) (*fieldops.PurchaseOrder, error) {
	if b.OrderID == nil {
		return nil, nil
	}
	order, err := tx.AnyPurchaseOrder(ctx, *b.OrderID)
	if err != nil {
		return nil, err
	}
	for _, l := range b.Lines {
		for n := range order.Lines {
			if l.OrderLineID != nil && order.Lines[n].ID == *l.OrderLineID {
				order.Lines[n].Billed -= l.Quantity
			}
		}
	}
	return &order, nil
}
