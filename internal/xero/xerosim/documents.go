package xerosim

import (
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Types of documents.
const (
	typeACCREC       = "ACCREC"
	typeACCPAY       = "ACCPAY"
	typeACCRECCREDIT = "ACCRECCREDIT"
	typeACCPAYCREDIT = "ACCPAYCREDIT"
	typePurchase     = "PURCHASEORDER"
)

// kind is what distinguishes invoices, credit notes and purchase orders, which
// otherwise follow the same rules.
type kind struct {
	plural, singular string
	idName           string
	numberName       string
	types            []string // values of Type a request may give; none for purchase orders
	statuses         []string // values of Status a request may give
	create           []string // statuses a new document may have
	transitions      map[string][]string
	prefix           string // of numbers Xero assigns
	notUnique        string
	alwaysFourDP     bool
	makesContacts    bool // a contact without match is created
	taxMandatory     bool // approving demands account and tax on every line
}

// Transitions of developer.xero.com/documentation/api/accounting/invoices. PAID
// is set by Xero alone.
var invoiceTransitions = map[string][]string{
	"DRAFT":      {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
	"SUBMITTED":  {"SUBMITTED", "DRAFT", "AUTHORISED", "DELETED"},
	"AUTHORISED": {"AUTHORISED", "VOIDED"},
	"PAID":       {"PAID", "AUTHORISED", "VOIDED"}, // VOIDED is refused with its own words
}

var (
	invoices = &kind{
		plural: "Invoices", singular: "Invoice", idName: "InvoiceID", numberName: "InvoiceNumber",
		types:    []string{typeACCREC, typeACCPAY},
		statuses: []string{"DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED"},
		create:   []string{"DRAFT", "SUBMITTED", "AUTHORISED"}, transitions: invoiceTransitions,
		prefix: "INV-", notUnique: "Invoice # must be unique.", makesContacts: true, taxMandatory: true,
	}
	creditNotes = &kind{
		plural: "CreditNotes", singular: "CreditNote", idName: "CreditNoteID", numberName: "CreditNoteNumber",
		types:    []string{typeACCRECCREDIT, typeACCPAYCREDIT},
		statuses: []string{"DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED"},
		create:   []string{"DRAFT", "SUBMITTED", "AUTHORISED"}, transitions: invoiceTransitions,
		prefix: "CN-", notUnique: "Credit Note # must be unique.", makesContacts: true, taxMandatory: true,
	}
	// Xero publishes no transition table for purchase orders; this one follows
	// what its own screens allow.
	purchaseOrders = &kind{
		plural: "PurchaseOrders", singular: "PurchaseOrder", idName: "PurchaseOrderID", numberName: "PurchaseOrderNumber",
		statuses: []string{"DRAFT", "SUBMITTED", "AUTHORISED", "BILLED", "DELETED"},
		create:   []string{"DRAFT", "SUBMITTED", "AUTHORISED", "BILLED"},
		transitions: map[string][]string{
			"DRAFT":      {"DRAFT", "SUBMITTED", "AUTHORISED", "BILLED", "DELETED"},
			"SUBMITTED":  {"SUBMITTED", "DRAFT", "AUTHORISED", "BILLED", "DELETED"},
			"AUTHORISED": {"AUTHORISED", "BILLED", "DELETED"},
			"BILLED":     {"BILLED", "AUTHORISED", "DELETED"},
		},
		prefix: "PO-", notUnique: "Order number must be unique", alwaysFourDP: true,
	}
)

// document is an invoice, a bill, a credit note or a purchase order.
type document struct {
	kind            *kind
	id, typ, number string
	reference       string
	status          string
	contact         *contact
	date, dueDate   day
	expected        day // ExpectedPaymentDate of invoices, ExpectedArrivalDate of orders
	planned         day
	amountTypes     string
	lines           []line
	totals          totals
	currency        string
	rate            *big.Rat
	theme, url      string
	sent            bool
	texts           map[string]string // delivery texts of a purchase order
	paid, credited  *big.Rat
	fullyPaid       day
	payments        []*payment    // also the deleted ones
	credits         []*allocation // of credit notes to this invoice
	allocations     []*allocation // of this credit note to invoices
	client          string        // the app that created it; "" for a person
	updated         time.Time
}

// allocation is the part of a credit note that was set against an invoice.
type allocation struct {
	id      string
	note    *document
	invoice *document
	amount  *big.Rat
	date    day
}

func (d *document) key() string          { return d.id }
func (d *document) updatedAt() time.Time { return d.updated }

// due is the amount outstanding: nothing on a document that no longer counts.
func (d *document) due() *big.Rat {
	if d.status == "VOIDED" || d.status == "DELETED" {
		return zero
	}
	return sub(sub(d.totals.total, orZero(d.paid)), orZero(d.credited))
}

func (d *document) settled() bool {
	return orZero(d.paid).Sign() != 0 || orZero(d.credited).Sign() != 0
}

// settle moves between AUTHORISED and PAID after a payment or an allocation.
func (d *document) settle(on day, now time.Time) {
	d.updated = now
	switch {
	case d.status == "AUTHORISED" && d.due().Sign() == 0:
		d.status, d.fullyPaid = "PAID", on
	case d.status == "PAID" && d.due().Sign() != 0:
		d.status, d.fullyPaid = "AUTHORISED", ""
	}
}

// numbered reports whether the document's number is its own and must be unique:
// the number of a bill is the supplier's.
func (d *document) numbered() bool { return d.typ != typeACCPAY && d.typ != typeACCPAYCREDIT }

func (o *organisation) document(k *kind, id string) *document {
	for _, d := range o.documents[k] {
		if d.id == id {
			return d
		}
	}
	return nil
}

// numberedDocument finds the holder of a number. A voided document keeps its
// number; a deleted draft gives it up.
func (o *organisation) numberedDocument(k *kind, number string) *document {
	for _, d := range o.documents[k] {
		if d.numbered() && d.status != "DELETED" && strings.EqualFold(d.number, number) {
			return d
		}
	}
	return nil
}

// lookup finds a document by id or number, a deleted one included.
func (o *organisation) lookup(k *kind, idOrNumber string) *document {
	if d := o.document(k, strings.ToLower(idOrNumber)); d != nil {
		return d
	}
	if d := o.numberedDocument(k, idOrNumber); d != nil {
		return d
	}
	for _, d := range slices.Backward(o.documents[k]) {
		if d.numbered() && d.number != "" && strings.EqualFold(d.number, idOrNumber) {
			return d
		}
	}
	return nil
}

// nextNumber continues the series of numbers that Xero assigns.
func (o *organisation) nextNumber(k *kind) string {
	highest := uint64(0)
	for _, d := range o.documents[k] {
		if digits, ok := strings.CutPrefix(d.number, k.prefix); ok {
			if n, err := strconv.ParseUint(digits, 10, 31); err == nil {
				highest = max(highest, n)
			}
		}
	}
	return fmt.Sprintf("%s%04d", k.prefix, highest+1)
}

// orderTexts are the delivery fields of a purchase order, with their maximum length.
var orderTexts = map[string]int{"DeliveryAddress": 1000, "AttentionTo": 255, "Telephone": 255, "DeliveryInstructions": 500}

// documentInput is a document of a request; nil means not given.
type documentInput struct {
	id                string
	typ, status       string
	number, reference *string
	contact           *contactInput
	date, dueDate     day
	expected, planned day
	amountTypes       string
	lines             []lineInput
	hasLines          bool
	currency          string
	rate              *big.Rat
	theme, link       *string
	sent              *bool
	texts             map[string]string
}

func parseDocument(k *kind, f fields) *documentInput {
	in := &documentInput{texts: map[string]string{}}
	in.id, _ = f.id(k.idName)
	if len(k.types) > 0 {
		in.typ, _ = f.enum("Type", k.types...)
	}
	in.status, _ = f.enum("Status", k.statuses...)
	in.number, in.reference = f.optional(k.numberName), f.optional("Reference")
	if contact, given := f.object("Contact"); given {
		in.contact = parseContact(contact)
	}
	in.date, _ = f.day("Date")
	in.amountTypes, _ = f.enum("LineAmountTypes", "Exclusive", "Inclusive", "NoTax")
	in.lines, in.hasLines = parseLines(f)
	in.currency, _ = f.text("CurrencyCode")
	in.rate = f.number("CurrencyRate")
	if id, given := f.id("BrandingThemeID"); given {
		in.theme = &id
	}
	if sent, given := f.flag("SentToContact"); given {
		in.sent = &sent
	}
	switch k {
	case purchaseOrders:
		in.dueDate, _ = f.day("DeliveryDate")
		in.expected, _ = f.day("ExpectedArrivalDate")
		for _, name := range slices.Sorted(maps.Keys(orderTexts)) {
			if value, given := f.text(name); given {
				in.texts[name] = value
			}
		}
	case invoices:
		in.dueDate, _ = f.day("DueDate")
		in.expected, _ = f.day("ExpectedPaymentDate")
		in.planned, _ = f.day("PlannedPaymentDate")
		in.link = f.optional("Url")
	default:
		in.dueDate, _ = f.day("DueDate")
	}
	return in
}

// prepareDocument reads a document of PUT, POST or POST by id.
func prepareDocument(k *kind) prepare {
	return func(f fields) apply {
		in := parseDocument(k, f)
		return func(tx *transaction) (record, []string) {
			existing, problem := tx.org.targetOf(k, in, tx)
			var problems []string
			switch {
			case problem != "":
				problems = []string{problem}
			case existing == nil:
				existing, problems = tx.org.createDocument(k, in, tx)
			default:
				problems = tx.org.updateDocument(existing, in, tx)
			}
			if existing == nil {
				return nil, problems // not a record that holds a nil document
			}
			return existing, problems
		}
	}
}

// targetOf finds the document a request means; nil means a new one. Only POST
// matches a number, which is how a POST edits somebody's document by accident.
func (o *organisation) targetOf(k *kind, in *documentInput, tx *transaction) (*document, string) {
	switch {
	case tx.target != nil:
		return tx.target.(*document), ""
	case tx.mode == createOnly:
		if in.id != "" {
			if d := o.document(k, in.id); d != nil {
				return d, k.singular + " not of valid status for creation"
			}
		}
		return nil, ""
	case in.id != "":
		d := o.document(k, in.id)
		if d == nil {
			return nil, "The document with the supplied id was not found for this endpoint."
		}
		return d, ""
	case in.number != nil && *in.number != "" && in.typ != typeACCPAY && in.typ != typeACCPAYCREDIT:
		return o.numberedDocument(k, *in.number), ""
	default:
		return nil, ""
	}
}

func (o *organisation) createDocument(k *kind, in *documentInput, tx *transaction) (*document, []string) {
	var problems []string
	refuse := func(text string) { problems = append(problems, text) }
	next := &document{
		kind: k, id: newID(), typ: in.typ, status: in.status, date: in.date, amountTypes: in.amountTypes,
		currency: o.currency, rate: one, texts: map[string]string{}, paid: zero, credited: zero, client: tx.client,
	}
	if k == purchaseOrders {
		next.typ = typePurchase
	}
	if next.typ == "" {
		return nil, []string{"The Type of the " + strings.ToLower(k.singular) + " must be specified: " + strings.Join(k.types, " or ")}
	}
	if next.status == "" {
		next.status = "DRAFT"
	}
	if !slices.Contains(k.create, next.status) {
		refuse(k.singular + " not of valid status for creation")
	}
	if next.date == "" {
		next.date = o.today()
	}
	if next.amountTypes == "" {
		next.amountTypes = "Exclusive"
	}
	var commitContact func()
	if in.contact == nil {
		refuse("A Contact must be specified for this type of transaction")
	} else {
		var refused []string
		next.contact, commitContact, refused = o.contactOf(in.contact, k.makesContacts, tx)
		problems = append(problems, refused...)
	}
	if len(in.lines) == 0 {
		refuse("One or more line items must be specified")
	}
	problems = append(problems, o.applyHeader(next, in)...)
	if next.number == "" && next.numbered() {
		next.number = o.nextNumber(k)
	}
	lines, refused := o.mergeLines(nil, in.lines, next.lineRules(tx))
	next.lines = lines
	problems = append(problems, refused...)
	next.totals = sumLines(next.lines, next.amountTypes)
	problems = append(problems, o.checkDocument(next, nil)...)
	if len(problems) > 0 {
		return nil, problems
	}
	if commitContact != nil {
		commitContact()
	}
	o.markContact(next)
	next.updated = tx.now
	next.settle(next.date, tx.now) // a zero total is paid as soon as it is approved
	o.documents[k] = append(o.documents[k], next)
	o.note(next.id, tx, "Created", strings.TrimSpace(k.singular+" "+next.number)+" to "+next.contact.name+" for "+string(number(next.totals.total, 2)))
	return next, nil
}

// applyHeader puts the given fields other than contact, lines and status on a document.
func (o *organisation) applyHeader(d *document, in *documentInput) []string {
	var problems []string
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	// The number of a bill can be emptied; any other document keeps the one it has.
	if in.number != nil && d.typ != typeACCPAYCREDIT && (strings.TrimSpace(*in.number) != "" || !d.numbered()) {
		d.number = strings.TrimSpace(*in.number)
		if len(d.number) > 255 || strings.ContainsFunc(d.number, func(r rune) bool { return r < ' ' || r > '~' }) {
			refuse("%s must be at most 255 printable ASCII characters", d.kind.numberName)
		}
	}
	if in.reference != nil && d.numbered() { // the reference of a bill is its InvoiceNumber
		d.reference = *in.reference
		if len([]rune(d.reference)) > 255 {
			refuse("Reference must be at most 255 characters")
		}
	}
	if in.date != "" {
		d.date = in.date
	}
	if in.dueDate != "" {
		d.dueDate = in.dueDate
	}
	if in.amountTypes != "" {
		d.amountTypes = in.amountTypes
	}
	if in.expected != "" && d.typ != typeACCPAY {
		d.expected = in.expected
	}
	if in.planned != "" && d.typ == typeACCPAY {
		d.planned = in.planned
	}
	if in.currency != "" {
		d.currency = strings.ToUpper(in.currency)
		if !o.hasCurrency(d.currency) {
			refuse("Users Organisation is not subscribed to currency %s", d.currency)
		}
	}
	if in.rate != nil && d.currency != o.currency {
		d.rate = in.rate
		if in.rate.Sign() <= 0 {
			refuse("CurrencyRate must be greater than 0")
		}
	}
	if in.theme != nil {
		d.theme = *in.theme
		if o.theme(d.theme) == nil {
			refuse("BrandingThemeID %s does not exist", d.theme)
		}
	}
	if in.link != nil {
		d.url = *in.link
		if d.url != "" {
			parsed, err := url.Parse(d.url)
			if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
				refuse("Url must be a valid absolute URL")
			}
			if strings.Contains(strings.ToLower(d.url), "xero") {
				refuse("Url must not contain 'xero'")
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.texts)) {
		d.texts[name] = in.texts[name]
		if len([]rune(in.texts[name])) > orderTexts[name] {
			refuse("%s must be at most %d characters", name, orderTexts[name])
		}
	}
	if in.sent != nil {
		if *in.sent && d.kind == purchaseOrders && d.status != "AUTHORISED" && d.status != "BILLED" {
			refuse("Only AUTHORISED and BILLED purchase orders may have SentToContact updated.")
		}
		d.sent = *in.sent && d.status != "DRAFT" && d.status != "SUBMITTED"
	}
	return problems
}

func (d *document) lineRules(tx *transaction) lineRules {
	rules := lineRules{
		amountTypes: d.amountTypes, unitdp: tx.unitdp,
		discounts: d.typ == typeACCREC || d.typ == typePurchase,
		sales:     d.typ == typeACCREC || d.typ == typeACCRECCREDIT,
	}
	if d.kind.alwaysFourDP {
		rules.unitdp = 4
	}
	return rules
}

// checkDocument holds the finished document against the books; self is the one
// it replaces, nil for a new one.
func (o *organisation) checkDocument(d, self *document) []string {
	var problems []string
	refuse := func(text string) { problems = append(problems, text) }
	if d.numbered() && d.number != "" && d.status != "DELETED" {
		if other := o.numberedDocument(d.kind, d.number); other != nil && other != self {
			refuse(d.kind.notUnique)
		}
	}
	if d.kind != purchaseOrders { // an order has no effect on the ledger
		if text := o.lockedOn(d.date); text != "" {
			refuse(text)
		}
		if self != nil && self.date != d.date {
			if text := o.lockedOn(self.date); text != "" {
				refuse(text)
			}
		}
	}
	if d.status == "AUTHORISED" || d.status == "PAID" {
		if d.dueDate == "" && d.kind == invoices {
			refuse("The document DueDate field must be specified")
		}
		if d.kind.taxMandatory {
			problems = append(problems, approvalProblems(d.lines, d.amountTypes != "NoTax")...)
		}
	}
	if d.totals.total != nil && d.totals.total.Sign() < 0 {
		refuse("The total of the document must not be negative")
	}
	return problems
}

// markContact: the first invoice makes a customer, the first bill a supplier.
// Neither touches the contact's UpdatedDateUTC.
func (o *organisation) markContact(d *document) {
	switch d.typ {
	case typeACCREC, typeACCRECCREDIT:
		d.contact.customer = true
	case typeACCPAY, typeACCPAYCREDIT:
		d.contact.supplier = true
	}
}

const lockedByPayment = "This document cannot be edited as it has a payment or credit note allocated to it."

func (o *organisation) updateDocument(self *document, in *documentInput, tx *transaction) []string {
	invalid := []string{self.kind.singular + " not of valid status for modification"}
	allowed, open := self.kind.transitions[self.status]
	wanted := in.status
	if wanted == "" {
		wanted = self.status
	}
	if !open || in.typ != "" && in.typ != self.typ {
		return invalid
	}
	if wanted == "VOIDED" && self.settled() {
		return []string{"The status VOIDED cannot be applied to the " + strings.ToLower(spaced(self.kind.singular)) + " because it has payments or credit notes allocated to it."}
	}
	if wanted == "AUTHORISED" && self.status == "PAID" {
		wanted = "PAID" // a client repeats the status it knows; only a payment changes it
	}
	if !slices.Contains(allowed, wanted) {
		return invalid
	}

	next := *self
	next.texts = maps.Clone(self.texts)
	next.lines = slices.Clone(self.lines)
	next.status = wanted
	problems := o.applyHeader(&next, in)
	var commitContact func()
	if in.contact != nil {
		found, commit, refused := o.contactOf(in.contact, self.kind.makesContacts, tx)
		// Naming the archived contact that the document already has changes nothing.
		if found != self.contact || found == nil {
			problems = append(problems, refused...)
		}
		if found != nil {
			next.contact, commitContact = found, commit
		}
	}
	switch {
	case in.hasLines:
		if len(in.lines) == 0 {
			problems = append(problems, "One or more line items must be specified")
		}
		merged, refused := o.mergeLines(self.lines, in.lines, next.lineRules(tx))
		next.lines = merged
		problems = append(problems, refused...)
	case next.amountTypes != self.amountTypes:
		rules := next.lineRules(tx)
		rules.unitdp = 4
		for i, l := range next.lines {
			rebuilt, refused := o.buildLine(l, lineInput{}, rules)
			next.lines[i] = rebuilt
			problems = append(problems, refused...)
		}
	}
	next.totals = sumLines(next.lines, next.amountTypes)
	if self.settled() && financialChange(self, &next) {
		return []string{lockedByPayment}
	}
	if wanted != "VOIDED" && wanted != "DELETED" {
		problems = append(problems, o.checkDocument(&next, self)...)
	} else if text := o.lockedOn(self.date); text != "" && self.kind != purchaseOrders {
		problems = append(problems, text)
	}
	if len(problems) > 0 {
		return problems
	}
	if commitContact != nil {
		commitContact()
	}
	before := self.status
	*self = next
	o.markContact(self)
	self.updated = tx.now
	self.settle(self.date, tx.now)
	what := "Edited"
	if before != self.status {
		what = map[string]string{"AUTHORISED": "Approved", "VOIDED": "Voided", "DELETED": "Deleted"}[self.status]
		if what == "" {
			what = "Edited"
		}
	}
	o.note(self.id, tx, what, strings.TrimSpace(self.kind.singular+" "+self.number)+" to "+self.contact.name+" for "+string(number(self.totals.total, 2)))
	return nil
}

// spaced turns CreditNote into "Credit Note".
func spaced(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// financialChange reports whether an edit touches what is fixed once something
// was paid: dates of issue, currency and all amounts. Due date, number,
// reference, theme, link, contact and a line's description, account and
// tracking stay open.
func financialChange(before, after *document) bool {
	if before.date != after.date || before.amountTypes != after.amountTypes || before.currency != after.currency || !sameNumber(before.rate, after.rate) {
		return true
	}
	if len(before.lines) != len(after.lines) {
		return true
	}
	for i := range before.lines {
		a, b := before.lines[i], after.lines[i]
		if a.id != b.id || a.taxType != b.taxType || !sameNumber(a.quantity, b.quantity) || !sameNumber(a.unitAmount, b.unitAmount) ||
			!sameNumber(a.lineAmount, b.lineAmount) || !sameNumber(a.taxAmount, b.taxAmount) {
			return true
		}
	}
	return false
}

const dayTime = "2006-01-02T15:04:05"

func setDay(tree object, name, sibling string, d day) {
	if d == "" {
		return
	}
	tree[name] = msDate(d.at())
	if sibling != "" {
		tree[sibling] = d.at().Format(dayTime)
	}
}

func (d *document) render(o *organisation, v view) object {
	k := d.kind
	tree := object{
		k.idName: d.id, "Type": d.typ, "Status": d.status, "LineAmountTypes": d.amountTypes,
		"SubTotal": number(d.totals.subTotal, 2), "TotalTax": number(d.totals.totalTax, 2), "Total": number(d.totals.total, 2),
		"CurrencyCode": d.currency, "CurrencyRate": number(d.rate, 10), "HasAttachments": false,
		"UpdatedDateUTC": msDate(d.updated), "SentToContact": d.sent,
	}
	if d.number != "" || k == invoices {
		tree[k.numberName] = d.number
	}
	if d.typ != typeACCPAY {
		tree["Reference"] = d.reference
	}
	setDay(tree, "Date", "DateString", d.date)
	if d.theme != "" {
		tree["BrandingThemeID"] = d.theme
	}
	if d.totals.discount.Sign() != 0 {
		tree["TotalDiscount"] = number(d.totals.discount, 2)
	}
	tree["Contact"] = d.contact.stub()
	if v.detail && !v.summary {
		contact := d.contact.render(o, view{detail: true})
		delete(contact, "Balances")
		tree["Contact"] = contact
	}
	lines := []object{}
	if v.detail && !v.summary {
		unitdp := v.unitdp
		if k.alwaysFourDP {
			unitdp = 4
		}
		for _, l := range d.lines {
			lines = append(lines, l.render(o, unitdp))
		}
	}
	tree["LineItems"] = lines
	switch k {
	case purchaseOrders:
		setDay(tree, "DeliveryDate", "DeliveryDateString", d.dueDate)
		setDay(tree, "ExpectedArrivalDate", "ExpectedArrivalDateString", d.expected)
		for name, value := range d.texts {
			tree[name] = value
		}
		tree["IsDiscounted"] = d.totals.discount.Sign() != 0
		tree["HasErrors"] = false
	case creditNotes:
		setDay(tree, "DueDate", "DueDateString", d.dueDate)
		setDay(tree, "FullyPaidOnDate", "", d.fullyPaid)
		tree["UpdatedDateUTCString"] = d.updated.Format(time.RFC3339)
		tree["RemainingCredit"] = number(d.due(), 2)
		tree["HasErrors"] = false
		allocations := []object{}
		for _, a := range d.allocations {
			allocations = append(allocations, a.render())
		}
		tree["Allocations"] = allocations
	default:
		setDay(tree, "DueDate", "DueDateString", d.dueDate)
		setDay(tree, "ExpectedPaymentDate", "ExpectedPaymentDateString", d.expected)
		setDay(tree, "PlannedPaymentDate", "PlannedPaymentDateString", d.planned)
		setDay(tree, "FullyPaidOnDate", "", d.fullyPaid)
		tree["UpdatedDateUTCString"] = d.updated.Format(time.RFC3339)
		tree["AmountDue"] = number(d.due(), 2)
		tree["AmountPaid"] = number(d.paid, 2)
		tree["AmountCredited"] = number(d.credited, 2)
		tree["IsDiscounted"] = d.totals.discount.Sign() != 0
		tree["HasErrors"] = false
		if d.url != "" {
			tree["Url"] = d.url
		}
		tree["Payments"], tree["CreditNotes"], tree["Prepayments"], tree["Overpayments"] = d.paymentStubs(), d.creditStubs(), []object{}, []object{}
	}
	if v.summary {
		for _, name := range []string{"Payments", "LineItems", "HasAttachments"} {
			delete(tree, name)
		}
	}
	return tree
}

func (d *document) paymentStubs() []object {
	list := []object{}
	for _, p := range d.payments {
		if p.status == "AUTHORISED" {
			list = append(list, object{
				"PaymentID": p.id, "Date": msDate(p.date.at()), "Amount": number(p.amount, 2),
				"CurrencyRate": number(p.rate, 10), "Reference": p.reference, "HasAccount": false, "HasValidationErrors": false,
			})
		}
	}
	return list
}

func (d *document) creditStubs() []object {
	list := []object{}
	for _, a := range d.credits {
		list = append(list, object{
			"CreditNoteID": a.note.id, "CreditNoteNumber": a.note.number, "AppliedAmount": number(a.amount, 2),
			"Date": msDate(a.date.at()), "Total": number(a.note.totals.total, 2), "HasErrors": false, "LineItems": []object{},
		})
	}
	return list
}

func (a *allocation) render() object {
	return object{
		"AllocationID": a.id, "Amount": number(a.amount, 2), "Date": msDate(a.date.at()), "IsDeleted": false,
		"Invoice": object{"InvoiceID": a.invoice.id, "InvoiceNumber": a.invoice.number, "HasErrors": false, "LineItems": []object{}},
	}
}
