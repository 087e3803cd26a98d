package api

import (
	"errors"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// scanAnswer is a scan as it is answered. extracted_data is for existing clients; what
// a person has put right stands in it, too.
type scanAnswer struct {
	ID               fieldops.ID         `json:"id"`
	FileID           *fieldops.ID        `json:"file_id" doc:"The file of the project, where the scan has one"`
	ProjectID        *fieldops.ID        `json:"project_id"`
	ProjectCode      *string             `json:"project_code"`
	ProjectName      *string             `json:"project_name"`
	CostCenterID     *fieldops.ID        `json:"cost_center_id"`
	UserID           *fieldops.ID        `json:"user_id"`
	UserName         string              `json:"user_name"`
	Status           string              `json:"status" enum:"pending,processing,completed,failed"`
	DocumentType     string              `json:"document_type" enum:"receipt,invoice,purchase_order,bill,expense,unknown"`
	ExtractedData    *extractedData      `json:"extracted_data"`
	Confidence       *float64            `json:"confidence" doc:"Of the reading, from 0 to 1"`
	ErrorMessage     *string             `json:"error_message"`
	XeroAttachmentID *string             `json:"xero_attachment_id"`
	FileName         string              `json:"file_name"`
	FilePath         string              `json:"file_path" doc:"The address of what is shown of it"`
	PreviewURL       string              `json:"preview_url" doc:"A small picture; empty where there is none"`
	MimeType         string              `json:"mime_type"`
	FileSize         int64               `json:"file_size" doc:"Bytes"`
	SHA256           string              `json:"sha256" doc:"Of the bytes as they came, in hexadecimal digits"`
	Width            int64               `json:"width"`
	Height           int64               `json:"height"`
	Missing          bool                `json:"missing,omitempty" doc:"Its bytes were not found where they should be"`
	Fields           fieldops.ScanFields `json:"fields" doc:"What it says, as it stands"`
	SupplierName     *string             `json:"supplier_name" doc:"Of the supplier among the clients"`
	Checked          bool                `json:"checked" doc:"A person has put the fields right"`
	FiledKind        *string             `json:"filed_kind" enum:"bill,expense"`
	FiledID          *fieldops.ID        `json:"filed_id" doc:"The bill or expense that it has become"`
	FiledNumber      *string             `json:"filed_number"`
	ProcessedAt      fieldops.Time       `json:"processed_at"`
	CreatedAt        fieldops.Time       `json:"created_at"`
	UpdatedAt        fieldops.Time       `json:"updated_at"`
}

type extractedData struct {
	DocumentNumber string              `json:"document_number"`
	Date           fieldops.Date       `json:"date"`
	Amount         *fieldops.Cents     `json:"amount"`
	TotalAmount    *fieldops.Cents     `json:"total_amount"`
	TaxAmount      *fieldops.Cents     `json:"tax_amount"`
	VendorName     string              `json:"vendor_name"`
	VendorAddress  *string             `json:"vendor_address"`
	LineItems      []fieldops.ScanLine `json:"line_items"`
}

// scanDetail is a scan with what was found in its text, and where.
type scanDetail struct {
	scanAnswer
	RawText    string               `json:"raw_text"`
	Reading    fieldops.ScanReading `json:"reading" doc:"What was found in the text, with how sure that is and where it stands"`
	Duplicates []store.ScanTwin     `json:"duplicates" doc:"Scans of what may be the same paper"`
	Confirmed  []matchAnswer        `json:"confirmed_matches"`
}

func showScan(s *fieldops.Scan) scanAnswer {
	if s.Fields.Lines == nil {
		s.Fields.Lines = []fieldops.ScanLine{}
	}
	answer := scanAnswer{
		ID: s.ID, FileID: s.ProjectFileID, ProjectID: s.ProjectID, ProjectCode: text(&s.ProjectCode), ProjectName: text(&s.ProjectName), CostCenterID: s.CostCenterID,
		UserID: s.UserID, UserName: s.UserName, Status: s.Status, DocumentType: s.Fields.Paper, ErrorMessage: text(&s.Error),
		FileName: s.FileName, FilePath: s.File.Path, MimeType: s.File.ContentType, FileSize: s.File.Size, SHA256: s.File.SHA256, Width: s.File.Width, Height: s.File.Height,
		Missing: !s.File.MissingSince.IsZero(), Fields: s.Fields, SupplierName: text(&s.SupplierName), Checked: s.CheckedBy != nil,
		FiledID: s.FiledID, FiledNumber: text(&s.FiledNumber), ProcessedAt: s.ProcessedAt, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
	if s.File.PreviewState != fieldops.PreviewNone {
		answer.PreviewURL = s.File.Path + "?preview"
	}
	if kind := string(s.FiledKind); kind != "" {
		answer.FiledKind = &kind
	}
	if s.Confidence > 0 {
		sure := float64(s.Confidence) / 100
		answer.Confidence = &sure
	}
	if v := &s.Fields; s.Status == fieldops.ScanCompleted || s.CheckedBy != nil {
		answer.ExtractedData = &extractedData{v.Number, v.Date, v.Total, v.Total, v.Tax, v.Vendor, nil, v.Lines}
	}
	return answer
}

// seesScan hides other people's scans from who may see no money.
func (r *request) seesScan(s *fieldops.Scan) error {
	if r.seesMoney() || s.UserID != nil && *s.UserID == r.User.ID {
		return nil
	}
	return fieldops.Refuse(fieldops.NotFound, "Document scan not found")
}

// changesScan lets those change every scan that they see who keep the firm's papers,
// and everybody else their own.
func (r *request) changesScan(s *fieldops.Scan) error {
	if err := r.seesScan(s); err != nil {
		return err
	}
	if s.UserID != nil && *s.UserID == r.User.ID || r.User.May(fieldops.CanEditProjects) || r.User.May(fieldops.CanCreateInvoices) {
		return nil
	}
	return fieldops.Refuse(fieldops.Forbidden, "Permission denied")
}

func (a *api) scanReading(*request, *nothing) (paperwork.Reading, error) {
	return a.Files.Reading(), nil
}

type listScansInput struct {
	ProjectID    fieldops.ID `query:"project_id" format:"uuid"`
	Status       string      `query:"status" enum:"pending,processing,completed,failed"`
	DocumentType string      `query:"document_type" enum:"receipt,invoice,purchase_order,bill,expense,unknown"`
	Open         bool        `query:"open" doc:"Only those of which nothing has become yet"`
	Search       string      `query:"search" doc:"Words of the file's or the supplier's name, a number, or the project"`
	timeQuery
}

func (a *api) listScans(r *request, in *listScansInput) ([]scanAnswer, error) {
	limit, at, id, err := in.place()
	if err != nil {
		return nil, err
	}
	filter := store.ScanFilter{
		ProjectID: in.ProjectID, Status: in.Status, Paper: in.DocumentType, Open: in.Open, Search: in.Search, Limit: limit, AfterTime: at, AfterID: id,
	}
	if !r.seesMoney() {
		filter.UserID = r.User.ID
	}
	scans, err := a.DB.Scans(r.Context(), filter)
	answer := make([]scanAnswer, len(scans))
	for i := range scans {
		answer[i] = showScan(&scans[i])
	}
	if n := len(scans); n == limit {
		r.linkBehind(scans[n-1].CreatedAt, scans[n-1].ID)
	}
	return answer, err
}

func (a *api) getScan(r *request, in *byID) (scanDetail, error) {
	s, err := a.DB.Scan(r.Context(), in.ID)
	if err != nil {
		return scanDetail{}, err
	}
	if err := r.seesScan(&s); err != nil {
		return scanDetail{}, err
	}
	return a.scanDetail(r, &s)
}

func (a *api) scanDetail(r *request, s *fieldops.Scan) (scanDetail, error) {
	twins, err := a.DB.ScanTwins(r.Context(), s)
	if err != nil {
		return scanDetail{}, err
	}
	confirmed := []fieldops.ScanMatch{}
	if r.seesMoney() {
		if confirmed, err = a.DB.ScanMatches(r.Context(), s.ID, true); err != nil {
			return scanDetail{}, err
		}
	}
	r.Header.Set("ETag", etag(s.UpdatedAt))
	if s.Read.Lines == nil {
		s.Read.Lines = []fieldops.ScanLine{}
	}
	return scanDetail{showScan(s), s.Text, s.Read, twins, showMatches(confirmed)}, nil
}

// scanInput is what a person says of a scan, as JSON or as the fields of a form.
type scanInput struct {
	ProjectID    Optional[*string] `json:"project_id,omitempty"`
	CostCenterID Optional[*string] `json:"cost_center_id,omitempty"`
}

type newScanAnswer struct {
	Scan scanAnswer `json:"scan"`
	File any        `json:"file" doc:"The file of the project, where the scan has one; else the receipt of the upload"`
}

// uploadScan takes a scan in for a project, as existing clients do.
func (a *api) uploadScan(w http.ResponseWriter, r *request) error {
	return a.takeScan(w, r, "POST /api/document-scan/upload", true)
}

// createScan takes a scan in, with a project or without.
func (a *api) createScan(w http.ResponseWriter, r *request) error {
	return a.takeScan(w, r, "POST /api/document-scan", false)
}

func (a *api) takeScan(w http.ResponseWriter, r *request, route string, ofProject bool) error {
	return a.takeFile(w, r, paperwork.UseScan, route, func(r *request, form *fileForm) (any, error) {
		var in scanInput
		var f fieldops.Faults
		decodeObject(form.fields, reflect.ValueOf(&in).Elem(), "", &f)
		s := fieldops.Scan{ID: fieldops.NewID()}
		s.ProjectID = idOf(in.ProjectID.Value, "project_id", &f)
		s.CostCenterID = idOf(in.CostCenterID.Value, "cost_center_id", &f)
		f.Require(len(f) > 0 || !ofProject || s.ProjectID != nil, "project_id", "Project ID is required")
		if err := f.Err(""); err != nil {
			return nil, errors.Join(err, form.discard())
		}
		if s.ProjectID != nil && !r.seesMoney() {
			if err := r.worksOn(a.DB, s.ProjectID); err != nil {
				return nil, errors.Join(err, form.discard())
			}
		}
		var answer newScanAnswer
		owner := paperwork.Owner{Kind: fieldops.RecordDocumentScan, Record: s.ID, User: &r.User.ID}
		err := a.keepArrival(r, form, owner, func(tx *store.Tx, stored *fieldops.StoredFile) error {
			if err := tx.InsertScan(r.Context(), &s, stored); err != nil {
				return err
			}
			answer = newScanAnswer{showScan(&s), stored.Receipt()}
			if s.ProjectFileID != nil {
				file, err := tx.ProjectFile(r.Context(), *s.ProjectFileID)
				if err != nil {
					return err
				}
				answer.File = file
			}
			return r.keep(tx, answer)
		})
		return answer, err
	})
}

type updateScanInput struct {
	byID
	Body struct {
		DocumentType   Optional[string]              `json:"document_type,omitempty"`
		SupplierID     Optional[*string]             `json:"supplier_id,omitempty"`
		VendorName     Optional[*string]             `json:"vendor_name,omitempty"`
		DocumentNumber Optional[*string]             `json:"document_number,omitempty"`
		Date           Optional[fieldops.Date]       `json:"date,omitempty"`
		DueDate        Optional[fieldops.Date]       `json:"due_date,omitempty"`
		TotalAmount    Optional[*fieldops.Cents]     `json:"total_amount,omitempty" doc:"With tax"`
		TaxAmount      Optional[*fieldops.Cents]     `json:"tax_amount,omitempty"`
		PONumber       Optional[*string]             `json:"po_number,omitempty"`
		LineItems      Optional[[]fieldops.ScanLine] `json:"line_items,omitempty"`
		ProjectID      Optional[*string]             `json:"project_id,omitempty"`
		CostCenterID   Optional[*string]             `json:"cost_center_id,omitempty"`
	}
}

// updateScan puts the fields of a scan right, also of one whose text could not be read.
func (a *api) updateScan(r *request, in *updateScanInput) (scanDetail, error) {
	if reflect.ValueOf(in.Body).IsZero() {
		return scanDetail{}, errNoUpdates()
	}
	ctx := r.Context()
	var s fieldops.Scan
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) (err error) {
		if s, err = tx.LockScan(ctx, in.ID); err != nil {
			return err
		}
		if err := r.changesScan(&s); err != nil {
			return err
		}
		if err := r.ifMatch(s.UpdatedAt); err != nil {
			return err
		}
		b, v := &in.Body, &s.Fields
		var f fieldops.Faults
		b.DocumentType.into(&v.Paper)
		idInto(b.SupplierID, &v.SupplierID, "supplier_id", &f)
		stringInto(b.VendorName, &v.Vendor)
		stringInto(b.DocumentNumber, &v.Number)
		stringInto(b.PONumber, &v.OrderNumber)
		b.Date.into(&v.Date)
		b.DueDate.into(&v.DueDate)
		b.TotalAmount.into(&v.Total)
		b.TaxAmount.into(&v.Tax)
		b.LineItems.into(&v.Lines)
		idInto(b.ProjectID, &s.ProjectID, "project_id", &f)
		idInto(b.CostCenterID, &s.CostCenterID, "cost_center_id", &f)
		if err := f.Err(""); err != nil {
			return err
		}
		if err := tx.UpdateScan(ctx, &s); err != nil {
			return err
		}
		s, err = tx.Scan(ctx, s.ID)
		return err
	})
	if err != nil {
		return scanDetail{}, err
	}
	return a.scanDetail(r, &s)
}

