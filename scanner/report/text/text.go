// Package text prints the result of a scan for a person at a terminal: the
// incidents with their cure, what could not be judged, and the coverage.
package text

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"aktvakt/scanner/finding"
)

// maxIncidents and maxUnknown bound what a terminal is asked to show; the
// report holds them all.
const (
	maxIncidents = 20
	maxUnknown   = 10
)

// Sink prints a result on Close. It is a report.Sink.
type Sink struct {
	w io.Writer
	// report is the path of the full report, empty where none is written.
	report    string
	findings  []finding.Finding
	incidents []finding.Incident
}

// New returns a sink that prints to w and names the full report's path.
func New(w io.Writer, report string) *Sink { return &Sink{w: w, report: report} }

// Finding takes in a finding.
func (s *Sink) Finding(f finding.Finding) error {
	s.findings = append(s.findings, f)
	return nil
}

// Incident takes in an incident, unless somebody decided to let it be.
func (s *Sink) Incident(i finding.Incident) error {
	if i.Status == finding.StatusAccepted || i.Status == finding.StatusFalsePositive {
		return nil
	}
	s.incidents = append(s.incidents, i)
	return nil
}

// Skip takes in a skip; the summary counts them.
func (s *Sink) Skip(finding.Skip) error { return nil }

// Close prints.
func (s *Sink) Close(sum finding.Summary) error {
	var b strings.Builder
	for _, i := range s.incidents[:min(len(s.incidents), maxIncidents)] {
		incident(&b, i)
	}
	if n := len(s.incidents) - maxIncidents; n > 0 {
		fmt.Fprintf(&b, "and %s more in the report\n\n", plural(n, "incident"))
	}
	s.unknown(&b)
	coverage(&b, sum)
	if s.report != "" {
		fmt.Fprintf(&b, "Report: %s\n", s.report)
	}
	_, err := io.WriteString(s.w, b.String())
	return err
}

func incident(b *strings.Builder, i finding.Incident) {
	fmt.Fprintf(b, "%s  %s  %s\n", strings.ToUpper(string(i.Severity)), i.Mode, i.Root)
	fmt.Fprintf(b, "  %s, %s: %s", plural(i.Documents, "document"), i.Grade, cmp.Or(strings.Join(i.Categories, ", "), "personal data"))
	if i.Persons > 0 {
		fmt.Fprintf(b, "; %s", plural(i.Persons, "person"))
		if i.Minors > 0 {
			fmt.Fprintf(b, ", %s", plural(i.Minors, "minor"))
		}
	}
	fmt.Fprintf(b, "\n  readable by %s", readers(i.People, i.PeopleMax, i.Staff))
	var rules []string
	for _, v := range i.Via {
		if v.ACE != "deny" {
			rule := fmt.Sprintf("%s (%s)", v.Name, v.Rights)
			if v.InheritedFrom != "" {
				rule += " set on " + v.InheritedFrom
			}
			if v.By == "probe" {
				rule = v.Name + ", as its probe account saw"
			}
			rules = append(rules, rule)
		}
	}
	if len(rules) > 0 {
		fmt.Fprintf(b, " through %s", strings.Join(rules[:min(len(rules), 3)], "; "))
	}
	b.WriteByte('\n')
	if c := i.Cure; c != nil {
		switch {
		case c.Kind == "move" && c.To != "":
			fmt.Fprintf(b, "  cure: move it, for example to %s\n", c.To)
		case c.Kind == "move":
			fmt.Fprintf(b, "  cure: move it to a folder that only its readers can open\n")
		case c.Portal():
			fmt.Fprintf(b, "  cure: narrow who may open %s: %s (closes %d)\n", c.At, cmp.Or(c.ACE, "the rule"), c.Closes)
		default:
			fmt.Fprintf(b, "  cure: narrow %s on %s (closes %d)\n", cmp.Or(c.ACE, "the rule"), c.At, c.Closes)
		}
		if c.Command != "" {
			fmt.Fprintf(b, "        %s\n", strings.ReplaceAll(c.Command, "\n", "\n        "))
		}
	}
	b.WriteByte('\n')
}

