package xerosim

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const invoicesPath = "/api.xro/2.0/Invoices"

func (x *xero) invoiceCount() int { return len(x.documents("Invoices")) }

func TestFaultsThatLoseTheAnswer(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, test := range map[string]struct {
		do     string
		commit *bool
		kept   int
	}{
		"drop before commit":           {"drop", nil, 0},
		"drop after commit":            {"drop", &yes, 1},
		"half a body after commit":     {"truncate_body", nil, 1},
		"half a body without a commit": {"truncate_body", &no, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := start(t)
			contact := x.customer("ABC Limited")
			f := map[string]any{"method": "PUT", "path": invoicesPath, "do": test.do}
			if test.commit != nil {
				f["commit"] = *test.commit
			}
			x.faults(f)
			body := string(encodeJSON(invoice(contact, nil)))
			if r, err := x.try("PUT", invoicesPath, body); err == nil {
				t.Fatalf("an answer came through: %d %s", r.status, r.body)
			}
			if got := x.invoiceCount(); got != test.kept {
				t.Errorf("%d invoices kept, want %d", got, test.kept)
			}
			if r, err := x.try("PUT", invoicesPath, body); err != nil || r.status != http.StatusOK {
				t.Errorf("the fault hit twice: %v %v", r, err)
			}
		})
	}
}

func TestTruncatedBodyPromisesTheWhole(t *testing.T) {
	t.Parallel()
	x := start(t)
	x.faults(map[string]any{"path": "/api.xro/2.0/Currencies", "do": "truncate_body"})
	request, err := http.NewRequest(http.MethodGet, x.base+apiPrefix+"/Currencies", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Authorization": {"Bearer " + x.token.Access}, "Xero-Tenant-Id": {DefaultTenantID}, "Accept": {"application/json"}}
	r, err := x.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusOK || err == nil || int64(len(body)) != r.ContentLength/2 || !strings.HasPrefix(string(body), "{") {
		t.Errorf("status %d, %d of %d bytes, error %v", r.StatusCode, len(body), r.ContentLength, err)
	}
}

func TestLateCommit(t *testing.T) {
	t.Parallel()
	x := start(t)
	contact := x.customer("ABC Limited")
	x.faults(map[string]any{"method": "PUT", "path": invoicesPath, "do": "late", "delay_ms": 300})
	body := string(encodeJSON(invoice(contact, tree{"InvoiceNumber": "L-1"})))
	if _, err := x.try("PUT", invoicesPath, body); err == nil {
		t.Fatal("an answer came through")
	}
	if got := x.invoiceCount(); got != 0 {
		t.Fatalf("%d invoices before the delay", got)
	}
	waitFor(t, func() bool { return x.invoiceCount() == 1 })
	// What comes late is validated when it comes: the number is taken meanwhile.
	x.faults(map[string]any{"method": "PUT", "path": invoicesPath, "do": "late", "delay_ms": 200})
	body = string(encodeJSON(invoice(contact, tree{"InvoiceNumber": "L-2"})))
	if _, err := x.try("PUT", invoicesPath, body); err == nil {
		t.Fatal("an answer came through")
	}
	x.api("PUT", "/Invoices", body).want(http.StatusOK)
	waitFor(t, func() bool {
		var state tree
		x.control("GET", "state", nil, &state)
		return state.text("late_commits") == "0"
	})
	if got := x.invoiceCount(); got != 2 {
		t.Errorf("%d invoices, want 2: the late one lost its number", got)
	}
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within 10 s")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestResetForgetsLateCommits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		recorder := func(method, path, body string, token string) (status int, text string) {
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Xero-Tenant-Id", DefaultTenantID)
			r.Header.Set("Accept", "application/json")
			w := httptest.NewRecorder()
			defer func() {
				if recover() != nil { // the connection was closed
					status = 0
				}
			}()
			s.Handler().ServeHTTP(w, r)
			return w.Code, w.Body.String()
		}
		token := s.tokenForTest(t)
		for reset, want := range map[bool]int{true: 0, false: 1} {
			s.mu.Lock()
			s.resetLocked(true)
			s.faults = []*fault{{Do: faultLate, DelayMS: 60_000, Times: 1}}
			s.mu.Unlock()
			if status, text := recorder("PUT", apiPrefix+"/Contacts", `{"Name":"Late"}`, token); status != 0 {
				t.Fatalf("answered %d %s", status, text)
			}
			if reset {
				s.mu.Lock()
				s.resetLocked(true)
				s.mu.Unlock()
			}
			time.Sleep(61 * time.Second) // virtual
			synctest.Wait()
			s.mu.Lock()
			got := len(s.organisations[DefaultTenantID].contacts)
			s.mu.Unlock()
			if got != want {
				t.Errorf("reset %t: %d contacts, want %d", reset, got, want)
			}
		}
	})
}

