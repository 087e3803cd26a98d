package paperwork_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/blob/blobtest"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

var (
	tortureRuns = flag.Int("files-runs", 5, "how many random histories TestFilesTorture makes")
	tortureSeed = flag.Uint64("files-seed", uint64(time.Now().UnixNano()), "of the first history; the others follow it")
)

// TestFilesTorture kills a process that uploads, moves and drops files, again and
// again, while the other place is down, slow or fails, and the disk is full. Then
// everything is whole again, and looked at by code that shares nothing with it: no
// file without bytes, no acknowledged photo lost, no bytes that nothing names.
//
//	make torture-files
func TestFilesTorture(t *testing.T) {
	t.Parallel()
	c := blobtest.S3(t)
	for n := range *tortureRuns {
		seed := *tortureSeed + uint64(n)
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			history(t, seed, c)
		})
	}
}

// situation is what a working process is told.
type situation struct {
	Seed     uint64
	Database string
	Folder   string
	Storage  fieldops.Storage
}

const tortureVariable = "AMPEDFIELDOPS_FILES_TORTURE"

func history(t *testing.T, seed uint64, c blob.S3Config) {
	r := rand.New(rand.NewPCG(seed, 1))
	between := newBetween(t, c.Endpoint)
	disk := storetest.NewDisk(t, 64)
	s := situation{Seed: seed, Database: storetest.Migrated(t, store.SQLite), Folder: filepath.Join(disk.Folder, "uploads"), Storage: fieldops.Storage{Place: fieldops.PlaceLocal}}
	db := storetest.Open(t, s.Database)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r.IntN(4) > 0 {
		s.Storage = fieldops.Storage{Place: fieldops.PlaceS3, S3: fieldops.S3Storage{
			Bucket: c.Bucket, Region: c.Region, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, Endpoint: between.url, Prefix: fmt.Sprintf("run-%d/", seed),
		}}
	}
	said := map[string]string{} // what the processes said of each address, at last
	sums := map[string]string{}
	for life := range 2 + r.IntN(2) {
		s.Seed = seed*10 + uint64(life)
		trouble := []string{"none", "none", "down", "slow", "failing", "full"}[r.IntN(6)]
		between.set(trouble)
		filled := make(chan struct{})
		wait := time.Duration(r.IntN(300)) * time.Millisecond
		go func() {
			defer close(filled)
			if trouble == "full" {
				time.Sleep(wait)
				disk.Fill()
			}
		}()
		live(t, s, time.Duration(150+r.IntN(700))*time.Millisecond, func(word, path, sum string) { said[path], sums[path] = word, sum })
		<-filled
		disk.Empty()
	}
	between.set("none")
	between.settle(t)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	recover31DaysLater(t, s)
	judge(t, s, c, said, sums)
	if t.Failed() {
		t.Logf("repeat it: go test ./internal/paperwork -run TestFilesTorture -args -files-runs=1 -files-seed=%d", seed)
	}
}

// live lets a process work for a while, and kills it.
func live(t *testing.T, s situation, d time.Duration, tell func(word, path, sum string)) {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFilesTortureWorker$", "-test.timeout=2m")
	child.Env = append(os.Environ(), tortureVariable+"="+string(text))
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var problems bytes.Buffer
	child.Stderr = &problems
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	working := false
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch {
		case lines.Text() == "working":
			working = true
			time.AfterFunc(d, func() { _ = child.Process.Kill() })
		case len(words) == 3 && words[0] == "said":
		case len(words) == 4 && words[0] == "said":
			tell(words[1], words[2], words[3])
		}
	}
	err = child.Wait()
	if exited, ok := errors.AsType[*exec.ExitError](err); !working || !ok || exited.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the process ended by itself: %v %s", err, problems.String())
	}
}

