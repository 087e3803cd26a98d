package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

//go:embed testdata/v1/*.sql
var formerFixtures embed.FS

// formerAges are the states of the former product, by how many of the fixtures
// make them.
var formerAges = []struct {
	name  string
	files []string
}{
	{"first days", []string{"1_first_days"}},
	{"first version", []string{"1_first_days", "2_first_version"}},
	{"second version", []string{"1_first_days", "2_first_version", "3_second_version"}},
	{"last state", []string{"1_first_days", "2_first_version", "3_second_version", "4_last_state"}},
}

// formerFirm is a database of the former product, and its address.
func formerFirm(t testing.TB, age int) (*sql.DB, string) {
	t.Helper()
	url := storetest.URL(t, store.Postgres)
	raw, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	for _, name := range formerAges[age].files {
		text, err := formerFixtures.ReadFile("testdata/v1/" + name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := raw.ExecContext(t.Context(), string(text)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return raw, url
}

func openFormer(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// upgrading seals by turning round, and remembers photos.
func upgrading(photos map[string][]byte) *store.Upgrading {
	return &store.Upgrading{
		Seal: func(secret string) string { return "sealed:" + hex.EncodeToString([]byte(secret)) },
		KeepPhoto: func(timesheet, photo fieldops.ID, year int, content []byte) (string, error) {
			url := fmt.Sprintf("/uploads/timesheets/%d/%s_%s.png", year, timesheet, photo)
			photos[url] = content
			return url, nil
		},
	}
}

// one is the single value of a query, as text; NULL is "".
func one(t testing.TB, raw *sql.DB, query string) string {
	t.Helper()
	var value sql.NullString
	if err := raw.QueryRowContext(context.Background(), "select cast(("+query+") as text)").Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value.String
}

// fingerprint is every row of every table of the former product, byte for byte,
// with the tables' definitions.
func fingerprint(t testing.TB, raw *sql.DB, schema string) map[string]string {
	t.Helper()
	rows, err := raw.QueryContext(context.Background(), "select table_name, string_agg(column_name || ' ' || data_type || ' ' || coalesce(column_default, '') || is_nullable, ', ' order by ordinal_position) from information_schema.columns where table_schema = $1 group by 1", schema)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	prints := map[string]string{}
	for rows.Next() {
		var table, columns string
		if err := rows.Scan(&table, &columns); err != nil {
			t.Fatal(err)
		}
		prints[table] = columns
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for table := range prints {
		content := one(t, raw, fmt.Sprintf("select string_agg(cast(x as text), E'\\n' order by cast(x as text)) from %s.%s x", schema, table))
		keys := one(t, raw, fmt.Sprintf("select string_agg(conname || pg_get_constraintdef(oid), ' ' order by conname) from pg_constraint where conrelid = cast('%s.%s' as regclass)", schema, table))
		sum := sha256.Sum256([]byte(content + strings.ReplaceAll(keys, schema+".", "")))
		prints[table] = strings.ReplaceAll(prints[table], schema+".", "") + hex.EncodeToString(sum[:])
	}
	return prints
}

func same(t *testing.T, what string, got, want map[string]string, but ...string) {
	t.Helper()
	for table := range want {
		if !slices.Contains(but, table) && got[table] != want[table] {
			t.Errorf("%s: the table %s is not what it was", what, table)
		}
	}
}

func TestUpgradeOfEveryAge(t *testing.T) {
	t.Parallel()
	for age, a := range formerAges {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			raw, url := formerFirm(t, age)
			before := fingerprint(t, raw, "public")
			db := openFormer(t, url)

			plan, err := db.RehearseUpgrade(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if plan == nil || len(plan.Sums) == 0 || len(plan.Oddities) == 0 {
				t.Fatalf("the rehearsal reports %+v", plan)
			}
			same(t, "after the rehearsal", fingerprint(t, raw, "public"), before)
			if n := one(t, raw, "select count(*) from pg_tables where schemaname = 'v1' or tablename = 'schema_migrations'"); n != "0" {
				t.Fatalf("the rehearsal left %s tables behind", n)
			}

			photos := map[string][]byte{}
			report, err := db.MigrateOrUpgrade(t.Context(), upgrading(photos))
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range report.Lines() {
				t.Log(line)
			}
			same(t, "after the upgrade, in v1", fingerprint(t, raw, "v1"), before, "somebody_elses")

			if n := one(t, raw, "select (select count(*) from sync_intents) + (select count(*) from river_job) + (select count(*) from sync_documents where open_intent_id is not null)"); n != "0" {
				t.Errorf("the upgrade would send %s things", n)
			}
			again, err := db.MigrateOrUpgrade(t.Context(), upgrading(photos))
			if err != nil || again != nil {
				t.Errorf("a second run reports %v, %v", again, err)
			}
			v, err := db.VerifyUpgrade(t.Context(), func(url string) bool {
				return photos[url] != nil || strings.Contains(url, "board.jpg") || strings.Contains(url, "photo.jpg") || strings.Contains(url, "a.jpg") || strings.Contains(url, "/projects/") || strings.Contains(url, "/receipts/")
			})
			if err != nil || len(v.Faults) > 0 {
				t.Errorf("verification: %v %v", v.Faults, err)
			}

			lost, err := db.RollBackUpgrade(t.Context(), nil)
			if err != nil {
				t.Fatalf("rollback: %v, lost %v", err, lost)
			}
			same(t, "after the rollback", fingerprint(t, raw, "public"), before)
			if n := one(t, raw, "select count(*) from pg_tables where schemaname = 'v1' or tablename in ('schema_migrations', 'sync_intents', 'river_job')"); n != "0" {
				t.Errorf("the rollback left %s tables behind", n)
			}
			if _, err := db.MigrateOrUpgrade(t.Context(), upgrading(photos)); err != nil {
				t.Errorf("a second upgrade after the rollback: %v", err)
			}
		})
	}
}

// discarded is what a rollback writes before it drops it.
type discarded map[string]*strings.Builder

func (d discarded) keep(table string, rows func(io.Writer) error) error {
	d[table] = new(strings.Builder)
	return rows(d[table])
}
