// Package jsonl writes and reads a run as JSON Lines: one object a line, its
// kind in the field "type" (finding, incident, skip, and a last summary).
// It is the form for machines and the one that every other form of the report
// can be made from again.
package jsonl

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
)

// The kinds of line.
const (
	typeFinding  = "finding"
	typeIncident = "incident"
	typeSkip     = "skip"
	typeSummary  = "summary"
)

type kind struct {
	Type string `json:"type"`
}

type (
	findingLine struct {
		kind
		finding.Finding
	}
	incidentLine struct {
		kind
		finding.Incident
	}
	skipLine struct {
		kind
		finding.Skip
	}
	summaryLine struct {
		kind
		finding.Summary
	}
)

type sink struct {
	w   *bufio.Writer
	enc *json.Encoder
}

// New returns a sink that writes lines to w. Close flushes; it does not close
// w.
func New(w io.Writer) report.Sink {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return &sink{w: b, enc: enc}
}

func (s *sink) Finding(f finding.Finding) error {
	f.Categories, f.Wide, f.Via = list(f.Categories), list(f.Wide), list(f.Via)
	return s.enc.Encode(findingLine{kind{typeFinding}, f})
}

func (s *sink) Incident(i finding.Incident) error {
	i.Categories, i.Wide, i.Via, i.Findings = list(i.Categories), list(i.Wide), list(i.Via), list(i.Findings)
	return s.enc.Encode(incidentLine{kind{typeIncident}, i})
}

func (s *sink) Skip(k finding.Skip) error { return s.enc.Encode(skipLine{kind{typeSkip}, k}) }

func (s *sink) Close(sum finding.Summary) error {
	return errors.Join(s.enc.Encode(summaryLine{kind{typeSummary}, sum}), s.w.Flush())
}

// list makes an empty list of nil, which JSON would write as null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// Run is what a file of JSON Lines holds.
type Run struct {
	Findings  []finding.Finding
	Incidents []finding.Incident
	Skips     []finding.Skip
	Summary   finding.Summary
}

// ErrNoSummary tells that the lines end before the summary: the run that
// wrote them did not end, or they were cut off.
var ErrNoSummary = errors.New("no summary at the end: the run is not complete")

// Read reads a run. Kinds of line and fields that it does not know are passed
// over, so it reads what a later version wrote. What was read before an error
// is returned with it.
func Read(r io.Reader) (Run, error) {
	var run Run
	whole := false
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var raw json.RawMessage
		if err := dec.Decode(&raw); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return run, fmt.Errorf("line %d: %w", n, err)
		}
		var k kind
		if err := json.Unmarshal(raw, &k); err != nil {
			return run, fmt.Errorf("line %d: %w", n, err)
		}
		var err error
		switch k.Type {
		case typeFinding:
			err = add(raw, &run.Findings)
		case typeIncident:
			err = add(raw, &run.Incidents)
		case typeSkip:
			err = add(raw, &run.Skips)
		case typeSummary:
			whole = true
			err = json.Unmarshal(raw, &run.Summary)
		}
		if err != nil {
			return run, fmt.Errorf("line %d: %s: %w", n, k.Type, err)
		}
	}
	if !whole {
		return run, ErrNoSummary
	}
	return run, nil
}

func add[T any](raw json.RawMessage, to *[]T) error {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	*to = append(*to, v)
	return nil
}

// Replay feeds a run to a sink and closes it.
func (run Run) Replay(s report.Sink) error {
	var errs []error
	for _, f := range run.Findings {
		errs = append(errs, s.Finding(f))
	}
	for _, i := range run.Incidents {
		errs = append(errs, s.Incident(i))
	}
	for _, k := range run.Skips {
		errs = append(errs, s.Skip(k))
	}
	return errors.Join(errors.Join(errs...), s.Close(run.Summary))
}
