package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/accesstest"
)

// dom is the SID of the test domain.
const dom = "S-1-5-21-10-20-30"

// town is a directory of ten people, p0 to p9, and others that are not people.
//
//	hr: p0 p1          care: p2 p3 and hr       loop1, loop2: each other, p4, p5
//	most: p0 to p6     mail: distribution group
func town() *access.Directory {
	sid := func(rid uint32) access.SID { return access.MustSID(dom).WithRID(rid) }
	d := &access.Directory{Name: "test", Complete: true, Domains: []access.Domain{
		{SID: access.MustSID(dom), Name: "LAB", Complete: true}, {SID: access.MustSID("S-1-5-32"), Name: "BUILTIN", Complete: true}}}
	for i := range uint32(10) {
		a := access.Account{SID: sid(1000 + i), Name: fmt.Sprintf(`LAB\p%d`, i), Primary: sid(513)}
		if i == 9 {
			a.Primary, a.History = sid(1199), []access.SID{access.MustSID("S-1-5-21-7-7-7-77")}
		}
		d.Accounts = append(d.Accounts, a)
	}
	d.Accounts = append(d.Accounts,
		access.Account{SID: sid(1020), Name: `LAB\off`, Disabled: true, Primary: sid(513)},
		access.Account{SID: sid(1021), Name: `LAB\old`, Expired: true, Primary: sid(513)},
		access.Account{SID: sid(1022), Name: `LAB\pc$`, Machine: true, Primary: sid(515)},
		access.Account{SID: sid(1023), Name: `LAB\root-adm`, Primary: sid(513)},
		access.Account{SID: sid(1024), Name: `LAB\svc-scan`, Primary: sid(513)},
		access.Account{SID: sid(501), Name: `LAB\Guest`, Disabled: true, Primary: sid(514)})
	group := func(rid uint32, name string, members ...uint32) {
		g := access.Group{SID: sid(rid), Name: `LAB\` + name}
		for _, m := range members {
			g.Members = append(g.Members, sid(m))
		}
		d.Groups = append(d.Groups, g)
	}
	group(513, "Domain Users")
	group(512, "Domain Admins", 1023)
	group(514, "Domain Guests")
	group(515, "Domain Computers")
	group(1101, "hr", 1000, 1001, 1020, 1021)
	group(1102, "care", 1002, 1003, 1101)
	group(1103, "loop1", 1004, 1104)
	group(1104, "loop2", 1005, 1103)
	group(1105, "most", 1000, 1001, 1002, 1003, 1004, 1005, 1006)
	group(1106, "mail", 1007)
	d.Groups[len(d.Groups)-1].Distribution = true
	group(1107, "empty")
	group(1108, "care-r", 1102)
	group(1199, "temps")
	d.Groups = append(d.Groups,
		access.Group{SID: access.MustSID("S-1-5-32-544"), Name: `BUILTIN\Administrators`, Members: []access.SID{sid(512)}},
		access.Group{SID: access.MustSID("S-1-5-32-545"), Name: `BUILTIN\Users`, Members: []access.SID{access.MustSID("S-1-5-11")}},
		access.Group{SID: access.MustSID("S-1-5-32-546"), Name: `BUILTIN\Guests`, Members: []access.SID{sid(514)}},
		access.Group{SID: access.MustSID("S-1-5-32-551"), Name: `BUILTIN\Backup Operators`, Members: []access.SID{sid(1008)}})
	return d
}

var names = map[string]string{"hr": "1101", "care": "1102", "loop1": "1103", "loop2": "1104", "most": "1105", "mail": "1106",
	"empty": "1107", "care-r": "1108", "temps": "1199", "DU": "513", "DA": "512", "DC": "515", "DG": "514", "off": "1020"}

func name(n string) string {
	if rid, ok := names[n]; ok {
		return dom + "-" + rid
	}
	if strings.HasPrefix(n, "p") {
		return dom + "-100" + n[1:]
	}
	panic(n)
}

func descriptor(t testing.TB, sddl string) access.Descriptor {
	t.Helper()
	sd, err := accesstest.Parse(sddl, name)
	if err != nil {
		t.Fatal(err)
	}
	return access.Descriptor{Kind: access.NT, Raw: string(sd.Encode())}
}

// readers shortens the names of people.
func readers(r *access.Resolver, d access.Descriptor) string {
	var out []string
	for _, n := range r.Readers(d) {
		out = append(out, strings.TrimPrefix(n, `LAB\`))
	}
	return strings.Join(out, " ")
}

const everybody = "p0 p1 p2 p3 p4 p5 p6 p7 p8 p9 root-adm svc-scan"

func TestReaders(t *testing.T) {
	for _, tt := range []struct {
		name, sddl, want string
	}{
		{"empty DACL", "O:{p0}D:", ""},
		{"no DACL", "O:{p0}", everybody},
		{"null DACL", "O:{p0}D:NO_ACCESS_CONTROL", everybody},
		{"one person", "D:(A;;FR;;;{p3})", "p3"},
		{"write is not read", "D:(A;;FW;;;WD)", ""},
		{"execute is not read", "D:(A;;FX;;;WD)", ""},
		{"the bit alone", "D:(A;;0x1;;;{p3})", "p3"},
		{"generic read", "D:(A;;GR;;;{p3})", "p3"},
		{"generic all", "D:(A;;GA;;;{p3})", "p3"},
		{"generic execute", "D:(A;;GX;;;{p3})", ""},
		{"nested group", "D:(A;;FR;;;{care})", "p0 p1 p2 p3"},
		{"twice nested", "D:(A;;FR;;;{care-r})", "p0 p1 p2 p3"},
		{"loop", "D:(A;;FR;;;{loop1})", "p4 p5"},
		{"primary group", "D:(A;;FR;;;{temps})", "p9"},
		{"domain users", "D:(A;;FR;;;{DU})", "p0 p1 p2 p3 p4 p5 p6 p7 p8 root-adm svc-scan"},
		{"former SID", "D:(A;;FR;;;S-1-5-21-7-7-7-77)", "p9"},
		{"distribution group", "D:(A;;FR;;;{mail})", ""},
		{"disabled account", "D:(A;;FR;;;{off})", ""},
		{"users through authenticated users", "D:(A;;FR;;;BU)", everybody},
		{"guests are disabled", "D:(A;;FR;;;BG)", ""},
		{"network", "D:(A;;FR;;;NU)", everybody},
		{"interactive never comes over the network", "D:(A;;FR;;;IU)", ""},
		{"creator owner is a place holder", "O:{p1}D:(A;OICI;FR;;;CO)", ""},
		{"self", "O:{p1}D:(A;;FR;;;PS)", ""},
		{"deny first", "D:(D;;FR;;;{p0})(A;;FR;;;{care})", "p1 p2 p3"},
		{"deny after allow is too late", "D:(A;;FR;;;{care})(D;;FR;;;{p0})", "p0 p1 p2 p3"},
		{"deny of another right", "D:(D;;FW;;;{p0})(A;;0x1;;;{care})", "p0 p1 p2 p3"},
		{"deny everyone", "D:(D;;FA;;;WD)(A;;FA;;;{p0})", ""},
		{"deny by nested group", "D:(D;;FR;;;{care})(A;;FR;;;{most})", "p4 p5 p6"},
		{"deny inherit only", "D:(D;OICIIO;FR;;;{p0})(A;;FR;;;{care})", "p0 p1 p2 p3"},
		{"allow inherit only", "D:(A;OICIIO;FR;;;WD)(A;;FR;;;{p0})", "p0"},
		{"owner does not read by himself", "O:{p0}D:(A;;FR;;;{p1})", "p1"},
		{"owner rights", "O:{p0}D:(A;;FR;;;OW)", "p0"},
		{"owner rights denied", "O:{p0}D:(D;;FR;;;OW)(A;;FR;;;{hr})", "p1"},
		{"owner rights of a group", "O:{hr}D:(A;;FR;;;OW)", "p0 p1"},
		{"audit rule is no grant", "D:(AU;SAFA;FR;;;WD)(A;;FR;;;{p1})", "p1"},
		{"condition does not surely grant", "D:(XA;;FR;;;{hr};artx)", ""},
		{"condition does not surely deny the denied", "D:(XD;;FR;;;{p0};artx)(A;;FR;;;{hr})", "p1"},
		{"unknown denial could be anyone", "D:(D;;FR;;;S-1-5-21-1-2-3-4444)(A;;FR;;;{hr})", ""},
		{"deleted account denies nobody", "D:(D;;FR;;;" + dom + "-9999)(A;;FR;;;{hr})", "p0 p1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := access.NewResolver(town(), nil, nil, access.Options{})
			if got := readers(r, descriptor(t, tt.sddl)); got != tt.want {
				t.Errorf("%s\ngot  %q\nwant %q", tt.sddl, got, tt.want)
			}
		})
	}
}

func TestShare(t *testing.T) {
	for _, tt := range []struct {
		name, share, file, want string
		max                     int
		wide                    []string
	}{
		{"everyone", "D:(A;;FA;;;WD)", "D:(A;;FR;;;{care})", "p0 p1 p2 p3", 4, nil},
		{"narrower", "D:(A;;FR;;;{hr})", "D:(A;;FR;;;{care})", "p0 p1", 2, nil},
		{"narrower than everyone", "D:(A;;FR;;;{hr})", "D:(A;;FR;;;WD)", "p0 p1 p8 root-adm", 3, nil},
		{"denies", "D:(D;;FR;;;{p0})(A;;FA;;;WD)", "D:(A;;FR;;;{care})", "p1 p2 p3", 3, nil},
		{"wide both", "D:(A;;FA;;;WD)", "D:(A;;FR;;;WD)", everybody, 10, []string{"Everyone"}},
		{"null", "D:NO_ACCESS_CONTROL", "D:(A;;FR;;;{hr})", "p0 p1", 2, nil},
		{"change without read", "D:(A;;FW;;;WD)", "D:(A;;FR;;;WD)", "p8 root-adm", 1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			share := &access.Share{Known: true, Raw: []byte(descriptor(t, tt.share).Raw)}
			r := access.NewResolver(town(), share, nil, access.Options{ServiceAccounts: []string{"svc-*"}})
			d := descriptor(t, tt.file)
			if got := readers(r, d); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			a := r.Audience(d)
			if a.PeopleMax != tt.max || !a.Complete {
				t.Errorf("%+v: want at most %d people, complete", a, tt.max)
			}
			if diff := cmp.Diff(tt.wide, a.Wide); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnknownShare(t *testing.T) {
	r := access.NewResolver(town(), &access.Share{}, nil, access.Options{ServiceAccounts: []string{"svc-*"}})
	if _, complete, notes := r.Describe(); complete || len(notes) != 1 {
		t.Errorf("Describe() = %v, %q: want incomplete with a note", complete, notes)
	}
	a := r.Audience(descriptor(t, "D:(A;;FR;;;{hr})"))
	if a.Complete || a.People != 0 || a.PeopleMax != 2 {
		t.Errorf("%+v: want 0 to 2 people, incomplete", a)
	}
	a = r.Audience(descriptor(t, "D:(A;;FR;;;{DA})"))
	if a.PeopleMax != 0 {
		t.Errorf("%+v: want nobody", a)
	}
	a = r.Audience(descriptor(t, "D:"))
	if !a.Complete || a.PeopleMax != 0 {
		t.Errorf("%+v: nobody reads it whatever the share says", a)
	}
	if a = r.Audience(descriptor(t, "D:(A;;FR;;;WD)")); a.PeopleMax != 10 || len(a.Wide) != 1 {
		t.Errorf("%+v: want up to 10 people and Everyone told", a)
	}
}

func TestAudience(t *testing.T) {
	lookup := func(sids []access.SID) map[access.SID]access.Named {
		out := map[access.SID]access.Named{}
		for _, s := range sids {
			switch s.String() {
			case "S-1-5-21-8-8-8-1":
				out[s] = access.Named{Name: `OTHER\eva`, User: true}
			case "S-1-5-21-8-8-8-2":
				out[s] = access.Named{Name: `OTHER\all`}
			}
		}
		return out
	}
	for _, tt := range []struct {
		name, sddl  string
		min, max    int
		complete    bool
		admins, own int
		wide        []string
		unresolved  []string
	}{
		{"group", "O:{p0}D:(A;;FR;;;{care})", 4, 4, true, 0, 1, nil, nil},
		{"administrators apart", "O:BAD:(A;;FA;;;BA)(A;;FR;;;{hr})", 2, 2, true, 1, 1, nil, nil},
		{"everyone", "O:BAD:(A;;FR;;;WD)", 10, 10, true, 2, 0, []string{"Everyone"}, nil},
		{"null DACL", "O:BA", 10, 10, true, 2, 0, []string{"Everyone"}, nil},
		{"by measure", "O:BAD:(A;;FR;;;{most})", 7, 7, true, 0, 1, []string{`LAB\most`}, nil},
		{"domain computers", "O:BAD:(A;;FR;;;{DC})", 0, 0, true, 0, 1, []string{`LAB\Domain Computers`}, nil},
		{"anonymous", "O:BAD:(A;;FR;;;AN)", 0, 0, true, 0, 1, []string{`NT AUTHORITY\ANONYMOUS LOGON`}, nil},
		{"owner and others may take it", "O:{p5}D:(A;;FR;;;{hr})(A;;0x40000;;;{p6})(A;;0x80000;;;{p7})", 2, 2, true, 0, 4, nil, nil},
		{"owner rights take the owner's away", "O:{p5}D:(A;;FR;;;{hr})(A;;0x20000;;;OW)", 2, 2, true, 0, 1, nil, nil},
		{"condition", "O:BAD:(XA;;FR;;;{hr};artx)", 0, 2, false, 0, 1, nil, nil},
		{"unknown group", "O:BAD:(A;;FR;;;{hr})(A;;FR;;;S-1-5-21-8-8-8-2)", 2, 10, false, 0, 1, nil, []string{"S-1-5-21-8-8-8-2"}},
		{"unknown person", "O:BAD:(A;;FR;;;{hr})(A;;FR;;;S-1-5-21-8-8-8-1)", 2, 3, false, 0, 1, nil, []string{"S-1-5-21-8-8-8-1"}},
		{"nobody knows", "O:BAD:(A;;FR;;;S-1-5-21-9-9-9-9)", 0, 10, false, 0, 1, nil, []string{"S-1-5-21-9-9-9-9"}},
		{"deleted", "O:BAD:(A;;FR;;;{hr})(A;;FR;;;" + dom + "-9999)", 2, 2, false, 0, 1, nil, []string{dom + "-9999"}},
		{"unknown that does not read", "O:BAD:(A;;FR;;;{hr})(A;;FW;;;S-1-5-21-9-9-9-9)", 2, 2, true, 0, 1, nil, nil},
		{"unknown type of rule", "O:BAD:(A;;FR;;;{hr})(0x42;;FA;;;WD)", 2, 10, false, 0, 8, nil, nil},
		{"this organization", "O:BAD:(A;;FR;;;S-1-5-15)", 0, 10, false, 0, 1, []string{`NT AUTHORITY\This Organization`}, nil},
		{"wide but denied", "O:BAD:(D;;FR;;;WD)(A;;FR;;;WD)", 0, 0, true, 0, 1, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := access.NewResolver(town(), nil, lookup, access.Options{ServiceAccounts: []string{`LAB\svc-*`}})
			a := r.Audience(descriptor(t, tt.sddl))
			if a.People != tt.min || a.PeopleMax != tt.max || a.Complete != tt.complete || a.Administrators != tt.admins || a.CouldObtain != tt.own {
				t.Errorf("%s\n%+v\nwant %d to %d, complete %v, %d administrators, %d could obtain", tt.sddl, a, tt.min, tt.max, tt.complete, tt.admins, tt.own)
			}
			if diff := cmp.Diff(tt.wide, a.Wide); diff != "" {
				t.Errorf("wide: %s", diff)
			}
			if diff := cmp.Diff(tt.unresolved, a.Unresolved); diff != "" {
				t.Errorf("unresolved: %s", diff)
			}
			if a.Staff != 10 {
				t.Errorf("staff = %d, want 10", a.Staff)
			}
			if !a.Complete && len(a.Notes) == 0 {
				t.Error("incomplete without a note")
			}
		})
	}
}

func TestVia(t *testing.T) {
	r := access.NewResolver(town(), nil, nil, access.Options{ServiceAccounts: []string{"svc-scan"}})
	a := r.Audience(descriptor(t, "O:BAD:(A;;FA;;;BA)(A;;FA;;;SY)(D;;FR;;;{p0})(A;;0x1301bf;;;{care-r})(A;;0x1200a9;;;{DU})(A;OICIIO;FA;;;WD)"))
	var got []string
	for _, v := range a.Via {
		got = append(got, fmt.Sprintf("%s %s %s %d %s", v.Name, v.ACE, v.Rights, v.People, strings.Join(v.Path, " > ")))
	}
	want := []string{
		`LAB\Domain Users allow read 8 `,
		`LAB\care-r allow modify 3 LAB\care-r > LAB\care`,
		`BUILTIN\Administrators allow full 0 `,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, want := a.Sentence(), `8 people of 10 can read it, through LAB\Domain Users; 2 administrators or service accounts can as well.`; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestIncompleteDirectory(t *testing.T) {
	d := town()
	d.Complete = false
	r := access.NewResolver(d, nil, nil, access.Options{})
	a := r.Audience(descriptor(t, "O:BAD:(A;;FR;;;WD)"))
	if a.Complete || !a.NoBound || a.People != 11 {
		t.Errorf("%+v: want at least 11, no bound, incomplete", a)
	}
	r = access.NewResolver(d, nil, nil, access.Options{Staff: 1300})
	a = r.Audience(descriptor(t, "O:BAD:(A;;FR;;;WD)"))
	if a.Complete || a.NoBound || a.People != 1300 || a.PeopleMax != 1300 || a.Via[0].People != 1300 {
		t.Errorf("%+v: want 1300", a)
	}
	a = r.Audience(descriptor(t, "O:BAD:(A;;FR;;;{hr})"))
	if !a.Complete || a.People != 2 || a.PeopleMax != 2 {
		t.Errorf("%+v: a known group stays exact", a)
	}
	a = r.Audience(descriptor(t, "O:BAD:(A;;FR;;;S-1-5-21-9-9-9-9)"))
	if a.Complete || a.People != 0 || a.PeopleMax != 1300 {
		t.Errorf("%+v: want 0 to 1300", a)
	}
}

func TestPartialGroup(t *testing.T) {
	d := town()
	for i := range d.Groups {
		if d.Groups[i].Name == `LAB\hr` {
			d.Groups[i].Partial = true
		}
	}
	r := access.NewResolver(d, nil, nil, access.Options{})
	for _, g := range []string{"hr", "care", "care-r"} {
		a := r.Audience(descriptor(t, "D:(A;;FR;;;{"+g+"})"))
		if a.Complete || a.PeopleMax != 11 {
			t.Errorf("%s: %+v: want at most 11, incomplete", g, a)
		}
	}
	if a := r.Audience(descriptor(t, "D:(A;;FR;;;{loop1})")); !a.Complete {
		t.Errorf("loop1: %+v: want complete", a)
	}
}

func TestUnreadable(t *testing.T) {
	r := access.NewResolver(town(), nil, nil, access.Options{})
	for _, d := range []access.Descriptor{{}, {Kind: access.NT}, {Kind: access.NT, Raw: "nonsense"}, {Kind: access.POSIX}, {Kind: access.POSIX, Raw: "x"}} {
		a := r.Audience(d)
		if a.Complete || a.People != 0 || a.PeopleMax != r.Staff() || len(a.Notes) == 0 {
			t.Errorf("%q: %+v: want unknown", d.Raw, a)
		}
		if n := r.Readers(d); n != nil {
			t.Errorf("%q: readers %q", d.Raw, n)
		}
	}
}

func TestMerge(t *testing.T) {
	a := town()
	b := &access.Directory{Name: "fs1", Complete: true, Accounts: []access.Account{{SID: access.MustSID(dom + "-1000"), Name: `LAB\p0`, Primary: access.MustSID(dom + "-513"), Disabled: true}},
		Groups: []access.Group{{SID: access.MustSID(dom + "-1101"), Name: `LAB\hr`, Members: []access.SID{access.MustSID(dom + "-1008")}}}}
	a.Merge(b)
	r := access.NewResolver(a, nil, nil, access.Options{})
	if got := readers(r, descriptor(t, "D:(A;;FR;;;{hr})")); got != "p1 p8" {
		t.Errorf("got %q, want p1 p8", got)
	}
	if n, _, _ := r.Describe(); n != "test and fs1" {
		t.Errorf("name %q", n)
	}
}

func TestTrustedDomain(t *testing.T) {
	other := access.MustSID("S-1-5-21-8-8-8")
	d := town()
	d.Domains = append(d.Domains, access.Domain{SID: other, Name: "other.test", Trusted: true})
	everyone := descriptor(t, "D:(A;;FR;;;WD)")
	r := access.NewResolver(d, nil, nil, access.Options{})
	if _, complete, notes := r.Describe(); complete || len(notes) != 1 || r.Audience(everyone).Complete {
		t.Errorf("complete %v, notes %q: the other domain was not read", complete, notes)
	}
	d.Merge(&access.Directory{Complete: true, Domains: []access.Domain{{SID: other, Name: "OTHER", Complete: true}},
		Accounts: []access.Account{{SID: other.WithRID(1), Name: `OTHER\eva`}}})
	r = access.NewResolver(d, nil, nil, access.Options{})
	if _, complete, notes := r.Describe(); !complete || r.Audience(everyone).People != 12 {
		t.Errorf("complete %v, notes %q: %+v", complete, notes, r.Audience(everyone))
	}
	d.Merge(&access.Directory{Name: "unreachable"})
	if d.Complete {
		t.Error("complete, although a part could not be read")
	}
}

func TestDeepAndWideGroups(t *testing.T) {
	d := &access.Directory{Complete: true, Accounts: []access.Account{{SID: access.MustSID(dom + "-1"), Name: `LAB\one`}}}
	const n = 50000
	sid := func(i int) access.SID { return access.MustSID(dom).WithRID(uint32(1000 + i)) }
	for i := range n {
		next := sid(i + 1)
		if i == n-1 {
			next = access.MustSID(dom + "-1")
		}
		d.Groups = append(d.Groups, access.Group{SID: sid(i), Name: fmt.Sprint(i), Members: []access.SID{next, sid(i)}})
	}
	r := access.NewResolver(d, nil, nil, access.Options{})
	a := r.Audience(access.Descriptor{Kind: access.NT, Raw: string((&access.SecurityDescriptor{DACL: []access.ACE{{Mask: 1, SID: sid(0)}}}).Encode())})
	if a.People != 1 || len(a.Via[0].Path) == 0 {
		t.Errorf("%+v: want one person through a chain of %d groups", a, n)
	}
}
