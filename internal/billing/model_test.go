package billing

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
)

var (
	modelRuns = flag.Int("model.runs", 4000, "randomised runs of the protocol's model")
	modelSeed = flag.Uint64("model.seed", 0, "repeat the one run with this seed")
)

// The model: one numbered document, two workers that are paused and killed at
// every step, a person who edits, deletes, retries and renumbers, and a provider
// that loses answers, refuses, commits late, and shows in look-ups what it
// committed up to 15 seconds ago. In half of the runs the document is of a kind
// that carries our marker, as invoices are; in the other half it is recognised
// by its content alone, as purchase orders are. Time is virtual. The decisions
// are decide's own; what the store does around them (claims, epochs, leases,
// vanished attempts) is written anew here, in its simplest form.

// remoteDoc is a document in the model's provider.
type remoteDoc struct {
	id      int
	number  string
	content int64 // see model.contents
	live    bool
	changes []change // for look-ups that lag
}

type change struct {
	at      time.Duration
	number  string
	content int64
	live    bool
}

// request is a writing call on its way.
type request struct {
	attempt *modelAttempt
	op      fieldops.Operation
	number  string
	content int64
	target  int
}

type modelAttempt struct {
	id         int
	op         fieldops.Operation
	revision   int64
	number     string
	content    int64
	outcome    fieldops.Outcome // "" while open
	finished   time.Duration
	hot        time.Duration
	resolution string
	tokenUntil time.Duration
	spared     bool
}

type modelWorker struct {
	at       int // 0 idle, 1 claimed, 2 begun, 3 sent, 4 looking
	epoch    int
	intent   int
	busyTil  time.Duration
	seen     *sighting
	next     step
	req      request
	answer   answer
	target   int   // the document that a void is sent to
	revision int64 // the newest when the document was claimed
	number   string
	began    time.Duration
}

type answer struct {
	lost     bool
	outcome  fieldops.Outcome
	remoteID int
}

type model struct {
	rng  *rand.Rand
	now  time.Duration
	log  []string
	rule rules

	// the provider
	docs    []*remoteDoc
	pending []struct {
		at time.Duration
		r  request
	}

	// our side
	number    string
	marked    bool   // the document carries our marker
	reason    string // why the last intent failed
	revision  int64
	contents  []int64 // of each revision: an edit may bring an earlier content back
	updated   int64
	localID   int
	status    string // pending, synced, failed, none
	deleted   bool
	epoch     int
	lease     time.Duration
	intent    int // 0 when none is open
	op        fieldops.Operation
	lastOp    fieldops.Operation // of the intent before, or of the open one
	numbers   int
	wish      bool
	sends     int
	unknowns  int
	refused   string
	due       time.Duration
	attempts  []*modelAttempt
	token     time.Duration
	workers   [2]modelWorker
	violation string
	calm      bool // no more faults: let it come to rest
}

// rules lets a test take one rule away and see that the model notices.
type rules struct {
	coldAtOnce   bool // an unknown outcome is believed to be absent at once
	noHistory    bool // earlier attempts are forgotten
	noVanish     bool // a vanished sender is believed never to have sent
	noFence      bool // a claim need not be current when a call begins
	forgetHot    bool // what a look-up found is no longer hot
	blindUpdate  bool // updates do not wait for updates on their way
	neverReadopt bool // the id of a document that is gone is kept although another took its place
	newestOnly   bool // of a kind without a marker, what an earlier attempt sent is not recognised
	shownAtOnce  bool // what was created is believed to show under its id at once
}

const (
	modelLease = 20 * time.Second
	modelCall  = 30 * time.Second
	modelGrace = 10 * time.Second
	modelHot   = 120 * time.Second
	modelLate  = 60 * time.Second
	modelLag   = 15 * time.Second
	modelToken = 150 * time.Second
)

func (m *model) logf(format string, args ...any) {
	m.log = append(m.log, fmt.Sprintf("%9.3fs ", m.now.Seconds())+fmt.Sprintf(format, args...))
}

func (m *model) chance(percent int) bool { return !m.calm && m.rng.IntN(100) < percent }

