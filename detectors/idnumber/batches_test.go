package idnumber_test

import (
	"path/filepath"
	"testing"

	"aktvakt/detectors"
)

// TestBatches holds the line on batches of texts that were each written before
// the detector had seen any of them; docs/benchmarks.md tells what a batch's
// first run found. All numbers are from published test series or from series
// that are never assigned. Those of the look-alikes too are valid: a
// receipt's number with the date and check digits of a personnummer.
//
// Known and left: "id=" before a user's number in the output of a program, an
// O for a 0 without a label, digits in a row behind a word of which nothing is
// known, and Danish numbers without check digits that no word supports.
func TestBatches(t *testing.T) {
	files, err := filepath.Glob("testdata/batches/*.jsonl")
	if err != nil || len(files) < 18 {
		t.Fatalf("%d batches, error %v", len(files), err)
	}
	f := newFinder(t, detectors.Options{})
	for _, x := range []struct{ threshold, recall, hit float64 }{{0.5, 0.99, 0.008}, {0.8, 0.985, 0.003}} {
		var sum tally
		for _, name := range files {
			list, texts := readSnippets(t, name)
			by := evaluate(t, f, list, texts, x.threshold, true)
			all, neg := by["all"], by["negative"]
			sum.found += all.found
			sum.positives += all.positives
			sum.hits += neg.hits
			sum.negatives += neg.negatives
			if float64(all.found) < 0.965*float64(all.positives) || all.stray > 0 {
				t.Errorf("%s at %.1f: %d of %d found, %d unlabelled", name, x.threshold, all.found, all.positives, all.stray)
			}
		}
		if float64(sum.found) < x.recall*float64(sum.positives) || float64(sum.hits) > x.hit*float64(sum.negatives) {
			t.Errorf("at %.1f: %d of %d found, %d of %d look-alikes hit", x.threshold, sum.found, sum.positives, sum.hits, sum.negatives)
		}
		t.Logf("at %.1f: %d of %d found, %d of %d look-alikes hit", x.threshold, sum.found, sum.positives, sum.hits, sum.negatives)
	}
}
