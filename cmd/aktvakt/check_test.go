package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aktvakt/scanner/source/smb/sambatest"
)

// office is a file server with a share for the scanner, one that refuses it,
// and one whose files do.
func office(t *testing.T) *sambatest.Server {
	t.Helper()
	s := sambatest.Start(t, sambatest.Config{
		Shares: []sambatest.Share{{Name: "docs"}, {Name: "closed", ACL: "O:BAG:BAD:(A;;0x1f01ff;;;BA)"}, {Name: "locked"}, {Name: "unread"}},
		Users:  []sambatest.User{{Name: "scanner"}, {Name: "gone", Disabled: true}},
	})
	read := "(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;{scanner})"
	s.SetACL("docs", "/", "O:BAG:BAD:PAI"+read)
	s.Put(sambatest.Admin, "docs", "veckobrev.txt", []byte("Vecka 12\n"))
	s.SetACL("locked", "/", "O:BAG:BAD:PAI(A;OICI;FA;;;BA)")
	s.SetACL("unread", "/", "O:BAG:BAD:PAI(A;OICI;FA;;;BA)(A;CI;0x1200a9;;;{scanner})")
	s.Put(sambatest.Admin, "unread", "hemlig.txt", []byte("x\n"))
	return s
}

// checked runs config check --json and returns the results by place and check.
func checked(t *testing.T, code int, env []string, file string) (map[string]proof, string) {
	t.Helper()
	stdout, stderr, got := aktvakt(t, env, "config", "check", "--json", "--config", file)
	if got != code {
		t.Errorf("exit code %d, want %d\n%s%s", got, code, stdout, stderr)
	}
	if strings.Contains(stdout+stderr, sambatest.Password) || strings.Contains(stdout+stderr, "hemlig") {
		t.Errorf("a secret or the name of a file is in the output:\n%s%s", stdout, stderr)
	}
	out := map[string]proof{}
	for line := range strings.Lines(stdout) {
		var x proof
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		out[x.Where+" "+x.Check] = x
	}
	return out, stdout
}

// place is a folder with a configuration and the secrets that it names.
type place struct {
	t   *testing.T
	dir string
}

func newPlace(t *testing.T) place { return place{t, t.TempDir()} }

func (p place) write(name, text string) string {
	p.t.Helper()
	f := filepath.Join(p.dir, name)
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return f
}

// config writes a configuration with targets; each is an address and the name
// of a file with a password.
func (p place) config(more string, targets ...string) string {
	text := "targets:\n"
	for i := 0; i < len(targets); i += 2 {
		text += fmt.Sprintf("  - {url: %q, credentials: {domain: %s, user: scanner, password_file: %s}}\n", targets[i], sambatest.Host, filepath.Join(p.dir, targets[i+1]))
	}
	return p.write("config.yaml", text+fmt.Sprintf("report: {dir: %s/report}\nstate: sqlite:%s/state/state.db\nextract: {ocr: false}\n", p.dir, p.dir)+more)
}

func TestConfigCheckProves(t *testing.T) {
	s := office(t)
	p := newPlace(t)
	p.write("right", sambatest.Password+"\n")
	p.write("wrong", "Wrong-Passw0rd\n")
	at := func(share string) string { return "smb://" + s.Addr + "/" + share }

	t.Run("all is well", func(t *testing.T) {
		got, out := checked(t, 0, nil, p.config("", at("docs"), "right"))
		for _, c := range []string{checkReach, checkLogon, checkShare, checkList, checkRules, checkRead, checkGroups} {
			if x := got[at("docs")+" "+c]; x.Result != good {
				t.Errorf("%s: %+v", c, x)
			}
		}
		if got["report write"].Result != good || got["state local disk"].Result != good || got[p.dir+"/right secret"].Result != good {
			t.Errorf("%s", out)
		}
	})
	for _, c := range []struct {
		name, target, secret, check, detail, grant string
	}{
		{"wrong password", at("docs"), "wrong", checkLogon, "wrong password", "check user and password of SMBTEST\\scanner"},
		{"no such share", at("dox"), "right", checkShare, "no share of that name", "smb://host alone lists them"},
		{"share refuses", at("closed"), "right", checkShare, "access denied", "Grant-SmbShareAccess -Name SHARE -AccountName 'SMBTEST\\scanner'"},
		{"folder refuses", at("locked"), "right", checkList, "access denied", "icacls FOLDER"},
		{"files refuse", at("unread"), "right", checkRead, "access denied", "icacls FOLDER"},
		{"no such folder", at("docs/nope"), "right", checkShare, "does not exist", "check the path"},
		{"host down", "smb://" + s.Addr + ":4/docs", "right", checkReach, "connection refused", "TCP 445"},
		{"no such host", "smb://nowhere.invalid/docs", "right", checkReach, "nowhere.invalid", "TCP 445"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, out := checked(t, exitIncomplete, nil, p.config("", c.target, c.secret))
			x := got[c.target+" "+c.check]
			if x.Result != missing || !strings.Contains(x.Detail, c.detail) || !strings.Contains(x.Grant, c.grant) {
				t.Errorf("%s: %+v\n%s", c.check, x, out)
			}
		})
	}
	t.Run("a refused account is tried once", func(t *testing.T) {
		got, _ := checked(t, exitIncomplete, nil, p.config("", at("docs"), "wrong", at("closed"), "wrong", at("locked"), "wrong"))
		for _, share := range []string{"closed", "locked"} {
			if x := got[at(share)+" "+checkLogon]; x.Result != untried || !strings.Contains(x.Detail, "refused above") {
				t.Errorf("%s: %+v", share, x)
			}
		}
	})
	t.Run("every share", func(t *testing.T) {
		got, out := checked(t, exitIncomplete, nil, p.config("", "smb://"+s.Addr, "right"))
		if got[at("docs")+" "+checkRead].Result != good || got[at("closed")+" "+checkShare].Result != missing {
			t.Errorf("%s", out)
		}
	})
	t.Run("table", func(t *testing.T) {
		stdout, stderr, code := aktvakt(t, nil, "config", "check", p.config("", at("closed"), "right"))
		for _, want := range []string{"RESULT   WHERE", "missing", "To do:\n  1. " + at("closed") + ", open: on the file server: Grant-SmbShareAccess"} {
			if !strings.Contains(stdout, want) {
				t.Errorf("%q is not in\n%s", want, stdout)
			}
		}
		if code != exitIncomplete || !strings.Contains(stderr, "warning: a scan would be incomplete: 1 of") {
			t.Errorf("exit code %d, %s", code, stderr)
		}
	})
}

