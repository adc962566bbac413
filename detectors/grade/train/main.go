// Command train learns the weights of package grade from labelled texts and
// measures them on writers left out.
//
//	go run ./detectors/grade/train -labels DIR            measure
//	go run ./detectors/grade/train -labels DIR -out FILE  measure and write
//	go run ./detectors/grade/train -labels DIR -markers   how markers do
//
// DIR holds the texts and labels.jsonl, one object a line with file, writer,
// sensitivity, categories, persons and minors. Training is deterministic.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"time"

	"aktvakt/detectors"
	"aktvakt/detectors/engine"
	"aktvakt/detectors/grade"
)

type label struct {
	File, Writer, Language, Sensitivity, Layout, Why string
	Categories                                       []string
	Persons, Minors                                  int
}

type sample struct {
	label
	text        []byte
	doc         *grade.Document
	x           []float64
	case_, high bool
	graded      bool // the label tells the grade, not only case or not
}

func main() {
	log.SetFlags(0)
	dir := flag.String("labels", "", "folder with texts and labels.jsonl")
	out := flag.String("out", "", "write the weights here")
	verbose := flag.Bool("v", false, "list the errors")
	markers := flag.Bool("markers", false, "report in which texts each marker stands, and stop")
	lambda := flag.Float64("l2", 10, "strength of regularisation")
	skip := flag.String("skip", "", "writers whose errors are not listed")
	flag.Parse()
	samples, names, g, err := load(*dir)
	if err != nil {
		log.Fatal(err)
	}
	if *markers {
		if err := reportMarkers(samples); err != nil {
			log.Fatal(err)
		}
		return
	}
	lowo(samples, names, g, *lambda, *verbose, *skip)
	if *out == "" {
		return
	}
	m := fit(samples, names, *lambda)
	m.Note = fmt.Sprintf("trained on %d texts, l2 %g", len(samples), *lambda)
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, append(data, '\n'), 0o644); err != nil {
		log.Fatal(err)
	}
}

var unlabelled = regexp.MustCompile(`^[a-z]+_([np])\d+_`)

