package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/source/web/webtest"
)

// The intranet of Lejre: 452 citizens' cases in one workroom, which every
// employee can open and nobody without an account.
const lejreRoom = "/rum/visitationsudvalg"

var lejreUsers = map[string]webtest.User{
	"svc-aktvakt": {Password: "scanner-hemmelig", Groups: []string{"scan"}},
	"prøve-alle":  {Password: "alle-hemmelig"},
	"prøve-sag":   {Password: "sag-hemmelig", Groups: []string{"visitation"}},
}

// lejre makes the portal: the room has one document a child, in which a parent
// stands too; 226 of them are 452 citizens.
func lejre(t *testing.T, children int, flat bool, denial webtest.Denial) *webtest.Portal {
	room := &webtest.Room{Path: lejreRoom, Title: "Visitationsudvalg", Groups: []string{"*"}, Docs: map[string][]byte{}, Flat: flat, Denial: denial}
	for i := range children {
		b, err := wordDocument(childCase(i))
		if err != nil {
			t.Fatal(err)
		}
		room.Docs[fmt.Sprintf("Referat %03d.docx", i+1)] = b
	}
	ordinary := &webtest.Room{Path: "/rum/personalehåndbog", Title: "Personalehåndbog", Groups: []string{"*"}, Docs: map[string][]byte{}}
	for i, text := range []string{"Ferie: Planen afleveres den 1. april til nærmeste leder.\n", "Parkering: Der er plads bag rådhuset, husk skiven i ruden.\n", "Kantine: Åbent fra 11 til 13, husk at stille bakken tilbage.\n"} {
		ordinary.Docs[fmt.Sprintf("Vejledning %d.txt", i+1)] = []byte(text)
	}
	return webtest.NewPortal(t, lejreUsers, room, ordinary)
}

