package idnumber_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aktvakt/detectors"
	"aktvakt/detectors/idnumber"
)

// span is a labelled number in a snippet.
type span struct {
	Start  int    `json:"start"`
	End    int    `json:"end"`
	Expect string `json:"expect"` // positive, negative, ambiguous
	Kind   string `json:"kind"`
	Norm   string `json:"norm"`
	Birth  string `json:"birth"`
	Form   string `json:"form"`
}

// snippet is a line of labels.jsonl.
type snippet struct {
	File     string `json:"file"`
	Lang     string `json:"lang"`
	Template string `json:"template"`
	Text     string `json:"text"` // in testdata only; elsewhere File holds it
	Labels   []span `json:"labels"`
}

func readSnippets(t testing.TB, path string) (list []snippet, texts [][]byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var x snippet
		if err := json.Unmarshal(s.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		b := []byte(x.Text)
		if len(b) == 0 {
			if b, err = os.ReadFile(filepath.Join(filepath.Dir(path), x.File)); err != nil {
				t.Fatal(err)
			}
		}
		list, texts = append(list, x), append(texts, b)
	}
	return list, texts
}

// tally counts one kind at one threshold.
type tally struct{ found, positives, hits, negatives, stray, other int }

// prefixes of the detectors' names by the labels' kinds.
var prefixes = map[string]string{
	"se-pnr": "se-personnummer", "se-samordning": "se-samordningsnummer", "dk-cpr": "dk-cpr", "no-fnr": "no-fodsels",
	"no-test": "no-", "no-dnr": "no-dnummer", "no-hnr": "no-hnummer", "fi-temp": "fi-hetu", "is-kt": "is-kennitala",
}

// evaluate runs the Finder over labelled snippets; tallies are by kind, with
// "all" and "negative" among them.
func evaluate(t testing.TB, f *idnumber.Finder, list []snippet, texts [][]byte, threshold float64, verbose bool) map[string]*tally {
	t.Helper()
	by := map[string]*tally{"all": {}, "negative": {}}
	get := func(k string) *tally {
		if by[k] == nil {
			by[k] = &tally{}
		}
		return by[k]
	}
	for i, x := range list {
		var ms []detectors.Match
		for _, m := range f.Find(detectors.Text{Body: texts[i], Name: x.File}) {
			if m.Confidence >= threshold {
				ms = append(ms, m)
			}
		}
		used := make([]bool, len(ms))
		for _, l := range x.Labels {
			hit := -1
			for j, m := range ms {
				if m.Start < l.End && m.End > l.Start {
					hit = j
					used[j] = true
				}
			}
			switch l.Expect {
			case "positive":
				get("all").positives++
				get(l.Kind).positives++
				if hit >= 0 {
					get("all").found++
					get(l.Kind).found++
					if !strings.HasPrefix(ms[hit].Detector, prefixes[l.Kind]) {
						get("all").other++
						if verbose {
							t.Logf("other kind at %.1f: %s %s as %s %q", threshold, x.File, l.Kind, ms[hit].Detector, texts[i][max(0, l.Start-30):min(len(texts[i]), l.End+10)])
						}
					}
				} else if verbose {
					t.Logf("missed at %.1f: %s %s %s %q", threshold, x.File, l.Kind, l.Form, texts[i][max(0, l.Start-30):min(len(texts[i]), l.End+10)])
				}
			case "negative":
				get("negative").negatives++
				if hit >= 0 {
					get("negative").hits++
					if verbose {
						t.Logf("false at %.1f: %s %s as %s %.2f %q", threshold, x.File, x.Template, ms[hit].Detector, ms[hit].Confidence, texts[i][max(0, l.Start-30):min(len(texts[i]), l.End+10)])
					}
				}
			}
		}
		for j := range used {
			if !used[j] {
				get("all").stray++
				if verbose {
					t.Logf("stray at %.1f: %s %s %q", threshold, x.File, ms[j].Detector, texts[i][ms[j].Start:ms[j].End])
				}
			}
		}
	}
	return by
}

func newFinder(t testing.TB, o detectors.Options) *idnumber.Finder {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	}
	f, err := idnumber.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestCorpus prints recall and false hits over the labelled snippets in
// $AKTVAKT_CORPUS/idnumbers, when that is set:
//
//	AKTVAKT_CORPUS=/path go test -run TestCorpus -v ./detectors/idnumber
func TestCorpus(t *testing.T) {
	dir := os.Getenv("AKTVAKT_CORPUS")
	if dir == "" {
		t.Log("AKTVAKT_CORPUS is not set; the reduced copy in testdata is checked by TestSnippets")
		return
	}
	list, texts := readSnippets(t, filepath.Join(dir, "idnumbers", "labels.jsonl"))
	f := newFinder(t, detectors.Options{})
	for _, th := range []float64{0.5, 0.8} {
		printTallies(t, th, evaluate(t, f, list, texts, th, true))
	}
}

// TestSnippets holds the line on a part of those snippets.
func TestSnippets(t *testing.T) {
	list, texts := readSnippets(t, "testdata/snippets.jsonl")
	f := newFinder(t, detectors.Options{})
	for _, th := range []float64{0.5, 0.8} {
		by := evaluate(t, f, list, texts, th, true)
		all, neg := by["all"], by["negative"]
		if all.positives < 140 || neg.negatives < 30 {
			t.Fatalf("only %d positives and %d negatives", all.positives, neg.negatives)
		}
		if float64(all.found) < 0.98*float64(all.positives) || neg.hits > 0 || all.stray > 0 {
			t.Errorf("at %.1f: %d of %d found, %d negatives hit, %d unlabelled", th, all.found, all.positives, neg.hits, all.stray)
		}
	}
}

func printTallies(t testing.TB, th float64, by map[string]*tally) {
	t.Helper()
	for _, k := range slices.Sorted(maps.Keys(by)) {
		v := by[k]
		s := fmt.Sprintf("at %.1f %-14s", th, k)
		if v.positives > 0 {
			s += fmt.Sprintf(" recall %.3f (%d of %d)", float64(v.found)/float64(v.positives), v.found, v.positives)
		}
		if v.negatives > 0 {
			s += fmt.Sprintf(" hit %d of %d negatives", v.hits, v.negatives)
		}
		if k == "all" {
			s += fmt.Sprintf(", %d unlabelled, %d as another kind", v.stray, v.other)
		}
		t.Log(s)
	}
}
