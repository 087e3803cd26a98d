package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// What one organisation allows, and what is kept of it for looking.
const (
	inFlightAllowed = 5
	minuteAllowed   = 60
	writesAllowed   = 54
	startsAllowed   = 10
	breakerAt       = 5
)

// laneModel is the lane written anew in its simplest form: a list of calls.
type laneModel struct {
	t     *testing.T
	db    *store.DB
	rng   *rand.Rand
	d     fieldops.Durations
	conn  store.Connection
	calls []modelCall
}

type modelCall struct {
	plan           *store.PlannedCall
	started        time.Time
	finished, late time.Time // the earliest and the latest that it can have finished; zero while under way
}

func newLaneModel(t *testing.T, db *store.DB, seed uint64) *laneModel {
	t.Helper()
	return &laneModel{t: t, db: db, rng: rand.New(rand.NewPCG(seed, 7)), d: fieldops.RealDurations(1), conn: connected(t, db)}
}

func (m *laneModel) passes(d time.Duration) {
	m.t.Helper()
	change(m.t, m.db, func(tx *store.Tx) error { return tx.MoveClock(context.Background(), d) })
}

func (m *laneModel) now() time.Time {
	m.t.Helper()
	now, err := m.db.Clock(context.Background())
	if err != nil {
		m.t.Fatal(err)
	}
	return now.Time
}

// begin asks for a place; wait is why there is none.
func (m *laneModel) begin(op fieldops.Operation, probe, background bool) (wait *store.Wait, at time.Time) {
	m.t.Helper()
	p := &store.PlannedCall{
		ID: fieldops.NewID(), Tenant: tenant, ConnectionID: m.conn.ID, TokenGeneration: 1, TokenExpires: m.conn.ExpiresAt, Slot: true, Probe: probe, Background: background,
		Call: fieldops.Call{Method: "GET", Path: "/", Operation: op, Kind: fieldops.KindConnection},
	}
	ctx := context.Background()
	err := m.db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
		return tx.BeginCall(ctx, m.d, p)
	})
	at = p.Deadline.Add(-m.d.CallTimeout).Time
	if w, ok := errors.AsType[*store.Wait](err); ok {
		return w, at
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.calls = append(m.calls, modelCall{plan: p, started: at})
	return nil, at
}

// finish ends the i-th call, with a usable answer or without.
func (m *laneModel) finish(i int, answered bool) {
	m.t.Helper()
	c := &m.calls[i]
	ctx := context.Background()
	change(m.t, m.db, func(tx *store.Tx) error {
		before, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		c.finished = before.Time
		if err := tx.FinishSlot(ctx, c.plan, fieldops.Answer{Status: 200, MinuteLeft: -1, DayLeft: -1}); err != nil {
			return err
		}
		if answered {
			return tx.Answered(ctx, tenant, c.plan.Probe)
		}
		return tx.Unanswered(ctx, m.d, tenant, c.plan.Probe)
	})
	c.late = m.now()
}

// used is what the limits see at a moment: at least, or at most.
func (m *laneModel) used(at time.Time, least bool) (flight, minute, second int) {
	s := time.Millisecond // what is lost in writing times down
	if least {
		s = -s
	}
	held := m.d.CallTimeout + m.d.CallGrace
	for _, c := range m.calls {
		end := c.late
		if least {
			end = c.finished
		}
		if end.IsZero() {
			end = c.started.Add(held)
			if end.After(at.Add(-s)) {
				flight++
			}
		}
		if end.After(at.Add(-m.d.Minute - s)) {
			minute++
		}
		if c.started.After(at.Add(-m.d.Second - s)) {
			second++
		}
	}
	return flight, minute, second
}

// TestARestartKeepsTheMinutesLimitThoughTheClockIsSet has a machine's clock set while
// the program restarts: what was called before counts for another minute.
func TestARestartKeepsTheMinutesLimitThoughTheClockIsSet(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{-4 * time.Minute, -time.Second, time.Second, 4 * time.Minute} {
		db := storetest.New(t, store.SQLite)
		m := newLaneModel(t, db, 1)
		for i := range 9 {
			if wait, _ := m.begin(fieldops.OpLook, false, false); wait != nil {
				t.Fatal(wait)
			}
			if i < 8 { // the last is under way when the program dies
				m.finish(i, true)
			}
		}
		m.passes(step)
		change(t, db, func(tx *store.Tx) error { return tx.BuryPredecessor(context.Background(), m.d) })
		state, err := db.Lane(t.Context(), m.d)
		if err != nil || state.MinuteRemaining != minuteAllowed-9 || state.InFlight != 0 {
			t.Errorf("set by %v: %d calls are left, %d under way, %v", step, state.MinuteRemaining, state.InFlight, err)
		}
		m.passes(time.Minute + time.Second)
		if state, err := db.Lane(t.Context(), m.d); err != nil || state.MinuteRemaining != minuteAllowed {
			t.Errorf("a minute later %d calls are left, %v", state.MinuteRemaining, err)
		}
	}
}

