package xerosim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (x *xero) numbers(query string) []string {
	x.t.Helper()
	var got []string
	for _, i := range x.api("GET", "/Invoices?"+query, nil).want(http.StatusOK).list("Invoices") {
		got = append(got, i.text("InvoiceNumber"))
	}
	return got
}

// fiveInvoices makes five invoices, a second apart.
func (x *xero) fiveInvoices() (contacts [2]string, ids map[string]string) {
	x.t.Helper()
	contacts = [2]string{x.customer("ABC Limited"), x.customer("XYZ Limited")}
	ids = map[string]string{}
	for i, set := range []tree{
		{"InvoiceNumber": "A-1", "Reference": "PO 1", "Date": "2026-07-01"},
		{"InvoiceNumber": "A-2", "Status": "DRAFT", "Date": "2026-07-02", "DueDate": nil},
		{"InvoiceNumber": "A-3", "Status": "SUBMITTED", "Date": "2026-07-03", "Contact": tree{"ContactID": contacts[1]}},
		{"InvoiceNumber": "B-1", "Type": "ACCPAY", "LineItems": line1(tree{"AccountCode": "300", "UnitAmount": 10})},
		{"InvoiceNumber": "A-5", "Reference": "PO 5", "Date": "2026-07-05"},
	} {
		x.clock.Advance(time.Second)
		ids[set.text("InvoiceNumber")] = x.api("PUT", "/Invoices", invoice(contacts[0], set)).want(http.StatusOK).one("Invoices").text("InvoiceID")
		if i == 4 {
			x.api("POST", "/Invoices/"+ids["A-5"], tree{"Status": "VOIDED"}).want(http.StatusOK)
		}
	}
	return contacts, ids
}

func TestInvoiceLists(t *testing.T) {
	t.Parallel()
	x := start(t)
	contacts, ids := x.fiveInvoices()
	all := []string{"A-1", "A-2", "A-3", "B-1", "A-5"} // by UpdatedDateUTC
	where := func(text string) string { return "where=" + url.QueryEscape(text) }
	for query, want := range map[string][]string{
		"":                                            all,
		"page=1":                                      all,
		"page=2":                                      nil,
		"page=1&pageSize=2":                           {"A-1", "A-2"},
		"page=3&pageSize=2":                           {"A-5"},
		"order=InvoiceNumber":                         {"A-1", "A-2", "A-3", "A-5", "B-1"},
		"order=Date+DESC,InvoiceNumber":               {"A-5", "A-3", "A-2", "A-1", "B-1"},
		"order=UpdatedDateUTC+DESC":                   {"A-5", "B-1", "A-3", "A-2", "A-1"},
		"Statuses=DRAFT,SUBMITTED":                    {"A-2", "A-3"},
		"Statuses=VOIDED":                             {"A-5"},
		"InvoiceNumbers=A-3,a-1,NONE":                 {"A-1", "A-3"},
		"IDs=" + ids["A-2"] + "," + ids["B-1"]:        {"A-2", "B-1"},
		"ContactIDs=" + contacts[1]:                   {"A-3"},
		"searchTerm=po":                               {"A-1", "A-5"},
		"searchTerm=b-":                               {"B-1"},
		"createdByMyApp=true":                         all,
		"If-Modified-Since=2026-07-15T02:00:04":       all, // as a parameter it is ignored
		where(`Type=="ACCPAY"`):                       {"B-1"},
		where(`Type=="ACCREC" AND Status!="VOIDED"`):  {"A-1", "A-2", "A-3"},
		where(`Status="DRAFT" OR Status="SUBMITTED"`): {"A-2", "A-3"},
		where(`Date>=DateTime(2026,07,02) && Date<DateTime(2026, 7, 5)`):             {"A-2", "A-3"},
		where(`Date==DateTime.Parse("2026-07-03")`):                                  {"A-3"},
		where(`AmountDue>11.50`):                                                     {"A-1", "A-2", "A-3"},
		where(`AmountDue<=11.5`):                                                     {"B-1", "A-5"},
		where(`Contact.ContactID==guid("` + contacts[1] + `")`):                      {"A-3"},
		where(`Contact.ContactID=="` + strings.ToUpper(contacts[1]) + `"`):           {"A-3"},
		where(`Contact.Name=="xyz limited"`):                                         {"A-3"},
		where(`InvoiceId==guid("` + ids["A-1"] + `")`):                               {"A-1"},
		where(`Reference!=null && Reference.StartsWith("PO")`):                       {"A-1", "A-5"},
		where(`InvoiceNumber.Contains("-1") && !(Type=="ACCPAY")`):                   {"A-1"},
		where(`(Type=="ACCPAY" || Status=="DRAFT") AND InvoiceNumber.EndsWith("2")`): {"A-2"},
		where(`DueDate==null`):                                                       {"A-2"},
		where(`SentToContact==false`):                                                all,
		where(`Reference.ToLower()=="po 1"`):                                         {"A-1"},
	} {
		if diff := cmp.Diff(want, x.numbers(query)); diff != "" {
			decoded, _ := url.QueryUnescape(query)
			t.Errorf("%s (-want +got)\n%s", decoded, diff)
		}
	}
}

