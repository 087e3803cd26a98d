package fieldops

import (
	"fmt"
	"slices"
	"strings"
)

// Bill is what we owe a supplier. It may bill a purchase order, or a part of
// one: each of its lines may name the line of the order that it is for.
type Bill struct {
	ID           ID
	Number       string // the supplier's own, or ours when they give none
	SupplierID   *ID
	SupplierName string
	OrderID      *ID
	OrderNumber  string
	ProjectID    *ID
	ProjectCode  string
	ProjectName  string
	Status       string
	Currency     string
	Date         Date
	DueDate      Date
	Reference    *string
	SubTotal     Cents
	TotalTax     Cents
	Total        Cents
	AmountPaid   Cents
	AmountDue    Cents
	PaidDate     Date
	Lines        []Line
	ScanID       *ID // of the document that it was made of
	CreatedAt    Time
	UpdatedAt    Time
	DeletedAt    Time
}

// BillRequest is a bill as a person writes it down.
type BillRequest struct {
	SupplierID ID         `json:"supplier_id"`
	OrderID    ID         `json:"purchase_order_id,omitempty"`
	ProjectID  ID         `json:"project_id,omitempty"`
	Date       Date       `json:"date"`
	DueDate    Date       `json:"due_date,omitempty"`
	Number     string     `json:"bill_number,omitempty"`
	Reference  *string    `json:"reference,omitempty"`
	Currency   string     `json:"currency,omitempty"`
	Status     string     `json:"status,omitempty"`
	ScanID     ID         `json:"scanned_document_id,omitempty" doc:"The scan that it is made of: its file is attached to the bill"`
	Lines      []BillLine `json:"line_items"`
}

// BillLine is one line of a bill as a person writes it down.
type BillLine struct {
	PurchaseOrderLine
	OrderLineID *ID `json:"po_line_id,omitempty"`
}

// BillEdit is what a person wants changed of a bill; nil and "" leave a thing
// as it is.
type BillEdit struct {
	Date      Date       `json:"date,omitempty"`
	DueDate   *Date      `json:"due_date,omitempty"` // no date takes it away
	Number    string     `json:"bill_number,omitempty"`
	Reference *string    `json:"reference,omitempty"` // "" takes it away
	ProjectID **ID       `json:"-"`                   // a nil or empty id takes the bill off its project
	Status    string     `json:"status,omitempty"`
	Lines     []BillLine `json:"line_items,omitempty"` // unless nil, all lines it shall have
}

// OrderConversion says what of a purchase order to bill; without lines,
// everything that is not billed yet.
type OrderConversion struct {
	Date    Date             `json:"date,omitempty"` // today, unless given
	DueDate Date             `json:"due_date,omitempty"`
	Number  string           `json:"bill_number,omitempty"`
	ScanID  ID               `json:"scanned_document_id,omitempty" doc:"The scan of the supplier's invoice: its file is attached to the bill"`
	Lines   []ConversionLine `json:"lines,omitempty"`
}

// ConversionLine is how much of one line of an order to bill.
type ConversionLine struct {
	OrderLineID ID  `json:"po_line_id"`
	Quantity    *E4 `json:"quantity"` // all that is left, unless given
}

// billStatuses are the states that a person may move a bill through, in the
// order in which they follow each other. It is PAID by its payments.
var billStatuses = []string{StatusDraft, StatusSubmitted, StatusAuthorised}

// Validate brings ids and texts into their plain form and says what is wrong
// with the request by itself.
func (r *BillRequest) Validate() error {
	var f Faults
	if r.SupplierID = strings.TrimSpace(r.SupplierID); r.SupplierID == "" {
		f.Add("supplier_id", "Supplier is required")
	} else {
		checkID(&f, &r.SupplierID, "supplier_id")
	}
	for _, id := range []struct {
		place *ID
		field string
	}{{&r.OrderID, "purchase_order_id"}, {&r.ProjectID, "project_id"}, {&r.ScanID, "scanned_document_id"}} {
		if *id.place = strings.TrimSpace(*id.place); *id.place != "" {
			checkID(&f, id.place, id.field)
		}
	}
	f.Require(r.Date != "", "date", "Date is required")
	f.Require(r.DueDate == "" || r.Date == "" || r.DueDate >= r.Date, "due_date", "The due date lies before the bill's date")
	if r.Number = strings.TrimSpace(r.Number); r.Number != "" {
		checkNumber(&f, &r.Number, "bill_number")
	}
	checkReference(&f, &r.Reference)
	f.Require(r.Status == "" || slices.Contains(billStatuses, r.Status), "status", "The status of a new bill must be one of %s", strings.Join(billStatuses, ", "))
	checkBillLines(&f, r.Lines)
	return f.Err("")
}

