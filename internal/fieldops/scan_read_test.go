package fieldops_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/fieldops"
)

// What the firm of these papers knows.
var aboutScans = fieldops.ScanContext{
	Today: "2026-11-27", Firm: "Harbour Electrical Ltd", TaxRate: 150_000, Orders: "PO-", Invoices: "INV-",
	Suppliers: []fieldops.ScanSupplier{
		{ID: "ideal", Name: "Ideal Electrical Suppliers Ltd"},
		{ID: "corys", Name: "Corys Electrical"},
		{ID: "jarussell", Name: "J.A. Russell Ltd"},
		{ID: "mitre", Name: "Mitre 10 MEGA Petone"},
		{ID: "bunnings", Name: "Bunnings"},
		{ID: "manawa", Name: "Mānawa Switchgear"},
		{ID: "mercury", Name: "Mercury NZ Limited"},
		{ID: "rexel", Name: "Rexel Electrical Supplies Pty Ltd"},
	},
}

// want are the fields that a reading must have; "" is one that it must not have, and
// "-" one that does not matter.
type want struct{ paper, supplier, vendor, number, date, due, total, tax, order string }

var papers = []struct {
	name, text string
	want       want
	items      int
}{
	{"a till receipt of a hardware store", `
MITRE 10 MEGA PETONE
55 Jackson Street, Lower Hutt
GST No: 086-123-457
TAX INVOICE
Receipt: 0042-118823
14/11/2026 10:32 AM

2 x SCREW PAN 8G 30MM    12.98
CABLE TIES BLACK 100PK    9.50
PVC CONDUIT 20MM 4M      18.40

TOTAL                   $40.88
GST INCLUDED             $5.33
EFTPOS                  $40.88`, want{"receipt", "mitre", "Mitre 10 MEGA Petone", "0042-118823", "2026-11-14", "", "40.88", "5.33", ""}, 3},

	{"the same as a bad photo reads", `
MITRE 1O MEGA PET0NE
55 Jacks0n Street, L0wer Hutt
GST N0: @86-123-457
TAX lNV0ICE
Receipt: 0O42-118823
14/11/2O26 10:32 AM
2 x SCREW PAN 8G 30MM    12.98
CABLE TIES BLACK 1OOPK    9.S0
PVC C0NDUIT 20MM 4M      18.4O
T0TAL                   $4O.88
GST INCLUDED             $5.33
EFTP0S                  $40.88`, want{"receipt", "mitre", "-", "0042-118823", "2026-11-14", "", "40.88", "5.33", ""}, 3},

	{"an invoice of a wholesaler with an order of ours", `
IDEAL ELECTRICAL SUPPLIERS LTD                         TAX INVOICE
PO Box 14-322, Panmure, Auckland                       GST No. 12-345-678

Bill To:                                   Invoice No:      SI-4471902
Harbour Electrical Ltd                     Invoice Date:    03 Nov 2026
12 Quay Street                             Your Order:      PO-00042
Lower Hutt 5010                            Due Date:        20 Dec 2026

Code        Description                    Qty     Price     Amount
TPS2.5      TPS cable 2.5mm 2C+E 100m      2      168.00     336.00
PDL615      PDL socket double white        20       9.85     197.00
                                                Sub Total     533.00
                                                GST 15%        79.95
                                                TOTAL NZD     612.95`, want{"invoice", "ideal", "Ideal Electrical Suppliers Ltd", "SI-4471902", "2026-11-03", "2026-12-20", "612.95", "79.95", "PO-00042"}, 2},

	{"headings above their values", `
Corys Electrical
Tax Invoice
Invoice Number      Invoice Date      Customer Order
7730118             12/11/26          P0-0O051
Harbour Electrical Ltd
RCBO 20A 30mA type A       4     68.50     274.00
Total excl GST                              274.00
GST                                          41.10
Invoice Total                              $315.10
Terms: 20th of month following`, want{"invoice", "corys", "Corys Electrical", "7730118", "2026-11-12", "", "315.10", "41.10", "PO-00051"}, 1},

	{"fuel, as a service station prints it", `
Z ENERGY PETONE
THE ESPLANADE
TAX INVOICE GST 101-234-567
DATE 21 NOV 2026  TIME 07:14
PUMP 4  DIESEL
41.52 L @ 2.189         90.89
TOTAL NZD              $90.89
INCL. GST               11.86
VISA  ************1234
APPROVED  AUTH 004211`, want{"receipt", "", "Z ENERGY PETONE", "", "2026-11-21", "", "90.89", "11.86", ""}, 0},

	{"parking: no GST amount, which is worked out", `
WILSON PARKING
Courtenay Place, Wellington
GST Receipt
Ticket 88213
Entry 25/11/2026 08:02
Amount Paid  $24.00
Eftpos`, want{"receipt", "", "WILSON PARKING", "-", "2026-11-25", "", "24.00", "3.13", ""}, 0},

	{"a power bill", `
Mercury NZ Limited
Account number 4410 2231 7
Statement date 02 November 2026
Previous balance            212.40
Payments received          -212.40
Electricity charges         182.17
GST                          27.33
Total due                  $209.50
Please pay by 22 November 2026`, want{"bill", "mercury", "Mercury NZ Limited", "-", "2026-11-02", "2026-11-22", "209.50", "27.33", ""}, 0},

	{"Australian, with ABN and ten percent", `
Rexel Electrical Supplies Pty Ltd
ABN 18 000 437 758
TAX INVOICE  90114477
Date: 9/10/2026
Circuit breaker 3P 63A     1    220.00
Freight                    1     25.00
Subtotal              245.00
GST 10%                24.50
Total AUD             269.50
Amount due by 8/11/2026`, want{"invoice", "rexel", "-", "90114477", "2026-10-09", "2026-11-08", "269.50", "24.50", ""}, 2},

	{"the day stands first, and the month second", `
BUNNINGS WAREHOUSE
TAX INVOICE
Sale No: 8123/4410
03/04/2026 16:55
Paint roller 230mm   14.90
Total   14.90
GST   1.94
Cash Tendered   20.00
Change   5.10`, want{"receipt", "bunnings", "Bunnings", "8123/4410", "2026-04-03", "", "14.90", "1.94", ""}, 1},

	{"a month in front, which no day can be", `
Tool Shop Online
Invoice INV20261187
Date 11/23/2026
Total: 88.00
Includes GST of 11.48`, want{"invoice", "", "Tool Shop Online", "INV20261187", "2026-11-23", "", "88.00", "11.48", ""}, 0},

	{"amounts with thousands", `
J.A. Russell Ltd
Tax Invoice No 0098812
Date 1st November 2026
Distribution board 48 way    2    3,450.00    6,900.00
Mains cable 35mm             50      42.10    2,105.00
Total before GST     9,005.00
GST @ 15%            1,350.75
Total incl. GST    $10,355.75`, want{"invoice", "jarussell", "J.A. Russell Ltd", "0098812", "2026-11-01", "", "10355.75", "1350.75", ""}, 2},

	{"an iso date, and a total below its word", `
Manawa Switchgear
INVOICE #MS-2219
Issued 2026-11-05
Meter box IP65   188.03
Sub Total
188.03
GST
28.20
TOTAL
216.23`, want{"invoice", "manawa", "Mānawa Switchgear", "MS-2219", "2026-11-05", "", "216.23", "28.20", ""}, 1},

	{"a purchase order of ours that came back", `
Harbour Electrical Ltd
PURCHASE ORDER
Order No: PO-00017
Date: 19 October 2026
Supplier: Corys Electrical
LED panel 600x600   12   79.00   948.00
GST   142.20
Total   1,090.20`, want{"purchase_order", "corys", "Corys Electrical", "", "2026-10-19", "", "1090.20", "142.20", "PO-00017"}, 1},

	{"a docket that speaks of savings", `
PlaceMakers Seaview
Docket No 55-018822
17-Nov-26
Treated pine 90x45 4.8m     3     21.40     64.20
You saved                                     6.00
Total Savings                                 6.00
TOTAL INC GST                               $64.20
GST CONTENT                                   8.37
MASTERCARD`, want{"receipt", "", "PlaceMakers Seaview", "55-018822", "2026-11-17", "", "64.20", "8.37", ""}, 1},

	{"a café: no heading but a name", `
* THE FLAT WHITE *
Petone
26/11/26 09:41
2 FLAT WHITE          11.00
1 CHEESE SCONE         6.50
TOTAL                 17.50
EFTPOS                17.50`, want{"receipt", "", "THE FLAT WHITE", "", "2026-11-26", "", "17.50", "", ""}, 2},

	{"a total that the reader got wrong, which the rest mends", `
Corys Electrical
Tax Invoice 771203
Date 10/11/2026
Sub Total   200.00
GST 15%      30.00
Amount       2B0.O0`, want{"-", "corys", "-", "771203", "2026-11-10", "", "230.00", "30.00", ""}, 0},

	{"a web shop's letter", `
Tax Invoice
Sold by: Surge Hardware Limited
Bill to: Harbour Electrical Ltd
Order #10087732
Invoice number: SH-10087732-1
Order date: November 2, 2026
Invoice date: November 4, 2026
Delivery date: November 9, 2026
Crimping tool   1   $129.57
Shipping   $8.00
Subtotal   $137.57
GST (15%)   $20.64
Grand Total   $158.21`, want{"invoice", "", "-", "SH-10087732-1", "2026-11-04", "", "158.21", "20.64", "10087732"}, 2},

	{"GST of nothing: a council's fee", `
Hutt City Council
Receipt No: R552190
Date: 16/11/2026
Consent fee              345.00
GST                        0.00
Total paid               345.00
EFTPOS                   345.00`, want{"receipt", "", "Hutt City Council", "R552190", "2026-11-16", "", "345.00", "0.00", ""}, 1},

	{"the total and the tax on one line", `
CORYS ELECTRICAL PETONE
Receipt 20031
18.11.2026
Fuse carriers  23.00
TOTAL (incl GST $3.00)  $23.00
PAYWAVE`, want{"receipt", "corys", "Corys Electrical", "20031", "2026-11-18", "", "23.00", "3.00", ""}, 1},

	{"whole dollars", `
Dave's Diggers
Invoice 118
Date: 8 Nov 2026
Trenching, half a day
Total $460
Please pay within 7 days`, want{"invoice", "", "Dave's Diggers", "118", "2026-11-08", "", "460.00", "", ""}, 0},

	{"an eftpos slip and nothing else", `
SUPER LIQUOR
MERCHANT 00012345
TERMINAL 03
24NOV26 18:22
CARD ****5512 DEBIT
PURCHASE     NZD45.99
TOTAL        NZD45.99
ACCEPTED`, want{"receipt", "", "SUPER LIQUOR", "", "2026-11-24", "", "45.99", "", ""}, 0},

	{"a supplier known by the address of its site", `
                    TAX INVOICE
www.idealelectricalsuppliers.co.nz
Inv No: 99120
Date: 20/11/2026
Amount Due: 57.50
GST: 7.50`, want{"invoice", "ideal", "Ideal Electrical Suppliers Ltd", "99120", "2026-11-20", "", "57.50", "7.50", ""}, 0},

	{"a claim for expenses", `
EXPENSE CLAIM
Name: Tama Rewi
Date: 22/11/2026
Taxi to airport   38.00
Total claimed   38.00`, want{"expense", "", "-", "", "2026-11-22", "", "38.00", "", ""}, 1},

	{"nothing that is a paper of money", `
Dear all,
the lift is out of order until Friday.
Sorry for the trouble.`, want{"unknown", "", "-", "", "", "", "", "", ""}, 0},

	{"an empty text", ``, want{"unknown", "", "", "", "", "", "", "", ""}, 0},

	{"a date that nobody can mean", `
Corner Dairy
Receipt 7
31/02/2026 11:00
Milk  4.60
Total  4.60`, want{"receipt", "", "Corner Dairy", "-", "", "", "4.60", "", ""}, 1},

	{"a credit with the firm's own phone beside it", `
Ideal Electrical Suppliers Ltd       Phone 04 568 1234
Tax Invoice      Doc No      Date
                 C0551207    06/11/2026
Cust PO: PO00042
Switch 2 gang          5     12.40     62.00
Total GST                               9.30
Total Due                              71.30`, want{"invoice", "ideal", "-", "C0551207", "2026-11-06", "", "71.30", "9.30", "PO-00042"}, 1},

	{"rounding to ten cents, paid in cash", `
BUNNINGS LYALL BAY
Receipt No 7001-55120
28/10/2026 14:20
Gaffer tape 48mm    18.98
Total               18.98
Rounding            -0.08
Cash                20.00
Change               1.10
GST included         2.48`, want{"receipt", "bunnings", "Bunnings", "7001-55120", "2026-10-28", "", "18.98", "2.48", ""}, 1},
}

