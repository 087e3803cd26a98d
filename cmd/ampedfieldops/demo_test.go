package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/internal/store"
	"ampedfieldops/internal/xero/xerosim"
)

// running is a program that serves.
type running struct {
	t       *testing.T
	address string        // http://127.0.0.1:…
	lines   func() string // printed on standard output
	said    func() string // on standard error
	stop    func() error
	token   string
	// requestID, unless empty, is the id that requests bear.
	requestID string
}

// lineWriter keeps what a program prints, and tells of its first line.
type lineWriter struct {
	mu    sync.Mutex
	all   bytes.Buffer
	first chan string
	told  bool
}

func (w *lineWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all.Write(b)
	if line, _, whole := strings.Cut(w.all.String(), "\n"); whole && !w.told {
		w.told = true
		w.first <- line
	}
	return len(b), nil
}

func (w *lineWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

// start runs a serving command until it prints that it is ready.
func (here *installation) start(args ...string) *running {
	here.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stdout := &lineWriter{first: make(chan string, 1)}
	stderr := &lineWriter{first: make(chan string, 1)}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, args, environ(here.env), strings.NewReader(""), stdout, stderr) }()
	stop := sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(drainTime + allowed(10*time.Second)):
			return fmt.Errorf("the program does not stop; it said %s", stderr)
		}
	})
	here.t.Cleanup(func() {
		if err := stop(); err != nil {
			here.t.Error(err)
		}
	})
	select {
	case line := <-stdout.first:
		_, address, _ := strings.Cut(line, "ready ")
		return &running{t: here.t, address: address, lines: stdout.String, said: stderr.String, stop: stop}
	case err := <-ended:
		ended <- err
		here.t.Fatalf("%s: %v", strings.Join(args, " "), err)
	case <-time.After(allowed(30 * time.Second)):
		here.t.Fatalf("%s is not ready; it said %s", strings.Join(args, " "), stderr)
	}
	return nil
}

