package engine

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"sort"
	"strings"

	"aktvakt/detectors"
	"aktvakt/detectors/grade/fit"
)

// Tally counts how grades and labels agree.
type Tally struct {
	// Found cases, False alarms, Missed cases: sensitive or more against less.
	Found, False, Missed int
	// Graded of the cases found have a full label; of these: right grade,
	// persons and minors within one, one right category.
	Graded                           int
	Grade, Persons, Minors, Category int
	// Others are texts that are no cases and were not taken for one; Right of
	// them have the right grade.
	Others, Right int
}

// Precision is the share of the documents reported that are cases.
func (t *Tally) Precision() float64 { return share(t.Found, t.Found+t.False) }

// Recall is the share of the cases that are reported.
func (t *Tally) Recall() float64 { return share(t.Found, t.Found+t.Missed) }

func share(n, of int) float64 { return float64(n) / float64(max(of, 1)) }

// String is one line of figures.
func (t *Tally) String() string {
	return fmt.Sprintf("found %3d false %2d missed %2d  precision %.3f recall %.3f  grade %.3f persons±1 %.3f minors±1 %.3f category %.3f  internal or none %.3f",
		t.Found, t.False, t.Missed, t.Precision(), t.Recall(), share(t.Grade, t.Graded), share(t.Persons, t.Graded),
		share(t.Minors, t.Graded), share(t.Category, t.Graded), share(t.Right, t.Others))
}

func (t *Tally) add(l *fit.Label, r detectors.Result) {
	found := reported(r)
	switch {
	case found && l.Case():
		t.Found++
		if !l.Graded {
			return
		}
		t.Graded++
		t.Grade += one(string(r.Grade) == l.Sensitivity)
		t.Persons += one(near(r.Persons, l.Persons))
		t.Minors += one(near(r.Minors, l.Minors))
		t.Category += one(slices.ContainsFunc(r.Categories, func(c string) bool { return slices.Contains(l.Categories, c) }))
	case found:
		t.False++
	case l.Case():
		t.Missed++
	case l.Graded:
		t.Others++
		t.Right += one(string(r.Grade) == l.Sensitivity)
	}
}

func (t *Tally) merge(u *Tally) {
	t.Found, t.False, t.Missed = t.Found+u.Found, t.False+u.False, t.Missed+u.Missed
	t.Graded += u.Graded
	t.Grade, t.Persons, t.Minors, t.Category = t.Grade+u.Grade, t.Persons+u.Persons, t.Minors+u.Minors, t.Category+u.Category
	t.Others, t.Right = t.Others+u.Others, t.Right+u.Right
}

func reported(r detectors.Result) bool {
	return r.Grade == detectors.Sensitive || r.Grade == detectors.HighlySensitive
}

func near(a, b int) bool { return a-b >= -1 && a-b <= 1 }

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Outcome is one text's label and result.
type Outcome struct {
	fit.Label
	Result detectors.Result
}

// Evaluation is how the engine does on a labelled folder.
type Evaluation struct {
	// ByWriter holds a tally for each writer, Total that of all.
	ByWriter map[string]*Tally
	Total    Tally
	Outcomes []Outcome
	// LeftOut tells that each writer was graded by weights learned without
	// that writer's texts.
	LeftOut bool
}

// Evaluate grades the texts of a folder with a file labels.jsonl: one object a
// line with file, writer, sensitivity, categories, persons and minors. With
// leaveOut it learns new weights without each writer in turn, which tells how
// the grader does on writers it never saw; else it uses the weights built in.
func (e *Engine) Evaluate(folder fs.FS, leaveOut bool) (*Evaluation, error) {
	samples, names, err := e.Samples(folder)
	if err != nil {
		return nil, err
	}
	v := &Evaluation{ByWriter: map[string]*Tally{}, LeftOut: leaveOut}
	for _, s := range samples {
		v.ByWriter[s.Writer] = &Tally{}
	}
	var own []*fit.Sample
	if leaveOut {
		if own, _, err = e.OwnSamples(); err != nil {
			return nil, err
		}
	}
	for _, w := range v.Writers() {
		g := e.grader
		var train, test []*fit.Sample
		for _, s := range samples {
			if s.Writer == w {
				test = append(test, s)
			} else {
				train = append(train, s)
			}
		}
		if leaveOut {
			g = g.WithModel(fit.Model(append(train, own...), names))
		}
		for _, s := range test {
			r := g.Grade(s.Document)
			v.ByWriter[w].add(&s.Label, r)
			v.Outcomes = append(v.Outcomes, Outcome{s.Label, r})
		}
		v.Total.merge(v.ByWriter[w])
	}
	return v, nil
}

