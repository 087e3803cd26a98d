package billing

import (
	"context"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// Status is how the connection to the provider stands, for people.
type Status struct {
	Connected      bool
	TenantID       string
	TenantName     string
	ExpiresAt      fieldops.Time // of the access token, which is refreshed by itself
	LastSync       fieldops.Time
	NeedsRefresh   bool
	NeedsReconnect *string // why an admin must connect again
	Lane           store.LaneState
	Missing        []MissingSetting
	Organisation   *fieldops.Organisation // nil until it was read
}

// MissingSetting is a setting without which documents wait.
type MissingSetting struct {
	Setting string `json:"setting"`
	Message string `json:"message"`
}

// Status tells how the connection stands.
func (s *Service) Status(ctx context.Context) (Status, error) {
	var status Status
	c, err := s.db.Connection(ctx)
	switch {
	case err == nil:
		status.Connected, status.TenantID, status.TenantName = c.NeedsReconnect == nil, c.TenantID, c.TenantName
		status.ExpiresAt, status.NeedsReconnect = c.ExpiresAt, c.NeedsReconnect
		status.NeedsRefresh = c.ExpiresAt.Before(time.Now())
	case fieldops.KindOf(err) != fieldops.NotFound:
		return status, err
	}
	if status.LastSync, err = s.db.LastSync(ctx); err != nil {
		return status, err
	}
	if status.Lane, err = s.Lane(ctx); err != nil {
		return status, err
	}
	settings, err := s.db.Settings(ctx)
	if err != nil {
		return status, err
	}
	reference, err := s.db.Reference(ctx)
	if err != nil {
		return status, err
	}
	if !reference.ReadAt.IsZero() {
		status.Organisation = &reference.Organisation
	}
	status.Missing = missing(settings, reference)
	return status, nil
}

func missing(settings fieldops.Settings, reference store.Reference) []MissingSetting {
	found := []MissingSetting{}
	check := func(setting, account, kind, documents string) {
		_, active := reference.Account(account)
		switch {
		case account == "":
			found = append(found, MissingSetting{setting, "Choose the account for " + kind + "; until then " + documents + " wait"})
		case !reference.ReadAt.IsZero() && !active:
			found = append(found, MissingSetting{setting, "Xero has no active account " + account + "; choose another for " + kind})
		}
	}
	check("xero_sales_account_code", settings.SalesAccount, "sales", "invoices")
	check("xero_purchase_account_code", settings.PurchaseAccount, "purchases", "purchase orders")
	return found
}

// Lane tells how sending stands.
func (s *Service) Lane(ctx context.Context) (store.LaneState, error) {
	return s.db.Lane(ctx, s.sync.Durations())
}

// PauseLane stops all sending, for everybody, or lets it go on.
func (s *Service) PauseLane(ctx context.Context, actor fieldops.Actor, paused bool, reason string) (store.LaneState, error) {
	if err := s.db.Write(ctx, actor, func(tx *store.Tx) error { return tx.PauseLane(ctx, paused, reason) }); err != nil {
		return store.LaneState{}, err
	}
	s.sync.changed()
	s.sync.Wake()
	return s.Lane(ctx)
}
