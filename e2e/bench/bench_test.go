// Package bench measures the program as its users meet it: the built binary as
// real processes, over HTTP, beside a simulated Xero.
//
// The one thing to know: without the flag -bench TestBench is a small pass that
// checks that everything which is measured also works, and times nothing.
package bench

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
	"ampedfieldops/internal/xero"
)

var (
	full = flag.Bool("bench", false, "measure; without it everything is only done once or twice")
	out  = flag.String("out", "", "`file` to write the figures to, as Markdown")
)

const (
	xeroClientID     = "bench"
	xeroClientSecret = "bench-client-secret"
	redirectURI      = "http://fieldops.test/api/xero/callback"
	encryptionKey    = "an encryption key for benchmarks only"
	jwtSecret        = "a signing key that is for benchmarks only"
)

// counts says how often each thing is asked for, by one client and by sixteen.
type counts struct{ one, sixteen int }

// plan is what a run does.
type plan struct {
	size
	quick, slow     time.Duration // of the simulated Xero's answers
	starts          int
	idle            time.Duration
	warmUp          int
	small, large    counts // while Xero is quick
	keyed           int    // with an Idempotency-Key
	orders          counts
	slowSmall       counts
	slowOrders      counts
	reads           counts
	backlog         int
	minuteRemaining int // calls to Xero that must be free before the backlog is sent
}

var smokePlan = plan{
	size:  size{clients: 60, projects: 60, suppliers: 2, oldInvoices: 30, oldOrders: 30, busyClients: 20},
	quick: 10 * time.Millisecond, slow: 50 * time.Millisecond,
	starts: 1, warmUp: 1, small: counts{2, 16}, keyed: 2, large: counts{1, 2}, orders: counts{2, 16},
	slowSmall: counts{1, 16}, slowOrders: counts{1, 16}, reads: counts{1, 16}, backlog: 12, minuteRemaining: 20,
}

var fullPlan = plan{
	size:  size{clients: 10_000, projects: 10_000, suppliers: 20, oldInvoices: 10_000, oldOrders: 10_000, busyClients: 400},
	quick: 200 * time.Millisecond, slow: 5 * time.Second,
	starts: 5, idle: 10 * time.Second, warmUp: 32, small: counts{300, 800}, keyed: 300, large: counts{30, 32}, orders: counts{200, 320},
	slowSmall: counts{100, 320}, slowOrders: counts{100, 320}, reads: counts{200, 400}, backlog: 200, minuteRemaining: 54,
}

func TestBench(t *testing.T) {
	p := smokePlan
	if *full {
		p = fullPlan
	}
	p.size.small = p.warmUp + p.small.one + p.small.sixteen + p.keyed + p.slowSmall.one + p.slowSmall.sixteen + p.backlog
	p.size.large = p.large.one + p.large.sixteen
	binary := program.Build(t)
	all := &report{loadBefore: loadAverage(t)}
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			r := &run{t: t, plan: p, engine: engine, report: all}
			r.prepare(binary)
			r.measureStart(binary)
			r.measurePosts()
			r.measureReads()
			r.measureBacklog()
			r.measureMemory("memory at its highest")
			r.checkXero()
		})
		if *full && !t.Failed() && len(all.rows) > 0 {
			all.write(t)
		}
	}
}

// write prints the report so far, and writes it to the file that -out names.
func (r *report) write(t *testing.T) {
	t.Helper()
	t.Log("\n" + r.tables())
	if *out == "" {
		return
	}
	if err := os.WriteFile(fromRoot(t, *out), []byte(r.markdown(time.Now().UTC().Format(time.DateOnly))), 0o644); err != nil {
		t.Fatal(err)
	}
}

// loadAverage is how many processes wanted a core during the last minute, as
// the kernel writes it (proc_loadavg(5)).
func loadAverage(t *testing.T) string {
	t.Helper()
	line, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	minute, _, _ := strings.Cut(string(line), " ")
	return minute
}

// fromRoot is a path that was given relative to the module's root, where make
// runs: go test runs in the package's folder.
func fromRoot(t *testing.T, path string) string {
	t.Helper()
	if filepath.IsAbs(path) {
		return path
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "..", "..", path)
}

