package api

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

const (
	sessionCookie = "ampedfieldops_session"
	// sessionLife is how long a session lasts without being used.
	sessionLife = 60 * 24 * time.Hour
	// tokenLife is how long a Bearer token is good; refresh gives another.
	tokenLife = 7 * 24 * time.Hour
	// touchAfter is how stale a session's last use may be in the database.
	touchAfter = time.Hour
)

// claims are what a token says. Only the session counts: who it belongs to and
// what they may do is read anew for each request; the rest is for existing
// clients, which show it.
type claims struct {
	ID      fieldops.ID   `json:"id"`
	Email   string        `json:"email"`
	Name    string        `json:"name"`
	Role    fieldops.Role `json:"role"`
	Session fieldops.ID   `json:"sid"`
	jwt.RegisteredClaims
}

// signer makes and reads session tokens: JWTs signed with HMAC SHA-256.
type signer struct {
	secret []byte
	clock  func() time.Time
}

func (s signer) sign(u *fieldops.User, session fieldops.ID, life time.Duration) (string, error) {
	now := s.clock()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		ID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role, Session: session,
		RegisteredClaims: jwt.RegisteredClaims{IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life))},
	}).SignedString(s.secret)
}

// session is the session that a token names.
func (s signer) session(token string) (fieldops.ID, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return s.secret, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.clock))
	if errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
		return "", fieldops.Refuse(fieldops.Unauthenticated, "Token expired")
	}
	id, ok := fieldops.ParseID(c.Session)
	if err != nil || !ok {
		return "", fieldops.Refuse(fieldops.Unauthenticated, "Invalid token")
	}
	return id, nil
}

// authenticate finds out who asks. Session and person are read from the
// database each time, so that signing out, a deactivation and a change of role
// act at once.
func (a *api) authenticate(w http.ResponseWriter, r *request) error {
	token, fromCookie := tokenOf(r.Request)
	if token == "" {
		return fieldops.Refuse(fieldops.Unauthenticated, "No token provided")
	}
	if strings.HasPrefix(token, fieldops.TokenPrefix) {
		return a.authenticateProgram(r, token)
	}
	id, err := a.sessions.session(token)
	if err != nil {
		return err
	}
	ctx := r.Context()
	session, err := a.DB.Session(ctx, id)
	if err != nil && fieldops.KindOf(err) != fieldops.NotFound {
		return err
	}
	if err != nil || !session.Live(a.Clock()) {
		return fieldops.Refuse(fieldops.Unauthenticated, "Not authenticated")
	}
	user, err := a.DB.User(ctx, session.UserID)
	if err != nil && fieldops.KindOf(err) != fieldops.NotFound {
		return err
	}
	if err != nil || !user.IsActive {
		return fieldops.Refuse(fieldops.Unauthenticated, "Not authenticated")
	}
	r.User, r.Session = user, session
	r.Actor.UserID, r.Actor.Name = user.ID, user.Name
	scopeOf(ctx).userID = user.ID

	now := fieldops.At(a.Clock())
	if now.Sub(session.LastSeenAt.Time) < touchAfter {
		return nil
	}
	if err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error { return tx.TouchSession(ctx, session.ID, now, sessionLife) }); err != nil {
		return err
	}
	if fromCookie {
		return a.setCookie(w, r, session.ID)
	}
	return nil
}

// tokenOf is the Bearer token, else the cookie.
func tokenOf(r *http.Request) (token string, fromCookie bool) {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token), false
	}
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		return cookie.Value, true
	}
	return "", false
}

// setCookie gives the browser a token that lasts as long as the session.
func (a *api) setCookie(w http.ResponseWriter, r *request, session fieldops.ID) error {
	token, err := a.sessions.sign(&r.User, session, sessionLife)
	if err != nil {
		return err
	}
	http.SetCookie(w, a.cookie(r, token, int(sessionLife.Seconds())))
	return nil
}

func (a *api) cookie(r *request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: a.https(r.Request),
	}
}
