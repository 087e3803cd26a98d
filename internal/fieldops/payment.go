package fieldops

import (
	"slices"
	"strings"
)

// PaymentMethods are the ways in which money arrives or leaves.
var PaymentMethods = []string{"CASH", "CHECK", "BANK_TRANSFER", "CREDIT_CARD", "ONLINE"}

// BankTransfer is how most money moves, and so what is assumed.
const BankTransfer = "BANK_TRANSFER"

// Payment is money that a client has paid for an invoice, or that we have paid
// for a bill. One of both ids is set.
type Payment struct {
	ID            ID      `json:"id"`
	XeroPaymentID *string `json:"xero_payment_id"`
	InvoiceID     *ID     `json:"invoice_id"`
	BillID        *ID     `json:"bill_id"`
	Amount        Cents   `json:"amount"`
	Date          Date    `json:"payment_date"`
	Method        string  `json:"payment_method" enum:"CASH,CHECK,BANK_TRANSFER,CREDIT_CARD,ONLINE"`
	Reference     *string `json:"reference"`
	AccountCode   *string `json:"account_code"`
	Currency      string  `json:"currency"`
	CreatedAt     Time    `json:"created_at"`
	UpdatedAt     Time    `json:"updated_at"`
	DeletedAt     Time    `json:"deleted_at"`

	// Joined in for display.
	InvoiceNumber *string `json:"invoice_number"`
	BillNumber    *string `json:"bill_number"`
	ClientID      *ID     `json:"client_id"` // of a bill's payment: the supplier
	ClientName    string  `json:"client_name"`
}

// Check brings the payment's texts into their plain form and says everything
// that is wrong with it by itself. today is the firm's: money of tomorrow may be
// written today, for those who are ahead of the firm's zone.
func (p *Payment) Check(today Date, currency string) error {
	var f Faults
	f.Require(p.InvoiceID != nil || p.BillID != nil, "invoice_id", "Say which invoice or bill was paid")
	f.Require(p.InvoiceID == nil || p.BillID == nil, "bill_id", "A payment is for an invoice or for a bill, not for both")
	checkAmount(&f, p.Amount, "amount")
	checkDay(&f, p.Date, "payment_date", "Payment date", today)
	f.Require(slices.Contains(PaymentMethods, p.Method), "payment_method", "The payment method must be one of %s", strings.Join(PaymentMethods, ", "))
	checkReference(&f, &p.Reference)
	if p.Reference != nil && *p.Reference == "" {
		p.Reference = nil
	}
	if p.AccountCode != nil {
		checkAccount(&f, p.AccountCode, "account_code")
		if *p.AccountCode == "" {
			p.AccountCode = nil
		}
	}
	if p.Currency == "" {
		p.Currency = currency
	}
	f.Require(p.Currency == currency, "currency", "Payments are in %s", currency)
	return f.Err("")
}

func checkAmount(f *Faults, amount Cents, field string) {
	f.Require(amount > 0, field, "The amount must be more than 0")
	f.Require(amount <= MaxCents, field, "The amount is more than an amount can be")
}

func checkDay(f *Faults, d Date, field, label string, today Date) {
	if d == "" {
		f.Add(field, "%s is required", label)
		return
	}
	f.Require(d <= today.AddDays(1), field, "%s must not be in the future", label)
	f.Require(d >= "2000-01-01", field, "%s must not be before 2000", label)
}

// Settlement is how much of an invoice or a bill is paid or credited.
type Settlement struct {
	Paid, Due Cents // add up to the document's total
	Status    string
}

// Settle says how a document of a total stands when payments and credits of an
// amount are kept for it here, and remote is what the accounting provider has as
// settled. Until payments travel there nobody can tell whether both are the same
// money, so the larger counts. status is the one it had.
//
// Money that was taken for a draft says that it was issued: it counts as
// authorised from then on, here, whatever it is at the provider.
func Settle(total, here, remote Cents, status string) Settlement {
	s := Settlement{Paid: min(max(here, remote), total), Status: status}
	s.Due = total - s.Paid
	switch status {
	case StatusDraft, StatusSubmitted, StatusAuthorised, StatusPaid:
	default:
		return s
	}
	switch {
	case total == 0: // nothing to pay: only the provider can say that it is
	case s.Due == 0:
		s.Status = StatusPaid
	case s.Paid > 0 || status == StatusPaid:
		s.Status = StatusAuthorised
	}
	return s
}

// The states of payment, which are shown beside an invoice's own status.
const (
	NotPaid       = "unpaid"
	PartiallyPaid = "partially_paid"
	FullyPaid     = "paid"
)

// PaymentStatus says how much of the invoice is paid or credited.
func (i *Invoice) PaymentStatus() string {
	switch {
	case i.Status == StatusPaid:
		return FullyPaid
	case i.AmountPaid > 0:
		return PartiallyPaid
	}
	return NotPaid
}
