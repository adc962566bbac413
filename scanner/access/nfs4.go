package access

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
)

// NFS4Rules is the NFSv4 ACL of a file or folder on a mounted NFS export, and
// those of the folders above it.
type NFS4Rules struct {
	UID, GID uint32
	// ACL is the extended attribute system.nfs4_acl as the kernel gives it.
	ACL []byte
	// Parents are the folders above, the target's root first. The server asks
	// each for EXECUTE. Their own Parents are ignored.
	Parents []NFS4Rules
}

// Descriptor packs the rules into the form that Resolver takes.
func (n NFS4Rules) Descriptor() Descriptor {
	var b []byte
	for _, p := range append(n.Parents[:len(n.Parents):len(n.Parents)], n) {
		b = binary.LittleEndian.AppendUint32(b, p.UID)
		b = binary.LittleEndian.AppendUint32(b, p.GID)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p.ACL)))
		b = append(b, p.ACL...)
	}
	return Descriptor{Kind: NFS4, Raw: string(b)}
}

// nfs4ACE is an entry of an NFSv4 ACL, RFC 7530 section 6.2.1,
// https://www.rfc-editor.org/rfc/rfc7530#section-6.2.1
type nfs4ACE struct {
	typ, flags, mask uint32
	who              string
}

const (
	nfs4Read        = 0x1
	nfs4Write       = 0x2
	nfs4Execute     = 0x20
	nfs4InheritOnly = 0x8
	nfs4GroupFlag   = 0x40
)

type nfs4Node struct {
	uid, gid uint32
	aces     []nfs4ACE
}

func unpackNFS4(raw string) ([]nfs4Node, error) {
	le := binary.LittleEndian
	var out []nfs4Node
	for b := []byte(raw); len(b) > 0; {
		if len(b) < 12 {
			return nil, ErrDescriptor
		}
		n := nfs4Node{uid: le.Uint32(b), gid: le.Uint32(b[4:])}
		size := le.Uint32(b[8:])
		if b = b[12:]; uint64(size) > uint64(len(b)) {
			return nil, ErrDescriptor
		}
		var err error
		if n.aces, err = parseNFS4ACL(b[:size]); err != nil {
			return nil, err
		}
		out, b = append(out, n), b[size:]
	}
	if len(out) == 0 {
		return nil, ErrDescriptor
	}
	return out, nil
}

// parseNFS4ACL reads the XDR form: a count, then type, flags, mask and the
// name of the principal, padded to four bytes.
func parseNFS4ACL(b []byte) ([]nfs4ACE, error) {
	be := binary.BigEndian
	if len(b) < 4 {
		return nil, ErrDescriptor
	}
	n := be.Uint32(b)
	if b = b[4:]; uint64(n)*16 > uint64(len(b)) {
		return nil, ErrDescriptor
	}
	out := make([]nfs4ACE, 0, n)
	for range n {
		if len(b) < 16 {
			return nil, ErrDescriptor
		}
		a := nfs4ACE{typ: be.Uint32(b), flags: be.Uint32(b[4:]), mask: be.Uint32(b[8:])}
		size := uint64(be.Uint32(b[12:]))
		if b = b[16:]; size > uint64(len(b)) {
			return nil, ErrDescriptor
		}
		a.who = strings.TrimRight(string(b[:size]), "\x00")
		out, b = append(out, a), b[min(uint64(len(b)), (size+3)&^3):]
	}
	return out, nil
}

// nfs4Reach folds an ACL for one right: the first entry that names an account
// decides. Root is left out.
func (r *Resolver) nfs4Reach(n nfs4Node, right uint32) reach {
	x := reach{span: span{min: roaring.New(), max: roaring.New()}, users: map[SID]bool{}, outside: true}
	deniedMin, deniedMax := roaring.New(), roaring.New()
	for _, a := range n.aces {
		if a.typ > 1 || a.flags&nfs4InheritOnly != 0 || a.mask&right == 0 { // beyond 1: audit, alarm
			continue
		}
		sp, sid, name := r.nfs4Who(&x, n, a)
		if a.typ == 1 {
			deniedMin.Or(roaring.AndNot(sp.min, x.max))
			deniedMax.Or(roaring.AndNot(sp.max, x.min))
			continue
		}
		g := grant{sid: sid, name: name, rights: "read", wide: a.who == "EVERYONE@",
			span: span{min: roaring.AndNot(sp.min, deniedMax), max: roaring.AndNot(sp.max, deniedMin), unknownUser: sp.unknownUser}}
		if a.mask&nfs4Write != 0 {
			g.rights = "read and write"
		}
		x.min.Or(g.min)
		x.max.Or(g.max)
		if g.unknownUser {
			x.users[SID("nfs4:"+a.who)] = true
		}
		x.grants = append(x.grants, g)
	}
	return x
}

