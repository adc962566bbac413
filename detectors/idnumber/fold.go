package idnumber

import "unicode/utf8"

// A folded window is a copy of some bytes of the text in which damage is
// undone: full-width digits, spaces between letter-spaced digits, dots in a
// date, letters that optical recognition put for digits. The shapes are tried
// on the copy as on the text; at maps its offsets back.

const (
	foldBefore = 8  // bytes copied as they are, for the boundary
	foldAfter  = 64 // bytes read from the text
)

// fold fills the window from the text at a with step, which reads one
// character at i and gives the byte for the window (0: none) and its width.
func (s *scan) fold(a int, step func(b []byte, i int) (byte, int)) (w []byte, start int) {
	b := s.body
	low := max(0, a-foldBefore)
	for low > 0 && low < a && !utf8.RuneStart(b[low]) {
		low++
	}
	n := copy(s.win[:], b[low:a])
	for i := range n {
		s.at[i] = low + i
	}
	start = n
	for i := a; i < len(b) && i < a+foldAfter && n < len(s.win); {
		c, width := step(b, i)
		if c != 0 {
			s.win[n], s.at[n] = c, i
			n++
		}
		i += width
	}
	s.at[n] = min(len(b), a+foldAfter)
	return s.win[:n], start
}

// width is how many bytes of the text the window's byte i stands for.
func (s *scan) width(i int) int {
	p := s.at[i]
	if s.body[p] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRune(s.body[p:])
	return n
}

// tryWindow tries the window's digits from start on; it reports whether a
// candidate came of it.
func (s *scan) tryWindow(w []byte, start int, extra flag) bool {
	e := start
	for e < len(w) && isDigit(w[e]) {
		e++
	}
	if e == start {
		return false
	}
	before := len(s.cands)
	s.folded, s.extra = true, extra
	s.try(w, start, e)
	s.folded, s.extra = false, 0
	return len(s.cands) > before
}

// foldWide tries full-width digits from a on and returns their end.
func (s *scan) foldWide(a int) int {
	w, start := s.fold(a, func(b []byte, i int) (byte, int) {
		if isWide(b, i) {
			return b[i+2] - 0x90 + '0', 3
		}
		if i+2 < len(b) && b[i] == 0xEF && b[i+1] == 0xBC {
			if c := b[i+2]; c >= 0xA1 && c <= 0xBA { // full-width A-Z
				return c - 0xA1 + 'A', 3
			}
		}
		return b[i], 1
	})
	s.tryWindow(w, start, 0)
	e := a
	for isWide(s.body, e) {
		e += 3
	}
	return e
}

// foldDates tries 27.01.13-9928 and 1990-01-01-2385: the separators inside
// the date are left out.
func (s *scan) foldDates(w []byte, a, e int) bool {
	if e >= len(w) {
		return false
	}
	d := w[e]
	if d != '.' && d != '-' && d != '/' && d != ' ' {
		return false
	}
	two := func(i int) bool { return i+1 < len(w) && isDigit(w[i]) && isDigit(w[i+1]) }
	if !two(e+1) || e+3 >= len(w) || w[e+3] != d || !two(e+4) {
		return false
	}
	if digitsAhead(w, a, false) < 9 || d == ' ' && !glance(w, a) {
		return false
	}
	century := -1 // 23.12.1951: the year's first two digits are left out
	if e-a == 2 && two(e+6) && (w[e+4] == '1' && w[e+5] == '9' || w[e+4] == '2' && w[e+5] == '0') && (e+8 >= len(w) || !isDigit(w[e+8])) {
		century = e + 4
	}
	win, start := s.fold(a, func(b []byte, i int) (byte, int) {
		if i == e || i == e+3 || century > 0 && (i == century || i == century+1) {
			return 0, 1
		}
		return b[i], 1
	})
	var extra flag
	if d == ' ' {
		extra = flagLoose
	}
	s.dots = true
	ok := s.tryWindow(win, start, extra)
	s.dots = false
	return ok
}

// space is the width of a space at b[i], 0 if there is none.
func space(b []byte, i int) int {
	if i >= len(b) {
		return 0
	}
	switch b[i] {
	case ' ':
		return 1
	case 0xC2, 0xE2, 0xE3:
		if a, n := readAtom(b, i); a == atomSpace {
			return n
		}
	}
	return 0
}

// boxSpace is space where a cell's edge counts as one.
func boxSpace(b []byte, i int) int {
	if i < len(b) && (b[i] == '|' || b[i] == '\t') {
		return 1
	}
	return space(b, i)
}

