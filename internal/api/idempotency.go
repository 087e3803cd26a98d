package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// abandonedAfter is when a request that still has no answer is taken for one
// that a dead process left behind: no request may run that long.
const abandonedAfter = 2 * time.Minute

// serveRepeatable runs a creating request with a JSON body. With an
// Idempotency-Key (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/)
// a repeat within 24 hours gets the first one's answer, and nothing is done
// twice.
func (a *api) serveRepeatable(w http.ResponseWriter, r *request, route route) error {
	key := r.Request.Header.Get("Idempotency-Key")
	if key == "" {
		return route.endpoint.serve(w, r)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSON))
	if err != nil {
		return bodyError(err, "The request is larger than 1 MB")
	}
	hash := sha256.Sum256(body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return a.repeatable(w, r, key, hash[:], route.method+" "+route.path, route.has(transactional), route.endpoint.serve)
}

// repeatable takes the key, serves, and keeps the answer for repeats. transactional
// says that the handler keeps a successful answer in the transaction of its
// work (see request.keep), so that a key without an answer proves that nothing
// was done.
func (a *api) repeatable(w http.ResponseWriter, r *request, name string, hash []byte, route string, transactional bool, serve func(http.ResponseWriter, *request) error) error {
	if len(name) > 255 || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c > '~' }) {
		return fieldops.Refuse(fieldops.Invalid, "An Idempotency-Key has at most 255 printable ASCII characters")
	}
	key := &store.RequestKey{User: r.User.ID, Route: route, Key: name, Hash: hex.EncodeToString(hash)}
	ctx := r.Context()
	var earlier *store.KeptAnswer
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		var err error
		earlier, err = tx.BeginRequest(ctx, key)
		if err != nil || earlier == nil || earlier.Hash != key.Hash || earlier.Status != 0 ||
			tx.Now.Sub(earlier.Since.Time) < abandonedAfter || !transactional {
			return err
		}
		if free, err := tx.TakeOverRequest(ctx, key, earlier.Since); err != nil || !free {
			return err
		}
		earlier = nil
		return nil
	})
	switch {
	case err != nil:
		return err
	case earlier == nil:
	case earlier.Hash != key.Hash:
		return fieldops.Refuse(fieldops.Conflict, "This Idempotency-Key was used with another request")
	case earlier.Status != 0:
		r.Header.Set("Idempotency-Replayed", "true")
		return replay(w, earlier)
	case a.Clock().Sub(earlier.Since.Time) > abandonedAfter:
		return fieldops.Refuse(fieldops.Conflict, "The first request with this Idempotency-Key was cut off. See whether it was carried out before you send it again with a new key.")
	default:
		refusal := fieldops.Refuse(fieldops.Conflict, "The first request with this Idempotency-Key is still running")
		refusal.RetryAfter = 1
		return refusal
	}

	r.repeat = key
	answer := &keptWriter{header: w.Header()}
	done := false
	defer func() {
		if !done { // a panic on its way up: nothing was answered
			a.settleKey(ctx, r, 0, "")
		}
	}()
	if err := serve(answer, r); err != nil {
		p, details, retryAfter := problemOf(err, r.Actor.RequestID)
		done = true
		if p.Status >= http.StatusInternalServerError || p.Status == http.StatusTooManyRequests || retryAfter > 0 || ctx.Err() != nil {
			a.settleKey(ctx, r, 0, "")
		} else {
			a.settleKey(ctx, r, p.Status, string(p.body(details)))
		}
		return err
	}
	done = true
	if !r.kept {
		a.settleKey(ctx, r, answer.status, answer.body.String())
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes()) // the client is gone; a repeat will get it
	return nil
}

// settleKey keeps an answer, or frees the key when there is none. It runs on
// after the client has gone, because the work is done.
func (a *api) settleKey(ctx context.Context, r *request, status int, body string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		if status == 0 {
			return tx.FreeRequest(ctx, r.repeat)
		}
		return tx.KeepAnswer(ctx, r.repeat, status, body)
	})
	if err != nil {
		a.Log.ErrorContext(ctx, "the answer to a repeatable request was not kept", "error", err, "request_id", r.Actor.RequestID)
	}
}

// keep keeps a successful answer in the transaction of the work, if the request
// may be repeated.
func (r *request) keep(tx *store.Tx, answer any) error {
	if r.repeat == nil {
		return nil
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	if err := tx.KeepAnswer(r.Context(), r.repeat, r.Status, string(body)+"\n"); err != nil {
		return err
	}
	tx.AfterCommit(func() { r.kept = true })
	return nil
}

func replay(w http.ResponseWriter, kept *store.KeptAnswer) error {
	contentType := "application/json; charset=utf-8"
	if kept.Status >= http.StatusBadRequest {
		contentType = "application/problem+json"
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(kept.Status)
	_, _ = w.Write([]byte(kept.Body)) // the client is gone: there is nobody to tell
	return nil
}

// keptWriter holds an answer back until it is kept.
type keptWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *keptWriter) Header() http.Header { return w.header }

func (w *keptWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *keptWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}
