package xero

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
)

// What we send. The names are those of Xero's OpenAPI description
// (https://github.com/XeroAPI/Xero-OpenAPI); a test holds them to it. Totals and
// tax amounts are Xero's to compute and are never sent.

type sentInvoice struct {
	InvoiceID       string       `json:"InvoiceID,omitempty"`
	Type            string       `json:"Type,omitempty"`
	InvoiceNumber   string       `json:"InvoiceNumber,omitempty"`
	Contact         *sentContact `json:"Contact,omitempty"`
	Date            string       `json:"Date,omitempty"`
	DueDate         string       `json:"DueDate,omitempty"`
	LineAmountTypes string       `json:"LineAmountTypes,omitempty"`
	Reference       *string      `json:"Reference,omitempty"`
	URL             string       `json:"Url,omitempty"`
	CurrencyCode    string       `json:"CurrencyCode,omitempty"`
	Status          string       `json:"Status,omitempty"`
	LineItems       []sentLine   `json:"LineItems,omitempty"`
}

type sentOrder struct {
	PurchaseOrderID     string       `json:"PurchaseOrderID,omitempty"`
	PurchaseOrderNumber string       `json:"PurchaseOrderNumber,omitempty"`
	Contact             *sentContact `json:"Contact,omitempty"`
	Date                string       `json:"Date,omitempty"`
	DeliveryDate        string       `json:"DeliveryDate,omitempty"`
	LineAmountTypes     string       `json:"LineAmountTypes,omitempty"`
	Reference           *string      `json:"Reference,omitempty"`
	// Xero shows these on the order that the supplier gets.
	DeliveryInstructions *string    `json:"DeliveryInstructions,omitempty"`
	CurrencyCode         string     `json:"CurrencyCode,omitempty"`
	Status               string     `json:"Status,omitempty"`
	LineItems            []sentLine `json:"LineItems,omitempty"`
}

type sentLine struct {
	LineItemID  string      `json:"LineItemID,omitempty"`
	Description string      `json:"Description,omitempty"`
	Quantity    json.Number `json:"Quantity"`
	UnitAmount  json.Number `json:"UnitAmount"`
	AccountCode string      `json:"AccountCode,omitempty"`
	TaxType     string      `json:"TaxType,omitempty"`
}

// sentContact is a contact, or within a document its ContactID alone: any other
// field there would edit the contact.
type sentContact struct {
	ContactID     string        `json:"ContactID,omitempty"`
	ContactNumber string        `json:"ContactNumber,omitempty"`
	ContactStatus string        `json:"ContactStatus,omitempty"`
	Name          string        `json:"Name,omitempty"`
	FirstName     string        `json:"FirstName,omitempty"`
	LastName      string        `json:"LastName,omitempty"`
	EmailAddress  string        `json:"EmailAddress,omitempty"`
	Addresses     []sentAddress `json:"Addresses,omitempty"`
	Phones        []sentPhone   `json:"Phones,omitempty"`
}

type sentAddress struct {
	AddressType  string `json:"AddressType"`
	AddressLine1 string `json:"AddressLine1,omitempty"`
	City         string `json:"City,omitempty"`
}

type sentPhone struct {
	PhoneType   string `json:"PhoneType"`
	PhoneNumber string `json:"PhoneNumber"`
}

// What we read. Xero's answers stray from its own description in small ways:
// null objects come as [], numbers as strings. The types below take what can be
// understood without guessing.

// envelope is every answer of the Accounting API: a collection, or an error.
type envelope struct {
	Type           text                   `json:"Type"`
	Title          text                   `json:"Title"`
	Message        text                   `json:"Message"`
	Detail         text                   `json:"Detail"`
	Elements       list[json.RawMessage]  `json:"Elements"`
	Invoices       *list[json.RawMessage] `json:"Invoices"`
	PurchaseOrders *list[json.RawMessage] `json:"PurchaseOrders"`
	Contacts       *list[json.RawMessage] `json:"Contacts"`
	Pagination     *pagination            `json:"pagination"`
}

// collection returns the elements of a kind and whether the answer has them.
func (e *envelope) collection(kind fieldops.DocumentKind) (elements []json.RawMessage, ok bool) {
	var found *list[json.RawMessage]
	switch kind {
	case fieldops.KindInvoice:
		found = e.Invoices
	case fieldops.KindPurchaseOrder:
		found = e.PurchaseOrders
	case fieldops.KindClient:
		found = e.Contacts
	}
	if found == nil {
		return nil, false
	}
	return *found, true
}

