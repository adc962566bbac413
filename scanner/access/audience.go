package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"aktvakt/scanner/finding"
)

// reach is the result of folding an ACL for one right: the accounts that
// surely have it and those that may, and what was in doubt on the way.
type reach struct {
	span
	// users are accounts that the directory lacks and that may get in, each
	// named by an ACE of its own.
	users      map[SID]bool
	unresolved []string
	doubts     []string
	grants     []grant
	// outside tells that the accounts of this server are not all who can come
	// (a mounted folder), so that everyone means all staff.
	outside bool
}

// grant is one rule that gives the right.
type grant struct {
	sid          SID // empty for a Unix entry and for a rule of unknown type
	name, rights string
	// wide tells that the rule is for a group that is wide whatever it holds.
	wide bool
	span // who it lets in by itself, after the denying rules before it
}

func (x *reach) unknown(s SID) {
	if n := s.String(); !slices.Contains(x.unresolved, n) {
		x.unresolved = append(x.unresolved, n)
	}
}

func (x *reach) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(x.doubts, n) {
		x.doubts = append(x.doubts, n)
	}
}

// fold walks the DACL once, in its stored order, for one right: the first ACE
// that names an account and the right decides (MS-DTYP 2.5.3.2). Where an ACE
// or its SID is in doubt, two folds run side by side: min takes the doubtful
// allowing rules as void and the doubtful denying ones as valid for all they
// may name, max the other way round.
func (r *Resolver) fold(sd *SecurityDescriptor, right uint32) reach {
	x := reach{span: span{min: roaring.New(), max: roaring.New()}, users: map[SID]bool{}}
	deniedMin, deniedMax := roaring.New(), roaring.New()
	owner := span{min: emptySet, max: emptySet}
	ownerDoubt := noDoubt
	if sd.Owner != "" {
		owner, ownerDoubt = r.who(sd.Owner)
	}
	if right == rightWriteDAC && !hasOwnerRights(sd) {
		x.min.Or(owner.min)
		x.max.Or(owner.max)
	}
	r.askAll(sd, right)
	for _, a := range sd.DACL {
		e, sure := a.effect()
		if e == noEffect && sure || rights(a.Mask)&right == 0 {
			continue
		}
		sp, dbt := owner, ownerDoubt
		switch {
		case a.SID == "":
			sp, dbt = span{min: emptySet, max: r.m.all}, noDoubt
			x.note("A rule of unknown type %#x could not be judged.", a.Type)
		case a.SID == sidOwnerRights:
			dbt = noDoubt
			if ownerDoubt == unresolved {
				x.unknown(sd.Owner)
				x.note("The owner %s has no known account.", sd.Owner)
			}
		default:
			sp, dbt = r.who(a.SID)
			r.doubt(&x, a.SID, dbt)
		}
		if !sure && a.SID != "" {
			sp.min = emptySet
			x.note("A conditional or object rule for %s could not be judged.", r.name(a.SID))
		}
		if e == denies {
			deniedMin.Or(roaring.AndNot(sp.min, x.max))
			deniedMax.Or(roaring.AndNot(sp.max, x.min))
			continue
		}
		if e == noEffect { // unknown type: it may deny as well
			deniedMax.Or(roaring.AndNot(sp.max, x.min))
		}
		g := r.grant(a)
		g.min, g.max, g.unknownUser = roaring.AndNot(sp.min, deniedMax), roaring.AndNot(sp.max, deniedMin), sp.unknownUser
		x.min.Or(g.min)
		x.max.Or(g.max)
		if g.unknownUser {
			x.users[a.SID] = true
		}
		x.grants = append(x.grants, g)
	}
	return x
}

// grant names an allowing ACE.
func (r *Resolver) grant(a ACE) grant {
	g := grant{sid: a.SID, rights: rightsWord(a.Mask)}
	switch a.SID {
	case "":
		g.name = fmt.Sprintf("rule of unknown type %#x", a.Type)
	default:
		g.name = r.name(a.SID)
		g.wide = wideSIDs[a.SID] || a.SID.isDomainSID() && wideRIDs[a.SID.RID()]
	}
	return g
}

// doubt records why the accounts behind a SID are not certain.
func (r *Resolver) doubt(x *reach, s SID, d doubt) {
	switch d {
	case partialGroup:
		x.note("Not all members of %s could be read.", r.name(s))
	case logonKind:
		x.note("Whom %s stands for depends on how someone logs on.", r.name(s))
	case deleted:
		x.unknown(s)
		x.note("%s is no account of its domain any more; it lets nobody in.", s)
	case unresolved:
		x.unknown(s)
		if n := r.name(s); n != s.String() {
			x.note("%s (%s) is not in the directory, so its members are not known.", n, s)
		} else {
			x.note("%s is not in the directory and the server cannot name it.", s)
		}
	}
}

