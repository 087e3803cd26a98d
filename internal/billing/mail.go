package billing

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"log/slog"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
	"ampedfieldops/internal/store"
)

// Composer makes the text of a mail when it is sent. A *fieldops.Error that it
// returns fails the mail with its sentence.
type Composer func(ctx context.Context, m fieldops.Mail) (fieldops.MailMessage, error)

// Transport hands a message to a mail server. What goes wrong is a
// *fieldops.MailError.
type Transport interface {
	Send(ctx context.Context, server fieldops.MailServer, to string, message fieldops.MailMessage) error
}

// Post sends the mails that the store has queued. Any number of processes may
// run one on the same database.
type Post struct {
	db        *store.DB
	seal      *Sealer
	transport Transport
	fallback  fieldops.MailServer
	appURL    string
	log       *slog.Logger
	composers map[fieldops.MailKind]Composer
}

// PostConfig is what a Post needs.
type PostConfig struct {
	DB        *store.DB
	Sealer    *Sealer
	Transport Transport
	// Server is used while the settings name none.
	Server fieldops.MailServer
	AppURL string // where the links of mails lead
	Log    *slog.Logger
}

// NewPost makes a Post that can send test mails, invitations and password
// resets; Compose teaches it the other kinds.
func NewPost(c PostConfig) *Post {
	p := &Post{db: c.DB, seal: c.Sealer, transport: c.Transport, fallback: c.Server, appURL: c.AppURL, log: c.Log, composers: map[fieldops.MailKind]Composer{}}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.Compose(fieldops.MailTest, p.composeTest)
	p.Compose(fieldops.MailInvitation, p.composeInvitation)
	p.Compose(fieldops.MailPasswordReset, p.composeReset)
	return p
}

// Compose says how mails of a kind are made. It must be called before Register.
func (p *Post) Compose(kind fieldops.MailKind, compose Composer) { p.composers[kind] = compose }

// Register has the queue deliver mails to this Post.
func (p *Post) Register(q *job.Queue) {
	job.Handle(q, func(ctx context.Context, a store.SendMail) error { return p.Deliver(ctx, a.Mail) })
	job.Handle(q, func(ctx context.Context, a store.ForgotPassword) error {
		return p.db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return tx.MailReset(ctx, a.Email) })
	})
}

// mailBackoff is how long a mail waits before its second, third and fourth
// try, when the server could not take it for the time being.
var mailBackoff = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute}

// Deliver sends one mail, if it is still to be sent. What became of it is
// written down; only what kept that from happening is an error.
func (p *Post) Deliver(ctx context.Context, id fieldops.ID) error {
	var m fieldops.Mail
	var claim store.MailClaim
	err := p.db.Write(ctx, fieldops.System, func(tx *store.Tx) (err error) {
		m, claim, err = tx.ClaimMail(ctx, id)
		return err
	})
	if fieldops.KindOf(err) == fieldops.NotFound {
		return nil
	}
	if err != nil || claim == store.MailDone || claim == store.MailLost {
		return err
	}
	if claim == store.MailUnderWay {
		return job.Later(time.Minute)
	}
	problem := p.send(ctx, m)
	if problem == nil || !problem.Again || m.Attempts > int64(len(mailBackoff)) {
		return p.settle(ctx, &m, problem)
	}
	if err := p.write(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.MailWaits(ctx, &m, problem.Sentence) }); err != nil {
		return err
	}
	return job.Later(mailBackoff[m.Attempts-1])
}

// SendNow sends a mail while its sender waits, and returns why it could not be
// sent.
func (p *Post) SendNow(ctx context.Context, actor fieldops.Actor, m *fieldops.Mail) error {
	if err := p.db.Write(ctx, actor, func(tx *store.Tx) error { return tx.BeginMail(ctx, m) }); err != nil {
		return err
	}
	problem := p.send(ctx, *m)
	if err := p.settle(ctx, m, problem); err != nil {
		return err
	}
	if problem != nil {
		return fieldops.Refuse(fieldops.Unavailable, "%s", problem.Sentence)
	}
	return nil
}

// send makes a mail's text and hands it in.
func (p *Post) send(ctx context.Context, m fieldops.Mail) *fieldops.MailError {
	server, err := p.server(ctx)
	if err == nil {
		err = p.composeAndSend(ctx, server, m)
	}
	if err == nil {
		return nil
	}
	if problem, ok := errors.AsType[*fieldops.MailError](err); ok {
		return problem
	}
	if refusal, ok := errors.AsType[*fieldops.Error](err); ok {
		return &fieldops.MailError{Sentence: refusal.Message}
	}
	p.log.ErrorContext(ctx, "a mail could not be made", "mail", m.ID, "kind", m.Kind, "error", err)
	return &fieldops.MailError{Sentence: "The mail could not be made; the log says more.", Again: true}
}

func (p *Post) composeAndSend(ctx context.Context, server fieldops.MailServer, m fieldops.Mail) error {
	if !server.Configured() {
		return fieldops.Refuse(fieldops.Unavailable, "No mail server is set up. An admin can enter it in the settings.")
	}
	compose, known := p.composers[m.Kind]
	if !known {
		return fieldops.Refuse(fieldops.Invalid, "This program knows no mails of the kind %s", m.Kind)
	}
	message, err := compose(ctx, m)
	if err != nil {
		return err
	}
	if message.Subject == "" {
		message.Subject = m.Subject
	}
	return p.transport.Send(ctx, server, m.Recipient, message)
}

// Server is where mail is handed in, without its password.
func (p *Post) Server(ctx context.Context) (fieldops.MailServer, error) {
	server, err := p.server(ctx)
	server.Password = ""
	return server, err
}