// ask makes a request, which must be answered with status, and decodes the
// answer.
func (p *running) ask(status int, method, path string, in, out any) {
	p.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		p.t.Fatal(err)
	}
	address := path
	if strings.HasPrefix(path, "/") {
		address = p.address + path
	}
	request, err := http.NewRequestWithContext(context.Background(), method, address, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	if p.requestID != "" {
		request.Header.Set("X-Request-ID", p.requestID)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if response.StatusCode != status {
		p.t.Fatalf("%s %s: %s %s", method, path, response.Status, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		p.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
	}
}

// signIn signs in as one of the demonstration's people.
func (p *running) signIn(email string) {
	p.t.Helper()
	var session struct{ Token string }
	p.ask(200, "POST", "/api/auth/login", map[string]string{"email": email, "password": demoPassword}, &session)
	if session.Token == "" {
		p.t.Fatal("signed in without a token")
	}
	p.token = session.Token
}

// simDocument is an invoice as the simulated Xero has it.
type simDocument struct {
	InvoiceID, InvoiceNumber, Status, Reference string
	SubTotal, TotalTax, Total                   json.Number
	Contact                                     struct{ ContactID, Name string }
	LineItems                                   []struct {
		Description                      string
		Quantity, UnitAmount, LineAmount json.Number
		AccountCode                      string
	}
}

// From signing in to the document in Xero, with nothing but the program itself.
func TestDemoFromHoursToXero(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	data := filepath.Join(t.TempDir(), "demo")
	here.env = map[string]string{"DATABASE_URL": "postgres://must.not.be.touched/"}
	begun := time.Now()
	p := here.start("demo", "--listen", "127.0.0.1:0", "--xero-listen", "127.0.0.1:0", "--data", data)
	t.Logf("ready after %s", time.Since(begun))
	p.ask(200, "GET", "/readyz", nil, nil)
	p.signIn("manager@demo.test")

	var unbilled struct {
		Total   string
		Clients []struct {
			ClientID   string `json:"client_id"`
			ClientName string `json:"client_name"`
			Total      string
			Timesheets int `json:"timesheets_count"`
		}
	}
	p.ask(200, "GET", "/api/xero/unbilled", nil, &unbilled)
	if len(unbilled.Clients) != 8 || unbilled.Total == "0.00" {
		t.Fatalf("unbilled: %+v", unbilled)
	}
	// One client whom Xero knows, and one whom it does not.
	for _, client := range unbilled.Clients {
		if client.ClientName != "Ōtaki Dairy Co-operative" && client.ClientName != "Whānau Āwhina Trust" {
			continue
		}
		var preview struct {
			Hash       string `json:"preview_hash"`
			Subtotal   json.Number
			TotalTax   json.Number `json:"total_tax"`
			Total      json.Number
			Timesheets int               `json:"timesheets_count"`
			Lines      []json.RawMessage `json:"line_items"`
		}
		p.ask(200, "POST", "/api/xero/invoices/from-timesheets/preview", map[string]string{"client_id": client.ClientID}, &preview)
		if cents(t, preview.Subtotal) != cents(t, json.Number(client.Total)) || preview.Timesheets != client.Timesheets {
			t.Errorf("%s: the preview says %s for %d entries, unbilled %s for %d", client.ClientName, preview.Subtotal, preview.Timesheets, client.Total, client.Timesheets)
		}
		var invoice struct {
			ID         string
			Number     string `json:"invoice_number"`
			Total      string
			SyncStatus string `json:"sync_status"`
		}
		p.ask(202, "POST", "/api/xero/invoices/from-timesheets", map[string]string{"client_id": client.ClientID, "preview_hash": preview.Hash}, &invoice)
		if invoice.SyncStatus != "pending" || cents(t, json.Number(invoice.Total)) != cents(t, preview.Total) {
			t.Errorf("created %+v of the preview %+v", invoice, preview)
		}
		p.awaitSynced(invoice.ID)

		there := p.inXero(here, invoice.Number)
		if there.Contact.Name != client.ClientName || there.Status != "DRAFT" || len(there.LineItems) != len(preview.Lines) ||
			cents(t, there.Total) != cents(t, preview.Total) || cents(t, there.TotalTax) != cents(t, preview.TotalTax) || cents(t, there.SubTotal) != cents(t, preview.Subtotal) {
			t.Errorf("in Xero stands %+v, previewed was %+v", there, preview)
		}
	}
	// What the demonstration brought along has arrived too.
	for _, number := range []string{"INV-01041", "INV-01042", "INV-01043"} {
		p.inXero(here, number)
	}
	if lines := p.lines(); strings.Count(lines, "\n") != 1 {
		t.Errorf("standard output holds more than the line of readiness: %q", lines)
	}
	here.must("healthcheck", "--listen", strings.TrimPrefix(p.address, "http://"))
	if err := p.stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}

	// It begins anew in a folder of its own, and in no other.
	again := here.start("demo", "--listen", "127.0.0.1:0", "--xero-listen", "127.0.0.1:0", "--data", data)
	here.refused("another demonstration runs in the folder", "demo", "--listen", "127.0.0.1:0", "--xero-listen", "127.0.0.1:0", "--data", data)
	again.signIn("admin@demo.test")
	var invoices []struct{}
	again.ask(200, "GET", "/api/xero/invoices", nil, &invoices)
	if want := 3 + len(demoPast); len(invoices) != want {
		t.Errorf("after a new start there are %d invoices, want %d", len(invoices), want)
	}
	mine := t.TempDir()
	if err := os.WriteFile(filepath.Join(mine, "thesis.txt"), []byte("years of work"), 0o600); err != nil {
		t.Fatal(err)
	}
	here.refused("holds something that is not a demonstration's", "demo", "--listen", "127.0.0.1:0", "--xero-listen", "127.0.0.1:0", "--data", mine)
	if _, err := os.Stat(filepath.Join(mine, "thesis.txt")); err != nil {
		t.Error(err)
	}
}

// invoice makes an invoice of all that a client owes and returns its id and
// number.
func (p *running) invoice(client string) (id, number string) {
	p.t.Helper()
	var unbilled struct {
		Clients []struct {
			ID   string `json:"client_id"`
			Name string `json:"client_name"`
		}
	}
	p.ask(200, "GET", "/api/xero/unbilled", nil, &unbilled)
	for _, c := range unbilled.Clients {
		if c.Name != client {
			continue
		}
		var invoice struct {
			ID     string
			Number string `json:"invoice_number"`
		}
		p.ask(202, "POST", "/api/xero/invoices/from-timesheets", map[string]string{"client_id": c.ID}, &invoice)
		return invoice.ID, invoice.Number
	}
	p.t.Fatalf("%s owes nothing", client)
	return "", ""
}

// What was sent to Xero after a backup was made is not sent again under the
// same number after the backup was restored.
func TestRestoreComparesWithXero(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	here.connect(demoSize{})

	p := here.start("serve", "--listen", "127.0.0.1:0")
	p.signIn("manager@demo.test")
	id, early := p.invoice("Mount Eden Physiotherapy")
	p.awaitSynced(id)
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	here.must("backup", file)
	id, late := p.invoice("Whānau Āwhina Trust")
	p.awaitSynced(id)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}

	here.must("restore", "--force", file)
	p = here.start("serve", "--listen", "127.0.0.1:0")
	p.signIn("manager@demo.test")
	p.awaitLane()
	id, next := p.invoice("Whānau Āwhina Trust")
	if next <= late {
		t.Errorf("after the restore an invoice gets the number %s; %s stands in Xero", next, late)
	}
	p.awaitSynced(id)
	for _, number := range []string{early, late, next} {
		p.inXero(here, number)
	}
}

