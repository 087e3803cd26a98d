package api

import (
	"strings"
	"testing"

	"ampedfieldops/internal/store"
)

func TestMetricsAreForThoseWhoMay(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite, func(c *Config) { c.MetricsToken = "a-token-for-prometheus" })
	f.tokens["prometheus"], f.tokens["nearly"] = "a-token-for-prometheus", "a-token-for-prometheuz"
	f.play([]scenario{
		{who: "manager", ask: manual, body: `{"client_id":"{client}","line_items":[{"description":"Heat pump","amount":100}]}`, status: 202, save: "invoice"},
		{ask: "GET /metrics", status: 401, parts: []string{"!ampedfieldops_"}},
		{who: "nearly", ask: "GET /metrics", status: 401, parts: []string{"!ampedfieldops_"}},
		{who: "tech", ask: "GET /metrics", status: 403, parts: []string{"!ampedfieldops_"}},
		{who: "manager", ask: "GET /metrics", status: 403},
		{who: "admin", ask: "INVENTED /api/nowhere", status: 404},
		{who: "admin", ask: "GET /metrics", status: 200, parts: []string{"ampedfieldops_sync_health_read 1"}},
		{
			who: "prometheus", ask: "GET /metrics", status: 200,
			parts: []string{
				`ampedfieldops_sync_documents{entity_type="invoice",phase="queued",reason=""} 1`, `ampedfieldops_sync_oldest_seconds`, `ampedfieldops_xero_calls_left{window="minute"} 60`,
				`ampedfieldops_request_seconds_count{method="POST",route="/api/xero/invoices",status="202"} 1`, `ampedfieldops_sync_stopped{reason="not_connected"} 1`, "go_goroutines", "!INVENTED", "!a-token-for-prometheus",
			},
		},
		{who: "tech", ask: "GET /api/xero/sync-health", status: 403},
		{who: "admin", ask: "GET /api/xero/sync-health", status: 200, parts: []string{`"arrived":0`, `"phase":"queued"`, `"seconds":{"p50":0,"p95":0,"p99":0}`, `"lane":{`}},
	})
	if strings.Contains(f.log.String(), "a-token-for-prometheus") {
		t.Error("the token is in the log")
	}
}
