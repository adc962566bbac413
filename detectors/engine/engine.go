// Package engine runs all detectors over a document and has it graded: text
// in, a result out. It opens nothing and asks nobody.
//
// Start reading at New and Engine.Inspect.
package engine

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"unicode/utf8"

	"aktvakt/detectors"
	"aktvakt/detectors/grade"
	"aktvakt/detectors/idnumber"
	"aktvakt/detectors/marker"
	"aktvakt/detectors/name"
)

// Engine inspects documents. It is safe for use by many goroutines.
type Engine struct {
	numbers numberFinder
	matcher *marker.Matcher
	grader  *grade.Grader
}

// maxHits bounds the markers and words kept of one segment. Prose has about one
// in 40 bytes.
const maxHits = 100_000

// The text that is searched for names, in bytes: much where markers or numbers
// tell a subject, else enough to tell a list of people.
const (
	maxNamed = 512 << 10
	fewNamed = 8 << 10
)

func named(d *grade.Document) int {
	if len(d.Matches) > 0 {
		return maxNamed
	}
	subject := 0
	for _, h := range d.Hits {
		if grade.Subject(h) {
			subject++
		}
	}
	if subject > 0 && subject > len(d.Text.Body)/3000 {
		return maxNamed
	}
	return fewNamed
}

// maxMarkers bounds the markers reported of one document.
const maxMarkers = 2_000

// New builds an engine. Its error names all faults of further catalogues.
func New(opts detectors.Options) (*Engine, error) {
	own, err := marker.Embedded()
	if err != nil {
		return nil, err
	}
	catalogues := []*marker.Catalogue{own}
	categories := map[string]marker.Category{}
	for name, c := range own.Categories {
		categories[name] = c
	}
	for i, data := range opts.Markers {
		c, err := marker.Parse(data, categories)
		if err != nil {
			return nil, fmt.Errorf("further markers, file %d: %w", i+1, err)
		}
		for name, cat := range c.Categories {
			categories[name] = cat
		}
		catalogues = append(catalogues, c)
	}
	e := &Engine{
		matcher: marker.New(catalogues, grade.Words()),
		grader:  grade.New(opts, categories),
	}
	if e.numbers, err = idnumber.New(opts); err != nil {
		return nil, err
	}
	return e, nil
}

// Inspect finds what a document contains and grades it. Time is linear in the
// length of the text and memory is bounded.
func (e *Engine) Inspect(t detectors.Text) detectors.Result {
	numbers := e.numbers.Find(t)
	if len(t.Body) <= segmentSize {
		d := e.examine(t, numbers)
		r := e.grader.Grade(d)
		r.Matches, r.Markers = numbers, markers(d.Hits, 0)
		for i := range r.Markers {
			r.Markers[i].Start, r.Markers[i].End = d.Original(r.Markers[i].Start), d.Original(r.Markers[i].End)
		}
		return r
	}
	return e.segments(t, numbers)
}

// A long text is graded in segments, so that what is kept of it is bounded. The
// overlap is more than the stretch that the grader looks at as one.
const (
	segmentSize    = 1 << 20
	segmentOverlap = 8 << 10
)

// segments inspects a long text: its grade is the best of its segments'.
func (e *Engine) segments(t detectors.Text, numbers []detectors.Match) detectors.Result {
	var best detectors.Result
	var all []detectors.Marker
	for from, seen := 0, 0; ; {
		to := min(from+segmentSize, len(t.Body))
		part := detectors.Text{Body: t.Body[from:to], Name: t.Name, Date: t.Date}
		d := e.examine(part, shifted(numbers, from, to))
		r := e.grader.Grade(d)
		if from == 0 || grade.Outweighs(r, best) {
			best = r
		}
		for _, m := range markers(d.Hits, from) {
			if len(all) < maxMarkers && m.End > seen { // else the segment before has it
				all = append(all, m)
			}
		}
		seen = to
		if to == len(t.Body) {
			break
		}
		from = cut(t.Body, to-segmentOverlap)
	}
	persons, minors := e.grader.Count(numbers)
	best.Persons, best.Minors = max(best.Persons, persons), max(best.Minors, minors)
	best.Matches, best.Markers = numbers, all
	return best
}

