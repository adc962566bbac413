package access_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/access"
)

// village is a Unix account data base: u0 to u5 with uid 1000 to 1005, all
// with the primary group 100; group 200 holds u0 and u1, 201 holds u1 and u2.
func village() *access.Directory {
	d := &access.Directory{Name: "passwd", Complete: true}
	for i := range uint32(6) {
		d.Accounts = append(d.Accounts, access.Account{SID: access.UserSID(1000 + i), Name: fmt.Sprintf("u%d", i), Primary: access.GroupSID(100)})
	}
	d.Accounts = append(d.Accounts, access.Account{SID: access.UserSID(33), Name: "www-data", Service: true, Primary: access.GroupSID(33)})
	d.Groups = []access.Group{
		{SID: access.GroupSID(0), Name: "root"},
		{SID: access.GroupSID(33), Name: "www-data"},
		{SID: access.GroupSID(100), Name: "staff"},
		{SID: access.GroupSID(200), Name: "hr", Members: []access.SID{access.UserSID(1000), access.UserSID(1001)}},
		{SID: access.GroupSID(201), Name: "it", Members: []access.SID{access.UserSID(1001), access.UserSID(1002)}},
	}
	return d
}

// acl makes the extended attribute from text such as "u::rw-,u:1001:r--,m::r--".
func acl(t testing.TB, text string) []byte {
	t.Helper()
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range strings.Split(text, ",") {
		f := strings.Split(e, ":")
		tag := map[string]uint16{"u": 1, "g": 4, "m": 0x10, "o": 0x20}[f[0]]
		id := uint32(0xffffffff)
		if f[1] != "" {
			tag *= 2
			if _, err := fmt.Sscan(f[1], &id); err != nil {
				t.Fatal(err)
			}
		}
		perm := uint16(0)
		for i, c := range f[2] {
			if c != '-' {
				perm |= 4 >> i
			}
		}
		b = binary.LittleEndian.AppendUint16(b, tag)
		b = binary.LittleEndian.AppendUint16(b, perm)
		b = binary.LittleEndian.AppendUint32(b, id)
	}
	return b
}

