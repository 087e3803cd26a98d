package api

import (
	"net/http"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type quoteAnswer struct {
	ID            fieldops.ID         `json:"id"`
	QuoteNumber   string              `json:"quote_number"`
	XeroQuoteID   *string             `json:"xero_quote_id"`
	ClientID      *fieldops.ID        `json:"client_id"`
	ClientName    string              `json:"client_name"`
	ProjectID     *fieldops.ID        `json:"project_id"`
	ProjectName   *string             `json:"project_name"`
	Status        string              `json:"status" enum:"DRAFT,SENT,ACCEPTED,DECLINED,INVOICED,DELETED"`
	Expired       bool                `json:"expired"`
	Subtotal      fieldops.Cents      `json:"subtotal"`
	TotalTax      fieldops.Cents      `json:"total_tax"`
	Total         fieldops.Cents      `json:"total"`
	Currency      string              `json:"currency"`
	IssueDate     fieldops.Date       `json:"issue_date"`
	ExpiryDate    fieldops.Date       `json:"expiry_date"`
	Title         *string             `json:"title"`
	Summary       *string             `json:"summary"`
	Terms         *string             `json:"terms"`
	Reference     *string             `json:"reference"`
	LineItems     []invoiceLineAnswer `json:"line_items"`
	InvoiceID     *fieldops.ID        `json:"invoice_id"` // what it became
	InvoiceNumber *string             `json:"invoice_number"`
	SentAt        fieldops.Time       `json:"sent_at"`
	SentTo        *string             `json:"sent_to"`
	CreatedAt     fieldops.Time       `json:"created_at"`
	UpdatedAt     fieldops.Time       `json:"updated_at"`
	DeletedAt     fieldops.Time       `json:"deleted_at"`
}

func showQuote(q *fieldops.Quote, today fieldops.Date) quoteAnswer {
	answer := quoteAnswer{
		ID: q.ID, QuoteNumber: q.Number, XeroQuoteID: q.XeroQuoteID, ClientID: q.ClientID, ClientName: q.ClientName,
		ProjectID: q.ProjectID, ProjectName: text(&q.ProjectName), Status: q.Status, Expired: q.Expired(today),
		Subtotal: q.SubTotal, TotalTax: q.TotalTax, Total: q.Total, Currency: q.Currency, IssueDate: q.IssueDate, ExpiryDate: q.ExpiryDate,
		Title: q.Title, Summary: q.Summary, Terms: q.Terms, Reference: q.Reference, LineItems: make([]invoiceLineAnswer, len(q.Lines)),
		SentAt: q.SentAt, SentTo: q.SentTo, CreatedAt: q.CreatedAt, UpdatedAt: q.UpdatedAt, DeletedAt: q.DeletedAt,
	}
	if q.Status == fieldops.QuoteInvoiced {
		answer.InvoiceID, answer.InvoiceNumber = q.InvoiceID, q.InvoiceNo
	}
	for n := range q.Lines {
		answer.LineItems[n] = showLine(&q.Lines[n])
	}
	return answer
}

// today is the firm's day.
func (a *api) today(r *request) (fieldops.Date, error) {
	settings, err := a.DB.Settings(r.Context())
	return fieldops.DateOf(time.Now(), settings.Timezone), err
}

type quoteInput struct {
	ClientID    Optional[*string]       `json:"client_id,omitempty"`
	ProjectID   Optional[*string]       `json:"project_id,omitempty"`
	LineItems   *[]fieldops.SaleLine    `json:"line_items,omitempty"`
	IssueDate   fieldops.Date           `json:"issue_date,omitempty"`
	ExpiryDate  Optional[fieldops.Date] `json:"expiry_date,omitempty"`
	Title       Optional[*string]       `json:"title,omitempty"`
	Summary     Optional[*string]       `json:"summary,omitempty"`
	Terms       Optional[*string]       `json:"terms,omitempty"`
	Reference   Optional[*string]       `json:"reference,omitempty"`
	Currency    string                  `json:"currency,omitempty"`
	QuoteNumber string                  `json:"quote_number,omitempty"`
}

func (in *quoteInput) edit() (e fieldops.QuoteEdit, err error) {
	var f fieldops.Faults
	e = fieldops.QuoteEdit{
		IssueDate: in.IssueDate, ExpiryDate: in.ExpiryDate.sent(), Currency: in.Currency, Number: in.QuoteNumber,
		Title: sentText(in.Title), Summary: sentText(in.Summary), Terms: sentText(in.Terms), Reference: sentText(in.Reference),
	}
	if in.ClientID.Set {
		id := idOf(in.ClientID.Value, "client_id", &f)
		f.Require(id != nil || len(f) > 0, "client_id", "Client is required")
		e.ClientID = id
	}
	if in.ProjectID.Set {
		id := idOf(in.ProjectID.Value, "project_id", &f)
		e.ProjectID = &id
	}
	if in.LineItems != nil {
		e.Lines = append([]fieldops.SaleLine{}, *in.LineItems...)
	}
	return e, f.Err("")
}

type createQuoteInput struct {
	Body quoteInput
}

func (a *api) createQuote(r *request, in *createQuoteInput) (quoteAnswer, error) {
	edit, err := in.Body.edit()
	if err != nil {
		return quoteAnswer{}, err
	}
	today, err := a.today(r)
	if err != nil {
		return quoteAnswer{}, err
	}
	var answer quoteAnswer
	_, err = a.Billing.CreateQuote(r.Context(), r.Actor, edit, func(tx *store.Tx, q fieldops.Quote) error {
		answer = showQuote(&q, today)
		return r.keep(tx, answer)
	})
	return answer, err
}

type listQuotesInput struct {
	ClientID       fieldops.ID   `query:"client_id" format:"uuid"`
	ProjectID      fieldops.ID   `query:"project_id" format:"uuid"`
	Status         string        `query:"status" enum:"DRAFT,SENT,ACCEPTED,DECLINED,INVOICED,DELETED"`
	Search         string        `query:"search" doc:"Words in number, reference or title, client or project"`
	DateFrom       fieldops.Date `query:"date_from"`
	DateTo         fieldops.Date `query:"date_to"`
	IncludeDeleted bool          `query:"include_deleted"`
	listQuery
}

func (a *api) listQuotes(r *request, in *listQuotesInput) ([]quoteAnswer, error) {
	limit, date, id, err := in.place()
	if err != nil {
		return nil, err
	}
	today, err := a.today(r)
	if err != nil {
		return nil, err
	}
	quotes, err := a.DB.Quotes(r.Context(), store.DocumentFilter{
		Status: in.Status, ClientID: in.ClientID, ProjectID: in.ProjectID, Search: in.Search, From: in.DateFrom, To: in.DateTo,
		Deleted: in.IncludeDeleted, Limit: limit, AfterDate: date, AfterID: id,
	})
	answer := make([]quoteAnswer, len(quotes))
	for n := range quotes {
		answer[n] = showQuote(&quotes[n], today)
	}
	if n := len(quotes); n > 0 {
		r.linkNext(n == limit, quotes[n-1].IssueDate, quotes[n-1].ID)
	}
	return answer, err
}

func (a *api) getQuote(r *request, in *byID) (quoteAnswer, error) {
	quote, err := a.DB.Quote(r.Context(), in.ID)
	return a.answerQuote(r, &quote, err)
}

// answerQuote shows a quote with its ETag.
func (a *api) answerQuote(r *request, q *fieldops.Quote, err error) (quoteAnswer, error) {
	if err != nil {
		return quoteAnswer{}, err
	}
	today, err := a.today(r)
	r.Header.Set("ETag", etag(q.UpdatedAt))
	return showQuote(q, today), err
}

type updateQuoteInput struct {
	byID
	Body quoteInput
}

func (a *api) updateQuote(r *request, in *updateQuoteInput) (quoteAnswer, error) {
	if in.Body == (quoteInput{}) {
		return quoteAnswer{}, errNoUpdates()
	}
	edit, err := in.Body.edit()
	if err != nil {
		return quoteAnswer{}, err
	}
	quote, err := a.Billing.EditQuote(r.Context(), r.Actor, in.ID, edit, r.ifMatch)
	return a.answerQuote(r, &quote, err)
}

func (a *api) moveQuote(r *request, id fieldops.ID, action string) (quoteAnswer, error) {
	quote, err := a.Billing.MoveQuote(r.Context(), r.Actor, id, action, r.ifMatch)
	return a.answerQuote(r, &quote, err)
}

type sendQuoteInput struct {
	byID
	Body struct {
		fieldops.MailRequest
		Email bool `json:"email,omitempty" doc:"Send it by mail; so does any other field"`
	}
}

func (a *api) sendQuote(r *request, in *sendQuoteInput) (quoteAnswer, error) {
	if !in.Body.Email && in.Body.MailRequest == (fieldops.MailRequest{}) {
		return a.moveQuote(r, in.ID, "send")
	}
	quote, err := a.Billing.MailQuote(r.Context(), r.Actor, in.ID, in.Body.MailRequest, r.ifMatch)
	return a.answerQuote(r, &quote, err)
}

func (a *api) quoteMails(r *request, in *byID) ([]fieldops.Mail, error) {
	if _, err := a.DB.Quote(r.Context(), in.ID); err != nil {
		return nil, err
	}
	return a.DB.Mails(r.Context(), store.MailFilter{EntityType: "quote", EntityID: in.ID, Limit: 100})
}

func (a *api) acceptQuote(r *request, in *byID) (quoteAnswer, error) {
	return a.moveQuote(r, in.ID, "accept")
}

func (a *api) declineQuote(r *request, in *byID) (quoteAnswer, error) {
	return a.moveQuote(r, in.ID, "decline")
}

func (a *api) reopenQuote(r *request, in *byID) (quoteAnswer, error) {
	return a.moveQuote(r, in.ID, "reopen")
}

func (a *api) convertQuote(r *request, in *byID) (createdInvoice, error) {
	var answer createdInvoice
	_, err := a.Billing.ConvertQuote(r.Context(), r.Actor, in.ID, a.answerInvoice(r, &answer))
	return answer, err
}

func (a *api) quotePDF(w http.ResponseWriter, r *request) error {
	return servePDF(w, r, "Quote", a.Billing.QuotePDF)
}
