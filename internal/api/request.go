package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// maxJSON is the largest JSON body.
const maxJSON = 1 << 20

// requestTimeout bounds what a request may cost, except for streams and
// uploads.
const requestTimeout = 30 * time.Second

// request is one HTTP request, of somebody whom the route's access let in.
type request struct {
	*http.Request
	User    fieldops.User // the zero value on a public route
	Session store.Session
	Token   *fieldops.APIToken // of a program that acts for User; nil for a session
	Actor   fieldops.Actor
	// Header and Status are the answer's; a handler may change them.
	Header http.Header
	Status int

	repeat *store.RequestKey // set while the answer is to be kept for repeats
	kept   bool              // the handler has kept it in its own transaction
}

// scope is what the log wants to know of a request. Only the goroutine that
// serves the request touches it.
type scope struct {
	id, ip, userID string
}

type scopeKey struct{}

func withScope(ctx context.Context, s *scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

func scopeOf(ctx context.Context) *scope {
	if s, ok := ctx.Value(scopeKey{}).(*scope); ok {
		return s
	}
	return &scope{}
}

// endpoint is a handler together with the Go types of what it takes and gives,
// from which the OpenAPI document is made.
type endpoint struct {
	serve   func(w http.ResponseWriter, r *request) error
	in, out any // pointers to zero values; nil for what a plain handler does not tell
}

// typed makes an endpoint of a function from its decoded input to what is
// answered as JSON. The fields of In are filled from the tags path:"name" and
// query:"name" (the zero value when absent, empty or the literal undefined) and
// a field Body from the JSON body; format:"uuid" checks an id.
func typed[In, Out any](handle func(r *request, in *In) (Out, error)) endpoint {
	return endpoint{
		serve: func(w http.ResponseWriter, r *request) error {
			var in In
			if err := decodeInput(w, r, &in); err != nil {
				return err
			}
			out, err := handle(r, &in)
			if err != nil {
				return err
			}
			return writeJSON(w, r.Status, out)
		},
		in: new(In), out: new(Out),
	}
}

// plain makes an endpoint of a function that reads the request and writes the
// answer by itself.
func plain(handle func(w http.ResponseWriter, r *request) error) endpoint {
	return endpoint{serve: handle}
}

// writing says that a plain endpoint answers with JSON of a Go type.
func (e endpoint) writing(out any) endpoint {
	e.out = out
	return e
}

// reading says that a plain endpoint decodes its input into a Go type.
func (e endpoint) reading(in any) endpoint {
	e.in = in
	return e
}

// serve is the handler of one route: who asks, may they, and then the endpoint,
// whose answer is kept when the request may be repeated.
func (a *api) serve(route route) http.Handler {
	return a.handle(func(w http.ResponseWriter, r *request) error {
		if !route.has(streams) && !route.exports(r.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
			defer cancel()
			r.Request = r.WithContext(ctx)
		}
		if !route.access.public {
			if err := a.authenticate(w, r); err != nil {
				return err
			}
			if err := route.access.admits(&r.User); err != nil {
				return err
			}
			// Answers are for the person who asked, until they ask again.
			w.Header().Set("Cache-Control", "no-store")
		}
		if route.has(streams) && r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTimeout))
		}
		r.Status = route.status()
		if route.exports(r.Request) {
			return a.export(w, r, route)
		}
		if route.has(repeatable) {
			return a.serveRepeatable(w, r, route)
		}
		return route.endpoint.serve(w, r)
	})
}

// handle answers with an error in its one form when a function returns one.
func (a *api) handle(serve func(w http.ResponseWriter, r *request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		s := scopeOf(hr.Context())
		r := &request{Request: hr, Header: w.Header(), Status: http.StatusOK, Actor: fieldops.Actor{IP: s.ip, RequestID: s.id, TraceParent: traceParent(hr.Context())}}
		if err := serve(w, r); err != nil {
			a.writeError(w, r.Request, err)
		}
	})
}

// writeJSON answers with a body. It is encoded before the first byte is sent,
// so that a fault of the encoding is still a 500.
func writeJSON(w http.ResponseWriter, status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the client is gone: there is nobody to tell
	return nil
}