func TestPOSIX(t *testing.T) {
	for _, tt := range []struct {
		name     string
		rules    access.POSIXRules
		want     string
		min, max int
		complete bool
		wide     bool
	}{
		{"owner", access.POSIXRules{UID: 1000, GID: 200, Mode: 0o600}, "u0", 1, 1, true, false},
		{"group", access.POSIXRules{UID: 1005, GID: 200, Mode: 0o640}, "u0 u1 u5", 3, 3, true, false},
		{"primary group", access.POSIXRules{UID: 0, GID: 100, Mode: 0o640}, "u0 u1 u2 u3 u4 u5", 6, 6, true, true},
		{"other", access.POSIXRules{UID: 0, GID: 0, Mode: 0o644}, "u0 u1 u2 u3 u4 u5 www-data", 6, 6, true, true},
		{"owner shut out", access.POSIXRules{UID: 1000, GID: 200, Mode: 0o044}, "u1 u2 u3 u4 u5 www-data", 5, 5, true, true},
		{"group shut out", access.POSIXRules{UID: 1005, GID: 200, Mode: 0o604}, "u2 u3 u4 u5 www-data", 4, 4, true, true},
		{"root only", access.POSIXRules{Mode: 0o600}, "", 0, 0, true, false},
		{"root's group", access.POSIXRules{Mode: 0o640}, "", 0, 0, true, false},
		{"named user", access.POSIXRules{UID: 1005, GID: 200, Mode: 0o640, ACL: acl(t, "u::rw-,u:1003:r--,g::---,m::r--,o::---")}, "u3 u5", 2, 2, true, false},
		{"named user under the mask", access.POSIXRules{UID: 1005, GID: 200, Mode: 0o620, ACL: acl(t, "u::rw-,u:1003:r--,g::rw-,m::-w-,o::---")}, "u5", 1, 1, true, false},
		{"named user denied", access.POSIXRules{UID: 1005, GID: 200, Mode: 0o640, ACL: acl(t, "u::rw-,u:1000:---,g::r--,m::r--,o::---")}, "u1 u5", 2, 2, true, false},
		{"one of two groups", access.POSIXRules{UID: 1005, GID: 200, Mode: 0o640, ACL: acl(t, "u::rw-,g::---,g:201:r--,m::r--,o::---")}, "u1 u2 u5", 3, 3, true, false},
		{"groups keep out of other", access.POSIXRules{UID: 1005, GID: 200, Mode: 0o644, ACL: acl(t, "u::rw-,g::---,g:201:---,m::r--,o::r--")}, "u3 u4 u5 www-data", 3, 3, true, true},
		{"empty mask: ACL not consulted", access.POSIXRules{UID: 1005, GID: 200, Mode: 0o604, ACL: acl(t, "u::rw-,u:1003:---,g::r--,m::---,o::r--")}, "u2 u3 u4 u5 www-data", 4, 4, true, true},
		{"folder shut", access.POSIXRules{UID: 0, GID: 0, Mode: 0o644, Parents: []access.POSIXRules{{UID: 1005, GID: 200, Mode: 0o750}}}, "u0 u1 u5", 3, 3, true, false},
		{"folder r without x", access.POSIXRules{UID: 0, GID: 0, Mode: 0o644, Parents: []access.POSIXRules{{Mode: 0o744}}}, "", 0, 0, true, false},
		{"folder x without r", access.POSIXRules{UID: 0, GID: 0, Mode: 0o644, Parents: []access.POSIXRules{{Mode: 0o711}}}, "u0 u1 u2 u3 u4 u5 www-data", 6, 6, true, true},
		{"two folders", access.POSIXRules{Mode: 0o644, Parents: []access.POSIXRules{{Mode: 0o710, GID: 200}, {Mode: 0o710, GID: 201}}}, "u1", 1, 1, true, false},
		{"unknown owner", access.POSIXRules{UID: 7777, GID: 200, Mode: 0o640}, "u0 u1", 2, 3, false, false},
		{"unknown group", access.POSIXRules{UID: 1000, GID: 7777, Mode: 0o640}, "u0", 1, 6, false, false},
		{"unknown group and other", access.POSIXRules{UID: 7777, GID: 7777, Mode: 0o644}, "u0 u1 u2 u3 u4 u5 www-data", 6, 6, true, true},
		{"unknown group shut out", access.POSIXRules{UID: 1000, GID: 7777, Mode: 0o604}, "u0", 1, 6, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := access.NewResolver(village(), nil, nil, access.Options{})
			d := tt.rules.Descriptor()
			if got := strings.Join(r.Readers(d), " "); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			a := r.Audience(d)
			if a.People != tt.min || a.PeopleMax != tt.max || a.Complete != tt.complete || (len(a.Wide) > 0) != tt.wide {
				t.Errorf("%+v\nwant %d to %d, complete %v, wide %v", a, tt.min, tt.max, tt.complete, tt.wide)
			}
		})
	}
}

func TestPOSIXOtherIsStaff(t *testing.T) {
	r := access.NewResolver(village(), nil, nil, access.Options{Staff: 1300})
	a := r.Audience(access.POSIXRules{UID: 1000, GID: 200, Mode: 0o644}.Descriptor())
	if a.People != 1300 || a.PeopleMax != 1300 || !a.Complete {
		t.Errorf("%+v: want 1300 people", a)
	}
	if diff := cmp.Diff([]string{"Everyone (other)"}, a.Wide); diff != "" {
		t.Error(diff)
	}
	if a.Via[0].Name != "Everyone (other)" || a.Via[0].People < 1297 {
		t.Errorf("via %+v", a.Via)
	}
	a = r.Audience(access.POSIXRules{UID: 1000, GID: 200, Mode: 0o640}.Descriptor())
	if a.People != 2 || a.PeopleMax != 2 || a.Owner != "u0" {
		t.Errorf("%+v: want 2 people", a)
	}
}

func TestMalformedPOSIXACL(t *testing.T) {
	r := access.NewResolver(village(), nil, nil, access.Options{})
	for _, b := range []string{"x", "\x02\x00\x00\x00\x01", "\x03\x00\x00\x00"} {
		a := r.Audience(access.POSIXRules{Mode: 0o640, ACL: []byte(b)}.Descriptor())
		if a.Complete || a.PeopleMax != 6 {
			t.Errorf("ACL %q: %+v: want unknown", b, a)
		}
	}
}