// retryScan has the text of a scan read again.
func (a *api) retryScan(r *request, in *byID) (scanAnswer, error) {
	ctx := r.Context()
	var s fieldops.Scan
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		before, err := tx.LockScan(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := r.changesScan(&before); err != nil {
			return err
		}
		s, err = tx.RetryScan(ctx, in.ID)
		return err
	})
	return showScan(&s), err
}

// deleteScan hides a scan. What has become of it keeps the file.
func (a *api) deleteScan(r *request, in *byID) (answer deletedRecord, err error) {
	ctx := r.Context()
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		s, err := tx.LockScan(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := r.changesScan(&s); err != nil {
			return err
		}
		d, err := tx.Delete(ctx, fieldops.RecordDocumentScan, s.ID)
		answer = deletedRecord{"Document scan deleted", d.ID, d.Counts}
		return err
	})
	return answer, err
}

type matchAnswer struct {
	ID              fieldops.ID         `json:"id"`
	ScanID          fieldops.ID         `json:"scan_id"`
	EntityType      fieldops.RecordKind `json:"entity_type" enum:"purchase_order,invoice,bill,expense"`
	EntityID        fieldops.ID         `json:"entity_id"`
	EntityName      string              `json:"entity_name"`
	EntityAmount    fieldops.Cents      `json:"entity_amount"`
	EntityDate      fieldops.Date       `json:"entity_date"`
	EntityStatus    string              `json:"entity_status"`
	ConfidenceScore float64             `json:"confidence_score" doc:"From 0 to 1"`
	MatchReasons    []string            `json:"match_reasons"`
	Confirmed       bool                `json:"confirmed"`
	ConfirmedBy     *fieldops.ID        `json:"confirmed_by"`
	ConfirmedAt     fieldops.Time       `json:"confirmed_at"`
	CreatedAt       fieldops.Time       `json:"created_at"`
}

