package store

import (
	"context"
	"database/sql"

	"ampedfieldops/internal/fieldops"
)

const costCenterColumns = `k.id, k.code, k.name, k.description, k.budget_cents, k.xero_tracking_category_id, k.client_po_number,
	k.is_active, k.created_at, k.updated_at`

func costCenterPlaces(k *fieldops.CostCenter) []any {
	return []any{&k.ID, &k.Code, &k.Name, &k.Description, &k.Budget, &k.TrackingID, &k.ClientPONumber, &k.IsActive, &k.CreatedAt, &k.UpdatedAt}
}

// CostCenterSummary is a cost centre with what is booked to it. TotalCost is
// the work at the rates charged, without tax.
type CostCenterSummary struct {
	fieldops.CostCenter
	ProjectCount int
	TotalHours   fieldops.E4
	TotalCost    fieldops.Cents
	AsOf         fieldops.Time // of hours and cost: zero is now
}

// CostCenters lists cost centres by code. Each sum is one pass over its table,
// however many cost centres there are.
func (r reads) CostCenters(ctx context.Context, activeOnly bool) ([]CostCenterSummary, error) {
	condition := "k.deleted_at is null"
	if activeOnly {
		condition += " and k.is_active"
	}
	return r.costCenters(ctx, condition)
}

// CostCenter is one cost centre with its sums. A deleted one is not found.
func (r reads) CostCenter(ctx context.Context, id fieldops.ID) (CostCenterSummary, error) {
	found, err := r.costCenters(ctx, "k.deleted_at is null and k.id = $1", id)
	if err != nil {
		return CostCenterSummary{}, err
	}
	if len(found) == 0 {
		return CostCenterSummary{}, fieldops.Refuse(fieldops.NotFound, "Cost center not found")
	}
	return found[0], nil
}

func (r reads) costCenters(ctx context.Context, condition string, args ...any) ([]CostCenterSummary, error) {
	worked, asOf, err := r.centerWork(ctx)
	if err != nil {
		return nil, err
	}
	return collect(ctx, r, `with chosen as (select `+costCenterColumns+` from cost_centers k where `+condition+`),
		linked as (select l.cost_center_id, count(*) as projects from project_cost_centers l join live_projects p on p.id = l.project_id
			where l.cost_center_id in (select id from chosen) group by l.cost_center_id)
		select chosen.*, coalesce(linked.projects, 0)
		from chosen left join linked on linked.cost_center_id = chosen.id
		order by `+r.bytewise("chosen.code"), args,
		func(rows *sql.Rows, k *CostCenterSummary) error {
			err := rows.Scan(append(costCenterPlaces(&k.CostCenter), &k.ProjectCount)...)
			k.TotalHours, k.TotalCost, k.AsOf = worked[k.ID].hours, worked[k.ID].cost, asOf
			return err
		})
}

// centerSum is the work of a cost centre.
type centerSum struct {
	hours fieldops.E4
	cost  fieldops.Cents
}

// centerWork adds up the work of all cost centres, in one pass.
func (r reads) centerWork(ctx context.Context) (map[fieldops.ID]centerSum, fieldops.Time, error) {
	return sumKept(r, "cost centres", func() (map[fieldops.ID]centerSum, int, error) {
		type row struct {
			id      fieldops.ID
			sum     centerSum
			entries int
		}
		rows, err := collect(ctx, r, `select cost_center_id, cast(sum(hours_e4) as bigint), cast(sum(`+amountSQL+`) as bigint), count(*)
			from live_timesheets where cost_center_id is not null group by cost_center_id`, nil,
			func(rows *sql.Rows, x *row) error { return rows.Scan(&x.id, &x.sum.hours, &x.sum.cost, &x.entries) })
		sums, entries := make(map[fieldops.ID]centerSum, len(rows)), 0
		for _, x := range rows {
			sums[x.id] = x.sum
			entries += x.entries
		}
		return sums, entries, err
	})
}

