// Package store holds all SQL, written once for PostgreSQL and SQLite.
//
// Reads hang off DB and Tx; writes hang off Tx alone, so that every change has
// a transaction, an actor and one frozen time. Nothing in here talks to an
// outside system.
//
// The one thing to know: a statement must run unchanged on both engines. Use $1
// parameters of one type each, ids and times made in Go, and the live_ views
// unless deleted rows are wanted.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/sync/semaphore"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
)

// Engine is a kind of database.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// DB is an open database. Its methods read; Write changes.
type DB struct {
	reads
	engine Engine
	write  *sql.DB       // on SQLite one connection, on PostgreSQL the same pool as read
	pool   *pgxpool.Pool // PostgreSQL only
	path   string        // SQLite only
	queue  *job.Queue
	watch  func(fieldops.DocumentRef)
	report func(error)

	watchNotices func(user fieldops.ID)
	watchScans   func(ChangedScan)

	shared *sharedCommits      // SQLite only
	turns  *semaphore.Weighted // PostgreSQL only
}

// writersAtOnce is how many transactions of this process change a PostgreSQL
// database at the same time. Each is a chain of short statements: more of them
// than there are cores only make each other slower, and the unlucky ones by far.
func writersAtOnce() int64 { return int64(max(4, 2*runtime.NumCPU())) }

// Tx is one change under way, made for an actor at one frozen time.
type Tx struct {
	reads
	Actor fieldops.Actor
	Now   fieldops.Time
	tx    *sql.Tx
	queue *job.Queue
	after []func()
	spent map[fieldops.ID]bool // projects that this may bring closer to their budget
	// documents is set when this may change a sum over documents.
	documents bool
	watch     func(fieldops.DocumentRef)

	watchNotices func(user fieldops.ID)
	watchScans   func(ChangedScan)
}

// reads carries every query that changes nothing.
type reads struct {
	q         querier
	engine    Engine
	reference *keptReference
	clock     *clockReading // of a transaction; nil reads anew each time
	sums      *keptSums
}

// clockReading is what the deciding clock showed, and when that was by the
// process's steady clock.
type clockReading struct {
	shown fieldops.Time
	at    time.Time
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Open opens the database that url names: sqlite:PATH, postgres://… or
// postgresql://…. It does not migrate.
func Open(ctx context.Context, url string) (*DB, error) {
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		return openSQLite(ctx, strings.TrimPrefix(strings.TrimPrefix(url, "sqlite:"), "//"))
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		return openPostgres(ctx, url)
	}
	return nil, errors.New("DATABASE_URL must begin with sqlite: or postgres://")
}

// mapped is how many bytes of a SQLite file its readers map at most: as many as
// SQLite allows, and none where addresses are scarce.
const mapped = 0x7fff0000 * (strconv.IntSize / 64)

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if path == "" {
		return nil, errors.New("DATABASE_URL=sqlite: needs the path of a file")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	// FULL makes an acknowledged change survive a power cut; immediate makes
	// writers queue instead of failing when two of them read before they write.
	dsn := func(extra string) string {
		return "file:" + path + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
			"&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-8000)" + extra
	}
	writing, err := openKeeping(dsn("&_txlock=immediate"))
	if err != nil {
		return nil, err
	}
	// Readers map the file instead of caching its pages: the driver's SQLite is
	// built with one cache for all connections (SQLITE_ENABLE_MEMORY_MANAGEMENT),
	// which, once it is full, throws away each page as soon as it was read, so that
	// what a large firm asks for is read from the file thousands of times a second.
	reading, err := openKeeping(dsn(fmt.Sprintf("&_pragma=query_only(1)&_pragma=mmap_size(%d)", mapped)))
	if err != nil {
		return nil, err
	}
	write := sql.OpenDB(writing)
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil {
		write.Close()
		return nil, fmt.Errorf("the database %s cannot be opened: %w", path, err)
	}
	read := sql.OpenDB(reading)
	// None is closed for want of callers: opening one reads the whole schema.
	readers := max(4, runtime.GOMAXPROCS(0))
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	db := &DB{
		reads: reads{q: read, engine: SQLite, reference: new(keptReference), sums: &keptSums{exactly: countExactly}}, engine: SQLite, write: write, path: path,
		shared: newSharedCommits(write),
	}
	db.queue = job.OnSQLite(write)
	return db, nil
}

