package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// made keeps the ids of records by kind.
type made map[fieldops.RecordKind][]fieldops.ID

func (m made) add(kind fieldops.RecordKind, id fieldops.ID) { m[kind] = append(m[kind], id) }

// dependents gives a client more than forty records of all twelve kinds, linked with each
// other. Documents that travel were here before there was a way to Xero.
func (f *firm) dependents(client fieldops.ID) made {
	f.t.Helper()
	all := made{fieldops.RecordClient: {client}}
	line := func() []fieldops.Line {
		l := fieldops.Line{ID: fieldops.NewID(), Key: "labour", Description: "Work", Quantity: 2_0000, UnitPrice: 100_0000, TaxRate: 150_000, Amount: 200_00, Tax: 30_00}
		return []fieldops.Line{l}
	}
	center, activity, tech := f.vars["center"], f.vars["activity"], f.people["tech"]
	f.write(func(ctx context.Context, tx *store.Tx) error {
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		for n := range 4 {
			p := fieldops.Project{Name: fmt.Sprintf("Vanishing project %d", n), ClientID: &client, Budget: 5_000_00, Status: "in-progress"}
			if err := tx.InsertProject(ctx, &p, []fieldops.ID{center}); err != nil {
				return err
			}
			all.add(fieldops.RecordProject, p.ID)
			note := "Vanishing note"
			var entries []fieldops.ID
			for d := range 2 {
				t := fieldops.Timesheet{UserID: &tech, ProjectID: &p.ID, ActivityTypeID: &activity, CostCenterID: &center, Date: fieldops.Date(fmt.Sprintf("2026-05-%02d", 4+d)), Hours: 2_0000, Notes: &note}
				if err := tx.InsertTimesheet(ctx, &t); err != nil {
					return err
				}
				all.add(fieldops.RecordTimesheet, t.ID)
				entries = append(entries, t.ID)
			}
			v := fieldops.Invoice{
				Number: fmt.Sprintf("GONE-%d", n), ClientID: &client, ProjectID: &p.ID, Status: fieldops.StatusAuthorised, Currency: "NZD", IssueDate: "2026-05-10", DueDate: "2026-05-20",
				Lines: line(), SubTotal: 200_00, TotalTax: 30_00, Total: 230_00, AmountDue: 230_00,
			}
			v.Lines[0].Timesheets = entries[:1]
			if err := tx.InsertInvoice(ctx, &v); err != nil {
				return err
			}
			if err := tx.BillTimesheets(ctx, &v); err != nil {
				return err
			}
			all.add(fieldops.RecordInvoice, v.ID)
			o := fieldops.PurchaseOrder{
				Number: fmt.Sprintf("PGONE-%d", n), SupplierID: &client, ProjectID: &p.ID, Status: fieldops.StatusAuthorised, Currency: "NZD", Date: "2026-05-10",
				Lines: line(), SubTotal: 200_00, TotalTax: 30_00, Total: 230_00,
			}
			o.Lines[0].CostCenterID = &center
			if err := tx.InsertPurchaseOrder(ctx, &o); err != nil {
				return err
			}
			all.add(fieldops.RecordPurchaseOrder, o.ID)
			q := fieldops.Quote{ClientID: &client, ProjectID: &p.ID, Status: "SENT", Currency: "NZD", IssueDate: "2026-05-10", Lines: line(), SubTotal: 200_00, TotalTax: 30_00, Total: 230_00}
			if err := tx.InsertQuote(ctx, &q, settings); err != nil {
				return err
			}
			all.add(fieldops.RecordQuote, q.ID)
		}
		return nil
	})
	create := func(kind fieldops.RecordKind, path, body string) fieldops.ID {
		f.t.Helper()
		id := answer[struct{ ID fieldops.ID }](f.t, f.ask("admin", "POST", path, body), http.StatusCreated).ID
		all.add(kind, id)
		return id
	}
	for n := range 4 {
		invoice, order, project := all[fieldops.RecordInvoice][n], all[fieldops.RecordPurchaseOrder][n], all[fieldops.RecordProject][n]
		bill := create(fieldops.RecordBill, "/api/xero/purchase-orders/"+order+"/convert-to-bill", fmt.Sprintf(`{"date":"2026-05-12","bill_number":"BGONE-%d"}`, n))
		create(fieldops.RecordSafetyDocument, "/api/safety-documents", `{"project_id":"`+project+`","cost_center_id":"{center}","document_type":"jsa","title":"Vanishing analysis","data":`+fullJSA+`}`)
		create(fieldops.RecordExpense, "/api/xero/expenses", `{"project_id":"`+project+`","cost_center_id":"{center}","amount":"23.00","date":"2026-05-12","description":"Vanishing parking"}`)
		create(fieldops.RecordPayment, "/api/xero/payments", `{"invoice_id":"`+invoice+`","amount":"30.00","payment_date":"2026-05-13","payment_method":"CASH"}`)
		create(fieldops.RecordPayment, "/api/xero/payments", `{"bill_id":"`+bill+`","amount":"50.00","payment_date":"2026-05-13","payment_method":"BANK_TRANSFER"}`)
		file := f.submit("admin", "POST", "/api/files", map[string]string{"project_id": project, "tags": "vanishing"}, []photo{{"file", fmt.Sprintf("Vanishing plan %d.pdf", n), pdf}})
		all.add(fieldops.RecordProjectFile, answer[struct{ ID fieldops.ID }](f.t, file, http.StatusCreated).ID)
		paper := f.submit("admin", "POST", "/api/document-scan", map[string]string{"project_id": project}, []photo{{"file", fmt.Sprintf("Vanishing receipt %d.png", n), pngPicture}})
		scan := answer[struct{ Scan scanned }](f.t, paper, http.StatusCreated).Scan
		f.read(scan.ID, 1, "Vanishing Hardware\nReceipt 1\nTotal 23.00")
		all.add(fieldops.RecordDocumentScan, scan.ID)
		all.add(fieldops.RecordProjectFile, scan.FileID)
		create(fieldops.RecordCreditNote, "/api/xero/credit-notes", `{"invoice_id":"`+invoice+`","amount":"23.00","date":"2026-05-14","reason":"Vanishing reason"}`)
	}
	return all
}

