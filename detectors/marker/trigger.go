package marker

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// A regular expression is run only around a fixed text that every match of it
// holds, found by the automaton. triggers works those texts out; '#' in them
// stands for any digit. It returns none for a pattern without.
func triggers(pattern string) []string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	exact, required := literals(re.Simplify())
	return better(required, exact)
}

// maxSet bounds the sets of texts, and so the work.
const maxSet = 300

// literals returns all texts that the expression can match (nil when they are
// too many), and a set of which every match holds one (nil when unknown).
func literals(re *syntax.Regexp) (exact, required []string) {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{foldString(string(re.Rune))}, nil
	case syntax.OpCharClass:
		return classTexts(re.Rune), nil
	case syntax.OpCapture:
		return literals(re.Sub[0])
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText,
		syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return []string{""}, nil
	case syntax.OpQuest:
		sub, _ := literals(re.Sub[0])
		if sub == nil || len(sub) >= maxSet/2 {
			return nil, nil
		}
		return union([]string{""}, sub), nil
	case syntax.OpPlus:
		sub, req := literals(re.Sub[0])
		return nil, better(req, sub)
	case syntax.OpAlternate:
		return alternate(re.Sub)
	case syntax.OpConcat:
		return concat(re.Sub)
	}
	return nil, nil
}

func classTexts(runes []rune) []string {
	if len(runes) == 2 && runes[0] == '0' && runes[1] == '9' {
		return []string{"#"}
	}
	var set []string
	for i := 0; i+1 < len(runes); i += 2 {
		if runes[i+1]-runes[i] > maxSet {
			return nil
		}
		for r := runes[i]; r <= runes[i+1]; r++ {
			set = union(set, []string{foldString(string(r))})
		}
	}
	if len(set) > maxSet {
		return nil
	}
	return set
}

func alternate(subs []*syntax.Regexp) (exact, required []string) {
	finite := true
	for _, sub := range subs {
		e, r := literals(sub)
		finite = finite && e != nil
		exact = union(exact, e)
		best := better(r, e)
		if best == nil || required == nil && sub != subs[0] {
			required = nil
			if !finite {
				return nil, nil
			}
			continue
		}
		required = union(required, best)
	}
	if !finite || len(exact) > maxSet {
		exact = nil
	}
	return exact, required
}

func concat(subs []*syntax.Regexp) (exact, required []string) {
	run, finite := []string{""}, true
	for _, sub := range subs {
		e, r := literals(sub)
		required = better(required, r)
		if e != nil && len(run)*len(e) <= maxSet {
			run = product(run, e)
			continue
		}
		required = better(required, run)
		finite = false
		if run = e; run == nil {
			run = []string{""}
		}
	}
	if finite {
		return run, required
	}
	return nil, better(required, run)
}

func product(a, b []string) []string {
	out := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			out = append(out, x+y)
		}
	}
	return unique(out)
}

func union(a, b []string) []string { return unique(append(slices.Clone(a), b...)) }

// unique drops repeated strings and keeps the order.
func unique(list []string) []string {
	if len(list) < 2 {
		return list
	}
	seen := make(map[string]bool, len(list))
	out := list[:0]
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// better returns the set that is found more rarely in text; nil when both are
// found too often to be of use.
func better(a, b []string) []string {
	if rarity(b) > rarity(a) {
		a = b
	}
	if rarity(a) < minRarity {
		return nil
	}
	return a
}

// minRarity is that of two letters, or of a paragraph sign and a digit.
const minRarity = 2

// rarity estimates how rare a set is by its commonest member: letters and
// rare signs tell more than digits, spaces and dots.
func rarity(set []string) float64 {
	if len(set) == 0 {
		return 0
	}
	least := 1e9
	for _, s := range set {
		r := 0.0
		for _, c := range strings.TrimSpace(s) {
			switch {
			case c == '§':
				r += 1.6
			case c == ' ' || c == '.' || c == '-' || c == '/':
				r += 0.4
			case c == '#' || c >= '0' && c <= '9':
				r += 0.5
			default:
				r++
			}
		}
		least = min(least, r)
	}
	return least
}