func TestScansAreRead(t *testing.T) {
	t.Parallel()
	for _, p := range papers {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			r := fieldops.ReadScan(scanText(p.text), aboutScans)
			got := want{r.Paper.Value, r.Supplier.Value, r.Vendor.Value, r.Number.Value, r.Date.Value, r.DueDate.Value, r.Total.Value, r.Tax.Value, r.OrderNumber.Value}
			for _, pair := range [][2]*string{{&p.want.paper, &got.paper}, {&p.want.vendor, &got.vendor}, {&p.want.number, &got.number}} {
				if *pair[0] == "-" {
					*pair[1] = "-"
				}
			}
			if diff := cmp.Diff(p.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Error(diff)
			}
			if len(r.Lines) != p.items {
				t.Errorf("lines: %+v, want %d", r.Lines, p.items)
			}
			places(t, p.text, &r)
		})
	}
}

func scanText(text string) []fieldops.ScanText {
	var lines []fieldops.ScanText
	for line := range strings.Lines(strings.TrimPrefix(text, "\n")) {
		lines = append(lines, fieldops.ScanText{Text: strings.TrimRight(line, "\n"), Confidence: 95})
	}
	return lines
}

// places holds that each field says where it stands, and that its confidence is one.
func places(t *testing.T, text string, r *fieldops.ScanReading) {
	t.Helper()
	lines := scanText(text)
	for name, f := range map[string]fieldops.Found{"number": r.Number, "date": r.Date, "total": r.Total, "tax": r.Tax, "order": r.OrderNumber, "vendor": r.Vendor, "supplier": r.Supplier, "paper": r.Paper, "tax number": r.TaxNumber} {
		if (f.Value == "") != (f.Confidence == 0) || f.Confidence < 0 || f.Confidence > 100 {
			t.Errorf("%s: %q is found with %d %%", name, f.Value, f.Confidence)
		}
		if f.Line < 0 {
			continue
		}
		if f.Line >= len(lines) || f.Start < 0 || f.Start > f.End || f.End > len([]rune(lines[f.Line].Text)) {
			t.Errorf("%s: stands at %d, %d–%d", name, f.Line, f.Start, f.End)
		}
	}
}

