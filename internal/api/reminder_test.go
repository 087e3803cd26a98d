package api

import (
	"context"
	"testing"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
)

// silentServer takes every mail.
type silentServer struct{}

func (silentServer) Send(context.Context, fieldops.MailServer, string, fieldops.MailMessage) error {
	return nil
}

// mails sets a mail server up.
func (f *firm) mails() {
	f.api.Billing.SendBy(billing.NewPost(billing.PostConfig{DB: f.db, Transport: silentServer{}, Server: fieldops.MailServer{Host: "mail.test", Port: 587, From: "a@firm.test"}}))
}

func TestReminderAndMailScenarios(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		const line = `"line_items":[{"description":"a","amount":100}]`
		f.play([]scenario{
			{who: "admin", ask: "PUT /api/settings/xero_invoice_status", body: `{"value":"AUTHORISED"}`, status: 200},
			{who: "manager", ask: manual, body: `{"client_id":"{client}","issue_date":"2026-01-01","due_date":"2026-01-20",` + line + `}`, status: 202, save: "invoice", parts: []string{`"sent_at":null`}},
			{who: "manager", ask: quoting, body: `{"client_id":"{client}",` + line + `}`, status: 201, save: "quote"},
			{who: "tech", ask: "GET /api/xero/reminders/schedule", status: 403},
			{who: "manager", ask: "GET /api/xero/reminders/schedule", status: 200, parts: []string{`"days_after_due":[7,14,30]`, `"enabled":false`, `"email_template":""`}},
			{who: "manager", ask: "PUT /api/xero/reminders/schedule", body: `{"enabled":true}`, status: 403},
			{who: "admin", ask: "PUT /api/xero/reminders/schedule", body: `{"days_after_due":[0,400],"email_template":"Dear {{friend}}"}`, status: 400, parts: []string{`"field":"days_after_due"`, `"field":"email_template"`, "{{number}}"}},
			{who: "admin", ask: "PUT /api/xero/reminders/schedule", body: `{"days_after_due":[]}`, status: 400, parts: []string{`"field":"days_after_due"`}},
			{who: "admin", ask: "PUT /api/xero/reminders/schedule", body: `{"days_after_due":[14,7],"enabled":true,"email_template":"Pay {{number}}"}`, status: 200, parts: []string{`"success":true`, `"days_after_due":[7,14]`}},
			{who: "admin", ask: "PUT /api/xero/reminders/schedule", body: `{"email_template":null}`, status: 200, parts: []string{`"days_after_due":[7,14]`, `"enabled":true`, `"email_template":""`}},
			// Without a mail server nothing counts as sent.
			{who: "manager", ask: "POST /api/xero/reminders/process", status: 409, parts: []string{"No mail server is set up"}},
			{who: "manager", ask: "POST /api/xero/reminders/send", body: `{"invoice_id":"{invoice}"}`, status: 409, parts: []string{"No mail server is set up"}},
			{who: "manager", ask: "POST /api/xero/invoices/{invoice}/send", body: `{}`, status: 409, parts: []string{"No mail server is set up"}},
			{who: "manager", ask: "GET /api/xero/reminders/history", status: 200, parts: []string{"[]"}},
		})
		f.mails()
		f.play([]scenario{
			{who: "tech", ask: "POST /api/xero/invoices/{invoice}/send", body: `{}`, status: 403},
			{who: "manager", ask: "POST /api/xero/invoices/{invoice}/send", body: `{}`, status: 400, parts: []string{"has no email address", `"field":"to"`}},
			{who: "manager", ask: "POST /api/xero/reminders/process", status: 200, parts: []string{`"success":true`, `"sent":0`, `"failed":1`}},
			{who: "manager", ask: "PUT /api/clients/{client}", body: `{"email":"cafe@kowhai.test"}`, status: 200},
			{who: "manager", ask: "POST /api/xero/invoices/{invoice}/send", body: `{"to":"x","message":"Hello"}`, status: 400, parts: []string{`"field":"to"`}},
			{who: "manager", ask: "POST /api/xero/invoices/{nowhere}/send", body: `{}`, status: 404, parts: []string{"Invoice not found"}},
			{who: "manager", ask: "POST /api/xero/invoices/{invoice}/send", body: `{"subject":"Yours"}`, status: 202, parts: []string{`"recipient":"cafe@kowhai.test"`, `"subject":"Yours"`, `"status":"queued"`, `"kind":"invoice"`}},
			{who: "manager", ask: "GET /api/xero/invoices/{invoice}/mails", status: 200, parts: []string{`"subject":"Yours"`}},
			{who: "manager", ask: "POST /api/xero/quotes/{quote}/send", body: `{"email":true}`, status: 200, parts: []string{`"status":"SENT"`}},
			{who: "manager", ask: "GET /api/xero/quotes/{quote}/mails", status: 200, parts: []string{`"kind":"quote"`, `"recipient":"cafe@kowhai.test"`}},
			{who: "manager", ask: "POST /api/xero/reminders/send", body: `{"reminder_type":"weekly"}`, status: 400, parts: []string{`"field":"invoice_id"`}},
			{who: "manager", ask: "POST /api/xero/reminders/send", body: `{"invoice_id":"{invoice}","reminder_type":"weekly"}`, status: 400, parts: []string{`"field":"reminder_type"`}},
			{who: "manager", ask: "POST /api/xero/reminders/send", body: `{"invoice_id":"{invoice}"}`, status: 200, parts: []string{`"success":true`, `"reminder_type":"manual"`}},
			{who: "manager", ask: "POST /api/xero/reminders/process", status: 200, parts: []string{`"sent":1`, `"failed":0`}},
			{who: "manager", ask: "POST /api/xero/reminders/process", status: 200, parts: []string{`"sent":0`}},
			{who: "manager", ask: "GET /api/xero/reminders/history?invoice_id={invoice}", status: 200, parts: []string{`"reminder_type":"days_14"`, `"skipped":true`, `"invoice_number":"INV-00001"`, `"client_name":"Kōwhai Café"`, `"mail_status":"queued"`}},
			{who: "manager", ask: "GET /api/xero/reminders/history?date_from=2150-01-01", status: 200, parts: []string{"[]"}},
		})
	})
}
