package idnumber

import (
	"unicode"
	"unicode/utf8"
)

// surroundings is what the text beside a number says about it.
type surroundings struct {
	label    kindSet // kinds that a label names
	weight   float64 // 1 directly before the number, less further away
	id       float64 // a word such as id
	person   float64
	name     bool // two capitalised words beside it
	negative float64
	unknown  bool // some other label stands before it
	// otherNumber: the label says that it is the number of something else.
	otherNumber bool
	org         bool
	unit        bool
}

const (
	lookBack  = 96 // bytes before a number that may hold its label
	lookAhead = 40
	maxTokens = 6
)

// wordBreak reports whether a rune ends a word, such as a dash or a
// non-breaking space.
func wordBreak(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) }

// wordStart is the start of the word that ends at e, not before low; e itself
// where no word ends there.
func wordStart(w []byte, low, e int) int {
	a := e
	for a > low {
		if w[a-1] < 0x80 {
			if !isASCIILetter(w[a-1]) && !inWord(w, low, a-1, e) {
				break
			}
			a--
			continue
		}
		r, n := utf8.DecodeLastRune(w[:a])
		if wordBreak(r) || a-n < low {
			break
		}
		a -= n
	}
	return a
}

// inWord reports whether w[i] is a digit that stands for a letter between two
// others, as optical recognition writes pers0nnummer.
func inWord(w []byte, low, i, e int) bool {
	return (w[i] == '0' || w[i] == '1') && i > low && i+1 < e && isWordByte(w[i-1]) && isWordByte(w[i+1])
}

// gluedWord reports whether the letters that end at a are a label.
func gluedWord(w []byte, a int) bool {
	i := wordStart(w, max(0, a-32), a)
	if i > 0 && isDigit(w[i-1]) {
		return false
	}
	x := classifySplit(w[i:a])
	return x.class == wordLabel
}

// classifySplit classifies a word; if it says nothing, its last part in
// camel case (barnPnr).
func classifySplit(w []byte) word {
	var buf [40]byte
	if len(w) > len(buf) {
		w = w[len(w)-len(buf):]
	}
	x := classify(buf[:foldWord(buf[:], w)])
	if x.class != wordOther && x.class != wordUnknown {
		return x
	}
	for i := len(w) - 2; i > 0; i-- {
		if w[i] >= 'A' && w[i] <= 'Z' && w[i-1] >= 'a' && w[i-1] <= 'z' {
			if y := classify(buf[:foldWord(buf[:], w[i:])]); y.class != wordOther {
				return y
			}
			break
		}
	}
	return x
}

// before reads the words before the number at start. It stops at another
// number, since a label owns the next number only.
func before(w []byte, start int) (s surroundings) {
	low := max(0, start-lookBack)
	var (
		e       = start
		k       = 0 // words seen that are neither fillers nor "nr"
		number  = false
		capital = 0
		prev    = false // on the line above
		weight  = 1.0
	)
	for n := 0; n < maxTokens; n++ {
		g := e
		stop, colon, line, cells, comma := readGap(w, low, &g, n, k)
		if stop {
			break
		}
		if line > 0 {
			if n > 0 || line > 2 {
				break
			}
			prev = true
		}
		if cells && n > 0 {
			break
		}
		a := wordStart(w, low, g)
		if a == g || a == low && low > 0 && isWordByte(w[low-1]) && start-a > lookBack-4 {
			break
		}
		x := classifySplit(w[a:g])
		if a > low+1 && w[a-1] == '-' {
			if y, h := hyphenated(w, low, a, g); y.class != wordOther {
				x, a = y, h
			}
		}
		if (x.class == wordUnknown || x.class == wordOther && n == 0) && a > low+1 && w[a-1] == ' ' {
			// A word torn in two: pe rsonnummer.
			if y, h := hyphenated(w, low, a, g); y.class == wordLabel {
				x, a = y, h
			}
		}
		if g-a == 1 && n == 0 {
			if y, h := letterSpaced(w, low, g); y.class != wordOther {
				x, a = y, h
			}
		}
		isUpper := isCapital(w, a)
		if g-a == 1 && x.class == wordPerson && (g >= len(w) || w[g] != '.') {
			x = word{} // f. is född, f is not
		}
		if number || x.class == wordOther && g-a <= 6 {
			x = combine(w[a:g], x, number)
		}
		if comma && n > 0 {
			weight *= 0.6
		}
		e0 := e
		e = a
		switch x.class {
		case wordLabel:
			s.label, s.weight, s.unknown = x.kinds, weight, false
			if prev && n > 2 {
				s.weight *= 0.5
			}
			return s
		case wordID:
			if n > 0 || g == e0 || w[g] != '_' {
				s.id = max(s.id, weight)
			}
		case wordPerson:
			s.person = max(s.person, weight)
		case wordNumber:
			number = true
			continue
		case wordFiller:
			continue
		case wordNegative:
			if s.person == 0 && (s.id == 0 || k <= 1) {
				s.negative, s.id = weight, 0
				if prev {
					s.negative *= 0.7
				}
			}
			return s
		case wordOrg:
			s.org = true
			return s
		case wordCase:
			if number {
				s.negative = weight
				return s
			}
			s.negative = max(s.negative, 0.15)
		case wordUnknown:
			s.otherNumber = k == 0
			return s
		case wordUnit:
			return s
		case wordOther:
			if number && k == 0 {
				s.otherNumber = true
				return s
			}
			if k == 0 && colon && !prev {
				s.unknown = true
			}
			if isUpper && g-a > 1 && capital == k && !prev {
				capital++
			}
		}
		number = false
		k++
		weight *= 0.85
	}
	if capital >= 2 {
		s.name, s.unknown = true, false
	}
	return s
}

