package xero

import (
	"fmt"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// Compare names the fields in which r, as Xero holds it, is not what p says:
// contact, number, reference, notes, dates, currency, and of each line description,
// quantity, unit price, account and tax type; of a client its details. Spaces
// and line ends that Xero does not keep make no difference, nor does a field
// that p leaves to Xero. Totals and status are not compared.
//
// A contact that was merged into another counts as different: the caller
// follows Remote.MergedTo and gives p the contact's new id.
func Compare(p fieldops.Posting, r fieldops.Remote) (different []string) {
	check := func(same bool, field string) {
		if !same {
			different = append(different, field)
		}
	}
	// given compares what p may leave to Xero.
	given := func(ours, theirs string) bool { return ours == "" || ours == theirs }

	check(p.Number == r.Number, "number")
	if p.Contact != nil {
		theirs := fieldops.PostingContact{}
		if r.Contact != nil {
			theirs = *r.Contact
		}
		known := func(ours, theirs string) bool { return ours == "" || sameText(ours, theirs) }
		check(contactName(p.Contact.Name) == contactName(theirs.Name), "name")
		check(known(p.Contact.FirstName, theirs.FirstName), "first name")
		check(known(p.Contact.LastName, theirs.LastName), "last name")
		check(known(p.Contact.Email, theirs.Email), "email")
		check(p.Contact.Phone == "" || samePhone(p.Contact.Phone, theirs.Phone), "phone")
		check(known(p.Contact.AddressLine, theirs.AddressLine), "address")
		check(known(p.Contact.City, theirs.City), "city")
		return different
	}

	check(sameID(p.ContactID, r.ContactID), "contact")
	check(sameText(p.Reference, r.Reference), "reference")
	check(sameText(p.Notes, r.Notes), "notes")
	check(given(string(p.Date), string(r.Date)), "date")
	due := "due date"
	if r.Kind == fieldops.KindPurchaseOrder {
		due = "delivery date"
	}
	check(given(string(p.DueDate), string(r.DueDate)), due)
	check(given(p.Currency, r.Currency), "currency")
	if len(p.Lines) != len(r.Lines) {
		return append(different, "number of lines")
	}
	for i, l := range p.Lines {
		line, theirs := fmt.Sprintf("line %d ", i+1), r.Lines[i]
		check(sameText(l.Description, theirs.Description), line+"description")
		check(l.Quantity == theirs.Quantity, line+"quantity")
		check(l.UnitPrice == theirs.UnitPrice, line+"unit price")
		check(given(l.AccountCode, theirs.AccountCode), line+"account")
		check(given(l.TaxType, theirs.TaxType), line+"tax type")
	}
	return different
}

// sameText compares text as Xero keeps it: without spaces around it and at the
// ends of its lines, and with one kind of line end.
func sameText(a, b string) bool { return stored(a) == stored(b) }

func stored(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\u00a0")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// samePhone compares what is dialled: Xero takes a number apart and together.
func samePhone(a, b string) bool { return dialled(a) == dialled(b) }

func dialled(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func sameID(a, b string) bool { return strings.EqualFold(a, b) }

// TotalsDiffer says whether Xero computed other totals than we did. Of a
// contact it is false.
func TotalsDiffer(p fieldops.Posting, r fieldops.Remote) bool {
	return p.Contact == nil && (p.Total != r.Total || p.TotalTax != r.TotalTax)
}

// Mine says whether r is the document that p stands for, and not another that
// bears its number. It is by its id, if we know that. Else it must be of our
// type and number and carry our marker: an invoice's Url, a contact's number. A
// purchase order has no field for one, and an invoice may have been sent
// without; those are ours only if their contact and whole content are p's, so
// the caller asks for each request that was ever sent.
func Mine(p fieldops.Posting, r fieldops.Remote) bool {
	if p.Ref.Kind != r.Kind || r.ID == "" {
		return false
	}
	if p.RemoteID != "" {
		return sameID(p.RemoteID, r.ID)
	}
	if p.Number == "" || p.Number != r.Number {
		return false
	}
	switch {
	case r.Kind == fieldops.KindClient:
		return true
	case r.Kind == fieldops.KindInvoice && r.Type != TypeCustomerInvoice:
		return false
	case r.Kind == fieldops.KindInvoice && p.URL != "":
		return marked(p, r)
	}
	return len(Compare(p, r)) == 0
}

// marked says whether r carries our marker: a link that ends in our id.
func marked(p fieldops.Posting, r fieldops.Remote) bool {
	if p.Ref.ID == "" {
		return false
	}
	link := strings.TrimRight(r.URL, "/")
	return len(link) > len(p.Ref.ID) && strings.EqualFold(link[len(link)-len(p.Ref.ID):], p.Ref.ID)
}
