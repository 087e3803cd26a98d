package paperwork

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // what can be made smaller
	"image/jpeg"
	_ "image/png"
	"io"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)

// previewMemory is how much a picture may take while it is made smaller.
const previewMemory = 160 << 20

const previewQuality = 82

// previewBytes is how much a picture takes when it is read.
func previewBytes(extension string, width, height int) int64 {
	each := int64(8) // sixteen bits a colour, as PNG and TIFF can have
	switch extension {
	case "jpg":
		each = 3
	case "gif":
		each = 1
	case "webp":
		each = 4
	}
	return each * int64(width) * int64(height)
}

// ErrNoPreview is the answer for what no small picture can be made of.
var ErrNoPreview = errors.New("no small picture can be made of it")

// Preview makes a small JPEG of a picture, as it is to be looked at, whose longer
// side has at most so many points.
func Preview(content io.ReaderAt, size int64, i Inspected, longest int) (_ []byte, err error) {
	if !i.Previewable() {
		return nil, ErrNoPreview
	}
	defer func() {
		if p := recover(); p != nil { // a decoder that a damaged file gets the better of
			err = fmt.Errorf("%w: %v", ErrNoPreview, p)
		}
	}()
	whole, _, err := image.Decode(io.NewSectionReader(content, 0, size))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPreview, err)
	}
	from := whole.Bounds()
	if from.Dx() > maxSide || from.Dy() > maxSide || from.Empty() {
		return nil, ErrNoPreview
	}
	scale := min(1, float64(longest)/float64(max(from.Dx(), from.Dy())))
	small := image.NewNRGBA(image.Rect(0, 0, max(1, int(float64(from.Dx())*scale)), max(1, int(float64(from.Dy())*scale))))
	draw.Draw(small, small.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.BiLinear.Scale(small, small.Bounds(), whole, from, draw.Over, nil)
	var b bytes.Buffer
	err = jpeg.Encode(&b, turned(small, orientation(content, size, i.Extension)), &jpeg.Options{Quality: previewQuality})
	return b.Bytes(), err
}

// orientation is how a picture must be turned to be looked at, 1 for not at all.
func orientation(content io.ReaderAt, size int64, extension string) int {
	r := &reader{from: content, size: size}
	switch extension {
	case "jpg":
		for offset := int64(2); r.err == nil; {
			head := bytes.Clone(r.at(offset, 10))
			if r.err != nil || head[0] != 0xff || head[1] == 0xda {
				return 1
			}
			end := offset + 2 + int64(head[2])<<8 + int64(head[3])
			if head[1] == 0xe1 && string(head[4:]) == "Exif\x00\x00" {
				return max(1, orientationOf(r, offset+10, end))
			}
			offset = end
		}
	case "png":
		for offset := int64(8); r.err == nil; {
			head := bytes.Clone(r.at(offset, 8))
			length := int64(head[0])<<24 | int64(head[1])<<16 | int64(head[2])<<8 | int64(head[3])
			if string(head[4:]) == "eXIf" {
				return max(1, orientationOf(r, offset+8, offset+8+length))
			}
			offset += 12 + length
		}
	}
	return 1
}

// turned is a picture as Exif's orientation has it (CIPA DC-008, 4.6.5).
func turned(m *image.NRGBA, orientation int) image.Image {
	if orientation == 1 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		out = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			out.SetNRGBA(tx, ty, m.NRGBAAt(x, y))
		}
	}
	return out
}
