package xero_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/xero"
	"ampedfieldops/internal/xero/xerosim"

	"github.com/google/go-cmp/cmp"
)

const redirectURI = "http://localhost:3000/api/xero/callback"

// office is our client connected to a simulated organisation without limits.
type office struct {
	*xero.Client
	t      *testing.T
	sim    *xerosim.Sim
	base   string
	tokens fieldops.TokenSet
	tenant string
}

func connect(t *testing.T, options xerosim.Options) *office {
	t.Helper()
	sim := xerosim.New(options)
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(sim.Close)
	t.Cleanup(server.Close)
	o := &office{t: t, sim: sim, base: server.URL, tenant: xerosim.DefaultTenantID, Client: xero.New(xero.Config{
		ClientID: "an-app", ClientSecret: "its-long-secret", RedirectURI: redirectURI,
		APIURL: server.URL, IdentityURL: server.URL, LoginURL: server.URL, Timeout: 10 * time.Second,
	})}
	var err error
	if o.tokens, _, err = o.Exchange(t.Context(), sim.Consent(redirectURI, xero.Scopes), ""); err != nil {
		t.Fatal(err)
	}
	return o
}

var unlimited = xerosim.Options{DayLimit: -1, MinuteLimit: -1, ConcurrentLimit: -1}

func (o *office) send(call fieldops.Call, err error) fieldops.Answer {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	return o.Send(o.t.Context(), o.tokens.AccessToken, o.tenant, call)
}

// do sends a call and judges its one member.
func (o *office) do(call fieldops.Call, err error) fieldops.Verdict {
	o.t.Helper()
	return o.Judge(call, o.send(call, err))[0]
}

// look sends a look-up of one document and returns what it found.
func (o *office) look(p fieldops.Posting) []fieldops.Remote {
	o.t.Helper()
	call, err := o.Look(p.Ref.Kind, []fieldops.Posting{p})
	a := o.send(call, err)
	found, complete, err := o.ReadFound(call, a)
	if err != nil || !complete {
		o.t.Fatalf("the look-up of %s %s is not complete: %v", p.Ref.Kind, p.Number, err)
	}
	return found[0]
}

func (o *office) control(path, body string) {
	o.t.Helper()
	request, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.base+"/_sim/"+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		o.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		text, _ := io.ReadAll(response.Body)
		o.t.Fatalf("/_sim/%s answered %d: %s", path, response.StatusCode, text)
	}
}

// customer is a contact in Xero; its id goes into documents.
func (o *office) customer(name string) string {
	o.t.Helper()
	v := o.do(o.Create(fieldops.KindClient, []fieldops.Posting{person(name)}))
	if v.Outcome != fieldops.Confirmed {
		o.t.Fatalf("the contact %s is %s: %s", name, v.Outcome, v.Message)
	}
	return v.RemoteID
}

func person(name string) fieldops.Posting {
	id := fieldops.NewID()
	return fieldops.Posting{
		Ref: fieldops.DocumentRef{Kind: fieldops.KindClient, ID: id}, Number: id,
		Contact: &fieldops.PostingContact{Name: name, FirstName: "Aroha", LastName: "Ngata", Email: "aroha@example.nz", Phone: "09 555 0123", AddressLine: "1 Queen Street", City: "Auckland"},
	}
}

const gst fieldops.TaxRate = 150_000

func document(kind fieldops.DocumentKind, number, contact string, lines ...fieldops.PostingLine) fieldops.Posting {
	id := fieldops.NewID()
	p := fieldops.Posting{
		Ref: fieldops.DocumentRef{Kind: kind, ID: id}, Number: number, ContactID: contact, Reference: "PO 4711",
		Date: "2026-11-23", DueDate: "2026-12-20", Status: fieldops.StatusAuthorised, Lines: lines,
	}
	if kind == fieldops.KindInvoice {
		p.URL = "https://office.example.nz/invoices/" + id
	}
	p.Total, p.TotalTax = totals(lines)
	return p
}

func totals(lines []fieldops.PostingLine) (total, tax fieldops.Cents) {
	for _, l := range lines {
		total += l.Amount + l.Tax
		tax += l.Tax
	}
	return total, tax
}

