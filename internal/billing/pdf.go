package billing

import (
	"context"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/sheet"
)

// InvoicePDF is an invoice, deleted or not, as a page to send or to print, and a
// name for the file.
func (s *Service) InvoicePDF(ctx context.Context, id fieldops.ID) (pdf []byte, name string, err error) {
	invoice, err := s.db.AnyInvoice(ctx, id)
	if err != nil {
		return nil, "", err
	}
	return s.print(ctx, invoice.ClientID, invoicePaper(&invoice))
}

// QuotePDF is a quote as a page to send or to print, and a name for the file.
func (s *Service) QuotePDF(ctx context.Context, id fieldops.ID) (pdf []byte, name string, err error) {
	quote, err := s.db.Quote(ctx, id)
	if err != nil {
		return nil, "", err
	}
	return s.print(ctx, quote.ClientID, quotePaper(&quote))
}

// CreditNotePDF is a credit note as a page to send or to print, and a name for
// the file.
func (s *Service) CreditNotePDF(ctx context.Context, id fieldops.ID) (pdf []byte, name string, err error) {
	note, err := s.db.CreditNote(ctx, id)
	if err != nil {
		return nil, "", err
	}
	return s.print(ctx, note.ClientID, creditNotePaper(&note))
}

// print draws a document of a client with what the settings say of the firm.
func (s *Service) print(ctx context.Context, clientID *fieldops.ID, p *paper) (pdf []byte, name string, err error) {
	settings, err := s.db.Settings(ctx)
	if err != nil {
		return nil, "", err
	}
	var client fieldops.Client
	if clientID != nil {
		if client, err = s.db.AnyClient(ctx, *clientID); err != nil {
			return nil, "", err
		}
	}
	var picture []byte
	if s.openPicture != nil && settings.Logo != "" {
		// A document without its logo is better than none.
		if content, _, err := s.openPicture(ctx, settings.Logo); err == nil {
			picture = content
		}
	}
	pdf, err = p.draw(&settings, picture, &client)
	return pdf, sheet.FileName(p.invoice.Number) + ".pdf", err
}

// columns of the lines' table. They add up to sheet.TextWidth.
var columns = []struct {
	title string
	width float64
	align string
}{
	{"Description", 88, "L"}, {"Quantity", 20, "R"}, {"Unit price", 24, "R"}, {"GST", 14, "R"}, {"Amount", 24, "R"},
}

// paper draws one invoice, or another document as the invoice that it resembles.
type paper struct {
	*sheet.Sheet
	invoice  *fieldops.Invoice
	name     string // Invoice, Quote or Credit note
	to       string // what stands above the client's name
	due      string // what the second date is called
	preamble string // above the lines
	closing  string // below the totals
	ownTerms bool   // the firm's terms do not belong on it
	below    []sum  // below the total, the last of them what is left
	mark     string // across each page, "" for a document that stands
}

// sum is a line below the total.
type sum struct {
	label  string
	amount fieldops.Cents
}

func invoicePaper(i *fieldops.Invoice) *paper {
	p := &paper{invoice: i, name: "Invoice", to: "Bill to", due: "Due date", mark: markOf(i)}
	if i.AmountPaid != 0 {
		p.below = []sum{{"Paid", -i.AmountPaid}, {"Amount due " + i.Currency, i.AmountDue}}
	}
	return p
}

func quotePaper(q *fieldops.Quote) *paper {
	p := &paper{
		invoice: &fieldops.Invoice{
			Number: q.Number, ClientName: q.ClientName, ProjectName: q.ProjectName, IssueDate: q.IssueDate, DueDate: q.ExpiryDate,
			Reference: q.Reference, Currency: q.Currency, Lines: q.Lines, SubTotal: q.SubTotal, TotalTax: q.TotalTax, Total: q.Total,
			CreatedAt: q.CreatedAt, UpdatedAt: q.UpdatedAt,
		},
		name: "Quote", to: "For", due: "Valid until", closing: text(q.Terms), ownTerms: text(q.Terms) != "",
		preamble: strings.TrimSpace(text(q.Title) + "\n" + text(q.Summary)),
	}
	if q.Status == fieldops.StatusDraft {
		p.mark = "DRAFT"
	}
	return p
}

