package paperwork

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"ampedfieldops/internal/fieldops"
)

var may2026 = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

func openPhotos(t *testing.T) (photos *Photos, folder string) {
	t.Helper()
	folder = t.TempDir()
	photos, err := OpenPhotos(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := photos.Close(); err != nil {
			t.Error(err)
		}
	})
	return photos, folder
}

// files lists everything below a folder that is a file.
func files(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestKeptPhotosAreReadBackAsTheyAre(t *testing.T) {
	t.Parallel()
	photos, folder := openPhotos(t)
	timesheet := fieldops.NewID()
	for content, contentType := range map[string]string{
		"\xff\xd8\xff\xe0 a JPEG":             "image/jpeg",
		"\x89PNG\r\n\x1a\n a PNG":             "image/png",
		"GIF89a a GIF":                        "image/gif",
		"RIFF\x10\x00\x00\x00WEBPVP8 ":        "image/webp",
		"%PDF-1.7 " + strings.Repeat("x", 99): "application/pdf",
	} {
		url, err := photos.Keep(timesheet, strings.NewReader(content), may2026)
		if err != nil {
			t.Fatalf("%s: %v", contentType, err)
		}
		if owner, ok := TimesheetOf(url); !ok || owner != timesheet {
			t.Errorf("%s belongs to %q, want %s", url, owner, timesheet)
		}
		file, gotType, err := photos.Open(url)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(file)
		if err := errors.Join(err, file.Close()); err != nil || string(got) != content || gotType != contentType {
			t.Errorf("%s: read %q of type %s, %v", url, got, gotType, err)
		}
		if err := photos.Remove(url, url, "/uploads/timesheets/../../secret"); err != nil {
			t.Error(err)
		}
		if _, _, err := photos.Open(url); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("a removed photo: %v", err)
		}
	}
	if left := files(t, folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWhatIsNoPhotoIsRefusedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	photos, folder := openPhotos(t)
	for name, content := range map[string]io.Reader{
		"empty":            strings.NewReader(""),
		"a script":         strings.NewReader("<script>alert(1)</script>"),
		"an SVG":           strings.NewReader(`<svg xmlns="http://www.w3.org/2000/svg"/>`),
		"a RIFF but audio": strings.NewReader("RIFF\x10\x00\x00\x00WAVEfmt "),
		"a byte too large": io.MultiReader(strings.NewReader("\xff\xd8\xff"), io.LimitReader(zeros{}, MaxPhotoBytes-2)),
	} {
		if url, err := photos.Keep(fieldops.NewID(), content, may2026); fieldops.KindOf(err) != fieldops.Invalid {
			t.Errorf("%s: %q, %v", name, url, err)
		}
	}
	broken := errors.New("the connection broke")
	if _, err := photos.Keep(fieldops.NewID(), io.MultiReader(strings.NewReader("\xff\xd8\xff"+strings.Repeat("x", 1000)), iotest.ErrReader(broken)), may2026); !errors.Is(err, broken) {
		t.Errorf("a broken upload: %v", err)
	}
	if left := files(t, folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	largest := io.MultiReader(strings.NewReader("\xff\xd8\xff"), io.LimitReader(zeros{}, MaxPhotoBytes-3))
	if _, err := photos.Keep(fieldops.NewID(), largest, may2026); err != nil {
		t.Errorf("a photo of exactly the limit: %v", err)
	}
}

func TestPhotosThatWereThereBeforeAreKeptUnderTheirName(t *testing.T) {
	t.Parallel()
	photos, folder := openPhotos(t)
	timesheet, id := fieldops.NewID(), fieldops.NewID()
	content := "\x89PNG\r\n\x1a\n a PNG"
	want := "/uploads/timesheets/2019/" + timesheet + "_" + id + ".png"
	// A run that was cut short has left a part of it.
	part := filepath.Join(folder, strings.TrimPrefix(want, "/")+".part")
	if err := errors.Join(os.MkdirAll(filepath.Dir(part), 0o700), os.WriteFile(part, []byte("\x89PN"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		url, err := photos.KeepAs(timesheet, id, 2019, []byte(content))
		if err != nil || url != want {
			t.Fatalf("%q, %v, want %q", url, err, want)
		}
		if got, contentType := readPhoto(t, photos.Open, url); got != content || contentType != "image/png" {
			t.Errorf("read %q of type %s", got, contentType)
		}
	}
	if left := files(t, folder); len(left) != 1 {
		t.Errorf("there are %v", left)
	}
	if _, err := photos.KeepAs(timesheet, id, 2019, []byte("<svg/>")); fieldops.KindOf(err) != fieldops.Invalid {
		t.Errorf("what is no photo: %v", err)
	}
}

func readPhoto(t *testing.T, open func(string) (*os.File, string, error), url string) (content, contentType string) {
	t.Helper()
	file, contentType, err := open(url)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(file)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	return string(got), contentType
}

func TestPhotosOfTheFormerProductAreOpenedAndNothingElse(t *testing.T) {
	t.Parallel()
	photos, folder := openPhotos(t)
	content := "\xff\xd8\xff\xe0 a JPEG"
	put := func(name, content string) {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	put("uploads/projects/9/board.jpg", content)
	put("uploads/projects/9/short.jpg", "\xff\xd8\xff") // as short as a signature
	put("uploads/projects/9/page.jpg", "<script>alert(1)</script>")
	put("uploads/projects/9/empty.jpg", "")
	put("secret.jpg", content)
	if err := os.Symlink(filepath.Join(folder, "secret.jpg"), filepath.Join(folder, "uploads", "projects", "9", "link.jpg")); err != nil {
		t.Fatal(err)
	}
	if got, contentType := readPhoto(t, photos.OpenFormer, "/uploads/projects/9/board.jpg"); got != content || contentType != "image/jpeg" {
		t.Errorf("read %q of type %s", got, contentType)
	}
	if got, _ := readPhoto(t, photos.OpenFormer, "/uploads/projects/9/short.jpg"); got != "\xff\xd8\xff" {
		t.Errorf("read %q", got)
	}
	for _, url := range []string{
		"", "/uploads/", "/uploads/projects", "/uploads/projects/9/", "/uploads/projects/9/page.jpg", "/uploads/projects/9/empty.jpg", "/uploads/projects/9/none.jpg",
		"/uploads/projects/9/link.jpg", "/uploads/../secret.jpg", "/uploads/projects/../../secret.jpg", "/uploads//projects/9/board.jpg", "/secret.jpg", "projects/9/board.jpg",
		"/uploads/projects/9/board.jpg\x00", "https://example.test/uploads/projects/9/board.jpg",
	} {
		if file, _, err := photos.OpenFormer(url); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("%q: %v, %v", url, file, err)
		}
	}
	for url, there := range map[string]bool{"/uploads/projects/9/board.jpg": true, "/uploads/projects/9/none.jpg": false, "/uploads/../secret.jpg": false, "/uploads/projects/9/link.jpg": false, "/secret.jpg": false} {
		if photos.Has(url) != there {
			t.Errorf("%q is there: %v", url, !there)
		}
	}
}

func TestNoOtherFileCanBeOpened(t *testing.T) {
	t.Parallel()
	photos, folder := openPhotos(t)
	if err := os.WriteFile(filepath.Join(folder, "secret.pdf"), []byte("%PDF-"), 0o600); err != nil {
		t.Fatal(err)
	}
	id := fieldops.NewID()
	for _, url := range []string{
		"", "/", "/uploads/timesheets/", "/uploads/secret.pdf", "/uploads/timesheets/../../secret.pdf",
		"/uploads/timesheets/2026/../../../secret.pdf", "/uploads/timesheets/2026/" + id + "_" + id + ".svg",
		"/uploads/timesheets/2026/" + id + "_" + id + ".jpg\x00", "/uploads/timesheets/2026/" + id + "_" + id + ".jpg",
		"timesheets/2026/" + id + "_" + id + ".jpg",
	} {
		if _, _, err := photos.Open(url); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
