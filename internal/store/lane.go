package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"ampedfieldops/internal/fieldops"
)

// Xero's limits for one organisation, and the share of them kept for look-ups
// (https://developer.xero.com/documentation/guides/oauth2/limits/).
const (
	laneInFlight = 5
	laneMinute   = 60
	laneSecond   = 10
	laneForLooks = 6 // of the 60
	breakerOpens = 5 // calls in a row without a usable answer
	dayReserve   = 10
)

// Wait says that the lane has no room now, why, and when to ask again.
type Wait struct {
	Until   fieldops.Time
	Reason  string
	Message string
	Who     fieldops.WhoMustAct
}

func (w *Wait) Error() string { return w.Message }

// Gate is what stands between every document and Xero at this moment.
type Gate struct {
	Tenant       string
	ConnectionID fieldops.ID
	Wait
}

// Closed reports whether nothing can be sent.
func (g Gate) Closed() bool { return g.Reason != "" }

// The reasons for which all documents wait.
const (
	NotConnected   = "not_connected"
	NeedsReconnect = "needs_reconnect"
	LanePaused     = "paused"
	Parked         = "limit"
	Offline        = "offline"
	Comparing      = "comparing"
)

// lane is the row of a tenant's lane.
type lane struct {
	paused            bool
	pausedReason      *string
	pausedBy          *string
	failures          int
	since             fieldops.Time
	openUntil         fieldops.Time
	probes            int
	halfOpenUntil     fieldops.Time
	parkedUntil       fieldops.Time
	parkedReason      *string
	minuteLeft        *int64
	dayLeft, dayLimit *int64
	headersAt         fieldops.Time
}

func (r reads) lane(ctx context.Context, tenant string, lock string) (lane, error) {
	var l lane
	err := r.q.QueryRowContext(ctx, `select paused, paused_reason, paused_by, breaker_failures, breaker_since, breaker_open_until, breaker_probes,
		breaker_half_open_until, parked_until, parked_reason, minute_left, day_left, day_limit, headers_at from xero_lanes where tenant_id = $1`+lock, tenant).
		Scan(&l.paused, &l.pausedReason, &l.pausedBy, &l.failures, &l.since, &l.openUntil, &l.probes,
			&l.halfOpenUntil, &l.parkedUntil, &l.parkedReason, &l.minuteLeft, &l.dayLeft, &l.dayLimit, &l.headersAt)
	if errors.Is(err, sql.ErrNoRows) {
		return lane{}, nil
	}
	return l, err
}

// tenant is the organisation that documents go to: the connected one, or "".
func (r reads) tenant(ctx context.Context) (string, error) {
	var tenant string
	err := r.q.QueryRowContext(ctx, "select coalesce(max(tenant_id), '') from xero_tokens").Scan(&tenant)
	return tenant, err
}

// Gate tells whether anything can be sent now, and if not, why.
func (r reads) Gate(ctx context.Context) (Gate, error) {
	var g Gate
	var needs *string
	err := r.q.QueryRowContext(ctx, "select id, coalesce(tenant_id, ''), needs_reconnect from xero_tokens order by created_at desc limit 1").Scan(&g.ConnectionID, &g.Tenant, &needs)
	if errors.Is(err, sql.ErrNoRows) || err == nil && g.Tenant == "" {
		g.Reason, g.Message, g.Who = NotConnected, "Xero is not connected yet. An admin connects it in the settings; what waits is sent then.", fieldops.Admin
		return g, nil
	}
	if err != nil {
		return g, err
	}
	if needs != nil {
		g.Reason, g.Message, g.Who = NeedsReconnect, *needs, fieldops.Admin
		return g, nil
	}
	l, err := r.lane(ctx, g.Tenant, "")
	if err != nil {
		return g, err
	}
	now, err := r.Clock(ctx)
	if err != nil {
		return g, err
	}
	if wait := l.closed(now); wait != nil {
		g.Wait = *wait
	}
	return g, nil
}

