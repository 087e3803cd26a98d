package store

import (
	"context"
	"database/sql"

	"ampedfieldops/internal/fieldops"
)

// Notify tells a person something inside the web app, unless it is their own
// doing. kind names the sort of news for programs, link is a path of the web app
// or "".
func (tx *Tx) Notify(ctx context.Context, user fieldops.ID, kind, title, body, link string) error {
	if user == tx.Actor.UserID {
		return nil
	}
	if _, err := tx.q.ExecContext(ctx, "insert into notifications (id, user_id, kind, title, body, link, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
		fieldops.NewID(), user, kind, title, orNull(body), orNull(link), tx.Now); err != nil {
		return err
	}
	if tx.watchNotices != nil {
		tx.AfterCommit(func() { tx.watchNotices(user) })
	}
	return nil
}

// notifyHolders tells everybody who holds a permission.
func (tx *Tx) notifyHolders(ctx context.Context, permission fieldops.Permission, kind, title, body, link string) error {
	people, err := tx.Holders(ctx, permission)
	for _, user := range people {
		if err := tx.Notify(ctx, user, kind, title, body, link); err != nil {
			return err
		}
	}
	return err
}

// WatchNotifications has told called, after the commit, for every person whom a
// transaction of this process has notified. It must be set before the first
// change.
func (db *DB) WatchNotifications(told func(user fieldops.ID)) { db.watchNotices = told }

// Notifications are a person's newest 50 and how many of all are unread.
func (r reads) Notifications(ctx context.Context, user fieldops.ID) (newest []fieldops.Notification, unread int, err error) {
	if err := r.q.QueryRowContext(ctx, "select count(*) from notifications where user_id = $1 and read_at is null", user).Scan(&unread); err != nil {
		return nil, 0, err
	}
	newest, err = collect(ctx, r, `select id, user_id, kind, title, body, link, created_at, read_at from notifications
		where user_id = $1 order by created_at desc, id desc limit 50`, []any{user}, func(rows *sql.Rows, n *fieldops.Notification) error {
		return rows.Scan(&n.ID, &n.UserID, &n.Kind, &n.Title, &n.Body, &n.Link, &n.CreatedAt, &n.ReadAt)
	})
	return newest, unread, err
}

// ReadNotification notes that a person has read one of theirs. Reading is no
// change of the firm's records and leaves no audit entry.
func (tx *Tx) ReadNotification(ctx context.Context, user, id fieldops.ID) error {
	changed, err := tx.exec(ctx, "update notifications set read_at = coalesce(read_at, $1) where id = $2 and user_id = $3", tx.Now, id, user)
	if err == nil && changed == 0 {
		err = fieldops.Refuse(fieldops.NotFound, "Notification not found")
	}
	return err
}

// ReadNotifications notes that a person has read all of theirs. What is older
// than a year goes on the way.
func (tx *Tx) ReadNotifications(ctx context.Context, user fieldops.ID) error {
	if _, err := tx.q.ExecContext(ctx, "delete from notifications where user_id = $1 and created_at < $2", user, tx.Now.Add(-365*24*3600*1e9)); err != nil {
		return err
	}
	_, err := tx.q.ExecContext(ctx, "update notifications set read_at = $1 where user_id = $2 and read_at is null", tx.Now, user)
	return err
}

// notifyOfFailure tells those who may invoice that a document did not reach
// Xero.
func (tx *Tx) notifyOfFailure(ctx context.Context, ref fieldops.DocumentRef, words string) error {
	what := map[fieldops.DocumentKind]struct{ column, table, label, page string }{
		fieldops.KindInvoice:       {"invoice_number", "xero_invoices", "Invoice", "/financials/invoices/"},
		fieldops.KindPurchaseOrder: {"po_number", "xero_purchase_orders", "Purchase order", "/financials/purchase-orders/"},
		fieldops.KindClient:        {"name", "clients", "Client", "/clients/"},
	}[ref.Kind]
	var name string
	if err := tx.q.QueryRowContext(ctx, "select "+what.column+" from /* deleted too */ "+what.table+" where id = $1", ref.ID).Scan(&name); err != nil {
		return err
	}
	return tx.notifyHolders(ctx, fieldops.CanCreateInvoices, fieldops.NoticeSyncFailed, what.label+" "+name+" did not reach Xero", words, what.page+ref.ID)
}
