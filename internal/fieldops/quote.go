package fieldops

import (
	"strings"
	"unicode/utf8"
)

// The states of a quote, in the provider's words where it has them.
const (
	QuoteSent     = "SENT"
	QuoteAccepted = "ACCEPTED"
	QuoteDeclined = "DECLINED"
	QuoteInvoiced = "INVOICED"
)

// Quote is work offered to a client at a price.
type Quote struct {
	ID          ID
	XeroQuoteID *string
	Number      string
	ClientID    *ID
	ClientName  string
	ProjectID   *ID
	ProjectName string
	Status      string
	Currency    string
	IssueDate   Date
	ExpiryDate  Date
	Title       *string
	Summary     *string
	Terms       *string
	Reference   *string
	SubTotal    Cents
	TotalTax    Cents
	Total       Cents
	InvoiceID   *ID // what it became
	InvoiceNo   *string
	SentAt      Time
	SentTo      *string
	Lines       []Line
	CreatedAt   Time
	UpdatedAt   Time
	DeletedAt   Time
}

// Expired reports whether the client can no longer accept the quote. today is
// the firm's.
func (q *Quote) Expired(today Date) bool {
	open := q.Status == StatusDraft || q.Status == QuoteSent
	return open && q.ExpiryDate != "" && q.ExpiryDate < today
}

// QuoteEdit is what a person wants a quote to be; nil leaves a thing as it is.
// A new quote needs a client and lines.
type QuoteEdit struct {
	ClientID   *ID
	ProjectID  **ID // a nil id takes the quote off its project
	Lines      []SaleLine
	IssueDate  Date
	ExpiryDate *Date // no date takes it away
	Title      *string
	Summary    *string
	Terms      *string
	Reference  *string
	Currency   string
	Number     string // of a new quote
}

// Apply makes the quote what the edit wants and prices it anew, or says
// everything that is wrong with it by itself. One that became an invoice stays
// as it was.
func (q *Quote) Apply(e *QuoteEdit, settings Settings, terms BillingTerms) error {
	if q.Status == QuoteInvoiced {
		return Refuse(Conflict, "Quote %s became an invoice and cannot be changed any more", q.Number)
	}
	var f Faults
	next := *q
	if q.ID == "" {
		next.Status, next.Currency, next.IssueDate, next.Number = StatusDraft, settings.Currency, terms.Today, e.Number
		f.Require(e.Lines != nil, "line_items", "At least one line is needed")
		f.Require(e.ClientID != nil, "client_id", "Client is required")
		if e.Number != "" {
			checkNumber(&f, &next.Number, "quote_number")
		}
	}
	if e.ClientID != nil {
		id := requiredID(&f, *e.ClientID, "client_id", "Client")
		next.ClientID = &id
	}
	if e.ProjectID != nil {
		next.ProjectID = *e.ProjectID
		optionalID(&f, &next.ProjectID, "project_id")
	}
	if e.IssueDate != "" {
		next.IssueDate = e.IssueDate
	}
	if e.ExpiryDate != nil {
		next.ExpiryDate = *e.ExpiryDate
	}
	f.Require(next.IssueDate >= "2000-01-01", "issue_date", "The issue date must not be before 2000")
	f.Require(next.ExpiryDate == "" || next.ExpiryDate >= next.IssueDate, "expiry_date", "The quote would expire before its date, %s", next.IssueDate)
	f.Require(e.Currency == "" || e.Currency == next.Currency, "currency", "Quotes are in %s", next.Currency)
	wording(&f, e.Title, &next.Title, "title", 100)
	wording(&f, e.Summary, &next.Summary, "summary", 3000)
	wording(&f, e.Terms, &next.Terms, "terms", 4000)
	if e.Reference != nil {
		next.Reference = e.Reference
		checkReference(&f, &next.Reference)
		next.Reference = filled(next.Reference)
	}
	if e.Lines != nil {
		next.Lines = saleLines(&f, e.Lines, terms)
		next.SubTotal, next.TotalTax, next.Total = Totals(next.Lines)
	}
	if err := f.Err(""); err != nil {
		return err
	}
	if err := checkTotal(next.Total); err != nil {
		return err
	}
	*q = next
	return nil
}

// wording puts a text that was sent into its place; "" takes it away.
func wording(f *Faults, sent *string, place **string, field string, limit int) {
	if sent == nil {
		return
	}
	text := strings.TrimSpace(*sent)
	f.Require(utf8.RuneCountInString(text) <= limit, field, "At most %d characters fit", limit)
	f.Require(utf8.ValidString(text) && !strings.ContainsRune(text, 0), field, "The text holds bytes that are no text")
	*place = filled(&text)
}

// QuoteActions are what can happen to a quote, with the states it can happen in
// and the one that follows.
var QuoteActions = map[string]struct {
	From []string
	To   string
}{
	"send":    {[]string{StatusDraft, QuoteSent}, QuoteSent},
	"accept":  {[]string{StatusDraft, QuoteSent}, QuoteAccepted},
	"decline": {[]string{StatusDraft, QuoteSent, QuoteAccepted}, QuoteDeclined},
	"reopen":  {[]string{QuoteSent, QuoteAccepted, QuoteDeclined}, StatusDraft},
}

// Invoice is the invoice that the quote becomes today. It has no number yet.
func (q *Quote) Invoice(client *Client, settings Settings, today Date) Invoice {
	i := Invoice{
		ClientID: q.ClientID, ClientName: q.ClientName, ProjectID: q.ProjectID, ProjectName: q.ProjectName,
		Status: settings.InvoiceStatus, Currency: q.Currency, IssueDate: today, DueDate: client.DueDate(today), Reference: q.Reference,
		SubTotal: q.SubTotal, TotalTax: q.TotalTax, Total: q.Total, AmountDue: q.Total,
	}
	if i.Reference == nil {
		i.Reference = &q.Number
	}
	for _, l := range q.Lines {
		l.ID = ""
		i.Lines = append(i.Lines, l)
	}
	return i
}
