package api

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"sync"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// Figures are fresh for a while; after that whoever asks first works them out
// anew, and the others still get the old ones until those are too old to show.
const (
	figuresFresh = 15 * time.Second
	figuresKept  = 30 * time.Second
)

// figures keeps what is costly to add up, for each audience, in this process.
type figures[T any] struct {
	mu      sync.Mutex
	kept    map[string]*keptFigures[T]
	nowTime func() time.Time
}

type keptFigures[T any] struct {
	value  T
	at     time.Time
	making chan struct{} // closed when they have been worked out; nil when nobody does
}

// of are the figures of an audience, and when they were true. They are worked
// out by one caller at a time, in its own time: nothing runs on behind it.
func (k *figures[T]) of(ctx context.Context, audience string, add func(context.Context) (T, error)) (T, time.Time, error) {
	for {
		k.mu.Lock()
		e := k.entry(audience)
		age := k.nowTime().Sub(e.at)
		if age < figuresFresh || age < figuresKept && e.making != nil {
			defer k.mu.Unlock()
			return e.value, e.at, nil
		}
		if others := e.making; others != nil {
			k.mu.Unlock()
			select {
			case <-others:
				continue
			case <-ctx.Done():
				var none T
				return none, time.Time{}, ctx.Err()
			}
		}
		e.making = make(chan struct{})
		k.mu.Unlock()
		return k.addUp(ctx, e, add)
	}
}

func (k *figures[T]) addUp(ctx context.Context, e *keptFigures[T], add func(context.Context) (T, error)) (value T, at time.Time, err error) {
	at = k.nowTime()
	done := false
	defer func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if done {
			e.value, e.at = value, at
		}
		close(e.making)
		e.making = nil
	}()
	value, err = add(ctx)
	done = err == nil
	return value, at, err
}

// entry is an audience's place. Those whom nobody has asked for lately go.
func (k *figures[T]) entry(audience string) *keptFigures[T] {
	if e := k.kept[audience]; e != nil {
		return e
	}
	for name, e := range k.kept {
		if e.making == nil && k.nowTime().Sub(e.at) > figuresKept {
			delete(k.kept, name)
		}
	}
	e := &keptFigures[T]{}
	k.kept[audience] = e
	return e
}

func newFigures[T any](now func() time.Time) *figures[T] {
	return &figures[T]{kept: map[string]*keptFigures[T]{}, nowTime: now}
}

// dashboards are the kept figures of the dashboard.
type dashboards struct {
	metrics *figures[store.Dashboard]
	health  *figures[store.ProjectHealth]
}

func newDashboards(now func() time.Time) dashboards {
	return dashboards{newFigures[store.Dashboard](now), newFigures[store.ProjectHealth](now)}
}

type dashboardAnswer struct {
	Message            string   `json:"message"`
	AvailableEndpoints []string `json:"availableEndpoints"`
}

func (a *api) dashboard(*request, *struct{}) (dashboardAnswer, error) {
	return dashboardAnswer{"Dashboard API", []string{
		"/api/dashboard/metrics", "/api/dashboard/recent-timesheets", "/api/dashboard/active-projects", "/api/dashboard/quick-stats",
	}}, nil
}

// metricsAnswer has bare JSON numbers, as existing clients expect. Hours are the
// person's own, unless everybody's are open to them; money is null for those who
// may not see it. A trend is this month against as many days of the last one, in
// percent.
type metricsAnswer struct {
	TotalProjects  int           `json:"totalProjects"`
	ActiveProjects int           `json:"activeProjects"`
	TotalHours     json.Number   `json:"totalHours"`
	TotalRevenue   *json.Number  `json:"totalRevenue" doc:"Invoiced less credited in the firm's year to date, without tax"`
	ProjectsTrend  json.Number   `json:"projectsTrend"`
	HoursTrend     json.Number   `json:"hoursTrend"`
	RevenueTrend   *json.Number  `json:"revenueTrend"`
	ActiveTeam     int           `json:"activeTeam"`
	RecentActivity []dayActivity `json:"recentActivity"` // the last seven days
	RevenueFrom    fieldops.Date `json:"revenue_from"`   // the first day of the firm's year
	OwnWork        bool          `json:"own_work"`       // hours are only the person's own
	AsOf           fieldops.Time `json:"as_of"`
}

type dayActivity struct {
	Date  fieldops.Date `json:"date"`
	Hours json.Number   `json:"hours"`
}

func (a *api) dashboardMetrics(r *request, _ *struct{}) (metricsAnswer, error) {
	settings, err := a.DB.Settings(r.Context())
	if err != nil {
		return metricsAnswer{}, err
	}
	periods := periodsOf(a.Clock(), settings)
	user := r.User.ID
	if r.User.SeesAllTimesheets() {
		user = ""
	}
	audience := string(periods.Today) + string(periods.YearStart) + user
	d, at, err := a.dashboards.metrics.of(r.Context(), audience, func(ctx context.Context) (store.Dashboard, error) { return a.DB.Dashboard(ctx, periods, user) })
	if err != nil {
		return metricsAnswer{}, err
	}
	answer := metricsAnswer{
		TotalProjects: d.Projects, ActiveProjects: d.ActiveProjects, TotalHours: d.Hours.Number(),
		ProjectsTrend: trend(int64(d.ProjectsThisMonth), int64(d.ProjectsLastMonth)), HoursTrend: trend(int64(d.HoursThisMonth), int64(d.HoursLastMonth)),
		ActiveTeam: d.ActiveTeam, RevenueFrom: periods.YearStart, OwnWork: user != "", AsOf: fieldops.At(at),
	}
	if r.seesMoney() {
		revenue, change := d.Revenue.Number(), trend(int64(d.RevenueThisMonth), int64(d.LastRevenue))
		answer.TotalRevenue, answer.RevenueTrend = &revenue, &change
	}
	for _, day := range d.Days {
		answer.RecentActivity = append(answer.RecentActivity, dayActivity{day.Date, day.Hours.Number()})
	}
	return answer, nil
}

