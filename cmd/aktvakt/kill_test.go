package main

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/report/jsonl"
)

// TestKilledRuns kills a scan 20 times at random moments with SIGKILL and lets
// the next one finish: every entry is accounted for once, and the findings are
// those of a run that nobody disturbed.
func TestKilledRuns(t *testing.T) {
	dir := t.TempDir()
	if _, stderr, code := aktvakt(t, nil, "demo", filepath.Join(dir, "demo")); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	share := filepath.Join(dir, "demo", "share")
	args := func(name string) []string {
		return []string{"scan", "--count-test-numbers", "--staff", "1300", "--format", "jsonl", "--workers", "1",
			"--state", "sqlite:" + filepath.Join(dir, name, "state.db"), "--report", filepath.Join(dir, name, "report"), share}
	}
	if _, stderr, code := aktvakt(t, nil, args("calm")...); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	started := time.Now()
	kills := 0
	for kills < 20 {
		cmd := exec.Command("aktvakt", args("killed")...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		// Some of them while the program starts, most of them while it reads.
		select {
		case <-time.After(time.Duration(rand.IntN(1200)) * time.Millisecond):
			cmd.Process.Kill()
			<-ended
		case <-ended:
			// It came to its end before: begin anew with half of the share unknown.
			if err := forget(filepath.Join(dir, "killed", "state.db")); err != nil {
				t.Fatal(err)
			}
		}
		kills++
	}
	t.Logf("%d kills in %s", kills, time.Since(started).Round(time.Second))
	stdout, stderr, code := aktvakt(t, nil, args("killed")...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	calm, killed := readRun(t, filepath.Join(dir, "calm")), readRun(t, filepath.Join(dir, "killed"))
	if d := cmp.Diff(told1(calm), told1(killed)); d != "" {
		t.Errorf("findings -undisturbed +killed:\n%s", d)
	}
	s := killed.Summary
	skipped := 0
	for _, n := range s.Skipped {
		skipped += n
	}
	if s.Entries != calm.Summary.Entries || s.Scanned+s.Unchanged+skipped != s.Entries || s.Persons != calm.Summary.Persons || s.Incidents != calm.Summary.Incidents {
		t.Errorf("undisturbed %+v\nkilled %+v", calm.Summary, s)
	}
	leftovers(t, dir)
}

// forget takes away what is remembered of half of the folders.
func forget(path string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec("DELETE FROM listings WHERE id IN (SELECT id FROM listings ORDER BY id LIMIT (SELECT count(*)/2+1 FROM listings))")
	return err
}

// told1 is what a run tells of each finding, apart from ids and times.
func told1(r jsonl.Run) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, fmt.Sprintf("%s %s %s %d %d %s %d %v", f.Path, f.Grade, f.Mode, f.Persons, f.Minors, f.Severity, f.People, f.Evidence))
	}
	slices.Sort(out)
	return out
}

// leftovers fails where a killed run left something beside its state.
func leftovers(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(dir, "killed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() != "report" && !strings.HasPrefix(f.Name(), "state.db") {
			t.Errorf("%s was left", f.Name())
		}
	}
}
