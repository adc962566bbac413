package scanner

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/source"
)

// portal is what each view is shown.
type portal struct {
	views  []source.View
	broken map[int]error
	// shown is what a view is shown of the document, from address to address.
	shown map[int][]source.Sight
	frame string
}

func (p *portal) Views() []source.View                 { return p.views }
func (p *portal) Ready(_ context.Context, v int) error { return p.broken[v] }
func (p *portal) Frame(context.Context) []byte         { return []byte(p.frame) }
func (p *portal) Look(_ context.Context, e source.Entry, v int) iter.Seq[source.Sight] {
	return func(yield func(source.Sight) bool) {
		s := p.shown[v]
		if len(s) == 0 {
			yield(source.Sight{Why: "nothing is set"})
			return
		}
		for _, x := range s {
			if !yield(x) {
				return
			}
		}
	}
}

// plainMemory is a source without rules.
type plainMemory struct{ m *memory }

func (p plainMemory) Name() string                                   { return p.m.Name() }
func (p plainMemory) Root(ctx context.Context) (source.Entry, error) { return p.m.Root(ctx) }
func (p plainMemory) Close() error                                   { return p.m.Close() }
func (p plainMemory) List(ctx context.Context, e source.Entry) iter.Seq2[source.Entry, error] {
	return p.m.List(ctx, e)
}
func (p plainMemory) Open(ctx context.Context, e source.Entry) (source.File, error) {
	return p.m.Open(ctx, e)
}

// looker is a plain source with eyes.
type looker struct {
	plainMemory
	*portal
}

func shows(body string) []source.Sight {
	return []source.Sight{{Seen: source.Shown, Body: []byte(body), Length: int64(len(body))}}
}

func says(s source.Seen, body string) []source.Sight {
	return []source.Sight{{Seen: s, Body: []byte(body), Length: int64(len(body)), Why: s.String()}}
}

var staffViews = []source.View{{Name: "all staff", People: 1300}, {Name: "social services", People: 90}, {Name: "anonymous", Anonymous: true}}

