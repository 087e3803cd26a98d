// Package paperwork keeps what people upload: photos of timesheets, files, the
// firm's pictures. It looks what a file is by its bytes, puts it into the place that
// the firm has chosen, and gives it back without what is nobody's business. Which
// record a file belongs to is the store's.
//
// The one thing to know: bytes come before their row and go after it, so that a
// crash leaves bytes that nothing names, and never a file without bytes.
package paperwork

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path"
	"sync"
	"time"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/ocr"
	"ampedfieldops/internal/store"
)

// uploadsPath stands in front of the key of every file in its address.
const uploadsPath = "/uploads/"

// Files keeps what people upload in the place that the firm has chosen, and gives
// it back. Any number of processes may run one on the same database; those that
// keep files in the folder share it.
type Files struct {
	db     *store.DB
	folder *blob.Folder
	places *Places
	reader *ocr.Reader
	log    *slog.Logger
	clock  func() time.Time

	mu   sync.Mutex
	away map[fieldops.StoragePlace]time.Time // a place that did not answer is left alone until then
}

// FilesConfig is what Files needs.
type FilesConfig struct {
	DB     *store.DB
	Folder *blob.Folder
	Places *Places
	Reader *ocr.Reader // nil: the texts of scans cannot be read
	Log    *slog.Logger
	Clock  func() time.Time // nil: time.Now
}

// NewFiles makes one.
func NewFiles(c FilesConfig) *Files {
	f := &Files{db: c.DB, folder: c.Folder, places: c.Places, reader: c.Reader, log: c.Log, clock: c.Clock, away: map[fieldops.StoragePlace]time.Time{}}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if f.clock == nil {
		f.clock = time.Now
	}
	if f.reader == nil {
		f.reader = &ocr.Reader{}
	}
	return f
}

// Arrival is a file whose bytes have all come, and lie in a draft until Keep has
// found a place for them. Whoever has it either keeps or discards it.
type Arrival struct {
	draft *blob.Draft
	lent  bool // the draft outlives the arrival: its upload may be gone on with
	use   Use
	name  string
	size  int64
	sum   [sha256.Size]byte
	is    Inspected
}

// SHA256 is the hash of the bytes as they came, in hexadecimal digits.
func (a *Arrival) SHA256() string { return hex.EncodeToString(a.sum[:]) }

// Name is what the file is called, with the extension that its bytes call for.
func (a *Arrival) Name() string { return a.name }

// Receive takes a file in and looks what it is by its bytes, in constant memory.
// It refuses what may not be uploaded for that use; then, and when the bytes stop
// coming, nothing of it is left.
func (f *Files) Receive(use Use, name string, from io.Reader) (_ *Arrival, err error) {
	draft, err := f.folder.Draft()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, draft.Discard())
		}
	}()
	a := &Arrival{draft: draft, use: use, name: name}
	sum := sha256.New()
	if a.size, err = io.Copy(io.MultiWriter(draft, sum), io.LimitReader(from, use.MaxBytes()+1)); err != nil {
		return nil, err
	}
	sum.Sum(a.sum[:0])
	return a, a.inspect()
}

// tooLarge is the refusal of a file that is larger than its use allows.
func tooLarge(use Use) error {
	if use == UsePhoto { // as existing clients know it
		return fieldops.Refuse(fieldops.Invalid, "File size exceeds 10MB limit. Please compress your images.")
	}
	return fieldops.Refuse(fieldops.TooLarge, "The file is larger than %d MB", use.MaxBytes()>>20)
}

func (a *Arrival) inspect() (err error) {
	if a.size > a.use.MaxBytes() {
		return tooLarge(a.use)
	}
	if a.is, err = Inspect(a.draft, a.size, a.name, a.use); err != nil {
		return err
	}
	a.name = CleanName(a.name, a.is.Extension)
	return a.draft.Sync()
}

// received is an arrival of what an upload has brought piece by piece.
func received(draft *blob.Draft, use Use, name string) (_ *Arrival, err error) {
	a := &Arrival{draft: draft, lent: true, use: use, name: name, size: draft.Size()}
	if a.sum, err = hashOf(io.NewSectionReader(draft, 0, a.size)); err != nil {
		return nil, err
	}
	return a, a.inspect()
}

// Discard removes an arrival that is not to be kept.
func (a *Arrival) Discard() error {
	if a.lent {
		return a.draft.Close()
	}
	return a.draft.Discard()
}

// Owner is the record that a file is uploaded for, and who uploads it.
type Owner struct {
	Kind   fieldops.RecordKind
	Record fieldops.ID
	User   *fieldops.ID
}

