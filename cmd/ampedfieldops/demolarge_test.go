package main

import (
	"path/filepath"
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// TestAMadeUpHistoryIsConsistent fills a firm of a hundredth of the large size:
// its invoices must be the sum of their work, and nothing may wait for Xero but
// what the small firm sends.
func TestAMadeUpHistoryIsConsistent(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	data := filepath.Join(t.TempDir(), "demo")
	said := here.must("demo", "--listen", "127.0.0.1:0", "--xero-listen", "127.0.0.1:0", "--data", data, "--size", "medium", "--fill-only")
	if !strings.Contains(said, "filled sqlite:") {
		t.Fatalf("it said %q", said)
	}
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(data, "ampedfieldops.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	_, listing, err := db.Timesheets(t.Context(), store.TimesheetFilter{Page: store.Page{Number: 1, Size: 1}})
	if err != nil || listing.Total < demoSizes["medium"].timesheets {
		t.Errorf("%d timesheets, %v", listing.Total, err)
	}
	invoices, err := db.Invoices(t.Context(), store.DocumentFilter{Search: "H-", Limit: 500})
	if err != nil || len(invoices) != demoSizes["medium"].invoices {
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
	if billed < demoSizes["medium"].timesheets*9/10 {
		t.Errorf("only %d entries are billed", billed)
	}
}
