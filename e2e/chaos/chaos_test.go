// Package chaos runs the whole stack (three processes of the program, PostgreSQL,
// Redis, nginx, the simulated Xero), works with it as an office does, breaks parts
// of it by a seed, lets it come to rest, and then compares what the callers were
// told, what the database holds and what Xero has, by queries of its own.
//
//	make chaos SEEDS=100
package chaos

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

var (
	seeds   = flag.Int("seeds", 1, "how many `runs`")
	first   = flag.Uint64("seed", 0, "the first run's seed; the next ones follow. 0 takes one by the clock")
	storm   = flag.Duration("storm", 8*time.Second, "how long things are broken in a run")
	results = flag.String("results", "", "`file` to append a line of JSON for each run to")
)

const (
	processes = 3
	clients   = 8
	callers   = 6
	email     = "chaos@firm.test"
	password  = "a chaotic password"
)

// result is one line of the results.
type result struct {
	Seed       uint64         `json:"seed"`
	Seconds    float64        `json:"seconds"`
	Entries    int            `json:"entries"`  // timesheets acknowledged
	Invoices   int            `json:"invoices"` // acknowledged
	Faults     map[string]int `json:"faults"`
	Violations []string       `json:"violations,omitempty"`
}

func TestChaos(t *testing.T) {
	begin := *first
	if begin == 0 {
		begin = uint64(time.Now().UnixNano()) % 1_000_000_000
	}
	binary := program.Build(t)
	for seed := begin; seed < begin+uint64(*seeds); seed++ {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			r := live(t, binary, seed)
			line, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s", line)
			if *results != "" {
				file, err := os.OpenFile(*results, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
				if err == nil {
					_, err = file.Write(append(line, '\n'))
					file.Close()
				}
				if err != nil {
					t.Error(err)
				}
			}
			for _, v := range r.Violations {
				t.Errorf("seed %d: %s", seed, v)
			}
		})
	}
}

// firm is one run.
type firm struct {
	t        *testing.T
	binary   string
	env      []string
	database string // past the proxy
	dbProxy  *proxy
	rdProxy  *proxy
	redis    *storetest.Redis
	xero     *program.Caller
	front    *program.Caller
	ports    []int

	mu        sync.Mutex
	processes []*program.Process
	result    result
	entries   map[string]string // acknowledged timesheets, by id: hours
	invoices  map[string]acknowledged

	ids struct {
		clients, projects []string
		center, activity  string
	}
}

// acknowledged is what a caller was told of an invoice.
type acknowledged struct{ number, total string }

func live(t *testing.T, binary string, seed uint64) result {
	began := time.Now()
	f := &firm{t: t, binary: binary, entries: map[string]string{}, invoices: map[string]acknowledged{}}
	f.result = result{Seed: seed, Faults: map[string]int{}}
	f.begin()
	f.setUp()
	ctx, calm := context.WithTimeout(t.Context(), *storm)
	defer calm()
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() { f.office(ctx, rand.New(rand.NewPCG(seed, uint64(100+n))), n) })
	}
	all.Go(func() { f.trouble(ctx, rand.New(rand.NewPCG(seed, 1))) })
	all.Wait()
	f.mend()
	f.rest()
	f.check()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.result.Seconds = time.Since(began).Seconds()
	f.result.Entries, f.result.Invoices = len(f.entries), len(f.invoices)
	return f.result
}

func (f *firm) count(fault string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.result.Faults[fault]++
}

func (f *firm) violate(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.result.Violations = append(f.result.Violations, fmt.Sprintf(format, args...))
}

// begin starts everything.
func (f *firm) begin() {
	t := f.t
	f.database = storetest.URL(t, store.Postgres)
	address, err := url.Parse(f.database)
	if err != nil {
		t.Fatal(err)
	}
	f.dbProxy = newProxy(t, address.Host)
	host, port := f.dbProxy.address()
	address.Host = fmt.Sprintf("%s:%d", host, port)
	f.redis = storetest.OwnRedis(t)
	f.rdProxy = newProxy(t, f.redis.Address())
	_, redisPort := f.rdProxy.address()

	simulator := program.Start(t, f.binary, nil, "xero-sim", "--listen", "127.0.0.1:0")
	f.xero = program.NewCaller(t, simulator.Address)
	nginxPort := program.FreePort(t)
	f.front = program.NewCaller(t, fmt.Sprintf("http://127.0.0.1:%d", nginxPort))
	f.env = []string{
		"DATABASE_URL=" + address.String(), "DATA_DIR=" + t.TempDir(), "JWT_SECRET=" + strings.Repeat("j", 64), "ENCRYPTION_KEY=" + strings.Repeat("e", 64),
		"FRONTEND_URL=" + f.front.Address, "BACKEND_URL=" + f.front.Address, "TRUSTED_PROXIES=127.0.0.1", "REDIS_HOST=127.0.0.1", fmt.Sprintf("REDIS_PORT=%d", redisPort),
		"XERO_CLIENT_ID=chaos", "XERO_CLIENT_SECRET=a-chaotic-secret", "XERO_API_URL=" + simulator.Address, "XERO_IDENTITY_URL=" + simulator.Address, "XERO_LOGIN_URL=" + simulator.Address,
	}
	program.Run(t, f.binary, f.env, password+"\n", "user", "create", "--email", email, "--name", "Chaos", "--role", "admin", "--password-stdin")
	for range processes {
		port := program.FreePort(t)
		f.ports = append(f.ports, port)
		f.processes = append(f.processes, f.serve(port))
	}
	program.Nginx(t, nginxPort, f.ports)
}