// TestFilesTortureWorker is the process that is killed.
func TestFilesTortureWorker(t *testing.T) {
	text := os.Getenv(tortureVariable)
	if text == "" {
		return // it is a part of TestFilesTorture, and no test by itself
	}
	var s situation
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	db, files := s.open(t, time.Now)
	files.Register(db.Queue())
	if err := db.Queue().Start(ctx, 1, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	fmt.Println("working")
	r := rand.New(rand.NewPCG(s.Seed, 2))
	var kept []fieldops.StoredFile
	all, err := db.FilesAfter(ctx, "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.RecordKind != fieldops.RecordPreview {
			kept = append(kept, f)
		}
	}
	for brought := 0; ; {
		n := r.IntN(10)
		if n < 6 && brought >= 40 { // enough to look at
			n = 6 + r.IntN(4)
			time.Sleep(time.Millisecond)
		}
		switch {
		case n < 6 || len(kept) == 0:
			brought++
			m := image.NewGray(image.Rect(0, 0, 50+r.IntN(300), 50+r.IntN(300)))
			for i := range m.Pix {
				m.Pix[i] = uint8(r.Uint32())
			}
			var b bytes.Buffer
			if err := png.Encode(&b, m); err != nil {
				t.Fatal(err)
			}
			a, err := files.Receive(paperwork.UsePhoto, "a.png", &b)
			if err != nil {
				continue // the disk is full
			}
			file, err := files.Keep(ctx, a, paperwork.Owner{Kind: fieldops.RecordTimesheet, Record: fieldops.NewID()})
			if err != nil {
				_ = a.Discard()
				continue
			}
			fmt.Println("said", "keeping", file.Path, file.SHA256)
			if err := db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return tx.KeepFile(ctx, &file) }); err != nil {
				files.TakeBack(ctx, file)
				continue
			}
			fmt.Println("said", "kept", file.Path, file.SHA256)
			kept = append(kept, file)
		case n < 7:
			file := kept[r.IntN(len(kept))]
			fmt.Println("said", "dropped", file.Path, file.SHA256)
			_ = db.Write(ctx, fieldops.System, func(tx *store.Tx) error { return tx.ReleaseFiles(ctx, r.IntN(2) == 0, file.Path) })
		case n < 9:
			file, err := db.File(ctx, kept[r.IntN(len(kept))].ID)
			if err == nil && s.Storage.Place == fieldops.PlaceS3 {
				to := fieldops.PlaceS3
				if file.Place == fieldops.PlaceS3 {
					to = fieldops.PlaceLocal
				}
				_, _ = files.Move(ctx, file, to) // whatever comes of it
			}
		default:
			_ = files.Round(ctx)
		}
	}
}

// open opens what a situation describes.
func (s situation) open(t *testing.T, clock func() time.Time) (*store.DB, *paperwork.Files) {
	t.Helper()
	db, err := store.Open(context.Background(), s.Database)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := blob.OpenFolder(s.Folder)
	if err != nil {
		t.Fatal(err)
	}
	return db, paperwork.NewFiles(paperwork.FilesConfig{DB: db, Folder: folder, Clock: clock, Places: &paperwork.Places{
		Read: func(context.Context) (fieldops.Storage, error) { return s.Storage, nil },
	}})
}

// recover31DaysLater has everything done that waits, and what the bin keeps go.
func recover31DaysLater(t *testing.T, s situation) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	later := atomic.Int64{}
	db, files := s.open(t, func() time.Time { return time.Now().Add(time.Duration(later.Load())) })
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	// Jobs that wait for a place that was down, and turns of processes that died, are
	// not waited for: they come in minutes.
	raw := s.raw(t)
	defer raw.Close()
	if _, err := raw.Exec("update river_job set state = 'available', scheduled_at = '2000-01-01T00:00:00Z' where state in ('running', 'scheduled', 'retryable'); delete from throttles"); err != nil {
		t.Fatal(err)
	}
	files.Register(db.Queue())
	if err := db.Queue().Start(ctx, 1, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	waits := "select count(*) from stored_files where moves_to is not null or preview_state = 'waiting'"
	for until, look := time.Now().Add(90*time.Second), 0; ; time.Sleep(50 * time.Millisecond) {
		// What was tried and is to be tried again in a minute, is tried at once.
		if look++; look%20 == 0 {
			if _, err := raw.Exec("update river_job set state = 'available', scheduled_at = '2000-01-01T00:00:00Z' where state in ('scheduled', 'retryable')"); err != nil {
				t.Fatal(err)
			}
		}
		var n int
		if err := raw.QueryRow(waits).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		if time.Now().After(until) {
			t.Errorf("%d files are still waiting", n)
			break
		}
	}
	if err := db.Queue().Stop(ctx); err != nil {
		t.Error(err)
	}
	later.Store(int64(31 * 24 * time.Hour))
	if _, err := raw.Exec("delete from file_sweeps"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := files.Round(ctx); err != nil {
			t.Error(err)
		}
	}
}

