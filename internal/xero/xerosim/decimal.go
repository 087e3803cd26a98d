package xerosim

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
)

// Amounts are exact: they enter as JSON text, are computed as rationals and
// leave as text with a fixed number of decimals. A value of type *big.Rat is
// never changed after it was made; nil means "not given".

// maxExponent bounds the exponent of a number in a request, so that "1e999999"
// cannot be turned into a number with a million digits.
const maxExponent = 30

// parseDecimal reads a JSON number, or the same digits sent as a string.
func parseDecimal(text string) (*big.Rat, bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 60 {
		return nil, false
	}
	if strings.Trim(text, "0123456789+-.eE") != "" {
		return nil, false
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		exponent, err := strconv.Atoi(text[i+1:])
		if err != nil || exponent > maxExponent || exponent < -maxExponent {
			return nil, false
		}
	}
	return new(big.Rat).SetString(text)
}

// roundTo rounds half away from zero to the given number of decimals, the mode
// of Xero's rounding guide (developer.xero.com/documentation/api-guides/rounding-in-xero).
func roundTo(x *big.Rat, places int) *big.Rat {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	num := new(big.Int).Mul(new(big.Int).Abs(x.Num()), scale)
	num.Lsh(num, 1)
	num.Add(num, x.Denom())
	num.Quo(num, new(big.Int).Lsh(x.Denom(), 1))
	if x.Sign() < 0 {
		num.Neg(num)
	}
	return new(big.Rat).SetFrac(num, scale)
}

// number writes x with exactly the given number of decimals.
func number(x *big.Rat, places int) json.Number {
	if x == nil {
		x = new(big.Rat)
	}
	return json.Number(roundTo(x, places).FloatString(places))
}

// plainNumber writes x with up to ten decimals and no trailing zeros.
func plainNumber(x *big.Rat) json.Number {
	text := x.FloatString(10)
	text = strings.TrimRight(text, "0")
	return json.Number(strings.TrimSuffix(text, "."))
}

func add(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }
func sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func mul(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }
func quo(a, b *big.Rat) *big.Rat { return new(big.Rat).Quo(a, b) }

func sameNumber(a, b *big.Rat) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Cmp(b) == 0
}

var (
	zero    = new(big.Rat)
	one     = big.NewRat(1, 1)
	hundred = big.NewRat(100, 1)
)
