package store

import (
	"context"
	"database/sql"
	"time"

	"ampedfieldops/internal/fieldops"
)

// Backlog is everything that waits for Xero, from the click on.
type Backlog struct {
	Count  int
	Oldest fieldops.Time // since when the first of it waits
	AsOf   fieldops.Time
	// Why most of it waits, for how many it holds, and the same for a person, with
	// the words of one of them.
	Reason  string
	Most    int
	Message string
}

// Age is how long what has waited longest waits.
func (b *Backlog) Age() time.Duration {
	if b.Count == 0 {
		return 0
	}
	return b.AsOf.Sub(b.Oldest.Time)
}

// Backlog reads it.
func (r reads) Backlog(ctx context.Context) (Backlog, error) {
	var b Backlog
	gate, err := r.Gate(ctx)
	if err != nil {
		return b, err
	}
	if b.AsOf, err = r.Clock(ctx); err != nil {
		return b, err
	}
	type part struct {
		reason, message string
		laneOnly        bool // its reason is the lane's, if that has one
		count           int
		oldest          fieldops.Time
	}
	parts, err := collect(ctx, r, `select coalesce(i.reason, i.phase), coalesce(min(i.message), ''), `+waitsForLane+`, count(*), min(i.opened_at) from sync_intents i
		where i.closed_at is null group by 1, 3 order by 1, 3`, nil, func(rows *sql.Rows, p *part) error {
		return rows.Scan(&p.reason, &p.message, &p.laneOnly, &p.count, &p.oldest)
	})
	if err != nil {
		return b, err
	}
	words, holdsFor := map[string]string{}, map[string]int{}
	for _, p := range parts {
		if p.laneOnly && gate.Closed() {
			p.reason, p.message = gate.Reason, gate.Message
		}
		if b.Count == 0 || p.oldest.Before(b.Oldest.Time) {
			b.Oldest = p.oldest
		}
		b.Count += p.count
		holdsFor[p.reason] += p.count
		if p.message != "" {
			words[p.reason] = p.message
		}
		if holdsFor[p.reason] > b.Most {
			b.Reason, b.Most = p.reason, holdsFor[p.reason]
		}
	}
	b.Message = words[b.Reason]
	return b, nil
}

// WereTold reports whether people were told of the backlog and it has not been
// below the limit since.
func (r reads) WereTold(ctx context.Context) (bool, error) {
	var at fieldops.Time
	err := r.q.QueryRowContext(ctx, "select told_at from sync_alerts where id = 1").Scan(&at)
	return !at.IsZero(), err
}

// AloneInTelling keeps other transactions from telling until this one ends.
func (tx *Tx) AloneInTelling(ctx context.Context) error {
	var id int
	return tx.q.QueryRowContext(ctx, "select id from sync_alerts where id = 1"+tx.forUpdate()).Scan(&id)
}

// Tell notes that people are told of a backlog, or, with nil, that there is nothing
// to tell of any more.
func (tx *Tx) Tell(ctx context.Context, b *Backlog) error {
	if b == nil {
		_, err := tx.q.ExecContext(ctx, "update sync_alerts set told_at = null, oldest_at = null where id = 1")
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "update sync_alerts set told_at = $1, oldest_at = $2 where id = 1", b.AsOf, b.Oldest); err != nil {
		return err
	}
	return tx.audit(ctx, "tell_of_backlog", "connection", "", map[string]any{"documents": b.Count, "oldest": b.Oldest, "reason": b.Reason})
}
