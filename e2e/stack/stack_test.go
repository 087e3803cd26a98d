// Package stack runs the program as it is deployed: several processes on one
// PostgreSQL and one Redis, behind nginx with the configuration of deploy/nginx.
package stack

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/store/storetest"
)

// stack is the whole of it.
type stack struct {
	t         *testing.T
	binary    string
	env       []string
	postgres  *storetest.Postgres
	redis     *storetest.Redis
	xero      *program.Caller // the simulator's control
	processes []*program.Process
	front     *program.Caller // by way of nginx
}

const (
	email        = "admin@demo.test"
	password     = "demo-password"
	metricsToken = "a token of the stack's"
)

// begun starts what processes of the program need, and none of them yet.
// xeroFlags are the simulator's.
func begun(t *testing.T, xeroFlags ...string) *stack {
	t.Helper()
	s := &stack{t: t, binary: program.Build(t), postgres: storetest.OwnPostgres(t), redis: storetest.OwnRedis(t)}
	simulator := program.Start(t, s.binary, nil, append([]string{"xero-sim", "--listen", "127.0.0.1:0"}, xeroFlags...)...)
	s.xero = program.NewCaller(t, simulator.Address)
	s.env = append(program.Environment(t.TempDir(), s.postgres.URL(), simulator.Address),
		"REDIS_HOST=127.0.0.1", fmt.Sprintf("REDIS_PORT=%d", s.redis.Port), "TRUSTED_PROXIES=127.0.0.1", "METRICS_TOKEN="+metricsToken)
	return s
}

// deploy starts processes behind nginx, signs in and connects Xero.
func (s *stack) deploy(processes int) {
	s.t.Helper()
	nginxPort := program.FreePort(s.t)
	s.front = program.NewCaller(s.t, fmt.Sprintf("http://127.0.0.1:%d", nginxPort))
	s.env = append(s.env, "FRONTEND_URL="+s.front.Address, "BACKEND_URL="+s.front.Address)
	ports := make([]int, processes)
	for i := range ports {
		ports[i] = program.FreePort(s.t)
		s.processes = append(s.processes, s.serve(ports[i]))
	}
	program.Nginx(s.t, nginxPort, ports)
	s.front.SignIn(email, password)
	s.front.ConnectXero()
	s.front.Call("PUT", "/api/settings", map[string]any{"global": true, "settings": []map[string]string{{"key": "xero_sales_account_code", "value": "200"}}}, http.StatusOK, nil)
}

// demonstration starts a stack with the demonstration's firm in it.
func demonstration(t *testing.T, processes int) *stack {
	t.Helper()
	s := begun(t)
	program.Run(t, s.binary, nil, "", "demo", "--fill-only", "--data", t.TempDir(), "--database", s.postgres.URL(), "--listen", "127.0.0.1:0", "--xero-listen", "127.0.0.1:0")
	s.deploy(processes)
	return s
}

// firm starts a stack with nobody but an admin in it.
func firm(t *testing.T, processes int, xeroFlags ...string) *stack {
	t.Helper()
	s := begun(t, xeroFlags...)
	program.Run(t, s.binary, s.env, password+"\n", "user", "create", "--email", email, "--name", "Admin", "--role", "admin", "--password-stdin")
	s.deploy(processes)
	return s
}

