package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/store"
)

// spanCollector is a collector of OTLP over HTTP.
type spanCollector struct {
	mu     sync.Mutex
	bodies [][]byte
	keys   map[string]bool // what the deliveries were let in by
}

func (c *spanCollector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "no traces", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodies = append(c.bodies, body)
	c.keys[r.Header.Get("X-Key")] = true
}

// spans are those delivered so far, with the service that they are of.
func (c *spanCollector) spans(t *testing.T) (all []*tracepb.Span, services map[string]bool, raw string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	services = map[string]bool{}
	for _, body := range c.bodies {
		var data tracepb.TracesData
		if err := proto.Unmarshal(body, &data); err != nil {
			t.Fatal(err)
		}
		for _, resource := range data.ResourceSpans {
			services[attributeOf(resource.Resource.Attributes, "service.name")+" in "+attributeOf(resource.Resource.Attributes, "deployment.environment.name")] = true
			for _, scope := range resource.ScopeSpans {
				all = append(all, scope.Spans...)
			}
		}
	}
	return all, services, string(bytes.Join(c.bodies, nil))
}

func attributeOf(all []*commonpb.KeyValue, key string) string {
	for _, a := range all {
		if a.Key == key {
			switch v := a.Value.Value.(type) {
			case *commonpb.AnyValue_StringValue:
				return v.StringValue
			case *commonpb.AnyValue_IntValue:
				return strconv.FormatInt(v.IntValue, 10)
			}
		}
	}
	return ""
}

// click makes the invoice of a client as one request with an id of its own.
func (p *running) click(client, requestID string) (invoice string) {
	p.t.Helper()
	p.requestID = requestID
	defer func() { p.requestID = "" }()
	id, _ := p.invoice(client)
	return id
}

// awaitArrival waits until an invoice is in Xero, however long that takes on a
// busy machine.
func (p *running) awaitArrival(id string) {
	p.t.Helper()
	var state struct {
		Status string `json:"sync_status"`
	}
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if p.ask(200, "GET", "/api/xero/invoices/"+id+"/sync-status", nil, &state); state.Status == "synced" {
			return
		}
	}
	p.t.Fatalf("the invoice does not reach Xero: %+v; the program said %s", state, p.said())
}

// One trace leads from the click to Xero, and one id: in the span, in the log,
// and in the record of calls. The last spans are delivered before the program
// ends, and none holds a secret or what a document says.
func TestFromTheClickToXeroIsOneTrace(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, here *installation) {
		here.connect(demoSize{})
		traces := &spanCollector{keys: map[string]bool{}}
		server := httptest.NewServer(traces)
		defer server.Close()
		here.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = server.URL
		here.env["OTEL_EXPORTER_OTLP_HEADERS"] = "x-key=collector%20key"
		here.env["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=trial"
		p := here.start("serve", "--listen", "127.0.0.1:0")
		p.signIn("manager@demo.test")
		id := p.click("Mount Eden Physiotherapy", "click-1")
		p.awaitArrival(id)
		var logs []struct {
			Operation         string
			CorrelationID     string `json:"correlation_id"`
			XeroCorrelationID string `json:"xero_correlation_id"`
		}
		p.ask(200, "GET", "/api/xero/sync-logs?entity_type=invoice&entity_id="+id, nil, &logs)
		if len(logs) == 0 {
			t.Fatal("no call is on record")
		}
		for _, l := range logs {
			if l.CorrelationID != "click-1" || l.XeroCorrelationID == "" {
				t.Errorf("on record: %+v", l)
			}
		}
		if err := p.stop(); err != nil {
			t.Fatal(err)
		}

		logged := false
		for line := range strings.Lines(p.said()) {
			logged = logged || strings.Contains(line, "call to Xero") && strings.Contains(line, "request_id=click-1") &&
				strings.Contains(line, "method=PUT path=/api.xro/2.0/Invoices status=200 outcome=confirmed") && strings.Contains(line, "trace_id=")
		}
		if !logged {
			t.Errorf("no line of the log joins the call to the click: %s", p.said())
		}

		spans, services, raw := traces.spans(t)
		var click, call *tracepb.Span
		for _, s := range spans {
			if s.Name == "POST /api/xero/invoices/from-timesheets" {
				click = s
			}
			if strings.Contains(s.Name, id) {
				t.Errorf("a span is called %s", s.Name)
			}
		}
		for _, s := range spans { // the demonstration has invoices of its own on their way
			if click != nil && s.Name == "PUT /api.xro/2.0/Invoices" && bytes.Equal(click.SpanId, s.ParentSpanId) && bytes.Equal(click.TraceId, s.TraceId) {
				call = s
			}
		}
		if call == nil {
			t.Fatalf("of %d spans none is a call to Xero below the click's, %v", len(spans), click)
		}
		for key, want := range map[string]string{"ampedfieldops.request_id": "click-1", "http.route": "/api/xero/invoices/from-timesheets", "http.response.status_code": "202"} {
			if got := attributeOf(click.Attributes, key); got != want {
				t.Errorf("the click's %s is %q", key, got)
			}
		}
		for key, want := range map[string]string{"url.template": "/api.xro/2.0/Invoices", "http.response.status_code": "200", "ampedfieldops.outcome": "confirmed", "http.request.method": "PUT"} {
			if got := attributeOf(call.Attributes, key); got != want {
				t.Errorf("the call's %s is %q", key, got)
			}
		}
		if len(services) != 1 || !services["ampedfieldops in trial"] || len(traces.keys) != 1 || !traces.keys["collector key"] {
			t.Errorf("delivered by %v with %v", services, traces.keys)
		}

		for what, secret := range map[string]string{
			"the session": p.token, "the password": demoPassword, "Xero's client secret": "client-secret", "the access to Xero": here.accessToken(),
			"the collector's key": "collector key", "the client": "Mount Eden", "the demo's people": "demo.test",
		} {
			if secret == "" || strings.Contains(raw, secret) {
				t.Errorf("%s stands in a span, or is not known: %q", what, secret)
			}
			if what != "the demo's people" && strings.Contains(p.said(), secret) {
				t.Errorf("%s stands in the log", what)
			}
		}
	})
}

