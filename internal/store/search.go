package store

import (
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// fold is text as it is searched and sorted: without case and without marks, so
// that "maori" finds "Māori" on both engines, whose own lower() differ.
func fold(s string) string {
	// A transformer keeps state, so each call has its own.
	folded, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		folded = s // unreachable: none of the three refuses any input
	}
	return strings.ToLower(folded)
}

// foldAll is the searched text of a record: the texts one below the other, so
// that no phrase matches across two of them.
func foldAll(texts ...*string) string {
	var b strings.Builder
	for _, t := range texts {
		if t != nil && *t != "" {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(fold(*t))
		}
	}
	return b.String()
}

// andContains wants every word of the searched text somewhere in a folded
// column.
func (w *where) andContains(column, search string) {
	for _, word := range strings.Fields(fold(search)) {
		w.and(column+` like ? escape '\'`, contains(word))
	}
}

// bytewise orders a text column the same on both engines: PostgreSQL would use
// the language of the database, SQLite compares bytes.
func (r reads) bytewise(column string) string {
	if r.engine == Postgres {
		return column + ` collate "C"`
	}
	return column
}
