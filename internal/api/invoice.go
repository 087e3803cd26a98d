package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// syncAnswer is how a document stands on its way to Xero.
type syncAnswer struct {
	store.SyncState
	SyncWarning *string         `json:"sync_warning"`
	XeroTotal   *fieldops.Cents `json:"xero_total"`
	XeroURL     *string         `json:"xero_url"` // shows the document in Xero
	SyncedAt    fieldops.Time   `json:"synced_at"`
}

func showSync(d billing.Document, warning *string, total *fieldops.Cents, synced fieldops.Time) syncAnswer {
	return syncAnswer{SyncState: d.SyncState, SyncWarning: warning, XeroTotal: total, XeroURL: text(&d.URL), SyncedAt: synced}
}

type invoiceAnswer struct {
	ID                fieldops.ID         `json:"id"`
	InvoiceNumber     string              `json:"invoice_number"`
	XeroInvoiceID     *string             `json:"xero_invoice_id"`
	ClientID          *fieldops.ID        `json:"client_id"`
	ClientName        string              `json:"client_name"`
	ProjectID         *fieldops.ID        `json:"project_id"`
	ProjectName       *string             `json:"project_name"`
	Status            string              `json:"status" enum:"DRAFT,SUBMITTED,AUTHORISED,PAID,VOIDED,DELETED"`
	Subtotal          fieldops.Cents      `json:"subtotal"`
	TotalTax          fieldops.Cents      `json:"total_tax"`
	Total             fieldops.Cents      `json:"total"`
	AmountDue         fieldops.Cents      `json:"amount_due"`
	AmountPaid        fieldops.Cents      `json:"amount_paid"` // or credited
	PaymentStatus     string              `json:"payment_status" enum:"unpaid,partially_paid,paid"`
	LastPaymentDate   fieldops.Date       `json:"last_payment_date"`
	SentAt            fieldops.Time       `json:"sent_at"` // by mail
	SentTo            *string             `json:"sent_to"`
	CopyOf            *fieldops.ID        `json:"copy_of"` // the invoice that it replaces
	Currency          string              `json:"currency"`
	IssueDate         fieldops.Date       `json:"issue_date"`
	DueDate           fieldops.Date       `json:"due_date"`
	Reference         *string             `json:"reference"`
	LineItems         []invoiceLineAnswer `json:"line_items"`
	TimesheetsCount   int                 `json:"timesheets_count"`
	CreatedAt         fieldops.Time       `json:"created_at"`
	UpdatedAt         fieldops.Time       `json:"updated_at"`
	DeletedAt         fieldops.Time       `json:"deleted_at"`
	ScannedDocumentID *fieldops.ID        `json:"scanned_document_id"`
	syncAnswer
}

type invoiceLineAnswer struct {
	ID           fieldops.ID      `json:"id"`
	Description  string           `json:"description"`
	Quantity     fieldops.E4      `json:"quantity"`
	UnitPrice    fieldops.E4      `json:"unit_price"`
	Amount       fieldops.Cents   `json:"amount"`
	AccountCode  *string          `json:"account_code"`
	TaxType      *string          `json:"tax_type"`
	TaxRate      fieldops.TaxRate `json:"tax_rate"`
	TaxAmount    fieldops.Cents   `json:"tax_amount"`
	ItemID       *fieldops.ID     `json:"item_id"`
	TimesheetIDs []fieldops.ID    `json:"timesheet_ids"`
}

func showLine(l *fieldops.Line) invoiceLineAnswer {
	return invoiceLineAnswer{
		ID: l.ID, Description: l.Description, Quantity: l.Quantity, UnitPrice: l.UnitPrice, Amount: l.Amount,
		AccountCode: text(&l.AccountCode), TaxType: text(&l.TaxType), TaxRate: l.TaxRate, TaxAmount: l.Tax, ItemID: l.ItemID, TimesheetIDs: idsAnswer(l.Timesheets),
	}
}

