package idnumber

import "slices"

// Danish replacement numbers, for people without a CPR number:
//
//	erstatningspersonnummer  a CPR number with 60 added to the day
//	eCPR (health care)       DDMMYY C AA G: C 0, 1, 5, 6 or 7 tells the
//	                         century, AA are letters
//	KOT (schools)            DDMMYY and three letters and a digit
//
// None has a check digit, so they are believed beside a label, or in the eCPR
// form where the text is Danish.
//
// Source: CPR-kontoret, "Erstatningspersonnummer", and Sundhedsdatastyrelsen,
// "eCPR" with its published sample numbers.
var ruleDKErstatning = rule{
	name:    "dk-erstatningscpr",
	country: dk,
	source:  "https://sundhedsdatastyrelsen.dk/data-og-registre/cpr-og-erstatningscpr",
	birth:   birthDKErstatning,
	test: func(c chars, n int) bool {
		return n == 10 && slices.Contains(ecprTests, string(c[:10]))
	},
}

// ecprTests are Sundhedsdatastyrelsen's published sample numbers.
var ecprTests = []string{"0203291WQ3", "1308781OS6", "3101057JC9"}

func birthDKErstatning(c chars, n int, sign byte, ref day) (day, bool) {
	if c[7] <= '9' && c[6] <= '9' {
		return birthDK(c, n, sign, ref)
	}
	b := day{1900 + c.num2(4), c.num2(2), c.num2(0)}
	switch c[6] {
	case '6', '7':
		b.y += 100
	case '5':
		b.y -= 100
	case '0', '1':
	default:
		b.y = newest(c.num2(4), b.m, b.d, ref)
	}
	return b, b.real() && !b.after(ref)
}

// fitECPR fits a date and four characters with letters among them.
func fitECPR(c *chars) bool {
	if ddmm[c.num4(0)]&dPlain == 0 || c[9] > '9' {
		return false
	}
	letter := func(b byte) bool { return b >= 'A' && b <= 'Z' }
	if letter(c[6]) {
		return letter(c[7]) && letter(c[8])
	}
	switch c[6] {
	case '0', '1', '5', '6', '7':
		return letter(c[7]) && letter(c[8])
	}
	return false
}
