package stack

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"ampedfieldops/e2e/program"
)

var idleConnections = flag.Int("idle", 1500, "how many idle `connections` are held, to the program and to nginx each")

const (
	slowReaders = 50
	slowSenders = 500 // of headers, and as many of bodies
	siege       = 41 * time.Second
	photoSize   = 10 << 20
)

// place is where bad clients connect: to the program, or to nginx.
type place struct {
	name    string
	address string // host and port
	caller  *program.Caller
}

// TestBadClients has a crowd of bad clients at once, at one process and at nginx in
// front of it: they read a large answer a byte at a time, send headers and bodies a
// byte at a time, send bodies of 100 MB, and hold connections on which nothing
// happens. Everybody else is answered as if they were not there, and whoever is too
// slow is let go.
//
//	make stack
func TestBadClients(t *testing.T) {
	t.Parallel()
	s := demonstration(t, 1)
	idle := *idleConnections
	s.uploadsPhoto(t)
	direct := place{"the program", strings.TrimPrefix(s.processes[0].Address, "http://"), s.front.As(s.processes[0].Address)}
	nginx := place{"nginx", strings.TrimPrefix(s.front.Address, "http://"), s.front}
	both := []place{direct, nginx}
	photo := s.photo(t)

	fds := func() int { return int(s.metric(t, "process_open_fds")) }
	for _, p := range both { // so that what a quiet time is like is known
		if status, _, err := p.caller.Send(t.Context(), "GET", "/api/clients?limit=20", nil); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d, %v", p.name, status, err)
		}
	}
	quiet := besieged{}
	for _, p := range both {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		quiet.others(ctx, t, p).Wait()
		cancel()
	}
	quiet.report(t, "in a quiet time")
	before, _ := s.processes[0].Memory()
	filesBefore := fds()

	ctx, end := context.WithTimeout(t.Context(), siege)
	defer end()
	var crowd sync.WaitGroup
	crowded := besieged{}
	began := time.Now()
	var letGo []func()
	for _, p := range both {
		letGo = append(letGo, hold(t, p, idle))
		crowded.others(ctx, t, p) // ends with ctx
	}
	opened := time.Since(began)
	holding, _ := s.processes[0].Memory()
	let := map[string]*atomic.Int64{}
	for _, p := range both {
		for what, one := range map[string]struct {
			n  int
			do func(ctx context.Context, c net.Conn) (cut bool)
		}{
			"read slowly":         {slowReaders, s.readsSlowly(photo, began.Add(siege-8*time.Second))},
			"send headers slowly": {slowSenders, sendsSlowly("GET /api/clients HTTP/1.1\r\nHost: fieldops\r\nX-Slow: ")},
			"send bodies slowly":  {slowSenders, sendsSlowly("POST /api/auth/login HTTP/1.1\r\nHost: fieldops\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")},
		} {
			cut := &atomic.Int64{}
			let[p.name+": "+what] = cut
			for range one.n {
				crowd.Go(func() {
					for ctx.Err() == nil {
						c, err := net.DialTimeout("tcp", p.address, 10*time.Second)
						if err != nil {
							t.Errorf("%s refuses a connection: %v", p.name, err)
							return
						}
						stop := context.AfterFunc(ctx, func() { c.Close() })
						if one.do(ctx, c) {
							cut.Add(1)
						}
						stop()
						c.Close()
					}
				})
			}
		}
	}
	for _, p := range both {
		s.largeBodies(t, p)
	}
	// Just before the end: whom has the program let go, while they still hold on?
	time.Sleep(time.Until(began.Add(siege - 5*time.Second)))
	filesUnder := fds()
	crowd.Wait()
	crowded.all.Wait()
	_, highest := s.processes[0].Memory()
	crowded.report(t, "among bad clients")
	for _, end := range letGo {
		end()
	}
	for _, p := range both {
		p.caller.Client.CloseIdleConnections()
	}
	program.Until(t, "connections are given back (some are kept to nginx and the database)", func() bool { return fds() < filesBefore+150 })
	after, _ := s.processes[0].Memory()
	t.Logf("%d idle connections to each, opened in %v; the program's memory: %d MB before, %d MB with them, %d MB at the highest, %d MB after; %d files open before, %d under siege",
		idle, opened.Round(time.Millisecond), before>>20, holding>>20, highest>>20, after>>20, filesBefore, filesUnder)
	for what, n := range let {
		t.Logf("%s: %d were let go", what, n.Load())
		if n.Load() == 0 && what != "nginx: send bodies slowly" { // which costs it a connection and nothing of the program's
			t.Errorf("%s: nobody was let go in %v", what, siege)
		}
	}
	if most := int64(idle)*40<<10 + 250<<20; highest-before > most {
		t.Errorf("the program took %d MB more than before, of which %d MB would be understood", (highest-before)>>20, most>>20)
	}
}

