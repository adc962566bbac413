package access

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// POSIXRules is the mode and access ACL of a file or folder and of the
// folders above it.
type POSIXRules struct {
	UID, GID uint32
	// Mode holds the permission bits, 07777.
	Mode uint32
	// ACL is the extended attribute system.posix_acl_access as the kernel
	// gives it; nil where there is none.
	ACL []byte
	// Parents are the folders above, the target's root first. The kernel asks
	// each for x. Their own Parents are ignored.
	Parents []POSIXRules
}

// Descriptor packs the rules into the form that Resolver takes.
func (p POSIXRules) Descriptor() Descriptor {
	var b []byte
	for _, d := range p.Parents {
		b = d.pack(b)
	}
	return Descriptor{Kind: POSIX, Raw: string(p.pack(b))}
}

func (p POSIXRules) pack(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, p.UID)
	b = le.AppendUint32(b, p.GID)
	b = le.AppendUint32(b, p.Mode&07777)
	b = le.AppendUint32(b, uint32(len(p.ACL)))
	return append(b, p.ACL...)
}

// posixNode is one file or folder: mode, or entries where an ACL counts.
type posixNode struct {
	uid, gid, mode uint32
	acl            []posixEntry
}

// posixEntry is an entry of a POSIX.1e ACL.
type posixEntry struct {
	tag, perm uint16
	id        uint32
}

// Tags, linux/posix_acl.h.
const (
	tagUserObj  = 0x01
	tagUser     = 0x02
	tagGroupObj = 0x04
	tagGroup    = 0x08
	tagMask     = 0x10
	tagOther    = 0x20
)

const (
	permRead  = 4
	permWrite = 2
	permExec  = 1
)

// otherName is how the rule for everybody else is told.
const otherName = "Everyone (other)"

// unpackPOSIX reads what Descriptor made: the folders from the root down, the
// entry itself last.
func unpackPOSIX(raw string) ([]posixNode, error) {
	le := binary.LittleEndian
	b := []byte(raw)
	var out []posixNode
	for len(b) > 0 {
		if len(b) < 16 {
			return nil, ErrDescriptor
		}
		n := posixNode{uid: le.Uint32(b), gid: le.Uint32(b[4:]), mode: le.Uint32(b[8:]) & 07777}
		size := le.Uint32(b[12:])
		b = b[16:]
		if uint64(size) > uint64(len(b)) {
			return nil, ErrDescriptor
		}
		var err error
		if n.acl, err = parsePOSIXACL(b[:size]); err != nil {
			return nil, err
		}
		out, b = append(out, n), b[size:]
	}
	if len(out) == 0 {
		return nil, ErrDescriptor
	}
	return out, nil
}

// parsePOSIXACL reads the extended attribute: a version (2) and entries of
// tag, permission and id, linux/posix_acl_xattr.h.
func parsePOSIXACL(b []byte) ([]posixEntry, error) {
	if len(b) == 0 {
		return nil, nil
	}
	le := binary.LittleEndian
	if len(b) < 4 || le.Uint32(b) != 2 || (len(b)-4)%8 != 0 {
		return nil, ErrDescriptor
	}
	var out []posixEntry
	for b = b[4:]; len(b) > 0; b = b[8:] {
		out = append(out, posixEntry{tag: le.Uint16(b), perm: le.Uint16(b[2:]), id: le.Uint32(b[4:])})
	}
	return out, nil
}

// entries returns the rules that the kernel applies, in its order. An ACL
// whose mask is empty is not consulted at all (fs/namei.c, acl_permission_check:
// the group bits of the mode are the mask).
func (n posixNode) entries() (list []posixEntry, mask uint16) {
	if n.acl == nil || n.mode&0070 == 0 {
		m := uint16(n.mode)
		return []posixEntry{{tagUserObj, m >> 6 & 7, n.uid}, {tagGroupObj, m >> 3 & 7, n.gid}, {tagOther, m & 7, 0}}, 7
	}
	mask = 7
	for _, tag := range []uint16{tagUserObj, tagUser, tagGroupObj, tagGroup, tagOther} {
		for _, e := range n.acl {
			if e.tag != tag {
				continue
			}
			switch tag {
			case tagUserObj:
				e.id = n.uid
			case tagGroupObj:
				e.id = n.gid
			}
			list = append(list, e)
		}
	}
	for _, e := range n.acl {
		if e.tag == tagMask {
			mask = e.perm
		}
	}
	return list, mask
}

