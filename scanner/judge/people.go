package judge

import "aktvakt/scanner/finding"

// People counts the distinct persons of the findings, and how many of them
// are minors: each identity number once over all documents, plus those that a
// document names without a number.
func People(found []finding.Finding) (persons, minors int) {
	all := make([]*finding.Finding, len(found))
	for i := range found {
		all[i] = &found[i]
	}
	return countPersons(all)
}
