package ocr

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"slices"

	"golang.org/x/image/draw"
)

const (
	// maxSide is the longer side of what tesseract gets, in points: an A4 page at
	// some 280 dots per inch. A large photo gets smaller and no less readable.
	maxSide = 3300
	// wellRead is the width in points at which the print of a receipt is read well.
	wellRead = 1200
)

// prepare makes a picture as easy to read as it can be made: of a size that the
// recogniser is used to, evenly lit, and straight.
func prepare(g *image.Gray) *image.Gray {
	g = sized(g)
	even(g)
	strengthen(g)
	return straightened(g)
}

func sized(g *image.Gray) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	scale := 1.0
	if longer := max(w, h); longer > maxSide {
		scale = float64(maxSide) / float64(longer)
	} else if w < wellRead {
		scale = min(float64(wellRead)/float64(w), float64(maxSide)/float64(longer), 3)
	}
	if scale > 0.99 && scale < 1.01 {
		return g
	}
	out := image.NewGray(image.Rect(0, 0, max(1, int(float64(w)*scale)), max(1, int(float64(h)*scale))))
	draw.CatmullRom.Scale(out, out.Rect, g, g.Rect, draw.Src, nil)
	return out
}

// even takes shadows away: each point is seen against the brightness of the paper
// around it.
func even(g *image.Gray) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	const cell = 32
	cols, rows := (w+cell-1)/cell, (h+cell-1)/cell
	paper := make([]float64, cols*rows)
	for r := range rows {
		for c := range cols {
			var histogram [256]int
			n := 0
			for y := r * cell; y < min(h, (r+1)*cell); y++ {
				for x := c * cell; x < min(w, (c+1)*cell); x++ {
					histogram[g.Pix[y*g.Stride+x]]++
					n++
				}
			}
			seen := 0
			for v := 255; v >= 0; v-- { // the brightest tenth is paper
				if seen += histogram[v]; seen*10 >= n {
					paper[r*cols+c] = float64(v)
					break
				}
			}
		}
	}
	smooth(paper, cols, rows)
	for y := range h {
		for x := range w {
			fx, fy := (float64(x)/cell)-0.5, (float64(y)/cell)-0.5
			x0, y0 := int(math.Floor(fx)), int(math.Floor(fy))
			dx, dy := fx-float64(x0), fy-float64(y0)
			at := func(c, r int) float64 { return paper[max(0, min(rows-1, r))*cols+max(0, min(cols-1, c))] }
			light := (at(x0, y0)*(1-dx)+at(x0+1, y0)*dx)*(1-dy) + (at(x0, y0+1)*(1-dx)+at(x0+1, y0+1)*dx)*dy
			v := float64(g.Pix[y*g.Stride+x]) * 245 / max(light, 40)
			g.Pix[y*g.Stride+x] = uint8(min(255, v))
		}
	}
}

// strengthen makes faded ink black: the darkest hundredth of the points is ink.
func strengthen(g *image.Gray) {
	var histogram [256]int
	for _, v := range g.Pix {
		histogram[v]++
	}
	ink, seen := 0, 0
	for ; ink < 160; ink++ {
		if seen += histogram[ink]; seen*100 >= len(g.Pix) {
			break
		}
	}
	for i, v := range g.Pix {
		g.Pix[i] = uint8(max(0, min(255, (int(v)-ink)*255/(245-ink))))
	}
}

// smooth has each cell be at least as bright as the cells around it on average, so
// that a cell full of black is no dark paper.
func smooth(cells []float64, cols, rows int) {
	before := slices.Clone(cells)
	for r := range rows {
		for c := range cols {
			sum, n := 0.0, 0.0
			for y := max(0, r-1); y <= min(rows-1, r+1); y++ {
				for x := max(0, c-1); x <= min(cols-1, c+1); x++ {
					sum += before[y*cols+x]
					n++
				}
			}
			cells[r*cols+c] = max(before[r*cols+c], sum/n)
		}
	}
}

// The skew of a photo that is mended, in degrees.
const (
	maxSkew  = 8.0
	skewStep = 0.25
)

