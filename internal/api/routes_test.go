package api

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// TestEveryRouteIsGuarded walks the table: a stranger is turned away from all
// that is not public, and people who lack the role or permission from the rest.
// No request carries a body, so nothing is done by those who may.
func TestEveryRouteIsGuarded(t *testing.T) {
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
		path := pathParameter.ReplaceAllString(fill.Replace(route.path), fieldops.NewID())
		stranger := f.ask("", route.method, path, "")
		if route.access.public {
			if stranger.Code == http.StatusUnauthorized && route.path != "/api/auth/login" {
				t.Errorf("%s %s is public but answers 401", route.method, route.path)
			}
			continue
		}
		guarded++
		if stranger.Code != http.StatusUnauthorized || !strings.Contains(stranger.Body.String(), "No token provided") {
			t.Errorf("%s %s answers a stranger with %d %s", route.method, route.path, stranger.Code, stranger.Body)
		}
		if !route.access.admin && len(route.access.permissions) == 0 {
			continue
		}
		w := f.ask("other", route.method, path, "")
		want := "Permission denied"
		if route.access.admin {
			want = "Insufficient permissions"
		}
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s %s answers somebody without permission with %d %s", route.method, route.path, w.Code, w.Body)
		}
	}
	if guarded < 30 {
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
