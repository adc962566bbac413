package smb

import (
	"context"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/internal/wire"
)

const (
	// batch is the number of descriptors per compound request. Beyond 50 some
	// servers refuse, and fewer cost round trips.
	batch = 40
	// ahead is the number of batches that are fetched while one is consumed.
	ahead = 3
	// maxPages is the number of pages of a large folder, some 500 entries each,
	// that come in one round trip.
	maxPages = 4
	// maxRestarts bounds how often a listing begins anew without a new entry.
	maxRestarts = 5
)

// List streams the entries of a folder. It holds some 2,000 entries and eight
// bytes for every entry that it has told; when the connection breaks it lists
// anew and leaves out what it has told before.
func (s *Source) List(ctx context.Context, dir source.Entry) iter.Seq2[source.Entry, error] {
	return func(yield func(source.Entry, error) bool) {
		fail := func(err error) { yield(source.Entry{}, s.pathError("list", dir, err)) }
		if y, ok := dir.Sys.(*sys); ok && y.attributes&attrRecallOnOpen != 0 {
			fail(source.ErrOffline)
			return
		}
		name, err := s.wirePath(dir.Path)
		if err != nil {
			fail(err)
			return
		}
		l := &listing{s: s, dir: dir.Path, name: name, yield: yield, seed: maphash.MakeSeed()}
		for restarts := 0; ; restarts++ {
			told := len(l.told)
			err := l.pass(ctx)
			if err == nil || l.stopped {
				return
			}
			if len(l.told) > told {
				restarts = 0
			}
			if err != errRestart || restarts >= maxRestarts {
				if err == errRestart {
					err = fmt.Errorf("%w: the connection broke again and again", source.ErrUnreachable)
				}
				fail(err)
				return
			}
			l.restart()
		}
	}
}

// errRestart says that the folder's handle is lost.
var errRestart = fmt.Errorf("listing was interrupted")

// listing is one listing under way.
type listing struct {
	s       *Source
	dir     string
	name    []byte
	yield   func(source.Entry, error) bool
	stopped bool

	// told are the hashes of names that were yielded, in order; known are
	// those of earlier passes, sorted.
	told, known []uint64
	seed        maphash.Seed
}

func (l *listing) restart() {
	l.known = append(l.known, l.told...)
	slices.Sort(l.known)
	l.told = l.told[:0]
}

// pass lists the folder once. nil means to the end.
func (l *listing) pass(ctx context.Context) error {
	var on *link
	var id wire.FileID
	var es []wire.DirEntry
	var done bool
	err := l.s.do(ctx, work{listed, 1}, func(c *link) (err error) {
		id, es, done, err = c.tree.OpenDir(l.name, l.s.options)
		on = c
		return err
	})
	if err != nil {
		return err
	}
	open := true
	release := func() {
		if open {
			open = false
			l.s.closeLater(on, id)
		}
	}
	defer release()
	for pages := 1; ; pages = min(2*pages, maxPages) {
		if done {
			release()
		}
		if err := l.emit(ctx, es); err != nil || done || l.stopped {
			return err
		}
		es, done, err = l.s.nextDir(ctx, on, id, pages)
		if err != nil {
			return err
		}
	}
}

// nextDir reads on in a folder that is open on one connection.
func (s *Source) nextDir(ctx context.Context, on *link, id wire.FileID, pages int) (es []wire.DirEntry, done bool, err error) {
	err = s.retry(ctx, func() error {
		if !on.alive() {
			return unavailable{errRestart}
		}
		err := s.on(ctx, on, work{listed, pages}, func(c *link) (err error) {
			es, done, err = c.tree.NextDir(id, pages)
			return err
		})
		if _, final := err.(unavailable); !final && outcomeOf(err) == broken {
			return unavailable{errRestart}
		}
		return err
	})
	return es, done, err
}

// closeLater closes an open file in the background: nobody needs to wait for
// the answer.
func (s *Source) closeLater(on *link, id wire.FileID) {
	if !on.alive() || s.closed.Err() != nil {
		return
	}
	s.running.Go(func() {
		_ = s.on(s.closed, on, work{kind: single}, func(c *link) error { return c.tree.Close(id) })
	})
}

// slice is a batch of entries whose descriptors are on the way.
type slice struct {
	es    []wire.DirEntry
	rules []*rules // nil without Config.RulesWithListing
	err   error
	ready chan struct{}
}

// emit yields entries, with Config.RulesWithListing after their descriptors,
// which are fetched a few batches ahead.
func (l *listing) emit(ctx context.Context, es []wire.DirEntry) error {
	if len(l.known) > 0 {
		es = slices.DeleteFunc(es, func(e wire.DirEntry) bool {
			_, found := slices.BinarySearch(l.known, maphash.String(l.seed, e.Name))
			return found
		})
	}
	if !l.s.cfg.RulesWithListing {
		return l.tell(ctx, &slice{es: es})
	}
	var queue []*slice
	defer func() {
		for _, q := range queue {
			<-q.ready
		}
	}()
	for len(es) > 0 || len(queue) > 0 {
		for len(es) > 0 && len(queue) < ahead {
			q := &slice{es: es[:min(batch, len(es))], ready: make(chan struct{})}
			es = es[len(q.es):]
			queue = append(queue, q)
			if len(queue) == 1 && len(es) == 0 {
				l.fetch(ctx, q) // the last or only one needs no goroutine
				break
			}
			go l.fetch(ctx, q)
		}
		q := queue[0]
		<-q.ready
		queue = queue[1:]
		if q.err != nil {
			return q.err
		}
		if err := l.tell(ctx, q); err != nil || l.stopped {
			return err
		}
	}
	return nil
}

func (l *listing) fetch(ctx context.Context, q *slice) {
	defer close(q.ready)
	names := make([][]byte, len(q.es))
	for i, e := range q.es {
		n, err := wire.EncodePath(e.Name)
		if err != nil {
			q.err = err
			return
		}
		if len(l.name) > 0 {
			names[i] = append(append(append(make([]byte, 0, len(l.name)+2+len(n)), l.name...), '\\', 0), n...)
		} else {
			names[i] = n
		}
		if len(names[i]) > 0xFFFF { // no server opens it; its entry is told all the same
			names[i] = names[i][:0xFFFE]
		}
	}
	q.rules, q.err = l.s.fetchRules(ctx, names)
}

// tell yields a batch.
func (l *listing) tell(ctx context.Context, q *slice) error {
	es := make([]source.Entry, len(q.es))
	files := 0
	for i, d := range q.es {
		path := d.Name
		if l.dir != "" {
			path = l.dir + "/" + path
		}
		if es[i] = l.s.entry(path, d); es[i].Kind == source.Regular {
			files++
		}
	}
	// Folders wait long for their turn: they must not hold their page.
	p, ys := &page{files: make([]listedFile, 0, files)}, make([]sys, files)
	for i := range es {
		y := &sys{}
		if es[i].Kind == source.Regular {
			n := len(p.files)
			y = &ys[n]
			y.page, y.index = p, int32(n)
			p.files = append(p.files, listedFile{es[i].Path, y})
		}
		y.attributes = q.es[i].Attributes
		if q.rules != nil {
			y.learn(q.rules[i])
		}
		es[i].Sys = y
	}
	for i, e := range es {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		l.told = append(l.told, maphash.String(l.seed, q.es[i].Name))
		if !l.yield(e, nil) {
			l.stopped = true
			return nil
		}
	}
	return nil
}
