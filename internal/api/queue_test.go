package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type queuedRow struct {
	Intent     string `json:"xero_sync_id"`
	EntityType string `json:"entity_type"`
	EntityID   string `json:"entity_id"`
	Number     string
	Party      *string
	Phase      string
	Attempt    int
	Reason     *string `json:"wait_reason"`
	Message    *string `json:"error_message"`
	LastError  *string `json:"last_error"`
	Next       *string `json:"next_attempt_at"`
	Unresolved bool
}

// queue is a firm, connected to Xero but without a worker, whose documents stand
// where the test brings them.
type queue struct {
	*firm
	documents map[string]fieldops.DocumentRef
	numbers   map[string]string
}

func newQueue(f *firm) *queue {
	q := &queue{f, map[string]fieldops.DocumentRef{}, map[string]string{}}
	f.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.Connect(ctx, store.Connection{ID: fieldops.NewID(), TenantID: "t-1", TenantName: "Demo", ExpiresAt: tx.Now.Add(time.Hour), Generation: 1, SealedAccess: "a", SealedRefresh: "r"})
	})
	return q
}

func (q *queue) invoice(name string) {
	made := answer[struct {
		ID     string
		Number string `json:"invoice_number"`
	}](q.t, q.ask("admin", "POST", "/api/xero/invoices", `{"client_id":"{client}","line_items":[{"description":"Heat pump","amount":100}]}`), http.StatusAccepted)
	q.documents[name], q.numbers[name] = fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: made.ID}, made.Number
}

// claim brings a document into the hands of a worker, who does something with it.
func (q *queue) claim(name string, do func(ctx context.Context, tx *store.Tx, c *store.Claim) error) {
	q.t.Helper()
	state, err := q.api.Billing.SyncState(q.t.Context(), q.documents[name])
	if err != nil {
		q.t.Fatal(err)
	}
	q.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.ClaimIntent(ctx, q.api.Sync.Durations(), *state.XeroSyncID)
		if err == nil && c == nil {
			err = fmt.Errorf("%s cannot be claimed", name)
		}
		if err != nil {
			return err
		}
		return do(ctx, tx, c)
	})
}

func (q *queue) fails(name, words string) {
	q.claim(name, func(ctx context.Context, tx *store.Tx, c *store.Claim) error {
		return tx.Fail(ctx, c, "refused", words, fieldops.Office)
	})
}

// calls has a worker send a document and hear how it ended.
func (q *queue) calls(name string, v fieldops.Verdict, then func(ctx context.Context, tx *store.Tx, c *store.Claim) error) {
	d := q.api.Sync.Durations()
	q.claim(name, func(ctx context.Context, tx *store.Tx, c *store.Claim) error {
		p := &store.PlannedCall{ID: fieldops.NewID(), Tenant: "t-1", Claims: []*store.Claim{c}, Call: fieldops.Call{Operation: fieldops.OpCreate, Method: "PUT", Path: "/Invoices", Members: []fieldops.Posting{{}}}}
		if err := tx.BeginCall(ctx, d, p); err != nil {
			return err
		}
		if _, err := tx.FinishRow(ctx, d, p, 0, v, fieldops.Answer{}); err != nil {
			return err
		}
		return then(ctx, tx, c)
	})
}

func (q *queue) list(query string) []queuedRow {
	q.t.Helper()
	return answer[paged[queuedRow]](q.t, q.ask("admin", "GET", "/api/xero/queue?"+query, ""), http.StatusOK).Data
}

