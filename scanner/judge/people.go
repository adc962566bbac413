package judge

import "aktvakt/scanner/finding"

// People counts the distinct persons of the findings, and how many of them
// are minors: each identity number once over all documents, plus those that a
// document names without a number. Findings that somebody accepted do not
// count.
func People(found []finding.Finding) (persons, minors int) {
	all := make([]*finding.Finding, 0, len(found))
	for i := range found {
		if !found[i].Closed() {
			all = append(all, &found[i])
		}
	}
	return countPersons(all)
}
