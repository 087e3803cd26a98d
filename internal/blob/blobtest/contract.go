// Package blobtest holds what each blob.Store must do, and the servers that the
// stores are tested against: an S3 server and a Google that is not Google's.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ampedfieldops/internal/blob"
)

// Leftovers is what a store under test may tell beyond its objects: drafts, parts
// of uploads, files that Objects does not show. The contract asks for it wherever
// nothing may be left.
type Leftovers interface {
	Leftovers(ctx context.Context) ([]string, error)
}

// Contract tests what the comments of blob.Store promise. open makes an empty
// store; for the test of listing to mean something its pages should hold fewer than
// 25 objects.
func Contract(t *testing.T, open func(t testing.TB) blob.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, blob.Store){
		"what is put is found again":                     testPutOpen,
		"a range and a seek give what is there":          testSeek,
		"ranges are served over HTTP":                    testServeContent,
		"the same twice is one object":                   testPutTwice,
		"an empty object":                                testEmpty,
		"an object of 20 MB":                             testLarge,
		"what is absent is ErrAbsent":                    testAbsent,
		"deleting twice":                                 testDeleteTwice,
		"a listing is complete":                          testList,
		"a listing ends with its context":                testListCancelled,
		"a cancelled put leaves nothing":                 testCancelled,
		"content that is not what was said leaves none":  testWrongContent,
		"twenty at once":                                 testAtOnce,
		"twenty at once under one key":                   testAtOnceSameKey,
		"a reader that fails leaves nothing":             testFailingReader,
		"a key that cannot be used is refused":           testKeys,
		"a read ends with its context":                   testReadCancelled,
		"an object that is deleted is not found by open": testDelete,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// Content makes bytes that are the same for the same seed and size.
func Content(seed uint64, size int) []byte {
	content := make([]byte, size)
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	_, _ = rand.NewChaCha8(key).Read(content) // never fails
	return content
}

// Describe says truly what a content is.
func Describe(key string, content []byte) blob.Object {
	return blob.Object{Key: key, ContentType: "application/octet-stream", Size: int64(len(content)), SHA256: sha256.Sum256(content)}
}

// Photo is a new key as the program makes them for photos of timesheets.
func Photo() string {
	return "timesheets/2026/" + uuid.NewString() + "_" + uuid.NewString() + ".jpg"
}

func keysInUse() []string {
	return []string{
		Photo(),
		"projects/" + uuid.NewString() + "/files/" + uuid.NewString() + ".pdf",
		"previews/" + uuid.NewString() + ".jpg",
		"logo.png",
	}
}

func put(t *testing.T, s blob.Store, o blob.Object, content []byte) (ref string) {
	t.Helper()
	ref, err := s.Put(t.Context(), o, bytes.NewReader(content))
	if err != nil {
		t.Fatalf("put %s: %v", o.Key, err)
	}
	return ref
}

func read(t *testing.T, s blob.Store, ref string) []byte {
	t.Helper()
	file, err := s.Open(t.Context(), ref)
	if err != nil {
		t.Fatalf("open %s: %v", ref, err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatalf("read %s: %v", ref, err)
	}
	if file.Size() != int64(len(content)) {
		t.Errorf("%s says it has %d bytes and gives %d", ref, file.Size(), len(content))
	}
	return content
}

func list(t *testing.T, s blob.Store) []blob.Listed {
	t.Helper()
	var all []blob.Listed
	for listed, err := range s.Objects(t.Context()) {
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		all = append(all, listed)
	}
	return all
}

func wantNothing(t *testing.T, s blob.Store) {
	t.Helper()
	if all := list(t, s); len(all) > 0 {
		t.Errorf("something was left: %v", all)
	}
	wantNoLeftovers(t, s)
}

func wantNoLeftovers(t *testing.T, s blob.Store) {
	t.Helper()
	l, ok := s.(Leftovers)
	if !ok {
		return
	}
	left, err := l.Leftovers(t.Context())
	if err != nil || len(left) > 0 {
		t.Errorf("something was left beside the objects: %v, %v", left, err)
	}
}

func testPutOpen(t *testing.T, s blob.Store) {
	want := map[string]string{} // by key, the reference
	for i, key := range keysInUse() {
		content := Content(uint64(i), 10_000+i)
		ref := put(t, s, Describe(key, content), content)
		if got := read(t, s, ref); !bytes.Equal(got, content) {
			t.Errorf("%s came back as %d other bytes", key, len(got))
		}
		want[key] = ref
	}
	got := map[string]string{}
	for _, listed := range list(t, s) {
		got[listed.Key] = listed.Ref
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	wantNoLeftovers(t, s)
}

func testSeek(t *testing.T, s blob.Store) {
	content := Content(1, 3<<20)
	ref := put(t, s, Describe(Photo(), content), content)
	file, err := s.Open(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, step := range []struct {
		offset int64
		whence int
		at     int64
		length int
	}{
		{0, io.SeekStart, 0, 10},
		{100, io.SeekCurrent, 110, 1000},
		{-5, io.SeekEnd, 3<<20 - 5, 5},
		{1<<20 - 10, io.SeekStart, 1<<20 - 10, 2 << 20}, // over the end of a first window
		{-(2 << 20), io.SeekCurrent, 1<<20 - 10, 20},
		{0, io.SeekCurrent, 1<<20 + 10, 100},
	} {
		at, err := file.Seek(step.offset, step.whence)
		if err != nil || at != step.at {
			t.Fatalf("seek %d from %d: at %d, %v", step.offset, step.whence, at, err)
		}
		got := make([]byte, step.length)
		if _, err := io.ReadFull(file, got); err != nil {
			t.Fatalf("read %d bytes at %d: %v", step.length, at, err)
		}
		if !bytes.Equal(got, content[at:at+int64(step.length)]) {
			t.Fatalf("%d bytes at %d are others", step.length, at)
		}
	}
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if n, err := file.Read(make([]byte, 10)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d, %v", n, err)
	}
	if _, err := file.Seek(-1, io.SeekStart); err == nil {
		t.Error("there is a byte before the first")
	}
}

func testServeContent(t *testing.T, s blob.Store) {
	content := Content(2, 2<<20)
	o := Describe(Photo(), content)
	ref := put(t, s, o, content)
	file, err := s.Open(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	request.Header.Set("Range", "bytes=1048570-1048585")
	answer := httptest.NewRecorder()
	http.ServeContent(answer, request, "photo.jpg", listedAt(t, s, o.Key).ModifiedAt, file)
	if answer.Code != http.StatusPartialContent || !bytes.Equal(answer.Body.Bytes(), content[1048570:1048586]) {
		t.Errorf("status %d with %d bytes", answer.Code, answer.Body.Len())
	}
}

func listedAt(t *testing.T, s blob.Store, key string) blob.Listed {
	t.Helper()
	all := list(t, s)
	i := slices.IndexFunc(all, func(l blob.Listed) bool { return l.Key == key })
	if i < 0 {
		t.Fatalf("%s is not listed", key)
	}
	if all[i].ModifiedAt.IsZero() {
		t.Errorf("%s was modified at no time", key)
	}
	return all[i]
}

func testPutTwice(t *testing.T, s blob.Store) {
	content := Content(3, 100_000)
	o := Describe(Photo(), content)
	first := put(t, s, o, content)
	second := put(t, s, o, content)
	if first != second {
		t.Errorf("the references differ: %s and %s", first, second)
	}
	if all := list(t, s); len(all) != 1 {
		t.Errorf("there are %d objects", len(all))
	}
	if !bytes.Equal(read(t, s, first), content) {
		t.Error("the content is another")
	}
}

func testEmpty(t *testing.T, s blob.Store) {
	o := Describe(Photo(), nil)
	ref := put(t, s, o, nil)
	if got := read(t, s, ref); len(got) != 0 {
		t.Errorf("there are %d bytes", len(got))
	}
	if listed := listedAt(t, s, o.Key); listed.Size != 0 {
		t.Errorf("it is listed with %d bytes", listed.Size)
	}
	wantNoLeftovers(t, s)
}

func testLarge(t *testing.T, s blob.Store) {
	content := Content(4, 20_000_000)
	o := Describe(Photo(), content)
	ref := put(t, s, o, content)
	if !bytes.Equal(read(t, s, ref), content) {
		t.Error("the content is another")
	}
	if listed := listedAt(t, s, o.Key); listed.Size != o.Size {
		t.Errorf("it is listed with %d bytes", listed.Size)
	}
	wantNoLeftovers(t, s)
}

func testAbsent(t *testing.T, s blob.Store) {
	for _, ref := range []string{"timesheets/2026/absent.jpg", "uploads/absent.jpg", "1AbsentAbsentAbsentAbsentAbsent", "../absent", "absent/"} {
		if _, err := s.Open(t.Context(), ref); !errors.Is(err, blob.ErrAbsent) {
			t.Errorf("open %s: %v", ref, err)
		}
		if err := s.Delete(t.Context(), ref); err != nil {
			t.Errorf("delete %s: %v", ref, err)
		}
	}
}

func testDelete(t *testing.T, s blob.Store) {
	kept, gone := Content(5, 1000), Content(6, 1000)
	keptRef := put(t, s, Describe(Photo(), kept), kept)
	goneRef := put(t, s, Describe(Photo(), gone), gone)
	if err := s.Delete(t.Context(), goneRef); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), goneRef); !errors.Is(err, blob.ErrAbsent) {
		t.Errorf("open what is deleted: %v", err)
	}
	if !bytes.Equal(read(t, s, keptRef), kept) {
		t.Error("another object was touched")
	}
	if all := list(t, s); len(all) != 1 || all[0].Ref != keptRef {
		t.Errorf("listed: %v", all)
	}
}

func testDeleteTwice(t *testing.T, s blob.Store) {
	content := Content(7, 1000)
	o := Describe(Photo(), content)
	ref := put(t, s, o, content)
	for range 2 {
		if err := s.Delete(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
	}
	wantNothing(t, s)
	if again := put(t, s, o, content); !bytes.Equal(read(t, s, again), content) {
		t.Error("it cannot be put again")
	}
}

func testList(t *testing.T, s blob.Store) {
	want := map[string]int64{}
	refs := map[string]string{}
	for i := range 25 {
		key := fmt.Sprintf("previews/%02d/%s.jpg", i%3, uuid.NewString())
		content := Content(uint64(i), 100+i)
		want[key] = int64(len(content))
		refs[key] = put(t, s, Describe(key, content), content)
	}
	got := map[string]int64{}
	for _, listed := range list(t, s) {
		if _, twice := got[listed.Key]; twice {
			t.Errorf("%s is listed twice", listed.Key)
		}
		got[listed.Key] = listed.Size
		if listed.Ref != refs[listed.Key] {
			t.Errorf("%s is listed as %s and was put as %s", listed.Key, listed.Ref, refs[listed.Key])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	for _, err := range s.Objects(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break // a listing can be left
	}
}

func testListCancelled(t *testing.T, s blob.Store) {
	content := Content(8, 100)
	put(t, s, Describe(Photo(), content), content)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range s.Objects(ctx) {
		last = err
	}
	if !errors.Is(last, context.Canceled) || !errors.Is(last, blob.ErrUnavailable) {
		t.Errorf("the listing ended with %v", last)
	}
}

// trigger calls what it was given once so many bytes were read in all, and fails
// with what that gives.
type trigger struct {
	content io.ReaderAt
	after   int64
	do      func() error
	read    atomic.Int64
}

func (r *trigger) ReadAt(p []byte, offset int64) (int, error) {
	n, err := r.content.ReadAt(p, offset)
	if r.read.Add(int64(n)) > r.after {
		if err := r.do(); err != nil {
			return 0, err
		}
	}
	return n, err
}

// testCancelled cancels at once, while the content is read for the first time, and
// while a network's store sends it.
func testCancelled(t *testing.T, s blob.Store) {
	content := Content(9, 20_000_000)
	for _, after := range []int64{-1, 10_000_000, 30_000_000} {
		ctx, cancel := context.WithCancel(t.Context())
		if after < 0 {
			cancel()
		}
		reader := &trigger{content: bytes.NewReader(content), after: after, do: func() error { cancel(); return nil }}
		o := Describe(Photo(), content)
		ref, err := s.Put(ctx, o, reader)
		cancel()
		if err == nil && after > o.Size { // a store that reads once was done before
			if !bytes.Equal(read(t, s, ref), content) {
				t.Error("the content is another")
			}
			if err := s.Delete(t.Context(), ref); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !errors.Is(err, context.Canceled) || !errors.Is(err, blob.ErrUnavailable) {
			t.Errorf("cancelled after %d bytes: %v", after, err)
		}
		wantNothing(t, s)
	}
}

func testWrongContent(t *testing.T, s blob.Store) {
	for _, size := range []int{0, 1000, 9_000_000} {
		content := Content(10, size)
		for name, wrong := range map[string]func(*blob.Object){
			"another SHA-256": func(o *blob.Object) { o.SHA256[31] ^= 1 },
			"more bytes":      func(o *blob.Object) { o.Size++ },
			"fewer bytes":     func(o *blob.Object) { o.Size--; o.SHA256 = sha256.Sum256(content[:max(0, size-1)]) },
		} {
			o := Describe(Photo(), content)
			wrong(&o)
			if _, err := s.Put(t.Context(), o, bytes.NewReader(content)); !errors.Is(err, blob.ErrContent) {
				t.Errorf("%s of %d bytes: %v", name, size, err)
			}
		}
	}
	wantNothing(t, s)
}

func testAtOnce(t *testing.T, s blob.Store) {
	contents := map[string][]byte{}
	for i := range 20 {
		contents[Photo()] = Content(uint64(i), 50_000+i)
	}
	var group sync.WaitGroup
	for key, content := range contents {
		group.Go(func() {
			ref, err := s.Put(t.Context(), Describe(key, content), bytes.NewReader(content))
			if err != nil {
				t.Errorf("put %s: %v", key, err)
				return
			}
			if !bytes.Equal(read(t, s, ref), content) {
				t.Errorf("the content of %s is another", key)
			}
		})
	}
	group.Wait()
	var got []string
	for _, listed := range list(t, s) {
		got = append(got, listed.Key)
	}
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(contents)), got); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	wantNoLeftovers(t, s)
}

func testAtOnceSameKey(t *testing.T, s blob.Store) {
	content := Content(11, 50_000)
	o := Describe(Photo(), content)
	refs := make([]string, 20)
	var group sync.WaitGroup
	for i := range refs {
		group.Go(func() {
			ref, err := s.Put(t.Context(), o, bytes.NewReader(content))
			if err != nil {
				t.Errorf("put: %v", err)
			}
			refs[i] = ref
		})
	}
	group.Wait()
	all := list(t, s)
	if len(all) != 1 {
		t.Fatalf("there are %d objects: %v", len(all), all)
	}
	for _, ref := range refs {
		if ref != all[0].Ref {
			t.Errorf("one got the reference %q, and the object is %q", ref, all[0].Ref)
		}
	}
	if !bytes.Equal(read(t, s, all[0].Ref), content) {
		t.Error("the content is another")
	}
	wantNoLeftovers(t, s)
}

// testFailingReader fails while the content is read for the first time, and while a
// network's store sends it.
func testFailingReader(t *testing.T, s blob.Store) {
	broken := errors.New("the disk is broken")
	for _, size := range []int{100_000, 20_000_000} {
		content := Content(12, size)
		for _, after := range []int{size / 2, size + size/2} {
			reader := &trigger{content: bytes.NewReader(content), after: int64(after), do: func() error { return broken }}
			ref, err := s.Put(t.Context(), Describe(Photo(), content), reader)
			if err == nil && after > size { // a store that reads once was done before
				if err := s.Delete(t.Context(), ref); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if !errors.Is(err, broken) {
				t.Errorf("broken after %d of %d bytes: %v", after, size, err)
			}
			if errors.Is(err, blob.ErrUnavailable) {
				t.Errorf("the store was blamed for the reader: %v", err)
			}
			wantNothing(t, s)
		}
	}
}

func testKeys(t *testing.T, s blob.Store) {
	content := Content(13, 10)
	for _, key := range []string{"", ".", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".hidden", "a/.incoming/b", "a.part", "a.part/b", "a\x00b", "a\nb"} {
		if _, err := s.Put(t.Context(), Describe(key, content), bytes.NewReader(content)); !errors.Is(err, blob.ErrKey) {
			t.Errorf("put %q: %v", key, err)
		}
	}
	wantNothing(t, s)
	for _, key := range []string{"a b/c+d&e=f?g#h%20i.pdf", "Grüße/日本.jpg", "it's \"quoted\".txt"} {
		if got := read(t, s, put(t, s, Describe(key, content), content)); !bytes.Equal(got, content) {
			t.Errorf("%q came back as other bytes", key)
		}
		listedAt(t, s, key)
	}
}

func testReadCancelled(t *testing.T, s blob.Store) {
	content := Content(14, 5<<20)
	ref := put(t, s, Describe(Photo(), content), content)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	file, err := s.Open(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := io.ReadFull(file, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	cancel()
	n, err := io.Copy(io.Discard, file)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("after %d bytes: %v", n, err)
	}
	if err == nil && n != int64(len(content)-100) {
		t.Errorf("it ended without an error after %d bytes", n)
	}
}
