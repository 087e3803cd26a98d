package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// formerScan is a scan as a former row tells of it.
type formerScan struct {
	fieldops.Scan
	confidence int64
	xero       *string
	deleted    *fieldops.ID
}

// documentScans takes over what the former product has scanned: the file of the
// project, what was read, and the documents that name it. What was not read there is
// read by whoever asks for it.
func (c *copier) documentScans(ctx context.Context) error {
	scans, err := collect(ctx, c.reads, `select o.id, coalesce(cast(f.file_id as text), ''), f.id, f.project_id, f.cost_center_id, u.id, coalesce(o.status, 'pending'), coalesce(o.document_type, ''),
			coalesce(cast(o.extracted_data as text), '{}'), cast(coalesce(round(o.confidence * 100), 0) as bigint), coalesce(o.error_message, ''), o.xero_attachment_id, o.processed_at,
			coalesce(o.created_at, o.updated_at, $1), coalesce(o.updated_at, o.created_at, $1), f.deleted_at, f.deletion_id, coalesce(f.file_name, '')
		from old_document_scans o left join /* deleted too */ project_files f on f.id = o.file_id left join users u on u.id = o.user_id order by o.created_at, o.id`, []any{c.now},
		func(rows *sql.Rows, s *formerScan) error {
			var data string
			if err := rows.Scan(&s.ID, &s.FileID, &s.ProjectFileID, &s.ProjectID, &s.CostCenterID, &s.UserID, &s.Status, &s.Fields.Paper,
				&data, &s.confidence, &s.Error, &s.xero, &s.ProcessedAt, &s.CreatedAt, &s.UpdatedAt, &s.DeletedAt, &s.deleted, &s.FileName); err != nil {
				return err
			}
			formerFields(data, &s.Fields)
			return nil
		})
	if err != nil {
		return err
	}
	for i := range scans {
		if err := c.takeScan(ctx, &scans[i]); err != nil {
			return err
		}
	}
	return c.scannedDocuments(ctx)
}

