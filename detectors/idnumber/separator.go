package idnumber

import "bytes"

// sep is what stands between two runs of digits.
type sep uint8

const (
	sepNone   sep = iota // nothing that may stand in a number
	sepHyphen            // any hyphen, dash, minus or soft hyphen
	sepPlus
	sepSpaced // a hyphen with spaces
	sepSpace  // one space of any kind
	sepSlash  // slash or underscore
	sepBreak  // a hyphen and a line break
	sepDot    // a dot, colon or tilde: a decimal number, or a badly read hyphen
	sepSplit  // another cell or line
)

// readSep reads the separator at w[i]; the byte at j is the first after it.
func readSep(w []byte, i int) (j int, k sep) {
	if i+1 < len(w) && w[i+1]-'0' <= 9 {
		switch w[i] {
		case '-':
			return i + 1, sepHyphen
		case ' ':
			return i + 1, sepSpace
		case '+':
			return i + 1, sepPlus
		case '/', '_':
			return i + 1, sepSlash
		case '.':
			return i + 1, sepDot
		}
	}
	return readSepSlow(w, i)
}

// maxSep is the longest separator in bytes: a hyphen, a line break and the
// next line's indent.
const maxSep = 18

func readSepSlow(w []byte, i int) (j int, k sep) {
	var n [nAtoms]int
	for j = i; j < len(w) && j-i < maxSep; {
		a, width := readAtom(w, j)
		if a == atomOther {
			break
		}
		n[a]++
		j += width
	}
	if j == i {
		return i, sepNone
	}
	switch {
	case n[atomHyphen]+n[atomPlus]+n[atomSlash]+n[atomDot] > 1:
		if n[atomHyphen] != 2 || n[atomLine]+n[atomSpace] > 0 {
			return i, sepNone
		}
		return j, sepHyphen // a soft hyphen beside a hyphen
	case n[atomCell] > 1 || n[atomCell] == 1 && n[atomHyphen]+n[atomPlus]+n[atomSlash]+n[atomDot] > 0:
		return i, sepNone
	case n[atomCell] == 1:
		return j, sepSplit
	case n[atomQuote] > 0:
		return i, sepNone
	case n[atomHyphen] == 1 && n[atomLine] > 0:
		return j, sepBreak
	case n[atomHyphen] == 1 && n[atomSpace] > 0:
		return j, sepSpaced
	case n[atomHyphen] == 1:
		return j, sepHyphen
	case n[atomPlus] == 1:
		return j, sepPlus
	case n[atomSlash] == 1:
		return j, sepSlash
	case n[atomDot] == 1:
		return j, sepDot
	case n[atomLine] > 2:
		return i, sepNone
	case n[atomLine] > 0 || n[atomSpace] > 1:
		return j, sepSplit
	}
	return j, sepSpace
}

// atom is one character of a separator.
type atom uint8

const (
	atomOther atom = iota
	atomSpace
	atomHyphen
	atomPlus
	atomSlash
	atomDot
	atomLine
	atomCell
	atomQuote
	atomEmpty // has no width
	nAtoms
)

// readAtom reads the character at w[i], which may be written as UTF-8, in
// percent-encoding, as an HTML entity or as a JSON escape.
func readAtom(w []byte, i int) (atom, int) {
	switch c := w[i]; c {
	case ' ':
		return atomSpace, 1
	case '-', 0x1E, 0x1F: // the last two are Word's hyphens
		return atomHyphen, 1
	case '+':
		return atomPlus, 1
	case '/', '_':
		return atomSlash, 1
	case '.', '~', ':':
		return atomDot, 1
	case '\n':
		return atomLine, 1
	case '\r', '\v':
		if c == '\r' && i+1 < len(w) && w[i+1] == '\n' {
			return atomLine, 2
		}
		return atomLine, 1
	case '\t', ';', '|', ',':
		return atomCell, 1
	case '"':
		return atomQuote, 1
	case '=':
		if bytes.HasPrefix(w[i+1:], []byte("\r\n")) {
			return atomEmpty, 3
		}
		if bytes.HasPrefix(w[i+1:], []byte("\n")) {
			return atomEmpty, 2
		}
	case '%':
		return percentAtom(w, i)
	case '&', '\\':
		return escapeAtom(w, i)
	case 0xC2:
		if i+1 < len(w) {
			switch w[i+1] {
			case 0xA0:
				return atomSpace, 2
			case 0xAD, 0xAC: // soft hyphen, and its twin in CP850
				return atomHyphen, 2
			case 0xB7: // middle dot
				return atomDot, 2
			}
		}
	case 0xE2, 0xE3, 0xEF:
		if i+2 < len(w) {
			return wideAtom(c, w[i+1], w[i+2]), 3
		}
	}
	return atomOther, 0
}