func (m *model) between(a, b time.Duration) time.Duration {
	return a + time.Duration(m.rng.Int64N(int64(b-a)))
}

// at is a virtual moment as decide wants it.
func at(d time.Duration) time.Time { return time.Unix(1_000_000, 0).Add(d) }

// ---- the provider ----

func (m *model) commit(r request) answer {
	switch r.op {
	case fieldops.OpCreate:
		for _, d := range m.docs {
			if d.number == r.number && d.live {
				return answer{outcome: fieldops.Evidence}
			}
		}
		d := &remoteDoc{id: len(m.docs) + 1, number: r.number, content: r.content, live: true}
		d.changes = []change{{m.now, r.number, r.content, true}}
		m.docs = append(m.docs, d)
		m.logf("  provider: created %d with content %d", d.id, d.content)
		return answer{outcome: fieldops.Confirmed, remoteID: d.id}
	default:
		d := m.docs[r.target-1]
		if !d.live {
			return answer{outcome: fieldops.Evidence}
		}
		if r.op == fieldops.OpVoid {
			d.live = false
		} else {
			for _, other := range m.docs {
				if other != d && other.live && other.number == r.number {
					return answer{outcome: fieldops.Evidence}
				}
			}
			d.content, d.number = r.content, r.number
		}
		d.changes = append(d.changes, change{m.now, d.number, d.content, d.live})
		m.logf("  provider: %s of %d, content %d", r.op, d.id, d.content)
		return answer{outcome: fieldops.Confirmed, remoteID: d.id}
	}
}

// shown is what a look-up sees of a document: its state at a moment up to the
// lag ago, which differs from call to call; nil when it was not there yet.
func (m *model) shown(d *remoteDoc) (c *change) {
	lag := time.Duration(0)
	if m.chance(40) {
		lag = time.Duration(m.rng.Int64N(int64(modelLag)))
	}
	for i := range d.changes {
		if d.changes[i].at+lag <= m.now {
			c = &d.changes[i]
		}
	}
	return c
}

// mine is what push.go's mine is: by id, by marker, or by the content of what
// was ever sent.
func (m *model) mine(w *modelWorker, d *remoteDoc, c *change) bool {
	if m.marked || d.id == m.localID || c.content == m.contents[w.revision] {
		return true
	}
	var creates, maybe []*modelAttempt
	for _, a := range m.attempts {
		doubtful := (a.outcome == fieldops.Unknown || a.outcome == fieldops.Evidence) && a.resolution == ""
		if a.op == fieldops.OpCreate && a.resolution != "absent" && (a.outcome == fieldops.Unknown || a.outcome == fieldops.Confirmed) {
			creates = append(creates, a)
		}
		if doubtful {
			maybe = append(maybe, a)
		}
	}
	if len(creates) > 1 {
		maybe = append(maybe, creates...)
	}
	return !m.rule.newestOnly && slices.ContainsFunc(maybe, func(a *modelAttempt) bool { return a.number == c.number && a.content == c.content })
}

func (m *model) look(w *modelWorker) (s *sighting, target int) {
	byNumber := w.next.byNumber || m.localID == 0
	s = &sighting{began: at(w.began), byNumber: byNumber && m.localID != 0, what: absent}
	knownIsGone := false
	for _, d := range m.docs {
		c := m.shown(d)
		if c == nil || !byNumber && d.id != m.localID || byNumber && c.number != w.number {
			continue
		}
		knownIsGone = knownIsGone || d.id == m.localID && !c.live
		switch {
		case !m.mine(w, d, c):
			if s.what == absent && c.live {
				s.what = somebodyElses
			}
			continue
		case s.what == oursLive:
			continue
		}
		s.what = oursGone
		if c.live {
			s.what = oursLive
		}
		s.equal = c.content == m.contents[w.revision] && c.number == w.number
		s.diff = nil
		if !s.equal {
			s.diff = []string{"content"}
		}
		target = d.id
	}
	if m.localID == 0 || s.what == oursLive && knownIsGone && !m.rule.neverReadopt {
		m.localID = target
	}
	return s, target
}

// ---- our side ----

