package xerosim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestContactRefusals(t *testing.T) {
	t.Parallel()
	x := start(t)
	x.api("PUT", "/Contacts", tree{"Name": "ABC Limited", "ContactNumber": "C1", "AccountNumber": "A1"}).want(http.StatusOK)
	for want, body := range map[string]tree{
		contactUnidentified: {"EmailAddress": "a@example.com"},
		"The contact name ABC Limited is already assigned to another contact. The contact name must be unique across all active contacts.": {"Name": "ABC Limited"},
		"The contact number C1 is already assigned to another contact. The contact number must be unique across all contacts.":             {"Name": "X", "ContactNumber": "C1"},
		"The Account Number already exists. Please enter a different Account Number.":                                                      {"Name": "X", "AccountNumber": "A1"},
		"Email address must be valid.":                                                     {"Name": "X", "EmailAddress": "nobody"},
		"Users Organisation is not subscribed to currency CHF":                             {"Name": "X", "DefaultCurrency": "CHF"},
		"The contact name must not contain the characters < or >":                          {"Name": "X<Y>"},
		"A contact can have at most 5 ContactPersons":                                      {"Name": "X", "ContactPersons": []tree{{}, {}, {}, {}, {}, {}}},
		"The value for Name is too long: it must be at most 255 characters":                {"Name": strings.Repeat("x", 256)},
		"The value for ContactNumber is too long: it must be at most 50 characters":        {"Name": "X", "ContactNumber": strings.Repeat("1", 51)},
		"The value for Addresses.City is too long: it must be at most 255 characters":      {"Name": "X", "Addresses": []tree{{"AddressType": "POBOX", "City": strings.Repeat("x", 256)}}},
		"The value for Phones.PhoneAreaCode is too long: it must be at most 10 characters": {"Name": "X", "Phones": []tree{{"PhoneType": "DDI", "PhoneAreaCode": "12345678901"}}},
		"Country must only contain letters":                                                {"Name": "X", "Addresses": []tree{{"AddressType": "POBOX", "Country": "NZ 1"}}},
	} {
		x.api("PUT", "/Contacts", body).wantRefusal(want)
	}
	if got := len(x.documents("Contacts")); got != 1 {
		t.Errorf("%d contacts after refusals, want 1", got)
	}
}

func TestContactUpdates(t *testing.T) {
	t.Parallel()
	x := start(t)
	made := x.api("PUT", "/Contacts", tree{
		"Name": "ABC Limited", "ContactNumber": "C1", "FirstName": "Ann", "EmailAddress": "ann@example.com",
		"ContactPersons": []tree{{"FirstName": "Bob", "EmailAddress": "bob@example.com", "IncludeInEmails": true}, {"FirstName": "Cy"}},
		"Phones":         []tree{{"PhoneType": "MOBILE", "PhoneNumber": "555"}},
		"Addresses":      []tree{{"AddressType": "POBOX", "AddressLine1": "PO Box 1", "City": "Wellington"}},
		"PaymentTerms":   tree{"Sales": tree{"Day": 20, "Type": "OFFOLLOWINGMONTH"}},
	}).want(http.StatusOK).one("Contacts")
	id := made.text("ContactID")
	if len(made.list("Addresses")) != 2 || len(made.list("Phones")) != 4 {
		t.Errorf("both addresses and all four phones should be listed: %v", made)
	}

	// By id: what is omitted stays, a list replaces the stored one.
	got := x.api("POST", "/Contacts/"+id, tree{"FirstName": "Zoe", "ContactPersons": []tree{{"FirstName": "Dee"}}}).want(http.StatusOK).one("Contacts")
	if got.text("Name") != "ABC Limited" || got.text("EmailAddress") != "ann@example.com" || got.text("FirstName") != "Zoe" {
		t.Errorf("after the update: %v", got)
	}
	if persons := got.list("ContactPersons"); len(persons) != 1 || persons[0].text("FirstName") != "Dee" {
		t.Errorf("contact persons: %v", persons)
	}
	// POST on the collection matches number, then name.
	x.api("POST", "/Contacts", tree{"ContactNumber": "C1", "Name": "ABC Ltd"}).want(http.StatusOK)
	x.api("POST", "/Contacts", tree{"Name": "abc ltd", "LastName": "Fox"}).want(http.StatusOK)
	all := x.documents("Contacts")
	if len(all) != 1 || all[0].text("LastName") != "Fox" || all[0].text("ContactID") != id {
		t.Errorf("POST should have edited the one contact: %v", all)
	}
	for _, path := range []string{"/Contacts/" + id, "/Contacts/C1"} {
		if got := x.api("GET", path, nil).want(http.StatusOK).one("Contacts"); got.text("ContactID") != id {
			t.Errorf("GET %s: %v", path, got)
		}
	}
	x.api("GET", "/Contacts/C2", nil).want(http.StatusNotFound)
	x.api("POST", "/Contacts", tree{"ContactID": "00000000-0000-0000-0000-000000000009", "Name": "New"}).want(http.StatusBadRequest)
}

