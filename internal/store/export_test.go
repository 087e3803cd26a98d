package store

// CountExactly has totals beyond n estimated, so that a test needs few rows.
func CountExactly(db *DB, n int) { db.counts.exactly = n }
