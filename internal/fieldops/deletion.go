package fieldops

// RecordKind names a kind of record, as audit entries and the bin do.
type RecordKind string

// The kinds of record that can be deleted and restored.
const (
	RecordClient        RecordKind = "client"
	RecordProject       RecordKind = "project"
	RecordTimesheet     RecordKind = "timesheet"
	RecordInvoice       RecordKind = "invoice"
	RecordPurchaseOrder RecordKind = "purchase_order"
	RecordQuote         RecordKind = "quote"
	RecordBill          RecordKind = "bill"
	RecordExpense       RecordKind = "expense"
	RecordPayment       RecordKind = "payment"
	RecordCreditNote    RecordKind = "credit_note"
	RecordProjectFile   RecordKind = "project_file"
)

// Label is the kind as a sentence begins with it.
func (k RecordKind) Label() string {
	switch k {
	case RecordClient:
		return "Client"
	case RecordProject:
		return "Project"
	case RecordTimesheet:
		return "Timesheet"
	case RecordInvoice:
		return "Invoice"
	case RecordPurchaseOrder:
		return "Purchase order"
	case RecordQuote:
		return "Quote"
	case RecordBill:
		return "Bill"
	case RecordExpense:
		return "Expense"
	case RecordPayment:
		return "Payment"
	case RecordCreditNote:
		return "Credit note"
	case RecordSafetyDocument:
		return "Safety document"
	case RecordProjectFile:
		return "File"
	case RecordDocumentScan:
		return "Document scan"
	}
	return "Record"
}

// Record names one record for a person.
type Record struct {
	Kind  RecordKind `json:"entity_type"`
	ID    ID         `json:"entity_id"`
	Label string     `json:"label"`
}

// Deletion is a record that somebody deleted, with all that went with it.
type Deletion struct {
	ID         ID                 `json:"id"`
	Kind       RecordKind         `json:"entity_type"`
	EntityID   ID                 `json:"entity_id"`
	Label      string             `json:"label"`
	Counts     map[RecordKind]int `json:"counts"` // of each kind that it took, the record itself included
	UserID     *ID                `json:"user_id"`
	Actor      string             `json:"deleted_by"`
	CreatedAt  Time               `json:"deleted_at"`
	RestoredAt Time               `json:"restored_at"`
	RestoredBy *string            `json:"restored_by"`
	PurgedAt   Time               `json:"purged_at"`
	PurgedBy   *string            `json:"purged_by"`
}
