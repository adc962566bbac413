package web

import (
	"encoding/binary"

	"aktvakt/scanner/access"
)

// Well-known SIDs, MS-DTYP 2.4.2.4.
var (
	sidEveryone      = access.MustSID("S-1-1-0")
	sidAnonymous     = access.MustSID("S-1-5-7")
	sidAuthenticated = access.MustSID("S-1-5-11")
	sidOwnerRights   = access.MustSID("S-1-3-4")
)

// ace is one rule about reading.
type ace struct{ deny, doubtful, inherited bool }

// descriptorBuilder writes a self-relative security descriptor, MS-DTYP 2.4.6.
type descriptorBuilder struct {
	owner access.SID
	aces  []byte
	n     int
	cut   bool
}

func newDescriptor() *descriptorBuilder {
	b := &descriptorBuilder{}
	b.raw(0, sidOwnerRights, 0, 0) // allows nothing
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
	selfRelative, daclPresent         = 0x8000, 0x0004
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
	b.raw(kind, who, flags, rightRead)
}

func (b *descriptorBuilder) raw(kind byte, who access.SID, flags byte, mask uint32) {
	if len(b.aces) > 60_000 { // the size of an ACL has 16 bits
		b.cut = true
		return
	}
	b.aces = append(b.aces, kind, flags)
	b.aces = binary.LittleEndian.AppendUint16(b.aces, uint16(8+len(who)))
	b.aces = binary.LittleEndian.AppendUint32(b.aces, mask)
	b.aces = append(b.aces, who...)
	b.n++
}

// String is the descriptor. One that is too long is none, which package access
// takes for rules that could not be read.
func (b *descriptorBuilder) String() string {
	if b.cut {
		return ""
	}
	out := []byte{1, 0}
	out = binary.LittleEndian.AppendUint16(out, selfRelative|daclPresent)
	ownerAt, dacl := 0, 20
	if b.owner != "" {
		ownerAt, dacl = 20, 20+len(b.owner)
	}
	for _, off := range []int{ownerAt, 0, 0, dacl} {
		out = binary.LittleEndian.AppendUint32(out, uint32(off))
	}
	out = append(out, b.owner...)
	out = append(out, 4, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(8+len(b.aces)))
	out = binary.LittleEndian.AppendUint16(out, uint16(b.n))
	out = append(out, 0, 0)
	return string(append(out, b.aces...))
}
