package judge

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"aktvakt/scanner/finding"
)

// Census counts every judged document of a run by folder, ordinary ones
// included: only what lies around a sensitive document tells a file in the
// wrong place from a folder with the wrong ACL. It keeps about 40 bytes a
// folder and never the name of a document. It may be fed by many goroutines.
type Census struct {
	mu    sync.Mutex
	seed  maphash.Seed
	nodes map[uint64]node
	// narrow are folders that hold sensitive documents behind a narrow ACL,
	// to suggest as a place; no more than maxNarrow are kept.
	narrow map[string]*shelter
	// watched are ids of open findings of earlier runs, and what became of them.
	watched map[string]Fate
}

// Fate is what became of a finding of an earlier run.
type Fate string

// Fates.
const (
	// Gone: the run met no such document. The scanner knows whether it was
	// deleted or moved, or its folder could not be listed.
	Gone Fate = "gone"
	// Deleted: the run looked where it was, and it is nowhere.
	Deleted Fate = "deleted"
	// Moved: it lies where fewer can read it.
	Moved Fate = "moved"
	// Excluded: the configuration leaves it out now.
	Excluded Fate = "excluded"
	// Narrowed: the document is there and sensitive, and no longer too many can
	// read it.
	Narrowed Fate = "narrowed"
	// Cleaned: the document is there and no longer sensitive.
	Cleaned Fate = "cleaned"
	// Still: the document is a finding in this run too.
	Still Fate = "still"
)

// node counts the documents of one folder. Cases are the sensitive and highly
// sensitive ones.
type node struct {
	docs, cases       uint32 // in the folder itself
	allDocs, allCases uint32 // with its subfolders
	// folders are those that hold documents, itself included; caseFolders
	// those of them whose own documents are cases for at least half.
	folders, caseFolders uint32
	// readers is the widest audience of an ordinary document in the folder
	// itself, plus one; 0 where none is known.
	readers uint32
	// narrow counts the cases, with those in subfolders, that not too many can
	// read.
	narrow uint32
}

func (n node) mostlyCases() bool { return n.cases > 0 && 2*n.cases >= n.docs }

// shelter is a folder with cases that only few can read.
type shelter struct {
	target     string
	docs       int
	categories map[string]int
}

// maxNarrow bounds the folders kept for suggestions: a few hundred bytes each.
const maxNarrow = 4096

// NewCensus returns an empty census.
func NewCensus() *Census {
	return &Census{seed: maphash.MakeSeed(), nodes: map[uint64]node{}, narrow: map[string]*shelter{}}
}

// Watch asks the census to remember what becomes of findings of earlier runs,
// before any document is added.
func (c *Census) Watch(ids ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watched == nil {
		c.watched = make(map[string]Fate, len(ids))
	}
	for _, id := range ids {
		c.watched[id] = Gone
	}
}

// Fate tells what became of a watched finding; of any other it says Gone.
func (c *Census) Fate(id string) Fate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.watched[id]; ok {
		return f
	}
	return Gone
}

// Add counts one judged document. It looks at ID, Target, Path, Grade, Verdict,
// Categories and People only, so a document that an earlier run judged can be
// added from those.
func (c *Census) Add(f finding.Finding) {
	c.follow(f)
	chain := folders(f.Target, f.Place())
	if len(chain) == 0 {
		return
	}
	isCase := f.Grade == finding.Sensitive || f.Grade == finding.HighlySensitive
	c.mu.Lock()
	defer c.mu.Unlock()
	own := c.nodes[c.key(chain[0])]
	before := own
	own.docs++
	if isCase {
		own.cases++
	} else if f.People > 0 {
		own.readers = max(own.readers, uint32(min(f.People, 1<<30))+1)
	}
	for i, dir := range chain {
		k := c.key(dir)
		n := c.nodes[k]
		if i == 0 {
			n = own
		}
		n.allDocs++
		if isCase {
			n.allCases++
		}
		if isCase && f.Verdict == finding.Allowed {
			n.narrow++
		}
		if before.docs == 0 {
			n.folders++
		}
		switch is, was := own.mostlyCases(), before.mostlyCases(); {
		case is && !was:
			n.caseFolders++
		case was && !is:
			n.caseFolders--
		}
		c.nodes[k] = n
	}
	if isCase && f.Verdict == finding.Allowed {
		c.shelter(f, chain[0])
	}
}

func (c *Census) follow(f finding.Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.watched[f.ID]; !ok {
		return
	}
	switch {
	case f.Grade == finding.GradeNone:
		c.watched[f.ID] = Cleaned
	case f.Verdict == finding.Allowed:
		c.watched[f.ID] = Narrowed
	default:
		c.watched[f.ID] = Still
	}
}

func (c *Census) shelter(f finding.Finding, dir string) {
	s := c.narrow[dir]
	if s == nil {
		if len(c.narrow) >= maxNarrow {
			return
		}
		s = &shelter{target: f.Target, categories: map[string]int{}}
		c.narrow[dir] = s
	}
	s.docs++
	for _, cat := range f.Categories {
		s.categories[cat]++
	}
}

// at returns the counts of a folder.
func (c *Census) at(dir string) node {
	if c == nil {
		return node{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nodes[c.key(dir)]
}

func (c *Census) key(dir string) uint64 { return maphash.String(c.seed, dir) }

// suggest returns a folder in which documents of these categories lie behind
// a narrow ACL: the one with most of them, on the same target if there is one,
// never below not. Where the neighbours of that folder hold the like as well
// (a folder a case), their common parent. Empty when there is none.
func (c *Census) suggest(target, not string, categories []string) string {
	if c == nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fits := map[string]int{}
	for dir, s := range c.narrow {
		if dir == not || strings.HasPrefix(dir, not+"/") {
			continue
		}
		n := 0
		for _, cat := range categories {
			n += s.categories[cat]
		}
		if n == 0 {
			continue
		}
		if s.target == target {
			n += 1 << 20 // the same target first, whatever the counts
		}
		fits[dir] = n
	}
	best := ""
	for dir, n := range fits {
		if best == "" || n > fits[best] || n == fits[best] && dir < best {
			best = dir
		}
	}
	if best == "" {
		return ""
	}
	parent := best[:max(0, strings.LastIndexByte(best, '/'))]
	siblings := 0
	for dir := range fits {
		if dir[:max(0, strings.LastIndexByte(dir, '/'))] == parent {
			siblings++
		}
	}
	if siblings >= 2 && under(parent, c.narrow[best].target) && parent != not && !strings.HasPrefix(not, parent+"/") {
		return parent
	}
	return best
}

// folders returns the folders of a document from its own up to the target's
// root, both included; none where the target is the document itself.
func folders(target, path string) []string {
	base := strings.TrimSuffix(target, "/")
	if !strings.HasPrefix(path, base+"/") {
		return nil
	}
	var out []string
	for i := strings.LastIndexByte(path, '/'); i >= len(base); i = strings.LastIndexByte(path[:i], '/') {
		if i == 0 {
			out = append(out, "/")
			break
		}
		out = append(out, path[:i])
	}
	return slices.Clip(out)
}

// under reports whether dir is root or lies below it.
func under(dir, root string) bool {
	root = strings.TrimSuffix(root, "/")
	return dir == root || strings.HasPrefix(dir, root+"/")
}
