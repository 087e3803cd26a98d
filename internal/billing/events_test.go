package billing_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

func newEvents(db *store.DB) *billing.Events {
	return billing.NewEvents(db, billing.NewSync(billing.SyncConfig{DB: db, Durations: fieldops.RealDurations(1), MaxAttempts: 3}))
}

func next(t *testing.T, events <-chan billing.Event) billing.Event {
	t.Helper()
	select {
	case e, open := <-events:
		if !open {
			t.Fatal("the subscription has ended")
		}
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("no event came")
	}
	return billing.Event{}
}

func TestEventsTellOfDocuments(t *testing.T) {
	t.Parallel()
	db := storetest.New(t, store.SQLite)
	events := newEvents(db)
	db.WatchSync(events.DocumentChanged)
	f := newFirm(t, db)
	f.work(1, 1_0000)

	running, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); events.Run(running) }()
	watcher := events.Subscribe(t.Context())

	made := f.invoice()
	told, ok := next(t, watcher).Data.(billing.SyncEvent)
	if !ok || told.Kind != fieldops.KindInvoice || told.ID != made.ID || *told.SyncStatus != "pending" ||
		*told.Phase != fieldops.PhaseWaiting || *told.XeroSyncID != *made.XeroSyncID {
		t.Errorf("told %+v", told)
	}
	events.LaneChanged()
	if lane, ok := next(t, watcher).Data.(store.LaneState); !ok || lane.Waiting.Count != 1 {
		t.Errorf("lane %+v", lane)
	}
	stop()
	<-ended
	if e, open := <-watcher; open {
		t.Errorf("after the end came %+v", e)
	}
	if _, open := <-events.Subscribe(t.Context()); open {
		t.Error("a subscription after the end is open")
	}
}

func TestSlowWatcherIsToldToLoadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		events := newEvents(nil)
		ctx, cancel := context.WithCancel(t.Context())
		slow, quick := events.Subscribe(ctx), events.Subscribe(ctx)
		for n := range 1000 {
			events.Publish(billing.Event{Name: "sync", Data: n})
			if e := <-quick; e.Data != n {
				t.Fatalf("the quick watcher got %v, want %d", e.Data, n)
			}
		}
		missed := false
		for len(slow) > 0 {
			e := <-slow
			missed = missed || e.Name == billing.Resync.Name
		}
		if !missed {
			t.Error("the slow watcher was not told that it has missed something")
		}
		cancel()
		synctest.Wait()
		if _, open := <-slow; open {
			t.Error("the subscription outlives its context")
		}
		events.Publish(billing.Event{Name: "sync"}) // to nobody
	})
}
