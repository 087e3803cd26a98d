// Package check decides from outside whether every document reached the
// accounting provider exactly once. It reads the database with SQL of its own
// and the simulated provider through its control API, with structs of its own,
// and shares no code with the program that it checks: a mistake made there is
// not made here a second time.
package check

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"
	_ "modernc.org/sqlite"             // the database/sql driver "sqlite"
)

// Evidence is what is looked at once a history has come to rest.
type Evidence struct {
	// Driver and DSN open the database with database/sql: "pgx" or "sqlite".
	Driver, DSN string
	// Control is the address of the simulator, without /_sim.
	Control string
	// Secrets must stand in no text of the database and in none of Logs.
	Secrets []string
	Logs    []string // paths of the programs' log files
	// Minute is how long the window is in which at most 60 calls may begin; 0
	// leaves that unchecked.
	Minute time.Duration
	// InFlight is how many calls may be under way at once; 0 leaves that
	// unchecked, as a paused program has to be granted one call too many.
	InFlight int
	// Call is how long a call may seem to be under way; 0 leaves that unchecked.
	Call time.Duration
	// SameClock says that the database and the simulator tell the same time, so
	// that their records can be compared.
	SameClock bool
}

// Findings are the result of a check.
type Findings struct {
	Violations []string
	Documents  int      // local documents that were asked to go to the provider
	Remote     int      // documents that the provider holds, gone ones too
	Calls      int      // calls that the provider saw
	Rows       int      // rows of sync_logs
	Failed     []string // ids of documents and clients that have failed for certain
}

func (f *Findings) violate(format string, args ...any) {
	f.Violations = append(f.Violations, fmt.Sprintf(format, args...))
}

// Run looks at everything. An error means that the evidence could not be read,
// and says nothing about the books.
func Run(ctx context.Context, e Evidence) (Findings, error) {
	var f Findings
	db, err := sql.Open(e.Driver, e.DSN)
	if err != nil {
		return f, err
	}
	defer db.Close()
	// A program at rest still reads documents again at times. What it wrote down
	// is read between two readings of the calls: those of the first must have
	// their rows, and the rows must have their calls in the second.
	var before []*call
	if err := control(ctx, e.Control, "calls", &before); err != nil {
		return f, fmt.Errorf("the simulator cannot be read: %w", err)
	}
	local, err := readBooks(ctx, db)
	if err != nil {
		return f, fmt.Errorf("the database cannot be read: %w", err)
	}
	remote, err := readProvider(ctx, e.Control)
	if err != nil {
		return f, fmt.Errorf("the simulator cannot be read: %w", err)
	}
	f.Documents, f.Calls, f.Rows = len(local.documents), len(remote.calls), len(local.logs)
	f.Remote = len(remote.documents)
	checkRest(&f, e, local)
	checkDocuments(&f, local, remote)
	checkContacts(&f, local, remote)
	checkStrangers(&f, local, remote)
	checkTimesheets(&f, local)
	checkCalls(&f, e, local, before, remote.calls)
	checkRows(&f, e, local)
	checkLimits(&f, e, remote)
	return f, checkSecrets(ctx, &f, e, db)
}

// row is a row of a table with every value as text; NULL is absent.
type row map[string]string

func (r row) has(column string) bool { _, ok := r[column]; return ok }

// day is a date column of either engine as 2006-01-02.
func (r row) day(column string) string {
	day, _, _ := strings.Cut(r[column], "T")
	return day
}

func (r row) is(column string) bool { return r[column] == "true" || r[column] == "1" }

func (r row) at(column string) (time.Time, error) {
	if !r.has(column) {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, r[column])
}

// read is all rows of a query.
func read(ctx context.Context, db *sql.DB, query string) ([]row, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all []row
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		places := make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, fmt.Errorf("%s: %w", query, err)
		}
		r := row{}
		for i, v := range values {
			if v.Valid {
				r[columns[i]] = v.String
			}
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// tables names every table of the database.
func tables(ctx context.Context, e Evidence, db *sql.DB) ([]string, error) {
	query := "select name from sqlite_master where type = 'table' order by name"
	if e.Driver == "pgx" {
		query = "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by table_name"
	}
	rows, err := read(ctx, db, query)
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r["name"]
	}
	return names, err
}

// checkSecrets looks for secrets wherever text is kept.
func checkSecrets(ctx context.Context, f *Findings, e Evidence, db *sql.DB) error {
	names, err := tables(ctx, e, db)
	if err != nil {
		return err
	}
	for _, name := range names {
		rows, err := read(ctx, db, `select * from "`+name+`"`)
		if err != nil {
			return err
		}
		for _, r := range rows {
			for column, value := range r {
				for _, secret := range e.Secrets {
					if strings.Contains(value, secret) {
						f.violate("%s.%s holds a secret (row %s)", name, column, r["id"])
					}
				}
			}
		}
	}
	for _, path := range e.Logs {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, secret := range e.Secrets {
			if strings.Contains(string(text), secret) {
				f.violate("the log %s holds a secret", path)
			}
		}
	}
	return nil
}

// Dump writes the whole evidence, one JSON object a line, for a person who has
// to find out what happened.
func Dump(ctx context.Context, e Evidence, w io.Writer) error {
	db, err := sql.Open(e.Driver, e.DSN)
	if err != nil {
		return err
	}
	defer db.Close()
	names, err := tables(ctx, e, db)
	if err != nil {
		return err
	}
	out := json.NewEncoder(w)
	for _, name := range names {
		if strings.HasPrefix(name, "river_") && name != "river_job" || strings.HasPrefix(name, "sqlite_") {
			continue
		}
		rows, err := read(ctx, db, `select * from "`+name+`"`)
		if err != nil {
			return err
		}
		slices.SortStableFunc(rows, func(a, b row) int {
			return strings.Compare(a["created_at"]+a["opened_at"], b["created_at"]+b["opened_at"])
		})
		for _, r := range rows {
			if err := out.Encode(map[string]any{"table": name, "row": r}); err != nil {
				return err
			}
		}
	}
	for _, path := range []string{"documents/Invoices", "documents/PurchaseOrders", "documents/Contacts", "calls"} {
		var list []json.RawMessage
		if err := control(ctx, e.Control, path, &list); err != nil {
			return err
		}
		for _, item := range list {
			if err := out.Encode(map[string]any{"simulator": path, "row": item}); err != nil {
				return err
			}
		}
	}
	return nil
}
