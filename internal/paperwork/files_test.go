package paperwork_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/blob/blobtest"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// picture is a small photo that no other call gives.
func picture(t *testing.T) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 64, 48))
	for i := range m.Pix {
		m.Pix[i] = uint8(rand.UintN(256))
	}
	m.SetGray(0, 0, color.Gray{0})
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// desk is a database, a folder and another place, with somebody who works there.
type desk struct {
	*paperwork.Files
	t      *testing.T
	db     *store.DB
	folder *blob.Folder
	path   string
	now    time.Time

	mu      sync.Mutex
	storage fieldops.Storage
	owner   paperwork.Owner
	google  *blobtest.Drive // the Drive that inDrive names
	access  blob.Tokens
	places  *paperwork.Places
}

func newDesk(t *testing.T, engine store.Engine, storage fieldops.Storage) *desk {
	t.Helper()
	d := &desk{t: t, db: storetest.New(t, engine), path: t.TempDir(), now: time.Now(), storage: storage}
	folder, err := blob.OpenFolder(d.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	})
	d.folder = folder
	d.google = blobtest.NewDrive()
	d.access = d.google.Connect()
	address := d.google.Serve(t)
	d.places = &paperwork.Places{
		DriveURL: d.google.APIURL(address), DriveUploadURL: d.google.UploadURL(address),
		Read: func(context.Context) (fieldops.Storage, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.storage, nil
		},
		DriveToken: func(_ context.Context, renew string) (string, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			switch d.access.AccessToken {
			case "":
				return "", fieldops.Refuse(fieldops.Unavailable, "Google Drive is not connected")
			case renew:
				d.access = d.google.Connect()
			}
			return d.access.AccessToken, nil
		},
	}
	d.Files = paperwork.NewFiles(paperwork.FilesConfig{
		DB: d.db, Folder: folder, Clock: func() time.Time { return d.now }, Places: d.places,
	})
	d.owner = paperwork.Owner{Kind: fieldops.RecordTimesheet, Record: fieldops.NewID()}
	return d
}

// choose has files kept elsewhere from now on.
func (d *desk) choose(s fieldops.Storage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.storage = s
}

// bring uploads a picture and writes it down.
func (d *desk) bring(content []byte) fieldops.StoredFile {
	d.t.Helper()
	a, err := d.Receive(paperwork.UsePhoto, "board.jpg", bytes.NewReader(content))
	if err != nil {
		d.t.Fatal(err)
	}
	file, err := d.Keep(d.t.Context(), a, d.owner)
	if err != nil {
		d.t.Fatal(err)
	}
	d.write(func(tx *store.Tx) error { return tx.KeepFile(d.t.Context(), &file) })
	return file
}

func (d *desk) write(change func(tx *store.Tx) error) {
	d.t.Helper()
	if err := d.db.Write(d.t.Context(), fieldops.System, change); err != nil {
		d.t.Fatal(err)
	}
}

// somebody is a person who may upload.
func (d *desk) somebody() fieldops.ID {
	d.t.Helper()
	u := fieldops.User{Email: "tech@firm.test", Name: "Tech", Role: fieldops.RoleUser, IsActive: true}
	d.write(func(tx *store.Tx) error { return tx.InsertUser(d.t.Context(), &u) })
	return u.ID
}

func (d *desk) file(id fieldops.ID) fieldops.StoredFile {
	d.t.Helper()
	file, err := d.db.File(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return file
}

// wants fails unless the file can be read and is the content.
func (d *desk) wants(id fieldops.ID, content []byte) {
	d.t.Helper()
	c, err := d.OpenOriginal(d.t.Context(), d.file(id))
	if err != nil {
		d.t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err := errors.Join(err, c.Close()); err != nil || !bytes.Equal(got, content) {
		d.t.Errorf("read %d bytes, want %d: %v", len(got), len(content), err)
	}
}

// objects counts what lies in a store.
func (d *desk) objects(in blob.Store) (n int) {
	d.t.Helper()
	for _, err := range in.Objects(d.t.Context()) {
		if err != nil {
			d.t.Fatal(err)
		}
		n++
	}
	return n
}

func each(t *testing.T, test func(t *testing.T, engine store.Engine)) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			test(t, engine)
		})
	}
}

func bucket(t *testing.T) fieldops.Storage {
	t.Helper()
	c := blobtest.S3(t)
	return fieldops.Storage{Place: fieldops.PlaceS3, S3: fieldops.S3Storage{
		Bucket: c.Bucket, Region: c.Region, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, Endpoint: c.Endpoint, Prefix: c.Prefix,
	}}
}

