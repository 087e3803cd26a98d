package api

import (
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type costCenterReportInput struct {
	DateFrom   fieldops.Date `query:"date_from"`
	DateTo     fieldops.Date `query:"date_to" doc:"Inclusive; the firm's today when absent"`
	ProjectID  fieldops.ID   `query:"project_id" format:"uuid"`
	Weeks      int           `query:"weeks" doc:"By how many weeks up to date_to the rate of spending is judged, 1 to 104" default:"8"`
	ActiveOnly bool          `query:"active_only" doc:"Leave out what is not in use any more"`
}

// costCenterCosts is a row of the report. Money is for those who may see money,
// and without tax.
type costCenterCosts struct {
	ID             fieldops.ID     `json:"id"`
	Code           string          `json:"code"`
	Name           string          `json:"name"`
	ClientPONumber *string         `json:"client_po_number"`
	IsActive       bool            `json:"is_active"`
	Timesheets     int             `json:"timesheets_count"`
	Hours          fieldops.E4     `json:"hours"`
	Budget         *fieldops.Cents `json:"budget" nullable:"true"`
	LabourCost     *fieldops.Cents `json:"labour_cost" nullable:"true"`   // hours at what they cost the firm
	LabourCharge   *fieldops.Cents `json:"labour_charge" nullable:"true"` // hours at the rates charged
	Bills          *fieldops.Cents `json:"bills" nullable:"true"`
	Expenses       *fieldops.Cents `json:"expenses" nullable:"true"`
	TotalCost      *fieldops.Cents `json:"total_cost" nullable:"true"`     // labour cost, bills and expenses of the period
	Commitments    *fieldops.Cents `json:"po_commitments" nullable:"true"` // ordered and not billed
	SpentToDate    *fieldops.Cents `json:"spent_to_date" nullable:"true"`  // since ever, up to the last day
	Remaining      *fieldops.Cents `json:"remaining" nullable:"true"`      // of the budget, after all of that
	BurnRate       *fieldops.Cents `json:"burn_rate" nullable:"true"`      // a week
	BurnWeeks      int             `json:"burn_weeks"`
	Exhausted      fieldops.Date   `json:"projected_exhaustion_date"` // null when it cannot be told
	AsOf           fieldops.Time   `json:"figures_as_of"`             // up to a minute ago when there is very much work; null is now
}

func showCosts(r *request, c *store.CostCenterCosts, last fieldops.Date) costCenterCosts {
	answer := costCenterCosts{
		ID: c.ID, Code: c.Code, Name: c.Name, ClientPONumber: c.ClientPONumber, IsActive: c.IsActive,
		Timesheets: c.Timesheets, Hours: c.Hours, BurnWeeks: c.Burn.Weeks, AsOf: c.AsOf,
	}
	if !r.seesMoney() {
		return answer
	}
	total, remaining, rate := c.Total(), c.Burn.Remaining(), c.Burn.Rate()
	answer.Budget, answer.LabourCost, answer.LabourCharge, answer.Bills, answer.Expenses = &c.Budget, &c.Labour, &c.Charged, &c.Bills, &c.Expenses
	answer.TotalCost, answer.Commitments, answer.SpentToDate, answer.Remaining, answer.BurnRate = &total, &c.Ordered, &c.Burn.Spent, &remaining, &rate
	answer.Exhausted = c.Burn.Exhausted(last)
	return answer
}

func (a *api) costCenterReport(r *request, in *costCenterReportInput) ([]costCenterCosts, error) {
	settings, err := a.DB.Settings(r.Context())
	if err != nil {
		return nil, err
	}
	if in.Weeks == 0 {
		in.Weeks = 8
	}
	if in.DateTo == "" {
		in.DateTo = fieldops.DateOf(a.Clock(), settings.Timezone)
	}
	var f fieldops.Faults
	f.Require(in.Weeks >= 1 && in.Weeks <= 104, "weeks", "weeks must be between 1 and 104")
	f.Require(in.DateFrom <= in.DateTo, "date_to", "The last day lies before the first")
	if err := f.Err(""); err != nil {
		return nil, err
	}
	costs, err := a.DB.CostCenterCosts(r.Context(), store.CostCenterPeriod{ProjectID: in.ProjectID, From: in.DateFrom, To: in.DateTo, Weeks: in.Weeks})
	answers := []costCenterCosts{}
	for i := range costs {
		if costs[i].IsActive || !in.ActiveOnly {
			answers = append(answers, showCosts(r, &costs[i], in.DateTo))
		}
	}
	return answers, err
}