func (s *stack) serve(port int) *program.Process {
	s.t.Helper()
	return program.Start(s.t, s.binary, s.env, "serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port))
}

// client adds a client and gives its id.
func (s *stack) client(name string) string {
	s.t.Helper()
	var made struct{ ID string }
	s.front.Call("POST", "/api/clients", map[string]string{"name": name}, http.StatusCreated, &made)
	return made.ID
}

// invoiceOf is the request for an invoice of one line.
func invoiceOf(client, description, account string) map[string]any {
	line := map[string]any{"description": description, "quantity": "1.5", "unit_price": "95.00"}
	if account != "" {
		line["account_code"] = account
	}
	return map[string]any{"client_id": client, "line_items": []any{line}}
}

// invoice makes an invoice of one line by way of a caller and gives its id.
func (s *stack) invoice(by *program.Caller, client, description string) string {
	s.t.Helper()
	var made struct{ ID string }
	by.Call("POST", "/api/xero/invoices", invoiceOf(client, description, ""), http.StatusAccepted, &made)
	return made.ID
}

// arrives waits until an invoice is synced.
func (s *stack) arrives(t *testing.T, id string) {
	t.Helper()
	program.Until(t, "the invoice is in Xero", func() bool {
		var state struct {
			Status string `json:"sync_status"`
		}
		s.front.Call("GET", "/api/xero/invoices/"+id+"/sync-status", nil, http.StatusOK, &state)
		return state.Status == "synced"
	})
}

// open opens the database past everything.
func (s *stack) open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", s.postgres.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// metric is the sum of a metric over all processes.
func (s *stack) metric(t *testing.T, name string) (sum float64) {
	t.Helper()
	for _, p := range s.processes {
		c := program.NewCaller(t, p.Address)
		c.Token = metricsToken
		status, text, err := c.Send(t.Context(), "GET", "/metrics", nil)
		if err != nil || status != http.StatusOK {
			t.Fatalf("metrics: %d %v", status, err)
		}
		for line := range strings.Lines(string(text)) {
			if value, ok := strings.CutPrefix(line, name+" "); ok {
				n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
				if err != nil {
					t.Fatal(err)
				}
				sum += n
			}
		}
	}
	return sum
}

// ports are those of the processes.
func (s *stack) ports() []int {
	all := make([]int, len(s.processes))
	for i, p := range s.processes {
		if _, err := fmt.Sscan(p.Address[strings.LastIndexByte(p.Address, ':')+1:], &all[i]); err != nil {
			s.t.Fatal(err)
		}
	}
	return all
}

// get makes a request by way of nginx and gives its headers too.
func (s *stack) get(path string) (*http.Response, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.front.Address+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.front.Token)
	response, err := s.front.Client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response, string(body)
}

func TestStack(t *testing.T) {
	t.Parallel()
	s := demonstration(t, 2)
	t.Run("files and pages", s.pages)
	t.Run("TLS by the sample", s.encrypted)
	t.Run("wrong passwords at several processes", s.guesses)
	t.Run("uploads up to the limit", s.uploads)
	t.Run("live events of another process", s.events)
	t.Run("Redis goes and comes", s.redisGoes)
	t.Run("PostgreSQL goes and comes", s.postgresGoes)
	t.Run("a rolling restart fails no request", s.rolling)
	t.Run("a process that dies", s.dies)
}

func (s *stack) pages(t *testing.T) {
	fromProgram := program.NewCaller(t, s.processes[0].Address)
	plain, err := fromProgram.Client.Get(fromProgram.Address + "/")
	if err != nil {
		t.Fatal(err)
	}
	plain.Body.Close()
	for path, cached := range map[string]string{"/": "no-cache", "/projects/any/deep/path": "no-cache", "/theme.js": "no-cache"} {
		response, body := s.get(path)
		if response.StatusCode != http.StatusOK || response.Header.Get("Cache-Control") != cached || path != "/theme.js" && !strings.Contains(body, "<div id=\"root\">") {
			t.Errorf("%s: %d, %v, %.100s", path, response.StatusCode, response.Header, body)
		}
		for _, name := range []string{"X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Permissions-Policy", "Content-Security-Policy"} {
			if got, want := response.Header.Get(name), plain.Header.Get(name); got != want || want == "" {
				t.Errorf("%s: %s is %q, the program's own is %q", path, name, got, want)
			}
		}
		if hsts := response.Header.Get("Strict-Transport-Security"); hsts != "" {
			t.Errorf("%s: without TLS browsers are told to stay with it: %q", path, hsts)
		}
	}
	_, index := s.get("/")
	_, rest, _ := strings.Cut(index, `src="/assets/`)
	name, _, _ := strings.Cut(rest, `"`)
	if response, _ := s.get("/assets/" + name); response.StatusCode != http.StatusOK || !strings.Contains(response.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("/assets/%s: %d %v", name, response.StatusCode, response.Header)
	}
	if response, _ := s.get("/assets/none.js"); response.StatusCode != http.StatusNotFound {
		t.Errorf("a file that is not there: %d", response.StatusCode)
	}
	if response, body := s.get("/api/clients?limit=1"); response.StatusCode != http.StatusOK || !strings.Contains(body, `"pagination"`) || response.Header.Get("X-Request-ID") == "" {
		t.Errorf("the API: %d %.200s", response.StatusCode, body)
	}
	// What is not in the app's files is the program's to answer.
	if response, body := s.get("/admin/queue/"); response.StatusCode != http.StatusOK || !strings.Contains(body, "River") || strings.Contains(response.Header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Errorf("the engine's pages: %d %v %.200s", response.StatusCode, response.Header, body)
	}
	if response, body := s.get("/branding/logo"); response.StatusCode != http.StatusNotFound || strings.Contains(body, "<div") {
		t.Errorf("a logo that is not there: %d %.200s", response.StatusCode, body)
	}
	if response, body := s.get("/shared/none?expires=1&signature=x"); response.StatusCode != http.StatusForbidden || strings.Contains(body, "<div") {
		t.Errorf("a link to a file that is not good: %d %.200s", response.StatusCode, body)
	}
	if response, body := s.get("/readyz"); response.StatusCode != http.StatusOK || !strings.Contains(body, `"redis":true`) {
		t.Errorf("ready: %d %s", response.StatusCode, body)
	}
}

