package xerosim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultPageSize = 100
	maxPageSize     = 1000
)

func (x *exchange) view() view {
	v := view{detail: true, unitdp: 2}
	if x.query.Get("unitdp") == "4" {
		v.unitdp = 4
	}
	return v
}

// modifiedSince reads If-Modified-Since: the documented form without a zone,
// the ISO form the official SDK sends, and the dates of RFC 9110.
func (x *exchange) modifiedSince() (time.Time, bool) {
	text := strings.TrimSpace(x.header.Get("If-Modified-Since"))
	if text == "" {
		return time.Time{}, true
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", time.RFC3339Nano, time.DateOnly, "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Truncate(time.Second), true
		}
	}
	if t, err := http.ParseTime(text); err == nil {
		return t.UTC(), true
	}
	return time.Time{}, false
}

// listLocked answers GET on a collection.
func (s *Sim) listLocked(x *exchange, a *admission, e *endpoint, now time.Time) answer {
	since, ok := x.modifiedSince()
	if !ok {
		return withType(http.StatusPreconditionFailed, "text/html; charset=utf-8", []byte("The If-Modified-Since header is not a valid date"))
	}
	q := x.query
	v := x.view()
	v.summary = strings.EqualFold(q.Get("summaryOnly"), "true") && (e.plural == "Invoices" || e.plural == "Contacts")
	paged := e.paging == alwaysPaged ||
		e.paging == pagedOnRequest && (q.Has("page") || q.Has("pageSize") || v.summary || e.plural == "Invoices" && q.Get("Statuses") != "")
	if e.paging == pagedOnRequest && !paged {
		// Without a page there are no line items and only stubs of contacts,
		// except when documents are named one by one.
		v.detail = q.Get("InvoiceNumbers") != "" || q.Get("IDs") != ""
	}

	keep, problem := filterOf(x, a, e)
	if problem != "" {
		return queryProblem(x, problem)
	}
	var where condition
	if text := q.Get("where"); text != "" && e.fields != nil && !e.orderOnly {
		var err error
		if where, err = parseWhere(text, e.fields, e.singular); err != nil {
			return queryProblem(x, err.Error())
		}
	}
	var order []ordering
	if text := q.Get("order"); text != "" && e.fields != nil {
		var err error
		if order, err = parseOrder(text, e.fields, e.singular); err != nil {
			return queryProblem(x, err.Error())
		}
	}

	var found []listed
	for _, r := range e.records(a.org) {
		if updated := r.updatedAt(); !updated.IsZero() && updated.Before(since) || !keep(r) {
			continue
		}
		entry := listed{record: r}
		if where != nil || order != nil {
			// The stubs of an unpaged list hold every field that can be asked for.
			entry.tree = r.render(a.org, view{unitdp: 4})
		}
		if where == nil || where(entry.tree) {
			found = append(found, entry)
		}
	}
	if order != nil || e.paging != neverPaged {
		slices.SortStableFunc(found, func(l, r listed) int {
			if c := compareBy(order, l.tree, r.tree); c != 0 {
				return c
			}
			if c := l.record.updatedAt().Compare(r.record.updatedAt()); c != 0 || e.paging == neverPaged {
				return c
			}
			return strings.Compare(l.record.key(), r.record.key())
		})
	}

	var pagination object
	if paged {
		found, pagination = pageOf(found, q)
	}
	elements := make([]object, 0, len(found))
	for _, entry := range found {
		elements = append(elements, entry.record.render(a.org, v))
	}
	tree := envelope(now, e.plural, elements)
	if pagination != nil {
		tree["pagination"] = pagination
	}
	return apiAnswer(x.accept(), http.StatusOK, "Response", tree)
}

type listed struct {
	record record
	tree   object // rendered when where or order need it
}

func pageOf(found []listed, q url.Values) ([]listed, object) {
	clamp := func(name string, fallback, highest int) int {
		n, err := strconv.Atoi(q.Get(name))
		if err != nil {
			return fallback
		}
		return min(max(n, 1), highest)
	}
	size := clamp("pageSize", defaultPageSize, maxPageSize)
	page := clamp("page", 1, 1_000_000)
	count := len(found)
	start := min((page-1)*size, count)
	return found[start:min(start+size, count)], object{
		"page": page, "pageSize": size, "pageCount": (count + size - 1) / size, "itemCount": count,
	}
}

func queryProblem(x *exchange, message string) answer {
	return apiAnswer(x.accept(), http.StatusBadRequest, "ApiException", exceptionTree(errorQueryParse, "QueryParseException", message))
}

// split reads a comma-joined parameter.
func split(text string) []string {
	var parts []string
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// filterOf compiles the parameters that narrow a list, other than where.
func filterOf(x *exchange, a *admission, e *endpoint) (func(record) bool, string) {
	q := x.query
	ids := split(q.Get("IDs"))
	contactIDs := split(q.Get("ContactIDs"))
	for _, id := range append(slices.Clone(ids), contactIDs...) {
		if !idPattern.MatchString(id) {
			return nil, fmt.Sprintf("The value '%s' is not a valid Guid", id)
		}
	}
	contains := func(list []string, text string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, text) })
	}
	term := strings.ToLower(q.Get("searchTerm"))
	matches := func(texts ...string) bool {
		return term == "" || slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToLower(s), term) })
	}
	archived := strings.EqualFold(q.Get("includeArchived"), "true")

	switch e.plural {
	case "Invoices":
		numbers, statuses := split(q.Get("InvoiceNumbers")), split(q.Get("Statuses"))
		mine := strings.EqualFold(q.Get("createdByMyApp"), "true")
		return func(r record) bool {
			d := r.(*document)
			return (len(ids) == 0 || contains(ids, d.id)) &&
				(len(contactIDs) == 0 || contains(contactIDs, d.contact.id)) &&
				(len(numbers) == 0 || contains(numbers, d.number)) &&
				(len(statuses) == 0 || contains(statuses, d.status)) &&
				(!mine || d.client == a.client) && matches(d.number, d.reference)
		}, ""
	case "Contacts":
		return func(r record) bool {
			c := r.(*contact)
			return (len(ids) == 0 || contains(ids, c.id)) && (archived || c.status != "ARCHIVED") &&
				matches(c.name, c.texts["FirstName"], c.texts["LastName"], c.number, c.texts["CompanyNumber"], c.texts["EmailAddress"])
		}, ""
	case "PurchaseOrders":
		var from, to day
		for name, into := range map[string]*day{"DateFrom": &from, "DateTo": &to} {
			if text := q.Get(name); text != "" {
				parsed, ok := parseDay(text)
				if !ok {
					return nil, fmt.Sprintf("The value '%s' of %s is not a valid date", text, name)
				}
				*into = parsed
			}
		}
		status := q.Get("Status")
		return func(r record) bool {
			d := r.(*document)
			return (status == "" || strings.EqualFold(d.status, status)) && (from == "" || d.date >= from) && (to == "" || d.date <= to)
		}, ""
	case "TrackingCategories":
		return func(r record) bool {
			return archived || r.(*trackingCategory).status == "ACTIVE"
		}, ""
	case "TaxRates":
		taxType := q.Get("TaxType")
		return func(r record) bool { return taxType == "" || strings.EqualFold(r.key(), taxType) }, ""
	default:
		return func(record) bool { return true }, ""
	}
}
