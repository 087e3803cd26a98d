package job

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// Redis says where the Redis is that delivers the jobs of XeroQueue.
type Redis struct {
	Host     string
	Port     int
	Password string
	DB       int // the number of the database in it; an installation has one for itself
	TLS      bool
}

// The times of Redis. A hand-over that takes longer has failed, and the database
// delivers the job instead; nobody who makes a request waits for it.
const (
	redisPatience  = 500 * time.Millisecond
	redisLookAgain = time.Second
	redisKeepsDone = 24 * time.Hour
	redisKeepsDead = 7 * 24 * time.Hour // asynq's own 90 days are trimmed to that
	redisTrims     = time.Hour
)

// redisEngine delivers jobs through Redis. The database stays the outbox: a job
// is handed over after its transaction committed, and who supervises the work
// hands it over anew when Redis has lost it.
type redisEngine struct {
	options asynq.RedisClientOpt
	ping    *redis.Client
	client  *asynq.Client

	handlers map[string]func(ctx context.Context, payload []byte) error
	up       atomic.Bool
	handed   atomic.Int64
	log      *slog.Logger

	mu     sync.Mutex
	server *asynq.Server
	stop   context.CancelFunc
	done   chan struct{}
}

// DeliverBy has the jobs of XeroQueue delivered through a Redis, whenever it
// answers; while it does not, the database delivers them. It must be called
// before Start. A process that never starts its queue hands nothing over: its jobs
// wait in the database for one that does.
func (q *Queue) DeliverBy(at Redis) {
	address := net.JoinHostPort(at.Host, strconv.Itoa(at.Port))
	options := asynq.RedisClientOpt{
		Addr: address, Password: at.Password, DB: at.DB,
		DialTimeout: redisPatience, ReadTimeout: redisPatience, WriteTimeout: redisPatience, PoolSize: 10,
	}
	pinging := &redis.Options{
		Addr: address, Password: at.Password, DB: at.DB, DialTimeout: redisPatience, ReadTimeout: redisPatience, WriteTimeout: redisPatience,
		PoolSize: 1, MaxRetries: -1,
	}
	if at.TLS {
		options.TLSConfig = &tls.Config{ServerName: at.Host, MinVersion: tls.VersionTLS12}
		pinging.TLSConfig = options.TLSConfig
	}
	q.redis = &redisEngine{options: options, ping: redis.NewClient(pinging), client: asynq.NewClient(options), handlers: q.handlers}
}

// RedisState is how the Redis stands that a queue was told of.
type RedisState struct {
	Configured bool
	Answers    bool
	HandedOver int64 // jobs that this process handed over to it
}

// Redis tells how Redis stands as this process sees it.
func (q *Queue) Redis() RedisState {
	if q.redis == nil {
		return RedisState{}
	}
	return RedisState{Configured: true, Answers: q.redis.answers(), HandedOver: q.redis.handed.Load()}
}

// answers looks whether Redis answers now, unless somebody looks all the time.
func (e *redisEngine) answers() bool {
	e.mu.Lock()
	watched := e.stop != nil
	e.mu.Unlock()
	if watched {
		return e.up.Load()
	}
	return e.look(context.Background())
}

// look writes something: a Redis that is full, or a copy, reads without complaint.
func (e *redisEngine) look(ctx context.Context) bool {
	looking, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	return e.ping.Set(looking, "ampedfieldops:looked", 1, time.Minute).Err() == nil
}

// takeOver hands a job over to Redis. False is to say that the database must
// deliver it.
func (e *redisEngine) takeOver(ctx context.Context, id, kind string, payload []byte) bool {
	if !e.up.Load() {
		return false
	}
	handing, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	_, err := e.client.EnqueueContext(handing, asynq.NewTask(kind, payload), asynq.Queue(XeroQueue), asynq.TaskID(id),
		asynq.MaxRetry(10_000), // attempts are counted in our own tables
		asynq.Timeout(jobTimeout), asynq.Retention(redisKeepsDone))
	if err == nil || errors.Is(err, asynq.ErrTaskIDConflict) { // a conflict: it was handed over before
		e.handed.Add(1)
		return true
	}
	if ctx.Err() == nil && e.up.Swap(false) {
		e.log.Warn("Redis does not take a job; the database delivers until it answers again", "error", err)
	}
	return false
}

