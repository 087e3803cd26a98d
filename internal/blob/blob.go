// Package blob keeps bytes by key: in a folder, in a bucket of S3, or in a
// folder of Google Drive.
//
// The one thing to know: an object is there whole or not at all, and what Put
// answered for is found again by its reference alone. The key says what an
// object is to us; the reference says where this store has it.
package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"time"
)

// Store keeps objects whole or not at all.
//
// A key belongs to one content for ever, which is why our keys carry an id. What
// another content under the same key does is not promised: a folder and S3
// replace the object, Google Drive keeps both.
type Store interface {
	// Put keeps content, a file on the local disk, under the key and returns the
	// reference by which this store finds it again. Putting the same content under
	// the same key again is harmless, also after an answer that got lost: no second
	// object comes to be. Content that is not what the Object says is refused with
	// ErrContent. The content is read in parts, and twice by the stores that are
	// reached over the network.
	Put(ctx context.Context, o Object, content io.ReaderAt) (ref string, err error)
	// Open opens an object by its reference: ErrAbsent when there is none. Reading
	// and seeking fetch what is read, in growing windows, and keep nothing; ctx must
	// live as long as the file is read.
	Open(ctx context.Context, ref string) (File, error)
	// Delete removes an object; one that is gone already is no error.
	Delete(ctx context.Context, ref string) error
	// Objects lists all objects below the store's prefix or folder, in no promised
	// order and in constant memory. It ends with the first error.
	Objects(ctx context.Context) iter.Seq2[Listed, error]
}

// Object says what is to be kept.
type Object struct {
	// Key is a path separated by slashes (fs.ValidPath) of at most 500 bytes. None
	// of its parts begins with a dot or ends in ".part".
	Key         string
	ContentType string
	Size        int64 // in bytes
	SHA256      [sha256.Size]byte
}

// Listed is an object as a listing shows it.
type Listed struct {
	Key, Ref   string
	Size       int64 // in bytes
	ModifiedAt time.Time
}

// File is an object being read. It is not safe for concurrent use.
type File interface {
	io.ReadSeekCloser
	Size() int64 // in bytes
}

// What errors.Is tells apart. A failure that is none of them, and neither the
// content's own, is ErrUnavailable.
var (
	// ErrAbsent is an object that is not there.
	ErrAbsent = errors.New("the object is not there")
	// ErrFull is a place without room: a full disk or a used-up quota.
	ErrFull = errors.New("there is no room left")
	// ErrDenied is a refusal that stays until an admin acts: credentials,
	// permissions, a bucket or folder that is missing.
	ErrDenied = errors.New("access is denied")
	// ErrUnavailable is a failure that passes; trying again later can help. Whether
	// what was asked for has happened is not known.
	ErrUnavailable = errors.New("the store is not available")
	// ErrContent is content that is not what its Object says. Nothing was kept.
	ErrContent = errors.New("the content is not what was said of it")
	// ErrKey is a key that no store takes.
	ErrKey = errors.New("the key cannot be used")
)

// failure is an error worded for an admin, of one of the kinds above.
type failure struct {
	kind     error
	sentence string
	cause    error // may be nil
}

func (f *failure) Error() string {
	if f.cause == nil {
		return f.sentence
	}
	return f.sentence + ": " + f.cause.Error()
}

func (f *failure) Unwrap() []error {
	if f.cause == nil {
		return []error{f.kind}
	}
	return []error{f.kind, f.cause}
}

func fail(kind, cause error, format string, args ...any) error {
	return &failure{kind, fmt.Sprintf(format, args...), cause}
}

// maxKey leaves room for a prefix in the 1024 bytes that S3 allows
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).
const maxKey = 500

func checkKey(key string) error {
	if !fs.ValidPath(key) || key == "." || len(key) > maxKey || strings.ContainsFunc(key, isControl) {
		return fail(ErrKey, nil, "%q cannot be the key of an object", key)
	}
	for part := range strings.SplitSeq(key, "/") {
		if strings.HasPrefix(part, ".") || strings.HasSuffix(part, draftSuffix) {
			return fail(ErrKey, nil, "%q cannot be the key of an object: no part may begin with a dot or end in %s", key, draftSuffix)
		}
	}
	return nil
}

func isKey(s string) bool { return checkKey(s) == nil }

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// interruptible ends reading when its context does.
type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// copyBuffer is how much of a content is in memory at a time.
const copyBuffer = 256 << 10

// copyAll copies content to where until its end, wherever that is, and returns how
// much it was. Its errors are those of ctx, of reading (unreadable) and of where.
func copyAll(ctx context.Context, where io.Writer, content io.Reader, buffer []byte) (int64, error) {
	// The struct hides ReadFrom, which would take a buffer of its own size.
	return io.CopyBuffer(struct{ io.Writer }{where}, interruptible{ctx, marked{content}}, buffer)
}

// unreadable is an error of the content's own, as opposed to one of the store.
type unreadable struct{ cause error }

func (e *unreadable) Error() string { return "the content cannot be read: " + e.cause.Error() }
func (e *unreadable) Unwrap() error { return e.cause }

// marked marks the errors of reading as the content's.
type marked struct{ io.Reader }

func (m marked) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &unreadable{err}
	}
	return n, err
}

// judgeContent compares what was read with what was said of it.
func judgeContent(o Object, size int64, sum []byte) error {
	if size > o.Size {
		return fail(ErrContent, nil, "the content of %s has more than the %d bytes that were said of it", o.Key, o.Size)
	}
	if size < o.Size {
		return fail(ErrContent, nil, "the content of %s has %d bytes and not %d", o.Key, size, o.Size)
	}
	if string(sum) != string(o.SHA256[:]) {
		return fail(ErrContent, nil, "the content of %s has the SHA-256 %x and not %x", o.Key, sum, o.SHA256)
	}
	return nil
}

// checkObject finds what is wrong with an object before anything is read.
func checkObject(o Object) error {
	if err := checkKey(o.Key); err != nil {
		return err
	}
	if o.Size < 0 || o.Size > maxSize {
		return fail(ErrContent, nil, "%s is said to have %d bytes; an object has at most %d", o.Key, o.Size, int64(maxSize))
	}
	return nil
}

// maxSize of an object in bytes: 10,000 parts, S3's limit, of 8 MiB.
const maxSize = 10_000 * partSize

// partSize is how much goes over the network in one request: a multiple of the
// 256 KiB that Google asks for, and above the 5 MiB that Amazon does.
const partSize = 8 << 20