// names are the documents of a list, by the names of this test.
func (q *queue) names(query string) string {
	var names []string
	for _, row := range q.list(query) {
		for name, ref := range q.documents {
			if ref.ID == row.EntityID {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (q *queue) plan(query string) billing.RetryPlan {
	q.t.Helper()
	return answer[billing.RetryPlan](q.t, q.ask("admin", "GET", "/api/xero/queue/retry-plan?"+query, ""), http.StatusOK)
}

// retry sends everything again that matches, and gives the lines of the answer.
func (q *queue) retry(query, hash string) []retriedLine {
	q.t.Helper()
	w := q.ask("admin", "POST", "/api/xero/queue/retry?"+query, `{"hash":"`+hash+`"}`)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/x-ndjson" {
		q.t.Fatalf("retry: %d %s", w.Code, w.Body)
	}
	var lines []retriedLine
	for scanner := bufio.NewScanner(w.Body); scanner.Scan(); {
		var line retriedLine
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			q.t.Fatalf("%v in %s", err, scanner.Text())
		}
		lines = append(lines, line)
	}
	return lines
}

// standing brings documents everywhere they can stand.
func standing(f *firm) *queue {
	q := newQueue(f)
	for _, name := range []string{"first", "second", "taxed", "unsure", "looked for", "next"} {
		q.invoice(name)
	}
	order := answer[struct{ ID string }](f.t, f.ask("admin", "POST", "/api/xero/purchase-orders", `{"supplier_id":"{client}","project_id":"{project}","date":"2026-11-03","line_items":[{"description":"Cable","quantity":1,"unit_amount":5}]}`), http.StatusAccepted)
	q.documents["order"] = fieldops.DocumentRef{Kind: fieldops.KindPurchaseOrder, ID: order.ID}
	q.fails("order", "The supplier is archived.")
	q.fails("first", "Invoice "+q.numbers["first"]+" of Kōwhai Café has an archived contact.")
	q.calls("second", fieldops.Verdict{Outcome: fieldops.Rejected, Status: 400, Message: "Xero said no"}, func(ctx context.Context, tx *store.Tx, c *store.Claim) error {
		return tx.Fail(ctx, c, "refused", "Invoice "+q.numbers["second"]+" of Kōwhai Café has an archived contact.", fieldops.Office)
	})
	q.claim("taxed", func(ctx context.Context, tx *store.Tx, c *store.Claim) error {
		return tx.Postpone(ctx, c, fieldops.PhaseWaiting, tx.Now.Add(time.Minute), fieldops.Time{}, "tax", "Xero taxes it otherwise", fieldops.Office)
	})
	unknown := fieldops.Verdict{Outcome: fieldops.Unknown, Message: "timeout"}
	q.calls("unsure", unknown, func(ctx context.Context, tx *store.Tx, c *store.Claim) error {
		return tx.Fail(ctx, c, "vanished", "It is gone", fieldops.Office)
	})
	q.calls("looked for", unknown, func(ctx context.Context, tx *store.Tx, c *store.Claim) error {
		return tx.Postpone(ctx, c, fieldops.PhaseChecking, tx.Now.Add(time.Minute), tx.Now.Add(2*time.Minute), "checking", "Xero is being asked", fieldops.Nobody)
	})
	return q
}

// TestTheQueueIsListed narrows the list by everything it can be narrowed by.
func TestTheQueueIsListed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		q := standing(f)
		for query, want := range map[string]string{
			"":                                 "first looked for next order second taxed unsure",
			"phase=failed":                     "first order second unsure",
			"phase=queued":                     "next",
			"phase=waiting":                    "taxed",
			"phase=checking":                   "looked for",
			"phase=sending":                    "",
			"entity_type=purchase_order":       "order",
			"entity_type=client":               "",
			"q=ARCHIVED":                       "first order second",
			"q=archived&entity_type=invoice":   "first second",
			"q=said+no":                        "second", // Xero's words of the call
			"q=" + q.numbers["next"]:           "next",
			"q=100%25":                         "",
			"q=kow":                            "",
			"q=otherwise&phase=waiting&page=1": "taxed",
		} {
			if got := q.names(query); got != want {
				t.Errorf("%q: %s, want %s", query, got, want)
			}
		}
		for _, row := range q.list("") {
			switch row.EntityID {
			case q.documents["second"].ID:
				if row.Attempt != 1 || row.LastError == nil || *row.LastError != "Xero said no" || row.Next != nil || *row.Party != "Kōwhai Café" || row.Number != q.numbers["second"] || row.Unresolved {
					t.Errorf("of what failed it says %+v", row)
				}
			case q.documents["looked for"].ID:
				if row.Phase != "checking" || row.Next == nil || !row.Unresolved || *row.Reason != "checking" {
					t.Errorf("of what is looked for it says %+v", row)
				}
			}
		}
		// While nothing is sent, what has no reason of its own waits for that.
		f.play([]scenario{{who: "admin", ask: "POST /api/xero/lane", body: `{"paused":true,"reason":"Year end"}`, status: 200}})
		for query, want := range map[string]string{"phase=queued": "", "phase=waiting": "next taxed", "q=year+end": "next", "q=by+admin": "next", "phase=checking": "looked for"} {
			if got := q.names(query); got != want {
				t.Errorf("paused, %q: %s, want %s", query, got, want)
			}
		}
		f.play([]scenario{
			{who: "admin", ask: "GET /api/xero/queue?phase=lost", status: 400, parts: []string{`"field":"phase"`}},
			{who: "admin", ask: "GET /api/xero/queue?entity_type=timesheet", status: 400, parts: []string{`"field":"entity_type"`}},
			{who: "tech", ask: "GET /api/xero/queue", status: 403},
			{who: "admin", ask: "GET /api/xero/queue?format=csv&phase=failed", status: 200, parts: []string{"The supplier is archived."}},
		})
		// A deleted document that failed is nothing to act on any more.
		f.play([]scenario{{who: "admin", ask: "DELETE /api/xero/invoices/" + q.documents["first"].ID, status: 202}})
		if got := q.names("phase=failed"); got != "order second unsure" {
			t.Errorf("with one deleted: %s", got)
		}
	})
}

