package store

import (
	"context"
	"database/sql"

	"ampedfieldops/internal/fieldops"
)

// CountExactly has totals beyond n estimated, so that a test needs few rows.
func CountExactly(db *DB, n int) { db.sums.exactly = n }

// Found are the records of a kind that a search finds.
func Found(ctx context.Context, db *DB, kind fieldops.RecordKind, search string) ([]fieldops.ID, error) {
	return db.found(ctx, kind, search, "", 50)
}

// WordsOf is how many words are kept of a record.
func WordsOf(ctx context.Context, db *DB, id fieldops.ID) (n int, err error) {
	err = db.q.QueryRowContext(ctx, "select count(*) from search_words where entity_id = $1", id).Scan(&n)
	return n, err
}

// MigrateTo brings an empty database to an older schema and puts rows into it,
// as an older release has left it.
func MigrateTo(ctx context.Context, db *DB, schema int, rows []string) error {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it has nothing to do
	if _, err := applyMigrations(ctx, tx, db.engine, schema); err != nil {
		return err
	}
	for _, row := range rows {
		if _, err := tx.ExecContext(ctx, row); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Asked is a query that was asked of a database.
type Asked struct {
	Text string
	Args []any
}

// Record notes every query that db is asked from now on.
func Record(db *DB, note func(Asked)) { db.q = recorder{db.q, note} }

type recorder struct {
	querier
	note func(Asked)
}

func (r recorder) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r.note(Asked{query, args})
	return r.querier.QueryContext(ctx, query, args...)
}

func (r recorder) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	r.note(Asked{query, args})
	return r.querier.QueryRowContext(ctx, query, args...)
}

// Plan is how the database would answer a query, with a table read from end to
// end only where there is no other way.
func Plan(ctx context.Context, db *DB, a Asked) ([]string, error) {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	explain := "explain query plan "
	if db.engine == Postgres {
		explain = "explain "
		if _, err := conn.ExecContext(ctx, "set enable_seqscan = off"); err != nil {
			return nil, err
		}
	}
	return collect(ctx, reads{q: conn}, explain+a.Text, a.Args, func(rows *sql.Rows, step *string) error {
		var ignored int
		if db.engine == Postgres {
			return rows.Scan(step)
		}
		return rows.Scan(&ignored, &ignored, &ignored, step)
	})
}

// PercentilesOf are those of some values.
func PercentilesOf(values []float64) Percentiles { return percentiles(values) }