// straightened turns a picture so that its lines lie level.
func straightened(g *image.Gray) *image.Gray {
	angle := skewOf(g)
	if math.Abs(angle) < skewStep {
		return g
	}
	sin, cos := math.Sincos(angle * math.Pi / 180)
	w, h := float64(g.Rect.Dx()), float64(g.Rect.Dy())
	outW, outH := int(w*math.Abs(cos)+h*math.Abs(sin)), int(w*math.Abs(sin)+h*math.Abs(cos))
	out := image.NewGray(image.Rect(0, 0, outW, outH))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	for y := range outH {
		for x := range outW {
			dx, dy := float64(x)-float64(outW)/2, float64(y)-float64(outH)/2
			fromX, fromY := dx*cos-dy*sin+w/2, dx*sin+dy*cos+h/2
			x0, y0 := int(math.Floor(fromX)), int(math.Floor(fromY))
			if x0 < 0 || y0 < 0 || x0+1 >= g.Rect.Dx() || y0+1 >= g.Rect.Dy() {
				continue
			}
			ax, ay := fromX-float64(x0), fromY-float64(y0)
			at := y0*g.Stride + x0
			top := float64(g.Pix[at])*(1-ax) + float64(g.Pix[at+1])*ax
			bottom := float64(g.Pix[at+g.Stride])*(1-ax) + float64(g.Pix[at+g.Stride+1])*ax
			out.Pix[y*out.Stride+x] = uint8(top*(1-ay) + bottom*ay)
		}
	}
	return out
}

// skewOf is by how many degrees the lines of a text fall to the right: the angle
// along which rows of the picture are either full of print or empty.
func skewOf(g *image.Gray) float64 {
	const size = 600
	scale := min(1, float64(size)/float64(max(g.Rect.Dx(), g.Rect.Dy())))
	small := image.NewGray(image.Rect(0, 0, max(1, int(float64(g.Rect.Dx())*scale)), max(1, int(float64(g.Rect.Dy())*scale))))
	draw.BiLinear.Scale(small, small.Rect, g, g.Rect, draw.Src, nil)
	type point struct{ x, y float64 }
	var ink []point
	for y := range small.Rect.Dy() {
		for x := range small.Rect.Dx() {
			if small.Pix[y*small.Stride+x] < 150 {
				ink = append(ink, point{float64(x), float64(y)})
			}
		}
	}
	if len(ink) < 200 {
		return 0
	}
	sharpness := func(angle float64) float64 {
		sin, cos := math.Sincos(angle * math.Pi / 180)
		rows := map[int]float64{}
		for _, p := range ink {
			rows[int(math.Round(p.y*cos-p.x*sin))]++
		}
		sum := 0.0
		for _, n := range rows {
			sum += n * n
		}
		return sum
	}
	best, most := 0.0, sharpness(0)*1.02 // a straight picture is left as it is
	for angle := -maxSkew; angle <= maxSkew; angle += skewStep {
		if s := sharpness(angle); s > most {
			best, most = angle, s
		}
	}
	return best
}

// pgm is a picture in the format that needs no decoder: https://netpbm.sourceforge.net/doc/pgm.html.
func pgm(g *image.Gray) io.Reader {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	head := fmt.Appendf(nil, "P5\n%d %d\n255\n", w, h)
	if g.Stride == w {
		return io.MultiReader(bytes.NewReader(head), bytes.NewReader(g.Pix[:w*h]))
	}
	var b bytes.Buffer
	b.Write(head)
	for y := range h {
		b.Write(g.Pix[y*g.Stride : y*g.Stride+w])
	}
	return &b
}

// readPGM reads what pdftoppm writes.
func readPGM(b []byte) (*image.Gray, error) {
	var w, h, most int
	r := bytes.NewReader(b)
	if n, err := fmt.Fscanf(r, "P5\n%d %d\n%d\n", &w, &h, &most); n != 3 || err != nil || most != 255 || w <= 0 || h <= 0 || w > maxSide || h > maxSide {
		return nil, errors.New("pdftoppm wrote something else than a picture of one page")
	}
	if r.Len() < w*h {
		return nil, errors.New("pdftoppm wrote less than a page")
	}
	g := image.NewGray(image.Rect(0, 0, w, h))
	_, err := io.ReadFull(r, g.Pix)
	return g, err
}
