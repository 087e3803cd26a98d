package xerosim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

var allScopes = []string{
	"openid", "profile", "email", "offline_access", "accounting.invoices", "accounting.payments",
	"accounting.contacts", "accounting.settings", "accounting.attachments",
}

const redirectURI = "http://localhost:8080/callback"

// manualClock is a clock that only moves when a test moves it.
type manualClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *manualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// xero is a simulator on a real loopback port with a connected app.
type xero struct {
	t     *testing.T
	sim   *Sim
	base  string
	clock *manualClock
	token tokens
	http  *http.Client
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Scope   string `json:"scope"`
	Error   string `json:"error"`
}

// start runs a simulator without rate limits, at noon of 15 July 2026 UTC.
func start(t *testing.T, adjust ...func(*Options)) *xero {
	t.Helper()
	clock := &manualClock{now: fixedNow}
	options := Options{Clock: clock.Now, DayLimit: -1, MinuteLimit: -1, ConcurrentLimit: -1}
	for _, change := range adjust {
		change(&options)
	}
	x := &xero{t: t, sim: New(options), clock: clock}
	server := httptest.NewServer(recordAnswers(t, x.sim.Handler()))
	t.Cleanup(server.Close)
	t.Cleanup(x.sim.Close)
	x.base = server.URL
	// No keep-alive: a hung-up connection must show as an error and never be retried.
	x.http = &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	x.connect(allScopes)
	return x
}

func (x *xero) connect(scopes []string) {
	x.t.Helper()
	x.token = x.exchange(url.Values{
		"grant_type": {"authorization_code"}, "code": {x.sim.Consent(redirectURI, scopes)}, "redirect_uri": {redirectURI},
	}, http.StatusOK)
}

// exchange calls the token endpoint.
func (x *xero) exchange(form url.Values, wantStatus int) tokens {
	x.t.Helper()
	r := x.send("POST", "/connect/token", form.Encode(), header{"Content-Type": "application/x-www-form-urlencoded", "Authorization": basic("app", "secret")})
	r.want(wantStatus)
	var got tokens
	if err := json.Unmarshal(r.body, &got); err != nil {
		x.t.Fatalf("token answer %q: %v", r.body, err)
	}
	return got
}

func basic(id, secret string) string {
	r, _ := http.NewRequest(http.MethodGet, "http://localhost", nil)
	r.SetBasicAuth(id, secret)
	return r.Header.Get("Authorization")
}

type header map[string]string

type response struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
}

// send makes a request; "" as the value of a header removes it.
func (x *xero) send(method, path, body string, headers ...header) *response {
	x.t.Helper()
	r, err := x.try(method, path, body, headers...)
	if err != nil {
		x.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (x *xero) try(method, path, body string, headers ...header) (*response, error) {
	x.t.Helper()
	request, err := http.NewRequest(method, x.base+path, strings.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	if strings.HasPrefix(path, apiPrefix) || strings.HasPrefix(path, "/connections") {
		request.Header.Set("Authorization", "Bearer "+x.token.Access)
		request.Header.Set("Xero-Tenant-Id", DefaultTenantID)
		request.Header.Set("Accept", "application/json")
		request.Header.Set("Content-Type", "application/json")
	}
	for _, set := range headers {
		for name, value := range set {
			if value == "" {
				request.Header.Del(name)
			} else {
				request.Header.Set(name, value)
			}
		}
	}
	answer, err := x.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	return &response{t: x.t, what: method + " " + path, status: answer.StatusCode, header: answer.Header, body: content}, nil
}

// api calls the Accounting API with a JSON value.
func (x *xero) api(method, path string, body any, headers ...header) *response {
	x.t.Helper()
	text := ""
	if body != nil {
		if s, ok := body.(string); ok {
			text = s
		} else {
			encoded, err := json.Marshal(body)
			if err != nil {
				x.t.Fatal(err)
			}
			text = string(encoded)
		}
	}
	return x.send(method, apiPrefix+path, text, headers...)
}

// control calls /_sim and decodes the answer into out, which may be nil.
func (x *xero) control(method, path string, body, out any) {
	x.t.Helper()
	text := ""
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			x.t.Fatal(err)
		}
		text = string(encoded)
	}
	r := x.send(method, "/_sim/"+path, text)
	r.want(http.StatusOK)
	if out != nil {
		if err := json.Unmarshal(r.body, out); err != nil {
			x.t.Fatalf("%s: %v in %s", r.what, err, r.body)
		}
	}
}

func (x *xero) faults(list ...map[string]any) {
	x.t.Helper()
	x.control("POST", "faults", list, nil)
}

func (x *xero) edit(endpoint, id string, set map[string]any) tree {
	x.t.Helper()
	var got tree
	x.control("POST", "edit", map[string]any{"endpoint": endpoint, "id": id, "set": set}, &got)
	return got
}

func (x *xero) documents(endpoint string) []tree {
	x.t.Helper()
	var list []tree
	x.control("GET", "documents/"+endpoint, nil, &list)
	return list
}

func (r *response) want(status int) *response {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: status %d, want %d\n%s", r.what, r.status, status, r.body)
	}
	return r
}

