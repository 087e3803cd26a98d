package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
	"ampedfieldops/internal/xero"
)

var outProcesses = flag.String("out-processes", "", "`file` to write TestProcesses' and TestDrain's figures to, as Markdown")

// processesPlan says what is done with one, two and three processes.
type processesPlan struct {
	size
	counts  [3]int // processes
	clients int
	writes  int // invoices of five entries each
	reads   int
	idle    time.Duration
}

// TestProcesses measures the hot paths with one, two and three processes on one
// PostgreSQL and one Redis. Without -bench it does everything a few times.
func TestProcesses(t *testing.T) {
	p := processesPlan{size: size{clients: 60, projects: 60, suppliers: 2, oldInvoices: 30, oldOrders: 30, busyClients: 20}, counts: [3]int{1, 2, 3}, clients: 4, writes: 8, reads: 8}
	if *full {
		p = processesPlan{
			size:   size{clients: 10_000, projects: 10_000, suppliers: 20, oldInvoices: 10_000, oldOrders: 10_000, busyClients: 400},
			counts: [3]int{1, 2, 3}, clients: 32, writes: 960, reads: 1920, idle: 20 * time.Second,
		}
	}
	p.small = p.writes * len(p.counts)
	binary := program.Build(t)
	redis := storetest.OwnRedis(t)
	r := &run{t: t, plan: plan{size: p.size}, engine: store.Postgres, report: &report{}}
	r.prepare(binary)
	r.environment = append(r.environment, "REDIS_HOST=127.0.0.1", fmt.Sprintf("REDIS_PORT=%d", redis.Port))
	page := &processesPage{}
	for _, n := range p.counts {
		page.rows = append(page.rows, r.withProcesses(binary, p, n)...)
	}
	if *full {
		t.Log("\n" + page.markdown())
		page.write(t)
	}
}

// withProcesses makes the same requests of n processes, by turns.
func (r *run) withProcesses(binary string, p processesPlan, n int) []processesRow {
	r.t.Helper()
	var all []*program.Process
	var callers []*caller
	for range n {
		process := program.Start(r.t, binary, r.environment, "serve", "--listen", "127.0.0.1:0")
		all = append(all, process)
		callers = append(callers, newCaller(r.t, process.Address))
	}
	callers[0].signIn()
	for _, c := range callers {
		c.Token = callers[0].Token
	}
	r.serve, r.app = all[0], callers[0]
	cpu := func() (sum time.Duration) {
		for _, process := range all {
			sum += process.CPU()
		}
		return sum
	}
	before := cpu()
	time.Sleep(p.idle)
	idle := cpu() - before

	pieces := take(&r.firm.small, p.writes)
	var rows []processesRow
	for _, one := range []struct {
		name string
		n    int
		do   func(ctx context.Context, i int) (int, error)
	}{
		{"invoice of 5 entries", len(pieces), func(ctx context.Context, i int) (int, error) {
			body, err := json.Marshal(map[string]any{"client_id": pieces[i].client, "date_from": pieces[i].from, "date_to": pieces[i].to})
			if err != nil {
				return 0, err
			}
			status, answer, err := callers[i%n].Send(ctx, "POST", "/api/xero/invoices/from-timesheets", body)
			if err == nil && (status != http.StatusAccepted || !bytes.Contains(answer, []byte(`"timesheets_count":5`))) {
				err = fmt.Errorf("answered with %d: %.300s", status, answer)
			}
			return len(answer), err
		}},
		{"list of timesheets", p.reads, asking(callers, "/api/timesheets")},
		{"list of invoices", p.reads / 4, asking(callers, "/api/xero/invoices")},
	} {
		busy := cpu()
		s, err := load(r.t.Context(), p.clients, one.n, one.do)
		if err != nil {
			r.t.Fatalf("%s with %d processes: %v", one.name, n, err)
		}
		rows = append(rows, processesRow{one.name, n, p.clients, s, (cpu() - busy).Seconds() / s.total.Seconds()})
	}
	var memory int64
	for _, process := range all {
		_, highest := process.Memory()
		memory += highest
	}
	if p.idle > 0 {
		rows = append(rows, processesRow{work: fmt.Sprintf("nothing, %v long; %s in all at their highest", p.idle, megabytes(memory)), processes: n, cores: idle.Seconds() / p.idle.Seconds()})
	}
	r.awaitXero()
	for _, process := range all {
		process.Stop()
	}
	return rows
}

