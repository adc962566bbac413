package judge

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"aktvakt/scanner/finding"
)

// Acceptance is somebody's decision that a finding may stay. It is kept in a
// file that is reviewed like any other: who, why, until when, and how far.
//
//   - finding: F-7K2QXAMPLE234567
//     as: accepted
//     reason: the crisis team works in this folder until the move in March
//     by: dataskyddsombud@kommun.example
//     until: 2027-03-31
//     people: 64
//     persons: 2
//
// An acceptance covers what was seen when it was made: when more people can
// read the document, or it tells of more persons, the finding opens again.
type Acceptance struct {
	// Finding or Incident is the id that is meant; one of them is set.
	Finding  string `yaml:"finding,omitempty"`
	Incident string `yaml:"incident,omitempty"`
	// As is accepted or false-positive.
	As     string `yaml:"as"`
	Reason string `yaml:"reason"`
	By     string `yaml:"by"`
	// Until is the last day on which it holds, such as 2027-03-31. A false
	// positive may do without.
	Until string `yaml:"until,omitempty"`
	// People and Persons are the most readers and persons that it covers, of
	// each document. 0 covers what a false positive may have in any number.
	People  int `yaml:"people,omitempty"`
	Persons int `yaml:"persons,omitempty"`

	until time.Time
}

// Acceptances are the decisions in force.
type Acceptances struct {
	list []Acceptance
}

// ParseAcceptances parses a file of acceptances, a YAML list. The error lists
// all faults.
func ParseAcceptances(file []byte) (*Acceptances, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(file, &doc); err != nil {
		return nil, err
	}
	if doc.IsZero() { // nothing but comments
		return &Acceptances{}, nil
	}
	var list []Acceptance
	if err := yaml.Load(file, &list, yaml.WithKnownFields()); err != nil {
		return nil, err
	}
	var errs []error
	seen := map[string]bool{}
	for i := range list {
		errs = append(errs, list[i].check(i+1))
		id := list[i].Finding + list[i].Incident
		if seen[id] && id != "" {
			errs = append(errs, fmt.Errorf("entry %d: %s is there twice", i+1, id))
		}
		seen[id] = true
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Acceptances{list}, nil
}

// longest is how far ahead an acceptance may reach: nobody remembers a
// decision that is older than two years.
const longest = 2 * 366 * 24 * time.Hour

func (a *Acceptance) check(n int) error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("entry %d: "+format, append([]any{n}, args...)...))
	}
	if (a.Finding == "") == (a.Incident == "") {
		fault("name either a finding or an incident")
	}
	if a.Finding != "" && !strings.HasPrefix(a.Finding, "F-") {
		fault("%q is not the id of a finding", a.Finding)
	}
	if a.Incident != "" && !strings.HasPrefix(a.Incident, "I-") {
		fault("%q is not the id of an incident", a.Incident)
	}
	if a.As != finding.StatusAccepted && a.As != finding.StatusFalsePositive {
		fault("as must be accepted or false-positive, not %q", a.As)
	}
	if strings.TrimSpace(a.Reason) == "" {
		fault("reason is missing")
	}
	if strings.TrimSpace(a.By) == "" {
		fault("by is missing: who decided?")
	}
	if a.As == finding.StatusAccepted && (a.Until == "" || a.People <= 0) {
		fault("an accepted finding needs until, a day, and people, how many may read it")
	}
	if a.People < 0 || a.Persons < 0 {
		fault("people and persons must not be negative")
	}
	if a.Until != "" {
		var err error
		if a.until, err = time.Parse(time.DateOnly, a.Until); err != nil {
			fault("until %q is not a day such as 2027-03-31", a.Until)
		}
	}
	return errors.Join(errs...)
}

// Unused is an acceptance that changed nothing, and why.
type Unused struct {
	Acceptance
	// Why is a sentence part: "expired 2026-03-31".
	Why string
}

// Apply sets the status of the findings that an acceptance covers and returns
// those that covered nothing: forgotten decisions are a risk of their own. An
// acceptance of an incident covers each finding that bears its id, so
// Incidents comes first. now is the day of the run.
func (as *Acceptances) Apply(findings []finding.Finding, now time.Time) []Unused {
	if as == nil {
		return nil
	}
	byID := map[string][]int{}
	for i, f := range findings {
		byID[f.ID] = append(byID[f.ID], i)
		if f.Incident != "" {
			byID[f.Incident] = append(byID[f.Incident], i)
		}
	}
	var unused []Unused
	for _, a := range as.list {
		if why := a.apply(findings, byID[a.Finding+a.Incident], now); why != "" {
			unused = append(unused, Unused{a, why})
		}
	}
	return unused
}

// apply returns why it covers none of the findings, "" where it covers one.
func (a Acceptance) apply(findings []finding.Finding, at []int, now time.Time) string {
	if a.Until != "" && now.After(a.until.AddDate(0, 0, 1)) {
		return "expired " + a.Until
	}
	if a.Until != "" && a.until.Sub(now) > longest {
		return "reaches more than two years ahead"
	}
	if len(at) == 0 {
		return "there is no such finding any more"
	}
	why := "more can read the document, or it tells of more persons, than was accepted"
	for _, i := range at {
		f := &findings[i]
		if a.People > 0 && max(f.People, f.PeopleMax) > a.People || a.Persons > 0 && f.Persons > a.Persons {
			f.Status = finding.StatusChanged
			continue
		}
		f.Status = a.As
		f.Accepted = &finding.Accepted{Reason: a.Reason, By: a.By, Until: a.Until}
		why = ""
	}
	return why
}
