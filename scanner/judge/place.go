package judge

import (
	"slices"
	"strings"

	"aktvakt/scanner/finding"
)

// place is how one document came to be exposed, and where.
type place struct {
	mode finding.Mode
	// root is the folder that the incident is about.
	root string
	// rules are what lets too many in, the widest first.
	rules []finding.Via
	// from is the folder where the widest rule is explicit, empty where it is
	// explicit on the documents themselves.
	from string
	// onFile tells that the document's own rules differ from its neighbours'.
	onFile   bool
	nullDACL bool
}

// rule names the widest rule, to tell incidents apart.
func (p place) rule() string {
	at := p.from
	if p.onFile {
		at = "the file"
	}
	switch {
	case p.nullDACL:
		return "null-dacl"
	case len(p.rules) == 0:
		return ""
	case p.rules[0].SID != "":
		return p.rules[0].SID + "@" + at
	}
	return p.rules[0].Name + "@" + at
}

// What tells a folder of cases from a folder with a stray one. Laholm had one
// personnel case among ordinary documents, Lejre 452 cases in one room; the
// supervisory authorities tell a single slip from a fixed practice the same
// way.
const (
	fewCases     = 3   // so many may be strays
	fewShare     = 0.2 // and so may more, if they are this small a part
	practice     = 25  // so many in one folder are no slip, however much else is there
	clearlyDocs  = 4   // a folder with so many documents speaks for itself
	leastInDense = 2   // one case alone says nothing of its folder
	nearlyAll    = 0.8 // so large a part makes a folder one of cases, however they are spread
)

// place decides how the document came to be exposed, from what else lies in
// its folder and above:
//
//   - rules of its own, wider than its neighbours': overexposed, at the file;
//   - a stray among ordinary documents: misplaced;
//   - else the highest folder, up to where the rule is explicit, whose
//     documents are mostly cases is what is overexposed. It may lie below the
//     folder that grants too much: then that folder may be right for what
//     else is in it, and inheritance is cut at the cases.
func (j *Judge) place(f finding.Finding, c *Census) place {
	p := place{mode: finding.Overexposed, rules: j.offending(f), nullDACL: f.NullDACL}
	if len(p.rules) > 0 {
		p.from = p.rules[0].InheritedFrom
	}
	if f.Carried && f.Root != "" {
		p.mode, p.root, p.onFile = f.Mode, f.Root, f.OnFile
		return p
	}
	chain := folders(f.Target, f.Place())
	if len(chain) == 0 { // the target is the document: nothing is known around it
		p.root = f.Path
		if p.from != "" {
			p.mode = finding.Misplaced
		}
		return p
	}
	chain = upTo(chain, p.from)
	own := chain[0]
	p.root = own
	if f.Grade == finding.Internal {
		// Only guests are too many here, wherever the document lies.
		p.root = chain[len(chain)-1]
		return p
	}
	n := c.at(own)
	if p.from == "" && n.readers > 0 && 2*int(n.readers-1) <= f.People {
		p.onFile = true
		return p
	}
	if n.docs >= clearlyDocs && n.strays() {
		p.mode = finding.Misplaced
		return p
	}
	for i := len(chain) - 1; i >= 0; i-- {
		// Who was seen to read has no folder where it is set: a folder in which
		// some of the cases are closed to the many is not what is open.
		seen := len(p.rules) > 0 && p.rules[0].By != ""
		if a := c.at(chain[i]); a.dense() && !(seen && a.narrow > 0) {
			p.root = chain[i]
			return p
		}
	}
	switch {
	case !n.strays():
	case n.docs == n.cases && p.from == own:
	default:
		p.mode = finding.Misplaced
	}
	return p
}

// strays reports whether the cases in a folder are few among the rest.
func (n node) strays() bool {
	if n.cases >= practice {
		return false
	}
	return n.cases <= fewCases && 2*n.cases < max(n.docs, 3) ||
		float64(n.cases) < fewShare*float64(n.docs)
}

// dense reports whether cases are the rule in a folder and below it: nearly
// all documents, or most of the documents and of the folders. One full
// subfolder does not make its parent one where others hold none, however full
// it is.
func (n node) dense() bool {
	if n.allCases < leastInDense {
		return false
	}
	below := n.folders
	if n.docs > 0 && n.cases == 0 {
		below-- // ordinary documents of its own say nothing of the subfolders
	}
	if float64(n.allCases) >= nearlyAll*float64(n.allDocs) && (n.cases > 0 || 2*n.caseFolders > below) {
		return true
	}
	return 2*n.allCases >= n.allDocs && 2*n.caseFolders > n.folders
}

// upTo cuts a chain of folders at the one where the rule is explicit; the
// whole chain where that lies outside of it.
func upTo(chain []string, from string) []string {
	if i := slices.Index(chain, strings.TrimSuffix(from, "/")); from != "" && i >= 0 {
		return chain[:i+1]
	}
	return chain
}

// offending returns the rules whose removal brings the audience within the
// limit: in order of width, until no wide one and no more than the allowed
// number is left. Under a path rule they are the rules that it does not
// expect.
func (j *Judge) offending(f finding.Finding) []finding.Via {
	rules := grants(f.Via)
	if p := j.policy.pathRule(f.Path); p != nil && f.Grade != finding.Internal {
		return slices.DeleteFunc(rules, func(v finding.Via) bool { return p.expects(v.Name, v.SID) })
	}
	if f.Grade == finding.Internal && f.Allowed == 0 {
		return slices.DeleteFunc(rules, func(v finding.Via) bool {
			return !isAnonymous(v.SID) && !isAnonymousName(v.Name)
		})
	}
	slices.SortStableFunc(rules, func(a, b finding.Via) int {
		if wa, wb := slices.Contains(f.Wide, a.Name), slices.Contains(f.Wide, b.Name); wa != wb {
			if wa {
				return -1
			}
			return 1
		}
		return b.People - a.People
	})
	rest := 0
	for _, v := range rules {
		rest += v.People
	}
	n := 0
	for n < len(rules) && (slices.Contains(f.Wide, rules[n].Name) || rest > f.Allowed) {
		rest -= rules[n].People
		n++
	}
	return rules[:n]
}
