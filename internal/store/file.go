package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
)

// keepUnnamed is how long the bytes of a file stay that nothing names any more:
// as long as what was deleted stays in the bin.
const keepUnnamed = keepInBin

// MakePreview is the job that makes the small picture of a file.
type MakePreview struct {
	File fieldops.ID `json:"file"`
}

// Kind is the job's name.
func (MakePreview) Kind() string { return "make_preview" }

// Queue keeps work on files apart.
func (MakePreview) Queue() string { return job.FileQueue }

// MoveFile is the job that moves a file to the place it was meant for.
type MoveFile struct {
	File fieldops.ID `json:"file"`
}

// Kind is the job's name.
func (MoveFile) Kind() string { return "move_file" }

// Queue keeps work on files apart.
func (MoveFile) Queue() string { return job.FileQueue }

const fileColumns = `id, path, place, ref, coalesce(moves_to, ''), move_tries, coalesce(move_error, ''), file_name, extension, content_type,
	coalesce(size, 0), coalesce(sha256, ''), coalesce(width, 0), coalesce(height, 0), cast(shown as text), coalesce(caption, ''),
	record_kind, record_id, preview_of, preview_state, uploaded_by, created_at, remove_at, missing_since`

func scanFile(rows *sql.Rows, f *fieldops.StoredFile) error {
	var shown *string
	err := rows.Scan(&f.ID, &f.Path, &f.Place, &f.Ref, &f.MovesTo, &f.MoveTries, &f.MoveError, &f.Name, &f.Extension, &f.ContentType,
		&f.Size, &f.SHA256, &f.Width, &f.Height, &shown, &f.Caption,
		&f.RecordKind, &f.RecordID, &f.PreviewOf, &f.PreviewState, &f.UploadedBy, &f.CreatedAt, &f.RemoveAt, &f.MissingSince)
	if shown != nil {
		f.Shown = json.RawMessage(*shown)
	}
	return err
}

// FileAt is the file at an address. One whose bytes are to go is found too.
func (r reads) FileAt(ctx context.Context, path string) (fieldops.StoredFile, error) {
	return r.oneFile(ctx, "path = $1", path)
}

// File is one file.
func (r reads) File(ctx context.Context, id fieldops.ID) (fieldops.StoredFile, error) {
	return r.oneFile(ctx, "id = $1", id)
}

// PreviewOf is the small picture of a file; NotFound while there is none.
func (r reads) PreviewOf(ctx context.Context, id fieldops.ID) (fieldops.StoredFile, error) {
	return r.oneFile(ctx, "preview_of = $1", id)
}

