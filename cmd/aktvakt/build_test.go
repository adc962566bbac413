package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The program for the other platform builds, without cgo, and two builds of
// it in different folders are the same bytes. (make repro builds with empty
// caches, too, which takes minutes.)
func TestBuildIsReproducible(t *testing.T) {
	var sums [2][32]byte
	for i, dir := range []string{filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "another", "place")} {
		for _, part := range []string{"cmd/aktvakt", "scanner", "detectors"} {
			copyGo(t, filepath.Join("../..", part), filepath.Join(dir, part))
		}
		for _, f := range []string{"go.mod", "go.sum"} {
			if err := os.WriteFile(filepath.Join(dir, f), []byte(readFile(t, "../../"+f)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version=1.2.3", "-o", "aktvakt", "./cmd/aktvakt")
		c.Dir = dir
		c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOFLAGS=")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		b, err := os.ReadFile(filepath.Join(dir, "aktvakt"))
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = sha256.Sum256(b)
		if bytes.Contains(b, []byte(dir)) {
			t.Errorf("the program names the folder that it was built in")
		}
	}
	if sums[0] != sums[1] {
		t.Errorf("two builds differ: %x and %x", sums[0], sums[1])
	}
}

// copyGo copies what a build needs: no tests and no test data.
func copyGo(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && (d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		case strings.HasSuffix(p, "_test.go") || !d.Type().IsRegular():
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// copyleft matches the titles of licences that ask more of a linked program
// than to keep their text.
var copyleft = regexp.MustCompile(`(?i)GNU\s+(LESSER\s+|LIBRARY\s+|AFFERO\s+)?GENERAL\s+PUBLIC\s+LICENSE|SERVER SIDE PUBLIC LICENSE|BUSINESS SOURCE LICENSE|COMMONS CLAUSE`)

// Every module that is linked has a licence, and none that binds the program.
// docs/decisions/dependencies.md says which are welcome; make licenses lists
// them.
func TestLicences(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-json=Module", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	dirs := map[string]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Module *struct {
				Path, Dir string
				Main      bool
				Replace   *struct{ Dir string }
			}
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if m := p.Module; m != nil && !m.Main && m.Replace == nil {
			dirs[m.Path] = m.Dir
		}
	}
	if len(dirs) < 20 {
		t.Fatalf("%d modules: the list is cut", len(dirs))
	}
	name := regexp.MustCompile(`(?i)^(un)?licen[sc]e|^copying`)
	for module, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, e := range entries {
			if e.IsDir() || !name.MatchString(e.Name()) {
				continue
			}
			found = true
			// A licence that is named in the text of another, as in the MPL's list
			// of secondary ones, stands below its title.
			text := readFile(t, filepath.Join(dir, e.Name()))
			if title := text[:min(len(text), 600)]; copyleft.MatchString(title) {
				t.Errorf("%s: %s is a licence that binds the program", module, e.Name())
			}
		}
		if !found {
			t.Errorf("%s has no licence", module)
		}
	}
}
