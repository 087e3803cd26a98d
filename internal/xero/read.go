package xero

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
)

// remote is the element in our terms. Its ID is "" where Xero gave none or the
// nil UUID.
func (e *readElement) remote(kind fieldops.DocumentKind) fieldops.Remote {
	r := fieldops.Remote{
		Kind:      kind,
		Type:      string(e.Type),
		Reference: string(e.Reference),
		Status:    string(e.Status),
		Date:      fieldops.Date(e.Date),
		DueDate:   fieldops.Date(e.DueDate),
		Currency:  string(e.CurrencyCode),
		URL:       string(e.URL),
		SubTotal:  fieldops.Cents(e.SubTotal), TotalTax: fieldops.Cents(e.TotalTax), Total: fieldops.Cents(e.Total),
		AmountDue: fieldops.Cents(e.AmountDue), AmountPaid: fieldops.Cents(e.AmountPaid),
		AmountCredited: fieldops.Cents(e.AmountCredited),
		UpdatedAt:      time.Time(e.UpdatedDateUTC),
		HasPayments: e.AmountPaid != 0 || e.AmountCredited != 0 ||
			len(e.Payments)+len(e.CreditNotes)+len(e.Prepayments)+len(e.Overpayments) > 0,
	}
	switch kind {
	case fieldops.KindInvoice:
		r.ID, r.Number = documentID(e.InvoiceID), string(e.InvoiceNumber)
	case fieldops.KindPurchaseOrder:
		r.ID, r.Number = documentID(e.PurchaseOrderID), string(e.PurchaseOrderNumber)
		r.Type, r.DueDate, r.Notes = TypePurchaseOrder, fieldops.Date(e.DeliveryDate), string(e.Instructions)
	case fieldops.KindClient:
		r.ID, r.Number, r.Type = documentID(e.ContactID), string(e.ContactNumber), TypeContact
		r.Status, r.Currency = string(e.ContactStatus), string(e.DefaultCurrency)
		r.ContactID, r.ContactName = r.ID, string(e.Name)
		r.MergedTo = documentID(e.MergedToContactID)
		r.Contact = e.readContact.details()
		return r
	}
	r.ContactID, r.ContactName = documentID(e.Contact.value.ContactID), string(e.Contact.value.Name)
	r.MergedTo = documentID(e.Contact.value.MergedToContactID)
	for _, l := range e.LineItems {
		r.Lines = append(r.Lines, fieldops.RemoteLine{
			ID:          documentID(l.LineItemID),
			Description: string(l.Description),
			Quantity:    fieldops.E4(l.Quantity),
			UnitPrice:   fieldops.E4(l.UnitAmount),
			AccountCode: string(l.AccountCode),
			TaxType:     string(l.TaxType),
			Amount:      fieldops.Cents(l.LineAmount),
			Tax:         fieldops.Cents(l.TaxAmount),
		})
	}
	return r
}

func documentID(t text) string {
	id, ok := fieldops.ParseID(string(t))
	if !ok || id == fieldops.NilID {
		return ""
	}
	return id
}

// details reads the postal address and the main telephone number, or the first
// that there is.
func (c *readContact) details() *fieldops.PostingContact {
	d := &fieldops.PostingContact{
		Name: string(c.Name), FirstName: string(c.FirstName), LastName: string(c.LastName),
		Email: string(c.EmailAddress), Customer: bool(c.IsCustomer), Supplier: bool(c.IsSupplier),
	}
	for _, a := range c.Addresses {
		line := spaced(", ", a.AddressLine1, a.AddressLine2, a.AddressLine3, a.AddressLine4)
		empty := d.AddressLine == "" && d.City == ""
		if empty || a.AddressType == "POBOX" && line+string(a.City) != "" {
			d.AddressLine, d.City = line, string(a.City)
		}
	}
	for _, p := range c.Phones {
		number := spaced(" ", p.PhoneCountryCode, p.PhoneAreaCode, p.PhoneNumber)
		if d.Phone == "" || p.PhoneType == "DEFAULT" && number != "" {
			d.Phone = number
		}
	}
	return d
}

