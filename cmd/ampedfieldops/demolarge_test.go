package main

import (
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// TestAMadeUpHistoryIsConsistent puts a small history behind a firm: its invoices
// must be the sum of their work.
func TestAMadeUpHistoryIsConsistent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, here *installation) {
		size := demoSize{timesheets: 1_000, invoices: 60, clients: 60}
		here.connect(size)
		db := here.open()
		defer here.close(db)
		consistent(t, db, size)
	})
}

func consistent(t *testing.T, db *store.DB, size demoSize) {
	t.Helper()
	_, listing, err := db.Timesheets(t.Context(), store.TimesheetFilter{Page: store.Page{Number: 1, Size: 1}})
	if err != nil || listing.Total < size.timesheets {
		t.Errorf("%d timesheets, %v", listing.Total, err)
	}
	invoices, err := db.Invoices(t.Context(), store.DocumentFilter{Search: "H-", Limit: 500})
	if err != nil || len(invoices) != size.invoices {
		t.Fatalf("%d invoices, %v", len(invoices), err)
	}
	billed := 0
	for _, v := range invoices {
		subTotal, tax, total := fieldops.Totals(v.Lines)
		if v.SubTotal != subTotal || v.TotalTax != tax || v.Total != total || v.AmountPaid+v.AmountDue != total || v.Sync.Status != "" {
			t.Fatalf("invoice %+v", v)
		}
		work, err := db.InvoiceTimesheets(t.Context(), v.ID)
		if err != nil {
			t.Fatal(err)
		}
		hours := map[fieldops.ID]fieldops.E4{}
		for _, entry := range work {
			hours[*entry.ActivityTypeID] += entry.Hours
		}
		for _, line := range v.Lines {
			if booked := hours[strings.TrimPrefix(line.Key, "activity:")]; booked > 0 && booked != line.Quantity {
				t.Fatalf("invoice %s bills %s hours of %s", v.Number, line.Quantity, booked)
			}
		}
		billed += len(work)
	}
	if billed < size.timesheets*9/10 {
		t.Errorf("only %d entries are billed", billed)
	}
}
