package xerosim

import (
	"math/big"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func rat(t *testing.T, text string) *big.Rat {
	t.Helper()
	r, ok := parseDecimal(text)
	if !ok {
		t.Fatalf("%q is not a decimal", text)
	}
	return r
}

func TestRoundingIsHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in     string
		places int
		want   string
	}{
		{"2.165", 2, "2.17"},
		{"2.164", 2, "2.16"},
		{"11.445", 2, "11.45"}, // half to even would give 11.44
		{"0.005", 2, "0.01"},
		{"-0.005", 2, "-0.01"},
		{"-2.165", 2, "-2.17"},
		{"-0.004", 2, "0.00"},
		{"1.00005", 4, "1.0001"},
		{"999999999999.995", 2, "1000000000000.00"},
		{"1e-7", 2, "0.00"},
		{"12E1", 2, "120.00"},
	} {
		if got := string(number(rat(t, test.in), test.places)); got != test.want {
			t.Errorf("%s to %d places: %s, want %s", test.in, test.places, got, test.want)
		}
	}
}

// The rounded value is a multiple of the unit, at most half a unit away, and
// away from zero when it is exactly half.
func TestRoundingAgainstDefinition(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	half := big.NewRat(1, 2)
	for range 20_000 {
		places := random.IntN(5)
		scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
		x := big.NewRat(random.Int64N(2_000_001)-1_000_000, []int64{1, 2, 3, 7, 8, 115, 200, 1000, 20_000}[random.IntN(9)])
		units := mul(roundTo(x, places), scale)
		if !units.IsInt() {
			t.Fatalf("%s to %d places is %s: not a multiple of the unit", x, places, units)
		}
		distance := sub(units, mul(x, scale))
		switch new(big.Rat).Abs(distance).Cmp(half) {
		case 1:
			t.Fatalf("%s to %d places is %s units: more than half a unit away", x, places, units)
		case 0:
			if distance.Sign() != x.Sign() {
				t.Fatalf("%s to %d places is %s units: half was not rounded away from zero", x, places, units)
			}
		}
	}
}

func TestParseDecimalRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "1/3", "0x10", "1e999999999", "1e-31", "NaN", "Inf", "1_000", "1.2.3", strings.Repeat("9", 61)} {
		if _, ok := parseDecimal(text); ok {
			t.Errorf("%.20q was read as a decimal", text)
		}
	}
}

type testLine struct{ quantity, price, discountRate, discountAmount, account, taxType string }

func (l testLine) body() tree {
	body := tree{"Description": "Work", "Quantity": l.quantity, "UnitAmount": l.price, "AccountCode": "200"}
	for name, value := range map[string]string{"DiscountRate": l.discountRate, "DiscountAmount": l.discountAmount, "AccountCode": l.account, "TaxType": l.taxType} {
		if value != "" {
			body[name] = value
		}
	}
	return body
}