func line(t testing.TB, account, taxType string, rate fieldops.TaxRate, quantity, price fieldops.E4) fieldops.PostingLine {
	t.Helper()
	amount, err := fieldops.Multiply(quantity, price)
	if err != nil {
		t.Fatal(err)
	}
	return fieldops.PostingLine{
		Description: fmt.Sprintf("%s of labour", quantity), Quantity: quantity, UnitPrice: price,
		AccountCode: account, TaxType: taxType, Amount: amount, Tax: rate.Of(amount),
	}
}

func TestConsentTokensAndReferenceData(t *testing.T) {
	t.Parallel()
	o := connect(t, unlimited)

	if o.tokens.AuthEventID == "" || o.tokens.ExpiresIn != 30*time.Minute {
		t.Errorf("tokens of %s, consent %q", o.tokens.ExpiresIn, o.tokens.AuthEventID)
	}
	for _, call := range []fieldops.Call{o.ConnectionsCall(), o.ConnectionsOfConsentCall(o.tokens.AuthEventID)} {
		a := o.Send(t.Context(), o.tokens.AccessToken, "", call)
		tenants, err := o.ReadConnections(a)
		if err != nil || len(tenants) != 1 || tenants[0].TenantID != o.tenant || tenants[0].Name != "Demo Company (NZ)" {
			t.Fatalf("%s: %+v, %v", call.Path, tenants, err)
		}
	}

	// With a challenge, through the page that a person sees.
	verifier := strings.Repeat("verifier-", 6)
	sum := sha256.Sum256([]byte(verifier))
	address := o.AuthorizeURL("state-1", base64.RawURLEncoding.EncodeToString(sum[:]), xero.Scopes) + "&_sim_auto=1"
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := browser.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	back, err := response.Location()
	if err != nil || back.Query().Get("state") != "state-1" {
		t.Fatalf("the consent leads to %v, %v", back, err)
	}
	if _, _, err := o.Exchange(t.Context(), back.Query().Get("code"), "another"); err == nil {
		t.Error("a code was exchanged with the wrong verifier")
	}
	if _, _, err := o.Exchange(t.Context(), "no-such-code", ""); err == nil || !strings.Contains(err.Error(), "connect to Xero again") {
		t.Errorf("a wrong code: %v", err)
	}

	refreshed, answer, err := o.Refresh(t.Context(), o.tokens.RefreshToken)
	if err != nil || refreshed.AccessToken == o.tokens.AccessToken || refreshed.RefreshToken == o.tokens.RefreshToken {
		t.Fatalf("refresh: %v", err)
	}
	if strings.Contains(string(answer.Body), refreshed.AccessToken) || strings.Contains(string(answer.Body), refreshed.RefreshToken) {
		t.Errorf("the answer for the log holds a token: %s", answer.Body)
	}
	// A lost answer is mended with the previous refresh token.
	if refreshed, _, err = o.Refresh(t.Context(), o.tokens.RefreshToken); err != nil {
		t.Fatalf("the previous refresh token is refused: %v", err)
	}
	o.tokens = refreshed

	organisation, err := o.ReadOrganisation(o.send(o.OrganisationCall(), nil))
	if err != nil || organisation.ID != o.tenant || organisation.Currency != "NZD" || organisation.Timezone != "Pacific/Auckland" || organisation.ShortCode == "" {
		t.Errorf("%+v, %v", organisation, err)
	}
	accounts, err := o.ReadAccounts(o.send(o.AccountsCall(), nil))
	sales := 0
	for _, a := range accounts {
		if a.Code == "200" && a.Class == "REVENUE" && a.TaxType == "OUTPUT2" {
			sales++
		}
	}
	if err != nil || sales != 1 {
		t.Errorf("%d accounts, %d of them Sales, %v", len(accounts), sales, err)
	}
	rates, err := o.ReadTaxRates(o.send(o.TaxRatesCall(), nil))
	known := map[string]fieldops.TaxRate{}
	for _, r := range rates {
		known[r.TaxType] = r.Rate
	}
	if err != nil || known["OUTPUT2"] != gst || known["OUTPUT"] != 125_000 || known["ZERORATED"] != 0 {
		t.Errorf("%v, %v", known, err)
	}

	if v := o.Judge(o.OrganisationCall(), o.Send(t.Context(), "a-wrong-token", o.tenant, o.OrganisationCall()))[0]; v.Outcome != fieldops.AuthError {
		t.Errorf("a wrong token is %s", v.Outcome)
	}
	elsewhere := o.Send(t.Context(), o.tokens.AccessToken, fieldops.NewID(), o.OrganisationCall())
	if v := o.Judge(o.OrganisationCall(), elsewhere)[0]; v.Outcome != fieldops.AuthError || xero.AuthProblemOf(elsewhere) != xero.TenantRefused {
		t.Errorf("another tenant is %s, %s", v.Outcome, xero.AuthProblemOf(elsewhere))
	}
	narrow, _, err := o.Exchange(t.Context(), o.sim.Consent(redirectURI, []string{"offline_access", "accounting.contacts"}), "")
	if err != nil {
		t.Fatal(err)
	}
	call, err := o.Look(fieldops.KindInvoice, []fieldops.Posting{document(fieldops.KindInvoice, "INV-1", "")})
	if err != nil {
		t.Fatal(err)
	}
	if a := o.Send(t.Context(), narrow.AccessToken, o.tenant, call); xero.AuthProblemOf(a) != xero.ScopeMissing || o.Judge(call, a)[0].Outcome != fieldops.AuthError {
		t.Errorf("a missing right is %d, %s", a.Status, xero.AuthProblemOf(a))
	}

	tenants, err := o.ReadConnections(o.Send(t.Context(), o.tokens.AccessToken, "", o.ConnectionsCall()))
	if err != nil || len(tenants) == 0 {
		t.Fatalf("%v, %v", tenants, err)
	}
	if a := o.DeleteConnection(t.Context(), o.tokens.AccessToken, tenants[0].ConnectionID); a.Status != http.StatusNoContent {
		t.Errorf("disconnecting answers %d", a.Status)
	}
	if v := o.do(o.OrganisationCall(), nil); v.Outcome != fieldops.AuthError {
		t.Errorf("a call after disconnecting is %s", v.Outcome)
	}
	if _, err := o.Revoke(t.Context(), o.tokens.RefreshToken); err != nil {
		t.Error(err)
	}
	if _, _, err := o.Refresh(t.Context(), o.tokens.RefreshToken); err == nil {
		t.Error("a revoked token was refreshed")
	}
}

