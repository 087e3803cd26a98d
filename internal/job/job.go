// Package job is work that outlives the request that asked for it. It hides the
// engines that deliver the work: nothing else imports River or asynq.
//
// A job exists if and only if the transaction that enqueued it committed, and
// it is delivered at least once. The engine only delivers: how often something
// is tried, and when, is decided by whoever handles the job and kept in our own
// tables, so that all engines behave alike and a crash never costs an attempt.
package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// The queues. Each has workers of its own, so that one outside system that is
// slow keeps nothing waiting that goes to another.
const (
	XeroQueue = "xero-sync"
	MailQueue = "mail"
	FileQueue = "files"
	ScanQueue = "scans" // reading texts, which takes longer than anything else about files
)

// mailWorkers is how many mails one process sends at the same time, fileWorkers
// how many files it works on: one, because a picture that is made smaller takes a
// lot of memory; scanWorkers, how many texts it reads: one, because that takes a core.
const (
	mailWorkers = 2
	fileWorkers = 1
	scanWorkers = 1
)

// Args are the arguments of one kind of job; they travel as JSON.
// They go to XeroQueue unless they have a method Queue that names another.
type Args interface{ Kind() string }

func queueOf(args Args) string {
	if q, ok := args.(interface{ Queue() string }); ok {
		return q.Queue()
	}
	return XeroQueue
}

// later and abandoned are what a handler's error means to the engine.
type later struct{ d time.Duration }

func (l later) Error() string { return fmt.Sprintf("not yet: again in %s", l.d) }

type abandoned struct{ err error }

func (a abandoned) Error() string { return a.err.Error() }
func (a abandoned) Unwrap() error { return a.err }

// Later says "not yet": deliver again after d. It costs no attempt.
func Later(d time.Duration) error { return later{d} }

// Abandon says "never": the job is given up and kept with err as its reason.
func Abandon(err error) error { return abandoned{err} }

// Queue enqueues jobs and, once started, works them.
type Queue struct {
	sqlite   *sql.DB
	postgres *sql.DB
	pool     *pgxpool.Pool
	client   *river.Client[*sql.Tx] // enqueues, and answers the pages about jobs
	workers  *river.Workers
	handlers map[string]func(ctx context.Context, payload []byte) error // by kind
	redis    *redisEngine                                               // nil: the database delivers
	mu       sync.Mutex
	started  worker
}

type worker interface {
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
}

// OnSQLite is a queue inside a SQLite database; db is its one writing
// connection.
func OnSQLite(db *sql.DB) *Queue {
	client, err := river.NewClient(riversqlite.New(db), &river.Config{Logger: silent})
	if err != nil {
		panic("job: River refuses an insert-only client: " + err.Error())
	}
	return newQueue(&Queue{sqlite: db, client: client})
}

// OnPostgres is a queue inside a PostgreSQL database: enqueueing goes through
// database/sql, so that it joins the caller's transaction; working goes through
// pgx, which is told of new jobs by LISTEN instead of polling.
func OnPostgres(db *sql.DB, pool *pgxpool.Pool) *Queue {
	client, err := river.NewClient(riverdatabasesql.New(db), &river.Config{Logger: silent})
	if err != nil {
		panic("job: River refuses an insert-only client: " + err.Error())
	}
	return newQueue(&Queue{postgres: db, pool: pool, client: client})
}

func newQueue(q *Queue) *Queue {
	q.workers, q.handlers = river.NewWorkers(), map[string]func(context.Context, []byte) error{}
	return q
}

var silent = slog.New(slog.DiscardHandler)

// Migrate makes the tables that the engine needs.
func (q *Queue) Migrate(ctx context.Context) error {
	if q.sqlite != nil {
		return migrate(ctx, riversqlite.New(q.sqlite))
	}
	return migrate(ctx, riverpgxv5.New(q.pool))
}

// Enqueue adds a job inside the caller's transaction.
func (q *Queue) Enqueue(ctx context.Context, tx *sql.Tx, args Args) error {
	_, err := q.client.InsertTx(ctx, tx, args, &river.InsertOpts{
		Queue: queueOf(args),
		// Attempts are counted in our own tables. River counts a kill as an
		// attempt and discards at the maximum, so it gets plenty.
		MaxAttempts: 10_000,
	})
	return err
}

// Handle says what to do with jobs of the kind of A. It must be called before
// Start. The handler's error decides: nil is done, Later is not yet, Abandon is
// never, any other is again.
func Handle[A Args](q *Queue, handle func(ctx context.Context, args A) error) {
	var kind A
	q.handlers[kind.Kind()] = func(ctx context.Context, payload []byte) error {
		args, err := decode[A](payload)
		if err != nil {
			return Abandon(err)
		}
		return handle(ctx, args)
	}
	river.AddWorker(q.workers, &handler[A]{queue: q, handle: handle})
}