// run is the measurements on one engine.
type run struct {
	t      *testing.T
	plan   plan
	engine store.Engine
	report *report

	firm        *firm
	environment []string
	xero        *caller // the simulated Xero
	serve       *program.Process
	app         *caller
	posted      int // invoices that were made
	ordered     int
}

// prepare starts the simulated Xero, fills a fresh database and connects it.
func (r *run) prepare(binary string) {
	r.t.Helper()
	ctx := r.t.Context()
	databaseURL := storetest.URL(r.t, r.engine)
	simulator := program.Start(r.t, binary, nil, "xero-sim", "--listen", "127.0.0.1:0")
	r.xero = newCaller(r.t, simulator.Address)
	r.latency(r.plan.quick)

	r.environment = []string{
		"DATABASE_URL=" + databaseURL, "DATA_DIR=" + r.t.TempDir(), "JWT_SECRET=" + jwtSecret, "ENCRYPTION_KEY=" + encryptionKey,
		"FRONTEND_URL=http://fieldops.test", "XERO_CLIENT_ID=" + xeroClientID, "XERO_CLIENT_SECRET=" + xeroClientSecret,
		"XERO_REDIRECT_URI=" + redirectURI, "XERO_API_URL=" + simulator.Address, "XERO_IDENTITY_URL=" + simulator.Address, "XERO_LOGIN_URL=" + simulator.Address,
	}
	db, err := store.Open(ctx, databaseURL)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := db.Migrate(ctx); err != nil {
		r.t.Fatal(err)
	}
	r.firm = makeFirm(ctx, r.t, db, r.plan.size)
	sealer, err := billing.NewSealer([]byte(encryptionKey))
	if err != nil {
		r.t.Fatal(err)
	}
	durations := fieldops.RealDurations(1)
	sync := billing.NewSync(billing.SyncConfig{
		DB: db, Sealer: sealer, Durations: durations, MaxAttempts: 3,
		Provider: xero.New(xero.Config{
			ClientID: xeroClientID, ClientSecret: xeroClientSecret, RedirectURI: redirectURI, Timeout: durations.CallTimeout,
			APIURL: simulator.Address, IdentityURL: simulator.Address, LoginURL: simulator.Address,
		}),
	})
	if err := sync.ConnectWithCode(ctx, r.xero.consent(redirectURI, xero.Scopes)); err != nil {
		r.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		r.t.Fatal(err)
	}
	if r.engine == store.Postgres {
		// What autovacuum would have done to rows that are older than a minute.
		execute(r.t, databaseURL, "vacuum analyze")
		r.fact("fsync of PostgreSQL", setting(r.t, databaseURL, "fsync"), "", "")
	}
}

func execute(t *testing.T, databaseURL string, statements ...string) {
	t.Helper()
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// setting is a setting of a PostgreSQL server.
func setting(t *testing.T, databaseURL, name string) (value string) {
	t.Helper()
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.QueryRowContext(t.Context(), "select current_setting($1)", name).Scan(&value), db.Close()); err != nil {
		t.Fatal(err)
	}
	return value
}

// latency sets how long the simulated Xero takes to answer.
func (r *run) latency(d time.Duration) {
	r.t.Helper()
	r.xero.Call("POST", "/_sim/limits", map[string]any{"latency_ms": d.Milliseconds()}, http.StatusOK, nil)
}

// measureStart measures how soon the program answers after it was started, and
// what it holds in memory with nothing to do. The last one started stays.
func (r *run) measureStart(binary string) {
	r.t.Helper()
	var took []time.Duration
	for range r.plan.starts {
		if r.serve != nil {
			r.serve.Stop()
		}
		began := time.Now()
		r.serve = program.Start(r.t, binary, r.environment, "serve", "--listen", "127.0.0.1:0")
		r.app = newCaller(r.t, r.serve.Address)
		r.app.Call("GET", "/readyz", nil, http.StatusOK, nil)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	median := took[len(took)/2]
	r.fact("start to ready, median of "+strconv.Itoa(len(took)), fmt.Sprintf("%.2f s", median.Seconds()), "≤ 0.5 s: "+reached(median <= 500*time.Millisecond), baselines["start"])

	// Nothing is asked of it meanwhile, so that this is what an idle one holds.
	time.Sleep(r.plan.idle)
	now, _ := r.serve.Memory()
	r.fact("memory, idle after 10 s", megabytes(now), "≤ 60 MB: "+reached(now <= 60<<20), baselines["idle memory"])
	r.app.signIn()
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/(1<<20)) }

