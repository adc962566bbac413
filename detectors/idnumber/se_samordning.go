package idnumber

// Swedish samordningsnummer: a personnummer with 60 added to the day, issued
// since 2000 to people who are not registered. The month may be 00 and the day
// 60 where the date of birth is not known; Skatteverket's own list of test
// numbers holds 191500882392.
//
// Rule: Folkbokföringslag (1991:481) 18 a §, now Lag (2022:1697) om
// samordningsnummer.
var ruleSESamordning = rule{
	name:    "se-samordningsnummer",
	country: se,
	source:  "https://www.riksdagen.se/sv/dokument-och-lagar/dokument/svensk-forfattningssamling/lag-20221697-om-samordningsnummer_sfs-2022-1697/",
	birth:   birthSE,
	test:    testSE,
}
