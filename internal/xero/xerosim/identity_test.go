package xerosim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var formHeader = header{"Content-Type": "application/x-www-form-urlencoded"}

func authorizeQuery(set url.Values) string {
	q := url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {redirectURI},
		"scope": {"openid offline_access accounting.invoices"}, "state": {"s-1"},
	}
	for name, values := range set {
		if values == nil {
			q.Del(name)
		} else {
			q[name] = values
		}
	}
	return q.Encode()
}

func location(t *testing.T, r *response) url.Values {
	t.Helper()
	r.want(http.StatusFound)
	to, err := url.Parse(r.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(to.String(), redirectURI+"?") {
		t.Fatalf("redirected to %s", to)
	}
	return to.Query()
}

func TestConsentPage(t *testing.T) {
	t.Parallel()
	x := start(t)
	page := x.send("GET", "/identity/connect/authorize?"+authorizeQuery(nil), "").want(http.StatusOK)
	if !strings.Contains(string(page.body), "Allow access</button>") {
		t.Fatalf("no Allow button in %s", page.body)
	}
	if got := page.header.Get("Content-Security-Policy"); got != "frame-ancestors 'none'" {
		t.Errorf("Content-Security-Policy %q", got)
	}
	form := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(string(page.body), -1) {
		form.Set(m[1], m[2])
	}
	form.Set("tenant", DefaultTenantID)
	form.Set("decision", "allow")
	back := location(t, x.send("POST", "/identity/connect/authorize", form.Encode(), formHeader))
	if back.Get("state") != "s-1" || back.Get("code") == "" || back.Get("session_state") == "" || back.Get("scope") == "" {
		t.Errorf("callback got %v", back)
	}
	form.Set("decision", "cancel")
	back = location(t, x.send("POST", "/identity/connect/authorize", form.Encode(), formHeader))
	if back.Get("error") != "access_denied" || back.Get("code") != "" || back.Get("state") != "s-1" {
		t.Errorf("refused consent sent %v", back)
	}
}

func TestConsentErrorsStayWithTheUser(t *testing.T) {
	t.Parallel()
	x := start(t, func(o *Options) { o.ClientID, o.ClientSecret = "app", "secret" })
	for name, set := range map[string]url.Values{
		"unknown client":          {"client_id": {"other"}},
		"no client":               {"client_id": nil},
		"relative redirect":       {"redirect_uri": {"/callback"}},
		"no scope":                {"scope": nil},
		"broad scope of old apps": {"scope": {"accounting.transactions"}},
		"implicit flow":           {"response_type": {"token"}},
		"plain challenge":         {"code_challenge": {"x"}, "code_challenge_method": {"plain"}},
	} {
		r := x.send("GET", "/identity/connect/authorize?"+authorizeQuery(set)+"&_sim_auto=1", "")
		if r.status != http.StatusBadRequest || r.header.Get("Location") != "" {
			t.Errorf("%s: status %d, Location %q", name, r.status, r.header.Get("Location"))
		}
	}
}

func (x *xero) code(set url.Values) string {
	x.t.Helper()
	return location(x.t, x.send("GET", "/identity/connect/authorize?"+authorizeQuery(set)+"&_sim_auto=1", "")).Get("code")
}

func codeForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}}
}

func TestCodeExchange(t *testing.T) {
	t.Parallel()
	x := start(t)
	code := x.code(nil)
	got := x.exchange(codeForm(code), http.StatusOK)
	if got.Type != "Bearer" || got.Expires != 1800 || got.Refresh == "" || got.ID == "" || got.Scope != "openid offline_access accounting.invoices" {
		t.Errorf("tokens %+v", got)
	}
	if again := x.exchange(codeForm(code), http.StatusBadRequest); again.Error != "invalid_grant" {
		t.Errorf("second use of a code: %q", again.Error)
	}

	bare := x.exchange(codeForm(x.code(url.Values{"scope": {"accounting.invoices"}})), http.StatusOK)
	if bare.Refresh != "" || bare.ID != "" {
		t.Error("a refresh token without offline_access, or an id token without openid")
	}

	late := x.code(nil)
	x.clock.Advance(5*time.Minute + time.Second)
	if got := x.exchange(codeForm(late), http.StatusBadRequest); got.Error != "invalid_grant" {
		t.Errorf("code after five minutes: %q", got.Error)
	}
	other := codeForm(x.code(nil))
	other.Set("redirect_uri", redirectURI+"/")
	if got := x.exchange(other, http.StatusBadRequest); got.Error != "invalid_grant" {
		t.Errorf("other redirect_uri: %q", got.Error)
	}
}

