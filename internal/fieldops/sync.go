package fieldops

import (
	"encoding/json"
	"time"
)

// DocumentKind is a kind of record that travels to the accounting provider. It
// is the entity_type of sync_logs and of every sync table.
type DocumentKind string

// The kinds that have a way to the provider. A client travels as a contact.
const (
	KindInvoice       DocumentKind = "invoice"
	KindPurchaseOrder DocumentKind = "purchase_order"
	KindClient        DocumentKind = "client"
	// KindConnection is not a document: it is the entity_type under which
	// calls stand that belong to the connection itself (tokens, accounts).
	KindConnection DocumentKind = "connection"
)

// DocumentRef names one document.
type DocumentRef struct {
	Kind DocumentKind `json:"entity_type"`
	ID   ID           `json:"entity_id"`
}

// SyncStatus is what a document's badge says. "" (NULL) is a document that was
// never asked to go anywhere.
type SyncStatus string

// The three states.
const (
	SyncPending SyncStatus = "pending"
	SyncSynced  SyncStatus = "synced"
	SyncFailed  SyncStatus = "failed"
)

// MarshalJSON writes null for a document that was never asked to go anywhere.
func (s SyncStatus) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(s))
}

// Phase tells more of a pending document than its status does.
type Phase string

// The phases.
const (
	PhaseQueued   Phase = "queued"   // will be sent as soon as a worker is free
	PhaseSending  Phase = "sending"  // a call is under way
	PhaseChecking Phase = "checking" // the outcome of a call is unknown; the provider is being asked
	PhaseWaiting  Phase = "waiting"  // parked: a limit, the provider offline, the lane paused, something missing
	PhaseSynced   Phase = "synced"
	PhaseFailed   Phase = "failed"
)

// Operation is what an intent wants done to the document at the provider.
type Operation string

// The operations of an intent, and OpLook for calls that only read.
const (
	OpCreate Operation = "create"
	OpUpdate Operation = "update"
	OpVoid   Operation = "void" // voids what is approved, deletes what is a draft
	OpLook   Operation = "look"
)

// Outcome is what became of one attempt. "" is an attempt whose answer is still
// awaited.
type Outcome string

// The outcomes of an attempt.
const (
	Confirmed Outcome = "confirmed" // the provider answered OK with an id
	Rejected  Outcome = "rejected"  // a definite refusal of this element
	Evidence  Outcome = "evidence"  // a refusal that hints at an earlier success: look, do not believe
	Throttled Outcome = "throttled" // refused by a limit before anything was done
	NotSent   Outcome = "not_sent"  // no byte left this machine
	AuthError Outcome = "auth"      // refused for want of a valid token
	Unknown   Outcome = "unknown"   // anything else: it may have been done
	Answered  Outcome = "answered"  // a look-up that was answered completely
)

// WhoMustAct names who can move a document on.
type WhoMustAct string

// Who must act.
const (
	Nobody     WhoMustAct = "nobody"
	Office     WhoMustAct = "office"
	Admin      WhoMustAct = "admin"
	Accountant WhoMustAct = "accountant"
)

// Durations are all the times that the sync protocol's safety rests on, in one
// place so that a test can scale them as a whole and nothing can forget one.
type Durations struct {
	Lease       time.Duration // how long a claim lasts without a call
	CallTimeout time.Duration // from dialling to the last byte of the answer
	CallGrace   time.Duration // a call's lease and lane slot outlive its deadline by this
	// Hot is how long after an unknown outcome the provider may still commit it
	// and show it: call timeout + late commit 60 s + visibility 15 s + margin 15 s.
	Hot time.Duration
	// HotAfterToken is the same for a sender that vanished, counted from the
	// expiry of the token it held: a paused process cannot send after that.
	HotAfterToken time.Duration
	Backoff       []time.Duration // before the 1st, 2nd, 3rd… look-up after an unknown outcome; the last repeats
	BreakerProbe  []time.Duration // before the 1st, 2nd… probe of an open breaker; the last repeats
	Sweep         time.Duration   // between two hand-overs of work that lies around
	RefreshMargin time.Duration   // a token with less life than this is refreshed first
	RefreshLease  time.Duration   // how long one refresher keeps others out
	PreviousToken time.Duration   // how long the provider takes the previous refresh token
	Minute        time.Duration   // the window of the per-minute limit
	Second        time.Duration   // the window of the start-rate limit
	ReferenceAge  time.Duration   // accounts and tax rates older than this are read again
	QuietDay      time.Duration   // how long the day's last calls stay reserved before a writing one asks anew
	Audit         []time.Duration // when a document with an unknown attempt is read again
	Recheck       time.Duration   // after which what waits for a person is looked at again, besides being woken
}

// RealDurations are the times of a real organisation, divided by scale (1 in
// production; tests say by how much they scale).
func RealDurations(scale int) Durations {
	s := func(d time.Duration) time.Duration { return d / time.Duration(scale) }
	all := func(ds ...time.Duration) []time.Duration {
		for i := range ds {
			ds[i] = s(ds[i])
		}
		return ds
	}
	return Durations{
		Lease:         s(20 * time.Second),
		CallTimeout:   s(30 * time.Second),
		CallGrace:     s(10 * time.Second),
		Hot:           s(120 * time.Second),
		HotAfterToken: s(150 * time.Second),
		Backoff:       all(2*time.Second, 4*time.Second, 8*time.Second, 15*time.Second, 30*time.Second),
		BreakerProbe:  all(5*time.Second, 10*time.Second, 20*time.Second, 40*time.Second, 60*time.Second),
		Sweep:         s(15 * time.Second),
		RefreshMargin: s(5 * time.Minute),
		RefreshLease:  s(45 * time.Second),
		PreviousToken: s(30 * time.Minute),
		Minute:        s(time.Minute),
		Second:        s(time.Second),
		ReferenceAge:  s(24 * time.Hour),
		QuietDay:      s(15 * time.Minute),
		Recheck:       s(time.Minute),
		Audit:         all(30*time.Minute, 24*time.Hour, 7*24*time.Hour),
	}
}
