// Package chaos runs the whole stack (three processes of the program, PostgreSQL,
// Redis, nginx, the simulated Xero; with every fourth seed one process on SQLite),
// works with it as an office does, breaks parts of it by a seed, lets it come to
// rest, and then compares what the callers were told, what the database holds and
// what Xero has, by queries of its own.
//
//	make chaos SEEDS=100
package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

var (
	seeds   = flag.Int("seeds", 1, "how many `runs`")
	first   = flag.Uint64("seed", 0, "the first run's seed; the next ones follow. 0 takes one by the clock")
	storm   = flag.Duration("storm", 8*time.Second, "how long things are broken in a run")
	results = flag.String("results", "", "`file` to append a line of JSON for each run to")
	abreast = flag.Int("abreast", 1, "how many runs at the same time")
)

const (
	diskSize = 160 // megabytes: what a run writes many times over
	clients  = 8
	callers  = 6
	email    = "chaos@firm.test"
	password = "a chaotic password"
)

// result is one line of the results.
type result struct {
	Seed       uint64         `json:"seed"`
	Engine     store.Engine   `json:"engine"`
	Seconds    float64        `json:"seconds"`
	Entries    int            `json:"entries"`  // timesheets acknowledged
	Photos     int            `json:"photos"`   // acknowledged with them
	Invoices   int            `json:"invoices"` // acknowledged
	Retried    int            `json:"retried"`  // failed for certain, and sent again by a person
	Calls      int            `json:"calls"`    // that Xero saw
	Faults     map[string]int `json:"faults"`
	Violations []string       `json:"violations,omitempty"`
}

