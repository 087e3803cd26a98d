package mail

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
)

func (s *smtpServer) config() fieldops.MailServer {
	return fieldops.MailServer{Host: "127.0.0.1", Port: s.port(), From: "Kōwhai Electrical <office@firm.nz>"}
}

func send(t *testing.T, s *smtpServer, server fieldops.MailServer) error {
	t.Helper()
	sender := &Sender{roots: s.roots, tlsPort: tlsPort}
	if s.implicit {
		sender.tlsPort = s.port()
	}
	return sender.Send(t.Context(), server, "client@example.com", fieldops.MailMessage{
		Subject: "Invoice INV-1 – thank you", Text: "Kia ora\n.\nYour invoice.", HTML: "<p>Kia ora</p>",
		Attachments: []fieldops.Attachment{{Name: "INV-1.pdf", ContentType: "application/pdf", Content: []byte("%PDF-1.4 test")}},
	})
}

func TestAMailArrivesWhole(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil)
	if err := send(t, s, s.config()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.received()); n != 1 {
		t.Fatalf("%d mails arrived", n)
	}
	m, err := netmail.ReadMessage(strings.NewReader(s.received()[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Invoice INV-1 – thank you" {
		t.Errorf("subject %q, %v", subject, err)
	}
	from, err := netmail.ParseAddress(m.Header.Get("From"))
	if err != nil || from.Name != "Kōwhai Electrical" || from.Address != "office@firm.nz" {
		t.Errorf("from %v, %v", from, err)
	}
	if m.Header.Get("Message-ID") == "" || m.Header.Get("Date") == "" {
		t.Error("a mail without id or date")
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		t.Fatalf("%s, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	var kinds []string
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, strings.SplitN(part.Header.Get("Content-Type"), ";", 2)[0]+" "+part.FileName())
	}
	if got := strings.Join(kinds, ","); got != "multipart/alternative ,application/pdf INV-1.pdf" {
		t.Errorf("parts %s", got)
	}
}

func TestHowItIsEncrypted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		change   func(*smtpServer)
		user     string
		password string
		secure   bool
		want     string // part of the sentence; "" when it is sent
	}{
		{"STARTTLS", func(s *smtpServer) { s.login = "me secret" }, "me", "secret", true, ""},
		{"from the first byte", func(s *smtpServer) { s.implicit, s.login = true, "me secret" }, "me", "secret", true, ""},
		{"not at all, on this machine", func(s *smtpServer) { s.noTLS, s.login = true, "me secret" }, "me", "secret", false, ""},
		{"wrong password", func(s *smtpServer) { s.login = "me secret" }, "me", "guess", false, "refused the user name or the password: 535"},
		{"nowhere to sign in", func(*smtpServer) {}, "me", "secret", false, "no way to sign in"},
		{"unknown certificate", func(s *smtpServer) { _, s.roots = certify(t) }, "", "", false, "cannot be trusted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, test.change)
			server := s.config()
			server.User, server.Password = test.user, test.password
			err := send(t, s, server)
			if test.want == "" {
				if err != nil || len(s.received()) != 1 || s.secure != test.secure {
					t.Errorf("%v, %d arrived, encrypted: %v", err, len(s.received()), s.secure)
				}
				return
			}
			problem, ok := errors.AsType[*fieldops.MailError](err)
			if !ok || problem.Again || !strings.Contains(problem.Sentence, test.want) || strings.Contains(problem.Sentence, "guess") {
				t.Errorf("%v", err)
			}
			if len(s.received()) != 0 {
				t.Error("it was sent all the same")
			}
		})
	}
}

// A server elsewhere gets neither mail nor password without encryption.
func TestNothingLeavesThisMachineInTheClear(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{"127.0.0.1": true, "::1": true, "localhost": true, "127.8.9.1": true, "mail.firm.nz": false, "10.0.0.5": false, "localhost.evil.example": false, "192.168.1.2": false} {
		if got := thisMachine(host); got != want {
			t.Errorf("%s is this machine: %v", host, got)
		}
	}
	s := startServer(t, func(s *smtpServer) { s.noTLS, s.login = true, "me secret" })
	server := s.config()
	server.Host, server.User, server.Password = "0.0.0.0", "me", "secret" // not loopback by name, and reaches it
	err := send(t, s, server)
	problem, ok := errors.AsType[*fieldops.MailError](err)
	if !ok || problem.Again || !strings.Contains(problem.Sentence, "does not offer encryption") || len(s.received()) != 0 || len(s.signedIn) != 0 {
		t.Errorf("%v; signed in as %v", err, s.signedIn)
	}
}

func TestWhatGoesWrongIsSaid(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*smtpServer)
		want   string
		again  bool
	}{
		{"unknown recipient", func(s *smtpServer) { s.replies = map[string]string{"RCPT": "550 5.1.1 no such user"} }, "no such user", false},
		{"come back later", func(s *smtpServer) { s.replies = map[string]string{"RCPT": "451 4.7.1 greylisted"} }, "greylisted", true},
		{"too many connections", func(s *smtpServer) { s.replies = map[string]string{"EHLO": "421 4.3.2 busy", "HELO": "421 4.3.2 busy"} }, "busy", true},
		{"refused after the text", func(s *smtpServer) { s.replies = map[string]string{"END": "554 5.7.1 spam"} }, "spam", false},
		{"broken before the text", func(s *smtpServer) { s.hangUp = "DATA" }, "broke", true},
		{"broken after the text", func(s *smtpServer) { s.hangUp = "END" }, "may have been sent", false},
		{"broken at the farewell", func(s *smtpServer) { s.hangUp = "QUIT" }, "", false},
		{"broken after it was taken", func(s *smtpServer) { s.hangUp = "RSET" }, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, test.change)
			err := send(t, s, s.config())
			if test.want == "" {
				if err != nil {
					t.Errorf("a mail that was taken: %v", err)
				}
				return
			}
			problem, ok := errors.AsType[*fieldops.MailError](err)
			if !ok || problem.Again != test.again || !strings.Contains(problem.Sentence, test.want) {
				t.Errorf("again %v: %v", ok && problem.Again, err)
			}
		})
	}
}

func TestASilentServerIsLeftWhenTheTimeIsUp(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"EHLO", "MAIL", "DATA"} {
		s := startServer(t, func(s *smtpServer) { s.stall = verb })
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		began := time.Now()
		err := (&Sender{roots: s.roots, tlsPort: tlsPort}).Send(ctx, s.config(), "a@example.com", fieldops.MailMessage{Subject: "x", Text: "x"})
		cancel()
		problem, ok := errors.AsType[*fieldops.MailError](err)
		if !ok || !problem.Again || time.Since(began) > 10*time.Second {
			t.Errorf("%s: after %s: %v", verb, time.Since(began), err)
		}
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]fieldops.MailServer{
		"No mail server is set up": {},
		"cannot be reached":        {Host: "127.0.0.1", Port: 1, From: "a@firm.nz"},
		"sender's address":         {Host: "127.0.0.1", Port: 1, From: "nobody"},
	} {
		err := New().Send(t.Context(), server, "a@example.com", fieldops.MailMessage{Subject: "x", Text: "x"})
		if problem, ok := errors.AsType[*fieldops.MailError](err); !ok || !strings.Contains(problem.Sentence, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
