package smb

import (
	"context"
	"sync"
)

// page is the files that a server listed in one piece, for reading their access
// rules ahead.
type page struct {
	mu    sync.Mutex
	top   int // files up to here were asked about, or passed over
	files []listedFile
	// fetches are on the way.
	fetches []*fetch
}

type listedFile struct {
	path string
	sys  *sys
}

// fetch is a batch of rules on the way: those of files from to to.
type fetch struct {
	from, to int
	done     chan struct{}
}

// pass notes that somebody asks about file i and returns how many files that
// passes over, i among them.
func (p *page) pass(i int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := max(i+1-p.top, 0)
	p.top += n
	return n
}

// density tells how many of the files that are passed over are asked about.
type density struct {
	mu             sync.Mutex
	asked, passing int
}

const (
	densityLeast  = 8    // files from which it is known
	densityMemory = 2048 // files after which older ones count half
)

func (d *density) count(passed int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if d.passing += passed; d.passing > densityMemory {
		d.asked, d.passing = d.asked/2, d.passing/2
	}
}

// most reports whether most files are asked about.
func (d *density) most() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.passing >= densityLeast && 2*d.asked > d.passing
}

// readAhead fetches the rules of a file and of those behind it, when most files
// are asked about. It may return without those of the file: then they are to be
// asked for alone.
func (s *Source) readAhead(ctx context.Context, y *sys) error {
	p, i := y.page, int(y.index)
	if !s.wanted.most() {
		return nil
	}
	f, mine := p.join(i)
	if !mine {
		select {
		case <-f.done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	defer p.leave(f)
	names := make([][]byte, 0, batch)
	to := make([]*sys, 0, batch)
	for _, x := range p.files[f.from:f.to] {
		if x.sys.known() != nil {
			continue
		}
		if name, err := s.wirePath(x.path); err == nil {
			names, to = append(names, name), append(to, x.sys)
		}
	}
	if len(names) == 0 {
		return nil
	}
	rs, err := s.fetchRules(ctx, names)
	if err != nil {
		return err
	}
	for i, r := range rs {
		to[i].learn(r)
	}
	return nil
}

// join finds the fetch that brings the rules of file i, or begins one, which is
// the caller's to end with leave.
func (p *page) join(i int) (f *fetch, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	end := min(i+batch, len(p.files))
	for _, f := range p.fetches {
		if f.from <= i && i < f.to {
			return f, false
		}
		if i < f.from {
			end = min(end, f.from)
		}
	}
	f = &fetch{from: i, to: end, done: make(chan struct{})}
	p.fetches = append(p.fetches, f)
	return f, true
}

func (p *page) leave(f *fetch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.fetches {
		if p.fetches[i] == f {
			p.fetches = append(p.fetches[:i], p.fetches[i+1:]...)
			break
		}
	}
	close(f.done)
}
