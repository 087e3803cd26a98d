package billing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
)

// This file is the protocol by which a document reaches the accounting provider
// exactly once, as a pure decision: what is known goes in, the one next move
// comes out. The engine (push.go) carries moves out; the randomised model
// (model_test.go) runs this very code against a provider that loses answers,
// commits late and shows things late.

// history is what is known of one document when a worker has claimed it.
type history struct {
	op              fieldops.Operation
	numbered        bool // the provider refuses a second document with the same number
	remoteKnown     bool // an answer of the provider has given us its id
	revision        int64
	updatedRevision int64 // the newest revision whose update was answered, equal or not
	sends           int   // sends of this intent that a look-up has shown to be absent
	unknowns        int   // sends of this intent whose outcome nobody told us
	maxSends        int
	refused         string // a definite refusal at this revision, in the provider's words
	unresolved      []past
	// hotCreates and hotUpdates are the moments until which an attempt whose
	// outcome nobody told us could still come true, although a look-up has
	// found the document since: a second create once the number is free (zero
	// unless there was more than one create), an update of an older revision.
	hotCreates, hotUpdates time.Time
	// Until shownFrom a document that was created for certain need not show
	// under its id yet.
	shownFrom time.Time
}

// past is an attempt whose outcome is not cleared up.
type past struct {
	id       fieldops.ID
	op       fieldops.Operation
	revision int64
	evidence bool      // refused in a way that hints at an earlier success
	hot      time.Time // until then it may still become true, or be invisible
	spared   bool      // Xero was away for everybody: not this document's fault
}

// sighting is what one complete look-up showed.
type sighting struct {
	began    time.Time
	byNumber bool // it asked by number although the id is known
	what     sight
	equal    bool     // the content is that of the current revision
	diff     []string // else the fields that differ
	paid     bool     // payments or credits stand against it
	other    string   // who holds our number, when it is not ours
}

type sight int

const (
	absent sight = iota
	oursLive
	oursGone // voided or deleted there
	somebodyElses
)

// move is what a worker does next.
type move int

const (
	look         move = iota // ask the provider
	sendCreate               // PUT
	sendUpdate               // POST by id
	sendVoid                 // POST by id with the final status
	settle                   // it stands there in the current revision
	fail                     // for certain, for the reason given
	finishVoid               // it is gone there: confirmed
	finishAbsent             // nothing stands there: proven
	waitAndLook              // nobody can know yet: ask again later
)

// String names a move as the labelled steps do.
func (m move) String() string {
	return [...]string{"look", "send create", "send update", "send void", "settle", "fail", "finish void", "finish absent", "wait and look"}[m]
}

// step is a decision: the move, what it clears up, and what a person is told.
type step struct {
	move   move
	found  []fieldops.ID // attempts cleared up as having happened
	absent []fieldops.ID // attempts cleared up as never having happened
	counts bool          // a send was shown to be absent
	// byNumber: look by number although the id is known, because a second
	// create may have put another document there.
	byNumber bool
	until    time.Time // of waitAndLook: when it will be certain; zero: by backoff
	reason   string
	message  string
	who      fieldops.WhoMustAct
	warning  string // of settle: what differs
}

// decide is the protocol's one decision. Without a sighting it either sends,
// because nothing earlier is in doubt, or looks.
func decide(h history, s *sighting, now time.Time) step {
	if s == nil {
		return decideBlind(h, now)
	}
	switch s.what {
	case absent:
		return decideAbsent(h, *s)
	case oursGone:
		return decideGone(h, *s)
	case oursLive:
		if h.op == fieldops.OpVoid {
			return decideVoid(h, *s)
		}
		return decideLive(h, *s)
	default:
		return decideTaken(h, *s)
	}
}

// decideBlind: history comes first. Whatever an earlier attempt of any intent
// left in doubt is looked at before anything is sent.
func decideBlind(h history, now time.Time) step {
	creates, _, _, _ := h.doubts()
	byNumber := len(creates) > 0 || !h.hotCreates.IsZero()
	if len(h.unresolved) > 0 {
		return step{move: look, byNumber: byNumber}
	}
	switch h.op {
	case fieldops.OpVoid:
		if h.remoteKnown || byNumber {
			return step{move: look, byNumber: byNumber} // its state there decides how it is ended
		}
		return step{move: finishAbsent}
	case fieldops.OpUpdate:
		if h.hotUpdates.After(now) {
			return checking(h.hotUpdates)
		}
		return step{move: sendUpdate}
	}
	if h.remoteKnown {
		return step{move: look} // a late answer gave the id: compare, do not create
	}
	return step{move: sendCreate}
}

