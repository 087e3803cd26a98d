package billing_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// However payments, credits, allocations, deletions, restorations and what Xero
// says follow each other, what is paid and due of an invoice add up to its total
// and are what its rows say.
func TestSettlementsAddUp(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newFirm(t, db)
		random := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // a repeatable sequence
		amount := fieldops.Cents(100_00)
		var invoices []fieldops.Invoice
		for range 3 {
			made, err := f.billing.CreateInvoice(ctx, f.actor, fieldops.ManualInvoice{
				ClientID: f.client.ID, Lines: []fieldops.SaleLine{{Description: text("Board"), Amount: &amount}},
			})
			if err != nil {
				t.Fatal(err)
			}
			invoices = append(invoices, made)
		}
		var bin []fieldops.ID
		remote := map[fieldops.ID]fieldops.Cents{}
		moves := map[string]int{}
		for range 150 {
			i := invoices[random.IntN(len(invoices))].ID
			part := fieldops.Cents(1 + random.Int64N(40_00))
			done := ""
			var err error
			switch random.IntN(7) {
			case 0, 1:
				done = "pay"
				_, err = f.billing.MarkPaid(ctx, f.actor, i, fieldops.Payment{}, &part, billing.AnyVersion)
			case 2:
				done = "credit"
				_, err = f.billing.Credit(ctx, f.actor, fieldops.CreditRequest{InvoiceID: i, Amount: &part})
			case 3:
				done = "apply"
				notes, listErr := db.CreditNotes(ctx, store.DocumentFilter{Limit: 100}, "")
				if listErr != nil || len(notes) == 0 {
					continue
				}
				_, err = f.billing.ApplyCredit(ctx, f.actor, notes[random.IntN(len(notes))].ID, i, nil)
			case 4:
				done = "unapply"
				notes, listErr := db.CreditNotes(ctx, store.DocumentFilter{Limit: 100}, i)
				if listErr != nil || len(notes) == 0 || len(notes[0].Allocations) == 0 {
					continue
				}
				_, err = f.billing.UnapplyCredit(ctx, f.actor, notes[0].ID, notes[0].Allocations[0].ID)
			case 5:
				done = "bin"
				kind, id := fieldops.RecordPayment, fieldops.ID("")
				if payments, listErr := db.Payments(ctx, store.PaymentFilter{InvoiceID: i, Limit: 1}); listErr == nil && len(payments) > 0 && random.IntN(3) > 0 {
					id = payments[0].ID
				} else if notes, listErr := db.CreditNotes(ctx, store.DocumentFilter{Limit: 1}, i); listErr == nil && len(notes) > 0 {
					kind, id = fieldops.RecordCreditNote, notes[0].ID
				}
				if id == "" {
					continue
				}
				var deletion fieldops.Deletion
				err = db.Write(ctx, f.actor, func(tx *store.Tx) (err error) {
					deletion, err = tx.Delete(ctx, kind, id)
					return err
				})
				if err == nil {
					bin = append(bin, deletion.ID)
				}
			case 6:
				if len(bin) > 0 && random.IntN(2) == 0 {
					done = "restore"
					_, err = f.billing.Restore(ctx, f.actor, bin[len(bin)-1])
					bin = bin[:len(bin)-1]
					break
				}
				done = "hear of Xero"
				total := invoices[0].Total
				remote[i] = fieldops.Cents(random.Int64N(int64(total)))
				err = db.Write(ctx, f.actor, func(tx *store.Tx) error {
					return tx.KeepStatus(ctx, fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: i},
						&fieldops.Remote{Status: fieldops.StatusAuthorised, Total: total, AmountDue: total - remote[i], AmountPaid: remote[i]})
				})
			}
			switch fieldops.KindOf(err) {
			case "":
				if err != nil {
					t.Fatalf("%s: %v", done, err)
				}
				moves[done]++
			case fieldops.Conflict:
			default:
				t.Fatalf("%s: %v", done, err)
			}
			for _, made := range invoices {
				settled(ctx, t, db, made.ID, remote[made.ID])
			}
		}
		for _, move := range []string{"pay", "credit", "apply", "unapply", "bin", "restore", "hear of Xero"} {
			if moves[move] == 0 {
				t.Errorf("the sequence never came to %s: %v", move, moves)
			}
		}
	})
}

// settled computes what is settled of an invoice anew, from what the lists show.
func settled(ctx context.Context, t *testing.T, db *store.DB, id fieldops.ID, remote fieldops.Cents) {
	t.Helper()
	i, err := db.Invoice(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	settlers, err := db.Settlers(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	var here fieldops.Cents
	for _, s := range settlers {
		here += s.Amount
	}
	if here > i.Total {
		t.Fatalf("%s is kept for an invoice of %s", here, i.Total)
	}
	if want := max(here, remote); i.AmountPaid != want || i.AmountPaid+i.AmountDue != i.Total || (i.Status == fieldops.StatusPaid) != (i.AmountDue == 0) {
		t.Fatalf("%s: paid %s, due %s of %s, while %s is kept here and %s in Xero", i.Status, i.AmountPaid, i.AmountDue, i.Total, here, remote)
	}
	notes, err := db.CreditNotes(ctx, store.DocumentFilter{Limit: 500}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		var allocated fieldops.Cents
		for _, a := range n.Allocations {
			allocated += a.Amount
		}
		if allocated != n.Allocated || n.Remaining() < 0 {
			t.Fatalf("credit note %s of %s: %s allocated", n.Number, n.Amount, allocated)
		}
	}
}
