package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// patience is how long something that must happen may take on a busy machine.
const patience = 30 * time.Second

type errand struct {
	Number int `json:"number"`
}

func (errand) Kind() string { return "errand" }

// engine is one of the ways in which jobs are delivered.
type engine struct {
	name     string
	database store.Engine
	redis    bool
}

var engines = []engine{{"River on SQLite", store.SQLite, false}, {"River on PostgreSQL", store.Postgres, false}, {"asynq on Redis", store.Postgres, true}, {"asynq beside SQLite", store.SQLite, true}}

// place is a database with as many workers on it as are asked for.
type place struct {
	t     *testing.T
	url   string
	redis *storetest.Redis
	first *store.DB
}

// each runs a test of the contract on each engine.
func each(t *testing.T, test func(p *place)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			p := &place{t: t, url: storetest.Migrated(t, e.database)}
			if e.redis {
				p.redis = storetest.OwnRedis(t)
			}
			p.first = p.open()
			test(p)
		})
	}
}

// open is another process on the same database.
func (p *place) open() *store.DB {
	p.t.Helper()
	db := storetest.Open(p.t, p.url)
	if p.redis != nil {
		db.Queue().DeliverBy(job.Redis{Host: "127.0.0.1", Port: p.redis.Port})
	}
	return db
}

// processes are as many as may work on its database: two, but one on SQLite.
func (p *place) processes() []*store.DB {
	p.t.Helper()
	if p.first.Engine() == store.SQLite {
		return []*store.DB{p.first}
	}
	return []*store.DB{p.first, p.open()}
}

// enqueue adds jobs in one transaction, which fails when asked to.
func (p *place) enqueue(fail bool, numbers ...int) {
	p.t.Helper()
	failed := errors.New("taken back")
	err := p.first.Write(p.t.Context(), fieldops.System, func(tx *store.Tx) error {
		for _, n := range numbers {
			if err := tx.Enqueue(p.t.Context(), errand{n}); err != nil {
				return err
			}
		}
		if fail {
			return failed
		}
		return nil
	})
	if err != nil && !errors.Is(err, failed) {
		p.t.Fatal(err)
	}
}

// diary is what was delivered when.
type diary struct {
	mu  sync.Mutex
	was map[int][]time.Time
}

func (d *diary) note(n int) (times int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.was == nil {
		d.was = map[int][]time.Time{}
	}
	d.was[n] = append(d.was[n], time.Now())
	return len(d.was[n])
}

func (d *diary) of(n int) []time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]time.Time(nil), d.was[n]...)
}

func (d *diary) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.was)
}

