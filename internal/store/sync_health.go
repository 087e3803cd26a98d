package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"time"

	"ampedfieldops/internal/fieldops"
)

// healthWindow is how far back the way to Xero is looked at.
const healthWindow = 24 * time.Hour

// SyncHealth is how the way to Xero goes: what waits, and how the last day went.
type SyncHealth struct {
	Lane LaneState `json:"lane"`
	// Open are the documents on their way, by kind, phase and why they wait.
	Open []OpenDocuments `json:"open"`
	// Failed are documents that Xero refused and nobody has mended yet.
	Failed int `json:"failed"`
	// Of the last day: how many documents arrived, how long it took from the click,
	// in seconds, and how the calls about documents ended.
	Arrived  int                      `json:"arrived"`
	Seconds  Percentiles              `json:"seconds"`
	Outcomes map[fieldops.Outcome]int `json:"outcomes"`
	// TokenExpiresAt is when the access ends that is renewed before.
	TokenExpiresAt fieldops.Time `json:"token_expires_at"`
	AsOf           fieldops.Time `json:"as_of"`
}

// OpenDocuments are documents of one kind that are equally far.
type OpenDocuments struct {
	Kind   fieldops.DocumentKind `json:"entity_type"`
	Phase  fieldops.Phase        `json:"phase"`
	Reason *string               `json:"reason"`
	Count  int                   `json:"count"`
	Oldest fieldops.Time         `json:"oldest_at"`
}

// Percentiles are what half, nineteen of twenty, and ninety-nine of a hundred
// stay within.
type Percentiles struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
}

func percentiles(values []float64) Percentiles {
	if len(values) == 0 {
		return Percentiles{}
	}
	slices.Sort(values)
	at := func(p int) float64 { return values[(len(values)*p+99)/100-1] }
	return Percentiles{at(50), at(95), at(99)}
}

// healthSample is the most arrivals whose time is looked at, the newest.
const healthSample = 5000

// SyncHealth reads it; d gives the window of the minute's limit.
func (r reads) SyncHealth(ctx context.Context, d fieldops.Durations) (h SyncHealth, err error) {
	if h.Lane, err = r.Lane(ctx, d); err != nil {
		return h, err
	}
	if h.AsOf, err = r.Clock(ctx); err != nil {
		return h, err
	}
	since := h.AsOf.Add(-healthWindow)
	h.Open, err = collect(ctx, r, `select entity_type, phase, reason, count(*), min(opened_at) from sync_intents where closed_at is null
		group by entity_type, phase, reason order by entity_type, phase, reason`, nil, func(rows *sql.Rows, o *OpenDocuments) error {
		return rows.Scan(&o.Kind, &o.Phase, &o.Reason, &o.Count, &o.Oldest)
	})
	if err != nil {
		return h, err
	}
	if err := r.q.QueryRowContext(ctx, `select (select count(*) from live_invoices where sync_status = 'failed') + (select count(*) from live_purchase_orders where sync_status = 'failed')`).Scan(&h.Failed); err != nil {
		return h, err
	}
	took, err := collect(ctx, r, `select opened_at, closed_at from sync_intents where closed_at >= $1 and result = 'synced' order by closed_at desc limit `+strconv.Itoa(healthSample), []any{since},
		func(rows *sql.Rows, seconds *float64) error {
			var opened, closed fieldops.Time
			err := rows.Scan(&opened, &closed)
			*seconds = closed.Sub(opened.Time).Seconds()
			return err
		})
	if err != nil {
		return h, err
	}
	h.Arrived, h.Seconds = len(took), percentiles(took)
	if h.Arrived == healthSample {
		if err := r.q.QueryRowContext(ctx, "select count(*) from sync_intents where closed_at >= $1 and result = 'synced'", since).Scan(&h.Arrived); err != nil {
			return h, err
		}
	}
	h.Outcomes = map[fieldops.Outcome]int{}
	if _, err := collect(ctx, r, "select outcome, count(*) from sync_logs where created_at >= $1 and outcome is not null and writes group by outcome", []any{since},
		func(rows *sql.Rows, _ *struct{}) error {
			var outcome fieldops.Outcome
			var n int
			err := rows.Scan(&outcome, &n)
			h.Outcomes[outcome] = n
			return err
		}); err != nil {
		return h, err
	}
	err = r.q.QueryRowContext(ctx, "select expires_at from xero_tokens order by created_at desc limit 1").Scan(&h.TokenExpiresAt)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return h, err
}
