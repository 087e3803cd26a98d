package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ampedfieldops/internal/fieldops"
)

const projectColumns = `p.id, p.code, p.name, p.client_id, p.status, p.budget_cents, p.description, p.start_date, p.end_date,
	p.created_at, p.updated_at, p.deleted_at, p.xero_project_id, p.billing_method, p.bill_on_completion, p.billing_hold, p.certificate_required`

func projectPlaces(p *fieldops.Project) []any {
	return []any{
		&p.ID, &p.Code, &p.Name, &p.ClientID, &p.Status, &p.Budget, &p.Description, &p.StartDate, &p.EndDate,
		&p.CreatedAt, &p.UpdatedAt, &p.DeletedAt, &p.XeroID, &p.BillingMethod, &p.BillOnCompletion, &p.BillingHold, &p.CertificateRequired,
	}
}

// amountSQL is the value of a timesheet in cents, rounded half away from zero
// as fieldops.Multiply rounds; hours and rates are never negative.
const amountSQL = "(hours_e4 * hourly_rate_e4 + 500000) / 1000000"

// CostCenterName names a cost centre beside a project.
type CostCenterName struct {
	ID   fieldops.ID `json:"id"`
	Code string      `json:"code"`
	Name string      `json:"name"`
}

// ProjectSummary is a project with what a list tells of it.
type ProjectSummary struct {
	fieldops.Project
	ProjectMoney
	ClientName  string
	HoursLogged fieldops.E4
	CostCenters []CostCenterName
}

// ProjectFilter chooses projects and their order. Zero values choose everything.
type ProjectFilter struct {
	Status       string
	ClientID     fieldops.ID
	CostCenterID fieldops.ID
	Search       string // every word somewhere in code, name or description
	Sort         string // name, created_at, budget or status
	Desc         bool
	Deleted      bool // deleted ones too
	Page         Page
}

// Projects lists a page of projects.
func (r reads) Projects(ctx context.Context, f ProjectFilter) ([]ProjectSummary, Listing, error) {
	w := &where{}
	if !f.Deleted {
		w.and("p.deleted_at is null")
	}
	if f.Status != "" {
		w.and("p.status = ?", f.Status)
	}
	if f.ClientID != "" {
		w.and("p.client_id = ?", f.ClientID)
	}
	if f.CostCenterID != "" {
		w.and("p.id in (select project_id from project_cost_centers where cost_center_id = ?)", f.CostCenterID)
	}
	w.andContains("p.search_folded", f.Search)
	key := "p.created_at"
	switch f.Sort {
	case "name":
		key = r.bytewise("lower(p.name)")
	case "budget":
		key = "p.budget_cents"
	case "status":
		key = r.bytewise("p.status")
	}
	return pageOf(ctx, r, "/* deleted too */ projects p", w, listOrder{[]string{key, "p.id"}, f.Desc}, f.Page,
		func(rest string, args []any) ([]ProjectSummary, error) { return r.projectSummaries(ctx, rest, args) })
}

// Project is one project with its sums. A deleted one is not found.
func (r reads) Project(ctx context.Context, id fieldops.ID) (ProjectSummary, error) {
	return r.oneProject(ctx, "p.id = $1 and p.deleted_at is null", id)
}

// AnyProject is one project with its sums, deleted or not.
func (r reads) AnyProject(ctx context.Context, id fieldops.ID) (ProjectSummary, error) {
	return r.oneProject(ctx, "p.id = $1", id)
}

func (r reads) oneProject(ctx context.Context, condition string, id fieldops.ID) (ProjectSummary, error) {
	found, err := r.projectSummaries(ctx, condition, []any{id})
	if err != nil {
		return ProjectSummary{}, err
	}
	if len(found) == 0 {
		return ProjectSummary{}, fieldops.Refuse(fieldops.NotFound, "Project not found")
	}
	return found[0], nil
}

