package blob

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// DriveScope is the right that a consent asks for: to the files that we make, and
// to no others of the account
// (https://developers.google.com/workspace/drive/api/guides/api-specific-auth).
const DriveScope = "https://www.googleapis.com/auth/drive.file"

// googleTimeout bounds a question for tokens.
const googleTimeout = 30 * time.Second

// GoogleOAuth lets a person connect Google Drive
// (https://developers.google.com/identity/protocols/oauth2/web-server).
type GoogleOAuth struct {
	ClientID, ClientSecret, RedirectURI string
	// AuthURL and TokenURL are Google's own when "".
	AuthURL, TokenURL string
}

// Tokens are what Google gives for a consent.
type Tokens struct {
	AccessToken string
	// RefreshToken works until the consent is withdrawn. Refresh returns the one it
	// was given unless Google gives another.
	RefreshToken string
	ExpiresAt    time.Time // of the access token
	Scope        string    // separated by spaces; it can be less than was asked for
}

// Allows reports whether the consent gives the right that Drive needs: a person
// can untick it.
func (t Tokens) Allows() bool {
	for scope := range strings.FieldsSeq(t.Scope) {
		if scope == DriveScope {
			return true
		}
	}
	return false
}

// NewVerifier makes the secret that Exchange proves a consent by (RFC 7636).
func NewVerifier() string { return oauth2.GenerateVerifier() }

func (g GoogleOAuth) config() *oauth2.Config {
	return &oauth2.Config{
		ClientID: g.ClientID, ClientSecret: g.ClientSecret, RedirectURL: g.RedirectURI, Scopes: []string{DriveScope},
		Endpoint: oauth2.Endpoint{
			AuthURL:   cmp.Or(g.AuthURL, "https://accounts.google.com/o/oauth2/v2/auth"),
			TokenURL:  cmp.Or(g.TokenURL, "https://oauth2.googleapis.com/token"),
			AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

// ConsentURL is where a person consents. state comes back with the code; of the
// verifier only its S256 challenge is in the address. The person is always asked,
// since Google gives a refresh token only then.
func (g GoogleOAuth) ConsentURL(state, verifier string) string {
	return g.config().AuthCodeURL(state, oauth2.AccessTypeOffline, oauth2.ApprovalForce, oauth2.S256ChallengeOption(verifier))
}

// Exchange trades the code of a consent, which works once, for tokens.
func (g GoogleOAuth) Exchange(ctx context.Context, code, verifier string) (Tokens, error) {
	ctx, cancel := boundedOAuth(ctx)
	defer cancel()
	token, err := g.config().Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return Tokens{}, oauthFailure(err)
	}
	if token.RefreshToken == "" {
		return Tokens{}, fail(ErrDenied, nil, "Google gave no refresh token; remove the access of this app in the Google account and connect Google Drive again")
	}
	return tokensOf(token), nil
}

// Refresh trades a refresh token for a new access token.
func (g GoogleOAuth) Refresh(ctx context.Context, refreshToken string) (Tokens, error) {
	if refreshToken == "" {
		return Tokens{}, fail(ErrDenied, nil, "Google Drive is not connected")
	}
	ctx, cancel := boundedOAuth(ctx)
	defer cancel()
	token, err := g.config().TokenSource(ctx, &oauth2.Token{RefreshToken: refreshToken}).Token()
	if err != nil {
		return Tokens{}, oauthFailure(err)
	}
	return tokensOf(token), nil
}

// boundedOAuth has the library use a client of ours.
func boundedOAuth(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, googleTimeout)
	transport := newTransport()
	client := &http.Client{Transport: transport}
	return context.WithValue(ctx, oauth2.HTTPClient, client), func() {
		cancel()
		transport.CloseIdleConnections()
	}
}

func tokensOf(token *oauth2.Token) Tokens {
	scope, _ := token.Extra("scope").(string)
	return Tokens{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, ExpiresAt: token.Expiry, Scope: scope}
}

// oauthFailure says nothing of Google's own words but the code of the refusal
// (RFC 6749, section 5.2): the rest of an answer can hold secrets.
func oauthFailure(err error) error {
	refusal, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return fail(ErrUnavailable, withoutURL(err), "Google did not answer the question for a token")
		}
		return fail(ErrUnavailable, nil, "Google cannot be reached for a token, or its answer cannot be understood")
	}
	switch refusal.ErrorCode {
	case "invalid_grant":
		return fail(ErrDenied, nil, "Google does not accept the authorisation any more (invalid_grant); connect Google Drive again")
	case "invalid_client", "unauthorized_client":
		return fail(ErrDenied, nil, "Google does not know the client id or refuses the client secret (%s)", refusal.ErrorCode)
	case "redirect_uri_mismatch", "invalid_scope", "access_denied":
		return fail(ErrDenied, nil, "Google does not allow this app what it asks for (%s)", refusal.ErrorCode)
	}
	return fail(ErrUnavailable, nil, "Google answered the question for a token with status %d", refusal.Response.StatusCode)
}