// connect makes up a firm that is connected to a simulated Xero.
func (here *installation) connect(size demoSize) {
	here.t.Helper()
	ln, err := listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		here.t.Fatal(err)
	}
	simulator := xerosim.New(xerosim.Options{})
	serving, stopXero := context.WithCancel(context.Background())
	xeroEnded := make(chan error, 1)
	go func() { xeroEnded <- simulator.Serve(serving, ln) }()
	here.t.Cleanup(func() {
		stopXero()
		if err := <-xeroEnded; err != nil {
			here.t.Error(err)
		}
	})
	address := "http://" + ln.Addr().String()
	for _, name := range []string{"XERO_API_URL", "XERO_IDENTITY_URL", "XERO_LOGIN_URL"} {
		here.env[name] = address
	}
	here.env["XERO_CLIENT_ID"], here.env["XERO_CLIENT_SECRET"] = "client", "client-secret"
	c, err := readConfig(environ(here.env), "", &overrides{})
	if err != nil {
		here.t.Fatal(err)
	}
	p, err := newProgram(context.Background(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		here.t.Fatal(err)
	}
	if err := errors.Join(prepareDemo(context.Background(), p, simulator, size, io.Discard), p.close()); err != nil {
		here.t.Fatal(err)
	}
}

// awaitLane waits until documents may go to Xero.
func (p *running) awaitLane() {
	p.t.Helper()
	var status struct {
		Lane struct {
			Paused bool    `json:"paused"`
			Reason *string `json:"paused_reason"`
		}
	}
	for until := time.Now().Add(allowed(20 * time.Second)); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		p.ask(200, "GET", "/api/xero/status", nil, &status)
		if !status.Lane.Paused {
			return
		}
	}
	p.t.Fatalf("the lane stays closed: %+v", status)
}

// awaitSynced waits until an invoice is in Xero, for three seconds at most.
func (p *running) awaitSynced(id string) {
	p.t.Helper()
	var state struct {
		Status  string  `json:"sync_status"`
		Phase   string  `json:"phase"`
		Message *string `json:"error_message"`
	}
	for until := time.Now().Add(allowed(3 * time.Second)); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		p.ask(200, "GET", "/api/xero/invoices/"+id+"/sync-status", nil, &state)
		if state.Status == "synced" {
			return
		}
	}
	p.t.Fatalf("the invoice does not reach Xero: %+v", state)
}