// projectSummaries reads projects and the sums of only those, in three queries.
func (r reads) projectSummaries(ctx context.Context, condition string, args []any) ([]ProjectSummary, error) {
	projects, err := collect(ctx, r, "select "+projectColumns+", coalesce(c.name, '') from /* deleted too */ projects p left join /* deleted too */ clients c on c.id = p.client_id where "+condition, args,
		func(rows *sql.Rows, p *ProjectSummary) error {
			p.CostCenters = []CostCenterName{}
			return rows.Scan(append(projectPlaces(&p.Project), &p.ClientName)...)
		})
	if err != nil || len(projects) == 0 {
		return projects, err
	}
	place := make(map[fieldops.ID]*ProjectSummary, len(projects))
	ids := make([]fieldops.ID, len(projects))
	for i := range projects {
		ids[i] = projects[i].ID
		place[ids[i]] = &projects[i]
	}
	money, hours, err := r.projectMoney(ctx, ids)
	if err != nil {
		return nil, err
	}
	for id, p := range place {
		p.ProjectMoney, p.HoursLogged = money[id], hours[id]
	}
	var w where
	_, err = collect(ctx, r, "select l.project_id, k.id, k.code, k.name from project_cost_centers l join live_cost_centers k on k.id = l.cost_center_id where "+
		r.among(&w, "l.project_id", ids)+" order by "+r.bytewise("k.code"), w.args,
		func(rows *sql.Rows, k *CostCenterName) error {
			var project fieldops.ID
			err := rows.Scan(&project, &k.ID, &k.Code, &k.Name)
			if p := place[project]; err == nil {
				p.CostCenters = append(p.CostCenters, *k)
			}
			return err
		})
	return projects, err
}

// OrderTotals sums up the purchase orders of a project, without tax.
type OrderTotals struct {
	Count      int            `json:"total_count"`
	Committed  fieldops.Cents `json:"total_committed"`
	Draft      int            `json:"draft_count"`
	Authorised int            `json:"authorised_count"`
	Billed     int            `json:"billed_count"`
}

