package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

const (
	// rangeSize is how much one request fetches: over a network a round trip
	// costs as much as reading this.
	rangeSize = 256 << 10
	// rangeCount is how many of them are kept, so that a zip's directory and
	// a PDF's cross-reference table stay at hand.
	rangeCount = 24
)

// link is the worker's end of the connection. The reader goroutine of Serve
// delivers the pool's frames to in.
type link struct {
	mu  sync.Mutex // one question at a time
	out *bufio.Writer
	in  <-chan message
}

type message struct {
	kind    kind
	payload []byte
}

// ask sends a frame and waits for its answer.
func (l *link) ask(ctx context.Context, k kind, payload []byte) (message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := sendFrame(l.out, k, payload); err != nil {
		return message{}, err
	}
	select {
	case m, ok := <-l.in:
		if !ok {
			return m, io.ErrClosedPipe
		}
		return m, nil
	case <-ctx.Done():
		// The answer is still on its way; the connection is of no more use.
		return message{}, ctx.Err()
	}
}

func (l *link) tell(k kind, payload []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return sendFrame(l.out, k, payload)
}

// remote is a document whose bytes the worker asks for. Its context is that
// of the process, not of the document: an answer is always waited for.
type remote struct {
	ctx  context.Context
	link *link
	size int64

	mu     sync.Mutex
	blocks map[int64]*fetched
	clock  int64
}

type fetched struct {
	data []byte
	used int64
}

// Size implements extract.File.
func (r *remote) Size() int64 { return r.size }

// ReadAt implements io.ReaderAt.
func (r *remote) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for n < len(p) {
		at := off + int64(n)
		if at >= r.size {
			return n, io.EOF
		}
		b, err := r.block(at / rangeSize)
		if err != nil {
			return n, err
		}
		within := at % rangeSize
		if within >= int64(len(b)) { // the file shrank
			return n, io.EOF
		}
		n += copy(p[n:], b[within:])
	}
	return n, nil
}

func (r *remote) block(index int64) ([]byte, error) {
	r.clock++
	if b, ok := r.blocks[index]; ok {
		b.used = r.clock
		return b.data, nil
	}
	start := index * rangeSize
	m, err := r.link.ask(r.ctx, kindRange, putRange(start, int(min(rangeSize, r.size-start))))
	if err != nil {
		return nil, err
	}
	switch m.kind {
	case kindBytes:
	case kindError:
		f := new(readFault)
		if err := json.Unmarshal(m.payload, f); err != nil {
			return nil, errProtocol
		}
		return nil, f
	default:
		return nil, fmt.Errorf("answer %q to a range: %w", m.kind, errProtocol)
	}
	if r.blocks == nil {
		r.blocks = make(map[int64]*fetched)
	}
	if len(r.blocks) >= rangeCount {
		oldest := int64(-1)
		for i, b := range r.blocks {
			if oldest < 0 || b.used < r.blocks[oldest].used {
				oldest = i
			}
		}
		delete(r.blocks, oldest)
	}
	r.blocks[index] = &fetched{data: m.payload, used: r.clock}
	return m.payload, nil
}