func TestListDetail(t *testing.T) {
	t.Parallel()
	x := start(t)
	_, ids := x.fiveInvoices()
	for query, detailed := range map[string]bool{
		"": false, "page=1": true, "pageSize=10": true, "InvoiceNumbers=A-1": true, "Statuses=AUTHORISED": true,
		"order=InvoiceNumber": false, "IDs=" + ids["A-1"]: true,
	} {
		first := x.api("GET", "/Invoices?"+query, nil).want(http.StatusOK).list("Invoices")[0]
		if got := len(first.list("LineItems")) > 0; got != detailed {
			t.Errorf("%q: lines shown is %t, want %t", query, got, detailed)
		}
		contact := tree(first["Contact"].(map[string]any))
		if got := contact["ContactStatus"] != nil; got != detailed {
			t.Errorf("%q: contact in full is %t, want %t", query, got, detailed)
		}
	}
	r := x.api("GET", "/Invoices?summaryOnly=true", nil).want(http.StatusOK)
	for _, name := range []string{"LineItems", "Payments", "HasAttachments"} {
		if r.list("Invoices")[0][name] != nil {
			t.Errorf("summaryOnly shows %s", name)
		}
	}
	if r.tree()["pagination"] == nil {
		t.Error("summaryOnly forces paging")
	}
	if x.api("GET", "/Invoices", nil).tree()["pagination"] != nil {
		t.Error("an unpaged list has no pagination")
	}
}

func TestPagination(t *testing.T) {
	t.Parallel()
	x := start(t)
	x.fiveInvoices()
	for query, want := range map[string]tree{
		"page=1":               {"page": "1", "pageSize": "100", "pageCount": "1", "itemCount": "5"},
		"page=2&pageSize=2":    {"page": "2", "pageSize": "2", "pageCount": "3", "itemCount": "5"},
		"page=1&pageSize=5000": {"page": "1", "pageSize": "1000", "pageCount": "1", "itemCount": "5"},
		"page=0&pageSize=0":    {"page": "1", "pageSize": "1", "pageCount": "5", "itemCount": "5"},
		"page=x":               {"page": "1", "pageSize": "100", "pageCount": "1", "itemCount": "5"},
	} {
		got := tree(x.api("GET", "/Invoices?"+query, nil).want(http.StatusOK).tree()["pagination"].(map[string]any))
		for name := range want {
			if got.text(name) != want.text(name) {
				t.Errorf("%s: %s is %s, want %s", query, name, got.text(name), want.text(name))
			}
		}
	}
	if x.api("GET", "/PurchaseOrders", nil).tree()["pagination"] == nil {
		t.Error("purchase orders are always paged")
	}
	for _, path := range []string{"/Items?page=1", "/Accounts?page=1", "/TaxRates?page=1", "/TrackingCategories?page=1", "/Currencies?page=1", "/BrandingThemes?page=1"} {
		if x.api("GET", path, nil).want(http.StatusOK).tree()["pagination"] != nil {
			t.Errorf("%s is not paged at Xero", path)
		}
	}
}

