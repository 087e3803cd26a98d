package xerosim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Lifetimes of developer.xero.com/faq/oauth2 and the OAuth 2.0 guides.
const (
	codeLife         = 5 * time.Minute
	accessTokenLife  = 30 * time.Minute
	idTokenLife      = 5 * time.Minute
	refreshTokenLife = 60 * 24 * time.Hour
	refreshGrace     = 30 * time.Minute // a refresh token that was used may be used again this long
)

const issuer = "https://identity.xero.com"

// identity is Xero's identity service with one user, who belongs to every
// organisation of the simulator.
type identity struct {
	user        string
	session     string
	codes       map[string]*authorisation
	access      map[string]*accessToken
	refresh     map[string]*refreshToken
	connections []*connection
}

func newIdentity() *identity {
	return &identity{
		user: newID(), session: strings.ReplaceAll(newID(), "-", ""),
		codes: map[string]*authorisation{}, access: map[string]*accessToken{}, refresh: map[string]*refreshToken{},
	}
}

// authorisation is one consent whose code is not yet exchanged.
type authorisation struct {
	clientID, redirectURI string
	scopes                []string
	challenge, nonce      string
	tenantID              string
	authEventID           string
	expires               time.Time
}

// grant is one consent of the user: all tokens that descend from one code.
type grant struct {
	clientID    string
	scopes      []string
	authEventID string
	consented   time.Time
}

type accessToken struct {
	grant   *grant
	expires time.Time
}

type refreshToken struct {
	grant   *grant
	expires time.Time
}

// connection joins the user's consent to an organisation.
type connection struct {
	id, tenantID, authEventID string
	created, updated          time.Time
}

// serveIdentityLocked answers what login.xero.com, identity.xero.com and
// api.xero.com/connections answer.
func (s *Sim) serveIdentityLocked(x *exchange, now time.Time) answer {
	path := strings.TrimSuffix(x.path, "/")
	switch {
	case path == "/identity/connect/authorize" && (x.method == http.MethodGet || x.method == http.MethodPost):
		return s.authorizeLocked(x)
	case path == "/connect/token" && x.method == http.MethodPost:
		return s.tokenLocked(x, now)
	case path == "/connect/revocation" && x.method == http.MethodPost:
		return s.revokeLocked(x)
	case path == "/.well-known/openid-configuration" && x.method == http.MethodGet:
		return discovery(x)
	case path == "/.well-known/openid-configuration/jwks" && x.method == http.MethodGet:
		return keySet()
	case strings.EqualFold(path, "/connections") && x.method == http.MethodGet:
		return s.connectionsLocked(x, now)
	case len(path) > len("/connections/") && strings.EqualFold(path[:len("/connections/")], "/connections/") && x.method == http.MethodDelete:
		return s.disconnectLocked(x, path[len("/connections/"):], now)
	default:
		return notFound()
	}
}

// knownScopes are the granular scopes an app made after 2 March 2026 can ask
// for. The broad ones of before (accounting.transactions, accounting.reports.read)
// are refused, as they are for such an app.
var knownScopes = func() []string {
	scopes := []string{
		"openid", "profile", "email", "offline_access", "app.connections", "paymentservices",
		"accounting.journals.read", "accounting.budgets.read", "accounting.reports.tenninetynine.read",
	}
	for _, name := range []string{"invoices", "payments", "banktransactions", "manualjournals", "settings", "contacts", "attachments"} {
		scopes = append(scopes, "accounting."+name, "accounting."+name+".read")
	}
	for _, name := range []string{"aged", "balancesheet", "banksummary", "budgetsummary", "executivesummary", "profitandloss", "trialbalance", "taxreports"} {
		scopes = append(scopes, "accounting.reports."+name+".read")
	}
	return scopes
}()

