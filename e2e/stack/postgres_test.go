package stack

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ampedfieldops/e2e/program"
)

// written is what somebody was told who asked for something to be written down.
type written struct {
	name    string
	kept    bool // acknowledged
	inDoubt bool // may or may not be there
}

// office writes and reads by way of nginx for as long as it is let, and keeps what it was told.
type office struct {
	mu      sync.Mutex
	written []written
	made    int
	refused int           // with 503 and Retry-After
	wrong   []string      // answered otherwise, or refused although all was well
	longest time.Duration // that an answer took
	turns   atomic.Int64  // how often the database has gone or come: odd while it is away
	n       atomic.Int64
}

func (o *office) ask(ctx context.Context, s *stack, client, name string, write bool) {
	method, path, want := "GET", "/api/clients?limit=5", http.StatusOK
	var body []byte
	switch {
	case write && client != "":
		method, path, want = "POST", "/api/xero/invoices", http.StatusAccepted
		body, _ = json.Marshal(invoiceOf(client, name, ""))
	case write:
		method, path, want = "POST", "/api/clients", http.StatusCreated
		body, _ = json.Marshal(map[string]string{"name": name})
	}
	turn := o.turns.Load()
	begin := time.Now()
	request, err := http.NewRequestWithContext(ctx, method, s.front.Address+path, strings.NewReader(string(body)))
	if err != nil {
		s.t.Error(err)
		return
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+s.front.Token)
	response, err := s.front.Client.Do(request)
	var answer struct{ Error string }
	status, later := 0, ""
	if err == nil {
		status, later = response.StatusCode, response.Header.Get("Retry-After")
		if status != want {
			err = json.NewDecoder(response.Body).Decode(&answer)
		}
		response.Body.Close()
	}
	took := time.Since(begin)
	well := turn%2 == 0 && o.turns.Load() == turn
	o.mu.Lock()
	defer o.mu.Unlock()
	o.made++
	o.longest = max(o.longest, took)
	if write {
		o.written = append(o.written, written{name, status == want, status != want && strings.Contains(answer.Error, "may be saved or not")})
	}
	switch {
	case status == want:
	case status == http.StatusServiceUnavailable && later != "" && !well:
		o.refused++
	default:
		o.wrong = append(o.wrong, fmt.Sprintf("%s %s: %d %q, Retry-After %q, %v (all was well: %v)", method, path, status, answer.Error, later, err, well))
	}
}

