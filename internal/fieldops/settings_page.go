package fieldops

import (
	"regexp"
	"slices"
	"strings"
)

// SettingWords are what a page needs to show a setting: where it belongs, what
// it is called, and what a person enters.
type SettingWords struct {
	Key         string   `json:"key"`
	Group       string   `json:"group"`
	Label       string   `json:"label"`
	Description string   `json:"description"`
	Type        string   `json:"type" enum:"text,multiline,number,boolean,choice,email,secret,timezone,account,picture,json"`
	Choices     []string `json:"choices,omitempty"`
	Default     string   `json:"default"`
}

// settingWords is in the order of the page.
var settingWords = []SettingWords{
	{"company_name", "Company", "Company name", "Stands on documents, in mails and on the page to sign in on", "text", nil, ""},
	{"company_logo", "Company", "Logo", "JPEG, PNG or WebP, at most 5 MB", "picture", nil, ""},
	{"company_favicon", "Company", "Favicon", "ICO, PNG, JPEG or WebP, at most 2 MB", "picture", nil, ""},
	{"company_address", "Company", "Address", "As documents show it", "multiline", nil, ""},
	{"company_phone", "Company", "Phone", "As documents show it", "text", nil, ""},
	{"company_email", "Company", "Email", "As documents show it", "email", nil, ""},
	{"company_tax_number", "Company", "Tax number", "GST number on documents", "text", nil, ""},
	{"timezone", "Company", "Time zone", "Decides which day it is", "timezone", nil, ""},
	{"currency", "Company", "Currency", "Of new documents", "text", nil, ""},
	{"financial_year_start_month", "Company", "Financial year begins in month", "1 is January", "number", nil, ""},

	{"invoice_prefix", "Documents", "Invoice prefix", "Stands in front of the number", "text", nil, ""},
	{SettingInvoiceNext, "Documents", "Next invoice number", "Can only be raised", "number", nil, ""},
	{"quote_prefix", "Documents", "Quote prefix", "Stands in front of the number", "text", nil, ""},
	{SettingQuoteNext, "Documents", "Next quote number", "Can only be raised", "number", nil, ""},
	{"credit_note_prefix", "Documents", "Credit note prefix", "Stands in front of the number", "text", nil, ""},
	{SettingCreditNoteNext, "Documents", "Next credit note number", "Can only be raised", "number", nil, ""},
	{"bill_prefix", "Documents", "Bill prefix", "Of bills whose supplier gave no number", "text", nil, ""},
	{SettingBillNext, "Documents", "Next bill number", "Can only be raised", "number", nil, ""},
	{"po_prefix", "Documents", "Purchase order prefix", "Stands in front of the number", "text", nil, ""},
	{SettingOrderNext, "Documents", "Next purchase order number", "Can only be raised", "number", nil, ""},
	{"number_padding", "Documents", "Digits of a number", "5 makes INV-00042", "number", nil, ""},
	{"default_sales_tax_rate", "Documents", "Tax on sales, %", "Used until Xero's accounts say otherwise", "number", nil, ""},
	{"default_purchase_tax_rate", "Documents", "Tax on purchases, %", "Used until Xero's accounts say otherwise", "number", nil, ""},
	{"invoice_terms", "Documents", "Terms on invoices", "Printed below the totals of invoices, and of quotes without terms of their own", "multiline", nil, ""},
	{"payment_reminder_schedule", "Documents", "Payment reminders", "After how many days overdue a client is reminded", "json", nil, ""},

	{"timesheet_approval", "Work", "Approval of timesheets", "Whether work must be approved before it is invoiced", "choice", []string{"off", "required"}, ""},
	{"budget_alerts", "Work", "Budget alerts", "Tell when a project nears or passes its budget", "boolean", nil, ""},

	{"xero_sales_account_code", "Xero", "Sales account", "Of invoice lines", "account", nil, ""},
	{"xero_purchase_account_code", "Xero", "Purchase account", "Of purchase order lines", "account", nil, ""},
	{"xero_invoice_status", "Xero", "Invoices are created as", "", "choice", []string{StatusDraft, StatusAuthorised}, ""},
	{"xero_po_status", "Xero", "Purchase orders are created as", "", "choice", []string{StatusDraft, StatusAuthorised}, ""},
	{"sync_alert_minutes", "Xero", "Minutes a document may wait", "Then those who may pause sending are told, by mail too; 0 tells nobody", "number", nil, ""},

	{"smtp_host", "Mail", "Mail server", "Empty uses the server of the program's environment, if it names one", "text", nil, ""},
	{"smtp_port", "Mail", "Port", "465 is encrypted from the start, any other by STARTTLS", "number", nil, ""},
	{"smtp_user", "Mail", "User", "Empty when the server wants none", "text", nil, ""},
	{SettingSMTPPassword, "Mail", "Password", "Kept encrypted and shown to nobody", "secret", nil, ""},
	{"smtp_from", "Mail", "Sender", "An address, or a name and an address", "text", nil, ""},

	{SettingStorage, "Files", "Files are kept", "Empty is as the program's environment says. What lies elsewhere stays there until it is moved", "choice", []string{"", string(PlaceLocal), string(PlaceS3), string(PlaceDrive)}, ""},
	{SettingS3Bucket, "Files", "S3 bucket", "", "text", nil, ""},
	{SettingS3Region, "Files", "S3 region", "Such as ap-southeast-2", "text", nil, ""},
	{SettingS3KeyID, "Files", "S3 access key id", "Kept encrypted and shown to nobody", "secret", nil, ""},
	{SettingS3Secret, "Files", "S3 secret access key", "Kept encrypted and shown to nobody", "secret", nil, ""},
	{SettingS3Endpoint, "Files", "S3 endpoint", "Only of a store other than Amazon's", "text", nil, ""},
	{SettingStoragePrefix, "Files", "Beginning of S3 keys", "Empty is uploads/", "text", nil, ""},
	{SettingS3LinkBase, "Files", "Address of links", "Of a CDN that gives the bucket out by signed links; empty has this program give files out", "text", nil, ""},
	{SettingDriveClientID, "Files", "Google client id", "Of an OAuth client in Google's console", "text", nil, ""},
	{SettingDriveClientSecret, "Files", "Google client secret", "Kept encrypted and shown to nobody", "secret", nil, ""},
	{SettingDriveRedirectURI, "Files", "Google redirect address", "As Google's console has it; empty is this program's own", "text", nil, ""},
	{SettingDriveFolder, "Files", "Google Drive folder", "The id in the folder's address; empty has one made", "text", nil, ""},
}