var consentPage = template.Must(template.New("consent").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Xero simulator | Connect</title>
<style>body{font:16px/1.5 system-ui,sans-serif;background:#f2f3f4;color:#001b33;margin:0}
main{max-width:34rem;margin:4rem auto;background:#fff;padding:2rem;border-radius:4px;box-shadow:0 1px 3px #0003}
button{font:inherit;padding:.5rem 1.25rem;border-radius:3px;border:1px solid #0078c8;background:#fff;color:#0078c8;cursor:pointer}
button[value=allow]{background:#0078c8;color:#fff}select{font:inherit;padding:.25rem}</style></head>
<body><main><h1>Allow access to your organisation</h1>
<p>This is the Xero simulator, not Xero. An application wants to connect to your organisation. It asks for:</p>
<ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<form method="post" action="/identity/connect/authorize">
{{range .Hidden}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">{{end}}
<p><label>Organisation <select name="tenant">{{range .Organisations}}<option value="{{.Value}}">{{.Name}}</option>{{end}}</select></label></p>
<button type="submit" name="decision" value="allow">Allow access</button>
<button type="submit" name="decision" value="cancel">Cancel</button>
</form></main></body></html>`))

var errorPage = template.Must(template.New("error").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Xero simulator | Error</title></head>
<body><main><h1>Sorry, something went wrong</h1><p>Error: {{.Error}}</p><p>{{.Detail}}</p></main></body></html>`))

// authorizeLocked is the consent page. GET shows it; its form posts back here.
// A GET with _sim_auto=1 presses Allow at once (_sim_tenant chooses the
// organisation). Redirect URIs are registered in Xero's portal, which is not
// simulated: any absolute URI is taken.
func (s *Sim) authorizeLocked(x *exchange) answer {
	form := x.query
	if x.method == http.MethodPost {
		parsed, err := url.ParseQuery(string(x.body))
		if err != nil {
			return consentError("invalid_request", "The form cannot be read.")
		}
		form = parsed
	}
	redirect, err := url.Parse(form.Get("redirect_uri"))
	scopes := strings.Fields(form.Get("scope"))
	switch {
	case form.Get("client_id") == "" || s.options.ClientID != "" && form.Get("client_id") != s.options.ClientID:
		return consentError("unauthorized_client", "Unknown client or client not enabled")
	case err != nil || redirect.Scheme == "" || redirect.Host == "":
		return consentError("invalid_request", "Invalid redirect_uri")
	case form.Get("response_type") != "code":
		return consentError("unsupported_response_type", "response_type must be code")
	case len(scopes) == 0:
		return consentError("invalid_scope", "No scope was asked for")
	case form.Get("code_challenge") != "" && form.Get("code_challenge_method") != "S256":
		return consentError("invalid_request", "Transform algorithm not supported: code_challenge_method must be S256")
	}
	for _, scope := range scopes {
		if !slices.Contains(knownScopes, scope) {
			return consentError("invalid_scope", "Invalid scope: "+scope)
		}
	}

	if x.method == http.MethodGet && form.Get("_sim_auto") == "" {
		return s.consentFormLocked(form, scopes)
	}
	back := redirect.Query()
	back.Set("state", form.Get("state"))
	if x.method == http.MethodPost && form.Get("decision") != "allow" {
		back.Set("error", "access_denied")
	} else {
		tenant := form.Get("tenant")
		if x.method == http.MethodGet {
			tenant = form.Get("_sim_tenant")
		}
		if tenant == "" {
			tenant = s.options.TenantID
		}
		if s.organisations[tenant] == nil {
			return consentError("invalid_request", "Unknown organisation")
		}
		back.Set("code", s.consentLocked(authorisation{
			clientID: form.Get("client_id"), redirectURI: form.Get("redirect_uri"), scopes: scopes,
			challenge: form.Get("code_challenge"), nonce: form.Get("nonce"), tenantID: tenant,
		}))
		back.Set("scope", strings.Join(scopes, " "))
		back.Set("session_state", s.identity.session)
	}
	redirect.RawQuery = back.Encode()
	return answer{status: http.StatusFound, header: http.Header{"Location": {redirect.String()}, "Cache-Control": {"no-store"}}}
}

type formField struct{ Name, Value string }

func (s *Sim) consentFormLocked(form url.Values, scopes []string) answer {
	var page struct {
		Scopes                []string
		Hidden, Organisations []formField
	}
	page.Scopes = scopes
	for _, name := range []string{"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method"} {
		if form.Has(name) {
			page.Hidden = append(page.Hidden, formField{name, form.Get(name)})
		}
	}
	for _, tenant := range s.order {
		page.Organisations = append(page.Organisations, formField{s.organisations[tenant].name, tenant})
	}
	return htmlPage(http.StatusOK, consentPage, page)
}

// consentError is the page Xero shows to the user; nothing is sent to the app.
func consentError(code, detail string) answer {
	return htmlPage(http.StatusBadRequest, errorPage, struct{ Error, Detail string }{code, detail})
}

func htmlPage(status int, page *template.Template, data any) answer {
	var body strings.Builder
	if err := page.Execute(&body, data); err != nil {
		panic(fmt.Sprintf("xerosim: render page: %v", err)) // templates and data are our own
	}
	a := withType(status, "text/html; charset=utf-8", []byte(body.String()))
	a.header.Set("Content-Security-Policy", "frame-ancestors 'none'")
	a.header.Set("Cache-Control", "no-store")
	return a
}

// consentLocked connects the organisation and makes the code.
func (s *Sim) consentLocked(consent authorisation) string {
	now := s.nowLocked()
	consent.authEventID = newID()
	consent.expires = now.Add(codeLife)
	code := secret()
	s.identity.codes[code] = &consent
	for _, c := range s.identity.connections {
		if c.tenantID == consent.tenantID {
			c.authEventID, c.updated = consent.authEventID, now
			return code
		}
	}
	s.identity.connections = append(s.identity.connections, &connection{
		id: newID(), tenantID: consent.tenantID, authEventID: consent.authEventID, created: now, updated: now,
	})
	return code
}

func secret() string { return rand.Text() + rand.Text() }

func oauthError(code string) answer {
	a := jsonAnswer(http.StatusBadRequest, object{"error": code})
	a.header.Set("Cache-Control", "no-store")
	return a
}

// clientOf authenticates the app: Basic authentication, or client_id in the
// body for an app without a secret (PKCE).
func (s *Sim) clientOf(x *exchange, form url.Values) (client string, public bool, refused *answer) {
	refuse := func(code string) (string, bool, *answer) {
		a := oauthError(code)
		return "", false, &a
	}
	request := http.Request{Header: x.header}
	id, password, basic := request.BasicAuth()
	if !basic {
		id, password = form.Get("client_id"), form.Get("client_secret")
		public = password == ""
	} else {
		// RFC 6749 section 2.3.1 wants both form-encoded inside Basic.
		id, password = formDecoded(id), formDecoded(password)
	}
	switch {
	case id == "":
		return refuse("unauthorized_client")
	case s.options.ClientID != "" && id != s.options.ClientID:
		return refuse("invalid_client")
	case basic && password == "":
		return refuse("invalid_client")
	case s.options.ClientSecret != "" && subtle.ConstantTimeCompare([]byte(password), []byte(s.options.ClientSecret)) != 1:
		return refuse("invalid_client")
	}
	return id, public, nil
}

func formDecoded(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

func (s *Sim) tokenLocked(x *exchange, now time.Time) answer {
	form, err := url.ParseQuery(string(x.body))
	if err != nil {
		return oauthError("invalid_request")
	}
	client, public, refused := s.clientOf(x, form)
	if refused != nil {
		return *refused
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		code := form.Get("code")
		consent := s.identity.codes[code]
		delete(s.identity.codes, code) // single use, also when this use fails
		if consent == nil || now.After(consent.expires) || consent.redirectURI != form.Get("redirect_uri") {
			return oauthError("invalid_grant")
		}
		if consent.clientID != "" && consent.clientID != client {
			return oauthError("invalid_grant")
		}
		if !provesChallenge(consent.challenge, form.Get("code_verifier")) || public && consent.challenge == "" {
			return oauthError("invalid_grant")
		}
		g := &grant{clientID: client, scopes: consent.scopes, authEventID: consent.authEventID, consented: now}
		return s.issueLocked(g, consent.nonce, now)
	case "refresh_token":
		token := s.identity.refresh[form.Get("refresh_token")]
		if token == nil || !now.Before(token.expires) || token.grant.clientID != client {
			return oauthError("invalid_grant")
		}
		// A used token may be tried again for the grace, in case its answer was
		// lost; the grace runs from its first use.
		if limit := now.Add(refreshGrace); token.expires.After(limit) {
			token.expires = limit
		}
		return s.issueLocked(token.grant, "", now)
	default:
		return oauthError("unsupported_grant_type")
	}
}

func provesChallenge(challenge, verifier string) bool {
	if challenge == "" {
		return true
	}
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:]) == strings.TrimRight(challenge, "=")
}

func (s *Sim) issueLocked(g *grant, nonce string, now time.Time) answer {
	for token, a := range s.identity.access { // forget what expired long ago
		if now.Sub(a.expires) > 24*time.Hour {
			delete(s.identity.access, token)
		}
	}
	for token, r := range s.identity.refresh {
		if now.After(r.expires) {
			delete(s.identity.refresh, token)
		}
	}
	access := signedToken(map[string]any{
		"iss": issuer, "aud": issuer + "/resources", "sub": strings.ReplaceAll(s.identity.user, "-", ""),
		"client_id": g.clientID, "xero_userid": s.identity.user, "global_session_id": s.identity.session,
		"authentication_event_id": g.authEventID, "scope": g.scopes, "jti": strings.ReplaceAll(newID(), "-", ""),
		"nbf": now.Unix(), "exp": now.Add(s.options.AccessTokenLife).Unix(), "auth_time": g.consented.Unix(),
	})
	s.identity.access[access] = &accessToken{grant: g, expires: now.Add(s.options.AccessTokenLife)}
	tree := object{
		"access_token": access, "expires_in": int(s.options.AccessTokenLife / time.Second), "token_type": "Bearer",
		"scope": strings.Join(g.scopes, " "),
	}
	if slices.Contains(g.scopes, "offline_access") {
		refresh := secret()
		s.identity.refresh[refresh] = &refreshToken{grant: g, expires: now.Add(refreshTokenLife)}
		tree["refresh_token"] = refresh
	}
	if slices.Contains(g.scopes, "openid") {
		claims := map[string]any{
			"iss": issuer, "aud": g.clientID, "sub": strings.ReplaceAll(s.identity.user, "-", ""),
			"xero_userid": s.identity.user, "global_session_id": s.identity.session, "sid": s.identity.session,
			"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(idTokenLife).Unix(), "auth_time": g.consented.Unix(),
			"preferred_username": "demo@example.com", "email": "demo@example.com", "given_name": "Demo", "family_name": "User",
		}
		if nonce != "" {
			claims["nonce"] = nonce
		}
		tree["id_token"] = signedToken(claims)
	}
	a := jsonAnswer(http.StatusOK, tree)
	a.header.Set("Cache-Control", "no-store")
	return a
}

// revokeLocked ends everything between the user and the app: all tokens and all
// connections. An unknown token is answered the same way (RFC 7009 section 2.2).
func (s *Sim) revokeLocked(x *exchange) answer {
	form, err := url.ParseQuery(string(x.body))
	if err != nil {
		return oauthError("invalid_request")
	}
	client, _, refused := s.clientOf(x, form)
	if refused != nil {
		return *refused
	}
	token := s.identity.refresh[form.Get("token")]
	if token != nil && token.grant.clientID == client {
		s.identity.access = map[string]*accessToken{}
		s.identity.refresh = map[string]*refreshToken{}
		s.identity.codes = map[string]*authorisation{}
		s.identity.connections = nil
	}
	return answer{status: http.StatusOK, header: http.Header{}}
}

// authenticateLocked finds the bearer token of a call.
func (s *Sim) authenticateLocked(x *exchange, now time.Time) (*accessToken, *answer) {
	scheme, text, _ := strings.Cut(x.header.Get("Authorization"), " ")
	token := s.identity.access[strings.TrimSpace(text)]
	if !strings.EqualFold(scheme, "Bearer") || token == nil {
		a := unauthorised("AuthenticationUnsuccessful")
		return nil, &a
	}
	if !now.Before(token.expires) {
		a := unauthorised("TokenExpired: token expired at " + token.expires.Format("01/02/2006 15:04:05"))
		return nil, &a
	}
	return token, nil
}

// tenantLocked is the organisation that xero-tenant-id names, if it is connected.
func (s *Sim) tenantLocked(x *exchange) *organisation {
	tenant := strings.ToLower(x.header.Get("Xero-Tenant-Id"))
	for _, c := range s.identity.connections {
		if c.tenantID == tenant {
			return s.organisations[tenant]
		}
	}
	return nil
}

const connectionTime = "2006-01-02T15:04:05.0000000" // seven decimals, no zone, UTC

func (s *Sim) connectionsLocked(x *exchange, now time.Time) answer {
	token, refused := s.authenticateLocked(x, now)
	if refused != nil {
		return *refused
	}
	list := []object{}
	for _, c := range s.identity.connections {
		if event := x.query.Get("authEventId"); event != "" && !strings.EqualFold(event, c.authEventID) {
			continue
		}
		list = append(list, object{
			"id": c.id, "authEventId": c.authEventID, "tenantId": c.tenantID, "tenantType": "ORGANISATION",
			"tenantName":     s.organisations[c.tenantID].name,
			"createdDateUtc": c.created.Format(connectionTime), "updatedDateUtc": c.updated.Format(connectionTime),
		})
	}
	a := jsonAnswer(http.StatusOK, list)
	return s.tenantless(a, token, now)
}

// tenantless adds the only rate header that belongs on an answer without an organisation.
func (s *Sim) tenantless(a answer, token *accessToken, now time.Time) answer {
	app := s.appWindowLocked(token.grant.clientID, now)
	app.used++
	addHeaders(&a, http.Header{"X-Appminlimit-Remaining": {remaining(appMinuteLimit, app.used, appMinuteLimit)}})
	return a
}

func (s *Sim) disconnectLocked(x *exchange, id string, now time.Time) answer {
	token, refused := s.authenticateLocked(x, now)
	if refused != nil {
		return *refused
	}
	kept := slices.DeleteFunc(slices.Clone(s.identity.connections), func(c *connection) bool { return strings.EqualFold(c.id, id) })
	if len(kept) == len(s.identity.connections) {
		return s.tenantless(notFound(), token, now)
	}
	s.identity.connections = kept
	return s.tenantless(answer{status: http.StatusNoContent}, token, now)
}

// discovery describes the service at the address it was asked at, under Xero's
// own issuer, which is what the tokens carry.
func discovery(x *exchange) answer {
	base := "http://" + x.host
	return jsonAnswer(http.StatusOK, object{
		"issuer":                                issuer,
		"authorization_endpoint":                base + "/identity/connect/authorize",
		"token_endpoint":                        base + "/connect/token",
		"revocation_endpoint":                   base + "/connect/revocation",
		"jwks_uri":                              base + "/.well-known/openid-configuration/jwks",
		"scopes_supported":                      knownScopes,
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"code_challenge_methods_supported":      []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	})
}

// signingKey signs the tokens of every simulator of this process. It lives in
// memory only, so tokens do not outlive the process.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Sprintf("xerosim: make signing key: %v", err)) // crypto/rand does not fail
	}
	return key
})

const signingKeyID = "1CAF8E66772D6DC028D6726FD0261581570EFC19"

func signedToken(claims map[string]any) string {
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("xerosim: encode token: %v", err)) // strings and numbers only
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(map[string]string{"alg": "RS256", "kid": signingKeyID, "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, signingKey(), crypto.SHA256, sum[:])
	if err != nil {
		panic(fmt.Sprintf("xerosim: sign token: %v", err)) // the key is 2048 bits and fits
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func keySet() answer {
	public := signingKey().PublicKey
	return jsonAnswer(http.StatusOK, object{"keys": []object{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": signingKeyID,
		"n": base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
	}}})
}
