package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"sync"

	"ampedfieldops/internal/fieldops"
)

// Reference is what is known of the connected organisation: enough to fill and
// to check a document before it is sent.
type Reference struct {
	Organisation fieldops.Organisation
	Accounts     []fieldops.Account
	TaxRates     []fieldops.RemoteTaxRate
	ReadAt       fieldops.Time
}

// Account finds an active account by its code.
func (r Reference) Account(code string) (fieldops.Account, bool) {
	for _, a := range r.Accounts {
		if a.Code == code && a.Status == "ACTIVE" {
			return a, true
		}
	}
	return fieldops.Account{}, false
}

// TaxRate finds a tax rate by its code.
func (r Reference) TaxRate(taxType string) (fieldops.RemoteTaxRate, bool) {
	for _, t := range r.TaxRates {
		if t.TaxType == taxType {
			return t, true
		}
	}
	return fieldops.RemoteTaxRate{}, false
}

// Reference reads what is known of the connected organisation; the zero value
// when nothing was read yet. Its lists are shared: nobody may change them.
func (r reads) Reference(ctx context.Context) (Reference, error) {
	var ref Reference
	tenant, err := r.tenant(ctx)
	if err != nil || tenant == "" {
		return ref, err
	}
	// A chart of accounts is large, every document asks for it, and it changes
	// once a day.
	var readAt fieldops.Time
	err = r.q.QueryRowContext(ctx, "select read_at from xero_organisations where tenant_id = $1", tenant).Scan(&readAt)
	if errors.Is(err, sql.ErrNoRows) {
		return ref, nil
	}
	if err != nil {
		return ref, err
	}
	if kept, ok := r.reference.get(tenant, readAt); ok {
		return kept, nil
	}
	var organisation, accounts, rates string
	err = r.q.QueryRowContext(ctx, "select organisation, accounts, tax_rates, read_at from xero_organisations where tenant_id = $1", tenant).
		Scan(&organisation, &accounts, &rates, &ref.ReadAt)
	if err != nil {
		return ref, err
	}
	err = errors.Join(json.Unmarshal([]byte(organisation), &ref.Organisation),
		json.Unmarshal([]byte(accounts), &ref.Accounts), json.Unmarshal([]byte(rates), &ref.TaxRates))
	if err == nil {
		r.reference.keep(tenant, ref)
	}
	return ref, err
}

// keptReference is the reference data that was decoded last.
type keptReference struct {
	mu     sync.Mutex
	tenant string
	kept   Reference
}

func (k *keptReference) get(tenant string, readAt fieldops.Time) (Reference, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kept, k.tenant == tenant && k.kept.ReadAt.Equal(readAt.Time)
}

func (k *keptReference) keep(tenant string, r Reference) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tenant, k.kept = tenant, r
}

