package scanner

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/judge"
	"aktvakt/scanner/state"
)

// past is what earlier runs left of findings. It is not changed in a run.
type past struct {
	open  map[string]finding.Finding
	moved map[string]string
	// taken are the ids of findings that lie no more where their id follows from.
	taken map[string]bool
}

func newPast(p state.Past) past {
	x := past{open: make(map[string]finding.Finding, len(p.Open)), moved: p.Moved, taken: map[string]bool{}}
	for _, f := range p.Open {
		x.open[f.ID] = f
	}
	for _, id := range p.Moved {
		x.taken[id] = true
	}
	return x
}

// name is the id of a finding whose path has that id: another where the
// document was moved there, and where the id went away with another document.
func (p past) name(id string) string {
	if was, ok := p.moved[id]; ok {
		return was
	}
	if p.taken[id] {
		return id + "2"
	}
	return id
}

// maxNamed is how many documents with the same text a finding names.
const maxNamed = 5

// duplicates names the other places of each finding's text.
func (r *runner) duplicates() {
	for i := range r.found {
		f := &r.found[i]
		for _, p := range r.texts[f.Print] {
			if p != f.Path && len(f.Duplicates) < maxNamed {
				f.Duplicates = append(f.Duplicates, p)
			}
		}
		slices.Sort(f.Duplicates)
	}
}

// live fills in what is known of the findings from earlier runs, adds those
// that could not be looked at and finds out what became of the others.
func (r *runner) live(ts []*target, now time.Time) (resolved []string, moved map[string]string) {
	still := map[string]bool{}
	for _, f := range r.found {
		still[f.ID] = true
	}
	gone := map[string]finding.Finding{}
	var carried []finding.Finding
	for id, f := range r.known.open {
		if still[id] {
			continue
		}
		switch r.fate(ts, f) {
		case "": // of a target that is not in this run
		case judge.Still:
			f.Carried, f.Status, f.Accepted = true, finding.StatusOpen, nil
			f.Via, f.Cure, f.Incident = nonNilVia(f.Via), nil, ""
			carried = append(carried, f)
			r.census.Add(f)
		default:
			gone[id] = f
		}
	}
	moved = r.follow(gone, now)
	slices.SortFunc(carried, func(a, b finding.Finding) int { return strings.Compare(a.ID, b.ID) })
	r.found = append(r.found, carried...)
	r.summary.Carried = len(carried)
	for id, f := range gone {
		resolved = append(resolved, id)
		r.resolve1(f, r.fate(ts, f))
	}
	slices.Sort(resolved)
	r.summary.Resolved = len(resolved)
	slices.SortFunc(r.summary.Gone, func(a, b finding.Resolved) int { return strings.Compare(a.Path+a.ID, b.Path+b.ID) })
	r.summary.Gone = r.summary.Gone[:min(len(r.summary.Gone), maxGone)]
	return resolved, moved
}

// maxGone bounds the resolved findings that the summary lists.
const maxGone = 1000

func nonNilVia(v []finding.Via) []finding.Via {
	if v == nil {
		return []finding.Via{}
	}
	return v
}

// resolve1 tells of a finding that is no longer one.
func (r *runner) resolve1(f finding.Finding, fate judge.Fate) {
	x := finding.Resolved{ID: f.ID, Target: f.Target, Path: f.Path, Fate: string(fate)}
	if fate == judge.Deleted && f.Print != 0 {
		for _, p := range r.texts[f.Print] {
			// Where it is no finding, fewer can read it.
			if !slices.ContainsFunc(r.found, func(o finding.Finding) bool { return o.Path == p }) {
				x.Fate, x.To = string(judge.Moved), p
				break
			}
		}
	}
	r.summary.Fates[x.Fate]++
	if f.Path != "" {
		r.summary.Gone = append(r.summary.Gone, x)
	}
}

// fate is what became of an open finding that is not among tonight's: Still
// where nobody looked, and empty where its target is none of this run.
func (r *runner) fate(ts []*target, f finding.Finding) judge.Fate {
	i := slices.IndexFunc(ts, func(t *target) bool { return t.sum.Name == f.Target })
	if i < 0 {
		// A server that did not tell its shares is a target by its own name.
		if slices.ContainsFunc(ts, func(t *target) bool {
			return t.sum.Status == "failed" && strings.HasPrefix(f.Target, t.sum.Name+"/")
		}) {
			return judge.Still
		}
		return ""
	}
	t := ts[i]
	if fate := r.census.Fate(f.ID); fate != judge.Gone {
		return fate
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(f.Path, f.Target), "/")
	if t.Filter.excludes(rest) {
		return judge.Excluded
	}
	if t.sum.Status != "complete" || within(f.Path, t.unseen) || within(f.Path, r.unseen) {
		return judge.Still
	}
	return judge.Deleted
}

// excludes reports whether the filter leaves out a file or a folder above it.
func (f Filter) excludes(p string) bool {
	if !f.file(p) {
		return true
	}
	for p = path.Dir(p); p != "." && p != "/"; p = path.Dir(p) {
		if match(f.Exclude, p) {
			return true
		}
	}
	return false
}

// within reports whether a name is one of the names or lies below one.
func within(name string, of []string) bool {
	return slices.ContainsFunc(of, func(o string) bool {
		return name == o || strings.HasPrefix(name, strings.TrimSuffix(o, "/")+"/")
	})
}

// follow gives each finding its status and its times. A new one with the text
// of one that is gone is that one, moved: it takes its id.
func (r *runner) follow(gone map[string]finding.Finding, now time.Time) (moved map[string]string) {
	moved = map[string]string{}
	byText := map[uint64][]string{}
	for id, f := range gone {
		if f.Print != 0 && r.census.Fate(id) == judge.Gone {
			byText[f.Print] = append(byText[f.Print], id)
		}
	}
	for _, ids := range byText {
		slices.Sort(ids)
	}
	for i := range r.found {
		f := &r.found[i]
		f.LastSeen = now
		was, known := r.known.open[f.ID]
		if !known && f.Print != 0 && len(byText[f.Print]) > 0 {
			id := byText[f.Print][0]
			byText[f.Print] = byText[f.Print][1:]
			was, known = gone[id], true
			delete(gone, id)
			moved[f.ID] = id
			f.ID, f.MovedFrom = id, was.Path
		}
		switch {
		case !known:
			f.Status, f.FirstSeen = finding.StatusNew, now
		case f.People > was.People || f.Persons > was.Persons || f.MovedFrom != "":
			f.Status, f.FirstSeen = finding.StatusChanged, was.FirstSeen
		default:
			f.Status, f.FirstSeen = finding.StatusOpen, was.FirstSeen
		}
	}
	return moved
}

// cover counts how much of what is known was looked at.
func (r *runner) cover(ctx context.Context) error {
	if r.Memory == nil {
		return nil
	}
	var errs []error
	for i := range r.summary.PerTarget {
		t := &r.summary.PerTarget[i]
		c, err := r.Life.Coverage(ctx, t.Name)
		errs = append(errs, err)
		t.Remembered, t.Fresh = c.Files, c.Fresh
		r.summary.Remembered += c.Files
		r.summary.Fresh += c.Fresh
	}
	return errors.Join(errs...)
}
