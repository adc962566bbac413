package access_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/accesstest"
)

func TestSID(t *testing.T) {
	for _, s := range []string{"S-1-1-0", "S-1-5-32-544", "S-1-5-21-1-2-3-4294967295", "S-1-5",
		"S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15"} {
		sid, err := access.ParseSID(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if sid.String() != s {
			t.Errorf("%s became %s", s, sid)
		}
		if back, err := access.SIDFromBytes([]byte(sid)); err != nil || back != sid {
			t.Errorf("%s: bytes: %q, %v", s, back, err)
		}
	}
	if sid, err := access.ParseSID("S-1-0x123456789ABC-7"); err != nil || sid.String() != "S-1-0x123456789ABC-7" {
		t.Errorf("large authority: %s, %v", sid, err)
	}
	for _, s := range []string{"", "S", "S-1", "S-2-5-1", "X-1-5", "S-1-5-", "S-1-5-4294967296", "S-1-5--1", "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"} {
		if sid, err := access.ParseSID(s); err == nil {
			t.Errorf("%q parsed as %s", s, sid)
		}
	}
	sid := access.MustSID("S-1-5-21-1-2-3-513")
	if sid.RID() != 513 || sid.Domain().String() != "S-1-5-21-1-2-3" || sid.Domain().WithRID(513) != sid {
		t.Errorf("RID %d, domain %s", sid.RID(), sid.Domain())
	}
}

func TestSDDL(t *testing.T) {
	for _, s := range []string{
		"O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICIID;FR;;;WD)",
		"D:NO_ACCESS_CONTROL",
		"O:S-1-5-21-1-2-3-1000D:",
		"D:(D;;FW;;;AN)(A;IO;0x1301bf;;;CO)(AU;SAFA;GR;;;WD)(A;NP;GA;;;OW)",
	} {
		sd, err := access.ParseSecurityDescriptor([]byte(accesstest.Descriptor(s).Raw))
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if got := sd.SDDL(); got != s {
			t.Errorf("got  %s\nwant %s", got, s)
		}
	}
	guid := "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"
	everyone := access.MustSID("S-1-1-0")
	sd := &access.SecurityDescriptor{DACL: []access.ACE{
		{Type: 5, Mask: 1, SID: everyone, ObjectType: guid},
		{Type: 6, Mask: 1, SID: everyone, InheritedObjectType: guid},
		{Type: 9, Mask: 1, SID: everyone, Data: "artxABCD"},
		{Type: 0x77, Mask: 1, Data: "what"},
	}, SACL: []access.ACE{
		{Type: 0x11, Mask: 1, SID: access.MustSID("S-1-16-12288")},
		{Type: 0x13, SID: access.MustSID("S-1-17-1")},
		{Type: 0x12, SID: everyone, Data: "claim..."},
	}}
	back, err := access.ParseSecurityDescriptor(sd.Encode())
	if err != nil {
		t.Fatal(err)
	}
	want := "D:(OA;;0x1;67452301-ab89-efcd-0123-456789abcdef;;WD)(OD;;0x1;;67452301-ab89-efcd-0123-456789abcdef;WD)" +
		"(XA;;0x1;;;WD;8 bytes)(0x77;;0x1;;;;4 bytes)S:(ML;;0x1;;;S-1-16-12288)(SP;;0x0;;;S-1-17-1)(RA;;0x0;;;WD;8 bytes)"
	if got := back.SDDL(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestSambaDescriptor reads a descriptor as a Samba 4.17 server sent it.
func TestSambaDescriptor(t *testing.T) {
	raw, err := hex.DecodeString("0100048414000000240000000000000040000000" +
		"01020000000000052000000020020000" + "010500000000000515000000c7354242" + "ce12857755150dc601020000" +
		"02003c0002000000" + "00001800ff010000" + "01020000000000052000000020020000" + "000014008900120001010000000000010000000000000000")
	if err != nil {
		t.Fatal(err)
	}
	sd, err := access.ParseSecurityDescriptor(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := sd.SDDL(); !strings.HasPrefix(got, "O:BA") || !strings.Contains(got, "(A;;0x1ff;;;BA)(A;;FR;;;WD)") {
		t.Errorf("%s", got)
	}
}

func TestHostileDescriptors(t *testing.T) {
	good := []byte(accesstest.Descriptor("O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;;FR;;;WD)").Raw)
	for i := range len(good) { // cut short anywhere
		if sd, err := access.ParseSecurityDescriptor(good[:i]); err == nil {
			t.Errorf("%d of %d bytes: parsed as %s", i, len(good), sd.SDDL())
		}
	}
	for at, v := range map[int]string{4: "\xff\xff\xff\xff", 16: "\xff\xff\xff\x7f", 8: "\x01\x00\x00\x00", 0: "\x02"} {
		b := append([]byte(nil), good...)
		copy(b[at:], v)
		if _, err := access.ParseSecurityDescriptor(b); err == nil {
			t.Errorf("offset %d = %q was accepted", at, v)
		}
	}
}

func FuzzSecurityDescriptor(f *testing.F) {
	for _, s := range []string{"O:BAG:SYD:PAI(A;OICI;FA;;;BA)", "D:", "O:BA", "D:(D;;FR;;;AN)(OA;;GR;;;WD)(XA;;GR;;;WD;artx)"} {
		f.Add([]byte(accesstest.Descriptor(s).Raw))
	}
	r := access.NewResolver(town(), nil, nil, access.Options{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := access.Descriptor{Kind: access.NT, Raw: string(raw)}
		a := r.Audience(d)
		if a.People > a.PeopleMax || a.People < 0 || a.Complete && a.People != a.PeopleMax {
			t.Fatalf("%+v", a)
		}
		_ = a.Sentence()
		sd, err := access.ParseSecurityDescriptor(raw)
		if err != nil {
			return
		}
		// encoding pads the data of an ACE to four bytes; once padded it is stable
		sd, err = access.ParseSecurityDescriptor(sd.Encode())
		if err != nil {
			t.Fatal(err)
		}
		text := sd.SDDL()
		back, err := access.ParseSecurityDescriptor(sd.Encode())
		if err != nil || back.SDDL() != text {
			t.Fatalf("%s became %v (%v)", text, back, err)
		}
		access.Origins(a, d, []access.Folder{{Name: "/", Descriptor: d}, {Name: "/a", Descriptor: d}})
		for _, v := range a.Via {
			access.Cure(d, "smb://fs1/docs/a", v)
		}
	})
}

func FuzzPOSIX(f *testing.F) {
	f.Add([]byte(access.POSIXRules{UID: 1000, GID: 100, Mode: 0o640, Parents: []access.POSIXRules{{Mode: 0o755}}}.Descriptor().Raw))
	r := access.NewResolver(village(), nil, nil, access.Options{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := access.Descriptor{Kind: access.POSIX, Raw: string(raw)}
		a := r.Audience(d)
		if a.People > a.PeopleMax || a.People < 0 {
			t.Fatalf("%+v", a)
		}
		access.Origins(a, d, []access.Folder{{Name: "/", Descriptor: d}, {Name: "/a", Descriptor: d}})
		for _, v := range a.Via {
			access.Cure(d, "/srv/a", v)
		}
	})
}
