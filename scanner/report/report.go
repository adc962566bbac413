// Package report renders what a scan found. A Sink is one rendering; the
// scanner calls it from one goroutine, in this order: any number of Finding,
// Incident and Skip, then Close with the summary.
//
// A report tells where the most sensitive documents of an organisation lie, so
// it is itself written with care: files are for their owner alone, appear
// whole or not at all (File), and hold masked evidence only, since the types
// of package finding can hold nothing else.
//
// Start reading at Sink; the forms are the packages below this folder.
package report

import (
	"errors"

	"aktvakt/scanner/finding"
)

// Sink is one form of the report. All sinks carry the same set of findings.
type Sink interface {
	Finding(finding.Finding) error
	Incident(finding.Incident) error
	Skip(finding.Skip) error
	// Close writes what is left and releases the output.
	Close(finding.Summary) error
}

// Multi returns a sink that feeds all of the sinks. One that fails does not
// keep the others from their part; the errors are joined.
func Multi(sinks ...Sink) Sink { return multi(sinks) }

type multi []Sink

func (m multi) Finding(f finding.Finding) error {
	return m.each(func(s Sink) error { return s.Finding(f) })
}

func (m multi) Incident(i finding.Incident) error {
	return m.each(func(s Sink) error { return s.Incident(i) })
}

func (m multi) Skip(k finding.Skip) error {
	return m.each(func(s Sink) error { return s.Skip(k) })
}

func (m multi) Close(sum finding.Summary) error {
	return m.each(func(s Sink) error { return s.Close(sum) })
}

func (m multi) each(do func(Sink) error) error {
	var errs []error
	for _, s := range m {
		if err := do(s); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
