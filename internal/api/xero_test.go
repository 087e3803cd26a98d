package api

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

func TestXeroScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		f.play([]scenario{
			{who: "tech", ask: "GET /api/xero/status", status: 200, parts: []string{`"connected":false`, `"configured":false`, `"lane":{"paused":false`, `"setting":"xero_sales_account_code"`, `"organisation":null`, `"breaker":"closed"`}},
			{who: "manager", ask: "GET /api/xero/auth/url", status: 403},
			{who: "admin", ask: "GET /api/xero/auth/url", status: 400, parts: []string{"XERO_CLIENT_ID", `"configured":false`}},
			{who: "admin", ask: "DELETE /api/xero/disconnect", status: 404},
			{who: "admin", ask: "POST /api/xero/lane", body: `{}`, status: 400, parts: []string{`"field":"paused"`}},
			{who: "admin", ask: "POST /api/xero/lane", body: `{"paused":true}`, status: 409, parts: []string{"not connected"}},
			{who: "manager", ask: "GET /api/xero/accounts", status: 200, parts: []string{"[]"}},
			{who: "manager", ask: "GET /api/xero/tax-rates", status: 200, parts: []string{"[]"}},
		})
		f.write(func(ctx context.Context, tx *store.Tx) error {
			c := store.Connection{ID: fieldops.NewID(), TenantID: "t-1", TenantName: "Demo", ExpiresAt: tx.Now.Add(time.Hour), Generation: 1, SealedAccess: "secret-a", SealedRefresh: "secret-r"}
			if err := tx.Connect(ctx, c); err != nil {
				return err
			}
			return tx.KeepReference(ctx, "t-1", store.Reference{
				Organisation: fieldops.Organisation{Name: "Demo Company", ShortCode: "!abc", Country: "NZ"},
				Accounts:     []fieldops.Account{{Code: "200", Name: "Sales", TaxType: "OUTPUT2", Status: "ACTIVE"}, {Code: "201", Name: "Export", TaxType: "ZERORATED", Status: "ACTIVE"}},
				TaxRates:     []fieldops.RemoteTaxRate{{TaxType: "OUTPUT2", Name: "GST", Rate: 150_000}, {TaxType: "ZERORATED", Name: "Zero", Rate: 0}},
			})
		})
		f.work(1_0000)
		f.play([]scenario{
			{who: "admin", ask: "PUT /api/settings/xero_sales_account_code", body: `{"value":"201"}`, status: 200},
			{who: "manager", ask: "GET /api/xero/status", status: 200, parts: []string{`"connected":true`, `"tenant_name":"Demo"`, `"short_code":"!abc"`, "!secret", `"setting":"xero_purchase_account_code"`, "!xero_sales_account_code"}},
			{who: "manager", ask: "GET /api/xero/accounts", status: 200, parts: []string{`"code":"200"`, `"tax_type":"OUTPUT2"`}},
			{who: "manager", ask: "GET /api/xero/tax-rates", status: 200, parts: []string{`{"tax_type":"OUTPUT2","name":"GST","rate":"15"}`}},
			{who: "admin", ask: "POST /api/xero/lane", body: `{"paused":true,"reason":"Year end"}`, status: 200, parts: []string{`"paused":true`, `"paused_reason":"Year end"`, `"paused_by":"admin"`}},
			// The account brings its own tax.
			{who: "manager", ask: fromTimesheets, body: `{"client_id":"{client}"}`, status: 202, parts: []string{`"total_tax":"0.00"`, `"account_code":"201"`, `"tax_type":"ZERORATED"`}, save: "invoice"},
			{who: "manager", ask: "GET /api/xero/invoices/{invoice}/sync-status", status: 200, parts: []string{`"wait_reason":"paused"`, "Year end"}},
			{who: "manager", ask: "GET /api/xero/status", status: 200, parts: []string{`"waiting":{"count":1`, `"amount":"95.00"`}},
			{who: "tech", ask: "GET /api/xero/status", status: 200, parts: []string{`"waiting":{"count":1`, `"amount":"0.00"`}},
			{who: "admin", ask: "POST /api/xero/lane", body: `{"paused":false}`, status: 200, parts: []string{`"paused":false`, `"paused_reason":null`}},
		})
	})
}

