package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"

	"aktvakt/scanner/config"
)

// pages are all pages of documentation, by their path from the top.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, top := range []string{"README.md", "docs", "deploy"} {
		err := filepath.WalkDir("../../"+top, func(p string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(p, ".md") {
				out[strings.TrimPrefix(p, "../../")] = readFile(t, p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 12 {
		t.Fatalf("%d pages", len(out))
	}
	return out
}

var (
	fence = regexp.MustCompile("(?ms)^[ ]*```([a-z]*)\n(.*?)^[ ]*```")
	span  = regexp.MustCompile("`([^`\n]+(?:\n[^`\n]+)?)`")
	link  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	head  = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// Links between pages, and to headings in them, lead somewhere.
func TestDocsLinks(t *testing.T) {
	all := pages(t)
	for name, text := range all {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			to, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(to, "://") {
				continue
			}
			target := name
			if to != "" {
				target = filepath.Join(filepath.Dir(name), to)
				if _, err := os.Stat("../../" + target); err != nil {
					t.Errorf("%s: the link %s leads nowhere", name, m[1])
					continue
				}
			}
			if anchor != "" && !slices.Contains(anchors(all[target]), anchor) {
				t.Errorf("%s: %s has no heading #%s", name, target, anchor)
			}
		}
	}
}

// anchors are the names of the headings of a page, as GitHub makes them.
func anchors(text string) []string {
	var out []string
	for _, h := range head.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		out = append(out, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, h[1]))
	}
	return out
}

// code returns the lines of code of a page.
func code(text string) []string {
	var out []string
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		joined := strings.NewReplacer("\\\n", " ", "`\n", " ").Replace(m[2])
		out = append(out, strings.Split(joined, "\n")...)
	}
	for _, m := range span.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		out = append(out, strings.ReplaceAll(m[1], "\n", " "))
	}
	return out
}

// Every command and flag that a page names is there.
func TestDocsCommands(t *testing.T) {
	root := newRoot()
	seen := 0
	for name, text := range pages(t) {
		for _, line := range code(text) {
			line, _, _ = strings.Cut(line, "  #")
			words := strings.Fields(line)
			for i, w := range words {
				image, _, _ := strings.Cut(filepath.Base(w), ":")
				if image != "aktvakt" || strings.HasPrefix(w, "-") || i+1 == len(words) {
					continue
				}
				if checkCommand(t, name, line, root, words[i+1:]) {
					seen++
					break
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d commands were found in the documentation: the test reads too little", seen)
	}
}

var word = regexp.MustCompile(`^[a-z]+$`)

// checkCommand checks a command line after the program's name, and tells
// whether it was one.
func checkCommand(t *testing.T, page, line string, c *cobra.Command, words []string) bool {
	t.Helper()
	known := func(name string) *cobra.Command {
		for _, s := range c.Commands() {
			if s.Name() == name {
				return s
			}
		}
		return nil
	}
	if first := strings.Trim(words[0], ",.;:"); known(first) == nil {
		// Other programs take the word aktvakt as an argument.
		if word.MatchString(first) && (strings.HasPrefix(line, "aktvakt ") || strings.HasPrefix(line, "$ aktvakt ")) {
			t.Errorf("%s: %q: there is no command %q", page, line, first)
		}
		return false
	}
	for _, w := range words {
		w = strings.Trim(w, ",.;)'")
		if s := known(w); s != nil {
			c = s
			continue
		}
		if w == "|" || w == "&&" || w == ">" {
			break
		}
		flag, ok := strings.CutPrefix(w, "--")
		if !ok {
			continue
		}
		flag, _, _ = strings.Cut(flag, "=")
		if flag != "help" && c.Flags().Lookup(flag) == nil {
			t.Errorf("%s: %q: %s has no flag --%s", page, line, c.CommandPath(), flag)
		}
	}
	return true
}

// Targets of make that a page names are in the Makefile.
func TestDocsMakeTargets(t *testing.T) {
	makefile := readFile(t, "../../Makefile")
	for name, text := range pages(t) {
		for _, line := range code(text) {
			m := regexp.MustCompile(`(?:^|\$ |&& )make ([a-z]+)`).FindAllStringSubmatch(line, -1)
			for _, x := range m {
				if !regexp.MustCompile(`(?m)^` + x[1] + `:`).MatchString(makefile) {
					t.Errorf("%s: there is no make %s", name, x[1])
				}
			}
		}
	}
}

// Pieces of configuration in the pages are valid, but for the files that they
// name.
func TestDocsConfiguration(t *testing.T) {
	n := 0
	for name, text := range pages(t) {
		for _, m := range fence.FindAllStringSubmatch(text, -1) {
			if m[1] != "yaml" {
				continue
			}
			lines := strings.Split(m[2], "\n")
			indent := len(lines[0]) - len(strings.TrimLeft(lines[0], " "))
			for i, l := range lines {
				lines[i] = l[min(indent, len(l)):]
			}
			body := strings.Join(lines, "\n")
			if !regexp.MustCompile(`(?m)^(targets|directories|detectors|policy|report|limits):`).MatchString(body) {
				continue
			}
			n++
			_, err := config.Parse(name, []byte(body))
			if f := config.AsFaults(err); f != nil {
				for _, x := range f.List {
					if !strings.Contains(x.What, "no such file") {
						t.Errorf("%s: %s\n%s", name, x.What, body)
					}
				}
			}
		}
	}
	if n < 5 {
		t.Errorf("%d pieces of configuration were found", n)
	}
}

// Variables of the environment that a page names are read by the program.
func TestDocsEnvironment(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") {
			source.WriteString(readFile(t, f))
		}
	}
	for name, text := range pages(t) {
		if name == "docs/benchmarks.md" || strings.HasPrefix(name, "docs/decisions/") {
			continue // they name those of tests, too
		}
		for _, v := range regexp.MustCompile(`AKTVAKT_[A-Z_]+`).FindAllString(text, -1) {
			if !strings.Contains(source.String(), `"`+v+`"`) {
				t.Errorf("%s: nothing reads %s", name, v)
			}
		}
	}
}

// Messages that the page on troubleshooting explains are those of the program
// or of the libraries that it names.
func TestDocsMessages(t *testing.T) {
	var source strings.Builder
	for _, top := range []string{".", "../../scanner"} {
		err := filepath.WalkDir(top, func(p string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go") {
				source.WriteString(readFile(t, p))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	foreign := []string{"80090346", "LDAP Result Code 49", "x509: certificate signed by unknown authority"}
	headings := regexp.MustCompile("(?m)^### `(.+)`$").FindAllStringSubmatch(readFile(t, "../../docs/troubleshooting.md"), -1)
	if len(headings) < 30 {
		t.Fatalf("%d messages", len(headings))
	}
	for _, h := range headings {
		for _, part := range strings.Split(h[1], "...") {
			part = strings.Trim(part, " ,:")
			if part == "" || part == "is wrong" || slices.Contains(foreign, part) {
				continue
			}
			if !strings.Contains(source.String(), part) {
				t.Errorf("no message of the program holds %q (%s)", part, h[1])
			}
		}
	}
}
