package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// fault is an entry of POST /_sim/faults.
type fault map[string]any

const (
	anything  = "/api.xro/2.0/"
	tokens    = "/connect/token"
	refusal   = `{"ErrorNumber":10,"Type":"ValidationException","Message":"A validation exception occurred","Elements":[{"ValidationErrors":[{"Message":"Email address must be valid."}]}]}`
	wholeCall = `{"ErrorNumber":14,"Type":"PostDataInvalidException","Message":"Invalid Json data"}`
)

// late is the longest time after which Xero is believed to commit a call whose
// connection is gone: a minute.
const late = time.Minute / scale

// answerTime is how long a call may take here: well below its timeout of 30 s.
const answerTime = 20 * time.Second / scale

// faults are what can go wrong in Xero and on the way there.
var faults = []struct {
	name string
	make func(r *rand.Rand) []fault
}{
	{"dropped before", func(*rand.Rand) []fault { return []fault{{"do": "drop"}} }},
	{"dropped after", func(*rand.Rand) []fault { return []fault{{"do": "drop", "commit": true}} }},
	{"write dropped after", func(r *rand.Rand) []fault { return []fault{{"method": verb(r), "do": "drop", "commit": true}} }},
	{"late", func(r *rand.Rand) []fault {
		return []fault{{"method": verb(r), "do": "late", "delay_ms": r.Int64N(late.Milliseconds()), "commit": true}}
	}},
	{"several late", func(r *rand.Rand) []fault {
		return []fault{{"method": verb(r), "do": "late", "delay_ms": r.Int64N(late.Milliseconds()), "commit": true, "times": 2 + r.IntN(3)}}
	}},
	{"slow", func(r *rand.Rand) []fault {
		return []fault{{"path": anything, "do": "delay", "delay_ms": r.Int64N(answerTime.Milliseconds()), "times": 1 + r.IntN(4)}}
	}},
	{"500", func(r *rand.Rand) []fault { return []fault{{"path": anything, "do": "html_500", "commit": coin(r)}} }},
	{"503", func(r *rand.Rand) []fault {
		return []fault{{"path": anything, "do": "status", "status": 503, "commit": coin(r), "body": "The Xero API is currently offline for maintenance"}}
	}},
	{"503 rate limit", func(*rand.Rand) []fault {
		return []fault{{"path": anything, "do": "status", "status": 503, "body": "oauth_problem=rate%20limit%20exceeded"}}
	}},
	{"truncated", func(r *rand.Rand) []fault {
		return []fault{{"path": anything, "do": "truncate_body", "commit": coin(r)}}
	}},
	{"garbage", func(r *rand.Rand) []fault {
		return []fault{{"path": anything, "do": "status", "status": 200, "commit": coin(r), "body": `{"Status":"OK","Invoices":[{}`}}
	}},
	{"wrong answer", func(r *rand.Rand) []fault {
		// To a write only: that nothing was found is believed.
		return []fault{{"method": verb(r), "path": anything, "do": "status", "status": 200, "commit": coin(r), "body": `{"Status":"OK","Invoices":[]}`}}
	}},
	{"minute limit", func(*rand.Rand) []fault { return []fault{limit("minute", "1")} }},
	{"day limit", func(*rand.Rand) []fault { return []fault{limit("day", "1")} }},
	{"concurrent limit", func(*rand.Rand) []fault { return []fault{limit("concurrent", "")} }},
	{"refused", func(r *rand.Rand) []fault {
		return []fault{{"method": verb(r), "path": anything, "do": "status", "status": 400, "body": refusal}}
	}},
	{"refused whole", func(*rand.Rand) []fault {
		return []fault{{"method": http.MethodPut, "path": anything, "do": "status", "status": 400, "body": wholeCall}}
	}},
	{"too large", func(*rand.Rand) []fault {
		return []fault{{"method": http.MethodPut, "path": anything, "do": "status", "status": 413}}
	}},
	{"token refused", func(r *rand.Rand) []fault {
		return []fault{{"path": anything, "do": "status", "status": 401, "times": 1 + r.IntN(2), "body": `{"Title":"Unauthorized","Status":401,"Detail":"TokenExpired: token expired"}`}}
	}},
	{"token answer lost", func(r *rand.Rand) []fault { return []fault{{"path": tokens, "do": "drop", "commit": coin(r)}} }},
	{"token answer garbled", func(r *rand.Rand) []fault { return []fault{{"path": tokens, "do": "truncate_body", "commit": coin(r)}} }},
	{"token service down", func(r *rand.Rand) []fault { return []fault{{"path": tokens, "do": "html_500", "times": 1 + r.IntN(3)}} }},
	{"outage", func(r *rand.Rand) []fault {
		return []fault{{"path": anything, "do": "html_500", "times": 6 + r.IntN(6), "commit": coin(r)}}
	}},
}

func verb(r *rand.Rand) string {
	if r.IntN(3) == 0 {
		return http.MethodPost
	}
	return http.MethodPut
}

func coin(r *rand.Rand) bool { return r.IntN(2) == 0 }

