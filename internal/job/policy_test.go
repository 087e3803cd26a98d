package job_test

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"ampedfieldops/internal/job"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// atOnce is with how many workers works starts a queue.
const atOnce = 4

func TestNoMoreAtOnceThanThereAreWorkers(t *testing.T) {
	t.Parallel()
	each(t, func(p *place) {
		const jobs = 40
		var d diary
		processes := p.processes()
		var mu sync.Mutex
		busy, highest := make([]int, len(processes)), make([]int, len(processes))
		for i, db := range processes {
			count := func(by int) {
				mu.Lock()
				defer mu.Unlock()
				busy[i] += by
				highest[i] = max(highest[i], busy[i])
			}
			works(p.t, db, func(_ context.Context, n int) error {
				count(1)
				defer count(-1)
				time.Sleep(50 * time.Millisecond)
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
		mu.Lock()
		defer mu.Unlock()
		for i, most := range highest {
			if most > atOnce {
				p.t.Errorf("process %d did %d jobs at once, with %d workers", i, most, atOnce)
			}
		}
	})
}

// An internal error is tried again after a second, then after two, and so on.
func TestWhatFailsComesAgainLaterEachTime(t *testing.T) {
	t.Parallel()
	each(t, func(p *place) {
		var d diary
		works(p.t, p.first, func(_ context.Context, n int) error {
			if d.note(n) < 4 {
				return errors.New("not this time")
			}
			return nil
		})
		p.enqueue(false, 1)
		until(p.t, "it comes four times", func() bool { return len(d.of(1)) == 4 })
		for i, times := 1, d.of(1); i < len(times); i++ {
			if gap, least := times[i].Sub(times[i-1]), time.Duration(i)*time.Second; gap < least*9/10 {
				p.t.Errorf("time %d came %v after the one before, not after %v", i+1, gap, least)
			}
		}
	})
}

// Finished jobs are kept for 24 hours and those given up for seven days.
func TestFinishedJobsAreKeptForAWhile(t *testing.T) {
	t.Parallel()
	each(t, func(p *place) {
		// By River: two of each are made so old that one is to go.
		const done, oldDone, dead, oldDead = 1, 2, 3, 4
		var d diary
		handle := func(_ context.Context, n int) error {
			d.note(n)
			if n >= dead {
				return job.Abandon(errors.New("there is no such thing"))
			}
			return nil
		}
		stop := works(p.t, p.first, handle)
		p.enqueue(false, done, oldDone, dead, oldDead)
		until(p.t, "all are delivered", func() bool { return d.count() == 4 })
		if p.redis != nil {
			p.redisKeeps()
			return
		}
		driver, source, before := "pgx", p.url, "finalized_at - cast($1 as interval)"
		if p.first.Engine() == store.SQLite {
			driver, source, before = "sqlite", strings.TrimPrefix(p.url, "sqlite:")+"?_pragma=busy_timeout(10000)", "strftime('%Y-%m-%d %H:%M:%f', finalized_at, '-' || $1)"
		}
		db, err := sql.Open(driver, source)
		if err != nil {
			p.t.Fatal(err)
		}
		defer db.Close()
		kept := func() (n int) {
			if err := db.QueryRowContext(p.t.Context(), "select count(*) from river_job where kind = 'errand' and finalized_at is not null").Scan(&n); err != nil {
				p.t.Fatal(err)
			}
			return n
		}
		until(p.t, "all are finished", func() bool { return kept() == 4 })
		stop()
		for n, age := range map[int]string{done: "23 hours", oldDone: "25 hours", dead: "167 hours", oldDead: "169 hours"} {
			changed, err := db.ExecContext(p.t.Context(), "update river_job set finalized_at = "+before+" where kind = 'errand' and cast(args->>'number' as text) = $2", age, strconv.Itoa(n))
			if err != nil {
				p.t.Fatal(err)
			}
			if rows, err := changed.RowsAffected(); err != nil || rows != 1 {
				p.t.Fatalf("%d jobs of number %d, %v", rows, n, err)
			}
		}
		works(p.t, p.open(), handle) // whose cleaner runs at its start
		until(p.t, "what is too old is removed", func() bool { return kept() <= 2 })
		rows, err := db.QueryContext(p.t.Context(), "select cast(args->>'number' as text) from river_job where kind = 'errand' order by 1")
		if err != nil {
			p.t.Fatal(err)
		}
		defer rows.Close()
		var left []string
		for rows.Next() {
			var number string
			if err := rows.Scan(&number); err != nil {
				p.t.Fatal(err)
			}
			left = append(left, number)
		}
		if err := rows.Err(); err != nil || strings.Join(left, " ") != "1 3" {
			p.t.Errorf("kept are %v, %v", left, err)
		}
	})
}

// redisKeeps looks at how long Redis keeps the two that were done and the two that
// were given up.
func (p *place) redisKeeps() {
	p.t.Helper()
	ctx := p.t.Context()
	client := redis.NewClient(&redis.Options{Addr: p.redis.Address()})
	defer client.Close()
	const completed, archived = "asynq:{" + job.XeroQueue + "}:completed", "asynq:{" + job.XeroQueue + "}:archived"
	counts := func(key string) int64 {
		n, err := client.ZCard(ctx, key).Result()
		if err != nil {
			p.t.Fatal(err)
		}
		return n
	}
	until(p.t, "all are finished", func() bool { return counts(completed) == 2 && counts(archived) == 2 })
	kept, err := client.ZRangeWithScores(ctx, completed, 0, -1).Result()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, k := range kept {
		if left := time.Until(time.Unix(int64(k.Score), 0)); left < 23*time.Hour || left > 24*time.Hour {
			p.t.Errorf("a finished job is kept for %v more", left)
		}
	}
	// One of them has had its time.
	if err := client.ZAdd(ctx, completed, redis.Z{Score: float64(time.Now().Add(-time.Second).Unix()), Member: kept[0].Member}).Err(); err != nil {
		p.t.Fatal(err)
	}
	until(p.t, "a finished job is removed in its time", func() bool { return counts(completed) == 1 })
	queue := p.first.Queue()
	if err := queue.TrimRedis(time.Now().Add(-time.Hour)); err != nil || counts(archived) != 2 {
		p.t.Errorf("what was given up just now was removed: %d are left, %v", counts(archived), err)
	}
	if err := queue.TrimRedis(time.Now().Add(time.Hour)); err != nil || counts(archived) != 0 {
		p.t.Errorf("of what was given up long ago %d are left, %v", counts(archived), err)
	}
}

// delivers enqueues some jobs, none of which may have anybody wait, and sees them
// delivered.
func (p *place) delivers(d *diary, from, n int, how string) {
	p.t.Helper()
	longest := time.Duration(0)
	for i := from; i < from+n; i++ {
		begin := time.Now()
		p.enqueue(false, i)
		longest = max(longest, time.Since(begin))
	}
	begin := time.Now()
	until(p.t, how, func() bool {
		for i := from; i < from+n; i++ {
			if len(d.of(i)) == 0 {
				return false
			}
		}
		return true
	})
	p.t.Logf("%s: enqueueing took %v at most, and delivering %d jobs %v", how, longest, n, time.Since(begin).Round(time.Millisecond))
	if longest > 3*time.Second {
		p.t.Errorf("%s: enqueueing took %v", how, longest)
	}
}

// A Redis that is full takes nothing (OOM): the database delivers, it counts as not
// answering, and once there is room again it goes on with what it had.
func TestAFullRedis(t *testing.T) {
	t.Parallel()
	for _, database := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(database), func(t *testing.T) {
			t.Parallel()
			p := &place{t: t, url: storetest.Migrated(t, database), redis: storetest.OwnRedis(t)}
			p.first = p.open()
			var d diary
			held, release := make(chan struct{}), make(chan struct{})
			works(t, p.first, func(_ context.Context, n int) error {
				if n < 0 { // of those that fill the workers
					held <- struct{}{}
					<-release
				}
				d.note(n)
				return nil
			})
			queue := p.first.Queue()
			until(t, "Redis answers", func() bool { return queue.Redis().Answers })
			p.delivers(&d, 1, 5, "with room")

			// Ten are in Redis when it is filled, four of them under way.
			for n := range atOnce {
				p.enqueue(false, -1-n)
			}
			for range atOnce {
				<-held
			}
			before := queue.Redis().HandedOver
			p.enqueue(false, 100, 101, 102, 103, 104, 105)
			until(t, "six wait in Redis", func() bool { return queue.Redis().HandedOver == before+6 })
			p.redis.Full(true)
			until(t, "a full Redis counts as not answering", func() bool { return !queue.Redis().Answers })
			close(release)
			before = queue.Redis().HandedOver
			p.delivers(&d, 200, 5, "while Redis is full")
			if handed := queue.Redis().HandedOver - before; handed != 0 {
				t.Errorf("a full Redis took %d jobs", handed)
			}
			p.redis.Full(false)
			until(t, "Redis answers again", func() bool { return queue.Redis().Answers })
			p.delivers(&d, 300, 5, "with room again")
			until(t, "what was in Redis is delivered", func() bool {
				for n := 100; n < 106; n++ {
					if len(d.of(n)) == 0 {
						return false
					}
				}
				return len(d.of(-1)) > 0
			})
		})
	}
}

// A slow Redis has nobody wait: what it is too slow for the database delivers.
func TestASlowRedis(t *testing.T) {
	t.Parallel()
	for _, database := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(database), func(t *testing.T) {
			t.Parallel()
			server := storetest.OwnRedis(t)
			proxy := storetest.NewProxy(t, server.Address())
			p := &place{t: t, url: storetest.Migrated(t, database)}
			p.first = p.open()
			queue := p.first.Queue()
			queue.DeliverBy(job.Redis{Host: "127.0.0.1", Port: proxy.Port})
			var d diary
			works(t, p.first, func(_ context.Context, n int) error { d.note(n); return nil })
			until(t, "Redis answers", func() bool { return queue.Redis().Answers })
			p.delivers(&d, 1, 5, "through a quick Redis")
			proxy.Delay(50 * time.Millisecond) // a tenth of a second there and back
			before := queue.Redis().HandedOver
			p.delivers(&d, 100, 10, "through a slow Redis")
			if handed := queue.Redis().HandedOver - before; handed == 0 {
				t.Error("a Redis that is only slow was not used")
			}
			proxy.Delay(400 * time.Millisecond) // slower than anybody waits for
			p.delivers(&d, 200, 10, "past a Redis that is too slow")
			until(t, "a Redis that is too slow counts as not answering", func() bool { return !queue.Redis().Answers })
			before = queue.Redis().HandedOver
			p.delivers(&d, 300, 10, "without it")
			if handed := queue.Redis().HandedOver - before; handed != 0 {
				t.Errorf("%d jobs went through a Redis that is too slow", handed)
			}
			proxy.Delay(0)
			until(t, "Redis answers again", func() bool { return queue.Redis().Answers })
			p.delivers(&d, 400, 5, "through a quick Redis again")
			for n := range 405 {
				if times := len(d.of(n)); times > 1 {
					t.Logf("job %d was delivered %d times", n, times) // allowed: at least once
				}
			}
		})
	}
}
