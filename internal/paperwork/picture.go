package paperwork

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
	"sync"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
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

// setting is the setting that names the picture in use.
func (p Picture) setting() string { return "company_" + string(p) }

// refusal is what a person hears of a file that is no such picture. SVG is none: it
// can carry scripts.
func (p Picture) refusal() error {
	if p == Favicon {
		return fieldops.Refuse(fieldops.Invalid, "A favicon must be an ICO, PNG, JPEG or WebP picture")
	}
	return fieldops.Refuse(fieldops.Invalid, "A logo must be a JPEG, PNG or WebP picture. SVG is not taken, because it can carry scripts.")
}

// Pictures are the firm's logo and favicon, which anybody may see. They are kept where
// all files are, as files of no project in particular, so that they move, are verified
// and backed up with the others.
type Pictures struct {
	files *Files

	mu   sync.Mutex
	read map[string]readPicture // by name: every page asks for them, and a name has one content for good
}

type readPicture struct {
	content     []byte
	contentType string
}

// picturesRead is how many pictures are held in memory: those in use, and those of
// before that open pages still ask for.
const picturesRead = 6

// NewPictures makes them of the firm's files.
func NewPictures(files *Files) *Pictures {
	return &Pictures{files: files, read: map[string]readPicture{}}
}

const picturesFolder = "branding/"

// pictureName is what a picture is called: the first digits of its hash, and its kind.
var pictureName = regexp.MustCompile(`^(logo|favicon)-([0-9a-f]{12}(?:-[0-9a-f]{8})?\.(?:jpg|png|webp|ico))$`)

