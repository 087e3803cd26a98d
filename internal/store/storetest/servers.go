package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"
)

// PostgresDSN returns the URL of a fresh, empty UTF-8 database for this test
// alone. It is dropped, with whatever is still connected to it, when the test
// ends.
//
// All tests of one test binary share one throw-away PostgreSQL server on a free
// port of 127.0.0.1, started by the first of them; it stops and is removed when
// the binary ends, however it ends. Its durability is switched off: a test that
// wants to see what survives a power cut needs a server of its own. When
// TEST_POSTGRES_URL is set, the server it names is used instead; its user must
// be allowed to create databases.
//
// Where PostgreSQL is not installed the test is skipped, and fails when CI=true.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	return newDatabase(t, plainest)
}

// plainest is an empty database. Collation and case folding are the plainest there
// are, so that no test can lean on a locale which another server lacks.
const plainest = "template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"

// newDatabase is the URL of a copy of a database for this test alone.
func newDatabase(t testing.TB, template string) string {
	t.Helper()
	server := postgresServer(t)

	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatalf("storetest: open PostgreSQL: %v", err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	admin.SetMaxIdleConns(0) // a test that runs for minutes must not hold a connection meanwhile

	// The name is random, not counted, because several test binaries may share TEST_POSTGRES_URL.
	name := "t_" + strings.ToLower(rand.Text())
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if _, err = admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatalf("storetest: create database: %v", err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		if _, err := admin.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("storetest: drop database: %v", err)
		}
	})

	dsn, err := url.Parse(server)
	if err != nil {
		t.Fatalf("storetest: the server's URL: %v", err)
	}
	dsn.Path = "/" + name
	return dsn.String()
}

// RedisAddr returns host:port of a Redis server which keeps nothing on disk. It
// is started once per test binary, on a free port of 127.0.0.1, and ends with
// the binary. Tests which share it keep apart by the names of their keys.
//
// Where Redis is not installed the test is skipped, and fails when CI=true.
func RedisAddr(t testing.TB) string {
	t.Helper()
	redis.once.Do(func() { redis.address, redis.err = startRedis() })
	requireServer(t, redis.err)
	return redis.address
}

// startTimeout bounds everything that is done to a server: starting it, making
// and dropping a database. It is far above what these need, for machines whose
// every core is busy with other tests.
const startTimeout = 60 * time.Second

// sharedServer is a server that is started at most once in this process.
type sharedServer struct {
	once    sync.Once
	address string
	err     error
}

var postgres, redis sharedServer

// notInstalled says that a program the tests need is missing on this machine.
type notInstalled struct{ program, packages string }

func (e *notInstalled) Error() string {
	return fmt.Sprintf("%s is not installed; on Debian: apt-get install %s", e.program, e.packages)
}

// postgresServer returns the URL of the server on which databases are made.
func postgresServer(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("TEST_POSTGRES_URL"); given != "" {
		return given
	}
	postgres.once.Do(func() { postgres.address, postgres.err = startPostgres() })
	requireServer(t, postgres.err)
	return postgres.address
}

// requireServer stops the test that needs a server which could not be started.
func requireServer(t testing.TB, err error) {
	t.Helper()
	var missing *notInstalled
	switch {
	case err == nil:
	case errors.As(err, &missing) && os.Getenv("CI") != "true":
		t.Skipf("storetest: %v", err)
	default:
		t.Fatalf("storetest: %v", err)
	}
}

func startPostgres() (dsn string, err error) {
	return startOnFreePort(func(port int) (string, error) {
		p, err := newPostgres(port)
		if err != nil {
			return "", err
		}
		return p.URL(), p.start(p.dir)
	})
}

func startRedis() (address string, err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", &notInstalled{"Redis", "redis-server"}
	}
	return startOnFreePort(func(port int) (string, error) {
		dir, err := scratchDir("redis", nil)
		if err != nil {
			return "", err
		}
		stopped, err := startGuarded(dir, nil, "TERM", program,
			"--bind", "127.0.0.1", "--port", strconv.Itoa(port),
			"--save", "", "--appendonly", "no", "--dir", dir)
		if err != nil {
			return "", err
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		return address, waitUntilReady(stopped, func(ctx context.Context) error { return pingRedis(ctx, address) })
	})
}

// pingRedis succeeds when the server at address answers PING.
func pingRedis(ctx context.Context, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
		return err
	}
	answer := make([]byte, len("+PONG\r\n"))
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if string(answer) != "+PONG\r\n" {
		return fmt.Errorf("PING was answered by %q", answer)
	}
	return nil
}

// postgresBin finds the folder of PostgreSQL's server programs: those on the
// PATH, else those where the packages of Debian, Fedora or Homebrew put them.
func postgresBin() (string, error) {
	var found []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
	} {
		matches, err := filepath.Glob(pattern + "/initdb")
		if err != nil {
			return "", err
		}
		found = append(found, matches...)
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		// PATH may name a link; the other programs stand beside what it points to.
		if initdb, err = filepath.EvalSymlinks(initdb); err == nil {
			found = append(found, initdb)
		}
	}
	for _, initdb := range slices.Backward(found) {
		bin := filepath.Dir(initdb)
		if _, err := os.Stat(filepath.Join(bin, "postgres")); err == nil {
			return bin, nil
		}
	}
	return "", &notInstalled{"PostgreSQL", "postgresql"}
}