// Whatever calls are asked for, and whenever: no more than 5 are under way, 60 in
// any minute from start to a minute after the answer, 10 begun in a second; and a
// call that waits is told a moment at which it goes on.
func TestTheLanesLimitsHoldForAnySequence(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		m := newLaneModel(t, db, seed)
		steps, let, refused := 700, 0, map[string]int{}
		for range steps {
			switch n := m.rng.IntN(100); {
			case n < 55:
				op, background := fieldops.OpLook, m.rng.IntN(4) == 0
				if m.rng.IntN(2) == 0 {
					op, background = fieldops.OpCreate, false
				}
				allowed := minuteAllowed
				if op != fieldops.OpLook || background {
					allowed = writesAllowed
				}
				wait, at := m.begin(op, false, background)
				if wait == nil {
					m.calls, let = m.calls[:len(m.calls)-1], let+1
					flight, minute, second := m.used(at, true)
					m.calls = m.calls[:len(m.calls)+1]
					if flight >= inFlightAllowed || minute >= allowed || second >= startsAllowed {
						t.Fatalf("a call began although %d were under way, %d in this minute of %d, %d begun in this second", flight, minute, allowed, second)
					}
					break
				}
				refused[wait.Message]++
				flight, minute, second := m.used(at, false)
				if flight < inFlightAllowed && minute < allowed && second < startsAllowed {
					t.Fatalf("a call had to wait (%s) although %d were under way, %d in this minute of %d, %d begun in this second", wait.Message, flight, minute, allowed, second)
				}
				if !wait.Until.After(at) || wait.Until.After(at.Add(m.d.Minute+m.d.CallTimeout+m.d.CallGrace)) {
					t.Fatalf("a call is to wait (%s) from %v until %v", wait.Message, at, wait.Until)
				}
				if minute >= allowed && flight < inFlightAllowed && second < startsAllowed { // wait as told
					for tries := 0; wait != nil; tries++ {
						if tries > minuteAllowed {
							t.Fatalf("whoever waits as told waits for ever: %s", wait.Message)
						}
						m.passes(wait.Until.Sub(m.now()) + time.Millisecond)
						wait, _ = m.begin(op, false, background)
					}
				}
			case n < 85:
				if under := m.underWay(); len(under) > 0 {
					m.finish(under[m.rng.IntN(len(under))], true)
				}
			case n < 99:
				m.passes(time.Duration(m.rng.IntN(700)) * time.Millisecond)
			default:
				m.passes(time.Duration(m.rng.IntN(45)) * time.Second)
			}
			// What is older than two minutes matters to nobody.
			now := m.now()
			m.calls = slices.DeleteFunc(m.calls, func(c modelCall) bool {
				return !c.finished.IsZero() && now.Sub(c.finished) > 2*m.d.Minute || c.finished.IsZero() && now.Sub(c.started) > 3*m.d.Minute
			})
		}
		t.Logf("%d calls began, waits: %v", let, refused)
		if let < 50 || len(refused) < 3 {
			t.Errorf("the sequence did not come to every limit: %v", refused)
		}
	})
}

func (m *laneModel) underWay() (all []int) {
	for i, c := range m.calls {
		if c.finished.IsZero() {
			all = append(all, i)
		}
	}
	return all
}

// Whatever is answered: the breaker opens at the fifth call in a row without an
// answer, lets nothing but probes through, after 5, 10, 20, 40 and then every 60
// seconds, then one document, and closes when that is answered.
func TestTheBreakerForAnySequence(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		m := newLaneModel(t, db, seed)
		ctx := context.Background()
		due := func() bool {
			t.Helper()
			is, err := db.BreakerDue(ctx, tenant)
			if err != nil {
				t.Fatal(err)
			}
			return is
		}
		goes := func(probe bool, why string) int {
			t.Helper()
			m.passes(m.d.Second) // the limits are another test's
			wait, _ := m.begin(fieldops.OpLook, probe, false)
			if wait != nil {
				t.Fatalf("%s: waits for %q until %v", why, wait.Message, wait.Until)
			}
			return len(m.calls) - 1
		}
		waits := func(probe bool, why string) (until fieldops.Time) {
			t.Helper()
			wait, _ := m.begin(fieldops.OpLook, probe, false)
			if wait == nil {
				t.Fatalf("%s: a call went out", why)
			}
			if wait.Reason != store.Offline {
				t.Fatalf("%s: waits for %s", why, wait.Message)
			}
			return wait.Until
		}
		probes := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 60 * time.Second}
		opened := 0
		for range 8 {
			// Closed: anything short of five in a row leaves it so.
			inRow := 0
			var stragglers []int
			for inRow < breakerAt {
				if len(m.underWay()) == 0 && m.rng.IntN(3) == 0 && inRow == breakerAt-1 {
					for range m.rng.IntN(3) { // they will fail after it has opened
						stragglers = append(stragglers, goes(false, "closed"))
					}
				}
				i := goes(false, fmt.Sprintf("closed, after %d in a row", inRow))
				answered := m.rng.IntN(4) == 0
				if answered && len(stragglers) == 0 {
					inRow = 0
					m.finish(i, true)
					continue
				}
				inRow++
				m.finish(i, false)
			}
			opened++
			for n := 0; ; n++ {
				after := probes[min(n, len(probes)-1)]
				for _, i := range stragglers {
					m.finish(i, false)
				}
				stragglers = nil
				left := waits(false, "open").Sub(m.now())
				if left > after || left < after-2*time.Second {
					t.Fatalf("probe %d is due in %v, not in %v", n+1, left, after)
				}
				if due() {
					t.Fatal("a probe is due before its time")
				}
				_ = waits(true, "a probe before its time")
				m.passes(left + time.Millisecond)
				if !due() {
					t.Fatal("no probe is due in its time")
				}
				_ = waits(false, "open, with a probe due")
				probe := goes(true, "a probe in its time")
				_ = waits(true, "a second probe")
				if due() {
					t.Fatal("another probe is due while one is under way")
				}
				if m.rng.IntN(3) > 0 {
					m.finish(probe, false)
					continue
				}
				m.finish(probe, true)
				first := goes(false, "half open")
				_ = waits(false, "half open, with one under way")
				if m.rng.IntN(2) == 0 {
					m.finish(first, false) // and it is open again
					continue
				}
				m.finish(first, true)
				break
			}
		}
		t.Logf("it opened %d times", opened)
	})
}
