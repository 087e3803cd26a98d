package paperwork

import (
	"context"
	"errors"
	"io"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// An upload that may be gone on with is a row, which says whose it is and how long
// it will be, and a draft of the same id, whose length says how much has come. The
// draft lies in the folder: processes that share uploads share the folder.

// BeginUpload begins an upload that may be gone on with, for a file of size bytes.
// sum, unless "", is its SHA-256 in hexadecimal digits, as the sender computed it.
func (f *Files) BeginUpload(ctx context.Context, actor fieldops.Actor, use Use, name string, size int64, sum string) (store.Upload, error) {
	u := store.Upload{UserID: actor.UserID, Purpose: string(use), Name: CleanName(name, ""), Size: size, SHA256: sum}
	if size > use.MaxBytes() {
		return u, tooLarge(use)
	}
	draft, err := f.folder.Draft()
	if err != nil {
		return u, err
	}
	u.ID = draft.ID()
	if err := f.db.Write(ctx, actor, func(tx *store.Tx) error { return tx.BeginUpload(ctx, &u) }); err != nil {
		return u, errors.Join(err, draft.Discard())
	}
	return u, draft.Close()
}

// UploadOffset is how many bytes of a person's upload have come.
func (f *Files) UploadOffset(ctx context.Context, user, id fieldops.ID) (u store.Upload, offset int64, err error) {
	u, draft, err := f.upload(ctx, user, id)
	if err != nil {
		return u, 0, err
	}
	return u, draft.Size(), draft.Close()
}

func (f *Files) upload(ctx context.Context, user, id fieldops.ID) (store.Upload, *blob.Draft, error) {
	u, err := f.db.Upload(ctx, user, id, fieldops.At(f.clock()))
	if err != nil {
		return u, nil, err
	}
	draft, err := f.folder.OpenDraft(id)
	if errors.Is(err, blob.ErrAbsent) {
		err = fieldops.Refuse(fieldops.NotFound, "The upload is not here: begin it again")
	}
	if errors.Is(err, blob.ErrBusy) {
		err = fieldops.Refuse(fieldops.Conflict, "Another request goes on with this upload at the moment")
	}
	return u, draft, err
}

// Append goes on with a person's upload at the offset where it stands, and returns
// where it stands then: with an error too, what has come until then stays. When
// the last byte has come, the file is looked at, and one that is refused ends the
// upload.
func (f *Files) Append(ctx context.Context, actor fieldops.Actor, id fieldops.ID, at int64, from io.Reader) (u store.Upload, offset int64, err error) {
	u, draft, err := f.upload(ctx, actor.UserID, id)
	if err != nil {
		return u, 0, err
	}
	defer func() { err = errors.Join(err, draft.Close()) }()
	if offset = draft.Size(); at != offset {
		refusal := fieldops.Refuse(fieldops.Conflict, "The upload goes on at byte %d, not at %d", offset, at)
		refusal.Details = map[string]any{"offset": offset}
		return u, offset, refusal
	}
	came, err := io.Copy(draft, io.LimitReader(from, u.Size-offset))
	offset += came
	if err := errors.Join(err, draft.Sync()); err != nil {
		return u, offset, err
	}
	if extra, _ := io.ReadFull(from, make([]byte, 1)); extra > 0 {
		return u, offset, fieldops.Refuse(fieldops.TooLarge, "More bytes came than the %d that were announced", u.Size)
	}
	if came > 0 && offset < u.Size {
		return u, offset, f.db.Write(ctx, actor, func(tx *store.Tx) error { return tx.TouchUpload(ctx, id) })
	}
	if offset < u.Size {
		return u, offset, nil
	}
	if _, err := whole(draft, &u); err != nil {
		if fieldops.KindOf(err) != "" {
			err = errors.Join(err, f.DropUpload(ctx, actor, id))
		}
		return u, offset, err
	}
	return u, offset, nil
}

// whole looks at a draft whose bytes have all come.
func whole(draft *blob.Draft, u *store.Upload) (*Arrival, error) {
	a, err := received(draft, Use(u.Purpose), u.Name)
	if err == nil && u.SHA256 != "" && a.SHA256() != u.SHA256 {
		err = fieldops.Refuse(fieldops.Invalid, "What has come is not what was sent: its SHA-256 is %s and should be %s. Begin the upload again.", a.SHA256(), u.SHA256)
	}
	return a, err
}

// Uploaded is what a person's complete upload has brought, to be kept. The upload
// stays until the change that keeps it ends it by TakeUpload, so that a change
// which fails can be tried again.
func (f *Files) Uploaded(ctx context.Context, user, id fieldops.ID, use Use) (*Arrival, error) {
	u, draft, err := f.upload(ctx, user, id)
	if err != nil {
		return nil, err
	}
	if u.Purpose != string(use) {
		return nil, errors.Join(fieldops.Refuse(fieldops.Invalid, "The upload %s was begun for something else", id), draft.Close())
	}
	if draft.Size() != u.Size {
		return nil, errors.Join(fieldops.Refuse(fieldops.Conflict, "Of the upload %s only %d of %d bytes have come", id, draft.Size(), u.Size), draft.Close())
	}
	a, err := whole(draft, &u)
	if err != nil {
		return nil, errors.Join(err, draft.Close())
	}
	return a, nil
}

// DropUpload ends a person's upload that is not wanted any more.
func (f *Files) DropUpload(ctx context.Context, actor fieldops.Actor, id fieldops.ID) error {
	if err := f.db.Write(ctx, actor, func(tx *store.Tx) error { return tx.DropUpload(ctx, actor.UserID, id) }); err != nil {
		return err
	}
	return f.EndUploads(id)
}

// EndUploads removes the drafts of uploads that were taken.
func (f *Files) EndUploads(ids ...fieldops.ID) error {
	var faults []error
	for _, id := range ids {
		faults = append(faults, f.folder.DropDraft(id))
	}
	return errors.Join(faults...)
}
