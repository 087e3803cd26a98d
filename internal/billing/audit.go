package billing

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// audit reads documents again whose outcome was once in doubt, long after
// everything about them is certain, and says on the document what it finds.
func (s *Sync) audit(ctx context.Context) error {
	if due, err := s.db.DueAudits(ctx, 1); err != nil || len(due) == 0 {
		return err
	}
	return s.inTurn(ctx, "audit", func(keep func() error) error {
		due, err := s.db.DueAudits(ctx, 5)
		if err != nil {
			return err
		}
		for _, a := range due {
			if err := keep(); err != nil {
				return err
			}
			if err := s.auditOne(ctx, a); err != nil {
				if _, waits := errors.AsType[*store.Wait](err); waits {
					return nil
				}
				return err
			}
		}
		return nil
	})
}

func (s *Sync) auditOne(ctx context.Context, a store.Audited) error {
	var posting fieldops.Posting
	err := s.write(ctx, func(tx *store.Tx) error {
		claim, err := tx.Unclaimed(ctx, a.Ref)
		if err != nil {
			return err
		}
		needs, err := readNeeds(ctx, tx)
		if err != nil {
			return err
		}
		posting, _, err = s.posting(ctx, tx, needs, claim, false)
		return err
	})
	if err != nil {
		return err
	}
	call, err := s.provider.Look(a.Ref.Kind, []fieldops.Posting{posting})
	if err != nil {
		return err
	}
	answer, err := s.call(ctx, call, callOptions{slot: true, background: true})
	if err != nil {
		return err
	}
	found, complete, err := s.provider.ReadFound(call, answer)
	if err != nil || !complete {
		return nil //nolint:nilerr // the call is in the record; the document is read at the next round
	}
	return s.write(ctx, func(tx *store.Tx) error {
		for i := range found[0] {
			if r := &found[0][i]; r.ID == posting.RemoteID {
				if err := tx.KeepStatus(ctx, a.Ref, r); err != nil {
					return err
				}
			}
		}
		return tx.AuditDone(ctx, s.durations, a, s.auditFinding(posting, found[0]))
	})
}

// auditFinding says what is not as it should be, "" when all is.
func (s *Sync) auditFinding(p fieldops.Posting, found []fieldops.Remote) string {
	var live []fieldops.Remote
	for _, r := range found {
		if !gone(r) && s.provider.Mine(p, r) {
			live = append(live, r)
		}
	}
	switch {
	case p.RemoteID == "" && len(live) == 0:
		return "" // it never came to stand there, as the screen says
	case p.RemoteID == "":
		return "Xero has this document although it is not known to have arrived. Retry to take it over."
	case len(live) == 0 && len(found) > 0:
		return "This was voided or deleted in Xero."
	case len(live) == 0:
		return "Xero no longer has this document."
	}
	if diff := s.provider.Compare(p, live[0]); len(diff) > 0 {
		return "Xero differs in: " + strings.Join(diff, ", ")
	}
	if s.provider.TotalsDiffer(p, live[0]) {
		return totalsWarning(p, live[0])
	}
	return ""
}

// compareAfterRestore reads every invoice and order in Xero after the database
// was restored from a backup. Until it is done nothing is created: each number
// series is first raised above the highest number found there, and what stands
// there without being known here is written into the audit trail. Then every
// document is read again, one by one.
func (s *Sync) compareAfterRestore(ctx context.Context, keep func() error) error {
	findings := map[fieldops.DocumentKind]store.RestoreFinding{}
	settings, err := s.db.Settings(ctx)
	if err != nil {
		return err
	}
	prefixes := map[fieldops.DocumentKind]string{fieldops.KindInvoice: settings.InvoicePrefix, fieldops.KindPurchaseOrder: settings.OrderPrefix}
	for kind, prefix := range prefixes {
		finding := store.RestoreFinding{}
		for page := 1; ; page++ {
			if err := keep(); err != nil {
				return err
			}
			call := s.provider.ListCall(kind, page, time.Time{})
			a, err := s.call(ctx, call, callOptions{slot: true, background: true})
			if _, waits := errors.AsType[*store.Wait](err); waits {
				return nil // the whole list is read anew at a better time
			}
			if err != nil {
				return err
			}
			remotes, more, err := s.provider.ReadList(call, a)
			if err != nil {
				return nil //nolint:nilerr // the call is in the record; it is read anew at the next round
			}
			for _, r := range remotes {
				finding.Numbers = append(finding.Numbers, r.Number)
				if digits, ok := strings.CutPrefix(r.Number, prefix); ok {
					if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n < 1e12 {
						finding.Highest = max(finding.Highest, n)
					}
				}
			}
			if !more {
				break
			}
		}
		findings[kind] = finding
	}
	err = s.write(ctx, func(tx *store.Tx) error { return tx.FinishComparison(ctx, findings) })
	if err == nil {
		s.changed()
		s.Wake()
	}
	return err
}
