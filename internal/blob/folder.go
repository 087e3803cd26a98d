package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"
)

const (
	draftFolder = ".incoming"
	draftSuffix = ".part"
)

// Folder keeps objects as files below a folder of this machine. The reference
// of an object is its key. No link inside leads out of the folder, and a link is
// never taken for an object.
type Folder struct {
	root *os.Root
	path string
}

// OpenFolder opens, or makes, the folder at a path. Folders are made for our own
// account alone (0700), and so are files (0600).
func OpenFolder(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, localFailure(err, "the folder %s cannot be made", path)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, localFailure(err, "the folder %s cannot be opened", path)
	}
	if err := root.Mkdir(draftFolder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, errors.Join(localFailure(err, "nothing can be written to the folder %s", path), root.Close())
	}
	return &Folder{root, path}, nil
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.root.Close() }

// Put copies content into a draft and gives that its key.
func (f *Folder) Put(ctx context.Context, o Object, content io.ReaderAt) (ref string, err error) {
	if err := checkObject(o); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", f.failure(err, o.Key)
	}
	draft, err := f.Draft()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, draft.Discard()) }()
	sum := sha256.New()
	// One byte more than was said, so that a content that is longer is noticed.
	size, err := copyAll(ctx, io.MultiWriter(draft, sum), io.NewSectionReader(content, 0, o.Size+1), make([]byte, copyBuffer))
	if err != nil {
		return "", f.failure(err, o.Key)
	}
	if err := judgeContent(o, size, sum.Sum(nil)); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", f.failure(err, o.Key)
	}
	return o.Key, f.Take(draft, o.Key)
}

// Open opens the file of an object.
func (f *Folder) Open(_ context.Context, ref string) (File, error) {
	absent := fail(ErrAbsent, nil, "%s is not in the folder %s", ref, f.path)
	if !isKey(ref) {
		return nil, absent
	}
	// Asked before it is opened, since opening a pipe waits for its other end.
	info, err := f.root.Lstat(ref)
	if err == nil && !info.Mode().IsRegular() || isAbsent(err) {
		return nil, absent
	}
	if err != nil {
		return nil, localFailure(err, "%s cannot be opened in the folder %s", ref, f.path)
	}
	file, err := f.root.Open(ref)
	if isAbsent(err) {
		return nil, absent
	}
	if err != nil {
		return nil, localFailure(err, "%s cannot be opened in the folder %s", ref, f.path)
	}
	return &localFile{file, info.Size()}, nil
}

type localFile struct {
	*os.File
	size int64
}

func (f *localFile) Size() int64 { return f.size }

// Delete removes the file of an object. The folders above it stay.
func (f *Folder) Delete(_ context.Context, ref string) error {
	if !isKey(ref) {
		return nil // there is no such object
	}
	info, err := f.root.Lstat(ref)
	if err == nil && info.IsDir() || isAbsent(err) {
		return nil
	}
	if err == nil {
		err = f.root.Remove(ref)
	}
	if err != nil && !isAbsent(err) {
		return localFailure(err, "%s cannot be removed from the folder %s", ref, f.path)
	}
	return nil
}

// Objects lists the files below the folder. One that comes or goes meanwhile may
// be listed or not.
func (f *Folder) Objects(ctx context.Context) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) { f.walk(ctx, ".", yield) }
}

// walk lists what is below a folder; false is to end.
func (f *Folder) walk(ctx context.Context, name string, yield func(Listed, error) bool) bool {
	folder, err := f.root.Open(name)
	if isAbsent(err) {
		return true
	}
	if err != nil {
		yield(Listed{}, localFailure(err, "the folder %s cannot be listed", path.Join(f.path, name)))
		return false
	}
	defer folder.Close()
	for {
		entries, err := folder.ReadDir(256)
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			yield(Listed{}, localFailure(err, "the folder %s cannot be listed", path.Join(f.path, name)))
			return false
		}
		for _, entry := range entries {
			if !f.list(ctx, path.Join(name, entry.Name()), entry, yield) {
				return false
			}
		}
	}
}

