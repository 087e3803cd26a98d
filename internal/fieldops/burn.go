package fieldops

// Burn tells how fast a budget is used up.
type Burn struct {
	Budget Cents
	Spent  Cents // of the budget, ever
	Recent Cents // of it, in the last Weeks weeks
	Weeks  int
}

// Remaining is what is left of the budget; less than nothing when it is
// overspent.
func (b Burn) Remaining() Cents { return b.Budget - b.Spent }

// Rate is what a week costs, rounded half up to the cent.
func (b Burn) Rate() Cents {
	if b.Weeks <= 0 || b.Recent <= 0 {
		return 0
	}
	return Cents((2*int64(b.Recent) + int64(b.Weeks)) / (2 * int64(b.Weeks)))
}

// Exhausted is the day on which the budget is used up if it goes on like this:
// today when it is already, and none without a budget or a rate.
func (b Burn) Exhausted(today Date) Date {
	left := int64(b.Remaining())
	switch {
	case b.Budget <= 0:
		return ""
	case left <= 0:
		return today
	case b.Recent <= 0:
		return ""
	}
	// The days that the rest lasts: left ÷ (recent ÷ days), rounded up.
	days := int64(b.Weeks) * 7
	const century = 36_525
	if left > int64(b.Recent)*century/days {
		return ""
	}
	return today.AddDays(int((left*days + int64(b.Recent) - 1) / int64(b.Recent)))
}