var (
	inFolder = fieldops.Storage{Place: fieldops.PlaceLocal}
	// inDrive is the Drive of each desk's own.
	inDrive = fieldops.Storage{Place: fieldops.PlaceDrive, Drive: fieldops.DriveStorage{ClientID: "a-client", ClientSecret: "a-secret-of-the-test"}}
)

// everywhere are the places in which files can be kept.
func everywhere(t *testing.T) map[string]fieldops.Storage {
	t.Helper()
	both := bucket(t)
	both.Drive = inDrive.Drive
	return map[string]fieldops.Storage{"local": inFolder, "s3": both, "google-drive": inDrive}
}

func TestAFileIsKeptReadAndShownSmall(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, engine store.Engine) {
		for name, storage := range everywhere(t) {
			d := newDesk(t, engine, storage)
			d.Register(d.db.Queue())
			content := picture(t)
			file := d.bring(content)
			if file.Place != storage.Place || file.MovesTo != "" || file.Size != int64(len(content)) || file.Width != 64 || len(file.SHA256) != 64 {
				t.Errorf("%s: kept %+v", name, file)
			}
			d.wants(file.ID, content)
			work(t, d.db, func() bool { return d.file(file.ID).PreviewState != fieldops.PreviewWaiting })
			preview, err := d.db.PreviewOf(t.Context(), file.ID)
			if err != nil || preview.Place != storage.Place || preview.ContentType != "image/jpeg" {
				t.Fatalf("%s: the preview is %+v, %v", name, preview, err)
			}
			c, err := d.Open(t.Context(), preview)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := jpeg.Decode(c); err != nil {
				t.Error(err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// work has jobs done until done says so.
func work(t *testing.T, db *store.DB, done func() bool) {
	t.Helper()
	if err := db.Queue().Start(context.WithoutCancel(t.Context()), 1, nil); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Queue().Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the job was not done in time")
		}
	}
}

func TestAFileThatItsPlaceDoesNotTakeStaysUntilItDoes(t *testing.T) {
	t.Parallel()
	good := bucket(t)
	away := good
	away.S3.Endpoint = "http://127.0.0.1:1" // nobody listens there
	none := func(*desk) {}
	fault := func(change func(*blobtest.DriveFaults)) func(*desk) { return func(d *desk) { d.google.Fault(change) } }
	for name, trouble := range map[string]struct {
		begins, ends fieldops.Storage
		begin, end   func(*desk)
	}{
		"S3 is away":           {away, good, none, none},
		"Drive is down":        {inDrive, inDrive, fault(func(f *blobtest.DriveFaults) { f.Down = true }), fault(func(f *blobtest.DriveFaults) { f.Down = false })},
		"Drive is full":        {inDrive, inDrive, fault(func(f *blobtest.DriveFaults) { f.Quota = 10 }), fault(func(f *blobtest.DriveFaults) { f.Quota = 0 })},
		"Drive was taken away": {inDrive, inDrive, func(d *desk) { d.access = blob.Tokens{} }, func(d *desk) { d.access = d.google.Connect() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, engine store.Engine) {
				d := newDesk(t, engine, trouble.begins)
				d.Register(d.db.Queue())
				trouble.begin(d)
				content := picture(t)
				file := d.bring(content)
				if file.Place != fieldops.PlaceLocal || file.MovesTo != trouble.begins.Place || file.Receipt().MovesTo != trouble.begins.Place {
					t.Errorf("kept %+v", file)
				}
				d.wants(file.ID, content)
				trouble.end(d)
				d.choose(trouble.ends)
				d.now = d.now.Add(time.Minute) // the place that failed is asked again
				work(t, d.db, func() bool { return d.file(file.ID).Place == trouble.ends.Place && d.objects(d.folder) == 0 })
				d.wants(file.ID, content)
			})
		})
	}
}

func TestFilesMoveThereAndBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, engine store.Engine) {
		d := newDesk(t, engine, everywhere(t)["s3"])
		content := picture(t)
		file := d.bring(content)
		// Every pair of places, each way.
		for _, to := range []fieldops.StoragePlace{
			fieldops.PlaceLocal, fieldops.PlaceDrive, fieldops.PlaceS3, fieldops.PlaceDrive, fieldops.PlaceLocal, fieldops.PlaceS3, fieldops.PlaceLocal,
		} {
			if moved, err := d.Move(t.Context(), d.file(file.ID), to); err != nil || !moved {
				t.Fatalf("moving to %s: %v, %v", to, moved, err)
			}
			if now := d.file(file.ID); now.Place != to || now.Path != file.Path || now.SHA256 != file.SHA256 {
				t.Errorf("moved to %s: %+v", to, now)
			}
			d.wants(file.ID, content)
		}
		if moved, err := d.Move(t.Context(), file, fieldops.PlaceLocal); err != nil || moved {
			t.Errorf("by a row that is out of date: %v, %v", moved, err)
		}
		d.wants(file.ID, content)
		// A reader that has read the row before a move finds it all the same.
		c, err := d.OpenOriginal(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestADamagedFileIsNotMoved(t *testing.T) {
	t.Parallel()
	d := newDesk(t, store.SQLite, inFolder)
	file := d.bring(picture(t))
	where := filepath.Join(d.path, strings.TrimPrefix(file.Path, "/uploads/"))
	damaged, err := os.ReadFile(where)
	if err != nil {
		t.Fatal(err)
	}
	damaged[len(damaged)/2]++
	if err := os.WriteFile(where, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	d.choose(bucket(t))
	if moved, err := d.Move(t.Context(), file, fieldops.PlaceS3); err == nil || moved || !strings.Contains(err.Error(), "is not what was uploaded") {
		t.Errorf("%v, %v", moved, err)
	}
	if now := d.file(file.ID); now.Place != fieldops.PlaceLocal {
		t.Errorf("it lies in %s", now.Place)
	}
}

func TestSweepsFindWhatIsOnOneSideOnly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, engine store.Engine) {
		for name, storage := range everywhere(t) {
			d := newDesk(t, engine, storage)
			content := picture(t)
			kept, lost := d.bring(content), d.bring(content)
			// A crash between the bytes and the row.
			a, err := d.Receive(paperwork.UsePhoto, "x.jpg", bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			orphan, err := d.Keep(t.Context(), a, d.owner)
			if err != nil {
				t.Fatal(err)
			}
			in := d.store(storage)
			if err := in.Delete(t.Context(), lost.Ref); err != nil {
				t.Fatal(err)
			}
			always := func() error { return nil }
			d.now = d.now.Add(time.Minute)
			if s, err := d.Sweep(t.Context(), storage.Place, always); err != nil || s.Orphans != 0 || s.Objects != 2 {
				t.Errorf("%s: at once: %+v, %v", name, s, err) // its row may be on its way
			}
			d.now = d.now.Add(2 * time.Hour)
			s, err := d.Sweep(t.Context(), storage.Place, always)
			if err != nil || s.Orphans != 1 || s.Missing != 1 {
				t.Errorf("%s: found %+v, %v", name, s, err)
			}
			if d.file(lost.ID).MissingSince.IsZero() || !d.file(kept.ID).MissingSince.IsZero() {
				t.Errorf("%s: the wrong one is missing", name)
			}
			orphans, err := d.db.Orphans(t.Context(), fieldops.Time{}, 10)
			if err != nil || len(orphans) != 1 || orphans[0].Ref != orphan.Ref {
				t.Errorf("%s: the orphans are %v, %v", name, orphans, err)
			}
			if err := d.Round(t.Context()); err != nil {
				t.Error(err)
			}
			if n := d.objects(in); n != 2 {
				t.Errorf("%s: %d objects are left before the time", name, n)
			}
			d.now = d.now.Add(31 * 24 * time.Hour)
			if err := d.Round(t.Context()); err != nil {
				t.Error(err)
			}
			if n := d.objects(in); n != 1 {
				t.Errorf("%s: %d objects are left", name, n)
			}
			d.wants(kept.ID, content)
		}
	})
}

func (d *desk) store(s fieldops.Storage) blob.Store {
	d.t.Helper()
	if s.Place == fieldops.PlaceLocal {
		return d.folder
	}
	in, err := d.places.Open(d.t.Context(), s.Place)
	if err != nil {
		d.t.Fatal(err)
	}
	return in
}

func TestFilesThatNothingNamesGoAfterTheirTime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, engine store.Engine) {
		d := newDesk(t, engine, inFolder)
		d.Register(d.db.Queue())
		content := picture(t)
		stays, goes, back := d.bring(content), d.bring(content), d.bring(content)
		work(t, d.db, func() bool {
			return d.file(back.ID).PreviewState == fieldops.PreviewMade && d.file(goes.ID).PreviewState == fieldops.PreviewMade
		})
		ctx := t.Context()
		d.write(func(tx *store.Tx) error {
			return tx.ReleaseFiles(ctx, false, goes.Path, back.Path, "/uploads/none.jpg")
		})
		d.write(func(tx *store.Tx) error {
			got, err := tx.RetakeFiles(ctx, fieldops.RecordTimesheet, []fieldops.ID{d.owner.Record}, back.Path, stays.Path)
			if len(got) != 1 || got[0] != back.Path {
				t.Errorf("taken back: %v", got)
			}
			return err
		})
		d.now = d.now.Add(29 * 24 * time.Hour)
		if err := d.Round(ctx); err != nil {
			t.Error(err)
		}
		d.wants(goes.ID, content)
		d.now = d.now.Add(2 * 24 * time.Hour)
		if err := d.Round(ctx); err != nil {
			t.Error(err)
		}
		if _, err := d.db.File(ctx, goes.ID); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("it is still written down: %v", err)
		}
		d.wants(stays.ID, content)
		d.wants(back.ID, content)
		if n := d.objects(d.folder); n != 4 { // two, and the previews of them
			t.Errorf("%d files are in the folder", n)
		}
	})
}

func TestAnUploadGoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, engine store.Engine) {
		d := newDesk(t, engine, inFolder)
		user := d.somebody()
		actor := fieldops.Actor{UserID: user, Name: "Tech"}
		content := picture(t)
		sum := shaOf(content)
		ctx := t.Context()
		u, err := d.BeginUpload(ctx, actor, paperwork.UsePhoto, "../board.heic", int64(len(content)), sum)
		if err != nil {
			t.Fatal(err)
		}
		most := len(content) * 8 / 10
		broken := io.MultiReader(bytes.NewReader(content[:most]), &failing{})
		if _, at, err := d.Append(ctx, actor, u.ID, 0, broken); err == nil || at != int64(most) {
			t.Errorf("broken: at %d, %v", at, err)
		}
		if _, at, err := d.UploadOffset(ctx, user, u.ID); err != nil || at != int64(most) {
			t.Errorf("it stands at %d, %v", at, err)
		}
		if _, _, err := d.UploadOffset(ctx, fieldops.NewID(), u.ID); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("somebody else's: %v", err)
		}
		if _, err := d.Uploaded(ctx, user, u.ID, paperwork.UsePhoto); fieldops.KindOf(err) != fieldops.Conflict {
			t.Errorf("used before its end: %v", err)
		}
		if _, _, err := d.Append(ctx, actor, u.ID, 3, bytes.NewReader(content)); fieldops.KindOf(err) != fieldops.Conflict {
			t.Errorf("at the wrong byte: %v", err)
		}
		if _, at, err := d.Append(ctx, actor, u.ID, int64(most), bytes.NewReader(content[most:])); err != nil || at != int64(len(content)) {
			t.Errorf("to its end: at %d, %v", at, err)
		}
		for range 2 { // the first change that uses it fails
			a, err := d.Uploaded(ctx, user, u.ID, paperwork.UsePhoto)
			if err != nil {
				t.Fatal(err)
			}
			file, err := d.Keep(ctx, a, d.owner)
			if err != nil || file.SHA256 != sum {
				t.Fatalf("kept %+v, %v", file, err)
			}
			d.TakeBack(ctx, file)
		}
		if n := d.objects(d.folder); n != 0 {
			t.Errorf("%d files are left", n)
		}
		d.now = d.now.Add(8 * 24 * time.Hour)
		if _, _, err := d.UploadOffset(ctx, user, u.ID); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("after its time: %v", err)
		}
	})
}

func TestAnUploadThatIsNotWhatWasSentEnds(t *testing.T) {
	t.Parallel()
	d := newDesk(t, store.SQLite, inFolder)
	user := d.somebody()
	actor := fieldops.Actor{UserID: user, Name: "Tech"}
	for name, c := range map[string]struct {
		content []byte
		sum     string
	}{"another hash": {picture(t), shaOf([]byte("x"))}, "no picture": {[]byte("<script>alert(1)</script>"), ""}} {
		u, err := d.BeginUpload(t.Context(), actor, paperwork.UsePhoto, "a.jpg", int64(len(c.content)), c.sum)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Append(t.Context(), actor, u.ID, 0, bytes.NewReader(c.content)); fieldops.KindOf(err) != fieldops.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := d.UploadOffset(t.Context(), user, u.ID); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("%s: it is still there: %v", name, err)
		}
	}
	for n := 0; ; n++ {
		_, err := d.BeginUpload(t.Context(), actor, paperwork.UsePhoto, "a.jpg", 1, "")
		if fieldops.KindOf(err) == fieldops.TooMany && n == 100 {
			break
		}
		if err != nil || n > 100 {
			t.Fatalf("upload %d: %v", n, err)
		}
	}
	if _, err := d.BeginUpload(t.Context(), actor, paperwork.UsePhoto, "a.jpg", paperwork.UsePhoto.MaxBytes()+1, ""); fieldops.KindOf(err) != fieldops.Invalid || !strings.Contains(err.Error(), "10MB") {
		t.Errorf("too large: %v", err)
	}
}

type failing struct{}

func (*failing) Read([]byte) (int, error) { return 0, errors.New("the connection broke") }

func shaOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
