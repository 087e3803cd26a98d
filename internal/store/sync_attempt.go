package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// ErrOutdated says that what was decided no longer holds: the document was
// claimed by another worker, or its intent is no longer the current one.
var ErrOutdated = errors.New("decided under an older epoch")

// closeVanished closes the open attempts of a document whose lease is over: the
// sender is gone or paused. It may still have sent until the token it held
// expired, so until then the outcome is hot.
func (tx *Tx) closeVanished(ctx context.Context, d fieldops.Durations, now fieldops.Time, ref fieldops.DocumentRef) error {
	type open struct {
		id      fieldops.ID
		expires fieldops.Time
	}
	vanished, err := collect(ctx, tx.reads, "select id, token_expires_at from sync_logs where entity_type = $1 and entity_id = $2 and writes and outcome is null",
		[]any{ref.Kind, ref.ID}, func(rows *sql.Rows, o *open) error { return rows.Scan(&o.id, &o.expires) })
	if err != nil {
		return err
	}
	for _, o := range vanished {
		if err := tx.vanish(ctx, now, o.id, o.expires.Add(d.HotAfterToken)); err != nil {
			return err
		}
	}
	return nil
}

// closeVanishedLooks closes the rows of calls that only read and whose program
// is gone. Nothing rests on them; they only must not look as if they were still
// under way.
func (tx *Tx) closeVanishedLooks(ctx context.Context, d fieldops.Durations, now fieldops.Time) error {
	lock := ""
	if tx.engine == Postgres {
		lock = " for update skip locked"
	}
	_, err := tx.q.ExecContext(ctx, `update sync_logs set outcome = 'unknown', finished_at = $1, resolved_at = $1,
		error_message = 'The program stopped before it heard the answer'
		where id in (select id from sync_logs where outcome is null and not writes and deadline < $2 limit 100`+lock+")", now, now.Add(-d.CallGrace))
	return err
}

func (tx *Tx) vanish(ctx context.Context, now fieldops.Time, attempt fieldops.ID, hot fieldops.Time) error {
	if _, err := tx.q.ExecContext(ctx, `update sync_logs set outcome = 'unknown', finished_at = $1, hot_until = $2,
		error_message = 'The program stopped before it heard the answer' where id = $3 and outcome is null`, now, hot, attempt); err != nil {
		return err
	}
	_, err := tx.q.ExecContext(ctx, `update sync_intents set unknowns = unknowns + 1 where id = (select intent_id from sync_logs where id = $1)`, attempt)
	if err != nil {
		return err
	}
	_, err = tx.q.ExecContext(ctx, `update sync_documents set ever_unknown = true where exists (select 1 from sync_logs l
		where l.id = $1 and l.entity_type = sync_documents.entity_type and l.entity_id = sync_documents.entity_id)`, attempt)
	return err
}

// clockStep is how many minutes a machine's clock is set by at most while the
// program restarts, for the minute's limit to hold all the same.
const clockStep = 5

