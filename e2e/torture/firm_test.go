package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// firm is the firm whose documents travel.
type firm struct {
	worker   fieldops.User
	actor    fieldops.Actor
	clients  []fieldops.Client
	projects []fieldops.Project
	activity []fieldops.ActivityType
	center   fieldops.CostCenter

	mu   sync.Mutex
	made []fieldops.DocumentRef // invoices and purchase orders
}

func (f *firm) remember(kind fieldops.DocumentKind, id fieldops.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made = append(f.made, fieldops.DocumentRef{Kind: kind, ID: id})
}

// some picks a document of a kind.
func (f *firm) some(r *rand.Rand, kind fieldops.DocumentKind) (fieldops.ID, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	of := slices.DeleteFunc(slices.Clone(f.made), func(d fieldops.DocumentRef) bool { return d.Kind != kind })
	if len(of) == 0 {
		return "", false
	}
	return of[r.IntN(len(of))].ID, true
}

// foundFirm makes the firm's records.
func (h *history) foundFirm(ctx context.Context) error {
	r, f := h.random(5), &h.firm
	status := func() string {
		if r.IntN(2) == 0 {
			return fieldops.StatusDraft
		}
		return fieldops.StatusAuthorised
	}
	settings := map[string]string{
		"xero_sales_account_code": "200", "xero_purchase_account_code": "300",
		"xero_invoice_status": status(), "xero_po_status": status(),
	}
	return h.db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
		f.worker = fieldops.User{Email: "tech@example.nz", Name: "Tama", Role: fieldops.RoleAdmin, IsActive: true, PasswordHash: "-"}
		if err := tx.InsertUser(ctx, &f.worker); err != nil {
			return err
		}
		f.actor = fieldops.Actor{UserID: f.worker.ID, Name: f.worker.Name}
		for key, value := range settings {
			if err := tx.SetSetting(ctx, key, value); err != nil {
				return err
			}
		}
		for n, rate := range []fieldops.E4{95_0000, 120_5000, 62_3333} {
			a := fieldops.ActivityType{Name: fmt.Sprintf("Work %d", n+1), Icon: "Wrench", Color: "blue", HourlyRate: rate, IsActive: true}
			if err := tx.InsertActivityType(ctx, &a); err != nil {
				return err
			}
			f.activity = append(f.activity, a)
		}
		f.center = fieldops.CostCenter{Code: "CC-1", Name: "General", IsActive: true}
		if err := tx.InsertCostCenter(ctx, &f.center); err != nil {
			return err
		}
		for n := range 2 + r.IntN(4) {
			email := fmt.Sprintf("office%d@example.nz", n+1)
			c := fieldops.Client{Name: fmt.Sprintf("Client %d Ltd", n+1), Email: &email, ClientType: fieldops.CustomerSupplier}
			if err := tx.InsertClient(ctx, &c); err != nil {
				return err
			}
			p := fieldops.Project{Name: "Switchboard", ClientID: &c.ID, Status: "in-progress"}
			if err := tx.InsertProject(ctx, &p, nil); err != nil {
				return err
			}
			f.clients, f.projects = append(f.clients, c), append(f.projects, p)
		}
		return nil
	})
}

// person works in the firm until ctx ends.
func (h *history) person(ctx context.Context, r *rand.Rand) {
	pace := 10 + r.IntN(120)
	for ctx.Err() == nil {
		what, do := h.deed(r)
		// A deed that has begun is finished, as a request would be.
		err := do(context.WithoutCancel(ctx))
		h.note("%s: %v", what, err)
		if err != nil && fieldops.KindOf(err) == "" && !h.rough.Load() {
			h.violate("%s failed for no reason a person could understand: %v", what, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(r.IntN(2*pace)) * time.Millisecond):
		}
	}
}

