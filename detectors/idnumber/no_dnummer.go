package idnumber

// Norwegian D-number, for people who are not resident: a fødselsnummer with 40
// added to the day. Its series of III differ since November 2021. Synthetic
// D-numbers add 80 to the month as well.
//
// Rule: Skatteetaten, "Utvidelse av D-nummerserien" (24 June 2021).
var ruleNODNummer = rule{
	name:    "no-dnummer",
	country: no,
	source:  "https://skatteetaten.github.io/folkeregisteret-api-dokumentasjon/utvidelse-av-dnummer-serien/",
	birth:   birthNO,
	test:    testNO,
}