// wideAtom classifies a character of three bytes in UTF-8.
func wideAtom(a, b, c byte) atom {
	switch {
	case a == 0xE2 && b == 0x80 && (c >= 0x80 && c <= 0x8A || c == 0xAF):
		return atomSpace
	case a == 0xE2 && b == 0x80 && c >= 0x8B && c <= 0x8F:
		return atomEmpty
	case a == 0xE2 && b == 0x80 && c >= 0x90 && c <= 0x95:
		return atomHyphen // U+2010 to U+2015
	case a == 0xE2 && b == 0x80 && (c == 0xA8 || c == 0xA9):
		return atomLine
	case a == 0xE2 && b == 0x81 && c == 0x9F:
		return atomSpace
	case a == 0xE2 && b == 0x81 && (c == 0x83 || c == 0xBB):
		return atomHyphen
	case a == 0xE2 && b == 0x81 && c == 0xA0:
		return atomEmpty // word joiner
	case a == 0xE2 && b == 0x88 && c == 0x92:
		return atomHyphen // minus
	case a == 0xE3 && b == 0x80 && c == 0x80:
		return atomSpace
	case a == 0xEF && b == 0xB9 && (c == 0xA3 || c == 0x98):
		return atomHyphen
	case a == 0xEF && b == 0xBC && c == 0x8D:
		return atomHyphen
	case a == 0xEF && b == 0xBC && c == 0x8B:
		return atomPlus
	case a == 0xEF && b == 0xBB && c == 0xBF:
		return atomEmpty
	}
	return atomOther
}

func percentAtom(w []byte, i int) (atom, int) {
	c, ok := percentByte(w, i)
	if !ok {
		return atomOther, 0
	}
	switch c {
	case ' ':
		return atomSpace, 3
	case '-':
		return atomHyphen, 3
	case '+':
		return atomPlus, 3
	case '/', '_':
		return atomSlash, 3
	case 0xC2:
		d, _ := percentByte(w, i+3)
		switch d {
		case 0xA0:
			return atomSpace, 6
		case 0xAD:
			return atomHyphen, 6
		}
	case 0xE2:
		d, _ := percentByte(w, i+3)
		e, _ := percentByte(w, i+6)
		if a := wideAtom(c, d, e); a != atomOther {
			return a, 9
		}
	}
	return atomOther, 0
}

// percentByte decodes %XX at w[i].
func percentByte(w []byte, i int) (byte, bool) {
	if i+2 >= len(w) || w[i] != '%' {
		return 0, false
	}
	h, ok1 := hexValue(w[i+1])
	l, ok2 := hexValue(w[i+2])
	return h<<4 | l, ok1 && ok2
}

func hexValue(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

var escapes = []struct {
	text string
	atom atom
}{
	{"&nbsp;", atomSpace}, {"&#160;", atomSpace}, {"&#xa0;", atomSpace}, {"&thinsp;", atomSpace},
	{"&shy;", atomHyphen}, {"&#173;", atomHyphen}, {"&ndash;", atomHyphen}, {"&mdash;", atomHyphen},
	{"&minus;", atomHyphen}, {"&#45;", atomHyphen}, {"&#8208;", atomHyphen}, {"&#8209;", atomHyphen},
	{"&#8211;", atomHyphen}, {"&#x2011;", atomHyphen}, {"&#x2013;", atomHyphen}, {"&#8722;", atomHyphen},
	{`\u00a0`, atomSpace}, {`\u202f`, atomSpace}, {`\u00ad`, atomHyphen}, {`\u2010`, atomHyphen},
	{`\u2011`, atomHyphen}, {`\u2012`, atomHyphen}, {`\u2013`, atomHyphen}, {`\u2212`, atomHyphen},
	{`\u002d`, atomHyphen},
}

func escapeAtom(w []byte, i int) (atom, int) {
	for _, e := range escapes {
		if n := len(e.text); i+n <= len(w) && bytes.EqualFold(w[i:i+n], []byte(e.text)) {
			return e.atom, n
		}
	}
	return atomOther, 0
}
