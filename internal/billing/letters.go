package billing

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/sheet"
	"ampedfieldops/internal/store"
)

// SendBy has the firm's documents and reminders go out by a Post. It must be
// called before the Post is registered.
func (s *Service) SendBy(p *Post) {
	s.post = p
	p.Compose(fieldops.MailInvoice, s.composeInvoice)
	p.Compose(fieldops.MailQuote, s.composeQuote)
	p.Compose(fieldops.MailPaymentReminder, s.composeReminder)
	p.Compose(fieldops.MailSyncWaits, s.composeBacklog)
}

// mailReady refuses what nobody could send.
func (s *Service) mailReady(ctx context.Context) error {
	if s.post != nil {
		server, err := s.post.Server(ctx)
		if err != nil || server.Configured() {
			return err
		}
	}
	return fieldops.Refuse(fieldops.Conflict, "No mail server is set up. An admin can enter it in the settings.")
}

// letter is what a document's mail needs besides the document.
type letter struct {
	Message      string `json:"message,omitempty"`
	Certificates bool   `json:"certificates,omitempty"`
}

const (
	aboutInvoice = "invoice"
	aboutQuote   = "quote"
)

// MailInvoice has an invoice sent to its client, or to whom the request names, with
// certificates together with those of its projects that are approved. also runs in the
// same transaction, last.
func (s *Service) MailInvoice(ctx context.Context, actor fieldops.Actor, id fieldops.ID, r fieldops.MailRequest, certificates bool, also ...func(*store.Tx, fieldops.Mail) error) (fieldops.Mail, error) {
	var m fieldops.Mail
	if err := s.mailReady(ctx); err != nil {
		return m, err
	}
	if err := r.Check(); err != nil {
		return m, err
	}
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		invoice, err := tx.Invoice(ctx, id)
		if err != nil {
			return err
		}
		if certificates {
			if found, err := tx.InvoiceCertificates(ctx, id); err != nil || len(found) == 0 {
				return cmp.Or(err, error(fieldops.Refuse(fieldops.Conflict, "No certificate of the projects on invoice %s is approved", invoice.Number)))
			}
		}
		if m, err = queueLetter(ctx, tx, fieldops.MailInvoice, aboutInvoice, id, invoice.ClientID, "Invoice "+invoice.Number, r, certificates); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	return m, err
}

// MailQuote has a quote sent to its client, or to whom the request names, and
// notes that it was sent.
func (s *Service) MailQuote(ctx context.Context, actor fieldops.Actor, id fieldops.ID, r fieldops.MailRequest, fresh func(fieldops.Time) error) (fieldops.Quote, error) {
	var quote fieldops.Quote
	if err := s.mailReady(ctx); err != nil {
		return quote, err
	}
	if err := r.Check(); err != nil {
		return quote, err
	}
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		var err error
		if quote, err = tx.LockQuote(ctx, id); err != nil {
			return err
		}
		if err := fresh(quote.UpdatedAt); err != nil {
			return err
		}
		if err := moveQuote(ctx, tx, &quote, "send"); err != nil {
			return err
		}
		if _, err = queueLetter(ctx, tx, fieldops.MailQuote, aboutQuote, id, quote.ClientID, "Quote "+quote.Number, r, false); err != nil {
			return err
		}
		quote, err = tx.Quote(ctx, id)
		return err
	})
	return quote, err
}

func queueLetter(ctx context.Context, tx *store.Tx, kind fieldops.MailKind, about string, id fieldops.ID, clientID *fieldops.ID, name string, r fieldops.MailRequest, certificates bool) (fieldops.Mail, error) {
	settings, err := tx.Settings(ctx)
	if err != nil {
		return fieldops.Mail{}, err
	}
	m := fieldops.Mail{Kind: kind, Recipient: r.To, Subject: cmp.Or(r.Subject, name+" from "+settings.CompanyName), EntityType: &about, EntityID: &id}
	if m.Recipient == "" {
		client := fieldops.Client{Name: name}
		if clientID != nil {
			if client, err = tx.AnyClient(ctx, *clientID); err != nil {
				return m, err
			}
		}
		if m.Recipient, err = client.MailAddress(); err != nil {
			return m, err
		}
	}
	if m.Details, err = json.Marshal(letter{r.Message, certificates}); err != nil {
		return m, err
	}
	return m, tx.QueueMail(ctx, &m)
}

func (s *Service) composeInvoice(ctx context.Context, m fieldops.Mail) (fieldops.MailMessage, error) {
	invoice, err := s.db.Invoice(ctx, *m.EntityID)
	if err != nil {
		return fieldops.MailMessage{}, err
	}
	own := "Please find our invoice " + invoice.Number + " over " + invoice.Currency + " " + invoice.Total.String() + " attached."
	if invoice.DueDate != "" && invoice.AmountDue > 0 {
		own += " It is due on " + sheet.LongDate(invoice.DueDate) + "."
	}
	message, err := s.enclose(ctx, m, invoice.ClientName, own, s.InvoicePDF)
	if err != nil {
		return message, err
	}
	return message, s.addCertificates(ctx, m, &message)
}

