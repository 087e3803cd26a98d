package main

import (
	"bytes"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// upgradeVariable makes the test binary the program, which runs migrate.
const upgradeVariable = "AMPEDFIELDOPS_TEST_MIGRATE"

// TestUpgradeKilled kills the real program, with SIGKILL, at several moments of
// an upgrade: it is each time as if nothing had happened. In the end it succeeds.
func TestUpgradeKilled(t *testing.T) {
	t.Parallel()
	if words := os.Getenv(upgradeVariable); words != "" {
		if err := run(t.Context(), strings.Fields(words), os.Getenv, os.Stdin, os.Stdout, os.Stderr); err != nil {
			t.Fatal(err)
		}
		return
	}
	url := storetest.URL(t, store.Postgres)
	raw, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	for _, name := range []string{"1_first_days", "2_first_version", "3_second_version", "4_last_state"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "internal", "store", "testdata", "v1", name+".sql"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := raw.ExecContext(t.Context(), string(text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := raw.ExecContext(t.Context(), `insert into timesheets (date, hours) select date '2026-01-01', 1 from generate_series(1, 5000)`); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	program := func(words string) (*exec.Cmd, *bytes.Buffer) {
		var out bytes.Buffer
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestUpgradeKilled$")
		c.Env = append(os.Environ(), upgradeVariable+"="+words, "DATABASE_URL="+url, "DATA_DIR="+data,
			"JWT_SECRET="+strings.Repeat("j", 40), "ENCRYPTION_KEY="+strings.Repeat("e", 40))
		c.Stdout, c.Stderr = &out, &out
		return c, &out
	}
	killed := 0
	for wait := 50 * time.Millisecond; wait < 2*time.Second; wait += 250 * time.Millisecond {
		c, _ := program("migrate")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(wait) // where it is then does not matter
		_ = c.Process.Kill()
		if c.Wait() == nil {
			break
		}
		var ours, theirs int
		if err := raw.QueryRowContext(t.Context(), "select (select count(*) from pg_tables where tablename = 'schema_migrations'), (select count(*) from information_schema.columns where table_schema = 'public' and table_name = 'timesheets' and column_name = 'hours')").Scan(&ours, &theirs); err != nil {
			t.Fatal(err)
		}
		if ours == theirs {
			t.Fatalf("killed after %v: half done (%d of ours, %d of the former)", wait, ours, theirs)
		}
		if ours == 1 {
			break // it had committed
		}
		killed++
	}
	if killed == 0 {
		t.Error("it was never killed before the end")
	}
	for _, words := range []string{"migrate", "migrate"} {
		if c, out := program(words); c.Run() != nil {
			t.Fatalf("%s: %s", words, out)
		}
	}
	c, out := program("migrate --verify")
	if err := c.Run(); err == nil || !strings.Contains(out.String(), "FAULT 6 of 7 files are not in the data folder") || strings.Count(out.String(), "FAULT") != 1 {
		t.Errorf("--verify, with the files of the former product not copied: %v %s", err, out)
	}
}
