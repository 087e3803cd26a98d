package store

import (
	"context"
	"database/sql"

	"ampedfieldops/internal/fieldops"
)

const activityTypeColumns = "a.id, a.name, a.icon, a.color, a.hourly_rate_e4, a.cost_rate_e4, a.is_active, a.created_at, a.updated_at"

func activityTypePlaces(a *fieldops.ActivityType) []any {
	return []any{&a.ID, &a.Name, &a.Icon, &a.Color, &a.HourlyRate, &a.CostRate, &a.IsActive, &a.CreatedAt, &a.UpdatedAt}
}

// ActivityTypeSummary is an activity type with the number of timesheets that
// use it.
type ActivityTypeSummary struct {
	fieldops.ActivityType
	UsageCount int
	AsOf       fieldops.Time // of the number: zero is now
}

// ActivityTypes lists activity types by name.
func (r reads) ActivityTypes(ctx context.Context, activeOnly bool) ([]ActivityTypeSummary, error) {
	condition := "a.deleted_at is null"
	if activeOnly {
		condition += " and a.is_active"
	}
	return r.activityTypes(ctx, condition)
}

// ActivityType is one activity type. A deleted one is not found.
func (r reads) ActivityType(ctx context.Context, id fieldops.ID) (ActivityTypeSummary, error) {
	found, err := r.activityTypes(ctx, "a.deleted_at is null and a.id = $1", id)
	if err != nil {
		return ActivityTypeSummary{}, err
	}
	if len(found) == 0 {
		return ActivityTypeSummary{}, fieldops.Refuse(fieldops.NotFound, "Activity type not found")
	}
	return found[0], nil
}

func (r reads) activityTypes(ctx context.Context, condition string, args ...any) ([]ActivityTypeSummary, error) {
	used, asOf, err := r.activityUse(ctx)
	if err != nil {
		return nil, err
	}
	return collect(ctx, r, "select "+activityTypeColumns+" from activity_types a where "+condition+" order by "+r.bytewise("lower(a.name)")+", a.id", args,
		func(rows *sql.Rows, a *ActivityTypeSummary) error {
			err := rows.Scan(activityTypePlaces(&a.ActivityType)...)
			a.UsageCount, a.AsOf = used[a.ID], asOf
			return err
		})
}

// activityUse counts the entries of all activity types, in one pass.
func (r reads) activityUse(ctx context.Context) (map[fieldops.ID]int, fieldops.Time, error) {
	return sumKept(r, "activity types", func() (map[fieldops.ID]int, int, error) {
		type row struct {
			id fieldops.ID
			n  int
		}
		rows, err := collect(ctx, r, "select activity_type_id, count(*) from live_timesheets where activity_type_id is not null group by activity_type_id", nil,
			func(rows *sql.Rows, x *row) error { return rows.Scan(&x.id, &x.n) })
		used, all := make(map[fieldops.ID]int, len(rows)), 0
		for _, x := range rows {
			used[x.id] = x.n
			all += x.n
		}
		return used, all, err
	})
}

// InsertActivityType adds an activity type. ID and times are set here.
func (tx *Tx) InsertActivityType(ctx context.Context, a *fieldops.ActivityType) error {
	if a.ID == "" {
		a.ID = fieldops.NewID()
	}
	a.CreatedAt, a.UpdatedAt = tx.Now, tx.Now
	if err := a.Check(); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into activity_types (id, name, icon, color, hourly_rate_e4, is_active, created_at, updated_at, cost_rate_e4)
		values ($1, $2, $3, $4, $5, $6, $7, $7, $8)`, a.ID, a.Name, a.Icon, a.Color, int64(a.HourlyRate), a.IsActive, tx.Now, costOrNull(a.CostRate)); err != nil {
		return err
	}
	return tx.audit(ctx, "create", "activity_type", a.ID, map[string]any{"name": a.Name, "hourly_rate": a.HourlyRate})
}

func costOrNull(rate *fieldops.E4) *int64 { return (*int64)(rate) }

// LockActivityType reads an activity type to change it.
func (tx *Tx) LockActivityType(ctx context.Context, id fieldops.ID) (fieldops.ActivityType, error) {
	var a fieldops.ActivityType
	err := tx.q.QueryRowContext(ctx, "select "+activityTypeColumns+" from activity_types a where a.id = $1 and a.deleted_at is null"+tx.forUpdate(), id).
		Scan(activityTypePlaces(&a)...)
	return a, notFound(err, "Activity type")
}

// UpdateActivityType writes everything of an activity type. A new rate holds for
// work written from now on; work already written keeps its own.
func (tx *Tx) UpdateActivityType(ctx context.Context, a *fieldops.ActivityType) error {
	if err := a.Check(); err != nil {
		return err
	}
	a.UpdatedAt = tx.Now
	changed, err := tx.exec(ctx, `update activity_types set name = $1, icon = $2, color = $3, hourly_rate_e4 = $4, is_active = $5, updated_at = $6,
		cost_rate_e4 = $7 where id = $8 and deleted_at is null`, a.Name, a.Icon, a.Color, int64(a.HourlyRate), a.IsActive, tx.Now, costOrNull(a.CostRate), a.ID)
	if err != nil {
		return err
	}
	if changed == 0 {
		return fieldops.Refuse(fieldops.NotFound, "Activity type not found")
	}
	return tx.audit(ctx, "update", "activity_type", a.ID, map[string]any{"name": a.Name, "hourly_rate": a.HourlyRate, "cost_rate": a.CostRate, "is_active": a.IsActive})
}

// DeleteActivityType hides an activity type that no timesheet uses.
func (tx *Tx) DeleteActivityType(ctx context.Context, id fieldops.ID) error {
	a, err := tx.LockActivityType(ctx, id)
	if err != nil {
		return err
	}
	var used int
	if err := tx.q.QueryRowContext(ctx, "select count(*) from live_timesheets where activity_type_id = $1", id).Scan(&used); err != nil {
		return err
	}
	if used > 0 {
		refusal := fieldops.Refuse(fieldops.Invalid, "Cannot delete activity type %s: %d timesheets use it. Deactivate it instead.", a.Name, used)
		refusal.Details = map[string]any{"usage_count": used}
		return refusal
	}
	if _, err := tx.q.ExecContext(ctx, "update activity_types set deleted_at = $1, updated_at = $1 where id = $2", tx.Now, id); err != nil {
		return err
	}
	return tx.audit(ctx, "delete", "activity_type", id, map[string]any{"name": a.Name})
}
