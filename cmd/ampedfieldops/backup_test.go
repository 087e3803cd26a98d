package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

const photo = "uploads/timesheets/2026/photo.jpg"

// fill gives an installation work to lose: records with texts that are hard to
// carry, an invoice on its way to a connected Xero, and a photo.
func (here *installation) fill() {
	here.t.Helper()
	ctx := context.Background()
	db := here.open()
	defer here.close(db)
	if err := db.Migrate(ctx); err != nil {
		here.t.Fatal(err)
	}
	sync := billing.NewSync(billing.SyncConfig{DB: db, Durations: fieldops.RealDurations(1), MaxAttempts: 3})
	user := fieldops.User{Email: "alex@firm.test", Name: "Alex Tāwhai", Role: fieldops.RoleAdmin, IsActive: true}
	client := fieldops.Client{Name: `Ōtaki "Dairy", Ltd`, Notes: text("line one\nline, two\r\n\\.\nÆ \u2028"), Address: text("")}
	err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
		project := fieldops.Project{Name: "Vat room"}
		activity := fieldops.ActivityType{Name: "Labour", Icon: "zap", Color: "electric", HourlyRate: 95_0000, IsActive: true}
		center := fieldops.CostCenter{Code: "CC", Name: "General", IsActive: true}
		if err := errors.Join(
			tx.InsertUser(ctx, &user), tx.InsertClient(ctx, &client), tx.InsertProject(ctx, &project, nil),
			tx.InsertActivityType(ctx, &activity), tx.InsertCostCenter(ctx, &center),
			tx.SetSetting(ctx, "company_name", "Kōwhai Electrical"),
			tx.Connect(ctx, store.Connection{
				ID: fieldops.NewID(), SealedAccess: "sealed", SealedRefresh: "sealed", TenantID: "5c4f1b2e-8f0a-4d5e-9b1c-2d3e4f5a6b7c",
				TenantName: "Kōwhai", ExpiresAt: tx.Now.Add(time.Hour), Generation: 1,
			}),
		); err != nil {
			return err
		}
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		return tx.InsertTimesheet(ctx, &fieldops.Timesheet{
			UserID: &user.ID, ProjectID: &project.ID, ClientID: &client.ID, ActivityTypeID: &activity.ID, CostCenterID: &center.ID,
			Date: fieldops.DateOf(tx.Now.Time, settings.Timezone), Hours: 7_2500, Notes: text(`a "quoted" note`),
		})
	})
	if err == nil {
		_, err = billing.New(db, sync).InvoiceTimesheets(ctx, fieldops.Actor{UserID: user.ID, Name: user.Name}, fieldops.InvoiceRequest{ClientID: client.ID})
	}
	if err != nil {
		here.t.Fatal(err)
	}
	here.write(photo, "the bytes of a photo")
	here.write("uploads/timesheets/2026/unfinished.jpg.part", "half a photo")
}

func (here *installation) path(name string) string { return filepath.Join(here.env["DATA_DIR"], name) }

func (here *installation) write(name, content string) {
	here.t.Helper()
	path := here.path(name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		here.t.Fatal(err)
	}
}

// files are the files of the data folder but the database's own, by name.
func (here *installation) files() map[string]string {
	here.t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(here.env["DATA_DIR"], func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "ampedfieldops.db") {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(here.env["DATA_DIR"], path)
		found[name] = string(content)
		return err
	})
	if err != nil {
		here.t.Fatal(err)
	}
	return found
}

// rows are all rows of all tables that hold work, as text.
func (here *installation) rows() map[string][]string {
	here.t.Helper()
	driver, address := "pgx", here.env["DATABASE_URL"]
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, address = "sqlite", "file:"+path+"?mode=ro"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		here.t.Fatal(err)
	}
	defer db.Close()
	all := map[string][]string{}
	for _, table := range []string{
		"users", "settings", "clients", "projects", "activity_types", "cost_centers", "timesheets", "number_series",
		"xero_invoices", "xero_invoice_lines", "sync_documents", "sync_intents", "xero_tokens", "clock",
	} {
		if all[table], err = tableRows(db, table); err != nil {
			here.t.Fatal(err)
		}
	}
	return all
}

