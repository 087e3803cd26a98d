package store_test

import (
	"context"
	"sync"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// TestNothingIsBookedToWhatIsBeingDeleted races entries against the deletion of
// their project: afterwards every entry went with it or was refused.
func TestNothingIsBookedToWhatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		var racing sync.WaitGroup
		begin := make(chan struct{})
		for range 20 {
			racing.Go(func() {
				<-begin
				entry := o.work("2026-05-04", 10_000)
				err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return tx.InsertTimesheet(ctx, &entry) })
				if err != nil && fieldops.KindOf(err) != fieldops.Invalid {
					t.Error(err)
				}
			})
		}
		racing.Go(func() {
			<-begin
			err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
				_, err := tx.Delete(ctx, fieldops.RecordClient, o.client.ID)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		close(begin)
		racing.Wait()
		if _, listing, err := db.Timesheets(ctx, store.TimesheetFilter{Page: store.Page{Number: 1, Size: 100}}); err != nil || listing.Total != 0 {
			t.Errorf("%d entries were booked to a deleted project, %v", listing.Total, err)
		}
	})
}

// TestADeletionRestoresWhatItTookAndNothingElse deletes an entry, then its
// project, then its client: each restoration brings back its own.
func TestADeletionRestoresWhatItTookAndNothingElse(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		first, second := o.book(t, "2026-05-04", 10_000), o.book(t, "2026-05-05", 20_000)
		remove := func(kind fieldops.RecordKind, id fieldops.ID) (d fieldops.Deletion) {
			t.Helper()
			o.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
				d, err = tx.Delete(ctx, kind, id)
				return err
			})
			return d
		}
		restore := func(d fieldops.Deletion) error {
			t.Helper()
			return o.try(t, func(ctx context.Context, tx *store.Tx) error {
				d, err := tx.LockDeletion(ctx, d.ID)
				if err != nil {
					return err
				}
				return tx.Restore(ctx, &d)
			})
		}
		live := func(project, one, other bool) {
			t.Helper()
			_, err := db.Project(ctx, o.project.ID)
			_, errOne := db.Timesheet(ctx, first.ID)
			_, errOther := db.Timesheet(ctx, second.ID)
			if (err == nil) != project || (errOne == nil) != one || (errOther == nil) != other {
				t.Fatalf("project %v, first entry %v, second entry %v", err, errOne, errOther)
			}
		}
		entry, project, client := remove(fieldops.RecordTimesheet, first.ID), remove(fieldops.RecordProject, o.project.ID), remove(fieldops.RecordClient, o.client.ID)
		live(false, false, false)
		if project.Counts[fieldops.RecordTimesheet] != 1 || len(client.Counts) != 1 {
			t.Errorf("the project took %v, the client %v", project.Counts, client.Counts)
		}
		wantKind(t, restore(project), fieldops.Conflict, "It belongs to client Kōwhai Café, which is in the bin; restore that first")
		for _, step := range []struct {
			d                   fieldops.Deletion
			project, one, other bool
		}{{client, false, false, false}, {project, true, false, true}, {entry, true, true, true}} {
			if err := restore(step.d); err != nil {
				t.Fatal(err)
			}
			live(step.project, step.one, step.other)
			wantKind(t, restore(step.d), fieldops.Conflict, "was restored already")
		}
		again := remove(fieldops.RecordClient, o.client.ID)
		wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error {
			d, err := tx.LockDeletion(ctx, again.ID)
			if err != nil {
				return err
			}
			return tx.Purge(ctx, &d)
		}), fieldops.Conflict, "30 days after it was deleted")
		late := again
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			tx.Now = tx.Now.Add(31 * 24 * 60 * 60 * 1e9)
			return tx.Purge(ctx, &late)
		})
		wantKind(t, restore(again), fieldops.Conflict, "was removed for good")
		if _, err := db.AnyClient(ctx, o.client.ID); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("the client was purged and is still there: %v", err)
		}
		if _, err := db.AnyTimesheet(ctx, first.ID); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("an entry outlived its client: %v", err)
		}
	})
}
