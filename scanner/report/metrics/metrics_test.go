package metrics

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report/reporttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGolden(t *testing.T) {
	var b bytes.Buffer
	run := reporttest.Sample()
	run.Findings[0].Status = finding.StatusAccepted
	if err := run.Replay(NewWriter(&b)); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/sample.prom"
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

// Every line is one that Prometheus reads, every figure has its type once, and
// nothing of a document is in it.
func TestFormat(t *testing.T) {
	var b bytes.Buffer
	run := reporttest.Sample()
	run.Summary.Skipped["odd\"reason\\\n"] = 1
	if err := run.Replay(NewWriter(&b)); err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)+\})? -?[0-9.e+]+)$`)
	typed := map[string]bool{}
	for _, l := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
		if !line.MatchString(l) {
			t.Errorf("line %q", l)
		}
		if rest, ok := strings.CutPrefix(l, "# TYPE "); ok {
			name, _, _ := strings.Cut(rest, " ")
			if typed[name] {
				t.Errorf("%s is there twice", name)
			}
			typed[name] = true
		}
	}
	if strings.Contains(b.String(), "smb://") || strings.Contains(b.String(), "KOMMUN") {
		t.Error("a path or a group is in the figures")
	}
	if strings.Contains(b.String(), "aktvakt_last_complete") {
		t.Error("a run with a failed target counts as complete")
	}
	b.Reset()
	run.Summary.PerTarget = run.Summary.PerTarget[:1]
	run.Summary.Complete = true
	if err := run.Replay(NewWriter(&b)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "aktvakt_complete 1\n") || !strings.Contains(b.String(), "aktvakt_last_complete_timestamp_seconds 1.7") {
		t.Error("a complete run does not say so")
	}
}

// The time of the last complete run outlives a run that is not.
func TestLastCompleteIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "aktvakt.prom")
	write := func(complete bool) string {
		t.Helper()
		s, err := New(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := finding.Summary{Complete: complete, Finished: reporttest.Night}
		if !complete {
			sum.Finished = reporttest.Night.AddDate(0, 0, 1)
		}
		if err := s.Close(sum); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	line := regexp.MustCompile(`(?m)^aktvakt_last_complete_timestamp_seconds .*$`)
	first := line.FindString(write(true))
	if second := write(false); first == "" || line.FindString(second) != first || !strings.Contains(second, "aktvakt_complete 0") {
		t.Errorf("first %q, then %q", first, line.FindString(second))
	}
}