func creditNotePaper(n *fieldops.CreditNote) *paper {
	p := &paper{
		invoice: &fieldops.Invoice{
			Number: n.Number, ClientName: n.ClientName, IssueDate: n.Date, Status: n.Status, Currency: n.Currency, Lines: n.Lines,
			SubTotal: n.SubTotal, TotalTax: n.TotalTax, Total: n.Amount, CreatedAt: n.CreatedAt, UpdatedAt: n.UpdatedAt,
		},
		name: "Credit note", to: "Credit to", preamble: text(n.Reason), ownTerms: true,
	}
	if number := text(n.InvoiceNumber); number != "" {
		reference := "Invoice " + number
		p.invoice.Reference = &reference
	}
	for _, a := range n.Allocations {
		p.below = append(p.below, sum{"Set against " + a.InvoiceNumber, -a.Amount})
	}
	if p.below != nil {
		p.below = append(p.below, sum{"Remaining credit " + n.Currency, n.Remaining()})
	}
	p.mark = markOf(p.invoice)
	return p
}

// draw draws the document; picture is the firm's logo, or nothing.
func (p *paper) draw(firm *fieldops.Settings, picture []byte, client *fieldops.Client) ([]byte, error) {
	i := p.invoice
	p.Sheet = sheet.New(sheet.Config{Name: p.name, Number: i.Number, Mark: p.mark, Created: i.CreatedAt, Modified: i.UpdatedAt})
	p.Head(firm, picture, p.name)
	p.drawHead(client)
	p.Words(p.preamble, 6)
	p.drawLines()
	p.drawTotals()
	p.Words(p.closing, 8)
	if !p.ownTerms {
		p.Words(firm.InvoiceTerms, 8)
	}
	return p.Bytes()
}

func markOf(i *fieldops.Invoice) string {
	switch {
	case !i.DeletedAt.IsZero() || i.Status == fieldops.StatusVoided || i.Status == fieldops.StatusDeleted:
		return "VOID"
	case i.Status == fieldops.StatusDraft || i.Status == fieldops.StatusSubmitted:
		return "DRAFT"
	}
	return ""
}

// drawHead draws who is billed on the left and what a book-keeper looks for on
// the right.
func (p *paper) drawHead(client *fieldops.Client) {
	top := p.GetY()
	p.SetFont("go", "", 8)
	p.CellFormat(95, sheet.LineHeight, p.to, "", 1, "L", false, 0, "")
	p.SetFont("go", "B", 10.5)
	p.MultiCell(95, sheet.LineHeight, sheet.Printable(p.invoice.ClientName), "", "L", false)
	p.SetFont("go", "", 9.5)
	if address := billingAddress(client); address != "" {
		p.MultiCell(95, sheet.LineHeight, sheet.Printable(address), "", "L", false)
	}
	below := p.GetY()

	p.SetY(top)
	p.Detail(p.name+" number", p.invoice.Number)
	p.Detail("Issue date", sheet.LongDate(p.invoice.IssueDate))
	p.Detail(p.due, sheet.LongDate(p.invoice.DueDate))
	if p.invoice.Reference != nil {
		p.Detail("Reference", *p.invoice.Reference)
	}
	if p.invoice.ProjectName != "" {
		p.Detail("Project", p.invoice.ProjectName)
	}
	p.SetY(max(below, p.GetY()) + 10)
}

func billingAddress(c *fieldops.Client) string {
	address := text(c.BillingAddress)
	if address == "" {
		address = text(c.Address)
	}
	return sheet.Address(address)
}

