package judge

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/detectors"
	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
)

const (
	everyoneSID = "S-1-1-0"
	hrSID       = "S-1-5-21-1-2-3-1105"
)

func evidence(path string, grade detectors.Grade, a *access.Audience) Evidence {
	return Evidence{
		Target: "smb://fs1/docs", Path: path, Audience: a,
		Content: detectors.Result{Grade: grade, Persons: 1, Categories: []string{"personnel"}},
	}
}

// audience is complete unless the test says otherwise.
func audience(people, staff int, wide ...string) *access.Audience {
	a := &access.Audience{Complete: true, People: people, PeopleMax: people, Staff: staff, Wide: wide}
	name, sid := `LAB\HR`, hrSID
	if len(wide) > 0 {
		name, sid = wide[0], everyoneSID
	}
	a.Via = []finding.Via{{SID: sid, Name: name, ACE: "allow", Rights: "read", People: people, InheritedFrom: "smb://fs1/docs"}}
	return a
}

func TestVerdict(t *testing.T) {
	guest := audience(5, 1000)
	guest.Via[0].SID, guest.Via[0].Name = "S-1-5-32-546", `BUILTIN\Guests`
	null := &access.Audience{Complete: true, NullDACL: true, People: 1000, PeopleMax: 1000, Staff: 1000, Wide: []string{"Everyone"}}
	nullNarrowed := &access.Audience{Complete: true, NullDACL: true, People: 4, PeopleMax: 4, Staff: 1000}
	gap := audience(10, 1000)
	gap.Complete, gap.PeopleMax = false, 900
	gapWithin := audience(10, 1000)
	gapWithin.Complete, gapWithin.PeopleMax = false, 12
	fewKnown := audience(2, 1000, "Everyone")
	fewKnown.Complete = false
	machines := audience(2, 1000, `LAB\Domain Computers`)
	machines.Via[0].People = 0
	orphan := audience(10, 1000)
	orphan.Complete, orphan.NoBound, orphan.Unresolved = false, true, []string{"S-1-5-21-9-9-9-1104"}
	deleted := audience(10, 1000)
	deleted.Complete, deleted.Unresolved = false, []string{"S-1-5-21-1-2-3-1104"}

	tests := []struct {
		name    string
		grade   detectors.Grade
		a       *access.Audience
		want    finding.Verdict
		allowed int
		beyond  int
		report  bool
	}{
		{"ordinary document open to all", detectors.None, audience(1000, 1000, "Everyone"), finding.Allowed, 0, 0, false},
		{"internal open to all staff", detectors.Internal, audience(1000, 1000, `LAB\Domain Users`), finding.Allowed, 0, 0, false},
		{"internal open to guests", detectors.Internal, guest, finding.TooWide, 0, 0, true},
		{"internal with a null DACL", detectors.Internal, null, finding.TooWide, 0, 0, true},
		{"internal with a null DACL behind a narrow share", detectors.Internal, nullNarrowed, finding.Allowed, 0, 0, false},
		{"internal, rules unreadable", detectors.Internal, nil, finding.Unknown, 0, 0, true},
		{"internal, one orphan", detectors.Internal, orphan, finding.Allowed, 0, 0, false},
		{"sensitive at the limit", detectors.Sensitive, audience(50, 1000), finding.Allowed, 50, 0, false},
		{"sensitive over the limit", detectors.Sensitive, audience(51, 1000), finding.TooWide, 50, 1, true},
		{"sensitive over the share of staff", detectors.Sensitive, audience(31, 600), finding.TooWide, 30, 1, true},
		{"sensitive in a small directory", detectors.Sensitive, audience(5, 40), finding.Allowed, 15, 0, false},
		{"sensitive, staff unknown", detectors.Sensitive, audience(50, 0), finding.Allowed, 50, 0, false},
		{"sensitive behind a wide group that few are left of", detectors.Sensitive, audience(2, 1000, "Everyone"), finding.Allowed, 50, 0, false},
		{"the same, not everyone known", detectors.Sensitive, fewKnown, finding.TooWide, 50, 0, true},
		{"sensitive open to all of a small place", detectors.Sensitive, audience(6, 6, "Everyone"), finding.TooWide, 15, 0, true},
		{"sensitive open to machines", detectors.Sensitive, machines, finding.TooWide, 50, 0, true},
		{"sensitive, limit inside the interval", detectors.Sensitive, gap, finding.Unknown, 50, 0, true},
		{"sensitive, interval below the limit", detectors.Sensitive, gapWithin, finding.Allowed, 50, 0, false},
		{"sensitive, a deleted account", detectors.Sensitive, deleted, finding.Allowed, 50, 0, false},
		{"sensitive, one orphan", detectors.Sensitive, orphan, finding.Unknown, 50, 0, true},
		{"sensitive, rules unreadable", detectors.Sensitive, nil, finding.Unknown, 50, 0, true},
		{"highly sensitive at the limit", detectors.HighlySensitive, audience(15, 1000), finding.Allowed, 15, 0, false},
		{"highly sensitive over the limit", detectors.HighlySensitive, audience(1243, 1300, `LAB\Domain Users`), finding.TooWide, 15, 1228, true},
		{"highly sensitive, nobody but administrators", detectors.HighlySensitive, &access.Audience{Complete: true, Staff: 9}, finding.Allowed, 15, 0, false},
		{"highly sensitive with a null DACL behind a narrow share", detectors.HighlySensitive, nullNarrowed, finding.Allowed, 15, 0, false},
	}
	j, err := New(DefaultPolicy())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, report := j.Judge(evidence("smb://fs1/docs/a.docx", tt.grade, tt.a))
			if f.Verdict != tt.want || report != tt.report {
				t.Errorf("verdict %q, report %v; want %q, %v", f.Verdict, report, tt.want, tt.report)
			}
			if f.Allowed != tt.allowed || f.Beyond != tt.beyond {
				t.Errorf("allowed %d, beyond %d; want %d, %d", f.Allowed, f.Beyond, tt.allowed, tt.beyond)
			}
			if !strings.HasSuffix(f.Why, ".") || strings.Count(f.Why, ". ") > 0 {
				t.Errorf("why is not one sentence: %q", f.Why)
			}
		})
	}
}