type pagination struct {
	Page      int `json:"page"`
	PageSize  int `json:"pageSize"`
	PageCount int `json:"pageCount"`
	ItemCount int `json:"itemCount"`
}

// readElement is an invoice, a purchase order or a contact: what the three have
// in common is read once.
type readElement struct {
	Type                text                  `json:"Type"`
	InvoiceID           text                  `json:"InvoiceID"`
	InvoiceNumber       text                  `json:"InvoiceNumber"`
	PurchaseOrderID     text                  `json:"PurchaseOrderID"`
	PurchaseOrderNumber text                  `json:"PurchaseOrderNumber"`
	Contact             object[readContact]   `json:"Contact"`
	Date                day                   `json:"Date"`
	DueDate             day                   `json:"DueDate"`
	DeliveryDate        day                   `json:"DeliveryDate"`
	Reference           text                  `json:"Reference"`
	Instructions        text                  `json:"DeliveryInstructions"`
	URL                 text                  `json:"Url"`
	CurrencyCode        text                  `json:"CurrencyCode"`
	Status              text                  `json:"Status"`
	LineItems           list[readLine]        `json:"LineItems"`
	SubTotal            cents                 `json:"SubTotal"`
	TotalTax            cents                 `json:"TotalTax"`
	Total               cents                 `json:"Total"`
	AmountDue           cents                 `json:"AmountDue"`
	AmountPaid          cents                 `json:"AmountPaid"`
	AmountCredited      cents                 `json:"AmountCredited"`
	Payments            list[json.RawMessage] `json:"Payments"`
	CreditNotes         list[json.RawMessage] `json:"CreditNotes"`
	Prepayments         list[json.RawMessage] `json:"Prepayments"`
	Overpayments        list[json.RawMessage] `json:"Overpayments"`
	readContact
	judgement
}

// judgement is what Xero says of an element of a write.
type judgement struct {
	StatusAttributeString text                  `json:"StatusAttributeString"`
	HasErrors             flag                  `json:"HasErrors"`
	HasValidationErrors   flag                  `json:"HasValidationErrors"`
	ValidationErrors      list[json.RawMessage] `json:"ValidationErrors"`
}

type readContact struct {
	ContactID         text              `json:"ContactID"`
	ContactNumber     text              `json:"ContactNumber"`
	ContactStatus     text              `json:"ContactStatus"`
	MergedToContactID text              `json:"MergedToContactID"`
	Name              text              `json:"Name"`
	FirstName         text              `json:"FirstName"`
	LastName          text              `json:"LastName"`
	EmailAddress      text              `json:"EmailAddress"`
	Addresses         list[readAddress] `json:"Addresses"`
	Phones            list[readPhone]   `json:"Phones"`
	IsCustomer        flag              `json:"IsCustomer"`
	IsSupplier        flag              `json:"IsSupplier"`
	DefaultCurrency   text              `json:"DefaultCurrency"`
	UpdatedDateUTC    instant           `json:"UpdatedDateUTC"`
}

type readAddress struct {
	AddressType  text `json:"AddressType"`
	AddressLine1 text `json:"AddressLine1"`
	AddressLine2 text `json:"AddressLine2"`
	AddressLine3 text `json:"AddressLine3"`
	AddressLine4 text `json:"AddressLine4"`
	City         text `json:"City"`
}

type readPhone struct {
	PhoneType        text `json:"PhoneType"`
	PhoneNumber      text `json:"PhoneNumber"`
	PhoneAreaCode    text `json:"PhoneAreaCode"`
	PhoneCountryCode text `json:"PhoneCountryCode"`
}

type readLine struct {
	LineItemID  text  `json:"LineItemID"`
	Description text  `json:"Description"`
	Quantity    tenK  `json:"Quantity"`
	UnitAmount  tenK  `json:"UnitAmount"`
	AccountCode text  `json:"AccountCode"`
	TaxType     text  `json:"TaxType"`
	LineAmount  cents `json:"LineAmount"`
	TaxAmount   cents `json:"TaxAmount"`
}

// text reads a string, or a number or boolean as it is written; anything else
// is "".
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '"':
		var s string
		err := json.Unmarshal(b, &s)
		*t = text(s)
		return err
	case '{', '[', 'n':
		*t = ""
	default:
		*t = text(b)
	}
	return nil
}

