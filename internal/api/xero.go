package api

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type xeroStatusAnswer struct {
	Connected      bool                     `json:"connected"`
	Configured     bool                     `json:"configured"`
	TenantID       *string                  `json:"tenant_id"`
	TenantName     *string                  `json:"tenant_name"`
	ExpiresAt      fieldops.Time            `json:"expires_at"`
	LastSync       fieldops.Time            `json:"last_sync"`
	NeedsRefresh   bool                     `json:"needs_refresh"`
	NeedsReconnect *string                  `json:"needs_reconnect"` // why an admin must connect again
	Lane           store.LaneState          `json:"lane"`
	Missing        []billing.MissingSetting `json:"missing"`
	Organisation   *organisationAnswer      `json:"organisation"`
}

type organisationAnswer struct {
	Name      string `json:"name"`
	ShortCode string `json:"short_code"`
	Country   string `json:"country"`
	Currency  string `json:"currency"`
	Timezone  string `json:"timezone"`
}

// xeroStatus is for everybody, so that nobody wonders why nothing is sent; sums
// of money are for those who may see them.
func (a *api) xeroStatus(r *request, _ *nothing) (xeroStatusAnswer, error) {
	s, err := a.Billing.Status(r.Context())
	if err != nil {
		return xeroStatusAnswer{}, err
	}
	answer := xeroStatusAnswer{
		Connected: s.Connected, Configured: a.XeroConfigured, TenantID: text(&s.TenantID), TenantName: text(&s.TenantName),
		ExpiresAt: s.ExpiresAt, LastSync: s.LastSync, NeedsRefresh: s.NeedsRefresh, NeedsReconnect: s.NeedsReconnect,
		Lane: s.Lane, Missing: s.Missing,
	}
	if !r.seesMoney() {
		answer.Lane.Waiting.Amount = 0
	}
	if o := s.Organisation; o != nil {
		answer.Organisation = &organisationAnswer{o.Name, o.ShortCode, o.Country, o.Currency, o.Timezone}
	}
	return answer, nil
}

type consentAnswer struct {
	URL         string `json:"url"`
	Configured  bool   `json:"configured"`
	RedirectURI string `json:"redirectUri"`
}

// consentURL begins to connect: the admin's browser goes to the address.
func (a *api) consentURL(r *request, _ *nothing) (consentAnswer, error) {
	if !a.XeroConfigured {
		return consentAnswer{}, &fieldops.Error{
			Kind:    fieldops.Invalid,
			Message: "No Xero app is set up: XERO_CLIENT_ID and XERO_CLIENT_SECRET are missing",
			Details: map[string]any{"configured": false},
		}
	}
	address, err := a.Sync.ConsentURL(r.Context(), r.Actor, a.XeroScopes)
	return consentAnswer{address, true, a.XeroRedirectURI}, err
}

// xeroCallback is where Xero sends the admin's browser back to; it leads on to
// the app, which shows how it ended.
func (a *api) xeroCallback(w http.ResponseWriter, r *request) error {
	query := r.URL.Query()
	outcome := url.Values{"tab": {"integrations"}}
	fail := func(code, words string) {
		outcome.Set("xero_error", code)
		outcome.Set("xero_error_msg", words)
	}
	switch {
	case query.Get("error") != "":
		words := query.Get("error_description")
		if words == "" {
			words = "Xero was not connected"
		}
		fail(short(query.Get("error"), 60), short(words, 300))
	case query.Get("code") == "" || query.Get("state") == "":
		fail("no_code", "Xero sent nothing to connect with; please connect again")
	default:
		err := a.Sync.FinishConsent(r.Context(), query.Get("state"), query.Get("code"))
		if err == nil {
			outcome.Set("xero_connected", "true")
			break
		}
		fail("callback_failed", a.notConnected(r, "Xero", err))
	}
	http.Redirect(w, r.Request, strings.TrimRight(a.FrontendURL, "/")+"/settings?"+outcome.Encode(), http.StatusSeeOther)
	return nil
}

// notConnected is what a person hears of a connection that failed; what was our own
// fault, the log hears.
func (a *api) notConnected(r *request, system string, err error) string {
	if refusal, ok := errors.AsType[*fieldops.Error](err); ok {
		return refusal.Message
	}
	a.Log.ErrorContext(r.Context(), "connecting to an outside system failed", "system", system, "error", err, "request_id", r.Actor.RequestID)
	return "Something went wrong on our side; please connect again"
}

// short is a text from outside, cut to what a page can show.
func short(s string, limit int) string {
	s = strings.ToValidUTF8(s, "")
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s)[:limit])
	}
	return s
}

func (a *api) disconnectXero(r *request, _ *nothing) (message, error) {
	return message{"Xero disconnected"}, a.Sync.Disconnect(r.Context(), r.Actor)
}

type laneInput struct {
	Body struct {
		Paused *bool  `json:"paused"`
		Reason string `json:"reason,omitempty"`
	}
}

func (a *api) setLane(r *request, in *laneInput) (store.LaneState, error) {
	var f fieldops.Faults
	f.Require(in.Body.Paused != nil, "paused", "Say whether sending is to be paused")
	f.Require(utf8.RuneCountInString(in.Body.Reason) <= 300, "reason", "A reason has at most 300 characters")
	if err := f.Err(""); err != nil {
		return store.LaneState{}, err
	}
	return a.Billing.PauseLane(r.Context(), r.Actor, *in.Body.Paused, strings.TrimSpace(in.Body.Reason))
}

// listAccounts are the organisation's accounts as last read; none before it is
// connected.
func (a *api) listAccounts(r *request, _ *nothing) ([]fieldops.Account, error) {
	reference, err := a.DB.Reference(r.Context())
	if reference.Accounts == nil {
		reference.Accounts = []fieldops.Account{}
	}
	return reference.Accounts, err
}

type taxRateAnswer struct {
	TaxType string           `json:"tax_type"`
	Name    string           `json:"name"`
	Rate    fieldops.TaxRate `json:"rate"`
}

func (a *api) listTaxRates(r *request, _ *nothing) ([]taxRateAnswer, error) {
	reference, err := a.DB.Reference(r.Context())
	answer := make([]taxRateAnswer, len(reference.TaxRates))
	for n, rate := range reference.TaxRates {
		answer[n] = taxRateAnswer{rate.TaxType, rate.Name, rate.Rate}
	}
	return answer, err
}

type syncLogsInput struct {
	EntityType string      `query:"entity_type" enum:"invoice,purchase_order,timesheet,client,connection"`
	EntityID   fieldops.ID `query:"entity_id" format:"uuid"`
	Limit      int         `query:"limit" doc:"Rows of the answer, at most 100" default:"10"`
}

func (a *api) listSyncLogs(r *request, in *syncLogsInput) ([]store.SyncLog, error) {
	var f fieldops.Faults
	f.Require(in.EntityType != "", "entity_type", "entity_type is required")
	f.Require(in.EntityID != "", "entity_id", "entity_id is required")
	if err := f.Err("entity_type and entity_id are required"); err != nil {
		return nil, err
	}
	limit := min(in.Limit, 100)
	if limit < 1 {
		limit = 10
	}
	return a.DB.SyncLogs(r.Context(), in.EntityType, in.EntityID, limit)
}
