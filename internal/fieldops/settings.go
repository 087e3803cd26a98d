package fieldops

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Settings are the firm's own choices. They are kept as text by key; this is
// their typed form with every default filled in.
type Settings struct {
	CompanyName string
	Timezone    *time.Location
	Currency    string

	SalesAccount    string // "" until chosen: invoices wait and say so
	PurchaseAccount string // "" until chosen: purchase orders wait and say so
	InvoiceStatus   string // DRAFT or AUTHORISED: how invoices are created in Xero
	OrderStatus     string // DRAFT or AUTHORISED: how purchase orders are
	SalesTax        TaxRate
	PurchaseTax     TaxRate

	Logo, Favicon string // addresses; "" for none

	// What documents say of the firm.
	CompanyAddress, CompanyPhone, CompanyEmail, CompanyTaxNumber string
	InvoiceTerms                                                 string

	Mail MailServer // its password is sealed

	InvoicePrefix string
	OrderPrefix   string
	QuotePrefix   string
	CreditPrefix  string
	BillPrefix    string // of bills whose supplier gave no number
	NumberPadding int

	Reminders ReminderSchedule

	ApprovalRequired bool       // work is invoiced only when somebody has approved it
	YearStart        time.Month // the first month of the firm's year
	BudgetAlerts     bool       // tell when a project nears or passes its budget

	SyncAlert time.Duration // how long a document may wait for Xero before people are told; 0 tells nobody

	Storage Storage // where files are kept, its secrets sealed; without a place, the environment says
}

// Setting describes one key: its default and what it may hold.
type Setting struct {
	Key     string
	Default string
	check   func(string) bool
	wants   string
}

func oneOf(values ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(values, s) }
}

func short(limit int) func(string) bool {
	return func(s string) bool { return len(s) <= limit && !strings.ContainsAny(s, "\r\n\x00<>") }
}

func rate(s string) bool { _, err := ParseTaxRate(s); return err == nil }

func positive(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n >= 1 && n < 1e9
}

// prefix may stand in front of a number: printable ASCII as Xero's numbers are.
func prefix(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' || strings.ContainsRune(`<>"%&,`, r) {
			return false
		}
	}
	return len(s) <= 20
}

// The keys of the settings. The next numbers live in the number series, and are
// read and written under these keys.
const (
	SettingInvoiceNext    = "invoice_next_number"
	SettingOrderNext      = "po_next_number"
	SettingQuoteNext      = "quote_next_number"
	SettingCreditNoteNext = "credit_note_next_number"
	SettingBillNext       = "bill_next_number"
)

// What timesheet_approval may be.
const (
	ApprovalOff      = "off"
	ApprovalRequired = "required"
)

// The settings that are secrets: they are kept sealed and shown to nobody.
const (
	SettingSMTPPassword      = "smtp_password"
	SettingS3KeyID           = "storage_s3_access_key_id"
	SettingS3Secret          = "storage_s3_secret_access_key"
	SettingDriveClientSecret = "google_drive_client_secret"
)

// SettingSecrets are all of them.
var SettingSecrets = []string{SettingSMTPPassword, SettingS3KeyID, SettingS3Secret, SettingDriveClientSecret}

// SettingDriveTokens is what a consent of Google's has given, sealed JSON. It is kept
// beside the settings, and nobody enters it.
const SettingDriveTokens = "google_drive_tokens"

// The other settings of where files are kept.
const (
	SettingStorage          = "storage_driver"
	SettingStoragePrefix    = "storage_base_path"
	SettingS3Bucket         = "storage_s3_bucket"
	SettingS3Region         = "storage_s3_region"
	SettingS3Endpoint       = "storage_s3_endpoint"
	SettingS3LinkBase       = "storage_s3_link_base"
	SettingDriveClientID    = "google_drive_client_id"
	SettingDriveRedirectURI = "google_drive_redirect_uri"
	SettingDriveFolder      = "storage_google_drive_folder_id"
)

func text(limit int) func(string) bool {
	return func(s string) bool { return utf8.RuneCountInString(s) <= limit && !strings.ContainsRune(s, 0) }
}

// picture is an address that the upload of a picture gave, or none.
func picture(s string) bool { return s == "" || strings.HasPrefix(s, "/branding/") && len(s) < 200 }

