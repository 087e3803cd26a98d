package fieldops

// Client is a person or company we work for, buy from, or both.
type Client struct {
	ID             ID         `json:"id"`
	Name           string     `json:"name"`
	ContactName    *string    `json:"contact_name"`
	Email          *string    `json:"email"`
	Phone          *string    `json:"phone"`
	Address        *string    `json:"address"`
	Location       *string    `json:"location"`
	BillingAddress *string    `json:"billing_address"`
	BillingEmail   *string    `json:"billing_email"`
	XeroContactID  *string    `json:"xero_contact_id"`
	ClientType     string     `json:"client_type"`
	Status         string     `json:"status"`
	Notes          *string    `json:"notes"`
	SyncStatus     SyncStatus `json:"sync_status"`
	XeroSyncID     *ID        `json:"xero_sync_id"`
	CreatedAt      Time       `json:"created_at"`
	UpdatedAt      Time       `json:"updated_at"`
	DeletedAt      Time       `json:"deleted_at"`
	BillingHold    *string    `json:"billing_hold"` // why nothing is invoiced to them for now
	PaymentTerms
}

// The kinds of client.
const (
	Customer         = "customer"
	Supplier         = "supplier"
	CustomerSupplier = "both"
)

// Project is a job of work for a client.
type Project struct {
	ID          ID      `json:"id"`
	Code        string  `json:"code"`
	Name        string  `json:"name"`
	ClientID    *ID     `json:"client_id"`
	Status      string  `json:"status"`
	Budget      Cents   `json:"budget"`
	Description *string `json:"description"`
	StartDate   Date    `json:"start_date"`
	EndDate     Date    `json:"end_date"`
	CreatedAt   Time    `json:"created_at"`
	UpdatedAt   Time    `json:"updated_at"`
	DeletedAt   Time    `json:"deleted_at"`
	XeroID      *string `json:"xero_project_id"`
	ProjectBilling
}

// ProjectBilling says how the work on a project is invoiced.
type ProjectBilling struct {
	BillingMethod    string  `json:"billing_method"`
	BillOnCompletion bool    `json:"bill_on_completion"` // nothing is invoiced before the project is completed
	BillingHold      *string `json:"billing_hold"`       // why nothing of it is invoiced for now
	// CertificateRequired is the certificate without which, approved, its work is
	// not invoiced.
	CertificateRequired *SafetyType `json:"certificate_required" enum:"electrical_compliance,electrical_safety_certificate"`
}

// The ways to invoice a project: by its timesheets, at a price agreed upon, or
// not at all.
const (
	TimeAndMaterials = "time_and_materials"
	FixedPrice       = "fixed_price"
	NonBillable      = "non_billable"
)

// ProjectStatuses are the states of a project; "paid" is archived.
var ProjectStatuses = []string{"quoted", "in-progress", "completed", "invoiced", "paid"}

// CostCenter is a part of the firm's or a client's budget that work is booked
// to; ClientPONumber is the client's own order number, which goes on invoices
// as their reference.
type CostCenter struct {
	ID             ID      `json:"id"`
	Code           string  `json:"code"`
	Name           string  `json:"name"`
	Description    *string `json:"description"`
	Budget         Cents   `json:"budget"`
	TrackingID     *string `json:"xero_tracking_category_id"`
	ClientPONumber *string `json:"client_po_number"`
	IsActive       bool    `json:"is_active"`
	CreatedAt      Time    `json:"created_at"`
	UpdatedAt      Time    `json:"updated_at"`
}

// ActivityType is a kind of work with an hourly rate.
type ActivityType struct {
	ID         ID     `json:"id"`
	Name       string `json:"name"`
	Icon       string `json:"icon"`
	Color      string `json:"color"`
	HourlyRate E4     `json:"hourly_rate"`
	CostRate   *E4    `json:"-"` // an hour's cost to the firm; nil: what is charged
	IsActive   bool   `json:"is_active"`
	CreatedAt  Time   `json:"created_at"`
	UpdatedAt  Time   `json:"updated_at"`
}

// The billing states of a timesheet.
const (
	Unbilled = "unbilled"
	Billed   = "billed"
	Paid     = "paid"
)

