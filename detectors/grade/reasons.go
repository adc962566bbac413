package grade

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"aktvakt/detectors"
)

// reasons tells what weighed, in the words of people. Features that say the
// same are added up; small ones are left out.
func (g *Grader) reasons(o *opinion, grade detectors.Grade) []detectors.Reason {
	sums := map[string]float64{}
	for i, name := range o.features.names {
		if v := g.model.Case.Weights[name] * o.features.x[i]; v != 0 {
			sums[topicOf(name)] += v
		}
	}
	out := o.reasons
	for key, v := range sums {
		if p := points(v); math.Abs(p) >= 0.5 {
			out = append(out, detectors.Reason{What: g.say(key, o), Points: p})
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := math.Abs(out[i].Points), math.Abs(out[j].Points)
		if a != b {
			return a > b
		}
		return out[i].What < out[j].What
	})
	if what := g.distance(o, grade, out); what != "" {
		out = append(out, detectors.Reason{What: what})
	}
	return out
}

// nearby is how far from the next grade, in points, a reason still says so.
const nearby = 8

// distance tells how far a text is from the next grade and what counts most
// against it. reasons are in order.
func (g *Grader) distance(o *opinion, grade detectors.Grade, reasons []detectors.Reason) string {
	switch {
	case rank(grade) < rank(detectors.Sensitive):
		gap := max(-points(o.value), 0.1)
		if gap > nearby {
			return ""
		}
		for _, r := range reasons {
			if r.Points < 0 {
				return fmt.Sprintf("%.1f points below sensitive; most against: %s", gap, r.What)
			}
		}
		return fmt.Sprintf("%.1f points below sensitive", gap)
	case grade == detectors.Sensitive:
		if gap := max(-points(g.model.High.value(o.features)), 0.1); gap <= nearby {
			return fmt.Sprintf("%.1f points below highly-sensitive, by its subjects", gap)
		}
	}
	return ""
}

// topicOf maps a feature to the reason under which it is told.
func topicOf(feature string) string {
	kind, rest, _ := strings.Cut(feature, ":")
	switch kind {
	case "ids":
		return "ids"
	case "people", "persons":
		return "people"
	case "topic", "topics", "kinds", "peak", "subject", "subjects":
		return "subject"
	case "markers":
		if rest == "counter" {
			return "counter"
		}
		return "markers"
	case "both", "all three", "share":
		return "together"
	case "layout", "size":
		return "layout"
	case "scene":
		switch {
		case strings.HasPrefix(rest, "nobody"):
			return "people"
		case rest == "words" || rest == "acts":
			return "scene"
		}
		return "acts"
	case "density":
		switch rest {
		case "names":
			return "people"
		case "topics", "plain":
			return "subject"
		case "kin":
			return "kin"
		case "modal", "generic", "guidance", "public", "you":
			return rest
		}
		return "acts"
	case "words":
		switch rest {
		case "he-she", "i-we", "said", "happened", "feeling", "decision", "watch":
			return "acts"
		case "kin", "the-child":
			return "kin"
		case "the-person":
			return "people"
		case "body", "home", "when", "emergency":
			return "scene"
		}
		return rest
	}
	return feature
}

var phrases = map[string]string{
	"kin":         "words of family",
	"acts":        "tells what someone said and did",
	"scene":       "tells when, where in a home or on a body something happened",
	"together":    "people, acts and a subject together",
	"layout":      "form and length of the text",
	"counter":     "counter-markers",
	"you":         "speaks to the reader",
	"modal":       "says what must or may be done",
	"generic":     "speaks of groups of people",
	"guidance":    "words of guidance and routines",
	"training":    "words of training",
	"fiction":     "says that people are invented",
	"public":      "words of news, councils and statistics",
	"job-ad":      "words of job advertisements",
	"template":    "words of forms and templates",
	"test-system": "words of system tests",
	"anonymised":  "words of anonymised or published decisions",
	"colleagues":  "tells of a colleague or manager",
	"staff":       "words of rosters, meetings and parties",
	"contract":    "words of contracts and pay",
	"commerce":    "words of purchases, projects and archives",
}

func (g *Grader) say(key string, o *opinion) string {
	switch key {
	case "ids":
		n, minors := distinctNumbers(o.ids, maxPersons)
		if minors > 0 {
			return fmt.Sprintf("%s, %d of minors", plural(n, "identity number"), minors)
		}
		return plural(n, "identity number")
	case "people":
		p := &o.people
		return fmt.Sprintf("%s named, %d beside words of a case, %d in a role", plural(p.clients+p.others+p.officials, "person"), p.clients, p.officials)
	case "subject":
		var parts []string
		for _, c := range g.categories(o) {
			i, ok := g.voc.index[c]
			if ok && o.distinct[i] > 0 {
				parts = append(parts, fmt.Sprintf("%s (%d)", c, o.distinct[i]))
			}
		}
		if len(parts) == 0 {
			return "everyday words of a subject"
		}
		return "everyday words of " + strings.Join(parts, ", ")
	case "markers":
		return fmt.Sprintf("%s, %d strong", plural(o.strong+o.medium+o.structur+o.stamps+o.lawrefs+o.caseno, "marker"), o.strong)
	}
	if s, ok := phrases[key]; ok {
		return s
	}
	return key
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if what == "person" {
		return fmt.Sprintf("%d people", n)
	}
	return fmt.Sprintf("%d %ss", n, what)
}