// BuryPredecessor closes what a dead worker left open. Only a worker that holds
// the exclusive lock of a SQLite database may call it: the lock proves that no
// other process can still send, so what was under way is hot no longer than a
// call that was answered with nothing.
func (tx *Tx) BuryPredecessor(ctx context.Context, d fieldops.Durations) error {
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	open, err := collect(ctx, tx.reads, "select id from sync_logs where writes and outcome is null", nil,
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return err
	}
	for _, id := range open {
		if err := tx.vanish(ctx, now, id, now.Add(d.Hot)); err != nil {
			return err
		}
	}
	if _, err := tx.q.ExecContext(ctx, "update sync_logs set outcome = 'unknown', finished_at = $1, error_message = 'The program stopped before it heard the answer' where outcome is null", now); err != nil {
		return err
	}
	// The last calls count as ended now: between two runs the machine's clock may have
	// been set, and a minute by it need not have been one.
	if _, err := tx.q.ExecContext(ctx, "update xero_calls set finished_at = $1 where finished_at is null or finished_at > $2", now, now.Add(-clockStep*d.Minute)); err != nil {
		return err
	}
	// What vanished attempts had claimed is hot until its outcome is certain,
	// however the lease stood when the worker died.
	for _, statement := range []string{
		"update sync_documents set lease_until = null, sync_epoch = sync_epoch + 1 where lease_until is not null",
		"update sync_intents set phase = 'queued' where closed_at is null and phase = 'sending'",
		"update xero_tokens set refresh_lease_until = null",
	} {
		if _, err := tx.q.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// PlannedCall is a call about to be made.
type PlannedCall struct {
	ID              fieldops.ID
	Tenant          string
	Call            fieldops.Call
	Claims          []*Claim // the documents, in the order of Call.Members; none for a call of the connection
	ConnectionID    fieldops.ID
	TokenGeneration int64
	TokenExpires    fieldops.Time
	Slot            bool // whether it counts against the tenant's limits
	Probe           bool // goes out although the breaker is open
	Background      bool // gives way to what people wait for
	// Set by BeginCall.
	Rows     []fieldops.ID
	Deadline fieldops.Time
	SlotID   fieldops.ID
}

func (p *PlannedCall) writes() bool { return p.Call.Operation != fieldops.OpLook }

// BeginCall commits a call before its connection is opened: a sync_logs row for
// each document, the lane's slot, and leases that outlive the call. It returns
// ErrOutdated when a claim no longer holds, and a *Wait when the lane has no
// room.
func (tx *Tx) BeginCall(ctx context.Context, d fieldops.Durations, p *PlannedCall) error {
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	p.Rows, p.SlotID = nil, ""
	p.Deadline = now.Add(d.CallTimeout)
	held := p.Deadline.Add(d.CallGrace)
	for _, c := range p.Claims {
		kept, err := tx.q.ExecContext(ctx, `update sync_documents set lease_until = $1
			where entity_type = $2 and entity_id = $3 and sync_epoch = $4 and open_intent_id = $5`, held, c.Ref.Kind, c.Ref.ID, c.Epoch, c.Intent)
		if err != nil {
			return err
		}
		if n, err := kept.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, ErrOutdated)
		}
	}
	if p.Slot {
		if p.SlotID, err = tx.takeSlot(ctx, d, now, p, held); err != nil {
			return err
		}
	}
	if len(p.Claims) == 0 {
		id := fieldops.NewID()
		p.Rows = append(p.Rows, id)
		_, err := tx.q.ExecContext(ctx, `insert into sync_logs (id, entity_type, entity_id, request_payload, created_at, call_id, tenant_id,
			operation, writes, method, path, token_generation, token_expires_at, deadline) values ($1, 'connection', $2, $3, $4, $5, $6, $7, false, $8, $9, $10, $11, $12)`,
			id, p.ConnectionID, jsonText(p.Call.Body), now, p.ID, p.Tenant, p.Call.Operation, p.Call.Method, p.Call.Path, p.TokenGeneration, p.TokenExpires, p.Deadline)
		return err
	}
	var b strings.Builder
	b.WriteString(`insert into sync_logs (id, entity_type, entity_id, request_payload, created_at, intent_id, call_id, tenant_id, sync_epoch, revision,
		number, posting, attempt, operation, writes, method, path, idempotency_key, token_generation, token_expires_at, deadline, correlation_id) values `)
	var args []any
	for i, c := range p.Claims {
		member := p.Call.Members[i]
		posting, err := json.Marshal(member)
		if err != nil {
			return err
		}
		payload := p.Call.Body
		if i < len(p.Call.Elements) {
			payload = p.Call.Elements[i]
		}
		id := fieldops.NewID()
		p.Rows = append(p.Rows, id)
		if i > 0 {
			b.WriteByte(',')
		}
		row := []any{
			id, c.Ref.Kind, c.Ref.ID, jsonText(payload), now, c.Intent, p.ID, p.Tenant, c.Epoch, member.Revision,
			member.Number, string(posting), c.Attempts + 1, p.Call.Operation, p.writes(), p.Call.Method, p.Call.Path,
			p.Call.IdempotencyKey, p.TokenGeneration, p.TokenExpires, p.Deadline, orNull(c.RequestID),
		}
		b.WriteByte('(')
		for j := range row {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "$%d", len(args)+j+1)
		}
		b.WriteByte(')')
		args = append(args, row...)
		if p.writes() {
			c.Attempts++
		}
	}
	if _, err := tx.q.ExecContext(ctx, b.String(), args...); err != nil {
		return err
	}
	phase := fieldops.PhaseChecking
	if p.writes() {
		phase = fieldops.PhaseSending
	}
	args = []any{phase}
	intents := make([]fieldops.ID, len(p.Claims))
	for i, c := range p.Claims {
		intents[i] = c.Intent
	}
	if _, err := tx.q.ExecContext(ctx, "update sync_intents set phase = $1, reason = null where id in "+list(&args, intents), args...); err != nil {
		return err
	}
	for _, c := range p.Claims {
		tx.announce(c.Ref)
	}
	return nil
}

