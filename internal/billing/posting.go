package billing

import (
	"cmp"
	"context"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// obstacle is why a document cannot be sent yet, for a person to mend.
type obstacle struct {
	reason  string
	message string
	who     fieldops.WhoMustAct
}

// needs is what the postings of one transaction need besides their documents.
type needs struct {
	settings  fieldops.Settings
	reference store.Reference
}

func readNeeds(ctx context.Context, tx *store.Tx) (n needs, err error) {
	if n.settings, err = tx.Settings(ctx); err != nil {
		return n, err
	}
	n.reference, err = tx.Reference(ctx)
	return n, err
}

// posting builds a document as it is to stand at the provider, from its newest
// revision. With an obstacle the posting is as complete as it can be: enough to
// recognise the document there, not enough to send it. wait is EnsureContact's.
func (s *Sync) posting(ctx context.Context, tx *store.Tx, needs needs, c *store.Claim, wait bool) (fieldops.Posting, *obstacle, error) {
	switch c.Ref.Kind {
	case fieldops.KindInvoice:
		return s.invoicePosting(ctx, tx, needs, c, wait)
	case fieldops.KindPurchaseOrder:
		return s.orderPosting(ctx, tx, needs, c, wait)
	default:
		return s.contactPosting(ctx, tx, c)
	}
}

func (s *Sync) invoicePosting(ctx context.Context, tx *store.Tx, needs needs, c *store.Claim, wait bool) (fieldops.Posting, *obstacle, error) {
	invoice, err := tx.AnyInvoice(ctx, c.Ref.ID)
	if err != nil {
		return fieldops.Posting{}, nil, err
	}
	settings := needs.settings
	p := fieldops.Posting{
		Ref: c.Ref, Revision: c.Revision, RemoteID: c.RemoteID, Number: invoice.Number, Reference: text(invoice.Reference),
		Date: invoice.IssueDate, DueDate: invoice.DueDate, Status: settings.InvoiceStatus, Currency: invoice.Currency,
		URL: s.link("invoices", invoice.ID), Total: invoice.Total, TotalTax: invoice.TotalTax,
	}
	blocked, err := s.complete(ctx, tx, needs.reference, &p, invoice.ClientID, invoice.Lines, settings.SalesAccount, "sales", wait)
	return p, blocked, err
}

func (s *Sync) orderPosting(ctx context.Context, tx *store.Tx, needs needs, c *store.Claim, wait bool) (fieldops.Posting, *obstacle, error) {
	order, err := tx.AnyPurchaseOrder(ctx, c.Ref.ID)
	if err != nil {
		return fieldops.Posting{}, nil, err
	}
	settings := needs.settings
	p := fieldops.Posting{
		Ref: c.Ref, Revision: c.Revision, RemoteID: c.RemoteID, Number: order.Number, Reference: order.ProjectCode,
		Date: order.Date, DueDate: order.DeliveryDate, Status: order.Status, Currency: order.Currency,
		Notes: text(order.Notes), Total: order.Total, TotalTax: order.TotalTax,
	}
	blocked, err := s.complete(ctx, tx, needs.reference, &p, order.SupplierID, order.Lines, settings.PurchaseAccount, "purchase", wait)
	return p, blocked, err
}

// complete fills in the contact and the lines' accounts and tax types, and says
// what is missing. Accounts and tax types are stored with the lines the first
// time, so that every later attempt sends the same.
func (s *Sync) complete(ctx context.Context, tx *store.Tx, reference store.Reference, p *fieldops.Posting, client *fieldops.ID, lines []fieldops.Line, account, side string, wait bool) (*obstacle, error) {
	var blocked *obstacle
	block := func(reason, message string, who fieldops.WhoMustAct) {
		if blocked == nil {
			blocked = &obstacle{reason, message, who}
		}
	}
	if client == nil {
		block("contact", "It has no client. Choose one.", fieldops.Office)
	} else {
		contact, failed, err := tx.EnsureContact(ctx, *client, wait)
		if err != nil {
			return nil, err
		}
		p.ContactID = contact
		switch {
		case failed != nil:
			block("contact", "The client is not in Xero: "+*failed, fieldops.Office)
		case contact == "":
			block("contact", "The client is sent to Xero first.", fieldops.Nobody)
		}
	}
	if reference.ReadAt.IsZero() {
		block("reference", "Xero's accounts and tax rates are read first.", fieldops.Nobody)
	}
	taxed := lines
	for i, l := range lines {
		code, taxType := l.AccountCode, l.TaxType
		if code == "" {
			code = account
		}
		if code == "" {
			block("account", "No "+side+" account is set. An admin chooses it in the settings under Xero.", fieldops.Admin)
		} else if !reference.ReadAt.IsZero() {
			known, ok := reference.Account(code)
			if !ok {
				block("account", "Xero has no active account "+code+". Choose another "+side+" account.", fieldops.Accountant)
			}
			if taxType == "" {
				taxType = known.TaxType
			}
			if rate, ok := reference.TaxRate(taxType); ok && rate.Rate != l.TaxRate {
				if &taxed[0] == &lines[0] {
					taxed = append([]fieldops.Line(nil), lines...)
				}
				taxed[i].AccountCode, taxed[i].TaxType, taxed[i].TaxRate = code, taxType, rate.Rate
			} else if taxed[i].AccountCode == "" || taxed[i].TaxType == "" {
				if ok || taxType == "" {
					if err := tx.FreezeLine(ctx, p.Ref.Kind, l.ID, code, taxType); err != nil {
						return nil, err
					}
				}
			}
		}
		p.Lines = append(p.Lines, fieldops.PostingLine{
			Description: l.Description, Quantity: l.Quantity, UnitPrice: l.UnitPrice,
			AccountCode: code, TaxType: taxType, Amount: l.Amount, Tax: l.Tax,
		})
	}
	if len(lines) > 0 && &taxed[0] != &lines[0] {
		for i := range taxed {
			if err := taxed[i].Price(); err != nil {
				return nil, err
			}
		}
		_, tax, total := fieldops.Totals(taxed)
		block("tax", "Xero's account taxes this otherwise: the total would be "+total.String()+" with "+tax.String()+
			" tax, here it is "+p.Total.String()+" with "+p.TotalTax.String()+" tax. Confirm Xero's tax, or choose another account.", fieldops.Office)
	}
	return blocked, nil
}

func (s *Sync) contactPosting(ctx context.Context, tx *store.Tx, c *store.Claim) (fieldops.Posting, *obstacle, error) {
	client, err := tx.Client(ctx, c.Ref.ID)
	if err != nil {
		return fieldops.Posting{}, nil, err
	}
	first, last, _ := strings.Cut(strings.TrimSpace(text(client.ContactName)), " ")
	return fieldops.Posting{
		Ref: c.Ref, Revision: c.Revision, RemoteID: c.RemoteID, Number: client.ID,
		Contact: &fieldops.PostingContact{
			Name: client.Name, FirstName: first, LastName: strings.TrimSpace(last),
			Email: cmp.Or(text(client.BillingEmail), text(client.Email)), Phone: text(client.Phone),
			AddressLine: cmp.Or(text(client.BillingAddress), text(client.Address)), City: text(client.Location),
			Customer: client.ClientType != fieldops.Supplier, Supplier: client.ClientType != fieldops.Customer,
		},
	}, nil, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// link is the marker that a document carries in Xero: the way back to it here,
// ending in its id. Xero refuses links that contain its own name; without a
// marker a document is recognised by its content.
func (s *Sync) link(page string, id fieldops.ID) string {
	if s.appURL == "" || strings.Contains(strings.ToLower(s.appURL), "xero") {
		return ""
	}
	return strings.TrimRight(s.appURL, "/") + "/" + page + "/" + id
}
