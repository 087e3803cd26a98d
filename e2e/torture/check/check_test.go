package check

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A small firm in which all is well: an invoice, an order, a deleted invoice,
// their client, a timesheet, and every call written down.
const (
	schema = `
create table clients (id text, name text, email text, xero_contact_id text, sync_status text);
create table projects (id text, code text);
create table xero_invoices (id text, invoice_number text, client_id text, xero_invoice_id text, sync_status text, sync_warning text, deleted_at text,
	reference text, issue_date text, due_date text, currency text, subtotal_cents integer, total_tax_cents integer, total_cents integer);
create table xero_invoice_lines (invoice_id text, position integer, description text, quantity_e4 integer, unit_price_e4 integer, account_code text,
	tax_type text, line_amount_cents integer, tax_amount_cents integer);
create table xero_purchase_orders (id text, po_number text, supplier_id text, project_id text, xero_po_id text, sync_status text, sync_warning text, deleted_at text,
	date text, delivery_date text, currency text, subtotal_cents integer, total_tax_cents integer, total_amount_cents integer);
create table xero_purchase_order_line_items (po_id text, position integer, description text, quantity_e4 integer, unit_amount_e4 integer, account_code text,
	tax_type text, line_amount_cents integer, tax_amount_cents integer);
create table timesheets (id text, billing_status text, invoice_id text, sync_status text, xero_sync_id text);
create table sync_intents (id text, entity_type text, entity_id text, operation text, phase text, reason text, closed_at text);
create table sync_logs (id text, entity_type text, entity_id text, number text, call_id text, writes integer, method text, path text, idempotency_key text,
	outcome text, http_status integer, created_at text, finished_at text, note text);
insert into clients values ('c1', 'Client Ltd', 'office@example.nz', 'xc1', 'synced');
insert into projects values ('p1', 'P-001');
insert into xero_invoices values ('i1', 'INV-1', 'c1', 'xi1', 'synced', null, null, 'PO 7', '2026-11-01', '2026-11-20', 'NZD', 10000, 1500, 11500);
insert into xero_invoice_lines values ('i1', 0, 'Work', 20000, 500000, '200', 'OUTPUT2', 10000, 1500);
insert into xero_invoices values ('i2', 'INV-2', 'c1', 'xi2', 'synced', null, '2026-11-02T00:00:00.000000Z', null, '2026-11-01', '2026-11-20', 'NZD', 0, 0, 0);
insert into xero_purchase_orders values ('o1', 'PO-1', 'c1', 'p1', 'xo1', 'synced', null, null, '2026-11-01', '2026-11-08', 'NZD', 250, 38, 288);
insert into xero_purchase_order_line_items values ('o1', 0, 'Cable', 10000, 25000, '300', 'INPUT2', 250, 38);
insert into timesheets values ('t1', 'billed', 'i1', 'synced', 'n1'), ('t2', 'unbilled', null, null, null);
insert into sync_intents values ('n1', 'invoice', 'i1', 'create', 'synced', null, '2026-11-01T00:00:09.000000Z');
insert into sync_logs values
	('l1', 'invoice', 'i1', 'INV-1', 'k1', 1, 'PUT', '/api.xro/2.0/Invoices?summarizeErrors=false', 'key1', 'confirmed', 200, '2026-11-01T00:00:01.000000Z', '2026-11-01T00:00:02.000000Z', null),
	('l2', 'invoice', 'i2', 'INV-2', 'k1', 1, 'PUT', '/api.xro/2.0/Invoices?summarizeErrors=false', 'key1', 'confirmed', 200, '2026-11-01T00:00:01.000000Z', '2026-11-01T00:00:02.000000Z', null),
	('l3', 'invoice', 'i2', 'INV-2', 'k2', 1, 'POST', '/api.xro/2.0/Invoices/xi2', 'key2', 'confirmed', 200, '2026-11-01T00:00:03.000000Z', '2026-11-01T00:00:04.000000Z', null),
	('l4', 'invoice', 'i2', 'INV-2', 'k3', 0, 'GET', '/api.xro/2.0/Invoices/xi2', null, 'answered', 200, '2026-11-01T00:00:02.500000Z', '2026-11-01T00:00:02.600000Z', null);`
	invoices = `[
	{"InvoiceID":"xi1","InvoiceNumber":"INV-1","Type":"ACCREC","Status":"AUTHORISED","Reference":"PO 7","DateString":"2026-11-01T00:00:00","DueDateString":"2026-11-20T00:00:00",
	 "Url":"http://firm/invoices/i1","CurrencyCode":"NZD","Contact":{"ContactID":"xc1"},"SubTotal":100.00,"TotalTax":15.00,"Total":115.00,
	 "LineItems":[{"Description":"Work","Quantity":2.0000,"UnitAmount":50.0000,"AccountCode":"200","TaxType":"OUTPUT2","LineAmount":100.00,"TaxAmount":15.00}]},
	{"InvoiceID":"xi2","InvoiceNumber":"INV-2","Type":"ACCREC","Status":"DELETED","Url":"http://firm/invoices/i2","Contact":{"ContactID":"xc1"},"LineItems":[]}]`
	orders = `[{"PurchaseOrderID":"xo1","PurchaseOrderNumber":"PO-1","Status":"AUTHORISED","Reference":"P-001","DateString":"2026-11-01T00:00:00","DeliveryDateString":"2026-11-08T00:00:00",
	 "CurrencyCode":"NZD","Contact":{"ContactID":"xc1"},"SubTotal":2.50,"TotalTax":0.38,"Total":2.88,
	 "LineItems":[{"Description":"Cable","Quantity":1.0000,"UnitAmount":2.5000,"AccountCode":"300","TaxType":"INPUT2","LineAmount":2.50,"TaxAmount":0.38}]}]`
	contacts = `[{"ContactID":"xc1","ContactNumber":"c1","Name":"Client Ltd","EmailAddress":"office@example.nz","ContactStatus":"ACTIVE"}]`
	calls    = `[
	{"n":0,"at":"2026-11-01T00:00:01.5Z","method":"PUT","path":"/api.xro/2.0/Invoices","query":"summarizeErrors=false","status":200,"idempotency_key":"key1","body":"{\"Invoices\":[{},{}]}","in_flight":1},
	{"n":1,"at":"2026-11-01T00:00:02.55Z","method":"GET","path":"/api.xro/2.0/Invoices/xi2","query":"","status":200,"idempotency_key":"","body":"","in_flight":1},
	{"n":2,"at":"2026-11-01T00:00:03.5Z","method":"POST","path":"/api.xro/2.0/Invoices/xi2","query":"","status":200,"idempotency_key":"key2","body":"{\"Invoices\":[{}]}","in_flight":1}]`
)