// jsonText is what a json column holds of a body: the body itself if it is
// JSON, else the text as a JSON string, at most 64 KiB of it.
func jsonText(body []byte) any {
	if len(body) == 0 {
		return nil
	}
	if json.Valid(body) {
		return string(body)
	}
	const limit = 64 << 10
	if len(body) > limit {
		body = body[:limit]
	}
	text, err := json.Marshal(strings.ToValidUTF8(strings.ReplaceAll(string(body), "\x00", ""), "�"))
	if err != nil {
		return nil
	}
	return string(text)
}

// FinishSlot gives the lane's slot back and keeps what the answer said of the
// limits.
func (tx *Tx) FinishSlot(ctx context.Context, p *PlannedCall, a fieldops.Answer) error {
	if p.SlotID == "" {
		return nil
	}
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "update xero_calls set finished_at = $1 where id = $2 and finished_at is null", now, p.SlotID); err != nil {
		return err
	}
	if a.MinuteLeft < 0 && a.DayLeft < 0 {
		return nil
	}
	_, err = tx.q.ExecContext(ctx, `update xero_lanes set minute_left = case when $1 < 0 then minute_left else $1 end,
		day_left = case when $2 < 0 then day_left else $2 end, headers_at = $3,
		day_limit = case when $2 >= 0 and (day_limit is null or day_limit < $2) then $2 else day_limit end where tenant_id = $4`, a.MinuteLeft, a.DayLeft, now, p.Tenant)
	return err
}

// FinishRow writes the outcome of a call's i-th row while it is still open, and
// reports whether it was. An answer that comes after the row was closed is
// kept beside it, without changing what was decided.
func (tx *Tx) FinishRow(ctx context.Context, d fieldops.Durations, p *PlannedCall, i int, v fieldops.Verdict, a fieldops.Answer) (open bool, err error) {
	now, err := tx.Clock(ctx)
	if err != nil {
		return false, err
	}
	var hot, resolved, status, httpStatus, message any
	if p.writes() && (v.Outcome == fieldops.Unknown || v.Outcome == fieldops.Evidence) {
		hot = now.Add(d.Hot)
	} else {
		resolved = now
	}
	if v.Status != 0 {
		status = v.Status
	}
	if a.Status != 0 {
		httpStatus = a.Status
	}
	if v.Message != "" {
		message = v.Message
	}
	done, err := tx.q.ExecContext(ctx, `update sync_logs set outcome = $1, finished_at = $2, hot_until = $3, resolved_at = $4, status_code = $5,
		http_status = $6, error_message = $7, response_payload = $8, duration_ms = $9, xero_correlation_id = $10 where id = $11 and outcome is null`,
		v.Outcome, now, hot, resolved, status, httpStatus, message, jsonText(v.Response), a.Duration.Milliseconds(), orNull(a.CorrelationID), p.Rows[i])
	if err != nil {
		return false, err
	}
	if n, err := done.RowsAffected(); err != nil || n == 1 {
		return n == 1, err
	}
	_, err = tx.q.ExecContext(ctx, `update sync_logs set response_payload = $1, http_status = $2,
		error_message = 'Answered after the attempt was given up: ' || $3 where id = $4`, jsonText(v.Response), httpStatus, string(v.Outcome), p.Rows[i])
	return false, err
}

// Resolve clears up attempts whose outcome was unknown.
func (tx *Tx) Resolve(ctx context.Context, attempts []fieldops.ID, resolution string) error {
	if len(attempts) == 0 {
		return nil
	}
	args := []any{tx.Now, resolution}
	_, err := tx.q.ExecContext(ctx, "update sync_logs set resolved_at = $1, resolution = $2 where resolved_at is null and id in "+list(&args, attempts), args...)
	return err
}

// Still reports whether a claim holds: nobody has claimed the document since
// and its intent is still the current one.
func (tx *Tx) Still(ctx context.Context, c *Claim) error {
	var one int
	err := tx.q.QueryRowContext(ctx, "select 1 from sync_documents where entity_type = $1 and entity_id = $2 and sync_epoch = $3 and open_intent_id = $4"+tx.forUpdate(),
		c.Ref.Kind, c.Ref.ID, c.Epoch, c.Intent).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrOutdated
	}
	return err
}

