// Package storetest gives a test a fresh, migrated database of each engine.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ampedfieldops/internal/store"
)

// Each runs test once on a fresh SQLite database and once on a fresh PostgreSQL
// database, in parallel.
func Each(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			test(t, New(t, engine))
		})
	}
}

// New is a fresh, migrated database of one engine, closed when the test ends.
func New(t testing.TB, engine store.Engine) *store.DB {
	t.Helper()
	return Open(t, Migrated(t, engine))
}

// URL is the DATABASE_URL of a fresh, empty database.
func URL(t testing.TB, engine store.Engine) string {
	t.Helper()
	if engine == store.Postgres {
		return PostgresDSN(t)
	}
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// Open opens and migrates the database at address, closed when the test ends.
func Open(t testing.TB, address string) *store.DB {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	return db
}

// Migrated is the DATABASE_URL of a fresh, migrated database. It is a copy of one that
// this process migrates once: making every table anew for each test took a good part
// of what the tests take. On a server that TEST_POSTGRES_URL names there is none to
// copy, since nothing would remove it; the database is an empty one there.
func Migrated(t testing.TB, engine store.Engine) string {
	t.Helper()
	if engine == store.Postgres {
		if os.Getenv("TEST_POSTGRES_URL") != "" {
			return PostgresDSN(t)
		}
		original.once.Do(func() { original.name, original.err = migratePostgres(postgresServer(t)) })
		if original.err != nil {
			t.Fatalf("storetest: the database to copy: %v", original.err)
		}
		return newDatabase(t, original.name)
	}
	file := filepath.Join(t.TempDir(), "test.db")
	content, err := migratedSQLite()
	if err == nil {
		err = os.WriteFile(file, content, 0o600)
	}
	if err != nil {
		t.Fatalf("storetest: the database to copy: %v", err)
	}
	return "sqlite:" + file
}

// original is the database on this process's PostgreSQL server that tests get copies of.
var original struct {
	once sync.Once
	name string
	err  error
}

func migratePostgres(server string) (name string, err error) {
	address, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	name = "migrated_" + strings.ToLower(rand.Text())
	_, err = admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+plainest)
	address.Path = "/" + name
	if err = errors.Join(err, admin.Close()); err != nil {
		return "", err
	}
	return name, migrate(ctx, address.String())
}

// migratedSQLite is the content of a migrated database file.
var migratedSQLite = sync.OnceValues(func() (content []byte, err error) {
	dir, err := os.MkdirTemp("", "storetest-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "original.db")
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := migrate(ctx, "sqlite:"+file); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

func migrate(ctx context.Context, address string) error {
	db, err := store.Open(ctx, address)
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}
