package fieldops

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ReminderSchedule says when clients are reminded of invoices that are overdue,
// and how.
type ReminderSchedule struct {
	DaysAfterDue  []int  `json:"days_after_due"` // ascending
	Enabled       bool   `json:"enabled"`        // whether the program reminds by itself, once a day
	EmailTemplate string `json:"email_template"` // "" for the program's own
}

// SettingReminders is the key that the schedule is kept under.
const SettingReminders = "payment_reminder_schedule"

// DefaultReminders is the schedule of a firm that has not chosen one. It reminds
// nobody before the firm says so.
var DefaultReminders = ReminderSchedule{DaysAfterDue: []int{7, 14, 30}}

// ReminderTemplate is the program's own wording.
const ReminderTemplate = `Dear {{client}},

this is a friendly reminder that {{amount}} of our invoice {{number}} was due on {{due_date}}, {{days}} days ago. A copy is attached.

If you have paid it in the meantime, please take no notice of this.

Kind regards
{{company}}`

// reminderWords are what a template may have filled in.
var reminderWords = []string{"number", "amount", "total", "due_date", "client", "days", "company"}

var placeholder = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// Check brings the schedule into its plain form, or says all that is wrong with
// it.
func (s *ReminderSchedule) Check() error {
	var f Faults
	s.DaysAfterDue = slices.Clone(s.DaysAfterDue)
	slices.Sort(s.DaysAfterDue)
	s.DaysAfterDue = slices.Compact(s.DaysAfterDue)
	f.Require(len(s.DaysAfterDue) >= 1 && len(s.DaysAfterDue) <= 10, "days_after_due", "Choose between one and ten numbers of days")
	for _, d := range s.DaysAfterDue {
		f.Require(d >= 1 && d <= 365, "days_after_due", "%d is not between 1 and 365 days", d)
	}
	s.EmailTemplate = strings.TrimSpace(strings.ReplaceAll(s.EmailTemplate, "\r\n", "\n"))
	f.Require(utf8.RuneCountInString(s.EmailTemplate) <= 4000, "email_template", "The text has at most 4000 characters")
	f.Require(utf8.ValidString(s.EmailTemplate) && !strings.ContainsRune(s.EmailTemplate, 0), "email_template", "The text holds bytes that are no text")
	for _, found := range placeholder.FindAllStringSubmatch(s.EmailTemplate, -1) {
		f.Require(slices.Contains(reminderWords, found[1]), "email_template", "%q is nothing that can be filled in; there are {{%s}}", found[1], strings.Join(reminderWords, "}}, {{"))
	}
	return f.Err("")
}

// ReadReminders is the schedule as it is kept, the default where it cannot be
// read.
func ReadReminders(kept string) ReminderSchedule {
	var s ReminderSchedule
	if kept == "" || json.Unmarshal([]byte(kept), &s) != nil || s.Check() != nil {
		s = DefaultReminders
	}
	return s
}

func reminders(kept string) bool {
	var s ReminderSchedule
	return kept == "" || json.Unmarshal([]byte(kept), &s) == nil && s.Check() == nil
}

// Passed are the thresholds that an invoice has passed so many days after it was
// due, ascending.
func (s *ReminderSchedule) Passed(days int) []int {
	n := len(s.DaysAfterDue)
	for n > 0 && s.DaysAfterDue[n-1] > days {
		n--
	}
	return s.DaysAfterDue[:n]
}

// ManualReminder is the type of a reminder that a person sends outside the
// schedule, as often as they like.
const ManualReminder = "manual"

// ReminderType names a threshold: days_7.
func ReminderType(days int) string { return "days_" + strconv.Itoa(days) }

// CheckReminderType refuses what is neither manual nor a threshold.
func CheckReminderType(kind string) error {
	days, ok := strings.CutPrefix(kind, "days_")
	if n, err := strconv.Atoi(days); kind == ManualReminder || ok && err == nil && n >= 1 && n <= 365 && ReminderType(n) == kind {
		return nil
	}
	var f Faults
	f.Add("reminder_type", "The type must be %s, or a number of days such as days_7", ManualReminder)
	return f.Err("")
}

// Words fills a reminder's template in.
func (s *ReminderSchedule) Words(i *Invoice, company string, today Date) string {
	template := s.EmailTemplate
	if template == "" {
		template = ReminderTemplate
	}
	values := map[string]string{
		"number": i.Number, "amount": i.Currency + " " + i.AmountDue.String(), "total": i.Currency + " " + i.Total.String(),
		"due_date": i.DueDate.Time().Format("2 January 2006"), "client": i.ClientName,
		"days": strconv.Itoa(max(0, today.DaysSince(i.DueDate))), "company": company,
	}
	return placeholder.ReplaceAllStringFunc(template, func(found string) string {
		return values[placeholder.FindStringSubmatch(found)[1]]
	})
}

// Reminder is a mail that reminded a client of an invoice, or a threshold that
// was passed over because a later one had been passed, too.
type Reminder struct {
	ID            ID      `json:"id"`
	InvoiceID     ID      `json:"invoice_id"`
	InvoiceNumber string  `json:"invoice_number"`
	ClientName    string  `json:"client_name"`
	SentDate      Date    `json:"sent_date"`
	Type          string  `json:"reminder_type"`
	SentTo        *string `json:"sent_to"`
	MailID        *ID     `json:"mail_id"`
	MailStatus    *string `json:"mail_status"` // queued, sending, sent or failed
	MailError     *string `json:"mail_error"`
	Skipped       bool    `json:"skipped"`
	CreatedAt     Time    `json:"created_at"`
}

// MailRequest is what a person wants a document's mail to be; "" leaves it to
// the program.
type MailRequest struct {
	To      string `json:"to,omitempty"`
	Subject string `json:"subject,omitempty"`
	Message string `json:"message,omitempty"`
}

// Check says what is wrong with the request.
func (m *MailRequest) Check() error {
	var f Faults
	m.To, m.Subject, m.Message = strings.TrimSpace(m.To), strings.TrimSpace(m.Subject), strings.TrimSpace(m.Message)
	f.Require(m.To == "" || ValidEmail(m.To), "to", "The recipient must be a valid email address")
	f.Require(utf8.RuneCountInString(m.Subject) <= 200 && !hasControl(m.Subject), "subject", "The subject has at most 200 characters in one line")
	f.Require(utf8.RuneCountInString(m.Message) <= 10_000 && utf8.ValidString(m.Message) && !strings.ContainsRune(m.Message, 0), "message", "The message has at most 10000 characters")
	return f.Err("")
}

// MailAddress is where the client's documents go.
func (c *Client) MailAddress() (string, error) {
	for _, a := range []*string{c.BillingEmail, c.Email} {
		if a != nil && *a != "" {
			return *a, nil
		}
	}
	return "", &Error{
		Kind: Invalid, Message: fmt.Sprintf("%s has no email address; enter one, or say where to send it", c.Name),
		Faults: []Fault{{"to", "The client has no email address"}},
	}
}
