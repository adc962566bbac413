package judge

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/detectors"
	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
)

// share is a replayed file share: documents are judged, counted and kept as a
// scan does it.
type share struct {
	t        *testing.T
	judge    *Judge
	census   *Census
	target   string
	findings []finding.Finding
}

func newShare(t *testing.T, target string) *share {
	j, err := New(DefaultPolicy())
	if err != nil {
		t.Fatal(err)
	}
	return &share{t: t, judge: j, census: NewCensus(), target: target}
}

// group is a set of readers let in by one rule at one folder.
type group struct {
	name, sid string
	people    int
	wide      bool
	from      string // folder of the explicit rule; "" on the file itself
}

func (s *share) add(dir string, n int, grade detectors.Grade, cat string, g group) {
	s.t.Helper()
	for i := range n {
		e := Evidence{
			Target: s.target, Path: fmt.Sprintf("%s/%s-%03d.docx", dir, grade, i),
			Content: detectors.Result{Grade: grade},
			Audience: &access.Audience{
				Complete: true, People: g.people, PeopleMax: g.people, Staff: 1300,
				Via: []finding.Via{{SID: g.sid, Name: g.name, ACE: "allow", Rights: "read", People: g.people, InheritedFrom: g.from}},
			},
		}
		if g.wide {
			e.Audience.Wide = []string{g.name}
		}
		if grade != detectors.None {
			e.Content.Categories = []string{cat}
			e.Content.Persons, e.Content.Minors = 1, 0
			k := finding.PersonKey{Key: [16]byte{byte(i), byte(i >> 8), byte(len(cat))}}
			if cat == "child-protection" {
				e.Content.Minors, k.Minor = 1, true
			}
			e.PersonKeys = []finding.PersonKey{k}
		}
		f, report := s.judge.Judge(e)
		s.census.Add(f)
		if report {
			s.findings = append(s.findings, f)
		}
	}
}

func (s *share) incidents() ([]finding.Finding, []finding.Incident) {
	return s.judge.Incidents(s.findings, s.census)
}

const docs = "smb://fs1/docs"

func domainUsers(from string) group {
	return group{`LAB\Domain Users`, "S-1-5-21-1-2-3-513", 1243, true, from}
}

