package fieldops

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ScanText is one line of a text as it was recognised, and how sure that was, in
// percent.
type ScanText struct {
	Text       string
	Confidence int
}

// ScanContext is what the firm knows that helps to understand a paper.
type ScanContext struct {
	Today     Date
	Firm      string  // its own name, which stands on every invoice to it
	TaxRate   TaxRate // of what it buys
	Suppliers []ScanSupplier
	Orders    string // what its order numbers begin with
	Invoices  string // what its invoice numbers begin with
}

// ScanSupplier is a supplier among the clients.
type ScanSupplier struct {
	ID   ID
	Name string
}

// MaxScanLines is how many lines of a text are kept and looked at, and maxScanLine how
// many characters of each: a paper with more of them is no receipt.
const (
	MaxScanLines = 600
	maxScanLine  = 250
)

// ReadScan finds in a text what a receipt or an invoice says. What it finds is a
// proposal: a person looks at it before anything becomes of it.
func ReadScan(text []ScanText, about ScanContext) ScanReading {
	p := &paper{about: about}
	for n, t := range text[:min(len(text), MaxScanLines)] {
		if letters := []rune(t.Text); len(letters) > maxScanLine {
			t.Text = string(letters[:maxScanLine])
		}
		p.lines = append(p.lines, newPaperLine(n, t))
	}
	var r ScanReading
	total, tax := p.money()
	r.Total, r.Tax = total, tax
	r.TaxNumber = p.taxNumber()
	r.OrderNumber = p.orderNumber()
	r.Number = p.documentNumber(r.OrderNumber.Value, r.TaxNumber.Value)
	r.Date, r.DueDate = p.dates()
	r.Supplier, r.Vendor = p.supplier()
	r.Paper = p.kind(r.DueDate.Value != "")
	r.Lines, r.LinesConfidence = p.items(total, tax)
	return r
}

// paper is a text under reading.
type paper struct {
	about ScanContext
	lines []paperLine
}

// paperLine is one line, with what is looked for again and again.
type paperLine struct {
	n       int
	text    string
	words   string // lower case, one space between, what looks like letters made letters
	each    []string
	sure    int
	amounts []paperAmount
}

type paperAmount struct {
	cents      Cents
	start, end int // bytes of the text
	marked     bool
}

func newPaperLine(n int, t ScanText) paperLine {
	l := paperLine{n: n, text: t.Text, sure: max(0, min(100, t.Confidence))}
	l.words = wordsLike(t.Text)
	l.each = strings.Fields(l.words)
	l.amounts = amountsIn(t.Text)
	return l
}

// found is a field that stands in some bytes of a line. A reading that is unsure of
// the line is unsure of the field.
func (l *paperLine) found(value string, confidence, start, end int) Found {
	confidence = confidence * (50 + l.sure/2) / 100
	return Found{value, max(1, confidence), l.n, utf8.RuneCountInString(l.text[:start]), utf8.RuneCountInString(l.text[:end])}
}

// concluded is a field that stands nowhere.
func concluded(value string, confidence int) Found {
	if value == "" {
		return Found{Line: -1}
	}
	return Found{value, confidence, -1, 0, 0}
}

// wordsLike is a text in which words can be looked for: digits among letters become
// the letters that they are often read for.
func wordsLike(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '|' && r != '#' && r != '@'
	})
	for i, w := range words {
		letters := strings.Count(w, "|")
		for _, r := range w {
			if unicode.IsLetter(r) {
				letters++
			}
		}
		if letters*2 >= utf8.RuneCountInString(w) && letters >= 2 {
			words[i] = strings.NewReplacer("0", "o", "1", "l", "|", "l", "5", "s", "@", "a", "8", "b", "6", "g").Replace(w)
		}
	}
	return " " + strings.Join(words, " ") + " "
}

// says reports whether a line has one of some phrases, each word of five letters and
// more being allowed one that was read wrongly.
func (l *paperLine) says(phrases ...string) bool {
	return slices.ContainsFunc(phrases, func(phrase string) bool { return l.at(phrase) >= 0 })
}

// at is the place of the first word of a phrase among the words of a line, -1 without.
func (l *paperLine) at(phrase string) int {
	if !strings.ContainsAny(phrase, " ") && len(phrase) < 5 {
		return strings.Index(l.words, " "+phrase+" ")
	}
	if i := strings.Index(l.words, " "+phrase+" "); i >= 0 {
		return i
	}
	wanted, have := strings.Fields(phrase), l.each
	for i := 0; i+len(wanted) <= len(have); i++ {
		fits := true
		for j, w := range wanted {
			h := have[i+j]
			if h != w && (len(w) < 5 || len(h) < 4 || len(h)-len(w) > 1 || len(w)-len(h) > 1 || distance([]rune(h), []rune(w)) > 1) {
				fits = false
				break
			}
		}
		if fits {
			return i
		}
	}
	return -1
}

// amountText is an amount with two digits behind its point. Letters that are read for
// digits are let in, and the caller looks how many.
var amountText = regexp.MustCompile(`(?i)((?:nzd|aud|nz\$|a\$|\$|s\$)\s?)?(\(|-)?(\$)?((?:[0-9oqlisb|@]{1,3}(?:,[0-9oqlisb|@]{3})+|[0-9oqlisb|@]{1,7})\s?[.,]\s?[0-9oqlisb|@]{2})(\)|-|\s?cr\b)?`)

