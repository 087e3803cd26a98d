package chaos

import (
	"context"
	"math/rand/v2"
	"net/http"
	"syscall"
	"time"

	"ampedfieldops/e2e/program"
)

// trouble breaks something every second or so until ctx ends.
func (f *firm) trouble(ctx context.Context, r *rand.Rand) {
	shared := []func(d time.Duration){
		func(d time.Duration) { f.kill(ctx, r.IntN(len(f.ports)), d) },
		func(d time.Duration) { f.kill(ctx, r.IntN(len(f.ports)), d) },
		func(d time.Duration) { f.freeze(ctx, r.IntN(len(f.ports)), d) },
		func(d time.Duration) { f.fillDisk(ctx, d) },
		func(time.Duration) { f.xeroFault(r) },
		func(time.Duration) { f.xeroFault(r) },
		func(time.Duration) { f.xeroFault(r) },
	}
	own := shared
	if f.postgres != nil {
		own = append(own, f.databaseTroubles(ctx, r)...)
	}
	if f.redis != nil {
		own = append(own, f.redisTroubles(ctx)...)
	}
	// In every second run a process is gone for longer than any lease.
	var late time.Duration
	if f.postgres != nil && r.IntN(2) == 0 {
		late = *storm / 2
	}
	for began := time.Now(); ctx.Err() == nil; {
		if late > 0 && time.Since(began) > late {
			late = 0
			f.freezeForLong(r.IntN(len(f.ports)), time.Duration(45+r.IntN(20))*time.Second)
		}
		own[r.IntN(len(own))](time.Duration(300+r.IntN(2500)) * time.Millisecond)
		f.pause(ctx, time.Duration(r.IntN(1200))*time.Millisecond)
	}
}

func (f *firm) databaseTroubles(ctx context.Context, r *rand.Rand) []func(time.Duration) {
	well := func() { f.dbProxy.Set(0, false, false) }
	return []func(time.Duration){
		func(time.Duration) {
			f.count("database connections reset")
			f.dbProxy.Cut()
		},
		func(d time.Duration) {
			f.count("database slow")
			f.during(ctx, d, func() { f.dbProxy.Set(time.Duration(5+r.IntN(60))*time.Millisecond, false, false) }, well)
		},
		func(d time.Duration) {
			f.count("database away")
			f.during(ctx, d, func() { f.dbProxy.Set(0, false, true); f.dbProxy.Cut() }, well)
		},
		func(d time.Duration) {
			f.count("database half open")
			f.during(ctx, d, func() { f.dbProxy.Set(0, true, false) }, well)
		},
		func(d time.Duration) {
			how, name := syscall.SIGINT, "database restarted"
			if r.IntN(2) == 0 {
				how, name = syscall.SIGQUIT, "database crashed"
			}
			f.count(name)
			f.postgres.Stop(how)
			f.pause(ctx, d)
			f.postgres.Start()
		},
	}
}

func (f *firm) redisTroubles(ctx context.Context) []func(time.Duration) {
	return []func(time.Duration){
		func(d time.Duration) {
			f.count("redis half open")
			f.during(ctx, d, func() { f.rdProxy.Set(0, true, false) }, func() { f.rdProxy.Set(0, false, false) })
		},
		func(d time.Duration) {
			f.count("redis restarted empty")
			f.redis.Stop()
			f.pause(ctx, d)
			f.redis.Start()
		},
		func(d time.Duration) {
			f.count("redis restarted with its data")
			f.redis.StopKeeping()
			f.pause(ctx, d)
			f.redis.Start()
		},
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

// process is one that runs: it is not given out while it is frozen for long.
func (f *firm) process(n int) *program.Process {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n == f.frozen {
		return nil
	}
	return f.processes[n]
}

// replace starts a process again.
func (f *firm) replace(n int) {
	again := f.serve(f.ports[n])
	f.mu.Lock()
	defer f.mu.Unlock()
	f.processes[n] = again
}

// kill ends a process by SIGKILL and starts it again after a while, with another
// clock.
func (f *firm) kill(ctx context.Context, n int, d time.Duration) {
	p := f.process(n)
	if p == nil {
		return
	}
	if p.Ended() {
		f.violate("a process ended by itself: %s", p.LastWords())
	} else {
		f.count("process killed")
		p.Kill()
	}
	f.pause(ctx, d)
	f.replace(n)
}

// freeze stops a process for a while, as a machine that swaps does.
func (f *firm) freeze(ctx context.Context, n int, d time.Duration) {
	p := f.process(n)
	if p == nil {
		return
	}
	f.count("process frozen")
	p.Signal(syscall.SIGSTOP)
	f.pause(ctx, 2*d)
	p.Signal(syscall.SIGCONT)
}

// freezeForLong stops a process while everything else goes on, until others have
// taken over whatever it had.
func (f *firm) freezeForLong(n int, d time.Duration) {
	p := f.process(n) // there is one: only this freezes for long, and once
	f.count("process frozen beyond its leases")
	f.mu.Lock()
	f.frozen = n
	f.mu.Unlock()
	p.Signal(syscall.SIGSTOP)
	f.freezes.Go(func() {
		time.Sleep(d)
		p.Signal(syscall.SIGCONT)
		f.mu.Lock()
		f.frozen = -1
		f.mu.Unlock()
	})
}

// fillDisk has no byte more be written to the disk for a while.
func (f *firm) fillDisk(ctx context.Context, d time.Duration) {
	if !f.disk.Limited {
		return
	}
	f.count("disk full")
	f.disk.Fill()
	f.pause(ctx, d)
	f.disk.Empty()
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

// mend ends all trouble but that which lasts.
func (f *firm) mend() {
	if f.postgres != nil {
		f.dbProxy.Set(0, false, false)
	}
	if f.redis != nil {
		f.rdProxy.Set(0, false, false)
	}
	f.disk.Empty()
	f.xero.Call("DELETE", "/_sim/faults", nil, http.StatusOK, nil)
	f.alive()
}

// alive notes every process that ended by itself, and replaces it.
func (f *firm) alive() {
	for n := range f.ports {
		if p := f.process(n); p != nil && p.Ended() {
			f.violate("a process ended by itself: %s", p.LastWords())
			f.replace(n)
		}
	}
}
