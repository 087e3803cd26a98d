package billing_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// TestProcessesTellEachOther has one process change something and another one's
// watchers see it, long before they would look by themselves; also after the
// connection on which they listen was cut.
func TestProcessesTellEachOther(t *testing.T) {
	t.Parallel()
	url := storetest.Migrated(t, store.Postgres)
	here, there := storetest.Open(t, url), storetest.Open(t, url)
	telling, listening := newEvents(here), newEvents(there)
	here.WatchSync(telling.DocumentChanged)
	here.WatchNotifications(telling.Notified)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{}, 2)
	for _, e := range []*billing.Events{telling, listening} {
		go func() { e.Run(ctx); ended <- struct{}{} }()
	}
	defer func() { cancel(); <-ended; <-ended }()
	watcher := listening.Subscribe(ctx)
	f := newFirm(t, here)

	// Listening begins a moment after Run does.
	notified := func() bool {
		f.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.Notify(ctx, f.jane.ID, "approved", "Approved", "", "")
		})
		for wait := time.After(200 * time.Millisecond); ; {
			select {
			case e := <-watcher:
				if told, ok := e.Data.(billing.NotificationEvent); ok && told.UserID == f.jane.ID {
					return true
				}
			case <-wait:
				return false
			}
		}
	}
	hears := func(when string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !notified(); {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the other process hears nothing", when)
			}
		}
	}
	hears("at first")
	f.work(1, 1_0000)
	begin := time.Now()
	made := f.invoice()
	for {
		told, ok := next(t, watcher).Data.(billing.SyncEvent)
		if ok && told.Kind == fieldops.KindInvoice && told.ID == made.ID {
			break
		}
	}
	t.Logf("told after %v", time.Since(begin))
	telling.LaneChanged()
	for {
		if _, ok := next(t, watcher).Data.(store.LaneState); ok {
			break
		}
	}
	raw, err := sql.Open("pgx", url)
	if err == nil {
		_, err = raw.ExecContext(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen %'")
		err = errors.Join(err, raw.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	hears("after its connection was cut")
}
