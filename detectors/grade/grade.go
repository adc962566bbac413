package grade

import (
	"fmt"
	"hash/fnv"
	"math"
	"sort"

	"aktvakt/detectors"
	"aktvakt/detectors/marker"
)

// Grader grades documents. It is safe for use by many goroutines.
type Grader struct {
	voc       *vocabulary
	model     *Model
	floor     map[string]detectors.Grade
	countTest bool
	salt      uint32 // of words left out; 0 for none
}

// New returns a grader. categories are those of the catalogues.
func New(opts detectors.Options, categories map[string]marker.Category) *Grader {
	g := &Grader{voc: loadVocabulary(), model: loadModel(), floor: map[string]detectors.Grade{}, countTest: opts.CountTestNumbers}
	for name, c := range categories {
		g.floor[name] = detectors.Grade(c.Floor)
	}
	return g
}

// WithModel returns a copy of the grader with other weights, for training and
// measuring.
func (g *Grader) WithModel(m *Model) *Grader {
	c := *g
	c.model = m
	return &c
}

// Thinned returns a grader that does not know a part of the open vocabulary,
// another one for each salt but 0. Whoever writes next uses words that no list
// holds; weights must be learned from texts of which some words are unknown too.
func (g *Grader) Thinned(salt uint32) *Grader {
	c := *g
	c.salt = salt
	return &c
}

// unknown reports whether the grader was thinned of a word.
func (g *Grader) unknown(word int) bool {
	if g.salt == 0 || closedGroups[g.voc.groups[g.voc.group[word]]] {
		return false
	}
	h := fnv.New32a()
	fmt.Fprintf(h, "%d %s", g.salt, g.voc.words[word].Text)
	return h.Sum32()%100 < leftOut
}

// leftOut is how many words of a hundred a thinned grader does not know.
const leftOut = 50

// closedGroups are words that everybody uses.
var closedGroups = map[string]bool{"he-she": true, "i-we": true, "you": true, "modal": true, "kin": true, "the-child": true}

const (
	// windowSize is the stretch of a long text that is graded as one, in
	// bytes: about two pages. Shorter texts are graded whole, so that a case
	// in an annex is not drowned and a letter not cut.
	windowSize = 6000
	// maxWindows bounds the work on long texts; those with the most hits
	// are taken.
	maxWindows = 24
	// margin is what the log-odds of a case must exceed: chosen on writers
	// left out (folder train) so that some 97 of 100 documents reported
	// are cases.
	margin = 0.2
	// scale and threshold turn log-odds into points: at threshold a document
	// is more likely a case than not.
	scale, threshold = 3.0, 12.0
)

// Grade decides. The result holds neither matches nor markers; the caller has
// them.
func (g *Grader) Grade(d *Document) detectors.Result {
	var best *opinion
	stretches := spans(d)
	for _, s := range stretches {
		o := g.opinion(d, s)
		if best == nil || o.value > best.value {
			best = o
		}
	}
	if best == nil {
		return detectors.Result{Grade: detectors.None}
	}
	g.around(d, best, len(stretches))
	g.path(d, best)
	g.number(d, best)
	return g.result(d, best)
}

// opinion is what the grader thinks of a stretch of text.
type opinion struct {
	*evidence
	features *features
	// value is the log-odds of a case.
	value float64
	// least is the lowest grade that a rule dictates.
	least detectors.Grade
	// examples tells that all numbers of the document are examples.
	examples bool
	reasons  []detectors.Reason
}

func (g *Grader) opinion(d *Document, s span) *opinion {
	e := g.collect(d, s)
	o := &opinion{evidence: e, features: g.features(e), least: detectors.None}
	o.value = g.model.Case.value(o.features) - margin
	g.rules(d, o)
	return o
}

// shift changes the opinion by log-odds and says why.
func (o *opinion) shift(by float64, what string) {
	o.value += by
	o.reasons = append(o.reasons, detectors.Reason{What: what, Points: points(by)})
}

