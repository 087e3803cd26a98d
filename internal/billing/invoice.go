package billing

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// Preview is an invoice as it would be made, and what surrounds it.
type Preview struct {
	fieldops.InvoiceDraft
	Client    fieldops.Client
	ProjectID *fieldops.ID
	Number    string // the one asked for, or the next free one, which may be gone by then
	Currency  string
	Status    string
}

// PreviewInvoice tells what InvoiceTimesheets would make of the request now. It
// changes nothing.
func (s *Service) PreviewInvoice(ctx context.Context, r fieldops.InvoiceRequest) (Preview, error) {
	plan, err := planInvoice(ctx, s.db, &r, time.Now(), s.db.BillableWork)
	if err != nil {
		return Preview{}, err
	}
	number := r.Number
	if number == "" {
		number, err = s.db.PeekInvoiceNumber(ctx, plan.settings)
	} else {
		err = freeNumber(ctx, s.db, fieldops.KindInvoice, number, "")
	}
	if err != nil {
		return Preview{}, err
	}
	return Preview{
		InvoiceDraft: plan.draft, Client: plan.client, ProjectID: plan.project, Number: number,
		Currency: plan.settings.Currency, Status: plan.settings.InvoiceStatus,
	}, nil
}

// invoicePlan is everything an invoice is made of but its number.
type invoicePlan struct {
	settings fieldops.Settings
	client   fieldops.Client
	project  *fieldops.ID // of all the work, nil when there are several
	draft    fieldops.InvoiceDraft
	splits   []fieldops.Split // of the work, before it can be billed

	projectName string
}

// planInvoice checks the request, reads the work it chooses through find, and
// drafts the invoice.
func planInvoice(ctx context.Context, from reader, r *fieldops.InvoiceRequest, now time.Time,
	find func(context.Context, store.Work) ([]fieldops.Timesheet, error),
) (p invoicePlan, err error) {
	settings, terms, err := billingTerms(ctx, from, sales, now)
	if err != nil {
		return p, err
	}
	p.settings = settings
	if err := r.Validate(terms.Today); err != nil {
		return p, err
	}
	if p.client, err = from.Client(ctx, r.ClientID); err != nil {
		return p, err
	}
	first, last := r.Window(terms.Today)
	work, err := find(ctx, store.Work{ClientID: r.ClientID, IDs: r.TimesheetIDs, ProjectID: r.ProjectID, From: first, To: last, Approved: settings.ApprovalRequired})
	if err != nil {
		return p, err
	}
	if err := allThere(r.TimesheetIDs, work); err != nil {
		return p, err
	}
	if len(work) == 0 {
		if err := uncertified(ctx, from, r, &p.client, first, last, settings.ApprovalRequired); err != nil {
			return p, err
		}
	}
	if p.splits, err = r.Split(work); err != nil {
		return p, err
	}
	if p.project = commonProject(work); p.project != nil {
		p.projectName = work[0].ProjectName
	}
	p.draft, err = fieldops.DraftInvoice(r, &p.client, work, terms)
	return p, err
}

// uncertified refuses when there is nothing to invoice because certificates are
// missing: that is not the same as nothing to invoice.
func uncertified(ctx context.Context, from reader, r *fieldops.InvoiceRequest, client *fieldops.Client, first, last fieldops.Date, approvalRequired bool) error {
	const some = 100
	open, err := from.OpenTimesheets(ctx, store.OpenFilter{ClientID: r.ClientID, ProjectID: r.ProjectID, Reason: fieldops.Uncertified, Limit: some}, approvalRequired)
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(t fieldops.Timesheet) bool { return first != "" && t.Date < first || last != "" && t.Date > last })
	return fieldops.RefuseKeptOff(client, open, approvalRequired)
}

// allThere refuses chosen entries that do not exist (any more).
func allThere(chosen []fieldops.ID, found []fieldops.Timesheet) error {
	if len(found) >= len(chosen) {
		return nil
	}
	there := make(map[fieldops.ID]bool, len(found))
	for _, t := range found {
		there[t.ID] = true
	}
	var f fieldops.Faults
	for _, id := range chosen {
		f.Require(there[id], "timesheet_ids", "There is no timesheet %s; it may have been deleted", id)
	}
	return f.Err("")
}

