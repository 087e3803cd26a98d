package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// audit adds the entry that every change leaves behind, in the change's own
// transaction. entityID is "" where the thing changed has no id. details is
// anything that becomes JSON, or nil; it never holds a password, a token or
// another secret.
func (tx *Tx) audit(ctx context.Context, action, entityType string, entityID fieldops.ID, details any) error {
	switch fieldops.RecordKind(entityType) {
	case fieldops.RecordInvoice, fieldops.RecordPayment, fieldops.RecordCreditNote, fieldops.RecordBill, fieldops.RecordQuote, fieldops.RecordClient, fieldops.RecordProject:
		tx.documents = true
	}
	var text *string
	if details != nil {
		b, err := json.Marshal(details)
		if err != nil {
			return fmt.Errorf("the details of an audit entry: %w", err)
		}
		s := string(b)
		text = &s
	}
	_, err := tx.q.ExecContext(ctx, `insert into audit_entries (id, user_id, actor, action, entity_type, entity_id, details, ip_address, request_id, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		fieldops.NewID(), orNull(tx.Actor.UserID), tx.Actor.Name, action, entityType, orNull(entityID), text,
		orNull(tx.Actor.IP), orNull(tx.Actor.RequestID), tx.Now)
	return err
}

// NoteExport adds an audit entry about data that somebody took out as a file.
func (tx *Tx) NoteExport(ctx context.Context, what, filter string, rows int) error {
	return tx.audit(ctx, "export", what, "", map[string]any{"filter": filter, "rows": rows})
}

// NoteQueueRequest adds an audit entry about what somebody did on the queue
// engine's own pages, whose tables are none of ours.
func (tx *Tx) NoteQueueRequest(ctx context.Context, request string, body []byte) error {
	details := map[string]any{"request": request}
	if len(body) > 0 {
		details["body"] = json.RawMessage(body)
	}
	return tx.audit(ctx, "queue", "job", "", details)
}

// orNull stores the empty string as NULL.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// AuditEntry is one change: who, when, what.
type AuditEntry struct {
	ID         fieldops.ID     `json:"id"`
	UserID     *fieldops.ID    `json:"user_id"` // null for the program itself
	Actor      string          `json:"actor"`
	Action     string          `json:"action"`
	EntityType string          `json:"entity_type"`
	EntityID   *fieldops.ID    `json:"entity_id"`
	Details    json.RawMessage `json:"details"`
	IPAddress  *string         `json:"ip_address"`
	RequestID  *string         `json:"request_id"`
	CreatedAt  fieldops.Time   `json:"created_at"`
}

// AuditFilter chooses audit entries. Zero values choose everything; Limit must
// be at least 1.
type AuditFilter struct {
	UserID     fieldops.ID
	Action     string
	EntityType string
	EntityID   fieldops.ID
	From, To   fieldops.Time // made at From or later, and before To
	Actor      string        // part of the name of who acted, in any case
	Text       string        // part of name, action, kind or details
	BeforeTime fieldops.Time // older than the entry made then with the id Before
	Before     fieldops.ID
	Limit      int
	Offset     int
}

// AuditEntries lists changes, newest first, and counts all that the filter
// chooses.
func (r reads) AuditEntries(ctx context.Context, f AuditFilter) (entries []AuditEntry, total int, err error) {
	w := &where{}
	if f.UserID != "" {
		w.and("user_id = ?", f.UserID)
	}
	if f.Action != "" {
		w.and("action = ?", f.Action)
	}
	if f.EntityType != "" {
		w.and("entity_type = ?", f.EntityType)
	}
	if f.EntityID != "" {
		w.and("entity_id = ?", f.EntityID)
	}
	if !f.From.IsZero() {
		w.and("created_at >= ?", f.From)
	}
	if !f.To.IsZero() {
		w.and("created_at < ?", f.To)
	}
	if f.Actor != "" {
		w.and("lower(actor) like ? escape '!'", containing(f.Actor))
	}
	if f.Text != "" {
		p := w.arg(containing(f.Text))
		w.and("(lower(actor) like " + p + " escape '!' or lower(action) like " + p + " escape '!' or lower(entity_type) like " + p +
			" escape '!' or lower(cast(details as text)) like " + p + " escape '!')")
	}
	if err := r.q.QueryRowContext(ctx, "select count(*) from audit_entries where "+w.String(), w.args...).Scan(&total); err != nil {
		return nil, 0, err
	}
	if f.Before != "" {
		w.and("(created_at, id) < (?, ?)", f.BeforeTime, f.Before)
	}
	entries, err = collect(ctx, r, `select id, user_id, actor, action, entity_type, entity_id, details, ip_address, request_id, created_at
		from audit_entries where `+w.String()+fmt.Sprintf(" order by created_at desc, id desc limit %d offset %d", f.Limit, f.Offset), w.args,
		func(rows *sql.Rows, e *AuditEntry) error {
			var details *string
			err := rows.Scan(&e.ID, &e.UserID, &e.Actor, &e.Action, &e.EntityType, &e.EntityID, &details, &e.IPAddress, &e.RequestID, &e.CreatedAt)
			if details != nil {
				e.Details = json.RawMessage(*details)
			}
			return err
		})
	return entries, total, err
}

// containing is the pattern of a text that contains another, in lower case.
func containing(part string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(part)) + "%"
}