// everywhere are the answers in which a record can show: lists, sums, search and
// exports.
func everywhere(client fieldops.ID) []string {
	urls := []string{
		"/api/clients?limit=100", "/api/projects?limit=100", "/api/timesheets?limit=100", "/api/projects/board", "/api/cost-centers", "/api/cost-centers/{center}", "/api/activity-types",
		"/api/xero/invoices", "/api/xero/purchase-orders", "/api/xero/quotes", "/api/xero/bills", "/api/xero/expenses", "/api/xero/payments", "/api/xero/credit-notes", "/api/safety-documents", "/api/safety-documents?cost_center_id={center}",
		"/api/xero/purchase-orders/cost-center/{center}", "/api/xero/unbilled", "/api/reports/cost-centers", "/api/xero/bank-transactions",
		"/api/dashboard/recent-timesheets", "/api/dashboard/active-projects", "/api/projects/{project}/financials", "/api/xero/reminders/history", "/api/files", "/api/files?q=vanishing", "/api/files?client_id=" + client,
		"/api/document-scan", "/api/document-scan?search=vanishing",
	}
	for _, list := range []string{"clients", "projects", "timesheets", "xero/invoices", "xero/purchase-orders", "xero/quotes", "xero/bills", "xero/expenses", "xero/payments", "xero/credit-notes"} {
		urls = append(urls, "/api/"+list+"?format=csv")
	}
	for _, list := range []string{"/api/projects", "/api/timesheets", "/api/xero/invoices", "/api/xero/quotes"} {
		urls = append(urls, list+"?client_id="+client)
	}
	return urls
}

// details are the pages of the records themselves.
func (m made) details() []string {
	paths := map[fieldops.RecordKind]string{
		fieldops.RecordClient: "clients", fieldops.RecordProject: "projects", fieldops.RecordTimesheet: "timesheets", fieldops.RecordInvoice: "xero/invoices",
		fieldops.RecordPurchaseOrder: "xero/purchase-orders", fieldops.RecordQuote: "xero/quotes", fieldops.RecordBill: "xero/bills", fieldops.RecordExpense: "xero/expenses",
		fieldops.RecordPayment: "xero/payments", fieldops.RecordCreditNote: "xero/credit-notes", fieldops.RecordProjectFile: "files", fieldops.RecordDocumentScan: "document-scan",
		fieldops.RecordSafetyDocument: "safety-documents",
	}
	var urls []string
	for kind, ids := range m {
		for _, id := range ids {
			urls = append(urls, "/api/"+paths[kind]+"/"+id)
		}
	}
	slices.Sort(urls)
	return urls
}

