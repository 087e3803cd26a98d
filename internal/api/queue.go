package api

import (
	"encoding/json"
	"net/http"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// queueFilter chooses documents on their way to Xero, and those it refused.
type queueFilter struct {
	Phase      fieldops.Phase        `query:"phase" enum:"queued,sending,checking,waiting,failed"`
	EntityType fieldops.DocumentKind `query:"entity_type" enum:"invoice,purchase_order,client"`
	Q          string                `query:"q" doc:"Part of the number, the client or supplier, or the error"`
}

func (f *queueFilter) filter() store.QueueFilter {
	return store.QueueFilter{Phase: f.Phase, Kind: f.EntityType, Text: f.Q}
}

type syncQueueInput struct {
	pageQuery
	queueFilter
}

// queuedAnswer is a document of the queue as the list shows it.
type queuedAnswer struct {
	store.QueuedDocument
	Stuck *string `json:"stuck" doc:"Why it cannot be sent again now"`
}

func (a *api) syncQueue(r *request, in *syncQueueInput) (paged[queuedAnswer], error) {
	page, filter := in.page(), in.filter()
	filter.Page = page
	documents, listing, err := a.DB.SyncQueue(r.Context(), filter, a.Sync.MaxAttempts())
	return pageOf(documents, listing, page, func(d *store.QueuedDocument) fieldops.ID { return d.Intent },
		func(d *store.QueuedDocument) queuedAnswer {
			why := d.Stuck()
			return queuedAnswer{*d, text(&why)}
		}), err
}

func (a *api) planRetry(r *request, in *queueFilter) (billing.RetryPlan, error) {
	return a.Billing.PlanRetry(r.Context(), in.filter())
}

type retryQueueInput struct {
	queueFilter
	Body struct {
		Hash string `json:"hash" doc:"Of the plan that was looked at; when it no longer fits, nothing is done and the answer is 409"`
	}
}

// retriedLine is one line of the answer: of the first, how many documents it will
// be; then what became of each; last, that it ended, or what went wrong on our side.
type retriedLine struct {
	Count      int                   `json:"count,omitempty"`
	EntityType fieldops.DocumentKind `json:"entity_type,omitempty"`
	EntityID   fieldops.ID           `json:"entity_id,omitempty"`
	Number     string                `json:"number,omitempty"`
	Retried    bool                  `json:"retried,omitempty"`
	Error      string                `json:"error,omitempty"`
	Done       bool                  `json:"done,omitempty"`
	RequestID  string                `json:"requestId,omitempty"`
}

// retryQueue tells of each document as it is done, so that many can be watched.
// Whoever goes away ends it after the document that is under way.
func (a *api) retryQueue(w http.ResponseWriter, r *request) error {
	var in retryQueueInput
	if err := decodeInput(w, r, &in); err != nil {
		return err
	}
	var f fieldops.Faults
	f.Require(in.Body.Hash != "", "hash", "Look at the plan first, and send its hash")
	if err := f.Err(""); err != nil {
		return err
	}
	control := http.NewResponseController(w)
	begun := false
	send := func(line retriedLine) {
		if !begun {
			begun = true
			w.Header().Set("Content-Type", "application/x-ndjson")
			w.Header().Set("X-Accel-Buffering", "no")
			_ = control.SetReadDeadline(time.Time{}) // the limit for reading a request would end the stream
		}
		_ = json.NewEncoder(w).Encode(line) // the client is gone: the request's context ends the work
		_ = control.Flush()
	}
	err := a.Billing.RetryPlanned(r.Context(), r.Actor, in.filter(), in.Body.Hash,
		func(count int) { send(retriedLine{Count: count}) },
		func(done billing.Retried) {
			line := retriedLine{EntityType: done.Kind, EntityID: done.ID, Number: done.Number, Retried: done.Err == nil}
			if done.Err != nil {
				line.Error = done.Err.Error()
			}
			send(line)
		})
	if err == nil {
		send(retriedLine{Done: true})
		return nil
	}
	if !begun {
		return err
	}
	if r.Context().Err() == nil {
		a.Log.ErrorContext(r.Context(), "sending again ended early", "error", err, "request_id", r.Actor.RequestID)
		p, _, _ := problemOf(err, r.Actor.RequestID)
		send(retriedLine{Error: p.Error, RequestID: r.Actor.RequestID})
	}
	return nil
}