func load(dir string) (samples []*sample, names []string, g *grade.Grader, err error) {
	e, err := engine.New(detectors.Options{CountTestNumbers: true, Now: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		return nil, nil, nil, err
	}
	g = e.Grader()
	data, err := os.ReadFile(filepath.Join(dir, "labels.jsonl"))
	if err != nil {
		return nil, nil, nil, err
	}
	seen := map[string]bool{}
	sc := bufio.NewScanner(bytes.NewReader(data))
	for sc.Scan() {
		s := &sample{graded: true}
		if err := json.Unmarshal(sc.Bytes(), &s.label); err != nil {
			return nil, nil, nil, err
		}
		s.high = s.Sensitivity == "highly-sensitive"
		s.case_ = s.high || s.Sensitivity == "sensitive"
		seen[s.File] = true
		samples = append(samples, s)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, nil, nil, err
	}
	for _, f := range files {
		base := filepath.Base(f)
		if m := unlabelled.FindStringSubmatch(base); m != nil && !seen[base] {
			samples = append(samples, &sample{label: label{File: base, Writer: "w0"}, case_: m[1] == "p"})
		}
	}
	sort.SliceStable(samples, func(i, j int) bool { return samples[i].File < samples[j].File })
	for _, s := range samples {
		text, err := os.ReadFile(filepath.Join(dir, s.File))
		if err != nil {
			return nil, nil, nil, err
		}
		s.text = text
	}
	samples = append(samples, ownTexts()...)
	for _, s := range samples {
		text := s.text
		s.doc = e.Examine(detectors.Text{Body: text})
		names, s.x = g.Features(s.doc)
	}
	return samples, names, g, nil
}

// fit trains all parts of the model.
func fit(samples []*sample, names []string, lambda float64) *grade.Model {
	var all, cases, others []*sample
	for _, s := range samples {
		all = append(all, s)
		if s.case_ && s.graded {
			cases = append(cases, s)
		}
		if !s.case_ && s.graded {
			others = append(others, s)
		}
	}
	return &grade.Model{
		Case:     logistic(all, names, subset(caseSet), func(s *sample) bool { return s.case_ }, lambda),
		Internal: logistic(others, names, subset("people: id words:staff words:public words:guidance words:template words:training words:fiction layout:cells density:names persons:"), func(s *sample) bool { return s.Sensitivity == "internal" }, 10),
		Minors:   ridge(cases, names, subset("minors:"), func(s *sample) float64 { return float64(min(s.Minors, 6)) }, 3),
		Persons:  ridge(cases, names, subset("persons:"), func(s *sample) float64 { return float64(min(s.Persons, 8)) }, 3),
		High:     logistic(cases, names, subset(highSet), func(s *sample) bool { return s.high }, highL2),
	}
}

var caseSet = "words: size topic: topics: kinds peak markers: id people: density: both: share: all layout:"
var highSet = "subject: subjects: words:kin words:the-child"
var highL2 = 5.0

// subset chooses features by the beginnings of their names.
func subset(prefixes string) func(string) bool {
	return func(name string) bool {
		for _, p := range strings.Fields(prefixes) {
			if strings.HasPrefix(name, p) {
				return true
			}
		}
		return false
	}
}

type tally struct{ tp, fp, fn, grade, persons, minors, category, other, right int }

func (t *tally) merge(u tally) {
	t.tp, t.fp, t.fn = t.tp+u.tp, t.fp+u.fp, t.fn+u.fn
	t.grade, t.persons, t.minors = t.grade+u.grade, t.persons+u.persons, t.minors+u.minors
	t.category, t.other, t.right = t.category+u.category, t.other+u.other, t.right+u.right
}

func overlap(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}

func (t *tally) add(found, want bool) {
	switch {
	case found && want:
		t.tp++
	case found:
		t.fp++
	case want:
		t.fn++
	}
}

func share(n, of int) float64 { return float64(n) / max(1, float64(of)) }

func (t tally) String() string {
	p := float64(t.tp) / max(1, float64(t.tp+t.fp))
	r := float64(t.tp) / max(1, float64(t.tp+t.fn))
	return fmt.Sprintf("tp %3d fp %3d fn %3d  P %.3f R %.3f  grade %.3f persons±1 %.3f minors±1 %.3f category %.3f; internal or none %.3f", t.tp, t.fp, t.fn, p, r,
		share(t.grade, t.tp), share(t.persons, t.tp), share(t.minors, t.tp), share(t.category, t.tp), share(t.right, t.other))
}

// explain prints what spoke most for an error.
func explain(g *grade.Grader, s *sample, found bool) {
	c := g.Contributions(s.doc)
	var names []string
	for n := range c {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool { return (c[names[i]] > c[names[j]]) == found })
	for _, n := range names[:min(len(names), 9)] {
		fmt.Printf(" %s %.2f;", n, c[n])
	}
	fmt.Println()
}

// lowo trains without each writer in turn and measures on that writer.
func lowo(samples []*sample, names []string, g *grade.Grader, lambda float64, verbose bool, skip string) {
	writers := map[string]bool{}
	for _, s := range samples {
		writers[s.Writer] = true
	}
	var order []string
	for w := range writers {
		order = append(order, w)
	}
	sort.Strings(order)
	var total tally
	sweep := map[float64]*tally{}
	for _, w := range order {
		var train, test []*sample
		for _, s := range samples {
			if s.Writer == w {
				test = append(test, s)
			} else {
				train = append(train, s)
			}
		}
		gw := g.WithModel(fit(train, names, lambda))
		var t tally
		for _, s := range test {
			r := gw.Grade(s.doc)
			for th := -3.0; th <= 4; th += 0.5 {
				if sweep[th] == nil {
					sweep[th] = &tally{}
				}
				if w != "w0" && w != "own" {
					sweep[th].add(gw.Value(s.doc) > th, s.case_)
				}
			}
			found := r.Grade == detectors.Sensitive || r.Grade == detectors.HighlySensitive
			switch {
			case found && s.case_:
				t.tp++
				if !s.graded || string(r.Grade) == s.Sensitivity {
					t.grade++
				}
				if d := r.Minors - s.Minors; !s.graded || d >= -1 && d <= 1 {
					t.minors++
				}
				if !s.graded || overlap(r.Categories, s.Categories) {
					t.category++
				}
				if d := r.Persons - s.Persons; !s.graded || d >= -1 && d <= 1 {
					t.persons++
				} else if verbose && w != skip {
					fmt.Printf("   PERSONS %s got %d want %d %s\n", s.File, r.Persons, s.Persons, s.Why)
				}
			case found:
				t.fp++
			case s.case_:
				t.fn++
			case s.graded:
				t.other++
				if string(r.Grade) == s.Sensitivity {
					t.right++
				}
			}
			if verbose && found != s.case_ {
				fmt.Printf("   %s score %.1f %s %s: %s\n", map[bool]string{true: "FALSE", false: "MISS "}[found], r.Score, s.File, s.Language+" "+s.Layout, s.Why)
				explain(gw, s, found)
			}
		}
		fmt.Printf("%s %s\n", w, t)
		if w != "w0" && w != "own" {
			total.merge(t)
		}
	}
	fmt.Printf("w1 to w8: %s\n", total)
	if verbose {
		for th := -3.0; th <= 4; th += 0.5 {
			fmt.Printf("  %+.1f %s\n", th, sweep[th])
		}
	}
}
