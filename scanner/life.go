package scanner

import (
	"context"
	"errors"
	"maps"
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

// gone is a finding of an earlier run that is none tonight.
type gone struct {
	finding.Finding
	fate judge.Fate
}

// live fills in what is known of the findings from earlier runs, adds those
// that could not be looked at and finds out what became of the others.
func (r *runner) live(ts []*target, now time.Time) (resolved []string, moved map[string]string) {
	still := map[string]bool{}
	for _, f := range r.found {
		still[f.ID] = true
	}
	unseen := r.allUnseen(ts)
	left := map[string]gone{}
	var carried []finding.Finding
	for id, f := range r.known.open {
		if still[id] {
			continue
		}
		switch fate := r.fate(ts, unseen, f); fate {
		case "": // of a target that is not in this run
		case judge.Still:
			f.Carried, f.Status, f.Accepted = true, finding.StatusOpen, nil
			f.Cure, f.Incident = nil, ""
			carried = append(carried, f)
			r.census.Add(f)
		default:
			left[id] = gone{f, fate}
		}
	}
	moved = r.follow(left, now)
	r.tellGone(left)
	slices.SortFunc(carried, func(a, b finding.Finding) int { return strings.Compare(a.ID, b.ID) })
	r.found = append(r.found, carried...)
	r.summary.Carried, r.summary.Resolved = len(carried), len(left)
	return slices.Sorted(maps.Keys(left)), moved
}

// maxGone bounds the resolved findings that the summary lists.
const maxGone = 1000

// tellGone tells of findings that are no longer so.
func (r *runner) tellGone(left map[string]gone) {
	open := map[string]bool{}
	for _, f := range r.found {
		open[f.Path] = true
	}
	for _, f := range left {
		x := finding.Resolved{ID: f.ID, Target: f.Target, Path: f.Path, Fate: string(f.fate)}
		if f.fate == judge.Deleted && f.Print != 0 {
			// Where the text is no finding, fewer can read it.
			if i := slices.IndexFunc(r.texts[f.Print], func(p string) bool { return !open[p] }); i >= 0 {
				x.Fate, x.To = string(judge.Moved), r.texts[f.Print][i]
			}
		}
		r.summary.Fates[x.Fate]++
		if f.Path != "" {
			r.summary.Gone = append(r.summary.Gone, x)
		}
	}
	slices.SortFunc(r.summary.Gone, func(a, b finding.Resolved) int { return strings.Compare(a.Path+a.ID, b.Path+b.ID) })
	r.summary.Gone = r.summary.Gone[:min(len(r.summary.Gone), maxGone)]
}

// allUnseen are the full names, without a slash at the end, of what could not
// be looked at.
func (r *runner) allUnseen(ts []*target) map[string]bool {
	out := map[string]bool{}
	add := func(names []string) {
		for _, name := range names {
			out[strings.TrimSuffix(name, "/")] = true
		}
	}
	add(r.unseen)
	for _, t := range ts {
		add(t.unseen)
	}
	return out
}

// fate is what became of an open finding that is not among tonight's: Still
// where nobody looked, and empty where its target is none of this run.
func (r *runner) fate(ts []*target, unseen map[string]bool, f finding.Finding) judge.Fate {
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
	if t.sum.Status != "complete" || within(f.Path, unseen) {
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

// within reports whether a full name or that of a folder above it is among the
// names.
func within(name string, of map[string]bool) bool {
	for end := len(name); end > 0; end = strings.LastIndexByte(name[:end], '/') {
		if of[name[:end]] {
			return true
		}
	}
	return strings.HasPrefix(name, "/") && of[""]
}

// follow gives each finding its status and its times. A new one with the text
// of one that is gone is that one, moved: it takes its id.
func (r *runner) follow(left map[string]gone, now time.Time) (moved map[string]string) {
	moved = map[string]string{}
	byText := map[uint64][]string{}
	for id, f := range left {
		if f.Print != 0 && (f.fate == judge.Deleted || f.fate == judge.Excluded) {
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
			was, known = left[id].Finding, true
			delete(left, id)
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