func (m *model) open(op fieldops.Operation) {
	m.intent++
	m.lastOp, m.reason = op, ""
	m.op, m.wish, m.sends, m.unknowns, m.refused, m.due, m.status = op, false, 0, 0, "", m.now, "pending"
	m.epoch++
	m.lease = 0
	m.logf("intent %d: %s revision %d", m.intent, op, m.revision)
}

func (m *model) isOpen() bool { return m.op != "" }

func (m *model) close(status string) {
	m.op, m.status = "", status
	m.epoch++
	m.lease = 0
	m.logf("closed: %s", status)
}

func (m *model) history(revision int64) history {
	h := history{
		op: m.op, numbered: true, remoteKnown: m.localID != 0, revision: revision, updatedRevision: m.updated,
		sends: m.sends, unknowns: m.unknowns, maxSends: 3, refused: m.refused,
	}
	creates := 0
	for _, a := range m.attempts {
		if m.rule.noHistory && a.outcome != "" {
			continue
		}
		hot := at(a.hot)
		if m.rule.coldAtOnce && a.outcome == fieldops.Unknown {
			hot = at(0)
		}
		if (a.outcome == fieldops.Unknown || a.outcome == fieldops.Evidence) && a.resolution == "" {
			h.unresolved = append(h.unresolved, past{id: strconv.Itoa(a.id), op: a.op, revision: a.revision, evidence: a.outcome == fieldops.Evidence, hot: hot, spared: a.spared})
		}
		if a.op == fieldops.OpCreate && (a.outcome == fieldops.Unknown && a.resolution != "absent" || a.outcome == fieldops.Confirmed) {
			creates++
			if !m.rule.shownAtOnce {
				h.shownFrom = later(h.shownFrom, at(max(a.hot, a.finished+modelHot)))
			}
			if a.outcome == fieldops.Unknown && !m.rule.forgetHot {
				h.hotCreates = later(h.hotCreates, hot)
			}
		}
		if a.op == fieldops.OpUpdate && a.outcome == fieldops.Unknown && a.resolution != "absent" && a.revision < revision && !m.rule.blindUpdate {
			h.hotUpdates = later(h.hotUpdates, hot)
		}
	}
	if creates < 2 {
		h.hotCreates = time.Time{}
	}
	return h
}

func (m *model) resolve(ids []fieldops.ID, how string) {
	for _, a := range m.attempts {
		if slices.Contains(ids, strconv.Itoa(a.id)) && a.resolution == "" {
			a.resolution = how
		}
	}
}

func (m *model) holds(w *modelWorker) bool {
	return m.isOpen() && w.epoch == m.epoch && w.intent == m.intent
}

