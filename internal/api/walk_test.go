package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listRoutes are the GET routes that take a limit, from the OpenAPI document.
func listRoutes(t *testing.T) []string {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name string } `json:"parameters"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(OpenAPI(), &document); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for path, methods := range document.Paths {
		for _, parameter := range methods["get"].Parameters {
			if parameter.Name == "limit" {
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths)
	return paths
}

// partOf are the rows of a list's answer, and where the next page is; "" when this
// was the last one.
func partOf(t *testing.T, w http.Header, body []byte, path string, byKey bool) (rows []string, next string) {
	t.Helper()
	var list []json.RawMessage
	if json.Unmarshal(body, &list) != nil {
		var page struct {
			Data, Clients, Logs []json.RawMessage
			Pagination          *struct {
				Page    int
				HasNext bool    `json:"hasNext"`
				NextKey *string `json:"next_key"`
			}
		}
		if err := json.Unmarshal(body, &page); err != nil || page.Pagination == nil && page.Logs == nil {
			t.Fatalf("%s is no list: %s", path, body)
		}
		list = slices.Concat(page.Data, page.Clients, page.Logs)
		if page.Pagination != nil && page.Pagination.HasNext {
			u, err := url.Parse(path)
			if err != nil {
				t.Fatal(err)
			}
			query := u.Query()
			if byKey && page.Pagination.NextKey != nil {
				query.Set("after", *page.Pagination.NextKey)
			} else {
				query.Set("page", strconv.Itoa(page.Pagination.Page+1))
			}
			next = u.Path + "?" + query.Encode()
		}
	}
	if _, rest, found := strings.Cut(w.Get("Link"), "<"); found {
		target, err := url.Parse(rest[:strings.Index(rest, ">")])
		if err != nil {
			t.Fatal(err)
		}
		next = target.RequestURI()
	}
	for _, row := range list {
		rows = append(rows, string(row))
	}
	return rows, next
}

// TestEveryListCanBeGoneThrough reads every list there is in small parts, by page,
// by key and by link: each row comes once, in the order of the whole list.
func TestEveryListCanBeGoneThrough(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		all := f.dependents(f.vars["client"])
		for n := range 5 {
			f.play([]scenario{
				{who: "admin", ask: "POST /api/xero/items", body: fmt.Sprintf(`{"code":"I-%d","name":"Item %d"}`, n, n), status: 201, save: "item"},
				{who: "admin", ask: "POST /api/tokens", body: fmt.Sprintf(`{"name":"Token %d","scopes":["can_view_clients"]}`, n), status: 201},
				{who: "admin", ask: "POST /api/xero/bank-transactions", body: fmt.Sprintf(`{"date":"2026-05-1%d","type":"RECEIVE","amount":"%d","description":"Deposit"}`, n, n+1), status: 201},
				{who: "admin", ask: "POST /api/clients", body: fmt.Sprintf(`{"name":"Gone %d"}`, n), status: 201, save: "gone"},
				{who: "admin", ask: "DELETE /api/clients/{gone}", status: 200},
			})
			f.play([]scenario{
				{who: "admin", ask: "POST /api/safety-documents", body: fmt.Sprintf(`{"project_id":"{project}","document_type":"jsa","title":"Analysis %d","data":`, n) + fullJSA + `,"signature":` + signature + `,"status":"completed"}`, status: 201, save: "safety"},
				{who: "admin", ask: "POST /api/safety-documents/{safety}/reopen", status: 200},
				{who: "manager", ask: "POST /api/safety-documents/{safety}/complete", body: `{"signature":` + signature + `}`, status: 200},
				{who: "admin", ask: "POST /api/safety-documents/{safety}/approve", status: 200},
			})
			for level := range 3 {
				f.play([]scenario{{who: "admin", ask: "PUT /api/xero/items/{item}/stock", body: fmt.Sprintf(`{"stock_level":"%d"}`, level+n+1), status: 200}})
			}
		}
		ids := map[string]string{
			"/api/clients/": f.vars["client"], "/api/projects/": all["project"][0], "/api/xero/items/": f.vars["item"], "/api/users/": f.people["tech"],
			"/api/xero/purchase-orders/project/": all["project"][0], "/api/xero/purchase-orders/cost-center/": f.vars["center"], "/api/timesheets/": all["timesheet"][0],
			"/api/xero/invoices/": all["invoice"][0], "/api/files/timesheet-images/": all["project"][0],
			"/api/document-scan/": all["document_scan"][0], "/api/xero/bills/": all["bill"][0], "/api/xero/expenses/": all["expense"][0],
			"/api/safety-documents/": f.vars["safety"],
		}
		several := 0
		for _, path := range listRoutes(t) {
			longest := ""
			for prefix := range ids {
				if strings.HasPrefix(path, prefix) && len(prefix) > len(longest) {
					longest = prefix
				}
			}
			if path == "/api/search" || strings.HasPrefix(path, "/api/dashboard/") {
				continue // their limit is how much is shown
			}
			path = pathParameter.ReplaceAllString(path, ids[longest])
			read := func(first string, byKey bool) (rows []string, parts int) {
				for next := first; next != ""; parts++ {
					w := f.ask("admin", "GET", next, "")
					if w.Code != http.StatusOK || parts > 200 {
						t.Fatalf("%s, part %d: %d %s", next, parts, w.Code, w.Body)
					}
					var part []string
					part, next = partOf(t, w.Header(), w.Body.Bytes(), next, byKey)
					rows = append(rows, part...)
				}
				return rows, parts
			}
			of := ""
			if path == "/api/xero/sync-logs" {
				of = "&entity_type=invoice&entity_id=" + all["invoice"][0]
			}
			whole, _ := read(path+"?limit=100"+of, false)
			if len(whole) > 3 {
				several++
			}
			for _, byKey := range []bool{false, true} {
				rows, parts := read(path+"?limit=3"+of, byKey)
				if diff := cmp.Diff(whole, rows); diff != "" {
					t.Errorf("%s by key %v (-whole +in %d parts):\n%s", path, byKey, parts, diff)
				}
				if want := (len(whole) + 2) / 3; parts < want || parts > want+1 {
					t.Errorf("%s: %d rows came in %d parts", path, len(whole), parts)
				}
			}
		}
		if several < 15 {
			t.Errorf("only %d lists had more than one page", several)
		}
	})
}

// TestOfManyEditsOfOneVersionOneStands has eight people change each kind of record
// from the version that all of them have seen.
func TestOfManyEditsOfOneVersionOneStands(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		all := f.dependents(f.vars["client"])
		f.play([]scenario{
			{who: "admin", ask: "POST /api/xero/items", body: `{"code":"I-1","name":"Item"}`, status: 201, save: "item"},
			{who: "admin", ask: "POST /api/permissions", body: `{"key":"can_drive","label":"Drive"}`, status: 201, save: "permission"},
			{who: "admin", ask: manual, body: `{"client_id":"{client}","line_items":[{"description":"Heat pump","amount":100}]}`, status: 202, save: "plain"},
		})
		f.vars["bill"] = answer[struct{ ID string }](t, f.ask("admin", "POST", "/api/xero/bills", `{"supplier_id":"{client}","date":"2026-11-03","line_items":[{"description":"Cable","quantity":1,"unit_amount":5}]}`), http.StatusCreated).ID
		edits := map[string]string{
			"/api/clients/{client}": `{"name":"Client %d"}`, "/api/projects/" + all["project"][0]: `{"name":"Project %d"}`, "/api/cost-centers/{center}": `{"name":"Centre %d"}`,
			"/api/activity-types/{activity}": `{"name":"Activity %d"}`, "/api/timesheets/" + all["timesheet"][1]: `{"project_id":"` + all["project"][0] + `","notes":"Note %d"}`,
			"/api/users/{other}": `{"name":"Person %d"}`, "/api/permissions/{permission}": `{"label":"Drive %d"}`, "/api/xero/items/{item}": `{"name":"Item %d"}`,
			"/api/xero/invoices/{plain}": `{"reference":"Reference %d"}`, "/api/xero/purchase-orders/" + all["purchase_order"][0]: `{"notes":"Note %d"}`,
			"/api/xero/bills/{bill}": `{"reference":"Note %d"}`, "/api/xero/quotes/" + all["quote"][0]: `{"title":"Title %d"}`, "/api/xero/expenses/" + all["expense"][0]: `{"description":"Parking %d"}`,
			"/api/files/" + all["project_file"][0]:          `{"file_name":"Plan %d.pdf"}`,
			"/api/document-scan/" + all["document_scan"][0]: `{"document_number":"Number %d"}`,
		}
		for path, body := range edits {
			w := f.ask("admin", "GET", path, "")
			tag := w.Header().Get("ETag")
			if w.Code != http.StatusOK || tag == "" {
				t.Errorf("%s: %d, ETag %q", path, w.Code, tag)
				continue
			}
			const people = 8
			codes := make([]int, people)
			var together sync.WaitGroup
			for n := range people {
				together.Go(func() { codes[n] = f.ask("admin", "PUT", path, fmt.Sprintf(body, n), "If-Match", tag).Code })
			}
			together.Wait()
			stood := 0
			for _, code := range codes {
				switch code {
				case http.StatusOK, http.StatusAccepted:
					stood++
				case http.StatusPreconditionFailed:
				default:
					t.Errorf("%s: an edit was answered with %d", path, code)
				}
			}
			if stood != 1 {
				t.Errorf("%s: %d of %d edits of one version stand: %v", path, stood, people, codes)
			}
			if after := f.ask("admin", "GET", path, "").Header().Get("ETag"); after == tag {
				t.Errorf("%s: the ETag is what it was", path)
			}
		}
	})
}

// TestABrokenDatabaseIsOurFault takes away what the records are read from: every
// route that reads them says that it is our fault, and nothing of ours.
func TestABrokenDatabaseIsOurFault(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		tables := []string{"timesheets", "xero_invoices", "xero_purchase_orders", "xero_quotes", "xero_bills", "xero_expenses", "xero_payments", "xero_credit_notes", "projects", "clients", "audit_entries", "notifications", "mails", "deletions", "cost_centers", "activity_types", "xero_items", "bank_transactions", "sync_documents"}
		for _, table := range tables {
			column := "created_at"
			switch table {
			case "sync_documents":
				column = "revision"
			}
			f.sql("alter table " + table + " rename column " + column + " to no_longer_there")
		}
		broken := 0
		fill := strings.NewReplacer("{path...}", "timesheets/2026/x.jpg", "{index}", "0", "{key}", "company_name", "{picture}", "logo", "{kind}", "client")
		for _, route := range f.api.routes() {
			if route.method != http.MethodGet || route.path == "/api/events" {
				continue
			}
			path := pathParameter.ReplaceAllString(fill.Replace(route.path), f.vars["client"])
			w := f.ask("admin", "GET", path, "")
			if w.Code == http.StatusInternalServerError {
				broken++
				if body := w.Body.String(); !strings.Contains(body, `"requestId"`) || strings.Contains(body, "no_longer_there") || strings.Contains(strings.ToLower(body), "column") {
					t.Errorf("%s says %s", path, body)
				}
			} else if w.Code > http.StatusInternalServerError {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		if broken < 40 {
			t.Errorf("only %d routes met the broken database", broken)
		}
		if log := f.log.String(); strings.Contains(log, "panic") {
			t.Errorf("there was a panic: %s", lastLines(log))
		}
	})
}
