package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
)

// ReadScan is the job that reads the text of a scan. What an older run of it finds is
// thrown away.
type ReadScan struct {
	Scan fieldops.ID `json:"scan"`
	Run  int64       `json:"run"`
}

// Kind is the job's name.
func (ReadScan) Kind() string { return "read_scan" }

// Queue keeps what takes long apart from what people wait for.
func (ReadScan) Queue() string { return job.ScanQueue }

const scanColumns = `s.id, s.file_id, s.project_file_id, s.project_id, s.cost_center_id, s.user_id, s.status, s.run, coalesce(s.raw_text, ''), coalesce(s.confidence, 0),
	coalesce(s.error_message, ''), cast(s.reading as text), s.document_type, s.supplier_id, coalesce(s.vendor_name, ''), coalesce(s.document_number, ''),
	s.document_date, s.due_date, s.total_cents, s.tax_cents, coalesce(s.po_number, ''), cast(s.line_items as text), s.checked_by,
	coalesce(s.filed_kind, ''), s.filed_id, s.processed_at, s.created_at, s.updated_at, s.deleted_at,
	f.path, f.file_name, f.extension, f.content_type, coalesce(f.size, 0), coalesce(f.sha256, ''), coalesce(f.width, 0), coalesce(f.height, 0), f.preview_state, f.missing_since,
	coalesce(u.name, ''), coalesce(p.code, ''), coalesce(p.name, ''), coalesce(c.name, ''), coalesce(b.bill_number, e.description, '')`

const scanTables = ` live_document_scans s
	join stored_files f on f.id = s.file_id
	left join users u on u.id = s.user_id
	left join /* deleted too */ projects p on p.id = s.project_id
	left join /* deleted too */ clients c on c.id = s.supplier_id
	left join live_bills b on s.filed_kind = 'bill' and b.id = s.filed_id
	left join live_expenses e on s.filed_kind = 'expense' and e.id = s.filed_id`

func scanScan(rows *sql.Rows, s *fieldops.Scan) error {
	var reading *string
	var lines string
	v := &s.Fields
	if err := rows.Scan(&s.ID, &s.FileID, &s.ProjectFileID, &s.ProjectID, &s.CostCenterID, &s.UserID, &s.Status, &s.Run, &s.Text, &s.Confidence,
		&s.Error, &reading, &v.Paper, &v.SupplierID, &v.Vendor, &v.Number,
		&v.Date, &v.DueDate, &v.Total, &v.Tax, &v.OrderNumber, &lines, &s.CheckedBy,
		&s.FiledKind, &s.FiledID, &s.ProcessedAt, &s.CreatedAt, &s.UpdatedAt, &s.DeletedAt,
		&s.File.Path, &s.File.Name, &s.File.Extension, &s.File.ContentType, &s.File.Size, &s.File.SHA256, &s.File.Width, &s.File.Height, &s.File.PreviewState, &s.File.MissingSince,
		&s.UserName, &s.ProjectCode, &s.ProjectName, &s.SupplierName, &s.FiledNumber); err != nil {
		return err
	}
	s.File.ID, s.FileName = s.FileID, s.File.Name
	if reading != nil {
		if err := json.Unmarshal([]byte(*reading), &s.Read); err != nil {
			return fmt.Errorf("the reading of scan %s: %w", s.ID, err)
		}
	}
	return json.Unmarshal([]byte(lines), &v.Lines)
}

// ScanFilter chooses scans. Zero values choose everything.
type ScanFilter struct {
	UserID    fieldops.ID
	ProjectID fieldops.ID
	Status    string
	Paper     string
	Open      bool   // of which nothing has become yet
	Search    string // every word somewhere in the name of file or supplier, or a number
	Limit     int
	// AfterTime and AfterID continue a list behind its last row.
	AfterTime fieldops.Time
	AfterID   fieldops.ID
}

// Scans lists scans, newest first.
func (r reads) Scans(ctx context.Context, f ScanFilter) ([]fieldops.Scan, error) {
	w := &where{}
	for _, c := range []struct{ condition, value string }{
		{"s.user_id = ?", f.UserID}, {"s.project_id = ?", f.ProjectID}, {"s.status = ?", f.Status}, {"s.document_type = ?", f.Paper},
	} {
		if c.value != "" {
			w.and(c.condition, c.value)
		}
	}
	if f.Open {
		w.and("b.id is null and e.id is null")
	}
	w.andSomewhere(f.Search, "s.words", "p.search_folded")
	if f.AfterID != "" {
		w.and("(s.created_at, s.id) < (?, ?)", f.AfterTime, f.AfterID)
	}
	return collect(ctx, r, "select "+scanColumns+" from"+scanTables+" where "+w.String()+
		fmt.Sprintf(" order by s.created_at desc, s.id desc limit %d", f.Limit), w.args, scanScan)
}

