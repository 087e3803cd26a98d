package api

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ampedfieldops/internal/store"
)

// syncHealth is how the way to Xero goes, to read.
func (a *api) syncHealth(r *request, _ *nothing) (store.SyncHealth, error) {
	return a.DB.SyncHealth(r.Context(), a.Sync.Durations())
}

// metrics is the same for Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/),
// with what this process does: for whoever has METRICS_TOKEN as a bearer token,
// and for admins.
func (a *api) metrics(w http.ResponseWriter, r *request) error {
	given := []byte(strings.TrimPrefix(r.Request.Header.Get("Authorization"), "Bearer "))
	if a.MetricsToken == "" || subtle.ConstantTimeCompare(given, []byte(a.MetricsToken)) != 1 {
		if err := a.authenticate(w, r); err != nil {
			return err
		}
		if err := adminOnly.admits(&r.User); err != nil {
			return err
		}
	}
	a.prometheus().ServeHTTP(w, r.Request)
	return nil
}

const prefix = "ampedfieldops_"

// newPrometheus makes the handler of the metrics of this process and its database.
func (a *api) newPrometheus() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), a.requests, syncCollector{a})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// newRequestMetrics counts requests and how long they take, by route.
func newRequestMetrics() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: prefix + "request_seconds", Help: "Time that requests took, by route and status.",
		Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10},
	}, []string{"method", "route", "status"})
}

// syncCollector reads the way to Xero from the database when it is asked.
type syncCollector struct{ a *api }

var (
	syncOpen     = prometheus.NewDesc(prefix+"sync_documents", "Documents on their way to Xero.", []string{"entity_type", "phase", "reason"}, nil)
	syncOldest   = prometheus.NewDesc(prefix+"sync_oldest_seconds", "Age of the document that has waited longest for Xero; 0 when none waits.", nil, nil)
	syncFailed   = prometheus.NewDesc(prefix+"sync_failed_documents", "Documents that Xero refused and nobody has mended.", nil, nil)
	syncArrived  = prometheus.NewDesc(prefix+"sync_arrived_day", "Documents that reached Xero in the last 24 hours.", nil, nil)
	syncSeconds  = prometheus.NewDesc(prefix+"sync_seconds_day", "Seconds from the click to Xero, of the last 24 hours.", []string{"quantile"}, nil)
	syncOutcomes = prometheus.NewDesc(prefix+"sync_outcomes_day", "How calls about documents ended in the last 24 hours.", []string{"outcome"}, nil)
	syncBudget   = prometheus.NewDesc(prefix+"xero_calls_left", "Calls that Xero still takes.", []string{"window"}, nil)
	syncInFlight = prometheus.NewDesc(prefix+"xero_calls_in_flight", "Calls to Xero under way, of all processes.", nil, nil)
	syncClosed   = prometheus.NewDesc(prefix+"sync_stopped", "1 while nothing is sent, by reason.", []string{"reason"}, nil)
	syncBreaker  = prometheus.NewDesc(prefix+"xero_breaker_open", "1 while Xero is taken for unreachable.", nil, nil)
	syncToken    = prometheus.NewDesc(prefix+"xero_token_expires_seconds", "Seconds until the access to Xero ends; it is renewed before.", nil, nil)
	workerAlive  = prometheus.NewDesc(prefix+"worker_alive", "1 when this process carries documents to Xero.", nil, nil)
	redisAnswers = prometheus.NewDesc(prefix+"redis_answers", "1 when Redis answers; absent where none is used.", nil, nil)
	redisJobs    = prometheus.NewDesc(prefix+"redis_jobs_total", "Jobs that this process handed over to Redis.", nil, nil)
	healthRead   = prometheus.NewDesc(prefix+"sync_health_read", "1 when the figures of the way to Xero could be read.", nil, nil)
)

func (c syncCollector) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, out) }

func (c syncCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	yes := func(so bool) float64 {
		if so {
			return 1
		}
		return 0
	}
	gauge(workerAlive, yes(c.a.WorkerAlive != nil && c.a.WorkerAlive()))
	if redis := c.a.DB.Queue().Redis(); redis.Configured {
		gauge(redisAnswers, yes(redis.Answers))
		out <- prometheus.MustNewConstMetric(redisJobs, prometheus.CounterValue, float64(redis.HandedOver))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	h, err := c.a.DB.SyncHealth(ctx, c.a.Sync.Durations())
	gauge(healthRead, yes(err == nil))
	if err != nil {
		c.a.Log.Warn("metrics", "error", err)
		return
	}
	oldest := 0.0
	for _, o := range h.Open {
		reason := ""
		if o.Reason != nil {
			reason = *o.Reason
		}
		gauge(syncOpen, float64(o.Count), string(o.Kind), string(o.Phase), reason)
		oldest = max(oldest, h.AsOf.Sub(o.Oldest.Time).Seconds())
	}
	gauge(syncOldest, oldest)
	gauge(syncFailed, float64(h.Failed))
	gauge(syncArrived, float64(h.Arrived))
	gauge(syncSeconds, h.Seconds.P50, "0.5")
	gauge(syncSeconds, h.Seconds.P95, "0.95")
	gauge(syncSeconds, h.Seconds.P99, "0.99")
	for outcome, n := range h.Outcomes {
		gauge(syncOutcomes, float64(n), string(outcome))
	}
	gauge(syncBudget, float64(h.Lane.MinuteRemaining), "minute")
	if h.Lane.DayRemaining != nil {
		gauge(syncBudget, float64(*h.Lane.DayRemaining), "day")
	}
	gauge(syncInFlight, float64(h.Lane.InFlight))
	if h.Lane.Reason != nil {
		gauge(syncClosed, 1, *h.Lane.Reason)
	}
	gauge(syncBreaker, yes(h.Lane.Breaker == "open"))
	if !h.TokenExpiresAt.IsZero() {
		gauge(syncToken, h.TokenExpiresAt.Sub(h.AsOf.Time).Seconds())
	}
}
