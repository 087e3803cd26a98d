package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"ampedfieldops/internal/fieldops"
)

// ProjectMoney is what a project costs and earns, without tax, as a budget is.
// All of it is added up from the rows that stand whenever it is asked for:
// nothing is counted along, so nothing can drift.
type ProjectMoney struct {
	Work        fieldops.Cents // hours at the rates charged
	LabourCost  fieldops.Cents // hours at what they cost the firm
	Bills       fieldops.Cents
	Expenses    fieldops.Cents
	Commitments fieldops.Cents // ordered, and not on a bill yet
	Invoiced    fieldops.Cents // invoices of the project, and its work on invoices of no project
	Unbilled    fieldops.Cents // billable work that stands on no invoice
	ActualCost  fieldops.Cents // labour, bills and expenses
}

// openLineSQL are the columns of a query of orders' lines l that openAmountSQL
// needs: what is left of a line is its amount for the quantity that no bill has,
// rounded half away from zero to the cent as fieldops.Multiply rounds.
const (
	openLineSQL   = "l.quantity_e4 as ordered, l.unit_amount_e4 as price, l.line_amount_cents as amount, " + billedSQL + " as billed"
	openAmountSQL = `case when billed = 0 then amount when billed >= ordered then 0
		when price < 0 then -(((ordered - billed) * -price + 500000) / 1000000)
		else ((ordered - billed) * price + 500000) / 1000000 end`
)

// moneySQL adds up the money of projects, one row for each project and kind. Of
// kind 0, the work, a row has five sums; of the others one.
//
// The work is read once, and by the invoices that bill it: those of no project
// are few to look up, whereas the entries are many.
func (r reads) moneySQL(w *where, projects []fieldops.ID) string {
	chosen := func(column string) string { return r.among(w, column, projects) }
	const cents = "(hours_e4 * cost_rate_e4 + 500000) / 1000000"
	return `select w.project_id, 0 as kind, cast(sum(w.work) as bigint), cast(sum(w.labour) as bigint),
			cast(coalesce(sum(case when i.id is not null then w.work end), 0) as bigint), cast(sum(w.unbilled) as bigint), cast(sum(w.hours) as bigint)
			from (select project_id, invoice_id, sum(` + amountSQL + `) as work, sum(` + cents + `) as labour, sum(hours_e4) as hours,
				sum(case when billing_status = 'unbilled' and billable then ` + amountSQL + ` else 0 end) as unbilled
				from live_timesheets where ` + chosen("project_id") + ` group by project_id, invoice_id) w
			left join live_invoices i on i.id = w.invoice_id and i.project_id is null group by w.project_id
		union all select project_id, 1, cast(sum(subtotal_cents) as bigint), 0, 0, 0, 0 from live_bills
			where status not in ('VOIDED', 'DELETED') and ` + chosen("project_id") + ` group by project_id
		union all select project_id, 2, cast(sum(amount_cents - tax_cents) as bigint), 0, 0, 0, 0 from live_expenses
			where status not in ('VOIDED', 'DELETED') and ` + chosen("project_id") + ` group by project_id
		union all select project_id, 3, cast(sum(` + openAmountSQL + `) as bigint), 0, 0, 0, 0
			from (select o.project_id, ` + openLineSQL + `
				from live_purchase_orders o join xero_purchase_order_line_items l on l.po_id = o.id
				where o.status not in ('BILLED', 'CANCELLED', 'DELETED') and ` + chosen("o.project_id") + `) open_lines group by project_id
		union all select project_id, 4, cast(sum(subtotal_cents) as bigint), 0, 0, 0, 0 from live_invoices
			where status not in ('VOIDED', 'DELETED') and ` + chosen("project_id") + ` group by project_id`
}

// projectMoney adds up the money and the hours of projects, in one query.
func (r reads) projectMoney(ctx context.Context, projects []fieldops.ID) (money map[fieldops.ID]ProjectMoney, hours map[fieldops.ID]fieldops.E4, err error) {
	money, hours = make(map[fieldops.ID]ProjectMoney, len(projects)), make(map[fieldops.ID]fieldops.E4, len(projects))
	var w where
	type sums struct {
		project                            fieldops.ID
		kind                               int
		amount, labour, invoiced, unbilled fieldops.Cents
		hours                              fieldops.E4
	}
	rows, err := collect(ctx, r, r.moneySQL(&w, projects), w.args, func(rows *sql.Rows, s *sums) error {
		return rows.Scan(&s.project, &s.kind, &s.amount, &s.labour, &s.invoiced, &s.unbilled, &s.hours)
	})
	for _, s := range rows {
		m := money[s.project]
		*[]*fieldops.Cents{&m.Work, &m.Bills, &m.Expenses, &m.Commitments, &m.Invoiced}[s.kind] += s.amount
		m.LabourCost += s.labour
		m.Invoiced += s.invoiced
		m.Unbilled += s.unbilled
		m.ActualCost = m.LabourCost + m.Bills + m.Expenses
		money[s.project] = m
		hours[s.project] += s.hours
	}
	return money, hours, err
}

// BillTotals sums up the bills of a project that stand, with tax.
type BillTotals struct {
	Count  int            `json:"total_count"`
	Amount fieldops.Cents `json:"total_amount"`
	Paid   fieldops.Cents `json:"total_paid"`
	Due    fieldops.Cents `json:"total_due"`
}

// ExpenseTotals sums up the expenses of a project that stand, with tax.
type ExpenseTotals struct {
	Count  int            `json:"total_count"`
	Amount fieldops.Cents `json:"total_amount"`
}

