package api

import (
	"net/http"
	"strings"
	"testing"

	"ampedfieldops/internal/store"
)

func TestImportsAreWholeOrNothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		send := func(who, kind, file string, headers ...string) (int, string) {
			w := f.ask(who, "POST", "/api/import/"+kind, file, append([]string{"Content-Type", "text/csv"}, headers...)...)
			return w.Code, w.Body.String()
		}
		count := func(path string) int {
			t.Helper()
			return answer[paged[struct{}]](t, f.ask("manager", "GET", path, ""), http.StatusOK).Pagination.Total
		}
		const good = "\ufeffName,Email,payment_terms_day,notes\r\nMānuka Ltd,office@manuka.nz,15,\"two\nlines\"\r\n\r\nOhm & Co,,,'=not a formula\r\n"
		const bad = "name,email,client_type\nRight Ltd,,\nWrong Ltd,no address,friend\nKōwhai Café,,\n,x@y.nz,\n"
		for _, c := range []struct {
			who, kind, file string
			status          int
			parts           []string
		}{
			{"tech", "clients", good, 403, []string{"Permission denied"}},
			{"manager", "vehicles", good, 404, []string{"Only clients, projects and timesheets"}},
			{"manager", "clients", "", 400, []string{"The file is empty"}},
			{"manager", "clients", "email,colour\n", 400, []string{`"field":"name","message":"The column name is missing"`, `"field":"colour"`}},
			{"manager", "clients", "name\n\"open", 400, []string{"The file is not CSV"}},
			{"manager", "clients", "name\n\xff\n", 400, []string{"save the file as UTF-8"}},
			{"manager", "clients?dry_run=true", good, 200, []string{`"dry_run":true,"rows":2,"created":2,"errors":[]`}},
			{"manager", "clients?dry_run=true", bad, 200, []string{`"created":1`, `"row":3,"field":"email"`, `"row":3,"field":"client_type"`, `"row":4,"field":"name","message":"There is a client \"Kōwhai Café\" already"`, `"row":5,"field":"name"`}},
			{"manager", "clients", bad, 400, []string{"Nothing was imported", `"row_errors"`}},
			{"manager", "projects", "name,client_name,budget,cost_center_codes,start_date\nNew,kowhai cafe,1200.50,CC-1;CC-9,2026-13-01\n", 400, []string{`There is no cost centre \"CC-9\"`, `"field":"start_date"`}},
			{"manager", "timesheets", "project_code,date,hours,activity_type,cost_center_code\nPRJ-1,2026-05-04,30,labour,\n", 400, []string{`"field":"project_code"`, `"field":"cost_center_code"`}},
		} {
			status, body := send(c.who, c.kind, c.file)
			if status != c.status {
				t.Errorf("%s %q: %d %s", c.kind, c.file, status, body)
			}
			for _, part := range c.parts {
				if !strings.Contains(body, part) {
					t.Errorf("%s %q: no %s in %s", c.kind, c.file, part, body)
				}
			}
		}
		if n := count("/api/clients"); n != 1 {
			t.Fatalf("%d clients after refusals and rehearsals", n)
		}
		for range 2 { // a repeat of the same request does nothing
			if status, body := send("manager", "clients", good, "Idempotency-Key", "k"); status != 200 || !strings.Contains(body, `"created":2`) {
				t.Fatalf("%d %s", status, body)
			}
		}
		if status, body := send("manager", "clients", good); status != 400 || !strings.Contains(body, "already") {
			t.Errorf("the same file again: %d %s", status, body)
		}
		if n := count("/api/clients"); n != 3 {
			t.Errorf("%d clients", n)
		}
		f.play([]scenario{
			{who: "manager", ask: "GET /api/clients?search=ohm", status: 200, parts: []string{`"notes":"=not a formula"`}},
			{who: "manager", ask: "GET /api/clients?search=manuka", status: 200, parts: []string{`"payment_terms_day":15`, `"notes":"two\nlines"`}},
			{who: "tech", ask: "GET /api/import/timesheets/template", status: 200, parts: []string{"project_code,date,hours"}},
		})
		if status, body := send("manager", "projects", "name,client_name,budget,cost_center_codes\nNew,kowhai cafe,1200.50,CC-1\n"); status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		made := answer[paged[projectAnswer]](t, f.ask("manager", "GET", "/api/projects?search=new", ""), 200).Data
		if len(made) != 1 || made[0].ClientName != "Kōwhai Café" || *made[0].Budget != 1200_50 || len(made[0].CostCenterCodes) != 1 {
			t.Fatalf("the project is %+v", made)
		}
		file := "project_code,date,hours,activity_type,cost_center_code,user_email,notes\n" + made[0].Code + ",2026-05-04,7.5,LABOUR,CC-1,TECH@firm.nz,Wiring\n"
		if status, body := send("manager", "timesheets", file); status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		f.play([]scenario{{who: "tech", ask: "GET /api/timesheets", status: 200, parts: []string{`"hours":"7.50"`, `"notes":"Wiring"`, `"user_name":"tech"`, `"amount":"712.50"`}}})
	})
	f := newFirm(t, store.SQLite)
	w := f.ask("manager", "POST", "/api/import/clients", "name\n"+strings.Repeat("x\n", maxImportRows+1))
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a file with too many rows: %d %s", w.Code, w.Body)
	}
}
