package fieldops

import (
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"
)

// The states of a client.
const (
	ClientActive   = "active"
	ClientInactive = "inactive"
)

// Limits of what a person may write into a timesheet or set as a rate.
const (
	MinHours E4 = 2_500   // a quarter of an hour
	MaxHours E4 = 240_000 // a day
	MaxRate  E4 = 1_000_000_000
)

// MaxHoldReason is the longest reason of a hold, in characters.
const MaxHoldReason = 500

// MaxBudget is the largest budget.
const MaxBudget Cents = 999_999_999_999

func required(f *Faults, field, label, value string) {
	f.Require(strings.TrimSpace(value) != "", field, "%s is required", label)
}

func atMost(f *Faults, field, label string, limit int, value *string) {
	if value != nil {
		f.Require(utf8.RuneCountInString(*value) <= limit, field, "%s must have at most %d characters", label, limit)
		f.Require(!strings.ContainsRune(*value, 0) && utf8.ValidString(*value), field, "%s holds characters that cannot be kept", label)
	}
}

func emailAddress(f *Faults, field, label string, value *string) {
	if value != nil && *value != "" {
		f.Require(ValidEmail(*value), field, "%s must be a valid email address", label)
	}
}

// ValidEmail reports whether s is one plain address, without a name beside it.
func ValidEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 254 && strings.Contains(s[strings.LastIndexByte(s, '@'):], ".")
}

// Check refuses a person whose name or address breaks a rule.
func (u *User) Check() error {
	var f Faults
	required(&f, "name", "Name", u.Name)
	atMost(&f, "name", "Name", 255, &u.Name)
	f.Require(ValidEmail(u.Email), "email", "Email must be a valid email address")
	atMost(&f, "avatar", "Avatar", 2000, u.Avatar)
	f.Require(u.Role.Valid(), "role", "Role must be admin, manager or user")
	return f.Err("")
}

// Check refuses a client that breaks a rule, naming every broken one.
func (c *Client) Check() error {
	var f Faults
	required(&f, "name", "Name", c.Name)
	atMost(&f, "name", "Name", 255, &c.Name)
	atMost(&f, "contact_name", "Contact name", 255, c.ContactName)
	atMost(&f, "email", "Email", 255, c.Email)
	emailAddress(&f, "email", "Email", c.Email)
	atMost(&f, "phone", "Phone", 50, c.Phone)
	atMost(&f, "address", "Address", 2000, c.Address)
	atMost(&f, "location", "Location", 255, c.Location)
	atMost(&f, "billing_address", "Billing address", 2000, c.BillingAddress)
	atMost(&f, "billing_email", "Billing email", 255, c.BillingEmail)
	emailAddress(&f, "billing_email", "Billing email", c.BillingEmail)
	atMost(&f, "notes", "Notes", 10_000, c.Notes)
	atMost(&f, "billing_hold", "The reason of a hold", MaxHoldReason, c.BillingHold)
	f.Require(slices.Contains([]string{Customer, Supplier, CustomerSupplier}, c.ClientType), "client_type",
		"Client type must be customer, supplier or both")
	f.Require(c.Status == ClientActive || c.Status == ClientInactive, "status", "Status must be active or inactive")
	c.PaymentTerms.Validate(&f)
	return f.Err("")
}

// Check refuses a project that breaks a rule, naming every broken one.
func (p *Project) Check() error {
	var f Faults
	required(&f, "name", "Name", p.Name)
	atMost(&f, "name", "Name", 255, &p.Name)
	atMost(&f, "description", "Description", 10_000, p.Description)
	f.Require(slices.Contains(ProjectStatuses, p.Status), "status", "Status must be one of %s", strings.Join(ProjectStatuses, ", "))
	f.Require(p.Budget >= 0 && p.Budget <= MaxBudget, "budget", "Budget must be between 0 and %s", MaxBudget)
	f.Require(slices.Contains([]string{TimeAndMaterials, FixedPrice, NonBillable}, p.BillingMethod), "billing_method",
		"Billing method must be %s, %s or %s", TimeAndMaterials, FixedPrice, NonBillable)
	atMost(&f, "billing_hold", "The reason of a hold", MaxHoldReason, p.BillingHold)
	f.Require(p.CertificateRequired == nil || p.CertificateRequired.IsCertificate(), "certificate_required",
		"The certificate must be %s or %s, or none", SafetyCompliance, SafetyESC)
	atMost(&f, "xero_project_id", "Xero project", 100, p.XeroID)
	f.Require(p.StartDate == "" || p.EndDate == "" || p.EndDate >= p.StartDate, "end_date", "End date must not be before the start date")
	return f.Err("")
}

// Check refuses a cost centre that breaks a rule, naming every broken one.
func (c *CostCenter) Check() error {
	var f Faults
	required(&f, "code", "Code", c.Code)
	atMost(&f, "code", "Code", 20, &c.Code)
	required(&f, "name", "Name", c.Name)
	atMost(&f, "name", "Name", 255, &c.Name)
	atMost(&f, "description", "Description", 10_000, c.Description)
	f.Require(c.Budget >= 0 && c.Budget <= MaxBudget, "budget", "Budget must be between 0 and %s", MaxBudget)
	atMost(&f, "xero_tracking_category_id", "Tracking category", 100, c.TrackingID)
	atMost(&f, "client_po_number", "Client PO number", 255, c.ClientPONumber)
	return f.Err("")
}

// Check refuses an activity type that breaks a rule, naming every broken one.
func (a *ActivityType) Check() error {
	var f Faults
	required(&f, "name", "Name", a.Name)
	atMost(&f, "name", "Name", 255, &a.Name)
	required(&f, "icon", "Icon", a.Icon)
	atMost(&f, "icon", "Icon", 50, &a.Icon)
	required(&f, "color", "Color", a.Color)
	atMost(&f, "color", "Color", 50, &a.Color)
	f.Require(a.HourlyRate >= 0 && a.HourlyRate <= MaxRate, "hourly_rate", "Hourly rate must be between 0 and %s", MaxRate)
	f.Require(a.CostRate == nil || *a.CostRate >= 0 && *a.CostRate <= MaxRate, "cost_rate", "Cost rate must be between 0 and %s", MaxRate)
	return f.Err("")
}

// Check notes what is wrong with the entry by itself; whether the records that
// it names exist is the store's to say. today is the firm's own day: work of
// tomorrow may be written today, for those who are ahead of the firm's zone.
func (t *Timesheet) Check(f *Faults, today Date) {
	if t.Date == "" {
		f.Add("date", "Date is required")
	} else {
		f.Require(t.Date <= today.AddDays(1), "date", "Date must not be in the future")
		f.Require(t.Date >= "2000-01-01", "date", "Date must not be before 2000")
	}
	f.Require(t.Hours >= MinHours && t.Hours <= MaxHours, "hours", "Hours must be between 0.25 and 24")
	f.Require(t.Hours%100 == 0, "hours", "Hours must have at most two digits after the point")
	atMost(f, "notes", "Notes", 10_000, t.Notes)
	atMost(f, "location", "Location", 255, t.Location)
}
