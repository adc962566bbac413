package idnumber_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"aktvakt/detectors"
	"aktvakt/detectors/idnumber"
)

// vector is a published number, with its source in testdata/vectors.jsonl.
type vector struct {
	Country string `json:"country"`
	Number  string `json:"number"`
	Kind    string `json:"kind"`
	Valid   bool   `json:"valid"`
	Birth   string `json:"birth"`
	Ref     string `json:"ref"`
	Source  string `json:"source"`
}

// TestVectors puts each published number behind its label.
func TestVectors(t *testing.T) {
	file, err := os.Open("testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n := 0
	for s := bufio.NewScanner(file); s.Scan(); n++ {
		var v vector
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		t.Run(v.Country+" "+v.Number+" "+v.Ref, func(t *testing.T) {
			ref, err := time.Parse(time.DateOnly, v.Ref)
			if err != nil {
				t.Fatal(err)
			}
			f, err := idnumber.New(detectors.Options{Now: ref})
			if err != nil {
				t.Fatal(err)
			}
			label := map[string]string{
				"SE": "Personnummer", "DK": "CPR", "NO": "Fødselsnummer", "FI": "Henkilötunnus",
				"IS": "Kennitala", "EE": "Isikukood",
			}[v.Country]
			person := v.Kind != "company" && v.Kind != "organisationsnummer"
			switch {
			case v.Kind == "reservnummer":
				label = "Reservnummer"
			case strings.HasSuffix(v.Kind, "eCPR"):
				label = "eCPR"
			case v.Source == "Skatteetaten H-number":
				label = "Hjelpenummer"
			}
			ms := f.Find(detectors.Text{Body: []byte(label + ": " + v.Number)})
			if !v.Valid || !person {
				if len(ms) > 0 {
					t.Errorf("found %s at %.2f, want none (%s)", ms[0].Detector, ms[0].Confidence, v.Source)
				}
				return
			}
			if len(ms) != 1 {
				t.Fatalf("found %d, want one (%s)", len(ms), v.Source)
			}
			m := ms[0]
			if m.Confidence < 0.8 || !m.Labelled || m.End-m.Start != len(v.Number) {
				t.Errorf("found %s at %.2f, labelled %v, %d bytes", m.Detector, m.Confidence, m.Labelled, m.End-m.Start)
			}
			switch {
			case v.Birth == "" || strings.Contains(v.Kind, "reserv") || strings.Contains(v.Kind, "eCPR"):
			case len(v.Birth) == 4:
				if !m.Birth.IsZero() || !strings.HasPrefix(m.Masked, v.Birth) {
					t.Errorf("birth %v, masked %q, want the year %s only", m.Birth, m.Masked, v.Birth)
				}
			case m.Birth.Format(time.DateOnly) != v.Birth:
				t.Errorf("born %s, want %s", m.Birth.Format(time.DateOnly), v.Birth)
			}
		})
	}
	if n < 60 {
		t.Errorf("only %d vectors", n)
	}
}
