package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// openWork is a table expression (alias t) of all work that is not billed for
// good: what stands on no invoice, and what stands on one that is still a draft.
// Each part has its own index, so that the cost is that of the open work and
// not of all there ever was.
func (r reads) openWork(w *where, clients []fieldops.ID, project fieldops.ID) string {
	var only, ofDrafts strings.Builder
	choose := func(condition func(column string) string, column string) {
		only.WriteString(" and " + condition(column))
		// Written so that no index on it tempts: the drafts are few, a client's
		// entries are many.
		ofDrafts.WriteString(" and " + condition("coalesce("+column+", "+column+")"))
	}
	is := func(id fieldops.ID) func(string) string {
		value := w.arg(id)
		return func(column string) string { return column + " = " + value }
	}
	switch {
	case len(clients) == 1:
		choose(is(clients[0]), "s.client_id")
	case len(clients) > 1:
		choose(func(column string) string { return r.among(w, column, clients) }, "s.client_id")
	}
	if project != "" {
		choose(is(project), "s.project_id")
	}
	const columns = `s.id, s.client_id, s.project_id, s.date, s.created_at, s.hours_e4, s.hourly_rate_e4, s.billable, s.approved_at, s.hold_reason, s.invoice_id`
	return `(select ` + columns + ` from live_timesheets s where s.billing_status = 'unbilled'` + only.String() + `
		union all select ` + columns + ` from live_invoices d join live_timesheets s on s.invoice_id = d.id
		where d.status in ('DRAFT', 'SUBMITTED')` + ofDrafts.String() + `) t
		left join /* deleted too */ projects p on p.id = t.project_id left join /* deleted too */ clients c on c.id = t.client_id`
}

// reasonSQL is fieldops.Timesheet.Unbilled in SQL: the first reason of an open
// entry t, of project p and client c.
func reasonSQL(approvalRequired bool) string {
	approval := ""
	if approvalRequired {
		approval = "when t.approved_at is null then 'not_approved' "
	}
	return `case when not t.billable or coalesce(p.billing_method, '') = 'non_billable' then 'not_billable'
		when t.invoice_id is not null then 'on_draft'
		when coalesce(p.billing_method, '') = 'fixed_price' then 'fixed_price'
		when t.client_id is null then 'no_client'
		when t.hourly_rate_e4 = 0 then 'no_rate' ` + approval + `
		when t.hold_reason is not null or p.billing_hold is not null or c.billing_hold is not null then 'on_hold'
		when coalesce(p.bill_on_completion, false) and coalesce(p.status, '') not in ('completed', 'invoiced', 'paid') then 'waiting_for_project'
		when ` + uncertifiedSQL + ` then 'no_certificate'
		else 'not_selected' end`
}

// uncertifiedSQL is true when project p lacks the certificate that it requires.
const uncertifiedSQL = `(p.certificate_required is not null and not exists (select 1 from live_safety_documents d
		where d.project_id = p.id and d.document_type = p.certificate_required and d.status = 'approved'))`

// invoiceable are the conditions under which nothing keeps an unbilled entry t
// off an invoice, as fieldops.Timesheet.KeptOff has it. Projects that keep their
// work off are few, so they are looked up once and not for each entry.
func (w *where) invoiceable(approvalRequired bool) {
	w.and("t.billable")
	w.and("t.hold_reason is null")
	if approvalRequired {
		w.and("t.approved_at is not null")
	}
	w.and(`(t.project_id is null or t.project_id not in (select id from /* deleted too */ projects where billing_method <> 'time_and_materials'
		or billing_hold is not null or (bill_on_completion and status not in ('completed', 'invoiced', 'paid'))
		or certificate_required is not null and id not in (select project_id from live_safety_documents d where d.document_type = certificate_required and d.status = 'approved')))`)
	w.and("not exists (select 1 from live_clients where id = t.client_id and billing_hold is not null)")
}

// UnbilledClient is a client's work that nobody has invoiced yet.
type UnbilledClient struct {
	ClientID   fieldops.ID
	ClientName string
	UnbilledSum
	Ready fieldops.Cents // what could be invoiced now
	// Ages splits the total by the age of the work in days: up to 30, up to 60,
	// up to 90, and over.
	Ages     [4]fieldops.Cents
	Projects []UnbilledProject
	Reasons  []ReasonSum
}

// UnbilledProject is the part of it that belongs to one project.
type UnbilledProject struct {
	ProjectID   *fieldops.ID
	ProjectCode string
	ProjectName string
	UnbilledSum
	Ready   fieldops.Cents
	Reasons []ReasonSum
}

// UnbilledSum adds up work, before tax.
type UnbilledSum struct {
	Hours      fieldops.E4
	Total      fieldops.Cents
	Oldest     fieldops.Date
	Timesheets int
}

func (s *UnbilledSum) add(o UnbilledSum) {
	if s.Timesheets == 0 || o.Oldest < s.Oldest {
		s.Oldest = o.Oldest
	}
	s.Hours += o.Hours
	s.Total += o.Total
	s.Timesheets += o.Timesheets
}

