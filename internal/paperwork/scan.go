package paperwork

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"strings"
	"time"

	"golang.org/x/image/draw"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
	"ampedfieldops/internal/ocr"
	"ampedfieldops/internal/store"
)

// Reading is whether the text of scans can be read on this machine, in words for a
// person where it cannot.
type Reading struct {
	Pictures bool   `json:"pictures" doc:"The text of photos and scanned pages can be read"`
	PDF      bool   `json:"pdf" doc:"The text of PDF files can be read"`
	Message  string `json:"message" doc:"What is missing and how to get it; empty where nothing is"`
}

// Reading tells whether the text of scans can be read here.
func (f *Files) Reading() Reading {
	r := Reading{Pictures: f.reader.ReadsPictures(), PDF: f.reader.ReadsPDF()}
	switch {
	case !r.Pictures && !r.PDF:
		r.Message = "The text of receipts cannot be read on this server, because tesseract and poppler are not installed (on Debian and Ubuntu: tesseract-ocr and poppler-utils). Documents are kept all the same, and their fields are typed in."
	case !r.Pictures:
		r.Message = "The text of photos cannot be read on this server, because tesseract is not installed (on Debian and Ubuntu: tesseract-ocr). Documents are kept all the same, and their fields are typed in."
	case !r.PDF:
		r.Message = "The text of PDF files cannot be read on this server, because poppler is not installed (on Debian and Ubuntu: poppler-utils). They are kept all the same, and their fields are typed in."
	}
	return r
}

// readingTime is how long one document may take: less than a job may.
const readingTime = 4 * time.Minute

// leastConfidence is how sure, in percent, a reading must be to be one.
const leastConfidence = 10

// readScan reads the text of a scan and writes down what it says.
func (f *Files) readScan(ctx context.Context, a store.ReadScan) error {
	var s fieldops.Scan
	begun := false
	if err := f.write(ctx, func(tx *store.Tx) (err error) {
		s, begun, err = tx.BeginReading(ctx, a.Scan, a.Run)
		return err
	}); err != nil || !begun {
		return err
	}
	file, err := f.db.File(ctx, s.FileID)
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, readingTime)
	defer cancel()
	lines, err := f.textOf(within, file)
	if ctx.Err() != nil {
		return ctx.Err() // the program ends: the next one reads it
	}
	if within.Err() != nil {
		err = errors.Join(fieldops.Refuse(fieldops.Invalid, "Reading the text was given up after %s. Upload fewer pages, or type the fields in.", readingTime), err)
	}
	if fieldops.KindOf(err) == fieldops.Unavailable && !errors.Is(err, ocr.ErrMissing) {
		return job.Later(time.Minute) // the place of the file does not answer
	}
	if err != nil {
		f.log.InfoContext(ctx, "the text of a scan was not read", "scan", s.ID, "reason", err)
		reason := "The text could not be read. Type the fields in, or take the picture again and upload that."
		if refusal, ok := errors.AsType[*fieldops.Error](err); ok {
			reason = refusal.Message
		}
		return f.write(ctx, func(tx *store.Tx) error { return tx.FailReading(ctx, a.Scan, a.Run, reason) })
	}
	text, confidence := joined(lines)
	if confidence < leastConfidence {
		return f.write(ctx, func(tx *store.Tx) error {
			return tx.FailReading(ctx, a.Scan, a.Run, "No text was found in it. Take the picture nearer, straight and in good light, or type the fields in.")
		})
	}
	return f.write(ctx, func(tx *store.Tx) error {
		about, err := tx.ScanContext(ctx, tx.Now)
		if err != nil {
			return err
		}
		return tx.KeepReading(ctx, a.Scan, a.Run, text, confidence, fieldops.ReadScan(scanText(lines), about))
	})
}

