package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// writers is a bare SQLite file with one table, written to as the store does.
func writers(t *testing.T) (s *sharedCommits, rows func() []int) {
	t.Helper()
	dsn := "file:" + filepath.Join(t.TempDir(), "shared.db") + "?_pragma=journal_mode(WAL)&_txlock=immediate"
	open := func() *sql.DB {
		connector, err := openKeeping(dsn)
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(connector)
		t.Cleanup(func() { db.Close() })
		return db
	}
	write, read := open(), open()
	write.SetMaxOpenConns(1)
	if _, err := write.ExecContext(t.Context(), "create table numbers (n integer primary key)"); err != nil {
		t.Fatal(err)
	}
	return newSharedCommits(write), func() []int {
		t.Helper()
		found, err := collect(t.Context(), reads{q: read}, "select n from numbers order by n", nil, func(r *sql.Rows, n *int) error { return r.Scan(n) })
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
}

func insert(n int) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.Background(), "insert into numbers values ($1)", n)
		return err
	}
}

// together has the changes share one commit: the first holds the turn until all
// others wait for it. It returns what each writer was told.
func together(t *testing.T, s *sharedCommits, changes ...func(*sql.Tx) error) []error {
	t.Helper()
	errs := make([]error, len(changes))
	var all sync.WaitGroup
	begun := make(chan struct{})
	all.Go(func() {
		errs[0] = s.write(t.Context(), func(tx *sql.Tx) error {
			close(begun)
			for s.waiting.Load() < int64(len(changes)-1) {
				time.Sleep(time.Millisecond)
			}
			return changes[0](tx)
		})
	})
	<-begun
	for i, change := range changes[1:] {
		all.Go(func() { errs[i+1] = s.write(t.Context(), change) })
	}
	all.Wait()
	return errs
}

func TestAChangeThatFailsTakesBackOnlyItself(t *testing.T) {
	t.Parallel()
	s, rows := writers(t)
	refused := errors.New("refused")
	errs := together(
		t, s, insert(1),
		func(tx *sql.Tx) error { return errors.Join(insert(2)(tx), refused) },
		insert(3), insert(3), // one of the two breaks the key
		insert(4),
	)
	if errs[0] != nil || !errors.Is(errs[1], refused) || errs[4] != nil || (errs[2] == nil) == (errs[3] == nil) {
		t.Errorf("the writers were told %v", errs)
	}
	if got := rows(); !slices.Equal(got, []int{1, 3, 4}) {
		t.Errorf("stored %v, want 1, 3 and 4", got)
	}
}

func TestWaitingWritersShareACommit(t *testing.T) {
	t.Parallel()
	s, rows := writers(t)
	s.openAtMost = time.Minute
	var seen []*sql.Tx
	changes := make([]func(*sql.Tx) error, mostTogether)
	for i := range changes {
		changes[i] = func(tx *sql.Tx) error {
			seen = append(seen, tx) // by turns
			if n := len(rows()); n != 0 {
				t.Errorf("%d rows could be read before the commit", n)
			}
			return insert(i)(tx)
		}
	}
	if err := errors.Join(together(t, s, changes...)...); err != nil {
		t.Fatal(err)
	}
	if n := len(slices.Compact(seen)); n != 1 {
		t.Errorf("%d commits for %d changes", n, len(changes))
	}
	if n := len(rows()); n != len(changes) {
		t.Errorf("%d rows are stored, want %d", n, len(changes))
	}
}

// What SQLite takes back as a whole, nobody is told to be stored.
func TestABrokenTransactionFailsForAllInIt(t *testing.T) {
	t.Parallel()
	s, rows := writers(t)
	errs := together(t, s, insert(1), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.Background(), "rollback")
		return err
	})
	stored := rows()
	for i, err := range errs {
		if (err == nil) != slices.Contains(stored, i+1) {
			t.Errorf("writer %d was told %v; stored %v", i+1, err, stored)
		}
	}
	if errs[1] == nil {
		t.Error("a change that broke its transaction was told that it is stored")
	}
	if err := s.write(t.Context(), insert(7)); err != nil {
		t.Errorf("the next writer: %v", err)
	}
}

func TestAWriterThatGivesUpLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	s, rows := writers(t)
	gone, leave := context.WithCancel(t.Context())
	began, end := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.write(t.Context(), func(tx *sql.Tx) error { close(began); <-end; return insert(1)(tx) }); err != nil {
			t.Error(err)
		}
	})
	<-began
	all.Go(func() {
		if err := s.write(gone, insert(2)); !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up was told %v", err)
		}
	})
	for s.waiting.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	leave()
	close(end)
	all.Wait()
	if got := rows(); !slices.Equal(got, []int{1}) {
		t.Errorf("stored %v, want 1", got)
	}
}

func TestAPanicLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	s, rows := writers(t)
	errs := together(t, s, insert(1), func(tx *sql.Tx) (err error) {
		// As the HTTP server does, one level up.
		return errors.Join(insert(2)(tx), errors.New("refused"))
	}, insert(3))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.write(t.Context(), func(tx *sql.Tx) error { _ = insert(4)(tx); panic("bug") })
	}()
	if err := s.write(t.Context(), insert(5)); err != nil {
		t.Error(err)
	}
	if got := rows(); errs[0] != nil || errs[2] != nil || !slices.Equal(got, []int{1, 3, 5}) {
		t.Errorf("stored %v, told %v", got, errs)
	}
}

// Many writers with every kind of ending: what each was told is what is stored.
func TestWritersAreToldTheTruth(t *testing.T) {
	t.Parallel()
	s, rows := writers(t)
	const n = 400
	var mu sync.Mutex
	var want []int
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := s.write(ctx, func(tx *sql.Tx) error {
				if err := insert(i)(tx); err != nil {
					return err
				}
				switch i % 5 {
				case 1:
					return fmt.Errorf("%d is refused", i)
				case 2:
					cancel() // too late: it is stored all the same
				}
				return nil
			})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				want = append(want, i)
			}
		})
	}
	all.Wait()
	slices.Sort(want)
	if got := rows(); !slices.Equal(got, want) || len(got) != n*4/5 {
		t.Errorf("%d are stored, %d were told so, want %d", len(got), len(want), n*4/5)
	}
}
