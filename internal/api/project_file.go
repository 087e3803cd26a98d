package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// fileKinds are the kinds of record whose files people find as files of a project or
// a cost centre.
var fileKinds = []fieldops.RecordKind{fieldops.RecordProject, fieldops.RecordCostCenter, fieldops.RecordSafetyDocument, fieldops.RecordDocumentScan}

// workReads tells who works on what, inside a change or outside.
type workReads interface {
	WorksOn(ctx context.Context, user, project fieldops.ID) (bool, error)
}

// worksOn refuses what concerns a project to who has the role user and has written
// down no work on it. Without a project there is nothing that they could work on.
func (r *request) worksOn(in workReads, projects ...*fieldops.ID) error {
	if !r.User.Is(fieldops.RoleUser) {
		return nil
	}
	for _, project := range projects {
		works := false
		if project != nil {
			var err error
			if works, err = in.WorksOn(r.Context(), r.User.ID, *project); err != nil {
				return err
			}
		}
		if !works {
			return fieldops.Refuse(fieldops.Forbidden, "You have no timesheet on this project, so its files are not yours to change")
		}
	}
	return nil
}

// seesProjectFile finds what a stored file is to people, and refuses those who may
// not see it.
func (a *api) seesProjectFile(r *request, stored *fieldops.StoredFile) (fieldops.ProjectFile, error) {
	files, err := a.DB.ProjectFilesOf(r.Context(), stored.ID)
	if err != nil {
		return fieldops.ProjectFile{}, err
	}
	if len(files) == 0 {
		return fieldops.ProjectFile{}, fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	if !r.User.May(fieldops.CanViewFinancials) {
		return fieldops.ProjectFile{}, fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	return files[0], nil
}

// timeQuery is how a list in the order of times is asked for.
type timeQuery struct {
	Limit  int    `query:"limit" doc:"Rows of the answer, at most 500" default:"100"`
	Cursor string `query:"cursor" doc:"Continues a list; see the Link header of the answer"`
}

// place is how many rows are wanted, and behind which row.
func (q *timeQuery) place() (limit int, at fieldops.Time, id fieldops.ID, err error) {
	limit = rowsOf(q.Limit)
	if q.Cursor == "" {
		return limit, at, "", nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	when, last, _ := strings.Cut(string(plain), " ")
	moment, timeErr := time.Parse(time.RFC3339Nano, when)
	if id, ok := fieldops.ParseID(last); err == nil && timeErr == nil && ok {
		return limit, fieldops.At(moment), id, nil
	}
	return 0, at, "", fieldops.Refuse(fieldops.Invalid, "The cursor is not one that this list gave")
}

type listFilesInput struct {
	ProjectID    fieldops.ID `query:"project_id" format:"uuid"`
	CostCenterID fieldops.ID `query:"cost_center_id" format:"uuid"`
	ClientID     fieldops.ID `query:"client_id" format:"uuid" doc:"Of whose projects"`
	FileType     string      `query:"file_type" enum:"image,pdf,document"`
	Tag          string      `query:"tag" doc:"One of its tags"`
	Q            string      `query:"q" doc:"Words of name or tags, or of project, client or cost centre"`
	timeQuery
}

func (a *api) listFiles(r *request, in *listFilesInput) ([]fieldops.ProjectFile, error) {
	limit, at, id, err := in.place()
	if err != nil {
		return nil, err
	}
	files, err := a.DB.ProjectFiles(r.Context(), store.ProjectFileFilter{
		ProjectID: in.ProjectID, CostCenterID: in.CostCenterID, ClientID: in.ClientID, Type: in.FileType, Tag: in.Tag, Search: in.Q,
		Limit: limit, AfterTime: at, AfterID: id,
	})
	if n := len(files); n == limit {
		r.linkBehind(files[n-1].CreatedAt, files[n-1].ID)
	}
	return files, err
}

// linkBehind tells where a list in the order of times goes on.
func (r *request) linkBehind(at fieldops.Time, id fieldops.ID) {
	r.linkTo(at.UTC().Format(time.RFC3339Nano) + " " + id)
}

type listFoldersInput struct{ timeQuery }

func (a *api) listFolders(r *request, in *listFoldersInput) ([]store.FileFolder, error) {
	limit, at, id, err := in.place()
	if err != nil {
		return nil, err
	}
	folders, err := a.DB.FileFolders(r.Context(), limit, at, id)
	if n := len(folders); n == limit {
		r.linkBehind(folders[n-1].Newest, folders[n-1].ID())
	}
	return folders, err
}

// fileParts answers the paths of two parts below files, which the router cannot tell
// apart by itself: projects/ID, cost-centers/ID, and ID/download.
func (a *api) fileParts(w http.ResponseWriter, r *request) error {
	first, second := r.PathValue("first"), r.PathValue("second")
	if id, ok := fieldops.ParseID(first); ok && second == "download" {
		return a.downloadFile(w, r, id)
	}
	var in listFilesInput
	if err := decodeInput(w, r, &in); err != nil {
		return err
	}
	id, ok := fieldops.ParseID(second)
	switch {
	case ok && first == "projects":
		in.ProjectID = id
	case ok && first == "cost-centers":
		in.CostCenterID = id
	default:
		return fieldops.Refuse(fieldops.NotFound, "Not found")
	}
	files, err := a.listFiles(r, &in)
	if err != nil {
		return err
	}
	return writeJSON(w, r.Status, files)
}

// downloadFile gives a file out as it came, to be saved.
func (a *api) downloadFile(w http.ResponseWriter, r *request, id fieldops.ID) error {
	f, err := a.DB.ProjectFile(r.Context(), id)
	if err != nil {
		return err
	}
	stored, err := a.DB.File(r.Context(), f.FileID)
	if err != nil {
		return err
	}
	stored.Name = f.Name
	w.Header().Set("Cache-Control", "private, no-cache")
	return a.serveFile(w, r, stored, true)
}

type fileAnswer struct {
	fieldops.ProjectFile
	Link string `json:"link" doc:"An address of what is shown of it that needs no session, good for an hour or two"`
}

func (a *api) getFile(r *request, in *byID) (fileAnswer, error) {
	f, err := a.DB.ProjectFile(r.Context(), in.ID)
	if err != nil {
		return fileAnswer{}, err
	}
	r.Header.Set("ETag", etag(f.UpdatedAt))
	return fileAnswer{f, a.sharedLink(f.FileID)}, nil
}

// tagList is a list of tags: a JSON list or, in a form, the text of one, or of tags
// with commas between.
type tagList []string

// UnmarshalJSON reads a list, or a text.
func (l *tagList) UnmarshalJSON(b []byte) error {
	var words string
	if json.Unmarshal(b, &words) == nil {
		if !strings.HasPrefix(strings.TrimSpace(words), "[") {
			*l = strings.Split(words, ",")
			return nil
		}
		b = []byte(words)
	}
	var all []string
	if err := json.Unmarshal(b, &all); err != nil {
		return fieldops.Refuse(fieldops.Invalid, "must be a list of tags")
	}
	*l = all
	return nil
}

// Schema is the schema of a list of texts.
func (l tagList) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[[]string](), true, "")
}

// fileInput is what a person says of a file, as JSON or as the fields of a form.
type fileInput struct {
	FileName     Optional[string]  `json:"file_name,omitempty" doc:"What it is called; of a new one the name it came with, unless given"`
	ProjectID    Optional[*string] `json:"project_id,omitempty"`
	CostCenterID Optional[*string] `json:"cost_center_id,omitempty"`
	Tags         Optional[tagList] `json:"tags,omitempty"`
}

func (in *fileInput) apply(p *fieldops.ProjectFile) error {
	var f fieldops.Faults
	in.FileName.into(&p.Name)
	idInto(in.ProjectID, &p.ProjectID, "project_id", &f)
	idInto(in.CostCenterID, &p.CostCenterID, "cost_center_id", &f)
	if in.Tags.Set {
		p.Tags = in.Tags.Value
	}
	return f.Err("")
}

// fileForm is a request that brings a file: by a form, or by a complete upload.
type fileForm struct {
	fields  map[string]json.RawMessage
	arrival *paperwork.Arrival
	upload  fieldops.ID // that brought it; "": the form did
	fault   error       // why the upload cannot be used: a repeat of what was done is none the worse
}

// readFileForm takes the file in, in constant memory, into a draft: who has the form
// keeps the arrival or discards it.
func (a *api) readFileForm(w http.ResponseWriter, r *request, use paperwork.Use) (form *fileForm, err error) {
	form = &fileForm{fields: map[string]json.RawMessage{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, form.discard())
		}
	}()
	mediaType, parameters, err := mime.ParseMediaType(r.Request.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/form-data" {
		if form.fields, err = readJSON(w, r); err != nil {
			return form, err
		}
		return form, a.takeUpload(r, form, use)
	}
	parts := multipart.NewReader(http.MaxBytesReader(w, r.Body, use.MaxBytes()+maxJSON), parameters["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return form, a.takeUpload(r, form, use)
		}
		if err != nil {
			return form, bodyError(err, tooLargeForm)
		}
		if err := a.readFilePart(form, part, use); err != nil {
			return form, err
		}
	}
}