func openPostgres(ctx context.Context, url string) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("DATABASE_URL is not a PostgreSQL address") // the parse error would show the password
	}
	config.MaxConns = 20
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	config.ConnConfig.RuntimeParams["application_name"] = "ampedfieldops"
	// A process that is frozen, or whose network is gone, in the middle of a change
	// keeps what it has locked from all others, until PostgreSQL gives up on it: by
	// itself after hours. No change of ours waits for anything that long.
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "15s"
	config.ConnConfig.RuntimeParams["tcp_keepalives_idle"] = "10"
	config.ConnConfig.RuntimeParams["tcp_keepalives_interval"] = "5"
	config.ConnConfig.RuntimeParams["tcp_keepalives_count"] = "3"
	// A list joins up to eight tables, written in the order that serves. Trying
	// every other order takes several times as long as the query does.
	config.ConnConfig.RuntimeParams["join_collapse_limit"] = "4"
	// PostgreSQL's own 4 is the price of a rotating disk. With it, it would rather
	// read a whole table of names than look up the twenty of a page.
	config.ConnConfig.RuntimeParams["random_page_cost"] = "1.1"
	// A connection that was not used for a moment is tried first. A server that is
	// restarted is away for longer, so that no request meets what it left behind.
	config.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool { return p.IdleDuration > 100*time.Millisecond }
	config.PingTimeout = 5 * time.Second
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("PostgreSQL does not answer: %w", err)
	}
	write := stdlib.OpenDBFromPool(pool)
	db := &DB{
		reads: reads{q: write, engine: Postgres, reference: new(keptReference), sums: &keptSums{exactly: countExactly}}, engine: Postgres, write: write, pool: pool,
		turns: semaphore.NewWeighted(writersAtOnce()),
	}
	db.queue = job.OnPostgres(write, pool)
	return db, nil
}

// Close gives everything back. No query may be under way.
func (db *DB) Close() error {
	err := errors.Join(db.queue.Close(), db.write.Close())
	if db.engine == SQLite {
		if closer, ok := db.q.(*sql.DB); ok {
			err = errors.Join(err, closer.Close())
		}
	}
	if db.pool != nil {
		db.pool.Close()
	}
	return err
}

// Engine tells which kind of database this is.
func (db *DB) Engine() Engine { return db.engine }

// Queue is the background work that this database carries.
func (db *DB) Queue() *job.Queue { return db.queue }

// WatchSync has changed called, after the commit, for every document whose sync
// state a transaction of this process has changed. It must be set before the
// first change.
func (db *DB) WatchSync(changed func(fieldops.DocumentRef)) { db.watch = changed }

// ReportTo has failed called with what went wrong after a change that stands all
// the same. It must be set before the first change.
func (db *DB) ReportTo(failed func(error)) { db.report = failed }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	return db.q.QueryRowContext(ctx, "select 1").Scan(&one)
}

// Write runs change in one transaction for an actor. The transaction is
// committed when change returns nil; else nothing of it remains and the error
// is returned as it is, or with ErrInDoubt when nobody can say whether it was
// committed. A transaction that PostgreSQL broke to resolve a
// deadlock is run again, so change must not touch anything but tx and its own
// variables.
func (db *DB) Write(ctx context.Context, actor fieldops.Actor, change func(tx *Tx) error) error {
	const tries = 5
	for try := 1; ; try++ {
		err := db.writeOnce(ctx, actor, change)
		if try == tries || !brokenByPostgres(err) {
			return err
		}
	}
}

func (db *DB) writeOnce(ctx context.Context, actor fieldops.Actor, change func(tx *Tx) error) error {
	tx, err := db.commit(ctx, actor, change)
	if err != nil {
		return err
	}
	if tx.documents {
		db.sums.changed()
	}
	for _, do := range tx.after {
		do()
	}
	db.warnOfBudgets(ctx, tx.spent)
	return nil
}

// commit runs change in a transaction and commits it.
func (db *DB) commit(ctx context.Context, actor fieldops.Actor, change func(tx *Tx) error) (*Tx, error) {
	if db.shared != nil {
		var tx *Tx
		err := db.shared.write(ctx, func(sqlTx *sql.Tx) error {
			tx = db.begun(actor, sqlTx, uninterrupted{sqlTx})
			return change(tx)
		})
		return tx, err
	}
	if err := db.turns.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer db.turns.Release(1)
	sqlTx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer sqlTx.Rollback() //nolint:errcheck // after a commit it has nothing to do
	tx := db.begun(actor, sqlTx, sqlTx)
	if err := change(tx); err != nil {
		return nil, err
	}
	if err := sqlTx.Commit(); err != nil {
		return nil, fmt.Errorf("commit: %w", commitError(err))
	}
	return tx, nil
}

