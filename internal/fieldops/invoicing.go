package fieldops

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// What a document may hold. The lengths are the provider's
// (https://developer.xero.com/documentation/api/accounting/invoices); the
// counts keep a document readable and one request to the provider small.
const (
	MaxDescription = 4000
	MaxReference   = 255
	MaxNumber      = 255
	MaxLines       = 200
	MaxTimesheets  = 5000
)

// Grouping says what becomes one line of an invoice. Work at different rates
// never shares a line.
type Grouping string

// The groupings.
const (
	GroupByActivity Grouping = "activity"
	GroupByPerson   Grouping = "person"
	GroupByProject  Grouping = "project"
	GroupByDay      Grouping = "day"
	GroupByEntry    Grouping = "entry"
)

// The periods that may be named instead of dates.
const (
	PeriodWeek  = "week"  // today and the seven days before it
	PeriodMonth = "month" // from the first of the current month
)

// InvoiceRequest says which of a client's unbilled timesheets to invoice, and
// what a person decided about the invoice.
type InvoiceRequest struct {
	ClientID  ID `json:"client_id"`
	ProjectID ID `json:"project_id,omitempty"`
	// TimesheetIDs, unless nil, are exactly the entries to invoice; the
	// project, the dates and the period then choose nothing.
	TimesheetIDs []ID `json:"timesheet_ids,omitempty"`
	// Timesheets choose entries like TimesheetIDs, and may take only a part of
	// an entry's hours; the rest stays unbilled, as an entry of its own.
	Timesheets []TimesheetPart `json:"timesheets,omitempty"`
	From       Date            `json:"date_from,omitempty"`
	To         Date            `json:"date_to,omitempty"` // inclusive
	Period     string          `json:"period,omitempty"`
	GroupBy    Grouping        `json:"group_by,omitempty"`
	DueDate    Date            `json:"due_date,omitempty"`
	Number     string          `json:"invoice_number,omitempty"`
	Reference  *string         `json:"reference,omitempty"`
	Lines      []LineEdit      `json:"lines,omitempty"`
	// PreviewHash, when given, demands that what the program makes of the
	// timesheets is still what the preview with this hash showed.
	PreviewHash string `json:"preview_hash,omitempty"`
}

// TimesheetPart is an entry to invoice, or a part of it.
type TimesheetPart struct {
	ID    ID  `json:"id"`
	Hours *E4 `json:"hours,omitempty"` // all of them
}

// Split is an entry of which a part is billed: it keeps its id and these hours,
// and the rest becomes an entry of its own.
type Split struct {
	ID           ID
	Billed, Rest E4
}

// LineEdit changes one line of an invoice that is being made. With a Key it
// words a line that timesheets make, whose hours and rate stay theirs; without
// one it adds a line, for material say.
type LineEdit struct {
	Key         string  `json:"key,omitempty"`
	Description *string `json:"description,omitempty"`
	Quantity    *E4     `json:"quantity,omitempty"`
	UnitPrice   *E4     `json:"unit_price,omitempty"`
	AccountCode string  `json:"account_code,omitempty"`
}

// Window is the first and the last day of the timesheets asked for; "" is
// without end. today is the firm's.
func (r *InvoiceRequest) Window(today Date) (from, to Date) {
	from, to = r.From, r.To
	if to == "" {
		switch r.Period {
		case PeriodWeek:
			from = today.AddDays(-7)
		case PeriodMonth:
			from = today.FirstOfMonth()
		}
	}
	return from, to
}

