package judge

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"aktvakt/scanner/finding"
)

// Incidents gives each too-wide finding its mode and cure and gathers those
// with one cause (same mode, same root folder, same rule) into incidents, the
// gravest first. The findings come back in their order, changed in a copy.
// Findings with an unknown verdict belong to no incident; those that somebody
// accepted keep the id of theirs and are left out of it. To apply acceptances
// of whole incidents, call Incidents, then Acceptances.Apply, then it again.
//
// The census must hold every document that the run judged; nil means that
// nothing is known of the neighbours.
func (j *Judge) Incidents(findings []finding.Finding, c *Census) ([]finding.Finding, []finding.Incident) {
	out := slices.Clone(findings)
	type group struct {
		place place
		at    []int
	}
	groups := map[string]*group{}
	var order []string
	for i := range out {
		f := &out[i]
		if f.Closed() {
			continue
		}
		if f.Verdict != finding.TooWide {
			f.Mode, f.Cure, f.Incident = "", nil, ""
			continue
		}
		p := j.place(*f, c)
		key := hashID("incident", f.Target, string(p.mode), p.root, p.rule())
		g := groups[key]
		if g == nil {
			g = &group{place: p}
			groups[key] = g
			order = append(order, key)
		}
		g.at = append(g.at, i)
		f.Mode, f.Incident, f.Root, f.OnFile = p.mode, "I-"+key, p.root, p.onFile
	}
	incidents := make([]finding.Incident, 0, len(order))
	for _, key := range order {
		g := groups[key]
		members := make([]*finding.Finding, len(g.at))
		for k, i := range g.at {
			members[k] = &out[i]
		}
		incidents = append(incidents, gather("I-"+key, g.place, members, c))
	}
	SortIncidents(incidents)
	return out, incidents
}

// SortIncidents puts the gravest first: severity, then persons, documents,
// readers beyond, and the name of the root.
func SortIncidents(in []finding.Incident) {
	slices.SortStableFunc(in, func(a, b finding.Incident) int {
		return cmp.Or(
			cmp.Compare(b.Severity.Rank(), a.Severity.Rank()),
			cmp.Compare(b.Persons, a.Persons),
			cmp.Compare(b.Documents, a.Documents),
			cmp.Compare(b.Beyond, a.Beyond),
			cmp.Compare(a.Root, b.Root),
			cmp.Compare(a.ID, b.ID))
	})
}

// gather makes one incident of its findings and writes their cures.
func gather(id string, p place, members []*finding.Finding, c *Census) finding.Incident {
	widest := members[0]
	in := finding.Incident{
		ID: id, Target: widest.Target, Mode: p.mode, Verdict: finding.TooWide, Root: p.root,
		Documents: len(members), Categories: []string{}, Wide: []string{}, Findings: make([]string, 0, len(members)),
	}
	status := map[string]int{}
	byCategory := map[string]int{}
	for _, f := range members {
		if f.People > widest.People {
			widest = f
		}
		if gradeRank(f.Grade) > gradeRank(in.Grade) {
			in.Grade = f.Grade
		}
		for _, cat := range f.Categories {
			byCategory[cat]++
		}
		for _, w := range f.Wide {
			if !slices.Contains(in.Wide, w) {
				in.Wide = append(in.Wide, w)
			}
		}
		in.People, in.PeopleMax = max(in.People, f.People), max(in.PeopleMax, f.PeopleMax)
		in.Staff, in.Beyond = max(in.Staff, f.Staff), max(in.Beyond, f.Beyond)
		in.FirstSeen, in.LastSeen = earlier(in.FirstSeen, f.FirstSeen), later(in.LastSeen, f.LastSeen)
		in.Findings = append(in.Findings, f.ID)
		for _, d := range f.Duplicates {
			if !under(d, p.root) && len(in.Duplicates) < maxDuplicates && !slices.Contains(in.Duplicates, d) {
				in.Duplicates = append(in.Duplicates, d)
			}
		}
		status[f.Status]++
	}
	for cat := range byCategory {
		in.Categories = append(in.Categories, cat)
	}
	slices.SortFunc(in.Categories, func(a, b string) int {
		return cmp.Or(cmp.Compare(byCategory[b], byCategory[a]), cmp.Compare(a, b))
	})
	in.Via = widest.Via
	in.Persons, in.Minors = countPersons(members)
	in.Status = groupStatus(status, len(members))
	in.ExposedSince, in.ExposedBy = exposedSince(members)
	in.Severity = severity(weight{
		grade: in.Grade, verdict: in.Verdict, beyond: in.Beyond, staff: in.Staff,
		wide: len(in.Wide) > 0 || widest.NullDACL, persons: in.Persons, minors: in.Minors,
	})
	for _, f := range members {
		if f.Severity.Rank() > in.Severity.Rank() {
			in.Severity = f.Severity
		}
	}
	in.Cure = p.cure(members, in, c)
	for _, f := range members {
		one := *in.Cure
		if p.mode == finding.Misplaced {
			one.At, one.Closes = f.Path, 1
			one.Command = moveCommand(f.Path, one.To)
		}
		f.Cure = &one
	}
	in.Title = title(in)
	return in
}