func showMatches(matches []fieldops.ScanMatch) []matchAnswer {
	answer := make([]matchAnswer, len(matches))
	for i, m := range matches {
		answer[i] = matchAnswer{
			m.ID, m.ScanID, m.Kind, m.EntityID, m.Name, m.Amount, m.Date, m.Status, float64(m.Score) / 100, m.Reasons, m.Confirmed, m.ConfirmedBy, m.ConfirmedAt, m.CreatedAt,
		}
	}
	return answer
}

// scanMatches are the records that a scan may belong to, at most five, the likeliest
// first.
func (a *api) scanMatches(r *request, in *byID) ([]matchAnswer, error) {
	if _, err := a.DB.Scan(r.Context(), in.ID); err != nil {
		return nil, err
	}
	matches, err := a.DB.ScanMatches(r.Context(), in.ID, false)
	return showMatches(matches), err
}

// findMatches looks anew for the records that a scan may belong to: one that was
// written down since the scan was read, say.
func (a *api) findMatches(r *request, in *byID) ([]matchAnswer, error) {
	ctx := r.Context()
	var matches []fieldops.ScanMatch
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		s, err := tx.LockScan(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := tx.FindMatches(ctx, &s); err != nil {
			return err
		}
		matches, err = tx.ScanMatches(ctx, in.ID, false)
		return err
	})
	return showMatches(matches), err
}

