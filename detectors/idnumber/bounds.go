package idnumber

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode"
	"unicode/utf8"
)

func isLetter(r rune) bool { return unicode.IsLetter(r) }

// plain marks the bytes that end a number beyond doubt.
var plain = func() (t [256]bool) {
	for _, b := range " \t\r\n;|\"'(),:=<>[]{}" {
		t[b] = true
	}
	return t
}()

// population counts w[a:e] among the numbers of its shape, if it stands
// alone.
func (s *scan) population(w []byte, a, e int, sh shape, date, full kindSet) {
	if s.folded || len(s.cells) >= maxCells {
		return
	}
	if a > 0 && !plain[w[a-1]] || e < len(w) && !plain[w[e]] {
		return
	}
	if e-a >= 4 && isClock(w[e-4:e]) {
		date |= clockBit
	}
	s.cells = append(doubled(s.cells), cell{pos: a, shape: sh, date: date, full: full, prefix: prefixHash(w[a:])})
}

// doubled makes room for as many again where a list is full: append alone
// grows long lists by a quarter and copies them four times.
func doubled[T any](list []T) []T {
	if len(list) == cap(list) {
		return slices.Grow(list, max(64, len(list)))
	}
	return list
}

// prefixHash hashes six digits.
func prefixHash(w []byte) uint16 {
	v := uint64(binary.LittleEndian.Uint32(w)) | uint64(binary.LittleEndian.Uint16(w[4:]))<<32
	return uint16(v * 0x9E3779B97F4A7C15 >> 48)
}

// glance reports whether a letter stands shortly before w[a]: what is
// believed beside a label only need not be kept otherwise.
func glance(w []byte, a int) bool {
	for j := a; j > 0 && j > a-8; j-- {
		switch w[j-1] {
		case ' ', ':', '.', '=', '"', '\t', '-', ')', '>', '#', ',', '(':
			continue
		}
		return letterBefore(w, j)
	}
	return false
}

// emit keeps a candidate at w[a:e] if its boundaries allow; it reports
// whether it did.
func (s *scan) emit(w []byte, a, e int, c cand) bool {
	f, ok := bounds(w, a, e, &c)
	if !ok || len(s.cands) >= maxCands {
		return false
	}
	c.flags |= f | s.extra
	c.start, c.end = a, e
	if s.folded {
		if s.extra&flagLetterSpaced == 0 && s.extra&(flagLoose|flagOCR) == 0 && c.form == formHyphen && s.dots {
			c.form = formDots
		}
		c.start, c.end = s.at[a], s.at[e-1]+s.width(e-1)
	}
	c.column = -1
	s.cands = append(doubled(s.cands), c)
	return true
}

// bounds looks at what stands beside a number. A digit, a letter that is no
// label's, a decimal point or a part of a longer code end the candidate;
// what only makes it less likely becomes a flag.
func bounds(w []byte, a, e int, c *cand) (f flag, ok bool) {
	if fl, ok := leftBound(w, a, c); !ok {
		return 0, false
	} else {
		f |= fl
	}
	if fl, ok := rightBound(w, e); !ok {
		if c.form == formText || !gluedTail(w, e) || !glance(w, a) {
			return 0, false
		}
		f |= flagTail
	} else {
		f |= fl
	}
	if f&(flagAmount) != 0 && a > 0 && w[a-1] == ',' && e < len(w) && w[e] == ',' {
		f &^= flagAmount // a row of a comma-separated table
	}
	if (a > 0 && w[a-1] == '-' || e < len(w) && w[e] == '-') && inGUID(w, a, e) {
		return 0, false
	}
	if n := int(c.n); n >= 10 && c.form != formText && clock(&c.c, n-4) && n != 11 {
		f |= flagTime
	}
	if c.form == formBare && dull(&c.c) {
		f |= flagDull
	}
	if a > 1 && w[a-1] == '_' && isASCIILetter(w[a-2]) && e < len(w) && w[e] != '_' && w[e] != '.' && w[e] != '-' {
		f |= flagIdent
	}
	if e < len(w) && inFileName(w[e:]) {
		f |= flagFile
	}
	return f, true
}

// dull reports whether ten digits have a pattern that programmers write and
// registers do not: bytes such as 0102030405, or three different digits at
// most.
func dull(c *chars) bool {
	if c[0] == '0' && c[2] == '0' && c[4] == '0' && c[6] == '0' && c[8] == '0' {
		return true
	}
	var seen uint16
	for _, b := range c[:10] {
		seen |= 1 << (b & 15)
	}
	return bits.OnesCount16(seen) <= 3
}

// clock reports whether four digits are a time of day.
func clock(c *chars, i int) bool { return c[i+3] <= '9' && c.num2(i) < 24 && c[i+2] <= '5' }

