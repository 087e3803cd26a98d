package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
)

// MakeSafetyPage is the job that makes the page of a revision of a safety document.
type MakeSafetyPage struct {
	Revision fieldops.ID `json:"revision"`
}

// Kind is the job's name.
func (MakeSafetyPage) Kind() string { return "make_safety_page" }

// Queue keeps work on files apart.
func (MakeSafetyPage) Queue() string { return job.FileQueue }

// The page of a document is the one made last of its revision, or the draft's.
const safetyColumns = `d.id, d.project_id, d.cost_center_id, d.document_type, d.title, cast(d.data as text), d.number, d.status, d.revision, d.created_by,
	d.completed_by, d.completed_at, d.approved_by, d.approved_at, d.issued_at, d.created_at, d.updated_at, d.deleted_at, f.id, f.path,
	coalesce(u.name, ''), coalesce(v.name, ''), coalesce(a.name, ''), coalesce(p.code, ''), coalesce(p.name, ''), coalesce(c.name, ''), coalesce(k.code, ''), coalesce(k.name, '')`

const safetyTables = ` /* deleted too */ safety_documents d
	left join /* deleted too */ projects p on p.id = d.project_id
	left join /* deleted too */ clients c on c.id = p.client_id
	left join cost_centers k on k.id = d.cost_center_id
	left join users u on u.id = d.created_by
	left join users v on v.id = d.completed_by
	left join users a on a.id = d.approved_by
	left join stored_files f on f.id = case when d.status = 'draft' then d.draft_file_id else
		(select s.file_id from safety_document_revisions s where s.document_id = d.id and s.revision = d.revision and s.file_id is not null order by s.created_at desc, s.id desc limit 1) end`

func scanSafety(rows *sql.Rows, d *fieldops.SafetyDocument) error {
	var data string
	err := rows.Scan(&d.ID, &d.ProjectID, &d.CostCenterID, &d.Type, &d.Title, &data, &d.Number, &d.Status, &d.Revision, &d.CreatedBy,
		&d.CompletedBy, &d.CompletedAt, &d.ApprovedBy, &d.ApprovedAt, &d.IssuedAt, &d.CreatedAt, &d.UpdatedAt, &d.DeletedAt, &d.FileID, &d.FilePath,
		&d.CreatedByName, &d.CompletedByName, &d.ApprovedByName, &d.ProjectCode, &d.ProjectName, &d.ClientName, &d.CostCenterCode, &d.CostCenterName)
	d.Data = json.RawMessage(data)
	return err
}

// SafetyFilter chooses safety documents. Zero values choose everything.
type SafetyFilter struct {
	ProjectID    fieldops.ID
	CostCenterID fieldops.ID
	Type         fieldops.SafetyType
	Status       string
	Search       string // every word somewhere in number, title, place or description
	// Of, unless empty, leaves what is this person's: documents that they made, and
	// those of projects that they have worked on.
	Of      fieldops.ID
	Limit   int
	AfterID fieldops.ID // continues a list behind its last row
}

// SafetyDocuments lists safety documents, newest first.
func (r reads) SafetyDocuments(ctx context.Context, f SafetyFilter) ([]fieldops.SafetyDocument, error) {
	w := &where{}
	w.and("d.deleted_at is null")
	for _, c := range []struct{ condition, value string }{
		{"d.project_id = ?", f.ProjectID},
		{"d.cost_center_id = ?", f.CostCenterID},
		{"d.document_type = ?", string(f.Type)},
		{"d.status = ?", f.Status},
	} {
		if c.value != "" {
			w.and(c.condition, c.value)
		}
	}
	if f.Of != "" {
		w.and("(d.created_by = ? or d.project_id in (select t.project_id from live_timesheets t where t.user_id = ?))", f.Of, f.Of)
	}
	w.andContains("d.words", f.Search)
	order := listOrder{[]string{"d.created_at", "d.id"}, true}
	if f.AfterID != "" {
		if err := r.continueAfter(ctx, "/* deleted too */ safety_documents d", w, order, f.AfterID); err != nil {
			return nil, err
		}
	}
	return collect(ctx, r, "select "+safetyColumns+" from"+safetyTables+" where "+w.String()+order.sql(false)+fmt.Sprintf(" limit %d", f.Limit), w.args, scanSafety)
}

