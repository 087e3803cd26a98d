package api

import (
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type billAnswer struct {
	ID                fieldops.ID      `json:"id"`
	BillNumber        string           `json:"bill_number"`
	SupplierID        *fieldops.ID     `json:"supplier_id"`
	SupplierName      string           `json:"supplier_name"`
	PurchaseOrderID   *fieldops.ID     `json:"purchase_order_id"`
	PONumber          *string          `json:"po_number"`
	ProjectID         *fieldops.ID     `json:"project_id"`
	ProjectCode       *string          `json:"project_code"`
	ProjectName       *string          `json:"project_name"`
	Status            string           `json:"status" enum:"DRAFT,SUBMITTED,AUTHORISED,PAID,VOIDED,DELETED"`
	Subtotal          fieldops.Cents   `json:"subtotal"`
	TotalTax          fieldops.Cents   `json:"total_tax"`
	Amount            fieldops.Cents   `json:"amount"` // with tax
	AmountPaid        fieldops.Cents   `json:"amount_paid"`
	AmountDue         fieldops.Cents   `json:"amount_due"`
	Currency          string           `json:"currency"`
	Date              fieldops.Date    `json:"date"`
	DueDate           fieldops.Date    `json:"due_date"`
	PaidDate          fieldops.Date    `json:"paid_date"`
	Reference         *string          `json:"reference"`
	LineItems         []billLineAnswer `json:"line_items"`
	CreatedAt         fieldops.Time    `json:"created_at"`
	UpdatedAt         fieldops.Time    `json:"updated_at"`
	DeletedAt         fieldops.Time    `json:"deleted_at"`
	ScannedDocumentID *fieldops.ID     `json:"scanned_document_id"`
}

type billLineAnswer struct {
	ID             fieldops.ID      `json:"id"`
	Description    string           `json:"description"`
	Quantity       fieldops.E4      `json:"quantity"`
	UnitAmount     fieldops.E4      `json:"unit_amount"`
	AccountCode    *string          `json:"account_code"`
	TaxType        *string          `json:"tax_type"`
	TaxRate        fieldops.TaxRate `json:"tax_rate"`
	TaxAmount      fieldops.Cents   `json:"tax_amount"`
	LineAmount     fieldops.Cents   `json:"line_amount"`
	CostCenterID   *fieldops.ID     `json:"cost_center_id"`
	CostCenterCode *string          `json:"cost_center_code"`
	CostCenterName *string          `json:"cost_center_name"`
	ItemID         *fieldops.ID     `json:"item_id"`
	POLineID       *fieldops.ID     `json:"po_line_id"`
}

func showBill(b *fieldops.Bill) billAnswer {
	answer := billAnswer{
		ID: b.ID, BillNumber: b.Number, SupplierID: b.SupplierID, SupplierName: b.SupplierName, PurchaseOrderID: b.OrderID, PONumber: text(&b.OrderNumber),
		ProjectID: b.ProjectID, ProjectCode: text(&b.ProjectCode), ProjectName: text(&b.ProjectName), Status: b.Status,
		Subtotal: b.SubTotal, TotalTax: b.TotalTax, Amount: b.Total, AmountPaid: b.AmountPaid, AmountDue: b.AmountDue, Currency: b.Currency,
		Date: b.Date, DueDate: b.DueDate, PaidDate: b.PaidDate, Reference: b.Reference, LineItems: make([]billLineAnswer, len(b.Lines)),
		CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt, DeletedAt: b.DeletedAt, ScannedDocumentID: b.ScanID,
	}
	for n, l := range b.Lines {
		answer.LineItems[n] = billLineAnswer{
			ID: l.ID, Description: l.Description, Quantity: l.Quantity, UnitAmount: l.UnitPrice, AccountCode: text(&l.AccountCode), TaxType: text(&l.TaxType),
			TaxRate: l.TaxRate, TaxAmount: l.Tax, LineAmount: l.Amount, CostCenterID: l.CostCenterID, CostCenterCode: text(&l.CostCenterCode),
			CostCenterName: text(&l.CostCenterName), ItemID: l.ItemID, POLineID: l.OrderLineID,
		}
	}
	return answer
}

type createBillInput struct {
	Body fieldops.BillRequest
}

func (a *api) createBill(r *request, in *createBillInput) (billAnswer, error) {
	var answer billAnswer
	if err := a.scanToFile(r, &in.Body.ScanID); err != nil {
		return answer, err
	}
	_, err := a.Billing.CreateBill(r.Context(), r.Actor, in.Body, func(tx *store.Tx, b fieldops.Bill) error {
		answer = showBill(&b)
		return r.keep(tx, answer)
	})
	return answer, err
}

type convertOrderInput struct {
	byID
	Body fieldops.OrderConversion
}

func (a *api) convertOrder(r *request, in *convertOrderInput) (billAnswer, error) {
	var answer billAnswer
	if err := a.scanToFile(r, &in.Body.ScanID); err != nil {
		return answer, err
	}
	_, err := a.Billing.ConvertOrder(r.Context(), r.Actor, in.ID, in.Body, func(tx *store.Tx, b fieldops.Bill) error {
		answer = showBill(&b)
		return r.keep(tx, answer)
	})
	return answer, err
}

type listBillsInput struct {
	SupplierID      fieldops.ID   `query:"supplier_id" format:"uuid"`
	ProjectID       fieldops.ID   `query:"project_id" format:"uuid"`
	PurchaseOrderID fieldops.ID   `query:"purchase_order_id" format:"uuid"`
	Status          string        `query:"status" enum:"DRAFT,SUBMITTED,AUTHORISED,PAID,VOIDED,DELETED"`
	Search          string        `query:"search" doc:"Words in number, reference, supplier or project"`
	DateFrom        fieldops.Date `query:"date_from"`
	DateTo          fieldops.Date `query:"date_to"`
	IncludeDeleted  bool          `query:"include_deleted"`
	listQuery
}

func (a *api) listBills(r *request, in *listBillsInput) ([]billAnswer, error) {
	limit, date, id, err := in.place()
	if err != nil {
		return nil, err
	}
	if err := r.seesDeleted(in.IncludeDeleted, fieldops.RecordBill); err != nil {
		return nil, err
	}
	bills, err := a.DB.Bills(r.Context(), store.DocumentFilter{
		ClientID: in.SupplierID, ProjectID: in.ProjectID, OrderID: in.PurchaseOrderID, Status: in.Status, Search: in.Search,
		From: in.DateFrom, To: in.DateTo, Deleted: in.IncludeDeleted, Limit: limit, AfterDate: date, AfterID: id,
	})
	answer := make([]billAnswer, len(bills))
	for n := range bills {
		answer[n] = showBill(&bills[n])
	}
	if n := len(bills); n > 0 {
		r.linkNext(n == limit, bills[n-1].Date, bills[n-1].ID)
	}
	return answer, err
}

func (a *api) getBill(r *request, in *byID) (billAnswer, error) {
	bill, err := a.DB.Bill(r.Context(), in.ID)
	r.Header.Set("ETag", etag(bill.UpdatedAt))
	return showBill(&bill), err
}

type updateBillInput struct {
	byID
	Body struct {
		Date      fieldops.Date                 `json:"date,omitempty"`
		DueDate   Optional[fieldops.Date]       `json:"due_date,omitempty"`
		Number    string                        `json:"bill_number,omitempty"`
		Reference Optional[*string]             `json:"reference,omitempty"`
		ProjectID Optional[*fieldops.ID]        `json:"project_id,omitempty"`
		Status    string                        `json:"status,omitempty" enum:"DRAFT,SUBMITTED,AUTHORISED"`
		LineItems Optional[[]fieldops.BillLine] `json:"line_items,omitempty"`
	}
}

func (a *api) updateBill(r *request, in *updateBillInput) (billAnswer, error) {
	body := &in.Body
	edit := fieldops.BillEdit{
		Date: body.Date, DueDate: body.DueDate.sent(), Number: body.Number, Reference: sentText(body.Reference),
		ProjectID: body.ProjectID.sent(), Status: body.Status, Lines: sentList(body.LineItems),
	}
	bill, err := a.Billing.EditBill(r.Context(), r.Actor, in.ID, edit, r.ifMatch)
	if err != nil {
		return billAnswer{}, err
	}
	r.Header.Set("ETag", etag(bill.UpdatedAt))
	return showBill(&bill), nil
}

// payBill keeps a payment of a bill: of everything that is due, today, by bank
// transfer, unless told otherwise.
func (a *api) payBill(r *request, in *markPaidInput) (billAnswer, error) {
	b := &in.Body
	bill, err := a.Billing.PayBill(r.Context(), r.Actor, in.ID, fieldops.Payment{
		Date: b.Date, Method: b.Method, Reference: b.Reference, AccountCode: b.AccountCode,
	}, b.Amount, r.ifMatch)
	if err != nil {
		return billAnswer{}, err
	}
	r.Header.Set("ETag", etag(bill.UpdatedAt))
	return showBill(&bill), nil
}