// deed picks what a person does next. All randomness is taken here.
func (h *history) deed(r *rand.Rand) (string, func(context.Context) error) {
	client := r.IntN(len(h.firm.clients))
	own := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
	invoice, anInvoice := h.firm.some(r, fieldops.KindInvoice)
	ordered, anOrder := h.firm.some(r, fieldops.KindPurchaseOrder)
	dice := r.IntN(100)
	switch {
	case dice < 18 && anInvoice:
		return "edit invoice " + invoice, func(ctx context.Context) error { return h.editInvoice(ctx, own, invoice) }
	case dice < 28 && anOrder:
		return "edit order " + ordered, func(ctx context.Context) error { return h.editOrder(ctx, own, ordered) }
	case dice < 40 && anInvoice:
		return "delete invoice " + invoice, func(ctx context.Context) error {
			_, err := h.service.DeleteInvoice(ctx, h.firm.actor, invoice)
			return err
		}
	case dice < 46 && anOrder:
		return "delete order " + ordered, func(ctx context.Context) error {
			_, err := h.service.DeletePurchaseOrder(ctx, h.firm.actor, ordered)
			return err
		}
	case dice < 51 && anInvoice:
		return "retry invoice " + invoice, func(ctx context.Context) error { return h.retry(ctx, own, fieldops.KindInvoice, invoice) }
	case dice < 54 && anOrder:
		return "retry order " + ordered, func(ctx context.Context) error { return h.retry(ctx, own, fieldops.KindPurchaseOrder, ordered) }
	case dice < 58:
		return "edit client", func(ctx context.Context) error { return h.editClient(ctx, own, client) }
	case dice < 63:
		return "deliver jobs twice", h.deliverTwice
	case dice < 67:
		return "burst", func(ctx context.Context) error { return h.burst(ctx, own) }
	case dice < 82:
		return "order", func(ctx context.Context) error { return h.order(ctx, own, client) }
	default:
		return "invoice", func(ctx context.Context) error { return h.invoice(ctx, own, client) }
	}
}

// words are a description as people write them.
func words(r *rand.Rand) string {
	samples := []string{
		"Switchboard upgrade", "Te Whare Pūkākā – rewire", "LED downlights \"10W\" <warm>", "2.5 mm² TPS & conduit",
		"Call-out\nafter hours", "Emoji ⚡ and ünïcode", "RCD test, 14 circuits", strings.Repeat("long text ", 40) + "end",
	}
	return fmt.Sprintf("%s %d", samples[r.IntN(len(samples))], r.IntN(1000))
}

// figure is a number of ten-thousandths up to most, often a plain one.
func figure(r *rand.Rand, most int64) *fieldops.E4 {
	n := fieldops.E4(1 + r.Int64N(most*10_000))
	if r.IntN(2) == 0 {
		n = fieldops.E4(1+r.Int64N(most)) * 10_000
	}
	return &n
}

func (h *history) invoice(ctx context.Context, r *rand.Rand, client int) error {
	if err := h.work(ctx, r, client); err != nil {
		return err
	}
	request := fieldops.InvoiceRequest{ClientID: h.firm.clients[client].ID, GroupBy: []fieldops.Grouping{"", fieldops.GroupByDay, fieldops.GroupByEntry}[r.IntN(3)]}
	if r.IntN(2) == 0 {
		reference := fmt.Sprintf("PO %d", r.IntN(10_000))
		request.Reference = &reference
	}
	if r.IntN(3) == 0 {
		text := words(r)
		request.Lines = append(request.Lines, fieldops.LineEdit{Description: &text, Quantity: figure(r, 20), UnitPrice: figure(r, 300)})
	}
	if r.IntN(8) == 0 {
		request.Number = fmt.Sprintf("JOB-%d", r.IntN(100_000))
	}
	invoice, err := h.service.InvoiceTimesheets(ctx, h.firm.actor, request)
	if err == nil {
		h.firm.remember(fieldops.KindInvoice, invoice.ID)
		h.note("made invoice %s %s", invoice.Number, invoice.ID)
	}
	return err
}

