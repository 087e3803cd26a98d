package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

const (
	maxImport     = 5 << 20 // bytes of a file
	maxImportRows = 5_000
)

// importer takes one kind of record from a file, row by row, within one
// transaction.
type importer struct {
	what       string
	columns    []string // the first of which are required
	needs      int      // how many
	permission fieldops.Permission
	insert     func(ctx context.Context, tx *store.Tx, r *request, row importRow) error
}

// importRow is one row of a file by column; empty cells are not in it.
type importRow map[string]string

const timesheetNeeds = 5

var timesheetColumns = []string{"project_code", "date", "hours", "activity_type", "cost_center_code", "user_email", "notes", "location", "billable"}

var importers = map[string]importer{
	"clients": {
		what: "clients", needs: 1, insert: importClient, permission: fieldops.CanManageClients,
		columns: []string{"name", "contact_name", "email", "phone", "address", "location", "billing_address", "billing_email", "client_type", "status", "notes", "payment_terms_type", "payment_terms_day"},
	},
	"projects": {
		what: "projects", needs: 1, insert: importProject, permission: fieldops.CanEditProjects,
		columns: []string{"name", "client_name", "client_id", "status", "budget", "description", "start_date", "end_date", "cost_center_codes"},
	},
	"timesheets": {
		what: "timesheets", needs: timesheetNeeds, insert: importTimesheet, permission: fieldops.CanViewAllTimesheets,
		columns: timesheetColumns,
	},
}

