package fieldops

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// oracle rounds n ÷ d half away from zero with arbitrary precision.
func oracle(n, d *big.Int) int64 {
	q, r := new(big.Int).QuoRem(n, d, new(big.Int))
	if new(big.Int).Abs(r.Lsh(r, 1)).Cmp(new(big.Int).Abs(d)) >= 0 {
		q.Add(q, big.NewInt(int64(n.Sign()*d.Sign())))
	}
	return q.Int64()
}

func product(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }

func TestRandomLinesAgreeWithArbitraryPrecision(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(20261123, 15))
	rates := []TaxRate{0, 50_000, 90_000, 100_000, 125_000, 150_000, 175_000, 200_000, 1, 999_999, 1_000_000}
	million := big.NewInt(1_000_000)
	for i := range 100_000 {
		quantity := E4(random.Int64N(40_000_000) - 4_000_000) // -400 to 3,600
		price := E4(random.Int64N(100_000_000))               // to 10,000
		if i%3 == 0 {
			price -= price % 100 // as most prices are: two digits
		}
		if i%7 == 0 {
			quantity -= quantity % 2_500 // quarter hours
		}
		rate := rates[i%len(rates)]

		amount, err := Multiply(quantity, price)
		if err != nil {
			t.Fatalf("%s × %s: %v", quantity, price, err)
		}
		if want := oracle(product(int64(quantity), int64(price)), million); int64(amount) != want {
			t.Fatalf("%s × %s = %s, want %d cents", quantity, price, amount, want)
		}
		if tax, want := rate.Of(amount), oracle(product(int64(amount), int64(rate)), million); int64(tax) != want {
			t.Fatalf("%s %% on %s = %s, want %d cents", rate, amount, tax, want)
		}
		within := rate.Within(amount)
		if want := oracle(product(int64(amount), int64(rate)), big.NewInt(1_000_000+int64(rate))); int64(within) != want {
			t.Fatalf("%s %% within %s = %s, want %d cents", rate, amount, within, want)
		}
		// An amount, its tax, and back: what was added is what is contained, to
		// the cent that rounding may move.
		if gross := amount + rate.Of(amount); absolute(rate.Within(gross)-rate.Of(amount)) > 1 {
			t.Fatalf("%s %%: the tax on %s is %s, but %s contains %s", rate, amount, rate.Of(amount), gross, rate.Within(gross))
		}
	}
}

func absolute(c Cents) Cents { return max(c, -c) }

// The cases of Xero's guide to rounding and of its staff's answers
// (https://developer.xero.com/documentation/guides/how-to-guides/rounding-in-xero/,
// https://community.xero.com/developer/discussion/66891).
func TestRoundingExamplesOfXero(t *testing.T) {
	t.Parallel()
	const gst TaxRate = 150_000
	one := E4(10_000)
	for _, c := range []struct {
		name            string
		quantity, price E4
		amount, tax     Cents
	}{
		{"a tie goes up", one, 21_650, 217, 33},
		{"below a tie goes down", one, 21_640, 216, 32},
		{"the tax of one line, half-even would give 11.44", one, 763_000, 7_630, 1_145},
		{"first of three lines", one, 250_600, 2_506, 376},
		{"second of three lines", one, 256_100, 2_561, 384},
		{"third of three lines", one, 256_300, 2_563, 384},
		{"a negative tie goes away from zero", -one, 21_650, -217, -33},
		{"four digits on both sides", 12_345, 67_891, 838, 126},
		{"nothing", 0, 763_000, 0, 0},
		{"ten hours at 100", 100_000, 1_000_000, 100_000, 15_000},
	} {
		amount, err := Multiply(c.quantity, c.price)
		if err != nil || amount != c.amount {
			t.Errorf("%s: %s × %s = %s, %v; want %s", c.name, c.quantity, c.price, amount, err, c.amount)
		}
		if tax := gst.Of(amount); tax != c.tax {
			t.Errorf("%s: tax %s, want %s", c.name, tax, c.tax)
		}
	}
	if sum := gst.Of(2506) + gst.Of(2561) + gst.Of(2563); sum != 1144 {
		t.Errorf("the tax of three lines is %s; rounded line by line it is 11.44", sum)
	}
	if whole := gst.Of(2506 + 2561 + 2563); whole != 1145 {
		t.Errorf("the tax of their sum is %s, want 11.45: the two ways must differ here", whole)
	}
	for _, c := range []struct{ gross, tax Cents }{{11_500, 1_500}, {100, 13}, {-100, -13}, {0, 0}, {23, 3}} {
		if tax := gst.Within(c.gross); tax != c.tax {
			t.Errorf("%s contains %s, want %s", c.gross, tax, c.tax)
		}
	}
}