func (a *api) readFilePart(form *fileForm, part *multipart.Part, use paperwork.Use) (err error) {
	name, content := part.FormName(), bodyReader{part, tooLargeForm}
	if part.FileName() == "" {
		return readField(name, content, form.fields)
	}
	if name != "file" || form.arrival != nil {
		return fieldops.Refuse(fieldops.Invalid, `Send one file, in the field "file"`)
	}
	form.arrival, err = a.Files.Receive(use, part.FileName(), content)
	return err
}

// takeUpload takes the file of the upload that a field upload_id names.
func (a *api) takeUpload(r *request, form *fileForm, use paperwork.Use) error {
	raw, named := form.fields["upload_id"]
	if !named {
		if _, again := form.fields["file_id"]; form.arrival == nil && !again {
			return errNoFile()
		}
		return nil
	}
	var id string
	ok := json.Unmarshal(raw, &id) == nil
	if ok {
		id, ok = fieldops.ParseID(id)
	}
	if !ok || form.arrival != nil {
		return fieldops.Faults{{Field: "upload_id", Message: "upload_id must be the id of a complete upload, and no other file come with it"}}.Err("")
	}
	form.upload = id
	arrival, err := a.Files.Uploaded(r.Context(), r.User.ID, id, use)
	if fieldops.KindOf(err) == fieldops.NotFound {
		form.fault = err
		return nil
	}
	form.arrival = arrival
	return err
}

