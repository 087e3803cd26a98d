// Package xero speaks the Accounting API of Xero
// (https://developer.xero.com/documentation/api/accounting/overview).
//
// It keeps no state. It builds calls, makes one HTTP exchange at a time, and
// judges what came back; building and judging touch no network. When a call may
// be made, with which token, and what is remembered of it is decided by the
// caller.
package xero

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"ampedfieldops/internal/fieldops"
)

// The addresses of Xero itself.
const (
	DefaultAPIURL      = "https://api.xero.com"
	DefaultIdentityURL = "https://identity.xero.com"
	DefaultLoginURL    = "https://login.xero.com"
)

const (
	defaultTimeout = 30 * time.Second
	maxAnswer      = 20 << 20 // bytes of an answer that are read; the rest is cut off
	accounting     = "/api.xro/2.0"
	withheld       = "[withheld]"
)

// Config is what a client needs to know. Empty addresses mean Xero's own; a
// simulator serves all three on one base.
type Config struct {
	ClientID     string
	ClientSecret string
	RedirectURI  string // must be registered with the app, byte for byte
	APIURL       string
	IdentityURL  string
	LoginURL     string
	Timeout      time.Duration // of one exchange, from dialling to the last byte; 0 means 30 s
}

// Client builds, sends and judges calls. It is safe for use by many goroutines.
type Client struct {
	config    Config
	transport http.RoundTripper
}

// New makes a client. It opens no connection.
func New(config Config) *Client {
	base := func(address, otherwise string) string {
		if address == "" {
			address = otherwise
		}
		return strings.TrimRight(address, "/")
	}
	config.APIURL = base(config.APIURL, DefaultAPIURL)
	config.IdentityURL = base(config.IdentityURL, DefaultIdentityURL)
	config.LoginURL = base(config.LoginURL, DefaultLoginURL)
	if config.Timeout <= 0 {
		config.Timeout = defaultTimeout
	}
	return &Client{config: config, transport: newTransport()}
}

// newTransport sends each request once, on a connection of its own. net/http
// repeats a request by itself only when a connection that it kept open turns
// out to be dead, and HTTP/2 when a stream is refused: without kept connections
// and HTTP/2 there is nothing to repeat. It also spares us the outcome that
// nobody can know when a kept connection dies under a write, at the price of a
// handshake for each of at most sixty calls a minute.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 0, // the context of the exchange bounds it
		DisableKeepAlives:     true,
		ForceAttemptHTTP2:     false,
		TLSNextProto:          map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
}

// Send makes exactly one HTTP exchange: it repeats nothing, follows no redirect
// and refreshes no token. It ends with ctx or after the configured timeout,
// whichever comes first. tenantID is empty only for calls that belong to no
// organisation. The answer never holds the access token.
func (c *Client) Send(ctx context.Context, accessToken, tenantID string, call fieldops.Call) fieldops.Answer {
	header := http.Header{
		"Accept":        {"application/json"}, // without it Xero answers in XML
		"Authorization": {"Bearer " + accessToken},
	}
	if tenantID != "" {
		header.Set("Xero-Tenant-Id", tenantID)
	}
	if call.Body != nil {
		header.Set("Content-Type", "application/json")
	}
	if call.IdempotencyKey != "" {
		header.Set("Idempotency-Key", call.IdempotencyKey)
	}
	if !call.ModifiedSince.IsZero() {
		header.Set("If-Modified-Since", call.ModifiedSince.UTC().Format("2006-01-02T15:04:05"))
	}
	if !strings.HasPrefix(call.Path, "/") {
		return unsent(fmt.Errorf("the path of the call, %q, does not begin with a slash", call.Path))
	}
	return c.exchange(ctx, call.Method, c.config.APIURL+call.Path, header, call.Body, accessToken)
}

