package paperwork

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"time"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
	"ampedfieldops/internal/store"
)

const (
	// previewPixels is the longer side of a preview: sharp in a gallery on a phone.
	previewPixels = 480
	// roundEvery is how often is looked for what is due, sweepEvery how often all
	// that lies in a place is compared with what is written down.
	roundEvery = time.Minute
	sweepEvery = 24 * time.Hour
	// turnLease is above what is done between two looks at the lease.
	turnLease = 10 * time.Minute
	// atOnce is how many files one transaction is about.
	atOnce = 200
	// orphanStays is how long bytes that no file names stay after they were found:
	// long enough to notice that a database was restored without its files.
	orphanStays = 30 * 24 * time.Hour
	// draftStays is how long a draft may go without a byte. Above the life of an upload.
	draftStays = 8 * 24 * time.Hour
)

// Register has the queue deliver the jobs about files.
func (f *Files) Register(q *job.Queue) {
	job.Handle(q, func(ctx context.Context, a store.MakePreview) error { return f.makePreview(ctx, a.File) })
	job.Handle(q, func(ctx context.Context, a store.MoveFile) error { return f.moveUp(ctx, a.File) })
	job.Handle(q, func(ctx context.Context, a store.ReadScan) error { return f.readScan(ctx, a) })
}

