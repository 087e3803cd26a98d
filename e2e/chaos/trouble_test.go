package chaos

import (
	"context"
	"math/rand/v2"
	"net/http"
	"syscall"
	"time"
)

// trouble breaks something every second or so until ctx ends.
func (f *firm) trouble(ctx context.Context, r *rand.Rand) {
	for ctx.Err() == nil {
		d := time.Duration(300+r.IntN(2500)) * time.Millisecond
		switch r.IntN(11) {
		case 0, 1:
			f.kill(ctx, r.IntN(processes), d)
		case 2:
			f.freeze(ctx, r.IntN(processes), d)
		case 3:
			f.count("database connections reset")
			f.dbProxy.cut()
		case 4:
			f.count("database slow")
			f.during(ctx, d, func() { f.dbProxy.set(time.Duration(5+r.IntN(60))*time.Millisecond, false, false) }, func() { f.dbProxy.set(0, false, false) })
		case 5:
			f.count("database away")
			f.during(ctx, d, func() { f.dbProxy.set(0, false, true); f.dbProxy.cut() }, func() { f.dbProxy.set(0, false, false) })
		case 6:
			f.count("database half open")
			f.during(ctx, d, func() { f.dbProxy.set(0, true, false) }, func() { f.dbProxy.set(0, false, false) })
		case 7:
			f.count("redis half open")
			f.during(ctx, d, func() { f.rdProxy.set(0, true, false) }, func() { f.rdProxy.set(0, false, false) })
		case 8:
			f.count("redis restarted empty")
			f.redis.Stop()
			f.pause(ctx, d)
			f.redis.Start()
		default:
			f.xeroFault(r)
		}
		f.pause(ctx, time.Duration(r.IntN(1200))*time.Millisecond)
	}
}

func (f *firm) pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (f *firm) during(ctx context.Context, d time.Duration, begin, end func()) {
	begin()
	f.pause(ctx, d)
	end()
}

// kill ends a process by SIGKILL and starts it again after a while.
func (f *firm) kill(ctx context.Context, n int, d time.Duration) {
	f.count("process killed")
	f.mu.Lock()
	p := f.processes[n]
	f.mu.Unlock()
	p.Kill()
	f.pause(ctx, d)
	again := f.serve(f.ports[n])
	f.mu.Lock()
	f.processes[n] = again
	f.mu.Unlock()
}

// freeze stops a process for a while, as a machine that swaps does.
func (f *firm) freeze(ctx context.Context, n int, d time.Duration) {
	f.count("process frozen")
	f.mu.Lock()
	p := f.processes[n]
	f.mu.Unlock()
	p.Signal(syscall.SIGSTOP)
	f.pause(ctx, 2*d)
	p.Signal(syscall.SIGCONT)
}

// xeroFault has the simulated Xero misbehave once or a few times.
func (f *firm) xeroFault(r *rand.Rand) {
	const api = "/api.xro/2.0/"
	faults := []struct {
		name string
		do   map[string]any
	}{
		{"xero answer lost", map[string]any{"method": "PUT", "do": "drop", "commit": true}},
		{"xero connection lost", map[string]any{"do": "drop"}},
		{"xero 500", map[string]any{"path": api, "do": "html_500", "times": 1 + r.IntN(7), "commit": r.IntN(2) == 0}},
		{"xero 503", map[string]any{"path": api, "do": "status", "status": 503, "commit": r.IntN(2) == 0}},
		{"xero 429", map[string]any{"path": api, "do": "status", "status": 429, "headers": map[string]string{"X-Rate-Limit-Problem": "minute", "Retry-After": "1"}}},
		{"xero commits late", map[string]any{"method": "PUT", "do": "late", "delay_ms": 500 + r.IntN(4000), "commit": true}},
		{"xero half an answer", map[string]any{"path": api, "do": "truncate_body", "commit": true}},
		{"xero slow", map[string]any{"path": api, "do": "delay", "delay_ms": 500 + r.IntN(4000), "times": 3}},
	}
	one := faults[r.IntN(len(faults))]
	f.count(one.name)
	f.xero.Call("POST", "/_sim/faults", []any{one.do}, http.StatusOK, nil)
}

// mend ends all trouble.
func (f *firm) mend() {
	f.dbProxy.set(0, false, false)
	f.rdProxy.set(0, false, false)
	f.xero.Call("DELETE", "/_sim/faults", nil, http.StatusOK, nil)
	for n, p := range f.processes {
		if !p.Running() {
			f.processes[n] = f.serve(f.ports[n])
		}
	}
}
