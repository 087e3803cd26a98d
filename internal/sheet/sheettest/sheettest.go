// Package sheettest reads what package sheet has drawn.
package sheettest

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strings"
)

var (
	shown   = regexp.MustCompile(`(?s)\((.*?[^\\]|)\) ?Tj`)
	escaped = regexp.MustCompile(`(?s)\\(.)`)
)

// Words reads the words of a page that is not too long, a line for each that
// was drawn.
func Words(pdf []byte) string {
	var words strings.Builder
	for rest := pdf; ; {
		at := bytes.Index(rest, []byte("stream\n"))
		if at < 0 {
			return words.String()
		}
		rest = rest[at+len("stream\n"):]
		content, end, _ := bytes.Cut(rest, []byte("endstream"))
		rest = end
		r, err := zlib.NewReader(bytes.NewReader(content))
		if err != nil {
			continue // not packed: a font's table
		}
		plain, err := io.ReadAll(r)
		if err != nil {
			continue
		}
		for _, found := range shown.FindAllSubmatch(plain, -1) {
			text := escaped.ReplaceAllFunc(found[1], func(b []byte) []byte {
				if b[1] == 'r' {
					return []byte("\r")
				}
				return b[1:]
			})
			for i := 0; i+1 < len(text); i += 2 {
				words.WriteRune(rune(text[i])<<8 | rune(text[i+1]))
			}
			words.WriteByte('\n')
		}
	}
}
