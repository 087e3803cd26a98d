package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/blob/blobtest"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

var outFiles = flag.String("out-files", "", "`file` to write TestFiles' figures to, as Markdown")

// mostGrowth is by how much the memory of the program may grow while it takes files
// in, however large they are.
const mostGrowth = 64 << 20

// pieceBytes is how large the pieces of a large file are that is uploaded by tus.
const pieceBytes = 8 << 20

// filesPlan says what is uploaded.
type filesPlan struct {
	files, fileBytes, turns    int
	phones, photos, photoBytes int
}

// TestFiles uploads large files, and the photos of many phones at once, to the
// program with its files in the folder and in an S3 store. In the same run the same
// files are copied, and sent by the S3 client alone. Without -bench it does little of
// each; the memory is looked at all the same.
func TestFiles(t *testing.T) {
	p := filesPlan{files: 3, fileBytes: 8 << 20, turns: 1, phones: 6, photos: 2, photoBytes: 300_000}
	if *full {
		p = filesPlan{files: 20, fileBytes: 100 << 20, turns: 2, phones: 50, photos: 5, photoBytes: 500_000}
	}
	binary := program.Build(t)
	page := &filesPage{plan: p, load: loadAverage(t)}
	for _, place := range []string{"local", "s3"} {
		page.take(t, newFileFirm(t, binary, place))
	}
	if *full {
		t.Log("\n" + page.markdown())
		page.write(t)
	}
}

// fileFirm is a firm that keeps its files in a place, and what else can bring files
// there.
type fileFirm struct {
	place                     string
	serve                     *program.Process
	office                    *program.Caller
	project, center, activity string
	alone                     func(file string) error // brings a file there without the program
	aloneIs                   string
	dir                       string
}

func newFileFirm(t *testing.T, binary, place string) *fileFirm {
	t.Helper()
	f := &fileFirm{place: place, dir: t.TempDir()}
	environment := append(program.Environment(t.TempDir(), storetest.URL(t, store.SQLite), "http://127.0.0.1:1"), "CLOUD_STORAGE_PROVIDER="+place)
	f.aloneIs, f.alone = "cp, and a sync", func(file string) error { return copyFile(filepath.Join(f.dir, "copy"), file) }
	if place == "s3" {
		c := blobtest.S3(t)
		environment = append(environment, "AWS_S3_BUCKET="+c.Bucket, "AWS_REGION="+c.Region, "AWS_ACCESS_KEY_ID="+c.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+c.SecretAccessKey, "AWS_S3_ENDPOINT="+c.Endpoint)
		client := blobtest.S3Client(t, c)
		f.aloneIs, f.alone = "the S3 client alone", func(file string) error {
			_, err := client.FPutObject(t.Context(), c.Bucket, "alone", file, minio.PutObjectOptions{})
			return err
		}
	}
	const email, password = "office@firm.test", "kererū over the marae"
	program.Run(t, binary, environment, password+"\n", "user", "create", "--email", email, "--name", "Office", "--role", "admin", "--password-stdin")
	f.serve = program.Start(t, binary, environment, "serve", "--listen", "127.0.0.1:0")
	f.office = program.NewCaller(t, f.serve.Address)
	f.office.Client.Timeout = 5 * time.Minute
	f.office.SignIn(email, password)
	create := func(path string, body map[string]any) string {
		var made struct{ ID string }
		f.office.Call("POST", path, body, http.StatusCreated, &made)
		return made.ID
	}
	client := create("/api/clients", map[string]any{"name": "Kauri Dairies"})
	f.project = create("/api/projects", map[string]any{"name": "Vat room", "client_id": client})
	f.center = create("/api/cost-centers", map[string]any{"code": "CC", "name": "General"})
	f.activity = create("/api/activity-types", map[string]any{"name": "Labour", "hourly_rate": "95.00", "icon": "zap", "color": "electric"})
	return f
}

