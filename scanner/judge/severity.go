package judge

import "aktvakt/scanner/finding"

// weight is what the severity of a finding or an incident follows from.
type weight struct {
	grade   finding.Grade
	verdict finding.Verdict
	wide    bool
	beyond  int
	staff   int
	persons int
	minors  int
}

// Thresholds of severity. The authorities weigh the category first, then how
// many could open the document and how many persons it exposes, children
// above all; that somebody could suffices, that somebody did is not needed.
const (
	someBeyond  = 10   // more readers than the limit than one team
	manyBeyond  = 100  // as bad as a wide group
	broadShare  = 0.25 // of staff beyond the limit, as bad as a wide group
	broadStaff  = 20   // below this many accounts a share says nothing
	manyPersons = 10   // a list, not a case
	massPersons = 100  // a register
)

// severity returns the grade's step, raised by the breadth of the audience
// and by the persons exposed.
func severity(w weight) finding.Severity {
	step := 0
	switch w.grade {
	case finding.HighlySensitive:
		step = 2
	case finding.Sensitive:
		step = 1
	case finding.Internal:
	default:
		return finding.Low
	}
	if w.verdict == finding.TooWide {
		switch {
		case w.wide, w.beyond >= manyBeyond,
			w.staff >= broadStaff && float64(w.beyond) >= broadShare*float64(w.staff):
			step += 2
		case w.beyond >= someBeyond:
			step++
		}
	}
	switch {
	case w.minors > 0 && w.grade != finding.Internal, w.persons >= massPersons:
		step++
	case w.persons >= manyPersons && w.grade != finding.Internal:
		step++
	}
	switch {
	case step >= 4:
		return finding.Critical
	case step == 3:
		return finding.High
	case step == 2:
		return finding.Medium
	}
	return finding.Low
}