func TestIfModifiedSince(t *testing.T) {
	t.Parallel()
	x := start(t)
	x.fiveInvoices() // at 02:00:01 to 02:00:05
	since := func(text string) *response {
		return x.api("GET", "/Invoices?page=1", nil, header{"If-Modified-Since": text})
	}
	for text, want := range map[string]int{
		"2026-07-15T02:00:03":           3,
		"2026-07-15T02:00:03Z":          3,
		"2026-07-15T02:00:03.000Z":      3,
		"2026-07-15T14:00:03+12:00":     3,
		"2026-07-15":                    5,
		"2026-07-16":                    0,
		"Wed, 15 Jul 2026 02:00:04 GMT": 2,
	} {
		if got := len(since(text).want(http.StatusOK).list("Invoices")); got != want {
			t.Errorf("%s: %d invoices, want %d", text, got, want)
		}
	}
	since("yesterday").want(http.StatusPreconditionFailed)
	for path, want := range map[string]int{"/Organisation": 1, "/TaxRates": 7, "/Currencies": 2, "/BrandingThemes": 1, "/Accounts": 0} {
		plural := strings.TrimPrefix(path, "/")
		if plural == "Organisation" {
			plural = "Organisations"
		}
		r := x.api("GET", path, nil, header{"If-Modified-Since": "2026-07-15T00:00:00"}).want(http.StatusOK)
		if got := len(r.list(plural)); got != want {
			t.Errorf("%s: %d records, want %d: only accounts of these know the header", path, got, want)
		}
	}
}

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	x := start(t)
	for text, want := range map[string]string{
		`Colour=="red"`:           "No property or field 'Colour' exists in type 'Invoice'",
		`Contact.Colour=="red"`:   "No property or field 'Contact.Colour' exists in type 'Invoice'",
		`Status==5`:               "Operator '==' incompatible with operand types 'String' and 'Decimal'",
		`AmountDue>"5"`:           "Operator '>' incompatible with operand types 'Decimal' and 'String'",
		`Status`:                  "Expression of type 'Boolean' expected",
		`Status=="DRAFT`:          "Unterminated string literal",
		`Status=="DRAFT" AND`:     "Expression expected",
		`(Status=="DRAFT"`:        "')' expected",
		`Status=="DRAFT" "x"`:     "Syntax error at 'x'",
		`Status#"DRAFT"`:          "Syntax error '#'",
		`InvoiceID==guid("x")`:    "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).",
		`Date>DateTime(2026)`:     "No applicable method 'DateTime' exists with these arguments",
		`AmountDue.Contains("1")`: "No applicable method 'Contains' exists in type 'Decimal'",
		`Status.Reverse("x")`:     "No applicable method 'Reverse' exists in type 'String'",
		strings.Repeat("(", 200):  "Expression is too deep",
	} {
		r := x.api("GET", "/Invoices?where="+url.QueryEscape(text), nil).want(http.StatusBadRequest)
		got := r.tree()
		if got.text("Message") != want || got.text("ErrorNumber") != "16" || got.text("Type") != "QueryParseException" {
			t.Errorf("%s: %s, want %q", text, r.body, want)
		}
	}
	for _, query := range []string{"order=Colour", "order=Date+UP", "order=Date,,Total", "IDs=abc"} {
		if r := x.api("GET", "/Invoices?"+query, nil).want(http.StatusBadRequest); r.tree().text("ErrorNumber") != "16" {
			t.Errorf("%s: %s", query, r.body)
		}
	}
	x.api("GET", "/PurchaseOrders?DateFrom=soon", nil).want(http.StatusBadRequest)
	x.api("GET", "/PurchaseOrders?where="+url.QueryEscape(`Colour=="red"`), nil).want(http.StatusOK) // there is no where
}

// Whatever the text, the parser answers and does not fall over.
func FuzzWhere(f *testing.F) {
	for _, text := range []string{
		`Status=="DRAFT" AND (Date>=DateTime(2026,1,1) || !SentToContact)`, `Reference.Contains("x")`, `InvoiceID==guid("`, `-1.5>Total`, `"a"=="a"`, `null==null`, `true`,
	} {
		f.Add(text)
	}
	o := newOrganisation(DefaultTenantID, "Demo", "NZ", func() time.Time { return fixedNow })
	d := &document{kind: invoices, contact: newContact(newID(), fixedNow), totals: sumLines(nil, "Exclusive"), rate: one, texts: map[string]string{}}
	rendered := d.render(o, full)
	f.Fuzz(func(_ *testing.T, text string) {
		if c, err := parseWhere(text, endpoints["invoices"].fields, "Invoice"); err == nil {
			c(rendered)
		}
		_, _ = parseOrder(text, endpoints["invoices"].fields, "Invoice")
	})
}

