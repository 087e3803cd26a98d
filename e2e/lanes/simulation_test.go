// Package lanes simulates an office day of many firms, each with its lane to
// Xero, under the limit that Xero sets for one app and all its organisations.
//
// A lane lets a call through by the rule of the program itself,
// store.LaneUse.Room. Xero is a referee of its own that counts by its limits and
// refuses; it never asks the lanes.
package lanes

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/xero"
)

// Xero's limits (https://developer.xero.com/documentation/guides/oauth2/limits/).
const (
	flightLimit    = 5
	minuteLimit    = 60
	appMinuteLimit = 10_000 // for ten thousand firms; a smaller trial has its part of it
)

// kinds of documents: a call carries only one.
const kinds = 3

// day is how a day's documents come.
type day struct {
	name string
	// perHead is how many documents one person makes a day.
	perHead float64
	// hours say when they come: weights of the hours from seven on.
	hours []float64
	// closing is how many documents a head are invoiced by one click, around nine
	// o'clock, give or take a quarter of an hour.
	closing float64
}

var days = []day{
	{"an ordinary day", 0.8, []float64{2, 4, 3, 2, 2, 1, 2, 2, 3, 4, 2}, 0},
	{"a Friday", 2, []float64{1, 2, 2, 2, 2, 1, 2, 4, 10, 12, 3}, 0},
	{"the month's end", 0.8, []float64{2, 4, 3, 2, 2, 1, 2, 2, 3, 4, 2}, 6},
}

// trial is one run.
type trial struct {
	firms    int
	seed     uint64
	day      day
	batching bool // documents of one kind that wait share a call
	share    bool // firms take turns at the app's limit; else nobody knows of it
	lawless  bool // lanes let everything through, to see that Xero would tell
}

// outcome is what came of it.
type outcome struct {
	documents, calls int
	waits, small     []time.Duration // from the click to Xero; of all, and of firms of up to five
	perMinute        []int           // calls that Xero took, by the minute of the day
	refused          int             // by the app's limit
	broken           map[string]int  // limits of a firm that were broken, how often
	left             int             // documents that are not in Xero at midnight
}

type firm struct {
	heads    int
	waiting  [kinds][]time.Duration // when what waits was made
	calls    []call
	dayUsed  int64
	dayLimit int64
	headers  time.Duration // when Xero last said what is left
	parked   time.Duration
	next     time.Duration // when it is looked after again; 0 when it need not be
	inTurn   bool          // stands in the queue for the app's limit
}

// call is one that begun in the last minute, or is under way.
type call struct {
	begun, ended time.Duration // ended is 0 while it is under way
}

type event struct {
	at     time.Duration
	number int // of two at once the earlier made goes first
	do     func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].number < e[j].number
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// world is the state of a run. Times are since midnight.
type world struct {
	trial
	random    *rand.Rand
	durations fieldops.Durations
	now       time.Duration
	coming    events
	numbered  int
	firms     []firm
	app       []time.Duration // when Xero took the calls of the last minute
	appLimit  int
	turns     []int // firms that wait for their turn at the app's limit
	turnAt    time.Duration
	outcome   outcome
}

var midnight = time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC)

func stamp(d time.Duration) fieldops.Time { return fieldops.At(midnight.Add(d)) }

func simulate(t trial) outcome {
	w := &world{
		trial: t, random: rand.New(rand.NewPCG(t.seed, uint64(t.firms))), durations: fieldops.RealDurations(1),
		firms: make([]firm, t.firms), appLimit: appMinuteLimit * t.firms / 10_000,
		outcome: outcome{perMinute: make([]int, 24*60), broken: map[string]int{}},
	}
	for i := range w.firms {
		w.open(i)
	}
	for len(w.coming) > 0 {
		e := heap.Pop(&w.coming).(event)
		if e.at >= 24*time.Hour {
			break
		}
		w.now = e.at
		e.do()
	}
	for i := range w.firms {
		for _, queue := range w.firms[i].waiting {
			w.outcome.left += len(queue)
		}
	}
	slices.Sort(w.outcome.waits)
	slices.Sort(w.outcome.small)
	return w.outcome
}

