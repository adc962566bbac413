// Package metrics writes the figures of a run as a Prometheus text file, for
// the textfile collector of node_exporter: open findings and incidents,
// people at risk, coverage, and when the last complete run ended. It holds
// counts only: no path, no group, no document.
//
// An alert on aktvakt_last_complete_timestamp_seconds tells that the nightly
// run has stopped, which no report can.
package metrics

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
)

// New returns a sink that writes the file path on Close. The time of the last
// complete run is carried over from the file that is there, so that it stays
// when a run is not complete.
func New(path string) (report.Sink, error) {
	last := lastComplete(path)
	return report.ToFile(path, func(w io.Writer) report.Sink {
		s := NewWriter(w).(*sink)
		s.last = last
		return s
	})
}

const lastCompleteName = "aktvakt_last_complete_timestamp_seconds"

// lastComplete reads the time from an earlier file; 0 is none.
func lastComplete(path string) float64 {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, lastCompleteName+" "); ok {
			t, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			if err == nil {
				return t
			}
		}
	}
	return 0
}

// NewWriter returns a sink that writes to w on Close.
func NewWriter(w io.Writer) report.Sink {
	return &sink{w: w, findings: map[key]int{}, incidents: map[finding.Severity]int{}, status: map[string]int{}}
}

type key struct {
	severity finding.Severity
	verdict  finding.Verdict
}

type sink struct {
	w         io.Writer
	findings  map[key]int
	incidents map[finding.Severity]int
	status    map[string]int
	widest    int
	last      float64 // when the last complete run ended, in seconds since 1970
}

func (s *sink) Finding(f finding.Finding) error {
	s.status[f.Status]++
	if !f.Closed() {
		s.findings[key{f.Severity, f.Verdict}]++
	}
	return nil
}

func (s *sink) Incident(i finding.Incident) error {
	s.incidents[i.Severity]++
	s.widest = max(s.widest, i.People)
	return nil
}

func (s *sink) Skip(finding.Skip) error { return nil }

func (s *sink) Close(sum finding.Summary) error {
	b := bufio.NewWriter(s.w)
	m := family{b}
	m.head("aktvakt_findings", "Open findings of the last run.")
	for _, sev := range finding.Severities {
		for _, v := range []finding.Verdict{finding.TooWide, finding.Unknown} {
			m.value("aktvakt_findings", float64(s.findings[key{sev, v}]), "severity", string(sev), "verdict", string(v))
		}
	}
	m.head("aktvakt_findings_by_status", "Findings of the last run by their status.")
	for _, st := range []string{finding.StatusNew, finding.StatusChanged, finding.StatusOpen, finding.StatusAccepted, finding.StatusFalsePositive} {
		m.value("aktvakt_findings_by_status", float64(s.status[st]), "status", st)
	}
	m.head("aktvakt_incidents", "Open incidents of the last run.")
	for _, sev := range finding.Severities {
		m.value("aktvakt_incidents", float64(s.incidents[sev]), "severity", string(sev))
	}
	m.one("aktvakt_resolved", "Findings of earlier runs that are gone.", float64(sum.Resolved))
	m.one("aktvakt_persons_at_risk", "Distinct persons in the findings.", float64(sum.Persons))
	m.one("aktvakt_minors_at_risk", "Distinct minors in the findings.", float64(sum.Minors))
	m.one("aktvakt_widest_audience", "Users who can read the widest incident.", float64(s.widest))
	m.one("aktvakt_entries", "Entries listed.", float64(sum.Entries))
	m.one("aktvakt_scanned", "Entries read.", float64(sum.Scanned))
	m.one("aktvakt_unchanged", "Entries unchanged since an earlier run.", float64(sum.Unchanged))
	m.head("aktvakt_skipped", "Entries not read.")
	for _, r := range slices.Sorted(maps.Keys(sum.Skipped)) {
		m.value("aktvakt_skipped", float64(sum.Skipped[r]), "reason", string(r))
	}
	failed := 0
	for _, t := range sum.PerTarget {
		if t.Status != "complete" {
			failed++
		}
	}
	m.one("aktvakt_targets", "Targets of the last run.", float64(sum.Targets))
	m.one("aktvakt_targets_not_complete", "Targets that failed or were not finished.", float64(failed))
	m.one("aktvakt_bytes", "Bytes read.", float64(sum.Bytes))
	m.one("aktvakt_duration_seconds", "How long the last run took.", sum.DurationS)
	complete := 0.0
	if sum.Complete && failed == 0 {
		complete, s.last = 1, float64(sum.Finished.Unix())
	}
	if s.last > 0 {
		m.one(lastCompleteName, "When the last complete run ended.", s.last)
	}
	m.one("aktvakt_complete", "Whether the last run was complete.", complete)
	m.one("aktvakt_last_run_timestamp_seconds", "When the last run ended.", float64(sum.Finished.Unix()))
	return b.Flush()
}

// family writes one kind of figure in the text format,
// https://prometheus.io/docs/instrumenting/exposition_formats/.
type family struct{ w *bufio.Writer }

func (m family) head(name, help string) {
	fmt.Fprintf(m.w, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

// value writes one line; labels are pairs of name and value. Errors stay in
// the writer until Flush.
func (m family) value(name string, v float64, labels ...string) {
	m.w.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		sep := ","
		if i == 0 {
			sep = "{"
		}
		fmt.Fprintf(m.w, "%s%s=\"%s\"", sep, labels[i], escape.Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		m.w.WriteByte('}')
	}
	fmt.Fprintf(m.w, " %v\n", v)
}

func (m family) one(name, help string, v float64) {
	m.head(name, help)
	m.value(name, v)
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
