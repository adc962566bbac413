package grade

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"

	"aktvakt/detectors/marker"
)

//go:embed vocabulary.yaml
var vocabularyYAML []byte

// vocabulary is the everyday words of cases and of texts about cases, in
// groups.
type vocabulary struct {
	groups []string
	words  []marker.Word
	// group of each word.
	group []int
	// formal tells a term of the trade.
	formal []bool
	index  map[string]int
}

// Words returns the vocabulary for marker.New; the Word of its hits is an
// index into it.
func Words() []marker.Word { return loadVocabulary().words }

var loadVocabulary = sync.OnceValue(func() *vocabulary {
	var file struct {
		Version int
		Groups  []struct{ Name, Words string }
		Formal  string
	}
	if err := yaml.Load(vocabularyYAML, &file, yaml.WithKnownFields()); err != nil {
		panic(fmt.Sprintf("vocabulary.yaml: %v", err)) // embedded and tested
	}
	v := &vocabulary{index: map[string]int{}}
	formal := wordSet(file.Formal)
	for g, group := range file.Groups {
		v.groups = append(v.groups, group.Name)
		v.index[group.Name] = g
		seen := map[string]bool{}
		for _, w := range strings.Fields(group.Words) {
			if seen[w] {
				continue
			}
			seen[w] = true
			v.words = append(v.words, marker.Word{Text: strings.ReplaceAll(w, "_", " ")})
			v.group = append(v.group, g)
			v.formal = append(v.formal, formal[w])
		}
	}
	return v
})

// topicGroups is the number of groups that are subjects; they come first in
// the file and carry the names of categories.
const topicGroups = 24

// Subject reports whether a hit speaks of a subject of cases: a marker that is
// no counter-marker, or an everyday word of a category.
func Subject(h marker.Hit) bool {
	if h.Entry != nil {
		return h.Entry.Category != marker.Counter
	}
	return loadVocabulary().group[h.Word] < topicGroups
}
