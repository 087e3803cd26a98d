package xerosim

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxRequest is Xero's limit on the size of a request.
const maxRequest = 10 << 20

const apiPrefix = "/api.xro/2.0"

// exchange is one request as received. It is detached from the connection, so
// that it can be carried out after the connection is gone.
type exchange struct {
	method   string
	path     string // decoded
	rawQuery string
	query    url.Values
	header   http.Header
	host     string
	body     []byte
	segments []string // of an Accounting API path, decoded, without the prefix
}

func newExchange(r *http.Request, body []byte) *exchange {
	x := &exchange{
		method: r.Method, path: r.URL.Path, rawQuery: r.URL.RawQuery, query: r.URL.Query(),
		header: r.Header.Clone(), host: r.Host, body: body,
	}
	if rest, ok := strings.CutPrefix(r.URL.EscapedPath(), apiPrefix+"/"); ok {
		for _, segment := range strings.Split(strings.TrimSuffix(rest, "/"), "/") {
			decoded, err := url.PathUnescape(segment)
			if err != nil {
				decoded = segment
			}
			x.segments = append(x.segments, decoded)
		}
	}
	return x
}

func (x *exchange) accept() string { return x.header.Get("Accept") }

func (x *exchange) isAPI() bool {
	return x.path == apiPrefix || strings.HasPrefix(x.path, apiPrefix+"/")
}

// admission is what the gateway found out about an API call it let through.
type admission struct {
	client  string
	org     *organisation
	headers http.Header
	usage   *usage
}

// serveXero carries a request through the stations of Xero in their order: the
// wire and its faults, the gateway (token, scope, organisation, limits), the
// idempotency store, the endpoint.
func (s *Sim) serveXero(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	up := s.up
	s.mu.Unlock()
	if !up {
		hangUp()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	x := newExchange(r, body)

	s.mu.Lock()
	record := s.recordLocked(x)
	fault := s.takeFaultLocked(x)
	s.mu.Unlock()
	defer s.finish(record)

	if err != nil {
		var tooLarge *http.MaxBytesError
		if !errors.As(err, &tooLarge) {
			hangUp() // the client broke off; nothing arrived whole
		}
		s.answer(w, record, withType(http.StatusRequestEntityTooLarge, "text/html; charset=utf-8", []byte("The request is larger than 10 MB")))
		return
	}
	if fault != nil {
		s.serveFault(w, x, record, fault)
		return
	}
	s.answer(w, record, s.process(x, 0))
}

// process is a call without a fault of the wire. delay comes on top of the
// configured latency and, like it, before the call is carried out, while the
// call counts as in progress.
func (s *Sim) process(x *exchange, delay time.Duration) answer {
	admitted, refused, latency := s.admit(x)
	if refused != nil {
		s.wait(delay)
		return *refused
	}
	defer s.release(admitted)
	s.wait(latency + delay)
	return s.perform(x, admitted)
}

// wait sleeps in real time, or less when the simulator is closed.
func (s *Sim) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.stop:
	}
}

// admit is the gateway. An admitted API call holds a place among the calls in
// progress until release.
func (s *Sim) admit(x *exchange) (*admission, *answer, time.Duration) {
	if !x.isAPI() {
		return &admission{}, nil, 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.nowLocked()
	token, refused := s.authenticateLocked(x, now)
	if refused != nil {
		return nil, refused, 0
	}
	if !scopeAllows(x, token.grant.scopes) {
		a := unauthorised("AuthorizationUnsuccessful")
		return nil, &a, 0
	}
	org := s.tenantLocked(x)
	if org == nil {
		a := forbidden()
		return nil, &a, 0
	}
	u := org.usageOf(token.grant.clientID)
	headers, refused := s.takeLocked(token.grant.clientID, u, now)
	if refused != nil {
		addHeaders(refused, headers)
		return nil, refused, 0
	}
	u.inFlight++
	return &admission{client: token.grant.clientID, org: org, headers: headers, usage: u}, nil, s.limits.latency
}

func (s *Sim) release(a *admission) {
	if a.usage == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a.usage.inFlight--
}

// perform is everything behind the gateway.
func (s *Sim) perform(x *exchange, a *admission) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.performLocked(x, a)
}

func (s *Sim) performLocked(x *exchange, a *admission) answer {
	now := s.nowLocked()
	if !x.isAPI() {
		return s.serveIdentityLocked(x, now)
	}
	if replayed := s.replayLocked(x, a.client, now); replayed != nil {
		addHeaders(replayed, a.headers)
		return *replayed
	}
	result := s.serveAPILocked(x, a, now)
	s.storeLocked(x, a.client, result, now)
	addHeaders(&result, a.headers)
	return result
}

func addHeaders(a *answer, headers http.Header) {
	if a.header == nil {
		a.header = http.Header{}
	}
	for name, values := range headers {
		a.header[name] = values
	}
	a.header.Set("Xero-Correlation-Id", newID())
}

// answer writes the answer and notes its status in the record.
func (s *Sim) answer(w http.ResponseWriter, record *call, a answer) {
	s.note(record, a.status)
	a.write(w)
}

// hangUp closes the connection. What was not written yet is never sent.
func hangUp() { panic(http.ErrAbortHandler) }
