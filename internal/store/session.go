package store

import (
	"context"
	"database/sql"
	"time"

	"ampedfieldops/internal/fieldops"
)

// Session is one sign-in of a person on one device. A signed token names it, so
// that it can be ended before the token expires.
type Session struct {
	ID         fieldops.ID
	UserID     fieldops.ID
	CreatedAt  fieldops.Time
	LastSeenAt fieldops.Time
	ExpiresAt  fieldops.Time
	RevokedAt  fieldops.Time
	UserAgent  string
	IPAddress  string
}

// Live reports whether the session may still be used at now.
func (s Session) Live(now time.Time) bool {
	return s.RevokedAt.IsZero() && now.Before(s.ExpiresAt.Time)
}

// Session is one session, live or not.
func (r reads) Session(ctx context.Context, id fieldops.ID) (Session, error) {
	var s Session
	var agent, ip *string
	err := r.q.QueryRowContext(ctx, `select id, user_id, created_at, last_seen_at, expires_at, revoked_at, user_agent, ip_address
		from sessions where id = $1`, id).
		Scan(&s.ID, &s.UserID, &s.CreatedAt, &s.LastSeenAt, &s.ExpiresAt, &s.RevokedAt, &agent, &ip)
	if err != nil {
		return Session{}, notFound(err, "Session")
	}
	if agent != nil {
		s.UserAgent = *agent
	}
	if ip != nil {
		s.IPAddress = *ip
	}
	return s, nil
}

// InsertSession begins a session that ends after life unless it is seen again.
// The person's expired sessions are forgotten on the way.
func (tx *Tx) InsertSession(ctx context.Context, s *Session, life time.Duration) error {
	if _, err := tx.q.ExecContext(ctx, "delete from sessions where user_id = $1 and expires_at < $2", s.UserID, tx.Now); err != nil {
		return err
	}
	s.ID, s.CreatedAt, s.LastSeenAt, s.ExpiresAt = fieldops.NewID(), tx.Now, tx.Now, tx.Now.Add(life)
	if _, err := tx.q.ExecContext(ctx, `insert into sessions (id, user_id, created_at, last_seen_at, expires_at, user_agent, ip_address)
		values ($1, $2, $3, $3, $4, $5, $6)`, s.ID, s.UserID, tx.Now, s.ExpiresAt, orNull(s.UserAgent), orNull(s.IPAddress)); err != nil {
		return err
	}
	return tx.audit(ctx, "login", "user", s.UserID, map[string]any{"session": s.ID})
}

// TouchSession notes that a live session was seen and moves its end to life
// after that. It is bookkeeping, not a change, and leaves no audit entry.
func (tx *Tx) TouchSession(ctx context.Context, id fieldops.ID, seen fieldops.Time, life time.Duration) error {
	_, err := tx.q.ExecContext(ctx, "update sessions set last_seen_at = $1, expires_at = $2 where id = $3 and revoked_at is null",
		seen, seen.Add(life), id)
	return err
}

// RevokeSession ends a session at once. Ending it twice is no error.
func (tx *Tx) RevokeSession(ctx context.Context, id fieldops.ID) error {
	changed, err := tx.exec(ctx, "update sessions set revoked_at = $1 where id = $2 and revoked_at is null", tx.Now, id)
	if err != nil || changed == 0 {
		return err
	}
	return tx.audit(ctx, "logout", "user", tx.Actor.UserID, map[string]any{"session": id})
}

// Sessions are a person's sessions that can be used at now, the last used first.
func (r reads) Sessions(ctx context.Context, user fieldops.ID, now time.Time) ([]Session, error) {
	return collect(ctx, r, `select id, user_id, created_at, last_seen_at, expires_at, coalesce(user_agent, ''), coalesce(ip_address, '') from sessions
		where user_id = $1 and revoked_at is null and expires_at > $2 order by last_seen_at desc, id desc limit 500`, []any{user, fieldops.At(now)},
		func(rows *sql.Rows, s *Session) error {
			return rows.Scan(&s.ID, &s.UserID, &s.CreatedAt, &s.LastSeenAt, &s.ExpiresAt, &s.UserAgent, &s.IPAddress)
		})
}

