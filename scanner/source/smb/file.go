package smb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/internal/wire"
)

var errNotFile = errors.New("is not a regular file")

// memory is a small file that was read whole.
type memory struct {
	s     *Source
	ctx   context.Context
	entry source.Entry
	mu    sync.RWMutex
	data  []byte
	done  bool
}

func (m *memory) Size() int64 { return int64(len(m.data)) }

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := readable(m.ctx, m.done, off); err != nil {
		return 0, m.s.pathError("read", m.entry, err)
	}
	if off >= int64(len(m.data)) {
		return 0, io.EOF
	}
	n := copy(p, m.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done = true
	return nil
}

func readable(ctx context.Context, closed bool, off int64) error {
	switch {
	case closed:
		return fs.ErrClosed
	case off < 0:
		return errors.New("negative offset")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return nil
}

// Files are read in blocks. Most are read front to back, and then several
// blocks come in one request; zip directories and PDF cross-references jump
// about and find their last blocks kept.
const (
	blockSize  = 256 << 10
	maxAhead   = 4 // blocks per request when reading front to back
	keptBlocks = 6 // 1.5 MiB per open file
)

var blockPool = sync.Pool{New: func() any { return new([blockSize]byte) }}

type block struct {
	index int64
	buf   *[blockSize]byte
	n     int
}

// file is an open file on the server. When its connection breaks it is opened
// anew, and must then be unchanged.
type file struct {
	s     *Source
	ctx   context.Context
	entry source.Entry
	name  []byte

	mu     sync.Mutex
	link   *link
	id     wire.FileID
	info   wire.Info
	closed bool
	blocks []block // the last used at the end
	next   int64   // block that follows the last one fetched
	ahead  int64   // blocks to fetch when next is wanted
}

func (f *file) Size() int64 { return f.info.Size }

// open opens the file on any connection.
func (f *file) open() error {
	y, _ := f.entry.Sys.(*sys)
	return f.s.withRules(f.ctx, work{single, 1}, y, func(l *link, access uint32) (r wire.Rules, err error) {
		var id wire.FileID
		var info wire.Info
		if access&wire.ReadControl != 0 {
			id, info, r, err = l.tree.OpenRules(f.name, access, f.s.options|fileOptions)
		} else {
			id, info, err = l.tree.Open(f.name, access, f.s.options|fileOptions)
		}
		if err != nil {
			return r, err
		}
		if info.Attributes&(attrOffline|attrRecallOnOpen|attrRecallOnData) != 0 {
			_ = l.tree.Close(id)
			return r, wire.FileIsOffline
		}
		f.link, f.id, f.info = l, id, info
		return r, nil
	})
}

// reopen opens the file again after its connection broke.
func (f *file) reopen() error {
	old := f.info
	if err := f.open(); err != nil {
		return err
	}
	if f.info.Size != old.Size || !f.info.Modified.Equal(old.Modified) {
		f.s.closeLater(f.link, f.id)
		f.info = old
		return errChanged
	}
	return nil
}

// Close closes the file on the server.
func (f *file) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return f.s.pathError("close", f.entry, fs.ErrClosed)
	}
	f.closed = true
	for _, b := range f.blocks {
		blockPool.Put(b.buf)
	}
	f.blocks = nil
	f.s.closeLater(f.link, f.id)
	return nil
}

