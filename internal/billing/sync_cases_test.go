package billing_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

func (f *sandbox) write(change func(tx *store.Tx) error) {
	f.t.Helper()
	if err := f.db.Write(context.Background(), f.actor, change); err != nil {
		f.t.Fatal(err)
	}
}

func (f *sandbox) set(key, value string) {
	f.t.Helper()
	f.write(func(tx *store.Tx) error { return tx.SetSetting(context.Background(), key, value) })
}

// untilWaiting waits until a document waits for a reason.
func (f *sandbox) untilWaiting(kind fieldops.DocumentKind, id fieldops.ID, reason string) store.SyncState {
	f.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		state := f.state(kind, id)
		if state.WaitReason != nil && *state.WaitReason == reason {
			return state
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("the %s does not wait for %q: %+v", kind, reason, state)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (f *sandbox) retry(kind fieldops.DocumentKind, id fieldops.ID, r billing.RetryRequest) error {
	return f.service.Retry(context.Background(), f.actor, fieldops.DocumentRef{Kind: kind, ID: id}, r)
}

func TestMissingAccountWaitsAndSaysSo(t *testing.T) {
	t.Parallel()
	f := newSandbox(t, storetest.New(t, store.SQLite))
	f.set("xero_sales_account_code", "")
	f.work(0, 1)
	invoice := f.invoice(0)
	state := f.untilWaiting(fieldops.KindInvoice, invoice.ID, "account")
	if state.WhoMustAct != fieldops.Admin || !strings.Contains(*state.ErrorMessage, "sales account") {
		t.Fatalf("the person is told %+v", state)
	}
	f.set("xero_sales_account_code", "200")
	f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
}

func TestOtherTaxWaitsForAPerson(t *testing.T) {
	t.Parallel()
	f := newSandbox(t, storetest.New(t, store.SQLite))
	f.set("xero_sales_account_code", "")
	f.set("default_sales_tax_rate", "10")
	f.work(0, 1)
	invoice := f.invoice(0) // 142.50 + 10 %
	f.untilWaiting(fieldops.KindInvoice, invoice.ID, "account")
	f.set("xero_sales_account_code", "200") // taxed at 15 %
	state := f.untilWaiting(fieldops.KindInvoice, invoice.ID, "tax")
	for _, total := range []string{"156.75", "163.88"} {
		if !strings.Contains(*state.ErrorMessage, total) {
			t.Errorf("the message does not name %s: %s", total, *state.ErrorMessage)
		}
	}
	if err := f.retry(fieldops.KindInvoice, invoice.ID, billing.RetryRequest{AcceptTax: true}); err != nil {
		t.Fatal(err)
	}
	f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
	stored, err := f.db.Invoice(context.Background(), invoice.ID)
	if err != nil || stored.Total != 163_88 || stored.XeroTotal == nil || *stored.XeroTotal != stored.Total || stored.SyncWarning != nil {
		t.Fatalf("total %s, Xero's %v, warning %v: %v", stored.Total, stored.XeroTotal, stored.SyncWarning, err)
	}
}

func TestTakenNameIsOfferedForLinking(t *testing.T) {
	t.Parallel()
	f := newSandbox(t, storetest.New(t, store.SQLite))
	var contact struct {
		Contacts []struct{ ContactID string }
	}
	f.post("/api.xro/2.0/Contacts", `{"Contacts":[{"Name":"Client 1 Ltd"}]}`, &contact)
	f.work(0, 1)
	invoice := f.invoice(0)
	state := f.until(fieldops.KindClient, f.clients[0].ID, fieldops.SyncFailed)
	if !strings.Contains(*state.ErrorMessage, "Client 1 Ltd") {
		t.Fatalf("the person is told %q", *state.ErrorMessage)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		waiting := f.untilWaiting(fieldops.KindInvoice, invoice.ID, "contact")
		if waiting.WhoMustAct == fieldops.Office && strings.Contains(*waiting.ErrorMessage, "Client 1 Ltd") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the invoice says %q", *waiting.ErrorMessage)
		}
	}
	if err := f.retry(fieldops.KindClient, f.clients[0].ID, billing.RetryRequest{Link: true}); err != nil {
		t.Fatal(err)
	}
	f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
	client, err := f.db.Client(context.Background(), f.clients[0].ID)
	if err != nil || client.XeroContactID == nil || *client.XeroContactID != contact.Contacts[0].ContactID {
		t.Fatalf("linked to %v, want %s: %v", client.XeroContactID, contact.Contacts[0].ContactID, err)
	}
}

func TestNumberOfSomebodyElse(t *testing.T) {
	t.Parallel()
	f := newSandbox(t, storetest.New(t, store.SQLite))
	f.post("/api.xro/2.0/Invoices", `{"Invoices":[{"Type":"ACCREC","InvoiceNumber":"INV-00001","Contact":{"Name":"Somebody"},"LineItems":[{"Description":"x","Quantity":1,"UnitAmount":5,"AccountCode":"200"}]}]}`, nil)
	f.work(0, 1)
	invoice := f.invoice(0)
	state := f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncFailed)
	if !strings.Contains(*state.ErrorMessage, "Somebody") || !strings.Contains(*state.ErrorMessage, "INV-00001") {
		t.Fatalf("the conflict is told as %q", *state.ErrorMessage)
	}
	if err := f.retry(fieldops.KindInvoice, invoice.ID, billing.RetryRequest{Number: "INV-00777"}); err != nil {
		t.Fatal(err)
	}
	f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
	if remote := f.remoteInvoices(); len(remote) != 2 {
		t.Fatalf("Xero holds %+v", remote)
	}
}

