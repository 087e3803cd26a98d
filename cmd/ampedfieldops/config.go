package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
	"ampedfieldops/internal/ocr"
	"ampedfieldops/internal/xero"
)

// config is the configuration in force.
type config struct {
	listen         string // address and port to listen on
	data           string // the data folder
	databaseURL    string
	jwtSecret      []byte // empty until secrets has made one
	encryptionKey  []byte // empty until secrets has made one
	frontendURL    string // where people reach the program
	backendURL     string // where Xero reaches it
	trustedProxies []netip.Prefix
	xero           xero.Config
	mail           fieldops.MailServer // used while the settings name none
	maxAttempts    int
	metricsToken   string
	redis          job.Redis // without a host the database delivers jobs
	logLevel       slog.Level
	logJSON        bool
	tracing        tracingConfig
	storage        fieldops.Storage // where files are kept, while the settings do not say
	tesseract      string           // the program that reads the text of pictures; "" is looked for
	languages      string           // that it reads, as it names them

	googleAuthURL, googleTokenURL, googleAPIURL, googleUploadURL string // Google's unless set

	shown    []shownSetting
	warnings []string // one line each
}

// shownSetting is a line of the config command.
type shownSetting struct{ name, value, source string }

// secretLength is the least number of characters of a secret.
const secretLength = 32

// The names of the environment. Those in fileToo may be given as NAME_FILE.
var (
	configNames = []string{
		"PORT", "DATA_DIR", "DATABASE_URL", "JWT_SECRET", "ENCRYPTION_KEY", "FRONTEND_URL", "BACKEND_URL", "TRUSTED_PROXIES",
		"XERO_CLIENT_ID", "XERO_CLIENT_SECRET", "XERO_REDIRECT_URI", "XERO_API_URL", "XERO_IDENTITY_URL", "XERO_LOGIN_URL",
		"SMTP_HOST", "SMTP_PORT", "SMTP_USER", "SMTP_PASSWORD", "SMTP_FROM",
		"REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "REDIS_DB", "REDIS_TLS", "METRICS_TOKEN",
		"CLOUD_STORAGE_PROVIDER", "AWS_S3_BUCKET", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_S3_ENDPOINT", "AWS_S3_PREFIX", "AWS_S3_LINK_BASE",
		"GOOGLE_DRIVE_CLIENT_ID", "GOOGLE_DRIVE_CLIENT_SECRET", "GOOGLE_DRIVE_REDIRECT_URI", "GOOGLE_DRIVE_FOLDER_ID",
		"GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "GOOGLE_REDIRECT_URI", // as the former product's own code read them
		"GOOGLE_AUTH_URL", "GOOGLE_TOKEN_URL", "GOOGLE_DRIVE_API_URL", "GOOGLE_DRIVE_UPLOAD_URL",
		"TESSERACT_CMD", "TESSERACT_LANG",
		"SYNC_MAX_ATTEMPTS", "LOG_LEVEL", "LOG_FORMAT",
		"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TIMEOUT",
		"OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
	}
	fileToo = []string{"DATABASE_URL", "JWT_SECRET", "ENCRYPTION_KEY", "XERO_CLIENT_SECRET", "SMTP_PASSWORD", "REDIS_PASSWORD", "METRICS_TOKEN", "OTEL_EXPORTER_OTLP_HEADERS", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GOOGLE_DRIVE_CLIENT_SECRET", "GOOGLE_CLIENT_SECRET"}

	// unusedNames belong to installations of the earlier product; what they
	// switch on is not part of this version.
	unusedNames = []string{
		"REDIS_URL",
		"XERO_WEBHOOK_KEY", "OCR_SERVICE_URL", "API_URL", "VITE_API_URL",
	}
	// ignoredNames configure what stands around the program (the shell, the
	// runtime, a compose file), and are no mistake in a .env file.
	ignoredNames = []string{"NODE_ENV", "DB_PASSWORD", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "TZ", "GOMEMLIMIT", "GOGC", "COMPOSE_PROJECT_NAME"}
)

// overrides are what the command line says.
type overrides struct{ listen, data string }

// configFlags adds the flags that stand above the environment; listening tells
// whether the command has an address to listen on.
func configFlags(set *flag.FlagSet, listening bool) *overrides {
	var o overrides
	if listening {
		set.StringVar(&o.listen, "listen", "", "`address` and port to listen on (instead of PORT)")
	}
	set.StringVar(&o.data, "data", "", "data `folder` (instead of DATA_DIR; default ./data)")
	return &o
}

// loadConfig reads the environment and, beneath it, the file .env of the
// working folder. It names everything that is wrong at once.
func (env environment) loadConfig(o *overrides) (*config, error) {
	text, err := os.ReadFile(".env")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the file .env cannot be read: %w", err)
	}
	return readConfig(env.getenv, string(text), o)
}

