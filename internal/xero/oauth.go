package xero

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
)

// Scopes are the rights that a consent asks for. They are granular: apps made
// since March 2026 know no others
// (https://developer.xero.com/documentation/guides/oauth2/scopes).
var Scopes = []string{
	"openid", "profile", "email", "offline_access",
	"accounting.invoices", "accounting.payments", "accounting.banktransactions",
	"accounting.contacts", "accounting.settings.read", "accounting.attachments",
	"accounting.reports.profitandloss.read", "accounting.reports.balancesheet.read",
	"accounting.reports.aged.read",
}

// Refusals of the token endpoint that no retry mends.
var (
	// ErrInvalidGrant is a code or refresh token that is wrong, used or expired:
	// unless another process has refreshed in the meantime, only a new consent
	// helps.
	ErrInvalidGrant = errors.New("Xero does not accept the authorisation any more; connect to Xero again")
	// ErrInvalidClient is a wrong client id or secret.
	ErrInvalidClient = errors.New("Xero does not know the client id or refuses the client secret; check XERO_CLIENT_ID and XERO_CLIENT_SECRET")
	// ErrInvalidScope is a right that Xero does not give to this app.
	ErrInvalidScope = errors.New("Xero does not give this app the rights that it asks for")
)

// accessLife is how long Xero's access tokens live, for an answer that does not
// say.
const accessLife = 30 * time.Minute

// AuthorizeURL is where a person consents. state comes back with the code;
// codeChallenge is the S256 challenge of the verifier (RFC 7636) that Exchange
// sends, or "".
func (c *Client) AuthorizeURL(state, codeChallenge string, scopes []string) string {
	q := url.Values{
		"response_type": {"code"},
		"client_id":     {c.config.ClientID},
		"redirect_uri":  {c.config.RedirectURI},
		"scope":         {strings.Join(scopes, " ")},
		"state":         {state},
	}
	if codeChallenge != "" {
		q.Set("code_challenge", codeChallenge)
		q.Set("code_challenge_method", "S256")
	}
	// Go writes a space as +, which is right only in forms.
	return c.config.LoginURL + "/identity/connect/authorize?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// Exchange trades the code of a consent, which lives five minutes and works
// once, for tokens. The answer is for the log: it holds no token.
func (c *Client) Exchange(ctx context.Context, code, verifier string) (fieldops.TokenSet, fieldops.Answer, error) {
	form := url.Values{
		"grant_type":   {"authorization_code"},
		"code":         {code},
		"redirect_uri": {c.config.RedirectURI},
	}
	if verifier != "" {
		form.Set("code_verifier", verifier)
	}
	return c.tokens(ctx, form, code, verifier)
}

// Refresh trades a refresh token for new tokens. Both new ones must be stored
// before either is used; if the answer was lost, the same refresh token may be
// tried again for thirty minutes. An error other than ErrInvalidGrant,
// ErrInvalidClient and ErrInvalidScope says that the outcome is not known, or,
// with Answer.NotSent, that nothing was asked. The answer is for the log: it
// holds no token.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (fieldops.TokenSet, fieldops.Answer, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}
	return c.tokens(ctx, form, refreshToken)
}

func (c *Client) tokens(ctx context.Context, form url.Values, secrets ...string) (fieldops.TokenSet, fieldops.Answer, error) {
	answer := c.identity(ctx, "/connect/token", form, secrets...)
	var body struct {
		AccessToken  string      `json:"access_token"`
		RefreshToken string      `json:"refresh_token"`
		IDToken      string      `json:"id_token"`
		ExpiresIn    json.Number `json:"expires_in"`
		Scope        string      `json:"scope"`
		Error        string      `json:"error"`
	}
	decodeError := json.Unmarshal(answer.Body, &body)
	if decodeError != nil && answer.Status == http.StatusOK {
		// Half an answer may hold whole tokens.
		answer.Body = []byte(fmt.Sprintf(`"%d bytes %s"`, len(answer.Body), withheld))
	} else {
		answer.Body = redact(answer.Body, c.spellings([]string{body.AccessToken, body.RefreshToken, body.IDToken}))
	}
	if err := tokenError(answer, body.Error); err != nil {
		return fieldops.TokenSet{}, answer, err
	}
	if decodeError != nil || answer.Truncated || body.AccessToken == "" || body.RefreshToken == "" {
		return fieldops.TokenSet{}, answer, errors.New("Xero's answer with the new tokens cannot be understood")
	}
	life := accessLife
	if seconds, err := body.ExpiresIn.Int64(); err == nil && seconds > 0 && seconds <= 24*60*60 {
		life = time.Duration(seconds) * time.Second
	}
	return fieldops.TokenSet{
		AccessToken: body.AccessToken, RefreshToken: body.RefreshToken, IDToken: body.IDToken,
		Scope: body.Scope, ExpiresIn: life, AuthEventID: authEventID(body.AccessToken),
	}, answer, nil
}

