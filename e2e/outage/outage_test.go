// Package outage lets Xero be away for a week while documents pile up, by clocks
// that are moved, and watches how the pile is carried off afterwards.
package outage

import (
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"
	_ "modernc.org/sqlite"             // the database/sql driver "sqlite"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

var documents = flag.Int("documents", 300, "how many invoices wait")

const (
	clients  = 20
	callers  = 6
	email    = "outage@firm.test"
	password = "a patient password"
	week     = 7 * 24 * time.Hour
	day      = 1000 // calls that Xero allows in one, of its smallest plan
)

// firm is one run.
type firm struct {
	t     *testing.T
	db    *sql.DB
	front *program.Caller
	xero  *program.Caller
	moved time.Duration
}

func TestOutage(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			f := begin(t, engine)
			f.listen(false)
			told := f.create()
			created := time.Since(began)
			f.away()
			f.listen(true)
			before := f.moved
			f.drain()
			f.check(told)
			t.Logf("%d invoices made in %v, a week without Xero, then carried off within %v of the clock; %v in all", len(told), created.Round(time.Second), (f.moved - before).Round(time.Minute), time.Since(began).Round(time.Second))
		})
	}
}

func begin(t *testing.T, engine store.Engine) *firm {
	t.Helper()
	f := &firm{t: t}
	binary, data := program.Build(t), t.TempDir()
	simulator := program.Start(t, binary, nil, "xero-sim", "--listen", "127.0.0.1:0")
	f.xero = program.NewCaller(t, simulator.Address)
	f.xero.Call("POST", "/_sim/limits", map[string]int{"day": day}, http.StatusOK, nil)
	port := program.FreePort(t)
	address := fmt.Sprintf("http://127.0.0.1:%d", port)
	processes, driver, database := 1, "sqlite", "file:"+filepath.Join(data, "firm.db")+"?_pragma=busy_timeout(10000)"
	databaseURL := "sqlite:" + filepath.Join(data, "firm.db")
	if engine == store.Postgres {
		databaseURL = storetest.URL(t, store.Postgres)
		processes, driver, database = 3, "pgx", databaseURL
	}
	env := append(program.Environment(data, databaseURL, simulator.Address), "FRONTEND_URL="+address, "BACKEND_URL="+address)
	program.Run(t, binary, env, password+"\n", "user", "create", "--email", email, "--name", "Patience", "--role", "admin", "--password-stdin")
	program.Start(t, binary, env, "serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port))
	for range processes - 1 {
		program.Start(t, binary, env, "serve", "--listen", "127.0.0.1:0")
	}
	var err error
	if f.db, err = sql.Open(driver, database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.db.Close() })
	f.front = program.NewCaller(t, address)
	f.front.SignIn(email, password)
	f.front.ConnectXero()
	f.front.Call("PUT", "/api/settings", map[string]any{"global": true, "settings": []map[string]string{{"key": "xero_sales_account_code", "value": "200"}}}, http.StatusOK, nil)
	return f
}

func (f *firm) listen(up bool) {
	f.xero.Call("POST", "/_sim/listen", map[string]bool{"up": up}, http.StatusOK, nil)
}