func (form *fileForm) discard() error {
	if form.arrival == nil {
		return nil
	}
	return form.arrival.Discard()
}

// fingerprint tells whether another request brings the same.
func (form *fileForm) fingerprint() ([]byte, error) {
	digest := sha256.New()
	sum := ""
	if form.upload == "" && form.arrival != nil {
		sum = form.arrival.SHA256()
	}
	err := json.NewEncoder(digest).Encode(struct {
		Fields map[string]json.RawMessage // written in the order of its keys
		Sum    string
	}{form.fields, sum})
	return digest.Sum(nil), err
}

// takeFile reads a request that brings one file and keeps it once, however often it
// is repeated under one key. keep puts it into its place and writes it down.
func (a *api) takeFile(w http.ResponseWriter, r *request, use paperwork.Use, route string, keep func(r *request, form *fileForm) (any, error)) error {
	return a.takeFormOr(w, r, use, route, func(r *request, form *fileForm) (any, error) {
		if form.arrival == nil {
			return nil, errNoFile()
		}
		return keep(r, form)
	})
}

func errNoFile() error { return fieldops.Refuse(fieldops.Invalid, "No file uploaded") }

// takeFormOr is takeFile for what may bring a file_id in place of a file.
func (a *api) takeFormOr(w http.ResponseWriter, r *request, use paperwork.Use, route string, keep func(r *request, form *fileForm) (any, error)) error {
	ctx, cancel := context.WithTimeout(r.Context(), uploadTimeout)
	defer cancel()
	r.Request = r.WithContext(ctx)
	form, err := a.readFileForm(w, r, use)
	if err != nil {
		return err
	}
	taken := false
	defer func() {
		if taken { // keep has seen to it
			return
		}
		if err := form.discard(); err != nil {
			a.Log.WarnContext(ctx, "a draft was not removed; it goes in some days", "error", err)
		}
	}()
	create := func(w http.ResponseWriter, r *request) error {
		if form.fault != nil {
			return form.fault
		}
		taken = true
		answer, err := keep(r, form)
		if err != nil {
			return err
		}
		return writeJSON(w, r.Status, answer)
	}
	key := r.Request.Header.Get("Idempotency-Key")
	if key == "" {
		return create(w, r)
	}
	fingerprint, err := form.fingerprint()
	if err != nil {
		return err
	}
	return a.repeatable(w, r, key, fingerprint, route, true, create)
}

// keepArrival puts the file of a form into its place, and writes it down by write,
// which ends the upload that brought it with the same commit.
func (a *api) keepArrival(r *request, form *fileForm, owner paperwork.Owner, write func(tx *store.Tx, stored *fieldops.StoredFile) error) error {
	ctx := r.Context()
	stored, err := a.Files.Keep(ctx, form.arrival, owner)
	if err != nil {
		return errors.Join(err, form.discard())
	}
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		if form.upload != "" {
			if err := tx.TakeUpload(ctx, r.User.ID, form.upload); err != nil {
				return err
			}
			tx.AfterCommit(func() {
				if err := a.Files.EndUploads(form.upload); err != nil {
					a.Log.WarnContext(ctx, "the draft of an upload was not removed; it goes in some days", "error", err)
				}
			})
		}
		return write(tx, &stored)
	})
	if err != nil {
		a.takeBack(ctx, []fieldops.StoredFile{stored}, err)
	}
	return err
}

