package fieldops

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// The states of a scan.
const (
	ScanPending    = "pending"    // its text is about to be read
	ScanProcessing = "processing" // its text is being read
	ScanCompleted  = "completed"
	ScanFailed     = "failed" // its text could not be read; ErrorMessage says why
)

// ScanStatuses are all of them.
var ScanStatuses = []string{ScanPending, ScanProcessing, ScanCompleted, ScanFailed}

// The kinds of paper that a scan may be.
const (
	PaperReceipt = "receipt" // of what was paid
	PaperInvoice = "invoice" // of what is to be paid, and called an invoice
	PaperBill    = "bill"    // of what is to be paid, and called otherwise
	PaperOrder   = "purchase_order"
	PaperExpense = "expense" // a claim of somebody's
	PaperUnknown = "unknown"
)

// Papers are all of them.
var Papers = []string{PaperReceipt, PaperInvoice, PaperBill, PaperOrder, PaperExpense, PaperUnknown}

// Scan is a receipt or a supplier's document: a file whose text is read, and what is
// made of it by a person.
type Scan struct {
	ID            ID
	FileID        ID  // of the stored file
	ProjectFileID *ID // of the file of its project, where it has one
	ProjectID     *ID
	CostCenterID  *ID
	UserID        *ID // who uploaded it
	Status        string
	Run           int64 // raised by everything that has the text read again
	Text          string
	Confidence    int // of the reading, in percent; 0 while there is none
	Error         string
	Read          ScanReading // as it was read
	Fields        ScanFields  // as it stands: as it was read, or as a person has put it
	CheckedBy     *ID         // who has put it so
	FiledKind     RecordKind  // bill or expense that it became or was put to; "" while it is none
	FiledID       *ID
	ProcessedAt   Time
	CreatedAt     Time
	UpdatedAt     Time
	DeletedAt     Time

	// Joined in for display.
	File         StoredFile
	FileName     string
	UserName     string
	ProjectCode  string
	ProjectName  string
	SupplierName string // of the supplier among the clients
	FiledNumber  string
}

// ScanFields are what a scan says, as it stands.
type ScanFields struct {
	Paper       string     `json:"document_type"`
	SupplierID  *ID        `json:"supplier_id"`
	Vendor      string     `json:"vendor_name"`
	Number      string     `json:"document_number"`
	Date        Date       `json:"date"`
	DueDate     Date       `json:"due_date"`
	Total       *Cents     `json:"total_amount"`
	Tax         *Cents     `json:"tax_amount"`
	OrderNumber string     `json:"po_number"`
	Lines       []ScanLine `json:"line_items"`
}

// ScanLine is one line of a receipt or an invoice.
type ScanLine struct {
	Description string `json:"description"`
	Quantity    E4     `json:"quantity"`
	UnitAmount  E4     `json:"unit_amount"`
	Amount      Cents  `json:"amount"`
}

// ScanReading is what was found in a text, field by field.
type ScanReading struct {
	Paper       Found `json:"document_type"`
	Supplier    Found `json:"supplier"` // the id of a client
	Vendor      Found `json:"vendor_name"`
	Number      Found `json:"document_number"`
	Date        Found `json:"date"`
	DueDate     Found `json:"due_date"`
	Total       Found `json:"total_amount"`
	Tax         Found `json:"tax_amount"`
	OrderNumber Found `json:"po_number"`
	TaxNumber   Found `json:"gst_number"`

	Lines           []ScanLine `json:"line_items"`
	LinesConfidence int        `json:"line_items_confidence"`
}

// Found is one field as it was found in a text.
type Found struct {
	Value      string `json:"value"`
	Confidence int    `json:"confidence" doc:"In percent; 0 is not found"`
	// Line, counted from 0, and the characters of it that say so; -1 where it was not
	// read but concluded.
	Line  int `json:"line"`
	Start int `json:"start"`
	End   int `json:"end"`
}

// Propose are the fields as the reading has them.
func (r *ScanReading) Propose() ScanFields {
	f := ScanFields{
		Paper: r.Paper.Value, Vendor: r.Vendor.Value, Number: r.Number.Value, Date: Date(r.Date.Value), DueDate: Date(r.DueDate.Value),
		OrderNumber: r.OrderNumber.Value, Lines: r.Lines, Total: centsOf(r.Total.Value), Tax: centsOf(r.Tax.Value),
	}
	if r.Supplier.Value != "" {
		f.SupplierID = &r.Supplier.Value
	}
	if f.Paper == "" {
		f.Paper = PaperUnknown
	}
	return f
}