func TestVoidedInXero(t *testing.T) {
	t.Parallel()
	f := newSandbox(t, storetest.New(t, store.SQLite))
	ctx := context.Background()
	f.work(0, 1)
	invoice := f.invoice(0)
	f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
	stored, err := f.db.Invoice(ctx, invoice.ID)
	if err != nil {
		t.Fatal(err)
	}
	f.sim("POST", "/edit", map[string]any{"endpoint": "Invoices", "id": *stored.XeroInvoiceID, "set": map[string]any{"Status": "DELETED"}}, nil)
	reference := "changed"
	if _, err := f.service.EditInvoice(ctx, f.actor, invoice.ID, fieldops.InvoiceEdit{Reference: &reference}, billing.AnyVersion); err != nil {
		t.Fatal(err)
	}
	f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncFailed)
	if err := f.retry(fieldops.KindInvoice, invoice.ID, billing.RetryRequest{Number: "INV-00900"}); err != nil {
		t.Fatal(err)
	}
	f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
	live := 0
	for _, r := range f.remoteInvoices() {
		if r.Status != "DELETED" {
			live++
		}
	}
	if live != 1 {
		t.Fatalf("%d live invoices in Xero", live)
	}
}

// What Xero reports as paid is paid here too, with its timesheets, and is seen
// whenever the document is looked at: when it cannot be deleted, and when a
// change is refused.
func TestPaidInXero(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		f := newSandbox(t, db)
		f.set("xero_invoice_status", fieldops.StatusAuthorised)
		f.work(0, 1)
		invoice := f.invoice(0)
		f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
		stored, err := db.Invoice(ctx, invoice.ID)
		if err != nil {
			t.Fatal(err)
		}
		f.sim("POST", "/edit", map[string]any{"endpoint": "Invoices", "id": *stored.XeroInvoiceID, "set": map[string]any{"Status": "PAID"}}, nil)
		if _, err := f.service.DeleteInvoice(ctx, f.actor, invoice.ID); err != nil {
			t.Fatal(err)
		}
		state := f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncFailed)
		if state.WhoMustAct != fieldops.Accountant {
			t.Errorf("the person is told %+v", state)
		}
		if stored, err = db.Invoice(ctx, invoice.ID); err != nil || stored.Status != fieldops.StatusPaid || stored.AmountPaid != stored.Total || stored.AmountDue != 0 {
			t.Fatalf("%s, paid %s of %s: %v", stored.Status, stored.AmountPaid, stored.Total, err)
		}
		entries, err := db.InvoiceTimesheets(ctx, invoice.ID)
		if err != nil || len(entries) != 1 || entries[0].BillingStatus != "paid" {
			t.Fatalf("the work is %+v: %v", entries, err)
		}
	})
}