// SettingKeys are all settings there are.
var SettingKeys = []Setting{
	{"company_name", "AmpedFieldOps", short(200), "a name of at most 200 characters"},
	{"timezone", "Pacific/Auckland", func(s string) bool { _, err := time.LoadLocation(s); return err == nil && s != "" && s != "Local" }, "a time zone such as Pacific/Auckland"},
	{"currency", "NZD", func(s string) bool { return len(s) == 3 && strings.ToUpper(s) == s }, "a currency code such as NZD"},
	{"xero_sales_account_code", "", short(10), "the code of an account"},
	{"xero_purchase_account_code", "", short(10), "the code of an account"},
	{"xero_invoice_status", StatusDraft, oneOf(StatusDraft, StatusAuthorised), "DRAFT or AUTHORISED"},
	{"xero_po_status", StatusDraft, oneOf(StatusDraft, StatusAuthorised), "DRAFT or AUTHORISED"},
	{"default_sales_tax_rate", "15", rate, "a percentage between 0 and 100"},
	{"default_purchase_tax_rate", "15", rate, "a percentage between 0 and 100"},
	{"invoice_prefix", "INV-", prefix, "at most 20 printable characters"},
	{SettingInvoiceNext, "1", positive, "a whole number from 1"},
	{"po_prefix", "PO-", prefix, "at most 20 printable characters"},
	{SettingOrderNext, "1", positive, "a whole number from 1"},
	{"quote_prefix", "QU-", prefix, "at most 20 printable characters"},
	{SettingQuoteNext, "1", positive, "a whole number from 1"},
	{"credit_note_prefix", "CN-", prefix, "at most 20 printable characters"},
	{SettingCreditNoteNext, "1", positive, "a whole number from 1"},
	{"bill_prefix", "BILL-", prefix, "at most 20 printable characters"},
	{SettingBillNext, "1", positive, "a whole number from 1"},
	{"timesheet_approval", ApprovalOff, oneOf(ApprovalOff, ApprovalRequired), "off or required"},
	{"financial_year_start_month", "4", func(s string) bool { n, err := strconv.Atoi(s); return err == nil && n >= 1 && n <= 12 }, "the number of a month, 1 to 12"},
	{SettingReminders, "", reminders, "a schedule of reminders"},
	{"number_padding", "5", func(s string) bool { n, err := strconv.Atoi(s); return err == nil && n >= 1 && n <= 10 }, "a whole number between 1 and 10"},
	{"budget_alerts", "true", oneOf("true", "false"), "true or false"},
	{"sync_alert_minutes", "60", func(s string) bool { n, err := strconv.Atoi(s); return err == nil && n >= 0 && n <= 10_080 }, "a whole number of minutes up to 10080, which is a week, or 0 to tell nobody"},

	{"company_logo", "", picture, "a picture that was uploaded, or empty"},
	{"company_favicon", "", picture, "a picture that was uploaded, or empty"},
	{"company_address", "", text(500), "at most 500 characters"},
	{"company_phone", "", short(50), "at most 50 characters"},
	{"company_email", "", func(s string) bool { return s == "" || ValidEmail(s) }, "an email address"},
	{"company_tax_number", "", short(50), "at most 50 characters"},
	{"invoice_terms", "", text(2000), "at most 2000 characters"},
	{"smtp_host", "", func(s string) bool { return len(s) <= 255 && !strings.ContainsAny(s, " /:@\r\n\x00") }, "the name of a mail server, without a port"},
	{"smtp_port", "587", func(s string) bool { n, err := strconv.Atoi(s); return err == nil && n >= 1 && n <= 65535 }, "a whole number between 1 and 65535"},
	{"smtp_user", "", short(255), "at most 255 characters"},
	{SettingSMTPPassword, "", text(4000), "at most 1000 characters"},
	{SettingStorage, "", oneOf("", string(PlaceLocal), string(PlaceS3), string(PlaceDrive)), "local, s3 or google-drive"},
	{SettingStoragePrefix, "", storagePrefix, "the beginning of keys: letters, digits, hyphens, points and slashes"},
	{SettingS3Bucket, "", func(s string) bool { return s == "" || bucketName.MatchString(s) }, "the name of a bucket"},
	{SettingS3Region, "", short(50), "the name of a region such as ap-southeast-2"},
	{SettingS3KeyID, "", text(4000), "at most 1000 characters"},
	{SettingS3Secret, "", text(4000), "at most 1000 characters"},
	{SettingS3Endpoint, "", func(s string) bool { return s == "" || webAddress(s) }, "an address that begins with https://"},
	{SettingS3LinkBase, "", func(s string) bool { return s == "" || webAddress(s) }, "an address that begins with https://"},
	{SettingDriveClientID, "", short(255), "at most 255 characters"},
	{SettingDriveClientSecret, "", text(4000), "at most 1000 characters"},
	{SettingDriveRedirectURI, "", func(s string) bool { return s == "" || webAddress(s) }, "an address that begins with https://"},
	{SettingDriveFolder, "", short(255), "the id of a folder"},
	{"smtp_from", "", func(s string) bool { return s == "" || ValidSender(s) }, "an address such as office@example.com or Firm <office@example.com>"},
}

