package billing

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// maxTogether is how many documents share a call
// (https://developer.xero.com/documentation/guides/oauth2/limits/ advises about 50).
const maxTogether = 50

// traveller is a claimed document while a worker moves it on.
type traveller struct {
	*store.Claim
	posting fieldops.Posting
	blocked *obstacle
	seen    *sighting
	remote  *fieldops.Remote
	lookBy  fieldops.Posting // what to look for: an earlier attempt's form while it is in doubt
	alone   bool             // must be looked for by itself
	done    bool
}

// Push moves an intent's document on as far as it goes now, together with
// others of its kind that wait: until each stands in Xero, has failed for
// certain, or must wait. It returns nil when there is nothing left to do now;
// what waits is handed over again by the supervision when its time has come.
func (s *Sync) Push(ctx context.Context, intent fieldops.ID) error {
	if due, err := s.db.Due(ctx, intent); err != nil || !due {
		return err
	}
	gate, err := s.db.Gate(ctx)
	if err != nil || gate.Closed() {
		return err
	}
	var claims []store.Claim
	err = s.write(ctx, func(tx *store.Tx) error {
		claims = nil
		first, err := tx.ClaimIntent(ctx, s.durations, intent)
		if err != nil || first == nil {
			return err
		}
		claims = append(claims, *first)
		if first.BatchLimit < 2 {
			return nil
		}
		more, err := tx.ClaimDue(ctx, s.durations, first.Ref.Kind, min(maxTogether, first.BatchLimit)-1)
		if err != nil {
			return err
		}
		claims = append(claims, more...)
		return nil
	})
	if err != nil || len(claims) == 0 {
		return err
	}
	s.step("claimed")
	// The one order in which everybody locks several intents.
	slices.SortFunc(claims, func(a, b store.Claim) int { return strings.Compare(a.Intent, b.Intent) })
	travellers := make([]*traveller, len(claims))
	for i := range claims {
		travellers[i] = &traveller{Claim: &claims[i]}
	}
	return s.travel(ctx, travellers)
}

// travel takes claimed documents of one kind through move after move. Every
// claim is given back at the end, whatever happened.
func (s *Sync) travel(ctx context.Context, all []*traveller) (err error) {
	defer func() {
		var left []*traveller
		for _, t := range all {
			if !t.done {
				left = append(left, t)
			}
		}
		if len(left) > 0 {
			err = errors.Join(err, s.write(ctx, func(tx *store.Tx) error {
				for _, t := range left {
					if err := tx.Release(ctx, t.Claim); err != nil {
						return err
					}
				}
				return nil
			}))
		}
	}()
	if err := s.prepare(ctx, all); err != nil {
		return err
	}
	for {
		lookers, creators, changers, err := s.decideAll(ctx, all)
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil // stopping: the rest is handed back
		}
		switch {
		case len(lookers) > 0:
			err = s.lookFor(ctx, lookers)
		case len(creators) > 0:
			err = s.create(ctx, creators)
		case len(changers) > 0:
			err = s.change(ctx, changers[0])
		default:
			return nil
		}
		if wait, ok := errors.AsType[*store.Wait](err); ok {
			return s.park(ctx, all, wait)
		}
		if err != nil {
			return err
		}
	}
}

// writeAbout is write for a change that also notes things on travellers: what it
// noted is taken back when the transaction is run again or fails.
func (s *Sync) writeAbout(ctx context.Context, ts []*traveller, change func(tx *store.Tx) error) error {
	was, claims := make([]traveller, len(ts)), make([]store.Claim, len(ts))
	for i, t := range ts {
		was[i], claims[i] = *t, *t.Claim
	}
	restore := func() {
		for i, t := range ts {
			*t = was[i]
			*t.Claim = claims[i]
		}
	}
	err := s.write(ctx, func(tx *store.Tx) error {
		restore()
		return change(tx)
	})
	if err != nil {
		restore()
	}
	return err
}

// preparedTogether is how many postings are built in one transaction: few, so
// that nobody who saves something waits long for a batch.
const preparedTogether = 5

