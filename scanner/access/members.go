package access

import (
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
)

// members is a directory made ready for questions: every group as the set of
// the accounts in it, by position in accounts. It is never changed once made.
type members struct {
	accounts []Account
	index    map[SID]uint32          // account, also by former SIDs
	flat     map[SID]*roaring.Bitmap // group, also by former SIDs
	direct   map[SID][]SID           // members of groups, for the path of nesting
	partial  map[SID]bool            // groups whose members are not all known
	names    map[SID]string
	domains  []Domain
	// all holds every account, and at position len(accounts) one that stands
	// for those that the directory does not know. living are the accounts that
	// can log on, people the living ones that are neither machines nor counted
	// apart.
	all, living, people *roaring.Bitmap
	machines            *roaring.Bitmap
	// guests are in Everyone and not in Authenticated Users.
	guests *roaring.Bitmap

	nameOnce              sync.Once // makes the two below, see byName
	sidOfUser, sidOfGroup map[string]SID
}

// newMembers expands the groups of a directory.
func newMembers(d *Directory, opt Options) *members {
	m := &members{
		accounts: d.Accounts, domains: d.Domains,
		index: make(map[SID]uint32, len(d.Accounts)), direct: make(map[SID][]SID, len(d.Groups)+1),
		flat: make(map[SID]*roaring.Bitmap, len(d.Groups)+1), partial: map[SID]bool{},
		names: make(map[SID]string, len(d.Groups)),
		all:   roaring.New(), living: roaring.New(), guests: roaring.New(), machines: roaring.New(),
	}
	m.all.AddRange(0, uint64(len(d.Accounts))+1)
	for _, g := range d.Groups {
		m.names[g.SID] = g.Name
		if g.Distribution {
			m.flat[g.SID] = roaring.New()
			continue
		}
		m.direct[g.SID] = append(m.direct[g.SID], g.Members...)
		if g.Partial {
			m.partial[g.SID] = true
		}
	}
	for i, a := range d.Accounts {
		m.index[a.SID] = uint32(i)
		for _, s := range a.History {
			if _, taken := m.index[s]; !taken {
				m.index[s] = uint32(i)
			}
		}
		if !a.Disabled && !a.Expired {
			m.living.Add(uint32(i))
		}
		if a.Machine {
			m.machines.Add(uint32(i))
		}
		if a.SID.isDomainSID() && a.SID.RID() == ridGuest {
			m.guests.Add(uint32(i))
		}
		for _, g := range append([]SID{a.Primary}, a.Groups...) {
			if g != "" && m.flat[g] == nil {
				m.direct[g] = append(m.direct[g], a.SID)
			}
		}
	}
	m.expand()
	for _, g := range d.Groups {
		for _, s := range g.History {
			if m.flat[s] == nil {
				m.flat[s], m.names[s] = m.flat[g.SID], g.Name
			}
		}
	}
	m.people = roaring.AndNot(m.living, m.apart(d, opt))
	for _, b := range []*roaring.Bitmap{m.all, m.living, m.people} {
		b.RunOptimize()
	}
	return m
}

// special gives the accounts of SIDs that no directory lists and that may
// themselves be members of groups (Authenticated Users is in BUILTIN\Users).
func (m *members) special(s SID) *roaring.Bitmap {
	switch s {
	case sidEveryone, sidNetwork:
		return m.all
	case sidAuthenticated:
		if m.guests.IsEmpty() {
			return m.all
		}
		return roaring.AndNot(m.all, m.guests)
	}
	return nil
}