// periodsOf are the days that the dashboard compares, in the firm's zone.
func periodsOf(now time.Time, settings fieldops.Settings) store.DashboardPeriods {
	local := now.In(settings.Timezone)
	year, month, day := local.Date()
	midnight := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, settings.Timezone) }
	date := func(t time.Time) fieldops.Date { return fieldops.DateOf(t, settings.Timezone) }
	began, lastBegan := midnight(year, month, 1), midnight(year, month-1, 1)
	lastDay := min(day, midnight(year, month, 0).Day())
	yearStart := midnight(year, settings.YearStart, 1)
	if month < settings.YearStart {
		yearStart = midnight(year-1, settings.YearStart, 1)
	}
	sinceMonday := (int(local.Weekday()) + 6) % 7
	return store.DashboardPeriods{
		Today: date(local), YearStart: date(yearStart), Week: date(local).AddDays(-sinceMonday),
		Month: date(began), LastMonth: date(lastBegan), LastMonthDay: date(midnight(year, month-1, lastDay)),
		MonthBegan: fieldops.At(began), LastMonthBegan: fieldops.At(lastBegan), LastMonthEnd: fieldops.At(midnight(year, month-1, lastDay+1)),
	}
}

// trend is the change in percent, with one digit. From nothing to something is
// 100.
func trend(now, before int64) json.Number {
	switch {
	case before == 0 && now == 0:
		return "0"
	case before == 0:
		return "100"
	}
	tenths := math.Round(float64(now-before) / math.Abs(float64(before)) * 1000)
	return json.Number(strconv.FormatFloat(tenths/10, 'f', -1, 64))
}

type fewInput struct {
	Limit int `query:"limit" doc:"At most 50" default:"5"`
}

func (in *fewInput) page() store.Page {
	p := store.Page{Number: 1, Size: min(in.Limit, 50)}
	if p.Size < 1 {
		p.Size = 5
	}
	return p
}

func (a *api) recentTimesheets(r *request, in *fewInput) ([]timesheetAnswer, error) {
	filter := store.TimesheetFilter{Page: in.page()}
	if !r.User.SeesAllTimesheets() {
		filter.UserID = r.User.ID
	}
	timesheets, _, err := a.DB.Timesheets(r.Context(), filter)
	answers := make([]timesheetAnswer, len(timesheets))
	for i := range timesheets {
		answers[i] = a.showTimesheet(&timesheets[i])
	}
	return answers, err
}

func (a *api) activeProjects(r *request, in *fewInput) ([]projectAnswer, error) {
	if !r.User.May(fieldops.CanViewProjects) {
		return nil, fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	projects, _, err := a.DB.Projects(r.Context(), store.ProjectFilter{Status: "in-progress", Sort: "created_at", Desc: true, Page: in.page()})
	answers := make([]projectAnswer, len(projects))
	for i := range projects {
		answers[i] = showProject(r, &projects[i])
	}
	return answers, err
}

// quickStatsAnswer is in whole percent.
type quickStatsAnswer struct {
	BudgetUtilization *int          `json:"budgetUtilization" doc:"Spent of the budgets of projects in progress; null for those who may not see money"`
	ProjectsOnTrack   int           `json:"projectsOnTrack"`
	OverdueProjects   int           `json:"overdueProjects"`
	AsOf              fieldops.Time `json:"as_of"`
}

func (a *api) quickStats(r *request, _ *struct{}) (quickStatsAnswer, error) {
	settings, err := a.DB.Settings(r.Context())
	if err != nil {
		return quickStatsAnswer{}, err
	}
	today := fieldops.DateOf(a.Clock(), settings.Timezone)
	h, at, err := a.dashboards.health.of(r.Context(), string(today), func(ctx context.Context) (store.ProjectHealth, error) { return a.DB.ProjectHealth(ctx, today) })
	answer := quickStatsAnswer{
		ProjectsOnTrack: percent(int64(h.OnTrack), int64(h.InProgress)), OverdueProjects: percent(int64(h.Overdue), int64(h.Open)), AsOf: fieldops.At(at),
	}
	if r.seesMoney() {
		used := percent(int64(h.Spent), int64(h.Budget))
		answer.BudgetUtilization = &used
	}
	return answer, err
}

// percent is a part of a whole, rounded; 0 of nothing.
func percent(part, whole int64) int {
	if whole == 0 {
		return 0
	}
	return int(math.Round(float64(part) / float64(whole) * 100))
}
