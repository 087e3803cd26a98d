package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// build makes the program as a release is made, or takes the one that
// AMPEDFIELDOPS_BIN names.
func build(t *testing.T) string {
	t.Helper()
	if given := os.Getenv("AMPEDFIELDOPS_BIN"); given != "" {
		return given
	}
	binary := filepath.Join(t.TempDir(), "ampedfieldops")
	command := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "ampedfieldops/cmd/ampedfieldops")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, output)
	}
	return binary
}

// process is a running command of the program.
type process struct {
	t       *testing.T
	command *exec.Cmd
	address string // from its line "ready http://…"
	log     string // the file with its standard error
	exited  chan error
	stopped bool
}

// start runs a command of the program until it says that it is ready.
func start(t *testing.T, binary string, environment []string, arguments ...string) *process {
	t.Helper()
	dir := t.TempDir()
	p := &process{t: t, log: filepath.Join(dir, "stderr"), exited: make(chan error, 1)}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	output, printing, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// Without a context: it ends by SIGTERM, so that it can drain.
	p.command = exec.Command(binary, arguments...)
	p.command.Dir = dir // where there is no .env
	p.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, environment...)
	p.command.Stdout, p.command.Stderr = printing, log
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := errors.Join(p.command.Start(), printing.Close()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	go func() { p.exited <- p.command.Wait() }()

	ready := make(chan string, 1)
	go func() {
		defer output.Close()
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if address, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
				ready <- address
			}
		}
	}()
	select {
	case p.address = <-ready:
	case err := <-p.exited:
		p.exited <- err
		t.Fatalf("%v ended before it was ready: %v\n%s", arguments, err, p.lastWords())
	case <-time.After(time.Minute):
		t.Fatalf("%v was not ready in a minute\n%s", arguments, p.lastWords())
	}
	return p
}

// stop ends the process in its own time, and fails the test when that is not
// how it ends.
func (p *process) stop() {
	if p.stopped {
		return
	}
	p.stopped = true
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Error(err)
	}
	select {
	case err := <-p.exited:
		if err != nil {
			p.t.Errorf("%v ended with %v\n%s", p.command.Args, err, p.lastWords())
		}
	case <-time.After(30 * time.Second):
		p.t.Errorf("%v did not end in 30 s\n%s", p.command.Args, p.lastWords())
		if err := p.command.Process.Kill(); err != nil {
			p.t.Error(err)
		}
	}
}

// lastWords are the end of what the process logged.
func (p *process) lastWords() string {
	log, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(log[max(0, len(log)-4000):])
}

// memory is the process's resident memory now and at its highest, in bytes
// (proc_pid_status(5): VmRSS and VmHWM).
func (p *process) memory() (now, highest int64) {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	field := func(name string) int64 {
		_, rest, _ := strings.Cut(string(status), name+":")
		value, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		kilobytes, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			p.t.Fatalf("%s of /proc/…/status is %q", name, value)
		}
		return kilobytes << 10
	}
	return field("VmRSS"), field("VmHWM")
}

// caller calls one server, as somebody who is signed in once token is set.
type caller struct {
	t       *testing.T
	client  *http.Client
	address string
	token   string
}

func newCaller(t *testing.T, address string) *caller {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{t: t, address: address, client: &http.Client{
		Transport: transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// send makes one request and reads the whole answer.
func (c *caller) send(ctx context.Context, method, path string, body []byte, header ...string) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, c.address+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := c.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// call makes one request that must be answered with the status, and reads the
// answer into out unless that is nil.
func (c *caller) call(method, path string, in any, status int, out any) {
	c.t.Helper()
	var body []byte
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			c.t.Fatal(err)
		}
		body = b
	}
	got, answer, err := c.send(c.t.Context(), method, path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if got != status {
		c.t.Fatalf("%s %s: %d, want %d: %.600s", method, path, got, status, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		c.t.Fatalf("%s %s: %v: %.600s", method, path, err, answer)
	}
}

// signIn signs the firm's admin in.
func (c *caller) signIn() {
	c.t.Helper()
	var answer struct{ Token string }
	c.call("POST", "/api/auth/login", map[string]string{"email": adminEmail, "password": adminPassword}, http.StatusOK, &answer)
	c.token = answer.Token
}

// consent asks the simulated Xero for a code, as if a person had pressed Allow.
func (c *caller) consent(redirect string, scopes []string) (code string) {
	c.t.Helper()
	query := url.Values{
		"response_type": {"code"}, "client_id": {xeroClientID}, "redirect_uri": {redirect},
		"scope": {strings.Join(scopes, " ")}, "state": {"bench"}, "_sim_auto": {"1"},
	}
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.address+"/identity/connect/authorize?"+query.Encode(), http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	response, err := c.client.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		c.t.Fatal(err)
	}
	back, err := response.Location()
	if err != nil || back.Query().Get("code") == "" {
		c.t.Fatalf("the simulated Xero gave no code: %s, %v", response.Status, err)
	}
	return back.Query().Get("code")
}

// exchange is one call that the simulated Xero saw.
type exchange struct {
	Method, Path string
	Status       int
}

// calls are those that the simulated Xero's API saw, without the sign-in's.
func (c *caller) calls() []exchange {
	c.t.Helper()
	var all, api []exchange
	c.call("GET", "/_sim/calls", nil, http.StatusOK, &all)
	for _, e := range all {
		if strings.HasPrefix(e.Path, "/api.xro/") {
			api = append(api, e)
		}
	}
	return api
}
