package check

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// checkRest: nothing is on its way any more.
func checkRest(f *Findings, e Evidence, local *books) {
	for _, i := range local.intents {
		if !i.has("closed_at") {
			f.violate("the intent %s to %s %s %s is still open: %s, %s", i["id"], i["operation"], i["entity_type"], i["entity_id"], i["phase"], i["reason"])
		}
	}
	for _, d := range local.documents {
		if d.status == "pending" {
			f.violate("%s is pending although nothing is on its way", d)
		}
	}
	for _, l := range local.logs {
		if l.has("outcome") {
			continue
		}
		// A call that only reads may be under way at any time, but not for long.
		if l.wrote() || e.Call > 0 && time.Since(l.created) > e.Call {
			f.violate("the attempt %s of %s was never closed", l.row["id"], l.document())
		}
	}
}

// checkDocuments: each document stands in Xero exactly as its status says.
func checkDocuments(f *Findings, local *books, there *provider) {
	byID := map[string]*remote{}
	for _, r := range there.documents {
		byID[r.id()] = r
	}
	for _, d := range local.documents {
		var live []*remote
		for _, r := range there.documents {
			if r.live() && r.kind() == d.kind && (slices.Contains(local.numbers[d.id], r.number()) || r.marker() == d.id) {
				live = append(live, r)
			}
		}
		if d.remoteID != "" && (byID[d.remoteID] == nil || byID[d.remoteID].kind() != d.kind) {
			f.violate("%s holds the id %s, which Xero does not know", d, d.remoteID)
		}
		switch {
		case len(live) > 1:
			f.violate("%s stands in Xero %d times: %v", d, len(live), live)
		case d.deleted:
			if len(live) > 0 {
				f.violate("%s was deleted here and stands in Xero: %v", d, live[0])
			}
		case d.status == "synced":
			if len(live) == 0 {
				f.violate("%s is called synced and does not stand in Xero", d)
				continue
			}
			if live[0].id() != d.remoteID {
				f.violate("%s holds the id %s, Xero's is %s", d, d.remoteID, live[0].id())
			}
			if diff := differences(d, live[0]); len(diff) > 0 {
				f.violate("%s is called synced and differs from Xero in %s", d, strings.Join(diff, "; "))
			}
			if d.warning != "" {
				f.violate("%s bears a warning although nobody touched it in Xero: %s", d, d.warning)
			}
		case d.status == "failed":
			f.Failed = append(f.Failed, d.id)
			if len(live) > 0 && d.remoteID != live[0].id() {
				f.violate("%s is called failed and stands in Xero as %v; the id known here is %q", d, live[0], d.remoteID)
			}
		case d.status == "":
			f.violate("%s is alive and was never asked to go to Xero", d)
		}
	}
}

// differences names what of a document is otherwise in Xero.
func differences(d *document, r *remote) []string {
	var diff []string
	text := func(what, ours, theirs string) {
		if ours != theirs {
			diff = append(diff, fmt.Sprintf("%s: %q here, %q there", what, ours, theirs))
		}
	}
	day := func(s string) string { day, _, _ := strings.Cut(s, "T"); return day }
	amount := func(what string, ours int64, theirs json.Number, by int64) {
		n, ok := scaled(theirs, by)
		if !ok || n != ours {
			diff = append(diff, fmt.Sprintf("%s: %d/%d here, %s there", what, ours, by, theirs))
		}
	}
	text("number", d.number, r.number())
	text("contact", d.contact, r.Contact.ContactID)
	text("reference", d.reference, r.Reference)
	text("date", d.date, day(r.DateString))
	text("due date", d.due, day(r.DueDateString+r.DeliveryDateString))
	text("currency", d.currency, r.CurrencyCode)
	if d.kind == "invoice" {
		text("type", "ACCREC", r.Type)
		text("marker", d.id, r.marker())
	}
	amount("subtotal", d.subTotal, r.SubTotal, 100)
	amount("tax", d.tax, r.TotalTax, 100)
	amount("total", d.total, r.Total, 100)
	if len(d.lines) != len(r.LineItems) {
		return append(diff, fmt.Sprintf("%d lines here, %d there", len(d.lines), len(r.LineItems)))
	}
	for i, l := range d.lines {
		t, where := r.LineItems[i], fmt.Sprintf("line %d ", i+1)
		text(where+"description", l.description, t.Description)
		text(where+"account", l.account, t.AccountCode)
		text(where+"tax type", l.taxType, t.TaxType)
		amount(where+"quantity", l.quantity, t.Quantity, 10_000)
		amount(where+"unit price", l.price, t.UnitAmount, 10_000)
		amount(where+"amount", l.amount, t.LineAmount, 100)
		amount(where+"tax", l.taxAmount, t.TaxAmount, 100)
	}
	return diff
}

