package blob_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/blob/blobtest"
)

// largeFile makes a file on the disk and says what is in it.
func largeFile(t testing.TB, size int) (*os.File, blob.Object) {
	t.Helper()
	content := blobtest.Content(1, size)
	path := filepath.Join(t.TempDir(), "large.bin")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file, blobtest.Describe("large.bin", content)
}

// TestPutAllocatesLittle puts 100 MB. It is not parallel, since what is allocated
// is counted for the whole process.
func TestPutAllocatesLittle(t *testing.T) {
	const size, limit = 100_000_000, 8 << 20
	file, o := largeFile(t, size)
	for name, s := range map[string]blob.Store{"folder": openFolder(t), "S3": openS3(t, blobtest.S3(t))} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		ref, err := s.Put(t.Context(), o, file)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		allocated := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: putting %d bytes allocated %d in all", name, size, allocated)
		if allocated > limit {
			t.Errorf("%s: putting %d bytes allocated %d in all", name, size, allocated)
		}

		opened, err := s.Open(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&before)
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{opened}, make([]byte, 64<<10))
		runtime.ReadMemStats(&after)
		if err != nil || n != size {
			t.Errorf("%s: read %d bytes, %v", name, n, err)
		}
		allocated = after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: reading %d bytes allocated %d in all", name, size, allocated)
		if allocated > limit {
			t.Errorf("%s: reading %d bytes allocated %d in all", name, size, allocated)
		}
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDrivePutAllocatesLittle puts 100 MB into a Google that keeps nothing.
func TestDrivePutAllocatesLittle(t *testing.T) {
	const size, limit = 100_000_000, 8 << 20
	file, o := largeFile(t, size)
	d := openSink(t, o)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if _, err := d.Put(t.Context(), o, file); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	t.Logf("putting %d bytes allocated %d in all, the fake server's included", size, allocated)
	if allocated > limit {
		t.Errorf("putting %d bytes allocated %d in all", size, allocated)
	}
}

// ratio runs ours and theirs in turns and reports how many times as long ours takes.
func ratio(b *testing.B, size int64, ours, theirs func() error) {
	b.Helper()
	b.SetBytes(size)
	var took [2]time.Duration
	for b.Loop() {
		for i, run := range []func() error{ours, theirs} {
			began := time.Now()
			if err := run(); err != nil {
				b.Fatal(err)
			}
			took[i] += time.Since(began)
		}
	}
	b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "ours/theirs")
	b.ReportMetric(float64(took[0].Milliseconds())/float64(b.N), "ms-ours/op")
	b.ReportMetric(float64(took[1].Milliseconds())/float64(b.N), "ms-theirs/op")
}

// BenchmarkFolderPut compares with copying the same file and syncing it.
func BenchmarkFolderPut(b *testing.B) {
	for name, size := range map[string]int{"100kB": 100_000, "5MB": 5_000_000, "100MB": 100_000_000} {
		b.Run(name, func(b *testing.B) {
			file, o := largeFile(b, size)
			f := openFolder(b)
			plain := filepath.Join(b.TempDir(), "plain.bin")
			ratio(b, o.Size, func() error {
				_, err := f.Put(b.Context(), o, file)
				return err
			}, func() error { return copyAndSync(plain, file, o.Size) })
		})
	}
}

func copyAndSync(path string, from io.ReaderAt, size int64) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if errClose := file.Close(); err == nil {
			err = errClose
		}
	}()
	if _, err := io.Copy(file, io.NewSectionReader(from, 0, size)); err != nil {
		return err
	}
	return file.Sync()
}

// BenchmarkS3Put compares with the library's own way to put a file.
func BenchmarkS3Put(b *testing.B) {
	for name, size := range map[string]int{"100kB": 100_000, "5MB": 5_000_000, "100MB": 100_000_000} {
		b.Run(name, func(b *testing.B) {
			file, o := largeFile(b, size)
			config := blobtest.S3(b)
			s, client := openS3(b, config), blobtest.S3Client(b, config)
			ratio(b, o.Size, func() error {
				_, err := s.Put(b.Context(), o, file)
				return err
			}, func() error {
				_, err := client.FPutObject(b.Context(), config.Bucket, "theirs.bin", file.Name(), minio.PutObjectOptions{ContentType: o.ContentType})
				return err
			})
		})
	}
}

// openSink opens a Drive at a Google that forgets the content it gets and believes
// that it was the object's.
func openSink(t testing.TB, o blob.Object) *blob.Drive {
	t.Helper()
	var address string
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		var first, last, size int64
		switch _, err := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &size); {
		case err == nil && last+1 < size:
			w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", last))
			w.WriteHeader(http.StatusPermanentRedirect)
		case err == nil:
			fmt.Fprintf(w, `{"id":"1234567890","size":"%d","sha256Checksum":"%x"}`, size, o.SHA256)
		case r.Method == http.MethodPost:
			w.Header().Set("Location", address+"/upload?upload_id=1")
		case strings.HasSuffix(r.URL.Path, "/generateIds"):
			fmt.Fprint(w, `{"ids":["1234567890"]}`)
		default:
			fmt.Fprint(w, `{"files":[]}`)
		}
	}))
	t.Cleanup(sink.Close)
	address = sink.URL
	token := func(context.Context) (string, error) { return "token", nil }
	d := blob.OpenDrive(blob.DriveConfig{FolderID: "folder", Token: token, APIURL: address, UploadURL: address + "/upload"})
	t.Cleanup(func() { _ = d.Close() })
	return d
}
