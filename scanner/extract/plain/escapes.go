package plain

import (
	"bytes"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// unescaper decodes \uXXXX in JSON, where programs write every letter beyond
// ASCII like that. Other escapes stay: they keep words apart. It changes
// nothing else, so that what is not quite JSON stays readable.
type unescaper struct {
	r   io.Reader
	in  []byte // read, not yet decoded
	out []byte // decoded, not yet returned
	tmp []byte
	err error
}

func newUnescaper(r io.Reader) io.Reader { return &unescaper{r: r} }

// Read implements io.Reader.
func (u *unescaper) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil && len(u.in) == 0 {
			return 0, u.err
		}
		u.step()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// maxEscape is the longest escape: two halves of a surrogate pair.
const maxEscape = 12

func (u *unescaper) step() {
	if u.err == nil {
		const size = 32 << 10
		have := len(u.in)
		if cap(u.in) < have+size {
			u.in = append(make([]byte, 0, have+size), u.in...)
		}
		var n int
		n, u.err = u.r.Read(u.in[have : have+size])
		u.in = u.in[:have+n]
	}
	u.tmp = u.tmp[:0]
	b := u.in
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			u.tmp = append(u.tmp, b...)
			b = nil
			break
		}
		u.tmp = append(u.tmp, b[:i]...)
		b = b[i:]
		if len(b) < maxEscape && u.err == nil {
			break // the rest may come with the next read
		}
		r, n := escape(b)
		if n == 0 { // two bytes, so that \\u is not taken for an escape
			n = min(2, len(b))
			u.tmp = append(u.tmp, b[:n]...)
		} else {
			u.tmp = utf8.AppendRune(u.tmp, r)
		}
		b = b[n:]
	}
	u.in = u.in[:copy(u.in, b)]
	u.out = u.tmp
}

// escape decodes the \uXXXX that b begins with; n is 0 when there is none
// that stands for a printable character.
func escape(b []byte) (r rune, n int) {
	r, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := hex4(b[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, maxEscape
			}
		}
		return 0, 0
	}
	if r < ' ' || r == '"' || r == '\\' {
		return 0, 0
	}
	return r, 6
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
