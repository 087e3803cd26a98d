package xero

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"

	"github.com/google/go-cmp/cmp"
)

func TestSendCarriesWhatXeroAsksFor(t *testing.T) {
	t.Parallel()
	type request struct {
		Method, Path, Body string
		Header             map[string]string
	}
	var got request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = request{r.Method, r.URL.RequestURI(), string(body), map[string]string{}}
		for _, name := range []string{"Authorization", "Xero-Tenant-Id", "Accept", "Content-Type", "Idempotency-Key", "If-Modified-Since"} {
			got.Header[name] = r.Header.Get(name)
		}
		h := w.Header()
		h.Set("Retry-After", "37")
		h.Set("X-Rate-Limit-Problem", "Minute")
		h.Set("X-MinLimit-Remaining", "0")
		h.Set("X-DayLimit-Remaining", "4321")
		h.Set("Xero-Correlation-Id", "c-1")
		h.Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"a":1}`)
	}))
	defer server.Close()
	c := New(Config{APIURL: server.URL + "/"})

	call := must[fieldops.Call](t)(c.Create(fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV-1")}))
	call.IdempotencyKey = "tenant-intent-1"
	a := c.Send(t.Context(), "token-1", someone, call)
	want := request{"PUT", "/api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4", string(call.Body), map[string]string{
		"Authorization": "Bearer token-1", "Xero-Tenant-Id": someone, "Accept": "application/json",
		"Content-Type": "application/json", "Idempotency-Key": "tenant-intent-1", "If-Modified-Since": "",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if a.Duration <= 0 {
		t.Error("the exchange took no time")
	}
	a.Duration = 0
	wantAnswer := fieldops.Answer{
		Status: 429, ContentType: "application/json", Body: []byte(`{"a":1}`), RetryAfter: 37 * time.Second, RateProblem: "minute",
		MinuteLeft: 0, DayLeft: 4321, AppMinuteLeft: -1, CorrelationID: "c-1",
	}
	if diff := cmp.Diff(wantAnswer, a); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	since := time.Date(2026, 11, 23, 18, 24, 48, 999, time.FixedZone("NZDT", 13*3600))
	c.Send(t.Context(), "token-1", "", c.ListCall(fieldops.KindClient, 1, since))
	want = request{"GET", "/api.xro/2.0/Contacts?order=ContactID&page=1&pageSize=1000&includeArchived=true", "", map[string]string{
		"Authorization": "Bearer token-1", "Xero-Tenant-Id": "", "Accept": "application/json",
		"Content-Type": "", "Idempotency-Key": "", "If-Modified-Since": "2026-11-23T05:24:48",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRetryAfterAndRateProblems(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "12": 12 * time.Second, " 66975 ": 66975 * time.Second, "-5": 0, "soon": 0, "99999999999": 0,
		"Mon, 23 Nov 2026 05:01:30 GMT": 90 * time.Second, "Mon, 23 Nov 2026 04:00:00 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("Retry-After %q is %s, want %s", value, got, want)
		}
	}
	for value, want := range map[string]string{
		"": "", "minute": "minute", "Minute": "minute", "min": "minute", "day": "day", "Daily": "day",
		"concurrent": "concurrent", "Concurrency": "concurrent", "app": "app", "appminute": "app", "other": "",
	} {
		if got := rateProblem(value); got != want {
			t.Errorf("X-Rate-Limit-Problem %q is %q, want %q", value, got, want)
		}
	}
}

const silence = "silence"

// rawServer answers the n-th request on any connection with what answer
// returns, and closes the connection without a word when that is "", or says nothing for as
// long as the client waits when it is silence. It counts
// requests itself, below anything that could repeat them.
type rawServer struct {
	net.Listener
	requests atomic.Int64
	mu       sync.Mutex
	bodies   []string
	done     sync.WaitGroup
}

func serveRaw(t *testing.T, answer func(n int64) string) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{Listener: listener}
	s.done.Add(1)
	go func() {
		defer s.done.Done()
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			s.done.Add(1)
			go func() {
				defer s.done.Done()
				defer connection.Close()
				s.talk(connection, answer)
			}()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		s.done.Wait()
	})
	return s
}

// body is what the request at index i carried, "" if there was none.
func (s *rawServer) body(i int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i >= len(s.bodies) {
		return ""
	}
	return s.bodies[i]
}

func (s *rawServer) talk(connection net.Conn, answer func(n int64) string) {
	if connection.SetDeadline(time.Now().Add(20*time.Second)) != nil {
		return
	}
	reader := bufio.NewReader(connection)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		n := s.requests.Add(1)
		body, _ := io.ReadAll(request.Body)
		s.mu.Lock()
		s.bodies = append(s.bodies, string(body))
		s.mu.Unlock()
		text := answer(n)
		switch text {
		case "":
			return
		case silence:
			_, _ = reader.ReadByte() // returns when the client has hung up
			return
		}
		if _, err := io.WriteString(connection, text); err != nil {
			return
		}
	}
}

const kept = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}"

// net/http sends a GET, and a PUT with an Idempotency-Key, a second time when a
// kept connection dies under it. The control shows that this server provokes
// it; our client must send everything once.
func TestADroppedConnectionIsNotSentAgain(t *testing.T) {
	t.Parallel()
	answerFirst := func(n int64) string {
		if n == 1 {
			return kept
		}
		return ""
	}

	// Of its own: httptest closes the idle connections of the default transport whenever
	// a server of another test ends. A connection is kept a moment after its answer was
	// read, and the second request must find it.
	control, transport := serveRaw(t, answerFirst), &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	for range 2 {
		idle := make(chan struct{})
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{PutIdleConn: func(error) { close(idle) }})
		request, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+control.Addr().String(), strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Idempotency-Key", "k")
		response, err := transport.RoundTrip(request)
		if err == nil {
			if _, err := io.Copy(io.Discard, response.Body); err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			<-idle
		}
	}
	if n := control.requests.Load(); n <= 2 {
		t.Fatalf("the control made %d requests of 2: this test proves nothing any more", n)
	}

	c := New(Config{})
	put := must[fieldops.Call](t)(c.Create(fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV-1")}))
	put.IdempotencyKey = "k"
	for _, call := range []fieldops.Call{put, c.OrganisationCall()} {
		server := serveRaw(t, answerFirst)
		c := New(Config{APIURL: "http://" + server.Addr().String()})
		if a := c.Send(t.Context(), "token", someone, call); a.Status != http.StatusOK {
			t.Fatalf("%s: the first answer: %+v", call.Method, a)
		}
		a := c.Send(t.Context(), "token", someone, call)
		if a.Err == nil || a.NotSent || a.Status != 0 {
			t.Errorf("%s: %+v", call.Method, a)
		}
		if outcome := c.Judge(call, a)[0].Outcome; outcome != fieldops.Unknown {
			t.Errorf("%s is %s", call.Method, outcome)
		}
		if n := server.requests.Load(); n != 2 {
			t.Errorf("%s: %d requests have arrived of 2", call.Method, n)
		}
		if server.body(1) != string(call.Body) {
			t.Errorf("%s: the dropped request did not arrive whole; the drop came too early to prove anything", call.Method)
		}
	}
}

// A redirect would carry the token elsewhere and make a second exchange.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	c := New(Config{APIURL: server.URL})
	a := c.Send(t.Context(), "token", someone, c.OrganisationCall())
	if a.Status != http.StatusTemporaryRedirect || requests.Load() != 1 {
		t.Errorf("status %d after %d requests", a.Status, requests.Load())
	}
}

func TestNothingLeftWithoutAConnection(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	listener.Close()
	// This one accepts, but cannot speak TLS.
	plain := serveRaw(t, func(int64) string { return kept })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, x := range []struct {
		name, base string
		ctx        context.Context
		path       string
	}{
		{"refused", closed, t.Context(), "/"},
		{"no TLS", "https://" + plain.Addr().String(), t.Context(), "/"},
		{"ended before it began", "http://" + plain.Addr().String(), ended, "/"},
		{"no host", "http://%zz", t.Context(), "/"},
		{"no path", "http://" + plain.Addr().String(), t.Context(), "evil.example/"},
	} {
		c := New(Config{APIURL: x.base})
		call := fieldops.Call{Method: "GET", Path: x.path, Operation: fieldops.OpLook}
		a := c.Send(x.ctx, "token", someone, call)
		if !a.NotSent || a.Err == nil || a.Status != 0 || a.MinuteLeft != -1 {
			t.Errorf("%s: %+v", x.name, a)
		}
		if outcome := c.Judge(call, a)[0].Outcome; outcome != fieldops.NotSent {
			t.Errorf("%s is %s", x.name, outcome)
		}
	}
	if n := plain.requests.Load(); n != 0 {
		t.Errorf("%d requests have arrived", n)
	}
}

func TestAnswersThatEndEarly(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name   string
		answer func(int64) string
		status int
	}{
		{"half a body", func(int64) string {
			return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{\"Invoices\":["
		}, 200},
		{"silence", func(int64) string { return silence }, 0},
		{"no HTTP", func(int64) string { return "hello\r\n\r\n" }, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			server := serveRaw(t, x.answer)
			c := New(Config{APIURL: "http://" + server.Addr().String(), Timeout: 300 * time.Millisecond})
			call := must[fieldops.Call](t)(c.Create(fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV-1")}))
			a := c.Send(t.Context(), "token", someone, call)
			if a.Status != x.status || a.Err == nil || a.NotSent {
				t.Errorf("%+v", a)
			}
			if v := c.Judge(call, a)[0]; v.Outcome != fieldops.Unknown || v.Message == "" {
				t.Errorf("%s is %s: %q", x.name, v.Outcome, v.Message)
			}
		})
	}
}

func TestLongAnswersAreCutOff(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for range 21 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	c := New(Config{APIURL: server.URL})
	a := c.Send(t.Context(), "token", someone, c.AccountsCall())
	if !a.Truncated || len(a.Body) != maxAnswer || a.Status != 200 {
		t.Errorf("status %d, %d bytes, truncated %v", a.Status, len(a.Body), a.Truncated)
	}
	if outcome := c.Judge(c.AccountsCall(), a)[0].Outcome; outcome != fieldops.Unknown {
		t.Errorf("a cut-off answer is %s", outcome)
	}
}

const (
	canaryAccess   = "canary-access-token"
	canaryRefresh  = "canary+refresh/token="
	canarySecret   = "canary-client-secret"
	canaryCode     = "canary/code+1="
	canaryVerifier = "canary-verifier-43-characters-long-aaaaaaaaa"
	canaryNew      = "canary-new-"
)

// echo answers with everything that a request holds, as no server should.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"error":"other","Message":%q,"Detail":%q}`, fmt.Sprint(r.Header), string(body))
}

