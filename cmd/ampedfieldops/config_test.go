package main

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
)

const (
	aSecret       = "a-secret-of-more-than-thirty-two-characters"
	anotherSecret = "another-secret-of-more-than-thirty-two-characters"
)

func environ(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	c, err := readConfig(environ(nil), "", &overrides{})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{c.listen, c.data, c.databaseURL, c.backendURL, c.frontendURL, c.xero.RedirectURI, c.xero.APIURL, c.logLevel.String()}
	want := []string{":3001", "data", "sqlite:data/ampedfieldops.db", "http://localhost:3001", "http://localhost:3001", "http://localhost:3001/api/xero/callback", "https://api.xero.com", "INFO"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c.maxAttempts != 3 || len(c.warnings) != 0 {
		t.Errorf("attempts %d, warnings %v", c.maxAttempts, c.warnings)
	}
}

func TestConfigReadsEverything(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "client-secret")
	if err := os.WriteFile(file, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dotenv := "PORT=4000\nSYNC_MAX_ATTEMPTS=5 # five\nexport FRONTEND_URL=\"https://field.example.com/\"\nLOG_LEVEL='debug'\nXERO_CLIENT_ID=id\n"
	c, err := readConfig(environ(map[string]string{
		"SYNC_MAX_ATTEMPTS": "7", "DATABASE_URL": "postgres://amped:pass%2Fword@db.example.com/field?sslmode=require",
		"JWT_SECRET": aSecret, "ENCRYPTION_KEY": anotherSecret, "XERO_CLIENT_SECRET_FILE": file,
		"TRUSTED_PROXIES": "10.1.2.3/8, 192.0.2.7,::1", "LOG_FORMAT": "json", "XERO_API_URL": "http://127.0.0.1:3002",
	}), dotenv, &overrides{data: "/srv/amped"})
	if err != nil {
		t.Fatal(err)
	}
	if c.listen != ":4000" || c.maxAttempts != 7 || c.frontendURL != "https://field.example.com" || c.logLevel != slog.LevelDebug ||
		!c.logJSON || c.data != "/srv/amped" || c.xero.ClientID != "id" || c.xero.ClientSecret != "from-a-file" || c.xero.APIURL != "http://127.0.0.1:3002" {
		t.Errorf("%+v", c)
	}
	if string(c.jwtSecret) != aSecret || string(c.encryptionKey) != anotherSecret {
		t.Error("the secrets are not those given")
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("::1/128")}
	if diff := cmp.Diff(want, c.trustedProxies, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	shown := map[string]shownSetting{}
	for _, s := range c.shown {
		shown[s.name] = s
		for _, secret := range []string{aSecret, anotherSecret, "from-a-file", "pass/word", "pass%2Fword"} {
			if strings.Contains(s.value+s.source, secret) {
				t.Errorf("%s shows a secret: %q", s.name, s.value)
			}
		}
	}
	for _, want := range []shownSetting{
		{"PORT", "4000", "environment (.env)"},
		{"SYNC_MAX_ATTEMPTS", "7", "environment"},
		{"DATA_DIR", "/srv/amped", "--data"},
		{"JWT_SECRET", "set", "environment"},
		{"XERO_CLIENT_SECRET", "set", "file " + file},
		{"DATABASE_URL", "postgres://amped:xxxxx@db.example.com/field?sslmode=require", "environment"},
	} {
		if shown[want.name] != want {
			t.Errorf("shown %q, want %q", shown[want.name], want)
		}
	}
	if len(shown) != len(configNames) {
		t.Errorf("%d names are shown, %d are known", len(shown), len(configNames))
	}
}

func TestConfigRefusals(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		env    map[string]string
		dotenv string
		listen string
		want   string // part of the sentence
	}{
		{"port", map[string]string{"PORT": "99999"}, "", "", "PORT must be a whole number between 1 and 65535"},
		{"port is a word", map[string]string{"PORT": "http"}, "", "", "PORT must be"},
		{"listen without port", nil, "", "127.0.0.1", "--listen must be an address with a port"},
		{"listen with a bad port", nil, "", "127.0.0.1:x", "--listen must end in the number of a port"},
		{"attempts", map[string]string{"SYNC_MAX_ATTEMPTS": "11"}, "", "", "SYNC_MAX_ATTEMPTS must be a whole number between 1 and 10"},
		{"short secret", map[string]string{"JWT_SECRET": "short"}, "", "", "JWT_SECRET must be at least 32 characters"},
		{"short key", map[string]string{"ENCRYPTION_KEY": "short"}, "", "", "ENCRYPTION_KEY must be at least 32 characters"},
		{"both ways", map[string]string{"JWT_SECRET": aSecret, "JWT_SECRET_FILE": "x"}, "", "", "JWT_SECRET and JWT_SECRET_FILE are both set"},
		{"absent file", map[string]string{"JWT_SECRET_FILE": "/does/not/exist"}, "", "", "JWT_SECRET_FILE cannot be read"},
		{"empty file", map[string]string{"JWT_SECRET_FILE": empty}, "", "", "JWT_SECRET_FILE: the file"},
		{"database", map[string]string{"DATABASE_URL": "mysql://x"}, "", "", "DATABASE_URL must begin with sqlite: or postgres://"},
		{"sqlite without path", map[string]string{"DATABASE_URL": "sqlite:"}, "", "", "must be followed by the path"},
		{"frontend", map[string]string{"FRONTEND_URL": "field.example.com"}, "", "", "FRONTEND_URL must be a web address"},
		{"address with a password", map[string]string{"BACKEND_URL": "https://u:p@example.com"}, "", "", "BACKEND_URL must be a web address"},
		{"plain http to Xero", map[string]string{"XERO_API_URL": "http://api.example.com"}, "", "", "XERO_API_URL must begin with https://"},
		{"proxies", map[string]string{"TRUSTED_PROXIES": "10.0.0.0/8,nginx"}, "", "", `TRUSTED_PROXIES must be addresses or networks separated by commas, such as 10.0.0.0/8; "nginx" is neither`},
		{"half a Xero app", map[string]string{"XERO_CLIENT_ID": "x"}, "", "", "XERO_CLIENT_ID and XERO_CLIENT_SECRET belong together"},
		{"level", map[string]string{"LOG_LEVEL": "loud"}, "", "", "LOG_LEVEL must be debug, info, warn or error"},
		{"format", map[string]string{"LOG_FORMAT": "xml"}, "", "", "LOG_FORMAT must be text or json"},
		{"dotenv", nil, "PORT 3001", "", "the file .env: line 1 is not NAME=VALUE"},
		{"all at once", map[string]string{"PORT": "0", "LOG_LEVEL": "loud"}, "", "", "PORT must be a whole number between 1 and 65535; LOG_LEVEL must be"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := readConfig(environ(test.env), test.dotenv, &overrides{listen: test.listen})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			for _, value := range test.env {
				if value == aSecret && strings.Contains(err.Error(), value) {
					t.Error("the error shows a secret")
				}
			}
		})
	}
}

