package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
)

// SendMail is the job that brings one mail to the mail server.
type SendMail struct {
	Mail fieldops.ID `json:"mail"`
}

// Kind is the job's name.
func (SendMail) Kind() string { return "send_mail" }

// Queue keeps mail apart from what goes to Xero.
func (SendMail) Queue() string { return job.MailQueue }

// mailLease is how long a mail may be on its way to the server. It is above
// what the sending and the making of its text can take.
const mailLease = 6 * time.Minute

const mailColumns = "id, kind, recipient, subject, entity_type, entity_id, details, status, error, attempts, requested_by, created_at, sent_at"

func scanMail(row interface{ Scan(...any) error }, m *fieldops.Mail) error {
	var details *string
	err := row.Scan(&m.ID, &m.Kind, &m.Recipient, &m.Subject, &m.EntityType, &m.EntityID, &details, &m.Status, &m.Error,
		&m.Attempts, &m.RequestedBy, &m.CreatedAt, &m.SentAt)
	if details != nil {
		m.Details = json.RawMessage(*details)
	}
	return err
}

// Mail is one mail.
func (r reads) Mail(ctx context.Context, id fieldops.ID) (fieldops.Mail, error) {
	var m fieldops.Mail
	err := scanMail(r.q.QueryRowContext(ctx, "select "+mailColumns+" from mails where id = $1", id), &m)
	return m, notFound(err, "Mail")
}

// MailFilter chooses mails. Zero values choose everything; Limit must be at
// least 1.
type MailFilter struct {
	Kind        fieldops.MailKind
	Status      string
	EntityType  string
	EntityID    fieldops.ID
	RequestedBy fieldops.ID
	Before      fieldops.ID // older than this mail
	Limit       int
}

// Mails lists mails, newest first.
func (r reads) Mails(ctx context.Context, f MailFilter) ([]fieldops.Mail, error) {
	w := &where{}
	if f.Kind != "" {
		w.and("kind = ?", f.Kind)
	}
	if f.Status != "" {
		w.and("status = ?", f.Status)
	}
	if f.EntityType != "" {
		w.and("entity_type = ?", f.EntityType)
	}
	if f.EntityID != "" {
		w.and("entity_id = ?", f.EntityID)
	}
	if f.RequestedBy != "" {
		w.and("requested_by = ?", f.RequestedBy)
	}
	if f.Before != "" {
		w.and("id < ?", f.Before) // ids sort by the time they were made
	}
	return collect(ctx, r, "select "+mailColumns+" from mails where "+w.String()+" order by id desc limit "+w.arg(f.Limit), w.args,
		func(rows *sql.Rows, m *fieldops.Mail) error { return scanMail(rows, m) })
}

// QueueMail has a mail sent after this transaction. Kind, Recipient and Subject
// must be set; EntityType, EntityID and Details as the kind's text needs them.
// Whoever acts is who asked for it.
func (tx *Tx) QueueMail(ctx context.Context, m *fieldops.Mail) error {
	m.Status = fieldops.MailQueued
	if err := tx.insertMail(ctx, m); err != nil {
		return err
	}
	return tx.Enqueue(ctx, SendMail{m.ID})
}

// BeginMail adds a mail that the caller itself is about to send, in place of
// the queue. Should the caller vanish, the queue finds it.
func (tx *Tx) BeginMail(ctx context.Context, m *fieldops.Mail) error {
	m.Status, m.Attempts = fieldops.MailSending, 1
	if err := tx.insertMail(ctx, m); err != nil {
		return err
	}
	return tx.Enqueue(ctx, SendMail{m.ID})
}