func (p *paper) drawLines() {
	p.drawTableHead()
	for _, l := range p.invoice.Lines {
		p.SetFont("go", "", 9.5)
		words := p.SplitText(sheet.Printable(l.Description), columns[0].width-2)
		// A line stays together unless it is longer than half a page.
		if height := float64(len(words))*sheet.LineHeight + 3; height < (sheet.Bottom-sheet.Margin)/2 {
			p.makeRoom(height)
		}
		p.SetY(p.GetY() + 1.5)
		cells := []string{"", l.Quantity.String(), l.UnitPrice.String(), l.TaxRate.String() + "%", money(l.Amount)}
		for n, w := range words {
			p.makeRoom(sheet.LineHeight)
			cells[0] = w
			for c, column := range columns {
				if n > 0 && c > 0 {
					break // the figures stand beside the first words
				}
				p.CellFormat(column.width, sheet.LineHeight, cells[c], "", 0, column.align, false, 0, "")
			}
			p.Ln(sheet.LineHeight)
		}
		p.SetY(p.GetY() + 1.5)
		p.SetDrawColor(215, 220, 225)
		p.Line(sheet.Margin, p.GetY(), sheet.Width-sheet.Margin, p.GetY())
	}
}

func (p *paper) drawTableHead() {
	p.SetFont("go", "B", 9)
	p.SetFillColor(238, 242, 246)
	for _, c := range columns {
		p.CellFormat(c.width, 7, c.title, "", 0, c.align, true, 0, "")
	}
	p.Ln(7)
}

// makeRoom begins a new page, with the table's head, unless height fits.
func (p *paper) makeRoom(height float64) {
	if p.GetY()+height <= sheet.Bottom {
		return
	}
	p.AddPage()
	p.drawTableHead()
	p.SetFont("go", "", 9.5)
}

func (p *paper) drawTotals() {
	const labelWidth, valueWidth = 58.0, 32.0
	i := p.invoice
	if p.GetY()+45+6*float64(len(p.below)) > sheet.Bottom {
		p.AddPage()
	}
	p.SetY(p.GetY() + 4)
	row := func(style, label, value string) {
		p.SetFont("go", style, 10)
		p.SetX(sheet.Width - sheet.Margin - labelWidth - valueWidth)
		p.CellFormat(labelWidth, 6, label, "", 0, "L", false, 0, "")
		p.CellFormat(valueWidth, 6, value, "", 1, "R", false, 0, "")
	}
	row("", "Subtotal", money(i.SubTotal))
	for _, t := range taxes(i.Lines) {
		row("", "GST "+t.rate.String()+"%", money(t.tax))
	}
	p.SetDrawColor(90, 100, 110)
	p.Line(sheet.Width-sheet.Margin-labelWidth-valueWidth, p.GetY()+1, sheet.Width-sheet.Margin, p.GetY()+1)
	p.SetY(p.GetY() + 2)
	row("B", "Total "+i.Currency, money(i.Total))
	for n, b := range p.below {
		style := ""
		if n == len(p.below)-1 {
			style = "B"
		}
		row(style, b.label, money(b.amount))
	}
}

type taxSum struct {
	rate fieldops.TaxRate
	tax  fieldops.Cents
}

// taxes adds up the tax of lines by its rate, in the order of the lines.
func taxes(lines []fieldops.Line) []taxSum {
	var sums []taxSum
next:
	for _, l := range lines {
		for n := range sums {
			if sums[n].rate == l.TaxRate {
				sums[n].tax += l.Tax
				continue next
			}
		}
		sums = append(sums, taxSum{l.TaxRate, l.Tax})
	}
	return sums
}

// money writes an amount with separators of thousands: "12,345.60".
func money(c fieldops.Cents) string {
	plain, negative := strings.CutPrefix(c.String(), "-")
	whole, cents, _ := strings.Cut(plain, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if negative {
		whole = "-" + whole
	}
	return whole + "." + cents
}