func (r reads) oneFile(ctx context.Context, condition string, arg string) (fieldops.StoredFile, error) {
	found, err := collect(ctx, r, "select "+fileColumns+" from stored_files where "+condition, []any{arg}, scanFile)
	if err != nil {
		return fieldops.StoredFile{}, err
	}
	if len(found) == 0 {
		return fieldops.StoredFile{}, fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	return found[0], nil
}

// FilesAt are the files at some addresses, by address. Those that are none of
// ours are left out.
func (r reads) FilesAt(ctx context.Context, paths []string) (map[string]fieldops.StoredFile, error) {
	files := map[string]fieldops.StoredFile{}
	if len(paths) == 0 {
		return files, nil
	}
	w := &where{}
	found, err := collect(ctx, r, "select "+fileColumns+" from stored_files where path in "+list(&w.args, paths), w.args, scanFile)
	for _, f := range found {
		files[f.Path] = f
	}
	return files, err
}

// FilesAfter are files in the order of their ids, behind one, at most limit of
// them: for what goes through all. place "" is every place.
func (r reads) FilesAfter(ctx context.Context, place fieldops.StoragePlace, id fieldops.ID, limit int) ([]fieldops.StoredFile, error) {
	w := &where{}
	if id != "" {
		w.and("id > ?", id)
	}
	if place != "" {
		w.and("place = ?", string(place))
	}
	return collect(ctx, r, "select "+fileColumns+" from stored_files where "+w.String()+" order by id limit "+w.arg(limit), w.args, scanFile)
}

// FilesIn is how many files lie in a place, "" for all, and how many bytes they
// have.
func (r reads) FilesIn(ctx context.Context, place fieldops.StoragePlace) (count, size int64, err error) {
	w := &where{}
	if place != "" {
		w.and("place = ?", string(place))
	}
	err = r.q.QueryRowContext(ctx, "select count(*), cast(coalesce(sum(size), 0) as bigint) from stored_files where "+w.String(), w.args...).Scan(&count, &size)
	return count, size, err
}

// KeepFile writes down a file whose bytes lie in their place. What is still to be
// done with it becomes a job of the same transaction.
func (tx *Tx) KeepFile(ctx context.Context, f *fieldops.StoredFile) error {
	if f.CreatedAt = tx.Now; f.PreviewState == "" {
		f.PreviewState = fieldops.PreviewNone
	}
	var shown *string
	if f.Shown != nil {
		text := string(f.Shown)
		shown = &text
	}
	if _, err := tx.q.ExecContext(ctx, `insert into stored_files (id, path, place, ref, moves_to, file_name, extension, content_type, size, sha256, width, height,
		shown, caption, record_kind, record_id, preview_of, preview_state, uploaded_by, created_at, seen_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20)`,
		f.ID, f.Path, string(f.Place), f.Ref, orNull(string(f.MovesTo)), f.Name, f.Extension, f.ContentType, f.Size, orNull(f.SHA256), f.Width, f.Height,
		shown, orNull(f.Caption), string(f.RecordKind), f.RecordID, f.PreviewOf, f.PreviewState, f.UploadedBy, tx.Now); err != nil {
		return err
	}
	if f.PreviewState == fieldops.PreviewWaiting {
		if err := tx.Enqueue(ctx, MakePreview{f.ID}); err != nil {
			return err
		}
	}
	if f.MovesTo != "" {
		if err := tx.Enqueue(ctx, MoveFile{f.ID}); err != nil {
			return err
		}
	}
	if f.RecordKind == fieldops.RecordPreview { // made of what is known already
		return nil
	}
	return tx.audit(ctx, "upload", "file", f.ID, map[string]any{
		"path": f.Path, "file_name": f.Name, "size": f.Size, "sha256": f.SHA256, "stored_in": f.Place, "record_kind": f.RecordKind, "record_id": f.RecordID,
	})
}

// KeepPreview writes down the small picture of a file, or, of a nil preview,
// that there will be none.
func (tx *Tx) KeepPreview(ctx context.Context, of fieldops.ID, preview *fieldops.StoredFile) error {
	state := fieldops.PreviewNone
	if preview != nil {
		state = fieldops.PreviewMade
		if err := tx.KeepFile(ctx, preview); err != nil {
			return err
		}
	}
	_, err := tx.exec(ctx, "update stored_files set preview_state = $1 where id = $2", state, of)
	return err
}

// ReleaseFiles has the bytes at some addresses go, because the caller's records name
// them no more: at once, or when what was deleted at the same time leaves the bin.
// Addresses that are none of ours are no error. The former product let anybody name
// any path, so that what it kept stays while any entry at all still names it; and what
// a file of a project, a scan or a document has stays with it.
func (tx *Tx) ReleaseFiles(ctx context.Context, atOnce bool, paths ...string) error {
	at := tx.Now
	if !atOnce {
		at = at.Add(keepUnnamed)
	}
	for _, path := range paths {
		if attached, err := tx.isAttached(ctx, path); err != nil {
			return err
		} else if attached {
			continue
		}
		if _, own := fieldops.TimesheetOfPhoto(path); !own {
			var named int
			if err := tx.q.QueryRowContext(ctx, `select count(*) from /* deleted too */ timesheets where cast(image_urls as text) like $1 escape '\'`, contains(`"`+path+`"`)).Scan(&named); err != nil {
				return err
			}
			if named > 0 {
				continue
			}
		}
		if _, err := tx.exec(ctx, `update stored_files set remove_at = $1 where path = $2
			and not exists (select 1 from /* deleted too */ project_files f where f.file_id = stored_files.id)
			and not exists (select 1 from safety_document_revisions v where v.file_id = stored_files.id)`, at, path); err != nil {
			return err
		}
	}
	return nil
}

// RetakeFiles has the bytes at some addresses stay after all. It returns those
// that the record has let go and that are still there.
func (tx *Tx) RetakeFiles(ctx context.Context, kind fieldops.RecordKind, records []fieldops.ID, paths ...string) ([]string, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	w := &where{}
	return collect(ctx, tx.reads, "update stored_files set remove_at = null where remove_at is not null and record_kind = "+w.arg(string(kind))+
		" and record_id in "+list(&w.args, records)+" and path in "+list(&w.args, paths)+" returning path", w.args,
		func(rows *sql.Rows, path *string) error { return rows.Scan(path) })
}

// HoldFile has the bytes of a file stay after all.
func (tx *Tx) HoldFile(ctx context.Context, id fieldops.ID) error {
	changed, err := tx.exec(ctx, "update stored_files set remove_at = null where id = $1", id)
	if err == nil && changed != 1 {
		err = fieldops.Refuse(fieldops.Conflict, "The file was just removed. Try again.")
	}
	return err
}

// DeleteFile has the bytes of a file go that no record names: a logo, say. kind is
// what the audit calls it.
func (tx *Tx) DeleteFile(ctx context.Context, kind string, f *fieldops.StoredFile) error {
	if err := tx.ReleaseFiles(ctx, true, f.Path); err != nil {
		return err
	}
	return tx.audit(ctx, "delete", kind, f.ID, map[string]any{"path": f.Path, "file_name": f.Name, "sha256": f.SHA256})
}

// AdoptFile writes down a file that lies in its place already and that an earlier
// version has not written down. It is read by and by, as all of a former version are.
func (tx *Tx) AdoptFile(ctx context.Context, f *fieldops.StoredFile) error {
	f.CreatedAt = tx.Now
	if err := adopt(ctx, tx.q, []fieldops.StoredFile{*f}); err != nil {
		return err
	}
	return tx.audit(ctx, "adopt", "file", f.ID, map[string]any{"path": f.Path})
}

// FilesBelow are the files whose address begins with a path and that are not to go,
// newest first, at most limit of them.
func (r reads) FilesBelow(ctx context.Context, path string, limit int) ([]fieldops.StoredFile, error) {
	return collect(ctx, r, "select "+fileColumns+` from stored_files where path like $1 escape '\' and remove_at is null order by created_at desc, id desc limit $2`,
		[]any{strings.TrimPrefix(contains(path), "%"), limit}, scanFile)
}

// CaptionFile says what a picture shows. "" takes the words away.
func (tx *Tx) CaptionFile(ctx context.Context, id fieldops.ID, caption string) error {
	if _, err := tx.exec(ctx, "update stored_files set caption = $1 where id = $2", orNull(caption), id); err != nil {
		return err
	}
	return tx.audit(ctx, "update", "file", id, map[string]any{"caption": caption})
}

// DescribeFile writes down what a file of a former version was found to be, and where.
func (tx *Tx) DescribeFile(ctx context.Context, f *fieldops.StoredFile) error {
	var shown *string
	if f.Shown != nil {
		text := string(f.Shown)
		shown = &text
	}
	if _, err := tx.exec(ctx, `update stored_files set size = $1, sha256 = $2, extension = $3, content_type = $4, width = $5, height = $6, shown = $7, preview_state = $8,
		place = $10, ref = $11, missing_since = null where id = $9 and sha256 is null`, f.Size, f.SHA256, f.Extension, f.ContentType, f.Width, f.Height, shown, f.PreviewState, f.ID, string(f.Place), f.Ref); err != nil {
		return err
	}
	if f.PreviewState == fieldops.PreviewWaiting {
		return tx.Enqueue(ctx, MakePreview{f.ID})
	}
	return nil
}

// unreadFor is how long a file of a former version that could not be read is left
// alone.
const unreadFor = 24 * time.Hour

// UnreadFiles are files of a former version that nobody has looked at yet, at most
// limit of them.
func (r reads) UnreadFiles(ctx context.Context, limit int) ([]fieldops.StoredFile, error) {
	return collect(ctx, r, "select "+fileColumns+" from stored_files where sha256 is null and (unread_at is null or unread_at < $1) order by id limit $2",
		[]any{fieldops.At(time.Now().Add(-unreadFor)), limit}, scanFile)
}

// NoteUnreadable writes down why a file of a former version could not be read.
func (tx *Tx) NoteUnreadable(ctx context.Context, id fieldops.ID, reason string) error {
	_, err := tx.exec(ctx, "update stored_files set unread_at = $1, unread_reason = $2 where id = $3", tx.Now, reason, id)
	return err
}

// MovedFile writes down that the bytes of a file lie somewhere else now. What
// they were found by before is an orphan from then on, until it is removed. It
// returns false when somebody else has moved the file meanwhile.
func (tx *Tx) MovedFile(ctx context.Context, before *fieldops.StoredFile, to fieldops.StoragePlace, ref string, size int64, sum string) (bool, error) {
	changed, err := tx.exec(ctx, `update stored_files set place = $1, ref = $2, moves_to = null, move_tries = 0, move_error = null, seen_at = $3, missing_since = null, size = $4, sha256 = $5
		where id = $6 and place = $7 and ref = $8`, string(to), ref, tx.Now, size, sum, before.ID, string(before.Place), before.Ref)
	if err != nil || changed != 1 {
		return false, err
	}
	if err := tx.NoteOrphan(ctx, fieldops.Orphan{Place: before.Place, Ref: before.Ref, Name: before.Name, Size: size}); err != nil {
		return false, err
	}
	return true, tx.audit(ctx, "move", "file", before.ID, map[string]any{"from": before.Place, "to": to, "sha256": sum})
}

// FileStays writes down why a file could not be moved.
func (tx *Tx) FileStays(ctx context.Context, id fieldops.ID, reason string) error {
	_, err := tx.exec(ctx, "update stored_files set move_tries = move_tries + 1, move_error = $1 where id = $2 and moves_to is not null", reason, id)
	return err
}

// FilesCameHome writes down that files which lay elsewhere lie in the folder now, as a
// backup has brought them back. They go up again by a job.
func (tx *Tx) FilesCameHome(ctx context.Context, paths []string) error {
	w := &where{}
	home, err := collect(ctx, tx.reads, `update stored_files set moves_to = place, place = 'local', ref = substr(path, 10), move_tries = 0, move_error = null, missing_since = null
		where place <> 'local' and path in `+list(&w.args, paths)+" returning id", w.args, func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return err
	}
	for _, id := range home {
		if err := tx.Enqueue(ctx, MoveFile{id}); err != nil {
			return err
		}
	}
	return nil
}

// MovesTo has a file go to another place by a job, or, of "", stay where it is.
func (tx *Tx) MovesTo(ctx context.Context, id fieldops.ID, place fieldops.StoragePlace) error {
	if _, err := tx.exec(ctx, "update stored_files set moves_to = $1, move_tries = 0, move_error = null where id = $2", orNull(string(place)), id); err != nil {
		return err
	}
	if place == "" {
		return nil
	}
	return tx.Enqueue(ctx, MoveFile{id})
}

// RemovableFiles are files whose bytes are to go now, at most limit of them,
// each with its preview before it.
func (r reads) RemovableFiles(ctx context.Context, now fieldops.Time, limit int) ([]fieldops.StoredFile, error) {
	return collect(ctx, r, "select "+fileColumns+` from stored_files f where f.remove_at <= $1
		or f.preview_of in (select id from stored_files where remove_at <= $1)
		order by f.preview_of is null, f.id limit $2`, []any{now, limit}, scanFile)
}

// ForgetFile removes what is known of a file whose bytes are gone, unless
// something names it again.
func (tx *Tx) ForgetFile(ctx context.Context, f *fieldops.StoredFile) error {
	if f.PreviewOf != nil {
		if _, err := tx.exec(ctx, "update stored_files set preview_state = 'none' where id = $1", *f.PreviewOf); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "delete from stored_files where id = $1", f.ID)
		return err
	}
	changed, err := tx.exec(ctx, "delete from stored_files where id = $1 and remove_at is not null", f.ID)
	if err != nil || changed != 1 {
		return err
	}
	return tx.audit(ctx, "purge", "file", f.ID, map[string]any{"path": f.Path, "file_name": f.Name, "sha256": f.SHA256, "record_kind": f.RecordKind, "record_id": f.RecordID})
}

