package access

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// SDDL prints the descriptor in Microsoft's definition language, MS-DTYP
// 2.5.1. SIDs of the domain are written in full, so the text can be read
// without knowing the domain. Conditions and claims appear as their length.
func (sd *SecurityDescriptor) SDDL() string {
	var b strings.Builder
	if sd.Owner != "" {
		b.WriteString("O:" + sddlSID(sd.Owner))
	}
	if sd.Group != "" {
		b.WriteString("G:" + sddlSID(sd.Group))
	}
	b.WriteString("D:" + sddlControl(sd.Control&controlDACLProtected != 0, sd.Control&controlDACLAutoReq != 0, sd.Control&controlDACLAuto != 0))
	if sd.NullDACL {
		b.WriteString("NO_ACCESS_CONTROL")
	}
	for _, a := range sd.DACL {
		a.sddl(&b)
	}
	if len(sd.SACL) > 0 {
		b.WriteString("S:" + sddlControl(sd.Control&controlSACLProtected != 0, sd.Control&controlSACLAutoReq != 0, sd.Control&controlSACLAuto != 0))
		for _, a := range sd.SACL {
			a.sddl(&b)
		}
	}
	return b.String()
}

func sddlControl(protected, autoReq, auto bool) string {
	s := ""
	if protected {
		s += "P"
	}
	if autoReq {
		s += "AR"
	}
	if auto {
		s += "AI"
	}
	return s
}

var sddlTypes = map[byte]string{
	aceAllow: "A", aceDeny: "D", aceAudit: "AU", aceAlarm: "AL", aceAllowObject: "OA", aceDenyObject: "OD",
	aceAuditObject: "OU", aceAlarmObject: "OL", aceAllowCallback: "XA", aceDenyCallback: "XD", aceAuditCallback: "XU",
	aceAllowCallbackObject: "ZA", aceLabel: "ML", aceResource: "RA", acePolicy: "SP",
}

var sddlFlags = []struct {
	bit  byte
	name string
}{
	{flagObjectInherit, "OI"}, {flagContainerInherit, "CI"}, {flagNoPropagate, "NP"}, {flagInheritOnly, "IO"},
	{flagInherited, "ID"}, {flagAuditSuccess, "SA"}, {flagAuditFailure, "FA"},
}

var sddlRights = map[uint32]string{
	rightsFull: "FA", 0x120089: "FR", 0x120116: "FW", 0x1200a0: "FX",
	0x80000000: "GR", 0x40000000: "GW", 0x20000000: "GX", 0x10000000: "GA",
}

var sddlSIDs = map[SID]string{
	sidEveryone: "WD", sidCreatorOwner: "CO", MustSID("S-1-3-1"): "CG", sidOwnerRights: "OW", sidNetwork: "NU",
	MustSID("S-1-5-4"): "IU", MustSID("S-1-5-6"): "SU", sidAnonymous: "AN", MustSID("S-1-5-9"): "ED",
	MustSID("S-1-5-10"): "PS", sidAuthenticated: "AU", MustSID("S-1-5-12"): "RC", sidSystem: "SY",
	MustSID("S-1-5-19"): "LS", MustSID("S-1-5-20"): "NS", sidAdmins: "BA", sidUsers: "BU", sidGuests: "BG",
	MustSID("S-1-5-32-547"): "PU", MustSID("S-1-5-32-548"): "AO", sidServerOps: "SO", MustSID("S-1-5-32-550"): "PO",
	sidBackupOps: "BO", MustSID("S-1-5-32-554"): "RU", MustSID("S-1-5-32-555"): "RD",
}

func sddlSID(s SID) string {
	if n, ok := sddlSIDs[s]; ok {
		return n
	}
	return s.String()
}

func (a ACE) sddl(b *strings.Builder) {
	typ, ok := sddlTypes[a.Type]
	if !ok {
		typ = fmt.Sprintf("0x%x", a.Type)
	}
	b.WriteString("(" + typ + ";")
	for _, f := range sddlFlags {
		if a.Flags&f.bit != 0 {
			b.WriteString(f.name)
		}
	}
	b.WriteByte(';')
	if n, ok := sddlRights[a.Mask]; ok {
		b.WriteString(n)
	} else {
		fmt.Fprintf(b, "0x%x", a.Mask)
	}
	b.WriteString(";" + guid(a.ObjectType) + ";" + guid(a.InheritedObjectType) + ";")
	if a.SID != "" {
		b.WriteString(sddlSID(a.SID))
	}
	if n := len(a.Data); n > 0 && (a.SID == "" || strings.Trim(a.Data, "\x00") != "") {
		fmt.Fprintf(b, ";%d bytes", n)
	}
	b.WriteByte(')')
}

func guid(g string) string {
	if len(g) != 16 {
		return ""
	}
	b, le := []byte(g), binary.LittleEndian
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:])
}

// rightsWord names a file access mask for a person.
func rightsWord(mask uint32) string {
	mask = rights(mask)
	switch {
	case mask&rightsFull == rightsFull:
		return "full"
	case mask&rightWrite != 0 && mask&rightDelete != 0:
		return "modify"
	case mask&rightWrite != 0 && mask&rightRead != 0:
		return "read and write"
	case mask&rightRead != 0:
		return "read"
	case mask&rightWrite != 0:
		return "write"
	}
	return "special"
}