// The cases of Xero's rounding guide and their neighbours.
func TestTotals(t *testing.T) {
	t.Parallel()
	x := start(t)
	for name, test := range map[string]struct {
		types, query    string
		lines           []testLine
		amounts         []string // LineAmount, TaxAmount of each line
		sub, tax, total string
	}{
		"exclusive, tax per line": {
			types: "Exclusive", lines: []testLine{{quantity: "1", price: "25.06"}, {quantity: "1", price: "25.61"}, {quantity: "1", price: "25.63"}},
			amounts: []string{"25.06", "3.76", "25.61", "3.84", "25.63", "3.84"}, sub: "76.30", tax: "11.44", total: "87.74",
		},
		"exclusive, one line, half a cent": {
			types: "Exclusive", lines: []testLine{{quantity: "1", price: "76.30"}},
			amounts: []string{"76.30", "11.45"}, sub: "76.30", tax: "11.45", total: "87.75",
		},
		"inclusive": {
			types: "Inclusive", lines: []testLine{{quantity: "1", price: "115"}, {quantity: "3", price: "9.99"}},
			amounts: []string{"115.00", "15.00", "29.97", "3.91"}, sub: "126.06", tax: "18.91", total: "144.97",
		},
		"no tax": {
			types: "NoTax", lines: []testLine{{quantity: "2", price: "10.10"}},
			amounts: []string{"20.20", "0.00"}, sub: "20.20", tax: "0.00", total: "20.20",
		},
		"unit amount to two places first": {
			types: "Exclusive", lines: []testLine{{quantity: "100", price: "0.125"}},
			amounts: []string{"13.00", "1.95"}, sub: "13.00", tax: "1.95", total: "14.95",
		},
		"unit amount to four places": {
			types: "Exclusive", query: "unitdp=4", lines: []testLine{{quantity: "100", price: "0.12345"}},
			amounts: []string{"12.35", "1.85"}, sub: "12.35", tax: "1.85", total: "14.20",
		},
		"quantity to four places": {
			types: "Exclusive", lines: []testLine{{quantity: "1.23456", price: "1000"}},
			amounts: []string{"1234.60", "185.19"}, sub: "1234.60", tax: "185.19", total: "1419.79",
		},
		"discount rate": {
			types: "Exclusive", lines: []testLine{{quantity: "3", price: "33.33", discountRate: "12.5"}},
			amounts: []string{"87.49", "13.12"}, sub: "87.49", tax: "13.12", total: "100.61",
		},
		"discount amount": {
			types: "Exclusive", lines: []testLine{{quantity: "3", price: "33.33", discountAmount: "10"}},
			amounts: []string{"89.99", "13.50"}, sub: "89.99", tax: "13.50", total: "103.49",
		},
		"old and zero rates": {
			types: "Exclusive", lines: []testLine{{quantity: "1", price: "9.99", taxType: "OUTPUT"}, {quantity: "1", price: "9.99", taxType: "ZERORATED"}, {quantity: "1", price: "9.99", taxType: "NONE"}},
			amounts: []string{"9.99", "1.25", "9.99", "0.00", "9.99", "0.00"}, sub: "29.97", tax: "1.25", total: "31.22",
		},
		"negative line": {
			types: "Exclusive", lines: []testLine{{quantity: "1", price: "100"}, {quantity: "-1", price: "0.03"}},
			amounts: []string{"100.00", "15.00", "-0.03", "0.00"}, sub: "99.97", tax: "15.00", total: "114.97",
		},
	} {
		var lines []tree
		for _, l := range test.lines {
			lines = append(lines, l.body())
		}
		contact := x.customer("Totals: " + name)
		got := x.api("PUT", "/Invoices?"+test.query, invoice(contact, tree{"LineAmountTypes": test.types, "LineItems": lines})).want(http.StatusOK).one("Invoices")
		var amounts []string
		for _, l := range got.list("LineItems") {
			amounts = append(amounts, l.text("LineAmount"), l.text("TaxAmount"))
		}
		if diff := cmp.Diff(test.amounts, amounts); diff != "" {
			t.Errorf("%s: line and tax amounts (-want +got)\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{test.sub, test.tax, test.total, test.total}, []string{got.text("SubTotal"), got.text("TotalTax"), got.text("Total"), got.text("AmountDue")}); diff != "" {
			t.Errorf("%s: totals (-want +got)\n%s", name, diff)
		}
	}
}

// Totals recomputed in whole numbers, without rationals: amounts in cents from
// quantities and prices in ten-thousandths.
func TestTotalsAgainstIntegers(t *testing.T) {
	t.Parallel()
	o := newOrganisation(DefaultTenantID, "Demo", "NZ", func() time.Time { return fixedNow })
	random := rand.New(rand.NewPCG(3, 4))
	divide := func(n, d int64) int64 { // half away from zero
		if n < 0 {
			return -((-n*2 + d) / (2 * d))
		}
		return (n*2 + d) / (2 * d)
	}
	for range 3000 {
		types := []string{"Exclusive", "Inclusive"}[random.IntN(2)]
		var lines []line
		var sum, tax int64
		for range 1 + random.IntN(5) {
			quantity, price := random.Int64N(100_000)-10_000, random.Int64N(5_000_000)
			built, problems := o.buildLine(line{id: newID()}, lineInput{
				description: ptr("x"), accountCode: ptr("200"), quantity: big.NewRat(quantity, 10_000), unitAmount: big.NewRat(price, 10_000),
			}, lineRules{amountTypes: types, unitdp: 4, sales: true})
			if problems != nil {
				t.Fatal(problems)
			}
			lines = append(lines, built)
			amount := divide(quantity*price, 1_000_000)
			sum += amount
			if types == "Exclusive" {
				tax += divide(amount*15, 100)
			} else {
				tax += divide(amount*15, 115)
			}
		}
		if types == "Inclusive" {
			sum -= tax
		}
		got := sumLines(lines, types)
		if got.subTotal.Cmp(big.NewRat(sum, 100)) != 0 || got.totalTax.Cmp(big.NewRat(tax, 100)) != 0 || got.total.Cmp(big.NewRat(sum+tax, 100)) != 0 {
			t.Fatalf("%s: %s + %s = %s, want %d + %d cents", types, got.subTotal, got.totalTax, got.total, sum, tax)
		}
	}
}

func ptr[T any](v T) *T { return &v }
