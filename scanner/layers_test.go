package scanner_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says which rooms of this project each room may import. The
// direction is source -> extract -> detect -> grade -> judge -> sink.
var allowed = []struct {
	room string
	may  []string
}{
	{"detectors", []string{"detectors"}},
	{"scanner/finding", nil},
	{"scanner/access", []string{"scanner/access", "scanner/finding"}},
	{"scanner/source", []string{"scanner/source", "scanner/access", "scanner/finding"}},
	{"scanner/extract", []string{"scanner/extract", "scanner/source", "scanner/finding"}},
	{"scanner/judge", []string{"scanner/judge", "scanner/access", "scanner/finding", "detectors"}},
	{"scanner/state", []string{"scanner/state", "scanner/finding"}},
	{"scanner/report", []string{"scanner/report", "scanner/finding"}},
	{"scanner/config", []string{"scanner/config", "scanner/judge"}},
}

// forbidden are packages of the standard library that a room never uses.
var forbidden = map[string][]string{
	"detectors":     {"os", "net", "net/http", "os/exec"},
	"scanner/judge": {"os", "net", "net/http", "os/exec", "io"},
}

// inRoom matches "scanner/source" with itself and everything below it.
func inRoom(pkg, room string) bool { return pkg == room || strings.HasPrefix(pkg, room+"/") }

func TestLayers(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Name,Imports", "aktvakt/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	checked := map[string]bool{}
	for dec.More() {
		var p struct {
			ImportPath, Name string
			Imports          []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		// Programs that make data files and packages that serve tests are no
		// rooms of the house.
		if p.Name == "main" || strings.HasSuffix(p.Name, "test") {
			continue
		}
		pkg := strings.TrimPrefix(p.ImportPath, "aktvakt/")
		for _, rule := range allowed {
			if !inRoom(pkg, rule.room) {
				continue
			}
			checked[rule.room] = true
			for _, imp := range p.Imports {
				own, ours := strings.CutPrefix(imp, "aktvakt/")
				if ours && !slices.ContainsFunc(rule.may, func(m string) bool { return inRoom(own, m) }) {
					t.Errorf("%s imports %s: %s may import only %v", pkg, own, rule.room, rule.may)
				}
				if slices.Contains(forbidden[rule.room], imp) {
					t.Errorf("%s imports %q, which %s never uses", pkg, imp, rule.room)
				}
			}
		}
	}
	for _, rule := range allowed {
		if !checked[rule.room] {
			t.Errorf("no package lies in %s: the rule checks nothing", rule.room)
		}
	}
}
