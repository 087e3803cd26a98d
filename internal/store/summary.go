package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"ampedfieldops/internal/fieldops"
)

// Summary is how the firm's sales stand. Money that is due or was paid is with
// tax, revenue is without.
type Summary struct {
	Outstanding   fieldops.Cents // due of invoices that were issued
	PaidThisMonth fieldops.Cents // by the day of the payment
	Quotes        fieldops.Cents // that the client can still accept
	QuotesCount   int
	Revenue       []MonthRevenue // by the day of issue, oldest first
	TopClients    []ClientRevenue
}

// MonthRevenue is what was invoiced in a month, less what was credited.
type MonthRevenue struct {
	Month string         `json:"month"` // 2026-11
	Total fieldops.Cents `json:"total"`
}

// ClientRevenue is what was ever invoiced to a client, less what was credited.
type ClientRevenue struct {
	ID           fieldops.ID    `json:"id"`
	Name         string         `json:"name"`
	TotalRevenue fieldops.Cents `json:"total_revenue"`
}

// Summary adds up the firm's sales, six months of them, on a day of the firm's.
// Of very many invoices it is added up when one has changed, or after a minute.
func (r reads) Summary(ctx context.Context, today fieldops.Date) (Summary, error) {
	s, _, err := sumKept(r, fmt.Sprint(ofDocuments, "summary ", today), func() (s Summary, invoices int, err error) {
		if s, err = r.summary(ctx, today); err == nil {
			err = r.q.QueryRowContext(ctx, fmt.Sprintf("select count(*) from (select 1 as one from live_invoices limit %d) counted", r.sums.exactly+1)).Scan(&invoices)
		}
		return s, invoices, err
	})
	return s, err
}

func (r reads) summary(ctx context.Context, today fieldops.Date) (Summary, error) {
	var s Summary
	month := today.FirstOfMonth()
	next := month.AddDays(31).FirstOfMonth()
	err := r.q.QueryRowContext(ctx, `select
		(select cast(coalesce(sum(amount_due_cents), 0) as bigint) from live_invoices where status in ('SUBMITTED', 'AUTHORISED')),
		(select cast(coalesce(sum(amount_cents), 0) as bigint) from live_payments where bill_id is null and payment_date >= $1 and payment_date < $2),
		(select cast(coalesce(sum(total_cents), 0) as bigint) from live_quotes where status in ('DRAFT', 'SENT') and (expiry_date is null or expiry_date >= $3)),
		(select count(*) from live_quotes where status in ('DRAFT', 'SENT') and (expiry_date is null or expiry_date >= $3))`, month, next, today).
		Scan(&s.Outstanding, &s.PaidThisMonth, &s.Quotes, &s.QuotesCount)
	if err != nil {
		return s, err
	}
	first := month
	for range 5 {
		first = first.AddDays(-1).FirstOfMonth()
	}
	for m := first; m < next; m = m.AddDays(31).FirstOfMonth() {
		s.Revenue = append(s.Revenue, MonthRevenue{Month: string(m[:7])})
	}
	type day struct {
		date   fieldops.Date
		amount fieldops.Cents
	}
	days, err := collect(ctx, r, `select issue_date, cast(sum(subtotal_cents) as bigint) from live_invoices
			where status in ('SUBMITTED', 'AUTHORISED', 'PAID') and issue_date >= $1 and issue_date < $2 group by issue_date
		union all select date, -cast(sum(subtotal_cents) as bigint) from live_credit_notes
			where status in ('SUBMITTED', 'AUTHORISED', 'PAID') and date >= $1 and date < $2 group by date`, []any{first, next},
		func(rows *sql.Rows, d *day) error { return rows.Scan(&d.date, &d.amount) })
	if err != nil {
		return s, err
	}
	for _, d := range days {
		at := slices.IndexFunc(s.Revenue, func(m MonthRevenue) bool { return m.Month == string(d.date[:7]) })
		s.Revenue[at].Total += d.amount
	}
	s.TopClients, err = collect(ctx, r, `select c.id, c.name, cast(sum(x.amount) as bigint) from (
			select client_id, sum(subtotal_cents) as amount from live_invoices where status in ('SUBMITTED', 'AUTHORISED', 'PAID') group by client_id
			union all select client_id, -sum(subtotal_cents) from live_credit_notes where status in ('SUBMITTED', 'AUTHORISED', 'PAID') group by client_id
		) x join live_clients c on c.id = x.client_id group by c.id, c.name having sum(x.amount) > 0 order by 3 desc, c.id limit 5`, nil,
		func(rows *sql.Rows, c *ClientRevenue) error { return rows.Scan(&c.ID, &c.Name, &c.TotalRevenue) })
	return s, err
}

