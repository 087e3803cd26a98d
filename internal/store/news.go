package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ampedfieldops/internal/fieldops"
)

// News is what the processes on one PostgreSQL tell each other at once, so that
// whoever watches a screen sees it whichever process they are connected to. It
// is a shortcut: what gets lost is found by looking.
type News struct {
	From      fieldops.ID            `json:"from"` // the process
	Documents []fieldops.DocumentRef `json:"documents,omitempty"`
	People    []fieldops.ID          `json:"people,omitempty"` // who have a new notification
	Lane      bool                   `json:"lane,omitempty"`
	Scans     []ChangedScan          `json:"scans,omitempty"`
}

const newsChannel = "ampedfieldops_news"

// newsTogether is how many documents or people fit into one message, of which
// PostgreSQL takes less than 8,000 bytes.
const newsTogether = 50

// Tell tells the other processes. On SQLite, where one process works, it does
// nothing. It stands outside any transaction, whose commits a notification would
// have wait for each other.
func (db *DB) Tell(ctx context.Context, n News) error {
	if db.engine != Postgres {
		return nil
	}
	var messages []News
	for some := range slices.Chunk(n.Documents, newsTogether) {
		messages = append(messages, News{From: n.From, Documents: some})
	}
	for some := range slices.Chunk(n.People, newsTogether) {
		messages = append(messages, News{From: n.From, People: some})
	}
	for some := range slices.Chunk(n.Scans, newsTogether/2) {
		messages = append(messages, News{From: n.From, Scans: some})
	}
	if n.Lane {
		messages = append(messages, News{From: n.From, Lane: true})
	}
	for _, m := range messages {
		text, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if _, err := db.write.ExecContext(ctx, "select pg_notify($1, $2)", newsChannel, string(text)); err != nil {
			return err
		}
	}
	return nil
}

// listenAgain is how long after a lost connection one listens again.
const listenAgain = time.Second

// Listen calls heard with all news until ctx ends, and missed whenever some may
// have been missed. On SQLite it returns at once.
func (db *DB) Listen(ctx context.Context, heard func(News), missed func()) {
	if db.engine != Postgres {
		return
	}
	for first := true; ctx.Err() == nil; first = false {
		if !first {
			missed()
			select {
			case <-ctx.Done():
				return
			case <-time.After(listenAgain):
			}
		}
		_ = db.listen(ctx, heard) // whatever ended it, we begin anew
	}
}

// listen listens on a connection of its own, which no query waits for.
func (db *DB) listen(ctx context.Context, heard func(News)) error {
	conn, err := pgx.ConnectConfig(ctx, db.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing) // it may be gone already
	}()
	if _, err := conn.Exec(ctx, "listen "+newsChannel); err != nil {
		return err
	}
	for {
		message, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var n News
		if json.Unmarshal([]byte(message.Payload), &n) == nil { // what we do not understand, a newer version said
			heard(n)
		}
	}
}
