package billing_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// onEachEngine runs a test with each way of delivering the work for Xero.
func onEachEngine(t *testing.T, test func(t *testing.T, f *sandbox)) {
	t.Helper()
	for _, e := range []struct {
		name     string
		database store.Engine
		redis    bool
	}{
		{"River on SQLite", store.SQLite, false},
		{"River on PostgreSQL", store.Postgres, false},
		{"asynq beside PostgreSQL", store.Postgres, true},
		{"asynq beside SQLite", store.SQLite, true},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			db := storetest.New(t, e.database)
			if e.redis {
				db.Queue().DeliverBy(job.Redis{Host: "127.0.0.1", Port: storetest.OwnRedis(t).Port})
			}
			f := newSandbox(t, db)
			test(t, f)
			if handed := db.Queue().Redis().HandedOver; (handed > 0) != e.redis {
				t.Errorf("%d jobs went through Redis", handed)
			}
		})
	}
}

type timedCall struct {
	At       time.Time `json:"at"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Status   int       `json:"status"`
	InFlight int       `json:"in_flight"`
}

// A document whose answers are lost is sent three times, looked for after 2, 4 and
// 8 seconds (scaled, and ± 20 %), and then somebody is asked.
func TestThreeAttemptsOnEachEngine(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f *sandbox) {
		f.work(0, 1)
		f.until(fieldops.KindInvoice, f.invoice(0).ID, fieldops.SyncSynced)
		f.work(0, 1)
		f.sim("POST", "/faults", []any{map[string]any{"method": "PUT", "path": "/api.xro/2.0/Invoices", "do": "drop", "times": -1}}, nil)
		before := len(f.timed())
		invoice := f.invoice(0)
		state := f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncFailed)
		if state.ErrorMessage == nil || !strings.Contains(*state.ErrorMessage, "did not record this in 3 attempts") {
			t.Errorf("the person is told %v", state.ErrorMessage)
		}
		var sent []time.Time
		d := fieldops.RealDurations(scale)
		for _, c := range f.timed()[before:] {
			if !strings.HasPrefix(c.Path, "/api.xro/2.0/Invoices") {
				continue
			}
			if c.Method == http.MethodPut {
				sent = append(sent, c.At)
				continue
			}
			n := len(sent)
			if n == 0 {
				t.Fatal("it was looked for before it was sent")
			}
			if gap := c.At.Sub(sent[n-1]); gap < d.Backoff[n-1]*8/10 {
				t.Errorf("after send %d it was looked for after %v, not after %v ± 20 %%", n, gap, d.Backoff[n-1])
			}
		}
		if len(sent) != 3 {
			t.Errorf("it was sent %d times", len(sent))
		}
	})
}

func (f *sandbox) timed() (all []timedCall) {
	f.t.Helper()
	f.sim("GET", "/calls", nil, &all)
	return all
}

// Many documents that each need a call of their own share five places, and begin at
// most ten in a (scaled) second.
func TestFiveInFlightOnEachEngine(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f *sandbox) {
		const documents = 16
		invoices := make([]fieldops.ID, documents)
		for i := range invoices {
			f.work(0, 1)
			invoices[i] = f.invoice(0).ID
		}
		for _, id := range invoices {
			f.until(fieldops.KindInvoice, id, fieldops.SyncSynced)
		}
		f.sim("POST", "/limits", map[string]int{"minute": 1000, "latency_ms": 400}, nil)
		before := len(f.timed())
		reference := "changed"
		for _, id := range invoices {
			if _, err := f.service.EditInvoice(t.Context(), f.actor, id, fieldops.InvoiceEdit{Reference: &reference}, billing.AnyVersion); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range invoices {
			f.until(fieldops.KindInvoice, id, fieldops.SyncSynced)
		}
		most, updates := 0, 0
		for _, c := range f.timed()[before:] {
			if c.Status == http.StatusTooManyRequests {
				t.Errorf("%s %s was refused by a limit", c.Method, c.Path)
			}
			most = max(most, c.InFlight)
			if c.Method == http.MethodPost && strings.HasPrefix(c.Path, "/api.xro/2.0/Invoices/") {
				updates++
			}
		}
		if most > 5 || most < 2 || updates != documents {
			t.Errorf("%d updates of %d documents, %d in flight at once", updates, documents, most)
		}
	})
}
