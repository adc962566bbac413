package ole

// maxStrings bounds the table of shared strings and its text in bytes.
const (
	maxStrings     = 4 << 20
	maxStringsText = 96 << 20
)

// readSST reads the table of shared strings, whose strings may break off
// anywhere and go on in a CONTINUE record with a flag byte of its own,
// [MS-XLS] 2.4.265.
func (w *workbook) readSST(first []byte) {
	s := sst{segments: [][]byte{first}, at: 8}
	for w.peek() == recContinue {
		r, ok := w.next()
		if !ok {
			break
		}
		s.segments = append(s.segments, r.data)
	}
	n, size := u32(first, 4), 0
	for len(w.strings) < min(n, maxStrings) && size < maxStringsText && s.more() {
		t, ok := s.string()
		if !ok {
			return
		}
		size += len(t)
		w.strings = append(w.strings, t)
	}
}

// sst reads across the records of the table.
type sst struct {
	segments [][]byte
	seg, at  int
}

// more moves to the next byte and reports whether there is one.
func (s *sst) more() bool {
	for s.seg < len(s.segments) && s.at >= len(s.segments[s.seg]) {
		s.seg++
		s.at = 0
	}
	return s.seg < len(s.segments)
}

// take returns n bytes, of however many records.
func (s *sst) take(n int) []byte {
	var b []byte
	for n > 0 && s.more() {
		part := slice(s.segments[s.seg], s.at, n)
		s.at += len(part)
		n -= len(part)
		if b == nil {
			b = part[:len(part):len(part)]
		} else {
			b = append(b, part...)
		}
	}
	return b
}

func (s *sst) skip(n int) {
	for n > 0 && s.more() {
		k := min(n, len(s.segments[s.seg])-s.at)
		s.at += k
		n -= k
	}
}

// string reads a rich string, 2.5.293.
func (s *sst) string() (string, bool) {
	head := s.take(3)
	if len(head) < 3 {
		return "", false
	}
	n, flags := u16(head, 0), head[2]
	runs, extra := 0, 0
	if flags&8 != 0 {
		runs = u16(s.take(2), 0)
	}
	if flags&4 != 0 {
		extra = u32(s.take(4), 0)
	}
	wide := flags&1 != 0
	var text []byte
	for n > 0 && s.seg < len(s.segments) {
		if s.at >= len(s.segments[s.seg]) { // the next record has its own flags
			s.seg++
			if s.seg >= len(s.segments) || len(s.segments[s.seg]) == 0 {
				break
			}
			wide = s.segments[s.seg][0]&1 != 0
			s.at = 1
			continue
		}
		left := len(s.segments[s.seg]) - s.at
		if wide {
			k := min(n, left/2)
			if k == 0 {
				s.at = len(s.segments[s.seg])
				continue
			}
			text = append(text, utf16(s.segments[s.seg][s.at:s.at+2*k])...)
			s.at += 2 * k
			n -= k
			continue
		}
		k := min(n, left)
		text = append(text, latin(s.segments[s.seg][s.at:s.at+k])...)
		s.at += k
		n -= k
	}
	s.skip(runs*4 + extra)
	return string(text), true
}