// tokenForTest makes an access token without HTTP.
func (s *Sim) tokenForTest(t *testing.T) string {
	t.Helper()
	code := s.Consent(redirectURI, allScopes)
	r := httptest.NewRequest(http.MethodPost, "/connect/token", strings.NewReader(codeForm(code).Encode()))
	r.SetBasicAuth("app", "secret")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("token: %d %s", w.Code, w.Body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for token := range s.identity.access {
		return token
	}
	t.Fatal("no access token")
	return ""
}

func TestFaultsThatAnswer(t *testing.T) {
	t.Parallel()
	x := start(t)
	contact := x.customer("ABC Limited")
	put := func() *response { return x.api("PUT", "/Invoices", invoice(contact, nil)) }

	x.faults(
		map[string]any{"method": "GET", "path": invoicesPath, "do": "status", "status": 418},
		map[string]any{"path": invoicesPath, "do": "status", "status": 503, "headers": map[string]string{"Retry-After": "7"}, "body": "offline"},
		map[string]any{"path": invoicesPath, "do": "html_500"},
		map[string]any{"path": invoicesPath, "do": "html_500", "commit": true},
		map[string]any{"path": invoicesPath, "do": "status", "status": 502, "commit": true, "times": 2},
	)
	if r := put().want(http.StatusServiceUnavailable); r.header.Get("Retry-After") != "7" || string(r.body) != "offline" {
		t.Errorf("503: %v %s", r.header, r.body)
	}
	if r := put().want(http.StatusInternalServerError); !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || !strings.HasPrefix(string(r.body), "<!DOCTYPE html>") {
		t.Errorf("500: %s", r.body)
	}
	if got := x.invoiceCount(); got != 0 {
		t.Fatalf("%d invoices, want none committed yet", got)
	}
	put().want(http.StatusInternalServerError)
	put().want(http.StatusBadGateway)
	put().want(http.StatusBadGateway)
	if got := x.invoiceCount(); got != 3 {
		t.Errorf("%d invoices, want 3 committed behind their errors", got)
	}
	x.api("GET", "/Invoices", nil).want(http.StatusTeapot) // the first fault waited for its method
	put().want(http.StatusOK)
}

func TestDelayFault(t *testing.T) {
	t.Parallel()
	x := start(t)
	x.faults(map[string]any{"path": "/api.xro/2.0/Currencies", "do": "delay", "delay_ms": 150})
	begin := time.Now()
	x.api("GET", "/Currencies", nil).want(http.StatusOK)
	if took := time.Since(begin); took < 150*time.Millisecond {
		t.Errorf("the call took %s, want 150 ms at least", took)
	}
}

func TestFaultOnTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	x := start(t)
	x.faults(map[string]any{"path": "/connect/token", "do": "drop", "commit": true})
	form := refreshForm(x.token.Refresh).Encode()
	h := header{"Content-Type": "application/x-www-form-urlencoded", "Authorization": basic("app", "secret")}
	if _, err := x.try("POST", "/connect/token", form, h); err == nil {
		t.Fatal("an answer came through")
	}
	x.exchange(refreshForm(x.token.Refresh), http.StatusOK) // the lost answer can be had again
}

