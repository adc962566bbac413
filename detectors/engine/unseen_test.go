package engine

import (
	"os"
	"testing"

	"aktvakt/detectors"
	"aktvakt/detectors/grade/fit"
)

// TestUnseen holds the line on texts that the weights never saw. Of those in
// unseen.txt 10 of 11 cases were found on the first run, each with the right
// grade, and an exercise of 7 other texts was taken for a case; of those in
// heldout.txt 52 of 70, and 3 of 47 others were taken for one.
func TestUnseen(t *testing.T) {
	for _, test := range []struct {
		file                                   string
		cases, found, falsely, graded, counted int
	}{
		{"unseen.txt", 11, 10, 1, 9, 9},
		{"heldout.txt", 70, 61, 4, 45, 55},
	} {
		data, err := os.ReadFile("testdata/" + test.file)
		if err != nil {
			t.Fatal(err)
		}
		labels, texts, err := fit.Parse(test.file, string(data))
		if err != nil {
			t.Fatal(err)
		}
		e := newEngine(t, detectors.Options{CountTestNumbers: true, Now: formulaicDay})
		var all Tally
		for i, l := range labels {
			r := e.Inspect(detectors.Text{Body: texts[i]})
			all.add(&l, r)
			if reported(r) != l.Case() {
				t.Logf("%s: graded %s, score %.1f", l.File, r.Grade, r.Score)
			}
		}
		if all.Found+all.Missed != test.cases || all.Found < test.found || all.False > test.falsely || all.Grade < test.graded || all.Persons < test.counted {
			t.Errorf("%s: %s", test.file, &all)
		}
	}
}
