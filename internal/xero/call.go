package xero

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
)

// Limits of one call. Xero takes 10 MB and advises far less
// (https://developer.xero.com/documentation/guides/oauth2/limits).
const (
	MaxMembers = 50
	maxBody    = 3 << 20

	// A page of documents comes with their lines, a page of contacts is
	// slight. 1,000 is the most that Xero gives.
	documentPage = 100
	largestPage  = 1000
)

// Statuses of contacts. Those of documents stand in package fieldops; all others
// pass through as Xero writes them.
const (
	StatusActive   = "ACTIVE"
	StatusArchived = "ARCHIVED"
)

// Types of documents, as Remote.Type holds them.
const (
	TypeCustomerInvoice = "ACCREC"
	TypeSupplierInvoice = "ACCPAY"
	TypePurchaseOrder   = "PURCHASEORDER"
	TypeContact         = "CONTACT"
)

// collectionName is the name of a kind's collection in paths and bodies.
func collectionName(kind fieldops.DocumentKind) (string, error) {
	switch kind {
	case fieldops.KindInvoice:
		return "Invoices", nil
	case fieldops.KindPurchaseOrder:
		return "PurchaseOrders", nil
	case fieldops.KindClient:
		return "Contacts", nil
	}
	return "", fmt.Errorf("xero: a %q does not travel to Xero", kind)
}

// Create is the call that creates the members: one PUT, which refuses a number
// that exists where a POST would overwrite its document, with a judgement of
// each element in the answer. It takes 1 to MaxMembers postings of one kind.
//
// The caller sets the call's IdempotencyKey.
func (c *Client) Create(kind fieldops.DocumentKind, members []fieldops.Posting) (fieldops.Call, error) {
	name, err := collectionName(kind)
	if err != nil {
		return fieldops.Call{}, err
	}
	if len(members) == 0 || len(members) > MaxMembers {
		return fieldops.Call{}, fmt.Errorf("xero: one call creates 1 to %d documents, not %d", MaxMembers, len(members))
	}
	query := "?summarizeErrors=false"
	if kind == fieldops.KindInvoice {
		query += "&unitdp=4"
	}
	call := fieldops.Call{
		Method: http.MethodPut, Path: accounting + "/" + name + query,
		Operation: fieldops.OpCreate, Kind: kind, Members: members, Collection: true,
	}
	elements := make([]any, len(members))
	for i, p := range members {
		if p.Ref.Kind != kind {
			return fieldops.Call{}, fmt.Errorf("xero: a %s among documents of kind %s", p.Ref.Kind, kind)
		}
		if p.Number == "" {
			// Without it nobody could tell later whether it was created.
			return fieldops.Call{}, fmt.Errorf("xero: %s %s has no number to be created with", kind, p.Ref.ID)
		}
		if elements[i], err = full(p, nil); err != nil {
			return fieldops.Call{}, err
		}
	}
	return withBody(call, name, elements)
}

// Update is the call that brings the document p.RemoteID to the content of p.
// remote is the document as last read, or nil when it is not known; with it,
// lines are changed in place when their count is the same (else replaced), the
// status is left alone once Xero's is beyond a draft, and a contact's details
// are sent only where they differ.
func (c *Client) Update(p fieldops.Posting, remote *fieldops.Remote) (fieldops.Call, error) {
	call, name, err := byID(p, fieldops.OpUpdate)
	if err != nil {
		return fieldops.Call{}, err
	}
	if remote == nil {
		remote = &fieldops.Remote{ID: p.RemoteID}
	}
	element, err := full(p, remote)
	if err != nil {
		return fieldops.Call{}, err
	}
	return withBody(call, name, []any{element})
}