type matchInput struct {
	byID
	Match fieldops.ID `path:"match" format:"uuid"`
}

type confirmedAnswer struct {
	Success bool        `json:"success"`
	Message string      `json:"message"`
	Match   matchAnswer `json:"match"`
}

// confirmMatch puts a scan to a record that was proposed, with its file.
func (a *api) confirmMatch(r *request, in *matchInput) (answer confirmedAnswer, err error) {
	ctx := r.Context()
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		m, err := tx.ConfirmMatch(ctx, in.ID, in.Match)
		answer = confirmedAnswer{true, "Match confirmed", showMatches([]fieldops.ScanMatch{m})[0]}
		return err
	})
	return answer, err
}

type rejectedAnswer struct {
	Success  bool   `json:"success"`
	Message  string `json:"message"`
	Rejected int64  `json:"rejected"`
}

func (a *api) rejectMatches(r *request, in *byID) (rejectedAnswer, error) {
	return a.reject(r, in.ID, "")
}

func (a *api) rejectMatch(r *request, in *matchInput) (rejectedAnswer, error) {
	return a.reject(r, in.ID, in.Match)
}

func (a *api) reject(r *request, scan, match fieldops.ID) (rejectedAnswer, error) {
	ctx := r.Context()
	var n int64
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) (err error) {
		n, err = tx.RejectMatches(ctx, scan, match)
		return err
	})
	return rejectedAnswer{true, "Matches rejected", n}, err
}

