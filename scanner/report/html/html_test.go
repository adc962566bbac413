package html

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report/jsonl"
	"aktvakt/scanner/report/lang"
	"aktvakt/scanner/report/reporttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func render(t testing.TB, run jsonl.Run, opt Options) string {
	t.Helper()
	if opt.Location == nil {
		opt.Location = time.UTC
	}
	var b bytes.Buffer
	if err := run.Replay(NewWriter(&b, opt)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// history is a fortnight that ends with the sample.
func history() []Night {
	var out []Night
	for i := range 14 {
		out = append(out, Night{Day: reporttest.Night.AddDate(0, 0, i-14), Incidents: map[finding.Severity]int{
			finding.Critical: i % 3, finding.High: 5 - i/3, finding.Medium: 4 + i%2,
		}})
	}
	return out
}

// The parts of the page that need no script, as a person reads them.
func TestGolden(t *testing.T) {
	for _, code := range lang.Codes {
		t.Run(code, func(t *testing.T) {
			page := render(t, reporttest.Sample(), Options{Language: code, History: history()})
			got := between(t, page, "<body>", `<script id="data"`)
			file := filepath.Join("testdata", "sample."+code+".html")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("page has changed (-want +got); run with -update and read the diff:\n%s", diff)
			}
		})
	}
}

func between(t *testing.T, s, from, to string) string {
	t.Helper()
	_, s, ok1 := strings.Cut(s, from)
	s, _, ok2 := strings.Cut(s, to)
	if !ok1 || !ok2 {
		t.Fatalf("no text between %q and %q", from, to)
	}
	return s
}

func TestVerdict(t *testing.T) {
	clean := finding.Summary{Complete: true, Entries: 10, Scanned: 10, Targets: 1, PerTarget: []finding.TargetSummary{{Name: "a", Status: "complete"}}}
	unknown := jsonl.Run{Summary: clean, Findings: []finding.Finding{{ID: "F-1", Path: "/a/b", Grade: finding.Sensitive, Verdict: finding.Unknown, Severity: finding.Low}}}
	failed := jsonl.Run{Summary: finding.Summary{Targets: 1, PerTarget: []finding.TargetSummary{{Name: "a", Status: "failed", Error: "no"}}}}
	stopped := clean
	stopped.Complete = false
	accepted := clean
	accepted.Accepted = 3
	miscounted := clean
	miscounted.Entries = 12
	tests := []struct {
		name string
		run  jsonl.Run
		want []string
	}{
		{"clean", jsonl.Run{Summary: clean}, []string{`hero good`, "Nothing lies open", "There are no findings.", "Nothing has changed."}},
		{"unknown is never fine", unknown, []string{`hero unsure`, "not everything could be judged", "For 1 document it is not known", "No cause was given."}},
		{"no target reached", failed, []string{`hero unsure`, "Nothing could be scanned", "1 target could not be scanned"}},
		{"a wide group that cannot be counted", jsonl.Run{Summary: clean, Incidents: []finding.Incident{{ID: "I-1", Mode: finding.Overexposed, Root: "/srv/barn", Wide: []string{"Everyone (other)"}, People: 1, Documents: 3, Persons: 3}}},
			[]string{"in “barn”, readable by Everyone (other)", "1 user could be counted"}},
		{"accepted by somebody", jsonl.Run{Summary: accepted}, []string{`hero good`, "3 documents may stay as they are by decision"}},
		{"stopped", jsonl.Run{Summary: stopped}, []string{`hero unsure`, "the run was stopped"}},
		{"counts that do not add up", jsonl.Run{Summary: miscounted}, []string{"do not add up"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page := render(t, tt.run, Options{})
			for _, w := range tt.want {
				if !strings.Contains(page, w) {
					t.Errorf("page does not say %q", w)
				}
			}
			if strings.Contains(tt.name, "never") && strings.Contains(page, "hero good") {
				t.Error("unknown counts as good")
			}
		})
	}
}

// The script element holds names of files; none may end it, and nothing on
// the page may come from or go to anywhere.
func TestSelfContained(t *testing.T) {
	page := render(t, reporttest.Sample(), Options{})
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("%d script elements, want 2", n)
	}
	if still := between(t, page, "<body>", `<script id="data"`); strings.Contains(still, "<img") || strings.Contains(still, " src=") {
		t.Error("the page loads something")
	}
	if strings.Contains(page, "<img") {
		t.Error("a file name became an element")
	}
	if !strings.Contains(page, "default-src &#39;none&#39;") && !strings.Contains(page, "default-src 'none'") {
		t.Error("no content security policy")
	}
	for _, raw := range reporttest.Raw {
		if strings.Contains(page, raw) {
			t.Errorf("the page holds the number behind a mask")
		}
	}
}

// A file is for its owner alone, appears whole, and a failed one not at all.
func TestFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "report")
	name := filepath.Join(dir, "report.html")
	s, err := New(name, Options{Language: "sv"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("the report is there before it is whole")
	}
	if err := reporttest.Sample().Replay(s); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(name)
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, err %v", fi.Mode(), err)
	}
	if di, err := os.Stat(dir); err != nil || di.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", di.Mode(), err)
	}
	if all, _ := os.ReadDir(dir); len(all) != 1 {
		t.Errorf("%d files left, want the report alone", len(all))
	}
}

// Skips of one common reason do not crowd out the rest.
func TestSkipsAreBounded(t *testing.T) {
	s := NewWriter(&bytes.Buffer{}, Options{}).(*sink)
	for range maxSkips + 500 {
		s.Skip(finding.Skip{Reason: finding.Unsupported})
	}
	s.Skip(finding.Skip{Reason: finding.Encrypted, Path: "/a"})
	if len(s.skips) != maxSkips+1 || s.skipped != maxSkips+501 {
		t.Errorf("kept %d of %d", len(s.skips), s.skipped)
	}
}

func BenchmarkPage(b *testing.B) {
	run := reporttest.Large(20000)
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(render(b, run, Options{}))))
	}
}
