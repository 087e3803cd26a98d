package xero

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

func TestBodies(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	known := invoice(idA, "INV-1")
	known.RemoteID = remoteA
	remote := held(known)
	draft := remote
	draft.Status = fieldops.StatusDraft
	twoLines := known
	twoLines.Lines = append([]fieldops.PostingLine{{Description: "Travel", Quantity: 10_000, UnitPrice: 451_234}}, known.Lines...)
	order := purchaseOrder(idB, "PO-7")
	order.RemoteID = remoteB
	orderRemote := held(order)
	orderRemote.Status = "BILLED"
	person := client(idC, " Ngata   Homes ")
	knownPerson := person
	knownPerson.RemoteID = remoteC
	same := held(knownPerson)
	moved := held(knownPerson)
	moved.Contact.City, moved.Number = "Wellington", ""
	noReference := invoice(idA, "INV-1")
	noReference.Reference = ""
	noReferenceKnown := noReference
	noReferenceKnown.RemoteID = remoteA

	const (
		rest = `"Contact":{"ContactID":"` + someone + `"},"Date":"2026-11-23","DueDate":"2026-12-20","LineAmountTypes":"Exclusive","Reference":"PO 4711","Url":"https://office.example.nz/invoices/` + idA + `"`
		line = `"Description":"Labour","Quantity":2.5,"UnitAmount":95.5,"AccountCode":"200","TaxType":"OUTPUT2"}`
	)
	for _, x := range []struct {
		name   string
		build  func() (fieldops.Call, error)
		method string
		path   string
		body   string
	}{
		{
			"create invoice",
			func() (fieldops.Call, error) {
				return c.Create(fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV-1")})
			},
			"PUT", "/api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4",
			`{"Invoices":[{"Type":"ACCREC","InvoiceNumber":"INV-1",` + rest + `,"Status":"AUTHORISED","LineItems":[{` + line + `]}]}`,
		},
		{
			"create order",
			func() (fieldops.Call, error) {
				return c.Create(fieldops.KindPurchaseOrder, []fieldops.Posting{purchaseOrder(idB, "PO-7")})
			},
			"PUT", "/api.xro/2.0/PurchaseOrders?summarizeErrors=false",
			`{"PurchaseOrders":[{"PurchaseOrderNumber":"PO-7","Contact":{"ContactID":"` + someone + `"},"Date":"2026-11-23","DeliveryDate":"2026-12-20","LineAmountTypes":"Exclusive","Reference":"PO 4711","Status":"AUTHORISED","LineItems":[{"Description":"Labour","Quantity":2.5,"UnitAmount":95.5,"AccountCode":"300","TaxType":"INPUT2"}]}]}`,
		},
		{
			"create contact",
			func() (fieldops.Call, error) { return c.Create(fieldops.KindClient, []fieldops.Posting{person}) },
			"PUT", "/api.xro/2.0/Contacts?summarizeErrors=false",
			`{"Contacts":[{"ContactNumber":"` + idC + `","Name":"Ngata Homes","FirstName":"Aroha","LastName":"Ngata","EmailAddress":"aroha@example.nz","Addresses":[{"AddressType":"POBOX","AddressLine1":"1 Queen Street","City":"Auckland"}],"Phones":[{"PhoneType":"DEFAULT","PhoneNumber":"09 555 0123"}]}]}`,
		},
		{
			"create without a reference",
			func() (fieldops.Call, error) {
				return c.Create(fieldops.KindInvoice, []fieldops.Posting{noReference})
			},
			"PUT", "/api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4",
			`{"Invoices":[{"Type":"ACCREC","InvoiceNumber":"INV-1",` + strings.Replace(rest, `,"Reference":"PO 4711"`, "", 1) + `,"Status":"AUTHORISED","LineItems":[{` + line + `]}]}`,
		},
		{
			"update in place, the status is Xero's",
			func() (fieldops.Call, error) { return c.Update(known, &remote) },
			"POST", "/api.xro/2.0/Invoices/" + remoteA + "?unitdp=4",
			`{"Invoices":[{"InvoiceID":"` + remoteA + `","Type":"ACCREC","InvoiceNumber":"INV-1",` + rest + `,"LineItems":[{"LineItemID":"` + remoteB + `",` + line + `]}]}`,
		},
		{
			"update of a draft",
			func() (fieldops.Call, error) { return c.Update(known, &draft) },
			"POST", "/api.xro/2.0/Invoices/" + remoteA + "?unitdp=4",
			`{"Invoices":[{"InvoiceID":"` + remoteA + `","Type":"ACCREC","InvoiceNumber":"INV-1",` + rest + `,"Status":"AUTHORISED","LineItems":[{"LineItemID":"` + remoteB + `",` + line + `]}]}`,
		},
		{
			"update that takes a reference away",
			func() (fieldops.Call, error) { return c.Update(noReferenceKnown, &remote) },
			"POST", "/api.xro/2.0/Invoices/" + remoteA + "?unitdp=4",
			`{"Invoices":[{"InvoiceID":"` + remoteA + `","Type":"ACCREC","InvoiceNumber":"INV-1",` + strings.Replace(rest, "PO 4711", "", 1) + `,"LineItems":[{"LineItemID":"` + remoteB + `",` + line + `]}]}`,
		},
		{
			"update with another number of lines replaces them",
			func() (fieldops.Call, error) { return c.Update(twoLines, &remote) },
			"POST", "/api.xro/2.0/Invoices/" + remoteA + "?unitdp=4",
			`{"Invoices":[{"InvoiceID":"` + remoteA + `","Type":"ACCREC","InvoiceNumber":"INV-1",` + rest + `,"LineItems":[{"Description":"Travel","Quantity":1,"UnitAmount":45.1234},{` + line + `]}]}`,
		},
		{
			"update of a billed order",
			func() (fieldops.Call, error) { return c.Update(order, &orderRemote) },
			"POST", "/api.xro/2.0/PurchaseOrders/" + remoteB,
			`{"PurchaseOrders":[{"PurchaseOrderID":"` + remoteB + `","PurchaseOrderNumber":"PO-7","Contact":{"ContactID":"` + someone + `"},"Date":"2026-11-23","DeliveryDate":"2026-12-20","LineAmountTypes":"Exclusive","Reference":"PO 4711","DeliveryInstructions":"","LineItems":[{"LineItemID":"` + remoteB + `","Description":"Labour","Quantity":2.5,"UnitAmount":95.5,"AccountCode":"300","TaxType":"INPUT2"}]}]}`,
		},
		{
			"update of a contact sends what is new",
			func() (fieldops.Call, error) { return c.Update(knownPerson, &moved) },
			"POST", "/api.xro/2.0/Contacts/" + remoteC,
			`{"Contacts":[{"ContactID":"` + remoteC + `","ContactNumber":"` + idC + `","Name":"Ngata Homes","Addresses":[{"AddressType":"POBOX","AddressLine1":"1 Queen Street","City":"Auckland"}]}]}`,
		},
		{
			"update of a contact with nothing new",
			func() (fieldops.Call, error) { return c.Update(knownPerson, &same) },
			"POST", "/api.xro/2.0/Contacts/" + remoteC,
			`{"Contacts":[{"ContactID":"` + remoteC + `","Name":"Ngata Homes"}]}`,
		},
		{
			"void", func() (fieldops.Call, error) { return c.Void(known, fieldops.StatusAuthorised) },
			"POST", "/api.xro/2.0/Invoices/" + remoteA + "?unitdp=4", `{"Invoices":[{"InvoiceID":"` + remoteA + `","Status":"VOIDED"}]}`,
		},
		{
			"void of a draft", func() (fieldops.Call, error) { return c.Void(known, fieldops.StatusDraft) },
			"POST", "/api.xro/2.0/Invoices/" + remoteA + "?unitdp=4", `{"Invoices":[{"InvoiceID":"` + remoteA + `","Status":"DELETED"}]}`,
		},
		{
			"void of a submitted one", func() (fieldops.Call, error) { return c.Void(known, fieldops.StatusSubmitted) },
			"POST", "/api.xro/2.0/Invoices/" + remoteA + "?unitdp=4", `{"Invoices":[{"InvoiceID":"` + remoteA + `","Status":"DELETED"}]}`,
		},
		{
			"void of an order", func() (fieldops.Call, error) { return c.Void(order, fieldops.StatusAuthorised) },
			"POST", "/api.xro/2.0/PurchaseOrders/" + remoteB, `{"PurchaseOrders":[{"PurchaseOrderID":"` + remoteB + `","Status":"DELETED"}]}`,
		},
		{
			"void of a contact", func() (fieldops.Call, error) { return c.Void(knownPerson, StatusActive) },
			"POST", "/api.xro/2.0/Contacts/" + remoteC, `{"Contacts":[{"ContactID":"` + remoteC + `","ContactStatus":"ARCHIVED"}]}`,
		},
	} {
		call, err := x.build()
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		if call.Method != x.method || call.Path != x.path {
			t.Errorf("%s: %s %s, want %s %s", x.name, call.Method, call.Path, x.method, x.path)
		}
		if diff := cmp.Diff(x.body, string(call.Body)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", x.name, diff)
		}
		if len(call.Elements) != len(call.Members) || !strings.Contains(string(call.Body), string(call.Elements[0])) {
			t.Errorf("%s: the elements are not the body's", x.name)
		}
		if call.Collection != (call.Method == http.MethodPut) {
			t.Errorf("%s: collection is %v", x.name, call.Collection)
		}
	}
}

func TestLookUps(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	known := func(p fieldops.Posting, id string) fieldops.Posting {
		p.RemoteID = id
		return p
	}
	later := purchaseOrder(idB, "PO-8")
	later.Date = "2027-01-02"
	for _, x := range []struct {
		name    string
		kind    fieldops.DocumentKind
		members []fieldops.Posting
		path    string
		query   url.Values
	}{
		{"invoice by number", fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV-1")}, "Invoices", url.Values{"InvoiceNumbers": {"INV-1"}, "page": {"1"}, "pageSize": {"1000"}, "unitdp": {"4"}}},
		{"invoices by number", fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV 1&2"), invoice(idB, "INV-2")}, "Invoices", url.Values{"InvoiceNumbers": {"INV 1&2,INV-2"}, "page": {"1"}, "pageSize": {"1000"}, "unitdp": {"4"}}},
		{"invoice by id", fieldops.KindInvoice, []fieldops.Posting{known(invoice(idA, "INV-1"), remoteA)}, "Invoices/" + remoteA, url.Values{"unitdp": {"4"}}},
		{"invoices by id", fieldops.KindInvoice, []fieldops.Posting{known(invoice(idA, "INV-1"), remoteA), known(invoice(idB, "INV-2"), remoteB)}, "Invoices", url.Values{"IDs": {remoteA + "," + remoteB}, "page": {"1"}, "pageSize": {"1000"}, "unitdp": {"4"}}},
		{"order by number", fieldops.KindPurchaseOrder, []fieldops.Posting{purchaseOrder(idA, "PO 7/8?")}, "PurchaseOrders/PO%207%2F8%3F", url.Values{}},
		{"order by id", fieldops.KindPurchaseOrder, []fieldops.Posting{known(purchaseOrder(idA, "PO-7"), remoteA)}, "PurchaseOrders/" + remoteA, url.Values{}},
		{"orders by date", fieldops.KindPurchaseOrder, []fieldops.Posting{later, purchaseOrder(idA, "PO-7")}, "PurchaseOrders", url.Values{"DateFrom": {"2026-11-23"}, "DateTo": {"2027-01-02"}, "page": {"1"}, "pageSize": {"1000"}}},
		{"contact by number", fieldops.KindClient, []fieldops.Posting{client(idA, "A")}, "Contacts", url.Values{"where": {`ContactNumber=="` + idA + `"`}, "includeArchived": {"true"}, "page": {"1"}, "pageSize": {"1000"}}},
		{"contacts by id", fieldops.KindClient, []fieldops.Posting{known(client(idA, "A"), remoteA), known(client(idB, "B"), remoteB)}, "Contacts", url.Values{"IDs": {remoteA + "," + remoteB}, "includeArchived": {"true"}, "page": {"1"}, "pageSize": {"1000"}}},
	} {
		call, err := c.Look(x.kind, x.members)
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		path, query, _ := strings.Cut(call.Path, "?")
		got, err := url.ParseQuery(query)
		if err != nil || path != accounting+"/"+x.path || call.Method != http.MethodGet || call.Body != nil || call.Operation != fieldops.OpLook {
			t.Errorf("%s: %s %s, %v", x.name, call.Method, call.Path, err)
		}
		if diff := cmp.Diff(x.query, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", x.name, diff)
		}
	}

	undated := purchaseOrder(idB, "PO-8")
	undated.Date = ""
	for name, x := range map[string]struct {
		kind    fieldops.DocumentKind
		members []fieldops.Posting
	}{
		"nobody":                    {fieldops.KindInvoice, nil},
		"too many":                  {fieldops.KindInvoice, make([]fieldops.Posting, MaxMembers+1)},
		"no number":                 {fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "")}},
		"a comma":                   {fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV,1")}},
		"a quotation mark":          {fieldops.KindInvoice, []fieldops.Posting{invoice(idA, `INV"1`)}},
		"with and without an id":    {fieldops.KindInvoice, []fieldops.Posting{known(invoice(idA, "INV-1"), remoteA), invoice(idB, "INV-2")}},
		"orders by id":              {fieldops.KindPurchaseOrder, []fieldops.Posting{known(purchaseOrder(idA, "PO-1"), remoteA), known(purchaseOrder(idB, "PO-2"), remoteB)}},
		"orders without a date":     {fieldops.KindPurchaseOrder, []fieldops.Posting{purchaseOrder(idA, "PO-1"), undated}},
		"contacts by number":        {fieldops.KindClient, []fieldops.Posting{client(idA, "A"), client(idB, "B")}},
		"what does not go anywhere": {fieldops.KindConnection, []fieldops.Posting{client(idA, "A")}},
	} {
		if call, err := c.Look(x.kind, x.members); err == nil {
			t.Errorf("%s: %s", name, call.Path)
		}
	}

	for name, want := range map[string]url.Values{
		"Ngata  Homes ":    {"where": {`Name=="Ngata Homes"`}, "includeArchived": {"true"}, "page": {"1"}, "pageSize": {"1000"}},
		`The "Blue" House`: {"searchTerm": {`The "Blue" House`}, "includeArchived": {"true"}, "page": {"1"}, "pageSize": {"1000"}},
	} {
		call, err := c.LookContactByName(name)
		if err != nil {
			t.Fatal(err)
		}
		_, query, _ := strings.Cut(call.Path, "?")
		got, _ := url.ParseQuery(query)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	if _, err := c.LookContactByName("  "); err == nil {
		t.Error("nobody's name can be looked for")
	}
}

func TestListsAskForEverything(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	since := time.Date(2026, 11, 23, 18, 0, 0, 0, time.FixedZone("NZDT", 13*3600))
	for kind, want := range map[fieldops.DocumentKind]string{
		fieldops.KindInvoice:       "/api.xro/2.0/Invoices?where=Type%3D%3D%22ACCREC%22&order=InvoiceID&page=3&pageSize=100&unitdp=4",
		fieldops.KindPurchaseOrder: "/api.xro/2.0/PurchaseOrders?order=PurchaseOrderID&page=3&pageSize=100",
		fieldops.KindClient:        "/api.xro/2.0/Contacts?order=ContactID&page=3&pageSize=1000&includeArchived=true",
	} {
		if call := c.ListCall(kind, 3, since); call.Path != want || !call.ModifiedSince.Equal(since) {
			t.Errorf("%s: %s since %s", kind, call.Path, call.ModifiedSince)
		}
	}
}

func TestCallsThatCannotBeMade(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	plain := invoice(idA, "INV-1")
	known := plain
	known.RemoteID = remoteA
	forbidden := plain
	forbidden.URL = "https://Xero.example.nz/invoices/" + idA
	long := plain
	long.Lines = []fieldops.PostingLine{{Description: strings.Repeat("x", maxBody)}}
	nobody := client(idA, "A")
	nobody.Contact = nil
	nilID := plain
	nilID.RemoteID = fieldops.NilID
	elsewhere := plain
	elsewhere.Ref.Kind = fieldops.KindConnection
	for name, build := range map[string]func() (fieldops.Call, error){
		"nothing to create":  func() (fieldops.Call, error) { return c.Create(fieldops.KindInvoice, nil) },
		"too much to create": func() (fieldops.Call, error) { return c.Create(fieldops.KindInvoice, make([]fieldops.Posting, 51)) },
		"mixed kinds":        func() (fieldops.Call, error) { return c.Create(fieldops.KindPurchaseOrder, []fieldops.Posting{plain}) },
		"unknown kind":       func() (fieldops.Call, error) { return c.Create(fieldops.KindConnection, []fieldops.Posting{elsewhere}) },
		"a link to Xero":     func() (fieldops.Call, error) { return c.Create(fieldops.KindInvoice, []fieldops.Posting{forbidden}) },
		"too long":           func() (fieldops.Call, error) { return c.Create(fieldops.KindInvoice, []fieldops.Posting{long}) },
		"no details":         func() (fieldops.Call, error) { return c.Create(fieldops.KindClient, []fieldops.Posting{nobody}) },
		"no number": func() (fieldops.Call, error) {
			return c.Create(fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "")})
		},
		"update without id":   func() (fieldops.Call, error) { return c.Update(plain, nil) },
		"update of the nil":   func() (fieldops.Call, error) { return c.Update(nilID, nil) },
		"void without id":     func() (fieldops.Call, error) { return c.Void(plain, fieldops.StatusAuthorised) },
		"void of the voided":  func() (fieldops.Call, error) { return c.Void(known, fieldops.StatusVoided) },
		"void of the deleted": func() (fieldops.Call, error) { return c.Void(known, fieldops.StatusDeleted) },
		"void of the unknown": func() (fieldops.Call, error) { return c.Void(known, "") },
	} {
		if call, err := build(); err == nil {
			t.Errorf("%s: %s %s", name, call.Method, call.Path)
		}
	}
}

// Every name that we send must be a property of the schema in Xero's own
// description: a misspelt one would be ignored in silence.
func TestSentNamesAreXeros(t *testing.T) {
	t.Parallel()
	file := os.Getenv("XERO_OPENAPI")
	if file == "" {
		t.Skip("XERO_OPENAPI names no OpenAPI description of Xero's Accounting API; see https://github.com/XeroAPI/Xero-OpenAPI")
	}
	document, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for schema, sent := range map[string]any{
		"Invoice": sentInvoice{}, "PurchaseOrder": sentOrder{}, "LineItem": sentLine{}, "Contact": sentContact{},
		"Address": sentAddress{}, "Phone": sentPhone{},
	} {
		known := document.Components.Schemas[schema]
		if known == nil {
			t.Errorf("the description has no schema %s", schema)
			continue
		}
		for _, name := range jsonNames(reflect.TypeOf(sent)) {
			property := known.Value.Properties[name]
			if property == nil {
				t.Errorf("%s has no property %s", schema, name)
			} else if property.Value.ReadOnly {
				t.Errorf("%s.%s is Xero's to write", schema, name)
			}
		}
	}
	for schema, read := range map[string]any{"LineItem": readLine{}, "Contact": readContact{}, "Address": readAddress{}, "Phone": readPhone{}} {
		for _, name := range jsonNames(reflect.TypeOf(read)) {
			if document.Components.Schemas[schema].Value.Properties[name] == nil {
				t.Errorf("%s has no property %s to read", schema, name)
			}
		}
	}
	for _, name := range jsonNames(reflect.TypeOf(readElement{})) {
		known := false
		for _, schema := range []string{"Invoice", "PurchaseOrder", "Contact"} {
			known = known || document.Components.Schemas[schema].Value.Properties[name] != nil
		}
		if !known {
			t.Errorf("no document has a property %s to read", name)
		}
	}
	for _, status := range []string{fieldops.StatusDraft, fieldops.StatusSubmitted, fieldops.StatusAuthorised, fieldops.StatusPaid, fieldops.StatusVoided, fieldops.StatusDeleted} {
		if !allows(document.Components.Schemas["Invoice"].Value.Properties["Status"], status) {
			t.Errorf("no invoice can be %s", status)
		}
	}
}

func allows(schema *openapi3.SchemaRef, value string) bool {
	for _, v := range schema.Value.Enum {
		if v == value {
			return true
		}
	}
	return false
}

func jsonNames(of reflect.Type) []string {
	var names []string
	for i := range of.NumField() {
		field := of.Field(i)
		if field.Anonymous {
			names = append(names, jsonNames(field.Type)...)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// Amounts that Xero computes would be refused if they disagreed by a cent.
func TestTotalsAreNeverSent(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	known := invoice(idA, "INV-1")
	known.RemoteID = remoteA
	for _, call := range []fieldops.Call{
		must[fieldops.Call](t)(c.Create(fieldops.KindInvoice, []fieldops.Posting{known})),
		must[fieldops.Call](t)(c.Update(known, nil)),
		must[fieldops.Call](t)(c.Create(fieldops.KindPurchaseOrder, []fieldops.Posting{purchaseOrder(idA, "PO-1")})),
	} {
		var tree any
		if err := json.Unmarshal(call.Body, &tree); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"LineAmount", "TaxAmount", "Total", "SubTotal", "TotalTax"} {
			if strings.Contains(string(call.Body), `"`+name+`"`) {
				t.Errorf("%s is sent: %s", name, call.Body)
			}
		}
	}
}
