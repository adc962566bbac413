package scanner

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
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
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], e.ID)
	h.Write(b[:])
	if e.ID == 0 {
		binary.LittleEndian.PutUint64(b[:], uint64(nanos(e.Created)))
		h.Write(b[:])
	}
	h.Write([]byte(e.Tag))
	return h.Sum64()
}

// rulesHash names the access rules of an entry; 0 is unknown.
func (t *target) rulesHash(x rules) uint64 {
	if x.audience == nil {
		return 0
	}
	if h, ok := t.hashes.Load(x.desc); ok {
		return h.(uint64)
	}
	f := fnv.New64a()
	f.Write([]byte{byte(x.desc.Kind)})
	f.Write([]byte(x.desc.Raw))
	h := f.Sum64() | 1
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

// rulesAgain works out who can read an unchanged file. To ask for its rules
// costs a file server four times as much as to list it, so it is not asked
// where nothing depends on them: a file without text has no readers to judge,
// and for an ordinary document the rules of another one in the folder stand
// that had the same. Rules that moved the ctime are always asked for.
func (r *runner) rulesAgain(ctx context.Context, j job, m remembered) rules {
	if j.in == nil || r.Sample != nil || j.known.Changed != nanos(j.entry.Changed) {
		return r.rules(ctx, j)
	}
	switch {
	case !m.Read:
		return rules{}
	case !m.ordinary():
		return r.rules(ctx, j)
	}
	if x, ok := j.in.alike(j.known.Rules); ok {
		return x
	}
	x := r.rules(ctx, j)
	if h := j.t.rulesHash(x); h != 0 {
		j.in.learn(h, x)
	}
	return x
}

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
func (r *runner) again(ctx context.Context, j job, m remembered, x rules) (res result, ok bool) {
	if s := m.Skip; s != nil && !m.Read {
		if retried(s.Reason) && j.known.Attempts < attempts {
			return res, false
		}
		skip := j.t.skipOf(j.entry, s.Stage, s.Reason, nil)
		skip.Error = s.Error
		if retried(s.Reason) {
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

// retried reports whether a skip may go away when the file is tried again.
func retried(r finding.Reason) bool {
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
	k.RulesSince = r.rulesSince(k, h)
	k.Rules, k.Changed = h, changed
	j.in.mem.Put(path.Base(j.entry.Path), k)
	return k
}

// rulesSince is since when a file of which k is remembered has the rules h: 0
// where no run saw them change.
func (r *runner) rulesSince(k state.Known, h uint64) int64 {
	if k.Rules != 0 && h != 0 && k.Rules != h {
		return r.started.Unix()
	}
	return k.RulesSince
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
	k.RulesSince = r.rulesSince(j.known, k.Rules)
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
	ev.RulesSince = clock(k.RulesSince)
	return ev
}

// clock is a time that is remembered in seconds since 1970; 0 is unknown.
func clock(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