func tableRows(db *sql.DB, table string) ([]string, error) {
	rows, err := db.Query("select * from " + table + " order by 1, 2")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	all := []string{}
	for rows.Next() {
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		var b strings.Builder
		for i, v := range values {
			fmt.Fprintf(&b, "%s=%#v ", columns[i], v)
		}
		all = append(all, b.String())
	}
	return all, rows.Err()
}

// lane tells why nothing goes to Xero, and how often a restore was noted.
func (here *installation) lane() (reason string, restores int) {
	here.t.Helper()
	ctx := context.Background()
	db := here.open()
	defer here.close(db)
	gate, err := db.Gate(ctx)
	if err != nil {
		here.t.Fatal(err)
	}
	_, restores, err = db.AuditEntries(ctx, store.AuditFilter{Action: "restore", Limit: 1})
	if err != nil {
		here.t.Fatal(err)
	}
	return gate.Reason, restores
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, here *installation) {
		here.fill()
		here.write("secrets/encryption_key", anotherSecret)
		before := here.rows()
		if len(before["sync_intents"]) == 0 || len(before["timesheets"]) == 0 {
			t.Fatalf("there is nothing to lose: %v", before)
		}
		file := filepath.Join(t.TempDir(), "backup.tar.gz")

		// Online: somebody has the database open and goes on working.
		db := here.open()
		if out := here.must("backup", file); !strings.Contains(out, "and 1 files") || !strings.Contains(out, "ENCRYPTION_KEY and JWT_SECRET are not in it") {
			t.Errorf("backup printed %q", out)
		}
		here.close(db)
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		here.refused("is there already", "backup", file)
		if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".backup-*")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}

		engine := store.Postgres
		if strings.HasPrefix(here.env["DATABASE_URL"], "sqlite:") {
			engine = store.SQLite
		}
		elsewhere := installed(t, engine)
		out := elsewhere.must("restore", file)
		if !strings.Contains(out, "nothing is sent to Xero until") {
			t.Errorf("restore printed %q", out)
		}
		if diff := cmp.Diff(before, elsewhere.rows()); diff != "" {
			t.Errorf("rows before (-) and restored (+):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]string{photo: "the bytes of a photo"}, elsewhere.files()); diff != "" {
			t.Errorf("files:\n%s", diff)
		}
		if reason, restores := elsewhere.lane(); reason != store.Comparing || restores != 1 {
			t.Errorf("the lane is held for %q, %d restores noted", reason, restores)
		}
		// What was restored is a database that the program works with.
		elsewhere.must("user", "create", "--email", "new@firm.test", "--name", "New")

		// Back to the same place, over later work.
		here.must("user", "create", "--email", "later@firm.test", "--name", "Later")
		here.write("uploads/later.jpg", "later")
		here.refused("nothing was changed", "restore", file)
		if out := here.must("restore", "--force", file); !strings.Contains(out, "kept what was there before as") {
			t.Errorf("restore --force printed %q", out)
		}
		if diff := cmp.Diff(before, here.rows()); diff != "" {
			t.Errorf("rows before (-) and restored (+):\n%s", diff)
		}
		kept, err := filepath.Glob(here.path("uploads.before-restore-*/later.jpg"))
		if err != nil || len(kept) != 1 {
			t.Errorf("the files that were there are kept as %v, %v", kept, err)
		}
		if files := here.files(); files[photo] != "the bytes of a photo" || files["uploads/later.jpg"] != "" {
			t.Errorf("files: %v", files)
		}
	})
}

