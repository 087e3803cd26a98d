package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ampedfieldops/internal/fieldops"
)

// lateTables are former tables that found their place here after the first version
// which upgrades, in the order in which they are taken over: a table that names
// another follows it. An upgrade takes them over with all the others. Where an
// earlier version has upgraded already and left them in the schema v1, this one does
// when it first starts.
//
// What take writes has the ids and times of the former rows, which makes it the same
// whenever it is done, and leaves out, with an oddity, what has no place. Each table
// has its columns in formerTables, its rows compared in comparisons and looked for by
// a rollback in newerRecords.
var lateTables = []struct {
	table string
	take  func(*copier, context.Context) error
}{
	{"project_files", (*copier).projectFiles},
	{"safety_documents", (*copier).safetyDocuments},
	{"document_scans", (*copier).documentScans},
	{"document_matches", (*copier).documentMatches},
}

// takeLate takes over the late tables that have not been yet.
func (c *copier) takeLate(ctx context.Context) error {
	if _, err := c.tx.ExecContext(ctx, "create table if not exists v1.taken_over (table_name text primary key, at timestamptz not null)"); err != nil {
		return err
	}
	taken, err := collect(ctx, c.reads, "select table_name from v1.taken_over", nil, func(rows *sql.Rows, name *string) error { return rows.Scan(name) })
	if err != nil {
		return err
	}
	for _, late := range lateTables {
		if slices.Contains(taken, late.table) {
			continue
		}
		if err := late.take(c, ctx); err != nil {
			return fmt.Errorf("the former table %s: %w", late.table, err)
		}
		if _, err := c.tx.ExecContext(ctx, "insert into v1.taken_over (table_name, at) values ($1, $2)", late.table, c.now); err != nil {
			return err
		}
	}
	return nil
}

// takeLateFormer takes over the late tables of an installation that an earlier
// version has upgraded. It does nothing where there is none, or nothing left.
func takeLateFormer(ctx context.Context, tx *sql.Tx, engine Engine) error {
	if engine != Postgres {
		return nil
	}
	var upgraded bool
	if err := tx.QueryRowContext(ctx, "select exists (select from pg_tables where schemaname = $1 and tablename = 'upgrade_reports')", formerSchema).Scan(&upgraded); err != nil || !upgraded {
		return err
	}
	f, _, err := keptFormer(ctx, tx)
	if err != nil {
		return err
	}
	if err := f.views(ctx, tx); err != nil {
		return err
	}
	c := &copier{Upgrading: &Upgrading{}, former: f, tx: tx, reads: reads{q: tx, engine: Postgres}, now: fieldops.At(time.Now())}
	if err := c.takeLate(ctx); err != nil {
		return err
	}
	return dropViews(ctx, tx)
}

// formerStorage is where the former product kept new files at the end.
type formerStorage struct {
	place  fieldops.StoragePlace
	prefix string // stands in front of every key in S3
}

func (c *copier) formerStorage(ctx context.Context) (formerStorage, error) {
	s := formerStorage{place: fieldops.PlaceLocal}
	type setting struct{ key, value string }
	all, err := collect(ctx, c.reads, `select key, coalesce(value, '') from old_settings where user_id is null and key in ('storage_driver', 'storage_base_path')
		order by coalesce(updated_at, created_at) nulls first, created_at nulls first, id`, nil,
		func(rows *sql.Rows, x *setting) error { return rows.Scan(&x.key, &x.value) })
	for _, x := range all { // the newest is the last
		switch {
		case x.key == "storage_base_path":
			s.prefix = strings.Trim(x.value, "/")
		case slices.Contains(fieldops.StoragePlaces, fieldops.StoragePlace(x.value)):
			s.place = fieldops.StoragePlace(x.value)
		}
	}
	s.prefix = cmp.Or(s.prefix, "uploads") + "/"
	return s, err
}