func (c *copier) takeScan(ctx context.Context, s *formerScan) error {
	if s.FileID == "" {
		return c.oddity(ctx, "document_scans", s.ID, "no_file", "the scan has no file that is here: it is kept in v1 only", true)
	}
	if !slices.Contains([]string{fieldops.ScanCompleted, fieldops.ScanFailed}, s.Status) {
		s.Status, s.Error = fieldops.ScanFailed, "The former product did not read it. Read it again."
	}
	v := &s.Fields
	if !slices.Contains(fieldops.Papers, v.Paper) {
		v.Paper = fieldops.PaperUnknown
	}
	_, err := c.tx.ExecContext(ctx, `insert into document_scans (id, file_id, project_file_id, project_id, cost_center_id, user_id, status, confidence, error_message, document_type,
		vendor_name, document_number, document_date, total_cents, tax_cents, words, xero_attachment_id, processed_at, created_at, updated_at, deleted_at, deletion_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		s.ID, s.FileID, s.ProjectFileID, s.ProjectID, s.CostCenterID, s.UserID, s.Status, s.confidence, orNull(s.Error), v.Paper,
		orNull(v.Vendor), orNull(v.Number), v.Date, (*int64)(v.Total), (*int64)(v.Tax), scanWords(&s.Scan), s.xero, s.ProcessedAt, s.CreatedAt, s.UpdatedAt, s.DeletedAt, s.deleted)
	return err
}

// formerFields reads what the former product's recogniser had found: texts and numbers
// as they came.
func formerFields(data string, v *fieldops.ScanFields) {
	var found map[string]any
	if json.Unmarshal([]byte(data), &found) != nil {
		return
	}
	text := func(name string) string {
		switch x := found[name].(type) {
		case string:
			return strings.ToValidUTF8(strings.ReplaceAll(strings.TrimSpace(x), "\x00", ""), "")
		case float64:
			b, err := json.Marshal(x)
			if err == nil {
				return string(b)
			}
		}
		return ""
	}
	cents := func(names ...string) *fieldops.Cents {
		for _, name := range names {
			plain := strings.NewReplacer("$", "", ",", "", " ", "").Replace(text(name))
			if amount, err := fieldops.ParseCents(plain); plain != "" && err == nil && amount >= 0 {
				return &amount
			}
		}
		return nil
	}
	v.Vendor, v.Number, v.Total, v.Tax = text("vendor_name"), text("document_number"), cents("total_amount", "amount"), cents("tax_amount")
	v.Date = fieldops.DateIn(text("date"))
}

// scannedDocuments has the documents name their scans again, with the file attached;
// and takes over the receipts that expenses name by a path of ours.
func (c *copier) scannedDocuments(ctx context.Context) error {
	for _, kind := range []fieldops.RecordKind{fieldops.RecordPurchaseOrder, fieldops.RecordInvoice, fieldops.RecordBill, fieldops.RecordExpense} {
		table := scannedTables[kind]
		for _, statement := range []string{
			"update " + table + " x set scanned_document_id = s.id from old_" + table + " o, document_scans s where o.id = x.id and s.id = o.scanned_document_id",
			"insert into attachments (entity_type, entity_id, file_id, attached_by, attached_at) select '" + string(kind) + "', x.id, s.file_id, s.user_id, s.created_at from " +
				table + " x join /* deleted too */ document_scans s on s.id = x.scanned_document_id on conflict do nothing",
		} {
			if _, err := c.tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		if kind != fieldops.RecordBill && kind != fieldops.RecordExpense {
			continue
		}
		if _, err := c.tx.ExecContext(ctx, "update document_scans s set filed_kind = $1, filed_id = x.id from "+table+" x where x.scanned_document_id = s.id and s.filed_id is null and x.deleted_at is null", string(kind)); err != nil {
			return err
		}
	}
	storage, err := c.formerStorage(ctx)
	if err != nil {
		return err
	}
	type expense struct {
		id, receipt fieldops.ID
		at          fieldops.Time
	}
	expenses, err := collect(ctx, c.reads, `select e.id, e.receipt_url, e.created_at from old_xero_expenses o join /* deleted too */ xero_expenses e on e.id = o.id and e.receipt_url = o.receipt_url
		where e.receipt_url <> '' order by e.id`, nil, func(rows *sql.Rows, e *expense) error { return rows.Scan(&e.id, &e.receipt, &e.at) })
	if err != nil {
		return err
	}
	for _, e := range expenses {
		f, ours := storage.file(e.receipt)
		if !ours {
			continue // a link to somewhere else stays one
		}
		f.RecordKind, f.RecordID, f.CreatedAt = fieldops.RecordExpense, &e.id, e.at
		if err := adopt(ctx, c.tx, []fieldops.StoredFile{f}); err != nil {
			return err
		}
		var file fieldops.ID
		var path string
		if err := c.tx.QueryRowContext(ctx, "select id, path from stored_files where path = $1 or place = $2 and ref = $3 order by path = $1 desc limit 1", f.Path, string(f.Place), f.Ref).Scan(&file, &path); err != nil {
			return err
		}
		if _, err := c.tx.ExecContext(ctx, "insert into attachments (entity_type, entity_id, file_id, attached_at) values ('expense', $1, $2, $3) on conflict do nothing", e.id, file, e.at); err != nil {
			return err
		}
		if _, err := c.tx.ExecContext(ctx, "update xero_expenses set receipt_url = $1 where id = $2", path, e.id); err != nil {
			return err
		}
	}
	return nil
}

// documentMatches takes over the records that were proposed or confirmed for scans.
// Of several rows about one pair, a confirmed one counts, else the newest.
func (c *copier) documentMatches(ctx context.Context) error {
	exists := make([]string, 0, len(scannedTables))
	for kind, table := range scannedTables {
		exists = append(exists, "o.entity_type = '"+string(kind)+"' and exists (select from "+table+" x where x.id = o.entity_id)")
	}
	slices.Sort(exists)
	there := "exists (select from /* deleted too */ document_scans s where s.id = o.scan_id) and (" + strings.Join(exists, " or ") + ")"
	const chosen = "(select distinct on (scan_id, entity_type, entity_id) id from old_document_matches order by scan_id, entity_type, entity_id, coalesce(confirmed, false) desc, created_at desc nulls last, id)"
	if _, err := c.tx.ExecContext(ctx, `insert into v1.upgrade_oddities (table_name, entity_id, kind, note, left_out)
		select 'document_matches', o.id, 'match', 'the match is of a scan or a document that is not here, or there twice: it is kept in v1 only', true
		from old_document_matches o where (`+there+") is not true or o.id not in "+chosen); err != nil {
		return err
	}
	_, err := c.tx.ExecContext(ctx, `insert into document_matches (id, scan_id, entity_type, entity_id, score, match_reasons, confirmed, confirmed_by, confirmed_at, created_at)
		select o.id, o.scan_id, o.entity_type, o.entity_id, cast(least(100, greatest(0, coalesce(round(o.confidence_score * 100), 0))) as bigint),
			case when jsonb_typeof(o.match_reasons) = 'array' and not exists (select from jsonb_array_elements(o.match_reasons) e where jsonb_typeof(e) <> 'string') then cast(o.match_reasons as json) else cast('[]' as json) end,
			coalesce(o.confirmed, false), u.id, case when o.confirmed then coalesce(o.confirmed_at, o.created_at, $1) end, coalesce(o.created_at, $1)
		from old_document_matches o left join users u on u.id = o.confirmed_by where `+there+" and o.id in "+chosen, c.now)
	return err
}