// SafetyDocument is one safety document. A deleted one is not found.
func (r reads) SafetyDocument(ctx context.Context, id fieldops.ID) (fieldops.SafetyDocument, error) {
	return r.oneSafetyDocument(ctx, "d.id = $1 and d.deleted_at is null", id)
}

func (r reads) oneSafetyDocument(ctx context.Context, condition string, id fieldops.ID) (fieldops.SafetyDocument, error) {
	found, err := collect(ctx, r, "select "+safetyColumns+" from"+safetyTables+" where "+condition, []any{id}, scanSafety)
	if err != nil {
		return fieldops.SafetyDocument{}, err
	}
	if len(found) == 0 {
		return fieldops.SafetyDocument{}, fieldops.Refuse(fieldops.NotFound, "Safety document not found")
	}
	return found[0], nil
}

// LockSafetyDocument reads a document that is about to be changed and keeps
// everybody else from changing it. The lock on its project serialises what counts as
// its certificate with who invoices its work.
func (tx *Tx) LockSafetyDocument(ctx context.Context, id fieldops.ID) (fieldops.SafetyDocument, error) {
	before, err := tx.SafetyDocument(ctx, id)
	if err != nil {
		return before, err
	}
	if err := tx.lockRow(ctx, "projects", before.ProjectID); err != nil {
		return before, notFound(err, "Project")
	}
	if err := tx.lockRow(ctx, "safety_documents", id); err != nil {
		return before, notFound(err, "Safety document")
	}
	return tx.SafetyDocument(ctx, id)
}

func safetyWords(d *fieldops.SafetyDocument) string {
	place, description := d.Text("location"), d.Text("description")
	if d.Type == fieldops.SafetyJSA {
		description = d.Text("job_description")
	}
	return foldAll(d.Number, &d.Title, &place, &description)
}

// checkSafetyDocument refuses a document that breaks a rule, or names a record that
// is not there. before is nil for a new one.
func (tx *Tx) checkSafetyDocument(ctx context.Context, before, d *fieldops.SafetyDocument) error {
	var f fieldops.Faults
	if err := d.Check(); err != nil {
		broken, ok := errors.AsType[*fieldops.Error](err)
		if !ok {
			return err
		}
		f = append(f, broken.Faults...)
	}
	if before == nil {
		before = &fieldops.SafetyDocument{}
	}
	if err := errors.Join(
		tx.stands(ctx, &f, "project_id", "Project", "live_projects", &d.ProjectID, &before.ProjectID),
		tx.stands(ctx, &f, "cost_center_id", "Cost center", "live_cost_centers", d.CostCenterID, before.CostCenterID),
	); err != nil {
		return err
	}
	return f.Err("")
}

