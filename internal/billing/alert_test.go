package billing_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// watched is a firm whose documents wait, with an admin who may act, and its clock
// in the test's hands.
type watched struct {
	*firm
	boss fieldops.User
	box  *postbox
	post *billing.Post
}

func newWatched(t *testing.T, db *store.DB) *watched {
	w := &watched{firm: newFirm(t, db), box: &postbox{}}
	w.post = billing.NewPost(billing.PostConfig{DB: db, Transport: w.box, Server: aServer, AppURL: "https://firm.test"})
	w.billing.SendBy(w.post)
	w.boss = fieldops.User{Email: "boss@firm.test", Name: "Boss", Role: fieldops.RoleAdmin, IsActive: true, PasswordHash: "-"}
	gone := fieldops.User{Email: "gone@firm.test", Name: "Gone", Role: fieldops.RoleAdmin, PasswordHash: "-"}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertUser(ctx, &gone); err != nil {
			return err
		}
		if err := tx.InsertUser(ctx, &w.boss); err != nil {
			return err
		}
		return tx.Connect(ctx, store.Connection{ID: fieldops.NewID(), TenantID: "t-1", TenantName: "Demo", ExpiresAt: tx.Now.Add(time.Hour), Generation: 1, SealedAccess: "a", SealedRefresh: "r"})
	})
	return w
}

func (w *watched) asks() fieldops.DocumentRef {
	w.t.Helper()
	amount := fieldops.Cents(100_00)
	made, err := w.billing.CreateInvoice(w.t.Context(), w.actor, fieldops.ManualInvoice{ClientID: w.client.ID, IssueDate: w.today, Lines: []fieldops.SaleLine{{Description: text("Board"), Amount: &amount}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: made.ID}
}

// claim brings a document into a worker's hands.
func (w *watched) claim(ref fieldops.DocumentRef, do func(ctx context.Context, tx *store.Tx, c *store.Claim) error) {
	w.t.Helper()
	state, err := w.billing.SyncState(w.t.Context(), ref)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.ClaimIntent(ctx, fieldops.RealDurations(1), *state.XeroSyncID)
		if err != nil {
			return err
		}
		return do(ctx, tx, c)
	})
}

func (w *watched) arrives(ref fieldops.DocumentRef) {
	w.t.Helper()
	w.claim(ref, func(ctx context.Context, tx *store.Tx, c *store.Claim) error {
		if err := tx.Adopt(ctx, ref, fieldops.NewID()); err != nil {
			return err
		}
		return tx.Settle(ctx, c, c.Revision, nil, "")
	})
}

func (w *watched) later(d time.Duration) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error { return tx.MoveClock(ctx, d) })
}

