package main

import (
	"encoding/binary"
	"os"
)

// accessRule is a mode and, for all but the first few, an ACL.
type accessRule struct {
	mode os.FileMode
	acl  []aclEntry
}

// aclEntry is an entry of a POSIX ACL for a named user or group.
type aclEntry struct {
	user bool
	id   uint32
	perm uint16
}

// plainModes are those of the rules without an ACL.
var plainModes = []os.FileMode{0o644, 0o640, 0o664, 0o660, 0o600, 0o444, 0o440, 0o666}

// ruleNumber is the n-th rule; no two are alike. One in three groups can
// only read.
func ruleNumber(n int) accessRule {
	if n < len(plainModes) {
		return accessRule{mode: plainModes[n]}
	}
	r := accessRule{mode: 0o640, acl: []aclEntry{{id: 30_000 + uint32(n)/3, perm: []uint16{4, 6, 7}[n%3]}}}
	if n%4 == 0 {
		r.mode = 0o644
	}
	if n%2 == 0 {
		r.acl = append(r.acl, aclEntry{id: 40_000 + uint32(n)%7, perm: 4})
	}
	if n%5 == 0 {
		r.acl = append(r.acl, aclEntry{user: true, id: 50_000 + uint32(n)%50, perm: 6})
	}
	return r
}

// forFolder is the rule with the right to enter for all who can read.
func (r accessRule) forFolder() accessRule {
	out := accessRule{mode: r.mode | r.mode>>2&0o111 | 0o700}
	for _, e := range r.acl {
		e.perm |= 1
		out.acl = append(out.acl, e)
	}
	return out
}

// posix is the extended attribute system.posix_acl_access of the rule: version
// 2 and entries of tag, permission and number, in the order of their tags and
// numbers (linux/posix_acl_xattr.h).
func (r accessRule) posix() []byte {
	const (
		userObj, user, groupObj = 0x01, 0x02, 0x04
		group, mask, other      = 0x08, 0x10, 0x20
		nobody                  = ^uint32(0)
	)
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 2)
	add := func(tag, perm uint16, id uint32) {
		b = le.AppendUint16(b, tag)
		b = le.AppendUint16(b, perm)
		b = le.AppendUint32(b, id)
	}
	mode := uint16(r.mode)
	most := mode >> 3 & 7
	add(userObj, mode>>6&7, nobody)
	for _, e := range r.acl {
		most |= e.perm
		if e.user {
			add(user, e.perm, e.id)
		}
	}
	add(groupObj, mode>>3&7, nobody)
	for _, e := range r.acl {
		if !e.user {
			add(group, e.perm, e.id)
		}
	}
	add(mask, most, nobody)
	add(other, mode&7, nobody)
	return b
}
