package html

import (
	"cmp"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
	"aktvakt/scanner/report/lang"
)

// view is everything the template says, in words of the language.
type view struct {
	T          lang.Text
	Style      template.CSS
	Script     template.JS
	StyleHash  template.HTMLAttr
	ScriptHash template.HTMLAttr
	Data       template.JS

	RunLine  string
	State    string // bad, unsure or good: the colour of the verdict
	Verdict  string
	Lines    []string // what the verdict rests on
	Warnings []string

	First     bool
	Changes   []figure
	Gone      []goneRow
	GoneMore  string
	Severity  []meter
	Risk      []figure
	Coverage  coverage
	Trend     []bar
	Cards     []card
	CardsMore string
	Unknown   []cause
	Targets   []targetRow
	Notes     []string
	Docs      int
	SkipCut   string
	HasSkips  bool
}

type figure struct {
	Value string
	Label string
	Class string
}

// meter is one bar with its words. Width is in the units of the drawing.
type meter struct {
	Class, Label, Value, Note string
	Width                     float64
}

type coverage struct {
	Lead    string
	Bad     bool
	Parts   []meter // of the whole bar, with X
	Offsets []float64
	Reasons []meter
}

type cause struct{ Text, Count string }

type targetRow struct {
	Name, Status, Class, Error, Hint string
	Entries, Scanned, Skipped, Staff string
	Directory                        string
	Notes                            []string
}

// meterWidth is the length of the longest bar of a chart.
const meterWidth = 300

// maxCards bounds the incidents that are written out.
const maxCards = 150

func (s *sink) page(sum finding.Summary) (*view, error) {
	t := s.text
	s.sort()
	packed, err := s.pack()
	if err != nil {
		return nil, err
	}
	v := &view{
		T: t, Style: template.CSS(style), Script: template.JS(script), StyleHash: hashOf(style), ScriptHash: hashOf(script),
		Data: packed, Docs: len(s.findings), HasSkips: len(s.skips) > 0, Notes: sum.Notes,
	}
	v.RunLine = strings.Join([]string{
		t.Say("run.at", "date", t.DateTime(sum.Started.In(s.opt.Location))),
		t.Say("run.took", "time", t.Duration(time.Duration(sum.DurationS*float64(time.Second)))),
		t.Count("n.targets", sum.Targets),
		t.Bytes(sum.Bytes),
		t.Say("run.version", "version", sum.Version),
	}, " · ")
	unknown := s.unknown()
	v.verdict(s, sum, unknown)
	v.changes(s, sum)
	v.severities(s)
	v.risk(s, sum)
	v.Coverage = s.coverage(sum, unknown)
	v.Trend = s.trend(Night{Day: sum.Started, Incidents: bySeverity(s.incidents)}, t)
	for _, in := range s.incidents[:min(len(s.incidents), maxCards)] {
		v.Cards = append(v.Cards, s.card(in))
	}
	for i := range v.Cards {
		v.Cards[i].Open = i < 3
	}
	if n := len(s.incidents) - maxCards; n > 0 {
		v.CardsMore = t.Say("inc.more", "incidents", t.Count("n.incidents", n))
	}
	v.Unknown = s.causes()
	v.Targets = s.targets(sum)
	if s.skipped > len(s.skips) {
		v.SkipCut = t.Say("skips.cut", "n", t.Number(len(s.skips)), "total", t.Number(s.skipped))
	}
	return v, nil
}

// sort puts the gravest first, as the table shows them at the start.
func (s *sink) sort() {
	slices.SortStableFunc(s.findings, func(a, b finding.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(b.Persons, a.Persons),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID))
	})
	slices.SortStableFunc(s.incidents, func(a, b finding.Incident) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(newness(b.Status), newness(a.Status)),
			cmp.Compare(b.Persons, a.Persons), cmp.Compare(b.Documents, a.Documents), cmp.Compare(a.Root, b.Root), cmp.Compare(a.ID, b.ID))
	})
}

func newness(status string) int {
	switch status {
	case finding.StatusNew:
		return 2
	case finding.StatusChanged:
		return 1
	}
	return 0
}

func (s *sink) unknown() (n int) {
	for _, f := range s.findings {
		if f.Verdict == finding.Unknown && !f.Closed() {
			n++
		}
	}
	return n
}

// persons says "4 persons, 2 of them minors".
func persons(t lang.Text, persons, minors int) string {
	s := t.Count("n.persons", persons)
	switch {
	case minors > 0 && minors >= persons:
		s += " (" + t.Count("n.allminors", persons) + ")"
	case minors > 0:
		s += " (" + t.Count("n.minors", minors) + ")"
	}
	return s
}

