package billing

import (
	"context"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// ExpenseTax says what of an expense's amount is tax: Tax, or what the tax type
// contains, or else what the expense's account does.
type ExpenseTax struct {
	Tax  *fieldops.Cents
	Type string
}

// CreateExpense writes down what somebody paid, of a scan if it names one. also runs in the same
// transaction, last.
func (s *Service) CreateExpense(ctx context.Context, actor fieldops.Actor, expense fieldops.Expense, tax ExpenseTax, also ...func(*store.Tx, fieldops.Expense) error) (fieldops.Expense, error) {
	var made fieldops.Expense
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		made = expense
		made.Status = fieldops.StatusDraft
		if err := taxExpense(ctx, tx, &made, tax); err != nil {
			return err
		}
		if err := tx.InsertExpense(ctx, &made); err != nil {
			return err
		}
		if expense.ScanID != nil {
			if err := tx.FileScan(ctx, *expense.ScanID, fieldops.RecordExpense, made.ID); err != nil {
				return err
			}
		}
		var err error
		if made, err = tx.Expense(ctx, made.ID); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(tx, made); err != nil {
				return err
			}
		}
		return nil
	})
	return made, err
}

// EditExpense changes an expense that is not approved yet. edit changes it and
// says how it is taxed; nil leaves the tax as it is unless amount or account
// change.
func (s *Service) EditExpense(ctx context.Context, actor fieldops.Actor, id fieldops.ID, edit func(*fieldops.Expense) (*ExpenseTax, error)) (fieldops.Expense, error) {
	return s.changeExpense(ctx, actor, id, "update", func(tx *store.Tx, e *fieldops.Expense) error {
		before := *e
		tax, err := edit(e)
		if err != nil {
			return err
		}
		if before.Status != fieldops.StatusDraft && before.Status != fieldops.StatusSubmitted {
			return fieldops.Refuse(fieldops.Conflict, "The expense is %s and cannot be changed any more", before.Status)
		}
		if tax == nil && e.Amount == before.Amount && text(e.AccountCode) == text(before.AccountCode) {
			return nil
		}
		if tax == nil {
			tax = &ExpenseTax{}
		}
		return taxExpense(ctx, tx, e, *tax)
	})
}

// AdvanceExpense submits, approves or pays an expense. allow says whether the
// person may.
func (s *Service) AdvanceExpense(ctx context.Context, actor fieldops.Actor, id fieldops.ID, to, action string, allow func(*fieldops.Expense) error) (fieldops.Expense, error) {
	return s.changeExpense(ctx, actor, id, action, func(_ *store.Tx, e *fieldops.Expense) error {
		if err := allow(e); err != nil {
			return err
		}
		return e.Advance(to)
	})
}

func (s *Service) changeExpense(ctx context.Context, actor fieldops.Actor, id fieldops.ID, action string, change func(*store.Tx, *fieldops.Expense) error) (fieldops.Expense, error) {
	var expense fieldops.Expense
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		before, err := tx.LockExpense(ctx, id)
		if err != nil {
			return err
		}
		expense = before
		if err := change(tx, &expense); err != nil {
			return err
		}
		if err := tx.UpdateExpense(ctx, action, &before, &expense); err != nil {
			return err
		}
		expense, err = tx.Expense(ctx, id)
		return err
	})
	return expense, err
}

// taxExpense puts into an expense what of its amount is tax, and the firm's
// currency when it names none.
func taxExpense(ctx context.Context, tx *store.Tx, e *fieldops.Expense, tax ExpenseTax) error {
	settings, terms, err := billingTerms(ctx, tx, purchases, tx.Now.Time)
	if err != nil {
		return err
	}
	if e.Currency == "" {
		e.Currency = settings.Currency
	}
	if tax.Tax != nil {
		e.Tax = *tax.Tax
		return nil
	}
	if tax.Type == "" {
		account := terms.Account
		if e.AccountCode != nil {
			account = *e.AccountCode
		}
		_, rate := terms.TaxOf(account)
		e.Tax = rate.Within(e.Amount)
		return nil
	}
	if tax.Type == "NONE" {
		e.Tax = 0
		return nil
	}
	reference, err := tx.Reference(ctx)
	if err != nil {
		return err
	}
	rate, ok := reference.TaxRate(tax.Type)
	if !ok {
		var f fieldops.Faults
		f.Add("tax_type", "Xero has no tax rate %s", tax.Type)
		return f.Err("")
	}
	e.Tax = rate.Rate.Within(e.Amount)
	return nil
}