var likeDigits = strings.NewReplacer("O", "0", "o", "0", "Q", "0", "q", "0", "@", "0", "l", "1", "I", "1", "i", "1", "|", "1", "L", "1", "S", "5", "s", "5", "B", "8", "b", "8")

// amountsIn are the amounts of a line from left to right.
func amountsIn(s string) []paperAmount {
	var all []paperAmount
	for at := 0; at < len(s); {
		m := amountText.FindStringSubmatchIndex(s[at:])
		if m == nil {
			break
		}
		start, end := at+m[0], at+m[1]
		number := s[at+m[8] : at+m[9]]
		next := at + m[9]
		at = end
		if alnumAt(s, start-1) || next < len(s) && m[10] < 0 && alnumAt(s, next) || strings.HasPrefix(s[next:], "%") || start > 0 && s[start-1] == '.' ||
			next+1 < len(s) && (s[next] == '.' || s[next] == '/' || s[next] == ':') && alnumAt(s, next+1) {
			continue // part of a date, a number or a word
		}
		digits := 0
		for _, r := range number {
			if unicode.IsDigit(r) {
				digits++
			}
		}
		plain := strings.ReplaceAll(likeDigits.Replace(number), " ", "")
		if digits*2 < len(plain)-1 {
			continue
		}
		point := len(plain) - 3
		cents, err := ParseCents(strings.ReplaceAll(plain[:point], ",", "") + "." + plain[point+1:])
		if err != nil {
			continue
		}
		if m[4] >= 0 || m[10] >= 0 && s[start] != '(' {
			cents = -cents
		}
		all = append(all, paperAmount{cents, start, end, m[2] >= 0 || m[6] >= 0})
	}
	return all
}

func alnumAt(s string, i int) bool {
	return i >= 0 && i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z')
}

// wholeAmount is an amount without cents, which must bear its currency.
var wholeAmount = regexp.MustCompile(`\$\s?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,6})(?:\.\s*-|\b)`)

// lastAmount is the amount that a line ends with or, of a line that has none, the one
// that stands alone below it.
func (p *paper) lastAmount(n int) (*paperLine, *paperAmount) {
	for i := n; i < len(p.lines) && i <= n+2; i++ {
		l := &p.lines[i]
		if i > n && len(strings.Fields(l.text)) > 2 {
			break // a line of its own
		}
		if len(l.amounts) > 0 {
			return l, &l.amounts[len(l.amounts)-1]
		}
		if m := wholeAmount.FindStringSubmatchIndex(l.text); m != nil {
			cents, err := ParseCents(strings.ReplaceAll(l.text[m[2]:m[3]], ",", ""))
			if err == nil {
				return l, &paperAmount{cents, m[0], m[1], true}
			}
		}
	}
	return nil, nil
}

// The words around amounts.
var (
	noTotal  = []string{"sub total", "subtotal", "total excl", "total ex", "total excluding", "total gst", "gst total", "total tax", "tax total", "total savings", "you saved", "savings", "total discount", "total items", "total qty", "total quantity", "total points", "total net", "net total", "total before", "cash tendered", "tendered", "change", "previous balance", "opening balance", "credit limit", "total weight", "total hours", "freight total", "total freight", "total paid", "amount paid", "payments received"}
	strong   = []string{"total due", "amount due", "balance due", "total payable", "amount payable", "invoice total", "grand total", "total incl", "total inc", "total including", "total nzd", "total aud", "total amount", "total to pay", "total charge", "total charges", "please pay", "order total", "sale total", "total sale"}
	paid     = []string{"eftpos", "visa", "mastercard", "paywave", "debit", "credit card", "purchase", "amount", "card", "cash", "paid", "balance"}
	taxWords = []string{"gst", "g s t", "tax", "gsi", "cst", "6st"}
	noTax    = []string{"gst no", "gst number", "gst reg", "gst #", "gst registration", "gst nr", "tax invoice", "tax no", "tax number", "excl gst", "ex gst", "exclusive of gst", "excluding gst", "before gst", "tax date", "plus gst if", "tax credit"}
)

// sum is an amount that may be the total, and how likely.
type sum struct {
	line   *paperLine
	amount *paperAmount
	score  int
}