// Scan is one scan. A deleted one is not found.
func (r reads) Scan(ctx context.Context, id fieldops.ID) (fieldops.Scan, error) {
	found, err := collect(ctx, r, "select "+scanColumns+" from"+scanTables+" where s.id = $1", []any{id}, scanScan)
	if err != nil {
		return fieldops.Scan{}, err
	}
	if len(found) == 0 {
		return fieldops.Scan{}, fieldops.Refuse(fieldops.NotFound, "Document scan not found")
	}
	return found[0], nil
}

// LockScan reads a scan to change it.
func (tx *Tx) LockScan(ctx context.Context, id fieldops.ID) (fieldops.Scan, error) {
	if err := tx.lockRow(ctx, "document_scans", id); err != nil {
		return fieldops.Scan{}, notFound(err, "Document scan")
	}
	return tx.Scan(ctx, id)
}

// ScanContext is what the firm knows that helps to understand a paper.
func (r reads) ScanContext(ctx context.Context, now fieldops.Time) (fieldops.ScanContext, error) {
	settings, err := r.Settings(ctx)
	if err != nil {
		return fieldops.ScanContext{}, err
	}
	about := fieldops.ScanContext{
		Today: fieldops.DateOf(now.Time, settings.Timezone), Firm: settings.CompanyName, TaxRate: settings.PurchaseTax,
		Orders: settings.OrderPrefix, Invoices: settings.InvoicePrefix,
	}
	about.Suppliers, err = collect(ctx, r, "select id, name from live_clients where client_type in ('supplier','both') order by id", nil,
		func(rows *sql.Rows, s *fieldops.ScanSupplier) error { return rows.Scan(&s.ID, &s.Name) })
	return about, err
}

// InsertScan writes down a scan whose bytes lie in their place already, and has its
// text read by a job. With a project its file is one of the project's, too. ID is set
// here unless it is given; status and times are.
func (tx *Tx) InsertScan(ctx context.Context, s *fieldops.Scan, stored *fieldops.StoredFile) error {
	if s.ID == "" {
		s.ID = fieldops.NewID()
	}
	if s.ProjectID != nil {
		file := fieldops.ProjectFile{ProjectID: s.ProjectID, CostCenterID: s.CostCenterID, Tags: []string{}}
		if err := tx.KeepProjectFile(ctx, &file, stored); err != nil {
			return err
		}
		s.ProjectFileID = &file.ID
	} else {
		if s.CostCenterID != nil {
			missing, err := tx.MissingCostCenters(ctx, []fieldops.ID{*s.CostCenterID})
			if err != nil {
				return err
			}
			if missing[*s.CostCenterID] {
				return fieldops.Faults{{Field: "cost_center_id", Message: "Cost center does not exist"}}.Err("")
			}
		}
		if err := tx.KeepFile(ctx, stored); err != nil {
			return err
		}
	}
	s.FileID, s.FileName, s.UserID, s.Status, s.Run = stored.ID, stored.Name, stored.UploadedBy, fieldops.ScanPending, 1
	if _, err := tx.q.ExecContext(ctx, `insert into document_scans (id, file_id, project_file_id, project_id, cost_center_id, user_id, status, words, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`, s.ID, s.FileID, s.ProjectFileID, s.ProjectID, s.CostCenterID, s.UserID, s.Status, scanWords(s), tx.Now); err != nil {
		return err
	}
	if err := tx.Enqueue(ctx, ReadScan{s.ID, s.Run}); err != nil {
		return err
	}
	if err := tx.audit(ctx, "scan_document", "document_scan", s.ID, map[string]any{"file_name": stored.Name, "project_id": s.ProjectID, "cost_center_id": s.CostCenterID, "sha256": stored.SHA256}); err != nil {
		return err
	}
	var err error
	*s, err = tx.Scan(ctx, s.ID)
	return err
}