// expand computes the flat set of every group: Tarjan's strongly connected
// components over the graph of groups (membership loops exist), then one union
// per edge in reverse topological order. The stack is explicit: chains of
// groups come from outside and may be of any depth.
func (m *members) expand() {
	type frame struct {
		group SID
		next  int
	}
	index, low := make(map[SID]int, len(m.direct)), make(map[SID]int, len(m.direct))
	onStack := make(map[SID]bool)
	var stack []SID
	var frames []frame
	enter := func(s SID) {
		n := len(index) + 1
		index[s], low[s], onStack[s] = n, n, true
		stack = append(stack, s)
		frames = append(frames, frame{group: s})
	}
	for root := range m.direct {
		if index[root] != 0 {
			continue
		}
		enter(root)
		for len(frames) > 0 {
			f := &frames[len(frames)-1]
			if f.next < len(m.direct[f.group]) {
				child := m.direct[f.group][f.next]
				f.next++
				if _, isGroup := m.direct[child]; !isGroup {
					continue
				}
				if index[child] == 0 {
					enter(child)
				} else if onStack[child] {
					low[f.group] = min(low[f.group], index[child])
				}
				continue
			}
			group := f.group
			frames = frames[:len(frames)-1]
			if len(frames) > 0 {
				parent := frames[len(frames)-1].group
				low[parent] = min(low[parent], low[group])
			}
			if low[group] == index[group] {
				k := len(stack) - 1
				for stack[k] != group {
					k--
				}
				component := slices.Clone(stack[k:])
				stack = stack[:k]
				for _, s := range component {
					onStack[s] = false
				}
				m.unite(component)
			}
		}
	}
}

// unite gives every group of a component the union of their members.
func (m *members) unite(component []SID) {
	set, partial := roaring.New(), false
	var direct []uint32
	for _, g := range component {
		partial = partial || m.partial[g]
		for _, s := range m.direct[g] {
			if i, ok := m.index[s]; ok {
				direct = append(direct, i)
				continue
			}
			if b := m.special(s); b != nil {
				set.Or(b)
				continue
			}
			if b := m.flat[s]; b != nil {
				set.Or(b)
				partial = partial || m.partial[s]
			} else if _, sameLoop := m.direct[s]; !sameLoop && m.unknown(s) {
				partial = true
			}
		}
	}
	set.AddMany(direct)
	set.RunOptimize()
	for _, g := range component {
		m.flat[g] = set
		if partial {
			m.partial[g] = true
		}
	}
}

// unknown tells that a SID may stand for accounts that the directory lacks.
func (m *members) unknown(s SID) bool {
	if _, ok := m.index[s]; ok {
		return false
	}
	if m.flat[s] != nil || nobody(s) || m.special(s) != nil {
		return false
	}
	return !m.gone(s)
}

// gone tells that the SID's own domain is known in full and does not hold it:
// the account was deleted.
func (m *members) gone(s SID) bool {
	if len(s) < 12 {
		return false
	}
	dom := s.Domain()
	for _, d := range m.domains {
		if d.SID == dom {
			return d.Complete
		}
	}
	return false
}

// apart are the accounts that are not counted as people: machines, services,
// administrators by the built-in groups and by the operator's rules.
func (m *members) apart(d *Directory, opt Options) *roaring.Bitmap {
	out := roaring.New()
	rules := append(slices.Clone(opt.Administrators), opt.ServiceAccounts...)
	for i, a := range d.Accounts {
		if a.Machine || a.Service || (a.SID.isDomainSID() && a.SID.RID() == ridAdministrator) || matches(rules, a.SID, a.Name) {
			out.Add(uint32(i))
		}
	}
	if b := m.flat[sidAdmins]; b != nil && !b.Contains(m.beyond()) {
		out.Or(b) // a group of administrators that holds everyone sets nobody apart
	}
	for _, g := range d.Groups {
		if g.Distribution {
			continue
		}
		rid := g.SID.RID()
		if g.SID.isDomainSID() && (rid == ridDomainAdmins || rid == ridEnterpriseAdmins || rid == ridSchemaAdmins) || matches(rules, g.SID, g.Name) {
			out.Or(m.flat[g.SID])
		}
	}
	return out
}

