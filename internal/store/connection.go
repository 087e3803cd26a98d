package store

import (
	"context"
	"database/sql"
	"errors"

	"ampedfieldops/internal/fieldops"
)

// LastSync is when a document last reached the provider; the zero value when
// none has.
func (r reads) LastSync(ctx context.Context) (fieldops.Time, error) {
	var at fieldops.Time
	err := r.q.QueryRowContext(ctx, `select finished_at from sync_logs where writes and outcome = 'confirmed'
		order by created_at desc limit 1`).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return fieldops.Time{}, nil
	}
	return at, err
}
