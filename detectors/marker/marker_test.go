package marker

import (
	"testing"
)

func TestEveryFormMatches(t *testing.T) {
	c, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	m := New([]*Catalogue{c}, nil)
	for i := range c.Markers {
		e := &c.Markers[i]
		if e.Match == "regex" {
			continue
		}
		for _, form := range append([]string{}, e.Forms...) {
			for _, text := range []string{form, "x " + form + ".", "å, " + form + "\n"} {
				if !finds(m, e, text) {
					t.Errorf("%s: form %q does not match in %q", e.ID, form, text)
				}
			}
		}
	}
}

func finds(m *Matcher, e *Entry, text string) bool {
	found := false
	m.Find([]byte(text), func(h Hit) bool {
		found = found || h.Entry == e
		return true
	})
	return found
}
