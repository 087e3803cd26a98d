package fieldops

import (
	"encoding/json"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Cents is an amount of money in hundredths of the document's currency.
type Cents int64

// E4 is a quantity (hours, pieces) or a unit price in ten-thousandths, the
// finest that the accounting provider keeps
// (https://developer.xero.com/documentation/guides/how-to-guides/rounding-in-xero/).
type E4 int64

// TaxRate is a rate in parts per million: 15 % is 150000.
type TaxRate int64

// Limits of what a person may write: far beyond any electrical job and far
// below what could overflow a product of a quantity and a price.
const (
	MaxCents Cents = 999_999_999_999 // 9,999,999,999.99, the provider's largest line
	MaxE4    E4    = 99_999_999_999_999
)

// mulDivRound is round(a × b ÷ d), half away from zero, exact for every int64
// as long as the result fits; ok is false when it does not.
func mulDivRound(a, b, d int64) (result int64, ok bool) {
	negative := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	lo, carry := bits.Add64(lo, uint64(d)/2, 0)
	hi += carry
	if hi >= uint64(d) {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, uint64(d))
	if q > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -int64(q), true
	}
	return int64(q), true
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-(n + 1)) + 1
	}
	return uint64(n)
}

// Multiply is the amount of a line: quantity × unit price, rounded half away
// from zero to the cent, which is the provider's rule. It refuses an amount
// beyond MaxCents.
func Multiply(quantity, unitPrice E4) (Cents, error) {
	n, ok := mulDivRound(int64(quantity), int64(unitPrice), 1_000_000)
	if !ok || Cents(n) > MaxCents || Cents(n) < -MaxCents {
		return 0, Refuse(Invalid, "%s × %s is more than a line can hold", quantity, unitPrice)
	}
	return Cents(n), nil
}

// Of is the tax on a net amount, rounded half away from zero to the cent. The
// provider rounds per line and then adds up.
func (r TaxRate) Of(net Cents) Cents {
	n, ok := mulDivRound(int64(net), int64(r), 1_000_000)
	if !ok {
		return 0 // unreachable within MaxCents and a rate of at most 1000 %
	}
	return Cents(n)
}

// Within is the tax contained in a gross amount, rounded like Of.
func (r TaxRate) Within(gross Cents) Cents {
	n, ok := mulDivRound(int64(gross), int64(r), 1_000_000+int64(r))
	if !ok {
		return 0
	}
	return Cents(n)
}

func (c Cents) String() string { return decimal(int64(c), 2, 2) }

func (q E4) String() string { return decimal(int64(q), 4, 2) }

// String is the rate in percent, without trailing zeros: "15", "12.5".
func (r TaxRate) String() string { return decimal(int64(r), 4, 0) }

