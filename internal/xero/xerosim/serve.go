package xerosim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// shutdownGrace is how long calls in progress may take when serving ends.
const shutdownGrace = 2 * time.Second

// Serve answers Xero's paths and the control API on the listener until ctx
// ends, then waits at most two seconds for calls in progress. It refuses a
// listener that is not on the loopback interface: anybody who reaches the
// control API owns the simulator. It owns the listener and returns nil when ctx
// ended it. The end of ctx also ends delays and late commits, see Close.
//
// While POST /_sim/listen has switched Xero off, Serve accepts connections, as
// the control API needs the address, and closes those to Xero's paths without a
// byte. ServeXero refuses them.
func (s *Sim) Serve(ctx context.Context, ln net.Listener) error {
	return s.serve(ctx, ln, &door{sim: s, handler: s.Handler(), failed: make(chan error, 1)})
}

// ServeXero is Serve for Xero's paths alone, on an address of their own. While
// Xero is switched off the port is closed and connections are refused, as they
// are by a host that is down; the listener of a later switching on is opened at
// the same address. Use it beside Serve, which has the control API.
func (s *Sim) ServeXero(ctx context.Context, ln net.Listener) error {
	d := &door{sim: s, handler: http.HandlerFunc(s.serveXero), shuts: true, failed: make(chan error, 1)}
	s.mu.Lock()
	s.doors = append(s.doors, d)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.doors = slices.DeleteFunc(s.doors, func(other *door) bool { return other == d })
		s.mu.Unlock()
	}()
	return s.serve(ctx, ln, d)
}

func (s *Sim) serve(ctx context.Context, ln net.Listener, d *door) error {
	address, ok := ln.Addr().(*net.TCPAddr)
	if !ok || !address.IP.IsLoopback() {
		_ = ln.Close() // refused before anything was accepted
		return fmt.Errorf("the Xero simulator only listens on the loopback interface, not on %s", ln.Addr())
	}
	d.start(ln)
	select {
	case err := <-d.failed:
		return fmt.Errorf("serve the Xero simulator: %w", err)
	case <-ctx.Done():
	}
	s.Close()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	d.stop(grace)
	return nil
}

// door is one listening address. mu orders opening, shutting and the end.
type door struct {
	sim     *Sim
	handler http.Handler
	shuts   bool       // it can be shut by switching Xero off
	failed  chan error // a server that ended by itself

	mu      sync.Mutex
	address string       // "" until it is first opened
	server  *http.Server // nil while shut
	ended   chan struct{}
	over    bool // serving has ended for good
}

func (d *door) start(ln net.Listener) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.address = ln.Addr().String()
	d.startLocked(ln)
}

func (d *door) startLocked(ln net.Listener) {
	server := &http.Server{
		Handler:           d.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(d.sim.options.Logger.Handler(), slog.LevelDebug),
	}
	ended := make(chan struct{})
	d.server, d.ended = server, ended
	go func() {
		defer close(ended)
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			d.failed <- err // buffered: only the running server sends, once
		}
	}()
}

// set opens or shuts the door and returns when that is done.
func (d *door) set(open bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.over || !d.shuts || d.address == "" || open == (d.server != nil):
		return nil
	case open:
		ln, err := net.Listen("tcp", d.address)
		if err != nil {
			return fmt.Errorf("listen again on %s: %w", d.address, err)
		}
		d.startLocked(ln)
	default:
		_ = d.server.Close() // breaks every connection; their errors are the point
		<-d.ended
		d.server = nil
	}
	return nil
}

// stop ends the door for good, letting calls in progress finish until ctx ends.
func (d *door) stop(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.server == nil {
		return
	}
	if err := d.server.Shutdown(ctx); err != nil {
		_ = d.server.Close() // the grace is over
	}
	<-d.ended
}

// switchXero makes Xero's paths reachable or unreachable.
func (s *Sim) switchXero(up bool) error {
	s.mu.Lock()
	s.up = up
	doors := slices.Clone(s.doors)
	s.mu.Unlock()
	var problems []error
	for _, d := range doors {
		problems = append(problems, d.set(up))
	}
	return errors.Join(problems...)
}
