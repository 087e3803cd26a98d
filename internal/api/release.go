package api

import (
	"fmt"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type releaseInput struct {
	byID
	Body fieldops.Release
}

func (a *api) releaseInvoice(r *request, in *releaseInput) (store.SyncState, error) {
	return a.release(r, fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: in.ID}, in.Body)
}

func (a *api) releaseOrder(r *request, in *releaseInput) (store.SyncState, error) {
	return a.release(r, fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: in.ID}, in.Body)
}

func (a *api) release(r *request, ref fieldops.DocumentRef, decision fieldops.Release) (store.SyncState, error) {
	if err := a.Billing.Release(r.Context(), r.Actor, ref, decision); err != nil {
		return store.SyncState{}, err
	}
	return a.Billing.SyncState(r.Context(), ref)
}

// maxReleased is how many documents can be released at once.
const maxReleased = 500

type releaseManyInput struct {
	Body struct {
		IDs    []fieldops.ID `json:"ids" doc:"Invoices and purchase orders"`
		Action string        `json:"action" enum:"send,keep"`
	}
}

type releasedAnswer struct {
	ID         fieldops.ID           `json:"id"`
	EntityType fieldops.DocumentKind `json:"entity_type"`
	Released   bool                  `json:"released"`
	Error      *string               `json:"error"` // why not
}

func (a *api) releaseMany(r *request, in *releaseManyInput) ([]releasedAnswer, error) {
	var f fieldops.Faults
	f.Require(len(in.Body.IDs) > 0, "ids", "Name the documents")
	f.Require(len(in.Body.IDs) <= maxReleased, "ids", "At most %d documents can be released at once", maxReleased)
	f.Require(in.Body.Action == fieldops.ReleaseSend || in.Body.Action == fieldops.ReleaseKeep, "action", "The action must be send or keep; documents are linked one by one")
	for i, id := range in.Body.IDs {
		parsed, ok := fieldops.ParseID(id)
		f.Require(ok, fmt.Sprintf("ids[%d]", i), "This is no id")
		in.Body.IDs[i] = parsed
	}
	if err := f.Err(""); err != nil {
		return nil, err
	}
	released, err := a.Billing.ReleaseMany(r.Context(), r.Actor, in.Body.IDs, fieldops.Release{Action: in.Body.Action})
	if err != nil {
		return nil, err
	}
	answer := make([]releasedAnswer, len(released))
	for n, one := range released {
		answer[n] = releasedAnswer{ID: one.ID, EntityType: one.Kind, Released: one.Err == nil}
		if one.Err != nil {
			why := one.Err.Error()
			answer[n].Error = &why
		}
	}
	return answer, nil
}