// Validate brings ids and texts into their plain form and says everything that
// is wrong with the request by itself. today is the firm's day, which becomes
// the issue date.
func (r *InvoiceRequest) Validate(today Date) error {
	if strings.TrimSpace(r.ClientID) == "" {
		return &Error{Kind: Invalid, Message: "Client is required", Faults: []Fault{{"client_id", "Client is required"}}}
	}
	var f Faults
	checkID(&f, &r.ClientID, "client_id")
	if r.ProjectID != "" {
		checkID(&f, &r.ProjectID, "project_id")
	}
	f.Require(r.TimesheetIDs == nil || len(r.TimesheetIDs) > 0, "timesheet_ids", "Choose at least one timesheet")
	f.Require(len(r.TimesheetIDs) <= MaxTimesheets, "timesheet_ids", "An invoice holds at most %d timesheets", MaxTimesheets)
	for i := range r.TimesheetIDs {
		checkID(&f, &r.TimesheetIDs[i], fmt.Sprintf("timesheet_ids[%d]", i))
	}
	r.takeParts(&f)
	slices.Sort(r.TimesheetIDs)
	r.TimesheetIDs = slices.Compact(r.TimesheetIDs)
	f.Require(r.Period == "" || r.Period == PeriodWeek || r.Period == PeriodMonth, "period", "The period must be %s or %s", PeriodWeek, PeriodMonth)
	f.Require(r.From == "" || r.To == "" || r.From <= r.To, "date_to", "The last day lies before the first")
	switch r.GroupBy {
	case "":
		r.GroupBy = GroupByActivity
	case GroupByActivity, GroupByPerson, GroupByProject, GroupByDay, GroupByEntry:
	default:
		f.Add("group_by", "Lines can be made by %s, %s, %s, %s or %s", GroupByActivity, GroupByPerson, GroupByProject, GroupByDay, GroupByEntry)
	}
	f.Require(r.DueDate == "" || r.DueDate >= today, "due_date", "The due date lies before the issue date, %s", today)
	if r.Number != "" {
		checkNumber(&f, &r.Number, "invoice_number")
	}
	checkReference(&f, &r.Reference)
	f.Require(len(r.Lines) <= MaxLines, "lines", "An invoice holds at most %d lines", MaxLines)
	for i := range r.Lines {
		r.Lines[i].validate(&f, fmt.Sprintf("lines[%d]", i))
	}
	return f.Err("")
}

// takeParts chooses the entries of which a part is wanted, too.
func (r *InvoiceRequest) takeParts(f *Faults) {
	if r.Timesheets == nil {
		return
	}
	f.Require(len(r.Timesheets) > 0, "timesheets", "Choose at least one timesheet")
	f.Require(len(r.Timesheets)+len(r.TimesheetIDs) <= MaxTimesheets, "timesheets", "An invoice holds at most %d timesheets", MaxTimesheets)
	r.Timesheets, r.TimesheetIDs = slices.Clone(r.Timesheets), slices.Clone(r.TimesheetIDs)
	seen := map[ID]bool{}
	for n := range r.Timesheets {
		p, field := &r.Timesheets[n], fmt.Sprintf("timesheets[%d]", n)
		checkID(f, &p.ID, field+".id")
		f.Require(!seen[p.ID], field+".id", "The same timesheet stands twice in the list")
		seen[p.ID] = true
		if p.Hours != nil {
			f.Require(*p.Hours >= MinHours, field+".hours", "At least a quarter of an hour can be billed of an entry")
			f.Require(*p.Hours%100 == 0, field+".hours", "Hours must have at most two digits after the point")
		}
		r.TimesheetIDs = append(r.TimesheetIDs, p.ID)
	}
}

// Split cuts the entries of which only a part is wanted, in work itself, and
// tells what is to be split. Entries that are billed already are left alone.
func (r *InvoiceRequest) Split(work []Timesheet) ([]Split, error) {
	var splits []Split
	var f Faults
	for n, p := range r.Timesheets {
		at := slices.IndexFunc(work, func(t Timesheet) bool { return t.ID == p.ID })
		if p.Hours == nil || at < 0 || work[at].InvoiceID != nil || *p.Hours == work[at].Hours {
			continue
		}
		field, rest := fmt.Sprintf("timesheets[%d].hours", n), work[at].Hours-*p.Hours
		f.Require(rest >= 0, field, "The timesheet of %s has only %s hours", work[at].Date, work[at].Hours)
		f.Require(rest < 0 || rest >= MinHours, field, "Less than a quarter of an hour would be left of the timesheet of %s", work[at].Date)
		splits = append(splits, Split{p.ID, *p.Hours, rest})
		work[at].Hours = *p.Hours
	}
	return splits, f.Err("")
}

