package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"ampedfieldops/internal/fieldops"
)

// syncTable says where a kind of document keeps what its badge shows.
type syncTable struct{ table, remoteID, label string }

var syncTables = map[fieldops.DocumentKind]syncTable{
	fieldops.KindInvoice:       {"xero_invoices", "xero_invoice_id", "Invoice"},
	fieldops.KindPurchaseOrder: {"xero_purchase_orders", "xero_po_id", "Purchase order"},
	fieldops.KindClient:        {"clients", "xero_contact_id", "Client"},
}

// pushArgs are the arguments of a push job. The kinds' names are those that
// existing installations know.
type pushArgs interface {
	Kind() string
	Target() (intent fieldops.ID, handover int64)
}

// PushIntent is what every push job carries: the intent, and how often it was
// handed over, so that no two jobs are alike.
type PushIntent struct {
	Intent   fieldops.ID `json:"intent"`
	Handover int64       `json:"handover"`
}

// Target is the intent that the job is about.
func (p PushIntent) Target() (fieldops.ID, int64) { return p.Intent, p.Handover }

// The push jobs.
type (
	// PushInvoice moves an invoice on.
	PushInvoice struct{ PushIntent }
	// PushPurchaseOrder moves a purchase order on.
	PushPurchaseOrder struct{ PushIntent }
	// PushClient moves a client on, as a contact.
	PushClient struct{ PushIntent }
)

// Kind is the job's name.
func (PushInvoice) Kind() string { return "sync_invoice_from_timesheets" }

// Kind is the job's name.
func (PushPurchaseOrder) Kind() string { return "sync_purchase_order" }

// Kind is the job's name.
func (PushClient) Kind() string { return "sync_client" }

func (tx *Tx) enqueuePush(ctx context.Context, kind fieldops.DocumentKind, intent fieldops.ID, handover int64) error {
	p := PushIntent{intent, handover}
	var args pushArgs
	switch kind {
	case fieldops.KindInvoice:
		args = PushInvoice{p}
	case fieldops.KindPurchaseOrder:
		args = PushPurchaseOrder{p}
	case fieldops.KindClient:
		args = PushClient{p}
	default:
		return fmt.Errorf("no push job for %q", kind)
	}
	return tx.Enqueue(ctx, args)
}

// syncDocument is the row of a document on its way.
type syncDocument struct {
	ref             fieldops.DocumentRef
	tenant          string
	epoch           int64
	revision        int64
	syncedRevision  int64
	updatedRevision int64
	openIntent      *fieldops.ID
	wish            *string
	leaseUntil      fieldops.Time
}

const syncDocumentColumns = `entity_type, entity_id, tenant_id, sync_epoch, revision, synced_revision,
	updated_revision, open_intent_id, wish, lease_until`

func (d *syncDocument) scan(row interface{ Scan(...any) error }) error {
	return row.Scan(&d.ref.Kind, &d.ref.ID, &d.tenant, &d.epoch, &d.revision, &d.syncedRevision,
		&d.updatedRevision, &d.openIntent, &d.wish, &d.leaseUntil)
}

