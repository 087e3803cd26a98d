package billing

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/sheet/sheettest"
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
			pdf, err := invoicePaper(&invoice).draw(letterhead(), nil, &client)
			if err != nil {
				t.Fatal(err)
			}
			if pages := bytes.Count(pdf, []byte("/Type /Page\n")); !bytes.HasPrefix(pdf, []byte("%PDF-")) || pages != test.pages {
				t.Errorf("%d pages, want %d", pages, test.pages)
			}
			again, err := invoicePaper(&invoice).draw(letterhead(), nil, &client)
			if err != nil || !bytes.Equal(pdf, again) {
				t.Errorf("the same invoice makes another file, %v", err)
			}
		})
	}
}

// letterhead is a firm with everything that documents say of one.
func letterhead() *fieldops.Settings {
	return &fieldops.Settings{
		CompanyName: "Kōwhai Electrical Ltd", CompanyAddress: "3 Ōtāhuhu Road\r\nŌtāhuhu\r\nAuckland 1062", CompanyPhone: "+64 9 555 0100",
		CompanyEmail: "accounts@kowhai.example", CompanyTaxNumber: "123-456-789",
		InvoiceTerms: "Payment within 20 days to 12-3456-0123456-00.\nGoods stay ours until they are paid.",
	}
}

// TestDocumentsSayWhatTheSettingsSay reads the pages again: what the firm has
// entered about itself stands on what it sends.
func TestDocumentsSayWhatTheSettingsSay(t *testing.T) {
	t.Parallel()
	client, invoice := sample(40)
	invoice.ClientName = strings.Repeat("Ngā Kaiwhakahaere Hiko o Tāmaki Makaurau ", 4)
	terms, reason := "Valid for thirty days.", "The hall was charged twice"
	quote := fieldops.Quote{Number: "QU-00003", ClientName: client.Name, Status: fieldops.QuoteSent, Currency: "NZD", IssueDate: "2026-11-23", Lines: invoice.Lines[:3]}
	quote.SubTotal, quote.TotalTax, quote.Total = fieldops.Totals(quote.Lines)
	own := quote
	own.Terms = &terms
	note := fieldops.CreditNote{
		Number: "CN-00001", ClientName: client.Name, InvoiceNumber: &invoice.Number, Status: fieldops.StatusAuthorised, Currency: "NZD", Date: "2026-11-24",
		Reason: &reason, Lines: invoice.Lines[:1], Allocations: []fieldops.Allocation{{InvoiceNumber: "INV-00042", Amount: 100_00}}, Allocated: 100_00,
	}
	note.SubTotal, note.TotalTax, note.Amount = fieldops.Totals(note.Lines)
	firm := []string{"Kōwhai Electrical Ltd", "3 Ōtāhuhu Road", "Auckland 1062", "+64 9 555 0100", "accounts@kowhai.example", "GST number 123-456-789"}
	tests := map[string]struct {
		paper       *paper
		says, lacks []string
	}{
		"invoice":                   {invoicePaper(&invoice), []string{"INVOICE", "Bill to", "Payment within 20 days to", "Goods stay ours"}, []string{"Amount due"}},
		"quote":                     {quotePaper(&quote), []string{"QUOTE", "Payment within 20 days to"}, []string{"Due date"}},
		"quote with its own terms":  {quotePaper(&own), []string{"Valid for thirty days."}, []string{"Payment within"}},
		"credit note, partly spent": {creditNotePaper(&note), []string{"CREDIT NOTE", "Credit note number", "Invoice INV-00042", reason, "Set against INV-00042", "-100.00", "Remaining credit NZD", "719.38"}, []string{"Payment within", "Due date"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pdf, err := test.paper.draw(letterhead(), picture(t, "png"), &client)
			if err != nil {
				t.Fatal(err)
			}
			words := sheettest.Words(pdf)
			for _, want := range append(firm, test.says...) {
				if !strings.Contains(words, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			for _, other := range test.lacks {
				if strings.Contains(words, other) {
					t.Errorf("the page says %q", other)
				}
			}
			if !bytes.Contains(pdf, []byte("/Subtype /Image")) {
				t.Error("the page has no logo")
			}
			if folder := os.Getenv("PDF_SAMPLES"); folder != "" { // to look at them
				if err := os.WriteFile(filepath.Join(folder, name+".pdf"), pdf, 0o600); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestLogosOfEveryKind draws what an upload may be, and leaves out what is no
// picture: an invoice does not fail for its logo.
func TestLogosOfEveryKind(t *testing.T) {
	t.Parallel()
	_, invoice := sample(1)
	for kind, drawn := range map[string]bool{"png": true, "jpeg": true, "webp": true, "huge": false, "broken": false, "": false} {
		t.Run("logo "+kind, func(t *testing.T) {
			t.Parallel()
			pdf, err := invoicePaper(&invoice).draw(letterhead(), picture(t, kind), &fieldops.Client{})
			if err != nil || bytes.Contains(pdf, []byte("/Subtype /Image")) != drawn {
				t.Errorf("%v; drawn must be %v", err, drawn)
			}
		})
	}
}

func picture(t *testing.T, kind string) []byte {
	t.Helper()
	logo := image.NewNRGBA(image.Rect(0, 0, 1200, 300))
	for x := range 1200 {
		for y := range 300 {
			logo.Set(x, y, color.NRGBA{uint8(x / 5), 90, uint8(y / 2), 255})
		}
	}
	var out bytes.Buffer
	var err error
	switch kind {
	case "png", "broken":
		err = png.Encode(&out, logo)
	case "jpeg":
		err = jpeg.Encode(&out, logo, nil)
	case "webp": // one point, lossless
		out.WriteString("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")
	case "huge": // a small file that would fill the memory
		out.WriteString("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x06\x00\x00\x00")
		if err := binary.Write(&out, binary.BigEndian, crc32.ChecksumIEEE(out.Bytes()[12:])); err != nil {
			t.Fatal(err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if kind == "broken" {
		return out.Bytes()[:200]
	}
	return out.Bytes()
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for c, want := range map[fieldops.Cents]string{0: "0.00", -5: "-0.05", 123_45: "123.45", 1_234_00: "1,234.00", 1_234_567_89: "1,234,567.89", -1_234_00: "-1,234.00"} {
		if got := money(c); got != want {
			t.Errorf("money(%d) = %q, want %q", int64(c), got, want)
		}
	}
}
