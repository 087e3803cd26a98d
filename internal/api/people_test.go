package api

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

var aMailServer = fieldops.MailServer{Host: "mail.test", Port: 587, From: "office@firm.nz"}

// withMail gives the firm a mail server by its environment.
func withMail(f **postbox) func(*Config) {
	return func(c *Config) {
		*f = &postbox{}
		c.Post = billing.NewPost(billing.PostConfig{DB: c.DB, Sealer: c.Sealer, Transport: *f, Server: aMailServer, AppURL: c.FrontendURL})
	}
}

// deliver sends every queued mail.
func (f *firm) deliver() {
	f.t.Helper()
	mails, err := f.db.Mails(f.t.Context(), store.MailFilter{Status: fieldops.MailQueued, Limit: 100})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, m := range mails {
		if err := f.api.Post.Deliver(f.t.Context(), m.ID); err != nil {
			f.t.Fatal(err)
		}
	}
}

// tokenIn is the secret of the link in a text.
func tokenIn(t *testing.T, text string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "?token=")
	if !found {
		t.Fatalf("no link in %q", text)
	}
	return strings.FieldsFunc(rest, func(c rune) bool { return c == '\n' || c == '"' || c == '&' })[0]
}

func TestNobodyRegistersByThemself(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	f.play([]scenario{
		{ask: "POST /api/auth/register", body: `{"email":"evil@x.nz","password":"long enough","name":"Evil","role":"admin"}`, status: 403, parts: []string{"Ask an admin for an invitation", "!token\""}},
	})
	if _, err := f.db.UserByEmail(t.Context(), "evil@x.nz"); fieldops.KindOf(err) != fieldops.NotFound {
		t.Errorf("%v", err)
	}
}

func TestUsersAreLookedAfter(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "admin", ask: "POST /api/users", body: `{"email":"new@firm.nz","password":"long enough","name":"New","role":"user"}`, status: 201, parts: []string{`"email":"new@firm.nz"`, `"invited":false`, "!argon", "!invitation_link"}, save: "new"},
			{who: "admin", ask: "POST /api/users", body: `{"email":"NEW@firm.nz","password":"long enough","name":"New","role":"user"}`, status: 409, parts: []string{"Email already exists"}},
			{who: "admin", ask: "POST /api/users", body: `{"email":"x","password":"short","name":"","role":"boss"}`, status: 400, parts: []string{`"field":"email"`, `"field":"password"`, `"field":"name"`, `"field":"role"`}},
			{who: "manager", ask: "POST /api/users", body: `{"email":"b@firm.nz","password":"long enough","name":"B","role":"admin"}`, status: 403},
			{who: "manager", ask: "GET /api/users/{new}", status: 200, parts: []string{`"permission":"can_create_timesheets","granted":true`, `"permission":"can_sync_xero","granted":false`}},
			{who: "tech", ask: "GET /api/users/{new}", status: 403},
			{who: "admin", ask: "GET /api/users/{nowhere}", status: 404},
			{who: "admin", ask: "PUT /api/users/{new}", body: `{"role":"boss"}`, status: 400, parts: []string{`"field":"role"`}},
			{who: "admin", ask: "PUT /api/users/{new}", body: `{}`, status: 400, parts: []string{"No updates provided"}},
			{who: "admin", ask: "PUT /api/users/{new}", body: `{"name":"Newer"}`, headers: []string{"If-Match", `"old"`}, status: 412},
			{who: "admin", ask: "PUT /api/users/{new}", body: `{"name":"Newer","role":"manager"}`, status: 200, parts: []string{`"name":"Newer"`, `"role":"manager"`}},
			{who: "admin", ask: "DELETE /api/users/{admin}", status: 400, parts: []string{"Cannot delete your own account"}},
			{who: "admin", ask: "PUT /api/users/{admin}", body: `{"role":"user"}`, status: 409, parts: []string{"last admin"}},
			{who: "admin", ask: "PUT /api/users/{admin}", body: `{"is_active":false}`, status: 409, parts: []string{"last admin"}},
			{who: "admin", ask: "PUT /api/users/{new}", body: `{"is_active":false}`, status: 200, parts: []string{`"is_active":false`}},
			{who: "admin", ask: "DELETE /api/users/{new}", status: 200},
			{who: "admin", ask: "DELETE /api/users/{new}", status: 404},
			{who: "admin", ask: "GET /api/users/{new}", status: 404},
			{who: "admin", ask: "GET /api/users", status: 200, parts: []string{"!Newer"}},
			{who: "admin", ask: "POST /api/users", body: `{"email":"new@firm.nz","password":"long enough","name":"Another","role":"user"}`, status: 201}, // the address is free again
			{who: "admin", ask: "GET /api/users?limit=2", status: 200},
			{who: "admin", ask: "GET /api/settings/logs/activity?entity_type=user&entity_id={new}", status: 200, parts: []string{`"action":"create"`, `"action":"update"`, `"action":"delete"`, `"before"`}},
		})
		w := f.ask("admin", "GET", "/api/users?limit=2", "")
		next, _, _ := strings.Cut(strings.TrimPrefix(w.Header().Get("Link"), "<"), ">")
		if more := answer[[]userAnswer](t, f.ask("admin", "GET", next, ""), 200); len(more) != 2 {
			t.Errorf("the second page has %d", len(more))
		}
	})
}