// Adopt keeps the provider's id of a document, if it has none yet.
func (tx *Tx) Adopt(ctx context.Context, ref fieldops.DocumentRef, remoteID string) error {
	t := syncTables[ref.Kind]
	if remoteID == "" || remoteID == fieldops.NilID {
		return fmt.Errorf("%s %s: no id to adopt", ref.Kind, ref.ID)
	}
	_, err := tx.q.ExecContext(ctx, "update "+t.table+" set "+t.remoteID+" = $1 where id = $2 and "+t.remoteID+" is null", remoteID, ref.ID)
	return err
}

// Readopt replaces the provider's id of a document that is voided there by that
// of the one which has come to stand under its number since, from a create that
// arrived late. The id before stays in the audit trail.
func (tx *Tx) Readopt(ctx context.Context, ref fieldops.DocumentRef, from, to string) error {
	t := syncTables[ref.Kind]
	done, err := tx.q.ExecContext(ctx, "update "+t.table+" set "+t.remoteID+" = $1 where id = $2 and "+t.remoteID+" = $3", to, ref.ID, from)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, ErrOutdated)
	}
	return tx.audit(ctx, "readopt", string(ref.Kind), ref.ID, map[string]any{"xero_id_before": from, "xero_id": to})
}

// MarkUnknown notes that a document's call ended without anyone knowing how,
// and when to look at it again long after.
func (tx *Tx) MarkUnknown(ctx context.Context, d fieldops.Durations, c *Claim) error {
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	c.Unknowns++
	if _, err := tx.q.ExecContext(ctx, `update sync_documents set ever_unknown = true, audit_step = 0, audit_at = $1
		where entity_type = $2 and entity_id = $3`, now.Add(d.Audit[0]), c.Ref.Kind, c.Ref.ID); err != nil {
		return err
	}
	limit := max(1, c.BatchLimit/2)
	_, err = tx.q.ExecContext(ctx, "update sync_intents set unknowns = unknowns + 1, batch_limit = $1 where id = $2", limit, c.Intent)
	return err
}

// LimitBatch says how many documents may share a call with this one.
func (tx *Tx) LimitBatch(ctx context.Context, c *Claim, limit int) error {
	c.BatchLimit = max(1, limit)
	_, err := tx.q.ExecContext(ctx, "update sync_intents set batch_limit = $1 where id = $2", c.BatchLimit, c.Intent)
	return err
}

// CountAbsent counts a send that an answered look-up has shown to be absent.
func (tx *Tx) CountAbsent(ctx context.Context, c *Claim) error {
	c.Sends++
	_, err := tx.q.ExecContext(ctx, "update sync_intents set sends = sends + 1 where id = $1", c.Intent)
	return err
}

// MarkRefused keeps a definite refusal while other attempts are unresolved.
func (tx *Tx) MarkRefused(ctx context.Context, c *Claim, words string) error {
	c.Refused = words
	_, err := tx.q.ExecContext(ctx, "update sync_intents set refused = $1 where id = $2", words, c.Intent)
	return err
}

// Postpone gives a claim back: the intent is due again at until, for a reason
// that the screens show.
func (tx *Tx) Postpone(ctx context.Context, c *Claim, phase fieldops.Phase, until, certain fieldops.Time, reason, message string, who fieldops.WhoMustAct) error {
	looked := 0
	if phase == fieldops.PhaseChecking {
		looked = 1
	}
	var r, m any
	if reason != "" {
		r = reason
	}
	if message != "" {
		m = message
	}
	if _, err := tx.q.ExecContext(ctx, `update sync_intents set phase = $1, next_attempt_at = $2, certain_at = $3, reason = $4, message = $5, who_must_act = $6,
		looks = looks + $7 where id = $8 and closed_at is null`, phase, until, certain, r, m, who, looked, c.Intent); err != nil {
		return err
	}
	tx.announce(c.Ref)
	return tx.Release(ctx, c)
}

// Release gives a claim back without changing when the intent is due.
func (tx *Tx) Release(ctx context.Context, c *Claim) error {
	_, err := tx.q.ExecContext(ctx, "update sync_documents set lease_until = null where entity_type = $1 and entity_id = $2 and sync_epoch = $3", c.Ref.Kind, c.Ref.ID, c.Epoch)
	return err
}