func TestFaultBookkeeping(t *testing.T) {
	t.Parallel()
	x := start(t)
	for name, f := range map[string]map[string]any{
		"unknown deed":   {"do": "explode"},
		"no status":      {"do": "status"},
		"negative delay": {"do": "delay", "delay_ms": -1},
		"wrong times":    {"do": "drop", "times": -2},
		"misspelt field": {"do": "drop", "time": 1},
	} {
		r := x.send("POST", "/_sim/faults", string(encodeJSON([]any{f})))
		if r.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	x.faults(map[string]any{"do": "status", "status": 500, "times": -1}, map[string]any{"do": "drop", "path": "/x"})
	for range 3 {
		x.api("GET", "/Currencies", nil).want(http.StatusInternalServerError)
	}
	var left []map[string]any
	x.control("GET", "faults", nil, &left)
	if len(left) != 2 || left[0]["times"] != float64(-1) || left[1]["times"] != float64(1) {
		t.Errorf("faults left: %v", left)
	}
	x.control("DELETE", "faults", nil, nil)
	x.api("GET", "/Currencies", nil).want(http.StatusOK)
}

func TestListenDown(t *testing.T) {
	t.Parallel()
	x := start(t)
	x.control("POST", "listen", map[string]any{"up": false}, nil)
	for _, path := range []string{apiPrefix + "/Currencies", "/connections", "/.well-known/openid-configuration"} {
		if r, err := x.try("GET", path, ""); err == nil {
			t.Errorf("%s answered %d while down", path, r.status)
		}
	}
	var calls []call
	x.control("GET", "calls?since=1", nil, &calls)
	if len(calls) != 0 {
		t.Errorf("unreachable calls were recorded: %v", calls)
	}
	x.control("POST", "listen", map[string]any{"up": true}, nil)
	x.api("GET", "/Currencies", nil).want(http.StatusOK)
	x.send("POST", "/_sim/listen", "{}").want(http.StatusBadRequest)
}

func TestCallsAreRecordedWithoutSecrets(t *testing.T) {
	t.Parallel()
	x := start(t)
	code := x.code(nil)
	got := x.exchange(codeForm(code), http.StatusOK)
	got = x.exchange(refreshForm(got.Refresh), http.StatusOK)
	x.send("POST", "/connect/revocation", url.Values{"token": {got.Refresh}, "client_id": {"app"}, "client_secret": {"hush-hush"}}.Encode(), formHeader).want(http.StatusOK)
	x.connect(allScopes)
	x.api("PUT", "/Contacts?summarizeErrors=false", tree{"Name": "ABC"}, header{"Idempotency-Key": "k-1"}).want(http.StatusOK)
	x.faults(map[string]any{"do": "drop"})
	if _, err := x.try("GET", apiPrefix+"/Currencies", ""); err == nil {
		t.Fatal("an answer came through")
	}

	text := string(x.send("GET", "/_sim/calls", "").want(http.StatusOK).body)
	for name, secret := range map[string]string{
		"code": code, "refresh token": got.Refresh, "access token": got.Access, "current token": x.token.Access, "client secret": "hush-hush",
	} {
		if strings.Contains(text, secret) {
			t.Errorf("the record of calls holds the %s", name)
		}
	}
	var calls []call
	x.control("GET", "calls", nil, &calls)
	put, dropped := calls[len(calls)-2], calls[len(calls)-1]
	put.At = time.Time{}
	want := call{
		Number: len(calls) - 2, Method: "PUT", Path: "/api.xro/2.0/Contacts", Query: "summarizeErrors=false", Status: 200,
		IdempotencyKey: "k-1", Body: `{"Name":"ABC"}`, InFlight: 1,
	}
	if diff := cmp.Diff(want, put, cmp.AllowUnexported(call{})); diff != "" {
		t.Errorf("record (-want +got)\n%s", diff)
	}
	if dropped.Status != 0 || dropped.Path != "/api.xro/2.0/Currencies" {
		t.Errorf("the dropped call: %+v", dropped)
	}
	var later []call
	x.control("GET", "calls?since="+put.text(), nil, &later)
	if len(later) != 2 {
		t.Errorf("since the PUT there are %d calls, want 2", len(later))
	}
}

func (c call) text() string { return strings.TrimSpace(string(encodeJSON(c.Number))) }

func TestControlIsForLoopbackOnly(t *testing.T) {
	t.Parallel()
	handler := New(Options{}).Handler()
	for name, test := range map[string]struct {
		remote, host, origin string
		want                 int
	}{
		"loopback":         {"127.0.0.1:1234", "127.0.0.1:8090", "", 200},
		"IPv6":             {"[::1]:1234", "localhost:8090", "", 200},
		"own page":         {"127.0.0.1:1234", "localhost", "http://localhost:5173", 200},
		"another machine":  {"192.0.2.7:1234", "127.0.0.1:8090", "", 403},
		"rebound name":     {"127.0.0.1:1234", "attacker.example:8090", "", 403},
		"a page elsewhere": {"127.0.0.1:1234", "127.0.0.1:8090", "https://attacker.example", 403},
		"opaque origin":    {"127.0.0.1:1234", "127.0.0.1:8090", "null", 403},
	} {
		r := httptest.NewRequest(http.MethodGet, "/_sim/state", nil)
		r.RemoteAddr, r.Host = test.remote, test.host
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != test.want {
			t.Errorf("%s: %d, want %d", name, w.Code, test.want)
		}
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	x := start(t)
	if err := x.sim.Seed(Seed{Contacts: []Contact{{Name: "Seeded", Number: "S1"}}}); err != nil {
		t.Fatal(err)
	}
	x.create(nil)
	account := x.documents("Accounts")[2].text("AccountID")
	x.edit("Accounts", account, map[string]any{"Status": "ARCHIVED"})
	x.control("POST", "clock", map[string]any{"advance_seconds": 600}, nil)

	x.control("POST", "reset", map[string]any{"keep_connections": true}, nil)
	x.api("GET", "/Currencies", nil).want(http.StatusOK)
	contacts := x.documents("Contacts")
	if x.invoiceCount() != 0 || len(contacts) != 1 || contacts[0].text("Name") != "Seeded" {
		t.Errorf("after a reset: %d invoices, contacts %v", x.invoiceCount(), contacts)
	}
	if a := x.documents("Accounts")[2]; a.text("Status") != "ACTIVE" || a.text("AccountID") != account {
		t.Errorf("seeded accounts keep their ids and come back as they were: %v", a)
	}
	var state tree
	x.control("GET", "state", nil, &state)
	if state.text("now") != "2026-07-15T02:00:00Z" {
		t.Errorf("the clock shows %s after a reset", state.text("now"))
	}
	x.control("POST", "reset", nil, nil)
	x.api("GET", "/Currencies", nil).want(http.StatusUnauthorized)
}

func TestEditAsAPerson(t *testing.T) {
	t.Parallel()
	x := start(t)
	id := x.create(nil).text("InvoiceID")
	before := x.api("GET", "/Invoices/"+id, nil).one("Invoices")
	x.clock.Advance(time.Minute)

	if got := x.edit("Invoices", id, map[string]any{"Reference": "by hand"}); got.text("Reference") != "by hand" || got["UpdatedDateUTC"] == before["UpdatedDateUTC"] {
		t.Errorf("edited: %v", got)
	}
	if got := x.edit("Invoices", id, map[string]any{"Status": "PAID"}); got.text("Status") != "PAID" || got.text("AmountDue") != "0" {
		t.Errorf("paid: %v %v", got["Status"], got["AmountDue"])
	}
	if got := x.documents("Payments"); len(got) != 1 {
		t.Errorf("paying by hand made %d payments", len(got))
	}
	r := x.send("POST", "/_sim/edit", string(encodeJSON(tree{"endpoint": "Invoices", "id": id, "set": tree{"Status": "VOIDED"}})))
	if r.want(http.StatusBadRequest); !strings.Contains(string(r.body), "because it has payments") {
		t.Errorf("a person is held to the rules too: %s", r.body)
	}
	other := x.create(nil).text("InvoiceID")
	if got := x.edit("Invoices", other, map[string]any{"Status": "VOIDED"}); got.text("Status") != "VOIDED" {
		t.Errorf("voided: %v", got)
	}
	history := x.api("GET", "/Invoices/"+other+"/History", nil).list("HistoryRecords")
	if history[0].text("User") != "Demo User" || history[1].text("User") != "System Generated" {
		t.Errorf("history %v", history)
	}

	x.edit("Accounts", x.documents("Accounts")[2].text("AccountID"), map[string]any{"Status": "ARCHIVED"})
	x.api("PUT", "/Invoices", invoice(x.documents("Contacts")[0].text("ContactID"), nil)).
		wantRefusal("Account code '200' has been archived, or has been deleted. Please use another account code.")
	x.edit("TaxRates", "OUTPUT2", map[string]any{"Status": "ARCHIVED"})
	x.api("PUT", "/Invoices", invoice(x.documents("Contacts")[0].text("ContactID"), tree{"LineItems": line1(tree{"AccountCode": "260"})})).
		wantRefusal("The TaxType code OUTPUT2 does not exist or cannot be used for this type of transaction.")
	for name, body := range map[string]tree{
		"unknown endpoint": {"endpoint": "Nothing", "id": id},
		"unknown document": {"endpoint": "Invoices", "id": "NONE"},
	} {
		if r := x.send("POST", "/_sim/edit", string(encodeJSON(body))); r.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	x.send("POST", "/_sim/edit", string(encodeJSON(tree{"endpoint": "TaxRates", "id": "OUTPUT2", "set": tree{"EffectiveRate": 5}}))).want(http.StatusBadRequest)
}

func TestLimitsFromControl(t *testing.T) {
	t.Parallel()
	x := start(t)
	x.control("POST", "limits", map[string]any{"minute": 1}, nil)
	x.api("GET", "/Currencies", nil).want(http.StatusOK)
	x.api("GET", "/Currencies", nil).want(http.StatusTooManyRequests)
	x.control("POST", "limits", map[string]any{"day": 1, "minute": -1}, nil)
	x.api("GET", "/Currencies", nil).want(http.StatusOK)
	if r := x.api("GET", "/Currencies", nil).want(http.StatusTooManyRequests); r.header.Get("X-Rate-Limit-Problem") != "day" {
		t.Errorf("429 with %v", r.header)
	}
	x.control("POST", "limits", map[string]any{"day": -1, "concurrent": 0}, nil)
	if r := x.api("GET", "/Currencies", nil).want(http.StatusTooManyRequests); r.header.Get("X-Rate-Limit-Problem") != "concurrent" {
		t.Errorf("429 with %v", r.header)
	}
	x.send("POST", "/_sim/limits", `{"minutes":1}`).want(http.StatusBadRequest)
}

func TestServe(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := New(Options{Latency: time.Hour})
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln) }()

	token := s.tokenForTest(t)
	request, err := http.NewRequest(http.MethodGet, "http://"+ln.Addr().String()+apiPrefix+"/Currencies", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Authorization": {"Bearer " + token}, "Xero-Tenant-Id": {DefaultTenantID}}
	answered := make(chan int, 1)
	go func() {
		r, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			answered <- 0
			return
		}
		_ = r.Body.Close()
		answered <- r.StatusCode
	}()
	waitFor(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.inFlight == 1
	})
	cancel() // a call in its latency is let go at once and still answered
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Serve did not end with its context")
	}
	if got := <-answered; got != http.StatusOK {
		t.Errorf("the call in progress got %d, want 200", got)
	}

	open, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Skip("no listener on all interfaces can be had here")
	}
	if err := New(Options{}).Serve(t.Context(), open); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("Serve on all interfaces: %v", err)
	}
}

