package grade

import (
	"bytes"
	"fmt"
	"sort"
	"unicode"
	"unicode/utf8"

	"aktvakt/detectors"
	"aktvakt/detectors/marker"
	"aktvakt/detectors/name"
)

// Case systems print documents that consist of labels and set phrases: no one
// tells, says or feels in them, and the model, which learned from letters and
// notes, finds too little. Law makes them cases all the same: whoever is named
// by number in a decision on child protection is the subject of one.

const (
	// certain is the confidence from which a number is reported.
	certain = 0.8
	// leastFormula is the log-odds below which the model's doubt is stronger
	// than the form of a text: guidance and lists of goods lie there.
	leastFormula = -3.5
	// formulaValue is what a formulaic case is lifted to: just over the
	// threshold.
	formulaValue = 0.2
	// leastHigh are the points of a category from which its lowest grade holds
	// though it is the highest of all: a reference to law and what it is about.
	leastHigh = 3
)

// formula lifts a text with a labelled identity number, markers of a sensitive
// category and the structure of a case to that category's lowest grade, unless
// something tells that it teaches, invents, anonymises or is still blank.
func (g *Grader) formula(d *Document, o *opinion) {
	if !labelledNumber(d.Text.Body, o.ids) || o.value < leastFormula || !structured(g, o) || g.teaches(o.evidence) || blank(&o.layout) {
		return
	}
	category, points := g.leading(o.evidence)
	if category == "" {
		return
	}
	what := fmt.Sprintf("labelled identity number, markers of %s and the structure of a case", category)
	if o.value < formulaValue {
		o.shift(formulaValue-o.value, what)
	}
	if g.floor[category] == detectors.HighlySensitive && points >= leastHigh {
		o.least = detectors.HighlySensitive
	}
}

// labelledNumber reports whether a certain number has a label: one that names
// its kind, or the field at the start of its line.
func labelledNumber(text []byte, ids []detectors.Match) bool {
	for i := range ids {
		if m := &ids[i]; m.Confidence >= certain && (m.Labelled || inField(text, m.Start)) {
			return true
		}
	}
	return false
}

// inField reports whether the line begins with a label and a colon.
func inField(text []byte, offset int) bool {
	const most = 160
	line := text[max(0, offset-most):offset]
	i := bytes.LastIndexByte(line, '\n')
	if i < 0 && offset > most {
		return false
	}
	n := bytes.IndexByte(line[i+1:], ':')
	return n > 1 && n < 40
}

// structured reports whether the text is built as a case is: a decision, a case
// number or a stamp, or several fields and headings.
func structured(g *Grader, o *opinion) bool {
	signs := min(o.structur, 2) + min(o.distinct[g.voc.index["decision"]], 2) + min(o.stamps+o.caseno+o.lawrefs, 2)
	if o.layout.filled >= 4 {
		signs++
	}
	if o.layout.cells >= 3 {
		signs++
	}
	return signs >= 2
}

// leading returns the sensitive category that markers and words tell most of,
// and its points; none where they tell too little.
func (g *Grader) leading(e *evidence) (category string, points float64) {
	words := 0
	for i := range topicGroups {
		if rank(g.floor[g.voc.groups[i]]) >= rank(detectors.Sensitive) {
			words += e.distinct[i]
		}
	}
	for i := range topicGroups {
		c := g.voc.groups[i]
		if rank(g.floor[c]) < rank(detectors.Sensitive) {
			continue
		}
		p := e.subject(c, e.distinct[i])
		if e.points[c] < 4 && (e.points[c] < 1.5 || words < 2) {
			continue // a marker that is not strong needs words beside it
		}
		if p > points || p == points && rank(g.floor[c]) > rank(g.floor[category]) {
			category, points = c, p
		}
	}
	return category, points
}

