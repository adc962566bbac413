package access_test

import (
	"testing"

	"aktvakt/scanner/access"
)

func TestPredict(t *testing.T) {
	dom := "S-1-5-21-1-2-3-"
	sid := func(rid string) access.SID { return access.MustSID(dom + rid) }
	dir := &access.Directory{Name: "the domain", Complete: true,
		Domains: []access.Domain{{SID: access.MustSID("S-1-5-21-1-2-3"), Complete: true}},
		Accounts: []access.Account{
			{SID: sid("1001"), Name: `LAB\anna`}, {SID: sid("1002"), Name: `LAB\bo`}, {SID: sid("1003"), Name: `LAB\off`, Disabled: true},
			{SID: sid("1004"), Name: `LAB\twin`}, {SID: sid("1005"), Name: `OLD\twin`},
		},
		Groups: []access.Group{{SID: sid("2001"), Name: `LAB\HR`, Members: []access.SID{sid("1001"), sid("1003")}}},
	}
	r := access.NewResolver(dir, nil, nil, access.Options{})
	rules := func(aces ...access.ACE) access.Descriptor {
		return access.Descriptor{Kind: access.NT, Raw: string((&access.SecurityDescriptor{DACL: aces}).Encode())}
	}
	hr := rules(access.ACE{Mask: 1, SID: sid("2001")})
	for _, tt := range []struct {
		name, who string
		d         access.Descriptor
		want      access.Prediction
		known     bool
	}{
		{"through a group", `LAB\anna`, hr, access.CanRead, true},
		{"in other letters", `lab\ANNA`, hr, access.CanRead, true},
		{"without the domain", "anna", hr, access.CanRead, true},
		{"not in the group", "bo", hr, access.CannotRead, true},
		{"disabled", "off", hr, access.CannotRead, true},
		{"denied", "anna", rules(access.ACE{Type: 1, Mask: 1, SID: sid("1001")}, access.ACE{Mask: 1, SID: sid("2001")}), access.CannotRead, true},
		{"a group that nobody knows", "bo", rules(access.ACE{Mask: 1, SID: access.MustSID("S-1-5-21-9-9-9-1")}), access.Undecided, true},
		{"rules that nobody could read", "bo", access.Descriptor{}, access.Undecided, true},
		{"two of the name", "twin", hr, access.Undecided, false},
		{"one of the two", `OLD\twin`, hr, access.CannotRead, true},
		{"no such account", "eva", hr, access.Undecided, false},
	} {
		if got, known := r.Predict(tt.d, tt.who); got != tt.want || known != tt.known {
			t.Errorf("%s: got %d, %v; want %d, %v", tt.name, got, known, tt.want, tt.known)
		}
	}
}

// TestNTACLDecides: a hash beside the descriptor means that mode and POSIX ACL
// have a word.
func TestNTACLDecides(t *testing.T) {
	attr := func(version, hash byte) []byte {
		b := make([]byte, 200)
		b[0], b[2], b[12] = version, version, 1
		for i := range 64 {
			b[14+i] = hash
		}
		return b
	}
	for name, tt := range map[string]struct {
		b    []byte
		want bool
	}{
		"version 1":              {attr(1, 7), true},
		"version 2":              {attr(2, 0), false},
		"version 3 without hash": {attr(3, 0), true},
		"version 3 with hash":    {attr(3, 7), false},
		"version 4":              {attr(4, 0), false},
		"cut short":              {attr(3, 7)[:40], true},
		"empty":                  {nil, true},
	} {
		if got := access.NTACLDecides(tt.b); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