// TestAPlanSaysWhatWillBeDone compares a plan, and what comes of it.
func TestAPlanSaysWhatWillBeDone(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		q := standing(f)
		plan := q.plan("")
		refused, tax, gone := "refused", "tax", "vanished"
		checking := "checking"
		want := []billing.RetryGroup{
			{Kind: "invoice", Reason: &refused, Words: "Invoice … of … has an archived contact.", Count: 2},
			{Kind: "invoice", Reason: &tax, Words: "Xero taxes it otherwise", Count: 1},
			{Kind: "purchase_order", Reason: &refused, Words: "The supplier is archived.", Count: 1},
		}
		if diff := cmp.Diff(want, plan.Retried); diff != "" || plan.Count != 4 || plan.LeftOff != 0 {
			t.Errorf("%d are sent again, %d left off (-want +plan):\n%s", plan.Count, plan.LeftOff, diff)
		}
		unresolved := "It is not known yet whether Xero recorded an earlier attempt; Xero is being asked, and until then nothing is sent again"
		want = []billing.RetryGroup{
			{Kind: "invoice", Reason: &gone, Words: unresolved, Count: 2},
			{Kind: "invoice", Words: "It is next in line already", Count: 1},
		}
		for i := range plan.Stuck {
			if plan.Stuck[i].Words == unresolved { // one of the two
				if r := plan.Stuck[i].Reason; r == nil || *r != gone && *r != checking {
					t.Errorf("what is unresolved waits for %v", r)
				}
				plan.Stuck[i].Reason = &gone
			}
		}
		if diff := cmp.Diff(want, plan.Stuck); diff != "" {
			t.Errorf("stuck (-want +plan):\n%s", diff)
		}

		// Another plan, a changed one, and one for nothing are refused, and nothing is done.
		before := q.list("")
		f.play([]scenario{
			{who: "admin", ask: "POST /api/xero/queue/retry", body: `{}`, status: 400, parts: []string{`"field":"hash"`}},
			{who: "admin", ask: "POST /api/xero/queue/retry?phase=lost", body: `{"hash":"x"}`, status: 400},
			{who: "admin", ask: "POST /api/xero/queue/retry?phase=failed", body: `{"hash":"` + plan.Hash + `"}`, status: 409, parts: []string{`"count":3`, "Look again"}},
			{who: "admin", ask: "POST /api/xero/queue/retry?phase=queued", body: `{"hash":"` + q.plan("phase=queued").Hash + `"}`, status: 409, parts: []string{"Nothing"}},
			{who: "tech", ask: "POST /api/xero/queue/retry", body: `{"hash":"` + plan.Hash + `"}`, status: 403},
			{who: "tech", ask: "GET /api/xero/queue/retry-plan", status: 403},
		})
		if diff := cmp.Diff(before, q.list("")); diff != "" {
			t.Errorf("a refused plan changed something (-before +after):\n%s", diff)
		}
		q.fails("next", "It is refused, too")
		f.play([]scenario{{who: "admin", ask: "POST /api/xero/queue/retry", body: `{"hash":"` + plan.Hash + `"}`, status: 409, parts: []string{`"count":5`}}})

		lines := q.retry("q=archived", q.plan("q=archived").Hash)
		if len(lines) != 5 || lines[0].Count != 3 || !lines[4].Done {
			t.Fatalf("the answer: %+v", lines)
		}
		for _, line := range lines[1:4] {
			if !line.Retried || line.Error != "" || line.Number == "" || line.EntityID == "" {
				t.Errorf("a result: %+v", line)
			}
			entries := answer[auditAnswer](t, f.ask("admin", "GET", "/api/settings/logs/activity?action=retry_sync&entity_id="+line.EntityID, ""), http.StatusOK).Logs
			if len(entries) != 1 || entries[0].Actor != "admin" || entries[0].EntityType != string(line.EntityType) {
				t.Errorf("the audit trail says %+v", entries)
			}
		}
		if got := q.names("phase=queued"); got != "first order second" {
			t.Errorf("afterwards these are queued: %s", got)
		}
		if intents := q.list("q=" + url.QueryEscape(q.numbers["first"])); intents[0].Intent == before[0].Intent {
			t.Error("the retry opened no new intent")
		}
		// The same request again finds a plan that no longer fits.
		f.play([]scenario{{who: "admin", ask: "POST /api/xero/queue/retry?q=archived", body: `{"hash":"` + plan.Hash + `"}`, status: 409}})
	})
}

