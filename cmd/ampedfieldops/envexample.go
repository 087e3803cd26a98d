package main

import (
	"slices"
	"strings"
)

// exampleValues are the names of the environment as .env.example shows them, in
// groups: what each is for, and the value that it has unless it is set. Every name
// of configNames stands here; a test sees to it.
var exampleValues = []struct {
	title  string
	values []exampleValue
}{
	{"Where the program is reached", []exampleValue{
		{"PORT", "3001", "port to listen on"},
		{"FRONTEND_URL", "", "address of the web app as people type it; the address listened on"},
		{"BACKEND_URL", "", "address of the API as Xero calls it; the address listened on"},
		{"TRUSTED_PROXIES", "", "addresses or networks whose X-Forwarded-For is believed, with commas between"},
	}},
	{"Data", []exampleValue{
		{"DATA_DIR", "./data", "folder for the database, photos and secrets made at the first start"},
		{"DATABASE_URL", "", "sqlite:PATH or postgres://user:password@host/name; SQLite in the data folder"},
	}},
	{"Secrets: on SQLite made at the first start, on PostgreSQL they must be given", []exampleValue{
		{"JWT_SECRET", "", "signs sessions; at least 32 characters"},
		{"ENCRYPTION_KEY", "", "encrypts what is kept of Xero and mail; at least 32 characters. Lose it and Xero must be connected anew"},
	}},
	{"Xero: an app of https://developer.xero.com/app/manage", []exampleValue{
		{"XERO_CLIENT_ID", "", ""},
		{"XERO_CLIENT_SECRET", "", ""},
		{"XERO_REDIRECT_URI", "", "as registered with the app; BACKEND_URL/api/xero/callback"},
		{"XERO_API_URL", "", "Xero's own; for trials the address of ampedfieldops xero-sim"},
		{"XERO_IDENTITY_URL", "", "likewise"},
		{"XERO_LOGIN_URL", "", "likewise"},
		{"SYNC_MAX_ATTEMPTS", "3", "how often a document is sent again after Xero was seen not to have it"},
	}},
	{"Where photos and other files are kept, unless the settings say", []exampleValue{
		{"CLOUD_STORAGE_PROVIDER", "local", "local: a folder in DATA_DIR; s3 or google-drive"},
		{"AWS_S3_BUCKET", "", ""},
		{"AWS_REGION", "", "such as ap-southeast-2"},
		{"AWS_ACCESS_KEY_ID", "", "of a user who may list, read, write and delete in the bucket"},
		{"AWS_SECRET_ACCESS_KEY", "", ""},
		{"AWS_S3_ENDPOINT", "", "address of a store other than Amazon's that speaks S3"},
		{"AWS_S3_PREFIX", "", "beginning of all keys; uploads/"},
		{"AWS_S3_LINK_BASE", "", "address of a CDN that passes signed links on to the bucket; without it the program gives files out"},
		{"GOOGLE_DRIVE_CLIENT_ID", "", "of an OAuth client of https://console.cloud.google.com"},
		{"GOOGLE_DRIVE_CLIENT_SECRET", "", ""},
		{"GOOGLE_DRIVE_REDIRECT_URI", "", "as registered with the client; BACKEND_URL/api/settings/storage/google-drive/callback"},
		{"GOOGLE_DRIVE_FOLDER_ID", "", "id of a folder; without it one is made"},
		{"GOOGLE_CLIENT_ID", "", "another name for GOOGLE_DRIVE_CLIENT_ID, as are the next two for theirs"},
		{"GOOGLE_CLIENT_SECRET", "", ""},
		{"GOOGLE_REDIRECT_URI", "", ""},
		{"GOOGLE_AUTH_URL", "", "Google's own, as the next three"},
		{"GOOGLE_TOKEN_URL", "", ""},
		{"GOOGLE_DRIVE_API_URL", "", ""},
		{"GOOGLE_DRIVE_UPLOAD_URL", "", ""},
	}},
	{"Reading the text of receipts, by programs that are installed beside this one", []exampleValue{
		{"TESSERACT_CMD", "", "path of tesseract; without it, it is looked for in PATH"},
		{"TESSERACT_LANG", "eng", "languages that it reads, such as eng+mri; each must be installed"},
	}},
	{"Redis, which delivers the work for Xero; without it the database does", []exampleValue{
		{"REDIS_HOST", "", ""},
		{"REDIS_PORT", "6379", ""},
		{"REDIS_PASSWORD", "", ""},
		{"REDIS_DB", "0", "number of its database; each installation has one for itself"},
		{"REDIS_TLS", "false", "true for an encrypted connection"},
	}},
	{"Mail, unless the settings name a server", []exampleValue{
		{"SMTP_HOST", "", ""},
		{"SMTP_PORT", "587", "465 is encrypted from the start, any other by STARTTLS"},
		{"SMTP_USER", "", ""},
		{"SMTP_PASSWORD", "", ""},
		{"SMTP_FROM", "", "office@example.co.nz or Firm <office@example.co.nz>"},
	}},
	{"What operators see", []exampleValue{
		{"METRICS_TOKEN", "", "lets Prometheus read /metrics; at least 16 characters. Without it only admins can"},
		{"LOG_LEVEL", "info", "debug, info, warn or error"},
		{"LOG_FORMAT", "text", "text or json"},
	}},
	{"Traces, by OTLP over HTTP, when there is an endpoint: from each request to the calls to Xero", []exampleValue{
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "", "address of a collector, such as http://127.0.0.1:4318; /v1/traces is added"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "", "name=value,name=value: what the collector lets in by"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", "there is no other"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "10000", "of one delivery, in milliseconds"},
		{"OTEL_SERVICE_NAME", "ampedfieldops", ""},
		{"OTEL_RESOURCE_ATTRIBUTES", "", "name=value,name=value, such as deployment.environment.name=production"},
		{"OTEL_TRACES_SAMPLER", "parentbased_always_on", "always_on, always_off, traceidratio, or one of these with parentbased_ before it"},
		{"OTEL_TRACES_SAMPLER_ARG", "1", "share of the traces that traceidratio keeps, 0 to 1"},
	}},
}

type exampleValue struct{ name, value, about string }

// envExample is the text of .env.example. Nothing in it is set, so that it may be
// copied as it is.
func envExample() string {
	var b strings.Builder
	b.WriteString("# The configuration of AmpedFieldOps, as environment variables or as the file .env\n" +
		"# in the working folder. What is not set has the value shown. Made by\n" +
		"# `ampedfieldops config --example`.\n#\n" +
		"# Those marked * can be given as a file: NAME_FILE=/path/to/it.\n")
	for _, group := range exampleValues {
		b.WriteString("\n# " + group.title + "\n")
		for _, v := range group.values {
			about := v.about
			if slices.Contains(fileToo, v.name) {
				about = strings.TrimSuffix("* "+about, " ")
			}
			if about != "" {
				b.WriteString("\n# " + about + "\n")
			}
			b.WriteString("#" + v.name + "=" + v.value + "\n")
		}
	}
	return b.String()
}
