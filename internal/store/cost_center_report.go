package store

import (
	"context"
	"database/sql"
	"fmt"

	"ampedfieldops/internal/fieldops"
)

// CostCenterCosts is a cost centre with what was spent on it, without tax.
type CostCenterCosts struct {
	fieldops.CostCenter
	Timesheets int
	Hours      fieldops.E4
	Charged    fieldops.Cents // hours at the rates charged
	Labour     fieldops.Cents // hours at what they cost the firm
	Bills      fieldops.Cents
	Expenses   fieldops.Cents
	Ordered    fieldops.Cents // on purchase orders, of the quantities that no bill has
	Burn       fieldops.Burn  // of all that was spent up to the last day, not only in the period
	AsOf       fieldops.Time  // zero is now
}

// Total is what was spent in the period.
func (c *CostCenterCosts) Total() fieldops.Cents { return c.Labour + c.Bills + c.Expenses }

// CostCenterPeriod chooses what a report of cost centres adds up.
type CostCenterPeriod struct {
	ID        fieldops.ID // of one cost centre; "" is all
	ProjectID fieldops.ID
	From, To  fieldops.Date // inclusive; From may be "", To is not
	Weeks     int           // up to To, by which the rate of spending is judged
}

// CostCenterCosts adds up what was spent on cost centres, by code, in one pass
// over each table.
func (r reads) CostCenterCosts(ctx context.Context, p CostCenterPeriod) ([]CostCenterCosts, error) {
	w := &where{}
	from, to, recent := w.arg(max(p.From, "0001-01-01")), w.arg(p.To), w.arg(p.To.AddDays(-7*p.Weeks))
	center := func(column string) string {
		if p.ID == "" {
			return column + " is not null"
		}
		return column + " = " + w.arg(p.ID)
	}
	project := func(column string) string {
		if p.ProjectID == "" {
			return ""
		}
		return " and " + column + " = " + w.arg(p.ProjectID)
	}
	sum := func(amount, day string) string {
		return `cast(coalesce(sum(` + amount + `) filter (where ` + day + ` >= ` + from + `), 0) as bigint), cast(sum(` + amount + `) as bigint),
			cast(coalesce(sum(` + amount + `) filter (where ` + day + ` > ` + recent + `), 0) as bigint)`
	}
	const cost = "(hours_e4 * cost_rate_e4 + 500000) / 1000000"
	query := `select cost_center_id, 0, ` + sum(cost, "date") + `, count(*) filter (where date >= ` + from + `),
			cast(coalesce(sum(hours_e4) filter (where date >= ` + from + `), 0) as bigint), cast(coalesce(sum(` + amountSQL + `) filter (where date >= ` + from + `), 0) as bigint), count(*)
			from live_timesheets where ` + center("cost_center_id") + " and date <= " + to + project("project_id") + ` group by cost_center_id
		union all select l.cost_center_id, 1, ` + sum("l.line_amount_cents", "b.date") + `, 0, 0, 0, 0
			from xero_bill_lines l join live_bills b on b.id = l.bill_id
			where ` + center("l.cost_center_id") + " and b.status not in ('VOIDED', 'DELETED') and b.date <= " + to + project("b.project_id") + ` group by l.cost_center_id
		union all select cost_center_id, 2, ` + sum("amount_cents - tax_cents", "date") + `, 0, 0, 0, 0
			from live_expenses where ` + center("cost_center_id") + " and status not in ('VOIDED', 'DELETED') and date <= " + to + project("project_id") + ` group by cost_center_id
		union all select cost_center_id, 3, ` + sum("still_open", "date") + `, 0, 0, 0, 0
			from (select cost_center_id, date, ` + openAmountSQL + ` as still_open from (select l.cost_center_id, o.date, ` + openLineSQL + `
				from xero_purchase_order_line_items l join live_purchase_orders o on o.id = l.po_id
				where ` + center("l.cost_center_id") + " and o.status not in ('BILLED', 'CANCELLED', 'DELETED') and o.date <= " + to + project("o.project_id") + `) lines) open_lines
			group by cost_center_id`
	type part struct {
		center                 fieldops.ID
		kind, timesheets       int
		inPeriod, ever, lately fieldops.Cents
		hours                  fieldops.E4
		charged                fieldops.Cents
		entries                int // not only in the period
	}
	parts, asOf, err := sumKept(r, query+fmt.Sprint(w.args), func() ([]part, int, error) {
		entries := 0
		parts, err := collect(ctx, r, query, w.args, func(rows *sql.Rows, x *part) error {
			err := rows.Scan(&x.center, &x.kind, &x.inPeriod, &x.ever, &x.lately, &x.timesheets, &x.hours, &x.charged, &x.entries)
			entries += x.entries
			return err
		})
		return parts, entries, err
	})
	if err != nil {
		return nil, err
	}
	chosen := &where{}
	chosen.and("k.deleted_at is null")
	if p.ID != "" {
		chosen.and("k.id = ?", p.ID)
	}
	centers, err := collect(ctx, r, "select "+costCenterColumns+" from cost_centers k where "+chosen.String()+" order by "+r.bytewise("k.code"), chosen.args,
		func(rows *sql.Rows, c *CostCenterCosts) error { return rows.Scan(costCenterPlaces(&c.CostCenter)...) })
	if err != nil {
		return nil, err
	}
	place := make(map[fieldops.ID]*CostCenterCosts, len(centers))
	for i := range centers {
		centers[i].AsOf = asOf
		centers[i].Burn = fieldops.Burn{Budget: centers[i].Budget, Weeks: p.Weeks}
		place[centers[i].ID] = &centers[i]
	}
	for _, x := range parts {
		c := place[x.center]
		if c == nil {
			continue
		}
		*[]*fieldops.Cents{&c.Labour, &c.Bills, &c.Expenses, &c.Ordered}[x.kind] += x.inPeriod
		c.Timesheets += x.timesheets
		c.Hours += x.hours
		c.Charged += x.charged
		if x.kind < 3 {
			c.Burn.Spent += x.ever
			c.Burn.Recent += x.lately
		}
	}
	return centers, nil
}