// server is the one of the settings, else the environment's.
func (p *Post) server(ctx context.Context) (fieldops.MailServer, error) {
	settings, err := p.db.Settings(ctx)
	if err != nil || settings.Mail.Host == "" {
		return p.fallback, err
	}
	server := settings.Mail
	if server.From == "" && fieldops.ValidEmail(server.User) {
		server.From = server.User
	}
	if server.Password == "" {
		return server, nil
	}
	if server.Password, err = p.seal.Open(server.Password); err != nil {
		return server, &fieldops.MailError{Sentence: "The password of the mail server cannot be read any more. Enter it again in the settings."}
	}
	return server, nil
}

func (p *Post) settle(ctx context.Context, m *fieldops.Mail, problem *fieldops.MailError) error {
	err := p.write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if problem == nil {
			return tx.MailSent(ctx, m)
		}
		return tx.MailFailed(ctx, m, problem.Sentence)
	})
	if fieldops.KindOf(err) == fieldops.Conflict {
		p.log.WarnContext(ctx, "a mail took so long that it was given up meanwhile", "mail", m.ID, "sent", problem == nil)
		return nil
	}
	return err
}

// write writes down what became of a mail, also when the worker is told to stop.
func (p *Post) write(ctx context.Context, change func(context.Context, *store.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	return p.db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return change(ctx, tx) })
}

// Letter is the text of an ordinary mail: paragraphs, and perhaps one link.
type Letter struct {
	Paragraphs []string
	Label, URL string // of the link; empty for none
	Closing    []string
	Company    string
}

var letterHTML = template.Must(template.New("letter").Parse(`<!doctype html>
<html><body style="font-family: Arial, Helvetica, sans-serif; font-size: 15px; line-height: 1.5; color: #1c2430; max-width: 36em">
{{range .Paragraphs}}<p style="white-space: pre-line">{{.}}</p>
{{end}}{{if .URL}}<p><a href="{{.URL}}" style="background: #0b5cad; color: #fff; padding: 10px 18px; text-decoration: none; border-radius: 4px">{{.Label}}</a></p>
<p style="font-size: 13px; color: #5b6573">{{.URL}}</p>
{{end}}{{range .Closing}}<p style="white-space: pre-line">{{.}}</p>
{{end}}<p>{{.Company}}</p>
</body></html>
`))

// Message writes the letter as plain text and as HTML.
func (l Letter) Message() (fieldops.MailMessage, error) {
	parts := append([]string(nil), l.Paragraphs...)
	if l.URL != "" {
		parts = append(parts, l.Label+":\n"+l.URL)
	}
	parts = append(append(parts, l.Closing...), l.Company)
	var html bytes.Buffer
	if err := letterHTML.Execute(&html, l); err != nil {
		return fieldops.MailMessage{}, err
	}
	return fieldops.MailMessage{Text: strings.Join(parts, "\n\n") + "\n", HTML: html.String()}, nil
}

func (p *Post) composeTest(ctx context.Context, _ fieldops.Mail) (fieldops.MailMessage, error) {
	settings, err := p.db.Settings(ctx)
	if err != nil {
		return fieldops.MailMessage{}, err
	}
	return Letter{Paragraphs: []string{"This is a test. The mail server is set up as it should be."}, Company: settings.CompanyName}.Message()
}

// composeInvitation makes the link that lets somebody in when it is sent, so
// that it is kept nowhere.
func (p *Post) composeInvitation(ctx context.Context, m fieldops.Mail) (fieldops.MailMessage, error) {
	link, u, err := p.linkFor(ctx, m, fieldops.LinkInvitation, "/accept-invitation", store.InvitationLinkLife)
	if err != nil {
		return fieldops.MailMessage{}, err
	}
	if u.PasswordHash != "" {
		return fieldops.MailMessage{}, fieldops.Refuse(fieldops.Conflict, "%s has chosen a password already", u.Name)
	}
	link.Paragraphs = []string{"Kia ora " + u.Name + ",", "You are invited to " + link.Company + ". Choose a password, and you are in."}
	link.Label, link.Closing = "Accept the invitation", []string{"The link is good for seven days and can be used once."}
	return link.Message()
}

func (p *Post) composeReset(ctx context.Context, m fieldops.Mail) (fieldops.MailMessage, error) {
	link, u, err := p.linkFor(ctx, m, fieldops.LinkPasswordReset, "/forgot-password", store.ResetLinkLife)
	if err != nil {
		return fieldops.MailMessage{}, err
	}
	link.Paragraphs = []string{"Kia ora " + u.Name + ",", "Somebody asked for a new password for your account."}
	link.Label, link.Closing = "Choose a new password", []string{"The link is good for an hour and can be used once. If it was not you who asked, there is nothing to do: your password stays as it is."}
	return link.Message()
}

func (p *Post) linkFor(ctx context.Context, m fieldops.Mail, purpose, page string, life time.Duration) (Letter, fieldops.User, error) {
	if m.EntityID == nil {
		return Letter{}, fieldops.User{}, fieldops.Refuse(fieldops.Invalid, "This mail does not say whom it is about")
	}
	settings, err := p.db.Settings(ctx)
	if err != nil {
		return Letter{}, fieldops.User{}, err
	}
	var u fieldops.User
	var secret string
	err = p.db.Write(ctx, fieldops.System, func(tx *store.Tx) (err error) {
		if u, err = tx.User(ctx, *m.EntityID); err != nil {
			return err
		}
		if !u.IsActive {
			return fieldops.Refuse(fieldops.Conflict, "%s may not sign in any more", u.Name)
		}
		secret, err = tx.InsertLink(ctx, purpose, u.ID, life)
		return err
	})
	return Letter{URL: p.appURL + page + "?token=" + secret, Company: settings.CompanyName}, u, err
}
