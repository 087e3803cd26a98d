package billing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
	"ampedfieldops/internal/store"
)

// Sync carries documents to the accounting provider. Any number of processes
// may run one on the same database; what they share (claims, the lane, tokens,
// the record of calls) lies there.
type Sync struct {
	db          *store.DB
	provider    Provider
	seal        *Sealer
	log         *slog.Logger
	durations   fieldops.Durations
	maxAttempts int
	appURL      string
	changed     func() // the lane's state changed
	tracer      trace.Tracer
	step        func(label string)

	woken chan struct{}
}

// SyncConfig is what a Sync needs.
type SyncConfig struct {
	DB          *store.DB
	Provider    Provider
	Sealer      *Sealer
	Log         *slog.Logger
	Durations   fieldops.Durations
	MaxAttempts int          // sends that a look-up has shown to be absent, before a person is asked
	AppURL      string       // where a document's link in Xero leads back to
	LaneChanged func()       // told when the lane opens or closes; may be nil
	Tracer      trace.Tracer // of the calls to the provider; nil traces nothing
	// Step is called at every labelled step of the protocol, so that a torture
	// run can stop the process there. Nil in production.
	Step func(label string)
}

// NewSync makes a Sync; Work and Run make it act.
func NewSync(c SyncConfig) *Sync {
	s := &Sync{
		db: c.DB, provider: c.Provider, seal: c.Sealer, log: c.Log, durations: c.Durations,
		maxAttempts: max(1, c.MaxAttempts), appURL: c.AppURL, changed: c.LaneChanged, tracer: c.Tracer, step: c.Step,
		woken: make(chan struct{}, 1),
	}
	if s.step == nil {
		s.step = func(string) {}
	}
	if s.changed == nil {
		s.changed = func() {}
	}
	if s.tracer == nil {
		s.tracer = noop.NewTracerProvider().Tracer("")
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// MaxAttempts is how often a document is sent before a person is asked.
func (s *Sync) MaxAttempts() int { return s.maxAttempts }

// Durations are the times that the protocol rests on.
func (s *Sync) Durations() fieldops.Durations { return s.durations }

// Register has the queue deliver push jobs to this Sync.
func (s *Sync) Register(q *job.Queue) {
	job.Handle(q, func(ctx context.Context, a store.PushInvoice) error { return s.Push(ctx, a.Intent) })
	job.Handle(q, func(ctx context.Context, a store.PushPurchaseOrder) error { return s.Push(ctx, a.Intent) })
	job.Handle(q, func(ctx context.Context, a store.PushClient) error { return s.Push(ctx, a.Intent) })
}

// Wake has the supervision run at once, because something has changed that
// documents wait for.
func (s *Sync) Wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// Run supervises until ctx ends: it hands over what lies around, asks whether
// Xero is back, keeps the token and the reference data fresh, and reads again
// what was once in doubt. On SQLite the caller holds the exclusive worker lock.
func (s *Sync) Run(ctx context.Context) error {
	if s.db.Engine() == store.SQLite {
		if err := s.db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return tx.BuryPredecessor(ctx, s.durations) }); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("clearing up after the previous run: %w", err)
		}
	}
	// Due work is looked for more often than it is handed over anew, so that
	// what waits for a moment (a minute's limit, a backoff) goes on near it.
	tick := time.NewTicker(max(s.durations.Sweep/15, 50*time.Millisecond))
	defer tick.Stop()
	for {
		if err := s.supervise(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "the sync's supervision failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.woken:
		}
	}
}

// handOverAtMost is how many documents are handed over in one go. Each brings up
// to fifty others with it, so that more would only keep others from writing.
const handOverAtMost = 16

func (s *Sync) supervise(ctx context.Context) error {
	gate, err := s.db.Gate(ctx)
	if err != nil {
		return err
	}
	if gate.Reason == store.Comparing {
		return s.inTurn(ctx, "compare", func(keep func() error) error {
			if gate, err := s.db.Gate(ctx); err != nil || gate.Reason != store.Comparing {
				return err
			}
			return s.compareAfterRestore(ctx, keep)
		})
	}
	if gate.Closed() {
		return nil
	}
	if due, err := s.db.BreakerDue(ctx, gate.Tenant); err != nil {
		return err
	} else if due {
		if answered, err := s.probe(ctx); err != nil || !answered {
			return err
		}
	}
	if err := s.keepReference(ctx); err != nil {
		return err
	}
	if err := s.audit(ctx); err != nil {
		return err
	}
	return s.db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
		_, err := tx.HandOver(ctx, s.durations, handOverAtMost)
		return err
	})
}