func TestLooking(t *testing.T) {
	const (
		frame = "<html> menu home news rooms calendar search help about contact accessibility "
		doc   = "CASE number 20090528-2380 and what the committee said about the child and its family in the meeting of the week before"
		page  = frame + doc
	)
	login := says(source.LogonPage, "<html> log in")
	refused := says(source.Refused, "")
	for _, c := range []struct {
		name, file    string
		own           []source.Sight
		staff, social []source.Sight
		anonymous     []source.Sight
		broken        map[int]error
		views         []source.View
		verdict       finding.Verdict // "" is no finding
		min, max      int
		wide, note    string
	}{
		{name: "all staff", staff: shows(doc), social: shows(doc), anonymous: login, verdict: finding.TooWide, min: 1300, max: 1300, wide: "all staff"},
		{name: "nobody of staff", staff: refused, social: refused, anonymous: login, verdict: ""},
		{name: "one department", staff: refused, social: shows(doc), anonymous: login, verdict: finding.TooWide, min: 90, max: 90},
		{name: "everybody", staff: shows(doc), social: shows(doc), anonymous: shows(doc), verdict: finding.TooWide, min: 1300, max: 1300, wide: "anonymous"},
		{name: "no answer for staff", staff: says(source.Unclear, ""), social: refused, anonymous: login, verdict: finding.Unknown, min: 0, max: 1300, note: "no answer"},
		{name: "no answer for a department", staff: refused, social: says(source.Unclear, ""), anonymous: login, verdict: finding.Unknown, min: 0, max: 90},
		{name: "broken account", staff: refused, social: refused, anonymous: login, broken: map[int]error{0: errors.New("password expired")}, verdict: finding.Unknown, min: 0, max: 1300, note: "password expired"},
		{name: "missing for staff", staff: says(source.Missing, ""), social: says(source.Missing, ""), anonymous: login, verdict: ""},
		{name: "log-in page with status 200", staff: login, social: login, anonymous: login, verdict: ""},
		{name: "page in place of the document", staff: shows("<html> something went wrong"), social: refused, anonymous: login, verdict: ""},
		{name: "own page for each", file: page, own: shows(page), staff: shows(frame + "your own leave, salary and calendar for this year are listed here below"), social: refused, anonymous: login,
			verdict: finding.Unknown, min: 0, max: 1300, note: "a page of its own"},
		{name: "frame that differs", file: page + " logged on as scanner", own: shows(page + " logged on as scanner 2"), staff: shows(page + " logged on as anna"), social: refused, anonymous: login,
			verdict: finding.TooWide, min: 1300, max: 1300, wide: "all staff"},
		{name: "document beside a log-in form", file: page, own: shows(page), staff: says(source.LogonPage, page), social: refused, anonymous: refused, verdict: finding.TooWide, min: 1300, max: 1300},
		{name: "unstable", file: page, own: shows("<html> CASE quite another text each time that it is fetched, with other words in it and none of those before"), staff: shows(page), social: refused, anonymous: login,
			verdict: finding.Unknown, note: "another each time"},
		{name: "gone for the scanner", own: says(source.Missing, ""), staff: shows(doc), social: refused, anonymous: login, verdict: finding.Unknown, note: "second time"},
		{name: "second address is open", staff: append(says(source.Refused, ""), shows(doc)...), social: refused, anonymous: login, verdict: finding.TooWide, min: 1300, max: 1300},
		{name: "a part", file: doc + " CASE", own: shows(doc + " CASE"), staff: shows("number of the child and what the committee said about the child and its family in the meeting of the week"), social: refused, anonymous: login,
			verdict: finding.Unknown, min: 0, max: 1300, note: "a part of the document"},
		{name: "no view of most of the staff", views: []source.View{{Name: "social services", People: 90}}, staff: refused, verdict: finding.Unknown, min: 0, max: 1300, note: "Nobody could be asked"},
		{name: "nobody but nobody", views: []source.View{{Name: "anonymous", Anonymous: true}}, staff: login, verdict: finding.Unknown, min: 0, max: 1300},
		{name: "no views", views: []source.View{}, verdict: finding.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := c.file
			if file == "" {
				file = doc
			}
			p := &portal{views: c.views, broken: c.broken, frame: frame, shown: map[int][]source.Sight{source.Own: c.own, 0: c.staff, 1: c.social, 2: c.anonymous}}
			if c.views == nil {
				p.views = staffViews
			}
			if c.own == nil {
				p.shown[source.Own] = shows(file)
			}
			m := &memory{files: map[string]string{"room/doc": file, "room/other": "nothing"}}
			sink, err := scan(t, t.Context(), m, func(_ *Options, x *Target) {
				x.Source = looker{plainMemory{m}, p}
				x.Access.Staff = 1300
			})
			if err != nil {
				t.Fatal(err)
			}
			if c.verdict == "" {
				if len(sink.findings) != 0 {
					t.Fatalf("finding %+v", sink.findings[0])
				}
				return
			}
			if len(sink.findings) != 1 {
				t.Fatalf("%d findings", len(sink.findings))
			}
			f := sink.findings[0]
			if f.Verdict != c.verdict || f.People != c.min || f.PeopleMax != c.max || !strings.Contains(strings.Join(f.Wide, ";"), c.wide) {
				t.Errorf("%s, %d to %d people, wide %q, notes %q", f.Verdict, f.People, f.PeopleMax, f.Wide, f.Notes)
			}
			if !strings.Contains(fmt.Sprint(f.Notes), c.note) {
				t.Errorf("notes %q lack %q", f.Notes, c.note)
			}
			for _, v := range f.Via {
				if v.By != byProbe {
					t.Errorf("via %+v", v)
				}
			}
		})
	}
}
