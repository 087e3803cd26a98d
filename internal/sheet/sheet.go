// Package sheet draws the firm's documents: A4 pages with its head and foot, in
// fonts that hold the macrons of Māori names, as a PDF. What a document says is the
// business of whose document it is: billing's invoices, paperwork's certificates.
//
// The one thing to know: the same calls make the same bytes.
package sheet

import (
	"bytes"
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

// The page is A4; all measures are millimetres.
const (
	Width      = 210.0
	Height     = 297.0
	Margin     = 20.0
	TextWidth  = Width - 2*Margin
	Bottom     = Height - 24 // below it there is only the foot
	LineHeight = 5.0
)

// Config says what a document is.
type Config struct {
	Name, Number      string // "Invoice", "INV-00042"
	Mark              string // across each page, "" for a document that stands
	Created, Modified fieldops.Time
}

// Sheet is a document that is being drawn. It begins with an empty first page.
type Sheet struct {
	*fpdf.Fpdf
	config Config
}

// New begins a document.
func New(c Config) *Sheet {
	s := &Sheet{fpdf.New("P", "mm", "A4", ""), c}
	// The PDF standard's own fonts have no macrons.
	s.AddUTF8FontFromBytes("go", "", goregular.TTF)
	s.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	s.SetTitle(c.Name+" "+Printable(c.Number), true)
	s.SetCreator("AmpedFieldOps", true)
	s.SetCreationDate(c.Created.Time)
	s.SetModificationDate(c.Modified.Time)
	s.SetCatalogSort(true) // the same document is the same file
	s.SetLang("en-NZ")
	s.SetMargins(Margin, Margin, Margin)
	s.SetAutoPageBreak(false, 0)
	s.AliasNbPages("{pages}")
	s.SetHeaderFunc(s.drawMark)
	s.SetFooterFunc(s.drawFooter)
	s.AddPage()
	return s
}

// Bytes ends the document.
func (s *Sheet) Bytes() ([]byte, error) {
	var out bytes.Buffer
	if err := s.Output(&out); err != nil {
		return nil, fmt.Errorf("the PDF of %s %s: %w", s.config.Name, s.config.Number, err)
	}
	return out.Bytes(), nil
}

// FileName is a document number without what file systems refuse.
func FileName(number string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '-'
		}
		return r
	}, number)
}

// Printable replaces what the font cannot hold: it reaches to U+FFFF.
func Printable(s string) string {
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

func (s *Sheet) drawMark() {
	if s.config.Mark == "" {
		return
	}
	s.SetFont("go", "B", 110)
	s.SetTextColor(232, 236, 240)
	s.TransformBegin()
	s.TransformRotate(50, Width/2, Height/2)
	s.Text(Width/2-s.GetStringWidth(s.config.Mark)/2, Height/2+14, s.config.Mark)
	s.TransformEnd()
	s.SetTextColor(0, 0, 0)
}

func (s *Sheet) drawFooter() {
	s.SetY(-15)
	s.SetFont("go", "", 8)
	s.SetTextColor(110, 110, 110)
	// The number of pages is put in at the end, so it cannot be aligned right.
	const pageNumber = 20
	s.CellFormat(TextWidth-pageNumber, LineHeight, s.config.Name+" "+Printable(s.config.Number), "", 0, "L", false, 0, "")
	s.CellFormat(pageNumber, LineHeight, fmt.Sprintf("Page %d of {pages}", s.PageNo()), "", 0, "L", false, 0, "")
	s.SetTextColor(0, 0, 0)
}

// The room for a logo, and its finest resolution there: enough for print.
const (
	logoWidth, logoHeight = 70.0, 22.0
	logoPixels            = 900
)

// Head draws the firm's logo, its name and where to find it on the left, and what
// the document is on the right.
func (s *Sheet) Head(firm *fieldops.Settings, picture []byte, name string) {
	const left = TextWidth * 0.62
	s.SetFont("go", "B", 17)
	s.SetX(Margin + left)
	s.MultiCell(TextWidth-left, 8, strings.ToUpper(name), "", "R", false)
	below := s.GetY()
	s.SetXY(Margin, Margin)
	s.drawLogo(picture)
	s.SetX(Margin)
	s.MultiCell(left, 8, Printable(firm.CompanyName), "", "L", false)
	s.SetFont("go", "", 8.5)
	s.SetTextColor(90, 90, 90)
	tax := ""
	if firm.CompanyTaxNumber != "" {
		tax = "GST number " + firm.CompanyTaxNumber
	}
	for _, line := range []string{Address(firm.CompanyAddress), firm.CompanyPhone, firm.CompanyEmail, tax} {
		if line != "" {
			s.MultiCell(left, 4.2, Printable(line), "", "L", false)
		}
	}
	s.SetTextColor(0, 0, 0)
	s.SetY(max(below, s.GetY()) + 8)
}

// drawLogo draws a picture as large as there is room for it. One that cannot be
// read is left out: the name of the firm stands there all the same.
func (s *Sheet) drawLogo(picture []byte) {
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
	s.RegisterImageOptionsReader("logo", options, &encoded)
	s.ImageOptions("logo", Margin+s.GetCellMargin(), Margin, float64(size.X)*scale, float64(size.Y)*scale, false, options, 0, "")
	s.SetY(Margin + float64(size.Y)*scale + 3)
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

// Words draws a text across the page, with room around it.
func (s *Sheet) Words(text string, room float64) {
	if text == "" {
		return
	}
	s.SetY(s.GetY() + room/2)
	s.SetFont("go", "", 9.5)
	for _, w := range s.SplitText(Printable(text), TextWidth) {
		if s.GetY()+LineHeight > Bottom {
			s.AddPage()
			s.SetFont("go", "", 9.5)
		}
		s.CellFormat(TextWidth, LineHeight, w, "", 1, "L", false, 0, "")
	}
	s.SetY(s.GetY() + room/2)
}

// Address is an address as the head of a page has room for it.
func Address(address string) string {
	const most = 10
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(address, "\r\n", "\n")), "\n")
	return strings.Join(lines[:min(len(lines), most)], "\n")
}

// Detail draws one thing about the document on the right, unless its value is empty.
func (s *Sheet) Detail(label, value string) {
	if value == "" {
		return
	}
	const x, labelWidth = Margin + 100, 27.0
	s.SetX(x)
	s.SetFont("go", "", 9)
	s.CellFormat(labelWidth, LineHeight, label, "", 0, "L", false, 0, "")
	s.SetFont("go", "B", 9)
	s.MultiCell(TextWidth-100-labelWidth, LineHeight, Printable(value), "", "R", false)
}

// LongDate is a day in words, "" of none.
func LongDate(d fieldops.Date) string {
	if d == "" {
		return ""
	}
	return d.Time().Format("2 January 2006")
}
