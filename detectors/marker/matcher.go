package marker

import (
	"bytes"
	"regexp"
	"sort"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Hit is one marker or one word of the vocabulary in a text.
type Hit struct {
	// Entry is the marker; nil for a word of the vocabulary.
	Entry *Entry
	// Word is the index of the vocabulary's word; -1 for a marker.
	Word int
	// Start and End are byte offsets into the text.
	Start, End int
	// Strength is the marker's in this place; Promote sets it.
	Strength string
}

// Word is a word that the caller wants found in the same pass: evidence too
// weak to be a marker. Text is matched whole; with a trailing '*' any letters
// may follow, with a leading '*' as well it may be the later part of a
// compound.
type Word struct {
	Text string
	Lang string
}

// Matcher finds the markers of catalogues. It is safe for use by many
// goroutines.
type Matcher struct {
	auto      *automaton
	entries   []*Entry
	patterns  []pattern
	filenames []*Entry
	pool      sync.Pool
}

type pattern struct {
	entry *Entry
	re    *regexp.Regexp
	near  bool
}

// The ids of forms: markers from 0, patterns and words from these on.
const (
	patternBase = 1 << 20
	wordBase    = 1 << 24
)

// New compiles catalogues and a vocabulary.
func New(catalogues []*Catalogue, words []Word) *Matcher {
	m := &Matcher{}
	m.pool.New = func() any { return new(folder) }
	var forms []form
	for _, c := range catalogues {
		for i := range c.Markers {
			forms = append(forms, m.add(&c.Markers[i])...)
		}
	}
	for i, w := range words {
		text, left := strings.CutPrefix(w.Text, "*")
		text, right := strings.CutSuffix(text, "*")
		f := newForm(text, wordBase+int32(i), whole)
		switch {
		case left:
			f.kind = compound
		case right:
			f.kind = prefix
		}
		forms = append(forms, f)
	}
	m.auto = newAutomaton(forms)
	return m
}

func newForm(text string, id int32, kind formKind) form {
	f := form{text: strings.TrimSpace(foldString(text)), id: id, kind: kind}
	if shortCapitals(text) {
		f.exact = text
	}
	return f
}

// shortCapitals tells abbreviations such as LVU, SÄBO and TR.
func shortCapitals(s string) bool {
	if utf8.RuneCountInString(s) > 5 {
		return false
	}
	for _, r := range s {
		if !unicode.IsUpper(r) {
			return false
		}
	}
	return s != ""
}

func (m *Matcher) add(e *Entry) (forms []form) {
	if e.Match == "regex" {
		return m.addPattern(e)
	}
	id := int32(len(m.entries))
	m.entries = append(m.entries, e)
	for _, text := range e.Forms {
		f := newForm(text, id, whole)
		f.endings = endingsFor(e.Lang, e.Kind, f.text)
		if e.CaseSensitive {
			f.exact, f.endings = text, nil
		}
		forms = append(forms, f)
	}
	if e.Stem != "" {
		f := newForm(e.Stem, id, prefix)
		if utf8.RuneCountInString(e.Stem) >= 9 && !strings.Contains(e.Stem, " ") {
			f.kind = compound
		}
		forms = append(forms, f)
	}
	return forms
}

func (m *Matcher) addPattern(e *Entry) (forms []form) {
	if e.Kind == "filename" {
		m.filenames = append(m.filenames, e)
		return nil
	}
	id := patternBase + int32(len(m.patterns))
	m.patterns = append(m.patterns, pattern{entry: e, re: e.re, near: len(e.Near) > 0})
	texts := e.Near
	if len(texts) == 0 {
		texts = triggers(e.Pattern)
	}
	for _, t := range texts {
		t = strings.TrimLeft(foldString(t), " ")
		forms = append(forms, form{text: strings.TrimRight(t, " "), id: id, kind: trigger})
	}
	return forms
}

const (
	// chunkSize bounds the memory of a search; it fits the second-level cache.
	chunkSize = 128 << 10
	// overlap is how much two chunks share: the longest match with white
	// space, rounded up.
	overlap = 2 << 10
)

// Find calls yield for every hit, roughly in order of offset, until yield
// returns false.
func (m *Matcher) Find(text []byte, yield func(Hit) bool) {
	f := m.pool.Get().(*folder)
	defer func() {
		f.buf = nil // it may be the caller's text
		m.pool.Put(f)
	}()
	s := search{m: m, f: f, yield: yield}
	accepted := 0 // hits before this offset have been reported
	for from := 0; from < len(text) && !s.stopped; {
		to := min(from+chunkSize, len(text))
		limit := to
		if to < len(text) {
			limit = to - overlap
			to = cut(text, to)
		}
		s.run(text[from:to], from, accepted, limit)
		if to == len(text) {
			return
		}
		accepted = limit
		from = cut(text, limit-256)
	}
}

// cut moves an offset back to the start of a rune.
func cut(text []byte, i int) int {
	for k := 0; k < utf8.UTFMax && i > 0 && !utf8.RuneStart(text[i]); k++ {
		i--
	}
	return i
}

type search struct {
	m       *Matcher
	f       *folder
	yield   func(Hit) bool
	stopped bool
	done    map[int32]int // by pattern: folded end of its last match
}

func (s *search) run(chunk []byte, base, from, limit int) {
	s.f.fold(chunk)
	clear(s.done)
	report := func(e *Entry, word, a, b int) {
		a, b = base+s.f.orig(a), base+s.f.orig(b)
		if a < from || a >= limit || s.stopped {
			return
		}
		s.stopped = !s.yield(Hit{Entry: e, Word: word, Start: a, End: b})
	}
	s.m.auto.find(s.f.buf, base == 0, func(f *form, a, b int) {
		switch {
		case s.stopped:
		case f.id >= wordBase:
			report(nil, int(f.id-wordBase), a, b)
		case f.id >= patternBase:
			if e, a, b, ok := s.match(f.id, a, b); ok {
				report(e, -1, a, b)
			}
		default:
			report(s.m.entries[f.id], -1, a, b)
		}
	})
}

// match tries a regular expression around a trigger at a, b.
func (s *search) match(id int32, a, b int) (*Entry, int, int, bool) {
	p := &s.m.patterns[id-patternBase]
	before, after := 48, 80
	if p.near {
		before, after = 60, 60
	}
	from := max(a-before, s.done[id], 0)
	if from > a && !p.near {
		return nil, 0, 0, false
	}
	to := min(b+after, len(s.f.buf))
	if from >= to {
		return nil, 0, 0, false
	}
	window, at := collapse(s.f.buf[from:to])
	for off := 0; off < len(window); {
		loc := p.re.FindIndex(window[off:])
		if loc == nil {
			return nil, 0, 0, false
		}
		x, y := off+loc[0], off+loc[1]
		if y > x && boundaries(window, x, y) {
			x, y = at(x), at(y)
			if s.done == nil {
				s.done = map[int32]int{}
			}
			s.done[id] = from + y
			return p.entry, from + x, from + y, true
		}
		_, n := utf8.DecodeRune(window[x:])
		off = x + max(n, 1)
	}
	return nil, 0, 0, false
}

// collapse returns b with runs of white space as one space, and a function
// from its offsets to those of b. Most windows need no copy.
func collapse(b []byte) ([]byte, func(int) int) {
	same := true
	for i, c := range b {
		if isSpace(c) && (c != ' ' || i > 0 && isSpace(b[i-1])) {
			same = false
			break
		}
	}
	if same {
		return b, func(i int) int { return i }
	}
	var out []byte
	var from []int
	for i, c := range b {
		if isSpace(c) {
			if i > 0 && isSpace(b[i-1]) {
				continue
			}
			c = ' '
		}
		out, from = append(out, c), append(from, i)
	}
	return out, func(i int) int {
		if i > 0 && i == len(from) {
			return from[i-1] + 1
		}
		return from[i]
	}
}

// boundaries reports whether neither end of b[x:y] cuts a word or a number.
func boundaries(b []byte, x, y int) bool {
	first, _ := utf8.DecodeRune(b[x:])
	before, _ := utf8.DecodeLastRune(b[:x])
	last, _ := utf8.DecodeLastRune(b[:y])
	after, _ := utf8.DecodeRune(b[y:])
	return !(x > 0 && wordRune(first) && wordRune(before)) && !(y < len(b) && wordRune(last) && wordRune(after))
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// Name returns the filename markers in a path and, as with text, those
// markers that fit a file name: names of documents, phrases and terms.
func (m *Matcher) Name(path string) (entries []*Entry) {
	seen := map[*Entry]bool{}
	add := func(e *Entry) {
		if !seen[e] {
			seen[e] = true
			entries = append(entries, e)
		}
	}
	for _, e := range m.filenames {
		if e.re.MatchString(path) {
			add(e)
		}
	}
	words := bytes.Map(func(r rune) rune {
		if r == '_' || r == '/' || r == '.' {
			return ' '
		}
		return r
	}, []byte(path))
	m.Find(words, func(h Hit) bool {
		if h.Entry != nil && h.Entry.Kind != "casenumber" && h.Entry.Kind != "lawref" {
			add(h.Entry)
		}
		return true
	})
	return entries
}

// SortHits puts hits in order of offset, longer ones first.
func SortHits(hits []Hit) {
	sort.SliceStable(hits, func(i, j int) bool {
		if hits[i].Start != hits[j].Start {
			return hits[i].Start < hits[j].Start
		}
		return hits[i].End > hits[j].End
	})
}
