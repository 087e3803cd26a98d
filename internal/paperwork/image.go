package paperwork

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"

	"ampedfieldops/internal/fieldops"
)

// walkJPEG follows the segments of ITU T.81, Annex B, to the end of the picture.
// Shown is the picture without what the camera wrote about place, time and device.
func walkJPEG(r *reader, i *Inspected) error {
	var c cutter
	c.keep(0, 2)
	orientation, measured, scanned := 1, false, false
	offset := int64(2)
	for {
		b := r.at(offset, 2)
		if r.err != nil || b[0] != 0xff {
			return damaged("JPEG")
		}
		marker := b[1]
		switch {
		case marker == 0xff: // padding
			offset++
			continue
		case marker == 0xd9: // end of the picture
			if !measured || !scanned {
				return damaged("JPEG")
			}
			c.keep(offset, offset+2)
			offset += 2
			if orientation != 1 {
				c.parts = append([]Part{{From: 0, Size: 2}, {Bytes: orientationSegment(orientation)}}, cutAfter(c.parts, 2)...)
				c.drop()
			}
			if orientation >= 5 {
				i.Width, i.Height = i.Height, i.Width
			}
			if offset < r.size {
				if !belongsBehind(r, offset) {
					return appended("JPEG")
				}
				c.drop()
			}
			i.Shown = c.shown(r.size)
			return nil
		case marker >= 0xd0 && marker <= 0xd8 || marker == 0x01 || marker == 0:
			return damaged("JPEG")
		}
		length := int64(binary.BigEndian.Uint16(r.at(offset+2, 2)))
		if r.err != nil || length < 2 || offset+2+length > r.size {
			return damaged("JPEG")
		}
		body, end := offset+4, offset+2+length
		switch {
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc: // frame
			f := r.at(body, 5)
			i.Height, i.Width = int(binary.BigEndian.Uint16(f[1:])), int(binary.BigEndian.Uint16(f[3:]))
			measured = r.err == nil && i.Width > 0 && i.Height > 0
			if err := checkPixels(i); err != nil {
				return err
			}
			c.keep(offset, end)
		case marker == 0xda: // scan: its data ends before the next marker
			if !measured {
				return damaged("JPEG")
			}
			scanned = true
			next := endOfScan(r, end)
			if r.err != nil {
				return damaged("JPEG")
			}
			c.keep(offset, next)
			offset = next
			continue
		case marker == 0xe1 && bytes.HasPrefix(r.upTo(body, 6), []byte("Exif\x00\x00")):
			if found := orientationOf(r, body+6, end); found != 0 {
				orientation = found
			}
			c.drop()
		case marker == 0xe0 || marker == 0xee, // JFIF and Adobe, which tell how to read the colours
			marker == 0xe2 && bytes.HasPrefix(r.upTo(body, 12), []byte("ICC_PROFILE\x00")):
			c.keep(offset, end)
		case marker >= 0xe0 && marker <= 0xef || marker == 0xfe: // other data of applications, comments
			c.drop()
		default:
			c.keep(offset, end)
		}
		offset = end
	}
}

// cutAfter are parts without their first n bytes.
func cutAfter(parts []Part, n int64) []Part {
	rest := append([]Part{}, parts...)
	rest[0].From, rest[0].Size = rest[0].From+n, rest[0].Size-n
	if rest[0].Size == 0 {
		rest = rest[1:]
	}
	return rest
}

// endOfScan is where the next marker follows the data of a scan. In the data a byte
// of ones is followed by zero, or by the marker of a restart.
func endOfScan(r *reader, offset int64) int64 {
	for {
		b := r.upTo(offset, readAhead)
		if len(b) < 2 {
			r.at(offset, 2)
			return offset
		}
		n := bytes.IndexByte(b[:len(b)-1], 0xff)
		if n < 0 {
			offset += int64(len(b) - 1)
			continue
		}
		next := b[n+1]
		if next != 0 && (next < 0xd0 || next > 0xd7) && next != 0xff {
			return offset + int64(n)
		}
		if offset += int64(n) + 2; next == 0xff {
			offset-- // padding before a marker
		}
	}
}

// belongsBehind reports whether what follows a picture is what cameras and phones
// put there: more pictures (CIPA DC-007 and gain maps), a film of the moment
// before, Samsung's list of such things, or nothing but zeros.
func belongsBehind(r *reader, offset int64) bool {
	head := r.upTo(offset, 16)
	tail := r.upTo(max(offset, r.size-4), 4)
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return true
	case len(head) >= 8 && string(head[4:8]) == "ftyp":
		return true
	case bytes.Equal(tail, []byte("SEFT")):
		return true
	}
	for offset < r.size {
		b := r.upTo(offset, readAhead)
		if r.err != nil || len(bytes.Trim(b, "\x00")) > 0 {
			return false
		}
		offset += int64(len(b))
	}
	return true
}

