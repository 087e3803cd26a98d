package fieldops

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The directions of a bank transaction.
const (
	Receive = "RECEIVE"
	Spend   = "SPEND"
)

// BankTransaction is one line of the firm's bank statement. Its amount is never
// negative: the type says which way the money went.
type BankTransaction struct {
	ID             ID      `json:"id"`
	XeroID         *string `json:"xero_bank_transaction_id"`
	ImportKey      *string `json:"-"`
	AccountCode    *string `json:"bank_account_code"`
	AccountName    *string `json:"bank_account_name"`
	Date           Date    `json:"date"`
	Amount         Cents   `json:"amount"`
	Type           string  `json:"type" enum:"RECEIVE,SPEND"`
	Description    *string `json:"description"`
	Reference      *string `json:"reference"`
	ContactID      *ID     `json:"contact_id"`
	PaymentID      *ID     `json:"payment_id"`
	Reconciled     bool    `json:"reconciled"`
	ReconciledDate Date    `json:"reconciled_date"`
	CreatedAt      Time    `json:"created_at"`
	UpdatedAt      Time    `json:"updated_at"`

	// Joined in for display.
	ContactName    *string `json:"contact_name"` // who the bank transaction is with
	ClientName     *string `json:"client_name"`  // whose document the payment is for
	DocumentNumber *string `json:"document_number"`
}

// Check says everything that is wrong with the transaction by itself.
func (b *BankTransaction) Check(today Date) error {
	var f Faults
	b.check(&f, "", today)
	return f.Err("")
}

func (b *BankTransaction) check(f *Faults, before string, today Date) {
	checkDay(f, b.Date, before+"date", "Date", today)
	f.Require(b.Amount > 0, before+"amount", "The amount must not be 0")
	f.Require(b.Amount <= MaxCents, before+"amount", "The amount is more than an amount can be")
	f.Require(slices.Contains([]string{Receive, Spend}, b.Type), before+"type", "The type must be %s or %s", Receive, Spend)
	atMost(f, before+"description", "Description", MaxDescription, b.Description)
	atMost(f, before+"reference", "Reference", MaxReference, b.Reference)
	atMost(f, before+"bank_account_code", "Account code", 50, b.AccountCode)
	atMost(f, before+"bank_account_name", "Account name", 255, b.AccountName)
}

// Reconciles refuses to match the transaction with a payment that is not the
// same money: another amount, or the other direction.
func (b *BankTransaction) Reconciles(p *Payment) error {
	way := Receive
	if p.BillID != nil {
		way = Spend
	}
	switch {
	case b.PaymentID != nil && *b.PaymentID == p.ID:
		return Refuse(Conflict, "The transaction is reconciled with this payment already")
	case b.Reconciled:
		return Refuse(Conflict, "The transaction of %s is reconciled already", b.Date)
	case b.Type != way && way == Receive:
		return Refuse(Conflict, "A payment of an invoice is money received, and this is money spent")
	case b.Type != way:
		return Refuse(Conflict, "A payment of a bill is money spent, and this is money received")
	case b.Amount != p.Amount:
		return Refuse(Conflict, "The transaction is about %s and the payment about %s", b.Amount, p.Amount)
	}
	return nil
}

// MaxStatement is how many rows a statement may have.
const MaxStatement = 20_000

// Statement is what a bank exports: the account, and its transactions as CSV.
type Statement struct {
	AccountCode, AccountName string
	CSV                      []byte
}

// statementColumns are the names under which banks export the columns that are
// read.
var statementColumns = map[string][]string{
	"date":        {"date", "transaction date"},
	"amount":      {"amount"},
	"description": {"description", "details", "payee", "narrative"},
	"reference":   {"reference", "ref"},
}

