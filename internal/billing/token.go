package billing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// access is a token that may be sent now.
type access struct {
	token      string
	tenant     string
	connection fieldops.ID
	generation int64
	expires    fieldops.Time
}

// access gives a token with enough life left, refreshing it first if need be.
// Of all processes one refreshes; the others get a *store.Wait.
func (s *Sync) access(ctx context.Context) (access, error) {
	c, err := s.db.Connection(ctx)
	if fieldops.KindOf(err) == fieldops.NotFound {
		return access{}, &store.Wait{Reason: store.NotConnected, Message: "Xero is not connected.", Who: fieldops.Admin}
	}
	if err != nil {
		return access{}, err
	}
	if c.NeedsReconnect != nil {
		return access{}, &store.Wait{Reason: store.NeedsReconnect, Message: *c.NeedsReconnect, Who: fieldops.Admin}
	}
	if time.Until(c.ExpiresAt.Time) < s.durations.RefreshMargin {
		if err := s.refresh(ctx, c); err != nil {
			return access{}, err
		}
		if c, err = s.db.Connection(ctx); err != nil {
			return access{}, err
		}
	}
	token, err := s.seal.Open(c.SealedAccess)
	if err != nil {
		return access{}, err
	}
	return access{token: token, tenant: c.TenantID, connection: c.ID, generation: c.Generation, expires: c.ExpiresAt}, nil
}

// refresh rotates the tokens: a short lease in one transaction, the call
// outside any, both new tokens stored in another only if the row has not moved
// on. An answer that is lost leaves the old refresh token in place, which Xero
// takes again for thirty minutes
// (https://developer.xero.com/documentation/guides/oauth2/token-types/).
func (s *Sync) refresh(ctx context.Context, c store.Connection) error {
	var mine bool
	p := s.tokenCall(c, "/connect/token", "refresh")
	err := s.write(ctx, func(tx *store.Tx) (err error) {
		if mine, err = tx.LeaseRefresh(ctx, s.durations, c); err != nil || !mine {
			return err
		}
		return tx.BeginCall(ctx, s.durations, p)
	})
	if err != nil {
		return err
	}
	if !mine {
		return &store.Wait{Until: fieldops.At(time.Now()).Add(s.durations.Second), Reason: "token", Message: "The access to Xero is being renewed.", Who: fieldops.Nobody}
	}
	s.step("refresh begun")
	refreshToken, err := s.seal.Open(c.SealedRefresh)
	if err != nil {
		return err
	}
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.durations.CallTimeout)
	defer cancel()
	sending, seen := s.watch(sending, p)
	set, a, callErr := s.provider.Refresh(sending, refreshToken)
	verdict := tokenVerdict(a, callErr)
	seen.end(a, verdict)
	s.step("refresh answered")
	err = s.write(ctx, func(tx *store.Tx) error {
		if _, err := tx.FinishRow(ctx, s.durations, p, 0, verdict, a); err != nil {
			return err
		}
		switch {
		case callErr == nil:
			return tx.Refreshed(ctx, c, s.seal.Seal(set.AccessToken), s.seal.Seal(set.RefreshToken), fieldops.At(time.Now()).Add(set.ExpiresIn))
		case s.provider.IsInvalidGrant(callErr):
			return tx.NeedReconnect(ctx, c, "Xero no longer accepts our access: it was withdrawn or has expired. An admin must connect Xero again.")
		case definite(a):
			return tx.NeedReconnect(ctx, c, callErr.Error()+". An admin must look at the connection.")
		}
		if err := tx.EndRefreshLease(ctx, c); err != nil {
			return err
		}
		return tx.Unanswered(ctx, s.durations, c.TenantID, false)
	})
	if err == nil && callErr != nil {
		s.changed()
		return &store.Wait{Until: fieldops.At(time.Now()).Add(s.backoff(0)), Reason: "token", Message: "The access to Xero could not be renewed yet; it is tried again by itself.", Who: fieldops.Nobody}
	}
	s.step("refresh written")
	return err
}

// definite reports whether the identity service refused for good (a wrong
// client id or scope), so that trying again cannot help.
func definite(a fieldops.Answer) bool {
	return a.Status >= 400 && a.Status < 500 && a.Status != 408 && a.Status != 429
}

func (s *Sync) tokenCall(c store.Connection, path, purpose string) *store.PlannedCall {
	return &store.PlannedCall{
		ID: fieldops.NewID(), Tenant: c.TenantID, ConnectionID: c.ID, TokenGeneration: c.Generation, TokenExpires: c.ExpiresAt,
		Call: fieldops.Call{
			Method: "POST", Path: path, Operation: fieldops.OpLook, Kind: fieldops.KindConnection,
			Body: fmt.Appendf(nil, `{"purpose":%q}`, purpose),
		},
	}
}

