// Package storetest gives a test a fresh, migrated database of each engine.
package storetest

import (
	"context"
	"path/filepath"
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
	return Open(t, URL(t, engine))
}

// URL is the DATABASE_URL of a fresh, empty database.
func URL(t testing.TB, engine store.Engine) string {
	t.Helper()
	if engine == store.Postgres {
		return PostgresDSN(t)
	}
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// Open opens and migrates the database at url, closed when the test ends.
func Open(t testing.TB, url string) *store.DB {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, url)
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