// Each kind is created, found, changed in place, found changed, taken back, and
// found taken back.
func TestTheLifeOfADocument(t *testing.T) {
	t.Parallel()
	o := connect(t, unlimited)
	customer := o.customer("Ngata Homes")
	for _, x := range []struct {
		name   string
		p      fieldops.Posting
		change func(*fieldops.Posting)
		gone   string
	}{
		{"invoice", document(fieldops.KindInvoice, "INV-1", customer, line(t, "200", "OUTPUT2", gst, 25_000, 951_234), line(t, "200", "OUTPUT2", gst, 12_345, 67_891)), nil, fieldops.StatusVoided},
		{"draft invoice", func() fieldops.Posting {
			p := document(fieldops.KindInvoice, "INV-2", customer, line(t, "200", "ZERORATED", 0, 10_000, 10_000))
			p.Status = fieldops.StatusDraft
			return p
		}(), nil, fieldops.StatusDeleted},
		{"order", document(fieldops.KindPurchaseOrder, "PO 1/2", customer, line(t, "300", "INPUT2", gst, 30_000, 123_456)), nil, fieldops.StatusDeleted},
		{"client", person("Tāne & Sons"), func(p *fieldops.Posting) {
			p.Contact = &fieldops.PostingContact{Name: "Tāne and Sons", FirstName: "Tāne", LastName: "Ngata", Email: "tane@example.nz", Phone: "021 555 000", AddressLine: "2 Main Road", City: "Hamilton"}
		}, xero.StatusArchived},
	} {
		p := x.p
		if found := o.look(p); len(found) != 0 {
			t.Fatalf("%s: found before it was made: %+v", x.name, found)
		}
		v := o.do(o.Create(p.Ref.Kind, []fieldops.Posting{p}))
		if v.Outcome != fieldops.Confirmed {
			t.Fatalf("%s: created %s: %s", x.name, v.Outcome, v.Message)
		}
		if different := xero.Compare(p, *v.Remote); len(different) > 0 || xero.TotalsDiffer(p, *v.Remote) {
			t.Errorf("%s: the answer differs in %v", x.name, different)
		}
		found := o.look(p)
		if len(found) != 1 || found[0].ID != v.RemoteID || !xero.Mine(p, found[0]) || len(xero.Compare(p, found[0])) > 0 || xero.TotalsDiffer(p, found[0]) {
			t.Fatalf("%s: found %+v, different in %v", x.name, found, xero.Compare(p, found[0]))
		}

		p.RemoteID = v.RemoteID
		if x.change != nil {
			x.change(&p)
		} else {
			p.Reference, p.DueDate = "", "2027-01-20"
			p.Lines = append([]fieldops.PostingLine(nil), p.Lines...)
			p.Lines[0].Description, p.Lines[0].Quantity = "Other work", 40_000
			amount, err := fieldops.Multiply(p.Lines[0].Quantity, p.Lines[0].UnitPrice)
			if err != nil {
				t.Fatal(err)
			}
			p.Lines[0].Amount = amount
			if p.Lines[0].Tax != 0 {
				p.Lines[0].Tax = gst.Of(amount)
			}
			p.Total, p.TotalTax = totals(p.Lines)
		}
		if different := xero.Compare(p, found[0]); len(different) == 0 {
			t.Errorf("%s: the change does not show", x.name)
		}
		if v = o.do(o.Update(p, &found[0])); v.Outcome != fieldops.Confirmed || v.RemoteID != p.RemoteID {
			t.Fatalf("%s: changed %s: %s", x.name, v.Outcome, v.Message)
		}
		changed := o.look(p)
		if len(changed) != 1 || len(xero.Compare(p, changed[0])) > 0 || xero.TotalsDiffer(p, changed[0]) || changed[0].Status != found[0].Status {
			t.Fatalf("%s: changed to %+v, different in %v", x.name, changed, xero.Compare(p, changed[0]))
		}
		for i := range found[0].Lines {
			if found[0].Lines[i].ID != changed[0].Lines[i].ID {
				t.Errorf("%s: line %d was replaced, not changed", x.name, i+1)
			}
		}

		if v = o.do(o.Void(p, changed[0].Status)); v.Outcome != fieldops.Confirmed || v.Remote.Status != x.gone {
			t.Fatalf("%s: taken back %s: %s", x.name, v.Outcome, v.Message)
		}
		if found := o.look(p); len(found) != 1 || found[0].Status != x.gone {
			t.Errorf("%s: taken back it is %+v", x.name, found)
		}
		if p.Ref.Kind == fieldops.KindInvoice {
			if v := o.do(o.Void(p, fieldops.StatusAuthorised)); v.Outcome != fieldops.Evidence {
				t.Errorf("%s: taken back twice is %s: %s", x.name, v.Outcome, v.Message)
			}
		}
	}
}

