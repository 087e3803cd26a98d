package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

func signIn(f *firm, email, password string, headers ...string) *httptest.ResponseRecorder {
	return f.ask("", "POST", "/api/auth/login", `{"email":"`+email+`","password":"`+password+`"}`, headers...)
}

func cookieOf(t *testing.T, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	for _, c := range w.Result().Cookies() {
		if c.Name == sessionCookie {
			return c
		}
	}
	t.Fatalf("no session cookie in %v", w.Header())
	return nil
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		w := signIn(f, " TECH@firm.nz ", password)
		in := answer[loginAnswer](t, w, 200)
		if in.User.Name != "tech" || in.User.Role != fieldops.RoleUser || len(in.User.Permissions) != 7 || in.Token == "" {
			t.Errorf("signed in: %+v", in)
		}
		cookie := cookieOf(t, w)
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Secure || cookie.Path != "/" || cookie.MaxAge != 60*24*3600 {
			t.Errorf("the cookie is %+v", cookie)
		}
		if strings.Contains(f.log.String(), in.Token) || strings.Contains(f.log.String(), cookie.Value) {
			t.Error("the log holds a token")
		}
		f.tokens["session"] = in.Token
		f.play([]scenario{
			{who: "session", ask: "GET /api/auth/me", status: 200, parts: []string{`"email":"tech@firm.nz"`, `"avatar":null`, `"permissions":["can_create_timesheets"`}},
			{ask: "GET /api/auth/me", headers: []string{"Cookie", sessionCookie + "=" + cookie.Value}, status: 200, parts: []string{`"name":"tech"`}},
			{ask: "GET /api/auth/me", headers: []string{"Authorization", "Basic eDp5"}, status: 401, parts: []string{"No token provided"}},
			{who: "session", ask: "POST /api/auth/refresh", status: 200, parts: []string{`"token":"ey`}},
			{who: "session", ask: "PUT /api/auth/profile", body: `{"name":"Tama","avatar":""}`, status: 200, parts: []string{`"name":"Tama"`, `"avatar":null`}},
			{who: "session", ask: "PUT /api/auth/profile", body: `{}`, status: 400, parts: []string{"No updates provided"}},
			{who: "session", ask: "PUT /api/auth/profile", body: `{"email":"other@firm.nz"}`, status: 409, parts: []string{"Email already in use"}},
			{who: "session", ask: "PUT /api/auth/profile", body: `{"email":"x","name":""}`, status: 400, parts: []string{`"field":"email"`, `"field":"name"`}},
			{who: "session", ask: "PUT /api/auth/change-password", body: `{"currentPassword":"wrong","newPassword":"long enough"}`, status: 400, parts: []string{"Current password is incorrect"}},
			{who: "session", ask: "PUT /api/auth/change-password", body: `{"currentPassword":"` + password + `","newPassword":"short"}`, status: 400, parts: []string{`"field":"newPassword"`}},
			{who: "session", ask: "PUT /api/auth/change-password", body: `{"currentPassword":"` + password + `","newPassword":"long enough"}`, status: 200, parts: []string{"Password changed successfully"}},
			{who: "tech", ask: "GET /api/auth/me", status: 401, parts: []string{"Not authenticated"}}, // another session of the same person
			{who: "session", ask: "GET /api/auth/me", status: 200, parts: []string{`"name":"Tama"`}},
			{who: "session", ask: "POST /api/auth/logout", status: 200, parts: []string{"Signed out"}},
			{who: "session", ask: "GET /api/auth/me", status: 401, parts: []string{"Not authenticated"}},
			{ask: "GET /api/auth/me", headers: []string{"Cookie", sessionCookie + "=" + cookie.Value}, status: 401},
		})
		if w := signIn(f, "tech@firm.nz", password); w.Code != 401 || !strings.Contains(w.Body.String(), "Invalid credentials") {
			t.Errorf("the old password: %d %s", w.Code, w.Body)
		}
		if w := signIn(f, "tech@firm.nz", "long enough"); w.Code != 200 {
			t.Errorf("the new password: %d %s", w.Code, w.Body)
		}
		if w := signIn(f, "nobody@firm.nz", password); w.Code != 401 || !strings.Contains(w.Body.String(), "Invalid credentials") {
			t.Errorf("an unknown address: %d %s", w.Code, w.Body)
		}
	})
}