func (f *Folder) list(ctx context.Context, key string, entry fs.DirEntry, yield func(Listed, error) bool) bool {
	if !isKey(key) { // drafts, and what others have put here
		return true
	}
	if entry.IsDir() {
		return f.walk(ctx, key, yield)
	}
	if !entry.Type().IsRegular() {
		return true
	}
	info, err := entry.Info()
	if isAbsent(err) {
		return true
	}
	if err != nil {
		yield(Listed{}, localFailure(err, "%s cannot be listed", path.Join(f.path, key)))
		return false
	}
	return yield(Listed{Key: key, Ref: key, Size: info.Size(), ModifiedAt: info.ModTime()}, nil)
}

// Draft is a file that is still being written: it is no object yet, and Objects
// does not show it. Who writes to it must be one at a time.
type Draft struct {
	folder *Folder
	file   *os.File
	id     string
	size   int64
}

// Draft makes an empty draft.
func (f *Folder) Draft() (*Draft, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return nil, fail(ErrUnavailable, err, "no id can be made for a draft")
	}
	return f.draft(id.String(), os.O_CREATE|os.O_EXCL)
}

// OpenDraft opens a draft that was closed, to add to its end: ErrAbsent when
// there is none by that id.
func (f *Folder) OpenDraft(id string) (*Draft, error) {
	if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
		return nil, fail(ErrAbsent, nil, "there is no draft %q", id)
	}
	return f.draft(id, 0)
}

func (f *Folder) draft(id string, flags int) (*Draft, error) {
	file, err := f.root.OpenFile(draftName(id), flags|os.O_RDWR|os.O_APPEND, 0o600)
	if isAbsent(err) {
		return nil, fail(ErrAbsent, nil, "there is no draft %s in the folder %s", id, f.path)
	}
	if err != nil {
		return nil, localFailure(err, "no draft can be written to the folder %s", f.path)
	}
	if err := lockDraft(file); err != nil {
		return nil, errors.Join(fail(ErrBusy, err, "the draft %s is being written to", id), file.Close())
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(localFailure(err, "the draft %s cannot be opened in the folder %s", id, f.path), file.Close())
	}
	return &Draft{folder: f, file: file, id: id, size: info.Size()}, nil
}

func draftName(id string) string { return draftFolder + "/" + id + draftSuffix }

// ID is the draft's name, a UUID, by which OpenDraft finds it again.
func (d *Draft) ID() string { return d.id }

// Size is how many bytes the draft has.
func (d *Draft) Size() int64 { return d.size }

// Write adds to the end. After an error Size counts what was added nevertheless.
func (d *Draft) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	d.size += int64(n)
	if err != nil {
		return n, localFailure(err, "nothing can be added to the draft %s in the folder %s", d.id, d.folder.path)
	}
	return n, nil
}

// ReadAt reads what was written.
func (d *Draft) ReadAt(p []byte, offset int64) (int, error) { return d.file.ReadAt(p, offset) }

// Sync returns once all that was written is on the disk.
func (d *Draft) Sync() error {
	if err := d.file.Sync(); err != nil {
		return localFailure(err, "the draft %s cannot be written to the disk in the folder %s", d.id, d.folder.path)
	}
	return nil
}

// Close ends writing. The draft stays, for OpenDraft. Closing twice is no error.
func (d *Draft) Close() error {
	if err := d.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return localFailure(err, "the draft %s cannot be closed in the folder %s", d.id, d.folder.path)
	}
	return nil
}

// Discard closes and removes the draft. After Take it does nothing.
func (d *Draft) Discard() error {
	err := d.folder.root.Remove(draftName(d.id))
	if isAbsent(err) {
		err = nil
	}
	if err != nil {
		err = localFailure(err, "the draft %s cannot be removed from the folder %s", d.id, d.folder.path)
	}
	return errors.Join(d.Close(), err)
}

