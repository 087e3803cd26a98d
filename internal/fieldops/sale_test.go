package fieldops

import (
	"testing"

	"pgregory.net/rapid"
)

// The lines of a credit note add up to the amount asked for, and credit notes
// over the whole of an invoice give its very tax back.
func TestCreditSplitsToTheCent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		i := Invoice{ID: NewID(), Number: "INV-1", Status: StatusAuthorised}
		for range rapid.IntRange(1, 6).Draw(t, "lines") {
			l := Line{
				Quantity: E4(rapid.Int64Range(1, 500_0000).Draw(t, "quantity")), UnitPrice: E4(rapid.Int64Range(0, 900_0000).Draw(t, "price")),
				TaxRate: rapid.SampledFrom([]TaxRate{0, 125_000, 150_000}).Draw(t, "rate"),
			}
			if err := l.Price(); err != nil {
				t.Fatal(err)
			}
			i.Lines = append(i.Lines, l)
		}
		i.SubTotal, i.TotalTax, i.Total = Totals(i.Lines)
		i.AmountDue = i.Total
		if i.Total == 0 {
			return // nothing to credit
		}
		amount := Cents(rapid.Int64Range(1, int64(i.Total)).Draw(t, "amount"))
		part, err := i.Credit(&CreditRequest{Amount: &amount}, 0, BillingTerms{})
		if err != nil {
			t.Fatal(err)
		}
		if part.Amount != amount || part.SubTotal+part.TotalTax != amount {
			t.Fatalf("%s became %s + %s = %s", amount, part.SubTotal, part.TotalTax, part.Amount)
		}
		whole, err := i.Credit(&CreditRequest{}, 0, BillingTerms{})
		if err != nil || whole.Amount != i.Total || whole.TotalTax != i.TotalTax {
			t.Fatalf("the whole gives %s with %s tax of %s with %s (%v)", whole.Amount, whole.TotalTax, i.Total, i.TotalTax, err)
		}
	})
}

func TestSettle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		total, here, remote Cents
		status              string
		paid, due           Cents
		after               string
	}{
		{"nothing", 100, 0, 0, StatusDraft, 0, 100, StatusDraft},
		{"money for a draft", 100, 40, 0, StatusDraft, 40, 60, StatusAuthorised},
		{"all of it", 100, 100, 0, StatusAuthorised, 100, 0, StatusPaid},
		{"Xero knows of more", 100, 40, 60, StatusAuthorised, 60, 40, StatusAuthorised},
		{"the same money there and here", 100, 60, 60, StatusAuthorised, 60, 40, StatusAuthorised},
		{"taken off again", 100, 0, 0, StatusPaid, 0, 100, StatusAuthorised},
		{"more than all of it", 100, 130, 0, StatusAuthorised, 100, 0, StatusPaid},
		{"nothing to pay, and Xero calls it paid", 0, 0, 0, StatusPaid, 0, 0, StatusPaid},
		{"nothing to pay", 0, 0, 0, StatusDraft, 0, 0, StatusDraft},
	} {
		if s := Settle(c.total, c.here, c.remote, c.status); s.Paid != c.paid || s.Due != c.due || s.Status != c.after {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
}
