package billing

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// watched is a call to the provider while it lasts, as operators see it: a line
// in the log and a span. Neither holds more of it than its path without names.
type watched struct {
	sync *Sync
	call *store.PlannedCall
	path string
	ctx  context.Context // the span's
	span trace.Span
}

// watch begins the span of a call. It belongs to the trace of the request that
// asked for the call's first document, however long ago that was, and is linked
// to those of all others; a call without documents belongs to ctx's.
func (s *Sync) watch(ctx context.Context, p *store.PlannedCall) (context.Context, watched) {
	w := watched{sync: s, call: p, path: pathPattern(p.Call.Path)}
	var asked []trace.SpanContext
	for _, c := range p.Claims {
		if parent := traceOf(c.TraceParent); parent.IsValid() && !slices.ContainsFunc(asked, parent.Equal) {
			asked = append(asked, parent)
		}
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindClient)}
	if len(asked) > 0 {
		ctx = trace.ContextWithRemoteSpanContext(ctx, asked[0])
		for _, other := range asked[1:] {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: other}))
		}
	}
	w.ctx, w.span = s.tracer.Start(ctx, p.Call.Method+" "+w.path, options...)
	return w.ctx, w
}

// end says what became of the call: one line in the log for each request that
// asked for a part of it, so that each finds its own.
func (w watched) end(a fieldops.Answer, verdicts ...fieldops.Verdict) {
	outcome := outcomes(verdicts)
	if w.span.IsRecording() {
		w.span.SetAttributes(
			attribute.String("http.request.method", w.call.Call.Method), attribute.String("url.template", w.path),
			attribute.String("ampedfieldops.call_id", w.call.ID), attribute.String("ampedfieldops.outcome", outcome),
			attribute.Int("ampedfieldops.documents", len(w.call.Claims)),
			attribute.StringSlice("ampedfieldops.request_ids", w.requests()),
		)
		if a.Status > 0 {
			w.span.SetAttributes(attribute.Int("http.response.status_code", a.Status))
		}
		if a.CorrelationID != "" {
			w.span.SetAttributes(attribute.String("ampedfieldops.xero_correlation_id", a.CorrelationID))
		}
		if outcome != string(fieldops.Confirmed) && outcome != string(fieldops.Answered) {
			w.span.SetStatus(codes.Error, outcome)
		}
	}
	w.span.End()

	line := []slog.Attr{
		slog.String("method", w.call.Call.Method), slog.String("path", w.path), slog.Int("status", a.Status), slog.String("outcome", outcome),
		slog.Int("documents", len(w.call.Claims)), slog.Duration("took", a.Duration), slog.String("call_id", w.call.ID),
	}
	if spanning := w.span.SpanContext(); spanning.IsValid() {
		line = append(line, slog.String("trace_id", spanning.TraceID().String()))
	}
	requests := w.requests()
	if len(requests) == 0 {
		w.sync.log.LogAttrs(w.ctx, slog.LevelInfo, "call to Xero", line...)
	}
	for _, id := range requests {
		w.sync.log.LogAttrs(w.ctx, slog.LevelInfo, "call to Xero", append(slices.Clip(line), slog.String("request_id", id))...)
	}
}

// requests are the ids of those who asked, each once.
func (w watched) requests() (ids []string) {
	for _, c := range w.call.Claims {
		if c.RequestID != "" && !slices.Contains(ids, c.RequestID) {
			ids = append(ids, c.RequestID)
		}
	}
	return ids
}

// traceOf reads a W3C traceparent, which is not valid when there is none.
func traceOf(parent string) trace.SpanContext {
	if parent == "" {
		return trace.SpanContext{}
	}
	read := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": parent})
	return trace.SpanContextFromContext(read)
}

// pathPattern is a path without its query, and without what names one document
// of a collection, as in /api.xro/2.0/Invoices/{id}.
func pathPattern(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i := 4; i < len(parts); i++ {
		parts[i] = "{id}"
	}
	return strings.Join(parts, "/")
}

// outcomes says how the members of a call ended: by one word when all did alike,
// else with their numbers.
func outcomes(verdicts []fieldops.Verdict) string {
	count := map[fieldops.Outcome]int{}
	var kinds []fieldops.Outcome
	for _, v := range verdicts {
		if count[v.Outcome]++; count[v.Outcome] == 1 {
			kinds = append(kinds, v.Outcome)
		}
	}
	if len(kinds) == 1 {
		return string(kinds[0])
	}
	slices.Sort(kinds)
	words := make([]string, len(kinds))
	for i, kind := range kinds {
		words[i] = fmt.Sprintf("%s %d", kind, count[kind])
	}
	return strings.Join(words, ", ")
}