// uploadsPhoto gives the firm a photo of 10 MB.
func (s *stack) uploadsPhoto(t *testing.T) {
	t.Helper()
	if status := s.upload(t, s.unphotographed(), 1, photoSize); status != http.StatusOK {
		t.Fatalf("uploading: %d", status)
	}
}

// photo is the address of a large photo.
func (s *stack) photo(t *testing.T) string {
	t.Helper()
	var page struct {
		Data []struct {
			Images []string `json:"image_urls"`
		}
	}
	s.front.Call("GET", "/api/timesheets?limit=100", nil, http.StatusOK, &page)
	for _, one := range page.Data {
		for _, image := range one.Images {
			if status, body, err := s.front.Send(t.Context(), "GET", image, nil); err == nil && status == http.StatusOK && len(body) > photoSize*9/10 { // the picture is about as large
				return image
			}
		}
	}
	t.Fatal("there is no large photo")
	return ""
}

// besieged is how others are answered.
type besieged struct {
	mu   sync.Mutex
	took map[string][]time.Duration
	bad  []string
	all  sync.WaitGroup
}

// others are those who mean well; they end with ctx.
func (b *besieged) others(ctx context.Context, t *testing.T, p place) *sync.WaitGroup {
	t.Helper()
	for n := range 4 {
		b.all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				method, path, want := "GET", "/api/clients?limit=20", http.StatusOK
				var body []byte
				if (i+n)%4 == 0 {
					method, path, want = "POST", "/api/clients", http.StatusCreated
					body = fmt.Appendf(nil, `{"name": "Besieged %s %d %d %d"}`, p.name, n, i, time.Now().UnixNano())
				}
				begin := time.Now()
				status, answer, err := p.caller.Send(context.WithoutCancel(ctx), method, path, body)
				took := time.Since(begin)
				b.mu.Lock()
				if b.took == nil {
					b.took = map[string][]time.Duration{}
				}
				b.took[p.name] = append(b.took[p.name], took)
				if err != nil || status != want {
					b.bad = append(b.bad, fmt.Sprintf("%s: %s %s: %d %v %.200s", p.name, method, path, status, err, answer))
				}
				b.mu.Unlock()
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	return &b.all
}

func (b *besieged) report(t *testing.T, when string) {
	t.Helper()
	for name, took := range b.took {
		slices.Sort(took)
		at := func(q float64) time.Duration {
			return took[min(len(took)-1, int(q*float64(len(took))))].Round(100 * time.Microsecond)
		}
		t.Logf("%s others at %s: %d requests, %d failed, p50 %v, p99 %v, the longest %v", when, name, len(took), len(b.bad), at(.5), at(.99), took[len(took)-1].Round(time.Millisecond))
		if len(took) < 50 || at(.99) > 5*time.Second {
			t.Errorf("%s others at %s had %d answers, p99 %v", when, name, len(took), at(.99))
		}
	}
	for _, bad := range b.bad[:min(5, len(b.bad))] {
		t.Error(bad)
	}
}

// hold has another process hold connections on which one request was answered and
// nothing more happens: all of them would be more files than one process is
// allowed.
func hold(t *testing.T, p place, n int) (end func()) {
	t.Helper()
	holder := exec.CommandContext(t.Context(), os.Args[0], "-idle", strconv.Itoa(n))
	holder.Env = append(os.Environ(), holds+"="+p.address)
	holder.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	holding, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := holder.StdoutPipe()
	if err == nil {
		err = holder.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		holding.Close()
		if err := holder.Wait(); err != nil {
			t.Errorf("holding connections to %s: %v", p.name, err)
		}
	})
	t.Cleanup(end)
	line, _ := bufio.NewReader(said).ReadString('\n')
	if line != "held\n" {
		t.Fatalf("holding %d connections to %s: %s", n, p.name, line)
	}
	return end
}

// holds is in the environment of a process that only holds connections.
const holds = "STACK_HOLDS"

func TestMain(m *testing.M) {
	address := os.Getenv(holds)
	if address == "" {
		os.Exit(m.Run())
	}
	flag.Parse()
	held, err := openAndHold(address, *idleConnections)
	if err != nil {
		fmt.Println(err)
	} else {
		fmt.Println("held")
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until we are told to end
	runtime.KeepAlive(held)
}

func openAndHold(address string, n int) ([]net.Conn, error) {
	all := make([]net.Conn, n)
	var opening errgroup.Group
	for worker := range 16 {
		opening.Go(func() error {
			for i := worker; i < n; i += 16 {
				c, err := net.DialTimeout("tcp", address, 20*time.Second)
				if err != nil {
					return err
				}
				all[i] = c
				_ = c.SetReadDeadline(time.Now().Add(20 * time.Second)) // a connection has deadlines
				if _, err = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: fieldops\r\n\r\n"); err == nil {
					_, err = c.Read(make([]byte, 12))
				}
				if err != nil {
					return fmt.Errorf("connection %d: %w", i, err)
				}
			}
			return nil
		})
	}
	return all, opening.Wait()
}

