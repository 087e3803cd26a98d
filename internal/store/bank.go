package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
)

const bankColumns = `b.id, b.xero_bank_transaction_id, b.import_key, b.bank_account_code, b.bank_account_name, b.date, b.amount_cents, b.type,
	b.description, b.reference, b.contact_id, b.payment_id, b.reconciled, b.reconciled_date, b.created_at, b.updated_at,
	c.name, w.name, coalesce(i.invoice_number, l.bill_number)`

const bankTables = ` bank_transactions b
	left join /* deleted too */ clients c on c.id = b.contact_id
	left join live_payments y on y.id = b.payment_id
	left join /* deleted too */ xero_invoices i on i.id = y.invoice_id
	left join /* deleted too */ xero_bills l on l.id = y.bill_id
	left join /* deleted too */ clients w on w.id = coalesce(i.client_id, l.supplier_id)`

func scanBank(rows *sql.Rows, b *fieldops.BankTransaction) error {
	return rows.Scan(&b.ID, &b.XeroID, &b.ImportKey, &b.AccountCode, &b.AccountName, &b.Date, &b.Amount, &b.Type,
		&b.Description, &b.Reference, &b.ContactID, &b.PaymentID, &b.Reconciled, &b.ReconciledDate, &b.CreatedAt, &b.UpdatedAt,
		&b.ContactName, &b.ClientName, &b.DocumentNumber)
}

// BankFilter chooses bank transactions. Zero values choose everything.
type BankFilter struct {
	Reconciled *bool
	PaymentID  fieldops.ID
	Type       string
	Search     string // every word somewhere in description, reference or a name
	From, To   fieldops.Date
	Limit      int
	// AfterDate and AfterID continue a list behind its last row.
	AfterDate fieldops.Date
	AfterID   fieldops.ID
}

// BankTransactions lists bank transactions, newest date first.
func (r reads) BankTransactions(ctx context.Context, f BankFilter) ([]fieldops.BankTransaction, error) {
	w := &where{}
	for _, c := range []struct{ condition, value string }{
		{"b.payment_id = ?", f.PaymentID}, {"b.type = ?", f.Type}, {"b.date >= ?", string(f.From)}, {"b.date <= ?", string(f.To)},
	} {
		if c.value != "" {
			w.and(c.condition, c.value)
		}
	}
	if f.Reconciled != nil && *f.Reconciled {
		w.and("b.reconciled")
	} else if f.Reconciled != nil {
		w.and("not b.reconciled")
	}
	w.andSomewhere(f.Search, "lower(b.description)", "lower(b.reference)", "c.search_folded", "w.search_folded")
	if f.AfterID != "" {
		w.and("(b.date, b.id) < (?, ?)", f.AfterDate, f.AfterID)
	}
	return collect(ctx, r, "select "+bankColumns+" from"+bankTables+" where "+w.String()+
		fmt.Sprintf(" order by b.date desc, b.id desc limit %d", f.Limit), w.args, scanBank)
}

// BankTransaction is one bank transaction.
func (r reads) BankTransaction(ctx context.Context, id fieldops.ID) (fieldops.BankTransaction, error) {
	found, err := collect(ctx, r, "select "+bankColumns+" from"+bankTables+" where b.id = $1", []any{id}, scanBank)
	if err != nil {
		return fieldops.BankTransaction{}, err
	}
	if len(found) == 0 {
		return fieldops.BankTransaction{}, fieldops.Refuse(fieldops.NotFound, "Bank transaction not found")
	}
	return found[0], nil
}

// bankRows is how many rows one statement inserts: their parameters stay far
// below what the engines take.
const bankRows = 500

// InsertBankTransactions adds transactions and tells how many are new: those
// whose import key is here already are left out. It gives them ids and times.
func (tx *Tx) InsertBankTransactions(ctx context.Context, transactions []fieldops.BankTransaction) (added int64, err error) {
	sorted := slices.Clone(transactions)
	// In one order, so that two imports of the same statement never wait for each
	// other.
	slices.SortStableFunc(sorted, func(a, b fieldops.BankTransaction) int {
		if a.ImportKey == nil || b.ImportKey == nil {
			return 0
		}
		return strings.Compare(*a.ImportKey, *b.ImportKey)
	})
	for some := range slices.Chunk(sorted, bankRows) {
		var w where
		rows := make([]string, len(some))
		for n := range some {
			b := &some[n]
			if b.ID == "" {
				b.ID = fieldops.NewID()
			}
			rows[n] = w.row(b.ID, b.ImportKey, b.AccountCode, b.AccountName, b.Date, int64(b.Amount), b.Type, b.Description, b.Reference, b.ContactID, tx.Now, tx.Now)
		}
		n, err := tx.exec(ctx, `insert into bank_transactions (id, import_key, bank_account_code, bank_account_name, date, amount_cents, type,
			description, reference, contact_id, created_at, updated_at) values `+strings.Join(rows, ", ")+" on conflict do nothing", w.args...)
		if err != nil {
			return added, err
		}
		added += n
	}
	return added, tx.audit(ctx, "import", "bank_transactions", "", map[string]any{"read": len(transactions), "added": added})
}

