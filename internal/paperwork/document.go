package paperwork

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"ampedfieldops/internal/fieldops"
)

const (
	pdfTail = 2 << 10  // in which ISO 32000-1, 7.5.5, has a PDF end
	zipTail = 64 << 10 // in which a ZIP file ends
)

// checkPDF refuses what begins as a PDF and is something else besides.
func checkPDF(r *reader) error {
	tail := r.upTo(max(0, r.size-pdfTail), pdfTail)
	if !bytes.Contains(tail, []byte("%%EOF")) || !bytes.Contains(tail, []byte("startxref")) {
		return damaged("PDF")
	}
	if looksActive(r.upTo(0, 1024)) {
		return fieldops.Refuse(fieldops.Invalid, "The file is a PDF and a web page at once. Print it as a PDF anew, and send that.")
	}
	if bytes.Contains(r.upTo(max(0, r.size-zipTail), zipTail), []byte("PK\x05\x06")) {
		return appended("PDF")
	}
	return nil
}

// What the files inside an office document may come to. A few kilobytes can unfold
// into as much as anybody likes.
const (
	maxUnfolded     = 500 << 20
	unfoldsNormally = 50 << 20
	maxUnfoldRatio  = 100
	maxEntries      = 10_000
)

// officeOf tells which office document a ZIP file is (ECMA-376, part 2).
func officeOf(r *reader) (extension string, err error) {
	files, err := zip.NewReader(r.from, r.size)
	if err != nil || len(files.File) == 0 {
		return "", damaged("ZIP file")
	}
	bomb := fieldops.Refuse(fieldops.Invalid, "The document unfolds into more than can be opened")
	if len(files.File) > maxEntries {
		return "", bomb
	}
	var total uint64
	described := false
	type span struct{ from, to int64 }
	spans := make([]span, 0, len(files.File))
	for _, f := range files.File {
		total += f.UncompressedSize64
		if total > maxUnfolded || total > unfoldsNormally && total > maxUnfoldRatio*uint64(r.size) {
			return "", bomb
		}
		from, err := f.DataOffset()
		if err != nil || f.CompressedSize64 > uint64(r.size) {
			return "", damaged("ZIP file")
		}
		spans = append(spans, span{from, from + int64(f.CompressedSize64)})
		name := strings.ToLower(f.Name)
		switch {
		case strings.HasSuffix(name, "vbaproject.bin"):
			return "", fieldops.Refuse(fieldops.Invalid, "The document holds macros. Save it without them, and send that.")
		case name == "[content_types].xml":
			described = true
		case strings.HasPrefix(name, "word/"):
			extension = "docx"
		case strings.HasPrefix(name, "xl/"):
			extension = "xlsx"
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to { // files that share their bytes multiply them
			return "", bomb
		}
	}
	if !described || extension == "" {
		return "", fieldops.Refuse(fieldops.Invalid, "ZIP files are not kept, except Word and Excel documents. Unpack it, and send what is in it.")
	}
	return extension, nil
}

// formerOfficeOf tells which document of Office 97 to 2003 a compound file is, by
// the names in its directory ([MS-CFB] 2.2 and 2.6).
func formerOfficeOf(r *reader) (string, error) {
	head := bytes.Clone(r.at(0, 512))
	shift := binary.LittleEndian.Uint16(head[30:])
	if r.err != nil || shift != 9 && shift != 12 {
		return "", damaged("Word or Excel document")
	}
	sector := int64(1) << shift
	place := func(n uint32) int64 { return (int64(n) + 1) * sector }
	next := func(n uint32) uint32 {
		table := int64(n) / (sector / 4)
		if table >= 109 {
			return 0xffffffff
		}
		at := place(binary.LittleEndian.Uint32(head[76+4*table:])) + 4*(int64(n)%(sector/4))
		return binary.LittleEndian.Uint32(r.at(at, 4))
	}
	n := binary.LittleEndian.Uint32(head[48:])
	for sectors := 0; n < 0xfffffffa && sectors < 256; sectors++ {
		for entry := int64(0); entry < sector; entry += 128 {
			e := r.at(place(n)+entry, 128)
			if r.err != nil {
				return "", damaged("Word or Excel document")
			}
			length := int(binary.LittleEndian.Uint16(e[64:]))
			if length < 2 || length > 64 {
				continue
			}
			name := make([]uint16, length/2-1)
			for i := range name {
				name[i] = binary.LittleEndian.Uint16(e[2*i:])
			}
			switch string(utf16.Decode(name)) {
			case "WordDocument":
				return "doc", nil
			case "Workbook", "Book":
				return "xls", nil
			}
		}
		n = next(n)
	}
	return "", fieldops.Refuse(fieldops.Invalid, "The file is neither a Word nor an Excel document")
}

// checkText refuses what is no text, and text that a browser would run.
func checkText(r *reader) error {
	head := r.upTo(0, 1024)
	if looksActive(head) || bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")) {
		return fieldops.Refuse(fieldops.Invalid, "The file is a web page or a drawing and no plain text")
	}
	wide := bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff})
	for offset := int64(0); offset < r.size && !wide; {
		b := r.upTo(offset, readAhead)
		if r.err != nil {
			return r.err
		}
		if bytes.ContainsFunc(b, func(c rune) bool { return c < ' ' && !strings.ContainsRune("\t\r\n\f", c) && c != utf8.RuneError }) {
			return fieldops.Refuse(fieldops.Invalid, "The file holds characters that no text has")
		}
		offset += int64(len(b))
	}
	return nil
}
