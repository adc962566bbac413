package rtf

import (
	"bufio"
	"io"
)

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokOpen
	tokClose
	tokText   // a run of plain characters
	tokByte   // \'xx
	tokSymbol // \ and one sign
	tokWord   // \word and perhaps a number
)

type token struct {
	kind  tokenKind
	text  []byte // valid until the next token
	b     byte
	word  string
	value int
	has   bool // the word has a number
}

// scanner splits RTF into tokens, section "Conventions of an RTF Reader" of
// the Rich Text Format Specification 1.9.1.
type scanner struct {
	r    *bufio.Reader
	err  error
	word [maxWord]byte
}

// maxWord is the longest control word; the specification allows 32 letters.
const maxWord = 40

func newScanner(r io.Reader) *scanner { return &scanner{r: bufio.NewReaderSize(r, 64<<10)} }

func (s *scanner) byte() (byte, bool) {
	b, err := s.r.ReadByte()
	if err != nil {
		s.err = err
		return 0, false
	}
	return b, true
}

func (s *scanner) next() token {
	for {
		b, ok := s.byte()
		if !ok {
			return token{}
		}
		switch b {
		case '{':
			return token{kind: tokOpen}
		case '}':
			return token{kind: tokClose}
		case '\r', '\n', 0:
		case '\\':
			return s.control()
		default:
			return s.text()
		}
	}
}

// text takes a run of plain characters from the buffer; its first byte was
// read already.
func (s *scanner) text() token {
	if err := s.r.UnreadByte(); err != nil {
		s.err = err
		return token{}
	}
	buf, err := s.r.Peek(max(s.r.Buffered(), 1))
	if err != nil && len(buf) == 0 {
		s.err = err
		return token{}
	}
	n := 0
	for n < len(buf) {
		switch buf[n] {
		case '{', '}', '\\', '\r', '\n', 0:
		default:
			n++
			continue
		}
		break
	}
	// The slice stays valid until the next read.
	if _, err := s.r.Discard(n); err != nil {
		s.err = err
	}
	return token{kind: tokText, text: buf[:n]}
}

func (s *scanner) control() token {
	b, ok := s.byte()
	if !ok {
		return token{}
	}
	switch {
	case b == '\'':
		h, ok1 := s.byte()
		l, ok2 := s.byte()
		if !ok1 || !ok2 {
			return token{}
		}
		if hexValue(h) < 0 || hexValue(l) < 0 {
			return token{kind: tokText}
		}
		return token{kind: tokByte, b: byte(hexValue(h)<<4 | hexValue(l))}
	case !isLetter(b):
		return token{kind: tokSymbol, b: b}
	}
	n := 0
	for ok && isLetter(b) {
		if n < maxWord {
			s.word[n] = b
			n++
		}
		b, ok = s.byte()
	}
	t := token{kind: tokWord, word: string(s.word[:n])}
	negative := false
	if ok && b == '-' {
		negative = true
		b, ok = s.byte()
	}
	for ok && b >= '0' && b <= '9' {
		if t.value < 1<<27 {
			t.value = t.value*10 + int(b-'0')
		}
		t.has = true
		b, ok = s.byte()
	}
	if negative {
		t.value = -t.value
	}
	if ok && b != ' ' {
		if err := s.r.UnreadByte(); err != nil {
			s.err = err
		}
	}
	if !ok {
		s.err = nil // told by the next token
	}
	return t
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// binary passes over n bytes of binary data and returns at most limit of them.
func (s *scanner) binary(n, limit int) []byte {
	data, err := io.ReadAll(io.LimitReader(s.r, int64(min(n, limit))))
	if err != nil {
		s.err = err
		return data
	}
	if rest := n - len(data); rest > 0 {
		if _, err := s.r.Discard(rest); err != nil {
			s.err = err
		}
	}
	return data
}