// firm is the evidence of the small firm, ready to be spoiled.
type firm struct {
	lists    map[string]string // what the simulator answers
	database *sql.DB
	evidence Evidence
}

func newFirm(t *testing.T) *firm {
	t.Helper()
	dir := t.TempDir()
	f := &firm{lists: map[string]string{"documents/Invoices": invoices, "documents/PurchaseOrders": orders, "documents/Contacts": contacts, "calls": calls}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, f.lists[strings.TrimPrefix(r.URL.Path, "/_sim/")])
	}))
	t.Cleanup(server.Close)
	log := filepath.Join(dir, "log")
	if err := os.WriteFile(log, []byte("nothing happened\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.evidence = Evidence{
		Driver: "sqlite", DSN: "file:" + filepath.Join(dir, "firm.db"), Control: server.URL, Secrets: []string{"hunter2-hunter2"}, Logs: []string{log},
		Minute: time.Minute, InFlight: 5, Call: time.Minute, SameClock: true,
	}
	var err error
	if f.database, err = sql.Open(f.evidence.Driver, f.evidence.DSN); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.database.Close(); err != nil {
			t.Error(err)
		}
	})
	f.change(t, schema)
	return f
}

func (f *firm) change(t *testing.T, statements string) {
	t.Helper()
	if _, err := f.database.ExecContext(context.Background(), statements); err != nil {
		t.Fatal(err)
	}
}

// add appends an element to what the simulator answers.
func (f *firm) add(list, element string) {
	f.lists[list] = strings.TrimSuffix(f.lists[list], "]") + "," + element + "]"
}

func TestAllIsWell(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	got, err := Run(context.Background(), f.evidence)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Violations) > 0 {
		t.Errorf("violations where there are none: %q", got.Violations)
	}
	if got.Documents != 3 || got.Remote != 3 || got.Calls != 3 || got.Rows != 4 {
		t.Errorf("looked at %+v", got)
	}
}

