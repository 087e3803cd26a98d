//go:build race

package main

import "time"

// allowed is how long something may take that takes d at most without the race
// detector, which slows programs down about ten times.
func allowed(d time.Duration) time.Duration { return 10 * d }
