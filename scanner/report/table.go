package report

import (
	"strings"
	"time"

	"aktvakt/scanner/finding"
)

// Column is one column of a table of findings, for the forms that are tables.
type Column struct {
	Name string
	// Width is in characters, for forms that have one.
	Width float64
	// Value returns a string, an int, an int64, a float64 or a time.Time; a
	// zero time is an empty cell.
	Value func(finding.Finding) any
}

// Columns are the columns of a finding. The first is not the id: a reader
// that does not know byte-order marks meets one in front of the first name.
var Columns = []Column{
	{"severity", 10, func(f finding.Finding) any { return string(f.Severity) }},
	{"status", 10, func(f finding.Finding) any { return f.Status }},
	{"id", 21, func(f finding.Finding) any { return f.ID }},
	{"path", 60, func(f finding.Finding) any { return f.Path }},
	{"grade", 16, func(f finding.Finding) any { return string(f.Grade) }},
	{"categories", 26, func(f finding.Finding) any { return strings.Join(f.Categories, "; ") }},
	{"persons", 9, func(f finding.Finding) any { return f.Persons }},
	{"minors", 9, func(f finding.Finding) any { return f.Minors }},
	{"verdict", 10, func(f finding.Finding) any { return string(f.Verdict) }},
	{"people", 9, func(f finding.Finding) any { return f.People }},
	{"people_max", 9, func(f finding.Finding) any { return f.PeopleMax }},
	{"allowed", 9, func(f finding.Finding) any { return f.Allowed }},
	{"beyond", 9, func(f finding.Finding) any { return f.Beyond }},
	{"staff", 9, func(f finding.Finding) any { return f.Staff }},
	{"wide", 26, func(f finding.Finding) any { return strings.Join(f.Wide, "; ") }},
	{"rule", 26, func(f finding.Finding) any { return firstVia(f).Name }},
	{"inherited_from", 40, func(f finding.Finding) any { return firstVia(f).InheritedFrom }},
	{"mode", 12, func(f finding.Finding) any { return string(f.Mode) }},
	{"incident", 21, func(f finding.Finding) any { return f.Incident }},
	{"cure", 8, func(f finding.Finding) any { return cureOf(f).Kind }},
	{"cure_at", 40, func(f finding.Finding) any { return cureOf(f).At }},
	{"cure_ace", 30, func(f finding.Finding) any { return cureOf(f).ACE }},
	{"cure_to", 30, func(f finding.Finding) any { return cureOf(f).To }},
	{"closes", 9, func(f finding.Finding) any { return cureOf(f).Closes }},
	{"why", 60, func(f finding.Finding) any { return f.Why }},
	{"owner", 18, func(f finding.Finding) any { return f.Owner }},
	{"target", 26, func(f finding.Finding) any { return f.Target }},
	{"size", 10, func(f finding.Finding) any { return f.Size }},
	{"media_type", 24, func(f finding.Finding) any { return f.MediaType }},
	{"created", 17, func(f finding.Finding) any { return f.Created }},
	{"modified", 17, func(f finding.Finding) any { return f.Modified }},
	{"first_seen", 17, func(f finding.Finding) any { return f.FirstSeen }},
	{"last_seen", 17, func(f finding.Finding) any { return f.LastSeen }},
	{"score", 8, func(f finding.Finding) any { return f.Score }},
	{"partial", 8, func(f finding.Finding) any {
		if f.Partial {
			return "yes"
		}
		return "no"
	}},
}

func firstVia(f finding.Finding) finding.Via {
	for _, v := range f.Via {
		if v.ACE != "deny" {
			return v
		}
	}
	return finding.Via{}
}

func cureOf(f finding.Finding) finding.Cure {
	if f.Cure == nil {
		return finding.Cure{}
	}
	return *f.Cure
}

// Plain returns s without control characters: a path may hold any, and no
// form of the report may break on one.
func Plain(s string) string {
	if !strings.ContainsFunc(s, control) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if control(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// control reports control characters, and those that turn the direction of
// writing, with which a name can show itself as another. U+FFFE and U+FFFF
// are no characters in XML.
func control(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 ||
		r == 0xfffe || r == 0xffff
}

// Time is how tables write a time: the day and minute in UTC, sortable.
const Time = "2006-01-02 15:04"

// Cell returns a value of Column.Value as text.
func Cell(v any) string {
	if t, ok := v.(time.Time); ok {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(Time)
	}
	if s, ok := v.(string); ok {
		return Plain(s)
	}
	return ""
}