// limit is a refusal for having called too often; Xero gives no Retry-After for
// the concurrent one.
func limit(which, retryAfter string) fault {
	headers := map[string]string{"X-Rate-Limit-Problem": which}
	if retryAfter != "" {
		headers["Retry-After"] = retryAfter
	}
	return fault{"path": anything, "do": "status", "status": 429, "headers": headers}
}

// trouble brings faults until ctx ends. Each history has its own mixture.
func (h *history) trouble(ctx context.Context, r *rand.Rand) {
	mixture := r.Perm(len(faults))[:3+r.IntN(6)]
	pace := 120 + r.IntN(500)
	unreachable, cutting, jumping, archiving := r.IntN(4) == 0, r.IntN(4) == 0, r.IntN(4) == 0, r.IntN(3) == 0
	for ctx.Err() == nil {
		dice := r.IntN(20)
		var err error
		switch {
		case dice == 0 && unreachable:
			err = h.unreachable(ctx, time.Duration(50+r.IntN(700))*time.Millisecond)
		case dice == 1 && cutting && h.engine() == store.Postgres:
			err = h.cutDatabase(ctx)
		case dice == 2 && jumping && h.engine() == store.Postgres:
			err = h.jump(ctx, r)
		case dice >= 5 && dice <= 7 && h.redis != nil:
			h.disturbRedis(ctx, r)
		case dice <= 4 && archiving:
			err = h.archive(ctx, r.IntN(len(h.firm.clients)), time.Duration(100+r.IntN(900))*time.Millisecond)
		default:
			f := faults[mixture[r.IntN(len(mixture))]]
			h.note("fault: %s", f.name)
			h.count(h.result.Faults, f.name)
			err = h.tell(ctx, http.MethodPost, "faults", f.make(r))
		}
		if err != nil {
			h.violate("trouble could not be made: %v", err)
		}
		h.reconnectIfNeeded(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(r.IntN(2*pace)) * time.Millisecond):
		}
	}
}

// unreachable cuts Xero off for a while.
func (h *history) unreachable(ctx context.Context, d time.Duration) error {
	h.note("Xero is unreachable for %s", d)
	h.count(h.result.Faults, "unreachable")
	if err := h.tell(ctx, http.MethodPost, "listen", map[string]any{"up": false}); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
	return h.tell(ctx, http.MethodPost, "listen", map[string]any{"up": true})
}

// disturbRedis takes Redis away for a while, or what is in it, or has it answer
// nobody.
func (h *history) disturbRedis(ctx context.Context, r *rand.Rand) {
	d := time.Duration(100+r.IntN(2000)) * time.Millisecond
	pause := func() {
		select {
		case <-ctx.Done():
		case <-time.After(d):
		}
	}
	switch r.IntN(3) {
	case 0:
		h.note("Redis is away for %s and comes back empty", d)
		h.count(h.result.Faults, "redis restarted")
		h.redis.Stop()
		pause()
		h.redis.Start()
	case 1:
		h.note("Redis is emptied")
		h.count(h.result.Faults, "redis emptied")
		h.redis.Empty()
	default:
		h.note("Redis answers nobody for %s", d)
		h.count(h.result.Faults, "redis silent")
		h.redis.Sleep(d)
		pause()
	}
}

// archive has somebody in Xero archive a contact for a while: what is sent to it
// is refused, alone or among the others of a batch.
func (h *history) archive(ctx context.Context, client int, d time.Duration) error {
	c, err := h.db.Client(ctx, h.firm.clients[client].ID)
	if err != nil && !h.rough.Load() {
		return err
	}
	if c.XeroContactID == nil {
		return nil
	}
	h.note("the contact of %s is archived for %s", c.Name, d)
	h.count(h.result.Faults, "contact archived")
	set := func(status string) error {
		return h.tell(ctx, http.MethodPost, "edit", map[string]any{"endpoint": "Contacts", "id": *c.XeroContactID, "set": map[string]any{"ContactStatus": status}})
	}
	if err := set("ARCHIVED"); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
	return set("ACTIVE")
}

// cutDatabase ends every connection to the database, as its restart would.
func (h *history) cutDatabase(ctx context.Context) error {
	h.note("all connections to the database are cut")
	h.count(h.result.Faults, "database cut")
	h.rough.Store(true)
	_, err := h.raw.ExecContext(ctx, `select pg_terminate_backend(pid) from pg_stat_activity
		where datname = current_database() and application_name = 'ampedfieldops'`)
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// jump moves the deciding clock a little to and fro, as a clock that is set
// does; the sum of all jumps stays far below the protocol's margins.
func (h *history) jump(ctx context.Context, r *rand.Rand) error {
	back := time.Duration(r.IntN(2000)) * time.Millisecond / scale
	d := back
	if coin(r) {
		d = -back
	}
	h.note("the clock jumps by %s", d)
	h.count(h.result.Faults, "clock jump")
	h.moved.Store(true)
	for _, step := range []time.Duration{d, -d} {
		if err := h.try(ctx, "jump", func(context.Context) error {
			return h.db.Write(context.WithoutCancel(ctx), fieldops.System, func(tx *store.Tx) error { return tx.MoveClock(context.WithoutCancel(ctx), step) })
		}); err != nil && !h.rough.Load() {
			return fmt.Errorf("moving the clock: %w", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}
