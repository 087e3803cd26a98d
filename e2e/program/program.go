// Package program runs the real program for tests: built as a release is, each
// command a process of its own, called over HTTP. It is for tests of several
// processes; it holds no expectations of what the program does.
package program

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Build makes the program as a release is made, or takes the one that
// AMPEDFIELDOPS_BIN names.
func Build(t *testing.T) string {
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

// ClockOffset names the variable that moves the clock of a program built by
// BuildWithClock, in seconds.
const ClockOffset = "CLOCK_OFFSET_SECONDS"

// BuildWithClock makes the program with a clock that can be wrong: the same
// source, but for time.Now of the standard library, which adds the offset.
func BuildWithClock(t *testing.T) string {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	original := filepath.Join(strings.TrimSpace(string(said)), "src", "time", "time.go")
	source, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	const reading = "\tsec, nsec, mono := runtimeNow()\n"
	text := strings.Replace(string(source), reading, reading+"\tsec += offset\n", 1)
	if text == string(source) {
		t.Fatalf("time.Now of this version of Go reads the clock otherwise than by %q", reading)
	}
	text += `
var offset = readOffset()

func readOffset() (seconds int64) {
	value, _ := syscall.Getenv("` + ClockOffset + `")
	negative := len(value) > 0 && value[0] == '-'
	for _, c := range value {
		if c >= '0' && c <= '9' {
			seconds = 10*seconds + int64(c-'0')
		}
	}
	if negative {
		return -seconds
	}
	return seconds
}
`
	text = strings.Replace(text, "import (\n", "import (\n\t\"syscall\"\n", 1)
	dir := t.TempDir()
	moved, overlay := filepath.Join(dir, "time.go"), filepath.Join(dir, "overlay.json")
	listed, err := json.Marshal(map[string]map[string]string{"Replace": {original: moved}})
	if err = errors.Join(err, os.WriteFile(moved, []byte(text), 0o600), os.WriteFile(overlay, listed, 0o600)); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "ampedfieldops")
	command := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-trimpath", "-o", binary, "ampedfieldops/cmd/ampedfieldops")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("building the program with a clock of its own: %v\n%s", err, output)
	}
	return binary
}

// Environment is what all processes of an installation share: where its files and
// its database are, secrets of the test's own, and the simulated Xero at an address.
func Environment(data, databaseURL, xero string) []string {
	return []string{
		"DATA_DIR=" + data, "DATABASE_URL=" + databaseURL, "JWT_SECRET=" + strings.Repeat("j", 64), "ENCRYPTION_KEY=" + strings.Repeat("e", 64),
		"XERO_CLIENT_ID=a-client", "XERO_CLIENT_SECRET=a-secret-of-the-test", "XERO_API_URL=" + xero, "XERO_IDENTITY_URL=" + xero, "XERO_LOGIN_URL=" + xero,
	}
}

// Process is a running command of the program.
type Process struct {
	t       *testing.T
	command *exec.Cmd
	Address string // from its line "ready http://…"
	log     string // the file with its standard error
	exited  chan error
	stopped bool
}

// Start runs a command of the program until it says that it is ready.
func Start(t *testing.T, binary string, environment []string, arguments ...string) *Process {
	t.Helper()
	dir := t.TempDir()
	p := &Process{t: t, log: filepath.Join(dir, "stderr"), exited: make(chan error, 1)}
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
	t.Cleanup(p.Stop)
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
	case p.Address = <-ready:
	case err := <-p.exited:
		p.exited <- err
		t.Fatalf("%v ended before it was ready: %v\n%s", arguments, err, p.LastWords())
	case <-time.After(time.Minute):
		t.Fatalf("%v was not ready in a minute\n%s", arguments, p.LastWords())
	}
	return p
}

// Stop ends the process in its own time, and fails the test when that is not
// how it ends.
func (p *Process) Stop() {
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
			p.t.Errorf("%v ended with %v\n%s", p.command.Args, err, p.LastWords())
		}
	case <-time.After(30 * time.Second):
		p.t.Errorf("%v did not end in 30 s\n%s", p.command.Args, p.LastWords())
		if err := p.command.Process.Kill(); err != nil {
			p.t.Error(err)
		}
	}
}

// LastWords are the end of what the process logged.
func (p *Process) LastWords() string {
	log, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(log[max(0, len(log)-4000):])
}

