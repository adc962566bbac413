package web

import "aktvakt/scanner/access"

// Well-known SIDs, MS-DTYP 2.4.2.4.
var (
	sidEveryone      = access.MustSID("S-1-1-0")
	sidAnonymous     = access.MustSID("S-1-5-7")
	sidAuthenticated = access.MustSID("S-1-5-11")
	sidOwnerRights   = access.MustSID("S-1-3-4")
)

// ace is one rule about reading.
type ace struct{ deny, doubtful, inherited bool }

// descriptorBuilder gathers rules for a security descriptor.
type descriptorBuilder struct {
	sd   access.SecurityDescriptor
	size int // of the rules, in bytes
	cut  bool
}

func newDescriptor() *descriptorBuilder {
	b := &descriptorBuilder{}
	b.put(access.ACE{SID: sidOwnerRights}) // allows nothing
	return b
}

// Types, flags and rights of MS-DTYP 2.4.4.1 and 2.4.3. A rule whose meaning is
// in doubt is written as a conditional one, which package access takes as an
// interval.
const (
	aceAllow, aceDeny                 = 0, 1
	aceAllowCallback, aceDenyCallback = 9, 10
	objectInherit, containerInherit   = 1, 2
	inherited                         = 0x10
	rightRead                         = 1
)

func (b *descriptorBuilder) add(who access.SID, a ace) {
	kind := byte(aceAllow)
	switch {
	case a.deny && a.doubtful:
		kind = aceDenyCallback
	case a.deny:
		kind = aceDeny
	case a.doubtful:
		kind = aceAllowCallback
	}
	flags := byte(objectInherit | containerInherit)
	if a.inherited {
		flags |= inherited
	}
	b.put(access.ACE{Type: kind, Flags: flags, Mask: rightRead, SID: who})
}

func (b *descriptorBuilder) put(a access.ACE) {
	if b.size > 60_000 { // the size of an ACL has 16 bits
		b.cut = true
		return
	}
	b.size += 8 + len(a.SID)
	b.sd.DACL = append(b.sd.DACL, a)
}

// String is the descriptor. One that is too long is none, which package access
// takes for rules that could not be read.
func (b *descriptorBuilder) String() string {
	if b.cut {
		return ""
	}
	return string(b.sd.Encode())
}
