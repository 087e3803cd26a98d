package xerosim

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// payment is money against an invoice, a bill or a credit note (a refund).
// Payments are never edited, only deleted.
type payment struct {
	id         string
	document   *document
	account    *account
	date       day
	amount     *big.Rat
	rate       *big.Rat
	reference  string
	status     string // AUTHORISED or DELETED
	reconciled bool
	updated    time.Time
}

func (p *payment) key() string          { return p.id }
func (p *payment) updatedAt() time.Time { return p.updated }

func (p *payment) paymentType() string {
	switch p.document.typ {
	case typeACCREC:
		return "ACCRECPAYMENT"
	case typeACCPAY:
		return "ACCPAYPAYMENT"
	case typeACCRECCREDIT:
		return "ARCREDITPAYMENT"
	default:
		return "APCREDITPAYMENT"
	}
}

func (p *payment) render(_ *organisation, _ view) object {
	d := p.document
	about := object{
		"Type": d.typ, d.kind.idName: d.id, d.kind.numberName: d.number, "CurrencyCode": d.currency, "HasErrors": false,
		"LineItems": []object{}, "Contact": d.contact.stub(),
	}
	return object{
		"PaymentID": p.id, d.kind.singular: about, "Account": object{"AccountID": p.account.id, "Code": p.account.code, "Name": p.account.name},
		"Date": msDate(p.date.at()), "Amount": number(p.amount, 2), "BankAmount": number(p.amount, 2), "CurrencyRate": number(p.rate, 10),
		"Reference": p.reference, "Status": p.status, "PaymentType": p.paymentType(), "IsReconciled": p.reconciled,
		"HasAccount": true, "HasValidationErrors": false,
		"UpdatedDateUTC": msDate(p.updated), "UpdatedDateUTCString": p.updated.Format(time.RFC3339),
	}
}

func (o *organisation) payment(id string) *payment {
	for _, p := range o.payments {
		if p.id == id {
			return p
		}
	}
	return nil
}

// paymentInput is a payment of a request.
type paymentInput struct {
	id, status             string
	targets                int
	kind                   *kind
	targetID, targetNumber string
	account, accountID     string
	hasAccount             bool
	date                   day
	amount, rate           *big.Rat
	reference              string
	reconciled             bool
}

func preparePayment(f fields) apply {
	in := paymentInput{}
	in.id, _ = f.id("PaymentID")
	in.status, _ = f.enum("Status", "AUTHORISED", "DELETED")
	for _, k := range []*kind{invoices, creditNotes} {
		if target, given := f.object(k.singular); given {
			in.targets++
			in.kind = k
			in.targetID, _ = target.id(k.idName)
			in.targetNumber, _ = target.text(k.numberName)
		} else if n, given := f.text(k.numberName); given && n != "" {
			in.targets++
			in.kind, in.targetNumber = k, n
		}
	}
	if account, given := f.object("Account"); given {
		in.hasAccount = true
		in.account, _ = account.text("Code")
		in.accountID, _ = account.id("AccountID")
	} else if code, given := f.text("Code"); given {
		in.hasAccount, in.account = true, code
	}
	in.date, _ = f.day("Date")
	in.amount, in.rate = f.number("Amount"), f.number("CurrencyRate")
	in.reference, _ = f.text("Reference")
	in.reconciled, _ = f.flag("IsReconciled")

	return func(tx *transaction) (record, []string) {
		self, _ := tx.target.(*payment)
		if self == nil && in.id != "" {
			if self = tx.org.payment(in.id); self == nil {
				return nil, []string{"The document with the supplied id was not found for this endpoint."}
			}
		}
		if self != nil {
			if in.status != "DELETED" || self.status == "DELETED" {
				return self, []string{"Payment not of valid status for modification"}
			}
			return self, tx.org.deletePayment(self, tx)
		}
		return tx.org.createPayment(in, tx)
	}
}

