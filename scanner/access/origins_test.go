package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/access"
)

func TestOrigins(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		above      []string
		want       string
	}{
		{"explicit", "D:(A;;FR;;;WD)", []string{"D:(A;OICI;FR;;;WD)"}, ""},
		{"inherited from the root", "D:AI(A;ID;FR;;;WD)", []string{"D:(A;OICI;FR;;;WD)", "D:AI(A;OICIID;FR;;;WD)"}, "/0"},
		{"inherited from the folder", "D:AI(A;ID;FR;;;WD)", []string{"D:(A;OICI;FR;;;{hr})", "D:AI(A;OICI;FR;;;WD)(A;OICIID;FR;;;{hr})"}, "/1"},
		{"explicit wins over inherited", "D:AI(A;ID;FR;;;WD)", []string{"D:(A;OICI;FR;;;WD)", "D:AI(A;OICI;FR;;;WD)(A;OICIID;FR;;;WD)"}, "/1"},
		{"from above the root", "D:AI(A;ID;FR;;;WD)", []string{"D:AI(A;OICIID;FR;;;WD)", "D:AI(A;OICIID;FR;;;WD)"}, "/0"},
		{"moved here", "D:AI(A;ID;FR;;;WD)", []string{"D:(A;OICI;FR;;;{hr})", "D:AI(A;OICIID;FR;;;{hr})"}, ""},
		{"folder moved here", "D:AI(A;ID;FR;;;WD)", []string{"D:(A;OICI;FR;;;{hr})", "D:AI(A;OICIID;FR;;;WD)"}, "/1"},
		{"other rights above", "D:AI(A;ID;FR;;;WD)", []string{"D:(A;OICI;FW;;;WD)"}, ""},
		{"not handed down above", "D:AI(A;ID;FR;;;WD)", []string{"D:(A;;FR;;;WD)"}, ""},
		{"creator owner", "O:{p1}D:AI(A;ID;FR;;;{p1})", []string{"D:(A;OICIIO;FR;;;CO)"}, "/0"},
		{"generic above", "D:AI(A;ID;FR;;;WD)", []string{"D:(A;OICI;GR;;;WD)"}, "/0"},
		{"unreadable above", "D:AI(A;ID;FR;;;WD)", []string{"D:(A;OICI;FR;;;WD)", "?"}, ""},
		{"no folder above", "D:AI(A;ID;FR;;;WD)", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := access.NewResolver(town(), nil, nil, access.Options{})
			d := descriptor(t, tt.file)
			var parents []access.Folder
			for i, s := range tt.above {
				f := access.Folder{Name: "/" + string(rune('0'+i)), Descriptor: access.Descriptor{Kind: access.NT, Raw: "?"}}
				if s != "?" {
					f.Descriptor = descriptor(t, s)
				}
				parents = append(parents, f)
			}
			a := r.Audience(d)
			got := access.Origins(a, d, parents)
			if len(got) != 1 || got[0].InheritedFrom != tt.want {
				t.Errorf("%+v: want from %q", got, tt.want)
			}
			if a.Via[0].InheritedFrom != "" {
				t.Error("the cached answer was changed")
			}
		})
	}
}

func TestOriginsPOSIX(t *testing.T) {
	folder := func(name string, gid, mode uint32) access.Folder {
		return access.Folder{Name: name, Descriptor: access.POSIXRules{GID: gid, Mode: mode}.Descriptor()}
	}
	r := access.NewResolver(village(), nil, nil, access.Options{})
	d := access.POSIXRules{Mode: 0o644}.Descriptor()
	a := r.Audience(d)
	for _, tt := range []struct {
		parents []access.Folder
		want    string
	}{
		{nil, ""},
		{[]access.Folder{folder("/", 0, 0o755)}, "/"},
		{[]access.Folder{folder("/", 0, 0o755), folder("/barn", 0, 0o755), folder("/barn/2024", 0, 0o755)}, "/barn"},
		{[]access.Folder{folder("/", 0, 0o755), folder("/barn", 200, 0o755), folder("/barn/open", 0, 0o755)}, "/barn/open"},
	} {
		got := access.Origins(a, d, tt.parents)
		if got[0].InheritedFrom != tt.want {
			t.Errorf("%+v: want %q", got, tt.want)
		}
	}
}

func TestCure(t *testing.T) {
	r := access.NewResolver(town(), nil, nil, access.Options{})
	unix := access.NewResolver(village(), nil, nil, access.Options{})
	for _, tt := range []struct {
		name string
		r    *access.Resolver
		d    access.Descriptor
		path string
		want []string
	}{
		{"explicit", r, descriptor(t, "D:(A;OICI;FR;;;WD)"), "smb://LAB;u@fs1/docs/Barn och unga", []string{`icacls "\\fs1\docs\Barn och unga" /remove:g *S-1-1-0`}},
		{"inherited", r, descriptor(t, "D:AI(A;ID;FR;;;{hr})"), "smb://fs1/docs/a%b.txt",
			[]string{`icacls "\\fs1\docs\a"^%"b.txt" /inheritance:d && icacls "\\fs1\docs\a"^%"b.txt" /remove:g *S-1-5-21-10-20-30-1101`}},
		{"no DACL", r, descriptor(t, "O:BA"), "smb://fs1/docs", []string{`icacls "\\fs1\docs" /reset`}},
		{"other", unix, access.POSIXRules{Mode: 0o604}.Descriptor(), "/srv/it's", []string{`chmod o-rwx -- '/srv/it'\''s'`}},
		{"group", unix, access.POSIXRules{GID: 200, Mode: 0o640}.Descriptor(), "/srv/a\nb", []string{`chmod g-rwx -- $'/srv/a\012b'`}},
		{"ACL", unix, access.POSIXRules{UID: 1005, GID: 200, Mode: 0o640, ACL: acl(t, "u::rw-,u:1003:r--,g::r--,g:201:r--,m::r--,o::---")}.Descriptor(), "/a",
			[]string{"setfacl -m g::--- -- '/a'", "setfacl -x g:201 -- '/a'", "chmod u-r -- '/a'", "setfacl -x u:1003 -- '/a'"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, v := range tt.r.Audience(tt.d).Via {
				got = append(got, access.Cure(tt.d, tt.path, v))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	d := descriptor(t, "D:AI(A;ID;FR;;;{hr})")
	v := r.Audience(d).Via[0]
	v.InheritedFrom = "smb://fs1/docs"
	if got, want := access.Cure(d, "smb://fs1/docs", v), `icacls "\\fs1\docs" /remove:g *S-1-5-21-10-20-30-1101`; got != want {
		t.Errorf("at the folder where the rule is explicit: got %s, want %s", got, want)
	}
	if got := access.Cure(access.Descriptor{}, "/a", r.Audience(descriptor(t, "O:BA")).Via[0]); got != "" {
		t.Errorf("a cure without rules: %q", got)
	}
}
