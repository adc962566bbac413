package idnumber

import "bytes"

// shape groups cells that statistics compare.
type shape uint8

const (
	shape9 shape = iota
	shape10
	shape11
	shape12
	shape64
	shape65
	shape84
	shapeSplit
	shapeText
	nShapes
)

// try tries every way of writing a number that starts with the digits w[a:e].
func (s *scan) try(w []byte, a, e int) {
	if a > 0 && w[a-1] == '%' && e-a > 2 {
		a += 2 // %20 and the like
	}
	found := false
	switch e - a {
	case 9:
		found = s.tryNine(w, a, e)
	case 10:
		found = s.tryTen(w, a, e)
	case 11:
		found = s.tryEleven(w, a, e)
	case 12:
		found = s.tryTwelve(w, a, e)
	case 8:
		found = s.tryEight(w, a, e)
	case 7:
		found = s.tryCode(w, a, e, e)
	case 6:
		found = s.trySix(w, a, e)
	case 4, 2:
		found = !s.folded && s.foldDates(w, a, e)
		if !found && e-a == 2 {
			found = s.tryCentury(w, a, e)
		}
	case 1:
		found = !s.folded && s.foldLetterSpaced(a)
	}
	if !found && !s.folded && e-a < 12 && (e < len(w) && damage[w[e]] || a > 0 && damage[w[a-1]] && w[a-1] > ' ') {
		s.foldDamaged(a, e)
	}
}

// tryNine takes nine digits: a p-tal, or ten that lost their zero in a
// spreadsheet.
func (s *scan) tryNine(w []byte, a, e int) bool {
	var c chars
	copy(c[:], w[a:e])
	fo := fitFO(&c)
	c[0] = '0'
	copy(c[1:], w[a:e])
	date, full := fitTen(&c)
	full |= date & set(dkCPR)
	s.population(w, a, e, shape9, date, full)
	if fo != 0 && glance(w, a) {
		var f chars
		copy(f[:], w[a:e])
		s.emit(w, a, e, cand{c: f, n: 9, date: fo, full: fo})
	}
	return full != 0 && s.emit(w, a, e, cand{c: c, n: 10, form: formLost, date: date, full: full})
}

// fitTen fits ten digits to every kind that has ten.
func fitTen(c *chars) (date, full kindSet) {
	if mmdd[c.num4(2)]&(dPlain|dDay60) != 0 {
		date, full = fitSE(c, 0)
	}
	if ddmm[c.num4(0)]&(dPlain|dDay60) != 0 {
		d, f := fitDK(c)
		date, full = date|d, full|f
	}
	if c[0] <= '3' || c[0] >= '8' {
		d, f := fitIS(c)
		date, full = date|d, full|f
	}
	return date, full
}

// unchecked are the kinds that are candidates without a check digit.
const unchecked = 1<<dkCPR | 1<<dkErstatning | 1<<isKennitala

func (s *scan) tryTen(w []byte, a, e int) (found bool) {
	var c chars
	*(*[10]byte)(c[:]) = [10]byte(w[a:e])
	date, full := fitTen(&c)
	s.population(w, a, e, shape10, date, full)
	if full != 0 || date&unchecked != 0 || date.has(isKerfis) && glance(w, a) {
		found = s.emit(w, a, e, cand{c: c, n: 10, date: date, full: full})
	}
	// Eleven digits that lost their zero.
	if ddmm[c.num3(0)] != 0 {
		var l chars
		l[0] = '0'
		*(*[10]byte)(l[1:]) = [10]byte(w[a:e])
		if date, full := fitNO(&l, s.relaxed); full != 0 {
			found = s.emit(w, a, e, cand{c: l, n: 11, form: formLost, date: date, full: full}) || found
		}
	}
	return found
}

func (s *scan) tryEleven(w []byte, a, e int) bool {
	var c chars
	*(*[11]byte)(c[:]) = [11]byte(w[a:e])
	date, full := fitNO(&c, s.relaxed)
	ed, ef := fitEE(&c)
	s.population(w, a, e, shape11, date, full)
	full |= ef
	return full != 0 && s.emit(w, a, e, cand{c: c, n: 11, date: date | ed, full: full})
}

func (s *scan) tryTwelve(w []byte, a, e int) bool {
	var c chars
	*(*[12]byte)(c[:]) = [12]byte(w[a:e])
	date, full := fitTwelve(&c)
	s.population(w, a, e, shape12, date, full)
	n, f := soleTrader(&c)
	return full != 0 && s.emit(w, a, e, cand{c: c, n: n, flags: f, date: date, full: full})
}

// fitTwelve fits twelve digits: a century and ten digits, or a reserve number.
func fitTwelve(c *chars) (date, full kindSet) {
	switch {
	case c[0] == '1' && (c[1] == '8' || c[1] == '9'), c[0] == '2' && c[1] == '0':
		date, full = fitSE(c, 2)
		if date == 0 {
			full = fitSEReserv12(c)
		}
	case c[0] == '9' && c[1] == '9':
		full = fitSEReserv12(c)
	case c[0] == '1' && c[1] == '6' && c[4] <= '1':
		// A sole trader's number with an organisation's century.
		if date, full = fitSE(c, 2); full != 0 {
			copy(c[:], c[2:12])
			c[10], c[11] = 0, 0
		}
	}
	return date, full
}

