package storetest

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestPostgresDSNGivesEachTestItsOwnDatabase(t *testing.T) {
	t.Parallel()
	first, second := PostgresDSN(t), PostgresDSN(t)
	if first == second {
		t.Fatalf("two calls gave the same database %s", first)
	}
	for _, dsn := range []string{first, second} {
		db := open(t, dsn)
		// The same table in both: the second CREATE fails if they are one database.
		if _, err := db.ExecContext(t.Context(), "create table kowhai (name text)"); err != nil {
			t.Fatal(err)
		}
		var encoding string
		if err := db.QueryRowContext(t.Context(), "show server_encoding").Scan(&encoding); err != nil {
			t.Fatal(err)
		}
		if encoding != "UTF8" {
			t.Errorf("encoding %s, want UTF8", encoding)
		}
	}
}

func TestPostgresDSNDropsTheDatabaseOfAnEndedTest(t *testing.T) {
	t.Parallel()
	var dsn string
	var held *sql.DB
	t.Run("user", func(t *testing.T) {
		dsn = PostgresDSN(t)
		held = open(t, dsn)
		if err := held.PingContext(t.Context()); err != nil { // still connected when the test ends
			t.Fatal(err)
		}
	})
	name := databaseName(t, dsn)
	var left int
	admin := open(t, postgresServer(t))
	if err := admin.QueryRowContext(t.Context(), "select count(*) from pg_database where datname = $1", name).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		t.Errorf("database %s outlived its test", name)
	}
}

func TestRedisAddrAnswers(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	if err := pingRedis(ctx, RedisAddr(t)); err != nil {
		t.Fatal(err)
	}
}

// TestServersEndWithTheirProcess kills a test binary that has started both
// servers and waits for the servers to go.
func TestServersEndWithTheirProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Skip("TEST_POSTGRES_URL is set: that server is not ours to stop")
	}
	const announce = "SERVERS "
	if os.Getenv("STORETEST_VICTIM") != "" {
		dsn, err := url.Parse(postgresServer(t))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(announce + dsn.Host + " " + RedisAddr(t))
		select {} // until killed
	}
	RedisAddr(t) // skips here, not in the child, where nobody would see it
	postgresServer(t)

	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServersEndWithTheirProcess$", "-test.timeout=2m")
	victim.Env = append(os.Environ(), "STORETEST_VICTIM=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var servers []string
	for lines := bufio.NewScanner(out); servers == nil && lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), announce); ok {
			servers = strings.Fields(rest)
		}
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // its error is the kill
	if len(servers) != 2 {
		t.Fatalf("the killed process had announced servers %q, want two", servers)
	}

	for _, address := range servers {
		if !goneWithin(address, 20*time.Second) {
			t.Errorf("the server at %s outlived the process that started it", address)
		}
	}
}

// goneWithin says whether connections to address are refused before limit has passed.
func goneWithin(address string, limit time.Duration) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return true
		}
		_ = conn.Close()
	}
	return false
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func databaseName(t *testing.T, dsn string) string {
	t.Helper()
	parsed, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(parsed.Path, "/")
}