func spaced(separator string, parts ...text) string {
	var filled []string
	for _, p := range parts {
		if s := strings.TrimSpace(string(p)); s != "" {
			filled = append(filled, s)
		}
	}
	return strings.Join(filled, separator)
}

// ReadFound reads the answer to a Look: for each member, in their order, all
// documents that bear its id in Xero, its number (compared exactly; of invoices
// only those to customers) or our marker. complete is true only if what is not
// found is certainly not there as far as this answer goes: the answer was whole,
// understood, and had no further page. An error says why there is no finding at
// all.
func (c *Client) ReadFound(call fieldops.Call, a fieldops.Answer) (found [][]fieldops.Remote, complete bool, err error) {
	raws, complete, err := findRaw(call, a)
	if err != nil {
		return nil, false, err
	}
	found = make([][]fieldops.Remote, len(raws))
	for i, matches := range raws {
		for _, m := range matches {
			found[i] = append(found[i], m.remote)
		}
	}
	return found, complete, nil
}

type finding struct {
	remote fieldops.Remote
	raw    json.RawMessage
}

func findRaw(call fieldops.Call, a fieldops.Answer) (found [][]finding, complete bool, err error) {
	found = make([][]finding, len(call.Members))
	path, query, _ := strings.Cut(call.Path, "?")
	single := strings.Count(strings.TrimPrefix(path, accounting), "/") == 2
	if a.Status == http.StatusNotFound && single && !a.Truncated {
		return found, true, nil
	}
	elements, pages, err := readCollection(call.Kind, a)
	if err != nil {
		return nil, false, err
	}
	complete = single || pages.PageCount == 1 || pages.PageCount == 0 && len(elements) < pageSize(query)
	for _, raw := range elements {
		var e readElement
		if json.Unmarshal(raw, &e) != nil {
			complete = false // it may be the one
			continue
		}
		r := e.remote(call.Kind)
		for i, p := range call.Members {
			if answers(p, r) {
				found[i] = append(found[i], finding{r, raw})
			}
		}
	}
	// An answer about a single document that is not the one asked for proves
	// neither presence nor absence.
	if single && (len(elements) != 1 || len(call.Members) != 1 || len(found[0]) != 1) {
		complete = false
	}
	return found, complete, nil
}

// answers says whether r is what a look-up for p may mean.
func answers(p fieldops.Posting, r fieldops.Remote) bool {
	if id, ok := fieldops.ParseID(p.RemoteID); ok && id == r.ID && r.ID != "" {
		return true
	}
	if p.Number == "" && p.Contact != nil {
		return strings.EqualFold(contactName(p.Contact.Name), contactName(r.ContactName))
	}
	if r.Kind == fieldops.KindInvoice && r.Type != TypeCustomerInvoice {
		return false
	}
	return p.Number != "" && p.Number == r.Number || marked(p, r)
}

func pageSize(query string) int {
	for _, parameter := range strings.Split(query, "&") {
		if value, ok := strings.CutPrefix(parameter, "pageSize="); ok {
			return remaining(value)
		}
	}
	return 0
}

// readCollection reads the elements of an answer that was to hold a collection.
func readCollection(kind fieldops.DocumentKind, a fieldops.Answer) ([]json.RawMessage, pagination, error) {
	body, decoded := decode(a)
	if a.Status != http.StatusOK {
		return nil, pagination{}, fmt.Errorf("Xero answered with status %d: %s", a.Status, messageOf(body, decoded, a))
	}
	if a.Err != nil {
		return nil, pagination{}, a.Err
	}
	elements, ok := body.collection(kind)
	if !decoded || !ok {
		return nil, pagination{}, fmt.Errorf("Xero's answer holds no %ss that can be read", kind)
	}
	if body.Pagination == nil {
		return elements, pagination{}, nil
	}
	return elements, *body.Pagination, nil
}