var pictureTypes = map[string]string{"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "ico": "image/x-icon"}

// pictureURL is the address under which anybody sees a picture of a name.
func pictureURL(name string) string {
	parts := pictureName.FindStringSubmatch(name)
	if parts == nil {
		return ""
	}
	return "/branding/" + parts[1] + "?v=" + parts[2]
}

// IsPicture reports whether a file is a picture of the firm's.
func IsPicture(file *fieldops.StoredFile) bool {
	name, below := strings.CutPrefix(file.Path, uploadsPath+picturesFolder)
	return below && pictureName.MatchString(name)
}

// Keep keeps a picture, has the setting name it, and returns the address that it has
// from now on. The one before stays among those that List tells of.
func (p *Pictures) Keep(ctx context.Context, actor fieldops.Actor, which Picture, from io.Reader) (url string, err error) {
	content, err := io.ReadAll(io.LimitReader(from, which.limit()+1))
	if err != nil {
		return "", err
	}
	if int64(len(content)) > which.limit() {
		return "", fieldops.Refuse(fieldops.TooLarge, "The picture is larger than %d MB", which.limit()>>20)
	}
	is, err := inspectPicture(which, content)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	name := string(which) + "-" + hex.EncodeToString(sum[:6]) + "." + is.Extension
	known, err := p.files.db.FileAt(ctx, uploadsPath+picturesFolder+name)
	if err == nil {
		var there *Content
		if there, err = p.files.OpenOriginal(ctx, known); err == nil {
			return pictureURL(name), errors.Join(there.Close(), p.write(ctx, actor, func(tx *store.Tx) error {
				return errors.Join(tx.HoldFile(ctx, known.ID), tx.SetSetting(ctx, which.setting(), pictureURL(name)))
			}))
		}
		// Its bytes are lost or out of reach: it is kept once more, beside what was.
		name = strings.TrimSuffix(name, "."+is.Extension) + "-" + fieldops.NewID()[28:] + "." + is.Extension
	}
	if err != nil && fieldops.KindOf(err) != fieldops.NotFound && fieldops.KindOf(err) != fieldops.Unavailable {
		return "", err
	}
	file, err := p.put(ctx, actor, which, name, content, sum, is)
	if err != nil {
		return "", err
	}
	err = p.write(ctx, actor, func(tx *store.Tx) error {
		if err := tx.KeepFile(ctx, &file); err != nil {
			return err
		}
		return tx.SetSetting(ctx, which.setting(), pictureURL(name))
	})
	if err != nil && !errors.Is(err, store.ErrInDoubt) {
		p.files.TakeBack(ctx, file)
	}
	return pictureURL(name), err
}

func (p *Pictures) write(ctx context.Context, actor fieldops.Actor, change func(tx *store.Tx) error) error {
	return p.files.db.Write(ctx, actor, change)
}

// put brings the bytes of a picture to where the firm keeps its files.
func (p *Pictures) put(ctx context.Context, actor fieldops.Actor, which Picture, name string, content []byte, sum [32]byte, is Inspected) (fieldops.StoredFile, error) {
	file := newPicture(name)
	file.Name = string(which) + "." + is.Extension
	file.Size, file.SHA256, file.Width, file.Height = int64(len(content)), hex.EncodeToString(sum[:]), int64(is.Width), int64(is.Height)
	if actor.UserID != "" {
		file.UploadedBy = &actor.UserID
	}
	if is.Shown != nil { // anybody sees it: without where it was taken
		shown, err := json.Marshal(is.Shown)
		if err != nil {
			return file, err
		}
		file.Shown = shown
	}
	place, _, err := p.files.places.Current(ctx)
	if err != nil {
		return file, err
	}
	where, err := p.files.freeKey(ctx, place, picturesFolder+name)
	if err != nil {
		return file, err
	}
	return file, p.files.put(ctx, &file, where, sum, bytes.NewReader(content), func() error {
		_, err := p.files.folder.Put(ctx, blob.Object{Key: where, ContentType: file.ContentType, Size: file.Size, SHA256: sum}, bytes.NewReader(content))
		return err
	}, func() error { return nil })
}

// newPicture is a picture's file, as far as its name tells.
func newPicture(name string) fieldops.StoredFile {
	extension := strings.TrimPrefix(path.Ext(name), ".")
	return fieldops.StoredFile{
		ID: fieldops.NewID(), Path: uploadsPath + picturesFolder + name, Place: fieldops.PlaceLocal, Ref: picturesFolder + name, Name: name,
		Extension: extension, ContentType: pictureTypes[extension], RecordKind: fieldops.RecordProject, PreviewState: fieldops.PreviewNone,
	}
}

// inspectPicture refuses what is no such picture by its bytes.
func inspectPicture(which Picture, content []byte) (Inspected, error) {
	if which == Favicon && bytes.HasPrefix(content, []byte{0, 0, 1, 0}) {
		return Inspected{Extension: "ico", ContentType: pictureTypes["ico"]}, checkIcon(content)
	}
	if _, ok := pictureTypes[sniff(content[:min(len(content), 32)])]; !ok {
		return Inspected{}, which.refusal()
	}
	return Inspect(bytes.NewReader(content), int64(len(content)), "", UsePhoto)
}

// checkIcon wants the pictures that an icon announces to be in it, one behind the
// other (Microsoft's ICONDIR and ICONDIRENTRY), and nothing behind them.
func checkIcon(content []byte) error {
	const head, entry = 6, 16
	if len(content) < head {
		return damaged("icon")
	}
	count := int(binary.LittleEndian.Uint16(content[4:]))
	last := head + count*entry
	if count == 0 || count > 64 || last > len(content) {
		return damaged("icon")
	}
	for i := range count {
		e := content[head+i*entry:]
		size, from := int64(binary.LittleEndian.Uint32(e[8:])), int64(binary.LittleEndian.Uint32(e[12:]))
		end := from + size
		if from < int64(head+count*entry) || size == 0 || end > int64(len(content)) {
			return damaged("icon")
		}
		last = max(last, int(end))
	}
	if last != len(content) || looksActive(content[:min(len(content), 1024)]) {
		return appended("icon")
	}
	return nil
}

// nameOf is the name of the picture at an address that Keep gave, "" for any other.
func nameOf(url string) string {
	which, version, found := strings.Cut(strings.TrimPrefix(url, "/branding/"), "?v=")
	if name := which + "-" + version; found && pictureName.MatchString(name) {
		return name
	}
	return ""
}

// Open reads the picture at an address that Keep gave, and tells its type.
func (p *Pictures) Open(ctx context.Context, url string) (content []byte, contentType string, err error) {
	name := nameOf(url)
	if name == "" {
		return nil, "", errNoPicture()
	}
	p.mu.Lock()
	held, ok := p.read[name]
	p.mu.Unlock()
	if ok {
		return held.content, held.contentType, nil
	}
	file, err := p.files.db.FileAt(ctx, uploadsPath+picturesFolder+name)
	switch {
	case fieldops.KindOf(err) == fieldops.NotFound:
		file = newPicture(name) // an earlier version has put it into the folder, and it is not written down yet
	case err != nil:
		return nil, "", err
	case !file.RemoveAt.IsZero():
		return nil, "", errNoPicture()
	}
	from, err := p.files.Open(ctx, file)
	if err != nil {
		if fieldops.KindOf(err) == fieldops.NotFound {
			err = errNoPicture()
		}
		return nil, "", err
	}
	content, err = io.ReadAll(io.LimitReader(from, MaxLogoBytes))
	if err := errors.Join(err, from.Close()); err != nil {
		return nil, "", unavailable(file.Place, err)
	}
	held = readPicture{content, pictureTypes[strings.TrimPrefix(path.Ext(name), ".")]}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.read) >= picturesRead {
		clear(p.read)
	}
	p.read[name] = held
	return held.content, held.contentType, nil
}