// scanWords are the text by which a scan is found.
func scanWords(s *fieldops.Scan) string {
	return foldAll(&s.FileName, &s.Fields.Vendor, &s.Fields.Number, &s.Fields.OrderNumber)
}

// ChangedScan is a scan that stands otherwise than before, for those who watch.
type ChangedScan struct {
	ID     fieldops.ID  `json:"id"`
	UserID *fieldops.ID `json:"user_id,omitempty"` // who uploaded it
	Status string       `json:"status"`
}

// WatchScans has told called, after the commit, for every scan whose reading has
// begun or ended in this process. It must be set before the first change.
func (db *DB) WatchScans(told func(ChangedScan)) { db.watchScans = told }

func (tx *Tx) scanChanged(s *fieldops.Scan, status string) {
	if tx.watchScans != nil {
		tx.AfterCommit(func() { tx.watchScans(ChangedScan{s.ID, s.UserID, status}) })
	}
}

// BeginReading notes that the text of a scan is being read. It returns false for a
// run that is over or that a newer one has taken the place of. One that a dead process
// has begun is begun again.
func (tx *Tx) BeginReading(ctx context.Context, id fieldops.ID, run int64) (s fieldops.Scan, begun bool, err error) {
	if s, err = tx.LockScan(ctx, id); err != nil || s.Run != run || s.Status != fieldops.ScanPending && s.Status != fieldops.ScanProcessing {
		if fieldops.KindOf(err) == fieldops.NotFound {
			err = nil // deleted meanwhile
		}
		return s, false, err
	}
	s.Status = fieldops.ScanProcessing
	tx.scanChanged(&s, s.Status)
	_, err = tx.q.ExecContext(ctx, "update document_scans set status = $1 where id = $2", s.Status, id)
	return s, true, err
}

// KeepReading writes down what was found in the text of a scan, unless a newer run has
// begun meanwhile. What a person has put right stays as they have put it.
func (tx *Tx) KeepReading(ctx context.Context, id fieldops.ID, run int64, text string, confidence int, reading fieldops.ScanReading) error {
	s, err := tx.reading(ctx, id, run)
	if err != nil || s == nil {
		return err
	}
	s.Status, s.Error, s.Text, s.Confidence, s.Read, s.ProcessedAt = fieldops.ScanCompleted, "", text, confidence, reading, tx.Now
	if s.CheckedBy == nil {
		s.Fields = reading.Propose()
		if s.Fields.Check() != nil { // nobody could save it
			s.Fields.Lines, s.Fields.Tax = nil, nil
		}
	}
	if err := tx.writeScan(ctx, s); err != nil {
		return err
	}
	if err := tx.FindMatches(ctx, s); err != nil {
		return err
	}
	tx.scanChanged(s, s.Status)
	return tx.audit(ctx, "read", "document_scan", id, map[string]any{"status": s.Status, "confidence": confidence, "document_type": s.Fields.Paper})
}

// FailReading writes down, for people, why the text of a scan could not be read, unless
// a newer run has begun meanwhile.
func (tx *Tx) FailReading(ctx context.Context, id fieldops.ID, run int64, reason string) error {
	s, err := tx.reading(ctx, id, run)
	if err != nil || s == nil {
		return err
	}
	s.Status, s.Error, s.ProcessedAt = fieldops.ScanFailed, reason, tx.Now
	if err := tx.writeScan(ctx, s); err != nil {
		return err
	}
	tx.scanChanged(s, s.Status)
	return tx.audit(ctx, "read", "document_scan", id, map[string]any{"status": s.Status, "error": reason})
}

// reading is the scan of a run that is under way; nil when it is not any more.
func (tx *Tx) reading(ctx context.Context, id fieldops.ID, run int64) (*fieldops.Scan, error) {
	s, err := tx.LockScan(ctx, id)
	if fieldops.KindOf(err) == fieldops.NotFound || err == nil && (s.Run != run || s.Status != fieldops.ScanProcessing) {
		return nil, nil
	}
	return &s, err
}

