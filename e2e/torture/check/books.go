package check

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// books is what the program's database says.
type books struct {
	documents  []*document // invoices and purchase orders
	clients    map[string]row
	timesheets []row
	intents    []row
	logs       []*entry
	// numbers are all numbers under which a document may have been asked for:
	// its own and those it had in earlier attempts.
	numbers map[string][]string // by entity id
}

// document is an invoice or a purchase order as it is kept here.
type document struct {
	kind, id, number, remoteID string
	status                     string // sync_status, "" for NULL
	deleted                    bool
	warning                    string
	contact, reference         string
	date, due, currency        string
	lines                      []line
	subTotal, tax, total       int64 // cents
}

func (d *document) String() string { return fmt.Sprintf("%s %s (%s)", d.kind, d.number, d.id) }

// line is a line of either side: quantity and price in ten-thousandths.
type line struct {
	description       string
	quantity, price   int64
	account, taxType  string
	amount, taxAmount int64 // cents
}

// entry is a row of sync_logs.
type entry struct {
	row
	created, finished time.Time // zero while open
}

func (e *entry) document() string { return e.row["entity_type"] + " " + e.row["entity_id"] }

// wrote says whether the row is one of a call that could change a document.
func (e *entry) wrote() bool { return e.is("writes") }

// heard says whether the row proves that the provider got the call: it holds
// the status of its answer.
func (e *entry) heard() bool { return e.has("http_status") }

func readBooks(ctx context.Context, db *sql.DB) (*books, error) {
	b := &books{clients: map[string]row{}, numbers: map[string][]string{}}
	var fault error
	all := func(query string) []row {
		if fault != nil {
			return nil
		}
		var rows []row
		rows, fault = read(ctx, db, query)
		return rows
	}
	for _, r := range all("select * from clients") {
		b.clients[r["id"]] = r
	}
	projects := map[string]string{}
	for _, r := range all("select id, code from projects") {
		projects[r["id"]] = r["code"]
	}
	lines := map[string][]line{}
	for _, r := range all("select * from xero_invoice_lines order by invoice_id, position") {
		lines[r["invoice_id"]] = append(lines[r["invoice_id"]], lineOf(r, "unit_price_e4"))
	}
	for _, r := range all("select * from xero_purchase_order_line_items order by po_id, position") {
		lines[r["po_id"]] = append(lines[r["po_id"]], lineOf(r, "unit_amount_e4"))
	}
	for _, r := range all("select * from xero_invoices") {
		b.documents = append(b.documents, &document{
			kind: "invoice", id: r["id"], number: r["invoice_number"], remoteID: r["xero_invoice_id"], status: r["sync_status"],
			deleted: r.has("deleted_at"), warning: r["sync_warning"], contact: b.clients[r["client_id"]]["xero_contact_id"],
			reference: r["reference"], date: r.day("issue_date"), due: r.day("due_date"), currency: r["currency"], lines: lines[r["id"]],
			subTotal: number(r["subtotal_cents"]), tax: number(r["total_tax_cents"]), total: number(r["total_cents"]),
		})
	}
	for _, r := range all("select * from xero_purchase_orders") {
		b.documents = append(b.documents, &document{
			kind: "purchase_order", id: r["id"], number: r["po_number"], remoteID: r["xero_po_id"], status: r["sync_status"],
			deleted: r.has("deleted_at"), warning: r["sync_warning"], contact: b.clients[r["supplier_id"]]["xero_contact_id"],
			reference: projects[r["project_id"]], date: r.day("date"), due: r.day("delivery_date"), currency: r["currency"], lines: lines[r["id"]],
			subTotal: number(r["subtotal_cents"]), tax: number(r["total_tax_cents"]), total: number(r["total_amount_cents"]),
		})
	}
	b.timesheets = all("select * from timesheets")
	b.intents = all("select * from sync_intents")
	for _, r := range all("select * from sync_logs order by created_at, id") {
		e := &entry{row: r}
		var err error
		if e.created, err = r.at("created_at"); err != nil {
			return nil, err
		}
		if e.finished, err = r.at("finished_at"); err != nil {
			return nil, err
		}
		b.logs = append(b.logs, e)
	}
	for _, d := range b.documents {
		b.numbers[d.id] = append(b.numbers[d.id], d.number)
	}
	for _, e := range b.logs {
		if n := e.row["number"]; e.wrote() && n != "" {
			b.numbers[e.row["entity_id"]] = append(b.numbers[e.row["entity_id"]], n)
		}
	}
	return b, fault
}

func lineOf(r row, price string) line {
	return line{
		description: r["description"], quantity: number(r["quantity_e4"]), price: number(r[price]),
		account: r["account_code"], taxType: r["tax_type"],
		amount: number(r["line_amount_cents"]), taxAmount: number(r["tax_amount_cents"]),
	}
}

// number reads an integer column; the schema holds that it is one.
func number(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return -1 << 62 // equal to nothing that Xero holds
	}
	return n
}
