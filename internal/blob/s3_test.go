package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/blob/blobtest"
)

type bucket struct {
	*blob.S3
	list func(ctx context.Context) ([]string, error)
}

// Leftovers are the uploads in parts that were neither completed nor aborted.
func (b bucket) Leftovers(ctx context.Context) ([]string, error) { return b.list(ctx) }

func openS3(t testing.TB, config blob.S3Config) bucket {
	t.Helper()
	s, err := blob.OpenS3(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.SetListPage(10)
	client := blobtest.S3Client(t, config)
	return bucket{s, func(ctx context.Context) (left []string, err error) {
		for upload := range client.ListIncompleteUploads(ctx, config.Bucket, "", true) {
			if upload.Err != nil {
				return nil, upload.Err
			}
			left = append(left, upload.Key)
		}
		return left, nil
	}}
}

func TestS3(t *testing.T) {
	t.Parallel()
	blobtest.Contract(t, func(t testing.TB) blob.Store { return openS3(t, blobtest.S3(t)) })
}

func TestS3KeepsBelowItsPrefix(t *testing.T) {
	t.Parallel()
	config := blobtest.S3(t)
	put(t, openS3(t, config), "a.txt", []byte("a"))
	config.Prefix = "other/"
	other := openS3(t, config)
	if ref := put(t, other, "b.txt", []byte("b")); ref != "other/b.txt" {
		t.Errorf("the reference is %s", ref)
	}
	if got := keys(t, other); len(got) != 1 || got[0] != "b.txt" {
		t.Errorf("listed: %v", got)
	}
}

func fetch(t *testing.T, link string) (status int, header http.Header, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, body
}

func link(t *testing.T, s *blob.S3, ref string, d time.Duration) string {
	t.Helper()
	made, err := s.Link(t.Context(), ref, d, `Rechnung "Grün".pdf`, "application/pdf")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestS3Link(t *testing.T) {
	t.Parallel()
	s := openS3(t, blobtest.S3(t))
	content := blobtest.Content(1, 1000)
	ref := put(t, s, "projects/a b.pdf", content)
	made := link(t, s.S3, ref, time.Minute)

	status, header, body := fetch(t, made)
	if status != http.StatusOK || !bytes.Equal(body, content) {
		t.Fatalf("status %d with %d bytes", status, len(body))
	}
	if got := header.Get("Content-Type"); got != "application/pdf" {
		t.Errorf("the content type is %s", got)
	}
	if got := header.Get("Content-Disposition"); !strings.HasPrefix(got, "inline; filename*=utf-8''Rechnung%20") {
		t.Errorf("the content disposition is %s", got)
	}
	if key, ok := s.Key(made); !ok || key != ref {
		t.Errorf("the link's key is %q", key)
	}
}

func TestS3LinkIsRefused(t *testing.T) {
	t.Parallel()
	s := openS3(t, blobtest.S3(t))
	ref := put(t, s, "a.pdf", []byte("a"))
	other := put(t, s, "b.pdf", []byte("b"))
	made := link(t, s.S3, ref, time.Minute)

	signature := strings.LastIndex(made, "X-Amz-Signature=") + len("X-Amz-Signature=")
	flipped := map[byte]string{'0': "1"}[made[signature]]
	if flipped == "" {
		flipped = "0"
	}
	anonymous, _, _ := strings.Cut(made, "?")
	for name, refused := range map[string]string{
		"one byte of the signature": made[:signature] + flipped + made[signature+1:],
		"another object":            strings.Replace(made, ref, other, 1),
		"a longer life":             strings.Replace(made, "X-Amz-Expires=60", "X-Amz-Expires=61", 1),
		"another content type":      strings.Replace(made, "application%2Fpdf", "text%2Fhtml", 1),
		"no signature":              anonymous,
	} {
		if refused == made {
			t.Fatalf("%s: nothing was changed in %s", name, made)
		}
		if status, _, _ := fetch(t, refused); status != http.StatusForbidden && status != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, status)
		}
	}
}