func asking(callers []*caller, path string) func(ctx context.Context, i int) (int, error) {
	return func(ctx context.Context, i int) (int, error) {
		status, answer, err := callers[i%len(callers)].Send(ctx, "GET", path, nil)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("answered with %d: %.300s", status, answer)
		}
		return len(answer), err
	}
}

// jobsAtOnce is how many a process of the program works at.
const jobsAtOnce = 4

// TestDrain measures how fast each engine carries off a backlog: by itself, with a
// Xero that answers at once and allows any number of calls, and within Xero's
// limits. It runs in this process, because no setting of the program can make its
// own lane wider.
func TestDrain(t *testing.T) {
	documents, modes := 60, []bool{true}
	if *full {
		documents, modes = 5000, []bool{true, false}
	}
	page := &processesPage{}
	binary := program.Build(t)
	for _, limited := range modes {
		for _, engine := range []struct {
			name     string
			database store.Engine
			redis    bool
		}{{"River on SQLite", store.SQLite, false}, {"River on PostgreSQL", store.Postgres, false}, {"asynq beside SQLite", store.SQLite, true}, {"asynq beside PostgreSQL", store.Postgres, true}} {
			t.Run(fmt.Sprintf("%s, limits: %t", engine.name, limited), func(t *testing.T) {
				took, calls := drain(t, binary, engine.database, engine.redis, limited, documents)
				page.drains = append(page.drains, drained{engine.name, limited, documents, took, calls})
			})
		}
	}
	if *full && !t.Failed() {
		t.Log("\n" + page.markdown())
		page.write(t)
	}
}

func drain(t *testing.T, binary string, engine store.Engine, withRedis, limited bool, documents int) (took time.Duration, calls int) {
	t.Helper()
	ctx := t.Context()
	simulator := program.Start(t, binary, nil, "xero-sim", "--listen", "127.0.0.1:0")
	sim := newCaller(t, simulator.Address)
	durations := fieldops.RealDurations(1)
	if !limited {
		sim.Call("POST", "/_sim/limits", map[string]int{"minute": 1_000_000, "day": 1_000_000, "latency_ms": 0}, http.StatusOK, nil)
		durations.Minute, durations.Second = time.Millisecond, time.Millisecond
	}
	db := storetest.New(t, engine)
	f := makeFirm(ctx, t, db, size{clients: 400, projects: 400, suppliers: 1, busyClients: 400, small: documents})
	sealer, err := billing.NewSealer([]byte(encryptionKey))
	if err != nil {
		t.Fatal(err)
	}
	provider := xero.New(xero.Config{
		ClientID: xeroClientID, ClientSecret: xeroClientSecret, RedirectURI: redirectURI, Timeout: durations.CallTimeout,
		APIURL: simulator.Address, IdentityURL: simulator.Address, LoginURL: simulator.Address,
	})
	sync := billing.NewSync(billing.SyncConfig{DB: db, Sealer: sealer, Durations: durations, MaxAttempts: 3, Provider: provider})
	if err := sync.ConnectWithCode(ctx, sim.consent(redirectURI, xero.Scopes)); err != nil {
		t.Fatal(err)
	}
	if withRedis {
		db.Queue().DeliverBy(job.Redis{Host: "127.0.0.1", Port: storetest.OwnRedis(t).Port})
	}
	sync.Register(db.Queue())
	service := billing.New(db, sync)
	for _, w := range f.small {
		if _, err := service.InvoiceTimesheets(ctx, f.actor(), w.request()); err != nil {
			t.Fatal(err)
		}
	}
	before := len(sim.calls())
	running, stop := context.WithCancel(ctx)
	began := time.Now()
	if err := db.Queue().Start(context.WithoutCancel(ctx), jobsAtOnce, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- sync.Run(running) }()
	for open := 1; open > 0; time.Sleep(10 * time.Millisecond) {
		state, err := db.Lane(ctx, durations)
		if err != nil {
			t.Fatal(err)
		}
		open = state.Waiting.Count
		if time.Since(began) > 20*time.Minute {
			t.Fatalf("%d documents wait after %v", open, time.Since(began))
		}
	}
	took = time.Since(began)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := db.Queue().Stop(context.WithoutCancel(ctx)); err != nil {
		t.Error(err)
	}
	var there []struct{ InvoiceNumber string }
	sim.Call("GET", "/_sim/documents/Invoices", nil, http.StatusOK, &there)
	numbers := map[string]bool{}
	for _, d := range there {
		numbers[d.InvoiceNumber] = true
	}
	if len(there) != documents || len(numbers) != documents {
		t.Errorf("Xero has %d invoices with %d numbers, want %d", len(there), len(numbers), documents)
	}
	return took, len(sim.calls()) - before
}

