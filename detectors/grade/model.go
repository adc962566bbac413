package grade

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

// The weights are learned from the labelled folder that AKTVAKT_CORPUS names and
// from the texts in folder fit.
//
//go:generate go run ./train -labels $AKTVAKT_CORPUS -out model.json

//go:embed model.json
var modelJSON []byte

// Model is what the training command writes.
type Model struct {
	// Note says from what and how it was trained.
	Note string `json:"note"`
	// Case tells a case from other texts, High a highly sensitive case from a
	// sensitive one.
	// Internal tells texts that name people from texts that name none, among
	// those that are no cases.
	Case, High, Internal Linear
	// Persons estimates the number of people, Minors that of minors.
	Persons, Minors Linear
}

// Linear is a linear function of named features.
type Linear struct {
	Bias    float64            `json:"bias"`
	Weights map[string]float64 `json:"weights"`
}

var loadModel = sync.OnceValue(func() *Model {
	m := new(Model)
	if err := json.Unmarshal(modelJSON, m); err != nil {
		panic(fmt.Sprintf("model.json: %v", err)) // embedded and tested
	}
	return m
})

func (l *Linear) value(f *features) float64 {
	sum := l.Bias
	for i, n := range f.names {
		sum += l.Weights[n] * f.x[i]
	}
	return sum
}