// InsertSafetyDocument adds a draft. ID and times are set here.
func (tx *Tx) InsertSafetyDocument(ctx context.Context, d *fieldops.SafetyDocument) error {
	d.ID, d.CreatedAt, d.UpdatedAt, d.Status, d.Revision = fieldops.NewID(), tx.Now, tx.Now, fieldops.SafetyDraft, 1
	d.CreatedBy = orNull(tx.Actor.UserID)
	if err := tx.checkSafetyDocument(ctx, nil, d); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into safety_documents (id, project_id, cost_center_id, document_type, title, data, status, revision, created_by, words, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, 'draft', 1, $7, $8, $9, $9)`,
		d.ID, d.ProjectID, d.CostCenterID, string(d.Type), d.Title, string(d.Data), d.CreatedBy, safetyWords(d), tx.Now); err != nil {
		return err
	}
	return tx.auditSafety(ctx, "create", d, nil)
}

func (tx *Tx) auditSafety(ctx context.Context, action string, d *fieldops.SafetyDocument, more map[string]any) error {
	details := map[string]any{
		"document_type": d.Type, "title": d.Title, "number": d.Number, "status": d.Status, "revision": d.Revision, "project_id": d.ProjectID,
	}
	for k, v := range more {
		details[k] = v
	}
	return tx.audit(ctx, action, "safety_document", d.ID, details)
}

// EditSafetyDocument writes title, cost centre and form of a locked draft. A form
// that says something else than before takes the signatures away.
func (tx *Tx) EditSafetyDocument(ctx context.Context, before, d *fieldops.SafetyDocument) error {
	if err := tx.checkSafetyDocument(ctx, before, d); err != nil {
		return err
	}
	if before.Title != d.Title || !fieldops.SameForm(before.Data, d.Data) {
		if err := tx.dropSignatures(ctx, d); err != nil {
			return err
		}
		if err := tx.dropDraftPage(ctx, d.ID); err != nil {
			return err
		}
	}
	if err := tx.writeSafety(ctx, d); err != nil {
		return err
	}
	return tx.auditSafety(ctx, "update", d, nil)
}

// dropSignatures takes the signatures under a form away that is not what they
// signed.
func (tx *Tx) dropSignatures(ctx context.Context, d *fieldops.SafetyDocument) error {
	_, err := tx.exec(ctx, "delete from safety_document_signatures where document_id = $1 and revision = $2", d.ID, d.Revision)
	return err
}

// dropDraftPage lets the page of a draft go that says something else now.
func (tx *Tx) dropDraftPage(ctx context.Context, id fieldops.ID) error {
	paths, err := collect(ctx, tx.reads, "select f.path from /* deleted too */ safety_documents d join stored_files f on f.id = d.draft_file_id where d.id = $1", []any{id},
		func(rows *sql.Rows, path *string) error { return rows.Scan(path) })
	if err != nil || len(paths) == 0 {
		return err
	}
	if _, err := tx.exec(ctx, "update safety_documents set draft_file_id = null where id = $1", id); err != nil {
		return err
	}
	return tx.ReleaseFiles(ctx, true, paths...)
}

func (tx *Tx) writeSafety(ctx context.Context, d *fieldops.SafetyDocument) error {
	d.UpdatedAt = tx.Now
	_, err := tx.q.ExecContext(ctx, `update safety_documents set cost_center_id = $1, title = $2, data = $3, number = $4, status = $5, revision = $6, completed_by = $7,
		completed_at = $8, approved_by = $9, approved_at = $10, issued_at = $11, words = $12, updated_at = $13 where id = $14`,
		d.CostCenterID, d.Title, string(d.Data), d.Number, d.Status, d.Revision, d.CompletedBy,
		d.CompletedAt, d.ApprovedBy, d.ApprovedAt, d.IssuedAt, safetyWords(d), tx.Now, d.ID)
	if breaksUnique(err, "number") {
		var f fieldops.Faults
		f.Add("data.certificate_number", "Another %s has the number %s. Leave it out, and the program gives the next one.", d.Type.Short(), *d.Number)
		return f.Err("")
	}
	return err
}

// Signatures are what stands under a revision of a document, the first that signed
// in front.
func (r reads) Signatures(ctx context.Context, document fieldops.ID, revision int64) ([]fieldops.Signature, error) {
	return collect(ctx, r, `select s.id, s.revision, s.role, s.name, cast(s.strokes as text), s.signed_by, coalesce(u.name, ''), s.signed_at
		from safety_document_signatures s left join users u on u.id = s.signed_by
		where s.document_id = $1 and s.revision = $2 order by s.signed_at, s.id`, []any{document, revision},
		func(rows *sql.Rows, s *fieldops.Signature) error {
			var strokes string
			if err := rows.Scan(&s.ID, &s.Revision, &s.Role, &s.Name, &strokes, &s.SignedBy, &s.SignedByName, &s.SignedAt); err != nil {
				return err
			}
			return json.Unmarshal([]byte(strokes), &s.Strokes)
		})
}

// maxCrew is how many people sign one document.
const maxCrew = 50

// SignSafetyDocument puts a signature under a locked draft. Its maker's takes the
// place of the one before, and dates the form.
func (tx *Tx) SignSafetyDocument(ctx context.Context, d *fieldops.SafetyDocument, s *fieldops.Signature) error {
	if d.Status != fieldops.SafetyDraft {
		return fieldops.Refuse(fieldops.Conflict, "%s is %s. Reopen it to sign it anew.", d.Name(), d.Status)
	}
	var f fieldops.Faults
	s.Check(&f, "signature")
	f.Require(s.Role != fieldops.CrewRole || d.Type == fieldops.SafetyJSA, "signature.role", "The crew signs job safety analyses only")
	if err := f.Err(""); err != nil {
		return err
	}
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	if s.Role == fieldops.SignerRole {
		if _, err := tx.exec(ctx, "delete from safety_document_signatures where document_id = $1 and revision = $2 and role = 'signer'", d.ID, d.Revision); err != nil {
			return err
		}
		if err := d.SetText(d.Type.SignatureDate(), string(fieldops.DateOf(tx.Now.Time, settings.Timezone))); err != nil {
			return err
		}
	} else {
		signed, err := tx.Signatures(ctx, d.ID, d.Revision)
		if err != nil {
			return err
		}
		if len(signed) >= maxCrew {
			return fieldops.Refuse(fieldops.Conflict, "At most %d people can sign one document", maxCrew)
		}
	}
	strokes, err := json.Marshal(s.Strokes)
	if err != nil {
		return err
	}
	s.ID, s.Revision, s.SignedAt, s.SignedBy, s.SignedByName = fieldops.NewID(), d.Revision, tx.Now, orNull(tx.Actor.UserID), tx.Actor.Name
	if _, err := tx.q.ExecContext(ctx, `insert into safety_document_signatures (id, document_id, revision, role, name, strokes, signed_by, signed_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`, s.ID, d.ID, s.Revision, s.Role, s.Name, string(strokes), s.SignedBy, s.SignedAt); err != nil {
		return err
	}
	if err := tx.dropDraftPage(ctx, d.ID); err != nil {
		return err
	}
	if err := tx.writeSafety(ctx, d); err != nil {
		return err
	}
	return tx.auditSafety(ctx, "sign", d, map[string]any{"role": s.Role, "name": s.Name})
}

// UnsignSafetyDocument takes a signature off a locked draft.
func (tx *Tx) UnsignSafetyDocument(ctx context.Context, d *fieldops.SafetyDocument, signature fieldops.ID) error {
	if d.Status != fieldops.SafetyDraft {
		return fieldops.Refuse(fieldops.Conflict, "%s is %s. Reopen it to sign it anew.", d.Name(), d.Status)
	}
	changed, err := tx.exec(ctx, "delete from safety_document_signatures where id = $1 and document_id = $2 and revision = $3", signature, d.ID, d.Revision)
	if err != nil {
		return err
	}
	if changed == 0 {
		return fieldops.Refuse(fieldops.NotFound, "Signature not found")
	}
	if err := tx.dropDraftPage(ctx, d.ID); err != nil {
		return err
	}
	if err := tx.writeSafety(ctx, d); err != nil {
		return err
	}
	return tx.auditSafety(ctx, "unsign", d, nil)
}

// CompleteSafetyDocument issues a locked draft: it gets its number, unless it has
// one, and its page becomes a job. It says everything that is missing.
func (tx *Tx) CompleteSafetyDocument(ctx context.Context, d *fieldops.SafetyDocument) error {
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	signed, err := tx.Signatures(ctx, d.ID, d.Revision)
	if err != nil {
		return err
	}
	var signers []fieldops.Signature
	for _, s := range signed {
		if s.Role == fieldops.SignerRole {
			signers = append(signers, s)
		}
	}
	contact := settings.CompanyPhone
	if contact == "" {
		contact = settings.CompanyEmail
	}
	if err := d.Complete(fieldops.DateOf(tx.Now.Time, settings.Timezone), contact, signers); err != nil {
		return err
	}
	if err := tx.dropDraftPage(ctx, d.ID); err != nil {
		return err
	}
	d.Status, d.CompletedBy, d.CompletedByName, d.CompletedAt, d.IssuedAt = fieldops.SafetyCompleted, orNull(tx.Actor.UserID), tx.Actor.Name, tx.Now, tx.Now
	if own := d.OwnNumber(); own != "" {
		d.Number = &own
	} else if d.Number == nil {
		// The number comes last of what can refuse: all who complete such a document
		// wait for it.
		number, err := tx.freeNumberOf(ctx, "safety_documents", "number", string(d.Type), d.Type.NumberPrefix(), settings.NumberPadding)
		if err != nil {
			return err
		}
		d.Number = &number
	}
	if d.Type.IsCertificate() {
		if err := d.SetText("certificate_number", *d.Number); err != nil {
			return err
		}
	}
	return tx.stepSafety(ctx, d, "complete", fieldops.SafetyCompleted, nil)
}

// ApproveSafetyDocument notes that somebody of the office has looked at a locked,
// completed document. It is another person than who completed it, where the firm has
// another who may.
func (tx *Tx) ApproveSafetyDocument(ctx context.Context, d *fieldops.SafetyDocument) error {
	if d.Status != fieldops.SafetyCompleted {
		if d.Status == fieldops.SafetyApproved {
			return fieldops.Refuse(fieldops.Conflict, "%s is approved already", d.Name())
		}
		return fieldops.Refuse(fieldops.Conflict, "%s is a draft; complete it before it is approved", d.Name())
	}
	if d.CompletedBy != nil && *d.CompletedBy == tx.Actor.UserID {
		holders, err := tx.Holders(ctx, fieldops.CanEditProjects)
		if err != nil {
			return err
		}
		if len(holders) > 1 {
			return fieldops.Refuse(fieldops.Forbidden, "You have completed %s yourself. Somebody else who may change projects has to approve it.", d.Name())
		}
	}
	d.Status, d.ApprovedBy, d.ApprovedByName, d.ApprovedAt = fieldops.SafetyApproved, orNull(tx.Actor.UserID), tx.Actor.Name, tx.Now
	return tx.stepSafety(ctx, d, "approve", fieldops.SafetyApproved, nil)
}

// ReopenSafetyDocument makes a draft of a locked document again, as its next
// revision. What was issued stays.
func (tx *Tx) ReopenSafetyDocument(ctx context.Context, d *fieldops.SafetyDocument, reason string) error {
	if d.Status == fieldops.SafetyDraft {
		return fieldops.Refuse(fieldops.Conflict, "%s is a draft already", d.Name())
	}
	var f fieldops.Faults
	f.Require(len([]rune(reason)) <= fieldops.MaxHoldReason, "reason", "At most %d characters fit", fieldops.MaxHoldReason)
	if err := f.Err(""); err != nil {
		return err
	}
	d.Status, d.Revision = fieldops.SafetyDraft, d.Revision+1
	d.CompletedBy, d.CompletedByName, d.CompletedAt, d.ApprovedBy, d.ApprovedByName, d.ApprovedAt = nil, "", fieldops.Time{}, nil, "", fieldops.Time{}
	if err := d.SetText(d.Type.SignatureDate(), ""); err != nil {
		return err
	}
	if d.Type.IsCertificate() { // the next revision is issued on its own day
		if err := d.SetText("issue_date", ""); err != nil {
			return err
		}
	}
	return tx.stepSafety(ctx, d, "reopen", fieldops.SafetyReopened, orNull(reason))
}

// stepSafety writes a document and a step of its history down. What is issued gets a
// page.
func (tx *Tx) stepSafety(ctx context.Context, d *fieldops.SafetyDocument, action, event string, reason *string) error {
	if err := tx.writeSafety(ctx, d); err != nil {
		return err
	}
	step := fieldops.NewID()
	var paper *string
	if event != fieldops.SafetyReopened {
		text, err := tx.safetyPaper(ctx, d)
		if err != nil {
			return err
		}
		paper = &text
		if err := tx.Enqueue(ctx, MakeSafetyPage{step}); err != nil {
			return err
		}
	}
	if _, err := tx.q.ExecContext(ctx, `insert into safety_document_revisions (id, document_id, revision, event, reason, paper, user_id, actor, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, step, d.ID, d.Revision, event, reason, paper, orNull(tx.Actor.UserID), tx.Actor.Name, tx.Now); err != nil {
		return err
	}
	return tx.auditSafety(ctx, action, d, map[string]any{"reason": reason})
}

// SafetyPaper is everything that the page of a document says now.
func (r reads) SafetyPaper(ctx context.Context, d *fieldops.SafetyDocument) (fieldops.SafetyPaper, error) {
	paper := fieldops.SafetyPaper{Document: *d, Approver: d.ApprovedByName}
	var client *fieldops.ID
	err := r.q.QueryRowContext(ctx, "select client_id from /* deleted too */ projects where id = $1", d.ProjectID).Scan(&client)
	if err != nil {
		return paper, err
	}
	if client != nil {
		c, err := r.AnyClient(ctx, *client)
		if err != nil {
			return paper, err
		}
		if c.Address != nil {
			paper.ClientAddress = *c.Address
		} else if c.BillingAddress != nil {
			paper.ClientAddress = *c.BillingAddress
		}
	}
	paper.Signatures, err = r.Signatures(ctx, d.ID, d.Revision)
	return paper, err
}

func (tx *Tx) safetyPaper(ctx context.Context, d *fieldops.SafetyDocument) (string, error) {
	paper, err := tx.SafetyPaper(ctx, d)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(paper)
	return string(text), err
}

const revisionColumns = `s.id, s.document_id, s.revision, s.event, s.reason, s.user_id, s.actor, s.created_at, s.file_id, f.path, s.paper is not null`

func scanRevision(rows *sql.Rows, s *fieldops.SafetyRevision) error {
	return rows.Scan(&s.ID, &s.Document, &s.Revision, &s.Event, &s.Reason, &s.UserID, &s.Actor, &s.CreatedAt, &s.FileID, &s.FilePath, &s.HasPage)
}

// SafetyRevisions is the history of a document, newest first. before, unless empty,
// is the step to go on behind.
func (r reads) SafetyRevisions(ctx context.Context, document, after fieldops.ID, limit int) ([]fieldops.SafetyRevision, error) {
	w := &where{}
	w.and("s.document_id = ?", document)
	order := listOrder{[]string{"s.created_at", "s.id"}, true}
	if after != "" {
		if err := r.continueAfter(ctx, "safety_document_revisions s", w, order, after); err != nil {
			return nil, err
		}
	}
	return collect(ctx, r, "select "+revisionColumns+" from safety_document_revisions s left join stored_files f on f.id = s.file_id where "+w.String()+
		order.sql(false)+fmt.Sprintf(" limit %d", limit), w.args, scanRevision)
}

// SafetyRevision is one step in the history of a document, with what its page says.
func (r reads) SafetyRevision(ctx context.Context, id fieldops.ID) (fieldops.SafetyRevision, error) {
	var paper *string
	found, err := collect(ctx, r, "select "+revisionColumns+", cast(s.paper as text) from safety_document_revisions s left join stored_files f on f.id = s.file_id where s.id = $1", []any{id},
		func(rows *sql.Rows, s *fieldops.SafetyRevision) error {
			return rows.Scan(&s.ID, &s.Document, &s.Revision, &s.Event, &s.Reason, &s.UserID, &s.Actor, &s.CreatedAt, &s.FileID, &s.FilePath, &s.HasPage, &paper)
		})
	if err != nil {
		return fieldops.SafetyRevision{}, err
	}
	if len(found) == 0 {
		return fieldops.SafetyRevision{}, fieldops.Refuse(fieldops.NotFound, "Revision not found")
	}
	if paper != nil {
		found[0].Paper = &fieldops.SafetyPaper{}
		if err := json.Unmarshal([]byte(*paper), found[0].Paper); err != nil {
			return fieldops.SafetyRevision{}, fmt.Errorf("the paper of revision %s: %w", id, err)
		}
	}
	return found[0], nil
}

// SafetyPage is the newest step of a document that has, or is to get, a page.
func (r reads) SafetyPage(ctx context.Context, document fieldops.ID, revision int64) (fieldops.ID, error) {
	var id fieldops.ID
	err := r.q.QueryRowContext(ctx, `select id from safety_document_revisions where document_id = $1 and revision = $2 and (paper is not null or file_id is not null)
		order by created_at desc, id desc limit 1`, document, revision).Scan(&id)
	return id, notFound(err, "Revision")
}

// KeepSafetyPage writes down the page of a step, unless somebody was faster. kept is
// false then, and the file is the caller's to take back.
func (tx *Tx) KeepSafetyPage(ctx context.Context, step fieldops.ID, file *fieldops.StoredFile) (kept bool, err error) {
	if err := tx.lockRow(ctx, "safety_document_revisions", step); err != nil {
		return false, notFound(err, "Revision")
	}
	var has *fieldops.ID
	if err := tx.q.QueryRowContext(ctx, "select file_id from safety_document_revisions where id = $1", step).Scan(&has); err != nil || has != nil {
		return false, err
	}
	if err := tx.keepSafetyFile(ctx, step, file); err != nil {
		return false, err
	}
	_, err = tx.exec(ctx, "update safety_document_revisions set file_id = $1 where id = $2", file.ID, step)
	return err == nil, err
}

// keepSafetyFile writes down the page of a step, as a file of the project, too: the
// approved page in the place of the one that was completed. A project in the bin gets
// no more files.
func (tx *Tx) keepSafetyFile(ctx context.Context, step fieldops.ID, file *fieldops.StoredFile) error {
	r, err := tx.SafetyRevision(ctx, step)
	if err != nil {
		return err
	}
	d := &r.Paper.Document
	var live int
	err = tx.q.QueryRowContext(ctx, "select 1 from live_projects where id = $1"+tx.forShare(), d.ProjectID).Scan(&live)
	if errors.Is(err, sql.ErrNoRows) {
		return tx.KeepFile(ctx, file)
	}
	if err != nil {
		return err
	}
	earlier, err := collect(ctx, tx.reads, `select f.id from live_project_files f join safety_document_revisions s on s.file_id = f.file_id
		where s.document_id = $1 and s.revision = $2 order by f.id`, []any{d.ID, r.Revision}, func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return err
	}
	if len(earlier) > 0 {
		if err := tx.KeepFile(ctx, file); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "update project_files set file_id = $1, updated_at = $2 where id = $3", file.ID, tx.Now, earlier[0])
		return err
	}
	return tx.KeepProjectFile(ctx, &fieldops.ProjectFile{ProjectID: &d.ProjectID, Tags: []string{d.Type.Short()}}, file)
}