// money finds the total and the tax in it. Each confirms the other.
func (p *paper) money() (total, tax Found) {
	totals := p.totals()
	taxes := p.taxes()
	subs := p.subtotals()
	if len(totals) == 0 {
		return Found{Line: -1}, Found{Line: -1}
	}
	rates := []TaxRate{150_000, 100_000}
	if p.about.TaxRate > 0 && !slices.Contains(rates, p.about.TaxRate) {
		rates = append(rates, p.about.TaxRate)
	}
	// The likeliest total that the tax on the paper fits.
	for _, t := range totals {
		for _, x := range taxes {
			if x.amount.cents <= 0 || x.amount.cents >= t.amount.cents {
				continue
			}
			fits := slices.ContainsFunc(rates, func(r TaxRate) bool {
				return magnitude(int64(r.Within(t.amount.cents)-x.amount.cents)) <= 2
			}) || slices.ContainsFunc(subs, func(s sum) bool { return s.amount.cents+x.amount.cents == t.amount.cents && s.amount != x.amount })
			if fits {
				return t.line.found(t.amount.cents.String(), min(99, t.score+15), t.amount.start, t.amount.end),
					x.line.found(x.amount.cents.String(), 98, x.amount.start, x.amount.end)
			}
		}
	}
	// A total that was read wrongly, when the amount without tax and the tax were not.
	best := totals[0]
	for _, s := range subs {
		for _, x := range taxes {
			if x.amount != s.amount && magnitude(int64(rates[0].Of(s.amount.cents)-x.amount.cents)) <= 1 && best.score < 85 {
				return concluded((s.amount.cents + x.amount.cents).String(), 70), x.line.found(x.amount.cents.String(), 90, x.amount.start, x.amount.end)
			}
		}
	}
	total = best.line.found(best.amount.cents.String(), best.score, best.amount.start, best.amount.end)
	for _, x := range taxes {
		if x.amount != best.amount && x.amount.cents > 0 && x.amount.cents*4 < best.amount.cents {
			return total, x.line.found(x.amount.cents.String(), 50, x.amount.start, x.amount.end)
		}
	}
	if zeroRated := slices.ContainsFunc(taxes, func(x sum) bool { return x.amount.cents == 0 }); zeroRated {
		return total, concluded("0.00", 60)
	}
	rate := p.about.TaxRate
	if p.anySays("abn", "a b n") {
		rate = 100_000
	}
	if rate > 0 && p.anySays("gst", "tax invoice") {
		return total, concluded(rate.Within(best.amount.cents).String(), 50)
	}
	return total, Found{Line: -1}
}

func (p *paper) anySays(phrases ...string) bool {
	return slices.ContainsFunc(p.lines, func(l paperLine) bool { return l.says(phrases...) })
}

// totals are the amounts that may be the total, the likeliest first.
func (p *paper) totals() []sum {
	var all []sum
	for n := range p.lines {
		l := &p.lines[n]
		score := 0
		switch {
		case l.says(noTotal...) && !l.says("balance due", "amount due", "total due"):
		case l.says(strong...):
			score = 84
		case l.says("total", "totals"):
			score = 80
		case l.says(paid...):
			score = 45
		}
		if score == 0 {
			continue
		}
		if line, amount := p.lastAmount(n); amount != nil && amount.cents > 0 {
			all = append(all, sum{line, amount, score})
		}
	}
	if len(all) == 0 {
		var largest *sum
		for n := range p.lines {
			l := &p.lines[n]
			if l.says("tendered", "cash", "credit limit", "change") {
				continue
			}
			for i := range l.amounts {
				if largest == nil || l.amounts[i].cents > largest.amount.cents {
					largest = &sum{l, &l.amounts[i], 35}
				}
			}
		}
		if largest != nil && largest.amount.cents > 0 {
			all = append(all, *largest)
		}
	}
	slices.SortStableFunc(all, func(a, b sum) int {
		if a.score/10 != b.score/10 {
			return b.score - a.score
		}
		return int(b.amount.cents - a.amount.cents)
	})
	// What several lines agree on is likelier.
	for i := range all {
		for j := range all {
			if i != j && all[i].amount.cents == all[j].amount.cents && all[i].amount != all[j].amount {
				all[i].score = min(95, all[i].score+10)
				break
			}
		}
	}
	return all
}

// taxes are the amounts that may be the tax.
func (p *paper) taxes() []sum {
	var all []sum
	for n := range p.lines {
		l := &p.lines[n]
		if !l.says(taxWords...) || l.says(noTax...) && !l.says("total gst") {
			continue
		}
		amounts := l.amounts
		if len(amounts) == 0 {
			if line, amount := p.lastAmount(n); amount != nil && line.n != n {
				all = append(all, sum{line, amount, 60})
			}
		}
		for i := len(amounts) - 1; i >= 0; i-- {
			all = append(all, sum{l, &l.amounts[i], 60})
		}
	}
	return all
}

// subtotals are the amounts that may be the total without tax.
func (p *paper) subtotals() []sum {
	var all []sum
	for n := range p.lines {
		l := &p.lines[n]
		if l.says("sub total", "subtotal", "total excl", "total ex", "total excluding", "excl gst", "ex gst", "net total", "total net", "excluding gst", "total before", "net", "nett") {
			if line, amount := p.lastAmount(n); amount != nil {
				all = append(all, sum{line, amount, 60})
			}
		}
	}
	return all
}

var taxNumber = regexp.MustCompile(`\b([0-9oO@]{2,3}[- ]?[0-9oO@]{3}[- ]?[0-9oO@]{3})\b`)

// taxNumber is the supplier's number at the tax office: https://www.ird.govt.nz/gst.
func (p *paper) taxNumber() Found {
	for n := range p.lines {
		l := &p.lines[n]
		if !l.says("gst", "g s t", "ird", "gsi") {
			continue
		}
		if m := taxNumber.FindStringSubmatchIndex(l.text); m != nil {
			return l.found(likeDigits.Replace(l.text[m[2]:m[3]]), 85, m[2], m[3])
		}
	}
	return Found{Line: -1}
}

