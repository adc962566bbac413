// Package detectors finds personal data in text: identity numbers and the
// markers of social cases. Text goes in, matches come out. Nothing below this
// folder opens a file, a connection or knows of the scanner.
//
// The raw value of a match is a Secret, which cannot be printed, logged or
// marshalled. It ends at the grader: beyond that there are masked forms and
// keyed HMACs.
//
// Start reading at Engine in package engine, which runs all detectors and the
// grader over a document.
package detectors

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"time"
)

// Text is a document's text and what is known about it.
type Text struct {
	// Body is UTF-8.
	Body []byte
	// Name is the path of the document, slash-separated: evidence of its own.
	Name string
	// Date is the document's own date (last change), for centuries and ages.
	// The zero time is unknown and means now.
	Date time.Time
}

// Detector finds one family of matches. It must be safe for use by many
// goroutines and must not keep or change the text.
type Detector interface {
	// Info tells the detector's name and source.
	Info() Info
	// Find returns every match in order of offset. A match may be a published
	// test number; the grader decides what that means.
	Find(t Text) []Match
}

// Info describes a detector.
type Info struct {
	// Name is the contract's name, such as "se-personnummer".
	Name string
	// Country is "se", "dk", "no", "fi", "is", "ee", "fo" or empty.
	Country string
	// Source is the address of the rule.
	Source string
}

// Match is one identity number in a text.
type Match struct {
	Detector string
	// Start and End are byte offsets into Text.Body.
	Start, End int
	// Confidence: 0.95 and over certain, 0.8 reported, 0.5 to 0.8 possible.
	Confidence float64
	// Masked is the form for people: "2009••••-••••".
	Masked string
	// Birth is the date of birth, the zero time where the number tells none.
	Birth time.Time
	// Minor tells that the person is under 18 today; MinorThen at the
	// document's date.
	Minor, MinorThen bool
	// TestNumber tells that the number is published as a test number or lies
	// in a series that is never assigned.
	TestNumber bool
	// Labelled tells that a label or column header names the number's kind.
	Labelled bool
	// Value is the normal form, for counting distinct people.
	Value Secret
}

// Secret holds a raw value. All ways of printing it show dots.
type Secret struct{ v string }

// NewSecret wraps a raw value in its normal form.
func NewSecret(v string) Secret { return Secret{v} }

// Equal reports whether two secrets are the same value.
func (s Secret) Equal(t Secret) bool { return s.v == t.v }

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.v == "" }

// Key returns the first 16 bytes of the HMAC-SHA-256 of the value. A plain
// hash of ten digits is brute-forced in seconds; the key keeps it apart.
func (s Secret) Key(key []byte) (k [16]byte) {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(s.v))
	copy(k[:], m.Sum(nil))
	return k
}

// String hides the value.
func (s Secret) String() string { return "••••" }

// GoString hides the value from %#v.
func (s Secret) GoString() string { return "••••" }

// Format hides the value from every verb of package fmt.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "••••") }

// MarshalText hides the value from JSON, XML and slog.
func (s Secret) MarshalText() ([]byte, error) { return []byte("••••"), nil }

// Marker is one hit of the marker catalogue.
type Marker struct {
	// ID is the catalogue's, such as "sv-0001".
	ID       string
	Category string
	// Term is the catalogue's own term, not the document's text.
	Term       string
	Start, End int
	// Strength is strong, medium or weak; counter-markers have Category
	// "counter".
	Strength string
	// Kind is the catalogue's kind, such as doctype, heading, lawref, stamp.
	Kind string
}

// Grade is how sensitive a document is.
type Grade string

// Grades, in rising order.
const (
	None            Grade = "none"
	Internal        Grade = "internal"
	Sensitive       Grade = "sensitive"
	HighlySensitive Grade = "highly-sensitive"
)

// Reason is one piece of evidence for or against a grade, for people.
type Reason struct {
	// What is a sentence part such as "3 identity numbers" or "blank form".
	What string `json:"what"`
	// Points are positive for, negative against.
	Points float64 `json:"points"`
}

// Result is what a document contains.
type Result struct {
	Grade      Grade
	Score      float64
	Categories []string
	// Persons and Minors are estimates of distinct people.
	Persons, Minors int
	Matches         []Match
	Markers         []Marker
	// Reasons explain the grade, the weightiest first.
	Reasons []Reason
}

// Options are the settings of detectors and grader.
type Options struct {
	// HomeCountry is "se", "dk", "no", "fi" or "is"; its numbers need less
	// context. Empty means none.
	HomeCountry string
	// CountTestNumbers grades published test numbers as if they were real.
	CountTestNumbers bool
	// Now is the day on which ages are counted; the zero time means today.
	Now time.Time
	// Markers are further catalogues, in the form of the embedded one.
	Markers [][]byte
	// NotIdentity are regular expressions (RE2) of the organisation's own
	// number shapes, such as invoice and case numbers, that are never identity
	// numbers.
	NotIdentity []string
}
