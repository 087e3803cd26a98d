package store

import (
	"context"
	"database/sql"

	"ampedfieldops/internal/fieldops"
)

// Dashboard is what a dashboard counts.
type Dashboard struct {
	Projects, ActiveProjects               int
	ProjectsThisMonth, ProjectsLastMonth   int // begun
	Hours, HoursThisMonth, HoursLastMonth  fieldops.E4
	ActiveTeam                             int // people with hours this week
	Days                                   []DayHours
	Revenue, RevenueThisMonth, LastRevenue fieldops.Cents
}

// DayHours are the hours of a day.
type DayHours struct {
	Date  fieldops.Date
	Hours fieldops.E4
}

// DashboardPeriods are the days that a dashboard compares, the firm's own.
type DashboardPeriods struct {
	Today     fieldops.Date
	YearStart fieldops.Date // of the firm's year
	Week      fieldops.Date // its Monday
	// Month is the first of this month. LastMonth to LastMonthDay are as many
	// days of the month before as this one has had, so that like is compared
	// with like.
	Month, LastMonth, LastMonthDay fieldops.Date
	// MonthBegan and LastMonthBegan to LastMonthEnd are the same as instants.
	MonthBegan, LastMonthBegan, LastMonthEnd fieldops.Time
}

// Dashboard counts projects, hours and revenue in four queries. user, unless
// "", is whose hours count. Revenue is what the firm has invoiced, less what it
// has credited, without tax, by the date of the document: drafts are none yet.
func (r reads) Dashboard(ctx context.Context, p DashboardPeriods, user fieldops.ID) (Dashboard, error) {
	var d Dashboard
	if err := r.q.QueryRowContext(ctx, `select count(*), count(*) filter (where status = 'in-progress'),
		count(*) filter (where created_at >= $1), count(*) filter (where created_at >= $2 and created_at < $3) from live_projects`,
		p.MonthBegan, p.LastMonthBegan, p.LastMonthEnd).Scan(&d.Projects, &d.ActiveProjects, &d.ProjectsThisMonth, &d.ProjectsLastMonth); err != nil {
		return d, err
	}
	w := &where{}
	month, last, lastDay, week := w.arg(p.Month), w.arg(p.LastMonth), w.arg(p.LastMonthDay), w.arg(p.Week)
	if user != "" {
		w.and("user_id = ?", user)
	}
	const sum = "cast(coalesce(sum(hours_e4)"
	if err := r.q.QueryRowContext(ctx, "select "+sum+", 0) as bigint), "+
		sum+" filter (where date >= "+month+"), 0) as bigint), "+
		sum+" filter (where date >= "+last+" and date <= "+lastDay+"), 0) as bigint), "+
		"count(distinct case when date >= "+week+" then user_id end) from live_timesheets where "+w.String(), w.args...).
		Scan(&d.Hours, &d.HoursThisMonth, &d.HoursLastMonth, &d.ActiveTeam); err != nil {
		return d, err
	}
	var err error
	if d.Days, err = r.dayHours(ctx, p.Today.AddDays(-6), p.Today, user); err != nil {
		return d, err
	}
	between := func(from, to string) string {
		return "cast(coalesce(sum(amount) filter (where day >= " + from + " and day <= " + to + "), 0) as bigint)"
	}
	err = r.q.QueryRowContext(ctx, "select "+between("$1", "$2")+", "+between("$3", "$2")+", "+between("$4", "$5")+` from (
		select issue_date as day, subtotal_cents as amount from live_invoices where status in ('AUTHORISED', 'PAID') and issue_date >= $6
		union all select date, -subtotal_cents from live_credit_notes where status in ('AUTHORISED', 'PAID') and date >= $6) documents`,
		p.YearStart, p.Today, p.Month, p.LastMonth, p.LastMonthDay, min(p.YearStart, p.LastMonth)).Scan(&d.Revenue, &d.RevenueThisMonth, &d.LastRevenue)
	return d, err
}

// dayHours are the hours of every day from one to another, those without work
// too.
func (r reads) dayHours(ctx context.Context, from, to fieldops.Date, user fieldops.ID) ([]DayHours, error) {
	w := &where{}
	w.and("date >= ?", from)
	w.and("date <= ?", to)
	if user != "" {
		w.and("user_id = ?", user)
	}
	worked, err := collect(ctx, r, "select date, cast(sum(hours_e4) as bigint) from live_timesheets where "+w.String()+" group by date", w.args,
		func(rows *sql.Rows, d *DayHours) error { return rows.Scan(&d.Date, &d.Hours) })
	hours := make(map[fieldops.Date]fieldops.E4, len(worked))
	for _, d := range worked {
		hours[d.Date] = d.Hours
	}
	var days []DayHours
	for day := from; day <= to; day = day.AddDays(1) {
		days = append(days, DayHours{day, hours[day]})
	}
	return days, err
}

// ProjectHealth tells how the projects in progress stand.
type ProjectHealth struct {
	InProgress, OnTrack int // on track: without a budget, or within it
	Open, Overdue       int // quoted or in progress; in progress past the end date
	Budget, Spent       fieldops.Cents
}

// ProjectHealth adds up the projects in progress. today is the firm's.
func (r reads) ProjectHealth(ctx context.Context, today fieldops.Date) (ProjectHealth, error) {
	var h ProjectHealth
	if err := r.q.QueryRowContext(ctx, `select count(*), count(*) filter (where status = 'in-progress' and end_date < $1)
		from live_projects where status in ('quoted', 'in-progress')`, today).Scan(&h.Open, &h.Overdue); err != nil {
		return h, err
	}
	projects, err := r.projectSummaries(ctx, "p.deleted_at is null and p.status = 'in-progress'", nil)
	for _, p := range projects {
		h.InProgress++
		if p.Budget == 0 || p.ActualCost <= p.Budget {
			h.OnTrack++
		}
		if p.Budget > 0 {
			h.Budget += p.Budget
			h.Spent += p.ActualCost
		}
	}
	return h, err
}