// foldLetterSpaced tries 9 0 0 1 0 1 - 2 3 8 5: every space between two
// characters of the number is left out.
func (s *scan) foldLetterSpaced(a int) bool {
	b := s.body
	if a >= 2 && (b[a-1] == ' ' || b[a-1] == '-') && isDigit(b[a-2]) {
		return false // in the middle of one
	}
	extra := flagLetterSpaced
	space := space
	if a+1 < len(b) && (b[a+1] == '|' || b[a+1] == '\t') {
		// One box of a form for each digit.
		if !glance(b, a) && !(a > 1 && b[a-1] == b[a+1] && glance(b, a-1)) {
			return false
		}
		extra |= flagLoose
		space = boxSpace
	}
	gap := 0
	for n := space(b, a+1); n > 0 && gap < 9; n = space(b, a+1+gap) {
		gap += n
	}
	if gap == 0 {
		return false
	}
	for i, k := a, 0; k < 4; k++ { // four spaced digits at least
		if i >= len(b) || !isDigit(b[i]) {
			return false
		}
		i++
		n := space(b, i)
		if n == 0 {
			return false
		}
		for ; n > 0; n = space(b, i) {
			i += n
		}
	}
	step := func(letters bool) func(b []byte, i int) (byte, int) {
		return func(b []byte, i int) (byte, int) {
			n := space(b, i)
			if n == 0 {
				return b[i], 1
			}
			j := i + n
			for m := space(b, j); m > 0; m = space(b, j) {
				j += m
			}
			if j-i <= gap && j < len(b) && i > a && inNumber(b[i-1], letters) && inNumber(b[j], letters) && !accented(b, j) &&
				!(isASCIILetter(b[i-1]) && isASCIILetter(b[j])) {
				return 0, j - i
			}
			return ' ', j - i
		}
	}
	// A letter may belong to the number (a hetu) or to the word behind it.
	found := false
	for _, letters := range []bool{false, true} {
		w, start := s.fold(a, step(letters))
		found = s.tryWindow(w, start, extra) || found
	}
	return found
}

// accented reports whether a letter beyond ASCII starts at i, which begins the
// word behind a number.
func accented(b []byte, i int) bool {
	if b[i] < utf8.RuneSelf {
		return false
	}
	r, _ := utf8.DecodeRune(b[i:])
	return isLetter(r)
}

// inNumber reports whether c may stand in a letter-spaced number.
func inNumber(c byte, letters bool) bool {
	return isDigit(c) || c == '-' || c == '+' || c >= 0x80 || letters && c >= 'A' && c <= 'Z'
}

// damage marks the bytes beside digits that foldDamaged can do something about.
var damage = func() (t [256]bool) {
	for _, b := range []byte(" -.\n\rOolI|\xC2\xE2\xE3") {
		t[b] = true
	}
	return t
}()

// foldDamaged tries, behind a label only, digits with spaces at odd places
// (900 101-2385) and letters read for digits (9OO1O1-2385).
func (s *scan) foldDamaged(a, e int) {
	b := s.body
	ocr := e < len(b) && ocrDigit(b[e]) != 0 || a > 0 && ocrDigit(b[a-1]) != 0 ||
		a > 1 && b[a-1] == '-' && ocrDigit(b[a-2]) != 0
	loose := e-a < 9 && e < len(b) && (space(b, e) > 0 || b[e] == '-' || b[e] == '.' || b[e] == '\n' || b[e] == '\r')
	if !ocr && !loose {
		return
	}
	for i := 0; ocr && i < 12 && a > 0 && damaged(b, a); i++ {
		a--
	}
	if digitsAhead(b, a, ocr) < 9 || !glance(b, a) {
		return
	}
	if ocr {
		w, start := s.fold(a, func(b []byte, i int) (byte, int) {
			if d := ocrDigit(b[i]); d != 0 {
				return d, 1
			}
			return b[i], 1
		})
		if s.tryWindow(w, start, flagOCR) {
			return
		}
	}
	extra := flagLoose
	if ocr {
		extra |= flagOCR
	}
	for _, letters := range []bool{false, true} {
		w, start := s.fold(a, func(b []byte, i int) (byte, int) {
			n := space(b, i)
			switch {
			case b[i] == '\n':
				n = 1
			case b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n':
				n = 2
			}
			in := func(c byte) bool { return inNumber(c, letters) || ocr && ocrDigit(c) != 0 }
			if n > 0 && i > a && i+n < len(b) && in(b[i-1]) && in(b[i+n]) && !accented(b, i+n) &&
				(ocr || !(isASCIILetter(b[i-1]) && isASCIILetter(b[i+n]))) {
				return 0, n
			}
			if ocr {
				if d := ocrDigit(b[i]); d != 0 {
					return d, 1
				}
			}
			return b[i], 1
		})
		if s.tryWindow(w, start, extra) {
			return
		}
	}
}

// digitsAhead counts the digits from a on that may belong to one number.
func digitsAhead(b []byte, a int, ocr bool) (n int) {
	gap := 0
	for i := a; i < len(b) && gap < 4 && n < 12; i++ {
		if isDigit(b[i]) || ocr && ocrDigit(b[i]) != 0 {
			n++
			gap = 0
			continue
		}
		switch c := b[i]; {
		case c >= 0x80, c == ' ', c == '-', c == '.', c == '/', c == '\n', c == '\r', c == '\t', c == '+', c == '~', c == ':', c == '%', c == '_', c == '&', c == '#', c == ';', c == '\\':
		case isASCIILetter(c) && i+1 < len(b) && isDigit(b[i+1]):
		case gap > 0 && b[i-gap] == '&' || gap > 0 && b[i-gap] == '\\':
			continue // inside an entity or escape
		default:
			return n
		}
		gap++
	}
	return n
}

// damaged reports whether the byte before a belongs to a number with letters
// read for digits: a digit, or such a letter that ends no word.
func damaged(b []byte, a int) bool {
	switch {
	case isDigit(b[a-1]):
		return true
	case b[a-1] == '-':
		return a > 1 && (isDigit(b[a-2]) || ocrDigit(b[a-2]) != 0)
	case ocrDigit(b[a-1]) == 0:
		return false
	}
	return a < 2 || ocrDigit(b[a-2]) != 0 || !letterBefore(b, a-1)
}

// ocrDigit is the digit for which optical recognition reads c, or 0.
func ocrDigit(c byte) byte {
	switch c {
	case 'O', 'o':
		return '0'
	case 'l', 'I', '|':
		return '1'
	}
	return 0
}