// accessToken is what Xero lets the installation in by.
func (here *installation) accessToken() string {
	here.t.Helper()
	c, err := readConfig(environ(here.env), "", &overrides{})
	if err == nil {
		err = c.ensureSecrets()
	}
	if err != nil {
		here.t.Fatal(err)
	}
	sealer, err := billing.NewSealer(c.encryptionKey)
	if err != nil {
		here.t.Fatal(err)
	}
	db := here.open()
	defer here.close(db)
	connection, err := db.Connection(context.Background())
	if err != nil {
		here.t.Fatal(err)
	}
	token, err := sealer.Open(connection.SealedAccess)
	if err != nil {
		here.t.Fatal(err)
	}
	return token
}

// A collector that is away, refuses or never answers disturbs nobody: documents
// reach Xero, the program ends in time, and the log says it once.
func TestACollectorThatFailsDisturbsNobody(t *testing.T) {
	t.Parallel()
	away := httptest.NewServer(nil)
	away.Close()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(refusing.Close)
	over := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-over:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(over); silent.Close() })
	for name, address := range map[string]string{"away": away.URL, "refusing": refusing.URL, "silent": silent.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here := installed(t, store.SQLite)
			here.connect(demoSize{})
			here.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = address
			p := here.start("serve", "--listen", "127.0.0.1:0")
			p.signIn("manager@demo.test")
			p.awaitArrival(p.click("Mount Eden Physiotherapy", "click-1"))
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(p.said(), "traces are not delivered") + strings.Count(p.said(), "the last traces were not delivered"); n < 1 || n > 2 {
				t.Errorf("the log says %d times that traces were not delivered: %s", n, p.said())
			}
		})
	}
}

func TestWithoutAnEndpointNothingIsTraced(t *testing.T) {
	t.Parallel()
	c, err := readConfig(environ(map[string]string{"OTEL_SERVICE_NAME": "office"}), "", &overrides{})
	if err != nil {
		t.Fatal(err)
	}
	traces, err := newTracing(t.Context(), c.tracing, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer traces.close()
	if _, span := traces.tracer.Start(t.Context(), "x"); span.IsRecording() || span.SpanContext().IsValid() || traces.provider != nil {
		t.Error("something is traced")
	}
}

func TestConfigOfTracing(t *testing.T) {
	t.Parallel()
	c, err := readConfig(environ(nil), "OTEL_EXPORTER_OTLP_ENDPOINT=https://collector.example.com/\nOTEL_EXPORTER_OTLP_HEADERS='a=b%20c, d=e'\nOTEL_TRACES_SAMPLER=traceidratio\nOTEL_TRACES_SAMPLER_ARG=0.25\n", &overrides{})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.tracing; got.endpoint != "https://collector.example.com" || got.headers["a"] != "b c" || got.headers["d"] != "e" || got.sampler.Description() != "TraceIDRatioBased{0.25}" {
		t.Errorf("%+v", got)
	}
	_, err = readConfig(environ(map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "collector", "OTEL_EXPORTER_OTLP_HEADERS": "my-secret", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
		"OTEL_TRACES_SAMPLER": "sometimes", "OTEL_TRACES_SAMPLER_ARG": "2", "OTEL_EXPORTER_OTLP_TIMEOUT": "0",
	}), "", &overrides{})
	if err == nil {
		t.Fatal("nothing is refused")
	}
	for _, name := range []string{"ENDPOINT must", "HEADERS must", "PROTOCOL must", "SAMPLER must", "SAMPLER_ARG must", "TIMEOUT must"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not said: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "my-secret") {
		t.Errorf("a secret is repeated: %v", err)
	}
}
