package idnumber

// Norwegian fødselsnummer: DDMMYY III K1 K2, both control digits modulo 11.
// III and the year tell the century. Numbers issued from 1 January 2032, also
// to people born before, satisfy a wider first control (remainder 0 to 3), and
// their III tells neither century nor sex.
//
// Synthetic numbers add 80 (Tenor), 65 (NHN) to the month; they are never
// assigned, so they are test numbers.
//
// Rule: Skatteetaten, folkeregisteret-api-dokumentasjon (nyttfnr2032,
// foedselsnummer.csv), and HIS 1001 of Direktoratet for e-helse.
var ruleNOFodselsnummer = rule{
	name:    "no-fodselsnummer",
	country: no,
	source:  "https://skatteetaten.github.io/folkeregisteret-api-dokumentasjon/nytt-foedselsnummer-fra-2032/",
	birth:   birthNO,
	test:    testNO,
}

var (
	noWeights1 = []int{3, 7, 6, 1, 8, 9, 4, 5, 2, 1}
	noWeights2 = []int{5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1}
)

// noRelaxedFrom is the year from which the wider first control holds.
const noRelaxedFrom = 2032

// birthNO reads fødselsnummer, D-number, H-number and synthetic ones.
func birthNO(c chars, _ int, _ byte, ref day) (day, bool) {
	yy, iii := c.num2(4), c.num3(6)
	b := day{m: c.num2(2), d: c.num2(0)}
	dnr := b.d > 40
	if dnr {
		b.d -= 40
	}
	switch {
	case b.m > 80:
		b.m -= 80
	case b.m > 65:
		b.m -= 65
	case b.m > 40:
		b.m -= 40
	}
	if weighted(&c, noWeights1) != 0 {
		b.y = newest(yy, b.m, b.d, ref)
		return b, b.real()
	}
	b.y = noCentury(yy, iii, dnr) + yy
	return b, b.y >= 1800 && b.real() && !b.after(ref)
}

// noCentury is 1800, 1900 or 2000, or 0 for a series that is never issued.
// The series of D-numbers widened in November 2021.
func noCentury(yy, iii int, dnr bool) int {
	if dnr {
		switch {
		case yy <= 39 && iii <= 199:
			return 1900
		case yy <= 39:
			return 2000
		case iii >= 500 && iii <= 599:
			if yy >= 58 {
				return 1800
			}
			return 0
		}
		return 1900
	}
	switch {
	case iii <= 499:
		return 1900
	case iii <= 749 && yy >= 54:
		return 1800
	case yy <= 39:
		return 2000
	case iii >= 900:
		return 1900
	}
	return 0
}

// testNO: months over 65 are synthetic.
func testNO(c chars, _ int) bool { return c.num2(2) > 65 }

// fitNO fits eleven digits to the Norwegian kinds. relaxed admits the first
// control of 2032.
func fitNO(c *chars, relaxed bool) (date, full kindSet) {
	f := ddmm[c.num4(0)]
	switch {
	case f&(dPlain|dMonth65|dMonth80) != 0:
		if !leapOK(c.num2(2)%40, c.num2(0), c.num2(4)) {
			return 0, 0
		}
		date = set(noFodselsnummer)
	case f&(dDay40|dDay4080) != 0:
		date = set(noDNummer)
	case f&dMonth40 != 0:
		date = set(noHNummer)
	case c[0] >= '8':
		date = set(noFHNummer)
	default:
		return 0, 0
	}
	k1 := weighted(c, noWeights1)
	if k1 != 0 && (!relaxed || k1 > 3) || weighted(c, noWeights2) != 0 {
		return date, 0
	}
	if c[0] < '8' && k1 == 0 && noCentury(c.num2(4), c.num3(6), c[0] >= '4') == 0 {
		return 0, 0
	}
	return date, date
}