// One of twenty is refused, the others arrive in the same call.
func TestBatchWithARefusedMember(t *testing.T) {
	t.Parallel()
	f := newSandbox(t, storetest.New(t, store.SQLite))
	f.work(0, 1)
	f.work(1, 1)
	first, second := f.invoice(0), f.invoice(1)
	f.until(fieldops.KindInvoice, first.ID, fieldops.SyncSynced)
	f.until(fieldops.KindInvoice, second.ID, fieldops.SyncSynced)
	client, err := f.db.Client(context.Background(), f.clients[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	f.sim("POST", "/edit", map[string]any{"endpoint": "Contacts", "id": *client.XeroContactID, "set": map[string]any{"ContactStatus": "ARCHIVED"}}, nil)
	f.write(func(tx *store.Tx) error { return tx.PauseLane(context.Background(), true, "test") })
	var good []fieldops.ID
	for range 19 {
		f.work(0, 1)
		good = append(good, f.invoice(0).ID)
	}
	f.work(1, 1)
	bad := f.invoice(1)
	f.write(func(tx *store.Tx) error { return tx.PauseLane(context.Background(), false, "") })
	f.sync.Wake()
	for _, id := range good {
		f.until(fieldops.KindInvoice, id, fieldops.SyncSynced)
	}
	state := f.until(fieldops.KindInvoice, bad.ID, fieldops.SyncFailed)
	if !strings.Contains(*state.ErrorMessage, "archived") {
		t.Fatalf("the person is told %q", *state.ErrorMessage)
	}
	// Those who may invoice are told, once and of nothing else.
	notices, unread, err := f.db.Notifications(context.Background(), f.actor.UserID)
	if err != nil || unread != 1 || len(notices) != 1 || notices[0].Kind != fieldops.NoticeSyncFailed ||
		notices[0].Title != "Invoice "+bad.Number+" did not reach Xero" || notices[0].Link == nil || *notices[0].Link != "/financials/invoices/"+bad.ID {
		t.Errorf("notices %+v, %d unread, %v", notices, unread, err)
	}
	var calls []struct{ Method, Path string }
	f.sim("GET", "/calls", nil, &calls)
	puts := 0
	for _, c := range calls {
		if c.Method == http.MethodPut && strings.HasSuffix(c.Path, "/Invoices") {
			puts++
		}
	}
	if puts > 3 { // the first two invoices, and the twenty together
		t.Errorf("%d calls", puts)
	}
}

// A batch that Xero refuses as a whole blames nobody: it is sent in halves.
func TestBatchRefusedWhole(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]map[string]any{
		"too large": {"do": "status", "status": 413},
		"500":       {"do": "html_500"},
		"500 after": {"do": "html_500", "commit": true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSandbox(t, storetest.New(t, store.SQLite))
			f.work(0, 1)
			f.until(fieldops.KindInvoice, f.invoice(0).ID, fieldops.SyncSynced)
			f.write(func(tx *store.Tx) error { return tx.PauseLane(context.Background(), true, "test") })
			var all []fieldops.ID
			for range 8 {
				f.work(0, 1)
				all = append(all, f.invoice(0).ID)
			}
			fault["method"], fault["path"], fault["times"] = "PUT", "/api.xro/2.0/Invoices", 2
			f.sim("POST", "/faults", []any{fault}, nil)
			f.write(func(tx *store.Tx) error { return tx.PauseLane(context.Background(), false, "") })
			f.sync.Wake()
			for _, id := range all {
				f.until(fieldops.KindInvoice, id, fieldops.SyncSynced)
			}
			if remote := f.remoteInvoices(); len(remote) != 9 {
				t.Fatalf("Xero holds %d invoices, want 9", len(remote))
			}
		})
	}
}

func TestPurchaseOrderTravels(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		f := newSandbox(t, db)
		order, err := f.service.CreatePurchaseOrder(ctx, f.actor, fieldops.PurchaseOrderRequest{
			SupplierID: f.clients[1].ID, ProjectID: f.projects[1].ID, Date: "2026-11-20",
			Lines: []fieldops.PurchaseOrderLine{{Description: ref("Switchboard"), Quantity: ref(fieldops.E4(2_0000)), UnitAmount: ref(fieldops.E4(349_9000))}},
		})
		if err != nil {
			t.Fatal(err)
		}
		f.until(fieldops.KindPurchaseOrder, order.ID, fieldops.SyncSynced)
		// An answer lost after the commit: an order carries no marker, so it is
		// recognised by its content.
		f.sim("POST", "/faults", []any{map[string]any{"method": "PUT", "path": "/api.xro/2.0/PurchaseOrders", "do": "drop", "commit": true}}, nil)
		second, err := f.service.CreatePurchaseOrder(ctx, f.actor, fieldops.PurchaseOrderRequest{
			SupplierID: f.clients[1].ID, ProjectID: f.projects[1].ID, Date: "2026-11-20",
			Lines: []fieldops.PurchaseOrderLine{{Description: ref("Cable"), Quantity: ref(fieldops.E4(100_0000)), UnitAmount: ref(fieldops.E4(1_2345))}},
		})
		if err != nil {
			t.Fatal(err)
		}
		f.until(fieldops.KindPurchaseOrder, second.ID, fieldops.SyncSynced)
		var remote []struct{ PurchaseOrderNumber, Status string }
		f.sim("GET", "/documents/PurchaseOrders", nil, &remote)
		if len(remote) != 2 {
			t.Fatalf("Xero holds %+v", remote)
		}
		if _, err := f.service.DeletePurchaseOrder(ctx, f.actor, second.ID); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			stored, err := db.AnyPurchaseOrder(ctx, second.ID)
			if err != nil {
				t.Fatal(err)
			}
			if !stored.DeletedAt.IsZero() {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("not deleted: %+v", f.state(fieldops.KindPurchaseOrder, second.ID))
			}
		}
	})
}