// TestWhatMovesOnMeanwhileIsRefusedByItself has somebody else act on documents
// while all of a plan are sent again.
func TestWhatMovesOnMeanwhileIsRefusedByItself(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, f *firm) {
		q := newQueue(f)
		for n := range 5 {
			name := strconv.Itoa(n)
			q.invoice(name)
			q.fails(name, "No")
		}
		ctx := t.Context()
		actor := fieldops.Actor{UserID: f.people["admin"], Name: "admin"}
		plan, err := f.api.Billing.PlanRetry(ctx, store.QueueFilter{})
		if err != nil || plan.Count != 5 {
			t.Fatalf("%d documents: %v", plan.Count, err)
		}
		got := map[string]string{}
		err = f.api.Billing.RetryPlanned(ctx, actor, store.QueueFilter{}, plan.Hash, func(int) {}, func(done billing.Retried) {
			got[done.Number] = "again"
			if done.Err != nil {
				got[done.Number] = done.Err.Error()
			}
			if done.Number != q.numbers["0"] {
				return
			}
			if err := f.api.Billing.Retry(ctx, actor, q.documents["1"], billing.RetryRequest{}); err != nil {
				t.Error(err)
			}
			f.play([]scenario{{who: "admin", ask: "DELETE /api/xero/invoices/" + q.documents["2"].ID, status: 202}})
			if err := f.api.Billing.Retry(ctx, actor, q.documents["3"], billing.RetryRequest{}); err != nil {
				t.Error(err)
			}
			q.fails("3", "No, again")
		})
		if err != nil {
			t.Fatal(err)
		}
		moved := "It has moved on since you looked"
		want := map[string]string{q.numbers["0"]: "again", q.numbers["1"]: moved, q.numbers["2"]: moved, q.numbers["3"]: moved, q.numbers["4"]: "again"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what became of each (-want +got):\n%s", diff)
		}
		// Whoever goes away ends it.
		q.fails("4", "No")
		gone, leave := context.WithCancel(ctx)
		plan, err = f.api.Billing.PlanRetry(ctx, store.QueueFilter{Phase: fieldops.PhaseFailed})
		if err != nil || plan.Count != 2 {
			t.Fatalf("%d documents: %v", plan.Count, err)
		}
		told := 0
		if err := f.api.Billing.RetryPlanned(gone, actor, store.QueueFilter{Phase: fieldops.PhaseFailed}, plan.Hash, func(int) {}, func(billing.Retried) { told++; leave() }); err == nil || told != 1 {
			t.Errorf("%d documents were done after the one who asked was gone: %v", told-1, err)
		}
	})
}
