package store

import (
	"context"
	"database/sql"
	"errors"

	"ampedfieldops/internal/fieldops"
)

// TakenOver is the reason for which a document waits that came with an upgrade
// and only claimed to be on its way, and the filter that finds these documents.
const TakenOver = "taken_over"

const takenOverMessage = "Taken over from the former product, which never knew whether Xero recorded it. Look in Xero, then say whether to send it, to link it, or to keep it here only"

// takenOver reports whether a document waits for somebody to say what it is.
func (tx *Tx) takenOver(ctx context.Context, ref fieldops.DocumentRef) (waits bool, err error) {
	if ref.Kind == fieldops.KindClient {
		return false, nil
	}
	t := syncTables[ref.Kind]
	err = tx.q.QueryRowContext(ctx, "select taken_over from "+t.table+" where id = $1", ref.ID).Scan(&waits)
	return waits, notFound(err, t.label)
}

// ReleaseTakenOver ends the waiting of a document that was taken over, as a person has
// decided after a look in Xero. ReleaseSend asks for its way as for a new
// document's. ReleaseLink makes what stands in Xero under an id its own and asks
// that it be brought to our content, which also proves that it is there.
// ReleaseKeep leaves it here only.
func (tx *Tx) ReleaseTakenOver(ctx context.Context, ref fieldops.DocumentRef, r fieldops.Release) error {
	t := syncTables[ref.Kind]
	var waits, deleted bool
	err := tx.q.QueryRowContext(ctx, "select taken_over, deleted_at is not null from "+t.table+" where id = $1"+tx.forUpdate(), ref.ID).Scan(&waits, &deleted)
	switch {
	case err != nil:
		return notFound(err, t.label)
	case deleted:
		return fieldops.Refuse(fieldops.Conflict, "%s was deleted; restore it first", t.label)
	case !waits:
		return fieldops.Refuse(fieldops.Conflict, "%s does not wait for a decision", t.label)
	}
	if _, err := tx.q.ExecContext(ctx, "update "+t.table+" set taken_over = false, updated_at = $1 where id = $2", tx.Now, ref.ID); err != nil {
		return err
	}
	switch r.Action {
	case fieldops.ReleaseSend:
		_, _, err = tx.RequestSync(ctx, ref, fieldops.OpCreate)
	case fieldops.ReleaseLink:
		err = tx.linkTakenOver(ctx, ref, r.XeroID)
	default:
		err = tx.setSyncStatus(ctx, ref, "", "")
	}
	if err != nil {
		return err
	}
	details := map[string]any{"action": r.Action}
	if r.Action == fieldops.ReleaseLink {
		details["xero_id"] = r.XeroID
	}
	return tx.audit(ctx, "release", string(ref.Kind), ref.ID, details)
}

func (tx *Tx) linkTakenOver(ctx context.Context, ref fieldops.DocumentRef, xeroID string) error {
	t := syncTables[ref.Kind]
	number := map[fieldops.DocumentKind]string{fieldops.KindInvoice: "invoice_number", fieldops.KindPurchaseOrder: "po_number"}[ref.Kind]
	var holder string
	err := tx.q.QueryRowContext(ctx, "select "+number+" from "+t.table+" where "+t.remoteID+" = $1 and id <> $2", xeroID, ref.ID).Scan(&holder)
	switch {
	case err == nil:
		return fieldops.Refuse(fieldops.Conflict, "%s %s is linked to that document of Xero already; if both are the same work, keep this one here only", t.label, holder)
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "update "+t.table+" set "+t.remoteID+" = $1 where id = $2", xeroID, ref.ID); breaksUnique(err, "xero_") {
		return fieldops.Refuse(fieldops.Conflict, "Another record here is linked to that already")
	} else if err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into sync_documents (entity_type, entity_id, tenant_id, sync_epoch, revision)
		select $1, $2, coalesce(max(tenant_id), ''), 1, 1 from xero_tokens`, ref.Kind, ref.ID); err != nil {
		return err
	}
	_, err = tx.openIntent(ctx, ref, fieldops.OpUpdate)
	return err
}

// WaitingKind is the kind of a document among those that wait for a decision.
func (r reads) WaitingKind(ctx context.Context, id fieldops.ID) (fieldops.DocumentKind, error) {
	var kind fieldops.DocumentKind
	err := r.q.QueryRowContext(ctx, `select 'invoice' from live_invoices where id = $1 union all select 'purchase_order' from live_purchase_orders where id = $1`, id).Scan(&kind)
	return kind, notFound(err, "Document")
}
