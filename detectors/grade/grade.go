package grade

import (
	"math"
	"time"

	"aktvakt/detectors"
	"aktvakt/detectors/marker"
	"aktvakt/detectors/name"
)

// Grader grades documents. It is safe for use by many goroutines.
type Grader struct {
	voc       *vocabulary
	model     *Model
	floor     map[string]detectors.Grade
	countTest bool
	now       time.Time
}

// New returns a grader. categories are those of the catalogues.
func New(opts detectors.Options, categories map[string]marker.Category) *Grader {
	g := &Grader{voc: loadVocabulary(), model: loadModel(), floor: map[string]detectors.Grade{}, countTest: opts.CountTestNumbers, now: opts.Now}
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

const (
	// windowSize is the stretch of a long text that is graded as one, in
	// bytes: about two pages. Shorter texts are graded whole, so that a case
	// in an annex is not drowned and a letter not cut.
	windowSize = 6000
	// maxWindows bounds the work on long texts; those with the most hits
	// are taken.
	maxWindows = 24
	// maxNamed bounds the text that is searched for names, in bytes.
	maxNamed = 1 << 20
	// scale and threshold turn log-odds into points: at threshold a document
	// is more likely a case than not.
	scale, threshold = 3.0, 12.0
)

// Grade decides. The result holds neither matches nor markers; the caller has
// them.
func (g *Grader) Grade(d *Document) detectors.Result {
	mentions := name.Find(d.Text.Body[:min(len(d.Text.Body), maxNamed)])
	var best *evidence
	var bestFeatures *features
	bestValue := math.Inf(-1)
	for _, s := range spans(d) {
		e := g.collect(d, mentions, s)
		f := g.features(e)
		if v := g.model.Case.value(f); v > bestValue {
			best, bestFeatures, bestValue = e, f, v
		}
	}
	if best == nil {
		return detectors.Result{Grade: detectors.None}
	}
	return g.decide(d, mentions, best, bestFeatures, bestValue)
}

// Features returns the names and values that the model weighs for a document,
// for training: those of its first windows.
func (g *Grader) Features(d *Document) (names []string, x []float64) {
	mentions := name.Find(d.Text.Body[:min(len(d.Text.Body), maxNamed)])
	e := g.collect(d, mentions, span{0, min(len(d.Text.Body), 3*windowSize)})
	f := g.features(e)
	return f.names, f.x
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
		counts[h.Start/step]++
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
	for ; level > 1 && sum+hist[level] < k; level-- {
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

func (g *Grader) decide(d *Document, mentions []name.Mention, e *evidence, f *features, value float64) detectors.Result {
	r := detectors.Result{Grade: detectors.None, Score: max(0, math.Round((threshold+scale*value)*10)/10)}
	r.Persons = g.persons(d, e, f)
	if value > 0 {
		r.Grade = detectors.Sensitive
		if g.model.High.value(f) > 0 {
			r.Grade = detectors.HighlySensitive
		}
	} else if r.Persons > 2 {
		r.Grade = detectors.Internal
	}
	return r
}

// persons estimates the number of people that the document concerns. In a
// list each row is one; elsewhere names, numbers and roles of family overlap,
// and the model weighs them.
func (g *Grader) persons(d *Document, e *evidence, f *features) int {
	ids, _ := distinctNumbers(e.ids, 100_000)
	rows := max(ids, e.people.inFields)
	if rows >= 6 && e.layout.cells >= 6 {
		return rows
	}
	return max(int(math.Round(g.model.Persons.value(f))), ids, 1)
}
