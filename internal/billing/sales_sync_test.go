package billing_test

import (
	"testing"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// Invoices that were typed in and invoices of quotes travel to Xero like any
// other; what was paid here before they arrived is still paid when they have.
func TestManualAndQuotedInvoicesReachXero(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newSandbox(t, db)
		amount := fieldops.Cents(100_00)
		client := f.clients[0].ID
		lines := []fieldops.SaleLine{{Description: text("Board"), Amount: &amount}}
		typed, err := f.service.CreateInvoice(ctx, f.actor, fieldops.ManualInvoice{ClientID: client, Lines: lines})
		if err != nil {
			t.Fatal(err)
		}
		part := fieldops.Cents(40_00)
		if _, err := f.service.MarkPaid(ctx, f.actor, typed.ID, fieldops.Payment{}, &part, billing.AnyVersion); err != nil {
			t.Fatal(err)
		}
		quote, err := f.service.CreateQuote(ctx, f.actor, fieldops.QuoteEdit{ClientID: &client, Lines: lines})
		if err != nil {
			t.Fatal(err)
		}
		quoted, err := f.service.ConvertQuote(ctx, f.actor, quote.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []fieldops.ID{typed.ID, quoted.ID} {
			f.until(fieldops.KindInvoice, id, fieldops.SyncSynced)
		}
		there := map[string]int{}
		for _, r := range f.remoteInvoices() {
			there[r.InvoiceNumber]++
		}
		if there[typed.Number] != 1 || there[quoted.Number] != 1 {
			t.Errorf("in Xero stand %v", there)
		}
		after, err := db.Invoice(ctx, typed.ID)
		if err != nil || after.AmountPaid != part || after.AmountDue != after.Total-part || after.XeroInvoiceID == nil {
			t.Errorf("it owes %s of %s, %v", after.AmountDue, after.Total, err)
		}
	})
}
