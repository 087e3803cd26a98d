package fieldops

import (
	"errors"
	"fmt"
	"strings"
)

// ErrorKind says, for programs, what sort of refusal an Error is. Each kind is
// one HTTP status; the mapping stands in package api.
type ErrorKind string

// The kinds of refusal. Anything that is not an *Error is our own fault and is
// shown to nobody but the log.
const (
	Invalid         ErrorKind = "invalid"
	Unauthenticated ErrorKind = "unauthenticated"
	Forbidden       ErrorKind = "forbidden"
	NotFound        ErrorKind = "not_found"
	Conflict        ErrorKind = "conflict"
	Stale           ErrorKind = "stale"
	TooLarge        ErrorKind = "too_large"
	TooMany         ErrorKind = "too_many"
	Unavailable     ErrorKind = "unavailable"
)

// Fault is one thing wrong with one field of a request.
type Fault struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is a refusal worded for the person who caused it.
type Error struct {
	Kind    ErrorKind
	Message string
	// Faults names every wrong field of a bad request at once.
	Faults []Fault
	// Details carries what a program may want beside the sentence, by JSON
	// name (for example the invoices that hold entries already billed).
	Details map[string]any
	// RetryAfter, in seconds, is set when trying again later can help.
	RetryAfter int
}

func (e *Error) Error() string {
	if len(e.Faults) == 0 {
		return e.Message
	}
	var b strings.Builder
	b.WriteString(e.Message)
	for i, f := range e.Faults {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(f.Field + ": " + f.Message)
	}
	return b.String()
}

// Refuse makes an Error of a kind with a formatted sentence.
func Refuse(kind ErrorKind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// KindOf returns the kind of the first *Error in err's chain, or "" when err is
// none of ours to show.
func KindOf(err error) ErrorKind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// Faults collects everything wrong with a request, so that a person hears of
// all of it at once.
type Faults []Fault

// Add notes one more fault.
func (f *Faults) Add(field, format string, args ...any) {
	*f = append(*f, Fault{Field: field, Message: fmt.Sprintf(format, args...)})
}

// Require notes a fault unless ok.
func (f *Faults) Require(ok bool, field, format string, args ...any) {
	if !ok {
		f.Add(field, format, args...)
	}
}

// Take adds the faults of an error that another check gave.
func (f *Faults) Take(err error) {
	if e, ok := errors.AsType[*Error](err); ok {
		*f = append(*f, e.Faults...)
	}
}

// Err is nil without faults, else an Invalid error whose sentence is message,
// or the first fault's own when message is empty.
func (f Faults) Err(message string) error {
	if len(f) == 0 {
		return nil
	}
	if message == "" {
		message = f[0].Message
	}
	return &Error{Kind: Invalid, Message: message, Faults: f}
}
