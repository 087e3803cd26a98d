package fieldops

import "fmt"

// ReasonCode names, for programs, why work is unbilled.
type ReasonCode string

// The reasons, in the order in which they are given: what nobody will ever bill
// comes before what somebody still has to do.
const (
	NotBillable  ReasonCode = "not_billable"
	OnDraft      ReasonCode = "on_draft"
	QuotedFixed  ReasonCode = "fixed_price"
	NoClient     ReasonCode = "no_client"
	NoRate       ReasonCode = "no_rate"
	NotApproved  ReasonCode = "not_approved"
	OnHold       ReasonCode = "on_hold"
	ProjectsTurn ReasonCode = "waiting_for_project"
	Uncertified  ReasonCode = "no_certificate"
	NotInvoiced  ReasonCode = "not_selected"
)

// ReasonCodes are all reasons in their order.
var ReasonCodes = []ReasonCode{NotBillable, OnDraft, QuotedFixed, NoClient, NoRate, NotApproved, OnHold, ProjectsTurn, Uncertified, NotInvoiced}

// Keeps reports whether the reason keeps work off an invoice. Work without a
// rate may be invoiced, with a warning.
func (c ReasonCode) Keeps() bool { return c != NotInvoiced && c != NoRate }

// Reason says why an entry is unbilled, what would change it, who must act, and
// where in the web app.
type Reason struct {
	Code    ReasonCode `json:"code"`
	Message string     `json:"message"`
	Remedy  string     `json:"remedy"`
	Who     WhoMustAct `json:"who_must_act"`
	Link    string     `json:"link"`
}

// IsBilled reports whether the entry is billed for good: it stands on an
// invoice that has been approved.
func (t *Timesheet) IsBilled() bool {
	return t.InvoiceID != nil && t.InvoiceStatus != StatusDraft && t.InvoiceStatus != StatusSubmitted
}

// Unbilled says why the entry is unbilled: every reason in order, of which the
// first one counts. Billed work has none, and unbilled work always has one.
func (t *Timesheet) Unbilled(approvalRequired bool) []Reason {
	if t.IsBilled() {
		return nil
	}
	var reasons []Reason
	add := func(code ReasonCode, message string) {
		general := GeneralReason(code)
		general.Message, general.Link = message, t.reasonLink(code, general.Link)
		reasons = append(reasons, general)
	}
	if t.NotBillable {
		add(NotBillable, "The entry is marked as not billable")
	} else if t.Project.BillingMethod == NonBillable {
		add(NotBillable, fmt.Sprintf("Nothing of project %s is billed", t.ProjectCode))
	}
	if t.InvoiceID != nil {
		add(OnDraft, fmt.Sprintf("It stands on invoice %s, which is still a draft", t.InvoiceNumber))
	}
	if t.Project.BillingMethod == FixedPrice {
		add(QuotedFixed, fmt.Sprintf("Project %s is billed at a fixed price, not by its hours", t.ProjectCode))
	}
	if t.ClientID == nil {
		add(NoClient, "The entry belongs to no client")
	}
	if t.HourlyRate == 0 {
		add(NoRate, "Its hourly rate is 0, so it is worth nothing")
	}
	if approvalRequired && t.ApprovedAt.IsZero() {
		add(NotApproved, "Nobody has approved it yet")
	}
	for _, hold := range []struct {
		reason *string
		what   string
	}{{t.HoldReason, "The entry"}, {t.Project.BillingHold, "Project " + t.ProjectCode}, {t.ClientHold, t.ClientName}} {
		if hold.reason != nil {
			add(OnHold, fmt.Sprintf("%s is on hold: %s", hold.what, *hold.reason))
			break
		}
	}
	if t.Project.BillOnCompletion && !ProjectDone(t.ProjectStatus) {
		add(ProjectsTurn, fmt.Sprintf("Project %s is billed when it is completed, and it is %s", t.ProjectCode, t.ProjectStatus))
	}
	if t.Uncertified && t.Project.CertificateRequired != nil {
		add(Uncertified, fmt.Sprintf("Project %s needs an approved %s before its work is invoiced, and has none", t.ProjectCode, t.Project.CertificateRequired.Short()))
	}
	if len(reasons) == 0 {
		add(NotInvoiced, "It is ready and nobody has put it on an invoice yet")
	}
	return reasons
}

