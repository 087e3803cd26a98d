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

// turnWrite bounds the short transactions of a turn, which are not cut off when
// their process is told to stop.
const turnWrite = 15 * time.Second

// InTurn does something that has come round, unless another process does it now.
// do looks first whether it is still to be done, and keeps its turn at least once
// in every lease.
func (db *DB) InTurn(ctx context.Context, task string, lease time.Duration, do func(keep func() error) error) error {
	write := func(change func(tx *Tx) error) error {
		writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), turnWrite)
		defer cancel()
		return db.Write(writing, fieldops.System, change)
	}
	var turn *Turn
	err := write(func(tx *Tx) (err error) {
		turn, err = tx.TakeTurn(ctx, task, lease)
		return err
	})
	if err != nil || turn == nil {
		return err
	}
	err = do(func() error {
		return write(func(tx *Tx) error { return tx.KeepTurn(ctx, turn, lease) })
	})
	if errors.Is(err, ErrOutdated) {
		return nil // we were too slow: somebody else does it
	}
	return errors.Join(err, write(func(tx *Tx) error { return tx.EndTurn(ctx, turn) }))
}
