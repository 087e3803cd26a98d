package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// restore brings back what backup wrote.
func restore(ctx context.Context, env environment, args []string) (err error) {
	set := env.flags("restore", "[--data DIR] [--force] FILE",
		"Checks FILE, then makes database and files what they were when it was written. The program must be stopped.\n"+
			"Afterwards nothing is sent to Xero until the worker has compared what was restored with what stands there.")
	o := configFlags(set, false)
	force := set.Bool("force", false, "replace what is there; on SQLite, and of files, it is kept beside")
	words, err := parse(set, args, "the FILE to restore")
	if err != nil {
		return err
	}
	c, err := env.loadConfig(o)
	if err != nil {
		return err
	}
	r := &restoration{config: c, force: *force, stamp: ".before-restore-" + time.Now().UTC().Format("20060102T150405Z")}
	if err := r.run(ctx, words[0]); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "restored what stood in the database on %s, and %d files\n",
		r.manifest.CreatedAt.Format(time.RFC3339), len(r.manifest.under("uploads")))
	for _, kept := range r.kept {
		fmt.Fprintln(env.stdout, "kept what was there before as", kept)
	}
	if len(r.manifest.under("secrets")) == 0 {
		fmt.Fprintln(env.stdout, "the backup holds no secrets: with another ENCRYPTION_KEY than it was made under, an admin must connect Xero again")
	}
	fmt.Fprintln(env.stdout, "nothing is sent to Xero until the worker has compared what was restored with what stands there")
	return nil
}

// restoration is one restore under way.
type restoration struct {
	config   *config
	force    bool
	stamp    string // names what is put aside
	stage    string // folder in which everything is unpacked and prepared
	manifest *manifest
	kept     []string // what was put aside
}

func (r *restoration) run(ctx context.Context, file string) (err error) {
	archive, err := os.Open(file)
	if err != nil {
		return err
	}
	defer archive.Close()
	// Beside what it will replace, so that putting it there is a renaming.
	if err := os.MkdirAll(r.config.data, 0o700); err != nil {
		return fmt.Errorf("the data folder cannot be made: %w", err)
	}
	if r.stage, err = os.MkdirTemp(r.config.data, ".restore-*"); err != nil {
		return fmt.Errorf("the data folder cannot be written: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.stage)) }()
	if r.manifest, err = unpack(archive, r.staged); err != nil {
		return fmt.Errorf("nothing was changed: %s cannot be restored: %w", file, err)
	}
	database, onSQLite := r.config.sqlite()
	if wanted := engineName(onSQLite); r.manifest.Engine != wanted {
		return fmt.Errorf("nothing was changed: the backup is of a %s database, and DATABASE_URL names a %s one", r.manifest.Engine, wanted)
	}
	if err := r.refuseFiles(); err != nil {
		return err
	}
	if onSQLite {
		return r.intoSQLite(ctx, database)
	}
	return r.intoPostgres(ctx)
}

func engineName(sqlite bool) string {
	if sqlite {
		return string(store.SQLite)
	}
	return string(store.Postgres)
}

func (r *restoration) staged(name string) string {
	return filepath.Join(r.stage, filepath.FromSlash(name))
}

// refuseFiles refuses to put files where others lie, unless told to.
func (r *restoration) refuseFiles() error {
	if r.force {
		return nil
	}
	there, err := holdsFiles(r.config.uploads())
	if err != nil {
		return err
	}
	if there {
		return fmt.Errorf("nothing was changed: there are files in %s already; --force puts them aside", r.config.uploads())
	}
	return nil
}

// holdsFiles reports whether there is any file below a folder.
func holdsFiles(folder string) (bool, error) {
	found := false
	err := filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found = true
		return fs.SkipAll
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return found, err
}

func (r *restoration) intoSQLite(ctx context.Context, database string) error {
	release, err := lockWorker(database)
	if err != nil {
		return fmt.Errorf("nothing was changed: stop the program first: %w", err)
	}
	defer release()
	there, err := r.refuseDatabase(ctx, database)
	if err != nil {
		return err
	}
	if err := r.prepare(ctx, r.staged(databaseEntry)); err != nil {
		return fmt.Errorf("nothing was changed: the backup cannot be restored: %w", err)
	}
	if err := r.putFiles(); err != nil {
		return err
	}
	if err := r.keepDatabase(database, there); err != nil {
		return err
	}
	if err := moveFile(r.staged(databaseEntry), database); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(database))
}

// refuseDatabase refuses to replace a database that is in use, or that somebody
// works with, unless told to. It reports whether there is work in it to put
// aside.
func (r *restoration) refuseDatabase(ctx context.Context, database string) (there bool, err error) {
	if _, err := os.Stat(database); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, err
	}
	switch err := store.SettleFile(ctx, database); {
	case errors.Is(err, store.ErrInUse):
		return false, fmt.Errorf("nothing was changed: stop the program first: %w", err)
	case err != nil && r.force:
		return true, nil // what cannot be read is what a backup is for
	case err != nil:
		return false, fmt.Errorf("nothing was changed: %w; --force puts it aside", err)
	}
	db, err := store.Open(ctx, r.config.databaseURL)
	if err != nil {
		return false, err
	}
	blank, err := db.Blank(ctx)
	if err := errors.Join(err, db.Close()); err != nil && !r.force {
		return false, err
	}
	if !blank && !r.force {
		return false, fmt.Errorf("nothing was changed: %w; --force puts it aside", store.ErrNotBlank)
	}
	return !blank, store.SettleFile(ctx, database)
}

