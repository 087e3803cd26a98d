package blob

import (
	"context"
	"crypto/md5" // by which S3 and Google Drive check what has arrived; nothing secret leans on it
	"crypto/sha256"
	"errors"
	"io"
	"sync/atomic"
)

// part is a piece of a content that goes over the network in one request.
type part struct {
	offset, size int64
	md5          [md5.Size]byte
	sha256       [sha256.Size]byte
}

// plan reads a content once, refuses it when it is not what was said of it, and
// returns the sums by which the server checks each part. So what arrives is what
// was judged here, even if the file changes meanwhile. An empty content is one
// empty part. md5 is of the whole.
func plan(ctx context.Context, o Object, content io.ReaderAt) (parts []part, whole [md5.Size]byte, err error) {
	if err := checkObject(o); err != nil {
		return nil, whole, err
	}
	buffer := make([]byte, copyBuffer)
	wholeSHA, wholeMD5 := sha256.New(), md5.New()
	for offset := int64(0); offset == 0 || offset < o.Size; offset += partSize {
		p := part{offset: offset, size: min(partSize, o.Size-offset)}
		partSHA, partMD5 := sha256.New(), md5.New()
		sums := io.MultiWriter(wholeSHA, wholeMD5, partSHA, partMD5)
		n, err := copyAll(ctx, sums, io.NewSectionReader(content, offset, p.size), buffer)
		if err != nil {
			return nil, whole, err
		}
		if n < p.size {
			return nil, whole, judgeContent(o, offset+n, nil)
		}
		partSHA.Sum(p.sha256[:0])
		partMD5.Sum(p.md5[:0])
		parts = append(parts, p)
	}
	beyond, err := copyAll(ctx, io.Discard, io.NewSectionReader(content, o.Size, 1), buffer)
	if err != nil {
		return nil, whole, err
	}
	wholeMD5.Sum(whole[:0])
	return parts, whole, judgeContent(o, o.Size+beyond, wholeSHA.Sum(nil))
}

// partBody remembers an error of reading the content, which the network's
// libraries would take for one of the network.
type partBody struct {
	ctx     context.Context
	section *io.SectionReader
	failed  atomic.Pointer[unreadable]
}

func (b *partBody) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.section.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed.Store(&unreadable{err})
	}
	return n, err
}

func (b *partBody) Seek(offset int64, whence int) (int64, error) {
	return b.section.Seek(offset, whence)
}

// fault is what went wrong with reading, if anything did.
func (b *partBody) fault() error {
	if failed := b.failed.Load(); failed != nil {
		return failed
	}
	return nil
}