// kind tells what paper it is, by what it calls itself and by whether it was paid.
func (p *paper) kind(due bool) Found {
	say := func(value string, confidence int, words ...string) (Found, bool) {
		for n := range p.lines {
			if l := &p.lines[n]; l.says(words...) {
				return l.found(value, confidence, 0, len(l.text)), true
			}
		}
		return Found{}, false
	}
	if f, ok := say(PaperExpense, 85, "expense claim", "expense report", "reimbursement"); ok {
		return f
	}
	called := p.anySays("invoice", "tax invoice")
	wasPaid := p.anySays("eftpos", "visa", "mastercard", "paywave", "change", "tendered", "approved", "cash", "receipt", "accepted", "paid with thanks")
	toPay := due || p.anySays("please pay", "bank account", "account number", "payment terms", "terms", "remittance", "payment due", "due date", "amount due", "balance due", "direct credit", "overdue")
	if f, ok := say(PaperOrder, 85, "purchase order"); ok && !called {
		return f
	}
	switch {
	case wasPaid && !toPay:
		if f, ok := say(PaperReceipt, 90, "receipt", "eftpos", "visa", "mastercard", "paywave", "tendered", "change", "approved", "accepted", "cash", "paid with thanks"); ok {
			return f
		}
	case called:
		if f, ok := say(PaperInvoice, 90, "tax invoice", "invoice"); ok {
			return f
		}
	case toPay:
		if f, ok := say(PaperBill, 75, "statement", "please pay", "payment due", "due date", "amount due", "balance due", "terms", "account number", "overdue", "remittance"); ok {
			return f
		}
	}
	if f, ok := say(PaperReceipt, 60, "receipt", "docket", "total"); ok {
		return f
	}
	return concluded(PaperUnknown, 20)
}

// numberWords stand before the number of a document; the first are the likeliest.
var numberWords = []struct {
	phrase     string
	confidence int
}{
	{"tax invoice no", 95},
	{"tax invoice number", 95},
	{"tax invoice #", 95},
	{"invoice no", 95},
	{"invoice number", 95},
	{"invoice #", 95},
	{"invoice num", 95},
	{"invoice id", 90},
	{"inv no", 92},
	{"inv number", 92},
	{"inv #", 92},
	{"bill number", 90},
	{"bill no", 90},
	{"receipt no", 90},
	{"receipt number", 90},
	{"receipt #", 90},
	{"docket no", 88},
	{"docket number", 88},
	{"docket #", 88},
	{"sale no", 85},
	{"document no", 85},
	{"document number", 85},
	{"credit note no", 85},
	{"statement no", 80},
	{"tax invoice", 75},
	{"invoice", 75},
	{"receipt", 75},
	{"docket", 72},
	{"inv", 70},
	{"doc no", 70},
	{"sale id", 70},
	{"transaction no", 60},
	{"transaction id", 60},
	{"transaction", 55},
	{"trans no", 55},
	{"trans", 50},
	{"txn", 50},
	{"reference", 40},
	{"our ref", 45},
	{"ref", 35},
}

// orderWords stand before the number of an order.
var orderWords = []struct {
	phrase     string
	confidence int
}{
	{"purchase order no", 95},
	{"purchase order number", 95},
	{"purchase order #", 95},
	{"purchase order", 90},
	{"customer po", 92},
	{"cust po", 92},
	{"your po", 92},
	{"po number", 92},
	{"po no", 92},
	{"po #", 92},
	{"p o no", 90},
	{"p o number", 90},
	{"customer order no", 88},
	{"customer order", 85},
	{"cust order", 85},
	{"your order no", 88},
	{"your order", 85},
	{"order no", 75},
	{"order number", 75},
	{"order #", 75},
	{"your ref", 60},
	{"your reference", 60},
	{"customer ref", 60},
	{"po", 60},
	{"p o", 55},
}

// numberToken is what a number of a document can look like.
var numberToken = regexp.MustCompile(`(?i)^[A-Z@]{0,6}[-/#.]?[0-9A-Z@|]*[0-9@][0-9A-Z@|]*(?:[-/][0-9A-Z@|]+)*$`)

// token is a piece of a line without spaces.
type token struct{ start, end int }

func tokens(s string) []token {
	var all []token
	start := -1
	for i, r := range s {
		if unicode.IsSpace(r) {
			if start >= 0 {
				all = append(all, token{start, i})
			}
			start = -1
		} else if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		all = append(all, token{start, len(s)})
	}
	return all
}

// trimmed is a token without marks around it.
func (t token) trimmed(s string) (string, int, int) {
	start, end := t.start, t.end
	for start < end && strings.ContainsRune(`:#.,;()[]"'*`, rune(s[start])) {
		start++
	}
	for end > start && strings.ContainsRune(`:#.,;()[]"'*`, rune(s[end-1])) {
		end--
	}
	return s[start:end], start, end
}

// isNumber reports whether a text can be the number of a document, and is no date, no
// amount, no telephone.
func isNumber(s string) bool {
	digits := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if len(s) < 2 || len(s) > 25 || digits == 0 || !numberToken.MatchString(s) {
		return false
	}
	letters := strings.IndexFunc(s, unicode.IsDigit)
	if digits*2 < len(s)-letters && digits < 3 {
		return false
	}
	if _, _, _, ok := dateIn(s); ok {
		return false
	}
	return len(amountsIn(s)) == 0
}

