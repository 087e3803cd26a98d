package billing_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// several is a sandbox on PostgreSQL on which several processes work.
type several struct {
	*sandbox
	others []*store.DB
}

const processes = 3

func newSeveral(t *testing.T) *several {
	t.Helper()
	url := storetest.Migrated(t, store.Postgres)
	s := &several{sandbox: newSandbox(t, storetest.Open(t, url))}
	for range processes - 1 {
		db := storetest.Open(t, url)
		sync := s.newSync(db)
		sync.Register(db.Queue())
		ctx, cancel := context.WithCancel(context.Background())
		if err := db.Queue().Start(ctx, 4, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- sync.Run(ctx) }()
		t.Cleanup(func() {
			stopping, stop := context.WithTimeout(context.Background(), 10*time.Second)
			defer stop()
			if err := db.Queue().Stop(stopping); err != nil {
				t.Error(err)
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		s.others = append(s.others, db)
	}
	return s
}

type simCall struct {
	Number int       `json:"n"`
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Query  string    `json:"query"`
}

// seen are the calls below one path that Xero has seen since the call of a number.
func (s *several) seen(path string, since int) []simCall {
	s.t.Helper()
	var all []simCall
	s.sim("GET", fmt.Sprintf("/calls?since=%d", since), nil, &all)
	return slices.DeleteFunc(all, func(c simCall) bool { return !strings.HasPrefix(c.Path, "/api.xro/2.0/"+path) })
}

// next is the number of Xero's next call.
func (s *several) next() int {
	s.t.Helper()
	var state struct{ Calls int }
	s.sim("GET", "/state", nil, &state)
	return state.Calls
}

// passes has so much time pass for every process at once.
func (s *several) passes(d time.Duration) {
	s.t.Helper()
	if err := s.db.Write(s.t.Context(), fieldops.System, func(tx *store.Tx) error { return tx.MoveClock(s.t.Context(), d) }); err != nil {
		s.t.Fatal(err)
	}
}

// rests waits until nothing more comes of something.
func (s *several) rests(what string, n func() int) int {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for before, since := n(), time.Now(); ; time.Sleep(20 * time.Millisecond) {
		now := n()
		switch {
		case now != before:
			before, since = now, time.Now()
		case now > 0 && time.Since(since) > 1500*time.Millisecond: // each process looks five times a second
			return now
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// What comes round is done by one of several processes each time that it is due.
func TestWhatComesRoundIsDoneOnce(t *testing.T) {
	t.Parallel()
	d := fieldops.RealDurations(scale)

	t.Run("accounts and tax rates are read again", func(t *testing.T) {
		t.Parallel()
		s := newSeveral(t)
		s.rests("accounts are read", func() int { return len(s.seen("Accounts", 0)) })
		for range 3 {
			from := s.next()
			s.passes(d.ReferenceAge)
			for _, path := range []string{"Organisation", "Accounts", "TaxRates"} {
				if n := s.rests(path, func() int { return len(s.seen(path, from)) }); n != 1 {
					t.Errorf("%s was read %d times a day by %d processes", path, n, processes)
				}
			}
		}
	})

	t.Run("what was in doubt is read again", func(t *testing.T) {
		t.Parallel()
		s := newSeveral(t)
		s.work(0, 1)
		s.sim("POST", "/faults", []any{map[string]any{"method": "PUT", "path": "/api.xro/2.0/Invoices", "do": "drop", "commit": true}}, nil)
		invoice := s.invoice(0)
		s.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
		passed := time.Duration(0)
		for _, due := range d.Audit {
			from := s.next()
			s.passes(due - passed)
			passed = due
			if n := s.rests("it is read again", func() int { return len(s.seen("Invoices", from)) }); n != 1 {
				t.Errorf("after %v it was read %d times by %d processes", due, n, processes)
			}
		}
	})

	t.Run("an open breaker probes", func(t *testing.T) {
		t.Parallel()
		s := newSeveral(t)
		s.rests("accounts are read", func() int { return len(s.seen("Accounts", 0)) })
		s.sim("POST", "/faults", []any{map[string]any{"path": "/api.xro/2.0/Organisation", "do": "html_500", "times": -1}}, nil)
		from := s.next()
		begin := time.Now()
		gate, err := s.db.Gate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if err := s.db.Write(t.Context(), fieldops.System, func(tx *store.Tx) error { return tx.Unanswered(t.Context(), d, gate.Tenant, false) }); err != nil {
				t.Fatal(err)
			}
		}
		const probes = 4
		var at []time.Time
		for deadline := time.Now().Add(patience); len(at) < probes; time.Sleep(20 * time.Millisecond) {
			at = nil
			for _, c := range s.seen("Organisation", from) {
				at = append(at, c.At)
			}
			if time.Now().After(deadline) {
				t.Fatalf("only %d probes in %v", len(at), patience)
			}
		}
		last := begin
		for i := range probes {
			if gap := at[i].Sub(last); gap < d.BreakerProbe[i]*9/10 {
				t.Errorf("probe %d came %v after the one before, not after %v", i+1, gap, d.BreakerProbe[i])
			}
			last = at[i]
		}
		s.sim("DELETE", "/faults", nil, nil)
	})

	t.Run("everything is compared after a restore", func(t *testing.T) {
		t.Parallel()
		s := newSeveral(t)
		s.work(0, 1)
		s.until(fieldops.KindInvoice, s.invoice(0).ID, fieldops.SyncSynced)
		from := s.next()
		if err := s.db.Write(t.Context(), fieldops.System, func(tx *store.Tx) error { return tx.BeginComparison(t.Context()) }); err != nil {
			t.Fatal(err)
		}
		lists := func(path string) func() int {
			return func() int {
				return len(slices.DeleteFunc(s.seen(path, from), func(c simCall) bool {
					return c.Method != http.MethodGet || !strings.Contains(c.Query, "page=")
				}))
			}
		}
		for _, path := range []string{"Invoices", "PurchaseOrders"} {
			if n := s.rests(path, lists(path)); n != 1 {
				t.Errorf("the list of %s was read %d times by %d processes", path, n, processes)
			}
		}
		entries, _, err := s.db.AuditEntries(t.Context(), store.AuditFilter{Action: "compare_after_restore", Limit: 20})
		if err != nil || len(entries) != 2 {
			t.Errorf("%d comparisons are in the audit trail, not one of each kind: %v", len(entries), err)
		}
	})

	t.Run("what lies around is handed over", func(t *testing.T) {
		t.Parallel()
		s := newSeveral(t)
		s.rests("accounts are read", func() int { return len(s.seen("Accounts", 0)) })
		// Nothing is sent meanwhile, so that only handing over is seen.
		if err := s.db.Write(t.Context(), fieldops.System, func(tx *store.Tx) error { return tx.PauseLane(t.Context(), true, "") }); err != nil {
			t.Fatal(err)
		}
		const documents = 12
		for range documents {
			s.work(0, 1)
			s.invoice(0)
		}
		s.passes(d.Sweep + time.Second)
		var all sync.WaitGroup
		var mu sync.Mutex
		handed := 0
		for _, db := range append(s.others, s.db) {
			all.Go(func() {
				for range 5 {
					if err := db.Write(context.Background(), fieldops.System, func(tx *store.Tx) error {
						n, err := tx.HandOver(context.Background(), d, documents)
						mu.Lock()
						handed += n
						mu.Unlock()
						return err
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if handed != documents {
			t.Errorf("%d hand-overs of %d documents", handed, documents)
		}
	})
}