// Settle ends an intent that reached Xero: the revision stands there. A newer
// revision opens the next intent, a wish to delete opens its own.
func (tx *Tx) Settle(ctx context.Context, c *Claim, revision int64, remote *fieldops.Remote, warning string) error {
	var current int64
	var wish *string
	if err := tx.q.QueryRowContext(ctx, "update sync_documents set synced_revision = $1 where entity_type = $2 and entity_id = $3 returning revision, wish",
		revision, c.Ref.Kind, c.Ref.ID).Scan(&current, &wish); err != nil {
		return err
	}
	if err := tx.keepRemote(ctx, c.Ref, remote, warning); err != nil {
		return err
	}
	if err := tx.closeIntent(ctx, c.Ref, c.Intent, "synced"); err != nil {
		return err
	}
	if wish != nil {
		_, err := tx.openIntent(ctx, c.Ref, fieldops.OpVoid)
		return err
	}
	if current != revision {
		_, err := tx.openIntent(ctx, c.Ref, fieldops.OpUpdate)
		return err
	}
	if err := tx.setSyncStatus(ctx, c.Ref, fieldops.SyncSynced, c.Intent); err != nil {
		return err
	}
	if c.Ref.Kind == fieldops.KindClient {
		return tx.WakeWaiting(ctx, "contact")
	}
	return nil
}

// keepRemote keeps what Xero computed, what it keeps otherwise than it was sent,
// and how the document stands there.
func (tx *Tx) keepRemote(ctx context.Context, ref fieldops.DocumentRef, remote *fieldops.Remote, warning string) error {
	if remote == nil || ref.Kind == fieldops.KindClient {
		return nil
	}
	var w any
	if warning != "" {
		w = warning
	}
	t := syncTables[ref.Kind]
	_, err := tx.q.ExecContext(ctx, "update "+t.table+" set xero_total_cents = $1, sync_warning = $2 where id = $3", int64(remote.Total), w, ref.ID)
	if err != nil {
		return err
	}
	return tx.KeepStatus(ctx, ref, remote)
}

// KeepStatus keeps how far a document has come in Xero: approved, paid, billed.
// What was paid there and what was paid here are settled together.
func (tx *Tx) KeepStatus(ctx context.Context, ref fieldops.DocumentRef, remote *fieldops.Remote) error {
	switch ref.Kind {
	case fieldops.KindInvoice:
		settled := remote.Total - remote.AmountDue
		changed, err := tx.exec(ctx, `update xero_invoices set status = $1,
			xero_settled_cents = case when $1 = 'PAID' then total_cents else $2 end
			where id = $3 and $1 in ('DRAFT','SUBMITTED','AUTHORISED','PAID') and status in ('DRAFT','SUBMITTED','AUTHORISED','PAID')
			and (status <> $1 or xero_settled_cents <> case when $1 = 'PAID' then total_cents else $2 end)`,
			remote.Status, int64(settled), ref.ID)
		if err != nil || changed == 0 {
			return err
		}
		return tx.settleInvoice(ctx, ref.ID)
	case fieldops.KindPurchaseOrder:
		_, err := tx.q.ExecContext(ctx, "update xero_purchase_orders set status = $1 where id = $2 and status <> $1 and $1 in ('DRAFT','SUBMITTED','AUTHORISED','BILLED')", remote.Status, ref.ID)
		return err
	}
	return nil
}

// MarkUpdated notes that an update of a revision was sent and answered, so that
// it is not sent again for what Xero keeps otherwise.
func (tx *Tx) MarkUpdated(ctx context.Context, c *Claim, revision int64) error {
	c.UpdatedRevision = revision
	_, err := tx.q.ExecContext(ctx, "update sync_documents set updated_revision = $1 where entity_type = $2 and entity_id = $3", revision, c.Ref.Kind, c.Ref.ID)
	return err
}

// Fail ends an intent for certain: a definite refusal, or proof that nothing is
// there. words are for a person, who says who can mend it.
func (tx *Tx) Fail(ctx context.Context, c *Claim, reason, words string, who fieldops.WhoMustAct) error {
	var wish *string
	if err := tx.q.QueryRowContext(ctx, "select wish from sync_documents where entity_type = $1 and entity_id = $2", c.Ref.Kind, c.Ref.ID).Scan(&wish); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "update sync_intents set reason = $1, message = $2, who_must_act = $3, certain_at = null where id = $4", reason, words, who, c.Intent); err != nil {
		return err
	}
	if err := tx.closeIntent(ctx, c.Ref, c.Intent, "failed"); err != nil {
		return err
	}
	if wish != nil {
		_, err := tx.openIntent(ctx, c.Ref, fieldops.OpVoid)
		return err
	}
	if err := tx.setSyncStatus(ctx, c.Ref, fieldops.SyncFailed, c.Intent); err != nil {
		return err
	}
	if err := tx.notifyOfFailure(ctx, c.Ref, words); err != nil {
		return err
	}
	if c.Ref.Kind == fieldops.KindClient {
		return tx.WakeWaiting(ctx, "contact") // so that they say what they wait for
	}
	return nil
}