// commonProject is the project of all the work, nil when there are several.
func commonProject(work []fieldops.Timesheet) *fieldops.ID {
	var project *fieldops.ID
	for _, t := range work {
		if t.ProjectID == nil || project != nil && *project != *t.ProjectID {
			return nil
		}
		project = t.ProjectID
	}
	return project
}

// numbers is a database or a transaction, for looking up who holds a number.
type numbers interface {
	NumberTaken(ctx context.Context, kind fieldops.DocumentKind, number string, self fieldops.ID) (fieldops.ID, error)
}

// freeNumber refuses a number that another document holds or once went to the
// provider with.
func freeNumber(ctx context.Context, from numbers, kind fieldops.DocumentKind, number string, self fieldops.ID) error {
	holder, err := from.NumberTaken(ctx, kind, number, self)
	if err != nil || holder == "" {
		return err
	}
	return fieldops.Refuse(fieldops.Conflict, "The number %s is taken; choose another, or leave it out to get the next free one", number)
}

// InvoiceTimesheets makes an invoice of unbilled timesheets, puts them on it,
// and asks for its way to the provider: all of it or nothing. Two people who
// invoice the same work at once get one invoice and one refusal. also runs in the
// same transaction, last.
func (s *Service) InvoiceTimesheets(ctx context.Context, actor fieldops.Actor, request fieldops.InvoiceRequest, also ...func(*store.Tx, fieldops.Invoice) error) (fieldops.Invoice, error) {
	var invoice fieldops.Invoice
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		r := request
		r.TimesheetIDs = slices.Clone(request.TimesheetIDs)
		r.Lines = slices.Clone(request.Lines)
		plan, err := planInvoice(ctx, tx, &r, tx.Now.Time, tx.LockWork)
		if err != nil {
			return err
		}
		if err := projectThere(ctx, tx, plan.project); err != nil {
			return err
		}
		d := &plan.draft
		invoice = fieldops.Invoice{
			Number: r.Number, ClientID: &plan.client.ID, ClientName: plan.client.Name, ProjectID: plan.project, ProjectName: plan.projectName,
			Status: plan.settings.InvoiceStatus, Currency: plan.settings.Currency,
			IssueDate: d.IssueDate, DueDate: d.DueDate, Reference: d.Reference, Lines: d.Lines,
			SubTotal: d.SubTotal, TotalTax: d.TotalTax, Total: d.Total, AmountDue: d.Total,
		}
		for _, split := range plan.splits {
			if err := tx.SplitTimesheet(ctx, split); err != nil {
				return err
			}
		}
		if err := place(ctx, tx, plan.settings, &invoice); err != nil {
			return err
		}
		if err := tx.BillTimesheets(ctx, &invoice); err != nil {
			return err
		}
		if err := tx.NoteInvoice(ctx, "create", invoice.ID, map[string]any{
			"invoice_number": invoice.Number, "client_id": plan.client.ID, "total": invoice.Total,
			"timesheets_count": len(d.TimesheetIDs), "from_timesheets": true,
		}); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(tx, invoice); err != nil {
				return err
			}
		}
		return nil
	})
	return invoice, err
}

// place stores a drafted invoice, gives it its number unless it has one, and asks
// for its way to the provider.
func place(ctx context.Context, tx *store.Tx, settings fieldops.Settings, invoice *fieldops.Invoice) error {
	invoice.ID = fieldops.NewID()
	intent, err := tx.RequestCreation(ctx, fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: invoice.ID})
	if err != nil {
		return err
	}
	invoice.Sync = fieldops.Sync{Status: fieldops.SyncPending, XeroSyncID: &intent, Revision: 1}
	// The number comes after everything that can wait or refuse: taking it
	// makes all who create invoices wait for this one.
	if invoice.Number == "" {
		invoice.Number, err = tx.TakeInvoiceNumber(ctx, settings)
	} else {
		err = freeNumber(ctx, tx, fieldops.KindInvoice, invoice.Number, "")
	}
	if err != nil {
		return err
	}
	return tx.InsertInvoice(ctx, invoice)
}