// maxDuplicates is how many places with the same text an incident names.
const maxDuplicates = 10

// countPersons counts each identity number once over all documents, and adds
// the persons that a document names without a number.
func countPersons(members []*finding.Finding) (persons, minors int) {
	seen := map[[16]byte]bool{}
	for _, f := range members {
		own, ownMinors := map[[16]byte]bool{}, 0
		for _, k := range f.PersonKeys {
			if own[k.Key] {
				continue
			}
			own[k.Key] = true
			if k.Minor {
				ownMinors++
			}
			if minor, ok := seen[k.Key]; !ok || k.Minor && !minor {
				seen[k.Key] = k.Minor
			}
		}
		persons += max(0, f.Persons-len(own))
		minors += max(0, f.Minors-ownMinors)
	}
	persons += len(seen)
	for _, m := range seen {
		if m {
			minors++
		}
	}
	return persons, min(minors, persons)
}

// Names of what ExposedBy rests on.
const (
	byCreated   = "created"
	byModified  = "modified"
	byRules     = "rules-changed"
	byFirstSeen = "first-seen"
)

// exposedSince returns the earliest sign that a document could have been read
// by too many: the night in which its access rules were seen to have changed,
// else its birth where the file server knows it, else its last change, else the
// night it was first seen. Nobody can tell from a listing since when the ACL
// is what it is.
func exposedSince(members []*finding.Finding) (since time.Time, by string) {
	for _, f := range members {
		t, what := f.Created, byCreated
		if t.IsZero() {
			t, what = f.Modified, byModified
		}
		if f.RulesSince.After(t) {
			t, what = f.RulesSince, byRules
		}
		if t.IsZero() {
			t, what = f.FirstSeen, byFirstSeen
		}
		if !t.IsZero() && (since.IsZero() || t.Before(since)) {
			since, by = t, what
		}
	}
	return since, by
}

// groupStatus is what an incident is when its findings are: all of one status
// that status, else changed where something is new or changed, else open.
func groupStatus(n map[string]int, total int) string {
	for s, k := range n {
		if k == total {
			return s
		}
	}
	if n[finding.StatusNew]+n[finding.StatusChanged] > 0 {
		return finding.StatusChanged
	}
	return finding.StatusOpen
}

func gradeRank(g finding.Grade) int {
	switch g {
	case finding.HighlySensitive:
		return 3
	case finding.Sensitive:
		return 2
	case finding.Internal:
		return 1
	}
	return 0
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// title says an incident in one line of English.
func title(in finding.Incident) string {
	who := count(in.People, "person", "people")
	if len(in.Wide) > 0 && in.Beyond == 0 {
		who = andList(in.Wide) // whose members nobody can count from here
	}
	docs := count(in.Documents, "document", "documents")
	if in.Grade != finding.GradeNone {
		docs = count(in.Documents, gradeWord(in.Grade)+" document", gradeWord(in.Grade)+" documents")
	}
	about := strings.TrimSuffix(aboutPersons(in.Persons, in.Minors), ",")
	if in.Mode == finding.Misplaced {
		return sentence(docs) + about + " among ordinary files in " + baseName(in.Root) + ", open to " + who
	}
	return sentence(docs) + about + " in " + baseName(in.Root) + ", open to " + who
}

func baseName(path string) string {
	path = strings.TrimSuffix(path, "/")
	if i := strings.LastIndexByte(path, '/'); i >= 0 && i+1 < len(path) {
		return path[i+1:]
	}
	return path
}
