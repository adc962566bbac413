package access

import (
	"encoding/binary"
	"errors"
)

// ErrDescriptor says that bytes are no security descriptor. It never holds
// the bytes.
var ErrDescriptor = errors.New("malformed security descriptor")

// ACE types, MS-DTYP 2.4.4.1,
// https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/628ebb1d-c509-4ea0-a10f-77ef97ca4586
const (
	aceAllow               = 0x00
	aceDeny                = 0x01
	aceAudit               = 0x02
	aceAlarm               = 0x03
	aceAllowObject         = 0x05
	aceDenyObject          = 0x06
	aceAuditObject         = 0x07
	aceAlarmObject         = 0x08
	aceAllowCallback       = 0x09
	aceDenyCallback        = 0x0A
	aceAllowCallbackObject = 0x0B
	aceDenyCallbackObject  = 0x0C
	aceAuditCallback       = 0x0D
	aceAlarmCallback       = 0x0E
	aceAuditCallbackObject = 0x0F
	aceAlarmCallbackObject = 0x10
	aceLabel               = 0x11
	aceResource            = 0x12
	acePolicy              = 0x13
)

// ACE flags, MS-DTYP 2.4.4.1.
const (
	flagObjectInherit    = 0x01
	flagContainerInherit = 0x02
	flagNoPropagate      = 0x04
	flagInheritOnly      = 0x08
	flagInherited        = 0x10
	flagAuditSuccess     = 0x40
	flagAuditFailure     = 0x80
)

// Control bits, MS-DTYP 2.4.6.
const (
	controlDACLPresent   = 0x0004
	controlSACLPresent   = 0x0010
	controlDACLAutoReq   = 0x0100
	controlSACLAutoReq   = 0x0200
	controlDACLAuto      = 0x0400
	controlSACLAuto      = 0x0800
	controlDACLProtected = 0x1000
	controlSACLProtected = 0x2000
	controlSelfRelative  = 0x8000
)

// Access rights of a file, MS-SMB2 2.2.13.1.1.
const (
	rightRead       = 0x00000001 // FILE_READ_DATA, the one right that reads content
	rightWrite      = 0x00000002
	rightDelete     = 0x00010000
	rightWriteDAC   = 0x00040000
	rightWriteOwner = 0x00080000
	rightsFull      = 0x001f01ff
	rightsModify    = 0x001301bf
)

// ACE is one rule of an ACL. SID is empty when the type is not known, and the
// rule then counts as one that could not be decided.
type ACE struct {
	Type, Flags byte
	Mask        uint32
	SID         SID
	// ObjectType and InheritedObjectType are the GUIDs of object ACEs, 16
	// bytes or empty.
	ObjectType, InheritedObjectType string
	// Data is what follows the SID: a condition, a claim.
	Data string
}

// SecurityDescriptor is the parsed form of a self-relative security
// descriptor. DACL is meaningless when NullDACL is set.
type SecurityDescriptor struct {
	Control      uint16
	Owner, Group SID
	// NullDACL tells that there is no DACL, so everyone has every right.
	NullDACL   bool
	DACL, SACL []ACE
}

// ParseSecurityDescriptor reads a self-relative security descriptor, MS-DTYP
// 2.4.6. Every offset is checked against the length of raw. The bit that says
// "self-relative" is not asked for: some servers forget it.
func ParseSecurityDescriptor(raw []byte) (*SecurityDescriptor, error) {
	le := binary.LittleEndian
	if len(raw) < 20 || raw[0] != 1 {
		return nil, ErrDescriptor
	}
	sd := &SecurityDescriptor{Control: le.Uint16(raw[2:])}
	for _, f := range []struct {
		at  int
		sid *SID
	}{{4, &sd.Owner}, {8, &sd.Group}} {
		off := le.Uint32(raw[f.at:])
		if off == 0 {
			continue
		}
		if off < 20 || uint64(off) > uint64(len(raw)) {
			return nil, ErrDescriptor
		}
		sid, err := SIDFromBytes(raw[off:])
		if err != nil {
			return nil, ErrDescriptor
		}
		*f.sid = sid
	}
	var err error
	if off := le.Uint32(raw[12:]); off != 0 && sd.Control&controlSACLPresent != 0 {
		if sd.SACL, err = parseACL(raw, off); err != nil {
			return nil, err
		}
	}
	off := le.Uint32(raw[16:])
	if off == 0 || sd.Control&controlDACLPresent == 0 {
		sd.NullDACL = true
		return sd, nil
	}
	sd.DACL, err = parseACL(raw, off)
	return sd, err
}

