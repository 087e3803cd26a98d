package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/store"
)

// heartbeat keeps proxies from closing a quiet stream, and is how often it is
// asked anew whether the person may still watch.
const heartbeat = 15 * time.Second

// watchEvents is a stream of server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). Documents
// and the lane are for those who may see money. A watcher who missed something
// is cut off: a browser comes back by itself and reads everything anew.
func (a *api) watchEvents(w http.ResponseWriter, r *request) error {
	ctx := r.Context()
	events := a.Events.Subscribe(ctx)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the limit for reading a request would end the stream
	send := func(format string, args ...any) bool {
		_, err := fmt.Fprintf(w, format, args...)
		return err == nil && control.Flush() == nil
	}
	if !send("retry: 2000\nevent: hello\ndata: {}\n\n") {
		return nil
	}
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if !a.stillSignedIn(r) || !send(": still here\n\n") {
				return nil
			}
		case event, open := <-events:
			if !open || event.Name == billing.Resync.Name {
				return nil
			}
			if !r.mayHear(event.Data) {
				continue
			}
			data, err := json.Marshal(event.Data)
			if err != nil {
				a.Log.ErrorContext(ctx, "an event cannot be written", "event", event.Name, "error", err)
				continue
			}
			if !send("event: %s\ndata: %s\n\n", event.Name, data) {
				return nil
			}
		}
	}
}

// mayHear reports whether an event is the person's to hear of: notifications are
// theirs, scans their own and everything else for those who may see money.
func (r *request) mayHear(event any) bool {
	switch e := event.(type) {
	case billing.NotificationEvent:
		return e.UserID == r.User.ID
	case store.ChangedScan:
		return r.seesMoney() || e.UserID != nil && *e.UserID == r.User.ID
	}
	return r.seesMoney()
}

// stillSignedIn reads anew who watches and what they may see. Watching is not
// using: it does not make a session last longer.
func (a *api) stillSignedIn(r *request) bool {
	if r.Token != nil {
		return a.readToken(r, *r.Token) == nil
	}
	session, err := a.DB.Session(r.Context(), r.Session.ID)
	if err != nil || !session.Live(a.Clock()) {
		return false
	}
	r.User, err = a.DB.User(r.Context(), session.UserID)
	return err == nil && r.User.IsActive
}
