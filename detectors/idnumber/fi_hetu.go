package idnumber

import "strings"

// Finnish henkilötunnus (hetu): DDMMYY c NNN k. The separator c tells the
// century: + for 1800, - Y X W V U for 1900, A B C D E F for 2000; since 2023
// it is part of the identity. NNN is 002-899; 900-999 is never in the
// register (temporary and test numbers). k is a check character modulo 31.
//
// Rule: Digi- ja väestötietovirasto, "Henkilötunnuksen uudistus", and the
// decree in force since 1 January 2023.
var ruleFIHetu = rule{
	name:    "fi-hetu",
	country: fi,
	source:  "https://dvv.fi/hetu-uudistus",
	birth:   birthFI,
	test:    func(c chars, _ int) bool { return c[7] == '9' },
}

const hetuCheck = "0123456789ABCDEFHJKLMNPRSTUVWXY"

// hetuCentury is 1800, 1900 or 2000, or 0 where c is no separator.
func hetuCentury(c byte) int {
	switch {
	case c == '+':
		return 1800
	case c == '-' || c >= 'U' && c <= 'Y':
		return 1900
	case c >= 'A' && c <= 'F':
		return 2000
	}
	return 0
}

func birthFI(c chars, _ int, _ byte, ref day) (day, bool) {
	b := day{hetuCentury(c[6]) + c.num2(4), c.num2(2), c.num2(0)}
	return b, b.real() && !b.after(ref)
}

// fitFI fits eleven characters, the separator at c[6].
func fitFI(c *chars) (date, full bool) {
	if ddmm[c.num4(0)]&dPlain == 0 || c.num3(7) < 2 {
		return false, false
	}
	n := (c.num4(0)*100+c.num2(4))*1000 + c.num3(7)
	return true, hetuCheck[n%31] == c[10]
}

// isHetuCheck reports whether b may be a check character, in upper case.
func isHetuCheck(b byte) bool { return strings.IndexByte(hetuCheck, b) >= 0 }
