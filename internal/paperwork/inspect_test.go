package paperwork

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/image/tiff"
	"pgregory.net/rapid"

	"ampedfieldops/internal/fieldops"
)

// noise is a picture in which every point differs.
func noise(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = uint8(rand.UintN(256))
		if i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	return m
}

func encoded(t testing.TB, encode func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func aJPEG(t testing.TB, w, h int) []byte {
	return encoded(t, func(out io.Writer) error { return jpeg.Encode(out, noise(w, h), nil) })
}

func aPNG(t testing.TB, w, h int) []byte {
	return encoded(t, func(out io.Writer) error { return png.Encode(out, noise(w, h)) })
}

func aGIF(t testing.TB) []byte {
	m := image.NewPaletted(image.Rect(0, 0, 8, 6), color.Palette{color.Black, color.White})
	return encoded(t, func(out io.Writer) error {
		return gif.EncodeAll(out, &gif.GIF{Image: []*image.Paletted{m, m}, Delay: []int{1, 1}})
	})
}

func aTIFF(t testing.TB) []byte {
	return encoded(t, func(out io.Writer) error { return tiff.Encode(out, noise(8, 6), nil) })
}

// aWebP is a lossless picture of one point (RFC 9649, 3.1).
func aWebP() []byte {
	body := []byte{0x2f, 0, 0, 0, 0, 0x88, 0x88, 0x08}
	return riff(chunk("VP8L", body))
}

func chunk(kind string, body []byte) []byte {
	b := append([]byte(kind), binary.LittleEndian.AppendUint32(nil, uint32(len(body)))...)
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func riff(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(body)))...), body...)
}

func aPDF() []byte { return []byte("%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n") }

func aHEIC() []byte {
	return append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "\x00\x00\x00\x0cmdatxxxx"...)
}

func zipped(t testing.TB, files map[string]string) []byte {
	return encoded(t, func(out io.Writer) error {
		z := zip.NewWriter(out)
		for name, content := range files {
			w, err := z.Create(name)
			if err == nil {
				_, err = io.WriteString(w, content)
			}
			if err != nil {
				return err
			}
		}
		return z.Close()
	})
}

func aDOCX(t testing.TB) []byte {
	return zipped(t, map[string]string{"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"})
}

// aDOC is a compound file with one entry in its directory.
func aDOC(stream string) []byte {
	b := make([]byte, 512*3)
	copy(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	binary.LittleEndian.PutUint16(b[30:], 9)
	binary.LittleEndian.PutUint32(b[48:], 1) // the directory begins in sector 1
	binary.LittleEndian.PutUint32(b[76:], 0) // the table lies in sector 0
	binary.LittleEndian.PutUint32(b[512+4:], 0xfffffffe)
	entry := b[1024:]
	for i, c := range stream {
		binary.LittleEndian.PutUint16(entry[2*i:], uint16(c))
	}
	binary.LittleEndian.PutUint16(entry[64:], uint16(2*len(stream)+2))
	return b
}

func inspect(content []byte, name string, use Use) (Inspected, error) {
	return Inspect(bytes.NewReader(content), int64(len(content)), name, use)
}

func TestFilesAreWhatTheirBytesSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		content []byte
		use     Use
		want    string
		w, h    int
	}{
		{"a.jpg", aJPEG(t, 40, 30), UsePhoto, "jpg", 40, 30},
		{"a.html", aJPEG(t, 40, 30), UsePhoto, "jpg", 40, 30},
		{"a", aPNG(t, 12, 34), UsePhoto, "png", 12, 34},
		{"a.gif", aGIF(t), UsePhoto, "gif", 8, 6},
		{"a.webp", aWebP(), UsePhoto, "webp", 1, 1},
		{"a.heic", aHEIC(), UsePhoto, "heic", 0, 0},
		{"a.pdf", aPDF(), UsePhoto, "pdf", 0, 0},
		{"a.tif", aTIFF(t), UseScan, "tif", 8, 6},
		{"a.docx", aDOCX(t), UseFile, "docx", 0, 0},
		{"a.docx", zipped(t, map[string]string{"[Content_Types].xml": "", "xl/workbook.xml": ""}), UseFile, "xlsx", 0, 0},
		{"a.doc", aDOC("WordDocument"), UseFile, "doc", 0, 0},
		{"a.xls", aDOC("Workbook"), UseFile, "xls", 0, 0},
		{"a.txt", []byte("Kia ora, Ōtāhuhu\n"), UseFile, "txt", 0, 0},
		{"a.csv", []byte("a,b\n1,2\n"), UseFile, "csv", 0, 0},
		{"a.csv", []byte("caf\xe9,1\n"), UseFile, "csv", 0, 0},
	} {
		i, err := inspect(c.content, c.name, c.use)
		if err != nil || i.Extension != c.want || i.Width != c.w || i.Height != c.h || i.ContentType == "" || i.Shown != nil {
			t.Errorf("%s: %+v, %v", c.want, i, err)
		}
	}
}