// create makes the invoices and returns their numbers in the order in which they
// were acknowledged.
func (f *firm) create() (numbers []string) {
	var ids []string
	for n := range clients {
		var made struct{ ID string }
		f.front.Call("POST", "/api/clients", map[string]string{"name": fmt.Sprintf("Client %d", n)}, http.StatusCreated, &made)
		ids = append(ids, made.ID)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for n := caller; n < *documents; n += callers {
				body, err := json.Marshal(map[string]any{
					"client_id":  ids[n%clients],
					"line_items": []map[string]string{{"description": fmt.Sprintf("Job %d", n), "quantity": "1", "unit_price": fmt.Sprintf("%d.%02d", 100+n%900, n%100)}},
				})
				if err != nil {
					f.t.Error(err)
					return
				}
				status, answer, err := f.front.Send(f.t.Context(), "POST", "/api/xero/invoices", body)
				var made struct {
					Number string `json:"invoice_number"`
				}
				if err != nil || status != http.StatusAccepted || json.Unmarshal(answer, &made) != nil {
					f.t.Errorf("an invoice was answered with %d %.300s %v", status, answer, err)
					return
				}
				mu.Lock()
				numbers = append(numbers, made.Number)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(numbers) != *documents {
		f.t.Fatalf("%d of %d invoices were made", len(numbers), *documents)
	}
	return numbers
}

func (f *firm) move(d time.Duration) {
	f.moved += d
	program.MoveClocks(f.t, f.db, f.xero, d)
}

func (f *firm) number(query string) (n int) {
	f.t.Helper()
	if err := f.db.QueryRow(query).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

const waiting = "select count(*) from sync_intents where entity_type = 'invoice' and closed_at is null"

// away lets the week go by, during which every document goes on waiting.
func (f *firm) away() {
	for f.moved < week {
		f.move(6 * time.Hour)
		time.Sleep(700 * time.Millisecond) // Xero is tried again
		if n := f.number(waiting); n != *documents {
			f.t.Fatalf("after %v %d of %d invoices wait", f.moved, n, *documents)
		}
	}
	if n := f.number("select count(*) from sync_intents where sends > 0"); n > 0 {
		f.t.Errorf("the outage spent an attempt of %d documents", n)
	}
	if n := f.number("select count(*) from xero_invoices where cast(sync_status as text) <> 'pending'"); n > 0 {
		f.t.Errorf("%d invoices are not pending", n)
	}
}

// drain waits until everything has arrived. When nothing moves for want of calls,
// the clocks go on.
func (f *firm) drain() {
	left, since, step := f.number(waiting), time.Now(), time.Minute
	for deadline := time.Now().Add(10 * time.Minute); left > 0; time.Sleep(100 * time.Millisecond) {
		if now := f.number(waiting); now < left {
			left, since, step = now, time.Now(), time.Minute
		} else if time.Since(since) > 2*time.Second {
			f.move(step)
			since, step = time.Now(), min(2*step, 2*time.Hour)
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("%d invoices did not arrive", left)
		}
	}
}

var numberOf = regexp.MustCompile(`"InvoiceNumber":"([^"]+)"`)

// check compares what was acknowledged with Xero, and Xero's calls with its limits
// (https://developer.xero.com/documentation/guides/oauth2/limits/).
func (f *firm) check(told []string) {
	t := f.t
	if n := f.number("select count(*) from xero_invoices where cast(sync_status as text) = 'synced' and xero_invoice_id is not null"); n != len(told) {
		t.Errorf("%d of %d invoices are synced", n, len(told))
	}
	var there []struct{ InvoiceNumber string }
	f.xero.Call("GET", "/_sim/documents/Invoices", nil, http.StatusOK, &there)
	times := map[string]int{}
	for _, d := range there {
		times[d.InvoiceNumber]++
	}
	for _, number := range told {
		if times[number] != 1 {
			t.Errorf("invoice %s is in Xero %d times", number, times[number])
		}
	}
	if len(there) != len(told) {
		t.Errorf("Xero has %d invoices, %d were asked for", len(there), len(told))
	}
	if n := f.number("select coalesce(max(sends), 0) from sync_intents"); n > 0 {
		t.Errorf("the outage cost %d attempts", n)
	}

	var calls []struct {
		At           time.Time
		Method, Path string
		Body         string
		Status       int
		InFlight     int `json:"in_flight"`
	}
	f.xero.Call("GET", "/_sim/calls", nil, http.StatusOK, &calls)
	var began []time.Time
	var batches [][]string
	for _, c := range calls {
		if !strings.HasPrefix(c.Path, "/api.xro/") {
			continue
		}
		began = append(began, c.At)
		within := func(most int, d time.Duration) {
			if n := len(began) - most - 1; n >= 0 && c.At.Sub(began[n]) < d {
				t.Errorf("%d calls within %v until %v", most+1, c.At.Sub(began[n]), c.At)
			}
		}
		within(60, time.Minute)
		within(day, 24*time.Hour)
		if c.Status == http.StatusTooManyRequests || c.InFlight > 5 {
			t.Errorf("a call was answered with %d, %d under way", c.Status, c.InFlight)
		}
		if c.Method == http.MethodPut && strings.HasSuffix(c.Path, "/Invoices") && c.Status == http.StatusOK {
			var numbers []string
			for _, m := range numberOf.FindAllStringSubmatch(c.Body, -1) {
				numbers = append(numbers, m[1])
			}
			batches = append(batches, numbers)
		}
	}
	// What was asked for first goes first: not to the place, because calls that are
	// under way at once overtake each other, and whoever's client is known already
	// goes before whoever's is not. In no order at all each would be a third of the
	// whole away from its place.
	var sent []string
	for _, batch := range batches {
		slices.Sort(batch)
		sent = append(sent, batch...)
	}
	sorted, away := slices.Sorted(slices.Values(sent)), 0
	for place, number := range sent {
		due, _ := slices.BinarySearch(sorted, number)
		away += max(place-due, due-place)
	}
	share := float64(away) / float64(len(sent)) / float64(len(sent))
	if share > 0.15 && len(sent) >= 2000 { // of few, five calls at once are too large a part
		t.Errorf("invoices went %.0f %% of the whole away from their place in the order", 100*share)
	}
	t.Logf("on average an invoice went %.1f %% of the whole away from its place in the order", 100*share)
	t.Logf("%d calls, of which %d took invoices along", len(began), len(batches))
}