// Work keeps the name of who did it after they have left, and they are out at
// once.
func TestADeletedPersonIsOutAndTheirWorkStays(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		work := fieldops.Timesheet{UserID: new(f.people["tech"]), ProjectID: new(f.vars["project"]), ActivityTypeID: new(f.vars["activity"]), CostCenterID: new(f.vars["center"]), Date: "2026-01-05", Hours: 1_0000}
		f.write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertTimesheet(ctx, &work) })
		f.vars["work"] = work.ID
		token := answer[tokenCreated](t, f.ask("tech", "POST", "/api/tokens", `{"name":"t","scopes":["can_view_clients"]}`), 201)
		f.tokens["program"] = token.Token
		f.play([]scenario{
			{who: "program", ask: "GET /api/clients", status: 200},
			{who: "admin", ask: "DELETE /api/users/{tech}", status: 200},
			{who: "tech", ask: "GET /api/auth/me", status: 401},
			{who: "program", ask: "GET /api/clients", status: 401},
			{who: "admin", ask: "GET /api/timesheets/{work}", status: 200, parts: []string{`"user_name":"tech"`}},
		})
		if w := signIn(f, "tech@firm.nz", password); w.Code != 401 || !strings.Contains(w.Body.String(), "Invalid credentials") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func TestTwoAdminsCannotRemoveEachOther(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{{who: "admin", ask: "PUT /api/users/{manager}", body: `{"role":"admin"}`, status: 200}})
		var all sync.WaitGroup
		for _, pair := range [][2]string{{"admin", "manager"}, {"manager", "admin"}} {
			all.Go(func() { f.ask(pair[0], "DELETE", "/api/users/{"+pair[1]+"}", "") })
		}
		all.Wait()
		users, err := f.db.Users(t.Context())
		admins := 0
		for _, u := range users {
			if u.Role == fieldops.RoleAdmin {
				admins++
			}
		}
		if err != nil || admins != 1 {
			t.Errorf("%d admins are left, %v", admins, err)
		}
	})
}

// Individual grants outlive a new role and a new matrix, and what a role may do
// is the same for everybody who has it, also for people added later.
func TestPermissionsOfRolesAndPeople(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		may := func(who string) scenario {
			return scenario{who: who, ask: "GET /api/auth/me", status: 200}
		}
		f.play([]scenario{
			may("tech"),
			{who: "admin", ask: "PUT /api/users/{tech}/permissions", body: `{"permissions":[{"permission":"can_view_financials","granted":true},{"permission":"can_view_clients","granted":false},{"permission":"can_view_projects","granted":true}]}`, status: 200, parts: []string{"Permissions updated"}},
			{who: "tech", ask: "GET /api/auth/me", status: 200, parts: []string{"can_view_financials", "!can_view_clients"}},
			{who: "admin", ask: "PUT /api/users/{tech}/permissions", body: `{"permissions":[{"permission":"can_view_reports","granted":true},{"permission":"can_fly","granted":true}]}`, status: 400, parts: []string{"can_fly"}},
			{who: "tech", ask: "GET /api/auth/me", status: 200, parts: []string{"!can_view_reports", "can_view_financials"}}, // all or nothing
			{who: "admin", ask: "PUT /api/users/{nowhere}/permissions", body: `{"permissions":[]}`, status: 404},
			{who: "admin", ask: "PUT /api/users/{tech}", body: `{"role":"user"}`, status: 200},
			{who: "tech", ask: "GET /api/auth/me", status: 200, parts: []string{"can_view_financials", "!can_view_clients"}}, // saving the same role resets nothing
			{who: "admin", ask: "PUT /api/role-permissions", body: `{"rolePermissions":{"user":{"can_view_projects":false,"can_view_clients":true,"can_export_data":true}}}`, status: 200, parts: []string{"Role permissions updated successfully"}},
			{who: "tech", ask: "GET /api/auth/me", status: 200, parts: []string{"can_view_financials", "!can_view_clients", "!can_view_projects", "can_export_data"}},
			{who: "other", ask: "GET /api/auth/me", status: 200, parts: []string{"can_view_clients", "!can_view_projects", "can_export_data"}},
			{who: "other", ask: "GET /api/projects", status: 403},
			{who: "admin", ask: "POST /api/users", body: `{"email":"new@firm.nz","password":"long enough","name":"New","role":"user"}`, status: 201, parts: []string{`"permission":"can_export_data","granted":true`, `"permission":"can_view_projects","granted":false`}},
			{who: "admin", ask: "GET /api/role-permissions", status: 200, parts: []string{`"label":"View Financials"`, `"can_approve_timesheets":true`}},
			{who: "admin", ask: "PUT /api/role-permissions", body: `{"rolePermissions":{"admin":{"can_manage_users":false}}}`, status: 400, parts: []string{"An admin holds every permission"}},
			{who: "admin", ask: "PUT /api/role-permissions", body: `{"rolePermissions":{"boss":{"can_view_clients":false}}}`, status: 400},
			{who: "admin", ask: "PUT /api/role-permissions", body: `{}`, status: 400},
			{who: "manager", ask: "PUT /api/role-permissions", body: `{"rolePermissions":{"manager":{"can_manage_users":true}}}`, status: 403},
		})
	})
}

func TestPermissionsOfTheFirmsOwn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		system := answer[[]fieldops.PermissionRecord](t, f.ask("admin", "GET", "/api/permissions", ""), 200)
		if len(system) != len(fieldops.RoleAdmin.DefaultPermissions()) || !system[0].IsSystem {
			t.Fatalf("%d permissions", len(system))
		}
		f.vars["system"] = system[0].ID
		f.play([]scenario{
			{who: "admin", ask: "POST /api/permissions", body: `{"key":"can_open_gate","label":"Open the gate"}`, status: 201, parts: []string{`"is_custom":true`}, save: "gate"},
			{who: "admin", ask: "POST /api/permissions", body: `{"key":"can_open_gate","label":"Again"}`, status: 409},
			{who: "admin", ask: "POST /api/permissions", body: `{"key":"Can-Fly!","label":""}`, status: 400, parts: []string{`"field":"key"`, `"field":"label"`}},
			{who: "admin", ask: "PUT /api/users/{tech}/permissions", body: `{"permissions":[{"permission":"can_open_gate","granted":true}]}`, status: 200},
			{who: "tech", ask: "GET /api/auth/me", status: 200, parts: []string{"can_open_gate"}},
			{who: "admin", ask: "DELETE /api/permissions/{gate}", status: 409, parts: []string{"assigned to 1"}},
			{who: "admin", ask: "PUT /api/permissions/{gate}", body: `{"is_active":false}`, status: 200},
			{who: "tech", ask: "GET /api/auth/me", status: 200, parts: []string{"!can_open_gate"}}, // deactivated: granted to nobody
			{who: "admin", ask: "PUT /api/permissions/{system}", body: `{"is_active":false}`, status: 400},
			{who: "admin", ask: "PUT /api/permissions/{system}", body: `{"label":"In our words"}`, status: 200, parts: []string{"In our words"}},
			{who: "admin", ask: "DELETE /api/permissions/{system}", status: 400},
			{who: "admin", ask: "PUT /api/users/{tech}/permissions", body: `{"permissions":[{"permission":"can_open_gate","granted":false}]}`, status: 200},
			{who: "admin", ask: "DELETE /api/permissions/{gate}", status: 200},
			{who: "admin", ask: "GET /api/permissions/{gate}", status: 404},
		})
		if err := f.db.Migrate(t.Context()); err != nil { // as each start does
			t.Fatal(err)
		}
		f.play([]scenario{{who: "admin", ask: "GET /api/permissions/{system}", status: 200, parts: []string{"In our words"}}})
	})
}