// portalConfig is a configuration with the scanner, all staff and the committee.
func portalConfig(t *testing.T, dir, url string) string {
	t.Helper()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	secret := func(user string) string {
		p := filepath.Join(dir, user)
		if err := os.WriteFile(p, []byte(lejreUsers[user].Password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	text := fmt.Sprintf(`targets:
  - name: intranet
    url: %s/
    credentials: {user: svc-aktvakt, password_file: %q}
    limits: {in_flight: 8, iops: 100000}
    web:
      probes:
        - {name: Alle ansatte, people: 1300, credentials: {user: prøve-alle, password_file: %q}}
        - {name: Visitationsudvalget, people: 9, credentials: {user: prøve-sag, password_file: %q}}
      search:
        - {url: "/soeg?q={term}", terms: [referat]}
detectors: {home_country: dk, count_test_numbers: true}
extract: {ocr: false}
access: {staff: 1300}
state: sqlite:%s/state.db
report: {dir: %s/report, language: da}
`, url, secret("svc-aktvakt"), secret("prøve-alle"), secret("prøve-sag"), dir, dir)
	name := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestLejrePortal replays the breach: found at the first scan, resolved after
// the room is closed.
func TestLejrePortal(t *testing.T) {
	for _, c := range []struct {
		name   string
		flat   bool
		denial webtest.Denial
	}{{"folders", false, webtest.Forbidden}, {"flat", true, webtest.Polite}} {
		t.Run(c.name, func(t *testing.T) {
			p := lejre(t, demoChildren, c.flat, c.denial)
			dir := t.TempDir()
			cfg := portalConfig(t, dir, p.URL)
			stdout, stderr, code := aktvakt(t, nil, "scan", "--config", cfg)
			if code != 0 {
				t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
			}
			run := readRun(t, dir)
			if len(run.Incidents) != 1 {
				t.Fatalf("%d incidents, want one\n%s", len(run.Incidents), stdout)
			}
			i := run.Incidents[0]
			if i.Mode != finding.Overexposed || i.Severity != finding.Critical || i.Persons != 452 || i.Documents != demoChildren || i.People != 1300 || i.PeopleMax != 1300 || i.Staff != 1300 {
				t.Errorf("%s, %s: %d documents, %d persons, %d to %d of %d readers", i.Mode, i.Severity, i.Documents, i.Persons, i.People, i.PeopleMax, i.Staff)
			}
			if want := p.URL + lejreRoom; i.Root != want || i.Cure == nil || i.Cure.Kind != "acl" || i.Cure.At != want || !strings.Contains(i.Cure.ACE, "Alle ansatte") || i.Cure.Closes != demoChildren {
				t.Errorf("at %s, cure %+v", i.Root, i.Cure)
			}
			if i.Status != finding.StatusNew || !slices.Contains(i.Wide, "Alle ansatte") || slices.Contains(i.Wide, "anonymous") {
				t.Errorf("%s, wide %q", i.Status, i.Wide)
			}
			for _, v := range i.Via {
				if v.By != "probe" || v.SID != "" {
					t.Errorf("via %+v", v)
				}
			}
			noSecrets(t, dir, stdout+stderr)

			p.Let(lejreRoom, "scan", "visitation")
			stdout, stderr, code = aktvakt(t, nil, "scan", "--config", cfg)
			if code != 0 {
				t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
			}
			if want := "0 findings in 0 incidents, 226 resolved since the last run (narrowed 226)"; !strings.Contains(stdout, want) {
				t.Errorf("output lacks %q:\n%s", want, stdout)
			}
			if a := p.Acts(); len(a) > 0 {
				t.Errorf("the scans changed something: %q", a)
			}
			if c.flat {
				return
			}
			// The room is open again, and its finding comes back.
			p.Let(lejreRoom, "*")
			if stdout, stderr, code = aktvakt(t, nil, "scan", "--config", cfg); code != 0 {
				t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
			}
			if run = readRun(t, dir); len(run.Incidents) != 1 || run.Incidents[0].ID != i.ID {
				t.Errorf("after the room was opened again: %s", stdout)
			}
		})
	}
}

// noSecrets looks for passwords in all that was written.
func noSecrets(t *testing.T, dir, output string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "report", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of a report, %v", len(files), err)
	}
	for _, f := range append(files, filepath.Join(dir, "state.db")) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		output += string(b)
	}
	for _, u := range lejreUsers {
		if strings.Contains(output, u.Password) {
			t.Error("a password was written")
		}
	}
}

// few is how many children have a case where the number does not matter.
const few = 12

// TestBrokenProbe: an account that does not work leaves verdicts unknown, and
// resolves nothing.
func TestBrokenProbe(t *testing.T) {
	p := lejre(t, few, false, webtest.Forbidden)
	dir := t.TempDir()
	cfg := portalConfig(t, dir, p.URL)
	if _, stderr, code := aktvakt(t, nil, "scan", "--config", cfg); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if err := os.WriteFile(filepath.Join(dir, "prøve-alle"), []byte("udløbet\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Let(lejreRoom, "scan", "visitation")
	stdout, stderr, code := aktvakt(t, nil, "scan", "--config", cfg, "--json")
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	run := readRun(t, dir)
	if len(run.Findings) != few || len(run.Incidents) != 0 {
		t.Fatalf("%d findings, %d incidents", len(run.Findings), len(run.Incidents))
	}
	for _, f := range run.Findings {
		if f.Verdict != finding.Unknown || f.People != 9 || f.PeopleMax != 1300 {
			t.Fatalf("%s: %s, %d to %d people", f.Path, f.Verdict, f.People, f.PeopleMax)
		}
	}
	if run.Summary.Resolved != 0 || !strings.Contains(stdout, `The account for \"Alle ansatte\" does not work`) {
		t.Errorf("%d resolved; %+v", run.Summary.Resolved, run.Summary.PerTarget)
	}
}

// TestPortalAccess asks who can read one document, and checks a configuration.
func TestPortalAccess(t *testing.T) {
	p := lejre(t, few, false, webtest.Forbidden)
	dir := t.TempDir()
	cfg := portalConfig(t, dir, p.URL)
	doc := p.URL + lejreRoom + "/Referat%20001.docx"
	stdout, stderr, code := aktvakt(t, nil, "access", "--config", cfg, doc)
	if code != 0 || !strings.Contains(stdout, "1300 of 1300 people can read") || !strings.Contains(stdout, "Alle ansatte, seen with its probe account") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	p.Let(lejreRoom, "scan", "visitation")
	stdout, stderr, code = aktvakt(t, nil, "access", "--json", "--config", cfg, doc)
	if code != 0 || !strings.Contains(stdout, `"people":9,"people_max":9,"staff":1300`) {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	before := p.Hits("/")
	stdout, stderr, code = aktvakt(t, nil, "config", "check", "--config", cfg)
	for _, want := range []string{"a site of pages", "Alle ansatte, 1300 people", "Visitationsudvalget, 9 people"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Fatalf("exit code %d, lacks %q\n%s%s", code, want, stdout, stderr)
		}
	}
	if n := p.Hits("/") - before; n > 100 {
		t.Errorf("%d requests to check a configuration", n)
	}
	if err := os.WriteFile(filepath.Join(dir, "prøve-alle"), []byte("udløbet\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, _, code = aktvakt(t, nil, "config", "check", "--config", cfg)
	if code != 3 || !strings.Contains(stdout, "Alle ansatte: log-on refused") || !strings.Contains(stdout, "no probe account that works stands for most of the staff") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	if stdout, stderr, code = aktvakt(t, nil, "access", p.URL); code != 3 || !strings.Contains(stderr, "log") {
		t.Errorf("without an account: exit code %d\n%s%s", code, stdout, stderr)
	}
}

// TestWebDAVRooms scans folders that a real Apache gives to their readers.
func TestWebDAVRooms(t *testing.T) {
	a := webtest.Start(t, webtest.Config{Users: map[string]string{"svc-aktvakt": "scanner-hemmelig", "prøve-alle": "alle-hemmelig", "prøve-sag": "sag-hemmelig"}, Conf: `
<Directory {root}>
  AuthType Basic
  AuthName intranet
  AuthUserFile {dir}/users
  Require valid-user
</Directory>
<Directory {root}/Lukket>
  Require user svc-aktvakt prøve-sag
</Directory>
`})
	for i := range 12 {
		b, err := wordDocument(childCase(i))
		if err != nil {
			t.Fatal(err)
		}
		a.Put(t, fmt.Sprintf("Åbent/Referat %d.docx", i), b)
		a.Put(t, fmt.Sprintf("Lukket/Referat %d.docx", i+100), b)
	}
	dir := t.TempDir()
	cfg := portalConfig(t, dir, a.URL+"/dav")
	text, err := os.ReadFile(cfg)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), "      search:")
	_, after, _ := strings.Cut(rest, "\ndetectors")
	if err := os.WriteFile(cfg, []byte(before+"detectors"+after), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := aktvakt(t, nil, "scan", "--config", cfg)
	if code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	run := readRun(t, dir)
	if len(run.Incidents) != 1 || len(run.Findings) != 12 {
		t.Fatalf("%d incidents, %d findings\n%s", len(run.Incidents), len(run.Findings), stdout)
	}
	if i := run.Incidents[0]; i.Root != a.URL+"/dav/Åbent" || i.People != 1300 || i.Mode != finding.Overexposed {
		t.Errorf("%s at %s, %d people", i.Mode, i.Root, i.People)
	}
	stdout, stderr, code = aktvakt(t, nil, "access", "--config", cfg, a.URL+"/dav/Lukket/Referat%20100.docx")
	if code != 0 || !strings.Contains(stdout, "9 of 1300 people can read") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for m, n := range a.Methods(t) {
		if !slices.Contains([]string{"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"}, m) {
			t.Errorf("%d requests %s", n, m)
		}
	}
}