// Run does what comes round, until ctx ends: it removes the bytes that are to go,
// reads what former versions kept, and once a day compares each place with what is
// written down.
func (f *Files) Run(ctx context.Context) {
	tick := time.NewTicker(roundEvery)
	defer tick.Stop()
	for {
		if err := f.Round(ctx); err != nil && ctx.Err() == nil {
			f.log.ErrorContext(ctx, "looking after files failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Round does once what is due. Any number of processes may ask at the same time.
func (f *Files) Round(ctx context.Context) error {
	return f.db.InTurn(ctx, "files", turnLease, func(keep func() error) error {
		return errors.Join(f.adoptPictures(ctx), f.removeDue(ctx, keep), f.endUploads(ctx), f.readFormer(ctx, keep), f.sweepIfDue(ctx, keep))
	})
}

func (f *Files) write(ctx context.Context, change func(tx *store.Tx) error) error {
	return f.db.Write(ctx, fieldops.System, change)
}

// makePreview makes the small picture of a file.
func (f *Files) makePreview(ctx context.Context, id fieldops.ID) error {
	file, err := f.db.File(ctx, id)
	if fieldops.KindOf(err) == fieldops.NotFound || err == nil && file.PreviewState != fieldops.PreviewWaiting {
		return nil
	}
	if err != nil {
		return err
	}
	small, err := f.smaller(ctx, file)
	if fieldops.KindOf(err) == fieldops.Unavailable {
		return job.Later(time.Minute)
	}
	if err != nil { // it cannot be read as a picture, or is not there
		f.log.InfoContext(ctx, "a file gets no preview", "file", id, "reason", err)
		return f.write(ctx, func(tx *store.Tx) error { return tx.KeepPreview(ctx, id, nil) })
	}
	sum, err := hashOf(bytes.NewReader(small))
	if err != nil {
		return err
	}
	preview := fieldops.StoredFile{
		ID: fieldops.NewID(), Name: "preview.jpg", Extension: "jpg", ContentType: "image/jpeg", Size: int64(len(small)), SHA256: hex.EncodeToString(sum[:]),
		RecordKind: fieldops.RecordPreview, PreviewOf: &id,
	}
	where := "previews/" + preview.ID + ".jpg"
	preview.Path = uploadsPath + where
	none := func() error { return nil }
	if err := f.put(ctx, &preview, where, sum, bytes.NewReader(small), func() error {
		_, err := f.folder.Put(ctx, blob.Object{Key: where, ContentType: preview.ContentType, Size: preview.Size, SHA256: sum}, bytes.NewReader(small))
		return err
	}, none); err != nil {
		return err
	}
	err = f.write(ctx, func(tx *store.Tx) error {
		if now, err := tx.File(ctx, id); err != nil || now.PreviewState != fieldops.PreviewWaiting {
			return errors.Join(err, errDone)
		}
		return tx.KeepPreview(ctx, id, &preview)
	})
	if err != nil && !errors.Is(err, store.ErrInDoubt) {
		f.TakeBack(ctx, preview)
	}
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

var errDone = errors.New("somebody else has done it")

func (f *Files) smaller(ctx context.Context, file fieldops.StoredFile) ([]byte, error) {
	content, err := f.local(ctx, file)
	if err != nil {
		return nil, err
	}
	defer content.Discard() //nolint:errcheck // a copy that cannot be removed is found by the sweep
	return Preview(content, file.Size, Inspected{Extension: file.Extension, ContentType: file.ContentType, Width: int(file.Width), Height: int(file.Height)}, previewPixels)
}

// local copies a file into a draft, to be read at any point.
func (f *Files) local(ctx context.Context, file fieldops.StoredFile) (*blob.Draft, error) {
	return f.localFrom(ctx, &file)
}

// localFrom is local, and notes in file where it was found.
func (f *Files) localFrom(ctx context.Context, file *fieldops.StoredFile) (*blob.Draft, error) {
	content, err := f.openOriginal(ctx, file)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	draft, err := f.folder.Draft()
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(draft, content); err != nil {
		return nil, errors.Join(unavailable(file.Place, err), draft.Discard())
	}
	return draft, nil
}

// moveBackoff is how long a file waits for the place it was meant for, the last
// for ever again.
var moveBackoff = []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// moveUp brings a file to the place it was meant for.
func (f *Files) moveUp(ctx context.Context, id fieldops.ID) error {
	file, err := f.db.File(ctx, id)
	if fieldops.KindOf(err) == fieldops.NotFound || err == nil && file.MovesTo == "" {
		return nil
	}
	if err != nil {
		return err
	}
	current, _, err := f.places.Current(ctx)
	if err != nil {
		return err
	}
	if current != file.MovesTo { // the firm has chosen otherwise meanwhile
		return f.write(ctx, func(tx *store.Tx) error { return tx.MovesTo(ctx, id, "") })
	}
	_, err = f.Move(ctx, file, file.MovesTo)
	if err == nil || ctx.Err() != nil {
		return err
	}
	f.log.WarnContext(ctx, "a file could not be moved to its place", "file", id, "place", file.MovesTo, "try", file.MoveTries+1, "error", err)
	if err := f.write(ctx, func(tx *store.Tx) error { return tx.FileStays(ctx, id, sentence(err)) }); err != nil {
		return err
	}
	return job.Later(moveBackoff[min(int(file.MoveTries), len(moveBackoff)-1)])
}

// sentence is what an admin is told of an error: the stores word them for that.
func sentence(err error) string {
	text := err.Error()
	return text[:min(len(text), 500)]
}

// Move brings a file's bytes to another place, in an order that loses them at no
// point: they are copied, read back and compared, then written down as lying
// there, and only then removed where they were. What a crash leaves behind is an
// orphan that is written down as one. moved is false when somebody else has moved
// the file meanwhile.
func (f *Files) Move(ctx context.Context, file fieldops.StoredFile, to fieldops.StoragePlace) (moved bool, err error) {
	if file.Place == to {
		return false, f.write(ctx, func(tx *store.Tx) error { return tx.MovesTo(ctx, file.ID, "") })
	}
	target, err := f.at(ctx, to)
	if err != nil {
		return false, err
	}
	draft, err := f.local(ctx, file)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, draft.Discard()) }()
	size := draft.Size()
	sum, err := hashOf(io.NewSectionReader(draft, 0, size))
	if err != nil {
		return false, err
	}
	if file.SHA256 != "" && file.SHA256 != hex.EncodeToString(sum[:]) {
		return false, fmt.Errorf("%s in %s is not what was uploaded: its hash is %s and was %s", file.Path, file.Place.Label(), hex.EncodeToString(sum[:]), file.SHA256)
	}
	where, err := f.freeKey(ctx, to, file.Path[len(uploadsPath):])
	if err != nil {
		return false, err
	}
	ref, err := target.Put(ctx, blob.Object{Key: where, ContentType: file.ContentType, Size: size, SHA256: sum}, draft)
	if err != nil {
		return false, err
	}
	if err := check(ctx, target, ref, sum); err != nil {
		return false, fmt.Errorf("%s was copied to %s, but is not the same there: %w", file.Path, to.Label(), err)
	}
	if err := f.write(ctx, func(tx *store.Tx) error {
		moved, err = tx.MovedFile(ctx, &file, to, ref, size, hex.EncodeToString(sum[:]))
		return err
	}); err != nil || !moved {
		return false, err // what was copied is found by the sweep, if nothing names it
	}
	f.dropOrphan(ctx, fieldops.Orphan{Place: file.Place, Ref: file.Ref})
	return true, nil
}

// freeKey is a key for a file that comes to a place: its own, or one beside it while
// bytes lie under its own that nothing names. Somebody may be about to remove those,
// and would remove what comes in their place.
func (f *Files) freeKey(ctx context.Context, place fieldops.StoragePlace, key string) (string, error) {
	taken, err := f.db.IsOrphan(ctx, place, key)
	if err != nil || !taken {
		return key, err
	}
	extension := path.Ext(key)
	return strings.TrimSuffix(key, extension) + "-" + fieldops.NewID()[28:] + extension, nil
}

// check reads back what was put somewhere.
func check(ctx context.Context, in blob.Store, ref string, want [32]byte) (err error) {
	content, err := in.Open(ctx, ref)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	sum, err := hashOf(content)
	if err == nil && sum != want {
		err = fmt.Errorf("its hash is %x instead of %x", sum, want)
	}
	return err
}

// Try refuses a place that cannot be used: it puts a small file there, reads it
// back and removes it.
func (f *Files) Try(ctx context.Context, place fieldops.StoragePlace) error {
	in, err := f.at(ctx, place)
	if err != nil {
		return err
	}
	return tryStore(ctx, in)
}

// TryStorage is Try for a place that is not in use yet.
func (f *Files) TryStorage(ctx context.Context, s fieldops.Storage) error {
	switch s.Place {
	case fieldops.PlaceS3:
		in, err := openS3(s.S3)
		if err != nil {
			return err
		}
		return errors.Join(tryStore(ctx, in), in.Close())
	case fieldops.PlaceDrive:
		in := f.places.openDrive(s.Drive)
		return errors.Join(tryStore(ctx, in), in.Close())
	}
	return tryStore(ctx, f.folder)
}

func tryStore(ctx context.Context, in blob.Store) (err error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	content := []byte("AmpedFieldOps tries whether it can keep files here. This one may be removed.\n")
	sum, err := hashOf(bytes.NewReader(content))
	if err != nil {
		return err
	}
	ref, err := in.Put(ctx, blob.Object{Key: "trial/" + fieldops.NewID() + ".txt", ContentType: "text/plain", Size: int64(len(content)), SHA256: sum}, bytes.NewReader(content))
	if err != nil {
		return err
	}
	return errors.Join(check(ctx, in, ref, sum), in.Delete(ctx, ref))
}

// tryTime is how long an admin waits for a trial.
const tryTime = 30 * time.Second

// Hash reads a file as it is kept, and returns its SHA-256 in hexadecimal digits.
func (f *Files) Hash(ctx context.Context, file fieldops.StoredFile) (_ string, err error) {
	content, err := f.OpenOriginal(ctx, file)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	sum, err := hashOf(content)
	return hex.EncodeToString(sum[:]), err
}

// RemoveOrphan removes bytes that no file names.
func (f *Files) RemoveOrphan(ctx context.Context, o fieldops.Orphan) { f.dropOrphan(ctx, o) }

// dropOrphan removes bytes that no file names and the note about them.
func (f *Files) dropOrphan(ctx context.Context, o fieldops.Orphan) {
	drop := func() error {
		orphaned := false
		if err := f.write(ctx, func(tx *store.Tx) (err error) {
			orphaned, err = tx.Orphaned(ctx, o.Place, o.Ref)
			return err
		}); err != nil || !orphaned {
			return err
		}
		if err := f.remove(ctx, o.Place, o.Ref); err != nil {
			return err
		}
		return f.write(ctx, func(tx *store.Tx) error { return tx.ForgetOrphan(ctx, o.Place, o.Ref) })
	}
	if err := drop(); err != nil {
		f.log.WarnContext(ctx, "bytes that no file names were not removed; the sweep will", "place", o.Place, "ref", o.Ref, "error", err)
	}
}

// removeDue removes the files that nothing names any more and whose time has come.
func (f *Files) removeDue(ctx context.Context, keep func() error) error {
	for {
		due, err := f.db.RemovableFiles(ctx, fieldops.At(f.clock()), atOnce)
		if err != nil || len(due) == 0 {
			return err
		}
		for i := range due {
			if err := keep(); err != nil {
				return err
			}
			// The row goes first: bytes without a row are an orphan, which is harmless,
			// and a row without bytes would be a photo that does not open.
			if err := f.write(ctx, func(tx *store.Tx) error {
				if err := tx.ForgetFile(ctx, &due[i]); err != nil {
					return err
				}
				return tx.NoteOrphan(ctx, fieldops.Orphan{Place: due[i].Place, Ref: due[i].Ref, Name: due[i].Name, Size: due[i].Size})
			}); err != nil {
				return err
			}
			f.dropOrphan(ctx, fieldops.Orphan{Place: due[i].Place, Ref: due[i].Ref})
		}
	}
}

// endUploads removes what uploads that nobody goes on with have left.
func (f *Files) endUploads(ctx context.Context) error {
	var ended []fieldops.ID
	if err := f.write(ctx, func(tx *store.Tx) (err error) {
		ended, err = tx.ExpiredUploads(ctx, atOnce)
		return err
	}); err != nil {
		return err
	}
	_, err := f.folder.DiscardDrafts(f.clock().Add(-draftStays))
	return errors.Join(err, f.EndUploads(ended...))
}

// sweepIfDue compares each place with what is written down, once a day.
func (f *Files) sweepIfDue(ctx context.Context, keep func() error) error {
	var faults []error
	for _, place := range fieldops.StoragePlaces {
		due := false
		if err := f.write(ctx, func(tx *store.Tx) (err error) {
			due, err = tx.SweepDue(ctx, place, sweepEvery)
			return err
		}); err != nil {
			return err
		}
		if !due {
			continue
		}
		if _, err := f.Sweep(ctx, place, keep); err != nil {
			faults = append(faults, fmt.Errorf("comparing %s with what is written down: %w", place.Label(), err))
		}
	}
	return errors.Join(append(faults, f.dropOldOrphans(ctx, keep))...)
}

// ours are the keys that Keep and Pictures make. What else lies in a place is left
// alone: it is what the former product has put there.
var ours = func() *regexp.Regexp {
	const id = `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`
	return regexp.MustCompile(`^(?:timesheets/\d{4}/` + id + `_` + id + `|previews/` + id + `|(?:projects|cost-centers|safety-documents|scans|expenses|bills)/` + id + `/` + id + `|branding/(?:logo|favicon)-[0-9a-f]{12}(?:-[0-9a-f]{8})?)(?:-[0-9a-f]{8})?\.[a-z]{2,4}$`)
}()

// Swept is what a comparison of a place with what is written down has found.
type Swept struct {
	Objects int // in the place
	Orphans int // of them named by no file
	Missing int // files whose bytes are not there
}

// Sweep compares a place with what is written down. Bytes that no file names are
// noted as orphans, files without bytes as missing. It removes nothing.
func (f *Files) Sweep(ctx context.Context, place fieldops.StoragePlace, keep func() error) (Swept, error) {
	var s Swept
	in, err := f.at(ctx, place)
	if err != nil {
		return s, f.ifUsed(ctx, place, err)
	}
	var began fieldops.Time
	if err := f.write(ctx, func(tx *store.Tx) error { began = tx.Now; return nil }); err != nil {
		return s, err
	}
	young := f.clock().Add(-time.Hour)
	var batch []blob.Listed
	flush := func() error {
		defer func() { batch = batch[:0] }()
		if err := keep(); err != nil {
			return err
		}
		refs := make([]string, len(batch))
		byRef := map[string]blob.Listed{}
		for i, o := range batch {
			refs[i], byRef[o.Ref] = o.Ref, o
		}
		return f.write(ctx, func(tx *store.Tx) error {
			unknown, err := tx.SeenObjects(ctx, place, refs)
			if err != nil {
				return err
			}
			for _, ref := range unknown {
				o := byRef[ref]
				if picture, former := formerPicture(o.Key); former && place == fieldops.PlaceLocal && o.ModifiedAt.Before(young) {
					orphaned, err := tx.IsOrphan(ctx, place, ref) // one that was deleted is not taken over
					if err != nil {
						return err
					}
					if !orphaned {
						if err := tx.AdoptFile(ctx, &picture); err != nil {
							return err
						}
						continue
					}
				}
				if o.ModifiedAt.After(young) || !ours.MatchString(o.Key) {
					continue // its row may be about to be written, or it is nothing that this put there
				}
				s.Orphans++
				if err := tx.NoteOrphan(ctx, fieldops.Orphan{Place: place, Ref: ref, Name: o.Key, Size: o.Size}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for o, err := range in.Objects(ctx) {
		if err != nil {
			return s, f.ifUsed(ctx, place, err)
		}
		s.Objects++
		if batch = append(batch, o); len(batch) == atOnce {
			if err := flush(); err != nil {
				return s, err
			}
		}
	}
	if err := flush(); err != nil {
		return s, err
	}
	if err := f.lookForUnseen(ctx, place, in, began, keep); err != nil {
		return s, f.ifUsed(ctx, place, err)
	}
	err = f.write(ctx, func(tx *store.Tx) (err error) {
		s.Missing, err = tx.NoteMissing(ctx, place, began)
		return err
	})
	if s.Missing > 0 {
		f.log.ErrorContext(ctx, "the bytes of files were not found in their place", "place", place, "files", s.Missing)
	}
	return s, err
}

// lookForUnseen asks for each file that a list of its place did not have: what the
// former product has put there lies outside of what is listed.
func (f *Files) lookForUnseen(ctx context.Context, place fieldops.StoragePlace, in blob.Store, began fieldops.Time, keep func() error) error {
	for after := fieldops.ID(""); ; {
		unseen, err := f.db.UnseenFiles(ctx, place, began, after, atOnce)
		if err != nil || len(unseen) == 0 {
			return err
		}
		var there []string
		for i := range unseen {
			if err := keep(); err != nil {
				return err
			}
			content, err := in.Open(ctx, unseen[i].Ref)
			if errors.Is(err, blob.ErrAbsent) {
				continue
			}
			if err == nil {
				err = content.Close()
			}
			if err != nil {
				return err
			}
			there = append(there, unseen[i].Ref)
		}
		if err := f.write(ctx, func(tx *store.Tx) error {
			_, err := tx.SeenObjects(ctx, place, there)
			return err
		}); err != nil {
			return err
		}
		after = unseen[len(unseen)-1].ID
	}
}

// ifUsed is why a place cannot be looked at, if anything is known to lie there. A
// place that is not set up, and never was, is no matter.
func (f *Files) ifUsed(ctx context.Context, place fieldops.StoragePlace, fault error) error {
	used, err := f.db.PlaceUsed(ctx, place)
	if err != nil || !used && fieldops.KindOf(fault) != "" {
		return err
	}
	return fault
}

// dropOldOrphans removes bytes that no file has named for a long time.
func (f *Files) dropOldOrphans(ctx context.Context, keep func() error) error {
	orphans, err := f.db.Orphans(ctx, fieldops.At(f.clock().Add(-orphanStays)), atOnce)
	if err != nil {
		return err
	}
	for _, o := range orphans {
		if err := keep(); err != nil {
			return err
		}
		f.dropOrphan(ctx, o)
	}
	return nil
}