// prepare builds every posting.
func (s *Sync) prepare(ctx context.Context, all []*traveller) error {
	for some := range slices.Chunk(all, preparedTogether) {
		if err := s.writeAbout(ctx, some, func(tx *store.Tx) error {
			needs, err := readNeeds(ctx, tx)
			if err != nil {
				return err
			}
			for _, t := range some {
				if err := s.prepareOne(ctx, tx, needs, t, false); err != nil {
					return fmt.Errorf("%s %s: %w", t.Ref.Kind, t.Ref.ID, err)
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// prepareOne builds a posting; wait is EnsureContact's.
func (s *Sync) prepareOne(ctx context.Context, tx *store.Tx, needs needs, t *traveller, wait bool) (err error) {
	// A contact that it asks for is asked for by the same request.
	tx.Actor.RequestID, tx.Actor.TraceParent = t.RequestID, t.TraceParent
	t.posting, t.blocked, err = s.posting(ctx, tx, needs, t.Claim, wait)
	if err != nil {
		return err
	}
	t.lookBy, t.alone = t.posting, false
	for _, a := range slices.Concat(t.Unresolved, t.Creates) {
		// What may stand there is what was sent: an order is found among
		// several by its date, which an edit may have changed since.
		if a.Posting.Number != t.posting.Number || a.Posting.Date != t.posting.Date {
			t.alone = true
		}
	}
	return nil
}

// history is what the protocol's decision needs to know of a claim.
func (s *Sync) history(t *traveller) history {
	h := history{
		op: t.Operation, numbered: true, remoteKnown: t.RemoteID != "", revision: t.Revision, updatedRevision: t.UpdatedRevision,
		sends: t.Sends, unknowns: t.Unknowns, maxSends: s.maxAttempts, refused: t.Refused,
		hotCreates: t.HotCreates.Time, hotUpdates: t.HotUpdates.Time, shownFrom: t.ShownFrom.Time,
	}
	for _, a := range t.Unresolved {
		h.unresolved = append(h.unresolved, past{id: a.ID, op: a.Operation, revision: a.Revision, evidence: a.Outcome == fieldops.Evidence, hot: a.HotUntil.Time, spared: a.Spared})
	}
	return h
}

// decideAll decides every document's next move and carries out those that need
// no call.
func (s *Sync) decideAll(ctx context.Context, all []*traveller) (lookers, creators, changers []*traveller, err error) {
	now, err := s.db.Clock(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, t := range all {
		if t.done {
			continue
		}
		next, err := s.decideOne(ctx, t, now)
		if err != nil {
			return nil, nil, nil, err
		}
		switch {
		case t.done:
		case next.move == look:
			t.lookBy.RemoteID = t.RemoteID
			if next.byNumber {
				t.lookBy.RemoteID = ""
			}
			lookers = append(lookers, t)
		case next.move == sendCreate:
			creators = append(creators, t)
		case next.move == sendUpdate, next.move == sendVoid:
			changers = append(changers, t)
		}
	}
	return lookers, creators, changers, nil
}

// decideOne decides a document's next move and carries it out if it needs no
// call.
func (s *Sync) decideOne(ctx context.Context, t *traveller, now fieldops.Time) (step, error) {
	for {
		next := decide(s.history(t), t.seen, now.Time)
		sends := next.move == sendCreate || next.move == sendUpdate
		if sends && t.blocked != nil {
			next = step{
				move: waitAndLook, reason: t.blocked.reason, message: t.blocked.message, who: t.blocked.who,
				found: next.found, absent: next.absent, counts: next.counts,
			}
		}
		calls := next.move == look || next.move == sendCreate || next.move == sendUpdate || next.move == sendVoid
		if calls && len(next.found)+len(next.absent) == 0 && !next.counts {
			return next, nil
		}
		if err := s.carryOut(ctx, t, next, now); err != nil || calls || t.done {
			return next, err
		}
	}
}

// carryOut writes down what a decision clears up, and ends or postpones the
// intent when that is the decision.
func (s *Sync) carryOut(ctx context.Context, t *traveller, next step, now fieldops.Time) error {
	err := s.writeAbout(ctx, []*traveller{t}, func(tx *store.Tx) error {
		if err := tx.Still(ctx, t.Claim); err != nil {
			return err
		}
		if err := tx.Resolve(ctx, next.found, "found"); err != nil {
			return err
		}
		if err := tx.Resolve(ctx, next.absent, "absent"); err != nil {
			return err
		}
		if next.counts {
			if err := tx.CountAbsent(ctx, t.Claim); err != nil {
				return err
			}
		}
		switch next.move {
		case settle:
			warning := next.warning
			if warning == "" && t.remote != nil && s.provider.TotalsDiffer(t.posting, *t.remote) {
				warning = totalsWarning(t.posting, *t.remote)
			}
			return tx.Settle(ctx, t.Claim, t.posting.Revision, t.remote, warning)
		case fail:
			if err := tx.Fail(ctx, t.Claim, next.reason, next.message, next.who); err != nil {
				return err
			}
			if next.reason == "conflict" && t.remote != nil {
				return tx.KeepCandidate(ctx, t.Claim, t.remote.ID)
			}
			if t.seen != nil && t.seen.what == oursLive {
				return tx.KeepStatus(ctx, t.Ref, t.remote)
			}
			return nil
		case finishVoid:
			return tx.FinishVoid(ctx, t.Claim, true)
		case finishAbsent:
			return tx.FinishVoid(ctx, t.Claim, false)
		case waitAndLook:
			if next.reason != "checking" {
				// What it waits for may have come meanwhile, and woken nobody.
				needs, err := readNeeds(ctx, tx)
				if err != nil {
					return err
				}
				if err := s.prepareOne(ctx, tx, needs, t, true); err != nil || t.blocked == nil {
					return err
				}
			}
			return s.postpone(ctx, tx, t, next, now)
		}
		return nil
	})
	if errors.Is(err, store.ErrOutdated) {
		t.done = true
		return nil
	}
	if err != nil {
		return err
	}
	s.step("written " + next.move.String())
	t.forget(next.found)
	t.forget(next.absent)
	switch next.move {
	case settle, fail, finishVoid, finishAbsent:
		t.done = true
	case waitAndLook:
		t.done = next.reason == "checking" || t.blocked != nil
	}
	return nil
}

// forget drops attempts that were cleared up from the claim's history.
func (t *traveller) forget(resolved []fieldops.ID) {
	kept := t.Unresolved[:0:0]
	for _, a := range t.Unresolved {
		known := false
		for _, id := range resolved {
			known = known || id == a.ID
		}
		if !known {
			kept = append(kept, a)
		}
	}
	t.Unresolved = kept
}

// postpone says when a document is looked at again: after a backoff while
// somebody else may still act, at the moment of certainty when only that is
// waited for, once a minute for what a person must mend (which also wakes it).
func (s *Sync) postpone(ctx context.Context, tx *store.Tx, t *traveller, next step, now fieldops.Time) error {
	if next.reason != "checking" {
		return tx.Postpone(ctx, t.Claim, fieldops.PhaseWaiting, now.Add(s.durations.Recheck), fieldops.Time{}, next.reason, next.message, next.who)
	}
	wait := s.backoff(t.Looks)
	certain := fieldops.At(next.until)
	if left := certain.Sub(now.Time); !certain.IsZero() && left > 0 && left < wait {
		wait = left
	}
	t.Looks++
	return tx.Postpone(ctx, t.Claim, fieldops.PhaseChecking, now.Add(wait), certain, next.reason, next.message, next.who)
}

// backoff is how long to wait before the next look-up, ± 20 %.
func (s *Sync) backoff(looks int) time.Duration {
	d := s.durations.Backoff[min(looks, len(s.durations.Backoff)-1)]
	return d - d/5 + jitter(2*d/5)
}

func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}

func totalsWarning(p fieldops.Posting, r fieldops.Remote) string {
	return fmt.Sprintf("Xero's total is %s (tax %s), here it is %s (tax %s)", r.Total, r.TotalTax, p.Total, p.TotalTax)
}

// park gives every claim back because the lane has no room; nothing is spent.
func (s *Sync) park(ctx context.Context, all []*traveller, wait *store.Wait) error {
	return s.writeAbout(ctx, all, func(tx *store.Tx) error {
		now, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		until := wait.Until
		if !until.After(now.Time) {
			until = now.Add(s.durations.Second)
		}
		for _, t := range all {
			if t.done {
				continue
			}
			phase := fieldops.PhaseWaiting
			if len(t.Unresolved) > 0 {
				phase = fieldops.PhaseChecking
			}
			if err := tx.Still(ctx, t.Claim); errors.Is(err, store.ErrOutdated) {
				continue
			} else if err != nil {
				return err
			}
			if err := tx.ParkClaim(ctx, t.Claim, phase, until, wait); err != nil {
				return err
			}
			t.done = true
		}
		return nil
	})
}

// plan makes a call ready to be begun for the given documents.
func (s *Sync) plan(access access, call fieldops.Call, ts []*traveller) *store.PlannedCall {
	p := &store.PlannedCall{
		ID: fieldops.NewID(), Tenant: access.tenant, Call: call, ConnectionID: access.connection,
		TokenGeneration: access.generation, TokenExpires: access.expires, Slot: true,
	}
	for _, t := range ts {
		p.Claims = append(p.Claims, t.Claim)
	}
	if call.Operation != fieldops.OpLook {
		// The key names this attempt of this intent at this organisation. It is
		// only a help: nothing relies on it.
		p.Call.IdempotencyKey = fmt.Sprintf("%s-%s-%d", access.tenant, ts[0].Intent, ts[0].Attempts+1)
		if len(ts) > 1 {
			p.Call.IdempotencyKey = fmt.Sprintf("%s-%s", access.tenant, p.ID)
		}
	}
	return p
}

// begin commits the call's rows. A document whose claim no longer holds is
// dropped, and begin reports false: the call must be planned anew without it.
func (s *Sync) begin(ctx context.Context, p *store.PlannedCall, ts []*traveller) (bool, error) {
	s.step("before begin " + string(p.Call.Operation))
	err := s.writeAbout(ctx, ts, func(tx *store.Tx) error { return tx.BeginCall(ctx, s.durations, p) })
	if errors.Is(err, store.ErrOutdated) {
		return false, s.writeAbout(ctx, ts, func(tx *store.Tx) error {
			for _, t := range ts {
				if err := tx.Still(ctx, t.Claim); errors.Is(err, store.ErrOutdated) {
					t.done = true
				} else if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		s.step("begun " + string(p.Call.Operation))
	}
	return err == nil, err
}

// lookFor asks Xero for documents whose state is in doubt, as many in one call
// as can be asked for together.
func (s *Sync) lookFor(ctx context.Context, ts []*traveller) error {
	group := s.lookGroup(ts)
	access, err := s.access(ctx)
	if err != nil {
		return err
	}
	members := make([]fieldops.Posting, len(group))
	for i, t := range group {
		members[i] = t.lookBy
	}
	call, err := s.provider.Look(group[0].Ref.Kind, members)
	if err != nil {
		return err
	}
	p := s.plan(access, call, group)
	if ok, err := s.begin(ctx, p, group); err != nil || !ok {
		return err
	}
	began, err := s.db.Clock(ctx)
	if err != nil {
		return err
	}
	a, verdicts := s.send(ctx, access, p)
	found, complete, readErr := s.provider.ReadFound(p.Call, a)
	answered := verdicts[0].Outcome == fieldops.Answered && readErr == nil && (complete || len(group) > 1)
	err = s.writeAbout(ctx, group, func(tx *store.Tx) error {
		now, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		if err := s.noteExchange(ctx, tx, p, a, verdicts[0]); err != nil {
			return err
		}
		for i := range group {
			v := verdicts[i]
			if v.Outcome == fieldops.Answered && !answered {
				v.Outcome, v.Message = fieldops.Unknown, "Xero's answer was not complete"
			}
			if _, err := tx.FinishRow(ctx, s.durations, p, i, v, a); err != nil {
				return err
			}
		}
		if answered {
			return nil
		}
		for _, t := range group {
			if err := tx.Still(ctx, t.Claim); errors.Is(err, store.ErrOutdated) {
				t.done = true
				continue
			} else if err != nil {
				return err
			}
			next := checking(hottest(t))
			if len(t.Unresolved) == 0 {
				next.message = "Xero is being asked how this stands there."
			}
			if err := s.postpone(ctx, tx, t, next, now); err != nil {
				return err
			}
			t.done = true
		}
		return nil
	})
	s.step("looked")
	if err != nil || !answered {
		return err
	}
	for i, t := range group {
		if !complete && len(found[i]) == 0 {
			t.alone = true // one page of many: ask for it by itself
			continue
		}
		if err := s.see(ctx, t, found[i], began.Time); err != nil {
			return err
		}
	}
	return nil
}

// lookGroup picks documents that one look-up can ask for.
func (s *Sync) lookGroup(ts []*traveller) []*traveller {
	first := ts[0]
	if first.alone || first.Ref.Kind == fieldops.KindClient || first.Ref.Kind == fieldops.KindPurchaseOrder && first.lookBy.RemoteID != "" {
		return ts[:1]
	}
	group := []*traveller{first}
	for _, t := range ts[1:] {
		if len(group) < maxTogether && !t.alone && (t.lookBy.RemoteID == "") == (first.lookBy.RemoteID == "") {
			group = append(group, t)
		}
	}
	return group
}

func hottest(t *traveller) time.Time {
	var latest time.Time
	for _, a := range t.Unresolved {
		if a.HotUntil.After(latest) {
			latest = a.HotUntil.Time
		}
	}
	return latest
}

// see turns what a complete look-up found for one document into a sighting.
func (s *Sync) see(ctx context.Context, t *traveller, found []fieldops.Remote, began time.Time) error {
	t.seen, t.remote = &sighting{began: began, byNumber: t.RemoteID != "" && t.lookBy.RemoteID == "", what: absent}, nil
	var ours *fieldops.Remote
	for i := range found {
		r := &found[i]
		// A document that was deleted there frees its number: what lives
		// under it counts before what is gone.
		if s.mine(t, *r) && (ours == nil || gone(*ours) && !gone(*r)) {
			ours = r
		}
	}
	if ours == nil {
		for i := range found {
			if r := &found[i]; !gone(*r) {
				t.remote, t.seen.what = r, somebodyElses
				t.seen.other = fmt.Sprintf("%s %s exists in Xero already and is not ours: it belongs to %s, %s of %s. Choose another number, or change that document in Xero.",
					label(t.Ref.Kind), r.Number, r.ContactName, r.Total, r.Date)
			}
		}
		if t.Ref.Kind == fieldops.KindClient && t.seen.what == absent && nameTaken(t) {
			return s.seeName(ctx, t)
		}
		return nil
	}
	t.remote = ours
	if t.RemoteID == "" {
		if err := s.write(ctx, func(tx *store.Tx) error { return tx.Adopt(ctx, t.Ref, ours.ID) }); err != nil {
			return err
		}
		t.RemoteID, t.posting.RemoteID = ours.ID, ours.ID
	}
	if ours.ID != t.RemoteID && !gone(*ours) && knownIsGone(t, found) {
		// The one we know was voided, which freed its number, and a create from
		// before that arrived after all: what lives there now is this one.
		if err := s.write(ctx, func(tx *store.Tx) error { return tx.Readopt(ctx, t.Ref, t.RemoteID, ours.ID) }); err != nil {
			return err
		}
		t.RemoteID, t.posting.RemoteID = ours.ID, ours.ID
	}
	t.seen.what = oursLive
	if gone(*ours) && t.Ref.Kind != fieldops.KindClient {
		t.seen.what = oursGone
	}
	t.seen.paid = ours.HasPayments
	t.seen.diff = s.provider.Compare(t.posting, *ours)
	if slices.Contains(t.seen.diff, "contact") {
		if err := s.followMerge(ctx, t, ours.ContactID); err != nil {
			return err
		}
		t.seen.diff = s.provider.Compare(t.posting, *ours)
	}
	t.seen.equal = len(t.seen.diff) == 0
	return nil
}

// followMerge asks whether the contact that a document was sent to was merged
// in Xero into the one that the document stands under there; then the client
// here follows.
func (s *Sync) followMerge(ctx context.Context, t *traveller, into string) error {
	call, err := s.provider.Look(fieldops.KindClient, []fieldops.Posting{{
		Ref: fieldops.DocumentRef{Kind: fieldops.KindClient}, RemoteID: t.posting.ContactID, Contact: &fieldops.PostingContact{},
	}})
	if err != nil || t.posting.ContactID == "" {
		return nil //nolint:nilerr // it cannot be asked for; the difference stays
	}
	a, err := s.call(ctx, call, callOptions{slot: true})
	if err != nil {
		return err
	}
	found, complete, err := s.provider.ReadFound(call, a)
	if err != nil || !complete || len(found[0]) == 0 || found[0][0].MergedTo != into || into == "" {
		return nil //nolint:nilerr // not merged as far as anybody can tell; the difference stays
	}
	from := t.posting.ContactID
	t.posting.ContactID = into
	return s.write(ctx, func(tx *store.Tx) error { return tx.FollowMerge(ctx, from, into) })
}

// mine reports whether a remote document is ours: by id or marker, or, where a
// kind has no marker, because its content is what one of our attempts sent.
func (s *Sync) mine(t *traveller, r fieldops.Remote) bool {
	if s.provider.Mine(t.posting, r) {
		return true
	}
	if byNumber := t.posting; byNumber.RemoteID != "" {
		byNumber.RemoteID = ""
		if s.provider.Mine(byNumber, r) {
			return true
		}
	}
	for _, a := range slices.Concat(t.Unresolved, t.Creates) {
		if a.Posting.Number != "" && s.provider.Mine(a.Posting, r) {
			return true
		}
	}
	return false
}

// knownIsGone reports whether the document whose id we know is among those found,
// and voided or deleted, which is final in Xero.
func knownIsGone(t *traveller, found []fieldops.Remote) bool {
	return slices.ContainsFunc(found, func(r fieldops.Remote) bool { return strings.EqualFold(r.ID, t.RemoteID) && gone(r) })
}

func gone(r fieldops.Remote) bool {
	return r.Status == fieldops.StatusVoided || r.Status == fieldops.StatusDeleted
}

func label(kind fieldops.DocumentKind) string {
	switch kind {
	case fieldops.KindInvoice:
		return "Invoice"
	case fieldops.KindPurchaseOrder:
		return "Purchase order"
	}
	return "Contact"
}

// nameTaken reports whether Xero refused the client's name as taken.
func nameTaken(t *traveller) bool {
	for _, a := range t.Unresolved {
		if a.Outcome == fieldops.Evidence {
			return true
		}
	}
	return false
}

// seeName finds who holds the client's name in Xero, so that a person can link
// the two instead of guessing.
func (s *Sync) seeName(ctx context.Context, t *traveller) error {
	call, err := s.provider.LookContactByName(t.posting.Contact.Name)
	if err != nil {
		return nil //nolint:nilerr // the name cannot be asked for; what was seen stays
	}
	a, err := s.call(ctx, call, callOptions{slot: true})
	if err != nil {
		return err
	}
	found, complete, err := s.provider.ReadFound(call, a)
	if err != nil || !complete {
		return nil //nolint:nilerr // it is asked again after the backoff
	}
	if len(found) == 1 && len(found[0]) > 0 {
		r := found[0][0]
		t.remote, t.seen.what = &r, somebodyElses
		t.seen.other = fmt.Sprintf("Xero has a contact called %q already. Link this client to it if they are the same, or give this client another name.", r.ContactName)
	}
	return nil
}

// create sends documents that Xero does not have, up to fifty in one call.
func (s *Sync) create(ctx context.Context, ts []*traveller) error {
	group := ts[:1]
	for _, t := range ts[1:] {
		limit := min(maxTogether, group[0].BatchLimit)
		if len(group) < limit && t.BatchLimit > len(group) {
			group = append(group[:len(group):len(group)], t)
		}
	}
	access, err := s.access(ctx)
	if err != nil {
		return err
	}
	members := make([]fieldops.Posting, len(group))
	for i, t := range group {
		members[i] = t.posting
	}
	call, err := s.provider.Create(group[0].Ref.Kind, members)
	if err != nil {
		return s.refuseToBuild(ctx, group, err)
	}
	return s.exchange(ctx, access, call, group)
}

// change sends one update or void, which go by the document's id.
func (s *Sync) change(ctx context.Context, t *traveller) error {
	access, err := s.access(ctx)
	if err != nil {
		return err
	}
	var call fieldops.Call
	if t.Operation == fieldops.OpVoid {
		extra := t.posting // a second create may stand there under an id of its own
		extra.RemoteID = t.remote.ID
		call, err = s.provider.Void(extra, t.remote.Status)
	} else {
		call, err = s.provider.Update(t.posting, t.remote)
	}
	if err != nil {
		return s.refuseToBuild(ctx, []*traveller{t}, err)
	}
	return s.exchange(ctx, access, call, []*traveller{t})
}

// refuseToBuild ends intents whose documents cannot be put into the provider's
// form at all: a person must change them.
func (s *Sync) refuseToBuild(ctx context.Context, ts []*traveller, cause error) error {
	if len(ts) > 1 {
		for _, t := range ts {
			t.BatchLimit = 1 // find the one by sending each by itself
		}
		return nil
	}
	words := "This document cannot be written in Xero's form"
	if fieldops.KindOf(cause) != "" {
		words = cause.Error()
	} else {
		s.log.ErrorContext(ctx, "a document cannot be encoded", "document", ts[0].Ref.ID, "error", cause)
	}
	return s.carryOut(ctx, ts[0], step{move: fail, reason: "not_encodable", message: words, who: fieldops.Office}, fieldops.Time{})
}

// exchange makes one writing call and writes down what became of each of its
// documents.
func (s *Sync) exchange(ctx context.Context, access access, call fieldops.Call, ts []*traveller) error {
	p := s.plan(access, call, ts)
	if ok, err := s.begin(ctx, p, ts); err != nil || !ok {
		return err
	}
	a, verdicts := s.send(ctx, access, p)
	var now fieldops.Time
	err := s.writeAbout(ctx, ts, func(tx *store.Tx) (err error) {
		if now, err = tx.Clock(ctx); err != nil {
			return err
		}
		if err := s.noteExchange(ctx, tx, p, a, verdicts[0]); err != nil {
			return err
		}
		for i, t := range ts {
			if err := s.noteVerdict(ctx, tx, p, i, t, verdicts[i], a, now); err != nil {
				return err
			}
		}
		return nil
	})
	s.step("answered " + string(call.Operation))
	for _, t := range ts {
		t.seen = nil
	}
	return err
}

// noteVerdict writes one document's outcome and, when that ends the matter,
// closes its intent in the same transaction.
func (s *Sync) noteVerdict(ctx context.Context, tx *store.Tx, p *store.PlannedCall, i int, t *traveller, v fieldops.Verdict, a fieldops.Answer, now fieldops.Time) error {
	open, err := tx.FinishRow(ctx, s.durations, p, i, v, a)
	if err != nil {
		return err
	}
	if v.Outcome == fieldops.Confirmed && v.RemoteID != "" && t.RemoteID == "" {
		if err := tx.Adopt(ctx, t.Ref, v.RemoteID); err != nil {
			return err
		}
		t.RemoteID, t.posting.RemoteID = v.RemoteID, v.RemoteID
	}
	if err := tx.Still(ctx, t.Claim); !open || errors.Is(err, store.ErrOutdated) {
		t.done = true // another worker looks; it has been told what came
		return tx.Nudge(ctx, t.Ref)
	} else if err != nil {
		return err
	}
	attempt := store.Attempt{ID: p.Rows[i], Operation: p.Call.Operation, Revision: t.posting.Revision, Outcome: v.Outcome, HotUntil: now.Add(s.durations.Hot), Posting: t.posting}
	switch v.Outcome {
	case fieldops.Confirmed:
		return s.confirmed(ctx, tx, t, v)
	case fieldops.Rejected:
		return s.rejected(ctx, tx, p, t, v)
	case fieldops.Unknown:
		if err := tx.MarkUnknown(ctx, s.durations, t.Claim); err != nil {
			return err
		}
		t.Unresolved = append(t.Unresolved, attempt)
		t.done = true
		return s.postpone(ctx, tx, t, checking(attempt.HotUntil.Time), now)
	case fieldops.Evidence:
		t.Unresolved = append(t.Unresolved, attempt) // and look at once
		return nil
	case fieldops.NotSent: // nothing is spent; at the fifth in a row the breaker opens
		t.done = true
		return tx.ParkClaim(ctx, t.Claim, fieldops.PhaseWaiting, now.Add(s.backoff(0)), &store.Wait{
			Reason: store.Offline, Message: "Xero cannot be reached. It is tried again by itself; nothing is lost.", Who: fieldops.Nobody,
		})
	default: // throttled, auth: nothing is spent; the lane or a fresh token decides how it goes on
		return nil
	}
}

// confirmed: Xero answered OK with an id. What it echoes is compared, so that
// the screen can tell what it keeps otherwise.
func (s *Sync) confirmed(ctx context.Context, tx *store.Tx, t *traveller, v fieldops.Verdict) error {
	if t.Operation == fieldops.OpVoid {
		if creates, _, _, _ := s.history(t).doubts(); len(creates) > 0 || !t.HotCreates.IsZero() {
			return nil // look by number: another create may have come after all
		}
		if err := tx.Resolve(ctx, attemptIDs(t.Unresolved), "found"); err != nil {
			return err
		}
		t.done = true
		return tx.FinishVoid(ctx, t.Claim, true)
	}
	if err := tx.Resolve(ctx, attemptIDs(t.Unresolved), "found"); err != nil {
		return err
	}
	if err := tx.MarkUpdated(ctx, t.Claim, t.posting.Revision); err != nil {
		return err
	}
	warning := ""
	if v.Remote != nil {
		if diff := s.provider.Compare(t.posting, *v.Remote); len(diff) > 0 {
			warning = "Xero keeps these otherwise than they were sent: " + strings.Join(diff, ", ")
		} else if s.provider.TotalsDiffer(t.posting, *v.Remote) {
			warning = totalsWarning(t.posting, *v.Remote)
		}
	}
	t.done = true
	return tx.Settle(ctx, t.Claim, t.posting.Revision, v.Remote, warning)
}

func attemptIDs(as []store.Attempt) []fieldops.ID {
	out := make([]fieldops.ID, len(as))
	for i, a := range as {
		out[i] = a.ID
	}
	return out
}

// rejected: a definite refusal. A batch that was refused as a whole blames no
// document: it is sent again in halves. A document with an earlier attempt in
// doubt is looked at before it is called failed.
func (s *Sync) rejected(ctx context.Context, tx *store.Tx, p *store.PlannedCall, t *traveller, v fieldops.Verdict) error {
	if v.WholeCall && len(p.Claims) > 1 {
		return tx.LimitBatch(ctx, t.Claim, len(p.Claims)/2)
	}
	if len(t.Unresolved) > 0 {
		return tx.MarkRefused(ctx, t.Claim, v.Message)
	}
	t.done = true
	return tx.Fail(ctx, t.Claim, "refused", v.Message, whoMends(v.Message))
}