// Timesheet is work done by one person on one day. Its rate is frozen when it
// is written, so that a later change of a rate never changes old work.
type Timesheet struct {
	ID             ID         `json:"id"`
	UserID         *ID        `json:"user_id"`
	ProjectID      *ID        `json:"project_id"`
	ClientID       *ID        `json:"client_id"`
	ActivityTypeID *ID        `json:"activity_type_id"`
	CostCenterID   *ID        `json:"cost_center_id"`
	Date           Date       `json:"date"`
	Hours          E4         `json:"hours"`
	HourlyRate     E4         `json:"hourly_rate"`
	CostRate       E4         `json:"-"` // an hour's cost to the firm, frozen likewise
	NotBillable    bool       `json:"-"` // JSON says billable
	Notes          *string    `json:"notes"`
	Location       *string    `json:"location"`
	ImageURLs      []string   `json:"image_urls"`
	CloudImageURLs []string   `json:"cloud_image_urls"`
	Photos         []Photo    `json:"photos"` // what the images are, in their order
	BillingStatus  string     `json:"billing_status"`
	InvoiceID      *ID        `json:"invoice_id"`
	ApprovedAt     Time       `json:"approved_at"`
	ApprovedBy     *ID        `json:"approved_by"`
	HoldReason     *string    `json:"hold_reason"` // why it is not to be invoiced for now
	BatchID        *ID        `json:"-"`           // of the entries written down with it, which share its photos
	SyncStatus     SyncStatus `json:"sync_status"`
	XeroSyncID     *ID        `json:"xero_sync_id"`
	CreatedAt      Time       `json:"created_at"`
	UpdatedAt      Time       `json:"updated_at"`
	DeletedAt      Time       `json:"deleted_at"`

	// What of the records around it decides whether it can be invoiced.
	Project       ProjectBilling `json:"-"`
	ProjectStatus string         `json:"-"`
	Uncertified   bool           `json:"-"` // the project lacks the certificate that it requires
	ClientHold    *string        `json:"-"`
	InvoiceStatus string         `json:"-"`

	// Names joined in for display and for invoice lines.
	UserName          string `json:"user_name"`
	ProjectName       string `json:"project_name"`
	ProjectCode       string `json:"project_code"`
	ClientName        string `json:"client_name"`
	ActivityTypeName  string `json:"activity_type_name"`
	ActivityTypeIcon  string `json:"activity_type_icon"`
	ActivityTypeColor string `json:"activity_type_color"`
	CostCenterCode    string `json:"cost_center_code"`
	CostCenterName    string `json:"cost_center_name"`
	ClientPONumber    string `json:"-"`
	InvoiceNumber     string `json:"invoice_number"`
	ApproverName      string `json:"approved_by_name"`
}

// Amount is the value of the work at its frozen rate, before tax.
func (t Timesheet) Amount() Cents {
	amount, err := Multiply(t.Hours, t.HourlyRate)
	if err != nil {
		return 0 // unreachable: hours and rates are bounded when written
	}
	return amount
}

// Line is a line of an invoice or a purchase order, net of tax. Amount and Tax
// are computed by Price and kept, so that what was shown is what is stored.
type Line struct {
	ID           ID
	Key          string // names the group of timesheets it was made from; "" for a line typed in
	Description  string
	Quantity     E4
	UnitPrice    E4
	AccountCode  string // "" until known: the setting's account
	TaxType      string // "" until the account's is known
	TaxRate      TaxRate
	Amount       Cents
	Tax          Cents
	CostCenterID *ID
	ItemID       *ID
	OrderLineID  *ID // of a bill's line: the line of the purchase order that it bills
	Timesheets   []ID

	// Joined in for display.
	CostCenterCode string
	CostCenterName string
	Billed         E4 // of a purchase order's line: how much of it is on bills
}

// Price computes the line's amount and tax as the provider will.
func (l *Line) Price() error {
	amount, err := Multiply(l.Quantity, l.UnitPrice)
	if err != nil {
		return err
	}
	l.Amount, l.Tax = amount, l.TaxRate.Of(amount)
	return nil
}

// Totals adds up priced lines.
func Totals(lines []Line) (subTotal, tax, total Cents) {
	for _, l := range lines {
		subTotal += l.Amount
		tax += l.Tax
	}
	return subTotal, tax, subTotal + tax
}

// Sync is the part of a document that the road to the provider fills in.
type Sync struct {
	Status     SyncStatus
	XeroSyncID *ID
	Revision   int64
}

// Invoice is what a client owes for work and material.
type Invoice struct {
	ID            ID
	Number        string
	ClientID      *ID
	ClientName    string
	ProjectID     *ID
	ProjectName   string
	Status        string
	Currency      string
	IssueDate     Date
	DueDate       Date
	Reference     *string
	SubTotal      Cents
	TotalTax      Cents
	Total         Cents
	AmountPaid    Cents
	AmountDue     Cents
	LastPayment   Date
	SentAt        Time
	SentTo        *string
	CopyOf        *ID
	XeroInvoiceID *string
	XeroTotal     *Cents
	SyncWarning   *string
	Lines         []Line
	SyncedAt      Time
	CreatedAt     Time
	UpdatedAt     Time
	DeletedAt     Time
	ScanID        *ID // of the document that it was made of or compared with
	Sync
}

// PurchaseOrder is what we ordered from a supplier for a project.
type PurchaseOrder struct {
	ID           ID
	Number       string
	SupplierID   *ID
	SupplierName string
	ProjectID    *ID
	ProjectCode  string
	ProjectName  string
	Status       string
	FullyBilled  bool // bills here hold all of it
	Currency     string
	Date         Date
	DeliveryDate Date
	Notes        *string
	SubTotal     Cents
	TotalTax     Cents
	Total        Cents
	XeroPOID     *string
	XeroTotal    *Cents
	SyncWarning  *string
	Lines        []Line
	SyncedAt     Time
	CreatedAt    Time
	UpdatedAt    Time
	DeletedAt    Time
	ScanID       *ID // of the document that it was made of or compared with
	Sync
}

// The states of an invoice and of a purchase order, in the provider's words.
const (
	StatusDraft      = "DRAFT"
	StatusSubmitted  = "SUBMITTED"
	StatusAuthorised = "AUTHORISED"
	StatusPaid       = "PAID"
	StatusBilled     = "BILLED"
	StatusVoided     = "VOIDED"
	StatusDeleted    = "DELETED"
	StatusCancelled  = "CANCELLED"
)
