package engine

import (
	"aktvakt/detectors"
)

// numberFinder is what the engine needs of package idnumber.
type numberFinder interface {
	Find(detectors.Text) []detectors.Match
	// FindInName searches the document's name.
	FindInName(detectors.Text) []detectors.Match
}