// until waits until something is so.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// works has a database's queue worked until the test ends.
func works(t *testing.T, db *store.DB, handle func(ctx context.Context, n int) error) (stop func()) {
	t.Helper()
	job.Handle(db.Queue(), func(ctx context.Context, e errand) error { return handle(ctx, e.Number) })
	if err := db.Queue().Start(context.WithoutCancel(t.Context()), atOnce, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := db.Queue().Stop(ctx); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func TestAJobExistsIfItsTransactionCommitted(t *testing.T) {
	t.Parallel()
	each(t, func(p *place) {
		var d diary
		p.enqueue(false, 1)
		p.enqueue(true, 2)
		works(p.t, p.first, func(_ context.Context, n int) error { d.note(n); return nil })
		p.enqueue(false, 3)
		p.enqueue(true, 4)
		until(p.t, "1 and 3 are delivered", func() bool { return len(d.of(1)) == 1 && len(d.of(3)) == 1 })
		if len(d.of(2))+len(d.of(4)) > 0 {
			p.t.Error("a job whose transaction was taken back was delivered")
		}
		want := int64(0)
		if p.redis != nil {
			want = 2
		}
		if handed := p.first.Queue().Redis().HandedOver; handed != want {
			p.t.Errorf("%d jobs went through Redis, want %d", handed, want)
		}
	})
}

func TestWhatAHandlerSaysDecides(t *testing.T) {
	t.Parallel()
	each(t, func(p *place) {
		const again, later, never, once = 1, 2, 3, 4
		const wait = 2 * time.Second
		var d diary
		works(p.t, p.first, func(_ context.Context, n int) error {
			times := d.note(n)
			switch {
			case n == again && times < 3:
				return errors.New("not this time")
			case n == later && times == 1:
				return job.Later(wait)
			case n == never:
				return job.Abandon(errors.New("there is no such thing"))
			}
			return nil
		})
		p.enqueue(false, again, later, never, once)
		until(p.t, "the failing one comes three times, the other twice", func() bool { return len(d.of(again)) == 3 && len(d.of(later)) == 2 })
		if times := d.of(later); times[1].Sub(times[0]) < wait*9/10 {
			p.t.Errorf("it came again after %v, not %v", times[1].Sub(times[0]), wait)
		}
		if len(d.of(never)) != 1 || len(d.of(once)) != 1 {
			p.t.Errorf("what is done for good came %d and %d times", len(d.of(never)), len(d.of(once)))
		}
	})
}

func TestSeveralWorkersShareJobs(t *testing.T) {
	t.Parallel()
	each(t, func(p *place) {
		const jobs = 60
		var d diary
		var by [2]diary
		processes := p.processes()
		for i, db := range processes {
			works(p.t, db, func(_ context.Context, n int) error {
				by[i].note(n)
				// Whoever is quick must not do the other one's work too.
				for waited := 0; len(processes) > 1 && by[1-i].count() == 0 && waited < 4000; waited++ {
					time.Sleep(5 * time.Millisecond)
				}
				d.note(n)
				return nil
			})
		}
		numbers := make([]int, jobs)
		for i := range numbers {
			numbers[i] = i
		}
		p.enqueue(false, numbers...)
		until(p.t, "all are delivered", func() bool { return d.count() == jobs })
		for n := range jobs {
			if len(d.of(n)) != 1 {
				p.t.Errorf("job %d was delivered %d times", n, len(d.of(n)))
			}
		}
		if len(processes) > 1 && (by[0].count() == 0 || by[1].count() == 0) {
			p.t.Errorf("one of two workers had nothing to do: %d and %d", by[0].count(), by[1].count())
		}
	})
}

// A worker that is told to stop lets jobs under way end; what it does not finish
// in time is delivered to the next.
func TestStoppingLosesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(p *place) {
		var d diary
		begun, go1 := make(chan struct{}), make(chan struct{})
		stop := works(p.t, p.first, func(_ context.Context, n int) error {
			close(begun)
			<-go1
			d.note(n)
			return nil
		})
		p.enqueue(false, 1)
		<-begun
		stopped := make(chan struct{})
		go func() { defer close(stopped); stop() }()
		time.Sleep(200 * time.Millisecond)
		p.enqueue(false, 2)
		close(go1)
		<-stopped
		if len(d.of(1)) != 1 || len(d.of(2)) != 0 {
			p.t.Errorf("after the stop 1 was delivered %d times and 2 %d times", len(d.of(1)), len(d.of(2)))
		}
		next := p.open()
		works(p.t, next, func(_ context.Context, n int) error { d.note(n); return nil })
		until(p.t, "the next worker delivers the second", func() bool { return len(d.of(2)) == 1 })
		if len(d.of(1)) != 1 {
			p.t.Errorf("what was finished was delivered %d times", len(d.of(1)))
		}
	})
}

// TestRedisComesAndGoes takes Redis away in every way there is: the database goes
// on delivering, and nobody who enqueues waits.
func TestRedisComesAndGoes(t *testing.T) {
	t.Parallel()
	for _, database := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(database), func(t *testing.T) {
			t.Parallel()
			p := &place{t: t, url: storetest.Migrated(t, database), redis: storetest.OwnRedis(t)}
			p.redis.Stop() // absent at the start
			p.first = p.open()
			if state := p.first.Queue().Redis(); !state.Configured || state.Answers {
				t.Errorf("an absent Redis is %+v", state)
			}
			var d diary
			works(t, p.first, func(_ context.Context, n int) error { d.note(n); return nil })
			n := 0
			delivers := func(how string) {
				t.Helper()
				for range 5 {
					n++
					begin := time.Now()
					p.enqueue(false, n)
					if took := time.Since(begin); took > 5*time.Second {
						t.Errorf("%s: enqueueing took %v", how, took)
					}
				}
				last := n
				until(t, how, func() bool {
					for i := last - 4; i <= last; i++ {
						if len(d.of(i)) == 0 {
							return false
						}
					}
					return true
				})
			}
			through := func(want bool) {
				t.Helper()
				before := p.first.Queue().Redis().HandedOver
				delivers(fmt.Sprint("through Redis: ", want))
				if handed := p.first.Queue().Redis().HandedOver - before; (handed == 5) != want || !want && handed > 0 {
					t.Errorf("%d of 5 jobs went through Redis", handed)
				}
			}
			answers := func(want bool) {
				t.Helper()
				until(t, fmt.Sprint("Redis answers: ", want), func() bool { return p.first.Queue().Redis().Answers == want })
			}
			through(false)
			p.redis.Start()
			answers(true)
			through(true)
			p.redis.Empty()
			delivers("after Redis was emptied")
			p.redis.Stop()
			delivers("while Redis is away")
			answers(false)
			through(false)
			p.redis.Start()
			answers(true)
			through(true)
			p.redis.Sleep(3 * time.Second)
			delivers("while Redis answers nobody")
			answers(true)
			delivers("at the end")
			for i := 1; i <= n; i++ {
				if times := len(d.of(i)); times != 1 {
					t.Logf("job %d was delivered %d times", i, times) // allowed: at least once
				}
			}
		})
	}
}