// serverAccount returns the account under which PostgreSQL runs: nil for our
// own. PostgreSQL refuses to run as root, so root lends it another one.
func serverAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var faults []error
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		uid, errUID := strconv.ParseUint(account.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(account.Gid, 10, 32)
		if err := errors.Join(errUID, errGID); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no other account for it: %w", errors.Join(faults...))
}

// scratchDir makes a private folder which owner (nil: we) may use. It lies in memory
// where there is room: a database is some 300 files, and making them is most of what a
// new one takes.
func scratchDir(name string, owner *syscall.Credential) (string, error) {
	dir, err := os.MkdirTemp(memory(), "ampedfieldops-"+name+"-")
	if err != nil {
		return "", err
	}
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return "", errors.Join(err, os.RemoveAll(dir))
		}
	}
	return dir, nil
}

// initialisedCluster returns a function that puts an empty database cluster into
// a new folder inside a folder of owner's. initdb takes about a second, so its
// result is kept in the user's cache folder, one for each version of PostgreSQL
// and each owner, and copied; without a cache folder initdb runs each time.
func initialisedCluster(bin string, owner *syscall.Credential) (func(data string) error, error) {
	initdb := func(data string) error {
		cmd := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
			"--encoding=UTF8", "--locale=C", "--no-sync")
		cmd.Dir = "/" // the account may not be allowed into ours
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("initdb: %w\n%s", err, out)
		}
		return nil
	}

	version, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("ask PostgreSQL for its version: %w", err)
	}
	cache, ok := cacheDir()
	if !ok {
		return initdb, nil
	}
	uid := os.Geteuid()
	if owner != nil {
		uid = int(owner.Uid)
	}
	kept := filepath.Join(cache, fmt.Sprintf("%s-uid%d", fileName(string(version)), uid))

	return func(data string) error {
		unlock, err := lock(kept + ".lock")
		if err != nil {
			return err
		}
		defer unlock()
		if _, err := os.Stat(kept); err == nil {
			return copyTree(kept, data)
		}
		if err := initdb(data); err != nil {
			return err
		}
		// Renamed into place, so that a copy cut short is never taken for a whole one.
		draft := kept + ".draft"
		if err := os.RemoveAll(draft); err != nil {
			return err
		}
		if err := copyTree(data, draft); err != nil {
			return err
		}
		return os.Rename(draft, kept)
	}, nil
}

// cacheDir returns a folder that outlives the tests, if the machine gives us one.
func cacheDir() (dir string, ok bool) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", false
	}
	dir = filepath.Join(dir, "ampedfieldops", "storetest")
	return dir, os.MkdirAll(dir, 0o700) == nil
}

// fileName turns what a program says of itself into a plain file name.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return '-'
	}, strings.TrimSpace(s))
}

// lock excludes other processes until unlock is called.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil
}

// copyTree copies a folder with its owners and modes.
func copyTree(from, to string) error {
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w\n%s", from, err, out)
	}
	return nil
}

// startOnFreePort calls start with ports that were free a moment ago. Another
// process may take one before the server does, hence more than one try.
func startOnFreePort(start func(port int) (string, error)) (string, error) {
	var faults []error
	for range 3 {
		port, err := freePort()
		if err != nil {
			return "", err
		}
		address, err := start(port)
		if err == nil {
			return address, nil
		}
		faults = append(faults, err)
	}
	return "", errors.Join(faults...)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}

// guard is the shell script that runs a server and outlives us. It holds the
// reading end of a pipe whose other end only this process has: when we end, by
// whatever cause, the pipe closes, the server is told to stop and its folder is
// removed. If the server ends first, the folder with its log stays for us.
const guard = `
dir=$1 signal=$2
shift 2
exec 3<&0
"$@" </dev/null >"$dir/log" 2>&1 3<&- &
server=$!
{ read -r _ <&3; touch "$dir/abandoned"; kill -s "$signal" "$server"; } &
wait "$server"
if [ -e "$dir/abandoned" ]; then rm -rf "$dir"; else kill "$!"; fi
`

// startGuarded runs a server in dir under the guard. The returned channel gets
// one error if the server ends while we still live.
func startGuarded(dir string, owner *syscall.Credential, signal string, command ...string) (<-chan error, error) {
	pipe, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", guard, "guard", dir, signal}, command...)...)
	cmd.Dir = dir
	cmd.Stdin = pipe
	// A group of its own: what is sent to the tests' group must not stop the guard before its work is done.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	if err := errors.Join(cmd.Start(), pipe.Close()); err != nil {
		return nil, errors.Join(err, ours.Close(), os.RemoveAll(dir))
	}
	stopped := make(chan error, 1)
	go func() { // ends with the server, at the latest with this process
		err := cmd.Wait()
		log, errLog := os.ReadFile(filepath.Join(dir, "log"))
		fault := fmt.Errorf("%s ended; it said:\n%s", command[0], log)
		stopped <- errors.Join(fault, err, errLog, ours.Close(), os.RemoveAll(dir))
	}()
	return stopped, nil
}

// waitUntilReady returns once ping succeeds, or with the reason why it never will.
func waitUntilReady(stopped <-chan error, ping func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case err := <-stopped:
			return err
		case <-ctx.Done():
			return fmt.Errorf("not ready after %v: %w", startTimeout, err)
		case <-tick.C:
		}
	}
}