// folders name the part of the store in which the files of a kind of record lie.
var folders = map[fieldops.RecordKind]string{
	fieldops.RecordProject: "projects", fieldops.RecordCostCenter: "cost-centers", fieldops.RecordSafetyDocument: "safety-documents",
	fieldops.RecordDocumentScan: "scans", fieldops.RecordExpense: "expenses", fieldops.RecordBill: "bills",
}

// key is under what a new file is kept. Photos lie by year, as they always have.
func key(owner Owner, id fieldops.ID, extension string, at time.Time) string {
	if owner.Kind == fieldops.RecordTimesheet {
		return fmt.Sprintf("timesheets/%04d/%s_%s.%s", at.UTC().Year(), owner.Record, id, extension)
	}
	return path.Join(folders[owner.Kind], owner.Record, id+"."+extension)
}

// Keep puts an arrival into its place. The bytes are safe when it returns, but
// nothing names them yet: the caller writes the file down by KeepFile, together
// with what it is attached to, or takes it back by TakeBack. Where the place does
// not take it, it lies in the folder, MovesTo says so, and a job brings it there
// later.
func (f *Files) Keep(ctx context.Context, a *Arrival, owner Owner) (fieldops.StoredFile, error) {
	file := fieldops.StoredFile{
		ID: fieldops.NewID(), Name: a.name, Extension: a.is.Extension, ContentType: a.is.ContentType,
		Size: a.size, SHA256: a.SHA256(), Width: int64(a.is.Width), Height: int64(a.is.Height),
		RecordKind: owner.Kind, RecordID: &owner.Record, UploadedBy: owner.User, PreviewState: fieldops.PreviewNone,
	}
	if a.is.Previewable() {
		file.PreviewState = fieldops.PreviewWaiting
	}
	if a.is.Shown != nil {
		shown, err := json.Marshal(a.is.Shown)
		if err != nil {
			return file, err
		}
		file.Shown = shown
	}
	where := key(owner, file.ID, file.Extension, f.clock())
	file.Path = uploadsPath + where
	return file, f.put(ctx, &file, where, a.sum, a.draft, func() error {
		if a.lent {
			if f.folder.Share(a.draft, where) != nil {
				if _, err := f.folder.Put(ctx, blob.Object{Key: where, ContentType: file.ContentType, Size: file.Size, SHA256: a.sum}, a.draft); err != nil {
					return err
				}
			}
			return a.Discard()
		}
		return f.folder.Take(a.draft, where)
	}, a.Discard)
}

// put brings bytes to where the firm keeps its files, or else, by local, into the
// folder. done gives up what they were read from.
func (f *Files) put(ctx context.Context, file *fieldops.StoredFile, key string, sum [sha256.Size]byte, content io.ReaderAt, local, done func() error) error {
	wanted, elsewhere, err := f.places.Current(ctx)
	if err != nil {
		return err
	}
	if wanted != fieldops.PlaceLocal {
		file.MovesTo = wanted
		if elsewhere != nil && !f.isAway(wanted) {
			ref, err := f.tryPut(ctx, elsewhere, blob.Object{Key: key, ContentType: file.ContentType, Size: file.Size, SHA256: sum}, content)
			if err == nil {
				file.Place, file.Ref, file.MovesTo = wanted, ref, ""
				return done()
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			f.leaveAlone(wanted)
			f.log.WarnContext(ctx, "a file is kept in the folder for now, because its place did not take it", "place", wanted, "file", file.ID, "error", err)
		}
	}
	file.Place, file.Ref = fieldops.PlaceLocal, key
	return local()
}

const (
	// putTime is how long a person who uploads waits for a place at least; a large
	// file gets the time that slowBytes a second need.
	putTime   = 20 * time.Second
	slowBytes = 512 << 10
	// awayTime is how long a place that failed is not tried by uploads.
	awayTime = 30 * time.Second
)

func (f *Files) tryPut(ctx context.Context, to blob.Store, o blob.Object, content io.ReaderAt) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, putTime+time.Duration(o.Size/slowBytes)*time.Second)
	defer cancel()
	return to.Put(ctx, o, content)
}

func (f *Files) isAway(place fieldops.StoragePlace) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.clock().Before(f.away[place])
}

func (f *Files) leaveAlone(place fieldops.StoragePlace) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away[place] = f.clock().Add(awayTime)
}

// TakeBack removes files that were kept for a change which then failed. What
// cannot be removed now is found by the sweep.
func (f *Files) TakeBack(ctx context.Context, files ...fieldops.StoredFile) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putTime)
	defer cancel()
	for _, file := range files {
		if err := f.remove(ctx, file.Place, file.Ref); err != nil {
			f.log.ErrorContext(ctx, "a file that nothing names was not removed; the sweep will", "file", file.ID, "place", file.Place, "error", err)
		}
	}
}

