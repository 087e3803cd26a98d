package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"ampedfieldops/internal/fieldops"
)

// Turn is the right of one process to do something that comes round, held as a
// lease: every process looks whether it is due, and one does it.
type Turn struct {
	bucket string
	until  fieldops.Time
}

// TakeTurn takes the turn at a task for so long, nil when somebody has it. Who has
// got it looks again whether there is anything to do.
func (tx *Tx) TakeTurn(ctx context.Context, task string, d time.Duration) (*Turn, error) {
	now, err := tx.Clock(ctx)
	if err != nil {
		return nil, err
	}
	t := Turn{bucket: "turn:" + task}
	err = tx.q.QueryRowContext(ctx, `insert into throttles (bucket, tries, ends_at) values ($1, 1, $2)
		on conflict (bucket) do update set ends_at = excluded.ends_at where throttles.ends_at <= $3
		returning ends_at`, t.bucket, now.Add(d), now).Scan(&t.until)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // somebody else's turn is no error
	}
	return &t, err
}

// KeepTurn has a turn last so long from now, or returns ErrOutdated when it ran
// out and somebody else took it.
func (tx *Tx) KeepTurn(ctx context.Context, t *Turn, d time.Duration) error {
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	until := t.until
	err = tx.q.QueryRowContext(ctx, "update throttles set ends_at = $1 where bucket = $2 and ends_at = $3 returning ends_at",
		now.Add(d), t.bucket, t.until).Scan(&until)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrOutdated
	}
	tx.AfterCommit(func() { t.until = until })
	return err
}

// EndTurn gives a turn back.
func (tx *Tx) EndTurn(ctx context.Context, t *Turn) error {
	_, err := tx.q.ExecContext(ctx, "delete from throttles where bucket = $1 and ends_at = $2", t.bucket, t.until)
	return err
}
