package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// flushTime is how long a stopping process waits for its last traces to be
// taken. It is added to drainTime.
const flushTime = 3 * time.Second

// tracingConfig is where traces go, and which. The variables are those of
// OpenTelemetry (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
type tracingConfig struct {
	endpoint  string            // without it nothing is traced
	headers   map[string]string // may hold a secret
	timeout   time.Duration
	service   string
	resources map[string]string
	sampler   sdktrace.Sampler
}

// tracing reads the variables of OpenTelemetry.
func (r *configReader) tracing() tracingConfig {
	var c tracingConfig
	if value, _ := r.lookup("OTEL_EXPORTER_OTLP_ENDPOINT"); value != "" {
		c.endpoint = r.address("OTEL_EXPORTER_OTLP_ENDPOINT", "", false)
	} else {
		r.show("OTEL_EXPORTER_OTLP_ENDPOINT", "not set", "")
	}
	if protocol := r.text("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"); protocol != "http/protobuf" {
		r.fault("OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf: traces are sent in no other way")
	}
	c.headers = r.pairs("OTEL_EXPORTER_OTLP_HEADERS", r.hidden("OTEL_EXPORTER_OTLP_HEADERS"))
	c.timeout = time.Duration(r.number("OTEL_EXPORTER_OTLP_TIMEOUT", 10_000, 1, 300_000)) * time.Millisecond
	c.service = r.text("OTEL_SERVICE_NAME", "ampedfieldops")
	c.resources = r.pairs("OTEL_RESOURCE_ATTRIBUTES", r.text("OTEL_RESOURCE_ATTRIBUTES", ""))
	share, err := strconv.ParseFloat(r.text("OTEL_TRACES_SAMPLER_ARG", "1"), 64)
	if err != nil || !(share >= 0 && share <= 1) {
		r.fault("OTEL_TRACES_SAMPLER_ARG must be the share of traces to keep, between 0 and 1")
	}
	samplers := map[string]sdktrace.Sampler{
		"always_on": sdktrace.AlwaysSample(), "always_off": sdktrace.NeverSample(), "traceidratio": sdktrace.TraceIDRatioBased(share),
	}
	name := r.text("OTEL_TRACES_SAMPLER", "parentbased_always_on")
	bare, parentBased := strings.CutPrefix(name, "parentbased_")
	c.sampler = samplers[bare]
	switch {
	case c.sampler == nil:
		r.fault("OTEL_TRACES_SAMPLER must be always_on, always_off or traceidratio, alone or with parentbased_ before it")
	case parentBased:
		c.sampler = sdktrace.ParentBased(c.sampler)
	}
	return c
}

// pairs reads name=value,name=value with percent-encoded values. What is wrong
// is not repeated, since it may be secret.
func (r *configReader) pairs(name, text string) map[string]string {
	all := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		key, value, found := strings.Cut(part, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if key = strings.TrimSpace(key); !found || key == "" || err != nil || strings.ContainsAny(value, "\r\n\x00") {
			r.fault("%s must be name=value, with commas between and values percent-encoded", name)
			continue
		}
		all[key] = value
	}
	return all
}

// tracing is the way of this process's spans to the collector. Off, its tracer
// does nothing.
type tracing struct {
	tracer    trace.Tracer
	provider  *sdktrace.TracerProvider // nil when off
	collector *collector
}

// newTracing begins to trace when an endpoint is configured. Nothing about it can
// fail later but the delivery, which the log tells and nobody waits for.
func newTracing(ctx context.Context, c tracingConfig, log *slog.Logger) (*tracing, error) {
	if c.endpoint == "" {
		return &tracing{tracer: noop.NewTracerProvider().Tracer("")}, nil
	}
	attributes := []attribute.KeyValue{attribute.String("service.version", version), attribute.Int("process.pid", os.Getpid())}
	if host, err := os.Hostname(); err == nil {
		attributes = append(attributes, attribute.String("host.name", host))
	}
	for name, value := range c.resources {
		attributes = append(attributes, attribute.String(name, value))
	}
	attributes = append(attributes, attribute.String("service.name", c.service))
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	to := &collector{
		address: c.endpoint + "/v1/traces", headers: c.headers, timeout: c.timeout, log: log, sending: sending, stop: stop,
		// A redirect would take the headers elsewhere.
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	exporter, err := otlptrace.New(ctx, to)
	if err != nil {
		stop()
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(c.sampler), sdktrace.WithResource(resource.NewSchemaless(attributes...)), sdktrace.WithBatcher(exporter))
	return &tracing{tracer: provider.Tracer("ampedfieldops", trace.WithInstrumentationVersion(version)), provider: provider, collector: to}, nil
}

// close hands in what is left, for flushTime at most.
func (t *tracing) close() {
	if t.provider == nil {
		return
	}
	flushing, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := t.provider.Shutdown(flushing); err != nil {
		t.collector.log.Warn("the last traces were not delivered", "error", err)
	}
	t.collector.stop()
}

// collector takes spans by OTLP over HTTP
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp). What it does not take is
// dropped: traces are worth no memory, and nobody waits for them.
type collector struct {
	address string
	headers map[string]string
	timeout time.Duration
	client  *http.Client
	log     *slog.Logger
	failing atomic.Bool // since the last delivery
	sending context.Context
	stop    context.CancelFunc
}

// Start has nothing to open.
func (c *collector) Start(context.Context) error { return nil }

// Stop has nothing to close that stop does not end.
func (c *collector) Stop(context.Context) error { return nil }

// UploadTraces delivers a batch. A failure is told to the log when it begins and
// when it is over, and to nobody else.
func (c *collector) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	err := c.deliver(ctx, spans)
	switch {
	case err != nil && c.failing.CompareAndSwap(false, true):
		c.log.Warn("traces are not delivered, and dropped until they are", "error", err)
	case err == nil && c.failing.CompareAndSwap(true, false):
		c.log.Info("traces are delivered again")
	}
	return nil
}

func (c *collector) deliver(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	defer context.AfterFunc(c.sending, cancel)()
	// The same bytes as an ExportTraceServiceRequest, whose package brings gRPC.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range c.headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection can be used again
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", c.address, response.Status)
	}
	return nil
}