// upload sends a photo of so many bytes to a timesheet.
func (s *stack) upload(t *testing.T, timesheet string, photos, size int) int {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for n := range photos {
		part, err := form.CreateFormFile("images", fmt.Sprintf("%d.jpg", n))
		if err == nil {
			_, err = part.Write(program.Picture(size-size/100, func() uint8 { return uint8(n) }))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	status, _, err := s.front.Send(t.Context(), "POST", "/api/timesheets/"+timesheet+"/images", b.Bytes(), "Content-Type", form.FormDataContentType())
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// guesses tries wrong passwords at both processes by turns, one after the other
// and all at the same moment: they are limited as if there were one process.
func (s *stack) guesses(t *testing.T) {
	const allowed, tries = 5, 20
	guess := func(n int, address string) int {
		c := program.NewCaller(t, s.processes[n%len(s.processes)].Address)
		body := fmt.Appendf(nil, `{"email": %q, "password": "guess %d"}`, address, n)
		status, answer, err := c.Send(t.Context(), "POST", "/api/auth/login", body, "X-Forwarded-For", "192.0.2.7")
		if err != nil || status != http.StatusUnauthorized && status != http.StatusTooManyRequests {
			t.Errorf("guess %d: %d %v %s", n, status, err, answer)
		}
		return status
	}
	for n := range tries {
		want := http.StatusUnauthorized
		if n >= allowed {
			want = http.StatusTooManyRequests
		}
		if got := guess(n, "manager@demo.test"); got != want {
			t.Errorf("guess %d, at process %d: %d, want %d", n+1, n%len(s.processes), got, want)
		}
	}
	var all sync.WaitGroup
	var looked atomic.Int64
	for n := range tries {
		all.Go(func() {
			if guess(n, "tech@demo.test") == http.StatusUnauthorized {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	if n := looked.Load(); n != allowed {
		t.Errorf("of %d guesses at the same moment %d were looked at, not %d", tries, n, allowed)
	}
}

// unphotographed is a timesheet without photos, to which some can be added.
func (s *stack) unphotographed() string {
	s.t.Helper()
	var page struct {
		Data []struct {
			ID     string
			Images []string `json:"image_urls"`
		}
	}
	s.front.Call("GET", "/api/timesheets?billing_status=unbilled&limit=100", nil, http.StatusOK, &page)
	sheet := ""
	for _, one := range page.Data {
		if len(one.Images) == 0 {
			sheet = one.ID
		}
	}
	return sheet
}

func (s *stack) uploads(t *testing.T) {
	sheet := s.unphotographed()
	if got := s.upload(t, sheet, 5, 10<<20); got != http.StatusOK {
		t.Errorf("five photos of 10 MB: %d", got)
	}
	if got := s.upload(t, sheet, 6, 10<<20); got != http.StatusRequestEntityTooLarge {
		t.Errorf("more than nginx passes on: %d", got)
	}
	s.largeFile(t)
	s.brokenUpload(t)
}

// largeFile keeps a file of a project that is larger than all photos of an entry.
func (s *stack) largeFile(t *testing.T) {
	t.Helper()
	var projects struct{ Data []struct{ ID string } }
	s.front.Call("GET", "/api/projects?limit=1", nil, http.StatusOK, &projects)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "plan.pdf")
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 90<<20)
	copy(content, "%PDF-1.7\n")
	copy(content[len(content)-30:], "\nstartxref\n0\n%%EOF\n")
	if _, err := file.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(form.WriteField("project_id", projects.Data[0].ID), form.Close()); err != nil {
		t.Fatal(err)
	}
	if status, said, err := s.front.Send(t.Context(), "POST", "/api/files", body.Bytes(), "Content-Type", form.FormDataContentType()); err != nil || status != http.StatusCreated {
		t.Errorf("a file of 90 MB: %d %.300s %v", status, said, err)
	}
}

// brokenUpload sends most of a photo in a piece that breaks off: what came is there.
func (s *stack) brokenUpload(t *testing.T) {
	t.Helper()
	const size, most = 9 << 20, 7 << 20
	ask := func(method, path string, body io.Reader, header ...string) *http.Response {
		request, err := http.NewRequestWithContext(t.Context(), method, s.front.Address+path, body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+s.front.Token)
		request.Header.Set("Tus-Resumable", "1.0.0")
		for i := 0; i < len(header); i += 2 {
			request.Header.Set(header[i], header[i+1])
		}
		if body != nil {
			request.ContentLength = size
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil // it broke, as it should
		}
		response.Body.Close()
		return response
	}
	begun := ask("POST", "/api/uploads", nil, "Upload-Length", strconv.Itoa(size))
	if begun == nil || begun.StatusCode != http.StatusCreated {
		t.Fatalf("an upload is not begun: %v", begun)
	}
	at := begun.Header.Get("Location")
	broken := io.MultiReader(bytes.NewReader(make([]byte, most)), iotest.ErrReader(errors.New("the signal is gone")))
	if answer := ask("PATCH", at, broken, "Content-Type", "application/offset+octet-stream", "Upload-Offset", "0"); answer != nil {
		t.Errorf("a piece that breaks off: %d", answer.StatusCode)
	}
	came := 0
	for until := time.Now().Add(10 * time.Second); came < most-1<<20 && time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if stands := ask("HEAD", at, nil); stands != nil {
			came, _ = strconv.Atoi(stands.Header.Get("Upload-Offset")) // none while the broken piece is still written
		}
	}
	if came < most-1<<20 || came > most {
		t.Errorf("of %d bytes that were sent %d are there", most, came)
	}
}

// events watches through nginx at either process, while the other one changes
// something.
func (s *stack) events(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var watching sync.WaitGroup
	heard := make(chan string, 64)
	// Two watchers: nginx gives them to the processes by turns.
	for range s.processes {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.front.Address+"/api/events", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+s.front.Token)
		response, err := new(http.Client).Do(request)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", response, err)
		}
		watching.Go(func() {
			defer response.Body.Close()
			for lines := bufio.NewScanner(response.Body); lines.Scan(); {
				if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && strings.Contains(data, `"entity_type":"invoice"`) {
					heard <- data
				}
			}
		})
	}
	time.Sleep(500 * time.Millisecond) // listening to each other begins a moment after the start
	direct := s.front.As(s.processes[0].Address)
	var unbilled struct {
		Clients []struct {
			ClientID string `json:"client_id"`
		}
	}
	direct.Call("GET", "/api/xero/unbilled", nil, http.StatusOK, &unbilled)
	var invoice struct{ ID string }
	begin := time.Now()
	direct.Call("POST", "/api/xero/invoices/from-timesheets", map[string]string{"client_id": unbilled.Clients[0].ClientID}, http.StatusAccepted, &invoice)
	for n := 0; n < len(s.processes); {
		select {
		case data := <-heard:
			if strings.Contains(data, invoice.ID) {
				n++
			}
		case <-ctx.Done():
			t.Fatal("not every watcher was told of the invoice")
		}
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	cancel()
	watching.Wait()
}

// redisGoes: an invoice that is asked for while Redis is away is answered as
// quickly as any, and reaches Xero by way of the database; once Redis is back, the
// next one goes through it.
func (s *stack) redisGoes(t *testing.T) {
	client := s.client("Redis Goes Ltd")
	const handedOver = "ampedfieldops_redis_jobs_total"
	timed := func(description string) (id string, took time.Duration) {
		begin := time.Now()
		id = s.invoice(s.front, client, description)
		return id, time.Since(begin)
	}
	before := s.metric(t, handedOver)
	id, usual := timed("with Redis")
	s.arrives(t, id)
	with := s.metric(t, handedOver)
	if with <= before {
		t.Errorf("with Redis %v jobs went through it", with-before)
	}

	s.redis.Stop()
	id, took := timed("without Redis") // before anybody has noticed
	begin := time.Now()
	s.arrives(t, id)
	t.Logf("an invoice was answered in %v with Redis, in %v just after it went, and was in Xero %v later", usual, took, time.Since(begin))
	if took > 2*time.Second {
		t.Errorf("without Redis an invoice took %v", took)
	}
	program.Until(t, "degraded, and says so", func() bool {
		response, body := s.get("/readyz")
		return response.StatusCode == http.StatusOK && strings.Contains(body, "degraded")
	})
	without := s.metric(t, handedOver)
	id, took = timed("still without Redis")
	s.arrives(t, id)
	if handed := s.metric(t, handedOver); handed != without || took > 2*time.Second {
		t.Errorf("without Redis %v jobs went through it, and an invoice took %v", handed-without, took)
	}

	s.redis.Start()
	for _, p := range s.processes {
		c := program.NewCaller(t, p.Address)
		program.Until(t, "ready again", func() bool {
			_, body, err := c.Send(t.Context(), "GET", "/readyz", nil)
			return err == nil && strings.Contains(string(body), `"status":"ready"`)
		})
	}
	id, _ = timed("with Redis again")
	s.arrives(t, id)
	if handed := s.metric(t, handedOver); handed <= without {
		t.Errorf("with Redis again %v jobs went through it", handed-without)
	}
}

// load makes requests by way of nginx until it is stopped, and counts.
func (s *stack) load(t *testing.T) (stop func() (made, failed int64, first string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var made, failed atomic.Int64
	var first atomic.Value
	var callers sync.WaitGroup
	for n := range 8 {
		callers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				method, path, want := "GET", "/api/clients?limit=5", http.StatusOK
				var body []byte
				if (i+n)%4 == 0 {
					method, path, want = "POST", "/api/clients", http.StatusCreated
					body, _ = json.Marshal(map[string]string{"name": fmt.Sprintf("Load %d-%d", n, i)})
				}
				status, answer, err := s.front.Send(context.WithoutCancel(ctx), method, path, body)
				made.Add(1)
				if err != nil || status != want {
					failed.Add(1)
					first.CompareAndSwap(nil, fmt.Sprintf("%s %s: %d %v %.200s", method, path, status, err, answer))
				}
			}
		})
	}
	return func() (int64, int64, string) {
		cancel()
		callers.Wait()
		text, _ := first.Load().(string)
		return made.Load(), failed.Load(), text
	}
}

func (s *stack) rolling(t *testing.T) {
	stop := s.load(t)
	for i, port := range s.ports() {
		time.Sleep(300 * time.Millisecond)
		s.processes[i].Stop()
		s.processes[i] = s.serve(port)
		time.Sleep(2200 * time.Millisecond) // nginx tries it again after two seconds at the latest, which it counts whole
	}
	made, failed, first := stop()
	if failed > 0 || made < 100 {
		t.Errorf("%d of %d requests failed: %s", failed, made, first)
	}
	t.Logf("%d requests during a rolling restart, %d failed", made, failed)
}

// dies kills a process: what was under way there is lost to its callers, and
// nothing else.
func (s *stack) dies(t *testing.T) {
	stop := s.load(t)
	time.Sleep(500 * time.Millisecond)
	s.processes[0].Kill()
	time.Sleep(2 * time.Second)
	made, failed, first := stop()
	if failed > 8 || made < 100 { // a request each of eight callers
		t.Errorf("%d of %d requests failed: %s", failed, made, first)
	}
	t.Logf("%d requests, %d failed: %s", made, failed, first)
	if response, _ := s.get("/api/clients?limit=1"); response.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %d", response.StatusCode)
	}
}
