package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// queuePagesAt is where the queue engine's own pages are.
const queuePagesAt = "/admin/queue"

// The policy of the queue engine's pages: their own scripts, styles and API, and
// nothing else. Their toasts and themes write style elements, for which they know
// no nonce. No script is inline, and what they keep in their page is data.
const queuePagesPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// queuePages serves the queue engine's own pages, and the API behind them, which
// ask nobody who they are: the route does, for every request. What somebody does
// to jobs is written down before it is done.
func (a *api) queuePages(w http.ResponseWriter, r *request) error {
	pages, err := a.jobPages()
	if err != nil {
		return err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err != nil {
			return bodyError(err, "The request is larger than 64 KB")
		}
		if len(body) > 0 && !json.Valid(body) {
			return fieldops.Refuse(fieldops.Invalid, "The request is not valid JSON")
		}
		asked := r.Method + " " + strings.TrimPrefix(r.URL.Path, queuePagesAt)
		if err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.NoteQueueRequest(r.Context(), asked, body) }); err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.Header().Set("Content-Security-Policy", queuePagesPolicy)
	if strings.HasPrefix(r.URL.Path, queuePagesAt+"/assets/") { // their names change with what is in them
		w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	pages.ServeHTTP(w, r.Request)
	return nil
}
