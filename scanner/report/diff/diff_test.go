package diff

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report/jsonl"
	"aktvakt/scanner/report/reporttest"
)

func TestCompare(t *testing.T) {
	base := finding.Finding{ID: "F-1", Target: "a", Path: "a/1", People: 60, PeopleMax: 60, Persons: 2, Grade: finding.Sensitive, Verdict: finding.TooWide}
	with := func(change func(*finding.Finding)) finding.Finding {
		f := base
		change(&f)
		return f
	}
	complete := []finding.TargetSummary{{Name: "a", Status: "complete"}}
	failed := []finding.TargetSummary{{Name: "a", Status: "failed"}}
	tests := []struct {
		name    string
		before  []finding.Finding
		after   []finding.Finding
		targets []finding.TargetSummary
		want    string
	}{
		{"nothing", []finding.Finding{base}, []finding.Finding{base}, complete, "0 new, 0 worse, 0 better, 0 gone, 1 the same"},
		{"new", nil, []finding.Finding{base}, complete, "1 new, 0 worse, 0 better, 0 gone, 0 the same"},
		{"gone", []finding.Finding{base}, nil, complete, "0 new, 0 worse, 0 better, 1 gone, 0 the same"},
		{"a failed target resolves nothing", []finding.Finding{base}, nil, failed, "0 gone, 0 the same, 1 not seen because"},
		{"a target that was left out resolves nothing", []finding.Finding{base}, nil, nil, "0 gone, 0 the same, 1 not seen because"},
		{"more readers", []finding.Finding{base}, []finding.Finding{with(func(f *finding.Finding) { f.People, f.PeopleMax = 90, 90 })}, complete, "F-1  a/1 (readers 60 -> 90)"},
		{"perhaps more readers", []finding.Finding{base}, []finding.Finding{with(func(f *finding.Finding) { f.PeopleMax = 90 })}, complete, "0 new, 1 worse"},
		{"more readers of fewer persons", []finding.Finding{base}, []finding.Finding{with(func(f *finding.Finding) { f.People, f.PeopleMax, f.Persons = 90, 90, 1 })}, complete, "0 new, 1 worse"},
		{"fewer readers", []finding.Finding{base}, []finding.Finding{with(func(f *finding.Finding) { f.People, f.PeopleMax = 55, 55 })}, complete, "1 better"},
		{"graver", []finding.Finding{base}, []finding.Finding{with(func(f *finding.Finding) { f.Grade = finding.HighlySensitive })}, complete, "(grade sensitive -> highly-sensitive)"},
		{"now certain", []finding.Finding{with(func(f *finding.Finding) { f.Verdict = finding.Unknown })}, []finding.Finding{base}, complete, "(verdict unknown -> too-wide)"},
		{"moved only", []finding.Finding{base}, []finding.Finding{with(func(f *finding.Finding) { f.Path = "a/2" })}, complete, "1 the same"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			after := jsonl.Run{Findings: tt.after, Summary: finding.Summary{PerTarget: tt.targets}}
			var b strings.Builder
			if err := Compare(jsonl.Run{Findings: tt.before}, after).Write(&b); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), tt.want) {
				t.Errorf("got %q, want %q in it", b.String(), tt.want)
			}
		})
	}
}

// The night after the folder was mended: one incident and its documents gone.
func TestAfterTheCure(t *testing.T) {
	before := reporttest.Sample()
	after := reporttest.Sample()
	closed := after.Incidents[0]
	after.Incidents = after.Incidents[1:]
	var left []finding.Finding
	for _, f := range after.Findings {
		if f.Incident != closed.ID {
			left = append(left, f)
		}
	}
	after.Findings = left
	d := Compare(before, after)
	if len(d.Gone) != closed.Documents || len(d.GoneIncidents) != 1 || d.GoneIncidents[0].ID != closed.ID || len(d.New) != 0 {
		t.Errorf("%d gone, incidents %v", len(d.Gone), d.GoneIncidents)
	}
	if diff := cmp.Diff(len(left), d.Same); diff != "" {
		t.Error(diff)
	}
	var b strings.Builder
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"closed incident critical", "gone    and 402 more"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
