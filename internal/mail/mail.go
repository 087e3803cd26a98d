// Package mail hands messages to a mail server by SMTP (RFC 5321).
//
// The one thing to know: no protocol of mail is exactly once. A connection that
// breaks after the last byte leaves open whether the mail went out; Send then
// says so, and does not suggest to try again.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"ampedfieldops/internal/fieldops"
)

const (
	// stepTimeout is how long the server may take for one step.
	stepTimeout = 30 * time.Second
	// sendTimeout bounds the whole of it.
	sendTimeout = 2 * time.Minute
	// tlsPort is where SMTP is encrypted from the first byte (RFC 8314).
	tlsPort = 465
)

// Sender hands in mail.
type Sender struct {
	roots   *x509.CertPool // nil: the system's
	tlsPort int
}

// New makes a Sender.
func New() *Sender { return &Sender{tlsPort: tlsPort} }

// Send hands a message to the server and returns once the server has taken
// it. What goes wrong is a *fieldops.MailError.
func (s *Sender) Send(ctx context.Context, server fieldops.MailServer, to string, message fieldops.MailMessage) error {
	if !server.Configured() {
		return &fieldops.MailError{Sentence: "No mail server is set up. An admin can enter it in the settings."}
	}
	m, err := compose(server.From, to, message)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	opened := new(connection)
	defer opened.end()
	client, err := gomail.NewClient(server.Host, s.options(server, opened.dialer(ctx))...)
	if err != nil {
		return &fieldops.MailError{Sentence: fmt.Sprintf("The mail server %s cannot be used: %s", server.Address(), oneLine(err))}
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return beginning(server, err)
	}
	defer client.CloseWithSMTPClient(session) //nolint:errcheck // what counts was answered before
	err = client.SendWithSMTPClient(session, m)
	if err == nil || m.IsDelivered() {
		return nil
	}
	return sending(server, err)
}

func compose(from, to string, message fieldops.MailMessage) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := m.From(from); err != nil {
		return nil, &fieldops.MailError{Sentence: fmt.Sprintf("The sender's address %q cannot be used. An admin can change it in the settings.", from)}
	}
	if err := m.To(to); err != nil {
		return nil, &fieldops.MailError{Sentence: fmt.Sprintf("The recipient's address %q cannot be used", to)}
	}
	m.Subject(message.Subject)
	m.SetDate()
	m.SetMessageID()
	m.SetBodyString(gomail.TypeTextPlain, message.Text)
	if message.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, message.HTML)
	}
	for _, a := range message.Attachments {
		m.AttachReadSeeker(a.Name, strings.NewReader(string(a.Content)), gomail.WithFileContentType(gomail.ContentType(a.ContentType)))
	}
	return m, nil
}

// connection is what a mail goes over. The library waits for answers by
// deadlines alone; closing the connection beneath it makes it heed a context.
type connection struct {
	conn net.Conn
	stop func() bool
}

func (c *connection) dialer(whole context.Context) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		c.conn, c.stop = conn, context.AfterFunc(whole, func() { _ = conn.Close() })
		return conn, nil
	}
}

func (c *connection) end() {
	if c.conn != nil {
		c.stop()
		_ = c.conn.Close() // closed already when all went well
	}
}

func (s *Sender) options(server fieldops.MailServer, dial gomail.DialContextFunc) []gomail.Option {
	config := &tls.Config{ServerName: server.Host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	options := []gomail.Option{
		gomail.WithPort(server.Port), gomail.WithTimeout(stepTimeout), gomail.WithTLSConfig(config),
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			plain, err := dial(ctx, network, address)
			if err != nil || server.Port != s.tlsPort {
				return plain, err
			}
			encrypted := tls.Client(plain, config)
			return encrypted, encrypted.HandshakeContext(ctx)
		}),
	}
	here := thisMachine(server.Host)
	policy := gomail.TLSMandatory
	if here || server.Port == s.tlsPort { // on the latter it is encrypted already
		policy = gomail.TLSOpportunistic
	}
	options = append(options, gomail.WithTLSPolicy(policy))
	if server.User != "" {
		auth := gomail.SMTPAuthAutoDiscover
		if here && server.Port != s.tlsPort {
			auth = gomail.SMTPAuthPlain
		}
		options = append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(server.User), gomail.WithPassword(server.Password))
	}
	return options
}

// thisMachine reports whether what is sent to a host leaves this machine.
func thisMachine(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// beginning words what went wrong before the message was on its way.
func beginning(server fieldops.MailServer, err error) error {
	failure := func(again bool, format string, args ...any) error {
		return &fieldops.MailError{Sentence: fmt.Sprintf(format, args...), Again: again}
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return failure(false, "The certificate of the mail server %s cannot be trusted: %s", server.Host, oneLine(err))
	}
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		if reply.Code == 534 || reply.Code == 535 || reply.Code == 530 {
			return failure(false, "The mail server %s refused the user name or the password: %s", server.Host, oneLine(reply))
		}
		return failure(reply.Code < 500, "The mail server %s refused us: %s", server.Host, oneLine(reply))
	}
	switch sentence := err.Error(); {
	case strings.Contains(sentence, "does not support STARTTLS"):
		return failure(false, "The mail server %s does not offer encryption (STARTTLS). Mail goes unencrypted only to this machine; port 465 is encrypted from the start.", server.Address())
	case strings.Contains(sentence, "SMTP AUTH"), errors.Is(err, gomail.ErrNoSupportedAuthDiscovered), errors.Is(err, gomail.ErrPlainAuthNotSupported):
		return failure(false, "The mail server %s offers no way to sign in that can be used", server.Host)
	}
	return failure(true, "The mail server %s cannot be reached: %s", server.Address(), oneLine(err))
}

// sending words what went wrong with the message itself.
func sending(server fieldops.MailServer, err error) error {
	problem, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return &fieldops.MailError{Sentence: fmt.Sprintf("The mail may have been sent or not: %s", oneLine(err))}
	}
	code := problem.ErrorCode()
	switch {
	case code != 0:
		return &fieldops.MailError{
			Sentence: fmt.Sprintf("The mail server %s refused the mail: %s", server.Host, oneLine(err)),
			Again:    code < 500,
		}
	case problem.Reason == gomail.ErrSMTPDataClose:
		return &fieldops.MailError{Sentence: "The mail may have been sent or not: the connection to the mail server broke before it answered. Ask the recipient before you send it again."}
	}
	return &fieldops.MailError{Sentence: fmt.Sprintf("The connection to the mail server %s broke: %s", server.Address(), oneLine(err)), Again: true}
}

// oneLine is an error as part of a sentence.
func oneLine(err error) string {
	line := strings.Join(strings.Fields(strings.ToValidUTF8(err.Error(), "?")), " ")
	if runes := []rune(line); len(runes) > 300 {
		line = string(runes[:300]) + "…"
	}
	return line
}