func showInvoice(v *billing.InvoiceView) invoiceAnswer {
	i := &v.Invoice
	answer := invoiceAnswer{
		ID: i.ID, InvoiceNumber: i.Number, XeroInvoiceID: i.XeroInvoiceID, ClientID: i.ClientID, ClientName: i.ClientName,
		ProjectID: i.ProjectID, ProjectName: text(&i.ProjectName), Status: i.Status,
		Subtotal: i.SubTotal, TotalTax: i.TotalTax, Total: i.Total, AmountDue: i.AmountDue, AmountPaid: i.AmountPaid,
		PaymentStatus: i.PaymentStatus(), LastPaymentDate: i.LastPayment, SentAt: i.SentAt, SentTo: i.SentTo, CopyOf: i.CopyOf,
		Currency: i.Currency, IssueDate: i.IssueDate, DueDate: i.DueDate, Reference: i.Reference,
		LineItems: make([]invoiceLineAnswer, len(i.Lines)), TimesheetsCount: v.TimesheetsCount,
		CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt, DeletedAt: i.DeletedAt, ScannedDocumentID: i.ScanID,
		syncAnswer: showSync(v.Document, i.SyncWarning, i.XeroTotal, i.SyncedAt),
	}
	for n := range i.Lines {
		answer.LineItems[n] = showLine(&i.Lines[n])
	}
	return answer
}

// idsAnswer is a list that is [] and never null.
func idsAnswer(ids []fieldops.ID) []fieldops.ID {
	if ids == nil {
		return []fieldops.ID{}
	}
	return ids
}

type invoiceRequestInput struct {
	Body fieldops.InvoiceRequest
}

// previewAnswer has bare JSON numbers, as existing clients expect.
type previewAnswer struct {
	ClientID        fieldops.ID         `json:"client_id"`
	ClientName      string              `json:"client_name"`
	ProjectID       *fieldops.ID        `json:"project_id"`
	InvoiceNumber   string              `json:"invoice_number"` // the next free one, which may be gone by then
	IssueDate       fieldops.Date       `json:"issue_date"`
	DueDate         fieldops.Date       `json:"due_date"`
	Reference       *string             `json:"reference"`
	LineItems       []previewLineAnswer `json:"line_items"`
	Subtotal        json.Number         `json:"subtotal"`
	TotalTax        json.Number         `json:"total_tax"`
	Total           json.Number         `json:"total"` // with tax
	TimesheetsCount int                 `json:"timesheets_count"`
	TimesheetIDs    []fieldops.ID       `json:"timesheet_ids"`
	DateRange       dateRange           `json:"date_range"` // of the timesheets
	Currency        string              `json:"currency"`
	DocumentStatus  string              `json:"document_status"`
	Warnings        []string            `json:"warnings"`
	PreviewHash     string              `json:"preview_hash"`
}

type dateRange struct {
	From fieldops.Date `json:"from"`
	To   fieldops.Date `json:"to"`
}

type previewLineAnswer struct {
	Key          string        `json:"key"` // "" for an added line
	Description  string        `json:"description"`
	Quantity     json.Number   `json:"quantity"`
	UnitPrice    json.Number   `json:"unit_price"`
	Amount       json.Number   `json:"amount"`
	TaxRate      json.Number   `json:"tax_rate"`
	TaxAmount    json.Number   `json:"tax_amount"`
	TimesheetIDs []fieldops.ID `json:"timesheet_ids"`
}

func (a *api) previewInvoice(r *request, in *invoiceRequestInput) (previewAnswer, error) {
	p, err := a.Billing.PreviewInvoice(r.Context(), in.Body)
	if err != nil {
		return previewAnswer{}, err
	}
	answer := previewAnswer{
		ClientID: p.Client.ID, ClientName: p.Client.Name, ProjectID: p.ProjectID, InvoiceNumber: p.Number,
		IssueDate: p.IssueDate, DueDate: p.DueDate, Reference: p.Reference, LineItems: make([]previewLineAnswer, len(p.Lines)),
		Subtotal: p.SubTotal.Number(), TotalTax: p.TotalTax.Number(), Total: p.Total.Number(),
		TimesheetsCount: len(p.TimesheetIDs), TimesheetIDs: p.TimesheetIDs, DateRange: dateRange{p.From, p.To},
		Currency: p.Currency, DocumentStatus: p.Status, Warnings: p.Warnings, PreviewHash: p.Hash,
	}
	if answer.Warnings == nil {
		answer.Warnings = []string{}
	}
	for n, l := range p.Lines {
		answer.LineItems[n] = previewLineAnswer{
			Key: l.Key, Description: l.Description, Quantity: l.Quantity.Number(), UnitPrice: l.UnitPrice.Number(),
			Amount: l.Amount.Number(), TaxRate: l.TaxRate.Number(), TaxAmount: l.Tax.Number(), TimesheetIDs: idsAnswer(l.Timesheets),
		}
	}
	return answer, nil
}

