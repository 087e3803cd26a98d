package paperwork

import (
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"ampedfieldops/internal/fieldops"
)

// Use says what a file is uploaded for, which decides what is let in.
type Use string

// The uses.
const (
	UsePhoto  Use = "photo"  // of a timesheet
	UseFile   Use = "file"   // of a project or cost centre
	UseScan   Use = "scan"   // a receipt or a supplier's document
	UseFormer Use = "former" // what a former version kept
)

// The largest files, in bytes.
const (
	MaxPhotoBytes = 10 << 20
	MaxFileBytes  = 100 << 20
	MaxPhotos     = 5 // of one timesheet
)

// MaxBytes is how large a file of that use may be.
func (u Use) MaxBytes() int64 {
	if u == UsePhoto || u == UseScan {
		return MaxPhotoBytes
	}
	return MaxFileBytes
}

// kinds are the kinds that each use lets in, by extension.
var kinds = map[Use][]string{
	UsePhoto:  {"jpg", "png", "gif", "webp", "heic", "pdf"},
	UseScan:   {"jpg", "png", "webp", "tif", "pdf"},
	UseFile:   {"jpg", "png", "gif", "webp", "heic", "pdf", "doc", "docx", "xls", "xlsx", "txt", "csv"},
	UseFormer: {"jpg", "png", "gif", "webp", "heic", "tif", "pdf", "doc", "docx", "xls", "xlsx", "txt", "csv"},
}

// wanted says to a person what a use lets in.
var wanted = map[Use]string{
	UsePhoto: "Only JPEG, PNG, GIF, WebP and HEIC images and PDF files can be attached",
	UseScan:  "Only JPEG, PNG, WebP and TIFF images and PDF files can be scanned",
	UseFile:  "Only images, PDF files, Word and Excel documents, and text and CSV files can be kept",
}

var contentTypes = map[string]string{
	"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp", "heic": "image/heic", "tif": "image/tiff", "pdf": "application/pdf",
	"doc": "application/msword", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"xls": "application/vnd.ms-excel", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"txt": "text/plain; charset=utf-8", "csv": "text/csv; charset=utf-8",
}

// Inspected is what a file is by its bytes, whatever it is called.
type Inspected struct {
	Extension     string // jpg, png, gif, webp, heic, tif, pdf, doc, docx, xls, xlsx, txt or csv
	ContentType   string
	Width, Height int    // pixels as shown, 0 for what is no picture or cannot be measured
	Shown         []Part // nil: it is shown as it is kept
}

// Previewable reports whether a small picture can be made of it.
func (i *Inspected) Previewable() bool {
	switch i.Extension {
	case "jpg", "png", "gif", "webp", "tif":
		return previewBytes(i.Extension, i.Width, i.Height) <= previewMemory
	}
	return false
}

// The largest pictures that are let in: a file of a few kilobytes can be a picture
// that fills any memory.
const (
	maxPixels = 100_000_000
	maxSide   = 30_000
)

// Inspect looks what a file is by walking its structure, reading a little at a
// time, and refuses with a sentence what its use does not let in: other kinds,
// pictures too large to be shown, and files that are two things at once.
func Inspect(content io.ReaderAt, size int64, name string, use Use) (Inspected, error) {
	r := &reader{from: content, size: size}
	head := r.upTo(0, 32)
	if r.err != nil {
		return Inspected{}, r.err
	}
	kind := sniff(head)
	if kind == "" && isText(name) {
		kind = extensionOf(name)
	}
	i := Inspected{Extension: kind}
	var err error
	switch kind {
	case "jpg":
		err = walkJPEG(r, &i)
	case "png":
		err = walkPNG(r, &i)
	case "gif":
		err = walkGIF(r, &i)
	case "webp":
		err = walkWebP(r, &i)
	case "heic":
		err = walkBoxes(r)
	case "tif":
		err = measureTIFF(r, &i)
	case "pdf":
		err = checkPDF(r)
	case "zip":
		i.Extension, err = officeOf(r)
	case "ole":
		i.Extension, err = formerOfficeOf(r)
	case "txt", "csv":
		err = checkText(r)
	default:
		err = fieldops.Refuse(fieldops.Invalid, "%s", wanted[use])
		if size == 0 {
			err = fieldops.Refuse(fieldops.Invalid, "The file is empty")
		}
	}
	if r.err != nil && !errors.Is(r.err, io.ErrUnexpectedEOF) {
		return Inspected{}, r.err
	}
	if err != nil {
		return Inspected{}, err
	}
	if !slices.Contains(kinds[use], i.Extension) {
		return Inspected{}, fieldops.Refuse(fieldops.Invalid, "%s", wanted[use])
	}
	i.ContentType = contentTypes[i.Extension]
	return i, checkPixels(&i)
}