func checkBillLines(f *Faults, lines []BillLine) {
	f.Require(len(lines) > 0, "line_items", "A bill needs at least one line")
	f.Require(len(lines) <= MaxLines, "line_items", "A bill holds at most %d lines", MaxLines)
	for n := range lines {
		field := fmt.Sprintf("line_items[%d]", n)
		lines[n].validate(f, field)
		optionalID(f, &lines[n].OrderLineID, field+".po_line_id")
	}
}

// DraftBill makes a bill of a valid request. order is the one that the request
// names, with what is billed of it by other bills; nil when it names none.
func DraftBill(r *BillRequest, supplier *Client, order *PurchaseOrder, currency string, terms BillingTerms) (Bill, error) {
	var f Faults
	f.Require(r.Currency == "" || strings.EqualFold(r.Currency, currency), "currency", "Bills are kept in %s", currency)
	b := Bill{
		Number: r.Number, SupplierID: &supplier.ID, Status: r.Status, Currency: currency, Date: r.Date, DueDate: r.DueDate,
	}
	if r.Reference != nil && *r.Reference != "" {
		b.Reference = r.Reference
	}
	if b.Status == "" {
		b.Status = StatusAuthorised
	}
	if b.DueDate == "" {
		b.DueDate = supplier.DueDate(r.Date)
	}
	if r.ProjectID != "" {
		b.ProjectID = &r.ProjectID
	}
	if order != nil {
		b.OrderID = &order.ID
		f.Require(order.SupplierID != nil && *order.SupplierID == supplier.ID, "supplier_id", "Purchase order %s was placed with another supplier", order.Number)
		if b.ProjectID == nil {
			b.ProjectID = order.ProjectID
		}
	}
	lines := billLines(&f, r.Lines, order, terms)
	if err := f.Err(""); err != nil {
		return Bill{}, err
	}
	if err := withinOrder(lines, order); err != nil {
		return Bill{}, err
	}
	return b, b.take(lines)
}

// billLines prices lines that are valid, and finds the line of the order that
// each is for: the one it names, or one of the same description and price.
func billLines(f *Faults, wanted []BillLine, order *PurchaseOrder, terms BillingTerms) []Line {
	lines := make([]Line, len(wanted))
	for n := range wanted {
		w, field := &wanted[n], fmt.Sprintf("line_items[%d]", n)
		lines[n] = w.price(f, field, terms)
		lines[n].OrderLineID = w.OrderLineID
		f.Require(w.OrderLineID == nil || order != nil && order.line(*w.OrderLineID) != nil, field+".po_line_id", "The purchase order has no such line")
	}
	if order == nil {
		return lines
	}
	left := map[ID]E4{}
	for _, o := range order.Lines {
		left[o.ID] = o.Quantity - o.Billed
	}
	for _, l := range lines {
		if l.OrderLineID != nil {
			left[*l.OrderLineID] -= l.Quantity
		}
	}
	for n := range lines {
		if lines[n].OrderLineID != nil {
			continue
		}
		for i := range order.Lines {
			o := &order.Lines[i]
			if o.Description == lines[n].Description && o.UnitPrice == lines[n].UnitPrice && left[o.ID] >= lines[n].Quantity {
				lines[n].OrderLineID = &o.ID
				left[o.ID] -= lines[n].Quantity
				break
			}
		}
	}
	return lines
}

// line finds a line of the order.
func (o *PurchaseOrder) line(id ID) *Line {
	for n := range o.Lines {
		if o.Lines[n].ID == id {
			return &o.Lines[n]
		}
	}
	return nil
}

// withinOrder refuses to bill more of an order's line than was ordered.
func withinOrder(lines []Line, order *PurchaseOrder) error {
	if order == nil {
		return nil
	}
	var f Faults
	wanted := map[ID]E4{}
	for n, l := range lines {
		if l.OrderLineID == nil {
			continue
		}
		wanted[*l.OrderLineID] += l.Quantity
		if o := order.line(*l.OrderLineID); wanted[o.ID] > o.Quantity-o.Billed {
			f.Add(fmt.Sprintf("line_items[%d].quantity", n), "Of %q %s were ordered and %s are billed already", o.Description, o.Quantity, o.Billed)
		}
	}
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: Conflict, Message: "This would bill more of purchase order " + order.Number + " than was ordered", Faults: f}
}

// take puts priced lines into the bill and adds them up.
func (b *Bill) take(lines []Line) error {
	subTotal, tax, total := Totals(lines)
	if total < 0 || total > MaxCents {
		return Refuse(Invalid, "The total of a bill must lie between 0 and %s; this one is %s", MaxCents, total)
	}
	if total < b.AmountPaid {
		return Refuse(Conflict, "%s of the bill has been paid already; its total cannot become %s", b.AmountPaid, total)
	}
	b.Lines, b.SubTotal, b.TotalTax, b.Total, b.AmountDue = lines, subTotal, tax, total, total-b.AmountPaid
	return nil
}

