package directory_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/directory"
	"aktvakt/scanner/access/directory/adtest"
	"aktvakt/scanner/access/kerberos"
)

// keytab is the account "scanner" by its keytab.
func keytab(t *testing.T, lab *adtest.Lab) *kerberos.Account {
	t.Helper()
	a, err := kerberos.New(kerberos.Config{Keytab: lab.Keytab, User: "scanner", Krb5Conf: lab.Krb5Conf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	if a.Name() != "scanner@"+adtest.Realm {
		t.Errorf("the account is %s", a.Name())
	}
	return a
}

// testKerberos asks a server that refuses NTLM.
func testKerberos(t *testing.T, lab *adtest.Lab, dir *access.Directory) {
	defer lab.RefuseNTLM()()
	ntlm := directory.Server{Host: lab.FS, Domain: adtest.Domain, User: "scanner", Password: adtest.Password, Share: "docs"}
	if _, err := directory.SAM(context.Background(), ntlm); err == nil {
		t.Fatal("the server accepts NTLM: the test tests nothing")
	}
	cache := filepath.Join(t.TempDir(), "cc")
	if out, err := lab.Command("kinit", "-c", cache, "-k", "-t", lab.Keytab, "scanner@"+adtest.Realm).CombinedOutput(); err != nil {
		t.Fatalf("kinit: %v: %s", err, out)
	}
	byCache, err := kerberos.New(kerberos.Config{CCache: "FILE:" + cache, Krb5Conf: lab.Krb5Conf})
	if err != nil {
		t.Fatal(err)
	}
	for name, acc := range map[string]*kerberos.Account{"keytab": keytab(t, lab), "credential cache": byCache} {
		s := directory.Server{Host: lab.FS, Kerberos: acc, SPN: "cifs/fs1.lab.test", Share: "docs", AD: dir}
		r, err := directory.FromServer(context.Background(), s, access.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// The server's own groups and the share's rules came over Kerberos too.
		if what, complete, notes := r.Describe(); !complete {
			t.Errorf("%s: %q, notes %q", name, what, notes)
		}
		if _, err := directory.ShareRules(s); err != nil {
			t.Errorf("%s: rules of the share: %v", name, err)
		}
	}
	t.Run("refusals", func(t *testing.T) { testKerberosRefusals(t, lab) })
	t.Run("program", func(t *testing.T) { testKerberosProgram(t, lab, cache) })
}

// testKerberosRefusals: what goes wrong is told in words, and a refusal from a
// domain that does not answer.
func testKerberosRefusals(t *testing.T, lab *adtest.Lab) {
	write := func(name, text string) string {
		p := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	conf, err := os.ReadFile(lab.Krb5Conf)
	if err != nil {
		t.Fatal(err)
	}
	gone := write("krb5.conf", strings.ReplaceAll(string(conf), lab.DC+":88", lab.DC+":89"))
	stale := lab.StaleKeytab("u03")
	for _, c := range []struct {
		name, keytab, user, conf, spn, want string
		refused                             bool
	}{
		{"unknown service", lab.Keytab, "scanner", lab.Krb5Conf, "cifs/nowhere.lab.test", "the domain has no service cifs/nowhere.lab.test", true},
		{"changed password", stale, "u03", lab.Krb5Conf, "cifs/fs1.lab.test", "the key of u03@LAB.TEST is wrong", true},
		{"no controller", lab.Keytab, "scanner", gone, "cifs/fs1.lab.test", "no domain controller of LAB.TEST answers", false},
	} {
		a, err := kerberos.New(kerberos.Config{Keytab: c.keytab, User: c.user, Krb5Conf: c.conf})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		_, err = a.Initiator(c.spn)
		var ke *kerberos.Error
		if !errors.As(err, &ke) || ke.Refused() != c.refused || !strings.Contains(err.Error(), c.want) || ke.Hint() == "" {
			t.Errorf("%s: %v", c.name, err)
		}
		t.Logf("%s: %v", c.name, err)
		a.Close()
	}
}

// testKerberosProgram scans the server that refuses NTLM, by keytab and by
// credential cache.
func testKerberosProgram(t *testing.T, lab *adtest.Lab, cache string) {
	p := build(t, lab)
	t.Run("config check", func(t *testing.T) { testCheckRefusals(t, p) })
	for name, logon := range map[string]string{
		"keytab":           "{user: scanner, keytab: " + lab.Keytab + ", krb5_conf: " + lab.Krb5Conf + "}",
		"credential cache": "{ccache: " + cache + ", krb5_conf: " + lab.Krb5Conf + "}",
	} {
		t.Run(name, func(t *testing.T) {
			config := p.write(t, "kerberos.yaml", fmt.Sprintf(`targets:
  - {url: "smb://fs1.lab.test/docs", credentials: %[1]s}
directories:
  - {url: "ldaps://%[2]s", ca_file: %[3]s, %[4]s
detectors: {home_country: se, count_test_numbers: true}
access: {service_accounts: ["e0*"]}
`, logon, adtest.DCName, lab.CAFile(), strings.TrimPrefix(logon, "{")))
			found, sum := p.scan(t, config)
			f, ok := found["alla"]
			if !ok || f.Verdict != "too-wide" || f.People != livingPeople || f.PeopleMax != livingPeople {
				t.Errorf("behind Domain Users: %s, %d to %d people, notes %q", f.Verdict, f.People, f.PeopleMax, f.Notes)
			}
			if sum.Scanned < 4 || len(found) != 1 {
				t.Errorf("%d documents scanned, %d findings", sum.Scanned, len(found))
			}
			out := p.run(t, 0, "config", "check", "--config", config)
			for _, want := range []string{`ok +log on +as scanner@LAB\.TEST`, `ok +read the share's own rules`, `ok +know the domain +LAB`, `ok +read accounts and groups +[0-9]+ accounts`} {
				if !regexp.MustCompile(want).MatchString(out) {
					t.Errorf("config check lacks %q:\n%s", want, out)
				}
			}
		})
	}
}

// testCheckRefusals: config check says what is wrong with an account, and tries
// one that was refused once only.
func testCheckRefusals(t *testing.T, p *program) {
	stale := p.lab.StaleKeytab("u03")
	wrong := p.write(t, "wrong", "Wrong-Passw0rd!\n")
	for name, c := range map[string]struct{ logon, directory, want string }{
		"stale keytab": {
			"{user: u03, keytab: " + stale + ", krb5_conf: " + p.lab.Krb5Conf + "}", "",
			`(?s)missing +log on +.*kerberos: the key of u03@LAB\.TEST is wrong.*To do:.*make the keytab anew`,
		},
		"wrong password": {
			"{domain: LAB, user: u04, password_file: " + wrong + "}",
			"directories: [{url: 'ldaps://" + adtest.DCName + "', user: u04@lab.test, ca_file: " + p.lab.CAFile() + ", password_file: " + wrong + "}]\n",
			`(?s)missing +log on +.*LDAP Result Code 49.*untried +smb://fs1\.lab\.test/docs +log on +the account LAB.u04 was refused above`,
		},
	} {
		config := p.write(t, "refused.yaml", "targets: [{url: 'smb://fs1.lab.test/docs', credentials: "+c.logon+"}]\n"+c.directory)
		if out := p.run(t, 3, "config", "check", "--config", config); !regexp.MustCompile(c.want).MatchString(out) {
			t.Errorf("%s: config check lacks %q:\n%s", name, c.want, out)
		}
	}
}

// build makes the program.
func build(t *testing.T, lab *adtest.Lab) *program {
	t.Helper()
	p := &program{lab, filepath.Join(t.TempDir(), "aktvakt"), t.TempDir()}
	p.write(t, "secret", adtest.Password+"\n")
	c := exec.Command("go", "build", "-o", p.path, "aktvakt/cmd/aktvakt")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return p
}
