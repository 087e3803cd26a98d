package store_test

import (
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// TestWordsFollowTheirRecords changes, splits, renumbers and removes records:
// each is found by what it says now, and by nothing once it is gone for good.
func TestWordsFollowTheirRecords(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		write := func(change func(tx *store.Tx) error) {
			t.Helper()
			if err := db.Write(ctx, fieldops.System, change); err != nil {
				t.Fatal(err)
			}
		}
		client := fieldops.Client{Name: "Kererū Homes"}
		invoice := fieldops.Invoice{Number: "INV-00042", ClientID: &client.ID, Status: fieldops.StatusDraft, Currency: "NZD", IssueDate: "2026-05-01", Lines: []fieldops.Line{{ID: fieldops.NewID(), Key: "x", Description: "x", Quantity: 10_000}}}
		var project fieldops.Project
		write(func(tx *store.Tx) error {
			if err := tx.InsertClient(ctx, &client); err != nil {
				return err
			}
			project = fieldops.Project{Name: "Rewire the marae", ClientID: &client.ID}
			if err := tx.InsertProject(ctx, &project, nil); err != nil {
				return err
			}
			return tx.InsertInvoice(ctx, &invoice)
		})
		expect := func(kind fieldops.RecordKind, search string, want int) {
			t.Helper()
			found, err := store.Found(ctx, db, kind, search)
			if err != nil || len(found) != want {
				t.Errorf("%q finds %d %ss, want %d (%v)", search, len(found), kind, want, err)
			}
		}
		expect(fieldops.RecordClient, "kereru hom", 1)
		expect(fieldops.RecordClient, "homesick", 0) // the same seven bytes are not enough
		expect(fieldops.RecordProject, "marae PRJ", 1)
		expect(fieldops.RecordInvoice, "42", 1)
		expect(fieldops.RecordInvoice, "inv-0004", 1)
		expect(fieldops.RecordInvoice, "2", 0)
		client.Name = "Tūī Homes"
		write(func(tx *store.Tx) error { return tx.UpdateClient(ctx, &client) })
		write(func(tx *store.Tx) error {
			return tx.Renumber(ctx, fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: invoice.ID}, "INV-00077")
		})
		expect(fieldops.RecordClient, "kereru", 0)
		expect(fieldops.RecordClient, "tui homes", 1)
		expect(fieldops.RecordInvoice, "42", 0)
		expect(fieldops.RecordInvoice, "77", 1)

		var deletion fieldops.Deletion
		write(func(tx *store.Tx) (err error) {
			deletion, err = tx.Delete(ctx, fieldops.RecordProject, project.ID)
			return err
		})
		expect(fieldops.RecordProject, "marae", 0)
		deletion.CreatedAt = fieldops.At(deletion.CreatedAt.AddDate(0, -2, 0))
		write(func(tx *store.Tx) error {
			return tx.Purge(ctx, &deletion)
		})
		if left, err := store.WordsOf(ctx, db, project.ID); err != nil || left != 0 {
			t.Errorf("%d words of a project that is gone for good, %v", left, err)
		}
	})
}
