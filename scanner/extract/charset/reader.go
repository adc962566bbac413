package charset

import (
	"io"
	"slices"
)

// Reader decodes a stream to UTF-8. While the text is ASCII it passes it on
// undecided; at the first other byte it looks at up to SampleSize bytes from
// there. It holds no more than that.
type Reader struct {
	r       io.Reader
	c       Charset
	begun   bool // the first bytes were looked at
	decided bool
	buf     []byte // read, not yet decoded
	out     []byte // decoded, not yet returned
	tmp     []byte
	err     error
}

// NewReader returns a reader that detects the charset of r.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// NewReaderOf returns a reader of a text in c. A byte order mark at its
// beginning wins over c.
func NewReaderOf(r io.Reader, c Charset) *Reader { return &Reader{r: r, c: c, decided: true} }

// Charset is what the text was found to be so far.
func (r *Reader) Charset() Charset { return r.c }

const (
	chunk     = 64 << 10
	firstRead = 4 << 10
)

// Read implements io.Reader. Once the text turns out to be binary it returns
// io.EOF and Charset is Binary.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil && len(r.buf) == 0 {
			return 0, r.err
		}
		r.step()
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// fill reads until buf holds n bytes or the stream ends.
func (r *Reader) fill(n int) {
	for len(r.buf) < n && r.err == nil {
		have := len(r.buf)
		if cap(r.buf) == have { // most texts are short
			r.buf = slices.Grow(r.buf, min(max(have, firstRead), n-have))
		}
		var k int
		k, r.err = r.r.Read(r.buf[have:min(cap(r.buf), n)])
		r.buf = r.buf[:have+k]
	}
}

// step decodes the next chunk into out.
func (r *Reader) step() {
	r.fill(chunk)
	if !r.begun {
		r.begun = true
		if c, ok := byMark(r.buf); ok {
			r.c, r.decided = c, true
			r.buf = r.buf[c.mark(r.buf):]
		}
	}
	if !r.decided && !(IsASCII(r.buf) && !looksBinary(r.buf)) {
		r.fill(SampleSize)
		r.c, r.decided = Detect(r.buf, r.err != nil), true
	}
	if r.c.kind == binary {
		r.buf, r.err = nil, io.EOF
		return
	}
	part := r.buf[:min(len(r.buf), chunk)]
	atEnd := r.err != nil && len(part) == len(r.buf)
	decoded, rest := r.c.append(slices.Grow(r.tmp[:0], 2*len(part)), part, atEnd)
	r.tmp, r.out = decoded, decoded
	// Keep what is not decoded at the front of the buffer.
	used := len(part) - len(rest)
	r.buf = r.buf[:copy(r.buf, r.buf[used:])]
}