func (v *view) verdict(s *sink, sum finding.Summary, unknown int) {
	t := s.text
	failed := 0
	for _, x := range sum.PerTarget {
		if x.Status != "complete" {
			failed++
		}
	}
	// The summary counts each person once but also those of documents whose
	// audience is unknown; the incidents count a person once in each.
	docs, people, minors := 0, 0, 0
	for _, in := range s.incidents {
		docs, people, minors = docs+in.Documents, people+in.Persons, minors+in.Minors
	}
	people, minors = min(people, sum.Persons), min(minors, sum.Minors)
	switch {
	case len(s.incidents) > 0:
		v.State, v.Verdict = "bad", t.Count("verdict.bad", len(s.incidents))
		v.Lines = append(v.Lines, t.Say("verdict.bad.sub", "documents", t.Count("n.documents", docs), "persons", persons(t, people, minors)))
	case sum.Scanned+sum.Unchanged == 0 && (failed > 0 || !sum.Complete):
		v.State, v.Verdict = "unsure", t.Say("verdict.empty")
	case unknown > 0 || !sum.Complete:
		v.State, v.Verdict = "unsure", t.Say("verdict.unsure")
	default:
		v.State, v.Verdict = "good", t.Say("verdict.good")
		v.Lines = append(v.Lines, t.Say("verdict.good.sub"))
	}
	if sum.Accepted > 0 {
		v.Lines = append(v.Lines, t.Say("verdict.accepted", "documents", t.Count("n.documents", sum.Accepted)))
	}
	if failed > 0 {
		v.Warnings = append(v.Warnings, t.Say("verdict.incomplete", "targets", t.Count("n.targets", failed)))
	} else if !sum.Complete {
		v.Warnings = append(v.Warnings, t.Say("verdict.stopped"))
	}
	if sum.Remembered > sum.Fresh {
		v.Warnings = append(v.Warnings, t.Say("verdict.fresh", "fresh", t.Number(sum.Fresh), "files", t.Number(sum.Remembered),
			"share", t.Percent(float64(sum.Fresh)/float64(sum.Remembered))))
	}
	if sum.Carried > 0 {
		v.Warnings = append(v.Warnings, t.Say("verdict.carried", "documents", t.Count("n.documents", sum.Carried)))
	}
	if unknown > 0 {
		v.Warnings = append(v.Warnings, t.Say("verdict.unknown", "documents", t.Count("n.documents", unknown)))
	}
}

func (v *view) changes(s *sink, sum finding.Summary) {
	t := s.text
	docs, incidents := map[string]int{}, map[string]int{}
	for _, f := range s.findings {
		docs[f.Status]++
	}
	for _, in := range s.incidents {
		incidents[in.Status]++
	}
	v.First = len(s.findings) > 0 && docs[finding.StatusNew] == len(s.findings) && sum.Resolved == 0 && len(s.opt.History) == 0
	if v.First {
		return
	}
	v.gone(s, sum)
	for _, x := range []struct {
		n     int
		label string
		class string
	}{
		{incidents[finding.StatusNew], "new.incidents", "worse"},
		{docs[finding.StatusNew], "new.documents", "worse"},
		{docs[finding.StatusChanged], "new.changed", "worse"},
		{sum.Resolved, "new.resolved", "better"},
	} {
		if x.n > 0 {
			v.Changes = append(v.Changes, figure{t.Number(x.n), t.Say(x.label), x.class})
		}
	}
}

// goneRow is a finding that is none any more.
type goneRow struct{ Path, Fate, To string }

// maxGone bounds the resolved findings that are listed.
const maxGone = 200

func (v *view) gone(s *sink, sum finding.Summary) {
	for _, g := range sum.Gone[:min(len(sum.Gone), maxGone)] {
		v.Gone = append(v.Gone, goneRow{report.Plain(g.Path), s.text.Word("fate", g.Fate), report.Plain(g.To)})
	}
	if n := sum.Resolved - len(v.Gone); n > 0 && len(v.Gone) > 0 {
		v.GoneMore = s.text.Say("fate.more", "n", s.text.Number(n))
	}
}

func bySeverity(in []finding.Incident) map[finding.Severity]int {
	out := map[finding.Severity]int{}
	for _, i := range in {
		out[i.Severity]++
	}
	return out
}

