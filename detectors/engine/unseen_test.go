package engine

import (
	"os"
	"testing"

	"aktvakt/detectors"
	"aktvakt/detectors/grade/fit"
)

// TestUnseen holds the line on texts that the weights never saw. On their
// first run 10 of 11 cases were found, each with the right grade, and an
// exercise of 7 other texts was taken for a case; a tip without a name about
// somebody without a name was missed.
func TestUnseen(t *testing.T) {
	data, err := os.ReadFile("testdata/unseen.txt")
	if err != nil {
		t.Fatal(err)
	}
	labels, texts, err := fit.Parse("unseen.txt", string(data))
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, detectors.Options{CountTestNumbers: true, Now: formulaicDay})
	cases, found, falsely, graded, counted := 0, 0, 0, 0, 0
	for i, l := range labels {
		r := e.Inspect(detectors.Text{Body: texts[i]})
		hit := r.Grade == detectors.Sensitive || r.Grade == detectors.HighlySensitive
		switch {
		case !l.Case() && hit:
			falsely++
			t.Logf("%s: graded %s, score %.1f", l.File, r.Grade, r.Score)
		case l.Case():
			cases++
			if !hit {
				t.Logf("%s: graded %s, score %.1f", l.File, r.Grade, r.Score)
				continue
			}
			found++
			if string(r.Grade) == l.Sensitivity {
				graded++
			}
			if d := r.Persons - l.Persons; d >= -1 && d <= 1 {
				counted++
			}
		}
	}
	if cases != 11 || found < 10 || falsely > 1 || graded < found-1 || counted < found-1 {
		t.Errorf("%d of %d cases found, %d falsely, %d with the right grade, %d with the right number of people", found, cases, falsely, graded, counted)
	}
}
