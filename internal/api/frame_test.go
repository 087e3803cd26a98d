package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

func prefixes(list ...string) (all []netip.Prefix) {
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

func TestEveryAnswerBearsItsHeaders(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	for _, path := range []string{"/", "/api/health", "/api/nothing", "/assets/app-1a.js", "/api/clients"} {
		h := f.ask("", "GET", path, "").Header()
		for name, part := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "X-Request-Id": "",
			"Content-Security-Policy": "script-src 'self';",
		} {
			if got := h.Get(name); got == "" || !strings.Contains(got, part) {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
	w := f.ask("tech", "GET", "/api/nothing?code=secret-code", "", "X-Request-ID", "my-id_1.2")
	if w.Header().Get("X-Request-ID") != "my-id_1.2" || !strings.Contains(w.Body.String(), `"requestId":"my-id_1.2"`) || w.Code != 404 {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	log := f.log.String()
	if !strings.Contains(log, "request_id=my-id_1.2") || strings.Contains(log, "secret-code") {
		t.Errorf("the log: %s", log)
	}
	if id := f.ask("", "GET", "/", "", "X-Request-ID", "bad id\"").Header().Get("X-Request-ID"); strings.Contains(id, "bad") || id == "" {
		t.Errorf("a harmful id came back as %q", id)
	}
}

func TestTheWebApp(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	for _, c := range []struct {
		path   string
		status int
		part   string
		cache  string
	}{
		{"/", 200, "<title>app</title>", "no-cache"},
		{"/index.html", 200, "<title>app</title>", "no-cache"},
		{"/invoices/123?tab=a", 200, "<title>app</title>", "no-cache"},
		{"/favicon.svg", 200, "<svg/>", "no-cache"},
		{"/assets/app-1a.js", 200, "console.log", "public, max-age=31536000, immutable"},
		{"/assets/app-old.js", 404, "File not found", "no-store"},
		{"/assets/", 404, "File not found", "no-store"},
	} {
		w := f.ask("", "GET", c.path, "")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.part) || w.Header().Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d %q %s", c.path, w.Code, w.Header().Get("Cache-Control"), w.Body)
		}
	}
	if w := f.ask("", "POST", "/invoices", "x"); w.Code != 404 {
		t.Errorf("a POST to the app: %d", w.Code)
	}
	if w := f.ask("", "GET", "/assets/app-1a.js", ""); !strings.Contains(w.Header().Get("Content-Type"), "javascript") {
		t.Errorf("a script is %s", w.Header().Get("Content-Type"))
	}
	none := newFirm(t, store.SQLite, func(c *Config) { c.Web = nil })
	if w := none.ask("", "GET", "/", ""); w.Code != 404 {
		t.Errorf("without an app: %d", w.Code)
	}
}

func TestOtherWebsitesCannotChangeAnything(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site"}, 403},
		{[]string{"Origin", "https://evil.example"}, 403},
		{[]string{"Origin", "http://firm.test.evil.example"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site", "Origin", "http://firm.test"}, 201},
		{[]string{"Sec-Fetch-Site", "same-origin"}, 201},
		{nil, 201},
	} {
		if w := f.ask("manager", "POST", "/api/clients", `{"name":"x"}`, c.headers...); w.Code != c.status {
			t.Errorf("%v: %d %s", c.headers, w.Code, w.Body)
		}
	}
	if w := f.ask("manager", "GET", "/api/clients", "", "Sec-Fetch-Site", "cross-site"); w.Code != 200 {
		t.Errorf("reading by a link from elsewhere: %d", w.Code)
	}
}

func TestWhatGoesWrongOnOurSideIsLoggedAndNotShown(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	for name, endpoint := range map[string]endpoint{
		"error": plain(func(http.ResponseWriter, *request) error { return errors.New("the password is hunter2") }),
		"panic": plain(func(http.ResponseWriter, *request) error { panic("the password is hunter2") }),
	} {
		handler := f.api.frame(f.api.serve(route{method: "GET", path: "/", access: anybody, endpoint: endpoint}))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
		if w.Code != 500 || strings.Contains(w.Body.String(), "hunter2") || !strings.Contains(w.Body.String(), `"code":"INTERNAL_ERROR"`) || !strings.Contains(w.Body.String(), w.Header().Get("X-Request-ID")) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if !strings.Contains(f.log.String(), w.Header().Get("X-Request-ID")) || !strings.Contains(f.log.String(), "hunter2") {
			t.Errorf("%s: the log does not say what went wrong", name)
		}
	}
	slow := plain(func(_ http.ResponseWriter, _ *request) error { return context.DeadlineExceeded })
	w := httptest.NewRecorder()
	f.api.serve(route{access: anybody, endpoint: slow}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	if w.Code != 503 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("too slow: %d %v", w.Code, w.Header())
	}
}

func TestEachKindOfRefusalHasItsStatus(t *testing.T) {
	t.Parallel()
	for kind, status := range map[fieldops.ErrorKind]int{
		fieldops.Invalid: 400, fieldops.Unauthenticated: 401, fieldops.Forbidden: 403, fieldops.NotFound: 404, fieldops.Conflict: 409,
		fieldops.Stale: 412, fieldops.TooLarge: 413, fieldops.TooMany: 429, fieldops.Unavailable: 503,
	} {
		refusal := fieldops.Refuse(kind, "no")
		refusal.Details = map[string]any{"status": 7, "conflicts": []string{"a"}}
		p, details, _ := problemOf(refusal, "r")
		body := string(p.body(details))
		if p.Status != status || !strings.Contains(body, `"conflicts":["a"]`) || strings.Contains(body, `"status":7`) || !strings.Contains(body, `"error":"no"`) {
			t.Errorf("%s: %d %s", kind, p.Status, body)
		}
	}
}

func TestARepeatedPOSTIsDoneOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		send := func(who, key, body string) *httptest.ResponseRecorder {
			return f.ask(who, "POST", "/api/clients", body, "Idempotency-Key", key)
		}
		count := func() int {
			t.Helper()
			_, listing, err := f.db.Clients(t.Context(), store.ClientFilter{Search: "repeated", Page: store.Page{Number: 1, Size: 1}})
			if err != nil {
				t.Fatal(err)
			}
			return listing.Total
		}
		first, second := send("manager", "k1", `{"name":"Repeated"}`), send("manager", "k1", `{"name":"Repeated"}`)
		if first.Code != 201 || second.Code != 201 || first.Body.String() != second.Body.String() || second.Header().Get("Idempotency-Replayed") != "true" || count() != 1 {
			t.Errorf("first %d %s\nsecond %d %s", first.Code, first.Body, second.Code, second.Body)
		}
		if w := send("manager", "k1", `{"name":"Other"}`); w.Code != 409 || !strings.Contains(w.Body.String(), "used with another request") {
			t.Errorf("another body: %d %s", w.Code, w.Body)
		}
		if w := send("admin", "k1", `{"name":"Repeated"}`); w.Code != 201 || count() != 2 {
			t.Errorf("another person's key: %d %s", w.Code, w.Body)
		}
		refused, again := send("manager", "k2", `{"name":""}`), send("manager", "k2", `{"name":""}`)
		if refused.Code != 400 || again.Code != 400 || !strings.Contains(again.Body.String(), `"field":"name"`) || again.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("a refusal: %d, then %d %s", refused.Code, again.Code, again.Body)
		}
		if w := send("manager", "bad\x01key", `{"name":"x"}`); w.Code != 400 {
			t.Errorf("a key that is none: %d", w.Code)
		}

		const n = 20
		var done, busy, wrong atomic.Int32
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				switch w := send("manager", "race", `{"name":"Repeated in a race"}`); {
				case w.Code == 201:
					done.Add(1)
				case w.Code == 409 && w.Header().Get("Retry-After") == "1":
					busy.Add(1)
				default:
					wrong.Add(1)
					t.Errorf("in the race: %d %s", w.Code, w.Body)
				}
			})
		}
		all.Wait()
		if done.Load() < 1 || count() != 3 {
			t.Errorf("%d done, %d busy, %d clients", done.Load(), busy.Load(), count())
		}
	})
}

