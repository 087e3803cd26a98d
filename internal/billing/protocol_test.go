package billing

import (
	"math/rand/v2"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
)

// While an earlier create may still come true, another document under our
// number does not prove that nothing of ours will stand there.
func TestAnotherDocumentInSightProvesNothingWhileACreateIsHot(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		hot  time.Time
		want move
	}{
		"hot":  {now.Add(time.Second), waitAndLook},
		"cold": {now.Add(-time.Second), finishAbsent},
	} {
		h := history{op: fieldops.OpVoid, numbered: true, remoteKnown: true, maxSends: 3, hotCreates: c.hot}
		got := decide(h, &sighting{began: now, byNumber: true, what: somebodyElses}, now)
		if got.move != c.want {
			t.Errorf("%s: the next move is %q, want %q", name, got.move, c.want)
		}
	}
}

// Whatever is known of a document: it is sent at most as often as is allowed, the
// last time counted that a look-up showed absent; a send or an end never stands on
// a look-up that began while something could still come true, unless Xero's own
// uniqueness of numbers decides.
func TestDecisionsKeepThePolicy(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(rand.Uint64(), 1))
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	moves := map[move]int{}
	for range 200_000 {
		at := func() time.Time { return now.Add(time.Duration(rng.IntN(240)-120) * time.Second) }
		h := history{
			op: []fieldops.Operation{fieldops.OpCreate, fieldops.OpUpdate, fieldops.OpVoid}[rng.IntN(3)], numbered: rng.IntN(3) > 0,
			remoteKnown: rng.IntN(2) == 0, revision: int64(1 + rng.IntN(3)), maxSends: 3, sends: rng.IntN(3), unknowns: rng.IntN(4),
		}
		for range rng.IntN(3) {
			h.unresolved = append(h.unresolved, past{
				id: fieldops.NewID(), op: []fieldops.Operation{fieldops.OpCreate, fieldops.OpUpdate, fieldops.OpVoid}[rng.IntN(3)],
				revision: int64(1 + rng.IntN(3)), evidence: rng.IntN(4) == 0, hot: at(),
			})
		}
		var s *sighting
		if rng.IntN(5) > 0 {
			s = &sighting{began: now, what: sight(rng.IntN(4)), equal: rng.IntN(2) == 0, diff: []string{"Total"}, other: "It is taken"}
		}
		next := decide(h, s, now)
		moves[next.move]++
		_, hot := hotAfter(h.unresolved, now)
		sends := h.sends
		if next.counts {
			sends++
		}
		switch {
		case s == nil && next.move != look && len(h.unresolved) > 0:
			t.Fatalf("%v without looking for what is in doubt: %+v", next.move, h)
		case next.move == sendCreate && sends >= h.maxSends:
			t.Fatalf("a send after %d that were absent: %+v %+v", sends, h, s)
		case next.move == sendCreate && hot && (!h.numbered || h.unknowns >= h.maxSends):
			t.Fatalf("a send while another may come true: %+v %+v", h, s)
		case next.move == finishAbsent && hot && s != nil && s.what == absent:
			t.Fatalf("taken for absent while it may come true: %+v %+v", h, s)
		case next.move == fail && (next.reason == "not_recorded" || next.reason == "refused") && s != nil && s.what == absent && hot:
			t.Fatalf("failed (%s) while it may come true: %+v %+v", next.reason, h, s)
		case next.move == settle && (s == nil || s.what != oursLive):
			t.Fatalf("settled without having been seen: %+v %+v", h, s)
		}
	}
	for m := look; m <= waitAndLook; m++ {
		if moves[m] == 0 {
			t.Errorf("no history led to %v", m)
		}
	}
}

// The waits before look-ups are 2, 4, 8 s … each ± 20 %, spread over all of that.
func TestBackoffIsSpread(t *testing.T) {
	t.Parallel()
	s := NewSync(SyncConfig{Durations: fieldops.RealDurations(1)})
	for looks, want := range []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second} {
		least, most := time.Hour, time.Duration(0)
		for range 2000 {
			wait := s.backoff(looks)
			least, most = min(least, wait), max(most, wait)
		}
		if least < want*8/10 || most > want*12/10 || least > want*83/100 || most < want*117/100 {
			t.Errorf("before look-up %d one waits between %v and %v, not %v ± 20 %%", looks+1, least, most, want)
		}
	}
	if wait := s.backoff(1000); wait > 36*time.Second {
		t.Errorf("after many look-ups one waits %v", wait)
	}
}
