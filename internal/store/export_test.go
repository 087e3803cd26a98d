package store

import "context"

// CountExactly has totals beyond n estimated, so that a test needs few rows.
func CountExactly(db *DB, n int) { db.counts.exactly = n }

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