func TestChaos(t *testing.T) {
	begin := *first
	if begin == 0 {
		begin = uint64(time.Now().UnixNano()) % 1_000_000_000
	}
	binary := program.BuildWithClock(t)
	turns := make(chan bool, *abreast)
	var appending sync.Mutex
	for seed := begin; seed < begin+uint64(*seeds); seed++ {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			if *abreast > 1 {
				t.Parallel()
			}
			turns <- true
			defer func() { <-turns }()
			r := live(t, binary, seed)
			line, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s", line)
			if *results != "" {
				appending.Lock()
				defer appending.Unlock()
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
	engine   store.Engine
	database string // past the proxy
	data     string // the folder of the files, and of SQLite
	disk     *storetest.Disk
	postgres *storetest.Postgres // nil on SQLite
	dbProxy  *storetest.Proxy    // likewise
	redis    *storetest.Redis    // nil where the database delivers
	rdProxy  *storetest.Proxy
	xero     *program.Caller
	front    *program.Caller
	ports    []int
	freezes  sync.WaitGroup // those that last

	mu        sync.Mutex
	clocks    *rand.Rand
	processes []*program.Process
	frozen    int // which process is, or -1
	result    result
	entries   map[string]string // acknowledged timesheets, by id: hours
	photos    map[string][]byte // acknowledged photos, by address
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
	f := &firm{t: t, binary: binary, engine: store.Postgres, frozen: -1, clocks: rand.New(rand.NewPCG(seed, 2)), entries: map[string]string{}, photos: map[string][]byte{}, invoices: map[string]acknowledged{}}
	if seed%4 == 3 {
		f.engine = store.SQLite
	}
	f.result = result{Seed: seed, Engine: f.engine, Faults: map[string]int{}}
	f.begin(seed%8 != 7)
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
	f.freezes.Wait() // what a process does that comes back late is looked at too
	f.rest()
	f.alive()
	f.retry()
	f.check()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.result.Seconds = time.Since(began).Seconds()
	f.result.Entries, f.result.Photos, f.result.Invoices = len(f.entries), len(f.photos), len(f.invoices)
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
func (f *firm) begin(withRedis bool) {
	t := f.t
	f.disk = storetest.NewDisk(t, diskSize)
	f.data = f.disk.Folder
	simulator := program.Start(t, f.binary, nil, "xero-sim", "--listen", "127.0.0.1:0")
	f.xero = program.NewCaller(t, simulator.Address)
	nginxPort := program.FreePort(t)
	f.front = program.NewCaller(t, fmt.Sprintf("http://127.0.0.1:%d", nginxPort))
	var databaseURL string
	processes := 3
	if f.engine == store.SQLite {
		processes = 1
		f.database = filepath.Join(f.data, "firm.db")
		databaseURL = "sqlite:" + f.database
	} else {
		f.postgres = storetest.OwnPostgres(t)
		f.database = f.postgres.URL()
		address, err := url.Parse(f.database)
		if err != nil {
			t.Fatal(err)
		}
		f.dbProxy = storetest.NewProxy(t, address.Host)
		address.Host = fmt.Sprintf("127.0.0.1:%d", f.dbProxy.Port)
		databaseURL = address.String()
	}
	f.env = append(program.Environment(f.data, databaseURL, simulator.Address),
		"FRONTEND_URL="+f.front.Address, "BACKEND_URL="+f.front.Address, "TRUSTED_PROXIES=127.0.0.1")
	if withRedis {
		f.redis = storetest.OwnRedis(t)
		f.rdProxy = storetest.NewProxy(t, f.redis.Address())
		f.env = append(f.env, "REDIS_HOST=127.0.0.1", fmt.Sprintf("REDIS_PORT=%d", f.rdProxy.Port))
	}
	program.Run(t, f.binary, f.env, password+"\n", "user", "create", "--email", email, "--name", "Chaos", "--role", "admin", "--password-stdin")
	for range processes {
		port := program.FreePort(t)
		f.ports = append(f.ports, port)
		f.processes = append(f.processes, f.serve(port))
	}
	program.Nginx(t, nginxPort, f.ports)
}

// serve starts a process, whose clock is off by up to two minutes either way.
func (f *firm) serve(port int) *program.Process {
	f.mu.Lock()
	env := append(slices.Clone(f.env), fmt.Sprintf("%s=%d", program.ClockOffset, f.clocks.IntN(241)-120))
	f.mu.Unlock()
	return program.Start(f.t, f.binary, env, "serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port))
}

// setUp signs in, connects Xero and enters what work is booked to.
func (f *firm) setUp() {
	f.front.SignIn(email, password)
	f.front.ConnectXero()
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

// insist makes a request again, with the same key, until somebody answers it: the
// answer then is the truth. It is nil when nobody did in time.
func (f *firm) insist(ctx context.Context, path, key, contentType string, body []byte) (status int, answer []byte) {
	deadline := time.Now().Add(90 * time.Second)
	for time.Now().Before(deadline) {
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		status, answer, err := f.front.Send(asking, "POST", path, body, "Idempotency-Key", key, "Content-Type", contentType)
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

// insistJSON does so with a body of JSON.
func (f *firm) insistJSON(ctx context.Context, path, key string, in any) (status int, answer []byte) {
	body, err := json.Marshal(in)
	if err != nil {
		f.t.Error(err)
		return 0, nil
	}
	return f.insist(ctx, path, key, "application/json", body)
}

// office enters hours, some with a photo, and invoices them until ctx ends.
func (f *firm) office(ctx context.Context, r *rand.Rand, me int) {
	for n := 0; ctx.Err() == nil; n++ {
		which := r.IntN(clients)
		key := fmt.Sprintf("chaos-%d-%d", me, n)
		f.enter(ctx, r, which, key+"-entry")
		if r.IntN(3) > 0 {
			continue
		}
		status, answer := f.insistJSON(ctx, "/api/xero/invoices/from-timesheets", key+"-invoice", map[string]any{"client_id": f.ids.clients[which]})
		var made struct {
			ID     string
			Number string `json:"invoice_number"`
			Total  string
		}
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

// enter records hours on a project, now and then with a photo.
func (f *firm) enter(ctx context.Context, r *rand.Rand, which int, key string) {
	hours := fmt.Sprintf("%d.%02d", 1+r.IntN(8), 25*r.IntN(4))
	fields := map[string]string{
		"project_id": f.ids.projects[which], "activity_type_id": f.ids.activity, "cost_center_id": f.ids.center,
		"date": time.Now().AddDate(0, 0, -1).Format(time.DateOnly), "hours": hours,
	}
	var status int
	var answer, photo []byte
	if r.IntN(6) > 0 {
		status, answer = f.insistJSON(ctx, "/api/timesheets", key, fields)
	} else {
		photo = program.Picture(1000+r.IntN(100_000), func() uint8 { return uint8(r.Uint32()) })
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		for name, value := range fields {
			_ = form.WriteField(name, value) // into memory
		}
		part, err := form.CreateFormFile("images", "photo.jpg")
		if err == nil {
			_, err = part.Write(photo)
		}
		if err = errors.Join(err, form.Close()); err != nil {
			f.t.Error(err)
			return
		}
		status, answer = f.insist(ctx, "/api/timesheets", key, form.FormDataContentType(), b.Bytes())
	}
	var made struct {
		ID     string
		Images []string `json:"image_urls"`
	}
	switch {
	case status == http.StatusCreated && json.Unmarshal(answer, &made) == nil:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.entries[made.ID] = hours
		if photo != nil && len(made.Images) == 1 {
			f.photos[made.Images[0]] = photo
		} else if photo != nil {
			f.result.Violations = append(f.result.Violations, fmt.Sprintf("a photo was taken in and is not named: %.300s", answer))
		}
	case status != 0:
		f.violate("an entry was answered with %d %.300s", status, answer)
	}
}