// FinishVoid ends an intent to delete: Xero has confirmed it, or nothing stands
// there. The document is deleted here and its timesheets are free, in the same
// transaction.
func (tx *Tx) FinishVoid(ctx context.Context, c *Claim, standsVoided bool) error {
	result := "absent"
	if standsVoided {
		result = "synced"
	}
	if err := tx.closeIntent(ctx, c.Ref, c.Intent, result); err != nil {
		return err
	}
	status, intent := fieldops.SyncStatus(""), fieldops.ID("")
	if standsVoided {
		status, intent = fieldops.SyncSynced, c.Intent
	}
	// The document's own status must be set first: its timesheets are let go
	// by what follows.
	if err := tx.setSyncStatus(ctx, c.Ref, status, intent); err != nil {
		return err
	}
	switch c.Ref.Kind {
	case fieldops.KindInvoice:
		return tx.FinishInvoiceVoid(ctx, c.Ref.ID)
	case fieldops.KindPurchaseOrder:
		return tx.FinishPurchaseOrderVoid(ctx, c.Ref.ID)
	}
	return fmt.Errorf("a %s is not voided", c.Ref.Kind)
}

// DueIntent is an open intent whose time has come.
type DueIntent struct {
	Kind     fieldops.DocumentKind
	ID       fieldops.ID
	Handover int64
}

// HandOver gives every open intent whose time has come and that nobody holds to
// the queue anew, at most limit of them, and reports how many. What was handed
// over less than a sweep ago is left alone.
func (tx *Tx) HandOver(ctx context.Context, d fieldops.Durations, limit int) (int, error) {
	now, err := tx.Clock(ctx)
	if err != nil {
		return 0, err
	}
	if err := tx.closeVanishedLooks(ctx, d, now); err != nil {
		return 0, err
	}
	lock := "" // what another transaction is changing need not be handed over
	if tx.engine == Postgres {
		lock = " for update of i skip locked"
	}
	due, err := collect(ctx, tx.reads, `select i.entity_type, i.id, i.handover + 1 from sync_intents i
		join sync_documents s on s.open_intent_id = i.id
		where i.closed_at is null and i.next_attempt_at <= $1 and (s.lease_until is null or s.lease_until <= $1)
		and (i.handed_over_at is null or i.handed_over_at <= $2 or i.handed_over_at < i.next_attempt_at)
		order by i.id limit $3`+lock, []any{now, now.Add(-d.Sweep), limit},
		func(rows *sql.Rows, i *DueIntent) error { return rows.Scan(&i.Kind, &i.ID, &i.Handover) })
	if err != nil {
		return 0, err
	}
	for _, i := range due {
		if _, err := tx.q.ExecContext(ctx, "update sync_intents set handover = $1, handed_over_at = $2 where id = $3", i.Handover, now, i.ID); err != nil {
			return 0, err
		}
		if err := tx.enqueuePush(ctx, i.Kind, i.ID, i.Handover); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// ParkClaim gives a claim back because the lane has no room. Nothing is spent, and
// why it waits is shown only where nothing weightier is.
func (tx *Tx) ParkClaim(ctx context.Context, c *Claim, phase fieldops.Phase, until fieldops.Time, wait *Wait) error {
	if _, err := tx.q.ExecContext(ctx, `update sync_intents set phase = $1, next_attempt_at = $2, reason = $3, message = $4, who_must_act = $5
		where id = $6 and closed_at is null`, phase, until, wait.Reason, wait.Message, wait.Who, c.Intent); err != nil {
		return err
	}
	tx.announce(c.Ref)
	return tx.Release(ctx, c)
}

// Nudge has a document looked at again, because an answer came after its
// attempt was given up.
func (tx *Tx) Nudge(ctx context.Context, ref fieldops.DocumentRef) error {
	d, err := tx.lockSyncDocument(ctx, ref)
	if err != nil || d == nil || d.openIntent == nil {
		return err
	}
	return tx.wake(ctx, ref.Kind, *d.openIntent, false)
}