func TestBatchesAndRefusals(t *testing.T) {
	t.Parallel()
	o := connect(t, unlimited)
	customer := o.customer("Ngata Homes")
	labour := line(t, "200", "OUTPUT2", gst, 10_000, 1_000_000)
	type result struct {
		Outcome fieldops.Outcome
		Taken   bool
	}
	batch := func(kind fieldops.DocumentKind, members ...fieldops.Posting) (results []result, verdicts []fieldops.Verdict) {
		t.Helper()
		call, err := o.Create(kind, members)
		verdicts = o.Judge(call, o.send(call, err))
		for _, v := range verdicts {
			results = append(results, result{v.Outcome, v.NumberTaken})
		}
		return results, verdicts
	}

	first := document(fieldops.KindInvoice, "INV-1", customer, labour)
	noAccount := document(fieldops.KindInvoice, "INV-2", customer, line(t, "999", "OUTPUT2", gst, 10_000, 10_000))
	third := document(fieldops.KindInvoice, "INV-3", customer, labour)
	results, verdicts := batch(fieldops.KindInvoice, first, noAccount, third)
	if diff := cmp.Diff([]result{{fieldops.Confirmed, false}, {fieldops.Rejected, false}, {fieldops.Confirmed, false}}, results); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if v := verdicts[1]; v.Message != "Account code '999' is not a valid code for this document." || v.Status != 400 {
		t.Errorf("refused with %d: %s", v.Status, v.Message)
	}

	// The same batch again: what is there says so, and is ours.
	if results, _ = batch(fieldops.KindInvoice, first, noAccount, third); !cmp.Equal(results, []result{{fieldops.Evidence, true}, {fieldops.Rejected, false}, {fieldops.Evidence, true}}) {
		t.Errorf("again: %v", results)
	}
	call, err := o.Look(fieldops.KindInvoice, []fieldops.Posting{first, noAccount, third})
	found, complete, err := o.ReadFound(call, o.send(call, err))
	if err != nil || !complete || len(found[0]) != 1 || len(found[1]) != 0 || len(found[2]) != 1 || !xero.Mine(first, found[0][0]) || !xero.Mine(third, found[2][0]) {
		t.Errorf("found %+v, complete %v, %v", found, complete, err)
	}
	stranger := document(fieldops.KindInvoice, "INV-1", customer, labour)
	if found := o.look(stranger); len(found) != 1 || xero.Mine(stranger, found[0]) {
		t.Errorf("another's invoice of our number is ours: %+v", found)
	}

	orders := []fieldops.Posting{
		document(fieldops.KindPurchaseOrder, "PO-1", customer, line(t, "300", "INPUT2", gst, 10_000, 10_000)),
		document(fieldops.KindPurchaseOrder, "PO-2", customer, line(t, "300", "INPUT2", gst, 20_000, 10_000)),
	}
	orders[1].Date = "2026-11-30"
	if results, verdicts = batch(fieldops.KindPurchaseOrder, orders...); !cmp.Equal(results, []result{{fieldops.Confirmed, false}, {fieldops.Confirmed, false}}) {
		t.Errorf("orders: %v %s", results, verdicts[0].Message)
	}
	if results, verdicts = batch(fieldops.KindPurchaseOrder, orders...); !cmp.Equal(results, []result{{fieldops.Evidence, true}, {fieldops.Evidence, true}}) {
		t.Errorf("orders again: %v %s", results, verdicts[0].Message)
	}
	missing := document(fieldops.KindPurchaseOrder, "PO-3", customer)
	call, err = o.Look(fieldops.KindPurchaseOrder, append(orders, missing))
	found, complete, err = o.ReadFound(call, o.send(call, err))
	if err != nil || !complete || len(found[0]) != 1 || len(found[1]) != 1 || len(found[2]) != 0 || !xero.Mine(orders[0], found[0][0]) || xero.Mine(orders[1], found[0][0]) {
		t.Errorf("orders found %+v, complete %v, %v", found, complete, err)
	}

	namesake := person("ngata homes")
	if results, verdicts = batch(fieldops.KindClient, namesake); !cmp.Equal(results, []result{{fieldops.Evidence, true}}) {
		t.Errorf("a namesake: %v %s", results, verdicts[0].Message)
	}
	if found := o.look(namesake); len(found) != 0 {
		t.Errorf("a namesake is found by our number: %+v", found)
	}
	call, err = o.LookContactByName("ngata homes")
	found, complete, err = o.ReadFound(call, o.send(call, err))
	if err != nil || !complete || len(found[0]) != 1 || found[0][0].ID != customer {
		t.Errorf("by name: %+v, complete %v, %v", found, complete, err)
	}
	quoted := person(`The "Blue" House`)
	if results, verdicts = batch(fieldops.KindClient, quoted); results[0].Outcome != fieldops.Confirmed {
		t.Errorf("a quoted name: %v %s", results, verdicts[0].Message)
	}
	call, err = o.LookContactByName(`The "Blue" House`)
	if found, _, err = o.ReadFound(call, o.send(call, err)); err != nil || len(found[0]) != 1 {
		t.Errorf("by a quoted name: %+v, %v", found, err)
	}

	// A payment forbids to void.
	paid := first
	paid.RemoteID = o.look(first)[0].ID
	payment := fieldops.Call{
		Method: "PUT", Path: "/api.xro/2.0/Payments", Kind: fieldops.KindInvoice, Members: []fieldops.Posting{first},
		Body: []byte(`{"Payments":[{"Invoice":{"InvoiceID":"` + paid.RemoteID + `"},"Account":{"Code":"090"},"Date":"2026-11-24","Amount":"10.00"}]}`),
	}
	if a := o.send(payment, nil); a.Status != 200 {
		t.Fatalf("the payment answers %d: %s", a.Status, a.Body)
	}
	v := o.do(o.Void(paid, fieldops.StatusAuthorised))
	if v.Outcome != fieldops.Rejected || !strings.Contains(v.Message, "payments or credit notes allocated") {
		t.Errorf("voiding what is paid is %s: %s", v.Outcome, v.Message)
	}
	if found := o.look(paid); !found[0].HasPayments || found[0].AmountPaid != 1000 || found[0].AmountDue != found[0].Total-1000 {
		t.Errorf("paid in part: %+v", found[0])
	}

	// A key that was used for something else.
	one, err := o.Create(fieldops.KindInvoice, []fieldops.Posting{document(fieldops.KindInvoice, "INV-8", customer, labour)})
	if err != nil {
		t.Fatal(err)
	}
	other, err := o.Create(fieldops.KindInvoice, []fieldops.Posting{document(fieldops.KindInvoice, "INV-9", customer, labour)})
	if err != nil {
		t.Fatal(err)
	}
	one.IdempotencyKey, other.IdempotencyKey = "the-key", "the-key"
	if v := o.do(one, nil); v.Outcome != fieldops.Confirmed {
		t.Errorf("the first use is %s: %s", v.Outcome, v.Message)
	}
	if v := o.do(other, nil); v.Outcome != fieldops.Evidence || v.NumberTaken {
		t.Errorf("the second use is %s: %s", v.Outcome, v.Message)
	}
	unknown := first
	unknown.RemoteID = fieldops.NewID()
	if v := o.do(o.Update(unknown, nil)); v.Outcome != fieldops.Rejected {
		t.Errorf("changing what is not there is %s: %s", v.Outcome, v.Message)
	}
	if found := o.look(unknown); len(found) != 0 {
		t.Errorf("what is not there is found: %+v", found)
	}
}

