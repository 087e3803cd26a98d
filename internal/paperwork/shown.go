package paperwork

import (
	"errors"
	"io"
	"sort"
)

// Part is a piece of what is shown of a file: Size bytes of it from From on or,
// where there are any, Bytes in place of some.
type Part struct {
	From  int64  `json:"from,omitempty"`
	Size  int64  `json:"size,omitempty"`
	Bytes []byte `json:"bytes,omitempty"`
}

func (p *Part) length() int64 {
	if p.Bytes != nil {
		return int64(len(p.Bytes))
	}
	return p.Size
}

// cutter collects the parts of a file that are shown, in their order.
type cutter struct {
	parts   []Part
	changed bool
}

// keep shows what lies between two offsets.
func (c *cutter) keep(from, to int64) {
	if from >= to {
		return
	}
	if n := len(c.parts); n > 0 && c.parts[n-1].Bytes == nil && c.parts[n-1].From+c.parts[n-1].Size == from {
		c.parts[n-1].Size += to - from
		return
	}
	c.parts = append(c.parts, Part{From: from, Size: to - from})
}

// drop leaves something out.
func (c *cutter) drop() { c.changed = true }

// put shows bytes that are not in the file.
func (c *cutter) put(b []byte) {
	c.parts = append(c.parts, Part{Bytes: b})
	c.changed = true
}

// shown are the parts, nil when they are the whole file.
func (c *cutter) shown(size int64) []Part {
	if !c.changed && len(c.parts) == 1 && c.parts[0].Size == size {
		return nil
	}
	return c.parts
}

// Show is what is shown of a file of so many bytes.
func Show(parts []Part, file io.ReadSeeker, size int64) io.ReadSeeker {
	if parts == nil {
		return file
	}
	s := &shown{file: file, at: -1}
	for i := range parts {
		p := parts[i]
		if p.Bytes == nil && (p.From < 0 || p.Size < 0 || p.From+p.Size > size) {
			continue // of another file
		}
		s.parts, s.ends = append(s.parts, p), append(s.ends, s.size+p.length())
		s.size += p.length()
	}
	return s
}

type shown struct {
	file   io.ReadSeeker
	parts  []Part
	ends   []int64 // where each part ends
	size   int64
	offset int64
	at     int64 // where the file stands; -1: it is not known
}

func (s *shown) Read(b []byte) (int, error) {
	if s.offset >= s.size {
		return 0, io.EOF
	}
	i := sort.Search(len(s.ends), func(i int) bool { return s.ends[i] > s.offset })
	part, inside := &s.parts[i], s.offset-(s.ends[i]-s.parts[i].length())
	b = b[:min(int64(len(b)), s.ends[i]-s.offset)]
	if part.Bytes != nil {
		n := copy(b, part.Bytes[inside:])
		s.offset += int64(n)
		return n, nil
	}
	if want := part.From + inside; s.at != want {
		if _, err := s.file.Seek(want, io.SeekStart); err != nil {
			return 0, err
		}
		s.at = want
	}
	n, err := s.file.Read(b)
	s.offset, s.at = s.offset+int64(n), s.at+int64(n)
	if errors.Is(err, io.EOF) {
		err = nil
		if n == 0 {
			err = io.ErrUnexpectedEOF // the file is shorter than it was
		}
	}
	return n, err
}

func (s *shown) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.offset
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errors.New("nothing lies before the beginning of a file")
	}
	s.offset = offset
	return offset, nil
}