func readConfig(getenv func(string) string, dotenv string, o *overrides) (*config, error) {
	file, err := parseDotenv(dotenv)
	if err != nil {
		return nil, fmt.Errorf("the file .env: %w", err)
	}
	r := &configReader{getenv: getenv, file: file}
	c := &config{}

	c.listen = ":" + strconv.Itoa(r.number("PORT", 3001, 1, 65535))
	if o.listen != "" {
		c.listen = o.listen
		r.overrule("PORT", o.listen, "--listen")
		if _, port, err := net.SplitHostPort(o.listen); err != nil {
			r.fault("--listen must be an address with a port, such as 127.0.0.1:3001")
		} else if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
			r.fault("--listen must end in the number of a port")
		}
	}
	c.data = r.text("DATA_DIR", "data")
	if o.data != "" {
		c.data = o.data
		r.overrule("DATA_DIR", o.data, "--data")
	}
	c.databaseURL = r.database("sqlite:" + filepath.Join(c.data, "ampedfieldops.db"))
	c.jwtSecret = r.secret("JWT_SECRET", c)
	c.encryptionKey = r.secret("ENCRYPTION_KEY", c)

	c.backendURL = r.address("BACKEND_URL", webAddress(c.listen, "localhost"), false)
	c.frontendURL = r.address("FRONTEND_URL", c.backendURL, false)
	c.trustedProxies = r.networks("TRUSTED_PROXIES")

	c.xero = xero.Config{
		ClientID:     r.text("XERO_CLIENT_ID", ""),
		ClientSecret: r.hidden("XERO_CLIENT_SECRET"),
		RedirectURI:  r.address("XERO_REDIRECT_URI", c.backendURL+"/api/xero/callback", false),
		APIURL:       r.address("XERO_API_URL", xero.DefaultAPIURL, true),
		IdentityURL:  r.address("XERO_IDENTITY_URL", xero.DefaultIdentityURL, true),
		LoginURL:     r.address("XERO_LOGIN_URL", xero.DefaultLoginURL, true),
	}
	if (c.xero.ClientID == "") != (c.xero.ClientSecret == "") {
		r.fault("XERO_CLIENT_ID and XERO_CLIENT_SECRET belong together: give both, or neither")
	}
	c.mail = fieldops.MailServer{
		Host: r.text("SMTP_HOST", ""), Port: r.number("SMTP_PORT", 587, 1, 65535),
		User: r.text("SMTP_USER", ""), Password: r.hidden("SMTP_PASSWORD"), From: r.text("SMTP_FROM", ""),
	}
	if c.mail.From == "" && fieldops.ValidEmail(c.mail.User) {
		c.mail.From = c.mail.User
	}
	if c.mail.From != "" && !fieldops.ValidSender(c.mail.From) {
		r.fault("SMTP_FROM must be an address such as office@example.com or Firm <office@example.com>")
	}
	c.redis = job.Redis{
		Host: r.text("REDIS_HOST", ""), Port: r.number("REDIS_PORT", 6379, 1, 65535), Password: r.hidden("REDIS_PASSWORD"),
		DB: r.number("REDIS_DB", 0, 0, 1<<10), TLS: r.yes("REDIS_TLS"),
	}
	if c.metricsToken = r.hidden("METRICS_TOKEN"); c.metricsToken != "" && len(c.metricsToken) < 16 {
		r.fault("METRICS_TOKEN must be at least 16 characters long")
	}
	c.maxAttempts = r.number("SYNC_MAX_ATTEMPTS", 3, 1, 10)
	if err := c.logLevel.UnmarshalText([]byte(r.text("LOG_LEVEL", "info"))); err != nil {
		r.fault("LOG_LEVEL must be debug, info, warn or error")
	}
	switch format := r.text("LOG_FORMAT", "text"); format {
	case "text", "json":
		c.logJSON = format == "json"
	default:
		r.fault("LOG_FORMAT must be text or json")
	}

	c.tracing = r.tracing()
	c.storage = r.storage()
	c.tesseract, c.languages = r.text("TESSERACT_CMD", ""), r.text("TESSERACT_LANG", "eng")
	if !ocr.ValidLanguages(c.languages) {
		r.fault("TESSERACT_LANG must be languages as tesseract names them, such as eng or eng+mri")
	}
	c.googleAuthURL, c.googleTokenURL = r.anotherAddress("GOOGLE_AUTH_URL"), r.anotherAddress("GOOGLE_TOKEN_URL")
	c.googleAPIURL, c.googleUploadURL = r.anotherAddress("GOOGLE_DRIVE_API_URL"), r.anotherAddress("GOOGLE_DRIVE_UPLOAD_URL")

	c.warnings = r.warnings()
	if c.mail.Host != "" && c.mail.From == "" {
		c.warnings = append(c.warnings, "SMTP_HOST is set without SMTP_FROM: mail needs a sender, so none can be sent by it")
	}
	c.shown = r.shown
	if len(r.faults) > 0 {
		return nil, errors.New(strings.Join(r.faults, "; "))
	}
	return c, nil
}