func (tx *Tx) insertMail(ctx context.Context, m *fieldops.Mail) error {
	if err := m.Check(); err != nil {
		return err
	}
	m.ID, m.CreatedAt = fieldops.NewID(), tx.Now
	if tx.Actor.UserID != "" {
		m.RequestedBy = &tx.Actor.UserID
	}
	var details *string
	if m.Details != nil {
		s := string(m.Details)
		details = &s
	}
	var claimed fieldops.Time
	if m.Status == fieldops.MailSending {
		claimed = tx.Now
	}
	if _, err := tx.q.ExecContext(ctx, `insert into mails (id, kind, recipient, subject, entity_type, entity_id, details, status, attempts, requested_by, created_at, claimed_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		m.ID, m.Kind, m.Recipient, m.Subject, m.EntityType, m.EntityID, details, m.Status, m.Attempts, m.RequestedBy, tx.Now, claimed); err != nil {
		return err
	}
	return tx.audit(ctx, "send_mail", "mail", m.ID, map[string]any{"kind": m.Kind, "recipient": m.Recipient, "about": m.EntityType, "about_id": m.EntityID})
}

// MailClaim is what there is to do with a mail that a job names.
type MailClaim int

// What there is to do.
const (
	MailDone     MailClaim = iota // nothing: it was sent, or was given up
	MailYours                     // send it
	MailUnderWay                  // somebody sends it at this moment
	MailLost                      // somebody began to send it and vanished; it was given up
)

// ClaimMail takes a queued mail to send it. A mail whose sender vanished may
// have been sent: it fails, and a person decides.
func (tx *Tx) ClaimMail(ctx context.Context, id fieldops.ID) (fieldops.Mail, MailClaim, error) {
	var m fieldops.Mail
	if err := scanMail(tx.q.QueryRowContext(ctx, "select "+mailColumns+" from mails where id = $1"+tx.forUpdate(), id), &m); err != nil {
		return m, MailDone, notFound(err, "Mail")
	}
	switch m.Status {
	case fieldops.MailQueued:
		m.Status, m.Attempts = fieldops.MailSending, m.Attempts+1
		_, err := tx.q.ExecContext(ctx, "update mails set status = 'sending', attempts = $1, claimed_at = $2 where id = $3", m.Attempts, tx.Now, id)
		return m, MailYours, err
	case fieldops.MailSending:
		var claimed fieldops.Time
		if err := tx.q.QueryRowContext(ctx, "select claimed_at from mails where id = $1", id).Scan(&claimed); err != nil {
			return m, MailDone, err
		}
		if tx.Now.Sub(claimed.Time) < mailLease {
			return m, MailUnderWay, nil
		}
		return m, MailLost, tx.MailFailed(ctx, &m, "The mail may have been sent or not: the program ended while it was being sent. Ask the recipient before you send it again.")
	}
	return m, MailDone, nil
}

// MailSent notes that the mail server has taken a claimed mail.
func (tx *Tx) MailSent(ctx context.Context, m *fieldops.Mail) error {
	m.Status, m.Error, m.SentAt = fieldops.MailSent, nil, tx.Now
	if err := tx.settleMail(ctx, m); err != nil {
		return err
	}
	if err := tx.noteSent(ctx, m); err != nil {
		return err
	}
	return tx.audit(ctx, "mail_sent", "mail", m.ID, map[string]any{"kind": m.Kind, "recipient": m.Recipient})
}

// MailFailed gives a claimed mail up, with a sentence for who asked for it.
func (tx *Tx) MailFailed(ctx context.Context, m *fieldops.Mail, sentence string) error {
	m.Status, m.Error = fieldops.MailFailed, &sentence
	if err := tx.settleMail(ctx, m); err != nil {
		return err
	}
	if m.RequestedBy != nil {
		if err := tx.Notify(ctx, *m.RequestedBy, fieldops.NoticeMailFailed, "A mail to "+m.Recipient+" was not sent", sentence, "/settings/mail"); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "mail_failed", "mail", m.ID, map[string]any{"kind": m.Kind, "recipient": m.Recipient, "error": sentence})
}

// MailWaits puts a claimed mail back, to be tried again later.
func (tx *Tx) MailWaits(ctx context.Context, m *fieldops.Mail, sentence string) error {
	m.Status, m.Error = fieldops.MailQueued, &sentence
	return tx.settleMail(ctx, m)
}

// settleMail ends a claim, unless it was taken away meanwhile.
func (tx *Tx) settleMail(ctx context.Context, m *fieldops.Mail) error {
	changed, err := tx.exec(ctx, "update mails set status = $1, error = $2, sent_at = $3 where id = $4 and status = 'sending' and attempts = $5",
		m.Status, m.Error, m.SentAt, m.ID, m.Attempts)
	if err == nil && changed == 0 {
		err = fieldops.Refuse(fieldops.Conflict, "This mail was given up meanwhile")
	}
	return err
}

// SendMailAgain queues a mail that failed once more, because a person wants it.
func (tx *Tx) SendMailAgain(ctx context.Context, id fieldops.ID) (fieldops.Mail, error) {
	var m fieldops.Mail
	if err := scanMail(tx.q.QueryRowContext(ctx, "select "+mailColumns+" from mails where id = $1"+tx.forUpdate(), id), &m); err != nil {
		return m, notFound(err, "Mail")
	}
	if m.Status != fieldops.MailFailed {
		return m, fieldops.Refuse(fieldops.Conflict, "Only a mail that failed can be sent again")
	}
	m.Status, m.Error, m.Attempts = fieldops.MailQueued, nil, 0
	if _, err := tx.q.ExecContext(ctx, "update mails set status = 'queued', error = null, attempts = 0 where id = $1", id); err != nil {
		return m, err
	}
	if err := tx.Enqueue(ctx, SendMail{id}); err != nil {
		return m, err
	}
	return m, tx.audit(ctx, "send_mail_again", "mail", id, map[string]any{"kind": m.Kind, "recipient": m.Recipient})
}