// Every permission of the program decides over at least one route.
func TestEveryPermissionIsEnforced(t *testing.T) {
	t.Parallel()
	// A list asks for can_export_data when it is to be given as CSV (export.go).
	asked := map[fieldops.Permission]bool{fieldops.CanExportData: true}
	for _, route := range (&api{}).routes() {
		for _, p := range route.access.permissions {
			asked[p] = true
		}
	}
	words := map[fieldops.Permission]bool{}
	for _, p := range fieldops.SystemPermissions() {
		words[p.Key] = true
	}
	for _, p := range fieldops.RoleAdmin.DefaultPermissions() {
		if !words[p] {
			t.Errorf("%s has no words", p)
		}
		if !asked[p] {
			t.Errorf("no route asks for %s", p)
		}
	}
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			var box *postbox
			f := newFirm(t, engine, withMail(&box))
			created := answer[userCreated](t, f.ask("admin", "POST", "/api/users", `{"email":"ana@firm.nz","name":"Ana","role":"manager"}`), 201)
			f.vars["ana"] = created.ID
			if !created.Invited || !created.Mailed || !strings.HasPrefix(created.InvitationLink, "http://firm.test/accept-invitation?token=") {
				t.Fatalf("%+v", created)
			}
			if w := signIn(f, "ana@firm.nz", "anything at all"); w.Code != 401 {
				t.Errorf("signing in before: %d", w.Code)
			}
			f.deliver()
			if len(box.mails) != 1 || box.to[0] != "ana@firm.nz" {
				t.Fatalf("%d mails", len(box.mails))
			}
			shown, mailed := tokenIn(t, created.InvitationLink), tokenIn(t, box.mails[0].Text)
			if strings.Contains(f.log.String(), shown) || strings.Contains(f.log.String(), mailed) {
				t.Error("the log holds an invitation")
			}
			f.play([]scenario{
				{ask: "POST /api/auth/reset-password", body: `{"token":"` + mailed + `","password":"long enough"}`, status: 400, parts: []string{"Invalid reset token"}}, // each link is for one thing
				{ask: "POST /api/auth/accept-invitation", body: `{"token":"` + mailed + `","password":"short"}`, status: 400},
				{ask: "GET /api/auth/me", headers: []string{"Authorization", "Bearer " + mailed}, status: 401},
				{ask: "POST /api/auth/accept-invitation", body: `{"token":"` + mailed + `","password":"long enough","name":"Ana T."}`, status: 200, parts: []string{`"role":"manager"`, `"token":"ey`, "Ana T."}},
				{ask: "POST /api/auth/accept-invitation", body: `{"token":"` + mailed + `","password":"long enough"}`, status: 400, parts: []string{"not good any more"}},
				{ask: "POST /api/auth/accept-invitation", body: `{"token":"` + shown + `","password":"long enough"}`, status: 400}, // used with the other
				{who: "admin", ask: "GET /api/notifications", status: 200, parts: []string{"invitation_accepted", "Ana T. has accepted", `"unread":1`}},
				{who: "tech", ask: "GET /api/notifications", status: 200, parts: []string{`"notifications":[]`}},
				{who: "admin", ask: "POST /api/users/{ana}/invitation", status: 409},
				{who: "admin", ask: "POST /api/users", body: `{"email":"bo@firm.nz","name":"Bo","role":"user"}`, status: 201, save: "bo"},
				{who: "admin", ask: "POST /api/users/{bo}/invitation", status: 200, parts: []string{"accept-invitation?token="}},
			})
			if w := signIn(f, "ana@firm.nz", "long enough"); w.Code != 200 {
				t.Errorf("signing in after: %d %s", w.Code, w.Body)
			}
			if w := f.ask("admin", "GET", "/api/settings/logs/activity?limit=500", ""); strings.Contains(w.Body.String(), shown) || strings.Contains(w.Body.String(), mailed) {
				t.Error("the audit trail holds an invitation")
			}
		})
	}
}

func TestAnInvitationWithoutMailIsPassedOnByHand(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	created := answer[userCreated](t, f.ask("admin", "POST", "/api/users", `{"email":"ana@firm.nz","name":"Ana","role":"user"}`), 201)
	if created.Mailed || created.InvitationLink == "" {
		t.Errorf("%+v", created)
	}
	f.play([]scenario{{who: "admin", ask: "GET /api/mails", status: 200, parts: []string{"[]"}}})
}

func TestAPasswordIsResetByMail(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			var box *postbox
			f := newFirm(t, engine, withMail(&box))
			const same = "If an account exists, a reset link will be sent"
			f.play([]scenario{
				{ask: "POST /api/auth/forgot-password", body: `{"email":"TECH@firm.nz"}`, status: 200, parts: []string{same}},
				{ask: "POST /api/auth/forgot-password", body: `{"email":"nobody@firm.nz"}`, status: 200, parts: []string{same}},
				{ask: "POST /api/auth/forgot-password", body: `{"email":"x"}`, status: 400},
			})
			// Both have left the same behind: one job, which finds out later.
			f.write(func(ctx context.Context, tx *store.Tx) error { return tx.MailReset(ctx, "nobody@firm.nz") })
			f.write(func(ctx context.Context, tx *store.Tx) error { return tx.MailReset(ctx, "tech@firm.nz") })
			f.deliver()
			if len(box.mails) != 1 || box.to[0] != "tech@firm.nz" {
				t.Fatalf("mails to %v", box.to)
			}
			token := tokenIn(t, box.mails[0].Text)
			f.play([]scenario{
				{ask: "GET /api/auth/me", headers: []string{"Authorization", "Bearer " + token}, status: 401}, // it is no key to anything else
				{ask: "POST /api/auth/accept-invitation", body: `{"token":"` + token + `","password":"brand new one"}`, status: 400},
				{ask: "POST /api/auth/reset-password", body: `{"token":"` + token + `","password":"short"}`, status: 400, parts: []string{`"field":"password"`}},
				{ask: "POST /api/auth/reset-password", body: `{"token":"` + token + `","password":"brand new one"}`, status: 200, parts: []string{"Password reset successful"}},
				{who: "tech", ask: "GET /api/auth/me", status: 401}, // every session has ended
				{ask: "POST /api/auth/reset-password", body: `{"token":"` + token + `","password":"brand new two"}`, status: 400, parts: []string{"Invalid reset token"}},
				{ask: "POST /api/auth/reset-password", body: `{"token":"guess","password":"brand new two"}`, status: 400, parts: []string{"Invalid reset token"}},
				{ask: "POST /api/auth/reset-password", body: `{"token":"guess","password":"brand new two"}`, status: 429, parts: []string{"Too many tries"}},
			})
			if w := signIn(f, "tech@firm.nz", "brand new one"); w.Code != 200 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if strings.Contains(f.log.String(), token) {
				t.Error("the log holds a reset token")
			}
			f.play([]scenario{{who: "admin", ask: "GET /api/settings/logs/activity?action=reset_password", status: 200, parts: []string{`"total":1`, `"entity_id":"{tech}"`, "!" + token}}})
		})
	}
}

