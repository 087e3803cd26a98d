package fieldops

import "github.com/google/uuid"

// ID identifies a record: a UUID in its canonical lower-case text form.
type ID = string

// NewID makes a UUIDv7 (RFC 9562 section 5.7), so that ids sort by the time
// they were made.
func NewID() ID {
	id, err := uuid.NewV7()
	if err != nil {
		panic("fieldops: the system gives no random bytes: " + err.Error())
	}
	return id.String()
}

// ParseID returns s in canonical form and whether it is a UUID in one of the
// spellings that clients send.
func ParseID(s string) (ID, bool) {
	if len(s) != 36 {
		return "", false
	}
	id, err := uuid.Parse(s)
	if err != nil {
		return "", false
	}
	return id.String(), true
}

// NilID is the all-zero UUID, which the accounting provider gives to an element
// it has refused. It never identifies anything.
const NilID ID = "00000000-0000-0000-0000-000000000000"
