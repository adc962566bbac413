package access

import (
	"slices"

	"aktvakt/scanner/finding"
)

// Folder is a folder above an entry, for Origins.
type Folder struct {
	// Name is the folder's full name.
	Name       string
	Descriptor Descriptor
}

// Origins returns a.Via with InheritedFrom filled in: for each rule the folder
// where it is explicit. parents are the folders above the entry, the target's
// root first. A rule that comes from above the target is told as set on the
// target's root; one that claims to be inherited while no folder above hands
// it down (the file was moved here) counts as set on the entry itself.
//
// POSIX rules are not inherited. There the folder named is the outermost one
// below the target's root that has the same owner, group and permissions all
// the way down, so that the documents of one department go together.
func Origins(a *Audience, d Descriptor, parents []Folder) []finding.Via {
	out := slices.Clone(a.Via)
	if len(parents) == 0 {
		return out
	}
	switch d.Kind {
	case NT:
		sd, err := ParseSecurityDescriptor([]byte(d.Raw))
		if err != nil {
			return out
		}
		above := make([]*SecurityDescriptor, len(parents))
		for i, p := range parents {
			if p.Descriptor.Kind == NT {
				above[i], _ = ParseSecurityDescriptor([]byte(p.Descriptor.Raw))
			}
		}
		for i := range out {
			out[i].InheritedFrom = originNT(sd, out[i], above, parents)
		}
	case POSIX:
		from := originPOSIX(d, parents)
		for i := range out {
			out[i].InheritedFrom = from
		}
	}
	return out
}

// originNT walks up from the entry as long as the rule is marked inherited.
func originNT(sd *SecurityDescriptor, v finding.Via, above []*SecurityDescriptor, parents []Folder) string {
	if sd.NullDACL {
		return ""
	}
	ace, ok := inheritedACE(sd, v)
	if !ok {
		return ""
	}
	for i := len(parents) - 1; i >= 0; i-- {
		if above[i] == nil {
			return "" // a folder that cannot be read hides the rest
		}
		up, explicit := handsDown(above[i], ace)
		switch {
		case up == nil:
			if i == len(parents)-1 {
				return ""
			}
			// inheritance is broken here: the folder below holds it in fact
			return parents[i+1].Name
		case explicit || i == 0:
			return parents[i].Name
		}
		ace = *up
	}
	return ""
}

// inheritedACE finds the rule behind a via if every ACE of that kind is
// inherited; an explicit one is told first, because mending above would leave
// it.
func inheritedACE(sd *SecurityDescriptor, v finding.Via) (ACE, bool) {
	var found ACE
	ok := false
	for _, a := range sd.DACL {
		e, _ := a.effect()
		if e != allows || a.SID.String() != v.SID || rights(a.Mask)&rightRead == 0 || rightsWord(a.Mask) != v.Rights {
			continue
		}
		if a.Flags&flagInherited == 0 {
			return a, false
		}
		if !ok {
			found, ok = a, true
		}
	}
	return found, ok
}

// handsDown finds the ACE of a folder that an inherited ACE below came from.
// A CREATOR OWNER rule becomes one for the person who made the file.
func handsDown(sd *SecurityDescriptor, ace ACE) (up *ACE, explicit bool) {
	for i := range sd.DACL {
		a := &sd.DACL[i]
		if a.Type != ace.Type || a.Flags&(flagObjectInherit|flagContainerInherit) == 0 || rights(a.Mask) != rights(ace.Mask) {
			continue
		}
		if a.SID != ace.SID && a.SID != sidCreatorOwner {
			continue
		}
		if a.Flags&flagInherited == 0 {
			return a, true
		}
		if up == nil || up.SID != ace.SID {
			up = a
		}
	}
	return up, false
}

func originPOSIX(d Descriptor, parents []Folder) string {
	last := len(parents) - 1
	from := parents[last].Name
	want, err := unpackPOSIX(parents[last].Descriptor.Raw)
	if err != nil {
		return from
	}
	for i := last - 1; i > 0; i-- {
		nodes, err := unpackPOSIX(parents[i].Descriptor.Raw)
		if err != nil || parents[i].Descriptor.Kind != POSIX || !sameRules(nodes[len(nodes)-1], want[len(want)-1]) {
			break
		}
		from = parents[i].Name
	}
	return from
}

func sameRules(a, b posixNode) bool {
	return a.uid == b.uid && a.gid == b.gid && a.mode&0777 == b.mode&0777 && slices.Equal(a.acl, b.acl)
}