// ReasonSum is the work that is unbilled for one reason, its first.
type ReasonSum struct {
	Code fieldops.ReasonCode
	UnbilledSum
}

// addReason adds a sum to those of the same reason, in the reasons' order.
func addReason(sums []ReasonSum, code fieldops.ReasonCode, sum UnbilledSum) []ReasonSum {
	place := func(c fieldops.ReasonCode) int { return slices.Index(fieldops.ReasonCodes, c) }
	at, found := slices.BinarySearchFunc(sums, code, func(s ReasonSum, c fieldops.ReasonCode) int { return place(s.Code) - place(c) })
	if !found {
		sums = slices.Insert(sums, at, ReasonSum{Code: code})
	}
	sums[at].add(sum)
	return sums
}

// Unbilled is all work that is not billed for good.
type Unbilled struct {
	// Clients are those with work on no invoice at all, the oldest work first;
	// their sums are of that work, their reasons of drafts too.
	Clients []UnbilledClient
	// UnbilledSum, Ready and Ages are the sums of all of them.
	UnbilledSum
	Ready fieldops.Cents
	Ages  [4]fieldops.Cents
	// Reasons are of everybody's work, and of work for nobody.
	Reasons []ReasonSum
}

// Explained is the sum of the reasons: every entry counts once.
func (u *Unbilled) Explained() (sum UnbilledSum) {
	for _, reason := range u.Reasons {
		sum.add(reason.UnbilledSum)
	}
	return sum
}

// UnbilledPage is Unbilled with the clients of one page only. Where open work
// is very much, the sums over all and who stands on which page are up to a minute
// old; what it says of the clients on the page never is.
func (r reads) UnbilledPage(ctx context.Context, today fieldops.Date, client fieldops.ID, approvalRequired bool, p Page) (Unbilled, Listing, error) {
	all, asOf, err := sumKept(r, fmt.Sprint("unbilled", today, client, approvalRequired), func() (Unbilled, int, error) {
		all, err := r.Unbilled(ctx, today, client, approvalRequired)
		return all, all.Explained().Timesheets, err
	})
	if err != nil {
		return Unbilled{}, Listing{}, err
	}
	from := min((p.Number-1)*p.Size, len(all.Clients))
	to := min(from+p.Size, len(all.Clients))
	listing := Listing{Total: len(all.Clients), Estimated: !asOf.IsZero(), More: to < len(all.Clients)}
	all.Clients = all.Clients[from:to:to]
	if listing.Estimated && len(all.Clients) > 0 {
		ids := make([]fieldops.ID, len(all.Clients))
		for i := range all.Clients {
			ids[i] = all.Clients[i].ClientID
		}
		fresh, err := r.unbilledOf(ctx, today, approvalRequired, ids)
		if err != nil {
			return Unbilled{}, Listing{}, err
		}
		all.Clients = fresh.Clients
	}
	return all, listing, nil
}

// Unbilled tells what work is not billed yet and why, of one client or, with "",
// of all. today is the firm's. Every entry counts once, under its first reason.
func (r reads) Unbilled(ctx context.Context, today fieldops.Date, client fieldops.ID, approvalRequired bool) (Unbilled, error) {
	if client == "" {
		return r.unbilledOf(ctx, today, approvalRequired, nil)
	}
	return r.unbilledOf(ctx, today, approvalRequired, []fieldops.ID{client})
}