// KeepReference stores what was read of the organisation and wakes the
// documents that waited for it.
func (tx *Tx) KeepReference(ctx context.Context, tenant string, ref Reference) error {
	organisation, err := json.Marshal(ref.Organisation)
	if err != nil {
		return err
	}
	accounts, err := json.Marshal(ref.Accounts)
	if err != nil {
		return err
	}
	rates, err := json.Marshal(ref.TaxRates)
	if err != nil {
		return err
	}
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into xero_organisations (tenant_id, organisation, accounts, tax_rates, read_at) values ($1, $2, $3, $4, $5)
		on conflict (tenant_id) do update set organisation = excluded.organisation, accounts = excluded.accounts, tax_rates = excluded.tax_rates, read_at = excluded.read_at`,
		tenant, string(organisation), string(accounts), string(rates), now); err != nil {
		return err
	}
	return tx.WakeWaiting(ctx, "reference", "account")
}

// lineTables say where a kind of document keeps its lines.
var lineTables = map[fieldops.DocumentKind]string{
	fieldops.KindInvoice:       "xero_invoice_lines",
	fieldops.KindPurchaseOrder: "xero_purchase_order_line_items",
}

// FreezeLine stores the account and tax type under which a line is sent, so
// that every later attempt sends the same. It makes no new revision: the
// document stays what it was.
func (tx *Tx) FreezeLine(ctx context.Context, kind fieldops.DocumentKind, line fieldops.ID, account, taxType string) error {
	var t any
	if taxType != "" {
		t = taxType
	}
	_, err := tx.q.ExecContext(ctx, "update "+lineTables[kind]+" set account_code = $1, tax_type = coalesce($2, tax_type) where id = $3", account, t, line)
	return err
}

// Retax gives the lines of a document another tax rate and adds its totals up
// anew, because a person has accepted what the account says.
func (tx *Tx) Retax(ctx context.Context, ref fieldops.DocumentRef, lines []fieldops.Line) error {
	for _, l := range lines {
		if _, err := tx.q.ExecContext(ctx, "update "+lineTables[ref.Kind]+" set account_code = $1, tax_type = $2, tax_rate_ppm = $3, tax_amount_cents = $4 where id = $5",
			l.AccountCode, l.TaxType, int64(l.TaxRate), int64(l.Tax), l.ID); err != nil {
			return err
		}
	}
	subTotal, tax, total := fieldops.Totals(lines)
	statement := "update xero_invoices set subtotal_cents = $1, total_tax_cents = $2, total_cents = $3, amount_due_cents = $3 - amount_paid_cents, updated_at = $4 where id = $5"
	if ref.Kind == fieldops.KindPurchaseOrder {
		statement = "update xero_purchase_orders set subtotal_cents = $1, total_tax_cents = $2, total_amount_cents = $3, updated_at = $4 where id = $5"
	}
	if _, err := tx.q.ExecContext(ctx, statement, int64(subTotal), int64(tax), int64(total), tx.Now, ref.ID); err != nil {
		return err
	}
	return tx.audit(ctx, "accept_tax", string(ref.Kind), ref.ID, map[string]any{"total_tax": tax, "total": total})
}

// Audited is a document that is read again long after an outcome was unknown.
type Audited struct {
	Ref      fieldops.DocumentRef
	RemoteID string
	Step     int
}

// DueAudits are documents whose reading again is due.
func (r reads) DueAudits(ctx context.Context, limit int) ([]Audited, error) {
	now, err := r.Clock(ctx)
	if err != nil {
		return nil, err
	}
	return collect(ctx, r, `select entity_type, entity_id, audit_step from sync_documents
		where audit_at is not null and audit_at <= $1 and open_intent_id is null order by audit_at limit $2`, []any{now, limit},
		func(rows *sql.Rows, a *Audited) error { return rows.Scan(&a.Ref.Kind, &a.Ref.ID, &a.Step) })
}

// AuditDone schedules a document's next reading, or ends them.
func (tx *Tx) AuditDone(ctx context.Context, d fieldops.Durations, a Audited, warning string) error {
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	next := fieldops.Time{}
	if a.Step+1 < len(d.Audit) {
		next = now.Add(d.Audit[a.Step+1] - d.Audit[a.Step])
	}
	if _, err := tx.q.ExecContext(ctx, "update sync_documents set audit_step = audit_step + 1, audit_at = $1 where entity_type = $2 and entity_id = $3 and audit_step = $4",
		next, a.Ref.Kind, a.Ref.ID, a.Step); err != nil || warning == "" || a.Ref.Kind == fieldops.KindClient {
		return err
	}
	_, err = tx.q.ExecContext(ctx, "update "+syncTables[a.Ref.Kind].table+" set sync_warning = $1 where id = $2", warning, a.Ref.ID)
	if err == nil {
		tx.announce(a.Ref)
	}
	return err
}

// EnsureContact asks that a client be brought to Xero before its documents, and
// tells how it stands: its id there, or why it has none yet.
//
// With wait it first waits for whoever is changing the client's way to Xero, so
// that what it tells stays true until this transaction ends. Only a transaction
// about a single document may do that: two that ask for several clients in
// different orders would wait for each other.
func (tx *Tx) EnsureContact(ctx context.Context, client fieldops.ID, wait bool) (remoteID string, failed *string, err error) {
	ref := fieldops.DocumentRef{Kind: fieldops.KindClient, ID: client}
	if wait {
		if _, err := tx.lockSyncDocument(ctx, ref); err != nil {
			return "", nil, err
		}
	}
	if remoteID, err = tx.remoteID(ctx, ref); err != nil || remoteID != "" {
		return remoteID, nil, err
	}
	asked := func() (known, open bool, err error) {
		err = tx.q.QueryRowContext(ctx, "select open_intent_id is not null from sync_documents where entity_type = $1 and entity_id = $2", ref.Kind, ref.ID).Scan(&open)
		if errors.Is(err, sql.ErrNoRows) {
			return false, false, nil
		}
		return err == nil, open, err
	}
	known, open, err := asked()
	if err != nil {
		return "", nil, err
	}
	if !known {
		free, err := tx.reserveClient(ctx, client, wait)
		if err != nil || !free {
			return "", nil, err
		}
		if known, _, err = asked(); err != nil || known {
			return "", nil, err
		}
		_, _, err = tx.RequestSync(ctx, ref, fieldops.OpCreate)
		return "", nil, err
	}
	if !open {
		err = tx.q.QueryRowContext(ctx, `select coalesce(message, 'it failed') from sync_intents where entity_type = $1 and entity_id = $2
			order by opened_at desc, id desc limit 1`, ref.Kind, ref.ID).Scan(&failed)
	}
	return "", failed, err
}

// reserveClient keeps others from asking for the same client, and reports
// whether it could: unless it waits, it does not while another is doing so.
func (tx *Tx) reserveClient(ctx context.Context, client fieldops.ID, wait bool) (bool, error) {
	lock := ""
	if tx.engine == Postgres {
		lock = " for no key update"
		if !wait {
			lock += " skip locked"
		}
	}
	var id fieldops.ID
	err := tx.q.QueryRowContext(ctx, "select id from /* deleted too */ clients where id = $1"+lock, client).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// KeepCandidate remembers what stands in Xero under a document's name or number
// without being ours, so that a person may link it.
func (tx *Tx) KeepCandidate(ctx context.Context, c *Claim, remoteID string) error {
	_, err := tx.q.ExecContext(ctx, "update sync_intents set candidate_id = $1 where id = $2", remoteID, c.Intent)
	return err
}

// Link makes what stands in Xero under a document's name or number its own,
// because a person says so, and brings it to our content.
func (tx *Tx) Link(ctx context.Context, ref fieldops.DocumentRef) error {
	d, err := tx.lockSyncDocument(ctx, ref)
	if err != nil {
		return err
	}
	var candidate *string
	if d != nil && d.openIntent == nil {
		err = tx.q.QueryRowContext(ctx, `select candidate_id from sync_intents where entity_type = $1 and entity_id = $2
			order by opened_at desc, id desc limit 1`, ref.Kind, ref.ID).Scan(&candidate)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	if candidate == nil {
		return fieldops.Refuse(fieldops.Conflict, "There is nothing in Xero to link this to")
	}
	t := syncTables[ref.Kind]
	var holders int
	if err := tx.q.QueryRowContext(ctx, "select count(*) from "+t.table+" where "+t.remoteID+" = $1 and id <> $2", *candidate, ref.ID).Scan(&holders); err != nil {
		return err
	}
	if holders > 0 {
		return fieldops.Refuse(fieldops.Conflict, "Another record here is linked to that already")
	}
	if err := tx.Adopt(ctx, ref, *candidate); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "update sync_documents set revision = revision + 1 where entity_type = $1 and entity_id = $2", ref.Kind, ref.ID); err != nil {
		return err
	}
	if _, err := tx.openIntent(ctx, ref, fieldops.OpUpdate); err != nil {
		return err
	}
	return tx.audit(ctx, "link", string(ref.Kind), ref.ID, map[string]any{"remote_id": *candidate})
}

// Unclaimed reads a document's sync state without claiming it, for reading the
// document again at the provider.
func (tx *Tx) Unclaimed(ctx context.Context, ref fieldops.DocumentRef) (*Claim, error) {
	c := &Claim{Ref: ref}
	err := tx.q.QueryRowContext(ctx, "select tenant_id, sync_epoch, revision from sync_documents where entity_type = $1 and entity_id = $2", ref.Kind, ref.ID).
		Scan(&c.Tenant, &c.Epoch, &c.Revision)
	if err != nil {
		return nil, notFound(err, syncTables[ref.Kind].label)
	}
	c.RemoteID, err = tx.remoteID(ctx, ref)
	return c, err
}

// RestoreFinding is what stands in Xero of one kind when a backup is restored.
type RestoreFinding struct {
	Numbers []string
	Highest int64 // of the numbers in our own series
}

// BeginComparison closes the lane after a restore: what is restored may be
// behind Xero, so nothing is sent until the two were compared.
func (tx *Tx) BeginComparison(ctx context.Context) error {
	// A backup made on another day may hold a lane for each tenant there was.
	if tenant, err := tx.tenant(ctx); err != nil {
		return err
	} else if tenant != "" {
		if err := tx.EnsureLane(ctx, tenant); err != nil {
			return err
		}
	}
	if _, err := tx.q.ExecContext(ctx, "update xero_lanes set paused = $1, paused_reason = $2, paused_by = 'System', paused_at = $3", true, Comparing, tx.Now); err != nil {
		return err
	}
	return tx.audit(ctx, "restore", "database", "", nil)
}

// FinishComparison raises the number series above what Xero holds, has every
// document read again, notes what Xero holds that is not known here, and opens
// the lane.
func (tx *Tx) FinishComparison(ctx context.Context, findings map[fieldops.DocumentKind]RestoreFinding) error {
	columns := map[fieldops.DocumentKind]string{fieldops.KindInvoice: "invoice_number", fieldops.KindPurchaseOrder: "po_number"}
	for kind, f := range findings {
		if f.Highest > 0 {
			if _, err := tx.q.ExecContext(ctx, `insert into number_series (name, next) values ($1, $2)
				on conflict (name) do update set next = case when number_series.next < excluded.next then excluded.next else number_series.next end`, string(kind), f.Highest+1); err != nil {
				return err
			}
		}
		known, err := collect(ctx, tx.reads, "select "+columns[kind]+" from "+syncTables[kind].table, nil, func(rows *sql.Rows, n *string) error { return rows.Scan(n) })
		if err != nil {
			return err
		}
		here := make(map[string]bool, len(known))
		for _, n := range known {
			here[n] = true
		}
		unknown := []string{}
		for _, n := range f.Numbers {
			if n != "" && !here[n] {
				unknown = append(unknown, n)
			}
		}
		if err := tx.audit(ctx, "compare_after_restore", string(kind), "", map[string]any{"in_xero": len(f.Numbers), "not_known_here": unknown}); err != nil {
			return err
		}
	}
	now, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "update sync_documents set audit_step = 0, audit_at = $1 where entity_type <> 'client'", now); err != nil {
		return err
	}
	_, err = tx.q.ExecContext(ctx, "update xero_lanes set paused = $1, paused_reason = null, paused_by = null, paused_at = null where paused_reason = $2", false, Comparing)
	return err
}

// Renumber gives a document another number; the caller has checked that it is
// free. Where Xero voided the document under the old number, what is sent next
// is a new document there, so the old one's id is let go (it stays in the audit
// trail).
func (tx *Tx) Renumber(ctx context.Context, ref fieldops.DocumentRef, number string) error {
	column, ok := map[fieldops.DocumentKind]string{fieldops.KindInvoice: "invoice_number", fieldops.KindPurchaseOrder: "po_number"}[ref.Kind]
	if !ok {
		return fieldops.Refuse(fieldops.Invalid, "A %s has no number", ref.Kind)
	}
	t := syncTables[ref.Kind]
	var old string
	var remote, reason *string
	if err := tx.q.QueryRowContext(ctx, "select "+column+", "+t.remoteID+" from "+t.table+" where id = $1", ref.ID).Scan(&old, &remote); err != nil {
		return notFound(err, t.label)
	}
	err := tx.q.QueryRowContext(ctx, `select reason from sync_intents where entity_type = $1 and entity_id = $2 and closed_at is not null
		order by opened_at desc, id desc limit 1`, ref.Kind, ref.ID).Scan(&reason)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "update "+t.table+" set "+column+" = $1, updated_at = $2 where id = $3", number, tx.Now, ref.ID); err != nil {
		return err
	}
	if err := tx.indexWords(ctx, fieldops.RecordKind(ref.Kind), ref.ID, keysOf(&old), keysOf(&number)); err != nil {
		return err
	}
	if reason != nil && (*reason == "voided_in_xero" || *reason == "vanished") {
		if _, err := tx.q.ExecContext(ctx, "update "+t.table+" set "+t.remoteID+" = null where id = $1", ref.ID); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "renumber", string(ref.Kind), ref.ID, map[string]any{"from": old, "to": number, "xero_id_before": remote})
}

// FollowMerge has the client that was linked to a contact follow it into the
// contact that it was merged into in Xero. If another client is linked to that
// one already, nothing changes: two clients do not become one by themselves.
func (tx *Tx) FollowMerge(ctx context.Context, from, into string) error {
	var client fieldops.ID
	err := tx.q.QueryRowContext(ctx, `update clients set xero_contact_id = $1 where xero_contact_id = $2
		and not exists (select 1 from /* deleted too */ clients c where c.xero_contact_id = $1) returning id`, into, from).Scan(&client)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.audit(ctx, "follow_merged_contact", string(fieldops.KindClient), client, map[string]any{"from": from, "to": into})
}
