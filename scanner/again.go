package scanner

import (
	"context"
	"fmt"
	"path"
	"time"

	"aktvakt/detectors"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/judge"
	"aktvakt/scanner/source"
	"aktvakt/scanner/state"
)

// sameFile reports whether size and time of a file, and what else tells its
// versions apart, are as they were. Its ctime is not asked: a change of access
// rules moves it as well.
func sameFile(k state.Known, e source.Entry) bool {
	return k.Size == e.Size && k.Modified == nanos(e.Modified) && k.Identity == identity(e)
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// identity is a hash of what tells one file from another under the same name.
// The volume is not in it: its number differs from mount to mount. The time of
// birth stands in where there is no file id; Samba makes it up from other times,
// and it moves when a file is read.
func identity(e source.Entry) uint64 {
	h := fnv(fnvStart, fmt8(e.ID))
	if e.ID == 0 {
		h = fnv(h, fmt8(uint64(nanos(e.Created))))
	}
	return fnv(h, e.Tag)
}

// FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/
const fnvStart = uint64(14695981039346656037)

func fnv[T string | [8]byte](h uint64, s T) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func fmt8(v uint64) (b [8]byte) {
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
	return b
}

// rulesHash names the access rules of an entry; 0 is unknown.
func (t *target) rulesHash(x rules) uint64 {
	if x.audience == nil {
		return 0
	}
	if h, ok := t.hashes.Load(x.desc); ok {
		return h.(uint64)
	}
	h := fnv(fnv(fnvStart, string(rune(x.desc.Kind))), x.desc.Raw) | 1
	if t.hashed.Add(1) <= maxHashes {
		t.hashes.Store(x.desc, h)
	}
	return h
}

// maxHashes bounds the descriptors whose hash is kept.
const maxHashes = 10_000

// attempts is how often a file is tried whose reading fails for what it is.
// After that it is left alone until it changes.
const attempts = 2

// fresh reports whether what is remembered of a file can stand for it.
func (r *runner) fresh(j job, x rules) bool {
	k := j.known
	// A ctime that moved while the rules stayed is a change of content by
	// somebody who set the time back.
	if h := j.t.rulesHash(x); k.Changed != nanos(j.entry.Changed) && h != 0 && h == k.Rules {
		return false
	}
	if id, since := r.Memory.Reader(); k.Reader != id && r.due(k, since) {
		return false
	}
	return true
}

// due reports whether a file that another version read is to be read anew
// tonight: each has its own among the nights over which they are spread.
func (r *runner) due(k state.Known, since time.Time) bool {
	n := uint64(max(r.RefreshNights, 1))
	return k.Identity%n <= uint64(max(r.started.Sub(since), 0)/(24*time.Hour))
}

// again judges an unchanged file by what is remembered of it. ok is false
// where it is to be read after all.
func (r *runner) again(ctx context.Context, j job, x rules) (res result, ok bool) {
	m, ok := recall(j.known.Data)
	if !ok {
		return res, false
	}
	if s := m.Skip; s != nil && !m.Read {
		if again(s.Reason) && j.known.Attempts < attempts {
			return res, false
		}
		skip := j.t.skipOf(j.entry, s.Stage, s.Reason, nil)
		skip.Error = s.Error
		if again(s.Reason) {
			skip.Error = fmt.Sprintf("%s (tried %d times; left alone until the file changes)", s.Error, j.known.Attempts)
		}
		r.keep(j, x)
		j.t.count.Skipped.Add(1)
		return result{skip: &skip}, true
	}
	known := r.keep(j, x)
	j.t.count.Unchanged.Add(1)
	if m.ordinary() && r.Sample == nil && j.in != nil {
		res = result{unchanged: true, ordinary: true, dir: j.in.name, target: j.t.name()}
		if x.audience != nil {
			res.people = x.audience.People
		}
	} else {
		res = result{unchanged: true, doc: r.judge(ctx, j, m.evidence(known), x)}
		if s := m.Skip; s != nil {
			skip := j.t.skipOf(j.entry, s.Stage, s.Reason, nil)
			skip.Error, skip.Partial = s.Error, true
			res.skip = &skip
		}
	}
	id, _ := r.Memory.Reader()
	res.postponed = known.Reader != id
	return res, true
}

// again reports whether a skip may go away when the file is tried again.
func again(r finding.Reason) bool {
	switch r {
	case finding.Corrupt, finding.Timeout, finding.Failed:
		return true
	}
	return false
}

// keep says that what is remembered of an unchanged file holds.
func (r *runner) keep(j job, x rules) state.Known {
	k := j.known
	h, changed := j.t.rulesHash(x), nanos(j.entry.Changed)
	if h == 0 {
		h = k.Rules
	}
	if k.Rules == h && k.Changed == changed {
		j.in.mem.Keep(j.known)
		return k
	}
	if k.Rules != 0 && k.Rules != h {
		k.RulesSince = r.started.Unix()
	}
	k.Rules, k.Changed = h, changed
	j.in.mem.Put(path.Base(j.entry.Path), k)
	return k
}

// remember keeps what came of reading a file.
func (r *runner) remember(j job, x rules, m remembered) (k state.Known) {
	if j.in == nil || j.in.mem == nil {
		return k
	}
	id, _ := r.Memory.Reader()
	k = state.Known{
		Identity: identity(j.entry), Size: j.entry.Size, Modified: nanos(j.entry.Modified), Changed: nanos(j.entry.Changed),
		Rules: j.t.rulesHash(x), Read: r.started.Unix(), Reader: id, Data: m.encode(),
	}
	if j.seen {
		k.RulesSince = j.known.RulesSince
		if j.known.Rules != 0 && k.Rules != 0 && j.known.Rules != k.Rules {
			k.RulesSince = r.started.Unix()
		}
	}
	if !m.Read {
		k.Attempts = 1
		if j.same && j.known.Reader == id {
			k.Attempts = min(j.known.Attempts+1, 100)
		}
	}
	j.in.mem.Put(path.Base(j.entry.Path), k)
	return k
}

// unread reports a file that could not be read for a reason that is not its
// own. What it held when it was read last stands.
func (r *runner) unread(ctx context.Context, j job, stage finding.Stage, reason finding.Reason, err error) result {
	skip := j.t.skipOf(j.entry, stage, reason, err)
	j.t.count.Skipped.Add(1)
	res := result{skip: &skip}
	if reason == finding.Vanished {
		return res
	}
	if reason == finding.Stopped {
		if j.in != nil {
			j.in.broken.Store(true)
		}
		return res
	}
	if m, ok := recall(j.known.Data); ok && j.in != nil && j.in.mem != nil {
		j.in.mem.Keep(j.known)
		if m.Read && !m.ordinary() {
			ev := m.evidence(j.known)
			ev.Notes = []string{fmt.Sprintf("It could not be read tonight (%s) and is judged by what it held on %s.", reason, time.Unix(j.known.Read, 0).UTC().Format(time.DateOnly))}
			res.doc, res.stale = r.judge(ctx, j, ev, r.rules(ctx, j)), true
			return res
		}
	}
	res.unseen = j.t.mask(source.Join(j.t.name(), j.entry.Path))
	return res
}

// evidence is what a judge needs of a remembered document.
func (m remembered) evidence(k state.Known) judge.Evidence {
	ev := judge.Evidence{
		MediaType: m.MediaType, Partial: m.Skip != nil, Places: m.Places, PersonKeys: m.Keys, Print: m.Print,
		Content: detectors.Result{
			Grade: detectors.Grade(m.Grade), Score: m.Score, Categories: m.Categories, Persons: m.Persons, Minors: m.Minors,
		},
	}
	if k.RulesSince != 0 {
		ev.RulesSince = time.Unix(k.RulesSince, 0)
	}
	return ev
}