func (f *Files) remove(ctx context.Context, place fieldops.StoragePlace, ref string) error {
	in, err := f.at(ctx, place)
	if err != nil {
		return err
	}
	return in.Delete(ctx, ref)
}

// at is the store of a place.
func (f *Files) at(ctx context.Context, place fieldops.StoragePlace) (blob.Store, error) {
	if place == fieldops.PlaceLocal {
		return f.folder, nil
	}
	return f.places.Open(ctx, place)
}

// Content is what is read of a file.
type Content struct {
	io.ReadSeekCloser
	ContentType string
	Size        int64
}

// Open opens what is shown of a file: without the data about place and device
// that cameras write into pictures.
func (f *Files) Open(ctx context.Context, file fieldops.StoredFile) (*Content, error) {
	c, err := f.OpenOriginal(ctx, file)
	if err != nil || file.Shown == nil {
		return c, err
	}
	var parts []Part
	if err := json.Unmarshal(file.Shown, &parts); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	shown := Show(parts, c, c.Size)
	size, err := shown.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = shown.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &Content{struct {
		io.ReadSeeker
		io.Closer
	}{shown, c}, c.ContentType, size}, nil
}

// OpenOriginal opens a file as it came.
func (f *Files) OpenOriginal(ctx context.Context, file fieldops.StoredFile) (*Content, error) {
	return f.openOriginal(ctx, &file)
}

// openOriginal is OpenOriginal, and notes in file where it was found.
func (f *Files) openOriginal(ctx context.Context, file *fieldops.StoredFile) (*Content, error) {
	content, err := f.openAt(ctx, file.Place, file.Ref)
	if errors.Is(err, blob.ErrAbsent) {
		// It may have moved since its row was read.
		if now, again := f.db.File(ctx, file.ID); again == nil && (now.Place != file.Place || now.Ref != file.Ref) {
			*file = now
			content, err = f.openAt(ctx, file.Place, file.Ref)
		}
	}
	if err != nil && file.SHA256 == "" {
		if found, there := f.elsewhere(ctx, file); there == nil {
			content, err = found, nil
		}
	}
	if errors.Is(err, blob.ErrAbsent) {
		return nil, fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	if err != nil {
		return nil, unavailable(file.Place, err)
	}
	c := &Content{content, file.ContentType, content.Size()}
	if c.ContentType == "" {
		if c.ContentType, err = sniffed(content); err != nil {
			return nil, errors.Join(unavailable(file.Place, err), content.Close())
		}
	}
	return c, nil
}

// linkGood is how long a link of a place's own is good: long enough to be followed.
const linkGood = 10 * time.Minute

// Link is an address under which the place itself gives a file out for some minutes,
// through the firm's CDN; "" where there is none, and for pictures of which not
// everything is shown.
func (f *Files) Link(ctx context.Context, file fieldops.StoredFile) (string, error) {
	if file.Place != fieldops.PlaceS3 || file.Shown != nil || file.SHA256 == "" {
		return "", nil
	}
	s, err := f.places.Read(ctx)
	if err != nil || s.S3.LinkBase == "" {
		return "", err
	}
	in, err := f.places.open(s, fieldops.PlaceS3)
	if err != nil {
		return "", err
	}
	store, ok := in.(*blob.S3)
	if !ok {
		return "", nil
	}
	return store.Link(ctx, file.Ref, linkGood, file.Name, file.ContentType)
}

func (f *Files) openAt(ctx context.Context, place fieldops.StoragePlace, ref string) (blob.File, error) {
	in, err := f.at(ctx, place)
	if err != nil {
		return nil, err
	}
	return in.Open(ctx, ref)
}

// unavailable is what a person hears of a place that does not answer, and behind
// it, for the log, why.
func unavailable(place fieldops.StoragePlace, cause error) error {
	if fieldops.KindOf(cause) != "" {
		return cause
	}
	refusal := fieldops.Refuse(fieldops.Unavailable, "The file is kept in %s, which does not answer at the moment. Try again in a few minutes.", place.Label())
	refusal.RetryAfter = 60
	return errors.Join(refusal, cause)
}

// sniffed tells by its first bytes what a file of a former version is, and goes
// back to its beginning. What a browser should not show, is "".
func sniffed(content io.ReadSeeker) (contentType string, err error) {
	head := make([]byte, 32)
	n, err := io.ReadFull(content, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) { // a short file ends early
		return "", err
	}
	_, err = content.Seek(0, io.SeekStart)
	return contentTypes[sniff(head[:n])], err
}

func hashOf(r io.Reader) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	if _, err = io.Copy(h, r); err == nil {
		h.Sum(sum[:0])
	}
	return sum, err
}