// Aged is what is due by how long it has been overdue: not at all, up to 30, 60
// and 90 days, and longer.
type Aged struct {
	Current   fieldops.Cents `json:"current"`
	Days1     fieldops.Cents `json:"days_1_30"`
	Days31    fieldops.Cents `json:"days_31_60"`
	Days61    fieldops.Cents `json:"days_61_90"`
	Over90    fieldops.Cents `json:"over_90"`
	Total     fieldops.Cents `json:"total"`
	Documents int            `json:"documents"`
}

// Add adds what is due of other documents.
func (a *Aged) Add(b Aged) {
	a.Current += b.Current
	a.Days1 += b.Days1
	a.Days31 += b.Days31
	a.Days61 += b.Days61
	a.Over90 += b.Over90
	a.Total += b.Total
	a.Documents += b.Documents
}

// AgedClient is what a client owes us, or what we owe a supplier.
type AgedClient struct {
	ID   *fieldops.ID `json:"id"`
	Name string       `json:"name"`
	Aged
}

// AgedReceivables are what clients owe for invoices that were issued, on a day of
// the firm's.
func (r reads) AgedReceivables(ctx context.Context, today fieldops.Date, p Page) (AgedPage, error) {
	return r.agedPage(ctx, today, "live_invoices", "client_id", "issue_date", p)
}

// AgedPayables are what we owe suppliers for bills that stand, on a day of the
// firm's.
func (r reads) AgedPayables(ctx context.Context, today fieldops.Date, p Page) (AgedPage, error) {
	return r.agedPage(ctx, today, "live_bills", "supplier_id", "date", p)
}

// AgedPage is a page of those who owe, or are owed: the largest sum first.
type AgedPage struct {
	Listing
	Sum     Aged // of all
	Clients []AgedClient
}

// agedPage reads a page. Where very many documents are due, the sum of all and who
// stands on which page are of when one was last changed here, and up to a minute
// old; what it says of those on the page never is.
func (r reads) agedPage(ctx context.Context, today fieldops.Date, view, party, date string, p Page) (AgedPage, error) {
	type all struct {
		sum     Aged
		clients []AgedClient
	}
	kept, asOf, err := sumKept(r, fmt.Sprint(ofDocuments, "aged ", view, today), func() (a all, rows int, err error) {
		a.clients, err = r.aged(ctx, today, view, party, date, nil)
		for _, c := range a.clients {
			a.sum.Add(c.Aged)
		}
		return a, a.sum.Documents, err
	})
	if err != nil {
		return AgedPage{}, err
	}
	from := min((p.Number-1)*p.Size, len(kept.clients))
	to := min(from+p.Size, len(kept.clients))
	page := AgedPage{Listing{len(kept.clients), !asOf.IsZero(), to < len(kept.clients)}, kept.sum, kept.clients[from:to:to]}
	if !page.Estimated {
		return page, nil
	}
	var ids []fieldops.ID
	for _, c := range page.Clients {
		if c.ID != nil {
			ids = append(ids, *c.ID)
		}
	}
	if len(ids) > 0 {
		page.Clients, err = r.aged(ctx, today, view, party, date, ids)
	}
	return page, err
}

// aged adds up what is due of the documents of some clients or suppliers, or with
// none of all. A document without a due date is due on its own date.
func (r reads) aged(ctx context.Context, today fieldops.Date, view, party, date string, of []fieldops.ID) ([]AgedClient, error) {
	w := &where{}
	day, days30, days60, days90 := w.arg(today), w.arg(today.AddDays(-30)), w.arg(today.AddDays(-60)), w.arg(today.AddDays(-90))
	w.and("d.status in ('SUBMITTED', 'AUTHORISED') and d.amount_due_cents > 0")
	if len(of) > 0 {
		w.and(r.among(w, "d."+party, of))
	}
	due := "coalesce(d.due_date, d." + date + ")"
	sum := func(filter string) string {
		return ", cast(coalesce(sum(d.amount_due_cents)" + filter + ", 0) as bigint)"
	}
	return collect(ctx, r, "select c.id, coalesce(c.name, '')"+
		sum(" filter (where "+due+" >= "+day+")")+
		sum(" filter (where "+due+" < "+day+" and "+due+" >= "+days30+")")+
		sum(" filter (where "+due+" < "+days30+" and "+due+" >= "+days60+")")+
		sum(" filter (where "+due+" < "+days60+" and "+due+" >= "+days90+")")+
		sum(" filter (where "+due+" < "+days90+")")+
		sum("")+", count(*) from "+view+" d left join /* deleted too */ clients c on c.id = d."+party+" where "+w.String()+
		" group by c.id, c.name order by 8 desc, c.id", w.args,
		func(rows *sql.Rows, a *AgedClient) error {
			return rows.Scan(&a.ID, &a.Name, &a.Current, &a.Days1, &a.Days31, &a.Days61, &a.Over90, &a.Total, &a.Documents)
		})
}
