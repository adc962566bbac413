package idnumber

// Icelandic kerfiskennitala (system id), for people who are not registered:
// since 1 November 2021 ten digits of which the first is 8 or 9, the rest
// random; no check digit and no date of birth. Believed beside a label only.
//
// Rule: Þjóðskrá, "Kerfiskennitölur", with 892350-1739 as its example.
var ruleISKerfis = rule{
	name:    "is-kerfiskennitala",
	country: is,
	source:  "https://www.skra.is/folk/kennitolur/kerfiskennitolur/",
	birth:   noBirth,
	test:    func(c chars, n int) bool { return n == 10 && string(c[:10]) == "8923501739" },
}