// addCertificates attaches the pages of the certificates that were asked for, as they
// are approved when the mail is sent.
func (s *Service) addCertificates(ctx context.Context, m fieldops.Mail, message *fieldops.MailMessage) error {
	var words letter
	if m.Details != nil {
		if err := json.Unmarshal(m.Details, &words); err != nil {
			return err
		}
	}
	if !words.Certificates || s.openPage == nil {
		return nil
	}
	certificates, err := s.db.InvoiceCertificates(ctx, *m.EntityID)
	for _, c := range certificates {
		content, err := s.openPage(ctx, *c.FileID)
		if err != nil {
			return err
		}
		message.Attachments = append(message.Attachments, fieldops.Attachment{Name: sheet.FileName(c.FileName()), ContentType: "application/pdf", Content: content})
	}
	return err
}

func (s *Service) composeQuote(ctx context.Context, m fieldops.Mail) (fieldops.MailMessage, error) {
	quote, err := s.db.Quote(ctx, *m.EntityID)
	if err != nil {
		return fieldops.MailMessage{}, err
	}
	own := "Please find our quote " + quote.Number + " over " + quote.Currency + " " + quote.Total.String() + " attached."
	if quote.ExpiryDate != "" {
		own += " It is valid until " + sheet.LongDate(quote.ExpiryDate) + "."
	}
	return s.enclose(ctx, m, quote.ClientName, own, s.QuotePDF)
}

// enclose writes a document's mail, in the person's words if there are any, and
// attaches its page.
func (s *Service) enclose(ctx context.Context, m fieldops.Mail, client, own string, draw func(context.Context, fieldops.ID) ([]byte, string, error)) (fieldops.MailMessage, error) {
	var words letter
	if m.Details != nil {
		if err := json.Unmarshal(m.Details, &words); err != nil {
			return fieldops.MailMessage{}, err
		}
	}
	paragraphs := []string{"Dear " + client + ",", own}
	if words.Message != "" {
		paragraphs = strings.Split(strings.ReplaceAll(words.Message, "\r\n", "\n"), "\n\n")
	}
	settings, err := s.db.Settings(ctx)
	if err != nil {
		return fieldops.MailMessage{}, err
	}
	return s.attach(ctx, *m.EntityID, Letter{Paragraphs: paragraphs, Company: settings.CompanyName}, draw)
}

func (s *Service) attach(ctx context.Context, id fieldops.ID, l Letter, draw func(context.Context, fieldops.ID) ([]byte, string, error)) (fieldops.MailMessage, error) {
	message, err := l.Message()
	if err != nil {
		return message, err
	}
	pdf, name, err := draw(ctx, id)
	message.Attachments = []fieldops.Attachment{{Name: name, ContentType: "application/pdf", Content: pdf}}
	return message, err
}

// composeReminder words a reminder by the firm's template. An invoice that was
// paid in the meantime is not reminded of.
func (s *Service) composeReminder(ctx context.Context, m fieldops.Mail) (fieldops.MailMessage, error) {
	invoice, err := s.db.Invoice(ctx, *m.EntityID)
	if err != nil {
		return fieldops.MailMessage{}, err
	}
	if invoice.AmountDue == 0 {
		return fieldops.MailMessage{}, fieldops.Refuse(fieldops.Conflict, "The invoice was paid in the meantime, so no reminder was sent.")
	}
	settings, err := s.db.Settings(ctx)
	if err != nil {
		return fieldops.MailMessage{}, err
	}
	words := settings.Reminders.Words(&invoice, settings.CompanyName, fieldops.DateOf(time.Now(), settings.Timezone))
	return s.attach(ctx, invoice.ID, Letter{Paragraphs: strings.Split(words, "\n\n")}, s.InvoicePDF)
}

// Remind reminds a client of an invoice: manual as often as a person likes, or a
// threshold (days_7) once ever.
func (s *Service) Remind(ctx context.Context, actor fieldops.Actor, id fieldops.ID, kind string) (fieldops.Reminder, error) {
	var reminder fieldops.Reminder
	if err := fieldops.CheckReminderType(kind); err != nil {
		return reminder, err
	}
	if err := s.mailReady(ctx); err != nil {
		return reminder, err
	}
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		invoice, err := tx.LockPayable(ctx, id)
		if err != nil {
			return err
		}
		if invoice.AmountDue == 0 {
			return fieldops.Refuse(fieldops.Conflict, "Nothing is due of invoice %s any more", invoice.Number)
		}
		if invoice.DueDate == "" {
			return fieldops.Refuse(fieldops.Conflict, "Invoice %s has no due date; give it one first", invoice.Number)
		}
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		reminder, err = remind(ctx, tx, &invoice, kind, fieldops.DateOf(tx.Now.Time, settings.Timezone))
		return err
	})
	return reminder, err
}

