package scanner

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"unicode"

	"aktvakt/detectors"
	"aktvakt/scanner/access"
	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/judge"
	"aktvakt/scanner/source"
)

// probing finds out who can read by being somebody else: the document is
// fetched a second time as the account that scans, to see whether it stays the
// same, and then as each view of the source. What shows the same text can be
// read by the audience of that view; what could not be decided widens the
// interval.
type probing struct {
	viewer source.Viewer
	views  []source.View
	staff  int
	// wide is the number of people above which an audience is a wide group.
	wide float64

	once  sync.Once
	frame []byte // text
}

// newProbing returns nil for a source that cannot be looked at as others.
func newProbing(s source.Source, opt access.Options) *probing {
	v, ok := source.As[source.Viewer](s)
	if !ok {
		return nil
	}
	p := &probing{viewer: v, views: v.Views(), staff: opt.Staff}
	if p.staff == 0 {
		for _, v := range p.views {
			p.staff = max(p.staff, v.People)
		}
	}
	p.wide = cmp.Or(opt.WideShare, 0.5) * float64(p.staff)
	return p
}

// majority reports whether a view stands for most of the staff.
func (p *probing) majority(v source.View) bool { return !v.Anonymous && float64(v.People) > p.wide }

// describe tells the report how audiences are found.
func (p *probing) describe(ctx context.Context) (directory string, notes []string) {
	var names []string
	most := false
	for i, v := range p.views {
		name := v.Name
		if !v.Anonymous {
			name = fmt.Sprintf("%s (%d)", v.Name, v.People)
		}
		most = most || p.majority(v)
		names = append(names, name)
		if err := p.viewer.Ready(ctx, i); err != nil {
			notes = append(notes, fmt.Sprintf("The account for %q does not work, so verdicts that need it are unknown: %v.", v.Name, err))
		}
	}
	if len(names) == 0 {
		return "", []string{"there are no probe accounts, and who can read cannot be told otherwise: verdicts are unknown"}
	}
	if !most {
		notes = append(notes, "No probe account stands for most of the staff: how many can read is not known where its rules are not told.")
	}
	return "looked at as " + strings.Join(names, ", "), notes
}

// looked reports whether who can read an unchanged file must be found out by
// looking: that needs its text.
func (j job) looked() bool {
	if j.t.probing == nil {
		return false
	}
	m, ok := recall(j.known.Data)
	return !ok || !m.ordinary()
}

// looked adds to the rules of a sensitive document what looking at it as others
// shows, where its own rules are not told or not fully understood. Who can read
// an ordinary document is nobody's concern.
func (r *runner) looked(ctx context.Context, j job, x rules, doc extract.Document, ev judge.Evidence) rules {
	p := j.t.probing
	if p == nil || len(p.views) == 0 || ev.Content.Grade == detectors.None || ev.Content.Grade == "" || x.audience != nil && x.audience.Complete {
		return x
	}
	a, why := r.look(ctx, j, p, doc, ev.Content)
	switch {
	case a != nil && (x.audience == nil || a.Complete):
		return rules{audience: a}
	case x.audience == nil:
		x.why = why
	}
	return x
}

// answer is whether a view can read a document.
type answer uint8

const (
	undecided answer = iota
	cannot
	can
)

// look works out who can read a document by looking. why is set where the
// audience is not known at all.
func (r *runner) look(ctx context.Context, j job, p *probing, doc extract.Document, content detectors.Result) (a *access.Audience, why string) {
	x := comparison{r: r, j: j, p: p, doc: doc, content: content}
	if why := x.own(ctx); why != "" {
		return nil, why
	}
	answers, notes := make([]answer, len(p.views)), []string(nil)
	for i, v := range p.views {
		var note string
		if answers[i], note = x.as(ctx, i); note != "" {
			notes = append(notes, fmt.Sprintf("As %s: %s.", v.Name, note))
		}
	}
	if ctx.Err() != nil {
		return nil, "the run was stopped before the document was looked at as others"
	}
	return p.audience(answers, notes), ""
}

// sidAnonymous is the well-known SID of sessions without an account.
const sidAnonymous = "S-1-5-7"

// byProbe marks what was seen rather than told by a rule.
const byProbe = "probe"