func TestPKCE(t *testing.T) {
	t.Parallel()
	x := start(t)
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	challenge := url.Values{"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	with := func(verifier string) url.Values {
		form := codeForm(x.code(challenge))
		form.Set("client_id", "app")
		if verifier != "" {
			form.Set("code_verifier", verifier)
		}
		return form
	}
	public := func(form url.Values, want int) tokens {
		r := x.send("POST", "/connect/token", form.Encode(), formHeader).want(want)
		var got tokens
		if err := json.Unmarshal(r.body, &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := public(with(verifier), http.StatusOK); got.Access == "" {
		t.Error("no access token for the right verifier")
	}
	if got := public(with(strings.Repeat("w", 43)), http.StatusBadRequest); got.Error != "invalid_grant" {
		t.Errorf("wrong verifier: %q", got.Error)
	}
	if got := public(with(""), http.StatusBadRequest); got.Error != "invalid_grant" {
		t.Errorf("no verifier: %q", got.Error)
	}
	form := codeForm(x.code(nil))
	form.Set("client_id", "app")
	if got := public(form, http.StatusBadRequest); got.Error != "invalid_grant" {
		t.Errorf("public client without PKCE: %q", got.Error)
	}
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	x := start(t, func(o *Options) { o.ClientID, o.ClientSecret = "app", "secret" })
	for name, test := range map[string]struct {
		auth, form, want string
	}{
		"wrong secret":  {basic("app", "guess"), "grant_type=refresh_token&refresh_token=x", "invalid_client"},
		"wrong client":  {basic("other", "secret"), "grant_type=refresh_token&refresh_token=x", "invalid_client"},
		"no client":     {basic("", ""), "grant_type=refresh_token&refresh_token=x", "unauthorized_client"},
		"no grant type": {basic("app", "secret"), "refresh_token=x", "unsupported_grant_type"},
		"wrong token":   {basic("app", "secret"), "grant_type=refresh_token&refresh_token=x", "invalid_grant"},
		"wrong code":    {basic("app", "secret"), "grant_type=authorization_code&code=x", "invalid_grant"},
	} {
		r := x.send("POST", "/connect/token", test.form, formHeader, header{"Authorization": test.auth})
		if want := `{"error":"` + test.want + `"}`; r.status != http.StatusBadRequest || string(r.body) != want {
			t.Errorf("%s: %d %s, want 400 %s", name, r.status, r.body, want)
		}
	}
}

func TestAccessTokenClaims(t *testing.T) {
	t.Parallel()
	x := start(t)
	parts := strings.Split(x.token.Access, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Issuer   string   `json:"iss"`
		Audience string   `json:"aud"`
		Client   string   `json:"client_id"`
		User     string   `json:"xero_userid"`
		Session  string   `json:"global_session_id"`
		Event    string   `json:"authentication_event_id"`
		Scope    []string `json:"scope"`
		ID       string   `json:"jti"`
		From     int64    `json:"nbf"`
		Until    int64    `json:"exp"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Issuer != "https://identity.xero.com" || claims.Audience != "https://identity.xero.com/resources" ||
		claims.Client != "app" || claims.Session == "" || claims.ID == "" || claims.Until-claims.From != 1800 {
		t.Errorf("claims %s", payload)
	}
	if diff := cmp.Diff(allScopes, claims.Scope); diff != "" {
		t.Errorf("scope (-want +got)\n%s", diff)
	}
	var connections []struct {
		ID, AuthEventID, TenantID, TenantType, TenantName string
		CreatedDateUTC                                    string `json:"createdDateUtc"`
	}
	r := x.send("GET", "/connections?authEventId="+claims.Event, "").want(http.StatusOK)
	if err := json.Unmarshal(r.body, &connections); err != nil {
		t.Fatal(err)
	}
	if len(connections) != 1 || connections[0].TenantID != DefaultTenantID || connections[0].TenantType != "ORGANISATION" || connections[0].TenantName != "Demo Company (NZ)" {
		t.Errorf("connections %s", r.body)
	}
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}$`).MatchString(connections[0].CreatedDateUTC) {
		t.Errorf("createdDateUtc %q", connections[0].CreatedDateUTC)
	}
	if r := x.send("GET", "/connections?authEventId=00000000-0000-0000-0000-000000000001", ""); string(r.body) != "[]" {
		t.Errorf("connections of another consent: %s", r.body)
	}
	if r.header.Get("X-Appminlimit-Remaining") == "" || r.header.Get("X-Minlimit-Remaining") != "" {
		t.Errorf("rate headers of /connections: %v", r.header)
	}
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

func TestRefreshRotation(t *testing.T) {
	t.Parallel()
	x := start(t)
	first := x.token
	second := x.exchange(refreshForm(first.Refresh), http.StatusOK)
	if second.Refresh == first.Refresh || second.Access == first.Access {
		t.Fatal("refreshing returned an old token")
	}
	x.clock.Advance(29 * time.Minute)
	x.exchange(refreshForm(first.Refresh), http.StatusOK) // the answer was lost: try the same token again
	x.clock.Advance(2 * time.Minute)
	if got := x.exchange(refreshForm(first.Refresh), http.StatusBadRequest); got.Error != "invalid_grant" {
		t.Errorf("used token after its grace: %q", got.Error)
	}
	x.exchange(refreshForm(second.Refresh), http.StatusOK)
	x.clock.Advance(59 * 24 * time.Hour)
	third := x.exchange(codeForm(x.code(nil)), http.StatusOK)
	x.clock.Advance(60 * 24 * time.Hour)
	if got := x.exchange(refreshForm(third.Refresh), http.StatusBadRequest); got.Error != "invalid_grant" {
		t.Errorf("token unused for 60 days: %q", got.Error)
	}
}

// gatewayError decodes the gateway's error whatever the case of its keys.
type gatewayError struct {
	Type       any
	Title      string
	Status     int
	Detail     string
	Instance   string
	Extensions map[string]any
}

func (r *response) gateway() gatewayError {
	r.t.Helper()
	var got gatewayError
	if err := json.Unmarshal(r.body, &got); err != nil {
		r.t.Fatalf("%s: %v in %s", r.what, err, r.body)
	}
	return got
}

func TestGatewayRefusals(t *testing.T) {
	t.Parallel()
	x := start(t)

	for name, authorization := range map[string]string{"none": "", "garbled": "Bearer x.y.z", "basic": basic("app", "secret")} {
		r := x.api("GET", "/Organisation", nil, header{"Authorization": authorization}).want(http.StatusUnauthorized)
		if got := r.gateway(); got.Detail != "AuthenticationUnsuccessful" || got.Title != "Unauthorized" || got.Status != 401 || got.Instance == "" {
			t.Errorf("%s: %s", name, r.body)
		}
	}
	for name, tenant := range map[string]string{"missing": "", "unknown": "00000000-0000-0000-0000-000000000001"} {
		r := x.api("GET", "/Organisation", nil, header{"Xero-Tenant-Id": tenant}).want(http.StatusForbidden)
		if got := r.gateway(); got.Detail != "AuthenticationUnsuccessful" || got.Title != "Forbidden" || got.Status != 403 {
			t.Errorf("tenant %s: %s", name, r.body)
		}
	}

	good := x.token
	x.connect([]string{"offline_access", "accounting.contacts.read"})
	x.api("GET", "/Contacts", nil).want(http.StatusOK)
	for _, call := range [][2]string{{"PUT", "/Contacts"}, {"GET", "/Invoices"}, {"GET", "/Organisation"}, {"GET", "/Payments"}, {"GET", "/PurchaseOrders"}, {"GET", "/Accounts"}} {
		r := x.api(call[0], call[1], nil).want(http.StatusUnauthorized)
		if got := r.gateway(); got.Detail != "AuthorizationUnsuccessful" || !strings.Contains(r.header.Get("WWW-Authenticate"), "insufficient_scope") {
			t.Errorf("%v without scope: %s", call, r.body)
		}
	}

	x.token = good
	x.clock.Advance(30 * time.Minute)
	r := x.api("GET", "/Organisation", nil).want(http.StatusUnauthorized)
	if got := r.gateway(); got.Detail != "TokenExpired: token expired at 07/15/2026 02:30:00" {
		t.Errorf("expired token: %q", got.Detail)
	}
}

func TestScopesOpenEndpoints(t *testing.T) {
	t.Parallel()
	x := start(t)
	for scope, paths := range map[string][]string{
		"accounting.invoices.read": {"/Invoices", "/CreditNotes", "/PurchaseOrders", "/Items"},
		"accounting.payments.read": {"/Payments"},
		"accounting.contacts.read": {"/Contacts"},
		"accounting.settings.read": {"/Accounts", "/TaxRates", "/TrackingCategories", "/Currencies", "/BrandingThemes", "/Organisation", "/Items"},
	} {
		x.connect([]string{scope})
		for path := range endpoints {
			want := http.StatusUnauthorized
			if slices.ContainsFunc(paths, func(p string) bool { return strings.EqualFold(p, "/"+path) }) {
				want = http.StatusOK
			}
			if r := x.api("GET", "/"+path, nil); r.status != want {
				t.Errorf("GET /%s with %s: %d, want %d", path, scope, r.status, want)
			}
		}
	}
}

func TestDisconnectAndRevoke(t *testing.T) {
	t.Parallel()
	x := start(t)
	connectionID := func() string {
		var list []struct {
			ID string `json:"id"`
		}
		r := x.send("GET", "/connections", "").want(http.StatusOK)
		if err := json.Unmarshal(r.body, &list); err != nil || len(list) != 1 {
			t.Fatalf("connections %s (%v)", r.body, err)
		}
		return list[0].ID
	}
	id := connectionID()
	x.send("DELETE", "/connections/"+id, "").want(http.StatusNoContent)
	x.send("DELETE", "/connections/"+id, "").want(http.StatusNotFound)
	x.api("GET", "/Organisation", nil).want(http.StatusForbidden)

	x.connect(allScopes)
	x.api("GET", "/Organisation", nil).want(http.StatusOK)
	x.control("POST", "disconnect", map[string]any{}, nil) // by the user, in Xero
	x.api("GET", "/Organisation", nil).want(http.StatusForbidden)

	x.connect(allScopes)
	r := x.send("POST", "/connect/revocation", url.Values{"token": {x.token.Refresh}}.Encode(), formHeader, header{"Authorization": basic("app", "secret")})
	r.want(http.StatusOK)
	if len(r.body) != 0 {
		t.Errorf("revocation answered %q", r.body)
	}
	x.api("GET", "/Organisation", nil).want(http.StatusUnauthorized)
	if got := x.exchange(refreshForm(x.token.Refresh), http.StatusBadRequest); got.Error != "invalid_grant" {
		t.Errorf("revoked refresh token: %q", got.Error)
	}
}

func TestReconnectKeepsTheConnection(t *testing.T) {
	t.Parallel()
	x := start(t)
	read := func() tree {
		var list []tree
		r := x.send("GET", "/connections", "").want(http.StatusOK)
		if err := json.Unmarshal(r.body, &list); err != nil || len(list) != 1 {
			t.Fatalf("connections %s (%v)", r.body, err)
		}
		return list[0]
	}
	before := read()
	x.clock.Advance(time.Hour)
	x.connect(allScopes)
	after := read()
	if before["id"] != after["id"] || before["createdDateUtc"] != after["createdDateUtc"] ||
		before["updatedDateUtc"] == after["updatedDateUtc"] || before["authEventId"] == after["authEventId"] {
		t.Errorf("reconnecting turned %v into %v", before, after)
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	x := start(t)
	got := x.send("GET", "/.well-known/openid-configuration", "").want(http.StatusOK).tree()
	if got.text("issuer") != issuer || got.text("token_endpoint") != x.base+"/connect/token" || got.text("authorization_endpoint") != x.base+"/identity/connect/authorize" {
		t.Errorf("discovery %v", got)
	}
	keys := x.send("GET", "/.well-known/openid-configuration/jwks", "").want(http.StatusOK).list("keys")
	if len(keys) != 1 || keys[0].text("kty") != "RSA" {
		t.Errorf("keys %v", keys)
	}
}

func TestSecondOrganisation(t *testing.T) {
	t.Parallel()
	x := start(t)
	const other = "11111111-2222-4333-8444-555555555555"
	x.control("POST", "organisations", map[string]any{"tenant_id": other, "name": "Second Ltd", "country": "AU"}, nil)
	x.api("GET", "/Organisation", nil, header{"Xero-Tenant-Id": other}).want(http.StatusForbidden)
	x.token = x.exchange(codeForm(x.code(url.Values{"_sim_tenant": {other}, "scope": {strings.Join(allScopes, " ")}})), http.StatusOK)
	got := x.api("GET", "/Organisation", nil, header{"Xero-Tenant-Id": other}).want(http.StatusOK).one("Organisations")
	if got.text("OrganisationID") != other || got.text("BaseCurrency") != "AUD" {
		t.Errorf("organisation %v", got)
	}
	x.api("GET", "/Organisation", nil).want(http.StatusOK) // the first one is still connected
}
