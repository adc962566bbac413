package idnumber

// Estonian isikukood: G YYMMDD SSS C. G tells century and sex (1-6), C is a
// check digit modulo 11 with a second row of weights. Found beside a label
// only: Estonians work in every Nordic municipality, but eleven digits with
// one check are too common.
//
// Rule: EVS 585:2007.
var ruleEEIsikukood = rule{
	name:    "ee-isikukood",
	country: ee,
	source:  "https://www.riigiteataja.ee/akt/114032011004",
	birth:   birthEE,
	test:    noTest,
}

var (
	eeWeights1 = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 1}
	eeWeights2 = []int{3, 4, 5, 6, 7, 8, 9, 1, 2, 3}
)

func birthEE(c chars, _ int, _ byte, ref day) (day, bool) {
	b := day{1800 + (c.num(0)-1)/2*100 + c.num2(1), c.num2(3), c.num2(5)}
	return b, b.real() && !b.after(ref)
}

// fitEE fits eleven digits.
func fitEE(c *chars) (date, full kindSet) {
	if c[0] < '1' || c[0] > '6' || mmdd[c.num4(3)]&dPlain == 0 {
		return 0, 0
	}
	k := weighted(c, eeWeights1)
	if k == 10 {
		k = weighted(c, eeWeights2) % 10
	}
	if k == c.num(10) {
		full = set(eeIsikukood)
	}
	return set(eeIsikukood), full
}
