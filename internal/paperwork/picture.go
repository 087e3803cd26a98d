package paperwork

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// The largest pictures of the firm.
const (
	MaxLogoBytes    = 5 << 20
	MaxFaviconBytes = 2 << 20
)

// Picture is one of the two pictures of the firm.
type Picture string

// The pictures.
const (
	Logo    Picture = "logo"
	Favicon Picture = "favicon"
)

// limit is how large a picture may be, 0 for what is none.
func (p Picture) limit() int64 {
	switch p {
	case Logo:
		return MaxLogoBytes
	case Favicon:
		return MaxFaviconBytes
	}
	return 0
}

// Pictures keeps the firm's logo and favicon, which anybody may see.
type Pictures struct{ folder *os.Root }

// OpenPictures opens, or makes, their place below the data folder.
func OpenPictures(dataFolder string) (*Pictures, error) {
	path := filepath.Join(dataFolder, "uploads", "branding")
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("the folder for the firm's pictures cannot be made: %w", err)
	}
	folder, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("the folder for the firm's pictures cannot be opened: %w", err)
	}
	return &Pictures{folder}, nil
}

// Close gives the folder back.
func (p *Pictures) Close() error { return p.folder.Close() }

var pictureTypes = map[string]string{"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "ico": "image/x-icon"}

// pictureKind tells by its first bytes what a picture is, "" when it is none
// that may be shown. SVG is none: it can carry scripts.
func pictureKind(which Picture, head []byte) string {
	switch kind := sniff(head); {
	case kind == "jpg", kind == "png", kind == "webp":
		return kind
	case which == Favicon && bytes.HasPrefix(head, []byte{0, 0, 1, 0}):
		return "ico"
	}
	return ""
}

// Keep puts a picture in the place of the one before and returns the address
// that it has from now on.
func (p *Pictures) Keep(which Picture, from io.Reader) (url string, err error) {
	content, err := io.ReadAll(io.LimitReader(from, which.limit()+1))
	if err != nil {
		return "", err
	}
	if int64(len(content)) > which.limit() {
		return "", fieldops.Refuse(fieldops.TooLarge, "The picture is larger than %d MB", which.limit()>>20)
	}
	kind := pictureKind(which, content[:min(len(content), 32)])
	if kind == "" {
		if which == Favicon {
			return "", fieldops.Refuse(fieldops.Invalid, "A favicon must be an ICO, PNG, JPEG or WebP picture")
		}
		return "", fieldops.Refuse(fieldops.Invalid, "A logo must be a JPEG, PNG or WebP picture. SVG is not taken, because it can carry scripts.")
	}
	sum := sha256.Sum256(content)
	version := hex.EncodeToString(sum[:6])
	name := string(which) + "-" + version + "." + kind
	draft := name + "." + fieldops.NewID() + ".part"
	if err := p.write(draft, content); err != nil {
		return "", errors.Join(err, ignoreAbsent(p.folder.Remove(draft)))
	}
	if err := p.folder.Rename(draft, name); err != nil {
		return "", err
	}
	return "/branding/" + string(which) + "?v=" + version + "." + kind, nil
}

func (p *Pictures) write(name string, content []byte) (err error) {
	file, err := p.folder.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(content); err != nil {
		return err
	}
	return file.Sync()
}

// Open reads the picture at an address that Keep gave, and tells its type.
func (p *Pictures) Open(url string) (content []byte, contentType string, err error) {
	missing := fieldops.Refuse(fieldops.NotFound, "There is no such picture")
	which, version, found := strings.Cut(strings.TrimPrefix(url, "/branding/"), "?v=")
	_, kind, dotted := strings.Cut(version, ".")
	contentType, known := pictureTypes[kind]
	if !found || !dotted || !known || Picture(which).limit() == 0 || strings.ContainsAny(version, `/\`) {
		return nil, "", missing
	}
	content, err = p.folder.ReadFile(which + "-" + version)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", missing
	}
	return content, contentType, err
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