func tokenError(answer fieldops.Answer, code string) error {
	switch {
	case answer.Err != nil:
		return answer.Err
	case answer.Status == http.StatusOK:
		return nil
	case code == "invalid_grant":
		return ErrInvalidGrant
	case code == "invalid_client", code == "unauthorized_client":
		return ErrInvalidClient
	case code == "invalid_scope":
		return ErrInvalidScope
	}
	return fmt.Errorf("Xero answered the question for a token with status %d", answer.Status)
}

// identity posts a form, which carries the secrets, to Xero's identity server
// in the name of our app.
func (c *Client) identity(ctx context.Context, path string, form url.Values, secrets ...string) fieldops.Answer {
	credentials := base64.StdEncoding.EncodeToString([]byte(c.config.ClientID + ":" + c.config.ClientSecret))
	header := http.Header{
		"Accept":        {"application/json"},
		"Authorization": {"Basic " + credentials},
		"Content-Type":  {"application/x-www-form-urlencoded"},
	}
	return c.exchange(ctx, http.MethodPost, c.config.IdentityURL+path, header, []byte(form.Encode()), secrets...)
}

// authEventID reads the consent's id from an access token, which is a JWT
// (RFC 7519). Its signature is not checked: the token came from Xero itself
// over TLS, and the id only narrows a list that Xero gives for the same token.
func authEventID(accessToken string) string {
	parts := strings.Split(accessToken, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		AuthenticationEventID text `json:"authentication_event_id"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return string(claims.AuthenticationEventID)
}

// Revoke ends the consent behind a refresh token with all its connections. A
// token that Xero does not know any more is revoked already.
func (c *Client) Revoke(ctx context.Context, refreshToken string) (fieldops.Answer, error) {
	answer := c.identity(ctx, "/connect/revocation", url.Values{"token": {refreshToken}}, refreshToken)
	switch {
	case answer.Err != nil:
		return answer, answer.Err
	case answer.Status != http.StatusOK:
		return answer, fmt.Errorf("Xero answered the revocation with status %d", answer.Status)
	}
	return answer, nil
}

// DeleteConnection disconnects one organisation, named by its connection's id
// and not its tenant's. Status 204 is done, 404 was done before.
func (c *Client) DeleteConnection(ctx context.Context, accessToken, connectionID string) fieldops.Answer {
	return c.Send(ctx, accessToken, "", fieldops.Call{
		Method: http.MethodDelete, Path: "/connections/" + url.PathEscape(connectionID), Kind: fieldops.KindConnection,
	})
}

// DocumentURL opens a document in Xero, in the organisation of shortCode
// whatever organisation the person has open
// (https://developer.xero.com/documentation/guides/how-to-guides/deep-link-xero/).
// It is "" for a document that has no id in Xero.
func (c *Client) DocumentURL(kind fieldops.DocumentKind, remoteID, shortCode string) string {
	if remoteID == "" {
		return ""
	}
	var page string
	switch kind {
	case fieldops.KindInvoice:
		page = "/AccountsReceivable/View.aspx?InvoiceID=" + url.QueryEscape(remoteID)
	case fieldops.KindPurchaseOrder:
		page = "/Accounts/Payable/PurchaseOrders/View/" + url.PathEscape(remoteID)
	case fieldops.KindClient:
		page = "/Contacts/View/" + url.PathEscape(remoteID)
	default:
		return ""
	}
	const site = "https://go.xero.com"
	if shortCode == "" {
		return site + page
	}
	return site + "/organisationlogin/default.aspx?" + url.Values{"shortcode": {shortCode}, "redirecturl": {page}}.Encode()
}