// matches tells whether a rule names the principal, by SID, full name or the
// name without its domain; without regard to case.
func matches(rules []string, sid SID, name string) bool {
	for _, r := range rules {
		if strings.EqualFold(r, sid.String()) {
			return true
		}
		// a backslash separates the domain; path.Match would take it as an escape
		pattern := strings.ToLower(strings.ReplaceAll(r, `\`, "/"))
		full := strings.ToLower(strings.ReplaceAll(name, `\`, "/"))
		if ok, _ := path.Match(pattern, full); ok {
			return true
		}
		if ok, _ := path.Match(pattern, strings.ToLower(shortName(name))); ok {
			return true
		}
	}
	return false
}

// FileTimePast tells whether a Windows time stamp (100 ns since 1601) is set
// and before now; 0 and the largest value mean never.
func FileTimePast(ft int64, now time.Time) bool {
	const epoch = 116444736000000000
	if ft <= 0 || ft == 0x7fffffffffffffff {
		return false
	}
	return ft < epoch+now.UnixNano()/100
}

// beyond is the position that stands for the accounts that are not listed.
func (m *members) beyond() uint32 { return uint32(len(m.accounts)) }

// span is the accounts whose token carries a SID: surely min, at most max.
// unknownUser marks one account that the directory lacks.
type span struct {
	min, max    *roaring.Bitmap
	unknownUser bool
}

var emptySet = roaring.New()

// who returns the accounts behind a SID, and why it is not certain.
func (m *members) who(s SID) (sp span, doubt doubt) {
	if i, ok := m.index[s]; ok {
		b := roaring.BitmapOf(i)
		return span{min: b, max: b}, noDoubt
	}
	if b := m.special(s); b != nil {
		return span{min: b, max: b}, noDoubt
	}
	if b := m.flat[s]; b != nil {
		if m.partial[s] {
			return span{min: b, max: m.all}, partialGroup
		}
		return span{min: b, max: b}, noDoubt
	}
	if nobody(s) {
		return span{min: emptySet, max: emptySet}, noDoubt
	}
	if byLogon[s] {
		return span{min: emptySet, max: m.all}, logonKind
	}
	if m.gone(s) {
		return span{min: emptySet, max: emptySet}, deleted
	}
	return span{min: emptySet, max: m.all}, unresolved
}

// doubt says why a SID's accounts are not certain.
type doubt uint8

const (
	noDoubt doubt = iota
	partialGroup
	logonKind
	deleted
	unresolved
)

// nobody tells that no account that comes over the network carries the SID:
// place holders for inheritance, kinds of local log-on, services, sandboxes.
func nobody(s SID) bool {
	if noPerson[s] {
		return true
	}
	for _, p := range noPersonBelow {
		if s.under(p) && len(s) > len(p) {
			return true
		}
	}
	return false
}

var noPerson = sidSet("S-1-0-0", "S-1-2-0", "S-1-2-1", "S-1-3-0", "S-1-3-1", "S-1-3-2", "S-1-3-3", "S-1-5-1", "S-1-5-3",
	"S-1-5-4", "S-1-5-6", "S-1-5-7", "S-1-5-8", "S-1-5-9", "S-1-5-10", "S-1-5-12", "S-1-5-13", "S-1-5-14", "S-1-5-17", "S-1-5-18",
	"S-1-5-19", "S-1-5-20", "S-1-5-33")

var noPersonBelow = []SID{
	MustSID("S-1-5-5"),                       // one log-on session
	MustSID("S-1-5-80"),                      // services
	MustSID("S-1-5-82"), MustSID("S-1-5-83"), // application pools, virtual machines
	MustSID("S-1-5-90"), MustSID("S-1-5-96"), // window and font drivers
	MustSID("S-1-15-2"), MustSID("S-1-15-3"), // application packages
	MustSID("S-1-16"), // integrity labels
}

// byLogon are SIDs that depend on how someone logs on.
var byLogon = sidSet("S-1-5-15", "S-1-5-64-10", "S-1-5-64-14", "S-1-5-64-21", "S-1-5-65-1", "S-1-5-113", "S-1-5-114", "S-1-5-1000",
	"S-1-18-1", "S-1-18-2")

func sidSet(list ...string) map[SID]bool {
	out := make(map[SID]bool, len(list))
	for _, s := range list {
		out[MustSID(s)] = true
	}
	return out
}