func copyFile(to, from string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() {
		if errClose := file.Close(); err == nil {
			err = errClose
		}
	}()
	if _, err := io.Copy(file, source); err != nil {
		return err
	}
	return file.Sync()
}

// upload brings content to the program by tus, in pieces of so many bytes, and
// returns the upload.
func upload(ctx context.Context, by *program.Caller, purpose, name string, content io.Reader, size, piece int64, sum string) (id string, err error) {
	text := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	ask := func(method, path string, body io.Reader, length int64, status int, header ...string) (http.Header, error) {
		request, err := http.NewRequestWithContext(ctx, method, by.Address+path, body)
		if err != nil {
			return nil, err
		}
		request.ContentLength = length
		request.Header.Set("Authorization", "Bearer "+by.Token)
		request.Header.Set("Tus-Resumable", "1.0.0")
		for i := 0; i+1 < len(header); i += 2 {
			request.Header.Set(header[i], header[i+1])
		}
		response, err := by.Client.Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		said, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode != status {
			err = fmt.Errorf("%s %s: %d: %.300s", method, path, response.StatusCode, said)
		}
		return response.Header, err
	}
	began, err := ask("POST", "/api/uploads", http.NoBody, 0, http.StatusCreated, "Upload-Length", strconv.FormatInt(size, 10),
		"Upload-Metadata", "filename "+text(name)+",purpose "+text(purpose)+",sha256 "+text(sum))
	if err != nil {
		return "", err
	}
	at := began.Get("Location")
	for offset := int64(0); offset < size; offset += piece {
		n := min(piece, size-offset)
		if _, err := ask("PATCH", at, io.LimitReader(content, n), n, http.StatusNoContent, "Content-Type", "application/offset+octet-stream", "Upload-Offset", strconv.FormatInt(offset, 10)); err != nil {
			return "", err
		}
	}
	return at[strings.LastIndex(at, "/")+1:], nil
}

// plan is a PDF file of so many bytes, and its hash.
func (f *fileFirm) plan(t *testing.T, size int, random *rand.Rand) (file, sum string) {
	t.Helper()
	content := make([]byte, size)
	for i := 0; i+8 <= size; i += 8 {
		n := random.Uint64()
		for j := range 8 {
			content[i+j] = byte(n >> (8 * j))
		}
	}
	copy(content, "%PDF-1.7\n")
	clear(content[9:1100]) // no beginning of a page by chance
	copy(content[size-30:], "\nstartxref\n0\n%%EOF\n          ")
	file = filepath.Join(f.dir, "plan.pdf")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(content)
	return file, hex.EncodeToString(hash[:])
}

// take measures one place.
func (page *filesPage) take(t *testing.T, f *fileFirm) {
	t.Helper()
	ctx, p := t.Context(), page.plan
	random := rand.New(rand.NewPCG(uint64(len(f.place)), 7))
	before, _ := f.serve.Memory()
	f.serve.ForgetPeak()
	var ours, theirs time.Duration
	for n := range p.files {
		file, sum := f.plan(t, p.fileBytes, random)
		for turn := range p.turns {
			began := time.Now()
			if err := f.alone(file); err != nil {
				t.Fatal(err)
			}
			theirs += time.Since(began)
			began = time.Now()
			if err := f.bring(ctx, file, sum, n%2 == 0); err != nil {
				t.Fatalf("%s: file %d, turn %d: %v", f.place, n, turn, err)
			}
			ours += time.Since(began)
		}
	}
	_, peak := f.serve.Memory()
	bytes := float64(p.files*p.turns*p.fileBytes) / 1e6
	row := filesRow{
		place: f.place, what: fmt.Sprintf("%d files of %d MB, one after the other", p.files*p.turns, p.fileBytes>>20),
		rate: bytes / ours.Seconds(), alone: bytes / theirs.Seconds(), aloneIs: f.aloneIs, growth: peak - before, peak: peak,
	}
	page.rows = append(page.rows, row)
	if row.growth > mostGrowth {
		t.Errorf("%s: %s: the memory grew by %d MB", f.place, row.what, row.growth>>20)
	}

	phones := f.hire(t, p.phones)
	before, _ = f.serve.Memory()
	f.serve.ForgetPeak()
	took, total := f.photograph(t, phones, p)
	_, peak = f.serve.Memory()
	row = filesRow{
		place: f.place, what: fmt.Sprintf("%d phones at once, each with %d photos of %.1f MB", p.phones, p.photos, float64(p.photoBytes)/1e6),
		rate: float64(p.phones*p.photos*p.photoBytes) / 1e6 / total.Seconds(), took: took, growth: peak - before, peak: peak,
	}
	page.rows = append(page.rows, row)
	if row.growth > mostGrowth {
		t.Errorf("%s: %s: the memory grew by %d MB", f.place, row.what, row.growth>>20)
	}
}

