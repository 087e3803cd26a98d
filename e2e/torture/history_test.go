package torture

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ampedfieldops/e2e/torture/check"
	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
	"ampedfieldops/internal/xero"
	"ampedfieldops/internal/xero/xerosim"
)

// scale is by how much all durations of the protocol are shortened. At 30 a
// claim lasts two thirds of a second and the thinnest margin, a lease beyond a
// call's deadline, a third, which a busy machine mostly keeps; when it does not,
// work is done again, which is slow but must not be wrong either.
const scale = 30

// restBound is how long a history may take to come to rest once everything is
// healthy: far longer than the longest wait of the protocol, which is for a
// token to expire.
const restBound = 2 * time.Minute

// result is one line of torture-results.jsonl.
type result struct {
	Seed       uint64         `json:"seed"`
	Engine     string         `json:"engine"`
	When       time.Time      `json:"when"`
	Scale      int            `json:"scale"`
	DurationMS int64          `json:"duration_ms"`
	Documents  int            `json:"documents"`
	Calls      int            `json:"calls"`
	Rows       int            `json:"rows"`
	Failed     int            `json:"failed"` // documents that had failed for certain at the first rest
	Kills      map[string]int `json:"kills"`
	Stops      map[string]int `json:"stops"`
	Faults     map[string]int `json:"faults"`
	Passed     map[string]int `json:"-"`
	Violations []string       `json:"violations,omitempty"`
}

// history is one run: a firm, its simulated Xero, its workers and what befalls
// them.
type history struct {
	t       *testing.T
	seed    uint64
	began   time.Time
	dir     string
	url     string
	db      *store.DB
	raw     *sql.DB // the harness's own reads
	service *billing.Service
	sync    *billing.Sync
	sim     *xerosim.Sim
	control string           // address of the simulator
	redis   *storetest.Redis // nil where the database delivers the jobs

	firm    firm
	mu      sync.Mutex
	journal []string
	workers map[*worker]bool
	closing bool           // workers that end are not replaced
	places  sync.WaitGroup // of workers, each with one process after another
	result  result

	calm      atomic.Bool  // no more faults
	stormy    atomic.Bool  // the storm has begun
	aftermath atomic.Int32 // how many workers more have orders although it is calm
	rough     atomic.Bool  // connections to the database were cut: errors are to be expected
	paused    atomic.Bool  // a worker was stopped
	moved     atomic.Bool  // the database's clock was moved
}

// random is a stream of randomness of its own for one part of the history, so
// that the parts do not disturb each other's plans.
func (h *history) random(part uint64) *rand.Rand { return rand.New(rand.NewPCG(h.seed, part)) }

// note writes into the history's journal.
func (h *history) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.journal = append(h.journal, fmt.Sprintf("%8.3f  ", time.Since(h.began).Seconds())+fmt.Sprintf(format, args...))
}

func (h *history) violate(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	h.note("VIOLATION: %s", text)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.result.Violations = append(h.result.Violations, text)
}

func (h *history) engine() store.Engine {
	if h.seed%2 == 0 {
		return store.SQLite
	}
	return store.Postgres
}

// delivery names what delivers the jobs: in every third history of each engine
// a Redis, as long as it is there.
func (h *history) delivery() string {
	if h.seed/2%3 == 0 {
		return string(h.engine()) + ", redis"
	}
	return string(h.engine())
}