// CreateInvoice makes an invoice of what a person typed, without timesheets, and
// asks for its way to the provider. also runs in the same transaction, last.
func (s *Service) CreateInvoice(ctx context.Context, actor fieldops.Actor, request fieldops.ManualInvoice, also ...func(*store.Tx, fieldops.Invoice) error) (fieldops.Invoice, error) {
	var invoice fieldops.Invoice
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		settings, terms, err := billingTerms(ctx, tx, sales, tx.Now.Time)
		if err != nil {
			return err
		}
		m := request
		if invoice, err = m.Draft(settings, terms); err != nil {
			return err
		}
		client, err := sellable(ctx, tx, invoice.ClientID, invoice.ProjectID, invoice.Lines)
		if err != nil {
			return err
		}
		if invoice.DueDate == "" {
			invoice.DueDate = client.DueDate(invoice.IssueDate)
		}
		if err := place(ctx, tx, settings, &invoice); err != nil {
			return err
		}
		if err := tx.NoteInvoice(ctx, "create", invoice.ID, map[string]any{
			"invoice_number": invoice.Number, "client_id": client.ID, "total": invoice.Total,
		}); err != nil {
			return err
		}
		if invoice, err = tx.Invoice(ctx, invoice.ID); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(tx, invoice); err != nil {
				return err
			}
		}
		return nil
	})
	return invoice, err
}

// sellable refuses a document that names a client, project or item that is not
// there, or a project of somebody else.
func sellable(ctx context.Context, tx *store.Tx, clientID, projectID *fieldops.ID, lines []fieldops.Line) (fieldops.Client, error) {
	client, err := tx.Client(ctx, *clientID)
	if err != nil {
		return client, err
	}
	if projectID != nil {
		of, err := tx.ProjectClient(ctx, *projectID)
		if err != nil {
			return client, err
		}
		if of != nil && *of != client.ID {
			var f fieldops.Faults
			f.Add("project_id", "The project is not one of %s", client.Name)
			return client, f.Err("")
		}
	}
	var items []fieldops.ID
	for _, l := range lines {
		if l.ItemID != nil {
			items = append(items, *l.ItemID)
		}
	}
	missing, err := tx.MissingItems(ctx, items)
	if err != nil {
		return client, err
	}
	var f fieldops.Faults
	for n, l := range lines {
		f.Require(l.ItemID == nil || !missing[*l.ItemID], fmt.Sprintf("line_items[%d].item_id", n), "Item not found")
	}
	return client, f.Err("")
}

// CopyInvoice makes a new invoice with the lines of another, deleted or not, for
// its client and today. What a deleted invoice billed is billed again, unless
// withoutTimesheets; if some of it was billed or changed meanwhile, that is a
// Conflict which names it. also runs in the same transaction, last.
func (s *Service) CopyInvoice(ctx context.Context, actor fieldops.Actor, id fieldops.ID, withoutTimesheets bool, also ...func(*store.Tx, fieldops.Invoice) error) (fieldops.Invoice, error) {
	var copied fieldops.Invoice
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		original, err := tx.AnyInvoice(ctx, id)
		if err != nil {
			return err
		}
		var released map[fieldops.ID][]fieldops.ID
		if !original.DeletedAt.IsZero() && !withoutTimesheets {
			if released, err = tx.ReleasedTimesheets(ctx, id); err != nil {
				return err
			}
			if err := stillFree(ctx, tx, &original, released); err != nil {
				return err
			}
		}
		settings, terms, err := billingTerms(ctx, tx, sales, tx.Now.Time)
		if err != nil {
			return err
		}
		if copied, err = copyInvoice(ctx, tx, settings, terms, &original, released); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(tx, copied); err != nil {
				return err
			}
		}
		return nil
	})
	return copied, err
}

// stillFree refuses to bill again what a deleted invoice let go if some of it is
// no longer as it was let go.
func stillFree(ctx context.Context, tx *store.Tx, original *fieldops.Invoice, released map[fieldops.ID][]fieldops.ID) error {
	var ids []fieldops.ID
	for _, some := range released {
		ids = append(ids, some...)
	}
	if len(ids) == 0 {
		return nil
	}
	work, err := tx.LockWork(ctx, store.Work{IDs: ids})
	if err != nil {
		return err
	}
	changed, err := tx.ChangedSince(ctx, original.ID)
	if err != nil {
		return err
	}
	there := make(map[fieldops.ID]fieldops.Timesheet, len(work))
	for _, t := range work {
		there[t.ID] = t
	}
	type conflict struct {
		TimesheetID   fieldops.ID  `json:"timesheet_id"`
		InvoiceID     *fieldops.ID `json:"invoice_id"`
		InvoiceNumber string       `json:"invoice_number"`
		Reason        string       `json:"reason"` // billed, changed or deleted
	}
	var conflicts []conflict
	slices.Sort(ids)
	for _, id := range ids {
		t, found := there[id]
		switch {
		case !found:
			conflicts = append(conflicts, conflict{TimesheetID: id, Reason: "deleted"})
		case t.InvoiceID != nil:
			conflicts = append(conflicts, conflict{id, t.InvoiceID, t.InvoiceNumber, "billed"})
		case changed[id]:
			conflicts = append(conflicts, conflict{TimesheetID: id, Reason: "changed"})
		}
	}
	if conflicts == nil {
		return nil
	}
	return &fieldops.Error{
		Kind: fieldops.Conflict,
		Message: fmt.Sprintf("%d of the %d timesheets of invoice %s were billed, changed or deleted since. Copy it without its timesheets, or invoice the work anew.",
			len(conflicts), len(ids), original.Number),
		Details: map[string]any{"conflicts": conflicts},
	}
}