func (l *LineEdit) validate(f *Faults, field string) {
	if l.Description != nil || l.Key == "" {
		checkDescription(f, &l.Description, field+".description")
	}
	checkAccount(f, &l.AccountCode, field+".account_code")
	if l.Key != "" {
		// The preview's own figures may come back with the edited wording;
		// they are compared with the timesheets in DraftInvoice.
		return
	}
	checkQuantity(f, l.Quantity, field+".quantity")
	checkPrice(f, l.UnitPrice, field+".unit_price")
}

func checkID(f *Faults, id *ID, field string) {
	parsed, ok := ParseID(strings.TrimSpace(*id))
	f.Require(ok, field, "%q is not an id", *id)
	if ok {
		*id = parsed
	}
}

// CheckNumber brings a document number that a person typed into its plain form,
// or refuses it: 1 to 255 printable ASCII characters, which is what the provider
// takes and compares.
func CheckNumber(number *string, field string) error {
	var f Faults
	checkNumber(&f, number, field)
	return f.Err("")
}

func checkNumber(f *Faults, number *string, field string) {
	*number = strings.TrimSpace(*number)
	printable := strings.IndexFunc(*number, func(r rune) bool { return r < ' ' || r > '~' }) < 0
	f.Require(*number != "" && len(*number) <= MaxNumber && printable, field,
		"A number has 1 to %d plain characters (A to Z, 0 to 9, - / . and the like)", MaxNumber)
}

func checkReference(f *Faults, reference **string) {
	if *reference == nil {
		return
	}
	trimmed := strings.TrimSpace(**reference)
	*reference = &trimmed
	f.Require(utf8.RuneCountInString(trimmed) <= MaxReference && !hasControl(trimmed), "reference", "A reference has at most %d characters in one line", MaxReference)
}

func checkDescription(f *Faults, description **string, field string) {
	var text string
	if *description != nil {
		text = strings.TrimSpace(**description)
	}
	*description = &text
	n := utf8.RuneCountInString(text)
	f.Require(n >= 1 && n <= MaxDescription, field, "A description has 1 to %d characters", MaxDescription)
	f.Require(utf8.ValidString(text) && !strings.ContainsRune(text, 0), field, "The description holds bytes that are no text")
}

func checkAccount(f *Faults, code *string, field string) {
	*code = strings.TrimSpace(*code)
	f.Require(len(*code) <= 10 && !hasControl(*code), field, "An account code has at most 10 characters")
}

func checkQuantity(f *Faults, quantity *E4, field string) {
	f.Require(quantity != nil && *quantity > 0 && *quantity <= MaxE4, field, "The quantity must be more than 0")
}

func checkPrice(f *Faults, price *E4, field string) {
	f.Require(price != nil, field, "The unit price is missing")
	f.Require(price == nil || *price <= MaxE4 && *price >= -MaxE4, field, "The unit price is larger than a line can hold")
}

func hasControl(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0
}

// BillingTerms is what a draft needs to know besides the timesheets.
type BillingTerms struct {
	Today   Date // in the firm's zone
	Account string
	// TaxOf is the tax that an account charges; its account may be "".
	TaxOf func(account string) (taxType string, rate TaxRate)
	// ApprovalRequired keeps work off invoices that nobody has approved.
	ApprovalRequired bool
}

// InvoiceDraft is an invoice as it would be: what a preview shows is what is
// made.
type InvoiceDraft struct {
	IssueDate, DueDate        Date
	Reference                 *string
	Lines                     []Line
	SubTotal, TotalTax, Total Cents
	TimesheetIDs              []ID
	From, To                  Date // of the timesheets
	Warnings                  []string
	Hash                      string
}