// run lives through the history of a seed and returns what came of it. Evidence
// stays in dir/SEED if something was wrong.
func run(t *testing.T, seed uint64, dir string) result {
	h := &history{t: t, seed: seed, began: time.Now(), dir: filepath.Join(dir, strconv.FormatUint(seed, 10)), workers: map[*worker]bool{}}
	h.result = result{
		Seed: seed, Engine: h.delivery(), When: h.began.UTC(), Scale: scale,
		Kills: map[string]int{}, Stops: map[string]int{}, Faults: map[string]int{}, Passed: map[string]int{},
	}
	if err := h.live(); err != nil {
		h.violate("the history could not be lived through: %v", err)
	}
	h.result.DurationMS = time.Since(h.began).Milliseconds()
	if len(h.result.Violations) == 0 && !*keep {
		if err := os.RemoveAll(h.dir); err != nil {
			t.Error(err)
		}
		return h.result
	}
	if err := os.WriteFile(filepath.Join(h.dir, "journal.txt"), []byte(strings.Join(h.journal, "\n")+"\n"), 0o600); err != nil {
		t.Error(err)
	}
	if len(h.result.Violations) == 0 {
		return h.result
	}
	t.Errorf("seed %d on %s:\n  %s\nThe journal, the logs, the database and all records are in %s. The plan again: go test -v ./e2e/torture -args -runs=1 -seed=%d",
		seed, h.result.Engine, strings.Join(h.result.Violations, "\n  "), h.dir, seed)
	return h.result
}

func (h *history) live() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		return err
	}
	stopSim, err := h.openXero(ctx)
	if err != nil {
		return err
	}
	defer stopSim()
	if err := h.openFirm(ctx); err != nil {
		return err
	}
	defer func() {
		if err := errors.Join(h.db.Close(), h.raw.Close()); err != nil {
			h.note("closing: %v", err)
		}
	}()

	if strings.HasSuffix(h.delivery(), "redis") {
		h.redis = storetest.OwnRedis(h.t)
		defer h.redis.End()
	}
	defer h.stopWorkers()
	if err := h.warmUp(ctx); err != nil {
		return err
	}
	h.storm(ctx)
	if err := h.mend(ctx); err != nil {
		return err
	}
	if !h.rest(ctx) {
		return h.dump(ctx)
	}
	failed, err := h.inspect(ctx, "at rest")
	h.result.Failed = failed
	if err == nil && len(h.result.Violations) == 0 {
		err = h.secondThoughts(ctx)
	}
	if len(h.result.Violations) > 0 || err != nil {
		err = errors.Join(err, h.dump(ctx))
	}
	return err
}

// openXero serves the simulator in this process until stop is called.
func (h *history) openXero(ctx context.Context) (stop func(), err error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := h.random(1)
	h.sim = xerosim.New(xerosim.Options{
		// A token is renewed five minutes before it expires. A sender that
		// vanished is waited for until its token has expired, so tokens with
		// little more life than that make short histories.
		AccessTokenLife: 5*time.Minute/scale + time.Duration(1+r.IntN(3))*time.Second,
		// The simulator's minute is a real one. The check counts instead.
		MinuteLimit: -1, DayLimit: -1,
		Latency: time.Duration(r.IntN(12)) * time.Millisecond,
	})
	h.control = "http://" + ln.Addr().String()
	serving, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- h.sim.Serve(serving, ln) }()
	return func() {
		cancel()
		if err := <-served; err != nil {
			h.note("the simulator: %v", err)
		}
	}, nil
}

// openFirm makes the firm's database, without a worker in this process, and
// connects it to Xero.
func (h *history) openFirm(ctx context.Context) error {
	driver, dsn := h.database()
	if h.engine() == store.SQLite {
		h.url = "sqlite:" + filepath.Join(h.dir, "firm.db")
	}
	var err error
	if h.raw, err = sql.Open(driver, dsn); err != nil {
		return err
	}
	if h.db, err = store.Open(ctx, h.url); err != nil {
		return err
	}
	if err := h.db.Migrate(ctx); err != nil {
		return err
	}
	note, err := noteIn(h.file("tokens"))
	if err != nil {
		return err
	}
	if h.sync, err = newSync(h.db, h.control, note, slog.New(slog.DiscardHandler), nil); err != nil {
		return err
	}
	h.service = billing.New(h.db, h.sync)
	if err := h.foundFirm(ctx); err != nil {
		return err
	}
	// The first connection may be slower than a scaled call takes: the simulator
	// makes its keys.
	return h.try(ctx, "connect", h.connect)
}

