package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Postgres is a server of a test's own, which it can stop and start. What was
// committed outlives that, but no power cut.
type Postgres struct {
	t       testing.TB
	port    int
	bin     string
	owner   *syscall.Credential
	dir     string // its data lie in it
	stopped <-chan error
}

// OwnPostgres starts a server on a free port of 127.0.0.1; it ends with the test.
// Where PostgreSQL is not installed the test is skipped, and fails when CI=true.
func OwnPostgres(t testing.TB) *Postgres {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPostgres(port)
	requireServer(t, err)
	p.t = t
	t.Cleanup(func() {
		if p.stopped != nil {
			p.Stop(syscall.SIGINT)
		}
		if err := os.RemoveAll(p.dir); err != nil {
			t.Error(err)
		}
	})
	p.Start()
	return p
}

// newPostgres makes a server with an empty database that does not run yet.
func newPostgres(port int) (*Postgres, error) {
	p := &Postgres{port: port}
	var err error
	if p.bin, err = postgresBin(); err != nil {
		return nil, err
	}
	if p.owner, err = serverAccount(); err != nil {
		return nil, err
	}
	cluster, err := initialisedCluster(p.bin, p.owner)
	if err != nil {
		return nil, err
	}
	if p.dir, err = scratchDir("postgres", p.owner); err != nil {
		return nil, err
	}
	if err := cluster(p.data()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(p.dir))
	}
	return p, nil
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// URL is that of its one database.
func (p *Postgres) URL() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", p.port)
}

// start runs the server until it is stopped; dir is removed when it has ended.
func (p *Postgres) start(dir string) (err error) {
	p.stopped, err = startGuarded(dir, p.owner, "INT", filepath.Join(p.bin, "postgres"),
		"-D", p.data(),
		"-p", strconv.Itoa(p.port),
		"-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", // TCP is enough, and a socket's path may be too long
		"-c", "max_connections=300",
		"-c", "shared_buffers=64MB",
		"-c", "fsync=off",
		"-c", "max_wal_size=256MB", // it may lie in memory
		"-c", "full_page_writes=off",
		"-c", "synchronous_commit=on",
	)
	if err != nil {
		return err
	}
	return waitUntilReady(p.stopped, func(ctx context.Context) error {
		db, err := sql.Open("pgx", p.URL())
		if err != nil {
			return err
		}
		return errors.Join(db.PingContext(ctx), db.Close())
	})
}

// Start starts the stopped server with the data that it had.
func (p *Postgres) Start() {
	p.t.Helper()
	dir, err := scratchDir("postgres-run", p.owner)
	if err == nil {
		err = p.start(dir)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// Stop ends the server: at once and properly with SIGINT, as a restart of the
// service does, or as if it broke down with SIGQUIT.
func (p *Postgres) Stop(how syscall.Signal) {
	p.t.Helper()
	lock, err := os.ReadFile(filepath.Join(p.data(), "postmaster.pid"))
	if err != nil {
		p.t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(lock), "\n")
	pid, err := strconv.Atoi(first)
	if err == nil {
		err = syscall.Kill(pid, how)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	select {
	case err := <-p.stopped:
		_ = err // the server ended, which is what was wanted
		p.stopped = nil
	case <-time.After(startTimeout):
		p.t.Fatal("PostgreSQL does not stop")
	}
}
