// Package worker extracts documents in processes of their own, since neither
// an endless loop nor the end of memory can be caught inside a process. A
// worker that takes too long, too much or dies costs one document, which
// becomes a skip, and is replaced.
//
// A worker has no credentials and an empty environment, cannot write files
// and dumps no memory. It gets a document's bytes over a pipe, small ones at
// once and large ones in the ranges that it asks for, and gives back text.
// Pool treats it as hostile: whatever a taken-over worker sends, it is
// bounded, checked and can only concern the document at hand.
//
// Nothing is written to disk, and what a dying worker prints is looked at for
// the reason and thrown away, as it may quote the document.
//
// Start reading at Pool; the worker's side begins at Main.
package worker

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/image"
	"aktvakt/scanner/finding"
)

// Options are the settings of a Pool.
type Options struct {
	// Command starts a worker: the program and its arguments.
	Command []string
	// Size is how many workers there are at most; the default is the number
	// of processors, or fewer where the container's memory is short.
	Size int
	// Env are further variables of the workers' environment, which is empty
	// but for the PATH. It must hold no secrets.
	Env []string
	// Settings are handed to the workers. Memory defaults to 1 GiB, or less
	// where the container's memory is short.
	Settings Settings
	// Budget is the queue and budget of OCR over the pool's life; nil means
	// half of the workers at once and no limit.
	Budget *image.Budget
	// Grace is how long after Limits.Time a worker is killed; until then it
	// can still give back a part. Default 5 s.
	Grace time.Duration
	// Documents is how many documents a worker reads before it is replaced;
	// default 5000.
	Documents int
}

// inlineSize is the most bytes that are sent over at once.
const inlineSize = 1 << 20

const (
	defaultGrace     = 5 * time.Second
	defaultDocuments = 5000
	// startTime is how long a worker may take to be ready. The first one
	// compiles PDFium, which takes 6 s of CPU.
	startTime = 2 * time.Minute
)

// ErrClosed is returned by Extract after Close.
var ErrClosed = errors.New("worker pool is closed")

// Pool is a set of worker processes. It may be used by many goroutines.
type Pool struct {
	opt   Options
	slots chan struct{}

	mu     sync.Mutex
	idle   []*process
	busy   map[*process]bool
	closed bool
	ocr    string // why there is no OCR, as the last worker said
	stats  Stats
}

// Stats are counts over the life of a Pool.
type Stats struct {
	// Started counts processes, Killed those that a deadline ended, Crashed
	// those that ended by themselves or broke the protocol.
	Started, Killed, Crashed int
}

// NewPool returns a Pool with one worker started, so that a fault in the
// set-up shows at once.
func NewPool(opt Options) (*Pool, error) {
	if len(opt.Command) == 0 {
		return nil, errors.New("worker pool: no command")
	}
	program, err := exec.LookPath(opt.Command[0])
	if err == nil {
		program, err = filepath.Abs(program) // workers run in the root folder
	}
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	opt.Command = append([]string{program}, opt.Command[1:]...)
	opt.Size, opt.Settings.Memory = fit(opt.Size, opt.Settings.Memory, memoryLimit())
	if opt.Grace <= 0 {
		opt.Grace = defaultGrace
	}
	if opt.Documents <= 0 {
		opt.Documents = defaultDocuments
	}
	if opt.Budget == nil {
		opt.Budget = image.NewBudget(max(opt.Size/2, 1), 0, 0)
	}
	p := &Pool{opt: opt, slots: make(chan struct{}, opt.Size), busy: make(map[*process]bool)}
	w, err := p.take(context.Background())
	if err != nil {
		return nil, err
	}
	p.put(w)
	return p, nil
}

// Size is how many workers there are at most.
func (p *Pool) Size() int { return p.opt.Size }

// OCR returns nil when pictures are read, or an error that says why not.
func (p *Pool) OCR() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ocr == "" {
		return nil
	}
	return errors.New(p.ocr)
}

// Stats returns the counts so far.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// attempts is how often a document is tried that brings a worker down. The
// first worker may have been at its end from the documents before.
const attempts = 2

// Extract reads a document in a worker, as extract.Run would. The error is
// only that of ctx, ErrClosed, or that no worker can be started; what is
// wrong with the document is its Skip.
func (p *Pool) Extract(ctx context.Context, name string, f extract.File, lim extract.Limits) (extract.Document, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return extract.Document{}, ctx.Err()
	}
	defer func() { <-p.slots }()
	task := &task{file: f, budget: p.opt.Budget, job: job{Name: name, Size: f.Size(), Limits: lim.WithDefaults()}}
	if fault := task.load(); fault != nil {
		return extract.Document{Skip: fault.skip()}, nil
	}
	for attempt := 1; ; attempt++ {
		w, err := p.take(ctx)
		if err != nil {
			return extract.Document{}, err
		}
		doc, end := w.do(ctx, task, p.opt.Grace)
		if end == endNone {
			p.put(w)
			return doc, nil
		}
		crash := p.bury(w, end)
		switch {
		case ctx.Err() != nil:
			return extract.Document{}, ctx.Err()
		case p.isClosed():
			return extract.Document{}, ErrClosed
		case attempt < attempts && (end != endTimeout || crash == crashRunaway):
			task.job.Careful = true
			continue
		}
		return extract.Document{Skip: p.skip(end, crash, task)}, nil
	}
}

func (p *Pool) skip(end end, crash crash, t *task) *finding.Skip {
	s := &finding.Skip{Stage: finding.StageExtract, Reason: finding.Failed}
	switch {
	case end == endTimeout:
		s.Reason = finding.Timeout
		s.Error = fmt.Sprintf("took too long (limit %v)", t.job.Limits.Time)
	case end == endGarbage:
		s.Error = "extraction process sent nonsense"
	case crash == crashMemory:
		s.Error = fmt.Sprintf("extraction ran out of memory (limit %d MiB)", p.opt.Settings.Memory>>20)
	default:
		s.Error = "extraction process crashed"
	}
	if t.fault != nil {
		s = t.fault.skip()
	}
	return s
}

// take returns an idle worker or starts one.
func (p *Pool) take(ctx context.Context) (*process, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, ErrClosed
	}
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.busy[w] = true
		p.mu.Unlock()
		return w, nil
	}
	p.stats.Started++
	p.mu.Unlock()
	w, hello, err := start(ctx, p.opt)
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ocr = printable(hello.OCR, maxError)
	if p.closed {
		go w.end()
		return nil, ErrClosed
	}
	p.busy[w] = true
	return w, nil
}

// put gives a healthy worker back.
func (p *Pool) put(w *process) {
	p.mu.Lock()
	delete(p.busy, w)
	keep := !p.closed && !w.ends && w.documents < p.opt.Documents
	if keep {
		p.idle = append(p.idle, w)
	}
	p.mu.Unlock()
	if !keep {
		w.end()
	}
}

// bury ends a worker that failed and tells what it died of.
func (p *Pool) bury(w *process, end end) crash {
	crash := w.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, w)
	switch end {
	case endTimeout:
		p.stats.Killed++
	case endCrash, endGarbage:
		p.stats.Crashed++
	}
	return crash
}

func (p *Pool) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// Close ends all workers, also those that are reading a document.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	for w := range p.busy {
		w.kill()
	}
	p.mu.Unlock()
	var wg sync.WaitGroup
	for _, w := range idle {
		wg.Go(func() { w.end() })
	}
	wg.Wait()
	return nil
}
