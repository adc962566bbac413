package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/source/smb/sambatest"
)

// municipality is a file server with 120 people: a child-welfare unit of
// four, a personnel unit of three, temps, and everybody else.
func municipality(t testing.TB, change ...func(*sambatest.Config)) *sambatest.Server {
	t.Helper()
	cfg := sambatest.Config{
		Shares: []sambatest.Share{{Name: "docs"}},
		Groups: []sambatest.Group{
			{Name: "Barn", Members: []string{"u001", "u002", "u003", "u004"}},
			{Name: "HR", Members: []string{"u005", "u006", "u007"}},
			{Name: "Users", Kind: sambatest.Builtin, RID: 545, Members: []string{sambatest.UsersGroup}},
		},
	}
	everybody := sambatest.Group{Name: "Alla"}
	for i := range 120 {
		name := fmt.Sprintf("u%03d", i)
		cfg.Users = append(cfg.Users, sambatest.User{Name: name})
		everybody.Members = append(everybody.Members, name)
	}
	most := sambatest.Group{Name: "Inte Barn", Members: slices.Concat(everybody.Members[:1], everybody.Members[5:])}
	cfg.Users = append(cfg.Users, sambatest.User{Name: "scanner"}, sambatest.User{Name: "gone", Disabled: true})
	cfg.Groups = append(cfg.Groups, everybody, most)
	for _, f := range change {
		f(&cfg)
	}
	s := sambatest.Start(t, cfg)
	fill(t, s)
	return s
}

const (
	inherit = "(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;{scanner})"
	narrow  = "O:BAG:BAD:PAI" + inherit + "(A;OICI;0x1301bf;;;{Barn})"
	wide    = "O:BAG:BAD:PAI" + inherit + "(A;OICI;0x1200a9;;;{Alla})"
	denying = "O:BAG:BAD:PAI(D;OICI;FA;;;{Inte Barn})" + inherit + "(A;OICI;0x1200a9;;;AU)"
)

// folders are the folders with access rules of their own and what lies where.
var folders = []struct {
	path, acl string
	docs      []string
}{
	// Everyone reads this one, and what is below it inherits.
	{"gemensamt", wide, []string{"veckobrev.docx", "motion.docx", "platsannons.txt", "rutin-orosanmalan.pdf", "arsredovisning.pdf", "statistik.xlsx", "varning.docx"}},
	{"gemensamt/nyheter", "", []string{"pressemeddelelse.docx", "trasig.pdf", "film.mp4"}},
	{"gemensamt/arbetsrum", "", []string{"journal.docx", "ansokan-lvu.docx", "ensamkommande.xlsx"}},
	{"gemensamt/arbetsrum/boern", "", []string{"undersoegelse.docx", "afgoerelse.pdf"}},
	// Only the child-welfare unit reads this one.
	{"barn", narrow, []string{"yttrande.pdf", "utredning-lss.pdf", "hemlig.txt"}},
	// Everyone is allowed, but all except the child-welfare unit are denied.
	{"nekad", denying, []string{"rehabplan.txt"}},
}

func fill(t testing.TB, s *sambatest.Server) {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(dir, os.DirFS("testdata/share")); err != nil {
		t.Fatal(err)
	}
	put("trasig.pdf", []byte("%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 9 0 R >>\nendobj\ntrailer << /Root 1 0 R >>\nstartxref\n99999\n%%EOF\n"))
	put("film.mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x00"))
	put("hemlig.txt", []byte("Endast administratörer.\n"))
	s.SetACL("docs", "/", "O:BAG:BAD:PAI(A;OICI;FA;;;BA)(A;;0x1200a9;;;AU)")
	commands := "lcd " + dir
	for _, f := range folders {
		if f.acl != "" {
			s.PutDir(sambatest.Admin, "docs", f.path)
			s.SetACL("docs", f.path, f.acl)
		} else {
			commands += "; mkdir " + f.path
		}
		for _, d := range f.docs {
			commands += fmt.Sprintf("; put %s %s/%s", d, f.path, d)
		}
	}
	if out, err := s.Smbclient(sambatest.Admin, "docs", commands); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.SetACL("docs", "barn/hemlig.txt", "O:BAG:BAD:PAI(A;;FA;;;BA)")
	settleAccessTimes(t, s.Dir("docs"))
}

