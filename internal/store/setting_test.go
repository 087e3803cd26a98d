package store

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"
)

// otherSettings are a value of each setting that is not its default.
var otherSettings = map[string]string{
	"company_name": "Ohm Ltd", "timezone": "Australia/Perth", "currency": "AUD", "xero_sales_account_code": "200", "xero_purchase_account_code": "300",
	"xero_invoice_status": fieldops.StatusAuthorised, "xero_po_status": fieldops.StatusAuthorised, "default_sales_tax_rate": "10", "default_purchase_tax_rate": "10",
	"invoice_prefix": "A-", "po_prefix": "B-", "quote_prefix": "C-", "credit_note_prefix": "D-", "bill_prefix": "E-", "number_padding": "3",
	"timesheet_approval": fieldops.ApprovalRequired, "financial_year_start_month": "7", "budget_alerts": "false", "sync_alert_minutes": "5",
	fieldops.SettingReminders: `{"days_after_due":[5],"enabled":true,"email_template":""}`,
	"company_logo":            "/branding/logo?v=1.png", "company_favicon": "/branding/favicon?v=1.ico", "company_address": "1 Road", "company_phone": "1",
	"company_email": "a@b.nz", "company_tax_number": "1", "invoice_terms": "Soon", "smtp_host": "mail.example.com", "smtp_port": "25", "smtp_user": "u",
	fieldops.SettingSMTPPassword: "sealed", "smtp_from": "a@b.nz",
	fieldops.SettingStorage: "s3", fieldops.SettingStoragePrefix: "files/", fieldops.SettingS3Bucket: "photos", fieldops.SettingS3Region: "ap-southeast-2",
	fieldops.SettingS3KeyID: "sealed", fieldops.SettingS3Secret: "sealed", fieldops.SettingS3Endpoint: "https://s3.example.com", fieldops.SettingS3LinkBase: "https://cdn.example.com",
	fieldops.SettingDriveClientID: "id", fieldops.SettingDriveClientSecret: "sealed", fieldops.SettingDriveRedirectURI: "https://example.com/back", fieldops.SettingDriveFolder: "id",
}

// TestEverySettingIsRead finds what somebody can set and nothing heeds: each is
// the next number of a series, or changes a part of the typed settings that some
// code outside their definition uses.
func TestEverySettingIsRead(t *testing.T) {
	t.Parallel()
	code := sources(t)
	plain := reflect.ValueOf(fieldops.ReadSettings(nil))
	for _, s := range fieldops.SettingKeys {
		if _, ok := numberSeries[s.Key]; ok {
			continue
		}
		value, ok := otherSettings[s.Key]
		if err := fieldops.CheckSetting(s.Key, value); !ok || err != nil {
			t.Errorf("%s: the test needs a value of it, %v", s.Key, err)
			continue
		}
		changed, used := reflect.ValueOf(fieldops.ReadSettings(map[string]string{s.Key: value})), false
		for i := range plain.NumField() {
			before, after := plain.Field(i), changed.Field(i)
			if !reflect.DeepEqual(before.Interface(), after.Interface()) {
				used = used || regexp.MustCompile(`(?:ettings|\bs|\bfirm)\.`+plain.Type().Field(i).Name+`\b`).MatchString(code)
			}
		}
		if !used {
			t.Errorf("%s can be set, but nothing reads it", s.Key)
		}
	}
}

// sources is the code of the program without tests and without the definition of
// the settings.
func sources(t *testing.T) string {
	t.Helper()
	var code strings.Builder
	for _, pattern := range []string{"../*/*.go", "../../cmd/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%d files, %v", len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(filepath.Base(file), "settings") {
				continue
			}
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(content)
		}
	}
	return code.String()
}