func TestAFailureOnOurSideFreesTheKey(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	outcomes := []func() error{
		func() error { return errors.New("the disk is full") },
		func() error { panic("a bug") },
		func() error { return nil },
		func() error { return errors.New("must not run again") },
	}
	run := 0
	handler := f.api.frame(f.api.serve(route{method: "POST", path: "/x", access: signedIn, flags: repeatable | created, endpoint: plain(func(w http.ResponseWriter, r *request) error {
		run++
		if err := outcomes[run-1](); err != nil {
			return err
		}
		return writeJSON(w, r.Status, message{"done"})
	})}))
	send := func() *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/x", strings.NewReader("{}"))
		r.Header.Set("Authorization", "Bearer "+f.tokens["tech"])
		r.Header.Set("Idempotency-Key", "k")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	for i, want := range []int{500, 500, 201, 201, 201} {
		if w := send(); w.Code != want {
			t.Errorf("request %d: %d %s, want %d", i+1, w.Code, w.Body, want)
		}
	}
	if run != 3 {
		t.Errorf("it ran %d times", run)
	}
}

// A process may die between taking a key and answering. Where work and answer
// are one transaction, a key without an answer proves that nothing was done.
func TestAKeyOfADeadProcess(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	die := func(path, key, hash string) {
		f.write(func(ctx context.Context, tx *store.Tx) error {
			tx.Now = fieldops.At(time.Now().Add(-10 * time.Minute))
			_, err := tx.BeginRequest(ctx, &store.RequestKey{User: f.people["manager"], Route: "POST " + path, Key: key, Hash: hash})
			return err
		})
	}
	const body = `{"name":"Phoenix"}`
	hash := "9e2a" // of another request
	die("/api/clients", "k1", hash)
	if w := f.ask("manager", "POST", "/api/clients", body, "Idempotency-Key", "k1"); w.Code != 409 || !strings.Contains(w.Body.String(), "another request") {
		t.Errorf("another request: %d %s", w.Code, w.Body)
	}
	hash = sha256Hex(body)
	die("/api/clients", "k2", hash)
	if w := f.ask("manager", "POST", "/api/clients", body, "Idempotency-Key", "k2"); w.Code != 201 {
		t.Errorf("where work and answer are one: %d %s", w.Code, w.Body)
	}
	die("/x", "k3", hash)
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/x", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+f.tokens["manager"])
	r.Header.Set("Idempotency-Key", "k3")
	w := httptest.NewRecorder()
	f.api.frame(f.api.serve(route{method: "POST", path: "/x", access: signedIn, flags: repeatable, endpoint: plain(func(http.ResponseWriter, *request) error {
		t.Error("it ran again")
		return nil
	})})).ServeHTTP(w, r)
	if w.Code != 409 || !strings.Contains(w.Body.String(), "cut off") {
		t.Errorf("where they are not: %d %s", w.Code, w.Body)
	}
}