// Void is the call that takes the document p.RemoteID back. remoteStatus is its
// status in Xero, which decides how: what is approved is voided, a draft and any
// purchase order is deleted, a contact is archived. What is voided or deleted
// already is refused.
func (c *Client) Void(p fieldops.Posting, remoteStatus string) (fieldops.Call, error) {
	call, name, err := byID(p, fieldops.OpVoid)
	if err != nil {
		return fieldops.Call{}, err
	}
	switch remoteStatus {
	case fieldops.StatusVoided, fieldops.StatusDeleted:
		return fieldops.Call{}, fieldops.Refuse(fieldops.Conflict, "%s is already %s in Xero", p.Number, strings.ToLower(remoteStatus))
	case "":
		return fieldops.Call{}, fmt.Errorf("xero: %s cannot be voided before its status in Xero is known", p.Number)
	}
	var element any
	switch p.Ref.Kind {
	case fieldops.KindInvoice:
		status := fieldops.StatusVoided
		if remoteStatus == fieldops.StatusDraft || remoteStatus == fieldops.StatusSubmitted {
			status = fieldops.StatusDeleted
		}
		element = sentInvoice{InvoiceID: p.RemoteID, Status: status}
	case fieldops.KindPurchaseOrder:
		element = sentOrder{PurchaseOrderID: p.RemoteID, Status: fieldops.StatusDeleted}
	default:
		element = sentContact{ContactID: p.RemoteID, ContactStatus: StatusArchived}
	}
	return withBody(call, name, []any{element})
}

// byID begins a write to one existing document.
func byID(p fieldops.Posting, operation fieldops.Operation) (fieldops.Call, string, error) {
	name, err := collectionName(p.Ref.Kind)
	if err != nil {
		return fieldops.Call{}, "", err
	}
	if id, ok := fieldops.ParseID(p.RemoteID); !ok || id == fieldops.NilID {
		return fieldops.Call{}, "", fmt.Errorf("xero: %s %s has no id in Xero yet", p.Ref.Kind, p.Number)
	}
	path := accounting + "/" + name + "/" + p.RemoteID
	if p.Ref.Kind == fieldops.KindInvoice {
		path += "?unitdp=4"
	}
	return fieldops.Call{
		Method: http.MethodPost, Path: path,
		Operation: operation, Kind: p.Ref.Kind, Members: []fieldops.Posting{p},
	}, name, nil
}

// withBody gives a call its body: the envelope around the elements.
func withBody(call fieldops.Call, name string, elements []any) (fieldops.Call, error) {
	for _, e := range elements {
		raw, err := json.Marshal(e)
		if err != nil {
			return fieldops.Call{}, fmt.Errorf("xero: encode an element of %s: %w", name, err)
		}
		call.Elements = append(call.Elements, raw)
	}
	body, err := json.Marshal(map[string][]json.RawMessage{name: call.Elements})
	if err != nil {
		return fieldops.Call{}, fmt.Errorf("xero: encode %s: %w", name, err)
	}
	if len(body) > maxBody {
		return fieldops.Call{}, fieldops.Refuse(fieldops.TooLarge,
			"%d documents of together %d MB are more than Xero takes in one call", len(elements), len(body)>>20)
	}
	call.Body = body
	return call, nil
}

