// Package report renders what a scan found. A Sink is one rendering; the
// scanner calls it from one goroutine, in this order: any number of Finding,
// Incident and Skip, then Close with the summary.
package report

import "aktvakt/scanner/finding"

// Sink is one form of the report. All sinks carry the same set of findings.
type Sink interface {
	Finding(finding.Finding) error
	Incident(finding.Incident) error
	Skip(finding.Skip) error
	// Close writes what is left and releases the output.
	Close(finding.Summary) error
}