func TestS3LinkExpires(t *testing.T) {
	t.Parallel()
	s := openS3(t, blobtest.S3(t))
	made := link(t, s.S3, put(t, s, "a.pdf", []byte("a")), time.Second)
	deadline := time.Now().Add(30 * time.Second)
	for {
		status, _, _ := fetch(t, made)
		if status == http.StatusForbidden {
			return
		}
		if status != http.StatusOK || time.Now().After(deadline) {
			t.Fatalf("status %d", status)
		}
		time.Sleep(50 * time.Millisecond) // until the server's clock has gone on
	}
}

func TestS3LinkLife(t *testing.T) {
	t.Parallel()
	s, err := blob.OpenS3(blob.S3Config{Bucket: "bucket", AccessKeyID: "id", SecretAccessKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	for d, ok := range map[time.Duration]bool{0: false, -time.Second: false, time.Second: true, blob.MaxLinkLife: true, blob.MaxLinkLife + time.Second: false} {
		if _, err := s.Link(t.Context(), "a", d, "", ""); (err == nil) != ok {
			t.Errorf("%v: %v", d, err)
		}
	}
}

// TestS3LinkBase fetches through a network that delivers content, which passes on
// the query and the bucket's own host.
func TestS3LinkBase(t *testing.T) {
	t.Parallel()
	config := blobtest.S3(t)
	origin, err := url.Parse(config.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	network := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(origin)
		r.Out.Host = origin.Host
	}})
	t.Cleanup(network.Close)
	config.LinkBase = network.URL + "/"
	s := openS3(t, config)
	ref := put(t, s, "a.pdf", []byte("a"))
	made := link(t, s.S3, ref, time.Minute)
	if !strings.HasPrefix(made, network.URL+"/") {
		t.Errorf("the link is %s", made)
	}
	if status, _, body := fetch(t, made); status != http.StatusOK || string(body) != "a" {
		t.Errorf("status %d, %s", status, body)
	}
	if key, ok := s.Key(made); !ok || key != ref {
		t.Errorf("the link's key is %q", key)
	}
}

func TestS3LinkAtAmazon(t *testing.T) {
	t.Parallel()
	s, err := blob.OpenS3(blob.S3Config{Bucket: "firm-files", Region: "ap-southeast-2", AccessKeyID: "AKIA", SecretAccessKey: "very-secret"})
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.Link(t.Context(), "uploads/a.pdf", time.Hour, "a.pdf", "application/pdf")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(made)
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "https" || !strings.HasPrefix(u.Host, "firm-files.s3.") || !strings.HasSuffix(u.Host, "ap-southeast-2.amazonaws.com") || u.Path != "/uploads/a.pdf" {
		t.Errorf("the link is %s", made)
	}
	if key, ok := blob.S3Key(made, "firm-files"); !ok || key != "uploads/a.pdf" {
		t.Errorf("the link's key is %q", key)
	}
	if strings.Contains(made, "very-secret") {
		t.Error("the link holds the secret")
	}
}

// each calls everything that asks the server.
func each(t *testing.T, s blob.Store) map[string]error {
	t.Helper()
	content := []byte("content")
	_, errPut := s.Put(t.Context(), blobtest.Describe("a.txt", content), bytes.NewReader(content))
	large := blobtest.Content(1, blob.PartSize+1)
	_, errParts := s.Put(t.Context(), blobtest.Describe("b.txt", large), bytes.NewReader(large))
	_, errOpen := s.Open(t.Context(), "absent-0123456789")
	var errList error
	for _, errList = range s.Objects(t.Context()) {
		break
	}
	return map[string]error{
		"put": errPut, "put in parts": errParts, "open": errOpen, "list": errList,
		"delete": s.Delete(t.Context(), "absent-0123456789"),
	}
}

func wantAll(t *testing.T, errs map[string]error, want error, secrets ...string) {
	t.Helper()
	for what, err := range errs {
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
			continue
		}
		t.Logf("%s: %v", what, err)
		for _, secret := range secrets {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error holds a secret: %v", what, err)
			}
		}
	}
}

func TestS3WrongCredentials(t *testing.T) {
	t.Parallel()
	config := blobtest.S3(t)
	wrongSecret, wrongID := config, config
	wrongSecret.SecretAccessKey = "not-the-secret"
	wrongID.AccessKeyID = "nobody"
	wantAll(t, each(t, openS3(t, wrongSecret)), blob.ErrDenied, "not-the-secret")
	wantAll(t, each(t, openS3(t, wrongID)), blob.ErrDenied, config.SecretAccessKey)
}