// storage is where files are kept.
func (r *configReader) storage() fieldops.Storage {
	s := fieldops.Storage{
		Place: fieldops.StoragePlace(r.text("CLOUD_STORAGE_PROVIDER", string(fieldops.PlaceLocal))),
		S3: fieldops.S3Storage{
			Bucket: r.text("AWS_S3_BUCKET", ""), Region: r.text("AWS_REGION", ""), AccessKeyID: r.hidden("AWS_ACCESS_KEY_ID"), SecretAccessKey: r.hidden("AWS_SECRET_ACCESS_KEY"),
			Endpoint: r.text("AWS_S3_ENDPOINT", ""), Prefix: r.text("AWS_S3_PREFIX", ""), LinkBase: r.text("AWS_S3_LINK_BASE", ""),
		},
		Drive: fieldops.DriveStorage{
			ClientID: r.text("GOOGLE_DRIVE_CLIENT_ID", r.text("GOOGLE_CLIENT_ID", "")), ClientSecret: cmp.Or(r.hidden("GOOGLE_DRIVE_CLIENT_SECRET"), r.hidden("GOOGLE_CLIENT_SECRET")),
			RedirectURI: r.text("GOOGLE_DRIVE_REDIRECT_URI", r.text("GOOGLE_REDIRECT_URI", "")), FolderID: r.text("GOOGLE_DRIVE_FOLDER_ID", ""),
		},
	}
	var f fieldops.Faults
	s.Check(&f)
	for _, fault := range f {
		name, known := storageNames[fault.Field]
		if !known {
			name = "CLOUD_STORAGE_PROVIDER"
		}
		r.fault("%s: %s", name, fault.Message)
	}
	return s
}

// storageNames are the names of what fieldops.Storage checks.
var storageNames = map[string]string{
	"s3Bucket": "AWS_S3_BUCKET", "s3AccessKeyId": "AWS_ACCESS_KEY_ID", "s3SecretAccessKey": "AWS_SECRET_ACCESS_KEY", "s3Endpoint": "AWS_S3_ENDPOINT", "s3LinkBase": "AWS_S3_LINK_BASE",
	"googleDriveClientId": "GOOGLE_DRIVE_CLIENT_ID", "googleDriveClientSecret": "GOOGLE_DRIVE_CLIENT_SECRET",
}

// webAddress is how to reach what listens on an address from this machine.
// anywhere stands in for an address that means every interface.
func webAddress(listen, anywhere string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "http://" + listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = anywhere
	}
	return "http://" + net.JoinHostPort(host, port)
}

// sqlite reports whether the database is a file of ours, and where.
func (c *config) sqlite() (path string, ok bool) {
	path, ok = strings.CutPrefix(c.databaseURL, "sqlite:")
	return strings.TrimPrefix(path, "//"), ok
}

// uploads is where photos and other files lie.
func (c *config) uploads() string { return filepath.Join(c.data, "uploads") }

// secrets is where secrets that nobody gave are kept.
func (c *config) secrets() string { return filepath.Join(c.data, "secrets") }

func (c *config) secretFile(name string) string {
	return filepath.Join(c.secrets(), strings.ToLower(name))
}

// ensureSecrets reads the secrets that nobody gave from the data folder, and
// makes them when they are not there. On PostgreSQL several machines may share
// one database, so there they must be given.
func (c *config) ensureSecrets() error {
	for _, s := range []struct {
		name string
		into *[]byte
	}{{"JWT_SECRET", &c.jwtSecret}, {"ENCRYPTION_KEY", &c.encryptionKey}} {
		if len(*s.into) > 0 {
			continue
		}
		if _, ok := c.sqlite(); !ok {
			return fmt.Errorf("%s must be set when the database is PostgreSQL, to the same %d characters or more in every process: openssl rand -base64 32 makes such a text", s.name, secretLength)
		}
		secret, err := keptSecret(c.secretFile(s.name))
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		*s.into = secret
	}
	return nil
}