// copyInvoice stores a copy of an invoice, which bills what released says by the
// original's lines.
func copyInvoice(ctx context.Context, tx *store.Tx, settings fieldops.Settings, terms fieldops.BillingTerms, original *fieldops.Invoice, released map[fieldops.ID][]fieldops.ID) (fieldops.Invoice, error) {
	copied := fieldops.Invoice{
		ClientID: original.ClientID, ClientName: original.ClientName, ProjectID: original.ProjectID, ProjectName: original.ProjectName,
		Status: settings.InvoiceStatus, Currency: original.Currency, IssueDate: terms.Today, DueDate: original.DueDate, Reference: original.Reference,
		SubTotal: original.SubTotal, TotalTax: original.TotalTax, Total: original.Total, AmountDue: original.Total,
	}
	if copied.ClientID != nil {
		client, err := tx.Client(ctx, *copied.ClientID)
		if err != nil {
			return copied, inBin(err, "client")
		}
		copied.DueDate = client.DueDate(terms.Today)
	}
	if err := projectThere(ctx, tx, copied.ProjectID); err != nil {
		return copied, inBin(err, "project")
	}
	for _, l := range original.Lines {
		l.Timesheets = released[l.ID]
		l.ID = ""
		if l.Timesheets == nil {
			l.Key = "" // it stands for no timesheets
		}
		copied.Lines = append(copied.Lines, l)
	}
	if err := place(ctx, tx, settings, &copied); err != nil {
		return copied, err
	}
	if len(released) > 0 {
		if err := tx.BillTimesheets(ctx, &copied); err != nil {
			return copied, err
		}
	}
	if err := tx.NoteCopy(ctx, original, &copied); err != nil {
		return copied, err
	}
	return copied, tx.NoteInvoice(ctx, "create", copied.ID, map[string]any{
		"invoice_number": copied.Number, "client_id": copied.ClientID, "total": copied.Total, "copy_of": original.Number,
	})
}

// BatchResult is what became of one request of several: an invoice, or why
// there is none.
type BatchResult struct {
	ClientID fieldops.ID
	Invoice  fieldops.Invoice
	Err      error
}

// MaxBatch is how many invoices one request may ask for.
const MaxBatch = 100

// InvoiceBatch makes several invoices, each for itself: what cannot be made
// does not keep the others from being made.
func (s *Service) InvoiceBatch(ctx context.Context, actor fieldops.Actor, requests []fieldops.InvoiceRequest) ([]BatchResult, error) {
	var f fieldops.Faults
	f.Require(len(requests) > 0, "invoices", "Ask for at least one invoice")
	f.Require(len(requests) <= MaxBatch, "invoices", "Ask for at most %d invoices at once", MaxBatch)
	if err := f.Err(""); err != nil {
		return nil, err
	}
	results := make([]BatchResult, len(requests))
	for i, r := range requests {
		invoice, err := s.InvoiceTimesheets(ctx, actor, r)
		results[i] = BatchResult{r.ClientID, invoice, err}
		if err != nil && fieldops.KindOf(err) == "" {
			s.sync.log.ErrorContext(ctx, "one invoice of a batch failed", "client", r.ClientID, "request", actor.RequestID, "error", err)
		}
	}
	return results, nil
}

// InvoiceView is an invoice with all that a screen shows of it.
type InvoiceView struct {
	fieldops.Invoice
	Document        Document
	TimesheetsCount int
}

