package idnumber

// Danish CPR number: DDMMYY-SSSS, the same register for Greenland since
// 1 May 1972. The seventh digit and the year tell the century. Modulus 11
// (weights 4 3 2 7 6 5 4 3 2 1) is evidence only: it is not required since
// 1 October 2007, and numbers without it were issued for 1 January of many
// years. Serial 0000 is unused.
//
// Rule: CPR-kontoret, "Personnummeret i CPR", and cpr.dk on numbers without
// control digit (as of 10 May 2023).
var ruleDKCPR = rule{
	name:    "dk-cpr",
	country: dk,
	source:  "https://cpr.dk/cpr-systemet/opbygning-af-cpr-nummeret",
	birth:   birthDK,
	test:    testDK,
}

var cprWeights = []int{4, 3, 2, 7, 6, 5, 4, 3, 2, 1}

func birthDK(c chars, _ int, _ byte, ref day) (day, bool) {
	yy, s := c.num2(4), c.num(6)
	b := day{m: c.num2(2), d: c.num2(0)}
	if b.d > 60 {
		b.d -= 60 // erstatningsnummer
	}
	switch {
	case s <= 3:
		b.y = 1900 + yy
	case s == 4 || s == 9:
		b.y = 1900 + yy
		if yy <= 36 {
			b.y = 2000 + yy
		}
	default:
		b.y = 1800 + yy
		if yy <= 57 {
			b.y = 2000 + yy
		}
	}
	return b, b.real() && !b.after(ref)
}

// testDK knows MedCom's national test patients: reserved serials that fail
// modulus 11 on purpose.
func testDK(c chars, _ int) bool {
	switch c.num4(6) {
	case 9989, 9990, 9995, 9996:
		return weighted(&c, cprWeights) != 0
	}
	return false
}

// noMod11Years are the years, modulo 100, for whose 1 January numbers that
// fail modulus 11 are known to have been issued.
var noMod11Years = func() (t [100]bool) {
	for _, y := range []int{60, 62, 64, 65, 66, 67, 69, 70, 74, 75, 78, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 94, 95} {
		t[y] = true
	}
	return t
}()

// fitDK fits the CPR number and the erstatningsnummer. full means that
// modulus 11 holds or need not hold.
func fitDK(c *chars) (date, full kindSet) {
	f := ddmm[c.num4(0)]
	if f&(dPlain|dDay60) == 0 || c.num4(6) == 0 {
		return 0, 0
	}
	if f&dPlain == 0 {
		if c[0] == '6' && c[1] == '0' || c[2] == '0' && c[3] == '0' {
			return 0, 0
		}
		return set(dkErstatning), 0
	}
	if !leapOK(c.num2(2), c.num2(0), c.num2(4)) {
		return 0, 0
	}
	if weighted(c, cprWeights) == 0 || c.num4(0) == 101 && noMod11Years[c.num2(4)] {
		full = set(dkCPR)
	}
	return set(dkCPR), full
}