func TestOrderLists(t *testing.T) {
	t.Parallel()
	x := start(t)
	contact := x.customer("Supplier")
	for _, set := range []tree{{"Date": "2026-07-01"}, {"Date": "2026-07-10", "Status": "AUTHORISED"}, {"Date": "2026-07-20"}} {
		x.clock.Advance(time.Second)
		set["Contact"], set["LineItems"] = tree{"ContactID": contact}, []tree{{"Description": "x", "UnitAmount": 1, "AccountCode": "300"}}
		x.api("PUT", "/PurchaseOrders", set).want(http.StatusOK)
	}
	for query, want := range map[string][]string{
		"":                                      {"PO-0001", "PO-0002", "PO-0003"},
		"Status=AUTHORISED":                     {"PO-0002"},
		"DateFrom=2026-07-10":                   {"PO-0002", "PO-0003"},
		"DateFrom=2026-07-02&DateTo=2026-07-10": {"PO-0002"},
		"order=PurchaseOrderNumber+DESC":        {"PO-0003", "PO-0002", "PO-0001"},
		"page=2&pageSize=2":                     {"PO-0003"},
	} {
		var got []string
		for _, o := range x.api("GET", "/PurchaseOrders?"+query, nil).want(http.StatusOK).list("PurchaseOrders") {
			got = append(got, o.text("PurchaseOrderNumber"))
			if len(o.list("LineItems")) != 1 {
				t.Errorf("%s: lines are always shown", query)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", query, diff)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	x := start(t)
	codes := func(query string) []string {
		var got []string
		for _, a := range x.api("GET", "/Accounts?"+query, nil).want(http.StatusOK).list("Accounts") {
			got = append(got, a.text("Code"))
		}
		return got
	}
	if diff := cmp.Diff([]string{"200", "260", "270"}, codes("where="+url.QueryEscape(`Class=="REVENUE" AND Status=="ACTIVE"`))); diff != "" {
		t.Errorf("revenue accounts (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"860"}, codes("where="+url.QueryEscape(`SystemAccount=="ROUNDING"`))); diff != "" {
		t.Errorf("rounding account (-want +got)\n%s", diff)
	}
	rate := x.api("GET", "/TaxRates?TaxType=OUTPUT2", nil).one("TaxRates")
	if rate.text("EffectiveRate") != "15.0000" || rate.text("CanApplyToRevenue") != "true" || rate.text("CanApplyToExpenses") != "false" || len(rate.list("TaxComponents")) != 1 {
		t.Errorf("OUTPUT2: %v", rate)
	}
	x.api("GET", "/TaxRates/INPUT2", nil).want(http.StatusOK)
	if got := x.api("GET", "/BrandingThemes", nil).one("BrandingThemes"); got.text("Name") != "Standard" || got.text("SortOrder") != "0" {
		t.Errorf("theme %v", got)
	}
	if got := x.api("GET", "/Currencies", nil).list("Currencies"); len(got) != 2 || got[0].text("Code") != "NZD" {
		t.Errorf("currencies %v", got)
	}
	org := x.api("GET", "/Organisation", nil).one("Organisations")
	if org.text("OrganisationID") != DefaultTenantID || org.text("Timezone") != "NEWZEALANDSTANDARDTIME" || org.text("CountryCode") != "NZ" {
		t.Errorf("organisation %v", org)
	}
	allowed := map[string]string{}
	for _, a := range x.api("GET", "/Organisation/Actions", nil).want(http.StatusOK).list("Actions") {
		allowed[a.text("Name")] = a.text("Status")
	}
	if allowed["CreateApprovedInvoice"] != "ALLOWED" || allowed["CreateApprovedBill"] != "ALLOWED" {
		t.Errorf("actions %v", allowed)
	}
}

func TestCountries(t *testing.T) {
	t.Parallel()
	for country, want := range map[string][4]string{
		"AU": {"AUD", "AU", "AUSEASTERNSTANDARDTIME", "10.00"},
		"UK": {"GBP", "GB", "GMTSTANDARDTIME", "20.00"},
	} {
		x := start(t, func(o *Options) { o.Country = country })
		org := x.api("GET", "/Organisation", nil).one("Organisations")
		made := x.create(nil)
		got := [4]string{org.text("BaseCurrency"), org.text("CountryCode"), org.text("Timezone"), made.text("TotalTax")}
		if got != want {
			t.Errorf("%s: %v, want %v", country, got, want)
		}
	}
}

func TestTrackingCategories(t *testing.T) {
	t.Parallel()
	x := start(t)
	add := func(name string) *response { return x.api("PUT", "/TrackingCategories", tree{"Name": name}) }
	region := add("Region").want(http.StatusOK).one("TrackingCategories").text("TrackingCategoryID")
	add("region").want(http.StatusBadRequest)
	add("Van").want(http.StatusOK)
	add("Third").want(http.StatusBadRequest) // two at most
	path := "/TrackingCategories/" + region
	north := x.api("PUT", path+"/Options", tree{"Name": "North"}).want(http.StatusOK).one("Options").text("TrackingOptionID")
	x.api("PUT", path+"/Options", tree{"Name": "north"}).want(http.StatusBadRequest)
	x.api("PUT", path+"/Options", tree{}).want(http.StatusBadRequest)
	x.api("POST", path+"/Options/"+north, tree{"Status": "ARCHIVED"}).want(http.StatusOK)
	got := x.api("GET", path, nil).want(http.StatusOK).one("TrackingCategories")
	if got.list("Options")[0].text("Status") != "ARCHIVED" {
		t.Errorf("category %v", got)
	}
	made := x.create(tree{"LineItems": line1(tree{"Tracking": []tree{{"TrackingCategoryID": region, "TrackingOptionID": north}}})})
	if tracking := made.list("LineItems")[0].list("Tracking"); len(tracking) != 0 {
		t.Errorf("an archived option is dropped silently, got %v", tracking)
	}
	x.api("DELETE", path+"/Options/"+north, nil).want(http.StatusOK)
	x.api("POST", path, tree{"Name": "Area", "Status": "ARCHIVED"}).want(http.StatusOK)
	if got := x.api("GET", "/TrackingCategories", nil).one("TrackingCategories").text("Name"); got != "Van" {
		t.Errorf("archived categories are hidden, got %s", got)
	}
	if got := x.api("GET", "/TrackingCategories?includeArchived=true", nil).list("TrackingCategories"); len(got) != 2 {
		t.Errorf("includeArchived shows %d categories", len(got))
	}
	x.api("DELETE", path, nil).want(http.StatusOK)
	x.api("GET", path, nil).want(http.StatusNotFound)
}

func TestItems(t *testing.T) {
	t.Parallel()
	x := start(t)
	body := tree{"Code": "CABLE", "Name": "Cable", "SalesDetails": tree{"UnitPrice": "3.4567", "AccountCode": "200"}}
	made := x.api("PUT", "/Items?unitdp=4", body).want(http.StatusOK).one("Items")
	sales := tree(made["SalesDetails"].(map[string]any))
	if sales.text("UnitPrice") != "3.4567" || made.text("IsSold") != "true" {
		t.Errorf("item %v", made)
	}
	x.api("PUT", "/Items", body).wantRefusal("Price List Item with Code 'CABLE' already exists")
	x.api("PUT", "/Items", tree{"Code": strings.Repeat("x", 31)}).wantRefusal("Code must be specified and at most 30 characters")
	x.api("POST", "/Items", tree{"Code": "cable", "Name": "Renamed"}).want(http.StatusOK)
	if got := x.api("GET", "/Items/CABLE", nil).one("Items"); got.text("Name") != "Renamed" || got.text("ItemID") != made.text("ItemID") {
		t.Errorf("item %v", got)
	}
	x.api("DELETE", "/Items/"+made.text("ItemID"), nil).want(http.StatusNoContent)
	x.api("GET", "/Items/CABLE", nil).want(http.StatusNotFound)
}
