package web_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aktvakt/scanner/access/directory/adtest"
	"aktvakt/scanner/access/kerberos"
	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web"
	"aktvakt/scanner/source/web/session"
	"aktvakt/scanner/source/web/webtest"
)

const spnegoConf = `
LoadModule auth_gssapi_module /usr/lib/apache2/modules/mod_auth_gssapi.so
<Directory {root}>
  AuthType GSSAPI
  AuthName portal
  GssapiAllowedMech krb5
  GssapiCredStore keytab:{dir}/http.keytab
  GssapiSSLonly Off
  Require valid-user
</Directory>
<Directory {root}/social>
  Require user scanner@LAB.TEST u01@LAB.TEST
</Directory>
`

const webSPN = "HTTP/web.lab.test"

// TestSPNEGO logs on to Apache with tickets of a real Active Directory domain,
// by keytab and by credential cache.
func TestSPNEGO(t *testing.T) {
	lab := adtest.Start(t, adtest.Config{})
	dir := t.TempDir()
	conf := filepath.Join(filepath.Dir(lab.Krb5Conf), "dc/etc/smb.conf")
	run := func(name string, args ...string) {
		t.Helper()
		if out, err := lab.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v: %s", name, args[0], err, out)
		}
	}
	run("samba-tool", "user", "create", "websvc", adtest.AdminPassword, "-s", conf)
	run("samba-tool", "spn", "add", webSPN, "websvc", "-s", conf)
	keytab := func(principal string) string {
		file := filepath.Join(dir, strings.NewReplacer("/", "_", "@", "_").Replace(principal))
		run("samba-tool", "domain", "exportkeytab", file, "--principal="+principal, "-s", conf)
		return file
	}
	service, err := os.ReadFile(keytab(webSPN))
	if err != nil {
		t.Fatal(err)
	}
	a := webtest.Start(t, webtest.Config{
		Conf: spnegoConf, Files: map[string][]byte{"http.keytab": service}, Listen: lab.FS + ":8088",
		Command: func(name string, args ...string) *exec.Cmd { return lab.Command(name, args...) },
	})
	a.Put(t, "social/sag.txt", []byte("sag"))
	a.Put(t, "alle/nyt.txt", []byte("nyt"))

	account := func(c kerberos.Config) session.Account {
		c.Krb5Conf = lab.Krb5Conf
		k, err := kerberos.New(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(k.Close)
		return session.Account{Kerberos: k, SPN: webSPN}
	}
	cache := filepath.Join(dir, "cc")
	run("kinit", "-c", cache, "-k", "-t", keytab("u01@"+adtest.Realm), "u01@"+adtest.Realm)
	s := web.New(web.Config{URL: parse(t, a.URL+"/dav/"), Account: account(kerberos.Config{Keytab: lab.Keytab, User: "scanner"}), Limiter: fast(),
		Probes: []web.Probe{
			{Name: "all staff", People: 1300, Account: account(kerberos.Config{Keytab: keytab("u00@" + adtest.Realm)})},
			{Name: "social services", People: 90, Account: account(kerberos.Config{CCache: cache})},
		}})
	defer s.Close()
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := readEntry(t, s, all["social/sag.txt"]); got != "sag" {
		t.Errorf("content %q", got)
	}
	for v, want := range map[int]source.Seen{source.Own: source.Shown, 0: source.Refused, 1: source.Shown, 2: source.Refused} {
		if v >= 0 {
			if err := s.Ready(t.Context(), v); err != nil {
				t.Errorf("view %d: %v", v, err)
			}
		}
		for x := range s.Look(t.Context(), all["social/sag.txt"], v) {
			if x.Seen != want {
				t.Errorf("view %d: %v (%s), want %v", v, x.Seen, x.Why, want)
			}
		}
	}
	stale := web.New(web.Config{URL: parse(t, a.URL+"/dav/"), Account: account(kerberos.Config{Keytab: lab.StaleKeytab("u03"), User: "u03"}), Limiter: fast()})
	defer stale.Close()
	if _, err := stale.Root(t.Context()); !errors.Is(err, source.ErrLogon) || !strings.Contains(err.Error(), "the key of u03@LAB.TEST is wrong") {
		t.Errorf("a keytab whose key was changed: %v", err)
	}
}
