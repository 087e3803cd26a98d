package fieldops

import "fmt"

// ClientRate is what an hour of one kind of work costs one client, where it
// differs from what everybody pays.
type ClientRate struct {
	ActivityTypeID   ID     `json:"activity_type_id"`
	ActivityTypeName string `json:"activity_type_name"`
	HourlyRate       E4     `json:"hourly_rate"`
	StandardRate     E4     `json:"standard_rate"` // what everybody else pays
}

// CheckRates notes what is wrong with a client's own rates by themselves.
func CheckRates(f *Faults, rates []ClientRate) {
	seen := map[ID]bool{}
	for i, r := range rates {
		field := fmt.Sprintf("rates[%d].", i)
		f.Require(r.ActivityTypeID != "", field+"activity_type_id", "Activity type is required")
		f.Require(r.ActivityTypeID == "" || !seen[r.ActivityTypeID], field+"activity_type_id", "This activity type has a rate already")
		f.Require(r.HourlyRate >= 0 && r.HourlyRate <= MaxRate, field+"hourly_rate", "Hourly rate must be between 0 and %s", MaxRate)
		seen[r.ActivityTypeID] = true
	}
}
