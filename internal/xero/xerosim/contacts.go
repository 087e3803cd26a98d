package xerosim

import (
	"fmt"
	"maps"
	"math/big"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// contact is a customer or supplier.
type contact struct {
	id, number, name string
	status           string            // ACTIVE or ARCHIVED
	texts            map[string]string // the plain text fields of contactTexts
	persons          []object
	addresses        map[string]object // by AddressType
	phones           map[string]object // by PhoneType
	terms            object
	customer         bool
	supplier         bool
	mergedTo         string // id of the contact that a person merged this one into
	updated          time.Time
}

// contactTexts are the fields that are stored as sent, with their maximum length.
var contactTexts = map[string]int{
	"AccountNumber": 50, "FirstName": 255, "LastName": 255, "CompanyNumber": 50, "EmailAddress": 255,
	"TaxNumber": 50, "BankAccountDetails": 255, "AccountsReceivableTaxType": 50, "AccountsPayableTaxType": 50,
	"DefaultCurrency": 3, "SalesDefaultAccountCode": 10, "PurchasesDefaultAccountCode": 10,
}

var (
	addressTypes = []string{"STREET", "POBOX"}
	addressTexts = map[string]int{
		"AddressLine1": 500, "AddressLine2": 500, "AddressLine3": 500, "AddressLine4": 500,
		"City": 255, "Region": 255, "PostalCode": 50, "Country": 50, "AttentionTo": 255,
	}
	phoneTypes = []string{"DDI", "DEFAULT", "FAX", "MOBILE"}
	phoneTexts = map[string]int{"PhoneNumber": 50, "PhoneAreaCode": 10, "PhoneCountryCode": 20}
)

func newContact(id string, now time.Time) *contact {
	return &contact{
		id: id, status: "ACTIVE", updated: now,
		texts: map[string]string{}, addresses: map[string]object{}, phones: map[string]object{},
	}
}

func (c *contact) copied() *contact {
	next := *c
	next.texts = maps.Clone(c.texts)
	next.addresses = maps.Clone(c.addresses)
	next.phones = maps.Clone(c.phones)
	next.persons = slices.Clone(c.persons)
	return &next
}

func (c *contact) key() string          { return c.id }
func (c *contact) updatedAt() time.Time { return c.updated }

func (c *contact) render(o *organisation, v view) object {
	tree := object{
		"ContactID": c.id, "ContactStatus": c.status, "Name": c.name,
		"EmailAddress": c.texts["EmailAddress"], "UpdatedDateUTC": msDate(c.updated),
		"HasAttachments": false, "HasValidationErrors": false,
	}
	for name, value := range c.texts {
		if value != "" {
			tree[name] = value
		}
	}
	if c.number != "" {
		tree["ContactNumber"] = c.number
	}
	if v.summary {
		for _, name := range []string{"SalesDefaultAccountCode", "PurchasesDefaultAccountCode"} {
			delete(tree, name)
		}
		return tree
	}
	tree["IsCustomer"], tree["IsSupplier"] = c.customer, c.supplier
	addresses := []object{}
	for _, kind := range addressTypes {
		address := object{"AddressType": kind, "City": "", "Region": "", "PostalCode": "", "Country": ""}
		maps.Copy(address, c.addresses[kind])
		addresses = append(addresses, address)
	}
	phones := []object{}
	for _, kind := range append(slices.Clone(phoneTypes), "OFFICE") {
		phone, given := c.phones[kind]
		if kind == "OFFICE" && !given {
			continue
		}
		full := object{"PhoneType": kind, "PhoneNumber": "", "PhoneAreaCode": "", "PhoneCountryCode": ""}
		maps.Copy(full, phone)
		phones = append(phones, full)
	}
	tree["Addresses"], tree["Phones"], tree["ContactGroups"] = addresses, phones, []object{}
	if !v.detail {
		return tree
	}
	tree["ContactPersons"] = append([]object{}, c.persons...)
	tree["SalesTrackingCategories"], tree["PurchasesTrackingCategories"] = []object{}, []object{}
	if c.terms != nil {
		tree["PaymentTerms"] = c.terms
	}
	if c.mergedTo != "" {
		tree["MergedToContactID"] = c.mergedTo
	}
	tree["Balances"] = o.balances(c)
	return tree
}

// stub is the contact as it stands inside a document of an unpaged list.
func (c *contact) stub() object {
	tree := object{"ContactID": c.id, "Name": c.name, "Addresses": []object{}, "Phones": []object{}, "ContactGroups": []object{}, "ContactPersons": []object{}, "HasValidationErrors": false}
	if c.number != "" {
		tree["ContactNumber"] = c.number
	}
	return tree
}

// balances sums what the contact owes and is owed, by approved documents.
func (o *organisation) balances(c *contact) object {
	outstanding := map[string]*big.Rat{typeACCREC: new(big.Rat), typeACCPAY: new(big.Rat)}
	overdue := map[string]*big.Rat{typeACCREC: new(big.Rat), typeACCPAY: new(big.Rat)}
	today := o.today()
	for _, d := range o.documents[invoices] {
		if d.contact != c || d.status != "AUTHORISED" {
			continue
		}
		outstanding[d.typ].Add(outstanding[d.typ], d.due())
		if d.dueDate < today {
			overdue[d.typ].Add(overdue[d.typ], d.due())
		}
	}
	side := func(typ string) object {
		return object{"Outstanding": number(outstanding[typ], 2), "Overdue": number(overdue[typ], 2)}
	}
	return object{"AccountsReceivable": side(typeACCREC), "AccountsPayable": side(typeACCPAY)}
}

func (o *organisation) contactByID(id string) *contact {
	for _, c := range o.contacts {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (o *organisation) contactByNumber(number string) *contact {
	for _, c := range o.contacts {
		if c.number != "" && strings.EqualFold(c.number, number) {
			return c
		}
	}
	return nil
}

// contactByName looks among active contacts only: archived ones free their name.
func (o *organisation) contactByName(name string) *contact {
	for _, c := range o.contacts {
		if c.status == "ACTIVE" && strings.EqualFold(c.name, strings.TrimSpace(name)) {
			return c
		}
	}
	return nil
}

// contactInput is a contact of a request; nil means not given.
type contactInput struct {
	id, number, name string
	hasNumber        bool
	hasName          bool
	status           string
	texts            map[string]string
	persons          []object
	hasPersons       bool
	addresses        map[string]object
	hasAddresses     bool
	phones           map[string]object
	hasPhones        bool
	terms            object
	identityOnly     bool // nothing but ContactID, ContactNumber or Name was given
	problems         []string
}

func parseContact(f fields) *contactInput {
	in := &contactInput{texts: map[string]string{}}
	in.id, _ = f.id("ContactID")
	in.number, in.hasNumber = f.text("ContactNumber")
	in.name, in.hasName = f.text("Name")
	in.status, _ = f.enum("ContactStatus", "ACTIVE", "ARCHIVED", "GDPRREQUEST")
	in.identityOnly = f.only("ContactID", "ContactNumber", "Name")
	tooLong := func(name, value string, limit int) {
		if len([]rune(value)) > limit {
			in.problems = append(in.problems, fmt.Sprintf("The value for %s is too long: it must be at most %d characters", name, limit))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(contactTexts)) {
		if value, given := f.text(name); given {
			in.texts[name] = value
			tooLong(name, value, contactTexts[name])
		}
	}
	tooLong("ContactNumber", in.number, 50)
	tooLong("Name", in.name, 255)

	persons, given := f.list("ContactPersons")
	in.hasPersons = given
	for _, p := range persons {
		person := object{}
		for _, name := range []string{"FirstName", "LastName", "EmailAddress"} {
			if value, given := p.text(name); given {
				person[name] = value
				tooLong("ContactPersons."+name, value, 255)
			}
		}
		include, _ := p.flag("IncludeInEmails")
		person["IncludeInEmails"] = include
		in.persons = append(in.persons, person)
	}
	if len(persons) > 5 {
		in.problems = append(in.problems, "A contact can have at most 5 ContactPersons")
	}

	parts := func(list, kind string, kinds []string, texts map[string]int) (map[string]object, bool) {
		members, given := f.list(list)
		made := map[string]object{}
		for _, member := range members {
			typ, ok := member.enum(kind, kinds...)
			if !ok {
				continue
			}
			part := object{}
			for _, name := range slices.Sorted(maps.Keys(texts)) {
				if value, given := member.text(name); given {
					part[name] = value
					tooLong(list+"."+name, value, texts[name])
				}
			}
			made[typ] = part
		}
		return made, given
	}
	in.addresses, in.hasAddresses = parts("Addresses", "AddressType", []string{"POBOX", "STREET", "DELIVERY"}, addressTexts)
	for _, address := range in.addresses {
		if country, _ := address["Country"].(string); countryDigits.MatchString(country) {
			in.problems = append(in.problems, "Country must only contain letters")
		}
	}
	in.phones, in.hasPhones = parts("Phones", "PhoneType", []string{"DEFAULT", "DDI", "MOBILE", "FAX", "OFFICE"}, phoneTexts)

	if terms, given := f.object("PaymentTerms"); given {
		in.terms = object{}
		for _, side := range []string{"Bills", "Sales"} {
			term, given := terms.object(side)
			if !given {
				continue
			}
			typ, _ := term.enum("Type", "DAYSAFTERBILLDATE", "DAYSAFTERBILLMONTH", "OFCURRENTMONTH", "OFFOLLOWINGMONTH")
			in.terms[side] = object{"Day": plainNumber(orZero(term.number("Day"))), "Type": typ}
		}
	}
	return in
}

var countryDigits = regexp.MustCompile(`[0-9]`)

func orZero(x *big.Rat) *big.Rat {
	if x == nil {
		return zero
	}
	return x
}

// apply puts the given fields on a contact. Lists replace what was there.
func (in *contactInput) apply(c *contact) {
	if in.hasName {
		c.name = in.name
	}
	if in.hasNumber {
		c.number = in.number
	}
	if in.status != "" {
		c.status = in.status
	}
	maps.Copy(c.texts, in.texts)
	if in.hasPersons {
		c.persons = in.persons
	}
	if in.hasAddresses {
		c.addresses = in.addresses
	}
	if in.hasPhones {
		c.phones = in.phones
	}
	if in.terms != nil {
		c.terms = in.terms
	}
}

// check holds a contact against the others; self is the one it will replace.
func (o *organisation) checkContact(c, self *contact) []string {
	var problems []string
	switch {
	case strings.TrimSpace(c.name) == "":
		problems = append(problems, "The contact name must be specified")
	case strings.ContainsAny(c.name, "<>"):
		problems = append(problems, "The contact name must not contain the characters < or >")
	case c.name != strings.TrimSpace(c.name) || strings.Contains(c.name, "  "):
		// Xero tidies the name instead of refusing it.
		c.name = strings.Join(strings.Fields(c.name), " ")
	}
	if email := c.texts["EmailAddress"]; email != "" && !validEmail(email) {
		problems = append(problems, "Email address must be valid.")
	}
	for _, person := range c.persons {
		if email, _ := person["EmailAddress"].(string); email != "" && !validEmail(email) {
			problems = append(problems, "Email address must be valid.")
		}
	}
	if c.status == "ACTIVE" && c.name != "" {
		if other := o.contactByName(c.name); other != nil && other != self {
			problems = append(problems, fmt.Sprintf("The contact name %s is already assigned to another contact. The contact name must be unique across all active contacts.", c.name))
		}
	}
	if other := o.contactByNumber(c.number); c.number != "" && other != nil && other != self {
		problems = append(problems, fmt.Sprintf("The contact number %s is already assigned to another contact. The contact number must be unique across all contacts.", c.number))
	}
	if account := c.texts["AccountNumber"]; account != "" {
		for _, other := range o.contacts {
			if other != self && other.status == "ACTIVE" && strings.EqualFold(other.texts["AccountNumber"], account) {
				problems = append(problems, "The Account Number already exists. Please enter a different Account Number.")
			}
		}
	}
	if code := c.texts["DefaultCurrency"]; code != "" && !o.hasCurrency(code) {
		problems = append(problems, "Users Organisation is not subscribed to currency "+code)
	}
	return problems
}

func validEmail(text string) bool {
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Address == text && strings.Contains(text[strings.LastIndex(text, "@"):], ".")
}

const contactUnidentified = "The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber"

// prepareContact reads a contact of PUT or POST /Contacts.
func prepareContact(f fields) apply {
	in := parseContact(f)
	return func(tx *transaction) (record, []string) {
		o := tx.org
		if tx.target == nil && in.id == "" && in.number == "" && strings.TrimSpace(in.name) == "" {
			return nil, []string{contactUnidentified}
		}
		var self *contact
		switch {
		case tx.target != nil:
			self = tx.target.(*contact)
		case tx.mode == createOnly:
			if in.id != "" && o.contactByID(in.id) != nil {
				return o.contactByID(in.id), []string{"The ContactID is already assigned to another contact. A contact can only be created once."}
			}
		case in.id != "":
			if self = o.contactByID(in.id); self == nil {
				return nil, []string{"The document with the supplied id was not found for this endpoint."}
			}
		default:
			if in.number != "" {
				self = o.contactByNumber(in.number)
			}
			if self == nil && in.hasName {
				self = o.contactByName(in.name)
			}
		}
		var next *contact
		if self == nil {
			next = newContact(newID(), tx.now)
		} else {
			next = self.copied()
		}
		in.apply(next)
		problems := append(slices.Clone(in.problems), o.checkContact(next, self)...)
		if next.status == "GDPRREQUEST" {
			problems = append(problems, "The ContactStatus GDPRREQUEST cannot be set through the API")
		}
		if len(problems) > 0 {
			if self == nil {
				return nil, problems
			}
			return self, problems
		}
		next.updated = tx.now
		if self == nil {
			o.contacts = append(o.contacts, next)
			o.note(next.id, tx, "Created", next.name+" has been added")
			return next, nil
		}
		*self = *next
		o.note(self.id, tx, "Edited", self.name+" has been updated")
		return self, nil
	}
}

// contactOf resolves the contact inside a document. The returned function,
// which may be nil, makes the change to contacts that the document brings with
// it; it is called when the document turns out to be valid.
func (o *organisation) contactOf(in *contactInput, mayCreate bool, tx *transaction) (*contact, func(), []string) {
	var found *contact
	switch {
	case in.id != "":
		if found = o.contactByID(in.id); found == nil {
			return nil, nil, []string{"The specified contact details matched no contact: ContactID " + in.id + " does not exist"}
		}
	case in.number != "":
		found = o.contactByNumber(in.number)
	case strings.TrimSpace(in.name) == "":
		return nil, nil, []string{contactUnidentified}
	}
	if found == nil && in.hasName {
		found = o.contactByName(in.name)
	}
	if found == nil {
		if !mayCreate || strings.TrimSpace(in.name) == "" {
			return nil, nil, []string{"The specified contact details matched no contact. A ContactID or ContactNumber of an existing contact must be provided"}
		}
		made := newContact(newID(), tx.now)
		in.apply(made)
		problems := append(slices.Clone(in.problems), o.checkContact(made, nil)...)
		return made, func() { o.contacts = append(o.contacts, made) }, problems
	}
	if found.status != "ACTIVE" {
		return found, nil, []string{fmt.Sprintf("The contact %s has been archived. Archived contacts cannot be used on a document.", found.name)}
	}
	if in.identityOnly || !mayCreate {
		return found, nil, nil
	}
	// Any other field inside a document edits the contact, and drops the
	// contact persons that are not listed.
	next := found.copied()
	in.apply(next)
	next.persons = in.persons
	problems := append(slices.Clone(in.problems), o.checkContact(next, found)...)
	return found, func() { next.updated = tx.now; *found = *next }, problems
}
