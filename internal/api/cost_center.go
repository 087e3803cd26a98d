package api

import (
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// costCenterAnswer is a cost centre as lists show it. Its money is for those
// who may see money.
type costCenterAnswer struct {
	fieldops.CostCenter
	Budget       *fieldops.Cents `json:"budget" nullable:"true"`
	ProjectCount int             `json:"project_count"`
	TotalHours   fieldops.E4     `json:"total_hours"`
	TotalCost    *fieldops.Cents `json:"total_cost" nullable:"true"`
	AsOf         fieldops.Time   `json:"figures_as_of"` // of hours and cost, which are up to a minute old when there is very much work; null is now
}

func showCostCenter(r *request, k *store.CostCenterSummary) costCenterAnswer {
	answer := costCenterAnswer{CostCenter: k.CostCenter, ProjectCount: k.ProjectCount, TotalHours: k.TotalHours, AsOf: k.AsOf}
	if r.seesMoney() {
		answer.Budget, answer.TotalCost = &k.Budget, &k.TotalCost
	}
	return answer
}

type activeOnlyInput struct {
	ActiveOnly bool `query:"active_only" doc:"Leave out what is not in use any more"`
}

func (a *api) listCostCenters(r *request, in *activeOnlyInput) ([]costCenterAnswer, error) {
	all, err := a.DB.CostCenters(r.Context(), in.ActiveOnly)
	answers := make([]costCenterAnswer, len(all))
	for i := range all {
		answers[i] = showCostCenter(r, &all[i])
	}
	return answers, err
}

type costCenterDetail struct {
	costCenterAnswer
	Projects   []projectAnswer   `json:"projects"`
	Costs      costCenterCosts   `json:"costs"`      // of all time
	Timesheets []timesheetAnswer `json:"timesheets"` // the ten newest: one's own, unless everybody's are open to the person
}

func (a *api) getCostCenter(r *request, in *byID) (costCenterDetail, error) {
	ctx := r.Context()
	k, err := a.DB.CostCenter(ctx, in.ID)
	if err != nil {
		return costCenterDetail{}, err
	}
	projects, _, err := a.DB.Projects(ctx, store.ProjectFilter{CostCenterID: in.ID, Desc: true, Page: store.Page{Number: 1, Size: 100}})
	if err != nil {
		return costCenterDetail{}, err
	}
	filter := store.TimesheetFilter{CostCenterID: in.ID, Page: store.Page{Number: 1, Size: 10}}
	if !r.User.SeesAllTimesheets() {
		filter.UserID = r.User.ID
	}
	timesheets, _, err := a.DB.Timesheets(ctx, filter)
	if err != nil {
		return costCenterDetail{}, err
	}
	settings, err := a.DB.Settings(ctx)
	if err != nil {
		return costCenterDetail{}, err
	}
	today := fieldops.DateOf(a.Clock(), settings.Timezone)
	costs, err := a.DB.CostCenterCosts(ctx, store.CostCenterPeriod{ID: in.ID, To: today.AddDays(1), Weeks: 8}) // tomorrow is today for those ahead of the firm
	if err != nil {
		return costCenterDetail{}, err
	}
	detail := costCenterDetail{costCenterAnswer: showCostCenter(r, &k), Projects: make([]projectAnswer, len(projects)), Timesheets: make([]timesheetAnswer, len(timesheets))}
	for i := range costs {
		detail.Costs = showCosts(r, &costs[i], today)
	}
	for i := range projects {
		detail.Projects[i] = showProject(r, &projects[i])
	}
	for i := range timesheets {
		detail.Timesheets[i] = a.showTimesheet(&timesheets[i])
	}
	r.Header.Set("ETag", etag(k.UpdatedAt))
	return detail, nil
}

type costCenterInput struct {
	Code           Optional[string]         `json:"code,omitempty"`
	Name           Optional[string]         `json:"name,omitempty"`
	Description    Optional[*string]        `json:"description,omitempty"`
	Budget         Optional[fieldops.Cents] `json:"budget,omitempty"`
	TrackingID     Optional[*string]        `json:"xero_tracking_category_id,omitempty"`
	ClientPONumber Optional[*string]        `json:"client_po_number,omitempty"`
	IsActive       Optional[bool]           `json:"is_active,omitempty"`
}

func (in *costCenterInput) apply(k *fieldops.CostCenter) {
	in.Code.into(&k.Code)
	in.Name.into(&k.Name)
	k.Code, k.Name = strings.TrimSpace(k.Code), strings.TrimSpace(k.Name)
	textInto(in.Description, &k.Description)
	in.Budget.into(&k.Budget)
	textInto(in.TrackingID, &k.TrackingID)
	textInto(in.ClientPONumber, &k.ClientPONumber)
	in.IsActive.into(&k.IsActive)
}

type createCostCenterInput struct {
	Body costCenterInput
}

func (a *api) createCostCenter(r *request, in *createCostCenterInput) (costCenterAnswer, error) {
	k := fieldops.CostCenter{IsActive: true}
	in.Body.apply(&k)
	ctx := r.Context()
	var answer costCenterAnswer
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		if err := tx.InsertCostCenter(ctx, &k); err != nil {
			return err
		}
		answer = showCostCenter(r, &store.CostCenterSummary{CostCenter: k})
		return r.keep(tx, answer)
	})
	return answer, err
}

type updateCostCenterInput struct {
	byID
	Body costCenterInput
}

func (a *api) updateCostCenter(r *request, in *updateCostCenterInput) (costCenterAnswer, error) {
	if in.Body == (costCenterInput{}) {
		return costCenterAnswer{}, errNoUpdates()
	}
	ctx := r.Context()
	var changed store.CostCenterSummary
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		k, err := tx.LockCostCenter(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := r.ifMatch(k.UpdatedAt); err != nil {
			return err
		}
		in.Body.apply(&k)
		if err := tx.UpdateCostCenter(ctx, &k); err != nil {
			return err
		}
		changed, err = tx.CostCenter(ctx, in.ID)
		return err
	})
	if err != nil {
		return costCenterAnswer{}, err
	}
	r.Header.Set("ETag", etag(changed.UpdatedAt))
	return showCostCenter(r, &changed), nil
}

func (a *api) deleteCostCenter(r *request, in *byID) (message, error) {
	ctx := r.Context()
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error { return tx.DeleteCostCenter(ctx, in.ID) })
	return message{"Cost center deleted"}, err
}
