package xerosim

import (
	"net/http"
	"strconv"
	"time"
)

// Limits of developer.xero.com/documentation/guides/oauth2/limits. The minute,
// day and concurrent limits hold per app and organisation, the app limit per app.
const (
	defaultDayLimit        = 5000
	defaultMinuteLimit     = 60
	defaultConcurrentLimit = 5
	appMinuteLimit         = 10_000
)

// limits are what holds now; a negative number is no limit.
type limits struct {
	minute, day, concurrent int
	latency                 time.Duration
}

func defaultLimits(options Options) limits {
	or := func(value, fallback int) int {
		if value == 0 {
			return fallback
		}
		return value
	}
	return limits{
		minute:     or(options.MinuteLimit, defaultMinuteLimit),
		day:        or(options.DayLimit, defaultDayLimit),
		concurrent: or(options.ConcurrentLimit, defaultConcurrentLimit),
		latency:    options.Latency,
	}
}

// window is a fixed window: it opens with the first call after the last one
// ended, so its reset falls at another moment for each organisation.
type window struct {
	opened time.Time
	used   int
}

func (w *window) roll(now time.Time, length time.Duration) {
	if now.Sub(w.opened) >= length || now.Before(w.opened) {
		w.opened, w.used = now, 0
	}
}

// retryAfter is the number of whole seconds until the window ends, at least 1.
func (w *window) retryAfter(now time.Time, length time.Duration) int {
	left := w.opened.Add(length).Sub(now)
	return max(1, int((left+time.Second-1)/time.Second))
}

func remaining(limit, used, fallback int) string {
	if limit < 0 {
		return strconv.Itoa(fallback)
	}
	return strconv.Itoa(max(0, limit-used))
}

// usage counts the calls of one app to one organisation.
type usage struct {
	minute, day window
	inFlight    int
}

// takeLocked counts a call, or refuses it with a 429. The headers belong on the
// call's answer either way. A refused call is not counted.
func (s *Sim) takeLocked(client string, u *usage, now time.Time) (headers http.Header, refused *answer) {
	app := s.appWindowLocked(client, now)
	u.minute.roll(now, time.Minute)
	u.day.roll(now, 24*time.Hour)

	problem, retry := "", 0
	switch {
	case app.used >= appMinuteLimit:
		problem, retry = "appminute", app.retryAfter(now, time.Minute)
	case s.limits.day >= 0 && u.day.used >= s.limits.day:
		problem, retry = "day", u.day.retryAfter(now, 24*time.Hour)
	case s.limits.minute >= 0 && u.minute.used >= s.limits.minute:
		problem, retry = "minute", u.minute.retryAfter(now, time.Minute)
	case s.limits.concurrent >= 0 && u.inFlight >= s.limits.concurrent:
		problem = "concurrent"
	default:
		app.used++
		u.minute.used++
		u.day.used++
	}
	headers = http.Header{
		"X-Daylimit-Remaining":    {remaining(s.limits.day, u.day.used, defaultDayLimit)},
		"X-Minlimit-Remaining":    {remaining(s.limits.minute, u.minute.used, defaultMinuteLimit)},
		"X-Appminlimit-Remaining": {remaining(appMinuteLimit, app.used, appMinuteLimit)},
	}
	if problem == "" {
		return headers, nil
	}
	// The body of a 429 is not documented; clients must go by the headers.
	a := withType(http.StatusTooManyRequests, "text/html; charset=utf-8", nil)
	a.header.Set("X-Rate-Limit-Problem", problem)
	if retry > 0 {
		a.header.Set("Retry-After", strconv.Itoa(retry))
	}
	return headers, &a
}

func (s *Sim) appWindowLocked(client string, now time.Time) *window {
	app := s.appWindows[client]
	if app == nil {
		app = &window{}
		s.appWindows[client] = app
	}
	app.roll(now, time.Minute)
	return app
}
