package chaos

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"
	_ "modernc.org/sqlite"             // the database/sql driver "sqlite"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/store"
)

// restWithin is how long everything may take to arrive once all is well: an
// answer that was lost is looked for within seconds, a process that vanished is
// waited for by its lease, and Xero takes sixty calls a minute.
const restWithin = 6 * time.Minute

// rest waits until nothing is on its way any more: everything has arrived, or what
// has not waits for a person. A document that was sent for the last time by a
// process that vanished is in doubt until that process's token has run out, half an
// hour later: then the clocks are moved on, once.
func (f *firm) rest() {
	db := f.open()
	defer db.Close()
	var since time.Time // when only what waits for that, or for a client's contact, was left
	moved := false
	for deadline := time.Now().Add(restWithin); ; time.Sleep(250 * time.Millisecond) {
		var open, moving, doubtful int
		err := db.QueryRow(`select count(*), count(case when coalesce(reason, '') not in ('contact', 'checking') then 1 end), count(case when reason = 'checking' then 1 end)
			from sync_intents where closed_at is null`).Scan(&open, &moving, &doubtful)
		switch {
		case err == nil && open == 0:
			return
		case err != nil || moving > 0:
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > 20*time.Second && doubtful == 0:
			return
		case time.Since(since) > 90*time.Second && doubtful > 0 && !moved:
			f.count("clocks moved on")
			f.move(35 * time.Minute)
			moved, since = true, time.Time{}
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

// move moves the clocks on by a connection that may write, which the checker's own
// may not on SQLite.
func (f *firm) move(d time.Duration) {
	driver, address := "pgx", f.database
	if f.engine == store.SQLite {
		driver, address = "sqlite", "file:"+f.database+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		f.t.Fatal(err)
	}
	defer db.Close()
	program.MoveClocks(f.t, db, f.xero, d)
}

// retry does what the office does with what has failed, which is nowhere in Xero
// then: a document is sent three times at most, and a sender that was killed
// before it sent counts like one that Xero refused without a word.
func (f *firm) retry() {
	db := f.open()
	defer db.Close()
	there := map[string]bool{}
	for _, d := range f.remote() {
		there[d.InvoiceNumber] = true
	}
	for _, kind := range []struct{ table, number, path string }{{"clients", "name", "/api/clients/"}, {"xero_invoices", "invoice_number", "/api/xero/invoices/"}} {
		failed := f.rows(db, "select cast(d.id as text) || '|' || d."+kind.number+" || '|' || coalesce((select coalesce(s.message, '') from sync_intents s where s.id = d.xero_sync_id), '') from "+
			kind.table+" d where cast(d.sync_status as text) = 'failed'")
		for _, line := range failed {
			parts := strings.SplitN(line, "|", 3)
			if there[parts[1]] {
				f.violate("invoice %s is in Xero and said to have failed: %s", parts[1], parts[2])
			}
			status, answer, err := f.front.Send(f.t.Context(), "POST", kind.path+parts[0]+"/retry-sync", nil)
			if err != nil || status != http.StatusAccepted {
				f.violate("%s failed (%s) and cannot be retried: %d %.300s %v", parts[1], parts[2], status, answer, err)
			}
		}
		f.result.Retried += len(failed)
		if len(failed) > 0 {
			f.t.Logf("%d of %s retried, the first: %s", len(failed), kind.table, failed[0])
			f.rest()
		}
	}
}

// remote is every invoice in Xero.
func (f *firm) remote() (all []inXero) {
	f.xero.Call("GET", "/_sim/documents/Invoices", nil, http.StatusOK, &all)
	return all
}

func (f *firm) open() *sql.DB {
	driver, address := "pgx", f.database
	if f.engine == store.SQLite {
		driver, address = "sqlite", "file:"+f.database+"?_pragma=query_only(1)&_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, address)
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
	found, err := db.Query(`select cast(id as text), invoice_number, total_cents, coalesce(cast(sync_status as text), ''), coalesce(cast(xero_invoice_id as text), '')
		from xero_invoices where deleted_at is null`)
	if err != nil {
		f.t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var id string
		var s stored
		var cents int64
		if err := found.Scan(&id, &s.number, &cents, &s.status, &s.remote); err != nil {
			f.t.Fatal(err)
		}
		s.total = fmt.Sprintf("%d.%02d", cents/100, cents%100)
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
	there := map[string][]inXero{}
	for _, d := range f.remote() {
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
	f.checkPhotos()
	f.checkCalls()
}

// checkPhotos: whoever was told that a photo is there can see it.
func (f *firm) checkPhotos() {
	for address, want := range f.photos {
		status, got, err := f.front.Send(f.t.Context(), "GET", address, nil)
		if err != nil || status != http.StatusOK || !bytes.Equal(got, want) {
			f.violate("the photo %s of %d bytes was acknowledged; asked for it is %d, %d bytes, %v", address, len(want), status, len(got), err)
		}
	}
}

// checkCalls: Xero allows an app five calls at once and sixty a minute for each
// organisation (https://developer.xero.com/documentation/guides/oauth2/limits/).
func (f *firm) checkCalls() {
	var calls []struct {
		At       time.Time
		Path     string
		InFlight int `json:"in_flight"`
	}
	f.xero.Call("GET", "/_sim/calls", nil, http.StatusOK, &calls)
	var began []time.Time
	for _, c := range calls {
		if !strings.HasPrefix(c.Path, "/api.xro/") {
			continue
		}
		began = append(began, c.At)
		if c.InFlight > 5 {
			f.violate("%d calls were under way at once at %v", c.InFlight, c.At)
		}
		if n := len(began) - 61; n >= 0 && c.At.Sub(began[n]) < time.Minute {
			f.violate("61 calls within %v until %v", c.At.Sub(began[n]), c.At)
		}
	}
	f.result.Calls = len(began)
}
