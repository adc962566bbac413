package scanner

import (
	"container/heap"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bmatcuk/doublestar/v4"

	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/source"
	"aktvakt/scanner/state"
)

// maxDepth ends a walk that runs in circles on a server that tells no file
// ids. Windows' longest path has 32,767 characters, so real trees end long
// before.
const maxDepth = 1024

// folder is a folder on the way from the root to an entry.
type folder struct {
	entry  source.Entry
	parent *folder
	depth  int
	// covered is the last run that looked at all of its files, 0 for none.
	covered int
	// name is its full name without identity numbers, once it is listed.
	name string
	// mem is what earlier runs know of its files; nil is nothing.
	mem *state.Folder
	// pending counts the files on their way, and the listing. broken tells
	// that not all of them were looked at.
	pending atomic.Int32
	broken  atomic.Bool
	// asked are the access rules that some of its files have tonight, by hash.
	mu    sync.Mutex
	asked map[uint64]rules
}

// maxAsked bounds the rules that are kept of a folder.
const maxAsked = 256

// alike returns the rules of that hash if a file of the folder has them tonight.
func (f *folder) alike(hash uint64) (x rules, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, ok = f.asked[hash]
	return x, ok
}

// learn keeps the rules of a file of the folder.
func (f *folder) learn(hash uint64, x rules) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked == nil {
		f.asked = make(map[uint64]rules)
	}
	if len(f.asked) < maxAsked {
		f.asked[hash] = x
	}
}

// release ends the way of one file, or the listing. The last one gives up the
// memory.
func (f *folder) release() {
	if f != nil && f.pending.Add(-1) == 0 && f.mem != nil {
		f.mem.Close(!f.broken.Load())
		f.mem, f.asked = nil, nil
	}
}

// loops reports whether an entry is one of its own ancestors.
func (f *folder) loops(e source.Entry) bool {
	if e.ID == 0 {
		return false
	}
	for ; f != nil; f = f.parent {
		if f.entry.ID == e.ID && f.entry.Volume == e.Volume {
			return true
		}
	}
	return false
}

// chain returns the folders above an entry that lies in f, the topmost first,
// with their access rules; rules that cannot be read are left zero. f is nil
// for the root of a target.
func (f *folder) chain(ctx context.Context, s source.Source) []access.Folder {
	r, ok := source.As[source.ACLReader](s)
	if !ok {
		return nil
	}
	out := Above(ctx, s)
	if f == nil {
		return out
	}
	n := len(out)
	out = append(out, make([]access.Folder, f.depth+1)...)
	for ; f != nil; f = f.parent {
		d, err := r.ACL(ctx, f.entry)
		if err != nil {
			d = access.Descriptor{}
		}
		out[n+f.depth] = access.Folder{Name: source.Join(s.Name(), f.entry.Path), Descriptor: d}
	}
	return out
}

// Above returns the folders above the root of a source, the topmost first.
// What cannot be read is left out: it costs the name of a place, no verdict.
func Above(ctx context.Context, s source.Source) []access.Folder {
	in, ok := source.As[source.Insider](s)
	if !ok {
		return nil
	}
	out, err := in.Above(ctx)
	if err != nil {
		return nil
	}
	return slices.Clip(out)
}

// Filter chooses entries by globs on the path inside the target.
type Filter struct{ Include, Exclude []string }

// file reports whether a file is wanted.
func (f Filter) file(p string) bool {
	return !match(f.Exclude, p) && (len(f.Include) == 0 || match(f.Include, p))
}

func match(globs []string, p string) bool {
	for _, g := range globs {
		if ok, _ := doublestar.Match(g, p); ok {
			return true
		}
		// A glob without a slash means the name in any folder, as in gitignore.
		if !strings.Contains(g, "/") {
			if ok, _ := doublestar.Match(g, path.Base(p)); ok {
				return true
			}
		}
	}
	return false
}

// job is one file on its way through the pipeline.
type job struct {
	t     *target
	sum   *sum // of what was read, where somebody asks for it
	entry source.Entry
	in    *folder
	// known is what is remembered of the file.
	known state.Known
	// seen tells that known is set, and same that size and time are as they
	// were.
	seen, same bool
}

