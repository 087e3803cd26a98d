package xerosim

import (
	"maps"
	"mime"
	"net/http"
	"strings"
	"time"
)

// transaction is the setting in which an element of a request is applied. The
// simulator's lock is held throughout.
type transaction struct {
	org    *organisation
	now    time.Time
	client string // the app; "" for a person in Xero
	mode   writeMode
	target record // the record a by-id request names
	unitdp int
}

type writeMode int

const (
	createOnly   writeMode = iota // PUT
	createUpdate                  // POST on the collection: matches an id, then a number or name
	updateOnly                    // POST by id
)

// prepare reads an element; apply carries it out. All elements of a request are
// read before the first is applied, for what cannot be read refuses the whole.
// apply returns the record as it stands now (nil if there is none) and the
// validation errors; with errors nothing was changed.
type (
	prepare func(fields) apply
	apply   func(*transaction) (record, []string)
)

// serveAPILocked answers an admitted Accounting API call.
func (s *Sim) serveAPILocked(x *exchange, a *admission, now time.Time) answer {
	if len(x.segments) == 0 || len(x.segments) > 4 {
		return notFound()
	}
	e := endpoints[strings.ToLower(x.segments[0])]
	if e == nil {
		return notFound()
	}
	if x.method != http.MethodGet && len(x.body) > 0 {
		if mediaType, _, err := mime.ParseMediaType(x.header.Get("Content-Type")); err == nil && strings.HasSuffix(mediaType, "xml") {
			return withType(http.StatusUnsupportedMediaType, "text/html; charset=utf-8", []byte("The simulator reads JSON only: send Content-Type: application/json"))
		}
	}
	if e.plural == "Organisations" {
		return s.organisationLocked(x, a, e, now)
	}
	switch len(x.segments) {
	case 1:
		switch {
		case x.method == http.MethodGet:
			return s.listLocked(x, a, e, now)
		case e.plural == "TrackingCategories":
			return s.trackingLocked(x, a, now)
		case e.prepare == nil:
			return methodNotAllowed()
		case x.method == http.MethodPut:
			return s.writeLocked(x, a, e, e.prepare, createOnly, nil, now)
		case x.method == http.MethodPost:
			return s.writeLocked(x, a, e, e.prepare, createUpdate, nil, now)
		default:
			return methodNotAllowed()
		}
	case 2:
		return s.serveOneLocked(x, a, e, now)
	default:
		return s.serveSubLocked(x, a, e, now)
	}
}

func methodNotAllowed() answer {
	return withType(http.StatusMethodNotAllowed, "text/html; charset=utf-8", []byte("The requested resource does not support this HTTP method"))
}

// serveOneLocked answers /{Endpoint}/{id or number}.
func (s *Sim) serveOneLocked(x *exchange, a *admission, e *endpoint, now time.Time) answer {
	if e.find == nil {
		return notFound()
	}
	target := e.find(a.org, x.segments[1])
	if target == nil {
		return notFound()
	}
	switch {
	case x.method == http.MethodGet && strings.Contains(x.accept(), "application/pdf") && isDocument(target):
		return pdfAnswer(target.(*document))
	case x.method == http.MethodGet:
		return apiAnswer(x.accept(), http.StatusOK, "Response", envelope(now, e.plural, []object{target.render(a.org, x.view())}))
	case e.plural == "TrackingCategories":
		return s.trackingLocked(x, a, now)
	case x.method == http.MethodPost && e.prepare != nil:
		return s.writeLocked(x, a, e, e.prepare, updateOnly, target, now)
	case x.method == http.MethodDelete && e.plural == "Items":
		return deleteItem(a.org, target.(*item))
	default:
		return methodNotAllowed()
	}
}

func isDocument(r record) bool { _, ok := r.(*document); return ok }

// serveSubLocked answers what lies below one record.
func (s *Sim) serveSubLocked(x *exchange, a *admission, e *endpoint, now time.Time) answer {
	sub := strings.ToLower(x.segments[2])
	if e.plural == "TrackingCategories" && sub == "options" {
		return s.trackingLocked(x, a, now)
	}
	if len(x.segments) != 3 {
		return notFound()
	}
	if sub == "history" && e.prepare != nil {
		return s.historyLocked(x, a, e, now)
	}
	if e.find == nil {
		return notFound()
	}
	d, ok := e.find(a.org, x.segments[1]).(*document)
	if !ok {
		return notFound()
	}
	switch {
	case sub == "pdf" && x.method == http.MethodGet:
		return pdfAnswer(d)
	case sub == "onlineinvoice" && d.kind == invoices && x.method == http.MethodGet:
		return onlineInvoice(x, d, now)
	case sub == "email" && d.kind == invoices && x.method == http.MethodPost:
		return s.emailLocked(x, a, d, now)
	case sub == "allocations" && d.kind == creditNotes && x.method == http.MethodPut:
		allocations := &endpoint{plural: "Allocations", singular: "Allocation", idName: "AllocationID", errorFlag: "HasErrors"}
		return s.writeLocked(x, a, allocations, prepareAllocation(d), createOnly, nil, now)
	default:
		return notFound()
	}
}