// Invoices lists invoices, newest issue date first.
func (s *Service) Invoices(ctx context.Context, f store.DocumentFilter) ([]InvoiceView, error) {
	invoices, err := s.db.Invoices(ctx, f)
	if err != nil {
		return nil, err
	}
	return s.invoiceViews(ctx, invoices...)
}

// Invoice shows one invoice. A deleted one is not found.
func (s *Service) Invoice(ctx context.Context, id fieldops.ID) (InvoiceView, error) {
	invoice, err := s.db.Invoice(ctx, id)
	if err != nil {
		return InvoiceView{}, err
	}
	return s.ShowInvoice(ctx, invoice)
}

// NewInvoice shows an invoice as it stands when it has just been made.
func (s *Service) NewInvoice(i fieldops.Invoice) InvoiceView {
	view := InvoiceView{Invoice: i, Document: s.newDocument(i.XeroSyncID)}
	for _, l := range i.Lines {
		view.TimesheetsCount += len(l.Timesheets)
	}
	return view
}

// ShowInvoice adds to an invoice what a screen shows beside it.
func (s *Service) ShowInvoice(ctx context.Context, invoice fieldops.Invoice) (InvoiceView, error) {
	views, err := s.invoiceViews(ctx, invoice)
	if err != nil {
		return InvoiceView{}, err
	}
	return views[0], nil
}

func (s *Service) invoiceViews(ctx context.Context, invoices ...fieldops.Invoice) ([]InvoiceView, error) {
	remote := make(map[fieldops.ID]*string, len(invoices))
	for _, i := range invoices {
		remote[i.ID] = i.XeroInvoiceID
	}
	documents, err := s.documents(ctx, fieldops.KindInvoice, remote)
	if err != nil {
		return nil, err
	}
	views := make([]InvoiceView, len(invoices))
	for n, i := range invoices {
		views[n] = InvoiceView{Invoice: i, Document: documents[i.ID]}
		for _, l := range i.Lines {
			views[n].TimesheetsCount += len(l.Timesheets)
		}
	}
	return views, nil
}

// EditInvoice changes an invoice and asks for the change's way to the provider.
// unchanged says whether it is still what the person saw.
func (s *Service) EditInvoice(ctx context.Context, actor fieldops.Actor, id fieldops.ID, edit fieldops.InvoiceEdit, unchanged func(fieldops.Time) error) (fieldops.Invoice, error) {
	var invoice fieldops.Invoice
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		before, err := tx.LockInvoice(ctx, id)
		if err != nil {
			return err
		}
		if err := unchanged(before.UpdatedAt); err != nil {
			return err
		}
		_, terms, err := billingTerms(ctx, tx, sales, tx.Now.Time)
		if err != nil {
			return err
		}
		e := edit
		e.Lines = slices.Clone(edit.Lines)
		invoice = before
		if err := invoice.Edit(&e, terms); err != nil {
			return err
		}
		if reflect.DeepEqual(invoice, before) {
			return nil
		}
		if err := tx.UpdateInvoice(ctx, &invoice); err != nil {
			return err
		}
		if err := tx.NoteInvoice(ctx, "update", id, map[string]any{
			"invoice_number": invoice.Number, "total_before": before.Total, "total": invoice.Total,
		}); err != nil {
			return err
		}
		if _, _, err := tx.RequestSync(ctx, fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: id}, fieldops.OpUpdate); err != nil {
			return err
		}
		invoice, err = tx.Invoice(ctx, id)
		return err
	})
	return invoice, err
}

// DeleteInvoice takes an invoice back: it is voided or deleted at the provider,
// and its timesheets are released when that is certain. gone tells that it is
// certain already, because nothing of it can stand there.
func (s *Service) DeleteInvoice(ctx context.Context, actor fieldops.Actor, id fieldops.ID) (gone bool, err error) {
	err = s.db.Write(ctx, actor, func(tx *store.Tx) error {
		invoice, err := tx.LockInvoice(ctx, id)
		if err != nil {
			return err
		}
		if err := tx.RefuseSettled(ctx, &invoice); err != nil {
			return err
		}
		if _, gone, err = tx.RequestSync(ctx, fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: id}, fieldops.OpVoid); err != nil {
			return err
		}
		if gone {
			return tx.FinishInvoiceVoid(ctx, id)
		}
		return tx.NoteInvoice(ctx, "delete_requested", id, map[string]any{"invoice_number": invoice.Number})
	})
	return gone, err
}