// parseACL reads an ACL, MS-DTYP 2.4.5. The stated size of the ACL is not
// trusted: some servers write the size of the allocation.
func parseACL(raw []byte, off uint32) ([]ACE, error) {
	le := binary.LittleEndian
	if off < 20 || uint64(off)+8 > uint64(len(raw)) {
		return nil, ErrDescriptor
	}
	b := raw[off:]
	if b[0] != 2 && b[0] != 4 {
		return nil, ErrDescriptor
	}
	n := int(le.Uint16(b[4:]))
	b = b[8:]
	if n*8 > len(b) { // the smallest ACE has 8 bytes
		return nil, ErrDescriptor
	}
	aces := make([]ACE, 0, n)
	for range n {
		if len(b) < 8 {
			return nil, ErrDescriptor
		}
		size := int(le.Uint16(b[2:]))
		if size < 8 || size > len(b) {
			return nil, ErrDescriptor
		}
		a, err := parseACE(b[:size])
		if err != nil {
			return nil, err
		}
		aces = append(aces, a)
		b = b[size:]
	}
	return aces, nil
}

func parseACE(b []byte) (ACE, error) {
	le := binary.LittleEndian
	a := ACE{Type: b[0], Flags: b[1], Mask: le.Uint32(b[4:])}
	b = b[8:]
	switch a.Type {
	case aceAllow, aceDeny, aceAudit, aceAlarm, aceAllowCallback, aceDenyCallback, aceAuditCallback, aceAlarmCallback, aceLabel, aceResource, acePolicy:
	case aceAllowObject, aceDenyObject, aceAuditObject, aceAlarmObject, aceAllowCallbackObject, aceDenyCallbackObject, aceAuditCallbackObject, aceAlarmCallbackObject:
		if len(b) < 4 {
			return a, ErrDescriptor
		}
		flags := le.Uint32(b)
		b = b[4:]
		if flags&1 != 0 {
			if len(b) < 16 {
				return a, ErrDescriptor
			}
			a.ObjectType, b = string(b[:16]), b[16:]
		}
		if flags&2 != 0 {
			if len(b) < 16 {
				return a, ErrDescriptor
			}
			a.InheritedObjectType, b = string(b[:16]), b[16:]
		}
	default:
		a.Data = string(b)
		return a, nil
	}
	sid, err := SIDFromBytes(b)
	if err != nil {
		return a, ErrDescriptor
	}
	a.SID, a.Data = sid, string(b[len(sid):])
	return a, nil
}

// rights maps the generic bits onto those of a file, MS-DTYP 2.4.3.
func rights(mask uint32) uint32 {
	if mask&0x80000000 != 0 {
		mask |= 0x120089
	}
	if mask&0x40000000 != 0 {
		mask |= 0x120116
	}
	if mask&0x20000000 != 0 {
		mask |= 0x1200a0
	}
	if mask&0x10000000 != 0 {
		mask |= rightsFull
	}
	return mask & 0x0fffffff
}

// effect says what an ACE of a DACL does.
type effect uint8

const (
	noEffect effect = iota
	allows
	denies
)

// effect tells what the ACE does on the object itself, and whether that is
// certain. Conditions need the claims of a log-on. Object ACEs on files are
// honoured by Windows and partly ignored by others. An unknown type could do
// either, and as an allowing rule it widens the audience at most.
func (a ACE) effect() (e effect, sure bool) {
	if a.Flags&flagInheritOnly != 0 {
		return noEffect, true
	}
	switch a.Type {
	case aceAllow:
		return allows, true
	case aceDeny:
		return denies, true
	case aceAllowObject, aceAllowCallback, aceAllowCallbackObject:
		return allows, false
	case aceDenyObject, aceDenyCallback, aceDenyCallbackObject:
		return denies, false
	case aceAudit, aceAuditObject, aceAuditCallback, aceAuditCallbackObject, aceAlarm, aceAlarmObject, aceAlarmCallback,
		aceAlarmCallbackObject, aceLabel, aceResource, acePolicy:
		return noEffect, true
	}
	return noEffect, false
}