// CheckSetting refuses an unknown key with NotFound and an unusable value with
// Invalid.
func CheckSetting(key, value string) error {
	for _, s := range SettingKeys {
		if s.Key == key {
			if s.check(value) {
				return nil
			}
			return &Error{Kind: Invalid, Message: key + " must be " + s.wants, Faults: []Fault{{key, "must be " + s.wants}}}
		}
	}
	return Refuse(NotFound, "Setting not found")
}

// ReadSettings makes typed settings of stored ones; what is absent has its
// default.
func ReadSettings(stored map[string]string) Settings {
	value := func(key string) string {
		if v, ok := stored[key]; ok && CheckSetting(key, v) == nil {
			return v
		}
		for _, s := range SettingKeys {
			if s.Key == key {
				return s.Default
			}
		}
		panic("fieldops: no setting is called " + key)
	}
	zone, err := time.LoadLocation(value("timezone"))
	if err != nil {
		zone = time.UTC // a machine without zone data; the binary embeds it
	}
	taxRate := func(key string) TaxRate { r, _ := ParseTaxRate(value(key)); return r }
	padding, _ := strconv.Atoi(value("number_padding"))
	yearStart, _ := strconv.Atoi(value("financial_year_start_month"))

	port, _ := strconv.Atoi(value("smtp_port"))
	alert, _ := strconv.Atoi(value("sync_alert_minutes"))
	return Settings{
		Logo: value("company_logo"), Favicon: value("company_favicon"),
		CompanyAddress: value("company_address"), CompanyPhone: value("company_phone"), CompanyEmail: value("company_email"),
		CompanyTaxNumber: value("company_tax_number"), InvoiceTerms: value("invoice_terms"),
		Mail: MailServer{
			Host: value("smtp_host"), Port: port, User: value("smtp_user"), Password: value(SettingSMTPPassword), From: value("smtp_from"),
		},
		CompanyName: value("company_name"), Timezone: zone, Currency: value("currency"),
		SalesAccount: value("xero_sales_account_code"), PurchaseAccount: value("xero_purchase_account_code"),
		InvoiceStatus: value("xero_invoice_status"), OrderStatus: value("xero_po_status"),
		SalesTax: taxRate("default_sales_tax_rate"), PurchaseTax: taxRate("default_purchase_tax_rate"),
		InvoicePrefix: value("invoice_prefix"), OrderPrefix: value("po_prefix"),
		QuotePrefix: value("quote_prefix"), CreditPrefix: value("credit_note_prefix"), BillPrefix: value("bill_prefix"), NumberPadding: padding,
		Reminders:        ReadReminders(value(SettingReminders)),
		ApprovalRequired: value("timesheet_approval") == ApprovalRequired, YearStart: time.Month(yearStart),
		BudgetAlerts: value("budget_alerts") == "true",
		SyncAlert:    time.Duration(alert) * time.Minute,
		Storage: Storage{
			Place: StoragePlace(value(SettingStorage)),
			S3: S3Storage{
				Bucket: value(SettingS3Bucket), Region: value(SettingS3Region), AccessKeyID: value(SettingS3KeyID), SecretAccessKey: value(SettingS3Secret),
				Endpoint: value(SettingS3Endpoint), Prefix: value(SettingStoragePrefix), LinkBase: value(SettingS3LinkBase),
			},
			Drive: DriveStorage{
				ClientID: value(SettingDriveClientID), ClientSecret: value(SettingDriveClientSecret), RedirectURI: value(SettingDriveRedirectURI), FolderID: value(SettingDriveFolder),
			},
		},
	}
}
