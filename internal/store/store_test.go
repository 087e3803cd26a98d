package store_test

import (
	"context"
	"testing"

	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

func TestMigrateIsSafeToRepeat(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		pending, err := db.PendingMigrations(ctx)
		if err != nil || len(pending) > 0 {
			t.Fatalf("after Migrate: pending %v, %v", pending, err)
		}
		if _, err := db.Clock(ctx); err != nil {
			t.Fatal(err)
		}
	})
}
