package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type listBankInput struct {
	DateFrom   fieldops.Date `query:"date_from"`
	DateTo     fieldops.Date `query:"date_to"`
	Reconciled string        `query:"reconciled" enum:"true,false"`
	PaymentID  fieldops.ID   `query:"payment_id" format:"uuid"`
	Type       string        `query:"type" enum:"RECEIVE,SPEND"`
	Search     string        `query:"search" doc:"Words in description, reference, contact or client"`
	listQuery
}

// maybe is a query parameter that may be absent.
func maybe(value string) *bool {
	if value == "" {
		return nil
	}
	set := value == "true"
	return &set
}

func (a *api) listBank(r *request, in *listBankInput) ([]fieldops.BankTransaction, error) {
	limit, date, id, err := in.place()
	if err != nil {
		return nil, err
	}
	transactions, err := a.DB.BankTransactions(r.Context(), store.BankFilter{
		Reconciled: maybe(in.Reconciled), PaymentID: in.PaymentID, Type: in.Type, Search: in.Search, From: in.DateFrom, To: in.DateTo,
		Limit: limit, AfterDate: date, AfterID: id,
	})
	if n := len(transactions); n > 0 {
		r.linkNext(n == limit, transactions[n-1].Date, transactions[n-1].ID)
	}
	return transactions, err
}

func (a *api) getBank(r *request, in *byID) (fieldops.BankTransaction, error) {
	b, err := a.DB.BankTransaction(r.Context(), in.ID)
	r.Header.Set("ETag", etag(b.UpdatedAt))
	return b, err
}

type createBankInput struct {
	Body struct {
		Date        fieldops.Date   `json:"date,omitempty"`
		Amount      *fieldops.Cents `json:"amount,omitempty" doc:"Less than 0 for money spent, unless the type says so"`
		Type        string          `json:"type,omitempty" enum:"RECEIVE,SPEND"`
		Description *string         `json:"description,omitempty"`
		Reference   *string         `json:"reference,omitempty"`
		ContactID   *string         `json:"contact_id,omitempty"`
		AccountCode *string         `json:"bank_account_code,omitempty"`
		AccountName *string         `json:"bank_account_name,omitempty"`
		DateFrom    fieldops.Date   `json:"date_from,omitempty" doc:"Asks to read from Xero, which this program does not do"`
		DateTo      fieldops.Date   `json:"date_to,omitempty"`
	}
}

// createBank writes down one bank transaction by hand. Existing clients send
// dates instead, to have transactions read from Xero.
func (a *api) createBank(r *request, in *createBankInput) (fieldops.BankTransaction, error) {
	b := &in.Body
	if b.Amount == nil && (b.DateFrom != "" || b.DateTo != "" || b.Date == "") {
		return fieldops.BankTransaction{}, fieldops.Refuse(fieldops.Conflict,
			"Bank transactions are not read from Xero. Import the statement of your bank as CSV, or send date and amount of one transaction.")
	}
	var f fieldops.Faults
	transaction := fieldops.BankTransaction{
		Date: b.Date, Type: b.Type, Description: text(b.Description), Reference: text(b.Reference),
		ContactID: idOf(b.ContactID, "contact_id", &f), AccountCode: text(b.AccountCode), AccountName: text(b.AccountName),
	}
	if b.Amount != nil {
		transaction.Amount = *b.Amount
	}
	switch {
	case transaction.Type == "" && transaction.Amount < 0:
		transaction.Type, transaction.Amount = fieldops.Spend, -transaction.Amount
	case transaction.Type == "":
		transaction.Type = fieldops.Receive
	case transaction.Type == fieldops.Spend && transaction.Amount < 0:
		transaction.Amount = -transaction.Amount
	}
	if err := f.Err(""); err != nil {
		return transaction, err
	}
	ctx := r.Context()
	var made fieldops.BankTransaction
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		one := transaction
		if err := one.Check(fieldops.DateOf(tx.Now.Time, settings.Timezone)); err != nil {
			return err
		}
		if one.ContactID != nil {
			if _, err := tx.Client(ctx, *one.ContactID); err != nil {
				return err
			}
		}
		one.ID = fieldops.NewID()
		if _, err := tx.InsertBankTransactions(ctx, []fieldops.BankTransaction{one}); err != nil {
			return err
		}
		if made, err = tx.BankTransaction(ctx, one.ID); err != nil {
			return err
		}
		return r.keep(tx, made)
	})
	return made, err
}