// act lets a worker take its next step.
func (m *model) act(w *modelWorker) {
	switch w.at {
	case 0: // claim
		if !m.isOpen() || m.due > m.now || m.lease > m.now {
			return
		}
		for _, a := range m.attempts {
			if a.outcome == "" { // its sender vanished
				a.outcome, a.hot = fieldops.Unknown, max(a.tokenUntil+modelToken, m.now)
				if m.rule.noVanish {
					a.outcome = fieldops.NotSent
				}
				m.unknowns++
			}
		}
		if m.wish {
			m.open(fieldops.OpVoid)
		}
		m.epoch++
		*w = modelWorker{at: 1, epoch: m.epoch, intent: m.intent, revision: m.revision, number: m.number}
		m.lease = m.now + modelLease
	case 1: // decide
		if !m.holds(w) && !m.rule.noFence {
			w.at = 0
			return
		}
		if !m.isOpen() {
			w.at = 0
			return
		}
		w.next = decide(m.history(w.revision), w.seen, at(m.now))
		m.carryOut(w)
	case 2: // begun: send
		r := w.req
		r.attempt = w.req.attempt
		if m.now > r.attempt.tokenUntil {
			w.answer, w.at = answer{outcome: fieldops.AuthError}, 3 // the token has expired meanwhile
			return
		}
		switch {
		case m.chance(15): // commits late, the answer is lost
			m.pending = append(m.pending, struct {
				at time.Duration
				r  request
			}{m.now + time.Duration(m.rng.Int64N(int64(modelLate))), r})
			w.answer = answer{lost: true}
		case m.chance(4):
			w.answer = answer{outcome: fieldops.Throttled}
		case m.chance(4):
			w.answer = answer{outcome: fieldops.Rejected}
		case m.chance(10): // lost on the way there
			w.answer = answer{lost: true}
		default:
			w.answer = m.commit(r)
			w.answer.lost = m.chance(15)
		}
		w.at = 3
	case 3: // write the outcome down
		m.record(w)
	case 4: // look
		if m.chance(15) {
			m.due, m.lease, w.at = m.now+m.between(time.Second, 8*time.Second), 0, 0
			return
		}
		if !m.holds(w) {
			w.at = 0
			return
		}
		w.seen, w.target = m.look(w)
		w.at = 1
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (m *model) carryOut(w *modelWorker) {
	s := w.next
	m.logf("    move %d, found %v, absent %v", s.move, s.found, s.absent)
	m.resolve(s.found, "found")
	m.resolve(s.absent, "absent")
	if s.counts {
		m.sends++
	}
	switch s.move {
	case look:
		w.at, w.began = 4, m.now
		m.lease = m.now + modelCall + modelGrace
	case sendCreate, sendUpdate, sendVoid:
		if !m.holds(w) && !m.rule.noFence {
			w.at = 0
			return
		}
		for _, a := range m.attempts {
			if a.outcome == "" && !m.rule.noFence {
				m.violation = "two writing calls open at once"
			}
		}
		if m.token-m.now < 5*time.Minute {
			m.token = m.now + 30*time.Minute
		}
		a := &modelAttempt{id: len(m.attempts) + 1, revision: w.revision, number: w.number, content: m.contents[w.revision], tokenUntil: m.token}
		a.op = map[move]fieldops.Operation{sendCreate: fieldops.OpCreate, sendUpdate: fieldops.OpUpdate, sendVoid: fieldops.OpVoid}[s.move]
		m.attempts = append(m.attempts, a)
		w.req = request{attempt: a, op: a.op, number: a.number, content: a.content, target: m.localID}
		if a.op == fieldops.OpVoid {
			w.req.target = w.target
		}
		m.lease = m.now + modelCall + modelGrace
		w.at = 2
		m.logf("attempt %d: %s revision %d", a.id, a.op, a.revision)
	case settle:
		w.at = 0
		m.settled(w.revision)
	case fail:
		w.at = 0
		m.failed(s.reason)
	case finishVoid, finishAbsent:
		w.at, m.deleted = 0, true
		m.close("none")
	case waitAndLook:
		m.due, m.lease, w.at = m.now+m.between(2*time.Second, 20*time.Second), 0, 0
	}
}

func (m *model) failed(reason string) {
	wish := m.wish
	m.close("failed")
	m.reason = reason
	m.logf("why: %s", reason)
	if wish {
		m.open(fieldops.OpVoid)
	}
}

func (m *model) settled(revision int64) {
	wish := m.wish
	m.close("synced")
	if wish {
		m.open(fieldops.OpVoid)
	} else if revision != m.revision {
		m.open(fieldops.OpUpdate)
	}
}

func (m *model) record(w *modelWorker) {
	a := w.req.attempt
	w.at, w.seen = 0, nil
	a.finished = m.now
	if a.outcome != "" {
		if w.answer.outcome == fieldops.Confirmed && !w.answer.lost && m.localID == 0 {
			m.localID = w.answer.remoteID // a late answer fills an empty id
		}
		return
	}
	switch {
	case w.answer.lost:
		a.outcome, a.hot = fieldops.Unknown, m.now+modelHot
		m.unknowns++
		if m.rng.IntN(4) == 0 { // Xero was away for all: the breaker opened
			a.spared, m.unknowns = true, 0
		}
		m.due, m.lease = m.now+m.between(time.Second, 8*time.Second), 0
	case w.answer.outcome == fieldops.Confirmed:
		a.outcome = fieldops.Confirmed
		if m.localID == 0 {
			m.localID = w.answer.remoteID
		}
		if !m.holds(w) {
			return
		}
		if m.op == fieldops.OpVoid {
			h := m.history(w.revision)
			if creates, _, _, _ := h.doubts(); len(creates) > 0 || !h.hotCreates.IsZero() {
				w.at = 1
				return
			}
			m.deleted = true
			m.close("none")
			return
		}
		for _, p := range m.history(w.revision).unresolved {
			m.resolve([]fieldops.ID{p.id}, "found")
		}
		m.updated = a.revision
		m.settled(a.revision)
	case w.answer.outcome == fieldops.Evidence:
		a.outcome, a.hot = fieldops.Evidence, m.now+modelHot
		if m.holds(w) {
			w.at = 1
		}
	case w.answer.outcome == fieldops.Rejected:
		a.outcome = fieldops.Rejected
		if !m.holds(w) {
			return
		}
		if len(m.history(w.revision).unresolved) == 0 {
			m.failed("refused")
			return
		}
		m.refused, w.at = "no", 1
	default: // throttled, auth
		a.outcome = w.answer.outcome
		if m.holds(w) {
			m.due, m.lease = m.now+m.between(time.Second, 5*time.Second), 0
		}
	}
}

// person edits, deletes or retries.
func (m *model) person() {
	switch m.rng.IntN(4) {
	case 0, 1:
		if m.deleted || m.wish || m.op == fieldops.OpVoid {
			return
		}
		m.revision++
		m.contents = append(m.contents, m.rng.Int64N(3))
		m.logf("edited: revision %d, content %d", m.revision, m.contents[m.revision])
		if !m.isOpen() {
			if m.localID != 0 {
				m.open(fieldops.OpUpdate)
			} else {
				m.open(fieldops.OpCreate)
			}
		} else {
			m.refused, m.due = "", m.now
		}
	case 2:
		if m.deleted || m.wish || m.op == fieldops.OpVoid {
			return
		}
		m.logf("asked to delete")
		stands := m.localID != 0
		for _, a := range m.attempts {
			stands = stands || a.outcome == "" || a.outcome == fieldops.Confirmed || (a.outcome == fieldops.Unknown || a.outcome == fieldops.Evidence) && a.resolution != "absent"
		}
		switch {
		case !stands:
			m.deleted = true
			m.close("none")
		case m.isOpen():
			m.wish, m.due = true, m.now
		default:
			m.open(fieldops.OpVoid)
		}
	case 3:
		if m.deleted {
			return
		}
		renumbered := m.rng.IntN(3) == 0 && m.renumber()
		switch {
		case m.isOpen():
			m.due, m.refused = m.now, ""
		case m.status == "failed" && m.lastOp == fieldops.OpVoid:
			m.open(fieldops.OpVoid)
		case m.status == "failed" || renumbered:
			if m.localID != 0 {
				m.open(fieldops.OpUpdate)
			} else {
				m.open(fieldops.OpCreate)
			}
		}
	}
}

// renumber gives the document another number, unless something of it may still
// come to stand under the old one.
func (m *model) renumber() bool {
	if m.wish || m.isOpen() && m.op == fieldops.OpVoid || !m.isOpen() && m.lastOp == fieldops.OpVoid {
		return false
	}
	for _, a := range m.attempts {
		doubtful := a.outcome == "" || a.outcome == fieldops.Unknown || a.outcome == fieldops.Evidence
		if doubtful && a.resolution == "" || a.op == fieldops.OpCreate && a.outcome == fieldops.Unknown && a.hot > m.now {
			return false
		}
	}
	m.numbers++
	m.number = fmt.Sprintf("INV-%d", m.numbers)
	m.revision++
	m.contents = append(m.contents, m.contents[m.revision-1])
	m.epoch++
	m.lease = 0
	if m.reason == "voided_in_xero" || m.reason == "vanished" {
		m.localID = 0
	}
	m.logf("renumbered to %s, revision %d", m.number, m.revision)
	return true
}

func (m *model) deliverLate() {
	kept := m.pending[:0]
	for _, p := range m.pending {
		if p.at <= m.now {
			now := m.now
			m.now = p.at // it happened then, whenever it is noticed
			m.commit(p.r)
			m.now = now
		} else {
			kept = append(kept, p)
		}
	}
	m.pending = kept
	live := 0
	for _, d := range m.docs {
		if d.live {
			live++
		}
	}
	if live > 1 {
		m.violation = "doubled in the provider"
	}
}

// runModel is one run: a storm, then calm until all is at rest, then the claim.
func runModel(seed uint64, rule rules) (violation string, log []string) {
	m := &model{rng: rand.New(rand.NewPCG(seed, 1)), rule: rule, number: "INV-1", numbers: 1, marked: seed%2 == 0, revision: 1, contents: []int64{0, 0}}
	// All randomness of a run comes from its seed.
	src := m.rng
	m.token = 2*time.Minute + time.Duration(src.Int64N(int64(28*time.Minute)))
	m.open(fieldops.OpCreate)
	for range 60 + src.IntN(200) {
		m.now += time.Duration(src.Int64N(int64(4 * time.Second)))
		if src.IntN(25) == 0 {
			m.now += time.Duration(src.Int64N(int64(3 * time.Minute)))
		}
		m.deliverLate()
		if src.IntN(20) == 0 {
			m.person()
		}
		for i := range m.workers {
			w := &m.workers[i]
			switch {
			case w.busyTil > m.now:
			case src.IntN(40) == 0:
				w.busyTil = m.now + time.Duration(src.Int64N(int64(10*time.Minute))) // paused
			case src.IntN(40) == 0:
				*w = modelWorker{} // killed
			default:
				m.act(w)
			}
		}
		if m.violation != "" {
			return m.violation, m.log
		}
	}
	m.calm = true
	m.logf("calm")
	for range 5000 {
		m.now += time.Second
		m.deliverLate()
		for i := range m.workers {
			if m.workers[i].busyTil <= m.now {
				m.act(&m.workers[i])
			}
		}
		if m.violation != "" {
			return m.violation, m.log
		}
	}
	return m.claim(), m.log
}

// claim is the promise, checked at rest.
func (m *model) claim() string {
	var live []*remoteDoc
	for _, d := range m.docs {
		if d.live {
			live = append(live, d)
		}
	}
	switch {
	case m.isOpen():
		return "never came to rest"
	case len(live) > 1:
		return "doubled in the provider"
	case m.deleted && len(live) > 0:
		return "deleted here, live in the provider"
	case m.status == "synced" && len(live) == 0:
		return "synced, but nothing stands there"
	case m.status == "synced" && live[0].id != m.localID:
		return "our id is another document's"
	case m.status == "synced" && live[0].content != m.contents[m.revision]:
		return "synced, but the content is stale"
	case m.status == "failed" && m.localID == 0 && len(live) > 0:
		return "failed, but it stands there"
	case m.status == "pending":
		return "pending without an intent"
	}
	return ""
}

func TestModel(t *testing.T) {
	t.Parallel()
	if *modelSeed != 0 {
		violation, log := runModel(*modelSeed, rules{})
		t.Logf("seed %d: %q\n%s", *modelSeed, violation, strings.Join(log, "\n"))
		if violation != "" {
			t.Fail()
		}
		return
	}
	first := rand.Uint64N(1 << 40)
	t.Logf("seeds from %d", first)
	for i := range uint64(*modelRuns) {
		if violation, log := runModel(first+i, rules{}); violation != "" {
			t.Fatalf("seed %d: %s\n%s", first+i, violation, strings.Join(log, "\n"))
		}
	}
}

// A model that cannot fail proves nothing: without any one of these rules it
// must find a violation.
func TestModelNoticesMissingRules(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]rules{
		"cold at once": {coldAtOnce: true}, "no history": {noHistory: true}, "no vanished senders": {noVanish: true},
		"no fence": {noFence: true}, "found is cold": {forgetHot: true}, "blind updates": {blindUpdate: true},
		"shown at once": {shownAtOnce: true}, "never readopt": {neverReadopt: true},
		"only the newest content is ours": {newestOnly: true},
	} {
		from := uint64(1)
		if rule.neverReadopt {
			from = 74_000 // it is missed once in some 70,000 runs: begin shortly before one
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := from; seed < from+200_000; seed++ {
				if violation, _ := runModel(seed, rule); violation != "" {
					t.Logf("seed %d: %s", seed, violation)
					return
				}
			}
			t.Error("no violation was found without this rule")
		})
	}
}
