package scanner

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/bmatcuk/doublestar/v4"

	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/source"
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
	entry source.Entry
	in    *folder
}

// walk lists a tree with several goroutines. The frontier is a stack, so that
// subtrees are finished before new ones are begun and it stays short.
type walk struct {
	t     *target
	files chan<- job
	skip  func(finding.Skip)

	mu      sync.Mutex
	wake    *sync.Cond
	stack   []*folder
	working int
	// fault is the first listing error that means the walk is incomplete.
	fault error
}

func newWalk(t *target, files chan<- job, skip func(finding.Skip)) *walk {
	w := &walk{t: t, files: files, skip: skip}
	w.wake = sync.NewCond(&w.mu)
	return w
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
	for _, f := range w.stack {
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
	w.stack = append(w.stack, f)
	w.wake.Signal()
}

// pop waits for a folder; nil means that the walk is over.
func (w *walk) pop(ctx context.Context) *folder {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.stack) == 0 && w.working > 0 && ctx.Err() == nil {
		w.wake.Wait()
	}
	if len(w.stack) == 0 || ctx.Err() != nil {
		return nil
	}
	f := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	w.working++
	return f
}

func (w *walk) done() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.working--
	if w.working == 0 && len(w.stack) == 0 {
		w.wake.Broadcast()
	}
}

func (w *walk) list(ctx context.Context, f *folder) {
	for e, err := range w.t.src.List(ctx, f.entry) {
		switch {
		case err != nil && e.Path == "":
			w.listFault(ctx, f, err)
			return
		case err != nil:
			w.t.listed()
			w.skipEntry(e, finding.StageList, reasonOf(err), err)
		default:
			w.entry(ctx, f, e)
		}
		if ctx.Err() != nil {
			w.stopped(f)
			return
		}
	}
	w.t.count.Folders.Add(1)
	w.t.total.Folders.Add(1)
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

func (w *walk) entry(ctx context.Context, in *folder, e source.Entry) {
	if e.Kind == source.Dir {
		w.folder(in, e)
		return
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
	default:
		select {
		case w.files <- job{t: w.t, entry: e, in: in}:
		case <-ctx.Done():
			w.skipEntry(e, finding.StageOpen, finding.Stopped, nil)
		}
	}
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
		w.push(sub)
	}
}
