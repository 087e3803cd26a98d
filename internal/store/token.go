package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"ampedfieldops/internal/fieldops"
)

const tokenColumns = "id, user_id, name, hint, scopes, created_at, expires_at, last_used_at, revoked_at"

func scanToken(row interface{ Scan(...any) error }, t *fieldops.APIToken) error {
	var scopes string
	if err := row.Scan(&t.ID, &t.UserID, &t.Name, &t.Hint, &scopes, &t.CreatedAt, &t.ExpiresAt, &t.LastUsedAt, &t.RevokedAt); err != nil {
		return err
	}
	return json.Unmarshal([]byte(scopes), &t.Scopes)
}

// APITokens are a person's tokens that were not revoked, newest first.
func (r reads) APITokens(ctx context.Context, user fieldops.ID) ([]fieldops.APIToken, error) {
	return collect(ctx, r, "select "+tokenColumns+" from api_tokens where user_id = $1 and revoked_at is null order by id desc limit 500", []any{user},
		func(rows *sql.Rows, t *fieldops.APIToken) error { return scanToken(rows, t) })
}

// APITokenBySecret finds a token, revoked or not, by what its holder sends.
func (r reads) APITokenBySecret(ctx context.Context, secret string) (fieldops.APIToken, error) {
	var t fieldops.APIToken
	err := scanToken(r.q.QueryRowContext(ctx, "select "+tokenColumns+" from api_tokens where token_hash = $1", fieldops.HashSecret(secret)), &t)
	return t, notFound(err, "Token")
}

// InsertAPIToken adds a token and returns its secret, which is kept nowhere.
func (tx *Tx) InsertAPIToken(ctx context.Context, t *fieldops.APIToken) (secret string, err error) {
	secret = fieldops.TokenPrefix + fieldops.NewSecret() + fieldops.NewSecret()
	t.ID, t.CreatedAt, t.Hint = fieldops.NewID(), tx.Now, secret[:len(fieldops.TokenPrefix)+4]
	scopes, err := json.Marshal(t.Scopes)
	if err != nil {
		return "", err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into api_tokens (id, user_id, name, token_hash, hint, scopes, created_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`, t.ID, t.UserID, t.Name, fieldops.HashSecret(secret), t.Hint, string(scopes), tx.Now, t.ExpiresAt); err != nil {
		return "", err
	}
	return secret, tx.audit(ctx, "create", "api_token", t.ID, map[string]any{"name": t.Name, "scopes": t.Scopes, "expires_at": t.ExpiresAt})
}

// RevokeAPIToken ends a person's token at once.
func (tx *Tx) RevokeAPIToken(ctx context.Context, user, id fieldops.ID) error {
	changed, err := tx.exec(ctx, "update api_tokens set revoked_at = $1 where id = $2 and user_id = $3 and revoked_at is null", tx.Now, id, user)
	if err != nil {
		return err
	}
	if changed == 0 {
		return fieldops.Refuse(fieldops.NotFound, "Token not found")
	}
	return tx.audit(ctx, "delete", "api_token", id, nil)
}

// TouchAPIToken notes that a token was used. It is bookkeeping, not a change,
// and leaves no audit entry.
func (tx *Tx) TouchAPIToken(ctx context.Context, id fieldops.ID, used fieldops.Time) error {
	_, err := tx.q.ExecContext(ctx, "update api_tokens set last_used_at = $1 where id = $2", used, id)
	return err
}

// APIToken is one token, revoked or not.
func (r reads) APIToken(ctx context.Context, id fieldops.ID) (fieldops.APIToken, error) {
	var t fieldops.APIToken
	err := scanToken(r.q.QueryRowContext(ctx, "select "+tokenColumns+" from api_tokens where id = $1", id), &t)
	return t, notFound(err, "Token")
}
