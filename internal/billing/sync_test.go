package billing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
	"ampedfieldops/internal/xero"
	"ampedfieldops/internal/xero/xerosim"
)

// sandbox is a small firm connected to a simulated Xero, with its worker.
type sandbox struct {
	t        *testing.T
	db       *store.DB
	sync     *billing.Sync
	service  *billing.Service
	base     string
	clients  []fieldops.Client
	projects []fieldops.Project
	activity fieldops.ActivityType
	center   fieldops.CostCenter
	worker   fieldops.User
	actor    fieldops.Actor
	stop     func()
}

// scale is by how much the protocol's durations are shortened as a whole: not so
// much that a busy machine outlives a lease between two steps.
const scale = 5

// patience is how long a test waits for what must come, on a machine that is busy
// with many such firms at once.
const patience = 3 * time.Minute

func newSandbox(t *testing.T, db *store.DB) *sandbox {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sim := xerosim.New(xerosim.Options{})
	serving, stopSim := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- sim.Serve(serving, listener) }()
	t.Cleanup(func() {
		stopSim()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	f := &sandbox{t: t, db: db, base: "http://" + listener.Addr().String()}
	f.sync = f.newSync(db)
	f.service = billing.New(db, f.sync)
	ctx := context.Background()
	f.seed()
	if err := f.sync.ConnectWithCode(ctx, sim.Consent("http://localhost/callback", xero.Scopes)); err != nil {
		t.Fatal(err)
	}
	f.startWorker()
	t.Cleanup(func() { f.stop() })
	return f
}

// newSync makes what carries a database's documents to the firm's Xero.
func (f *sandbox) newSync(db *store.DB) *billing.Sync {
	f.t.Helper()
	client := xero.New(xero.Config{
		ClientID: "test", ClientSecret: "secret", RedirectURI: "http://localhost/callback",
		APIURL: f.base, IdentityURL: f.base, LoginURL: f.base,
	})
	sealer, err := billing.NewSealer([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		f.t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() && os.Getenv("LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return billing.NewSync(billing.SyncConfig{
		DB: db, Provider: client, Sealer: sealer, Log: log, Durations: fieldops.RealDurations(scale), MaxAttempts: 3, AppURL: "http://localhost:3001",
	})
}

func (f *sandbox) startWorker() {
	ctx, cancel := context.WithCancel(context.Background())
	f.sync.Register(f.db.Queue())
	if err := f.db.Queue().Start(ctx, 4, slog.New(slog.DiscardHandler)); err != nil {
		f.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- f.sync.Run(ctx) }()
	stopped := false
	f.stop = func() {
		if stopped {
			return
		}
		stopped = true
		stopping, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		if err := f.db.Queue().Stop(stopping); err != nil {
			f.t.Error(err)
		}
		cancel()
		if err := <-done; err != nil {
			f.t.Error(err)
		}
	}
}

func (f *sandbox) seed() {
	f.t.Helper()
	err := f.db.Write(context.Background(), fieldops.System, func(tx *store.Tx) error {
		ctx := context.Background()
		f.worker = fieldops.User{Email: "tech@example.nz", Name: "Tama", Role: fieldops.RoleAdmin, IsActive: true, PasswordHash: "-"}
		if err := tx.InsertUser(ctx, &f.worker); err != nil {
			return err
		}
		f.actor = fieldops.Actor{UserID: f.worker.ID, Name: f.worker.Name}
		for key, value := range map[string]string{"xero_sales_account_code": "200", "xero_purchase_account_code": "300"} {
			if err := tx.SetSetting(ctx, key, value); err != nil {
				return err
			}
		}
		f.activity = fieldops.ActivityType{Name: "Labour", Icon: "Wrench", Color: "blue", HourlyRate: 95_0000, IsActive: true}
		if err := tx.InsertActivityType(ctx, &f.activity); err != nil {
			return err
		}
		f.center = fieldops.CostCenter{Code: "CC-1", Name: "General", IsActive: true}
		if err := tx.InsertCostCenter(ctx, &f.center); err != nil {
			return err
		}
		for i := range 3 {
			c := fieldops.Client{Name: fmt.Sprintf("Client %d Ltd", i+1), ClientType: fieldops.CustomerSupplier, Status: "active", PaymentTerms: fieldops.DefaultPaymentTerms}
			if err := tx.InsertClient(ctx, &c); err != nil {
				return err
			}
			p := fieldops.Project{Name: "Switchboard", ClientID: &c.ID, Status: "in-progress"}
			if err := tx.InsertProject(ctx, &p, nil); err != nil {
				return err
			}
			f.clients, f.projects = append(f.clients, c), append(f.projects, p)
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// work adds n unbilled timesheets of a client.
func (f *sandbox) work(client, n int) {
	f.t.Helper()
	err := f.db.Write(context.Background(), f.actor, func(tx *store.Tx) error {
		for i := range n {
			ts := fieldops.Timesheet{
				UserID: &f.worker.ID, ProjectID: &f.projects[client].ID, ClientID: &f.clients[client].ID, ActivityTypeID: &f.activity.ID, CostCenterID: &f.center.ID,
				Date: fieldops.DateOf(time.Now(), time.UTC).AddDays(-i % 20), Hours: 1_5000, HourlyRate: f.activity.HourlyRate,
			}
			if err := tx.InsertTimesheet(context.Background(), &ts); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *sandbox) invoice(client int) fieldops.Invoice {
	f.t.Helper()
	invoice, err := f.service.InvoiceTimesheets(context.Background(), f.actor, fieldops.InvoiceRequest{ClientID: f.clients[client].ID})
	if err != nil {
		f.t.Fatal(err)
	}
	return invoice
}

func (f *sandbox) state(kind fieldops.DocumentKind, id fieldops.ID) store.SyncState {
	f.t.Helper()
	state, err := f.service.SyncState(context.Background(), fieldops.DocumentRef{Kind: kind, ID: id})
	if err != nil {
		f.t.Fatal(err)
	}
	return state
}

// until waits for a document to come to a state.
func (f *sandbox) until(kind fieldops.DocumentKind, id fieldops.ID, want fieldops.SyncStatus) store.SyncState {
	f.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		state := f.state(kind, id)
		if state.SyncStatus == want {
			return state
		}
		if time.Now().After(deadline) {
			logs, _ := f.db.SyncLogs(context.Background(), string(kind), id, 20)
			text, _ := json.MarshalIndent(logs, "", " ")
			js, _ := json.Marshal(state)
			f.t.Fatalf("%s %s is %q, want %q: %s\n%s", kind, id, state.SyncStatus, want, js, text)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// sim asks the simulator's control API.
func (f *sandbox) sim(method, path string, body, into any) {
	f.t.Helper()
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			f.t.Fatal(err)
		}
		reader = bytes.NewReader(b)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, f.base+"/_sim"+path, reader)
	if err != nil {
		f.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		text, _ := io.ReadAll(response.Body)
		f.t.Fatalf("%s /_sim%s: %d %s", method, path, response.StatusCode, text)
	}
	if into != nil {
		if err := json.NewDecoder(response.Body).Decode(into); err != nil {
			f.t.Fatal(err)
		}
	}
}

type simInvoice struct {
	InvoiceID, InvoiceNumber, Reference, Status, URL string
	Total, TotalTax                                  json.Number
	LineItems                                        []struct{ Description string }
}

func (f *sandbox) remoteInvoices() []simInvoice {
	var all []simInvoice
	f.sim("GET", "/documents/Invoices", nil, &all)
	return all
}

func TestInvoiceReachesXero(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newSandbox(t, db)
		f.work(0, 3)
		invoice := f.invoice(0)
		f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
		remote := f.remoteInvoices()
		if len(remote) != 1 || remote[0].InvoiceNumber != invoice.Number || remote[0].Total.String() != invoice.Total.String() {
			t.Fatalf("Xero holds %+v, want one %s of %s", remote, invoice.Number, invoice.Total)
		}
		stored, err := db.Invoice(context.Background(), invoice.ID)
		if err != nil || stored.XeroInvoiceID == nil || *stored.XeroInvoiceID != remote[0].InvoiceID {
			t.Fatalf("our id is %v, Xero's %s: %v", stored.XeroInvoiceID, remote[0].InvoiceID, err)
		}
	})
}

func TestLostAnswersAndLateCommits(t *testing.T) {
	t.Parallel()
	faults := map[string]map[string]any{
		"lost before the commit": {"do": "drop"},
		"lost after the commit":  {"do": "drop", "commit": true},
		"late":                   {"do": "late", "delay_ms": 800, "commit": true},
		"500 after the commit":   {"do": "html_500", "commit": true},
		"half an answer":         {"do": "truncate_body", "commit": true},
		"503":                    {"do": "status", "status": 503, "body": "The Xero API is currently offline for maintenance"},
		"minute limit":           {"do": "status", "status": 429, "headers": map[string]string{"Retry-After": "1", "X-Rate-Limit-Problem": "minute"}},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSandbox(t, storetest.New(t, store.SQLite))
			f.work(0, 2)
			first := f.invoice(0)
			f.until(fieldops.KindInvoice, first.ID, fieldops.SyncSynced)
			f.work(0, 2)
			fault["method"], fault["path"] = "PUT", "/api.xro/2.0/Invoices"
			f.sim("POST", "/faults", []any{fault}, nil)
			invoice := f.invoice(0)
			f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
			if remote := f.remoteInvoices(); len(remote) != 2 {
				t.Fatalf("Xero holds %d documents, want 2: %+v", len(remote), remote)
			}
		})
	}
}

func TestRefusalFailsAndIsMended(t *testing.T) {
	t.Parallel()
	f := newSandbox(t, storetest.New(t, store.SQLite))
	f.work(0, 1)
	first := f.invoice(0)
	f.until(fieldops.KindInvoice, first.ID, fieldops.SyncSynced)
	f.work(0, 1)
	f.sim("POST", "/faults", []any{map[string]any{
		"method": "PUT", "path": "/api.xro/2.0/Invoices", "do": "status", "status": 400,
		"body": `{"ErrorNumber":10,"Type":"ValidationException","Message":"A validation exception occurred","Elements":[{"ValidationErrors":[{"Message":"Email address must be valid."}]}]}`,
	}}, nil)
	invoice := f.invoice(0)
	state := f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncFailed)
	if state.ErrorMessage == nil || *state.ErrorMessage != "Email address must be valid." {
		t.Fatalf("the person is told %v", state.ErrorMessage)
	}
	err := f.db.Write(context.Background(), f.actor, func(tx *store.Tx) error {
		return tx.Retry(context.Background(), fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: invoice.ID}, false)
	})
	if err != nil {
		t.Fatal(err)
	}
	f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
}

func TestEditAndVoid(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		f := newSandbox(t, db)
		f.work(0, 2)
		invoice := f.invoice(0)
		f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
		reference := "PO 4711"
		if _, err := f.service.EditInvoice(ctx, f.actor, invoice.ID, fieldops.InvoiceEdit{Reference: &reference}, billing.AnyVersion); err != nil {
			t.Fatal(err)
		}
		f.until(fieldops.KindInvoice, invoice.ID, fieldops.SyncSynced)
		if remote := f.remoteInvoices(); len(remote) != 1 || remote[0].Reference != reference {
			t.Fatalf("Xero holds %+v", remote)
		}
		if _, err := f.service.DeleteInvoice(ctx, f.actor, invoice.ID); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(patience)
		for {
			stored, err := db.AnyInvoice(ctx, invoice.ID)
			if err != nil {
				t.Fatal(err)
			}
			if !stored.DeletedAt.IsZero() {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the invoice was not deleted: %+v", f.state(fieldops.KindInvoice, invoice.ID))
			}
			time.Sleep(10 * time.Millisecond)
		}
		if remote := f.remoteInvoices(); len(remote) != 1 || remote[0].Status != "DELETED" {
			t.Fatalf("Xero holds %+v", remote)
		}
		// The work is free again.
		again := f.invoice(0)
		f.until(fieldops.KindInvoice, again.ID, fieldops.SyncSynced)
	})
}

func TestBacklogTravelsTogether(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		f := newSandbox(t, db)
		f.work(0, 1)
		f.until(fieldops.KindInvoice, f.invoice(0).ID, fieldops.SyncSynced) // contacts, accounts and tax rates are known
		pause := func(paused bool) {
			if err := db.Write(ctx, f.actor, func(tx *store.Tx) error { return tx.PauseLane(ctx, paused, "test") }); err != nil {
				t.Fatal(err)
			}
			f.sync.Wake()
		}
		pause(true)
		var all []fieldops.ID
		for range 200 {
			f.work(0, 1)
			all = append(all, f.invoice(0).ID)
		}
		type call struct {
			Method, Path string
			Status       int
		}
		var before, after []call
		f.sim("GET", "/calls", nil, &before)
		began := time.Now()
		pause(false)
		for _, id := range all {
			f.until(fieldops.KindInvoice, id, fieldops.SyncSynced)
		}
		f.sim("GET", "/calls", nil, &after)
		spent := after[len(before):]
		t.Logf("200 documents in %d calls and %s", len(spent), time.Since(began).Round(time.Millisecond))
		if len(spent) > 10 {
			t.Errorf("200 documents took %d calls: %v", len(spent), spent)
		}
		if remote := f.remoteInvoices(); len(remote) != 201 {
			t.Errorf("Xero holds %d invoices", len(remote))
		}
	})
}

// post writes to the simulated Xero as another app of the same organisation.
func (f *sandbox) post(path, body string, into any) {
	f.t.Helper()
	connection, err := f.db.Connection(context.Background())
	if err != nil {
		f.t.Fatal(err)
	}
	sealer, err := billing.NewSealer([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		f.t.Fatal(err)
	}
	token, err := sealer.Open(connection.SealedAccess)
	if err != nil {
		f.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPut, f.base+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Xero-Tenant-Id", connection.TenantID)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		f.t.Fatalf("%s: %d %s %v", path, response.StatusCode, text, err)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			f.t.Fatal(err)
		}
	}
}
