package paperwork_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/ocr"
	"ampedfieldops/internal/ocr/ocrtest"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// scanner is a database and files whose texts a reader reads.
type scanner struct {
	t     *testing.T
	db    *store.DB
	files *paperwork.Files
}

func newScanner(t *testing.T, engine store.Engine, reader *ocr.Reader) *scanner {
	t.Helper()
	folder, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &scanner{t: t, db: storetest.New(t, engine)}
	s.files = paperwork.NewFiles(paperwork.FilesConfig{DB: s.db, Folder: folder, Reader: reader, Places: &paperwork.Places{
		Read: func(context.Context) (fieldops.Storage, error) {
			return fieldops.Storage{Place: fieldops.PlaceLocal}, nil
		},
	}})
	s.files.Register(s.db.Queue())
	return s
}

// keep uploads a file to be scanned.
func (s *scanner) keep(name string, content []byte) fieldops.Scan {
	s.t.Helper()
	arrival, err := s.files.Receive(paperwork.UseScan, name, bytes.NewReader(content))
	if err != nil {
		s.t.Fatal(err)
	}
	scan := fieldops.Scan{ID: fieldops.NewID()}
	stored, err := s.files.Keep(s.t.Context(), arrival, paperwork.Owner{Kind: fieldops.RecordDocumentScan, Record: scan.ID})
	if err == nil {
		err = s.db.Write(s.t.Context(), fieldops.System, func(tx *store.Tx) error { return tx.InsertScan(s.t.Context(), &scan, &stored) })
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return scan
}

// work has the queue deliver until stop is called.
func (s *scanner) work() (stop func()) {
	s.t.Helper()
	if err := s.db.Queue().Start(context.WithoutCancel(s.t.Context()), 1, nil); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), 100*time.Millisecond)
		defer cancel()
		if err := s.db.Queue().Stop(ctx); err != nil {
			s.t.Error(err)
		}
	}
}

// until waits until a scan is in a state.
func (s *scanner) until(id fieldops.ID, status string) fieldops.Scan {
	s.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		scan, err := s.db.Scan(s.t.Context(), id)
		if err != nil {
			s.t.Fatal(err)
		}
		if scan.Status == status {
			return scan
		}
		if time.Now().After(deadline) || scan.Status == fieldops.ScanCompleted || scan.Status == fieldops.ScanFailed {
			s.t.Fatalf("the scan is %s (%s) and not %s", scan.Status, scan.Error, status)
		}
	}
}

// stub is a program in place of tesseract.
func stub(t *testing.T, does string) *ocr.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tesseract")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+does+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &ocr.Reader{Tesseract: path, Languages: "eng", Limit: time.Second}
}

func TestScansAreReadByAJob(t *testing.T) {
	t.Parallel()
	reader := ocr.Find("", "")
	if !reader.ReadsPictures() || !reader.ReadsPDF() {
		t.Fatal("tesseract-ocr and poppler-utils are needed: scripts/ensure-tools installs them")
	}
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := newScanner(t, engine, reader)
			defer s.work()()
			paper := ocrtest.Made(0)
			photo := s.keep("photo.jpg", ocrtest.JPEG(paper.Text, ocrtest.Look{Skew: 2, Noise: 15, Seed: 5}))
			letter := s.keep("letter.pdf", ocrtest.PDF(ocrtest.Made(1).Text))
			empty := s.keep("empty.png", ocrtest.PNG(" \n \n ", ocrtest.Look{}))
			got := s.until(photo.ID, fieldops.ScanCompleted)
			if got.Fields.Total == nil || got.Fields.Total.String() != paper.Total || got.Fields.Date != fieldops.Date(paper.Date) || got.Confidence < 50 || !strings.Contains(got.Text, "TOTAL") {
				t.Errorf("the photo says %+v", got.Fields)
			}
			if got := s.until(letter.ID, fieldops.ScanCompleted); got.Fields.Number != ocrtest.Made(1).Number || got.Confidence != 100 {
				t.Errorf("the letter says %+v", got.Fields)
			}
			if got := s.until(empty.ID, fieldops.ScanFailed); !strings.Contains(got.Error, "No text was found") {
				t.Errorf("the empty paper: %s", got.Error)
			}
		})
	}
}

func TestWhereNothingIsInstalledScansAreKept(t *testing.T) {
	t.Parallel()
	s := newScanner(t, store.SQLite, nil)
	defer s.work()()
	if r := s.files.Reading(); r.Pictures || r.PDF || !strings.Contains(r.Message, "tesseract-ocr and poppler-utils") {
		t.Errorf("it says %+v", r)
	}
	photo, letter := s.keep("a.png", ocrtest.PNG("TOTAL 1.00", ocrtest.Look{})), s.keep("b.pdf", ocrtest.PDF("Total 1.00"))
	for _, scan := range []fieldops.Scan{photo, letter} {
		if got := s.until(scan.ID, fieldops.ScanFailed); !strings.Contains(got.Error, "not installed") || !strings.Contains(got.Error, "typed in") {
			t.Errorf("%s: %s", got.FileName, got.Error)
		}
	}
}

func TestAReaderThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newScanner(t, store.SQLite, stub(t, "sleep 600"))
	defer s.work()()
	scan := s.keep("a.png", ocrtest.PNG("TOTAL 1.00", ocrtest.Look{}))
	if got := s.until(scan.ID, fieldops.ScanFailed); !strings.Contains(got.Error, "given up after 1s") {
		t.Errorf("it says %s", got.Error)
	}
}

// TestAReadingThatWasCutOffIsDoneAgain ends the worker in the midst of a reading, as a
// kill does, and has the next one find it.
func TestAReadingThatWasCutOffIsDoneAgain(t *testing.T) {
	t.Parallel()
	begun := filepath.Join(t.TempDir(), "begun")
	reader := stub(t, "if [ -e "+begun+" ]; then printf '"+table+"'; else touch "+begun+"; sleep 600; fi")
	reader.Limit = time.Minute
	s := newScanner(t, store.SQLite, reader)
	scan := s.keep("a.png", ocrtest.PNG("TOTAL 1.00", ocrtest.Look{}))
	stop := s.work()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(begun); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody reads it")
		}
	}
	stop()
	if now, err := s.db.Scan(t.Context(), scan.ID); err != nil || now.Status != fieldops.ScanProcessing {
		t.Fatalf("cut off, it is %s, %v", now.Status, err)
	}
	defer s.work()()
	if got := s.until(scan.ID, fieldops.ScanCompleted); got.Fields.Total == nil || *got.Fields.Total != 12_50 {
		t.Errorf("it says %+v", got.Fields)
	}
}

// table is what tesseract would write of TOTAL 12.50.
const table = `5\t1\t1\t1\t1\t1\t10\t10\t90\t30\t96.0\tTOTAL\n5\t1\t1\t1\t1\t2\t400\t10\t90\t30\t96.0\t12.50\n`

// TestAnOlderRunWritesNothing has a scan read again while the first reading goes on.
func TestAnOlderRunWritesNothing(t *testing.T) {
	t.Parallel()
	s := newScanner(t, store.SQLite, nil)
	ctx := t.Context()
	scan := s.keep("a.png", ocrtest.PNG("x", ocrtest.Look{}))
	write := func(change func(tx *store.Tx) error) {
		t.Helper()
		if err := s.db.Write(ctx, fieldops.System, change); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error {
		_, begun, err := tx.BeginReading(ctx, scan.ID, 1)
		if !begun {
			t.Error("the first run does not begin")
		}
		return err
	})
	write(func(tx *store.Tx) error { _, err := tx.RetryScan(ctx, scan.ID); return err })
	write(func(tx *store.Tx) error {
		return tx.KeepReading(ctx, scan.ID, 1, "old", 90, fieldops.ReadScan(nil, fieldops.ScanContext{}))
	})
	write(func(tx *store.Tx) error { return tx.FailReading(ctx, scan.ID, 1, "old") })
	write(func(tx *store.Tx) error {
		_, begun, err := tx.BeginReading(ctx, scan.ID, 1)
		if begun {
			t.Error("the first run begins again")
		}
		return err
	})
	if now, err := s.db.Scan(ctx, scan.ID); err != nil || now.Status != fieldops.ScanPending || now.Text != "" || now.Run != 2 {
		t.Errorf("it is %+v, %v", now, err)
	}
}

// TestNoBombReachesTheReader uploads a picture that is small as a file and would fill
// the memory: one that is let in, as it can be shown in part, is not decoded.
func TestNoBombReachesTheReader(t *testing.T) {
	t.Parallel()
	asked := filepath.Join(t.TempDir(), "asked")
	s := newScanner(t, store.SQLite, stub(t, "touch "+asked))
	defer s.work()()
	bomb := ocrtest.PNG("x", ocrtest.Look{})
	binary.BigEndian.PutUint32(bomb[16:], 9_000) // 81 million points of sixteen bits a colour
	binary.BigEndian.PutUint32(bomb[20:], 9_000)
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	scan := s.keep("bomb.png", bomb)
	if got := s.until(scan.ID, fieldops.ScanFailed); !strings.Contains(got.Error, "9000 × 9000 points") {
		t.Errorf("it says %s", got.Error)
	}
	if _, err := os.Stat(asked); err == nil {
		t.Error("the reader was asked")
	}
}
