package idnumber

import "aktvakt/detectors"

// kind is one sort of number. A candidate may fit several until it is scored.
type kind uint8

const (
	sePersonnummer kind = iota
	seSamordning
	seReserv
	dkCPR
	dkErstatning
	noFodselsnummer
	noDNummer
	noHNummer
	noFHNummer
	fiHetu
	isKennitala
	isKerfis
	eeIsikukood
	foPtal
	nKinds
	noKind kind = 255
)

// kindSet is a set of kinds, one bit each.
type kindSet uint16

func (s kindSet) has(k kind) bool { return s&(1<<k) != 0 }

func set(ks ...kind) (s kindSet) {
	for _, k := range ks {
		s |= 1 << k
	}
	return s
}

// country is an index into a score per country.
type country uint8

const (
	se country = iota
	dk
	no
	fi
	is
	ee
	fo
	nCountries
)

var countryCode = [nCountries]string{"se", "dk", "no", "fi", "is", "ee", "fo"}

// rule is what the package knows of a kind beyond its checks.
type rule struct {
	name    string
	country country
	source  string
	// birth tells the date of birth for a number in normal form; ok is false
	// where the number tells none or no such day exists before ref.
	birth func(c chars, n int, sign byte, ref day) (day, bool)
	// test tells a number that is published as a test number or lies in a
	// series that is never assigned.
	test func(c chars, n int) bool
}

// chars is a number without separators, letters in upper case.
type chars [14]byte

func (c *chars) num(i int) int  { return int(c[i] - '0') }
func (c *chars) num2(i int) int { return c.num(i)*10 + c.num(i+1) }
func (c *chars) num3(i int) int { return c.num2(i)*10 + c.num(i+2) }
func (c *chars) num4(i int) int { return c.num2(i)*100 + c.num2(i+2) }

// rules is indexed by kind.
var rules [nKinds]rule

func init() {
	rules = [nKinds]rule{
		sePersonnummer:  ruleSEPersonnummer,
		seSamordning:    ruleSESamordning,
		seReserv:        ruleSEReserv,
		dkCPR:           ruleDKCPR,
		dkErstatning:    ruleDKErstatning,
		noFodselsnummer: ruleNOFodselsnummer,
		noDNummer:       ruleNODNummer,
		noHNummer:       ruleNOHNummer,
		noFHNummer:      ruleNOFHNummer,
		fiHetu:          ruleFIHetu,
		isKennitala:     ruleISKennitala,
		isKerfis:        ruleISKerfis,
		eeIsikukood:     ruleEEIsikukood,
		foPtal:          ruleFOPtal,
	}
}

// Infos describes every number that a Finder finds.
func Infos() []detectors.Info {
	out := make([]detectors.Info, 0, nKinds)
	for _, r := range rules {
		out = append(out, detectors.Info{Name: r.name, Country: countryCode[r.country], Source: r.source})
	}
	return out
}

// noTest is the test of kinds without a test series.
func noTest(chars, int) bool { return false }

// noBirth is the birth of kinds that tell none.
func noBirth(chars, int, byte, day) (day, bool) { return day{}, false }