// who is members.who with what the server says about SIDs that the directory
// lacks: one unknown account is at most one reader.
func (r *Resolver) who(s SID) (span, doubt) {
	sp, d := r.m.who(s)
	if d == unresolved && r.ask(s).User {
		return span{min: emptySet, max: emptySet, unknownUser: true}, d
	}
	return sp, d
}

// askAll asks for all the unknown names of a descriptor in one call.
func (r *Resolver) askAll(sd *SecurityDescriptor, right uint32) {
	var sids []SID
	for _, a := range sd.DACL {
		if a.SID == "" || rights(a.Mask)&right == 0 || a.SID == sidOwnerRights {
			continue
		}
		if _, d := r.m.who(a.SID); d == unresolved {
			sids = append(sids, a.SID)
		}
	}
	r.ask(sids...)
}

// hasOwnerRights tells whether an ACE for OWNER RIGHTS replaces the rights
// that an owner has by himself, MS-DTYP 2.5.3.2.
func hasOwnerRights(sd *SecurityDescriptor) bool {
	return slices.ContainsFunc(sd.DACL, func(a ACE) bool {
		return a.SID == sidOwnerRights && a.Flags&flagInheritOnly == 0
	})
}

func (r *Resolver) evaluateNT(d Descriptor) (*Audience, *reach) {
	sd, err := ParseSecurityDescriptor([]byte(d.Raw))
	if err != nil {
		return r.unreadable("The access rules are malformed and could not be read."), nil
	}
	if sd.NullDACL {
		sd.DACL = []ACE{{Type: aceAllow, Mask: rightsFull, SID: sidEveryone}}
	}
	x := r.fold(sd, rightRead)
	a := r.audience(&x)
	a.NullDACL = sd.NullDACL
	if sd.Owner != "" {
		a.Owner = r.name(sd.Owner)
	}
	a.CouldObtain = r.couldObtain(sd, &x)
	return a, &x
}

// narrow keeps the part of x that also gets through by: the share in front of
// a file, a folder above it.
func (x *reach) narrow(by *reach, beyond uint32) {
	all, allBy := x.max.Contains(beyond), by.max.Contains(beyond)
	matters := !x.max.IsEmpty() || len(x.users) > 0
	users := map[SID]bool{}
	for s := range x.users {
		if allBy || by.users[s] {
			users[s] = true
		}
	}
	for s := range by.users {
		if all || x.users[s] {
			users[s] = true
		}
	}
	x.users = users
	x.min, x.max = roaring.And(x.min, by.min), roaring.And(x.max, by.max)
	if !matters { // doubts count only where someone could get in
		return
	}
	for _, n := range by.doubts {
		x.note("%s", n)
	}
	for _, s := range by.unresolved {
		if !slices.Contains(x.unresolved, s) {
			x.unresolved = append(x.unresolved, s)
		}
	}
}

// audience narrows a reach by the share's and counts. It changes x to the
// narrowed reach.
func (r *Resolver) audience(x *reach) *Audience {
	if r.share != nil {
		x.narrow(r.share, r.m.beyond())
	}
	a := &Audience{Staff: r.Staff(), Notes: x.doubts, Unresolved: x.unresolved}
	a.Complete = len(a.Notes) == 0 && len(a.Unresolved) == 0
	r.count(a, x)
	r.vias(a, x)
	return a
}

// count turns the narrowed reach into numbers of people.
func (r *Resolver) count(a *Audience, x *reach) {
	beyond := r.m.beyond()
	readers := roaring.And(x.min, r.m.living)
	a.People = int(readers.AndCardinality(r.m.people))
	apart := roaring.AndNot(readers, r.m.people)
	apart.AndNot(r.m.machines)
	a.Administrators = int(apart.GetCardinality())
	a.PeopleMax = int(x.max.AndCardinality(r.m.people)) + len(x.users)
	surely, maybe := x.min.Contains(beyond), x.max.Contains(beyond)
	open := !r.complete || x.outside
	if surely && open {
		a.People += r.unlisted()
	}
	if maybe && (open || !surely) {
		a.PeopleMax += r.unlisted()
	}
	a.PeopleMax = max(a.PeopleMax, a.People)
	if maybe && !r.complete {
		a.Complete = false
		a.NoBound = r.opt.Staff == 0
		a.Notes = append(slices.Clone(a.Notes), "The directory does not hold every account that can log on.")
	}
}

// wideSIDs are wide whatever they hold today: who joins is in them.
var wideSIDs = sidSet("S-1-1-0", "S-1-5-2", "S-1-5-7", "S-1-5-11", "S-1-5-15", "S-1-5-64-10", "S-1-5-113",
	"S-1-5-32-545", "S-1-5-32-546", "S-1-5-32-554")