// hyphenated classifies a word and the one that a hyphen joins to it, such
// as P-tal.
func hyphenated(w []byte, low, a, e int) (word, int) {
	h := wordStart(w, low, a-1)
	if h == a-1 {
		return word{}, a
	}
	var buf [40]byte
	n := foldWord(buf[:16], w[h:a-1])
	n += foldWord(buf[n:], w[a:e])
	x := classify(buf[:n])
	if string(buf[:n]) == "pnr" {
		x.kinds = kindsSE // in Danish the number of a place of production
	}
	if x.class != wordLabel && x.class != wordNegative && x.class != wordOrg {
		return word{}, a
	}
	return x, h
}

// letterSpaced classifies a word whose letters have a space between them and
// of which the last ends at e.
func letterSpaced(w []byte, low, e int) (word, int) {
	var rev [24]byte
	n, a := 0, e
	for n < len(rev) {
		b := wordStart(w, low, a)
		if b == a || a-b > 2 {
			break
		}
		var one [2]byte
		if foldWord(one[:], w[b:a]) != 1 {
			break
		}
		rev[len(rev)-1-n] = one[0]
		n++
		e = b
		a = b
		for a > low && a > b-3 && (w[a-1] == ' ' || w[a-1] == '-' || w[a-1] == '.') {
			a--
		}
		if a == b {
			break
		}
	}
	if n < 3 {
		return word{}, e
	}
	return classify(rev[len(rev)-n:]), e
}

// combine reads a word before "nr" or an abbreviation: d-nr, pers.nr.
func combine(w []byte, x word, number bool) word {
	var buf [12]byte
	n := foldWord(buf[:], w)
	if !number {
		if string(buf[:n]) == "pers" {
			return word{wordLabel, kindsPersonnummer}
		}
		return x
	}
	switch string(buf[:n]) {
	case "d":
		return word{wordLabel, 1 << noDNummer}
	case "h", "fh":
		return word{wordLabel, 1<<noHNummer | 1<<noFHNummer}
	case "p":
		return word{wordLabel, kindsSE}
	case "f":
		return word{wordLabel, kindsNO}
	case "sam", "samordnings":
		return word{wordLabel, 1<<seSamordning | 1<<sePersonnummer}
	case "pers", "person", "fodsels", "fodsel", "fodelse", "identitets", "identity", "personal", "social", "security", "id":
		return word{wordLabel, kindsPersonnummer}
	case "kund", "kunde", "kort", "vare", "ordre", "saks", "sags", "mal", "journal":
		return word{class: wordNegative}
	}
	return x
}

// isCapital reports whether a capital letter starts at i.
func isCapital(w []byte, i int) bool {
	return w[i] >= 'A' && w[i] <= 'Z' || w[i] == 0xC3 && i+1 < len(w) && w[i+1] < 0x9F
}

// readGap skips leftwards from *g over what is no letter. It says whether the
// search ends there, and what was skipped.
func readGap(w []byte, low int, g *int, n, k int) (stop, colon bool, lines int, cells, comma bool) {
	i := *g
	for i > low {
		c := w[i-1]
		switch {
		case isASCIILetter(c):
			*g = i
			return
		case isDigit(c):
			j := i
			for j > low && isDigit(w[j-1]) {
				j--
			}
			if i-j > 2 || k > 0 {
				return true, colon, lines, cells, comma
			}
			i = j
			continue
		case c == '\n':
			lines++
		case c == '\t' || c == ';' || c == '|':
			cells = true
		case c == ',':
			comma = true
		case c == ':' || c == '=':
			colon = true
		case (c == '.' || c == '!' || c == '?') && n > 0 && w[i] == ' ' && i-2 >= low && isASCIILetter(w[i-2]) && isCapital(w, *g):
			return true, colon, lines, cells, comma
		case c >= 0x80:
			r, size := utf8.DecodeLastRune(w[:i])
			if !wordBreak(r) {
				*g = i
				return
			}
			i -= size
			continue
		}
		i--
	}
	return true, colon, lines, cells, comma
}

// after reads the words after the number that ends at e.
func after(w []byte, e int) (s surroundings) {
	high := min(len(w), e+lookAhead)
	capital, n := 0, 0
	i := e
	if i < high && (w[i] == ' ' || w[i] == 0xC2) {
		// A unit stands directly behind.
		if x, _ := wordAt(w, i+space(w, i), high); x.class == wordUnit {
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
			switch x.class {
			case wordLabel:
				if paren || n == 0 {
					s.label, s.weight = x.kinds, 0.7
					return s
				}
				return s.named(capital)
			case wordPerson:
				s.person = max(s.person, 0.6)
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
		if number || x.class == wordOther && e-a <= 6 {
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
		case wordNegative, wordUnit:
			s.negative = 1
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