func (h *history) connect(ctx context.Context) error {
	return h.sync.ConnectWithCode(ctx, h.sim.Consent(redirectURI, xero.Scopes))
}

// database is how database/sql opens the firm's database.
func (h *history) database() (driver, dsn string) {
	if h.engine() == store.SQLite {
		return "sqlite", "file:" + filepath.Join(h.dir, "firm.db") + "?_pragma=busy_timeout(10000)"
	}
	if h.url == "" {
		h.url = storetest.Migrated(h.t, store.Postgres)
	}
	return "pgx", h.url
}

func (h *history) file(name string) string { return filepath.Join(h.dir, name) }

// startWorkers starts as many workers as the engine allows processes.
func (h *history) startWorkers() error {
	n := 1
	if h.engine() == store.Postgres {
		n = 2
	}
	for i := range n {
		h.places.Add(1)
		if err := h.nextWorker(h.random(uint64(100 + i))); err != nil {
			return err
		}
	}
	return nil
}

// warmUp lets the firm and its workers come to know Xero, so that the storm
// meets them at full work. Then the healthy workers are killed; those after them
// have orders.
func (h *history) warmUp(ctx context.Context) error {
	h.calm.Store(true)
	if err := h.startWorkers(); err != nil {
		return err
	}
	r := h.random(6)
	for client := range h.firm.clients {
		if err := errors.Join(h.invoice(ctx, r, client), h.order(ctx, r, client)); err != nil {
			return err
		}
	}
	if !h.rest(ctx) {
		return errors.New("not even a healthy worker got through")
	}
	h.calm.Store(false)
	h.stormy.Store(true)
	h.aftermath.Store(r.Int32N(6))
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.workers {
		w.signal(syscall.SIGKILL)
	}
	return nil
}

// nextWorker starts a worker in a place that is free, with orders from the
// place's randomness. When it has ended it is replaced.
func (h *history) nextWorker(r *rand.Rand) (err error) {
	defer func() {
		if err != nil {
			h.places.Done()
		}
	}()
	o := order{Database: h.url, Xero: h.control, Log: h.file("workers.log"), Tokens: h.file("tokens"), After: 1 + max(0, r.IntN(5)-2)}
	if h.redis != nil {
		o.Redis = h.redis.Port
	}
	where, dice, pause := someLabels(r), r.IntN(100), stopLength(r)
	anyMoment := time.Duration(1500+r.IntN(3000)) * time.Millisecond
	again := time.Duration(r.IntN(200)) * time.Millisecond
	if !h.calm.Load() || h.stormy.Load() && h.aftermath.Add(-1) >= 0 {
		switch {
		case dice < 65:
			o.KillAt = where
		case dice < 90:
			o.StopAt = where
		}
	}
	killed := ""
	w, err := startWorker(o, func(w *worker, what, label string) {
		switch what {
		case "ready":
			h.note("worker %d is ready", w.command.Process.Pid)
		case "pass":
			h.mu.Lock()
			h.result.Passed[label]++
			h.mu.Unlock()
		case "kill":
			killed = label
		case "stop":
			h.paused.Store(true)
			h.note("worker %d stops at %q for %s", w.command.Process.Pid, label, pause)
			h.count(h.result.Stops, label)
			go func() { // ends after the pause
				time.Sleep(pause)
				h.note("worker %d goes on", w.command.Process.Pid)
				w.signal(syscall.SIGCONT)
			}()
		case "ended":
			h.mu.Lock()
			delete(h.workers, w)
			closing := h.closing
			h.mu.Unlock()
			if killed == "" && !closing {
				killed = "any moment"
				// Without its database no worker can start.
				if label != "signal: killed" && !h.rough.Load() {
					h.violate("a worker ended by itself: %s", label)
				}
			}
			if killed != "" {
				h.count(h.result.Kills, killed)
				h.note("worker %d was killed at %q", w.command.Process.Pid, killed)
			}
			if closing {
				h.places.Done()
				return
			}
			time.Sleep(again) // a process manager takes its time too
			if err := h.nextWorker(r); err != nil {
				h.violate("no further worker could be started: %v", err)
			}
		}
	})
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-w.ended:
	default:
		h.workers[w] = true
	}
	if h.closing {
		return w.input.Close()
	}
	if o.StopAt != nil {
		anyMoment += pause // so that what it does when it goes on is seen
	}
	if (o.KillAt == nil || dice < 15) && !h.calm.Load() {
		go func() { // ends with the worker, at the latest after anyMoment
			select {
			case <-w.ended:
			case <-time.After(anyMoment):
				w.signal(syscall.SIGKILL)
			}
		}()
	}
	return nil
}

