package idnumber

import "slices"

// Icelandic kennitala: DDMMYY-NNKC. C tells the century (8, 9 or 0), K is a
// check digit modulo 11 (weights 3 2 7 6 5 4 3 2 1). NN starts at 20; 01-19
// were system ids. Organisations add 40 to the day and are not people.
// Kennitölur issued since 18 February 2026 have no check digit.
//
// Rule: Þjóðskrá, "Um kennitölur" and "Kennitölur án vartölu".
var ruleISKennitala = rule{
	name:    "is-kennitala",
	country: is,
	source:  "https://www.skra.is/folk/kennitolur/",
	birth:   birthIS,
	test: func(c chars, n int) bool {
		return c[6] == '0' && c[7] == '0' || n == 10 && slices.Contains(gervimenn, string(c[:10]))
	},
}

// gervimenn are the published test persons ("Gervimaður").
var gervimenn = []string{
	"0101302129", "0101302209", "0101302399", "0101302479", "0101302559",
	"0101302639", "0101302719", "0101302989", "0101303019", "0101303369",
	"0101304339", "0101304929", "0101305069", "0101307789",
}

var isWeights = []int{3, 2, 7, 6, 5, 4, 3, 2, 1}

func birthIS(c chars, _ int, _ byte, ref day) (day, bool) {
	b := day{1900 + c.num2(4), c.num2(2), c.num2(0)}
	switch c[9] {
	case '8':
		b.y -= 100
	case '0':
		b.y += 100
	}
	return b, b.real() && !b.after(ref)
}

// fitIS fits ten digits; full means that the check digit holds.
func fitIS(c *chars) (date, full kindSet) {
	if ddmm[c.num4(0)]&dPlain == 0 || c[9] != '9' && c[9] != '0' && c[9] != '8' {
		if c[0] >= '8' {
			return set(isKerfis), 0
		}
		return 0, 0
	}
	if !leapOK(c.num2(2), c.num2(0), c.num2(4)) {
		return 0, 0
	}
	if weighted(c, isWeights) == 0 {
		full = set(isKennitala)
	}
	return set(isKennitala), full
}