// SeenObjects notes that bytes were found in their place, and returns those of
// the references that no file has.
func (tx *Tx) SeenObjects(ctx context.Context, place fieldops.StoragePlace, refs []string) (unknown []string, err error) {
	if len(refs) == 0 {
		return nil, nil
	}
	w := &where{}
	now := w.arg(tx.Now)
	known, err := collect(ctx, tx.reads, "update stored_files set seen_at = "+now+", missing_since = null where place = "+w.arg(string(place))+" and ref in "+list(&w.args, refs)+" returning ref", w.args,
		func(rows *sql.Rows, ref *string) error { return rows.Scan(ref) })
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, ref := range known {
		found[ref] = true
	}
	for _, ref := range refs {
		if !found[ref] {
			unknown = append(unknown, ref)
		}
	}
	return unknown, nil
}

// SweepDue reports whether a place has not been compared for so long, and if so
// notes that it is now.
func (tx *Tx) SweepDue(ctx context.Context, place fieldops.StoragePlace, every time.Duration) (bool, error) {
	changed, err := tx.exec(ctx, `insert into file_sweeps (place, began_at) values ($1, $2)
		on conflict (place) do update set began_at = excluded.began_at where file_sweeps.began_at <= $3`, string(place), tx.Now, tx.Now.Add(-every))
	return changed == 1, err
}

