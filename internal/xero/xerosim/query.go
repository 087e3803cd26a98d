package xerosim

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"
)

// The where and order parameters: a parser for the part of Xero's expression
// language that its documentation shows, over the fields an endpoint knows.

type valueKind int

const (
	kindNull valueKind = iota
	kindText
	kindNumber
	kindBool
	kindTime
	kindID
)

// fieldSet maps the lower-case path of a field to its canonical path and kind.
type fieldSet map[string]fieldInfo

type fieldInfo struct {
	path []string
	kind valueKind
}

// fieldsOf builds a field set from lists of dotted paths.
func fieldsOf(lists map[valueKind]string) fieldSet {
	set := fieldSet{}
	for kind, names := range lists {
		for _, name := range strings.Fields(names) {
			set[strings.ToLower(name)] = fieldInfo{strings.Split(name, "."), kind}
		}
	}
	return set
}

// value is an operand: a literal, or what a record has in a field.
type value struct {
	kind   valueKind
	text   string
	number *big.Rat
	truth  bool
	time   time.Time
}

// valueAt reads a field of a rendered record; what is absent is null.
func (f fieldInfo) valueAt(tree object) value {
	var current any = tree
	for _, name := range f.path {
		branch, ok := current.(object)
		if !ok {
			return value{}
		}
		current = branch[name]
	}
	switch v := current.(type) {
	case string:
		if f.kind == kindTime {
			if t, ok := parseMSDate(v); ok {
				return value{kind: kindTime, time: t}
			}
			return value{}
		}
		return value{kind: f.kind, text: v}
	case bool:
		return value{kind: kindBool, truth: v}
	case json.Number:
		n, _ := parseDecimal(v.String()) // written by number or plainNumber
		return value{kind: kindNumber, number: n}
	default:
		return value{}
	}
}

// compare orders two values of one kind; text compares without regard to case,
// as the collation of Xero's database does. Null comes before everything.
func compare(a, b value) int {
	switch {
	case a.kind == kindNull || b.kind == kindNull:
		return boolInt(a.kind != kindNull) - boolInt(b.kind != kindNull)
	case a.kind == kindNumber:
		return a.number.Cmp(b.number)
	case a.kind == kindBool:
		return boolInt(a.truth) - boolInt(b.truth)
	case a.kind == kindTime:
		return a.time.Compare(b.time)
	default:
		return strings.Compare(strings.ToLower(a.text), strings.ToLower(b.text))
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// condition is a compiled where clause.
type condition func(tree object) bool

// operand is a compiled operand with the kind it is known to have.
type operand struct {
	kind  valueKind
	value func(tree object) value
	// literal is set for a literal, so that text can become an id or a date.
	literal *value
}

type parser struct {
	tokens []token
	at     int
	fields fieldSet
	typ    string // name of the type in error messages
	depth  int
}

type token struct {
	kind byte // 'i' identifier, 's' text, 'n' number, 'o' operator or bracket, 0 end
	text string
}

// maxDepth bounds the nesting of brackets.
const maxDepth = 100

// parseWhere compiles a where parameter. The error is the text of Xero's
// QueryParseException.
func parseWhere(text string, fields fieldSet, typ string) (condition, error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, fields: fields, typ: typ}
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != 0 {
		return nil, fmt.Errorf("Syntax error at '%s'", p.peek().text)
	}
	return c, nil
}

func scan(text string) ([]token, error) {
	var tokens []token
	runes := []rune(text)
	for i := 0; i < len(runes); {
		r := runes[i]
		start := i
		switch {
		case unicode.IsSpace(r):
			i++
			continue
		case r == '"':
			end := slices.Index(runes[i+1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("Unterminated string literal")
			}
			tokens = append(tokens, token{'s', string(runes[i+1 : i+1+end])})
			i += end + 2
			continue
		case unicode.IsLetter(r) || r == '_':
			for i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]) || runes[i] == '_') {
				i++
			}
			tokens = append(tokens, token{'i', string(runes[start:i])})
			continue
		case unicode.IsDigit(r) || r == '-' && i+1 < len(runes) && unicode.IsDigit(runes[i+1]):
			i++
			for i < len(runes) && (unicode.IsDigit(runes[i]) || runes[i] == '.') {
				i++
			}
			tokens = append(tokens, token{'n', string(runes[start:i])})
			continue
		}
		two := string(runes[i:min(i+2, len(runes))])
		switch {
		case slices.Contains([]string{"==", "!=", ">=", "<=", "&&", "||"}, two):
			tokens = append(tokens, token{'o', two})
			i += 2
		case strings.ContainsRune("=<>!().,", r):
			tokens = append(tokens, token{'o', string(r)})
			i++
		default:
			return nil, fmt.Errorf("Syntax error '%c'", r)
		}
	}
	return tokens, nil
}