func TestS3WithoutBucket(t *testing.T) {
	t.Parallel()
	config := blobtest.S3(t)
	config.Bucket = "no-such-bucket"
	errs := each(t, openS3(t, config))
	wantAll(t, errs, blob.ErrDenied)
	if want := "the bucket no-such-bucket does not exist in region us-east-1"; !strings.HasPrefix(errs["put"].Error(), want) {
		t.Errorf("put: %v", errs["put"])
	}
}

func TestS3IsGone(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := blob.OpenS3(blob.S3Config{Bucket: "bucket", AccessKeyID: "id", SecretAccessKey: "very-secret", Endpoint: "http://" + listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	wantAll(t, each(t, s), blob.ErrUnavailable, "very-secret")
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestS3Settings(t *testing.T) {
	t.Parallel()
	for _, wrong := range []blob.S3Config{
		{Bucket: "b", Endpoint: "s3.example.nz"},
		{Bucket: "b", Endpoint: "ftp://s3.example.nz"},
		{Bucket: "b", Endpoint: "https://s3.example.nz/path"},
		{Bucket: "b", Endpoint: "https://user:secret@s3.example.nz"},
		{Bucket: "b", LinkBase: "files.example.nz"},
		{Bucket: "b", LinkBase: "https://files.example.nz/?x=1"},
	} {
		if _, err := blob.OpenS3(wrong); !errors.Is(err, blob.ErrDenied) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}

// faulty passes on connections and resets each n-th in the middle of what is sent.
type faulty struct {
	net.Listener
	target string
	n      int64
	count  atomic.Int64
	resets atomic.Int64
}

func startFaulty(t *testing.T, target string, n int64) *faulty {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{Listener: listener, target: target, n: n}
	t.Cleanup(func() { _ = listener.Close() })
	go f.serve() // ends with the listener
	return f
}

func (f *faulty) serve() {
	for {
		conn, err := f.Accept()
		if err != nil {
			return
		}
		go f.pass(conn)
	}
}

func (f *faulty) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", f.target)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { // ends when either side does
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	if f.count.Add(1)%f.n > 0 {
		_, _ = io.Copy(server, client)
		return
	}
	_, _ = io.CopyN(server, client, 100_000)
	f.resets.Add(1)
	_ = client.(*net.TCPConn).SetLinger(0) // closing resets
}

// TestS3OverBadNetwork puts one connection per request, and resets each third.
func TestS3OverBadNetwork(t *testing.T) {
	t.Parallel()
	direct := blobtest.S3(t)
	proxy := startFaulty(t, strings.TrimPrefix(direct.Endpoint, "http://"), 3)
	throughProxy := direct
	throughProxy.Endpoint = "http://" + proxy.Addr().String()
	s, seen := openS3(t, throughProxy), openS3(t, direct)
	succeeded := 0
	for i := range 12 {
		content := blobtest.Content(uint64(i), []int{1000, 300_000, 20_000_000}[i%3])
		o := blobtest.Describe(blobtest.Photo(), content)
		ref, err := s.Put(t.Context(), o, bytes.NewReader(content))
		if err == nil {
			succeeded++
			if !bytes.Equal(readAll(t, seen, ref), content) {
				t.Errorf("%s has other content", ref)
			}
			continue
		}
		if !errors.Is(err, blob.ErrUnavailable) {
			t.Errorf("put: %v", err)
		}
		if file, err := seen.Open(t.Context(), "uploads/"+o.Key); err == nil && file.Size() != o.Size {
			t.Errorf("%s is there in half", o.Key)
		}
	}
	t.Logf("%d of 12 succeeded, %d connections of %d were reset", succeeded, proxy.resets.Load(), proxy.count.Load())
	if succeeded < 8 || proxy.resets.Load() == 0 {
		t.Errorf("%d of 12 succeeded with %d resets", succeeded, proxy.resets.Load())
	}
	if left, err := seen.Leftovers(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func readAll(t *testing.T, s blob.Store, ref string) []byte {
	t.Helper()
	file, err := s.Open(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
