package entries

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/access"
)

const dom = "S-1-5-21-10-20-30"

func sid(rid string) access.SID { return access.MustSID(dom + "-" + rid) }

func b64(s access.SID) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// ldif is a small domain as ldapsearch writes it.
func ldif() string {
	return "\xef\xbb\xbfversion: 1\n# a comment\n#  goes on\n\n" +
		"dn: DC=lab,DC=test\nobjectClass: domainDNS\nobjectSid:: " + b64(access.MustSID(dom)) + "\n\n" +
		"dn: CN=Åsa Öst,\n  OU=People,DC=lab,DC=test\nobjectClass: top\nobjectClass: user\nobjectSid:: " + b64(sid("1001")) + "\n" +
		"sAMAccountName: asa\nuserAccountControl: 512\nprimaryGroupID: 513\naccountExpires: 9223372036854775807\n\n" +
		"dn: CN=bo,DC=lab,DC=test\r\nobjectClass: user\r\nobjectSid: " + dom + "-1002\r\nsAMAccountName: bo\r\nuserAccountControl: 514\r\n" +
		"sIDHistory: S-1-5-21-7-7-7-77\r\n\r\n" +
		"dn: CN=pc,DC=lab,DC=test\nobjectClass: user\nobjectClass: computer\nobjectSid:: " + b64(sid("1003")) + "\nsAMAccountName: pc$\nuserAccountControl: 4096\n\n" +
		"dn: CN=kontakt,DC=lab,DC=test\nobjectClass: contact\n\n" +
		"dn: CN=hr,DC=lab,DC=test\nobjectClass: group\nobjectSid:: " + b64(sid("1101")) + "\nsAMAccountName: hr\ngroupType: -2147483646\n" +
		"member:: " + base64.StdEncoding.EncodeToString([]byte("CN=Åsa Öst, OU=People,DC=lab,DC=test")) + "\nmember: CN=kontakt,DC=lab,DC=test\nmember: cn=BO,dc=lab,dc=test\n\n" +
		"dn: CN=mail,DC=lab,DC=test\nobjectClass: group\nobjectSid:: " + b64(sid("1102")) + "\nsAMAccountName: mail\ngroupType: 2\n\n" +
		"dn: CN=far,DC=lab,DC=test\nobjectClass: group\nobjectSid:: " + b64(sid("1103")) + "\nsAMAccountName: far\ngroupType: -2147483644\nmember: CN=x,DC=other,DC=test\n\n" +
		"dn: CN=Users,CN=Builtin,DC=lab,DC=test\nobjectClass: group\nobjectSid: S-1-5-32-545\nsAMAccountName: Users\ngroupType: -2147483643\n"
}

const table = "sid;Name;type;enabled;expires;primary;members\n" +
	dom + "-1001;asa;user;True;;" + dom + "-513;\n" +
	dom + "-1002;LAB\\bo;user;False;;;\n" +
	dom + "-1004;old;user;True;2020-01-31T00:00:00;;\n" +
	dom + "-1003;pc$;computer;;;;\n" +
	dom + "-1101;hr;group;;;;" + dom + "-1001|" + dom + "-1002\n" +
	dom + "-1102;mail;distribution;;;;\n"

func write(t *testing.T, name, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestExportLDIF(t *testing.T) {
	d, err := Export(write(t, "ad.ldif", ldif()), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []access.Account{
		{SID: sid("1001"), Name: `LAB\asa`, Primary: sid("513")},
		{SID: sid("1002"), Name: `LAB\bo`, Disabled: true, History: []access.SID{access.MustSID("S-1-5-21-7-7-7-77")}},
		{SID: sid("1003"), Name: `LAB\pc$`, Machine: true},
	}
	if diff := cmp.Diff(want, d.Accounts); diff != "" {
		t.Error(diff)
	}
	groups := []access.Group{
		{SID: sid("1101"), Name: `LAB\hr`, Members: []access.SID{sid("1001"), sid("1002")}},
		{SID: sid("1102"), Name: `LAB\mail`, Distribution: true},
		{SID: sid("1103"), Name: `LAB\far`, Partial: true},
	}
	if diff := cmp.Diff(groups, d.Groups); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]access.Domain{{SID: access.MustSID(dom), Name: "LAB", Complete: true}}, d.Domains); diff != "" {
		t.Error(diff)
	}
	if len(d.Notes) != 2 || !d.Complete {
		t.Errorf("complete %v, notes %q: want the member elsewhere and the age told", d.Complete, d.Notes)
	}
}

func TestExportCSV(t *testing.T) {
	d, err := Export(write(t, "ad.csv", table), "LAB")
	if err != nil {
		t.Fatal(err)
	}
	want := []access.Account{
		{SID: sid("1001"), Name: `LAB\asa`, Primary: sid("513")},
		{SID: sid("1002"), Name: `LAB\bo`, Disabled: true},
		{SID: sid("1004"), Name: `LAB\old`, Expired: true},
		{SID: sid("1003"), Name: `LAB\pc$`, Machine: true},
	}
	if diff := cmp.Diff(want, d.Accounts); diff != "" {
		t.Error(diff)
	}
	if len(d.Groups) != 2 || len(d.Groups[0].Members) != 2 || !d.Groups[1].Distribution {
		t.Errorf("groups %+v", d.Groups)
	}
}

func TestExportFaults(t *testing.T) {
	for name, tt := range map[string][3]string{
		"empty":       {"a.csv", "", "header"},
		"no sid":      {"a.csv", "name,type\n", `no column "sid"`},
		"bad sid":     {"a.csv", "sid,name,type\nS-1-5-21-1-2-3-4,a,user\nfoo,b,user\n", "line 3: sid"},
		"bad type":    {"a.csv", "sid,name,type\nS-1-5-21-1-2-3-4,a,person\n", `line 2: unknown type "person"`},
		"bad date":    {"a.csv", "sid,name,type,expires\nS-1-5-21-1-2-3-4,a,user,soon\n", "line 2: expires"},
		"bad member":  {"a.csv", "sid,name,type,members\nS-1-5-21-1-2-3-4,a,group,x\n", "line 2: members"},
		"bad base64":  {"a.ldif", "dn: CN=a\nobjectSid:: %%%\n", "bad base64"},
		"no colon":    {"a.ldif", "dn: CN=a\nwhat\n", "want NAME: VALUE"},
		"nobody":      {"a.ldif", "dn: CN=a\n", "no account"},
		"other kind":  {"a.json", "{}", "unknown kind"},
		"only groups": {"a.csv", "sid,name,type\nS-1-5-21-1-2-3-4,a,group\n", "no account"},
	} {
		if _, err := Export(write(t, tt[0], tt[1]), ""); err == nil || !strings.Contains(err.Error(), tt[2]) {
			t.Errorf("%s: error %v, want %q", name, err, tt[2])
		}
	}
	if _, err := Export("/nonexistent.csv", ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func FuzzExport(f *testing.F) {
	f.Add(ldif(), true)
	f.Add(table, false)
	f.Fuzz(func(t *testing.T, text string, isLDIF bool) {
		read := readCSV
		if isLDIF {
			read = readLDIF
		}
		d, err := read(strings.NewReader(text), "LAB")
		if err != nil {
			return
		}
		access.NewResolver(d, nil, nil, access.Options{})
	})
}