// KnownImports are those of the transactions that are here already, by their
// import keys.
func (r reads) KnownImports(ctx context.Context, transactions []fieldops.BankTransaction) (map[string]bool, error) {
	known := map[string]bool{}
	for some := range slices.Chunk(transactions, bankRows) {
		keys := make([]string, len(some))
		for n, b := range some {
			keys[n] = *b.ImportKey
		}
		var args []any
		_, err := collect(ctx, r, "select import_key from bank_transactions where import_key in "+list(&args, keys), args,
			func(rows *sql.Rows, key *string) error {
				err := rows.Scan(key)
				known[*key] = true
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

// LockBankTransaction reads a bank transaction to change it.
func (tx *Tx) LockBankTransaction(ctx context.Context, id fieldops.ID) (fieldops.BankTransaction, error) {
	if err := tx.lockRow(ctx, "bank_transactions", id); err != nil {
		return fieldops.BankTransaction{}, notFound(err, "Bank transaction")
	}
	return tx.BankTransaction(ctx, id)
}

// LockPayment reads a payment and keeps it from being changed until the
// transaction ends. A deleted one is not found.
func (tx *Tx) LockPayment(ctx context.Context, id fieldops.ID) (fieldops.Payment, error) {
	if err := tx.lockRow(ctx, "xero_payments", id); err != nil {
		return fieldops.Payment{}, notFound(err, "Payment")
	}
	return tx.Payment(ctx, id)
}

// Reconcile matches a bank transaction with a payment: both the same money, and
// neither matched before. day is the firm's.
func (tx *Tx) Reconcile(ctx context.Context, transaction, payment fieldops.ID) error {
	b, err := tx.LockBankTransaction(ctx, transaction)
	if err != nil {
		return err
	}
	p, err := tx.LockPayment(ctx, payment)
	if err != nil {
		return err
	}
	if err := b.Reconciles(&p); err != nil {
		return err
	}
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	_, err = tx.q.ExecContext(ctx, "update bank_transactions set payment_id = $1, reconciled = $2, reconciled_date = $3, updated_at = $4 where id = $5",
		payment, true, fieldops.DateOf(tx.Now.Time, settings.Timezone), tx.Now, transaction)
	if breaksUnique(err, "payment") {
		return fieldops.Refuse(fieldops.Conflict, "The payment is reconciled with another bank transaction already")
	}
	if err != nil {
		return err
	}
	return tx.audit(ctx, "reconcile", "bank_transaction", transaction, map[string]any{"payment_id": payment, "amount": b.Amount})
}

// Unreconcile takes a match back.
func (tx *Tx) Unreconcile(ctx context.Context, transaction fieldops.ID) error {
	b, err := tx.LockBankTransaction(ctx, transaction)
	if err != nil {
		return err
	}
	if !b.Reconciled {
		return fieldops.Refuse(fieldops.Conflict, "The transaction is not reconciled")
	}
	if _, err := tx.q.ExecContext(ctx, "update bank_transactions set payment_id = null, reconciled = $1, reconciled_date = null, updated_at = $2 where id = $3",
		false, tx.Now, transaction); err != nil {
		return err
	}
	return tx.audit(ctx, "unreconcile", "bank_transaction", transaction, map[string]any{"payment_id": b.PaymentID})
}

// BankSuggestion is what a bank transaction may be: a payment that is written
// down already, or an invoice or bill of which just that much is due.
type BankSuggestion struct {
	Kind       string         `json:"kind" enum:"payment,invoice,bill"`
	ID         fieldops.ID    `json:"id"`
	Number     string         `json:"number"` // of the document
	ClientName string         `json:"client_name"`
	Date       fieldops.Date  `json:"date"` // of the payment, or when the document is due
	Amount     fieldops.Cents `json:"amount"`
}

// BankSuggestions are what a bank transaction may be, at most 20 of each kind,
// payments first and the nearest in time before the others.
func (r reads) BankSuggestions(ctx context.Context, b *fieldops.BankTransaction) ([]BankSuggestion, error) {
	payments := `select 'payment', y.id, coalesce(i.invoice_number, ''), coalesce(c.name, ''), y.payment_date, y.amount_cents
		from live_payments y left join live_invoices i on i.id = y.invoice_id left join /* deleted too */ clients c on c.id = i.client_id
		where y.bill_id is null`
	documents := `select 'invoice', i.id, i.invoice_number, coalesce(c.name, ''), coalesce(i.due_date, i.issue_date), i.amount_due_cents
		from live_invoices i left join /* deleted too */ clients c on c.id = i.client_id
		where i.amount_due_cents = $1 and i.status in ('SUBMITTED', 'AUTHORISED') order by i.issue_date desc, i.id desc limit 20`
	if b.Type == fieldops.Spend {
		payments = `select 'payment', y.id, l.bill_number, coalesce(c.name, ''), y.payment_date, y.amount_cents
			from live_payments y join live_bills l on l.id = y.bill_id left join /* deleted too */ clients c on c.id = l.supplier_id where true`
		documents = `select 'bill', l.id, l.bill_number, coalesce(c.name, ''), coalesce(l.due_date, l.date), l.amount_due_cents
			from live_bills l left join /* deleted too */ clients c on c.id = l.supplier_id
			where l.amount_due_cents = $1 and l.status in ('SUBMITTED', 'AUTHORISED') order by l.date desc, l.id desc limit 20`
	}
	payments += ` and y.amount_cents = $1 and not exists (select 1 from bank_transactions t where t.payment_id = y.id) order by y.payment_date desc, y.id desc limit 20`
	all := []BankSuggestion{}
	for _, query := range []string{payments, documents} {
		some, err := collect(ctx, r, query, []any{int64(b.Amount)}, func(rows *sql.Rows, s *BankSuggestion) error {
			return rows.Scan(&s.Kind, &s.ID, &s.Number, &s.ClientName, &s.Date, &s.Amount)
		})
		if err != nil {
			return nil, err
		}
		distance := func(s BankSuggestion) int {
			d := b.Date.DaysSince(s.Date)
			return max(d, -d)
		}
		slices.SortStableFunc(some, func(x, y BankSuggestion) int { return distance(x) - distance(y) })
		all = append(all, some...)
	}
	return all, nil
}