// batch is how many files that need not be read go through the pipeline in one
// piece.
const batch = 64

// frontier is the folders to be listed: those first that were not looked at
// for longest, so that a run that is stopped every night covers all of an
// estate over the nights. Among equals the deepest comes first, so that
// subtrees are finished before new ones are begun and the frontier stays short.
type frontier []*folder

func (q frontier) Len() int { return len(q) }
func (q frontier) Less(i, j int) bool {
	if q[i].covered != q[j].covered {
		return q[i].covered < q[j].covered
	}
	return q[i].depth > q[j].depth
}
func (q frontier) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *frontier) Push(x any)   { *q = append(*q, x.(*folder)) }
func (q *frontier) Pop() any {
	n := len(*q) - 1
	f := (*q)[n]
	(*q)[n] = nil
	*q = (*q)[:n]
	return f
}

// walk lists a tree with several goroutines.
type walk struct {
	t     *target
	files chan<- []job
	skip  func(finding.Skip)
	// memory is what earlier runs know; nil is nothing.
	memory *state.Memory
	// broken is called when the memory fails, which ends the run.
	broken func()

	mu      sync.Mutex
	wake    *sync.Cond
	queue   frontier
	working int
	// unseen are the folders that could not be listed in full.
	unseen []string
	// fault is the first listing error that means the walk is incomplete.
	fault error
}

func newWalk(t *target, files chan<- []job, skip func(finding.Skip)) *walk {
	w := &walk{t: t, files: files, skip: skip}
	w.wake = sync.NewCond(&w.mu)
	return w
}

// all lists the target: a folder with everything below it, or one file.
func (w *walk) all(ctx context.Context, root source.Entry) {
	if root.Kind == source.Dir {
		w.run(ctx, root, walkers)
	} else if j, ok := w.entry(nil, root); ok {
		w.send(ctx, []job{j})
	}
}

// run walks everything below root with n goroutines and returns when all is
// listed or ctx has ended.
func (w *walk) run(ctx context.Context, root source.Entry, n int) {
	defer context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.wake.Broadcast()
	})()
	w.push(&folder{entry: root})
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for f := w.pop(ctx); f != nil; f = w.pop(ctx) {
				w.list(ctx, f)
				w.done()
			}
		})
	}
	wg.Wait()
	for _, f := range w.queue {
		w.stopped(f)
	}
}

// stopped reports a folder that the end of the run kept from being listed.
func (w *walk) stopped(f *folder) {
	w.t.listed()
	e := f.entry
	e.Kind = source.Dir
	w.skipEntry(e, finding.StageList, finding.Stopped, nil)
}

func (w *walk) push(f *folder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	heap.Push(&w.queue, f)
	w.wake.Signal()
}

// pop waits for a folder; nil means that the walk is over.
func (w *walk) pop(ctx context.Context) *folder {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 && w.working > 0 && ctx.Err() == nil {
		w.wake.Wait()
	}
	if len(w.queue) == 0 || ctx.Err() != nil {
		return nil
	}
	w.working++
	return heap.Pop(&w.queue).(*folder)
}

func (w *walk) done() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.working--
	if w.working == 0 && len(w.queue) == 0 {
		w.wake.Broadcast()
	}
}

func (w *walk) list(ctx context.Context, f *folder) {
	if !w.open(ctx, f) {
		w.stopped(f)
		return
	}
	defer f.release()
	var again []job
	defer func() { w.send(ctx, again) }()
	for e, err := range w.t.src.List(ctx, f.entry) {
		switch {
		case err != nil && e.Path == "":
			f.broken.Store(true)
			w.listFault(ctx, f, err)
			return
		case errors.Is(err, source.ErrEndless):
			w.t.listed()
			w.skipEntry(e, finding.StageList, finding.Loop, err)
		case err != nil:
			f.broken.Store(true)
			w.t.listed()
			w.skipEntry(e, finding.StageList, reasonOf(err), err)
			w.notSeen(e.Path)
		default:
			j, ok := w.entry(f, e)
			switch {
			case !ok:
			case !j.same:
				w.send(ctx, []job{j})
			default:
				if again = append(again, j); len(again) == batch {
					w.send(ctx, again)
					again = nil
				}
			}
		}
		if ctx.Err() != nil {
			f.broken.Store(true)
			w.stopped(f)
			return
		}
	}
	w.t.count.Folders.Add(1)
	w.t.total.Folders.Add(1)
}