// ProjectPurchases sums up the purchase orders, bills and expenses of a project
// that stand. Orders are without tax.
func (r reads) ProjectPurchases(ctx context.Context, project fieldops.ID) (o OrderTotals, b BillTotals, e ExpenseTotals, err error) {
	err = r.q.QueryRowContext(ctx, `select count(*), cast(coalesce(sum(subtotal), 0) as bigint),
		count(*) filter (where status = 'DRAFT'), count(*) filter (where status = 'AUTHORISED'), count(*) filter (where status = 'BILLED')
		from (select o.subtotal_cents as subtotal, case when `+fullyBilledSQL+` then 'BILLED' else o.status end as status
			from live_purchase_orders o where o.project_id = $1 and o.status not in ('CANCELLED', 'DELETED')) orders`, project).
		Scan(&o.Count, &o.Committed, &o.Draft, &o.Authorised, &o.Billed)
	if err != nil {
		return o, b, e, err
	}
	err = r.q.QueryRowContext(ctx, `select count(*), cast(coalesce(sum(amount_cents), 0) as bigint), cast(coalesce(sum(amount_paid_cents), 0) as bigint),
		cast(coalesce(sum(amount_due_cents), 0) as bigint) from live_bills where project_id = $1 and status not in ('VOIDED', 'DELETED')`, project).
		Scan(&b.Count, &b.Amount, &b.Paid, &b.Due)
	if err != nil {
		return o, b, e, err
	}
	err = r.q.QueryRowContext(ctx, `select count(*), cast(coalesce(sum(amount_cents), 0) as bigint)
		from live_expenses where project_id = $1 and status not in ('VOIDED', 'DELETED')`, project).
		Scan(&e.Count, &e.Amount)
	return o, b, e, err
}

// spends notes that this transaction may bring a project closer to its budget.
func (tx *Tx) spends(project *fieldops.ID) {
	if project == nil {
		return
	}
	if tx.spent == nil {
		tx.spent = map[fieldops.ID]bool{}
	}
	tx.spent[*project] = true
}

// budgetThresholds are the percentages of a budget that people are told of.
var budgetThresholds = []int64{80, 100}

// warnOfBudgets tells those who may see money of the projects whose costs and
// commitments have passed a threshold of their budget, once for each threshold
// and budget.
//
// It runs after the commit of the spending, so that of many at once the last one
// sees them all. The spending stands when it fails: that is reported, and the
// next spending on the project makes up for it.
func (db *DB) warnOfBudgets(ctx context.Context, spent map[fieldops.ID]bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for project := range spent {
		passed, err := db.budgetPassed(ctx, project)
		if err == nil && len(passed) > 0 {
			err = db.Write(ctx, fieldops.System, func(tx *Tx) error { return tx.warnOfBudget(ctx, project) })
		}
		if err != nil && db.report != nil {
			db.report(fmt.Errorf("looking whether project %s has passed its budget: %w", project, err))
		}
	}
}

// budgetPassed are the thresholds of a project's budget that are passed and that
// nobody was told of.
func (r reads) budgetPassed(ctx context.Context, project fieldops.ID) ([]int64, error) {
	settings, err := r.Settings(ctx)
	if err != nil || !settings.BudgetAlerts {
		return nil, err
	}
	type row struct{ told, budget int64 }
	rows, err := collect(ctx, r, `select coalesce(a.threshold, 0), p.budget_cents from live_projects p
		left join budget_alerts a on a.project_id = p.id and a.budget_cents = p.budget_cents where p.id = $1 and p.budget_cents > 0`, []any{project},
		func(rows *sql.Rows, x *row) error { return rows.Scan(&x.told, &x.budget) })
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	told := map[int64]bool{}
	for _, x := range rows {
		told[x.told] = true
	}
	var open []int64
	for _, t := range budgetThresholds {
		if !told[t] {
			open = append(open, t)
		}
	}
	if open == nil {
		return nil, nil
	}
	money, _, err := r.projectMoney(ctx, []fieldops.ID{project})
	if err != nil {
		return nil, err
	}
	m := money[project]
	var passed []int64
	for _, t := range open {
		if int64(m.ActualCost+m.Commitments)*100 > rows[0].budget*t {
			passed = append(passed, t)
		}
	}
	return passed, nil
}

// warnOfBudget tells of the highest threshold that a project has passed.
func (tx *Tx) warnOfBudget(ctx context.Context, project fieldops.ID) error {
	passed, err := tx.budgetPassed(ctx, project)
	if err != nil || len(passed) == 0 {
		return err
	}
	var told int64
	for _, t := range passed {
		added, err := tx.exec(ctx, `insert into budget_alerts (project_id, threshold, budget_cents, created_at)
			select id, cast($1 as bigint), budget_cents, $2 from live_projects where id = $3 on conflict do nothing`, t, tx.Now, project)
		if err != nil {
			return err
		}
		if added > 0 {
			told = t
		}
	}
	if told == 0 { // somebody else was faster
		return nil
	}
	p, err := tx.Project(ctx, project)
	if err != nil {
		return err
	}
	users, err := tx.Users(ctx)
	if err != nil {
		return err
	}
	title := fmt.Sprintf("%s has used more than %d %% of its budget", p.Code, told)
	people := []string{}
	body := fmt.Sprintf("%s: %s spent and %s ordered of a budget of %s.", p.Name, p.ActualCost, p.Commitments, p.Budget)
	for _, u := range users {
		if u, err = tx.User(ctx, u.ID); err != nil {
			return err
		}
		if !u.IsActive || !u.May(fieldops.CanViewFinancials) {
			continue
		}
		if err := tx.Notify(ctx, u.ID, "budget", title, body, "/projects/"+project); err != nil {
			return err
		}
		people = append(people, u.Name)
	}
	return tx.audit(ctx, "budget_alert", "project", project, map[string]any{"threshold": told, "budget": p.Budget, "told": people})
}
