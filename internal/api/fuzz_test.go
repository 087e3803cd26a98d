package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// exampleBodies are the example of every route's body in the OpenAPI document, by
// "POST /api/things".
func exampleBodies(t testing.TB) map[string]string {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct {
					Example json.RawMessage `json:"example"`
				} `json:"content"`
			} `json:"requestBody"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(OpenAPI(), &document); err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{}
	for path, methods := range document.Paths {
		for method, op := range methods {
			if example := op.RequestBody.Content["application/json"].Example; len(example) > 0 {
				bodies[strings.ToUpper(method)+" "+path] = string(example)
			}
		}
	}
	return bodies
}

// knownIDs are ids that a path or a body may name: of each kind of record, of
// nothing, and none at all.
func (f *firm) knownIDs() []string {
	return []string{f.vars["client"], f.vars["project"], f.vars["center"], f.vars["activity"], f.vars["tech"], f.vars["nowhere"], "x", fieldops.NilID}
}

// FuzzEveryRoute sends anything to any route as an admin: whatever it is, the
// answer is never that something went wrong on our side.
//
//	go test -run xxx -fuzz FuzzEveryRoute -fuzztime 5m ./internal/api
func FuzzEveryRoute(f *testing.F) {
	here := newFirm(f, store.SQLite)
	routes := here.api.routes()
	bodies := exampleBodies(f)
	f.Add(0, uint8(0), "", []byte(nil), uint8(0))
	for i, route := range routes {
		example := bodies[route.method+" "+strings.ReplaceAll(route.path, "...}", "}")]
		f.Add(i, uint8(i%8), "limit=2&search=a&date_from=2026-01-01", []byte(example), uint8(0))
		f.Add(i, uint8(0), "page=x&cursor=%00&after=x&format=csv", []byte(strings.ReplaceAll(example, `"01978f3a-5c1e-7b4a-9d2e-3f6a8b1c4d5e"`, `"`+here.vars["client"]+`"`)), uint8(i))
	}
	contentTypes := []string{"application/json", "multipart/form-data; boundary=x", "text/csv", "", "text/plain"}
	f.Fuzz(func(t *testing.T, at int, id uint8, query string, body []byte, contentType uint8) {
		route := routes[uint(at)%uint(len(routes))]
		switch route.path {
		case "/api/events": // never ends
			return
		case "/api/auth/logout", "/api/auth/change-password", "/api/auth/sessions": // would lock the test out
			return
		}
		ids := here.knownIDs()
		path := pathParameter.ReplaceAllStringFunc(strings.ReplaceAll(route.path, "{path...}", "a/b.jpg"), func(string) string {
			id++
			return url.PathEscape(ids[int(id)%len(ids)])
		})
		r, err := http.NewRequestWithContext(t.Context(), route.method, "http://firm.test"+path, strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err) // the path is made of escaped parts
		}
		r.URL.RawQuery = query
		r.RemoteAddr = "192.0.2.1:1234"
		r.Header.Set("Authorization", "Bearer "+here.tokens["admin"])
		if c := contentTypes[int(contentType)%len(contentTypes)]; c != "" {
			r.Header.Set("Content-Type", c)
		}
		w := httptest.NewRecorder()
		here.handler.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError && w.Code != http.StatusServiceUnavailable || w.Code == 0 {
			t.Fatalf("%s %s?%s: %d %s\n%.500s\n%s", route.method, path, query, w.Code, w.Body, body, lastLines(here.log.String()))
		}
	})
}

func lastLines(log string) string {
	return log[max(0, len(log)-2000):]
}