// open prepares a folder for being listed.
func (w *walk) open(ctx context.Context, f *folder) bool {
	f.name = w.t.mask(source.Join(w.t.name(), f.entry.Path))
	f.pending.Store(1)
	if w.memory == nil {
		return true
	}
	var err error
	if f.mem, err = w.memory.Folder(ctx, w.t.name(), f.entry.Path); err != nil {
		if ctx.Err() == nil {
			w.broken()
		}
		return false
	}
	return true
}

// send gives files to the pipeline.
func (w *walk) send(ctx context.Context, js []job) {
	if len(js) == 0 {
		return
	}
	select {
	case w.files <- js:
		return
	case <-ctx.Done():
	}
	for _, j := range js {
		w.skipEntry(j.entry, finding.StageOpen, finding.Stopped, nil)
		if j.in != nil {
			j.in.broken.Store(true)
			j.in.release()
		}
	}
}

// notSeen notes a folder or file that may hold what it held and could not be
// looked at.
func (w *walk) notSeen(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unseen = append(w.unseen, w.t.mask(source.Join(w.t.name(), path)))
}

// listFault reports a folder whose listing failed or broke off. A folder that
// the account may not list is a skip like a file; any other fault means that
// the target was not walked to its end.
func (w *walk) listFault(ctx context.Context, f *folder, err error) {
	if ctx.Err() != nil {
		w.stopped(f)
		return
	}
	w.t.listed()
	e := f.entry
	e.Kind = source.Dir
	w.skipEntry(e, finding.StageList, reasonOf(err), err)
	if !errors.Is(err, fs.ErrNotExist) {
		w.notSeen(e.Path)
	}
	if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
		w.mu.Lock()
		if w.fault == nil {
			w.fault = err
		}
		w.mu.Unlock()
	}
}

func (w *walk) skipEntry(e source.Entry, stage finding.Stage, r finding.Reason, err error) {
	w.skip(w.t.skipOf(e, stage, r, err))
}

// entry takes in one entry of a listing. ok tells that it is a file for the
// pipeline.
func (w *walk) entry(in *folder, e source.Entry) (j job, ok bool) {
	if e.Kind == source.Dir {
		w.folder(in, e)
		return j, false
	}
	w.t.listed()
	switch {
	case e.Kind == source.Link:
		w.skipEntry(e, finding.StageList, finding.LinkReason, nil)
	case e.Kind == source.Other:
		w.skipEntry(e, finding.StageList, finding.Unsupported, nil)
	case !w.t.Filter.file(e.Path):
		w.skipEntry(e, finding.StageList, finding.Excluded, nil)
	case e.Offline:
		w.skipEntry(e, finding.StageOpen, finding.Offline, nil)
		w.notSeen(e.Path)
		if in != nil && in.mem != nil {
			if k, ok := in.mem.Look(path.Base(e.Path)); ok {
				in.mem.Keep(k)
			}
		}
	default:
		return w.job(in, e), true
	}
	return j, false
}

// job is a file on its way, with what is remembered of it.
func (w *walk) job(in *folder, e source.Entry) job {
	j := job{t: w.t, entry: e, in: in}
	if in == nil {
		return j
	}
	in.pending.Add(1)
	if in.mem != nil {
		j.known, j.seen = in.mem.Look(path.Base(e.Path))
		j.same = j.seen && sameFile(j.known, e)
	}
	return j
}

func (w *walk) folder(in *folder, e source.Entry) {
	sub := &folder{entry: e, parent: in, depth: in.depth + 1}
	switch {
	case match(w.t.Filter.Exclude, e.Path):
		w.t.listed()
		w.skipEntry(e, finding.StageList, finding.Excluded, nil)
	case in.loops(e) || sub.depth > maxDepth:
		w.t.listed()
		w.skipEntry(e, finding.StageList, finding.Loop, nil)
	default:
		if w.memory != nil {
			sub.covered = w.memory.Covered(w.t.name(), e.Path)
		}
		w.push(sub)
	}
}
