package program

import (
	"bytes"
	"image"
	"image/png"
	"math"
)

// Picture is a picture of about so many bytes, a little more rather than less,
// whose points are what next says: two that differ in them differ in their bytes.
func Picture(size int, next func() uint8) []byte {
	width := max(16, int(math.Sqrt(float64(size))))
	m := image.NewGray(image.Rect(0, 0, width, 1+size/(width+1)))
	for i := range m.Pix {
		m.Pix[i] = next()
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&b, m); err != nil {
		panic(err) // memory takes everything
	}
	return b.Bytes()
}
