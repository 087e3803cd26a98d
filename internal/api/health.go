package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type processAnswer struct {
	Status string `json:"status"`
}

func (a *api) processHealth(*request, *nothing) (processAnswer, error) {
	return processAnswer{"ok"}, nil
}

type readinessAnswer struct {
	Status   string `json:"status"` // ready, or why not
	Database bool   `json:"database"`
	Schema   bool   `json:"schema"`
	Worker   *bool  `json:"worker"` // null when another process works
	Redis    *bool  `json:"redis"`  // null where none is used
}

// readiness answers 503 until requests can be served and background work is
// done. Without its Redis an installation does both, more slowly, and says so.
func (a *api) readiness(r *request, _ *nothing) (readinessAnswer, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	answer := readinessAnswer{Status: "ready"}
	answer.Database = a.DB.Ping(ctx) == nil
	if answer.Database {
		pending, err := a.DB.PendingMigrations(ctx)
		answer.Schema = err == nil && len(pending) == 0
	}
	if a.WorkerAlive != nil {
		alive := a.WorkerAlive()
		answer.Worker = &alive
	}
	if redis := a.DB.Queue().Redis(); redis.Configured {
		answer.Redis = &redis.Answers
		if !redis.Answers {
			answer.Status = "degraded: Redis does not answer; the database delivers the work"
		}
	}
	switch {
	case !answer.Database:
		answer.Status = "the database does not answer"
	case !answer.Schema:
		answer.Status = "the database has not this program's schema"
	case answer.Worker != nil && !*answer.Worker:
		answer.Status = "the worker does not run"
	default:
		return answer, nil
	}
	r.Status = http.StatusServiceUnavailable
	return answer, nil
}

type healthAnswer struct {
	Status   string         `json:"status" enum:"healthy,unhealthy"`
	Database databaseHealth `json:"database"`
	Xero     xeroHealth     `json:"xero"`
	Time     fieldops.Time  `json:"timestamp"`
}

type databaseHealth struct {
	Healthy bool   `json:"healthy"`
	Status  string `json:"status" enum:"connected,disconnected"`
}

type xeroHealth struct {
	Configured bool   `json:"configured"`
	Connected  bool   `json:"connected"`
	Status     string `json:"status" enum:"connected,not_connected,not_configured"`
}

// health always answers 200, as existing monitors expect; what is wrong stands
// in the body.
func (a *api) health(r *request, _ *nothing) (healthAnswer, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	answer := healthAnswer{
		Status: "unhealthy", Database: databaseHealth{Status: "disconnected"},
		Xero: xeroHealth{Configured: a.XeroConfigured, Status: "not_configured"}, Time: fieldops.At(a.Clock()),
	}
	gate, err := a.DB.Gate(ctx)
	if err == nil {
		answer.Status, answer.Database = "healthy", databaseHealth{true, "connected"}
		answer.Xero.Connected = gate.Reason != store.NotConnected && gate.Reason != store.NeedsReconnect
	} else if !errors.Is(err, context.Canceled) {
		a.Log.WarnContext(ctx, "health", "error", err)
	}
	switch {
	case answer.Xero.Connected:
		answer.Xero.Status = "connected"
	case answer.Xero.Configured:
		answer.Xero.Status = "not_connected"
	}
	return answer, nil
}

func (a *api) openAPI(w http.ResponseWriter, _ *request) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(a.document()) // the client is gone: there is nobody to tell
	return nil
}