// remind notes a reminder of a locked invoice and queues its mail: both or
// neither.
func remind(ctx context.Context, tx *store.Tx, invoice *fieldops.Invoice, kind string, today fieldops.Date) (fieldops.Reminder, error) {
	r := fieldops.Reminder{InvoiceID: invoice.ID, InvoiceNumber: invoice.Number, ClientName: invoice.ClientName, SentDate: today, Type: kind}
	client := fieldops.Client{Name: "Invoice " + invoice.Number}
	var err error
	if invoice.ClientID != nil {
		if client, err = tx.AnyClient(ctx, *invoice.ClientID); err != nil {
			return r, err
		}
	}
	to, err := client.MailAddress()
	if err != nil {
		return r, err
	}
	about := aboutInvoice
	m := fieldops.Mail{Kind: fieldops.MailPaymentReminder, Recipient: to, Subject: "Payment Reminder: Invoice " + invoice.Number, EntityType: &about, EntityID: &invoice.ID}
	if err := tx.QueueMail(ctx, &m); err != nil {
		return r, err
	}
	r.SentTo, r.MailID, r.MailStatus = &m.Recipient, &m.ID, &m.Status
	return r, tx.InsertReminder(ctx, &r)
}

// RemindersDone counts what a run of the reminders came to.
type RemindersDone struct {
	Sent   int `json:"sent"`   // queued, in truth; the history tells what became of each
	Failed int `json:"failed"` // invoices whose client has no address, for example
}

// ProcessReminders reminds of every overdue invoice that has passed a threshold
// nobody was reminded of. Of several at once only the last is sent and the others
// are noted as skipped. Any number of callers may run it at the same time.
func (s *Service) ProcessReminders(ctx context.Context, actor fieldops.Actor) (done RemindersDone, err error) {
	settings, err := s.db.Settings(ctx)
	if err != nil || !settings.Reminders.Enabled {
		return done, err
	}
	if err := s.mailReady(ctx); err != nil {
		return done, err
	}
	today := fieldops.DateOf(time.Now(), settings.Timezone)
	last := fieldops.ID("")
	for {
		overdue, err := s.db.OverdueInvoices(ctx, &settings.Reminders, today, last, 100)
		if err != nil || len(overdue) == 0 {
			return done, err
		}
		for _, id := range overdue {
			last = id
			sent, err := s.remindOnce(ctx, actor, id, &settings.Reminders, today)
			switch {
			case fieldops.KindOf(err) != "":
				done.Failed++ // it is tried anew at the next run
			case err != nil:
				return done, err
			case sent:
				done.Sent++
			}
		}
	}
}

// remindOnce reminds of the last threshold that an invoice has passed, unless
// somebody was faster.
func (s *Service) remindOnce(ctx context.Context, actor fieldops.Actor, id fieldops.ID, schedule *fieldops.ReminderSchedule, today fieldops.Date) (sent bool, err error) {
	err = s.db.Write(ctx, actor, func(tx *store.Tx) error {
		sent = false
		invoice, err := tx.LockPayable(ctx, id)
		if err != nil {
			return err
		}
		passed := schedule.Passed(today.DaysSince(invoice.DueDate))
		had, err := tx.ReminderTypes(ctx, id)
		if err != nil || invoice.AmountDue == 0 || len(passed) == 0 {
			return err
		}
		latest := fieldops.ReminderType(passed[len(passed)-1])
		if slices.Contains(had, latest) {
			return nil
		}
		for _, days := range passed[:len(passed)-1] {
			if kind := fieldops.ReminderType(days); !slices.Contains(had, kind) {
				if err := tx.InsertReminder(ctx, &fieldops.Reminder{InvoiceID: id, SentDate: today, Type: kind, Skipped: true}); err != nil {
					return err
				}
			}
		}
		_, err = remind(ctx, tx, &invoice, latest, today)
		sent = err == nil
		return err
	})
	return sent && err == nil, err
}

// remindersFrom and remindersUntil are the hours of the firm's day in which the
// program reminds by itself: nobody is reminded of money at night.
const (
	remindersFrom  = 8
	remindersUntil = 18
)

// RunReminders reminds by itself, during the firm's day, until ctx ends.
func (s *Service) RunReminders(ctx context.Context) {
	tick := time.NewTicker(15 * time.Minute)
	defer tick.Stop()
	for {
		if err := s.remindByDay(ctx); err != nil && ctx.Err() == nil && fieldops.KindOf(err) == "" {
			s.sync.log.ErrorContext(ctx, "the payment reminders failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Service) remindByDay(ctx context.Context) error {
	settings, err := s.db.Settings(ctx)
	if err != nil {
		return err
	}
	if hour := time.Now().In(settings.Timezone).Hour(); hour < remindersFrom || hour >= remindersUntil {
		return nil
	}
	_, err = s.ProcessReminders(ctx, fieldops.System)
	return err
}