// closed says why the lane lets nothing through, nil when it does.
func (l lane) closed(now fieldops.Time) *Wait {
	switch {
	case l.paused && l.pausedReason != nil && *l.pausedReason == Comparing:
		return &Wait{Reason: Comparing, Message: "The data was restored from a backup. Documents wait until they were compared with Xero.", Who: fieldops.Nobody}
	case l.paused:
		by, why := "an admin", ""
		if l.pausedBy != nil {
			by = *l.pausedBy
		}
		if l.pausedReason != nil && *l.pausedReason != "" {
			why = ": " + *l.pausedReason
		}
		return &Wait{Reason: LanePaused, Message: "Sending to Xero was paused by " + by + why + ".", Who: fieldops.Admin}
	case l.parkedUntil.After(now.Time):
		why := "Xero's limit of calls is used up"
		if l.parkedReason != nil {
			why = *l.parkedReason
		}
		return &Wait{Until: l.parkedUntil, Reason: Parked, Message: why + ". Sending goes on by itself.", Who: fieldops.Nobody}
	case l.openUntil.After(now.Time):
		return &Wait{Until: l.openUntil, Reason: Offline, Message: "Xero does not answer. It is asked again and again; nothing is lost.", Who: fieldops.Nobody}
	}
	return nil
}

// BreakerDue reports whether the breaker is open and its next probe is due: a
// call that changes nothing must show that Xero answers before a document goes
// out.
func (r reads) BreakerDue(ctx context.Context, tenant string) (bool, error) {
	l, err := r.lane(ctx, tenant, "")
	if err != nil || l.openUntil.IsZero() || l.paused {
		return false, err
	}
	now, err := r.Clock(ctx)
	return !l.openUntil.After(now.Time) && !l.parkedUntil.After(now.Time), err
}

// EnsureLane makes the lane's row.
func (tx *Tx) EnsureLane(ctx context.Context, tenant string) error {
	_, err := tx.q.ExecContext(ctx, "insert into xero_lanes (tenant_id) values ($1) on conflict (tenant_id) do nothing", tenant)
	return err
}

// takeSlot reserves a place for one call among those of all processes, or
// returns a *Wait.
func (tx *Tx) takeSlot(ctx context.Context, d fieldops.Durations, now fieldops.Time, p *PlannedCall, held fieldops.Time) (fieldops.ID, error) {
	if err := tx.EnsureLane(ctx, p.Tenant); err != nil {
		return "", err
	}
	l, err := tx.lane(ctx, p.Tenant, tx.forUpdate())
	if err != nil {
		return "", err
	}
	looks := !p.writes()
	if wait := l.closed(now); wait != nil && (wait.Reason != Comparing || !looks || !p.Background) {
		return "", wait
	}
	if p.Probe && l.openUntil.IsZero() {
		return "", &Wait{Until: now, Reason: Offline, Message: "Somebody else has asked Xero already: it answers again.", Who: fieldops.Nobody}
	}
	if !l.openUntil.IsZero() && !p.Probe {
		return "", &Wait{Until: now.Add(d.Second), Reason: Offline, Message: "Xero is being asked whether it answers again.", Who: fieldops.Nobody}
	}
	if l.halfOpenUntil.After(now.Time) {
		return "", &Wait{Until: l.halfOpenUntil, Reason: Offline, Message: "Xero answers again; one document goes first.", Who: fieldops.Nobody}
	}

	u := LaneUse{DayLeft: l.dayLeft, DayLimit: l.dayLimit, HeadersAt: l.headersAt}
	minuteAgo, secondAgo := now.Add(-d.Minute), now.Add(-d.Second)
	if err := tx.q.QueryRowContext(ctx, `select
			count(*) filter (where finished_at is null and leased_until > $2),
			min(case when finished_at is null and leased_until > $2 then leased_until end),
			count(*) filter (where coalesce(finished_at, leased_until) > $3),
			min(case when coalesce(finished_at, leased_until) > $3 then coalesce(finished_at, leased_until) end),
			count(*) filter (where started_at > $4),
			min(case when started_at > $4 then started_at end)
		from xero_calls where tenant_id = $1 and (finished_at is null or finished_at > $3)`,
		p.Tenant, now, minuteAgo, secondAgo).Scan(&u.InFlight, &u.FreesFlight, &u.InMinute, &u.FreesMinute, &u.InSecond, &u.FreesSecond); err != nil {
		return "", err
	}
	if wait := u.Room(d, now, looks, p.Background); wait != nil {
		return "", wait
	}
	if l.failures >= breakerOpens && !p.Probe {
		// Half open: this one goes, the rest wait for its answer.
		if _, err := tx.q.ExecContext(ctx, "update xero_lanes set breaker_half_open_until = $1 where tenant_id = $2", held, p.Tenant); err != nil {
			return "", err
		}
	}
	if p.Probe { // until its answer is there, or it has vanished, nobody else probes
		if _, err := tx.q.ExecContext(ctx, "update xero_lanes set breaker_open_until = $1 where tenant_id = $2", held, p.Tenant); err != nil {
			return "", err
		}
	}
	id := fieldops.NewID()
	if _, err := tx.q.ExecContext(ctx, "insert into xero_calls (id, tenant_id, started_at, leased_until, looks) values ($1, $2, $3, $4, $5)",
		id, p.Tenant, now, held, looks); err != nil {
		return "", err
	}
	_, err = tx.q.ExecContext(ctx, "delete from xero_calls where tenant_id = $1 and finished_at < $2", p.Tenant, now.Add(-2*d.Minute))
	return id, err
}