// pngHead is a PNG that says how large it is, and holds next to nothing.
func pngHead(w, h uint32) []byte {
	body := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	body = append(body, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", body)...)
	return append(append(b, pngChunk("IDAT", []byte{1})...), pngChunk("IEND", nil)...)
}

func TestWhatMayNotBeUploadedIsRefused(t *testing.T) {
	t.Parallel()
	photo := aJPEG(t, 40, 30)
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 9) })
	for _, name := range []string{"[Content_Types].xml", "word/document.xml"} {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.Copy(w, io.LimitReader(zeros{}, 300<<20))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(aPNG(t, 4, 4))
	bad[8+4+4+3]++ // the width, without its checksum
	for name, c := range map[string]struct {
		content []byte
		name    string
		use     Use
		part    string
	}{
		"empty":                    {nil, "a.jpg", UsePhoto, "The file is empty"},
		"a script":                 {[]byte("<script>alert(1)</script>"), "a.jpg", UsePhoto, "Only JPEG"},
		"HTML called a photo":      {[]byte("<!doctype html><html>" + strings.Repeat(" ", 100)), "a.jpg", UsePhoto, "Only JPEG"},
		"SVG":                      {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "a.svg", UseFile, "Only images"},
		"SVG called text":          {[]byte(`  <svg onload="alert(1)"/>`), "a.txt", UseFile, "no plain text"},
		"HTML called CSV":          {[]byte("a,b\n<script>alert(1)</script>"), "a.csv", UseFile, "no plain text"},
		"a program":                {[]byte("MZ\x90\x00" + strings.Repeat("\x00", 100)), "a.jpg", UsePhoto, "Only JPEG"},
		"a program called text":    {[]byte("MZ\x90\x00\x01"), "a.txt", UseFile, "no text has"},
		"a photo as a scan's text": {[]byte("text"), "a.txt", UseScan, "Only JPEG"},
		"sound":                    {[]byte("RIFF\x10\x00\x00\x00WAVEfmt " + strings.Repeat("x", 20)), "a.webp", UsePhoto, "Only JPEG"},
		"AVIF":                     {[]byte("\x00\x00\x00\x10ftypavif\x00\x00\x00\x00"), "a.heic", UsePhoto, "Only JPEG"},
		"900 million points":       {pngHead(30_000, 30_000), "a.png", UsePhoto, "more than can be shown"},
		"one very long line":       {pngHead(2_000_000_000, 1), "a.png", UsePhoto, "more than can be shown"},
		"a JPEG cut short":         {photo[:len(photo)-10], "a.jpg", UsePhoto, "damaged"},
		"a signature only":         {[]byte("\xff\xd8\xff\xe0 a JPEG"), "a.jpg", UsePhoto, "damaged"},
		"GIF and JavaScript":       {[]byte("GIF89a/*" + strings.Repeat("x", 30) + "*/=1;alert(1)"), "a.gif", UsePhoto, ""},
		"GIF and JavaScript, too":  {[]byte("GIF89a=1;alert(document.cookie);//" + strings.Repeat("x", 30)), "a.gif", UsePhoto, ""},
		"a PNG with another width": {bad, "a.png", UsePhoto, "damaged"},
		"JPEG and ZIP":             {append(bytes.Clone(photo), aDOCX(t)...), "a.jpg", UsePhoto, "behind its end"},
		"JPEG and HTML":            {append(bytes.Clone(photo), "<html><script>alert(1)</script>"...), "a.jpg", UsePhoto, "behind its end"},
		"PNG and PHP":              {append(aPNG(t, 4, 4), "<?php system($_GET['c']);"...), "a.png", UsePhoto, "behind its end"},
		"GIF and HTML":             {append(aGIF(t), "<html>"...), "a.gif", UsePhoto, "behind its end"},
		"WebP and HTML":            {append(aWebP(), "<html>"...), "a.webp", UsePhoto, "behind its end"},
		"PDF and ZIP":              {append(aPDF(), aDOCX(t)...), "a.pdf", UsePhoto, "behind its end"},
		"PDF and HTML":             {[]byte("%PDF-1.7 <html><script>alert(1)</script>\nstartxref\n0\n%%EOF"), "a.pdf", UsePhoto, "web page at once"},
		"a PDF cut short":          {[]byte("%PDF-1.7 " + strings.Repeat("x", 99)), "a.pdf", UsePhoto, "damaged"},
		"HEIC cut short":           {aHEIC()[:30], "a.heic", UsePhoto, "damaged"},
		"a ZIP file":               {zipped(t, map[string]string{"a.txt": "x"}), "a.docx", UseFile, "ZIP files are not kept"},
		"macros":                   {zipped(t, map[string]string{"[Content_Types].xml": "", "word/vbaProject.bin": "x"}), "a.docx", UseFile, "macros"},
		"a document that unfolds":  {bomb.Bytes(), "a.docx", UseFile, "unfolds into more"},
		"a compound file":          {aDOC("Nothing"), "a.doc", UseFile, "neither a Word nor an Excel"},
		"a document as a photo":    {aDOCX(t), "a.jpg", UsePhoto, "Only JPEG"},
	} {
		i, err := inspect(c.content, c.name, c.use)
		if fieldops.KindOf(err) != fieldops.Invalid || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// spliced is a JPEG with segments behind its beginning.
func spliced(photo []byte, segments ...[]byte) []byte {
	return append(append(bytes.Clone(photo[:2]), bytes.Join(segments, nil)...), photo[2:]...)
}

func segment(marker byte, body string) []byte {
	return append([]byte{0xff, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
}

// gps is what a camera writes of the place: the words stand for it.
const gps = "GPS 36.8485 S 174.7633 E"

func exif(orientation int) []byte {
	return segment(0xe1, "Exif\x00\x00"+string(orientationTIFF(orientation))+gps)
}

func shownOf(t *testing.T, content []byte, i Inspected) []byte {
	t.Helper()
	r := Show(i.Shown, bytes.NewReader(content), int64(len(content)))
	whole, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	// Read in pieces, from anywhere, it is the same.
	for range 20 {
		at := rand.Int64N(int64(len(whole)))
		if _, err := r.Seek(at, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		part := make([]byte, min(37, int64(len(whole))-at))
		if _, err := io.ReadFull(r, part); err != nil || !bytes.Equal(part, whole[at:at+int64(len(part))]) {
			t.Fatalf("at %d: %v", at, err)
		}
	}
	if end, err := r.Seek(0, io.SeekEnd); err != nil || end != int64(len(whole)) {
		t.Errorf("it ends at %d, not %d: %v", end, len(whole), err)
	}
	return whole
}

func TestWhereAPictureWasTakenIsNotShown(t *testing.T) {
	t.Parallel()
	photo := aJPEG(t, 40, 30)
	picture := aPNG(t, 40, 30)
	animated := aGIF(t)
	comment := append([]byte{0x21, 0xfe, byte(len(gps))}, gps+"\x00"...)
	xmp := append(append([]byte{0x21, 0xff, 11}, "XMP DataXMP"...), append([]byte{byte(len(gps))}, gps+"\x00"...)...)
	intoGIF := append(append(bytes.Clone(animated[:len(animated)-1]), append(comment, xmp...)...), 0x3b)
	intoPNG := append(append(bytes.Clone(picture[:33]), append(pngChunk("tEXt", []byte("Comment\x00"+gps)), pngChunk("eXIf", append(orientationTIFF(6), gps...))...)...), picture[33:]...)
	extended := chunk("VP8X", []byte{0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	intoWebP := riff(extended, aWebP()[12:], chunk("EXIF", []byte(gps)), chunk("XMP ", []byte(gps+"!")))
	motion := append(spliced(photo, exif(1)), "\x00\x00\x00\x18ftypmp42"+gps...)
	for name, content := range map[string][]byte{
		"JPEG": spliced(photo, exif(6), segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+gps), segment(0xfe, gps), segment(0xed, gps)),
		"PNG":  intoPNG, "GIF": intoGIF, "WebP": intoWebP, "a photo with a film": motion,
		"a photo with another": append(bytes.Clone(photo), spliced(photo, exif(1))...),
	} {
		i, err := inspect(content, "a", UsePhoto)
		if err != nil || i.Shown == nil {
			t.Errorf("%s: %+v, %v", name, i, err)
			continue
		}
		shown := shownOf(t, content, i)
		if bytes.Contains(shown, []byte("GPS")) || !bytes.Contains(content, []byte("GPS")) {
			t.Errorf("%s: the place is shown", name)
		}
		again, err := inspect(shown, "a", UsePhoto)
		if err != nil || again.Width != i.Width || again.Height != i.Height {
			t.Errorf("%s: what is shown is %+v, %v", name, again, err)
		}
		if i.Extension == "webp" {
			continue // the picture of one point is none that the decoder takes
		}
		was, _, err := image.Decode(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		is, _, err := image.Decode(bytes.NewReader(shown))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for y := range was.Bounds().Dy() {
			for x := range was.Bounds().Dx() {
				if was.At(x, y) != is.At(x, y) {
					t.Fatalf("%s: the point %d, %d is another", name, x, y)
				}
			}
		}
	}
}

func TestPicturesStayTheRightWayUp(t *testing.T) {
	t.Parallel()
	// White, but for a black quarter at the top left.
	m := image.NewGray(image.Rect(0, 0, 64, 32))
	for y := range 32 {
		for x := range 64 {
			m.SetGray(x, y, color.Gray{255})
			if x < 32 && y < 16 {
				m.SetGray(x, y, color.Gray{0})
			}
		}
	}
	photo := encoded(t, func(out io.Writer) error { return jpeg.Encode(out, m, &jpeg.Options{Quality: 100}) })
	// Where the black quarter is when it is looked at: right, below.
	for o, where := range map[int][2]bool{1: {false, false}, 2: {true, false}, 3: {true, true}, 4: {false, true}, 5: {false, false}, 6: {true, false}, 7: {true, true}, 8: {false, true}} {
		content := spliced(photo, exif(o))
		i, err := inspect(content, "a", UsePhoto)
		if err != nil {
			t.Fatal(err)
		}
		if turnedOver := o >= 5; turnedOver != (i.Height > i.Width) {
			t.Errorf("%d: it has %d × %d points", o, i.Width, i.Height)
		}
		shown := shownOf(t, content, i)
		if kept := orientation(bytes.NewReader(shown), int64(len(shown)), "jpg"); kept != o {
			t.Errorf("%d: what is shown says %d", o, kept)
		}
		small, err := Preview(bytes.NewReader(content), int64(len(content)), i, 32)
		if err != nil {
			t.Fatal(err)
		}
		p, err := jpeg.Decode(bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		b := p.Bounds()
		if max(b.Dx(), b.Dy()) != 32 || (b.Dy() > b.Dx()) != (o >= 5) {
			t.Errorf("%d: the preview has %v", o, b)
		}
		x, y := b.Dx()/4, b.Dy()/4
		if where[0] {
			x = b.Dx() * 3 / 4
		}
		if where[1] {
			y = b.Dy() * 3 / 4
		}
		if r, _, _, _ := p.At(x, y).RGBA(); r > 0x4000 {
			t.Errorf("%d: the black quarter is not at %d, %d", o, x, y)
		}
	}
}

func TestPreviewsOfOtherKinds(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{"png": aPNG(t, 600, 300), "gif": aGIF(t), "tif": aTIFF(t)} {
		i, err := inspect(content, "a", UseFormer)
		if err != nil {
			t.Fatal(err)
		}
		small, err := Preview(bytes.NewReader(content), int64(len(content)), i, 480)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(small)); err != nil || max(c.Width, c.Height) > 480 {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	for _, content := range [][]byte{aPDF(), aHEIC(), pngHead(8000, 8000)} {
		i, err := inspect(content, "a", UsePhoto)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Preview(bytes.NewReader(content), int64(len(content)), i, 480); !errors.Is(err, ErrNoPreview) {
			t.Errorf("%s: %v", i.Extension, err)
		}
	}
}

func TestNamesDoNoHarm(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"board.jpg": "board.jpg", "../../etc/passwd": "passwd.jpg", `C:\x\board.exe`: "board.jpg", "": "file.jpg", "...": "file.jpg", ".htaccess": "file.jpg",
		"con.txt": "_con.jpg", "a\u202egpj.exe": "agpj.jpg", "Mā\u0304ori.png": "Mā̄ori.jpg", "a\x00b\n.png": "ab.jpg", "a<b>.png": "ab.jpg",
		strings.Repeat("ō", 200) + ".png": strings.Repeat("ō", 98) + ".jpg",
	} {
		if got := CleanName(name, "jpg"); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestDamagedFilesAreLookedAtWithoutHarm(t *testing.T) {
	t.Parallel()
	samples := [][]byte{aJPEG(t, 40, 30), spliced(aJPEG(t, 8, 8), exif(6)), aPNG(t, 9, 9), aGIF(t), aWebP(), aTIFF(t), aHEIC(), aPDF(), aDOCX(t), aDOC("Workbook")}
	rapid.Check(t, func(rt *rapid.T) {
		b := bytes.Clone(rapid.SampledFrom(samples).Draw(rt, "sample"))
		for range rapid.IntRange(0, 8).Draw(rt, "flips") {
			b[rapid.IntRange(0, len(b)-1).Draw(rt, "at")] = byte(rapid.IntRange(0, 255).Draw(rt, "byte"))
		}
		b = b[:rapid.IntRange(0, len(b)).Draw(rt, "length")]
		looked(rt, b)
	})
}

// looked fails when a file is looked at in a way that a reader of it would notice.
func looked(t interface{ Fatalf(string, ...any) }, b []byte) {
	i, err := inspect(b, "a.txt", UseFormer)
	if err != nil {
		if fieldops.KindOf(err) == "" {
			t.Fatalf("%v", err)
		}
		return
	}
	shown, err := io.ReadAll(Show(i.Shown, bytes.NewReader(b), int64(len(b))))
	if err != nil || len(shown) == 0 && len(b) > 0 {
		t.Fatalf("%d of %d bytes are shown: %v", len(shown), len(b), err)
	}
	if i.Previewable() && i.Width*i.Height < 1<<20 {
		if _, err := Preview(bytes.NewReader(b), int64(len(b)), i, 64); err != nil && !errors.Is(err, ErrNoPreview) {
			t.Fatalf("%v", err)
		}
	}
}

func FuzzInspect(f *testing.F) {
	for _, b := range [][]byte{aJPEG(f, 8, 8), spliced(aJPEG(f, 8, 8), exif(6)), aPNG(f, 9, 9), aGIF(f), aWebP(), aTIFF(f), aHEIC(), aPDF(), aDOCX(f), aDOC("Book")} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { looked(t, b) })
}

// sparse is a large PNG of one chunk, of which only the ends exist.
type sparse struct {
	head, tail []byte
	size       int64
}

func (s *sparse) ReadAt(b []byte, at int64) (int, error) {
	clear(b)
	if at < int64(len(s.head)) {
		copy(b, s.head[at:])
	}
	if from := s.size - int64(len(s.tail)); at+int64(len(b)) > from {
		copy(b[max(0, from-at):], s.tail[max(0, at-from):])
	}
	return len(b), nil
}

func TestALargeFileIsLookedAtInLittleMemory(t *testing.T) {
	const size = 100 << 20
	whole := pngHead(4000, 3000)
	head, end := bytes.Clone(whole[:33]), pngChunk("IEND", nil)
	length := uint32(size - len(head) - 12 - len(end))
	head = append(binary.BigEndian.AppendUint32(head, length), "IDAT"...)
	file := &sparse{head, append(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(nil)), end...), size}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	i, err := Inspect(file, size, "a", UseFile)
	runtime.ReadMemStats(&after)
	if err != nil || i.Width != 4000 {
		t.Fatalf("%+v, %v", i, err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("it took %d bytes", took)
	}
}

func BenchmarkInspect(b *testing.B) {
	photo := encoded(b, func(out io.Writer) error { return jpeg.Encode(out, noise(2500, 2000), &jpeg.Options{Quality: 95}) })
	b.SetBytes(int64(len(photo)))
	for b.Loop() {
		if _, err := inspect(photo, "a", UsePhoto); err != nil {
			b.Fatal(err)
		}
	}
}
