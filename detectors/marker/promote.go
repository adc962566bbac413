package marker

import (
	"bytes"
	"sort"
	"time"
)

// Span is a stretch of text in bytes, such as the mention of a person.
type Span struct{ Start, End int }

// The reach of the rules, in bytes.
const (
	titleHead  = 400 // a title stands in the first so many
	titleReach = 120 // or so near a person
	stampReach = 60
	stampLines = 5
	// maxLawrefs in a document that applies the law to one case; guidance
	// quotes more.
	maxLawrefs = 6
	// minHeadings is how many headings of a case must stand on lines of their
	// own before each of them is strong.
	minHeadings = 3
)

// Promote sets the Strength of each hit. Names of documents fill routines and
// advertisements too, so they are strong only as a title or beside a person;
// headings only together; references to law only where a person is identified
// and few are quoted; stamps on a line of their own, at the edge of the text or
// beside a person. hits and persons are in order of offset.
//
// day is the document's; the zero day is unknown. Where sections of laws have
// been renumbered, two markers may read the same place: the one that did not
// hold on the day is left out. One without a rival stays, because the day of a
// file is that of its last copy as often as that of its text. The result uses
// the memory of hits.
func Promote(text []byte, hits []Hit, persons []Span, day time.Time) []Hit {
	hits = current(hits, day)
	p := promoter{text: text, persons: persons}
	p.survey(hits)
	for i := range hits {
		h := &hits[i]
		if h.Entry == nil {
			continue
		}
		h.Strength = h.Entry.Weight
		if h.Entry.Promote == "" || h.Entry.Weight == Weak {
			continue
		}
		if p.strong(h) {
			h.Strength = Strong
		} else {
			h.Strength = Medium
		}
	}
	return hits
}

// current drops references to law that another, valid one overlaps.
func current(hits []Hit, day time.Time) []Hit {
	if day.IsZero() {
		return hits
	}
	stale := func(i int) bool {
		e := hits[i].Entry
		if e == nil || e.Kind != "lawref" || e.Valid(day) {
			return false
		}
		for _, step := range []int{-1, 1} {
			for j := i + step; j >= 0 && j < len(hits) && hits[j].Start < hits[i].End && hits[j].End > hits[i].Start; j += step {
				if o := hits[j].Entry; o != nil && o.Kind == "lawref" && o.Valid(day) {
					return true
				}
			}
		}
		return false
	}
	drop := map[int]bool{}
	for i := range hits {
		if stale(i) {
			drop[i] = true
		}
	}
	if len(drop) == 0 {
		return hits
	}
	kept := hits[:0]
	for i := range hits {
		if !drop[i] {
			kept = append(kept, hits[i])
		}
	}
	return kept
}

type promoter struct {
	text     []byte
	persons  []Span
	headings int
	lawrefs  int
	statute  bool
	head     int // end of the first lines
	tail     int // start of the last lines
}

// survey counts what the rules need of the whole document.
func (p *promoter) survey(hits []Hit) {
	headings, laws := map[*Entry]bool{}, map[*Entry]bool{}
	for i := range hits {
		h := &hits[i]
		if h.Entry == nil {
			continue
		}
		switch {
		case h.Entry.Promote == "heading" && !headings[h.Entry] && p.ownLine(h):
			headings[h.Entry] = true
		case h.Entry.Kind == "lawref":
			laws[h.Entry] = true
		case h.Entry.Category == Counter && h.Entry.Weight == Strong:
			p.statute = true
		}
	}
	p.headings, p.lawrefs = len(headings), len(laws)
	for n := 0; n < stampLines; n++ {
		i := bytes.IndexByte(p.text[p.head:], '\n')
		if i < 0 {
			p.head = len(p.text)
			break
		}
		p.head += i + 1
	}
	p.tail = len(bytes.TrimRight(p.text, "\r\n \t"))
	for n := 0; n < stampLines && p.tail > 0; n++ {
		p.tail = max(0, bytes.LastIndexByte(p.text[:p.tail], '\n'))
	}
}

func (p *promoter) strong(h *Hit) bool {
	switch h.Entry.Promote {
	case "title":
		return h.Start < titleHead && (p.ownLine(h) || capitals(p.text[h.Start:h.End])) || p.near(h, titleReach)
	case "heading":
		return p.headings >= minHeadings && len(p.persons) > 0 && p.ownLine(h)
	case "lawref":
		return len(p.persons) > 0 && p.lawrefs <= maxLawrefs && !p.statute
	case "stamp":
		return p.ownLine(h) || h.Start < p.head || h.Start >= p.tail || p.near(h, stampReach)
	}
	return h.Entry.Weight == Strong
}

// near reports whether a person stands within reach.
func (p *promoter) near(h *Hit, reach int) bool {
	i := sort.Search(len(p.persons), func(i int) bool { return p.persons[i].End+reach >= h.Start })
	return i < len(p.persons) && p.persons[i].Start <= h.End+reach
}

// ownLine reports whether little but the hit stands on its line.
func (p *promoter) ownLine(h *Hit) bool {
	const most = 200
	from := max(0, h.Start-most)
	start := from + bytes.LastIndexByte(p.text[from:h.Start], '\n') + 1
	if start == from && from > 0 {
		return false
	}
	end := h.End + most
	if end >= len(p.text) {
		end = len(p.text)
	}
	if i := bytes.IndexByte(p.text[h.End:end], '\n'); i >= 0 {
		end = h.End + i
	} else if end < len(p.text) {
		return false
	}
	line := bytes.Trim(p.text[start:end], " \t\r#*=-_:.0123456789()")
	return len(line) <= (h.End-h.Start)+15
}

// capitals reports whether a text has no lower-case ASCII letters.
func capitals(b []byte) bool {
	for _, c := range b {
		if c >= 'a' && c <= 'z' {
			return false
		}
	}
	return len(b) > 0
}
