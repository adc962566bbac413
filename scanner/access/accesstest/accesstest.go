// Package accesstest makes security descriptors for tests from Microsoft's
// definition language.
package accesstest

import (
	"fmt"
	"strconv"
	"strings"

	"aktvakt/scanner/access"
)

// Parse reads the definition language as far as tests need it: O:, G:, D: with
// P, AI, NO_ACCESS_CONTROL, and ACEs of type;flags;rights;;;SID with the usual
// short forms. In names {x} stands for the SID that name gives.
func Parse(sddl string, name func(string) string) (*access.SecurityDescriptor, error) {
	sd := &access.SecurityDescriptor{NullDACL: true}
	for name != nil {
		pre, rest, ok := strings.Cut(sddl, "{")
		if !ok {
			break
		}
		n, after, _ := strings.Cut(rest, "}")
		sddl = pre + name(n) + after
	}
	head, dacl, ok := strings.Cut(sddl, "D:")
	var err error
	for head != "" && err == nil {
		field := head[0]
		if len(head) < 2 || head[1] != ':' {
			return nil, fmt.Errorf("sddl %q: want an owner or a group", head)
		}
		val := head[2:]
		head = ""
		if i := strings.Index(val, "G:"); field == 'O' && i >= 0 {
			val, head = val[:i], val[i:]
		}
		switch field {
		case 'O':
			sd.Owner, err = sid(val)
		case 'G':
			sd.Group, err = sid(val)
		}
	}
	if err != nil || !ok {
		return sd, err
	}
	flags, aces, _ := strings.Cut(dacl, "(")
	if strings.Contains(flags, "P") {
		sd.Control |= 0x1000
	}
	if strings.Contains(flags, "AI") {
		sd.Control |= 0x400
	}
	if flags == "NO_ACCESS_CONTROL" {
		return sd, nil
	}
	sd.NullDACL = false
	for _, part := range strings.Split(strings.TrimSuffix(aces, ")"), ")(") {
		if part == "" {
			continue
		}
		a, err := ace(part)
		if err != nil {
			return nil, err
		}
		sd.DACL = append(sd.DACL, a)
	}
	return sd, nil
}

// Descriptor is the descriptor that the definition language describes. It
// panics on text that it cannot read: tests hold it as a constant.
func Descriptor(sddl string) access.Descriptor {
	sd, err := Parse(sddl, nil)
	if err != nil {
		panic(err)
	}
	return access.Descriptor{Kind: access.NT, Raw: string(sd.Encode())}
}

var types = map[string]byte{"A": 0, "D": 1, "AU": 2, "OA": 5, "OD": 6, "XA": 9, "XD": 10}

var flagBits = map[string]byte{"OI": 1, "CI": 2, "NP": 4, "IO": 8, "ID": 16, "SA": 64, "FA": 128}

var masks = map[string]uint32{"FA": 0x1f01ff, "FR": 0x120089, "FW": 0x120116, "FX": 0x1200a0,
	"GA": 0x10000000, "GR": 0x80000000, "GW": 0x40000000, "GX": 0x20000000}

var sids = map[string]string{"WD": "S-1-1-0", "CO": "S-1-3-0", "CG": "S-1-3-1", "OW": "S-1-3-4", "NU": "S-1-5-2", "IU": "S-1-5-4",
	"AN": "S-1-5-7", "AU": "S-1-5-11", "SY": "S-1-5-18", "BA": "S-1-5-32-544", "BU": "S-1-5-32-545", "BG": "S-1-5-32-546",
	"SO": "S-1-5-32-549", "BO": "S-1-5-32-551", "PS": "S-1-5-10"}

func sid(s string) (access.SID, error) {
	if long, ok := sids[s]; ok {
		s = long
	}
	v, err := access.ParseSID(s)
	if err != nil {
		return "", fmt.Errorf("sddl SID %q: %w", s, err)
	}
	return v, nil
}

func ace(s string) (a access.ACE, err error) {
	f := strings.Split(s, ";")
	if len(f) < 6 {
		return a, fmt.Errorf("sddl ACE %q: want six fields", s)
	}
	typ, ok := types[f[0]]
	if !ok {
		v, err := strconv.ParseUint(f[0], 0, 8)
		if err != nil {
			return a, fmt.Errorf("sddl ACE %q: unknown type", s)
		}
		typ = byte(v)
	}
	a.Type = typ
	for i := 0; i+2 <= len(f[1]); i += 2 {
		a.Flags |= flagBits[f[1][i:i+2]]
	}
	if m, ok := masks[f[2]]; ok {
		a.Mask = m
	} else {
		v, err := strconv.ParseUint(f[2], 0, 32)
		if err != nil {
			return a, fmt.Errorf("sddl ACE %q: rights: %w", s, err)
		}
		a.Mask = uint32(v)
	}
	if len(f[3]) == 16 {
		a.ObjectType = f[3]
	}
	if a.SID, err = sid(f[5]); err != nil {
		return a, err
	}
	if len(f) > 6 {
		a.Data = f[6]
	}
	return a, nil
}
