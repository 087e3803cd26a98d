package xerosim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// fault is one entry of POST /_sim/faults; control.go documents the fields.
type fault struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Do      string            `json:"do"`
	Times   int               `json:"times"`
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	DelayMS int               `json:"delay_ms,omitempty"`
	Commit  *bool             `json:"commit,omitempty"`
}

// What a fault does to a call.
const (
	faultDrop     = "drop"          // close without an answer
	faultLate     = "late"          // close now, carry the call out after the delay
	faultStatus   = "status"        // answer with the given status, headers and body
	faultDelay    = "delay"         // wait, then go on as if nothing were
	faultTruncate = "truncate_body" // promise the whole body, send half, close
	faultHTML     = "html_500"      // a 500 with a page of HTML
)

func (f *fault) check() error {
	switch f.Do {
	case faultDrop, faultLate, faultDelay, faultTruncate, faultHTML:
	case faultStatus:
		if f.Status < 200 || f.Status > 599 {
			return fmt.Errorf("a fault that does %q needs a status from 200 to 599, not %d", f.Do, f.Status)
		}
	default:
		return fmt.Errorf("unknown fault %q: do is one of drop, late, status, delay, truncate_body, html_500", f.Do)
	}
	if f.DelayMS < 0 || f.DelayMS > int(10*time.Minute/time.Millisecond) {
		return fmt.Errorf("delay_ms must be from 0 to 600000, not %d", f.DelayMS)
	}
	if f.Times < -1 {
		return fmt.Errorf("times must be -1 (for ever), or the number of calls to hit, not %d", f.Times)
	}
	return nil
}

func (f *fault) delay() time.Duration { return time.Duration(f.DelayMS) * time.Millisecond }

// commits reports whether Xero carries the call out although its answer is lost
// or replaced.
func (f *fault) commits() bool {
	if f.Commit != nil {
		return *f.Commit
	}
	return f.Do == faultTruncate || f.Do == faultLate
}

// takeFaultLocked uses up the first fault that matches the call, in the order
// in which they were posted.
func (s *Sim) takeFaultLocked(x *exchange) *fault {
	for i, f := range s.faults {
		if f.Method != "" && !strings.EqualFold(f.Method, x.method) {
			continue
		}
		if !strings.HasPrefix(x.path, f.Path) {
			continue
		}
		if f.Times > 0 {
			f.Times--
			if f.Times == 0 {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			}
		}
		return f
	}
	return nil
}

func (s *Sim) serveFault(w http.ResponseWriter, x *exchange, record *call, f *fault) {
	switch f.Do {
	case faultDelay:
		s.answer(w, record, s.process(x, f.delay()))
	case faultDrop:
		if f.commits() {
			s.process(x, f.delay())
		} else {
			s.wait(f.delay())
		}
		hangUp()
	case faultLate:
		s.commitLate(x, f)
		hangUp()
	case faultStatus:
		a := answer{status: f.Status, header: http.Header{}, body: []byte(f.Body)}
		for name, value := range f.Headers {
			a.header.Set(name, value)
		}
		if f.Body != "" && a.header.Get("Content-Type") == "" {
			a.header.Set("Content-Type", "application/json; charset=utf-8")
		}
		s.answer(w, record, s.replaceAnswer(x, f, a))
	case faultHTML:
		page := "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry, something went wrong</h1></body></html>"
		s.answer(w, record, s.replaceAnswer(x, f, withType(http.StatusInternalServerError, "text/html; charset=utf-8", []byte(page))))
	case faultTruncate:
		var a answer
		if f.commits() {
			a = s.process(x, f.delay())
		} else {
			s.wait(f.delay())
			a = jsonAnswer(http.StatusOK, object{"Id": newID(), "Status": "OK", "ProviderName": "Xero API Partner"})
		}
		s.note(record, a.status)
		if len(a.body) < 2 {
			hangUp()
		}
		a.header.Set("Content-Length", strconv.Itoa(len(a.body)))
		a.body = a.body[:len(a.body)/2]
		a.write(w)
		// Best effort: without it the half could stay in the server's buffer.
		_ = http.NewResponseController(w).Flush()
		hangUp()
	}
}

// replaceAnswer carries the call out if the fault commits, and gives the
// fault's answer in any case. An answer from behind the key store, a 500 for
// example, is what the idempotency key replays from now on.
func (s *Sim) replaceAnswer(x *exchange, f *fault, a answer) answer {
	if f.commits() {
		s.process(x, f.delay())
	} else {
		s.wait(f.delay())
	}
	if x.isAPI() && storable(a.status) {
		s.mu.Lock()
		defer s.mu.Unlock()
		now := s.nowLocked()
		if token, refused := s.authenticateLocked(x, now); refused == nil {
			s.storeLocked(x, token.grant.clientID, a, now)
		}
	}
	return a
}

// commitLate admits the call now and carries it out after the fault's delay,
// with the validation of that later moment. Its connection is gone, so it no
// longer counts as in progress: its sender cannot know that it is.
func (s *Sim) commitLate(x *exchange, f *fault) {
	admitted, refused, _ := s.admit(x)
	if refused != nil || !f.commits() {
		return
	}
	s.release(admitted)
	s.mu.Lock()
	defer s.mu.Unlock()
	var timer *time.Timer
	timer = time.AfterFunc(f.delay(), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		// A timer that reset or Close stopped too late is no longer listed.
		if _, pending := s.late[timer]; pending {
			delete(s.late, timer)
			s.performLocked(x, admitted)
		}
	})
	s.late[timer] = struct{}{}
}