// processesPage is what was measured.
type processesPage struct {
	rows   []processesRow
	drains []drained
}

type processesRow struct {
	work               string
	processes, callers int
	sample             sample
	cores              float64 // that the processes kept busy
}

type drained struct {
	engine    string
	limited   bool
	documents int
	took      time.Duration
	calls     int
}

func (p *processesPage) markdown() string {
	var b strings.Builder
	if len(p.rows) > 0 {
		markdownTable(&b, []string{"Request", "Processes", "Callers", "n", "p50", "p95", "p99", "req/s", "Cores used"}, len(p.rows), func(i int) []string {
			r := p.rows[i]
			if r.callers == 0 {
				return []string{r.work, strconv.Itoa(r.processes), "", "", "", "", "", "", fmt.Sprintf("%.3f", r.cores)}
			}
			return []string{
				r.work, strconv.Itoa(r.processes), strconv.Itoa(r.callers), strconv.Itoa(len(r.sample.took)),
				milliseconds(r.sample.percentile(50)), milliseconds(r.sample.percentile(95)), milliseconds(r.sample.percentile(99)),
				fmt.Sprintf("%.0f", r.sample.perSecond()), fmt.Sprintf("%.2f", r.cores),
			}
		})
		b.WriteString("\n")
	}
	if len(p.drains) > 0 {
		markdownTable(&b, []string{"Engine", "Xero's limits", "Documents", "Time", "Documents/s", "Calls"}, len(p.drains), func(i int) []string {
			d := p.drains[i]
			return []string{
				d.engine, map[bool]string{true: "kept", false: "none, answers at once"}[d.limited], strconv.Itoa(d.documents),
				fmt.Sprintf("%.1f s", d.took.Seconds()), fmt.Sprintf("%.0f", float64(d.documents)/d.took.Seconds()), strconv.Itoa(d.calls),
			}
		})
	}
	return b.String()
}

// write appends the tables to the file that -out-processes names.
func (p *processesPage) write(t *testing.T) {
	t.Helper()
	if *outProcesses == "" {
		return
	}
	file, err := os.OpenFile(fromRoot(t, *outProcesses), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(p.markdown() + "\n"); err != nil {
		t.Fatal(err)
	}
	for name, plot := range p.plots() {
		path := strings.TrimSuffix(fromRoot(t, *outProcesses), ".md") + "-" + name + ".svg"
		if err := os.WriteFile(path, []byte(plot), 0o644); err != nil { //nolint:gosec // a page for everybody
			t.Fatal(err)
		}
	}
}

// plots are the figures as pictures, by name.
func (p *processesPage) plots() map[string]string {
	plots := map[string]string{}
	var requests, drains []bar
	for _, r := range p.rows {
		if r.callers > 0 {
			requests = append(requests, bar{r.work, fmt.Sprintf("%d at once, %d processes", r.callers, r.processes), r.sample.perSecond()})
		}
	}
	slices.SortStableFunc(requests, func(a, b bar) int { return strings.Compare(a.group, b.group) })
	for _, d := range p.drains {
		limits := "Xero answers at once and has no limits"
		if d.limited {
			limits = "within Xero's limits"
		}
		drains = append(drains, bar{fmt.Sprintf("%d documents, %s", d.documents, limits), d.engine, float64(d.documents) / d.took.Seconds()})
	}
	if len(requests) > 0 {
		plots["requests"] = plotBars("Requests with one, two and three processes", "requests a second", requests)
	}
	if len(drains) > 0 {
		plots["drain"] = plotBars("Documents carried to Xero by each engine", "documents a second", drains)
	}
	return plots
}