// stopLength is how long a stopped worker sleeps: mostly beyond every lease,
// now and then beyond its token.
func stopLength(r *rand.Rand) time.Duration {
	switch r.IntN(10) {
	case 0, 1:
		return 12 * time.Second / scale
	case 2:
		return 200 * time.Second / scale
	default:
		return time.Duration(45+r.IntN(50)) * time.Second / scale
	}
}

func (h *history) count(in map[string]int, what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	in[what]++
}

// stopWorkers ends every worker and returns when all are gone.
func (h *history) stopWorkers() {
	h.mu.Lock()
	h.closing = true
	for w := range h.workers {
		w.signal(syscall.SIGCONT)
		_ = w.input.Close() // it may have ended by itself
	}
	h.mu.Unlock()
	gone := make(chan struct{})
	go func() { // ends with the last worker, which is killed below at the latest
		h.places.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return
	case <-time.After(20 * time.Second):
	}
	h.violate("a worker did not stop when it was told to")
	h.mu.Lock()
	for w := range h.workers {
		w.signal(syscall.SIGKILL)
	}
	h.mu.Unlock()
	<-gone
}

// storm lets people work and things go wrong at the same time.
func (h *history) storm(ctx context.Context) {
	r := h.random(2)
	storm, cancel := context.WithTimeout(ctx, time.Duration(4000+r.IntN(4000))*time.Millisecond)
	defer cancel()
	var all sync.WaitGroup
	for person := range 2 {
		all.Go(func() { h.person(storm, h.random(uint64(10+person))) })
	}
	all.Go(func() { h.trouble(storm, h.random(3)) })
	all.Wait()
}

// mend makes everything healthy.
func (h *history) mend(ctx context.Context) error {
	h.calm.Store(true)
	h.note("calm")
	if h.redis != nil && h.random(9).IntN(3) == 0 {
		h.note("Redis is away for good")
		h.count(h.result.Faults, "redis away at the end")
		h.redis.End()
	}
	if err := errors.Join(h.tell(ctx, http.MethodDelete, "faults", nil), h.tell(ctx, http.MethodPost, "listen", map[string]any{"up": true})); err != nil {
		return err
	}
	return h.try(ctx, "resume", func(ctx context.Context) error { return h.pauseLane(ctx, false) })
}

// rest waits until nothing is on its way. What only a person can mend about the
// connection is mended.
func (h *history) rest(ctx context.Context) bool {
	deadline, asked := time.Now().Add(restBound), time.Now()
	for {
		var open int
		err := h.raw.QueryRowContext(ctx, "select count(*) from sync_intents where closed_at is null").Scan(&open)
		if err == nil && open == 0 {
			h.note("at rest")
			return true
		}
		if err != nil {
			h.note("reading: %v", err)
		}
		if time.Now().After(deadline) {
			h.violate("%d documents never came to rest (%v)", open, err)
			return false
		}
		h.reconnectIfNeeded(ctx)
		if time.Since(asked) > time.Second {
			// Documents wait for their contact, and that for a person.
			asked = time.Now()
			if err := h.sendContactsAgain(ctx); err != nil {
				h.note("sending contacts again: %v", err)
			}
		}
		time.Sleep(50 * time.Millisecond) // polling, bounded by the deadline
	}
}

