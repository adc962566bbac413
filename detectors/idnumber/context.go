package idnumber

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"aktvakt/detectors/name"
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
	prev     bool // the first word stands on the line above
	noun     bool // a line begins with some noun and the number: Anbud 248...
	inside   bool // a noun inside a sentence: sade att ek 910518...
	code     bool // capitals join it as in a code: BY-0402...
	// otherNumber: the label says that it is the number of something else.
	otherNumber bool
	// thing: the header names what no person's number is for, such as goods.
	thing bool
	org   bool
	unit  bool
	// about: a word such as "for" stands before it, so that what comes before
	// does not own the number. to: the same of a word such as "till".
	about, to bool
	// phone: the negative word names the number of a telephone.
	phone bool
	fate  bool // a word behind it tells what befalls things
	clock bool // the negative word stands before a time of day
}

const (
	lookBack  = 96 // bytes before a number that may hold its label
	lookAhead = 40
	maxTokens = 6
)

// wordBreak reports whether a rune ends a word, such as a dash or a
// non-breaking space.
func wordBreak(r rune) bool {
	switch {
	case r == 0xAD, r >= 0x200B && r <= 0x200F, r == 0x2060:
		return false // shows nothing inside a word
	}
	return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r)
}

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
	n := foldWord(buf[:], w)
	x := classify(buf[:n])
	if x.class != wordOther && x.class != wordUnknown {
		return x
	}
	if y, ok := misread(buf[:n]); ok {
		return y
	}
	if x.class == wordOther && len(w) >= 6 {
		if y := identifierOf(w); y.class != wordOther {
			return y
		}
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

// identifierOf classifies a word that ends in "id", such as journalpostid: the
// identifier of a person, or of something else. Names such as Astrid, and
// words such as arbetstid, are none.
func identifierOf(w []byte) word {
	n := len(w) - 2
	if w[n+1]|0x20 != 'd' || w[n] != 'I' && w[n] != 'i' {
		return word{}
	}
	if n < 3 {
		return word{}
	}
	camel := w[n] == 'I' && w[n-1] >= 'a' && w[n-1] <= 'z'
	if !camel && (w[0] < 'a' || w[n-1] == 't' || w[n-1] == 'v') {
		return word{}
	}
	var buf [40]byte
	switch x := classify(buf[:foldWord(buf[:], w[:n])]); x.class {
	case wordPerson:
		return word{wordID, kindsAll}
	case wordOther, wordCase, wordThing, wordRecord:
		return word{class: wordUnknown}
	default:
		return x
	}
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
			prev, s.prev = true, true
		}
		if cells && n > 0 {
			break
		}
		a := wordStart(w, low, g)
		if a == g || a == low && low > 0 && isWordByte(w[low-1]) && start-a > lookBack-4 {
			break
		}
		x := classifySplit(w[a:g])
		if a > low+1 && (w[a-1] == '-' || w[a-1] == '_' && g-a == 2) {
			if y, h := hyphenated(w, low, a, g); y.class != wordOther {
				x, a = y, h
			}
		} else if b := brokenWord(w, low, a); b < a {
			if y, h := joined(w, low, b, a, g); y.class != wordOther {
				x, a, line = y, h, 0
			}
		}
		if (x.class == wordUnknown || x.class == wordOther && n == 0) && a > low+1 && w[a-1] == ' ' && w[a] >= 'a' {
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
		if number || (x.class == wordOther || x.class == wordRecord) && (g-a <= 6 || n == 0 && g-a <= 8) {
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
			s.label |= otherLabel(w, low, a)
			if prev && n > 2 {
				s.weight *= 0.5
			}
			return s
		case wordID:
			if k == 1 && s.unknown && capital == 0 && s.person == 0 && n > 0 {
				s.otherNumber = true // the id of some thing:
				return s
			}
			if k == 0 && temporary(w, low, a) {
				s.label, s.weight = kindsTemporary, 0.7*weight
				return s
			}
			if k == 0 && (g-a == 2 || isTunnus(w[a:g])) && idOfThing(w, low, a) {
				s.otherNumber = true
				return s
			}
			if n > 0 || g == e0 || w[g] != '_' {
				s.id = max(s.id, weight)
			}
		case wordPerson:
			s.person = max(s.person, weight)
			if n == 0 && x.kinds != 0 && line == 0 {
				s.id = max(s.id, 0.7) // borger 1204649929
			}
			if n == 0 && e0 > low+2 && (w[e0-1] == '/' || w[e0-1] == '\\') && g == e0-1 {
				s.id = max(s.id, 0.8) // a path such as /borger/0101109926
			}
		case wordNumber:
			number = true
			continue
		case wordFiller:
			continue
		case wordDoes:
			if k == 0 {
				s.person = max(s.person, 0.5*weight) // du (000312-2389)
			}
		case wordAbout, wordTo:
			if k == 0 && !prev {
				s.about = s.about || x.class == wordAbout
				s.to = s.to || x.class == wordTo
			}
			continue
		case wordNegative, wordOrg:
			if l := otherLabel(w, low, a); l != 0 {
				s.label, s.weight, s.unknown = l, weight, false
				return s
			}
			if x.class == wordOrg {
				s.org = k <= 2 && (g >= len(w) || w[g] != '/') // lists.boost.org/2014
				return s
			}
			if s.person <= 0.5 && (s.id == 0 || k <= 1) {
				s.negative, s.id = weight*distant[min(k, len(distant)-1)], 0
				if prev && !number {
					s.negative *= 0.85
				}
				if capital >= 2 {
					s.negative *= 0.4 // a name stands between
				}
				if s.about {
					s.negative *= 0.3
				}
				if k > 0 && g-a <= 4 && x.kinds == 0 {
					s.negative *= 0.3 // tid, pris, side: common words too
				}
				s.clock = x.kinds == clockOnly
				s.phone = x.kinds == phoneOnly && (k > 0 || s.to || s.about)
			}
			if x.kinds == 1<<noDNummer {
				s.label, s.weight = x.kinds, 0.6*weight
			}
			return s
		case wordCase:
			if number {
				s.negative = weight
				return s
			}
			s.negative = max(s.negative, 0.08)
		case wordUnknown:
			s.otherNumber = k == 0
			return s
		case wordUnit:
			return s
		case wordThing:
			if s.about || k == 0 && numbered(w[g:e0]) {
				break // the thing has a number already
			}
			if k == 0 && g == e0-1 && (w[g] == ' ' || w[g] == '/' || w[g] == '-') || number || s.id > 0 && k == 1 || s.code && k == 1 || colon && k == 0 {
				s.negative, s.id = 0.9, 0
				return s
			}
		case wordOther, wordRecord:
			if x.class == wordRecord && !number {
				s.person = max(s.person, 0.5*weight)
			}
			if number && k == 0 {
				s.otherNumber = true
				return s
			}
			if k == 0 && x.class == wordOther && !prev {
				s.unknown = colon && !numbered(w[g:e0]) && !common(w[a:g])
				s.noun = n == 0 && !colon && g == e0-1 && (w[g] == ' ' && startsLine(w, a) || w[g] == '-' || w[g] == '(' && !isUpper) && g-a > 2 && !isVerb(w[a:g]) && (isASCIILetter(w[a]) || w[a] == 0xC3) && !name.Known(w[a:g])
				s.inside = n == 0 && !colon && g == e0-1 && w[g] == ' ' && g-a > 2 && !startsLine(w, a) && !verbLike(w[a:g]) && !common(w[a:g]) && (!isUpper || !name.Known(w[a:g]))
				s.code = n == 0 && g-a <= 4 && g == e0-1 && (w[g] == ' ' || w[g] == '-') && allCapitals(w[a:g])
			}
			if isUpper && g-a > 1 && capital == k && !prev {
				capital++
				if n == 0 && w[e0-1] == '(' && !allCapitals(w[a:g]) {
					s.person = 0.7 // Sven (430829-8159)
				}
			}
		}
		number = false
		k++
		weight *= 0.85
	}
	if number && k == 0 {
		s.unknown = true // the number of what?
	}
	if capital >= 2 {
		s.name, s.unknown, s.noun, s.inside = true, false, false, false
	}
	return s
}