func (r *run) measureMemory(what string) {
	r.t.Helper()
	_, highest := r.serve.Memory()
	r.fact(what, megabytes(highest), "", "575 MB (10,000 rows)")
}

func (r *run) fact(what, value, goal, baseline string) {
	r.report.facts = append(r.report.facts, fact{what, string(r.engine), value, goal, baseline})
}

// measure makes requests and adds their times to the report.
func (r *run) measure(work, latency string, clients, n int, g goal, do func(ctx context.Context, i int) (int, error)) sample {
	r.t.Helper()
	s, err := load(r.t.Context(), clients, n, do)
	if err != nil {
		r.t.Fatalf("%s, %d clients: %v\n%s", work, clients, err, r.serve.LastWords())
	}
	key := fmt.Sprintf("%s|%d", work, clients)
	if latency != "" {
		key = fmt.Sprintf("%s|%s|%d", work, latency, clients)
	}
	r.report.rows = append(r.report.rows, row{work, latency, clients, string(r.engine), s, g, baselines[key]})
	if *full {
		r.t.Logf("%s %s, Xero %s, %d clients: p50 %s p99 %s max %s ms", r.engine, work, latency, clients,
			milliseconds(s.percentile(50)), milliseconds(s.percentile(99)), milliseconds(s.highest()))
	}
	return s
}

// invoicing makes the i-th of some pieces of work into an invoice.
func (r *run) invoicing(pieces []work, keyed bool) func(ctx context.Context, i int) (int, error) {
	r.t.Helper()
	bodies := make([][]byte, len(pieces))
	for n, w := range pieces {
		b, err := json.Marshal(map[string]any{"client_id": w.client, "date_from": w.from, "date_to": w.to})
		if err != nil {
			r.t.Fatal(err)
		}
		bodies[n] = b
	}
	r.posted += len(pieces)
	return func(ctx context.Context, i int) (int, error) {
		var header []string
		if keyed {
			header = []string{"Idempotency-Key", fieldops.NewID()}
		}
		status, answer, err := r.app.Send(ctx, "POST", "/api/xero/invoices/from-timesheets", bodies[i], header...)
		if err != nil {
			return 0, err
		}
		counted := fmt.Appendf(nil, `"timesheets_count":%d`, pieces[i].entries)
		if status != http.StatusAccepted || !bytes.Contains(answer, counted) {
			return 0, fmt.Errorf("answered with %d: %.600s", status, answer)
		}
		return len(answer), nil
	}
}

func (r *run) ordering(n int) func(ctx context.Context, i int) (int, error) {
	r.t.Helper()
	f := r.firm
	bodies := make([][]byte, n)
	for i := range bodies {
		b, err := json.Marshal(map[string]any{
			"supplier_id": f.suppliers[i%len(f.suppliers)].ID, "project_id": f.projects[i%len(f.projects)].ID, "date": f.today, "line_items": f.orderLines(),
		})
		if err != nil {
			r.t.Fatal(err)
		}
		bodies[i] = b
	}
	r.ordered += n
	return func(ctx context.Context, i int) (int, error) {
		status, answer, err := r.app.Send(ctx, "POST", "/api/xero/purchase-orders", bodies[i])
		if err == nil && status != http.StatusAccepted {
			err = fmt.Errorf("answered with %d: %.600s", status, answer)
		}
		return len(answer), err
	}
}

// take takes the next pieces of work from those that are left.
func take(from *[]work, n int) []work {
	taken := (*from)[:n]
	*from = (*from)[n:]
	return taken
}

