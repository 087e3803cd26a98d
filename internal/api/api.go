// Package api is the product's HTTP face: routes, sessions, JSON, the OpenAPI
// document and the web app. It holds no rule of the business: a handler reads
// its request, asks the store or a use case, and returns an answer or an error.
//
// The one thing to know: every route stands in the table of routes.go, with
// what it takes to be let in.
package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// Config is what the handler needs. DB, JWTSecret and Log must be set.
type Config struct {
	DB *store.DB
	// Files keeps what people upload, Storages knows where.
	Files    *paperwork.Files
	Safety   *paperwork.Safety
	Storages *paperwork.Storages

	// JWTSecret signs session tokens; at least 32 bytes.
	JWTSecret []byte
	// FrontendURL and BackendURL are where browsers find the app and this API.
	// Requests from their origins are trusted, and cookies are for HTTPS only
	// when FrontendURL is.
	FrontendURL, BackendURL string
	// TrustedProxies may say for whom they ask, by X-Forwarded-For and
	// X-Forwarded-Proto. From anybody else these headers are ignored.
	TrustedProxies []netip.Prefix

	// Billing makes and changes invoices and purchase orders, Sync connects to
	// Xero, and Events are what live screens are told.
	Billing *billing.Service
	Sync    *billing.Sync
	Events  *billing.Events
	// Post sends mail, Sealer keeps the settings' secrets, and Pictures the
	// firm's logo and favicon.
	Post     *billing.Post
	Sealer   *billing.Sealer
	Pictures *paperwork.Pictures

	// Web is the built web app, with index.html at its root; nil serves none.
	Web fs.FS
	Log *slog.Logger
	// Clock tells the time for sessions; nil is time.Now.
	Clock func() time.Time
	// XeroConfigured is whether the program has a Xero app to connect with.
	XeroConfigured bool
	// XeroScopes are the rights that a consent asks for, and XeroRedirectURI is
	// where Xero sends the browser back to.
	XeroScopes      []string
	XeroRedirectURI string
	// Tracer makes the spans of requests; nil traces nothing.
	Tracer trace.Tracer
	// MetricsToken lets a program read the metrics; without one only admins do.
	MetricsToken string
	// WorkerAlive reports whether background work is being done in this
	// process; nil when another process does it.
	WorkerAlive func() bool
}

type api struct {
	Config
	dashboards dashboards
	sessions   signer
	// unknownUser is hashed against when an address is unknown, so that the
	// answer takes as long as for a wrong password.
	unknownUser func() string
	document    func() []byte // the OpenAPI document, made when it is first asked for
	requests    *prometheus.HistogramVec
	prometheus  func() http.Handler
	jobPages    func() (http.Handler, error)
}

// New makes the handler of the whole address space: the API below /api,
// uploads, health checks and, for every other path, the web app.
func New(c Config) http.Handler {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Tracer == nil {
		c.Tracer = noop.NewTracerProvider().Tracer("")
	}
	a := &api{Config: c, dashboards: newDashboards(c.Clock), sessions: signer{c.JWTSecret, c.Clock}, unknownUser: sync.OnceValue(func() string { return fieldops.HashPassword(rand.Text()) }), document: sync.OnceValue(OpenAPI), requests: newRequestMetrics()}
	a.prometheus = sync.OnceValue(a.newPrometheus)
	a.jobPages = sync.OnceValues(func() (http.Handler, error) { return a.DB.Queue().Pages(queuePagesAt, a.Log) })
	mux := http.NewServeMux()
	for _, route := range a.routes() {
		mux.Handle(route.method+" "+route.path, a.serve(route))
	}
	mux.Handle("/api/", a.handle(func(_ http.ResponseWriter, r *request) error {
		return fieldops.Refuse(fieldops.NotFound, "There is nothing at %s %s", r.Method, r.URL.Path)
	}))
	mux.Handle("/", a.handle(a.webApp))

	sameOrigin := http.NewCrossOriginProtection()
	for _, address := range []string{c.FrontendURL, c.BackendURL} {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			_ = sameOrigin.AddTrustedOrigin(u.Scheme + "://" + u.Host) // an address that is no origin trusts nobody
		}
	}
	sameOrigin.SetDenyHandler(a.handle(func(http.ResponseWriter, *request) error {
		return fieldops.Refuse(fieldops.Forbidden, "This request came from another website and was refused")
	}))
	return a.frame(sameOrigin.Handler(mux))
}

