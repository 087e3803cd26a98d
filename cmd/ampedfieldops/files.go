package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// files moves files from place to place and compares what lies there with what is
// written down.
func files(ctx context.Context, env environment, args []string) error {
	if len(args) == 0 {
		return errors.New("files needs one of migrate, verify and orphans; ampedfieldops files migrate --help tells more")
	}
	switch args[0] {
	case "migrate":
		return migrateFiles(ctx, env, args[1:])
	case "verify":
		return verifyFiles(ctx, env, args[1:])
	case "orphans":
		return orphanFiles(ctx, env, args[1:])
	}
	return fmt.Errorf("files has no %q: it has migrate, verify and orphans", args[0])
}

// keeperOf is keeper for a command line.
func (env environment) keeperOf(ctx context.Context, o *overrides) (*store.DB, *paperwork.Files, func() error, error) {
	c, err := env.loadConfig(o)
	if err != nil {
		return nil, nil, nil, err
	}
	return env.keeper(ctx, c)
}

// keeper opens the database and the places where files lie.
func (env environment) keeper(ctx context.Context, c *config) (db *store.DB, kept *paperwork.Files, done func() error, err error) {
	if err := c.ensureSecrets(); err != nil {
		return nil, nil, nil, err
	}
	sealer, err := billing.NewSealer(c.encryptionKey)
	if err != nil {
		return nil, nil, nil, err
	}
	folder, err := blob.OpenFolder(c.uploads())
	if err != nil {
		return nil, nil, nil, err
	}
	if db, err = store.Open(ctx, c.databaseURL); err != nil {
		return nil, nil, nil, errors.Join(err, folder.Close())
	}
	done = func() error { return errors.Join(db.Close(), folder.Close()) }
	if pending, err := db.PendingMigrations(ctx); err != nil || len(pending) > 0 {
		if err == nil {
			err = errors.New("the database is not at this program's schema yet: run ampedfieldops migrate first")
		}
		return nil, nil, nil, errors.Join(err, done())
	}
	kept = paperwork.NewFiles(paperwork.FilesConfig{DB: db, Folder: folder, Places: c.places(c.storages(db, sealer)), Log: c.logger(env.stderr)})
	return db, kept, done, nil
}

func migrateFiles(ctx context.Context, env environment, args []string) (err error) {
	set := env.flags("files migrate", "[--data DIR] [--dry-run] --from PLACE --to PLACE",
		"Moves every file from one place (local, s3, google-drive) to another, while the program runs: each is copied, read back and\n"+
			"compared by its hash, and only then removed where it was. Broken off, it goes on where it was.\n"+
			"Where new files are kept, the settings or CLOUD_STORAGE_PROVIDER say.")
	o := configFlags(set, false)
	from := set.String("from", "", "`place` that the files lie in")
	to := set.String("to", "", "`place` that they go to")
	dry := set.Bool("dry-run", false, "say what would be moved, and move nothing")
	if _, err := parse(set, args); err != nil {
		return err
	}
	source, target, err := twoPlaces(*from, *to)
	if err != nil {
		return err
	}
	db, kept, done, err := env.keeperOf(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if err := kept.Try(ctx, target); err != nil {
		return fmt.Errorf("%s cannot be used: %w", target.Label(), err)
	}
	count, size, err := db.FilesIn(ctx, source)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%d files of %s lie in %s\n", count, inBytes(size), source.Label())
	if *dry {
		fmt.Fprintln(env.stdout, "nothing was moved: this was a rehearsal")
		return nil
	}
	moved, failed := 0, 0
	bar := &progress{out: env.stdout, what: "files", total: int(count), began: time.Now()}
	seen := 0
	err = eachFile(ctx, db, source, func(file fieldops.StoredFile) error {
		if _, err := kept.Move(ctx, file, target); err != nil {
			if ctx.Err() != nil {
				return err
			}
			failed++
			bar.clear()
			fmt.Fprintf(env.stdout, "FAULT %s: %v\n", file.Path, err)
		} else {
			moved++
		}
		seen++
		bar.at(seen)
		return nil
	})
	bar.done()
	fmt.Fprintf(env.stdout, "%d files moved to %s\n", moved, target.Label())
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d files stay in %s; run this again when the causes are mended", failed, source.Label())
	}
	return err
}

