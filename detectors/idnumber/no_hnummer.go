package idnumber

// Norwegian help numbers of health care. The H-number is made inside one
// organisation: a fødselsnummer with 40 added to the month. The FH-number
// (felles hjelpenummer) starts with 8 or 9, has both control digits and no
// other meaning.
//
// Rule: HIS 1001, "Identifikatorer for personer", Direktoratet for e-helse.
var ruleNOHNummer = rule{
	name:    "no-hnummer",
	country: no,
	source:  "https://www.ehelse.no/standardisering/standarder/identifikatorer-for-personer",
	birth:   birthNO,
	test:    noTest,
}

var ruleNOFHNummer = rule{
	name:    "no-fhnummer",
	country: no,
	source:  "https://www.ehelse.no/standardisering/standarder/identifikatorer-for-personer",
	birth:   noBirth,
	test:    noTest,
}
