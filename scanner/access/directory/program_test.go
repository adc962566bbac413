package directory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aktvakt/scanner/access/directory/adtest"
	"aktvakt/scanner/finding"
)

// sensitive is a document about a child, with numbers of the published test
// series.
const sensitive = `Socialnämnden, barnavårdsenheten
Orosanmälan enligt 14 kap. 1 § socialtjänstlagen

Barn: Maja Lindqvist, personnummer 20101112-2387
Syskon: Emil Lindqvist, personnummer 20070330-2398
Vårdnadshavare: Karin Lindqvist

Anmälan från skolan: Maja har berättat att hon blivit slagen hemma. Utredning
enligt 11 kap. 1 § SoL inleds. Förhandsbedömning: behov av omedelbart skydd enligt
LVU övervägs. Mamman har missbruksproblem och vårdas för alkoholberoende.
Beslut: utredning inleds. Handläggare: Eva Berg, socialsekreterare.
`

// program is the real aktvakt, run beside the file server.
type program struct {
	lab       *adtest.Lab
	path, dir string
}

// testProgram scans the member's share as an operator would.
func testProgram(t *testing.T, lab *adtest.Lab) {
	p := build(t, lab)
	lab.SetShareACL("O:BAG:BAD:(A;;0x1f01ff;;;WD)")
	scanner := "(A;OICI;0x1200a9;;;" + lab.SID("scanner") + ")(A;OICI;FA;;;BA)"
	for folder, readers := range map[string]string{"alla": "Domain Users", "smal": "DL-Sager", "ring": "G-Ring1", "ledning": "G-Tom"} {
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/anmalan.txt", []byte(sensitive), 0o600); err != nil {
			t.Fatal(err)
		}
		lab.PutDir(folder, "O:BAG:BAD:PAI"+scanner+"(A;OICI;0x1200a9;;;"+lab.SID(readers)+")", dir+"/anmalan.txt")
	}
	config := func(host string) string {
		return p.write(t, "config-"+host+".yaml", fmt.Sprintf(`directories:
  - url: ldaps://%s
    user: scanner@lab.test
    password_file: %s/secret
    ca_file: %s
detectors: {home_country: se, count_test_numbers: true}
access: {service_accounts: ["e0*"]}
`, host, p.dir, lab.CAFile()))
	}
	there, gone := config(adtest.DCName), config("nowhere.lab.test")
	t.Run("scan", func(t *testing.T) { p.testScan(t, there) })
	t.Run("scan behind the share's rules", func(t *testing.T) { p.testScanShare(t, there) })
	t.Run("scan without the directory", func(t *testing.T) { p.testScanBlind(t, gone) })
	t.Run("access", func(t *testing.T) { p.testAccess(t, there) })
	t.Run("check", func(t *testing.T) { p.testCheck(t, there) })
}