func TestBackupWithSecrets(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	here.fill()
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	here.refused("there are no secrets in", "backup", "--include-secrets", file)
	here.write("secrets/encryption_key", anotherSecret)
	here.must("backup", "--include-secrets", file)

	elsewhere := installed(t, store.SQLite)
	elsewhere.write("secrets/encryption_key", aSecret)
	elsewhere.must("restore", file)
	files := elsewhere.files()
	if files["secrets/encryption_key"] != anotherSecret {
		t.Errorf("the key was not restored: %v", files)
	}
	for name, content := range files {
		if strings.HasPrefix(name, "secrets/encryption_key.before-restore-") && content == aSecret {
			return
		}
	}
	t.Errorf("the key that was there is not kept: %v", files)
}

func TestBackupRefusals(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	here.refused("there is no database to back up", "backup", file)
	here.close(here.open())
	here.refused("there is nothing in the database", "backup", file)
	here.must("migrate")
	here.refused("cannot be written", "backup", filepath.Join(file, "no", "such", "folder"))
}

// A backup that is not whole changes nothing.
func TestRestoreRefusesDamage(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, here *installation) {
		here.fill()
		file := filepath.Join(t.TempDir(), "backup.tar.gz")
		here.must("backup", file)
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rows, files := here.rows(), here.files()
		for _, test := range []struct {
			name   string
			damage func(t *testing.T, whole []byte) []byte
			want   string
		}{
			{"empty", func(*testing.T, []byte) []byte { return nil }, "it is not a backup"},
			{"not an archive", func(*testing.T, []byte) []byte { return []byte("a letter to the editor") }, "it is not a backup"},
			{"cut off", func(_ *testing.T, b []byte) []byte { return b[:len(b)/2] }, "cut off or damaged"},
			{"cut off at the end", func(_ *testing.T, b []byte) []byte { return b[:len(b)-3] }, "cut off or damaged"},
			{"one bit", func(_ *testing.T, b []byte) []byte {
				b = bytes.Clone(b)
				b[len(b)/2] ^= 4
				return b
			}, "cannot be restored"},
			{"another photo", edited(func(h *tar.Header, content []byte) []byte {
				if h.Name == photo {
					return bytes.ToUpper(content)
				}
				return content
			}), photo + " is not what was backed up"},
			{"a photo less", edited(func(h *tar.Header, content []byte) []byte {
				if h.Name == photo {
					return nil
				}
				return content
			}), photo + " is not what was backed up"},
			{"no manifest", edited(func(h *tar.Header, content []byte) []byte {
				if h.Name == manifestName {
					return nil
				}
				return content
			}), "its list of contents is missing"},
			{"another program", edited(func(h *tar.Header, content []byte) []byte {
				if h.Name == manifestName {
					return bytes.Replace(content, []byte(archiveProgram), []byte("otherprogram1"), 1)
				}
				return content
			}), "not a backup of this program"},
			{"another format", edited(func(h *tar.Header, content []byte) []byte {
				if h.Name == manifestName {
					return bytes.Replace(content, []byte(`"format": 1`), []byte(`"format": 2`), 1)
				}
				return content
			}), "it has format 2"},
			{"a path that leads out", edited(func(h *tar.Header, content []byte) []byte {
				if h.Name == photo {
					h.Name = "uploads/../../out.jpg"
				}
				return content
			}), "does not belong into a backup"},
			{"a link", edited(func(h *tar.Header, content []byte) []byte {
				if h.Name == photo {
					h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, "/etc/passwd", 0
					return []byte{}
				}
				return content
			}), "does not belong into a backup"},
			{"a strange folder", edited(func(h *tar.Header, content []byte) []byte {
				if h.Name == photo {
					h.Name = "bin/sh"
				}
				return content
			}), "does not belong into a backup"},
		} {
			damaged := filepath.Join(t.TempDir(), "damaged")
			if err := os.WriteFile(damaged, test.damage(t, whole), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := here.run("", "restore", "--force", damaged)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "nothing was changed") {
				t.Errorf("%s: got %v, want %q; it printed %q", test.name, err, test.want, out)
			}
			if diff := cmp.Diff(rows, here.rows()); diff != "" {
				t.Fatalf("%s: the database has changed:\n%s", test.name, diff)
			}
			if diff := cmp.Diff(files, here.files()); diff != "" {
				t.Fatalf("%s: the files have changed:\n%s", test.name, diff)
			}
		}
	})
}