// posixReach tells who has the permission on one node, after the kernel's
// posix_acl_permission: the owner's entry, else the named user's, else any
// matching group entry that holds the permission, else others. Root is left
// out: it reads everything.
func (r *Resolver) posixReach(n posixNode, want uint16) reach {
	x := reach{span: span{min: roaring.New(), max: roaring.New()}, users: map[SID]bool{}, outside: true}
	restMin, restMax := r.m.all.Clone(), r.m.all.Clone()
	matchedMin, matchedMax := roaring.New(), roaring.New()
	list, mask := n.entries()
	for i := range list {
		if list[i].tag != tagUserObj && list[i].tag != tagOther {
			list[i].perm &= mask
		}
	}
	others := len(list) > 0 && list[len(list)-1].tag == tagOther && list[len(list)-1].perm&want == want
	for _, e := range list {
		grants := e.perm&want == want
		sp := span{min: r.m.all, max: r.m.all}
		if e.tag == tagOther {
			restMin.AndNot(matchedMax)
			restMax.AndNot(matchedMin)
		} else {
			// where others have what the entry has, it makes no difference
			// who is behind it
			sp = r.posixWho(&x, e, grants != others)
		}
		if grants {
			g := grant{span: span{min: roaring.And(sp.min, restMin), max: roaring.And(sp.max, restMax)},
				rights: posixRights(e.perm), wide: e.tag == tagOther}
			g.name, g.sid = r.posixName(e)
			x.min.Or(g.min)
			x.max.Or(g.max)
			if sp.unknownUser && !others {
				g.unknownUser = true
				x.users[g.sid] = true
			}
			x.grants = append(x.grants, g)
		}
		switch e.tag {
		case tagUserObj, tagUser:
			restMin.AndNot(sp.max)
			restMax.AndNot(sp.min)
		case tagGroupObj, tagGroup:
			matchedMin.Or(sp.min)
			if !grants { // one entry that grants is enough
				matchedMax.Or(sp.max)
			}
		}
	}
	return x
}

// posixWho returns the accounts of an entry. A uid that the directory does
// not hold is one account that lives elsewhere; a gid could be anyone.
func (r *Resolver) posixWho(x *reach, e posixEntry, matters bool) span {
	none := span{min: emptySet, max: emptySet}
	if e.tag == tagUserObj || e.tag == tagUser {
		sid := UserSID(e.id)
		if e.id == 0 {
			return none
		}
		sp, d := r.m.who(sid)
		if d == noDoubt {
			return sp
		}
		if matters {
			x.unresolvedID("user", e.id)
		}
		none.unknownUser = true
		return none
	}
	sp, d := r.m.who(GroupSID(e.id))
	switch {
	case d == noDoubt:
		return sp
	case e.id == 0 && d != partialGroup:
		return none
	case d == partialGroup:
		if matters {
			x.note("Not all members of group %s could be read.", r.name(GroupSID(e.id)))
		}
	case matters:
		x.unresolvedID("group", e.id)
	}
	return span{min: sp.min, max: r.m.all}
}

func (x *reach) unresolvedID(kind string, id uint32) {
	if n := fmt.Sprintf("%s id %d", kind, id); !slices.Contains(x.unresolved, n) {
		x.unresolved = append(x.unresolved, n)
	}
	x.note("No account database here knows %s id %d.", kind, id)
}

func (r *Resolver) posixName(e posixEntry) (string, SID) {
	switch e.tag {
	case tagUserObj, tagUser:
		return "user " + r.posixID(UserSID(e.id), e.id), UserSID(e.id)
	case tagGroupObj, tagGroup:
		return "group " + r.posixID(GroupSID(e.id), e.id), GroupSID(e.id)
	}
	return otherName, ""
}

func (r *Resolver) posixID(s SID, id uint32) string {
	if id == 0 {
		return "root"
	}
	if n := r.name(s); n != s.String() {
		return n
	}
	return fmt.Sprint(id)
}

func posixRights(perm uint16) string {
	switch {
	case perm&(permRead|permWrite) == permRead|permWrite:
		return "read and write"
	case perm&permRead != 0:
		return "read"
	}
	return "pass through"
}

func (r *Resolver) evaluatePOSIX(d Descriptor) (*Audience, *reach) {
	nodes, err := unpackPOSIX(d.Raw)
	if err != nil {
		return r.unreadable("The access rules are malformed and could not be read."), nil
	}
	self := nodes[len(nodes)-1]
	x := r.posixReach(self, permRead)
	for i := len(nodes) - 2; i >= 0; i-- {
		p := r.posixReach(nodes[i], permExec)
		x.through(&p, r.m.beyond())
	}
	return r.unixAudience(&x, self.uid), &x
}

// through keeps the part of a Unix reach that gets past a folder above.
func (x *reach) through(folder *reach, beyond uint32) {
	x.narrow(folder, beyond)
	for k := range x.grants {
		g := &x.grants[k]
		g.min, g.max = roaring.And(g.min, folder.min), roaring.And(g.max, folder.max)
	}
}

// unixAudience counts a Unix reach; an owner who cannot read could let himself.
func (r *Resolver) unixAudience(x *reach, uid uint32) *Audience {
	a := r.audience(x)
	a.Owner = r.posixID(UserSID(uid), uid)
	if owner, d := r.m.who(UserSID(uid)); d == noDoubt {
		set := roaring.And(owner.min, r.m.people)
		set.AndNot(x.min)
		a.CouldObtain = int(set.GetCardinality())
	}
	return a
}
