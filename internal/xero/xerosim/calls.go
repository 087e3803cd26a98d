package xerosim

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// A simulator that runs for days must not grow without bound.
const (
	keptCalls    = 50_000
	keptCallBody = 256 << 10
)

// call is the record of one identity or API request, as GET /_sim/calls shows
// it. Status 0 means that no answer was sent (yet). InFlight counts the API
// calls in progress when it arrived, itself included.
type call struct {
	Number         int       `json:"n"`
	At             time.Time `json:"at"`
	Method         string    `json:"method"`
	Path           string    `json:"path"`
	Query          string    `json:"query"`
	Status         int       `json:"status"`
	IdempotencyKey string    `json:"idempotency_key"`
	Body           string    `json:"body"`
	InFlight       int       `json:"in_flight"`

	counted bool
}

func (s *Sim) recordLocked(x *exchange) *call {
	c := &call{
		Number: s.callsSeen, At: s.nowLocked(), Method: x.method, Path: x.path, Query: x.rawQuery,
		IdempotencyKey: x.header.Get("Idempotency-Key"),
	}
	s.callsSeen++
	if x.isAPI() {
		s.inFlight++
		c.counted = true
		c.Body = string(x.body[:min(len(x.body), keptCallBody)])
	} else {
		c.Query = redactForm(x.rawQuery)
		c.Body = redactForm(string(x.body))
	}
	c.InFlight = s.inFlight
	if len(s.calls) >= keptCalls {
		s.calls = slices.Delete(s.calls, 0, len(s.calls)-keptCalls+1)
	}
	s.calls = append(s.calls, c)
	return c
}

// publicFields are the fields of identity requests that hold no secret.
var publicFields = []string{
	"grant_type", "client_id", "redirect_uri", "scope", "response_type",
	"code_challenge_method", "token_type_hint", "authEventId", "decision", "tenant", "_sim_auto", "_sim_tenant",
}

// redactForm keeps the names of a form and the values that are no secret.
func redactForm(form string) string {
	if form == "" {
		return ""
	}
	values, err := url.ParseQuery(form)
	if err != nil {
		return "(not a form)"
	}
	for name, list := range values {
		if !slices.Contains(publicFields, name) {
			for i := range list {
				list[i] = "REDACTED"
			}
		}
	}
	return strings.TrimSpace(values.Encode())
}

func (s *Sim) note(c *call, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Status = status
}

// finish takes the call off the count of calls in progress.
func (s *Sim) finish(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.counted {
		c.counted = false
		s.inFlight--
	}
}
