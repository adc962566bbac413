package marker

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"sort"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"
)

//go:embed catalogue/*.yaml
var embedded embed.FS

// Strengths of a marker.
const (
	Strong = "strong"
	Medium = "medium"
	Weak   = "weak"
)

// Counter is the category of counter-markers: they speak for a text about
// cases, and against a case.
const Counter = "counter"

// Kinds of markers.
var Kinds = []string{
	"casenumber", "counter", "doctype", "field", "filename", "heading",
	"lawref", "phrase", "role", "stamp", "system", "term",
}

// Promotions are the rules by which a medium marker becomes a strong one.
var Promotions = []string{"title", "heading", "lawref", "stamp"}

// Category is a subject of cases.
type Category struct {
	Label string `yaml:"label"`
	// Floor is the lowest grade of a case document of the category.
	Floor string `yaml:"floor"`
}

// Source is where a marker was seen.
type Source struct {
	Title string `yaml:"title"`
	Where string `yaml:"where"`
}

// Entry is one marker of a catalogue. The package comment describes the
// fields.
type Entry struct {
	ID       string   `yaml:"id"`
	Lang     string   `yaml:"lang"`
	Category string   `yaml:"category"`
	Kind     string   `yaml:"kind"`
	Weight   string   `yaml:"weight"`
	Term     string   `yaml:"term"`
	Match    string   `yaml:"match"`
	Stem     string   `yaml:"stem"`
	Forms    []string `yaml:"forms"`
	Pattern  string   `yaml:"pattern"`
	// Near are literals of which one must stand within 60 bytes of a match
	// of Pattern; for patterns that say little alone.
	Near    []string `yaml:"near"`
	Promote string   `yaml:"promote"`
	// CaseSensitive holds for all forms; short forms in capitals are
	// case-sensitive without it.
	CaseSensitive bool     `yaml:"case_sensitive"`
	From          string   `yaml:"from"`
	Until         string   `yaml:"until"`
	Source        []string `yaml:"source"`
	Note          string   `yaml:"note"`

	from, until time.Time
	re          *regexp.Regexp
}

// Valid reports whether a reference to law held on the day. The zero day is
// unknown and always valid.
func (e *Entry) Valid(day time.Time) bool {
	if day.IsZero() {
		return true
	}
	return (e.from.IsZero() || !day.Before(e.from)) && (e.until.IsZero() || day.Before(e.until.AddDate(0, 0, 1)))
}

// Catalogue is a set of markers.
type Catalogue struct {
	Version    int                 `yaml:"version"`
	Lang       string              `yaml:"lang"`
	Categories map[string]Category `yaml:"categories"`
	Sources    map[string]Source   `yaml:"sources"`
	Markers    []Entry             `yaml:"markers"`
}

// Embedded returns the product's own catalogue. It is parsed once; callers
// must not change it.
var Embedded = sync.OnceValues(func() (*Catalogue, error) {
	all := &Catalogue{Version: 1, Categories: map[string]Category{}, Sources: map[string]Source{}}
	names, err := fs.Glob(embedded, "catalogue/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := embedded.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for k, v := range c.Categories {
			all.Categories[k] = v
		}
		for k, v := range c.Sources {
			all.Sources[k] = v
		}
		all.Markers = append(all.Markers, c.Markers...)
	}
	if err := all.check(nil); err != nil {
		return nil, err
	}
	return all, nil
})

// Parse reads a catalogue of the form that the package comment shows. known
// are categories that it may use besides its own. The error names all faults,
// each with its marker or line.
func Parse(data []byte, known map[string]Category) (*Catalogue, error) {
	c, err := parse(data)
	if err != nil {
		return nil, err
	}
	if err := c.check(known); err != nil {
		return nil, err
	}
	return c, nil
}

func parse(data []byte) (*Catalogue, error) {
	c := new(Catalogue)
	if err := yaml.Load(data, c, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("catalogue of markers: %w", err)
	}
	if c.Version != 1 {
		return nil, fmt.Errorf("catalogue of markers: version %d, this program reads version 1", c.Version)
	}
	for i := range c.Markers {
		if c.Markers[i].Lang == "" {
			c.Markers[i].Lang = c.Lang
		}
	}
	return c, nil
}

