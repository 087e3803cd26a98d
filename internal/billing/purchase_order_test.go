package billing_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

func (f *firm) order(change ...func(*fieldops.PurchaseOrderRequest)) (fieldops.PurchaseOrder, error) {
	metres, price := fieldops.E4(100_0000), fieldops.E4(1_2345)
	r := fieldops.PurchaseOrderRequest{
		SupplierID: f.supplier.ID, ProjectID: f.wiring.ID, Date: f.today, DeliveryDate: f.today.AddDays(7), Notes: text("Leave at the gate"),
		Lines: []fieldops.PurchaseOrderLine{{Description: text("Cable 2.5 mm²"), Quantity: &metres, UnitAmount: &price, CostCenterID: &f.ordered.ID}},
	}
	for _, c := range change {
		c(&r)
	}
	return f.billing.CreatePurchaseOrder(f.t.Context(), f.actor, r)
}

func TestCreatePurchaseOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFirm(t, db)
		order, err := f.order()
		if err != nil {
			t.Fatal(err)
		}
		if order.Number != "PO-00001" || order.SubTotal != 123_45 || order.TotalTax != 18_52 || order.Total != 141_97 ||
			order.SupplierName != "Copper & Co" || order.ProjectCode != f.wiring.Code || order.Sync.Status != fieldops.SyncPending ||
			order.Status != fieldops.StatusDraft || order.Lines[0].CostCenterCode != "A1" || order.Currency != "NZD" {
			t.Errorf("order %+v", order)
		}
		for name, test := range map[string]struct {
			change func(*fieldops.PurchaseOrderRequest)
			kind   fieldops.ErrorKind
			says   string
		}{
			"a number that is taken": {func(r *fieldops.PurchaseOrderRequest) { r.Number = "PO-00001" }, fieldops.Conflict, "The number PO-00001 is taken; choose another, or leave it out to get the next free one"},
			"no supplier":            {func(r *fieldops.PurchaseOrderRequest) { r.SupplierID = "" }, fieldops.Invalid, "Supplier is required"},
			"no such supplier":       {func(r *fieldops.PurchaseOrderRequest) { r.SupplierID = fieldops.NewID() }, fieldops.NotFound, "Supplier not found"},
			"no such project":        {func(r *fieldops.PurchaseOrderRequest) { r.ProjectID = fieldops.NewID() }, fieldops.NotFound, "Project not found"},
			"no such cost centre":    {func(r *fieldops.PurchaseOrderRequest) { r.Lines[0].CostCenterID = &f.client.ID }, fieldops.Invalid, "Cost centre not found"},
			"another currency":       {func(r *fieldops.PurchaseOrderRequest) { r.Currency = "USD" }, fieldops.Invalid, "Orders are placed in NZD"},
		} {
			_, err := f.order(test.change)
			refused, _ := errors.AsType[*fieldops.Error](err)
			if refused == nil || refused.Kind != test.kind || refused.Message != test.says {
				t.Errorf("%s: %v", name, err)
			}
		}
		next, err := f.order()
		if err != nil || next.Number != "PO-00002" {
			t.Errorf("next %s, %v", next.Number, err)
		}
	})
}

func TestEditPurchaseOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		order, err := f.order()
		if err != nil {
			t.Fatal(err)
		}
		two, price := fieldops.E4(2_0000), fieldops.E4(10_0000)
		none, gone := fieldops.Date(""), (*fieldops.ID)(nil)
		edited, err := f.billing.EditPurchaseOrder(ctx, f.actor, order.ID, fieldops.PurchaseOrderEdit{
			DeliveryDate: &none, Notes: text(""), ProjectID: &gone, Status: fieldops.StatusAuthorised,
			Lines: []fieldops.PurchaseOrderLine{{Description: text("Switch"), Quantity: &two, UnitAmount: &price}},
		}, f.version(order.UpdatedAt))
		if err != nil {
			t.Fatal(err)
		}
		if edited.DeliveryDate != "" || edited.Notes != nil || edited.ProjectID != nil || edited.Status != fieldops.StatusAuthorised ||
			edited.Total != 23_00 || edited.Revision != 2 || len(edited.Lines) != 1 {
			t.Errorf("edited %+v", edited)
		}
		for name, edit := range map[string]fieldops.PurchaseOrderEdit{
			"nothing": {}, "back to a draft": {Status: fieldops.StatusDraft}, "billed": {Status: fieldops.StatusBilled}, "cancelled": {Status: fieldops.StatusCancelled}, "no lines": {Lines: []fieldops.PurchaseOrderLine{}},
		} {
			if _, err := f.billing.EditPurchaseOrder(ctx, f.actor, order.ID, edit, billing.AnyVersion); fieldops.KindOf(err) != fieldops.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err = f.billing.EditPurchaseOrder(ctx, f.actor, order.ID, fieldops.PurchaseOrderEdit{Date: f.today}, f.version(order.UpdatedAt))
		wantKind(t, err, fieldops.Stale)
	})
}

func TestDeletePurchaseOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		order, err := f.order()
		if err != nil {
			t.Fatal(err)
		}
		if gone, err := f.billing.DeletePurchaseOrder(ctx, f.actor, order.ID); err != nil || !gone {
			t.Fatalf("gone %v, %v", gone, err)
		}
		_, err = f.billing.PurchaseOrder(ctx, order.ID)
		wantKind(t, err, fieldops.NotFound)
		deleted, err := db.AnyPurchaseOrder(ctx, order.ID)
		if err != nil || deleted.Status != fieldops.StatusDeleted {
			t.Errorf("deleted %+v, %v", deleted, err)
		}
	})
}

func TestPurchaseOrdersAreListed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		first, err := f.order()
		if err != nil {
			t.Fatal(err)
		}
		second, err := f.order(func(r *fieldops.PurchaseOrderRequest) { r.Lines[0].CostCenterID = nil; r.ProjectID = f.alarm.ID })
		if err != nil {
			t.Fatal(err)
		}
		for name, test := range map[string]struct {
			filter store.DocumentFilter
			want   []fieldops.ID
		}{
			"all":            {store.DocumentFilter{}, []fieldops.ID{second.ID, first.ID}},
			"of a project":   {store.DocumentFilter{ProjectID: f.alarm.ID}, []fieldops.ID{second.ID}},
			"of a centre":    {store.DocumentFilter{CostCenterID: f.ordered.ID}, []fieldops.ID{first.ID}},
			"of a supplier":  {store.DocumentFilter{ClientID: f.client.ID}, nil},
			"by its number":  {store.DocumentFilter{Search: "po-00001"}, []fieldops.ID{first.ID}},
			"by the project": {store.DocumentFilter{Search: "alarm copper"}, []fieldops.ID{second.ID}},
			"by its date":    {store.DocumentFilter{From: f.today.AddDays(1)}, nil},
		} {
			test.filter.Limit = 10
			views, err := f.billing.PurchaseOrders(ctx, test.filter)
			if err != nil {
				t.Fatal(name, err)
			}
			var got []fieldops.ID
			for _, v := range views {
				got = append(got, v.ID)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

// What a person changes of an order stands in Xero afterwards, and what they
// take away is gone there.
func TestOrderIsApprovedAndItsNotesTravel(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newSandbox(t, storetest.New(t, store.SQLite))
	inXero := func() (status, notes string) {
		var orders []struct{ Status, DeliveryInstructions string }
		f.sim("GET", "/documents/PurchaseOrders", nil, &orders)
		if len(orders) != 1 {
			t.Fatalf("orders in Xero: %+v", orders)
		}
		return orders[0].Status, orders[0].DeliveryInstructions
	}
	one, price := fieldops.E4(1_0000), fieldops.E4(20_0000)
	order, err := f.service.CreatePurchaseOrder(ctx, f.actor, fieldops.PurchaseOrderRequest{
		SupplierID: f.clients[0].ID, ProjectID: f.projects[0].ID, Date: "2026-11-23", Notes: text("Gate B"),
		Lines: []fieldops.PurchaseOrderLine{{Description: text("Cable"), Quantity: &one, UnitAmount: &price}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.until(fieldops.KindPurchaseOrder, order.ID, fieldops.SyncSynced)
	if status, notes := inXero(); status != fieldops.StatusDraft || notes != "Gate B" {
		t.Errorf("made %s with %q", status, notes)
	}
	for _, edit := range []fieldops.PurchaseOrderEdit{{Status: fieldops.StatusAuthorised}, {Notes: text("")}} {
		if _, err := f.service.EditPurchaseOrder(ctx, f.actor, order.ID, edit, billing.AnyVersion); err != nil {
			t.Fatal(err)
		}
		f.until(fieldops.KindPurchaseOrder, order.ID, fieldops.SyncSynced)
	}
	if status, notes := inXero(); status != fieldops.StatusAuthorised || notes != "" {
		t.Errorf("after the edits %s with %q", status, notes)
	}
	stored, err := f.db.PurchaseOrder(ctx, order.ID)
	if err != nil || stored.Status != fieldops.StatusAuthorised || stored.SyncWarning != nil {
		t.Errorf("stored %+v, %v", stored, err)
	}
}
