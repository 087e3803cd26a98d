package billing

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/jpeg" // a logo may be one
	"image/png"
	"strings"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/draw"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	_ "golang.org/x/image/webp" // and so may this

	"ampedfieldops/internal/fieldops"
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
	return pdf, fileName(p.invoice.Number) + ".pdf", err
}

// fileName is a document number without what file systems refuse.
func fileName(number string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '-'
		}
		return r
	}, number)
}

// The page is A4; all measures are millimetres.
const (
	pageWidth, pageHeight = 210.0, 297.0
	margin                = 20.0
	textWidth             = pageWidth - 2*margin
	bottom                = pageHeight - 24
	lineHeight            = 5.0
)

// columns of the lines' table. They add up to textWidth.
var columns = []struct {
	title string
	width float64
	align string
}{
	{"Description", 88, "L"}, {"Quantity", 20, "R"}, {"Unit price", 24, "R"}, {"GST", 14, "R"}, {"Amount", 24, "R"},
}

// paper draws one invoice, or another document as the invoice that it resembles.
type paper struct {
	*fpdf.Fpdf
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
	p.Fpdf = fpdf.New("P", "mm", "A4", "")
	// The PDF standard's own fonts have no macrons, which Māori names need.
	p.AddUTF8FontFromBytes("go", "", goregular.TTF)
	p.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	p.SetTitle(p.name+" "+printable(i.Number), true)
	p.SetCreator("AmpedFieldOps", true)
	p.SetCreationDate(i.CreatedAt.Time)
	p.SetModificationDate(i.UpdatedAt.Time)
	p.SetCatalogSort(true) // the same invoice is the same file
	p.SetLang("en-NZ")
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(false, 0)
	p.AliasNbPages("{pages}")
	p.SetHeaderFunc(p.drawMark)
	p.SetFooterFunc(p.drawFooter)
	p.AddPage()
	p.drawFirm(firm, picture)
	p.drawHead(client)
	p.drawWords(p.preamble, 6)
	p.drawLines()
	p.drawTotals()
	p.drawWords(p.closing, 8)
	if !p.ownTerms {
		p.drawWords(firm.InvoiceTerms, 8)
	}
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("the PDF of %s %s: %w", p.name, i.Number, err)
	}
	return out.Bytes(), nil
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

// printable replaces what the font cannot hold: it reaches to U+FFFF.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r > 0xffff:
			return '\ufffd'
		case r == '\n':
			return r
		case r < ' ':
			return ' '
		}
		return r
	}, s)
}

func (p *paper) drawMark() {
	if p.mark == "" {
		return
	}
	p.SetFont("go", "B", 110)
	p.SetTextColor(232, 236, 240)
	p.TransformBegin()
	p.TransformRotate(50, pageWidth/2, pageHeight/2)
	p.Text(pageWidth/2-p.GetStringWidth(p.mark)/2, pageHeight/2+14, p.mark)
	p.TransformEnd()
	p.SetTextColor(0, 0, 0)
}

func (p *paper) drawFooter() {
	p.SetY(-15)
	p.SetFont("go", "", 8)
	p.SetTextColor(110, 110, 110)
	// The number of pages is put in at the end, so it cannot be aligned right.
	const pageNumber = 20
	p.CellFormat(textWidth-pageNumber, lineHeight, p.name+" "+printable(p.invoice.Number), "", 0, "L", false, 0, "")
	p.CellFormat(pageNumber, lineHeight, fmt.Sprintf("Page %d of {pages}", p.PageNo()), "", 0, "L", false, 0, "")
	p.SetTextColor(0, 0, 0)
}

// The room for a logo, and its finest resolution there: enough for print.
const (
	logoWidth, logoHeight = 70.0, 22.0
	logoPixels            = 900
)

// drawFirm draws the firm's logo, its name and where to find it on the left, and
// what the document is on the right.
func (p *paper) drawFirm(firm *fieldops.Settings, picture []byte) {
	p.SetFont("go", "B", 17)
	p.CellFormat(textWidth, 8, strings.ToUpper(p.name), "", 0, "R", false, 0, "")
	p.SetXY(margin, margin)
	p.drawLogo(picture)
	p.SetX(margin)
	p.MultiCell(textWidth*0.62, 8, printable(firm.CompanyName), "", "L", false)
	p.SetFont("go", "", 8.5)
	p.SetTextColor(90, 90, 90)
	tax := ""
	if firm.CompanyTaxNumber != "" {
		tax = "GST number " + firm.CompanyTaxNumber
	}
	for _, s := range []string{onPaper(firm.CompanyAddress), firm.CompanyPhone, firm.CompanyEmail, tax} {
		if s != "" {
			p.MultiCell(textWidth*0.62, 4.2, printable(s), "", "L", false)
		}
	}
	p.SetTextColor(0, 0, 0)
	p.SetY(max(margin+8, p.GetY()) + 8)
}

// drawLogo draws a picture as large as there is room for it. One that cannot be
// read is left out: the name of the firm stands there all the same.
func (p *paper) drawLogo(picture []byte) {
	logo := readLogo(picture)
	if logo == nil {
		return
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, logo); err != nil {
		return
	}
	size := logo.Bounds().Size()
	scale := min(logoWidth/float64(size.X), logoHeight/float64(size.Y))
	options := fpdf.ImageOptions{ImageType: "PNG"}
	p.RegisterImageOptionsReader("logo", options, &encoded)
	p.ImageOptions("logo", margin+p.GetCellMargin(), margin, float64(size.X)*scale, float64(size.Y)*scale, false, options, 0, "")
	p.SetY(margin + float64(size.Y)*scale + 3)
}