func checkPixels(i *Inspected) error {
	if i.Width > maxSide || i.Height > maxSide || i.Width*i.Height > maxPixels {
		return fieldops.Refuse(fieldops.Invalid, "The picture has %d × %d points, which is more than can be shown: %d million at most", i.Width, i.Height, maxPixels/1_000_000)
	}
	return nil
}

// damaged is the refusal of a file that is not what its beginning says.
func damaged(kind string) error {
	return fieldops.Refuse(fieldops.Invalid, "The file begins as a %s and does not go on as one: it is damaged, or something else in disguise", kind)
}

// appended is the refusal of a file that goes on after its end.
func appended(kind string) error {
	return fieldops.Refuse(fieldops.Invalid, "The file is a %s with something else behind its end. Open it, save it anew, and send that.", kind)
}

// sniff tells the kind of a file from its first bytes, "" when it is none that is
// kept. The signatures are those of the formats' own definitions.
func sniff(head []byte) string {
	begins := func(signature string) bool { return bytes.HasPrefix(head, []byte(signature)) }
	switch {
	case begins("\xff\xd8\xff"):
		return "jpg"
	case begins("\x89PNG\r\n\x1a\n"):
		return "png"
	case begins("GIF87a"), begins("GIF89a"):
		return "gif"
	case begins("RIFF") && len(head) >= 12 && string(head[8:12]) == "WEBP":
		return "webp"
	case len(head) >= 12 && string(head[4:8]) == "ftyp" && slices.Contains(heicBrands, string(head[8:12])):
		return "heic"
	case begins("II*\x00"), begins("MM\x00*"):
		return "tif"
	case begins("%PDF-"):
		return "pdf"
	case begins("PK\x03\x04"):
		return "zip"
	case begins("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		return "ole"
	}
	return ""
}

// heicBrands are the brands of ISO/IEC 23008-12 for pictures of HEVC. AVIF is none
// of them.
var heicBrands = []string{"heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"}

func extensionOf(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
}

func isText(name string) bool { return slices.Contains([]string{"txt", "csv"}, extensionOf(name)) }

// activeWords begin what a browser would run if it took a file for a page.
var activeWords = [][]byte{
	[]byte("<!doctype"), []byte("<html"), []byte("<head"), []byte("<body"), []byte("<script"), []byte("<svg"), []byte("<iframe"), []byte("<?xml"), []byte("<?php"), []byte("javascript:"),
}

func looksActive(b []byte) bool {
	b = bytes.ToLower(b)
	for _, word := range activeWords {
		if bytes.Contains(b, word) {
			return true
		}
	}
	return false
}

const maxNameBytes = 200

// windowsNames cannot be names of files on Windows, whatever follows a point:
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file.
var windowsNames = []string{
	"con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
}

// CleanName is a name that a file can be shown and saved under: without folders and
// characters that do something, and with the extension that its bytes call for.
// extension "" keeps the one it has.
func CleanName(name, extension string) string {
	name = strings.ToValidUTF8(name, "")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = norm.NFC.String(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || strings.ContainsRune(`<>:"|?*`, c) {
			return -1
		}
		return c
	}, name))
	if extension == "" {
		extension = extensionOf(name)
	}
	base := strings.Trim(strings.TrimSuffix(name, path.Ext(name)), " .")
	if base == "" {
		base = "file"
	}
	if stem, _, _ := strings.Cut(base, "."); slices.Contains(windowsNames, strings.ToLower(stem)) {
		base = "_" + base
	}
	limit := maxNameBytes - len(extension) - 1
	for len(base) > limit {
		_, last := utf8.DecodeLastRuneInString(base)
		base = base[:len(base)-last]
	}
	if extension == "" {
		return base
	}
	return base + "." + extension
}

// reader reads parts of a file through one small buffer. What it was asked for and
// could not give is zeros, and err says why.
type reader struct {
	from  io.ReaderAt
	size  int64
	err   error
	buf   []byte
	start int64 // of buf in the file
}

const readAhead = 64 << 10

// at is n bytes, at most readAhead of them, at an offset; valid until the next call.
func (r *reader) at(offset int64, n int) []byte {
	if offset < 0 || offset+int64(n) > r.size {
		if r.err == nil {
			r.err = io.ErrUnexpectedEOF
		}
		return make([]byte, n)
	}
	if offset < r.start || offset+int64(n) > r.start+int64(len(r.buf)) {
		if cap(r.buf) < readAhead {
			r.buf = make([]byte, readAhead)
		}
		r.buf = r.buf[:min(readAhead, r.size-offset)]
		if got, err := r.from.ReadAt(r.buf, offset); got < len(r.buf) {
			r.buf = r.buf[:0]
			if r.err == nil {
				r.err = err
			}
			return make([]byte, n)
		}
		r.start = offset
	}
	return r.buf[offset-r.start:][:n]
}

// upTo is at for as many bytes as there are.
func (r *reader) upTo(offset int64, n int) []byte {
	return r.at(offset, int(max(0, min(int64(n), r.size-offset))))
}