func (v *view) severities(s *sink) {
	t := s.text
	n, docs, most := bySeverity(s.incidents), map[finding.Severity]int{}, 1
	for _, in := range s.incidents {
		docs[in.Severity] += in.Documents
		most = max(most, n[in.Severity])
	}
	for _, sev := range finding.Severities {
		v.Severity = append(v.Severity, meter{
			Class: string(sev), Label: t.Word("sev", string(sev)), Value: t.Number(n[sev]),
			Note: t.Count("n.documents", docs[sev]), Width: meterWidth * float64(n[sev]) / float64(most),
		})
	}
}

func (v *view) risk(s *sink, sum finding.Summary) {
	t := s.text
	widest := 0
	for _, in := range s.incidents {
		widest = max(widest, in.People)
	}
	v.Risk = []figure{
		{Value: t.Number(sum.Persons), Label: t.Say("risk.persons")},
		{Value: t.Number(sum.Minors), Label: t.Say("risk.minors")},
		{Value: t.Number(widest), Label: t.Say("risk.widest")},
	}
}

// coverage proves that every entry that was listed ended somewhere.
func (s *sink) coverage(sum finding.Summary, unknown int) coverage {
	t := s.text
	skipped := 0
	for _, n := range sum.Skipped {
		skipped += n
	}
	c := coverage{Bad: sum.Scanned+sum.Unchanged+skipped != sum.Entries}
	key := "cov.all"
	if c.Bad {
		key = "cov.mismatch"
	}
	c.Lead = t.Say(key, "entries", t.Count("n.entries", sum.Entries))
	x := 0.0
	for _, p := range []struct {
		class, key, note string
		n                int
	}{
		{"read", "cov.scanned", partialNote(t, sum.Partial), sum.Scanned},
		{"same", "cov.unchanged", "", sum.Unchanged},
		{"unread", "cov.skipped", "", skipped},
	} {
		if p.n == 0 && p.class != "read" {
			continue
		}
		w := 0.0
		if sum.Entries > 0 {
			w = meterWidth * float64(p.n) / float64(max(sum.Entries, sum.Scanned+sum.Unchanged+skipped))
		}
		c.Parts = append(c.Parts, meter{Class: p.class, Label: t.Say(p.key), Value: t.Number(p.n), Note: p.note, Width: w})
		c.Offsets = append(c.Offsets, x)
		x += w
	}
	if unknown > 0 {
		c.Parts = append(c.Parts, meter{Class: "unknown", Label: t.Say("cov.unknown"), Value: t.Number(unknown)})
		c.Offsets = append(c.Offsets, x)
	}
	reasons := slices.SortedFunc(maps.Keys(sum.Skipped), func(a, b finding.Reason) int {
		return cmp.Or(cmp.Compare(sum.Skipped[b], sum.Skipped[a]), cmp.Compare(a, b))
	})
	for _, r := range reasons {
		if n := sum.Skipped[r]; n > 0 {
			c.Reasons = append(c.Reasons, meter{
				Class: "unread", Label: t.Word("reason", string(r)), Value: t.Number(n),
				Note: t.Percent(float64(n) / float64(max(sum.Entries, 1))), Width: meterWidth * float64(n) / float64(sum.Skipped[reasons[0]]),
			})
		}
	}
	return c
}

func partialNote(t lang.Text, n int) string {
	if n == 0 {
		return ""
	}
	return t.Say("cov.partial") + " " + t.Number(n)
}

// causes counts why the audience of documents is not known.
func (s *sink) causes() []cause {
	n := map[string]int{}
	for _, f := range s.findings {
		if f.Verdict == finding.Unknown && !f.Closed() {
			n[strings.Join(f.Notes, "; ")]++
		}
	}
	keys := slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
	var out []cause
	for _, k := range keys[:min(len(keys), 25)] {
		text := report.Plain(k)
		if text == "" {
			text = s.text.Say("unknown.nocause")
		}
		out = append(out, cause{text, s.text.Count("n.documents", n[k])})
	}
	return out
}

func (s *sink) targets(sum finding.Summary) []targetRow {
	t := s.text
	var out []targetRow
	for _, x := range sum.PerTarget {
		out = append(out, targetRow{
			Name: report.Plain(x.Name), Status: t.Word("targets", x.Status), Class: x.Status, Error: report.Plain(x.Error), Hint: report.Plain(x.Hint),
			Entries: t.Number(x.Entries), Scanned: t.Number(x.Scanned), Skipped: t.Number(x.Skipped), Staff: t.Number(x.Staff),
			Directory: report.Plain(x.Directory), Notes: x.Notes,
		})
	}
	return out
}
