package xerosim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func line1(set tree) []tree {
	l := tree{"Description": "Work", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200"}
	for name, value := range set {
		if value == nil {
			delete(l, name)
		} else {
			l[name] = value
		}
	}
	return []tree{l}
}

func TestInvoiceRefusals(t *testing.T) {
	t.Parallel()
	x := start(t)
	contact := x.customer("ABC Limited")
	if err := x.sim.Seed(Seed{Accounts: []Account{{Code: "299", Name: "Old", Type: "REVENUE", Archived: true}}}); err != nil {
		t.Fatal(err)
	}
	x.create(tree{"InvoiceNumber": "INV-1"})
	for name, test := range map[string]struct {
		set  tree
		want string
	}{
		"no contact":            {tree{"Contact": nil}, "A Contact must be specified for this type of transaction"},
		"no lines":              {tree{"LineItems": []tree{}}, "One or more line items must be specified"},
		"number taken":          {tree{"InvoiceNumber": "inv-1"}, "Invoice # must be unique."},
		"created paid":          {tree{"Status": "PAID"}, "Invoice not of valid status for creation"},
		"created voided":        {tree{"Status": "VOIDED"}, "Invoice not of valid status for creation"},
		"no due date":           {tree{"DueDate": nil}, "The document DueDate field must be specified"},
		"no account":            {tree{"LineItems": line1(tree{"AccountCode": nil, "TaxType": "OUTPUT2"})}, "Account code or ID must be specified"},
		"no tax":                {tree{"LineItems": line1(tree{"AccountCode": nil})}, "TaxType field is mandatory"},
		"no description":        {tree{"LineItems": line1(tree{"Description": nil})}, "Description must be specified on every line item"},
		"unknown account":       {tree{"LineItems": line1(tree{"AccountCode": "999"})}, "Account code '999' is not a valid code for this document."},
		"bank account":          {tree{"LineItems": line1(tree{"AccountCode": "090"})}, "Account code '090' is not a valid code for this document."},
		"system account":        {tree{"LineItems": line1(tree{"AccountCode": "610"})}, "Account code '610' is not a valid code for this document."},
		"archived account":      {tree{"LineItems": line1(tree{"AccountCode": "299"})}, "Account code '299' has been archived, or has been deleted. Please use another account code."},
		"tax of other accounts": {tree{"LineItems": line1(tree{"TaxType": "INPUT2"})}, "The TaxType code 'INPUT2' cannot be used with account code '200'."},
		"unknown tax":           {tree{"LineItems": line1(tree{"TaxType": "15% GST on Income"})}, "The TaxType code 15% GST on Income does not exist or cannot be used for this type of transaction."},
		"currency":              {tree{"CurrencyCode": "CHF"}, "Users Organisation is not subscribed to currency CHF"},
		"line amount":           {tree{"LineItems": line1(tree{"LineAmount": 99})}, "The line total 99.00 does not match the expected line total 100.00"},
		"url":                   {tree{"Url": "https://app.example.com/xero/1"}, "Url must not contain 'xero'"},
		"relative url":          {tree{"Url": "/invoices/1"}, "Url must be a valid absolute URL"},
		"item":                  {tree{"LineItems": line1(tree{"ItemCode": "NONE"})}, "Item code 'NONE' is not valid for this document."},
		"theme":                 {tree{"BrandingThemeID": "00000000-0000-0000-0000-000000000009"}, "BrandingThemeID 00000000-0000-0000-0000-000000000009 does not exist"},
		"negative total":        {tree{"LineItems": line1(tree{"UnitAmount": -1})}, "The total of the document must not be negative"},
		"too much discount":     {tree{"LineItems": line1(tree{"DiscountAmount": 101})}, "Discount amount cannot be greater than the line amount"},
		"discount on a bill":    {tree{"Type": "ACCPAY", "LineItems": line1(tree{"AccountCode": "300", "DiscountRate": 5})}, "Discounts are not supported on this type of document"},
		"three categories":      {tree{"LineItems": line1(tree{"Tracking": []tree{{}, {}, {}}})}, "A line can have at most 2 tracking categories"},
		"huge line":             {tree{"LineItems": line1(tree{"UnitAmount": 10_000_000_000})}, "The line amount must be at most 9999999999.99"},
		"non-ASCII number":      {tree{"InvoiceNumber": "Nº 1"}, "InvoiceNumber must be at most 255 printable ASCII characters"},
		"contact's email":       {tree{"Contact": tree{"ContactID": contact, "EmailAddress": "nobody"}}, "Email address must be valid."},
	} {
		r := x.api("PUT", "/Invoices", invoice(contact, test.set)).want(http.StatusBadRequest)
		if !strings.Contains(strings.Join(r.refusals(), "\n"), test.want) {
			t.Errorf("%s: %q, want %q", name, r.refusals(), test.want)
		}
		if got := r.one("Elements"); got.text("InvoiceID") != nilID || r.tree().text("Type") != "ValidationException" || r.tree().text("ErrorNumber") != "10" {
			t.Errorf("%s: %s", name, r.body)
		}
	}
	if got := len(x.documents("Invoices")); got != 1 {
		t.Errorf("refusals left %d invoices", got)
	}
}

func TestUnreadablePayloads(t *testing.T) {
	t.Parallel()
	x := start(t)
	contact := x.customer("ABC Limited")
	good := invoice(contact, nil)
	for name, body := range map[string]any{
		"not JSON":              `{"Invoices":[`,
		"two values":            `{} {}`,
		"a number":              `12`,
		"wrong enum":            tree{"Invoices": []tree{good, invoice(contact, tree{"Status": "APPROVED"})}},
		"wrong type":            tree{"Invoices": []tree{good, invoice(contact, tree{"Type": "SALE"})}},
		"wrong date":            tree{"Invoices": []tree{good, invoice(contact, tree{"Date": "01/07/2026"})}},
		"truncated id":          tree{"Invoices": []tree{good, invoice("c06ed3f3-22b6", nil)}},
		"number as text":        tree{"Invoices": []tree{good, invoice(contact, tree{"LineItems": line1(tree{"Quantity": "two"})})}},
		"huge exponent":         strings.Replace(`{"Type":"ACCREC","LineItems":[{"Quantity":EXP}]}`, "EXP", "1e99999999", 1),
		"text as boolean":       tree{"Invoices": []tree{good, invoice(contact, tree{"SentToContact": "perhaps"})}},
		"lines as text":         tree{"Invoices": []tree{good, invoice(contact, tree{"LineItems": "x"})}},
		"contact as text":       tree{"Invoices": []tree{good, invoice(contact, tree{"Contact": "x"})}},
		"element not an object": tree{"Invoices": []any{good, 1}},
	} {
		r := x.api("PUT", "/Invoices?summarizeErrors=false", body).want(http.StatusBadRequest)
		if got := r.tree(); got.text("ErrorNumber") != "14" || got.text("Type") != "PostDataInvalidException" || got["Elements"] != nil {
			t.Errorf("%s: %s", name, r.body)
		}
	}
	if got := len(x.documents("Invoices")); got != 0 {
		t.Errorf("an unreadable element left %d of the others", got)
	}
	// An object where an array belongs makes Xero fail.
	x.api("PUT", "/Invoices", invoice(contact, tree{"LineItems": []tree{{"Description": "x", "Tracking": tree{}}}})).want(http.StatusInternalServerError)
	for _, body := range []string{`{}`, `{"Invoices":[]}`, `[]`} {
		if r := x.api("PUT", "/Invoices", body).want(http.StatusBadRequest); r.tree().text("Type") != "NoDataProcessedException" {
			t.Errorf("%s: %s", body, r.body)
		}
	}
	x.api("PUT", "/Invoices", "<Invoice/>", header{"Content-Type": "application/xml"}).want(http.StatusUnsupportedMediaType)
	x.api("PUT", "/Invoices", good).want(http.StatusOK)                           // a single object
	x.api("PUT", "/Invoices", tree{"Invoices": []tree{good}}).want(http.StatusOK) // the envelope
	x.api("PUT", "/Invoices", strings.Repeat(" ", maxRequest+1)).want(http.StatusRequestEntityTooLarge)
}

func TestCreateAndUpdateByPut(t *testing.T) {
	t.Parallel()
	x := start(t)
	first := x.create(tree{"InvoiceNumber": "INV-1"})
	contact := x.documents("Contacts")[0].text("ContactID")

	// PUT only creates; POST on the collection edits whoever holds the number.
	x.api("PUT", "/Invoices", invoice(contact, tree{"InvoiceNumber": "INV-1"})).wantRefusal("Invoice # must be unique.")
	x.api("PUT", "/Invoices", invoice(contact, tree{"InvoiceID": first.text("InvoiceID")})).wantRefusal("Invoice not of valid status for creation")
	x.api("POST", "/Invoices", invoice(contact, tree{"InvoiceNumber": "INV-1", "Reference": "edited"})).want(http.StatusOK)
	x.api("POST", "/Invoices", tree{"InvoiceID": first.text("InvoiceID"), "DueDate": "2026-08-01"}).want(http.StatusOK)
	x.api("POST", "/Invoices", invoice(contact, tree{"InvoiceID": "00000000-0000-0000-0000-000000000009"})).want(http.StatusBadRequest)
	x.api("POST", "/Invoices", invoice(contact, tree{"InvoiceNumber": "INV-2"})).want(http.StatusOK)
	list := x.documents("Invoices")
	if len(list) != 2 || list[0].text("Reference") != "edited" || list[0].text("DueDateString") != "2026-08-01T00:00:00" {
		t.Errorf("after POSTs: %v", list)
	}
	x.api("POST", "/Invoices/"+first.text("InvoiceID"), tree{"InvoiceNumber": ""}).want(http.StatusOK)
	if got := x.api("GET", "/Invoices/INV-1", nil).want(http.StatusOK).one("Invoices").text("InvoiceID"); got != first.text("InvoiceID") {
		t.Error("an empty number took the invoice's own away")
	}
	if got := x.create(nil).text("InvoiceNumber"); got != "INV-0003" {
		t.Errorf("Xero's own number is %s, want INV-0003", got)
	}

	// A bill's number is the supplier's and need not be unique.
	bill := tree{"Type": "ACCPAY", "InvoiceNumber": "S-1", "Reference": "ignored", "LineItems": line1(tree{"AccountCode": "300"})}
	a := x.api("PUT", "/Invoices", invoice(contact, bill)).want(http.StatusOK).one("Invoices")
	b := x.api("POST", "/Invoices", invoice(contact, bill)).want(http.StatusOK).one("Invoices")
	if a.text("InvoiceID") == b.text("InvoiceID") || a["Reference"] != nil {
		t.Errorf("bills: %v, %v", a, b)
	}
	x.api("PUT", "/Invoices", invoice(contact, tree{"InvoiceNumber": "S-1"})).want(http.StatusOK)
}

func TestNumbersOfDeadDocuments(t *testing.T) {
	t.Parallel()
	x := start(t)
	voided := x.create(tree{"InvoiceNumber": "V-1"}).text("InvoiceID")
	x.api("POST", "/Invoices/"+voided, tree{"Status": "VOIDED"}).want(http.StatusOK)
	deleted := x.create(tree{"InvoiceNumber": "D-1", "Status": "DRAFT"}).text("InvoiceID")
	x.api("POST", "/Invoices/"+deleted, tree{"Status": "DELETED"}).want(http.StatusOK)

	contact := x.documents("Contacts")[0].text("ContactID")
	x.api("PUT", "/Invoices", invoice(contact, tree{"InvoiceNumber": "V-1"})).wantRefusal("Invoice # must be unique.")
	x.api("GET", "/Invoices/D-1", nil).want(http.StatusOK)
	fresh := x.create(tree{"InvoiceNumber": "D-1"}).text("InvoiceID")
	if got := x.api("GET", "/Invoices/D-1", nil).one("Invoices").text("InvoiceID"); got != fresh {
		t.Error("by number, the living document comes before the deleted one")
	}
	if got := x.api("GET", "/Invoices?page=1", nil).list("Invoices"); len(got) != 3 {
		t.Errorf("lists include voided and deleted documents: got %d", len(got))
	}
}

func TestInvoiceTransitions(t *testing.T) {
	t.Parallel()
	x := start(t)
	statuses := []string{"DRAFT", "SUBMITTED", "AUTHORISED", "VOIDED", "DELETED"}
	reach := map[string][]string{
		"DRAFT": {"DRAFT"}, "SUBMITTED": {"SUBMITTED"}, "AUTHORISED": {"AUTHORISED"},
		"VOIDED": {"AUTHORISED", "VOIDED"}, "DELETED": {"DRAFT", "DELETED"},
	}
	allowed := map[string]string{
		"DRAFT": "DRAFT SUBMITTED AUTHORISED DELETED", "SUBMITTED": "DRAFT SUBMITTED AUTHORISED DELETED", "AUTHORISED": "AUTHORISED VOIDED",
	}
	for _, from := range statuses {
		for _, to := range statuses {
			id := x.create(tree{"Status": reach[from][0]}).text("InvoiceID")
			for _, next := range reach[from][1:] {
				x.api("POST", "/Invoices/"+id, tree{"Status": next}).want(http.StatusOK)
			}
			r := x.api("POST", "/Invoices/"+id, tree{"Status": to})
			if strings.Contains(" "+allowed[from]+" ", " "+to+" ") {
				if r.status != http.StatusOK || r.one("Invoices").text("Status") != to {
					t.Errorf("%s to %s: %d %s", from, to, r.status, r.body)
				}
				continue
			}
			r.wantRefusal("Invoice not of valid status for modification")
			if got := x.api("GET", "/Invoices/"+id, nil).one("Invoices").text("Status"); got != from {
				t.Errorf("%s to %s was refused but led to %s", from, to, got)
			}
		}
	}
	id := x.create(tree{"Status": "DRAFT"}).text("InvoiceID")
	x.api("POST", "/Invoices/"+id, tree{"Type": "ACCPAY"}).wantRefusal("Invoice not of valid status for modification")
	voided := x.create(nil).text("InvoiceID")
	if got := x.api("POST", "/Invoices/"+voided, tree{"Status": "VOIDED"}).one("Invoices"); got.text("AmountDue") != "0.00" || got.text("Total") != "115.00" {
		t.Errorf("a voided invoice is due %s of %s", got.text("AmountDue"), got.text("Total"))
	}
}

func TestLineReplacement(t *testing.T) {
	t.Parallel()
	x := start(t)
	made := x.create(tree{"LineItems": append(append(line1(tree{"Description": "A"}), line1(tree{"Description": "B"})...), line1(tree{"Description": "C"})...)})
	path := "/Invoices/" + made.text("InvoiceID")
	ids := func(t tree) []string {
		var list []string
		for _, l := range t.list("LineItems") {
			list = append(list, l.text("LineItemID"))
		}
		return list
	}
	before := ids(made)

	// With an id updated, without created, not sent deleted.
	got := x.api("POST", path, tree{"LineItems": []tree{{"LineItemID": before[1], "UnitAmount": 50}, line1(tree{"Description": "D"})[0]}}).want(http.StatusOK).one("Invoices")
	after := ids(got)
	if len(after) != 2 || after[0] != before[1] || after[1] == before[0] || after[1] == before[2] {
		t.Errorf("lines %v became %v", before, after)
	}
	if l := got.list("LineItems")[0]; l.text("Description") != "B" || l.text("LineAmount") != "50.00" || l.text("AccountCode") != "200" {
		t.Errorf("the updated line: %v", l)
	}
	if got.text("Total") != "172.50" {
		t.Errorf("total %s, want 172.50", got.text("Total"))
	}
	// A status or header update sends no lines and leaves them alone.
	got = x.api("POST", path, tree{"Reference": "x"}).want(http.StatusOK).one("Invoices")
	if diff := cmp.Diff(after, ids(got)); diff != "" {
		t.Errorf("lines changed by a header update (-want +got)\n%s", diff)
	}
	x.api("POST", path, tree{"LineItems": []tree{}}).wantRefusal("One or more line items must be specified")
	x.api("POST", path, tree{"LineItems": []tree{{"LineItemID": before[0], "UnitAmount": 1}}}).want(http.StatusBadRequest)
	// Other amount types recompute the tax of the lines that are there.
	got = x.api("POST", path, tree{"LineAmountTypes": "NoTax"}).want(http.StatusOK).one("Invoices")
	if got.text("TotalTax") != "0.00" || got.text("Total") != "150.00" || got.list("LineItems")[0].text("TaxType") != "NONE" {
		t.Errorf("without tax: %v", got)
	}
}

func TestLineDefaults(t *testing.T) {
	t.Parallel()
	x := start(t)
	if err := x.sim.Seed(Seed{
		Items:              []Item{{Code: "CABLE", Name: "Cable", Description: "Cable, per metre", SalePrice: "3.4567", SaleAccount: "260"}},
		TrackingCategories: []TrackingCategory{{Name: "Region", Options: []string{"North", "South"}}},
	}); err != nil {
		t.Fatal(err)
	}
	got := x.create(tree{"LineItems": []tree{
		{"ItemCode": "cable", "Quantity": 2},
		{"Description": "Only words"},
		{"Description": "By amount", "LineAmount": "12.34", "AccountCode": "200"},
		{"Description": "By id", "UnitAmount": 1, "AccountID": x.documents("Accounts")[2].text("AccountID"), "TaxAmount": "0.16"},
		{"Description": "Tracked", "UnitAmount": 1, "AccountCode": "200", "Tracking": []tree{{"Name": "region", "Option": "south"}, {"Name": "Region", "Option": "Nowhere"}}},
	}}).list("LineItems")
	want := []tree{
		{"Description": "Cable, per metre", "UnitAmount": "3.46", "LineAmount": "6.92", "AccountCode": "260", "TaxType": "OUTPUT2", "Quantity": "2.0000"},
		{"Description": "Only words", "LineAmount": "", "AccountCode": "", "Quantity": ""},
		{"Quantity": "1.0000", "UnitAmount": "12.34", "LineAmount": "12.34", "TaxAmount": "1.85"},
		{"AccountCode": "200", "TaxAmount": "0.16", "TaxType": "OUTPUT2"},
		{"TaxAmount": "0.15"},
	}
	for i := range want {
		for name := range want[i] {
			if got[i].text(name) != want[i].text(name) {
				t.Errorf("line %d: %s is %q, want %q", i, name, got[i].text(name), want[i].text(name))
			}
		}
	}
	if tracking := got[4].list("Tracking"); len(tracking) != 1 || tracking[0].text("Option") != "South" {
		t.Errorf("an unknown option is dropped silently, the known one kept: %v", tracking)
	}
	// Two decimals on reading, unless four are asked for.
	id := x.create(nil).text("InvoiceID")
	x.api("POST", "/Invoices/"+id+"?unitdp=4", tree{"LineItems": line1(tree{"UnitAmount": "1.2345"})}).want(http.StatusOK)
	for query, want := range map[string]string{"": "1.23", "?unitdp=4": "1.2345"} {
		if got := x.api("GET", "/Invoices/"+id+query, nil).one("Invoices").list("LineItems")[0].text("UnitAmount"); got != want {
			t.Errorf("unit amount with %q: %s, want %s", query, got, want)
		}
	}
}

func TestSummarizeErrors(t *testing.T) {
	t.Parallel()
	x := start(t)
	contact := x.customer("ABC Limited")
	batch := func(prefix string) tree {
		return tree{"Invoices": []tree{
			invoice(contact, tree{"InvoiceNumber": prefix + "1"}),
			invoice(contact, tree{"InvoiceNumber": prefix + "2", "DueDate": nil}),
			invoice(contact, tree{"InvoiceNumber": prefix + "3"}),
		}}
	}
	for _, query := range []string{"", "?summarizeErrors=true"} {
		r := x.api("PUT", "/Invoices"+query, batch("a"+query)).want(http.StatusBadRequest)
		failed := r.one("Elements") // the failing element alone
		if failed.text("InvoiceNumber") != "a"+query+"2" || r.tree().text("Message") != "A validation exception occurred" {
			t.Errorf("%q: %s", query, r.body)
		}
	}
	if got := len(x.documents("Invoices")); got != 4 {
		t.Errorf("%d invoices: the valid ones of a refused batch are committed, want 4", got)
	}
	list := x.api("PUT", "/Invoices?summarizeErrors=false", batch("b")).want(http.StatusOK).list("Invoices")
	var got []string
	for _, i := range list {
		got = append(got, fmt.Sprintf("%s %s %s %d %t", i.text("InvoiceNumber"), i.text("StatusAttributeString"), i.text("HasErrors"), len(i.list("ValidationErrors")), i.text("InvoiceID") == nilID))
	}
	if diff := cmp.Diff([]string{"b1 OK false 0 false", "b2 ERROR true 1 true", "b3 OK false 0 false"}, got); diff != "" {
		t.Errorf("per element (-want +got)\n%s", diff)
	}
	// By id the parameter is unknown, and so it is for POST on Payments.
	id := list[0].text("InvoiceID")
	x.api("POST", "/Invoices/"+id+"?summarizeErrors=false", tree{"Status": "DRAFT"}).want(http.StatusBadRequest)
	x.api("POST", "/Payments?summarizeErrors=false", tree{"Invoice": tree{"InvoiceID": id}}).want(http.StatusBadRequest)
	x.api("PUT", "/Payments?summarizeErrors=false", tree{"Invoice": tree{"InvoiceID": id}}).want(http.StatusOK)
}

func TestPaidInvoices(t *testing.T) {
	t.Parallel()
	x := start(t)
	made := x.create(nil)
	id := made.text("InvoiceID")
	line := made.list("LineItems")[0].text("LineItemID")
	pay := func(amount any) *response {
		return x.api("PUT", "/Payments", tree{"Invoice": tree{"InvoiceID": id}, "Account": tree{"Code": "090"}, "Amount": amount, "Date": "2026-07-03", "Reference": "AFO-1"})
	}
	status := func() tree { return x.api("GET", "/Invoices/"+id, nil).one("Invoices") }

	pay("115.01").wantRefusal("Payment amount exceeds the amount outstanding on this document")
	part := pay(15).want(http.StatusOK).one("Payments")
	if part.text("PaymentType") != "ACCRECPAYMENT" || part.text("Status") != "AUTHORISED" || part.text("Amount") != "15.00" {
		t.Errorf("payment %v", part)
	}
	if got := status(); got.text("Status") != "AUTHORISED" || got.text("AmountDue") != "100.00" || got.text("AmountPaid") != "15.00" || len(got.list("Payments")) != 1 {
		t.Errorf("partly paid: %v", got)
	}
	rest := pay(100).want(http.StatusOK).one("Payments").text("PaymentID")
	if got := status(); got.text("Status") != "PAID" || got.text("AmountDue") != "0.00" || got["FullyPaidOnDate"] != msDate(day("2026-07-03").at()) {
		t.Errorf("fully paid: %v", got)
	}
	pay(1).wantRefusal("Payments can only be made against Authorised documents")

	// What has been paid cannot be voided, nor its amounts changed.
	x.api("POST", "/Invoices/"+id, tree{"Status": "VOIDED"}).wantRefusal("The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to it.")
	x.api("POST", "/Invoices/"+id, tree{"LineItems": []tree{{"LineItemID": line, "UnitAmount": 99}}}).wantRefusal(lockedByPayment)
	x.api("POST", "/Invoices/"+id, tree{"LineItems": line1(nil)}).wantRefusal(lockedByPayment)
	x.api("POST", "/Invoices/"+id, tree{"Date": "2026-07-02"}).wantRefusal(lockedByPayment)
	got := x.api("POST", "/Invoices/"+id, tree{
		"Reference": "PO 9", "DueDate": "2026-09-01", "LineItems": []tree{{"LineItemID": line, "Description": "Other words", "AccountCode": "260"}},
	}).want(http.StatusOK).one("Invoices")
	if got.text("Reference") != "PO 9" || got.list("LineItems")[0].text("Description") != "Other words" || got.text("Status") != "PAID" {
		t.Errorf("open fields of a paid invoice: %v", got)
	}

	// Deleting payments opens the way back.
	x.api("POST", "/Payments/"+rest, tree{"Payments": []tree{{"Status": "DELETED"}}}).want(http.StatusOK)
	x.api("POST", "/Payments/"+rest, tree{"Status": "DELETED"}).wantRefusal("Payment not of valid status for modification")
	if got := status(); got.text("Status") != "AUTHORISED" || got["FullyPaidOnDate"] != nil {
		t.Errorf("after deleting a payment: %v", got)
	}
	x.api("POST", "/Payments/"+part.text("PaymentID"), tree{"Reference": "edited"}).wantRefusal("Payment not of valid status for modification")
	x.api("POST", "/Payments/"+part.text("PaymentID"), tree{"Status": "DELETED"}).want(http.StatusOK)
	x.api("POST", "/Invoices/"+id, tree{"Status": "VOIDED"}).want(http.StatusOK)
	if got := x.api("GET", "/Payments?page=1", nil).list("Payments"); len(got) != 2 || got[0].text("Status") != "DELETED" {
		t.Errorf("deleted payments stay in the lists: %v", got)
	}
}

func TestPaymentRefusals(t *testing.T) {
	t.Parallel()
	x := start(t)
	id := x.create(nil).text("InvoiceID")
	draft := x.create(tree{"Status": "DRAFT"}).text("InvoiceID")
	base := func(set tree) tree {
		body := tree{"Invoice": tree{"InvoiceID": id}, "Account": tree{"Code": "090"}, "Amount": 10}
		for name, value := range set {
			body[name] = value
		}
		return body
	}
	for want, body := range map[string]tree{
		"Payments can only be made against Authorised documents":                          base(tree{"Invoice": tree{"InvoiceID": draft}}),
		"Invoice could not be found":                                                      base(tree{"Invoice": tree{"InvoiceNumber": "X"}}),
		"Exactly one of Invoice, CreditNote, Prepayment or Overpayment must be specified": {"Amount": 1},
		"Account must be specified":                                                       {"Invoice": tree{"InvoiceID": id}, "Amount": 1},
		"Account could not be found":                                                      base(tree{"Account": tree{"Code": "999"}}),
		"Account code '200' is not a valid account for payments: it must be a bank account or have payments enabled": base(tree{"Account": tree{"Code": "200"}}),
		"Payment amount must be greater than zero": base(tree{"Amount": "0.004"}),
	} {
		x.api("PUT", "/Payments", body).wantRefusal(want)
	}
	x.api("PUT", "/Payments", base(tree{"Account": tree{"Code": "880"}})).want(http.StatusOK) // payments enabled
	number := x.api("GET", "/Invoices/"+id, nil).one("Invoices").text("InvoiceNumber")
	x.api("PUT", "/Payments", tree{"InvoiceNumber": number, "Code": "090", "Amount": 1}).want(http.StatusOK)
}

func TestLockDates(t *testing.T) {
	t.Parallel()
	x := start(t)
	id := x.create(tree{"Date": "2026-06-30"}).text("InvoiceID")
	x.edit("Organisation", "", map[string]any{"PeriodLockDate": "2026-06-30"})
	org := x.api("GET", "/Organisation", nil).one("Organisations")
	if org["PeriodLockDate"] != msDate(day("2026-06-30").at()) || org["EndOfYearLockDate"] != nil {
		t.Errorf("lock dates of %v", org)
	}
	contact := x.documents("Contacts")[0].text("ContactID")
	const locked = "The document date cannot be before the period lock date, currently set at 30 June 2026"
	x.api("PUT", "/Invoices", invoice(contact, tree{"Date": "2026-06-30"})).wantRefusal(locked)
	x.api("POST", "/Invoices/"+id, tree{"Reference": "x"}).wantRefusal(locked)
	x.api("POST", "/Invoices/"+id, tree{"Date": "2026-07-01"}).wantRefusal(locked)
	x.api("POST", "/Invoices/"+id, tree{"Status": "VOIDED"}).wantRefusal(locked)
	x.api("PUT", "/Payments", tree{"Invoice": tree{"InvoiceID": id}, "Account": tree{"Code": "090"}, "Amount": 1, "Date": "2026-06-01"}).wantRefusal(locked)
	x.api("PUT", "/Invoices", invoice(contact, tree{"Date": "2026-07-01"})).want(http.StatusOK)
	x.edit("Organisation", "", map[string]any{"PeriodLockDate": "", "EndOfYearLockDate": "2026-03-31"})
	x.api("POST", "/Invoices/"+id, tree{"Reference": "x"}).want(http.StatusOK)
	x.api("PUT", "/Invoices", invoice(contact, tree{"Date": "2026-03-31"})).
		wantRefusal("The document date cannot be before the end of year lock date, currently set at 31 March 2026")
}

func TestDates(t *testing.T) {
	t.Parallel()
	x := start(t)
	for sent, want := range map[string]string{
		"2026-07-01":                 "2026-07-01",
		"2026-07-01T00:00:00":        "2026-07-01",
		"2026-07-01T00:00:00+12:00":  "2026-06-30", // shifted to UTC: the classic trap
		"/Date(1782864000000+0000)/": "2026-07-01",
		"/Date(1782864000000)/":      "2026-07-01",
		"2026-07-01T23:59:59.999Z":   "2026-07-01",
	} {
		got := x.create(tree{"Date": sent})
		if got.text("DateString") != want+"T00:00:00" || got["Date"] != msDate(day(want).at()) {
			t.Errorf("%s became %s, want %s", sent, got.text("DateString"), want)
		}
	}
	// Without a date it is today in the organisation's zone: already the 16th in New Zealand.
	x.clock.Advance(11 * time.Hour)
	x.connect(allScopes)
	if got := x.create(tree{"Date": nil}).text("DateString"); got != "2026-07-16T00:00:00" {
		t.Errorf("today in Auckland is %s", got)
	}
}

func TestPurchaseOrders(t *testing.T) {
	t.Parallel()
	x := start(t)
	contact := x.customer("Supplier")
	order := func(set tree) tree {
		body := tree{"Contact": tree{"ContactID": contact}, "LineItems": []tree{{"Description": "Cable", "Quantity": 3, "UnitAmount": "1.23456", "AccountCode": "300"}}}
		for name, value := range set {
			body[name] = value
		}
		return body
	}
	made := x.api("PUT", "/PurchaseOrders", order(tree{"PurchaseOrderNumber": "PO-7", "DeliveryInstructions": "Gate B", "DeliveryDate": "2026-08-01"})).want(http.StatusOK).one("PurchaseOrders")
	if made.text("Status") != "DRAFT" || made.text("Type") != "PURCHASEORDER" || made.list("LineItems")[0].text("UnitAmount") != "1.2346" ||
		made.text("SubTotal") != "3.70" || made.text("Total") != "4.26" || made.text("DeliveryInstructions") != "Gate B" || made.text("DeliveryDateString") != "2026-08-01T00:00:00" {
		t.Errorf("order %v", made)
	}
	x.api("PUT", "/PurchaseOrders", order(tree{"PurchaseOrderNumber": "po-7"})).wantRefusal("Order number must be unique")
	x.api("PUT", "/PurchaseOrders", order(tree{"SentToContact": true})).wantRefusal("Only AUTHORISED and BILLED purchase orders may have SentToContact updated.")
	x.api("PUT", "/PurchaseOrders", order(tree{"DeliveryInstructions": strings.Repeat("x", 501)})).wantRefusal("DeliveryInstructions must be at most 500 characters")
	x.api("PUT", "/PurchaseOrders", tree{"LineItems": []tree{{"Description": "x"}}}).wantRefusal("A Contact must be specified for this type of transaction")

	id := made.text("PurchaseOrderID")
	for _, status := range []string{"SUBMITTED", "AUTHORISED", "BILLED"} {
		if got := x.api("POST", "/PurchaseOrders/"+id, tree{"Status": status}).want(http.StatusOK).one("PurchaseOrders").text("Status"); got != status {
			t.Errorf("status %s, want %s", got, status)
		}
	}
	x.api("POST", "/PurchaseOrders/"+id, tree{"SentToContact": true}).want(http.StatusOK)
	x.api("POST", "/PurchaseOrders/"+id, tree{"Status": "DRAFT"}).wantRefusal("PurchaseOrder not of valid status for modification")
	x.api("POST", "/PurchaseOrders/"+id, tree{"Status": "DELETED"}).want(http.StatusOK)
	x.api("POST", "/PurchaseOrders/"+id, tree{"Reference": "x"}).wantRefusal("PurchaseOrder not of valid status for modification")
	x.api("PUT", "/PurchaseOrders", order(tree{"PurchaseOrderNumber": "PO-7"})).want(http.StatusOK) // a deleted order frees its number
	if got := x.api("GET", "/PurchaseOrders/PO-7", nil).one("PurchaseOrders").text("PurchaseOrderID"); got == id {
		t.Error("the deleted order was found instead of the living one")
	}
}

func TestCreditNotes(t *testing.T) {
	t.Parallel()
	x := start(t)
	id := x.create(nil).text("InvoiceID")
	contact := x.documents("Contacts")[0].text("ContactID")
	body := invoice(contact, tree{"Type": "ACCRECCREDIT", "CreditNoteNumber": "CN-1", "LineItems": line1(tree{"UnitAmount": 50})})
	note := x.api("PUT", "/CreditNotes", body).want(http.StatusOK).one("CreditNotes")
	if note.text("RemainingCredit") != "57.50" {
		t.Errorf("note %v", note)
	}
	x.api("PUT", "/CreditNotes", body).wantRefusal("Credit Note # must be unique.")
	path := "/CreditNotes/" + note.text("CreditNoteID")
	allocate := func(amount any) *response {
		return x.api("PUT", path+"/Allocations", tree{"Allocations": []tree{{"Invoice": tree{"InvoiceID": id}, "Amount": amount, "Date": "2026-07-05"}}})
	}
	allocate("57.51").wantRefusal("The amount to allocate exceeds the remaining credit")
	allocate("57.50").want(http.StatusOK)
	got := x.api("GET", path, nil).one("CreditNotes")
	if got.text("Status") != "PAID" || got.text("RemainingCredit") != "0.00" || len(got.list("Allocations")) != 1 {
		t.Errorf("allocated note %v", got)
	}
	invoiced := x.api("GET", "/Invoices/"+id, nil).one("Invoices")
	if invoiced.text("AmountCredited") != "57.50" || invoiced.text("AmountDue") != "57.50" || len(invoiced.list("CreditNotes")) != 1 {
		t.Errorf("credited invoice %v", invoiced)
	}
	x.api("POST", "/Invoices/"+id, tree{"Status": "VOIDED"}).wantRefusal("The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to it.")
	x.api("PUT", "/CreditNotes", invoice(contact, tree{"Type": "ACCRECCREDIT", "LineItems": line1(tree{"DiscountRate": 5})})).wantRefusal("Discounts are not supported on this type of document")
}

func TestInvoiceActions(t *testing.T) {
	t.Parallel()
	x := start(t)
	contact := x.api("PUT", "/Contacts", tree{"Name": "ABC Limited", "EmailAddress": "a@example.com"}).one("Contacts").text("ContactID")
	id := x.api("PUT", "/Invoices", invoice(contact, nil)).one("Invoices").text("InvoiceID")
	draft := x.api("PUT", "/Invoices", invoice(contact, tree{"Status": "DRAFT"})).one("Invoices").text("InvoiceID")

	link := x.api("GET", "/Invoices/"+id+"/OnlineInvoice", nil).want(http.StatusOK).one("OnlineInvoices").text("OnlineInvoiceUrl")
	if !strings.HasPrefix(link, "https://in.xero.com/") {
		t.Errorf("online invoice at %s", link)
	}
	x.api("GET", "/Invoices/"+draft+"/OnlineInvoice", nil).want(http.StatusBadRequest)
	x.api("POST", "/Invoices/"+id+"/Email", "").want(http.StatusNoContent)
	if got := x.api("GET", "/Invoices/"+id, nil).one("Invoices"); got.text("SentToContact") != "true" {
		t.Error("an e-mailed invoice is marked as sent")
	}
	x.api("POST", "/Invoices/"+draft+"/Email", "{}").want(http.StatusBadRequest)
	for _, r := range []*response{
		x.api("GET", "/Invoices/"+id, nil, header{"Accept": "application/pdf"}),
		x.api("GET", "/Invoices/"+id+"/pdf", nil),
	} {
		if r.want(http.StatusOK).header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(string(r.body), "%PDF-1.4") {
			t.Errorf("%s: %.40s", r.what, r.body)
		}
	}

	x.api("PUT", "/Invoices/"+id+"/History", tree{"HistoryRecords": []tree{{"Details": "From the field"}}}).want(http.StatusOK)
	history := x.api("GET", "/Invoices/"+id+"/History", nil).want(http.StatusOK).list("HistoryRecords")
	if len(history) != 3 || history[0].text("Details") != "From the field" || history[2].text("Changes") != "Created" {
		t.Errorf("history %v", history)
	}
	x.api("PUT", "/Invoices/"+id+"/History", tree{"HistoryRecords": []tree{{"Details": strings.Repeat("x", 2501)}}}).want(http.StatusBadRequest)
	x.api("GET", "/Invoices/00000000-0000-0000-0000-000000000009/History", nil).wantRefusal("The document with the supplied id was not found for this endpoint.")
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	x := start(t)
	for _, call := range [][2]string{
		{"GET", "/Nothing"},
		{"GET", "/Invoices/NONE"},
		{"GET", "/Invoices/00000000-0000-0000-0000-000000000009"},
		{"POST", "/Invoices/NONE"},
		{"GET", "/Contacts/NONE/Nothing"},
		{"GET", ""},
		{"GET", "/a/b/c/d/e"},
	} {
		r := x.api(call[0], call[1], nil).want(http.StatusNotFound)
		if string(r.body) != "The resource you're looking for cannot be found" || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
			t.Errorf("%v: %s", call, r.body)
		}
	}
	x.send("GET", "/elsewhere", "").want(http.StatusNotFound)
	x.api("DELETE", "/Invoices", nil).want(http.StatusMethodNotAllowed)
	x.api("PUT", "/Accounts", tree{"Code": "1"}).want(http.StatusMethodNotAllowed)
	r := x.api("POST", "/Organisation", tree{"Name": "x"}).want(http.StatusNotImplemented)
	if got := r.tree().text("Message"); got != "The Api Method called is not implemented" {
		t.Errorf("POST /Organisation: %s", r.body)
	}
}