func TestEveryViolationIsNoticed(t *testing.T) {
	t.Parallel()
	type spoiled struct {
		database string // statements
		list     string // of the simulator: old is replaced by with, or with is added
		old      string
		with     string
		want     string // part of a violation
	}
	docs := "documents/Invoices"
	cases := map[string]spoiled{
		"an open intent":          {database: "update sync_intents set closed_at = null", want: "still open"},
		"a pending document":      {database: "update xero_invoices set sync_status = 'pending' where id = 'i1'", want: "is pending although"},
		"an open attempt":         {database: "update sync_logs set outcome = null, finished_at = null where id = 'l3'", want: "never closed"},
		"a look left open":        {database: "update sync_logs set outcome = null, finished_at = null where id = 'l4'", want: "never closed"},
		"two by marker":           {list: docs, with: `{"InvoiceID":"xi9","InvoiceNumber":"INV-1a","Type":"ACCREC","Status":"DRAFT","Url":"http://firm/invoices/i1"}`, want: "stands in Xero 2 times"},
		"two by number":           {list: "documents/PurchaseOrders", with: `{"PurchaseOrderID":"xo9","PurchaseOrderNumber":"PO-1","Status":"DRAFT"}`, want: "one number twice"},
		"deleted here alone":      {list: docs, old: "DELETED", with: "DRAFT", want: "was deleted here and stands in Xero"},
		"voided there alone":      {list: docs, old: "AUTHORISED", with: "VOIDED", want: "does not stand in Xero"},
		"another id":              {database: "update xero_invoices set xero_invoice_id = 'xi2' where id = 'i1'", want: "Xero's is xi1"},
		"an invented id":          {database: "update xero_invoices set xero_invoice_id = 'xi7' where id = 'i2'", want: "which Xero does not know"},
		"a warning":               {database: "update xero_invoices set sync_warning = 'hm' where id = 'i1'", want: "bears a warning"},
		"failed, yet there":       {database: "update xero_invoices set sync_status = 'failed', xero_invoice_id = null where id = 'i1'", want: "is called failed and stands"},
		"never asked":             {database: "update xero_invoices set sync_status = null where id = 'i1'", want: "never asked to go"},
		"reference":               {list: docs, old: "PO 7", with: "PO 8", want: "reference:"},
		"contact":                 {list: docs, old: `"ContactID":"xc1"}`, with: `"ContactID":"xc2"}`, want: "contact:"},
		"date":                    {list: docs, old: "2026-11-01T", with: "2026-11-02T", want: "date:"},
		"due date":                {list: docs, old: "2026-11-20T", with: "2026-11-21T", want: "due date:"},
		"delivery date":           {list: "documents/PurchaseOrders", old: "2026-11-08T", with: "2026-11-09T", want: "due date:"},
		"currency":                {list: docs, old: "NZD", with: "AUD", want: "currency:"},
		"type":                    {list: docs, old: "ACCREC", with: "ACCPAY", want: "type:"},
		"total":                   {list: docs, old: "115.00", with: "115.01", want: "total:"},
		"tax":                     {list: docs, old: `"TotalTax":15.00`, with: `"TotalTax":15.01`, want: "tax:"},
		"subtotal":                {list: docs, old: `"SubTotal":100.00`, with: `"SubTotal":100.005`, want: "subtotal:"},
		"line text":               {list: docs, old: `"Work"`, with: `"Play"`, want: "description:"},
		"line quantity":           {list: docs, old: "2.0000", with: "2.0001", want: "quantity:"},
		"line price":              {list: docs, old: "50.0000", with: "50.0001", want: "unit price:"},
		"line account":            {list: docs, old: `"200"`, with: `"201"`, want: "account:"},
		"line tax type":           {list: docs, old: `"OUTPUT2"`, with: `"NONE"`, want: "tax type:"},
		"line amount":             {list: docs, old: `"LineAmount":100.00`, with: `"LineAmount":99.99`, want: "line 1 amount:"},
		"line missing here":       {database: "delete from xero_invoice_lines", want: "0 lines here, 1 there"},
		"a stranger":              {list: docs, with: `{"InvoiceID":"xi9","InvoiceNumber":"INV-9","Type":"ACCREC","Status":"DRAFT"}`, want: "which nobody asked for"},
		"another's marker":        {list: docs, old: "invoices/i1", with: "invoices/i2", want: "with the marker"},
		"a strange contact":       {list: "documents/Contacts", with: `{"ContactID":"xc2","ContactNumber":"","Name":"Who"}`, want: "which nobody asked for"},
		"a contact twice":         {list: "documents/Contacts", with: `{"ContactID":"xc2","ContactNumber":"c1","Name":"Client Ltd"}`, want: "stands in Xero 2 times"},
		"a contact's name":        {list: "documents/Contacts", old: "Client Ltd", with: "Client Limited", want: "differs from Xero"},
		"a contact's id":          {database: "update clients set xero_contact_id = 'xc3'", want: "holds the id xc3"},
		"a contact pending":       {database: "update clients set sync_status = 'pending'", want: "is pending although"},
		"a contact lost":          {list: "documents/Contacts", old: `"c1"`, with: `"c2"`, want: "does not stand in Xero"},
		"a contact failed":        {database: "update clients set sync_status = 'failed', xero_contact_id = null", want: "stands in Xero as xc1"},
		"work of a deleted":       {database: "update timesheets set invoice_id = 'i2'", want: "which was deleted"},
		"work of nothing":         {database: "update timesheets set invoice_id = 'i7'", want: "which does not exist"},
		"work half released":      {database: "update timesheets set invoice_id = null where id = 't1'", want: "is on no invoice and yet"},
		"work called unbilled":    {database: "update timesheets set billing_status = 'unbilled' where id = 't1'", want: "called unbilled"},
		"work of another state":   {database: "update timesheets set sync_status = 'pending' where id = 't1'", want: `is "pending"`},
		"a call not written down": {database: "delete from sync_logs where id = 'l3'", want: "does not stand in sync_logs"},
		"a call without a key":    {list: "calls", old: `"key2"`, with: `""`, want: "bears no key"},
		"a call made twice":       {list: "calls", with: `{"n":9,"at":"2026-11-01T00:00:03.6Z","method":"POST","path":"/api.xro/2.0/Invoices/xi2","idempotency_key":"key2","body":"{\"Invoices\":[{}]}"}`, want: "bear the same key"},
		"a document too few":      {database: "delete from sync_logs where id = 'l2'", want: "carries 2 documents and has 1 rows"},
		"another path":            {database: "update sync_logs set path = '/api.xro/2.0/Invoices/xi1' where id = 'l3'", want: "its row says"},
		"a call before its row":   {database: "update sync_logs set created_at = '2026-11-01T00:00:03.700000Z' where id = 'l3'", want: "before its row was written"},
		"sent, called not sent":   {database: "update sync_logs set outcome = 'not_sent', http_status = null where id = 'l3'", want: "says that it was not sent"},
		"an answer to no call":    {list: "calls", old: `"key2"`, with: `"key9"`, want: "Xero never saw it"},
		"a read not written down": {database: "delete from sync_logs where id = 'l4'", want: "sync_logs knows 0"},
		"two attempts at once":    {database: "update sync_logs set finished_at = '2026-11-01T00:00:03.100000Z' where id = 'l2'", want: "two attempts were open at once"},
		"six calls at once":       {list: "calls", old: `"in_flight":1}]`, with: `"in_flight":6}]`, want: "6 calls under way at once"},
		"a secret in a column":    {database: "update sync_logs set note = 'see hunter2-hunter2!' where id = 'l1'", want: "sync_logs.note holds a secret"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFirm(t)
			if c.database != "" {
				f.change(t, c.database)
			}
			switch {
			case c.list != "" && c.old == "":
				f.add(c.list, c.with)
			case c.list != "":
				before := f.lists[c.list]
				if f.lists[c.list] = strings.Replace(before, c.old, c.with, 1); f.lists[c.list] == before {
					t.Fatalf("nothing was spoiled: %s does not hold %s", c.list, c.old)
				}
			}
			expect(t, f, c.want)
		})
	}
	t.Run("61 calls a minute", func(t *testing.T) {
		t.Parallel()
		f := newFirm(t)
		for n := range 58 {
			at := time.Date(2026, 11, 1, 0, 0, 5, 0, time.UTC).Add(time.Duration(n) * 900 * time.Millisecond)
			f.add("calls", fmt.Sprintf(`{"n":%d,"at":%q,"method":"GET","path":"/api.xro/2.0/Invoices/xi2","in_flight":1}`, 10+n, at.Format(time.RFC3339Nano)))
			f.change(t, fmt.Sprintf(`insert into sync_logs (id, entity_type, entity_id, call_id, writes, method, path, outcome, created_at)
				values ('m%d', 'invoice', 'i2', 'm%d', 0, 'GET', '/api.xro/2.0/Invoices/xi2', 'answered', '2026-11-01T00:00:04.000000Z')`, n, n))
		}
		expect(t, f, "61 calls were made within")
	})
	t.Run("a secret in a log", func(t *testing.T) {
		t.Parallel()
		f := newFirm(t)
		if err := os.WriteFile(f.evidence.Logs[0], []byte("token=hunter2-hunter2"), 0o600); err != nil {
			t.Fatal(err)
		}
		expect(t, f, "holds a secret")
	})
}

// expect runs the check and wants a violation with the given words.
func expect(t *testing.T, f *firm, want string) {
	t.Helper()
	got, err := Run(context.Background(), f.evidence)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(got.Violations, "\n"), want) {
		t.Errorf("no violation says %q; got %q", want, got.Violations)
	}
}

func TestDumpHoldsEverything(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	var b strings.Builder
	if err := Dump(context.Background(), f.evidence, &b); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for line := range strings.Lines(b.String()) {
		var record struct{ Table, Simulator string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		seen[record.Table+record.Simulator]++
	}
	if seen["sync_logs"] != 4 || seen["documents/Invoices"] != 2 || seen["calls"] != 3 {
		t.Errorf("the dump holds %v", seen)
	}
}