func TestMultiplyRefusesWhatNoLineCanHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		quantity, price E4
		want            Cents // 0: refused
	}{
		{10_000, 99_999_999_999_900, MaxCents},
		{-10_000, 99_999_999_999_900, -MaxCents},
		{10_000, 100_000_000_000_000, 0},
		{-10_000, 100_000_000_000_000, 0},
		{20_000, 99_999_999_999_900, 0},
		{MaxE4, MaxE4, 0},
		{math.MaxInt64, math.MaxInt64, 0},
		{math.MinInt64, math.MinInt64, 0},
		{math.MinInt64, math.MaxInt64, 0},
	} {
		got, err := Multiply(c.quantity, c.price)
		if got != c.want || (err != nil) != (c.want == 0) {
			t.Errorf("Multiply(%d, %d) = %d, %v; want %d", c.quantity, c.price, got, err, c.want)
		}
		if err != nil && KindOf(err) != Invalid {
			t.Errorf("Multiply(%d, %d): %v is not a refusal", c.quantity, c.price, err)
		}
	}
}

func TestMulDivRoundAgreesForEveryInt64(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		d := rapid.Int64Range(1, math.MaxInt64).Draw(t, "d")
		got, ok := mulDivRound(a, b, d)
		exact := new(big.Int).Quo(product(a, b), big.NewInt(d))
		if fits := new(big.Int).Abs(exact).Cmp(big.NewInt(math.MaxInt64)) < 0; fits != ok {
			// At the very edge rounding decides, and either answer is right.
			if edge := new(big.Int).Abs(exact); edge.Cmp(big.NewInt(math.MaxInt64)) != 0 {
				t.Fatalf("%d × %d ÷ %d: ok is %v", a, b, d, ok)
			}
			return
		}
		if ok && got != oracle(product(a, b), big.NewInt(d)) {
			t.Fatalf("%d × %d ÷ %d = %d, want %d", a, b, d, got, oracle(product(a, b), big.NewInt(d)))
		}
	})
}

func TestWrittenNumbersAreReadAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := Cents(rapid.Int64Range(int64(-MaxCents), int64(MaxCents)).Draw(t, "cents"))
		q := E4(rapid.Int64Range(int64(-MaxE4), int64(MaxE4)).Draw(t, "e4"))
		r := TaxRate(rapid.Int64Range(0, 1_000_000).Draw(t, "rate"))
		if got, err := ParseCents(c.String()); err != nil || got != c {
			t.Fatalf("%d is written %q and read %d, %v", c, c, got, err)
		}
		if got, err := ParseE4(q.String()); err != nil || got != q {
			t.Fatalf("%d is written %q and read %d, %v", q, q, got, err)
		}
		if got, err := ParseTaxRate(r.String()); err != nil || got != r {
			t.Fatalf("%d is written %q and read %d, %v", r, r, got, err)
		}
		type document struct {
			Amount   Cents
			Quantity E4
			Rate     TaxRate
		}
		sent := document{c, q, r}
		for _, form := range []any{
			sent,
			map[string]json.Number{"Amount": c.Number(), "Quantity": q.Number(), "Rate": r.Number()},
		} {
			b, err := json.Marshal(form)
			if err != nil {
				t.Fatal(err)
			}
			var got document
			if err := json.Unmarshal(b, &got); err != nil || got != sent {
				t.Fatalf("%s is read as %+v, %v", b, got, err)
			}
		}
	})
}

func TestNumbersAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   E4
		want string
	}{{0, "0.00"}, {75_000, "7.50"}, {951_234, "95.1234"}, {10_010, "1.001"}, {-5_000, "-0.50"}, {1, "0.0001"}, {-1, "-0.0001"}} {
		if got := c.in.String(); got != c.want {
			t.Errorf("E4(%d) is written %q, want %q", c.in, got, c.want)
		}
	}
	for _, c := range []struct {
		in           Cents
		text, number string
	}{{0, "0.00", "0"}, {115_000, "1150.00", "1150"}, {-5, "-0.05", "-0.05"}, {1_050, "10.50", "10.5"}} {
		if c.in.String() != c.text || c.in.Number().String() != c.number {
			t.Errorf("Cents(%d) is written %q and %s, want %q and %s", c.in, c.in, c.in.Number(), c.text, c.number)
		}
	}
	if got := TaxRate(125_000).String(); got != "12.5" {
		t.Errorf("12.5 %% is written %q", got)
	}
}

func TestReadingNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		json string
		want Cents
		ok   bool
	}{
		{`1150`, 115_000, true},
		{`1150.5`, 115_050, true},
		{`"1150.50"`, 115_050, true},
		{`" 7 "`, 700, true},
		{`-0.01`, -1, true},
		{`"-.5"`, -50, true},
		{`1150.5000`, 115_050, true},
		{`1.15e3`, 115_000, true},
		{`1.15E+3`, 115_000, true},
		{`5e-1`, 50, true},
		{`-5e-2`, -5, true},
		{`0e5`, 0, true},
		{`null`, 0, true},
		{`""`, 0, true},
		{`9999999999.99`, MaxCents, true},
		{`10000000000`, 0, false},
		{`-10000000000`, 0, false},
		{`0.005`, 0, false},
		{`1e30`, 0, false},
		{`5e-3`, 0, false},
		{`"1,150.00"`, 0, false},
		{`"$5"`, 0, false},
		{`"1e3"`, 0, false},
		{`"+5"`, 0, false},
		{`"--5"`, 0, false},
		{`"-"`, 0, false},
		{`"."`, 0, false},
		{`"5."`, 0, false},
		{`"1.2.3"`, 0, false},
		{`"0x10"`, 0, false},
		{`"NaN"`, 0, false},
		{`"` + strings.Repeat("9", 40) + `"`, 0, false},
		{`true`, 0, false},
		{`{}`, 0, false},
	} {
		var got Cents
		err := json.Unmarshal([]byte(c.json), &got)
		if (err == nil) != c.ok || c.ok && got != c.want {
			t.Errorf("%s is read as %d, %v; want %d, ok %v", c.json, got, err, c.want, c.ok)
		}
		if err != nil && KindOf(err) != Invalid {
			t.Errorf("%s: %v is not a refusal that a person can read", c.json, err)
		}
	}
	for _, s := range []string{"-1", "100.0001", "1.00001", "abc", ""} {
		if got, err := ParseTaxRate(s); err == nil {
			t.Errorf("the tax rate %q is read as %s", s, got)
		}
	}
	for _, s := range []string{"10000000000", "-10000000000", "0.00001"} {
		if got, err := ParseE4(s); err == nil {
			t.Errorf("the quantity %q is read as %s", s, got)
		}
	}
	var e E4
	if err := json.Unmarshal([]byte(`"7.2575"`), &e); err != nil || e != 72_575 {
		t.Errorf(`"7.2575" is read as %d, %v`, e, err)
	}
	var r TaxRate
	if err := json.Unmarshal([]byte(`12.5`), &r); err != nil || r != 125_000 {
		t.Errorf("12.5 is read as %d, %v", r, err)
	}
}

func TestErrorsNameEveryFault(t *testing.T) {
	t.Parallel()
	var f Faults
	if err := f.Err("nothing"); err != nil {
		t.Errorf("no fault is an error: %v", err)
	}
	f.Require(true, "name", "never")
	f.Require(false, "hours", "Hours must be more than %d", 0)
	f.Add("date", "A date is needed")
	err := f.Err("The entry cannot be saved")
	if KindOf(err) != Invalid {
		t.Errorf("kind %q, want %q", KindOf(err), Invalid)
	}
	const want = "The entry cannot be saved: hours: Hours must be more than 0; date: A date is needed"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	if kind := KindOf(json.Unmarshal([]byte("{"), &f)); kind != "" {
		t.Errorf("an error of the standard library has the kind %q", kind)
	}
}
