package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"ampedfieldops/internal/fieldops"
)

const clientColumns = `c.id, c.name, c.contact_name, c.email, c.phone, c.address, c.location, c.billing_address, c.billing_email,
	c.xero_contact_id, c.client_type, c.status, c.notes, coalesce(cast(c.sync_status as text), ''), c.xero_sync_id,
	c.created_at, c.updated_at, c.deleted_at, c.billing_hold, c.payment_terms_type, c.payment_terms_day`

func clientPlaces(c *fieldops.Client) []any {
	return []any{
		&c.ID, &c.Name, &c.ContactName, &c.Email, &c.Phone, &c.Address, &c.Location, &c.BillingAddress, &c.BillingEmail,
		&c.XeroContactID, &c.ClientType, &c.Status, &c.Notes, &c.SyncStatus, &c.XeroSyncID,
		&c.CreatedAt, &c.UpdatedAt, &c.DeletedAt, &c.BillingHold, &c.PaymentTerms.Type, &c.PaymentTerms.Day,
	}
}

// Client is one client. A deleted one is not found.
func (r reads) Client(ctx context.Context, id fieldops.ID) (fieldops.Client, error) {
	return r.oneClient(ctx, "c.id = $1 and c.deleted_at is null", id)
}

// Client is one client that what is about to be written will name: nobody
// deletes it until the transaction ends.
func (tx *Tx) Client(ctx context.Context, id fieldops.ID) (fieldops.Client, error) {
	var c fieldops.Client
	err := tx.q.QueryRowContext(ctx, "select "+clientColumns+" from live_clients c where c.id = $1"+tx.forShare(), id).Scan(clientPlaces(&c)...)
	return c, notFound(err, "Client")
}

// AnyClient is one client, deleted or not.
func (r reads) AnyClient(ctx context.Context, id fieldops.ID) (fieldops.Client, error) {
	return r.oneClient(ctx, "c.id = $1", id)
}

func (r reads) oneClient(ctx context.Context, condition string, id fieldops.ID) (fieldops.Client, error) {
	var c fieldops.Client
	err := r.q.QueryRowContext(ctx, "select "+clientColumns+" from /* deleted too */ clients c where "+condition, id).Scan(clientPlaces(&c)...)
	return c, notFound(err, "Client")
}

// ClientFilter chooses clients and their order. Zero values choose everything.
type ClientFilter struct {
	Status  string
	Type    string // customer and supplier find those who are both, too
	Search  string // every word somewhere in name, contact person, address or place
	Sort    string // name, created_at or total_hours
	Desc    bool
	Deleted bool // deleted ones too
	Page    Page
}

// ClientSummary is a client with what a list tells of the work for them.
type ClientSummary struct {
	fieldops.Client
	ActiveProjects      int
	TotalHours          fieldops.E4
	LastContact         fieldops.Date // of the newest timesheet
	TotalPurchaseOrders int
	TotalSpent          fieldops.Cents // on purchase orders, with tax
}

// Clients lists a page of clients.
func (r reads) Clients(ctx context.Context, f ClientFilter) ([]ClientSummary, Listing, error) {
	w := &where{}
	if !f.Deleted {
		w.and("c.deleted_at is null")
	}
	if f.Status != "" {
		w.and("c.status = ?", f.Status)
	}
	if f.Type != "" {
		w.and("c.client_type in (?, 'both')", f.Type)
	}
	w.andContains("c.search_folded", f.Search)
	read := func(rest string, args []any) ([]ClientSummary, error) {
		return collect(ctx, r, "select "+clientColumns+" from /* deleted too */ clients c where "+rest, args,
			func(rows *sql.Rows, c *ClientSummary) error { return rows.Scan(clientPlaces(&c.Client)...) })
	}
	var clients []ClientSummary
	var listing Listing
	var err error
	switch f.Sort {
	case "total_hours":
		clients, listing, err = r.clientsByHours(ctx, f, w, read)
	case "created_at":
		clients, listing, err = pageOf(ctx, r, "/* deleted too */ clients c", w, listOrder{[]string{"c.created_at", "c.id"}, f.Desc}, f.Page, read)
	default:
		clients, listing, err = pageOf(ctx, r, "/* deleted too */ clients c", w, listOrder{[]string{r.bytewise("c.name_folded"), "c.id"}, f.Desc}, f.Page, read)
	}
	if err != nil {
		return nil, listing, err
	}
	return clients, listing, r.summariseClients(ctx, clients)
}