// edited makes a damage that rewrites the entries of a backup; nil leaves an
// entry out.
func edited(edit func(h *tar.Header, content []byte) []byte) func(*testing.T, []byte) []byte {
	return func(t *testing.T, whole []byte) []byte {
		t.Helper()
		unzipped, err := gzip.NewReader(bytes.NewReader(whole))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		zipped := gzip.NewWriter(&out)
		written := tar.NewWriter(zipped)
		for entries := tar.NewReader(unzipped); ; {
			header, err := entries.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(entries)
			if err != nil {
				t.Fatal(err)
			}
			if content = edit(header, content); content == nil {
				continue
			}
			header.Size = int64(len(content))
			if err := written.WriteHeader(header); err != nil {
				t.Fatal(err)
			}
			if _, err := written.Write(content); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(written.Close(), zipped.Close()); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
}

func TestRestoreRefusesARunningProgram(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, here *installation) {
		here.fill()
		file := filepath.Join(t.TempDir(), "backup.tar.gz")
		here.must("backup", file)
		rows := here.rows()
		db := here.open()
		here.refused("stop the program first", "restore", "--force", file)
		if diff := cmp.Diff(rows, here.rows()); diff != "" {
			t.Fatalf("the database has changed:\n%s", diff)
		}
		// The open database still works.
		if _, err := db.Users(context.Background()); err != nil {
			t.Error(err)
		}
		here.close(db)
		here.must("restore", "--force", file)
	})
}

func TestRestoreRefusesTheOtherEngine(t *testing.T) {
	t.Parallel()
	here, other := installed(t, store.SQLite), installed(t, store.Postgres)
	here.fill()
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	here.must("backup", file)
	other.refused("the backup is of a sqlite database, and DATABASE_URL names a postgres one", "restore", file)
}

func TestRestoreRefusesAForeignDatabase(t *testing.T) {
	t.Parallel()
	here, other := installed(t, store.Postgres), installed(t, store.Postgres)
	here.fill()
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	here.must("backup", file)
	db, err := sql.Open("pgx", other.env["DATABASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("create table users (id serial primary key); insert into users default values"); err != nil {
		t.Fatal(err)
	}
	other.refused("the database holds a table users that is not this program's", "restore", "--force", file)
	var n int
	if err := db.QueryRow("select count(*) from users").Scan(&n); err != nil || n != 1 {
		t.Errorf("the other program's table: %d rows, %v", n, err)
	}
}

// A file that is no database any more can be replaced.
func TestRestoreOverARuin(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	here.fill()
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	here.must("backup", file)
	rows := here.rows()
	here.write("ampedfieldops.db", "there was a fire")
	here.write("ampedfieldops.db-wal", "and smoke")
	if err := os.RemoveAll(here.path("uploads")); err != nil {
		t.Fatal(err)
	}
	here.refused("--force puts it aside", "restore", file)
	here.must("restore", "--force", file)
	if diff := cmp.Diff(rows, here.rows()); diff != "" {
		t.Errorf("rows before (-) and restored (+):\n%s", diff)
	}
	kept, err := filepath.Glob(here.path("ampedfieldops.db.before-restore-*Z"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %v, %v", kept, err)
	}
	if ruin, err := os.ReadFile(kept[0]); err != nil || string(ruin) != "there was a fire" {
		t.Errorf("kept %q, %v", ruin, err)
	}
}