func narrow(name string, people int, from string) group {
	return group{`LAB\` + name, "S-1-5-21-1-2-3-1105", people, false, from}
}

func TestLejre(t *testing.T) {
	s := newShare(t, docs)
	s.add(docs+"/Information", 40, detectors.None, "", domainUsers(docs))
	s.add(docs+"/Arbejdsrum/Skema", 12, detectors.None, "", domainUsers(docs))
	room := docs + "/Arbejdsrum/Center for Børn og Unge"
	s.add(room, 452, detectors.HighlySensitive, "child-protection", domainUsers(room))
	s.add(room, 30, detectors.None, "", domainUsers(room))
	findings, in := s.incidents()
	if len(in) != 1 || len(findings) != 452 {
		t.Fatalf("%d incidents of %d findings, want one of 452", len(in), len(findings))
	}
	got := in[0]
	want := finding.Incident{
		ID: got.ID, Target: docs, Mode: finding.Overexposed, Severity: finding.Critical,
		Grade: finding.HighlySensitive, Verdict: finding.TooWide, Root: room,
		Title:     "452 highly sensitive documents about 452 people, all minors in Center for Børn og Unge, open to 1,243 people",
		Documents: 452, Persons: 452, Minors: 452, Categories: []string{"child-protection"},
		People: 1243, PeopleMax: 1243, Staff: 1300, Beyond: 1228, Wide: []string{`LAB\Domain Users`},
		Via: findings[0].Via, Findings: got.Findings,
		Cure: &finding.Cure{
			Kind: "acl", At: room, ACE: `allow LAB\Domain Users: read`, Closes: 452,
			Command: `icacls "\\fs1\docs\Arbejdsrum\Center for Børn og Unge" /remove:g "*S-1-5-21-1-2-3-513"`,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, f := range findings {
		if f.Mode != finding.Overexposed || f.Incident != got.ID || f.Cure == nil || f.Cure.Closes != 452 {
			t.Fatalf("finding %s: mode %q, incident %q, cure %+v", f.Path, f.Mode, f.Incident, f.Cure)
		}
	}
}

// The rule may be explicit far above, where it is right for what else lies
// there: then the cases' own folder is to be closed, not the share.
func TestLejreInheritedFromTheShare(t *testing.T) {
	s := newShare(t, docs)
	s.add(docs+"/Information", 900, detectors.None, "", domainUsers(docs))
	for i := range 40 { // a folder a case
		s.add(fmt.Sprintf("%s/Arbejdsrum/Sager/%d", docs, i), 1, detectors.HighlySensitive, "child-protection", domainUsers(docs))
		s.add(fmt.Sprintf("%s/Arbejdsrum/Sager/%d", docs, i), 1, detectors.None, "", domainUsers(docs))
	}
	_, in := s.incidents()
	if len(in) != 1 {
		t.Fatalf("%d incidents, want 1: %+v", len(in), roots(in))
	}
	cure := in[0].Cure
	if in[0].Mode != finding.Overexposed || in[0].Root != docs+"/Arbejdsrum" || cure.Closes != 40 || cure.At != in[0].Root {
		t.Errorf("mode %s, root %s, cure %+v", in[0].Mode, in[0].Root, cure)
	}
	if !strings.Contains(cure.Command, `icacls "\\fs1\docs\Arbejdsrum" /inheritance:d`) {
		t.Errorf("command does not cut inheritance: %q", cure.Command)
	}
	if in[0].Persons != 1 { // every folder holds person 0
		t.Errorf("%d persons, want each counted once", in[0].Persons)
	}
}

func TestLaholm(t *testing.T) {
	s := newShare(t, docs)
	lead := docs + "/Kommunledning"
	hq := narrow("Kommunledning", 60, lead)
	s.add(lead, 25, detectors.None, "", hq)
	s.add(lead, 1, detectors.Sensitive, "personnel", hq)
	for i := range 3 {
		dir := fmt.Sprintf("%s/HR/Personalärenden/%d", docs, i)
		s.add(dir, 4, detectors.Sensitive, "personnel", narrow("HR", 6, docs+"/HR"))
	}
	s.add(docs+"/Individ", 9, detectors.Sensitive, "debt", narrow("IFO", 9, docs+"/Individ"))
	findings, in := s.incidents()
	if len(in) != 1 || len(findings) != 1 {
		t.Fatalf("%d incidents of %d findings, want one of one", len(in), len(findings))
	}
	file := lead + "/sensitive-000.docx"
	want := &finding.Cure{
		Kind: "move", At: file, Closes: 1, To: docs + "/HR/Personalärenden",
		Command: `move /-Y "\\fs1\docs\Kommunledning\sensitive-000.docx" "\\fs1\docs\HR\Personalärenden"` + "\n" +
			`icacls "\\fs1\docs\HR\Personalärenden\sensitive-000.docx" /reset`,
	}
	if diff := cmp.Diff(want, in[0].Cure); diff != "" {
		t.Error(diff)
	}
	if in[0].Mode != finding.Misplaced || in[0].Root != lead || findings[0].Mode != finding.Misplaced {
		t.Errorf("mode %s, root %s", in[0].Mode, in[0].Root)
	}
	if in[0].Title != "1 sensitive document about 1 person among ordinary files in Kommunledning, open to 60 people" {
		t.Errorf("title %q", in[0].Title)
	}
}

func TestMode(t *testing.T) {
	const root = "/srv/share"
	other := group{"Everyone (other)", "", 40, true, ""}
	tests := []struct {
		name string
		fill func(*share)
		mode finding.Mode
		at   string
		n    int
	}{
		{"stray in a small folder", func(s *share) {
			s.add(docs+"/a", 1, detectors.None, "", domainUsers(docs))
			s.add(docs+"/a", 1, detectors.Sensitive, "debt", domainUsers(docs))
		}, finding.Misplaced, docs + "/a/sensitive-000.docx", 1},
		{"two strays among many", func(s *share) {
			s.add(docs+"/a", 30, detectors.None, "", domainUsers(docs+"/a"))
			s.add(docs+"/a", 2, detectors.Sensitive, "debt", domainUsers(docs+"/a"))
		}, finding.Misplaced, docs + "/a", 1},
		{"alone in a folder that grants too much itself", func(s *share) {
			s.add(docs+"/a", 1, detectors.Sensitive, "debt", domainUsers(docs+"/a"))
			s.add(docs+"/b", 9, detectors.None, "", domainUsers(docs))
		}, finding.Overexposed, docs + "/a", 1},
		{"alone in a folder of an open share", func(s *share) {
			s.add(docs+"/a", 1, detectors.Sensitive, "debt", domainUsers(docs))
			s.add(docs+"/b", 9, detectors.None, "", domainUsers(docs))
		}, finding.Misplaced, docs + "/a/sensitive-000.docx", 1},
		{"mixed folder", func(s *share) {
			s.add(docs+"/a", 12, detectors.None, "", domainUsers(docs+"/a"))
			s.add(docs+"/a", 10, detectors.Sensitive, "debt", domainUsers(docs+"/a"))
		}, finding.Overexposed, docs + "/a", 1},
		{"a practice in a large ordinary folder", func(s *share) {
			s.add(docs+"/a", 400, detectors.None, "", domainUsers(docs))
			s.add(docs+"/a", 40, detectors.Sensitive, "debt", domainUsers(docs))
		}, finding.Overexposed, docs + "/a", 1},
		{"one full subfolder does not drag its parent along", func(s *share) {
			for i := range 6 {
				s.add(fmt.Sprintf("%s/%d", docs, i), 5, detectors.None, "", domainUsers(docs))
			}
			s.add(docs+"/barn", 100, detectors.HighlySensitive, "child-protection", domainUsers(docs))
		}, finding.Overexposed, docs + "/barn", 1},
		{"a stray beside a full room is its own incident", func(s *share) {
			s.add(docs+"/barn", 100, detectors.HighlySensitive, "child-protection", domainUsers(docs))
			s.add(docs+"/kantine", 20, detectors.None, "", domainUsers(docs))
			s.add(docs+"/kantine", 1, detectors.Sensitive, "debt", domainUsers(docs))
			s.add(docs+"/løb", 20, detectors.None, "", domainUsers(docs))
		}, finding.Overexposed, docs + "/barn", 2},
		{"a file with a wider rule than its neighbours", func(s *share) {
			s.add(docs+"/a", 30, detectors.None, "", narrow("HR", 6, docs+"/a"))
			s.add(docs+"/a", 1, detectors.Sensitive, "debt", domainUsers(""))
		}, finding.Overexposed, docs + "/a/sensitive-000.docx", 1},
		{"POSIX: a room open to others", func(s *share) {
			s.add(root+"/info", 30, detectors.None, "", other)
			s.add(root+"/barn", 30, detectors.HighlySensitive, "child-protection", other)
		}, finding.Overexposed, root + "/barn", 1},
		{"POSIX: a stray", func(s *share) {
			s.add(root+"/info", 30, detectors.None, "", other)
			s.add(root+"/info", 1, detectors.HighlySensitive, "child-protection", other)
		}, finding.Misplaced, root + "/info/highly-sensitive-000.docx", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := docs
			if strings.HasPrefix(tt.at, root) {
				target = root
			}
			s := newShare(t, target)
			tt.fill(s)
			_, in := s.incidents()
			if len(in) != tt.n {
				t.Fatalf("%d incidents, want %d: %v", len(in), tt.n, roots(in))
			}
			if in[0].Mode != tt.mode || in[0].Cure.At != tt.at {
				t.Errorf("%s at %s, want %s at %s", in[0].Mode, in[0].Cure.At, tt.mode, tt.at)
			}
		})
	}
}

func TestSingleFileTarget(t *testing.T) {
	file := docs + "/a/case.docx"
	s := newShare(t, file)
	e := evidence(file, detectors.HighlySensitive, audience(900, 1000, "Everyone"))
	e.Target = file
	f, _ := s.judge.Judge(e)
	s.census.Add(f)
	_, in := s.judge.Incidents([]finding.Finding{f}, s.census)
	if len(in) != 1 || in[0].Root != file || in[0].Cure.At != file {
		t.Fatalf("incidents %+v", in)
	}
}

func TestNullDACL(t *testing.T) {
	s := newShare(t, docs)
	for i := range 5 {
		e := evidence(fmt.Sprintf("%s/a/%d.docx", docs, i), detectors.HighlySensitive,
			&access.Audience{Complete: true, NullDACL: true, People: 900, PeopleMax: 900, Staff: 900, Wide: []string{"Everyone"}})
		f, _ := s.judge.Judge(e)
		s.census.Add(f)
		s.findings = append(s.findings, f)
	}
	_, in := s.incidents()
	if len(in) != 1 || in[0].Mode != finding.Overexposed || in[0].Documents != 5 || !strings.Contains(in[0].Cure.ACE, "no DACL") {
		t.Fatalf("incidents %+v", in)
	}
}

// The cure names every rule that alone would keep the audience too wide.
func TestCureNamesAllWideRules(t *testing.T) {
	s := newShare(t, docs)
	for i := range 4 {
		a := audience(900, 1000, "Everyone", `LAB\Domain Users`)
		a.Via = append(a.Via,
			finding.Via{SID: "S-1-5-21-1-2-3-513", Name: `LAB\Domain Users`, ACE: "allow", Rights: "modify", People: 890, InheritedFrom: docs},
			finding.Via{SID: hrSID, Name: `LAB\HR`, ACE: "allow", Rights: "full", People: 9, InheritedFrom: docs})
		f, _ := s.judge.Judge(evidence(fmt.Sprintf("%s/a/%d.docx", docs, i), detectors.HighlySensitive, a))
		s.census.Add(f)
		s.findings = append(s.findings, f)
	}
	_, in := s.incidents()
	if want := `allow Everyone: read; allow LAB\Domain Users: modify`; len(in) != 1 || in[0].Cure.ACE != want {
		t.Fatalf("cure %+v, want %s", in[0].Cure, want)
	}
}

func TestUnknownIsNoIncident(t *testing.T) {
	s := newShare(t, docs)
	f, _ := s.judge.Judge(evidence(docs+"/a/1.docx", detectors.HighlySensitive, nil))
	s.census.Add(f)
	findings, in := s.judge.Incidents([]finding.Finding{f}, s.census)
	if len(in) != 0 || findings[0].Incident != "" || findings[0].Mode != "" {
		t.Fatalf("%+v %+v", in, findings)
	}
}

func TestCommandsRefuseOddNames(t *testing.T) {
	for _, name := range []string{
		"smb://fs1:4450/docs/a.docx", "smb://fs1/docs/100%PATH%.docx", "smb://fs1/docs/a\"&calc.docx",
		"smb://fs1/docs/a\nb.docx", "/srv/a\nrm -rf x", "https://portal/a.docx",
	} {
		if c := moveCommand(name, path.Dir(name)); c != "" {
			t.Errorf("%q: made %q", name, c)
		}
	}
	if got, want := moveCommand("/srv/it's a/-x.txt", "/srv/b"), `mv -n -- '/srv/it'\''s a/-x.txt' '/srv/b/'`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	other := finding.Via{Name: "Everyone (other)", ACE: "allow"}
	if got, want := posixCommand("/srv/a", []finding.Via{other}), "chmod -R o-rwx -- '/srv/a'"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	staff := finding.Via{Name: "group staff", SID: "S-1-22-2-50", ACE: "allow"}
	if got := posixCommand("/srv/a", []finding.Via{staff}); got != "" {
		t.Errorf("made %q for a group", got)
	}
}

func TestCensusIsBounded(t *testing.T) {
	c := NewCensus()
	for i := range maxNarrow + 100 {
		c.Add(finding.Finding{Target: docs, Path: fmt.Sprintf("%s/%d/a", docs, i), Grade: finding.Sensitive, Verdict: finding.Allowed})
	}
	if len(c.narrow) != maxNarrow {
		t.Errorf("%d folders kept for suggestions, want %d", len(c.narrow), maxNarrow)
	}
}

func TestFolders(t *testing.T) {
	for _, tt := range []struct {
		target, path string
		want         []string
	}{
		{"smb://h/s", "smb://h/s/a/b.txt", []string{"smb://h/s/a", "smb://h/s"}},
		{"smb://h/s", "smb://h/s/b.txt", []string{"smb://h/s"}},
		{"/", "/a/b.txt", []string{"/a", "/"}},
		{"/srv/", "/srv/b.txt", []string{"/srv"}},
		{"/srv/b.txt", "/srv/b.txt", nil},
		{"/srv", "/elsewhere/b.txt", nil},
		{"", "b.txt", nil},
	} {
		if diff := cmp.Diff(tt.want, folders(tt.target, tt.path)); diff != "" {
			t.Errorf("%s in %s: %s", tt.path, tt.target, diff)
		}
	}
}

func roots(in []finding.Incident) []string {
	var out []string
	for _, i := range in {
		out = append(out, string(i.Mode)+" "+i.Root)
	}
	return out
}

func BenchmarkCensusAdd(b *testing.B) {
	c := NewCensus()
	names := make([]string, 4096)
	for i := range names {
		names[i] = fmt.Sprintf("%s/Socialförvaltningen/Individ/%d/Utredningar/%d/journal.docx", docs, i%64, i%512)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Add(finding.Finding{Target: docs, Path: names[i%len(names)], Grade: finding.Sensitive, Verdict: finding.TooWide})
	}
}

func BenchmarkIncidents(b *testing.B) {
	j, _ := New(DefaultPolicy())
	c := NewCensus()
	var fs []finding.Finding
	for i := range 20000 {
		e := evidence(fmt.Sprintf("%s/%d/%d.docx", docs, i%200, i), detectors.HighlySensitive, audience(900, 1000, "Everyone"))
		f, _ := j.Judge(e)
		c.Add(f)
		fs = append(fs, f)
	}
	b.ResetTimer()
	for b.Loop() {
		j.Incidents(fs, c)
	}
}

// What became of last night's findings: the cure of the room, a document that
// was rewritten, one that was taken away.
func TestFate(t *testing.T) {
	room := docs + "/barn"
	before := newShare(t, docs)
	before.add(room, 3, detectors.HighlySensitive, "child-protection", domainUsers(room))
	ids := make([]string, len(before.findings))
	for i, f := range before.findings {
		ids[i] = f.ID
	}

	after := newShare(t, docs)
	after.census.Watch(ids...)
	after.add(room, 1, detectors.HighlySensitive, "child-protection", narrow("Barn", 6, room))
	rewritten := evidence(before.findings[1].Path, detectors.None, audience(1243, 1300, "Everyone"))
	f, _ := after.judge.Judge(rewritten)
	after.census.Add(f)
	for i, want := range []Fate{Narrowed, Cleaned, Gone} {
		if got := after.census.Fate(ids[i]); got != want {
			t.Errorf("document %d is %s, want %s", i, got, want)
		}
	}

	same := newShare(t, docs)
	same.census.Watch(ids...)
	same.add(room, 1, detectors.HighlySensitive, "child-protection", domainUsers(room))
	if got := same.census.Fate(ids[0]); got != Still {
		t.Errorf("an unchanged document is %s", got)
	}
	if got := same.census.Fate("F-OTHER"); got != Gone {
		t.Errorf("an unwatched finding is %s", got)
	}
}

func TestPeople(t *testing.T) {
	key := func(b byte, minor bool) finding.PersonKey { return finding.PersonKey{Key: [16]byte{b}, Minor: minor} }
	found := []finding.Finding{
		{Persons: 2, Minors: 1, PersonKeys: []finding.PersonKey{key(1, false), key(2, true)}},
		{Persons: 2, Minors: 1, PersonKeys: []finding.PersonKey{key(2, true), key(2, true)}}, // one more by name alone
		{Persons: 3, Minors: 2}, // by name alone
		{Persons: 9, Minors: 9, Status: finding.StatusFalsePositive},
	}
	if persons, minors := People(found); persons != 6 || minors != 3 {
		t.Errorf("%d persons, %d minors; want 6 and 3", persons, minors)
	}
	if persons, minors := People(nil); persons != 0 || minors != 0 {
		t.Errorf("%d persons, %d minors of nothing", persons, minors)
	}
}
