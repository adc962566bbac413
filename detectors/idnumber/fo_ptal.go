package idnumber

// Faroese p-tal: DDMMYY-NNN, nine digits. No check rule is published, so it
// is found beside the label "p-tal" only. The century is taken as the newest
// that is not in the future.
//
// Source: TAKS, https://www.taks.fo
var ruleFOPtal = rule{
	name:    "fo-ptal",
	country: fo,
	source:  "https://www.taks.fo/fo/borgari/p-tal/",
	birth: func(c chars, _ int, _ byte, ref day) (day, bool) {
		b := day{m: c.num2(2), d: c.num2(0)}
		b.y = newest(c.num2(4), b.m, b.d, ref)
		return b, b.real()
	},
	test: noTest,
}

// fitFO fits nine digits.
func fitFO(c *chars) kindSet {
	if ddmm[c.num4(0)]&dPlain == 0 {
		return 0
	}
	return set(foPtal)
}