// LaneUse is how much of Xero's limits the calls of all processes to one
// organisation use at a moment.
type LaneUse struct {
	InFlight    int
	FreesFlight fieldops.Time // when the first of them is over at the latest
	InMinute    int           // under way, or over for less than a minute
	FreesMinute fieldops.Time // when the first of these was over
	InSecond    int           // begun within a second
	FreesSecond fieldops.Time // when the first of these began
	// What Xero last said of the day, and when; nil before it has.
	DayLeft, DayLimit *int64
	HeadersAt         fieldops.Time
}

// Room says what one more call must wait for, nil if it may begin now. Look-ups
// have a share of the minute and of the day to themselves, unless they are the
// program's own in the background.
func (u LaneUse) Room(d fieldops.Durations, now fieldops.Time, looks, background bool) *Wait {
	minute := laneMinute
	if !looks || background {
		minute -= laneForLooks
	}
	switch {
	case u.DayLeft != nil && u.DayLimit != nil && !looks && *u.DayLeft <= *u.DayLimit/dayReserve && u.HeadersAt.Add(d.QuietDay).After(now.Time):
		return &Wait{Until: u.HeadersAt.Add(d.QuietDay), Reason: Parked, Message: "Nearly all of today's calls to Xero are used; the rest is kept for look-ups.", Who: fieldops.Nobody}
	case u.InFlight >= laneInFlight:
		return &Wait{Until: now.Add(min(d.Second/4, u.FreesFlight.Sub(now.Time))), Reason: Parked, Message: "Five calls to Xero are under way, which is its limit.", Who: fieldops.Nobody}
	case u.InMinute >= minute:
		return &Wait{Until: u.FreesMinute.Add(d.Minute), Reason: Parked, Message: "This minute's calls to Xero are used up.", Who: fieldops.Nobody}
	case u.InSecond >= laneSecond:
		return &Wait{Until: u.FreesSecond.Add(d.Second), Reason: Parked, Message: "Calls to Xero are spread out.", Who: fieldops.Nobody}
	}
	return nil
}

// Answered tells the breaker that Xero gave a usable answer.
func (tx *Tx) Answered(ctx context.Context, tenant string, probe bool) error {
	if probe {
		// The breaker stays half open until a document got through.
		_, err := tx.q.ExecContext(ctx, `update xero_lanes set breaker_open_until = null, breaker_half_open_until = null where tenant_id = $1`, tenant)
		return err
	}
	_, err := tx.q.ExecContext(ctx, `update xero_lanes set breaker_failures = 0, breaker_since = null, breaker_open_until = null, breaker_probes = 0,
		breaker_half_open_until = null where tenant_id = $1 and breaker_failures > 0`, tenant)
	return err
}

