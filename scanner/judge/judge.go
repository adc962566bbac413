// Package judge holds a document's grade against its audience and a policy:
// verdict, severity, mode and cure. It is pure: it reads nothing, asks nobody
// and never looks at a document's text.
package judge

import (
	"time"

	"aktvakt/detectors"
	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
)

// Evidence is what is known about one document.
type Evidence struct {
	Target, Path      string // full names
	Size              int64
	Modified, Created time.Time
	MediaType         string
	Partial           bool
	Content           detectors.Result
	Places            []finding.Evidence // masked, from the scanner
	PersonKeys        []finding.PersonKey
	Audience          *access.Audience // nil: could not be read
	AudienceErr       string           // why Audience is nil
}