// unbilledOf is Unbilled of some clients, or with none of all.
func (r reads) unbilledOf(ctx context.Context, today fieldops.Date, approvalRequired bool, of []fieldops.ID) (Unbilled, error) {
	w := &where{}
	young, middle, old := w.arg(today.AddDays(-30)), w.arg(today.AddDays(-60)), w.arg(today.AddDays(-90))
	work := r.openWork(w, of, "")
	// Each entry's amount is rounded half away from zero to the cent.
	sum := func(filter string) string {
		return ", cast(coalesce(sum(" + amountSQL + ")" + filter + ", 0) as bigint)"
	}
	type row struct {
		client, project                      *fieldops.ID
		clientName, projectCode, projectName string
		reason                               fieldops.ReasonCode
		drafted                              bool
		sum                                  UnbilledSum
		ages                                 [4]fieldops.Cents
	}
	rows, err := collect(ctx, r, `select t.client_id, coalesce(c.name, ''), t.project_id, coalesce(p.code, ''), coalesce(p.name, ''), `+reasonSQL(approvalRequired)+` as reason,
		t.invoice_id is not null as drafted, cast(sum(t.hours_e4) as bigint), count(*), min(t.date)`+
		sum("")+
		sum(" filter (where t.date >= "+young+")")+
		sum(" filter (where t.date < "+young+" and t.date >= "+middle+")")+
		sum(" filter (where t.date < "+middle+" and t.date >= "+old+")")+
		sum(" filter (where t.date < "+old+")")+
		" from "+work+" group by t.client_id, c.name, t.project_id, p.code, p.name, reason, drafted order by min(t.date), t.client_id, t.project_id", w.args,
		func(rows *sql.Rows, x *row) error {
			s := &x.sum
			return rows.Scan(&x.client, &x.clientName, &x.project, &x.projectCode, &x.projectName, &x.reason, &x.drafted, &s.Hours, &s.Timesheets, &s.Oldest,
				&s.Total, &x.ages[0], &x.ages[1], &x.ages[2], &x.ages[3])
		})
	if err != nil {
		return Unbilled{}, err
	}
	all := Unbilled{}
	clients := []UnbilledClient{}
	place := map[fieldops.ID]int{}
	for _, x := range rows {
		all.Reasons = addReason(all.Reasons, x.reason, x.sum)
		if x.client == nil {
			continue
		}
		at, known := place[*x.client]
		if !known {
			at = len(clients)
			place[*x.client] = at
			clients = append(clients, UnbilledClient{ClientID: *x.client, ClientName: x.clientName})
		}
		c := &clients[at]
		c.Reasons = addReason(c.Reasons, x.reason, x.sum)
		p := c.projectOf(x.project)
		p.ProjectCode, p.ProjectName = x.projectCode, x.projectName
		p.Reasons = addReason(p.Reasons, x.reason, x.sum)
		if x.drafted {
			continue
		}
		c.add(x.sum)
		p.add(x.sum)
		for n := range c.Ages {
			c.Ages[n] += x.ages[n]
		}
		if x.reason == fieldops.NotInvoiced {
			c.Ready += x.sum.Total
			p.Ready += x.sum.Total
		}
	}
	all.Clients = slices.DeleteFunc(clients, func(c UnbilledClient) bool { return c.Timesheets == 0 })
	for i := range all.Clients {
		c := &all.Clients[i]
		all.add(c.UnbilledSum)
		all.Ready += c.Ready
		for n := range c.Ages {
			all.Ages[n] += c.Ages[n]
		}
		c.Projects = slices.DeleteFunc(c.Projects, func(p UnbilledProject) bool { return p.Timesheets == 0 })
	}
	slices.SortStableFunc(all.Clients, func(a, b UnbilledClient) int {
		switch {
		case a.Oldest < b.Oldest:
			return -1
		case a.Oldest > b.Oldest:
			return 1
		}
		return 0
	})
	return all, nil
}

func (c *UnbilledClient) projectOf(id *fieldops.ID) *UnbilledProject {
	for i := range c.Projects {
		if known := c.Projects[i].ProjectID; known == id || known != nil && id != nil && *known == *id {
			return &c.Projects[i]
		}
	}
	c.Projects = append(c.Projects, UnbilledProject{ProjectID: id})
	return &c.Projects[len(c.Projects)-1]
}

// OpenFilter chooses work that is not billed for good.
type OpenFilter struct {
	ClientID, ProjectID fieldops.ID
	Reason              fieldops.ReasonCode // "" is any
	Limit               int
	// AfterDate and AfterID continue a list behind its last row.
	AfterDate fieldops.Date
	AfterID   fieldops.ID
}

// OpenTimesheets lists work that is not billed for good, oldest first.
func (r reads) OpenTimesheets(ctx context.Context, f OpenFilter, approvalRequired bool) ([]fieldops.Timesheet, error) {
	w := &where{}
	var clients []fieldops.ID
	if f.ClientID != "" {
		clients = []fieldops.ID{f.ClientID}
	}
	open := r.openWork(w, clients, f.ProjectID)
	if f.Reason != "" {
		w.and(reasonSQL(approvalRequired)+" = ?", string(f.Reason))
	}
	if f.AfterID != "" {
		w.and("(t.date, t.id) > (?, ?)", f.AfterDate, f.AfterID)
	}
	// In two queries, because in one PostgreSQL joins the names to all entries that
	// there are before it looks which are chosen.
	chosen, err := collect(ctx, r, "select t.id from "+open+" where "+w.String()+fmt.Sprintf(" order by t.date, t.id limit %d", f.Limit), w.args,
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil || len(chosen) == 0 {
		return []fieldops.Timesheet{}, err
	}
	var named where
	return r.collectTimesheets(ctx, " where "+r.among(&named, "t.id", chosen)+" order by t.date, t.id", named.args)
}

// WorkBalance sets all work beside what of it is billed for good. The rest is
// what Unbilled explains.
type WorkBalance struct {
	All, Billed UnbilledSum
}

// WorkBalance adds up all work there ever was; its cost grows with that.
func (r reads) WorkBalance(ctx context.Context) (b WorkBalance, err error) {
	sums := func(filter string) string {
		return "count(*)" + filter + ", cast(coalesce(sum(t.hours_e4)" + filter + ", 0) as bigint), cast(coalesce(sum(" + amountSQL + ")" + filter + ", 0) as bigint)"
	}
	err = r.q.QueryRowContext(ctx, "select "+sums("")+", "+sums(" filter (where t.billing_status <> 'unbilled' and coalesce(d.status, '') not in ('DRAFT', 'SUBMITTED'))")+
		" from live_timesheets t left join live_invoices d on d.id = t.invoice_id").
		Scan(&b.All.Timesheets, &b.All.Hours, &b.All.Total, &b.Billed.Timesheets, &b.Billed.Hours, &b.Billed.Total)
	return b, err
}