// DraftInvoice makes an invoice of a client's timesheets. The request must be
// valid and work in the order of its date; all of it must be the client's,
// unbilled, and not kept off invoices, which it checks again.
func DraftInvoice(r *InvoiceRequest, client *Client, work []Timesheet, terms BillingTerms) (InvoiceDraft, error) {
	if err := billable(client, work, terms.ApprovalRequired); err != nil {
		return InvoiceDraft{}, err
	}
	lines := linesOf(r.GroupBy, work)
	for i := range lines {
		lines[i].AccountCode = terms.Account
		lines[i].TaxType, lines[i].TaxRate = terms.TaxOf(terms.Account)
		if err := lines[i].Price(); err != nil {
			return InvoiceDraft{}, err
		}
	}
	reference, warnings := clientReference(work)
	d := InvoiceDraft{
		IssueDate: terms.Today,
		DueDate:   client.DueDate(terms.Today),
		Reference: reference,
		Warnings:  warnings,
	}
	d.From, d.To = work[0].Date, work[0].Date
	for _, t := range work {
		d.TimesheetIDs = append(d.TimesheetIDs, t.ID)
		d.From, d.To = min(d.From, t.Date), max(d.To, t.Date)
	}
	d.Hash = draftHash(&d, client.ID, lines, work)
	if r.DueDate != "" {
		d.DueDate = r.DueDate
	}
	if r.Reference != nil {
		d.Reference = r.Reference
		if *r.Reference == "" {
			d.Reference = nil
		}
	}
	var err error
	if d.Lines, err = applyEdits(lines, r.Lines, terms); err != nil {
		return InvoiceDraft{}, err
	}
	d.SubTotal, d.TotalTax, d.Total = Totals(d.Lines)
	if d.Total < 0 || d.Total > MaxCents {
		return InvoiceDraft{}, Refuse(Invalid, "The total of an invoice must lie between 0 and %s; this one is %s", MaxCents, d.Total)
	}
	d.Warnings = append(d.Warnings, d.doubts(work)...)
	if r.PreviewHash != "" && r.PreviewHash != d.Hash {
		return InvoiceDraft{}, &Error{
			Kind:    Conflict,
			Message: "The timesheets, their rates or the tax have changed since the preview. Look at the new preview before you create the invoice.",
			Details: map[string]any{"preview_hash": d.Hash},
		}
	}
	return d, nil
}

// billable refuses work that cannot be invoiced to the client now.
func billable(client *Client, work []Timesheet, approvalRequired bool) error {
	if len(work) == 0 && client.BillingHold != nil {
		return Refuse(Conflict, "%s is on hold, nothing is invoiced to them: %s", client.Name, *client.BillingHold)
	}
	if len(work) == 0 {
		return Refuse(Invalid, "No unbilled timesheets found for the selected criteria")
	}
	if len(work) > MaxTimesheets {
		return Refuse(Invalid, "An invoice holds at most %d timesheets; choose a shorter period", MaxTimesheets)
	}
	type conflict struct {
		TimesheetID   ID     `json:"timesheet_id"`
		InvoiceID     ID     `json:"invoice_id"`
		InvoiceNumber string `json:"invoice_number"`
	}
	var conflicts []conflict
	var numbers []string
	var f Faults
	for _, t := range work {
		f.Require(t.ClientID != nil && *t.ClientID == client.ID, "timesheet_ids", "The timesheet of %s, %s, is not work for %s", t.Date, t.ProjectName, client.Name)
		if t.InvoiceID == nil {
			continue
		}
		conflicts = append(conflicts, conflict{t.ID, *t.InvoiceID, t.InvoiceNumber})
		if !slices.Contains(numbers, t.InvoiceNumber) {
			numbers = append(numbers, t.InvoiceNumber)
		}
	}
	if err := f.Err(""); err != nil {
		return err
	}
	if conflicts == nil {
		return RefuseKeptOff(client, work, approvalRequired)
	}
	what := "1 of the chosen timesheets has been billed already"
	if len(conflicts) > 1 {
		what = fmt.Sprintf("%d of the chosen timesheets have been billed already", len(conflicts))
	}
	shown := numbers
	if len(shown) > 5 {
		shown = append(slices.Clone(shown[:5]), fmt.Sprintf("%d more", len(numbers)-5))
	}
	return &Error{
		Kind:    Conflict,
		Message: what + ", on " + strings.Join(shown, ", "),
		Details: map[string]any{"conflicts": conflicts},
	}
}