func TestNoSecretComesBack(t *testing.T) {
	t.Parallel()
	const clientID = "the-client-id"
	basic := base64.StdEncoding.EncodeToString([]byte(clientID + ":" + canarySecret))
	forbidden := []string{
		canaryAccess, canaryRefresh, canarySecret, canaryCode, canaryVerifier, basic, canaryNew,
		url.QueryEscape(canaryRefresh), url.QueryEscape(canaryCode),
	}
	check := func(what string, values ...any) {
		t.Helper()
		for _, v := range values {
			text := fmt.Sprintf("%s %+v %q", v, v, v)
			if a, ok := v.(fieldops.Answer); ok {
				text += string(a.Body)
				if a.Err != nil {
					text += a.Err.Error()
				}
			}
			for _, secret := range forbidden {
				if strings.Contains(text, secret) {
					t.Errorf("%s holds %q: %s", what, secret, text)
				}
			}
		}
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	listener.Close()
	echoing := httptest.NewServer(http.HandlerFunc(echo))
	defer echoing.Close()
	tokens := fmt.Sprintf(`{"access_token":"%sa","refresh_token":"%sr","id_token":"%si","expires_in":1800,"token_type":"Bearer","scope":"x"}`, canaryNew, canaryNew, canaryNew)
	giving := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tokens) }))
	defer giving.Close()
	breaking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, tokens[:60])
	}))
	defer breaking.Close()
	halving := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tokens[:60]) }))
	defer halving.Close()
	dropping := serveRaw(t, func(int64) string { return "" })
	// net/http quotes an answer that is no HTTP in its error.
	garbling := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		fmt.Fprintf(connection, "%s %s\r\n\r\n", r.Header.Get("Authorization"), body)
		connection.Close()
	}))
	defer garbling.Close()

	for name, base := range map[string]string{
		"closed": closed, "echoing": echoing.URL, "giving": giving.URL, "breaking": breaking.URL, "halving": halving.URL,
		"dropping": "http://" + dropping.Addr().String(), "garbling": garbling.URL,
	} {
		c := New(Config{ClientID: clientID, ClientSecret: canarySecret, RedirectURI: "http://localhost/cb", APIURL: base, IdentityURL: base, LoginURL: base, Timeout: 2 * time.Second})
		call := must[fieldops.Call](t)(c.Create(fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV-1")}))
		if name != "giving" && name != "halving" && name != "breaking" {
			a := c.Send(t.Context(), canaryAccess, someone, call)
			check(name+": Send", a, call, c.Judge(call, a))
		}
		set, a, err := c.Refresh(t.Context(), canaryRefresh)
		check(name+": Refresh", a, err)
		if (err == nil) != (name == "giving") || err == nil && set.RefreshToken != canaryNew+"r" {
			t.Errorf("%s: refreshed to %+v, %v", name, set, err)
		}
		_, a, err = c.Exchange(t.Context(), canaryCode, canaryVerifier)
		check(name+": Exchange", a, err)
		a, err = c.Revoke(t.Context(), canaryRefresh)
		if name != "giving" && name != "halving" && name != "breaking" {
			check(name+": Revoke", a, err)
			a = c.DeleteConnection(t.Context(), canaryAccess, someone)
			check(name+": DeleteConnection", a)
		}
		check(name+": AuthorizeURL", c.AuthorizeURL("state", "challenge", Scopes))
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://identity.xero.com","authentication_event_id":"` + someone + `","scope":["openid"]}`))
	jwt := "e30." + claims + ".sig"
	answer := struct {
		status int
		body   string
	}{}
	var form url.Values
	var path, user, password string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		form, path = r.PostForm, r.Method+" "+r.URL.Path
		user, password, _ = r.BasicAuth()
		w.WriteHeader(answer.status)
		fmt.Fprint(w, answer.body)
	}))
	defer server.Close()
	c := New(Config{ClientID: "id", ClientSecret: "a secret", RedirectURI: "http://localhost:3000/cb", IdentityURL: server.URL})

	answer.status, answer.body = 200, fmt.Sprintf(`{"id_token":"i","access_token":%q,"expires_in":1800,"token_type":"Bearer","refresh_token":"r","scope":"openid offline_access"}`, jwt)
	want := fieldops.TokenSet{AccessToken: jwt, RefreshToken: "r", IDToken: "i", Scope: "openid offline_access", ExpiresIn: 30 * time.Minute, AuthEventID: someone}
	got, _, err := c.Exchange(t.Context(), "code-1", "verifier-1")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	wantForm := url.Values{"grant_type": {"authorization_code"}, "code": {"code-1"}, "redirect_uri": {"http://localhost:3000/cb"}, "code_verifier": {"verifier-1"}}
	if diff := cmp.Diff(wantForm, form); diff != "" || path != "POST /connect/token" || user != "id" || password != "a secret" {
		t.Errorf("%s by %s (-want +got)\n%s", path, user, diff)
	}
	answer.body = `{"access_token":"a","expires_in":"900","refresh_token":"r2"}`
	got, _, err = c.Refresh(t.Context(), "refresh-1")
	if diff := cmp.Diff(fieldops.TokenSet{AccessToken: "a", RefreshToken: "r2", ExpiresIn: 15 * time.Minute}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if diff := cmp.Diff(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"refresh-1"}}, form); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	for _, x := range []struct {
		status int
		body   string
		want   error // nil: an error that is none of the definite ones
	}{
		{400, `{"error":"invalid_grant"}`, ErrInvalidGrant},
		{400, `{"error":"invalid_client"}`, ErrInvalidClient},
		{401, `{"error":"invalid_client"}`, ErrInvalidClient},
		{400, `{"error":"unauthorized_client"}`, ErrInvalidClient},
		{400, `{"error":"invalid_scope"}`, ErrInvalidScope},
		{400, `{"error":"unsupported_grant_type"}`, nil},
		{500, html, nil},
		{429, "", nil},
		{200, "", nil},
		{200, "{}", nil},
		{200, `{"access_token":"a"}`, nil},
		{200, html, nil},
	} {
		answer.status, answer.body = x.status, x.body
		set, a, err := c.Refresh(t.Context(), "refresh-1")
		definite := errors.Is(err, ErrInvalidGrant) || errors.Is(err, ErrInvalidClient) || errors.Is(err, ErrInvalidScope)
		if err == nil || definite != (x.want != nil) || x.want != nil && !errors.Is(err, x.want) || set != (fieldops.TokenSet{}) || a.Status != x.status {
			t.Errorf("%d %s: %v", x.status, x.body, err)
		}
	}

	answer.status, answer.body = 200, ""
	if _, err := c.Revoke(t.Context(), "refresh-1"); err != nil || path != "POST /connect/revocation" || form.Get("token") != "refresh-1" {
		t.Errorf("%s %v: %v", path, form, err)
	}
	answer.status = 400
	if _, err := c.Revoke(t.Context(), "refresh-1"); err == nil {
		t.Error("a refused revocation is no error")
	}
	for _, bad := range []string{"", "a.b", "a.b.c", "a." + base64.RawURLEncoding.EncodeToString([]byte("[")) + ".c"} {
		if id := authEventID(bad); id != "" {
			t.Errorf("the token %q names the consent %q", bad, id)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	c := New(Config{ClientID: "id 1", RedirectURI: "https://office.example.nz/api/xero/callback?x=1", LoginURL: "http://127.0.0.1:9/"})
	got, err := url.Parse(c.AuthorizeURL("s&t", "challenge", []string{"openid", "accounting.invoices"}))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"response_type": {"code"}, "client_id": {"id 1"}, "redirect_uri": {"https://office.example.nz/api/xero/callback?x=1"},
		"scope": {"openid accounting.invoices"}, "state": {"s&t"}, "code_challenge": {"challenge"}, "code_challenge_method": {"S256"},
	}
	if diff := cmp.Diff(want, got.Query()); diff != "" || got.Host != "127.0.0.1:9" || got.Path != "/identity/connect/authorize" || strings.Contains(got.RawQuery, "+") {
		t.Errorf("%s (-want +got)\n%s", got, diff)
	}
	if bare := c.AuthorizeURL("s", "", Scopes); strings.Contains(bare, "code_challenge") {
		t.Errorf("a challenge where there is none: %s", bare)
	}
	if standard := New(Config{}).AuthorizeURL("s", "", nil); !strings.HasPrefix(standard, "https://login.xero.com/identity/connect/authorize?") {
		t.Error(standard)
	}
	for _, x := range []struct {
		kind            fieldops.DocumentKind
		id, short, want string
	}{
		{fieldops.KindInvoice, remoteA, "!23eYt", "https://go.xero.com/organisationlogin/default.aspx?redirecturl=%2FAccountsReceivable%2FView.aspx%3FInvoiceID%3D" + remoteA + "&shortcode=%2123eYt"},
		{fieldops.KindInvoice, remoteA, "", "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID=" + remoteA},
		{fieldops.KindPurchaseOrder, remoteA, "", "https://go.xero.com/Accounts/Payable/PurchaseOrders/View/" + remoteA},
		{fieldops.KindClient, remoteA, "", "https://go.xero.com/Contacts/View/" + remoteA},
		{fieldops.KindConnection, remoteA, "", ""},
		{fieldops.KindInvoice, "", "!23eYt", ""},
	} {
		if got := c.DocumentURL(x.kind, x.id, x.short); got != x.want {
			t.Errorf("%s %s: %s, want %s", x.kind, x.short, got, x.want)
		}
	}
	if !json.Valid(must[fieldops.Call](t)(c.Create(fieldops.KindClient, []fieldops.Posting{client(idA, "A <B> & \u2028")})).Body) {
		t.Error("a name makes the body invalid")
	}
}