func TestWhatGoesWrongOnTheWay(t *testing.T) {
	t.Parallel()
	o := connect(t, xerosim.Options{DayLimit: 1000, MinuteLimit: 1000, ConcurrentLimit: -1})
	customer := o.customer("Ngata Homes")
	labour := line(t, "200", "OUTPUT2", gst, 10_000, 1_000_000)
	number := 0
	for _, x := range []struct {
		name, fault string
		outcome     fieldops.Outcome
		committed   bool
	}{
		{"dropped before", `{"do":"drop"}`, fieldops.Unknown, false},
		{"dropped after", `{"do":"drop","commit":true}`, fieldops.Unknown, true},
		{"half a JSON", `{"do":"truncate_body"}`, fieldops.Unknown, true},
		{"500 in HTML", `{"do":"html_500"}`, fieldops.Unknown, false},
		{"500 in HTML after", `{"do":"html_500","commit":true}`, fieldops.Unknown, true},
		{"502", `{"do":"status","status":502}`, fieldops.Unknown, false},
		{"503 offline", `{"do":"status","status":503,"body":"The Xero API is currently offline for maintenance"}`, fieldops.Unknown, false},
		{"503 limited", `{"do":"status","status":503,"body":"oauth_problem=rate%20limit%20exceeded"}`, fieldops.Throttled, false},
		{"429", `{"do":"status","status":429,"headers":{"X-Rate-Limit-Problem":"day","Retry-After":"66975"}}`, fieldops.Throttled, false},
		{"413", `{"do":"status","status":413}`, fieldops.Rejected, false},
		{"nothing wrong", `{"do":"delay","delay_ms":1}`, fieldops.Confirmed, true},
	} {
		number++
		p := document(fieldops.KindInvoice, fmt.Sprintf("INV-%d", number), customer, labour)
		o.control("faults", `[{"method":"PUT","path":"/api.xro/2.0/Invoices",`+x.fault[1:]+`]`)
		call, err := o.Create(fieldops.KindInvoice, []fieldops.Posting{p})
		a := o.send(call, err)
		if v := o.Judge(call, a)[0]; v.Outcome != x.outcome || a.NotSent {
			t.Errorf("%s: %s with status %d: %s", x.name, v.Outcome, a.Status, v.Message)
		}
		if x.name == "429" && (a.RetryAfter != 66_975*time.Second || a.RateProblem != "day") {
			t.Errorf("%s: %+v", x.name, a)
		}
		if found := o.look(p); (len(found) == 1) != x.committed {
			t.Errorf("%s: found %d", x.name, len(found))
		}
	}

	o.control("limits", `{"minute":1}`)
	o.control("clock", `{"advance_seconds":61}`)
	if v := o.do(o.OrganisationCall(), nil); v.Outcome != fieldops.Answered {
		t.Fatalf("the first call of the minute is %s: %s", v.Outcome, v.Message)
	}
	a := o.send(o.OrganisationCall(), nil)
	if v := o.Judge(o.OrganisationCall(), a)[0]; v.Outcome != fieldops.Throttled || a.RateProblem != "minute" || a.RetryAfter <= 0 || a.RetryAfter > time.Minute || a.MinuteLeft != 0 || a.DayLeft <= 0 {
		t.Errorf("the second call of the minute is %s: %+v", v.Outcome, a)
	}
	o.control("clock", `{"advance_seconds":1800}`)
	a = o.send(o.OrganisationCall(), nil)
	if v := o.Judge(o.OrganisationCall(), a)[0]; v.Outcome != fieldops.AuthError || xero.AuthProblemOf(a) != xero.TokenRefused {
		t.Errorf("after half an hour a token is %s: %s", v.Outcome, v.Message)
	}
}

