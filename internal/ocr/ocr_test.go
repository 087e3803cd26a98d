package ocr_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/ocr"
	"ampedfieldops/internal/ocr/ocrtest"
)

const receipt = `MITRE 10 MEGA PETONE
GST No: 086-123-457
Receipt: 0042-118823
14/11/2026 10:32 AM
CABLE TIES BLACK         9.50
PVC CONDUIT 20MM        18.40
TOTAL                  $27.90
GST INCLUDED            $3.64
`

func words(lines []ocr.Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Text + "\n")
	}
	return strings.ReplaceAll(b.String(), " .", ".") // a wide point
}

func reading(t *testing.T) *ocr.Reader {
	t.Helper()
	r := ocr.Find("", "eng")
	if !r.ReadsPictures() || !r.ReadsPDF() {
		t.Fatal("tesseract-ocr and poppler-utils are needed: scripts/ensure-tools installs them")
	}
	return r
}

func TestPicturesAreRead(t *testing.T) {
	t.Parallel()
	r := reading(t)
	for _, look := range []ocrtest.Look{{}, {Skew: 4, Noise: 25, Seed: 1}, {Shadow: true, Blur: 1, Seed: 2}, {Letter: true, Size: 20}} {
		lines, err := r.Picture(t.Context(), ocrtest.Print(receipt, look))
		if err != nil {
			t.Fatal(err)
		}
		text := words(lines)
		for _, part := range []string{"MITRE", "14/11/2026", "TOTAL", "27.90"} {
			if !strings.Contains(text, part) {
				t.Errorf("%+v: %s is not read in\n%s", look, part, text)
			}
		}
		for _, l := range lines {
			if strings.Contains(l.Text, "TOTAL") && (!strings.Contains(words([]ocr.Line{l}), "27.90") || l.Confidence < 50 || l.Page != 1) {
				t.Errorf("%+v: an amount stands beside its word: %+v", look, l)
			}
		}
	}
}

func TestPDFsAreRead(t *testing.T) {
	t.Parallel()
	r := reading(t)
	for _, c := range []struct {
		name string
		file []byte
		sure int
	}{{"written", ocrtest.PDF(receipt), 100}, {"scanned", ocrtest.ScannedPDF(receipt, ocrtest.Look{}), 60}} {
		lines, err := r.PDF(t.Context(), func() io.Reader { return bytes.NewReader(c.file) })
		if err != nil {
			t.Fatal(err)
		}
		if text := words(lines); !strings.Contains(text, "27.90") || !strings.Contains(text, "14/11/2026") || lines[0].Confidence < c.sure {
			t.Errorf("%s: %+v", c.name, lines)
		}
	}
	if _, err := r.PDF(t.Context(), func() io.Reader { return strings.NewReader("%PDF-1.4\nnothing of the kind") }); fieldops.KindOf(err) != fieldops.Invalid || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged PDF: %v", err)
	}
}

// script is a program that does what a shell says, in place of tesseract.
func script(t *testing.T, does string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tesseract")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+does+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

var page = image.NewGray(image.Rect(0, 0, 300, 300))

func TestProgramsAreKeptInBounds(t *testing.T) {
	t.Parallel()
	pid := filepath.Join(t.TempDir(), "pid")
	for _, c := range []struct {
		name, does string
		limit      time.Duration
		says       string
	}{
		{"one that hangs, with a child that does, too", "sleep 600 & echo $! > " + pid + "; sleep 600", time.Second, "given up after 1s"},
		{"one that never stops talking", "yes", time.Minute, "more text than"},
		{"one that fails", "echo something is wrong >&2; exit 3", time.Minute, "something is wrong"},
		{"one that takes all memory", "exec dd if=/dev/zero of=/dev/null bs=3000M count=1", time.Minute, "memory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &ocr.Reader{Tesseract: script(t, c.does), Languages: "eng", Limit: c.limit}
			began := time.Now()
			_, err := r.Picture(t.Context(), page)
			if err == nil || !strings.Contains(err.Error(), c.says) || time.Since(began) > 40*time.Second {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
		})
	}
	t.Cleanup(func() {
		child, err := os.ReadFile(pid)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat("/proc/" + strings.TrimSpace(string(child))); err == nil {
			if state, _ := os.ReadFile("/proc/" + strings.TrimSpace(string(child)) + "/stat"); !strings.Contains(string(state), ") Z ") {
				t.Errorf("its child outlives it: %s", state)
			}
		}
	})
}

func TestNothingOfOursReachesAProgram(t *testing.T) {
	t.Setenv("JWT_SECRET", "do not tell")
	seen := filepath.Join(t.TempDir(), "seen")
	r := &ocr.Reader{Tesseract: script(t, "env > "+seen+"; pwd >> "+seen), Languages: "eng", Limit: time.Minute}
	if _, err := r.Picture(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	told, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(told), "JWT_SECRET") {
		t.Errorf("it was told %s", told)
	}
	lines := strings.Split(strings.TrimSpace(string(told)), "\n")
	if folder := lines[len(lines)-1]; !strings.Contains(folder, "reading-") {
		t.Errorf("it runs in %s", folder)
	} else if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is still there: %v", err)
	}
}