// unknown lists the sensitive documents whose audience could not be worked out.
func (s *Sink) unknown(b *strings.Builder) {
	var list []finding.Finding
	for _, f := range s.findings {
		if f.Verdict == finding.Unknown && !f.Closed() {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "UNKNOWN  who can read %s could not be worked out:\n", plural(len(list), "document"))
	for _, f := range list[:min(len(list), maxUnknown)] {
		fmt.Fprintf(b, "  %s  (%s)\n", f.Path, f.Grade)
	}
	if n := len(list) - maxUnknown; n > 0 {
		fmt.Fprintf(b, "  and %d more in the report\n", n)
	}
	b.WriteByte('\n')
}

func coverage(b *strings.Builder, s finding.Summary) {
	skipped := 0
	var why []string
	for _, r := range slices.Sorted(maps.Keys(s.Skipped)) {
		if n := s.Skipped[r]; n > 0 {
			skipped += n
			why = append(why, fmt.Sprintf("%s %d", r, n))
		}
	}
	n := 0
	for _, k := range s.Findings {
		n += k
	}
	fmt.Fprintf(b, "%s in %s", plural(n, "finding"), plural(s.Incidents, "incident"))
	if s.Resolved > 0 {
		fmt.Fprintf(b, ", %d resolved since the last run", s.Resolved)
		var how []string
		for _, fate := range slices.Sorted(maps.Keys(s.Fates)) {
			how = append(how, fmt.Sprintf("%s %d", fate, s.Fates[fate]))
		}
		if len(how) > 0 {
			fmt.Fprintf(b, " (%s)", strings.Join(how, ", "))
		}
	}
	if s.Accepted > 0 {
		fmt.Fprintf(b, ", %d accepted", s.Accepted)
	}
	fmt.Fprintf(b, "\n%s in %s: %d scanned", entries(s.Entries), plural(s.Folders, "folder"), s.Scanned)
	if s.Unchanged > 0 {
		fmt.Fprintf(b, ", %d unchanged", s.Unchanged)
	}
	fmt.Fprintf(b, ", %d skipped", skipped)
	if len(why) > 0 {
		fmt.Fprintf(b, " (%s)", strings.Join(why, ", "))
	}
	if s.Partial > 0 {
		fmt.Fprintf(b, ", %d of the scanned read in part", s.Partial)
	}
	fmt.Fprintf(b, ", in %s\n", time.Duration(s.DurationS*float64(time.Second)).Round(100*time.Millisecond))
	if s.Remembered > s.Fresh {
		fmt.Fprintf(b, "%d of %d known files were looked at (%.0f %%); those that wait longest come first in the next run.\n", s.Fresh, s.Remembered, 100*float64(s.Fresh)/float64(s.Remembered))
	}
	if s.Carried > 0 {
		fmt.Fprintf(b, "%s could not be looked at and stand as they were seen last.\n", plural(s.Carried, "finding"))
	}
	if s.Postponed > 0 {
		fmt.Fprintf(b, "%s were read by an earlier version or with other settings and are read anew over the next nights; --full reads them at once.\n", plural(s.Postponed, "unchanged file"))
	}
	for _, note := range s.Notes {
		fmt.Fprintf(b, "Note: %s\n", note)
	}
	for _, t := range s.PerTarget {
		for _, note := range t.Notes {
			fmt.Fprintf(b, "Note: %s: %s\n", t.Name, note)
		}
	}
}

func readers(n, most, staff int) string {
	s := fmt.Sprint(n)
	if most > n {
		s += fmt.Sprintf(" to %d", most)
	}
	if staff > 0 {
		return fmt.Sprintf("%s of %d people", s, staff)
	}
	return s + " people"
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}