// Read makes transactions of the rows, money spent being negative there, or says
// what is wrong with each row. Rows count from 2: the first line holds the names
// of the columns.
//
// Each transaction has an ImportKey: that of the same row of the same statement,
// whenever it is read. Two rows that do not differ are two transactions.
func (s *Statement) Read(today Date) ([]BankTransaction, error) {
	text := bytes.TrimPrefix(s.CSV, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		return nil, Refuse(Invalid, "The statement is not UTF-8 text. Save it as CSV UTF-8.")
	}
	rows := csv.NewReader(bytes.NewReader(text))
	rows.FieldsPerRecord = -1
	rows.TrimLeadingSpace = true
	head, err := rows.Read()
	if err != nil {
		return nil, Refuse(Invalid, "The statement is empty: its first line must name the columns date, amount, description and reference")
	}
	place, err := columnPlaces(head)
	if err != nil {
		return nil, err
	}
	var all []BankTransaction
	var f Faults
	seen := map[string]int{}
	for {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			f.Add(fmt.Sprintf("rows[%d]", broken.StartLine), "The row is no CSV: %s", broken.Err)
			break
		}
		line, _ := rows.FieldPos(0)
		if len(all) == MaxStatement {
			return nil, Refuse(Invalid, "A statement holds at most %d rows; import it in parts", MaxStatement)
		}
		b := s.row(&f, fmt.Sprintf("rows[%d].", line), cells, place, today)
		key := strings.Join([]string{s.AccountCode, s.AccountName, string(b.Date), b.Type, b.Amount.String(), deref(b.Description), deref(b.Reference)}, "\x00")
		seen[key]++
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, seen[key]))
		hash := hex.EncodeToString(sum[:])
		b.ImportKey = &hash
		all = append(all, b)
	}
	if len(all) == 0 && len(f) == 0 {
		return nil, Refuse(Invalid, "The statement holds no transactions")
	}
	return all, f.Err("The statement was not imported: some of its rows cannot be read")
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// columnPlaces finds the columns that are read.
func columnPlaces(head []string) (map[string]int, error) {
	place := map[string]int{}
	var f Faults
	for _, column := range []string{"date", "amount", "description", "reference"} {
		at := slices.IndexFunc(head, func(name string) bool {
			return slices.Contains(statementColumns[column], strings.ToLower(strings.TrimSpace(name)))
		})
		if at >= 0 {
			place[column] = at
		}
		f.Require(at >= 0 || column == "description" || column == "reference", column, "The first line must name a column %s", column)
	}
	return place, f.Err("")
}

func (s *Statement) row(f *Faults, field string, cells []string, place map[string]int, today Date) BankTransaction {
	cell := func(column string) string {
		if at, ok := place[column]; ok && at < len(cells) {
			return strings.TrimSpace(cells[at])
		}
		return ""
	}
	b := BankTransaction{Type: Receive, AccountCode: orNone(s.AccountCode), AccountName: orNone(s.AccountName), Description: orNone(cell("description")), Reference: orNone(cell("reference"))}
	faults := len(*f)
	var err error
	if b.Date, err = statementDate(cell("date")); err != nil {
		f.Add(field+"date", "%s", err)
	}
	if b.Amount, err = statementAmount(cell("amount")); err != nil {
		f.Add(field+"amount", "%s", err)
	}
	if b.Amount < 0 {
		b.Type, b.Amount = Spend, -b.Amount
	}
	if len(*f) == faults {
		b.check(f, field, today)
	}
	return b
}

func orNone(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// statementDate reads 2026-11-23 and, as banks here write it, 23/11/2026.
func statementDate(s string) (Date, error) {
	for _, layout := range []string{"2/1/2006", "2-1-2006", "2.1.2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return ParseDate(t.Format(time.DateOnly))
		}
	}
	if s == "" {
		return "", Refuse(Invalid, "The date is missing")
	}
	d, err := ParseDate(s)
	if err != nil {
		return "", Refuse(Invalid, "%q is not a date; write it as 2026-11-23 or 23/11/2026", s)
	}
	return d, nil
}

// grouped is a number whose thousands are set apart by commas.
var grouped = regexp.MustCompile(`^-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$`)

// statementAmount reads -1,234.50, and +5.00 or $5.00 as some banks write it.
func statementAmount(s string) (Cents, error) {
	if s == "" {
		return 0, Refuse(Invalid, "The amount is missing")
	}
	plain := strings.TrimPrefix(strings.Replace(s, "$", "", 1), "+")
	if grouped.MatchString(plain) {
		plain = strings.ReplaceAll(plain, ",", "")
	}
	amount, err := ParseCents(plain)
	if err != nil {
		return 0, Refuse(Invalid, "%q is not an amount; write it as 1234.50, and money spent as -1234.50", s)
	}
	return amount, nil
}