// tree is a decoded JSON object.
type tree map[string]any

func (r *response) tree() tree {
	r.t.Helper()
	var got tree
	decoder := json.NewDecoder(bytes.NewReader(r.body))
	decoder.UseNumber()
	if err := decoder.Decode(&got); err != nil {
		r.t.Fatalf("%s: %v in %s", r.what, err, r.body)
	}
	return got
}

// list is the named collection of an answer.
func (r *response) list(name string) []tree {
	r.t.Helper()
	return r.tree().list(name)
}

// one is the only member of the named collection.
func (r *response) one(name string) tree {
	r.t.Helper()
	list := r.list(name)
	if len(list) != 1 {
		r.t.Fatalf("%s: %d %s, want 1\n%s", r.what, len(list), name, r.body)
	}
	return list[0]
}

func (t tree) list(name string) []tree {
	var list []tree
	members, _ := t[name].([]any)
	for _, m := range members {
		if object, ok := m.(map[string]any); ok {
			list = append(list, object)
		}
	}
	return list
}

func (t tree) text(name string) string {
	if t[name] == nil {
		return ""
	}
	return fmt.Sprint(t[name])
}

// refusals are the messages of all validation errors of an answer.
func (r *response) refusals() []string {
	r.t.Helper()
	var texts []string
	var walk func(any)
	walk = func(node any) {
		switch v := node.(type) {
		case map[string]any:
			if errors, ok := v["ValidationErrors"].([]any); ok {
				for _, e := range errors {
					texts = append(texts, fmt.Sprint(e.(map[string]any)["Message"]))
				}
			}
			for _, child := range v {
				walk(child)
			}
		case []any:
			for _, child := range v {
				walk(child)
			}
		}
	}
	walk(map[string]any(r.tree()))
	return texts
}

// wantRefusal checks for a 400 with this message among its validation errors.
func (r *response) wantRefusal(message string) {
	r.t.Helper()
	r.want(http.StatusBadRequest)
	for _, text := range r.refusals() {
		if text == message {
			return
		}
	}
	r.t.Fatalf("%s: no %q among %q", r.what, message, r.refusals())
}

// customer creates a contact and returns its id.
func (x *xero) customer(name string) string {
	x.t.Helper()
	return x.api("PUT", "/Contacts", tree{"Name": name}).want(http.StatusOK).one("Contacts").text("ContactID")
}

// invoice is the smallest approved sales invoice, changed by set.
func invoice(contactID string, set tree) tree {
	body := tree{
		"Type": "ACCREC", "Contact": tree{"ContactID": contactID}, "Date": "2026-07-01", "DueDate": "2026-07-20", "Status": "AUTHORISED",
		"LineItems": []tree{{"Description": "Work", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200"}},
	}
	for name, value := range set {
		if value == nil {
			delete(body, name)
		} else {
			body[name] = value
		}
	}
	return body
}

func (x *xero) create(set tree) tree {
	x.t.Helper()
	var contact string
	if list := x.documents("Contacts"); len(list) > 0 {
		contact = list[0].text("ContactID")
	} else {
		contact = x.customer("ABC Limited")
	}
	return x.api("PUT", "/Invoices", invoice(contact, set)).want(http.StatusOK).one("Invoices")
}

// fixedNow is the time at which start sets its clock.
var fixedNow = time.Date(2026, 7, 15, 2, 0, 0, 0, time.UTC)
