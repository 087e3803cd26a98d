package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ampedfieldops/internal/fieldops"
)

const expenseColumns = `e.id, e.user_id, e.project_id, e.cost_center_id, e.status, e.currency, e.date, e.description, e.amount_cents, e.tax_cents,
	e.account_code, e.receipt_url, e.scanned_document_id, e.created_at, e.updated_at, e.deleted_at,
	coalesce(u.name, ''), coalesce(p.code, ''), coalesce(p.name, ''), coalesce(k.code, ''), coalesce(k.name, '')`

const expenseTables = ` live_expenses e
	left join users u on u.id = e.user_id
	left join /* deleted too */ projects p on p.id = e.project_id
	left join cost_centers k on k.id = e.cost_center_id`

func scanExpense(rows *sql.Rows, e *fieldops.Expense) error {
	return rows.Scan(&e.ID, &e.UserID, &e.ProjectID, &e.CostCenterID, &e.Status, &e.Currency, &e.Date, &e.Description, &e.Amount, &e.Tax,
		&e.AccountCode, &e.ReceiptURL, &e.ScanID, &e.CreatedAt, &e.UpdatedAt, &e.DeletedAt,
		&e.UserName, &e.ProjectCode, &e.ProjectName, &e.CostCenterCode, &e.CostCenterName)
}

// ExpenseFilter chooses expenses. Zero values choose everything.
type ExpenseFilter struct {
	UserID       fieldops.ID
	ProjectID    fieldops.ID
	CostCenterID fieldops.ID
	Status       string
	Search       string // every word somewhere in the description, or in the name of person or project
	From, To     fieldops.Date
	Limit        int
	// AfterDate and AfterID continue a list behind its last row.
	AfterDate fieldops.Date
	AfterID   fieldops.ID
}

// Expenses lists expenses, newest date first.
func (r reads) Expenses(ctx context.Context, f ExpenseFilter) ([]fieldops.Expense, error) {
	w := &where{}
	for _, c := range []struct{ condition, value string }{
		{"e.user_id = ?", f.UserID},
		{"e.project_id = ?", f.ProjectID},
		{"e.cost_center_id = ?", f.CostCenterID},
		{"e.status = ?", f.Status},
		{"e.date >= ?", string(f.From)},
		{"e.date <= ?", string(f.To)},
	} {
		if c.value != "" {
			w.and(c.condition, c.value)
		}
	}
	w.andSomewhere(f.Search, "lower(e.description)", "lower(u.name)", "p.search_folded")
	if f.AfterID != "" {
		w.and("(e.date, e.id) < (?, ?)", f.AfterDate, f.AfterID)
	}
	return collect(ctx, r, "select "+expenseColumns+" from"+expenseTables+" where "+w.String()+
		fmt.Sprintf(" order by e.date desc, e.id desc limit %d", f.Limit), w.args, scanExpense)
}

// Expense is one expense. A deleted one is not found.
func (r reads) Expense(ctx context.Context, id fieldops.ID) (fieldops.Expense, error) {
	found, err := collect(ctx, r, "select "+expenseColumns+" from"+expenseTables+" where e.id = $1", []any{id}, scanExpense)
	if err != nil {
		return fieldops.Expense{}, err
	}
	if len(found) == 0 {
		return fieldops.Expense{}, fieldops.Refuse(fieldops.NotFound, "Expense not found")
	}
	return found[0], nil
}

// LockExpense reads an expense to change it.
func (tx *Tx) LockExpense(ctx context.Context, id fieldops.ID) (fieldops.Expense, error) {
	if err := tx.lockRow(ctx, "xero_expenses", id); err != nil {
		return fieldops.Expense{}, notFound(err, "Expense")
	}
	return tx.Expense(ctx, id)
}

// checkExpense refuses an expense that breaks a rule, or names a record that is
// not there. before is nil for a new one.
func (tx *Tx) checkExpense(ctx context.Context, before, e *fieldops.Expense) error {
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	var f fieldops.Faults
	if err := e.Check(fieldops.DateOf(tx.Now.Time, settings.Timezone), settings.Currency); err != nil {
		broken, ok := errors.AsType[*fieldops.Error](err)
		if !ok {
			return err
		}
		f = append(f, broken.Faults...)
	}
	if before == nil {
		before = &fieldops.Expense{}
	}
	if err := errors.Join(
		tx.stands(ctx, &f, "user_id", "User", "users", e.UserID, before.UserID),
		tx.stands(ctx, &f, "project_id", "Project", "live_projects", e.ProjectID, before.ProjectID),
		tx.stands(ctx, &f, "cost_center_id", "Cost center", "live_cost_centers", e.CostCenterID, before.CostCenterID),
	); err != nil {
		return err
	}
	return f.Err("")
}

// InsertExpense adds an expense. ID and times are set here.
func (tx *Tx) InsertExpense(ctx context.Context, e *fieldops.Expense) error {
	e.ID, e.CreatedAt, e.UpdatedAt = fieldops.NewID(), tx.Now, tx.Now
	if err := tx.checkExpense(ctx, nil, e); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into xero_expenses (id, user_id, project_id, cost_center_id, status, currency, date, description,
		amount_cents, tax_cents, account_code, receipt_url, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)`,
		e.ID, e.UserID, e.ProjectID, e.CostCenterID, e.Status, e.Currency, e.Date, e.Description,
		int64(e.Amount), int64(e.Tax), e.AccountCode, e.ReceiptURL, tx.Now); err != nil {
		return err
	}
	tx.spends(e.ProjectID)
	return tx.audit(ctx, "create", "expense", e.ID, expenseDetails(e))
}

func expenseDetails(e *fieldops.Expense) map[string]any {
	return map[string]any{"amount": e.Amount, "tax": e.Tax, "date": e.Date, "project_id": e.ProjectID, "status": e.Status}
}

// UpdateExpense writes everything of a locked expense that a person may change,
// its status among it. action says in the audit what was done.
func (tx *Tx) UpdateExpense(ctx context.Context, action string, before, e *fieldops.Expense) error {
	if err := tx.checkExpense(ctx, before, e); err != nil {
		return err
	}
	e.UpdatedAt = tx.Now
	if _, err := tx.q.ExecContext(ctx, `update xero_expenses set project_id = $1, cost_center_id = $2, status = $3, date = $4, description = $5,
		amount_cents = $6, tax_cents = $7, account_code = $8, receipt_url = $9, updated_at = $10 where id = $11`,
		e.ProjectID, e.CostCenterID, e.Status, e.Date, e.Description, int64(e.Amount), int64(e.Tax), e.AccountCode, e.ReceiptURL, tx.Now, e.ID); err != nil {
		return err
	}
	tx.spends(before.ProjectID)
	tx.spends(e.ProjectID)
	return tx.audit(ctx, action, "expense", e.ID, expenseDetails(e))
}