// teaches reports whether the text says that it is an exercise, a routine, a
// test of a system, a published or anonymised decision or a text for many.
func (g *Grader) teaches(e *evidence) bool {
	words := func(group string) int { return e.distinct[g.voc.index[group]] }
	return words("fiction") > 0 || words("training") > 1 || words("test-system") > 1 || words("anonymised") > 1 ||
		words("guidance") > 2 || words("job-ad") > 1 || words("public") > 5 || words("commerce") > 2 || e.counters >= 2
}

// blank reports whether the text is a form that nobody filled in.
func blank(l *layout) bool {
	return l.blanks+l.boxes >= 3 && l.checked == 0 || l.brackets+l.guillemet >= 3
}

// number grades a text with the number of a person at least internal. A
// published test number in a text that teaches is its example, and a text with
// nothing but such examples is graded by no other count of people either.
func (g *Grader) number(d *Document, o *opinion) {
	words := func(group string) int { return o.distinct[g.voc.index[group]] }
	teaches := words("fiction")+words("training")+words("test-system") > 0 || words("guidance") > 1
	for _, m := range d.Matches {
		if !g.counts(m) || m.Confidence < certain {
			continue
		}
		if m.TestNumber && teaches {
			o.examples = true
			continue
		}
		o.examples = false
		o.least = atLeast(o.least, detectors.Internal)
		return
	}
}

// adults is how many of the numbers tell an adult.
func adults(ids []detectors.Match) int {
	var list []detectors.Match
	for _, m := range ids {
		if !m.Minor && !m.Birth.IsZero() {
			list = append(list, m)
		}
	}
	n, _ := distinctNumbers(list, maxPersons)
	return n
}

// reach is how far a name may stand from its number, in bytes and at most one
// line apart: "Barnets navn: …" above "Barnets cpr-nr.: …".
const reach = 100

// numbered reports whether everyone named in the text has a number beside the
// name, so that numbers count the people.
func (o *opinion) numbered(d *Document) bool {
	if len(o.ids) == 0 {
		return false
	}
	paired := map[int]bool{}
	i := 0
	mentions := within(d.Mentions, o.span, mentionStart)
	for _, m := range o.ids {
		for i < len(mentions) && mentions[i].End+reach < m.Start {
			i++
		}
		best, near := -1, reach+1
		for j := i; j < len(mentions) && mentions[j].Start <= m.End+reach; j++ {
			n := &mentions[j]
			if !o.people.main[n.Person] || paired[n.Person] {
				continue
			}
			from, to := min(n.End, m.End), max(n.Start, m.Start)
			if from > to || bytes.Count(d.Text.Body[from:to], []byte{'\n'}) > 1 {
				continue
			}
			gap := to - from
			if n.Start > m.Start {
				gap += 5 // the name stands before its number more often
			}
			if gap < near {
				best, near = n.Person, gap
			}
		}
		if best >= 0 {
			paired[best] = true
		}
	}
	return len(paired) == len(o.people.main)
}

// inStamp reports whether a word is part of a stamp of secrecy: "unntatt
// offentlighet" says nothing of the public.
func inStamp(stamps []marker.Hit, h marker.Hit) bool {
	for _, s := range stamps {
		if h.Start >= s.Start && h.End <= s.End {
			return true
		}
	}
	return false
}

// inName reports whether a word is part of a person's name: nobody called
// Fiktborg is invented for it.
func inName(mentions []name.Mention, h marker.Hit) bool {
	i := sort.Search(len(mentions), func(i int) bool { return mentions[i].End >= h.End })
	return i < len(mentions) && mentions[i].Start <= h.Start && mentions[i].Kind != name.Initials
}

// inOffice reports whether a word has a capital where none is due: "Center for
// Børn og Unge" is an office, "børn og unge" are many people.
func inOffice(text []byte, h marker.Hit) bool {
	last := h.Start + bytes.LastIndexByte(text[h.Start:h.End], ' ') + 1
	if r, _ := utf8.DecodeRune(text[last:]); !unicode.IsUpper(r) || last < 2 || text[last-1] != ' ' {
		return false
	}
	r, _ := utf8.DecodeLastRune(text[:last-1])
	return unicode.IsLetter(r)
}
