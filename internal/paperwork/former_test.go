package paperwork_test

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"ampedfieldops/internal/blob/blobtest"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// former writes down a file as the upgrade does, which knows an address only.
func (d *desk) former(address string, place fieldops.StoragePlace, ref string) fieldops.ID {
	d.t.Helper()
	file := fieldops.StoredFile{
		ID: fieldops.NewID(), Path: address, Place: place, Ref: ref, Name: path.Base(address), Extension: "jpg",
		RecordKind: fieldops.RecordTimesheet, RecordID: &d.owner.Record, PreviewState: fieldops.PreviewNone,
	}
	d.write(func(tx *store.Tx) error { return tx.KeepFile(d.t.Context(), &file) })
	return file.ID
}

// TestAFormerFileIsFoundWhereverItLies is about what the former product named by an
// address that does not tell where the bytes are.
func TestAFormerFileIsFoundWhereverItLies(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, engine store.Engine) {
		c := blobtest.S3(t)
		set := fieldops.Storage{Place: fieldops.PlaceLocal, Drive: inDrive.Drive, S3: fieldops.S3Storage{
			Bucket: c.Bucket, Region: c.Region, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, Endpoint: c.Endpoint, Prefix: "firm",
		}}
		d := newDesk(t, engine, set)
		inS3 := func(key string, content []byte) {
			if _, err := blobtest.S3Client(t, c).Client.PutObject(t.Context(), c.Bucket, key, strings.NewReader(string(content)), int64(len(content)), minio.PutObjectOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		inFolder := func(key string, content []byte) {
			file := filepath.Join(d.path, filepath.FromSlash(key))
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		type lies struct {
			place fieldops.StoragePlace
			ref   string
		}
		wanted, contents := map[fieldops.ID]lies{}, map[fieldops.ID][]byte{}
		bring := func(at lies, address string, place fieldops.StoragePlace, ref string, content []byte) {
			id := d.former(address, place, ref)
			wanted[id], contents[id] = at, content
		}
		for name, put := range map[string]func(key string, content []byte) lies{
			"folder": func(key string, content []byte) lies { inFolder(key, content); return lies{"local", key} },
			"bucket": func(key string, content []byte) lies {
				inS3("uploads/"+key, content)
				return lies{"s3", "uploads/" + key}
			},
			"bucket-of-its-own": func(key string, content []byte) lies { inS3("firm/"+key, content); return lies{"s3", "firm/" + key} },
			"bucket-bare":       func(key string, content []byte) lies { inS3(key, content); return lies{"s3", key} },
			"drive": func(key string, content []byte) lies {
				return lies{"google-drive", d.google.AddAt(key, "image/jpeg", content)}
			},
			"drive-below": func(key string, content []byte) lies {
				return lies{"google-drive", d.google.AddAt("uploads/"+key, "image/jpeg", content)}
			},
		} {
			key, content := "projects/"+name+"/ab/cd/photo.jpg", picture(t)
			bring(put(key, content), "/uploads/"+key, fieldops.PlaceLocal, key, content)
		}
		// By links of their own, which tell.
		content := picture(t)
		id := d.google.AddAt("anywhere/link.jpg", "image/jpeg", content)
		bring(lies{"google-drive", id}, "/uploads/former/"+id, fieldops.PlaceDrive, id, content)
		content = picture(t)
		inS3("timesheets/link.jpg", content)
		bring(lies{"s3", "timesheets/link.jpg"}, "/uploads/timesheets/link.jpg", fieldops.PlaceS3, "timesheets/link.jpg", content)
		// It was linked in S3, and copied to the folder since.
		content = picture(t)
		inFolder("timesheets/copied.jpg", content)
		bring(lies{"local", "timesheets/copied.jpg"}, "/uploads/timesheets/copied.jpg", fieldops.PlaceS3, "uploads/timesheets/copied.jpg", content)
		nowhere := d.former("/uploads/timesheets/nowhere.jpg", fieldops.PlaceLocal, "timesheets/nowhere.jpg")

		for id := range wanted {
			d.wants(id, contents[id]) // at once
		}
		if err := d.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		for id, at := range wanted {
			file := d.file(id)
			if file.Place != at.place || file.Ref != at.ref || file.SHA256 != shaOf(contents[id]) {
				t.Errorf("%s: it is written down in %s at %s, and lies in %s at %s; %s", file.Path, file.Place, file.Ref, at.place, at.ref, file.SHA256)
			}
			d.wants(id, contents[id])
		}
		if _, err := d.OpenOriginal(t.Context(), d.file(nowhere)); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("what is nowhere: %v", err)
		}

		// None of them counts as missing because it lies where this program puts nothing.
		d.now = d.now.Add(2 * time.Hour)
		missing := map[fieldops.StoragePlace]int{}
		for _, place := range fieldops.StoragePlaces {
			s, err := d.Sweep(t.Context(), place, func() error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			if missing[place] = s.Missing; s.Orphans != 0 {
				t.Errorf("%s: %d orphans", place, s.Orphans)
			}
		}
		if want := (map[fieldops.StoragePlace]int{"local": 1, "s3": 0, "google-drive": 0}); !maps.Equal(missing, want) {
			t.Errorf("missing: %v", missing)
		}
		// And they move like all others.
		for id := range wanted {
			to := fieldops.PlaceS3
			if d.file(id).Place == to {
				to = fieldops.PlaceLocal
			}
			if moved, err := d.Move(t.Context(), d.file(id), to); err != nil || !moved {
				t.Errorf("%s: %v, %v", d.file(id).Path, moved, err)
			}
			d.wants(id, contents[id])
		}
	})
}