// Memory is the process's resident memory now and at its highest, in bytes
// (proc_pid_status(5): VmRSS and VmHWM).
func (p *Process) Memory() (now, highest int64) {
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

// ForgetPeak has the highest memory be counted from now on (proc_pid_clear_refs(5)).
func (p *Process) ForgetPeak() {
	p.t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.command.Process.Pid), []byte("5"), 0); err != nil {
		p.t.Fatal(err)
	}
}

// CPU is how long the process has had a core so far (proc_pid_stat(5): utime and
// stime, in hundredths of a second).
func (p *Process) CPU() time.Duration {
	p.t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name may hold anything
	fields := strings.Fields(rest)
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			p.t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// Caller calls one server, as somebody who is signed in once Token is set.
type Caller struct {
	t       *testing.T
	Client  *http.Client
	Address string
	Token   string // of who is signed in
}

// NewCaller calls the server at an address, until the test ends. It follows no
// redirect.
func NewCaller(t *testing.T, address string) *Caller {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &Caller{t: t, Address: address, Client: &http.Client{
		Transport: transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send makes one request and reads the whole answer.
func (c *Caller) Send(ctx context.Context, method, path string, body []byte, header ...string) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, c.Address+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := c.Client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// Call makes one request that must be answered with the status, and reads the
// answer into out unless that is nil.
func (c *Caller) Call(method, path string, in any, status int, out any) {
	c.t.Helper()
	var body []byte
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			c.t.Fatal(err)
		}
		body = b
	}
	got, answer, err := c.Send(c.t.Context(), method, path, body)
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

// SignIn signs in somebody, whose token is used from then on.
func (c *Caller) SignIn(email, password string) {
	c.t.Helper()
	var session struct{ Token string }
	c.Call("POST", "/api/auth/login", map[string]string{"email": email, "password": password}, http.StatusOK, &session)
	c.Token = session.Token
}

// ConnectXero goes through the consent of the simulated Xero as a browser does.
func (c *Caller) ConnectXero() {
	c.t.Helper()
	var consent struct{ URL string }
	c.Call("GET", "/api/xero/auth/url", nil, http.StatusOK, &consent)
	for at, hops := consent.URL+"&_sim_auto=1", 0; hops < 4; hops++ {
		request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, at, http.NoBody)
		if err != nil {
			c.t.Fatal(err)
		}
		if strings.HasPrefix(at, c.Address) {
			request.Header.Set("Authorization", "Bearer "+c.Token)
		}
		response, err := c.Client.Do(request)
		if err != nil {
			c.t.Fatal(err)
		}
		response.Body.Close()
		to, err := response.Location()
		if err != nil || strings.Contains(to.Path, "/settings") {
			break
		}
		at = to.String()
	}
	var status struct{ Connected bool }
	c.Call("GET", "/api/xero/status", nil, http.StatusOK, &status)
	if !status.Connected {
		c.t.Fatal("Xero is not connected")
	}
}

// As is a caller of another address who is signed in as c is.
func (c *Caller) As(address string) *Caller {
	other := NewCaller(c.t, address)
	other.Token = c.Token
	return other
}

// MoveClocks moves on the clock that decides between processes, which stands in
// their database, and the simulated Xero's.
func MoveClocks(t testing.TB, db *sql.DB, xero *Caller, d time.Duration) {
	t.Helper()
	if _, err := db.Exec("update clock set offset_us = offset_us + $1", d.Microseconds()); err != nil {
		t.Fatal(err)
	}
	xero.Call("POST", "/_sim/clock", map[string]int64{"advance_seconds": int64(d / time.Second)}, http.StatusOK, nil)
}

// Kill ends the process at once (SIGKILL).
func (p *Process) Kill() {
	p.t.Helper()
	p.stopped = true
	if err := p.command.Process.Kill(); err != nil {
		p.t.Error(err)
	}
	if err := <-p.exited; err == nil {
		p.t.Errorf("%v ended by itself", p.command.Args)
	}
}

// Signal sends a signal to the process.
func (p *Process) Signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Error(err)
	}
}

// Ended reports whether the process has ended by itself.
func (p *Process) Ended() bool {
	if p.stopped {
		return false
	}
	select {
	case err := <-p.exited:
		p.exited <- err
		p.stopped = true
		return true
	default:
		return false
	}
}

// Run runs a command to its end, which must be a good one.
func Run(t testing.TB, binary string, environment []string, input string, arguments ...string) {
	t.Helper()
	dir := t.TempDir()
	command := exec.CommandContext(t.Context(), binary, arguments...)
	command.Dir, command.Stdin = dir, strings.NewReader(input)
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, environment...)
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", arguments, err, said)
	}
}