// maxStatement is the largest statement in bytes.
const maxStatement = 5 << 20

type statementAnswer struct {
	DryRun          bool                       `json:"dry_run"`
	Rows            int                        `json:"rows"`
	Imported        int                        `json:"imported"` // or would be, in a dry run
	AlreadyImported int                        `json:"already_imported"`
	Errors          []fieldops.Fault           `json:"errors"`       // of a dry run; without one they refuse the import
	Transactions    []fieldops.BankTransaction `json:"transactions"` // the first of a dry run, to look at
	Message         string                     `json:"message"`
}

// importBank reads a bank's statement. A dry run tells what would come of it.
func (a *api) importBank(w http.ResponseWriter, r *request) error {
	statement, dryRun, err := readStatement(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	settings, err := a.DB.Settings(ctx)
	if err != nil {
		return err
	}
	transactions, err := statement.Read(fieldops.DateOf(a.Clock(), settings.Timezone))
	refusal, refused := errors.AsType[*fieldops.Error](err)
	if err != nil && (!dryRun || !refused || len(refusal.Faults) == 0) {
		return err
	}
	answer := statementAnswer{DryRun: dryRun, Rows: len(transactions), Errors: []fieldops.Fault{}, Transactions: []fieldops.BankTransaction{}}
	if dryRun {
		known, err := a.DB.KnownImports(ctx, transactions)
		if err != nil {
			return err
		}
		answer.AlreadyImported, answer.Imported = len(known), len(transactions)-len(known)
		answer.Transactions = transactions[:min(len(transactions), 100)]
		answer.Message = "Nothing was imported: this was a dry run"
		if refused {
			answer.Errors, answer.Imported = refusal.Faults, 0
			answer.Message = refusal.Message
		}
		return writeJSON(w, r.Status, answer)
	}
	var added int64
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) (err error) {
		added, err = tx.InsertBankTransactions(ctx, transactions)
		return err
	})
	if err != nil {
		return err
	}
	answer.Imported, answer.AlreadyImported = int(added), len(transactions)-int(added)
	answer.Message = "Statement imported"
	return writeJSON(w, r.Status, answer)
}

// readStatement reads a statement that is the body, or the file of a form.
func readStatement(w http.ResponseWriter, r *request) (s fieldops.Statement, dryRun bool, err error) {
	query := r.URL.Query()
	field := map[string]string{}
	for _, name := range []string{"dry_run", "bank_account_code", "bank_account_name"} {
		field[name] = query.Get(name)
	}
	body := http.MaxBytesReader(w, r.Body, maxStatement)
	const tooLarge = "A statement has at most 5 MB"
	mediaType, parameters, err := mime.ParseMediaType(r.Request.Header.Get("Content-Type"))
	if err == nil && mediaType == "multipart/form-data" {
		form := multipart.NewReader(body, parameters["boundary"])
		for {
			part, err := form.NextPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return s, false, bodyError(err, tooLarge)
			}
			value, err := io.ReadAll(part)
			if err != nil {
				return s, false, bodyError(err, tooLarge)
			}
			if part.FileName() != "" || part.FormName() == "csv" || part.FormName() == "file" {
				s.CSV = value
			} else if len(value) <= maxField {
				field[part.FormName()] = string(value)
			}
		}
	} else if s.CSV, err = io.ReadAll(body); err != nil {
		return s, false, bodyError(err, tooLarge)
	}
	if len(bytes.TrimSpace(s.CSV)) == 0 {
		return s, false, fieldops.Refuse(fieldops.Invalid, `Send the statement as CSV: as the body, or as the file "file" of a form`)
	}
	code, name := field["bank_account_code"], field["bank_account_name"]
	if t := text(&code); t != nil {
		s.AccountCode = *t
	}
	if t := text(&name); t != nil {
		s.AccountName = *t
	}
	return s, field["dry_run"] == "true" || field["dry_run"] == "1", nil
}