func (f *firm) serve(port int) *program.Process {
	return program.Start(f.t, f.binary, f.env, "serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port))
}

// setUp signs in, connects Xero and enters what work is booked to.
func (f *firm) setUp() {
	var session struct{ Token string }
	f.front.Call("POST", "/api/auth/login", map[string]string{"email": email, "password": password}, http.StatusOK, &session)
	f.front.Token = session.Token
	f.connect()
	f.front.Call("PUT", "/api/settings", map[string]any{"global": true, "settings": []map[string]string{{"key": "xero_sales_account_code", "value": "200"}}}, http.StatusOK, nil)
	created := func(path string, in map[string]any) string {
		var made struct{ ID string }
		f.front.Call("POST", path, in, http.StatusCreated, &made)
		return made.ID
	}
	f.ids.center = created("/api/cost-centers", map[string]any{"code": "C-1", "name": "General"})
	f.ids.activity = created("/api/activity-types", map[string]any{"name": "Labour", "hourly_rate": "95.00", "icon": "Zap", "color": "blue"})
	for n := range clients {
		client := created("/api/clients", map[string]any{"name": fmt.Sprintf("Client %d", n)})
		f.ids.clients = append(f.ids.clients, client)
		f.ids.projects = append(f.ids.projects, created("/api/projects", map[string]any{"name": fmt.Sprintf("Project %d", n), "client_id": client, "cost_center_ids": []string{f.ids.center}}))
	}
}

// connect goes through the consent as a browser does.
func (f *firm) connect() {
	var consent struct{ URL string }
	f.front.Call("GET", "/api/xero/auth/url", nil, http.StatusOK, &consent)
	at := consent.URL + "&_sim_auto=1"
	for range 4 {
		request, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, at, http.NoBody)
		if err != nil {
			f.t.Fatal(err)
		}
		if strings.HasPrefix(at, f.front.Address) {
			request.Header.Set("Authorization", "Bearer "+f.front.Token)
		}
		response, err := f.front.Client.Do(request)
		if err != nil {
			f.t.Fatal(err)
		}
		response.Body.Close()
		to, err := response.Location()
		if err != nil || strings.Contains(to.Path, "/settings") {
			break
		}
		at = to.String()
	}
	var status struct{ Connected bool }
	f.front.Call("GET", "/api/xero/status", nil, http.StatusOK, &status)
	if !status.Connected {
		f.t.Fatal("Xero is not connected")
	}
}

// insist makes a request again, with the same key, until somebody answers it: the
// answer then is the truth. It is nil when nobody did in time.
func (f *firm) insist(ctx context.Context, path, key string, in any) (status int, answer []byte) {
	body, err := json.Marshal(in)
	if err != nil {
		f.t.Error(err)
		return 0, nil
	}
	deadline := time.Now().Add(90 * time.Second)
	for time.Now().Before(deadline) {
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		status, answer, err := f.front.Send(asking, "POST", path, body, "Idempotency-Key", key)
		cancel()
		switch {
		case err != nil, status >= 500, status == http.StatusTooManyRequests:
		case status == http.StatusConflict && (strings.Contains(string(answer), "is still running") || strings.Contains(string(answer), "runs in its place")):
		case status == http.StatusConflict && strings.Contains(string(answer), "was cut off"):
			return 0, nil // nobody can say: it may have been done
		default:
			return status, answer
		}
		time.Sleep(200 * time.Millisecond)
	}
	return 0, nil
}

// office enters hours and invoices them until ctx ends.
func (f *firm) office(ctx context.Context, r *rand.Rand, me int) {
	for n := 0; ctx.Err() == nil; n++ {
		which := r.IntN(clients)
		hours := fmt.Sprintf("%d.%02d", 1+r.IntN(8), 25*r.IntN(4))
		key := fmt.Sprintf("chaos-%d-%d", me, n)
		status, answer := f.insist(ctx, "/api/timesheets", key+"-entry", map[string]any{
			"project_id": f.ids.projects[which], "activity_type_id": f.ids.activity, "cost_center_id": f.ids.center, "date": time.Now().Format(time.DateOnly), "hours": hours,
		})
		var made struct {
			ID     string
			Number string `json:"invoice_number"`
			Total  string
		}
		switch {
		case status == http.StatusCreated && json.Unmarshal(answer, &made) == nil:
			f.mu.Lock()
			f.entries[made.ID] = hours
			f.mu.Unlock()
		case status != 0:
			f.violate("an entry was answered with %d %.300s", status, answer)
		}
		if r.IntN(3) > 0 {
			continue
		}
		status, answer = f.insist(ctx, "/api/xero/invoices/from-timesheets", key+"-invoice", map[string]any{"client_id": f.ids.clients[which]})
		switch {
		case status == http.StatusAccepted && json.Unmarshal(answer, &made) == nil:
			f.mu.Lock()
			f.invoices[made.ID] = acknowledged{made.Number, made.Total}
			f.mu.Unlock()
		case status == http.StatusBadRequest && strings.Contains(string(answer), "No unbilled timesheets"), status == http.StatusConflict:
		case status != 0:
			f.violate("an invoice was answered with %d %.300s", status, answer)
		}
	}
}
