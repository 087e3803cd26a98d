package billing

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
)

func sample(lines int) (fieldops.Client, fieldops.Invoice) {
	address := "12 Tāmaki Drive\nŌrākei\nAuckland 1071"
	reference := "PO 7781, PO 9000"
	client := fieldops.Client{Name: "Ngāti Whātua Ōrākei Whai Rawa Ltd", BillingAddress: &address}
	i := fieldops.Invoice{
		Number: "INV-00042", ClientName: client.Name, ProjectName: "Wharenui rewiring", Status: fieldops.StatusAuthorised, Currency: "NZD",
		IssueDate: "2026-11-23", DueDate: "2026-12-20", Reference: &reference,
		CreatedAt: fieldops.At(time.Unix(1_795_000_000, 0)), UpdatedAt: fieldops.At(time.Unix(1_795_000_000, 0)),
	}
	for n := range lines {
		l := fieldops.Line{Description: fmt.Sprintf("Installation %d - 7.50 hours", n+1), Quantity: 7_5000, UnitPrice: 95_0000, TaxRate: 150_000}
		if n%5 == 3 {
			l.Description = strings.Repeat("Rewiring of the kitchen, the hall and both bathrooms; ", 5)
		}
		if err := l.Price(); err != nil {
			panic(err)
		}
		i.Lines = append(i.Lines, l)
	}
	i.SubTotal, i.TotalTax, i.Total = fieldops.Totals(i.Lines)
	i.AmountDue = i.Total
	return client, i
}

func TestInvoicePDF(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ā", 4000)
	tests := map[string]struct {
		change func(*fieldops.Client, *fieldops.Invoice)
		lines  int
		pages  int
	}{
		"short":             {nil, 3, 1},
		"of several pages":  {nil, 60, 4},
		"draft":             {func(_ *fieldops.Client, i *fieldops.Invoice) { i.Status = fieldops.StatusDraft }, 3, 1},
		"void, partly paid": {func(_ *fieldops.Client, i *fieldops.Invoice) { i.Status, i.AmountPaid = fieldops.StatusVoided, 100_00 }, 3, 1},
		"without client": {func(c *fieldops.Client, i *fieldops.Invoice) {
			*c, i.ClientName, i.Reference = fieldops.Client{}, "", nil
		}, 1, 1},
		"a line longer than a page":    {func(_ *fieldops.Client, i *fieldops.Invoice) { i.Lines[0].Description = long }, 2, 3},
		"signs that the font has not":  {func(_ *fieldops.Client, i *fieldops.Invoice) { i.Lines[0].Description = "⚡ 𝄞 🔌 電気\tx" }, 1, 1},
		"no lines":                     {nil, 0, 1},
		"a description that is a word": {func(_ *fieldops.Client, i *fieldops.Invoice) { i.Lines[0].Description = strings.Repeat("W", 300) }, 1, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, invoice := sample(test.lines)
			if test.change != nil {
				test.change(&client, &invoice)
			}
			pdf, err := drawInvoice("Kōwhai Electrical Ltd", &client, &invoice)
			if err != nil {
				t.Fatal(err)
			}
			if pages := bytes.Count(pdf, []byte("/Type /Page\n")); !bytes.HasPrefix(pdf, []byte("%PDF-")) || pages != test.pages {
				t.Errorf("%d pages, want %d", pages, test.pages)
			}
			again, err := drawInvoice("Kōwhai Electrical Ltd", &client, &invoice)
			if err != nil || !bytes.Equal(pdf, again) {
				t.Errorf("the same invoice makes another file, %v", err)
			}
		})
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for c, want := range map[fieldops.Cents]string{0: "0.00", -5: "-0.05", 123_45: "123.45", 1_234_00: "1,234.00", 1_234_567_89: "1,234,567.89", -1_234_00: "-1,234.00"} {
		if got := money(c); got != want {
			t.Errorf("money(%d) = %q, want %q", int64(c), got, want)
		}
	}
}