func centsOf(text string) *Cents {
	if text == "" {
		return nil
	}
	c, err := ParseCents(text)
	if err != nil {
		return nil
	}
	return &c
}

// Check says everything that is wrong with the fields by themselves.
func (s *ScanFields) Check() error {
	var f Faults
	f.Require(slices.Contains(Papers, s.Paper), "document_type", "The document type must be one of %s", strings.Join(Papers, ", "))
	optionalID(&f, &s.SupplierID, "supplier_id")
	for _, text := range []struct {
		field, label string
		value        *string
	}{{"vendor_name", "The supplier's name", &s.Vendor}, {"document_number", "The number", &s.Number}, {"po_number", "The order number", &s.OrderNumber}} {
		*text.value = strings.TrimSpace(*text.value)
		atMost(&f, text.field, text.label, 255, text.value)
		f.Require(!hasControl(*text.value), text.field, "%s holds characters that cannot be kept", text.label)
	}
	for _, amount := range []struct {
		field, label string
		value        *Cents
	}{{"total_amount", "The total", s.Total}, {"tax_amount", "The tax", s.Tax}} {
		f.Require(amount.value == nil || *amount.value >= 0 && *amount.value <= MaxCents, amount.field, "%s must lie between 0 and %s", amount.label, MaxCents)
	}
	f.Require(s.Total == nil || s.Tax == nil || *s.Tax <= *s.Total, "tax_amount", "The tax is a part of the total")
	f.Require(len(s.Lines) <= MaxLines, "line_items", "A document holds at most %d lines", MaxLines)
	for _, l := range s.Lines {
		f.Require(utf8.RuneCountInString(l.Description) <= 4000 && utf8.ValidString(l.Description), "line_items", "The description of a line is too long")
	}
	return f.Err("")
}

// Same reports whether two scans are of one paper by what they say: the same supplier,
// number and total.
func (s *ScanFields) Same(o *ScanFields) bool {
	if s.Number == "" || s.Total == nil || o.Total == nil || *s.Total != *o.Total || plainWord(s.Number) != plainWord(o.Number) {
		return false
	}
	if s.SupplierID != nil && o.SupplierID != nil {
		return *s.SupplierID == *o.SupplierID
	}
	return s.Vendor != "" && Similarity(s.Vendor, o.Vendor) > 80
}

// MarshalLines is the lines as JSON, an empty list for none.
func (s *ScanFields) MarshalLines() (string, error) {
	if len(s.Lines) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(s.Lines)
	return string(b), err
}

// ScanMatch is a record that a scan may belong to.
type ScanMatch struct {
	ID          ID
	ScanID      ID
	Kind        RecordKind // purchase_order, invoice, bill or expense
	EntityID    ID
	Score       int // in percent
	Reasons     []string
	Confirmed   bool
	ConfirmedBy *ID
	ConfirmedAt Time
	CreatedAt   Time

	// Joined in for display.
	Name   string
	Amount Cents
	Date   Date
	Status string
}

// AttachedFile is a file that belongs to a document.
type AttachedFile struct {
	ID           ID           `json:"id"`
	URL          string       `json:"url"`
	PreviewURL   string       `json:"preview_url" doc:"A small picture; empty where there is none"`
	Name         string       `json:"file_name"`
	ContentType  string       `json:"content_type"`
	Size         int64        `json:"size" doc:"Bytes"`
	SHA256       string       `json:"sha256"`
	Place        StoragePlace `json:"stored_in" enum:"local,s3,google-drive"`
	MovesTo      StoragePlace `json:"moves_to,omitempty" doc:"Where it goes as soon as that place takes it"`
	Missing      bool         `json:"missing,omitempty" doc:"Its bytes were not found where they should be"`
	AttachedBy   *ID          `json:"attached_by"`
	AttacherName string       `json:"attached_by_name"`
	AttachedAt   Time         `json:"attached_at"`
	ScanID       *ID          `json:"scan_id" doc:"The scan that it was read as"`
}
