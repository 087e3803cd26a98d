package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// Every list can be had as CSV: ?format=csv gives all rows that its filters
// choose, for those who may export data. The rows are the list's own JSON, page
// after page, so that a new list needs nothing to be exported.

// rowOf is the Go type of the rows of an endpoint that answers with a list; nil
// for any other endpoint.
func (e endpoint) rowOf() reflect.Type {
	if e.out == nil {
		return nil
	}
	t := reflect.TypeOf(e.out).Elem()
	if t.Kind() == reflect.Struct {
		data, ok := t.FieldByName("Data")
		if _, isPaged := t.FieldByName("Pagination"); !ok || !isPaged {
			return nil
		}
		t = data.Type
	}
	if t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.Struct {
		return nil
	}
	return t.Elem()
}

// exports reports whether a request asks for a list as CSV.
func (r route) exports(hr *http.Request) bool {
	return hr.Method == http.MethodGet && hr.URL.Query().Get("format") == "csv" && r.endpoint.rowOf() != nil
}

func (a *api) export(w http.ResponseWriter, r *request, route route) error {
	if !r.User.May(fieldops.CanExportData) {
		return fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	query := r.URL.Query()
	query.Del("format")
	query.Del("page")
	query.Set("limit", "500")
	columns := columnsOf(route.endpoint.rowOf())
	var out *csv.Writer
	count := 0
	for query != nil {
		rows, next, err := a.exportPage(r, route, query)
		if err != nil {
			if out != nil {
				panic(http.ErrAbortHandler) // half of a file must not look like all of it
			}
			return err
		}
		if out == nil {
			out = beginCSV(w, route, a.Clock().Format("2006-01-02"))
			if err := out.Write(columns); err != nil {
				panic(http.ErrAbortHandler)
			}
		}
		for _, row := range rows {
			if err := out.Write(cells(columns, row)); err != nil {
				panic(http.ErrAbortHandler) // the client is gone
			}
		}
		count += len(rows)
		query = next
	}
	out.Flush()
	ctx := r.Context()
	return a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error { return tx.NoteExport(ctx, route.tag(), r.URL.RawQuery, count) })
}

func beginCSV(w http.ResponseWriter, route route, day string) *csv.Writer {
	parts := strings.Split(strings.Trim(route.path, "/"), "/")
	h := w.Header()
	h.Del("Link")
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": parts[len(parts)-1] + "-" + day + ".csv"}))
	_, _ = w.Write([]byte("\ufeff")) // so that spreadsheets read it as UTF-8; the first row tells of a client that is gone
	return csv.NewWriter(w)
}

// exportPage asks the list for its next page. next is nil when it was the last.
func (a *api) exportPage(r *request, route route, query url.Values) (rows []map[string]json.RawMessage, next url.Values, err error) {
	asked := *r
	asked.Request = r.Clone(r.Context())
	asked.URL.RawQuery = query.Encode()
	page := &keptWriter{header: http.Header{}}
	asked.Header = page.header
	if err := route.endpoint.serve(page, &asked); err != nil {
		return nil, nil, err
	}
	body := page.body.Bytes()
	var paged struct {
		Data       json.RawMessage
		Pagination pagination
	}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		if err := json.Unmarshal(body, &paged); err != nil {
			return nil, nil, err
		}
		body = paged.Data
	}
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, nil, err
	}
	if key := paged.Pagination.NextKey; key != nil {
		next = maps.Clone(query)
		next.Set("after", *key)
		return rows, next, nil
	}
	link, _, found := strings.Cut(strings.TrimPrefix(page.header.Get("Link"), "<"), ">")
	if !found {
		return rows, nil, nil
	}
	u, err := url.Parse(link)
	if err != nil {
		return nil, nil, err
	}
	return rows, u.Query(), nil
}

// columnsOf are the JSON names of a row, in the order of its fields.
func columnsOf(t reflect.Type) []string {
	var columns []string
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			for _, inner := range columnsOf(field.Type) {
				if !slices.Contains(columns, inner) {
					columns = append(columns, inner)
				}
			}
			continue
		}
		if name != "" && name != "-" && !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
	}
	return columns
}

func cells(columns []string, row map[string]json.RawMessage) []string {
	line := make([]string, len(columns))
	for i, column := range columns {
		line[i] = cell(row[column])
	}
	return line
}

// cell is a JSON value in a spreadsheet. A text that a spreadsheet would take for
// a formula is made harmless by an apostrophe
// (https://owasp.org/www-community/attacks/CSV_Injection).
func cell(value json.RawMessage) string {
	var s string
	var list []json.RawMessage
	switch {
	case len(value) == 0 || string(value) == "null":
		return ""
	case json.Unmarshal(value, &s) == nil:
		if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
			if _, err := strconv.ParseFloat(s, 64); err != nil {
				return "'" + s
			}
		}
		return s
	case json.Unmarshal(value, &list) == nil && !slices.ContainsFunc(list, func(v json.RawMessage) bool { return v[0] == '{' || v[0] == '[' }):
		parts := make([]string, len(list))
		for i, v := range list {
			parts[i] = cell(v)
		}
		return strings.Join(parts, "; ")
	}
	return string(value)
}

// documentExport names the parameter by which a list is had as CSV.
func documentExport() string {
	return fmt.Sprintf("csv gives all rows as a CSV file; needs %s", fieldops.CanExportData)
}