// clientsByHours reads a page of the clients that w chooses in the order of their
// hours. Of very many entries the hours by which they are ordered are up to a
// minute old.
func (r reads) clientsByHours(ctx context.Context, f ClientFilter, w *where, read func(rest string, args []any) ([]ClientSummary, error)) ([]ClientSummary, Listing, error) {
	hours, asOf, err := sumKept(r, "hours of clients", func() (hours map[fieldops.ID]fieldops.E4, entries int, err error) {
		hours = map[fieldops.ID]fieldops.E4{}
		_, err = collect(ctx, r, "select client_id, cast(sum(hours_e4) as bigint), count(*) from live_timesheets where client_id is not null group by client_id", nil,
			func(rows *sql.Rows, _ *struct{}) error {
				var id fieldops.ID
				var sum fieldops.E4
				var n int
				err := rows.Scan(&id, &sum, &n)
				hours[id] = sum
				entries += n
				return err
			})
		return hours, entries, err
	})
	if err != nil {
		return nil, Listing{}, err
	}
	ids, err := collect(ctx, r, "select c.id from /* deleted too */ clients c where "+w.String(), w.args, func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return nil, Listing{}, err
	}
	order := func(a, b fieldops.ID) int {
		if f.Desc {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(hours[a], hours[b]), cmp.Compare(a, b))
	}
	slices.SortFunc(ids, order)
	from := min((f.Page.Number-1)*f.Page.Size, len(ids))
	if f.Page.AfterID != "" {
		if _, err := r.AnyClient(ctx, f.Page.AfterID); err != nil {
			return nil, Listing{}, fieldops.Refuse(fieldops.Invalid, "There is no row to go on behind")
		}
		var there bool
		if from, there = slices.BinarySearchFunc(ids, f.Page.AfterID, order); there {
			from++
		}
	}
	to := min(from+f.Page.Size, len(ids))
	listing := Listing{Total: len(ids), Estimated: !asOf.IsZero(), More: to < len(ids)}
	ids = ids[from:to]
	chosen := &where{}
	clients, err := read(r.among(chosen, "c.id", ids), chosen.args)
	slices.SortFunc(clients, func(a, b ClientSummary) int { return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID)) })
	return clients, listing, err
}

// ClientSummary is one client with what a list tells of them. A deleted one is
// found only if that is wanted.
func (r reads) ClientSummary(ctx context.Context, id fieldops.ID, deleted bool) (ClientSummary, error) {
	read := r.Client
	if deleted {
		read = r.AnyClient
	}
	c, err := read(ctx, id)
	if err != nil {
		return ClientSummary{}, err
	}
	one := []ClientSummary{{Client: c}}
	err = r.summariseClients(ctx, one)
	return one[0], err
}

// summariseClients fills in the sums of the given clients, and only of them, in
// three queries.
func (r reads) summariseClients(ctx context.Context, clients []ClientSummary) error {
	if len(clients) == 0 {
		return nil
	}
	place := make(map[fieldops.ID]*ClientSummary, len(clients))
	ids := make([]fieldops.ID, len(clients))
	for i := range clients {
		ids[i] = clients[i].ID
		place[ids[i]] = &clients[i]
	}
	each := func(query string, scan func(*sql.Rows) error) error {
		args := []any{}
		_, err := collect(ctx, r, fmt.Sprintf(query, list(&args, ids)), args, func(rows *sql.Rows, _ *struct{}) error { return scan(rows) })
		return err
	}
	if err := each(`select client_id, count(*) from live_projects where status in ('quoted', 'in-progress') and client_id in %s group by client_id`,
		func(rows *sql.Rows) error {
			var id fieldops.ID
			var n int
			err := rows.Scan(&id, &n)
			if c := place[id]; err == nil {
				c.ActiveProjects = n
			}
			return err
		}); err != nil {
		return err
	}
	if err := each(`select client_id, cast(sum(hours_e4) as bigint), max(date) from live_timesheets where client_id in %s group by client_id`,
		func(rows *sql.Rows) error {
			var id fieldops.ID
			var hours fieldops.E4
			var last fieldops.Date
			err := rows.Scan(&id, &hours, &last)
			if c := place[id]; err == nil {
				c.TotalHours, c.LastContact = hours, last
			}
			return err
		}); err != nil {
		return err
	}
	return each(`select supplier_id, count(*), cast(sum(total_amount_cents) as bigint) from live_purchase_orders
		where status not in ('CANCELLED', 'DELETED') and supplier_id in %s group by supplier_id`,
		func(rows *sql.Rows) error {
			var id fieldops.ID
			var n int
			var spent fieldops.Cents
			err := rows.Scan(&id, &n, &spent)
			if c := place[id]; err == nil {
				c.TotalPurchaseOrders, c.TotalSpent = n, spent
			}
			return err
		})
}

