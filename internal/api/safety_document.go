package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// Who may do what with safety documents. The office sees all of them by
// can_view_financials and changes them by can_edit_projects, as existing clients
// have it. A technician writes the analysis of a job before its first hour, and
// certifies what they did: so whoever may write down work may begin a document on
// any project that they can book work on, and sees and changes those that they began
// and those of projects that they have worked on. Approving, and reopening what was
// approved, is the office's.

// seesAllSafety reports whether all safety documents are open to the person.
func (r *request) seesAllSafety() bool {
	return r.User.May(fieldops.CanViewFinancials) || r.User.May(fieldops.CanEditProjects)
}

// ownSafety reports whether a document is the person's by their work. from reads it.
func (r *request) ownSafety(from workReads, d *fieldops.SafetyDocument) (bool, error) {
	if !r.User.May(fieldops.CanCreateTimesheets) {
		return false, nil
	}
	if d.CreatedBy != nil && *d.CreatedBy == r.User.ID {
		return true, nil
	}
	return from.WorksOn(r.Context(), r.User.ID, d.ProjectID)
}

// seesSafety hides documents from who may not see them.
func (a *api) seesSafety(r *request, d *fieldops.SafetyDocument) error {
	if r.seesAllSafety() {
		return nil
	}
	own, err := r.ownSafety(a.DB, d)
	if err == nil && !own {
		err = fieldops.Refuse(fieldops.NotFound, "Safety document not found")
	}
	return err
}

