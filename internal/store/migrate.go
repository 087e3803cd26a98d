package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

type migration struct {
	number int
	name   string
	text   string
}

func migrations() []migration {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is constant
	}
	slices.Sort(names)
	all := make([]migration, 0, len(names))
	for _, name := range names {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			panic(err) // embedded
		}
		base := strings.TrimSuffix(strings.TrimPrefix(name, "migrations/"), ".sql")
		number, err := strconv.Atoi(base[:4])
		if err != nil {
			panic("migration " + base + " has no number")
		}
		all = append(all, migration{number, base, string(text)})
	}
	return all
}

// sqliteTypes are the words of PostgreSQL's data definition that SQLite's
// STRICT tables spell otherwise.
var sqliteTypes = regexp.MustCompile(`\b(uuid|timestamptz|date|json|boolean|bigint|sync_status_enum)\b`)

// sqliteColumn is the beginning of a line that defines a column.
var sqliteColumn = regexp.MustCompile(`^(\s+|alter table [a-z_]+ add column )[a-z_0-9]+ `)

// forSQLite translates the data definition of a migration.
func forSQLite(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		code, comment, _ := strings.Cut(line, "--")
		column := sqliteColumn.FindString(code)
		rest := strings.TrimPrefix(code, column)
		if column != "" {
			rest = sqliteTypes.ReplaceAllStringFunc(rest, func(word string) string {
				switch word {
				case "bigint", "boolean":
					return "integer"
				default:
					return "text"
				}
			})
		}
		if strings.HasPrefix(strings.TrimSpace(code), ");") {
			options := ") strict;"
			if strings.TrimSpace(comment) == "nothing but its key" {
				options = ") strict, without rowid;"
			}
			rest = strings.Replace(rest, ");", options, 1)
		}
		b.WriteString(column + rest)
		if comment != "" && !strings.HasSuffix(column+rest, "\n") {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// PendingMigrations names what Migrate would do.
func (db *DB) PendingMigrations(ctx context.Context) ([]string, error) {
	at, err := db.schemaVersion(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range migrations() {
		if m.number > at {
			names = append(names, m.name)
		}
	}
	return names, nil
}

// schemaVersion is the number of the newest migration that has run, 0 on an
// empty database.
func (db *DB) schemaVersion(ctx context.Context) (int, error) {
	query := "select count(*) from sqlite_master where name = 'schema_migrations'"
	if db.engine == Postgres {
		query = "select count(*) from pg_tables where schemaname = current_schema() and tablename = 'schema_migrations'"
	}
	var known int
	if err := db.write.QueryRowContext(ctx, query).Scan(&known); err != nil || known == 0 {
		return 0, err
	}
	var version int
	err := db.write.QueryRowContext(ctx, "select coalesce(max(number), 0) from schema_migrations").Scan(&version)
	return version, err
}

// Migrate brings the database to this program's schema, in one transaction, and
// does nothing when it is there already. It refuses a database that a newer
// program has written, and with ErrFormer one of the former product.
func (db *DB) Migrate(ctx context.Context) error {
	_, err := db.MigrateOrUpgrade(ctx, nil)
	return err
}

// MigrateOrUpgrade is Migrate which upgrades a database of the former product,
// in the same one transaction, and then returns what it did.
func (db *DB) MigrateOrUpgrade(ctx context.Context, u *Upgrading) (*UpgradeReport, error) {
	report, err := db.migrateSchema(ctx, u, false)
	if err != nil {
		return nil, err
	}
	if err := db.queue.Migrate(ctx); err != nil {
		return nil, fmt.Errorf("the job tables: %w", err)
	}
	return report, db.Write(ctx, fieldops.System, func(tx *Tx) error { return tx.keepPermissions(ctx) })
}

func (db *DB) migrateSchema(ctx context.Context, u *Upgrading, rehearse bool) (*UpgradeReport, error) {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it has nothing to do
	var old *former
	if db.engine == Postgres {
		// Several processes may start at once: one migrates, the others wait.
		if _, err := tx.ExecContext(ctx, "set local idle_in_transaction_session_timeout = 0; select pg_advisory_xact_lock(7215001)"); err != nil {
			return nil, err
		}
		if old, err = recogniseFormer(ctx, reads{q: tx, engine: Postgres}); err != nil {
			return nil, err
		}
	}
	if old == nil && rehearse {
		return nil, nil
	}
	if old != nil {
		if u == nil {
			return nil, ErrFormer
		}
		u.tell("found %s", old.age)
		if err := old.move(ctx, tx); err != nil {
			return nil, err
		}
	}
	all := migrations()
	newest := all[len(all)-1].number
	at, err := applyMigrations(ctx, tx, db.engine, newest)
	if err != nil {
		return nil, err
	}
	if at > newest {
		return nil, fmt.Errorf("the database was written by a newer version of the program (schema %d, this program knows %d): start that version, or restore a backup from before it", at, newest)
	}
	var report *UpgradeReport
	if old != nil {
		if report, err = old.upgrade(ctx, tx, u); err != nil {
			return report, err
		}
	} else {
		if err := adoptFormerFiles(ctx, tx, db.engine); err != nil {
			return nil, fmt.Errorf("the files of timesheets: %w", err)
		}
		if err := takeLateFormer(ctx, tx, db.engine); err != nil {
			return nil, fmt.Errorf("what an earlier version has left in the schema %s: %w", formerSchema, err)
		}
	}
	if err := indexAllWords(ctx, tx, db.engine); err != nil {
		return nil, fmt.Errorf("the words to search for: %w", err)
	}
	if rehearse {
		return report, errRehearsed
	}
	return report, tx.Commit()
}

// applyMigrations runs every migration up to a number that has not run yet, and
// returns the number of the newest that has.
func applyMigrations(ctx context.Context, tx *sql.Tx, engine Engine, upTo int) (at int, err error) {
	define := func(text string) string {
		if engine == SQLite {
			return forSQLite(text)
		}
		return text
	}
	if _, err := tx.ExecContext(ctx, define("create table if not exists schema_migrations (\n    number bigint primary key,\n    name text not null,\n    applied_at timestamptz not null\n);")); err != nil {
		return 0, err
	}
	if err := tx.QueryRowContext(ctx, "select coalesce(max(number), 0) from schema_migrations").Scan(&at); err != nil {
		return 0, err
	}
	if at == 0 && engine == Postgres {
		if _, err := tx.ExecContext(ctx, "do $$ begin create type sync_status_enum as enum ('pending','synced','failed'); exception when duplicate_object then null; end $$"); err != nil {
			return 0, err
		}
	}
	for _, m := range migrations() {
		if m.number <= at || m.number > upTo {
			continue
		}
		if err := run(ctx, tx, define(m.text)); err != nil {
			return 0, fmt.Errorf("migration %s: %w", m.name, err)
		}
		if _, err := tx.ExecContext(ctx, "insert into schema_migrations (number, name, applied_at) values ($1, $2, $3)",
			m.number, m.name, time.Now().UTC().Format(time.RFC3339)); err != nil {
			return 0, err
		}
		at = m.number
	}
	return at, nil
}

// run executes the statements of a migration one by one.
func run(ctx context.Context, tx *sql.Tx, text string) error {
	for statement := range strings.SplitSeq(text, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%w in %s", err, strings.TrimSpace(statement))
		}
	}
	return nil
}