// createdInvoice is the invoice with what existing clients read of the answer:
// its status is the answer's own.
type createdInvoice struct {
	invoiceAnswer
	Message        string `json:"message"`
	Status         int    `json:"status"`
	DocumentStatus string `json:"document_status"`
}

func (a *api) createInvoice(r *request, in *invoiceRequestInput) (createdInvoice, error) {
	var answer createdInvoice
	_, err := a.Billing.InvoiceTimesheets(r.Context(), r.Actor, in.Body, a.answerInvoice(r, &answer))
	return answer, err
}

type manualInvoiceInput struct {
	Body fieldops.ManualInvoice
}

func (a *api) createManualInvoice(r *request, in *manualInvoiceInput) (createdInvoice, error) {
	var answer createdInvoice
	_, err := a.Billing.CreateInvoice(r.Context(), r.Actor, in.Body, a.answerInvoice(r, &answer))
	return answer, err
}

type copyInvoiceInput struct {
	byID
	Body struct {
		WithoutTimesheets bool `json:"without_timesheets,omitempty" doc:"Do not bill again what a deleted invoice had billed"`
	}
}

func (a *api) copyInvoice(r *request, in *copyInvoiceInput) (createdInvoice, error) {
	var answer createdInvoice
	_, err := a.Billing.CopyInvoice(r.Context(), r.Actor, in.ID, in.Body.WithoutTimesheets, a.answerInvoice(r, &answer))
	return answer, err
}

// answerInvoice answers with an invoice that was just made, and keeps the answer
// in the invoice's transaction.
func (a *api) answerInvoice(r *request, answer *createdInvoice) func(*store.Tx, fieldops.Invoice) error {
	return func(tx *store.Tx, i fieldops.Invoice) error {
		view := a.Billing.NewInvoice(i)
		*answer = createdInvoice{showInvoice(&view), "Invoice created. Syncing to Xero in the background...", r.Status, i.Status}
		return r.keep(tx, *answer)
	}
}

type batchInput struct {
	Body struct {
		Invoices []fieldops.InvoiceRequest `json:"invoices"`
	}
}

type batchAnswer struct {
	Results []batchResult `json:"results"` // one for each request, in their order
	Created int           `json:"created"`
	Failed  int           `json:"failed"`
}

type batchResult struct {
	ClientID      fieldops.ID      `json:"client_id"`
	Status        int              `json:"status"` // as if it had been asked for alone
	ID            *fieldops.ID     `json:"id"`
	InvoiceNumber *string          `json:"invoice_number"`
	Total         *fieldops.Cents  `json:"total"`
	Error         *string          `json:"error"`
	Errors        []fieldops.Fault `json:"errors,omitempty"`
}

func (a *api) createInvoices(r *request, in *batchInput) (batchAnswer, error) {
	results, err := a.Billing.InvoiceBatch(r.Context(), r.Actor, in.Body.Invoices)
	if err != nil {
		return batchAnswer{}, err
	}
	answer := batchAnswer{Results: make([]batchResult, len(results))}
	for n, result := range results {
		if result.Err != nil {
			p, _, _ := problemOf(result.Err, r.Actor.RequestID)
			answer.Results[n] = batchResult{ClientID: result.ClientID, Status: p.Status, Error: &p.Error, Errors: p.Errors}
			answer.Failed++
			continue
		}
		i := result.Invoice
		answer.Results[n] = batchResult{ClientID: result.ClientID, Status: http.StatusAccepted, ID: &i.ID, InvoiceNumber: &i.Number, Total: &i.Total}
		answer.Created++
	}
	return answer, nil
}

// documentsQuery is what lists of invoices and purchase orders can be asked
// for.
type documentsQuery struct {
	ProjectID      fieldops.ID   `query:"project_id" format:"uuid"`
	SyncStatus     string        `query:"sync_status" enum:"pending,synced,failed,taken_over" doc:"taken_over: came with an upgrade and waits until somebody has said whether it is in Xero"`
	Search         string        `query:"search" doc:"Words in number, reference or notes, client or project"`
	DateFrom       fieldops.Date `query:"date_from"`
	DateTo         fieldops.Date `query:"date_to"`
	IncludeDeleted bool          `query:"include_deleted"`
	listQuery
}

