// Package ocr reads the text of pictures and PDF files, by programs that are
// installed beside this one: tesseract, and pdftotext and pdftoppm of poppler. It
// knows nothing of receipts; what the text means is fieldops'.
//
// The one thing to know: no picture that somebody has uploaded ever reaches
// tesseract. It gets points that were decoded here, brought to a size that it can
// bear.
package ocr

import (
	"context"
	"errors"
	"image"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
)

// Line is one line of a text as it was read.
type Line struct {
	Text string
	Page int // counted from 1
	// Confidence is how sure the reading is, in percent. The text layer of a PDF was
	// written by a program and is certain.
	Confidence int
}

// ErrMissing is the answer where the program for a kind of file is not installed.
// Its sentence says which, and how to get it.
var ErrMissing = errors.New("not installed")

// Reader reads texts. The zero value finds nothing installed.
type Reader struct {
	Tesseract, PDFToText, PDFToPPM string // paths; "" is not installed
	Languages                      string // as tesseract names them, such as eng or eng+mri
	// Limit is how long one call of a program may take.
	Limit time.Duration
}

// DefaultLimit is how long one call of a program may take: a page takes a few
// seconds, on a busy machine a minute.
const DefaultLimit = 90 * time.Second

// MaxPages is how many pages of a PDF are read: the totals of a long invoice stand
// on its first or its last page, and nobody waits for a catalogue.
const MaxPages = 10

// Find looks for the programs in PATH. tesseract, unless "", is the one to use
// instead.
func Find(tesseract, languages string) *Reader {
	find := func(name string) string {
		path, err := exec.LookPath(name)
		if err != nil {
			return ""
		}
		return path
	}
	if tesseract == "" {
		tesseract = "tesseract"
	}
	if languages == "" {
		languages = "eng"
	}
	return &Reader{Tesseract: find(tesseract), PDFToText: find("pdftotext"), PDFToPPM: find("pdftoppm"), Languages: languages, Limit: DefaultLimit}
}

var languages = regexp.MustCompile(`^[A-Za-z_]{2,40}(\+[A-Za-z_]{2,40}){0,9}$`)

// ValidLanguages reports whether a text names languages as tesseract does.
func ValidLanguages(s string) bool { return languages.MatchString(s) }

// ReadsPictures reports whether the text of pictures can be read here.
func (r *Reader) ReadsPictures() bool { return r.Tesseract != "" }

// ReadsPDF reports whether the text of PDF files can be read here, at least of those
// that a program has written.
func (r *Reader) ReadsPDF() bool { return r.PDFToText != "" }

// missing is ErrMissing with a sentence for a person.
func missing(format string, args ...any) error {
	return errors.Join(fieldops.Refuse(fieldops.Unavailable, format, args...), ErrMissing)
}

// Picture reads the text of a picture. It changes the picture.
func (r *Reader) Picture(ctx context.Context, picture *image.Gray) ([]Line, error) {
	return r.page(ctx, picture, 1)
}

func (r *Reader) page(ctx context.Context, picture *image.Gray, page int) ([]Line, error) {
	if r.Tesseract == "" {
		return nil, missing("The text of pictures cannot be read here, because tesseract is not installed (on Debian and Ubuntu: tesseract-ocr)")
	}
	args := []string{"stdin", "stdout", "-l", r.Languages, "--psm", "4", "--dpi", "300", "tsv"}
	out, err := r.run(ctx, r.Tesseract, args, pgm(prepare(picture)), maxText)
	if err != nil {
		return nil, err
	}
	return linesOf(string(out), page), nil
}

// PDF reads the text of a PDF file: the text that is written in it or, where there
// is none, what its pages show. content is called for each pass over the file.
func (r *Reader) PDF(ctx context.Context, content func() io.Reader) ([]Line, error) {
	if r.PDFToText == "" {
		return nil, missing("The text of PDF files cannot be read here, because pdftotext is not installed (on Debian and Ubuntu: poppler-utils)")
	}
	out, err := r.run(ctx, r.PDFToText, []string{"-layout", "-enc", "UTF-8", "-l", strconv.Itoa(MaxPages), "-", "-"}, content(), maxText)
	if err != nil {
		return nil, pdfFault(err)
	}
	var lines []Line
	letters := 0
	for page, text := range strings.Split(string(out), "\f") {
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, " \r\n\t")
			if line != "" {
				letters += len(strings.ReplaceAll(line, " ", ""))
				lines = append(lines, Line{line, page + 1, 100})
			}
		}
	}
	if letters >= leastLetters {
		return lines, nil
	}
	return r.shownPages(ctx, content)
}

// leastLetters is how much text a PDF must have not to be taken for a picture: a
// scanner's own stamp is shorter.
const leastLetters = 40

// shownPages reads what the pages of a PDF show, page by page until one is not there.
func (r *Reader) shownPages(ctx context.Context, content func() io.Reader) ([]Line, error) {
	if r.PDFToPPM == "" || r.Tesseract == "" {
		return nil, missing("The PDF holds pictures of pages and no text. They cannot be read here, because tesseract or pdftoppm is not installed (on Debian and Ubuntu: tesseract-ocr and poppler-utils)")
	}
	var all []Line
	for page := 1; page <= MaxPages; page++ {
		number := strconv.Itoa(page)
		// A page may claim any size: its longer side becomes so many points.
		out, err := r.run(ctx, r.PDFToPPM, []string{"-gray", "-f", number, "-l", number, "-scale-to", strconv.Itoa(maxSide), "-"}, content(), maxSide*maxSide+64)
		if err != nil {
			if page > 1 && ctx.Err() == nil {
				return all, nil // there is no such page, or none that can be read in time
			}
			return nil, pdfFault(err)
		}
		if len(out) == 0 {
			return all, nil
		}
		picture, err := readPGM(out)
		if err != nil {
			return nil, err
		}
		lines, err := r.page(ctx, picture, page)
		if err != nil && page > 1 && ctx.Err() == nil {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, lines...)
	}
	return all, nil
}

// pdfFault words for a person why poppler could not read a file.
func pdfFault(err error) error {
	failed, ok := errors.AsType[*failure](err)
	if !ok {
		return err
	}
	if strings.Contains(failed.said, "assword") || strings.Contains(failed.said, "ncrypt") {
		return errors.Join(fieldops.Refuse(fieldops.Invalid, "The PDF is protected by a password. Save it without one and upload that."), err)
	}
	return errors.Join(fieldops.Refuse(fieldops.Invalid, "The PDF cannot be read: it seems to be damaged"), err)
}

// Version is what tesseract calls itself, "" where it is not installed.
func (r *Reader) Version(ctx context.Context) string {
	if r.Tesseract == "" {
		return ""
	}
	out, err := r.run(ctx, r.Tesseract, []string{"--version"}, strings.NewReader(""), maxText)
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(strings.TrimPrefix(first, "tesseract"))
}
