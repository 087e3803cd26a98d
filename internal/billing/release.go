package billing

import (
	"context"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// Release does what a person has decided about a document that was taken over
// from the former product.
func (s *Service) Release(ctx context.Context, actor fieldops.Actor, ref fieldops.DocumentRef, r fieldops.Release) error {
	if err := r.Check(); err != nil {
		return err
	}
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error { return tx.ReleaseTakenOver(ctx, ref, r) })
	if err == nil {
		s.sync.Wake()
	}
	return err
}

// Released is what became of one of many documents.
type Released struct {
	ID   fieldops.ID
	Kind fieldops.DocumentKind // "" when there is no such document
	Err  error                 // nil, or a *fieldops.Error
}

// ReleaseMany does the same with many documents, each by itself. It fails as a
// whole only for what is our fault.
func (s *Service) ReleaseMany(ctx context.Context, actor fieldops.Actor, ids []fieldops.ID, r fieldops.Release) ([]Released, error) {
	all := make([]Released, len(ids))
	for i, id := range ids {
		all[i].ID = id
		kind, err := s.db.WaitingKind(ctx, id)
		if err == nil {
			all[i].Kind = kind
			err = s.Release(ctx, actor, fieldops.DocumentRef{Kind: kind, ID: id}, r)
		}
		if err != nil && fieldops.KindOf(err) == "" {
			return nil, err
		}
		all[i].Err = err
	}
	return all, nil
}