// decimal writes n ÷ 10^places with at least keep digits after the point.
func decimal(n int64, places, keep int) string {
	digits := strconv.FormatUint(magnitude(n), 10)
	if len(digits) <= places {
		digits = strings.Repeat("0", places-len(digits)+1) + digits
	}
	whole, fraction := digits[:len(digits)-places], digits[len(digits)-places:]
	for len(fraction) > keep && strings.HasSuffix(fraction, "0") {
		fraction = fraction[:len(fraction)-1]
	}
	if n < 0 {
		whole = "-" + whole
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// parseDecimal reads a plain decimal number as an integer of 10^-places and
// refuses more digits than that unless they are zeros. It understands no
// exponents, no thousands separators and no currency signs.
func parseDecimal(s string, places int) (int64, error) {
	refuse := func() (int64, error) {
		return 0, Refuse(Invalid, "%q is not a number with at most %d digits after the point", s, places)
	}
	t := strings.TrimSpace(s)
	negative := strings.HasPrefix(t, "-")
	t = strings.TrimPrefix(t, "-")
	whole, fraction, pointed := strings.Cut(t, ".")
	if whole == "" && fraction == "" || pointed && fraction == "" {
		return refuse()
	}
	for len(fraction) > places && strings.HasSuffix(fraction, "0") {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) > places || len(whole) > 18-places {
		return refuse()
	}
	fraction += strings.Repeat("0", places-len(fraction))
	n, err := strconv.ParseUint(whole+fraction, 10, 63)
	if err != nil || strings.HasPrefix(whole, "+") {
		return refuse()
	}
	if negative {
		return -int64(n), nil
	}
	return int64(n), nil
}

// ParseCents reads an amount such as "1150.00".
func ParseCents(s string) (Cents, error) {
	n, err := parseDecimal(s, 2)
	if err == nil && (Cents(n) > MaxCents || Cents(n) < -MaxCents) {
		return 0, Refuse(Invalid, "%s is more than an amount can be", s)
	}
	return Cents(n), err
}

// ParseE4 reads a quantity or unit price such as "7.5" or "95.1234".
func ParseE4(s string) (E4, error) {
	n, err := parseDecimal(s, 4)
	if err == nil && (E4(n) > MaxE4 || E4(n) < -MaxE4) {
		return 0, Refuse(Invalid, "%s is more than a quantity or a price can be", s)
	}
	return E4(n), err
}

// ParseTaxRate reads a percentage such as "15" or "12.5".
func ParseTaxRate(s string) (TaxRate, error) {
	n, err := parseDecimal(s, 4)
	if err == nil && (n < 0 || n > 1_000_000) {
		return 0, Refuse(Invalid, "A tax rate lies between 0 and 100 percent")
	}
	return TaxRate(n), err
}

// numberText takes the text of a JSON number or of a number in a JSON string,
// as existing clients send both. ok is false for null and the empty string.
func numberText(b []byte) (text string, ok bool, err error) {
	if string(b) == "null" {
		return "", false, nil
	}
	if len(b) > 0 && b[0] == '"' {
		if err := json.Unmarshal(b, &text); err != nil {
			return "", false, err
		}
		text = strings.TrimSpace(text)
		return text, text != "", nil
	}
	return plainNumber(string(b)), true, nil
}

// plainNumber turns the exponent form that some JSON writers use for large or
// small numbers (1e3, 2.5E-1) into plain digits; other text stays as it is.
func plainNumber(s string) string {
	mantissa, exponent, found := strings.Cut(strings.ToLower(s), "e")
	if !found {
		return s
	}
	shift, err := strconv.Atoi(exponent)
	if err != nil || shift > 18 || shift < -18 {
		return s
	}
	sign := ""
	if strings.HasPrefix(mantissa, "-") {
		sign, mantissa = "-", mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits, point := whole+fraction, len(whole)+shift
	switch {
	case point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + digits
	case point >= len(digits):
		return sign + digits + strings.Repeat("0", point-len(digits))
	}
	return sign + digits[:point] + "." + digits[point:]
}

// UnmarshalJSON reads a number or a string that holds one.
func (c *Cents) UnmarshalJSON(b []byte) error {
	text, ok, err := numberText(b)
	if err != nil || !ok {
		*c = 0
		return err
	}
	*c, err = ParseCents(text)
	return err
}

// MarshalJSON writes a decimal string with two digits: "1150.00".
func (c Cents) MarshalJSON() ([]byte, error) { return []byte(`"` + c.String() + `"`), nil }

// Number is the amount as a bare JSON number, for the few answers in which
// existing clients expect one.
func (c Cents) Number() json.Number { return json.Number(decimal(int64(c), 2, 0)) }

// UnmarshalJSON reads a number or a string that holds one.
func (q *E4) UnmarshalJSON(b []byte) error {
	text, ok, err := numberText(b)
	if err != nil || !ok {
		*q = 0
		return err
	}
	*q, err = ParseE4(text)
	return err
}

// MarshalJSON writes a decimal string with two to four digits: "7.50".
func (q E4) MarshalJSON() ([]byte, error) { return []byte(`"` + q.String() + `"`), nil }

// Number is the quantity as a bare JSON number.
func (q E4) Number() json.Number { return json.Number(decimal(int64(q), 4, 0)) }

// MarshalJSON writes the percentage as a decimal string: "15".
func (r TaxRate) MarshalJSON() ([]byte, error) { return []byte(`"` + r.String() + `"`), nil }

// Number is the percentage as a bare JSON number.
func (r TaxRate) Number() json.Number { return json.Number(r.String()) }

// UnmarshalJSON reads a percentage as a number or a string that holds one.
func (r *TaxRate) UnmarshalJSON(b []byte) error {
	text, ok, err := numberText(b)
	if err != nil || !ok {
		*r = 0
		return err
	}
	*r, err = ParseTaxRate(text)
	return err
}
