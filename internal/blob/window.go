package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// firstWindow and lastWindow are what one request for a part of an object asks
	// for, in bytes: little where somebody jumps about, much where all is read.
	firstWindow = 1 << 20
	lastWindow  = 32 << 20
	// stallTimeout is how long a server may leave a reader without a byte.
	stallTimeout = 30 * time.Second
	// rangeTries is how often in a row a range is asked for without getting a byte.
	rangeTries = 3
)

// windowed is a File over requests for ranges of bytes.
type windowed struct {
	// get asks for the bytes from offset on, length of them. It answers with these
	// or with an error that is worded.
	get  func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
	ctx  context.Context // Open promises that it governs the reading
	name string
	size int64

	offset int64 // of the next read
	window int64 // of the next request

	body   io.ReadCloser // nil: nothing is being fetched
	rest   int64         // that body still has to give
	cancel context.CancelFunc
	closed bool
}

func (f *windowed) Size() int64 { return f.size }

func (f *windowed) Read(p []byte) (int, error) {
	if f.closed {
		return 0, errors.New("the file is closed")
	}
	if len(p) == 0 {
		return 0, nil
	}
	var fault error
	for range rangeTries {
		if f.offset >= f.size {
			return 0, io.EOF
		}
		if f.body == nil {
			if err := f.fetch(); err != nil {
				return 0, err
			}
		}
		n, err := f.readBody(p)
		if n > 0 {
			return n, nil // an error comes again, or the next range mends it
		}
		f.drop()
		if fault = err; f.ctx.Err() != nil {
			break
		}
	}
	if err := f.ctx.Err(); err != nil {
		fault = err
	}
	return 0, fail(ErrUnavailable, fault, "reading %s broke off at byte %d of %d", f.name, f.offset, f.size)
}

func (f *windowed) fetch() error {
	length := min(max(f.window, firstWindow), f.size-f.offset)
	ctx, cancel := context.WithCancel(f.ctx)
	body, err := f.get(ctx, f.offset, length)
	if err != nil {
		cancel()
		return err
	}
	f.body, f.rest, f.cancel = body, length, cancel
	f.window = min(2*length, lastWindow)
	return nil
}

// readBody reads once, and gives up on a server that has stopped sending.
func (f *windowed) readBody(p []byte) (int, error) {
	stalled := time.AfterFunc(stallTimeout, f.cancel)
	n, err := f.body.Read(p[:min(int64(len(p)), f.rest)])
	stalled.Stop()
	f.offset += int64(n)
	f.rest -= int64(n)
	if f.rest == 0 {
		f.drop()
	}
	if err == nil && n == 0 {
		err = io.ErrNoProgress
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// drop lets go of what is being fetched.
func (f *windowed) drop() {
	if f.body == nil {
		return
	}
	_ = f.body.Close() // only read
	f.cancel()
	f.body, f.cancel, f.rest = nil, nil, 0
}

func (f *windowed) Seek(offset int64, whence int) (int64, error) {
	if f.closed {
		return 0, errors.New("the file is closed")
	}
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += f.size
	default:
		return 0, fmt.Errorf("%d is no way to seek", whence)
	}
	if offset < 0 {
		return 0, fmt.Errorf("%s has no byte %d", f.name, offset)
	}
	if offset != f.offset {
		f.drop()
		f.offset, f.window = offset, firstWindow
	}
	return offset, nil
}

func (f *windowed) Close() error {
	f.drop()
	f.closed = true
	return nil
}
