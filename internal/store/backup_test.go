package store_test

import (
	"context"
	"database/sql"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// Every table of the database is in a dump, whatever migration made it.
func TestDumpTablesLeavesNothingOut(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := storetest.Migrated(t, store.Postgres)
	db := storetest.Open(t, url)
	var dumped []string
	err := db.DumpTables(ctx, func(name string, rows func(io.Writer) error) error {
		dumped = append(dumped, name)
		return rows(io.Discard)
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	var names string
	if err := raw.QueryRowContext(ctx, `select string_agg(tablename, ',' order by tablename collate "C") from pg_tables
		where schemaname = current_schema() and tablename not like 'river%' and tablename <> 'schema_migrations'`).Scan(&names); err != nil {
		t.Fatal(err)
	}
	there := strings.Split(names, ",")
	slices.Sort(dumped)
	if diff := cmp.Diff(there, dumped); diff != "" {
		t.Errorf("tables there (-) and dumped (+):\n%s", diff)
	}
}

func TestBlank(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		blank := func() bool {
			t.Helper()
			b, err := db.Blank(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		if !blank() {
			t.Error("a fresh database is not blank")
		}
		err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
			return tx.InsertUser(ctx, &fieldops.User{Email: "a@firm.test", Name: "A", Role: fieldops.RoleAdmin})
		})
		if err != nil {
			t.Fatal(err)
		}
		if blank() {
			t.Error("a database with a user is blank")
		}
	})
}
