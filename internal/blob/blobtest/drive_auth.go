package blobtest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"ampedfieldops/internal/blob"
)

// consent is the page on which a person consents, who does so without a look
// (https://developers.google.com/identity/protocols/oauth2/web-server).
func (d *Drive) consent(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts["consent"]++
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Host == "" || q.Get("client_id") != d.ClientID {
		http.Error(w, "Error 400: redirect_uri_mismatch or invalid_client", http.StatusBadRequest)
		return
	}
	result := back.Query()
	result.Set("state", q.Get("state"))
	switch {
	case q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43:
		http.Error(w, "Error 400: invalid_request", http.StatusBadRequest)
		return
	case d.faults.RefuseConsent:
		result.Set("error", "access_denied")
	default:
		code := "4/" + rand.Text()
		scope := q.Get("scope")
		if d.faults.NarrowConsent {
			scope = strings.TrimSpace(strings.ReplaceAll(scope, blob.DriveScope, ""))
		}
		if q.Get("access_type") != "offline" || q.Get("prompt") != "consent" {
			scope += " online" // no refresh token will be given
		}
		d.codes[code] = consent{q.Get("redirect_uri"), q.Get("code_challenge"), scope}
		result.Set("code", code)
		result.Set("scope", scope)
	}
	back.RawQuery = result.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (d *Drive) token(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts["token"]++
	if r.PostFormValue("client_id") != d.ClientID || r.PostFormValue("client_secret") != d.ClientSecret {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client", "error_description": "Unauthorized"})
		return
	}
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		d.exchange(w, r)
	case "refresh_token":
		refresh := r.PostFormValue("refresh_token")
		if !d.grants[refresh] {
			badGrant(w, "Token has been expired or revoked.")
			return
		}
		d.giveTokens(w, refresh, blob.DriveScope, false)
	default:
		answer(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
	}
}

// exchange takes a code once, and the verifier that belongs to it (RFC 7636).
func (d *Drive) exchange(w http.ResponseWriter, r *http.Request) {
	code := r.PostFormValue("code")
	given, ok := d.codes[code]
	delete(d.codes, code)
	if !ok {
		badGrant(w, "Malformed auth code.")
		return
	}
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if base64.RawURLEncoding.EncodeToString(sum[:]) != given.challenge {
		badGrant(w, "Invalid code verifier.")
		return
	}
	if r.PostFormValue("redirect_uri") != given.redirectURI {
		answer(w, http.StatusBadRequest, map[string]string{"error": "redirect_uri_mismatch"})
		return
	}
	scope, online := strings.CutSuffix(given.scope, " online")
	refresh := "1//refresh-" + rand.Text()
	d.grants[refresh] = true
	d.giveTokens(w, refresh, scope, !online)
}

func (d *Drive) giveTokens(w http.ResponseWriter, refresh, scope string, withRefresh bool) {
	access := d.newAccess(refresh)
	body := map[string]any{
		"access_token": access, "token_type": "Bearer", "scope": scope,
		"expires_in": int64(d.access[access].expiresAt.Sub(d.now()).Seconds()),
	}
	if withRefresh {
		body["refresh_token"] = refresh
	}
	answer(w, http.StatusOK, body)
}

func badGrant(w http.ResponseWriter, description string) {
	answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant", "error_description": description})
}
