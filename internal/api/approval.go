package api

import (
	"fmt"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// maxChosen is how many timesheets one request may approve or hold.
const maxChosen = 1000

type chosenInput struct {
	Body struct {
		IDs    []string `json:"ids"`
		Reason *string  `json:"reason,omitempty"`
	}
}

type approveInput struct {
	Body struct {
		IDs  []string                 `json:"ids"`
		Seen map[string]fieldops.Time `json:"seen,omitempty" doc:"By id, the updated_at of an entry when it was looked at: what was changed since is refused with 409"`
	}
}

// read checks the ids, and the reason when one is needed.
func (in *chosenInput) read(reasonNeeded bool) (ids []fieldops.ID, reason string, err error) {
	var f fieldops.Faults
	f.Require(len(in.Body.IDs) > 0, "ids", "Choose at least one timesheet")
	f.Require(len(in.Body.IDs) <= maxChosen, "ids", "Choose at most %d timesheets at once", maxChosen)
	ids = idsOf(in.Body.IDs, "ids", &f)
	if given := text(in.Body.Reason); given != nil {
		reason = *given
	}
	f.Require(reason != "" || !reasonNeeded, "reason", "Say why the work is not to be invoiced for now")
	f.Require(len([]rune(reason)) <= fieldops.MaxHoldReason, "reason", "A reason has at most %d characters", fieldops.MaxHoldReason)
	return ids, reason, f.Err("")
}

type chosenAnswer struct {
	Message string `json:"message"`
	Count   int    `json:"count"` // how many were changed; the others were so already
}

// changeChosen changes many timesheets, all of them or none.
func (a *api) changeChosen(r *request, in *chosenInput, reasonNeeded bool, done string, change func(tx *store.Tx, ids []fieldops.ID, reason string) (int, error)) (answer chosenAnswer, err error) {
	ids, reason, err := in.read(reasonNeeded)
	if err != nil {
		return answer, err
	}
	err = a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error {
		answer.Count, err = change(tx, ids, reason)
		return err
	})
	answer.Message = fmt.Sprintf("%d timesheets %s", answer.Count, done)
	return answer, err
}

func (a *api) approveTimesheets(r *request, in *approveInput) (chosenAnswer, error) {
	chosen := &chosenInput{}
	chosen.Body.IDs = in.Body.IDs
	return a.changeChosen(r, chosen, false, "approved", func(tx *store.Tx, ids []fieldops.ID, _ string) (int, error) {
		return tx.ApproveTimesheets(r.Context(), ids, in.Body.Seen)
	})
}

func (a *api) unapproveTimesheets(r *request, in *chosenInput) (chosenAnswer, error) {
	return a.changeChosen(r, in, false, "no longer approved", func(tx *store.Tx, ids []fieldops.ID, reason string) (int, error) {
		return tx.UnapproveTimesheets(r.Context(), ids, reason)
	})
}

func (a *api) holdTimesheets(r *request, in *chosenInput) (chosenAnswer, error) {
	return a.changeChosen(r, in, true, "on hold", func(tx *store.Tx, ids []fieldops.ID, reason string) (int, error) {
		return tx.HoldTimesheets(r.Context(), ids, reason)
	})
}

func (a *api) releaseTimesheets(r *request, in *chosenInput) (chosenAnswer, error) {
	return a.changeChosen(r, in, false, "released", func(tx *store.Tx, ids []fieldops.ID, _ string) (int, error) {
		return tx.HoldTimesheets(r.Context(), ids, "")
	})
}
