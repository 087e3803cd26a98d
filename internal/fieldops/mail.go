package fieldops

import (
	"encoding/json"
	"net/mail"
	"strconv"
	"strings"
)

// MailKind says what a mail is about, and so how its text is made.
type MailKind string

// The kinds of mail.
const (
	MailTest            MailKind = "test"
	MailInvitation      MailKind = "invitation"
	MailPasswordReset   MailKind = "password_reset"
	MailInvoice         MailKind = "invoice"
	MailQuote           MailKind = "quote"
	MailPaymentReminder MailKind = "payment_reminder"
	MailSyncWaits       MailKind = "sync_waits"
)

// The states of a mail. Sending is written down before the mail server is
// called: a mail that is found in it later may have been sent, and is not sent
// again unless a person says so.
const (
	MailQueued  = "queued"
	MailSending = "sending"
	MailSent    = "sent"
	MailFailed  = "failed"
)

// Mail is one mail that was asked for. Its text is made when it is sent.
type Mail struct {
	ID          ID              `json:"id"`
	Kind        MailKind        `json:"kind"`
	Recipient   string          `json:"recipient"`
	Subject     string          `json:"subject"`
	EntityType  *string         `json:"entity_type"` // what it is about
	EntityID    *ID             `json:"entity_id"`
	Details     json.RawMessage `json:"-"` // what its text needs besides; never a secret
	Status      string          `json:"status" enum:"queued,sending,sent,failed"`
	Error       *string         `json:"error"` // why it failed, or waits
	Attempts    int64           `json:"attempts"`
	RequestedBy *ID             `json:"requested_by"`
	CreatedAt   Time            `json:"created_at"`
	SentAt      Time            `json:"sent_at"`
}

// Check refuses a mail that cannot be sent to anybody.
func (m *Mail) Check() error {
	var f Faults
	f.Require(ValidEmail(m.Recipient), "recipient", "The recipient must be a valid email address")
	f.Require(strings.TrimSpace(m.Subject) != "" && !strings.ContainsAny(m.Subject, "\r\n\x00"), "subject", "The subject must be one line of text")
	return f.Err("")
}

// MailMessage is the text of a mail. HTML may be empty.
type MailMessage struct {
	Subject     string
	Text        string
	HTML        string
	Attachments []Attachment
}

// Attachment is a file that travels with a mail.
type Attachment struct {
	Name        string
	ContentType string
	Content     []byte
}

// MailServer is where mail is handed in, by SMTP. Port 465 is encrypted from
// its first byte; any other must offer STARTTLS, unless it is on this machine.
type MailServer struct {
	Host     string
	Port     int
	User     string // "" signs in nowhere
	Password string
	From     string // an address, or a name and an address: Firm <office@firm.nz>
}

// Configured reports whether mail can be sent at all.
func (s MailServer) Configured() bool { return s.Host != "" && s.From != "" }

// Address is host and port.
func (s MailServer) Address() string { return s.Host + ":" + strconv.Itoa(s.Port) }

// ValidSender reports whether s can stand in the From of a mail: an address,
// with or without a name.
func ValidSender(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && ValidEmail(a.Address) && !strings.ContainsAny(s, "\r\n\x00")
}

// MailError is why a mail was not sent, worded for who asked for it.
type MailError struct {
	Sentence string
	// Again says that nothing was sent and that trying later can help.
	Again bool
}

func (e *MailError) Error() string { return e.Sentence }