// scanToFile refuses the wish to make a document of a scan that the person does not
// see.
func (a *api) scanToFile(r *request, id *fieldops.ID) error {
	if id == nil || *id == "" {
		return nil
	}
	refusal := fieldops.Faults{{Field: "scanned_document_id", Message: "Document scan does not exist"}}.Err("")
	if parsed, ok := fieldops.ParseID(*id); ok {
		*id = parsed
	} else {
		return refusal
	}
	s, err := a.DB.Scan(r.Context(), *id)
	if fieldops.KindOf(err) == fieldops.NotFound {
		return refusal
	}
	if err != nil {
		return err
	}
	if r.seesScan(&s) != nil {
		return refusal
	}
	return nil
}

func documentScan(registry huma.Registry, op *huma.Operation) {
	op.RequestBody = fileBody(registry.Schema(reflect.TypeFor[scanInput](), true, "ScanInput"), "scan", "A JPEG, PNG, WebP or TIFF image or a PDF file, at most 10 MB")
}

// fileBody is a body that brings one file by a form, or names the upload that has.
func fileBody(fields *huma.Schema, purpose, says string) *huma.RequestBody {
	upload := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"upload_id": {Type: huma.TypeString, Format: "uuid", Description: "A complete upload of /api/uploads, with the purpose " + purpose}}}
	file := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": {Type: huma.TypeString, Format: "binary", Description: says}}}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json":    {Schema: &huma.Schema{AllOf: []*huma.Schema{fields, upload}}},
		"multipart/form-data": {Schema: &huma.Schema{AllOf: []*huma.Schema{fields, file, upload}}},
	}}
}