// audience adds up what each view could read. Audiences may overlap: at least
// the largest of them can read, at most all of them together. Where nobody
// stands for most of the staff, the rest of it may read as well.
func (p *probing) audience(answers []answer, notes []string) *access.Audience {
	a := &access.Audience{Complete: true, Staff: p.staff, Notes: notes}
	sum, most := 0, false
	for i, v := range p.views {
		most = most || p.majority(v) && answers[i] != undecided
		switch {
		case answers[i] == undecided && !v.Anonymous:
			a.Complete = false
			sum += v.People
		case answers[i] == undecided:
			a.Complete = false
			sum = max(sum, p.staff)
		case answers[i] == can && v.Anonymous:
			a.People, sum = max(a.People, p.staff), max(sum, p.staff)
			a.Wide = append(a.Wide, v.Name)
			a.Via = append(a.Via, finding.Via{SID: sidAnonymous, Name: v.Name, ACE: "allow", Rights: "read", People: p.staff, By: byProbe})
		case answers[i] == can:
			a.People = max(a.People, v.People)
			sum += v.People
			if p.majority(v) {
				a.Wide = append(a.Wide, v.Name)
			}
			a.Via = append(a.Via, finding.Via{Name: v.Name, ACE: "allow", Rights: "read", People: v.People, By: byProbe})
		}
	}
	slices.SortStableFunc(a.Via, func(x, y finding.Via) int { return y.People - x.People })
	a.PeopleMax = max(a.People, min(sum, p.staff))
	if !most && a.PeopleMax < p.staff || p.staff == 0 {
		a.Complete, a.NoBound = false, p.staff == 0
		a.PeopleMax = max(a.PeopleMax, p.staff)
		a.Notes = append(a.Notes, "Nobody could be asked who stands for most of the staff.")
	}
	return a
}

// comparison holds what the account that scans is shown against what others
// are.
type comparison struct {
	r *runner
	j job
	p *probing

	doc     extract.Document
	content detectors.Result
	body    []byte
	length  int64
	page    bool
	// prepared tells that the rest, which costs an extraction, is there.
	prepared bool
	run      int      // how many words a shingle has
	common   shingles // what both own looks have, without the frame of the portal
	keys     map[[16]byte]bool
}

// Shares of a document from which two texts are the same, and below which they
// have nothing in common. Frames, dates and names of who is logged on differ.
const (
	sameText  = 0.9
	otherText = 0.2
	// stableText is how much of a document must be there at the second look.
	stableText = 0.5
)

// own looks a second time as the account that scans.
func (x *comparison) own(ctx context.Context) (why string) {
	for s := range x.p.viewer.Look(ctx, x.j.entry, source.Own) {
		if s.Seen != source.Shown {
			why = cmp.Or(why, "the document could not be fetched a second time: "+cmp.Or(s.Why, s.Seen.String()))
			continue
		}
		x.body, x.length, x.page = s.Body, s.Length, isPage(s.Body)
		if x.cut() || x.j.sum.is(s.Body) {
			return ""
		}
		return x.prepare(ctx)
	}
	return why
}

// prepare reads the second look, to compare by text.
func (x *comparison) prepare(ctx context.Context) (why string) {
	if x.prepared {
		return ""
	}
	x.keys = map[[16]byte]bool{}
	for _, k := range x.r.people(x.content) {
		x.keys[k.Key] = true
	}
	x.run = 3
	if len(wordsOf(x.doc.Text)) < shortText {
		x.run = 1
	}
	x.common = shinglesOf(x.doc.Text, x.run)
	if !x.j.sum.is(x.body) {
		text, _, err := x.text(ctx, x.body)
		if err != nil {
			return "the document could not be read a second time"
		}
		first := x.common
		x.common = first.and(shinglesOf(text, x.run))
		if x.common.share(first) < stableText {
			return "the document is another each time it is fetched, so that looking as others says nothing"
		}
	}
	x.common = x.common.without(x.p.around(ctx, x))
	x.prepared = true
	return ""
}

// sum is the hash of a file's bytes, of a nil one it is unknown.
type sum [sha256.Size]byte

func (s *sum) of(b []byte) {
	if s != nil {
		*s = sha256.Sum256(b)
	}
}

func (s *sum) is(b []byte) bool { return s != nil && *s == sha256.Sum256(b) }

// cut reports whether the document is longer than what a look brings.
func (x *comparison) cut() bool { return x.length > int64(len(x.body)) }

// around is what all pages of the portal show.
func (p *probing) around(ctx context.Context, x *comparison) shingles {
	if !x.page {
		return nil
	}
	p.once.Do(func() {
		if b := p.viewer.Frame(ctx); b != nil {
			p.frame, _, _ = x.text(ctx, b)
		}
	})
	return shinglesOf(p.frame, x.run)
}