// Unanswered tells the breaker that a call had no usable answer. At the fifth
// in a row it opens; sends among those failures do not count against their
// documents, for it was Xero that was away.
func (tx *Tx) Unanswered(ctx context.Context, d fieldops.Durations, tenant string, probe bool) error {
	if err := tx.EnsureLane(ctx, tenant); err != nil {
		return err
	}
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	l, err := tx.lane(ctx, tenant, tx.forUpdate())
	if err != nil {
		return err
	}
	l.failures++
	if l.failures == 1 || l.since.IsZero() {
		l.since = now.Add(-d.CallTimeout)
	}
	var openUntil fieldops.Time
	switch {
	case !probe && l.openUntil.After(now.Time):
		openUntil = l.openUntil // it was under way when the breaker opened, and says nothing new
	case probe || l.failures > breakerOpens:
		l.probes++
		openUntil = now.Add(d.BreakerProbe[min(l.probes, len(d.BreakerProbe))-1])
	case l.failures == breakerOpens:
		l.probes = 1
		openUntil = now.Add(d.BreakerProbe[0])
	}
	if !openUntil.IsZero() {
		// An outage spends nothing, now or when the look-ups show that nothing arrived.
		if _, err := tx.q.ExecContext(ctx, `update sync_logs set spared = true where tenant_id = $1 and writes and outcome = 'unknown'
			and resolved_at is null and created_at >= $2 and not spared`, tenant, l.since); err != nil {
			return err
		}
		if _, err := tx.q.ExecContext(ctx, `update sync_intents set unknowns = 0 where id in (select i.id from sync_intents i
			where i.closed_at is null and i.tenant_id = $1 and i.unknowns > 0
			and exists (select 1 from sync_logs l where l.intent_id = i.id and l.writes and l.outcome = 'unknown' and l.created_at >= $2)
			order by i.id`+tx.forUpdate()+`)`, tenant, l.since); err != nil {
			return err
		}
	} else {
		openUntil = l.openUntil
	}
	_, err = tx.q.ExecContext(ctx, `update xero_lanes set breaker_failures = $1, breaker_since = $2, breaker_open_until = $3, breaker_probes = $4,
		breaker_half_open_until = null where tenant_id = $5`, l.failures, l.since, openUntil, l.probes, tenant)
	return err
}

// Park closes the lane until a limit of Xero's frees again.
func (tx *Tx) Park(ctx context.Context, tenant string, wait time.Duration, why string) error {
	if err := tx.EnsureLane(ctx, tenant); err != nil {
		return err
	}
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	_, err = tx.q.ExecContext(ctx, `update xero_lanes set parked_until = $1, parked_reason = $2 where tenant_id = $3
		and (parked_until is null or parked_until < $1)`, now.Add(wait), why, tenant)
	return err
}

// PauseLane stops or resumes all sending to the connected organisation.
func (tx *Tx) PauseLane(ctx context.Context, paused bool, reason string) error {
	tenant, err := tx.tenant(ctx)
	if err != nil {
		return err
	}
	if tenant == "" {
		return fieldops.Refuse(fieldops.Conflict, "Xero is not connected; there is nothing to pause")
	}
	if err := tx.EnsureLane(ctx, tenant); err != nil {
		return err
	}
	var why, by, at any
	if paused {
		why, by, at = reason, tx.Actor.Name, tx.Now
	}
	if _, err := tx.q.ExecContext(ctx, `update xero_lanes set paused = $1, paused_reason = $2, paused_by = $3, paused_at = $4 where tenant_id = $5`,
		paused, why, by, at, tenant); err != nil {
		return err
	}
	action := "resume_xero_lane"
	if paused {
		action = "pause_xero_lane"
	}
	return tx.audit(ctx, action, "connection", "", map[string]any{"reason": reason})
}

// LaneState is what the screens show of the lane.
type LaneState struct {
	Paused          bool          `json:"paused"`
	PausedReason    *string       `json:"paused_reason"`
	PausedBy        *string       `json:"paused_by"`
	Breaker         string        `json:"breaker"` // closed, open, half_open
	NextProbeAt     fieldops.Time `json:"next_probe_at"`
	ParkedUntil     fieldops.Time `json:"parked_until"`
	ParkedReason    *string       `json:"parked_reason"`
	InFlight        int           `json:"in_flight"`
	MinuteRemaining int           `json:"minute_remaining"`
	DayRemaining    *int64        `json:"day_remaining"`
	Reason          *string       `json:"reason"`  // why everything waits; null while sending goes on
	Message         *string       `json:"message"` // the same for a person
	Waiting         LaneWaiting   `json:"waiting"`
}

// LaneWaiting is what has not reached Xero yet.
type LaneWaiting struct {
	Count    int            `json:"count"`
	OldestAt fieldops.Time  `json:"oldest_at"`
	Amount   fieldops.Cents `json:"amount"`
}