// PaperOfFormer writes down what the page of a locked document says that the former
// product has issued without one, and returns the step that the page is of.
func (tx *Tx) PaperOfFormer(ctx context.Context, d *fieldops.SafetyDocument) (fieldops.ID, error) {
	paper, err := tx.safetyPaper(ctx, d)
	if err != nil {
		return "", err
	}
	if _, err := tx.exec(ctx, "update safety_document_revisions set paper = $1 where document_id = $2 and event = 'taken_over' and paper is null and file_id is null", paper, d.ID); err != nil {
		return "", err
	}
	return tx.SafetyPage(ctx, d.ID, d.Revision)
}

// KeepDraftPage writes down the page of a locked draft in the place of the one
// before.
func (tx *Tx) KeepDraftPage(ctx context.Context, d *fieldops.SafetyDocument, file *fieldops.StoredFile) error {
	if err := tx.dropDraftPage(ctx, d.ID); err != nil {
		return err
	}
	if err := tx.KeepFile(ctx, file); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, "update safety_documents set draft_file_id = $1 where id = $2", file.ID, d.ID); err != nil {
		return err
	}
	return tx.auditSafety(ctx, "generate_pdf", d, nil)
}

// refuseWhatIsKept refuses to remove certificates for good that the law wants kept.
func (tx *Tx) refuseWhatIsKept(ctx context.Context, d *fieldops.Deletion) error {
	issued, err := collect(ctx, tx.reads, "select "+safetyColumns+" from"+safetyTables+" where d.deletion_id = $1 and d.issued_at is not null order by d.issued_at desc limit 100", []any{d.ID}, scanSafety)
	for i := range issued {
		if err := issued[i].Deletable(tx.Now); err != nil {
			return err
		}
	}
	return err
}

