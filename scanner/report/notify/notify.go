// Package notify tells others that a run has ended: a SIEM by syslog over TLS
// (RFC 5424 and 5425), any program by a signed webhook, people by a text for
// an e-mail. None of them gets a path, a group or evidence: counts, severities
// and ids, with which those who may read the report find the rest there.
package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report/lang"
)

// Message is what is told of one run.
type Message struct {
	Started   time.Time                `json:"started"`
	Finished  time.Time                `json:"finished"`
	Complete  bool                     `json:"complete"`
	Targets   int                      `json:"targets"`
	Failed    int                      `json:"failed_targets"`
	Entries   int                      `json:"entries"`
	Findings  int                      `json:"findings"`
	Unknown   int                      `json:"unknown"`
	Incidents map[finding.Severity]int `json:"incidents"`
	New       int                      `json:"new_incidents"`
	Resolved  int                      `json:"resolved"`
	Persons   int                      `json:"persons"`
	Minors    int                      `json:"minors"`
	Cases     []Case                   `json:"cases"`
}

// Case is one incident without a name in it.
type Case struct {
	ID        string           `json:"id"`
	Severity  finding.Severity `json:"severity"`
	Mode      finding.Mode     `json:"mode"`
	Status    string           `json:"status"`
	Documents int              `json:"documents"`
	Persons   int              `json:"persons"`
	Minors    int              `json:"minors"`
	People    int              `json:"people"`
}

// maxCases bounds a message: the gravest incidents come first.
const maxCases = 100

// NewMessage makes the message of a run.
func NewMessage(sum finding.Summary, findings []finding.Finding, incidents []finding.Incident) Message {
	m := Message{
		Started: sum.Started, Finished: sum.Finished, Complete: sum.Complete, Targets: sum.Targets, Entries: sum.Entries,
		Incidents: map[finding.Severity]int{}, Resolved: sum.Resolved, Persons: sum.Persons, Minors: sum.Minors, Cases: []Case{},
	}
	for _, t := range sum.PerTarget {
		if t.Status != "complete" {
			m.Failed++
		}
	}
	for _, f := range findings {
		switch {
		case f.Closed():
		case f.Verdict == finding.Unknown:
			m.Unknown++
		default:
			m.Findings++
		}
	}
	for _, in := range incidents {
		m.Incidents[in.Severity]++
		if in.Status == finding.StatusNew {
			m.New++
		}
		m.Cases = append(m.Cases, Case{in.ID, in.Severity, in.Mode, in.Status, in.Documents, in.Persons, in.Minors, in.People})
	}
	slices.SortStableFunc(m.Cases, func(a, b Case) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(b.Persons, a.Persons), cmp.Compare(a.ID, b.ID))
	})
	m.Cases = m.Cases[:min(len(m.Cases), maxCases)]
	return m
}

// JSON returns the message for a program.
func (m Message) JSON() ([]byte, error) { return json.Marshal(m) }

// Text returns the subject and the body of an e-mail in a language. link is
// where the report is, empty for none.
func (m Message) Text(language, link string) (subject, body string) {
	t := lang.Get(language)
	total := 0
	for _, n := range m.Incidents {
		total += n
	}
	switch {
	case total > 0:
		subject = t.Count("verdict.bad", total)
	case m.Unknown > 0 || !m.Complete || m.Failed > 0:
		subject = t.Say("verdict.unsure")
	default:
		subject = t.Say("verdict.good")
	}
	var b strings.Builder
	b.WriteString(subject + "\n\n")
	for _, s := range finding.Severities {
		if n := m.Incidents[s]; n > 0 {
			fmt.Fprintf(&b, "%s: %s\n", t.Word("sev", string(s)), t.Number(n))
		}
	}
	if m.New > 0 {
		fmt.Fprintf(&b, "%s %s\n", t.Number(m.New), t.Say("new.incidents"))
	}
	if m.Resolved > 0 {
		fmt.Fprintf(&b, "%s %s\n", t.Number(m.Resolved), t.Say("new.resolved"))
	}
	if m.Persons > 0 {
		s := t.Count("n.persons", m.Persons)
		if m.Minors > 0 {
			s += " (" + t.Count("n.minors", m.Minors) + ")"
		}
		b.WriteString(s + "\n")
	}
	b.WriteString("\n")
	for _, c := range m.Cases[:min(len(m.Cases), 20)] {
		fmt.Fprintf(&b, "%s  %s  %s, %s, %s, %s\n", c.ID, t.Word("sev", string(c.Severity)), t.Say("mode."+string(c.Mode)+".short"),
			t.Count("n.documents", c.Documents), t.Count("n.persons", c.Persons), t.Count("n.users", c.People))
	}
	if m.Failed > 0 {
		b.WriteString("\n" + t.Say("verdict.incomplete", "targets", t.Count("n.targets", m.Failed)) + "\n")
	} else if !m.Complete {
		b.WriteString("\n" + t.Say("verdict.stopped") + "\n")
	}
	if m.Unknown > 0 {
		b.WriteString(t.Say("verdict.unknown", "documents", t.Count("n.documents", m.Unknown)) + "\n")
	}
	if link != "" {
		b.WriteString("\n" + link + "\n")
	}
	return "aktvakt: " + subject, b.String()
}
