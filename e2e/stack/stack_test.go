// Package stack runs the program as it is deployed: several processes on one
// PostgreSQL and one Redis, behind nginx with the configuration of deploy/nginx.
package stack

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// stack is the whole of it.
type stack struct {
	t         *testing.T
	binary    string
	env       []string
	redis     *storetest.Redis
	processes []*program.Process
	front     *program.Caller // by way of nginx
}

const processes = 2

// deployed starts a stack with the demonstration's firm in it.
func deployed(t *testing.T) *stack {
	t.Helper()
	s := &stack{t: t, binary: program.Build(t), redis: storetest.OwnRedis(t)}
	database, data := storetest.URL(t, store.Postgres), t.TempDir()
	filling := exec.CommandContext(t.Context(), s.binary, "demo", "--fill-only", "--data", data, "--database", database, "--listen", "127.0.0.1:0", "--xero-listen", "127.0.0.1:0")
	if said, err := filling.CombinedOutput(); err != nil {
		t.Fatalf("filling the firm: %v\n%s", err, said)
	}
	ports := make([]int, processes)
	for i := range ports {
		ports[i] = program.FreePort(t)
	}
	nginxPort := program.FreePort(t)
	s.env = []string{
		"DATABASE_URL=" + database, "DATA_DIR=" + data, "JWT_SECRET=" + strings.Repeat("j", 64), "ENCRYPTION_KEY=" + strings.Repeat("e", 64),
		fmt.Sprintf("FRONTEND_URL=http://127.0.0.1:%d", nginxPort), "REDIS_HOST=127.0.0.1", fmt.Sprintf("REDIS_PORT=%d", s.redis.Port), "TRUSTED_PROXIES=127.0.0.1",
	}
	s.processes = make([]*program.Process, processes)
	for i, port := range ports {
		s.processes[i] = s.serve(port)
	}
	program.Nginx(t, nginxPort, ports)
	s.front = program.NewCaller(t, fmt.Sprintf("http://127.0.0.1:%d", nginxPort))
	var session struct{ Token string }
	s.front.Call("POST", "/api/auth/login", map[string]string{"email": "admin@demo.test", "password": "demo-password"}, http.StatusOK, &session)
	s.front.Token = session.Token
	return s
}

func (s *stack) serve(port int) *program.Process {
	s.t.Helper()
	return program.Start(s.t, s.binary, s.env, "serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port))
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
	s := deployed(t)
	t.Run("files and pages", s.pages)
	t.Run("TLS by the sample", s.encrypted)
	t.Run("uploads up to the limit", s.uploads)
	t.Run("live events of another process", s.events)
	t.Run("Redis goes and comes", s.redisGoes)
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
			_, err = part.Write(append([]byte("\xff\xd8\xff"), make([]byte, size-3)...))
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

func (s *stack) uploads(t *testing.T) {
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
	if got := s.upload(t, sheet, 5, 10<<20); got != http.StatusOK {
		t.Errorf("five photos of 10 MB: %d", got)
	}
	if got := s.upload(t, sheet, 6, 10<<20); got != http.StatusRequestEntityTooLarge {
		t.Errorf("more than nginx passes on: %d", got)
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
	for range processes {
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
	direct := program.NewCaller(t, s.processes[0].Address)
	direct.Token = s.front.Token
	var unbilled struct {
		Clients []struct {
			ClientID string `json:"client_id"`
		}
	}
	direct.Call("GET", "/api/xero/unbilled", nil, http.StatusOK, &unbilled)
	var invoice struct{ ID string }
	begin := time.Now()
	direct.Call("POST", "/api/xero/invoices/from-timesheets", map[string]string{"client_id": unbilled.Clients[0].ClientID}, http.StatusAccepted, &invoice)
	for n := 0; n < processes; {
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

func (s *stack) redisGoes(t *testing.T) {
	s.redis.Stop()
	program.Until(t, "degraded, and says so", func() bool {
		response, body := s.get("/readyz")
		return response.StatusCode == http.StatusOK && strings.Contains(body, "degraded")
	})
	var unbilled struct {
		Clients []struct {
			ClientID string `json:"client_id"`
		}
	}
	s.front.Call("GET", "/api/xero/unbilled", nil, http.StatusOK, &unbilled)
	begin := time.Now()
	s.front.Call("POST", "/api/xero/invoices/from-timesheets", map[string]string{"client_id": unbilled.Clients[0].ClientID}, http.StatusAccepted, nil)
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("without Redis an invoice took %v", took)
	}
	s.redis.Start()
	program.Until(t, "ready again", func() bool {
		_, body := s.get("/readyz")
		return strings.Contains(body, `"status":"ready"`)
	})
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
		time.Sleep(1500 * time.Millisecond) // nginx tries it again
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