// EndSession ends one session of a person, from another of theirs or by an
// admin.
func (tx *Tx) EndSession(ctx context.Context, user, id fieldops.ID) error {
	changed, err := tx.exec(ctx, "update sessions set revoked_at = $1 where id = $2 and user_id = $3 and revoked_at is null", tx.Now, id, user)
	if err != nil {
		return err
	}
	if changed == 0 {
		return fieldops.Refuse(fieldops.NotFound, "Session not found")
	}
	return tx.audit(ctx, "end_session", "user", user, map[string]any{"session": id})
}

// EndSessions ends every session of a person but the one kept ("" ends all).
func (tx *Tx) EndSessions(ctx context.Context, user, kept fieldops.ID) error {
	if err := tx.revokeSessions(ctx, user, kept); err != nil {
		return err
	}
	return tx.audit(ctx, "end_sessions", "user", user, nil)
}

// revokeSessions ends every session of a person but the one kept.
func (tx *Tx) revokeSessions(ctx context.Context, user, kept fieldops.ID) error {
	if kept == "" {
		kept = fieldops.NilID
	}
	_, err := tx.q.ExecContext(ctx, "update sessions set revoked_at = $1 where user_id = $2 and id <> $3 and revoked_at is null", tx.Now, user, kept)
	return err
}

// The throttle of sign-ins: so many failures of one account from one address
// within the window make it wait until the oldest of them is that old.
const (
	loginFailureLimit  = 5
	loginFailureWindow = 15 * time.Minute
)

// BeginLogin counts a try to sign in as failed until it succeeds, so that tries
// at the same moment count, too. It refuses with TooMany when the account and
// address have failed too often.
func (tx *Tx) BeginLogin(ctx context.Context, email, ip string) error {
	// Tries at the same moment, at whichever process, wait for each other here, so
	// that each counts those before it.
	if _, err := tx.q.ExecContext(ctx, `insert into throttles (bucket, tries, ends_at) values ($1, 1, $2)
		on conflict (bucket) do update set ends_at = excluded.ends_at`, "sign-in:"+ip+":"+fold(email), tx.Now.Add(loginFailureWindow)); err != nil {
		return err
	}
	since := tx.Now.Add(-loginFailureWindow)
	if _, err := tx.q.ExecContext(ctx, "delete from login_failures where created_at <= $1", since); err != nil {
		return err
	}
	var failures int
	var oldest fieldops.Time
	if err := tx.q.QueryRowContext(ctx, "select count(*), min(created_at) from login_failures where email_folded = $1 and ip_address = $2",
		fold(email), ip).Scan(&failures, &oldest); err != nil {
		return err
	}
	if failures >= loginFailureLimit {
		refusal := fieldops.Refuse(fieldops.TooMany, "Too many failed sign-ins. Try again later.")
		refusal.RetryAfter = int(oldest.Add(loginFailureWindow).Sub(tx.Now.Time).Seconds()) + 1
		return refusal
	}
	_, err := tx.q.ExecContext(ctx, "insert into login_failures (id, email_folded, ip_address, created_at) values ($1, $2, $3, $4)",
		fieldops.NewID(), fold(email), ip, tx.Now)
	return err
}

// LoginFailed leaves an audit entry of a refused sign-in; BeginLogin has
// counted it.
func (tx *Tx) LoginFailed(ctx context.Context, email string) error {
	return tx.audit(ctx, "login_failed", "user", "", map[string]any{"email": email})
}

// ForgetLoginFailures lets an account sign in from an address again, after it
// proved to know its password.
func (tx *Tx) ForgetLoginFailures(ctx context.Context, email, ip string) error {
	_, err := tx.q.ExecContext(ctx, "delete from login_failures where email_folded = $1 and ip_address = $2", fold(email), ip)
	return err
}