// keepDatabase gives the database, if there is work in it, a second name under
// which it stays when another takes its place, and puts aside what SQLite keeps
// beside a database that was not closed.
func (r *restoration) keepDatabase(database string, there bool) error {
	if there {
		kept := database + r.stamp
		if err := os.Link(database, kept); err != nil {
			return fmt.Errorf("what is there cannot be put aside: %w", err)
		}
		r.kept = append(r.kept, kept)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		err := os.Rename(database+suffix, database+r.stamp+suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// prepare brings the unpacked database to this version's schema and closes its
// lane to Xero.
func (r *restoration) prepare(ctx context.Context, path string) error {
	db, err := store.Open(ctx, "sqlite:"+path)
	if err != nil {
		return err
	}
	if err := errors.Join(r.prepareFile(ctx, db), db.Close()); err != nil {
		return err
	}
	return store.SettleFile(ctx, path)
}

func (r *restoration) prepareFile(ctx context.Context, db *store.DB) error {
	if err := db.CheckFile(ctx); err != nil {
		return err
	}
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	if err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return tx.BeginComparison(ctx) }); err != nil {
		return err
	}
	return r.bringHome(ctx, db)
}

// bringHome notes of files which lay elsewhere, and which the backup holds, that they
// lie in the folder now. They go up again by themselves.
func (r *restoration) bringHome(ctx context.Context, db *store.DB) error {
	var paths []string
	for _, e := range r.manifest.under("uploads") {
		paths = append(paths, "/"+e.Name)
	}
	for some := range slices.Chunk(paths, 500) {
		if err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return tx.FilesCameHome(ctx, some) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *restoration) intoPostgres(ctx context.Context) (err error) {
	db, err := store.Open(ctx, r.config.databaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables []store.DumpedTable
	for _, e := range r.manifest.under("database") {
		tables = append(tables, store.DumpedTable{
			Name: strings.TrimSuffix(path.Base(e.Name), ".csv"),
			Open: func() (io.ReadCloser, error) { return os.Open(r.staged(e.Name)) },
		})
	}
	err = db.RestoreTables(ctx, r.manifest.Schema, tables, r.force)
	if errors.Is(err, store.ErrNotBlank) {
		return fmt.Errorf("nothing was changed: %w; --force replaces it", err)
	}
	if err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	if err := r.putFiles(); err != nil {
		return err
	}
	return r.bringHome(ctx, db)
}

// putFiles puts the files, and the secrets if the backup has any, in their
// places, and what was there aside.
func (r *restoration) putFiles() error {
	uploads := r.config.uploads()
	there, err := holdsFiles(uploads)
	if err != nil {
		return err
	}
	if there {
		err = r.putAside(uploads)
	} else {
		err = os.RemoveAll(uploads)
	}
	if err != nil {
		return err
	}
	if len(r.manifest.under("uploads")) > 0 {
		if err := os.Rename(r.staged("uploads"), uploads); err != nil {
			return err
		}
	}
	for _, e := range r.manifest.under("secrets") {
		if err := r.putSecret(r.staged(e.Name), r.config.secretFile(path.Base(e.Name))); err != nil {
			return err
		}
	}
	return syncFolder(r.config.data)
}

func (r *restoration) putSecret(from, to string) error {
	restored, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	present, err := os.ReadFile(to)
	switch {
	case err == nil && bytes.Equal(present, restored):
		return nil
	case err == nil:
		if err := r.putAside(to); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// putAside keeps what is at a path under another name beside it.
func (r *restoration) putAside(path string) error {
	kept := path + r.stamp
	if err := os.Rename(path, kept); err != nil {
		return fmt.Errorf("what is there cannot be put aside: %w", err)
	}
	r.kept = append(r.kept, kept)
	return nil
}

// moveFile moves a file, by way of a copy when the two places are on different
// disks. What is at to is replaced at one moment.
func moveFile(from, to string) error {
	if os.Rename(from, to) == nil {
		return nil
	}
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	copied, err := os.CreateTemp(filepath.Dir(to), ".restore-*")
	if err != nil {
		return err
	}
	defer os.Remove(copied.Name())
	_, err = io.Copy(copied, file)
	if err := errors.Join(err, copied.Sync(), copied.Close()); err != nil {
		return err
	}
	return os.Rename(copied.Name(), to)
}
