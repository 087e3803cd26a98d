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
// returns the sums by which the server checks each part of up to size bytes. So
// what arrives is what was judged here, even if the file changes meanwhile. An
// empty content is one empty part.
func plan(ctx context.Context, o Object, content io.ReaderAt, size int64) (parts []part, err error) {
	if err := checkObject(o); err != nil {
		return nil, err
	}
	buffer := make([]byte, copyBuffer)
	whole := sha256.New()
	for offset := int64(0); offset == 0 || offset < o.Size; offset += size {
		p := part{offset: offset, size: min(size, o.Size-offset)}
		partSHA, partMD5 := whole, md5.New()
		sums := io.MultiWriter(partSHA, partMD5)
		if o.Size > size { // a single part has the sum of the whole
			partSHA = sha256.New()
			sums = io.MultiWriter(whole, partSHA, partMD5)
		}
		n, err := copyAll(ctx, sums, io.NewSectionReader(content, offset, p.size), buffer)
		if err != nil {
			return nil, err
		}
		if n < p.size {
			return nil, judgeContent(o, offset+n, nil)
		}
		partSHA.Sum(p.sha256[:0])
		partMD5.Sum(p.md5[:0])
		parts = append(parts, p)
	}
	beyond, err := copyAll(ctx, io.Discard, io.NewSectionReader(content, o.Size, 1), buffer)
	if err != nil {
		return nil, err
	}
	return parts, judgeContent(o, o.Size+beyond, whole.Sum(nil))
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
