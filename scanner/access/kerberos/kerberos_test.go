package kerberos

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/keytab"
)

// keytabOf writes a keytab with keys of principals, "user@REALM".
func keytabOf(t testing.TB, principals ...string) string {
	t.Helper()
	kt := keytab.New()
	for _, p := range principals {
		user, realm, _ := strings.Cut(p, "@")
		if err := kt.AddEntry(user, realm, "a password", time.Unix(1700000000, 0), 1, 18); err != nil {
			t.Fatal(err)
		}
	}
	b, err := kt.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return write(t, b)
}

func write(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAccountOfKeytab(t *testing.T) {
	one := keytabOf(t, "svc-aktvakt@KOMMUN.EXAMPLE")
	two := keytabOf(t, "svc-aktvakt@KOMMUN.EXAMPLE", "svc-aktvakt@SKOLA.EXAMPLE", "fs1$@KOMMUN.EXAMPLE")
	for _, c := range []struct {
		name string
		cfg  Config
		want string // the account, or part of the error
		ok   bool
	}{
		{"the only one", Config{Keytab: one}, "svc-aktvakt@KOMMUN.EXAMPLE", true},
		{"by user", Config{Keytab: two, User: "FS1$"}, "fs1$@KOMMUN.EXAMPLE", true},
		{"by user and realm", Config{Keytab: two, User: "svc-aktvakt", Realm: "skola.example"}, "svc-aktvakt@SKOLA.EXAMPLE", true},
		{"by principal", Config{Keytab: two, User: "svc-aktvakt@skola.example"}, "svc-aktvakt@SKOLA.EXAMPLE", true},
		{"which", Config{Keytab: two, User: "svc-aktvakt"}, "say which by user and realm", false},
		{"not in it", Config{Keytab: one, User: "anna"}, "holds no key of anna@*; it has keys of svc-aktvakt@KOMMUN.EXAMPLE", false},
		{"empty", Config{Keytab: keytabOf(t)}, "keytab", false},
		{"missing", Config{Keytab: "/nowhere/x"}, "no such file", false},
		{"neither", Config{}, "either a keytab or a credential cache", false},
		{"both", Config{Keytab: one, CCache: one}, "either a keytab or a credential cache", false},
		{"cache of another kind", Config{CCache: "FILE:" + one}, "credential cache", false},
		{"no configuration", Config{Keytab: one, Krb5Conf: "/nowhere/krb5.conf"}, `kerberos configuration "/nowhere/krb5.conf"`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := New(c.cfg)
			switch {
			case c.ok && err != nil:
				t.Fatal(err)
			case c.ok && a.Name() != c.want:
				t.Errorf("the account is %q", a.Name())
			case !c.ok && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// What is no keytab and no cache is an error, not the end of the program.
func FuzzFiles(f *testing.F) {
	b, err := os.ReadFile(keytabOf(f, "svc@KOMMUN.EXAMPLE"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-7])
	f.Add([]byte{5, 2, 0x7f, 0xff, 0xff, 0xff})
	f.Add([]byte("\x05\x04\x00\x0c\x00\x01\x00\x08\xff\xff\xff\xff\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := write(t, b)
		for _, c := range []Config{{Keytab: p}, {CCache: p}} {
			a, err := New(c)
			if (a == nil) == (err == nil) {
				t.Errorf("account %v, error %v", a, err)
			}
		}
	})
}

func TestExplain(t *testing.T) {
	a := &Account{user: "svc", realm: "KOMMUN.EXAMPLE"}
	for _, c := range []struct {
		msg, want string
		refused   bool
	}{
		{"[Root cause: KDC_Error] KDC_Error: AS Exchange Error: kerberos error response from KDC: KRB Error: (6) KDC_ERR_C_PRINCIPAL_UNKNOWN Client not found in Kerberos database",
			"kerberos: the domain has no account svc@KOMMUN.EXAMPLE (KDC_ERR_C_PRINCIPAL_UNKNOWN)", true},
		{"KRB Error: (37) KRB_AP_ERR_SKEW Clock skew too great", "kerberos: the clocks of this machine and the domain controller differ too much (KRB_AP_ERR_SKEW)", true},
		{"KRB Error: (99) KDC_ERR_NEW_ONE Something", "kerberos: the domain refused svc@KOMMUN.EXAMPLE (KDC_ERR_NEW_ONE)", true},
		{"[Root cause: Networking_Error] Networking_Error: AS Exchange Error: failed sending AS_REQ to KDC: communication error with KDC via TCP: error sending to a KDC: connection refused",
			"kerberos: no domain controller of KOMMUN.EXAMPLE answers: Networking_Error", false},
	} {
		err := a.explain("cifs/fs1", errors.New(c.msg))
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), c.want) || e.Refused() != c.refused {
			t.Errorf("%q\nwant %q", err, c.want)
		}
	}
}

func TestService(t *testing.T) {
	for _, c := range []struct{ host, given, want string }{
		{"FS1.kommun.example", "", "cifs/fs1.kommun.example"},
		{"10.0.0.1", "cifs/fs1.kommun.example", "cifs/fs1.kommun.example"},
		{"10.0.0.1", "", ""},
	} {
		got, err := Service("cifs", c.host, c.given)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", c.host, got, err)
		}
	}
}