// checkContacts: each client that was asked for is one contact.
func checkContacts(f *Findings, local *books, there *provider) {
	byNumber := map[string][]*contact{}
	for _, c := range there.contacts {
		byNumber[c.ContactNumber] = append(byNumber[c.ContactNumber], c)
		if _, ours := local.clients[c.ContactNumber]; !ours {
			f.violate("Xero holds the contact %q (%s), which nobody asked for", c.Name, c.ContactID)
		}
	}
	for id, c := range local.clients {
		who := fmt.Sprintf("client %q (%s)", c["name"], id)
		found := byNumber[id]
		if c["sync_status"] == "failed" {
			f.Failed = append(f.Failed, id)
		}
		switch {
		case len(found) > 1:
			f.violate("%s stands in Xero %d times", who, len(found))
		case c["sync_status"] == "pending":
			f.violate("%s is pending although nothing is on its way", who)
		case c["sync_status"] == "synced" && len(found) == 0:
			f.violate("%s is called synced and does not stand in Xero", who)
		case c["sync_status"] == "synced":
			if found[0].ContactID != c["xero_contact_id"] {
				f.violate("%s holds the id %s, Xero's is %s", who, c["xero_contact_id"], found[0].ContactID)
			}
			if found[0].Name != c["name"] || c.has("email") && found[0].EmailAddress != c["email"] {
				f.violate("%s is called synced and differs from Xero: %q %q here, %q %q there", who, c["name"], c["email"], found[0].Name, found[0].EmailAddress)
			}
		case len(found) == 1 && c["xero_contact_id"] != found[0].ContactID:
			f.violate("%s is %q here and stands in Xero as %s", who, c["sync_status"], found[0].ContactID)
		}
	}
}

// checkStrangers: Xero holds nothing that was never asked for, and no number
// twice.
func checkStrangers(f *Findings, local *books, there *provider) {
	asked := map[string]string{} // kind and number to our id
	for _, d := range local.documents {
		for _, n := range local.numbers[d.id] {
			asked[d.kind+" "+n] = d.id
		}
	}
	alive := map[string]*remote{}
	for _, r := range there.documents {
		key := r.kind() + " " + r.number()
		owner, ok := asked[key]
		if !ok {
			f.violate("Xero holds %v, which nobody asked for", r)
		}
		if r.kind() == "invoice" && r.marker() != owner {
			f.violate("Xero holds %v with the marker %q; the number is that of %s", r, r.marker(), owner)
		}
		if !r.live() {
			continue
		}
		if other := alive[key]; other != nil {
			f.violate("Xero holds one number twice: %v and %v", r, other)
		}
		alive[key] = r
	}
}

// checkTimesheets: work is billed on one living invoice, or free.
func checkTimesheets(f *Findings, local *books) {
	invoices := map[string]*document{}
	for _, d := range local.documents {
		if d.kind == "invoice" {
			invoices[d.id] = d
		}
	}
	for _, t := range local.timesheets {
		if !t.has("invoice_id") {
			if t["billing_status"] != "unbilled" || t.has("sync_status") || t.has("xero_sync_id") {
				f.violate("the timesheet %s is on no invoice and yet %s, %q", t["id"], t["billing_status"], t["sync_status"])
			}
			continue
		}
		invoice := invoices[t["invoice_id"]]
		switch {
		case invoice == nil:
			f.violate("the timesheet %s is on the invoice %s, which does not exist", t["id"], t["invoice_id"])
		case invoice.deleted:
			f.violate("the timesheet %s is still on %s, which was deleted", t["id"], invoice)
		case t["billing_status"] == "unbilled":
			f.violate("the timesheet %s is on %s and called unbilled", t["id"], invoice)
		case t["sync_status"] != invoice.status:
			f.violate("the timesheet %s is %q, its %s is %q", t["id"], t["sync_status"], invoice, invoice.status)
		}
	}
}

