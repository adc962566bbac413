package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"aktvakt/detectors"
	"aktvakt/detectors/grade/fit"
)

// formulaicDay is the day on which ages are counted.
var formulaicDay = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

// TestFormulaic: short case documents of fields and set phrases are graded as
// people would, and what looks like them is not. The weights never saw these
// texts, and each must be right on its own.
func TestFormulaic(t *testing.T) {
	data, err := os.ReadFile("testdata/formulaic.txt")
	if err != nil {
		t.Fatal(err)
	}
	labels, texts, err := fit.Parse("formulaic.txt", string(data))
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, detectors.Options{CountTestNumbers: true, Now: formulaicDay})
	cases := 0
	for i, l := range labels {
		r := e.Inspect(detectors.Text{Body: texts[i]})
		if got := string(r.Grade); got != l.Sensitivity {
			t.Errorf("%s: graded %s, want %s; score %.1f: %v", l.File, got, l.Sensitivity, r.Score, r.Reasons)
		}
		if !l.Case() {
			continue
		}
		cases++
		if r.Persons != l.Persons || r.Minors != l.Minors {
			t.Errorf("%s: %d persons, %d minors, want %d, %d", l.File, r.Persons, r.Minors, l.Persons, l.Minors)
		}
	}
	if cases < 15 || len(labels)-cases < 10 {
		t.Errorf("%d cases of %d texts", cases, len(labels))
	}
}

// TestMinutes: minutes of one committee differ in a sentence and a decision,
// and none of them falls below the grade of its kind. Two numbers are two
// people, one of them a child.
func TestMinutes(t *testing.T) {
	e := newEngine(t, detectors.Options{CountTestNumbers: true, Now: formulaicDay})
	for _, what := range []string{
		"Skolen har underrettet om blå mærker på barnets arme. Barnet fortæller, at far slår, når han har drukket.",
		"Mor oplyser, at hun er i misbrugsbehandling og har haft et tilbagefald. Barnet har haft 31 dages fravær.",
		"Barnet har skåret sig selv og fortæller om selvmordstanker.",
		"Politiet har været tilkaldt til hjemmet på grund af vold mod mor, mens barnet var til stede.",
		"Plejefamilien oplyser, at barnet vågner om natten og ikke vil på samvær med far.",
		"Børnehaven er bekymret.",
	} {
		for _, decision := range []string{
			"Indstilling: Barnet anbringes uden for hjemmet efter barnets lov § 46.",
			"Beslutning: Der iværksættes børnefaglig undersøgelse efter barnets lov § 20.",
			"Beslutning: Familien bevilges familiebehandling, og der udpeges en kontaktperson.",
		} {
			for _, names := range [][2]string{{"Malthe Mønsterby", "Jesper"}, {"Clara Fiktborg", "Camilla"}, {"Storm Opdigtholm", "Trine"}} {
				_, family, _ := strings.Cut(names[0], " ")
				r := e.Inspect(detectors.Text{Body: fmt.Appendf(nil, `FORTROLIGT
Referat fra visitationsudvalget, Center for Børn og Unge
Barnets navn: %s
Barnets cpr-nr.: 040113-9996
Forælder: %s %s
Forælders cpr-nr.: 040179-9989
Dato: 04-01-2019
Sagsfremstilling: %s
Faglig vurdering: Barnets udvikling er i fare, og forælderen samarbejder ikke om støtten.
%s
`, names[0], names[1], family, what, decision)})
				if r.Grade != detectors.HighlySensitive || r.Persons != 2 || r.Minors != 1 {
					t.Errorf("%s %s %s: %s, %d persons, %d minors, score %.1f: %v", names[0], what, decision, r.Grade, r.Persons, r.Minors, r.Score, r.Reasons)
				}
			}
		}
	}
}

// TestNumberFloor: the number of a person makes any text internal, at any
// place of it; a published test number does so where test numbers count and
// the text does not teach.
func TestNumberFloor(t *testing.T) {
	line := "Gatan ska asfalteras och vattenledningen bytas under hösten.\n"
	far := strings.Repeat(line, 2*segmentSize/len(line))
	for _, c := range []struct {
		text  string
		count bool
		want  detectors.Grade
	}{
		{"Hänvisning: personnummer 20150404-2381, se kvittot.", true, detectors.Internal},
		{"Hänvisning: personnummer 20150404-2381, se kvittot.", false, detectors.None},
		{far + "Hänvisning: personnummer 20150404-2381.\n" + far, true, detectors.Internal},
		{"Övning: skriv personnummer så här: 20150404-2381. Personen är fiktiv.", true, detectors.None},
		{line, true, detectors.None},
	} {
		e := newEngine(t, detectors.Options{CountTestNumbers: c.count, Now: formulaicDay})
		if r := e.Inspect(detectors.Text{Body: []byte(c.text)}); r.Grade != c.want {
			t.Errorf("%.60q, test numbers counted %v: %s, want %s: %v", c.text, c.count, r.Grade, c.want, r.Reasons)
		}
	}
}

// TestDistance: the reasons tell what lacks to the next grade.
func TestDistance(t *testing.T) {
	e := newEngine(t, detectors.Options{CountTestNumbers: true, Now: formulaicDay})
	r := e.Inspect(detectors.Text{Body: []byte("Löneutbetalning\nAnna Provgren, personnr 19890822-2394. Lön 24 000 kr, skatt 5 100 kr. Utbetalas den 27 maj. Moms ingår inte.")})
	if r.Grade != detectors.Internal || !strings.Contains(fmt.Sprint(r.Reasons), "points below sensitive") {
		t.Errorf("%s, score %.1f: %v", r.Grade, r.Score, r.Reasons)
	}
}