// PlaceUsed reports whether any file lies in a place, or bytes that none names.
func (r reads) PlaceUsed(ctx context.Context, place fieldops.StoragePlace) (bool, error) {
	var used int
	err := r.q.QueryRowContext(ctx, "select (select count(*) from (select id from stored_files where place = $1 limit 1) f) + (select count(*) from (select ref from orphan_files where place = $1 limit 1) o)", string(place)).Scan(&used)
	return used > 0 || place == fieldops.PlaceLocal, err
}

// UnseenFiles are the files of a place that were not seen since a sweep began,
// although they were there before, after an id and at most limit of them.
func (r reads) UnseenFiles(ctx context.Context, place fieldops.StoragePlace, began fieldops.Time, after fieldops.ID, limit int) ([]fieldops.StoredFile, error) {
	w := &where{}
	w.and("place = ?", string(place))
	w.and("created_at < ?", began)
	w.and("(seen_at is null or seen_at < ?)", began)
	if after != "" {
		w.and("id > ?", after)
	}
	return collect(ctx, r, "select "+fileColumns+" from stored_files where "+w.String()+" order by id limit "+w.arg(limit), w.args, scanFile)
}

// NoteMissing notes of every file of a place that was not seen since a sweep
// began, although it was there before, that its bytes are missing. It returns
// how many are missing now.
func (tx *Tx) NoteMissing(ctx context.Context, place fieldops.StoragePlace, began fieldops.Time) (int, error) {
	if _, err := tx.exec(ctx, `update stored_files set missing_since = $1 where place = $2 and missing_since is null and created_at < $3 and (seen_at is null or seen_at < $3)`,
		tx.Now, string(place), began); err != nil {
		return 0, err
	}
	var missing int
	err := tx.q.QueryRowContext(ctx, "select count(*) from stored_files where place = $1 and missing_since is not null", string(place)).Scan(&missing)
	return missing, err
}