func (db *DB) begun(actor fieldops.Actor, sqlTx *sql.Tx, q querier) *Tx {
	return &Tx{
		reads: reads{q: q, engine: db.engine, reference: db.reference, clock: new(clockReading), sums: db.sums},
		Actor: actor, Now: fieldops.At(time.Now()), tx: sqlTx, queue: db.queue, watch: db.watch, watchNotices: db.watchNotices, watchScans: db.watchScans,
	}
}

// brokenByPostgres is true for a serialization failure and a deadlock (SQLSTATE
// 40001, 40P01), after which the same transaction may simply be run again.
func brokenByPostgres(err error) bool {
	broken, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (broken.Code == "40001" || broken.Code == "40P01")
}

// breaksUnique reports whether err is the refusal of a second row with the same
// value in a unique index whose name (or, on SQLite, whose column) contains
// part.
func breaksUnique(err error, part string) bool {
	if err == nil {
		return false
	}
	if broken, ok := errors.AsType[*pgconn.PgError](err); ok {
		return broken.Code == "23505" && strings.Contains(broken.ConstraintName, part)
	}
	return strings.Contains(err.Error(), "UNIQUE constraint failed") && strings.Contains(err.Error(), part)
}

// Enqueue adds background work that exists if and only if this transaction
// commits.
func (tx *Tx) Enqueue(ctx context.Context, args job.Args) error {
	if tx.engine == SQLite {
		ctx = context.WithoutCancel(ctx) // see uninterrupted
	}
	return tx.queue.Enqueue(ctx, tx.tx, args)
}

// AfterCommit runs do once the transaction is committed, and not at all if it
// is not.
func (tx *Tx) AfterCommit(do func()) { tx.after = append(tx.after, do) }

// Clock is the one clock for times that decide between processes: leases, slots
// of the lane, hot and cold. PostgreSQL's own on PostgreSQL, the process's on
// SQLite (where only one process works), both moved by an offset that tests
// keep in the database.
//
// A transaction reads it once and counts on by the steady clock of the process.
func (r reads) Clock(ctx context.Context) (fieldops.Time, error) {
	if r.clock == nil {
		return r.readClock(ctx)
	}
	if r.clock.at.IsZero() {
		shown, err := r.readClock(ctx)
		if err != nil {
			return shown, err
		}
		*r.clock = clockReading{shown, time.Now()}
	}
	return r.clock.shown.Add(time.Since(r.clock.at)), nil
}

func (r reads) readClock(ctx context.Context) (fieldops.Time, error) {
	var now fieldops.Time
	var offset int64
	if r.engine == Postgres {
		err := r.q.QueryRowContext(ctx, "select clock_timestamp(), offset_us from clock where id = 1").Scan(&now, &offset)
		return now.Add(time.Duration(offset) * time.Microsecond), err
	}
	err := r.q.QueryRowContext(ctx, "select offset_us from clock where id = 1").Scan(&offset)
	return fieldops.At(time.Now()).Add(time.Duration(offset) * time.Microsecond), err
}

// MoveClock moves the deciding clock of this database by d, for tests.
func (tx *Tx) MoveClock(ctx context.Context, d time.Duration) error {
	*tx.clock = clockReading{}
	_, err := tx.q.ExecContext(ctx, "update clock set offset_us = offset_us + $1 where id = 1", d.Microseconds())
	return err
}

// list makes the placeholders of an in (…) list and appends its values to args.
// An empty list becomes in (null), which holds for nothing on both engines.
func list[T any](args *[]any, values []T) string {
	if len(values) == 0 {
		return "(null)"
	}
	var b strings.Builder
	b.WriteByte('(')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		*args = append(*args, v)
		fmt.Fprintf(&b, "$%d", len(*args))
	}
	b.WriteByte(')')
	return b.String()
}

// where builds the conditions of a query whose filters are optional.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition in which each ? stands for the next of values.
func (w *where) and(condition string, values ...any) {
	for _, v := range values {
		w.args = append(w.args, v)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(w.args)), 1)
	}
	w.conditions = append(w.conditions, condition)
}

// arg adds a value and returns its placeholder.
func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return "true"
	}
	return strings.Join(w.conditions, " and ")
}

// collect runs a query and reads every row with scan.
func collect[T any](ctx context.Context, r reads, query string, args []any, scan func(*sql.Rows, *T) error) ([]T, error) {
	rows, err := r.q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// notFound turns an absent row into a sentence.
func notFound(err error, what string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fieldops.Refuse(fieldops.NotFound, "%s not found", what)
	}
	return err
}

// forUpdate locks the rows of a select on PostgreSQL; a write transaction on
// SQLite excludes every other already.
func (r reads) forUpdate() string {
	if r.engine == Postgres {
		return " for update"
	}
	return ""
}