// A token that Xero no longer takes is renewed once; a connection that is gone
// closes the lane with one notice and spends nothing.
func TestDisconnectedInXero(t *testing.T) {
	t.Parallel()
	f := newSandbox(t, storetest.New(t, store.SQLite))
	f.work(0, 1)
	f.until(fieldops.KindInvoice, f.invoice(0).ID, fieldops.SyncSynced)
	f.sim("POST", "/disconnect", map[string]any{}, nil)
	f.work(0, 1)
	invoice := f.invoice(0)
	state := f.untilWaiting(fieldops.KindInvoice, invoice.ID, store.NeedsReconnect)
	if state.WhoMustAct != fieldops.Admin || state.SyncStatus != fieldops.SyncPending {
		t.Fatalf("the person is told %+v", state)
	}
}

func ref[T any](v T) *T { return &v }

// A contact that was merged in Xero takes its client and its documents along.
func TestMergedContact(t *testing.T) {
	t.Parallel()
	f := newSandbox(t, storetest.New(t, store.SQLite))
	ctx := context.Background()
	f.work(0, 1)
	f.work(1, 1)
	first, second := f.invoice(0), f.invoice(1)
	f.until(fieldops.KindInvoice, first.ID, fieldops.SyncSynced)
	f.until(fieldops.KindInvoice, second.ID, fieldops.SyncSynced)
	var other struct {
		Contacts []struct{ ContactID string }
	}
	f.post("/api.xro/2.0/Contacts", `{"Contacts":[{"Name":"The merged one"}]}`, &other)
	into := other.Contacts[0].ContactID
	client, err := f.db.Client(ctx, f.clients[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := f.db.Invoice(ctx, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	f.sim("POST", "/edit", map[string]any{"endpoint": "Contacts", "id": *client.XeroContactID, "set": map[string]any{"ContactStatus": "ARCHIVED", "MergedToContactID": into}}, nil)
	f.sim("POST", "/edit", map[string]any{"endpoint": "Invoices", "id": *stored.XeroInvoiceID, "set": map[string]any{"Contact": map[string]any{"ContactID": into}}}, nil)
	// An update whose answer is lost has the document looked at.
	f.sim("POST", "/faults", []any{map[string]any{"method": "POST", "path": "/api.xro/2.0/Invoices", "do": "drop"}}, nil)
	reference := "after the merge"
	if _, err := f.service.EditInvoice(ctx, f.actor, first.ID, fieldops.InvoiceEdit{Reference: &reference}, billing.AnyVersion); err != nil {
		t.Fatal(err)
	}
	f.until(fieldops.KindInvoice, first.ID, fieldops.SyncSynced)
	if client, err = f.db.Client(ctx, client.ID); err != nil || *client.XeroContactID != into {
		t.Fatalf("the client is linked to %s, want %s: %v", *client.XeroContactID, into, err)
	}
}

// What another process moves is told too: nothing here announces the changes.
func TestEventsOfAnotherProcess(t *testing.T) {
	t.Parallel()
	f := newSandbox(t, storetest.New(t, store.SQLite))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	events := billing.NewEvents(f.db, f.sync)
	ran := make(chan struct{})
	go func() { events.Run(ctx); close(ran) }()
	watched := events.Subscribe(ctx)
	f.work(0, 1)
	invoice := f.invoice(0)
	for event := range watched {
		told, ok := event.Data.(billing.SyncEvent)
		if ok && told.ID == invoice.ID && told.SyncStatus != nil && *told.SyncStatus == "synced" {
			cancel()
			<-ran
			return
		}
	}
	t.Error("nobody was told that the invoice is in Xero")
}