// exchange sends one request and reads its answer. The secrets are what the
// request carries and the answer must not repeat.
func (c *Client) exchange(ctx context.Context, method, address string, header http.Header, body []byte, secrets ...string) fieldops.Answer {
	secrets = c.spellings(secrets)
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()

	// A connection is handed to the request only after it is dialled and its
	// TLS handshake done: until then no byte of the request has left.
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return unsent(hide(fmt.Errorf("the call could not be built: %w", err), secrets))
	}
	request.GetBody = nil // what cannot be read again cannot be sent again
	request.Header = header
	request.Header.Set("User-Agent", "AmpedFieldOps")

	begun := time.Now()
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		answer := unsent(hide(transportError(ctx, err, connected.Load(), c.config.Timeout), secrets))
		answer.NotSent = !connected.Load()
		answer.Duration = time.Since(begun)
		return answer
	}
	defer response.Body.Close()

	answer := readHeader(response)
	answer.Body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	answer.Duration = time.Since(begun)
	if err != nil {
		answer.Truncated = true
		answer.Err = hide(fmt.Errorf("Xero's answer broke off: %w", err), secrets)
	}
	if len(answer.Body) > maxAnswer {
		answer.Body, answer.Truncated = answer.Body[:maxAnswer], true
	}
	answer.Body = redact(answer.Body, secrets)
	return answer
}

// unsent is the answer to a request of which nothing left.
func unsent(err error) fieldops.Answer {
	return fieldops.Answer{Err: err, NotSent: true, MinuteLeft: -1, DayLeft: -1, AppMinuteLeft: -1}
}

// transportError says in a sentence why there is no answer.
func transportError(ctx context.Context, err error, connected bool, timeout time.Duration) error {
	switch {
	case !connected:
		return fmt.Errorf("Xero could not be reached: %w", err)
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("Xero did not answer within %s: %w", timeout, context.DeadlineExceeded)
	default:
		return fmt.Errorf("the connection to Xero ended without an answer: %w", err)
	}
}

// readHeader takes from a response everything but its body.
func readHeader(response *http.Response) fieldops.Answer {
	h := response.Header
	return fieldops.Answer{
		Status:        response.StatusCode,
		ContentType:   h.Get("Content-Type"),
		RetryAfter:    retryAfter(h.Get("Retry-After"), time.Now()),
		RateProblem:   rateProblem(h.Get("X-Rate-Limit-Problem")),
		MinuteLeft:    remaining(h.Get("X-MinLimit-Remaining")),
		DayLeft:       remaining(h.Get("X-DayLimit-Remaining")),
		AppMinuteLeft: remaining(h.Get("X-AppMinLimit-Remaining")),
		CorrelationID: h.Get("Xero-Correlation-Id"),
	}
}

// retryAfter reads seconds or a date (RFC 9110 section 10.2.3); 0 is no advice.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// rateProblem reads the limit that a 429 names. Xero has spelt it in several
// ways, so only the beginning counts.
func rateProblem(value string) string {
	value = strings.ToLower(strings.TrimSpace(value))
	for _, p := range []struct{ prefix, limit string }{
		{"min", "minute"}, {"day", "day"}, {"dai", "day"}, {"conc", "concurrent"}, {"app", "app"},
	} {
		if strings.HasPrefix(value, p.prefix) {
			return p.limit
		}
	}
	return ""
}

func remaining(value string) int {
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// spellings lists the secrets, the client's own among them, in every way in
// which they travel.
func (c *Client) spellings(secrets []string) []string {
	var all []string
	for _, s := range append(secrets, c.config.ClientSecret) {
		// A shorter text is no secret of Xero's, and would be found in
		// ordinary words.
		if len(s) < 8 {
			continue
		}
		all = append(all, s)
		if escaped := url.QueryEscape(s); escaped != s {
			all = append(all, escaped)
		}
	}
	if c.config.ClientSecret != "" {
		all = append(all, base64.StdEncoding.EncodeToString([]byte(c.config.ClientID+":"+c.config.ClientSecret)))
	}
	return all
}

func redact(b []byte, secrets []string) []byte {
	for _, s := range secrets {
		b = bytes.ReplaceAll(b, []byte(s), []byte(withheld))
	}
	return b
}

// hide removes secrets from an error. Only an error that holds one loses the
// errors that it wraps.
func hide(err error, secrets []string) error {
	plain := err.Error()
	if clean := string(redact([]byte(plain), secrets)); clean != plain {
		return errors.New(clean)
	}
	return err
}
