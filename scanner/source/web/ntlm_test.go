package web_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web"
	"aktvakt/scanner/source/web/session"
	"aktvakt/scanner/source/web/webtest"
)

// ntlmConf lets NTLM alone in, by the accounts of a file. Each connection proves
// itself once, as on IIS.
const ntlmConf = `
LoadModule auth_gssapi_module /usr/lib/apache2/modules/mod_auth_gssapi.so
<Directory {root}>
  AuthType GSSAPI
  AuthName portal
  GssapiAllowedMech ntlmssp
  GssapiConnectionBound On
  GssapiSSLonly Off
  Require valid-user
</Directory>
<Directory {root}/social>
  Require user "LAB\\scan" "LAB\\sofie"
</Directory>
`

func ntlmServer(t *testing.T) *webtest.Apache {
	file := ""
	for u, p := range users {
		file += "LAB:" + u + ":" + p + "\n"
	}
	return webtest.Start(t, webtest.Config{Conf: ntlmConf, Files: map[string][]byte{"ntlm": []byte(file)}, Env: []string{"NTLM_USER_FILE={dir}/ntlm"}})
}

func ntlmAccount(user string) session.Account {
	return session.Account{Domain: "LAB", User: user, Password: users[user]}
}

// TestNTLM logs on to a server that wants NTLM, several connections at once.
func TestNTLM(t *testing.T) {
	a := ntlmServer(t)
	for i := range 40 {
		a.Put(t, "social/"+string(rune('a'+i%26))+strings.Repeat("x", i/26)+".txt", bytes.Repeat([]byte("sag "), 1000*i))
	}
	s := web.New(web.Config{URL: parse(t, a.URL+"/dav/"), Account: ntlmAccount("scan"), Limiter: fast(),
		Probes: []web.Probe{{Name: "all staff", People: 1300, Account: ntlmAccount("anna")}, {Name: "social services", People: 90, Account: ntlmAccount("sofie")}}})
	defer s.Close()
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 41 {
		t.Errorf("%d entries", len(all))
	}
	errs := make(chan error, len(all))
	n := 0
	for _, e := range all {
		if e.Kind != source.Regular {
			continue
		}
		n++
		go func() {
			f, err := s.Open(t.Context(), e)
			if err == nil {
				var b []byte
				b, err = io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
				if int64(len(b)) != e.Size && err == nil {
					err = errors.New("short")
				}
				f.Close()
			}
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	for v, want := range map[int]source.Seen{source.Own: source.Shown, 0: source.Refused, 1: source.Shown, 2: source.Refused} {
		if v >= 0 {
			if err := s.Ready(t.Context(), v); err != nil {
				t.Errorf("view %d: %v", v, err)
			}
		}
		for x := range s.Look(t.Context(), all["social/a.txt"], v) {
			if x.Seen != want {
				t.Errorf("view %d: %v (%s), want %v", v, x.Seen, x.Why, want)
			}
		}
	}
	wrong := web.New(web.Config{URL: parse(t, a.URL+"/dav/"), Account: session.Account{Logon: session.NTLM, Domain: "LAB", User: "anna", Password: "fel-lösenord"}, Limiter: fast()})
	defer wrong.Close()
	if _, err := wrong.Root(t.Context()); !errors.Is(err, source.ErrLogon) || strings.Contains(err.Error(), "fel-") {
		t.Errorf("a wrong password: %v", err)
	}
}
