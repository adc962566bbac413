package name

import (
	"hash/maphash"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is the shape of a mention.
type Kind uint8

// Kinds of mentions.
const (
	Full     Kind = iota // given and family name
	Given                // a given name
	Initials             // T.M., Melker H., A. (13)
	Family               // family Berg
)

// Mention is one place where a text names a person.
type Mention struct {
	Start, End int
	Kind       Kind
	// Official: writes, signs or decides in a role.
	Official bool
	// Client: something beside the name tells that the text is about the
	// person: a word of family, an age, a field, a verb of a case.
	Client bool
	// Kin: a word of family stands right before the name.
	Kin bool
	// Field: the name fills a field or a cell of a table.
	Field bool
	// Person is the same for mentions of one person of this text.
	Person int
}

var seed = maphash.MakeSeed()

// maxTokens bounds the work on one text; the caller cuts longer texts.
const maxTokens = 400_000

// Find returns the mentions of people in text, in order of offset.
func Find(text []byte) []Mention {
	f := finder{text: text, tok: tokens(text, maxTokens), lists: load()}
	f.regions()
	for i := 0; i < len(f.tok); {
		n := f.at(i)
		i += max(n, 1)
	}
	f.identify()
	return f.out
}

type finder struct {
	text []byte
	tok  []token
	lists
	line     []region // of each line
	trailing []span   // signatures at the end of a line: "… /Bo"
	out      []Mention
	names    []names // of each mention, for identify
}

// names are hashes of the parts of a name; 0 is none.
type names struct{ given, family uint64 }

// at looks for a mention that begins with token i and returns its length in
// tokens.
func (f *finder) at(i int) int {
	t := &f.tok[i]
	if !t.upper {
		return 0
	}
	if n := f.initials(i); n > 0 {
		return n
	}
	if utf8.RuneCountInString(t.lower) < 2 || notNames[t.lower] {
		return 0
	}
	if f.isGiven(t) {
		return f.fromGiven(i)
	}
	// "Ekvall, Lotta" and "Ekvall Lotta" in a list.
	if next := f.next(i, space, comma); next != nil && next.upper && f.isGiven(next) && f.listed(i) {
		n := 2
		if third := f.next(i+1, space); third != nil && third.upper && f.isGiven(third) {
			n = 3
		}
		f.add(i, n, Full, next.lower, t.lower)
		return n
	}
	if next := f.next(i, space); next != nil && next.upper && !next.caps && f.familyLike(next, false) && !t.caps && len(t.lower) > 2 && !f.isPlace(i) && (!t.first || f.line[t.line].field) {
		f.add(i, 2, Full, t.lower, next.lower) // a given name that no list has
		return 2
	}
	if (f.besideKin(i) || f.besideVerb(i)) && !t.caps {
		f.add(i, 1, Given, t.lower, "")
		return 1
	}
	return 0
}

// fromGiven takes a run of names that begins with a given name.
func (f *finder) fromGiven(i int) int {
	t := &f.tok[i]
	given, n := t.lower, 1
	for n < 3 { // further given names
		next := f.next(i+n-1, space)
		if next == nil || !next.upper || !f.isGiven(next) || f.lists.family[next.lower] {
			break
		}
		n++
	}
	last := f.next(i+n-1, space)
	if last != nil && particle[last.lower] {
		if after := f.next(i+n, space); after != nil && after.upper {
			f.add(i, n+2, Full, given, after.lower)
			return n + 2
		}
	}
	if last != nil && last.upper && !notNames[last.lower] && (last.caps == t.caps || utf8.RuneCountInString(last.lower) == 1) {
		k := Full
		if utf8.RuneCountInString(last.lower) == 1 {
			k = Initials
		}
		family, m := last.lower, n+1
		if after := f.next(i+n, space); k == Full && after != nil && after.upper && after.caps == last.caps && f.familyLike(after, false) {
			family, m = after.lower, n+2 // two family names
		}
		f.add(i, m, k, given, family)
		return m
	}
	if t.first && alsoWords[t.lower] && n == 1 && !f.line[t.line].field && !f.besideKin(i) && !f.besideVerb(i) {
		return 1
	}
	if t.caps && n == 1 && len(t.lower) < 4 || f.isPlace(i) {
		return 1
	}
	if n > 1 && t.first && f.tok[i+n-1].gap == space && f.lists.family[f.tok[i+n-1].lower] {
		f.add(i, n, Full, given, f.tok[i+n-1].lower)
		return n
	}
	f.add(i, n, Given, given, "")
	return n
}

var particle = set("von af av de van der el al bin ibn da dos")

// next returns the token after i if one of the gaps stands before it.
func (f *finder) next(i int, gaps ...gap) *token {
	if i+1 >= len(f.tok) || f.tok[i+1].line != f.tok[i].line {
		return nil
	}
	for _, g := range gaps {
		if f.tok[i+1].gap == g {
			return &f.tok[i+1]
		}
	}
	return nil
}

// initials finds T.M., A. (13 år), B.S. and the like.
func (f *finder) initials(i int) int {
	t := &f.tok[i]
	if utf8.RuneCountInString(t.lower) != 1 || !t.upper {
		return 0
	}
	if t.end < len(f.text) && f.text[t.end] == '.' && i+1 < len(f.tok) {
		next := &f.tok[i+1]
		if next.start == t.end+1 && next.upper && utf8.RuneCountInString(next.lower) == 1 && next.end < len(f.text) && f.text[next.end] == '.' {
			f.add(i, 2, Initials, t.lower+next.lower, "")
			return 2
		}
	}
	rest := f.text[t.end:min(t.end+8, len(f.text))]
	for len(rest) > 0 && (rest[0] == '.' || rest[0] == ' ' || rest[0] == ',' || rest[0] == '(') {
		rest = rest[1:]
	}
	if len(rest) < min(t.end+8, len(f.text))-t.end && aged(rest) {
		f.add(i, 1, Initials, t.lower, "")
		return 1
	}
	if t.end < len(f.text) && f.text[t.end] == '.' && !t.first && i+1 < len(f.tok) && !f.tok[i+1].upper && f.tok[i+1].line == t.line {
		f.add(i, 1, Initials, t.lower, "")
		return 1
	}
	return 0
}

// aged tells an age of one or two digits.
func aged(b []byte) bool {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	if n == 0 || n > 2 {
		return false
	}
	rest := strings.TrimLeft(string(b[n:]), " ")
	for _, unit := range []string{"år", "å", "v", "ár", ")", "mån", "md"} {
		if strings.HasPrefix(rest, unit) {
			return true
		}
	}
	return false
}

// isGiven looks the word and its inflected forms up.
func (f *finder) isGiven(t *token) bool {
	w := t.lower
	if f.lists.given[w] {
		return true
	}
	if a, _, ok := strings.Cut(w, "-"); ok && f.lists.given[a] {
		return true
	}
	return f.lists.given[base(f.lists.given, w)]
}

// base strips genitives and Finnish and Icelandic cases where a listed name
// remains; else it returns the word.
func base(given map[string]bool, w string) string {
	if given[w] || stopWord[w] || notNames[w] {
		return w
	}
	for _, suffix := range caseEndings {
		stem, ok := strings.CutSuffix(w, suffix)
		if !ok || len(stem) < 3 {
			continue
		}
		if given[stem] {
			return stem
		}
		for _, v := range []string{"i", "a", "e", "ur", "s"} {
			if len(stem) > 3 && given[stem+v] {
				return stem + v
			}
		}
		// Consonant gradation: Kyllikin of Kyllikki.
		if n := len(stem); n > 3 && given[stem[:n-1]+stem[n-2:]] {
			return stem[:n-1] + stem[n-2:]
		}
		if r := stem[len(stem)-1]; r == 'i' && given[stem[:len(stem)-1]] {
			return stem[:len(stem)-1]
		}
	}
	return w
}

var caseEndings = []string{"lla", "llä", "lle", "lta", "ltä", "sta", "stä", "ssa", "ssä", "n", "a", "ä", "s", "u", "i", "ar", "ur"}

// listed reports whether token i may be a family name that stands before the
// given name, as in lists: by list or ending anywhere at the start of a cell or
// line, by its capital alone where cells and labels tell a table.
func (f *finder) listed(i int) bool {
	t := &f.tok[i]
	if kin[t.lower] || stopWord[t.lower] || isTitle(t.lower) || closing(t.lower) {
		return false
	}
	return t.first && f.familyLike(t, false) || f.line[t.line].field && f.familyLike(t, t.gap == wide || f.tok[i+1].gap == comma)
}

// familyLike reports whether a word may be a family name: by list or ending;
// loose takes any capitalised word.
func (f *finder) familyLike(t *token, loose bool) bool {
	w := t.lower
	if notNames[w] || len(w) < 3 {
		return false
	}
	if f.lists.family[w] || f.lists.family[strings.TrimSuffix(w, "s")] {
		return true
	}
	for _, e := range familyEndings {
		if len(w) > len(e)+2 && (strings.HasSuffix(w, e) || strings.HasSuffix(w, e+"s")) {
			return true
		}
	}
	return loose && !t.caps
}

var placeEndings = []string{
	"gatan", "vägen", "gränd", "torget", "skolan", "gården", "hemmet", "kyrkan", "gade", "vej", "vejen", "skolen",
	"skole", "gata", "veien", "vegen", "gate", "skule", "katu", "tie", "kuja", "koulu", "gata", "braut", "skóli",
	"kommun", "kommune", "kunta", "byggð", "linjen", "parken", "centret", "senteret",
}

// isPlace tells streets, schools, houses and what is named after a person.
func (f *finder) isPlace(i int) bool {
	t := &f.tok[i]
	for _, e := range placeEndings {
		if strings.HasSuffix(t.lower, e) {
			return true
		}
	}
	next := f.next(i, space)
	return next != nil && (orgWord[next.lower] || next.upper && notNames[next.lower])
}

var orgWord = set(`kommun kommune kommunes kommuns skola skole skolan skolen skule gata gatan gate gade vej väg vei veg
	ab as a/s aps oy oyj ehf avdelning afdeling avdeling församling kyrka kirke sogn förskola barnehage børnehave
	kunta koulu päiväkoti sairaala hvb behandlingshem krisecenter`)

// besideKin tells a word of family right before or after.
func (f *finder) besideKin(i int) bool {
	if i > 0 && f.tok[i].gap == space && kin[f.tok[i-1].lower] && f.tok[i-1].line == f.tok[i].line {
		return true
	}
	return i > 0 && f.tok[i].gap == other && kin[f.tok[i-1].lower] && strings.TrimSpace(string(f.text[f.tok[i-1].end:f.tok[i].start])) == "("
}

// besideVerb tells a verb of a case right after a capitalised word inside a
// sentence that does not look like a common noun in its definite form.
func (f *finder) besideVerb(i int) bool {
	t := &f.tok[i]
	next := f.next(i, space)
	if next == nil || next.upper || !verb[next.lower] || t.first || t.gap == colon || t.caps || len(t.lower) < 3 || stopWord[t.lower] || strings.Contains(t.lower, "-") {
		return false
	}
	for _, e := range nounEndings {
		if strings.HasSuffix(t.lower, e) {
			return false
		}
	}
	return !isTitle(t.lower)
}

var nounEndings = []string{"en", "et", "ne", "na", "erna", "sta", "ista", "tte", "ing", "het", "hed", "tion", "sjon", "lag", "inn", "ið", "nen", "linja", "gruppa", "skolan", "are", "ere", "arar"}

// add notes a mention of n tokens from i on.
func (f *finder) add(i, n int, k Kind, given, family string) {
	first, last := &f.tok[i], &f.tok[i+n-1]
	m := Mention{Start: first.start, End: last.end, Kind: k, Field: f.line[first.line].field || last.gap == wide || first.gap == wide}
	inRegion := first.start < f.line[first.line].official || f.inTrailing(first.start)
	m.Official = inRegion || f.titled(i, n)
	m.Client = f.client(i, n)
	m.Kin = f.besideKin(i)
	if m.Kin && !inRegion {
		m.Official = false
	}
	f.out = append(f.out, m)
	nm := names{given: hash(base(f.lists.given, given))}
	if family != "" {
		nm.family = hash(strings.TrimSuffix(family, "s"))
	}
	f.names = append(f.names, nm)
}

func (f *finder) inTrailing(offset int) bool {
	i := sort.Search(len(f.trailing), func(i int) bool { return f.trailing[i].end > offset })
	return i < len(f.trailing) && f.trailing[i].start <= offset
}

func hash(s string) uint64 { return maphash.String(seed, s) | 1 }

// client tells an age, a verb or a word of family beside the name.
func (f *finder) client(i, n int) bool {
	last := &f.tok[i+n-1]
	rest := f.text[last.end:min(last.end+12, len(f.text))]
	trimmed := strings.TrimLeft(string(rest), " ,.(–-")
	if len(trimmed) < len(rest) && aged([]byte(trimmed)) {
		return true
	}
	if next := f.next(i+n-1, space); next != nil && !next.upper && verb[next.lower] {
		return true
	}
	return f.besideKin(i)
}

// titled tells the title of an official beside the name.
func (f *finder) titled(i, n int) bool {
	if i > 0 && f.tok[i-1].line == f.tok[i].line && (f.tok[i].gap == space || f.tok[i].gap == comma || f.tok[i].gap == other) && isTitle(f.tok[i-1].lower) {
		return true
	}
	if next := f.next(i+n-1, comma, other, wide); next != nil && isTitle(next.lower) {
		return true
	}
	// A party in brackets: (S).
	last := &f.tok[i+n-1]
	rest := string(f.text[last.end:min(last.end+6, len(f.text))])
	return len(rest) > 3 && strings.HasPrefix(rest, " (") && unicode.IsUpper(rune(rest[2])) && strings.Contains(rest, ")") && strings.IndexByte(rest, ')') <= 5 && f.partyLike(rest)
}

func (f *finder) partyLike(rest string) bool {
	p := rest[2:strings.IndexByte(rest, ')')]
	return len(p) <= 3 && p == strings.TrimSpace(p) && !strings.ContainsAny(p, "0123456789")
}

// identify gives mentions of one person the same number: the same given name
// with the same family name, or without one.
func (f *finder) identify() {
	full, first := map[names]int{}, map[uint64]int{}
	people := 0
	number := func(n names) int {
		id, known := full[n]
		if n.family == 0 {
			id, known = first[n.given]
		}
		if known {
			return id
		}
		id, people = people, people+1
		full[n] = id
		if _, taken := first[n.given]; !taken {
			first[n.given] = id
		}
		return id
	}
	for k, n := range f.names { // those with a family name first
		if n.family != 0 {
			f.out[k].Person = number(n)
		}
	}
	for k, n := range f.names {
		if n.family == 0 {
			f.out[k].Person = number(n)
		}
	}
}
