package api

import (
	"reflect"
	"strings"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type expenseInput struct {
	ProjectID    Optional[*string]         `json:"project_id,omitempty"`
	CostCenterID Optional[*string]         `json:"cost_center_id,omitempty"`
	Amount       Optional[fieldops.Cents]  `json:"amount,omitempty" doc:"With tax"`
	Tax          Optional[*fieldops.Cents] `json:"tax,omitempty" doc:"Of the amount; what the account says, unless given"`
	TaxType      Optional[string]          `json:"tax_type,omitempty"`
	Date         Optional[fieldops.Date]   `json:"date,omitempty"`
	Description  Optional[*string]         `json:"description,omitempty"`
	ReceiptURL   Optional[*string]         `json:"receipt_url,omitempty"`
	AccountCode  Optional[*string]         `json:"account_code,omitempty"`
	Currency     Optional[string]          `json:"currency,omitempty"`
	ScanID       Optional[*string]         `json:"scanned_document_id,omitempty" doc:"Of a new expense: the scan that it is made of, whose file is attached to it"`
}

// apply changes an expense by what was sent, and reads how it is taxed: nil
// when that was not sent.
func (in *expenseInput) apply(e *fieldops.Expense) (*billing.ExpenseTax, error) {
	var f fieldops.Faults
	idInto(in.ProjectID, &e.ProjectID, "project_id", &f)
	idInto(in.CostCenterID, &e.CostCenterID, "cost_center_id", &f)
	in.Amount.into(&e.Amount)
	in.Date.into(&e.Date)
	textInto(in.Description, &e.Description)
	textInto(in.ReceiptURL, &e.ReceiptURL)
	textInto(in.AccountCode, &e.AccountCode)
	in.Currency.into(&e.Currency)
	if in.Tax.Set || in.TaxType.Set {
		return &billing.ExpenseTax{Tax: in.Tax.Value, Type: strings.TrimSpace(in.TaxType.Value)}, f.Err("")
	}
	return nil, f.Err("")
}

type createExpenseInput struct {
	Body expenseInput
}

// createExpense writes down what the person who asks has paid.
func (a *api) createExpense(r *request, in *createExpenseInput) (fieldops.Expense, error) {
	expense := fieldops.Expense{UserID: &r.User.ID}
	tax, err := in.Body.apply(&expense)
	if err != nil {
		return expense, err
	}
	if tax == nil {
		tax = &billing.ExpenseTax{}
	}
	expense.ScanID = text(in.Body.ScanID.Value)
	if err := a.scanToFile(r, expense.ScanID); err != nil {
		return expense, err
	}
	return a.Billing.CreateExpense(r.Context(), r.Actor, expense, *tax, func(tx *store.Tx, e fieldops.Expense) error {
		return r.keep(tx, e)
	})
}

type listExpensesInput struct {
	UserID       fieldops.ID   `query:"user_id" format:"uuid"`
	ProjectID    fieldops.ID   `query:"project_id" format:"uuid"`
	CostCenterID fieldops.ID   `query:"cost_center_id" format:"uuid"`
	Status       string        `query:"status" enum:"DRAFT,SUBMITTED,APPROVED,PAID"`
	Search       string        `query:"search" doc:"Words in description, person or project"`
	DateFrom     fieldops.Date `query:"date_from"`
	DateTo       fieldops.Date `query:"date_to"`
	listQuery
}

// listExpenses shows everybody's expenses to those who may see money, and their
// own to everybody else.
func (a *api) listExpenses(r *request, in *listExpensesInput) ([]fieldops.Expense, error) {
	limit, date, id, err := in.place()
	if err != nil {
		return nil, err
	}
	filter := store.ExpenseFilter{
		UserID: in.UserID, ProjectID: in.ProjectID, CostCenterID: in.CostCenterID, Status: in.Status, Search: in.Search,
		From: in.DateFrom, To: in.DateTo, Limit: limit, AfterDate: date, AfterID: id,
	}
	if !r.seesMoney() {
		filter.UserID = r.User.ID
	}
	expenses, err := a.DB.Expenses(r.Context(), filter)
	if n := len(expenses); n > 0 {
		r.linkNext(n == limit, expenses[n-1].Date, expenses[n-1].ID)
	}
	return expenses, err
}

// ownExpense hides other people's expenses from who may not see them.
func (r *request) ownExpense(e *fieldops.Expense) error {
	if r.seesMoney() || e.UserID != nil && *e.UserID == r.User.ID {
		return nil
	}
	return fieldops.Refuse(fieldops.NotFound, "Expense not found")
}

// mayChangeExpense lets the office change every expense, and everybody else
// their own while it is a draft.
func (r *request) mayChangeExpense(e *fieldops.Expense) error {
	if err := r.ownExpense(e); err != nil {
		return err
	}
	if r.User.May(fieldops.CanCreateInvoices) {
		return nil
	}
	if e.UserID == nil || *e.UserID != r.User.ID {
		return fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	if e.Status != fieldops.StatusDraft {
		return fieldops.Refuse(fieldops.Conflict, "The expense is %s; only the office can change it now", e.Status)
	}
	return nil
}

func (a *api) getExpense(r *request, in *byID) (fieldops.Expense, error) {
	expense, err := a.DB.Expense(r.Context(), in.ID)
	if err != nil {
		return expense, err
	}
	if err := r.ownExpense(&expense); err != nil {
		return fieldops.Expense{}, err
	}
	r.Header.Set("ETag", etag(expense.UpdatedAt))
	return expense, nil
}

type updateExpenseInput struct {
	byID
	Body expenseInput
}

func (a *api) updateExpense(r *request, in *updateExpenseInput) (fieldops.Expense, error) {
	if reflect.ValueOf(in.Body).IsZero() {
		return fieldops.Expense{}, errNoUpdates()
	}
	expense, err := a.Billing.EditExpense(r.Context(), r.Actor, in.ID, func(e *fieldops.Expense) (*billing.ExpenseTax, error) {
		if err := r.mayChangeExpense(e); err != nil {
			return nil, err
		}
		if err := r.ifMatch(e.UpdatedAt); err != nil {
			return nil, err
		}
		return in.Body.apply(e)
	})
	if err != nil {
		return fieldops.Expense{}, err
	}
	r.Header.Set("ETag", etag(expense.UpdatedAt))
	return expense, nil
}

// advanceExpense makes the endpoint of a step of an expense.
func (a *api) advanceExpense(to, action string) func(*request, *byID) (fieldops.Expense, error) {
	return func(r *request, in *byID) (fieldops.Expense, error) {
		expense, err := a.Billing.AdvanceExpense(r.Context(), r.Actor, in.ID, to, action, func(e *fieldops.Expense) error {
			if err := r.ifMatch(e.UpdatedAt); err != nil {
				return err
			}
			return r.mayChangeExpense(e)
		})
		if err != nil {
			return fieldops.Expense{}, err
		}
		r.Header.Set("ETag", etag(expense.UpdatedAt))
		return expense, nil
	}
}