func documentStatement(_ huma.Registry, op *huma.Operation) {
	text := func(about string) *huma.Schema { return &huma.Schema{Type: "string", Description: about} }
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"text/csv": {Schema: text("The statement; dry_run, bank_account_code and bank_account_name are query parameters then")},
		"multipart/form-data": {Schema: &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{
			"file":              {Type: "string", Format: "binary", Description: "CSV whose first line names the columns date, amount, description, reference"},
			"dry_run":           text("true tells what would be imported and changes nothing"),
			"bank_account_code": text("The account of the statement"),
			"bank_account_name": text("Its name"),
		}, Required: []string{"file"}}},
	}}
}

type reconcileInput struct {
	Body struct {
		TransactionID string `json:"transaction_id"`
		PaymentID     string `json:"payment_id,omitempty"`
	}
}

type reconcileAnswer struct {
	Success     bool                     `json:"success"`
	Message     string                   `json:"message"`
	Transaction fieldops.BankTransaction `json:"transaction"`
}

func (a *api) reconcile(r *request, in *reconcileInput) (reconcileAnswer, error) {
	var f fieldops.Faults
	transaction := requiredID(&in.Body.TransactionID, "transaction_id", "Transaction", &f)
	payment := requiredID(&in.Body.PaymentID, "payment_id", "Payment", &f)
	if err := f.Err(""); err != nil {
		return reconcileAnswer{}, err
	}
	ctx := r.Context()
	return a.matched(r, transaction, "Transaction reconciled", func(tx *store.Tx) error { return tx.Reconcile(ctx, transaction, payment) })
}

func (a *api) unreconcile(r *request, in *reconcileInput) (reconcileAnswer, error) {
	var f fieldops.Faults
	transaction := requiredID(&in.Body.TransactionID, "transaction_id", "Transaction", &f)
	if err := f.Err(""); err != nil {
		return reconcileAnswer{}, err
	}
	ctx := r.Context()
	return a.matched(r, transaction, "The transaction is open again", func(tx *store.Tx) error { return tx.Unreconcile(ctx, transaction) })
}

func (a *api) matched(r *request, transaction fieldops.ID, message string, change func(*store.Tx) error) (reconcileAnswer, error) {
	if err := a.DB.Write(r.Context(), r.Actor, change); err != nil {
		return reconcileAnswer{}, err
	}
	b, err := a.DB.BankTransaction(r.Context(), transaction)
	return reconcileAnswer{true, message, b}, err
}

// requiredID reads an id that must be there.
func requiredID(s *string, field, label string, f *fieldops.Faults) fieldops.ID {
	id := idOf(s, field, f)
	if id == nil && text(s) == nil {
		f.Add(field, "%s is required", label)
	}
	if id == nil {
		return ""
	}
	return *id
}

type suggestionsAnswer struct {
	Suggestions []store.BankSuggestion `json:"suggestions"`
}

func (a *api) bankSuggestions(r *request, in *byID) (suggestionsAnswer, error) {
	b, err := a.DB.BankTransaction(r.Context(), in.ID)
	if err != nil {
		return suggestionsAnswer{}, err
	}
	if b.Reconciled {
		return suggestionsAnswer{[]store.BankSuggestion{}}, nil
	}
	suggestions, err := a.DB.BankSuggestions(r.Context(), &b)
	return suggestionsAnswer{suggestions}, err
}
