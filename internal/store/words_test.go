package store

import (
	"context"
	"path/filepath"
	"testing"

	"ampedfieldops/internal/fieldops"
)

func TestWordsAndTheirKeys(t *testing.T) {
	t.Parallel()
	text := "Whangārei: 2nd-fix, 2ND FIX!"
	words := wordsOf(&text, nil)
	if len(words) != 3 || words[0] != "2nd" || words[1] != "fix" || words[2] != "whangarei" {
		t.Errorf("%q", words)
	}
	for _, c := range []struct {
		word, prefix string
		in           bool
	}{
		{"whangarei", "wh", true},
		{"whangarei", "whangar", true},
		{"whangarei", "whangarei", true},
		{"whangarat", "whangarei", true}, // the same seven bytes: told apart by the words themselves
		{"whangarei", "wi", false},
		{"w", "wh", false},
		{"z", "z", true},
		{"𐌰𐌱", "𐌰", true},
	} {
		key, _ := keysFrom(c.word)
		first, last := keysFrom(c.prefix)
		if in := key >= first && key < last; in != c.in || first < 0 || last < first {
			t.Errorf("%s from %s: %v", c.word, c.prefix, in)
		}
	}
}

// A database that was brought up from before there were words has them after
// Migrate, once.
func TestWordsOfOlderTimesheetsAreFound(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "words.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	err = db.Write(ctx, fieldops.System, func(tx *Tx) error {
		for range 2500 {
			if _, err := tx.q.ExecContext(ctx, `insert into timesheets (id, date, hours_e4, hourly_rate_e4, notes, created_at, updated_at)
				values ($1, '2026-05-04', 10000, 0, 'Hung the old chandelier', $2, $2)`, fieldops.NewID(), tx.Now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var words int
	if err := db.q.QueryRowContext(ctx, "select count(*) from search_words where entity_type = 'timesheet'").Scan(&words); err != nil || words != 4*2500 {
		t.Errorf("%d words, %v", words, err)
	}
	found, err := db.SearchTimesheets(ctx, "chandel old", "", 20)
	if err != nil || len(found) != 20 {
		t.Errorf("%d found, %v", len(found), err)
	}
}