// check sets defaults and compiled forms and reports all faults.
func (c *Catalogue) check(known map[string]Category) error {
	var faults []error
	category := func(name string) bool {
		_, own := c.Categories[name]
		_, other := known[name]
		return own || other
	}
	for name, cat := range c.Categories {
		if !oneOf(cat.Floor, []string{"none", "internal", "sensitive", "highly-sensitive"}) {
			faults = append(faults, fmt.Errorf("category %q: unknown floor %q", name, cat.Floor))
		}
	}
	seen := map[string]bool{}
	for i := range c.Markers {
		e := &c.Markers[i]
		for _, err := range e.check() {
			faults = append(faults, fmt.Errorf("marker %q: %w", e.name(i), err))
		}
		if !category(e.Category) {
			faults = append(faults, fmt.Errorf("marker %q: unknown category %q", e.name(i), e.Category))
		}
		if e.ID != "" && seen[e.ID] {
			faults = append(faults, fmt.Errorf("marker %q: the id is used twice", e.ID))
		}
		seen[e.ID] = true
	}
	if len(faults) == 0 {
		return nil
	}
	sort.SliceStable(faults, func(i, j int) bool { return faults[i].Error() < faults[j].Error() })
	return fmt.Errorf("catalogue of markers: %w", errors.Join(faults...))
}

func (e *Entry) name(i int) string {
	if e.ID != "" {
		return e.ID
	}
	return fmt.Sprintf("number %d", i+1)
}

func (e *Entry) check() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if e.Match == "" {
		e.Match = "word"
	}
	if e.Weight == "" {
		e.Weight = Medium
	}
	if e.Kind == "" {
		e.Kind = "term"
	}
	if e.ID == "" {
		fault("has no id")
	}
	if e.Term == "" {
		fault("has no term")
	}
	if !oneOf(e.Kind, Kinds) {
		fault("unknown kind %q (known: %s)", e.Kind, strings.Join(Kinds, ", "))
	}
	if !oneOf(e.Weight, []string{Strong, Medium, Weak}) {
		fault("unknown weight %q (known: strong, medium, weak)", e.Weight)
	}
	if e.Promote != "" && !oneOf(e.Promote, Promotions) {
		fault("unknown promotion %q (known: %s)", e.Promote, strings.Join(Promotions, ", "))
	}
	faults = append(faults, e.checkDates()...)
	return append(faults, e.checkForms()...)
}

func (e *Entry) checkDates() (faults []error) {
	for _, d := range []struct {
		name, text string
		to         *time.Time
	}{{"from", e.From, &e.from}, {"until", e.Until, &e.until}} {
		if d.text == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, d.text)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %q is not a date of the form 2025-07-01", d.name, d.text))
		}
		*d.to = t
	}
	return faults
}

func (e *Entry) checkForms() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	switch e.Match {
	case "word":
		if len(e.Forms) == 0 && e.Term != "" {
			e.Forms = []string{e.Term}
		}
	case "prefix":
		if e.Stem == "" {
			fault("match prefix needs a stem")
		}
	case "regex":
		re, err := compile(e.Pattern)
		switch {
		case e.Pattern == "":
			fault("match regex needs a pattern")
		case err != nil:
			fault("pattern: %w", err)
		case re.MatchString(""):
			fault("the pattern matches the empty string")
		case e.Kind != "filename" && len(e.Near) == 0 && len(triggers(e.Pattern)) == 0:
			fault("the pattern holds no fixed text of two characters by which to find it fast; name some with near")
		}
		e.re = re
	default:
		fault("unknown match %q (known: word, prefix, regex)", e.Match)
	}
	for _, f := range append([]string{e.Stem}, e.Forms...) {
		if f != "" && (len(foldString(f)) < 2 || len(f) > maxForm) {
			fault("form %q: between 2 and %d bytes are allowed", f, maxForm)
		}
	}
	return faults
}

// compile makes a pattern case-insensitive unless it has a class of capitals.
func compile(pattern string) (*regexp.Regexp, error) {
	if !strings.Contains(pattern, "[A-Z") && !strings.HasPrefix(pattern, "(?i)") {
		pattern = "(?i)" + pattern
	}
	return regexp.Compile(pattern)
}

func oneOf(s string, list []string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
