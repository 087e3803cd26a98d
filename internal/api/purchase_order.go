package api

import (
	"encoding/json"
	"net/http"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type orderAnswer struct {
	ID           fieldops.ID    `json:"id"`
	PONumber     string         `json:"po_number"`
	XeroPOID     *string        `json:"xero_po_id"`
	SupplierID   *fieldops.ID   `json:"supplier_id"`
	SupplierName string         `json:"supplier_name"`
	ProjectID    *fieldops.ID   `json:"project_id"`
	ProjectCode  *string        `json:"project_code"`
	ProjectName  *string        `json:"project_name"`
	Status       string         `json:"status" enum:"DRAFT,SUBMITTED,AUTHORISED,BILLED,CANCELLED,DELETED"`
	Date         fieldops.Date  `json:"date"`
	DeliveryDate fieldops.Date  `json:"delivery_date"`
	Subtotal     fieldops.Cents `json:"subtotal"`
	TotalTax     fieldops.Cents `json:"total_tax"`
	TotalAmount  fieldops.Cents `json:"total_amount"`
	Currency     string         `json:"currency"`
	Notes        *string        `json:"notes"`
	// Existing clients read the lines under either name.
	LineItems         []orderLineAnswer `json:"line_items"`
	LineItemsDetail   []orderLineAnswer `json:"line_items_detail"`
	CreatedAt         fieldops.Time     `json:"created_at"`
	UpdatedAt         fieldops.Time     `json:"updated_at"`
	DeletedAt         fieldops.Time     `json:"deleted_at"`
	ScannedDocumentID *fieldops.ID      `json:"scanned_document_id"`
	syncAnswer
}

type orderLineAnswer struct {
	ID             fieldops.ID      `json:"id"`
	Description    string           `json:"description"`
	Quantity       fieldops.E4      `json:"quantity"`
	UnitAmount     fieldops.E4      `json:"unit_amount"`
	AccountCode    *string          `json:"account_code"`
	TaxType        *string          `json:"tax_type"`
	CostCenterID   *fieldops.ID     `json:"cost_center_id"`
	CostCenterCode *string          `json:"cost_center_code"`
	CostCenterName *string          `json:"cost_center_name"`
	ItemID         *fieldops.ID     `json:"item_id"`
	LineAmount     fieldops.Cents   `json:"line_amount"`
	TaxRate        fieldops.TaxRate `json:"tax_rate"`
	TaxAmount      fieldops.Cents   `json:"tax_amount"`
	BilledQuantity fieldops.E4      `json:"billed_quantity"` // how much of it is on bills
}

func showOrder(v *billing.PurchaseOrderView) orderAnswer {
	o := &v.PurchaseOrder
	answer := orderAnswer{
		ID: o.ID, PONumber: o.Number, XeroPOID: o.XeroPOID, SupplierID: o.SupplierID, SupplierName: o.SupplierName,
		ProjectID: o.ProjectID, ProjectCode: text(&o.ProjectCode), ProjectName: text(&o.ProjectName), Status: o.ShownStatus(),
		Date: o.Date, DeliveryDate: o.DeliveryDate, Subtotal: o.SubTotal, TotalTax: o.TotalTax, TotalAmount: o.Total,
		Currency: o.Currency, Notes: o.Notes, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt, DeletedAt: o.DeletedAt, ScannedDocumentID: o.ScanID,
		LineItems:  make([]orderLineAnswer, len(o.Lines)),
		syncAnswer: showSync(v.Document, o.SyncWarning, o.XeroTotal, o.SyncedAt),
	}
	for n, l := range o.Lines {
		answer.LineItems[n] = orderLineAnswer{
			ID: l.ID, Description: l.Description, Quantity: l.Quantity, UnitAmount: l.UnitPrice, AccountCode: text(&l.AccountCode), TaxType: text(&l.TaxType),
			CostCenterID: l.CostCenterID, CostCenterCode: text(&l.CostCenterCode), CostCenterName: text(&l.CostCenterName), ItemID: l.ItemID,
			LineAmount: l.Amount, TaxRate: l.TaxRate, TaxAmount: l.Tax, BilledQuantity: l.Billed,
		}
	}
	answer.LineItemsDetail = answer.LineItems
	return answer
}

type createOrderInput struct {
	Body fieldops.PurchaseOrderRequest
}

// createdOrder is the order with what existing clients read of the answer: its
// status is the answer's own.
type createdOrder struct {
	orderAnswer
	Message        string `json:"message"`
	Status         int    `json:"status"`
	DocumentStatus string `json:"document_status"`
}

func (a *api) createOrder(r *request, in *createOrderInput) (createdOrder, error) {
	var answer createdOrder
	_, err := a.Billing.CreatePurchaseOrder(r.Context(), r.Actor, in.Body, func(tx *store.Tx, o fieldops.PurchaseOrder) error {
		view := a.Billing.NewPurchaseOrder(o)
		answer = createdOrder{showOrder(&view), "Purchase order created. Syncing to Xero in the background...", r.Status, o.ShownStatus()}
		return r.keep(tx, answer)
	})
	return answer, err
}

type listOrdersInput struct {
	documentsQuery
	Status       string      `query:"status" enum:"DRAFT,SUBMITTED,AUTHORISED,BILLED,CANCELLED,DELETED"`
	SupplierID   fieldops.ID `query:"supplier_id" format:"uuid"`
	CostCenterID fieldops.ID `query:"cost_center_id" format:"uuid"`
}

func (a *api) listOrders(r *request, in *listOrdersInput) ([]orderAnswer, error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	filter.Status, filter.ClientID, filter.CostCenterID = in.Status, in.SupplierID, in.CostCenterID
	views, err := a.Billing.PurchaseOrders(r.Context(), filter)
	if err != nil {
		return nil, err
	}
	if n := len(views); n > 0 {
		r.linkNext(n == filter.Limit, views[n-1].Date, views[n-1].ID)
	}
	return showOrders(views), nil
}

func showOrders(views []billing.PurchaseOrderView) []orderAnswer {
	answer := make([]orderAnswer, len(views))
	for n := range views {
		answer[n] = showOrder(&views[n])
	}
	return answer
}

// centerOrder is an order with what of it belongs to one cost centre.
type centerOrder struct {
	orderAnswer
	CostCenterLineItems []orderLineAnswer `json:"cost_center_line_items"`
	CostCenterTotal     json.Number       `json:"cost_center_total"`
}

// orderParts answers the paths of two parts below purchase-orders, which the
// router cannot tell apart by itself: project/ID, cost-center/ID, and
// ID/sync-status.
func (a *api) orderParts(w http.ResponseWriter, r *request) error {
	first, second := r.PathValue("first"), r.PathValue("second")
	if id, ok := fieldops.ParseID(first); ok && second == "sync-status" {
		state, err := a.Billing.SyncState(r.Context(), fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: id})
		if err != nil {
			return err
		}
		return writeJSON(w, r.Status, state)
	}
	id, ok := fieldops.ParseID(second)
	if !ok || first != "project" && first != "cost-center" {
		return fieldops.Refuse(fieldops.NotFound, "Not found")
	}
	filter := store.DocumentFilter{Limit: 500}
	if first == "project" {
		filter.ProjectID = id
	} else {
		filter.CostCenterID = id
	}
	views, err := a.Billing.PurchaseOrders(r.Context(), filter)
	if err != nil {
		return err
	}
	orders := showOrders(views)
	if first == "project" {
		return writeJSON(w, r.Status, orders)
	}
	ofCenter := make([]centerOrder, len(orders))
	for n, o := range orders {
		ofCenter[n] = centerOrder{orderAnswer: o}
		var total fieldops.Cents
		for _, l := range o.LineItems {
			if l.CostCenterID != nil && *l.CostCenterID == id {
				ofCenter[n].CostCenterLineItems = append(ofCenter[n].CostCenterLineItems, l)
				total += l.LineAmount
			}
		}
		ofCenter[n].CostCenterTotal = total.Number()
	}
	return writeJSON(w, r.Status, ofCenter)
}

