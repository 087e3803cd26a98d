package api

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// readCSV reads an export as a list of rows by column.
func readCSV(t *testing.T, body string) []map[string]string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || len(lines) == 0 {
		t.Fatalf("%v in %q", err, body)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func TestListsAsCSV(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		const many = 230 // more than two pages of the list
		f.write(func(ctx context.Context, tx *store.Tx) error {
			for i := range many {
				c := fieldops.Client{Name: fmt.Sprintf("Client %03d", i)}
				if i == 7 {
					c.Name = "=HYPERLINK(1)" // a formula, to a spreadsheet
				}
				if err := tx.InsertClient(ctx, &c); err != nil {
					return err
				}
			}
			return nil
		})
		w := f.ask("manager", "GET", "/api/clients?format=csv&search=client", "")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" ||
			!strings.HasPrefix(w.Header().Get("Content-Disposition"), `attachment; filename=clients-20`) {
			t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
		}
		rows := readCSV(t, w.Body.String())
		if len(rows) != many-1 || rows[0]["name"] != "Client 000" || rows[many-2]["name"] != "Client 229" || rows[0]["status"] != "active" || rows[0]["total_hours"] != "0.00" {
			t.Errorf("%d rows: %v … %v", len(rows), rows[0], rows[len(rows)-1])
		}
		all := readCSV(t, f.ask("manager", "GET", "/api/clients?format=csv&page=2&limit=1", "").Body.String())
		if len(all) != many+1 || all[0]["name"] != "'=HYPERLINK(1)" {
			t.Errorf("%d rows, the first %v", len(all), all[0])
		}
		if none := readCSV(t, f.ask("admin", "GET", "/api/xero/invoices?format=csv", "").Body.String()); len(none) != 0 {
			t.Errorf("no invoices are %v", none)
		}
		f.play([]scenario{
			{who: "tech", ask: "GET /api/clients?format=csv", status: 403, parts: []string{"Permission denied"}},
			{who: "manager", ask: "GET /api/clients?format=csv&sort=colour", status: 400, parts: []string{`"field":"sort"`}},
			{who: "admin", ask: "GET /api/settings/logs/activity?action=export", status: 200, parts: []string{`"total":3`, `"rows":229`}},
		})
	})
}
