package api

import (
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type summaryAnswer struct {
	Outstanding   fieldops.Cents `json:"outstanding_invoices"` // with tax, of invoices that were issued
	PaidThisMonth fieldops.Cents `json:"paid_this_month"`
	PendingQuotes struct {
		Total fieldops.Cents `json:"total"`
		Count int            `json:"count"`
	} `json:"pending_quotes"`
	RevenueByMonth []store.MonthRevenue  `json:"revenue_by_month"` // six months, without tax
	TopClients     []store.ClientRevenue `json:"top_clients"`
	AsOf           fieldops.Date         `json:"as_of"`
	Currency       string                `json:"currency"`
}

// firmToday is the firm's day, and its settings.
func (a *api) firmToday(r *request) (fieldops.Date, fieldops.Settings, error) {
	settings, err := a.DB.Settings(r.Context())
	if err != nil {
		return "", settings, err
	}
	return fieldops.DateOf(a.Clock(), settings.Timezone), settings, nil
}

func (a *api) summary(r *request, _ *struct{}) (answer summaryAnswer, err error) {
	today, settings, err := a.firmToday(r)
	if err != nil {
		return answer, err
	}
	s, err := a.DB.Summary(r.Context(), today)
	answer = summaryAnswer{
		Outstanding: s.Outstanding, PaidThisMonth: s.PaidThisMonth, RevenueByMonth: s.Revenue, TopClients: s.TopClients,
		AsOf: today, Currency: settings.Currency,
	}
	answer.PendingQuotes.Total, answer.PendingQuotes.Count = s.Quotes, s.QuotesCount
	return answer, err
}

type agedInput struct {
	Kind string `query:"kind" enum:"receivables,payables" default:"receivables"`
	numberQuery
}

type agedAnswer struct {
	Kind       string             `json:"kind" enum:"receivables,payables"`
	AsOf       fieldops.Date      `json:"as_of"`
	Currency   string             `json:"currency"`
	Total      store.Aged         `json:"total"` // of all
	Clients    []store.AgedClient `json:"clients"`
	Pagination pagination         `json:"pagination"`
}

func (a *api) aged(r *request, in *agedInput) (answer agedAnswer, err error) {
	today, settings, err := a.firmToday(r)
	if err != nil {
		return answer, err
	}
	aged, kind := a.DB.AgedReceivables, "receivables"
	if in.Kind == "payables" {
		aged, kind = a.DB.AgedPayables, in.Kind
	}
	page, err := aged(r.Context(), today, in.page())
	return agedAnswer{kind, today, settings.Currency, page.Sum, page.Clients, paginationOf(page.Listing, in.page())}, err
}