// file tells where the bytes lie of what a former row names by a path of ours, by a
// link or by the key under which the storage had it; ok is false where that is
// nothing of ours.
func (s formerStorage) file(address string) (f fieldops.StoredFile, ok bool) {
	address = strings.TrimSpace(address)
	if f, ok = formerFile(fieldops.NewID(), address); ok {
		return f, true
	}
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		// The firm's own address stood in front of some.
		if !strings.HasPrefix(u.Path, "/uploads/") {
			return f, false
		}
		return formerFile(f.ID, u.Path)
	}
	key := strings.TrimPrefix(strings.TrimPrefix(address, "/"), "uploads/")
	if !strings.Contains(key, "/") || strings.Contains(key, ":") || strings.HasPrefix(key, "../") || path.Clean(key) != key {
		return f, false
	}
	if f, ok = formerFile(f.ID, "/uploads/"+key); ok && s.place == fieldops.PlaceS3 {
		f.Place, f.Ref = fieldops.PlaceS3, s.prefix+strings.TrimPrefix(key, s.prefix)
	}
	return f, ok
}

// formerProjectFile is a file as a former row tells of it.
type formerProjectFile struct {
	fieldops.ProjectFile
	address string
	table   string // where it stood
	row     fieldops.ID
	deleted *fieldops.ID
}