// looks has the check run, and gives what somebody has been told by then, newest
// first.
func (w *watched) looks(who fieldops.ID) (told []string) {
	w.t.Helper()
	if err := w.billing.TellOfBacklog(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	notices, _, err := w.db.Notifications(w.t.Context(), who)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, n := range notices {
		if n.Kind != fieldops.NoticeSyncWaits || n.Link == nil || *n.Link != "/settings/queue" {
			w.t.Errorf("a notification: %+v", n)
		}
		told = append(told, n.Title+": "+*n.Body)
	}
	return told
}

func (w *watched) told(when string, episodes int) {
	w.t.Helper()
	if told := w.looks(w.boss.ID); len(told) != episodes {
		w.t.Errorf("%s: the boss was told %d times, not %d: %q", when, len(told), episodes, told)
	}
}

// TestPeopleAreToldOnceOfWhatWaitsTooLong walks through two episodes.
func TestPeopleAreToldOnceOfWhatWaitsTooLong(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWatched(t, db)
		w.told("nothing waits", 0)
		first := w.asks()
		w.later(59 * time.Minute)
		second := w.asks()
		w.told("within the limit", 0)
		w.later(2 * time.Minute)
		w.told("beyond the limit", 1)
		w.told("a minute later", 1)
		w.later(3 * time.Hour)
		w.told("hours later", 1)
		if told := w.looks(w.jane.ID); len(told) > 0 {
			t.Errorf("somebody who may not act was told %q", told)
		}
		title := w.looks(w.boss.ID)[0]
		for _, part := range []string{"2 documents wait for Xero, longer than 60 minutes", "The first of them since ", "no worker takes it up"} {
			if !strings.Contains(title, part) {
				t.Errorf("%q is not told in %q", part, title)
			}
		}
		deliver(w.firm, w.post)
		if sent := w.box.taken; len(sent) != 1 || w.box.to[0] != "boss@firm.test" || sent[0].Subject != "2 documents wait for Xero, longer than 60 minutes" ||
			!strings.Contains(sent[0].Text, "https://firm.test/settings/queue") || !strings.Contains(sent[0].Text, "The first of them since ") {
			t.Errorf("the mails: %+v", sent)
		}

		// The oldest arrives; the other is beyond the limit, too: it is the same episode.
		w.arrives(first)
		w.told("the first has arrived", 1)
		w.arrives(second)
		w.told("all have arrived", 1)
		third := w.asks()
		w.told("another waits", 1)
		w.later(61 * time.Minute)
		w.told("another waits too long", 2)
		if told := w.looks(w.boss.ID)[0]; !strings.Contains(told, "1 document waits for Xero") || !strings.Contains(told, "Since ") {
			t.Errorf("of one it says %q", told)
		}
		w.write(func(ctx context.Context, tx *store.Tx) error { return tx.SetSetting(ctx, "sync_alert_minutes", "0") })
		w.told("nobody is to be told", 2)
		w.write(func(ctx context.Context, tx *store.Tx) error { return tx.SetSetting(ctx, "sync_alert_minutes", "1440") })
		w.told("within a longer limit", 2)
		w.later(25 * time.Hour)
		w.told("beyond it", 3)
		w.arrives(third)
		entries, _, err := db.AuditEntries(t.Context(), store.AuditFilter{Action: "tell_of_backlog", Limit: 10})
		if err != nil || len(entries) != 3 {
			t.Errorf("the audit trail has %d entries: %v", len(entries), err)
		}
	})
}

// TestWhatIsToldSaysWhy names the reason that most have.
func TestWhatIsToldSaysWhy(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWatched(t, db)
		for range 3 {
			w.claim(w.asks(), func(ctx context.Context, tx *store.Tx, c *store.Claim) error {
				return tx.Postpone(ctx, c, fieldops.PhaseWaiting, tx.Now.Add(time.Minute), fieldops.Time{}, "account", "Choose a sales account first", fieldops.Admin)
			})
		}
		w.asks()
		w.later(2 * time.Hour)
		if told := w.looks(w.boss.ID)[0]; !strings.Contains(told, "4 documents wait") || !strings.Contains(told, "3 of them for this reason: Choose a sales account first") {
			t.Errorf("most wait for an account: %q", told)
		}

		// A pause is a person's own doing: it counts, and the text says so.
		again := newWatched(t, storetest.New(t, db.Engine()))
		if _, err := again.billing.PauseLane(t.Context(), fieldops.Actor{UserID: again.boss.ID, Name: "Boss"}, true, "Year end"); err != nil {
			t.Fatal(err)
		}
		again.asks()
		again.asks()
		again.later(2 * time.Hour)
		if told := again.looks(again.boss.ID)[0]; !strings.Contains(told, "Sending to Xero was paused by Boss: Year end. It goes on when somebody resumes it.") {
			t.Errorf("sending is paused: %q", told)
		}
	})
}

// TestManyProcessesTellOnce has several look at the same moment, without a mail
// server, in whose absence the notification is all there is.
func TestManyProcessesTellOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWatched(t, db)
		w.asks()
		w.later(2 * time.Hour)
		w.billing.SendBy(billing.NewPost(billing.PostConfig{DB: db, Transport: w.box}))
		errs := make([]error, 12)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { errs[i] = w.billing.TellOfBacklog(t.Context()) })
		}
		all.Wait()
		if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
			t.Fatal(errs[i])
		}
		w.told("twelve processes", 1)
		if mails, err := db.Mails(t.Context(), store.MailFilter{Limit: 10}); err != nil || len(mails) != 0 {
			t.Errorf("without a mail server %d mails were queued: %v", len(mails), err)
		}
	})
}
