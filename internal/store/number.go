package store

import (
	"context"
	"fmt"

	"ampedfieldops/internal/fieldops"
)

// The number series of documents. A project's series bears its year:
// 'project-2026'.
const (
	invoiceSeries    = "invoice"
	orderSeries      = "purchase_order"
	billSeries       = "bill"
	quoteSeries      = "quote"
	creditNoteSeries = "credit_note"
)

// nextNumber takes the next number of a series, which begins at 1. Taking it
// locks the series until the transaction ends, so it is asked for when nothing
// is left to wait for. A number taken by a transaction that fails is given out
// again; one that was committed never is.
func (tx *Tx) nextNumber(ctx context.Context, series string) (int64, error) {
	var number int64
	err := tx.q.QueryRowContext(ctx, `insert into number_series (name, next) values ($1, 2)
		on conflict (name) do update set next = number_series.next + 1 returning next - 1`, series).Scan(&number)
	return number, err
}

// nextFreeNumber takes numbers of a series until one of them, written with its
// prefix, is held by no other document.
func (tx *Tx) nextFreeNumber(ctx context.Context, kind fieldops.DocumentKind, series, prefix string, padding int) (string, error) {
	for {
		next, err := tx.nextNumber(ctx, series)
		if err != nil {
			return "", err
		}
		number := WriteNumber(prefix, padding, next)
		if holder, err := tx.NumberTaken(ctx, kind, number, ""); err != nil || holder == "" {
			return number, err
		}
	}
}

// WriteNumber is the n-th number of a series as documents show it: "INV-00042".
func WriteNumber(prefix string, padding int, n int64) string {
	return fmt.Sprintf("%s%0*d", prefix, padding, n)
}

// peekNumber is the number that nextFreeNumber would give, unless somebody else
// takes it first.
func (r reads) peekNumber(ctx context.Context, kind fieldops.DocumentKind, series, prefix string, padding int) (string, error) {
	var next int64
	err := r.q.QueryRowContext(ctx, "select coalesce(max(next), 1) from number_series where name = $1", series).Scan(&next)
	if err != nil {
		return "", err
	}
	for ; ; next++ {
		number := WriteNumber(prefix, padding, next)
		if holder, err := r.NumberTaken(ctx, kind, number, ""); err != nil || holder == "" {
			return number, err
		}
	}
}

// TakeInvoiceNumber reserves the next invoice number. See nextNumber for when
// to call it.
func (tx *Tx) TakeInvoiceNumber(ctx context.Context, s fieldops.Settings) (string, error) {
	return tx.nextFreeNumber(ctx, fieldops.KindInvoice, invoiceSeries, s.InvoicePrefix, s.NumberPadding)
}

// PeekInvoiceNumber is the number that an invoice made now would get.
func (r reads) PeekInvoiceNumber(ctx context.Context, s fieldops.Settings) (string, error) {
	return r.peekNumber(ctx, fieldops.KindInvoice, invoiceSeries, s.InvoicePrefix, s.NumberPadding)
}

// TakePurchaseOrderNumber reserves the next purchase order number.
func (tx *Tx) TakePurchaseOrderNumber(ctx context.Context, s fieldops.Settings) (string, error) {
	return tx.nextFreeNumber(ctx, fieldops.KindPurchaseOrder, orderSeries, s.OrderPrefix, s.NumberPadding)
}

// freeNumberOf takes numbers of a series until no row of a table that does not
// travel to Xero holds one in a column. Deleted rows keep their numbers.
func (tx *Tx) freeNumberOf(ctx context.Context, table, column, series, prefix string, padding int) (string, error) {
	for {
		next, err := tx.nextNumber(ctx, series)
		if err != nil {
			return "", err
		}
		number := WriteNumber(prefix, padding, next)
		var holders int
		err = tx.q.QueryRowContext(ctx, "select count(*) from /* deleted too */ "+table+" where "+column+" = $1", number).Scan(&holders)
		if err != nil || holders == 0 {
			return number, err
		}
	}
}
