package idnumber

// Swedish personnummer: YYMMDD-NNNC or CCYYMMDD-NNNC. C is a Luhn digit over
// the nine digits before it; NNN is 001-999. A plus sign takes the hyphen's
// place on 1 January of the year in which the person turns 100; in the form
// with a century the sign says nothing. Births may be off by some days, since
// a nearby day in the same month is used when a day's serials are spent.
//
// Rule: Folkbokföringslag (1991:481) 18 §, and Skatteverket's rättslig
// vägledning 330242 and 330245 (SKV 704). Sole traders use the personnummer as
// their organisation number, so an "Org.nr" whose third digit is 0 or 1 names
// a person.
var ruleSEPersonnummer = rule{
	name:    "se-personnummer",
	country: se,
	source:  "https://www.riksdagen.se/sv/dokument-och-lagar/dokument/svensk-forfattningssamling/folkbokforingslag-1991481_sfs-1991-481/#P18",
	birth:   birthSE,
	test:    testSE,
}

// birthSE reads both the personnummer and the samordningsnummer, in ten or
// twelve digits. An unknown month or day of a samordningsnummer is 0.
func birthSE(c chars, n int, sign byte, ref day) (day, bool) {
	i := n - 10
	b := day{m: c.num2(i + 2), d: c.num2(i + 4)}
	if b.d >= 60 {
		b.d -= 60
	}
	known := b.m > 0 && b.d > 0
	if n == 12 {
		b.y = c.num4(0)
	} else {
		b.y = newest(c.num2(i), b.m, b.d, ref)
		if sign == '+' {
			b.y -= 100
		}
	}
	if b.y < 1840 || b.after(ref) || known && !b.real() || b.m > 12 {
		return day{}, false
	}
	return b, true
}

// normalSE puts the century before ten digits.
func normalSE(c *chars, n int, b day) (chars, int) {
	if n == 12 {
		return *c, 12
	}
	var out chars
	out[0], out[1] = '0'+byte(b.y/1000), '0'+byte(b.y/100%10)
	copy(out[2:], c[:10])
	return out, 12
}

// fitSE adds the Swedish kinds whose ten digits start at c[i]. date holds the
// kinds whose date is possible, full those whose check digit holds as well.
func fitSE(c *chars, i int) (date, full kindSet) {
	f := mmdd[c.num4(i+2)]
	if f&(dPlain|dDay60) == 0 || c.num3(i+6) == 0 {
		return 0, 0
	}
	if f&dPlain != 0 {
		if !leapOK(c.num2(i+2), c.num2(i+4), c.num2(i)) {
			return 0, 0
		}
		date = set(sePersonnummer)
	} else {
		date = set(seSamordning)
	}
	if luhn(c, i) {
		full = date
	}
	return date, full
}
