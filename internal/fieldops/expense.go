package fieldops

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// StatusApproved is the state of an expense that the office has approved.
const StatusApproved = "APPROVED"

// Expense is what somebody of the firm paid for it, with a receipt.
type Expense struct {
	ID           ID      `json:"id"`
	UserID       *ID     `json:"user_id"` // who paid
	ProjectID    *ID     `json:"project_id"`
	CostCenterID *ID     `json:"cost_center_id"`
	Status       string  `json:"status" enum:"DRAFT,SUBMITTED,APPROVED,PAID,VOIDED,DELETED"`
	Currency     string  `json:"currency"`
	Date         Date    `json:"date"`
	Description  *string `json:"description"`
	Amount       Cents   `json:"amount"` // with tax
	Tax          Cents   `json:"tax"`    // of the amount
	AccountCode  *string `json:"account_code"`
	ReceiptURL   *string `json:"receipt_url"`
	ScanID       *ID     `json:"scanned_document_id"`
	CreatedAt    Time    `json:"created_at"`
	UpdatedAt    Time    `json:"updated_at"`
	DeletedAt    Time    `json:"deleted_at"`

	// Joined in for display.
	UserName       string `json:"user_name"`
	ProjectCode    string `json:"project_code"`
	ProjectName    string `json:"project_name"`
	CostCenterCode string `json:"cost_center_code"`
	CostCenterName string `json:"cost_center_name"`
}

// Check says everything that is wrong with the expense by itself. today is the
// firm's: an expense of tomorrow may be written today, for those who are ahead of
// the firm's zone.
func (e *Expense) Check(today Date, currency string) error {
	var f Faults
	checkAmount(&f, e.Amount, "amount")
	f.Require(e.Tax >= 0 && (e.Tax <= e.Amount || e.Amount <= 0), "tax", "The tax is a part of the amount")
	checkDay(&f, e.Date, "date", "Date", today)
	checkDescription(&f, &e.Description, "description")
	if e.AccountCode != nil {
		checkAccount(&f, e.AccountCode, "account_code")
	}
	f.Require(e.Currency == currency, "currency", "Expenses are kept in %s", currency)
	checkReceipt(&f, e.ReceiptURL)
	return f.Err("")
}

// checkReceipt wants a web address or the path of an upload, never anything that
// a browser would run.
func checkReceipt(f *Faults, receipt *string) {
	if receipt == nil {
		return
	}
	u, err := url.Parse(*receipt)
	ok := err == nil && utf8.ValidString(*receipt) && !hasControl(*receipt) && len(*receipt) <= 2000
	if ok && u.Scheme == "" {
		ok = u.Host == "" && u.RawQuery == "" && strings.HasPrefix(u.Path, "/uploads/") && path.Clean(u.Path) == u.Path
	} else if ok {
		ok = slices.Contains([]string{"http", "https"}, strings.ToLower(u.Scheme)) && u.Host != "" && u.User == nil
	}
	f.Require(ok, "receipt_url", "The receipt must be a web address (https://…) or the path of an upload")
}

// expenseSteps are the states of an expense in the order in which they follow
// each other.
var expenseSteps = []string{StatusDraft, StatusSubmitted, StatusApproved, StatusPaid}

// Advance moves the expense on to a state: submitted, approved or paid. Whoever
// approves need not wait for it to be submitted.
func (e *Expense) Advance(to string) error {
	at, wanted := slices.Index(expenseSteps, e.Status), slices.Index(expenseSteps, to)
	switch {
	case at < 0 || at >= wanted:
		return Refuse(Conflict, "The expense is %s already", e.Status)
	case to == StatusPaid && e.Status != StatusApproved:
		return Refuse(Conflict, "The expense is %s; approve it before it is paid", e.Status)
	}
	e.Status = to
	return nil
}