func TestServeXeroRefusesConnectionsWhileDown(t *testing.T) {
	t.Parallel()
	x := start(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- x.sim.ServeXero(ctx, ln) }()
	get := func(path string) (int, error) {
		r, err := x.http.Get("http://" + address + path)
		if err != nil {
			return 0, err
		}
		_ = r.Body.Close()
		return r.StatusCode, nil
	}
	waitFor(t, func() bool {
		x.sim.mu.Lock()
		defer x.sim.mu.Unlock()
		return len(x.sim.doors) == 1
	})
	if status, err := get("/connections"); status != http.StatusUnauthorized {
		t.Fatalf("before: %d %v", status, err)
	}
	if status, err := get("/_sim/state"); status != http.StatusNotFound {
		t.Errorf("the control API on Xero's own address: %d %v", status, err)
	}
	for range 2 {
		x.control("POST", "listen", map[string]any{"up": false}, nil)
		if _, err := get("/connections"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("while down: %v, want a refused connection", err)
		}
		x.control("POST", "listen", map[string]any{"up": true}, nil)
		if status, err := get("/connections"); status != http.StatusUnauthorized {
			t.Errorf("after: %d %v", status, err)
		}
	}
	x.control("POST", "listen", map[string]any{"up": false}, nil)
	x.control("POST", "reset", nil, nil)
	if status, err := get("/connections"); status != http.StatusUnauthorized {
		t.Errorf("a reset opens the address again: %d %v", status, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := get("/connections"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the end: %v", err)
	}
}

func TestSeedRefusesNonsense(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	if err := s.Seed(Seed{TaxRates: []TaxRate{{TaxType: "X", Percent: "ten"}}}); err == nil {
		t.Error("a tax rate of \"ten\" was taken")
	}
	if err := s.Seed(Seed{Items: []Item{{Code: "X", SalePrice: "dear"}}}); err == nil {
		t.Error("a price of \"dear\" was taken")
	}
}