// MissingFiles are files whose bytes were not found, at most limit of them.
func (r reads) MissingFiles(ctx context.Context, limit int) ([]fieldops.StoredFile, error) {
	return collect(ctx, r, "select "+fileColumns+" from stored_files where missing_since is not null order by missing_since, id limit $1", []any{limit}, scanFile)
}

// NoteOrphan notes bytes that no file names. When they were found first, stays.
func (tx *Tx) NoteOrphan(ctx context.Context, o fieldops.Orphan) error {
	_, err := tx.q.ExecContext(ctx, `insert into orphan_files (place, ref, name, size, found_at) values ($1, $2, $3, $4, $5)
		on conflict (place, ref) do update set size = excluded.size`, string(o.Place), o.Ref, o.Name, o.Size, tx.Now)
	return err
}

// Orphans are bytes that no file names, the ones found first in front.
func (r reads) Orphans(ctx context.Context, foundBefore fieldops.Time, limit int) ([]fieldops.Orphan, error) {
	w := &where{}
	if !foundBefore.IsZero() {
		w.and("found_at <= ?", foundBefore)
	}
	return collect(ctx, r, "select place, ref, name, size, found_at from orphan_files where "+w.String()+" order by found_at, place, ref limit "+w.arg(limit), w.args,
		func(rows *sql.Rows, o *fieldops.Orphan) error {
			return rows.Scan(&o.Place, &o.Ref, &o.Name, &o.Size, &o.FoundAt)
		})
}

