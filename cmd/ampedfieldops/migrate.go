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

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// migrate brings the database to this version's schema, or upgrades that of the
// former product, and looks after such an upgrade.
func migrate(ctx context.Context, env environment, args []string) (err error) {
	set := env.flags("migrate", "[--data DIR] [--dry-run | --verify | --rollback-v1 [--discard-new]]",
		"Brings the database to this version's schema, in one transaction. serve and worker do it too.\n"+
			"A PostgreSQL database of the former product is upgraded; its tables are kept in the schema v1. See docs/upgrading.md.")
	o := configFlags(set, false)
	dry := set.Bool("dry-run", false, "only say what would be done")
	verify := set.Bool("verify", false, "compare an upgraded database with the former tables")
	back := set.Bool("rollback-v1", false, "put the former product's tables back and drop this program's")
	discard := set.Bool("discard-new", false, "with --rollback-v1: give up newer records, after writing them to files")
	if _, err := parse(set, args); err != nil {
		return err
	}
	chosen := 0
	for _, flag := range []bool{*dry, *verify, *back} {
		if flag {
			chosen++
		}
	}
	switch {
	case chosen > 1:
		return misused("--dry-run, --verify and --rollback-v1 exclude each other")
	case *discard && !*back:
		return misused("--discard-new belongs to --rollback-v1")
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
	switch {
	case *verify:
		return verifyUpgrade(ctx, env, c, db)
	case *back:
		return rollBack(ctx, env, c, db, *discard)
	}
	age, err := db.FormerAge(ctx)
	if err != nil {
		return err
	}
	switch {
	case age != "" && *dry:
		return rehearseUpgrade(ctx, env, db)
	case age != "":
		return upgradeFormer(ctx, env, c, db)
	}
	return applyPending(ctx, env, db, *dry)
}

// applyPending brings a database of ours to this version.
func applyPending(ctx context.Context, env environment, db *store.DB, dry bool) error {
	pending, err := db.PendingMigrations(ctx)
	if err != nil {
		return err
	}
	word := "would apply"
	if !dry {
		if err := db.Migrate(ctx); err != nil {
			return err
		}
		word = "applied"
	}
	for _, name := range pending {
		fmt.Fprintln(env.stdout, word, name)
	}
	if len(pending) == 0 {
		fmt.Fprintln(env.stdout, "the database is up to date")
	}
	return nil
}

func (env environment) tell(line string) { fmt.Fprintln(env.stderr, line) }

func (env environment) show(report *store.UpgradeReport) {
	for _, line := range report.Lines() {
		fmt.Fprintln(env.stdout, line)
	}
}

func rehearseUpgrade(ctx context.Context, env environment, db *store.DB) error {
	report, err := db.RehearseUpgrade(ctx, env.tell)
	if report != nil {
		env.show(report)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, "nothing was changed: this was a rehearsal. Nothing would be sent to Xero; connect to Xero anew after the upgrade, because its tokens are not taken over")
	return nil
}

func upgradeFormer(ctx context.Context, env environment, c *config, db *store.DB) (err error) {
	if err := c.ensureSecrets(); err != nil {
		return err
	}
	sealer, err := billing.NewSealer(c.encryptionKey)
	if err != nil {
		return err
	}
	folder, err := blob.OpenFolder(c.uploads())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	report, err := db.MigrateOrUpgrade(ctx, &store.Upgrading{Seal: sealer.Seal, KeepPhoto: paperwork.KeepEmbedded(folder), Tell: env.tell})
	if err != nil {
		return err
	}
	if report == nil {
		fmt.Fprintln(env.stdout, "the database is up to date")
		return nil
	}
	env.show(report)
	fmt.Fprintln(env.stdout, "upgraded. Nothing was sent to Xero; connect to Xero anew, because the former product's tokens are not taken over. Next: ampedfieldops migrate --verify")
	return nil
}

// verifyUpgrade prints the comparison and fails when something is wrong.
func verifyUpgrade(ctx context.Context, env environment, c *config, db *store.DB) (err error) {
	folder, err := blob.OpenFolder(c.uploads())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	v, err := db.VerifyUpgrade(ctx, paperwork.InFolder(folder))
	if err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, "upgraded", v.Upgraded.Format(time.RFC3339))
	for _, s := range v.Sums {
		fmt.Fprintf(env.stdout, "%s: %s %s, here %s\n", s.Table, s.What, s.Old, s.New)
	}
	fmt.Fprintf(env.stdout, "%d files looked for in the data folder, %d are in other stores\n", v.Photos, v.Elsewhere)
	if len(v.Faults) == 0 {
		fmt.Fprintln(env.stdout, "everything agrees")
		return nil
	}
	for _, fault := range v.Faults {
		fmt.Fprintln(env.stdout, "FAULT", fault)
	}
	return fmt.Errorf("the verification found %d faults", len(v.Faults))
}

// rollBack puts the former tables back. Newer records are written to a folder of
// their own first, when they are to be given up.
func rollBack(ctx context.Context, env environment, c *config, db *store.DB, discard bool) error {
	folder := filepath.Join(c.data, "discarded-"+time.Now().UTC().Format("20060102T150405Z"))
	var keep func(string, func(io.Writer) error) error
	if discard {
		keep = func(table string, rows func(io.Writer) error) error {
			if err := os.MkdirAll(folder, 0o700); err != nil {
				return err
			}
			file, err := os.OpenFile(filepath.Join(folder, table+".jsonl"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			return errors.Join(rows(file), file.Sync(), file.Close())
		}
	}
	lost, err := db.RollBackUpgrade(ctx, keep)
	if err != nil {
		return err
	}
	if discard && len(lost) > 0 {
		var what []string
		for _, n := range lost {
			what = append(what, fmt.Sprintf("%d of %s", n.Rows, n.Table))
		}
		fmt.Fprintf(env.stdout, "newer records are in %s, one in each line, as JSON: %s\n", folder, strings.Join(what, ", "))
	}
	fmt.Fprintln(env.stdout, "the former product's tables are back; this program's are gone")
	return nil
}
