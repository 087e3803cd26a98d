package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// On SQLite one writes at a time, and a large part of what a small change costs
// is its commit, which waits for the disk. So those who wait for their turn join the
// transaction that is open, one after the other, each between two savepoints;
// the last of them commits for all, and nobody is answered before that. A change
// that fails takes back itself and nothing else.
const (
	mostTogether = 16 // changes in one commit
	openAtMost   = 15 * time.Millisecond
)

// sharedCommits is the one writing connection of a SQLite database.
type sharedCommits struct {
	db         *sql.DB
	openAtMost time.Duration // then it is committed, whoever waits
	// turn lets writers in as they came; the rest belongs to who has it.
	turn    *semaphore.Weighted
	waiting atomic.Int64
	open    *sharedCommit // nil: the next writer begins one
}

// sharedCommit is one transaction of several writers.
type sharedCommit struct {
	tx      *sql.Tx
	began   time.Time
	changes int
	broken  error         // SQLite has taken the whole transaction back
	done    chan struct{} // closed when err is known
	err     error
}

func newSharedCommits(db *sql.DB) *sharedCommits {
	return &sharedCommits{db: db, openAtMost: openAtMost, turn: semaphore.NewWeighted(1)}
}

// write runs change and returns once it is committed, or with what went wrong;
// then nothing of it remains.
//
// A writer never leaves the queue early, even if its context ends: the one
// before has left the transaction open for it. It only does nothing then.
func (s *sharedCommits) write(ctx context.Context, change func(*sql.Tx) error) error {
	s.waiting.Add(1)
	err := s.turn.Acquire(context.WithoutCancel(ctx), 1)
	s.waiting.Add(-1)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	c, err := s.join(ctx, change)
	if c == nil {
		return err
	}
	// Also who was refused waits: the reason may stand in this very commit.
	<-c.done
	if err == nil && c.err != nil {
		return fmt.Errorf("commit: %w", c.err)
	}
	return err
}

// join runs change in the open transaction, or in a new one, and passes the turn
// on. It returns the transaction to wait for.
func (s *sharedCommits) join(ctx context.Context, change func(*sql.Tx) error) (c *sharedCommit, err error) {
	defer s.turn.Release(1)
	// The change may panic, and a test may end in it: the others must not wait
	// for ever.
	defer func() {
		if c = s.open; c != nil && (c.broken != nil || c.changes >= mostTogether || s.waiting.Load() == 0 || time.Since(c.began) > s.openAtMost) {
			s.open = nil
			c.finish()
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.open == nil {
		// It must outlive the writer who happens to begin it.
		tx, err := s.db.BeginTx(context.WithoutCancel(ctx), nil)
		if err != nil {
			return nil, fmt.Errorf("begin: %w", err)
		}
		s.open = &sharedCommit{tx: tx, began: time.Now(), done: make(chan struct{})}
	}
	return s.open, s.open.run(change)
}

// run carries out one change of the transaction.
func (c *sharedCommit) run(change func(*sql.Tx) error) (err error) {
	if c.broken = c.do("savepoint change"); c.broken != nil {
		return c.broken
	}
	whole := false
	defer func() {
		if !whole {
			c.broken = errors.Join(c.do("rollback to change"), c.do("release change"))
		}
	}()
	if err := change(c.tx); err != nil {
		return err
	}
	whole = true
	c.changes++
	c.broken = c.do("release change")
	return c.broken
}

func (c *sharedCommit) do(statement string) error {
	_, err := c.tx.ExecContext(context.Background(), statement)
	return err
}

// finish commits, or takes back what SQLite has not taken back by itself.
func (c *sharedCommit) finish() {
	if c.err = c.broken; c.err == nil {
		c.err = c.tx.Commit()
	}
	if c.err != nil {
		_ = c.tx.Rollback() // there is nothing more to tell
	}
	close(c.done)
}

// uninterrupted runs the statements of a change to their end, whatever becomes
// of who asked for it: SQLite takes the whole transaction back when a statement
// that writes is interrupted (https://sqlite.org/c3ref/interrupt.html), and with
// it what others have changed.
type uninterrupted struct{ tx *sql.Tx }

func (u uninterrupted) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return u.tx.QueryContext(context.WithoutCancel(ctx), query, args...)
}

func (u uninterrupted) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return u.tx.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}

func (u uninterrupted) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return u.tx.ExecContext(context.WithoutCancel(ctx), query, args...)
}
