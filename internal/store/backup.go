package store

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"ampedfieldops/internal/fieldops"
)

// NewestSchema is the number of the newest schema that this program knows.
func NewestSchema() int {
	all := migrations()
	return all[len(all)-1].number
}

// SchemaVersion is the number of the schema that the database has, 0 when it
// has none.
func (db *DB) SchemaVersion(ctx context.Context) (int, error) { return db.schemaVersion(ctx) }

// Blank reports whether nobody has begun to work with the database: it has no
// schema yet, or no user.
func (db *DB) Blank(ctx context.Context) (bool, error) {
	at, err := db.schemaVersion(ctx)
	if err != nil || at == 0 {
		return err == nil, err
	}
	users, err := db.CountUsers(ctx)
	return users == 0, err
}

// SaveFile writes a SQLite database as it stands at one moment into a new file,
// while others go on changing it.
func (db *DB) SaveFile(ctx context.Context, path string) error {
	if _, err := db.write.ExecContext(ctx, "vacuum into $1", path); err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	return nil
}

// CheckFile reports what SQLite finds wrong with a database's own structure.
func (db *DB) CheckFile(ctx context.Context) error {
	var finding string
	if err := db.write.QueryRowContext(ctx, "pragma quick_check(1)").Scan(&finding); err != nil {
		return fmt.Errorf("the database cannot be read: %w", err)
	}
	if finding != "ok" {
		return fmt.Errorf("the database is damaged: %s", finding)
	}
	return nil
}

