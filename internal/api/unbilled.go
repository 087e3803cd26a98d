package api

import (
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type unbilledInput struct {
	ClientID fieldops.ID `query:"client_id" format:"uuid"`
	numberQuery
}

type unbilledAnswer struct {
	AsOf       fieldops.Date             `json:"as_of"` // ages are counted from the firm's today
	Total      fieldops.Cents            `json:"total"` // of all clients
	Hours      fieldops.E4               `json:"hours"`
	ReadyTotal fieldops.Cents            `json:"ready_total"`
	Ages       map[string]fieldops.Cents `json:"ages"`    // 0_30, 31_60, 61_90, over_90
	Reasons    []reasonAnswer            `json:"reasons"` // of all work that is not billed for good, drafts and work for no client too
	Explained  explainedAnswer           `json:"explained"`
	Clients    []unbilledClientAnswer    `json:"clients"`
	Pagination pagination                `json:"pagination"` // of the clients
}

// explainedAnswer is the sum of the reasons.
type explainedAnswer struct {
	Hours      fieldops.E4    `json:"hours"`
	Total      fieldops.Cents `json:"total"`
	Timesheets int            `json:"timesheets"`
}

// reasonAnswer is the work that is unbilled for one reason, its first.
type reasonAnswer struct {
	fieldops.Reason
	Hours      fieldops.E4    `json:"hours"`
	Total      fieldops.Cents `json:"total"`
	Timesheets int            `json:"timesheets"`
}

func explain(sum store.UnbilledSum) explainedAnswer {
	return explainedAnswer{sum.Hours, sum.Total, sum.Timesheets}
}

func showAges(ages [4]fieldops.Cents) map[string]fieldops.Cents {
	return map[string]fieldops.Cents{"0_30": ages[0], "31_60": ages[1], "61_90": ages[2], "over_90": ages[3]}
}

func showReasons(sums []store.ReasonSum) []reasonAnswer {
	answers := make([]reasonAnswer, len(sums))
	for i, s := range sums {
		answers[i] = reasonAnswer{fieldops.GeneralReason(s.Code), s.Hours, s.Total, s.Timesheets}
	}
	return answers
}

type unbilledClientAnswer struct {
	ClientID        fieldops.ID               `json:"client_id"`
	ClientName      string                    `json:"client_name"`
	Hours           fieldops.E4               `json:"hours"`
	Total           fieldops.Cents            `json:"total"`       // on no invoice at all
	ReadyTotal      fieldops.Cents            `json:"ready_total"` // of it, what can be invoiced now
	OldestDate      fieldops.Date             `json:"oldest_date"`
	AgeDays         int                       `json:"age_days"`
	Ages            map[string]fieldops.Cents `json:"ages"` // 0_30, 31_60, 61_90, over_90
	TimesheetsCount int                       `json:"timesheets_count"`
	Reasons         []reasonAnswer            `json:"reasons"` // drafts too
	Projects        []unbilledProjectAnswer   `json:"projects"`
}

type unbilledProjectAnswer struct {
	ProjectID       *fieldops.ID   `json:"project_id"`
	ProjectCode     string         `json:"project_code"`
	ProjectName     string         `json:"project_name"`
	Hours           fieldops.E4    `json:"hours"`
	Total           fieldops.Cents `json:"total"`
	ReadyTotal      fieldops.Cents `json:"ready_total"`
	TimesheetsCount int            `json:"timesheets_count"`
	OldestDate      fieldops.Date  `json:"oldest_date"`
	Reasons         []reasonAnswer `json:"reasons"`
}

func (a *api) unbilled(r *request, in *unbilledInput) (unbilledAnswer, error) {
	today, settings, err := a.firmToday(r)
	if err != nil {
		return unbilledAnswer{}, err
	}
	unbilled, listing, err := a.DB.UnbilledPage(r.Context(), today, in.ClientID, settings.ApprovalRequired, in.page())
	answer := unbilledAnswer{
		AsOf: today, Total: unbilled.Total, Hours: unbilled.Hours, ReadyTotal: unbilled.Ready, Ages: showAges(unbilled.Ages),
		Reasons: showReasons(unbilled.Reasons), Explained: explain(unbilled.Explained()),
		Clients: make([]unbilledClientAnswer, len(unbilled.Clients)), Pagination: paginationOf(listing, in.page()),
	}
	for n, c := range unbilled.Clients {
		shown := unbilledClientAnswer{
			ClientID: c.ClientID, ClientName: c.ClientName, Hours: c.Hours, Total: c.Total, ReadyTotal: c.Ready,
			OldestDate: c.Oldest, AgeDays: today.DaysSince(c.Oldest), TimesheetsCount: c.Timesheets, Reasons: showReasons(c.Reasons),
			Ages: showAges(c.Ages),
		}
		for _, p := range c.Projects {
			shown.Projects = append(shown.Projects, unbilledProjectAnswer{
				ProjectID: p.ProjectID, ProjectCode: p.ProjectCode, ProjectName: p.ProjectName, ReadyTotal: p.Ready,
				Hours: p.Hours, Total: p.Total, TimesheetsCount: p.Timesheets, OldestDate: p.Oldest, Reasons: showReasons(p.Reasons),
			})
		}
		answer.Clients[n] = shown
	}
	return answer, err
}

// balanceAnswer shows that nothing is forgotten: billed and explained add up to
// all.
type balanceAnswer struct {
	All       explainedAnswer `json:"all"`
	Billed    explainedAnswer `json:"billed"`
	Explained explainedAnswer `json:"explained"`
	Balanced  bool            `json:"balanced"`
}

func (a *api) workBalance(r *request, _ *struct{}) (answer balanceAnswer, err error) {
	today, settings, err := a.firmToday(r)
	if err != nil {
		return answer, err
	}
	balance, err := a.DB.WorkBalance(r.Context())
	if err != nil {
		return answer, err
	}
	unbilled, err := a.DB.Unbilled(r.Context(), today, "", settings.ApprovalRequired)
	answer.All, answer.Billed, answer.Explained = explain(balance.All), explain(balance.Billed), explain(unbilled.Explained())
	answer.Balanced = answer.All == explainedAnswer{
		answer.Billed.Hours + answer.Explained.Hours, answer.Billed.Total + answer.Explained.Total, answer.Billed.Timesheets + answer.Explained.Timesheets,
	}
	return answer, err
}

// whyAnswer says whether an entry is billed, and if not, why.
type whyAnswer struct {
	TimesheetID   fieldops.ID       `json:"timesheet_id"`
	Billed        bool              `json:"billed"`
	BillingStatus string            `json:"billing_status"`
	InvoiceID     *fieldops.ID      `json:"invoice_id"`
	InvoiceNumber *string           `json:"invoice_number"`
	Amount        fieldops.Cents    `json:"amount"`
	Reasons       []fieldops.Reason `json:"reasons"` // the first one counts
}

func (a *api) whyUnbilled(r *request, in *byID) (whyAnswer, error) {
	t, err := a.DB.Timesheet(r.Context(), in.ID)
	if err != nil {
		return whyAnswer{}, err
	}
	if err := r.sees(&t); err != nil {
		return whyAnswer{}, err
	}
	settings, err := a.DB.Settings(r.Context())
	reasons := t.Unbilled(settings.ApprovalRequired)
	if reasons == nil {
		reasons = []fieldops.Reason{}
	}
	return whyAnswer{t.ID, t.IsBilled(), t.BillingStatus, t.InvoiceID, text(&t.InvoiceNumber), t.Amount(), reasons}, err
}

type openWorkInput struct {
	byID
	Reason string `query:"reason" enum:"not_billable,on_draft,fixed_price,no_client,no_rate,not_approved,on_hold,waiting_for_project,no_certificate,not_selected"`
	listQuery
}

// openTimesheetAnswer is an entry that is not billed for good, with the reasons.
type openTimesheetAnswer struct {
	timesheetAnswer
	Reasons []fieldops.Reason `json:"reasons"`
}

func (a *api) clientUnbilled(r *request, in *openWorkInput) ([]openTimesheetAnswer, error) {
	if _, err := a.DB.Client(r.Context(), in.ID); err != nil {
		return nil, err
	}
	return a.openTimesheets(r, in, store.OpenFilter{ClientID: in.ID})
}

func (a *api) projectUnbilled(r *request, in *openWorkInput) ([]openTimesheetAnswer, error) {
	if _, err := a.DB.Project(r.Context(), in.ID); err != nil {
		return nil, err
	}
	return a.openTimesheets(r, in, store.OpenFilter{ProjectID: in.ID})
}

func (a *api) openTimesheets(r *request, in *openWorkInput, filter store.OpenFilter) ([]openTimesheetAnswer, error) {
	limit, date, id, err := in.place()
	if err != nil {
		return nil, err
	}
	settings, err := a.DB.Settings(r.Context())
	if err != nil {
		return nil, err
	}
	filter.Reason, filter.Limit, filter.AfterDate, filter.AfterID = fieldops.ReasonCode(in.Reason), limit, date, id
	open, err := a.DB.OpenTimesheets(r.Context(), filter, settings.ApprovalRequired)
	answers := make([]openTimesheetAnswer, len(open))
	for i := range open {
		answers[i] = openTimesheetAnswer{a.showTimesheet(&open[i]), open[i].Unbilled(settings.ApprovalRequired)}
	}
	if n := len(open); n > 0 {
		r.linkNext(n == limit, open[n-1].Date, open[n-1].ID)
	}
	return answers, err
}
