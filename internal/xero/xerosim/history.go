package xerosim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// historyRecord is one line of a document's History and Notes. None can be
// changed or removed.
type historyRecord struct {
	changes, user, details string
	at                     time.Time
}

func (h historyRecord) render() object {
	return object{
		"Changes": h.changes, "User": h.user, "Details": h.details,
		"DateUTCString": h.at.Format(dayTime), "DateUTC": msDate(h.at),
	}
}

// note adds a line to the history of a document.
func (o *organisation) note(id string, tx *transaction, changes, details string) {
	user := "System Generated"
	if tx.client == "" {
		user = "Demo User"
	}
	o.history[id] = append(o.history[id], historyRecord{changes: changes, user: user, details: details, at: tx.now})
}

const maxNote = 2500

// historyLocked answers GET and PUT /{Endpoint}/{Guid}/History.
func (s *Sim) historyLocked(x *exchange, a *admission, e *endpoint, now time.Time) answer {
	id := strings.ToLower(x.segments[1])
	unknown := true
	for _, r := range e.records(a.org) {
		if r.key() == id {
			unknown = false
		}
	}
	if unknown {
		tree := exceptionTree(errorValidation, "ValidationException", "A validation exception occurred")
		tree["Elements"] = []object{{"ValidationErrors": messages([]string{"The document with the supplied id was not found for this endpoint."})}}
		return apiAnswer(x.accept(), http.StatusBadRequest, "ApiException", tree)
	}
	tx := &transaction{org: a.org, now: now, client: a.client}
	switch x.method {
	case http.MethodGet:
		list := []object{}
		for _, h := range slices.Backward(a.org.history[id]) {
			list = append(list, h.render())
		}
		return apiAnswer(x.accept(), http.StatusOK, "Response", envelope(now, "HistoryRecords", list))
	case http.MethodPut:
		elements, problem := parsePayload(x.body, "HistoryRecords")
		var details []string
		for _, f := range elements {
			text, _ := f.text("Details")
			details = append(details, text)
		}
		if problem.found() {
			return payloadAnswer(x, problem)
		}
		for _, text := range details {
			if strings.TrimSpace(text) == "" || len([]rune(text)) > maxNote {
				tree := exceptionTree(errorValidation, "ValidationException", "A validation exception occurred")
				tree["Elements"] = []object{{"Details": text, "ValidationErrors": messages([]string{"Details must be between 1 and 2500 characters"})}}
				return apiAnswer(x.accept(), http.StatusBadRequest, "ApiException", tree)
			}
		}
		list := []object{}
		for _, text := range details {
			a.org.note(id, tx, "Note", text)
			list = append(list, object{"Details": text, "DateUTC": msDate(now), "DateUTCString": now.Format(dayTime)})
		}
		return apiAnswer(x.accept(), http.StatusOK, "Response", envelope(now, "HistoryRecords", list))
	default:
		return methodNotAllowed()
	}
}
