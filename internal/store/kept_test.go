package store_test

import (
	"context"
	"fmt"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// TestRowsAreNeverOld reads the lists whose order follows from sums over very
// many rows: with the sums kept, they and the order may be old, but what is said
// of those on the page may not.
func TestRowsAreNeverOld(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		const today, many = fieldops.Date("2026-06-01"), 5
		clients, entries, invoices := make([]fieldops.Client, many), make([]fieldops.ID, many), make([]fieldops.ID, many)
		work := func(n int, hours fieldops.E4) fieldops.Timesheet {
			entry := o.work(fieldops.Date(fmt.Sprintf("2026-05-%02d", n+1)), hours)
			entry.ClientID = &clients[n].ID
			return entry
		}
		due := func(tx *store.Tx, n int, amount fieldops.Cents) error {
			invoices[n] = fieldops.NewID()
			return tx.InsertInvoice(ctx, &fieldops.Invoice{
				ID: invoices[n], Number: "INV-" + fieldops.NewID(), ClientID: &clients[n].ID, Status: fieldops.StatusAuthorised, Currency: "NZD", IssueDate: "2026-05-01", DueDate: "2026-05-20",
				SubTotal: amount, Total: amount, AmountDue: amount, Lines: []fieldops.Line{{ID: fieldops.NewID(), Key: "x", Description: "x", Quantity: 10_000, Amount: amount}},
			})
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			for n := range clients {
				clients[n] = fieldops.Client{Name: fmt.Sprintf("Client %d", n)}
				if err := tx.InsertClient(ctx, &clients[n]); err != nil {
					return err
				}
				entry := work(n, fieldops.E4(many-n)*10_000)
				if err := tx.InsertTimesheet(ctx, &entry); err != nil {
					return err
				}
				entries[n] = entry.ID
				if err := due(tx, n, fieldops.Cents(many-n)*100); err != nil {
					return err
				}
			}
			return nil
		})
		first, second := store.Page{Number: 1, Size: 3}, store.Page{Number: 2, Size: 3}
		read := func(p store.Page) (unbilled store.Unbilled, aged store.AgedPage, hours []store.ClientSummary, listings []store.Listing) {
			unbilled, of1, err := db.UnbilledPage(ctx, today, "", false, p)
			if err != nil {
				t.Fatal(err)
			}
			if aged, err = db.AgedReceivables(ctx, today, p); err != nil {
				t.Fatal(err)
			}
			hours, of3, err := db.Clients(ctx, store.ClientFilter{Sort: "total_hours", Desc: true, Page: p})
			if err != nil {
				t.Fatal(err)
			}
			return unbilled, aged, hours, []store.Listing{of1, aged.Listing, of3}
		}
		store.CountExactly(db, 3)
		unbilled, aged, hours, listings := read(first)
		for i, l := range listings {
			// The office's own client has no work and owes nothing, but is a client.
			if want := many + i/2; l.Total != want || !l.More || !l.Estimated {
				t.Errorf("list %d is %+v", i, l)
			}
		}
		if len(unbilled.Clients) != 3 || unbilled.Total != 15*95_00 || unbilled.Clients[0].Total != 5*95_00 || unbilled.Clients[0].ClientID != clients[0].ID {
			t.Errorf("unbilled %+v", unbilled)
		}
		if len(aged.Clients) != 3 || aged.Sum.Total != 1500 || aged.Clients[2].Total != 300 || len(hours) != 3 || hours[2].TotalHours != 3_0000 {
			t.Errorf("aged %+v, by hours %+v", aged, hours)
		}

		// The first has more work and debt than before, the second no open work.
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			entry := work(0, 10_0000)
			if err := tx.InsertTimesheet(ctx, &entry); err != nil {
				return err
			}
			return due(tx, 0, 5000)
		})
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Delete(ctx, fieldops.RecordTimesheet, entries[1])
			return err
		})
		unbilled, aged, hours, _ = read(first)
		if len(unbilled.Clients) != 2 {
			t.Errorf("who has no open work any more is still there: %+v", unbilled.Clients)
		}
		if unbilled.Total != 15*95_00 {
			t.Errorf("the kept sum was added up again: %s", unbilled.Total)
		}
		if unbilled.Clients[0].Total != 15*95_00 || aged.Clients[0].Total != 5500 || hours[0].TotalHours != 15_0000 {
			t.Errorf("old rows: %+v, %+v, %+v", unbilled.Clients[0], aged.Clients[0], hours[0])
		}
		if aged.Sum.Total != 1500 {
			t.Errorf("what another process changed shows at once: %s", aged.Sum.Total)
		}
		// A change of a document here is known here.
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			invoice, err := tx.LockInvoice(ctx, invoices[0])
			if err != nil {
				return err
			}
			return tx.NoteInvoice(ctx, "update", invoice.ID, nil)
		})
		if _, aged, _, _ = read(first); aged.Sum.Total != 6500 {
			t.Errorf("after a change here the sum is %s", aged.Sum.Total)
		}
		unbilled, aged, hours, listings = read(second)
		if len(unbilled.Clients) != 2 || len(aged.Clients) != 2 || len(hours) != 3 || listings[0].More || listings[1].More || listings[2].More {
			t.Errorf("second page: %+v, %+v, %+v", unbilled.Clients, aged.Clients, hours)
		}
	})
}