// inTurn does something that has come round, unless another process does it now.
// do keeps its turn before each call.
func (s *Sync) inTurn(ctx context.Context, task string, do func(keep func() error) error) error {
	return s.db.InTurn(ctx, task, 4*s.durations.CallTimeout, do) // above what is done between two keeps
}

// probe asks an open breaker's question with a call that changes nothing.
func (s *Sync) probe(ctx context.Context) (answered bool, err error) {
	a, err := s.call(ctx, s.provider.OrganisationCall(), callOptions{slot: true, probe: true})
	if _, waits := errors.AsType[*store.Wait](err); waits {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s.changed()
	return usable(a), nil
}

// usable reports whether Xero answered at all: an answer that refuses is an
// answer, one that speaks of trouble on its side is none.
func usable(a fieldops.Answer) bool {
	return a.Status > 0 && a.Status < 500 && !a.Truncated && a.Err == nil
}

// callOptions say how a call of the connection itself is made.
type callOptions struct {
	slot, probe, background bool
}

// call makes one recorded call that belongs to no document: reference data, a
// probe. Its answer, good or bad, is in the audit trail when call returns.
func (s *Sync) call(ctx context.Context, call fieldops.Call, o callOptions) (fieldops.Answer, error) {
	access, err := s.access(ctx)
	if err != nil {
		return fieldops.Answer{}, err
	}
	p := &store.PlannedCall{
		ID: fieldops.NewID(), Tenant: access.tenant, Call: call, ConnectionID: access.connection,
		TokenGeneration: access.generation, TokenExpires: access.expires, Slot: o.slot, Probe: o.probe, Background: o.background,
	}
	p.Call.Operation = fieldops.OpLook
	if err := s.write(ctx, func(tx *store.Tx) error { return tx.BeginCall(ctx, s.durations, p) }); err != nil {
		return fieldops.Answer{}, err
	}
	a, verdicts := s.send(ctx, access, p)
	return a, s.write(ctx, func(tx *store.Tx) error {
		if err := s.noteExchange(ctx, tx, p, a, verdicts[0]); err != nil {
			return err
		}
		_, err := tx.FinishRow(ctx, s.durations, p, 0, verdicts[0], a)
		return err
	})
}

// send makes the one HTTP exchange of a planned call, within its deadline, and
// judges the answer.
func (s *Sync) send(ctx context.Context, access access, p *store.PlannedCall) (fieldops.Answer, []fieldops.Verdict) {
	s.step("before send " + string(p.Call.Operation))
	// A worker that is told to stop still hears the answer of a call under way.
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.durations.CallTimeout)
	defer cancel()
	sending, seen := s.watch(sending, p)
	a := s.provider.Send(sending, access.token, p.Tenant, p.Call)
	verdicts := s.provider.Judge(p.Call, a)
	seen.end(a, verdicts...)
	s.step("after send " + string(p.Call.Operation))
	return a, verdicts
}

// noteExchange keeps what an exchange says of the lane and the token, whatever
// it says of the documents.
func (s *Sync) noteExchange(ctx context.Context, tx *store.Tx, p *store.PlannedCall, a fieldops.Answer, v fieldops.Verdict) error {
	if err := tx.FinishSlot(ctx, p, a); err != nil {
		return err
	}
	switch {
	case v.Outcome == fieldops.Throttled:
		wait := a.RetryAfter
		if wait <= 0 {
			wait = s.durations.Second + jitter(s.durations.Second)
		}
		if err := tx.Park(ctx, p.Tenant, wait+jitter(min(wait/10, s.durations.Minute/10)), v.Message); err != nil {
			return err
		}
		return tx.Answered(ctx, p.Tenant, p.Probe)
	case v.Outcome == fieldops.AuthError:
		if err := tx.TokenRefused(ctx, p.TokenGeneration, "Xero no longer accepts our access: "+v.Message+". An admin must connect Xero again."); err != nil {
			return err
		}
		return tx.Answered(ctx, p.Tenant, p.Probe)
	case usable(a):
		if err := tx.TokenAccepted(ctx); err != nil {
			return err
		}
		return tx.Answered(ctx, p.Tenant, p.Probe)
	}
	return tx.Unanswered(ctx, s.durations, p.Tenant, p.Probe)
}

// write runs a change of the program's own, not cut short by a stopping worker:
// an outcome that was heard is written down.
func (s *Sync) write(ctx context.Context, change func(tx *store.Tx) error) error {
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	return s.db.Write(writing, fieldops.System, change)
}