// KeptOff is the first reason that keeps the entry off an invoice, and nil when
// it can be invoiced.
func (t *Timesheet) KeptOff(approvalRequired bool) *Reason {
	for _, r := range t.Unbilled(approvalRequired) {
		if r.Code.Keeps() {
			return &r
		}
	}
	return nil
}

// ProjectDone reports whether a project of this status is completed.
func ProjectDone(status string) bool {
	return status == "completed" || status == "invoiced" || status == "paid"
}

// GeneralReason words a reason for many entries at once.
func GeneralReason(code ReasonCode) Reason {
	switch code {
	case NotBillable:
		return Reason{code, "Marked as not billable", "Mark the entry, or its project, as billable if it is to be billed after all", Nobody, "/timesheets"}
	case OnDraft:
		return Reason{code, "On an invoice that is still a draft", "Approve the invoice in Xero, or delete it to release the work", Office, "/financials/invoices"}
	case QuotedFixed:
		return Reason{code, "On a project at a fixed price", "Invoice the price agreed upon, from the quote", Office, "/projects"}
	case NoClient:
		return Reason{code, "Work for no client", "Give the entry's project a client, or name one in the entry", Office, "/timesheets"}
	case NoRate:
		return Reason{code, "Without an hourly rate", "Give the activity a rate and choose it anew in the entry; or invoice it at 0.00", Office, "/activity-types"}
	case NotApproved:
		return Reason{code, "Not approved yet", "Somebody who may approve timesheets looks at it and approves it", Office, "/timesheets?approval=waiting"}
	case OnHold:
		return Reason{code, "On hold", "Release the hold once its reason is gone", Office, "/timesheets"}
	case ProjectsTurn:
		return Reason{code, "Waiting for the project to be completed", "Set the project to completed when it is done", Office, "/projects"}
	case Uncertified:
		return Reason{code, "Without the certificate that the project requires", "Make the certificate, complete it and have it approved", Office, "/safety-documents"}
	default:
		return Reason{NotInvoiced, "Ready and not invoiced yet", "Put it on an invoice", Office, "/unbilled"}
	}
}

// reasonLink leads to the record that has to change.
func (t *Timesheet) reasonLink(code ReasonCode, general string) string {
	switch {
	case code == OnDraft && t.InvoiceID != nil:
		return "/financials/invoices/" + *t.InvoiceID
	case code == OnHold && t.HoldReason == nil && t.Project.BillingHold == nil && t.ClientID != nil:
		return "/clients/" + *t.ClientID
	case code == OnHold && t.HoldReason != nil, code == NoClient, code == NotBillable && t.NotBillable, code == NotApproved:
		return "/timesheets/" + t.ID
	case code == NotInvoiced && t.ClientID != nil:
		return "/unbilled?client_id=" + *t.ClientID
	case code == NoRate:
		return general
	case code == Uncertified && t.ProjectID != nil:
		return "/safety-documents?project_id=" + *t.ProjectID + "&document_type=" + string(*t.Project.CertificateRequired)
	case t.ProjectID != nil:
		return "/projects/" + *t.ProjectID
	}
	return general
}

// SameWork reports whether two versions of an entry tell of the same work, so
// that an approval of one holds for the other. Photos do not matter.
func (t *Timesheet) SameWork(o *Timesheet) bool {
	same := func(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
	return same(t.UserID, o.UserID) && same(t.ProjectID, o.ProjectID) && same(t.ClientID, o.ClientID) &&
		same(t.ActivityTypeID, o.ActivityTypeID) && same(t.CostCenterID, o.CostCenterID) && t.Date == o.Date &&
		t.Hours == o.Hours && t.NotBillable == o.NotBillable && same(t.Notes, o.Notes) && same(t.Location, o.Location)
}
