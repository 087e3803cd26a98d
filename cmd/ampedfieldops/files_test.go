package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/blob/blobtest"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// uploaded gives an installation so many files, in its folder: a logo, a file of a
// project, and photos.
func (here *installation) uploaded(count int) (paths []string) {
	here.t.Helper()
	ctx := context.Background()
	db := here.open()
	defer here.close(db)
	folder, err := blob.OpenFolder(here.path("uploads"))
	if err != nil {
		here.t.Fatal(err)
	}
	kept := paperwork.NewFiles(paperwork.FilesConfig{DB: db, Folder: folder, Places: &paperwork.Places{
		Read: func(context.Context) (fieldops.Storage, error) {
			return fieldops.Storage{Place: fieldops.PlaceLocal}, nil
		},
	}})
	project := fieldops.Project{Name: "Rewire"}
	if err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return tx.InsertProject(ctx, &project, nil) }); err != nil {
		here.t.Fatal(err)
	}
	for n := range count {
		m := image.NewGray(image.Rect(0, 0, 10+n, 10))
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			here.t.Fatal(err)
		}
		if n == 0 {
			if _, err := paperwork.NewPictures(kept).Keep(ctx, fieldops.System, paperwork.Logo, &b); err != nil {
				here.t.Fatal(err)
			}
			logos, err := db.FilesBelow(ctx, "/uploads/branding/", 2)
			if err != nil || len(logos) != 1 {
				here.t.Fatalf("the logo is %v, %v", logos, err)
			}
			paths = append(paths, strings.TrimPrefix(logos[0].Path, "/"))
			continue
		}
		owner := paperwork.Owner{Kind: fieldops.RecordTimesheet, Record: fieldops.NewID()}
		if n == 1 {
			owner = paperwork.Owner{Kind: fieldops.RecordProject, Record: project.ID}
		}
		arrival, err := kept.Receive(paperwork.UsePhoto, fmt.Sprintf("%d.png", n), &b)
		if err != nil {
			here.t.Fatal(err)
		}
		file, err := kept.Keep(ctx, arrival, owner)
		if err == nil {
			err = db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
				if n == 1 {
					return tx.KeepProjectFile(ctx, &fieldops.ProjectFile{ProjectID: &project.ID}, &file)
				}
				return tx.KeepFile(ctx, &file)
			})
		}
		if err != nil {
			here.t.Fatal(err)
		}
		paths = append(paths, strings.TrimPrefix(file.Path, "/"))
	}
	if err := folder.Close(); err != nil {
		here.t.Error(err)
	}
	return paths
}

func TestFilesMoveHouseAndComeBackFromABackup(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, here *installation) {
		c := blobtest.S3(t)
		for name, value := range map[string]string{
			"AWS_S3_BUCKET": c.Bucket, "AWS_REGION": c.Region, "AWS_ACCESS_KEY_ID": c.AccessKeyID, "AWS_SECRET_ACCESS_KEY": c.SecretAccessKey, "AWS_S3_ENDPOINT": c.Endpoint,
			"CLOUD_STORAGE_PROVIDER": "s3",
		} {
			here.env[name] = value
		}
		here.must("migrate")
		paths := here.uploaded(7)
		before := here.files()
		here.refused("two different ones", "files", "migrate", "--from", "local", "--to", "local")
		if out := here.must("files", "migrate", "--from", "local", "--to", "s3", "--dry-run"); !strings.Contains(out, "7 files") || !strings.Contains(out, "nothing was moved") {
			t.Errorf("a rehearsal printed %q", out)
		}
		// One of them is not what came: it stays, and the others go.
		damaged := paths[3]
		here.write(damaged, "damaged")
		here.refused("1 files stay in the local folder", "files", "migrate", "--from", "local", "--to", "s3")
		here.refused("1 files are missing or damaged", "files", "verify")
		here.write(damaged, before[damaged])
		if out := here.must("files", "migrate", "--from", "local", "--to", "s3"); !strings.Contains(out, "1 files moved to S3") {
			t.Errorf("the rest: %q", out)
		}
		if left := here.files(); left[paths[0]] != "" || left[damaged] != "" {
			t.Errorf("left in the folder: %d files", len(left))
		}
		if out := here.must("files", "verify"); !strings.Contains(out, "7 files are what came") {
			t.Errorf("verify printed %q", out)
		}
		if out := here.must("files", "orphans"); !strings.Contains(out, "S3: 7 files, 0 of them named by nothing, 0 missing") {
			t.Errorf("orphans printed %q", out)
		}

		file := filepath.Join(t.TempDir(), "backup.tar.gz")
		if out := here.must("backup", file); !strings.Contains(out, "and 7 files") {
			t.Errorf("backup printed %q", out)
		}
		if out := here.must("backup", "--without-cloud", file+"2"); !strings.Contains(out, "and 0 files") {
			t.Errorf("backup printed %q", out)
		}
		engine := store.Postgres
		if strings.HasPrefix(here.env["DATABASE_URL"], "sqlite:") {
			engine = store.SQLite
		}
		elsewhere := installed(t, engine) // which has no bucket
		elsewhere.must("restore", file)
		restored := elsewhere.files()
		for _, p := range paths {
			if restored[p] != before[p] {
				t.Errorf("%s was not restored", p)
			}
		}
		if out := elsewhere.must("files", "verify"); !strings.Contains(out, "7 files are what came") {
			t.Errorf("verify printed %q", out)
		}

		// And back, into the folder.
		if out := here.must("files", "migrate", "--from", "s3", "--to", "local"); !strings.Contains(out, "7 files moved to the local folder") {
			t.Errorf("back: %q", out)
		}
		if err := os.Remove(here.path(paths[0])); err != nil {
			t.Fatal(err)
		}
		out, err := here.run("", "files", "orphans")
		if err == nil || !strings.Contains(out, "MISSING /"+paths[0]) {
			t.Errorf("a missing file: %v, %q", err, out)
		}
	})
}
