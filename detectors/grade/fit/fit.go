// Package fit learns the weights of package grade from labelled texts. It is
// deterministic: the same texts give the same weights.
//
// The weights are those of linear models over evidence that people can read,
// because what a model says must be told to those who act on it. Words and
// pairs of words as features of their own were tried and gained one document
// of 299 on writers left out, for 9,000 weights; they are not worth that.
//
// Start reading at Model.
package fit

import (
	"fmt"
	"slices"
	"strings"

	"aktvakt/detectors/grade"
)

// Label is what a person says of a text.
type Label struct {
	File        string   `json:"file"`
	Writer      string   `json:"writer"`
	Language    string   `json:"language"`
	Layout      string   `json:"layout"`
	Why         string   `json:"why"`
	Sensitivity string   `json:"sensitivity"`
	Categories  []string `json:"categories"`
	Persons     int      `json:"persons"`
	Minors      int      `json:"minors"`
	// Positive decides where Graded is false: then the label tells only case
	// or not.
	Positive bool `json:"positive"`
	Graded   bool `json:"-"`
}

// Case reports whether the text is sensitive or more.
func (l *Label) Case() bool {
	if !l.Graded {
		return l.Positive
	}
	return l.Sensitivity == "sensitive" || l.High()
}

// High reports whether the text is highly sensitive.
func (l *Label) High() bool { return l.Sensitivity == "highly-sensitive" }

// Sample is a labelled text and its features.
type Sample struct {
	Label
	Document *grade.Document
	X        []float64
	// Thinned are the features as graders see them that do not know a part
	// of the vocabulary.
	Thinned [][]float64
}

// ThinnedCopies is how many thinned features a sample should have.
const ThinnedCopies = 2

// thinned returns the samples and, for each of their thinned features, one
// more.
func thinned(samples []*Sample) []*Sample {
	out := slices.Clone(samples)
	for _, s := range samples {
		for _, x := range s.Thinned {
			c := *s
			c.X, c.Thinned = x, nil
			out = append(out, &c)
		}
	}
	return out
}

// The strength of regularisation of each part, chosen on writers left out;
// between a half and twice of each the figures hardly move.
const (
	l2Case, l2High, l2Internal, l2Count = 60, 40, 10, 3
)

// The features of each part, by the beginnings of their names.
const (
	caseFeatures     = "words: size topic: topics: kinds peak markers: ids people: density: both: share: all layout: scene:"
	highFeatures     = "subject: subjects: words:kin words:the-child"
	internalFeatures = "people: ids words:staff words:public words:guidance words:template words:training words:fiction layout:cells density:names persons:"
)

// Counts above these are lists, which rules count; they must not bend the
// model of letters and notes.
const mostPersons, mostMinors = 8, 6

// Model learns from samples. names are those of their features.
func Model(samples []*Sample, names []string) *grade.Model {
	var cases, others []*Sample
	for _, s := range samples {
		switch {
		case !s.Graded:
		case s.Case():
			cases = append(cases, s)
		default:
			others = append(others, s)
		}
	}
	return &grade.Model{
		Note:     fmt.Sprintf("trained on %d texts", len(samples)),
		Case:     logistic(thinned(samples), names, subset(caseFeatures), func(s *Sample) bool { return s.Case() }, l2Case),
		High:     logistic(thinned(cases), names, subset(highFeatures), func(s *Sample) bool { return s.High() }, l2High),
		Internal: logistic(others, names, subset(internalFeatures), func(s *Sample) bool { return s.Sensitivity == "internal" }, l2Internal),
		Persons:  ridge(cases, names, subset("persons:"), func(s *Sample) float64 { return float64(min(s.Persons, mostPersons)) }, l2Count),
		Minors:   ridge(cases, names, subset("minors:"), func(s *Sample) float64 { return float64(min(s.Minors, mostMinors)) }, l2Count),
	}
}

// subset chooses features by the beginnings of their names.
func subset(prefixes string) func(string) bool {
	list := strings.Fields(prefixes)
	return func(name string) bool {
		for _, p := range list {
			if strings.HasPrefix(name, p) {
				return true
			}
		}
		return false
	}
}
