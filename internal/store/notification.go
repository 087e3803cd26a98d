package store

import (
	"context"

	"ampedfieldops/internal/fieldops"
)

// Notify tells a person something inside the web app. kind names the sort of
// news for programs, link is a path of the web app or "".
func (tx *Tx) Notify(ctx context.Context, user fieldops.ID, kind, title, body, link string) error {
	_, err := tx.q.ExecContext(ctx, "insert into notifications (id, user_id, kind, title, body, link, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
		fieldops.NewID(), user, kind, title, orNull(body), orNull(link), tx.Now)
	return err
}