// RefuseKeptOff refuses unbilled work that is not to be invoiced now, telling why of
// each entry.
func RefuseKeptOff(client *Client, work []Timesheet, approvalRequired bool) error {
	type kept struct {
		TimesheetID ID     `json:"timesheet_id"`
		Date        Date   `json:"date"`
		Reason      Reason `json:"reason"`
	}
	var all []kept
	for _, t := range work {
		t.ClientHold, t.ClientName = client.BillingHold, client.Name
		if reason := t.KeptOff(approvalRequired); reason != nil {
			all = append(all, kept{t.ID, t.Date, *reason})
		}
	}
	if all == nil {
		return nil
	}
	message := fmt.Sprintf("The timesheet of %s cannot be invoiced: %s", all[0].Date, all[0].Reason.Message)
	if len(all) > 1 {
		message = fmt.Sprintf("%d timesheets cannot be invoiced; the one of %s for example: %s", len(all), all[0].Date, all[0].Reason.Message)
	}
	return &Error{Kind: Conflict, Message: message, Details: map[string]any{"kept_off": all}}
}

// linesOf gathers work into lines, in the order of their first entry. They are
// not priced yet.
func linesOf(by Grouping, work []Timesheet) []Line {
	var lines []Line
	place := map[string]int{}
	var labels []string
	for _, t := range work {
		key, label := groupOf(by, &t)
		at, known := place[key]
		if !known {
			at = len(lines)
			place[key] = at
			lines = append(lines, Line{Key: key, UnitPrice: t.HourlyRate})
			labels = append(labels, label)
		}
		lines[at].Quantity += t.Hours
		lines[at].Timesheets = append(lines[at].Timesheets, t.ID)
	}
	for i := range lines {
		ending := " - " + hours(lines[i].Quantity) + " hours"
		lines[i].Description = cut(labels[i], MaxDescription-len(ending)) + ending
	}
	return lines
}

// groupOf names the group an entry belongs to, for programs and for people.
func groupOf(by Grouping, t *Timesheet) (key, label string) {
	known := func(id *ID) string {
		if id == nil {
			return "other"
		}
		return *id
	}
	name := func(s string) string {
		if s = strings.TrimSpace(s); s != "" {
			return s
		}
		return "Other"
	}
	rate := ":" + t.HourlyRate.String()
	switch by {
	case GroupByPerson:
		return "person:" + known(t.UserID) + rate, name(t.UserName)
	case GroupByProject:
		return "project:" + known(t.ProjectID) + rate, name(t.ProjectCode + " " + t.ProjectName)
	case GroupByDay:
		return "day:" + string(t.Date) + rate, t.Date.Time().Format("2 January 2006")
	case GroupByEntry:
		return "entry:" + t.ID, t.Date.Time().Format("2 January 2006") + ", " + name(t.ActivityTypeName) + ", " + name(t.UserName)
	default:
		return "activity:" + known(t.ActivityTypeID) + rate, name(t.ActivityTypeName)
	}
}

// hours writes a quantity with two digits, rounded.
func hours(q E4) string { return decimal((int64(q)+50)/100, 2, 2) }

// cut shortens a text to at most limit characters.
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit])
}