func TestAResetLinkIsGoodForAnHour(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	var secret string
	f.write(func(ctx context.Context, tx *store.Tx) (err error) {
		tx.Now = tx.Now.Add(-store.ResetLinkLife - time.Second)
		secret, err = tx.InsertLink(ctx, fieldops.LinkPasswordReset, f.people["tech"], store.ResetLinkLife)
		return err
	})
	f.play([]scenario{{ask: "POST /api/auth/reset-password", body: `{"token":"` + secret + `","password":"long enough"}`, status: 400, parts: []string{"Reset token expired"}}})
}

// Behind a proxy each person counts for themself: one who guesses locks nobody
// else out, and a forged header helps nobody.
func TestLimitsCountPeopleAndNotTheirProxy(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, plain *firm) {
		f := newFirm(t, plain.db.Engine(), func(c *Config) { c.TrustedProxies = prefixes("192.0.2.1/32") }) // the peer of ask
		try := func(from string) int {
			return f.ask("", "POST", "/api/auth/reset-password", `{"token":"guess","password":"long enough"}`, "X-Forwarded-For", from).Code
		}
		var codes []int
		for range 4 {
			codes = append(codes, try("203.0.113.1"))
		}
		codes = append(codes, try("203.0.113.2"), try("6.6.6.6, 203.0.113.1"))
		if got := fmt.Sprint(codes); got != "[400 400 400 429 400 429]" {
			t.Errorf("answers %s", got)
		}
		for i := range 5 { // one address is not flooded from anywhere
			w := f.ask("", "POST", "/api/auth/forgot-password", `{"email":"tech@firm.nz"}`, "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
			if want := map[bool]int{true: 200, false: 429}[i < forgotPerAddress]; w.Code != want {
				t.Errorf("try %d: %d", i, w.Code)
			}
		}
	})
}

func TestParallelTriesAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		var all sync.WaitGroup
		var mu sync.Mutex
		codes := map[int]int{}
		for range 20 {
			all.Go(func() {
				w := f.ask("", "POST", "/api/auth/reset-password", `{"token":"guess","password":"long enough"}`)
				mu.Lock()
				codes[w.Code]++
				mu.Unlock()
			})
		}
		all.Wait()
		if codes[400] != resetPerIP || codes[429] != 20-resetPerIP {
			t.Errorf("%v", codes)
		}
	})
}

// emptyHouse is an installation where nobody can sign in yet.
func emptyHouse(t *testing.T, engine store.Engine) *firm {
	t.Helper()
	f := newFirm(t, engine)
	empty := storetest.New(t, engine)
	config := f.api.Config
	config.DB = empty
	config.Sync = billing.NewSync(billing.SyncConfig{DB: empty, Durations: fieldops.RealDurations(1), MaxAttempts: 3})
	config.Billing, config.Events = billing.New(empty, config.Sync), billing.NewEvents(empty, config.Sync)
	f.db, f.handler = empty, New(config)
	return f
}

func (f *firm) setupLink() (secret string) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx *store.Tx) (err error) {
		secret, err = tx.InsertLink(ctx, fieldops.LinkSetup, "", store.SetupLinkLife)
		return err
	})
	return secret
}

func TestTheFirstAdminIsMadeOnce(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			f := emptyHouse(t, engine)
			links := []string{f.setupLink(), f.setupLink()} // two processes may have started
			body := func(token string, n int) string {
				return fmt.Sprintf(`{"token":%q,"email":"boss%d@firm.nz","password":"long enough","name":"Boss","company_name":"Kōwhai","timezone":"Pacific/Chatham"}`, token, n)
			}
			f.play([]scenario{
				{ask: "GET /api/setup/status", status: 200, parts: []string{`"completed":false`, `"step":1`}},
				{ask: "GET /api/setup/default-admin-status", status: 200, parts: []string{`"hasDefaultAdmin":false`}},
				{ask: "GET /api/setup/branding", status: 200, parts: []string{`"company_name":"AmpedFieldOps"`, `"company_logo":null`}},
				{ask: "POST /api/setup/admin", body: body("guess", 0), status: 403, parts: []string{"setup link is not good"}},
				{ask: "POST /api/setup/admin", body: `{"token":"x","email":"x","password":"x","name":"","timezone":"Nowhere"}`, status: 400, parts: []string{`"field":"email"`, `"field":"password"`, `"field":"name"`, `"field":"timezone"`}},
				{ask: "POST /api/setup/company", body: `{"company_name":"Evil"}`, status: 401},
				{ask: "POST /api/setup/client", body: `{"name":"Evil"}`, status: 401},
				{ask: "POST /api/setup/complete", status: 401},
				{ask: "DELETE /api/setup/default-admin", status: 401},
			})
			if w := signIn(f, "admin@ampedfieldops.com", "admin123"); w.Code != 401 {
				t.Errorf("a default password: %d", w.Code)
			}
			var all sync.WaitGroup
			var mu sync.Mutex
			codes := map[int]int{}
			for n := range 16 {
				all.Go(func() {
					w := f.ask("", "POST", "/api/setup/admin", body(links[n%2], n))
					mu.Lock()
					defer mu.Unlock()
					codes[w.Code]++
					if w.Code == 201 && (!strings.Contains(w.Body.String(), `"completed":true`) || !strings.Contains(w.Body.String(), `"token":"ey`)) {
						t.Errorf("%s", w.Body)
					}
				})
			}
			all.Wait()
			users, err := f.db.Users(t.Context())
			if codes[201] != 1 || codes[409] != 15 || err != nil || len(users) != 1 || users[0].Role != fieldops.RoleAdmin {
				t.Errorf("answers %v, users %v, %v", codes, users, err)
			}
			f.play([]scenario{
				{ask: "GET /api/setup/status", status: 200, parts: []string{`"completed":true`}},
				{ask: "GET /api/setup/branding", status: 200, parts: []string{`"company_name":"Kōwhai"`}},
				{ask: "POST /api/setup/admin", body: body(f.setupLink(), 99), status: 409, parts: []string{"set up already"}},
			})
		})
	}
}

