package billing_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// mailing lets a firm send mail into a box, to a client with an address.
func mailing(f *firm) (*postbox, *billing.Post) {
	f.t.Helper()
	box := &postbox{}
	post := billing.NewPost(billing.PostConfig{DB: f.db, Transport: box, Server: aServer})
	f.billing.SendBy(post)
	f.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetSetting(ctx, "xero_invoice_status", fieldops.StatusAuthorised); err != nil {
			return err
		}
		client, err := tx.LockClient(ctx, f.client.ID)
		if err != nil {
			return err
		}
		client.Email, client.BillingEmail = text("home@kereru.test"), text("accounts@kereru.test")
		return tx.UpdateClient(ctx, &client)
	})
	return box, post
}

// deliver sends every queued mail.
func deliver(f *firm, post *billing.Post) {
	f.t.Helper()
	mails, err := f.db.Mails(f.t.Context(), store.MailFilter{Status: fieldops.MailQueued, Limit: 100})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, m := range mails {
		if err := post.Deliver(f.t.Context(), m.ID); err != nil {
			f.t.Fatal(err)
		}
	}
}

// overdue makes an invoice that was due so many days ago.
func overdue(f *firm, days int) fieldops.Invoice {
	f.t.Helper()
	amount := fieldops.Cents(100_00)
	made, err := f.billing.CreateInvoice(f.t.Context(), f.actor, fieldops.ManualInvoice{
		ClientID: f.client.ID, IssueDate: f.today.AddDays(-days - 10), DueDate: f.today.AddDays(-days),
		Lines: []fieldops.SaleLine{{Description: text("Board"), Amount: &amount}},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return made
}

func schedule(f *firm, s fieldops.ReminderSchedule) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx *store.Tx) error { return tx.SetReminders(ctx, &s) })
}

func reminded(f *firm, invoice fieldops.ID) (sent, skipped []string) {
	f.t.Helper()
	history, err := f.db.Reminders(f.t.Context(), store.ReminderFilter{InvoiceID: invoice, Limit: 100})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, r := range history {
		if r.Skipped {
			skipped = append(skipped, r.Type)
		} else {
			sent = append(sent, r.Type)
		}
	}
	return sent, skipped
}

func TestAnInvoiceIsMailedWithItsPage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		invoice := overdue(f, 1)
		// Without a mail server nothing counts as sent.
		_, err := f.billing.MailInvoice(ctx, f.actor, invoice.ID, fieldops.MailRequest{}, false)
		wantKind(t, err, fieldops.Conflict)
		box, post := mailing(f)
		_, err = f.billing.MailInvoice(ctx, f.actor, invoice.ID, fieldops.MailRequest{To: "nobody", Subject: "two\nlines"}, false)
		wantKind(t, err, fieldops.Invalid)
		queued, err := f.billing.MailInvoice(ctx, f.actor, invoice.ID, fieldops.MailRequest{}, false)
		if err != nil || queued.Recipient != "accounts@kereru.test" {
			t.Fatalf("%+v, %v", queued, err)
		}
		if before, err := db.Invoice(ctx, invoice.ID); err != nil || !before.SentAt.IsZero() {
			t.Errorf("a queued mail counts as sent: %v, %v", before.SentAt, err)
		}
		deliver(f, post)
		if len(box.taken) != 1 {
			t.Fatalf("%d mails", len(box.taken))
		}
		m := box.taken[0]
		if !strings.Contains(m.Text, "Dear Kererū Homes") || !strings.Contains(m.Text, "NZD 115.00") || m.Subject != "Invoice "+invoice.Number+" from AmpedFieldOps" ||
			len(m.Attachments) != 1 || !bytes.HasPrefix(m.Attachments[0].Content, []byte("%PDF-")) || m.Attachments[0].Name != invoice.Number+".pdf" {
			t.Errorf("sent %q: %q with %d files", m.Subject, m.Text, len(m.Attachments))
		}
		after, err := db.Invoice(ctx, invoice.ID)
		if err != nil || after.SentAt.IsZero() || *after.SentTo != "accounts@kereru.test" {
			t.Errorf("%v %v, %v", after.SentAt, after.SentTo, err)
		}
	})
}

