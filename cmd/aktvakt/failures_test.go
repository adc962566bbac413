package main

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestServerFailures lets the file server fail ten times in one night: it is
// killed and started again, drops its clients, or freezes. A run goes on or
// ends as incomplete; then the next one makes up for it. In the end the
// findings are those of a night without failures, and every entry is
// accounted for once.
func TestServerFailures(t *testing.T) {
	s := municipality(t)
	for d := range 20 {
		s.Mkdir("docs", fmt.Sprintf("arkiv/%02d", d))
		for f := range 20 {
			s.WriteFile("docs", fmt.Sprintf("arkiv/%02d/protokoll %02d.txt", d, f), fmt.Appendf(nil, "Protokoll %d från nämndens möte, paragraf %d.\n", d, f))
		}
	}
	target := "smb://" + s.Addr + "/docs"
	dir := t.TempDir()
	args := func(name string) []string {
		return []string{"scan", "--json", "--count-test-numbers", "--home-country", "se", "--report", filepath.Join(dir, name, "report"), target}
	}
	stdout, stderr, code := aktvakt(t, logon(filepath.Join(dir, "calm")), args("calm")...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	calm := parse(t, stdout, target)
	stdout, stderr, code = aktvakt(t, logon(filepath.Join(dir, "calm")), args("calm")...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	second := parse(t, stdout, target)
	second.accounted(t)
	if second.summary.Scanned != 0 || second.summary.Unchanged != calm.summary.Scanned {
		t.Errorf("second night: %d of %d read again", second.summary.Scanned, calm.summary.Scanned)
	}
	if d := cmp.Diff(calm.verdicts(), second.verdicts()); d != "" {
		t.Errorf("findings -first +second night:\n%s", d)
	}

	fail := []func(){
		func() {
			s.Kill()
			if err := s.Restart(); err != nil {
				t.Fatal(err)
			}
		},
		s.DropClients,
		func() { s.Pause(); time.Sleep(300 * time.Millisecond); s.Resume() },
	}
	failures, runs := 0, 0
	for failures < 10 {
		runs++
		cmd := exec.Command("aktvakt", append(args("troubled"), "--full")...)
		cmd.Env = append(cmd.Environ(), logon(filepath.Join(dir, "troubled"))...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for running := true; running; {
			wait := time.Duration(200+rand.IntN(600)) * time.Millisecond
			if failures == 10 {
				wait = time.Hour
			}
			select {
			case <-time.After(wait):
				fail[failures%len(fail)]()
				failures++
			case <-ended:
				running = false
			}
		}
	}
	t.Logf("%d failures in %d runs", failures, runs)
	for night := range 3 {
		stdout, stderr, code = aktvakt(t, logon(filepath.Join(dir, "troubled")), args("troubled")...)
		if code == 0 {
			t.Logf("complete after %d further nights", night+1)
			break
		}
	}
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	troubled := parse(t, stdout, target)
	troubled.accounted(t)
	if d := cmp.Diff(calm.verdicts(), troubled.verdicts()); d != "" {
		t.Errorf("findings -calm +troubled:\n%s", d)
	}
	if d := cmp.Diff(calm.skipReasons(), troubled.skipReasons()); d != "" {
		t.Errorf("skips -calm +troubled:\n%s", d)
	}
	if calm.summary.Entries != troubled.summary.Entries {
		t.Errorf("%d entries, %d without failures", troubled.summary.Entries, calm.summary.Entries)
	}
}