// InsertClient adds a client. ID, times and, where they are empty, type, status
// and payment terms are set here.
func (tx *Tx) InsertClient(ctx context.Context, c *fieldops.Client) error {
	if c.ID == "" {
		c.ID = fieldops.NewID()
	}
	c.CreatedAt, c.UpdatedAt = tx.Now, tx.Now
	if c.ClientType == "" {
		c.ClientType = fieldops.Customer
	}
	if c.Status == "" {
		c.Status = fieldops.ClientActive
	}
	if c.PaymentTerms == (fieldops.PaymentTerms{}) {
		c.PaymentTerms = fieldops.DefaultPaymentTerms
	}
	if err := c.Check(); err != nil {
		return err
	}
	_, err := tx.q.ExecContext(ctx, `insert into clients (id, name, name_folded, contact_name, email, phone, address, location, billing_address,
		billing_email, client_type, status, payment_terms_type, payment_terms_day, notes, search_folded, xero_contact_id, created_at, updated_at,
		billing_hold) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18, $19)`,
		c.ID, c.Name, fold(c.Name), c.ContactName, c.Email, c.Phone, c.Address, c.Location, c.BillingAddress,
		c.BillingEmail, c.ClientType, c.Status, c.PaymentTerms.Type, c.PaymentTerms.Day, c.Notes, clientSearch(c), c.XeroContactID, tx.Now, c.BillingHold)
	if err != nil {
		return err
	}
	search := clientSearch(c)
	if err := tx.indexWords(ctx, fieldops.RecordClient, c.ID, nil, keysOf(&search)); err != nil {
		return err
	}
	return tx.audit(ctx, "create", "client", c.ID, map[string]any{"name": c.Name})
}

func clientSearch(c *fieldops.Client) string {
	return foldAll(&c.Name, c.ContactName, c.Email, c.Address, c.Location)
}

// UpdateClient writes everything of a client that a person may change. What the
// contact in Xero shows travels there, if the client ever went.
func (tx *Tx) UpdateClient(ctx context.Context, c *fieldops.Client) error {
	ref := fieldops.DocumentRef{Kind: fieldops.KindClient, ID: c.ID}
	// The worker locks in this order too.
	if _, err := tx.lockSyncDocument(ctx, ref); err != nil {
		return err
	}
	before, err := tx.LockClient(ctx, c.ID)
	if err != nil {
		return err
	}
	if err := c.Check(); err != nil {
		return err
	}
	c.UpdatedAt = tx.Now
	_, err = tx.q.ExecContext(ctx, `update clients set name = $1, name_folded = $2, contact_name = $3, email = $4, phone = $5, address = $6,
		location = $7, billing_address = $8, billing_email = $9, client_type = $10, status = $11, payment_terms_type = $12,
		payment_terms_day = $13, notes = $14, search_folded = $15, updated_at = $16, billing_hold = $17 where id = $18`,
		c.Name, fold(c.Name), c.ContactName, c.Email, c.Phone, c.Address, c.Location, c.BillingAddress, c.BillingEmail,
		c.ClientType, c.Status, c.PaymentTerms.Type, c.PaymentTerms.Day, c.Notes, clientSearch(c), tx.Now, c.BillingHold, c.ID)
	if err != nil {
		return err
	}
	was, is := clientSearch(&before), clientSearch(c)
	if err := tx.indexWords(ctx, fieldops.RecordClient, c.ID, keysOf(&was), keysOf(&is)); err != nil {
		return err
	}
	if contactDiffers(&before, c) {
		if _, _, err := tx.RequestSync(ctx, ref, fieldops.OpUpdate); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "update", "client", c.ID, map[string]any{"name": c.Name, "billing_hold": c.BillingHold})
}

// contactDiffers reports whether the contact in Xero would show a difference.
func contactDiffers(a, b *fieldops.Client) bool {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	return a.Name != b.Name || a.ClientType != b.ClientType || text(a.ContactName) != text(b.ContactName) ||
		text(a.Email) != text(b.Email) || text(a.Phone) != text(b.Phone) || text(a.Address) != text(b.Address) ||
		text(a.Location) != text(b.Location)
}

// LockClient reads a client to change it.
func (tx *Tx) LockClient(ctx context.Context, id fieldops.ID) (fieldops.Client, error) {
	var c fieldops.Client
	err := tx.q.QueryRowContext(ctx, "select "+clientColumns+" from live_clients c where c.id = $1"+tx.forUpdate(), id).
		Scan(clientPlaces(&c)...)
	return c, notFound(err, "Client")
}
