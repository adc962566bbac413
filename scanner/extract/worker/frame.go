package worker

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A frame is one byte of kind, four bytes of length (little-endian) and the
// payload. Neither side believes the other: a frame is at most maxFrame long,
// and what it may hold is checked where it is used.
const maxFrame = 1 << 20

// kind is what a frame holds.
type kind byte

// Kinds that the pool sends.
const (
	kindSettings kind = 'S' // JSON settings, once, first
	kindDocument kind = 'D' // JSON job
	kindBytes    kind = 'B' // the document's bytes, or the answer to a range
	kindError    kind = 'E' // JSON readFault, instead of a range's bytes
	kindGrant    kind = 'G' // JSON grant, the answer to kindAsk
)

// Kinds that the worker sends.
const (
	kindReady  kind = 'H' // JSON ready, once, first
	kindRange  kind = 'R' // offset (8 bytes) and length (4) of bytes wanted
	kindAsk    kind = 'O' // may OCR of a page begin?
	kindOver   kind = 'P' // OCR of the page is over
	kindText   kind = 'T' // text of the document
	kindSpans  kind = 'L' // its spans, in the coding of spans.go
	kindResult kind = 'F' // JSON result, last
)

// errProtocol says that the other side sent what it must not.
var errProtocol = errors.New("protocol violated")

func writeFrame(w *bufio.Writer, k kind, payload []byte) error {
	if len(payload) > maxFrame {
		return fmt.Errorf("frame of %d bytes: %w", len(payload), errProtocol)
	}
	var head [5]byte
	head[0] = byte(k)
	binary.LittleEndian.PutUint32(head[1:], uint32(len(payload)))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(payload)
	return err
}

// sendFrame writes a frame and flushes.
func sendFrame(w *bufio.Writer, k kind, payload []byte) error {
	if err := writeFrame(w, k, payload); err != nil {
		return err
	}
	return w.Flush()
}

func sendJSON(w *bufio.Writer, k kind, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return sendFrame(w, k, b)
}

// readFrame reads the next frame into buf, which it grows as needed; the
// payload is valid until the next call.
func readFrame(r *bufio.Reader, buf *[]byte) (kind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.LittleEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("frame of %d bytes: %w", n, errProtocol)
	}
	if uint32(cap(*buf)) < n {
		*buf = make([]byte, n, max(int(n), 2*cap(*buf)))
	}
	b := (*buf)[:n]
	if _, err := io.ReadFull(r, b); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	return kind(head[0]), b, nil
}

func putRange(off int64, n int) []byte {
	var b [12]byte
	binary.LittleEndian.PutUint64(b[:], uint64(off))
	binary.LittleEndian.PutUint32(b[8:], uint32(n))
	return b[:]
}

func getRange(b []byte) (off int64, n int, err error) {
	if len(b) != 12 {
		return 0, 0, fmt.Errorf("range of %d bytes: %w", len(b), errProtocol)
	}
	off = int64(binary.LittleEndian.Uint64(b))
	n = int(binary.LittleEndian.Uint32(b[8:]))
	if off < 0 || n <= 0 || n > maxFrame {
		return 0, 0, fmt.Errorf("impossible range: %w", errProtocol)
	}
	return off, n, nil
}