func (s *Sim) organisationLocked(x *exchange, a *admission, e *endpoint, now time.Time) answer {
	switch {
	case x.method != http.MethodGet:
		return apiAnswer(x.accept(), http.StatusNotImplemented, "ApiException",
			exceptionTree(20, "ApiMethodNotImplementedException", "The Api Method called is not implemented"))
	case len(x.segments) == 1:
		return s.listLocked(x, a, e, now)
	case len(x.segments) == 2 && strings.EqualFold(x.segments[1], "actions"):
		var actions []object
		for _, name := range []string{"UseMulticurrency", "CreateDraftInvoice", "CreateApprovedInvoice", "CreateDraftBill", "CreateApprovedBill", "CreateRepeatingInvoice", "AttachFilesToInvoices"} {
			actions = append(actions, object{"Name": name, "Status": "ALLOWED"})
		}
		return apiAnswer(x.accept(), http.StatusOK, "Response", envelope(now, "Actions", actions))
	default:
		return notFound()
	}
}

// payloadAnswer refuses a body that cannot be read.
func payloadAnswer(x *exchange, problem *payloadProblem) answer {
	if problem.status == http.StatusInternalServerError {
		return apiAnswer(x.accept(), problem.status, "ApiException", exceptionTree(0, "InternalServerError", problem.message))
	}
	return apiAnswer(x.accept(), problem.status, "ApiException", exceptionTree(errorPostData, "PostDataInvalidException", problem.message))
}

// writeLocked carries out PUT and POST. Elements that are valid are committed
// whatever happens to the others. With summarizeErrors=false every element is
// answered in order with a 200; otherwise one bad element makes the answer a
// 400 that shows the bad ones alone.
func (s *Sim) writeLocked(x *exchange, a *admission, e *endpoint, prepare prepare, mode writeMode, target record, now time.Time) answer {
	elements, problem := parsePayload(x.body, e.plural)
	var work []apply
	for _, f := range elements {
		work = append(work, prepare(f))
	}
	if problem.found() {
		return payloadAnswer(x, problem)
	}
	if len(work) == 0 {
		return apiAnswer(x.accept(), http.StatusBadRequest, "ApiException", exceptionTree(errorNoData, "NoDataProcessedException",
			"No data has been processed for this endpoint. This endpoint is expecting "+e.singular+" data to be specifed in the request body."))
	}
	if target != nil && len(work) > 1 {
		return payloadAnswer(x, &payloadProblem{status: http.StatusBadRequest, message: "Only one " + e.singular + " can be sent to this address"})
	}
	v := x.view()
	tx := &transaction{org: a.org, now: now, client: a.client, mode: mode, target: target, unitdp: v.unitdp}
	var all, failed []object
	for i, apply := range work {
		written, problems := apply(tx)
		element := object{}
		switch {
		case written != nil:
			element = written.render(a.org, v)
		default:
			maps.Copy(element, elements[i].values)
			element[e.idName] = nilID
		}
		element["StatusAttributeString"] = "OK"
		if len(problems) > 0 {
			element["StatusAttributeString"] = "ERROR"
			element[e.errorFlag] = true
			element["ValidationErrors"] = messages(problems)
			failed = append(failed, element)
		}
		all = append(all, element)
	}
	// Only the operations on whole collections know the parameter; POST on
	// Payments takes a single payment and does not.
	knowsParameter := mode != updateOnly && !(e.plural == "Payments" && mode == createUpdate)
	perElement := knowsParameter && strings.EqualFold(x.query.Get("summarizeErrors"), "false")
	if len(failed) > 0 && !perElement {
		tree := exceptionTree(errorValidation, "ValidationException", "A validation exception occurred")
		tree["Elements"] = failed
		return apiAnswer(x.accept(), http.StatusBadRequest, "ApiException", tree)
	}
	return apiAnswer(x.accept(), http.StatusOK, "Response", envelope(now, e.plural, all))
}
