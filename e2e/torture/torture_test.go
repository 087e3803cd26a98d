package torture

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

var (
	runs    = flag.Int("runs", 0, "how many histories to live through; 0 is the short form")
	seed    = flag.Uint64("seed", 0, "the first history's seed; 0 takes a random one")
	atOnce  = flag.Int("at-once", 3, "how many histories are lived through at the same time")
	keep    = flag.Bool("keep", false, "keep the evidence of every history, not only of those that were violated")
	results = flag.String("results", "torture-results.jsonl", "the file that results add up in, with -runs")
)

// shortRuns is the short form: three histories on each engine.
const shortRuns = 6

func TestMain(m *testing.M) {
	if text := os.Getenv(workerVariable); text != "" {
		var o order
		err := json.Unmarshal([]byte(text), &o)
		if err == nil {
			err = work(o)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "worker:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestTorture(t *testing.T) {
	n, first := *runs, *seed
	if n == 0 {
		n = shortRuns
	}
	for first == 0 {
		first = rand.Uint64() >> 11 // so that every JSON reader can hold it
	}
	t.Logf("%d histories from seed %d; all durations of the protocol are divided by %d", n, first, scale)
	dir, err := filepath.Abs(filepath.Join("..", "artifacts", "torture"))
	if err != nil {
		t.Fatal(err)
	}
	var total tally
	work := make(chan uint64)
	var hands sync.WaitGroup
	for range max(1, *atOnce) {
		hands.Go(func() {
			for s := range work {
				t.Run(fmt.Sprintf("seed=%d", s), func(t *testing.T) {
					r := run(t, s, dir)
					total.add(r)
					t.Logf("%s, %d documents, %d calls, %d rows, %d kills, %d stops, %d failed for certain, %.1f s",
						r.Engine, r.Documents, r.Calls, r.Rows, sum(r.Kills), sum(r.Stops), r.Failed, float64(r.DurationMS)/1000)
					if *runs > 0 {
						if err := appendResult(*results, r); err != nil {
							t.Error(err)
						}
					}
				})
			}
		})
	}
	for i := range n {
		work <- nthSeed(first, i)
	}
	close(work)
	hands.Wait()
	total.report(t, n >= 100)
	if *runs > 0 {
		before, err := readResults(*results)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("all results in %s together:", *results)
		before.report(t, false)
	}
}

// nthSeed is the seed of the n-th history: the first is the given one, the
// engines alternate.
func nthSeed(first uint64, n int) uint64 {
	if n == 0 {
		return first
	}
	s := rand.New(rand.NewPCG(first, uint64(n))).Uint64() >> 11
	return s&^1 | (first+uint64(n))&1
}

// tally adds results up. It is safe for concurrent use.
type tally struct {
	mu                            sync.Mutex
	engines, kills, stops, faults map[string]int
	passed                        map[string]int
	runs, documents, calls, rows  int
	failed                        int
	violated                      []uint64
}

func (a *tally) add(r result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, pair := range []struct {
		into *map[string]int
		from map[string]int
	}{{&a.engines, map[string]int{r.Engine: 1}}, {&a.kills, r.Kills}, {&a.stops, r.Stops}, {&a.faults, r.Faults}, {&a.passed, r.Passed}} {
		if *pair.into == nil {
			*pair.into = map[string]int{}
		}
		for what, n := range pair.from {
			(*pair.into)[what] += n
		}
	}
	a.runs++
	a.documents += r.Documents
	a.calls += r.Calls
	a.rows += r.Rows
	a.failed += r.Failed
	if len(r.Violations) > 0 {
		a.violated = append(a.violated, r.Seed)
	}
}

// report prints the sums. When every label is demanded, one at which no worker
// was killed is an error; a label that is not listed always is.
func (a *tally) report(t *testing.T, everyLabel bool) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%d histories %v: %d documents, %d calls, %d rows of sync_logs, %d kills, %d stops, %d documents failed for certain, %d histories violated %v\n",
		a.runs, a.engines, a.documents, a.calls, a.rows, sum(a.kills), sum(a.stops), a.failed, len(a.violated), a.violated)
	fmt.Fprintf(&b, "%-28s %7s %7s\n", "step", "kills", "stops")
	for _, label := range append(slices.Clone(labels), "any moment") {
		fmt.Fprintf(&b, "%-28s %7d %7d\n", label, a.kills[label], a.stops[label])
		if everyLabel && a.kills[label] == 0 {
			t.Errorf("no worker was ever killed at %q", label)
		}
	}
	for _, name := range slices.Sorted(keys(a.faults)) {
		fmt.Fprintf(&b, "fault %-24s %7d\n", name, a.faults[name])
	}
	for label := range a.passed {
		if !slices.Contains(labels, label) {
			t.Errorf("the protocol has a step %q at which no worker is ever killed; list it", label)
		}
	}
	t.Log(b.String())
}

func keys(m map[string]int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func sum(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

var appending sync.Mutex

func appendResult(path string, r result) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	appending.Lock()
	defer appending.Unlock()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func readResults(path string) (*tally, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := &tally{}
	for line := range strings.Lines(string(text)) {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all.add(r)
	}
	return all, nil
}
