package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// backup writes everything into one file, while the program runs.
func backup(ctx context.Context, env environment, args []string) (err error) {
	set := env.flags("backup", "[--data DIR] [--include-secrets] [--without-cloud] FILE",
		"Writes the database, as it stands at one moment, and all files, wherever they lie, into FILE, while the program runs.\n"+
			"The secrets are left out unless asked for: without ENCRYPTION_KEY nobody can use the access to Xero in the backup. Keep it elsewhere.")
	o := configFlags(set, false)
	secrets := set.Bool("include-secrets", false, "put the secrets of the data folder into FILE too; guard it like them")
	withoutCloud := set.Bool("without-cloud", false, "leave out files that lie in S3 or Google Drive: a restore looks for them there")
	words, err := parse(set, args, "the FILE to write")
	if err != nil {
		return err
	}
	c, err := env.loadConfig(o)
	if err != nil {
		return err
	}
	made, err := env.writeBackup(ctx, c, words[0], *secrets, !*withoutCloud)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s: the database (schema %d) and %d files\n", words[0], made.Schema, len(made.under("uploads")))
	if !*secrets {
		fmt.Fprintln(env.stdout, "ENCRYPTION_KEY and JWT_SECRET are not in it; keep them elsewhere")
	}
	return nil
}

// writeBackup makes the file at path, which appears there whole or not at all.
func (env environment) writeBackup(ctx context.Context, c *config, path string, secrets, cloud bool) (_ *manifest, err error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s is there already; a backup replaces nothing", path)
	}
	if file, ok := c.sqlite(); ok {
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("there is no database to back up: %w", err)
		}
	}
	db, err := store.Open(ctx, c.databaseURL)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	schema, err := db.SchemaVersion(ctx)
	switch {
	case err != nil:
		return nil, err
	case schema == 0:
		return nil, errors.New("there is nothing in the database to back up")
	case schema > store.NewestSchema():
		return nil, errors.New("the database was written by a newer version of the program; make the backup with that version")
	}

	scratch, err := os.MkdirTemp(filepath.Dir(path), ".backup-*")
	if err != nil {
		return nil, fmt.Errorf("the folder of %s cannot be written: %w", path, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	out, err := os.OpenFile(filepath.Join(scratch, "backup"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	a := newArchive(out, manifest{Version: version, Schema: schema, Engine: string(db.Engine()), CreatedAt: time.Now().UTC().Truncate(time.Second)})
	// The database first: a photo is on the disk before its timesheet names it,
	// so every photo that this database names is found after it.
	if err := addDatabase(ctx, a, db, scratch); err != nil {
		return nil, err
	}
	if err := addFolder(a, "uploads", c.uploads()); err != nil {
		return nil, err
	}
	if cloud {
		if err := env.addElsewhere(ctx, a, c, db); err != nil {
			return nil, err
		}
	}
	if secrets {
		if err := addFolder(a, "secrets", c.secrets()); err != nil {
			return nil, err
		}
		if len(a.manifest.under("secrets")) == 0 {
			return nil, fmt.Errorf("there are no secrets in %s: they are given from outside, so keep them there", c.secrets())
		}
	}
	if err := errors.Join(a.close(), out.Sync()); err != nil {
		return nil, err
	}
	// A link, unlike a renaming, does not replace what came there meanwhile.
	if err := os.Link(out.Name(), path); err != nil {
		return nil, err
	}
	return &a.manifest, syncFolder(filepath.Dir(path))
}

func addDatabase(ctx context.Context, a *archiveWriter, db *store.DB, scratch string) error {
	if db.Engine() == store.SQLite {
		path := filepath.Join(scratch, "database")
		if err := db.SaveFile(ctx, path); err != nil {
			return err
		}
		return a.add(databaseEntry, path)
	}
	// A table's size stands in front of it, so it is written beside first.
	return db.DumpTables(ctx, func(name string, rows func(io.Writer) error) error {
		file, err := os.Create(filepath.Join(scratch, "table"))
		if err != nil {
			return err
		}
		if err := errors.Join(rows(file), file.Close()); err != nil {
			return err
		}
		return a.add("database/"+name+".csv", file.Name())
	})
}

// addFolder adds every file below a folder, which need not exist. A file that
// is deleted meanwhile is left out; one that is still being written has another
// name until it is whole.
func addFolder(a *archiveWriter, name, folder string) error {
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, ".part") || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		inside, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		if err := a.add(name+"/"+filepath.ToSlash(inside), path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// addElsewhere adds the files that lie in S3 or Google Drive, under the names that
// they would have in the folder.
func (env environment) addElsewhere(ctx context.Context, a *archiveWriter, c *config, db *store.DB) (err error) {
	pending, err := db.PendingMigrations(ctx)
	if err != nil || len(pending) > 0 {
		return err // of a former version, which kept all files in the folder
	}
	all, _, err := db.FilesIn(ctx, "")
	if err != nil {
		return err
	}
	local, _, err := db.FilesIn(ctx, fieldops.PlaceLocal)
	if err != nil || all == local {
		return err
	}
	_, kept, done, err := env.keeper(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	there := map[string]bool{}
	for _, e := range a.manifest.under("uploads") {
		there[e.Name] = true
	}
	return eachFile(ctx, db, "", func(file fieldops.StoredFile) error {
		name := strings.TrimPrefix(file.Path, "/")
		if file.Place == fieldops.PlaceLocal || there[name] {
			return nil
		}
		content, err := kept.OpenOriginal(ctx, file)
		if fieldops.KindOf(err) == fieldops.NotFound {
			fmt.Fprintf(env.stderr, "warning: %s is not in %s any more, and so not in the backup\n", file.Path, file.Place.Label())
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w; --without-cloud leaves such files out", file.Path, err)
		}
		return errors.Join(a.addFrom(name, content.Size, file.CreatedAt.Time, content), content.Close())
	})
}
