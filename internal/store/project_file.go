package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"ampedfieldops/internal/fieldops"
)

const projectFileColumns = `f.id, f.project_id, f.cost_center_id, f.file_id, f.file_name, f.file_type, cast(f.tags as text), f.uploaded_by,
	f.created_at, f.updated_at, f.deleted_at,
	s.path, s.preview_state, coalesce(s.size, 0), s.content_type, coalesce(s.sha256, ''), coalesce(s.width, 0), coalesce(s.height, 0),
	s.place, coalesce(s.moves_to, ''), s.missing_since is not null, s.record_kind,
	coalesce(u.name, ''), coalesce(p.code, ''), coalesce(p.name, ''), p.client_id, coalesce(c.name, ''), coalesce(k.code, ''), coalesce(k.name, '')`

const projectFileTables = `
	join stored_files s on s.id = f.file_id
	left join users u on u.id = f.uploaded_by
	left join /* deleted too */ projects p on p.id = f.project_id
	left join /* deleted too */ clients c on c.id = p.client_id
	left join cost_centers k on k.id = f.cost_center_id`

func scanProjectFile(rows *sql.Rows, f *fieldops.ProjectFile) error {
	var tags, preview string
	if err := rows.Scan(&f.ID, &f.ProjectID, &f.CostCenterID, &f.FileID, &f.Name, &f.Type, &tags, &f.UploadedBy,
		&f.CreatedAt, &f.UpdatedAt, &f.DeletedAt,
		&f.Path, &preview, &f.Size, &f.ContentType, &f.SHA256, &f.Width, &f.Height,
		&f.Place, &f.MovesTo, &f.Missing, &f.Kind,
		&f.UploaderName, &f.ProjectCode, &f.ProjectName, &f.ClientID, &f.ClientName, &f.CostCenterCode, &f.CostCenterName); err != nil {
		return err
	}
	if preview != fieldops.PreviewNone {
		f.PreviewURL = f.Path + "?preview"
	}
	return json.Unmarshal([]byte(tags), &f.Tags)
}

// ProjectFileFilter chooses files of projects and cost centres. Zero values choose
// everything.
type ProjectFileFilter struct {
	ProjectID    fieldops.ID
	CostCenterID fieldops.ID
	ClientID     fieldops.ID // whose projects they are of
	Type         string
	Tag          string // one of its tags, whatever its case
	Search       string // every word somewhere in name or tags, or in the name of project, client or cost centre
	Limit        int
	// AfterTime and AfterID continue a list behind its last row.
	AfterTime fieldops.Time
	AfterID   fieldops.ID
}

// ProjectFiles lists files, newest first.
func (r reads) ProjectFiles(ctx context.Context, f ProjectFileFilter) ([]fieldops.ProjectFile, error) {
	w := &where{}
	for _, c := range []struct{ condition, value string }{
		{"f.project_id = ?", f.ProjectID},
		{"f.cost_center_id = ?", f.CostCenterID},
		{"p.client_id = ?", f.ClientID},
		{"f.file_type = ?", f.Type},
	} {
		if c.value != "" {
			w.and(c.condition, c.value)
		}
	}
	if f.Tag != "" {
		w.and(`f.words like ? escape '\'`, contains(tagLine(f.Tag)))
	}
	w.andSomewhere(f.Search, "f.words", "p.search_folded", "c.name_folded", "lower(k.code)", "lower(k.name)")
	if f.AfterID != "" {
		w.and("(f.created_at, f.id) < (?, ?)", f.AfterTime, f.AfterID)
	}
	return collect(ctx, r, "select "+projectFileColumns+" from live_project_files f"+projectFileTables+" where "+w.String()+
		fmt.Sprintf(" order by f.created_at desc, f.id desc limit %d", f.Limit), w.args, scanProjectFile)
}

