package blob

import (
	"context"
	"crypto/sha256"
	"sync"
)

// flights lets one put of a key be under way at a time. Who waited for one of the
// same content shares its outcome. The zero value is ready.
type flights struct {
	mu    sync.Mutex
	byKey map[string]*flight
}

type flight struct {
	sum  [sha256.Size]byte
	done chan struct{}
	ref  string // when done; "": it failed
}

func (f *flights) once(ctx context.Context, o Object, put func() (string, error)) (string, error) {
	for {
		own, other := f.enter(o)
		if other == nil {
			ref, err := put()
			own.ref = ref
			f.leave(o.Key, own)
			return ref, err
		}
		select {
		case <-other.done:
			if other.ref != "" && other.sum == o.SHA256 {
				return other.ref, nil
			}
		case <-ctx.Done():
			return "", fail(ErrUnavailable, ctx.Err(), "another is keeping %s at the moment", o.Key)
		}
	}
}

func (f *flights) enter(o Object) (own, other *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if other := f.byKey[o.Key]; other != nil {
		return nil, other
	}
	if f.byKey == nil {
		f.byKey = map[string]*flight{}
	}
	own = &flight{sum: o.SHA256, done: make(chan struct{})}
	f.byKey[o.Key] = own
	return own, nil
}

func (f *flights) leave(key string, own *flight) {
	f.mu.Lock()
	delete(f.byKey, key)
	f.mu.Unlock()
	close(own.done)
}

// remembered is something that is found out once. The zero value is ready.
type remembered struct {
	turn  sync.Mutex // held while it is found out
	mu    sync.Mutex
	value string
}

func (r *remembered) get(ctx context.Context, find func(context.Context) (string, error)) (string, error) {
	if value := r.known(); value != "" {
		return value, nil
	}
	r.turn.Lock() // for as long as one search takes, which is bounded
	defer r.turn.Unlock()
	if value := r.known(); value != "" {
		return value, nil
	}
	value, err := find(ctx)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	r.value = value
	r.mu.Unlock()
	return value, nil
}

func (r *remembered) known() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.value
}

// forget forgets a value, unless it is another one meanwhile.
func (r *remembered) forget(value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.value == value {
		r.value = ""
	}
}