// raw is the database, past the store.
func (s situation) raw(t *testing.T) *sql.DB {
	t.Helper()
	raw, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(s.Database, "sqlite:")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// judge looks at the database, the folder and the bucket by means of its own.
func judge(t *testing.T, s situation, c blob.S3Config, said, sums map[string]string) {
	t.Helper()
	lies := s.objects(t, c)
	raw := s.raw(t)
	defer raw.Close()
	rows, err := raw.Query("select path, place, ref, sha256 from stored_files")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	there := map[string]string{}
	for rows.Next() {
		var path, place, ref, sum string
		if err := rows.Scan(&path, &place, &ref, &sum); err != nil {
			t.Fatal(err)
		}
		there[path] = sum
		switch got, ok := lies[place+" "+ref]; {
		case !ok:
			t.Errorf("%s has no bytes: %s %s", path, place, ref)
		case got != sum:
			t.Errorf("%s is not what came", path)
		}
		delete(lies, place+" "+ref)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for left := range lies {
		t.Errorf("nothing names %s", left)
	}
	acknowledged := 0
	for path, word := range said {
		if word != "kept" {
			continue
		}
		acknowledged++
		if there[path] != sums[path] {
			t.Errorf("%s was acknowledged with %s, and is %q", path, sums[path], there[path])
		}
	}
	t.Logf("%d files, %d of them acknowledged and not dropped", len(there), acknowledged)
}

// objects are the hashes of all that lies in the folder and the bucket.
func (s situation) objects(t *testing.T, c blob.S3Config) map[string]string {
	t.Helper()
	lies := map[string]string{}
	err := filepath.WalkDir(s.Folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(s.Folder, path)
		sum := sha256.Sum256(content)
		lies["local "+name] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.Storage.Place == fieldops.PlaceLocal {
		return lies
	}
	at, err := url.Parse(c.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	client, err := minio.New(at.Host, &minio.Options{Creds: credentials.NewStaticV4(c.AccessKeyID, c.SecretAccessKey, ""), Region: c.Region})
	if err != nil {
		t.Fatal(err)
	}
	for o := range client.ListObjects(t.Context(), c.Bucket, minio.ListObjectsOptions{Prefix: s.Storage.S3.Prefix, Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		content, err := client.GetObject(t.Context(), c.Bucket, o.Key, minio.GetObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, content); err != nil {
			t.Fatal(err)
		}
		if err := content.Close(); err != nil {
			t.Error(err)
		}
		lies["s3 "+o.Key] = hex.EncodeToString(sum.Sum(nil))
	}
	return lies
}

// between stands between the processes and the bucket.
type between struct {
	url     string
	under   atomic.Int64 // way, of requests
	mu      sync.Mutex
	trouble string
	writes  int
}

func newBetween(t *testing.T, endpoint string) *between {
	t.Helper()
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	b := &between{}
	pass := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host }, // which is signed
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.under.Add(1)
		defer b.under.Add(-1)
		b.mu.Lock()
		trouble := b.trouble
		if r.Method == http.MethodPut {
			b.writes++
		}
		third, sixth := r.Method == http.MethodPut && b.writes%3 == 0, b.writes%6 == 0
		b.mu.Unlock()
		switch {
		case trouble == "down":
			panic(http.ErrAbortHandler)
		case trouble == "slow":
			time.Sleep(100 * time.Millisecond)
		case trouble == "failing" && third && sixth:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case trouble == "failing" && third: // it is kept, and the answer is lost
			pass.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		pass.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// settle waits until what the killed processes have asked of the bucket has come to
// its end: bytes that appear after a sweep are for the sweep of the next day.
func (b *between) settle(t *testing.T) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); b.under.Load() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("the bucket does not come to rest")
		}
	}
}

func (b *between) set(trouble string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trouble = trouble
}
