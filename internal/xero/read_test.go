package xero

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"

	"github.com/google/go-cmp/cmp"
)

var someTime = time.Date(2026, 11, 23, 5, 24, 48, 0, time.UTC)

// fullInvoice is an invoice as Xero returns it.
const fullInvoice = `{"Type":"ACCREC","InvoiceID":"B2F5A5D0-1111-4222-8333-00000000000A","InvoiceNumber":"INV-1","Reference":"PO 4711",
"Payments":[],"CreditNotes":[],"Prepayments":[],"Overpayments":[],"AmountDue":274.56,"AmountPaid":0.00,"AmountCredited":0.00,
"Url":"https://office.example.nz/invoices/` + idA + `","SentToContact":false,"CurrencyRate":1.0000000000,"IsDiscounted":false,"HasAttachments":false,"HasErrors":false,
"Contact":{"ContactID":"` + someone + `","Name":"Ngata Homes","Addresses":[],"Phones":[],"ContactGroups":[],"ContactPersons":[],"HasValidationErrors":false},
"DateString":"2026-11-23T00:00:00","Date":"\/Date(1795392000000+0000)\/","DueDateString":"2026-12-20T00:00:00","DueDate":"/Date(1797724800000)/",
"Status":"AUTHORISED","LineAmountTypes":"Exclusive","LineItems":[{"LineItemID":"5b8b8b8b-1111-4222-8333-00000000000a","Description":"Labour","UnitAmount":95.5000,"TaxType":"OUTPUT2","TaxAmount":35.81,"LineAmount":238.75,"AccountCode":"200","Tracking":[],"Quantity":"2.5000"}],
"SubTotal":238.75,"TotalTax":35.81,"Total":274.56,"UpdatedDateUTC":"/Date(1795411488123+0000)/","CurrencyCode":"NZD"}`

