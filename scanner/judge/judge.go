// Package judge holds a document's grade against its audience and a policy:
// verdict, severity, mode and cure. It is pure: it reads nothing, asks nobody
// and never looks at a document's text.
//
// A Judge decides one document at a time. How a document came to be exposed,
// and what would cure it, depends on what else lies in its folder: a Census
// counts every judged document of a run, and Incidents uses it at the end to
// tell a misplaced file from an overexposed folder and to gather the findings
// that have one cause.
//
// Start reading at Judge.Judge, then at Incidents.
package judge

import (
	"crypto/sha256"
	"encoding/base32"
	"time"

	"aktvakt/detectors"
	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
)

// Evidence is what is known about one document.
type Evidence struct {
	Target, Path string // full names
	// Library is the full name of the page that lists the document, where Path
	// does not say where it belongs.
	Library string
	// ID is the id under which an earlier run knows this document, such as one
	// that was moved since. Empty means that it follows from Path.
	ID                string
	Size              int64
	Modified, Created time.Time
	MediaType         string
	Partial           bool
	Content           detectors.Result
	Places            []finding.Evidence // masked, from the scanner
	PersonKeys        []finding.PersonKey
	// Print is a keyed hash of the text, 0 where unknown.
	Print uint64
	// RulesSince is when the access rules were seen to have changed; the zero
	// time where no run saw it.
	RulesSince time.Time
	// Notes say what else is to be known of the judgement, in sentences.
	Notes       []string
	Audience    *access.Audience // nil: could not be read
	AudienceErr string           // why Audience is nil
}

// Judge holds documents against one policy. It may be used by many goroutines.
type Judge struct {
	policy Policy
}

// New returns a judge for the policy, or an error that lists all its faults.
func New(p Policy) (*Judge, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return &Judge{policy: p}, nil
}

// Judge decides one document. The second result tells whether it is worth
// reporting: it is sensitive to some degree, and too many can read it or who
// can read it is not known. A Census wants the finding either way.
//
// Status, times of sighting, mode, cure and incident are left for later.
func (j *Judge) Judge(e Evidence) (finding.Finding, bool) {
	f := finding.Finding{
		ID: e.ID, Path: e.Path, Target: e.Target, Library: e.Library,
		Grade: finding.Grade(e.Content.Grade), Score: e.Content.Score,
		Categories: nonNil(e.Content.Categories),
		Persons:    max(e.Content.Persons, 0), Minors: max(e.Content.Minors, 0),
		Size: e.Size, Modified: e.Modified, Created: e.Created,
		MediaType: e.MediaType, Partial: e.Partial,
		Evidence: e.Places, PersonKeys: e.PersonKeys, Print: e.Print, RulesSince: e.RulesSince,
		Wide: []string{}, Via: []finding.Via{},
	}
	if f.ID == "" {
		f.ID = ID(e.Path)
	}
	if f.Grade == "" {
		f.Grade = finding.GradeNone
	}
	if a := e.Audience; a != nil {
		f.People, f.PeopleMax, f.Staff = a.People, max(a.People, a.PeopleMax), a.Staff
		f.Wide, f.Via = nonNil(a.Wide), nonNil(a.Via)
		f.NullDACL, f.Unresolved, f.Owner, f.Notes = a.NullDACL, a.Unresolved, a.Owner, a.Notes
	} else if e.AudienceErr != "" {
		f.Notes = []string{e.AudienceErr}
	}
	f.Notes = append(f.Notes[:len(f.Notes):len(f.Notes)], e.Notes...)
	d := j.decide(e)
	f.Verdict, f.Allowed, f.Beyond = d.verdict, d.allowed, d.beyond
	f.Severity = severity(weight{
		grade: f.Grade, verdict: f.Verdict, beyond: f.Beyond, staff: f.Staff,
		wide: len(f.Wide) > 0 || f.NullDACL, persons: f.Persons, minors: f.Minors,
	})
	f.Why = why(f, d.cause)
	return f, f.Grade != finding.GradeNone && f.Verdict != finding.Allowed
}

// ID returns the id of the document with that full name: "F-" and 80 bits of
// its SHA-256 in base 32.
func ID(path string) string { return "F-" + hashID("finding", path) }

// hashID hashes the parts with their lengths kept apart by NUL, which no path
// holds.
func hashID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return base32.StdEncoding.EncodeToString(h.Sum(nil)[:10])
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
