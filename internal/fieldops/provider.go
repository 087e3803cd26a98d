package fieldops

import (
	"encoding/json"
	"time"
)

// Posting is a document as we want the accounting provider to hold it: one
// shape for every kind, built from one revision of our record.
type Posting struct {
	Ref      DocumentRef
	Revision int64
	RemoteID string // the provider's id once known
	// Number is the natural key that we give: invoice number, order number, or
	// for a client the contact number (our client id).
	Number    string
	ContactID string // the provider's id of the contact; empty for a client
	Reference string
	Date      Date
	DueDate   Date // an order's delivery date
	Status    string
	Currency  string
	Notes     string // an order's, for the supplier; at most MaxNotes characters
	URL       string // a link back to us that ends in our document's id: the marker
	Lines     []PostingLine
	Contact   *PostingContact // set for a client
	// Total and TotalTax are what we computed; they are compared, never sent.
	Total, TotalTax Cents
}

// PostingLine is one line, net of tax.
type PostingLine struct {
	Description string
	Quantity    E4
	UnitPrice   E4
	AccountCode string
	TaxType     string
	Amount      Cents // computed; compared, never sent
	Tax         Cents
}

// PostingContact is a client as a contact.
type PostingContact struct {
	Name, FirstName, LastName, Email, Phone string
	AddressLine, City                       string
	Customer, Supplier                      bool
}

// Call is one HTTP exchange with the provider before it is made: complete,
// without secrets, so that it can be recorded before it is sent.
type Call struct {
	Method, Path   string // the path below the API's base, with its query
	Body           []byte // nil when there is none
	IdempotencyKey string
	// ModifiedSince asks for what has changed since then; zero asks for all.
	ModifiedSince time.Time
	Operation     Operation
	Kind          DocumentKind
	// Members are the postings that the body carries, in its order; for a
	// look-up the documents looked for.
	Members []Posting
	// Elements holds each member's own part of the body, for its log row.
	Elements []json.RawMessage
	// Collection is true when the answer judges each element (a PUT of
	// several), false for a call by id, which is judged by its status.
	Collection bool
}

// Answer is what came back, or why nothing did.
type Answer struct {
	Status        int // 0 when there was no HTTP answer
	ContentType   string
	Body          []byte // complete unless Truncated
	Truncated     bool
	Err           error // the transport's error, without secrets
	NotSent       bool  // true only if certainly no byte of the request left
	RetryAfter    time.Duration
	RateProblem   string // minute, day, concurrent, app or ""
	MinuteLeft    int    // -1 when the answer does not say
	DayLeft       int    // -1 when the answer does not say
	AppMinuteLeft int    // -1 when the answer does not say
	CorrelationID string
	Duration      time.Duration
}

// Verdict is the judgement of one member of a call.
type Verdict struct {
	Outcome  Outcome
	Status   int             // the element's own status: 400 for a refused element inside an HTTP 200
	RemoteID string          // set when Confirmed
	Remote   *Remote         // the document as the provider answered it, when it did
	Message  string          // the provider's own words, or ours about the transport
	Response json.RawMessage // the element's part of the answer, for its log row
	// WholeCall is true when the refusal was of the request as a whole (400
	// without elements, 413), so that a batch is split instead of blamed.
	WholeCall bool
	// Contradicts is true for evidence that the document may already exist.
	NumberTaken bool
}

// Remote is a document as the provider holds it, normalised.
type Remote struct {
	Kind            DocumentKind
	ID              string
	Type            string // ACCREC, ACCPAY, PURCHASEORDER, CONTACT
	Number          string
	Reference       string
	Notes           string // of a purchase order
	Status          string // DRAFT … VOIDED, DELETED; ACTIVE, ARCHIVED for contacts
	ContactID       string
	ContactName     string
	Date, DueDate   Date
	Currency        string
	URL             string
	Lines           []RemoteLine
	SubTotal        Cents
	TotalTax        Cents
	Total           Cents
	AmountDue       Cents
	AmountPaid      Cents
	AmountCredited  Cents
	MergedTo        string // a contact that was merged into this one
	Contact         *PostingContact
	UpdatedAt       time.Time
	HasPayments     bool
	OnlineReference string
}

// RemoteLine is a line as the provider holds it.
type RemoteLine struct {
	ID          string
	Description string
	Quantity    E4
	UnitPrice   E4
	AccountCode string
	TaxType     string
	Amount      Cents
	Tax         Cents
}

// TokenSet is what a consent or a refresh gives.
type TokenSet struct {
	AccessToken, RefreshToken, IDToken string
	Scope                              string
	ExpiresIn                          time.Duration
	AuthEventID                        string // from the access token's claims; "" when absent
}

// RemoteTenant is an organisation that a consent covers.
type RemoteTenant struct {
	ConnectionID string
	TenantID     string
	Name         string
	Type         string
}

// Account is an account of the organisation's chart.
type Account struct {
	Code    string `json:"code"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Class   string `json:"class"`
	TaxType string `json:"tax_type"`
	Status  string `json:"status"`
	System  string `json:"system_account,omitempty"`
}

// RemoteTaxRate is a tax rate of the organisation.
type RemoteTaxRate struct {
	TaxType     string  `json:"tax_type"`
	Name        string  `json:"name"`
	Rate        TaxRate `json:"rate"`
	Status      string  `json:"status"`
	ForRevenue  bool    `json:"for_revenue"`
	ForExpenses bool    `json:"for_expenses"`
}

// Organisation is what we know of the connected organisation.
type Organisation struct {
	ID                string `json:"id"`
	Name              string `json:"name"`
	ShortCode         string `json:"short_code"`
	Country           string `json:"country"`
	Currency          string `json:"currency"`
	Timezone          string `json:"timezone"` // IANA name, "" when unknown
	PeriodLockDate    Date   `json:"period_lock_date"`
	EndOfYearLockDate Date   `json:"end_of_year_lock_date"`
}