// ReadList reads one page of a ListCall; more is true if another follows. An
// answer that is not wholly understood is an error, so that nobody goes on as
// if the page were done.
func (c *Client) ReadList(call fieldops.Call, a fieldops.Answer) (remotes []fieldops.Remote, more bool, err error) {
	if a.Status == http.StatusNotModified {
		return nil, false, nil
	}
	elements, pages, err := readCollection(call.Kind, a)
	if err != nil {
		return nil, false, err
	}
	for _, raw := range elements {
		var e readElement
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, false, fmt.Errorf("Xero's answer holds a %s that cannot be read: %w", call.Kind, err)
		}
		r := e.remote(call.Kind)
		if r.ID == "" {
			return nil, false, fmt.Errorf("Xero's answer holds a %s without an id", call.Kind)
		}
		remotes = append(remotes, r)
	}
	if pages.PageCount > 0 {
		return remotes, pages.Page < pages.PageCount, nil
	}
	_, query, _ := strings.Cut(call.Path, "?")
	size := pageSize(query)
	return remotes, size > 0 && len(elements) >= size, nil
}

// readInto reads the answer to a reference call.
func readInto(a fieldops.Answer, what string, into any) error {
	if a.Err != nil {
		return a.Err
	}
	if a.Status != http.StatusOK {
		body, decoded := decode(a)
		return fmt.Errorf("Xero answered the question for %s with status %d: %s", what, a.Status, messageOf(body, decoded, a))
	}
	if a.Truncated {
		return fmt.Errorf("Xero's answer to the question for %s was cut off", what)
	}
	if err := json.Unmarshal(a.Body, into); err != nil {
		return fmt.Errorf("Xero's answer to the question for %s cannot be understood: %w", what, err)
	}
	return nil
}

// zones maps Xero's spelling of Windows time zones to IANA names, as Unicode
// CLDR's windowsZones does
// (https://github.com/unicode-org/cldr/blob/main/common/supplemental/windowsZones.xml).
var zones = map[string]string{
	"NEWZEALANDSTANDARDTIME":    "Pacific/Auckland",
	"CHATHAMISLANDSTANDARDTIME": "Pacific/Chatham",
	"AUSEASTERNSTANDARDTIME":    "Australia/Sydney",
	"EAUSTRALIASTANDARDTIME":    "Australia/Brisbane",
	"TASMANIASTANDARDTIME":      "Australia/Hobart",
	"CENAUSTRALIASTANDARDTIME":  "Australia/Adelaide",
	"AUSCENTRALSTANDARDTIME":    "Australia/Darwin",
	"WAUSTRALIASTANDARDTIME":    "Australia/Perth",
	"GMTSTANDARDTIME":           "Europe/London",
}

// ReadOrganisation reads the answer to OrganisationCall.
func (c *Client) ReadOrganisation(a fieldops.Answer) (fieldops.Organisation, error) {
	var body struct {
		Organisations list[struct {
			OrganisationID    text `json:"OrganisationID"`
			Name              text `json:"Name"`
			ShortCode         text `json:"ShortCode"`
			CountryCode       text `json:"CountryCode"`
			BaseCurrency      text `json:"BaseCurrency"`
			Timezone          text `json:"Timezone"`
			PeriodLockDate    day  `json:"PeriodLockDate"`
			EndOfYearLockDate day  `json:"EndOfYearLockDate"`
		}] `json:"Organisations"`
	}
	if err := readInto(a, "the organisation", &body); err != nil {
		return fieldops.Organisation{}, err
	}
	if len(body.Organisations) != 1 || documentID(body.Organisations[0].OrganisationID) == "" {
		return fieldops.Organisation{}, fmt.Errorf("Xero's answer names no organisation")
	}
	o := body.Organisations[0]
	return fieldops.Organisation{
		ID: documentID(o.OrganisationID), Name: string(o.Name), ShortCode: string(o.ShortCode),
		Country: string(o.CountryCode), Currency: string(o.BaseCurrency),
		Timezone:          zones[strings.ToUpper(string(o.Timezone))],
		PeriodLockDate:    fieldops.Date(o.PeriodLockDate),
		EndOfYearLockDate: fieldops.Date(o.EndOfYearLockDate),
	}, nil
}