// soleTrader tells the length of what fitTwelve left, and that a sole trader's
// number needs its label.
func soleTrader(c *chars) (n uint8, f flag) {
	if c[10] == 0 {
		return 10, flagLoose
	}
	return 12, 0
}

// tryEight takes 19900101-2385 and reserve numbers.
func (s *scan) tryEight(w []byte, a, e int) bool {
	j, k := readSep(w, e)
	if k == sepNone || j >= len(w) || !isDigit(w[j]) {
		return s.tryCode(w, a, e, e) || k == sepHyphen && s.tryCode(w, a, e, j)
	}
	f := j
	for f < len(w) && f-j < 5 && isDigit(w[f]) {
		f++
	}
	if f-j != 4 {
		return s.tryCode(w, a, e, j)
	}
	var c chars
	*(*[8]byte)(c[:]) = [8]byte(w[a:e])
	*(*[4]byte)(c[8:]) = [4]byte(w[j:f])
	date, full := fitTwelve(&c)
	s.population(w, a, f, shape84, date, full)
	if full == 0 {
		return false
	}
	n, fl := soleTrader(&c)
	return s.emit(w, a, f, cand{c: c, n: n, flags: fl, form: k.form(), sign: k.sign(), date: date, full: full})
}

// form and sign are how a separator counts.
func (k sep) form() form {
	return [...]form{
		sepNone: formBare, sepHyphen: formHyphen, sepPlus: formPlus, sepSpaced: formSpaced,
		sepSpace: formSpace, sepSlash: formSlash, sepBreak: formBreak, sepDot: formSplit, sepSplit: formSplit,
	}[k]
}

func (k sep) sign() byte {
	if k == sepPlus {
		return '+'
	}
	return '-'
}

// trySix takes a date of six digits and what follows.
func (s *scan) trySix(w []byte, a, e int) bool {
	var c chars
	*(*[6]byte)(c[:]) = [6]byte(w[a:e])
	dm, md := ddmm[c.num4(0)], mmdd[c.num4(2)]
	j, k := readSep(w, e)
	if k == sepNone || j >= len(w) || !isDigit(w[j]) {
		return (dm|md) != 0 && (s.tryHetuLetter(w, a, e) || s.tryCode(w, a, e, max(j, e)))
	}
	f := j
	for f < len(w) && f-j < 6 && isDigit(w[f]) {
		f++
	}
	switch f - j {
	case 3:
		return s.tryGroups(w, a, j, f, k) ||
			dm&dPlain != 0 && (s.tryHetuSign(w, a, j, f, k) || s.tryPtal(w, a, j, f, k))
	case 1:
		return s.tryCode(w, a, e, j)
	case 4:
		*(*[4]byte)(c[6:]) = [4]byte(w[j:f])
		return s.trySixFour(w, a, j, f, k, &c)
	case 5:
		copy(c[6:], w[j:f])
		date, full := fitNO(&c, s.relaxed)
		if k != sepSplit {
			s.population(w, a, f, shape65, date, full)
		}
		return full != 0 && s.emit(w, a, f, cand{c: c, n: 11, form: k.form(), date: date, full: full})
	}
	return false
}

func (s *scan) trySixFour(w []byte, a, j, f int, k sep, c *chars) bool {
	date, full := fitTen(c)
	if date.has(dkCPR) && k != sepSlash {
		h := *c
		hetu(&h, w[j:f], k.sign())
		if d, ok := fitFI(&h); d {
			date |= set(fiHetu)
			if ok {
				full |= set(fiHetu)
			}
		}
	}
	split := k == sepSplit || k == sepDot
	sh := shape64
	if split {
		sh = shapeSplit
	}
	s.population(w, a, f, sh, date, full)
	if full == 0 && date&unchecked == 0 && !(date.has(isKerfis) && !split) {
		return false
	}
	return s.emit(w, a, f, cand{c: *c, n: 10, form: k.form(), sign: k.sign(), date: date, full: full})
}

// hetu puts sign and the four characters tail behind the date in c.
func hetu(c *chars, tail []byte, sign byte) {
	c[6] = sign
	copy(c[7:], tail[:4])
}

// tryGroups takes 040517 526 81.
func (s *scan) tryGroups(w []byte, a, j, f int, k sep) bool {
	g, k2 := readSep(w, f)
	if k != sepSpace && k != sepHyphen || k2 != k || g+2 > len(w) || !isDigit(w[g]) || !isDigit(w[g+1]) {
		return false
	}
	var c chars
	copy(c[:], w[a:a+6])
	copy(c[6:], w[j:f])
	copy(c[9:], w[g:g+2])
	date, full := fitNO(&c, s.relaxed)
	return full != 0 && s.emit(w, a, g+2, cand{c: c, n: 11, form: formGroups, date: date, full: full})
}

