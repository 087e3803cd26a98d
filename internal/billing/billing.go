// Package billing turns work into money and brings the documents to the
// accounting provider, each exactly once.
//
// A Service makes and changes invoices and purchase orders: every change is one
// transaction, which also asks for the document's way to the provider. A Sync
// then carries documents there in the background. The one thing to know: no
// provider is ever called inside a transaction, and nothing but Sync's push
// writes to one.
package billing

import (
	"context"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// Service is what people do with invoices and purchase orders.
type Service struct {
	db   *store.DB
	sync *Sync
	post *Post // nil: nothing is sent by mail

	openPicture func(ctx context.Context, url string) (content []byte, contentType string, err error) // nil: documents have no logo
	openPage    func(ctx context.Context, file fieldops.ID) ([]byte, error)                           // of a certificate; nil: none can be attached
}

// New makes a Service whose documents sync carries. sync need not run in this
// process.
func New(db *store.DB, sync *Sync) *Service { return &Service{db: db, sync: sync} }

// PrintLogoFrom has documents bear the firm's logo, which open reads at the
// address that the settings name.
func (s *Service) PrintLogoFrom(open func(ctx context.Context, url string) (content []byte, contentType string, err error)) {
	s.openPicture = open
}

// AttachPagesFrom lets the mail of an invoice bring the certificates of its projects
// along; open reads the page that is a stored file.
func (s *Service) AttachPagesFrom(open func(ctx context.Context, file fieldops.ID) ([]byte, error)) {
	s.openPage = open
}

// reader is a database or a transaction.
type reader interface {
	Settings(ctx context.Context) (fieldops.Settings, error)
	Reference(ctx context.Context) (store.Reference, error)
	Client(ctx context.Context, id fieldops.ID) (fieldops.Client, error)
	OpenTimesheets(ctx context.Context, f store.OpenFilter, approvalRequired bool) ([]fieldops.Timesheet, error)
}

// side says which of the firm's accounts and taxes apply.
type side int

const (
	sales side = iota
	purchases
)

// billingTerms reads what a document's lines are priced with at an instant. An
// account of the connected organisation brings its own tax; until it is known
// the firm's own rate stands in, without a tax type.
func billingTerms(ctx context.Context, r reader, which side, now time.Time) (fieldops.Settings, fieldops.BillingTerms, error) {
	settings, err := r.Settings(ctx)
	if err != nil {
		return settings, fieldops.BillingTerms{}, err
	}
	reference, err := r.Reference(ctx)
	if err != nil {
		return settings, fieldops.BillingTerms{}, err
	}
	account, rate := settings.SalesAccount, settings.SalesTax
	if which == purchases {
		account, rate = settings.PurchaseAccount, settings.PurchaseTax
	}
	return settings, fieldops.BillingTerms{
		Today:   fieldops.DateOf(now, settings.Timezone),
		Account: account,
		TaxOf: func(code string) (string, fieldops.TaxRate) {
			if a, ok := reference.Account(code); ok {
				if t, ok := reference.TaxRate(a.TaxType); ok {
					return t.TaxType, t.Rate
				}
			}
			return "", rate
		},
		ApprovalRequired: settings.ApprovalRequired,
	}, nil
}

// Document is a document's road to the provider as the screens show it.
type Document struct {
	store.SyncState
	// URL shows the document at the provider; "" while it is not there.
	URL string
}

// documents tells the state of many documents of one kind. remoteIDs holds the
// provider's id of each, nil where it has none.
func (s *Service) documents(ctx context.Context, kind fieldops.DocumentKind, remoteIDs map[fieldops.ID]*string) (map[fieldops.ID]Document, error) {
	ids := make([]fieldops.ID, 0, len(remoteIDs))
	linked := false
	for id, remote := range remoteIDs {
		ids = append(ids, id)
		linked = linked || remote != nil
	}
	states, err := s.db.SyncStates(ctx, kind, ids, s.sync.MaxAttempts())
	if err != nil {
		return nil, err
	}
	var reference store.Reference
	if linked {
		if reference, err = s.db.Reference(ctx); err != nil {
			return nil, err
		}
	}
	all := make(map[fieldops.ID]Document, len(ids))
	for id, remote := range remoteIDs {
		d := Document{SyncState: states[id]}
		if remote != nil && s.sync.provider != nil {
			d.URL = s.sync.provider.DocumentURL(kind, *remote, reference.Organisation.ShortCode)
		}
		all[id] = d
	}
	return all, nil
}

// newDocument is the state of a document that was asked to go to the provider a
// moment ago.
func (s *Service) newDocument(intent *fieldops.ID) Document {
	status, phase := string(fieldops.SyncPending), fieldops.PhaseQueued
	return Document{SyncState: store.SyncState{
		SyncStatus: fieldops.SyncPending, Status: &status, XeroSyncID: intent, Phase: &phase, Operation: fieldops.OpCreate,
		MaxAttempts: s.sync.MaxAttempts(), WhoMustAct: fieldops.Nobody,
	}}
}

// SyncState tells how one invoice or purchase order stands, deleted or not.
func (s *Service) SyncState(ctx context.Context, ref fieldops.DocumentRef) (store.SyncState, error) {
	switch ref.Kind {
	case fieldops.KindInvoice:
		if _, err := s.db.AnyInvoice(ctx, ref.ID); err != nil {
			return store.SyncState{}, err
		}
	case fieldops.KindPurchaseOrder:
		if _, err := s.db.AnyPurchaseOrder(ctx, ref.ID); err != nil {
			return store.SyncState{}, err
		}
	}
	states, err := s.db.SyncStates(ctx, ref.Kind, []fieldops.ID{ref.ID}, s.sync.MaxAttempts())
	return states[ref.ID], err
}

// AnyVersion is for a change that does not depend on what was seen.
func AnyVersion(fieldops.Time) error { return nil }