type handler[A Args] struct {
	river.WorkerDefaults[A]
	queue  *Queue
	handle func(ctx context.Context, args A) error
}

func (h *handler[A]) Work(ctx context.Context, j *river.Job[A]) error {
	if r := h.queue.redis; r != nil && j.Queue == XeroQueue {
		// Delivered again after a crash, the job has the same id, so that Redis knows
		// it already. What the supervision hands over anew is another job, and so is
		// one of the same number in a database that was restored.
		if r.takeOver(ctx, fmt.Sprintf("%s:%d:%d", j.Kind, j.ID, j.CreatedAt.UnixMicro()), j.Kind, j.EncodedArgs) {
			return nil
		}
	}
	err := h.handle(ctx, j.Args)
	if l, ok := errors.AsType[later](err); ok {
		return river.JobSnooze(l.d)
	}
	if a, ok := errors.AsType[abandoned](err); ok {
		return river.JobCancel(a.err)
	}
	return err
}

// Timeout: a job takes as long as the calls in it, each of which has its own
// limit.
func (h *handler[A]) Timeout(*river.Job[A]) time.Duration { return jobTimeout }

const jobTimeout = 5 * time.Minute

// NextRetry spaces repeats after an internal error; attempts at Xero are spaced
// by the protocol, not here.
func (h *handler[A]) NextRetry(j *river.Job[A]) time.Time {
	return time.Now().Add(retryDelay(j.Attempt))
}

func retryDelay(attempt int) time.Duration {
	return min(time.Duration(attempt)*time.Second, 30*time.Second)
}

// Start works jobs, of XeroQueue at most workers at a time, until Stop.
func (q *Queue) Start(ctx context.Context, workers int, log *slog.Logger) error {
	config := &river.Config{
		Logger: log,
		Queues: map[string]river.QueueConfig{
			XeroQueue: {MaxWorkers: workers, FetchCooldown: 50 * time.Millisecond, FetchPollInterval: 100 * time.Millisecond},
			MailQueue: {MaxWorkers: mailWorkers, FetchCooldown: 50 * time.Millisecond, FetchPollInterval: time.Second},
			FileQueue: {MaxWorkers: fileWorkers, FetchCooldown: 50 * time.Millisecond, FetchPollInterval: time.Second},
			ScanQueue: {MaxWorkers: scanWorkers, FetchCooldown: 50 * time.Millisecond, FetchPollInterval: time.Second},
		},
		Workers:              q.workers,
		RescueStuckJobsAfter: 6 * time.Minute, // above Timeout, as River demands; our own leases act long before
		// Kept as long as the existing product kept them.
		CompletedJobRetentionPeriod: 24 * time.Hour,
		CancelledJobRetentionPeriod: 7 * 24 * time.Hour,
		DiscardedJobRetentionPeriod: 7 * 24 * time.Hour,
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.started != nil {
		return errors.New("the queue is being worked already")
	}
	if q.sqlite != nil {
		client, err := river.NewClient(riversqlite.New(q.sqlite), config)
		if err != nil {
			return err
		}
		q.started = client
		q.startRedis(ctx, workers, log)
		return client.Start(ctx)
	}
	config.Queues[XeroQueue] = river.QueueConfig{MaxWorkers: workers, FetchCooldown: 50 * time.Millisecond, FetchPollInterval: 200 * time.Millisecond}
	client, err := river.NewClient(riverpgxv5.New(q.pool), config)
	if err != nil {
		return err
	}
	q.started = client
	q.startRedis(ctx, workers, log)
	return client.Start(ctx)
}

func (q *Queue) startRedis(ctx context.Context, workers int, log *slog.Logger) {
	if q.redis != nil {
		q.redis.start(ctx, workers, log)
	}
}

// Stop takes no new jobs and waits for those under way until ctx ends, then
// cancels them. What was not finished is delivered again.
func (q *Queue) Stop(ctx context.Context) (err error) {
	q.mu.Lock()
	started := q.started
	q.started = nil
	q.mu.Unlock()
	if started == nil {
		return nil
	}
	if q.redis != nil {
		defer func() { err = errors.Join(err, q.redis.finish(ctx)) }()
	}
	if err := started.Stop(ctx); err == nil {
		return nil
	}
	cancelled, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return started.StopAndCancel(cancelled)
}

// Close gives back what a queue that Redis delivers for holds.
func (q *Queue) Close() error {
	if q.redis == nil {
		return nil
	}
	return q.redis.close()
}

func migrate[TTx any](ctx context.Context, driver riverdriver.Driver[TTx]) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: silent})
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}
