package fieldops

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// Date is a calendar day without a zone, in the form 2006-01-02. The zero value
// is no date.
type Date string

// ParseDate reads 2006-01-02, or a time stamp that begins with a date, of which
// only the written day counts: shifting it through a zone is how entries end up
// on the previous day.
func ParseDate(s string) (Date, error) {
	day := s
	if len(s) > 10 && (s[10] == 'T' || s[10] == ' ') {
		day = s[:10]
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil || t.Year() < 1900 || t.Year() > 9999 {
		return "", Refuse(Invalid, "%q is not a date; write it as 2026-11-23", s)
	}
	return Date(day), nil
}

// DateOf is the calendar day of t in loc.
func DateOf(t time.Time, loc *time.Location) Date {
	return Date(t.In(loc).Format(time.DateOnly))
}

// Time is midnight UTC of the day.
func (d Date) Time() time.Time {
	t, _ := time.Parse(time.DateOnly, string(d))
	return t
}

// Begins is the instant at which the day begins in loc.
func (d Date) Begins(loc *time.Location) time.Time {
	day := d.Time()
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, loc)
}

// AddDays is the day n days later, or earlier when n is negative.
func (d Date) AddDays(n int) Date {
	if d == "" {
		return ""
	}
	return Date(d.Time().AddDate(0, 0, n).Format(time.DateOnly))
}

// DaysSince counts the days from o to d.
func (d Date) DaysSince(o Date) int {
	return int(d.Time().Sub(o.Time()).Hours() / 24)
}

// FirstOfMonth is the first day of d's month.
func (d Date) FirstOfMonth() Date {
	if d == "" {
		return ""
	}
	return d[:8] + "01"
}

// UnmarshalJSON reads a date, null, or the empty string (no date).
func (d *Date) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return Refuse(Invalid, "a date is written as \"2026-11-23\"")
	}
	if s == nil || *s == "" {
		*d = ""
		return nil
	}
	parsed, err := ParseDate(*s)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// MarshalJSON writes null for no date.
func (d Date) MarshalJSON() ([]byte, error) {
	if d == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(d))
}

// Value stores no date as NULL.
func (d Date) Value() (driver.Value, error) {
	if d == "" {
		return nil, nil
	}
	return string(d), nil
}

// Scan reads a date column of either database engine.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = ""
	case string:
		if len(v) > 10 {
			v = v[:10]
		}
		*d = Date(v)
	case []byte:
		return d.Scan(string(v))
	case time.Time:
		*d = Date(v.Format(time.DateOnly))
	default:
		return fmt.Errorf("a date column holds %T", src)
	}
	return nil
}

// PaymentTerms says when an invoice is due, in the four ways the accounting
// provider knows (https://developer.xero.com/documentation/api/accounting/contacts).
type PaymentTerms struct {
	Type string `json:"payment_terms_type"`
	Day  int    `json:"payment_terms_day"`
}

// The kinds of payment terms.
const (
	DaysAfterBillDate  = "DAYSAFTERBILLDATE"
	DaysAfterBillMonth = "DAYSAFTERBILLMONTH"
	OfCurrentMonth     = "OFCURRENTMONTH"
	OfFollowingMonth   = "OFFOLLOWINGMONTH"
)

// DefaultPaymentTerms is the custom of the New Zealand trades: the 20th of the
// following month.
var DefaultPaymentTerms = PaymentTerms{Type: OfFollowingMonth, Day: 20}

// Validate says what is wrong with the terms.
func (p PaymentTerms) Validate(f *Faults) {
	switch p.Type {
	case DaysAfterBillDate, DaysAfterBillMonth:
		f.Require(p.Day >= 0 && p.Day <= 365, "payment_terms_day", "Days after the bill must be between 0 and 365")
	case OfCurrentMonth, OfFollowingMonth:
		f.Require(p.Day >= 1 && p.Day <= 31, "payment_terms_day", "The day of the month must be between 1 and 31")
	default:
		f.Add("payment_terms_type", "Payment terms must be one of %s, %s, %s, %s",
			DaysAfterBillDate, DaysAfterBillMonth, OfCurrentMonth, OfFollowingMonth)
	}
}

// DueDate is the day on which an invoice of the given date must be paid. A day
// that the month does not have is its last. Without a date there is no due date.
func (p PaymentTerms) DueDate(issued Date) Date {
	if issued == "" {
		return ""
	}
	t := issued.Time()
	first := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	dayOf := func(month time.Time) Date {
		last := month.AddDate(0, 1, -1).Day()
		return Date(month.AddDate(0, 0, min(p.Day, last)-1).Format(time.DateOnly))
	}
	switch p.Type {
	case DaysAfterBillDate:
		return issued.AddDays(p.Day)
	case DaysAfterBillMonth:
		return Date(first.AddDate(0, 1, -1).Format(time.DateOnly)).AddDays(p.Day)
	case OfCurrentMonth:
		if due := dayOf(first); due >= issued {
			return due
		}
		return dayOf(first.AddDate(0, 1, 0))
	default:
		return dayOf(first.AddDate(0, 1, 0))
	}
}
