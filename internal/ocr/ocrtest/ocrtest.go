// Package ocrtest prints made-up receipts and invoices as pictures, as clean or as
// badly photographed as a test wants them, and as PDF files. The demo shows some of
// them, too.
package ocrtest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Look is how a paper was printed and photographed. The zero value is a clean scan of
// a till receipt.
type Look struct {
	Letter bool    // a proportional font and wide margins, as letters have
	Size   float64 // of the print in points of the picture; 0 is 28
	Skew   float64 // degrees
	Noise  int     // how far each point may be off its brightness, of 255
	Blur   int     // points around each that it mixes with
	Shadow bool    // one side lies in the dark
	Faded  bool    // thermal paper that has been in the sun
	Seed   uint64
}

// Print prints the lines of a text.
func Print(text string, look Look) *image.Gray {
	size := look.Size
	if size == 0 {
		size = 28
	}
	ttf := gomono.TTF
	if look.Letter {
		ttf = goregular.TTF
	}
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		panic(err) // it is compiled in
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		panic(err)
	}
	defer face.Close()
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	height, margin := int(size*1.35), int(size*1.5)
	width := 0
	for _, line := range lines {
		width = max(width, font.MeasureString(face, line).Ceil())
	}
	g := image.NewGray(image.Rect(0, 0, width+2*margin, len(lines)*height+2*margin))
	paper, ink := uint8(250), uint8(20)
	if look.Faded {
		paper, ink = 235, 130
	}
	for i := range g.Pix {
		g.Pix[i] = paper
	}
	d := font.Drawer{Dst: g, Src: image.NewUniform(color.Gray{Y: ink}), Face: face}
	for n, line := range lines {
		x := margin
		// In a proportional font columns stand where tabulators put them.
		for i, cell := range strings.Split(line, "\t") {
			if i > 0 {
				x = margin + (width*i)/strings.Count(line, "\t") - font.MeasureString(face, cell).Ceil()
			}
			d.Dot = fixed.P(x, margin+(n+1)*height-height/4)
			d.DrawString(cell)
		}
	}
	return photographed(g, look)
}

func photographed(g *image.Gray, look Look) *image.Gray {
	if look.Skew != 0 {
		g = turned(g, look.Skew)
	}
	for range look.Blur {
		g = blurred(g)
	}
	random := rand.New(rand.NewPCG(look.Seed, 7)) //nolint:gosec // noise that a test can repeat
	w, h := g.Rect.Dx(), g.Rect.Dy()
	for y := range h {
		for x := range w {
			v := float64(g.Pix[y*g.Stride+x])
			if look.Shadow {
				v *= 1 - 0.55*float64(x)/float64(w)
			}
			if look.Noise > 0 {
				v += float64(random.IntN(2*look.Noise+1) - look.Noise)
			}
			g.Pix[y*g.Stride+x] = uint8(max(0, min(255, v)))
		}
	}
	return g
}

func turned(g *image.Gray, angle float64) *image.Gray {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	w, h := float64(g.Rect.Dx()), float64(g.Rect.Dy())
	out := image.NewGray(image.Rect(0, 0, int(w*math.Abs(cos)+h*math.Abs(sin)), int(w*math.Abs(sin)+h*math.Abs(cos))))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			dx, dy := float64(x)-float64(out.Rect.Dx())/2, float64(y)-float64(out.Rect.Dy())/2
			fx, fy := dx*cos+dy*sin+w/2, -dx*sin+dy*cos+h/2
			v := uint8(250)
			if int(fx) >= 0 && int(fy) >= 0 && int(fx) < g.Rect.Dx() && int(fy) < g.Rect.Dy() {
				v = g.Pix[int(fy)*g.Stride+int(fx)]
			}
			out.Pix[y*out.Stride+x] = v
		}
	}
	return out
}

func blurred(g *image.Gray) *image.Gray {
	out := image.NewGray(g.Rect)
	w, h := g.Rect.Dx(), g.Rect.Dy()
	for y := range h {
		for x := range w {
			sum, n := 0, 0
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					if x+dx >= 0 && y+dy >= 0 && x+dx < w && y+dy < h {
						sum += int(g.Pix[(y+dy)*g.Stride+x+dx])
						n++
					}
				}
			}
			out.Pix[y*out.Stride+x] = uint8(sum / n)
		}
	}
	return out
}

// PNG is a printed text as a file.
func PNG(text string, look Look) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, Print(text, look)); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// JPEG is a printed text as a phone would send it.
func JPEG(text string, look Look) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, Print(text, look), &jpeg.Options{Quality: 75}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// PDF is a text as a program writes it: with a layer of text.
func PDF(text string) []byte {
	var page bytes.Buffer
	page.WriteString("BT /F1 10 Tf 12 TL 40 800 Td\n")
	escape := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`)
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintf(&page, "(%s) Tj T*\n", escape.Replace(line))
	}
	page.WriteString("ET")
	return pdf([]string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", page.Len(), page.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
	})
}

// ScannedPDF is a text as a scanner writes it: a picture of a page.
func ScannedPDF(text string, look Look) []byte {
	g := Print(text, look)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, g, &jpeg.Options{Quality: 85}); err != nil {
		panic(err)
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	draw := fmt.Sprintf("q %d 0 0 %d 0 0 cm /Im1 Do Q", w*72/200, h*72/200)
	return pdf([]string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R /Resources << /XObject << /Im1 5 0 R >> >> >>", w*72/200, h*72/200),
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(draw), draw),
		fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream", w, h, b.Len(), b.String()),
	})
}

func pdf(objects []string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, at)
	return b.Bytes()
}