func (p *parser) peek() token {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return token{}
}

func (p *parser) next() token {
	t := p.peek()
	p.at++
	return t
}

func (p *parser) accept(texts ...string) bool {
	t := p.peek()
	if t.kind == 'o' || t.kind == 'i' {
		for _, text := range texts {
			if strings.EqualFold(t.text, text) {
				p.at++
				return true
			}
		}
	}
	return false
}

func (p *parser) expect(text string) error {
	if !p.accept(text) {
		return fmt.Errorf("'%s' expected", text)
	}
	return nil
}

func (p *parser) or() (condition, error) {
	left, err := p.and()
	for err == nil && p.accept("||", "OR") {
		var right condition
		if right, err = p.and(); err == nil {
			l := left
			left = func(t object) bool { return l(t) || right(t) }
		}
	}
	return left, err
}

func (p *parser) and() (condition, error) {
	left, err := p.unary()
	for err == nil && p.accept("&&", "AND") {
		var right condition
		if right, err = p.unary(); err == nil {
			l := left
			left = func(t object) bool { return l(t) && right(t) }
		}
	}
	return left, err
}

func (p *parser) unary() (condition, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, fmt.Errorf("Expression is too deep")
	}
	if p.accept("!") {
		inner, err := p.unary()
		if err != nil {
			return nil, err
		}
		return func(t object) bool { return !inner(t) }, nil
	}
	if p.accept("(") {
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	}
	return p.comparison()
}

func (p *parser) comparison() (condition, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	operator := p.peek().text
	if p.peek().kind != 'o' || !slices.Contains([]string{"=", "==", "!=", ">", ">=", "<", "<="}, operator) {
		if left.kind != kindBool {
			return nil, fmt.Errorf("Expression of type 'Boolean' expected")
		}
		return func(t object) bool { return left.value(t).truth }, nil
	}
	p.next()
	right, err := p.operand()
	if err != nil {
		return nil, err
	}
	if err := reconcile(&left, &right, operator); err != nil {
		return nil, err
	}
	return func(t object) bool {
		a, b := left.value(t), right.value(t)
		if (a.kind == kindNull) != (b.kind == kindNull) {
			return operator == "!="
		}
		order := compare(a, b)
		switch operator {
		case "=", "==":
			return order == 0
		case "!=":
			return order != 0
		case ">":
			return order > 0
		case ">=":
			return order >= 0
		case "<":
			return order < 0
		default:
			return order <= 0
		}
	}, nil
}

var kindNames = map[valueKind]string{kindNull: "null", kindText: "String", kindNumber: "Decimal", kindBool: "Boolean", kindTime: "DateTime", kindID: "Guid"}

// reconcile brings both sides to one kind, or refuses them. An id may be
// compared with text that reads as one.
func reconcile(left, right *operand, operator string) error {
	for _, pair := range [][2]*operand{{left, right}, {right, left}} {
		id, other := pair[0], pair[1]
		if id.kind == kindID && other.kind == kindText && other.literal != nil {
			*other = literal(value{kind: kindID, text: strings.ToLower(other.literal.text)})
		}
	}
	if left.kind != right.kind && left.kind != kindNull && right.kind != kindNull {
		return fmt.Errorf("Operator '%s' incompatible with operand types '%s' and '%s'", operator, kindNames[left.kind], kindNames[right.kind])
	}
	return nil
}

func literal(v value) operand {
	return operand{kind: v.kind, value: func(object) value { return v }, literal: &v}
}

func (p *parser) operand() (operand, error) {
	t := p.next()
	switch t.kind {
	case 's':
		return literal(value{kind: kindText, text: t.text}), nil
	case 'n':
		n, ok := parseDecimal(t.text)
		if !ok {
			return operand{}, fmt.Errorf("Invalid number '%s'", t.text)
		}
		return literal(value{kind: kindNumber, number: n}), nil
	case 'i':
	default:
		return operand{}, fmt.Errorf("Expression expected")
	}
	switch strings.ToLower(t.text) {
	case "true", "false":
		return literal(value{kind: kindBool, truth: strings.EqualFold(t.text, "true")}), nil
	case "null":
		return literal(value{}), nil
	case "guid":
		return p.guid()
	case "datetime":
		return p.dateTime()
	default:
		return p.field(t.text)
	}
}