func TestPathRule(t *testing.T) {
	p := DefaultPolicy()
	p.Paths = []PathRule{
		{Path: "smb://fs1/docs", Expect: []string{"Nobody"}},
		{Path: "smb://FS1/docs/HR", Expect: []string{"hr", "Domain Users"}, MaxBeyond: 2},
		{Path: "smb://fs1/docs/*/chef/**", Expect: []string{"S-1-5-21-1-2-3-1105"}},
	}
	j, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	with := func(people int, via ...finding.Via) *access.Audience {
		return &access.Audience{Complete: true, People: people, PeopleMax: people, Staff: 1000, Via: via}
	}
	hr := finding.Via{SID: hrSID, Name: `LAB\HR`, ACE: "allow", People: 300}
	it := finding.Via{SID: "S-1-5-21-1-2-3-1200", Name: `LAB\IT`, ACE: "allow", People: 40}
	two := finding.Via{SID: "S-1-5-21-1-2-3-1201", Name: `LAB\anna`, ACE: "allow", People: 2}
	no := finding.Via{SID: "S-1-5-21-1-2-3-1202", Name: `LAB\Extern`, ACE: "deny", People: 500}
	wide := audience(900, 1000, `LAB\Domain Users`)
	tests := []struct {
		name   string
		path   string
		a      *access.Audience
		want   finding.Verdict
		beyond int
	}{
		{"300 of the expected group", "smb://fs1/docs/hr/a.docx", with(300, hr), finding.Allowed, 0},
		{"as many others as may", "smb://fs1/docs/hr/a.docx", with(302, hr, two), finding.Allowed, 0},
		{"others for certain", "smb://fs1/docs/hr/a.docx", with(340, hr, it), finding.TooWide, 38},
		{"others perhaps members too", "smb://fs1/docs/hr/a.docx", with(300, hr, it), finding.Unknown, 0},
		{"a denied group counts as nobody", "smb://fs1/docs/hr/a.docx", with(300, hr, no), finding.Allowed, 0},
		{"an expected wide group", "smb://fs1/docs/hr/a.docx", wide, finding.Allowed, 0},
		{"an unexpected wide group", "smb://fs1/docs/x/chef/a.docx", wide, finding.TooWide, 900},
		{"by SID", "smb://fs1/docs/x/chef/a.docx", with(300, hr), finding.Allowed, 0},
		{"not the folder with the longer name", "smb://fs1/docs/hrx/a.docx", with(300, hr), finding.TooWide, 300},
		{"another share has the grade's limits", "smb://fs2/docs/a.docx", with(10, it), finding.Allowed, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := j.Judge(evidence(tt.path, detectors.HighlySensitive, tt.a))
			if f.Verdict != tt.want || f.Beyond != tt.beyond {
				t.Errorf("%s, %d beyond; want %s, %d (%s)", f.Verdict, f.Beyond, tt.want, tt.beyond, f.Why)
			}
		})
	}
}