func TestASetupLinkRunsOut(t *testing.T) {
	t.Parallel()
	f := emptyHouse(t, store.SQLite)
	var secret string
	f.write(func(ctx context.Context, tx *store.Tx) (err error) {
		tx.Now = tx.Now.Add(-store.SetupLinkLife - time.Second)
		secret, err = tx.InsertLink(ctx, fieldops.LinkSetup, "", store.SetupLinkLife)
		return err
	})
	f.play([]scenario{{ask: "POST /api/setup/admin", body: `{"token":"` + secret + `","email":"a@firm.nz","password":"long enough","name":"A"}`, status: 403}})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		in := answer[loginAnswer](t, signIn(f, "tech@firm.nz", password, "User-Agent", "A telephone"), 200)
		f.tokens["telephone"] = in.Token
		sessions := answer[[]sessionAnswer](t, f.ask("telephone", "GET", "/api/auth/sessions", ""), 200)
		if len(sessions) != 2 {
			t.Fatalf("%+v", sessions)
		}
		for _, s := range sessions {
			if s.Current != (s.UserAgent == "A telephone") {
				t.Errorf("%+v", s)
			}
			if !s.Current {
				f.vars["elsewhere"] = s.ID
			}
		}
		f.play([]scenario{
			{who: "other", ask: "DELETE /api/auth/sessions/{elsewhere}", status: 404}, // not theirs
			{who: "tech", ask: "GET /api/auth/me", status: 200},
			{who: "telephone", ask: "DELETE /api/auth/sessions/{elsewhere}", status: 200},
			{who: "tech", ask: "GET /api/auth/me", status: 401},
			{who: "telephone", ask: "DELETE /api/auth/sessions", status: 200},
			{who: "telephone", ask: "GET /api/auth/me", status: 200},
			{who: "manager", ask: "GET /api/users/{tech}/sessions", status: 403},
			{who: "admin", ask: "GET /api/users/{tech}/sessions", status: 200, parts: []string{"A telephone", `"current":false`}},
			{who: "admin", ask: "DELETE /api/users/{tech}/sessions", status: 200},
			{who: "telephone", ask: "GET /api/auth/me", status: 401},
			{who: "telephone", ask: "POST /api/auth/refresh", status: 401}, // an ended session gives no fresh token
			{who: "admin", ask: "GET /api/users/{nowhere}/sessions", status: 404},
		})
	})
}

func TestAProgramActsWithinItsScopes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		created := answer[tokenCreated](t, f.ask("admin", "POST", "/api/tokens", `{"name":"Backup","scopes":["can_view_clients","can_manage_clients","can_manage_users"]}`), 201)
		f.tokens["program"], f.vars["token"] = created.Token, created.ID
		if !strings.HasPrefix(created.Token, "afo_") || len(created.Token) < 40 || created.Hint != created.Token[:8] {
			t.Fatalf("%+v", created)
		}
		f.play([]scenario{
			{who: "program", ask: "GET /api/clients", status: 200},
			{who: "program", ask: "POST /api/clients", body: `{"name":"By a program"}`, status: 201},
			{who: "program", ask: "GET /api/projects", status: 403}, // its person may
			{who: "program", ask: "GET /api/users", status: 200},
			{who: "program", ask: "POST /api/users", body: `{"email":"x@firm.nz","password":"long enough","name":"X","role":"admin"}`, status: 403, parts: []string{"API token"}},
			{who: "program", ask: "PUT /api/users/{tech}", body: `{"role":"admin"}`, status: 403},
			{who: "program", ask: "GET /api/settings/logs/activity", status: 403},
			{who: "program", ask: "PUT /api/auth/change-password", body: `{"currentPassword":"` + password + `","newPassword":"long enough"}`, status: 403},
			{who: "program", ask: "PUT /api/auth/profile", body: `{"email":"mine@evil.nz"}`, status: 403},
			{who: "program", ask: "POST /api/tokens", body: `{"name":"More","scopes":["can_view_clients"]}`, status: 403},
			{who: "program", ask: "POST /api/auth/refresh", status: 403},
			{who: "program", ask: "PUT /api/settings/currency", body: `{"value":"AUD","global":true}`, status: 403},
			{who: "program", ask: "GET /api/auth/me", status: 200, parts: []string{`"permissions":["can_manage_clients","can_manage_users","can_view_clients"]`}},
			{who: "admin", ask: "GET /api/settings/logs/activity?entity_type=client&action=create", status: 200, parts: []string{"admin (API token Backup)"}},
			{who: "admin", ask: "GET /api/tokens", status: 200, parts: []string{`"name":"Backup"`, `"last_used_at":"2`, "!" + created.Token, "!" + fieldops.HashSecret(created.Token)}},
			{who: "tech", ask: "DELETE /api/tokens/{token}", status: 404},
			{who: "tech", ask: "POST /api/tokens", body: `{"name":"T","scopes":["can_view_clients","can_view_financials"]}`, status: 400, parts: []string{"can_view_financials"}},
			{who: "tech", ask: "POST /api/tokens", body: `{"name":"","scopes":[],"expires_at":"2020-01-01T00:00:00Z"}`, status: 400, parts: []string{`"field":"name"`, `"field":"scopes"`, `"field":"expires_at"`}},
			{who: "admin", ask: "DELETE /api/tokens/{token}", status: 200},
			{who: "program", ask: "GET /api/clients", status: 401, parts: []string{"revoked"}},
			{ask: "GET /api/clients", headers: []string{"Authorization", "Bearer afo_guess"}, status: 401, parts: []string{"Invalid token"}},
		})
		// What its person loses, it loses; and it ends when it was to end.
		later := f.now.Add(time.Hour).UTC().Format(time.RFC3339)
		short := answer[tokenCreated](t, f.ask("manager", "POST", "/api/tokens", `{"name":"Hour","scopes":["can_view_clients"],"expires_at":"`+later+`"}`), 201)
		f.tokens["hour"] = short.Token
		f.play([]scenario{
			{who: "hour", ask: "GET /api/clients", status: 200},
			{who: "admin", ask: "PUT /api/users/{manager}/permissions", body: `{"permissions":[{"permission":"can_view_clients","granted":false}]}`, status: 200},
			{who: "hour", ask: "GET /api/clients", status: 403},
			{who: "admin", ask: "PUT /api/users/{manager}", body: `{"is_active":false}`, status: 200},
			{who: "hour", ask: "GET /api/clients", status: 401},
			{who: "admin", ask: "PUT /api/users/{manager}", body: `{"is_active":true}`, status: 200},
		})
		f.now = f.now.Add(2 * time.Hour)
		f.play([]scenario{{who: "hour", ask: "GET /api/auth/me", status: 401, parts: []string{"Token expired"}}})
		if strings.Contains(f.log.String(), created.Token) || strings.Contains(f.log.String(), short.Token) {
			t.Error("the log holds a token")
		}
	})
}

