// Package diff tells two runs apart: what is new, what has grown worse or
// better, what is gone. It compares findings by their id, so a document that
// moved and kept its id is the same one.
package diff

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
	"aktvakt/scanner/report/jsonl"
)

// Diff is what changed from one run to a later one.
type Diff struct {
	New           []finding.Finding  `json:"new"`
	Worse         []Change           `json:"worse"`
	Better        []Change           `json:"better"`
	Gone          []finding.Finding  `json:"gone"`
	Same          int                `json:"same"`
	NewIncidents  []finding.Incident `json:"new_incidents"`
	GoneIncidents []finding.Incident `json:"gone_incidents"`
	// Blind are findings of the earlier run whose target the later run did not
	// finish: they are neither gone nor the same.
	Blind []finding.Finding `json:"blind"`
}

// Change is one finding in both runs.
type Change struct {
	Before finding.Finding `json:"before"`
	After  finding.Finding `json:"after"`
	// What says what changed, in sentence parts.
	What []string `json:"what"`
}

// Compare tells the later run from the earlier one.
func Compare(before, after jsonl.Run) Diff {
	unfinished := map[string]bool{}
	seen := map[string]bool{}
	for _, t := range after.Summary.PerTarget {
		seen[t.Name] = true
		unfinished[t.Name] = t.Status != "complete"
	}
	old := map[string]finding.Finding{}
	for _, f := range before.Findings {
		old[f.ID] = f
	}
	var d Diff
	now := map[string]bool{}
	for _, f := range after.Findings {
		now[f.ID] = true
		o, known := old[f.ID]
		if !known {
			d.New = append(d.New, f)
			continue
		}
		switch c, sign := change(o, f); {
		case sign > 0:
			d.Worse = append(d.Worse, c)
		case sign < 0:
			d.Better = append(d.Better, c)
		default:
			d.Same++
		}
	}
	for _, f := range before.Findings {
		switch {
		case now[f.ID]:
		case unfinished[f.Target] || !seen[f.Target]:
			d.Blind = append(d.Blind, f)
		default:
			d.Gone = append(d.Gone, f)
		}
	}
	d.NewIncidents = missing(after.Incidents, before.Incidents)
	for _, in := range missing(before.Incidents, after.Incidents) {
		if seen[in.Target] && !unfinished[in.Target] {
			d.GoneIncidents = append(d.GoneIncidents, in)
		}
	}
	d.sort()
	return d
}

// missing returns the incidents of a that b lacks.
func missing(a, b []finding.Incident) []finding.Incident {
	has := map[string]bool{}
	for _, in := range b {
		has[in.ID] = true
	}
	var out []finding.Incident
	for _, in := range a {
		if !has[in.ID] {
			out = append(out, in)
		}
	}
	return out
}

// change compares one finding; the sign is positive where it has grown worse.
// What is worse outweighs what is better.
func change(before, after finding.Finding) (c Change, sign int) {
	c = Change{Before: before, After: after}
	worse, better := false, false
	figure := func(name string, a, b int) {
		if a == b {
			return
		}
		c.What = append(c.What, fmt.Sprintf("%s %d -> %d", name, a, b))
		worse, better = worse || b > a, better || b < a
	}
	figure("readers", before.People, after.People)
	if before.PeopleMax != before.People || after.PeopleMax != after.People {
		figure("possible readers", before.PeopleMax, after.PeopleMax)
	}
	figure("persons", before.Persons, after.Persons)
	figure("minors", before.Minors, after.Minors)
	if a, b := before.Grade, after.Grade; a != b {
		c.What = append(c.What, fmt.Sprintf("grade %s -> %s", a, b))
		worse, better = worse || gradeRank(b) > gradeRank(a), better || gradeRank(b) < gradeRank(a)
	}
	if a, b := before.Verdict, after.Verdict; a != b {
		c.What = append(c.What, fmt.Sprintf("verdict %s -> %s", a, b))
		worse, better = worse || b == finding.TooWide, better || a == finding.TooWide
	}
	if before.Path != after.Path {
		c.What = append(c.What, "moved")
	}
	switch {
	case worse:
		return c, 1
	case better:
		return c, -1
	}
	return c, 0
}

func gradeRank(g finding.Grade) int {
	return slices.Index([]finding.Grade{finding.GradeNone, finding.Internal, finding.Sensitive, finding.HighlySensitive}, g)
}

func (d *Diff) sort() {
	byWeight := func(a, b finding.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(a.Path, b.Path))
	}
	for _, l := range [][]finding.Finding{d.New, d.Gone, d.Blind} {
		slices.SortStableFunc(l, byWeight)
	}
	for _, l := range [][]Change{d.Worse, d.Better} {
		slices.SortStableFunc(l, func(a, b Change) int { return byWeight(a.After, b.After) })
	}
}

// maxLines bounds how many findings of a kind Write names.
const maxLines = 50

// Write says the difference to a person.
func (d Diff) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d new, %d worse, %d better, %d gone, %d the same", len(d.New), len(d.Worse), len(d.Better), len(d.Gone), d.Same)
	if len(d.Blind) > 0 {
		fmt.Fprintf(&b, ", %d not seen because their target was not finished", len(d.Blind))
	}
	b.WriteString("\n")
	for _, in := range d.NewIncidents {
		fmt.Fprintf(&b, "new incident   %-8s  %s\n", in.Severity, report.Plain(in.Title))
	}
	for _, in := range d.GoneIncidents {
		fmt.Fprintf(&b, "closed incident %-8s %s\n", in.Severity, report.Plain(in.Title))
	}
	list(&b, "new", d.New)
	changes(&b, "worse", d.Worse)
	changes(&b, "better", d.Better)
	list(&b, "gone", d.Gone)
	_, err := io.WriteString(w, b.String())
	return err
}

func list(b *strings.Builder, kind string, fs []finding.Finding) {
	for _, f := range fs[:min(len(fs), maxLines)] {
		fmt.Fprintf(b, "%-6s  %-8s  %s  %s\n", kind, f.Severity, f.ID, report.Plain(f.Path))
	}
	if n := len(fs) - maxLines; n > 0 {
		fmt.Fprintf(b, "%-6s  and %d more\n", kind, n)
	}
}

func changes(b *strings.Builder, kind string, cs []Change) {
	for _, c := range cs[:min(len(cs), maxLines)] {
		fmt.Fprintf(b, "%-6s  %-8s  %s  %s (%s)\n", kind, c.After.Severity, c.After.ID, report.Plain(c.After.Path), strings.Join(c.What, ", "))
	}
	if n := len(cs) - maxLines; n > 0 {
		fmt.Fprintf(b, "%-6s  and %d more\n", kind, n)
	}
}
