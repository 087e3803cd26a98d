package paperwork

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// The former product named a file by the address under which it gave it out, which
// tells nothing of where it kept the bytes: in its folder, or under the same path in
// a bucket or a Google Drive. Some installations were copied from one to another
// since. So what a former version kept is looked for in every place that is set up,
// until it has been found and read.

// formerPrefix stood in front of the former product's keys, unless it was told another.
const formerPrefix = "uploads/"

// lookTime is how long one file is looked for in all places together.
const lookTime = 20 * time.Second

// elsewhere opens a file of a former version that is not where its row says, and
// notes in file where it is.
func (f *Files) elsewhere(ctx context.Context, file *fieldops.StoredFile) (blob.File, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	set, err := f.places.Read(ctx)
	if err != nil {
		return nil, err
	}
	key := strings.TrimPrefix(file.Path, uploadsPath)
	keys := []string{strings.TrimSuffix(set.S3.Prefix, "/") + "/" + key, formerPrefix + key, key}
	if keys[0] == "/"+key {
		keys = keys[1:]
	}
	for _, place := range fieldops.StoragePlaces {
		if place == fieldops.PlaceLocal {
			if content, err := f.openFound(ctx, file, place, key); err == nil {
				return content, nil
			}
			continue
		}
		in, err := f.places.open(set, place)
		if err != nil {
			continue // it is not set up
		}
		for _, ref := range keys {
			if drive, ok := in.(*blob.Drive); ok {
				if ref, err = drive.Find(ctx, ref); err != nil {
					continue
				}
			}
			if content, err := f.openFound(ctx, file, place, ref); err == nil {
				return content, nil
			}
		}
	}
	return nil, blob.ErrAbsent
}

func (f *Files) openFound(ctx context.Context, file *fieldops.StoredFile, place fieldops.StoragePlace, ref string) (blob.File, error) {
	// It is read after the search has ended.
	content, err := f.openAt(context.WithoutCancel(ctx), place, ref)
	if err == nil {
		file.Place, file.Ref = place, ref
	}
	return content, err
}

// readFormer reads what former versions have kept and looks what it is, so that
// it has a hash, a preview, and nothing about where it was taken. What is not
// there now is tried again by the next sweep.
func (f *Files) readFormer(ctx context.Context, keep func() error) error {
	unread, err := f.db.UnreadFiles(ctx, atOnce)
	if err != nil {
		return err
	}
	for i := range unread {
		if err := keep(); err != nil {
			return err
		}
		if err := f.readOne(ctx, &unread[i]); err != nil {
			if ctx.Err() != nil {
				return err
			}
			f.log.InfoContext(ctx, "a file of a former version could not be read", "file", unread[i].ID, "path", unread[i].Path, "reason", err)
			if err := f.write(ctx, func(tx *store.Tx) error { return tx.NoteUnreadable(ctx, unread[i].ID, sentence(err)) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Files) readOne(ctx context.Context, file *fieldops.StoredFile) (err error) {
	draft, err := f.localFrom(ctx, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, draft.Discard()) }()
	file.Size = draft.Size()
	sum, err := hashOf(io.NewSectionReader(draft, 0, file.Size))
	if err != nil {
		return err
	}
	file.SHA256, file.PreviewState = hex.EncodeToString(sum[:]), fieldops.PreviewNone
	is, err := Inspect(draft, file.Size, file.Name, UseFormer)
	switch {
	case err == nil:
		file.Extension, file.ContentType, file.Width, file.Height = is.Extension, is.ContentType, int64(is.Width), int64(is.Height)
		if is.Previewable() {
			file.PreviewState = fieldops.PreviewWaiting
		}
		if is.Shown != nil {
			if file.Shown, err = json.Marshal(is.Shown); err != nil {
				return err
			}
		}
	case fieldops.KindOf(err) != "": // kept all the same, and offered as a download only
		file.ContentType = "application/octet-stream"
	default:
		return err
	}
	return f.write(ctx, func(tx *store.Tx) error { return tx.DescribeFile(ctx, file) })
}