// works asks with so many callers until it is told to stop.
func (o *office) works(s *stack, callers int, client string) (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for ctx.Err() == nil {
				n := o.n.Add(1)
				invoiced := client
				if n%4 != 0 {
					invoiced = ""
				}
				o.ask(context.WithoutCancel(ctx), s, invoiced, fmt.Sprintf("Restart %d", n), n%2 == 0)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

// worksOn waits until so many more things are acknowledged, for as long as that
// takes on a machine that is busy.
func (o *office) worksOn(t *testing.T, more int) {
	t.Helper()
	kept := func() (n int) {
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, w := range o.written {
			if w.kept {
				n++
			}
		}
		return n
	}
	want := kept() + more
	program.Until(t, fmt.Sprintf("%d more things are written", more), func() bool { return kept() >= want })
}

// watcher follows live events at one address as the web app does: whenever the
// stream ends or is refused it comes again.
type watcher struct {
	heard  chan string
	opened atomic.Int64
	up     atomic.Bool
}

func (s *stack) watch(ctx context.Context, t *testing.T, watching *sync.WaitGroup, address string) *watcher {
	t.Helper()
	w := &watcher{heard: make(chan string, 1024)}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	watching.Go(func() {
		for ctx.Err() == nil {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/api/events", http.NoBody)
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Authorization", "Bearer "+s.front.Token)
			if response, err := client.Do(request); err == nil {
				if response.StatusCode == http.StatusOK {
					w.opened.Add(1)
					w.up.Store(true)
					for lines := bufio.NewScanner(response.Body); lines.Scan(); {
						if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
							select {
							case w.heard <- data:
							default:
							}
						}
					}
					w.up.Store(false)
				}
				response.Body.Close()
			}
			select {
			case <-ctx.Done():
			case <-time.After(300 * time.Millisecond):
			}
		}
	})
	return w
}

// postgresGoes restarts PostgreSQL under load: properly, so quickly that nobody
// notices much, and as if it broke down. Requests are refused with 503 meanwhile
// and never after, what was acknowledged is there, nothing is there by half, and
// whoever watches live events goes on being told.
func (s *stack) postgresGoes(t *testing.T) {
	client := s.client("Postgres Goes Ltd")
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var watching sync.WaitGroup
	defer watching.Wait()
	defer end()
	watchers := []*watcher{s.watch(ctx, t, &watching, s.front.Address)}
	for _, p := range s.processes {
		watchers = append(watchers, s.watch(ctx, t, &watching, p.Address))
	}
	allWatch := func() bool {
		for _, w := range watchers {
			if !w.up.Load() {
				return false
			}
		}
		return true
	}
	program.Until(t, "all watch", allWatch)

	o := &office{}
	stop := o.works(s, 8, client)
	for _, away := range []struct {
		how syscall.Signal
		d   time.Duration
	}{{syscall.SIGINT, 1500 * time.Millisecond}, {syscall.SIGINT, 0}, {syscall.SIGQUIT, time.Second}} {
		o.worksOn(t, 10)
		o.mu.Lock()
		before := o.refused
		o.mu.Unlock()
		o.turns.Add(1)
		begin := time.Now()
		s.postgres.Stop(away.how)
		time.Sleep(away.d)
		s.postgres.Start()
		back := time.Since(begin)
		o.turns.Add(1)
		o.worksOn(t, 10)
		o.mu.Lock()
		refused := o.refused - before
		o.mu.Unlock()
		t.Logf("%v: away for %v, %d requests refused with 503", away.how, back, refused)
		if refused == 0 && away.d > 0 {
			t.Error("nobody noticed that PostgreSQL was away")
		}
	}
	stop()
	t.Logf("%d requests, %d refused with 503, %d otherwise; the longest took %v", o.made, o.refused, len(o.wrong), o.longest)
	for _, w := range o.wrong[:min(5, len(o.wrong))] {
		t.Error(w)
	}

	// Everybody who watches is told of what is done after, wherever it is done.
	program.Until(t, "all watch again", allWatch)
	for i, p := range s.processes {
		id := s.invoice(s.front.As(p.Address), client, "after")
		for n, w := range watchers {
			begin := time.Now()
			for told := false; !told; {
				select {
				case data := <-w.heard:
					told = strings.Contains(data, id)
				case <-time.After(30 * time.Second):
					t.Fatalf("watcher %d was not told of the invoice made at process %d", n, i)
				}
			}
			if took := time.Since(begin); took > 15*time.Second {
				t.Errorf("watcher %d was told after %v", n, took)
			}
		}
	}
	for n, w := range watchers {
		if opened := w.opened.Load(); opened < 2 {
			t.Errorf("watcher %d was never cut off: %d", n, opened)
		}
	}
	s.nothingIsThereByHalf(t, o)
}

// nothingIsThereByHalf compares what callers were told with what there is.
func (s *stack) nothingIsThereByHalf(t *testing.T, o *office) {
	db := s.open(t)
	there := map[string]int{}
	rows, err := db.QueryContext(t.Context(), `select name from clients where name like 'Restart %'
		union all select l.description from xero_invoice_lines l join xero_invoices i on i.id = l.invoice_id where l.description like 'Restart %'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		there[name]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	kept, doubts := 0, 0
	for _, w := range o.written {
		n := there[w.name]
		delete(there, w.name)
		switch {
		case w.kept && n != 1:
			t.Errorf("%s was acknowledged and is there %d times", w.name, n)
		case w.inDoubt && n > 1, !w.kept && !w.inDoubt && n > 0:
			t.Errorf("%s was refused (in doubt: %v) and is there %d times", w.name, w.inDoubt, n)
		}
		if w.kept {
			kept++
		}
		if w.inDoubt {
			doubts++
		}
	}
	for name := range there {
		t.Errorf("%s is there and nobody asked for it", name)
	}
	t.Logf("%d things were acknowledged and are there, %d were in doubt", kept, doubts)
	if kept < 60 {
		t.Errorf("only %d things were written", kept)
	}
	// What belongs together was written together.
	for what, query := range map[string]string{
		"clients without an audit entry":  "select count(*) from clients c where name like 'Restart %' and not exists (select 1 from audit_entries a where a.entity_id = c.id)",
		"invoices without lines":          "select count(*) from xero_invoices i where deleted_at is null and not exists (select 1 from xero_invoice_lines l where l.invoice_id = i.id)",
		"invoices without an intent":      "select count(*) from xero_invoices i join xero_invoice_lines l on l.invoice_id = i.id where l.description like 'Restart %' and not exists (select 1 from sync_intents s where s.entity_id = i.id)",
		"numbers that stand twice":        "select count(*) from (select invoice_number from xero_invoices group by invoice_number having count(*) > 1) d",
		"totals that are not their lines": "select count(*) from xero_invoices i where deleted_at is null and subtotal_cents <> (select sum(line_amount_cents) from xero_invoice_lines l where l.invoice_id = i.id)",
	} {
		var n int
		if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n > 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}
