package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
)

// Page is a part of a list: Number counts from 1, Size is the rows of a page.
// AfterID, unless empty, has the list go on behind the row of that id instead,
// which costs the same however far down it is.
type Page struct {
	Number, Size int
	AfterID      fieldops.ID
}

// Listing is what a page of a list tells besides its rows.
type Listing struct {
	Total     int
	Estimated bool // Total is up to a minute old
	More      bool // rows follow
}

// listOrder is the order of a list: SQL expressions all in one direction, of
// which the last, an id, is unique.
type listOrder struct {
	keys []string
	desc bool
}

func (o listOrder) sql(backwards bool) string {
	direction := " asc"
	if o.desc != backwards {
		direction = " desc"
	}
	return " order by " + strings.Join(o.keys, direction+", ") + direction
}

// pageOf reads one page of a list. from is what follows "from" in SQL, w chooses
// the rows, read selects them with a condition, an order and a limit behind it.
//
// A page behind the middle is read from the end, so that the last page costs what
// the first one does.
func pageOf[T any](ctx context.Context, r reads, from string, w *where, o listOrder, p Page, read func(rest string, args []any) ([]T, error)) ([]T, Listing, error) {
	l, err := r.count(ctx, from, w)
	if err != nil {
		return nil, l, err
	}
	if p.AfterID != "" {
		if err := r.continueAfter(ctx, from, w, o, p.AfterID); err != nil {
			return nil, l, err
		}
		rows, err := read(w.String()+o.sql(false)+fmt.Sprintf(" limit %d", p.Size+1), w.args)
		if l.More = len(rows) > p.Size; l.More {
			rows = rows[:p.Size]
		}
		return rows, l, err
	}
	offset := (p.Number - 1) * p.Size
	size := min(p.Size, l.Total-offset)
	if size <= 0 {
		return []T{}, l, nil
	}
	l.More = offset+size < l.Total
	backwards := offset > l.Total/2
	if backwards {
		offset = l.Total - offset - size
	}
	rows, err := read(w.String()+o.sql(backwards)+fmt.Sprintf(" limit %d offset %d", size, offset), w.args)
	if backwards {
		slices.Reverse(rows)
	}
	return rows, l, err
}

// continueAfter leaves only the rows that follow the one of an id.
func (r reads) continueAfter(ctx context.Context, from string, w *where, o listOrder, id fieldops.ID) error {
	// The values come back as the driver gives them and go in again as such.
	values, places := make([]any, len(o.keys)), make([]any, len(o.keys))
	for i := range values {
		places[i] = &values[i]
	}
	unique := o.keys[len(o.keys)-1]
	err := r.q.QueryRowContext(ctx, "select "+strings.Join(o.keys, ", ")+" from "+from+" where "+unique+" = $1", id).Scan(places...)
	if noRows(err) == nil && err != nil {
		return fieldops.Refuse(fieldops.Invalid, "There is no row to go on behind")
	}
	if err != nil {
		return err
	}
	comparison := ">"
	if o.desc {
		comparison = "<"
	}
	values[len(values)-1] = id // PostgreSQL's driver gives an id as bytes
	w.and("("+strings.Join(o.keys, ", ")+") "+comparison+" ("+strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")+")", values...)
	return nil
}

const (
	countExactly = 10_000      // beyond that a total may be older than the rows
	countAgain   = time.Minute // how old
)

// count tells how many rows a list has. Up to 10,000 it is exact; beyond that
// all are counted at most once a minute, because counting a million rows for each
// page would cost more than the page.
func (r reads) count(ctx context.Context, from string, w *where) (Listing, error) {
	condition := from + " where " + w.String()
	total, asOf, err := sumKept(r, condition+fmt.Sprint(w.args), func() (total, rows int, err error) {
		err = r.q.QueryRowContext(ctx, fmt.Sprintf("select count(*) from (select 1 as one from %s limit %d) counted", condition, r.sums.exactly+1), w.args...).Scan(&total)
		if err == nil && total > r.sums.exactly {
			err = r.q.QueryRowContext(ctx, "select count(*) from "+condition, w.args...).Scan(&total)
		}
		return total, total, err
	})
	return Listing{Total: total, Estimated: !asOf.IsZero()}, err
}