// doubts sorts what is unresolved by what it could still do.
func (h history) doubts() (creates, updates, voids, evidence []past) {
	for _, p := range h.unresolved {
		switch {
		case p.evidence:
			evidence = append(evidence, p)
		case p.op == fieldops.OpCreate:
			creates = append(creates, p)
		case p.op == fieldops.OpUpdate:
			updates = append(updates, p)
		default:
			voids = append(voids, p)
		}
	}
	return creates, updates, voids, evidence
}

func ids(ps []past) []fieldops.ID {
	out := make([]fieldops.ID, len(ps))
	for i, p := range ps {
		out[i] = p.id
	}
	return out
}

// hotAfter is the latest moment at which one of ps may still come true, if that
// is after t.
func hotAfter(ps []past, t time.Time) (latest time.Time, hot bool) {
	for _, p := range ps {
		if p.hot.After(t) && p.hot.After(latest) {
			latest, hot = p.hot, true
		}
	}
	return latest, hot
}

func checking(until time.Time) step {
	return step{
		move: waitAndLook, until: until, reason: "checking", who: fieldops.Nobody,
		message: "We do not know yet whether Xero recorded this. Sending again could double it; Xero is being asked.",
	}
}

// decideAbsent: nothing was found. That proves absence only when the look-up
// began after the last moment at which an earlier attempt could still come
// true.
func decideAbsent(h history, s sighting) step {
	until, hot := hotAfter(h.unresolved, s.began)
	_, _, _, evidence := h.doubts()
	counts := slices.ContainsFunc(h.unresolved, func(p past) bool { return !p.spared })
	last := counts && h.sends+1 >= h.maxSends
	switch {
	case h.remoteKnown && s.byNumber:
		// What was created a moment ago need not show under its number yet.
		return step{move: look}
	case h.remoteKnown && h.shownFrom.After(s.began):
		wait := checking(h.shownFrom)
		wait.message = "Xero has recorded this but does not show it now; Xero is asked again before it counts as gone."
		return wait
	case h.remoteKnown && h.op != fieldops.OpVoid:
		return step{
			move: fail, absent: ids(h.unresolved), reason: "vanished", who: fieldops.Office,
			message: "Xero no longer has this document. Give it a new number to send it as a new one.",
		}
	case h.op == fieldops.OpVoid:
		if hot {
			return checking(until)
		}
		if h.hotCreates.After(s.began) {
			return checking(h.hotCreates)
		}
		return step{move: finishAbsent, absent: ids(h.unresolved)}
	case len(evidence) > 0:
		// Xero said the number is taken, and does not show by whom.
		if hot {
			return checking(until)
		}
		return step{
			move: fail, absent: ids(h.unresolved), reason: "number_taken", who: fieldops.Office,
			message: "Xero says that this number is taken but shows no document with it. Choose another number.",
		}
	case h.refused != "":
		if hot {
			return checking(until)
		}
		return step{move: fail, absent: ids(h.unresolved), reason: "refused", message: h.refused, who: fieldops.Office}
	case len(h.unresolved) == 0:
		return step{move: sendCreate}
	case !hot:
		if last {
			return step{
				move: fail, absent: ids(h.unresolved), counts: true, reason: "not_recorded", who: fieldops.Office,
				message: fmt.Sprintf("Xero did not record this in %d attempts, and gave no reason. Nothing stands in Xero; it can be sent again.", h.maxSends),
			}
		}
		return step{move: sendCreate, absent: ids(h.unresolved), counts: counts}
	case !h.numbered || h.unknowns >= h.maxSends || last:
		return checking(until)
	default:
		// Xero's uniqueness of numbers decides between the two: sending again
		// needs no further wait.
		return step{move: sendCreate, counts: counts}
	}
}

// decideGone: it was voided or deleted there.
func decideGone(h history, s sighting) step {
	creates, _, _, _ := h.doubts()
	if h.op == fieldops.OpVoid {
		// A deleted draft frees its number, so a create that is still on its
		// way could put the document there anew.
		if until, hot := hotAfter(creates, s.began); hot {
			return checking(until)
		}
		if h.hotCreates.After(s.began) {
			return checking(h.hotCreates)
		}
		return step{move: finishVoid, found: ids(h.unresolved)}
	}
	return step{
		move: fail, found: ids(h.unresolved), reason: "voided_in_xero", who: fieldops.Office,
		message: "This was voided or deleted in Xero. Give it a new number to send it again, or delete it here too.",
	}
}