// Writers returns the writers in order.
func (v *Evaluation) Writers() []string {
	var out []string
	for w := range v.ByWriter {
		out = append(out, w)
	}
	sort.Strings(out)
	return out
}

// Print writes the figures, and with errors the texts graded wrongly and what
// spoke for it.
func (v *Evaluation) Print(w io.Writer, errors bool) {
	if v.LeftOut {
		fmt.Fprintln(w, "each writer graded by weights learned without that writer")
	}
	for _, name := range v.Writers() {
		fmt.Fprintf(w, "%-4s %s\n", name, v.ByWriter[name])
	}
	fmt.Fprintf(w, "all  %s\n", &v.Total)
	confusion := map[[2]string]int{}
	for _, o := range v.Outcomes {
		if o.Graded {
			confusion[[2]string{o.Sensitivity, string(o.Result.Grade)}]++
		}
	}
	grades := []string{"none", "internal", "sensitive", "highly-sensitive"}
	fmt.Fprintf(w, "%-18s", "label \\ graded")
	for _, g := range grades {
		fmt.Fprintf(w, "%18s", g)
	}
	fmt.Fprintln(w)
	for _, a := range grades {
		fmt.Fprintf(w, "%-18s", a)
		for _, b := range grades {
			fmt.Fprintf(w, "%18d", confusion[[2]string{a, b}])
		}
		fmt.Fprintln(w)
	}
	if !errors {
		return
	}
	for _, o := range v.Outcomes {
		if reported(o.Result) == o.Case() {
			if o.Case() && o.Graded && (string(o.Result.Grade) != o.Sensitivity || !near(o.Result.Persons, o.Persons)) {
				fmt.Fprintf(w, "%s: %s with %d persons, labelled %s with %d: %s\n", o.File, o.Result.Grade, o.Result.Persons, o.Sensitivity, o.Persons, o.Why)
			}
			continue
		}
		fmt.Fprintf(w, "%s: %s, labelled %s, score %.1f: %s\n", o.File, o.Result.Grade, o.Sensitivity, o.Result.Score, o.Why)
		for _, r := range o.Result.Reasons[:min(len(o.Result.Reasons), 6)] {
			fmt.Fprintf(w, "    %+.1f %s\n", r.Points, r.What)
		}
	}
}

// unlabelled are files whose name alone tells case (p) or not (n).
var unlabelled = regexp.MustCompile(`^[a-z]+_([np])\d+_`)

// Samples reads a labelled folder and examines its texts. names are those of
// the features.
func (e *Engine) Samples(folder fs.FS) (samples []*fit.Sample, names []string, err error) {
	data, err := fs.ReadFile(folder, "labels.jsonl")
	if err != nil {
		return nil, nil, err
	}
	var labels []fit.Label
	seen := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		l := fit.Label{Graded: true}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, nil, fmt.Errorf("labels.jsonl:%d: %w", n, err)
		}
		seen[l.File] = true
		labels = append(labels, l)
	}
	if err := lines.Err(); err != nil {
		return nil, nil, fmt.Errorf("labels.jsonl: %w", err)
	}
	files, err := fs.Glob(folder, "*.txt")
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		if m := unlabelled.FindStringSubmatch(f); m != nil && !seen[f] {
			labels = append(labels, fit.Label{File: f, Writer: "w0", Positive: m[1] == "p"})
		}
	}
	slices.SortStableFunc(labels, func(a, b fit.Label) int { return strings.Compare(a.File, b.File) })
	for _, l := range labels {
		text, err := fs.ReadFile(folder, l.File)
		if err != nil {
			return nil, nil, err
		}
		var s *fit.Sample
		s, names = e.sample(l, text)
		samples = append(samples, s)
	}
	return samples, names, nil
}

// OwnSamples examines the labelled texts that are part of the program.
func (e *Engine) OwnSamples() (samples []*fit.Sample, names []string, err error) {
	labels, texts, err := fit.Own()
	if err != nil {
		return nil, nil, err
	}
	for i, l := range labels {
		var s *fit.Sample
		s, names = e.sample(l, texts[i])
		samples = append(samples, s)
	}
	return samples, names, nil
}

func (e *Engine) sample(l fit.Label, text []byte) (*fit.Sample, []string) {
	d := e.Examine(detectors.Text{Body: text})
	names, x := e.grader.Features(d)
	s := &fit.Sample{Label: l, Document: d, X: x}
	for salt := range uint32(fit.ThinnedCopies) {
		_, thin := e.grader.Thinned(salt + 1).Features(d)
		s.Thinned = append(s.Thinned, thin)
	}
	return s, names
}
