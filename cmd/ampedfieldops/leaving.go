package main

import (
	"net/http"
	"sync/atomic"
	"time"
)

// A process that stops behind nginx cannot simply close its connections: nginx
// may have put the next request on one of them at that moment, and a request
// that changes something is not sent to another process when its connection
// broke. So nginx is led elsewhere first: a request that nginx itself may
// repeat is answered with 502, upon which nginx repeats it at another process
// and sends nothing here for a while
// (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_next_upstream).
// Once nothing has come for quiet, or after patience, the process closes.
const (
	leavingQuiet    = 500 * time.Millisecond
	leavingPatience = 3 * time.Second

	// repeatsHeader is how deploy/nginx says that it repeats what is answered
	// with 502; nobody else's requests are turned away.
	repeatsHeader = "X-Repeats-502"
)

// leaving is around everything that answers.
type leaving struct {
	next  http.Handler
	begun atomic.Bool
	last  atomic.Int64 // when the last request came since, in nanoseconds
}

func (l *leaving) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !l.begun.Load() {
		l.next.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Connection", "close")
	switch {
	case r.URL.Path == "/readyz": // for those that ask before they send requests
		http.Error(w, "This process is stopping.", http.StatusServiceUnavailable)
	case r.Header.Get(repeatsHeader) != "" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		l.last.Store(time.Now().UnixNano())
		http.Error(w, "This process is stopping: ask another one.", http.StatusBadGateway)
	default:
		l.last.Store(time.Now().UnixNano())
		l.next.ServeHTTP(w, r)
	}
}

// begin leads requests elsewhere and waits until none comes any more.
func (l *leaving) begin() {
	began := time.Now()
	l.last.Store(began.UnixNano())
	l.begun.Store(true)
	for {
		left := min(leavingQuiet-time.Since(time.Unix(0, l.last.Load())), leavingPatience-time.Since(began))
		if left <= 0 {
			return
		}
		time.Sleep(left)
	}
}