// checkCalls: every call that Xero saw stands in sync_logs, from before it was
// made, and every row that says it was answered was seen by Xero.
func checkCalls(f *Findings, e Evidence, local *books, before, after []*call) {
	byKey := map[string][]*entry{}
	reads := map[string]map[string]bool{} // method and path to the calls written down
	for _, l := range local.logs {
		if l.wrote() {
			byKey[l.row["idempotency_key"]] = append(byKey[l.row["idempotency_key"]], l)
			continue
		}
		target := l.row["method"] + " " + l.row["path"]
		if reads[target] == nil {
			reads[target] = map[string]bool{}
		}
		reads[target][l.row["call_id"]] = true
	}
	seen := map[string]*call{}
	readsSeen := map[string]int{}
	for _, c := range before {
		if !c.writesDocument() {
			readsSeen[c.Method+" "+c.target()]++
			continue
		}
		if c.IdempotencyKey == "" {
			f.violate("call %d, %s %s, bears no key", c.N, c.Method, c.target())
			continue
		}
		if earlier := seen[c.IdempotencyKey]; earlier != nil {
			f.violate("the calls %d and %d bear the same key %s", earlier.N, c.N, c.IdempotencyKey)
		}
		seen[c.IdempotencyKey] = c
		rows := byKey[c.IdempotencyKey]
		if len(rows) == 0 {
			f.violate("call %d, %s %s, does not stand in sync_logs (key %s)", c.N, c.Method, c.target(), c.IdempotencyKey)
			continue
		}
		if n, err := c.elements(); err != nil || n != len(rows) {
			f.violate("call %d, %s %s, carries %d documents and has %d rows in sync_logs (%v)", c.N, c.Method, c.target(), n, len(rows), err)
		}
		for _, r := range rows {
			if r.row["method"] != c.Method || r.row["path"] != c.target() {
				f.violate("call %d was %s %s, its row says %s %s", c.N, c.Method, c.target(), r.row["method"], r.row["path"])
			}
			// The simulator's time has whole milliseconds.
			if e.SameClock && c.At.Before(r.created.Truncate(time.Millisecond)) {
				f.violate("call %d was made at %s, before its row was written at %s", c.N, c.At, r.created)
			}
			if r.row["outcome"] == "not_sent" {
				f.violate("call %d was made, its row says that it was not sent", c.N)
			}
		}
	}
	for _, c := range after {
		if seen[c.IdempotencyKey] == nil {
			seen[c.IdempotencyKey] = c
		}
	}
	for key, rows := range byKey {
		if rows[0].heard() && seen[key] == nil {
			f.violate("the attempt %s of %s is said to have been answered with %s; Xero never saw it", rows[0].row["id"], rows[0].document(), rows[0].row["http_status"])
		}
	}
	for target, n := range readsSeen {
		if strings.HasPrefix(target, http.MethodGet+" /identity") { // a person's browser
			continue
		}
		if n > len(reads[target]) {
			f.violate("Xero saw %q %d times, sync_logs knows %d", target, n, len(reads[target]))
		}
	}
}

// checkRows: of one document at most one writing attempt was open at a time.
func checkRows(f *Findings, e Evidence, local *books) {
	if !e.SameClock {
		return // a clock that was moved tells no order
	}
	last := map[string]*entry{}
	writing := slices.DeleteFunc(slices.Clone(local.logs), func(e *entry) bool { return !e.wrote() })
	slices.SortStableFunc(writing, func(a, b *entry) int {
		return cmp.Or(strings.Compare(a.document(), b.document()), strings.Compare(a.row["id"], b.row["id"]))
	})
	for _, e := range writing {
		if before := last[e.document()]; before != nil && !before.finished.IsZero() && e.created.Before(before.finished) && e.has("outcome") {
			f.violate("of %s two attempts were open at once: %s until %s, %s from %s", e.document(), before.row["id"], before.finished, e.row["id"], e.created)
		}
		last[e.document()] = e
	}
}

// checkLimits: Xero's limits were kept without Xero having to say so.
func checkLimits(f *Findings, e Evidence, there *provider) {
	var times []time.Time
	for _, c := range there.calls {
		if !strings.HasPrefix(c.Path, api) {
			continue
		}
		if e.InFlight > 0 && c.InFlight > e.InFlight {
			f.violate("call %d made %d calls under way at once", c.N, c.InFlight)
		}
		times = append(times, c.At)
		const most = 60
		if e.Minute > 0 && len(times) > most {
			if gap := c.At.Sub(times[len(times)-1-most]); gap < e.Minute {
				f.violate("%d calls were made within %s, up to call %d", most+1, gap, c.N)
			}
		}
	}
}
