package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/blob/blobtest"
)

type folder struct {
	*blob.Folder
	path string
}

func (f folder) Leftovers(context.Context) ([]string, error) {
	return filepath.Glob(filepath.Join(f.path, ".incoming", "*"))
}

func openFolder(t testing.TB) folder {
	t.Helper()
	path := filepath.Join(t.TempDir(), "uploads")
	f, err := blob.OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return folder{f, path}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	blobtest.Contract(t, func(t testing.TB) blob.Store { return openFolder(t) })
}

func keys(t *testing.T, s blob.Store) []string {
	t.Helper()
	var all []string
	for listed, err := range s.Objects(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, listed.Key)
	}
	return all
}

func TestDraft(t *testing.T) {
	t.Parallel()
	f := openFolder(t)
	draft, err := f.Draft()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(draft, "first, "); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(draft.Sync(), draft.Close(), draft.Close()); err != nil {
		t.Fatal(err)
	}
	if all := keys(t, f); len(all) > 0 {
		t.Errorf("a draft is listed: %v", all)
	}

	draft, err = f.OpenDraft(draft.ID())
	if err != nil {
		t.Fatal(err)
	}
	if draft.Size() != 7 {
		t.Errorf("the draft has %d bytes", draft.Size())
	}
	if _, err := io.WriteString(draft, "second"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 13)
	if _, err := draft.ReadAt(got, 0); err != nil || string(got) != "first, second" || draft.Size() != 13 {
		t.Errorf("the draft has %q, %v", got, err)
	}

	key := blobtest.Photo()
	if err := errors.Join(f.Take(draft, key), draft.Discard()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(f.path, key))
	if err != nil || string(content) != "first, second" {
		t.Errorf("the object is %q, %v", content, err)
	}
	if _, err := f.OpenDraft(draft.ID()); !errors.Is(err, blob.ErrAbsent) {
		t.Errorf("the draft is still there: %v", err)
	}
	if left, err := f.Leftovers(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestADraftIsSharedAndStays is about an upload whose first use fails.
func TestADraftIsSharedAndStays(t *testing.T) {
	t.Parallel()
	f := openFolder(t)
	draft, err := f.Draft()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(draft, "all of it"); err != nil {
		t.Fatal(err)
	}
	first, second := blobtest.Photo(), blobtest.Photo()
	if err := f.Share(draft, first); err != nil {
		t.Fatal(err)
	}
	if err := f.Share(draft, first); err == nil {
		t.Error("a key that was taken was given to another")
	}
	if err := f.Share(draft, "../out"); !errors.Is(err, blob.ErrKey) {
		t.Errorf("share: %v", err)
	}
	if err := f.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Share(draft, second), draft.Discard()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(f.path, second))
	if err != nil || string(content) != "all of it" {
		t.Errorf("the object is %q, %v", content, err)
	}
	if left, err := f.Leftovers(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestDraftID(t *testing.T) {
	t.Parallel()
	f := openFolder(t)
	if err := os.WriteFile(filepath.Join(f.path, ".incoming", "x.part"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	for _, id := range []string{"", "x", "../x", "{" + id.String() + "}", "urn:uuid:" + id.String(), fmt.Sprintf("%X", id[:]), id.String()} {
		if _, err := f.OpenDraft(id); !errors.Is(err, blob.ErrAbsent) {
			t.Errorf("open the draft %q: %v", id, err)
		}
	}
}

func TestDraftWithBadKey(t *testing.T) {
	t.Parallel()
	f := openFolder(t)
	draft, err := f.Draft()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Take(draft, "../out"); !errors.Is(err, blob.ErrKey) {
		t.Errorf("take: %v", err)
	}
	if err := f.Take(draft, "in.jpg"); err != nil {
		t.Errorf("the draft is of no use any more: %v", err)
	}
}

func TestDiscardDrafts(t *testing.T) {
	t.Parallel()
	f := openFolder(t)
	now := time.Now()
	for i := range 300 {
		draft, err := f.Draft()
		if err != nil {
			t.Fatal(err)
		}
		if err := draft.Close(); err != nil {
			t.Fatal(err)
		}
		if i%3 > 0 {
			continue
		}
		old := now.Add(-time.Hour)
		if err := os.Chtimes(filepath.Join(f.path, ".incoming", draft.ID()+".part"), old, old); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []int{100, 0} {
		if got, err := f.DiscardDrafts(now.Add(-time.Minute)); err != nil || got != want {
			t.Errorf("discarded %d and not %d, %v", got, want, err)
		}
	}
	if left, err := f.Leftovers(t.Context()); err != nil || len(left) != 200 {
		t.Errorf("%d are left, %v", len(left), err)
	}
}

func TestFolderFollowsNoLink(t *testing.T) {
	t.Parallel()
	f := openFolder(t)
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret.txt")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, f, "inside.txt", []byte("inside"))
	for name, target := range map[string]string{"file.txt": secret, "folder": outside, "inner.txt": "inside.txt", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(f.path, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(f.path, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"file.txt", "folder", "folder/secret.txt", "inner.txt", "loop", "loop/x", "inside.txt/x", "pipe"} {
		if _, err := f.Open(t.Context(), ref); !errors.Is(err, blob.ErrAbsent) {
			t.Errorf("open %s: %v", ref, err)
		}
	}
	if _, err := f.Put(t.Context(), blobtest.Describe("folder/new.txt", nil), bytes.NewReader(nil)); err == nil {
		t.Error("it was put outside")
	}
	if err := f.Delete(t.Context(), "folder/secret.txt"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(secret); err != nil {
		t.Errorf("what is outside was touched: %v", err)
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 {
		t.Errorf("outside are %v, %v", entries, err)
	}
	if got := keys(t, f); len(got) != 1 || got[0] != "inside.txt" {
		t.Errorf("listed: %v", got)
	}
}

func put(t *testing.T, s blob.Store, key string, content []byte) (ref string) {
	t.Helper()
	ref, err := s.Put(t.Context(), blobtest.Describe(key, content), bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestFolderModes(t *testing.T) {
	t.Parallel()
	f := openFolder(t)
	put(t, f, "a/b/c.txt", []byte("c"))
	err := filepath.WalkDir(f.path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has the mode %o", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFolderListsManyAndNoOthers(t *testing.T) {
	t.Parallel()
	f := openFolder(t)
	for i := range 700 { // more than are read of a folder at a time
		if err := os.WriteFile(filepath.Join(f.path, fmt.Sprintf("%03d.txt", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{".hidden", "half.jpg.part"} {
		if err := os.WriteFile(filepath.Join(f.path, other), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := keys(t, f); len(got) != 700 {
		t.Errorf("%d are listed", len(got))
	}
}

// TestFolderFull fills a file system of its own, where this account may make one.
func TestFolderFull(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	switch err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=1m"); {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.ENOSYS):
		t.Log("only root may mount a small file system: TestLocalFailure alone says what a full disk is")
		return
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(path, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	f, err := blob.OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	content := blobtest.Content(1, 2<<20)
	_, err = f.Put(t.Context(), blobtest.Describe("large.bin", content), bytes.NewReader(content))
	if !errors.Is(err, blob.ErrFull) {
		t.Errorf("a full disk: %v", err)
	}
	put(t, f, "small.bin", content[:1000])
	if left, err := (folder{f, path}).Leftovers(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
