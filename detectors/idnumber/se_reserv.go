package idnumber

import "slices"

// Reserve numbers of Swedish health care, for patients whose personnummer is
// not known. All have twelve characters:
//
//	Region Stockholm (SLL)   99 yyyy NNNNN C      Luhn over the last eight
//	Västra Götaland (VGR)    yyyymmdd G nn C      G is K, M or X for 5, 7, 8;
//	                         Luhn over the last ten
//	national (NRID)          XX YYMMDD NN G C     XX is 00 (no date) or from 22 on,
//	                         by century; NN are letters; Luhn over all, a letter by its ASCII code
//	Inera (CLNK)             yyyymm 32-59 NNN C   Luhn over the last ten
//	Värmland                 yyyymmdd S n x       no check
//	generic (TF and others)  yyyymmdd and four characters, one a letter
//
// Source: Inera, "Lokala reservidn" and "Nationellt reservid"; the Luhn
// variants were checked against Inera's published sample numbers. Numbers
// without a check are believed beside a label only.
var ruleSEReserv = rule{
	name:    "se-reservnummer",
	country: se,
	source:  "https://inera.atlassian.net/wiki/spaces/OISPU/pages/2788098127/Reservidentiteter",
	birth:   birthSEReserv,
	test: func(c chars, n int) bool {
		return n == 12 && slices.Contains(seReservTests, string(c[:12]))
	},
}

// seReservTests are Inera's published sample numbers.
var seReservTests = []string{
	"991981000010", "991945000023", "991993000032",
	"19810829M071", "19450829K088", "19930829X802", "198108320014",
	"22950606FH20", "25780404KHD5", "00342145BZ31", "00749852BZK0",
}

func birthSEReserv(c chars, n int, _ byte, ref day) (day, bool) {
	if n != 12 {
		return day{}, false
	}
	if c[8] > '9' || c[9] > '9' { // a letter after a date
		b := day{c.num4(0), c.num2(4), c.num2(6)}
		if nridCentury(&c) {
			b.y = 0
			if k := c.num2(0); k > 0 {
				b.y = 1900 + (k-22)%3*100 + c.num2(2)
			}
		}
		if b.y < 1840 || !b.real() || b.after(ref) {
			return day{}, false
		}
		return b, true
	}
	y := c.num4(0) // Inera: the day is not one
	if c.num2(0) == 99 {
		return day{}, false
	}
	return day{y: y}, y <= ref.y
}

func nridCentury(c *chars) bool {
	k := c.num2(0)
	return k == 0 || k >= 22 && k <= 39
}

// fitSEReserv12 fits the two reserve numbers that are digits only.
func fitSEReserv12(c *chars) kindSet {
	switch {
	case c[0] == '9' && c[1] == '9':
		if (c[2] == '1' && c[3] == '9' || c[2] == '2' && c[3] == '0') && luhnText(c, 4, 12, 2, nil) {
			return set(seReserv)
		}
	case c[0] == '1' && c[1] == '9' || c[0] == '2' && c[1] == '0':
		if mmdd[c.num4(4)]&dReserve != 0 && luhn(c, 2) {
			return set(seReserv)
		}
	}
	return 0
}

// fitSEReservText fits reserve numbers of eight digits and four characters
// with a letter among them. checked tells that a check digit holds.
func fitSEReservText(c *chars) (ok, checked bool) {
	ascii := func(b byte) int { return int(b) }
	letters := 0
	for _, b := range c[8:12] {
		if b > '9' {
			letters++
		}
	}
	if letters == 0 {
		return false, false
	}
	if nridCentury(c) && nridLetter(c[8]) && nridLetter(c[9]) && c[11] <= '9' {
		if luhnText(c, 0, 12, 2, ascii) {
			return true, c[0] != '0' && mmdd[c.num4(4)]&dPlain != 0
		}
	}
	date := (c[0] == '1' && c[1] == '9' || c[0] == '2' && c[1] == '0') && mmdd[c.num4(4)]&dPlain != 0
	if !date {
		return false, false
	}
	if letters == 1 && (c[8] == 'K' || c[8] == 'M' || c[8] == 'X') {
		vgr := func(b byte) int { return map[byte]int{'K': 5, 'M': 7, 'X': 8}[b] }
		if c.num2(9) >= 6 && luhnText(c, 2, 12, 2, vgr) {
			return true, true
		}
	}
	return c[8] > '9', false
}

func nridLetter(b byte) bool {
	return b >= 'A' && b <= 'Z' && b != 'I' && b != 'O' && b != 'Q' && b != 'V' && b != 'W'
}