// tryPtal takes the Faroese 010203-123 beside a label.
func (s *scan) tryPtal(w []byte, a, j, f int, k sep) bool {
	if k != sepHyphen && k != sepSpace {
		return false
	}
	var c chars
	copy(c[:], w[a:a+6])
	copy(c[6:], w[j:f])
	return s.emit(w, a, f, cand{c: c, n: 9, form: k.form(), date: set(foPtal), full: set(foPtal)})
}

// tryHetuSign takes 131052-308T.
func (s *scan) tryHetuSign(w []byte, a, j, f int, k sep) bool {
	if f >= len(w) || k == sepSlash || k == sepDot || k == sepSplit {
		return false
	}
	return s.emitHetu(w, a, j, f, k.form(), k.sign())
}

// tryHetuLetter takes 131052A308T and 131052 A 308T.
func (s *scan) tryHetuLetter(w []byte, a, e int) bool {
	fm := formText
	j, k := readSep(w, e)
	switch k {
	case sepNone:
		j = e
	case sepSpace:
		fm = formSpaced
	case sepSplit:
		fm = formSplit
	default:
		return false
	}
	if j >= len(w) || !isASCIILetter(w[j]) || hetuCentury(upper(w[j])) == 0 {
		return false
	}
	sign := upper(w[j])
	j++
	switch g, k := readSep(w, j); {
	case k == sepSpace && fm == formSpaced, k == sepHyphen && g > j+1:
		j = g // a soft hyphen, not a plain one
	case k == sepSplit && fm == formText && bytes.IndexByte(w[j:g], '\n') >= 0, k == sepBreak && fm == formText:
		j, fm = g, formBreak
	}
	if j+4 > len(w) || !isDigit(w[j]) || !isDigit(w[j+1]) || !isDigit(w[j+2]) {
		return false
	}
	return s.emitHetu(w, a, j, j+3, fm, sign)
}

// emitHetu completes a hetu whose serial is w[j:f] with the check character
// after it.
func (s *scan) emitHetu(w []byte, a, j, f int, fm form, sign byte) bool {
	var c chars
	copy(c[:], w[a:a+6])
	hetu(&c, w[j:f+1], sign)
	if c[10] = upper(c[10]); !isHetuCheck(c[10]) {
		return false
	}
	_, full := fitFI(&c)
	s.population(w, a, f+1, shapeText, set(fiHetu), set(fiHetu))
	return full && s.emit(w, a, f+1, cand{c: c, n: 11, form: fm, sign: sign, date: set(fiHetu), full: set(fiHetu)})
}

// tryCode takes reserve numbers: digits w[a:e], and from j on characters with
// a letter among them, up to twelve or ten in all.
func (s *scan) tryCode(w []byte, a, e, j int) bool {
	var c chars
	want := 10
	if e-a == 8 {
		want = 12
	}
	n := copy(c[:], w[a:e])
	letters := 0
	for j < len(w) && n < want && (isDigit(w[j]) || isASCIILetter(w[j])) {
		if !isDigit(w[j]) {
			letters++
		}
		c[n] = upper(w[j])
		n, j = n+1, j+1
	}
	if n != want || letters == 0 {
		return false
	}
	if want == 12 {
		ok, checked := fitSEReservText(&c)
		if !ok {
			return false
		}
		var full kindSet
		if checked {
			full = set(seReserv)
		}
		return s.emit(w, a, j, cand{c: c, n: 12, form: formText, date: set(seReserv), full: full})
	}
	if fitECPR(&c) {
		return s.emit(w, a, j, cand{c: c, n: 10, form: formText, date: set(dkErstatning)})
	}
	one := func(byte) int { return 1 }
	if letters == 1 && c[6] > '9' && mmdd[c.num4(2)]&dPlain != 0 && luhnText(&c, 0, 10, 2, one) {
		return s.emit(w, a, j, cand{c: c, n: 10, form: formText, date: set(seReserv)})
	}
	return false
}

// tryCentury takes 19 900101-2385.
func (s *scan) tryCentury(w []byte, a, e int) bool {
	if w[a] != '1' && w[a] != '2' {
		return false
	}
	j, k := readSep(w, e)
	if k != sepSpace && k != sepHyphen || j+6 > len(w) {
		return false
	}
	f := j
	for f < len(w) && f-j < 7 && isDigit(w[f]) {
		f++
	}
	if f-j != 6 {
		return false
	}
	g, k := readSep(w, f)
	if k == sepNone || k == sepSplit || g+4 > len(w) {
		return false
	}
	var c chars
	copy(c[:], w[a:e])
	copy(c[2:], w[j:f])
	for i := range 4 {
		if !isDigit(w[g+i]) {
			return false
		}
	}
	copy(c[8:], w[g:g+4])
	date, full := fitTwelve(&c)
	return full != 0 && c[10] != 0 && s.emit(w, a, g+4, cand{c: c, n: 12, form: k.form(), date: date, full: full})
}