// Lane reads the lane's state. d gives the window of the minute's limit.
func (r reads) Lane(ctx context.Context, d fieldops.Durations) (LaneState, error) {
	gate, err := r.Gate(ctx)
	if err != nil {
		return LaneState{}, err
	}
	l, err := r.lane(ctx, gate.Tenant, "")
	if err != nil {
		return LaneState{}, err
	}
	now, err := r.Clock(ctx)
	if err != nil {
		return LaneState{}, err
	}
	s := LaneState{Paused: l.paused, PausedReason: l.pausedReason, PausedBy: l.pausedBy, Breaker: "closed", DayRemaining: l.dayLeft}
	switch {
	case l.openUntil.After(now.Time):
		s.Breaker, s.NextProbeAt = "open", l.openUntil
	case l.failures >= breakerOpens:
		s.Breaker = "half_open"
	}
	if l.parkedUntil.After(now.Time) {
		s.ParkedUntil, s.ParkedReason = l.parkedUntil, l.parkedReason
	}
	if gate.Closed() {
		s.Reason, s.Message = &gate.Reason, &gate.Message
	}
	var used int
	if err := r.q.QueryRowContext(ctx, `select count(*) filter (where finished_at is null and leased_until > $1), count(*) from xero_calls
		where tenant_id = $2 and (finished_at is null or finished_at > $3)`, now, gate.Tenant, now.Add(-d.Minute)).Scan(&s.InFlight, &used); err != nil {
		return s, err
	}
	s.MinuteRemaining = max(0, laneMinute-used)
	err = r.q.QueryRowContext(ctx, `select count(*), min(i.opened_at),
		cast(coalesce(sum(coalesce(v.total_cents, p.total_amount_cents, 0)), 0) as bigint)
		from sync_intents i left join /* deleted too */ xero_invoices v on v.id = i.entity_id and i.entity_type = 'invoice'
		left join /* deleted too */ xero_purchase_orders p on p.id = i.entity_id and i.entity_type = 'purchase_order'
		where i.closed_at is null and i.entity_type <> 'client'`).Scan(&s.Waiting.Count, &s.Waiting.OldestAt, &s.Waiting.Amount)
	return s, err
}

// ----- tokens -----

// Connection is a consent's token set. The tokens are sealed: the store never
// sees them in clear.
type Connection struct {
	ID             fieldops.ID
	SealedAccess   string
	SealedRefresh  string
	Scope          string
	TenantID       string
	TenantName     string
	RemoteID       string // the provider's id of the connection
	ExpiresAt      fieldops.Time
	Generation     int64
	RefreshLease   fieldops.Time
	AuthFailures   int
	NeedsReconnect *string
	UpdatedAt      fieldops.Time
}

// Connection reads the token set; NotFound when Xero is not connected.
func (r reads) Connection(ctx context.Context) (Connection, error) {
	var c Connection
	err := r.q.QueryRowContext(ctx, `select id, access_token, refresh_token, coalesce(scope, ''), coalesce(tenant_id, ''), coalesce(tenant_name, ''),
		coalesce(connection_id, ''), expires_at, generation, refresh_lease_until, auth_failures, needs_reconnect, updated_at
		from xero_tokens order by created_at desc limit 1`).Scan(&c.ID, &c.SealedAccess, &c.SealedRefresh, &c.Scope, &c.TenantID, &c.TenantName,
		&c.RemoteID, &c.ExpiresAt, &c.Generation, &c.RefreshLease, &c.AuthFailures, &c.NeedsReconnect, &c.UpdatedAt)
	return c, notFound(err, "A connection to Xero")
}

// Connect stores a new consent in place of any earlier one.
func (tx *Tx) Connect(ctx context.Context, c Connection) error {
	if _, err := tx.q.ExecContext(ctx, "delete from xero_tokens"); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into xero_tokens (id, access_token, refresh_token, scope, tenant_id, tenant_name, connection_id, expires_at,
		generation, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
		c.ID, c.SealedAccess, c.SealedRefresh, c.Scope, c.TenantID, c.TenantName, c.RemoteID, c.ExpiresAt, c.Generation, tx.Now); err != nil {
		return err
	}
	if err := tx.EnsureLane(ctx, c.TenantID); err != nil {
		return err
	}
	return tx.audit(ctx, "connect", "connection", c.ID, map[string]any{"tenant_id": c.TenantID, "tenant_name": c.TenantName})
}

// Disconnect forgets the tokens.
func (tx *Tx) Disconnect(ctx context.Context) error {
	if _, err := tx.q.ExecContext(ctx, "delete from xero_tokens"); err != nil {
		return err
	}
	return tx.audit(ctx, "disconnect", "connection", "", nil)
}

// PinnedTenant is the organisation that documents have gone to, "" when none
// has: a consent for another one would scatter the firm's documents.
func (r reads) PinnedTenant(ctx context.Context) (string, error) {
	var tenant string
	err := r.q.QueryRowContext(ctx, "select coalesce(max(tenant_id), '') from sync_logs where writes and outcome in ('confirmed', 'unknown')").Scan(&tenant)
	return tenant, err
}