// readsSlowly asks for a large answer, takes ten bytes of it a second until a
// moment, and then all that is still to come: less than there is when it was let
// go.
func (s *stack) readsSlowly(path string, until time.Time) func(ctx context.Context, c net.Conn) (cut bool) {
	return func(ctx context.Context, c net.Conn) bool {
		_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
		if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: fieldops\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n", path, s.front.Token); err != nil {
			return false
		}
		one := make([]byte, 1)
		n := int64(0)
		for ; time.Now().Before(until) && ctx.Err() == nil; n++ {
			if _, err := c.Read(one); err != nil {
				return true
			}
			time.Sleep(100 * time.Millisecond)
		}
		rest, _ := io.Copy(io.Discard, c) // how it ends does not matter
		<-ctx.Done()
		return n+rest < photoSize*9/10
	}
}

// sendsSlowly begins a request and goes on with a byte a second.
func sendsSlowly(begin string) func(ctx context.Context, c net.Conn) (cut bool) {
	return func(ctx context.Context, c net.Conn) bool {
		gone := make(chan struct{})
		go func() { // until the connection is closed by either side
			defer close(gone)
			_, _ = io.Copy(io.Discard, c)
		}()
		if _, err := io.WriteString(c, begin); err != nil {
			return true
		}
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				c.Close()
				<-gone
				return false
			case <-gone:
				return true
			case <-tick.C:
				_, _ = io.WriteString(c, "a") // that it is closed, gone says
			}
		}
	}
}

// largeBodies sends bodies of 100 MB that say so, and such that do not.
func (s *stack) largeBodies(t *testing.T, p place) {
	t.Helper()
	const size = 100 << 20
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	part, err := parts.CreateFormFile("images", "large.jpg")
	if err == nil {
		_, err = part.Write([]byte("\xff\xd8\xff"))
	}
	if err != nil {
		t.Fatal(err)
	}
	before, _ := s.processes[0].Memory()
	var sending sync.WaitGroup
	for what, header := range map[string]string{
		"JSON":           "POST /api/clients HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n",
		"JSON in chunks": "POST /api/clients HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
		"a photo":        "POST /api/timesheets/" + s.unphotographed() + "/images HTTP/1.1\r\nContent-Type: " + parts.FormDataContentType() + "\r\nTransfer-Encoding: chunked\r\n",
		"no session":     "POST /api/auth/login HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
	} {
		for range 3 {
			sending.Go(func() {
				c, err := net.DialTimeout("tcp", p.address, 10*time.Second)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(40 * time.Second))
				var sent sync.WaitGroup
				sent.Go(func() {
					fmt.Fprintf(c, "%sHost: fieldops\r\nAuthorization: Bearer %s\r\n\r\n", header, s.front.Token)
					chunked := strings.Contains(header, "chunked")
					piece := bytes.Repeat([]byte(" "), 1<<20)
					if strings.Contains(header, "multipart") {
						fmt.Fprintf(c, "%x\r\n%s\r\n", form.Len(), form.Bytes())
					}
					for n := 0; n < size; n += len(piece) {
						if chunked {
							fmt.Fprintf(c, "%x\r\n", len(piece))
						}
						if _, err := c.Write(piece); err != nil {
							return
						}
						if chunked {
							_, _ = io.WriteString(c, "\r\n")
						}
					}
				})
				response, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					t.Errorf("%s: 100 MB (%s): %v", p.name, what, err)
				} else {
					want := http.StatusRequestEntityTooLarge
					if what == "a photo" { // which is refused as such, once it is larger than a photo may be
						want = http.StatusBadRequest
					}
					if response.StatusCode != want {
						t.Errorf("%s: 100 MB (%s): %d", p.name, what, response.StatusCode)
					}
					response.Body.Close()
				}
				c.Close()
				sent.Wait()
			})
		}
	}
	sending.Wait()
	after, _ := s.processes[0].Memory()
	t.Logf("12 bodies of 100 MB at %s: the program's memory was %d MB before and %d MB after", p.name, before>>20, after>>20)
	if after-before > 100<<20 {
		t.Errorf("bodies of 100 MB were kept in memory: %d MB more", (after-before)>>20)
	}
}