const mailPassword = "the-mail-password"

// No secret is ever read back: not by those who set it, not from the audit
// trail, not from the log, and it lies sealed in the database.
func TestSecretsAreWriteOnly(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "admin", ask: "PUT /api/settings", body: `{"settings":[{"key":"smtp_host","value":"mail.firm.nz"},{"key":"smtp_port","value":465},{"key":"smtp_user","value":"office@firm.nz"},{"key":"smtp_password","value":"` + mailPassword + `"}],"global":true}`, status: 200, parts: []string{`"count":4`, "!" + mailPassword}},
			{who: "admin", ask: "GET /api/settings", status: 200, parts: []string{`"smtp_password_set":"true"`, `"smtp_port":"465"`, "!" + mailPassword, `!"smtp_password":`}},
			{who: "admin", ask: "GET /api/settings/smtp_password", status: 200, parts: []string{`"value":""`, `"is_set":true`}},
			{who: "manager", ask: "GET /api/settings", status: 200, parts: []string{"invoice_prefix", "!smtp"}},
			{who: "manager", ask: "GET /api/settings/smtp_host", status: 403},
			{who: "tech", ask: "GET /api/settings/smtp_password", status: 403},
			{who: "tech", ask: "GET /api/settings", status: 200, parts: []string{"company_name", "!smtp", "!invoice_prefix"}},
			{who: "admin", ask: "GET /api/settings/logs/activity?entity_type=setting", status: 200, parts: []string{"smtp_password", "!" + mailPassword}},
			{who: "admin", ask: "POST /api/settings/email/test", body: `{"email":"me@firm.nz"}`, status: 200, parts: []string{"me@firm.nz"}},
			{who: "manager", ask: "POST /api/settings/email/test", body: `{"email":"me@firm.nz"}`, status: 403},
			{who: "admin", ask: "POST /api/settings/email/test", body: `{"email":"me"}`, status: 400},
		})
		want := fieldops.MailServer{Host: "mail.firm.nz", Port: 465, User: "office@firm.nz", Password: mailPassword, From: "office@firm.nz"}
		if f.post.server != want || len(f.post.mails) != 1 {
			t.Errorf("mail went to %+v", f.post.server)
		}
		if settings, err := f.db.Settings(t.Context()); err != nil || settings.Mail.Password == "" || strings.Contains(settings.Mail.Password, mailPassword) {
			t.Errorf("kept as %q, %v", settings.Mail.Password, err)
		}
		if strings.Contains(f.log.String(), mailPassword) {
			t.Error("the log holds the password")
		}
	})
}

func TestSettingsAreTheFirmsOrAPersonsOwn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "PUT /api/settings/theme", body: `{"value":"dark"}`, status: 200},
			{who: "tech", ask: "GET /api/settings/theme", status: 200, parts: []string{`"value":"dark"`}},
			{who: "tech", ask: "GET /api/settings", status: 200, parts: []string{`"user_theme":"dark"`}},
			{who: "other", ask: "GET /api/settings/theme", status: 404, parts: []string{"Setting not found"}},
			{who: "other", ask: "GET /api/settings", status: 200, parts: []string{"!theme"}},
			{who: "tech", ask: "DELETE /api/settings/theme", status: 200},
			{who: "tech", ask: "DELETE /api/settings/theme", status: 404},
			{who: "tech", ask: "PUT /api/settings/company_name", body: `{"value":"Mine","global":true}`, status: 403},
			{who: "tech", ask: "PUT /api/settings/company_name", body: `{"value":"Mine"}`, status: 403},
			{who: "tech", ask: "PUT /api/settings/Nope!", body: `{"value":"x"}`, status: 400, parts: []string{`"field":"key"`}},
			{who: "admin", ask: "PUT /api/settings", body: `{"settings":[{"key":"company_name","value":"Kōwhai"},{"key":"timezone","value":"Nowhere"},{"key":"smtp_port","value":"x"}],"global":true}`, status: 400, parts: []string{`"field":"timezone"`, `"field":"smtp_port"`}},
			{who: "admin", ask: "GET /api/settings/company_name", status: 200, parts: []string{"AmpedFieldOps"}}, // all or none
			{who: "admin", ask: "PUT /api/settings", body: `{}`, status: 400, parts: []string{"Settings must be an array"}},
			{who: "admin", ask: "PUT /api/settings/company_name", body: `{"value":"Kōwhai","global":true}`, status: 200},
			{who: "admin", ask: "PUT /api/settings/company_name", body: `{"value":"Kōwhai Ltd","global":true}`, status: 200},
			{who: "tech", ask: "GET /api/settings/company_name", status: 200, parts: []string{"Kōwhai Ltd"}}, // one value, the last
			{who: "admin", ask: "DELETE /api/settings/company_name?global=true", status: 200},
			{who: "tech", ask: "GET /api/settings/company_name", status: 200, parts: []string{"AmpedFieldOps"}},
			{who: "tech", ask: "DELETE /api/settings/company_name?global=true", status: 403},
			{who: "admin", ask: "GET /api/settings/schema", status: 200, parts: []string{`"key":"smtp_password","group":"Mail"`, `"type":"secret"`}},
		})
	})
}

