package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"ampedfieldops/internal/fieldops"
)

// RequestKey names a creating request that may be repeated: an Idempotency-Key
// of one person on one route. Hash is of the request's body.
type RequestKey struct {
	User  fieldops.ID
	Route string
	Key   string
	Hash  string
	since fieldops.Time // when this request took the key
}

// KeptAnswer is what the first request with a key was answered. Status is 0
// while that request is under way, or was when its process ended.
type KeptAnswer struct {
	Hash   string
	Status int
	Body   string
	Since  fieldops.Time
}

// keepAnswers is how long a repeated request is recognised.
const keepAnswers = 24 * time.Hour

// BeginRequest takes a key for a request that is about to run. It returns nil
// when the key is free, else what is known of the request that took it.
func (tx *Tx) BeginRequest(ctx context.Context, k *RequestKey) (*KeptAnswer, error) {
	if _, err := tx.q.ExecContext(ctx, "delete from idempotent_requests where created_at < $1", tx.Now.Add(-keepAnswers)); err != nil {
		return nil, err
	}
	taken, err := tx.exec(ctx, `insert into idempotent_requests (user_id, route, key, request_hash, created_at) values ($1, $2, $3, $4, $5)
		on conflict (user_id, route, key) do nothing`, k.User, k.Route, k.Key, k.Hash, tx.Now)
	if err != nil || taken == 1 {
		k.since = tx.Now
		return nil, err
	}
	var kept KeptAnswer
	var status sql.NullInt64
	var body sql.NullString
	err = tx.q.QueryRowContext(ctx, "select request_hash, status, body, created_at from idempotent_requests where user_id = $1 and route = $2 and key = $3",
		k.User, k.Route, k.Key).Scan(&kept.Hash, &status, &body, &kept.Since)
	if errors.Is(err, sql.ErrNoRows) {
		// The first request freed its key between our two statements.
		return &KeptAnswer{Hash: k.Hash, Since: tx.Now}, nil
	}
	kept.Status, kept.Body = int(status.Int64), body.String
	return &kept, err
}

// TakeOverRequest takes a key whose request was cut off, and reports false when
// somebody else has done so.
func (tx *Tx) TakeOverRequest(ctx context.Context, k *RequestKey, since fieldops.Time) (bool, error) {
	changed, err := tx.exec(ctx, `update idempotent_requests set created_at = $1 where user_id = $2 and route = $3 and key = $4
		and status is null and created_at = $5`, tx.Now, k.User, k.Route, k.Key, since)
	k.since = tx.Now
	return changed == 1, err
}

// KeepAnswer keeps the answer that repeats of the request will get. Called in
// the transaction that does the work, it makes work and answer one: a request
// that was overtaken meanwhile is refused with Conflict.
func (tx *Tx) KeepAnswer(ctx context.Context, k *RequestKey, status int, body string) error {
	changed, err := tx.exec(ctx, `update idempotent_requests set status = $1, body = $2
		where user_id = $3 and route = $4 and key = $5 and status is null and created_at = $6`, status, body, k.User, k.Route, k.Key, k.since)
	if err != nil {
		return err
	}
	if changed == 0 {
		return fieldops.Refuse(fieldops.Conflict, "This request took too long and another one with its Idempotency-Key runs in its place")
	}
	return nil
}

// FreeRequest gives a key back, because its request failed and may be tried
// again.
func (tx *Tx) FreeRequest(ctx context.Context, k *RequestKey) error {
	_, err := tx.q.ExecContext(ctx, `delete from idempotent_requests
		where user_id = $1 and route = $2 and key = $3 and status is null and created_at = $4`, k.User, k.Route, k.Key, k.since)
	return err
}
