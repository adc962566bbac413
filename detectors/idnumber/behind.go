package idnumber

import (
	"bytes"
	"unicode/utf8"
)

// What stands behind a number, and in the header of its column.

// after reads the words after the number that ends at e.
func after(w []byte, e int) (s surroundings) {
	high := min(len(w), e+lookAhead)
	capital, n := 0, 0
	i := e
	if i < high && (w[i] == ' ' || w[i] == 0xC2) {
		// A unit stands directly behind.
		j := i + space(w, i)
		if j < high && w[j] == '#' {
			s.unit = true // a line of a payment slip
		}
		if x, end := wordAt(w, j, high); x.class == wordUnit || x.class == wordNegative && isRevision(w[j:end]) {
			s.unit = true
		}
	}
	if i+2 < high && w[i] == ',' && w[i+1] == ' ' && isDigit(w[i+2]) {
		j := i + 3 // , 4 st
		for j < high && isDigit(w[j]) {
			j++
		}
		if x, _ := wordAt(w, j+space(w, j), high); x.class == wordUnit {
			s.unit = true
		}
	}
	paren := false
	for i < high && n < 3 {
		switch c := w[i]; {
		case c == '\n' || isDigit(c) || c == ';' || c == '|':
			return s.named(capital)
		case c == '(':
			paren = true
			i++
		case isWordByte(c):
			x, end := wordAt(w, i, high)
			if end == i {
				i++
				continue
			}
			if paren && end-i <= 2 && end+1 < high && (w[end] == '-' || w[end] == '.' || w[end] == ' ') {
				// (d-nr.)
				if y, _ := wordAt(w, end+1, high); y.class == wordNumber {
					x = combine(w[i:end], x, true)
				}
			}
			switch x.class {
			case wordLabel:
				if paren || n == 0 {
					s.label, s.weight = x.kinds, 0.7
					return s
				}
				return s.named(capital)
			case wordPerson, wordDoes:
				s.person = max(s.person, 0.6)
			case wordFate:
				s.fate = s.fate || n == 0
			case wordOther:
				if capital == n && (c >= 'A' && c <= 'Z' || c == 0xC3 && w[i+1] < 0x9F) && end-i > 1 {
					capital++
				}
			}
			n++
			i = end
		default:
			i++
		}
	}
	return s.named(capital)
}

func (s surroundings) named(capital int) surroundings {
	s.name = capital >= 2
	return s
}

// isRevision reports whether a word behind a number makes it a drawing's or a
// program's.
func isRevision(w []byte) bool {
	return bytes.EqualFold(w, []byte("rev")) || bytes.EqualFold(w, []byte("ver")) || bytes.EqualFold(w, []byte("version"))
}

// wordAt classifies the word that starts at i and tells its end.
func wordAt(w []byte, i, high int) (word, int) {
	e := i
	for e < high {
		if w[e] < 0x80 {
			if !isASCIILetter(w[e]) {
				break
			}
			e++
			continue
		}
		r, n := utf8.DecodeRune(w[e:])
		if wordBreak(r) {
			break
		}
		e += n
	}
	if e = min(e, high); e == i {
		return word{}, i
	}
	return classifySplit(w[i:e]), e
}

// headerWords reads a column header or another short piece of text: the
// strongest word counts.
func headerWords(w []byte) (s surroundings) {
	number := false
	for e := len(w); e > 0; {
		a := wordStart(w, 0, e)
		if a == e {
			if e--; e > 0 {
				for e > 0 && w[e]&0xC0 == 0x80 {
					e--
				}
			}
			continue
		}
		x := classifySplit(w[a:e])
		if number || (x.class == wordOther || x.class == wordRecord) && e-a <= 6 {
			x = combine(w[a:e], x, number)
		}
		switch x.class {
		case wordLabel:
			s.label, s.weight = x.kinds, 1
			return s
		case wordID:
			s.id = 1
		case wordPerson:
			s.person = 1
		case wordNegative, wordUnit, wordThing:
			s.negative = 1
			s.thing = x.kinds == 0
		case wordOrg:
			s.org = true
		case wordCase:
			s.negative = max(s.negative, 0.3)
		case wordUnknown:
			s.otherNumber = true
		case wordNumber:
			number = true
		}
		e = a
	}
	return s
}