// IsOrphan reports whether bytes lie in a place, under a reference or a name, that no
// file names.
func (r reads) IsOrphan(ctx context.Context, place fieldops.StoragePlace, key string) (bool, error) {
	var known int
	err := r.q.QueryRowContext(ctx, `select count(*) from orphan_files where place = $1 and (ref = $2 or ref like $3 escape '\')`, string(place), key, "%/"+strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(key)).Scan(&known)
	return known > 0, err
}

// Orphaned reports whether bytes are still named by no file, and forgets that
// they were an orphan when they are not one any more.
func (tx *Tx) Orphaned(ctx context.Context, place fieldops.StoragePlace, ref string) (bool, error) {
	var named int
	if err := tx.q.QueryRowContext(ctx, "select count(*) from stored_files where place = $1 and ref = $2", string(place), ref).Scan(&named); err != nil {
		return false, err
	}
	if named == 0 {
		return true, nil
	}
	return false, tx.ForgetOrphan(ctx, place, ref)
}

// ForgetOrphan removes the note about bytes that are gone, or named again.
func (tx *Tx) ForgetOrphan(ctx context.Context, place fieldops.StoragePlace, ref string) error {
	_, err := tx.exec(ctx, "delete from orphan_files where place = $1 and ref = $2", string(place), ref)
	return err
}

// ForgetOrphans forgets the orphans of a place that are gone.
func (tx *Tx) ForgetOrphans(ctx context.Context, place fieldops.StoragePlace, refs []string) error {
	if len(refs) == 0 {
		return nil
	}
	w := &where{}
	_, err := tx.exec(ctx, "delete from orphan_files where place = "+w.arg(string(place))+" and ref in "+list(&w.args, refs), w.args...)
	return err
}

// StorageUse is what lies in each place.
type StorageUse struct {
	Place   fieldops.StoragePlace `json:"place"`
	Files   int64                 `json:"files"`
	Bytes   int64                 `json:"bytes"`
	Moving  int64                 `json:"moving" doc:"Files that were meant for another place, which did not take them yet"`
	Missing int64                 `json:"missing" doc:"Files whose bytes were not found"`
	Problem *string               `json:"problem" doc:"Why the file that waits longest could not be moved"`
}