// flag reads a boolean, also one in a string; anything else is false.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	*f = flag(strings.EqualFold(strings.Trim(string(b), `"`), "true"))
	return nil
}

// object reads a JSON object; anything else is the zero value.
type object[T any] struct{ value T }

func (o *object[T]) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return nil
	}
	return json.Unmarshal(b, &o.value)
}

// list reads an array, a single object as an array of one, anything else as
// an empty array.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(b []byte) error {
	*l = list[T]{}
	switch b[0] {
	case '[':
		var elements []T
		if err := json.Unmarshal(b, &elements); err != nil {
			return err
		}
		*l = elements
	case '{':
		var element T
		if err := json.Unmarshal(b, &element); err != nil {
			return err
		}
		*l = list[T]{element}
	}
	return nil
}

// cents and tenK read numbers exactly. More digits than we keep, which Xero
// does not send for what we wrote, are rounded half away from zero, so that a
// stranger's document does not make a whole page unreadable.
type (
	cents fieldops.Cents
	tenK  fieldops.E4
)

func (c *cents) UnmarshalJSON(b []byte) error {
	n, err := readNumber(b, 2, func(b []byte) (int64, error) {
		var v fieldops.Cents
		err := v.UnmarshalJSON(b)
		return int64(v), err
	})
	*c = cents(n)
	return err
}

func (q *tenK) UnmarshalJSON(b []byte) error {
	n, err := readNumber(b, 4, func(b []byte) (int64, error) {
		var v fieldops.E4
		err := v.UnmarshalJSON(b)
		return int64(v), err
	})
	*q = tenK(n)
	return err
}

// readNumber reads b with the exact reader, or, when b has more than places
// digits after its point, without the digits beyond and rounded.
func readNumber(b []byte, places int, exact func([]byte) (int64, error)) (int64, error) {
	n, err := exact(b)
	if err == nil {
		return n, nil
	}
	number := strings.TrimSpace(strings.Trim(string(b), `"`))
	whole, fraction, _ := strings.Cut(number, ".")
	if len(fraction) <= places || strings.Trim(fraction, "0123456789") != "" {
		return 0, err
	}
	n, err = exact([]byte(`"` + whole + "." + fraction[:places] + `"`))
	if err == nil && fraction[places] >= '5' {
		if strings.HasPrefix(whole, "-") {
			n--
		} else {
			n++
		}
	}
	return n, err
}

// day reads a calendar date: /Date(ms+0000)/ at midnight UTC of the day that the
// organisation means, or a time stamp that begins with it. It is never moved
// through a zone. What is no date is no date.
type day fieldops.Date

func (d *day) UnmarshalJSON(b []byte) error {
	*d = ""
	var s text
	if err := s.UnmarshalJSON(b); err != nil {
		return err
	}
	if at, ok := milliseconds(string(s)); ok {
		s = text(at.Format(time.DateOnly))
	}
	if date, err := fieldops.ParseDate(string(s)); err == nil {
		*d = day(date)
	}
	return nil
}

// instant reads a moment, in /Date(ms+0000)/ or ISO form, where a missing zone
// means UTC.
type instant time.Time

func (i *instant) UnmarshalJSON(b []byte) error {
	*i = instant{}
	var s text
	if err := s.UnmarshalJSON(b); err != nil {
		return err
	}
	if at, ok := milliseconds(string(s)); ok {
		*i = instant(at)
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, string(s)); err == nil {
			*i = instant(at.UTC())
			break
		}
	}
	return nil
}

// milliseconds reads /Date(1518685950940+0000)/. The number is milliseconds in
// UTC; the offset behind it says nothing more.
func milliseconds(s string) (time.Time, bool) {
	inner, ok := strings.CutPrefix(s, "/Date(")
	if !ok {
		return time.Time{}, false
	}
	inner, ok = strings.CutSuffix(inner, ")/")
	if !ok || inner == "" {
		return time.Time{}, false
	}
	if zone := strings.LastIndexAny(inner[1:], "+-"); zone >= 0 {
		inner = inner[:zone+1]
	}
	ms, err := strconv.ParseInt(inner, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	at := time.UnixMilli(ms).UTC()
	if at.Year() < 1900 || at.Year() > 9999 {
		return time.Time{}, false
	}
	return at, true
}
