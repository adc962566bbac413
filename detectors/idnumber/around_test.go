package idnumber_test

import (
	"testing"

	"aktvakt/detectors"
)

// What the words around a number do, each with its opposite.
var aroundCases = []struct{ name, text string }{
	{"preposition", "Behörigheten beställs för ⟦790602-2392|se-personnummer⟧ idag."},
	{"no preposition", "Beställningen 790602-2392 är klar."},
	{"call", "Vem ringer vi om ⟦790602-2392|se-personnummer⟧ inte kommer?"},
	{"telephone", "Telefonnummer: 790602-2392"},
	{"case of a D-number", "Flyktning, dnr ⟦41814061033|no-dnummer⟧, bosettes"},
	{"case", "Dnr 790602-2392, handling 4"},
	{"head of a compound", "Kortinnehavaren ⟦7906022392|se-personnummer⟧"},
	{"the other compound", "Innehavarkontot 7906022392"},
	{"thing of a number", "Boende i lägenhet 3: ⟦790602-2392|se-personnummer⟧"},
	{"thing", "Elmätaren 7906022392 är trasig"},
	{"verb behind", "Larm om natten: ⟦7906022392|se-personnummer⟧ ramlade vid sängen"},
	{"fate behind", "Larm om natten: 7906022392 avläst"},
	{"broken label", "Person-\nnummer ⟦7906022392|se-personnummer⟧"},
	{"short label", "Har samordn.nr ⟦591279-2388|se-samordningsnummer⟧."},
	{"temporary", "Tillfälligt id: ⟦198108320014|se-reservnummer⟧ (okänd man)"},
	{"id of a thing", "Id på enheten: 7906022392"},
	{"snake case", "span_id=7906022392 parent=0"},
	{"snake case of a person", "patient_id=⟦7906022392|se-personnummer⟧ unit=4"},
	{"letter-spaced before å", "⟦1 9 7 9 0 6 0 2 - 2 3 9 2|se-personnummer⟧ åker hem"},
	{"time stamp", "Klockan 201203141051 loggade den in"},
	{"year before time stamps", "Flyttar in: ⟦195205162331|se-personnummer⟧ bor kvar"},
	{"units behind a comma", "Tändstift, Bosch 7906022392, 4 st"},
	{"unknown noun in a sentence", "Trädet, gren 7906022392 vid vägen"},
	{"hetu with a soft hyphen", "hoidettava ⟦050594U\u00ad903M|fi-hetu⟧."},
}

func TestAround(t *testing.T) {
	f := newFinder(t, detectors.Options{})
	for _, c := range aroundCases {
		t.Run(c.name, func(t *testing.T) {
			text, want := unmark(t, c.text)
			check(t, f, text, 0, want)
		})
	}
}