// writeScan writes everything of a locked scan that can change but its file, its
// owner, and what became of it.
func (tx *Tx) writeScan(ctx context.Context, s *fieldops.Scan) error {
	lines, err := s.Fields.MarshalLines()
	if err != nil {
		return err
	}
	reading, err := json.Marshal(s.Read)
	if err != nil {
		return err
	}
	v := &s.Fields
	s.UpdatedAt = tx.Now
	_, err = tx.q.ExecContext(ctx, `update document_scans set status = $1, run = $2, raw_text = $3, confidence = $4, error_message = $5, reading = $6, document_type = $7,
		supplier_id = $8, vendor_name = $9, document_number = $10, document_date = $11, due_date = $12, total_cents = $13, tax_cents = $14, po_number = $15,
		line_items = $16, words = $17, checked_by = $18, processed_at = $19, updated_at = $20, project_id = $21, cost_center_id = $22 where id = $23`,
		s.Status, s.Run, orNull(s.Text), s.Confidence, orNull(s.Error), string(reading), v.Paper,
		v.SupplierID, orNull(v.Vendor), orNull(v.Number), v.Date, v.DueDate, (*int64)(v.Total), (*int64)(v.Tax), orNull(v.OrderNumber),
		lines, scanWords(s), s.CheckedBy, s.ProcessedAt, tx.Now, s.ProjectID, s.CostCenterID, s.ID)
	return err
}

// RetryScan has the text of a scan read again.
func (tx *Tx) RetryScan(ctx context.Context, id fieldops.ID) (fieldops.Scan, error) {
	s, err := tx.LockScan(ctx, id)
	if err != nil {
		return s, err
	}
	s.Run, s.Status, s.Error = s.Run+1, fieldops.ScanPending, ""
	if err := tx.writeScan(ctx, &s); err != nil {
		return s, err
	}
	if err := tx.Enqueue(ctx, ReadScan{s.ID, s.Run}); err != nil {
		return s, err
	}
	tx.scanChanged(&s, s.Status)
	return s, tx.audit(ctx, "retry", "document_scan", s.ID, map[string]any{"run": s.Run})
}

// UpdateScan writes the fields of a locked scan as a person has put them, and looks
// anew for what it may belong to.
func (tx *Tx) UpdateScan(ctx context.Context, s *fieldops.Scan) error {
	var f fieldops.Faults
	if err := s.Fields.Check(); err != nil {
		broken, ok := errors.AsType[*fieldops.Error](err)
		if !ok {
			return err
		}
		f = append(f, broken.Faults...)
	}
	if err := errors.Join(
		tx.stands(ctx, &f, "supplier_id", "Supplier", "live_clients", s.Fields.SupplierID, nil),
		tx.stands(ctx, &f, "project_id", "Project", "live_projects", s.ProjectID, nil),
		tx.stands(ctx, &f, "cost_center_id", "Cost center", "live_cost_centers", s.CostCenterID, nil),
	); err != nil {
		return err
	}
	if err := f.Err(""); err != nil {
		return err
	}
	s.CheckedBy = orNull(tx.Actor.UserID)
	if err := tx.writeScan(ctx, s); err != nil {
		return err
	}
	if err := tx.FindMatches(ctx, s); err != nil {
		return err
	}
	v := &s.Fields
	return tx.audit(ctx, "update", "document_scan", s.ID, map[string]any{
		"document_type": v.Paper, "supplier_id": v.SupplierID, "vendor_name": v.Vendor, "document_number": v.Number, "date": v.Date, "due_date": v.DueDate,
		"total_amount": v.Total, "tax_amount": v.Tax, "po_number": v.OrderNumber, "project_id": s.ProjectID,
	})
}

// FileScan puts a scan to the bill or the expense that it has become, or that it
// belongs to: its file is attached there. One that became another bill or expense
// already, and that is still there, is refused with a Conflict that names it, so that
// two people who do the same at once make one document.
func (tx *Tx) FileScan(ctx context.Context, scan fieldops.ID, kind fieldops.RecordKind, id fieldops.ID) error {
	s, err := tx.LockScan(ctx, scan)
	if err != nil {
		return err
	}
	if err := tx.refuseFiled(ctx, &s, kind, id); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "update document_scans set filed_kind = $1, filed_id = $2, updated_at = $3 where id = $4", string(kind), id, tx.Now, scan); err != nil {
		return err
	}
	if err := tx.linkScan(ctx, &s, kind, id); err != nil {
		return err
	}
	return tx.audit(ctx, "file", "document_scan", scan, map[string]any{"filed_kind": kind, "filed_id": id})
}

