package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// generated makes a share and tells of each of its entries what a scan could
// see: path, mode, time, size and the beginning of the content.
func generated(t *testing.T, args ...string) (dir string, entries []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "share")
	if _, stderr, code := aktvakt(t, nil, append([]string{"generate"}, append(args, dir)...)...); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s %v %d", strings.TrimPrefix(path, dir), info.Mode(), info.ModTime().Unix())
		if !d.IsDir() {
			b := make([]byte, min(info.Size(), 1<<20))
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			if _, err := f.Read(b); err != nil {
				return err
			}
			line += fmt.Sprintf(" %d %x", info.Size(), sha256.Sum256(b))
		}
		entries = append(entries, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, entries
}

func TestGenerateIsDeterministic(t *testing.T) {
	_, a := generated(t, "--files", "120", "--acls", "20", "--seed", "7")
	_, again := generated(t, "--files", "120", "--acls", "20", "--seed", "7")
	_, other := generated(t, "--files", "120", "--acls", "20", "--seed", "8")
	if !slices.Equal(a, again) {
		t.Error("the same seed makes another share")
	}
	same := 0
	for _, e := range other {
		if slices.Contains(a, e) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d entries of seed 7 are in the share of seed 8 too", same)
	}
}

func TestGenerateRules(t *testing.T) {
	seen := make(map[string]int)
	for n := range 2000 {
		r := ruleNumber(n)
		key := fmt.Sprintf("%o", r.mode)
		if len(r.acl) > 0 {
			key = string(r.posix())
		}
		if was, ok := seen[key]; ok {
			t.Errorf("rules %d and %d are alike", was, n)
		}
		seen[key] = n
	}
}

// TestGeneratedShareIsScanned scans a share of every kind of file: each entry
// is accounted for, cases are found, and what cannot be read is what has no text.
func TestGeneratedShareIsScanned(t *testing.T) {
	const files = 400
	share, entries := generated(t, "--files", fmt.Sprint(files), "--acls", "50")
	kinds := make(map[string]int)
	n := 0
	for _, e := range entries {
		path, _, _ := strings.Cut(e, " -r")
		if ext := filepath.Ext(path); strings.HasPrefix(strings.TrimPrefix(e, path), " -r") {
			kinds[ext]++
			n++
		}
	}
	if n != files {
		t.Fatalf("%d files, want %d", n, files)
	}
	for _, k := range allKinds() {
		if kinds[k] == 0 {
			t.Errorf("no %s in %v", k, kinds)
		}
	}

	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, []byte("extract: {ocr: false}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(dir, "report")
	_, stderr, code := aktvakt(t, nil, "scan", "--config", config, "--count-test-numbers", "--state", "sqlite:"+filepath.Join(dir, "state.db"), "--report", report, share)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	b, err := os.ReadFile(filepath.Join(report, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sum struct {
		Entries, Scanned, Partial, Unchanged int
		Complete                             bool
		Skipped, Grades                      map[string]int
	}
	if err := json.Unmarshal(b, &sum); err != nil {
		t.Fatal(err)
	}
	skipped := sum.Skipped["unsupported"]
	if len(sum.Skipped) > 1 || sum.Partial+sum.Unchanged > 0 || !sum.Complete {
		t.Errorf("not all was read: %s", b)
	}
	if sum.Entries != files || sum.Scanned+skipped != files || skipped > files/10 {
		t.Errorf("%d entries, %d scanned, %d skipped, want %d entries", sum.Entries, sum.Scanned, skipped, files)
	}
	if got := sum.Grades["sensitive"] + sum.Grades["highly-sensitive"]; got < files/100 || got > files/50 {
		t.Errorf("%d cases, want some %d: %v", got, files/100, sum.Grades)
	}
}

func TestGenerateRefusesFolderInUse(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept.txt")
	if err := os.WriteFile(kept, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := aktvakt(t, nil, "generate", "--files", "3", dir)
	if code != 4 || !strings.Contains(stderr, "is not empty") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("%d entries, %v", len(list), err)
	}
}

// allKinds are the kinds of files that a few hundred files hold.
func allKinds() []string {
	var out []string
	for _, k := range kinds() {
		if k.share >= 10 {
			out = append(out, k.ext)
		}
	}
	return out
}
