package api

import (
	"net/http"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type creditNoteAnswer struct {
	ID               fieldops.ID           `json:"id"`
	CreditNoteNumber string                `json:"credit_note_number"`
	XeroCreditNoteID *string               `json:"xero_credit_note_id"`
	ClientID         *fieldops.ID          `json:"client_id"`
	ClientName       string                `json:"client_name"`
	InvoiceID        *fieldops.ID          `json:"invoice_id"` // what it was made for
	InvoiceNumber    *string               `json:"invoice_number"`
	Status           string                `json:"status" enum:"DRAFT,SUBMITTED,AUTHORISED,PAID,VOIDED,DELETED"`
	Subtotal         fieldops.Cents        `json:"subtotal"`
	TotalTax         fieldops.Cents        `json:"total_tax"`
	Amount           fieldops.Cents        `json:"amount"` // with tax
	RemainingCredit  fieldops.Cents        `json:"remaining_credit"`
	Currency         string                `json:"currency"`
	Date             fieldops.Date         `json:"date"`
	Reason           *string               `json:"reason"`
	LineItems        []invoiceLineAnswer   `json:"line_items"`
	Allocations      []fieldops.Allocation `json:"allocations"`
	CreatedAt        fieldops.Time         `json:"created_at"`
	UpdatedAt        fieldops.Time         `json:"updated_at"`
	DeletedAt        fieldops.Time         `json:"deleted_at"`
}

func showCreditNote(n *fieldops.CreditNote) creditNoteAnswer {
	answer := creditNoteAnswer{
		ID: n.ID, CreditNoteNumber: n.Number, XeroCreditNoteID: n.XeroCreditNoteID, ClientID: n.ClientID, ClientName: n.ClientName,
		InvoiceID: n.InvoiceID, InvoiceNumber: n.InvoiceNumber, Status: n.Status, Subtotal: n.SubTotal, TotalTax: n.TotalTax, Amount: n.Amount,
		RemainingCredit: n.Remaining(), Currency: n.Currency, Date: n.Date, Reason: n.Reason,
		LineItems: make([]invoiceLineAnswer, len(n.Lines)), Allocations: n.Allocations,
		CreatedAt: n.CreatedAt, UpdatedAt: n.UpdatedAt, DeletedAt: n.DeletedAt,
	}
	if answer.Allocations == nil {
		answer.Allocations = []fieldops.Allocation{}
	}
	for i := range n.Lines {
		answer.LineItems[i] = showLine(&n.Lines[i])
	}
	return answer
}

type createCreditNoteInput struct {
	Body fieldops.CreditRequest
}

func (a *api) createCreditNote(r *request, in *createCreditNoteInput) (creditNoteAnswer, error) {
	var answer creditNoteAnswer
	_, err := a.Billing.Credit(r.Context(), r.Actor, in.Body, func(tx *store.Tx, n fieldops.CreditNote) error {
		answer = showCreditNote(&n)
		return r.keep(tx, answer)
	})
	return answer, err
}

type listCreditNotesInput struct {
	InvoiceID fieldops.ID   `query:"invoice_id" format:"uuid"`
	ClientID  fieldops.ID   `query:"client_id" format:"uuid"`
	Status    string        `query:"status" enum:"DRAFT,SUBMITTED,AUTHORISED,PAID,VOIDED,DELETED"`
	Search    string        `query:"search" doc:"Words in number, reason or client"`
	DateFrom  fieldops.Date `query:"date_from"`
	DateTo    fieldops.Date `query:"date_to"`
	listQuery
}

func (a *api) listCreditNotes(r *request, in *listCreditNotesInput) ([]creditNoteAnswer, error) {
	limit, date, id, err := in.place()
	if err != nil {
		return nil, err
	}
	notes, err := a.DB.CreditNotes(r.Context(), store.DocumentFilter{
		Status: in.Status, ClientID: in.ClientID, Search: in.Search, From: in.DateFrom, To: in.DateTo, Limit: limit, AfterDate: date, AfterID: id,
	}, in.InvoiceID)
	answer := make([]creditNoteAnswer, len(notes))
	for n := range notes {
		answer[n] = showCreditNote(&notes[n])
	}
	if n := len(notes); n > 0 {
		r.linkNext(n == limit, notes[n-1].Date, notes[n-1].ID)
	}
	return answer, err
}

func (a *api) getCreditNote(r *request, in *byID) (creditNoteAnswer, error) {
	note, err := a.DB.CreditNote(r.Context(), in.ID)
	return showCreditNote(&note), err
}

type applyCreditNoteInput struct {
	byID
	Body struct {
		InvoiceID *string         `json:"invoice_id"`
		Amount    *fieldops.Cents `json:"amount,omitempty"` // as much as fits
	}
}

type appliedAnswer struct {
	creditNoteAnswer
	Success bool   `json:"success"`
	Message string `json:"message"`
}

func (a *api) applyCreditNote(r *request, in *applyCreditNoteInput) (appliedAnswer, error) {
	var f fieldops.Faults
	invoice := idOf(in.Body.InvoiceID, "invoice_id", &f)
	f.Require(invoice != nil || len(f) > 0, "invoice_id", "Invoice is required")
	if err := f.Err(""); err != nil {
		return appliedAnswer{}, err
	}
	note, err := a.Billing.ApplyCredit(r.Context(), r.Actor, in.ID, *invoice, in.Body.Amount)
	return appliedAnswer{showCreditNote(&note), true, "Credit note applied"}, err
}

type unapplyCreditNoteInput struct {
	byID
	Body struct {
		AllocationID *string `json:"allocation_id"`
	}
}

func (a *api) unapplyCreditNote(r *request, in *unapplyCreditNoteInput) (appliedAnswer, error) {
	var f fieldops.Faults
	allocation := idOf(in.Body.AllocationID, "allocation_id", &f)
	f.Require(allocation != nil || len(f) > 0, "allocation_id", "Say which allocation")
	if err := f.Err(""); err != nil {
		return appliedAnswer{}, err
	}
	note, err := a.Billing.UnapplyCredit(r.Context(), r.Actor, in.ID, *allocation)
	return appliedAnswer{showCreditNote(&note), true, "Credit note taken off the invoice"}, err
}

func (a *api) creditNotePDF(w http.ResponseWriter, r *request) error {
	return servePDF(w, r, "Credit note", a.Billing.CreditNotePDF)
}