// projectFiles takes over the files of projects and cost centres, and those that
// stood in the project itself.
func (c *copier) projectFiles(ctx context.Context) error {
	storage, err := c.formerStorage(ctx)
	if err != nil {
		return err
	}
	files, err := collect(ctx, c.reads, `select o.id, p.id, k.id, o.file_name, o.file_path, coalesce(o.file_size, 0), coalesce(o.mime_type, ''), u.id,
			coalesce(o.created_at, o.updated_at, $1), coalesce(o.updated_at, o.created_at, $1), p.deleted_at, p.deletion_id
		from old_project_files o left join /* deleted too */ projects p on p.id = o.project_id left join live_cost_centers k on k.id = o.cost_center_id
		left join users u on u.id = o.uploaded_by order by o.created_at, o.id`, []any{c.now},
		func(rows *sql.Rows, f *formerProjectFile) error {
			f.table = "project_files"
			err := rows.Scan(&f.ID, &f.ProjectID, &f.CostCenterID, &f.Name, &f.address, &f.Size, &f.ContentType, &f.UploadedBy,
				&f.CreatedAt, &f.UpdatedAt, &f.DeletedAt, &f.deleted)
			f.row = f.ID
			return err
		})
	if err != nil {
		return err
	}
	listed, err := collect(ctx, c.reads, `select p.id, x.address, coalesce(o.created_at, o.updated_at, $1), coalesce(o.updated_at, o.created_at, $1), p.deleted_at, p.deletion_id
		from old_projects o join /* deleted too */ projects p on p.id = o.id cross join lateral unnest(o.files) x (address)
		where btrim(x.address) <> '' and not exists (select from old_project_files f where f.project_id = o.id and f.file_path = x.address) order by o.id, x.address`, []any{c.now},
		func(rows *sql.Rows, f *formerProjectFile) error {
			f.table = "projects"
			err := rows.Scan(&f.row, &f.address, &f.CreatedAt, &f.UpdatedAt, &f.DeletedAt, &f.deleted)
			f.ProjectID = &f.row
			f.ID = uuid.NewSHA1(uuid.MustParse(f.row), []byte(f.address)).String()
			return err
		})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(append(files, listed...), fillTogether) {
		if err := c.takeProjectFiles(ctx, storage, some); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) takeProjectFiles(ctx context.Context, storage formerStorage, files []formerProjectFile) error {
	stored := make([]fieldops.StoredFile, 0, len(files))
	kept := make([]*formerProjectFile, 0, len(files))
	for i := range files {
		f := &files[i]
		bytes, ours := storage.file(f.address)
		why := ""
		switch {
		case f.ProjectID == nil && f.CostCenterID == nil:
			why = "the file belongs to no project and no cost centre that is there: it is kept in v1 only"
		case !ours:
			why = "the file is a link to somewhere else, or a path that cannot be: it is kept in v1 only"
		}
		if why != "" {
			if err := c.oddity(ctx, f.table, f.row, "file", why, f.table == "project_files"); err != nil {
				return err
			}
			continue
		}
		if f.Name = strings.TrimSpace(f.Name); f.Name == "" {
			f.Name = bytes.Name
		}
		bytes.RecordKind, bytes.RecordID = fieldops.RecordProject, f.ProjectID
		if f.ProjectID == nil {
			bytes.RecordKind, bytes.RecordID = fieldops.RecordCostCenter, f.CostCenterID
		}
		bytes.Name, bytes.Size, bytes.UploadedBy, bytes.CreatedAt = f.Name, f.Size, f.UploadedBy, f.CreatedAt
		if bytes.Extension == "" {
			bytes.Extension = strings.ToLower(strings.TrimPrefix(path.Ext(f.Name), "."))
		}
		f.Type = fieldops.FileTypeOf(bytes.Extension)
		stored, kept = append(stored, bytes), append(kept, f)
	}
	if len(kept) == 0 {
		return nil
	}
	if err := adopt(ctx, c.tx, stored); err != nil {
		return err
	}
	w := &where{}
	rows := make([]string, len(kept))
	for i, f := range kept {
		// Another record may have named the same bytes before.
		if err := c.tx.QueryRowContext(ctx, "select id from stored_files where path = $1 or place = $2 and ref = $3 order by path = $1 desc limit 1",
			stored[i].Path, string(stored[i].Place), stored[i].Ref).Scan(&f.FileID); err != nil {
			return err
		}
		rows[i] = w.row(f.ID, f.ProjectID, f.CostCenterID, f.FileID, f.Name, f.Type, projectFileWords(&f.ProjectFile), f.UploadedBy, f.CreatedAt, f.UpdatedAt, f.DeletedAt, f.deleted)
	}
	_, err := c.tx.ExecContext(ctx, `insert into project_files (id, project_id, cost_center_id, file_id, file_name, file_type, words, uploaded_by, created_at, updated_at, deleted_at, deletion_id)
		values `+strings.Join(rows, ", "), w.args...)
	return err
}

// formerSafetyDocument is a safety document as a former row tells of it.
type formerSafetyDocument struct {
	fieldops.SafetyDocument
	address string
	deleted *fieldops.ID
}

// safetyDocuments takes over safety documents with the PDF that the former product
// made of some. Who completed one it did not write down; what is completed was
// completed by who made it when it was last changed.
func (c *copier) safetyDocuments(ctx context.Context) error {
	storage, err := c.formerStorage(ctx)
	if err != nil {
		return err
	}
	documents, err := collect(ctx, c.reads, `select o.id, coalesce(cast(p.id as text), ''), k.id, o.document_type, coalesce(btrim(o.title), ''), coalesce(cast(o.data as text), '{}'), coalesce(o.status, 'draft'),
			u.id, a.id, o.approved_at, coalesce(o.created_at, o.updated_at, $1), coalesce(o.updated_at, o.created_at, $1), coalesce(o.file_path, ''), p.deleted_at, p.deletion_id
		from old_safety_documents o left join /* deleted too */ projects p on p.id = o.project_id left join live_cost_centers k on k.id = o.cost_center_id
		left join users u on u.id = o.created_by left join users a on a.id = o.approved_by order by o.created_at, o.id`, []any{c.now},
		func(rows *sql.Rows, d *formerSafetyDocument) error {
			var data string
			err := rows.Scan(&d.ID, &d.ProjectID, &d.CostCenterID, &d.Type, &d.Title, &data, &d.Status,
				&d.CreatedBy, &d.ApprovedBy, &d.ApprovedAt, &d.CreatedAt, &d.UpdatedAt, &d.address, &d.DeletedAt, &d.deleted)
			d.Data = []byte(data)
			return err
		})
	if err != nil {
		return err
	}
	numbers := map[string]bool{}
	for i := range documents {
		if err := c.takeSafetyDocument(ctx, storage, &documents[i], numbers); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) takeSafetyDocument(ctx context.Context, storage formerStorage, d *formerSafetyDocument, numbers map[string]bool) error {
	odd := func(kind, note string, leftOut bool) error {
		return c.oddity(ctx, "safety_documents", d.ID, kind, note, leftOut)
	}
	if !slices.Contains(fieldops.SafetyTypes, d.Type) || !slices.Contains([]string{fieldops.SafetyDraft, fieldops.SafetyCompleted, fieldops.SafetyApproved}, d.Status) {
		return odd("type", "the document is of a type or in a state that there is none of: it is kept in v1 only", true)
	}
	if d.ProjectID == "" {
		return odd("no_project", "the document belongs to no project that is there: it is kept in v1 only", true)
	}
	if !strings.HasPrefix(string(d.Data), "{") {
		d.Data = []byte(`{"former":` + string(d.Data) + `}`)
		if err := odd("form", "the form was no object; what it was stands in its field “former”", false); err != nil {
			return err
		}
	}
	d.Title = cmp.Or(d.Title, d.Type.Label())
	if d.Revision = 1; d.Status != fieldops.SafetyDraft {
		d.CompletedBy, d.CompletedAt, d.IssuedAt = d.CreatedBy, d.UpdatedAt, d.UpdatedAt
		if number := d.OwnNumber(); number != "" && numbers[string(d.Type)+number] {
			if err := odd("number", "another document has the same certificate number; it stands in the form only", false); err != nil {
				return err
			}
		} else if number != "" {
			numbers[string(d.Type)+number], d.Number = true, &number
		}
	}
	if d.Status != fieldops.SafetyApproved {
		d.ApprovedBy, d.ApprovedAt = nil, fieldops.Time{}
	} else if d.ApprovedAt.IsZero() {
		d.ApprovedAt = d.UpdatedAt
	}
	file, err := c.safetyFile(ctx, storage, d)
	if err != nil {
		return err
	}
	draftFile := file
	if d.Status != fieldops.SafetyDraft {
		draftFile = nil
	}
	if _, err := c.tx.ExecContext(ctx, `insert into safety_documents (id, project_id, cost_center_id, document_type, title, data, number, status, revision, created_by,
		completed_by, completed_at, approved_by, approved_at, issued_at, draft_file_id, words, created_at, updated_at, deleted_at, deletion_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		d.ID, d.ProjectID, d.CostCenterID, string(d.Type), d.Title, string(d.Data), d.Number, d.Status, d.CreatedBy,
		d.CompletedBy, d.CompletedAt, d.ApprovedBy, d.ApprovedAt, d.IssuedAt, draftFile, safetyWords(&d.SafetyDocument), d.CreatedAt, d.UpdatedAt, d.DeletedAt, d.deleted); err != nil {
		return err
	}
	if d.Status == fieldops.SafetyDraft {
		return nil
	}
	step := uuid.NewSHA1(uuid.MustParse(d.ID), []byte(fieldops.SafetyTakenOver)).String()
	_, err = c.tx.ExecContext(ctx, `insert into safety_document_revisions (id, document_id, revision, event, user_id, actor, file_id, created_at) values ($1, $2, 1, 'taken_over', $3, 'System', $4, $5)`,
		step, d.ID, d.CompletedBy, file, d.UpdatedAt)
	return err
}

// safetyFile adopts the PDF of a document; nil when there is none.
func (c *copier) safetyFile(ctx context.Context, storage formerStorage, d *formerSafetyDocument) (*fieldops.ID, error) {
	if strings.TrimSpace(d.address) == "" {
		return nil, nil
	}
	f, ours := storage.file(d.address)
	if !ours {
		return nil, c.oddity(ctx, "safety_documents", d.ID, "file", "the PDF is a link to somewhere else, or a path that cannot be; it can be made anew", false)
	}
	f.Name, f.Extension, f.RecordKind, f.RecordID, f.UploadedBy, f.CreatedAt = d.FileName(), "pdf", fieldops.RecordSafetyDocument, &d.ID, d.CreatedBy, d.UpdatedAt
	if err := adopt(ctx, c.tx, []fieldops.StoredFile{f}); err != nil {
		return nil, err
	}
	var id fieldops.ID
	err := c.tx.QueryRowContext(ctx, "select id from stored_files where path = $1 or place = $2 and ref = $3 order by path = $1 desc limit 1", f.Path, string(f.Place), f.Ref).Scan(&id)
	return &id, err
}