// importFault is what is wrong with one row. Row counts the lines of the file,
// its first line included.
type importFault struct {
	Row     int    `json:"row"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

type importAnswer struct {
	DryRun  bool          `json:"dry_run"`
	Rows    int           `json:"rows"`
	Created int           `json:"created"` // on a dry run: that would be
	Errors  []importFault `json:"errors"`
}

// errRehearsed takes an import back that was only tried.
var errRehearsed = errors.New("only a rehearsal")

// importFile takes records from a CSV file: all of them or, if anything is wrong
// with one row, none.
func (a *api) importFile(w http.ResponseWriter, r *request) error {
	kind, ok := importers[r.PathValue("kind")]
	if !ok {
		return fieldops.Refuse(fieldops.NotFound, "Only clients, projects and timesheets can be imported")
	}
	if !r.User.May(kind.permission) {
		return fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxImport))
	if err != nil {
		return bodyError(err, "The file is larger than 5 MB")
	}
	rows, lines, faults, err := kind.read(body)
	if err != nil {
		return err
	}
	dry := r.URL.Query().Get("dry_run") == "true"
	serve := func(w http.ResponseWriter, r *request) error {
		answer, err := a.importRows(r, kind, rows, lines, faults, dry)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, answer)
	}
	key := r.Request.Header.Get("Idempotency-Key")
	if key == "" || dry {
		return serve(w, r)
	}
	sum := sha256.Sum256(body)
	return a.repeatable(w, r, key, sum[:], "POST /api/import/"+kind.what, true, serve)
}

// read takes a file apart. Its first line names the columns.
func (k importer) read(body []byte) (rows []importRow, lines []int, faults []importFault, err error) {
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil, nil, fieldops.Refuse(fieldops.Invalid, "The file is empty. Its first line names the columns: %s", strings.Join(k.columns, ", "))
	}
	if err != nil {
		return nil, nil, nil, fieldops.Refuse(fieldops.Invalid, "The file is not CSV: %s", err)
	}
	var f fieldops.Faults
	for i := range header {
		header[i] = strings.ToLower(strings.TrimSpace(header[i]))
		f.Require(slices.Contains(k.columns, header[i]), header[i], "The column %q is not known; there are %s", header[i], strings.Join(k.columns, ", "))
	}
	for _, column := range k.columns[:k.needs] {
		f.Require(slices.Contains(header, column), column, "The column %s is missing", column)
	}
	if err := f.Err(""); err != nil {
		return nil, nil, nil, err
	}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, lines, faults, nil
		}
		if err != nil {
			return nil, nil, nil, fieldops.Refuse(fieldops.Invalid, "The file is not CSV: %s", err)
		}
		if len(rows) == maxImportRows {
			return nil, nil, nil, fieldops.Refuse(fieldops.TooLarge, "A file has at most %d rows; divide it", maxImportRows)
		}
		row := importRow{}
		line, _ := reader.FieldPos(0)
		if len(cells) > len(header) {
			faults = append(faults, importFault{line, "", "The row has more cells than there are columns"})
		}
		for i, cell := range cells {
			// The apostrophe is what an export puts before a text that looks like a formula.
			if cell = strings.TrimPrefix(strings.TrimSpace(cell), "'"); cell != "" && i < len(header) {
				if strings.ContainsRune(cell, 0) || !utf8.ValidString(cell) {
					faults = append(faults, importFault{line, header[i], "The cell holds characters that cannot be read; save the file as UTF-8"})
					continue
				}
				row[header[i]] = cell
			}
		}
		rows, lines = append(rows, row), append(lines, line)
	}
}

func (a *api) importRows(r *request, kind importer, rows []importRow, lines []int, faults []importFault, dry bool) (importAnswer, error) {
	ctx := r.Context()
	answer := importAnswer{DryRun: dry, Rows: len(rows), Errors: slices.Clone(faults)}
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		answer.Created, answer.Errors = 0, slices.Clone(faults)
		for n, row := range rows {
			if len(row) == 0 {
				continue
			}
			err := kind.insert(ctx, tx, r, row)
			refusal, ours := errors.AsType[*fieldops.Error](err)
			switch {
			case err == nil:
				answer.Created++
			case !ours:
				return err
			case len(refusal.Faults) == 0:
				answer.Errors = append(answer.Errors, importFault{lines[n], "", refusal.Message})
			default:
				for _, f := range refusal.Faults {
					answer.Errors = append(answer.Errors, importFault{lines[n], f.Field, f.Message})
				}
			}
		}
		if dry || len(answer.Errors) > 0 {
			return errRehearsed
		}
		if err := tx.NoteImport(ctx, kind.what, answer.Created); err != nil {
			return err
		}
		return r.keep(tx, answer)
	})
	if err != nil && !errors.Is(err, errRehearsed) {
		return answer, err
	}
	if answer.Errors == nil {
		answer.Errors = []importFault{}
	}
	if len(answer.Errors) > 0 && !dry {
		return answer, &fieldops.Error{
			Kind: fieldops.Invalid, Message: "Nothing was imported, because " + counted(len(answer.Errors), "row is", "rows are") + " not right",
			Details: map[string]any{"dry_run": false, "rows": answer.Rows, "created": 0, "row_errors": answer.Errors},
		}
	}
	return answer, nil
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// into decodes a row as the JSON API decodes a request, so that the same rules
// hold. numbers are columns that JSON wants without quotes.
func (row importRow) into(in any, f *fieldops.Faults, numbers ...string) {
	object := make(map[string]json.RawMessage, len(row))
	for column, cell := range row {
		raw, err := json.Marshal(cell)
		if err != nil {
			f.Add(column, "The cell cannot be read")
			continue
		}
		if slices.Contains(numbers, column) && json.Valid([]byte(cell)) {
			raw = json.RawMessage(cell)
		}
		object[column] = raw
	}
	decodeObject(object, reflect.ValueOf(in).Elem(), "", f)
}

// name puts the id of what a column names into another column.
func (row importRow) name(ctx context.Context, tx *store.Tx, kind store.Named, column, id string, f *fieldops.Faults) error {
	name, ok := row[column]
	if !ok {
		return nil
	}
	found, err := tx.Find(ctx, kind, name, column)
	if refusal, ours := errors.AsType[*fieldops.Error](err); ours {
		*f = append(*f, refusal.Faults...)
		return nil
	}
	row[id] = found
	return err
}

func importClient(ctx context.Context, tx *store.Tx, _ *request, row importRow) error {
	var in clientInput
	var f fieldops.Faults
	row.into(&in, &f, "payment_terms_day")
	c := fieldops.Client{ClientType: fieldops.Customer, Status: fieldops.ClientActive, PaymentTerms: fieldops.DefaultPaymentTerms}
	in.apply(&c)
	if c.Name != "" {
		// A file that is imported twice must not double what there is.
		_, err := tx.Find(ctx, store.NamedClient, c.Name, "name")
		if err == nil {
			f.Add("name", "There is a client %q already", c.Name)
		} else if fieldops.KindOf(err) != fieldops.Invalid {
			return err
		}
	}
	if err := f.Err(""); err != nil {
		return err
	}
	return tx.InsertClient(ctx, &c)
}

func importProject(ctx context.Context, tx *store.Tx, _ *request, row importRow) error {
	var in projectInput
	var f fieldops.Faults
	if err := row.name(ctx, tx, store.NamedClient, "client_name", "client_id", &f); err != nil {
		return err
	}
	var centers []fieldops.ID
	for code := range strings.SplitSeq(row["cost_center_codes"], ";") {
		if code = strings.TrimSpace(code); code == "" {
			continue
		}
		center := importRow{"cost_center_codes": code}
		if err := center.name(ctx, tx, store.NamedCostCenter, "cost_center_codes", "id", &f); err != nil {
			return err
		}
		if id := center["id"]; id != "" {
			centers = append(centers, id)
		}
	}
	row.into(&in, &f)
	p := fieldops.Project{Status: "quoted"}
	if _, err := in.apply(&p); err != nil {
		return err
	}
	if err := f.Err(""); err != nil {
		return err
	}
	return tx.InsertProject(ctx, &p, centers)
}

func importTimesheet(ctx context.Context, tx *store.Tx, r *request, row importRow) error {
	var in timesheetInput
	var f fieldops.Faults
	if err := errors.Join(
		row.name(ctx, tx, store.NamedProject, "project_code", "project_id", &f),
		row.name(ctx, tx, store.NamedActivityType, "activity_type", "activity_type_id", &f),
		row.name(ctx, tx, store.NamedCostCenter, "cost_center_code", "cost_center_id", &f),
		row.name(ctx, tx, store.NamedUser, "user_email", "user_id", &f),
	); err != nil {
		return err
	}
	row.into(&in, &f, "billable")
	t := fieldops.Timesheet{UserID: &r.User.ID}
	in.apply(&t, &f)
	for _, column := range timesheetColumns[:timesheetNeeds] {
		f.Require(row[column] != "", column, "%s is required", column)
	}
	f.Require(t.UserID != nil && *t.UserID == r.User.ID || r.User.SeesAllTimesheets(), "user_email", "You may only write down your own work")
	if err := f.Err(""); err != nil {
		return err
	}
	return tx.InsertTimesheet(ctx, &t)
}

// importTemplate is a file with nothing but the columns.
func (a *api) importTemplate(w http.ResponseWriter, r *request) error {
	kind, ok := importers[r.PathValue("kind")]
	if !ok {
		return fieldops.Refuse(fieldops.NotFound, "Only clients, projects and timesheets can be imported")
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": kind.what + ".csv"}))
	_, _ = io.WriteString(w, "\ufeff"+strings.Join(kind.columns, ",")+"\r\n") // the client is gone: there is nobody to tell
	return nil
}

func documentImport(_ huma.Registry, op *huma.Operation) {
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: "dry_run", In: "query", Schema: &huma.Schema{Type: huma.TypeBoolean}, Description: "Only say what would be created, and what is wrong with which row",
	})
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}}}
}