func TestArchivedContacts(t *testing.T) {
	t.Parallel()
	x := start(t)
	old := x.api("PUT", "/Contacts", tree{"Name": "ABC Limited", "ContactNumber": "C1"}).want(http.StatusOK).one("Contacts").text("ContactID")
	x.api("POST", "/Contacts/"+old, tree{"ContactStatus": "ARCHIVED"}).want(http.StatusOK)

	// The name is free again, the number is not.
	fresh := x.customer("ABC Limited")
	x.api("PUT", "/Contacts", tree{"Name": "Other", "ContactNumber": "C1"}).want(http.StatusBadRequest)
	if got := x.api("GET", "/Contacts?page=1", nil).list("Contacts"); len(got) != 1 || got[0].text("ContactID") != fresh {
		t.Errorf("archived contacts are hidden: %v", got)
	}
	if got := x.api("GET", "/Contacts?page=1&includeArchived=true", nil).list("Contacts"); len(got) != 2 {
		t.Errorf("includeArchived shows %d contacts, want 2", len(got))
	}
	x.api("PUT", "/Invoices", invoice(old, nil)).wantRefusal("The contact ABC Limited has been archived. Archived contacts cannot be used on a document.")
	// It cannot come back while its name is taken.
	x.api("POST", "/Contacts/"+old, tree{"ContactStatus": "ACTIVE"}).want(http.StatusBadRequest)
	x.api("POST", "/Contacts/"+fresh, tree{"Name": "Fresh"}).want(http.StatusOK)
	x.api("POST", "/Contacts/"+old, tree{"ContactStatus": "ACTIVE"}).want(http.StatusOK)
}

func TestMergedContact(t *testing.T) {
	t.Parallel()
	x := start(t)
	from, into := x.customer("From"), x.customer("Into")
	id := x.api("PUT", "/Invoices", invoice(from, nil)).want(http.StatusOK).one("Invoices").text("InvoiceID")
	x.edit("Contacts", from, map[string]any{"MergedToContactID": into})
	got := x.api("GET", "/Contacts/"+from, nil).want(http.StatusOK).one("Contacts")
	if got.text("MergedToContactID") != into || got.text("ContactStatus") != "ARCHIVED" {
		t.Errorf("merged contact: %v", got)
	}
	contact := tree(x.api("GET", "/Invoices/"+id, nil).one("Invoices")["Contact"].(map[string]any))
	if contact.text("ContactID") != into {
		t.Errorf("the invoice stayed with %s", contact.text("ContactID"))
	}
}

func TestContactInsideADocument(t *testing.T) {
	t.Parallel()
	x := start(t)
	made := x.api("PUT", "/Contacts", tree{
		"Name": "ABC Limited", "ContactNumber": "C1", "FirstName": "Ann", "ContactPersons": []tree{{"FirstName": "Bob"}},
	}).want(http.StatusOK).one("Contacts")
	id := made.text("ContactID")
	read := func() tree { return x.api("GET", "/Contacts/"+id, nil).want(http.StatusOK).one("Contacts") }

	if read().text("IsCustomer") != "false" {
		t.Error("a customer before the first invoice")
	}
	x.api("PUT", "/Invoices", invoice("", tree{"Contact": tree{"ContactNumber": "C1"}})).want(http.StatusOK)
	got := read()
	if got.text("IsCustomer") != "true" || got.text("IsSupplier") != "false" || len(got.list("ContactPersons")) != 1 {
		t.Errorf("after an invoice that only names the contact: %v", got)
	}
	x.api("PUT", "/Invoices", invoice(id, tree{"Type": "ACCPAY", "LineItems": []tree{{"Description": "x", "UnitAmount": 1, "AccountCode": "300"}}})).want(http.StatusOK)
	if read().text("IsSupplier") != "true" {
		t.Error("no supplier after the first bill")
	}
	// Any other field edits the contact and drops the persons that are not listed.
	x.api("PUT", "/Invoices", invoice("", tree{"Contact": tree{"ContactID": id, "FirstName": "Zoe"}})).want(http.StatusOK)
	got = read()
	if got.text("FirstName") != "Zoe" || len(got.list("ContactPersons")) != 0 {
		t.Errorf("after an invoice with a contact's field: %v", got)
	}
	// A name without a match makes a contact, but only with a valid invoice.
	x.api("PUT", "/Invoices", invoice("", tree{"Contact": tree{"Name": "New Co"}, "LineItems": []tree{}})).want(http.StatusBadRequest)
	if got := len(x.documents("Contacts")); got != 1 {
		t.Errorf("a refused invoice left %d contacts", got)
	}
	x.api("PUT", "/Invoices", invoice("", tree{"Contact": tree{"Name": "New Co"}})).want(http.StatusOK)
	if got := len(x.documents("Contacts")); got != 2 {
		t.Errorf("%d contacts, want 2", got)
	}
	// A purchase order never makes one.
	x.api("PUT", "/PurchaseOrders", tree{"Contact": tree{"Name": "Nobody"}, "LineItems": []tree{{"Description": "x"}}}).want(http.StatusBadRequest)
	x.api("PUT", "/Invoices", invoice("", tree{"Contact": tree{}})).wantRefusal(contactUnidentified)
	x.api("PUT", "/Invoices", invoice("", tree{"Contact": tree{"ContactID": "00000000-0000-0000-0000-000000000009"}})).want(http.StatusBadRequest)
}