// orientationOf reads the orientation from the TIFF structure of Exif between two
// offsets: 1 to 8, or 0 when it is not said (CIPA DC-008, 4.6.5).
func orientationOf(r *reader, from, to int64) int {
	if to-from < 14 {
		return 0
	}
	head := bytes.Clone(r.at(from, 8))
	var order binary.ByteOrder = binary.BigEndian
	if string(head[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := from + int64(order.Uint32(head[4:]))
	if at+2 > to {
		return 0
	}
	entries := int64(order.Uint16(r.at(at, 2)))
	for n := range min(entries, 100) {
		entry := at + 2 + 12*n
		if entry+12 > to {
			return 0
		}
		e := r.at(entry, 12)
		if order.Uint16(e) == 0x0112 {
			if o := int(order.Uint16(e[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 0
		}
	}
	return 0
}

// orientationTIFF is a TIFF structure that holds an orientation and nothing else.
func orientationTIFF(o int) []byte {
	return []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, byte(o), 0, 0, 0, 0, 0, 0}
}

func orientationSegment(o int) []byte {
	body := append([]byte("Exif\x00\x00"), orientationTIFF(o)...)
	return append([]byte{0xff, 0xe1, 0, byte(len(body) + 2)}, body...)
}

// toldChunks are those of PNG that tell of the picture and do not change how it
// looks (https://www.w3.org/TR/png-3/#11Chunks).
var toldChunks = []string{"eXIf", "tEXt", "zTXt", "iTXt", "tIME"}

// walkPNG follows the chunks to the last.
func walkPNG(r *reader, i *Inspected) error {
	var c cutter
	c.keep(0, 8)
	orientation, data := 1, false
	for offset := int64(8); ; {
		head := bytes.Clone(r.at(offset, 8))
		length, kind := int64(binary.BigEndian.Uint32(head)), string(head[4:])
		end := offset + 12 + length
		if r.err != nil || end > r.size || length > 1<<31 || (offset == 8) != (kind == "IHDR") {
			return damaged("PNG")
		}
		switch kind {
		case "IHDR":
			b := r.at(offset+4, 21)
			if length != 13 || crc32.ChecksumIEEE(b[:17]) != binary.BigEndian.Uint32(b[17:]) {
				return damaged("PNG")
			}
			i.Width, i.Height = int(binary.BigEndian.Uint32(b[4:])), int(binary.BigEndian.Uint32(b[8:]))
			if i.Width <= 0 || i.Height <= 0 {
				return damaged("PNG")
			}
			if err := checkPixels(i); err != nil {
				return err
			}
		case "IDAT":
			data = true
		case "eXIf":
			if found := orientationOf(r, offset+8, offset+8+length); found != 0 {
				orientation = found
			}
		case "IEND":
			if !data || length != 0 {
				return damaged("PNG")
			}
			if orientation != 1 {
				c.put(pngChunk("eXIf", orientationTIFF(orientation)))
			}
			if orientation >= 5 {
				i.Width, i.Height = i.Height, i.Width
			}
			c.keep(offset, end)
			if end < r.size {
				if !belongsBehind(r, end) {
					return appended("PNG")
				}
				c.drop()
			}
			i.Shown = c.shown(r.size)
			return nil
		}
		if slices.Contains(toldChunks, kind) {
			c.drop()
		} else {
			c.keep(offset, end)
		}
		offset = end
	}
}

func pngChunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// maxFrames of a moving picture, and how many points all of them may have.
const (
	maxFrames      = 2_000
	maxMovingTotal = 1_000_000_000
)

// walkGIF follows the blocks of GIF89a to the trailer.
func walkGIF(r *reader, i *Inspected) error {
	head := r.at(0, 13)
	if r.err != nil {
		return damaged("GIF")
	}
	i.Width, i.Height = int(binary.LittleEndian.Uint16(head[6:])), int(binary.LittleEndian.Uint16(head[8:]))
	if i.Width == 0 || i.Height == 0 {
		return damaged("GIF")
	}
	if err := checkPixels(i); err != nil {
		return err
	}
	offset := 13 + colours(head[10])
	var c cutter
	c.keep(0, offset)
	for frames := 0; ; {
		begin := offset
		b := r.at(offset, 1)[0]
		if r.err != nil {
			return damaged("GIF")
		}
		switch b {
		case 0x3b: // trailer
			if frames == 0 {
				return damaged("GIF")
			}
			c.keep(offset, offset+1)
			if offset+1 < r.size {
				if !belongsBehind(r, offset+1) {
					return appended("GIF")
				}
				c.drop()
			}
			i.Shown = c.shown(r.size)
			return nil
		case 0x21: // extension
			label := r.at(offset+1, 1)[0]
			repeats := label == 0xff && slices.Contains([]string{"NETSCAPE2.0", "ANIMEXTS1.0"}, string(r.upTo(offset+3, 11)))
			offset = endOfBlocks(r, offset+2)
			if label == 0xf9 || repeats {
				c.keep(begin, offset)
			} else {
				c.drop()
			}
		case 0x2c: // frame
			d := r.at(offset, 10)
			frames++
			if frames > maxFrames || frames*i.Width*i.Height > maxMovingTotal {
				return fieldops.Refuse(fieldops.Invalid, "The moving picture has more frames than can be shown")
			}
			offset = endOfBlocks(r, offset+11+colours(d[9]))
			c.keep(begin, offset)
		default:
			return damaged("GIF")
		}
		if r.err != nil {
			return damaged("GIF")
		}
	}
}

// colours is the length of the table of colours that a packed field announces.
func colours(packed byte) int64 {
	if packed&0x80 == 0 {
		return 0
	}
	return 3 << (packed&7 + 1)
}

// endOfBlocks is behind a row of blocks, which an empty one ends.
func endOfBlocks(r *reader, offset int64) int64 {
	for r.err == nil {
		n := int64(r.at(offset, 1)[0])
		offset += 1 + n
		if n == 0 {
			break
		}
	}
	return offset
}

// walkWebP follows the chunks of RFC 9649.
func walkWebP(r *reader, i *Inspected) error {
	whole := 8 + int64(binary.LittleEndian.Uint32(r.at(4, 4)))
	if r.err != nil || whole > r.size || whole < 20 {
		return damaged("WebP")
	}
	var c cutter
	var flags int64 = -1
	shownSize := int64(4)
	type piece struct{ from, to int64 }
	var kept []piece
	frames := 0
	for offset := int64(12); offset < whole; {
		head := bytes.Clone(r.at(offset, 8))
		kind, length := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
		end := offset + 8 + length + length%2
		if r.err != nil || end > whole+1 || length > whole {
			return damaged("WebP")
		}
		end = min(end, whole)
		switch kind {
		case "VP8X":
			b := r.at(offset+8, 10)
			flags = offset
			i.Width, i.Height = 1+int(uint32(b[4])|uint32(b[5])<<8|uint32(b[6])<<16), 1+int(uint32(b[7])|uint32(b[8])<<8|uint32(b[9])<<16)
		case "VP8 ":
			if b := r.at(offset+8, 10); flags < 0 {
				i.Width, i.Height = int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff)
			}
		case "VP8L":
			if b := r.at(offset+8, 5); flags < 0 {
				bits := binary.LittleEndian.Uint32(b[1:])
				i.Width, i.Height = 1+int(bits&0x3fff), 1+int(bits>>14&0x3fff)
			}
		case "ANMF":
			if frames++; frames > maxFrames || frames*i.Width*i.Height > maxMovingTotal {
				return fieldops.Refuse(fieldops.Invalid, "The moving picture has more frames than can be shown")
			}
		}
		if r.err != nil {
			return damaged("WebP")
		}
		if kind == "EXIF" || kind == "XMP " {
			c.drop()
		} else {
			kept = append(kept, piece{offset, end})
			shownSize += end - offset
		}
		offset = end
	}
	if i.Width <= 0 || i.Height <= 0 {
		return damaged("WebP")
	}
	if whole < r.size {
		if !belongsBehind(r, whole) {
			return appended("WebP")
		}
		c.drop()
	}
	if !c.changed {
		return nil
	}
	c.put(append(append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(shownSize))...), "WEBP"...))
	for _, p := range kept {
		if p.from == flags {
			head := bytes.Clone(r.at(p.from, 9))
			head[8] &^= 0x0c // there is no Exif and no XMP any more
			c.put(head)
			p.from += 9
		}
		c.keep(p.from, p.to)
	}
	i.Shown = c.shown(r.size)
	return nil
}

// walkBoxes checks that the boxes of ISO/IEC 14496-12 fill the file.
func walkBoxes(r *reader) error {
	for offset, n := int64(0), 0; offset < r.size; n++ {
		length := int64(binary.BigEndian.Uint32(r.at(offset, 8)))
		switch length {
		case 0: // to the end
			length = r.size - offset
		case 1:
			length = int64(binary.BigEndian.Uint64(r.at(offset+8, 8)) & (1<<62 - 1))
		}
		if r.err != nil || length < 8 || offset+length > r.size || n > 10_000 {
			return damaged("HEIC")
		}
		offset += length
	}
	return nil
}

// measureTIFF reads the size from the first directory of TIFF 6.0.
func measureTIFF(r *reader, i *Inspected) error {
	head := bytes.Clone(r.at(0, 8))
	var order binary.ByteOrder = binary.BigEndian
	if string(head[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(head[4:]))
	entries := int64(order.Uint16(r.at(at, 2)))
	for n := range entries {
		e := r.at(at+2+12*n, 12)
		if r.err != nil {
			return damaged("TIFF")
		}
		value := int(order.Uint32(e[8:]))
		if order.Uint16(e[2:]) == 3 {
			value = int(order.Uint16(e[8:]))
		}
		switch order.Uint16(e) {
		case 256:
			i.Width = value
		case 257:
			i.Height = value
		}
	}
	if i.Width <= 0 || i.Height <= 0 {
		return damaged("TIFF")
	}
	return nil
}
