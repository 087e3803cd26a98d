// Package program runs the real program for tests: built as a release is, each
// command a process of its own, called over HTTP. It is for tests of several
// processes; it holds no expectations of what the program does.
package program

import (
	"bufio"
	"bytes"
	"context"
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

// Running reports whether the process was neither stopped nor killed.
func (p *Process) Running() bool { return !p.stopped }

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
