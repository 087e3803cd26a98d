package api

import (
	"cmp"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type sendInvoiceInput struct {
	byID
	Body struct {
		fieldops.MailRequest
		Certificates bool `json:"attach_certificates,omitempty" doc:"Attach the approved certificates of the projects, too"`
	}
}

func (a *api) sendInvoice(r *request, in *sendInvoiceInput) (fieldops.Mail, error) {
	return a.Billing.MailInvoice(r.Context(), r.Actor, in.ID, in.Body.MailRequest, in.Body.Certificates, func(tx *store.Tx, m fieldops.Mail) error { return r.keep(tx, m) })
}

// invoiceCertificates are what the mail of an invoice can bring along.
func (a *api) invoiceCertificates(r *request, in *byID) ([]fieldops.SafetyDocument, error) {
	if _, err := a.DB.Invoice(r.Context(), in.ID); err != nil {
		return nil, err
	}
	return a.DB.InvoiceCertificates(r.Context(), in.ID)
}

// invoiceMails are an invoice's own mails and the reminders of it.
func (a *api) invoiceMails(r *request, in *byID) ([]fieldops.Mail, error) {
	if _, err := a.DB.AnyInvoice(r.Context(), in.ID); err != nil {
		return nil, err
	}
	return a.DB.Mails(r.Context(), store.MailFilter{EntityType: "invoice", EntityID: in.ID, Limit: 100})
}

func (a *api) getReminderSchedule(r *request, _ *nothing) (fieldops.ReminderSchedule, error) {
	settings, err := a.DB.Settings(r.Context())
	return settings.Reminders, err
}

type reminderScheduleInput struct {
	Body struct {
		DaysAfterDue  *[]int            `json:"days_after_due,omitempty"`
		Enabled       *bool             `json:"enabled,omitempty"`
		EmailTemplate Optional[*string] `json:"email_template,omitempty"`
	}
}

type scheduleAnswer struct {
	Success  bool                      `json:"success"`
	Schedule fieldops.ReminderSchedule `json:"schedule"`
}

// putReminderSchedule changes the fields sent.
func (a *api) putReminderSchedule(r *request, in *reminderScheduleInput) (scheduleAnswer, error) {
	ctx := r.Context()
	answer := scheduleAnswer{Success: true}
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		s := settings.Reminders
		if in.Body.DaysAfterDue != nil {
			s.DaysAfterDue = *in.Body.DaysAfterDue
		}
		if in.Body.Enabled != nil {
			s.Enabled = *in.Body.Enabled
		}
		stringInto(in.Body.EmailTemplate, &s.EmailTemplate)
		answer.Schedule = s
		return tx.SetReminders(ctx, &answer.Schedule)
	})
	return answer, err
}

type sendReminderInput struct {
	Body struct {
		InvoiceID    *string `json:"invoice_id"`
		ReminderType string  `json:"reminder_type,omitempty" doc:"manual, or a threshold such as days_7, which is sent once"`
	}
}

type reminderAnswer struct {
	Success  bool              `json:"success"`
	Message  string            `json:"message"`
	Reminder fieldops.Reminder `json:"reminder"`
}

func (a *api) sendReminder(r *request, in *sendReminderInput) (reminderAnswer, error) {
	var f fieldops.Faults
	invoice := idOf(in.Body.InvoiceID, "invoice_id", &f)
	f.Require(invoice != nil || len(f) > 0, "invoice_id", "Invoice is required")
	if err := f.Err(""); err != nil {
		return reminderAnswer{}, err
	}
	reminder, err := a.Billing.Remind(r.Context(), r.Actor, *invoice, cmp.Or(in.Body.ReminderType, fieldops.ManualReminder))
	return reminderAnswer{true, "The reminder is on its way", reminder}, err
}

type remindersAnswer struct {
	Success bool `json:"success"`
	Sent    int  `json:"sent"`
	Failed  int  `json:"failed"`
}

func (a *api) processReminders(r *request, _ *nothing) (remindersAnswer, error) {
	done, err := a.Billing.ProcessReminders(r.Context(), r.Actor)
	return remindersAnswer{true, done.Sent, done.Failed}, err
}

type reminderHistoryInput struct {
	InvoiceID fieldops.ID   `query:"invoice_id" format:"uuid"`
	DateFrom  fieldops.Date `query:"date_from"`
	DateTo    fieldops.Date `query:"date_to"`
	listQuery
}

func (a *api) reminderHistory(r *request, in *reminderHistoryInput) ([]fieldops.Reminder, error) {
	limit, date, id, err := in.place()
	if err != nil {
		return nil, err
	}
	reminders, err := a.DB.Reminders(r.Context(), store.ReminderFilter{
		InvoiceID: in.InvoiceID, From: in.DateFrom, To: in.DateTo, Limit: limit, AfterDate: date, AfterID: id,
	})
	if n := len(reminders); n > 0 {
		r.linkNext(n == limit, reminders[n-1].SentDate, reminders[n-1].ID)
	}
	return reminders, err
}