// InsertProject adds a project. ID, times and the code are set here: the code
// is the next of the firm's year (PRJ-2026-001) and is never given twice.
func (tx *Tx) InsertProject(ctx context.Context, p *fieldops.Project, costCenters []fieldops.ID) error {
	if p.ID == "" {
		p.ID = fieldops.NewID()
	}
	if p.Status == "" {
		p.Status = "quoted"
	}
	if p.BillingMethod == "" {
		p.BillingMethod = fieldops.TimeAndMaterials
	}
	p.CreatedAt, p.UpdatedAt = tx.Now, tx.Now
	if err := tx.checkProject(ctx, p, nil, costCenters); err != nil {
		return err
	}
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	if p.Code, err = tx.nextProjectCode(ctx, tx.Now.In(settings.Timezone).Year()); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into projects (id, code, name, client_id, status, budget_cents, description, start_date, end_date,
		search_folded, created_at, updated_at, xero_project_id, billing_method, bill_on_completion, billing_hold, certificate_required)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14, $15, $16)`,
		p.ID, p.Code, p.Name, p.ClientID, p.Status, int64(p.Budget), p.Description, p.StartDate, p.EndDate, projectSearch(p), tx.Now,
		p.XeroID, p.BillingMethod, p.BillOnCompletion, p.BillingHold, (*string)(p.CertificateRequired)); err != nil {
		return err
	}
	search := projectSearch(p)
	if err := tx.indexWords(ctx, fieldops.RecordProject, p.ID, nil, keysOf(&search)); err != nil {
		return err
	}
	if err := tx.linkCostCenters(ctx, p.ID, costCenters); err != nil {
		return err
	}
	return tx.audit(ctx, "create", "project", p.ID, map[string]any{"code": p.Code, "name": p.Name})
}

func projectSearch(p *fieldops.Project) string { return foldAll(&p.Code, &p.Name, p.Description) }

// nextProjectCode skips codes that came from elsewhere, such as an import.
func (tx *Tx) nextProjectCode(ctx context.Context, year int) (string, error) {
	for {
		n, err := tx.nextNumber(ctx, fmt.Sprintf("project-%d", year))
		if err != nil {
			return "", err
		}
		code := WriteNumber(fmt.Sprintf("PRJ-%d-", year), 3, n)
		var taken int
		if err := tx.q.QueryRowContext(ctx, "select count(*) from /* deleted too */ projects where code = $1", code).Scan(&taken); err != nil || taken == 0 {
			return code, err
		}
	}
}

func (tx *Tx) checkProject(ctx context.Context, p *fieldops.Project, clientWas *fieldops.ID, costCenters []fieldops.ID) error {
	var f fieldops.Faults
	if err := p.Check(); err != nil {
		broken, ok := errors.AsType[*fieldops.Error](err)
		if !ok {
			return err
		}
		f = append(f, broken.Faults...)
	}
	var found int
	if p.ClientID != nil && (clientWas == nil || *clientWas != *p.ClientID) {
		err := tx.q.QueryRowContext(ctx, "select 1 from live_clients where id = $1"+tx.forShare(), *p.ClientID).Scan(&found)
		if errors.Is(err, sql.ErrNoRows) {
			f.Add("client_id", "Client does not exist")
		} else if err != nil {
			return err
		}
	}
	for i, id := range costCenters {
		err := tx.q.QueryRowContext(ctx, "select 1 from cost_centers where id = $1 and deleted_at is null"+tx.forShare(), id).Scan(&found)
		if errors.Is(err, sql.ErrNoRows) {
			f.Add(fmt.Sprintf("cost_center_ids[%d]", i), "Cost center does not exist")
		} else if err != nil {
			return err
		}
	}
	return f.Err("")
}

// linkCostCenters replaces the set of cost centres of a project.
func (tx *Tx) linkCostCenters(ctx context.Context, project fieldops.ID, costCenters []fieldops.ID) error {
	if _, err := tx.q.ExecContext(ctx, "delete from project_cost_centers where project_id = $1", project); err != nil {
		return err
	}
	for _, id := range costCenters {
		if _, err := tx.q.ExecContext(ctx, "insert into project_cost_centers (project_id, cost_center_id) values ($1, $2) on conflict do nothing", project, id); err != nil {
			return err
		}
	}
	return nil
}

// LockProject reads a project to change it.
func (tx *Tx) LockProject(ctx context.Context, id fieldops.ID) (fieldops.Project, error) {
	var p fieldops.Project
	err := tx.q.QueryRowContext(ctx, "select "+projectColumns+" from live_projects p where p.id = $1"+tx.forUpdate(), id).
		Scan(projectPlaces(&p)...)
	return p, notFound(err, "Project")
}

// UpdateProject writes everything of a project that a person may change; its
// code stays. The set of cost centres is replaced unless it is nil.
func (tx *Tx) UpdateProject(ctx context.Context, p *fieldops.Project, costCenters []fieldops.ID) error {
	before, err := tx.LockProject(ctx, p.ID)
	if err != nil {
		return err
	}
	if err := tx.checkProject(ctx, p, before.ClientID, costCenters); err != nil {
		return err
	}
	p.UpdatedAt = tx.Now
	if _, err := tx.q.ExecContext(ctx, `update projects set name = $1, client_id = $2, status = $3, budget_cents = $4, description = $5,
		start_date = $6, end_date = $7, search_folded = $8, updated_at = $9, xero_project_id = $10,
		billing_method = $11, bill_on_completion = $12, billing_hold = $13, certificate_required = $14 where id = $15`,
		p.Name, p.ClientID, p.Status, int64(p.Budget), p.Description, p.StartDate, p.EndDate, projectSearch(p), tx.Now, p.XeroID,
		p.BillingMethod, p.BillOnCompletion, p.BillingHold, (*string)(p.CertificateRequired), p.ID); err != nil {
		return err
	}
	was, is := projectSearch(&before), projectSearch(p)
	if err := tx.indexWords(ctx, fieldops.RecordProject, p.ID, keysOf(&was), keysOf(&is)); err != nil {
		return err
	}
	if costCenters != nil {
		if err := tx.linkCostCenters(ctx, p.ID, costCenters); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "update", "project", p.ID, map[string]any{
		"code": p.Code, "name": p.Name, "status": p.Status, "billing_method": p.BillingMethod, "billing_hold": p.BillingHold,
		"certificate_required": p.CertificateRequired,
	})
}