// lockSyncDocument reads and, on PostgreSQL, locks the document's sync row; nil
// when it was never asked to go anywhere.
func (tx *Tx) lockSyncDocument(ctx context.Context, ref fieldops.DocumentRef) (*syncDocument, error) {
	var d syncDocument
	err := d.scan(tx.q.QueryRowContext(ctx, "select "+syncDocumentColumns+
		" from sync_documents where entity_type = $1 and entity_id = $2"+tx.forUpdate(), ref.Kind, ref.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &d, err
}

// remoteID is the provider's id of a document, "" while it has none.
func (r reads) remoteID(ctx context.Context, ref fieldops.DocumentRef) (string, error) {
	t := syncTables[ref.Kind]
	var id *string
	err := r.q.QueryRowContext(ctx, "select "+t.remoteID+" from "+t.table+" where id = $1", ref.ID).Scan(&id)
	if err != nil || id == nil {
		return "", notFound(err, t.label)
	}
	return *id, nil
}

// RequestSync asks, inside the transaction that changed the document, that it
// be brought to the accounting provider.
//
// OpCreate asks for the first time; see RequestCreation for a document that is
// only about to be stored. OpUpdate follows an edit: it raises the
// revision, and opens an intent unless one is open. OpVoid follows the wish to
// delete: gone is true when nothing of the document can stand at the provider,
// so that the caller finishes the deletion in this transaction; else the wish
// travels, and the worker finishes it when the provider has confirmed.
func (tx *Tx) RequestSync(ctx context.Context, ref fieldops.DocumentRef, op fieldops.Operation) (intent fieldops.ID, gone bool, err error) {
	d, err := tx.lockSyncDocument(ctx, ref)
	if err != nil {
		return "", false, err
	}
	label := syncTables[ref.Kind].label
	switch op {
	case fieldops.OpCreate:
		if d != nil {
			return "", false, fieldops.Refuse(fieldops.Conflict, "%s is on its way to Xero already", label)
		}
		if intent, err = tx.RequestCreation(ctx, ref); err != nil {
			return "", false, err
		}
		return intent, false, tx.setSyncStatus(ctx, ref, fieldops.SyncPending, intent)

	case fieldops.OpUpdate:
		if d == nil {
			return "", false, nil // never asked to go to Xero: an edit asks nothing
		}
		voiding := d.wish != nil
		if d.openIntent != nil && !voiding {
			var open fieldops.Operation
			if err := tx.q.QueryRowContext(ctx, "select operation from sync_intents where id = $1", *d.openIntent).Scan(&open); err != nil {
				return "", false, err
			}
			voiding = open == fieldops.OpVoid
		}
		if voiding {
			return "", false, fieldops.Refuse(fieldops.Conflict, "%s is being deleted and cannot be changed any more", label)
		}
		if _, err := tx.q.ExecContext(ctx, "update sync_documents set revision = revision + 1 where entity_type = $1 and entity_id = $2", ref.Kind, ref.ID); err != nil {
			return "", false, err
		}
		if d.openIntent != nil {
			if err := tx.keepCause(ctx, ref); err != nil {
				return "", false, err
			}
			// What a person has just mended need not wait for its turn.
			return *d.openIntent, false, tx.wake(ctx, ref.Kind, *d.openIntent, true)
		}
		intent, err = tx.openIntentFor(ctx, ref)
		return intent, false, err

	case fieldops.OpVoid:
		return tx.requestVoid(ctx, ref, d)
	}
	return "", false, fmt.Errorf("RequestSync: no operation %q", op)
}

// RequestCreation asks for the way of a document that this transaction is about
// to store, under the id that ref names, as pending and with the intent as its
// xero_sync_id.
func (tx *Tx) RequestCreation(ctx context.Context, ref fieldops.DocumentRef) (intent fieldops.ID, err error) {
	intent = fieldops.NewID()
	if _, err := tx.q.ExecContext(ctx, `insert into sync_documents (entity_type, entity_id, tenant_id, sync_epoch, revision, open_intent_id)
		select $1, $2, coalesce(max(tenant_id), ''), 1, 1, $3 from xero_tokens`, ref.Kind, ref.ID, intent); err != nil {
		return "", err
	}
	tx.announce(ref)
	return intent, tx.insertIntent(ctx, ref, fieldops.OpCreate, intent)
}

func (tx *Tx) requestVoid(ctx context.Context, ref fieldops.DocumentRef, d *syncDocument) (fieldops.ID, bool, error) {
	if d == nil {
		// Nobody knows whether it stands in Xero, so it must not vanish here.
		waits, err := tx.takenOver(ctx, ref)
		if err == nil && waits {
			err = fieldops.Refuse(fieldops.Conflict, "%s was taken over from the former product and may be in Xero: say first whether it is there", syncTables[ref.Kind].label)
		}
		return "", true, err
	}
	remote, err := tx.remoteID(ctx, ref)
	if err != nil {
		return "", false, err
	}
	// Nothing can stand in Xero if no create was ever tried, or each was
	// refused for certain.
	var mayStand int
	err = tx.q.QueryRowContext(ctx, `select count(*) from sync_logs where entity_type = $1 and entity_id = $2 and writes
		and (outcome is null or outcome = 'confirmed' or (outcome in ('unknown', 'evidence') and (resolution is null or resolution <> 'absent')))`, ref.Kind, ref.ID).Scan(&mayStand)
	if err != nil {
		return "", false, err
	}
	if remote == "" && mayStand == 0 {
		if d.openIntent != nil {
			if err := tx.closeIntent(ctx, ref, *d.openIntent, "cancelled"); err != nil {
				return "", false, err
			}
		}
		return "", true, tx.setSyncStatus(ctx, ref, "", "")
	}
	if d.openIntent == nil {
		intent, err := tx.openIntent(ctx, ref, fieldops.OpVoid)
		return intent, false, err
	}
	if _, err := tx.q.ExecContext(ctx, "update sync_documents set wish = 'void' where entity_type = $1 and entity_id = $2", ref.Kind, ref.ID); err != nil {
		return "", false, err
	}
	if err := tx.keepCause(ctx, ref); err != nil {
		return "", false, err
	}
	return *d.openIntent, false, tx.wake(ctx, ref.Kind, *d.openIntent, false)
}

// openIntentFor opens the intent that brings a live document to Xero: an update
// where Xero has it, else a create.
func (tx *Tx) openIntentFor(ctx context.Context, ref fieldops.DocumentRef) (fieldops.ID, error) {
	remote, err := tx.remoteID(ctx, ref)
	if err != nil {
		return "", err
	}
	if remote != "" {
		return tx.openIntent(ctx, ref, fieldops.OpUpdate)
	}
	return tx.openIntent(ctx, ref, fieldops.OpCreate)
}

// openIntent opens an intent, which is the document's new xero_sync_id, and
// enqueues its first delivery.
func (tx *Tx) openIntent(ctx context.Context, ref fieldops.DocumentRef, op fieldops.Operation) (fieldops.ID, error) {
	id := fieldops.NewID()
	if err := tx.insertIntent(ctx, ref, op, id); err != nil {
		return "", err
	}
	if _, err := tx.q.ExecContext(ctx, `update sync_documents set open_intent_id = $1, sync_epoch = sync_epoch + 1,
		lease_until = null, wish = null where entity_type = $2 and entity_id = $3`, id, ref.Kind, ref.ID); err != nil {
		return "", err
	}
	return id, tx.setSyncStatus(ctx, ref, fieldops.SyncPending, id)
}

// insertIntent stores an intent and enqueues its first delivery.
func (tx *Tx) insertIntent(ctx context.Context, ref fieldops.DocumentRef, op fieldops.Operation, id fieldops.ID) error {
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	if err := tx.keepCause(ctx, ref); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into sync_intents (id, entity_type, entity_id, tenant_id, operation, opened_at, opened_by, request_id, trace_parent, phase, next_attempt_at, handed_over_at)
		select $1, entity_type, entity_id, tenant_id, $2, $3, $4, request_id, trace_parent, 'queued', $3, $3 from sync_documents where entity_type = $5 and entity_id = $6`,
		id, op, now, orNull(tx.Actor.UserID), ref.Kind, ref.ID); err != nil {
		return err
	}
	return tx.enqueuePush(ctx, ref.Kind, id, 0)
}

// keepCause remembers the request that asks something of a document. What the
// program asks by itself follows from the request before, which stays.
func (tx *Tx) keepCause(ctx context.Context, ref fieldops.DocumentRef) error {
	if tx.Actor.RequestID == "" {
		return nil
	}
	_, err := tx.q.ExecContext(ctx, "update sync_documents set request_id = $1, trace_parent = $2 where entity_type = $3 and entity_id = $4",
		tx.Actor.RequestID, orNull(tx.Actor.TraceParent), ref.Kind, ref.ID)
	return err
}

// closeIntent ends an intent with its result and frees the document for the
// next.
func (tx *Tx) closeIntent(ctx context.Context, ref fieldops.DocumentRef, intent fieldops.ID, result string) error {
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	phase := fieldops.PhaseFailed
	if result != "failed" {
		phase = fieldops.PhaseSynced
	}
	done, err := tx.q.ExecContext(ctx, `update sync_intents set closed_at = $1, result = $2, phase = $3,
		reason = case when $2 = 'synced' then null else reason end, message = case when $2 = 'synced' then null else message end,
		who_must_act = case when $2 = 'synced' then 'nobody' else who_must_act end
		where id = $4 and closed_at is null`, now, result, phase, intent)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("intent %s was closed already", intent))
	}
	_, err = tx.q.ExecContext(ctx, `update sync_documents set open_intent_id = null, sync_epoch = sync_epoch + 1, lease_until = null
		where entity_type = $1 and entity_id = $2 and open_intent_id = $3`, ref.Kind, ref.ID, intent)
	return err
}

// setSyncStatus writes what the badge shows; an invoice's timesheets follow it
// in one statement.
func (tx *Tx) setSyncStatus(ctx context.Context, ref fieldops.DocumentRef, status fieldops.SyncStatus, intent fieldops.ID) error {
	var s, i, at any
	if status != "" {
		s = status
	}
	if intent != "" {
		i = intent
	}
	if status == fieldops.SyncSynced {
		at = tx.Now
	}
	t := syncTables[ref.Kind]
	set := "sync_status = $1, xero_sync_id = $2"
	if ref.Kind != fieldops.KindClient {
		set += ", synced_at = coalesce($4, synced_at)"
	}
	args := []any{s, i, ref.ID}
	if ref.Kind != fieldops.KindClient {
		args = append(args, at)
	}
	if _, err := tx.q.ExecContext(ctx, "update "+t.table+" set "+set+" where id = $3", args...); err != nil {
		return err
	}
	if ref.Kind == fieldops.KindInvoice {
		if _, err := tx.q.ExecContext(ctx, "update timesheets set sync_status = $1, xero_sync_id = $2 where invoice_id = $3", s, i, ref.ID); err != nil {
			return err
		}
	}
	tx.announce(ref)
	return nil
}

// announce tells the watchers, once the transaction is committed, that a
// document's sync state has changed.
func (tx *Tx) announce(ref fieldops.DocumentRef) {
	if tx.watch != nil {
		tx.AfterCommit(func() { tx.watch(ref) })
	}
}

// wake makes an open intent due now and hands it over. Of a document whose
// outcome is unknown, only the waiting is cut short: what was decided stays.
func (tx *Tx) wake(ctx context.Context, kind fieldops.DocumentKind, intent fieldops.ID, mended bool) error {
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	set := ""
	if mended {
		set = ", reason = null, message = null, who_must_act = 'nobody', refused = null"
	}
	var handover int64
	err = tx.q.QueryRowContext(ctx, `update sync_intents set next_attempt_at = $1, handover = handover + 1, handed_over_at = $1,
		phase = case when phase = 'waiting' then 'queued' else phase end`+set+`
		where id = $2 and closed_at is null returning handover`, now, intent).Scan(&handover)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.enqueuePush(ctx, kind, intent, handover)
}

// WakeWaiting makes every intent due that waits for one of the reasons, because
// what it waits for has changed.
func (tx *Tx) WakeWaiting(ctx context.Context, reasons ...string) error {
	args := []any{}
	// In the order in which everybody locks several intents.
	rows, err := collect(ctx, tx.reads, "select id, entity_type from sync_intents where closed_at is null and reason in "+list(&args, reasons)+
		" order by id"+tx.forUpdate(), args,
		func(rows *sql.Rows, w *fieldops.DocumentRef) error { return rows.Scan(&w.ID, &w.Kind) })
	if err != nil {
		return err
	}
	for _, w := range rows {
		if err := tx.wake(ctx, w.Kind, w.ID, true); err != nil {
			return err
		}
	}
	return nil
}

// Retry is a person's "send it again": a new intent for a document that failed,
// a nudge for one that waits. Changing the number is refused until everything
// that was sent under the old one is known; the caller writes the new number in
// the same transaction, before it calls Retry.
func (tx *Tx) Retry(ctx context.Context, ref fieldops.DocumentRef, renumbered bool) error {
	d, err := tx.lockSyncDocument(ctx, ref)
	if err != nil {
		return err
	}
	label := syncTables[ref.Kind].label
	if d == nil {
		waits, err := tx.takenOver(ctx, ref)
		if err != nil {
			return err
		}
		if waits {
			return fieldops.Refuse(fieldops.Conflict, "%s was taken over from the former product and may be in Xero: say first whether it is there", label)
		}
		return fieldops.Refuse(fieldops.Conflict, "%s was never asked to go to Xero", label)
	}
	var deleted bool
	if err := tx.q.QueryRowContext(ctx, "select deleted_at is not null from "+syncTables[ref.Kind].table+" where id = $1", ref.ID).Scan(&deleted); err != nil {
		return notFound(err, label)
	}
	if deleted {
		return fieldops.Refuse(fieldops.Conflict, "%s was deleted; there is nothing to send again", label)
	}
	if renumbered {
		var unresolved int
		if err := tx.q.QueryRowContext(ctx, `select count(*) from sync_logs where entity_type = $1 and entity_id = $2 and writes and resolved_at is null
			and (outcome is null or outcome in ('unknown', 'evidence'))`, ref.Kind, ref.ID).Scan(&unresolved); err != nil {
			return err
		}
		now, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		var hot int
		if err := tx.q.QueryRowContext(ctx, `select count(*) from sync_logs where entity_type = $1 and entity_id = $2 and writes
			and operation = 'create' and outcome = 'unknown' and hot_until > $3`, ref.Kind, ref.ID, now).Scan(&hot); err != nil {
			return err
		}
		if unresolved > 0 || hot > 0 {
			return fieldops.Refuse(fieldops.Conflict, "The number cannot be changed yet: it is not known whether Xero recorded the document under the old one")
		}
		// A worker may have the document with the old number in its hands, about
		// to send it: what it claimed before this no longer holds.
		if _, err := tx.q.ExecContext(ctx, `update sync_documents set revision = revision + 1, sync_epoch = sync_epoch + 1, lease_until = null
			where entity_type = $1 and entity_id = $2`, ref.Kind, ref.ID); err != nil {
			return err
		}
	}
	if err := tx.audit(ctx, "retry_sync", string(ref.Kind), ref.ID, map[string]any{"renumbered": renumbered}); err != nil {
		return err
	}
	if d.openIntent != nil {
		return tx.wake(ctx, ref.Kind, *d.openIntent, true)
	}
	var last fieldops.Operation
	var result string
	if err := tx.q.QueryRowContext(ctx, `select operation, coalesce(result, '') from sync_intents where entity_type = $1 and entity_id = $2
		order by opened_at desc, id desc limit 1`, ref.Kind, ref.ID).Scan(&last, &result); err != nil {
		return err
	}
	if result != "failed" && !renumbered {
		return fieldops.Refuse(fieldops.Conflict, "%s is in Xero already; there is nothing to send again", label)
	}
	if last == fieldops.OpVoid {
		_, err = tx.openIntent(ctx, ref, fieldops.OpVoid)
		return err
	}
	_, err = tx.openIntentFor(ctx, ref)
	return err
}

// NumberTaken names the document that holds a number, or held it in an attempt:
// a number that once stood in an attempt belongs to its document for good. ""
// when the number is free for the document self.
func (r reads) NumberTaken(ctx context.Context, kind fieldops.DocumentKind, number string, self fieldops.ID) (fieldops.ID, error) {
	column := map[fieldops.DocumentKind]string{fieldops.KindInvoice: "invoice_number", fieldops.KindPurchaseOrder: "po_number"}[kind]
	var holder fieldops.ID
	err := r.q.QueryRowContext(ctx, "select id from (select id, 0 as held_before from "+syncTables[kind].table+" where "+column+` = $1
		union all select entity_id, 1 from sync_logs where number = $1 and entity_type = $2 and writes) as holders
		order by held_before limit 1`, number, kind).Scan(&holder)
	if errors.Is(err, sql.ErrNoRows) || holder == self {
		return "", nil
	}
	return holder, err
}

// SyncState is what the screens show of a document on its way.
type SyncState struct {
	SyncStatus    fieldops.SyncStatus `json:"-"`
	Status        *string             `json:"sync_status"`
	XeroSyncID    *fieldops.ID        `json:"xero_sync_id"`
	Phase         *fieldops.Phase     `json:"phase"`
	Operation     fieldops.Operation  `json:"operation,omitempty"`
	Attempt       int                 `json:"attempt"`
	MaxAttempts   int                 `json:"max_attempts"`
	NextAttemptAt fieldops.Time       `json:"next_attempt_at"`
	CertainAt     fieldops.Time       `json:"certain_at"`
	ErrorMessage  *string             `json:"error_message"`
	WaitReason    *string             `json:"wait_reason"`
	Warning       *string             `json:"warning"`
	WhoMustAct    fieldops.WhoMustAct `json:"who_must_act"`
}

// SyncStates tells the sync state of many documents of one kind in two queries.
// A document that was never asked to go to Xero has a zero state.
func (r reads) SyncStates(ctx context.Context, kind fieldops.DocumentKind, ids []fieldops.ID, maxAttempts int) (map[fieldops.ID]SyncState, error) {
	states := map[fieldops.ID]SyncState{}
	if len(ids) == 0 {
		return states, nil
	}
	// Before the rows are open: a query within a query takes two connections,
	// and many at once would wait for each other's.
	gate, err := r.Gate(ctx)
	if err != nil {
		return nil, err
	}
	t := syncTables[kind]
	warning, takenOver := "null", "false"
	if kind != fieldops.KindClient {
		warning, takenOver = "d.sync_warning", "d.taken_over"
	}
	args := []any{}
	in := list(&args, ids)
	args = append(args, kind)
	rows, err := r.q.QueryContext(ctx, `select d.id, d.sync_status, d.xero_sync_id, `+warning+`, i.phase, i.operation, i.next_attempt_at, i.certain_at,
		i.message, i.reason, i.who_must_act, i.closed_at, `+takenOver+`,
		(select count(*) from sync_logs l where l.intent_id = i.id and l.writes)
		from `+t.table+` d left join sync_intents i on i.id = d.xero_sync_id and i.entity_type = `+fmt.Sprintf("$%d", len(args))+` where d.id in `+in, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id fieldops.ID
		var s SyncState
		var who, op *string
		var closed fieldops.Time
		var waits bool
		if err := rows.Scan(&id, &s.Status, &s.XeroSyncID, &s.Warning, &s.Phase, &op, &s.NextAttemptAt, &s.CertainAt,
			&s.ErrorMessage, &s.WaitReason, &who, &closed, &waits, &s.Attempt); err != nil {
			return nil, err
		}
		s.MaxAttempts, s.WhoMustAct = maxAttempts, fieldops.Nobody
		if s.Status != nil {
			s.SyncStatus = fieldops.SyncStatus(*s.Status)
		}
		if op != nil {
			s.Operation = fieldops.Operation(*op)
		}
		if who != nil {
			s.WhoMustAct = fieldops.WhoMustAct(*who)
		}
		switch {
		case waits:
			phase, reason, message := fieldops.PhaseWaiting, TakenOver, takenOverMessage
			s.Phase, s.WaitReason, s.ErrorMessage, s.WhoMustAct = &phase, &reason, &message, fieldops.Office
		case s.Phase == nil:
		case !closed.IsZero():
			s.NextAttemptAt, s.CertainAt = fieldops.Time{}, fieldops.Time{}
			if s.SyncStatus == fieldops.SyncSynced {
				s.ErrorMessage, s.WaitReason, s.WhoMustAct = nil, nil, fieldops.Nobody
			}
		case gate.Closed() && *s.Phase != fieldops.PhaseSending && *s.Phase != fieldops.PhaseChecking && s.WaitReason == nil:
			waiting := fieldops.PhaseWaiting
			s.Phase, s.WaitReason, s.ErrorMessage, s.WhoMustAct = &waiting, &gate.Reason, &gate.Message, gate.Who
			s.NextAttemptAt = gate.Until
		}
		states[id] = s
	}
	return states, rows.Err()
}

// SyncLog is one row of sync_logs as clients and operators read it.
type SyncLog struct {
	ID              fieldops.ID     `json:"id"`
	EntityType      string          `json:"entity_type"`
	EntityID        fieldops.ID     `json:"entity_id"`
	IntentID        *fieldops.ID    `json:"intent_id"`
	Attempt         *int64          `json:"attempt"`
	Operation       string          `json:"operation"`
	Method          string          `json:"method"`
	Path            string          `json:"path"`
	RequestPayload  json.RawMessage `json:"request_payload"`
	ResponsePayload json.RawMessage `json:"response_payload"`
	StatusCode      *int64          `json:"status_code"`
	HTTPStatus      *int64          `json:"http_status"`
	Outcome         *string         `json:"outcome"`
	ErrorMessage    *string         `json:"error_message"`
	CreatedAt       fieldops.Time   `json:"created_at"`
	FinishedAt      fieldops.Time   `json:"finished_at"`
	DurationMS      *int64          `json:"duration_ms"`
	IdempotencyKey  *string         `json:"idempotency_key"`
	// CorrelationID is the id of the request that asked for the call.
	CorrelationID     *string     `json:"correlation_id"`
	XeroCorrelationID *string     `json:"xero_correlation_id"`
	CallID            fieldops.ID `json:"call_id"`
}

// SyncLogs are the newest calls about one entity. A timesheet answers with its
// invoice's.
func (r reads) SyncLogs(ctx context.Context, entityType string, id fieldops.ID, limit int) ([]SyncLog, error) {
	if entityType == "timesheet" {
		var invoice *fieldops.ID
		err := r.q.QueryRowContext(ctx, "select invoice_id from /* deleted too */ timesheets where id = $1", id).Scan(&invoice)
		if errors.Is(err, sql.ErrNoRows) || err == nil && invoice == nil {
			return []SyncLog{}, nil
		}
		if err != nil {
			return nil, err
		}
		entityType, id = string(fieldops.KindInvoice), *invoice
	}
	return collect(ctx, r, `select id, entity_type, entity_id, intent_id, attempt, operation, method, path, request_payload, response_payload,
		status_code, http_status, outcome, error_message, created_at, finished_at, duration_ms, idempotency_key, correlation_id, xero_correlation_id, call_id
		from sync_logs where entity_type = $1 and entity_id = $2 order by created_at desc, id desc limit $3`, []any{entityType, id, limit},
		func(rows *sql.Rows, l *SyncLog) error {
			var request, response *string
			err := rows.Scan(&l.ID, &l.EntityType, &l.EntityID, &l.IntentID, &l.Attempt, &l.Operation, &l.Method, &l.Path, &request, &response,
				&l.StatusCode, &l.HTTPStatus, &l.Outcome, &l.ErrorMessage, &l.CreatedAt, &l.FinishedAt, &l.DurationMS, &l.IdempotencyKey, &l.CorrelationID, &l.XeroCorrelationID, &l.CallID)
			l.RequestPayload, l.ResponsePayload = rawJSON(request), rawJSON(response)
			return err
		})
}

func rawJSON(text *string) json.RawMessage {
	if text == nil || *text == "" {
		return json.RawMessage("null")
	}
	return json.RawMessage(*text)
}

// ----- the worker's side -----

// Attempt is one writing call for a document whose outcome is not cleared up.
type Attempt struct {
	ID        fieldops.ID
	Operation fieldops.Operation
	Revision  int64
	Outcome   fieldops.Outcome // Unknown or Evidence
	HotUntil  fieldops.Time
	Spared    bool // one of the failures that opened the breaker
	Posting   fieldops.Posting
}

// Claim is a worker's hold on a document: what was decided under it counts only
// while the document's epoch is still Epoch.
type Claim struct {
	Ref             fieldops.DocumentRef
	Intent          fieldops.ID
	Operation       fieldops.Operation
	Tenant          string
	Epoch           int64
	Revision        int64
	UpdatedRevision int64
	RemoteID        string
	Sends, Unknowns int
	Looks           int
	Attempts        int // writing attempts of this intent so far
	BatchLimit      int
	Refused         string
	RequestID       string // the request that asked for it, and where its trace goes on
	TraceParent     string
	Unresolved      []Attempt
	// Creates are the attempts to create the document that may have come true,
	// if there was more than one: once the number is free, each may still put a
	// document of its own under it, as it was written then.
	Creates []Attempt
	// Until HotCreates a create whose outcome nobody told us could still put a
	// second document under a number that has become free; until HotUpdates an
	// update of an older revision could still arrive. Both hold although a
	// look-up has found the document meanwhile.
	HotCreates, HotUpdates fieldops.Time
	// Until ShownFrom what was created for certain need not show in look-ups.
	ShownFrom fieldops.Time
}

// Due reports whether there may be something to do for an intent now. Most jobs
// come late: their document travelled with another's.
func (r reads) Due(ctx context.Context, intent fieldops.ID) (bool, error) {
	now, err := r.Clock(ctx)
	if err != nil {
		return false, err
	}
	var due int
	err = r.q.QueryRowContext(ctx, `select count(*) from sync_intents i join sync_documents s on s.open_intent_id = i.id
		where i.id = $1 and i.closed_at is null and i.next_attempt_at <= $2 and (s.lease_until is null or s.lease_until <= $2)`, intent, now).Scan(&due)
	return due > 0, err
}

// ClaimIntent claims the document of an open intent for a worker, or returns
// nil when there is nothing to do: the intent is closed, not yet due, or
// another worker holds the document. Attempts whose sender has vanished are
// closed as unknown, and a wish to delete becomes the intent.
func (tx *Tx) ClaimIntent(ctx context.Context, d fieldops.Durations, intent fieldops.ID) (*Claim, error) {
	claims, err := tx.claim(ctx, d, "i.id = $2", intent, 1)
	if err != nil || len(claims) == 0 {
		return nil, err
	}
	return &claims[0], nil
}

// ClaimDue claims up to n further documents of a kind whose intents are due, those
// that were asked for first.
func (tx *Tx) ClaimDue(ctx context.Context, d fieldops.Durations, kind fieldops.DocumentKind, n int) ([]Claim, error) {
	return tx.claim(ctx, d, "i.entity_type = $2", string(kind), n)
}

func (tx *Tx) claim(ctx context.Context, d fieldops.Durations, condition, value string, n int) ([]Claim, error) {
	now, err := tx.Clock(ctx)
	if err != nil {
		return nil, err
	}
	lock := ""
	if tx.engine == Postgres {
		lock = " for update of s skip locked"
	}
	claims, err := collect(ctx, tx.reads, `select s.entity_type, s.entity_id, i.id, i.operation, s.tenant_id, s.sync_epoch + 1, s.revision, s.updated_revision,
			i.sends, i.unknowns, i.looks, i.batch_limit, coalesce(i.refused, ''), coalesce(i.request_id, ''), coalesce(i.trace_parent, ''), coalesce(s.wish, ''),
			coalesce(s.request_id, ''), coalesce(s.trace_parent, '')
		from sync_intents i join sync_documents s on s.entity_type = i.entity_type and s.entity_id = i.entity_id and s.open_intent_id = i.id
		where i.closed_at is null and i.next_attempt_at <= $1 and (s.lease_until is null or s.lease_until <= $1) and `+condition+`
		order by i.id limit `+strconv.Itoa(n)+lock, []any{now, value},
		func(rows *sql.Rows, c *Claim) error {
			var wish, newestRequest, newestTrace string
			err := rows.Scan(&c.Ref.Kind, &c.Ref.ID, &c.Intent, &c.Operation, &c.Tenant, &c.Epoch, &c.Revision, &c.UpdatedRevision,
				&c.Sends, &c.Unknowns, &c.Looks, &c.BatchLimit, &c.Refused, &c.RequestID, &c.TraceParent, &wish, &newestRequest, &newestTrace)
			if wish == "void" && c.Operation != fieldops.OpVoid {
				c.Operation, c.RequestID, c.TraceParent = wishToVoid, newestRequest, newestTrace
			}
			return err
		})
	if err != nil || len(claims) == 0 {
		return nil, err
	}
	for i := range claims {
		c := &claims[i]
		if c.Operation == wishToVoid {
			if err := tx.closeIntent(ctx, c.Ref, c.Intent, "cancelled"); err != nil {
				return nil, err
			}
			if c.Intent, err = tx.openIntent(ctx, c.Ref, fieldops.OpVoid); err != nil {
				return nil, err
			}
			c.Operation, c.Sends, c.Unknowns, c.Looks, c.Refused = fieldops.OpVoid, 0, 0, 0, ""
		}
		if err := tx.q.QueryRowContext(ctx, `update sync_documents set sync_epoch = sync_epoch + 1, lease_until = $1,
			tenant_id = case when tenant_id = '' then (select coalesce(max(tenant_id), '') from xero_tokens) else tenant_id end
			where entity_type = $2 and entity_id = $3 returning sync_epoch, tenant_id`,
			now.Add(d.Lease), c.Ref.Kind, c.Ref.ID).Scan(&c.Epoch, &c.Tenant); err != nil {
			return nil, err
		}
		if err := tx.closeVanished(ctx, d, now, c.Ref); err != nil {
			return nil, err
		}
		if c.RemoteID, err = tx.remoteID(ctx, c.Ref); err != nil {
			return nil, err
		}
		if err := tx.readHistory(ctx, d, c); err != nil {
			return nil, err
		}
	}
	return claims, nil
}

const wishToVoid fieldops.Operation = "wish"

// readHistory reads what earlier attempts left behind.
func (tx *Tx) readHistory(ctx context.Context, d fieldops.Durations, c *Claim) error {
	var err error
	c.Unresolved, err = tx.attempts(ctx, c.Ref, "resolved_at is null and outcome in ('unknown', 'evidence')")
	if err != nil {
		return err
	}
	if err := tx.q.QueryRowContext(ctx, "select count(*) from sync_logs where intent_id = $1 and writes", c.Intent).Scan(&c.Attempts); err != nil {
		return err
	}
	var creates int
	var created fieldops.Time
	if err := tx.q.QueryRowContext(ctx, `select count(*) filter (where operation = 'create' and outcome in ('unknown', 'confirmed')),
			max(case when operation = 'create' then hot_until end),
			max(case when operation = 'update' and revision < $3 then hot_until end),
			max(case when operation = 'create' and outcome = 'confirmed' then finished_at end)
		from sync_logs where entity_type = $1 and entity_id = $2 and writes and outcome in ('unknown', 'confirmed') and (resolution is null or resolution = 'found')`,
		c.Ref.Kind, c.Ref.ID, c.Revision).Scan(&creates, &c.HotCreates, &c.HotUpdates, &created); err != nil {
		return err
	}
	c.ShownFrom = c.HotCreates
	if shown := created.Add(d.Hot); !created.IsZero() && shown.After(c.ShownFrom.Time) {
		c.ShownFrom = shown
	}
	if creates < 2 {
		c.HotCreates = fieldops.Time{} // the one there was is the one that stands
		return nil
	}
	c.Creates, err = tx.attempts(ctx, c.Ref, "operation = 'create' and outcome in ('unknown', 'confirmed') and (resolution is null or resolution = 'found')")
	return err
}

// attempts reads the writing attempts of a document that meet a condition,
// oldest first.
func (tx *Tx) attempts(ctx context.Context, ref fieldops.DocumentRef, condition string) ([]Attempt, error) {
	return collect(ctx, tx.reads, `select id, operation, coalesce(revision, 0), outcome, hot_until, spared, posting from sync_logs
		where entity_type = $1 and entity_id = $2 and writes and `+condition+" order by created_at, id",
		[]any{ref.Kind, ref.ID}, func(rows *sql.Rows, a *Attempt) error {
			var posting *string
			if err := rows.Scan(&a.ID, &a.Operation, &a.Revision, &a.Outcome, &a.HotUntil, &a.Spared, &posting); err != nil {
				return err
			}
			if posting == nil {
				return nil
			}
			return json.Unmarshal([]byte(*posting), &a.Posting)
		})
}

// UnderWay are the documents with an open intent, or with one that was closed
// less than a moment ago; at most a thousand of them.
func (r reads) UnderWay(ctx context.Context, moment time.Duration) ([]fieldops.DocumentRef, error) {
	now, err := r.Clock(ctx)
	if err != nil {
		return nil, err
	}
	return collect(ctx, r, `select entity_type, entity_id from sync_documents where open_intent_id is not null
		union select entity_type, entity_id from sync_intents where closed_at > $1 limit 1000`, []any{now.Add(-moment)},
		func(rows *sql.Rows, ref *fieldops.DocumentRef) error { return rows.Scan(&ref.Kind, &ref.ID) })
}
