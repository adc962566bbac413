// Package pdf reads PDF documents: the text of every page, comments and form
// values, document properties, bookmarks and attached files.
//
// The reader is PDFium, compiled to WebAssembly and run in a sandbox that has
// no file system, no network and a limit on its memory. A document is read by
// ranges, so that a large file is not pulled over the network as a whole. A
// page that brings the sandbox down costs that page; the rest is read in a
// new one.
//
// The package never decrypts with a password other than the empty one, runs
// no JavaScript of a document and follows no link. A call into the sandbox
// cannot be interrupted: when its context ends, Extract returns and leaves
// the call behind, so hostile documents belong into a process that can be
// killed (package worker).
//
// Start reading at Extractor.
package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"runtime"
	"sync"
	"time"

	"aktvakt/scanner/extract"
)

// Recognizer reads the text of a picture (OCR).
type Recognizer interface {
	// Recognize returns the text of img. An error that wraps
	// extract.ErrUnsupported says that there is no OCR, one that wraps
	// extract.ErrBudget that its budget is used up; later pages fail alike.
	Recognize(ctx context.Context, img *image.Gray) (string, error)
}

// Options are the settings of an Extractor. The zero value is usable.
type Options struct {
	// Workers is how many idle sandboxes are kept; the default is the number
	// of processors. The caller bounds how many documents are read at once.
	Workers int
	// CacheDir is a folder for PDFium's compiled code, which takes 3 to 6 s of
	// CPU to make and 0.2 s to load. It is made with mode 0700, and ignored
	// when others can write to it: what lies there is run. Empty keeps the
	// code in memory only.
	CacheDir string
	// Memory is the most memory of one sandbox in bytes; default 256 MiB.
	Memory int64
	// Fast tries a cheaper reader first and falls back to PDFium where its
	// text fails a quality gate. It is for worker processes only: that
	// reader's loops and allocations are bounded by nothing but the process.
	Fast bool
	// Runaway is called when the fast reader does not come back; a worker
	// process ends itself, to be asked again without Fast. Nil leaves the
	// reader running and turns to PDFium.
	Runaway func()
	// Abandoned is called when a call into the sandbox did not come back soon
	// after its context ended, and was left behind. It takes a core until it
	// ends, and can hold up the whole process.
	Abandoned func()
	// OCR reads pages that are pictures; nil leaves them unread, and the
	// document counts as partial.
	OCR Recognizer
}

// Extractor reads PDF documents. It implements extract.Extractor.
type Extractor struct {
	opt Options

	mu     sync.Mutex
	engine *engine
	broken error
}

// New returns an Extractor. PDFium is loaded when the first document comes.
func New(opt Options) *Extractor {
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	if opt.Memory <= 0 {
		opt.Memory = 256 << 20
	}
	return &Extractor{opt: opt}
}

// Name implements extract.Extractor.
func (e *Extractor) Name() string { return "pdf" }

// Wants implements extract.Extractor. Readers accept a PDF whose header
// stands anywhere in the first 1024 bytes (ISO 32000-2, annex I note 13).
func (e *Extractor) Wants(_, mediaType string, head []byte) bool {
	return mediaType == "application/pdf" || hasHeader(head)
}

// Close frees PDFium. Documents being read end with an error.
func (e *Extractor) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.engine == nil {
		return nil
	}
	err := e.engine.close()
	e.engine = nil
	return err
}

// Warm loads PDFium and fills the cache of compiled code, so that the first
// document does not wait for it.
func (e *Extractor) Warm() error {
	_, err := e.start()
	return err
}

func (e *Extractor) start() (*engine, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.engine == nil && e.broken == nil {
		e.engine, e.broken = newEngine(e.opt)
	}
	if e.broken != nil {
		return nil, fmt.Errorf("load PDFium: %w", e.broken)
	}
	return e.engine, nil
}

// grace is how long Extract waits for a call into the sandbox to end after
// its context has.
const grace = 200 * time.Millisecond

// Extract implements extract.Extractor.
func (e *Extractor) Extract(ctx context.Context, name string, f extract.File, out extract.Out) error {
	if err := extract.Alive(ctx); err != nil {
		return err
	}
	file := newReader(f)
	ctx, cancel := context.WithCancel(ctx)
	r := &reading{ext: e, file: file, parts: make(chan part), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.run(ctx)
	}()
	err := r.forward(ctx, out)
	if live := extract.Alive(ctx); err == nil && live != nil {
		err = live
	}
	cancel()
	select {
	case <-r.done:
	case <-time.After(grace):
		if e.opt.Abandoned != nil {
			e.opt.Abandoned()
		}
	}
	file.detach()
	if err == nil {
		err = r.err // r is done
	}
	// What the share answered counts before what PDFium made of it.
	if below := file.failure(); below != nil && err != nil && !errors.Is(err, extract.ErrBudget) {
		return below
	}
	return err
}

// part is what a reading sends: a block, or an attached file when name is set.
type part struct {
	block   extract.Block
	name    string
	content []byte
	broken  error // the named part cannot be read
}

// forward hands parts to out in the goroutine of Extract, since out is not
// safe for use by another.
func (r *reading) forward(ctx context.Context, out extract.Out) error {
	for {
		select {
		case p := <-r.parts:
			var err error
			switch {
			case p.broken != nil:
				err = extract.Broken(out, p.name, p.broken)
			case p.name != "":
				err = embed(ctx, out, p)
			default:
				err = out.Text(p.block)
			}
			if err != nil {
				return err
			}
		case <-r.done:
			return nil
		case <-ctx.Done():
			return extract.Alive(ctx)
		}
	}
}

// embed charges the document's budget for a file that PDFium unpacked, and
// hands it over.
func embed(ctx context.Context, out extract.Out, p part) error {
	file, err := extract.Buffer(ctx, bytes.NewReader(p.content))
	if err != nil {
		return extract.Broken(out, p.name, err)
	}
	return out.File(p.name, file)
}

func hasHeader(head []byte) bool {
	const header = "%PDF-"
	head = head[:min(len(head), 1024+len(header))]
	for i := 0; i+len(header) <= len(head); i++ {
		if string(head[i:i+len(header)]) == header {
			return true
		}
	}
	return false
}
