package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/sys"
)

// A sandbox serves several documents, since a new one costs 8 to 30 ms. It is
// replaced after so many documents or bytes, which bounds the memory that
// leaks inside it and what one document could leave behind for the next.
const (
	sandboxDocuments = 100
	sandboxBytes     = 32 << 20
)

const wasmPage = 64 << 10

// engine is PDFium's compiled code and its idle sandboxes.
type engine struct {
	pool  pdfium.Pool
	cache wazero.CompilationCache

	keep int // most idle sandboxes

	mu     sync.Mutex
	idle   []*sandbox
	closed bool
}

// sandbox is one instance of PDFium with a memory of its own.
type sandbox struct {
	pdfium.Pdfium
	documents int
	bytes     int64
}

func newEngine(opt Options) (*engine, error) {
	e := &engine{keep: opt.Workers}
	// A termination check in compiled loops would let a call be interrupted,
	// but makes text extraction five times slower.
	config := wazero.NewRuntimeConfig().
		WithMemoryLimitPages(uint32(min(opt.Memory/wasmPage, 1<<16)))
	unlock := func() {}
	if opt.CacheDir != "" {
		if release, err := prepareCache(opt.CacheDir); err == nil {
			unlock = release
			if e.cache, err = wazero.NewCompilationCacheWithDir(opt.CacheDir); err == nil {
				config = config.WithCompilationCache(e.cache)
			}
		}
	}
	defer unlock()
	pool, err := load(config)
	if err != nil && e.cache != nil { // it may be full, or not writable
		pool, err = load(config.WithCompilationCache(nil))
	}
	if err != nil {
		return nil, err
	}
	e.pool = pool
	return e, nil
}

func load(config wazero.RuntimeConfig) (pdfium.Pool, error) {
	return webassembly.Init(webassembly.Config{
		// A document's attached PDF is read while the document is, and an
		// abandoned call must not block others.
		MaxTotal: -1,
		// The default would mount the root of the file system.
		FSConfig:      wazero.NewFSConfig(),
		RuntimeConfig: config,
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
}

func (e *engine) acquire(ctx context.Context) (*sandbox, error) {
	e.mu.Lock()
	if n := len(e.idle); n > 0 {
		s := e.idle[n-1]
		e.idle = e.idle[:n-1]
		e.mu.Unlock()
		return s, nil
	}
	e.mu.Unlock()
	in, err := e.pool.GetInstanceWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("start PDFium: %w", err)
	}
	return &sandbox{Pdfium: in}, nil
}

// release gives a sandbox back after a document of size bytes.
func (e *engine) release(s *sandbox, size int64) {
	s.documents++
	s.bytes += size
	if s.documents < sandboxDocuments && s.bytes < sandboxBytes {
		e.mu.Lock()
		if !e.closed && len(e.idle) < e.keep {
			e.idle = append(e.idle, s)
			s = nil
		}
		e.mu.Unlock()
	}
	if s != nil {
		s.discard()
	}
}

// discard ends a sandbox whose state is in doubt.
func (s *sandbox) discard() {
	defer func() { _ = recover() }() // go-pdfium's clean-up meets a broken module
	_ = s.Pdfium.Close()
}

func (e *engine) close() error {
	e.mu.Lock()
	idle := e.idle
	e.idle, e.closed = nil, true
	e.mu.Unlock()
	for _, s := range idle {
		s.discard()
	}
	err := e.pool.Close()
	if e.cache != nil {
		err = errors.Join(err, e.cache.Close(context.Background()))
	}
	return err
}

// errTrap says that the sandbox broke down: PDFium crashed, ran out of its
// memory or gave an answer that makes no sense.
var errTrap = errors.New("the PDF reader broke down")

// trapped tells a broken sandbox from an answer of PDFium. wazero has no type
// for traps; their text begins with "wasm error".
func trapped(err error) bool {
	if err == nil {
		return false
	}
	var exit *sys.ExitError
	return errors.Is(err, errTrap) || errors.As(err, &exit) || strings.HasPrefix(err.Error(), "wasm error")
}

// guard turns a panic inside go-pdfium into errTrap. Its text is dropped: it
// may quote the document.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = errTrap
	}
}

// Cached reports whether dir holds compiled code. It may be that of another
// version.
func Cached(dir string) bool {
	found, _ := filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
	return len(found) > 0
}
