package fieldops

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MatchCandidate is a record that a scan is compared with.
type MatchCandidate struct {
	Kind       RecordKind // purchase_order, invoice, bill or expense
	ID         ID
	Number     string // "" for an expense
	Supplier   string // of an expense, what it was for
	SupplierID *ID
	Date       Date
	Total      Cents
}

// MatchAbove is the score, in percent, that a record must pass to be proposed, and
// MaxMatches how many are.
const (
	MatchAbove = 30
	MaxMatches = 5
)

// MatchScan compares a scan with records and returns those that it may belong to, the
// likeliest first.
func MatchScan(s *ScanFields, candidates []MatchCandidate) []ScanMatch {
	var matches []ScanMatch
	exact := map[RecordKind]bool{}
	for i := range candidates {
		c := &candidates[i]
		exact[c.Kind] = exact[c.Kind] || numberLikeness(s.numberFor(c.Kind), c.Number) == 100
	}
	for i := range candidates {
		if m := match(s, &candidates[i], exact[candidates[i].Kind]); m.Score > MatchAbove {
			matches = append(matches, m)
		}
	}
	slices.SortStableFunc(matches, func(a, b ScanMatch) int {
		return cmp.Or(b.Score-a.Score, cmp.Compare(a.EntityID, b.EntityID))
	})
	return matches[:min(len(matches), MaxMatches)]
}

// numberFor is the number of a scan that one of a kind of record would be.
func (s *ScanFields) numberFor(kind RecordKind) string {
	if kind == RecordPurchaseOrder && s.OrderNumber != "" {
		return s.OrderNumber
	}
	return s.Number
}

// match scores one record: what fits adds to the score, with a reason that a person
// can check. An expense has no number, so that amount and date weigh more. A number
// that resembles the scan's counts only while no other record has that very number.
func match(s *ScanFields, c *MatchCandidate, exactly bool) ScanMatch {
	m := ScanMatch{Kind: c.Kind, EntityID: c.ID}
	add := func(points int, reason string, args ...any) {
		m.Score += points
		m.Reasons = append(m.Reasons, fmt.Sprintf(reason, args...))
	}
	if c.Number != "" {
		own := s.numberFor(c.Kind)
		switch likeness := numberLikeness(own, c.Number); {
		case likeness == 100:
			add(50, "It names the number %s", c.Number)
		case exactly:
		case likeness > 80:
			add(50, "Its number %s is nearly %s", own, c.Number)
		case likeness > 60:
			add(30, "Its number %s resembles %s", own, c.Number)
		}
	}
	exact, near, soon := 40, 20, 10
	if c.Kind == RecordExpense {
		exact, near, soon = 50, 30, 20
	}
	if s.Total != nil {
		switch apart := magnitude(int64(*s.Total - c.Total)); {
		case apart == 0:
			add(exact, "The same total, %s", c.Total)
		case apart < 100:
			add(near, "Nearly the same total: %s and %s", *s.Total, c.Total)
		}
	}
	if s.Date != "" && c.Date != "" {
		switch days := magnitude(int64(s.Date.DaysSince(c.Date))); {
		case days == 0:
			add(soon, "The same date")
		case days == 1:
			add(soon, "One day apart")
		case days <= 7:
			add(soon, "%d days apart", days)
		}
	}
	same := s.SupplierID != nil && c.SupplierID != nil && *s.SupplierID == *c.SupplierID
	likeness := Similarity(s.Vendor, c.Supplier)
	switch {
	case c.Kind == RecordExpense && s.Vendor != "" && (likeness > 60 || strings.Contains(plain(c.Supplier), plain(s.Vendor))):
		add(20, "It speaks of %s", s.Vendor)
	case c.Kind == RecordBill && (same || likeness > 70):
		add(30, "The same supplier, %s", c.Supplier)
	case c.Kind == RecordPurchaseOrder && (same || likeness > 70):
		// As much as a date: a supplier has many orders.
		add(10, "Ordered from the same supplier, %s", c.Supplier)
	}
	m.Score = min(m.Score, 100)
	return m
}

// numberLikeness is how much alike two numbers of documents are, in percent. Zeros in
// front of digits and what stands between letters and digits do not count.
func numberLikeness(a, b string) int {
	a, b = plainWord(a), plainWord(b)
	if a == "" || b == "" {
		return 0
	}
	if a == b || bare(a) == bare(b) {
		return 100
	}
	return likeness(a, b)
}

// bare is a number without zeros in front of its digits.
func bare(number string) string {
	letters := strings.TrimRightFunc(number, unicode.IsDigit)
	return letters + strings.TrimLeft(number[len(letters):], "0")
}

// plainWord is a number as it is compared: letters and digits, without case.
func plainWord(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// plain is a name as it is compared: words of letters and digits, without case and
// marks, and without what says how a firm is owned.
func plain(s string) string {
	folded := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
			return -1
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFKD.String(s))
	words := slices.DeleteFunc(strings.Fields(folded), func(w string) bool {
		return slices.Contains([]string{"ltd", "limited", "pty", "nz", "inc", "co", "company", "lp", "the"}, w)
	})
	return strings.Join(words, " ")
}

// Similarity is how much alike two names are, in percent, by the letters that would
// have to be changed.
func Similarity(a, b string) int {
	a, b = plain(a), plain(b)
	if a == "" || b == "" {
		return 0
	}
	if a == b {
		return 100
	}
	shorter, longer := a, b
	if len(shorter) > len(longer) {
		shorter, longer = longer, shorter
	}
	if len(shorter) >= 5 && strings.Contains(" "+longer+" ", " "+shorter+" ") {
		return 90 // "Ideal Electrical" and "Ideal Electrical Petone"
	}
	return likeness(a, b)
}

func likeness(a, b string) int {
	x, y := []rune(a), []rune(b)
	longest := max(len(x), len(y))
	if longest == 0 {
		return 0
	}
	return 100 - 100*distance(x, y)/longest
}

// distance is how many letters have to be added, taken away or changed to make one
// word of another.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		before := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := before
			if x != y {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
