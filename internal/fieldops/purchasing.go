package fieldops

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxNotes is how long the notes of a purchase order may be: the provider keeps
// them as delivery instructions
// (https://developer.xero.com/documentation/api/accounting/purchaseorders).
const MaxNotes = 500

// PurchaseOrderRequest is an order as a person wants it.
type PurchaseOrderRequest struct {
	SupplierID   ID                  `json:"supplier_id"`
	ProjectID    ID                  `json:"project_id"`
	Date         Date                `json:"date"`
	DeliveryDate Date                `json:"delivery_date,omitempty"`
	Number       string              `json:"po_number,omitempty"`
	Notes        *string             `json:"notes,omitempty"`
	Currency     string              `json:"currency,omitempty"`
	Lines        []PurchaseOrderLine `json:"line_items"`
}

// PurchaseOrderLine is one line of an order as a person wants it.
type PurchaseOrderLine struct {
	Description  *string `json:"description"`
	Quantity     *E4     `json:"quantity"`
	UnitAmount   *E4     `json:"unit_amount"`
	AccountCode  string  `json:"account_code,omitempty"`
	CostCenterID *ID     `json:"cost_center_id,omitempty"`
	ItemID       *ID     `json:"item_id,omitempty"`
}

// PurchaseOrderEdit is what a person wants changed of an order; nil and ""
// leave a thing as it is.
type PurchaseOrderEdit struct {
	Date         Date                `json:"date,omitempty"`
	DeliveryDate *Date               `json:"delivery_date,omitempty"` // no date takes it away
	Notes        *string             `json:"notes,omitempty"`         // "" takes them away
	ProjectID    **ID                `json:"-"`                       // a nil or empty id takes the order off its project
	Status       string              `json:"status,omitempty"`
	Lines        []PurchaseOrderLine `json:"line_items,omitempty"` // unless nil, all lines it shall have
}

// DraftPurchaseOrder makes an order of a request, or says everything that is
// wrong with it by itself. Whether the records it names exist is for the caller
// to find out.
func DraftPurchaseOrder(r *PurchaseOrderRequest, currency string, terms BillingTerms) (PurchaseOrder, error) {
	var f Faults
	require := func(id *ID, field, what string) {
		if *id = strings.TrimSpace(*id); *id == "" {
			f.Add(field, "%s is required", what)
			return
		}
		checkID(&f, id, field)
	}
	require(&r.SupplierID, "supplier_id", "Supplier")
	require(&r.ProjectID, "project_id", "Project")
	f.Require(r.Date != "", "date", "Date is required")
	checkDelivery(&f, r.Date, r.DeliveryDate)
	if r.Number != "" {
		checkNumber(&f, &r.Number, "po_number")
	}
	checkNotes(&f, &r.Notes)
	f.Require(r.Currency == "" || r.Currency == currency, "currency", "Orders are placed in %s", currency)
	lines := orderLines(&f, r.Lines, terms)
	if err := f.Err(""); err != nil {
		return PurchaseOrder{}, err
	}
	o := PurchaseOrder{
		Number: r.Number, SupplierID: &r.SupplierID, ProjectID: &r.ProjectID, Currency: currency,
		Date: r.Date, DeliveryDate: r.DeliveryDate, Notes: r.Notes,
	}
	return o, o.take(lines)
}

// take puts priced lines into the order and adds them up.
func (o *PurchaseOrder) take(lines []Line) error {
	subTotal, tax, total := Totals(lines)
	if total < 0 || total > MaxCents {
		return Refuse(Invalid, "The total of an order must lie between 0 and %s; this one is %s", MaxCents, total)
	}
	o.Lines, o.SubTotal, o.TotalTax, o.Total = lines, subTotal, tax, total
	return nil
}

func checkDelivery(f *Faults, ordered, delivery Date) {
	f.Require(delivery == "" || ordered == "" || delivery >= ordered, "delivery_date", "The delivery date lies before the order's date")
}

func checkNotes(f *Faults, notes **string) {
	if *notes == nil {
		return
	}
	trimmed := strings.TrimSpace(**notes)
	*notes = &trimmed
	if trimmed == "" {
		*notes = nil
	}
	f.Require(utf8.RuneCountInString(trimmed) <= MaxNotes, "notes", "Notes have at most %d characters", MaxNotes)
	f.Require(utf8.ValidString(trimmed) && !strings.ContainsRune(trimmed, 0), "notes", "The notes hold bytes that are no text")
}

