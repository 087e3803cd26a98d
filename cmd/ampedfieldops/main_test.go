package main

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// installation is one place where the program could be installed.
type installation struct {
	t   *testing.T
	env map[string]string
}

func installed(t *testing.T, engine store.Engine) *installation {
	t.Helper()
	data := t.TempDir()
	env := map[string]string{"DATA_DIR": data, "DATABASE_URL": "sqlite:" + filepath.Join(data, "ampedfieldops.db")}
	if engine == store.Postgres {
		env["DATABASE_URL"] = storetest.URL(t, engine)
		env["JWT_SECRET"], env["ENCRYPTION_KEY"] = aSecret, anotherSecret
	}
	return &installation{t, env}
}

// onEach runs a test for an installation on each engine.
func onEach(t *testing.T, test func(t *testing.T, here *installation)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			test(t, installed(t, engine))
		})
	}
}

// run runs the program to its end.
func (here *installation) run(stdin string, args ...string) (stdout string, err error) {
	here.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out, problems bytes.Buffer
	err = run(ctx, args, environ(here.env), strings.NewReader(stdin), &out, &problems)
	return out.String(), err
}

// must runs the program, which must succeed.
func (here *installation) must(args ...string) string {
	here.t.Helper()
	out, err := here.run("", args...)
	if err != nil {
		here.t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return out
}

// refused runs the program, which must fail with a sentence that contains want.
func (here *installation) refused(want string, args ...string) {
	here.t.Helper()
	out, err := here.run("", args...)
	if err == nil || !strings.Contains(err.Error(), want) {
		here.t.Fatalf("%s: got %v, want %q; it printed %q", strings.Join(args, " "), err, want, out)
	}
}

// open opens the installation's database.
func (here *installation) open() *store.DB {
	here.t.Helper()
	db, err := store.Open(context.Background(), here.env["DATABASE_URL"])
	if err != nil {
		here.t.Fatal(err)
	}
	return db
}

func (here *installation) close(db *store.DB) {
	here.t.Helper()
	if err := db.Close(); err != nil {
		here.t.Fatal(err)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	for _, word := range []string{"help", "--help"} {
		out := here.must(word)
		for _, c := range commands() {
			if !strings.Contains(out, c.name) {
				t.Errorf("%s does not name %s", word, c.name)
			}
		}
	}
	if out := here.must("version"); !strings.HasPrefix(out, "ampedfieldops dev ") {
		t.Errorf("version printed %q", out)
	}
	if out := here.must("--version"); !strings.HasPrefix(out, "ampedfieldops dev ") {
		t.Errorf("--version printed %q", out)
	}
	if out := here.must("openapi"); !strings.Contains(out, `"openapi": "3.1.0"`) {
		t.Errorf("openapi printed %.60q", out)
	}
	for _, test := range []struct{ want, args string }{
		{"say what to do", ""},
		{`no command "sever"`, "sever"},
		{`version does not take "now"`, "version now"},
		{"flag provided but not defined: -fast", "serve --fast"},
		{"backup needs the FILE to write", "backup"},
		{"restore needs the FILE to restore", "restore --force"},
		{"say user create", "user"},
		{"--email must be an address", "user create --name A --role admin"},
		{"--name must be", "user create --email a@firm.test"},
		{"--role must be", "user create --email a@firm.test --name A --role boss"},
		{"--email must be", "user reset-password"},
		{"--listen must be an address of this machine only", "xero-sim --listen 0.0.0.0:0"},
		{"--listen must be an address of this machine only", "demo --listen :3001"},
		{"--xero-listen must be an address of this machine only", "demo --listen 127.0.0.1:0 --xero-listen 192.0.2.1:0"},
	} {
		_, err := here.run("", strings.Fields(test.args)...)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, want %q", test.args, err, test.want)
			continue
		}
		if exitStatus(err) != 2 {
			t.Errorf("%q: exit status %d, want 2", test.args, exitStatus(err))
		}
	}
	if got := exitStatus(errors.New("other")); got != 1 {
		t.Errorf("exit status of another error: %d", got)
	}
}

func TestConfigCommand(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	here.env["XERO_CLIENT_ID"], here.env["XERO_CLIENT_SECRET"] = "client", "client-secret-value"
	out := here.must("config")
	if strings.Contains(out, "client-secret-value") {
		t.Error("config shows a secret")
	}
	aligned := regexp.MustCompile(` +`)
	for _, want := range []string{"XERO_CLIENT_SECRET set", "SYNC_MAX_ATTEMPTS 3", here.env["DATA_DIR"]} {
		if !strings.Contains(aligned.ReplaceAllString(out, " "), want) {
			t.Errorf("config does not show %q:\n%s", want, out)
		}
	}
	here.env["PORT"] = "none"
	here.refused("PORT must be a whole number", "config")
}

func TestMigrateCommand(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, here *installation) {
		dry := here.must("migrate", "--dry-run")
		if !strings.HasPrefix(dry, "would apply 0001_") {
			t.Errorf("dry run printed %q", dry)
		}
		if again := here.must("migrate", "--dry-run"); again != dry {
			t.Errorf("the dry run has changed something: %q", again)
		}
		if out := here.must("migrate"); out != strings.ReplaceAll(dry, "would apply", "applied") {
			t.Errorf("printed %q", out)
		}
		if out := here.must("migrate"); out != "the database is up to date\n" {
			t.Errorf("the second time printed %q", out)
		}
	})
}

