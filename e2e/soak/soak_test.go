// Package soak works with the deployed stack for a long time at an even pace, and
// watches whether anything grows: memory, goroutines, descriptors, waiting times.
//
//	make soak
package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

var (
	lasts = flag.Duration("lasts", 20*time.Second, "how long the firm is worked with")
	out   = flag.String("out", "", "`folder` to write the figures to, as Markdown and as a plot")
)

const (
	processes    = 2
	pace         = 50 // requests a second
	watchers     = 20 // pages that are open all the time
	metricsToken = "a token for the metrics of a soak"
)

// sample is what was seen at one moment, and of the requests since the one before.
type sample struct {
	at                           time.Duration
	requests, failed             int
	p50, p99                     time.Duration
	memory, goroutines, descript float64 // of all processes together
}

type firm struct {
	t         *testing.T
	front     *program.Caller
	processes []*program.Process

	projects, clients, sheets []string
	activity, center          string

	mu     sync.Mutex
	took   []time.Duration
	failed int
	fault  string
}

func TestSoak(t *testing.T) {
	t.Parallel()
	f := deployed(t)
	ctx, cancel := context.WithTimeout(t.Context(), *lasts)
	defer cancel()
	var running sync.WaitGroup
	for range watchers {
		running.Go(func() { f.watch(ctx) })
	}
	running.Go(func() { f.work(ctx) })
	samples := f.sample(ctx)
	running.Wait()
	f.judge(samples)
	if *out != "" {
		write(t, *out, samples)
	}
}

// deployed is the demonstration's firm on PostgreSQL and Redis, two processes
// behind nginx.
func deployed(t *testing.T) *firm {
	t.Helper()
	f := &firm{t: t}
	binary, data, database := program.Build(t), t.TempDir(), storetest.URL(t, store.Postgres)
	if said, err := exec.CommandContext(t.Context(), binary, "demo", "--fill-only", "--data", data, "--database", database, "--listen", "127.0.0.1:0", "--xero-listen", "127.0.0.1:0").CombinedOutput(); err != nil {
		t.Fatalf("filling the firm: %v\n%s", err, said)
	}
	simulator := program.Start(t, binary, nil, "xero-sim", "--listen", "127.0.0.1:0")
	redis, nginxPort := storetest.OwnRedis(t), program.FreePort(t)
	f.front = program.NewCaller(t, fmt.Sprintf("http://127.0.0.1:%d", nginxPort))
	env := append(program.Environment(data, database, simulator.Address),
		"FRONTEND_URL="+f.front.Address, "BACKEND_URL="+f.front.Address, "TRUSTED_PROXIES=127.0.0.1",
		"REDIS_HOST=127.0.0.1", fmt.Sprintf("REDIS_PORT=%d", redis.Port), "METRICS_TOKEN="+metricsToken)
	var ports []int
	for range processes {
		port := program.FreePort(t)
		ports = append(ports, port)
		f.processes = append(f.processes, program.Start(t, binary, env, "serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port)))
	}
	program.Nginx(t, nginxPort, ports)
	f.front.SignIn("admin@demo.test", "demo-password")
	f.front.ConnectXero()

	ids := func(path string) (found []string) {
		var page struct{ Data []struct{ ID string } }
		f.front.Call("GET", path, nil, http.StatusOK, &page)
		for _, one := range page.Data {
			found = append(found, one.ID)
		}
		return found
	}
	f.clients, f.sheets = ids("/api/clients?limit=50"), ids("/api/timesheets?limit=50")
	f.projects = ids("/api/projects?limit=50")
	var kinds []struct{ ID string }
	f.front.Call("GET", "/api/activity-types", nil, http.StatusOK, &kinds)
	f.activity = kinds[0].ID
	f.front.Call("GET", "/api/cost-centers", nil, http.StatusOK, &kinds)
	f.center = kinds[0].ID
	return f
}

// watch keeps a page open that listens to what changes.
func (f *firm) watch(ctx context.Context) {
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.front.Address+"/api/events", http.NoBody)
		if err != nil {
			f.t.Error(err)
			return
		}
		request.Header.Set("Authorization", "Bearer "+f.front.Token)
		response, err := new(http.Client).Do(request)
		if err != nil {
			if ctx.Err() == nil {
				f.t.Errorf("live events: %v", err)
			}
			return
		}
		_, _ = io.Copy(io.Discard, response.Body) // until it is cut or ctx ends
		response.Body.Close()
	}
}

