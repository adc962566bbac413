// Package xmlstream reads XML as a stream of tokens in bounded memory, for
// documents that may be hostile or broken half-way. It expands the five
// predefined entities and character references, never those that a document
// declares, builds no tree and looks up no name space: names come without
// their prefix.
//
// It is lenient: what is not well-formed is read as well as can be. Start
// reading at Scanner.
package xmlstream

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// Kind is what a token is.
type Kind uint8

// Kinds. An empty element <a/> gives Start with SelfClosing set and no End.
const (
	EOF Kind = iota
	Start
	End
	Text
)

// maxTag is the longest tag that is kept whole, in bytes. The rest of a longer
// one is dropped and Truncated reports true.
const maxTag = 1 << 20

// textChunk is about how long a Text token may grow before it is handed out in
// parts, in bytes.
const textChunk = 64 << 10

// Scanner splits a document into tokens. Slices it returns are valid until
// the next call of Next.
type Scanner struct {
	r    io.Reader
	buf  []byte
	s, e int // unread part of buf
	err  error

	name  []byte
	attrs []byte
	text  []byte
	self  bool

	truncated bool
	scratch   []byte
}

// New returns a scanner of UTF-8 input.
func New(r io.Reader) *Scanner { return &Scanner{r: r, buf: make([]byte, bufSize)} }

// bufSize is how much is read at once, in bytes. Most parts of office files
// are smaller.
const bufSize = 32 << 10

// Reset makes the scanner read from r, keeping its buffers.
func (x *Scanner) Reset(r io.Reader) {
	*x = Scanner{r: r, buf: x.buf, scratch: x.scratch}
	if len(x.buf) == 0 {
		x.buf = make([]byte, bufSize)
	}
}

// Err returns the error of the reader that ended the stream, nil at its end.
func (x *Scanner) Err() error {
	if x.err == io.EOF {
		return nil
	}
	return x.err
}

// Truncated reports whether a tag was longer than could be kept.
func (x *Scanner) Truncated() bool { return x.truncated }

// Name returns the local name of the current Start or End.
func (x *Scanner) Name() []byte { return x.name }

// SelfClosing reports whether the current Start is an empty element.
func (x *Scanner) SelfClosing() bool { return x.self }

// Bytes returns the current Text with entities resolved.
func (x *Scanner) Bytes() []byte {
	if bytes.IndexByte(x.text, '&') < 0 {
		return x.text
	}
	x.scratch = AppendUnescaped(x.scratch[:0], x.text)
	return x.scratch
}

// Attr returns the value of an attribute of the current Start by its local
// name, and whether there is one.
func (x *Scanner) Attr(name string) (string, bool) {
	found, ok := "", false
	x.EachAttr(func(local, value []byte) bool {
		if string(local) == name {
			found, ok = unescape(value), true
		}
		return !ok
	})
	return found, ok
}

// EachAttr calls f with local name and raw value of each attribute of the
// current Start until f returns false.
func (x *Scanner) EachAttr(f func(local, value []byte) bool) {
	a := x.attrs
	for {
		a = bytes.TrimLeft(a, " \t\r\n/")
		eq := bytes.IndexByte(a, '=')
		if eq < 0 {
			return
		}
		name := local(bytes.TrimRight(a[:eq], " \t\r\n"))
		a = bytes.TrimLeft(a[eq+1:], " \t\r\n")
		if len(a) == 0 {
			return
		}
		quote := a[0]
		if quote != '"' && quote != '\'' {
			end := bytes.IndexAny(a, " \t\r\n")
			if end < 0 {
				end = len(a)
			}
			if !f(name, a[:end]) {
				return
			}
			a = a[end:]
			continue
		}
		end := bytes.IndexByte(a[1:], quote)
		if end < 0 {
			f(name, a[1:]) // cut by maxTag
			return
		}
		if !f(name, a[1:1+end]) {
			return
		}
		a = a[end+2:]
	}
}

