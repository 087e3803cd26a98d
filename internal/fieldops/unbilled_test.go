package fieldops

import (
	"slices"
	"strings"
	"testing"
)

func TestWhyWorkIsUnbilled(t *testing.T) {
	t.Parallel()
	client, invoice, reason := NewID(), NewID(), "Waiting for the client's order"
	certificate := SafetyCompliance
	entry := func(change func(*Timesheet)) Timesheet {
		e := Timesheet{
			ID: NewID(), ClientID: &client, ProjectID: &client, HourlyRate: 950_000, Hours: 10_000, ApprovedAt: Time{}, ProjectCode: "PRJ-1",
			Project: ProjectBilling{BillingMethod: TimeAndMaterials}, ProjectStatus: "in-progress", ClientName: "Kōwhai",
		}
		change(&e)
		return e
	}
	for name, c := range map[string]struct {
		change   func(*Timesheet)
		required bool
		want     []ReasonCode
		kept     ReasonCode // "" when it can be invoiced
		says     string
	}{
		"ready":                   {func(*Timesheet) {}, false, []ReasonCode{NotInvoiced}, "", "ready"},
		"not billable":            {func(e *Timesheet) { e.NotBillable = true }, false, []ReasonCode{NotBillable}, NotBillable, "not billable"},
		"a project for nothing":   {func(e *Timesheet) { e.Project.BillingMethod = NonBillable }, false, []ReasonCode{NotBillable}, NotBillable, "PRJ-1"},
		"on a draft":              {func(e *Timesheet) { e.InvoiceID, e.InvoiceStatus, e.InvoiceNumber = &invoice, StatusDraft, "INV-1" }, false, []ReasonCode{OnDraft}, OnDraft, "INV-1"},
		"submitted":               {func(e *Timesheet) { e.InvoiceID, e.InvoiceStatus = &invoice, StatusSubmitted }, false, []ReasonCode{OnDraft}, OnDraft, ""},
		"billed":                  {func(e *Timesheet) { e.InvoiceID, e.InvoiceStatus = &invoice, StatusAuthorised }, true, nil, "", ""},
		"paid":                    {func(e *Timesheet) { e.InvoiceID, e.InvoiceStatus = &invoice, StatusPaid }, true, nil, "", ""},
		"fixed price":             {func(e *Timesheet) { e.Project.BillingMethod = FixedPrice }, false, []ReasonCode{QuotedFixed}, QuotedFixed, "fixed price"},
		"for nobody":              {func(e *Timesheet) { e.ClientID = nil }, false, []ReasonCode{NoClient}, NoClient, "no client"},
		"for nothing":             {func(e *Timesheet) { e.HourlyRate = 0 }, false, []ReasonCode{NoRate}, "", "rate is 0"},
		"for nothing and held":    {func(e *Timesheet) { e.HourlyRate, e.HoldReason = 0, &reason }, false, []ReasonCode{NoRate, OnHold}, OnHold, "rate is 0"},
		"approval is off":         {func(*Timesheet) {}, false, []ReasonCode{NotInvoiced}, "", ""},
		"not approved":            {func(*Timesheet) {}, true, []ReasonCode{NotApproved}, NotApproved, "approved"},
		"approved":                {func(e *Timesheet) { e.ApprovedAt = At(Date("2026-01-01").Time()) }, true, []ReasonCode{NotInvoiced}, "", ""},
		"held":                    {func(e *Timesheet) { e.HoldReason = &reason }, false, []ReasonCode{OnHold}, OnHold, "The entry is on hold: " + reason},
		"project held":            {func(e *Timesheet) { e.Project.BillingHold = &reason }, false, []ReasonCode{OnHold}, OnHold, "Project PRJ-1 is on hold"},
		"client held":             {func(e *Timesheet) { e.ClientHold = &reason }, false, []ReasonCode{OnHold}, OnHold, "Kōwhai is on hold"},
		"waiting for the project": {func(e *Timesheet) { e.Project.BillOnCompletion = true }, false, []ReasonCode{ProjectsTurn}, ProjectsTurn, "in-progress"},
		"the project is done":     {func(e *Timesheet) { e.Project.BillOnCompletion, e.ProjectStatus = true, "completed" }, false, []ReasonCode{NotInvoiced}, "", ""},
		"without certificate":     {func(e *Timesheet) { e.Project.CertificateRequired, e.Uncertified = &certificate, true }, false, []ReasonCode{Uncertified}, Uncertified, "approved CoC"},
		"certified":               {func(e *Timesheet) { e.Project.CertificateRequired = &certificate }, false, []ReasonCode{NotInvoiced}, "", ""},
		"everything at once": {func(e *Timesheet) {
			e.NotBillable, e.ClientID, e.HourlyRate, e.HoldReason, e.Project = true, nil, 0, &reason, ProjectBilling{FixedPrice, true, &reason, &certificate}
			e.InvoiceID, e.InvoiceStatus, e.Uncertified = &invoice, StatusDraft, true
		}, true, ReasonCodes[:9], NotBillable, "not billable"},
	} {
		e := entry(c.change)
		reasons := e.Unbilled(c.required)
		var got []ReasonCode
		for _, r := range reasons {
			got = append(got, r.Code)
			if r.Message == "" || r.Remedy == "" || r.Who == "" || r.Link == "" {
				t.Errorf("%s: %+v does not say everything", name, r)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if len(reasons) > 0 && !strings.Contains(reasons[0].Message, c.says) {
			t.Errorf("%s: %q, want %q in it", name, reasons[0].Message, c.says)
		}
		var kept ReasonCode
		if r := e.KeptOff(c.required); r != nil {
			kept = r.Code
		}
		if kept != c.kept {
			t.Errorf("%s: kept off by %q, want %q", name, kept, c.kept)
		}
	}
}
