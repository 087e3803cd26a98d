package chaos

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// restWithin is how long everything may take to arrive once all is well: an
// answer that was lost is looked for within seconds, a process that vanished is
// waited for by its lease, and Xero takes sixty calls a minute.
const restWithin = 6 * time.Minute

// rest waits until nothing is on its way any more.
func (f *firm) rest() {
	db := f.open()
	defer db.Close()
	for deadline := time.Now().Add(restWithin); ; time.Sleep(250 * time.Millisecond) {
		var open int
		err := db.QueryRow("select count(*) from sync_intents where closed_at is null").Scan(&open)
		if err == nil && open == 0 {
			return
		}
		if time.Now().After(deadline) {
			f.violate("%d documents did not arrive within %v (%v)", open, restWithin, err)
			for _, line := range f.rows(db, "select entity_type || ' ' || phase || ' ' || coalesce(reason, '') || ' ' || coalesce(message, '') from sync_intents where closed_at is null limit 5") {
				f.violate("  %s", line)
			}
			return
		}
	}
}

func (f *firm) open() *sql.DB {
	db, err := sql.Open("pgx", f.database)
	if err != nil {
		f.t.Fatal(err)
	}
	return db
}

// rows are the first column of a query.
func (f *firm) rows(db *sql.DB, query string, args ...any) (all []string) {
	f.t.Helper()
	found, err := db.Query(query, args...)
	if err != nil {
		f.t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var s string
		if err := found.Scan(&s); err != nil {
			f.t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := found.Err(); err != nil {
		f.t.Fatal(err)
	}
	return all
}

type inXero struct {
	InvoiceID, InvoiceNumber, Status string
	Total                            float64
}

// check compares what callers were told, the database and Xero.
func (f *firm) check() {
	db := f.open()
	defer db.Close()
	type stored struct {
		number, total, status, remote string
	}
	here, numbers := map[string]stored{}, map[string]string{}
	found, err := db.Query(`select id, invoice_number, to_char(total_cents / 100.0, 'FM999999990.00'), coalesce(cast(sync_status as text), ''), coalesce(xero_invoice_id, '')
		from xero_invoices where deleted_at is null`)
	if err != nil {
		f.t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var id string
		var s stored
		if err := found.Scan(&id, &s.number, &s.total, &s.status, &s.remote); err != nil {
			f.t.Fatal(err)
		}
		here[id] = s
		if other, taken := numbers[s.number]; taken {
			f.violate("the number %s stands on %s and %s", s.number, other, id)
		}
		numbers[s.number] = id
	}
	if err := found.Err(); err != nil {
		f.t.Fatal(err)
	}

	// Every answer of 2xx is in the database.
	for id, told := range f.invoices {
		s, there := here[id]
		if !there {
			f.violate("invoice %s was acknowledged and is not there", told.number)
		} else if s.number != told.number || s.total != told.total {
			f.violate("invoice %s over %s was acknowledged, there is %s over %s", told.number, told.total, s.number, s.total)
		}
	}
	entries := map[string]bool{}
	for _, id := range f.rows(db, "select cast(id as text) from timesheets where deleted_at is null") {
		entries[id] = true
	}
	for id := range f.entries {
		if !entries[id] {
			f.violate("timesheet %s was acknowledged and is not there", id)
		}
	}

	// Each invoice is in Xero once, and nothing else is.
	var documents []inXero
	f.xero.Call("GET", "/_sim/documents/Invoices", nil, http.StatusOK, &documents)
	there := map[string][]inXero{}
	for _, d := range documents {
		if d.Status != "VOIDED" && d.Status != "DELETED" {
			there[d.InvoiceNumber] = append(there[d.InvoiceNumber], d)
		}
		if _, ours := numbers[d.InvoiceNumber]; !ours {
			f.violate("Xero has invoice %s, which nobody here asked for", d.InvoiceNumber)
		}
	}
	for _, s := range here {
		docs := there[s.number]
		switch {
		case s.status != "synced":
			f.violate("invoice %s is %q at rest", s.number, s.status)
		case len(docs) != 1:
			f.violate("invoice %s is in Xero %d times", s.number, len(docs))
		case !strings.EqualFold(docs[0].InvoiceID, s.remote):
			f.violate("invoice %s is linked to %s, Xero has %s", s.number, s.remote, docs[0].InvoiceID)
		case fmt.Sprintf("%.2f", docs[0].Total) != s.total:
			f.violate("invoice %s is over %s here and %.2f in Xero", s.number, s.total, docs[0].Total)
		}
	}

	// No hour is billed twice or lost: what stands on an invoice's lines is what its
	// entries hold.
	for _, number := range f.rows(db, `select i.invoice_number from xero_invoices i
		where (select coalesce(sum(quantity_e4), 0) from xero_invoice_lines l where l.invoice_id = i.id)
		   <> (select coalesce(sum(hours_e4), 0) from timesheets t where t.invoice_id = i.id)`) {
		f.violate("the hours on invoice %s are not those of its entries", number)
	}
	for _, id := range f.rows(db, "select cast(id as text) from timesheets where (billing_status <> 'unbilled') <> (invoice_id is not null)") {
		f.violate("timesheet %s is billed without an invoice, or stands on one unbilled", id)
	}
	// Whatever was sent, it is known how it ended.
	if open := f.rows(db, "select cast(count(*) as text) from sync_logs where writes and outcome is null"); open[0] != "0" {
		f.violate("%s attempts have no outcome at rest", open[0])
	}
}
