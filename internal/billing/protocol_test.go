package billing

import (
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