func tokenVerdict(a fieldops.Answer, err error) fieldops.Verdict {
	v := fieldops.Verdict{Outcome: fieldops.Answered, Status: a.Status, Response: a.Body}
	if err != nil {
		v.Outcome, v.Message = fieldops.Unknown, err.Error()
		if definite(a) {
			v.Outcome = fieldops.Rejected
		}
	}
	return v
}

// ConsentURL begins a consent and returns where to send the admin's browser.
func (s *Sync) ConsentURL(ctx context.Context, actor fieldops.Actor, scopes []string) (string, error) {
	state, verifier := randomText(), randomText()
	challenge := sha256.Sum256([]byte(verifier))
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		return tx.BeginConsent(ctx, hash(state), s.seal.Seal(verifier))
	})
	return s.provider.AuthorizeURL(state, base64.RawURLEncoding.EncodeToString(challenge[:]), scopes), err
}

func randomText() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// FinishConsent takes the code that Xero sent back, fetches the tokens and pins
// the organisation. A consent for another organisation than the one that the
// firm's documents went to is refused: they would be scattered over two.
func (s *Sync) FinishConsent(ctx context.Context, state, code string) error {
	var verifier string
	var by fieldops.ID
	err := s.write(ctx, func(tx *store.Tx) (err error) {
		verifier, by, err = tx.EndConsent(ctx, hash(state))
		return err
	})
	if err != nil {
		return err
	}
	if verifier, err = s.seal.Open(verifier); err != nil {
		return err
	}
	return s.connect(ctx, fieldops.Actor{UserID: by, Name: "Consent"}, code, verifier)
}

// ConnectWithCode connects with a code that needs no consent in a browser, as
// the demo's simulator gives one.
func (s *Sync) ConnectWithCode(ctx context.Context, code string) error {
	return s.connect(ctx, fieldops.System, code, "")
}

func (s *Sync) connect(ctx context.Context, actor fieldops.Actor, code, verifier string) error {
	c := store.Connection{ID: fieldops.NewID(), Generation: 1}
	p := s.tokenCall(c, "/connect/token", "authorization_code")
	if err := s.begin1(ctx, p); err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, s.durations.CallTimeout)
	defer cancel()
	asking, seen := s.watch(asking, p)
	set, a, callErr := s.provider.Exchange(asking, code, verifier)
	verdict := tokenVerdict(a, callErr)
	seen.end(a, verdict)
	if err := s.finish1(ctx, p, verdict, a); err != nil {
		return err
	}
	if callErr != nil {
		return fieldops.Refuse(fieldops.Unavailable, "Xero did not accept the connection: %v", callErr)
	}

	// What was just consented to, not everything that this person ever connected.
	call := s.provider.ConnectionsCall()
	if set.AuthEventID != "" {
		call = s.provider.ConnectionsOfConsentCall(set.AuthEventID)
	}
	p = s.tokenCall(c, call.Path, "connections")
	p.Call.Method, p.Call.Body = call.Method, nil
	if err := s.begin1(ctx, p); err != nil {
		return err
	}
	listing, cancelListing := context.WithTimeout(ctx, s.durations.CallTimeout)
	defer cancelListing()
	listing, seen = s.watch(listing, p)
	a = s.provider.Send(listing, set.AccessToken, "", call)
	verdict = s.provider.Judge(call, a)[0]
	seen.end(a, verdict)
	if err := s.finish1(ctx, p, verdict, a); err != nil {
		return err
	}
	tenants, err := s.provider.ReadConnections(a)
	if err != nil {
		return fieldops.Refuse(fieldops.Unavailable, "Xero did not say which organisation was chosen; please connect again")
	}
	pinned, err := s.db.PinnedTenant(ctx)
	if err != nil {
		return err
	}
	tenant, err := chooseTenant(tenants, pinned)
	if err != nil {
		return err
	}
	c.SealedAccess, c.SealedRefresh, c.Scope = s.seal.Seal(set.AccessToken), s.seal.Seal(set.RefreshToken), set.Scope
	c.TenantID, c.TenantName, c.RemoteID = tenant.TenantID, tenant.Name, tenant.ConnectionID
	c.ExpiresAt = fieldops.At(time.Now()).Add(set.ExpiresIn)
	if err := s.db.Write(ctx, actor, func(tx *store.Tx) error { return tx.Connect(ctx, c) }); err != nil {
		return err
	}
	if err := s.ReadReference(ctx); err != nil {
		s.log.WarnContext(ctx, "connected, but the accounts could not be read yet", "error", err)
	}
	s.Wake()
	s.changed()
	return nil
}

func (s *Sync) begin1(ctx context.Context, p *store.PlannedCall) error {
	return s.write(ctx, func(tx *store.Tx) error { return tx.BeginCall(ctx, s.durations, p) })
}