// cut moves an offset back to the start of a line nearby or of a rune.
func cut(text []byte, i int) int {
	if n := bytes.LastIndexByte(text[i-1000:i], '\n'); n >= 0 {
		return i - 1000 + n + 1
	}
	for k := 0; k < utf8.UTFMax && !utf8.RuneStart(text[i]); k++ {
		i--
	}
	return i
}

// shifted returns the matches inside text[from:to], with offsets of that.
func shifted(matches []detectors.Match, from, to int) []detectors.Match {
	var out []detectors.Match
	for _, m := range matches {
		if m.Start >= from && m.End <= to {
			m.Start, m.End = m.Start-from, m.End-from
			out = append(out, m)
		}
	}
	return out
}

// Grader returns the grader, for training and measuring.
func (e *Engine) Grader() *grade.Grader { return e.grader }

// Examine finds what Grade weighs, without grading.
func (e *Engine) Examine(t detectors.Text) *grade.Document {
	return e.examine(t, e.numbers.Find(t))
}

func (e *Engine) examine(t detectors.Text, numbers []detectors.Match) *grade.Document {
	d := &grade.Document{Text: t, Matches: numbers}
	mended, at := grade.Repaired(t.Body)
	if mended != nil {
		d.Text.Body, d.Matches = mended, moved(numbers, at)
	}
	e.matcher.Find(d.Text.Body, func(h marker.Hit) bool {
		d.Hits = append(d.Hits, h)
		return len(d.Hits) < maxHits
	})
	marker.SortHits(d.Hits)
	d.Mentions = name.Find(d.Text.Body[:min(len(d.Text.Body), named(d))])
	d.Hits = marker.Promote(d.Text.Body, d.Hits, persons(d), t.Date)
	d.At = at
	if t.Name != "" {
		d.Path = e.matcher.Name(t.Name)
		d.PathMatches = e.numbers.FindInName(t)
	}
	return d
}

// moved returns the matches with the offsets that they have in a mended text, of
// whose bytes at tells the offsets before.
func moved(matches []detectors.Match, at []int32) []detectors.Match {
	out := slices.Clone(matches)
	for i := range out {
		m := &out[i]
		m.Start = sort.Search(len(at)-1, func(k int) bool { return int(at[k]) >= m.Start })
		m.End = sort.Search(len(at)-1, func(k int) bool { return int(at[k]) >= m.End })
	}
	return out
}

// persons are the places where a person is identified: by a number, or by a
// name that is not an official's.
func persons(d *grade.Document) []marker.Span {
	var out []marker.Span
	for _, m := range d.Matches {
		out = append(out, marker.Span{Start: m.Start, End: m.End})
	}
	for _, m := range d.Mentions {
		if !m.Official {
			out = append(out, marker.Span{Start: m.Start, End: m.End})
		}
	}
	slices.SortFunc(out, func(a, b marker.Span) int { return a.Start - b.Start })
	return out
}

// markers turns hits, in order of offset, into the markers that are reported.
// Of those that overlap the longest is told, the stronger of two of one
// length. shift is added to their offsets.
func markers(hits []marker.Hit, shift int) []detectors.Marker {
	var out []detectors.Marker
	for _, h := range hits {
		if h.Entry == nil {
			continue
		}
		m := detectors.Marker{
			ID: h.Entry.ID, Category: h.Entry.Category, Term: h.Entry.Term,
			Start: h.Start + shift, End: h.End + shift, Strength: h.Strength, Kind: h.Entry.Kind,
		}
		if n := len(out); n > 0 && m.Start < out[n-1].End {
			if says(m, out[n-1]) {
				out[n-1] = m
			}
			continue
		}
		if len(out) == maxMarkers {
			break
		}
		out = append(out, m)
	}
	return out
}

// says reports whether marker a says more than b, which overlaps it.
func says(a, b detectors.Marker) bool {
	if x, y := a.End-a.Start, b.End-b.Start; x != y {
		return x > y
	}
	return a.Strength == marker.Strong && b.Strength != marker.Strong
}
