package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestWhatIsAwayAndWhatIsFull(t *testing.T) {
	t.Parallel()
	_, refused := net.Dial("tcp", "127.0.0.1:1")
	_, missing := os.Open(filepath.Join(t.TempDir(), "missing"))
	for name, c := range map[string]struct {
		err        error
		away, full bool
	}{
		"nobody listens":              {refused, true, false},
		"a commit nobody answered":    {commitError(io.ErrUnexpectedEOF), true, false},
		"the server stops":            {&pgconn.PgError{Code: "57P01"}, true, false},
		"the server's disk is full":   {&pgconn.PgError{Code: "53100"}, false, true},
		"the disk of files is full":   {&os.PathError{Op: "write", Path: "photo", Err: syscall.ENOSPC}, false, true},
		"a file that is not there":    {missing, false, false},
		"a caller that waits no more": {fmt.Errorf("begin: %w", context.DeadlineExceeded), false, false},
		"a constraint":                {&pgconn.PgError{Code: "23505"}, false, false},
		"no row":                      {sql.ErrNoRows, false, false},
	} {
		err := fmt.Errorf("saving: %w", c.err)
		if c.err == nil || Away(err) != c.away || Full(err) != c.full {
			t.Errorf("%s (%v): away %t, full %t", name, c.err, Away(err), Full(err))
		}
	}

	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "small.db")+"?_pragma=max_page_count(4)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("create table much (x blob)"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("insert into much values (zeroblob(100000))"); !Full(err) || Away(err) {
		t.Errorf("a SQLite that may not grow: %v, full %t, away %t", err, Full(err), Away(err))
	}
	if Full(nil) || Away(nil) || Full(errors.New("no room left on device")) {
		t.Error("what is no error of a disk is taken for one")
	}
}