// SettingsPage are the words of all settings, in the order of the page. One
// without words of its own is shown by its key.
func SettingsPage() []SettingWords {
	page := make([]SettingWords, 0, len(SettingKeys))
	for _, w := range settingWords {
		if i := slices.IndexFunc(SettingKeys, func(s Setting) bool { return s.Key == w.Key }); i >= 0 {
			w.Default = SettingKeys[i].Default
			page = append(page, w)
		}
	}
	for _, s := range SettingKeys {
		if !slices.ContainsFunc(page, func(w SettingWords) bool { return w.Key == s.Key }) {
			label := strings.ReplaceAll(s.Key, "_", " ")
			page = append(page, SettingWords{Key: s.Key, Group: "Other", Label: strings.ToUpper(label[:1]) + label[1:], Description: "Must be " + s.wants, Type: "text", Default: s.Default})
		}
	}
	return page
}

// IsSecret reports whether a setting is kept sealed and shown to nobody.
func IsSecret(key string) bool { return slices.Contains(SettingSecrets, key) }

// IsSetting reports whether the firm has a setting with this key.
func IsSetting(key string) bool {
	return slices.ContainsFunc(SettingKeys, func(s Setting) bool { return s.Key == key })
}

var userSettingKey = regexp.MustCompile(`^[a-z0-9_]{1,100}$`)

// CheckUserSetting refuses a setting of a person's own whose key or value cannot
// be kept.
func CheckUserSetting(key, value string) error {
	var f Faults
	f.Require(userSettingKey.MatchString(key), "key", "Key must be 1 to 100 lower-case letters, digits and underscores")
	f.Require(text(10_000)(value), "value", "Value must have at most 10000 characters")
	return f.Err("")
}