// ProjectFile is one file. A deleted one is not found.
func (r reads) ProjectFile(ctx context.Context, id fieldops.ID) (fieldops.ProjectFile, error) {
	found, err := collect(ctx, r, "select "+projectFileColumns+" from live_project_files f"+projectFileTables+" where f.id = $1", []any{id}, scanProjectFile)
	if err != nil {
		return fieldops.ProjectFile{}, err
	}
	if len(found) == 0 {
		return fieldops.ProjectFile{}, fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	return found[0], nil
}

// ProjectFilesOf are those that a stored file is the bytes of: one, or of what the
// former product kept several. Deleted ones are not among them.
func (r reads) ProjectFilesOf(ctx context.Context, stored fieldops.ID) ([]fieldops.ProjectFile, error) {
	return collect(ctx, r, "select "+projectFileColumns+" from live_project_files f"+projectFileTables+" where f.file_id = $1 order by f.id", []any{stored}, scanProjectFile)
}

// FileFolder is a project that has files, or a cost centre that has some of its own.
type FileFolder struct {
	ProjectID      *fieldops.ID  `json:"project_id"`
	ProjectCode    string        `json:"project_code"`
	ProjectName    string        `json:"project_name"`
	ClientID       *fieldops.ID  `json:"client_id"`
	ClientName     string        `json:"client_name"`
	CostCenterID   *fieldops.ID  `json:"cost_center_id" doc:"Only of the files of a cost centre alone"`
	CostCenterCode string        `json:"cost_center_code"`
	CostCenterName string        `json:"cost_center_name"`
	Files          int64         `json:"files"`
	Newest         fieldops.Time `json:"newest" doc:"When the last of them came"`
}

// ID is the project's or the cost centre's.
func (f *FileFolder) ID() fieldops.ID {
	if f.ProjectID != nil {
		return *f.ProjectID
	}
	return *f.CostCenterID
}

// FileFolders lists what has files, that with the newest file first, behind one if an
// id is given.
func (r reads) FileFolders(ctx context.Context, limit int, afterTime fieldops.Time, afterID fieldops.ID) ([]FileFolder, error) {
	w := &where{}
	if afterID != "" {
		w.and("(max(f.created_at), coalesce(f.project_id, f.cost_center_id)) < (?, ?)", afterTime, afterID)
	}
	return collect(ctx, r, `with folders as (select coalesce(f.project_id, f.cost_center_id) as id, count(*) as files, max(f.created_at) as newest
			from live_project_files f group by coalesce(f.project_id, f.cost_center_id) having `+w.String()+" order by 3 desc, 1 desc limit "+w.arg(limit)+`)
		select p.id, coalesce(p.code, ''), coalesce(p.name, ''), p.client_id, coalesce(c.name, ''), k.id, coalesce(k.code, ''), coalesce(k.name, ''), o.files, o.newest
		from folders o left join /* deleted too */ projects p on p.id = o.id left join /* deleted too */ clients c on c.id = p.client_id
		left join cost_centers k on k.id = o.id order by o.newest desc, o.id desc`, w.args,
		func(rows *sql.Rows, f *FileFolder) error {
			return rows.Scan(&f.ProjectID, &f.ProjectCode, &f.ProjectName, &f.ClientID, &f.ClientName, &f.CostCenterID, &f.CostCenterCode, &f.CostCenterName, &f.Files, &f.Newest)
		})
}

// WorksOn reports whether a person has written down any work on a project.
func (r reads) WorksOn(ctx context.Context, user, project fieldops.ID) (bool, error) {
	var works bool
	err := r.q.QueryRowContext(ctx, "select exists (select 1 from live_timesheets where user_id = $1 and project_id = $2)", user, project).Scan(&works)
	return works, err
}

// projectFileWords are the text by which a file is found: its name, and each of its
// tags in a line of its own, so that one can be looked for by all of it.
func projectFileWords(f *fieldops.ProjectFile) string {
	var b strings.Builder
	b.WriteString(fold(f.Name) + "\n")
	for _, tag := range f.Tags {
		b.WriteString(tagLine(tag)[1:])
	}
	return b.String()
}

// tagLine is how a tag stands among the words, with the end of the line before it.
// A name, which is one line and the first, cannot hold it.
func tagLine(tag string) string { return "\n#" + fold(tag) + "\n" }

// KeepProjectFile writes down a file of a project or a cost centre together with its
// bytes, which lie in their place already: the file's own id unless it has one, its
// type, its uploader and, unless it has another, its name come from the stored file.
func (tx *Tx) KeepProjectFile(ctx context.Context, f *fieldops.ProjectFile, stored *fieldops.StoredFile) error {
	if err := tx.KeepFile(ctx, stored); err != nil {
		return err
	}
	if f.ID == "" {
		f.ID = fieldops.NewID()
	}
	if f.Name == "" {
		f.Name = stored.Name
	}
	f.FileID, f.Type, f.UploadedBy, f.CreatedAt, f.UpdatedAt = stored.ID, fieldops.FileTypeOf(stored.Extension), stored.UploadedBy, tx.Now, tx.Now
	if err := tx.checkProjectFile(ctx, nil, f); err != nil {
		return err
	}
	tags, err := json.Marshal(f.Tags)
	if err != nil {
		return err
	}
	words := projectFileWords(f)
	if _, err := tx.q.ExecContext(ctx, `insert into project_files (id, project_id, cost_center_id, file_id, file_name, file_type, tags, words, uploaded_by, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
		f.ID, f.ProjectID, f.CostCenterID, f.FileID, f.Name, f.Type, string(tags), words, f.UploadedBy, tx.Now); err != nil {
		return err
	}
	if err := tx.indexWords(ctx, fieldops.RecordProjectFile, f.ID, nil, keysOf(&words)); err != nil {
		return err
	}
	if err := tx.audit(ctx, "create", "project_file", f.ID, projectFileDetails(f)); err != nil {
		return err
	}
	*f, err = tx.ProjectFile(ctx, f.ID)
	return err
}

func projectFileDetails(f *fieldops.ProjectFile) map[string]any {
	return map[string]any{"file_name": f.Name, "project_id": f.ProjectID, "cost_center_id": f.CostCenterID, "tags": f.Tags, "file_id": f.FileID}
}

// checkProjectFile refuses a file that breaks a rule, or belongs to what is not
// there. before is nil for a new one.
func (tx *Tx) checkProjectFile(ctx context.Context, before, f *fieldops.ProjectFile) error {
	var faults fieldops.Faults
	if err := f.Check(); err != nil {
		broken, ok := errors.AsType[*fieldops.Error](err)
		if !ok {
			return err
		}
		faults = append(faults, broken.Faults...)
	}
	if before == nil {
		before = &fieldops.ProjectFile{}
	}
	if err := errors.Join(
		tx.stands(ctx, &faults, "project_id", "Project", "live_projects", f.ProjectID, before.ProjectID),
		tx.stands(ctx, &faults, "cost_center_id", "Cost center", "live_cost_centers", f.CostCenterID, before.CostCenterID),
	); err != nil {
		return err
	}
	return faults.Err("")
}

// LockProjectFile reads a file to change it.
func (tx *Tx) LockProjectFile(ctx context.Context, id fieldops.ID) (fieldops.ProjectFile, error) {
	if err := tx.lockRow(ctx, "project_files", id); err != nil {
		return fieldops.ProjectFile{}, notFound(err, "File")
	}
	return tx.ProjectFile(ctx, id)
}

// nameWith is a name that ends in the extension which the bytes call for, so that what
// is saved under it opens.
func nameWith(name, extension string) string {
	name = strings.TrimSpace(name)
	has := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	if extension == "" || name == "" || has == extension || has == "jpeg" && extension == "jpg" || has == "tiff" && extension == "tif" {
		return name
	}
	return name + "." + extension
}

// UpdateProjectFile writes the name, the tags and the belongings of a locked file.
// Its name keeps the extension, and the address of its bytes stays what it is.
func (tx *Tx) UpdateProjectFile(ctx context.Context, before, f *fieldops.ProjectFile) error {
	f.Name = nameWith(f.Name, strings.TrimPrefix(path.Ext(before.Path), "."))
	if err := tx.checkProjectFile(ctx, before, f); err != nil {
		return err
	}
	tags, err := json.Marshal(f.Tags)
	if err != nil {
		return err
	}
	was, is := projectFileWords(before), projectFileWords(f)
	if _, err := tx.q.ExecContext(ctx, "update project_files set project_id = $1, cost_center_id = $2, file_name = $3, tags = $4, words = $5, updated_at = $6 where id = $7",
		f.ProjectID, f.CostCenterID, f.Name, string(tags), is, tx.Now, f.ID); err != nil {
		return err
	}
	if err := tx.indexWords(ctx, fieldops.RecordProjectFile, f.ID, keysOf(&was), keysOf(&is)); err != nil {
		return err
	}
	if err := tx.audit(ctx, "update", "project_file", f.ID, projectFileDetails(f)); err != nil {
		return err
	}
	*f, err = tx.ProjectFile(ctx, f.ID)
	return err
}