// keptSecret reads the secret in a file, or puts a new one there. Of two
// processes that start at once both get the same.
func keptSecret(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		random := make([]byte, 32)
		_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
		made, err := os.CreateTemp(filepath.Dir(path), ".new-*")
		if err != nil {
			return nil, err
		}
		defer os.Remove(made.Name())
		_, err = made.WriteString(base64.RawURLEncoding.EncodeToString(random) + "\n")
		if err := errors.Join(err, made.Sync(), made.Close()); err != nil {
			return nil, err
		}
		// A link, unlike a renaming, does not replace what came there meanwhile.
		if err := os.Link(made.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	secret := []byte(strings.TrimSpace(string(content)))
	if len(secret) < secretLength {
		return nil, fmt.Errorf("the file %s does not hold a secret of %d characters or more", path, secretLength)
	}
	return secret, nil
}

// logger writes to w as LOG_LEVEL and LOG_FORMAT say.
func (c *config) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.logLevel}
	if c.logJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// showConfig prints the configuration in force.
func showConfig(_ context.Context, env environment, args []string) error {
	set := env.flags("config", "[--data DIR] [--example]", "Prints the configuration in force and where each value comes from. Secrets are only said to be set or not.")
	o := configFlags(set, true)
	example := set.Bool("example", false, "print an .env file with every name there is, to be filled in")
	if _, err := parse(set, args); err != nil {
		return err
	}
	if *example {
		fmt.Fprint(env.stdout, envExample())
		return nil
	}
	c, err := env.loadConfig(o)
	if err != nil {
		return err
	}
	for _, w := range c.warnings {
		fmt.Fprintln(env.stderr, "warning:", w)
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	for _, s := range c.shown {
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.name, s.value, s.source)
	}
	return table.Flush()
}

// configReader takes values from the environment and the file beneath it, and
// remembers what was wrong and what to show.
type configReader struct {
	getenv func(string) string
	file   map[string]string
	faults []string
	shown  []shownSetting
}

func (r *configReader) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// lookup finds a value and says where. An empty value is none: compose files
// pass on what is not set as empty.
func (r *configReader) lookup(name string) (value, source string) {
	for _, place := range []struct {
		get    func(string) string
		suffix string
	}{{r.getenv, ""}, {func(n string) string { return r.file[n] }, " (.env)"}} {
		value := place.get(name)
		if !slices.Contains(fileToo, name) {
			if value != "" {
				return value, "environment" + place.suffix
			}
			continue
		}
		path := place.get(name + "_FILE")
		switch {
		case value != "" && path != "":
			r.fault("%s and %s_FILE are both set; give one of them", name, name)
			return value, ""
		case value != "":
			return value, "environment" + place.suffix
		case path != "":
			content, err := os.ReadFile(path)
			if err != nil {
				r.fault("%s_FILE cannot be read: %v", name, err)
				return "", ""
			}
			value = strings.TrimRight(string(content), "\r\n")
			if value == "" {
				r.fault("%s_FILE: the file %s is empty", name, path)
			}
			return value, "file " + path
		}
	}
	return "", "default"
}

func (r *configReader) show(name, value, source string) {
	r.shown = append(r.shown, shownSetting{name, value, source})
}

// overrule replaces what is shown of a value that the command line gave.
func (r *configReader) overrule(name, value, source string) {
	for i := range r.shown {
		if r.shown[i].name == name {
			r.shown[i] = shownSetting{name, value, source}
		}
	}
}

func (r *configReader) text(name, otherwise string) string {
	value, source := r.lookup(name)
	if value == "" {
		value = otherwise
	}
	shown := value
	if shown == "" {
		shown, source = "not set", ""
	}
	r.show(name, shown, source)
	return value
}

func (r *configReader) number(name string, otherwise, least, most int) int {
	value := r.text(name, strconv.Itoa(otherwise))
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		r.fault("%s must be a whole number between %d and %d", name, least, most)
	}
	return n
}

// yes is a switch, which is off unless it is true.
func (r *configReader) yes(name string) bool {
	switch value := r.text(name, "false"); value {
	case "true", "1", "yes", "on":
		return true
	case "false", "0", "no", "off":
	default:
		r.fault("%s must be true or false", name)
	}
	return false
}