// listQuery is how a list that goes on behind its last row is asked for.
type listQuery struct {
	Limit  int    `query:"limit" doc:"Rows of the answer, at most 500" default:"100"`
	Cursor string `query:"cursor" doc:"Continues a list; see the Link header of the answer"`
}

// place is how many rows are wanted, and behind which row.
func (q *listQuery) place() (limit int, date fieldops.Date, id fieldops.ID, err error) {
	limit = rowsOf(q.Limit)
	if q.Cursor == "" {
		return limit, "", "", nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	day, last, _ := strings.Cut(string(plain), " ")
	date, dateErr := fieldops.ParseDate(day)
	if id, ok := fieldops.ParseID(last); err == nil && dateErr == nil && ok {
		return limit, date, id, nil
	}
	return 0, "", "", fieldops.Refuse(fieldops.Invalid, "The cursor is not one that this list gave")
}

func (q *documentsQuery) filter() (store.DocumentFilter, error) {
	limit, date, id, err := q.place()
	return store.DocumentFilter{
		ProjectID: q.ProjectID, SyncStatus: fieldops.SyncStatus(q.SyncStatus), Search: q.Search, From: q.DateFrom, To: q.DateTo,
		Deleted: q.IncludeDeleted, Limit: limit, AfterDate: date, AfterID: id,
	}, err
}

// linkNext tells where a full list goes on (RFC 8288).
func (r *request) linkNext(full bool, lastDate fieldops.Date, lastID fieldops.ID) {
	if !full {
		return
	}
	r.linkTo(string(lastDate) + " " + lastID)
}

// linkTo tells where a list goes on by a cursor that holds the place.
func (r *request) linkTo(place string) {
	query := url.Values{}
	for name, values := range r.URL.Query() {
		query[name] = values
	}
	query.Set("cursor", base64.RawURLEncoding.EncodeToString([]byte(place)))
	r.Header.Set("Link", fmt.Sprintf("<%s?%s>; rel=\"next\"", r.URL.Path, query.Encode()))
}

// linkAfter tells where a full list goes on that is in the order of its ids, or
// of another unique text.
func (r *request) linkAfter(last string) {
	query := url.Values{}
	for name, values := range r.URL.Query() {
		query[name] = values
	}
	query.Set("after", last)
	r.Header.Set("Link", fmt.Sprintf("<%s?%s>; rel=\"next\"", r.URL.Path, query.Encode()))
}

type listInvoicesInput struct {
	documentsQuery
	Status   string      `query:"status" enum:"DRAFT,SUBMITTED,AUTHORISED,PAID,VOIDED,DELETED"`
	ClientID fieldops.ID `query:"client_id" format:"uuid"`
}

func (a *api) listInvoices(r *request, in *listInvoicesInput) ([]invoiceAnswer, error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	filter.Status, filter.ClientID = in.Status, in.ClientID
	views, err := a.Billing.Invoices(r.Context(), filter)
	if err != nil {
		return nil, err
	}
	answer := make([]invoiceAnswer, len(views))
	for n := range views {
		answer[n] = showInvoice(&views[n])
	}
	if n := len(views); n > 0 {
		r.linkNext(n == filter.Limit, views[n-1].IssueDate, views[n-1].ID)
	}
	return answer, nil
}

type invoiceDetail struct {
	invoiceAnswer
	Timesheets []timesheetAnswer `json:"timesheets"`
	Settlers   []store.Settler   `json:"settlements"` // the payments and credits kept for it here
}

func (a *api) getInvoice(r *request, in *byID) (invoiceDetail, error) {
	view, err := a.Billing.Invoice(r.Context(), in.ID)
	if err != nil {
		return invoiceDetail{}, err
	}
	timesheets, err := a.DB.InvoiceTimesheets(r.Context(), in.ID)
	if err != nil {
		return invoiceDetail{}, err
	}
	settlers, err := a.DB.Settlers(r.Context(), in.ID)
	detail := invoiceDetail{showInvoice(&view), make([]timesheetAnswer, len(timesheets)), settlers}
	for n := range timesheets {
		detail.Timesheets[n] = a.showTimesheet(&timesheets[n])
	}
	r.Header.Set("ETag", etag(view.UpdatedAt))
	return detail, err
}

type updateInvoiceInput struct {
	byID
	Body fieldops.InvoiceEdit
}

func (a *api) updateInvoice(r *request, in *updateInvoiceInput) (invoiceAnswer, error) {
	invoice, err := a.Billing.EditInvoice(r.Context(), r.Actor, in.ID, in.Body, r.ifMatch)
	if err != nil {
		return invoiceAnswer{}, err
	}
	view, err := a.Billing.ShowInvoice(r.Context(), invoice)
	r.Header.Set("ETag", etag(invoice.UpdatedAt))
	return showInvoice(&view), err
}

// deletedAnswer tells whether a document is gone or will be when Xero has
// confirmed it.
type deletedAnswer struct {
	Message    string  `json:"message"`
	SyncStatus *string `json:"sync_status"` // null: nothing of it was in Xero
}

func showDeleted(gone bool, what, alsoNow, alsoThen string) deletedAnswer {
	if gone {
		return deletedAnswer{Message: what + " deleted" + alsoNow}
	}
	pending := string(fieldops.SyncPending)
	return deletedAnswer{Message: what + " is being taken back in Xero" + alsoThen, SyncStatus: &pending}
}

func (a *api) deleteInvoice(r *request, in *byID) (deletedAnswer, error) {
	gone, err := a.Billing.DeleteInvoice(r.Context(), r.Actor, in.ID)
	return showDeleted(gone, "Invoice", "; its timesheets can be invoiced again", "; its timesheets can be invoiced again when Xero has confirmed"), err
}

func (a *api) invoicePDF(w http.ResponseWriter, r *request) error {
	return servePDF(w, r, "Invoice", a.Billing.InvoicePDF)
}

func servePDF(w http.ResponseWriter, r *request, what string, draw func(context.Context, fieldops.ID) ([]byte, string, error)) error {
	id, ok := fieldops.ParseID(r.PathValue("id"))
	if !ok {
		return fieldops.Refuse(fieldops.NotFound, "%s not found", what)
	}
	pdf, name, err := draw(r.Context(), id)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.Itoa(len(pdf)))
	_, _ = w.Write(pdf) // the client is gone: there is nobody to tell
	return nil
}

