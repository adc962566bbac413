package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/keytab"

	"aktvakt/scanner/config"
)

// Each target logs on as its own account; what it does not name comes from the
// environment.
func TestAccountFor(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	kt := keytab.New()
	for _, realm := range []string{"KOMMUN.EXAMPLE", "SKOLA.EXAMPLE"} {
		if err := kt.AddEntry("svc-aktvakt", realm, "x", time.Unix(1700000000, 0), 1, 18); err != nil {
			t.Fatal(err)
		}
	}
	b, err := kt.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	keys, pw := file("keytab", string(b)), file("pw", "from file\n")
	conf := file("krb5.conf", "[libdefaults]\n default_realm = KOMMUN.EXAMPLE\n dns_lookup_kdc = true\n")
	for _, c := range []struct {
		name, target string
		cred         config.Credentials
		env          map[string]string
		want         string // domain, user, password, principal
		fault        string
	}{
		{"all in the configuration", "smb://fs1/docs", config.Credentials{Domain: "SKOLA", User: "svc", PasswordFile: pw},
			map[string]string{"AKTVAKT_SMB_USER": `KOMMUN\anna`, "AKTVAKT_SMB_PASSWORD": "from environment"}, "SKOLA svc from file -", ""},
		{"all in the environment", "smb://fs1/docs", config.Credentials{},
			map[string]string{"AKTVAKT_SMB_USER": `KOMMUN\anna`, "AKTVAKT_SMB_PASSWORD_FILE": pw}, "KOMMUN anna from file -", ""},
		{"the target's user", "smb://SKOLA;eva@fs1/docs", config.Credentials{},
			map[string]string{"AKTVAKT_SMB_USER": `KOMMUN\anna`, "AKTVAKT_SMB_PASSWORD": "from environment"}, "SKOLA eva from environment -", ""},
		{"keytab", "smb://fs1/docs", config.Credentials{User: "svc-aktvakt", Realm: "SKOLA.EXAMPLE", Keytab: keys, Krb5Conf: conf},
			map[string]string{"AKTVAKT_SMB_PASSWORD": "from environment"}, " svc-aktvakt  svc-aktvakt@SKOLA.EXAMPLE", ""},
		{"keytab of the environment", "smb://fs1/docs", config.Credentials{},
			map[string]string{"AKTVAKT_SMB_USER": "svc-aktvakt@KOMMUN.EXAMPLE", "AKTVAKT_SMB_KEYTAB": keys, "KRB5_CONFIG": conf},
			"KOMMUN.EXAMPLE svc-aktvakt  svc-aktvakt@KOMMUN.EXAMPLE", ""},
		{"a password goes before the environment's keytab", "smb://fs1/docs", config.Credentials{User: "svc", PasswordFile: pw},
			map[string]string{"AKTVAKT_SMB_KEYTAB": keys}, " svc from file -", ""},
		{"no account", "smb://fs1/docs", config.Credentials{}, nil, "", "no account to log on to fs1"},
		{"no password", "smb://fs1/docs", config.Credentials{User: "svc"}, nil, "", "no password for svc on fs1"},
		{"which realm", "smb://fs1/docs", config.Credentials{User: "svc-aktvakt", Keytab: keys}, nil, "", "say which by user and realm"},
		{"no keytab there", "smb://fs1/docs", config.Credentials{User: "svc-aktvakt", Keytab: dir + "/none"}, nil, "", "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range []string{"AKTVAKT_SMB_USER", "AKTVAKT_SMB_DOMAIN", "AKTVAKT_SMB_PASSWORD_FILE", "AKTVAKT_SMB_KEYTAB", "AKTVAKT_SMB_CCACHE", "KRB5_CONFIG"} {
				t.Setenv(name, c.env[name])
			}
			t.Setenv("AKTVAKT_SMB_PASSWORD", "")
			if v, ok := c.env["AKTVAKT_SMB_PASSWORD"]; ok {
				t.Setenv("AKTVAKT_SMB_PASSWORD", v)
			} else {
				os.Unsetenv("AKTVAKT_SMB_PASSWORD")
			}
			p, err := config.ParseTarget(c.target)
			if err != nil {
				t.Fatal(err)
			}
			a, err := accountFor(p, c.cred)
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("error %v, want %q", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			principal := "-"
			if a.kerberos != nil {
				principal = a.kerberos.Name()
			}
			if got := strings.Join([]string{a.domain, a.user, a.password, principal}, " "); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
