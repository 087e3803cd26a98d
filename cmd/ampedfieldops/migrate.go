package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ampedfieldops/internal/store"
)

// migrate brings the database to this version's schema.
func migrate(ctx context.Context, env environment, args []string) (err error) {
	set := env.flags("migrate", "[--data DIR] [--dry-run]", "Brings the database to this version's schema, in one transaction. serve and worker do it too.")
	o := configFlags(set, false)
	dry := set.Bool("dry-run", false, "only say what would be done")
	if _, err := parse(set, args); err != nil {
		return err
	}
	c, err := env.loadConfig(o)
	if err != nil {
		return err
	}
	address := c.databaseURL
	if path, ok := c.sqlite(); ok && *dry {
		// Opening makes the file, and a rehearsal makes nothing.
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			scratch, err := os.MkdirTemp("", "ampedfieldops-*")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(scratch) }()
			address = "sqlite:" + filepath.Join(scratch, "empty.db")
		}
	}
	db, err := store.Open(ctx, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	pending, err := db.PendingMigrations(ctx)
	if err != nil {
		return err
	}
	if !*dry {
		if err := db.Migrate(ctx); err != nil {
			return err
		}
	}
	word := "applied"
	if *dry {
		word = "would apply"
	}
	for _, name := range pending {
		fmt.Fprintln(env.stdout, word, name)
	}
	if len(pending) == 0 {
		fmt.Fprintln(env.stdout, "the database is up to date")
	}
	return nil
}
