package fieldops

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// Time is an instant in UTC with microseconds, which is what both database
// engines keep. The zero value is no time: NULL in a database, null in JSON.
type Time struct{ time.Time }

// timeLayout has a fixed width, so that its text sorts as time does.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// At is t as both engines keep it.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Truncate(time.Microsecond)}
}

// Add is the instant d later.
func (t Time) Add(d time.Duration) Time { return At(t.Time.Add(d)) }

// Value stores text of a fixed width on SQLite and a timestamptz on PostgreSQL.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UTC().Format(timeLayout), nil
}

// Scan reads a time column of either engine.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t = Time{}
	case time.Time:
		*t = At(v)
	case string:
		parsed, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return fmt.Errorf("a time column holds %q", v)
		}
		*t = At(parsed)
	case []byte:
		return t.Scan(string(v))
	default:
		return fmt.Errorf("a time column holds %T", src)
	}
	return nil
}

// MarshalJSON writes RFC 3339 in UTC, or null.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.UTC().Format(timeLayout))
}

// UnmarshalJSON reads RFC 3339, or null.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" || string(b) == `""` {
		*t = Time{}
		return nil
	}
	var v time.Time
	if err := json.Unmarshal(b, &v); err != nil {
		return Refuse(Invalid, "a time is written as \"2026-11-23T18:24:48Z\"")
	}
	*t = At(v)
	return nil
}
