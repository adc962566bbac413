package engine

import (
	"os"
	"testing"

	"aktvakt/detectors"
	"aktvakt/detectors/grade/fit"
)

// TestLabelledNumbers: the numbers in the labelled texts are nobody's. Danish
// ones are told by their serials, of which some pass the old check by chance,
// Icelandic ones by the serials 00 to 09, which are not assigned.
func TestLabelledNumbers(t *testing.T) {
	_, texts, err := fit.Own()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/formulaic.txt")
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, detectors.Options{Now: formulaicDay})
	seen := 0
	for _, text := range append(texts, data) {
		for _, m := range e.Inspect(detectors.Text{Body: text}).Matches {
			seen++
			if m.Detector == "dk-cpr" {
				switch serial := string(text[m.End-4 : m.End]); serial {
				case "9989", "9990", "9995", "9996":
				default:
					t.Errorf("%s: %s", m.Masked, m.Detector)
				}
				continue
			}
			if m.Detector == "is-kennitala" && text[m.End-4] == '0' {
				continue
			}
			if !m.TestNumber {
				t.Errorf("%s: %s is not published for tests", m.Masked, m.Detector)
			}
		}
	}
	if seen < 100 {
		t.Errorf("%d numbers", seen)
	}
}