func TestContactLists(t *testing.T) {
	t.Parallel()
	x := start(t)
	a := x.api("PUT", "/Contacts", tree{"Name": "Ann's Wiring", "EmailAddress": "ann@example.com", "ContactNumber": "C1", "ContactPersons": []tree{{"FirstName": "Bob"}}}).one("Contacts").text("ContactID")
	x.clock.Advance(time.Second) // the default order is by UpdatedDateUTC
	b := x.customer("Bob's Cables")
	names := func(query string) []string {
		var got []string
		for _, c := range x.api("GET", "/Contacts?"+query, nil).want(http.StatusOK).list("Contacts") {
			got = append(got, c.text("Name"))
		}
		return got
	}
	where := func(text string) string { return "page=1&where=" + url.QueryEscape(text) }
	for query, want := range map[string][]string{
		"order=Name+DESC":                         {"Bob's Cables", "Ann's Wiring"},
		"IDs=" + b:                                {"Bob's Cables"},
		"IDs=" + a + "," + b + "&order=Name":      {"Ann's Wiring", "Bob's Cables"},
		"searchTerm=CABLES":                       {"Bob's Cables"},
		"searchTerm=ann%40example":                {"Ann's Wiring"},
		where(`ContactNumber=="c1"`):              {"Ann's Wiring"},
		where(`Name=="ANN'S WIRING"`):             {"Ann's Wiring"},
		where(`EmailAddress=="nobody@x.nz"`):      nil,
		where(`ContactID==guid("` + b + `")`):     {"Bob's Cables"},
		where(`IsCustomer==true OR Name!="x"`):    {"Ann's Wiring", "Bob's Cables"},
		where(`ContactNumber!=null AND Name!=""`): {"Ann's Wiring"},
	} {
		if diff := cmp.Diff(want, names(query)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", query, diff)
		}
	}
	paged := x.api("GET", "/Contacts?page=1&searchTerm=ann", nil).list("Contacts")[0]
	bare := x.api("GET", "/Contacts?searchTerm=ann", nil).list("Contacts")[0]
	summary := x.api("GET", "/Contacts?summaryOnly=true&searchTerm=ann", nil)
	if len(paged.list("ContactPersons")) != 1 || bare["ContactPersons"] != nil {
		t.Errorf("only pages show contact persons: %v, %v", paged["ContactPersons"], bare["ContactPersons"])
	}
	one := summary.one("Contacts")
	for _, name := range []string{"Addresses", "Balances", "ContactGroups", "ContactPersons", "IsCustomer", "IsSupplier"} {
		if one[name] != nil {
			t.Errorf("summaryOnly shows %s", name)
		}
	}
	if summary.tree()["pagination"] == nil {
		t.Error("summaryOnly should force paging")
	}
}

func TestBalances(t *testing.T) {
	t.Parallel()
	x := start(t)
	id := x.customer("ABC Limited")
	x.api("PUT", "/Invoices", invoice(id, nil)).want(http.StatusOK)
	x.api("PUT", "/Invoices", invoice(id, tree{"DueDate": "2026-07-14"})).want(http.StatusOK)
	x.api("PUT", "/Invoices", invoice(id, tree{"Status": "DRAFT"})).want(http.StatusOK)
	got := x.api("GET", "/Contacts/"+id, nil).one("Contacts")["Balances"].(map[string]any)
	receivable := tree(got["AccountsReceivable"].(map[string]any))
	if receivable.text("Outstanding") != "230.00" || receivable.text("Overdue") != "115.00" {
		t.Errorf("balances %v, want 230.00 outstanding (drafts do not count), of which 115.00 overdue", receivable)
	}
}