// safetyPagesOf are the addresses of the pages of a deletion's safety documents.
func (tx *Tx) safetyPagesOf(ctx context.Context, d *fieldops.Deletion) ([]string, error) {
	return collect(ctx, tx.reads, `select f.path from /* deleted too */ safety_documents d join safety_document_revisions s on s.document_id = d.id join stored_files f on f.id = s.file_id where d.deletion_id = $1
		union select f.path from /* deleted too */ safety_documents d join stored_files f on f.id = d.draft_file_id where d.deletion_id = $1`, []any{d.ID},
		func(rows *sql.Rows, path *string) error { return rows.Scan(path) })
}

// maxCertificates is how many certificates one mail brings along.
const maxCertificates = 20

// InvoiceCertificates are the approved certificates, with a page, of the projects that
// an invoice is about.
func (r reads) InvoiceCertificates(ctx context.Context, invoice fieldops.ID) ([]fieldops.SafetyDocument, error) {
	found, err := collect(ctx, r, "select "+safetyColumns+" from"+safetyTables+` where d.deleted_at is null and d.status = 'approved' and d.document_type <> 'jsa' and f.id is not null
		and d.project_id in (select project_id from live_invoices where id = $1 union select project_id from live_timesheets where invoice_id = $1)
		order by d.created_at, d.id limit `+strconv.Itoa(maxCertificates), []any{invoice}, scanSafety)
	return found, err
}