var changedAt = regexp.MustCompile(`"(updated_at|as_of)":"[^"]*"|"age_days":\d+|20\d\d-\d\d-\d\dT[0-9:.]+Z`)

// TestAClientGoesAndComesBackWithAllThatBelongsToThem deletes a client with
// their dependents of all twelve kinds: in between nothing of them shows anywhere,
// and afterwards everything is as before.
func TestAClientGoesAndComesBackWithAllThatBelongsToThem(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		var client fieldops.Client
		f.write(func(ctx context.Context, tx *store.Tx) error {
			client = fieldops.Client{Name: "Vanishing Ltd", ClientType: fieldops.CustomerSupplier}
			return tx.InsertClient(ctx, &client)
		})
		all := f.dependents(client.ID)
		count := -1
		for _, ids := range all {
			count += len(ids)
		}
		if len(all) != 13 || count < 48 {
			t.Fatalf("%d dependents of %d kinds", count, len(all)-1)
		}
		look := func() map[string]string {
			t.Helper()
			seen := map[string]string{}
			for _, url := range slices.Concat(everywhere(client.ID), all.details()) {
				w := f.ask("admin", "GET", url, "")
				if w.Code >= http.StatusInternalServerError {
					t.Errorf("GET %s: %d %s", url, w.Code, w.Body)
				}
				seen[url] = fmt.Sprint(w.Code, " ", changedAt.ReplaceAllString(w.Body.String(), ""))
				if w.Code != http.StatusOK {
					seen[url] = strconv.Itoa(w.Code)
				}
			}
			return seen
		}
		before := look()
		for _, url := range all.details() {
			if !strings.HasPrefix(before[url], "200") {
				t.Errorf("before, GET %s answers %s", url, before[url])
			}
		}
		preview := answer[deletionPreview](t, f.ask("manager", "GET", "/api/bin/preview/client/"+client.ID, ""), http.StatusOK)
		if preview.Refusal != nil || len(preview.Records) != count+1 {
			t.Errorf("the preview names %d records, %v", len(preview.Records), preview.Refusal)
		}
		deleted := answer[deletedRecord](t, f.ask("manager", "DELETE", "/api/clients/"+client.ID, ""), http.StatusOK)
		for kind, ids := range all {
			if deleted.Counts[kind] != len(ids) || preview.Counts[kind] != len(ids) {
				t.Errorf("%d of kind %s were deleted, %d foretold, there were %d", deleted.Counts[kind], kind, preview.Counts[kind], len(ids))
			}
		}
		between := look()
		for _, url := range all.details() {
			if between[url] != "404" {
				t.Errorf("in between, GET %s answers %s", url, between[url])
			}
		}
		for _, url := range everywhere(client.ID) {
			for kind, ids := range all {
				for _, id := range ids {
					// The filter itself names the client.
					if strings.Contains(between[url], id) && !(kind == fieldops.RecordClient && strings.Contains(url, "client_id=")) {
						t.Errorf("in between, GET %s shows a %s", url, kind)
					}
				}
			}
			if strings.Contains(between[url], "Vanishing") || strings.Contains(between[url], "GONE") {
				t.Errorf("in between, GET %s shows something: %.300s", url, between[url])
			}
		}
		for _, list := range []string{"clients", "projects", "timesheets", "xero/invoices", "xero/purchase-orders"} {
			if w := f.ask("manager", "GET", "/api/"+list+"?include_deleted=true&limit=100", ""); !strings.Contains(w.Body.String(), "anishing") {
				t.Errorf("with the deleted ones, %s shows none of them", list)
			}
			if w := f.ask("tech", "GET", "/api/"+list+"?include_deleted=true", ""); w.Code != http.StatusForbidden {
				t.Errorf("a technician may see deleted %s: %d", list, w.Code)
			}
		}
		restored := answer[restoredAnswer](t, f.ask("manager", "POST", "/api/bin/"+deleted.DeletionID+"/restore", ""), http.StatusOK)
		if !maps.Equal(restored.Counts, deleted.Counts) {
			t.Errorf("restored %v of %v", restored.Counts, deleted.Counts)
		}
		after := look()
		for url := range before {
			if diff := cmp.Diff(pretty(json.RawMessage(strings.TrimPrefix(before[url], "200 "))), pretty(json.RawMessage(strings.TrimPrefix(after[url], "200 ")))); diff != "" || before[url] != after[url] {
				t.Errorf("GET %s is not as before (-before +after):\n%s", url, diff)
			}
		}
	})
}