func (a *api) createFile(w http.ResponseWriter, r *request) error {
	return a.takeFile(w, r, paperwork.UseFile, "POST /api/files", func(r *request, form *fileForm) (any, error) {
		f := fieldops.ProjectFile{Name: form.arrival.Name()}
		owner, err := a.newFile(r, form, &f)
		if err != nil {
			return nil, errors.Join(err, form.discard())
		}
		err = a.keepArrival(r, form, owner, func(tx *store.Tx, stored *fieldops.StoredFile) error {
			if err := tx.KeepProjectFile(r.Context(), &f, stored); err != nil {
				return err
			}
			return r.keep(tx, f)
		})
		return f, err
	})
}

// newFile reads what a form says of its file, and refuses it before its bytes are
// brought anywhere. It returns whose it will be.
func (a *api) newFile(r *request, form *fileForm, f *fieldops.ProjectFile) (paperwork.Owner, error) {
	var in fileInput
	var faults fieldops.Faults
	decodeObject(form.fields, reflect.ValueOf(&in).Elem(), "", &faults)
	if err := faults.Err(""); err != nil {
		return paperwork.Owner{}, err
	}
	if strings.TrimSpace(in.FileName.Value) == "" {
		in.FileName.Set = false
	}
	if err := in.apply(f); err != nil {
		return paperwork.Owner{}, err
	}
	if err := f.Check(); err != nil {
		return paperwork.Owner{}, err
	}
	if err := r.worksOn(a.DB, f.ProjectID); err != nil {
		return paperwork.Owner{}, err
	}
	if f.ProjectID == nil {
		return paperwork.Owner{Kind: fieldops.RecordCostCenter, Record: *f.CostCenterID, User: &r.User.ID}, nil
	}
	return paperwork.Owner{Kind: fieldops.RecordProject, Record: *f.ProjectID, User: &r.User.ID}, nil
}

type updateFileInput struct {
	byID
	Body fileInput
}

// updateFile renames a file, tags it, or moves it to another project or cost centre.
func (a *api) updateFile(r *request, in *updateFileInput) (fieldops.ProjectFile, error) {
	if reflect.ValueOf(in.Body).IsZero() {
		return fieldops.ProjectFile{}, errNoUpdates()
	}
	ctx := r.Context()
	var changed fieldops.ProjectFile
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		before, err := tx.LockProjectFile(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := r.ifMatch(before.UpdatedAt); err != nil {
			return err
		}
		changed = before
		if err := in.Body.apply(&changed); err != nil {
			return err
		}
		if err := r.worksOn(tx, before.ProjectID, changed.ProjectID); err != nil {
			return err
		}
		return tx.UpdateProjectFile(ctx, &before, &changed)
	})
	if err != nil {
		return fieldops.ProjectFile{}, err
	}
	r.Header.Set("ETag", etag(changed.UpdatedAt))
	return changed, nil
}

func (a *api) deleteFile(r *request, in *byID) (deletedRecord, error) {
	f, err := a.DB.ProjectFile(r.Context(), in.ID)
	if err != nil {
		return deletedRecord{}, err
	}
	if err := r.worksOn(a.DB, f.ProjectID); err != nil {
		return deletedRecord{}, err
	}
	return a.deleteRecord(fieldops.RecordProjectFile)(r, in)
}

func isProjectFile(kind fieldops.RecordKind) bool { return slices.Contains(fileKinds, kind) }

// documentForm describes a form that brings one file, or names the upload that has.
func documentForm(says string) func(huma.Registry, *huma.Operation) {
	return func(registry huma.Registry, op *huma.Operation) {
		fields := registry.Schema(reflect.TypeFor[fileInput](), true, "FileInput")
		upload := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"upload_id": {Type: huma.TypeString, Format: "uuid", Description: "A complete upload of /api/uploads, with the purpose file"}}}
		file := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": {Type: huma.TypeString, Format: "binary", Description: says}}}
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json":    {Schema: &huma.Schema{AllOf: []*huma.Schema{fields, upload}}},
			"multipart/form-data": {Schema: &huma.Schema{AllOf: []*huma.Schema{fields, file, upload}}},
		}}
	}
}

func documentFileParts(_ huma.Registry, op *huma.Operation) {
	for _, p := range [][2]string{
		{"cursor", "Of a list: continues it; see the Link header of the answer"},
		{"file_type", "Of a list: image, pdf or document"},
		{"tag", "Of a list: one of its tags"},
		{"q", "Of a list: words of name or tags"},
	} {
		op.Parameters = append(op.Parameters, parameter("query", p[0], p[1], false))
	}
}
