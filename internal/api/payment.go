package api

import (
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type paymentInput struct {
	InvoiceID   *string        `json:"invoice_id,omitempty"`
	BillID      *string        `json:"bill_id,omitempty"`
	Amount      fieldops.Cents `json:"amount"`
	Date        fieldops.Date  `json:"payment_date"`
	Method      string         `json:"payment_method" enum:"CASH,CHECK,BANK_TRANSFER,CREDIT_CARD,ONLINE"`
	Reference   *string        `json:"reference,omitempty"`
	AccountCode *string        `json:"account_code,omitempty"`
	Currency    string         `json:"currency,omitempty"`
}

type createPaymentInput struct {
	Body paymentInput
}

func (a *api) createPayment(r *request, in *createPaymentInput) (fieldops.Payment, error) {
	b := &in.Body
	var f fieldops.Faults
	p := fieldops.Payment{
		InvoiceID: idOf(b.InvoiceID, "invoice_id", &f), BillID: idOf(b.BillID, "bill_id", &f), Amount: b.Amount,
		Date: b.Date, Method: b.Method, Reference: b.Reference, AccountCode: b.AccountCode, Currency: b.Currency,
	}
	if err := f.Err(""); err != nil {
		return p, err
	}
	ctx := r.Context()
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		kept := p
		if err := tx.InsertPayment(ctx, &kept); err != nil {
			return err
		}
		var err error
		if kept, err = tx.Payment(ctx, kept.ID); err != nil {
			return err
		}
		p = kept
		return r.keep(tx, p)
	})
	return p, err
}

type listPaymentsInput struct {
	InvoiceID fieldops.ID   `query:"invoice_id" format:"uuid"`
	BillID    fieldops.ID   `query:"bill_id" format:"uuid"`
	ClientID  fieldops.ID   `query:"client_id" format:"uuid"`
	Method    string        `query:"payment_method" enum:"CASH,CHECK,BANK_TRANSFER,CREDIT_CARD,ONLINE"`
	From      fieldops.Date `query:"date_from"`
	To        fieldops.Date `query:"date_to"`
	listQuery
}

func (a *api) listPayments(r *request, in *listPaymentsInput) ([]fieldops.Payment, error) {
	limit, date, id, err := in.place()
	if err != nil {
		return nil, err
	}
	payments, err := a.DB.Payments(r.Context(), store.PaymentFilter{
		InvoiceID: in.InvoiceID, BillID: in.BillID, ClientID: in.ClientID, Method: in.Method, From: in.From, To: in.To,
		Limit: limit, AfterDate: date, AfterID: id,
	})
	if n := len(payments); n > 0 {
		r.linkNext(n == limit, payments[n-1].Date, payments[n-1].ID)
	}
	return payments, err
}

func (a *api) getPayment(r *request, in *byID) (fieldops.Payment, error) {
	return a.DB.Payment(r.Context(), in.ID)
}

type markPaidInput struct {
	byID
	Body struct {
		Amount      *fieldops.Cents `json:"amount,omitempty"` // everything that is due
		Date        fieldops.Date   `json:"payment_date,omitempty"`
		Method      string          `json:"payment_method,omitempty" enum:"CASH,CHECK,BANK_TRANSFER,CREDIT_CARD,ONLINE"`
		Reference   *string         `json:"reference,omitempty"`
		AccountCode *string         `json:"account_code,omitempty"`
	}
}

// markPaid keeps a payment of an invoice: of everything that is due, today, by
// bank transfer, unless told otherwise.
func (a *api) markPaid(r *request, in *markPaidInput) (invoiceAnswer, error) {
	b := &in.Body
	invoice, err := a.Billing.MarkPaid(r.Context(), r.Actor, in.ID, fieldops.Payment{
		Date: b.Date, Method: b.Method, Reference: b.Reference, AccountCode: b.AccountCode,
	}, b.Amount, r.ifMatch)
	if err != nil {
		return invoiceAnswer{}, err
	}
	view, err := a.Billing.ShowInvoice(r.Context(), invoice)
	r.Header.Set("ETag", etag(invoice.UpdatedAt))
	return showInvoice(&view), err
}