// nfs4Who finds the accounts of an entry. Names come as name@domain or as
// numbers; the domain is that of the NFS server's own mapping and is not
// compared.
func (r *Resolver) nfs4Who(x *reach, n nfs4Node, a nfs4ACE) (sp span, sid SID, name string) {
	switch a.who {
	case "EVERYONE@":
		return span{min: r.m.all, max: r.m.all}, "", "Everyone (EVERYONE@)"
	case "OWNER@":
		e := posixEntry{tag: tagUserObj, id: n.uid}
		name, sid = r.posixName(e)
		return r.posixWho(x, e, true), sid, name
	case "GROUP@":
		e := posixEntry{tag: tagGroupObj, id: n.gid}
		name, sid = r.posixName(e)
		return r.posixWho(x, e, true), sid, name
	}
	group := a.flags&nfs4GroupFlag != 0
	short, _, _ := strings.Cut(a.who, "@")
	if id, err := strconv.ParseUint(short, 10, 32); err == nil {
		e := posixEntry{tag: tagUser, id: uint32(id)}
		if group {
			e.tag = tagGroup
		}
		name, sid = r.posixName(e)
		return r.posixWho(x, e, true), sid, name
	}
	if s, ok := r.m.byName(short, group); ok {
		sp, d := r.m.who(s)
		if d == partialGroup {
			x.note("Not all members of group %s could be read.", short)
		}
		return sp, s, map[bool]string{true: "group ", false: "user "}[group] + short
	}
	if short == "root" {
		return span{min: emptySet, max: emptySet}, "", "root"
	}
	if !slices.Contains(x.unresolved, a.who) {
		x.unresolved = append(x.unresolved, a.who)
	}
	x.note("No account database here knows %q.", a.who)
	if group {
		return span{min: emptySet, max: r.m.all}, "", "group " + a.who
	}
	return span{min: emptySet, max: emptySet, unknownUser: true}, "", "user " + a.who
}

// byName finds a Unix account or group by its name.
func (m *members) byName(name string, group bool) (SID, bool) {
	m.nameOnce.Do(func() {
		m.sidOfUser, m.sidOfGroup = map[string]SID{}, map[string]SID{}
		for _, a := range m.accounts {
			m.sidOfUser[strings.ToLower(shortName(a.Name))] = a.SID
		}
		for s, n := range m.names {
			m.sidOfGroup[strings.ToLower(shortName(n))] = s
		}
	})
	list := m.sidOfUser
	if group {
		list = m.sidOfGroup
	}
	s, ok := list[strings.ToLower(name)]
	return s, ok
}

func (r *Resolver) evaluateNFS4(d Descriptor) (*Audience, *reach) {
	nodes, err := unpackNFS4(d.Raw)
	if err != nil {
		return r.unreadable("The access rules are malformed and could not be read."), nil
	}
	self := nodes[len(nodes)-1]
	x := r.nfs4Reach(self, nfs4Read)
	for i := len(nodes) - 2; i >= 0; i-- {
		p := r.nfs4Reach(nodes[i], nfs4Execute)
		x.through(&p, r.m.beyond())
	}
	return r.unixAudience(&x, self.uid), &x
}

// NTACL unwraps the extended attribute security.NTACL, in which Samba keeps a
// file's security descriptor (source3/librpc/idl/xattr.idl, versions 1 to 4).
// Its offsets count from the start of the attribute. A mount by cifs.ko gives
// the plain descriptor in system.cifs_ntsd instead, which needs no unwrapping:
// Descriptor{Kind: NT, Raw: value}.
func NTACL(b []byte) (Descriptor, error) {
	le := binary.LittleEndian
	const header = 20
	if len(b) < 8+header || le.Uint16(b) < 1 || le.Uint16(b) > 4 {
		return Descriptor{}, fmt.Errorf("security.NTACL: %w", ErrDescriptor)
	}
	for p := 8; p+header <= len(b); p += 4 {
		if b[p] != 1 || b[p+1] != 0 || b[p+3]&0x80 == 0 {
			continue
		}
		sd := []byte(string(b[p:]))
		ok, first := true, uint32(len(b))
		for _, at := range []int{4, 8, 12, 16} {
			v := le.Uint32(sd[at:])
			if v == 0 {
				continue
			}
			if v < uint32(p+header) || v > uint32(len(b)) {
				ok = false
				break
			}
			first = min(first, v)
			le.PutUint32(sd[at:], v-uint32(p))
		}
		if !ok || first != uint32(p+header) && first != uint32(len(b)) {
			continue
		}
		if _, err := ParseSecurityDescriptor(sd); err == nil {
			return Descriptor{Kind: NT, Raw: string(sd)}, nil
		}
	}
	return Descriptor{}, fmt.Errorf("security.NTACL: %w", ErrDescriptor)
}

// NTACLDecides tells whether Samba goes by the descriptor in security.NTACL
// alone, as with "acl_xattr:ignore system acls": its hash is then all zeros
// (measured on Samba 4.17). Otherwise a hash of the file's mode and POSIX ACL
// stands beside the descriptor: the kernel asks those, too, and when they were
// changed Samba drops the descriptor. Bytes that are no such attribute count as
// deciding, so that the error of NTACL is met.
func NTACLDecides(b []byte) bool {
	const hash, size = 14, 64
	if len(b) < hash+size {
		return true
	}
	switch binary.LittleEndian.Uint16(b) {
	case 2, 4: // made with a hash in every case
		return false
	case 3:
		return strings.Trim(string(b[hash:hash+size]), "\x00") == ""
	}
	return true
}