func TestUserCommand(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, here *installation) {
		signsInWith := func(password string) bool {
			t.Helper()
			db := here.open()
			defer here.close(db)
			u, err := db.UserByEmail(context.Background(), "alex@firm.test")
			if err != nil {
				t.Fatal(err)
			}
			matches, _ := fieldops.PasswordMatches(u.PasswordHash, password)
			return matches && u.Name == "Alex Tāwhai" && u.Role == fieldops.RoleManager && u.IsActive
		}
		create := []string{"user", "create", "--email", "Alex@firm.test", "--name", "Alex Tāwhai", "--role", "manager", "--password-stdin"}
		if _, err := here.run("short\n", create...); err == nil || !strings.Contains(err.Error(), "at least 8 characters") {
			t.Fatalf("a short password: %v", err)
		}
		if _, err := here.run("correct horse\n", create...); err != nil {
			t.Fatal(err)
		}
		if !signsInWith("correct horse") {
			t.Error("the person is not as asked for")
		}
		here.refused("Email already exists", create[:len(create)-1]...)

		out := here.must("user", "reset-password", "--email", "alex@firm.test")
		_, password, found := strings.Cut(out, "password: ")
		if !found || !signsInWith(strings.TrimSpace(password)) {
			t.Errorf("the printed password does not fit: %q", out)
		}
		here.refused("nobody signs in as who@firm.test", "user", "reset-password", "--email", "who@firm.test")
	})
}

func TestOneWorkerOnSQLite(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	release, err := lockWorker(filepath.Join(here.env["DATA_DIR"], "ampedfieldops.db"))
	if err != nil {
		t.Fatal(err)
	}
	here.refused("another worker already works on", "worker")
	here.refused("another worker already works on", "serve", "--listen", "127.0.0.1:0")
	release()
	again, err := lockWorker(filepath.Join(here.env["DATA_DIR"], "ampedfieldops.db"))
	if err != nil {
		t.Fatalf("after it was given back: %v", err)
	}
	again()
}

func TestHealthcheckWithoutProgram(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	// Nothing listens on the discard port of this machine.
	here.refused("no answer", "healthcheck", "--listen", "127.0.0.1:9")
}

func TestPostgresWantsSecrets(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	here.env = maps.Clone(here.env)
	here.env["DATABASE_URL"] = "postgres://127.0.0.1:9/nothing"
	here.refused("JWT_SECRET must be set when the database is PostgreSQL", "serve", "--listen", "127.0.0.1:0")
}