func (w *world) at(t time.Duration, do func()) {
	w.numbered++
	heap.Push(&w.coming, event{t, w.numbered, do})
}

// open makes up a firm and its day. Half of the firms work with five people or
// fewer, a tenth with more than fifteen.
func (w *world) open(i int) {
	f := &w.firms[i]
	f.heads = min(max(1, int(5*math.Exp(0.9*w.random.NormFloat64()))), 400)
	f.dayLimit = []int64{1_000, 5_000}[w.random.IntN(2)]
	total := 0.0
	for _, weight := range w.day.hours {
		total += weight
	}
	for range w.poisson(w.day.perHead * float64(f.heads)) {
		pick, hour := w.random.Float64()*total, 0
		for ; hour < len(w.day.hours)-1 && pick > w.day.hours[hour]; hour++ {
			pick -= w.day.hours[hour]
		}
		w.click(i, time.Duration((7+float64(hour)+w.random.Float64())*float64(time.Hour)), 1, w.kind())
	}
	if n := w.poisson(w.day.closing * float64(f.heads)); n > 0 {
		around := 9*time.Hour + time.Duration(w.random.NormFloat64()*float64(15*time.Minute))
		w.click(i, max(around, 7*time.Hour), n, 0)
	}
}

// kind: seven of ten documents are invoices, most others orders.
func (w *world) kind() int {
	switch x := w.random.Float64(); {
	case x < 0.70:
		return 0
	case x < 0.95:
		return 1
	}
	return 2
}

func (w *world) poisson(mean float64) (n int) {
	for left := mean - w.random.ExpFloat64(); left > 0; left -= w.random.ExpFloat64() {
		n++
	}
	return n
}

// click makes n documents at once.
func (w *world) click(i int, at time.Duration, n, kind int) {
	w.at(at, func() {
		w.outcome.documents += n
		for range n {
			w.firms[i].waiting[kind] = append(w.firms[i].waiting[kind], w.now)
		}
		w.lookAfter(i, w.now+100*time.Millisecond) // until a worker has the job
	})
}

// lookAfter has a firm's worker look at a time, unless it does before.
func (w *world) lookAfter(i int, at time.Duration) {
	f := &w.firms[i]
	if f.next > w.now && f.next <= at {
		return
	}
	f.next = at
	w.at(at, func() {
		if f.next == w.now {
			f.next = 0
			w.work(i)
		}
	})
}

// work begins as many calls of a firm as its lane lets through.
func (w *world) work(i int) {
	f := &w.firms[i]
	for {
		kind := f.oldest()
		if kind < 0 || f.inTurn {
			return
		}
		if f.parked > w.now {
			w.lookAfter(i, f.parked)
			return
		}
		use := f.use(w.now, w.durations)
		if wait := use.Room(w.durations, stamp(w.now), false, false); wait != nil && !w.lawless {
			// The supervision looks for what is due once a second.
			due := wait.Until.Sub(midnight)
			w.lookAfter(i, max(due, w.now+50*time.Millisecond).Truncate(time.Second)+time.Second)
			return
		}
		if w.share {
			f.inTurn = true
			w.turns = append(w.turns, i)
			w.giveTurns()
			continue
		}
		w.begin(i, kind)
	}
}

// oldest is the kind of the document that has waited longest, -1 for none.
func (f *firm) oldest() int {
	best := -1
	for k, queue := range f.waiting {
		if len(queue) > 0 && (best < 0 || queue[0] < f.waiting[best][0]) {
			best = k
		}
	}
	return best
}

// use is what the lane's table would say.
func (f *firm) use(now time.Duration, d fieldops.Durations) (u store.LaneUse) {
	kept := f.calls[:0]
	for _, c := range f.calls {
		if c.ended == 0 || c.ended > now-d.Minute {
			kept = append(kept, c)
		}
	}
	f.calls = kept
	earlier := func(t *fieldops.Time, at time.Duration) {
		if s := stamp(at); t.IsZero() || s.Before(t.Time) {
			*t = s
		}
	}
	for _, c := range f.calls {
		u.InMinute++
		over := c.ended
		if over == 0 {
			over = c.begun + d.CallTimeout + d.CallGrace
			u.InFlight++
			earlier(&u.FreesFlight, over)
		}
		earlier(&u.FreesMinute, over)
		if c.begun > now-d.Second {
			u.InSecond++
			earlier(&u.FreesSecond, c.begun)
		}
	}
	if f.headers > 0 {
		left := f.dayLimit - f.dayUsed
		u.DayLeft, u.DayLimit, u.HeadersAt = &left, &f.dayLimit, stamp(f.headers)
	}
	return u
}