func TestChangesOfAPersonActAtOnce(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	change := func(change func(*fieldops.User)) {
		f.write(func(ctx context.Context, tx *store.Tx) error {
			u, err := tx.User(ctx, f.people["manager"])
			if err != nil {
				return err
			}
			change(&u)
			return tx.UpdateUser(ctx, &u)
		})
	}
	expect := func(status int) {
		t.Helper()
		if w := f.ask("manager", "GET", "/api/users", ""); w.Code != status {
			t.Errorf("status %d, want %d: %s", w.Code, status, w.Body)
		}
	}
	expect(403)
	change(func(u *fieldops.User) { u.Role = fieldops.RoleAdmin })
	expect(200)
	change(func(u *fieldops.User) { u.IsActive = false })
	expect(401)
	if w := signIn(f, "manager@firm.nz", password); w.Code != 401 || !strings.Contains(w.Body.String(), "Account is deactivated") {
		t.Errorf("signing in when deactivated: %d %s", w.Code, w.Body)
	}
	if w := signIn(f, "manager@firm.nz", "wrong"); !strings.Contains(w.Body.String(), "Invalid credentials") {
		t.Errorf("whether an account is deactivated is told without its password: %s", w.Body)
	}
}

func TestForgedAndOldTokensAreRefused(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	good := f.tokens["tech"]
	parts := strings.Split(good, ".")
	b64 := base64.RawURLEncoding
	payload, err := b64.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	sign := func(method jwt.SigningMethod, key any, c jwt.Claims) string {
		t.Helper()
		s, err := jwt.NewWithClaims(method, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	var c claims
	if _, _, err := jwt.NewParser().ParseUnverified(good, &c); err != nil {
		t.Fatal(err)
	}
	secret := []byte("0123456789abcdef0123456789abcdef")
	endless, expired, nobody := c, c, c
	endless.ExpiresAt = nil
	expired.ExpiresAt = jwt.NewNumericDate(f.now.Add(-time.Second))
	nobody.Session = fieldops.NewID()
	for name, token := range map[string]string{
		"none":              b64.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + ".",
		"None":              b64.EncodeToString([]byte(`{"alg":"None","typ":"JWT"}`)) + "." + parts[1] + "." + parts[2],
		"another algorithm": sign(jwt.SigningMethodHS512, secret, c),
		"another secret":    sign(jwt.SigningMethodHS256, []byte("another secret of thirty-two bytes"), c),
		"changed":           parts[0] + "." + b64.EncodeToString([]byte(strings.Replace(string(payload), `"user"`, `"admin"`, 1))) + "." + parts[2],
		"without signature": parts[0] + "." + parts[1] + ".",
		"endless":           sign(jwt.SigningMethodHS256, secret, endless),
		"no session":        sign(jwt.SigningMethodHS256, secret, jwt.MapClaims{"id": f.people["admin"], "role": "admin", "exp": f.now.Add(time.Hour).Unix()}),
		"garbage":           "x",
	} {
		if w := f.ask("", "GET", "/api/auth/me", "", "Authorization", "Bearer "+token); w.Code != 401 || !strings.Contains(w.Body.String(), "Invalid token") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	for name, c := range map[string]struct{ token, want string }{
		"expired":         {sign(jwt.SigningMethodHS256, secret, expired), "Token expired"},
		"unknown session": {sign(jwt.SigningMethodHS256, secret, nobody), "Not authenticated"},
	} {
		if w := f.ask("", "GET", "/api/auth/me", "", "Authorization", "Bearer "+c.token); w.Code != 401 || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestASessionRollsAndABearerTokenDoesNot(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	began := f.now
	w := signIn(f, "tech@firm.nz", password)
	bearer, cookie := answer[loginAnswer](t, w, 200).Token, cookieOf(t, w)
	withCookie := func() *httptest.ResponseRecorder {
		return f.ask("", "GET", "/api/auth/me", "", "Cookie", sessionCookie+"="+cookie.Value)
	}
	if w := withCookie(); len(w.Result().Cookies()) > 0 {
		t.Error("a fresh cookie is given anew")
	}
	f.now = began.Add(8 * 24 * time.Hour)
	if w := f.ask("", "GET", "/api/auth/me", "", "Authorization", "Bearer "+bearer); w.Code != 401 || !strings.Contains(w.Body.String(), "Token expired") {
		t.Errorf("a Bearer token after eight days: %d %s", w.Code, w.Body)
	}
	w = withCookie()
	if w.Code != 200 {
		t.Fatalf("a cookie after eight days: %d %s", w.Code, w.Body)
	}
	cookie = cookieOf(t, w)
	f.now = began.Add(67 * 24 * time.Hour) // beyond the first cookie's 60 days, within the second's
	if w := withCookie(); w.Code != 200 {
		t.Errorf("a rolled cookie: %d %s", w.Code, w.Body)
	}
	f.now = began.Add(200 * 24 * time.Hour)
	if w := withCookie(); w.Code != 401 {
		t.Errorf("a cookie after 200 days: %d", w.Code)
	}
}

func TestFailedSignInsAreThrottled(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		for i := range 5 {
			if w := signIn(f, "tech@firm.nz", "wrong"); w.Code != 401 {
				t.Fatalf("failure %d: %d %s", i, w.Code, w.Body)
			}
		}
		w := signIn(f, "tech@firm.nz", password)
		if w.Code != 429 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "Too many failed sign-ins") {
			t.Errorf("the sixth: %d %s", w.Code, w.Body)
		}
		if w := signIn(f, "manager@firm.nz", password); w.Code != 200 {
			t.Errorf("another account: %d %s", w.Code, w.Body)
		}
		entries, total, err := f.db.AuditEntries(t.Context(), store.AuditFilter{Action: "login_failed", Limit: 10})
		if err != nil || total != 5 || !strings.Contains(string(entries[0].Details), "tech@firm.nz") || strings.Contains(string(entries[0].Details), "wrong") {
			t.Errorf("%d entries, %v: %s", total, err, entries[0].Details)
		}
	})
}

func TestProxiesAreBelievedOnlyWhenTrusted(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite, func(c *Config) { c.TrustedProxies = prefixes("10.0.0.0/8", "::1/128") })
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.1:5", "203.0.113.9", "192.0.2.1"},
		{"10.0.0.1:5", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.1:5", "6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"},
		{"10.0.0.1:5", "", "10.0.0.1"},
		{"10.0.0.1:5", "203.0.113.9, nonsense", "10.0.0.1"},
		{"[::1]:5", "2001:db8::7", "2001:db8::7"},
		{"[::ffff:10.0.0.1]:5", "203.0.113.9", "203.0.113.9"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := f.api.clientIP(r); got != c.want {
			t.Errorf("%s for %q is %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
	for peer, want := range map[string]bool{"10.0.0.1:5": true, "192.0.2.1:5": false} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/auth/login", strings.NewReader(`{"email":"tech@firm.nz","password":"`+password+`"}`))
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-Proto", "https")
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		if got := cookieOf(t, w).Secure; got != want || (w.Header().Get("Strict-Transport-Security") != "") != want {
			t.Errorf("%s: the cookie is secure: %v, want %v", peer, got, want)
		}
	}
}

func TestPasswordsOfThePreviousProductAreKeptAnew(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	old, err := bcrypt.GenerateFromPassword([]byte("old password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	f.write(func(ctx context.Context, tx *store.Tx) error { return tx.Rehash(ctx, f.people["tech"], string(old)) })
	for range 2 {
		if w := signIn(f, "tech@firm.nz", "old password"); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	u, err := f.db.User(t.Context(), f.people["tech"])
	if err != nil || !strings.HasPrefix(u.PasswordHash, "$argon2id$") {
		t.Errorf("kept as %.12s, %v", u.PasswordHash, err)
	}
}