func TestConfigWarnings(t *testing.T) {
	t.Parallel()
	c, err := readConfig(environ(map[string]string{"OCR_SERVICE_URL": "http://ocr", "PATH": "/bin", "SOMETHING": "else"}),
		"SMTP_HOST=mail\nJWT_SECRTE=x\nZED=1\nNODE_ENV=production\nENCRYPTION_KEY_FILE=\nPORT_FILE=x\n", &overrides{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"this version does not use OCR_SERVICE_URL",
		"the file .env sets what nobody reads: JWT_SECRTE, PORT_FILE, ZED",
		"SMTP_HOST is set without SMTP_FROM: mail needs a sender, so none can be sent by it",
	}
	if diff := cmp.Diff(want, c.warnings); diff != "" {
		t.Error(diff)
	}
}

func TestConfigOfRedis(t *testing.T) {
	t.Parallel()
	c, err := readConfig(environ(map[string]string{"REDIS_HOST": "redis", "REDIS_PASSWORD": "the-redis-password", "REDIS_TLS": "true"}), "REDIS_DB=3\n", &overrides{})
	if err != nil {
		t.Fatal(err)
	}
	if want := (job.Redis{Host: "redis", Port: 6379, Password: "the-redis-password", DB: 3, TLS: true}); c.redis != want {
		t.Errorf("%+v, want %+v", c.redis, want)
	}
	for _, s := range c.shown {
		if strings.Contains(s.value, "the-redis-password") {
			t.Error("the password is shown")
		}
	}
	if _, err := readConfig(environ(map[string]string{"REDIS_PORT": "0", "REDIS_TLS": "perhaps"}), "", &overrides{}); err == nil ||
		!strings.Contains(err.Error(), "REDIS_PORT") || !strings.Contains(err.Error(), "REDIS_TLS must be true or false") {
		t.Errorf("got %v", err)
	}
}

func TestConfigOfMail(t *testing.T) {
	t.Parallel()
	c, err := readConfig(environ(map[string]string{"SMTP_HOST": "mail.firm.nz", "SMTP_USER": "office@firm.nz", "SMTP_PASSWORD": "the-mail-password"}), "", &overrides{})
	if err != nil {
		t.Fatal(err)
	}
	want := fieldops.MailServer{Host: "mail.firm.nz", Port: 587, User: "office@firm.nz", Password: "the-mail-password", From: "office@firm.nz"}
	if c.mail != want {
		t.Errorf("%+v", c.mail)
	}
	for _, s := range c.shown {
		if strings.Contains(s.value, "the-mail-password") {
			t.Errorf("%s shows the password", s.name)
		}
	}
	if _, err := readConfig(environ(map[string]string{"SMTP_FROM": "nobody"}), "", &overrides{}); err == nil || !strings.Contains(err.Error(), "SMTP_FROM must be an address") {
		t.Errorf("%v", err)
	}
}

func TestSecretsAreMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	secrets := func() (string, string) {
		t.Helper()
		c, err := readConfig(environ(nil), "", &overrides{data: data})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.ensureSecrets(); err != nil {
			t.Fatal(err)
		}
		return string(c.jwtSecret), string(c.encryptionKey)
	}
	jwt, key := secrets()
	if len(jwt) < secretLength || len(key) < secretLength || jwt == key {
		t.Errorf("made %q and %q", jwt, key)
	}
	if jwtAgain, keyAgain := secrets(); jwtAgain != jwt || keyAgain != key {
		t.Error("the second start has other secrets")
	}
	info, err := os.Stat(filepath.Join(data, "secrets", "encryption_key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestSecretsMustBeGivenOnPostgres(t *testing.T) {
	t.Parallel()
	c, err := readConfig(environ(map[string]string{"DATABASE_URL": "postgres://db.example.com/field", "JWT_SECRET": aSecret}), "", &overrides{data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.ensureSecrets(); err == nil || !strings.Contains(err.Error(), "ENCRYPTION_KEY must be set when the database is PostgreSQL") {
		t.Errorf("got %v", err)
	}
}

func TestParseDotenv(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want map[string]string // nil: refused
	}{
		{"", map[string]string{}},
		{"# nothing\n\n  \n", map[string]string{}},
		{"A=1\r\nB = two words \n", map[string]string{"A": "1", "B": "two words"}},
		{"\ufeffA=1", map[string]string{"A": "1"}},
		{"export A=1", map[string]string{"A": "1"}},
		{"A=a#b\nB=a # b\nC=#c", map[string]string{"A": "a#b", "B": "a", "C": ""}},
		{`A="a # b" # c`, map[string]string{"A": "a # b"}},
		{`A='a\n$b"' `, map[string]string{"A": `a\n$b"`}},
		{`A="a\n\"b\"\\\$c\d"`, map[string]string{"A": "a\n\"b\"\\$c\\d"}},
		{"A=\nA=2\nB=a=b", map[string]string{"A": "2", "B": "a=b"}},
		{"A", nil},
		{"=1", nil},
		{"1A=1", nil},
		{"A B=1", nil},
		{`A="a`, nil},
		{`A='a' b`, nil},
	} {
		got, err := parseDotenv(test.text)
		if (err != nil) != (test.want == nil) {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); test.want != nil && diff != "" {
			t.Errorf("%q: %s", test.text, diff)
		}
	}
}

func TestWebAddress(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":3001": "http://here:3001", "0.0.0.0:80": "http://here:80", "[::]:3001": "http://here:3001",
		"127.0.0.1:3001": "http://127.0.0.1:3001", "[::1]:3001": "http://[::1]:3001", "field.example.com:80": "http://field.example.com:80",
	} {
		if got := webAddress(listen, "here"); got != want {
			t.Errorf("webAddress(%q) = %q, want %q", listen, got, want)
		}
	}
}
