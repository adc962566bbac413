package scanner

import (
	"context"
	"errors"
	"slices"

	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/source"
)

// below visits what lies below a root, one entry after the other and each
// folder before its content, at most limit entries. It reports whether that
// was everything. A visit's error ends it.
func below(ctx context.Context, s source.Source, root source.Entry, limit int, visit func(in *folder, e source.Entry) error) (all bool, err error) {
	if root.Kind != source.Dir {
		return true, nil
	}
	all = true
	n := 0
	stack := []*folder{{entry: root}}
	for len(stack) > 0 {
		f := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for e, err := range s.List(ctx, f.entry) {
			if ctx.Err() != nil {
				return false, context.Cause(ctx)
			}
			if err != nil {
				all = false
				continue
			}
			if e.Kind != source.Dir && e.Kind != source.Regular {
				continue
			}
			if n++; n > limit {
				return false, nil
			}
			if err := visit(f, e); err != nil {
				return false, err
			}
			if e.Kind == source.Dir && !f.loops(e) && f.depth < maxDepth {
				stack = append(stack, &folder{entry: e, parent: f, depth: f.depth + 1})
			}
		}
	}
	return all, nil
}

// Spread is how far a rule reaches below a folder.
type Spread struct {
	// Entries were looked at, files and folders.
	Entries int `json:"entries"`
	// Files and Folders have the rule from the place in question.
	Files   int `json:"files"`
	Folders int `json:"folders"`
	// Differ do not have it: they have rules of their own, or the rule from
	// another place.
	Differ int `json:"differ"`
	// Unknown have rules that could not be read.
	Unknown int `json:"unknown"`
	// All tells that everything below was looked at.
	All bool `json:"all"`
}

// SpreadOf counts the entries below the root of a source that have a rule from
// the place named at; at most limit are looked at. POSIX and NFSv4 rules are
// not inherited: there an entry counts if it has a rule for the same people.
func SpreadOf(ctx context.Context, s source.Source, r *access.Resolver, rule finding.Via, at string, limit int) (Spread, error) {
	acl, ok := source.As[source.ACLReader](s)
	if !ok {
		return Spread{}, errors.New("this kind of target tells no access rules")
	}
	root, err := s.Root(ctx)
	if err != nil {
		return Spread{}, err
	}
	var out Spread
	// One folder's entries have few distinct rules, and their origin is the
	// same.
	var of *folder
	var known map[access.Descriptor]bool
	out.All, err = below(ctx, s, root, limit, func(in *folder, e source.Entry) error {
		out.Entries++
		d, err := acl.ACL(ctx, e)
		if err != nil {
			out.Unknown++
			return nil
		}
		if of != in {
			of, known = in, map[access.Descriptor]bool{}
		}
		has, ok := known[d]
		if !ok {
			has = hasRule(r, d, in.chain(ctx, s), rule, at)
			known[d] = has
		}
		switch {
		case !has:
			out.Differ++
		case e.Kind == source.Dir:
			out.Folders++
		default:
			out.Files++
		}
		return nil
	})
	return out, err
}

func hasRule(r *access.Resolver, d access.Descriptor, parents []access.Folder, rule finding.Via, at string) bool {
	return slices.ContainsFunc(access.Origins(r.Audience(d), d, parents), func(v finding.Via) bool {
		return v.SID == rule.SID && v.Name == rule.Name && (d.Kind != access.NT || v.InheritedFrom == at)
	})
}