// start watches Redis and works its jobs whenever it answers.
func (e *redisEngine) start(ctx context.Context, workers int, log *slog.Logger) {
	watching, stop := context.WithCancel(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log, e.stop, e.done = log, stop, make(chan struct{})
	e.up.Store(e.look(ctx))
	if !e.up.Load() {
		log.Warn("Redis does not answer; the database delivers until it does", "address", e.options.Addr)
	}
	e.server = asynq.NewServer(e.options, asynq.Config{
		Concurrency: workers, Queues: map[string]int{XeroQueue: 1},
		BaseContext:    func() context.Context { return context.WithoutCancel(ctx) },
		RetryDelayFunc: redisDelay, IsFailure: func(err error) bool { _, waits := errors.AsType[later](err); return !waits },
		// What waits in Redis waits for a short while only: the rest waits in the database.
		TaskCheckInterval: 200 * time.Millisecond, DelayedTaskCheckInterval: time.Second,
		ShutdownTimeout: redisDrains, Logger: quiet{}, LogLevel: asynq.FatalLevel,
	})
	if err := e.server.Start(asynq.HandlerFunc(e.work)); err != nil {
		log.Error("working the jobs of Redis", "error", err) // unreachable: the server is new and has a handler
	}
	go func() {
		defer close(e.done)
		e.watch(watching)
	}()
}

// redisDrains is how long jobs under way may take when the worker stops; what is
// not finished then is delivered again.
const redisDrains = 20 * time.Second

func (e *redisEngine) watch(ctx context.Context) {
	look := time.NewTicker(redisLookAgain)
	defer look.Stop()
	trimmed := time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		answers := e.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if e.up.Swap(answers) != answers {
			if answers {
				e.log.Info("Redis answers again")
			} else {
				e.log.Warn("Redis does not answer; the database delivers until it does", "address", e.options.Addr)
			}
		}
		if answers && time.Since(trimmed) >= redisTrims {
			if err := e.trim(time.Now().Add(-redisKeepsDead)); err != nil {
				e.log.Warn("trimming what Redis keeps of failed jobs", "error", err)
			}
			trimmed = time.Now()
		}
	}
}

// trim removes what was given up before a moment.
func (e *redisEngine) trim(before time.Time) error {
	inspector := asynq.NewInspector(e.options)
	defer inspector.Close()
	for {
		given, err := inspector.ListArchivedTasks(XeroQueue, asynq.PageSize(100))
		if errors.Is(err, asynq.ErrQueueNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		removed := 0
		for _, task := range given {
			if !task.LastFailedAt.Before(before) {
				continue
			}
			if err := inspector.DeleteTask(XeroQueue, task.ID); err != nil && !errors.Is(err, asynq.ErrTaskNotFound) {
				return err
			}
			removed++
		}
		if removed == 0 {
			return nil
		}
	}
}

func (e *redisEngine) work(ctx context.Context, task *asynq.Task) error {
	handle := e.handlers[task.Type()]
	if handle == nil {
		return fmt.Errorf("nobody handles jobs of the kind %s: %w", task.Type(), asynq.SkipRetry)
	}
	err := handle(ctx, task.Payload())
	if a, ok := errors.AsType[abandoned](err); ok {
		return fmt.Errorf("%w: %w", a.err, asynq.SkipRetry)
	}
	return err
}

func redisDelay(n int, err error, _ *asynq.Task) time.Duration {
	delay := retryDelay(n + 1)
	if l, ok := errors.AsType[later](err); ok {
		delay = l.d
	}
	return delay + time.Second // asynq cuts off what is less than a second
}

// finish takes no new jobs and waits for those under way until ctx ends.
func (e *redisEngine) finish(ctx context.Context) error {
	e.mu.Lock()
	server, stop, done := e.server, e.stop, e.done
	e.server, e.stop = nil, nil
	e.mu.Unlock()
	if server == nil {
		return nil
	}
	stop()
	<-done
	server.Stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Shutdown()
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		// Redis itself does not answer, or a job hangs: its lease runs out, and it is
		// delivered again.
		return ctx.Err()
	}
	return nil
}

func (e *redisEngine) close() error { return errors.Join(e.client.Close(), e.ping.Close()) }

// quiet is asynq's log: what matters of it, watch says once instead of each second.
type quiet struct{}

func (quiet) Debug(...any) {}
func (quiet) Info(...any)  {}
func (quiet) Warn(...any)  {}
func (quiet) Error(...any) {}
func (quiet) Fatal(...any) {}

// decode makes the arguments of a job from how they travel.
func decode[A Args](payload []byte) (args A, err error) {
	err = json.Unmarshal(payload, &args)
	return args, err
}
