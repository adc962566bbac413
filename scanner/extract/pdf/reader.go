package pdf

import (
	"errors"
	"io"
	"sync"

	"aktvakt/scanner/extract"
)

// PDFium reads a document in pieces of 512 bytes, to and fro between objects
// and the cross-reference table. Over a network each would be a round trip,
// so they are served from a few blocks.
const (
	blockSize  = 64 << 10
	blockCount = 32
)

// reader is the io.ReadSeeker that go-pdfium takes. PDFium's own positions
// have 32 bits, so no file beyond 4 GiB is read.
type reader struct {
	mu     sync.Mutex
	f      extract.File // nil once detached
	mem    []byte       // the whole file, where it lies in memory
	tail   []byte       // what was appended to it in memory
	size   int64        // with the tail
	pos    int64
	err    error // the first error of the file below
	blocks map[int64]*block
	clock  int64
}

type block struct {
	data []byte
	used int64
}

var errDetached = errors.New("document is no longer read")

func newReader(f extract.File) *reader {
	r := &reader{f: f, size: f.Size()}
	if b, ok := f.(extract.Bytes); ok {
		r.mem = b
		return r
	}
	r.blocks = make(map[int64]*block)
	return r
}

// detach lets go of the file: no read is in flight once it has returned and
// none starts later. go-pdfium keeps a reference to the reader of a document
// that did not open, so its buffers are let go as well.
func (r *reader) detach() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.f, r.mem, r.tail, r.blocks = nil, nil, nil, nil
}

// extend appends to the file as it is seen from now on.
func (r *reader) extend(tail []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tail = append(r.tail, tail...)
	r.size += int64(len(tail))
	r.pos = 0
}

// failure is the first error of the file below, nil if there was none.
func (r *reader) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Seek implements io.Seeker.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return r.pos, errors.New("negative position")
	}
	r.pos = offset
	return offset, nil
}

// Read fills p or fails, as PDFium takes a short read for an error.
func (r *reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.fill(p, r.pos)
	r.pos += int64(n)
	return n, err
}

// readAt is io.ReaderAt; a read over the end returns io.EOF.
func (r *reader) readAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if off < 0 {
		return 0, errors.New("negative position")
	}
	n, err := r.fill(p, off)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

// fill reads from off until p is full. Bytes beyond the end, also of a file
// that shrank, are io.ErrUnexpectedEOF.
func (r *reader) fill(p []byte, off int64) (int, error) {
	if r.f == nil {
		return 0, errDetached
	}
	n := 0
	for n < len(p) {
		b, err := r.at(off + int64(n))
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b)
	}
	return n, nil
}

// at returns the bytes from off to the end of a block.
func (r *reader) at(off int64) ([]byte, error) {
	if off >= r.size {
		return nil, io.ErrUnexpectedEOF
	}
	size := r.size - int64(len(r.tail))
	if off >= size {
		return r.tail[off-size:], nil
	}
	if r.mem != nil {
		return r.mem[off:], nil
	}
	index := off / blockSize
	b := r.blocks[index]
	if b == nil {
		b = r.free()
		start := index * blockSize
		n, err := r.f.ReadAt(b.data[:min(blockSize, size-start)], start)
		b.data = b.data[:n]
		if err != nil && err != io.EOF {
			if r.err == nil {
				r.err = err
			}
			return nil, err
		}
		r.blocks[index] = b
	}
	r.clock++
	b.used = r.clock
	within := off - index*blockSize
	if within >= int64(len(b.data)) {
		return nil, io.ErrUnexpectedEOF
	}
	return b.data[within:], nil
}

// free returns an unused block, that of the longest unused when all are taken.
func (r *reader) free() *block {
	if len(r.blocks) < blockCount {
		return &block{data: make([]byte, blockSize)}
	}
	var oldest int64 = -1
	for i, b := range r.blocks {
		if oldest < 0 || b.used < r.blocks[oldest].used {
			oldest = i
		}
	}
	b := r.blocks[oldest]
	delete(r.blocks, oldest)
	b.data = b.data[:blockSize]
	return b
}
