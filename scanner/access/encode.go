package access

import "encoding/binary"

// Encode writes the self-relative form, MS-DTYP 2.4.6: the inverse of
// ParseSecurityDescriptor. An ACL has room for 65,535 bytes; the caller sees to
// it that there are no more.
func (sd *SecurityDescriptor) Encode() []byte {
	le := binary.LittleEndian
	b := make([]byte, 20)
	b[0] = 1
	control := sd.Control | controlSelfRelative
	put := func(at int, part []byte) {
		le.PutUint32(b[at:], uint32(len(b)))
		b = append(b, part...)
	}
	if sd.Owner != "" {
		put(4, []byte(sd.Owner))
	}
	if sd.Group != "" {
		put(8, []byte(sd.Group))
	}
	if len(sd.SACL) > 0 {
		control |= controlSACLPresent
		put(12, encodeACL(sd.SACL))
	}
	if !sd.NullDACL {
		control |= controlDACLPresent
		put(16, encodeACL(sd.DACL))
	}
	le.PutUint16(b[2:], control)
	return b
}

// encodeACL writes an ACL, MS-DTYP 2.4.5.
func encodeACL(aces []ACE) []byte {
	le := binary.LittleEndian
	b := []byte{2, 0, 0, 0, 0, 0, 0, 0}
	for _, a := range aces {
		var body []byte
		switch a.Type {
		case aceAllowObject, aceDenyObject, aceAuditObject, aceAlarmObject,
			aceAllowCallbackObject, aceDenyCallbackObject, aceAuditCallbackObject, aceAlarmCallbackObject:
			b[0] = 4 // the revision that has object ACEs
			flags := uint32(0)
			if a.ObjectType != "" {
				flags |= 1
			}
			if a.InheritedObjectType != "" {
				flags |= 2
			}
			body = le.AppendUint32(body, flags)
			body = append(body, a.ObjectType+a.InheritedObjectType...)
		}
		body = append(body, a.SID...)
		body = append(body, a.Data...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		b = append(b, a.Type, a.Flags)
		b = le.AppendUint16(b, uint16(8+len(body)))
		b = le.AppendUint32(b, a.Mask)
		b = append(b, body...)
	}
	le.PutUint16(b[2:], uint16(len(b)))
	le.PutUint16(b[4:], uint16(len(aces)))
	return b
}