// frame is around every request: its id, the headers that every answer bears,
// the access log, and the answer to a panic.
func (a *api) frame(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		id := requestID(r)
		scope := &scope{id: id, ip: a.clientIP(r)}
		ctx := withScope(r.Context(), scope)
		span := trace.SpanFromContext(ctx)
		if traced(r.URL.Path) {
			ctx, span = a.Tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer)) // its name is known when it is routed
		}
		r = r.WithContext(ctx)
		h := w.Header()
		h.Set("X-Request-ID", id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
		if a.https(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(began.Add(answerPatience)) // a connection without deadlines is used without
		if r.ContentLength != 0 {
			_ = control.SetReadDeadline(began.Add(bodyPatience))
		}
		watched := &watchedWriter{ResponseWriter: w, control: control}
		defer func() {
			if problem := recover(); problem != nil {
				if err, ok := problem.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(problem) // the server's own way to drop a connection
				}
				a.Log.ErrorContext(r.Context(), "panic", "panic", problem, "request_id", id, "path", r.URL.Path, "stack", stack())
				if watched.status == 0 {
					a.writeError(watched, r, errPanicked)
				}
			}
			status := cmp.Or(watched.status, http.StatusOK)
			if span.IsRecording() {
				method, path := routeOf(r)
				span.SetName(method + " " + path)
				span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", path), attribute.Int("http.response.status_code", status),
					attribute.String("ampedfieldops.request_id", id), attribute.String("enduser.id", scope.userID))
				if status >= http.StatusInternalServerError {
					span.SetStatus(codes.Error, "")
				}
			}
			span.End()
			level := slog.LevelInfo
			if strings.HasPrefix(r.URL.Path, "/assets/") || r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
				level = slog.LevelDebug
			}
			// The path without its query, which may hold an OAuth code.
			line := []slog.Attr{
				slog.String("method", r.Method), slog.String("path", r.URL.Path),
				slog.Int("status", watched.status), slog.Int64("bytes", watched.bytes), slog.Duration("took", time.Since(began)),
				slog.String("request_id", id), slog.String("user_id", scope.userID), slog.String("ip", scope.ip),
			}
			if spanning := span.SpanContext(); spanning.IsValid() {
				line = append(line, slog.String("trace_id", spanning.TraceID().String()))
			}
			a.Log.LogAttrs(r.Context(), level, "request", line...)
		}()
		next.ServeHTTP(watched, r)
		method, path := routeOf(r)
		if path != "/api/events" { // which lasts as long as the page
			a.requests.WithLabelValues(method, path, strconv.Itoa(cmp.Or(watched.status, http.StatusOK))).Observe(time.Since(began).Seconds())
		}
	})
}

// routeOf is the pattern that a request was answered by: its method, not the
// request's, of which a stranger can invent any number.
func routeOf(r *http.Request) (method, path string) {
	method, path, routed := strings.Cut(r.Pattern, " ")
	if !routed {
		return "any", cmp.Or(r.Pattern, "none")
	}
	return method, path
}

// traced reports whether a request has a span: all of the API but what monitors
// ask, and live events, which last as long as the page.
func traced(path string) bool {
	return strings.HasPrefix(path, "/api/") && path != "/api/health" && path != "/api/events"
}

// traceParent is where the trace of a request goes on, "" when it has none.
func traceParent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// The policy of the web app: nothing from outside, no inline script. Its styles
// position things inline.
const contentSecurityPolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; " +
	"font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

// requestID is the id that the caller gave, if it is harmless, else a new one.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-ID")
	harmless := id != "" && len(id) <= 128 && strings.IndexFunc(id, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.')
	}) < 0
	if harmless {
		return id
	}
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

// clientIP is the address of who asks: the peer's, or what a trusted proxy says
// it is. Each proxy appends the address it saw, so the last one that is no
// trusted proxy is the one to believe.
func (a *api) clientIP(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip := peer.Addr().Unmap()
	if !a.trusts(ip) {
		return ip.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = hop.Unmap()
		if !a.trusts(ip) {
			break
		}
	}
	return ip.String()
}

func (a *api) trusts(ip netip.Addr) bool {
	for _, prefix := range a.TrustedProxies {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// https reports whether the browser speaks HTTPS, with us or with a proxy.
func (a *api) https(r *http.Request) bool {
	if r.TLS != nil || strings.HasPrefix(a.FrontendURL, "https://") {
		return true
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && a.trusts(peer.Addr().Unmap()) && r.Header.Get("X-Forwarded-Proto") == "https"
}

// How long somebody may take to send the body of a request, which on an upload
// begins when they have proved who they are, and to accept a piece of an answer:
// whoever is slower on purpose must not hold anything for long.
const (
	bodyPatience   = requestTimeout + 5*time.Second
	answerPatience = 30 * time.Second
)

// watchedWriter remembers what was answered.
type watchedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	status  int
	bytes   int64
}

func (w *watchedWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	_ = w.control.SetWriteDeadline(time.Now().Add(answerPatience))
	w.ResponseWriter.WriteHeader(status)
}

func (w *watchedWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	_ = w.control.SetWriteDeadline(time.Now().Add(answerPatience))
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
