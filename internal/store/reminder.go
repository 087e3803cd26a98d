package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// SetReminders keeps when clients are reminded.
func (tx *Tx) SetReminders(ctx context.Context, s *fieldops.ReminderSchedule) error {
	if err := s.Check(); err != nil {
		return err
	}
	kept, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return tx.SetSetting(ctx, fieldops.SettingReminders, string(kept))
}

// ReminderFilter chooses reminders. Zero values choose everything.
type ReminderFilter struct {
	InvoiceID fieldops.ID
	From, To  fieldops.Date
	Limit     int
	// AfterDate and AfterID continue a list behind its last row.
	AfterDate fieldops.Date
	AfterID   fieldops.ID
}

// Reminders lists what clients were reminded of, newest first.
func (r reads) Reminders(ctx context.Context, f ReminderFilter) ([]fieldops.Reminder, error) {
	w := &where{}
	if f.InvoiceID != "" {
		w.and("m.invoice_id = ?", f.InvoiceID)
	}
	if f.From != "" {
		w.and("m.sent_date >= ?", f.From)
	}
	if f.To != "" {
		w.and("m.sent_date <= ?", f.To)
	}
	if f.AfterID != "" {
		w.and("(m.sent_date, m.id) < (?, ?)", f.AfterDate, f.AfterID)
	}
	return collect(ctx, r, `select m.id, m.invoice_id, i.invoice_number, coalesce(c.name, ''), m.sent_date, m.reminder_type,
		case when m.skipped then null else m.sent_to end, m.mail_id, l.status, l.error, m.skipped, m.created_at
		from payment_reminders m join /* deleted too */ xero_invoices i on i.id = m.invoice_id
		left join /* deleted too */ clients c on c.id = i.client_id left join mails l on l.id = m.mail_id
		where `+w.String()+fmt.Sprintf(" order by m.sent_date desc, m.id desc limit %d", f.Limit), w.args,
		func(rows *sql.Rows, m *fieldops.Reminder) error {
			return rows.Scan(&m.ID, &m.InvoiceID, &m.InvoiceNumber, &m.ClientName, &m.SentDate, &m.Type,
				&m.SentTo, &m.MailID, &m.MailStatus, &m.MailError, &m.Skipped, &m.CreatedAt)
		})
}

// remindable is the condition that something is due of an issued invoice.
const remindable = "i.status in ('SUBMITTED', 'AUTHORISED') and i.amount_due_cents > 0"

// OverdueInvoices are the issued invoices of which something is due, whose last
// passed threshold nobody was reminded of yet: the longest overdue first, behind
// the one that after names. today is the firm's.
func (r reads) OverdueInvoices(ctx context.Context, s *fieldops.ReminderSchedule, today fieldops.Date, after fieldops.ID, limit int) ([]fieldops.ID, error) {
	w := &where{}
	var threshold strings.Builder
	for n := len(s.DaysAfterDue) - 1; n >= 0; n-- {
		days := s.DaysAfterDue[n]
		fmt.Fprintf(&threshold, " when i.due_date <= %s then '%s'", w.arg(today.AddDays(-days)), fieldops.ReminderType(days))
	}
	w.and(remindable)
	w.and("i.due_date <= ?", today.AddDays(-s.DaysAfterDue[0]))
	if after != "" {
		w.and("i.id > ?", after)
	}
	w.and("not exists (select 1 from payment_reminders m where m.invoice_id = i.id and m.reminder_type = case" + threshold.String() + " end)")
	return collect(ctx, r, "select i.id from live_invoices i where "+w.String()+fmt.Sprintf(" order by i.id limit %d", limit), w.args,
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
}

// ReminderTypes are the types of the reminders that an invoice has had.
func (r reads) ReminderTypes(ctx context.Context, invoice fieldops.ID) ([]string, error) {
	return collect(ctx, r, "select reminder_type from payment_reminders where invoice_id = $1", []any{invoice},
		func(rows *sql.Rows, kind *string) error { return rows.Scan(kind) })
}

// InsertReminder notes a reminder of a locked invoice, whose mail this
// transaction queues. The same threshold of an invoice a second time is a
// Conflict.
func (tx *Tx) InsertReminder(ctx context.Context, m *fieldops.Reminder) error {
	m.ID, m.CreatedAt = fieldops.NewID(), tx.Now
	to := ""
	if m.SentTo != nil {
		to = *m.SentTo
	}
	_, err := tx.q.ExecContext(ctx, `insert into payment_reminders (id, invoice_id, sent_date, reminder_type, sent_to, mail_id, skipped, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`, m.ID, m.InvoiceID, m.SentDate, m.Type, to, m.MailID, m.Skipped, tx.Now)
	if breaksUnique(err, "payment_reminders") {
		return fieldops.Refuse(fieldops.Conflict, "The client was reminded of this already: %s", m.Type)
	}
	if err != nil || m.Skipped {
		return err
	}
	return tx.audit(ctx, "remind", "invoice", m.InvoiceID, map[string]any{"reminder_type": m.Type, "sent_to": to})
}

// noteSent keeps on an invoice or a quote when its mail was last sent, and to
// whom.
func (tx *Tx) noteSent(ctx context.Context, m *fieldops.Mail) error {
	table := map[fieldops.MailKind]string{fieldops.MailInvoice: "xero_invoices", fieldops.MailQuote: "xero_quotes"}[m.Kind]
	if table == "" || m.EntityID == nil {
		return nil
	}
	_, err := tx.q.ExecContext(ctx, "update "+table+" set sent_at = $1, sent_to = $2 where id = $3", tx.Now, m.Recipient, *m.EntityID)
	return err
}