// fill reads more input behind the unread part and reports whether there is
// some.
func (x *Scanner) fill() bool {
	if x.err != nil {
		return false
	}
	if x.s > 0 {
		x.e = copy(x.buf, x.buf[x.s:x.e])
		x.s = 0
	}
	if x.e == len(x.buf) {
		grown := make([]byte, 2*len(x.buf))
		copy(grown, x.buf)
		x.buf = grown
	}
	for range 100 {
		n, err := x.r.Read(x.buf[x.e:])
		x.e += n
		x.err = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	x.err = io.ErrNoProgress
	return false
}

// Next returns the next token's kind. At the end of the input or at a read
// error it returns EOF, after all that came before.
func (x *Scanner) Next() Kind {
	for {
		if x.s == x.e && !x.fill() {
			return EOF
		}
		if x.buf[x.s] != '<' {
			x.readText()
			return Text
		}
		for x.e-x.s < 9 && x.fill() {
		}
		b := x.buf[x.s:x.e]
		if len(b) >= 2 && b[1] != '!' && b[1] != '?' { // nearly always
			if kind := x.readTag(); kind != EOF {
				return kind
			}
			continue
		}
		switch {
		case bytes.HasPrefix(b, []byte("<![CDATA[")):
			if x.readUntil("]]>", 9) {
				return Text
			}
		case bytes.HasPrefix(b, []byte("<!--")):
			x.skipUntil("-->")
		case bytes.HasPrefix(b, []byte("<?")):
			x.skipUntil("?>")
		case bytes.HasPrefix(b, []byte("<!")):
			x.skipDeclaration()
		default: // a lone < at the end
			x.s = x.e
			return EOF
		}
	}
}

// readText takes the text up to the next tag. It never cuts a character or
// an entity reference unless that is longer than any real one.
func (x *Scanner) readText() {
	off := 0
	for {
		i := bytes.IndexByte(x.buf[x.s+off:x.e], '<')
		if i >= 0 {
			x.text = x.buf[x.s : x.s+off+i]
			x.s += off + i
			return
		}
		off = x.e - x.s
		if off >= textChunk {
			end := whole(x.buf[x.s:x.e])
			x.text = x.buf[x.s : x.s+end]
			x.s += end
			return
		}
		if !x.fill() {
			x.text = x.buf[x.s:x.e]
			x.s = x.e
			return
		}
	}
}

// whole returns the length of b without a character or reference that its
// end may cut.
func whole(b []byte) int {
	end := len(b)
	if i := bytes.LastIndexByte(b, '&'); i > end-maxReference && bytes.IndexByte(b[i:], ';') < 0 {
		return i
	}
	for i := end - 1; i >= end-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return end
}

// readUntil makes a Text of what lies between skip bytes from here and the
// end mark, in one piece up to maxTag.
func (x *Scanner) readUntil(end string, skip int) bool {
	off := skip
	for {
		if off > x.e-x.s {
			off = x.e - x.s
		}
		i := bytes.Index(x.buf[x.s+off:x.e], []byte(end))
		if i >= 0 {
			x.raw(x.buf[x.s+skip : x.s+off+i])
			x.s += off + i + len(end)
			return true
		}
		off = max(x.e-x.s-len(end)+1, skip)
		if x.e-x.s > maxTag || !x.fill() {
			x.raw(x.buf[min(x.s+skip, x.e):x.e])
			x.s = x.e
			return len(x.text) > 0
		}
	}
}

// raw sets the text of a CDATA section, in which & is itself.
func (x *Scanner) raw(b []byte) {
	if bytes.IndexByte(b, '&') >= 0 {
		b = bytes.ReplaceAll(b, []byte("&"), []byte("&amp;"))
	}
	x.text = b
}

// skipUntil drops everything through the end mark, however long.
func (x *Scanner) skipUntil(end string) {
	x.s += 2
	for {
		i := bytes.Index(x.buf[x.s:x.e], []byte(end))
		if i >= 0 {
			x.s += i + len(end)
			return
		}
		x.s = max(x.s, x.e-len(end)+1)
		if !x.fill() {
			x.s = x.e
			return
		}
	}
}

// skipDeclaration drops <!DOCTYPE ...>, with an internal subset in brackets.
func (x *Scanner) skipDeclaration() {
	depth := 0
	for {
		for x.s < x.e {
			c := x.buf[x.s]
			x.s++
			switch c {
			case '<':
				depth++
			case '>':
				if depth--; depth <= 0 {
					return
				}
			}
		}
		if !x.fill() {
			return
		}
	}
}

// readTag takes a start or end tag. A > inside a quoted value does not end it.
func (x *Scanner) readTag() Kind {
	off, quote := 1, byte(0)
	for {
		b := x.buf[x.s:x.e]
		end := -1
		end, off, quote = tagEnd(b, off, quote)
		if end >= 0 {
			x.s += end + 1
			return x.setTag(b[1:end])
		}
		if len(b) > maxTag {
			return x.longTag(quote)
		}
		if !x.fill() {
			x.s = x.e
			return EOF
		}
	}
}

// tagEnd looks for the > that ends a tag, from off on, inside the quote if it
// is not 0.
func tagEnd(b []byte, off int, quote byte) (end, next int, open byte) {
	for off < len(b) {
		if quote != 0 {
			i := bytes.IndexByte(b[off:], quote)
			if i < 0 {
				return -1, len(b), quote
			}
			off += i + 1
			quote = 0
			continue
		}
		switch c := b[off]; c {
		case '>':
			return off, off, 0
		case '"', '\'':
			// Only after = does a quote open a value.
			if off > 0 && (b[off-1] == '=' || lastSign(b[:off]) == '=') {
				quote = c
			}
		}
		off++
	}
	return -1, off, quote
}

func lastSign(b []byte) byte {
	b = bytes.TrimRight(b[max(0, len(b)-16):], " \t\r\n")
	if len(b) == 0 {
		return 0
	}
	return b[len(b)-1]
}

// longTag keeps the first maxTag bytes of a tag and drops the rest.
func (x *Scanner) longTag(quote byte) Kind {
	x.truncated = true
	keep := bytes.Clone(x.buf[x.s+1 : x.s+maxTag])
	x.s = x.e
	self := false
	for {
		end, _, open := tagEnd(x.buf[x.s:x.e], 0, quote)
		quote = open
		if end >= 0 {
			self = end > 0 && x.buf[x.s+end-1] == '/'
			x.s += end + 1
			break
		}
		x.s = x.e
		if !x.fill() {
			break
		}
	}
	kind := x.setTag(keep)
	if kind == Start {
		x.self = self
	}
	return kind
}

func (x *Scanner) setTag(t []byte) Kind {
	kind := Start
	if len(t) > 0 && t[0] == '/' {
		kind, t = End, t[1:]
	}
	x.self = kind == Start && len(t) > 0 && t[len(t)-1] == '/'
	if x.self {
		t = t[:len(t)-1]
	}
	n, from := 0, 0
	for n < len(t) && t[n] != ' ' && t[n] != '\t' && t[n] != '\n' && t[n] != '\r' {
		if t[n] == ':' {
			from = n + 1
		}
		n++
	}
	x.name, x.attrs = t[from:n], t[n:]
	return kind
}

func local(name []byte) []byte {
	if i := bytes.LastIndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

func unescape(b []byte) string {
	if bytes.IndexByte(b, '&') < 0 {
		return string(b)
	}
	return string(AppendUnescaped(nil, b))
}

// maxReference is the longest entity reference that is resolved, in bytes.
const maxReference = 12

// AppendUnescaped appends b to dst with entity and character references
// resolved. Unknown ones stay as they are written.
func AppendUnescaped(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:i]...)
		b = b[i:]
		end := bytes.IndexByte(b[:min(len(b), maxReference)], ';')
		if end < 0 {
			dst, b = append(dst, '&'), b[1:]
			continue
		}
		r, ok := reference(string(b[1:end]))
		if !ok {
			dst, b = append(dst, b[:end+1]...), b[end+1:]
			continue
		}
		dst, b = utf8.AppendRune(dst, r), b[end+1:]
	}
}

func reference(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok || digits == "" {
		return 0, false
	}
	base := rune(10)
	if digits[0] == 'x' || digits[0] == 'X' {
		base, digits = 16, digits[1:]
	}
	var r rune
	for _, c := range []byte(digits) {
		d := rune(-1)
		switch {
		case c >= '0' && c <= '9':
			d = rune(c - '0')
		case base == 16 && c|0x20 >= 'a' && c|0x20 <= 'f':
			d = rune(c|0x20-'a') + 10
		}
		if d < 0 || r > utf8.MaxRune {
			return 0, false
		}
		r = r*base + d
	}
	if r == 0 || r > utf8.MaxRune {
		return utf8.RuneError, true
	}
	return r, true
}
