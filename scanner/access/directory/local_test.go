package directory

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/access"
)

func TestLocalFiles(t *testing.T) {
	etc := t.TempDir()
	for name, text := range map[string]string{
		"passwd": "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\nanna:x:1000:100::/:/bin/sh\nbo:x:1001:100::/:/bin/sh\n" +
			"cia:x:1002:101::/:/bin/sh\nbroken:x:y:1\n# comment:x:1:1\n",
		"group":         "root:x:0:\nstaff:x:100:cia\nhr:x:101:anna,ghost\n",
		"shadow":        "bo:!:1:0:99999:7::20:\nanna:!:1:0:99999:7:::\ncia:!:1:0:99999:7::99999999:\n",
		"nsswitch.conf": "passwd: files sss\n",
	} {
		if err := os.WriteFile(etc+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	none := func(context.Context, string) ([]byte, error) { return nil, errors.New("no getent") }
	d, err := local(context.Background(), etc, none)
	if err != nil {
		t.Fatal(err)
	}
	want := []access.Account{
		{SID: access.UserSID(1), Name: "daemon", Primary: access.GroupSID(1), Service: true},
		{SID: access.UserSID(1000), Name: "anna", Primary: access.GroupSID(100)},
		{SID: access.UserSID(1001), Name: "bo", Primary: access.GroupSID(100), Expired: true},
		{SID: access.UserSID(1002), Name: "cia", Primary: access.GroupSID(101)},
	}
	if diff := cmp.Diff(want, d.Accounts); diff != "" {
		t.Error(diff)
	}
	wantGroups := []access.Group{
		{SID: access.GroupSID(0), Name: "root"},
		{SID: access.GroupSID(100), Name: "staff", Members: []access.SID{access.UserSID(1002)}},
		{SID: access.GroupSID(101), Name: "hr", Members: []access.SID{access.UserSID(1000)}, Partial: true},
	}
	if diff := cmp.Diff(wantGroups, d.Groups); diff != "" {
		t.Error(diff)
	}
	if d.Complete || len(d.Notes) != 1 {
		t.Errorf("complete %v with notes %q: SSSD may not list everyone", d.Complete, d.Notes)
	}
}

func TestLocalThroughNameService(t *testing.T) {
	r, err := Local(context.Background(), access.Options{Staff: 40})
	if err != nil {
		t.Fatal(err)
	}
	if name, _, _ := r.Describe(); name == "" || r.Staff() != 40 {
		t.Errorf("Describe() = %q, Staff() = %d", name, r.Staff())
	}
	a := r.Audience(access.POSIXRules{Mode: 0o644}.Descriptor())
	if a.People != 40 || len(a.Wide) != 1 {
		t.Errorf("a file that others can read: %+v, want 40 people and a wide group", a)
	}
}
