package api

import (
	"reflect"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// projectAnswer is a project as lists show it. Its money is for those who may
// see money.
type projectAnswer struct {
	fieldops.Project
	Budget          *fieldops.Cents `json:"budget" nullable:"true"`
	ActualCost      *fieldops.Cents `json:"actual_cost" nullable:"true"`
	Commitments     *fieldops.Cents `json:"po_commitments" nullable:"true"`
	ClientName      string          `json:"client_name"`
	HoursLogged     fieldops.E4     `json:"hours_logged"`
	CostCenterIDs   []fieldops.ID   `json:"cost_center_ids"`
	CostCenterCodes []string        `json:"cost_center_codes"`
}

func showProject(r *request, p *store.ProjectSummary) projectAnswer {
	answer := projectAnswer{
		Project: p.Project, ClientName: p.ClientName, HoursLogged: p.HoursLogged,
		CostCenterIDs: make([]fieldops.ID, len(p.CostCenters)), CostCenterCodes: make([]string, len(p.CostCenters)),
	}
	if r.seesMoney() {
		answer.Budget, answer.ActualCost, answer.Commitments = &p.Budget, &p.ActualCost, &p.Commitments
	}
	for i, k := range p.CostCenters {
		answer.CostCenterIDs[i], answer.CostCenterCodes[i] = k.ID, k.Code
	}
	return answer
}

type listProjectsInput struct {
	pageQuery
	withDeleted
	Status   string      `query:"status" enum:"quoted,in-progress,completed,invoiced,paid"`
	ClientID fieldops.ID `query:"client_id" format:"uuid"`
	Search   string      `query:"search" doc:"Words in code, name or description"`
	Sort     string      `query:"sort" enum:"name,created_at,budget,status" default:"created_at"`
	Order    string      `query:"order" enum:"asc,desc,ASC,DESC" default:"desc"`
}

func (a *api) listProjects(r *request, in *listProjectsInput) (paged[projectAnswer], error) {
	if err := r.seesDeleted(in.IncludeDeleted, fieldops.RecordProject); err != nil {
		return paged[projectAnswer]{}, err
	}
	page := in.page()
	projects, listing, err := a.DB.Projects(r.Context(), store.ProjectFilter{
		Status: in.Status, ClientID: in.ClientID, Search: in.Search, Sort: in.Sort, Desc: !strings.EqualFold(in.Order, "asc"),
		Deleted: in.IncludeDeleted, Page: page,
	})
	return pageOf(projects, listing, page, func(p *store.ProjectSummary) fieldops.ID { return p.ID }, func(p *store.ProjectSummary) projectAnswer { return showProject(r, p) }), err
}

// budgetAnswer is the money of a project, without tax.
type budgetAnswer struct {
	Budget      fieldops.Cents `json:"budget"`
	Commitments fieldops.Cents `json:"po_commitments"`
	ActualCost  fieldops.Cents `json:"actual_cost"`
	Available   fieldops.Cents `json:"available_budget"`
	LabourCost  fieldops.Cents `json:"labour_cost"`
	BillsCost   fieldops.Cents `json:"bills_cost"`
	Expenses    fieldops.Cents `json:"expenses_cost"`
	WorkValue   fieldops.Cents `json:"work_value"` // at the rates charged
	Invoiced    fieldops.Cents `json:"invoiced"`
	Unbilled    fieldops.Cents `json:"unbilled"`
}

func budgetOf(p *store.ProjectSummary) budgetAnswer {
	return budgetAnswer{
		Budget: p.Budget, Commitments: p.Commitments, ActualCost: p.ActualCost, Available: p.Budget - p.Commitments - p.ActualCost,
		LabourCost: p.LabourCost, BillsCost: p.Bills, Expenses: p.ProjectMoney.Expenses, WorkValue: p.Work, Invoiced: p.Invoiced, Unbilled: p.Unbilled,
	}
}

type projectDetail struct {
	projectAnswer
	CostCenters []store.CostCenterName `json:"cost_centers"`
	Timesheets  []timesheetAnswer      `json:"timesheets"`
	Financials  *budgetAnswer          `json:"financials"`
}

func (a *api) getProject(r *request, in *byAnyID) (projectDetail, error) {
	ctx := r.Context()
	if err := r.seesDeleted(in.IncludeDeleted, fieldops.RecordProject); err != nil {
		return projectDetail{}, err
	}
	read := a.DB.Project
	if in.IncludeDeleted {
		read = a.DB.AnyProject
	}
	p, err := read(ctx, in.ID)
	if err != nil {
		return projectDetail{}, err
	}
	filter := store.TimesheetFilter{ProjectID: in.ID, Page: store.Page{Number: 1, Size: 10}}
	if !r.User.SeesAllTimesheets() {
		filter.UserID = r.User.ID
	}
	timesheets, _, err := a.DB.Timesheets(ctx, filter)
	if err != nil {
		return projectDetail{}, err
	}
	detail := projectDetail{projectAnswer: showProject(r, &p), CostCenters: p.CostCenters, Timesheets: make([]timesheetAnswer, len(timesheets))}
	for i := range timesheets {
		detail.Timesheets[i] = a.showTimesheet(&timesheets[i])
	}
	if r.seesMoney() {
		budget := budgetOf(&p)
		detail.Financials = &budget
	}
	r.Header.Set("ETag", etag(p.UpdatedAt))
	return detail, nil
}

type projectFinancialsAnswer struct {
	Project struct {
		ID   fieldops.ID `json:"id"`
		Code string      `json:"code"`
		Name string      `json:"name"`
	} `json:"project"`
	Financials     budgetAnswer        `json:"financials"`
	PurchaseOrders store.OrderTotals   `json:"purchase_orders"`
	Bills          store.BillTotals    `json:"bills"`
	Expenses       store.ExpenseTotals `json:"expenses"`
}

func (a *api) projectFinancials(r *request, in *byID) (answer projectFinancialsAnswer, err error) {
	p, err := a.DB.Project(r.Context(), in.ID)
	if err != nil {
		return answer, err
	}
	answer.Project.ID, answer.Project.Code, answer.Project.Name = p.ID, p.Code, p.Name
	answer.Financials = budgetOf(&p)
	answer.PurchaseOrders, answer.Bills, answer.Expenses, err = a.DB.ProjectPurchases(r.Context(), in.ID)
	return answer, err
}

type projectInput struct {
	Name          Optional[string]         `json:"name,omitempty"`
	ClientID      Optional[*string]        `json:"client_id,omitempty"`
	Status        Optional[string]         `json:"status,omitempty"`
	Budget        Optional[fieldops.Cents] `json:"budget,omitempty"`
	Description   Optional[*string]        `json:"description,omitempty"`
	StartDate     Optional[fieldops.Date]  `json:"start_date,omitempty"`
	EndDate       Optional[fieldops.Date]  `json:"end_date,omitempty"`
	CostCenterIDs Optional[[]string]       `json:"cost_center_ids,omitempty"`
	BillingMethod Optional[string]         `json:"billing_method,omitempty"`
	OnCompletion  Optional[bool]           `json:"bill_on_completion,omitempty"`
	BillingHold   Optional[*string]        `json:"billing_hold,omitempty"`
	Certificate   Optional[*string]        `json:"certificate_required,omitempty" doc:"electrical_compliance or electrical_safety_certificate: nothing is invoiced before one is approved; null: none is needed"`
	XeroID        Optional[*string]        `json:"xero_project_id,omitempty"`
}

// apply changes a project by what was sent, and reads the cost centres: nil
// when they were not sent.
func (in *projectInput) apply(p *fieldops.Project) (costCenters []fieldops.ID, err error) {
	var f fieldops.Faults
	in.Name.into(&p.Name)
	p.Name = strings.TrimSpace(p.Name)
	idInto(in.ClientID, &p.ClientID, "client_id", &f)
	in.Status.into(&p.Status)
	in.Budget.into(&p.Budget)
	textInto(in.Description, &p.Description)
	in.StartDate.into(&p.StartDate)
	in.EndDate.into(&p.EndDate)
	in.BillingMethod.into(&p.BillingMethod)
	in.OnCompletion.into(&p.BillOnCompletion)
	textInto(in.BillingHold, &p.BillingHold)
	textInto(in.XeroID, &p.XeroID)
	if in.Certificate.Set {
		p.CertificateRequired = (*fieldops.SafetyType)(text(in.Certificate.Value))
	}
	if in.CostCenterIDs.Set {
		costCenters = idsOf(in.CostCenterIDs.Value, "cost_center_ids", &f)
	}
	return costCenters, f.Err("")
}

type createProjectInput struct {
	Body projectInput
}

func (a *api) createProject(r *request, in *createProjectInput) (projectAnswer, error) {
	p := fieldops.Project{Status: "quoted", ProjectBilling: fieldops.ProjectBilling{BillingMethod: fieldops.TimeAndMaterials}}
	costCenters, err := in.Body.apply(&p)
	if err != nil {
		return projectAnswer{}, err
	}
	ctx := r.Context()
	var answer projectAnswer
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		if err := tx.InsertProject(ctx, &p, costCenters); err != nil {
			return err
		}
		summary, err := tx.Project(ctx, p.ID)
		if err != nil {
			return err
		}
		answer = showProject(r, &summary)
		return r.keep(tx, answer)
	})
	return answer, err
}

type updateProjectInput struct {
	byID
	Body projectInput
}

func (a *api) updateProject(r *request, in *updateProjectInput) (projectAnswer, error) {
	if reflect.ValueOf(in.Body).IsZero() {
		return projectAnswer{}, errNoUpdates()
	}
	ctx := r.Context()
	var changed store.ProjectSummary
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		p, err := tx.LockProject(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := r.ifMatch(p.UpdatedAt); err != nil {
			return err
		}
		costCenters, err := in.Body.apply(&p)
		if err != nil {
			return err
		}
		if err := tx.UpdateProject(ctx, &p, costCenters); err != nil {
			return err
		}
		changed, err = tx.Project(ctx, in.ID)
		return err
	})
	if err != nil {
		return projectAnswer{}, err
	}
	r.Header.Set("ETag", etag(changed.UpdatedAt))
	return showProject(r, &changed), nil
}