// applyEdits words the lines made of timesheets and adds those typed in.
func applyEdits(lines []Line, edits []LineEdit, terms BillingTerms) ([]Line, error) {
	lines = slices.Clone(lines)
	var f Faults
	for i, e := range edits {
		field := fmt.Sprintf("lines[%d]", i)
		if e.Key == "" {
			account := e.AccountCode
			if account == "" {
				account = terms.Account
			}
			l := Line{Description: *e.Description, Quantity: *e.Quantity, UnitPrice: *e.UnitPrice, AccountCode: account}
			l.TaxType, l.TaxRate = terms.TaxOf(account)
			if err := l.Price(); err != nil {
				f.Add(field+".quantity", "%s", err)
			}
			lines = append(lines, l)
			continue
		}
		at := slices.IndexFunc(lines, func(l Line) bool { return l.Key == e.Key })
		if at < 0 {
			f.Add(field+".key", "The invoice has no such line any more")
			continue
		}
		f.Require(e.Quantity == nil || *e.Quantity == lines[at].Quantity, field+".quantity", "The hours come from the timesheets: %s", lines[at].Quantity)
		f.Require(e.UnitPrice == nil || *e.UnitPrice == lines[at].UnitPrice, field+".unit_price", "The rate comes from the timesheets: %s", lines[at].UnitPrice)
		if e.Description != nil {
			lines[at].Description = *e.Description
		}
	}
	if len(lines) > MaxLines {
		f.Add("lines", "An invoice holds at most %d lines and this one has %d; make fewer of the timesheets, by activity for example", MaxLines, len(lines))
	}
	return lines, f.Err("")
}