// shareMargin of the app's limit is left free, for what others of the app do.
const shareMargin = 0.05

// giveTurns lets the firms that wait begin one call each, one after the other, as
// long as the app's minute has room.
func (w *world) giveTurns() {
	room := w.appLimit - int(shareMargin*float64(w.appLimit))
	for len(w.turns) > 0 {
		w.forget()
		if len(w.app) >= room {
			if at := w.app[0] + time.Minute; w.turnAt != at {
				w.turnAt = at
				w.at(at, func() { w.turnAt = 0; w.giveTurns() })
			}
			return
		}
		i := w.turns[0]
		w.turns = w.turns[1:]
		f := &w.firms[i]
		f.inTurn = false
		if kind := f.oldest(); kind >= 0 {
			w.begin(i, kind)
			w.lookAfter(i, w.now+time.Millisecond) // and to the end of the queue for the next
		}
	}
}

// forget drops what is older than a minute from the app's calls.
func (w *world) forget() {
	n := 0
	for n < len(w.app) && w.app[n] <= w.now-time.Minute {
		n++
	}
	w.app = w.app[n:]
}

// begin sends a call, which Xero takes or refuses.
func (w *world) begin(i, kind int) {
	f := &w.firms[i]
	n := 1
	if w.batching {
		n = min(len(f.waiting[kind]), xero.MaxMembers)
	}
	carried := slices.Clone(f.waiting[kind][:n])
	f.waiting[kind] = f.waiting[kind][n:]
	w.outcome.calls++
	f.calls = append(f.calls, call{begun: w.now})
	begun := w.now
	over := func() {
		for k := range f.calls {
			if f.calls[k].begun == begun && f.calls[k].ended == 0 {
				f.calls[k].ended = w.now
				break
			}
		}
	}
	w.forget()
	if len(w.app) >= w.appLimit {
		w.outcome.refused++
		w.at(w.now+100*time.Millisecond, func() {
			over()
			f.waiting[kind] = append(carried, f.waiting[kind]...)
			retry := max(time.Second, (w.app[0]+time.Minute-w.now).Truncate(time.Second)+time.Second)
			f.parked = max(f.parked, w.now+retry+time.Duration(w.random.Int64N(int64(min(retry/10, w.durations.Minute/10)))))
			w.lookAfter(i, f.parked)
		})
		return
	}
	w.judge(f)
	w.app = append(w.app, w.now)
	w.outcome.perMinute[int(w.now/time.Minute)]++
	f.dayUsed++
	takes := time.Duration(400*math.Exp(0.5*w.random.NormFloat64()))*time.Millisecond + time.Duration(n)*40*time.Millisecond
	w.at(w.now+takes, func() {
		over()
		f.headers = w.now
		for _, made := range carried {
			w.outcome.waits = append(w.outcome.waits, w.now-made)
			if f.heads <= 5 {
				w.outcome.small = append(w.outcome.small, w.now-made)
			}
		}
		w.work(i)
	})
}

// judge counts as Xero does: calls of a firm that are under way, begun within a
// minute, and today. The call to be judged is among f.calls.
func (w *world) judge(f *firm) {
	flight, minute := 0, 0
	for _, c := range f.calls {
		if c.ended == 0 {
			flight++
		}
		if c.begun > w.now-time.Minute {
			minute++
		}
	}
	for limit, is := range map[string]bool{
		"five under way": flight > flightLimit, "sixty a minute": minute > minuteLimit, "the day's": f.dayUsed+1 > f.dayLimit, "the app's minute": len(w.app)+1 > w.appLimit,
	} {
		if is {
			w.outcome.broken[limit]++
		}
	}
}