// decideVoid: it stands there and is to go.
func decideVoid(h history, s sighting) step {
	_, _, voids, _ := h.doubts()
	until, hot := hotAfter(voids, s.began)
	switch {
	case s.paid:
		return step{
			move: fail, reason: "has_payments", who: fieldops.Accountant, found: ids(withoutHot(h.unresolved, s.began)),
			message: "Xero does not void what has payments or credit notes. Remove the payment or credit in Xero first, then delete this again.",
		}
	case hot && h.unknowns >= h.maxSends:
		return checking(until)
	case !hot && len(voids) > 0 && h.sends+1 >= h.maxSends:
		// Creates stay in doubt: they are why it is looked for by number.
		return step{
			move: fail, absent: ids(voids), counts: true, reason: "not_recorded", who: fieldops.Office,
			message: "Xero did not void this in several attempts, and gave no reason. It still stands in Xero; try again.",
		}
	case h.refused != "" && len(voids) == 0:
		return step{move: fail, reason: "refused", message: h.refused, who: fieldops.Office}
	}
	// What is voided twice is voided once: no wait is needed. Creates stay in
	// doubt until they are cold, because a deleted draft frees its number.
	return step{move: sendVoid, absent: ids(withoutHot(voids, s.began)), counts: len(voids) > 0}
}

func withoutHot(ps []past, t time.Time) []past {
	var cold []past
	for _, p := range ps {
		if !p.hot.After(t) {
			cold = append(cold, p)
		}
	}
	return cold
}

// decideLive: it stands there. Whether in the current revision is what its
// content says; an update that may still arrive could put an older one back.
func decideLive(h history, s sighting) step {
	_, updates, voids, evidence := h.doubts()
	var rivals []past
	for _, p := range updates {
		if !s.equal || p.revision != h.revision {
			rivals = append(rivals, p)
		}
	}
	if until, hot := hotAfter(append(rivals, voids...), s.began); hot {
		return checking(until)
	}
	if h.hotUpdates.After(s.began) {
		return checking(h.hotUpdates)
	}
	found, gone := ids(h.unresolved), []fieldops.ID(nil)
	switch {
	case s.equal:
		return step{move: settle, found: found}
	case h.refused != "":
		return step{move: fail, found: found, reason: "refused", message: h.refused, who: fieldops.Office}
	case len(evidence) > 0 && hasUpdate(evidence):
		return step{
			move: fail, found: found, reason: "not_editable", who: fieldops.Office,
			message: "Xero does not allow this document to be changed any more (it may be paid or locked). It stands there as it was.",
		}
	case h.updatedRevision >= h.revision:
		return step{move: settle, found: found, warning: "Xero keeps these otherwise than they were sent: " + strings.Join(s.diff, ", ")}
	case len(updates) > 0 && h.sends+1 >= h.maxSends:
		return step{
			move: fail, absent: found, counts: true, reason: "not_recorded", who: fieldops.Office,
			message: "Xero did not record the change in several attempts, and gave no reason. The document stands there as it was; it can be sent again.",
		}
	}
	if len(updates) > 0 {
		found, gone = ids(others(h.unresolved, updates)), ids(updates)
	}
	return step{move: sendUpdate, found: found, absent: gone, counts: len(updates) > 0}
}

func hasUpdate(ps []past) bool {
	for _, p := range ps {
		if p.op == fieldops.OpUpdate {
			return true
		}
	}
	return false
}

func others(all, but []past) []past {
	var out []past
	for _, p := range all {
		keep := true
		for _, b := range but {
			keep = keep && b.id != p.id
		}
		if keep {
			out = append(out, p)
		}
	}
	return out
}

// decideTaken: our number stands there on a document that is not ours.
func decideTaken(h history, s sighting) step {
	creates, _, _, _ := h.doubts()
	if until, hot := hotAfter(creates, s.began); hot {
		return checking(until)
	}
	if h.hotCreates.After(s.began) {
		return checking(h.hotCreates)
	}
	if h.op == fieldops.OpVoid {
		return step{move: finishAbsent, absent: ids(h.unresolved)}
	}
	return step{move: fail, absent: ids(h.unresolved), reason: "conflict", message: s.other, who: fieldops.Office}
}
