package xero

import (
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"

	"github.com/google/go-cmp/cmp"
)

// held is p as Xero would hold it.
func held(p fieldops.Posting) fieldops.Remote {
	r := fieldops.Remote{
		Kind: p.Ref.Kind, ID: remoteA, Number: p.Number, Reference: p.Reference, Status: p.Status, ContactID: p.ContactID,
		Date: p.Date, DueDate: p.DueDate, Currency: "NZD", URL: p.URL, Total: p.Total, TotalTax: p.TotalTax,
	}
	switch p.Ref.Kind {
	case fieldops.KindInvoice:
		r.Type = TypeCustomerInvoice
	case fieldops.KindPurchaseOrder:
		r.Type = TypePurchaseOrder
	case fieldops.KindClient:
		r.Type = TypeContact
		details := *p.Contact
		r.Contact = &details
	}
	for _, l := range p.Lines {
		r.Lines = append(r.Lines, fieldops.RemoteLine{
			ID: remoteB, Description: l.Description, Quantity: l.Quantity, UnitPrice: l.UnitPrice,
			AccountCode: l.AccountCode, TaxType: l.TaxType, Amount: l.Amount, Tax: l.Tax,
		})
	}
	return r
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name   string
		change func(*fieldops.Posting, *fieldops.Remote)
		want   []string
	}{
		{"the same", func(*fieldops.Posting, *fieldops.Remote) {}, nil},
		{"contact", func(_ *fieldops.Posting, r *fieldops.Remote) { r.ContactID = remoteC }, []string{"contact"}},
		{"number", func(_ *fieldops.Posting, r *fieldops.Remote) { r.Number = "INV-2" }, []string{"number"}},
		{"reference", func(_ *fieldops.Posting, r *fieldops.Remote) { r.Reference = "" }, []string{"reference"}},
		{"notes", func(_ *fieldops.Posting, r *fieldops.Remote) { r.Notes = "Gate B" }, []string{"notes"}},
		{"dates", func(_ *fieldops.Posting, r *fieldops.Remote) { r.Date, r.DueDate = "2026-11-22", "2026-12-19" }, []string{"date", "due date"}},
		{"currency", func(p *fieldops.Posting, _ *fieldops.Remote) { p.Currency = "AUD" }, []string{"currency"}},
		{"a line more", func(_ *fieldops.Posting, r *fieldops.Remote) { r.Lines = append(r.Lines, r.Lines[0]) }, []string{"number of lines"}},
		{"a line", func(_ *fieldops.Posting, r *fieldops.Remote) {
			r.Lines[0] = fieldops.RemoteLine{Description: "Other", Quantity: 1, UnitPrice: 2, AccountCode: "260", TaxType: "NONE"}
		}, []string{"line 1 description", "line 1 quantity", "line 1 unit price", "line 1 account", "line 1 tax type"}},
		{"a ten-thousandth", func(_ *fieldops.Posting, r *fieldops.Remote) { r.Lines[0].UnitPrice++ }, []string{"line 1 unit price"}},

		{"totals and status do not count", func(_ *fieldops.Posting, r *fieldops.Remote) {
			r.Total, r.TotalTax, r.Status, r.Lines[0].Amount, r.Lines[0].Tax = 1, 2, fieldops.StatusPaid, 3, 4
		}, nil},
		{"spaces that Xero drops", func(p *fieldops.Posting, _ *fieldops.Remote) {
			p.Reference, p.Lines[0].Description = " PO 4711 ", "Labour\n"
		}, nil},
		{"line ends", func(p *fieldops.Posting, r *fieldops.Remote) {
			p.Lines[0].Description, r.Lines[0].Description = "Labour \r\nand travel\r\n", "Labour\nand travel"
		}, nil},
		{"spaces within count", func(p *fieldops.Posting, r *fieldops.Remote) {
			p.Lines[0].Description, r.Lines[0].Description = "A  B", "A B"
		}, []string{"line 1 description"}},
		{"case counts", func(p *fieldops.Posting, _ *fieldops.Remote) { p.Reference = "po 4711" }, []string{"reference"}},
		{"case of an id does not", func(p *fieldops.Posting, r *fieldops.Remote) { r.ContactID = strings.ToUpper(p.ContactID) }, nil},
		{"what we leave to Xero", func(p *fieldops.Posting, _ *fieldops.Remote) {
			p.Date, p.DueDate, p.Currency, p.Lines[0].AccountCode, p.Lines[0].TaxType = "", "", "", "", ""
		}, nil},
	} {
		p := invoice(idA, "INV-1")
		r := held(p)
		x.change(&p, &r)
		if diff := cmp.Diff(x.want, Compare(p, r)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", x.name, diff)
		}
	}
	order := purchaseOrder(idA, "PO-1")
	r := held(order)
	r.DueDate = "2027-01-01"
	if diff := cmp.Diff([]string{"delivery date"}, Compare(order, r)); diff != "" {
		t.Errorf("order: (-want +got)\n%s", diff)
	}
}