// work makes requests at an even pace, whether or not earlier ones were answered.
func (f *firm) work(ctx context.Context) {
	r := rand.New(rand.NewPCG(2026, 4))
	beat := time.NewTicker(time.Second / pace)
	defer beat.Stop()
	var all sync.WaitGroup
	defer all.Wait()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			method, path, body, want := f.request(r, n)
			all.Go(func() { f.ask(method, path, body, want) })
		}
	}
}

// request is the next thing that somebody in the firm does.
func (f *firm) request(r *rand.Rand, n int) (method, path string, body any, want int) {
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	switch n % 20 {
	case 0, 5, 10, 15:
		return "POST", "/api/timesheets", map[string]any{
			"project_id": pick(f.projects), "activity_type_id": f.activity, "cost_center_id": f.center,
			"date": time.Now().AddDate(0, 0, -1-r.IntN(20)).Format(time.DateOnly), "hours": "0.25",
		}, http.StatusCreated
	case 1:
		return "POST", "/api/xero/invoices", map[string]any{
			"client_id": pick(f.clients), "line_items": []map[string]string{{"description": fmt.Sprintf("Job %d", n), "quantity": "1", "unit_price": "95.00"}},
		}, http.StatusAccepted
	case 2, 12:
		return "GET", "/api/clients?limit=20&search=a", nil, http.StatusOK
	case 3, 13:
		return "GET", "/api/clients/" + pick(f.clients), nil, http.StatusOK
	case 4:
		return "GET", "/api/xero/unbilled", nil, http.StatusOK
	case 6, 16:
		return "GET", "/api/timesheets/" + pick(f.sheets), nil, http.StatusOK
	case 7:
		return "GET", "/api/xero/invoices?limit=20", nil, http.StatusOK
	case 8:
		return "GET", "/api/dashboard/metrics", nil, http.StatusOK
	case 9, 19:
		return "GET", "/api/projects?limit=20", nil, http.StatusOK
	case 11:
		return "GET", "/", nil, http.StatusOK
	default:
		return "GET", "/api/timesheets?limit=20", nil, http.StatusOK
	}
}

func (f *firm) ask(method, path string, in any, want int) {
	var body []byte
	if in != nil {
		body, _ = json.Marshal(in) // a map of texts
	}
	began := time.Now()
	status, answer, err := f.front.Send(context.Background(), method, path, body)
	took := time.Since(began)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.took = append(f.took, took)
	if err != nil || status != want {
		f.failed++
		f.fault = fmt.Sprintf("%s %s: %d %v %.200s", method, path, status, err, answer)
	}
}

// sample looks sixty times, at even distances.
func (f *firm) sample(ctx context.Context) (all []sample) {
	beat := time.NewTicker(*lasts / 60)
	defer beat.Stop()
	began := time.Now()
	for {
		select {
		case <-ctx.Done():
			return all
		case <-beat.C:
		}
		f.mu.Lock()
		took := f.took
		s := sample{at: time.Since(began), requests: len(took), failed: f.failed}
		f.took, f.failed = nil, 0
		f.mu.Unlock()
		if slices.Sort(took); len(took) > 0 {
			s.p50, s.p99 = took[len(took)/2], took[len(took)*99/100]
		}
		for _, p := range f.processes {
			now, _ := p.Memory()
			s.memory += float64(now) / (1 << 20)
			figures := f.metrics(p.Address)
			s.goroutines += figures["go_goroutines"]
			s.descript += figures["process_open_fds"]
		}
		all = append(all, s)
	}
}

// metrics reads the plain figures of a process.
func (f *firm) metrics(address string) map[string]float64 {
	direct := program.NewCaller(f.t, address)
	direct.Token = metricsToken
	status, text, err := direct.Send(context.Background(), "GET", "/metrics", nil)
	direct.Client.CloseIdleConnections()
	if err != nil || status != http.StatusOK {
		f.t.Errorf("metrics: %d %v", status, err)
		return nil
	}
	found := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			found[name] = n
		}
	}
	return found
}

