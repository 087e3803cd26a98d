// Package paperwork keeps what people attach to their work: photos of
// timesheets. It holds bytes; which record they belong to is the store's.
package paperwork

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
)

// Limits of photos.
const (
	MaxPhotoBytes = 10 << 20
	MaxPhotos     = 5 // of one timesheet
)

// photoURL is the address of a photo: /uploads/timesheets/2026/, the id of its
// timesheet, its own id. No other path is ever opened.
var photoURL = regexp.MustCompile(`^/uploads/timesheets/(\d{4})/([0-9a-f-]{36})_([0-9a-f-]{36})\.(jpg|png|gif|webp|pdf)$`)

var contentTypes = map[string]string{
	"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp", "pdf": "application/pdf",
}

// Photos keeps the photos of timesheets in a folder.
type Photos struct {
	folder  *os.Root // of the timesheets' photos
	uploads *os.Root // all that lies below uploads
}

// OpenPhotos opens, or makes, the photos' place below the data folder.
func OpenPhotos(dataFolder string) (*Photos, error) {
	path := filepath.Join(dataFolder, "uploads", "timesheets")
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("the folder for photos cannot be made: %w", err)
	}
	folder, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("the folder for photos cannot be opened: %w", err)
	}
	uploads, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the folder of uploads cannot be opened: %w", err), folder.Close())
	}
	return &Photos{folder, uploads}, nil
}

// Close gives the folder back.
func (p *Photos) Close() error { return errors.Join(p.folder.Close(), p.uploads.Close()) }

// Keep writes a photo of a timesheet and returns its URL once it is safely on
// the disk. It refuses what is larger than MaxPhotoBytes, and what is not a
// JPEG, PNG, GIF, WebP or PDF by its bytes, whatever it is called.
func (p *Photos) Keep(timesheet fieldops.ID, from io.Reader, now time.Time) (url string, err error) {
	head := make([]byte, 32)
	n, err := io.ReadFull(from, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	head = head[:n]
	kind := sniff(head)
	if kind == "" {
		return "", fieldops.Refuse(fieldops.Invalid, "Only JPEG, PNG, GIF and WebP images and PDF files can be attached")
	}
	return p.keep(timesheet, fieldops.NewID(), now.UTC().Year(), kind, io.MultiReader(bytes.NewReader(head), from))
}

// KeepAs is Keep for a photo that was there before: with the id and year that
// its URL is to have. To keep it again under the same id is harmless.
func (p *Photos) KeepAs(timesheet, photo fieldops.ID, year int, content []byte) (url string, err error) {
	kind := sniff(content)
	if kind == "" {
		return "", fieldops.Refuse(fieldops.Invalid, "Only JPEG, PNG, GIF and WebP images and PDF files can be attached")
	}
	name := fmt.Sprintf("%04d/%s_%s.%s.part", year, timesheet, photo, kind)
	if err := ignoreAbsent(p.folder.Remove(name)); err != nil { // of a run that was cut short
		return "", err
	}
	return p.keep(timesheet, photo, year, kind, bytes.NewReader(content))
}

func (p *Photos) keep(timesheet, photo fieldops.ID, y int, kind string, from io.Reader) (url string, err error) {
	year := fmt.Sprintf("%04d", y)
	if err := p.folder.Mkdir(year, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	name := year + "/" + timesheet + "_" + photo + "." + kind
	draft := name + ".part"
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreAbsent(p.folder.Remove(draft)))
		}
	}()
	if err := p.write(draft, from); err != nil {
		return "", err
	}
	// A photo has its name only when all of it is on the disk.
	if err := p.folder.Rename(draft, name); err != nil {
		return "", err
	}
	if err := p.syncFolder(year); err != nil {
		return "", err
	}
	return "/uploads/timesheets/" + name, nil
}

func (p *Photos) write(name string, from io.Reader) (err error) {
	file, err := p.folder.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	written, err := io.Copy(file, io.LimitReader(from, MaxPhotoBytes+1))
	if err != nil {
		return err
	}
	if written > MaxPhotoBytes {
		return fieldops.Refuse(fieldops.Invalid, "File size exceeds 10MB limit. Please compress your images.")
	}
	return file.Sync()
}

// syncFolder makes a rename survive a power cut.
func (p *Photos) syncFolder(name string) error {
	folder, err := p.folder.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// TimesheetOf is the timesheet that a photo's URL names; ok is false when it is
// no URL of a photo.
func TimesheetOf(url string) (timesheet fieldops.ID, ok bool) {
	parts := photoURL.FindStringSubmatch(url)
	if parts == nil {
		return "", false
	}
	return fieldops.ParseID(parts[2])
}

// Open opens a photo by its URL. One that is not there is NotFound.
func (p *Photos) Open(url string) (file *os.File, contentType string, err error) {
	parts := photoURL.FindStringSubmatch(url)
	if parts == nil {
		return nil, "", fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	file, err = p.folder.Open(strings.TrimPrefix(url, "/uploads/timesheets/"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	return file, contentTypes[parts[4]], err
}

// OpenFormer opens a photo that the former product has put below the uploads,
// by its URL. What it is, its bytes say; what is not kept here, is NotFound.
func (p *Photos) OpenFormer(url string) (file *os.File, contentType string, err error) {
	absent := fieldops.Refuse(fieldops.NotFound, "File not found")
	name, ok := strings.CutPrefix(url, "/uploads/")
	if !ok || !fs.ValidPath(name) {
		return nil, "", absent
	}
	file, err = p.uploads.Open(name)
	if err != nil {
		return nil, "", absent // it is not there, or leads out of the folder
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, "", errors.Join(absent, file.Close())
	}
	head := make([]byte, 32)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) { // a short file ends early
		return nil, "", errors.Join(err, file.Close())
	}
	contentType = contentTypes[sniff(head[:n])]
	if contentType == "" {
		return nil, "", errors.Join(absent, file.Close())
	}
	if _, err = file.Seek(0, io.SeekStart); err != nil {
		return nil, "", errors.Join(err, file.Close())
	}
	return file, contentType, nil
}

// Has reports whether the file of a photo is there.
func (p *Photos) Has(url string) bool {
	name, ok := strings.CutPrefix(url, "/uploads/")
	if !ok || !fs.ValidPath(name) {
		return false
	}
	_, err := p.uploads.Stat(name)
	return err == nil
}

// Remove removes photos. Those that are gone already, and URLs of anything else,
// are no error.
func (p *Photos) Remove(urls ...string) error {
	var faults []error
	for _, url := range urls {
		if photoURL.MatchString(url) {
			faults = append(faults, ignoreAbsent(p.folder.Remove(strings.TrimPrefix(url, "/uploads/timesheets/"))))
		}
	}
	return errors.Join(faults...)
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sniff tells the kind of a file from its first bytes, "" when it is none that
// is kept. The signatures are those of the formats' own definitions.
func sniff(head []byte) string {
	begins := func(signature string) bool { return bytes.HasPrefix(head, []byte(signature)) }
	switch {
	case begins("\xff\xd8\xff"):
		return "jpg"
	case begins("\x89PNG\r\n\x1a\n"):
		return "png"
	case begins("GIF87a"), begins("GIF89a"):
		return "gif"
	case begins("RIFF") && len(head) >= 12 && string(head[8:12]) == "WEBP":
		return "webp"
	case begins("%PDF-"):
		return "pdf"
	}
	return ""
}
