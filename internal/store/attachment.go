package store

import (
	"context"
	"database/sql"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// Attachments are the files that belong to a document, the first one first.
func (r reads) Attachments(ctx context.Context, kind fieldops.RecordKind, id fieldops.ID) ([]fieldops.AttachedFile, error) {
	return collect(ctx, r, `select f.id, f.path, f.preview_state, f.file_name, f.content_type, coalesce(f.size, 0), coalesce(f.sha256, ''), f.place, coalesce(f.moves_to, ''), f.missing_since is not null,
		a.attached_by, coalesce(u.name, ''), a.attached_at, s.id
		from attachments a join stored_files f on f.id = a.file_id left join users u on u.id = a.attached_by
		left join live_document_scans s on s.file_id = a.file_id
		where a.entity_type = $1 and a.entity_id = $2 order by a.attached_at, f.id`, []any{string(kind), id},
		func(rows *sql.Rows, a *fieldops.AttachedFile) error {
			var preview string
			err := rows.Scan(&a.ID, &a.URL, &preview, &a.Name, &a.ContentType, &a.Size, &a.SHA256, &a.Place, &a.MovesTo, &a.Missing,
				&a.AttachedBy, &a.AttacherName, &a.AttachedAt, &a.ScanID)
			if preview != fieldops.PreviewNone {
				a.PreviewURL = a.URL + "?preview"
			}
			return err
		})
}

// Attach has a file belong to a document. The receipt of an expense that has none is
// the first file that is attached to it.
func (tx *Tx) Attach(ctx context.Context, kind fieldops.RecordKind, id, file fieldops.ID, path string) error {
	if _, err := tx.q.ExecContext(ctx, `insert into attachments (entity_type, entity_id, file_id, attached_by, attached_at) values ($1, $2, $3, $4, $5)
		on conflict do nothing`, string(kind), id, file, orNull(tx.Actor.UserID), tx.Now); err != nil {
		return err
	}
	if kind == fieldops.RecordExpense {
		if _, err := tx.q.ExecContext(ctx, "update xero_expenses set receipt_url = $1, updated_at = $2 where id = $3 and receipt_url is null", path, tx.Now, id); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "attach", string(kind), id, map[string]any{"file_id": file, "path": path})
}

// MaxAttachments is how many files a document has at most.
const MaxAttachments = 20

// MayAttach refuses a document that has as many files as it can hold.
func (r reads) MayAttach(ctx context.Context, kind fieldops.RecordKind, id fieldops.ID) error {
	var n int
	err := r.q.QueryRowContext(ctx, "select count(*) from attachments where entity_type = $1 and entity_id = $2", string(kind), id).Scan(&n)
	if err == nil && n >= MaxAttachments {
		err = fieldops.Refuse(fieldops.Conflict, "The %s has %d files already, which is as many as it can hold", strings.ToLower(kind.Label()), n)
	}
	return err
}

// Detach takes a file off a document. Unless something else names it, its bytes go in
// 30 days; until then Reattach brings it back.
func (tx *Tx) Detach(ctx context.Context, kind fieldops.RecordKind, id, file fieldops.ID) error {
	changed, err := tx.exec(ctx, "delete from attachments where entity_type = $1 and entity_id = $2 and file_id = $3", string(kind), id, file)
	if err == nil && changed == 0 {
		err = fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	if err != nil {
		return err
	}
	f, err := tx.File(ctx, file)
	if err != nil {
		return err
	}
	if kind == fieldops.RecordExpense {
		if _, err := tx.q.ExecContext(ctx, `update xero_expenses set updated_at = $1, receipt_url = (select min(f.path) from attachments a join stored_files f on f.id = a.file_id
			where a.entity_type = 'expense' and a.entity_id = xero_expenses.id) where id = $2 and receipt_url = $3`, tx.Now, id, f.Path); err != nil {
			return err
		}
	}
	if err := tx.ReleaseFiles(ctx, false, f.Path); err != nil {
		return err
	}
	return tx.audit(ctx, "detach", string(kind), id, map[string]any{"file_id": file, "path": f.Path})
}

// Reattach brings back a file that was taken off a document: one that was uploaded for
// it, or whose scan belongs to it.
func (tx *Tx) Reattach(ctx context.Context, kind fieldops.RecordKind, id, file fieldops.ID) error {
	f, err := tx.File(ctx, file)
	if err != nil {
		return err
	}
	ours := f.RecordKind == kind && f.RecordID != nil && *f.RecordID == id
	if !ours {
		table := scannedTables[kind]
		var n int
		if err := tx.q.QueryRowContext(ctx, "select count(*) from "+table+" x join live_document_scans s on s.id = x.scanned_document_id where x.id = $1 and s.file_id = $2", id, file).Scan(&n); err != nil {
			return err
		}
		ours = n > 0
	}
	if !ours {
		return fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	if _, err := tx.exec(ctx, "update stored_files set remove_at = null where id = $1", file); err != nil {
		return err
	}
	return tx.Attach(ctx, kind, id, file, f.Path)
}

// FileOpenTo reports whether a file of a scan, a bill or an expense is open to somebody
// who may see no money: because they have uploaded the scan, or because it belongs to
// an expense of theirs.
func (r reads) FileOpenTo(ctx context.Context, file, user fieldops.ID) (bool, error) {
	var n int
	err := r.q.QueryRowContext(ctx, `select (select count(*) from live_document_scans where file_id = $1 and user_id = $2)
		+ (select count(*) from attachments a join live_expenses e on a.entity_type = 'expense' and e.id = a.entity_id where a.file_id = $1 and e.user_id = $2)`, file, user).Scan(&n)
	return n > 0, err
}

// isAttached reports whether the file at an address is that of a scan, or attached to a
// document, deleted or not.
func (r reads) isAttached(ctx context.Context, path string) (bool, error) {
	var n int
	err := r.q.QueryRowContext(ctx, `select (select count(*) from attachments where file_id = f.id) + (select count(*) from /* deleted too */ document_scans where file_id = f.id)
		from stored_files f where f.path = $1`, path).Scan(&n)
	return n > 0, noRows(err)
}

// attachedTo are the addresses of the files of the scans of a deletion, and of those
// that are attached to its documents.
func (tx *Tx) attachedTo(ctx context.Context, d *fieldops.Deletion) ([]string, error) {
	parts := []string{"file_id in (select file_id from /* deleted too */ document_scans where deletion_id = $1)"}
	for kind, table := range scannedTables {
		parts = append(parts, "entity_type = '"+string(kind)+"' and entity_id in "+taken(table))
	}
	return collect(ctx, tx.reads, "select path from stored_files where id in (select file_id from /* deleted too */ document_scans where deletion_id = $1) or id in (select file_id from attachments where "+
		strings.Join(parts, " or ")+") order by id", []any{d.ID}, func(rows *sql.Rows, path *string) error { return rows.Scan(path) })
}
