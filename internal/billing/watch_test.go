package billing

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// A call for several clicks stands in the trace of the first, is linked to the
// others, and has a line in the log for each.
func TestACallForSeveralClicks(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	var log bytes.Buffer
	s := NewSync(SyncConfig{
		Tracer: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer(""), Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	one, two := "00-11111111111111111111111111111111-aaaaaaaaaaaaaaaa-01", "00-22222222222222222222222222222222-bbbbbbbbbbbbbbbb-01"
	_, seen := s.watch(t.Context(), &store.PlannedCall{
		ID:   "call",
		Call: fieldops.Call{Method: "PUT", Path: "/api.xro/2.0/Invoices?where=secret", Operation: fieldops.OpCreate},
		Claims: []*store.Claim{
			{RequestID: "click-1", TraceParent: one}, {RequestID: "click-1", TraceParent: one}, {RequestID: "click-2", TraceParent: two}, {}, {TraceParent: "no trace"},
		},
	})
	seen.end(fieldops.Answer{Status: 200}, fieldops.Verdict{Outcome: fieldops.Confirmed}, fieldops.Verdict{Outcome: fieldops.Rejected}, fieldops.Verdict{Outcome: fieldops.Confirmed})
	ended := spans.Ended()
	if len(ended) != 1 {
		t.Fatalf("%d spans", len(ended))
	}
	span := ended[0]
	if span.Parent().SpanID().String() != "aaaaaaaaaaaaaaaa" || span.SpanContext().TraceID().String() != one[3:35] ||
		len(span.Links()) != 1 || span.Links()[0].SpanContext.TraceID().String() != two[3:35] {
		t.Errorf("below %v, linked to %v", span.Parent(), span.Links())
	}
	if span.Name() != "PUT /api.xro/2.0/Invoices" || span.Status().Description != "confirmed 2, rejected 1" {
		t.Errorf("%s: %+v", span.Name(), span.Status())
	}
	for _, id := range []string{"click-1", "click-2"} {
		if n := strings.Count(log.String(), "request_id="+id); n != 1 {
			t.Errorf("%d lines for %s: %s", n, id, log.String())
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the query is logged: %s", log.String())
	}
}

// A click that was not sampled decides that its calls are not either.
func TestACallFollowsItsClicksSampling(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	s := NewSync(SyncConfig{Tracer: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("")})
	for _, flags := range []string{"00", "01"} {
		_, seen := s.watch(t.Context(), &store.PlannedCall{Claims: []*store.Claim{{TraceParent: "00-11111111111111111111111111111111-aaaaaaaaaaaaaaaa-" + flags}}})
		seen.end(fieldops.Answer{}, fieldops.Verdict{Outcome: fieldops.NotSent})
	}
	if n := len(spans.Ended()); n != 1 {
		t.Errorf("%d spans of one click that was sampled and one that was not", n)
	}
}

func TestPathPatterns(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/api.xro/2.0/Invoices?InvoiceNumbers=INV-1":                            "/api.xro/2.0/Invoices",
		"/api.xro/2.0/Invoices/0b8f2a31-0000-4000-8000-000000000000?unitdp=4":   "/api.xro/2.0/Invoices/{id}",
		"/api.xro/2.0/PurchaseOrders/PO-7":                                      "/api.xro/2.0/PurchaseOrders/{id}",
		"/connect/token":                                                        "/connect/token",
		"/connections?authEventId=0b8f2a31-0000-4000-8000-000000000000":         "/connections",
		"/api.xro/2.0/Invoices/0b8f2a31-0000-4000-8000-000000000000/Attachment": "/api.xro/2.0/Invoices/{id}/{id}",
	} {
		if got := pathPattern(path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// What a worker opens for a document is the newest request's that asked
// something of it: here an edit that came while the creation was open.
func TestAnIntentKeepsWhoAskedForIt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		durations := fieldops.RealDurations(1)
		ref := fieldops.DocumentRef{Kind: fieldops.KindClient}
		write := func(request string, change func(tx *store.Tx) error) {
			t.Helper()
			actor := fieldops.System
			if request != "" {
				actor = fieldops.Actor{Name: "Jane", RequestID: request, TraceParent: "trace of " + request}
			}
			if err := db.Write(ctx, actor, change); err != nil {
				t.Fatal(err)
			}
		}
		claim := func(intent fieldops.ID) (c *store.Claim) {
			t.Helper()
			write("", func(tx *store.Tx) (err error) { c, err = tx.ClaimIntent(ctx, durations, intent); return err })
			if c == nil {
				t.Fatal("nothing to claim")
			}
			return c
		}
		var intent fieldops.ID
		write("click-1", func(tx *store.Tx) (err error) {
			client := fieldops.Client{Name: "Ohm Ltd", Status: "active", ClientType: "customer"}
			if err := tx.InsertClient(ctx, &client); err != nil {
				return err
			}
			ref.ID = client.ID
			intent, _, err = tx.RequestSync(ctx, ref, fieldops.OpCreate)
			return err
		})
		c := claim(intent)
		if c.RequestID != "click-1" || c.TraceParent != "trace of click-1" {
			t.Errorf("%q, %q", c.RequestID, c.TraceParent)
		}
		write("click-2", func(tx *store.Tx) error { _, _, err := tx.RequestSync(ctx, ref, fieldops.OpUpdate); return err })
		// The worker ends the first intent; the edit opens the next.
		write("", func(tx *store.Tx) error { return tx.Settle(ctx, c, 1, nil, "") })
		states, err := db.SyncStates(ctx, ref.Kind, []fieldops.ID{ref.ID}, 3)
		if err != nil || states[ref.ID].XeroSyncID == nil {
			t.Fatalf("%+v, %v", states, err)
		}
		if c = claim(*states[ref.ID].XeroSyncID); c.RequestID != "click-2" || c.TraceParent != "trace of click-2" {
			t.Errorf("the edit's intent is of %q, %q", c.RequestID, c.TraceParent)
		}
	})
}