// otherLabel is the label that a slash joins to the word at a, which is another:
// Fødselsnummer/D-nummer, CPR-/CVR-nr.
func otherLabel(w []byte, low, a int) kindSet {
	if a < low+3 || w[a-1] != '/' {
		return 0
	}
	e := a - 1
	for e > low && (w[e-1] == '-' || w[e-1] == '.' || w[e-1] == ' ') {
		e--
	}
	x := classifySplit(w[wordStart(w, low, e):e])
	if x.class != wordLabel {
		return 0
	}
	return x.kinds
}

// isVerb reports the ending of a past tense: Träffade 850707-2380.
func isVerb(w []byte) bool {
	return bytes.HasSuffix(w, []byte("ade")) || bytes.HasSuffix(w, []byte("ede"))
}

// distant is how much a word that names another number still counts with so
// many words between: a label stands close to its number.
var distant = [...]float64{1, 1, 0.6, 0.35, 0.2}

// startsLine reports whether the word at a begins its line or cell.
func startsLine(w []byte, a int) bool {
	if a == 0 {
		return true
	}
	switch w[a-1] {
	case '\n', '\t', ';', '|', '>', '"':
		return true
	}
	return false
}

// allCapitals reports whether a word is two capital letters or more, as the
// prefix of a code.
func allCapitals(w []byte) bool {
	for _, c := range w {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return len(w) >= 2
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
		case (c == '.' || c == '!' || c == '?') && n > 0 && w[i] == ' ' && i-2 >= low && isASCIILetter(w[i-2]) && isCapital(w, *g) && !abbreviated(w, low, i-1):
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

// numbered reports whether a digit stands between a word and the number: lgh 3.
func numbered(gap []byte) bool {
	for _, c := range gap {
		if isDigit(c) {
			return true
		}
	}
	return false
}

// abbreviated reports whether the dot at i ends a short word or one such as
// Serienr., no sentence.
func abbreviated(w []byte, low, i int) bool {
	a := wordStart(w, low, i)
	return w[i] == '.' && (i-a <= 3 || bytes.HasSuffix(w[a:i], []byte("nr")))
}
