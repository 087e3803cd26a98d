package bench

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ampedfieldops/e2e/program"
)

// caller is a program.Caller with what these measurements ask for.
type caller struct {
	*program.Caller
	t *testing.T
}

func newCaller(t *testing.T, address string) *caller {
	return &caller{program.NewCaller(t, address), t}
}

// signIn signs the firm's admin in.
func (c *caller) signIn() {
	c.t.Helper()
	var answer struct{ Token string }
	c.Call("POST", "/api/auth/login", map[string]string{"email": adminEmail, "password": adminPassword}, http.StatusOK, &answer)
	c.Token = answer.Token
}

// consent asks the simulated Xero for a code, as if a person had pressed Allow.
func (c *caller) consent(redirect string, scopes []string) (code string) {
	c.t.Helper()
	query := url.Values{
		"response_type": {"code"}, "client_id": {xeroClientID}, "redirect_uri": {redirect},
		"scope": {strings.Join(scopes, " ")}, "state": {"bench"}, "_sim_auto": {"1"},
	}
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.Address+"/identity/connect/authorize?"+query.Encode(), http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	response, err := c.Client.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		c.t.Fatal(err)
	}
	back, err := response.Location()
	if err != nil || back.Query().Get("code") == "" {
		c.t.Fatalf("the simulated Xero gave no code: %s, %v", response.Status, err)
	}
	return back.Query().Get("code")
}

// exchange is one call that the simulated Xero saw.
type exchange struct {
	Method, Path string
	Status       int
}

// calls are those that the simulated Xero's API saw, without the sign-in's.
func (c *caller) calls() []exchange {
	c.t.Helper()
	var all, api []exchange
	c.Call("GET", "/_sim/calls", nil, http.StatusOK, &all)
	for _, e := range all {
		if strings.HasPrefix(e.Path, "/api.xro/") {
			api = append(api, e)
		}
	}
	return api
}