// Edit applies a person's changes to the bill and prices it anew, or says
// everything that is wrong with them. order is DraftBill's: what other bills
// have taken of it.
func (b *Bill) Edit(e *BillEdit, order *PurchaseOrder, terms BillingTerms) error {
	if e.Date == "" && e.DueDate == nil && e.Number == "" && e.Reference == nil && e.ProjectID == nil && e.Status == "" && e.Lines == nil {
		return Refuse(Invalid, "No updates provided: send a date, due_date, bill_number, reference, project_id, status or line_items")
	}
	if b.Status == StatusPaid || b.Status == StatusVoided || b.Status == StatusDeleted {
		return Refuse(Conflict, "Bill %s is %s and cannot be changed any more", b.Number, b.Status)
	}
	var f Faults
	next := *b
	if e.Date != "" {
		next.Date = e.Date
	}
	if e.DueDate != nil {
		next.DueDate = *e.DueDate
	}
	f.Require(next.DueDate == "" || next.DueDate >= next.Date, "due_date", "The due date lies before the bill's date")
	if e.Number != "" {
		next.Number = e.Number
		checkNumber(&f, &next.Number, "bill_number")
	}
	if e.Reference != nil {
		reference := *e.Reference
		next.Reference = &reference
		checkReference(&f, &next.Reference)
		if *next.Reference == "" {
			next.Reference = nil
		}
	}
	if e.ProjectID != nil {
		next.ProjectID = *e.ProjectID
		optionalID(&f, &next.ProjectID, "project_id")
	}
	if e.Status != "" {
		next.Status = e.Status
		checkBillStatus(&f, b.Status, e.Status)
	}
	var lines []Line
	if e.Lines != nil {
		checkBillLines(&f, e.Lines)
		if len(f) == 0 {
			lines = billLines(&f, e.Lines, order, terms)
		}
	}
	if err := f.Err(""); err != nil {
		return err
	}
	if e.Lines != nil {
		if err := withinOrder(lines, order); err != nil {
			return err
		}
		if err := next.take(lines); err != nil {
			return err
		}
	}
	*b = next
	return nil
}

func checkBillStatus(f *Faults, from, to string) {
	at, wanted := slices.Index(billStatuses, from), slices.Index(billStatuses, to)
	switch {
	case to == from:
	case to == StatusPaid:
		f.Add("status", "To mark a bill as paid, enter its payment")
	case to == StatusVoided || to == StatusDeleted:
		f.Add("status", "To void a bill, delete it")
	case wanted < 0:
		f.Add("status", "The status must be one of %s", strings.Join(billStatuses, ", "))
	case at < 0 || wanted < at:
		f.Add("status", "A bill that is %s cannot become %s again", from, to)
	}
}

// Bill makes of what is open of an order, or of the part that is asked for, the
// request of its bill.
func (o *PurchaseOrder) Bill(c *OrderConversion, today Date) (BillRequest, error) {
	r := BillRequest{OrderID: o.ID, Date: c.Date, DueDate: c.DueDate, Number: c.Number, ScanID: c.ScanID}
	if o.SupplierID != nil {
		r.SupplierID = *o.SupplierID
	}
	if r.Date == "" {
		r.Date = today
	}
	add := func(l *Line, quantity E4) {
		r.Lines = append(r.Lines, BillLine{
			PurchaseOrderLine: PurchaseOrderLine{
				Description: &l.Description, Quantity: &quantity, UnitAmount: &l.UnitPrice,
				AccountCode: l.AccountCode, CostCenterID: l.CostCenterID, ItemID: l.ItemID,
			},
			OrderLineID: &l.ID,
		})
	}
	if c.Lines == nil {
		for n := range o.Lines {
			if l := &o.Lines[n]; l.Quantity > l.Billed {
				add(l, l.Quantity-l.Billed)
			}
		}
		return r, nil
	}
	var f Faults
	f.Require(len(c.Lines) > 0, "lines", "Choose at least one line of the order")
	for n := range c.Lines {
		field := fmt.Sprintf("lines[%d]", n)
		checkID(&f, &c.Lines[n].OrderLineID, field+".po_line_id")
		l := o.line(c.Lines[n].OrderLineID)
		if l == nil {
			f.Add(field+".po_line_id", "The purchase order has no such line")
			continue
		}
		quantity := l.Quantity - l.Billed
		if c.Lines[n].Quantity != nil {
			quantity = *c.Lines[n].Quantity
			f.Require(quantity > 0, field+".quantity", "The quantity must be more than 0")
		} else {
			f.Require(quantity > 0, field+".quantity", "All of %q is billed already", l.Description)
		}
		add(l, quantity)
	}
	return r, f.Err("")
}