// Each threshold is reminded of once ever, however often and by how many it is
// asked for, and only the last of several at once.
func TestEachThresholdRemindsOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		box, post := mailing(f)
		young, late, old := overdue(f, 6), overdue(f, 7), overdue(f, 20)
		partly, paid := overdue(f, 8), overdue(f, 9)
		part := fieldops.Cents(15_00)
		for id, amount := range map[fieldops.ID]*fieldops.Cents{partly.ID: &part, paid.ID: nil} {
			if _, err := f.billing.MarkPaid(ctx, f.actor, id, fieldops.Payment{}, amount, billing.AnyVersion); err != nil {
				t.Fatal(err)
			}
		}
		if done, err := f.billing.ProcessReminders(ctx, f.actor); err != nil || done.Sent != 0 {
			t.Fatalf("reminded before the firm said so: %+v, %v", done, err)
		}
		schedule(f, fieldops.ReminderSchedule{DaysAfterDue: []int{30, 7, 14, 7}, Enabled: true, EmailTemplate: "{{client}}: {{amount}} of {{number}}, {{ days }} days after {{due_date}}"})
		var all sync.WaitGroup
		sent := make([]int, 8)
		for n := range sent {
			all.Go(func() {
				done, err := f.billing.ProcessReminders(ctx, f.actor)
				if err != nil || done.Failed > 0 {
					t.Errorf("%+v, %v", done, err)
				}
				sent[n] = done.Sent
			})
		}
		all.Wait()
		total := 0
		for _, n := range sent {
			total += n
		}
		if total != 3 {
			t.Errorf("%d reminders of three invoices", total)
		}
		for _, c := range []struct {
			invoice       fieldops.Invoice
			sent, skipped string
		}{{young, "", ""}, {late, "days_7", ""}, {old, "days_14", "days_7"}, {partly, "days_7", ""}, {paid, "", ""}} {
			sent, skipped := reminded(f, c.invoice.ID)
			if strings.Join(sent, " ") != c.sent || strings.Join(skipped, " ") != c.skipped {
				t.Errorf("%s, due %s: sent %v, skipped %v", c.invoice.Number, c.invoice.DueDate, sent, skipped)
			}
		}
		if _, err := f.billing.Remind(ctx, f.actor, late.ID, "days_7"); fieldops.KindOf(err) != fieldops.Conflict {
			t.Errorf("the same threshold again: %v", err)
		}
		for range 2 { // a person may as often as they like
			if _, err := f.billing.Remind(ctx, f.actor, late.ID, fieldops.ManualReminder); err != nil {
				t.Error(err)
			}
		}
		_, err := f.billing.Remind(ctx, f.actor, paid.ID, fieldops.ManualReminder)
		wantKind(t, err, fieldops.Conflict)
		// The firm's own wording is used, with what is still due.
		if _, err := f.billing.MarkPaid(ctx, f.actor, late.ID, fieldops.Payment{}, nil, billing.AnyVersion); err != nil {
			t.Fatal(err)
		}
		deliver(f, post)
		var words []string
		for _, m := range box.taken {
			words = append(words, strings.TrimSpace(m.Text))
		}
		want := "Kererū Homes: NZD 100.00 of " + partly.Number + ", 8 days after " + partly.DueDate.Time().Format("2 January 2006")
		if len(words) != 2 || !strings.Contains(strings.Join(words, "\n"), want) {
			t.Errorf("%d mails (the paid invoice needs none): %q, want %q", len(words), words, want)
		}
	})
}

// A client without an address is told of as failed, not as sent, and reminded
// once there is one.
func TestReminderWithoutAddressFails(t *testing.T) {
	t.Parallel()
	db := storetest.New(t, store.SQLite)
	f := newFirm(t, db)
	f.billing.SendBy(billing.NewPost(billing.PostConfig{DB: db, Transport: &postbox{}, Server: aServer}))
	f.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetSetting(ctx, "xero_invoice_status", fieldops.StatusAuthorised)
	})
	invoice := overdue(f, 20)
	schedule(f, fieldops.ReminderSchedule{DaysAfterDue: []int{7, 14}, Enabled: true})
	if done, err := f.billing.ProcessReminders(t.Context(), f.actor); err != nil || done.Failed != 1 || done.Sent != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if sent, skipped := reminded(f, invoice.ID); len(sent)+len(skipped) > 0 {
		t.Errorf("sent %v, skipped %v", sent, skipped)
	}
	mailing(f)
	if done, err := f.billing.ProcessReminders(t.Context(), f.actor); err != nil || done.Sent != 1 {
		t.Errorf("%+v, %v", done, err)
	}
}