// ReadAt reads through the kept blocks; whole blocks that are not kept go
// straight into p.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := readable(f.ctx, f.closed, off); err != nil {
		return 0, f.s.pathError("read", f.entry, err)
	}
	if off >= f.info.Size {
		return 0, io.EOF
	}
	want := p
	if rest := f.info.Size - off; int64(len(want)) > rest {
		want = want[:rest]
	}
	n := 0
	for n < len(want) {
		m, err := f.readSome(want[n:], off+int64(n))
		n += m
		if err != nil {
			return n, f.s.pathError("read", f.entry, err)
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// readSome reads at least one byte.
func (f *file) readSome(p []byte, off int64) (int, error) {
	index, skip := off/blockSize, int(off%blockSize)
	if b := f.kept(index); b != nil {
		return copy(p, b.buf[skip:b.n]), nil
	}
	if skip == 0 && len(p) >= blockSize {
		whole := len(p) / blockSize * blockSize
		if off+int64(len(p)) == f.info.Size {
			whole = len(p) // to the end of the file, in the same request
		}
		for i := int64(1); i*blockSize < int64(whole); i++ {
			if f.find(index+i) >= 0 {
				whole = int(i * blockSize)
				break
			}
		}
		whole = min(whole, maxAhead*blockSize)
		f.next = index + int64((whole+blockSize-1)/blockSize)
		return whole, f.fetch(p[:whole], off)
	}
	if err := f.fill(index); err != nil {
		return 0, err
	}
	b := f.kept(index)
	return copy(p, b.buf[skip:b.n]), nil
}

func (f *file) find(index int64) int {
	for i := range f.blocks {
		if f.blocks[i].index == index {
			return i
		}
	}
	return -1
}

// kept returns a block that is kept and makes it the last used.
func (f *file) kept(index int64) *block {
	i := f.find(index)
	if i < 0 {
		return nil
	}
	b := f.blocks[i]
	copy(f.blocks[i:], f.blocks[i+1:])
	last := len(f.blocks) - 1
	f.blocks[last] = b
	return &f.blocks[last]
}

// fill fetches a block, and those behind it when the file is being read front
// to back.
func (f *file) fill(index int64) error {
	if index == f.next && index > 0 {
		f.ahead = min(2*f.ahead, maxAhead)
	} else {
		f.ahead = 1
	}
	n := int64(1)
	for n < f.ahead && (index+n)*blockSize < f.info.Size && f.find(index+n) < 0 {
		n++
	}
	size := min(n*blockSize, f.info.Size-index*blockSize)
	buf := make([]byte, 0)
	if n > 1 {
		buf = make([]byte, size)
		if err := f.fetch(buf, index*blockSize); err != nil {
			return err
		}
	}
	// The wanted block is stored last, so that no other takes its place.
	for i := n - 1; i >= 0; i-- {
		b := block{index: index + i, n: int(min(blockSize, size-i*blockSize)), buf: f.space()}
		if n > 1 {
			copy(b.buf[:b.n], buf[i*blockSize:])
		} else if err := f.fetch(b.buf[:b.n], index*blockSize); err != nil {
			blockPool.Put(b.buf)
			return err
		}
		f.blocks = append(f.blocks, b)
	}
	f.next = index + n
	return nil
}

// space returns room for a block and forgets the one not used for longest.
func (f *file) space() *[blockSize]byte {
	if len(f.blocks) < keptBlocks {
		return blockPool.Get().(*[blockSize]byte)
	}
	buf := f.blocks[0].buf
	f.blocks = append(f.blocks[:0], f.blocks[1:]...)
	return buf
}

// fetch reads exactly len(p) bytes from the server.
func (f *file) fetch(p []byte, off int64) error {
	for n := 0; n < len(p); {
		m, err := f.fetchSome(p[n:], off+int64(n))
		n += m
		if err == io.EOF || err == nil && m == 0 {
			return fmt.Errorf("%w: it has become shorter", errChanged)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *file) fetchSome(p []byte, off int64) (n int, err error) {
	err = f.s.retry(f.ctx, func() error {
		if !f.link.alive() {
			if err := f.reopen(); err != nil {
				return unavailable{err}
			}
		}
		part := p[:min(len(p), f.link.tree.MaxRead())]
		if err := f.s.limiter.wait(f.ctx, len(part)); err != nil {
			return unavailable{err}
		}
		return f.s.on(f.ctx, f.link, work{data, 1}, func(l *link) (err error) {
			n, err = l.tree.Read(f.id, part, off)
			return err
		})
	})
	return n, err
}