// readJSON reads a body of at most maxJSON bytes that is a JSON object, by
// field. An empty body is an empty object, so that what is missing is named.
func readJSON(w http.ResponseWriter, r *request) (map[string]json.RawMessage, error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSON))
	if err != nil {
		return nil, bodyError(err, "The request is larger than 1 MB")
	}
	object := map[string]json.RawMessage{}
	if len(bytes.TrimSpace(b)) == 0 {
		return object, nil
	}
	if !json.Valid(b) {
		return nil, fieldops.Refuse(fieldops.Invalid, "The request is not valid JSON")
	}
	if err := json.Unmarshal(b, &object); err != nil || object == nil {
		return nil, fieldops.Refuse(fieldops.Invalid, "The request must be a JSON object")
	}
	// PostgreSQL keeps no NUL in a text, and nobody types one.
	if bytes.Contains(b, []byte(`\u0000`)) {
		return nil, fieldops.Refuse(fieldops.Invalid, "Text must not hold NUL characters")
	}
	return object, nil
}

// message is the answer of an action that has nothing else to tell.
type message struct {
	Message string `json:"message"`
}

// paged is one page of a list.
type paged[T any] struct {
	Data       []T        `json:"data"`
	Pagination pagination `json:"pagination"`
}

type pagination struct {
	Page       int  `json:"page"`
	Limit      int  `json:"limit"`
	Total      int  `json:"total"`
	TotalPages int  `json:"totalPages"`
	HasNext    bool `json:"hasNext"`
	HasPrev    bool `json:"hasPrev"`
	// Estimated says that total, beyond 10,000, is up to a minute old.
	Estimated bool `json:"estimated"`
	// NextKey goes into the parameter after, to go on from here.
	NextKey *fieldops.ID `json:"next_key"`
}

// numberQuery are the parameters of a list with numbered pages.
type numberQuery struct {
	Page  int `query:"page" doc:"Counts from 1" default:"1"`
	Limit int `query:"limit" doc:"Rows of a page, at most 100" default:"20"`
}

// page is what was asked for, within its limits.
func (q numberQuery) page() store.Page {
	p := store.Page{Number: min(max(q.Page, 1), 10_000_000), Size: min(q.Limit, 100)}
	if p.Size < 1 {
		p.Size = 20
	}
	return p
}

// pageQuery are the parameters of a list that can be gone through by key, too.
type pageQuery struct {
	numberQuery
	After fieldops.ID `query:"after" format:"uuid" doc:"The next_key of a page: go on behind its last row, whatever page says"`
}

func (q pageQuery) page() store.Page {
	p := q.numberQuery.page()
	p.AfterID = q.After
	return p
}

func paginationOf(l store.Listing, p store.Page) pagination {
	return pagination{
		Page: p.Number, Limit: p.Size, Total: l.Total, TotalPages: (l.Total + p.Size - 1) / p.Size,
		HasNext: l.More, HasPrev: p.Number > 1 || p.AfterID != "", Estimated: l.Estimated,
	}
}

// pageOf shows one page of a list. idOf is the id of a row.
func pageOf[Row, T any](rows []Row, l store.Listing, p store.Page, idOf func(*Row) fieldops.ID, show func(*Row) T) paged[T] {
	answer := paged[T]{Data: make([]T, len(rows)), Pagination: paginationOf(l, p)}
	for i := range rows {
		answer.Data[i] = show(&rows[i])
	}
	if n := len(rows); n > 0 && l.More {
		last := idOf(&rows[n-1])
		answer.Pagination.NextKey = &last
	}
	return answer
}

// byID is the input of a route that names one record and takes nothing else.
type byID struct {
	ID fieldops.ID `path:"id" format:"uuid"`
}

// byAnyID is the same where a deleted record can be asked for.
type byAnyID struct {
	byID
	withDeleted
}

// withDeleted is the wish to see deleted records, for those who may restore them.
type withDeleted struct {
	IncludeDeleted bool `query:"include_deleted" doc:"Deleted ones, too; for those who may restore them"`
}

// etag names a version of a record by the time of its last change.
func etag(updated fieldops.Time) string {
	return strconv.Quote(strconv.FormatInt(updated.UnixMicro(), 36))
}

// ifMatch refuses a change that was made to another version of the record than
// the one that stands (RFC 9110 section 13.1.1). Without If-Match any version
// will do.
func (r *request) ifMatch(updated fieldops.Time) error {
	wanted := r.Request.Header.Get("If-Match")
	if wanted == "" {
		return nil
	}
	current := etag(updated)
	for candidate := range strings.SplitSeq(wanted, ",") {
		// A proxy that compresses answers makes their tags weak on the way.
		if c := strings.TrimPrefix(strings.TrimSpace(candidate), "W/"); c == "*" || c == current {
			return nil
		}
	}
	return fieldops.Refuse(fieldops.Stale, "Somebody else has changed this meanwhile. Reload it and make your change again.")
}