func TestXeroCallbackLeadsBackToTheApp(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	for query, want := range map[string]url.Values{
		"": {"tab": {"integrations"}, "xero_error": {"no_code"}, "xero_error_msg": {"Xero sent nothing to connect with; please connect again"}},
		"error=access_denied&error_description=No+thanks": {"tab": {"integrations"}, "xero_error": {"access_denied"}, "xero_error_msg": {"No thanks"}},
		"code=c&state=forged":                             {"tab": {"integrations"}, "xero_error": {"callback_failed"}, "xero_error_msg": {"This consent was not begun here, is older than ten minutes, or was used already. Please connect again."}},
	} {
		w := f.ask("", "GET", "/api/xero/callback?"+query, "")
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusSeeOther || to.Host != "firm.test" || to.Path != "/settings" || to.Query().Encode() != want.Encode() {
			t.Errorf("%q leads to %d %s", query, w.Code, to)
		}
	}
}

// stream opens the live events of a person and reads them line by line.
func (f *firm) stream(who string) (lines <-chan string) {
	f.t.Helper()
	server := httptest.NewServer(f.handler)
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, server.URL+"/api/events", nil)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+f.tokens[who])
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		f.t.Fatalf("%s %s", answer.Status, answer.Header.Get("Content-Type"))
	}
	read := make(chan string, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(read)
		for scanner := bufio.NewScanner(answer.Body); scanner.Scan(); {
			read <- scanner.Text()
		}
	}()
	f.t.Cleanup(func() {
		answer.Body.Close()
		<-ended
		server.Close()
	})
	return read
}

// expect reads lines until one has the part.
func expect(t *testing.T, lines <-chan string, part string) string {
	t.Helper()
	for {
		select {
		case line, open := <-lines:
			if !open {
				t.Fatalf("the stream ended before %q", part)
			}
			if strings.Contains(line, part) {
				return line
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q did not come", part)
		}
	}
}

func TestLiveEvents(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite, func(c *Config) { c.DB.WatchSync(c.Events.DocumentChanged) })
	running, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); f.api.Events.Run(running) }()
	f.work(1_0000)
	office, technician := f.stream("manager"), f.stream("tech")
	expect(t, office, "event: hello")
	expect(t, technician, "event: hello")

	f.play([]scenario{{who: "manager", ask: fromTimesheets, body: `{"client_id":"{client}"}`, status: 202, save: "invoice"}})
	expect(t, office, "event: sync")
	line := expect(t, office, "data:")
	for _, part := range []string{`"entity_type":"invoice"`, `"entity_id":"` + f.vars["invoice"] + `"`, `"sync_status":"pending"`} {
		if !strings.Contains(line, part) {
			t.Errorf("%s is not in %s", part, line)
		}
	}
	f.api.Events.Publish(billing.Resync)
	for line := range office { // it ends
		t.Log(line)
	}
	stop()
	<-ended
	for line := range technician {
		if strings.Contains(line, "sync") {
			t.Errorf("a technician was told %s", line)
		}
	}
}

func TestWatchingEndsWithTheSession(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	session, err := f.api.sessions.session(f.tokens["manager"])
	if err != nil {
		t.Fatal(err)
	}
	watch := &request{Request: httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/events", nil), Session: store.Session{ID: session}}
	if !f.api.stillSignedIn(watch) || !watch.seesMoney() {
		t.Errorf("%+v may not watch", watch.User)
	}
	f.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetPermission(ctx, f.people["manager"], fieldops.CanViewFinancials, false)
	})
	if !f.api.stillSignedIn(watch) || watch.seesMoney() {
		t.Error("a permission taken away is still used")
	}
	f.play([]scenario{{who: "manager", ask: "POST /api/auth/logout", status: 200}})
	if f.api.stillSignedIn(watch) {
		t.Error("after signing out the stream goes on")
	}
}