func TestAReadingThatIsUnsureSaysSo(t *testing.T) {
	t.Parallel()
	sure, unsure := scanText(papers[0].text), scanText(papers[0].text)
	for i := range unsure {
		unsure[i].Confidence = 30
	}
	a, b := fieldops.ReadScan(sure, aboutScans), fieldops.ReadScan(unsure, aboutScans)
	if a.Total.Confidence < 90 || b.Total.Confidence >= 75 || b.Number.Confidence >= a.Number.Confidence {
		t.Errorf("sure: %+v %+v; unsure: %+v %+v", a.Total, a.Number, b.Total, b.Number)
	}
}

func FuzzReadScan(f *testing.F) {
	for _, p := range papers {
		f.Add(p.text)
	}
	f.Add("TOTAL İ 1.00\nGST \xff 0.13\n\u0130\u0130 invoice no 12")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 10_000 {
			return
		}
		r := fieldops.ReadScan(scanText(text), aboutScans)
		proposed := r.Propose()
		_ = proposed.Check()
		places(t, text, &r)
	})
}

func TestScansAreMatched(t *testing.T) {
	t.Parallel()
	cents := func(c fieldops.Cents) *fieldops.Cents { return &c }
	ideal := "ideal"
	invoice := fieldops.ScanFields{Vendor: "Ideal Electrical Suppliers", SupplierID: &ideal, Number: "SI-4471902", OrderNumber: "PO-00042", Date: "2026-11-03", Total: cents(61295)}
	receipt := fieldops.ScanFields{Vendor: "Mitre 10", Date: "2026-11-14", Total: cents(4088)}
	for _, c := range []struct {
		name  string
		scan  fieldops.ScanFields
		with  fieldops.MatchCandidate
		score int
	}{
		{"an order by its number, total, date and supplier", invoice, fieldops.MatchCandidate{Kind: fieldops.RecordPurchaseOrder, Number: "PO-00042", Supplier: "Ideal Electrical Suppliers Ltd", SupplierID: &ideal, Date: "2026-10-30", Total: 61295}, 100},
		{"an order by its number alone", invoice, fieldops.MatchCandidate{Kind: fieldops.RecordPurchaseOrder, Number: "po 42", Date: "2026-08-01", Total: 100}, 50},
		{"another order of the same supplier is not proposed", invoice, fieldops.MatchCandidate{Kind: fieldops.RecordPurchaseOrder, Number: "PO-00918", Supplier: "Ideal Electrical Suppliers Ltd", SupplierID: &ideal, Date: "2026-08-01", Total: 5000}, 0},
		{"a bill by its supplier's number and total", invoice, fieldops.MatchCandidate{Kind: fieldops.RecordBill, Number: "SI-4471902", Supplier: "Ideal Electrical Suppliers Ltd", Date: "2026-11-03", Total: 61295}, 100},
		{"a bill of which one digit was read wrongly", invoice, fieldops.MatchCandidate{Kind: fieldops.RecordBill, Number: "SI-4471982", Supplier: "Somebody", Date: "2026-09-01", Total: 1}, 50},
		{"an expense by amount and day", receipt, fieldops.MatchCandidate{Kind: fieldops.RecordExpense, Supplier: "Screws and ties, Mitre 10", Date: "2026-11-15", Total: 4088}, 90},
		{"an expense that is off by some cents", receipt, fieldops.MatchCandidate{Kind: fieldops.RecordExpense, Supplier: "Screws", Date: "2026-11-15", Total: 4080}, 50},
		{"an expense of the same week is not proposed", receipt, fieldops.MatchCandidate{Kind: fieldops.RecordExpense, Supplier: "Screws", Date: "2026-11-15", Total: 9000}, 0},
		{"an invoice by its number", fieldops.ScanFields{Number: "INV-00007"}, fieldops.MatchCandidate{Kind: fieldops.RecordInvoice, Number: "INV-00007", Total: 5}, 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.with.ID = "it"
			matches := fieldops.MatchScan(&c.scan, []fieldops.MatchCandidate{c.with})
			if c.score == 0 {
				if len(matches) > 0 {
					t.Errorf("it is proposed: %+v", matches)
				}
				return
			}
			if len(matches) != 1 || matches[0].Score != c.score || len(matches[0].Reasons) == 0 {
				t.Errorf("%+v, want a score of %d with reasons", matches, c.score)
			}
		})
	}
	next := []fieldops.MatchCandidate{{Kind: fieldops.RecordPurchaseOrder, ID: "next", Number: "PO-00043", Total: 1}, {Kind: fieldops.RecordPurchaseOrder, ID: "it", Number: "PO-00042", Total: 1}}
	if got := fieldops.MatchScan(&invoice, next); len(got) != 1 || got[0].EntityID != "it" {
		t.Errorf("the order of the next number is proposed beside the very one: %+v", got)
	}
	many := make([]fieldops.MatchCandidate, 9)
	for i := range many {
		many[i] = fieldops.MatchCandidate{Kind: fieldops.RecordExpense, ID: string(rune('a' + i)), Date: receipt.Date, Total: 4088 + fieldops.Cents(i)*20}
	}
	if got := fieldops.MatchScan(&receipt, many); len(got) != fieldops.MaxMatches || got[0].EntityID != "a" || got[0].Score <= got[1].Score {
		t.Errorf("of many: %+v", got)
	}
}