// clientReference is what the client wants to see on the invoice: the numbers
// of their own orders for this work.
func clientReference(work []Timesheet) (reference *string, warnings []string) {
	var numbers []string
	for _, t := range work {
		if n := strings.TrimSpace(t.ClientPONumber); n != "" && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 0 {
		return nil, nil
	}
	joined := strings.Join(numbers, ", ")
	if utf8.RuneCountInString(joined) > MaxReference {
		joined = cut(joined, MaxReference)
		warnings = []string{fmt.Sprintf("The %d order numbers of the client do not all fit into the reference", len(numbers))}
	}
	return &joined, warnings
}

// doubts are what a person should look at before the invoice is made.
func (d *InvoiceDraft) doubts(work []Timesheet) []string {
	var doubts []string
	free := 0
	for _, t := range work {
		if t.HourlyRate == 0 {
			free++
		}
	}
	if free == 1 {
		doubts = append(doubts, "1 timesheet has an hourly rate of 0")
	} else if free > 1 {
		doubts = append(doubts, fmt.Sprintf("%d timesheets have an hourly rate of 0", free))
	}
	if d.Total == 0 {
		doubts = append(doubts, "The total is 0.00")
	}
	if slices.ContainsFunc(d.Lines, func(l Line) bool { return l.AccountCode == "" }) {
		doubts = append(doubts, "No sales account is chosen in the settings: the invoice will wait until one is")
	}
	return doubts
}

// draftHash is a digest of everything that the program, and not the person,
// puts into an invoice. What the person typed is in the request itself.
func draftHash(d *InvoiceDraft, client ID, lines []Line, work []Timesheet) string {
	type entry struct {
		ID      ID
		Hours   E4
		Changed Time
	}
	content := struct {
		Client             ID
		IssueDate, DueDate Date
		Reference          *string
		Lines              []Line
		Entries            []entry
	}{client, d.IssueDate, d.DueDate, d.Reference, lines, nil}
	for _, t := range work {
		content.Entries = append(content.Entries, entry{t.ID, t.Hours, t.UpdatedAt})
	}
	text, err := json.Marshal(content)
	if err != nil {
		panic("fieldops: an invoice cannot be written as JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// InvoiceEdit is what a person wants changed of an invoice; nil leaves a thing
// as it is.
type InvoiceEdit struct {
	IssueDate Date    `json:"issue_date,omitempty"`
	DueDate   Date    `json:"due_date,omitempty"`
	Reference *string `json:"reference,omitempty"` // "" takes it away
	// Lines, unless nil, are all lines the invoice shall have. One with an ID
	// changes the line of that id; a line made of timesheets has to stay.
	Lines []InvoiceLineEdit `json:"lines,omitempty"`
}

// InvoiceLineEdit is one line as a person wants it.
type InvoiceLineEdit struct {
	ID          ID      `json:"id,omitempty"`
	Description *string `json:"description,omitempty"`
	Quantity    *E4     `json:"quantity,omitempty"`
	UnitPrice   *E4     `json:"unit_price,omitempty"`
	AccountCode string  `json:"account_code,omitempty"`
}

// Edit applies a person's changes to the invoice and prices it anew, or says
// everything that is wrong with them.
func (i *Invoice) Edit(e *InvoiceEdit, terms BillingTerms) error {
	if i.Status == StatusPaid || i.AmountPaid > 0 {
		return Refuse(Conflict, "Invoice %s has payments or credits; take them off before you change it", i.Number)
	}
	var f Faults
	issued, due := i.IssueDate, i.DueDate
	if e.IssueDate != "" {
		issued = e.IssueDate
	}
	if e.DueDate != "" {
		due = e.DueDate
	}
	f.Require(due == "" || due >= issued, "due_date", "The due date lies before the issue date, %s", issued)
	checkReference(&f, &e.Reference)
	lines := i.Lines
	if e.Lines != nil {
		lines = i.editedLines(&f, e.Lines, terms)
	}
	if err := f.Err(""); err != nil {
		return err
	}
	subTotal, tax, total := Totals(lines)
	if total < 0 || total > MaxCents {
		return Refuse(Invalid, "The total of an invoice must lie between 0 and %s; this one is %s", MaxCents, total)
	}
	i.IssueDate, i.DueDate, i.Lines = issued, due, lines
	i.SubTotal, i.TotalTax, i.Total, i.AmountDue = subTotal, tax, total, total
	if e.Reference != nil {
		i.Reference = e.Reference
		if *e.Reference == "" {
			i.Reference = nil
		}
	}
	return nil
}

func (i *Invoice) editedLines(f *Faults, edits []InvoiceLineEdit, terms BillingTerms) []Line {
	f.Require(len(edits) > 0, "lines", "An invoice needs at least one line")
	f.Require(len(edits) <= MaxLines, "lines", "An invoice holds at most %d lines", MaxLines)
	var lines []Line
	seen := map[ID]bool{}
	for n := range edits {
		e, field := &edits[n], fmt.Sprintf("lines[%d]", n)
		checkDescription(f, &e.Description, field+".description")
		checkQuantity(f, e.Quantity, field+".quantity")
		checkPrice(f, e.UnitPrice, field+".unit_price")
		checkAccount(f, &e.AccountCode, field+".account_code")
		l := Line{AccountCode: terms.Account}
		if e.ID != "" {
			at := slices.IndexFunc(i.Lines, func(l Line) bool { return strings.EqualFold(l.ID, e.ID) })
			f.Require(at >= 0, field+".id", "The invoice has no such line")
			f.Require(at < 0 || !seen[i.Lines[max(at, 0)].ID], field+".id", "The same line stands twice in the list")
			if at >= 0 {
				l = i.Lines[at]
				seen[l.ID] = true
			}
		}
		if e.Quantity == nil || e.UnitPrice == nil {
			continue
		}
		if e.AccountCode != "" {
			l.AccountCode = e.AccountCode
		} else if l.AccountCode == "" {
			l.AccountCode = terms.Account
		}
		l.Description, l.Quantity, l.UnitPrice = *e.Description, *e.Quantity, *e.UnitPrice
		l.TaxType, l.TaxRate = terms.TaxOf(l.AccountCode)
		if err := l.Price(); err != nil {
			f.Add(field+".quantity", "%s", err)
		}
		lines = append(lines, l)
	}
	for _, l := range i.Lines {
		// Taken off the invoice, its hours could be billed again while Xero
		// still shows them.
		f.Require(seen[l.ID] || len(l.Timesheets) == 0, "lines",
			"The line %q bills timesheets and has to stay; delete the invoice to release them", cut(l.Description, 60))
	}
	return lines
}