// LeaseRefresh makes the caller the one refresher of a token generation; false
// when somebody else is, or it was refreshed already.
func (tx *Tx) LeaseRefresh(ctx context.Context, d fieldops.Durations, c Connection) (bool, error) {
	now, err := tx.Clock(ctx)
	if err != nil {
		return false, err
	}
	done, err := tx.q.ExecContext(ctx, `update xero_tokens set refresh_lease_until = $1 where id = $2 and generation = $3 and needs_reconnect is null
		and (refresh_lease_until is null or refresh_lease_until <= $4)`, now.Add(d.RefreshLease), c.ID, c.Generation, now)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

// Refreshed stores both new tokens, unless the row has moved on.
func (tx *Tx) Refreshed(ctx context.Context, c Connection, sealedAccess, sealedRefresh string, expires fieldops.Time) error {
	_, err := tx.q.ExecContext(ctx, `update xero_tokens set access_token = $1, refresh_token = $2, expires_at = $3, generation = generation + 1,
		refresh_lease_until = null, updated_at = $4 where id = $5 and generation = $6`, sealedAccess, sealedRefresh, expires, tx.Now, c.ID, c.Generation)
	return err
}

// EndRefreshLease lets the next refresher try.
func (tx *Tx) EndRefreshLease(ctx context.Context, c Connection) error {
	_, err := tx.q.ExecContext(ctx, "update xero_tokens set refresh_lease_until = null where id = $1 and generation = $2", c.ID, c.Generation)
	return err
}

// NeedReconnect closes the lane until an admin connects again.
func (tx *Tx) NeedReconnect(ctx context.Context, c Connection, words string) error {
	done, err := tx.q.ExecContext(ctx, `update xero_tokens set needs_reconnect = $1, refresh_lease_until = null, updated_at = $2
		where id = $3 and generation = $4 and needs_reconnect is null`, words, tx.Now, c.ID, c.Generation)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return tx.audit(ctx, "needs_reconnect", "connection", c.ID, map[string]any{"reason": words})
}

// TokenRefused notes that Xero refused a token of a generation: it is refreshed
// before the next call, and after the second refusal in a row the lane closes.
func (tx *Tx) TokenRefused(ctx context.Context, generation int64, words string) error {
	c, err := tx.Connection(ctx)
	if err != nil || c.Generation != generation {
		return err
	}
	if !c.ExpiresAt.After(tx.Now.Time) {
		return nil // another call with the same token was refused before: it is on its way to be refreshed
	}
	if c.AuthFailures >= 1 {
		return tx.NeedReconnect(ctx, c, words)
	}
	_, err = tx.q.ExecContext(ctx, "update xero_tokens set auth_failures = auth_failures + 1, expires_at = $1 where id = $2 and generation = $3", tx.Now, c.ID, c.Generation)
	return err
}

// TokenAccepted forgets earlier refusals.
func (tx *Tx) TokenAccepted(ctx context.Context) error {
	_, err := tx.q.ExecContext(ctx, "update xero_tokens set auth_failures = 0 where auth_failures > 0")
	return err
}

// BeginConsent keeps the secret halves of a consent under way for ten minutes.
func (tx *Tx) BeginConsent(ctx context.Context, stateHash, sealedVerifier string) error {
	if _, err := tx.q.ExecContext(ctx, "delete from xero_consents where expires_at < $1", tx.Now); err != nil {
		return err
	}
	_, err := tx.q.ExecContext(ctx, "insert into xero_consents (state_hash, user_id, verifier, expires_at) values ($1, $2, $3, $4)",
		stateHash, tx.Actor.UserID, sealedVerifier, tx.Now.Add(10*time.Minute))
	return err
}

// EndConsent takes a consent's secret back, once.
func (tx *Tx) EndConsent(ctx context.Context, stateHash string) (sealedVerifier string, by fieldops.ID, err error) {
	err = tx.q.QueryRowContext(ctx, "delete from xero_consents where state_hash = $1 and expires_at >= $2 returning verifier, user_id", stateHash, tx.Now).Scan(&sealedVerifier, &by)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", fieldops.Refuse(fieldops.Invalid, "This consent was not begun here, is older than ten minutes, or was used already. Please connect again.")
	}
	return sealedVerifier, by, err
}