// full is the whole element for p: a new one when remote is nil.
func full(p fieldops.Posting, remote *fieldops.Remote) (any, error) {
	switch p.Ref.Kind {
	case fieldops.KindInvoice:
		if strings.Contains(strings.ToLower(p.URL), "xero") {
			return nil, fieldops.Refuse(fieldops.Invalid,
				"Xero refuses links that contain its own name; %s must be served under another address", p.URL)
		}
		e := sentInvoice{
			Type:          TypeCustomerInvoice,
			InvoiceNumber: p.Number,
			Contact:       &sentContact{ContactID: p.ContactID},
			Date:          string(p.Date), DueDate: string(p.DueDate),
			LineAmountTypes: "Exclusive",
			Reference:       optional(p.Reference, remote),
			URL:             p.URL,
			CurrencyCode:    p.Currency,
			Status:          status(p, remote),
			LineItems:       lines(p, remote),
		}
		if remote != nil {
			e.InvoiceID = p.RemoteID
		}
		return e, nil
	case fieldops.KindPurchaseOrder:
		e := sentOrder{
			PurchaseOrderNumber: p.Number,
			Contact:             &sentContact{ContactID: p.ContactID},
			Date:                string(p.Date), DeliveryDate: string(p.DueDate),
			LineAmountTypes:      "Exclusive",
			Reference:            optional(p.Reference, remote),
			DeliveryInstructions: optional(p.Notes, remote),
			CurrencyCode:         p.Currency,
			Status:               status(p, remote),
			LineItems:            lines(p, remote),
		}
		if remote != nil {
			e.PurchaseOrderID = p.RemoteID
		}
		return e, nil
	case fieldops.KindClient:
		if p.Contact == nil {
			return nil, fmt.Errorf("xero: client %s has no contact details to send", p.Ref.ID)
		}
		return contact(p, remote), nil
	}
	_, err := collectionName(p.Ref.Kind)
	return nil, err
}

// optional is a text that a new document omits when it has none, and an existing one
// is sent empty so that the old one goes away.
func optional(text string, remote *fieldops.Remote) *string {
	if text == "" && remote == nil {
		return nil
	}
	return &text
}

// status is the status to send. Beyond a draft it belongs to Xero: a paid
// invoice cannot be made merely approved by an edit of ours.
func status(p fieldops.Posting, remote *fieldops.Remote) string {
	if remote == nil || remote.Status == "" || remote.Status == fieldops.StatusDraft || remote.Status == fieldops.StatusSubmitted {
		return p.Status
	}
	return ""
}

func lines(p fieldops.Posting, remote *fieldops.Remote) []sentLine {
	sent := make([]sentLine, len(p.Lines))
	for i, l := range p.Lines {
		sent[i] = sentLine{
			Description: l.Description,
			Quantity:    l.Quantity.Number(),
			UnitAmount:  l.UnitPrice.Number(),
			AccountCode: l.AccountCode,
			TaxType:     l.TaxType,
		}
		if remote != nil && len(remote.Lines) == len(p.Lines) {
			sent[i].LineItemID = remote.Lines[i].ID
		}
	}
	return sent
}

// contact is the element of a client. Our number is given when the contact is
// made, or to one that has none; the number of a contact that came from
// elsewhere stays. A field that we do not know is not sent, so that it does not
// erase what somebody entered in Xero; a list replaces the one in Xero, so it
// goes only when it says something new.
func contact(p fieldops.Posting, remote *fieldops.Remote) sentContact {
	ours, theirs := *p.Contact, fieldops.PostingContact{}
	e := sentContact{Name: contactName(ours.Name)}
	if remote == nil {
		e.ContactNumber = p.Number
	} else {
		e.ContactID = p.RemoteID
		if remote.Contact != nil {
			theirs = *remote.Contact
			if remote.Number == "" {
				e.ContactNumber = p.Number
			}
		}
	}
	changed := func(ours, theirs string) string {
		if sameText(ours, theirs) {
			return ""
		}
		return ours
	}
	e.FirstName = changed(ours.FirstName, theirs.FirstName)
	e.LastName = changed(ours.LastName, theirs.LastName)
	e.EmailAddress = changed(ours.Email, theirs.Email)
	if ours.Phone != "" && !samePhone(ours.Phone, theirs.Phone) {
		e.Phones = []sentPhone{{PhoneType: "DEFAULT", PhoneNumber: ours.Phone}}
	}
	newLine := ours.AddressLine != "" && !sameText(ours.AddressLine, theirs.AddressLine)
	newCity := ours.City != "" && !sameText(ours.City, theirs.City)
	if newLine || newCity {
		// POBOX is Xero's name for the postal address, which it prints.
		e.Addresses = []sentAddress{{
			AddressType:  "POBOX",
			AddressLine1: cmp.Or(ours.AddressLine, theirs.AddressLine),
			City:         cmp.Or(ours.City, theirs.City),
		}}
	}
	return e
}

