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

// searchedRecords are the kinds of record that words are kept of: their table,
// and the text columns that the words stand in.
var searchedRecords = map[fieldops.RecordKind]struct{ table, texts string }{
	fieldops.RecordTimesheet:     {"timesheets", "notes, location"},
	fieldops.RecordClient:        {"clients", "search_folded, null"},
	fieldops.RecordProject:       {"projects", "search_folded, null"},
	fieldops.RecordInvoice:       {"xero_invoices", "invoice_number, null"},
	fieldops.RecordPurchaseOrder: {"xero_purchase_orders", "po_number, null"},
	fieldops.RecordQuote:         {"xero_quotes", "quote_number, null"},
	fieldops.RecordProjectFile:   {"project_files", "words, null"},
}

// searchedWords are the words that somebody searches for, folded, each once.
func searchedWords(text string) []string {
	words := strings.FieldsFunc(fold(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	slices.Sort(words)
	return slices.Compact(words)
}

// wordsOf are the words by which texts are found. A number is found with its
// zeros and without: INV-00042 is 00042 and 42.
func wordsOf(texts ...*string) []string {
	words := searchedWords(foldAll(texts...))
	for _, word := range words {
		if plain := strings.TrimLeft(word, "0"); plain != word && plain != "" {
			words = append(words, plain)
		}
	}
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

// keysOf are the keys of the words of texts, each once.
func keysOf(texts ...*string) []int64 {
	var keys []int64
	for _, word := range wordsOf(texts...) {
		key, _ := keysFrom(word)
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// indexWords brings the words by which a record is found up to date: was are the
// keys of its texts as they were, is as they are.
func (tx *Tx) indexWords(ctx context.Context, kind fieldops.RecordKind, id fieldops.ID, was, is []int64) error {
	without := func(keys, others []int64) []int64 {
		return slices.DeleteFunc(slices.Clone(keys), func(key int64) bool { return slices.Contains(others, key) })
	}
	if err := tx.forgetWords(ctx, kind, id, without(was, is)); err != nil {
		return err
	}
	return insertWords(ctx, tx.q, kind, []fieldops.ID{id}, [][]int64{without(is, was)})
}

func (tx *Tx) forgetWords(ctx context.Context, kind fieldops.RecordKind, id fieldops.ID, keys []int64) error {
	if len(keys) == 0 {
		return nil
	}
	args := []any{kind, id}
	_, err := tx.q.ExecContext(ctx, "delete from search_words where entity_type = $1 and entity_id = $2 and word in "+list(&args, keys), args...)
	return err
}

// forgetDeleted forgets the words of all records of a deletion.
func (tx *Tx) forgetDeleted(ctx context.Context, deletion fieldops.ID) error {
	for kind, of := range searchedRecords {
		found, err := collect(ctx, tx.reads, "select id, "+of.texts+" from /* deleted too */ "+of.table+" where deletion_id = $1", []any{deletion}, scanWorded)
		if err != nil {
			return err
		}
		for i := range found {
			if err := tx.forgetWords(ctx, kind, found[i].id, keysOf(found[i].texts[:]...)); err != nil {
				return err
			}
		}
	}
	return nil
}

// worded is a record with the texts that its words stand in.
type worded struct {
	id    fieldops.ID
	texts [2]*string
}

func scanWorded(rows *sql.Rows, w *worded) error { return rows.Scan(&w.id, &w.texts[0], &w.texts[1]) }

func insertWords(ctx context.Context, q querier, kind fieldops.RecordKind, ids []fieldops.ID, keys [][]int64) error {
	var w where
	var rows []string
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		_, err := q.ExecContext(ctx, "insert into search_words (entity_type, word, entity_id) values "+strings.Join(rows, ", ")+" on conflict do nothing", w.args...)
		w, rows = where{}, nil
		return err
	}
	for i, id := range ids {
		for _, key := range keys[i] {
			if rows = append(rows, w.row(kind, key, id)); len(rows) == 300 {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// indexAllWords fills in the words of each kind of record of which there are some
// and no words, as in a database that was brought up from an older schema.
func indexAllWords(ctx context.Context, tx *sql.Tx, engine Engine) error {
	r := reads{q: tx, engine: engine}
	for kind, of := range searchedRecords {
		var empty bool
		if err := tx.QueryRowContext(ctx, "select not exists (select 1 from search_words where entity_type = $1)", kind).Scan(&empty); err != nil {
			return err
		}
		for last := ""; empty; {
			w := &where{}
			if last != "" {
				w.and("id > ?", last)
			}
			some, err := collect(ctx, r, "select id, "+of.texts+" from /* deleted too */ "+of.table+" where "+w.String()+" order by id limit 1000", w.args, scanWorded)
			if err != nil {
				return err
			}
			if len(some) == 0 {
				break
			}
			ids, keys := make([]fieldops.ID, len(some)), make([][]int64, len(some))
			for i := range some {
				ids[i], keys[i] = some[i].id, keysOf(some[i].texts[:]...)
			}
			if err := insertWords(ctx, tx, kind, ids, keys); err != nil {
				return err
			}
			last = ids[len(ids)-1]
		}
	}
	return nil
}

// searchDepth is how many of the newest records that hold a word are looked at
// for the other words, and how many of a person's own entries.
const searchDepth = 5000

// searchTogether is how many of them are looked at at once.
const searchTogether = 500

// found are the newest records of a kind, at most limit, with every searched word
// at the beginning of one of theirs. user, unless "", is whose timesheets are
// searched. Its cost does not grow with the number of records: of a word that
// very many have, the newest searchDepth count.
func (r reads) found(ctx context.Context, kind fieldops.RecordKind, search string, user fieldops.ID, limit int) ([]fieldops.ID, error) {
	words := searchedWords(search)
	if len(words) == 0 {
		return nil, nil
	}
	var ids []fieldops.ID
	if user == "" {
		var err error
		if ids, err = r.withWord(ctx, kind, slices.MaxFunc(words, func(a, b string) int { return len(a) - len(b) })); err != nil {
			return nil, err
		}
	}
	of := searchedRecords[kind]
	// Most of what has one word has them all, so that a first part is often enough.
	var found []fieldops.ID
	for from := 0; from < searchDepth && len(found) < limit; from += searchTogether {
		w, rest := &where{}, " order by id desc"
		if user != "" {
			w.and("user_id = ?", user)
			rest = fmt.Sprintf(" order by date desc, id desc limit %d offset %d", searchTogether, from)
		} else {
			w.and(r.among(w, "id", ids[min(from, len(ids)):min(from+searchTogether, len(ids))]))
		}
		w.and("deleted_at is null")
		candidates, err := collect(ctx, r, "select id, "+of.texts+" from /* deleted too */ "+of.table+" where "+w.String()+rest, w.args, scanWorded)
		if err != nil {
			return nil, err
		}
		for i := range candidates {
			if len(found) < limit && beginWords(wordsOf(candidates[i].texts[:]...), words) {
				found = append(found, candidates[i].id)
			}
		}
		if user != "" && len(candidates) < searchTogether || user == "" && from+searchTogether >= len(ids) {
			break
		}
	}
	return found, nil
}

// beginWords reports whether each prefix begins one of the words.
func beginWords(words, prefixes []string) bool {
	return !slices.ContainsFunc(prefixes, func(prefix string) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, prefix) })
	})
}

// withWord are the newest records of a kind with a word that has this beginning.
// The keys that there are in its range are found by leaps from one to the next,
// and then the newest of each.
func (r reads) withWord(ctx context.Context, kind fieldops.RecordKind, prefix string) ([]fieldops.ID, error) {
	const most = 200
	first, last := keysFrom(prefix)
	keys, err := collect(ctx, r, `with recursive keys (word) as (
			select min(word) from search_words where entity_type = $1 and word >= $2 and word < $3
			union all select (select min(w.word) from search_words w where w.entity_type = $1 and w.word > keys.word and w.word < $3) from keys where keys.word is not null)
		select word from keys where word is not null`+fmt.Sprintf(" limit %d", most), []any{kind, first, last},
		func(rows *sql.Rows, key *int64) error { return rows.Scan(key) })
	if err != nil || len(keys) == 0 {
		return []fieldops.ID{}, err
	}
	var w where
	of := w.arg(kind)
	parts := make([]string, len(keys))
	for i, key := range keys {
		parts[i] = fmt.Sprintf("select entity_id from (select entity_id from search_words where entity_type = %s and word = %s order by entity_id desc limit %d) of_%d",
			of, w.arg(key), max(searchDepth/len(keys), 100), i)
	}
	return collect(ctx, r, "select entity_id from ("+strings.Join(parts, " union ")+fmt.Sprintf(") found order by entity_id desc limit %d", searchDepth), w.args,
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
}

// SearchTimesheets finds entries by the beginnings of words in notes or place, the
// newest first. user, unless "", is whose entries are searched.
func (r reads) SearchTimesheets(ctx context.Context, search string, user fieldops.ID, limit int) ([]fieldops.Timesheet, error) {
	found, err := r.found(ctx, fieldops.RecordTimesheet, search, user, limit)
	if err != nil || len(found) == 0 {
		return []fieldops.Timesheet{}, err
	}
	w := &where{}
	return r.collectTimesheets(ctx, " where "+r.among(w, "t.id", found)+" order by t.date desc, t.id desc", w.args)
}

// SearchClients finds clients by the beginnings of words in name, contact
// person, address or place, by name.
func (r reads) SearchClients(ctx context.Context, search string, limit int) ([]fieldops.Client, error) {
	found, err := r.found(ctx, fieldops.RecordClient, search, "", searchDepth)
	if err != nil || len(found) == 0 {
		return []fieldops.Client{}, err
	}
	w := &where{}
	return collect(ctx, r, "select "+clientColumns+" from /* deleted too */ clients c where "+r.among(w, "c.id", found)+fmt.Sprintf(" order by %s, c.id limit %d", r.bytewise("c.name_folded"), limit), w.args,
		func(rows *sql.Rows, c *fieldops.Client) error { return rows.Scan(clientPlaces(c)...) })
}

// SearchProjects finds projects by the beginnings of words in code, name or
// description, the newest first.
func (r reads) SearchProjects(ctx context.Context, search string, limit int) ([]FoundProject, error) {
	found, err := r.found(ctx, fieldops.RecordProject, search, "", limit)
	if err != nil || len(found) == 0 {
		return []FoundProject{}, err
	}
	w := &where{}
	return collect(ctx, r, "select p.id, p.code, p.name, p.status, coalesce(c.name, '') from /* deleted too */ projects p left join /* deleted too */ clients c on c.id = p.client_id where "+
		r.among(w, "p.id", found)+" order by p.created_at desc, p.id desc", w.args,
		func(rows *sql.Rows, p *FoundProject) error {
			return rows.Scan(&p.ID, &p.Code, &p.Name, &p.Status, &p.ClientName)
		})
}

// FoundProject is a project that a search found.
type FoundProject struct {
	ID         fieldops.ID `json:"id"`
	Code       string      `json:"code"`
	Name       string      `json:"name"`
	Status     string      `json:"status"`
	ClientName string      `json:"client_name"`
}

// FoundDocument is an invoice, a quote or a purchase order that a search found.
type FoundDocument struct {
	ID         fieldops.ID   `json:"id"`
	Number     string        `json:"number"`
	Status     string        `json:"status"`
	Date       fieldops.Date `json:"date"`
	ClientName string        `json:"client_name"`
}

// SearchDocuments finds invoices, quotes or purchase orders by the parts of their
// number, the newest first.
func (r reads) SearchDocuments(ctx context.Context, kind fieldops.RecordKind, number string, limit int) ([]FoundDocument, error) {
	found, err := r.found(ctx, kind, number, "", limit)
	if err != nil || len(found) == 0 {
		return []FoundDocument{}, err
	}
	columns := map[fieldops.RecordKind][3]string{
		fieldops.RecordInvoice: {"invoice_number", "issue_date", "client_id"}, fieldops.RecordQuote: {"quote_number", "issue_date", "client_id"}, fieldops.RecordPurchaseOrder: {"po_number", "date", "supplier_id"},
	}[kind]
	w := &where{}
	return collect(ctx, r, "select d.id, d."+columns[0]+", d.status, d."+columns[1]+", coalesce(c.name, '') from /* deleted too */ "+searchedRecords[kind].table+
		" d left join /* deleted too */ clients c on c.id = d."+columns[2]+" where "+r.among(w, "d.id", found)+" order by d."+columns[1]+" desc, d.id desc", w.args,
		func(rows *sql.Rows, d *FoundDocument) error {
			return rows.Scan(&d.ID, &d.Number, &d.Status, &d.Date, &d.ClientName)
		})
}

// SearchProjectFiles finds files of projects and cost centres by the beginnings of
// words in name or tags, the newest first.
func (r reads) SearchProjectFiles(ctx context.Context, search string, limit int) ([]fieldops.ProjectFile, error) {
	found, err := r.found(ctx, fieldops.RecordProjectFile, search, "", limit)
	if err != nil || len(found) == 0 {
		return []fieldops.ProjectFile{}, err
	}
	w := &where{}
	return collect(ctx, r, "select "+projectFileColumns+" from /* deleted too */ project_files f"+projectFileTables+" where "+
		r.among(w, "f.id", found)+" order by f.created_at desc, f.id desc", w.args, scanProjectFile)
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