func (s *Sync) finish1(ctx context.Context, p *store.PlannedCall, v fieldops.Verdict, a fieldops.Answer) error {
	return s.write(ctx, func(tx *store.Tx) error {
		_, err := tx.FinishRow(ctx, s.durations, p, 0, v, a)
		return err
	})
}

func chooseTenant(tenants []fieldops.RemoteTenant, pinned string) (fieldops.RemoteTenant, error) {
	var organisations []fieldops.RemoteTenant
	for _, t := range tenants {
		if t.Type != "ORGANISATION" {
			continue
		}
		if pinned != "" && t.TenantID == pinned {
			return t, nil
		}
		organisations = append(organisations, t)
	}
	switch {
	case len(organisations) == 0:
		return fieldops.RemoteTenant{}, fieldops.Refuse(fieldops.Conflict, "No organisation was chosen in Xero; please connect again and choose one")
	case pinned != "":
		return fieldops.RemoteTenant{}, fieldops.Refuse(fieldops.Conflict, "This is another organisation (%s) than the one your documents went to. Connect to the same organisation again; documents are not scattered over two.", organisations[0].Name)
	case len(organisations) > 1:
		return fieldops.RemoteTenant{}, fieldops.Refuse(fieldops.Conflict, "Several organisations were chosen in Xero; please connect again and choose exactly one")
	}
	return organisations[0], nil
}

// Disconnect withdraws our access at Xero, as far as Xero answers, and forgets
// the tokens. What waits goes on waiting for the next connection.
func (s *Sync) Disconnect(ctx context.Context, actor fieldops.Actor) error {
	c, err := s.db.Connection(ctx)
	if err != nil {
		return err
	}
	if refreshToken, err := s.seal.Open(c.SealedRefresh); err == nil {
		p := s.tokenCall(c, "/connect/revocation", "revocation")
		if err := s.begin1(ctx, p); err != nil {
			return err
		}
		asking, cancel := context.WithTimeout(ctx, s.durations.CallTimeout)
		defer cancel()
		asking, seen := s.watch(asking, p)
		a, callErr := s.provider.Revoke(asking, refreshToken)
		verdict := tokenVerdict(a, callErr)
		seen.end(a, verdict)
		if err := s.finish1(ctx, p, verdict, a); err != nil {
			return err
		}
	}
	if err := s.db.Write(ctx, actor, func(tx *store.Tx) error { return tx.Disconnect(ctx) }); err != nil {
		return err
	}
	s.changed()
	return nil
}

// keepReference reads accounts and tax rates when nothing was read yet or it is
// a day old.
func (s *Sync) keepReference(ctx context.Context) error {
	due := func() (bool, error) {
		reference, err := s.db.Reference(ctx)
		if err != nil || reference.ReadAt.IsZero() {
			return err == nil, err
		}
		now, err := s.db.Clock(ctx)
		return err == nil && now.Sub(reference.ReadAt.Time) >= s.durations.ReferenceAge, err
	}
	if due, err := due(); err != nil || !due {
		return err
	}
	err := s.inTurn(ctx, "reference", func(func() error) error {
		if due, err := due(); err != nil || !due {
			return err
		}
		return s.ReadReference(ctx)
	})
	if _, waits := errors.AsType[*store.Wait](err); waits || fieldops.KindOf(err) == fieldops.Unavailable {
		return nil // it is asked again at the next round
	}
	return err
}

// ReadReference reads what documents are filled and checked with: the
// organisation, its accounts and its tax rates. Three calls.
func (s *Sync) ReadReference(ctx context.Context) error {
	var reference store.Reference
	read := func(call fieldops.Call, into func(fieldops.Answer) error) error {
		a, err := s.call(ctx, call, callOptions{slot: true})
		if err != nil {
			return err
		}
		if err := into(a); err != nil {
			return fieldops.Refuse(fieldops.Unavailable, "Xero's answer cannot be used: %v", err)
		}
		return nil
	}
	err := read(s.provider.OrganisationCall(), func(a fieldops.Answer) (err error) {
		reference.Organisation, err = s.provider.ReadOrganisation(a)
		return err
	})
	if err == nil {
		err = read(s.provider.AccountsCall(), func(a fieldops.Answer) (err error) {
			reference.Accounts, err = s.provider.ReadAccounts(a)
			return err
		})
	}
	if err == nil {
		err = read(s.provider.TaxRatesCall(), func(a fieldops.Answer) (err error) {
			reference.TaxRates, err = s.provider.ReadTaxRates(a)
			return err
		})
	}
	if err != nil {
		return err
	}
	gate, err := s.db.Gate(ctx)
	if err != nil {
		return err
	}
	return s.write(ctx, func(tx *store.Tx) error { return tx.KeepReference(ctx, gate.Tenant, reference) })
}
