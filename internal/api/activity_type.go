package api

import (
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type activityTypeAnswer struct {
	fieldops.ActivityType
	// What an hour costs the firm, for those who may see money; null is what is
	// charged.
	CostRate   *fieldops.E4 `json:"cost_rate" nullable:"true"`
	UsageCount int          `json:"usage_count"`
	// Of the usage count, which is up to a minute old when there is very much work;
	// null is now.
	AsOf fieldops.Time `json:"figures_as_of"`
}

func showActivityType(r *request, t *store.ActivityTypeSummary) activityTypeAnswer {
	answer := activityTypeAnswer{ActivityType: t.ActivityType, UsageCount: t.UsageCount, AsOf: t.AsOf}
	if r.seesMoney() {
		answer.CostRate = t.CostRate
	}
	return answer
}

func (a *api) listActivityTypes(r *request, in *activeOnlyInput) ([]activityTypeAnswer, error) {
	all, err := a.DB.ActivityTypes(r.Context(), in.ActiveOnly)
	answers := make([]activityTypeAnswer, len(all))
	for i := range all {
		answers[i] = showActivityType(r, &all[i])
	}
	return answers, err
}

func (a *api) getActivityType(r *request, in *byID) (activityTypeAnswer, error) {
	t, err := a.DB.ActivityType(r.Context(), in.ID)
	if err != nil {
		return activityTypeAnswer{}, err
	}
	r.Header.Set("ETag", etag(t.UpdatedAt))
	return showActivityType(r, &t), nil
}

type activityTypeInput struct {
	Name       Optional[string]       `json:"name,omitempty"`
	Icon       Optional[string]       `json:"icon,omitempty"`
	Color      Optional[string]       `json:"color,omitempty"`
	HourlyRate Optional[fieldops.E4]  `json:"hourly_rate,omitempty"`
	CostRate   Optional[*fieldops.E4] `json:"cost_rate,omitempty" doc:"What an hour costs the firm; needs can_view_financials"`
	IsActive   Optional[bool]         `json:"is_active,omitempty"`
}

func (in *activityTypeInput) apply(t *fieldops.ActivityType) {
	in.Name.into(&t.Name)
	in.Icon.into(&t.Icon)
	in.Color.into(&t.Color)
	t.Name, t.Icon, t.Color = strings.TrimSpace(t.Name), strings.TrimSpace(t.Icon), strings.TrimSpace(t.Color)
	in.HourlyRate.into(&t.HourlyRate)
	in.CostRate.into(&t.CostRate)
	in.IsActive.into(&t.IsActive)
}

type createActivityTypeInput struct {
	Body activityTypeInput
}

// setsCost refuses a cost rate from those who may not see money.
func (in *activityTypeInput) setsCost(r *request) error {
	if in.CostRate.Set && !r.seesMoney() {
		return fieldops.Refuse(fieldops.Forbidden, "What an hour costs the firm is for those who may see money")
	}
	return nil
}

func (a *api) createActivityType(r *request, in *createActivityTypeInput) (activityTypeAnswer, error) {
	if err := in.Body.setsCost(r); err != nil {
		return activityTypeAnswer{}, err
	}
	t := fieldops.ActivityType{IsActive: true}
	in.Body.apply(&t)
	ctx := r.Context()
	var answer activityTypeAnswer
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		if err := tx.InsertActivityType(ctx, &t); err != nil {
			return err
		}
		answer = showActivityType(r, &store.ActivityTypeSummary{ActivityType: t})
		return r.keep(tx, answer)
	})
	return answer, err
}

type updateActivityTypeInput struct {
	byID
	Body activityTypeInput
}

func (a *api) updateActivityType(r *request, in *updateActivityTypeInput) (activityTypeAnswer, error) {
	if in.Body == (activityTypeInput{}) {
		return activityTypeAnswer{}, errNoUpdates()
	}
	if err := in.Body.setsCost(r); err != nil {
		return activityTypeAnswer{}, err
	}
	ctx := r.Context()
	var changed store.ActivityTypeSummary
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		t, err := tx.LockActivityType(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := r.ifMatch(t.UpdatedAt); err != nil {
			return err
		}
		in.Body.apply(&t)
		if err := tx.UpdateActivityType(ctx, &t); err != nil {
			return err
		}
		changed, err = tx.ActivityType(ctx, in.ID)
		return err
	})
	if err != nil {
		return activityTypeAnswer{}, err
	}
	r.Header.Set("ETag", etag(changed.UpdatedAt))
	return showActivityType(r, &changed), nil
}

func (a *api) deleteActivityType(r *request, in *byID) (message, error) {
	ctx := r.Context()
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error { return tx.DeleteActivityType(ctx, in.ID) })
	return message{"Activity type deleted"}, err
}
