package config

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

func TestExampleIsValid(t *testing.T) {
	c, err := Parse("example.yaml", Example)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Targets[0].Limits.Bandwidth, Size(50<<20); got != want {
		t.Errorf("bandwidth = %v, want %v", got, want)
	}
	if got, want := time.Duration(c.Extract.Timeout), time.Minute; got != want {
		t.Errorf("timeout = %v, want %v", got, want)
	}
}

// The schema that editors use must accept the example, and must reject what
// the loader rejects.
func TestSchemaAgreesWithLoader(t *testing.T) {
	raw, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, yaml string
		ok         bool
	}{
		{"example", string(Example), true},
		{"misspelt key", "detector: {}\n", false},
		{"wrong kind", "limits: {workers: many}\n", false},
		{"unknown country", "detectors: {home_country: de}\n", false},
		{"bad duration", "limits: {max_duration: soon}\n", false},
		{"bad size", "extract: {max_file_size: big}\n", false},
		{"target without address", "targets: [{name: x}]\n", false},
		{"policy", "policy: {sensitive: {max_people: 20, wide_groups: deny}}\n", true},
		{"policy choice", "policy: {sensitive: {wide_groups: maybe}}\n", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var v any
			if err := yaml.Unmarshal([]byte(tc.yaml), &v); err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			inst, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Validate(inst) == nil; got != tc.ok {
				t.Errorf("schema accepts = %v, want %v: %v", got, tc.ok, s.Validate(inst))
			}
			if _, err := Parse("x", []byte(tc.yaml)); (err == nil) != tc.ok {
				t.Errorf("loader: %v, want ok = %v", err, tc.ok)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		name, yaml string
		want       []Fault
	}{
		{"all at once", "targets:\n  - url: smb2://x\n    exclud: [a]\nlimits:\n  workers: many\n", []Fault{
			{2, `target "smb2://x": unknown scheme "smb2"`, "did you mean smb://? known schemes are smb, file, https and davs"},
			{3, `unknown key "exclud" in targets.0`, `did you mean "exclude"?`},
			{5, `limits.workers must be a whole number`, ""},
		}},
		{"no guess", "zzzzzzz: 1\n", []Fault{{1, `unknown key "zzzzzzz"`, "known keys are access, detectors, directories, extract, limits, notify, policy, report, state, targets"}}},
		{"twice", "state: sqlite:a\nstate: sqlite:b\n", []Fault{{2, `key "state" is there twice`, ""}}},
		{"state", "state: postgres:x\n", []Fault{{1, `state "postgres:x": unknown kind of store`, "write sqlite:/var/lib/aktvakt/state.db"}}},
		{"value", "report:\n  formats: [html, pdf]\n", []Fault{{2, `report.formats: unknown value "pdf"`, "known values are html, jsonl, csv, xlsx, metrics, ocsf"}}},
		{"password", "targets:\n  - url: smb://a:b@h/s\n", []Fault{{2, `target smb://…@h: a password does not belong in the target`, "set AKTVAKT_SMB_PASSWORD_FILE, or password_file in the configuration"}}},
		{"regexp", "detectors:\n  not_identity: ['(']\n", []Fault{{2, "detectors.not_identity: error parsing regexp: missing closing ): `(`", ""}}},
		{"list", "report:\n  formats: html\n", []Fault{{2, "report.formats must be a list", "write it as a list: formats: [a, b]"}}},
		{"glob", "targets:\n  - url: /x\n    exclude: ['[']\n", []Fault{{3, `target "/x": exclude "[" is not a valid glob`, ""}}},
		{"directory", "directories:\n  - {url: dc1, keytab: /none}\n", []Fault{
			{2, `directory "dc1": the address must be ldaps:// or ldap://`, "write ldaps://dc1.kommun.example"},
			{2, `directory "dc1": keytab: stat /none: no such file or directory`, ""},
		}},
		{"several secrets", "targets:\n  - url: smb://h/s\n    credentials: {password_file: /dev/null, keytab: /dev/null}\n", []Fault{
			{3, `target "smb://h/s": there are several ways to log on: password_file, keytab`, "keep the one that is meant"}}},
		{"realm of a password", "targets:\n  - url: smb://h/s\n    credentials: {password_file: /dev/null, realm: X}\n", []Fault{
			{3, `target "smb://h/s": realm, krb5_conf and spn are for Kerberos alone`, "add keytab or ccache"}}},
		{"notify", "notify:\n  webhook: {url: https://x}\n  mail: {to: [a]}\n", []Fault{
			{2, "notify.webhook needs both url and secret_file", ""},
			{3, "notify.mail needs server and from", ""},
		}},
		{"limits", "targets:\n  - url: smb://h/s\n    limits: {in_flight: 300, sessions: -1}\n  - url: /x\n    limits: {iops: 5}\n", []Fault{
			{3, `target "smb://h/s": in_flight must be from 1 to 256, not 300`, ""},
			{3, `target "smb://h/s": sessions must be from 1 to 64, not -1`, ""},
			{5, `target "/x": limits are for file servers, a local folder takes none`, "remove it"},
		}},
		{"local credentials", "targets:\n  - url: /x\n    credentials: {user: a}\n", []Fault{{3, `target "/x": a local folder takes no credentials`, "remove it, or write the target as smb://"}}},
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
}

func TestNotYAML(t *testing.T) {
	_, err := Parse("c.yaml", []byte("a: b: c\n\t- x"))
	f := AsFaults(err)
	if f == nil || len(f.List) != 1 || !strings.Contains(f.List[0].What, "not valid YAML") {
		t.Errorf("got %v", err)
	}
}

func TestParseTarget(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want Place
		str  string
	}{
		{"/srv/share", Place{Scheme: "file", Path: "/srv/share"}, "/srv/share"},
		{"rel/dir", Place{Scheme: "file", Path: "rel/dir"}, "rel/dir"},
		{"file:///srv/a%20b", Place{Scheme: "file", Path: "/srv/a b"}, "/srv/a b"},
		{"smb://fs1", Place{Scheme: "smb", Host: "fs1", Port: 445}, "smb://fs1"},
		{"smb://fs1/docs/", Place{Scheme: "smb", Host: "fs1", Port: 445, Share: "docs"}, "smb://fs1/docs"},
		{"smb://KOMMUN;svc@fs1:1445/docs/a/b", Place{Scheme: "smb", Host: "fs1", Port: 1445, Domain: "KOMMUN", User: "svc", Share: "docs", Path: "a/b"}, "smb://fs1:1445/docs/a/b"},
		{`\\fs1\docs\Barn och unga`, Place{Scheme: "smb", Host: "fs1", Port: 445, Share: "docs", Path: "Barn och unga"}, "smb://fs1/docs/Barn och unga"},
		{"smb://[::1]/s", Place{Scheme: "smb", Host: "::1", Port: 445, Share: "s"}, "smb://[::1]/s"},
		{"smb://[::1]:1445/s", Place{Scheme: "smb", Host: "::1", Port: 1445, Share: "s"}, "smb://[::1]:1445/s"},
		{"smb://h/s/100%25", Place{Scheme: "smb", Host: "h", Port: 445, Share: "s", Path: "100%"}, "smb://h/s/100%"},
	} {
		got, err := ParseTarget(tc.in)
		if err != nil {
			t.Errorf("ParseTarget(%q): %v", tc.in, err)
			continue
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("ParseTarget(%q) -want +got:\n%s", tc.in, d)
		}
		if got.String() != tc.str {
			t.Errorf("ParseTarget(%q).String() = %q, want %q", tc.in, got.String(), tc.str)
		}
	}
	for _, in := range []string{"", "ftp://x", "smb:///x", "smb://h:99999/x", "smb://u:p@h/x", "file://host/x"} {
		if p, err := ParseTarget(in); err == nil {
			t.Errorf("ParseTarget(%q) = %v, want an error", in, p)
		} else if strings.Contains(err.Error(), ":p@") {
			t.Errorf("ParseTarget(%q) repeats the password: %v", in, err)
		}
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]Size{
		"0": 0, "4096": 4096, "20MiB": 20 << 20, "20mb/s": 20e6, "1.5GiB": 3 << 29, "1 KiB": 1024, "7k": 7 << 10, "3B": 3,
	} {
		if got, err := ParseSize(in); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "x", "-1", "1XiB", "9e30"} {
		if got, err := ParseSize(in); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", in, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(string(Example))
	f.Add("targets: [&a {url: x}, *a]")
	f.Add("policy: {paths: [{path: '**', expect: [a]}]}")
	f.Fuzz(func(t *testing.T, s string) {
		_, err := Parse("x", []byte(s))
		if f := AsFaults(err); err != nil && (f == nil || len(f.List) == 0) {
			t.Errorf("an error without faults: %v", err)
		}
	})
}
