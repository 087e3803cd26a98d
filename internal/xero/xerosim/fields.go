package xerosim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object on its way out; encoding/json sorts its names.
type object map[string]any

// day is a calendar date without a zone, as YYYY-MM-DD; "" means none. The form
// makes comparison of text the comparison of dates.
type day string

// at is midnight UTC of the day, the instant Xero writes for a calendar date.
func (d day) at() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// msDate is Xero's JSON form of a date: milliseconds since 1970 in UTC. The
// offset is always +0000 and never shifts the instant.
func msDate(t time.Time) string { return fmt.Sprintf("/Date(%d+0000)/", t.UnixMilli()) }

var msDatePattern = regexp.MustCompile(`^\\?/Date\((-?\d{1,16})([+-]\d{4})?\)\\?/$`)

func parseMSDate(text string) (time.Time, bool) {
	m := msDatePattern.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, false
	}
	ms, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	return time.UnixMilli(ms).UTC(), true
}

// parseDay reads a date of a request. A time with an offset is converted to UTC
// first and can land on the previous day, as it does at Xero.
func parseDay(text string) (day, bool) {
	if t, ok := parseMSDate(text); ok {
		return day(t.Format(time.DateOnly)), true
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05.999999999", time.RFC3339Nano} {
		if t, err := time.Parse(layout, text); err == nil {
			return day(t.UTC().Format(time.DateOnly)), true
		}
	}
	return "", false
}

// payloadProblem is the first thing in a request body that Xero cannot read.
// It refuses the whole request, before any element is looked at.
type payloadProblem struct {
	status  int
	message string
}

// fields reads one JSON object of a request. A name that is absent or null is
// "not given". A value of the wrong type is noted in problem, which the whole
// payload shares, and read as not given.
type fields struct {
	values  map[string]any
	path    string
	problem *payloadProblem
}

// parsePayload decodes a request body to its elements: the members of the
// plural envelope, or the single object sent without one.
func parsePayload(body []byte, plural string) ([]fields, *payloadProblem) {
	problem := &payloadProblem{}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		problem.refuse("The request body is not valid JSON: " + err.Error())
		return nil, problem
	}
	if _, err := decoder.Token(); err != io.EOF {
		problem.refuse("The request body holds more than one JSON value")
		return nil, problem
	}
	root := fields{problem: problem}
	switch value := tree.(type) {
	case map[string]any:
		root.values = value
	case []any:
		root.values = map[string]any{plural: value}
	default:
		problem.refuse("The request body must be a JSON object")
		return nil, problem
	}
	if _, enveloped := root.values[plural]; !enveloped {
		if len(root.values) == 0 {
			return nil, problem
		}
		return []fields{root}, problem
	}
	elements, _ := root.list(plural)
	return elements, problem
}

func (p *payloadProblem) found() bool { return p.status != 0 }

func (p *payloadProblem) refuse(message string) {
	if p.status == 0 {
		p.status, p.message = http.StatusBadRequest, message
	}
}

func (f fields) at(name string) string {
	if f.path == "" {
		return name
	}
	return f.path + "." + name
}

func (f fields) mismatch(name string, value any, want string) {
	text := fmt.Sprint(value)
	if len(text) > 100 {
		text = text[:100]
	}
	f.problem.refuse(fmt.Sprintf("Error converting value %q to type '%s'. Path '%s'.", text, want, f.at(name)))
}

// only reports whether no other name than these is given.
func (f fields) only(names ...string) bool {
	for name, value := range f.values {
		if value != nil && !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

func (f fields) text(name string) (string, bool) {
	switch value := f.values[name].(type) {
	case nil:
		return "", false
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	default:
		f.mismatch(name, value, "System.String")
		return "", false
	}
}

func (f fields) enum(name string, allowed ...string) (string, bool) {
	value, given := f.text(name)
	if !given || value == "" {
		return "", false
	}
	for _, a := range allowed {
		if strings.EqualFold(a, value) {
			return a, true
		}
	}
	f.mismatch(name, value, "enum "+strings.Join(allowed, "|"))
	return "", false
}

var idPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$`)

// id reads a UUID; the nil UUID counts as not given.
func (f fields) id(name string) (string, bool) {
	value, given := f.text(name)
	if !given || value == "" {
		return "", false
	}
	if !idPattern.MatchString(value) {
		f.mismatch(name, value, "System.Guid")
		return "", false
	}
	value = strings.ToLower(strings.ReplaceAll(value, "-", ""))
	value = value[:8] + "-" + value[8:12] + "-" + value[12:16] + "-" + value[16:20] + "-" + value[20:]
	return value, value != nilID
}

func (f fields) flag(name string) (bool, bool) {
	switch value := f.values[name].(type) {
	case nil:
		return false, false
	case bool:
		return value, true
	case string:
		if parsed, err := strconv.ParseBool(strings.ToLower(value)); err == nil {
			return parsed, true
		}
	}
	f.mismatch(name, f.values[name], "System.Boolean")
	return false, false
}

// number reads a decimal; nil means not given.
func (f fields) number(name string) *big.Rat {
	var text string
	switch value := f.values[name].(type) {
	case nil:
		return nil
	case json.Number:
		text = value.String()
	case string:
		text = value
	}
	if parsed, ok := parseDecimal(text); ok {
		return parsed
	}
	f.mismatch(name, f.values[name], "System.Decimal")
	return nil
}

func (f fields) day(name string) (day, bool) {
	value, given := f.text(name)
	if !given || value == "" {
		return "", false
	}
	parsed, ok := parseDay(value)
	if !ok {
		f.mismatch(name, value, "System.DateTime")
		return "", false
	}
	return parsed, true
}

func (f fields) object(name string) (fields, bool) {
	switch value := f.values[name].(type) {
	case nil:
		return fields{}, false
	case map[string]any:
		return fields{values: value, path: f.at(name), problem: f.problem}, true
	default:
		f.mismatch(name, value, "object")
		return fields{}, false
	}
}

// list reads an array of objects. An object where the array belongs makes Xero
// fail with a 500 (XeroAPI/xero-ruby issue 86), so it does here.
func (f fields) list(name string) ([]fields, bool) {
	switch value := f.values[name].(type) {
	case nil:
		return nil, false
	case []any:
		elements := make([]fields, 0, len(value))
		for i, element := range value {
			member, ok := element.(map[string]any)
			if !ok {
				f.mismatch(fmt.Sprintf("%s[%d]", name, i), element, "object")
				continue
			}
			elements = append(elements, fields{values: member, path: fmt.Sprintf("%s[%d]", f.at(name), i), problem: f.problem})
		}
		return elements, true
	case map[string]any:
		if f.problem.status == 0 {
			f.problem.status, f.problem.message = http.StatusInternalServerError, "An error occurred in Xero. Check the API Status page http://status.developer.xero.com for current service status."
		}
		return nil, false
	default:
		f.mismatch(name, value, "array")
		return nil, false
	}
}