func (o *organisation) createPayment(in paymentInput, tx *transaction) (record, []string) {
	if in.targets != 1 {
		return nil, []string{"Exactly one of Invoice, CreditNote, Prepayment or Overpayment must be specified"}
	}
	var d *document
	if in.targetID != "" {
		d = o.document(in.kind, in.targetID)
	} else if in.targetNumber != "" {
		d = o.numberedDocument(in.kind, in.targetNumber)
	}
	if d == nil {
		return nil, []string{in.kind.singular + " could not be found"}
	}
	var problems []string
	refuse := func(text string) { problems = append(problems, text) }
	if d.status != "AUTHORISED" {
		refuse("Payments can only be made against Authorised documents")
	}
	var account *account
	if in.accountID != "" {
		account = o.accountByID(in.accountID)
	} else if in.account != "" {
		account = o.accountByCode(in.account)
	}
	switch {
	case !in.hasAccount:
		refuse("Account must be specified")
	case account == nil || account.status != "ACTIVE":
		refuse("Account could not be found")
	case account.typ != "BANK" && !account.payments:
		refuse(fmt.Sprintf("Account code '%s' is not a valid account for payments: it must be a bank account or have payments enabled", account.code))
	}
	if in.date == "" {
		in.date = o.today()
	}
	if text := o.lockedOn(in.date); text != "" {
		refuse(text)
	}
	switch {
	case in.amount == nil || roundTo(in.amount, 2).Sign() <= 0:
		refuse("Payment amount must be greater than zero")
	case d.status == "AUTHORISED" && roundTo(in.amount, 2).Cmp(d.due()) > 0:
		refuse("Payment amount exceeds the amount outstanding on this document")
	}
	if len(problems) > 0 {
		return nil, problems
	}
	p := &payment{
		id: newID(), document: d, account: account, date: in.date, amount: roundTo(in.amount, 2), rate: d.rate,
		reference: in.reference, status: "AUTHORISED", reconciled: in.reconciled, updated: tx.now,
	}
	if in.rate != nil && in.rate.Sign() > 0 {
		p.rate = in.rate
	}
	o.payments = append(o.payments, p)
	d.payments = append(d.payments, p)
	d.paid = add(d.paid, p.amount)
	d.settle(p.date, tx.now)
	o.note(p.id, tx, "Created", "Payment of "+string(number(p.amount, 2)))
	o.note(d.id, tx, "Paid", strings.TrimSpace("Payment of "+string(number(p.amount, 2))+" "+p.reference))
	return p, nil
}

func (o *organisation) deletePayment(p *payment, tx *transaction) []string {
	if text := o.lockedOn(p.date); text != "" {
		return []string{text}
	}
	p.status, p.updated = "DELETED", tx.now
	p.document.paid = sub(p.document.paid, p.amount)
	p.document.settle("", tx.now)
	o.note(p.id, tx, "Deleted", "Payment has been deleted")
	o.note(p.document.id, tx, "Payment deleted", "Payment of "+string(number(p.amount, 2))+" has been deleted")
	return nil
}

// prepareAllocation reads an allocation of PUT /CreditNotes/{id}/Allocations.
func prepareAllocation(note *document) prepare {
	return func(f fields) apply {
		target, _ := f.object("Invoice")
		id, _ := target.id("InvoiceID")
		amount := f.number("Amount")
		date, _ := f.day("Date")
		return func(tx *transaction) (record, []string) {
			o := tx.org
			invoice := o.document(invoices, id)
			wanted := typeACCREC
			if note.typ == typeACCPAYCREDIT {
				wanted = typeACCPAY
			}
			switch {
			case note.status != "AUTHORISED":
				return nil, []string{"Credit Note not of valid status for allocation"}
			case invoice == nil || invoice.typ != wanted || invoice.contact != note.contact:
				return nil, []string{"The invoice to allocate to could not be found for the contact of this credit note"}
			case invoice.status != "AUTHORISED":
				return nil, []string{"Credit can only be allocated to Authorised invoices"}
			case amount == nil || roundTo(amount, 2).Sign() <= 0:
				return nil, []string{"The amount to allocate must be greater than zero"}
			case roundTo(amount, 2).Cmp(invoice.due()) > 0:
				return nil, []string{"The amount to allocate exceeds the amount outstanding on the invoice"}
			case roundTo(amount, 2).Cmp(note.due()) > 0:
				return nil, []string{"The amount to allocate exceeds the remaining credit"}
			}
			if date == "" {
				date = o.today()
			}
			made := &allocation{id: newID(), note: note, invoice: invoice, amount: roundTo(amount, 2), date: date}
			note.allocations = append(note.allocations, made)
			invoice.credits = append(invoice.credits, made)
			note.credited = add(note.credited, made.amount)
			invoice.credited = add(invoice.credited, made.amount)
			note.settle(date, tx.now)
			invoice.settle(date, tx.now)
			return allocationRecord{made, tx.now}, nil
		}
	}
}

// allocationRecord lets an allocation be answered like any other record.
type allocationRecord struct {
	*allocation
	updated time.Time
}

func (a allocationRecord) key() string                       { return a.id }
func (a allocationRecord) updatedAt() time.Time              { return a.updated }
func (a allocationRecord) render(*organisation, view) object { return a.allocation.render() }