// contactName is a name without the leading, trailing and double spaces that
// Xero does not keep.
func contactName(name string) string { return strings.Join(strings.Fields(name), " ") }

// Look is the call that asks whether the members are in Xero. Members whose id
// is known are asked for by it, others by their number; the two cannot be mixed
// in one call. Of clients only one can be asked for by number, of purchase
// orders only one by id; several purchase orders are read as the pages of their
// range of dates, which ReadFound calls complete only when it is one page.
func (c *Client) Look(kind fieldops.DocumentKind, members []fieldops.Posting) (fieldops.Call, error) {
	name, err := collectionName(kind)
	if err != nil {
		return fieldops.Call{}, err
	}
	if len(members) == 0 || len(members) > MaxMembers {
		return fieldops.Call{}, fmt.Errorf("xero: one call looks for 1 to %d documents, not %d", MaxMembers, len(members))
	}
	known := 0
	for _, p := range members {
		if p.RemoteID != "" {
			known++
		} else if p.Number == "" || strings.ContainsAny(p.Number, `,"`) {
			return fieldops.Call{}, fmt.Errorf("xero: no %s can be looked for by the number %q", kind, p.Number)
		}
	}
	if known != 0 && known != len(members) {
		return fieldops.Call{}, fmt.Errorf("xero: documents with and without an id in Xero must be looked for apart")
	}
	path := accounting + "/" + name
	switch {
	case known == 1:
		path += "/" + url.PathEscape(members[0].RemoteID)
		if kind == fieldops.KindInvoice {
			path += "?unitdp=4"
		}
	case known > 1 && kind == fieldops.KindPurchaseOrder:
		return fieldops.Call{}, fmt.Errorf("xero: purchase orders can be read by id only one at a time")
	case known > 1:
		path += "?IDs=" + joined(members, func(p fieldops.Posting) string { return p.RemoteID }) + wholePage(kind)
	case kind == fieldops.KindInvoice:
		path += "?InvoiceNumbers=" + joined(members, func(p fieldops.Posting) string { return p.Number }) + wholePage(kind)
	case kind == fieldops.KindClient && len(members) == 1:
		path += "?where=" + url.QueryEscape(`ContactNumber=="`+members[0].Number+`"`) + wholePage(kind)
	case kind == fieldops.KindClient:
		return fieldops.Call{}, fmt.Errorf("xero: contacts can be looked for by number only one at a time")
	case len(members) == 1:
		path += "/" + url.PathEscape(members[0].Number)
	default:
		from, to, err := dateRange(members)
		if err != nil {
			return fieldops.Call{}, err
		}
		path += "?DateFrom=" + string(from) + "&DateTo=" + string(to) + wholePage(kind)
	}
	return look(kind, path, members), nil
}

func look(kind fieldops.DocumentKind, path string, members []fieldops.Posting) fieldops.Call {
	return fieldops.Call{Method: http.MethodGet, Path: path, Operation: fieldops.OpLook, Kind: kind, Members: members}
}

// wholePage asks for the largest page with everything in it: prices with four
// digits, which must be asked for on reads too, and archived contacts.
func wholePage(kind fieldops.DocumentKind) string {
	return pageQuery(kind, 1, largestPage)
}

func pageQuery(kind fieldops.DocumentKind, page, size int) string {
	q := "&page=" + strconv.Itoa(page) + "&pageSize=" + strconv.Itoa(size)
	switch kind {
	case fieldops.KindInvoice:
		q += "&unitdp=4"
	case fieldops.KindClient:
		q += "&includeArchived=true"
	}
	return q
}

