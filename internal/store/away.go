package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrInDoubt is a commit whose answer was lost: the change may stand or not.
var ErrInDoubt = errors.New("the database was lost while a change was being committed")

// Away reports whether err says that the database cannot be reached now, or went
// away under way. A caller that ran out of time does not know.
func Away(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	if told, ok := errors.AsType[*pgconn.PgError](err); ok {
		// A connection's trouble, a server that stops, broke down, starts or is full
		// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
		return strings.HasPrefix(told.Code, "08") || slices.Contains([]string{"57P01", "57P02", "57P03", "53300"}, told.Code)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	// Not any net.Error: a full disk's errno would be one.
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	for _, lost := range []error{ErrInDoubt, io.EOF, io.ErrUnexpectedEOF, pgconn.ErrConnClosed, driver.ErrBadConn, sql.ErrConnDone} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}

// commitError is what a failed commit means on PostgreSQL: refused, or in doubt.
func commitError(err error) error {
	if _, told := errors.AsType[*pgconn.PgError](err); told && !Away(err) {
		return err
	}
	return errors.Join(ErrInDoubt, err)
}

// Full reports whether err says that a disk has no room left, the database's or
// the one that files are on.
func Full(err error) bool {
	if told, ok := errors.AsType[*sqlite.Error](err); ok {
		return told.Code()&0xff == sqlite3.SQLITE_FULL
	}
	told, ok := errors.AsType[*pgconn.PgError](err)
	return ok && told.Code == "53100" || errors.Is(err, syscall.ENOSPC)
}