func (a *api) getOrder(r *request, in *byID) (orderAnswer, error) {
	view, err := a.Billing.PurchaseOrder(r.Context(), in.ID)
	r.Header.Set("ETag", etag(view.UpdatedAt))
	return showOrder(&view), err
}

type updateOrderInput struct {
	byID
	Body struct {
		Date         fieldops.Date                          `json:"date,omitempty"`
		DeliveryDate Optional[fieldops.Date]                `json:"delivery_date,omitempty"`
		Notes        Optional[*string]                      `json:"notes,omitempty"`
		ProjectID    Optional[*fieldops.ID]                 `json:"project_id,omitempty"`
		Status       string                                 `json:"status,omitempty" enum:"DRAFT,SUBMITTED,AUTHORISED"`
		LineItems    Optional[[]fieldops.PurchaseOrderLine] `json:"line_items,omitempty"`
	}
}

func (a *api) updateOrder(r *request, in *updateOrderInput) (orderAnswer, error) {
	body := &in.Body
	edit := fieldops.PurchaseOrderEdit{
		Date: body.Date, DeliveryDate: body.DeliveryDate.sent(), Notes: sentText(body.Notes),
		ProjectID: body.ProjectID.sent(), Status: body.Status, Lines: sentList(body.LineItems),
	}
	order, err := a.Billing.EditPurchaseOrder(r.Context(), r.Actor, in.ID, edit, r.ifMatch)
	if err != nil {
		return orderAnswer{}, err
	}
	view, err := a.Billing.ShowPurchaseOrder(r.Context(), order)
	r.Header.Set("ETag", etag(order.UpdatedAt))
	return showOrder(&view), err
}

func (a *api) deleteOrder(r *request, in *byID) (deletedAnswer, error) {
	gone, err := a.Billing.DeletePurchaseOrder(r.Context(), r.Actor, in.ID)
	return showDeleted(gone, "Purchase order", "", ""), err
}

func (a *api) retryOrder(r *request, in *retryInput) (store.SyncState, error) {
	return a.retry(r, fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: in.ID}, in.Body.PONumber, "po_number", in)
}