// judge compares the last quarter with the second one: what was warming up is
// over by then.
func (f *firm) judge(all []sample) {
	t := f.t
	failed := f.failed
	for _, s := range all {
		failed += s.failed
	}
	if failed > 0 {
		t.Errorf("%d requests failed, the last: %s", failed, f.fault)
	}
	if len(all) < 40 {
		t.Fatalf("only %d looks in %v", len(all), *lasts)
	}
	second, last := all[len(all)/4:len(all)/2], all[3*len(all)/4:]
	mean := func(of []sample, value func(sample) float64) (sum float64) {
		for _, s := range of {
			sum += value(s)
		}
		return sum / float64(len(of))
	}
	const waiting = "ms at the 99th percentile"
	for _, one := range []struct {
		name         string
		value        func(sample) float64
		times, spare float64 // how much more there may be
	}{
		{"MB of memory", func(s sample) float64 { return s.memory }, 1.15, 20},
		{"goroutines", func(s sample) float64 { return s.goroutines }, 1.02, 20},
		{"descriptors", func(s sample) float64 { return s.descript }, 1.02, 20},
		{waiting, func(s sample) float64 { return float64(s.p99.Microseconds()) / 1000 }, 2, 50},
	} {
		before, after := mean(second, one.value), mean(last, one.value)
		t.Logf("%s: %.1f in the second quarter, %.1f in the last", one.name, before, after)
		// How long requests take says something only once many were made.
		if after > before*one.times+one.spare && (*lasts >= 10*time.Minute || one.name != waiting) {
			t.Errorf("%s grew from %.1f to %.1f", one.name, before, after)
		}
	}
}

// write keeps the figures as a table and a plot.
func write(t *testing.T, folder string, all []sample) {
	t.Helper()
	var page bytes.Buffer
	fmt.Fprintf(&page, "# %v at %d requests a second\n\nMeasured by `make soak` on %s: two processes behind nginx on PostgreSQL and Redis, %d pages open for live events, "+
		"and a simulated Xero, all on one machine of %d cores. Memory, goroutines and descriptors are those of both processes together; p50 and p99 are of the requests of the last minute.\n\n"+
		"![Memory, goroutines, descriptors and waiting times](soak.svg)\n\n", *lasts, pace, time.Now().UTC().Format(time.DateOnly), watchers, runtime.NumCPU())
	fmt.Fprintf(&page, "| after | requests | p50 | p99 | memory | goroutines | descriptors |\n|---|---|---|---|---|---|---|\n")
	for i := 4; i < len(all); i += 5 {
		s := all[i]
		requests := 0
		for _, earlier := range all[i-4 : i+1] {
			requests += earlier.requests
		}
		fmt.Fprintf(&page, "| %v | %d | %.1f ms | %.1f ms | %.0f MB | %.0f | %.0f |\n", s.at.Round(time.Second), requests,
			float64(s.p50.Microseconds())/1000, float64(s.p99.Microseconds())/1000, s.memory, s.goroutines, s.descript)
	}
	for name, content := range map[string][]byte{"soak.md": page.Bytes(), "soak.svg": plot(all)} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Error(err)
		}
	}
}

// plot draws each figure over the time, from nothing to its most.
func plot(all []sample) []byte {
	const width, height, left, gap = 720, 90, 150, 30
	rows := []struct {
		name  string
		value func(sample) float64
	}{
		{"memory, MB", func(s sample) float64 { return s.memory }},
		{"goroutines", func(s sample) float64 { return s.goroutines }},
		{"descriptors", func(s sample) float64 { return s.descript }},
		{"p99, ms", func(s sample) float64 { return float64(s.p99.Microseconds()) / 1000 }},
		{"p50, ms", func(s sample) float64 { return float64(s.p50.Microseconds()) / 1000 }},
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12">`+"\n", left+width+20, gap+len(rows)*(height+gap))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
	for n, row := range rows {
		top, most := gap/2+n*(height+gap), 0.0
		for _, s := range all {
			most = max(most, row.value(s))
		}
		var points []string
		for _, s := range all {
			points = append(points, fmt.Sprintf("%.1f,%.1f", left+width*s.at.Seconds()/all[len(all)-1].at.Seconds(), float64(top+height)-height*row.value(s)/max(most, 1e-9)))
		}
		fmt.Fprintf(&b, `<text x="8" y="%d">%s</text><text x="8" y="%d" fill="#666">at most %.0f</text>`+"\n", top+height/2, row.name, top+height/2+16, most)
		fmt.Fprintf(&b, `<path d="M%d %dv%dh%d" fill="none" stroke="#ccc"/><polyline points="%s" fill="none" stroke="#00718e" stroke-width="1.5"/>`+"\n", left, top, height, width, strings.Join(points, " "))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" fill="#666">%v</text></svg>`+"\n", left+width-40, gap/2+len(rows)*(height+gap)+4, all[len(all)-1].at.Round(time.Second))
	return b.Bytes()
}