func TestListsReadEverythingOnce(t *testing.T) {
	t.Parallel()
	o := connect(t, unlimited)
	customer := o.customer("Ngata Homes")
	want := map[string]bool{}
	for b := range 3 {
		var members []fieldops.Posting
		for i := range 45 {
			p := document(fieldops.KindInvoice, fmt.Sprintf("INV-%d-%d", b, i), customer, line(t, "200", "OUTPUT2", gst, 10_000, fieldops.E4(i+1)*10_000))
			members = append(members, p)
			want[p.Number] = true
		}
		call, err := o.Create(fieldops.KindInvoice, members)
		for _, v := range o.Judge(call, o.send(call, err)) {
			if v.Outcome != fieldops.Confirmed {
				t.Fatalf("%s: %s", v.Outcome, v.Message)
			}
		}
	}
	bill := fieldops.Call{Method: "PUT", Path: "/api.xro/2.0/Invoices", Body: []byte(`{"Invoices":[{"Type":"ACCPAY","InvoiceNumber":"INV-0-0","Contact":{"ContactID":"` + customer + `"},"LineItems":[{"Description":"x","Quantity":1,"UnitAmount":1,"AccountCode":"300"}]}]}`)}
	if a := o.send(bill, nil); a.Status != 200 {
		t.Fatalf("the bill answers %d: %s", a.Status, a.Body)
	}
	seen, pages := map[string]bool{}, 0
	for page, more := 1, true; more; page++ {
		call := o.ListCall(fieldops.KindInvoice, page, time.Time{})
		var remotes []fieldops.Remote
		var err error
		remotes, more, err = o.ReadList(call, o.send(call, nil))
		if err != nil || page > 10 {
			t.Fatalf("page %d: %v", page, err)
		}
		pages++
		for _, r := range remotes {
			if r.Type != xero.TypeCustomerInvoice || len(r.Lines) != 1 || r.URL == "" || seen[r.Number] {
				t.Errorf("%s: a %s with %d lines, seen before %v", r.Number, r.Type, len(r.Lines), seen[r.Number])
			}
			seen[r.Number] = true
		}
	}
	if diff := cmp.Diff(want, seen); diff != "" || pages != 2 {
		t.Errorf("%d pages (-want +got)\n%s", pages, diff)
	}
	for _, kind := range []fieldops.DocumentKind{fieldops.KindPurchaseOrder, fieldops.KindClient} {
		call := o.ListCall(kind, 1, time.Time{})
		if _, more, err := o.ReadList(call, o.send(call, nil)); err != nil || more {
			t.Errorf("%s: more %v, %v", kind, more, err)
		}
	}
	later := o.ListCall(fieldops.KindInvoice, 1, time.Now().Add(time.Hour))
	if remotes, more, err := o.ReadList(later, o.send(later, nil)); err != nil || more || len(remotes) != 0 {
		t.Errorf("%d changed in the future, more %v, %v", len(remotes), more, err)
	}
}

