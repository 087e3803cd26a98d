package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

const tenant = "5c4f1b2e-8f0a-4d5e-9b1c-2d3e4f5a6b7c"

// connected connects a database to an organisation with a token of half an
// hour.
func connected(t *testing.T, db *store.DB) store.Connection {
	t.Helper()
	change(t, db, func(tx *store.Tx) error {
		return tx.Connect(context.Background(), store.Connection{
			ID: fieldops.NewID(), SealedAccess: "a", SealedRefresh: "r", TenantID: tenant, TenantName: "Firm", Generation: 1,
			ExpiresAt: fieldops.At(time.Now()).Add(30 * time.Minute),
		})
	})
	return connection(t, db)
}

func connection(t *testing.T, db *store.DB) store.Connection {
	t.Helper()
	c, err := db.Connection(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func change(t *testing.T, db *store.DB, do func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(context.Background(), fieldops.System, do); err != nil {
		t.Fatal(err)
	}
}

// Several calls may be under way when Xero refuses their token. Only a refusal
// of the token after it means that refreshing does not help.
func TestOnlyTheNextTokensRefusalClosesTheLane(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		c := connected(t, db)
		refuse := func(generation int64) {
			change(t, db, func(tx *store.Tx) error { return tx.TokenRefused(ctx, generation, "refused") })
		}
		for range 3 {
			refuse(c.Generation)
		}
		after := connection(t, db)
		if after.NeedsReconnect != nil || after.ExpiresAt.After(time.Now()) {
			t.Fatalf("three calls with one refused token: needs reconnect %v, expires %s; want a refresh first", after.NeedsReconnect, after.ExpiresAt)
		}
		change(t, db, func(tx *store.Tx) error {
			return tx.Refreshed(ctx, after, "a2", "r2", fieldops.At(time.Now()).Add(30*time.Minute))
		})
		refuse(c.Generation) // a straggler with the old token says nothing of the new one
		if connection(t, db).NeedsReconnect != nil {
			t.Fatal("the refusal of an old token closed the lane")
		}
		refuse(c.Generation + 1)
		if connection(t, db).NeedsReconnect == nil {
			t.Fatal("the refusal of the refreshed token did not close the lane")
		}
	})
}

// An answer that tells only one of the limits must not be taken for one that
// says that the other is used up.
func TestAMissingHeaderChangesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		c := connected(t, db)
		d := fieldops.RealDurations(1)
		call := func(operation fieldops.Operation, minuteLeft, dayLeft int) error {
			p := &store.PlannedCall{
				ID: fieldops.NewID(), Tenant: tenant, ConnectionID: c.ID, TokenGeneration: 1, TokenExpires: c.ExpiresAt, Slot: true,
				Call: fieldops.Call{Method: "GET", Path: "/", Operation: operation, Kind: fieldops.KindConnection},
			}
			return db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
				if err := tx.BeginCall(ctx, d, p); err != nil {
					return err
				}
				return tx.FinishSlot(ctx, p, fieldops.Answer{Status: 200, MinuteLeft: minuteLeft, DayLeft: dayLeft})
			})
		}
		for _, left := range [][2]int{{59, 4999}, {58, -1}, {-1, -1}} {
			if err := call(fieldops.OpLook, left[0], left[1]); err != nil {
				t.Fatal(err)
			}
		}
		lane, err := db.Lane(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		if lane.DayRemaining == nil || *lane.DayRemaining != 4999 {
			t.Errorf("the day's remainder is %v, want 4999", lane.DayRemaining)
		}
		if err := call(fieldops.OpCreate, 57, -1); err != nil {
			t.Errorf("a write is held back: %v", err)
		}
	})
}

func TestADeletedDocumentIsNotSentAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		connected(t, db)
		client := fieldops.Client{Name: "Client Ltd"}
		order := fieldops.PurchaseOrder{Number: "PO-1", Status: fieldops.StatusDraft, Currency: "NZD", Date: "2026-11-01"}
		ref := fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder}
		change(t, db, func(tx *store.Tx) error {
			if err := tx.InsertClient(ctx, &client); err != nil {
				return err
			}
			order.SupplierID = &client.ID
			if err := tx.InsertPurchaseOrder(ctx, &order); err != nil {
				return err
			}
			ref.ID = order.ID
			_, _, err := tx.RequestSync(ctx, ref, fieldops.OpCreate)
			return err
		})
		change(t, db, func(tx *store.Tx) error {
			_, gone, err := tx.RequestSync(ctx, ref, fieldops.OpVoid)
			if err != nil || !gone {
				t.Fatalf("the order was never sent, and yet it is not gone: %v", err)
			}
			return tx.FinishPurchaseOrderVoid(ctx, ref.ID)
		})
		for _, renumbered := range []bool{false, true} {
			err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return tx.Retry(ctx, ref, renumbered) })
			if kind := fieldops.KindOf(err); kind != fieldops.Conflict && kind != fieldops.NotFound {
				t.Errorf("sending a deleted order again (renumbered %v): %v", renumbered, err)
			}
		}
	})
}

// A worker that has prepared a document under its old number must not send it
// once the document has another.
func TestANewNumberOutdatesWhatAWorkerHolds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		c := connected(t, db)
		d := fieldops.RealDurations(1)
		order := fieldops.PurchaseOrder{Number: "PO-1", Status: fieldops.StatusDraft, Currency: "NZD", Date: "2026-11-01"}
		ref := fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder}
		var claim *store.Claim
		change(t, db, func(tx *store.Tx) error {
			if err := tx.InsertPurchaseOrder(ctx, &order); err != nil {
				return err
			}
			ref.ID = order.ID
			intent, _, err := tx.RequestSync(ctx, ref, fieldops.OpCreate)
			if err != nil {
				return err
			}
			claim, err = tx.ClaimIntent(ctx, d, intent)
			return err
		})
		change(t, db, func(tx *store.Tx) error {
			if err := tx.Renumber(ctx, ref, "PO-2"); err != nil {
				return err
			}
			return tx.Retry(ctx, ref, true)
		})
		err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
			return tx.BeginCall(ctx, d, &store.PlannedCall{
				ID: fieldops.NewID(), Tenant: tenant, ConnectionID: c.ID, TokenGeneration: 1, TokenExpires: c.ExpiresAt, Claims: []*store.Claim{claim},
				Call: fieldops.Call{Method: "PUT", Path: "/", Operation: fieldops.OpCreate, Kind: ref.Kind, Members: []fieldops.Posting{{Ref: ref, Number: "PO-1", Revision: 1}}},
			})
		})
		if !errors.Is(err, store.ErrOutdated) {
			t.Errorf("sending the old number: %v, want %v", err, store.ErrOutdated)
		}
	})
}

// A document's id is replaced only by one who still knows the id before.
func TestReadoptReplacesTheIDItKnew(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		connected(t, db)
		order := fieldops.PurchaseOrder{Number: "PO-1", Status: fieldops.StatusDraft, Currency: "NZD", Date: "2026-11-01"}
		ref := fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder}
		first, second, third := fieldops.NewID(), fieldops.NewID(), fieldops.NewID()
		change(t, db, func(tx *store.Tx) error {
			if err := tx.InsertPurchaseOrder(ctx, &order); err != nil {
				return err
			}
			ref.ID = order.ID
			return tx.Adopt(ctx, ref, first)
		})
		change(t, db, func(tx *store.Tx) error { return tx.Readopt(ctx, ref, first, second) })
		err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return tx.Readopt(ctx, ref, first, third) })
		if !errors.Is(err, store.ErrOutdated) {
			t.Errorf("replacing an id that is not there any more: %v, want %v", err, store.ErrOutdated)
		}
		stored, err := db.PurchaseOrder(ctx, ref.ID)
		if err != nil || stored.XeroPOID == nil || *stored.XeroPOID != second {
			t.Errorf("the order has the id %v, want %s: %v", stored.XeroPOID, second, err)
		}
		entries, _, err := db.AuditEntries(ctx, store.AuditFilter{Action: "readopt", EntityID: ref.ID, Limit: 5})
		if err != nil || len(entries) != 1 || !strings.Contains(string(entries[0].Details), first) {
			t.Errorf("the audit trail holds %+v: %v", entries, err)
		}
	})
}