func TestWhatIsNotInstalledIsSaid(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	r := ocr.Find("", "")
	if r.ReadsPictures() || r.ReadsPDF() || r.Version(t.Context()) != "" {
		t.Errorf("found %+v", r)
	}
	if _, err := r.Picture(t.Context(), page); !errors.Is(err, ocr.ErrMissing) || fieldops.KindOf(err) != fieldops.Unavailable || !strings.Contains(err.Error(), "tesseract-ocr") {
		t.Errorf("a picture: %v", err)
	}
	if _, err := r.PDF(t.Context(), func() io.Reader { return strings.NewReader("") }); !errors.Is(err, ocr.ErrMissing) || !strings.Contains(err.Error(), "poppler-utils") {
		t.Errorf("a PDF: %v", err)
	}
}

func TestAReadingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	r := &ocr.Reader{Tesseract: script(t, "sleep 600"), Languages: "eng", Limit: time.Minute}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := r.Picture(ctx, page); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	for text, valid := range map[string]bool{"eng": true, "eng+mri": true, "chi_sim": true, "": false, "--help": false, "eng mri": false, "../x": false} {
		if ocr.ValidLanguages(text) != valid {
			t.Errorf("%q: %v", text, !valid)
		}
	}
}

// TestFieldsOfPhotographedReceipts measures how well receipts are read that were
// photographed badly. It prints the figures with -v; SCANS=40 tries more.
func TestFieldsOfPhotographedReceipts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short was given: the recogniser takes seconds for each of the receipts")
	}
	r := reading(t)
	about := fieldops.ScanContext{Today: "2026-11-27", Firm: "Harbour Electrical Ltd", TaxRate: 150_000, Orders: "PO-", Suppliers: []fieldops.ScanSupplier{{ID: "ideal", Name: "Ideal Electrical Ltd"}, {ID: "mitre", Name: "Mitre 10 MEGA Petone"}, {ID: "corys", Name: "Corys Electrical"}}}
	count := 6
	if n := os.Getenv("SCANS"); n != "" {
		if _, err := fmt.Sscan(n, &count); err != nil {
			t.Fatal(err)
		}
	}
	right, wrong, all := map[string]int{}, map[string]int{}, 0
	var took time.Duration
	for i := range count {
		p := ocrtest.Made(uint64(i))
		look := ocrtest.Look{Letter: i%3 == 2, Seed: uint64(i), Noise: []int{0, 20, 40}[i%3], Skew: []float64{0, 2.5, -4, 1}[i%4], Blur: i % 2, Shadow: i%5 == 1, Faded: i%7 == 3, Size: []float64{28, 22, 34}[i%3]}
		picture := ocrtest.Print(p.Text, look)
		began := time.Now()
		lines, err := r.Picture(t.Context(), picture)
		took += time.Since(began)
		if err != nil {
			t.Fatal(err)
		}
		text := make([]fieldops.ScanText, len(lines))
		for i, l := range lines {
			text[i] = fieldops.ScanText{Text: l.Text, Confidence: l.Confidence}
		}
		got := fieldops.ReadScan(text, about)
		all++
		for field, pair := range map[string][2]string{
			"supplier": {got.Supplier.Value, p.Supplier}, "number": {got.Number.Value, p.Number}, "date": {got.Date.Value, p.Date},
			"total": {got.Total.Value, p.Total}, "tax": {got.Tax.Value, p.Tax}, "order": {got.OrderNumber.Value, p.Order},
		} {
			if pair[0] == pair[1] {
				right[field]++
			} else {
				wrong[field]++
				t.Logf("%d %+v: %s is %q, should be %q", i, look, field, pair[0], pair[1])
			}
		}
	}
	sum := 0
	for field, n := range right {
		sum += n
		t.Logf("%s: %d of %d", field, n, all)
	}
	t.Logf("%d of %d fields of %d receipts were read right, in %s each", sum, 6*all, all, (took / time.Duration(all)).Round(time.Millisecond))
	if sum*10 < 6*all*8 {
		t.Errorf("only %d of %d fields were read right: %v", sum, 6*all, wrong)
	}
}