// icon is an icon of one picture.
var icon = "\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00\x20\x00" + string([]byte{byte(len(pngPicture)), byte(len(pngPicture) >> 8), 0, 0}) + "\x16\x00\x00\x00" + pngPicture

func TestPicturesOfTheFirm(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		refused := func(field, content string) {
			t.Helper()
			w := f.submit("admin", "POST", "/api/settings/"+field, nil, []photo{{field, "logo.png", content}})
			if w.Code != 400 {
				t.Errorf("%.20q: %d %s", content, w.Code, w.Body)
			}
		}
		refused("logo", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
		refused("logo", "RIFF\x10\x00\x00\x00WAVEfmt ")
		refused("logo", pdf)
		refused("logo", icon)
		refused("logo", pngPicture+"<script>")
		refused("favicon", "<html>")
		refused("favicon", "GIF89a")
		refused("favicon", icon+"more")
		refused("favicon", icon[:40])
		if w := f.submit("admin", "POST", "/api/settings/logo", nil, []photo{{"logo", "l.png", pngPicture + strings.Repeat("x", 5<<20)}}); w.Code != 413 {
			t.Errorf("too large: %d %s", w.Code, w.Body)
		}
		if w := f.submit("tech", "POST", "/api/settings/logo", nil, []photo{{"logo", "l.png", pngPicture}}); w.Code != 403 {
			t.Errorf("by a technician: %d", w.Code)
		}
		first := answer[logoAnswer](t, f.submit("admin", "POST", "/api/settings/logo", nil, []photo{{"logo", "l.jpg", jpeg}}), 200)
		logo := answer[logoAnswer](t, f.submit("admin", "POST", "/api/settings/logo", nil, []photo{{"logo", "l.exe", pngPicture}}), 200)
		again := answer[logoAnswer](t, f.submit("admin", "POST", "/api/settings/logo", nil, []photo{{"logo", "l.exe", pngPicture}}), 200)
		favicon := answer[faviconAnswer](t, f.submit("admin", "POST", "/api/settings/favicon", nil, []photo{{"favicon", "f.ico", icon}}), 200)
		if again != logo || first == logo {
			t.Errorf("the same picture is at %v and %v, another at %v", logo, again, first)
		}
		// Anybody sees them, as the page to sign in on must.
		for address, want := range map[string]string{logo.LogoURL: "image/png", favicon.FaviconURL: "image/x-icon"} {
			w := f.ask("", "GET", address, "")
			if w.Code != 200 || w.Header().Get("Content-Type") != want || w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
				t.Errorf("%s: %d %v", address, w.Code, w.Header())
			}
		}
		type kept struct {
			Filename, URL string
			InUse         bool `json:"in_use"`
		}
		logos := answer[[]kept](t, f.ask("admin", "GET", "/api/files/logos", ""), 200)
		if len(logos) != 3 || logos[2].InUse || !logos[1].InUse || !strings.HasPrefix(logos[1].Filename, "logo-") {
			t.Fatalf("kept are %+v", logos)
		}
		f.vars["former"], f.vars["used"], f.vars["file"] = logos[2].Filename, logos[1].Filename, logos[2].URL
		f.play([]scenario{
			{ask: "GET /api/setup/branding", status: 200, parts: []string{`"company_logo":"` + logo.LogoURL + `"`}},
			{ask: "GET /branding/logo", status: 200},
			{ask: "GET /branding/other", status: 404},
			{ask: "GET /branding/..%2f..%2fsecrets", status: 404},
			{ask: "GET {file}", status: 401},
			{who: "tech", ask: "GET {file}", status: 404},
			{who: "admin", ask: "GET {file}", status: 200},
			{who: "tech", ask: "GET /api/files/logos", status: 403},
			{who: "tech", ask: "DELETE /api/files/logos/{former}", status: 403},
			{who: "admin", ask: "DELETE /api/files/logos/..%2fsecret", status: 404},
			{who: "admin", ask: "DELETE /api/files/logos/logo-000000000000.png", status: 404},
			{who: "admin", ask: "DELETE /api/files/logos/{former}", status: 200, parts: []string{"Logo deleted"}},
			{who: "admin", ask: "DELETE /api/files/logos/{former}", status: 404},
			{who: "admin", ask: "GET {file}", status: 404},
			{who: "admin", ask: "GET /api/files/logos", status: 200, parts: []string{"!{former}", "{used}"}},
			{ask: "GET /branding/logo", status: 200},
		})
		before := f.photosKept()
		f.afterTheBin()
		if now := f.photosKept(); now != before-1 {
			t.Errorf("%d files lie there, %d before the deleted logo went", now, before)
		}
		f.play([]scenario{
			{who: "admin", ask: "DELETE /api/files/logos/{used}", status: 200},
			{ask: "GET /branding/logo", status: 404},
			{ask: "GET /api/setup/branding", status: 200, parts: []string{`"company_logo":null`}},
		})
		// One that was deleted a moment ago comes back with its upload.
		if back := answer[logoAnswer](t, f.submit("admin", "POST", "/api/settings/logo", nil, []photo{{"logo", "l.png", pngPicture}}), 200); back != logo {
			t.Errorf("it is at %v, and was at %v", back, logo)
		}
		f.afterTheBin()
		f.play([]scenario{
			{ask: "GET /branding/logo", status: 200},
			{who: "admin", ask: "PUT /api/settings/company_logo", body: `{"value":"https://evil.example/x.png","global":true}`, status: 400},
			{who: "admin", ask: "PUT /api/settings/company_logo", body: `{"value":"/branding/logo?v=../../../secrets/jwt_secret.png","global":true}`, status: 200},
			{ask: "GET /branding/logo", status: 404},
		})
	})
}