func TestCompareOfAClient(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name   string
		change func(ours, theirs *fieldops.PostingContact)
		want   []string
	}{
		{"the same", func(_, _ *fieldops.PostingContact) {}, nil},
		{"spaces of the name", func(ours, _ *fieldops.PostingContact) { ours.Name = " Ngata   Homes " }, nil},
		{"the telephone number taken apart", func(_, theirs *fieldops.PostingContact) { theirs.Phone = "09 5550123" }, nil},
		{"what we do not know", func(ours, _ *fieldops.PostingContact) {
			*ours = fieldops.PostingContact{Name: "Ngata Homes"}
		}, nil},
		{"what Xero does not know", func(_, theirs *fieldops.PostingContact) {
			*theirs = fieldops.PostingContact{Name: "Ngata"}
		}, []string{"name", "first name", "last name", "email", "phone", "address", "city"}},
		{"customer is Xero's to say", func(_, theirs *fieldops.PostingContact) { theirs.Customer = true }, nil},
	} {
		p := client(idA, "Ngata Homes")
		r := held(p)
		x.change(p.Contact, r.Contact)
		if diff := cmp.Diff(x.want, Compare(p, r)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", x.name, diff)
		}
	}
	if p := client(idA, "Ngata Homes"); len(Compare(p, fieldops.Remote{Kind: fieldops.KindClient, Number: idA})) == 0 {
		t.Error("a contact without details has ours")
	}
}

func TestTotalsDiffer(t *testing.T) {
	t.Parallel()
	p := invoice(idA, "INV-1")
	for _, x := range []struct {
		total, tax fieldops.Cents
		want       bool
	}{{p.Total, p.TotalTax, false}, {p.Total + 1, p.TotalTax, true}, {p.Total, p.TotalTax - 1, true}} {
		r := held(p)
		r.Total, r.TotalTax = x.total, x.tax
		if TotalsDiffer(p, r) != x.want {
			t.Errorf("%s and %s: want %v", x.total, x.tax, x.want)
		}
	}
	if p := client(idA, "A"); TotalsDiffer(p, held(p)) {
		t.Error("a client has totals")
	}
}

func TestMine(t *testing.T) {
	t.Parallel()
	type change = func(*fieldops.Posting, *fieldops.Remote)
	for _, x := range []struct {
		name   string
		p      fieldops.Posting
		change change
		want   bool
	}{
		{"our invoice", invoice(idA, "INV-1"), func(*fieldops.Posting, *fieldops.Remote) {}, true},
		{"edited there", invoice(idA, "INV-1"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.Reference, r.Lines = "x", nil }, true},
		{"a longer path", invoice(idA, "INV-1"), func(_ *fieldops.Posting, r *fieldops.Remote) {
			r.URL = "https://new.example/a/b/" + strings.ToUpper(idA) + "/"
		}, true},
		{"number of another's invoice", invoice(idA, "INV-1"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.URL = "" }, false},
		{"marker of another of ours", invoice(idA, "INV-1"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.URL = "https://office.example.nz/invoices/" + idB }, false},
		{"our id only", invoice(idA, "INV-1"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.URL = idA }, false},
		{"a bill", invoice(idA, "INV-1"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.Type = TypeSupplierInvoice }, false},
		{"another number", invoice(idA, "INV-1"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.Number = "INV-2" }, false},
		{"no number", invoice(idA, ""), func(*fieldops.Posting, *fieldops.Remote) {}, false},
		{"no id", invoice(idA, "INV-1"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.ID = "" }, false},
		{"another kind", invoice(idA, "INV-1"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.Kind = fieldops.KindPurchaseOrder }, false},
		{"by id whatever else", invoice(idA, "INV-1"), func(p *fieldops.Posting, r *fieldops.Remote) {
			p.RemoteID, r.Number, r.URL = strings.ToUpper(remoteA), "INV-9", ""
		}, true},
		{"another id whatever else", invoice(idA, "INV-1"), func(p *fieldops.Posting, _ *fieldops.Remote) { p.RemoteID = remoteB }, false},
		{"sent without a marker, same content", invoice(idA, "INV-1"), func(p *fieldops.Posting, r *fieldops.Remote) { p.URL, r.URL = "", "" }, true},
		{"sent without a marker, other content", invoice(idA, "INV-1"), func(p *fieldops.Posting, r *fieldops.Remote) { p.URL, r.URL, r.Reference = "", "", "x" }, false},
		{"our order", purchaseOrder(idA, "PO-1"), func(*fieldops.Posting, *fieldops.Remote) {}, true},
		{"an order of other content", purchaseOrder(idA, "PO-1"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.Lines[0].Quantity++ }, false},
		{"an order of another supplier", purchaseOrder(idA, "PO-1"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.ContactID = remoteC }, false},
		{"our client", client(idA, "Ngata Homes"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.Contact.Name = "Renamed" }, true},
		{"a client of the same name", client(idA, "Ngata Homes"), func(_ *fieldops.Posting, r *fieldops.Remote) { r.Number = "" }, false},
	} {
		p := x.p
		r := held(p)
		x.change(&p, &r)
		if got := Mine(p, r); got != x.want {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
	}
}