// work writes timesheets of a client.
func (h *history) work(ctx context.Context, r *rand.Rand, client int) error {
	entries := make([]fieldops.Timesheet, 1+r.IntN(4))
	for i := range entries {
		a := h.firm.activity[r.IntN(len(h.firm.activity))]
		entries[i] = fieldops.Timesheet{
			UserID: &h.firm.worker.ID, ProjectID: &h.firm.projects[client].ID, ClientID: &h.firm.clients[client].ID, ActivityTypeID: &a.ID, CostCenterID: &h.firm.center.ID,
			Date: fieldops.DateOf(time.Now(), time.UTC).AddDays(-r.IntN(20)), Hours: fieldops.E4(1+r.IntN(32)) * 2500, HourlyRate: a.HourlyRate,
		}
	}
	return h.db.Write(ctx, h.firm.actor, func(tx *store.Tx) error {
		for _, e := range entries {
			if err := tx.InsertTimesheet(ctx, &e); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *history) order(ctx context.Context, r *rand.Rand, supplier int) error {
	request := fieldops.PurchaseOrderRequest{
		SupplierID: h.firm.clients[supplier].ID, ProjectID: h.firm.projects[r.IntN(len(h.firm.projects))].ID,
		Date: fieldops.DateOf(time.Now(), time.UTC).AddDays(-r.IntN(3)), Lines: orderLines(r),
	}
	if r.IntN(2) == 0 {
		request.DeliveryDate = request.Date.AddDays(7)
	}
	made, err := h.service.CreatePurchaseOrder(ctx, h.firm.actor, request)
	if err == nil {
		h.firm.remember(fieldops.KindPurchaseOrder, made.ID)
		h.note("made order %s %s", made.Number, made.ID)
	}
	return err
}

func orderLines(r *rand.Rand) []fieldops.PurchaseOrderLine {
	lines := make([]fieldops.PurchaseOrderLine, 1+r.IntN(4))
	for i := range lines {
		text := words(r)
		lines[i] = fieldops.PurchaseOrderLine{Description: &text, Quantity: figure(r, 50), UnitAmount: figure(r, 400)}
	}
	return lines
}

func (h *history) editInvoice(ctx context.Context, r *rand.Rand, id fieldops.ID) error {
	invoice, err := h.db.Invoice(ctx, id)
	if err != nil {
		return err
	}
	var edit fieldops.InvoiceEdit
	if r.IntN(2) == 0 {
		reference := fmt.Sprintf("changed %d", r.IntN(10_000))
		edit.Reference = &reference
	} else {
		for _, l := range invoice.Lines {
			edit.Lines = append(edit.Lines, fieldops.InvoiceLineEdit{ID: l.ID, Description: &l.Description, Quantity: &l.Quantity, UnitPrice: &l.UnitPrice})
		}
		text := words(r)
		edit.Lines[0].Description = &text
		if r.IntN(2) == 0 {
			more := words(r)
			edit.Lines = append(edit.Lines, fieldops.InvoiceLineEdit{Description: &more, Quantity: figure(r, 9), UnitPrice: figure(r, 90)})
		}
	}
	_, err = h.service.EditInvoice(ctx, h.firm.actor, id, edit, billing.AnyVersion)
	return err
}

func (h *history) editOrder(ctx context.Context, r *rand.Rand, id fieldops.ID) error {
	edit := fieldops.PurchaseOrderEdit{Date: fieldops.DateOf(time.Now(), time.UTC).AddDays(-r.IntN(30))}
	if r.IntN(2) == 0 {
		edit.Lines = orderLines(r)
	}
	_, err := h.service.EditPurchaseOrder(ctx, h.firm.actor, id, edit, billing.AnyVersion)
	return err
}

func (h *history) editClient(ctx context.Context, r *rand.Rand, client int) error {
	email, name := fmt.Sprintf("accounts%d@example.nz", r.IntN(1000)), ""
	if r.IntN(3) == 0 {
		name = fmt.Sprintf("Client %d of %d Ltd", client+1, r.IntN(1000))
	}
	return h.db.Write(ctx, h.firm.actor, func(tx *store.Tx) error {
		c, err := tx.Client(ctx, h.firm.clients[client].ID)
		if err != nil {
			return err
		}
		c.Email = &email
		if name != "" {
			c.Name = name
		}
		return tx.UpdateClient(ctx, &c)
	})
}

func (h *history) retry(ctx context.Context, r *rand.Rand, kind fieldops.DocumentKind, id fieldops.ID) error {
	number := ""
	if r.IntN(3) == 0 {
		number = fmt.Sprintf("AGAIN-%d", r.IntN(1_000_000))
	}
	return h.sendDocument(ctx, fieldops.DocumentRef{Kind: kind, ID: id}, number)
}

// sendDocument is a person's "send it again", with another number unless that
// is "".
func (h *history) sendDocument(ctx context.Context, ref fieldops.DocumentRef, number string) error {
	return h.db.Write(ctx, h.firm.actor, func(tx *store.Tx) error {
		if number != "" {
			holder, err := tx.NumberTaken(ctx, ref.Kind, number, ref.ID)
			if err != nil {
				return err
			}
			if holder != "" {
				return fieldops.Refuse(fieldops.Conflict, "The number %s is taken", number)
			}
			if err := tx.Renumber(ctx, ref, number); err != nil {
				return err
			}
		}
		return tx.Retry(ctx, ref, number != "")
	})
}

// deliverTwice has the queue deliver every open intent two times more.
func (h *history) deliverTwice(ctx context.Context) error {
	type open struct {
		kind     fieldops.DocumentKind
		intent   fieldops.ID
		handover int64
	}
	rows, err := h.raw.QueryContext(ctx, "select entity_type, id, handover from sync_intents where closed_at is null limit 20")
	if err != nil {
		return fmt.Errorf("reading what is open: %w", err)
	}
	defer rows.Close()
	var all []open
	for rows.Next() {
		var o open
		if err := rows.Scan(&o.kind, &o.intent, &o.handover); err != nil {
			return err
		}
		all = append(all, o)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return h.db.Write(ctx, h.firm.actor, func(tx *store.Tx) error {
		for _, o := range all {
			job := store.PushIntent{Intent: o.intent, Handover: o.handover}
			for range 2 {
				var err error
				switch o.kind {
				case fieldops.KindInvoice:
					err = tx.Enqueue(ctx, store.PushInvoice{PushIntent: job})
				case fieldops.KindPurchaseOrder:
					err = tx.Enqueue(ctx, store.PushPurchaseOrder{PushIntent: job})
				default:
					err = tx.Enqueue(ctx, store.PushClient{PushIntent: job})
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// burst makes many documents while the lane is paused, so that they share
// calls when it is resumed.
func (h *history) burst(ctx context.Context, r *rand.Rand) error {
	if err := h.pauseLane(ctx, true); err != nil {
		return err
	}
	for range 3 + r.IntN(25) {
		client := r.IntN(len(h.firm.clients))
		create := h.invoice
		if r.IntN(3) == 0 {
			create = h.order
		}
		if err := create(ctx, r, client); err != nil && fieldops.KindOf(err) == "" {
			return err
		}
	}
	return h.pauseLane(ctx, false)
}

func (h *history) pauseLane(ctx context.Context, paused bool) error {
	return h.db.Write(ctx, h.firm.actor, func(tx *store.Tx) error { return tx.PauseLane(ctx, paused, "counting stock") })
}

// failure is a document whose last intent failed.
type failure struct {
	ref    fieldops.DocumentRef
	reason string
}

// failures are the documents that failed for certain, contacts first because
// documents wait for them.
func (h *history) failures(ctx context.Context) ([]failure, error) {
	rows, err := h.raw.QueryContext(ctx, `select i.entity_type, i.entity_id, coalesce(i.reason, '') from sync_intents i
		where i.result = 'failed' and not exists (select 1 from sync_intents later where later.entity_type = i.entity_type
		and later.entity_id = i.entity_id and later.id > i.id) order by i.entity_type, i.id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []failure
	for rows.Next() {
		var f failure
		if err := rows.Scan(&f.ref.Kind, &f.ref.ID, &f.reason); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, rows.Err()
}

// sendContactsAgain sends the contacts again that failed.
func (h *history) sendContactsAgain(ctx context.Context) error {
	failures, err := h.failures(ctx)
	for _, f := range failures {
		if f.ref.Kind == fieldops.KindClient && err == nil {
			err = h.sendDocument(ctx, f.ref, "")
			h.note("send client %s again (%s): %v", f.ref.ID, f.reason, err)
		}
	}
	return err
}

// sendAgain sends everything again that has failed, as a person would after
// reading why. It returns how many documents that were.
func (h *history) sendAgain(ctx context.Context, round int) (int, error) {
	failures, err := h.failures(ctx)
	if err != nil {
		return 0, err
	}
	for n, f := range failures {
		number := ""
		switch f.reason {
		case "number_taken", "conflict", "voided_in_xero", "vanished":
			number = fmt.Sprintf("NEW-%d-%d", round, n)
		}
		err := h.sendDocument(ctx, f.ref, number)
		h.note("send %s %s again (%s, number %q): %v", f.ref.Kind, f.ref.ID, f.reason, number, err)
		if err != nil && fieldops.KindOf(err) == "" {
			return 0, err
		}
	}
	return len(failures), nil
}
