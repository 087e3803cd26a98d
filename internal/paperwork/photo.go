package paperwork

import (
	"regexp"

	"ampedfieldops/internal/fieldops"
)

// photoURL is the address of a photo: /uploads/timesheets/2026/, the id of its
// timesheet, its own id.
var photoURL = regexp.MustCompile(`^/uploads/timesheets/\d{4}/([0-9a-f-]{36})_[0-9a-f-]{36}\.[a-z]{3,4}$`)

// TimesheetOf is the timesheet that a photo's address names; ok is false when it is
// no address of a photo of ours.
func TimesheetOf(url string) (timesheet fieldops.ID, ok bool) {
	parts := photoURL.FindStringSubmatch(url)
	if parts == nil {
		return "", false
	}
	return fieldops.ParseID(parts[1])
}
