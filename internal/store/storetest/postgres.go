package storetest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Postgres is a server of a test's own, which it can stop and start. What it was
// told to keep outlives the server, but not a power cut: it does not wait for
// the disk.
type Postgres struct {
	t       testing.TB
	Port    int
	bin     string
	owner   *syscall.Credential
	dir     string // holds the data folder, which each start is given in turn
	data    string
	stopped <-chan error
}

// OwnPostgres starts a server on a free port of 127.0.0.1; it ends with the
// test. Where PostgreSQL is not installed the test is skipped, and fails when
// CI=true.
func OwnPostgres(t testing.TB) *Postgres {
	t.Helper()
	bin, err := postgresBin()
	requireServer(t, err)
	p := &Postgres{t: t, bin: bin}
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("storetest: %v", err)
		}
	}
	p.Port, err = freePort()
	fatal(err)
	p.owner, err = serverAccount()
	fatal(err)
	p.dir, err = scratchDir("postgres-data", p.owner)
	fatal(err)
	t.Cleanup(func() {
		p.End()
		if err := os.RemoveAll(p.dir); err != nil {
			t.Error(err)
		}
	})
	cluster, err := initialisedCluster(bin, p.owner)
	fatal(err)
	p.data = filepath.Join(p.dir, "data")
	fatal(cluster(p.data))
	p.Start()
	return p
}

// URL is its DATABASE_URL.
func (p *Postgres) URL() string { return postgresURL(p.Port) }

// Start starts the stopped server with what it kept, and waits until it answers.
func (p *Postgres) Start() {
	p.t.Helper()
	dir, err := scratchDir("postgres", p.owner)
	if err == nil {
		p.stopped, err = startGuarded(dir, p.owner, "INT", filepath.Join(p.bin, "postgres"), postgresArguments(p.data, p.Port)...)
	}
	if err == nil {
		err = waitUntilReady(p.stopped, func(ctx context.Context) error { return pingPostgres(ctx, p.URL()) })
	}
	if err != nil {
		p.t.Fatalf("storetest: %v", err)
	}
}

// Stop ends the server: it breaks off what is under way, and, unless gently, does
// not even write down where it stands (https://www.postgresql.org/docs/current/server-shutdown.html:
// fast and immediate shutdown).
func (p *Postgres) Stop(gently bool) {
	p.t.Helper()
	mode := "immediate"
	if gently {
		mode = "fast"
	}
	command := exec.Command(filepath.Join(p.bin, "pg_ctl"), "stop", "-D", p.data, "-m", mode, "-w", "-t", strconv.Itoa(int(startTimeout.Seconds())))
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Credential: p.owner}
	if said, err := command.CombinedOutput(); err != nil {
		p.t.Fatalf("storetest: %v\n%s", err, said)
	}
	select {
	case err := <-p.stopped:
		_ = err // the server ended, which is what was wanted
		p.stopped = nil
	case <-time.After(startTimeout):
		p.t.Fatal(errors.New("storetest: PostgreSQL does not stop"))
	}
}

// End stops the server unless it is stopped.
func (p *Postgres) End() {
	if p.stopped != nil {
		p.Stop(true)
	}
}