// StorageUses tells of each place what lies there.
func (r reads) StorageUses(ctx context.Context) ([]StorageUse, error) {
	return collect(ctx, r, `select place, count(*), cast(coalesce(sum(size), 0) as bigint), count(moves_to), count(missing_since),
		(select m.move_error from stored_files m where m.place = f.place and m.moves_to is not null and m.move_error is not null order by m.id limit 1)
		from stored_files f group by place order by place`, nil,
		func(rows *sql.Rows, u *StorageUse) error {
			return rows.Scan(&u.Place, &u.Files, &u.Bytes, &u.Moving, &u.Missing, &u.Problem)
		})
}

// Upload is an upload that may be gone on with.
type Upload struct {
	ID        fieldops.ID
	UserID    fieldops.ID
	Purpose   string
	Name      string
	Size      int64
	SHA256    string // as the sender computed it; "" when it told none
	ExpiresAt fieldops.Time
}

// uploadLife is how long an upload may be gone on with after its last byte: a
// phone that lies without signal over a weekend can.
const uploadLife = 7 * 24 * time.Hour

// maxUploads is how many uploads one person may have under way: a week's photos of
// somebody without signal, and not the whole disk.
const maxUploads = 100

// BeginUpload writes down an upload that begins. A person who has too many under way
// already is refused.
func (tx *Tx) BeginUpload(ctx context.Context, u *Upload) error {
	var open int
	if err := tx.q.QueryRowContext(ctx, "select count(*) from uploads where user_id = $1 and expires_at > $2", u.UserID, tx.Now).Scan(&open); err != nil {
		return err
	}
	if open >= maxUploads {
		return fieldops.Refuse(fieldops.TooMany, "You have %d uploads under way. End some of them first.", open)
	}
	u.ExpiresAt = tx.Now.Add(uploadLife)
	_, err := tx.q.ExecContext(ctx, "insert into uploads (id, user_id, purpose, file_name, size, sha256, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
		u.ID, u.UserID, u.Purpose, u.Name, u.Size, orNull(u.SHA256), tx.Now, u.ExpiresAt)
	return err
}

// Upload is one upload of a person. Nobody else's is found, nor one that has
// expired.
func (r reads) Upload(ctx context.Context, user, id fieldops.ID, now fieldops.Time) (Upload, error) {
	var u Upload
	err := r.q.QueryRowContext(ctx, `select id, user_id, purpose, file_name, size, coalesce(sha256, ''), expires_at from uploads
		where id = $1 and user_id = $2 and expires_at > $3`, id, user, now).Scan(&u.ID, &u.UserID, &u.Purpose, &u.Name, &u.Size, &u.SHA256, &u.ExpiresAt)
	return u, notFound(err, "Upload")
}

// TouchUpload has an upload that goes on live anew.
func (tx *Tx) TouchUpload(ctx context.Context, id fieldops.ID) error {
	_, err := tx.exec(ctx, "update uploads set expires_at = $1 where id = $2", tx.Now.Add(uploadLife), id)
	return err
}

// TakeUpload ends an upload of a person, whose file is kept by the same
// transaction. One that was taken already is refused.
func (tx *Tx) TakeUpload(ctx context.Context, user, id fieldops.ID) error {
	changed, err := tx.exec(ctx, "delete from uploads where id = $1 and user_id = $2", id, user)
	if err == nil && changed != 1 {
		err = fieldops.Refuse(fieldops.Conflict, "The upload was used already")
	}
	return err
}

// DropUpload ends an upload of a person that is not wanted any more.
func (tx *Tx) DropUpload(ctx context.Context, user, id fieldops.ID) error {
	_, err := tx.exec(ctx, "delete from uploads where id = $1 and user_id = $2", id, user)
	return err
}

// ExpiredUploads ends uploads whose time is over and returns them.
func (tx *Tx) ExpiredUploads(ctx context.Context, limit int) ([]fieldops.ID, error) {
	return collect(ctx, tx.reads, "delete from uploads where id in (select id from uploads where expires_at <= $1 order by expires_at limit $2) returning id", []any{tx.Now, limit},
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
}