func (p *parser) guid() (operand, error) {
	if err := p.expect("("); err != nil {
		return operand{}, err
	}
	t := p.next()
	if t.kind != 's' || !idPattern.MatchString(t.text) {
		return operand{}, fmt.Errorf("Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).")
	}
	return literal(value{kind: kindID, text: strings.ToLower(t.text)}), p.expect(")")
}

// dateTime reads DateTime(y,m,d[,h,m,s]) and DateTime.Parse("…").
func (p *parser) dateTime() (operand, error) {
	invalid := fmt.Errorf("No applicable method 'DateTime' exists with these arguments")
	if p.accept(".") {
		if !p.accept("Parse") || !p.accept("(") {
			return operand{}, invalid
		}
		t := p.next()
		for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.RFC3339} {
			if parsed, err := time.Parse(layout, t.text); err == nil && t.kind == 's' {
				return literal(value{kind: kindTime, time: parsed.UTC()}), p.expect(")")
			}
		}
		return operand{}, invalid
	}
	if err := p.expect("("); err != nil {
		return operand{}, err
	}
	var parts []int
	for {
		t := p.next()
		var n int
		if _, err := fmt.Sscanf(t.text, "%d", &n); t.kind != 'n' || err != nil {
			return operand{}, invalid
		}
		parts = append(parts, n)
		if !p.accept(",") {
			break
		}
	}
	if len(parts) != 3 && len(parts) != 6 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31 {
		return operand{}, invalid
	}
	parts = append(parts, 0, 0, 0)
	made := time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], 0, time.UTC)
	return literal(value{kind: kindTime, time: made}), p.expect(")")
}

// field reads a path, and a method on it.
func (p *parser) field(name string) (operand, error) {
	path := name
	for p.accept(".") {
		part := p.next()
		if part.kind != 'i' {
			return operand{}, fmt.Errorf("Identifier expected")
		}
		if p.peek().text == "(" {
			return p.method(path, part.text)
		}
		path += "." + part.text
	}
	info, known := p.fields[strings.ToLower(path)]
	if !known {
		return operand{}, p.unknown(path)
	}
	return operand{kind: info.kind, value: info.valueAt}, nil
}

func (p *parser) unknown(path string) error {
	return fmt.Errorf("No property or field '%s' exists in type '%s'", path, p.typ)
}

func (p *parser) method(path, method string) (operand, error) {
	info, known := p.fields[strings.ToLower(path)]
	if !known {
		return operand{}, p.unknown(path)
	}
	if err := p.expect("("); err != nil {
		return operand{}, err
	}
	missing := fmt.Errorf("No applicable method '%s' exists in type '%s'", method, kindNames[info.kind])
	if info.kind != kindText {
		return operand{}, missing
	}
	switch strings.ToLower(method) {
	case "tolower", "toupper": // text compares without regard to case anyway
		return operand{kind: kindText, value: info.valueAt}, p.expect(")")
	case "startswith", "endswith", "contains":
	default:
		return operand{}, missing
	}
	argument := p.next()
	if argument.kind != 's' {
		return operand{}, missing
	}
	wanted := strings.ToLower(argument.text)
	holds := map[string]func(s, part string) bool{
		"startswith": strings.HasPrefix, "endswith": strings.HasSuffix, "contains": strings.Contains,
	}[strings.ToLower(method)]
	return operand{kind: kindBool, value: func(t object) value {
		v := info.valueAt(t)
		return value{kind: kindBool, truth: v.kind == kindText && holds(strings.ToLower(v.text), wanted)}
	}}, p.expect(")")
}

// ordering is one term of an order parameter.
type ordering struct {
	field      fieldInfo
	descending bool
}

// parseOrder compiles an order parameter, "Date DESC, InvoiceNumber".
func parseOrder(text string, fields fieldSet, typ string) ([]ordering, error) {
	var order []ordering
	for _, term := range strings.Split(text, ",") {
		words := strings.Fields(term)
		if len(words) == 0 || len(words) > 2 {
			return nil, fmt.Errorf("Syntax error in order '%s'", text)
		}
		info, known := fields[strings.ToLower(words[0])]
		if !known {
			return nil, (&parser{typ: typ}).unknown(words[0])
		}
		next := ordering{field: info}
		if len(words) == 2 {
			switch strings.ToLower(words[1]) {
			case "asc", "ascending":
			case "desc", "descending":
				next.descending = true
			default:
				return nil, fmt.Errorf("Syntax error in order '%s'", text)
			}
		}
		order = append(order, next)
	}
	return order, nil
}

func compareBy(order []ordering, a, b object) int {
	for _, o := range order {
		c := compare(o.field.valueAt(a), o.field.valueAt(b))
		if o.descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}
