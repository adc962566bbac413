package judge

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aktvakt/detectors"
	"aktvakt/scanner/finding"
)

var today = time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)

func accept(t *testing.T, s string) *Acceptances {
	t.Helper()
	a, err := ParseAcceptances([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const head = "  reason: moved in March\n  by: dso@kommun.example\n"

func TestAcceptances(t *testing.T) {
	found := func() []finding.Finding {
		return []finding.Finding{
			{ID: "F-A", Incident: "I-1", People: 64, PeopleMax: 64, Persons: 2, Status: finding.StatusOpen},
			{ID: "F-B", Incident: "I-1", People: 64, PeopleMax: 90, Persons: 1, Status: finding.StatusOpen},
			{ID: "F-C", People: 1200, PeopleMax: 1200, Persons: 9, Status: finding.StatusNew},
		}
	}
	tests := []struct {
		name, file string
		want       []string // status of A, B, C
		unused     string
	}{
		{"as seen", "- finding: F-A\n  as: accepted\n  until: 2027-03-31\n  people: 64\n" + head, []string{"accepted", "open", "new"}, ""},
		{"its last day", "- finding: F-A\n  as: accepted\n  until: 2026-11-25\n  people: 64\n" + head, []string{"accepted", "open", "new"}, ""},
		{"expired", "- finding: F-A\n  as: accepted\n  until: 2026-11-24\n  people: 64\n" + head, []string{"open", "open", "new"}, "expired"},
		{"too long", "- finding: F-A\n  as: accepted\n  until: 2036-11-24\n  people: 64\n" + head, []string{"open", "open", "new"}, "two years"},
		{"audience has grown", "- finding: F-A\n  as: accepted\n  until: 2027-03-31\n  people: 60\n" + head, []string{"changed", "open", "new"}, "more can read"},
		{"audience may have grown", "- finding: F-B\n  as: accepted\n  until: 2027-03-31\n  people: 64\n" + head, []string{"open", "changed", "new"}, "more can read"},
		{"content has grown", "- finding: F-A\n  as: accepted\n  until: 2027-03-31\n  people: 64\n  persons: 1\n" + head, []string{"changed", "open", "new"}, "more can read"},
		{"a whole incident", "- incident: I-1\n  as: accepted\n  until: 2027-03-31\n  people: 90\n" + head, []string{"accepted", "accepted", "new"}, ""},
		{"a false positive for good", "- finding: F-C\n  as: false-positive\n" + head, []string{"open", "open", "false-positive"}, ""},
		{"gone", "- finding: F-Z\n  as: false-positive\n" + head, []string{"open", "open", "new"}, "no such finding"},
		{"only a comment", "# none so far\n", []string{"open", "open", "new"}, ""},
		{"empty file", "", []string{"open", "open", "new"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fs := found()
			unused := accept(t, tt.file).Apply(fs, today)
			got := []string{fs[0].Status, fs[1].Status, fs[2].Status}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if (len(unused) == 1) != (tt.unused != "") || len(unused) == 1 && !strings.Contains(unused[0].Why, tt.unused) {
				t.Errorf("unused %+v, want %q", unused, tt.unused)
			}
			for _, f := range fs {
				if f.Closed() != (f.Accepted != nil) || f.Closed() && f.Accepted.By != "dso@kommun.example" {
					t.Errorf("%s is %s by %+v", f.ID, f.Status, f.Accepted)
				}
			}
		})
	}
	if u := (*Acceptances)(nil).Apply(found(), today); u != nil {
		t.Errorf("no file, unused %v", u)
	}
}

func TestAcceptanceFaults(t *testing.T) {
	_, err := ParseAcceptances([]byte("- finding: X\n  as: fine\n- finding: F-A\n  incident: I-1\n  as: accepted\n  reason: x\n  by: y\n" +
		"- finding: F-B\n  as: accepted\n  people: 3\n  until: soon\n" + head + "- finding: F-B\n  as: false-positive\n" + head))
	if err == nil {
		t.Fatal("no fault found")
	}
	for _, want := range []string{
		`entry 1: "X" is not the id of a finding`, `entry 1: as must be accepted or false-positive, not "fine"`,
		"entry 1: reason is missing", "entry 1: by is missing", "entry 2: name either a finding or an incident",
		"entry 2: an accepted finding needs until", `entry 3: until "soon" is not a day`, "entry 4: F-B is there twice",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("fault %q is not told in\n%v", want, err)
		}
	}
	if _, err := ParseAcceptances([]byte("- finding: F-A\n  reasons: x\n")); err == nil {
		t.Error("an unknown key is taken")
	}
}

// An accepted incident leaves the list; what has grown comes back.
func TestAcceptedIncident(t *testing.T) {
	s := newShare(t, docs)
	s.add(docs+"/a", 5, detectors.Sensitive, "debt", domainUsers(docs+"/a"))
	fs, in := s.incidents()
	if len(in) != 1 {
		t.Fatalf("%d incidents", len(in))
	}
	a := accept(t, "- incident: "+in[0].ID+"\n  as: accepted\n  until: 2027-01-31\n  people: 1243\n"+head)
	if u := a.Apply(fs, today); u != nil {
		t.Fatalf("unused %v", u)
	}
	fs, in = s.judge.Incidents(fs, s.census)
	if len(in) != 0 || fs[0].Incident == "" {
		t.Fatalf("still %d incidents", len(in))
	}
	fs[2].People, fs[2].PeopleMax = 1300, 1300
	a.Apply(fs, today)
	if _, in = s.judge.Incidents(fs, s.census); len(in) != 1 || in[0].Documents != 1 || in[0].Status != finding.StatusChanged {
		t.Errorf("%+v", in)
	}
}

func FuzzAcceptances(f *testing.F) {
	f.Add([]byte("- finding: F-A\n  as: accepted\n  until: 2027-03-31\n  people: 64\n" + head))
	f.Add([]byte("- {incident: I-1, as: false-positive, reason: x, by: y}"))
	f.Add([]byte("&a [*a]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseAcceptances(b)
		if err == nil {
			a.Apply([]finding.Finding{{ID: "F-A", Incident: "I-1", People: 3}}, today)
		}
	})
}