func TestReadingAnInvoice(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	p := invoice(idA, "INV-1")
	call := must[fieldops.Call](t)(c.Look(fieldops.KindInvoice, []fieldops.Posting{p}))
	found, complete, err := c.ReadFound(call, answered(200, invoices(fullInvoice)))
	if err != nil || !complete || len(found) != 1 || len(found[0]) != 1 {
		t.Fatalf("found %+v, complete %v, %v", found, complete, err)
	}
	want := fieldops.Remote{
		Kind: fieldops.KindInvoice, ID: remoteA, Type: "ACCREC", Number: "INV-1", Reference: "PO 4711", Status: "AUTHORISED",
		ContactID: someone, ContactName: "Ngata Homes", Date: "2026-11-23", DueDate: "2026-12-20", Currency: "NZD", URL: p.URL,
		Lines: []fieldops.RemoteLine{{
			ID: "5b8b8b8b-1111-4222-8333-00000000000a", Description: "Labour", Quantity: 25_000, UnitPrice: 955_000,
			AccountCode: "200", TaxType: "OUTPUT2", Amount: 23_875, Tax: 3_581,
		}},
		SubTotal: 23_875, TotalTax: 3_581, Total: 27_456, AmountDue: 27_456,
		UpdatedAt: time.Date(2026, 11, 23, 5, 24, 48, 123_000_000, time.UTC),
	}
	if diff := cmp.Diff(want, found[0][0]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if different := Compare(p, found[0][0]); len(different) != 0 || TotalsDiffer(p, found[0][0]) || !Mine(p, found[0][0]) {
		t.Errorf("our own invoice differs in %v", different)
	}
}

func TestReadingAPurchaseOrderAndAContact(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	order := purchaseOrder(idB, "PO-7")
	call := must[fieldops.Call](t)(c.Look(fieldops.KindPurchaseOrder, []fieldops.Posting{order}))
	found, complete, err := c.ReadFound(call, answered(200, `{"PurchaseOrders":[{"PurchaseOrderID":"`+remoteB+`","PurchaseOrderNumber":"PO-7","DateString":"x","Date":"/Date(1795392000000+0000)/","DeliveryDate":"2026-12-20T00:00:00","Status":"BILLED","Contact":{"ContactID":"`+someone+`"},"Total":1}]}`))
	if err != nil || !complete || len(found[0]) != 1 {
		t.Fatalf("found %+v, complete %v, %v", found, complete, err)
	}
	want := fieldops.Remote{
		Kind: fieldops.KindPurchaseOrder, ID: remoteB, Type: TypePurchaseOrder, Number: "PO-7", Status: "BILLED",
		ContactID: someone, Date: "2026-11-23", DueDate: "2026-12-20", Total: 100,
	}
	if diff := cmp.Diff(want, found[0][0]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	person := client(idC, "Ngata Homes")
	call = must[fieldops.Call](t)(c.Look(fieldops.KindClient, []fieldops.Posting{person}))
	found, complete, err = c.ReadFound(call, answered(200, `{"pagination":{"page":1,"pageSize":1000,"pageCount":1,"itemCount":1},"Contacts":[{"ContactID":"`+remoteC+`","ContactNumber":"`+idC+`","ContactStatus":"ARCHIVED","Name":"Ngata Homes","FirstName":"Aroha","LastName":"Ngata","EmailAddress":"aroha@example.nz",
	"Addresses":[{"AddressType":"STREET","AddressLine1":"2 Side Lane","City":"Ōtara"},{"AddressType":"POBOX","AddressLine1":"1 Queen Street","City":"Auckland","Country":""}],
	"Phones":[{"PhoneType":"DDI"},{"PhoneType":"MOBILE","PhoneNumber":"21000"},{"PhoneType":"DEFAULT","PhoneNumber":"5550123","PhoneAreaCode":"09","PhoneCountryCode":""}],
	"IsCustomer":true,"MergedToContactID":"`+someone+`","UpdatedDateUTC":"2026-11-23T05:24:48","DefaultCurrency":"NZD"}]}`))
	if err != nil || !complete || len(found[0]) != 1 {
		t.Fatalf("found %+v, complete %v, %v", found, complete, err)
	}
	want = fieldops.Remote{
		Kind: fieldops.KindClient, ID: remoteC, Type: TypeContact, Number: idC, Status: StatusArchived, ContactID: remoteC, ContactName: "Ngata Homes",
		Currency: "NZD", MergedTo: someone, UpdatedAt: someTime,
		Contact: &fieldops.PostingContact{
			Name: "Ngata Homes", FirstName: "Aroha", LastName: "Ngata", Email: "aroha@example.nz",
			Phone: "09 5550123", AddressLine: "1 Queen Street", City: "Auckland", Customer: true,
		},
	}
	if diff := cmp.Diff(want, found[0][0]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if different := Compare(person, found[0][0]); len(different) != 0 || !Mine(person, found[0][0]) {
		t.Errorf("our own client differs in %v", different)
	}
}

func TestFoundIsWhatWasLookedFor(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	a, b := invoice(idA, "INV-1"), invoice(idB, "INV-2")
	look := must[fieldops.Call](t)(c.Look(fieldops.KindInvoice, []fieldops.Posting{a, b}))
	bill := strings.Replace(ok(remoteC, "INV-1"), "ACCREC", "ACCPAY", 1)
	longer := ok(remoteC, "INV-11")
	lower := ok(remoteC, "inv-1")
	renumbered := strings.Replace(ok(remoteB, "INV-99"), `"Type"`, `"Url":"https://old.example/i/`+idB+`/","Type"`, 1)
	for _, x := range []struct {
		name     string
		answer   fieldops.Answer
		want     [][]string
		complete bool
	}{
		{"both", answered(200, invoices(ok(remoteB, "INV-2"), ok(remoteA, "INV-1"))), [][]string{{remoteA}, {remoteB}}, true},
		{"neither", answered(200, invoices()), [][]string{nil, nil}, true},
		{"two of one number", answered(200, invoices(ok(remoteA, "INV-1"), ok(remoteC, "INV-1"))), [][]string{{remoteA, remoteC}, nil}, true},
		{"a bill of that number is none", answered(200, invoices(bill)), [][]string{nil, nil}, true},
		{"numbers are compared exactly", answered(200, invoices(longer, lower)), [][]string{nil, nil}, true},
		{"by marker although renumbered", answered(200, invoices(renumbered)), [][]string{nil, {remoteB}}, true},
		{"one page of one", answered(200, `{"pagination":{"page":1,"pageSize":1000,"pageCount":1,"itemCount":1},"Invoices":[`+ok(remoteA, "INV-1")+`]}`), [][]string{{remoteA}, nil}, true},
		{"one page of two", answered(200, `{"pagination":{"page":1,"pageSize":1,"pageCount":2,"itemCount":2},"Invoices":[`+ok(remoteA, "INV-1")+`]}`), [][]string{{remoteA}, nil}, false},
		{"one unreadable", answered(200, invoices(ok(remoteA, "INV-1"), `{"InvoiceNumber":"INV-2","Total":"?"}`)), [][]string{{remoteA}, nil}, false},
	} {
		found, complete, err := c.ReadFound(look, x.answer)
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		got := make([][]string, len(found))
		for i := range found {
			for _, r := range found[i] {
				got[i] = append(got[i], r.ID)
			}
		}
		if diff := cmp.Diff(x.want, got); diff != "" || complete != x.complete {
			t.Errorf("%s: complete %v, (-want +got)\n%s", x.name, complete, diff)
		}
	}
	for _, a := range []fieldops.Answer{
		answered(200, ""), answered(200, html), answered(200, invoices(ok(remoteA, "INV-1"))[:100]), answered(200, `{"Status":"OK"}`), answered(200, "[]"),
		answered(404, notFound), answered(500, ""), answered(400, whole), answered(401, ""),
		{NotSent: true},
		{Status: 200, Truncated: true, Body: []byte(invoices())},
	} {
		if found, complete, err := c.ReadFound(look, a); err == nil || complete || found != nil {
			t.Errorf("status %d, %.40q: found %v, complete %v, no error", a.Status, a.Body, found, complete)
		}
	}
}

func TestASingleDocumentIsThereOrNot(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	known := invoice(idA, "INV-1")
	known.RemoteID = remoteA
	byID := must[fieldops.Call](t)(c.Look(fieldops.KindInvoice, []fieldops.Posting{known}))
	order := must[fieldops.Call](t)(c.Look(fieldops.KindPurchaseOrder, []fieldops.Posting{purchaseOrder(idB, "PO/7")}))
	for _, x := range []struct {
		name     string
		call     fieldops.Call
		answer   fieldops.Answer
		n        int
		complete bool
	}{
		{"there by id, renumbered", byID, answered(200, invoices(ok(remoteA, "INV-77"))), 1, true},
		{"not there by id", byID, answered(404, notFound), 0, true},
		{"another than asked for", byID, answered(200, invoices(ok(remoteB, "INV-9"))), 0, false},
		{"an empty answer proves nothing", byID, answered(200, invoices()), 0, false},
		{"order not there", order, answered(404, notFound), 0, true},
		{"order there", order, answered(200, `{"PurchaseOrders":[{"PurchaseOrderID":"`+remoteB+`","PurchaseOrderNumber":"PO/7"}]}`), 1, true},
	} {
		found, complete, err := c.ReadFound(x.call, x.answer)
		if err != nil || complete != x.complete || len(found) != 1 || len(found[0]) != x.n {
			t.Errorf("%s: found %v, complete %v, %v", x.name, found, complete, err)
		}
	}
}

func TestContactsByName(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	call := must[fieldops.Call](t)(c.LookContactByName("  Ngata   Homes"))
	found, complete, err := c.ReadFound(call, answered(200, `{"Contacts":[{"ContactID":"`+remoteA+`","Name":"NGATA Homes"},{"ContactID":"`+remoteB+`","Name":"Ngata Homes Ltd"}]}`))
	if err != nil || !complete || len(found) != 1 || len(found[0]) != 1 || found[0][0].ID != remoteA {
		t.Errorf("found %v, complete %v, %v", found, complete, err)
	}
}

func TestReadingPages(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	call := c.ListCall(fieldops.KindInvoice, 1, time.Time{})
	page := func(page, pages int, elements ...string) fieldops.Answer {
		return answered(200, fmt.Sprintf(`{"pagination":{"page":%d,"pageSize":100,"pageCount":%d,"itemCount":150},"Invoices":[%s]}`, page, pages, strings.Join(elements, ",")))
	}
	hundred := strings.TrimSuffix(strings.Repeat(ok(remoteA, "INV-1")+",", 100), ",")
	for _, x := range []struct {
		name   string
		answer fieldops.Answer
		n      int
		more   bool
		ok     bool
	}{
		{"first of two", page(1, 2, hundred), 100, true, true},
		{"last of two", page(2, 2, fullInvoice), 1, false, true},
		{"none at all", page(1, 0), 0, false, true},
		{"unchanged", answered(304, ""), 0, false, true},
		{"a full page without a word about pages", answered(200, invoices(hundred)), 100, true, true},
		{"half a page without a word about pages", answered(200, invoices(fullInvoice)), 1, false, true},
		{"broken off", fieldops.Answer{Status: 200, Truncated: true, Body: page(1, 1, fullInvoice).Body}, 0, false, false},
		{"half a JSON", answered(200, invoices(fullInvoice)[:300]), 0, false, false},
		{"one unreadable", page(1, 1, fullInvoice, `{"Total":"?"}`), 0, false, false},
		{"one without an id", page(1, 1, `{"InvoiceNumber":"INV-1"}`), 0, false, false},
		{"500", answered(500, ""), 0, false, false},
	} {
		remotes, more, err := c.ReadList(call, x.answer)
		if len(remotes) != x.n || more != x.more || (err == nil) != x.ok {
			t.Errorf("%s: %d documents, more %v, %v", x.name, len(remotes), more, err)
		}
	}
}

func TestReadingReferenceData(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	organisation, err := c.ReadOrganisation(answered(200, `{"Organisations":[{"OrganisationID":"`+someone+`","Name":"Demo Company (NZ)","BaseCurrency":"NZD","CountryCode":"NZ","Timezone":"NEWZEALANDSTANDARDTIME","ShortCode":"!23eYt","PeriodLockDate":"/Date(1774915200000+0000)/"}]}`))
	want := fieldops.Organisation{ID: someone, Name: "Demo Company (NZ)", ShortCode: "!23eYt", Country: "NZ", Currency: "NZD", Timezone: "Pacific/Auckland", PeriodLockDate: "2026-03-31"}
	if diff := cmp.Diff(want, organisation); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	for name, zone := range zones {
		if _, err := time.LoadLocation(zone); err != nil {
			t.Errorf("%s is mapped to %s, which is no zone: %v", name, zone, err)
		}
	}
	accounts, err := c.ReadAccounts(answered(200, `{"Accounts":[{"Code":"200","Name":"Sales","Type":"REVENUE","Class":"REVENUE","TaxType":"OUTPUT2","Status":"ACTIVE"},{"Code":610,"Name":"Debtors","SystemAccount":"DEBTORS","Status":"ARCHIVED"}]}`))
	wantAccounts := []fieldops.Account{
		{Code: "200", Name: "Sales", Type: "REVENUE", Class: "REVENUE", TaxType: "OUTPUT2", Status: "ACTIVE"},
		{Code: "610", Name: "Debtors", System: "DEBTORS", Status: "ARCHIVED"},
	}
	if diff := cmp.Diff(wantAccounts, accounts); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	rates, err := c.ReadTaxRates(answered(200, `{"TaxRates":[{"Name":"15% GST on Income","TaxType":"OUTPUT2","Status":"ACTIVE","EffectiveRate":15.0000,"CanApplyToRevenue":true},{"Name":"Old","TaxType":"INPUT","EffectiveRate":"12.5","CanApplyToExpenses":"true"}]}`))
	wantRates := []fieldops.RemoteTaxRate{
		{TaxType: "OUTPUT2", Name: "15% GST on Income", Rate: 150_000, Status: "ACTIVE", ForRevenue: true},
		{TaxType: "INPUT", Name: "Old", Rate: 125_000, ForExpenses: true},
	}
	if diff := cmp.Diff(wantRates, rates); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	tenants, err := c.ReadConnections(answered(200, `[{"id":"x1","tenantId":"`+someone+`","tenantType":"ORGANISATION","tenantName":"Demo"},{"id":"x2","tenantId":"`+remoteA+`","tenantType":"PRACTICE"}]`))
	wantTenants := []fieldops.RemoteTenant{{ConnectionID: "x1", TenantID: someone, Name: "Demo", Type: "ORGANISATION"}}
	if diff := cmp.Diff(wantTenants, tenants); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	for _, bad := range []fieldops.Answer{answered(200, "{"), answered(200, "{}"), answered(500, html), answered(401, ""), {Status: 200, Truncated: true, Body: []byte(`{"Accounts":[],"TaxRates":[],"Organisations":[]}`)}} {
		_, e1 := c.ReadOrganisation(bad)
		_, e2 := c.ReadAccounts(bad)
		_, e3 := c.ReadTaxRates(bad)
		if e1 == nil || e2 == nil || e3 == nil {
			t.Errorf("%d %q is read: %v, %v, %v", bad.Status, bad.Body, e1, e2, e3)
		}
	}
}

func TestNumbersAndDatesAreReadExactly(t *testing.T) {
	t.Parallel()
	type all struct {
		C cents
		Q tenK
		D day
		I instant
	}
	at := func(y int, mon time.Month, d, h, m, s, ms int) instant {
		return instant(time.Date(y, mon, d, h, m, s, ms*1_000_000, time.UTC))
	}
	for _, x := range []struct {
		json string
		want all
		ok   bool
	}{
		{`{"C":0.1,"Q":0.1}`, all{C: 10, Q: 1000}, true},
		{`{"C":1234567.89,"Q":99999.9999}`, all{C: 123_456_789, Q: 999_999_999}, true},
		{`{"C":"1.005","Q":"1.00005"}`, all{C: 101, Q: 10_001}, true},
		{`{"C":-1.005,"Q":-1.00004999}`, all{C: -101, Q: -10_000}, true},
		{`{"C":-0.005,"Q":-0.00005}`, all{C: -1, Q: -1}, true},
		{`{"C":1.1e2,"Q":null}`, all{C: 11_000}, true},
		{`{"C":11.450000000}`, all{C: 1_145}, true},
		{`{"C":"x"}`, all{}, false},
		{`{"C":1e99}`, all{}, false},
		{`{"C":99999999999}`, all{}, false},
		{`{"Q":{}}`, all{}, false},
		{`{"D":"/Date(1552327126164)/","I":"/Date(1552327126164+0000)/"}`, all{D: "2019-03-11", I: at(2019, 3, 11, 17, 58, 46, 164)}, true},
		{`{"D":"\/Date(1795392000000+1300)\/","I":"\/Date(1795392000000+1300)\/"}`, all{D: "2026-11-23", I: at(2026, 11, 23, 0, 0, 0, 0)}, true},
		{`{"D":"/Date(-86400000)/","I":"2019-12-07T18:46:19.5165400"}`, all{D: "1969-12-31", I: instant(time.Date(2019, 12, 7, 18, 46, 19, 516_540_000, time.UTC))}, true},
		{`{"D":"2019-03-11T00:00:00","I":"2026-09-28T00:02:06Z"}`, all{D: "2019-03-11", I: at(2026, 9, 28, 0, 2, 6, 0)}, true},
		{`{"D":"/Date(99999999999999999)/","I":"/Date(x)/"}`, all{}, true},
		{`{"D":"/Date()/","I":"soon"}`, all{}, true},
		{`{"D":null,"I":null}`, all{}, true},
		{`{"D":[],"I":{}}`, all{}, true},
	} {
		var got all
		err := json.Unmarshal([]byte(x.json), &got)
		if (err == nil) != x.ok {
			t.Errorf("%s: %v", x.json, err)
		}
		if x.ok && (got.C != x.want.C || got.Q != x.want.Q || got.D != x.want.D || !time.Time(got.I).Equal(time.Time(x.want.I))) {
			t.Errorf("%s is read as %v, want %v", x.json, got, x.want)
		}
	}
}

func FuzzReadFound(f *testing.F) {
	for _, body := range []string{
		invoices(fullInvoice), invoices(ok(remoteA, "INV-1"), failed("INV-2", "x")), whole, html, "", "{", "null",
		`{"Contacts":[{"Phones":[{"PhoneType":1}],"Addresses":{}}],"pagination":{"pageCount":1e3}}`,
		`{"PurchaseOrders":{"PurchaseOrderNumber":"INV-1","LineItems":[{"Quantity":"1.23456789"}]}}`,
	} {
		f.Add(200, body)
	}
	c := New(Config{})
	var calls []fieldops.Call
	for _, kind := range []fieldops.DocumentKind{fieldops.KindInvoice, fieldops.KindPurchaseOrder, fieldops.KindClient} {
		p := invoice(idA, "INV-1")
		p.Ref.Kind = kind
		known := p
		known.RemoteID = remoteA
		calls = append(calls, must[fieldops.Call](f)(c.Look(kind, []fieldops.Posting{p})), must[fieldops.Call](f)(c.Look(kind, []fieldops.Posting{known})))
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		a := answered(status, body)
		for _, call := range calls {
			found, complete, err := c.ReadFound(call, a)
			if complete && (err != nil || len(found) != len(call.Members)) {
				t.Fatalf("complete with %d findings and %v", len(found), err)
			}
			for _, remotes := range found {
				for _, r := range remotes {
					Compare(call.Members[0], r)
					Mine(call.Members[0], r)
				}
			}
			remotes, _, err := c.ReadList(call, a)
			for _, r := range remotes {
				if err != nil || r.ID == "" {
					t.Fatalf("a page holds a document without an id, %v", err)
				}
			}
		}
		if organisation, err := c.ReadOrganisation(a); err == nil && organisation.ID == "" {
			t.Fatal("an organisation without an id")
		}
		if accounts, err := c.ReadAccounts(a); err != nil && accounts != nil {
			t.Fatalf("%d accounts and %v", len(accounts), err)
		}
		if rates, err := c.ReadTaxRates(a); err != nil && rates != nil {
			t.Fatalf("%d tax rates and %v", len(rates), err)
		}
		tenants, _ := c.ReadConnections(a)
		for _, tenant := range tenants {
			if tenant.TenantID == "" {
				t.Fatal("a tenant without an id")
			}
		}
	})
}
