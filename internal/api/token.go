package api

import (
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// authenticateProgram finds out for whom a program asks. It may do what the
// person may do, within its scopes.
func (a *api) authenticateProgram(r *request, secret string) error {
	ctx := r.Context()
	token, err := a.DB.APITokenBySecret(ctx, secret)
	if fieldops.KindOf(err) == fieldops.NotFound {
		return fieldops.Refuse(fieldops.Unauthenticated, "Invalid token")
	}
	if err != nil {
		return err
	}
	if err := a.readToken(r, token); err != nil {
		return err
	}
	now := fieldops.At(a.Clock())
	if now.Sub(token.LastUsedAt.Time) < touchAfter {
		return nil
	}
	return a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error { return tx.TouchAPIToken(ctx, token.ID, now) })
}

// readToken makes the request one of the token's person, if the token is good.
func (a *api) readToken(r *request, token fieldops.APIToken) error {
	token, err := a.DB.APIToken(r.Context(), token.ID)
	if err != nil {
		return err
	}
	if !token.RevokedAt.IsZero() {
		return fieldops.Refuse(fieldops.Unauthenticated, "This API token was revoked")
	}
	if !token.ExpiresAt.IsZero() && !a.Clock().Before(token.ExpiresAt.Time) {
		return fieldops.Refuse(fieldops.Unauthenticated, "Token expired")
	}
	user, err := a.DB.User(r.Context(), token.UserID)
	if err != nil && fieldops.KindOf(err) != fieldops.NotFound {
		return err
	}
	if err != nil || !user.IsActive {
		return fieldops.Refuse(fieldops.Unauthenticated, "Not authenticated")
	}
	r.User, r.Token = user.Within(token.Scopes), &token
	r.Actor.UserID, r.Actor.Name = user.ID, user.Name+" (API token "+token.Name+")"
	scopeOf(r.Context()).userID = user.ID
	return nil
}

func (a *api) listTokens(r *request, _ *nothing) ([]fieldops.APIToken, error) {
	return a.DB.APITokens(r.Context(), r.User.ID)
}

type createTokenInput struct {
	Body struct {
		Name      string                `json:"name"`
		Scopes    []fieldops.Permission `json:"scopes" doc:"Permissions of mine"`
		ExpiresAt fieldops.Time         `json:"expires_at,omitempty" doc:"Absent or null: never"`
	}
}

type tokenCreated struct {
	fieldops.APIToken
	Token string `json:"token" doc:"Shown this once"`
}

func (a *api) createToken(r *request, in *createTokenInput) (tokenCreated, error) {
	b := &in.Body
	t := fieldops.APIToken{UserID: r.User.ID, Name: strings.TrimSpace(b.Name), Scopes: b.Scopes, ExpiresAt: b.ExpiresAt}
	var f fieldops.Faults
	f.Require(t.Name != "" && len(t.Name) <= 100 && !strings.ContainsAny(t.Name, "\r\n"), "name", "Name must have 1 to 100 characters")
	f.Require(len(t.Scopes) > 0, "scopes", "Choose at least one permission")
	slices.Sort(t.Scopes)
	t.Scopes = slices.Compact(t.Scopes)
	for _, p := range t.Scopes {
		f.Require(slices.Contains(r.User.Permissions, p), "scopes", "You do not hold the permission %q yourself", p)
	}
	f.Require(t.ExpiresAt.IsZero() || t.ExpiresAt.After(a.Clock()), "expires_at", "The token would have expired already")
	if err := f.Err(""); err != nil {
		return tokenCreated{}, err
	}
	var secret string
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) (err error) {
		secret, err = tx.InsertAPIToken(r.Context(), &t)
		return err
	})
	return tokenCreated{t, secret}, err
}

func (a *api) revokeToken(r *request, in *byID) (message, error) {
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.RevokeAPIToken(r.Context(), r.User.ID, in.ID) })
	return message{"Token revoked"}, err
}

// sessionAnswer is one place where somebody is signed in.
type sessionAnswer struct {
	ID         fieldops.ID   `json:"id"`
	Current    bool          `json:"current"`
	UserAgent  string        `json:"user_agent"`
	IPAddress  string        `json:"ip_address"`
	CreatedAt  fieldops.Time `json:"created_at"`
	LastSeenAt fieldops.Time `json:"last_seen_at"`
	ExpiresAt  fieldops.Time `json:"expires_at"`
}

func (a *api) sessionsOf(r *request, user fieldops.ID) ([]sessionAnswer, error) {
	sessions, err := a.DB.Sessions(r.Context(), user, a.Clock())
	answer := make([]sessionAnswer, len(sessions))
	for i, s := range sessions {
		answer[i] = sessionAnswer{s.ID, s.ID == r.Session.ID, s.UserAgent, s.IPAddress, s.CreatedAt, s.LastSeenAt, s.ExpiresAt}
	}
	return answer, err
}

func (a *api) listSessions(r *request, _ *nothing) ([]sessionAnswer, error) {
	return a.sessionsOf(r, r.User.ID)
}

func (a *api) endSession(r *request, in *byID) (message, error) {
	return a.endSessionOf(r, r.User.ID, in.ID)
}

func (a *api) endSessionOf(r *request, user, session fieldops.ID) (message, error) {
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.EndSession(r.Context(), user, session) })
	return message{"Session ended"}, err
}

func (a *api) endOtherSessions(r *request, _ *nothing) (message, error) {
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.EndSessions(r.Context(), r.User.ID, r.Session.ID) })
	return message{"Other sessions ended"}, err
}

func (a *api) listUserSessions(r *request, in *byID) ([]sessionAnswer, error) {
	if _, err := a.DB.User(r.Context(), in.ID); err != nil {
		return nil, err
	}
	return a.sessionsOf(r, in.ID)
}

func (a *api) endUserSessions(r *request, in *byID) (message, error) {
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error {
		if _, err := tx.User(r.Context(), in.ID); err != nil {
			return err
		}
		return tx.EndSessions(r.Context(), in.ID, "")
	})
	return message{"Sessions ended"}, err
}

type userSession struct {
	ID      fieldops.ID `path:"id" format:"uuid"`
	Session fieldops.ID `path:"session" format:"uuid"`
}

func (a *api) endUserSession(r *request, in *userSession) (message, error) {
	return a.endSessionOf(r, in.ID, in.Session)
}