// SettleFile brings everything that belongs to the closed SQLite database at
// path into that one file, so that it may be moved. It fails with ErrInUse while
// another process has the database open.
func SettleFile(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(2000)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	// Leaving WAL mode empties the log into the file; SQLite allows it to the
	// only connection (https://www.sqlite.org/wal.html).
	var mode string
	err = db.QueryRowContext(ctx, "pragma journal_mode=delete").Scan(&mode)
	err = errors.Join(err, db.Close())
	if broken, ok := errors.AsType[*sqlite.Error](err); ok && broken.Code()&0xff == sqlite3.SQLITE_BUSY || err == nil && mode != "delete" {
		return fmt.Errorf("%s: %w", path, ErrInUse)
	}
	if err != nil {
		return fmt.Errorf("the database %s cannot be read: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// ErrInUse refuses to touch the file of a database that somebody has open.
var ErrInUse = errors.New("the database is in use by another process")

var createTable = regexp.MustCompile(`(?m)^create table (?:if not exists )?([a-z_0-9]+) \(`)

// ourTables are the tables that the migrations up to a number have made, each
// after those that it refers to. The tables of the job queue are not ours.
func ourTables(upTo int) []string {
	var names []string
	for _, m := range migrations() {
		if m.number > upTo {
			break
		}
		for _, found := range createTable.FindAllStringSubmatch(m.text, -1) {
			names = append(names, found[1])
		}
	}
	return names
}

// DumpTables writes every table of a PostgreSQL database, all as they stand at
// the same moment, as CSV with a line of column names (RFC 4180, as PostgreSQL
// writes it: nothing between two commas is NULL, "" is an empty text). table is
// called for one table after the other and must call rows once. Jobs are left
// out: what is still to be done follows from the sync intents.
func (db *DB) DumpTables(ctx context.Context, table func(name string, rows func(io.Writer) error) error) error {
	return db.onPostgres(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, func(conn *sql.Conn, tx *sql.Tx) error {
		var at int
		if err := tx.QueryRowContext(ctx, "select coalesce(max(number), 0) from schema_migrations").Scan(&at); err != nil {
			return err
		}
		for _, name := range ourTables(at) {
			rows := func(w io.Writer) error {
				return copying(conn, func(c *stdlib.Conn) error {
					_, err := c.Conn().PgConn().CopyTo(ctx, w, "copy "+name+" to stdout with (format csv, header)")
					return err
				})
			}
			if err := table(name, rows); err != nil {
				return fmt.Errorf("table %s: %w", name, err)
			}
		}
		return nil
	})
}

// DumpedTable is one table as DumpTables wrote it.
type DumpedTable struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// RestoreTables makes a PostgreSQL database what it was when DumpTables wrote
// it under the schema of a number, brings it to this program's schema, and
// holds everything back from Xero until the two were compared: all of it in one
// transaction, which changes nothing when it fails. It refuses while another
// process of the program is connected, and, without replace, a database that
// somebody works with. A database of another program is refused in any case.
func (db *DB) RestoreTables(ctx context.Context, schema int, tables []DumpedTable, replace bool) error {
	if schema < 1 || schema > NewestSchema() {
		return fmt.Errorf("the backup was made by a newer version of the program (schema %d, this program knows %d)", schema, NewestSchema())
	}
	for _, t := range tables {
		if !slices.Contains(ourTables(schema), t.Name) {
			return fmt.Errorf("the backup holds a table that the schema does not know: %q", t.Name)
		}
	}
	err := db.onPostgres(ctx, nil, func(conn *sql.Conn, tx *sql.Tx) error {
		if err := db.clearPostgres(ctx, tx, replace); err != nil {
			return err
		}
		if _, err := applyMigrations(ctx, tx, Postgres, schema); err != nil {
			return err
		}
		// A migration may have put rows of its own into its tables.
		if _, err := tx.ExecContext(ctx, "truncate "+strings.Join(ourTables(schema), ", ")); err != nil {
			return err
		}
		for _, t := range tables {
			if err := loadTable(ctx, conn, t); err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
		}
		if _, err := applyMigrations(ctx, tx, Postgres, NewestSchema()); err != nil {
			return err
		}
		change := &Tx{reads: reads{q: tx, engine: Postgres, reference: new(keptReference)}, Actor: fieldops.System, Now: fieldops.At(time.Now()), tx: tx, queue: db.queue}
		return change.BeginComparison(ctx)
	})
	if err != nil {
		return err
	}
	return db.queue.Migrate(ctx)
}

// clearPostgres removes our tables, and the jobs about them.
func (db *DB) clearPostgres(ctx context.Context, tx *sql.Tx, replace bool) error {
	// The same lock as for migrations: a process that starts now waits.
	if _, err := tx.ExecContext(ctx, "select pg_advisory_xact_lock(7215001)"); err != nil {
		return err
	}
	if err := aloneOnPostgres(ctx, tx); err != nil {
		return err
	}
	there, err := collect(ctx, reads{q: tx, engine: Postgres}, "select tablename from pg_tables where schemaname = current_schema()", nil,
		func(rows *sql.Rows, name *string) error { return rows.Scan(name) })
	if err != nil {
		return err
	}
	if !slices.Contains(there, "schema_migrations") {
		for _, name := range ourTables(NewestSchema()) {
			if slices.Contains(there, name) {
				return fmt.Errorf("the database holds a table %s that is not this program's; restore into a database of its own", name)
			}
		}
		return nil
	}
	var at, users int
	if err := tx.QueryRowContext(ctx, "select (select coalesce(max(number), 0) from schema_migrations), (select count(*) from users)").Scan(&at, &users); err != nil {
		return err
	}
	if at > NewestSchema() {
		return fmt.Errorf("the database was written by a newer version of the program (schema %d, this program knows %d)", at, NewestSchema())
	}
	if users > 0 && !replace {
		return ErrNotBlank
	}
	drop := []string{"schema_migrations"}
	for _, name := range ourTables(NewestSchema()) {
		if slices.Contains(there, name) {
			drop = append(drop, name)
		}
	}
	if _, err := tx.ExecContext(ctx, "drop table "+strings.Join(drop, ", ")+" cascade"); err != nil {
		return err
	}
	if slices.Contains(there, "river_job") {
		_, err = tx.ExecContext(ctx, "delete from river_job")
	}
	return err
}

// aloneOnPostgres refuses while another process of the program is connected. It
// looks again for a second, because PostgreSQL may still be ending the
// connections of one that has just stopped.
func aloneOnPostgres(ctx context.Context, tx *sql.Tx) error {
	for try := 1; ; try++ {
		var others int
		if err := tx.QueryRowContext(ctx, `select count(*) from pg_stat_activity
			where datname = current_database() and application_name = 'ampedfieldops' and pid <> pg_backend_pid()`).Scan(&others); err != nil {
			return err
		}
		if others == 0 {
			return nil
		}
		if try == 10 {
			return fmt.Errorf("%w: stop the program first", ErrInUse)
		}
		// The statistics are frozen for a transaction unless told otherwise.
		if _, err := tx.ExecContext(ctx, "select pg_stat_clear_snapshot(), pg_sleep(0.1)"); err != nil {
			return err
		}
	}
}

// ErrNotBlank refuses to restore over somebody's work.
var ErrNotBlank = errors.New("there is work in the database already")

var columnNames = regexp.MustCompile(`^[a-z_0-9]+(,[a-z_0-9]+)*$`)

func loadTable(ctx context.Context, conn *sql.Conn, t DumpedTable) error {
	file, err := t.Open()
	if err != nil {
		return err
	}
	defer file.Close()
	rows := bufio.NewReader(file)
	head, err := rows.ReadString('\n')
	if err != nil {
		return fmt.Errorf("the line of column names: %w", err)
	}
	head = strings.TrimSpace(head)
	if !columnNames.MatchString(head) {
		return errors.New("the first line does not hold column names")
	}
	return copying(conn, func(c *stdlib.Conn) error {
		_, err := c.Conn().PgConn().CopyFrom(ctx, rows, "copy "+t.Name+" ("+head+") from stdin with (format csv)")
		return err
	})
}

// copying hands out the connection beneath, for COPY, which database/sql does
// not know.
func copying(conn *sql.Conn, use func(*stdlib.Conn) error) error {
	return conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the database's driver is %T, not pgx", driver)
		}
		return use(c)
	})
}

// onPostgres runs do in one transaction of one connection.
func (db *DB) onPostgres(ctx context.Context, options *sql.TxOptions, do func(conn *sql.Conn, tx *sql.Tx) error) error {
	if db.engine != Postgres {
		return fmt.Errorf("this is for PostgreSQL, and the database is %s", db.engine)
	}
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it has nothing to do
	// Whoever gives or takes the rows may be slow.
	if _, err := tx.ExecContext(ctx, "set local datestyle to 'ISO'; set local idle_in_transaction_session_timeout = 0"); err != nil {
		return err
	}
	if err := do(conn, tx); err != nil {
		return err
	}
	return tx.Commit()
}
