package store_test

import (
	"context"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// TestReleaseOfWhatWasTakenOver: what waits shows why, is not deleted and not
// sent again by mistake, and goes the way that a person says, once.
func TestReleaseOfWhatWasTakenOver(t *testing.T) {
	t.Parallel()
	raw, url := formerFirm(t, 3)
	db := openFormer(t, url)
	if _, err := db.MigrateOrUpgrade(t.Context(), upgrading(map[string][]byte{})); err != nil {
		t.Fatal(err)
	}
	invoice := fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: id("e001")}
	linked := fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: id("a002")}
	kept := fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: id("a003")}
	write := func(do func(ctx context.Context, tx *store.Tx) error) error {
		return db.Write(t.Context(), fieldops.System, func(tx *store.Tx) error { return do(t.Context(), tx) })
	}
	states, err := db.SyncStates(t.Context(), fieldops.KindInvoice, []fieldops.ID{invoice.ID}, 3)
	s := states[invoice.ID]
	if err != nil || s.WaitReason == nil || *s.WaitReason != store.TakenOver || *s.Phase != fieldops.PhaseWaiting || s.WhoMustAct != fieldops.Office {
		t.Fatalf("the state is %+v, %v", s, err)
	}
	found, err := db.Invoices(t.Context(), store.DocumentFilter{SyncStatus: store.TakenOver, Limit: 10})
	if err != nil || len(found) != 1 || found[0].ID != invoice.ID {
		t.Errorf("the filter finds %d, %v", len(found), err)
	}
	if err := write(func(ctx context.Context, tx *store.Tx) error {
		_, _, err := tx.RequestSync(ctx, invoice, fieldops.OpVoid)
		return err
	}); fieldops.KindOf(err) != fieldops.Conflict {
		t.Errorf("deleting says %v", err)
	}
	if err := write(func(ctx context.Context, tx *store.Tx) error { return tx.Retry(ctx, invoice, false) }); fieldops.KindOf(err) != fieldops.Conflict {
		t.Errorf("sending again says %v", err)
	}
	if err := write(func(ctx context.Context, tx *store.Tx) error {
		_, _, err := tx.RequestSync(ctx, invoice, fieldops.OpUpdate)
		return err
	}); err != nil || one(t, raw, "select count(*) from sync_intents") != "0" {
		t.Errorf("an edit says %v", err)
	}
	release := func(ref fieldops.DocumentRef, r fieldops.Release) error {
		return write(func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseTakenOver(ctx, ref, r) })
	}
	if err := release(linked, fieldops.Release{Action: fieldops.ReleaseLink, XeroID: "a0000000-0000-4000-8000-000000000001"}); fieldops.KindOf(err) != fieldops.Conflict {
		t.Errorf("linking what another order is linked to says %v", err)
	}
	for _, r := range []struct {
		ref fieldops.DocumentRef
		fieldops.Release
	}{
		{invoice, fieldops.Release{Action: fieldops.ReleaseSend}},
		{linked, fieldops.Release{Action: fieldops.ReleaseLink, XeroID: "a0000000-0000-4000-8000-000000000002"}},
		{kept, fieldops.Release{Action: fieldops.ReleaseKeep}},
	} {
		// Many at once: it happens once.
		results := make(chan error, 8)
		for range cap(results) {
			go func() { results <- release(r.ref, r.Release) }()
		}
		done := 0
		for range cap(results) {
			switch err := <-results; {
			case err == nil:
				done++
			case fieldops.KindOf(err) != fieldops.Conflict:
				t.Errorf("%s: %v", r.Action, err)
			}
		}
		if done != 1 {
			t.Errorf("%s happened %d times", r.Action, done)
		}
	}
	for _, c := range []struct{ query, want string }{
		{"select string_agg(operation || ' ' || phase, ', ' order by operation) from sync_intents", "create queued, update queued"},
		{"select sync_status from timesheets where id = '" + id("d001") + "'", "pending"},
		{"select (xero_sync_id = (select xero_sync_id from xero_invoices where id = '" + id("e001") + "')) from timesheets where id = '" + id("d001") + "'", "true"},
		{"select xero_po_id from xero_purchase_orders where id = '" + id("a002") + "'", "a0000000-0000-4000-8000-000000000002"},
		{"select coalesce(cast(sync_status as text), 'none') from xero_purchase_orders where id = '" + id("a003") + "'", "none"},
	} {
		if got := one(t, raw, c.query); got != c.want {
			t.Errorf("%s: %q, want %q", c.query, got, c.want)
		}
	}
}