func twoPlaces(from, to string) (source, target fieldops.StoragePlace, err error) {
	known := func(name string) bool {
		for _, p := range fieldops.StoragePlaces {
			if string(p) == name {
				return true
			}
		}
		return false
	}
	if !known(from) || !known(to) || from == to {
		return "", "", errors.New("--from and --to must be two different ones of local, s3 and google-drive")
	}
	return fieldops.StoragePlace(from), fieldops.StoragePlace(to), nil
}

// eachFile goes through the files of a place, "" for all of them, in the order of
// their ids.
func eachFile(ctx context.Context, db *store.DB, place fieldops.StoragePlace, do func(fieldops.StoredFile) error) error {
	for after := ""; ; {
		some, err := db.FilesAfter(ctx, place, after, 200)
		if err != nil || len(some) == 0 {
			return err
		}
		for _, file := range some {
			if err := errors.Join(ctx.Err()); err != nil {
				return err
			}
			if err := do(file); err != nil {
				return err
			}
			after = file.ID
		}
	}
}

func verifyFiles(ctx context.Context, env environment, args []string) (err error) {
	set := env.flags("files verify", "[--data DIR]",
		"Reads every file, wherever it lies, and compares it with the hash that was written down when it came.")
	o := configFlags(set, false)
	if _, err := parse(set, args); err != nil {
		return err
	}
	db, kept, done, err := env.keeperOf(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	count, _, err := db.FilesIn(ctx, "")
	if err != nil {
		return err
	}
	good, unread, bad := 0, 0, 0
	bar := &progress{out: env.stdout, what: "files", total: int(count), began: time.Now()}
	seen := 0
	err = eachFile(ctx, db, "", func(file fieldops.StoredFile) error {
		sum, err := kept.Hash(ctx, file)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			bad++
			bar.clear()
			fmt.Fprintf(env.stdout, "FAULT %s in %s: %v\n", file.Path, file.Place.Label(), err)
		case file.SHA256 == "":
			unread++
		case file.SHA256 != sum:
			bad++
			bar.clear()
			fmt.Fprintf(env.stdout, "FAULT %s in %s is not what came: its hash is %s and was %s\n", file.Path, file.Place.Label(), sum, file.SHA256)
		default:
			good++
		}
		seen++
		bar.at(seen)
		return nil
	})
	bar.done()
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%d files are what came; %d of a former version are there, and have no hash yet\n", good, unread)
	if bad > 0 {
		return fmt.Errorf("%d files are missing or damaged", bad)
	}
	return nil
}

func orphanFiles(ctx context.Context, env environment, args []string) (err error) {
	set := env.flags("files orphans", "[--data DIR] [--remove]",
		"Compares each place with what is written down: lists bytes that no file names, and files whose bytes are missing.")
	o := configFlags(set, false)
	remove := set.Bool("remove", false, "remove the bytes that no file names; without it, those found go after 30 days")
	if _, err := parse(set, args); err != nil {
		return err
	}
	db, kept, done, err := env.keeperOf(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	for _, place := range fieldops.StoragePlaces {
		found, err := kept.Sweep(ctx, place, func() error { return ctx.Err() })
		if err != nil {
			return fmt.Errorf("%s: %w", place.Label(), err)
		}
		if found.Objects > 0 || place == fieldops.PlaceLocal {
			fmt.Fprintf(env.stdout, "%s: %d files, %d of them named by nothing, %d missing\n", place.Label(), found.Objects, found.Orphans, found.Missing)
		}
	}
	missing, err := db.MissingFiles(ctx, 1000)
	if err != nil {
		return err
	}
	for _, file := range missing {
		fmt.Fprintf(env.stdout, "MISSING %s in %s, since %s\n", file.Path, file.Place.Label(), file.MissingSince.Format(time.RFC3339))
	}
	orphans, err := db.Orphans(ctx, fieldops.Time{}, 1000)
	if err != nil {
		return err
	}
	for _, orphan := range orphans {
		fmt.Fprintf(env.stdout, "ORPHAN %s in %s, %s, found %s\n", orphan.Name, orphan.Place.Label(), inBytes(orphan.Size), orphan.FoundAt.Format(time.RFC3339))
		if *remove {
			kept.RemoveOrphan(ctx, orphan)
		}
	}
	if *remove {
		left, err := db.Orphans(ctx, fieldops.Time{}, 1000)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "%d removed\n", len(orphans)-len(left))
	}
	if len(missing) > 0 {
		return fmt.Errorf("the bytes of %d files are missing", len(missing))
	}
	return nil
}

// inBytes is a size as people read it.
func inBytes(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