// inXero is the one invoice of a number in the simulated Xero.
func (p *running) inXero(here *installation, number string) simDocument {
	p.t.Helper()
	var settings struct {
		URL string `json:"url"`
	}
	admin := &running{t: p.t, address: p.address}
	admin.signIn("admin@demo.test")
	admin.ask(200, "GET", "/api/xero/auth/url", nil, &settings)
	xero, _, _ := strings.Cut(settings.URL, "/identity/")
	var all []simDocument
	p.ask(200, "GET", xero+"/_sim/documents/Invoices", nil, &all)
	var found []simDocument
	for _, d := range all {
		if d.InvoiceNumber == number {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		here.t.Fatalf("Xero has %d invoices with the number %s", len(found), number)
	}
	return found[0]
}

// cents reads an amount with at most two decimal places.
func cents(t *testing.T, n json.Number) int64 {
	t.Helper()
	amount, err := n.Float64()
	if err != nil {
		t.Fatal(err)
	}
	c := math.Round(amount * 100)
	if math.Abs(amount*100-c) > 1e-6 {
		t.Fatalf("%s is not in whole cents", n)
	}
	return int64(c)
}

func TestServe(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, here *installation) {
		here.must("user", "create", "--email", "a@firm.test", "--name", "A")
		p := here.start("serve", "--listen", "127.0.0.1:0")
		p.ask(200, "GET", "/readyz", nil, nil)
		var health struct{ Status string }
		p.ask(200, "GET", "/api/health", nil, &health)
		p.ask(401, "GET", "/api/clients", nil, nil)
		here.must("healthcheck", "--listen", strings.TrimPrefix(p.address, "http://"))
		if here.env["JWT_SECRET"] == "" {
			here.refused("another worker already works on", "worker")
			other := here.start("serve", "--no-worker", "--listen", "127.0.0.1:0")
			other.ask(200, "GET", "/readyz", nil, nil)
		} else {
			worker := here.start("worker")
			if got := worker.lines(); got != "ready\n" {
				t.Errorf("a worker prints %q", got)
			}
		}
		if err := p.stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
}

// A new installation has nobody in it: the program prints a link with which the
// first admin is made, once, and offers none afterwards.
func TestServeOffersToMakeTheFirstAdmin(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, here *installation) {
		here.env = maps.Clone(here.env)
		here.env["FRONTEND_URL"] = "https://fieldops.test"
		p := here.start("serve", "--listen", "127.0.0.1:0")
		_, rest, offered := strings.Cut(p.said(), "https://fieldops.test/setup?token=")
		token, _, _ := strings.Cut(rest, "\n")
		if !offered || token == "" {
			t.Fatalf("it says %s", p.said())
		}
		admin := map[string]string{"token": token, "email": "owner@firm.test", "password": "correct horse battery", "name": "Owner", "company_name": "Firm"}
		p.ask(403, "POST", "/api/setup/admin", map[string]string{"token": token + "x", "email": "owner@firm.test", "password": "correct horse battery", "name": "Owner"}, nil)
		p.ask(201, "POST", "/api/setup/admin", admin, nil)
		p.ask(409, "POST", "/api/setup/admin", admin, nil)
		p.ask(200, "POST", "/api/auth/login", map[string]string{"email": "owner@firm.test", "password": "correct horse battery"}, nil)
		if err := p.stop(); err != nil {
			t.Fatal(err)
		}
		again := here.start("serve", "--listen", "127.0.0.1:0")
		if strings.Contains(again.said(), "/setup?token=") {
			t.Errorf("with an admin there, it says %s", again.said())
		}
	})
}

// A program that is told to stop ends live streams, instead of waiting for the
// browsers to go away.
func TestServeStopsWithWatchers(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	p := here.start("demo", "--listen", "127.0.0.1:0", "--xero-listen", "127.0.0.1:0", "--data", here.path("demo"))
	p.signIn("manager@demo.test")
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.address+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
	begun := time.Now()
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > allowed(5*time.Second) {
		t.Errorf("stopping took %s", took)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Errorf("the stream did not end properly: %v", err)
	}
}

func TestXeroSim(t *testing.T) {
	t.Parallel()
	here := installed(t, store.SQLite)
	p := here.start("xero-sim", "--listen", "127.0.0.1:0")
	p.ask(200, "GET", "/_sim/state", nil, nil)
}