// The places of this machine: secrets, folders, receivers.
func TestConfigCheckPlaces(t *testing.T) {
	p := newPlace(t)
	share := filepath.Join(p.dir, "share")
	for _, d := range []string{share, p.dir + "/report", p.dir + "/state"} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	open := l.Addr().String()
	p.write("short", "0123456789abcde\n")
	p.write("long", "0123456789abcdef\n")
	p.write("empty", "")
	if err := os.Chmod(p.write("public", "0123456789abcdef\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	local := func(more string) string {
		return p.write("config.yaml", fmt.Sprintf("targets: [{url: %s}]\nreport: {dir: %s/report}\nstate: sqlite:%s/state/state.db\n", share, p.dir, p.dir)+more)
	}
	hook := func(secret string) string {
		return fmt.Sprintf("notify: {webhook: {url: http://%s/x, secret_file: %s/%s}}\n", open, p.dir, secret)
	}
	for _, c := range []struct {
		name, config string
		code         int
		key, result  string
		detail       string
		before       func(t *testing.T)
	}{
		{"an empty folder", "", 0, share + " " + checkRead, limited, "no file was found", nil},
		{"a secret that is long enough", hook("long"), 0, "notify.webhook secret", good, "16 bytes", nil},
		{"a short secret", hook("short"), exitIncomplete, "notify.webhook secret", missing, "it has 15 bytes, at least 16", nil},
		{"an empty secret", hook("empty"), exitIncomplete, p.dir + "/empty secret", missing, "the file is empty", nil},
		{"everybody's secret", hook("public"), 0, p.dir + "/public secret", limited, "mode 0644", nil},
		{"nobody listens", "notify: {mail: {server: '127.0.0.1:4', from: a@b.example}}\n", exitIncomplete, "notify.mail reach", missing, "connection refused", nil},
		{"no TLS", "notify: {syslog: {address: '" + open + "'}}\n", exitIncomplete, "notify.syslog reach", missing, "", func(*testing.T) {
			go func() {
				if c, err := l.Accept(); err == nil {
					c.Write([]byte("220 no TLS here\r\n"))
					c.Close()
				}
			}()
		}},
		{"OCR is off", "extract: {ocr: false}\n", 0, "ocr tesseract", limited, "switched off", nil},
		{"a language that is not there", "extract: {ocr: true, languages: [swe, tlh]}\n", exitIncomplete, "ocr tesseract", missing, "no language tlh", nil},
		{"directory down", "directories: [{url: 'ldaps://127.0.0.1:4', user: a@b.example, password_file: " + p.dir + "/long}]\n",
			exitIncomplete, "ldaps://127.0.0.1:4 reach", missing, "connection refused", nil},
		{"everybody's report", "", exitIncomplete, "report write", missing, "has mode 0755", func(t *testing.T) {
			if err := os.Chmod(p.dir+"/report", 0o755); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.before != nil {
				c.before(t)
			}
			got, out := checked(t, c.code, nil, local(c.config))
			if x := got[c.key]; x.Result != c.result || !strings.Contains(x.Detail, c.detail) {
				t.Errorf("%s: %+v\n%s", c.key, x, out)
			}
		})
	}
}
