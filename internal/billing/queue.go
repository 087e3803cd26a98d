package billing

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// mostRetried is how many documents one plan is about, those first that were asked
// for first.
const mostRetried = 10_000

// RetryPlan is what sending everything again that a filter chooses would do.
type RetryPlan struct {
	// Hash stands for exactly the documents that would be sent again, as they are.
	Hash    string       `json:"hash"`
	Count   int          `json:"count"`
	Retried []RetryGroup `json:"retried"`
	Stuck   []RetryGroup `json:"stuck"`    // what cannot be sent again now, and why
	LeftOff int          `json:"left_off"` // what matches beyond the first 10,000
	queued  []store.QueuedDocument
}

// RetryGroup are documents of one kind for which the same is to be said.
type RetryGroup struct {
	Kind   fieldops.DocumentKind `json:"entity_type"`
	Reason *string               `json:"wait_reason"`
	Words  string                `json:"words"` // the error, or why not
	Count  int                   `json:"count"`
}

// PlanRetry says what RetryPlanned would do; nothing is changed. The filter's page
// does not count.
func (s *Service) PlanRetry(ctx context.Context, f store.QueueFilter) (RetryPlan, error) {
	f.Page = store.Page{Number: 1, Size: mostRetried}
	documents, listing, err := s.db.SyncQueue(ctx, f, s.sync.MaxAttempts())
	if err != nil {
		return RetryPlan{}, err
	}
	plan := RetryPlan{Retried: []RetryGroup{}, Stuck: []RetryGroup{}, LeftOff: listing.Total - len(documents)}
	hash := sha256.New()
	for _, d := range documents {
		if why := d.Stuck(); why != "" {
			plan.Stuck = addTo(plan.Stuck, RetryGroup{d.Kind, d.Reason, why, 1})
			continue
		}
		words := d.Trouble()
		plan.Retried = addTo(plan.Retried, RetryGroup{d.Kind, d.Reason, words, 1})
		fmt.Fprintf(hash, "%s %s %s %q\n", d.Kind, d.Intent, d.Phase, words)
		plan.queued = append(plan.queued, d)
	}
	plan.Hash, plan.Count = hex.EncodeToString(hash.Sum(nil)), len(plan.queued)
	for _, groups := range [][]RetryGroup{plan.Retried, plan.Stuck} {
		slices.SortStableFunc(groups, func(a, b RetryGroup) int { return cmp.Compare(b.Count, a.Count) })
	}
	return plan, nil
}

func addTo(groups []RetryGroup, one RetryGroup) []RetryGroup {
	for i := range groups {
		if groups[i].Kind == one.Kind && groups[i].Words == one.Words {
			groups[i].Count++
			return groups
		}
	}
	return append(groups, one)
}

// Retried is what became of one document of many.
type Retried struct {
	store.QueuedDocument
	Err error // nil, or a *fieldops.Error
}

// RetryPlanned sends everything again that the filter chooses, one document after
// the other, each by itself as Retry does, and tells of each as it is done. hash is
// the plan's that a person has seen: when other documents would be sent again now,
// nothing is done. It ends early only for what is our fault, or when ctx ends; what
// was done by then stands.
func (s *Service) RetryPlanned(ctx context.Context, actor fieldops.Actor, f store.QueueFilter, hash string, begun func(count int), told func(Retried)) error {
	plan, err := s.PlanRetry(ctx, f)
	if err != nil {
		return err
	}
	if plan.Hash != hash {
		return &fieldops.Error{
			Kind: fieldops.Conflict, Message: fmt.Sprintf("What matches has changed since you looked: it would be %d documents now. Look again.", plan.Count),
			Details: map[string]any{"count": plan.Count, "hash": plan.Hash},
		}
	}
	if plan.Count == 0 {
		return fieldops.Refuse(fieldops.Conflict, "Nothing that matches can be sent again now")
	}
	begun(plan.Count)
	for _, d := range plan.queued {
		err := s.Retry(ctx, actor, d.DocumentRef, RetryRequest{Seen: d.Intent})
		if err != nil && fieldops.KindOf(err) == "" {
			return err
		}
		told(Retried{d, err})
	}
	return nil
}