// mended is a number whose digits were read for letters: PO-OO042 is PO-00042, while
// its first letters stay.
func mended(s string) string {
	first := strings.IndexFunc(s, func(r rune) bool { return unicode.IsDigit(r) || r == '-' || r == '@' })
	if first < 0 {
		return s
	}
	rest := s[first:]
	plain := likeDigits.Replace(rest)
	if strings.IndexFunc(plain, unicode.IsLetter) >= 0 {
		return strings.ReplaceAll(s, "@", "0") // letters that belong to it
	}
	return strings.ToUpper(s[:first]) + plain
}

// numberAfter is a number that stands behind a phrase in a line, or below it when it
// is a heading.
func (p *paper) numberAfter(n int, phrase string, except ...string) (Found, bool) {
	l := &p.lines[n]
	end, ok := phraseEnd(l.text, phrase)
	if !ok {
		return Found{}, false
	}
	passed := 0
	for _, t := range tokens(l.text) {
		if t.end <= end {
			continue
		}
		t.start = max(t.start, end)
		text, start, stop := t.trimmed(l.text)
		if text == "" || strings.EqualFold(text, "no") || strings.EqualFold(text, "number") || strings.EqualFold(text, "nr") || text == "-" {
			continue
		}
		if isNumber(text) && !slices.ContainsFunc(except, func(x string) bool { return x != "" && plainWord(x) == plainWord(mended(text)) }) {
			return l.found(mended(text), 100, start, stop), true
		}
		if passed++; passed > 1 {
			break
		}
	}
	if n+1 >= len(p.lines) || passed > 0 && !p.isHeading(n) {
		return Found{}, false
	}
	// Below a heading the value stands under it.
	below := &p.lines[n+1]
	middle := end - len(phrase)/2
	best, nearest := Found{}, 1<<30
	for _, t := range tokens(below.text) {
		text, start, stop := t.trimmed(below.text)
		if !isNumber(text) || slices.ContainsFunc(except, func(x string) bool { return x != "" && plainWord(x) == plainWord(mended(text)) }) {
			continue
		}
		apart := int(magnitude(int64((start+stop)/2 - middle)))
		if apart < nearest && apart < 25 {
			best, nearest = below.found(mended(text), 88, start, stop), apart
		}
	}
	return best, nearest < 1<<30
}

// isHeading reports whether a line holds the headings of columns: words and no values.
func (p *paper) isHeading(n int) bool {
	l := &p.lines[n]
	if len(l.amounts) > 0 || strings.ContainsFunc(l.text, unicode.IsDigit) {
		return false
	}
	return len(strings.Fields(l.text)) >= 2
}

// phraseEnd is where a phrase ends in a text, whatever stands between its words.
func phraseEnd(text, phrase string) (int, bool) {
	lower := lowerASCII(text)
	words := strings.Fields(phrase)
	for from := 0; ; {
		at := strings.Index(lower[from:], words[0])
		if at < 0 {
			return 0, false
		}
		at += from
		from = at + 1
		if at > 0 && (lower[at-1] >= 'a' && lower[at-1] <= 'z' || lower[at-1] >= '0' && lower[at-1] <= '9') {
			continue
		}
		end, fits := at+len(words[0]), true
		for _, w := range words[1:] {
			rest := strings.TrimLeft(lower[end:], " .:/-")
			if !strings.HasPrefix(rest, w) {
				fits = false
				break
			}
			end = len(lower) - len(rest) + len(w)
		}
		if fits && (end == len(lower) || lower[end] < 'a' || lower[end] > 'z') {
			return end, true
		}
	}
}

// lowerASCII is a text of the same length in lower case.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// documentNumber finds the number of the paper, which is none of those.
func (p *paper) documentNumber(others ...string) Found {
	best := Found{Line: -1}
	for _, w := range numberWords {
		for n := range p.lines {
			l := &p.lines[n]
			if best.Confidence >= w.confidence || strings.HasPrefix(w.phrase, "receipt") && l.says("gst receipt") {
				continue
			}
			if (w.phrase == "ref" || w.phrase == "reference") && l.says("your ref", "customer ref", "your reference") {
				continue
			}
			f, ok := p.numberAfter(n, w.phrase, others...)
			if !ok || f.Value == "" {
				continue
			}
			f.Confidence = f.Confidence * w.confidence / 100
			if f.Confidence > best.Confidence {
				best = f
			}
		}
	}
	return best
}

func (p *paper) orderNumber() Found {
	// Ours bear our prefix, wherever they stand.
	if prefix := strings.TrimRight(p.about.Orders, "-"); prefix != "" {
		ours := regexp.MustCompile(`(?i)(?:^|[^A-Za-z0-9])(` + strings.NewReplacer("O", "[O0Q@]", "I", "[I1L|]", "S", "[S5]", "B", "[B8]").Replace(regexp.QuoteMeta(strings.ToUpper(prefix))) + `[-_ .:#]{0,2}([0-9OQ@ILS|B]{3,8}))(?:$|[^A-Za-z0-9])`)
		for n := range p.lines {
			l := &p.lines[n]
			m := ours.FindStringSubmatchIndex(l.text)
			if m == nil {
				continue
			}
			digits := likeDigits.Replace(l.text[m[4]:m[5]])
			if strings.IndexFunc(l.text[m[4]:m[5]], unicode.IsDigit) >= 0 {
				return l.found(p.about.Orders+digits, 97, m[2], m[3])
			}
		}
	}
	best := Found{Line: -1}
	for _, w := range orderWords {
		for n := range p.lines {
			if p.lines[n].says("p o box", "po box", "order date") {
				continue
			}
			f, ok := p.numberAfter(n, w.phrase)
			if !ok {
				continue
			}
			if f.Confidence = f.Confidence * w.confidence / 100; f.Confidence > best.Confidence {
				best = f
			}
		}
	}
	return best
}