// TestALogoDoesNotTellWhereItWasTaken is about what anybody can see.
func TestALogoDoesNotTellWhereItWasTaken(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		taken := jpeg[:2] + "\xff\xe1\x00\x0eExif\x00\x00-36.85" + jpeg[2:]
		logo := answer[logoAnswer](t, f.submit("admin", "POST", "/api/settings/logo", nil, []photo{{"logo", "l.jpg", taken}}), 200)
		if w := f.ask("", "GET", logo.LogoURL, ""); w.Code != 200 || w.Body.String() != jpeg {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	})
}

// TestPicturesOfEarlierVersionsAreTakenOver finds a logo and a former one in the
// folder, of which nothing is written down: they are shown at once, and written down.
func TestPicturesOfEarlierVersionsAreTakenOver(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	folder := filepath.Join(f.folder, "uploads", "branding")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	name := func(content string) string { return "logo-" + sha256Hex(content)[:12] }
	used, former := name(pngPicture)+".png", name(jpeg)+".jpg"
	for file, content := range map[string]string{used: pngPicture, former: jpeg} {
		path := filepath.Join(folder, file)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, f.now.Add(-48*time.Hour), f.now.Add(-48*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	f.play([]scenario{
		{who: "admin", ask: "PUT /api/settings/company_logo", body: `{"value":"/branding/logo?v=` + strings.TrimPrefix(used, "logo-") + `","global":true}`, status: 200},
		{ask: "GET /branding/logo", status: 200, parts: []string{pngPicture}},
		{who: "admin", ask: "GET /api/files/logos", status: 200, parts: []string{"[]"}},
	})
	for range 2 { // the first takes over, and the second reads what was
		if err := f.api.Files.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	f.play([]scenario{{who: "admin", ask: "GET /api/files/logos", status: 200, parts: []string{used, former}}})
	file, err := f.db.FileAt(t.Context(), "/uploads/branding/"+used)
	if err != nil || file.SHA256 != sha256Hex(pngPicture) {
		t.Errorf("the logo is %+v, %v", file, err)
	}
	if orphans, err := f.db.Orphans(t.Context(), fieldops.At(f.now.Add(time.Hour)), 10); err != nil || len(orphans) != 0 {
		t.Errorf("orphans: %v, %v", orphans, err)
	}
}

func TestNotificationsAreThePersonsOwn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.write(func(ctx context.Context, tx *store.Tx) error {
			for i := range 55 {
				if err := tx.Notify(ctx, f.people["tech"], "news", fmt.Sprintf("News %d", i), "", "/x"); err != nil {
					return err
				}
			}
			return nil
		})
		got := answer[notificationsAnswer](t, f.ask("tech", "GET", "/api/notifications", ""), 200)
		if len(got.Notifications) != 50 || got.Unread != 55 || got.Notifications[0].Title != "News 54" {
			t.Fatalf("%d, %d unread", len(got.Notifications), got.Unread)
		}
		f.vars["news"] = got.Notifications[0].ID
		f.play([]scenario{
			{who: "other", ask: "POST /api/notifications/{news}/read", status: 404},
			{who: "tech", ask: "POST /api/notifications/{news}/read", status: 200},
			{who: "tech", ask: "POST /api/notifications/{news}/read", status: 200},
			{who: "tech", ask: "GET /api/notifications", status: 200, parts: []string{`"unread":54`}},
			{who: "tech", ask: "POST /api/notifications/read-all", status: 200},
			{who: "tech", ask: "GET /api/notifications", status: 200, parts: []string{`"unread":0`}},
		})
	})
}

func TestTheAuditTrailIsSearched(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		signIn(f, "tech@firm.nz", "wrong")
		f.play([]scenario{
			{who: "admin", ask: "POST /api/clients", body: `{"name":"Pūkeko 100% Ltd"}`, status: 201},
			{who: "admin", ask: "GET /api/settings/logs/activity?action=login_failed", status: 200, parts: []string{`"total":1`, "tech@firm.nz", "!wrong"}},
			{who: "admin", ask: "GET /api/settings/logs/activity?q=100%25", status: 200, parts: []string{`"total":1`, "100% Ltd"}},
			{who: "admin", ask: "GET /api/settings/logs/activity?actor=ADMIN&entity_type=client", status: 200, parts: []string{`"total":1`}},
			{who: "admin", ask: "GET /api/settings/logs/activity?date_to=2000-01-01", status: 200, parts: []string{`"total":0`}},
			{who: "admin", ask: "GET /api/settings/logs/activity?date_from=2000-01-01&entity_type=client&actor=admin", status: 200, parts: []string{`"total":1`}},
			{who: "admin", ask: "GET /api/settings/logs/activity?entity_type=" + url.QueryEscape("x' OR '1'='1"), status: 200, parts: []string{`"total":0`}},
			{who: "admin", ask: "GET /api/settings/logs/activity?date_from=yesterday", status: 400},
			{who: "admin", ask: "GET /api/settings/logs/activity?after=x", status: 400},
		})
		seen := map[string]bool{}
		next := "/api/settings/logs/activity?limit=3"
		for next != "" {
			w := f.ask("admin", "GET", next, "")
			page := answer[auditAnswer](t, w, 200)
			for _, e := range page.Logs {
				if seen[e.ID] {
					t.Fatalf("%s comes twice", e.ID)
				}
				seen[e.ID] = true
			}
			next, _, _ = strings.Cut(strings.TrimPrefix(w.Header().Get("Link"), "<"), ">")
		}
		if _, total, err := f.db.AuditEntries(t.Context(), store.AuditFilter{Limit: 1}); err != nil || total != len(seen) {
			t.Errorf("%d seen of %d, %v", len(seen), total, err)
		}
	})
}

func TestForgettingAPasswordTakesTheSameWhoeverAsks(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	ask := func(email string) *httptest.ResponseRecorder {
		return f.ask("", "POST", "/api/auth/forgot-password", `{"email":"`+email+`"}`)
	}
	known, unknown := ask("tech@firm.nz"), ask("nobody@firm.nz")
	if known.Code != unknown.Code || known.Body.String() != unknown.Body.String() {
		t.Errorf("%s and %s", known.Body, unknown.Body)
	}
	// Neither request has looked whether the address is known: no mail waits yet.
	if mails, err := f.db.Mails(t.Context(), store.MailFilter{Limit: 10}); err != nil || len(mails) != 0 {
		t.Errorf("%d mails, %v", len(mails), err)
	}
}
