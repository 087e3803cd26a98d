package fieldops

import (
	"encoding/json"
	"testing"
	"time"
)

func TestReadingDates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want Date
	}{
		{"2026-11-23", "2026-11-23"},
		{"2024-02-29", "2024-02-29"},
		{"2026-11-23T00:30:00+13:00", "2026-11-23"}, // 22 November in UTC, but written as the 23rd
		{"2026-11-23T23:59:59Z", "2026-11-23"},
		{"2026-11-23 08:00:00", "2026-11-23"},
		{"2026-02-29", ""},
		{"2026-13-01", ""},
		{"2026-1-1", ""},
		{"23/11/2026", ""},
		{"0026-11-23", ""},
		{"", ""},
		{"2026-11-23x", ""},
	} {
		got, err := ParseDate(c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("ParseDate(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

func TestDatesInJSONAndDatabases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		json string
		want Date
		ok   bool
	}{
		{`"2026-11-23"`, "2026-11-23", true},
		{`null`, "", true},
		{`""`, "", true},
		{`"tomorrow"`, "", false},
		{`20261123`, "", false},
	} {
		var got Date
		if err := json.Unmarshal([]byte(c.json), &got); (err == nil) != c.ok || got != c.want {
			t.Errorf("%s is read as %q, %v", c.json, got, err)
		} else if err != nil && KindOf(err) != Invalid {
			t.Errorf("%s: %v is not a refusal", c.json, err)
		}
	}
	for _, d := range []Date{"", "2026-11-23"} {
		b, err := json.Marshal(d)
		var got Date
		if err != nil || json.Unmarshal(b, &got) != nil || got != d {
			t.Errorf("%q is written %s and read %q", d, b, got)
		}
		value, err := d.Value()
		var scanned Date
		if err != nil || scanned.Scan(value) != nil || scanned != d {
			t.Errorf("%q is stored as %v and read %q", d, value, scanned)
		}
	}
	for _, src := range []any{"2026-11-23", "2026-11-23T00:00:00Z", []byte("2026-11-23"), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)} {
		var d Date
		if err := d.Scan(src); err != nil || d != "2026-11-23" {
			t.Errorf("a column with %v is read as %q, %v", src, d, err)
		}
	}
	var d Date
	if err := d.Scan(42); err == nil {
		t.Error("a column with the number 42 is a date")
	}
}

func TestDateArithmetic(t *testing.T) {
	t.Parallel()
	auckland, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Skip("this machine has no time zones:", err)
	}
	at := time.Date(2026, 11, 22, 11, 30, 0, 0, time.UTC)
	if got := DateOf(at, auckland); got != "2026-11-23" {
		t.Errorf("%s is %s in Auckland", at, got)
	}
	for _, c := range []struct {
		d    Date
		days int
		want Date
	}{
		{"2026-02-28", 1, "2026-03-01"},
		{"2024-02-28", 1, "2024-02-29"},
		{"2026-01-01", -1, "2025-12-31"},
		{"2026-09-26", 2, "2026-09-28"}, // the night in which New Zealand's clocks go forward
		{"", 5, ""},
	} {
		got := c.d.AddDays(c.days)
		if got != c.want {
			t.Errorf("%s + %d days = %s, want %s", c.d, c.days, got, c.want)
		}
		if c.d != "" && got.DaysSince(c.d) != c.days {
			t.Errorf("from %s to %s are %d days, want %d", c.d, got, got.DaysSince(c.d), c.days)
		}
	}
	if got := Date("2026-11-23").FirstOfMonth(); got != "2026-11-01" {
		t.Errorf("the first of November is %s", got)
	}
	if got := Date("").FirstOfMonth(); got != "" {
		t.Errorf("the first of no month is %s", got)
	}
}

func TestDueDates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		terms  PaymentTerms
		issued Date
		want   Date
	}{
		{PaymentTerms{DaysAfterBillDate, 7}, "2026-11-23", "2026-11-30"},
		{PaymentTerms{DaysAfterBillDate, 0}, "2026-11-23", "2026-11-23"},
		{PaymentTerms{DaysAfterBillMonth, 15}, "2026-11-23", "2026-12-15"},
		{PaymentTerms{DaysAfterBillMonth, 0}, "2026-02-03", "2026-02-28"},
		{PaymentTerms{OfCurrentMonth, 25}, "2026-11-23", "2026-11-25"},
		{PaymentTerms{OfCurrentMonth, 20}, "2026-11-23", "2026-12-20"},
		{PaymentTerms{OfCurrentMonth, 31}, "2026-02-03", "2026-02-28"},
		{DefaultPaymentTerms, "2026-11-23", "2026-12-20"},
		{DefaultPaymentTerms, "2026-12-31", "2027-01-20"},
		{PaymentTerms{OfFollowingMonth, 31}, "2026-01-31", "2026-02-28"},
		{DefaultPaymentTerms, "", ""},
		{PaymentTerms{DaysAfterBillMonth, 15}, "", ""},
	} {
		if got := c.terms.DueDate(c.issued); got != c.want {
			t.Errorf("%s %d from %q is due on %q, want %q", c.terms.Type, c.terms.Day, c.issued, got, c.want)
		}
	}
	for terms, ok := range map[PaymentTerms]bool{
		DefaultPaymentTerms:       true,
		{DaysAfterBillDate, 0}:    true,
		{DaysAfterBillDate, -1}:   false,
		{DaysAfterBillMonth, 366}: false,
		{OfCurrentMonth, 0}:       false,
		{OfFollowingMonth, 32}:    false,
		{"WHENEVER", 5}:           false,
	} {
		var f Faults
		terms.Validate(&f)
		if (len(f) == 0) != ok {
			t.Errorf("%+v: faults %v, want ok %v", terms, f, ok)
		}
	}
}

func TestTimesKeepMicroseconds(t *testing.T) {
	t.Parallel()
	at := At(time.Date(2026, 11, 23, 18, 24, 48, 123_456_789, time.FixedZone("NZDT", 13*3600)))
	b, err := json.Marshal(at)
	if err != nil || string(b) != `"2026-11-23T05:24:48.123456Z"` {
		t.Errorf("written %s, %v", b, err)
	}
	var back, scanned Time
	if err := json.Unmarshal(b, &back); err != nil || !back.Equal(at.Time) {
		t.Errorf("read %v, %v", back, err)
	}
	value, err := at.Value()
	if err != nil || scanned.Scan(value) != nil || !scanned.Equal(at.Time) {
		t.Errorf("stored %v and read %v", value, scanned)
	}
	if v, err := (Time{}).Value(); v != nil || err != nil {
		t.Errorf("no time is stored as %v, %v", v, err)
	}
	if err := json.Unmarshal([]byte(`"yesterday"`), &back); KindOf(err) != Invalid {
		t.Errorf("a time that is none: %v", err)
	}
}
