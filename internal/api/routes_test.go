package api

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

var writeAccess = flag.Bool("write-access", false, "write testdata/access.txt anew from what the API answers; read the difference")

// TestWhoIsLetInWhere walks every route as everybody, and compares with the
// table in testdata/access.txt, which says for each whether they are turned away
// (401 or 403) or let in. Nobody who is let in meets a record or sends a body, so
// that nothing is done.
//
//	go test ./internal/api -run WhoIsLetIn -write-access
func TestWhoIsLetInWhere(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	scoped := answer[struct{ Token string }](t, f.ask("admin", "POST", "/api/tokens", `{"name":"dashboard","scopes":["can_view_dashboard"]}`), http.StatusCreated)
	full := answer[struct{ Token string }](t, f.ask("manager", "POST", "/api/tokens", `{"name":"books","scopes":["can_view_financials","can_create_invoices","can_view_clients"]}`), http.StatusCreated)
	f.tokens["scoped"], f.tokens["books"] = scoped.Token, full.Token
	var err error
	session := fieldops.NewID()
	late := signer{f.api.JWTSecret, func() time.Time { return time.Now().Add(-30 * 24 * time.Hour) }}
	if f.tokens["expired"], err = late.sign(&fieldops.User{ID: f.people["admin"]}, session, tokenLife); err != nil {
		t.Fatal(err)
	}
	f.tokens["forged"] = f.tokens["admin"] + "x"
	people := []string{"", "expired", "forged", "scoped", "books", "tech", "manager", "admin"}
	var b strings.Builder
	fmt.Fprintf(&b, "%-6s %-60s %-7s %-7s %-7s %-9s %-7s %-6s %-7s %s\n", "#", "", "nobody", "expired", "forged", "dashboard", "books", "user", "manager", "admin")
	fill := strings.NewReplacer("{path...}", "timesheets/2026/x.jpg", "{index}", "0", "{key}", "company_name", "{picture}", "logo", "{kind}", "client")
	for _, route := range f.api.routes() {
		if route.path == "/api/auth/logout" || route.path == "/api/events" || route.path == "/api/auth/sessions" && route.method == "DELETE" {
			fmt.Fprintf(&b, "%-6s %-60s", route.method, route.path)
			for _, who := range people[:3] {
				fmt.Fprintf(&b, " %-7s", letIn(f.ask(who, route.method, route.path, "")))
			}
			b.WriteString(" ends the session or never ends\n")
			continue
		}
		path := pathParameter.ReplaceAllString(fill.Replace(route.path), fieldops.NewID())
		fmt.Fprintf(&b, "%-6s %-60s", route.method, route.path)
		for i, who := range people {
			width := []int{7, 7, 7, 9, 7, 6, 7, 0}[i]
			fmt.Fprintf(&b, " %-*s", width, letIn(f.ask(who, route.method, path, "")))
		}
		b.WriteString("\n")
	}
	if *writeAccess {
		if err := os.WriteFile("testdata/access.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/access.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("who is let in where is not as the table says (-table +API):\n%s", diff)
	}
}

// letIn is the status of who is turned away, or "in".
func letIn(w *httptest.ResponseRecorder) string {
	switch {
	case w.Code == http.StatusUnauthorized || w.Code == http.StatusForbidden || w.Code >= http.StatusInternalServerError:
		return strconv.Itoa(w.Code)
	}
	return "in"
}

// TestRoutesMatchTheirPermissions holds the table of routes itself against who is
// let in: a person without any permission gets nowhere that asks for one.
func TestRoutesMatchTheirPermissions(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	f.write(func(ctx context.Context, tx *store.Tx) error {
		for _, p := range fieldops.RoleUser.DefaultPermissions() {
			if err := tx.SetPermission(ctx, f.people["other"], p, false); err != nil {
				return err
			}
		}
		return nil
	})
	fill := strings.NewReplacer("{path...}", "timesheets/2026/x.jpg", "{index}", "0", "{key}", "company_name", "{picture}", "logo")
	guarded := 0
	for _, route := range f.api.routes() {
		if route.access.public || !route.access.admin && len(route.access.permissions) == 0 {
			continue
		}
		guarded++
		path := pathParameter.ReplaceAllString(fill.Replace(route.path), fieldops.NewID())
		want := "Permission denied"
		if route.access.admin {
			want = "Insufficient permissions"
		}
		if w := f.ask("other", route.method, path, ""); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s %s answers somebody without permission with %d %s", route.method, route.path, w.Code, w.Body)
		}
	}
	if guarded < 100 {
		t.Errorf("only %d guarded routes were walked", guarded)
	}
}

func TestTheTableIsComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, route := range (&api{}).routes() {
		name := route.method + " " + route.path
		if seen[name] {
			t.Errorf("%s stands there twice", name)
		}
		seen[name] = true
		if route.summary == "" || route.endpoint.serve == nil {
			t.Errorf("%s has no summary or no endpoint", name)
		}
		if route.has(transactional) && !route.has(repeatable) {
			t.Errorf("%s is transactional but not repeatable", name)
		}
		if route.has(created) && !route.has(repeatable) && !route.has(ownKey) && !route.has(once) {
			t.Errorf("%s creates something but cannot be repeated", name)
		}
		if strings.HasPrefix(route.path, "/api/auth") && (route.has(repeatable) || route.has(ownKey)) {
			t.Errorf("%s would keep a token", name)
		}
	}
}

func TestTheCheckedInOpenAPIDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	want := OpenAPI()
	if !bytes.Equal(want, OpenAPI()) {
		t.Fatal("two calls give two documents")
	}
	got, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("internal/api/openapi.json is not what the code says; write it anew with: go run ./cmd/ampedfieldops openapi > internal/api/openapi.json")
	}
}