// ReadAccounts reads the answer to AccountsCall, archived accounts included.
func (c *Client) ReadAccounts(a fieldops.Answer) ([]fieldops.Account, error) {
	var body struct {
		Accounts *list[struct {
			Code          text `json:"Code"`
			Name          text `json:"Name"`
			Type          text `json:"Type"`
			Class         text `json:"Class"`
			TaxType       text `json:"TaxType"`
			Status        text `json:"Status"`
			SystemAccount text `json:"SystemAccount"`
		}] `json:"Accounts"`
	}
	if err := readInto(a, "accounts", &body); err != nil {
		return nil, err
	}
	if body.Accounts == nil {
		return nil, fmt.Errorf("Xero's answer holds no accounts")
	}
	accounts := make([]fieldops.Account, 0, len(*body.Accounts))
	for _, x := range *body.Accounts {
		accounts = append(accounts, fieldops.Account{
			Code: string(x.Code), Name: string(x.Name), Type: string(x.Type), Class: string(x.Class),
			TaxType: string(x.TaxType), Status: string(x.Status), System: string(x.SystemAccount),
		})
	}
	return accounts, nil
}

// ReadTaxRates reads the answer to TaxRatesCall.
func (c *Client) ReadTaxRates(a fieldops.Answer) ([]fieldops.RemoteTaxRate, error) {
	var body struct {
		TaxRates *list[struct {
			TaxType            text `json:"TaxType"`
			Name               text `json:"Name"`
			Status             text `json:"Status"`
			EffectiveRate      tenK `json:"EffectiveRate"` // percent
			CanApplyToRevenue  flag `json:"CanApplyToRevenue"`
			CanApplyToExpenses flag `json:"CanApplyToExpenses"`
		}] `json:"TaxRates"`
	}
	if err := readInto(a, "tax rates", &body); err != nil {
		return nil, err
	}
	if body.TaxRates == nil {
		return nil, fmt.Errorf("Xero's answer holds no tax rates")
	}
	rates := make([]fieldops.RemoteTaxRate, 0, len(*body.TaxRates))
	for _, x := range *body.TaxRates {
		rates = append(rates, fieldops.RemoteTaxRate{
			TaxType: string(x.TaxType), Name: string(x.Name), Status: string(x.Status),
			// A ten-thousandth of a percent is one part per million.
			Rate:       fieldops.TaxRate(x.EffectiveRate),
			ForRevenue: bool(x.CanApplyToRevenue), ForExpenses: bool(x.CanApplyToExpenses),
		})
	}
	return rates, nil
}

// ReadConnections reads the answer to ConnectionsCall. Only organisations are
// returned: a practice keeps no books.
func (c *Client) ReadConnections(a fieldops.Answer) ([]fieldops.RemoteTenant, error) {
	var body []struct {
		ID         text `json:"id"`
		TenantID   text `json:"tenantId"`
		TenantType text `json:"tenantType"`
		TenantName text `json:"tenantName"`
	}
	if err := readInto(a, "connections", &body); err != nil {
		return nil, err
	}
	var tenants []fieldops.RemoteTenant
	for _, x := range body {
		if x.TenantType != "ORGANISATION" || documentID(x.TenantID) == "" {
			continue
		}
		tenants = append(tenants, fieldops.RemoteTenant{
			ConnectionID: string(x.ID), TenantID: documentID(x.TenantID), Name: string(x.TenantName), Type: string(x.TenantType),
		})
	}
	return tenants, nil
}