// wideRIDs are the same for groups of a domain.
var wideRIDs = map[uint32]bool{ridDomainUsers: true, ridDomainGuests: true, ridDomainComputers: true}

// minWide is the number of people below which a group is not wide by measure:
// in a place of six, four are not a crowd.
const minWide = 5

// vias lists the rules that let someone in, and the wide ones among them.
func (r *Resolver) vias(a *Audience, x *reach) {
	shareOpen := r.share == nil || r.share.max.Contains(r.m.beyond()) || r.wideByMeasure(r.share.max)
	for _, g := range x.grants {
		in, may := g.min, g.max
		if r.share != nil {
			// the file's rule is told even where the share's is not known
			in, may = roaring.And(in, r.share.max), roaring.And(may, r.share.max)
		}
		people := int(in.AndCardinality(r.m.people))
		if in.Contains(r.m.beyond()) && (!r.complete || x.outside) {
			people += r.unlisted()
		}
		someone := may.Contains(r.m.beyond()) || may.Intersects(r.m.living)
		byName := g.wide && shareOpen
		if x.outside { // folders above may shut others out
			byName = g.wide && may.Contains(r.m.beyond())
		}
		wide := byName && (someone || g.sid == sidAnonymous) || r.wideByMeasure(in)
		if !someone && !wide && !g.unknownUser {
			continue
		}
		v := finding.Via{Name: g.name, ACE: "allow", Rights: g.rights, People: people}
		if g.sid != "" {
			v.SID = g.sid.String()
		}
		v.Path = r.nesting(g.sid)
		if wide && !slices.Contains(a.Wide, v.Name) {
			a.Wide = append(a.Wide, v.Name)
		}
		if !slices.ContainsFunc(a.Via, func(o finding.Via) bool { return o.Name == v.Name && o.SID == v.SID && o.Rights == v.Rights }) {
			a.Via = append(a.Via, v)
		}
	}
	slices.SortStableFunc(a.Via, func(p, q finding.Via) int {
		if p.People != q.People {
			return q.People - p.People
		}
		return r.rank(q, a.Wide) - r.rank(p, a.Wide)
	})
}

// rank puts wide names before others where both let in as many.
func (r *Resolver) rank(v finding.Via, wide []string) int {
	switch {
	case v.Name == "Everyone" || v.Name == otherName:
		return 2
	case slices.Contains(wide, v.Name):
		return 1
	}
	return 0
}

func (r *Resolver) wideByMeasure(set *roaring.Bitmap) bool {
	n := int(set.AndCardinality(r.m.people))
	return n >= minWide && float64(n) > r.opt.WideShare*float64(r.Staff())
}

// maxNesting bounds the chain of groups that is told.
const maxNesting = 16

// nesting is the chain of groups through which most of a group's people come
// in, from the group itself down to one that holds accounts; nil where the
// group holds them itself.
func (r *Resolver) nesting(s SID) []string {
	if len(r.m.direct[s]) == 0 {
		return nil
	}
	if p, ok := r.paths.Load(s); ok {
		return p.([]string)
	}
	path := r.chain(s)
	r.paths.Store(s, path)
	return path
}

func (r *Resolver) chain(s SID) []string {
	var path []string
	seen := map[SID]bool{}
	for len(path) < maxNesting && !seen[s] {
		seen[s] = true
		path = append(path, r.name(s))
		var next SID
		most, direct := uint64(0), uint64(0)
		for _, c := range r.m.direct[s] {
			if i, ok := r.m.index[c]; ok {
				if r.m.people.Contains(i) {
					direct++
				}
				continue
			}
			b := r.m.flat[c]
			if sp := r.m.special(c); sp != nil {
				b = sp
			}
			if b == nil || seen[c] {
				continue
			}
			if n := b.AndCardinality(r.m.people); n > most || n == most && n > 0 && strings.Compare(string(c), string(next)) < 0 {
				most, next = n, c
			}
		}
		if next == "" || most <= direct {
			break
		}
		s = next
	}
	if len(path) < 2 {
		return nil
	}
	return path
}

// couldObtain counts people who cannot read but could give themselves the
// right: owners and those with WRITE_DAC or WRITE_OWNER, as far as the share
// lets them change rules, and operators who read by the right to back up.
func (r *Resolver) couldObtain(sd *SecurityDescriptor, read *reach) int {
	wdac, wowner := r.fold(sd, rightWriteDAC), r.fold(sd, rightWriteOwner)
	set := roaring.Or(wdac.max, wowner.max)
	if r.shareWDAC != nil {
		set.And(r.shareWDAC.max)
	}
	for _, s := range []SID{sidBackupOps, sidServerOps} {
		if b := r.m.flat[s]; b != nil {
			set.Or(b)
		}
	}
	set.And(r.m.people)
	set.AndNot(read.min)
	return int(set.GetCardinality())
}