// hidden is a secret that may be absent.
func (r *configReader) hidden(name string) string {
	value, source := r.lookup(name)
	if value == "" {
		r.show(name, "not set", "")
	} else {
		r.show(name, "set", source)
	}
	return value
}

// secret is a secret of the installation, which is made when it is absent.
func (r *configReader) secret(name string, c *config) []byte {
	value, source := r.lookup(name)
	_, onSQLite := c.sqlite()
	switch {
	case value != "":
		r.show(name, "set", source)
		if len(value) < secretLength {
			r.fault("%s must be at least %d characters long", name, secretLength)
		}
	case onSQLite:
		shown := "not set: made at the first start"
		if _, err := os.Stat(c.secretFile(name)); err == nil {
			shown = "set"
		}
		r.show(name, shown, "file "+c.secretFile(name))
	default:
		r.show(name, "not set: must be given on PostgreSQL", "")
	}
	return []byte(value)
}

// database is the address of the database; its password is not shown.
func (r *configReader) database(otherwise string) string {
	value, source := r.lookup("DATABASE_URL")
	if value == "" {
		value = otherwise
	}
	path, sqlite := strings.CutPrefix(value, "sqlite:")
	switch {
	case sqlite:
		if strings.TrimPrefix(path, "//") == "" || strings.ContainsAny(path, "?#") {
			r.fault("DATABASE_URL=sqlite: must be followed by the path of a file, without ? and #")
		}
		r.show("DATABASE_URL", value, source)
	case strings.HasPrefix(value, "postgres://"), strings.HasPrefix(value, "postgresql://"):
		address, err := url.Parse(value)
		if err != nil || address.Host == "" && address.RawQuery == "" {
			r.fault("DATABASE_URL is not an address of PostgreSQL, such as postgres://user:password@host/name")
			r.show("DATABASE_URL", "unreadable", source)
			break
		}
		query := address.Query()
		query.Del("password")
		query.Del("sslpassword")
		address.RawQuery = query.Encode()
		r.show("DATABASE_URL", address.Redacted(), source)
	default:
		r.fault("DATABASE_URL must begin with sqlite: or postgres://")
		r.show("DATABASE_URL", "unreadable", source)
	}
	return value
}

// address is a web address without a slash at its end. An encrypted one has
// secrets sent to it, so that plain http is for this machine only.
func (r *configReader) address(name, otherwise string, encrypted bool) string {
	value := strings.TrimRight(r.text(name, otherwise), "/")
	parsed, err := url.Parse(value)
	switch {
	case err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.User != nil:
		r.fault("%s must be a web address such as https://fieldops.example.com", name)
	case encrypted && parsed.Scheme == "http" && !isLoopback(parsed.Hostname()):
		r.fault("%s must begin with https:// unless it leads to this machine", name)
	}
	return value
}

// anotherAddress is an address in place of an outside system's own, "" when none is
// given.
func (r *configReader) anotherAddress(name string) string {
	if value, _ := r.lookup(name); value == "" {
		return r.text(name, "")
	}
	return r.address(name, "", true)
}

// isLoopback reports whether a host is this machine and no other can reach it.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// networks are addresses and networks, separated by commas.
func (r *configReader) networks(name string) []netip.Prefix {
	var all []netip.Prefix
	for part := range strings.SplitSeq(r.text(name, ""), ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if ip, err := netip.ParseAddr(part); err == nil {
			all = append(all, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(part)
		if err != nil {
			r.fault("%s must be addresses or networks separated by commas, such as 10.0.0.0/8; %q is neither", name, part)
			continue
		}
		all = append(all, network.Masked())
	}
	return all
}

// warnings names, in one line each, what is set without an effect, and what
// the file holds that nobody knows.
func (r *configReader) warnings() []string {
	var warnings, unused, unknown []string
	for _, name := range unusedNames {
		if r.getenv(name) != "" || r.file[name] != "" {
			unused = append(unused, name)
		}
	}
	if len(unused) > 0 {
		warnings = append(warnings, "this version does not use "+strings.Join(unused, ", "))
	}
	for name := range r.file {
		base, isFile := strings.CutSuffix(name, "_FILE")
		if slices.Contains(configNames, name) || isFile && slices.Contains(fileToo, base) ||
			slices.Contains(unusedNames, name) || slices.Contains(ignoredNames, name) {
			continue
		}
		unknown = append(unknown, name)
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		warnings = append(warnings, "the file .env sets what nobody reads: "+strings.Join(unknown, ", "))
	}
	return warnings
}