func leftBound(w []byte, a int, c *cand) (f flag, ok bool) {
	if a == 0 {
		return 0, true
	}
	digitAt := func(i int) bool { return i >= 0 && isDigit(w[i]) }
	switch p := w[a-1]; p {
	case ' ':
		if digitAt(a - 2) {
			f |= flagRow
		}
		if a > 1 && w[a-2] == '$' {
			f |= flagAmount
		}
	case '\'', '"':
		if a > 1 && w[a-2]|0x20 == 'x' && (a == 2 || !letterBefore(w, a-2)) {
			return 0, false // a literal in hexadecimal
		}
	case '\n', '\t', '(', ';', '|', '>', '<', '[', '_', '=', '&', '?', '{', '*', ')':
	case '.':
		if digitAt(a - 2) {
			return 0, false
		}
	case ',':
		if digitAt(a - 2) {
			f |= flagAmount
		}
	case '-':
		if digitAt(a - 2) {
			return 0, false
		}
		if a < 2 || !letterBefore(w, a-1) && w[a-2] != '_' {
			f |= flagMinus
		}
	case '+', '$':
		return 0, false
	case '#': // an issue, or an entity such as &#0510102395;
		if a > 1 && w[a-2] == '&' {
			return 0, false
		}
		f |= flagMinus
	case '/', ':', '\\':
		if digitAt(a - 2) {
			f |= flagPath
		}
	default:
		if p >= 0x80 {
			if r, n := utf8.DecodeLastRune(w[:a]); isLetter(r) {
				return gluedLabel(w, a)
			} else if unicode.IsDigit(r) || unicode.Is(unicode.Sc, r) || isDash(r) && digitAt(a-n-1) {
				return 0, false
			}
			return 0, true
		}
		if isASCIILetter(p) {
			return gluedLabel(w, a)
		}
	}
	return f, true
}

// gluedLabel lets letters before a number pass if they are a label, an
// escape such as \n, or the end of %3A.
func gluedLabel(w []byte, a int) (flag, bool) {
	if a >= 2 && w[a-2] == '\\' && (w[a-1] == 'n' || w[a-1] == 't' || w[a-1] == 'r') {
		return 0, true
	}
	if a >= 3 && w[a-3] == '%' {
		if _, ok := percentByte(w, a-3); ok {
			return 0, true
		}
	}
	if gluedWord(w, a) {
		return flagGlued, true
	}
	return 0, false
}

func isDash(r rune) bool {
	return r >= 0x2010 && r <= 0x2015 || r == 0x2212 || r == 0xAD
}

func rightBound(w []byte, e int) (f flag, ok bool) {
	if e >= len(w) {
		return 0, true
	}
	digitAt := func(i int) bool { return i < len(w) && isDigit(w[i]) }
	switch p := w[e]; p {
	case ' ':
		if digitAt(e+1) && (digitAt(e+2) || e+2 >= len(w) || w[e+2] == ' ') {
			f |= flagRow
		}
	case '\n', '\r', '\t', ')', '"', '\'', ';', '|', '<', '>', ']', '_', '&', '}', '*', '?', '!', '\\':
	case '.':
		if digitAt(e + 1) {
			return 0, false
		}
	case ',':
		if digitAt(e+1) && !(digitAt(e+2) && digitAt(e+3)) {
			f |= flagAmount
		}
	case '-', '+':
		if digitAt(e + 1) {
			return 0, false
		}
	case '/', ':', '=':
		if digitAt(e + 1) {
			f |= flagPath
		}
	case '@':
		f |= flagMail
	case '%':
		if _, ok := percentByte(w, e); !ok {
			return 0, false
		}
	default:
		if p >= 0x80 {
			r, n := utf8.DecodeRune(w[e:])
			if isLetter(r) || unicode.IsDigit(r) || isDash(r) && digitAt(e+n) {
				return 0, false
			}
			return 0, true
		}
		if isASCIILetter(p) || isDigit(p) {
			return 0, false
		}
	}
	return f, true
}

// gluedTail reports whether a word starts at e, as where a space got lost:
// 198507072380Namn. Digits of hexadecimal numbers are none.
func gluedTail(w []byte, e int) bool {
	n, plain := 0, false
	for i := e; i < len(w) && i < e+24 && isWordByte(w[i]); i++ {
		if _, hex := hexValue(w[i]); !hex && w[i] < 0x80 {
			plain = true
		}
		n++
	}
	return n >= 3 && plain && (e+n >= len(w) || !isDigit(w[e+n]))
}

// inGUID reports whether w[a:e] lies in groups of hexadecimal digits joined
// by hyphens that are as long as a GUID's.
func inGUID(w []byte, a, e int) bool {
	hex := func(b byte) bool { _, ok := hexValue(b); return ok || b == '-' }
	for i := 0; a > 0 && hex(w[a-1]) && i < 40; i++ {
		a--
	}
	for i := 0; e < len(w) && hex(w[e]) && i < 40; i++ {
		e++
	}
	dashes := 0
	for _, b := range w[a:e] {
		if b == '-' {
			dashes++
		}
	}
	return e-a >= 24 && dashes >= 3
}

// isClock reports whether four bytes are a time of day.
func isClock(w []byte) bool {
	return isDigit(w[0]) && isDigit(w[1]) && isDigit(w[3]) && w[2] >= '0' && w[2] <= '5' &&
		(w[0] < '2' || w[0] == '2' && w[1] < '4')
}

// inFileName reports whether w continues a document's file name to its
// extension: "_beslut.docx".
func inFileName(w []byte) bool {
	w = w[:min(len(w), 64)]
	for i, c := range w {
		switch {
		case c == '.':
			for _, x := range documentExtensions {
				if n := len(x); len(w) >= i+1+n && bytes.EqualFold(w[i+1:i+1+n], x) {
					return true
				}
			}
		case isWordByte(c), isDigit(c), c == '_', c == '-', c == ' ', c == '(', c == ')':
		default:
			return false
		}
	}
	return false
}

var documentExtensions = [][]byte{
	[]byte("pdf"), []byte("doc"), []byte("xls"), []byte("ppt"), []byte("msg"), []byte("eml"), []byte("rtf"),
	[]byte("odt"), []byte("ods"), []byte("jpg"), []byte("jpeg"), []byte("png"), []byte("tif"), []byte("txt"),
}
