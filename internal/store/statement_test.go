package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"ampedfieldops/internal/fieldops"
)

func TestKeptStatements(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "kept.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	write := func(do func(tx *Tx) error) {
		t.Helper()
		if err := db.Write(ctx, fieldops.System, do); err != nil {
			t.Fatal(err)
		}
	}
	count := func(tx *Tx, query string) (n int) {
		t.Helper()
		if err := tx.q.QueryRowContext(ctx, query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	write(func(tx *Tx) error {
		if _, err := tx.q.ExecContext(ctx, "create table numbers (n integer primary key)"); err != nil {
			return err
		}
		for n := range 5 {
			if _, err := tx.q.ExecContext(ctx, "insert into numbers (n) values ($1)", n); err != nil {
				return err
			}
		}
		return nil
	})

	const all = "select n from numbers order by n"
	write(func(tx *Tx) error {
		// The same statement within itself, and more others than are kept while
		// its rows are open.
		outer, err := tx.q.QueryContext(ctx, all)
		if err != nil {
			return err
		}
		defer outer.Close()
		pairs := 0
		for outer.Next() {
			inner, err := collect(ctx, tx.reads, all, nil, func(rows *sql.Rows, n *int) error { return rows.Scan(n) })
			if err != nil {
				return err
			}
			pairs += len(inner)
			for n := range keptStatements + 1 {
				if got := count(tx, fmt.Sprintf("select %d", n)); got != n {
					t.Fatalf("select %d gave %d", n, got)
				}
			}
		}
		if pairs != 25 {
			t.Errorf("5 rows within 5 rows were %d", pairs)
		}
		return outer.Err()
	})
	write(func(tx *Tx) error {
		if n := count(tx, "select count(*) from numbers"); n != 5 {
			t.Errorf("%d numbers, want 5", n)
		}
		// A kept statement survives a change of the table it reads.
		_, err := tx.q.ExecContext(ctx, "alter table numbers add column word text")
		return err
	})
	write(func(tx *Tx) error {
		if n := count(tx, "select count(*) from numbers"); n != 5 {
			t.Errorf("after the change of the table: %d numbers, want 5", n)
		}
		// One that failed runs again.
		for range 2 {
			if _, err := tx.q.ExecContext(ctx, "insert into numbers (n) values ($1)", 1); err == nil {
				t.Error("a second row with the same key was stored")
			}
		}
		_, err := tx.q.ExecContext(ctx, "insert into numbers (n) values ($1)", 6)
		return err
	})
}
