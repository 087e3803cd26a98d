package storetest

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Redis is a server of a test's own, which it can stop and start.
type Redis struct {
	t       testing.TB
	Port    int
	data    string // the folder of what it is told to keep
	stopped <-chan error
}

// OwnRedis starts a server on a free port of 127.0.0.1; it ends with the test.
// Where Redis is not installed the test is skipped, and fails when CI=true.
func OwnRedis(t testing.TB) *Redis {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		requireServer(t, &notInstalled{"Redis", "redis-server"})
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	r := &Redis{t: t, Port: port, data: t.TempDir()}
	r.Start()
	t.Cleanup(r.End)
	return r
}

// End stops the server unless it is stopped.
func (r *Redis) End() {
	if r.stopped != nil {
		r.Stop()
	}
}

// Address is its host and port.
func (r *Redis) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.Port)) }

// Start starts the stopped server with what it kept.
func (r *Redis) Start() {
	r.t.Helper()
	dir, err := scratchDir("redis", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.stopped, err = startGuarded(dir, nil, "TERM", "redis-server",
		"--bind", "127.0.0.1", "--port", strconv.Itoa(r.Port), "--save", "", "--appendonly", "no", "--dir", r.data)
	if err == nil {
		err = waitUntilReady(r.stopped, func(ctx context.Context) error { return pingRedis(ctx, r.Address()) })
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// Stop ends the server at once; what it held is lost.
func (r *Redis) Stop() {
	r.t.Helper()
	r.stop("SHUTDOWN NOSAVE")
	if err := os.RemoveAll(filepath.Join(r.data, "dump.rdb")); err != nil {
		r.t.Fatal(err)
	}
}

// StopKeeping ends the server; the next one starts with what it held.
func (r *Redis) StopKeeping() {
	r.t.Helper()
	r.stop("SHUTDOWN SAVE")
}

func (r *Redis) stop(command string) {
	r.t.Helper()
	r.say(command)
	select {
	case err := <-r.stopped:
		_ = err // the server ended, which is what was wanted
		r.stopped = nil
	case <-time.After(startTimeout):
		r.t.Fatal("Redis does not stop")
	}
}

// Empty forgets everything.
func (r *Redis) Empty() { r.say("FLUSHALL") }

// Sleep has the server answer nobody for a while.
func (r *Redis) Sleep(d time.Duration) {
	r.say("CLIENT PAUSE " + strconv.FormatInt(d.Milliseconds(), 10) + " ALL")
}

// say sends one command; a server that ends on it need not answer.
func (r *Redis) say(command string) {
	r.t.Helper()
	conn, err := net.DialTimeout("tcp", r.Address(), startTimeout)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startTimeout)); err != nil {
		r.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
		r.t.Fatal(err)
	}
	_, _ = conn.Read(make([]byte, 64))
}

// Full has the server take nothing more, or go on: it evicts nothing.
func (r *Redis) Full(full bool) {
	bytes := "0" // no limit
	if full {
		bytes = "1"
	}
	r.say("CONFIG SET maxmemory " + bytes)
}