// 100,000 random lines in 2,000 invoices: line, tax and total as Xero computes
// them are ours to the cent, and everything comes back as it was sent.
func TestTotalsOfRandomInvoicesAreXeros(t *testing.T) {
	t.Parallel()
	o := connect(t, unlimited)
	random := rand.New(rand.NewPCG(15, 20261123))
	taxes := []struct {
		taxType string
		rate    fieldops.TaxRate
	}{{"OUTPUT2", gst}, {"OUTPUT2", gst}, {"OUTPUT", 125_000}, {"ZERORATED", 0}, {"NONE", 0}}
	const members, lines = 50, 50
	batches := 40
	if testing.Short() {
		batches = 4
	}
	for b := range batches {
		customer := o.customer(fmt.Sprintf("Customer %d", b))
		var postings []fieldops.Posting
		for m := range members {
			content := make([]fieldops.PostingLine, lines)
			for i := range content {
				quantity, price := fieldops.E4(random.Int64N(400_000)+1), fieldops.E4(random.Int64N(5_000_000)+1)
				switch {
				case i%2 == 0: // as most lines are: quarter hours at a price of two digits
					quantity, price = (quantity/2_500+1)*2_500, (price/100+1)*100
				case i%17 == 0: // a line that takes something back
					price = -price / 10
				}
				tax := taxes[random.IntN(len(taxes))]
				content[i] = line(t, "200", tax.taxType, tax.rate, quantity, price)
			}
			postings = append(postings, document(fieldops.KindInvoice, fmt.Sprintf("INV-%d-%d", b, m), customer, content...))
		}
		call, err := o.Create(fieldops.KindInvoice, postings)
		for i, v := range o.Judge(call, o.send(call, err)) {
			if v.Outcome != fieldops.Confirmed {
				t.Fatalf("%s is %s: %s", postings[i].Number, v.Outcome, v.Message)
			}
			if different := xero.Compare(postings[i], *v.Remote); len(different) > 0 {
				t.Fatalf("%s differs in %v", postings[i].Number, different)
			}
			for n, l := range postings[i].Lines {
				if r := v.Remote.Lines[n]; r.Amount != l.Amount || r.Tax != l.Tax {
					t.Fatalf("%s × %s at %s: %s and %s of tax, Xero says %s and %s", l.Quantity, l.UnitPrice, l.TaxType, l.Amount, l.Tax, r.Amount, r.Tax)
				}
			}
			if xero.TotalsDiffer(postings[i], *v.Remote) {
				t.Fatalf("%s: %s with %s of tax, Xero says %s and %s", postings[i].Number, postings[i].Total, postings[i].TotalTax, v.Remote.Total, v.Remote.TotalTax)
			}
		}
	}
}