// InsertCostCenter adds a cost centre. ID and times are set here. A code that is
// in use is refused.
func (tx *Tx) InsertCostCenter(ctx context.Context, k *fieldops.CostCenter) error {
	if k.ID == "" {
		k.ID = fieldops.NewID()
	}
	k.CreatedAt, k.UpdatedAt = tx.Now, tx.Now
	if err := k.Check(); err != nil {
		return err
	}
	_, err := tx.q.ExecContext(ctx, `insert into cost_centers (id, code, name, description, budget_cents, xero_tracking_category_id,
		client_po_number, is_active, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
		k.ID, k.Code, k.Name, k.Description, int64(k.Budget), k.TrackingID, k.ClientPONumber, k.IsActive, tx.Now)
	if err != nil {
		return costCenterCodeTaken(err)
	}
	return tx.audit(ctx, "create", "cost_center", k.ID, map[string]any{"code": k.Code, "name": k.Name})
}

func costCenterCodeTaken(err error) error {
	if breaksUnique(err, "code") {
		var f fieldops.Faults
		f.Add("code", "Cost center code already exists")
		return f.Err("")
	}
	return err
}

// UpdateCostCenter writes everything of a cost centre.
func (tx *Tx) UpdateCostCenter(ctx context.Context, k *fieldops.CostCenter) error {
	if err := k.Check(); err != nil {
		return err
	}
	k.UpdatedAt = tx.Now
	changed, err := tx.exec(ctx, `update cost_centers set code = $1, name = $2, description = $3, budget_cents = $4, xero_tracking_category_id = $5,
		client_po_number = $6, is_active = $7, updated_at = $8 where id = $9 and deleted_at is null`,
		k.Code, k.Name, k.Description, int64(k.Budget), k.TrackingID, k.ClientPONumber, k.IsActive, tx.Now, k.ID)
	if err != nil {
		return costCenterCodeTaken(err)
	}
	if changed == 0 {
		return fieldops.Refuse(fieldops.NotFound, "Cost center not found")
	}
	return tx.audit(ctx, "update", "cost_center", k.ID, map[string]any{"code": k.Code, "name": k.Name, "is_active": k.IsActive})
}

// LockCostCenter reads a cost centre to change it.
func (tx *Tx) LockCostCenter(ctx context.Context, id fieldops.ID) (fieldops.CostCenter, error) {
	var k fieldops.CostCenter
	err := tx.q.QueryRowContext(ctx, "select "+costCenterColumns+" from cost_centers k where k.id = $1 and k.deleted_at is null"+tx.forUpdate(), id).
		Scan(costCenterPlaces(&k)...)
	return k, notFound(err, "Cost center")
}

// DeleteCostCenter hides a cost centre that nothing is booked to and that has no
// files of its own, and takes it off its projects and their files.
func (tx *Tx) DeleteCostCenter(ctx context.Context, id fieldops.ID) error {
	k, err := tx.LockCostCenter(ctx, id)
	if err != nil {
		return err
	}
	var timesheets, lines int
	if err := tx.q.QueryRowContext(ctx, `select (select count(*) from live_timesheets where cost_center_id = $1),
		(select count(*) from xero_purchase_order_line_items l join live_purchase_orders o on o.id = l.po_id where l.cost_center_id = $1)`, id).
		Scan(&timesheets, &lines); err != nil {
		return err
	}
	if timesheets+lines > 0 {
		refusal := fieldops.Refuse(fieldops.Invalid, "Cannot delete cost center %s: %d timesheets and %d purchase order lines use it. Deactivate it instead.", k.Code, timesheets, lines)
		refusal.Details = map[string]any{"usage_count": timesheets + lines}
		return refusal
	}
	var files int
	if err := tx.q.QueryRowContext(ctx, "select count(*) from live_project_files where cost_center_id = $1 and project_id is null", id).Scan(&files); err != nil {
		return err
	}
	if files > 0 {
		return fieldops.Refuse(fieldops.Invalid, "Cannot delete cost center %s: %d files belong to it alone. Move them to a project or delete them first, or deactivate it instead.", k.Code, files)
	}
	for _, statement := range []string{
		"delete from project_cost_centers where cost_center_id = $1",
		"update project_files set cost_center_id = null where cost_center_id = $1 and project_id is not null",
	} {
		if _, err := tx.q.ExecContext(ctx, statement, id); err != nil {
			return err
		}
	}
	if _, err := tx.q.ExecContext(ctx, "update cost_centers set deleted_at = $1, updated_at = $1 where id = $2", tx.Now, id); err != nil {
		return err
	}
	return tx.audit(ctx, "delete", "cost_center", id, map[string]any{"code": k.Code, "name": k.Name})
}