func points(logOdds float64) float64 { return math.Round(scale*logOdds*10) / 10 }

// around takes the rest of a long text into account: counter-markers outside
// the stretch count at 15 per cent, and the best of many stretches must
// convince more than the only one.
func (g *Grader) around(d *Document, o *opinion, stretches int) {
	if stretches < 2 {
		return
	}
	seen := map[*marker.Entry]bool{}
	outside := 0.0
	for _, h := range d.Hits {
		if h.Entry != nil && h.Entry.Category == marker.Counter && !seen[h.Entry] && o.markers[h.Entry] == "" {
			seen[h.Entry] = true
			outside += counterWeight(h.Entry)
		}
	}
	if outside > 0 {
		o.shift(-0.15*math.Min(outside, 6), "counter-markers elsewhere in a long text")
	}
	o.shift(-0.2*math.Log(float64(stretches)), "the best stretch of a long text")
}

func counterWeight(e *marker.Entry) float64 {
	if e.Weight == marker.Strong {
		return 2
	}
	return 1
}

// path takes the document's name into account: its markers tell the subject,
// a number in it a person.
func (g *Grader) path(d *Document, o *opinion) {
	strong := 0
	for _, m := range d.Path {
		if m.Kind == "filename" {
			strong++
		}
		if m.Category == marker.Counter {
			o.shift(-0.4, "counter-marker in the file's name: "+m.Term)
			return
		}
	}
	if strong > 0 && o.value > -2 {
		o.shift(0.4, "marker in the file's or folder's name")
	}
	for _, m := range d.PathMatches {
		if g.counts(m) {
			o.shift(0.5, "identity number in the file's or folder's name")
			o.least = atLeast(o.least, detectors.Internal)
			return
		}
	}
}

// Features returns the names and values that the model weighs for a document,
// for training: those of its first windows.
func (g *Grader) Features(d *Document) (names []string, x []float64) {
	e := g.collect(d, span{0, min(len(d.Text.Body), 3*windowSize)})
	f := g.features(e)
	return f.names, f.x
}

// Count returns the number of different identity numbers that count, and how
// many of them are of minors.
func (g *Grader) Count(matches []detectors.Match) (persons, minors int) {
	var ids []detectors.Match
	for _, m := range matches {
		if g.counts(m) {
			ids = append(ids, m)
		}
	}
	return distinctNumbers(ids, maxPersons)
}

// Value returns the log-odds that a short document is a case.
func (g *Grader) Value(d *Document) float64 {
	names, x := g.Features(d)
	return g.model.Case.value(&features{names, x}) - margin
}

// Contributions returns what each feature adds to the log-odds of a case, for
// those who tune the weights.
func (g *Grader) Contributions(d *Document) map[string]float64 {
	names, x := g.Features(d)
	out := map[string]float64{}
	for i, n := range names {
		if w := g.model.Case.Weights[n]; w*x[i] != 0 {
			out[n] = w * x[i]
		}
	}
	return out
}

// spans returns the stretches to grade.
func spans(d *Document) []span {
	n := len(d.Text.Body)
	if n <= windowSize*3/2 {
		return []span{{0, n}}
	}
	step := windowSize / 2
	counts := make([]int, n/step+1)
	for _, h := range d.Hits {
		if Subject(h) {
			counts[h.Start/step]++
		}
	}
	for _, m := range d.Matches {
		counts[m.Start/step] += 5
	}
	var out []span
	top := topIndexes(counts, maxWindows)
	for i := range counts {
		if !top[i] {
			continue
		}
		out = append(out, span{i * step, min(i*step+windowSize, n)})
	}
	return out
}

// minSubject is how often a subject must be touched in a window of two pages.
const minSubject = 4