// measurePosts measures what makes documents, while Xero is quick and while it
// is slow.
func (r *run) measurePosts() {
	r.t.Helper()
	p, f := r.plan, r.firm
	warm := r.invoicing(take(&f.small, p.warmUp), false)
	if _, err := load(r.t.Context(), min(16, p.warmUp), p.warmUp, warm); err != nil {
		r.t.Fatal(err)
	}
	quick, slow := spell(p.quick), spell(p.slow)
	first := r.measure("5 entries", quick, 1, p.small.one, goal{99, 20 * time.Millisecond}, r.invoicing(take(&f.small, p.small.one), false))
	r.measure("5 entries", quick, 16, p.small.sixteen, goal{99, 50 * time.Millisecond}, r.invoicing(take(&f.small, p.small.sixteen), false))
	r.measure("5 entries, repeatable", quick, 1, p.keyed, goal{}, r.invoicing(take(&f.small, p.keyed), true))
	r.measure("500 entries", quick, 1, p.large.one, goal{50, 20 * time.Millisecond}, r.invoicing(take(&f.large, p.large.one), false))
	r.measure("500 entries", quick, 16, p.large.sixteen, goal{}, r.invoicing(take(&f.large, p.large.sixteen), false))
	r.measure("purchase order", quick, 1, p.orders.one, goal{}, r.ordering(p.orders.one))
	r.measure("purchase order", quick, 16, p.orders.sixteen, goal{}, r.ordering(p.orders.sixteen))

	r.latency(p.slow)
	second := r.measure("5 entries", slow, 1, p.slowSmall.one, goal{99, 20 * time.Millisecond}, r.invoicing(take(&f.small, p.slowSmall.one), false))
	r.measure("5 entries", slow, 16, p.slowSmall.sixteen, goal{99, 50 * time.Millisecond}, r.invoicing(take(&f.small, p.slowSmall.sixteen), false))
	r.measure("purchase order", slow, 1, p.slowOrders.one, goal{}, r.ordering(p.slowOrders.one))
	r.measure("purchase order", slow, 16, p.slowOrders.sixteen, goal{}, r.ordering(p.slowOrders.sixteen))
	r.latency(p.quick)
	ratio := float64(second.percentile(50)) / float64(first.percentile(50))
	r.fact(fmt.Sprintf("p50 with Xero at %s / p50 at %s", slow, quick), fmt.Sprintf("%.2f", ratio), "", baselines["latency independent of Xero"])
	r.awaitXero()
}