// joined lists one value of each member in the form of Xero's list parameters.
func joined(members []fieldops.Posting, value func(fieldops.Posting) string) string {
	values := make([]string, len(members))
	for i, p := range members {
		values[i] = url.QueryEscape(value(p))
	}
	return strings.Join(values, ",")
}

func dateRange(members []fieldops.Posting) (from, to fieldops.Date, err error) {
	from, to = members[0].Date, members[0].Date
	for _, p := range members {
		if p.Date == "" {
			return "", "", fmt.Errorf("xero: purchase order %s has no date to look for it by", p.Number)
		}
		from, to = min(from, p.Date), max(to, p.Date)
	}
	return from, to, nil
}

// LookContactByName is the call that finds the contact that holds a name, as
// when Xero says that a name is taken. Its one member carries only the name;
// ReadFound gives the contacts that bear it, whatever the case of its letters.
func (c *Client) LookContactByName(name string) (fieldops.Call, error) {
	name = contactName(name)
	if name == "" {
		return fieldops.Call{}, fmt.Errorf("xero: a contact cannot be looked for without a name")
	}
	filter := "where=" + url.QueryEscape(`Name=="`+name+`"`)
	if strings.Contains(name, `"`) {
		// Xero's filters know no way to write a quotation mark.
		filter = "searchTerm=" + url.QueryEscape(name)
	}
	member := fieldops.Posting{
		Ref:     fieldops.DocumentRef{Kind: fieldops.KindClient},
		Contact: &fieldops.PostingContact{Name: name},
	}
	return look(fieldops.KindClient, accounting+"/Contacts?"+filter+wholePage(fieldops.KindClient), []fieldops.Posting{member}), nil
}

// ListCall is the call for one page, counted from 1, of all documents of a kind
// that were changed at or after since (zero: all), archived contacts and voided
// documents among them. Pages are ordered by id, so that a document which
// changes while they are read does not slip from an unread page to a read one.
// Xero gives purchase orders and contacts of its own making too; invoices are
// customer invoices only.
func (c *Client) ListCall(kind fieldops.DocumentKind, page int, since time.Time) fieldops.Call {
	var path string
	switch kind {
	case fieldops.KindInvoice:
		path = "/Invoices?where=" + url.QueryEscape(`Type=="ACCREC"`) + "&order=InvoiceID" + pageQuery(kind, page, documentPage)
	case fieldops.KindPurchaseOrder:
		path = "/PurchaseOrders?order=PurchaseOrderID" + pageQuery(kind, page, documentPage)
	default:
		path = "/Contacts?order=ContactID" + pageQuery(kind, page, largestPage)
	}
	call := look(kind, accounting+path, nil)
	call.ModifiedSince = since
	return call
}

// OrganisationCall reads the organisation. Xero counts no traffic for it, so it
// is also the call by which to ask whether Xero answers.
func (c *Client) OrganisationCall() fieldops.Call {
	return look(fieldops.KindConnection, accounting+"/Organisation", nil)
}

// AccountsCall reads the chart of accounts, which is not paged.
func (c *Client) AccountsCall() fieldops.Call {
	return look(fieldops.KindConnection, accounting+"/Accounts", nil)
}

// TaxRatesCall reads the tax rates, which are not paged.
func (c *Client) TaxRatesCall() fieldops.Call {
	return look(fieldops.KindConnection, accounting+"/TaxRates", nil)
}

// ConnectionsCall reads every organisation that the person who consented has
// ever connected to this app. It is sent without a tenant.
func (c *Client) ConnectionsCall() fieldops.Call {
	return look(fieldops.KindConnection, "/connections", nil)
}

// ConnectionsOfConsentCall reads only the organisations of one consent, named
// by TokenSet.AuthEventID. It is sent without a tenant.
func (c *Client) ConnectionsOfConsentCall(authEventID string) fieldops.Call {
	return look(fieldops.KindConnection, "/connections?authEventId="+url.QueryEscape(authEventID), nil)
}