func orderLines(f *Faults, wanted []PurchaseOrderLine, terms BillingTerms) []Line {
	f.Require(len(wanted) > 0, "line_items", "An order needs at least one line")
	f.Require(len(wanted) <= MaxLines, "line_items", "An order holds at most %d lines", MaxLines)
	lines := make([]Line, 0, len(wanted))
	for n := range wanted {
		w, field := &wanted[n], fmt.Sprintf("line_items[%d]", n)
		w.validate(f, field)
		if w.Quantity != nil && w.UnitAmount != nil {
			lines = append(lines, w.price(f, field, terms))
		}
	}
	return lines
}

// validate says what is wrong with a line by itself.
func (w *PurchaseOrderLine) validate(f *Faults, field string) {
	checkDescription(f, &w.Description, field+".description")
	checkQuantity(f, w.Quantity, field+".quantity")
	checkPrice(f, w.UnitAmount, field+".unit_amount")
	checkAccount(f, &w.AccountCode, field+".account_code")
	optionalID(f, &w.CostCenterID, field+".cost_center_id")
	optionalID(f, &w.ItemID, field+".item_id")
}

// price makes the line, which has a quantity and a price.
func (w *PurchaseOrderLine) price(f *Faults, field string, terms BillingTerms) Line {
	l := Line{
		Description: *w.Description, Quantity: *w.Quantity, UnitPrice: *w.UnitAmount,
		AccountCode: w.AccountCode, CostCenterID: w.CostCenterID, ItemID: w.ItemID,
	}
	if l.AccountCode == "" {
		l.AccountCode = terms.Account
	}
	l.TaxType, l.TaxRate = terms.TaxOf(l.AccountCode)
	if err := l.Price(); err != nil {
		f.Add(field+".quantity", "%s", err)
	}
	return l
}

// optionalID checks an id that may be missing; the empty text is missing.
func optionalID(f *Faults, id **ID, field string) {
	if *id == nil {
		return
	}
	if strings.TrimSpace(**id) == "" {
		*id = nil
		return
	}
	parsed := **id
	checkID(f, &parsed, field)
	*id = &parsed
}

// OrderStatuses are the states that a person may move an order through, in the
// order in which they follow each other. BILLED comes from the supplier's bill in
// Xero.
var OrderStatuses = []string{StatusDraft, StatusSubmitted, StatusAuthorised}

// Edit applies a person's changes to the order and prices it anew, or says
// everything that is wrong with them.
func (o *PurchaseOrder) Edit(e *PurchaseOrderEdit, terms BillingTerms) error {
	if e.Date == "" && e.DeliveryDate == nil && e.Notes == nil && e.ProjectID == nil && e.Status == "" && e.Lines == nil {
		return Refuse(Invalid, "No updates provided: send a date, delivery_date, notes, project_id, status or line_items")
	}
	var f Faults
	next := *o
	if e.Date != "" {
		next.Date = e.Date
	}
	if e.DeliveryDate != nil {
		next.DeliveryDate = *e.DeliveryDate
	}
	checkDelivery(&f, next.Date, next.DeliveryDate)
	if e.Notes != nil {
		next.Notes = e.Notes
		checkNotes(&f, &next.Notes)
	}
	if e.ProjectID != nil {
		next.ProjectID = *e.ProjectID
		optionalID(&f, &next.ProjectID, "project_id")
	}
	if e.Status != "" {
		next.Status = e.Status
		checkOrderStatus(&f, o.ShownStatus(), e.Status)
	}
	if e.Lines != nil {
		f.Require(o.Status != StatusBilled && !o.billed(), "line_items", "The order has been billed, or a part of it; its lines cannot be changed any more")
		lines := orderLines(&f, e.Lines, terms)
		if len(f) == 0 {
			if err := next.take(lines); err != nil {
				return err
			}
		}
	}
	if err := f.Err(""); err != nil {
		return err
	}
	*o = next
	return nil
}

// billed reports whether a bill holds any of the order.
func (o *PurchaseOrder) billed() bool {
	return slices.ContainsFunc(o.Lines, func(l Line) bool { return l.Billed > 0 })
}

// ShownStatus is the status that people see. An order all of which is on bills
// here is BILLED, while Status stays what it is at the provider: the bills are
// not there.
func (o *PurchaseOrder) ShownStatus() string {
	if o.FullyBilled {
		return StatusBilled
	}
	return o.Status
}

func checkOrderStatus(f *Faults, from, to string) {
	at, wanted := slices.Index(OrderStatuses, from), slices.Index(OrderStatuses, to)
	switch {
	case to == from:
	case to == StatusCancelled || to == StatusDeleted:
		f.Add("status", "To cancel a purchase order, delete it")
	case wanted < 0:
		f.Add("status", "The status must be one of %s", strings.Join(OrderStatuses, ", "))
	case at < 0 || wanted < at:
		f.Add("status", "An order that is %s cannot become %s again", from, to)
	}
}