// Take makes a draft the object of a key, in place of one that was there before.
// When it returns, the object survives a power cut; the draft is spent. After an
// error the draft is still there, unless the error came after the renaming: then
// it is the object already, and Take may be called again for nothing but Discard.
func (f *Folder) Take(d *Draft, key string) error {
	if err := f.name(d, key, f.root.Rename); err != nil {
		return err
	}
	return d.Close()
}

// Share has what a draft holds be the object of a key as well, without copying it. When
// it returns, the object survives a power cut. The draft stays, and must not be added
// to any more: both are one file on the disk. Some file systems cannot do this, and
// none where the key is taken; then Put can.
func (f *Folder) Share(d *Draft, key string) error {
	return f.name(d, key, f.root.Link)
}

// name has what a draft holds be found by a key, in a way that outlives a power cut.
func (f *Folder) name(d *Draft, key string, give func(from, to string) error) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return err
	}
	folder := path.Dir(key)
	if err := f.root.MkdirAll(folder, 0o700); err != nil {
		return localFailure(err, "a folder for %s cannot be made in the folder %s", key, f.path)
	}
	if err := give(draftName(d.id), key); err != nil {
		return localFailure(err, "%s cannot be given its name in the folder %s", key, f.path)
	}
	if err := f.syncFolders(folder); err != nil {
		return localFailure(err, "%s cannot be written to the disk in the folder %s", key, f.path)
	}
	return nil
}

// syncFolders makes names survive a power cut, those of the folders above too:
// another writer may have made these and not have come to syncing them. Where
// nothing is new it costs next to nothing.
func (f *Folder) syncFolders(name string) error {
	for {
		folder, err := f.root.Open(name)
		if err != nil {
			return err
		}
		if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
			return err
		}
		if name == "." {
			return nil
		}
		name = path.Dir(name)
	}
}

// DiscardDrafts removes the drafts that nobody has written to since a moment and
// returns how many they were.
func (f *Folder) DiscardDrafts(before time.Time) (int, error) {
	folder, err := f.root.Open(draftFolder)
	if err != nil {
		return 0, localFailure(err, "the drafts in the folder %s cannot be listed", f.path)
	}
	defer folder.Close()
	removed := 0
	for {
		entries, err := folder.ReadDir(256)
		if errors.Is(err, io.EOF) {
			return removed, nil
		}
		if err != nil {
			return removed, localFailure(err, "the drafts in the folder %s cannot be listed", f.path)
		}
		for _, entry := range entries {
			old, err := f.discardOld(entry, before)
			if err != nil {
				return removed, localFailure(err, "the draft %s cannot be removed from the folder %s", entry.Name(), f.path)
			}
			if old {
				removed++
			}
		}
	}
}

func (f *Folder) discardOld(entry fs.DirEntry, before time.Time) (bool, error) {
	if !strings.HasSuffix(entry.Name(), draftSuffix) || !entry.Type().IsRegular() {
		return false, nil
	}
	info, err := entry.Info()
	if isAbsent(err) || err == nil && !info.ModTime().Before(before) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = f.root.Remove(draftFolder + "/" + entry.Name())
	if isAbsent(err) {
		return false, nil
	}
	return err == nil, err
}

// failure words an error of putting a key, unless it is worded already.
func (f *Folder) failure(err error, key string) error {
	if _, ok := errors.AsType[*failure](err); ok {
		return err
	}
	if _, ok := errors.AsType[*unreadable](err); ok {
		return err
	}
	return localFailure(err, "%s cannot be kept in the folder %s", key, f.path)
}

// isAbsent reports that a name leads to nothing, or out of the folder: that
// refusal of os.Root carries no number of the operating system's.
func isAbsent(err error) bool {
	if err == nil {
		return false
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		if _, ok := errors.AsType[syscall.Errno](err); !ok && !errors.Is(err, fs.ErrClosed) {
			return true
		}
	}
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

func localFailure(err error, format string, args ...any) error {
	kind := ErrUnavailable
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		kind = ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		kind = ErrDenied
	}
	return fail(kind, err, format, args...)
}