// bring uploads a file to the project, in one form or in pieces, and looks at
// the receipt.
func (f *fileFirm) bring(ctx context.Context, file, sum string, pieces bool) error {
	content, err := os.Open(file)
	if err != nil {
		return err
	}
	defer content.Close()
	info, err := content.Stat()
	if err != nil {
		return err
	}
	head := fmt.Sprintf("--b\r\nContent-Disposition: form-data; name=\"project_id\"\r\n\r\n%s\r\n", f.project)
	body := io.MultiReader(strings.NewReader(head+"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"plan.pdf\"\r\n\r\n"), content, strings.NewReader("\r\n--b--\r\n"))
	if pieces {
		id, err := upload(ctx, f.office, "file", "plan.pdf", content, info.Size(), pieceBytes, sum)
		if err != nil {
			return err
		}
		body = strings.NewReader(head + "--b\r\nContent-Disposition: form-data; name=\"upload_id\"\r\n\r\n" + id + "\r\n--b--\r\n")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.office.Address+"/api/files", body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	request.Header.Set("Authorization", "Bearer "+f.office.Token)
	response, err := f.office.Client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var kept struct {
		SHA256 string `json:"sha256"`
		Place  string `json:"stored_in"`
	}
	if err := json.Unmarshal(said, &kept); err != nil || response.StatusCode != http.StatusCreated || kept.SHA256 != sum || kept.Place != f.place {
		return fmt.Errorf("%d: %.300s", response.StatusCode, said)
	}
	return nil
}

// hire makes people, each with a phone that is signed in.
func (f *fileFirm) hire(t *testing.T, n int) []*program.Caller {
	t.Helper()
	phones := make([]*program.Caller, n)
	for i := range phones {
		email := fmt.Sprintf("tech%d@firm.test", i)
		f.office.Call("POST", "/api/users", map[string]any{"email": email, "name": fmt.Sprintf("Tech %d", i), "role": "user", "password": "kererū over the marae"}, http.StatusCreated, nil)
		phones[i] = program.NewCaller(t, f.serve.Address)
		phones[i].Client.Timeout = 5 * time.Minute
		phones[i].SignIn(email, "kererū over the marae")
	}
	return phones
}

// photograph has all phones send an entry with photos at once, as the app does: in
// pieces, then the entry that names them. It returns how long each took.
func (f *fileFirm) photograph(t *testing.T, phones []*program.Caller, p filesPlan) (took []time.Duration, total time.Duration) {
	t.Helper()
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(t.Context())
	began := time.Now()
	for i, phone := range phones {
		group.Go(func() error {
			random := rand.New(rand.NewPCG(uint64(i), 11))
			start := time.Now()
			uploads, sums := make([]string, p.photos), make([]string, p.photos)
			for n := range p.photos {
				content := program.Picture(p.photoBytes, func() uint8 { return uint8(random.UintN(256)) })
				hash := sha256.Sum256(content)
				sums[n] = hex.EncodeToString(hash[:])
				id, err := upload(ctx, phone, "photo", "board.png", bytes.NewReader(content), int64(len(content)), 256<<10, sums[n])
				if err != nil {
					return err
				}
				uploads[n] = id
			}
			body, err := json.Marshal(map[string]any{
				"project_id": f.project, "cost_center_id": f.center, "activity_type_id": f.activity, "date": time.Now().AddDate(0, 0, -2).Format(time.DateOnly), "hours": "1", "upload_ids": uploads,
			})
			if err != nil {
				return err
			}
			status, said, err := phone.Send(ctx, "POST", "/api/timesheets", body, "Idempotency-Key", fmt.Sprintf("phone-%d", i))
			if err != nil || status != http.StatusCreated {
				return fmt.Errorf("phone %d: %d: %.300s: %w", i, status, said, err)
			}
			for _, sum := range sums {
				if !bytes.Contains(said, []byte(sum)) {
					return fmt.Errorf("phone %d: the receipt of a photo is missing: %.300s", i, said)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(start))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatalf("%s: %v", f.place, err)
	}
	slices.Sort(took)
	return took, time.Since(began)
}

// filesPage are the figures of TestFiles.
type filesPage struct {
	plan filesPlan
	load string // average, before the run
	rows []filesRow
}

type filesRow struct {
	place, what, aloneIs string
	rate, alone          float64 // MB a second; alone is 0 where nothing is compared
	took                 []time.Duration
	growth, peak         int64 // bytes of memory
}

func (page *filesPage) head(date string) string {
	return fmt.Sprintf(`# Benchmarks of files

Measured by %[1]smake bench%[1]s on %[2]s, on %[3]d cores which also carried the S3 server (versitygw), its folder, and the callers.
The load average before the run was %[4]s; on 2 cores, anything above 0.5 means that other programs took part of them.

Every other large file is uploaded in one form, the others in pieces of %[5]d MB by tus, each piece on the disk before it is acknowledged;
either way the hash is compared at the end. A file for S3 is kept in the folder until it is whole and in order, and sent then, so that
each of its bytes is written twice. Before each upload the same file is copied in cp's way (read, write, sync), or given to the S3 client
that the program uses. A phone's time is that of its %[6]d photos and the timesheet they belong to, while the other phones do the same.

"Memory" is the program's resident memory at its peak, over what it had before the first upload. It may grow by %[7]d MB
however large the files are; the run fails otherwise.

`, "`", date, runtime.NumCPU(), page.load, pieceBytes>>20, page.plan.photos, mostGrowth>>20)
}

func (page *filesPage) markdown() string {
	var out strings.Builder
	out.WriteString("| Files lie in | What was uploaded | MB/s | Compared with | MB/s | Ratio | p50, p99 of a phone | Memory grew by | Memory at most |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range page.rows {
		compared, rate, ratio, phone := "", "", "", ""
		if r.alone > 0 {
			compared, rate, ratio = r.aloneIs, fmt.Sprintf("%.0f", r.alone), fmt.Sprintf("%.2f", r.rate/r.alone)
		}
		if n := len(r.took); n > 0 {
			phone = fmt.Sprintf("%.1f s, %.1f s", r.took[n/2].Seconds(), r.took[min(n-1, n*99/100)].Seconds())
		}
		fmt.Fprintf(&out, "| %s | %s | %.0f | %s | %s | %s | %s | %d MB | %d MB |\n", map[string]string{"local": "the folder", "s3": "S3"}[r.place], r.what, r.rate, compared, rate, ratio, phone, r.growth>>20, r.peak>>20)
	}
	return out.String()
}

func (page *filesPage) write(t *testing.T) {
	t.Helper()
	if *outFiles == "" {
		return
	}
	if err := os.WriteFile(fromRoot(t, *outFiles), []byte(page.head(time.Now().UTC().Format(time.DateOnly))+page.markdown()+
		"\nRepeat it with `make bench`; `go test -count=1 -run '^TestFiles$' -timeout 60m ./e2e/bench -args -bench -out-files=docs/benchmarks-files.md` writes this page.\n"), 0o644); err != nil { //nolint:gosec // a page for everybody
		t.Fatal(err)
	}
}
