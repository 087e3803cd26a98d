package fieldops

// CreditNote takes back a part of what an invoice asked for. What of it is not
// set against an invoice stays as the client's credit.
type CreditNote struct {
	ID               ID
	XeroCreditNoteID *string
	Number           string
	ClientID         *ID
	ClientName       string
	InvoiceID        *ID // what it was made for
	InvoiceNumber    *string
	Status           string
	Currency         string
	Date             Date
	Reason           *string
	SubTotal         Cents
	TotalTax         Cents
	Amount           Cents // with tax
	Allocated        Cents // of live invoices
	Lines            []Line
	Allocations      []Allocation
	CreatedAt        Time
	UpdatedAt        Time
	DeletedAt        Time
}

// Remaining is what is still to be set against an invoice.
func (n *CreditNote) Remaining() Cents { return n.Amount - n.Allocated }

// Allocation is the part of a credit note that was set against one invoice.
type Allocation struct {
	ID            ID     `json:"id"`
	CreditNoteID  ID     `json:"credit_note_id"`
	InvoiceID     ID     `json:"invoice_id"`
	InvoiceNumber string `json:"invoice_number"`
	Amount        Cents  `json:"amount"`
	Date          Date   `json:"date"`
	CreatedAt     Time   `json:"created_at"`
}

// CreditRequest is a credit note as a person wants it: an amount with tax, or
// lines, or neither for everything that is due.
type CreditRequest struct {
	InvoiceID   ID         `json:"invoice_id"`
	Amount      *Cents     `json:"amount,omitempty"`
	Lines       []SaleLine `json:"line_items,omitempty"`
	Date        Date       `json:"date,omitempty"` // the firm's today
	Reason      *string    `json:"reason,omitempty"`
	Description *string    `json:"description,omitempty"`
	Currency    string     `json:"currency,omitempty"`
}

// Validate says everything that is wrong with the request by itself.
func (r *CreditRequest) Validate(settings Settings, terms BillingTerms) error {
	var f Faults
	r.InvoiceID = requiredID(&f, r.InvoiceID, "invoice_id", "Invoice")
	if r.Amount != nil {
		checkAmount(&f, *r.Amount, "amount")
		f.Require(r.Lines == nil, "line_items", "Send an amount or lines, not both")
	}
	if r.Date == "" {
		r.Date = terms.Today
	}
	checkDay(&f, r.Date, "date", "Date", terms.Today)
	wording(&f, r.Reason, &r.Reason, "reason", 1000)
	wording(&f, r.Description, &r.Description, "description", MaxDescription)
	f.Require(r.Currency == "" || r.Currency == settings.Currency, "currency", "Credit notes are in %s", settings.Currency)
	if r.Lines != nil {
		saleLines(&f, r.Lines, terms)
	}
	return f.Err("")
}

// Credit makes the credit note that a valid request wants of an invoice of which
// credited was credited before.
func (i *Invoice) Credit(r *CreditRequest, credited Cents, terms BillingTerms) (CreditNote, error) {
	n := CreditNote{
		ClientID: i.ClientID, ClientName: i.ClientName, InvoiceID: &i.ID, InvoiceNumber: &i.Number,
		Status: StatusAuthorised, Currency: i.Currency, Date: r.Date, Reason: r.Reason,
	}
	amount := i.AmountDue
	switch {
	case r.Lines != nil:
		var f Faults
		n.Lines = saleLines(&f, r.Lines, terms)
		if err := f.Err(""); err != nil {
			return n, err
		}
		_, _, amount = Totals(n.Lines)
	case r.Amount != nil:
		amount = *r.Amount
	case amount == 0:
		return n, Refuse(Conflict, "Nothing is due of invoice %s; say which amount to credit", i.Number)
	}
	if amount <= 0 {
		return n, Refuse(Invalid, "The credit must be more than 0; this one is %s", amount)
	}
	if left := i.Total - credited; amount > left {
		refusal := Refuse(Conflict, "Invoice %s was for %s, of which %s can still be credited", i.Number, i.Total, left)
		refusal.Details = map[string]any{"creditable": left}
		return n, refusal
	}
	if n.Lines == nil {
		n.Lines = shareOf(i, amount, creditText(r, i.Number))
	}
	n.SubTotal, n.TotalTax, n.Amount = Totals(n.Lines)
	return n, nil
}

func creditText(r *CreditRequest, number string) string {
	for _, s := range []*string{r.Description, r.Reason} {
		if s != nil {
			return *s
		}
	}
	return "Credit for invoice " + number
}

// shareOf splits an amount with tax into lines by the tax of the invoice's own,
// in their proportion, to the cent: the whole invoice gives its own tax back.
func shareOf(i *Invoice, amount Cents, description string) []Line {
	type kind struct {
		account, taxType string
		rate             TaxRate
	}
	type group struct {
		kind
		gross, tax Cents
	}
	var groups []group
next:
	for _, l := range i.Lines {
		k := kind{l.AccountCode, l.TaxType, l.TaxRate}
		for n := range groups {
			if groups[n].kind == k {
				groups[n].gross += l.Amount + l.Tax
				groups[n].tax += l.Tax
				continue next
			}
		}
		groups = append(groups, group{k, l.Amount + l.Tax, l.Tax})
	}
	var lines []Line
	var seen, given Cents // of the invoice, and of the amount
	for _, g := range groups {
		seen += g.gross
		upTo, _ := mulDivRound(int64(amount), int64(seen), int64(i.Total))
		gross := Cents(upTo) - given
		given = Cents(upTo)
		if gross == 0 {
			continue
		}
		tax, _ := mulDivRound(int64(g.tax)*sign(g.gross), int64(gross), int64(g.gross)*sign(g.gross))
		net := gross - Cents(tax)
		text := description
		if len(groups) > 1 {
			text = cut(description, MaxDescription-20) + " (" + g.rate.String() + "% tax)"
		}
		lines = append(lines, Line{
			Description: text, Quantity: 1_0000, UnitPrice: E4(net) * 100, AccountCode: g.account, TaxType: g.taxType, TaxRate: g.rate,
			Amount: net, Tax: Cents(tax),
		})
	}
	return lines
}

func sign(c Cents) int64 {
	if c < 0 {
		return -1
	}
	return 1
}