func scanText(lines []ocr.Line) []fieldops.ScanText {
	text := make([]fieldops.ScanText, min(len(lines), fieldops.MaxScanLines))
	for i := range text {
		text[i] = fieldops.ScanText{Text: lines[i].Text, Confidence: lines[i].Confidence}
	}
	return text
}

// joined is the text of lines, and how sure it is: by the letters of each.
func joined(lines []ocr.Line) (text string, confidence int) {
	var b strings.Builder
	sure, letters := 0, 0
	for _, l := range lines[:min(len(lines), fieldops.MaxScanLines)] {
		b.WriteString(strings.ToValidUTF8(strings.ReplaceAll(l.Text, "\x00", ""), "") + "\n")
		n := len(strings.ReplaceAll(l.Text, " ", ""))
		sure, letters = sure+l.Confidence*n, letters+n
	}
	if letters == 0 {
		return "", 0
	}
	return b.String(), sure / letters
}

// textOf reads the text of a file.
func (f *Files) textOf(ctx context.Context, file fieldops.StoredFile) (_ []ocr.Line, err error) {
	if file.Extension == "pdf" && !f.reader.ReadsPDF() || file.Extension != "pdf" && !f.reader.ReadsPictures() {
		return nil, errors.Join(fieldops.Refuse(fieldops.Unavailable, "%s", f.Reading().Message), ocr.ErrMissing)
	}
	content, err := f.local(ctx, file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Discard()) }()
	size := content.Size()
	if file.Extension == "pdf" {
		return f.reader.PDF(ctx, func() io.Reader { return io.NewSectionReader(content, 0, size) })
	}
	picture, err := greyOf(content, size, file)
	if err != nil {
		return nil, err
	}
	return f.reader.Picture(ctx, picture)
}

// greyOf decodes a picture as it is to be looked at, without colours. One that would
// take too much memory is refused before anything of it is decoded.
func greyOf(content io.ReaderAt, size int64, file fieldops.StoredFile) (_ *image.Gray, err error) {
	if previewBytes(file.Extension, int(file.Width), int(file.Height)) > previewMemory {
		return nil, fieldops.Refuse(fieldops.Invalid, "The picture has %d × %d points, which is more than can be read. Make it smaller and upload that, or type the fields in.", file.Width, file.Height)
	}
	defer func() {
		if p := recover(); p != nil { // a decoder that a damaged file gets the better of
			err = fmt.Errorf("the picture cannot be decoded: %v", p)
		}
	}()
	whole, _, err := image.Decode(io.NewSectionReader(content, 0, size))
	if err != nil {
		return nil, errors.Join(fieldops.Refuse(fieldops.Invalid, "The picture is damaged and cannot be read. Take it again and upload that."), err)
	}
	from := whole.Bounds()
	if from.Empty() || from.Dx() > maxSide || from.Dy() > maxSide {
		return nil, fieldops.Refuse(fieldops.Invalid, "The picture has no size that can be read")
	}
	turn := orientation(content, size, file.Extension)
	if turn == 1 {
		grey := image.NewGray(image.Rect(0, 0, from.Dx(), from.Dy()))
		draw.Draw(grey, grey.Rect, image.White, image.Point{}, draw.Src) // what can be seen through lies on paper
		draw.Draw(grey, grey.Rect, whole, from.Min, draw.Over)
		return grey, nil
	}
	// Before it is turned, it is made as small as it will be in the end.
	scale := min(1, 3300/float64(max(from.Dx(), from.Dy())))
	small := image.NewNRGBA(image.Rect(0, 0, max(1, int(float64(from.Dx())*scale)), max(1, int(float64(from.Dy())*scale))))
	draw.Draw(small, small.Rect, image.White, image.Point{}, draw.Src)
	draw.BiLinear.Scale(small, small.Rect, whole, from, draw.Over, nil)
	upright := turned(small, turn)
	grey := image.NewGray(upright.Bounds())
	draw.Draw(grey, grey.Rect, upright, upright.Bounds().Min, draw.Src)
	return grey, nil
}
