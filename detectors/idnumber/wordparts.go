package idnumber

import (
	"bytes"

	"aktvakt/detectors/name"
)

// Words before a number that are torn, shortened or put together of several.

// verbLike reports whether a word ends as verbs do, and as few nouns in the
// singular.
func verbLike(w []byte) bool {
	for _, e := range verbEndings {
		if len(w) > len(e)+1 && bytes.HasSuffix(w, e) {
			return true
		}
	}
	return false
}

var verbEndings = [][]byte{
	[]byte("ar"), []byte("er"), []byte("as"), []byte("es"), []byte("ade"), []byte("ede"), []byte("te"), []byte("de"),
	[]byte("at"), []byte("it"), []byte("et"), []byte("ats"), []byte("its"), []byte("ir"), []byte("di"), []byte("ti"), []byte("ur"),
	[]byte("aa"), []byte("\xc3\xa4\xc3\xa4"), []byte("ee"), []byte("nut"), []byte("nyt"), []byte("ttu"), []byte("tty"), []byte("tiin"),
}

// common reports whether a word is one of the commonest of a language.
func common(w []byte) bool {
	var buf [16]byte
	if len(w) > len(buf) {
		return false
	}
	return commonWords[string(buf[:foldWord(buf[:], w)])] != 0
}

// idOfThing reports whether the word before "id" at a, one space apart, makes
// it the identifier of something else than a person: Meeting ID.
func idOfThing(w []byte, low, a int) bool {
	if a < low+4 || w[a-1] != ' ' {
		return false
	}
	b := wordStart(w, low, a-1)
	if b > low && w[b-1] == ' ' && classifySplit(w[b:a-1]).class == wordFiller { // møtet har id
		a = b
		b = wordStart(w, low, a-1)
	}
	if a-1-b < 3 || name.Known(w[b:a-1]) {
		return false
	}
	switch classifySplit(w[b : a-1]).class {
	case wordOther, wordThing, wordUnknown, wordCase:
		return true
	}
	return false
}

// isTunnus reports whether a word is Finnish for an identifier.
func isTunnus(w []byte) bool { return bytes.EqualFold(w, []byte("tunnus")) }

// kindsTemporary are what people have who have no number yet.
const kindsTemporary = 1<<seReserv | 1<<dkErstatning | 1<<noDNummer | 1<<noHNummer | 1<<noFHNummer

// temporary reports whether the word before the one at a says that it is for
// the time being: tillfälligt id.
func temporary(w []byte, low, a int) bool {
	if a < low+8 || w[a-1] != ' ' {
		return false
	}
	var buf [40]byte
	n := foldWord(buf[:], w[wordStart(w, low, a-1):a-1])
	for _, t := range [...]string{"tillfallig", "midlertidig", "temporar", "provisorisk", "valiaikai", "bradabirgda"} {
		if n >= len(t) && string(buf[:len(t)]) == t {
			return true
		}
	}
	return false
}

// hyphenated classifies a word and the one that a hyphen joins to it, such
// as P-tal.
func hyphenated(w []byte, low, a, e int) (word, int) { return joined(w, low, a-1, a, e) }

// joined is hyphenated where the first word ends at f.
func joined(w []byte, low, f, a, e int) (word, int) {
	h := wordStart(w, low, f)
	if h == f {
		return word{}, a
	}
	var buf [40]byte
	n := foldWord(buf[:16], w[h:f])
	n += foldWord(buf[n:], w[a:e])
	x := classify(buf[:n])
	switch string(buf[:n]) {
	case "pnr":
		x.kinds = kindsSE // in Danish the number of a place of production
	case "dnr":
		x = word{wordLabel, 1 << noDNummer} // without the hyphen a case number
	}
	switch x.class {
	case wordLabel, wordNegative, wordOrg, wordThing:
		return x, h
	case wordOther, wordRecord, wordCase:
		// objekt-id, not Patient-ID
		if e-a == 2 && string(buf[n-2:n]) == "id" && f-h >= 4 {
			if y := classify(buf[:n-2]); y.class != wordPerson && y.class != wordLabel && y.class != wordID {
				return word{class: wordUnknown}, h
			}
		}
	}
	return word{}, a
}

// brokenWord is the end of the first part of a word of which the second starts
// its line at a: person-<line break>nummer. It is a where there is none.
func brokenWord(w []byte, low, a int) int {
	i := a - 1
	if i <= low+2 || w[i] != '\n' || w[a] < 'a' {
		return a
	}
	if i--; w[i] == '\r' {
		i--
	}
	if w[i] == '-' && isWordByte(w[i-1]) {
		return i
	}
	return a
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
	if !number && !mayBeShort(w) {
		return x
	}
	var buf [12]byte
	n := foldWord(buf[:], w)
	if !number {
		if string(buf[:n]) == "pers" {
			return word{wordLabel, kindsPersonnummer}
		}
		if n >= 4 && x.class == wordOther && shortened(buf[:n]) {
			return word{wordPerson, 0}
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
	if x.class == wordPerson && x.kinds != 0 {
		return word{wordID, kindsAll} // min mands nummer
	}
	if n >= 3 && x.class != wordNegative {
		for i := range labelStarts {
			if l := &labelStarts[i]; len(l.text) >= n && l.text[:n] == string(buf[:n]) {
				return l.word // samordn.nr
			}
		}
	}
	return x
}

// labelStarts are the words whose starts before "nr" make a label.
var labelStarts = [...]labelWord{
	{text: "samordnings", word: word{wordLabel, 1<<seSamordning | 1<<sePersonnummer}},
	{text: "reservpersons", word: word{wordLabel, 1 << seReserv}},
	{text: "erstatningspersons", word: word{wordLabel, 1 << dkErstatning}},
	{text: "fodsels", word: word{wordLabel, kindsNO}},
	{text: "foedsels", word: word{wordLabel, kindsNO}},
	{text: "identifikations", word: word{wordLabel, kindsPersonnummer}},
	{text: "hjelpenummer", word: word{wordLabel, 1<<noHNummer | 1<<noFHNummer}},
}