// settleAccessTimes puts the access times after the times of change, so that a
// file system mounted relatime leaves them alone when smbd reads. Over SMB the
// server alone decides about access times.
func settleAccessTimes(t testing.TB, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := os.Stat(p)
		if err != nil {
			return err
		}
		return os.Chtimes(p, time.Now().Add(time.Minute), st.ModTime())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// result is what scan --json printed.
type result struct {
	findings  map[string]finding.Finding
	incidents []finding.Incident
	skips     map[string]finding.Skip
	summary   finding.Summary
	stdout    string
}

func parse(t *testing.T, stdout, target string) result {
	t.Helper()
	r := result{findings: map[string]finding.Finding{}, skips: map[string]finding.Skip{}, stdout: stdout}
	for line := range strings.Lines(stdout) {
		var kind struct{ Type string }
		if err := json.Unmarshal([]byte(line), &kind); err != nil {
			t.Fatalf("not JSON: %v\n%s", err, line)
		}
		var err error
		switch kind.Type {
		case "finding":
			var f finding.Finding
			err = json.Unmarshal([]byte(line), &f)
			r.findings[strings.TrimPrefix(f.Path, target+"/")] = f
		case "incident":
			var i finding.Incident
			err = json.Unmarshal([]byte(line), &i)
			r.incidents = append(r.incidents, i)
		case "skip":
			var s finding.Skip
			err = json.Unmarshal([]byte(line), &s)
			r.skips[strings.TrimPrefix(s.Path, target+"/")] = s
		case "summary":
			err = json.Unmarshal([]byte(line), &r.summary)
		default:
			t.Errorf("a line of type %q", kind.Type)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// accounted checks that every entry ended as scanned or skipped.
func (r result) accounted(t *testing.T) {
	t.Helper()
	skipped := 0
	for _, n := range r.summary.Skipped {
		skipped += n
	}
	if got := r.summary.Scanned + r.summary.Unchanged + skipped; got != r.summary.Entries {
		t.Errorf("%d entries were listed, %d scanned + %d unchanged + %d skipped", r.summary.Entries, r.summary.Scanned, r.summary.Unchanged, skipped)
	}
}

func (r result) verdicts() map[string]string {
	out := map[string]string{}
	for p, f := range r.findings {
		out[p] = fmt.Sprintf("%s %s %d", f.Verdict, f.Mode, f.People)
	}
	return out
}

func (r result) skipReasons() map[string]string {
	out := map[string]string{}
	for p, s := range r.skips {
		out[p] = string(s.Stage) + " " + string(s.Reason)
	}
	return out
}

func logon(dir string) []string {
	return []string{"AKTVAKT_SMB_USER=" + sambatest.Host + `\scanner`, "AKTVAKT_SMB_PASSWORD=" + sambatest.Password, "XDG_STATE_HOME=" + dir}
}

// TestScanShare is the main job: exactly the sensitive documents that too
// many can read are found, and every entry is accounted for.
func TestScanShare(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change []func(*sambatest.Config)
	}{
		{"plain", nil},
		{"signing required", []func(*sambatest.Config){func(c *sambatest.Config) { c.RequireSigning = true }}},
		{"encryption required", []func(*sambatest.Config){func(c *sambatest.Config) { c.RequireEncryption = true }}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := municipality(t, tc.change...)
			dir := t.TempDir()
			before := snapshot(t, s)
			target := "smb://" + s.Addr + "/docs"
			stdout, stderr, code := aktvakt(t, logon(dir), "scan", "--json", "--count-test-numbers", "--home-country", "se",
				"--report", dir+"/report", target)
			if code != 0 {
				t.Fatalf("exit code %d\n%s", code, stderr)
			}
			r := parse(t, stdout, target)
			r.accounted(t)
			checkScan(t, r, target)
			if d := cmp.Diff(before, snapshot(t, s)); d != "" {
				t.Errorf("the scan changed something on the server:\n%s", d)
			}
			checkReport(t, dir+"/report", r)
		})
	}
}

func checkScan(t *testing.T, r result, target string) {
	t.Helper()
	want := map[string]string{
		"gemensamt/varning.docx":                       "too-wide misplaced 120",
		"gemensamt/arbetsrum/journal.docx":             "too-wide overexposed 120",
		"gemensamt/arbetsrum/ansokan-lvu.docx":         "too-wide overexposed 120",
		"gemensamt/arbetsrum/ensamkommande.xlsx":       "too-wide overexposed 120",
		"gemensamt/arbetsrum/boern/undersoegelse.docx": "too-wide overexposed 120",
		"gemensamt/arbetsrum/boern/afgoerelse.pdf":     "too-wide overexposed 120",
	}
	if d := cmp.Diff(want, r.verdicts()); d != "" {
		t.Errorf("findings -want +got:\n%s", d)
	}
	wantSkips := map[string]string{
		"gemensamt/nyheter/trasig.pdf": "extract corrupt",
		"gemensamt/nyheter/film.mp4":   "extract unsupported",
		"barn/hemlig.txt":              "open access-denied",
	}
	if d := cmp.Diff(wantSkips, r.skipReasons()); d != "" {
		t.Errorf("skips -want +got:\n%s", d)
	}
	if len(r.incidents) != 2 {
		t.Fatalf("%d incidents, want one for the work room and one for the warning", len(r.incidents))
	}
	room := r.incidents[0]
	if room.Root != target+"/gemensamt/arbetsrum" || room.Documents != 5 || room.Severity != finding.Critical {
		t.Errorf("first incident: %s with %d documents, %s", room.Root, room.Documents, room.Severity)
	}
	for p, f := range r.findings {
		if len(f.Via) == 0 || f.Via[0].InheritedFrom != target+"/gemensamt" {
			t.Errorf("%s: the rule comes from %s/gemensamt, got %+v", p, target, f.Via)
		}
	}
}

// entryState is what a scan must leave alone.
type entryState struct{ Times, ACL string }

func snapshot(t *testing.T, s *sambatest.Server) map[string]entryState {
	t.Helper()
	out := map[string]entryState{}
	root := s.Dir("docs")
	err := filepath.WalkDir(root, func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		out[rel] = entryState{times(t, p), ntACL(t, p)}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// rawNumbers are identity numbers that stand in the documents.
var rawNumbers = []string{"2380", "20101112-2387", "201011122387", "101112-2387", "20070330-2398", "070330-2398"}

// checkReport checks that each file of the report is there for its owner
// only, carries the same findings and leaks no number.
func checkReport(t *testing.T, dir string, r result) {
	t.Helper()
	if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("report folder: %v, %v; want mode 0700", st.Mode(), err)
	}
	for _, name := range []string{"report.html", "findings.jsonl", "findings.csv", "findings.xlsx", "summary.json"} {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if st.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 0600", name, st.Mode().Perm())
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".xlsx") {
			continue
		}
		for _, n := range rawNumbers[1:] {
			if strings.Contains(string(b), n) {
				t.Errorf("%s holds an identity number", name)
			}
		}
		for _, f := range r.findings {
			if name != "summary.json" && !strings.Contains(string(b), f.ID) {
				t.Errorf("%s lacks the finding %s", name, f.Path)
			}
		}
	}
}

// TestScanFaults: what can go wrong with a target gives a clear line and the
// right exit code, and the others are still scanned.
func TestScanFaults(t *testing.T) {
	s := municipality(t)
	for _, tc := range []struct {
		name   string
		env    []string
		target string
		code   int
		want   []string
	}{
		{"wrong password", []string{"AKTVAKT_SMB_PASSWORD=fel"}, "smb://" + s.Addr + "/docs", 3, []string{"unknown account or wrong password", "hint: check the account and its password"}},
		{"unknown share", nil, "smb://" + s.Addr + "/dcos", 3, []string{"the server has no share of that name", "hint: name the host alone"}},
		{"unreachable host", nil, "smb://127.0.0.1:1/docs", 3, []string{"host cannot be reached", "hint: check the host's name and port"}},
		{"unknown folder", nil, "smb://" + s.Addr + "/docs/saknas", 3, []string{"hint: check the path"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			_, stderr, code := aktvakt(t, append(logon(dir), tc.env...), "scan", "--report", dir+"/report", tc.target)
			if code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			for _, w := range tc.want {
				if !strings.Contains(stderr, w) {
					t.Errorf("standard error lacks %q:\n%s", w, stderr)
				}
			}
			if strings.Contains(stderr, sambatest.Password) {
				t.Errorf("the password is in the output:\n%s", stderr)
			}
		})
	}
	t.Run("one of two targets", func(t *testing.T) {
		dir := t.TempDir()
		target := "smb://" + s.Addr + "/docs/gemensamt"
		stdout, stderr, code := aktvakt(t, logon(dir), "scan", "--json", "--count-test-numbers", "--report", dir+"/report", "smb://"+s.Addr+"/dcos", target)
		if code != 3 || !strings.Contains(stderr, "1 of 2 targets could not be scanned") {
			t.Errorf("exit code %d\n%s", code, stderr)
		}
		if r := parse(t, stdout, target); len(r.findings) != 6 {
			t.Errorf("%d findings in the target that could be scanned, want 6", len(r.findings))
		}
	})
}

// TestScanEveryShare: without a share in the target every share that the
// server lists is scanned.
func TestScanEveryShare(t *testing.T) {
	s := municipality(t, func(c *sambatest.Config) {
		c.Shares = append(c.Shares, sambatest.Share{Name: "extra"}, sambatest.Share{Name: "dold$"})
	})
	s.WriteFile("extra", "a.txt", []byte("Hej.\n"))
	s.WriteFile("dold$", "b.txt", []byte("Hej.\n"))
	dir := t.TempDir()
	stdout, stderr, code := aktvakt(t, logon(dir), "scan", "--json", "--report", dir+"/report", "smb://"+s.Addr)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	r := parse(t, stdout, "smb://"+s.Addr)
	r.accounted(t)
	var names []string
	for _, x := range r.summary.PerTarget {
		names = append(names, strings.TrimPrefix(x.Name, "smb://"+s.Addr+"/"))
	}
	slices.Sort(names)
	if d := cmp.Diff([]string{"docs", "dold$", "extra"}, names); d != "" {
		t.Errorf("shares -want +got:\n%s", d)
	}
}

// TestScanChecksItself: with an ordinary account the report says how many of a
// sample opened as predicted.
func TestScanChecksItself(t *testing.T) {
	s := municipality(t)
	dir := t.TempDir()
	pw := filepath.Join(dir, "pw")
	if err := os.WriteFile(pw, []byte(sambatest.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(logon(dir), "AKTVAKT_PROBE_USER="+sambatest.Host+`\u010`, "AKTVAKT_PROBE_PASSWORD_FILE="+pw)
	target := "smb://" + s.Addr + "/docs"
	stdout, stderr, code := aktvakt(t, env, "scan", "--json", "--count-test-numbers", "--report", dir+"/report", target)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	notes := strings.Join(parse(t, stdout, target).summary.PerTarget[0].Notes, "\n")
	var agreed, files int
	_, rest, _ := strings.Cut(notes, `Checked as SMBTEST\u010: `)
	if _, err := fmt.Sscanf(rest, "%d of %d sampled files", &agreed, &files); err != nil || files < 4 || agreed != files {
		t.Errorf("notes: %s", notes)
	}
}

// TestAccessShare: access names who can read, through which rule, and what
// would close it.
func TestAccessShare(t *testing.T) {
	s := municipality(t)
	at := "smb://" + s.Addr + "/docs/gemensamt/arbetsrum/journal.docx"
	stdout, stderr, code := aktvakt(t, logon(t.TempDir()), "access", "--json", "--list", at)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	var l struct {
		Type       string
		Path       string
		Complete   bool
		People     int
		PeopleMax  int `json:"people_max"`
		Staff      int
		Wide       []string
		Unresolved []string
		Via        []finding.Via
		Readers    []string
	}
	if err := json.Unmarshal([]byte(stdout), &l); err != nil {
		t.Fatal(err)
	}
	if l.Type != "access" || l.Path != at || !l.Complete || l.People != 120 || l.PeopleMax != 120 || len(l.Readers) < 120 {
		t.Errorf("got %s with %d readers named", stdout[:min(len(stdout), 600)], len(l.Readers))
	}
	if slices.Contains(l.Readers, sambatest.Host+`\gone`) {
		t.Error("a disabled account is named as a reader")
	}
	text, _, _ := aktvakt(t, logon(t.TempDir()), "access", at)
	for _, want := range []string{`SMBTEST\Alla, set on smb://` + s.Addr + "/docs/gemensamt", "icacls"} {
		if !strings.Contains(text, want) {
			t.Errorf("output lacks %q:\n%s", want, text)
		}
	}
}

// TestAccessFlags asks one server with the flags that look at whole folders.
func TestAccessFlags(t *testing.T) {
	s := municipality(t, func(c *sambatest.Config) {
		c.Shares = append(c.Shares, sambatest.Share{Name: "trang", Lines: []string{"valid users = adm scanner"}})
	})
	t.Run("check", func(t *testing.T) { testCheck(t, s) })
	t.Run("below", func(t *testing.T) { testBelow(t, s) })
}

// testBelow: --below counts what inherits the widest rule, and what has rules
// of its own.
func testBelow(t *testing.T, s *sambatest.Server) {
	s.SetACL("docs", "gemensamt/arbetsrum/boern/afgoerelse.pdf", narrow)
	at := "smb://" + s.Addr + "/docs/gemensamt/arbetsrum"
	stdout, stderr, code := aktvakt(t, logon(t.TempDir()), "access", "--json", "--below", at)
	var l struct {
		Below struct {
			Rule, At                                 string
			Entries, Files, Folders, Differ, Unknown int
			All                                      bool
		}
	}
	if err := json.Unmarshal([]byte(stdout), &l); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v\n%s", code, err, stderr)
	}
	b := l.Below
	if b.Rule != sambatest.Host+`\Alla` || b.At != "smb://"+s.Addr+"/docs/gemensamt" {
		t.Errorf("rule %q, set on %q", b.Rule, b.At)
	}
	if b.Entries != 6 || b.Files != 4 || b.Folders != 1 || b.Differ != 1 || b.Unknown != 0 || !b.All {
		t.Errorf("below: %+v", b)
	}
	text, _, _ := aktvakt(t, logon(t.TempDir()), "access", "--below", at)
	if want := "set on smb://" + s.Addr + "/docs/gemensamt, inherited by 4 files and 1 folders below; 1 have other rules"; !strings.Contains(text, want) {
		t.Errorf("output lacks %q:\n%s", want, text)
	}
}

// testCheck: --check compares with what an ordinary account can open on
// the real server, and tells of a share that lets in fewer than its rules say.
func testCheck(t *testing.T, s *sambatest.Server) {
	s.Put(sambatest.Admin, "trang", "a.txt", []byte("Hej.\n"))
	s.SetACL("trang", "a.txt", wide)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(sambatest.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(user, target string, code int) (out scanner.Check) {
		t.Helper()
		env := append(logon(t.TempDir()), "AKTVAKT_PROBE_USER="+sambatest.Host+`\`+user, "AKTVAKT_PROBE_PASSWORD_FILE="+secret)
		stdout, stderr, got := aktvakt(t, env, "access", "--json", "--check", "smb://"+s.Addr+"/"+target)
		if got != code {
			t.Fatalf("%s on %s: exit code %d\n%s", user, target, got, stderr)
		}
		if code == 0 {
			var l struct{ Check scanner.Check }
			if err := json.Unmarshal([]byte(stdout), &l); err != nil {
				t.Fatal(err)
			}
			out = l.Check
		}
		return out
	}
	for user, name := range map[string]string{"u001": "of the unit", "u050": "of everybody", "scanner": "the scanner itself"} {
		c := check(user, "docs", 0)
		// three of everybody's, two of the unit's, and the one with a denial
		if c.Files != 6 || c.Agreed != c.Files || c.Failed != 0 || c.Account != sambatest.Host+`\`+user {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if c := check("u050", "trang", 0); c.Files != 1 || len(c.TooMany) != 1 || len(c.TooFew) != 0 {
		t.Errorf("behind valid users: %+v", c)
	}
	check("gone", "docs", 3)
	_, stderr, code := aktvakt(t, logon(t.TempDir()), "access", "--check", "smb://"+s.Addr+"/docs")
	if code != 4 || !strings.Contains(stderr, "AKTVAKT_PROBE_USER") {
		t.Errorf("without an account: exit code %d\n%s", code, stderr)
	}
}