func (p *program) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs the program in the domain's network and checks its exit code.
func (p *program) run(t *testing.T, code int, args ...string) string {
	t.Helper()
	c := p.lab.Command(p.path, args...)
	c.Env = append(c.Env, `AKTVAKT_SMB_USER=LAB\scanner`, "AKTVAKT_SMB_PASSWORD_FILE="+p.dir+"/secret", "XDG_STATE_HOME="+t.TempDir(),
		`AKTVAKT_PROBE_USER=LAB\u01`, "AKTVAKT_PROBE_PASSWORD_FILE="+p.dir+"/secret")
	c.Dir = t.TempDir()
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	got := 0
	var x *exec.ExitError
	switch {
	case errors.As(err, &x):
		got = x.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	if got != code {
		t.Fatalf("aktvakt %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, errs.String())
	}
	if all := string(out) + errs.String(); strings.Contains(all, adtest.Password) {
		t.Error("the password is in the output")
	}
	return string(out)
}

// scan returns the findings by folder.
func (p *program) scan(t *testing.T, config string, target ...string) (map[string]finding.Finding, finding.Summary) {
	t.Helper()
	out := map[string]finding.Finding{}
	var sum finding.Summary
	for line := range strings.Lines(p.run(t, 0, append([]string{"scan", "--json", "--config", config}, target...)...)) {
		var kind struct{ Type string }
		if err := json.Unmarshal([]byte(line), &kind); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch kind.Type {
		case "finding":
			var f finding.Finding
			if err := json.Unmarshal([]byte(line), &f); err != nil {
				t.Fatal(err)
			}
			out[filepath.Base(filepath.Dir(f.Path))] = f
		case "summary":
			if err := json.Unmarshal([]byte(line), &sum); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out, sum
}

// livingPeople are the members of Domain Users: 24 people, the one who moved and
// the backup operator; not those who are disabled or expired, the scanner or
// administrators. The operator named the crowd as no people.
const livingPeople = 24 + 2

func (p *program) testScan(t *testing.T, config string) {
	found, sum := p.scan(t, config, "smb://FS1/docs")
	f, ok := found["alla"]
	if !ok || f.Verdict != "too-wide" {
		t.Fatalf("behind Domain Users: %+v", found)
	}
	if f.People != livingPeople || f.PeopleMax != livingPeople {
		t.Errorf("%d to %d people read it, want %d", f.People, f.PeopleMax, livingPeople)
	}
	if len(f.Wide) != 1 || f.Wide[0] != `LAB\Domain Users` {
		t.Errorf("wide: %q", f.Wide)
	}
	for _, folder := range []string{"smal", "ring", "ledning"} {
		if f, ok := found[folder]; ok {
			t.Errorf("behind a narrow group: %s, %s, %d people", folder, f.Verdict, f.People)
		}
	}
	if sum.Scanned < 4 {
		t.Errorf("%d documents scanned", sum.Scanned)
	}
}

// testScanShare: a share that lets in one unit alone makes the wide document
// one of that unit.
func (p *program) testScanShare(t *testing.T, config string) {
	p.lab.SetShareACL("O:BAG:BAD:(A;;0x1f01ff;;;" + p.lab.SID("G-Social") + ")(A;;0x1f01ff;;;" + p.lab.SID("scanner") + ")")
	defer p.lab.SetShareACL("O:BAG:BAD:(A;;0x1f01ff;;;WD)")
	if found, _ := p.scan(t, config, "smb://FS1/docs"); len(found) != 0 {
		t.Errorf("findings behind the share of four people: %+v", found)
	}
}

// testScanBlind: while the directory cannot be reached nothing is fine.
func (p *program) testScanBlind(t *testing.T, config string) {
	found, _ := p.scan(t, config, "smb://FS1/docs")
	for _, folder := range []string{"alla", "smal", "ring"} {
		if f, ok := found[folder]; !ok || f.Verdict == "allowed" {
			t.Errorf("%s: verdict %q", folder, f.Verdict)
		}
	}
	for _, folder := range []string{"smal", "ring"} {
		if v := found[folder].Verdict; v != "unknown" {
			t.Errorf("%s: verdict %q, want unknown", folder, v)
		}
	}
}

func (p *program) testAccess(t *testing.T, config string) {
	var l struct {
		Complete   bool
		People     int
		PeopleMax  int `json:"people_max"`
		Readers    []string
		Unresolved []string
		Via        []finding.Via
		Notes      []string
	}
	out := p.run(t, 0, "access", "--json", "--list", "--config", config, "smb://FS1/docs/smal/anmalan.txt")
	if err := json.Unmarshal([]byte(out), &l); err != nil {
		t.Fatal(err)
	}
	want := []string{`LAB\Administrator`, `LAB\chief`, `LAB\scanner`, `LAB\u01`, `LAB\u02`, `LAB\u07`, `LAB\u08`, `LAB\u13`, `LAB\u14`, `LAB\u19`, `LAB\u20`}
	if !slices.Equal(l.Readers, want) {
		t.Errorf("readers %q\nwant    %q", l.Readers, want)
	}
	if !l.Complete || l.People != 8 || l.PeopleMax != 8 {
		t.Errorf("%s", out)
	}
	i := slices.IndexFunc(l.Via, func(v finding.Via) bool { return v.Name == `LAB\DL-Sager` })
	if i < 0 || l.Via[i].InheritedFrom != "smb://FS1/docs/smal" || !slices.Equal(l.Via[i].Path[:2], []string{`LAB\DL-Sager`, `LAB\U-Velfaerd`}) {
		t.Errorf("via: %+v", l.Via)
	}
}

// testCheck: the program's own check agrees on every file.
func (p *program) testCheck(t *testing.T, config string) {
	var l struct {
		Check struct {
			Files, Agreed, Undecided, Failed int
		}
	}
	out := p.run(t, 0, "access", "--json", "--check", "--config", config, "smb://FS1/docs")
	if err := json.Unmarshal([]byte(out), &l); err != nil {
		t.Fatal(err)
	}
	if c := l.Check; c.Files < 4 || c.Agreed != c.Files || c.Failed != 0 {
		t.Errorf("%+v", c)
	}
}