func errNoPicture() error { return fieldops.Refuse(fieldops.NotFound, "There is no such picture") }

// KeptPicture is a logo or favicon that is kept.
type KeptPicture struct {
	Name  string        `json:"filename"`
	URL   string        `json:"url"`
	Size  int64         `json:"size" doc:"Bytes"`
	Date  fieldops.Time `json:"date"`
	InUse bool          `json:"in_use" doc:"The settings name it"`
}

// List tells of every logo and favicon that is kept, newest first.
func (p *Pictures) List(ctx context.Context) ([]KeptPicture, error) {
	settings, err := p.files.db.Settings(ctx)
	if err != nil {
		return nil, err
	}
	files, err := p.files.db.FilesBelow(ctx, uploadsPath+picturesFolder, 200)
	kept := make([]KeptPicture, 0, len(files))
	for i := range files {
		if name := path.Base(files[i].Path); IsPicture(&files[i]) {
			url := pictureURL(name)
			kept = append(kept, KeptPicture{name, files[i].Path, files[i].Size, files[i].CreatedAt, url == settings.Logo || url == settings.Favicon})
		}
	}
	return kept, err
}

// Delete has a picture go. When it is in use, there is none in its place.
func (p *Pictures) Delete(ctx context.Context, actor fieldops.Actor, name string) error {
	if !pictureName.MatchString(name) {
		return errNoPicture()
	}
	which, _, _ := strings.Cut(name, "-")
	return p.write(ctx, actor, func(tx *store.Tx) error {
		file, err := tx.FileAt(ctx, uploadsPath+picturesFolder+name)
		if fieldops.KindOf(err) == fieldops.NotFound || err == nil && !file.RemoveAt.IsZero() {
			return errNoPicture()
		}
		if err != nil {
			return err
		}
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		if url := pictureURL(name); url == settings.Logo || url == settings.Favicon {
			if err := tx.ResetSetting(ctx, Picture(which).setting()); err != nil {
				return err
			}
		}
		return tx.DeleteFile(ctx, which, &file)
	})
}

// adoptPictures writes down the pictures in use that an earlier version has put into
// the folder. The others are found by the sweep.
func (f *Files) adoptPictures(ctx context.Context) error {
	settings, err := f.db.Settings(ctx)
	if err != nil {
		return err
	}
	for _, url := range []string{settings.Logo, settings.Favicon} {
		name := nameOf(url)
		if name == "" {
			continue
		}
		file := newPicture(name)
		_, err := f.db.FileAt(ctx, file.Path)
		if err == nil {
			continue
		}
		if fieldops.KindOf(err) != fieldops.NotFound {
			return err
		}
		there, err := f.folder.Open(ctx, file.Ref)
		if errors.Is(err, blob.ErrAbsent) {
			continue
		}
		if err != nil {
			return err
		}
		if err := there.Close(); err != nil {
			return err
		}
		if err := f.write(ctx, func(tx *store.Tx) error { return tx.AdoptFile(ctx, &file) }); err != nil {
			return err
		}
	}
	return nil
}

// formerPicture is the file of a picture that an earlier version has put into the
// folder, by its key there.
func formerPicture(key string) (fieldops.StoredFile, bool) {
	name, below := strings.CutPrefix(key, picturesFolder)
	if !below || !pictureName.MatchString(name) {
		return fieldops.StoredFile{}, false
	}
	return newPicture(name), true
}
