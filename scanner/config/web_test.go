package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePortal(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want Place
		addr string
	}{
		{"https://intranet.kommun.example/rum/", Place{Scheme: "https", Host: "intranet.kommun.example", Port: 443, Path: "/rum/", URL: "https://intranet.kommun.example/rum/"}, "intranet.kommun.example"},
		{"HTTP://localhost:8080/a?b=c#d", Place{Scheme: "http", Host: "localhost", Port: 8080, Path: "/a", URL: "http://localhost:8080/a?b=c"}, "localhost:8080"},
		{"davs://svc@cloud.kommun.example/remote.php/dav/files/svc", Place{Scheme: "https", Host: "cloud.kommun.example", Port: 443, User: "svc", Path: "/remote.php/dav/files/svc", URL: "https://cloud.kommun.example/remote.php/dav/files/svc", WebDAV: true}, "cloud.kommun.example"},
		{"webdav://h/x", Place{Scheme: "http", Host: "h", Port: 80, Path: "/x", URL: "http://h/x", WebDAV: true}, "h"},
		{"dav+https://h/", Place{Scheme: "https", Host: "h", Port: 443, Path: "/", URL: "https://h/", WebDAV: true}, "h"},
	} {
		got, err := ParseTarget(tc.in)
		if d := cmp.Diff(tc.want, got); err != nil || d != "" {
			t.Errorf("%s: %v\n%s", tc.in, err, d)
		}
		if !got.Web() || got.String() != tc.want.URL || got.Address() != tc.addr {
			t.Errorf("%s: %q at %q", tc.in, got.String(), got.Address())
		}
	}
	for _, in := range []string{"https://", "https://svc:hemligt@h/", "https://h:0/", "https://svc:hem%zligt@h/"} {
		if p, err := ParseTarget(in); err == nil || strings.Contains(err.Error(), "hem") {
			t.Errorf("ParseTarget(%q) = %+v, %v", in, p, err)
		}
	}
}

func TestPortalFaults(t *testing.T) {
	for _, tc := range []struct {
		name, yaml string
		want       []Fault
	}{
		{"not a portal", "targets:\n  - url: /x\n    web: {kind: site}\n", []Fault{{3, `target "/x": web is for portals alone`, "remove it, or write the target as https://"}}},
		{"words", "targets:\n  - url: https://h/\n    web: {kind: sites, logon: spnego}\n", []Fault{
			{3, `targets.0.web.kind: unknown value "sites"`, `did you mean "site"? known values are webdav, site`},
			{3, `targets.0.web.logon: unknown value "spnego"`, "known values are basic, ntlm, kerberos, form, cookies, anonymous"},
		}},
		{"probes", "access: {staff: 100}\ntargets:\n  - url: https://h/\n    web:\n      probes:\n        - {name: All, people: 1300, cookie_file: /dev/null}\n        - {name: all, people: 5}\n        - {name: Few, people: 0, credentials: {user: u}}\n", []Fault{
			{6, `target "https://h/": probe "All" stands for 1300 people, more than the staff of 100`, ""},
			{7, `target "https://h/": two probes stand for "all"`, ""},
			{7, `target "https://h/": probe "all" has no account`, "give it credentials or a cookie_file"},
			{8, `target "https://h/": probe "Few" needs people`, "say how many people it stands for"},
			{8, `target "https://h/": probe "Few" has no password`, "name a password_file"},
		}},
		{"rest", "targets:\n  - url: davs://h/\n    limits: {sessions: 2}\n    web:\n      kind: site\n      logon: kerberos\n      scope: {hosts: [\"https://x/\"], exclude: [\"[\"]}\n      search: [{url: /find}]\n", []Fault{
			{3, `target "davs://h/": sessions are those of file servers`, "use in_flight"},
			{5, `target "davs://h/": a target at dav:// or davs:// is no site`, "write the target as https://"},
			{6, `target "davs://h/": Kerberos needs a keytab or a credential cache`, "add keytab or ccache to the credentials"},
			{7, `target "davs://h/": scope.exclude "[" is not a valid glob`, ""},
			{7, `target "davs://h/": scope.hosts: "https://x/" is not a host`, "write the name alone: files.kommun.example"},
			{8, `target "davs://h/": the address of a search page needs {term}`, "write /search?q={term}"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("c.yaml", []byte(tc.yaml))
			f := AsFaults(err)
			if f == nil {
				t.Fatalf("no faults: %v", err)
			}
			if d := cmp.Diff(tc.want, f.List); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
	ok := "targets:\n  - url: https://h/\n    web:\n      anonymous: false\n      scope: {depth: 3, pages: 10, robots: true}\n      probes: [{name: All, people: 1300, cookie_file: /dev/null}]\n      search: [{url: \"/s?q={term}\", terms: [cpr]}]\n"
	if _, err := Parse("c.yaml", []byte(ok)); err != nil {
		t.Error(err)
	}
}

// The commented portal of the example is one that works.
func TestExamplePortal(t *testing.T) {
	var out []string
	in := false
	for line := range strings.Lines(string(Example)) {
		if strings.HasPrefix(line, "  # - name: intranet") {
			in = true
		}
		if in && !strings.HasPrefix(line, "  #") {
			break
		}
		if in {
			out = append(out, "  "+strings.TrimPrefix(line, "  # "))
		}
	}
	text := strings.NewReplacer("/run/secrets/aktvakt-password", "/dev/null", "/run/secrets/probe-staff", "/dev/null", "/run/secrets/probe-social", "/dev/null").
		Replace("targets:\n" + strings.Join(out, ""))
	c, err := Parse("example.yaml", []byte(text))
	if err != nil || len(c.Targets) != 1 || len(c.Targets[0].Web.Probes) != 2 || c.Targets[0].Web.Probes[0].People != 1300 {
		t.Errorf("%v\n%s", err, text)
	}
}