// The forms of dates. Days stand before months, as in New Zealand and Australia.
var (
	digitDate = regexp.MustCompile(`(?:^|[^0-9A-Za-z])([0-3oOQ@lI|]?[0-9oOQ@lI|])\s?[/.\-]\s?([0-3oOQ@lI|]?[0-9oOQ@lI|])\s?[/.\-]\s?((?:20|2[oO])[0-9oOlI|]{2}|[0-9oOlI|]{2})(?:$|[^0-9A-Za-z])`)
	isoDate   = regexp.MustCompile(`(?:^|[^0-9])(20[0-9]{2})[-/.]([01]?[0-9])[-/.]([0-3]?[0-9])(?:$|[^0-9])`)
	wordDate  = regexp.MustCompile(`(?i)(?:^|[^0-9A-Za-z])([0-3oOlI]?[0-9oOlI])(?:st|nd|rd|th)?[\s\-/.,]{0,2}(?:of )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s\-/.,']{0,2}(20[0-9]{2}|[0-9]{2})(?:$|[^0-9])`)
	wordFirst = regexp.MustCompile(`(?i)(?:^|[^0-9A-Za-z])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s([0-3]?[0-9])(?:st|nd|rd|th)?,?\s(20[0-9]{2})(?:$|[^0-9])`)
)

var monthNames = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// dateIn is the first date of a text, and where it stands.
func dateIn(s string) (day Date, start, end int, ok bool) {
	day, start, end, _, ok = nextDate(s, 0)
	return day, start, end, ok
}

// DateIn is the first date that a text speaks of, its day before its month; no date
// without one.
func DateIn(text string) Date {
	if day, err := ParseDate(text); err == nil {
		return day
	}
	day, _, _, _ := dateIn(text)
	return day
}

// nextDate is the first date of a text behind a place. swapped is true where the month
// must stand before the day.
func nextDate(s string, from int) (day Date, start, end int, swapped, ok bool) {
	start = len(s) + 1
	try := func(form *regexp.Regexp, year, month, date int) {
		m := form.FindStringSubmatchIndex(s[from:])
		if m == nil || from+m[2] >= start {
			return
		}
		part := func(n int) string { return likeDigits.Replace(s[from+m[2*n] : from+m[2*n+1]]) }
		number := func(n int) int { v, _ := strconv.Atoi(part(n)); return v }
		var mo int
		if name := strings.ToLower(s[from+m[2*month] : from+m[2*month+1]]); slices.Contains(monthNames, name) {
			mo = slices.Index(monthNames, name) + 1
		} else {
			mo = number(month)
		}
		y, d := number(year), number(date)
		if y < 100 {
			y += 2000
		}
		turned := false
		if mo > 12 && d <= 12 && form == digitDate {
			mo, d, turned = d, mo, true
		}
		t := time.Date(y, time.Month(mo), d, 0, 0, 0, 0, time.UTC)
		if mo < 1 || mo > 12 || d < 1 || t.Day() != d || y < 2000 || y > 2099 {
			return
		}
		day, start, end, swapped, ok = Date(t.Format(time.DateOnly)), from+m[2], from+m[3], turned, true
		for n := 1; n <= 3; n++ {
			start, end = min(start, from+m[2*n]), max(end, from+m[2*n+1])
		}
	}
	try(isoDate, 1, 2, 3)
	try(wordDate, 3, 2, 1)
	try(wordFirst, 3, 1, 2)
	try(digitDate, 3, 2, 1)
	return day, start, end, swapped, ok
}

// dates finds the day of the document and the day by which it is to be paid.
func (p *paper) dates() (issued, due Found) {
	issued, due = Found{Line: -1}, Found{Line: -1}
	best := 0
	for n := range p.lines {
		l := &p.lines[n]
		for from := 0; ; {
			day, start, end, swapped, ok := nextDate(l.text, from)
			if !ok {
				break
			}
			from = end
			score, isDue := p.scoreDate(n, start, end, day)
			if swapped {
				score -= 25
			}
			if score <= 0 {
				continue
			}
			f := l.found(string(day), min(score, 97), start, end)
			if isDue {
				if f.Confidence > due.Confidence {
					due = f
				}
			} else if score > best {
				best, issued = score, f
			}
		}
	}
	if due.Value != "" && issued.Value != "" && due.Value < issued.Value {
		due = Found{Line: -1}
	}
	return issued, due
}