func (a *api) invoiceSync(r *request, in *byID) (store.SyncState, error) {
	return a.Billing.SyncState(r.Context(), fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: in.ID})
}

type retryInput struct {
	byID
	Body struct {
		InvoiceNumber string `json:"invoice_number,omitempty"`
		PONumber      string `json:"po_number,omitempty"`
		AcceptTax     bool   `json:"accept_tax,omitempty" doc:"Take the tax that Xero's account charges"`
		Link          bool   `json:"link,omitempty" doc:"Take what stands in Xero under the same number for this document"`
	}
}

func (a *api) retryInvoice(r *request, in *retryInput) (store.SyncState, error) {
	return a.retry(r, fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: in.ID}, in.Body.InvoiceNumber, "invoice_number", in)
}

func (a *api) clientSync(r *request, in *byID) (store.SyncState, error) {
	return a.Billing.SyncState(r.Context(), fieldops.DocumentRef{Kind: fieldops.KindClient, ID: in.ID})
}

// retryClient sends a client to Xero again, as a contact, or links it to the
// contact there that bears its name.
func (a *api) retryClient(r *request, in *retryInput) (store.SyncState, error) {
	return a.retry(r, fieldops.DocumentRef{Kind: fieldops.KindClient, ID: in.ID}, "", "", in)
}

func (a *api) retry(r *request, ref fieldops.DocumentRef, number, field string, in *retryInput) (store.SyncState, error) {
	if number != "" {
		if err := fieldops.CheckNumber(&number, field); err != nil {
			return store.SyncState{}, err
		}
	}
	if _, err := a.Billing.SyncState(r.Context(), ref); err != nil {
		return store.SyncState{}, err // there is no such document
	}
	err := a.Billing.Retry(r.Context(), r.Actor, ref, billing.RetryRequest{Number: number, AcceptTax: in.Body.AcceptTax, Link: in.Body.Link})
	if err != nil {
		return store.SyncState{}, err
	}
	return a.Billing.SyncState(r.Context(), ref)
}
