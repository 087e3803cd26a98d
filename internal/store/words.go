package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"ampedfieldops/internal/fieldops"
)

// keyBytes are the bytes of a word that its key holds: with seven the key is
// never negative.
const keyBytes = 7

// wordsOf are the words of texts, folded, each once.
func wordsOf(texts ...*string) []string {
	words := strings.FieldsFunc(foldAll(texts...), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	slices.Sort(words)
	return slices.Compact(words)
}

// keysFrom are the keys of all words that begin with a prefix: from the first to
// before the last.
func keysFrom(prefix string) (first, last int64) {
	var key int64
	n := min(len(prefix), keyBytes)
	for i := range n {
		key = key<<8 | int64(prefix[i])
	}
	rest := 8 * (keyBytes - n)
	return key << rest, (key + 1) << rest
}

// keysOf are the keys of the words of an entry, each once.
func keysOf(t *fieldops.Timesheet) []int64 {
	var keys []int64
	for _, word := range wordsOf(t.Notes, t.Location) {
		key, _ := keysFrom(word)
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// indexWords brings the words by which an entry is found up to date.
func (tx *Tx) indexWords(ctx context.Context, before, after *fieldops.Timesheet) error {
	was, is := keysOf(before), keysOf(after)
	gone := slices.DeleteFunc(slices.Clone(was), func(key int64) bool { return slices.Contains(is, key) })
	added := slices.DeleteFunc(is, func(key int64) bool { return slices.Contains(was, key) })
	if len(gone) > 0 {
		args := []any{after.ID}
		if _, err := tx.q.ExecContext(ctx, "delete from timesheet_words where timesheet_id = $1 and word in "+list(&args, gone), args...); err != nil {
			return err
		}
	}
	return insertWords(ctx, tx.q, []fieldops.ID{after.ID}, [][]int64{added})
}

func insertWords(ctx context.Context, q querier, ids []fieldops.ID, keys [][]int64) error {
	var w where
	var rows []string
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		_, err := q.ExecContext(ctx, "insert into timesheet_words (word, timesheet_id) values "+strings.Join(rows, ", ")+" on conflict do nothing", w.args...)
		w, rows = where{}, nil
		return err
	}
	for i, id := range ids {
		for _, key := range keys[i] {
			if rows = append(rows, w.row(key, id)); len(rows) == 500 {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// indexAllWords fills the words of a database that has timesheets and no words,
// as one that was brought up from an older schema.
func indexAllWords(ctx context.Context, tx *sql.Tx, engine Engine) error {
	var empty bool
	if err := tx.QueryRowContext(ctx, "select not exists (select 1 from timesheet_words)").Scan(&empty); err != nil || !empty {
		return err
	}
	r := reads{q: tx, engine: engine}
	for last := ""; ; {
		w := &where{}
		w.and("(notes is not null or location is not null)")
		if last != "" {
			w.and("id > ?", last)
		}
		some, err := collect(ctx, r, "select id, notes, location from /* deleted too */ timesheets t where "+w.String()+" order by id limit 1000", w.args,
			func(rows *sql.Rows, t *fieldops.Timesheet) error { return rows.Scan(&t.ID, &t.Notes, &t.Location) })
		if err != nil || len(some) == 0 {
			return err
		}
		ids, keys := make([]fieldops.ID, len(some)), make([][]int64, len(some))
		for i := range some {
			ids[i], keys[i] = some[i].ID, keysOf(&some[i])
		}
		if err := insertWords(ctx, tx, ids, keys); err != nil {
			return err
		}
		last = ids[len(ids)-1]
	}
}

// searchDepth is how many of the newest entries that hold a word are looked at
// for the other words, and how many of a person's own.
const searchDepth = 5000

// searchTogether is how many of them are looked at at once.
const searchTogether = 500

// SearchTimesheets finds entries with every searched word at the beginning of a
// word of their notes or place, the newest first. user, unless "", is whose
// entries are searched. Its cost does not grow with the number of entries: of a
// word that very many have, the newest searchDepth count.
func (r reads) SearchTimesheets(ctx context.Context, search string, user fieldops.ID, limit int) ([]fieldops.Timesheet, error) {
	words := wordsOf(&search)
	if len(words) == 0 {
		return []fieldops.Timesheet{}, nil
	}
	var ids []fieldops.ID
	if user == "" {
		var err error
		if ids, err = r.withWord(ctx, slices.MaxFunc(words, func(a, b string) int { return len(a) - len(b) })); err != nil {
			return nil, err
		}
	}
	// Most of what has one word has them all, so that a first part is often enough.
	var found []fieldops.ID
	for from := 0; from < searchDepth && len(found) < limit; from += searchTogether {
		w, rest := &where{}, ""
		if user != "" {
			w.and("t.user_id = ?", user)
			rest = fmt.Sprintf(" limit %d offset %d", searchTogether, from)
		} else {
			w.and(r.among(w, "t.id", ids[min(from, len(ids)):min(from+searchTogether, len(ids))]))
		}
		candidates, err := collect(ctx, r, "select t.id, t.notes, t.location from live_timesheets t where "+w.String()+" order by t.date desc, t.id desc"+rest, w.args,
			func(rows *sql.Rows, t *fieldops.Timesheet) error { return rows.Scan(&t.ID, &t.Notes, &t.Location) })
		if err != nil {
			return nil, err
		}
		for i := range candidates {
			if len(found) < limit && beginWords(wordsOf(candidates[i].Notes, candidates[i].Location), words) {
				found = append(found, candidates[i].ID)
			}
		}
		if user != "" && len(candidates) < searchTogether || user == "" && from+searchTogether >= len(ids) {
			break
		}
	}
	args := []any{}
	return collect(ctx, r, "select "+timesheetColumns+" from"+timesheetTables+" where t.id in "+list(&args, found)+" order by t.date desc, t.id desc", args, scanTimesheet)
}

// beginWords reports whether each prefix begins one of the words.
func beginWords(words, prefixes []string) bool {
	return !slices.ContainsFunc(prefixes, func(prefix string) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, prefix) })
	})
}

// withWord are the newest entries with a word that has this beginning. The keys
// that there are in its range are found by leaps from one to the next, and then
// the newest of each.
func (r reads) withWord(ctx context.Context, prefix string) ([]fieldops.ID, error) {
	const most = 200
	first, last := keysFrom(prefix)
	keys, err := collect(ctx, r, `with recursive keys (word) as (
			select min(word) from timesheet_words where word >= $1 and word < $2
			union all select (select min(w.word) from timesheet_words w where w.word > keys.word and w.word < $2) from keys where keys.word is not null)
		select word from keys where word is not null`+fmt.Sprintf(" limit %d", most), []any{first, last},
		func(rows *sql.Rows, key *int64) error { return rows.Scan(key) })
	if err != nil || len(keys) == 0 {
		return []fieldops.ID{}, err
	}
	var w where
	parts := make([]string, len(keys))
	for i, key := range keys {
		parts[i] = fmt.Sprintf("select timesheet_id from (select timesheet_id from timesheet_words where word = %s order by timesheet_id desc limit %d) of_%d",
			w.arg(key), max(searchDepth/len(keys), 100), i)
	}
	return collect(ctx, r, "select timesheet_id from ("+strings.Join(parts, " union ")+fmt.Sprintf(") found order by timesheet_id desc limit %d", searchDepth), w.args,
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
}

// FoundDocument is an invoice, a quote or a purchase order that a search found.
type FoundDocument struct {
	ID         fieldops.ID   `json:"id"`
	Number     string        `json:"number"`
	Status     string        `json:"status"`
	Date       fieldops.Date `json:"date"`
	ClientName string        `json:"client_name"`
}

// SearchDocuments finds documents of a kind by a part of their number, newest
// first.
func (r reads) SearchDocuments(ctx context.Context, kind fieldops.DocumentKind, number string, limit int) ([]FoundDocument, error) {
	from := "live_invoices d left join /* deleted too */ clients c on c.id = d.client_id"
	columns := [2]string{"d.invoice_number", "d.issue_date"}
	switch kind {
	case fieldops.KindPurchaseOrder:
		from, columns = "live_purchase_orders d left join /* deleted too */ clients c on c.id = d.supplier_id", [2]string{"d.po_number", "d.date"}
	case SearchQuotes:
		from, columns[0] = "live_quotes d left join /* deleted too */ clients c on c.id = d.client_id", "d.quote_number"
	}
	return collect(ctx, r, "select d.id, "+columns[0]+", d.status, "+columns[1]+", coalesce(c.name, '') from "+from+
		" where lower("+columns[0]+`) like $1 escape '\'`+fmt.Sprintf(" order by %s desc, d.id desc limit %d", columns[1], limit), []any{contains(strings.ToLower(strings.TrimSpace(number)))},
		func(rows *sql.Rows, d *FoundDocument) error {
			return rows.Scan(&d.ID, &d.Number, &d.Status, &d.Date, &d.ClientName)
		})
}

// RecentSearches are what a person searched for lately, as JSON; "" is nothing.
func (r reads) RecentSearches(ctx context.Context, user fieldops.ID) (string, error) {
	found, err := collect(ctx, r, "select coalesce(value, '') from user_settings where user_id = $1 and key = 'recent_searches'", []any{user},
		func(rows *sql.Rows, value *string) error { return rows.Scan(value) })
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

// SetRecentSearches keeps what a person searched for lately, by what change
// makes of it. Of a person's own searches no audit entry is made.
func (tx *Tx) SetRecentSearches(ctx context.Context, user fieldops.ID, change func(before string) (string, error)) error {
	if err := tx.lockRow(ctx, "users", user); err != nil {
		return notFound(err, "User")
	}
	before, err := tx.RecentSearches(ctx, user)
	if err != nil {
		return err
	}
	after, err := change(before)
	if err != nil {
		return err
	}
	_, err = tx.q.ExecContext(ctx, `insert into user_settings (user_id, key, value, updated_at) values ($1, 'recent_searches', $2, $3)
		on conflict (user_id, key) do update set value = excluded.value, updated_at = excluded.updated_at`, user, after, tx.Now)
	return err
}

// andBegins wants every word of the searched text at the beginning of a word of
// a folded column.
func (w *where) andBegins(column, search string) {
	for _, word := range strings.Fields(fold(search)) {
		begins := strings.TrimPrefix(contains(word), "%")
		var either []string
		var values []any
		for _, before := range []string{"", "% ", "%\n", "%-", "%.", "%@", "%(", "%/"} {
			either, values = append(either, column+` like ? escape '\'`), append(values, before+begins)
		}
		w.and("("+strings.Join(either, " or ")+")", values...)
	}
}

// SearchClients finds clients by the beginnings of words in name, contact
// person, address or place.
func (r reads) SearchClients(ctx context.Context, search string, limit int) ([]fieldops.Client, error) {
	w := &where{}
	w.and("c.deleted_at is null")
	w.andBegins("c.search_folded", search)
	return collect(ctx, r, "select "+clientColumns+" from /* deleted too */ clients c where "+w.String()+fmt.Sprintf(" order by %s, c.id limit %d", r.bytewise("c.name_folded"), limit), w.args,
		func(rows *sql.Rows, c *fieldops.Client) error { return rows.Scan(clientPlaces(c)...) })
}

// SearchProjects finds projects by the beginnings of words in code, name or
// description, the newest first.
func (r reads) SearchProjects(ctx context.Context, search string, limit int) ([]ProjectSummary, error) {
	w := &where{}
	w.and("p.deleted_at is null")
	w.andBegins("p.search_folded", search)
	return r.projectSummaries(ctx, w.String()+fmt.Sprintf(" order by p.created_at desc, p.id desc limit %d", limit), w.args)
}

// SearchQuotes is the kind of document that quotes are in a search. They have no
// way to the provider yet, so that fieldops names no kind for them.
const SearchQuotes fieldops.DocumentKind = "quote"