// changesSafety refuses who may not change a document.
func (r *request) changesSafety(tx *store.Tx, d *fieldops.SafetyDocument) error {
	if r.User.May(fieldops.CanEditProjects) {
		return nil
	}
	own, err := r.ownSafety(tx, d)
	if err != nil || own {
		return err
	}
	if r.seesAllSafety() {
		return fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	return fieldops.Refuse(fieldops.NotFound, "Safety document not found")
}

// maySafety refuses a step of a document to who may not take it.
func (r *request) maySafety(_ *store.Tx, d *fieldops.SafetyDocument, step string) error {
	if r.User.May(fieldops.CanEditProjects) {
		return nil
	}
	switch {
	case step == fieldops.SafetyApproved:
		return fieldops.Refuse(fieldops.Forbidden, "Approving is for those who may change projects")
	case step == fieldops.SafetyReopened && d.Status == fieldops.SafetyApproved:
		return fieldops.Refuse(fieldops.Forbidden, "%s is approved. Those who may change projects can reopen it.", d.Name())
	}
	return nil
}

type signatureInput struct {
	Name    string           `json:"name,omitempty"`
	Role    string           `json:"role,omitempty" doc:"signer, unless it is crew"`
	Strokes fieldops.Strokes `json:"strokes,omitempty"`
}

func (in *signatureInput) signature() *fieldops.Signature {
	if in == nil {
		return nil
	}
	s := &fieldops.Signature{Name: in.Name, Role: in.Role, Strokes: in.Strokes}
	if s.Role == "" {
		s.Role = fieldops.SignerRole
	}
	return s
}

type safetyInput struct {
	CostCenterID Optional[*string] `json:"cost_center_id,omitempty"`
	Title        Optional[string]  `json:"title,omitempty"`
	Data         json.RawMessage   `json:"data,omitempty" doc:"The form: an object whose fields depend on document_type"`
	Status       string            `json:"status,omitempty" doc:"draft, completed or approved"`
	Reason       string            `json:"reason,omitempty" doc:"Why it is reopened"`
	Signature    *signatureInput   `json:"signature,omitempty"`
}

func (in *safetyInput) change() (c paperwork.SafetyChange, err error) {
	var f fieldops.Faults
	c = paperwork.SafetyChange{Title: in.Title.sent(), Signature: in.Signature.signature(), Status: in.Status, Reason: in.Reason}
	if in.CostCenterID.Set {
		center := idOf(in.CostCenterID.Value, "cost_center_id", &f)
		c.CostCenter = &center
	}
	if in.Data != nil {
		f.Require(bytes.HasPrefix(bytes.TrimSpace(in.Data), []byte("{")), "data", "The form must be a JSON object")
		c.Data = in.Data
	}
	switch in.Status {
	case "", fieldops.SafetyDraft, fieldops.SafetyCompleted, fieldops.SafetyApproved:
	default:
		f.Add("status", "Status must be draft, completed or approved")
	}
	return c, f.Err("")
}

// safetyDetail is a document with what stands under it.
type safetyDetail struct {
	fieldops.SafetyDocument
	Signatures []fieldops.Signature `json:"signatures"`
	May        safetyActions        `json:"may"`
}

// safetyActions tell a page what to offer.
type safetyActions struct {
	Edit    bool `json:"edit"`
	Approve bool `json:"approve"`
	Reopen  bool `json:"reopen"`
	Delete  bool `json:"delete"`
}

func (a *api) showSafety(r *request, d *fieldops.SafetyDocument) (safetyDetail, error) {
	detail := safetyDetail{SafetyDocument: *d}
	var err error
	if detail.Signatures, err = a.DB.Signatures(r.Context(), d.ID, d.Revision); err != nil {
		return detail, err
	}
	office := r.User.May(fieldops.CanEditProjects)
	own := office
	if !own {
		if own, err = r.ownSafety(a.DB, d); err != nil {
			return detail, err
		}
	}
	draft := d.Status == fieldops.SafetyDraft
	detail.May = safetyActions{
		Edit: own && draft, Approve: office && d.Status == fieldops.SafetyCompleted, Reopen: !draft && (office || own && d.Status == fieldops.SafetyCompleted),
		Delete: d.Deletable(fieldops.At(a.Clock())) == nil && (office || r.madeDraft(d)),
	}
	if detail.May.Approve && d.CompletedBy != nil && *d.CompletedBy == r.User.ID {
		holders, err := a.DB.Holders(r.Context(), fieldops.CanEditProjects)
		if err != nil {
			return detail, err
		}
		detail.May.Approve = len(holders) < 2
	}
	r.Header.Set("ETag", etag(d.UpdatedAt))
	return detail, nil
}

// madeDraft reports whether a document is a first draft of the person's own.
func (r *request) madeDraft(d *fieldops.SafetyDocument) bool {
	return d.Status == fieldops.SafetyDraft && d.IssuedAt.IsZero() && d.CreatedBy != nil && *d.CreatedBy == r.User.ID
}

type listSafetyInput struct {
	ProjectID    fieldops.ID `query:"project_id" format:"uuid"`
	CostCenterID fieldops.ID `query:"cost_center_id" format:"uuid"`
	Type         string      `query:"document_type" enum:"jsa,electrical_compliance,electrical_safety_certificate"`
	Status       string      `query:"status" enum:"draft,completed,approved"`
	Search       string      `query:"search" doc:"Words in number, title, place or description"`
	Limit        int         `query:"limit" doc:"Rows of the answer, at most 500" default:"100"`
	After        fieldops.ID `query:"after" format:"uuid" doc:"The id of the last row before"`
}

func (a *api) listSafety(r *request, in *listSafetyInput) ([]fieldops.SafetyDocument, error) {
	f := store.SafetyFilter{
		ProjectID: in.ProjectID, CostCenterID: in.CostCenterID, Type: fieldops.SafetyType(in.Type), Status: in.Status, Search: in.Search,
		Limit: rowsOf(in.Limit), AfterID: in.After,
	}
	if !r.seesAllSafety() {
		f.Of = r.User.ID
	}
	documents, err := a.DB.SafetyDocuments(r.Context(), f)
	if n := len(documents); n > 0 && n == f.Limit {
		r.linkAfter(documents[n-1].ID)
	}
	return documents, err
}

// safetyOf is a document that the person may see.
func (a *api) safetyOf(r *request, id fieldops.ID) (fieldops.SafetyDocument, error) {
	d, err := a.DB.SafetyDocument(r.Context(), id)
	if err != nil {
		return d, err
	}
	return d, a.seesSafety(r, &d)
}

func (a *api) getSafety(r *request, in *byID) (safetyDetail, error) {
	d, err := a.safetyOf(r, in.ID)
	if err != nil {
		return safetyDetail{}, err
	}
	return a.showSafety(r, &d)
}

type createSafetyInput struct {
	Body struct {
		ProjectID    string `json:"project_id,omitempty"`
		DocumentType string `json:"document_type,omitempty" doc:"jsa, electrical_compliance or electrical_safety_certificate"`
		safetyInput
	}
}

func (a *api) createSafety(r *request, in *createSafetyInput) (fieldops.SafetyDocument, error) {
	var f fieldops.Faults
	c, err := in.Body.change()
	f.Take(err)
	project := idOf(&in.Body.ProjectID, "project_id", &f)
	f.Require(project != nil || in.Body.ProjectID != "", "project_id", "Project is required")
	d := fieldops.SafetyDocument{Type: fieldops.SafetyType(in.Body.DocumentType), Title: in.Body.Title.Value, Data: in.Body.Data}
	f.Take(d.Check())
	if err := f.Err(""); err != nil {
		return fieldops.SafetyDocument{}, err
	}
	d.ProjectID = *project
	if c.CostCenter != nil {
		d.CostCenterID = *c.CostCenter
	}
	return a.Safety.Create(r.Context(), r.Actor, d, c, r.maySafety, func(tx *store.Tx, d fieldops.SafetyDocument) error { return r.keep(tx, d) })
}

type updateSafetyInput struct {
	byID
	Body safetyInput
}

func (a *api) updateSafety(r *request, in *updateSafetyInput) (safetyDetail, error) {
	if reflect.ValueOf(in.Body).IsZero() {
		return safetyDetail{}, errNoUpdates()
	}
	c, err := in.Body.change()
	if err != nil {
		return safetyDetail{}, err
	}
	return a.changeSafety(r, in.ID, c)
}

func (a *api) changeSafety(r *request, id fieldops.ID, c paperwork.SafetyChange) (safetyDetail, error) {
	d, err := a.Safety.Change(r.Context(), r.Actor, id, c, func(tx *store.Tx, d *fieldops.SafetyDocument) error {
		if err := r.changesSafety(tx, d); err != nil {
			return err
		}
		return r.ifMatch(d.UpdatedAt)
	}, r.maySafety)
	if err != nil {
		return safetyDetail{}, err
	}
	return a.showSafety(r, &d)
}

// advanceSafety makes the endpoint of a step of a document.
func (a *api) advanceSafety(status string) func(*request, *updateSafetyInput) (safetyDetail, error) {
	return func(r *request, in *updateSafetyInput) (safetyDetail, error) {
		c, err := in.Body.change()
		if err != nil {
			return safetyDetail{}, err
		}
		d, err := a.safetyOf(r, in.ID)
		if err != nil {
			return safetyDetail{}, err
		}
		if d.Status == status {
			return safetyDetail{}, fieldops.Refuse(fieldops.Conflict, "%s is %s already", d.Name(), status)
		}
		if status == fieldops.SafetyApproved && d.Status == fieldops.SafetyDraft {
			return safetyDetail{}, fieldops.Refuse(fieldops.Conflict, "%s is a draft; complete it before it is approved", d.Name())
		}
		c.Status = status
		return a.changeSafety(r, in.ID, c)
	}
}

type signSafetyInput struct {
	byID
	Body signatureInput
}

func (a *api) signSafety(r *request, in *signSafetyInput) (safetyDetail, error) {
	return a.changeSafety(r, in.ID, paperwork.SafetyChange{Signature: in.Body.signature()})
}

type unsignSafetyInput struct {
	byID
	Signature fieldops.ID `path:"signature" format:"uuid"`
}

func (a *api) unsignSafety(r *request, in *unsignSafetyInput) (safetyDetail, error) {
	ctx := r.Context()
	var d fieldops.SafetyDocument
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) (err error) {
		if d, err = tx.LockSafetyDocument(ctx, in.ID); err != nil {
			return err
		}
		if err := r.changesSafety(tx, &d); err != nil {
			return err
		}
		if err := r.ifMatch(d.UpdatedAt); err != nil {
			return err
		}
		if err := tx.UnsignSafetyDocument(ctx, &d, in.Signature); err != nil {
			return err
		}
		d, err = tx.SafetyDocument(ctx, in.ID)
		return err
	})
	if err != nil {
		return safetyDetail{}, err
	}
	return a.showSafety(r, &d)
}

