package access

import (
	"slices"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
)

// Options are the operator's rules for counting people.
type Options struct {
	// Staff is the number of people who work here; 0 means the number of
	// living people in the directory.
	Staff int
	// WideShare is the share of staff above which any group counts as wide.
	// 0 means 0.5.
	WideShare float64
	// Administrators and ServiceAccounts are names or SIDs (glob patterns
	// allowed) that are counted apart, besides the built-in administrators'
	// groups of the server and its domain.
	Administrators, ServiceAccounts []string
}

// defaultWideShare: a group of more than half the staff is everyone by
// another name.
const defaultWideShare = 0.5

// Share is the access rules of the share itself, which narrow those of every
// file in it.
type Share struct {
	// Known is false when the server did not let us read them.
	Known bool
	// Raw is a self-relative security descriptor; empty means that the share
	// has none and lets everyone through.
	Raw []byte
}

// Named is what a server says about a SID.
type Named struct {
	// Name is empty when the server does not know the SID.
	Name string
	// User tells that it is one account, not a group.
	User bool
}

// Lookup asks a server for the names of SIDs that the directory lacks. It may
// be slow; SIDs that it leaves out stay unknown.
type Lookup func(sids []SID) map[SID]Named

// Resolver answers who can read, for one server and share. It caches by
// descriptor and may be used by many goroutines.
type Resolver struct {
	opt      Options
	dir      string
	complete bool // the directory holds everyone
	notes    []string
	m        *members
	// share and shareWDAC tell who gets through the share with the right to
	// read and to change rules; nil: everyone.
	share, shareWDAC *reach
	shareUnknown     bool
	lookup           Lookup

	mu    sync.RWMutex
	cache map[Descriptor]*Audience

	paths sync.Map // SID to []string, see nesting

	nameMu sync.Mutex
	asked  map[SID]Named
}

// maxCached bounds the memory of the cache. Real servers have hundreds of
// distinct descriptors.
const maxCached = 200_000

// NewResolver makes a resolver from what is known. share is nil where no
// share stands in front of the files; lookup may be nil.
func NewResolver(dir *Directory, share *Share, lookup Lookup, opt Options) *Resolver {
	if opt.WideShare <= 0 {
		opt.WideShare = defaultWideShare
	}
	r := &Resolver{
		opt: opt, dir: dir.Name, complete: dir.Complete, notes: slices.Clone(dir.Notes),
		m: newMembers(dir, opt), lookup: lookup,
		cache: map[Descriptor]*Audience{}, asked: map[SID]Named{},
	}
	for _, d := range dir.Domains {
		if d.Trusted && !d.Complete {
			r.complete = false
			r.notes = append(r.notes, "The domain "+d.Name+" is trusted, and its accounts were not read.")
		}
	}
	if share != nil {
		r.setShare(*share)
	}
	return r
}

func (r *Resolver) setShare(s Share) {
	if !s.Known {
		const why = "The share's own access rules could not be read; they can only narrow who reads."
		r.share = &reach{span: span{min: emptySet, max: r.m.all}, doubts: []string{why}}
		r.shareWDAC, r.shareUnknown = r.share, true
		r.notes = append(r.notes, why)
		return
	}
	if len(s.Raw) == 0 {
		return
	}
	sd, err := ParseSecurityDescriptor(s.Raw)
	if err != nil {
		r.setShare(Share{})
		return
	}
	if sd.NullDACL {
		return
	}
	read, wdac := r.fold(sd, rightRead), r.fold(sd, rightWriteDAC)
	// Administrators and backup operators pass: Samba lets holders of the
	// backup right through whatever the share says. On Windows the share holds
	// for them, too, but administrators can change its rules.
	for _, g := range []SID{sidAdmins, sidBackupOps} {
		b := r.m.flat[g]
		if b == nil || b.Contains(r.m.beyond()) {
			continue
		}
		for _, set := range []*roaring.Bitmap{read.min, read.max, wdac.min, wdac.max} {
			set.Or(b)
		}
	}
	r.share, r.shareWDAC = &read, &wdac
}

// Staff is the number of people who work here.
func (r *Resolver) Staff() int {
	if r.opt.Staff > 0 {
		return r.opt.Staff
	}
	return int(r.m.people.GetCardinality())
}

// unlisted is the number of staff that the directory does not hold.
func (r *Resolver) unlisted() int {
	return max(0, r.Staff()-int(r.m.people.GetCardinality()))
}

// Describe says where accounts and groups come from, whether everyone is in,
// and what could not be read.
func (r *Resolver) Describe() (directory string, complete bool, notes []string) {
	return r.dir, r.complete && !r.shareUnknown, slices.Clone(r.notes)
}

// Audience returns who can read an entry with these access rules. The answer
// is shared between callers and must not be changed.
func (r *Resolver) Audience(d Descriptor) *Audience {
	r.mu.RLock()
	a := r.cache[d]
	r.mu.RUnlock()
	if a != nil {
		return a
	}
	a, _ = r.evaluate(d)
	r.mu.Lock()
	if len(r.cache) >= maxCached {
		clear(r.cache)
	}
	r.cache[d] = a
	r.mu.Unlock()
	return a
}

// Readers names every living account that surely can read, administrators and
// service accounts included, machines left out; sorted.
func (r *Resolver) Readers(d Descriptor) []string {
	_, e := r.evaluate(d)
	if e == nil {
		return nil
	}
	set := e.min.Clone()
	set.And(r.m.living)
	set.AndNot(r.m.machines)
	out := make([]string, 0, set.GetCardinality())
	for it := set.Iterator(); it.HasNext(); {
		out = append(out, r.m.accounts[it.Next()].Name)
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return out
}

func (r *Resolver) evaluate(d Descriptor) (*Audience, *reach) {
	switch d.Kind {
	case NT:
		return r.evaluateNT(d)
	case POSIX:
		return r.evaluatePOSIX(d)
	case NFS4:
		return r.evaluateNFS4(d)
	}
	return r.unreadable("The source has no access rules that can be read."), nil
}

// unreadable is the audience of rules that nobody could read.
func (r *Resolver) unreadable(why string) *Audience {
	return &Audience{PeopleMax: r.Staff(), Staff: r.Staff(), NoBound: r.opt.Staff == 0 && !r.complete, Notes: []string{why}}
}

// name returns the name of a principal: from the table of well-known SIDs, the
// directory, or the server; the SID itself where nobody knows.
func (r *Resolver) name(s SID) string {
	if n, ok := wellKnown[s]; ok {
		return n
	}
	if i, ok := r.m.index[s]; ok {
		return r.m.accounts[i].Name
	}
	if n := r.m.names[s]; n != "" {
		return n
	}
	if n := r.ask(s); n.Name != "" {
		return n.Name
	}
	return s.String()
}

// ask asks the server once for the name of a SID that the directory lacks.
func (r *Resolver) ask(sids ...SID) Named {
	if r.lookup == nil || len(sids) == 0 {
		return Named{}
	}
	r.nameMu.Lock()
	defer r.nameMu.Unlock()
	var missing []SID
	for _, s := range sids {
		if _, done := r.asked[s]; !done {
			missing = append(missing, s)
		}
	}
	if len(missing) > 0 {
		got := r.lookup(missing)
		for _, s := range missing {
			r.asked[s] = got[s]
		}
	}
	return r.asked[sids[0]]
}
