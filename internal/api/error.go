package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// statuses maps the kinds of refusal to HTTP; anything else is 500.
var statuses = map[fieldops.ErrorKind]struct {
	status int
	code   string
}{
	fieldops.Invalid:         {http.StatusBadRequest, "VALIDATION_ERROR"},
	fieldops.Unauthenticated: {http.StatusUnauthorized, "UNAUTHORIZED"},
	fieldops.Forbidden:       {http.StatusForbidden, "FORBIDDEN"},
	fieldops.NotFound:        {http.StatusNotFound, "NOT_FOUND"},
	fieldops.Conflict:        {http.StatusConflict, "CONFLICT"},
	fieldops.Stale:           {http.StatusPreconditionFailed, "STALE"},
	fieldops.TooLarge:        {http.StatusRequestEntityTooLarge, "TOO_LARGE"},
	fieldops.TooMany:         {http.StatusTooManyRequests, "TOO_MANY_REQUESTS"},
	fieldops.Unavailable:     {http.StatusServiceUnavailable, "UNAVAILABLE"},
}

// problem is the form of every error: the members of RFC 9457, and error, code
// and requestId, which existing clients read.
type problem struct {
	Error     string           `json:"error"`
	Type      string           `json:"type"`
	Title     string           `json:"title"`
	Status    int              `json:"status"`
	Detail    string           `json:"detail"`
	Code      string           `json:"code"`
	RequestID string           `json:"requestId"`
	Errors    []fieldops.Fault `json:"errors,omitempty"`
}

// problemOf is how an error looks to who caused it, and the seconds after which
// trying again can help, 0 when that is not known.
func problemOf(err error, requestID string) (p problem, details map[string]any, retryAfter int) {
	p = problem{
		Error: "Something went wrong on our side. Try again; if it stays so, tell us the request id.",
		Type:  "about:blank", Status: http.StatusInternalServerError, Code: "INTERNAL_ERROR", RequestID: requestID,
	}
	refusal, ours := errors.AsType[*fieldops.Error](err)
	if !ours {
		refusal = trouble(err)
	}
	if refusal != nil {
		p.Error, p.Errors = refusal.Message, refusal.Faults
		if kind, known := statuses[refusal.Kind]; known {
			p.Status, p.Code = kind.status, kind.code
		}
		details, retryAfter = refusal.Details, refusal.RetryAfter
	}
	p.Title, p.Detail = http.StatusText(p.Status), p.Error
	return p, details, retryAfter
}

// trouble is what an error of our own means that passes by itself, nil for any
// other.
func trouble(err error) *fieldops.Error {
	for _, passing := range []struct {
		so      bool
		message string
		after   int
	}{
		{errors.Is(err, store.ErrInDoubt), "The database went away while this was being saved, so it may be saved or not. Look before you do it again.", 2},
		{store.Full(err), "There is no room left on the server's disk, so this was not saved. Whoever runs the program has to make room.", 30},
		{errors.Is(err, context.DeadlineExceeded), "This took too long. Try again.", 1},
		{store.Away(err), "The database does not answer at the moment. Try again in a few seconds.", 2},
	} {
		if passing.so {
			return &fieldops.Error{Kind: fieldops.Unavailable, Message: passing.message, RetryAfter: passing.after}
		}
	}
	return nil
}

// body is the problem as JSON, with the details that a program may want beside
// the sentence.
func (p problem) body(details map[string]any) []byte {
	b, err := json.Marshal(p)
	if err != nil || len(details) == 0 {
		return b
	}
	all := maps.Clone(details)
	if err := json.Unmarshal(b, &all); err != nil { // what the problem says itself stands above a detail
		return b
	}
	if whole, err := json.Marshal(all); err == nil {
		return whole
	}
	return b
}

// writeError answers with an error. An error that is none of ours to show goes
// to the log whole.
func (a *api) writeError(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		w.WriteHeader(499) // the client is gone; only the log sees this
		return
	}
	s := scopeOf(r.Context())
	p, details, retryAfter := problemOf(err, s.id)
	if _, ours := errors.AsType[*fieldops.Error](err); !ours && !errors.Is(err, errPanicked) {
		a.Log.ErrorContext(r.Context(), "request failed", "error", err, "request_id", s.id, "method", r.Method, "path", r.URL.Path, "user_id", s.userID)
	}
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(p.body(details), '\n')) // the client is gone: there is nobody to tell
}

// errPanicked stands for a panic that was logged already.
var errPanicked = errors.New("panic")

func stack() string { return string(debug.Stack()) }

// bodyError is what a failed read of a body means.
func bodyError(err error, tooLarge string) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fieldops.Refuse(fieldops.TooLarge, "%s", tooLarge)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fieldops.Refuse(fieldops.Invalid, "The request came too slowly to be waited for")
	}
	return fieldops.Refuse(fieldops.Invalid, "The request ended before it was complete")
}

// bodyReader reads a request's body, and tells what went wrong with it as the
// sender's fault, at its source: what goes wrong while it is worked on can look the
// same, such as a database that breaks off.
type bodyReader struct {
	io.Reader
	tooLarge string
}

func (b bodyReader) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = bodyError(err, b.tooLarge)
	}
	return n, err
}