func TestWhy(t *testing.T) {
	j, err := New(DefaultPolicy())
	if err != nil {
		t.Fatal(err)
	}
	e := evidence("smb://fs1/docs/a.docx", detectors.HighlySensitive, audience(1243, 1300, `LAB\Domain Users`))
	e.Content.Persons, e.Content.Minors = 4, 2
	f, _ := j.Judge(e)
	want := `1,243 people can read this highly sensitive document about 4 people, 2 of them under 18, through LAB\Domain Users; at most 15 may, and no wide group.`
	if diff := cmp.Diff(want, f.Why); diff != "" {
		t.Error(diff)
	}
	e.Audience, e.Content.Persons, e.Content.Minors = nil, 1, 1
	f, _ = j.Judge(e)
	want = `Who can read this highly sensitive document about 1 person, a minor, could not be worked out, so it cannot count as safe.`
	if diff := cmp.Diff(want, f.Why); diff != "" {
		t.Error(diff)
	}
}

func TestSeverity(t *testing.T) {
	tests := []struct {
		name string
		w    weight
		want finding.Severity
	}{
		{"one child's case, all staff", weight{grade: finding.HighlySensitive, verdict: finding.TooWide, wide: true, persons: 1, minors: 1}, finding.Critical},
		{"one case, one reader too many", weight{grade: finding.HighlySensitive, verdict: finding.TooWide, beyond: 1, persons: 1}, finding.Medium},
		{"one case, thirty readers too many", weight{grade: finding.HighlySensitive, verdict: finding.TooWide, beyond: 30, persons: 1}, finding.High},
		{"a personnel case, all staff", weight{grade: finding.Sensitive, verdict: finding.TooWide, wide: true, persons: 1}, finding.High},
		{"a personnel case, one reader too many", weight{grade: finding.Sensitive, verdict: finding.TooWide, beyond: 1, persons: 1}, finding.Low},
		{"a quarter of a small staff", weight{grade: finding.Sensitive, verdict: finding.TooWide, beyond: 10, staff: 40, persons: 1}, finding.High},
		{"a register of debts", weight{grade: finding.Sensitive, verdict: finding.TooWide, beyond: 200, persons: 5000}, finding.Critical},
		{"a phone list open to guests", weight{grade: finding.Internal, verdict: finding.TooWide, wide: true, persons: 20}, finding.Medium},
		{"a class list nobody could judge", weight{grade: finding.Internal, verdict: finding.Unknown, persons: 20, minors: 20}, finding.Low},
		{"a child's case nobody could judge", weight{grade: finding.HighlySensitive, verdict: finding.Unknown, wide: true, minors: 1}, finding.High},
	}
	for _, tt := range tests {
		if got := severity(tt.w); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestPolicyFaults(t *testing.T) {
	p := DefaultPolicy()
	p.Internal.WideGroups = "sometimes"
	p.Sensitive.MaxShareOfStaff = 5
	p.HighlySensitive.MaxPeople = -1
	p.Paths = []PathRule{{Path: "a[", Expect: nil, MaxBeyond: -1}, {Expect: []string{" "}}}
	_, err := New(p)
	if err == nil {
		t.Fatal("no fault found")
	}
	want := strings.Join([]string{
		`internal: wide_groups must be allow or deny, not "sometimes"`,
		`sensitive: max_share_of_staff must be from 0 to 1 (0.05 is 5 %)`,
		`highly-sensitive: max_people must not be negative`,
		`paths[0]: "a[" is not a valid glob`,
		`paths[0]: expect must name at least one group or account`,
		`paths[0]: max_beyond must not be negative`,
		`paths[1]: path is missing`,
		`paths[1]: expect holds an empty name`,
	}, "\n")
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestIDIsStable(t *testing.T) {
	const want = "F-"
	a, b := ID("smb://fs1/docs/a.docx"), ID("smb://fs1/docs/b.docx")
	if a == b || !strings.HasPrefix(a, want) || len(a) != 18 || a != ID("smb://fs1/docs/a.docx") {
		t.Errorf("ids %q and %q", a, b)
	}
	j, err := New(DefaultPolicy())
	if err != nil {
		t.Fatal(err)
	}
	e := evidence("smb://fs1/docs/moved.docx", detectors.Sensitive, nil)
	e.ID = "F-KNOWNBEFORE"
	if f, _ := j.Judge(e); f.ID != e.ID {
		t.Errorf("id %q, want the known one", f.ID)
	}
}