// text extracts the text of what a look brought, and its people.
func (x *comparison) text(ctx context.Context, body []byte) (text []byte, people map[[16]byte]bool, err error) {
	var doc extract.Document
	people = map[[16]byte]bool{}
	done := x.r.once(ctx, func() {
		doc, err = x.r.Extractor.Extract(ctx, x.j.entry.Path, extract.Bytes(body), x.r.Limits)
		if err == nil && len(x.keys) > 0 {
			content := x.r.Inspector.Inspect(detectors.Text{Body: doc.Text, Name: x.j.entry.Path, Date: x.j.entry.Modified})
			for _, k := range x.r.people(content) {
				people[k.Key] = true
			}
		}
	})
	if !done {
		return nil, nil, context.Cause(ctx)
	}
	return doc.Text, people, err
}

// as looks as one view, from every address of the document: one that shows it
// is enough.
func (x *comparison) as(ctx context.Context, view int) (best answer, note string) {
	if err := x.p.viewer.Ready(ctx, view); err != nil {
		return undecided, "the account does not work: " + x.j.t.plain(err)
	}
	unclear := ""
	for s := range x.p.viewer.Look(ctx, x.j.entry, view) {
		switch is, why := x.compare(ctx, s); is {
		case can:
			return can, ""
		case cannot:
			best = max(best, cannot)
		default:
			unclear = cmp.Or(unclear, why)
		}
	}
	if unclear != "" {
		return undecided, x.j.t.mask(unclear)
	}
	return best, ""
}

// compare tells whether a view was shown the document.
func (x *comparison) compare(ctx context.Context, s source.Sight) (answer, string) {
	refused := s.Seen == source.LogonPage || s.Seen == source.Refused
	switch {
	case s.Seen == source.Missing, refused && len(s.Body) == 0:
		return cannot, ""
	case s.Seen == source.Unclear:
		return undecided, cmp.Or(s.Why, s.Seen.String())
	case bytes.Equal(s.Body, x.body) && (s.Length == x.length || !x.cut()):
		return can, ""
	case isPage(s.Body) && !x.page:
		return cannot, "" // a page in place of the document
	case x.cut():
		return undecided, "another document was shown at the same address"
	}
	switch is, why := x.compareText(ctx, s.Body); {
	case is != undecided:
		return is, why
	case refused:
		return cannot, ""
	default:
		return undecided, why
	}
}

// compareText looks for the people and the words of the document.
func (x *comparison) compareText(ctx context.Context, body []byte) (answer, string) {
	if why := x.prepare(ctx); why != "" {
		return undecided, why
	}
	text, people, err := x.text(ctx, body)
	if err != nil {
		return undecided, "what was shown could not be read"
	}
	words := shinglesOf(text, x.run)
	share := x.common.and(words).share(x.common)
	if len(x.keys) > 0 {
		met := 0
		for k := range x.keys {
			if people[k] {
				met++
			}
		}
		if float64(met) >= sameText*float64(len(x.keys)) && share >= stableText {
			return can, ""
		}
		if met > 0 {
			return undecided, "a part of the document was shown"
		}
	}
	switch {
	case len(x.common) > 0 && share >= sameText && len(x.keys) == 0:
		return can, ""
	case share > otherText && len(x.common) > 0:
		return undecided, "a part of the document was shown"
	}
	return undecided, "each account is shown a page of its own at this address"
}

// isPage reports whether a body is a web page.
func isPage(b []byte) bool {
	head := bytes.ToLower(bytes.TrimSpace(b[:min(len(b), 1024)]))
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html")) ||
		bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("<html"))
}

// shingles are the runs of three words of a text, hashed; of a short text its
// words.
type shingles map[uint64]struct{}

func wordsOf(text []byte) [][]byte {
	return bytes.FieldsFunc(bytes.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// shortText is the number of words below which a text has too few runs of three.
const shortText = 20

// maxShingles bounds them; a megabyte of prose has 150,000.
const maxShingles = 500_000

var space = []byte(" ")

func shinglesOf(text []byte, n int) shingles {
	words := wordsOf(text)
	out := shingles{}
	h := fnv.New64a()
	for i := 0; i+n <= len(words) && len(out) < maxShingles; i++ {
		h.Reset()
		for _, w := range words[i : i+n] {
			h.Write(w)
			h.Write(space)
		}
		out[h.Sum64()] = struct{}{}
	}
	return out
}

func (s shingles) and(o shingles) shingles {
	out := shingles{}
	for h := range s {
		if _, ok := o[h]; ok {
			out[h] = struct{}{}
		}
	}
	return out
}

func (s shingles) without(o shingles) shingles {
	out := shingles{}
	for h := range s {
		if _, ok := o[h]; !ok {
			out[h] = struct{}{}
		}
	}
	return out
}

// share is how large a part of all s is; of nothing it is all.
func (s shingles) share(all shingles) float64 {
	if len(all) == 0 {
		return 1
	}
	return float64(len(s)) / float64(len(all))
}