// scoreDate tells how likely a date is that of the document, by the words in front of
// it or above it; isDue, whether it is the day by which it is to be paid.
func (p *paper) scoreDate(n, start, end int, day Date) (score int, isDue bool) {
	score = 60
	about := p.lines[n].text[:start]
	if i := strings.LastIndex(about, "   "); i > 0 && strings.ContainsFunc(about[i:], unicode.IsLetter) {
		about = about[i:]
	}
	if !strings.ContainsFunc(about, unicode.IsLetter) && n > 0 && p.isHeading(n-1) {
		about = headingOver(p.lines[n-1].text, (start+end)/2)
	}
	before := newPaperLine(0, ScanText{Text: about, Confidence: 100})
	// The nearest words count.
	last := func(phrases ...string) int {
		at := -1
		for _, phrase := range phrases {
			at = max(at, strings.LastIndex(before.words, " "+phrase+" "))
		}
		return at
	}
	dueAt := last("due", "payment due", "due date", "pay by", "payable by", "due by")
	issuedAt := last("date", "invoice date", "tax date", "issued", "dated", "date of issue", "sale date", "invoice")
	otherAt := last("delivery", "delivered", "expiry", "expires", "printed", "period", "from", "to", "until", "next", "last", "order date", "valid", "since", "estab", "return by", "returns", "dispatch", "shipped", "reading")
	switch {
	case dueAt >= 0 && (dueAt >= issuedAt-len(" due") || issuedAt < 0):
		return 90, true
	case otherAt >= 0 && otherAt > issuedAt-len(" delivery date"):
		score = 30
	case issuedAt >= 0:
		score = 92
	}
	if strings.Contains(p.lines[n].text[end:], ":") && score == 60 { // with a time of day, as tills print it
		score = 80
	}
	if today := p.about.Today; today != "" {
		if day > today.AddDays(2) || day < today.AddDays(-730) {
			score -= 40
		} else if day < today.AddDays(-200) {
			score -= 5
		}
	}
	return score, false
}

// headingOver is the heading of the column in which a place lies.
func headingOver(headings string, at int) string {
	best, nearest := "", 1<<30
	for _, part := range columnParts(headings) {
		if apart := int(magnitude(int64((part.start+part.end)/2 - at))); apart < nearest {
			best, nearest = headings[part.start:part.end], apart
		}
	}
	return best
}

// columnParts divides a line where more than one space stands.
func columnParts(s string) []token {
	var all []token
	for _, t := range tokens(s) {
		if n := len(all) - 1; n >= 0 && t.start-all[n].end < 2 {
			all[n].end = t.end
		} else {
			all = append(all, t)
		}
	}
	return all
}

// notNames are words of lines that name no supplier.
var notNames = []string{
	"invoice", "tax invoice", "receipt", "gst", "phone", "ph", "tel", "fax", "email", "date", "total", "welcome", "thank", "thanks", "customer", "bill to", "invoice to", "ship to", "deliver to", "delivery", "page", "statement", "account", "copy", "original", "duplicate", "www", "http", "abn", "nzbn",
	"served by", "operator", "terminal", "till", "register", "eftpos", "purchase order", "order", "number", "sold to", "from", "to", "attn", "attention", "description", "qty", "quantity", "amount", "p o box", "po box", "merchant", "store", "branch", "docket", "subtotal",
}

var streets = []string{"street", "st", "road", "rd", "avenue", "ave", "drive", "dr", "lane", "place", "pl", "highway", "hwy", "crescent", "cres", "terrace", "parade", "quay", "box", "level", "unit", "auckland", "wellington", "christchurch", "hamilton", "tauranga", "dunedin", "lower hutt", "new zealand", "nsw", "vic", "qld"}

// letterhead is how many lines may be where a supplier's name stands.
const letterhead = 12

// supplier finds who has written the paper: one of ours, and the name as it stands.
func (p *paper) supplier() (ours, vendor Found) {
	ours, vendor = Found{Line: -1}, p.vendor()
	best := 0
	lines := make([]string, len(p.lines))
	for n := range p.lines {
		lines[n] = plain(p.lines[n].text)
	}
	for i := range p.about.Suppliers {
		s := &p.about.Suppliers[i]
		name := plain(s.Name)
		if len(name) < 3 {
			continue
		}
		joined := strings.ReplaceAll(name, " ", "")
		for n := range p.lines {
			l := &p.lines[n]
			line := lines[n]
			score := 0
			switch {
			case strings.Contains(" "+line+" ", " "+name+" "):
				score = 96
			case len(joined) >= 6 && strings.Contains(strings.ToLower(l.text), joined): // in an address of the web
				score = 90
			case len(name) >= 6 && n <= letterhead:
				if like := likenessWithin(line, name); like > 80 {
					score = like - 5
				}
			}
			if score == 0 {
				continue
			}
			if n > letterhead && score < 96 {
				score -= 15
			}
			// Of two names that fit, the longer one says more.
			if score = score*100 + min(99, len(name)); score > best {
				best = score
				ours = l.found(s.ID, score/100, 0, len(l.text))
			}
		}
		if vendor.Value != "" && best < 8500 && len(name) >= 5 {
			if like := Similarity(vendor.Value, s.Name); like > 80 && like*100 > best {
				best = (like - 5) * 100
				ours = Found{s.ID, (like - 5) * max(50, vendor.Confidence) / 100, vendor.Line, vendor.Start, vendor.End}
			}
		}
	}
	if ours.Value != "" {
		for _, s := range p.about.Suppliers {
			if s.ID == ours.Value {
				vendor = Found{s.Name, ours.Confidence, ours.Line, ours.Start, ours.End}
			}
		}
	}
	return ours, vendor
}