// topIndexes yields the indexes of the k windows of two steps with the most
// hits; the first window always.
func topIndexes(counts []int, k int) map[int]bool {
	top := map[int]bool{0: true}
	weight := func(i int) int {
		w := counts[i]
		if i+1 < len(counts) {
			w += counts[i+1]
		}
		return w
	}
	// A threshold by histogram keeps this linear in the size of the text.
	const levels = 4096
	var hist [levels + 1]int
	for i := range counts {
		hist[min(weight(i), levels)]++
	}
	level, sum := levels, 0
	for ; level > minSubject && sum+hist[level] < k; level-- {
		sum += hist[level]
	}
	for i := range counts {
		if len(top) > k {
			break
		}
		if weight(i) >= level {
			top[i] = true
		}
	}
	return top
}

func (g *Grader) result(d *Document, o *opinion) detectors.Result {
	r := detectors.Result{
		Grade: o.least,
		Score: max(0, math.Round((threshold+scale*o.value)*10)/10),
	}
	r.Categories = g.categories(o)
	switch {
	case o.value > 0:
		grade := detectors.Sensitive
		if g.model.High.value(o.features) > 0 {
			grade = detectors.HighlySensitive
		}
		r.Grade = atLeast(r.Grade, grade)
	case !o.examples && g.model.Internal.value(o.features) > 0:
		r.Grade = atLeast(r.Grade, detectors.Internal)
	}
	if rank(r.Grade) >= rank(detectors.Sensitive) {
		r.Persons = g.persons(d, o)
		r.Minors = min(g.minors(o), r.Persons-adults(o.ids))
	} else {
		r.Categories = nil
		r.Persons, r.Minors = distinctNumbers(o.ids, maxPersons)
	}
	r.Reasons = g.reasons(o, r.Grade)
	return r
}

func rank(g detectors.Grade) int {
	switch g {
	case detectors.HighlySensitive:
		return 3
	case detectors.Sensitive:
		return 2
	case detectors.Internal:
		return 1
	}
	return 0
}

// Outweighs reports whether a tells more of a document than b: the higher
// grade, then the higher score.
func Outweighs(a, b detectors.Result) bool {
	if x, y := rank(a.Grade), rank(b.Grade); x != y {
		return x > y
	}
	return a.Score > b.Score
}

func atLeast(a, b detectors.Grade) detectors.Grade {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// categories returns those whose points come near the best, at most five,
// the best first.
func (g *Grader) categories(o *opinion) []string {
	type one struct {
		name   string
		points float64
	}
	var all []one
	for name := range g.floor {
		if notSubject[name] {
			continue
		}
		words := 0
		if i, ok := g.voc.index[name]; ok && i < topicGroups {
			words = o.distinct[i]
		}
		if p := o.subject(name, words); p > 0 {
			all = append(all, one{name, p})
		}
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].points != all[j].points {
			return all[i].points > all[j].points
		}
		return all[i].name < all[j].name
	})
	var out []string
	for _, c := range all[:min(len(all), 5)] {
		if len(out) == 0 || c.points >= 2 && c.points >= all[0].points*0.4 {
			out = append(out, c.name)
		}
	}
	return out
}

// notSubject are categories that tell how a text is built.
var notSubject = map[string]bool{
	marker.Counter: true, "case-structure": true, "case-number": true, "filename": true, "secrecy-stamp": true,
}

// persons estimates the number of people that the document concerns. In a
// list each row is one; elsewhere names, numbers and roles of family overlap,
// and the model weighs them.
func (g *Grader) persons(d *Document, o *opinion) int {
	ids, _ := distinctNumbers(o.ids, maxPersons)
	rows := max(ids, o.people.inFields+o.people.clients)
	if rows >= 6 && o.layout.cells >= 6 {
		return rows
	}
	if o.people.several == 0 && o.numbered(d) {
		return ids + max(0, o.people.roles+o.people.unnamed-ids)
	}
	return max(int(math.Round(g.model.Persons.value(o.features))), ids, 1)
}

func (g *Grader) minors(o *opinion) int {
	_, ids := distinctNumbers(o.ids, maxPersons)
	return max(int(math.Round(g.model.Minors.value(o.features))), ids, 0)
}

// maxPersons bounds the numbers held in memory to tell people apart; beyond
// it numbers count without comparison.
const maxPersons = 100_000