func spell(d time.Duration) string {
	if d >= time.Second {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// laneState is what the app tells of its way to Xero.
type laneState struct {
	Waiting         struct{ Count int }
	MinuteRemaining int `json:"minute_remaining"`
}

func (r *run) lane() laneState {
	r.t.Helper()
	var status struct{ Lane laneState }
	r.app.Call("GET", "/api/xero/status", nil, http.StatusOK, &status)
	return status.Lane
}

// await waits until the lane is as wanted.
func (r *run) await(what string, wanted func(laneState) bool) {
	r.t.Helper()
	deadline := time.Now().Add(10 * time.Minute)
	for {
		now := r.lane()
		if wanted(now) {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("waited 10 minutes until %s: %+v", what, now)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// awaitXero waits until everything that was made stands in Xero.
func (r *run) awaitXero() {
	r.t.Helper()
	r.await("everything stands in Xero", func(l laneState) bool { return l.Waiting.Count == 0 })
}

// measureReads measures the lists' first pages and the state of one invoice.
func (r *run) measureReads() {
	r.t.Helper()
	var newest []struct{ ID fieldops.ID }
	r.app.Call("GET", "/api/xero/invoices?limit=1", nil, http.StatusOK, &newest)
	if len(newest) != 1 {
		r.t.Fatalf("one invoice was asked for and %d were given", len(newest))
	}
	for _, read := range []struct {
		name, path string
		rows       int
	}{
		{"clients", "/api/clients", 20},
		{"projects", "/api/projects", 20},
		{"timesheets", "/api/timesheets", 20},
		{"invoices", "/api/xero/invoices", min(100, r.plan.oldInvoices+r.posted)},
		{"purchase orders", "/api/xero/purchase-orders", min(100, r.plan.oldOrders+r.ordered)},
		{"sync status", "/api/xero/invoices/" + newest[0].ID + "/sync-status", 0},
	} {
		asking := func(ctx context.Context, _ int) (int, error) {
			status, answer, err := r.app.Send(ctx, "GET", read.path, nil)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("answered with %d: %.600s", status, answer)
			}
			return len(answer), err
		}
		_, answer, err := r.app.Send(r.t.Context(), "GET", read.path, nil)
		if err != nil {
			r.t.Fatal(err)
		}
		if rows := rowsOf(r.t, answer); rows != read.rows {
			r.t.Fatalf("%s gave %d rows, want %d", read.path, rows, read.rows)
		}
		r.measure(read.name, "", 1, r.plan.reads.one, goal{}, asking)
		r.measure(read.name, "", 16, r.plan.reads.sixteen, goal{}, asking)
	}
}

// rowsOf counts the rows of a list's answer; 0 when it is none.
func rowsOf(t *testing.T, answer []byte) int {
	t.Helper()
	var page struct{ Data []json.RawMessage }
	var bare []json.RawMessage
	if err := json.Unmarshal(answer, &page); err == nil {
		return len(page.Data)
	}
	if err := json.Unmarshal(answer, &bare); err != nil {
		t.Fatalf("no list: %.300s", answer)
	}
	return len(bare)
}

// measureBacklog measures how soon and with how many calls a backlog gets to
// Xero after its way was closed.
func (r *run) measureBacklog() {
	r.t.Helper()
	r.await("the minute's calls are free", func(l laneState) bool { return l.MinuteRemaining >= r.plan.minuteRemaining })
	r.app.Call("POST", "/api/xero/lane", map[string]any{"paused": true, "reason": "benchmark"}, http.StatusOK, nil)
	pieces := take(&r.firm.small, r.plan.backlog)
	if _, err := load(r.t.Context(), 8, len(pieces), r.invoicing(pieces, false)); err != nil {
		r.t.Fatal(err)
	}
	if waiting := r.lane().Waiting.Count; waiting != len(pieces) {
		r.t.Fatalf("%d documents wait while the lane is paused, want %d", waiting, len(pieces))
	}
	before := len(r.xero.calls())
	began := time.Now()
	r.app.Call("POST", "/api/xero/lane", map[string]any{"paused": false}, http.StatusOK, nil)
	r.awaitXero()
	took := time.Since(began)
	calls := len(r.xero.calls()) - before
	r.fact(fmt.Sprintf("backlog of %d invoices", len(pieces)), fmt.Sprintf("%.1f s with %d calls", took.Seconds(), calls),
		"≤ 10 calls: "+reached(calls <= 10), baselines["backlog of 200"])
}

// checkXero checks that every document stands in Xero once, that none failed,
// and that Xero refused no call for its limits.
func (r *run) checkXero() {
	r.t.Helper()
	refused := 0
	for _, c := range r.xero.calls() {
		if c.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	r.fact("answers 429 in the whole run", strconv.Itoa(refused), "0: "+reached(refused == 0), "")
	if refused > 0 {
		r.t.Errorf("Xero refused %d calls for its limits", refused)
	}
	var failed []struct {
		InvoiceNumber string `json:"invoice_number"`
		ErrorMessage  string `json:"error_message"`
	}
	r.app.Call("GET", "/api/xero/invoices?sync_status=failed", nil, http.StatusOK, &failed)
	if len(failed) > 0 {
		r.t.Errorf("%d invoices failed, among them %+v", len(failed), failed[0])
	}
	for endpoint, want := range map[string]int{"Invoices": r.posted, "PurchaseOrders": r.ordered} {
		var documents []struct{ InvoiceNumber, PurchaseOrderNumber string }
		r.xero.Call("GET", "/_sim/documents/"+endpoint, nil, http.StatusOK, &documents)
		numbers := map[string]bool{}
		for _, d := range documents {
			numbers[strings.TrimSpace(d.InvoiceNumber+d.PurchaseOrderNumber)] = true
		}
		if len(documents) != want || len(numbers) != want {
			r.t.Errorf("%s: Xero has %d with %d numbers, want %d", endpoint, len(documents), len(numbers), want)
		}
	}
}
