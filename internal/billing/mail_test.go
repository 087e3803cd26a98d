package billing_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// postbox is a mail server that takes mail, or does what answer says.
type postbox struct {
	mu     sync.Mutex
	taken  []fieldops.MailMessage
	to     []string
	answer func(nth int) error
	calls  int
}

func (p *postbox) Send(_ context.Context, _ fieldops.MailServer, to string, m fieldops.MailMessage) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if p.answer != nil {
		if err := p.answer(p.calls); err != nil {
			return err
		}
	}
	p.taken, p.to = append(p.taken, m), append(p.to, to)
	return nil
}

var aServer = fieldops.MailServer{Host: "mail.test", Port: 587, From: "office@firm.test"}

func queueMail(f *firm, m fieldops.Mail) fieldops.Mail {
	f.t.Helper()
	if m.Recipient == "" {
		m.Recipient = "client@example.com"
	}
	if m.Subject == "" {
		m.Subject = "About " + string(m.Kind)
	}
	if err := f.db.Write(f.t.Context(), f.actor, func(tx *store.Tx) error { return tx.QueueMail(f.t.Context(), &m) }); err != nil {
		f.t.Fatal(err)
	}
	return m
}

func mailOf(f *firm, id fieldops.ID) fieldops.Mail {
	f.t.Helper()
	m, err := f.db.Mail(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

func TestAQueuedMailIsMadeWhenItIsSent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f, box := newFirm(t, db), &postbox{}
		post := billing.NewPost(billing.PostConfig{DB: db, Transport: box, Server: aServer})
		post.Compose(fieldops.MailInvoice, func(_ context.Context, m fieldops.Mail) (fieldops.MailMessage, error) {
			var details struct{ Note string }
			if err := json.Unmarshal(m.Details, &details); err != nil {
				return fieldops.MailMessage{}, err
			}
			return billing.Letter{Paragraphs: []string{details.Note}, Label: "Look", URL: "https://firm.test/x?a=1&b=2", Company: "Firm"}.Message()
		})
		post.Register(db.Queue())
		if err := db.Queue().Start(t.Context(), 1, nil); err != nil {
			t.Fatal(err)
		}
		invoice := "invoice"
		m := queueMail(f, fieldops.Mail{Kind: fieldops.MailInvoice, EntityType: &invoice, EntityID: &f.client.ID, Details: json.RawMessage(`{"Note":"Kia ora <b>"}`)})
		deadline := time.Now().Add(20 * time.Second)
		for mailOf(f, m.ID).Status != fieldops.MailSent && time.Now().Before(deadline) {
			time.Sleep(20 * time.Millisecond)
		}
		stopping, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := db.Queue().Stop(stopping); err != nil {
			t.Fatal(err)
		}
		got := mailOf(f, m.ID)
		if got.Status != fieldops.MailSent || got.SentAt.IsZero() || got.Attempts != 1 || got.RequestedBy == nil || *got.RequestedBy != f.jane.ID {
			t.Errorf("%+v", got)
		}
		if len(box.taken) != 1 || box.to[0] != "client@example.com" || box.taken[0].Subject != "About invoice" {
			t.Fatalf("%+v", box.taken)
		}
		if text := box.taken[0].Text; !strings.Contains(text, "Kia ora <b>") || !strings.Contains(text, "https://firm.test/x?a=1&b=2") {
			t.Errorf("text %q", text)
		}
		if html := box.taken[0].HTML; !strings.Contains(html, "Kia ora &lt;b&gt;") || strings.Contains(html, "<b>") {
			t.Errorf("html %q", html)
		}
		// A late or doubled job does no harm.
		if err := post.Deliver(t.Context(), m.ID); err != nil || box.calls != 1 {
			t.Errorf("%v, %d calls", err, box.calls)
		}
	})
}

// A mail that cannot be sent must not look as if it had been: without a mail
// server nothing is counted as sent.
func TestWhatCannotBeSentFailsWithASentence(t *testing.T) {
	t.Parallel()
	refusal := func(s string) func(int) error {
		return func(int) error { return &fieldops.MailError{Sentence: s} }
	}
	for _, test := range []struct {
		name   string
		server fieldops.MailServer
		kind   fieldops.MailKind
		answer func(int) error
		want   string
	}{
		{"no mail server", fieldops.MailServer{}, fieldops.MailTest, nil, "No mail server is set up"},
		{"nobody can make it", aServer, fieldops.MailQuote, nil, "knows no mails of the kind quote"},
		{"what it was about is gone", aServer, fieldops.MailInvoice, nil, "Invoice not found"},
		{"refused", aServer, fieldops.MailTest, refusal("550 no such user"), "550 no such user"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, box := newFirm(t, storetest.New(t, store.SQLite)), &postbox{answer: test.answer}
			post := billing.NewPost(billing.PostConfig{DB: f.db, Transport: box, Server: test.server})
			post.Compose(fieldops.MailInvoice, func(context.Context, fieldops.Mail) (fieldops.MailMessage, error) {
				return fieldops.MailMessage{}, fieldops.Refuse(fieldops.NotFound, "Invoice not found")
			})
			m := queueMail(f, fieldops.Mail{Kind: test.kind})
			if err := post.Deliver(t.Context(), m.ID); err != nil {
				t.Fatal(err)
			}
			got := mailOf(f, m.ID)
			if got.Status != fieldops.MailFailed || got.Error == nil || !strings.Contains(*got.Error, test.want) || !got.SentAt.IsZero() {
				t.Errorf("%+v", got)
			}
			// A person may say: again.
			f.write(func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.SendMailAgain(ctx, m.ID)
				return err
			})
			if got := mailOf(f, m.ID); got.Status != fieldops.MailQueued || got.Error != nil || got.Attempts != 0 {
				t.Errorf("again: %+v", got)
			}
		})
	}
}