func (h *history) reconnectIfNeeded(ctx context.Context) {
	c, err := h.db.Connection(ctx)
	if err != nil || c.NeedsReconnect == nil {
		return
	}
	h.note("an admin connects again: %s", *c.NeedsReconnect)
	h.count(h.result.Faults, "reconnected")
	if err := h.connect(ctx); err != nil {
		h.note("connecting: %v", err)
	}
}

// inspect has the books checked, and tells how many documents have failed.
func (h *history) inspect(ctx context.Context, when string) (failed int, err error) {
	findings, err := check.Run(ctx, h.evidence())
	if err != nil {
		return 0, err
	}
	h.result.Documents, h.result.Calls, h.result.Rows = findings.Documents, findings.Calls, findings.Rows
	for _, v := range findings.Violations {
		h.violate("%s: %s", when, v)
	}
	return len(findings.Failed), nil
}

func (h *history) evidence() check.Evidence {
	driver, dsn := h.database()
	e := check.Evidence{
		Driver: driver, DSN: dsn, Control: h.control, Logs: []string{h.file("workers.log")},
		SameClock: !h.moved.Load(),
	}
	if !h.paused.Load() {
		e.InFlight = 5
	}
	if !h.moved.Load() {
		e.Call = 10 * time.Second // many times a scaled call with its margins
		if !h.paused.Load() {
			e.Minute = time.Minute / scale
		}
	}
	if tokens, err := os.ReadFile(h.file("tokens")); err == nil {
		e.Secrets = append(strings.Fields(string(tokens)), clientSecret)
	}
	return e
}

func (h *history) dump(ctx context.Context) error {
	file, err := os.Create(h.file("records.jsonl"))
	if err != nil {
		return err
	}
	return errors.Join(check.Dump(ctx, h.evidence(), file), file.Close())
}

// secondThoughts: people send again what failed, and everything that was ever in
// doubt is read again much later. Nothing may be otherwise afterwards than
// settled.
func (h *history) secondThoughts(ctx context.Context) error {
	for round := range 3 {
		again, err := h.sendAgain(ctx, round)
		if err != nil {
			return err
		}
		if again == 0 {
			break
		}
		if !h.rest(ctx) {
			return nil
		}
		failed, err := h.inspect(ctx, "sent again")
		if err != nil || len(h.result.Violations) > 0 {
			return err
		}
		if failed == 0 {
			break
		}
		if round == 2 {
			h.violate("%d documents fail again and again although everything is healthy", failed)
		}
	}
	if h.random(4).IntN(3) > 0 {
		return nil
	}
	h.moved.Store(true)
	if err := h.db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
		return tx.MoveClock(ctx, fieldops.RealDurations(scale).Audit[0]+time.Second)
	}); err != nil {
		return err
	}
	h.note("half an hour later")
	deadline := time.Now().Add(restBound)
	for {
		due, err := h.db.DueAudits(ctx, 1000)
		if err != nil {
			return err
		}
		if len(due) == 0 {
			break
		}
		if time.Now().After(deadline) {
			h.violate("%d documents were never read again", len(due))
			break
		}
		time.Sleep(50 * time.Millisecond) // polling, bounded by the deadline
	}
	_, err := h.inspect(ctx, "read again")
	return err
}

// tell uses the simulator's control API.
func (h *history) tell(ctx context.Context, method, path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, h.control+"/_sim/"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(response.Body) // for the message only
		return fmt.Errorf("%s /_sim/%s: %s %s", method, path, response.Status, answer)
	}
	return nil
}

// try does what must succeed once everything is healthy, again if a connection
// to the database had been cut.
func (h *history) try(ctx context.Context, what string, do func(context.Context) error) error {
	var err error
	for range 5 {
		if err = do(ctx); err == nil {
			return nil
		}
		h.note("%s: %v", what, err)
	}
	return err
}