func (tx *Tx) refuseFiled(ctx context.Context, s *fieldops.Scan, kind fieldops.RecordKind, id fieldops.ID) error {
	if s.FiledID == nil || *s.FiledID == id && s.FiledKind == kind {
		return nil
	}
	table := map[fieldops.RecordKind]string{fieldops.RecordBill: "live_bills", fieldops.RecordExpense: "live_expenses"}[s.FiledKind]
	var there int
	if err := tx.q.QueryRowContext(ctx, "select count(*) from "+table+" where id = $1", *s.FiledID).Scan(&there); err != nil || there == 0 {
		return err // it was deleted: the paper is free again
	}
	name := strings.ToLower(s.FiledKind.Label())
	if s.FiledKind == fieldops.RecordBill {
		name += " " + s.FiledNumber
	}
	return &fieldops.Error{
		Kind: fieldops.Conflict, Message: "This document has become " + name + " already",
		Details: map[string]any{string(s.FiledKind) + "_id": *s.FiledID, "filed_kind": s.FiledKind, "filed_id": *s.FiledID},
	}
}

// scannedTables are the records that can name a scan.
var scannedTables = map[fieldops.RecordKind]string{
	fieldops.RecordPurchaseOrder: "xero_purchase_orders", fieldops.RecordInvoice: "xero_invoices", fieldops.RecordBill: "xero_bills", fieldops.RecordExpense: "xero_expenses",
}

// LinkScan has a record name a scan, and attaches its file to it.
func (tx *Tx) LinkScan(ctx context.Context, scan fieldops.ID, kind fieldops.RecordKind, id fieldops.ID) error {
	s, err := tx.LockScan(ctx, scan)
	if err != nil {
		return err
	}
	return tx.linkScan(ctx, &s, kind, id)
}

func (tx *Tx) linkScan(ctx context.Context, s *fieldops.Scan, kind fieldops.RecordKind, id fieldops.ID) error {
	table, ok := scannedTables[kind]
	if !ok {
		return fmt.Errorf("a %s has no scans", kind)
	}
	changed, err := tx.exec(ctx, "update "+table+" set scanned_document_id = $1, updated_at = $2 where id = $3 and deleted_at is null", s.ID, tx.Now, id)
	if err == nil && changed == 0 {
		err = fieldops.Refuse(fieldops.NotFound, "%s not found", kind.Label())
	}
	if err != nil {
		return err
	}
	return tx.Attach(ctx, kind, id, s.FileID, s.File.Path)
}

// ScanTwin is a scan of what may be the same paper as another.
type ScanTwin struct {
	ID          fieldops.ID         `json:"id"`
	FileName    string              `json:"file_name"`
	CreatedAt   fieldops.Time       `json:"created_at"`
	UserName    string              `json:"user_name"`
	Reason      string              `json:"reason" enum:"same_file,same_document"`
	FiledKind   fieldops.RecordKind `json:"filed_kind"`
	FiledID     *fieldops.ID        `json:"filed_id"`
	FiledNumber string              `json:"filed_number"`
}

// ScanTwins are the scans that hold the same bytes as one, or the same supplier, number
// and total, oldest first, at most ten.
func (r reads) ScanTwins(ctx context.Context, s *fieldops.Scan) ([]ScanTwin, error) {
	w := &where{}
	either := []string{}
	if s.File.SHA256 != "" {
		either = append(either, "f.sha256 = "+w.arg(s.File.SHA256))
	}
	if s.Fields.Number != "" && s.Fields.Total != nil {
		either = append(either, "s.total_cents = "+w.arg(int64(*s.Fields.Total)))
	}
	if len(either) == 0 {
		return []ScanTwin{}, nil
	}
	others, err := collect(ctx, r, "select "+scanColumns+" from"+scanTables+" where s.id <> "+w.arg(s.ID)+" and ("+strings.Join(either, " or ")+") order by s.created_at, s.id limit 100", w.args, scanScan)
	twins := []ScanTwin{}
	for i := range others {
		o := &others[i]
		t := ScanTwin{o.ID, o.FileName, o.CreatedAt, o.UserName, "same_document", o.FiledKind, o.FiledID, o.FiledNumber}
		if o.File.SHA256 == s.File.SHA256 && o.File.SHA256 != "" {
			t.Reason = "same_file"
		} else if !s.Fields.Same(&o.Fields) {
			continue
		}
		if twins = append(twins, t); len(twins) == 10 {
			break
		}
	}
	return twins, err
}
