package api

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestMalformedRequestsAreTheCallersFault sends what no client should: each
// gets an answer that says so, none is our failure, on either engine.
func TestMalformedRequestsAreTheCallersFault(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	bodies := []string{
		``, `{`, `}`, `[]`, `[{}]`, `null`, `"x"`, `5`, `true`, `{"name"}`, `{"name":}`, `{"name":"x"}}`, `{"name":"x"} trailing`, "\x00", "\xff\xfe", `name=x&b=y`,
		`{"name":null}`, `{"name":5}`, `{"name":[]}`, `{"name":{}}`, `{"name":"\u0000"}`, `{"name":"x","email":5}`, deep,
		`{"name":"` + strings.Repeat("x", 300) + `"}`, `{"name":"x","notes":"` + strings.Repeat("x", 20_000) + `"}`, `{"name":"x","pad":"` + strings.Repeat("x", 1<<20) + `"}`,
		`{"name":"x","payment_terms_day":1e400}`, `{"name":"x","payment_terms_day":99999999999999999999}`, `{"name":"x","payment_terms_day":2.5}`, `{"name":"x","client_type":["both"]}`,
	}
	projects := []string{
		`{"name":"x","budget":1e400}`, `{"name":"x","budget":"1e5"}`, `{"name":"x","budget":99999999999999999}`, `{"name":"x","budget":0.001}`, `{"name":"x","budget":{}}`, `{"name":"x","budget":"NaN"}`, `{"name":"x","budget":-0.01}`,
		`{"name":"x","start_date":"2026-02-30"}`, `{"name":"x","start_date":20260230}`, `{"name":"x","start_date":"0000-00-00"}`, `{"name":"x","start_date":{}}`,
		`{"name":"x","client_id":"x"}`, `{"name":"x","client_id":5}`, `{"name":"x","client_id":"{nowhere}"}`, `{"name":"x","client_id":"00000000-0000-0000-0000-000000000000"}`,
		`{"name":"x","cost_center_ids":"x"}`, `{"name":"x","cost_center_ids":[5]}`, `{"name":"x","cost_center_ids":[null]}`, `{"name":"x","cost_center_ids":[["a"]]}`, `{"name":"x","cost_center_ids":{}}`, `{"name":"x","status":"' or 1=1 --"}`,
	}
	sheets := []string{
		goodWork + `,"hours":1e9}`, goodWork + `,"hours":"NaN"}`, goodWork + `,"hours":"1,5"}`, goodWork + `,"hours":-1}`, goodWork + `,"hours":[]}`, goodWork + `,"hours":1e-9}`, goodWork + `,"hours":99999999999999999999}`,
		goodWork + `,"date":"2026-05-04T25:00"}x`, goodWork + `,"date":"9999-12-31"}`, goodWork + `,"date":""}`, goodWork + `,"project_id":{}}`, goodWork + `,"project_id":"{client}"}`, goodWork + `,"activity_type_id":"'"}`,
		goodWork + `,"client_id":"{project}"}`, goodWork + `,"user_id":"{client}"}`, goodWork + `,"user_id":5}`, goodWork + `,"image_urls":5}`, goodWork + `,"image_urls":["../../etc/passwd"]}`, goodWork + `,"image_urls":[5]}`,
		goodWork + `,"notes":{"a":1}}`, goodWork + `,"notes":"\u0000"}`, goodWork + `,"location":"` + strings.Repeat("x", 256) + `"}`, goodWork + `,"client_request_id":"` + strings.Repeat("x", 256) + `"}`, goodWork + `,"client_request_id":"é"}`,
	}
	queries := []string{
		"clients?page=x", "clients?limit=1.5", "clients?sort=name%3Bdrop", "clients?order=up", "clients?search=%00", "clients?search=%ff", "clients?page=99999999999999999999", "clients?status=b", "clients?client_type=%27",
		"projects?client_id=x", "projects?status=x", "timesheets?date_from=x", "timesheets?date_to=2026-13-01", "timesheets?user_id=1", "timesheets?billing_status=free", "settings/logs/activity?user_id=x", "settings/logs/activity?limit=x",
		"clients/x", "clients/%00", "clients/..%2f..", "projects/x/financials", "timesheets/{client}", "cost-centers/x", "activity-types/%ff", "timesheets/{nowhere}",
	}
	harmless := []string{
		"clients?page=0", "clients?page=-5&limit=-5", "clients?limit=100000", "clients?page=9000000", "clients?search=" + strings.Repeat("a+", 500), "clients?search=%25%5f%5c", "clients?x=%zz", "settings/logs/activity?offset=-1&limit=-1", "clients?page=undefined&search=null&status=",
	}
	both(t, func(t *testing.T, f *firm) {
		sent := 0
		check := func(w *httptest.ResponseRecorder, what string) {
			sent++
			if w.Code < 400 || w.Code >= 500 {
				t.Errorf("%.200s: %d %.300s", what, w.Code, w.Body)
			}
			if w.Header().Get("Content-Type") != "application/problem+json" || !bytes.Contains(w.Body.Bytes(), []byte(`"error":"`)) {
				t.Errorf("%.200s: not the form of an error: %.300s", what, w.Body)
			}
		}
		for _, c := range []struct {
			path   string
			bodies []string
		}{{"clients", bodies}, {"projects", projects}, {"timesheets", sheets}, {"auth/login", bodies}} {
			for _, body := range c.bodies {
				check(f.ask("admin", "POST", "/api/"+c.path, body), "POST "+c.path+" "+body)
			}
		}
		for _, body := range bodies {
			if !strings.Contains(body, `"notes"`) && !strings.Contains(body, `"payment`) && !strings.Contains(body, `"client_type"`) {
				check(f.ask("admin", "PUT", "/api/settings/timezone", body), "PUT setting "+body)
			}
			check(f.ask("admin", "PUT", "/api/auth/change-password", body), "PUT password "+body)
		}
		for _, query := range queries {
			if strings.HasPrefix(query, "clients?status=b") {
				query = "clients?status=b"
			}
			check(f.ask("admin", "GET", "/api/"+query, ""), "GET "+query)
		}
		for _, contentType := range []string{"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "multipart/mixed; boundary=x", "text/plain", "application/x-www-form-urlencoded", "nonsense//"} {
			check(f.ask("admin", "POST", "/api/timesheets", "--x\r\ngarbage", "Content-Type", contentType), contentType)
		}
		for _, header := range []string{"Bearer", "Bearer ", "Bearer a.b.c", "bearer \x00", "Token x", strings.Repeat("x", 5000)} {
			check(f.ask("", "GET", "/api/clients", "", "Authorization", header), "Authorization "+header)
		}
		for _, key := range []string{strings.Repeat("k", 256), "k\n", "é"} {
			check(f.ask("admin", "POST", "/api/clients", `{"name":"x"}`, "Idempotency-Key", key), "Idempotency-Key "+key)
		}
		if sent < 100 {
			t.Errorf("only %d requests were sent", sent)
		}
		for _, query := range harmless {
			if w := f.ask("admin", "GET", "/api/"+query, ""); w.Code != 200 {
				t.Errorf("GET %s: %d %s", query, w.Code, w.Body)
			}
		}
		if w := f.ask("", "POST", "/api/auth/login", `{"email":"tech@firm.nz","password":"`+password+`"}`, "User-Agent", "\xff\xfe"+strings.Repeat("x", 5000)); w.Code != 200 {
			t.Errorf("a strange browser: %d %s", w.Code, w.Body)
		}
	})
}
