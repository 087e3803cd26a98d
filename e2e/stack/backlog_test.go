package stack

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/e2e/torture/check"
)

var backlogSize = flag.Int("backlog", 200, "how many `invoices` wait for Xero; one in fifty is one that it refuses")

// call is a request that the simulated Xero has seen.
type call struct {
	N        int       `json:"n"`
	At       time.Time `json:"at"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Status   int       `json:"status"`
	InFlight int       `json:"in_flight"`
}

func (s *stack) calls(t *testing.T, since int) (all []call) {
	t.Helper()
	s.xero.Call("GET", fmt.Sprintf("/_sim/calls?since=%d", since), nil, http.StatusOK, &all)
	return all
}

// tokenHolds is how long a token is used before the next one is due.
const tokenHolds = 6 * time.Second

// TestBacklog has three processes carry a backlog to Xero: of many clients, made
// while the lane was paused, some of it such as Xero refuses. It is drained in few
// calls within Xero's limits, what is refused fails alone, everything else arrives
// once, and each token is renewed by one of them.
//
//	make stack
func TestBacklog(t *testing.T) {
	t.Parallel()
	// A token is renewed when it has less than five minutes left.
	s := firm(t, 3, "--token-life", (5*time.Minute + tokenHolds).String())
	size := *backlogSize
	refused, clients := size/50, max(1, size/10)
	together := func(n int, do func(i int)) {
		var all sync.WaitGroup
		for worker := range 8 {
			all.Go(func() {
				for i := worker; i < n; i += 8 {
					do(i)
				}
			})
		}
		all.Wait()
	}

	// Each client's first invoice makes them known in Xero.
	ids := make([]string, clients)
	together(clients, func(i int) {
		ids[i] = s.client(fmt.Sprintf("Backlog %d Ltd", i))
		s.invoice(s.front, ids[i], "first")
	})
	db := s.open(t)
	count := func(query string) (n int) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	drained := func() bool { return count("select count(*) from sync_intents where closed_at is null") == 0 }
	until(t, "the clients are known", 2*time.Minute, drained)

	lane := func(paused bool) {
		s.front.Call("POST", "/api/xero/lane", map[string]any{"paused": paused, "reason": "making a backlog"}, http.StatusOK, nil)
	}
	lane(true)
	begin := time.Now()
	together(size, func(i int) {
		account := ""
		if i%50 == 0 {
			account = "260"
		}
		s.front.Call("POST", "/api/xero/invoices", invoiceOf(ids[i%clients], fmt.Sprintf("Backlog %d", i), account), http.StatusAccepted, nil)
	})
	made := time.Since(begin)
	if waiting := count("select count(*) from sync_intents where closed_at is null"); waiting != size {
		t.Fatalf("%d documents wait, not %d", waiting, size)
	}
	// Meanwhile somebody archives an account in Xero, of which nobody here knows.
	var accounts []struct{ AccountID, Code string }
	s.xero.Call("GET", "/_sim/documents/Accounts", nil, http.StatusOK, &accounts)
	at := slices.IndexFunc(accounts, func(a struct{ AccountID, Code string }) bool { return a.Code == "260" })
	s.xero.Call("POST", "/_sim/edit", map[string]any{"endpoint": "Accounts", "id": accounts[at].AccountID, "set": map[string]string{"Status": "ARCHIVED"}}, http.StatusOK, nil)

	before := 0
	if seen := s.calls(t, 0); len(seen) > 0 {
		before = seen[len(seen)-1].N + 1
	}
	// Calls take their time, so that they overlap, and tokens run out under way.
	s.xero.Call("POST", "/_sim/limits", map[string]int{"latency_ms": 2000}, http.StatusOK, nil)
	lane(false)
	begin = time.Now()
	until(t, "the backlog is drained", 5*time.Minute, drained)
	took := time.Since(begin)

	calls, worst := 0, 0
	for _, c := range s.calls(t, before) {
		if strings.HasPrefix(c.Path, "/api.xro/") {
			calls++
			worst = max(worst, c.InFlight)
		}
	}
	all := s.calls(t, 0)
	most, together5 := busiest(all), 0
	for _, c := range all {
		together5 = max(together5, c.InFlight)
		if c.Status == http.StatusTooManyRequests {
			t.Errorf("call %d %s %s was refused by a limit", c.N, c.Method, c.Path)
		}
	}
	synced := count("select count(*) from xero_invoices where sync_status = 'synced'")
	failed := count("select count(*) from xero_invoices where sync_status = 'failed'")
	failedRight := count(`select count(*) from xero_invoices i join xero_invoice_lines l on l.invoice_id = i.id where i.sync_status = 'failed' and l.account_code = '260'`)
	t.Logf("%d invoices of %d clients were made in %v; three processes drained them in %v and %d calls, at most %d in flight and %d in any minute; %d synced, %d refused",
		size, clients, made, took, calls, worst, most, synced-clients, failed)
	// Fifty share a call at most. Of a small backlog three processes leave each other less.
	if allowed := min(40, size/25+12); calls > allowed {
		t.Errorf("it took %d calls, more than %d", calls, allowed)
	}
	if together5 > 5 || most > 60 {
		t.Errorf("%d calls were in flight and %d in a minute; Xero allows 5 and 60", together5, most)
	}
	if synced != clients+size-refused || failed != refused || failedRight != refused {
		t.Errorf("%d of %d invoices are synced, %d failed of which %d are those to be refused, %d", synced, clients+size-refused, failed, failedRight, refused)
	}
	s.renewedOnce(t, ids[0], drained)

	// Xero's books against ours, by code that the program shares nothing with.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	findings, err := check.Run(ctx, check.Evidence{
		Driver: "pgx", DSN: s.postgres.URL(), Control: s.xero.Address, Minute: time.Minute, InFlight: 5, Call: time.Minute, SameClock: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range findings.Violations[:min(10, len(findings.Violations))] {
		t.Error(v)
	}
	if want := clients + size - refused + 2*len(s.processes); findings.Remote != want {
		t.Errorf("Xero holds %d documents, not %d", findings.Remote, want)
	}
	s.endsEarly(t, ids[0], drained)
}

// renewals are the moments at which a new token was asked for.
func (s *stack) renewals(t *testing.T) (asked []time.Time, refused int) {
	t.Helper()
	for _, c := range s.calls(t, 0) {
		switch {
		case c.Path == "/connect/token" && c.Status == http.StatusOK:
			asked = append(asked, c.At)
		case c.Status == http.StatusUnauthorized:
			refused++
		}
	}
	slices.SortFunc(asked, time.Time.Compare)
	return asked, refused
}

// renewedOnce: of each token one process asks for the next, and only when it is
// due, however many have need of it at that moment.
func (s *stack) renewedOnce(t *testing.T, client string, drained func() bool) {
	t.Helper()
	begun, _ := s.renewals(t)
	for range 2 {
		time.Sleep(tokenHolds)
		s.everywhere(client)
		until(t, "documents arrive with a new token", time.Minute, drained)
	}
	asked, refused := s.renewals(t)
	for i := 1; i < len(asked); i++ {
		if gap := asked[i].Sub(asked[i-1]); gap < tokenHolds-time.Second {
			t.Errorf("a token was renewed %v after the one before, which held for %v", gap, tokenHolds)
		}
	}
	if len(asked) < len(begun)+2 || refused > 0 {
		t.Errorf("tokens were renewed %d times while two ran out; %d calls bore one that had run out", len(asked)-len(begun), refused)
	}
	var generation int
	if err := s.open(t).QueryRowContext(t.Context(), "select generation from xero_tokens").Scan(&generation); err != nil {
		t.Fatal(err)
	}
	if generation != len(asked) {
		t.Errorf("the %d. token is in use of %d that were given", generation, len(asked))
	}
	t.Logf("%d tokens were given in %v, each renewed by one process", len(asked), asked[len(asked)-1].Sub(asked[0]))
}

// everywhere has each process make an invoice at the same moment.
func (s *stack) everywhere(client string) {
	var all sync.WaitGroup
	for _, p := range s.processes {
		all.Go(func() { s.invoice(s.front.As(p.Address), client, "everywhere") })
	}
	all.Wait()
}

// endsEarly: Xero no longer takes a token that should hold still. Whoever is
// refused spends nothing, and one process asks for the next.
func (s *stack) endsEarly(t *testing.T, client string, drained func() bool) {
	t.Helper()
	var before []time.Time
	until(t, "documents arrive with a token that is new", time.Minute, func() bool {
		s.everywhere(client)
		until(t, "documents arrive", time.Minute, drained)
		before, _ = s.renewals(t)
		return time.Since(before[len(before)-1]) < tokenHolds/2
	})
	s.xero.Call("POST", "/_sim/clock", map[string]int{"advance_seconds": 600}, http.StatusOK, nil)
	s.everywhere(client)
	until(t, "documents arrive although their token was refused", time.Minute, drained)
	after, refused := s.renewals(t)
	if len(after) != len(before)+1 || refused == 0 {
		t.Errorf("%d calls were refused with the old token, and then %d new ones were asked for", refused, len(after)-len(before))
	}
	t.Logf("%d calls were refused with a token that ended early; %d new one was asked for", refused, len(after)-len(before))
}

// busiest is the largest number of calls to the API that began within a minute.
func busiest(all []call) (most int) {
	var at []time.Time
	for _, c := range all {
		if strings.HasPrefix(c.Path, "/api.xro/") {
			at = append(at, c.At)
		}
	}
	slices.SortFunc(at, func(a, b time.Time) int { return cmp.Compare(a.UnixNano(), b.UnixNano()) })
	first := 0
	for last := range at {
		for at[last].Sub(at[first]) >= time.Minute {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

// until waits longer than program.Until does.
func until(t *testing.T, what string, patience time.Duration, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