func TestABusyMailServerIsTriedAFewTimes(t *testing.T) {
	t.Parallel()
	f := newFirm(t, storetest.New(t, store.SQLite))
	box := &postbox{answer: func(int) error { return &fieldops.MailError{Sentence: "451 greylisted", Again: true} }}
	post := billing.NewPost(billing.PostConfig{DB: f.db, Transport: box, Server: aServer})
	m := queueMail(f, fieldops.Mail{Kind: fieldops.MailTest})
	for range 3 {
		if err := post.Deliver(t.Context(), m.ID); err == nil || !strings.Contains(err.Error(), "not yet") {
			t.Fatalf("%v", err)
		}
		if got := mailOf(f, m.ID); got.Status != fieldops.MailQueued || got.Error == nil || *got.Error != "451 greylisted" {
			t.Fatalf("%+v", got)
		}
	}
	for range 2 { // the fourth try is the last
		if err := post.Deliver(t.Context(), m.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := mailOf(f, m.ID); got.Status != fieldops.MailFailed || got.Attempts != 4 || box.calls != 4 {
		t.Errorf("%d calls, %+v", box.calls, got)
	}
}

// SMTP cannot tell whether a mail arrived whose sender vanished, so it is never
// sent again by itself.
func TestAMailWhoseSenderVanishedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f, box := newFirm(t, db), &postbox{}
		post := billing.NewPost(billing.PostConfig{DB: db, Transport: box, Server: aServer})
		m := queueMail(f, fieldops.Mail{Kind: fieldops.MailTest})
		claim := func(now time.Time) (c store.MailClaim) {
			f.write(func(ctx context.Context, tx *store.Tx) (err error) {
				tx.Now = fieldops.At(now)
				_, c, err = tx.ClaimMail(ctx, m.ID)
				return err
			})
			return c
		}
		if c := claim(time.Now().Add(-10 * time.Minute)); c != store.MailYours {
			t.Fatalf("the first claim: %v", c)
		}
		if c := claim(time.Now().Add(-9 * time.Minute)); c != store.MailUnderWay {
			t.Errorf("a claim a minute later: %v", c)
		}
		if err := post.Deliver(t.Context(), m.ID); err != nil {
			t.Fatal(err)
		}
		got := mailOf(f, m.ID)
		if box.calls != 0 || got.Status != fieldops.MailFailed || !strings.Contains(*got.Error, "may have been sent") {
			t.Errorf("%d calls, %+v", box.calls, got)
		}
	})
}

func TestOneOfManyWorkersSendsAMail(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f, box := newFirm(t, db), &postbox{}
		post := billing.NewPost(billing.PostConfig{DB: db, Transport: box, Server: aServer})
		m := queueMail(f, fieldops.Mail{Kind: fieldops.MailTest})
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := post.Deliver(t.Context(), m.ID); err != nil && !strings.Contains(err.Error(), "not yet") {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := mailOf(f, m.ID); box.calls != 1 || got.Status != fieldops.MailSent {
			t.Errorf("%d calls, %+v", box.calls, got)
		}
	})
}

func TestATestMailTellsAtOnce(t *testing.T) {
	t.Parallel()
	f := newFirm(t, storetest.New(t, store.SQLite))
	var refuse error
	box := &postbox{answer: func(int) error { return refuse }}
	post := billing.NewPost(billing.PostConfig{DB: f.db, Transport: box, Server: aServer})
	m := fieldops.Mail{Kind: fieldops.MailTest, Recipient: "me@firm.test", Subject: "Test"}
	if err := post.SendNow(t.Context(), f.actor, &m); err != nil || mailOf(f, m.ID).Status != fieldops.MailSent {
		t.Errorf("%v, %+v", err, m)
	}
	refuse = &fieldops.MailError{Sentence: "The mail server refused the user name or the password"}
	err := post.SendNow(t.Context(), f.actor, &m)
	wantKind(t, err, fieldops.Unavailable)
	if got := mailOf(f, m.ID); got.Status != fieldops.MailFailed || !strings.Contains(*got.Error, "the password") {
		t.Errorf("%+v", got)
	}
	refuse = errors.New("unforeseen")
	wantKind(t, post.SendNow(t.Context(), f.actor, &m), fieldops.Unavailable)
}

func TestMailToNobodyIsRefused(t *testing.T) {
	t.Parallel()
	f := newFirm(t, storetest.New(t, store.SQLite))
	for _, m := range []fieldops.Mail{
		{Kind: fieldops.MailTest, Recipient: "nobody", Subject: "x"},
		{Kind: fieldops.MailTest, Recipient: "a@example.com\r\nBcc: b@example.com", Subject: "x"},
		{Kind: fieldops.MailTest, Recipient: "a@example.com", Subject: "x\r\nBcc: b@example.com"},
		{Kind: fieldops.MailTest, Recipient: "a@example.com"},
	} {
		err := f.db.Write(t.Context(), f.actor, func(tx *store.Tx) error { return tx.QueueMail(t.Context(), &m) })
		wantKind(t, err, fieldops.Invalid)
	}
}
