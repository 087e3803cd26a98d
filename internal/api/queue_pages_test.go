package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestTheEnginesPagesAreForAdminsInPerson asks for everything that the queue
// engine's pages ask for, as everybody.
func TestTheEnginesPagesAreForAdminsInPerson(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{{who: "manager", ask: manual, body: `{"client_id":"{client}","line_items":[{"description":"Heat pump","amount":100}]}`, status: 202}})
		token := answer[struct{ Token string }](t, f.ask("admin", "POST", "/api/tokens", `{"name":"program","scopes":["can_sync_xero","can_manage_settings","can_create_invoices"]}`), http.StatusCreated)
		f.tokens["program"] = token.Token
		type jobs struct {
			Data []struct {
				ID    json.Number
				State string
			}
		}
		list := func() jobs {
			return answer[jobs](t, f.ask("admin", "GET", queuePagesAt+"/api/jobs?state=available&limit=20", ""), http.StatusOK)
		}
		waiting := list()
		if len(waiting.Data) == 0 || waiting.Data[0].State != "available" {
			t.Fatalf("no job is shown: %+v", waiting)
		}
		id := waiting.Data[0].ID.String()
		body := `{"ids":["` + id + `"]}`
		for _, request := range []struct{ method, path, body string }{
			{"GET", "/", ""},
			{"GET", "/jobs", ""},
			{"GET", "/api/jobs", ""},
			{"GET", "/api/states", ""},
			{"GET", "/api/queues", ""},
			{"GET", "/api/features", ""},
			{"GET", "/api/autocomplete?facet=job_kind", ""},
			{"GET", "/api/jobs/" + id, ""},
			{"GET", "/robots.txt", ""},
			{"POST", "/api/jobs/cancel", body},
			{"POST", "/api/jobs/delete", body},
			{"POST", "/api/jobs/retry", body},
			{"PUT", "/api/queues/xero-sync/pause", ""},
			{"PUT", "/api/queues/xero-sync/resume", ""},
			{"PATCH", "/api/queues/xero-sync", `{}`},
		} {
			f.tokens["forged"] = f.tokens["admin"] + "x"
			for who, status := range map[string]int{"": 401, "forged": 401, "tech": 403, "manager": 403, "program": 403} {
				if w := f.ask(who, request.method, queuePagesAt+request.path, request.body); w.Code != status {
					t.Errorf("%s %s answers %q with %d %s", request.method, request.path, who, w.Code, w.Body)
				}
			}
			if request.method == "GET" {
				if w := f.ask("admin", request.method, queuePagesAt+request.path, ""); w.Code != 200 || w.Header().Get("Content-Security-Policy") != queuePagesPolicy {
					t.Errorf("%s %s answers an admin with %d %s", request.method, request.path, w.Code, w.Body)
				}
				continue
			}
			for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
				if w := f.ask("admin", request.method, queuePagesAt+request.path, request.body, from...); w.Code != 403 {
					t.Errorf("%s %s from another website: %d %s", request.method, request.path, w.Code, w.Body)
				}
			}
		}
		if after := list(); len(after.Data) != len(waiting.Data) {
			t.Errorf("somebody who may not has changed the jobs: %+v", after)
		}
		for _, done := range []struct{ path, state string }{{"cancel", "cancelled"}, {"retry", "available"}} {
			if w := f.ask("admin", "POST", queuePagesAt+"/api/jobs/"+done.path, body, "Sec-Fetch-Site", "same-origin"); w.Code != 200 {
				t.Fatalf("%s: %d %s", done.path, w.Code, w.Body)
			}
			if w := f.ask("admin", "GET", queuePagesAt+"/api/jobs/"+id, ""); !strings.Contains(w.Body.String(), `"state":"`+done.state+`"`) {
				t.Errorf("after %s: %s", done.path, w.Body)
			}
			entries := answer[auditAnswer](t, f.ask("admin", "GET", "/api/settings/logs/activity?action=queue", ""), http.StatusOK).Logs
			if said := string(entries[0].Details); entries[0].Actor != "admin" || !strings.Contains(said, "POST /api/jobs/"+done.path) || !strings.Contains(said, id) {
				t.Errorf("of %s the audit trail says %+v %s", done.path, entries[0], said)
			}
		}
		if w := f.ask("admin", "POST", queuePagesAt+"/api/jobs/retry", strings.Repeat(" ", 65<<10)); w.Code != 413 {
			t.Errorf("too much: %d", w.Code)
		}
		if w := f.ask("admin", "POST", queuePagesAt+"/api/jobs/retry", `{"ids":`); w.Code != 400 {
			t.Errorf("half a request: %d %s", w.Code, w.Body)
		}
	})
}

// TestTheEnginesPagesNeedNoMoreThanTheirPolicyAllows holds their page against the
// policy: no script stands in it but data, and all it loads is its own.
func TestTheEnginesPagesNeedNoMoreThanTheirPolicyAllows(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		page := f.ask("admin", "GET", queuePagesAt+"/", "").Body.String()
		for _, script := range regexp.MustCompile(`<script[^>]*>`).FindAllString(page, -1) {
			if !strings.Contains(script, `type="application/json"`) && !strings.Contains(script, `src="`+queuePagesAt+`/assets/`) {
				t.Errorf("a script that the policy refuses: %s", script)
			}
		}
		loaded := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page, -1)
		if len(loaded) < 4 {
			t.Errorf("the page loads %d files: %s", len(loaded), page)
		}
		for _, file := range loaded {
			w := f.ask("admin", "GET", file[1], "")
			if w.Code != 200 || !strings.HasPrefix(file[1], queuePagesAt+"/") {
				t.Errorf("%s: %d", file[1], w.Code)
			}
			immutable := strings.Contains(w.Header().Get("Cache-Control"), "immutable")
			if want := strings.Contains(file[1], "/assets/"); immutable != want {
				t.Errorf("%s may be kept: %s", file[1], strconv.FormatBool(immutable))
			}
		}
		if w := f.ask("admin", "GET", queuePagesAt, ""); w.Code/100 != 3 || w.Header().Get("Location") != queuePagesAt+"/" {
			t.Errorf("without a slash: %d %s", w.Code, w.Header().Get("Location"))
		}
		if policy := f.ask("admin", "GET", "/", "").Header().Get("Content-Security-Policy"); policy != contentSecurityPolicy {
			t.Errorf("the app's own policy is %s", policy)
		}
	})
}