// likenessWithin is how much alike a name and the part of a line of as many words are.
func likenessWithin(line, name string) int {
	have, wanted := strings.Fields(line), len(strings.Fields(name))
	best := 0
	for i := 0; i+wanted <= len(have); i++ {
		best = max(best, likeness(strings.Join(have[i:i+wanted], " "), name))
	}
	return best
}

// vendor guesses the name of who has written the paper: it stands at the top, large,
// and is no heading and no address.
func (p *paper) vendor() Found {
	best := Found{Line: -1}
	for n := range p.lines[:min(10, len(p.lines))] {
		l := &p.lines[n]
		parts := columnParts(l.text)
		if len(parts) == 0 {
			continue
		}
		part := parts[0]
		text := strings.TrimRight(strings.TrimLeft(l.text[part.start:part.end], "*-=~_ "), "*-=~_ ")
		start := part.start + strings.Index(l.text[part.start:part.end], text)
		letters, digits := 0, 0
		for _, r := range text {
			if unicode.IsLetter(r) {
				letters++
			} else if unicode.IsDigit(r) {
				digits++
			}
		}
		own := newPaperLine(0, ScanText{text, 100})
		if letters < 3 || digits > letters || p.about.Firm != "" && Similarity(text, p.about.Firm) > 75 {
			continue
		}
		firm := own.says("ltd", "limited", "pty", "electrical", "hardware", "supplies", "group", "services", "wholesale", "trade")
		if own.says(notNames...) && !firm {
			continue
		}
		if own.says("bill to", "invoice to", "sold to", "ship to", "deliver to", "customer", "attn") {
			continue
		}
		address := digits > 0 && own.says(streets...)
		if address || strings.Contains(text, "@") {
			continue
		}
		confidence := 60 - 4*n
		if firm {
			confidence += 25
		}
		if f := l.found(text, confidence, start, start+len(text)); f.Confidence > best.Confidence {
			best = f
		}
	}
	return best
}

// The forms of lines that say what was bought.
var (
	quantityFirst = regexp.MustCompile(`^\s*([0-9]{1,4}(?:\.[0-9]{1,3})?)\s?(?:[xX×@]\s+|ea\s+|EA\s+|\s)(.*[A-Za-z].*?)$`)
	quantityLast  = regexp.MustCompile(`^(.*[A-Za-z].*?)\s+([0-9]{1,4}(?:\.[0-9]{1,3})?)\s?(?:[xX×@]|ea|EA|m|M)?$`)
)

// items reads what was bought, when it adds up to the total, with its tax or without;
// a list that does not is no help.
func (p *paper) items(total, tax Found) ([]ScanLine, int) {
	whole := centsOf(total.Value)
	if whole == nil {
		return nil, 0
	}
	var lines []ScanLine
	var sum Cents
	for n := range p.lines {
		l := &p.lines[n]
		if total.Line >= 0 && n >= total.Line && total.Line > 2 {
			break
		}
		if l.says("sub total", "subtotal", "total", "gst", "tax", "change", "tendered", "eftpos", "visa", "balance", "rounding", "saved", "savings", "discount", "purchase") {
			if len(lines) > 0 && l.says("sub total", "subtotal", "total") {
				break
			}
			continue
		}
		item, ok := itemOf(l)
		if !ok {
			continue
		}
		lines = append(lines, item)
		sum += item.Amount
	}
	if len(lines) == 0 || len(lines) > MaxLines {
		return nil, 0
	}
	if sum == *whole {
		return lines, 85
	}
	if t := centsOf(tax.Value); t != nil && magnitude(int64(sum+*t-*whole)) <= 1 {
		return lines, 85
	}
	return nil, 0
}

func itemOf(l *paperLine) (ScanLine, bool) {
	n := len(l.amounts)
	if n == 0 || n > 4 || l.amounts[n-1].cents == 0 {
		return ScanLine{}, false
	}
	last := l.amounts[n-1]
	if rest := strings.TrimSpace(l.text[last.end:]); len(rest) > 2 {
		return ScanLine{}, false
	}
	item := ScanLine{Amount: last.cents, Quantity: 10_000}
	text := strings.TrimSpace(l.text[:l.amounts[0].start])
	quantity := ""
	if m := quantityFirst.FindStringSubmatch(text); m != nil {
		quantity, text = m[1], m[2]
	} else if m := quantityLast.FindStringSubmatch(text); m != nil && n >= 2 {
		quantity, text = m[2], m[1]
	}
	text = strings.Join(strings.Fields(text), " ")
	if letters := strings.IndexFunc(text, unicode.IsLetter); letters < 0 || len(text) < 2 {
		return ScanLine{}, false
	}
	item.Description = text
	if q, err := parseDecimal(quantity, 4); quantity != "" && err == nil && q > 0 {
		item.Quantity = E4(q)
	}
	item.UnitAmount = E4(last.cents) * 100
	if item.Quantity != 10_000 {
		unit, ok := mulDivRound(int64(last.cents)*100, 10_000, int64(item.Quantity))
		if !ok {
			return ScanLine{}, false
		}
		item.UnitAmount = E4(unit)
		if again, err := Multiply(item.Quantity, item.UnitAmount); err != nil || again != item.Amount {
			// What a line costs is what counts: 3 for 10.00 has no unit price.
			item.Quantity, item.UnitAmount = 10_000, E4(last.cents)*100
			item.Description = fmt.Sprintf("%s × %s", quantity, text)
		}
	}
	return item, true
}