// readLogo makes of a JPEG, PNG or WebP picture what every PDF can show, no finer
// than a page needs. nil when it is none, or one of more points than a picture of
// a logo has.
func readLogo(picture []byte) *image.NRGBA {
	const most = 40_000_000
	config, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil || config.Width < 1 || config.Height < 1 || config.Width > most/config.Height {
		return nil
	}
	decoded, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil
	}
	size := decoded.Bounds().Size()
	if larger := max(size.X, size.Y); larger > logoPixels {
		size = image.Pt(max(1, size.X*logoPixels/larger), max(1, size.Y*logoPixels/larger))
	}
	logo := image.NewNRGBA(image.Rectangle{Max: size})
	draw.ApproxBiLinear.Scale(logo, logo.Rect, decoded, decoded.Bounds(), draw.Src, nil)
	return logo
}

// drawHead draws who is billed on the left and what a book-keeper looks for on
// the right.
func (p *paper) drawHead(client *fieldops.Client) {
	top := p.GetY()
	p.SetFont("go", "", 8)
	p.CellFormat(95, lineHeight, p.to, "", 1, "L", false, 0, "")
	p.SetFont("go", "B", 10.5)
	p.MultiCell(95, lineHeight, printable(p.invoice.ClientName), "", "L", false)
	p.SetFont("go", "", 9.5)
	if address := billingAddress(client); address != "" {
		p.MultiCell(95, lineHeight, printable(address), "", "L", false)
	}
	below := p.GetY()

	p.SetY(top)
	p.detail(p.name+" number", p.invoice.Number)
	p.detail("Issue date", longDate(p.invoice.IssueDate))
	p.detail(p.due, longDate(p.invoice.DueDate))
	if p.invoice.Reference != nil {
		p.detail("Reference", *p.invoice.Reference)
	}
	if p.invoice.ProjectName != "" {
		p.detail("Project", p.invoice.ProjectName)
	}
	p.SetY(max(below, p.GetY()) + 10)
}

// drawWords draws a text across the page, with room around it.
func (p *paper) drawWords(text string, room float64) {
	if text == "" {
		return
	}
	p.SetY(p.GetY() + room/2)
	p.SetFont("go", "", 9.5)
	for _, w := range p.SplitText(printable(text), textWidth) {
		if p.GetY()+lineHeight > bottom {
			p.AddPage()
			p.SetFont("go", "", 9.5)
		}
		p.CellFormat(textWidth, lineHeight, w, "", 1, "L", false, 0, "")
	}
	p.SetY(p.GetY() + room/2)
}

func billingAddress(c *fieldops.Client) string {
	address := text(c.BillingAddress)
	if address == "" {
		address = text(c.Address)
	}
	return onPaper(address)
}

// onPaper is an address as the head of a page has room for it.
func onPaper(address string) string {
	const most = 10
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(address, "\r\n", "\n")), "\n")
	return strings.Join(lines[:min(len(lines), most)], "\n")
}

func (p *paper) detail(label, value string) {
	if value == "" {
		return
	}
	const x, labelWidth = margin + 100, 27.0
	p.SetX(x)
	p.SetFont("go", "", 9)
	p.CellFormat(labelWidth, lineHeight, label, "", 0, "L", false, 0, "")
	p.SetFont("go", "B", 9)
	p.MultiCell(textWidth-100-labelWidth, lineHeight, printable(value), "", "R", false)
}

func longDate(d fieldops.Date) string {
	if d == "" {
		return ""
	}
	return d.Time().Format("2 January 2006")
}

func (p *paper) drawLines() {
	p.drawTableHead()
	for _, l := range p.invoice.Lines {
		p.SetFont("go", "", 9.5)
		words := p.SplitText(printable(l.Description), columns[0].width-2)
		// A line stays together unless it is longer than half a page.
		if height := float64(len(words))*lineHeight + 3; height < (bottom-margin)/2 {
			p.makeRoom(height)
		}
		p.SetY(p.GetY() + 1.5)
		cells := []string{"", l.Quantity.String(), l.UnitPrice.String(), l.TaxRate.String() + "%", money(l.Amount)}
		for n, w := range words {
			p.makeRoom(lineHeight)
			cells[0] = w
			for c, column := range columns {
				if n > 0 && c > 0 {
					break // the figures stand beside the first words
				}
				p.CellFormat(column.width, lineHeight, cells[c], "", 0, column.align, false, 0, "")
			}
			p.Ln(lineHeight)
		}
		p.SetY(p.GetY() + 1.5)
		p.SetDrawColor(215, 220, 225)
		p.Line(margin, p.GetY(), pageWidth-margin, p.GetY())
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
	if p.GetY()+height <= bottom {
		return
	}
	p.AddPage()
	p.drawTableHead()
	p.SetFont("go", "", 9.5)
}

func (p *paper) drawTotals() {
	const labelWidth, valueWidth = 58.0, 32.0
	i := p.invoice
	if p.GetY()+45+6*float64(len(p.below)) > bottom {
		p.AddPage()
	}
	p.SetY(p.GetY() + 4)
	row := func(style, label, value string) {
		p.SetFont("go", style, 10)
		p.SetX(pageWidth - margin - labelWidth - valueWidth)
		p.CellFormat(labelWidth, 6, label, "", 0, "L", false, 0, "")
		p.CellFormat(valueWidth, 6, value, "", 1, "R", false, 0, "")
	}
	row("", "Subtotal", money(i.SubTotal))
	for _, t := range taxes(i.Lines) {
		row("", "GST "+t.rate.String()+"%", money(t.tax))
	}
	p.SetDrawColor(90, 100, 110)
	p.Line(pageWidth-margin-labelWidth-valueWidth, p.GetY()+1, pageWidth-margin, p.GetY()+1)
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
