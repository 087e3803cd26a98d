package fieldops

import "fmt"

// SaleLine is one line that a person types into an invoice, a quote or a credit
// note. An Amount without a unit price stands for one piece of that price;
// beside both figures it must be what they make.
type SaleLine struct {
	Description *string `json:"description"`
	Quantity    *E4     `json:"quantity,omitempty"`
	UnitPrice   *E4     `json:"unit_price,omitempty"`
	Amount      *Cents  `json:"amount,omitempty"`
	AccountCode string  `json:"account_code,omitempty"`
	ItemID      *ID     `json:"item_id,omitempty"`
}

// saleLines prices lines that were typed in, or notes all that is wrong with
// them.
func saleLines(f *Faults, wanted []SaleLine, terms BillingTerms) []Line {
	const list = "line_items"
	f.Require(len(wanted) > 0, list, "At least one line is needed")
	f.Require(len(wanted) <= MaxLines, list, "At most %d lines fit", MaxLines)
	lines := make([]Line, 0, len(wanted))
	for n := range wanted {
		w, field := wanted[n], fmt.Sprintf("%s[%d]", list, n)
		checkDescription(f, &w.Description, field+".description")
		checkAccount(f, &w.AccountCode, field+".account_code")
		optionalID(f, &w.ItemID, field+".item_id")
		if w.Quantity == nil {
			one := E4(1_0000)
			w.Quantity = &one
		}
		if w.UnitPrice == nil && w.Amount != nil && *w.Quantity == 1_0000 && *w.Amount >= -MaxCents && *w.Amount <= MaxCents {
			price := E4(*w.Amount) * 100
			w.UnitPrice = &price
		}
		checkQuantity(f, w.Quantity, field+".quantity")
		checkPrice(f, w.UnitPrice, field+".unit_price")
		if w.UnitPrice == nil {
			continue
		}
		l := Line{Description: *w.Description, Quantity: *w.Quantity, UnitPrice: *w.UnitPrice, AccountCode: w.AccountCode, ItemID: w.ItemID}
		if l.AccountCode == "" {
			l.AccountCode = terms.Account
		}
		l.TaxType, l.TaxRate = terms.TaxOf(l.AccountCode)
		if err := l.Price(); err != nil {
			f.Add(field+".quantity", "%s", err)
		}
		f.Require(w.Amount == nil || *w.Amount == l.Amount, field+".amount", "%s × %s is %s", l.Quantity, l.UnitPrice, l.Amount)
		lines = append(lines, l)
	}
	return lines
}

// checkTotal refuses a document that would owe the client something.
func checkTotal(total Cents) error {
	if total < 0 || total > MaxCents {
		return Refuse(Invalid, "The total must lie between 0 and %s; this one is %s", MaxCents, total)
	}
	return nil
}

// ManualInvoice is an invoice as a person types it, without timesheets.
type ManualInvoice struct {
	ClientID  ID         `json:"client_id"`
	ProjectID *ID        `json:"project_id,omitempty"`
	Lines     []SaleLine `json:"line_items"`
	IssueDate Date       `json:"issue_date,omitempty"` // the firm's today
	DueDate   Date       `json:"due_date,omitempty"`   // by the client's terms
	Reference *string    `json:"reference,omitempty"`
	Number    string     `json:"invoice_number,omitempty"`
	Currency  string     `json:"currency,omitempty"`
}

// Draft makes an invoice of what was typed, or says everything that is wrong
// with it by itself. Whether the records it names exist is for the caller to
// find out; so is the due date where none was sent.
func (m *ManualInvoice) Draft(settings Settings, terms BillingTerms) (Invoice, error) {
	var f Faults
	m.ClientID = requiredID(&f, m.ClientID, "client_id", "Client")
	optionalID(&f, &m.ProjectID, "project_id")
	if m.IssueDate == "" {
		m.IssueDate = terms.Today
	}
	f.Require(m.IssueDate >= "2000-01-01", "issue_date", "The issue date must not be before 2000")
	f.Require(m.DueDate == "" || m.DueDate >= m.IssueDate, "due_date", "The due date lies before the issue date, %s", m.IssueDate)
	if m.Number != "" {
		checkNumber(&f, &m.Number, "invoice_number")
	}
	checkReference(&f, &m.Reference)
	f.Require(m.Currency == "" || m.Currency == settings.Currency, "currency", "Invoices are in %s", settings.Currency)
	i := Invoice{
		Number: m.Number, ClientID: &m.ClientID, ProjectID: m.ProjectID, Status: settings.InvoiceStatus, Currency: settings.Currency,
		IssueDate: m.IssueDate, DueDate: m.DueDate, Reference: filled(m.Reference), Lines: saleLines(&f, m.Lines, terms),
	}
	if err := f.Err(""); err != nil {
		return i, err
	}
	i.SubTotal, i.TotalTax, i.Total = Totals(i.Lines)
	i.AmountDue = i.Total
	return i, checkTotal(i.Total)
}

func requiredID(f *Faults, id ID, field, label string) ID {
	p := &id
	optionalID(f, &p, field)
	if p == nil {
		f.Add(field, "%s is required", label)
		return ""
	}
	return *p
}

// filled is a text, nil when there is none.
func filled(s *string) *string {
	if s != nil && *s == "" {
		return nil
	}
	return s
}
