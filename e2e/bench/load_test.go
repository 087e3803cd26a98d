package bench

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// sample is how long each of some requests took.
type sample struct {
	took  []time.Duration // in order of size
	total time.Duration   // from the first request to the last answer
	bytes int64
}

// percentile is the time within which p of a hundred were answered.
func (s sample) percentile(p int) time.Duration {
	at := (len(s.took)*p + 99) / 100
	return s.took[max(0, at-1)]
}

func (s sample) highest() time.Duration { return s.took[len(s.took)-1] }

func (s sample) perSecond() float64 { return float64(len(s.took)) / s.total.Seconds() }

// load makes n requests, clients at a time. do makes the i-th of them and tells
// the size of its answer.
func load(ctx context.Context, clients, n int, do func(ctx context.Context, i int) (int, error)) (sample, error) {
	took := make([]time.Duration, n)
	var next, bytes atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for range clients {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				asked := time.Now()
				size, err := do(ctx, i)
				took[i] = time.Since(asked)
				if err != nil {
					return fmt.Errorf("request %d: %w", i, err)
				}
				bytes.Add(int64(size))
			}
		})
	}
	err := group.Wait()
	s := sample{took: took, total: time.Since(began), bytes: bytes.Load()}
	slices.Sort(s.took)
	return s, err
}
