package worker

import (
	"bufio"
	"encoding/binary"
	"fmt"

	"aktvakt/scanner/extract"
)

// Spans go over as varints: the length of the text between this span's start
// and the last one's end, its own length, page, row, column, and three
// strings (member, sheet, part). A string is its number in a table that both
// sides build; number 0 announces a new one: length and bytes.

const (
	// maxSpans is the most spans of one document. What comes after is given
	// the last one's place.
	maxSpans = 1 << 20
	// maxStrings and maxString bound the table.
	maxStrings = 64 << 10
	maxString  = 4 << 10
)

type spanWriter struct {
	w     *bufio.Writer
	buf   []byte
	end   int
	table map[string]uint64
}

// send writes all spans in frames; the caller flushes.
func (s *spanWriter) send(spans []extract.Span) error {
	s.table = make(map[string]uint64)
	for _, sp := range spans {
		b := s.buf
		b = binary.AppendUvarint(b, uint64(max(sp.Start-s.end, 0)))
		b = binary.AppendUvarint(b, uint64(max(sp.End-sp.Start, 0)))
		b = binary.AppendUvarint(b, uint64(max(sp.Place.Page, 0)))
		b = binary.AppendUvarint(b, uint64(max(sp.Place.Row, 0)))
		b = binary.AppendUvarint(b, uint64(max(sp.Place.Col, 0)))
		b = s.appendString(b, sp.Place.Member)
		b = s.appendString(b, sp.Place.Sheet)
		b = s.appendString(b, sp.Place.Part)
		s.buf, s.end = b, sp.End
		if len(s.buf) > maxFrame-4*maxString {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return s.flush()
}

func (s *spanWriter) appendString(b []byte, v string) []byte {
	v = v[:min(len(v), maxString)]
	if n, ok := s.table[v]; ok {
		return binary.AppendUvarint(b, n)
	}
	if len(s.table) >= maxStrings-1 {
		v = v[:0]
		if n, ok := s.table[v]; ok {
			return binary.AppendUvarint(b, n)
		}
	}
	s.table[v] = uint64(len(s.table) + 1)
	b = binary.AppendUvarint(b, 0)
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

func (s *spanWriter) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	err := writeFrame(s.w, kindSpans, s.buf)
	s.buf = s.buf[:0]
	return err
}

// spanReader decodes what a worker sent. It trusts nothing of it.
type spanReader struct {
	spans []extract.Span
	table []string
	end   int
}

var errSpans = fmt.Errorf("spans make no sense: %w", errProtocol)

// add decodes one frame; limit is the length of the text that it speaks of.
func (s *spanReader) add(b []byte, limit int) error {
	for len(b) > 0 {
		var v [5]uint64
		for i := range v {
			n, size := binary.Uvarint(b)
			if size <= 0 || n > 1<<31 {
				return errSpans
			}
			v[i], b = n, b[size:]
		}
		var names [3]string
		for i := range names {
			var ok bool
			if names[i], b, ok = s.string(b); !ok {
				return errSpans
			}
		}
		start := s.end + int(v[0])
		end := start + int(v[1])
		if end <= start || end > limit {
			return errSpans
		}
		s.end = end
		if len(s.spans) >= maxSpans {
			s.spans[len(s.spans)-1].End = end
			continue
		}
		s.spans = append(s.spans, extract.Span{Start: start, End: end, Place: extract.Place{
			Page: int(v[2]), Row: int(v[3]), Col: int(v[4]), Member: names[0], Sheet: names[1], Part: names[2],
		}})
	}
	return nil
}

func (s *spanReader) string(b []byte) (string, []byte, bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(s.table)) {
		return "", nil, false
	}
	b = b[size:]
	if n > 0 {
		return s.table[n-1], b, true
	}
	length, size := binary.Uvarint(b)
	if size <= 0 || length > maxString || length > uint64(len(b)-size) || len(s.table) >= maxStrings {
		return "", nil, false
	}
	b = b[size:]
	s.table = append(s.table, printable(string(b[:length]), maxString))
	return s.table[len(s.table)-1], b[length:], true
}