func TestXMLIsTheDefault(t *testing.T) {
	t.Parallel()
	x := start(t)
	id := x.create(nil).text("InvoiceID")
	for _, accept := range []string{"", "*/*", "text/xml"} {
		r := x.api("GET", "/Invoices/"+id, nil, header{"Accept": accept}).want(http.StatusOK)
		for _, part := range []string{"<Response>", "<Invoices><Invoice>", "<InvoiceID>" + id + "</InvoiceID>", "<LineItems><LineItem>", "<Date>2026-07-01T00:00:00</Date>"} {
			if !strings.Contains(string(r.body), part) {
				t.Errorf("Accept %q: no %s in %s", accept, part, r.body)
			}
		}
	}
	r := x.api("PUT", "/Invoices", tree{"Type": "ACCREC"}, header{"Accept": ""}).want(http.StatusBadRequest)
	if !strings.Contains(string(r.body), "<ApiException>") || !strings.Contains(string(r.body), "<ValidationErrors><ValidationError><Message>") {
		t.Errorf("error as XML: %s", r.body)
	}
}

// Of many calls that want one number, exactly one gets it.
func TestOneNumberForMany(t *testing.T) {
	t.Parallel()
	x := start(t)
	contact := x.customer("ABC Limited")
	body, err := json.Marshal(invoice(contact, tree{"InvoiceNumber": "INV-1"}))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var won atomic.Int32
	for range 20 {
		wg.Go(func() {
			r, err := x.try("PUT", apiPrefix+"/Invoices", string(body))
			if err != nil {
				t.Error(err)
			} else if r.status == http.StatusOK {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || len(x.documents("Invoices")) != 1 {
		t.Errorf("%d calls created, %d invoices are there, want 1 and 1", won.Load(), len(x.documents("Invoices")))
	}
}
