package store_test

import (
	"context"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// TestAFormerPictureStaysWhileAnyEntryNamesIt has two entries that were not written
// down together name one path, as the former product allowed.
func TestAFormerPictureStaysWhileAnyEntryNamesIt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const path = "/uploads/projects/9/board_1.jpg"
		o, ctx := newOffice(t, db), t.Context()
		entries := []fieldops.Timesheet{o.work("2026-05-04", 10_000), o.work("2026-05-05", 10_000)}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			for i := range entries {
				entries[i].ImageURLs = []string{path}
				if err := tx.InsertTimesheet(ctx, &entries[i]); err != nil {
					return err
				}
			}
			return tx.KeepFile(ctx, &fieldops.StoredFile{
				ID: fieldops.NewID(), Path: path, Place: fieldops.PlaceLocal, Ref: "projects/9/board_1.jpg", Name: "board_1.jpg",
				RecordKind: fieldops.RecordTimesheet, RecordID: &entries[0].ID,
			})
		})
		for i := range entries {
			o.write(t, func(ctx context.Context, tx *store.Tx) error {
				before, err := tx.LockTimesheet(ctx, entries[i].ID, "edit")
				if err != nil {
					return err
				}
				after := before
				after.ImageURLs = nil
				if err := tx.UpdateTimesheet(ctx, &before, &after); err != nil {
					return err
				}
				return tx.ReleaseFiles(ctx, true, path)
			})
			due, err := db.RemovableFiles(ctx, fieldops.At(time.Now().Add(time.Minute)), 10)
			if err != nil || len(due) != i {
				t.Errorf("after %d of 2 let go, %d are to be removed: %v", i+1, len(due), err)
			}
		}
	})
}