// deleteSafety puts a document into the bin: any for the office, and for others a
// first draft of their own.
func (a *api) deleteSafety(r *request, in *byID) (deletedRecord, error) {
	d, err := a.safetyOf(r, in.ID)
	if err != nil {
		return deletedRecord{}, err
	}
	if !r.User.May(fieldops.CanEditProjects) && !r.madeDraft(&d) {
		return deletedRecord{}, fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	return a.deleteRecord(fieldops.RecordSafetyDocument)(r, in)
}

type pageAnswer struct {
	Message  string  `json:"message"`
	FilePath *string `json:"file_path"`
}

func (a *api) generateSafetyPDF(r *request, in *byID) (pageAnswer, error) {
	ctx := r.Context()
	d, err := a.safetyOf(r, in.ID)
	if err != nil {
		return pageAnswer{}, err
	}
	if !r.User.May(fieldops.CanEditProjects) {
		if own, err := r.ownSafety(a.DB, &d); err != nil || !own {
			return pageAnswer{}, fieldops.Refuse(fieldops.Forbidden, "Permission denied")
		}
	}
	d, err = a.Safety.GeneratePage(ctx, r.Actor, in.ID)
	return pageAnswer{"PDF generated successfully", d.FilePath}, err
}

// safetyPDF serves the page of a document: of its newest revision, or of the draft if
// one was made.
func (a *api) safetyPDF(w http.ResponseWriter, r *request) error {
	id, ok := fieldops.ParseID(r.PathValue("id"))
	if !ok {
		return fieldops.Refuse(fieldops.NotFound, "Safety document not found")
	}
	d, err := a.safetyOf(r, id)
	if err != nil {
		return err
	}
	return a.serveSafetyPage(w, r, d.FileID)
}

func (a *api) serveSafetyPage(w http.ResponseWriter, r *request, file *fieldops.ID) error {
	if file == nil {
		return fieldops.Refuse(fieldops.NotFound, "PDF not generated yet. Ask for it by generate-pdf.")
	}
	stored, err := a.DB.File(r.Context(), *file)
	if err != nil {
		return err
	}
	return a.serveFile(w, r, stored, false)
}

type revisionsInput struct {
	byID
	Limit int         `query:"limit" doc:"Rows of the answer, at most 500" default:"100"`
	After fieldops.ID `query:"after" format:"uuid" doc:"The id of the last row before"`
}

func (a *api) safetyRevisions(r *request, in *revisionsInput) ([]fieldops.SafetyRevision, error) {
	if _, err := a.safetyOf(r, in.ID); err != nil {
		return nil, err
	}
	limit := rowsOf(in.Limit)
	steps, err := a.DB.SafetyRevisions(r.Context(), in.ID, in.After, limit)
	if n := len(steps); n > 0 && n == limit {
		r.linkAfter(steps[n-1].ID)
	}
	return steps, err
}

// safetyRevisionPDF serves the page of one step in the history of a document.
func (a *api) safetyRevisionPDF(w http.ResponseWriter, r *request) error {
	absent := fieldops.Refuse(fieldops.NotFound, "Revision not found")
	id, ok := fieldops.ParseID(r.PathValue("id"))
	step, known := fieldops.ParseID(r.PathValue("revision"))
	if !ok || !known {
		return absent
	}
	if _, err := a.safetyOf(r, id); err != nil {
		return err
	}
	s, err := a.DB.SafetyRevision(r.Context(), step)
	if err != nil {
		return err
	}
	if s.Document != id {
		return absent
	}
	return a.serveSafetyPage(w, r, s.FileID)
}
