// Package extracttest is the acceptance suite that every extractor passes. A
// document is hostile until proven otherwise: whatever the bytes, an
// extractor ends, stops when told, panics never, says what is wrong
// with one of the sentinels of package extract, and leaves nothing behind.
//
// Start reading at Run.
package extracttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"

	"aktvakt/scanner/extract"
)

// Suite is an extractor and good files of its formats.
type Suite struct {
	Extractor extract.Extractor
	// Files are paths of files that it reads in full.
	Files []string
	// Mutations is how many broken variants of each file are tried; 0 means
	// 200, or what AKTVAKT_MUTATIONS says.
	Mutations int
}

// deadline ends a call on a small file that goes on and on. What it guards
// against is a loop: a call takes some milliseconds.
const deadline = 2 * time.Minute

// afterEnd is how many bytes of a file an extractor may still read when it is
// called after the end of its context.
const afterEnd = 128 << 10

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	if s.Mutations == 0 {
		s.Mutations = 200
		if n, err := strconv.Atoi(os.Getenv("AKTVAKT_MUTATIONS")); err == nil {
			s.Mutations = n
		}
	}
	if len(s.Files) == 0 {
		t.Fatal("the suite needs files")
	}
	files := map[string][]byte{}
	for _, path := range s.Files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = b
	}
	ignore := goleak.IgnoreCurrent()
	for path, b := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Run("reads", func(t *testing.T) { s.reads(t, path, b) })
			t.Run("truncated", func(t *testing.T) { s.truncated(t, path, b) })
			t.Run("mutated", func(t *testing.T) { s.mutated(t, path, b) })
			t.Run("stops", func(t *testing.T) { s.stops(t, path, b) })
			t.Run("cancelled", func(t *testing.T) { s.cancelled(t, path, b) })
			t.Run("concurrent", func(t *testing.T) { s.concurrent(t, path, b) })
			t.Run("read error", func(t *testing.T) { s.readError(t, path, b) })
		})
	}
	t.Run("hostile", s.hostile)
	goleak.VerifyNone(t, ignore)
}

// Recorder is an Out that keeps what it gets and can refuse after a while.
type Recorder struct {
	Blocks []extract.Block
	Names  []string
	Broken []error
	// After is how many calls succeed; the next and all later return Err.
	After int
	Err   error
	// Late counts calls after the first refusal.
	Late  int
	bytes int
	calls int
}

// maxRecorded ends a document that grows out of all proportion.
const maxRecorded = 256 << 20

func (r *Recorder) call() error {
	r.calls++
	if r.bytes > maxRecorded {
		return extract.ErrBudget
	}
	if r.Err == nil || r.calls <= r.After {
		return nil
	}
	if r.calls > r.After+1 {
		r.Late++
	}
	return r.Err
}

// Text implements extract.Out.
func (r *Recorder) Text(b extract.Block) error {
	r.Blocks = append(r.Blocks, b)
	r.bytes += len(b.Text)
	return r.call()
}

// File implements extract.Out. It reads the file as the core would.
func (r *Recorder) File(name string, f extract.File) error {
	r.Names = append(r.Names, name)
	if f != nil {
		head := make([]byte, min(f.Size(), 512))
		if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
			r.Broken = append(r.Broken, err)
		}
	}
	return r.call()
}

// All returns the text of all blocks.
func (r *Recorder) All() string {
	var b bytes.Buffer
	for _, x := range r.Blocks {
		b.WriteString(x.Text)
		b.WriteByte('\n')
	}
	return b.String()
}

// call runs the extractor and fails the test when only its deadline ends
// that. A panic fails the test with its stack.
func (s Suite) call(t *testing.T, name string, f extract.File, r *Recorder) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	err := s.Extractor.Extract(ctx, name, f, r)
	if ctx.Err() != nil {
		t.Error("does not end by itself")
	}
	for _, b := range r.Blocks {
		if b.Place.Page < 0 || b.Place.Row < 0 || b.Place.Col < 0 {
			t.Fatalf("impossible place %+v", b.Place)
		}
	}
	return err
}

// known reports whether the core can make a reason of the error.
func known(err error) bool {
	for _, e := range []error{
		extract.ErrUnsupported, extract.ErrEncrypted, extract.ErrCorrupt, extract.ErrTooLarge, extract.ErrBudget,
		extract.ErrTimeout, extract.ErrCarved, context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return err == nil
}

func (s Suite) reads(t *testing.T, path string, b []byte) {
	head := b[:min(len(b), extract.HeadSize)]
	if !s.Extractor.Wants(path, extract.Sniff(path, head), head) {
		t.Fatal("the extractor does not want its own file")
	}
	doc := extract.Run(t.Context(), extract.Bytes(b), path, []extract.Extractor{s.Extractor}, extract.Limits{})
	if doc.Skip != nil && doc.Skip.Reason != "unsupported" { // members may be for others
		t.Errorf("skip %+v", doc.Skip)
	}
	if len(doc.Text) == 0 {
		t.Error("no text")
	}
	if !utf8.Valid(doc.Text) {
		t.Error("text is not UTF-8")
	}
	end := 0
	for _, sp := range doc.Spans {
		if sp.Start != end || sp.End <= sp.Start {
			t.Fatalf("span %d to %d after %d", sp.Start, sp.End, end)
		}
		end = sp.End
	}
	if end != len(doc.Text) {
		t.Errorf("spans end at %d of %d", end, len(doc.Text))
	}
	// Bytes in memory and a file give the same.
	other := extract.Run(t.Context(), file{b}, path, []extract.Extractor{s.Extractor}, extract.Limits{})
	if !bytes.Equal(other.Text, doc.Text) {
		t.Error("text depends on the kind of file")
	}
}

// file hides that it is in memory.
type file struct{ b extract.Bytes }

func (f file) Size() int64                             { return f.b.Size() }
func (f file) ReadAt(p []byte, off int64) (int, error) { return f.b.ReadAt(p, off) }

// cuts is at how many lengths a long file is cut.
const cuts = 150

// truncated cuts the file at every length, or at some if it is long.
func (s Suite) truncated(t *testing.T, path string, b []byte) {
	step := max(1, len(b)/cuts)
	for n := 0; n < len(b); n += step {
		var r Recorder
		if err := s.call(t, path, extract.Bytes(b[:n:n]), &r); !known(err) {
			t.Fatalf("cut at %d: error without a reason: %v", n, err)
		}
	}
}

// mutated breaks bytes at random: single bits, runs of 0x00 or 0xFF, lengths
// and offsets with extreme values, stretches moved or repeated.
func (s Suite) mutated(t *testing.T, path string, b []byte) {
	rnd := rand.New(rand.NewPCG(1, uint64(len(b))))
	for i := range s.Mutations {
		m := bytes.Clone(b)
		for range 1 + rnd.IntN(8) {
			m = Mutate(rnd, m)
		}
		var r Recorder
		if err := s.call(t, path, extract.Bytes(m), &r); !known(err) {
			t.Fatalf("mutation %d: error without a reason: %v", i, err)
		}
	}
}

// Mutate breaks a few bytes of m, which it may change in place.
func Mutate(rnd *rand.Rand, m []byte) []byte {
	if len(m) == 0 {
		return m
	}
	at := rnd.IntN(len(m))
	n := min(1+rnd.IntN(16), len(m)-at)
	switch rnd.IntN(6) {
	case 0:
		m[at] ^= 1 << rnd.IntN(8)
	case 1:
		for i := range n {
			m[at+i] = 0xFF
		}
	case 2:
		for i := range n {
			m[at+i] = 0
		}
	case 3:
		for i := range n {
			m[at+i] = byte(rnd.Uint32())
		}
	case 4:
		copy(m[at:], m[rnd.IntN(len(m)):])
	case 5:
		m = append(m[:at:at], m[at+n:]...)
	}
	return m
}

// stops refuses the first, second, ... block: the extractor must return the
// error and send nothing more.
func (s Suite) stops(t *testing.T, path string, b []byte) {
	for after := range 4 {
		refusal := fmt.Errorf("refused: %w", extract.ErrBudget)
		r := Recorder{After: after, Err: refusal}
		err := s.call(t, path, extract.Bytes(b), &r)
		if r.calls <= after {
			return // no more calls than that
		}
		if !errors.Is(err, extract.ErrBudget) {
			t.Errorf("after %d calls: the refusal is lost: %v", after, err)
		}
		if r.Late > 0 {
			t.Errorf("after %d calls: %d more after the refusal", after, r.Late)
		}
	}
}

// cancelled calls the extractor after the end of its context: it may look at
// the file's beginning and notice at its first block.
func (s Suite) cancelled(t *testing.T, path string, b []byte) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var r Recorder
	f := &Counted{Bytes: b}
	_ = s.Extractor.Extract(ctx, path, f, &r)
	if r.calls > 1 {
		t.Errorf("%d blocks and files after the end of the context", r.calls)
	}
	if n := f.Read(); n > afterEnd {
		t.Errorf("%d bytes read after the end of the context", n)
	}
}

// Counted is a file that counts the bytes that are read of it, so that a test
// can bound the work done on it.
type Counted struct {
	extract.Bytes
	n atomic.Int64
}

// ReadAt implements io.ReaderAt.
func (c *Counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Bytes.ReadAt(p, off)
	c.n.Add(int64(n))
	return n, err
}

// Read returns how many bytes were read so far.
func (c *Counted) Read() int64 { return c.n.Load() }

func (s Suite) concurrent(t *testing.T, path string, b []byte) {
	var want Recorder
	_ = s.call(t, path, extract.Bytes(b), &want)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var r Recorder
			_ = s.Extractor.Extract(t.Context(), path, extract.Bytes(b), &r)
			if r.All() != want.All() {
				t.Error("text differs from one call to the next")
			}
		})
	}
	wg.Wait()
}

// failing is a file whose medium breaks after some bytes.
type failing struct {
	b     extract.Bytes
	after int64
}

var errMedium = fmt.Errorf("the share went away: %w", io.ErrClosedPipe)

func (f failing) Size() int64 { return f.b.Size() }

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.after {
		return 0, errMedium
	}
	return f.b.ReadAt(p, off)
}

// readError breaks the medium at several points: the core must tell it from a
// corrupt document.
func (s Suite) readError(t *testing.T, path string, b []byte) {
	for _, after := range []int{0, len(b) / 3, len(b) - 1} {
		doc := extract.Run(t.Context(), failing{b, int64(after)}, path, []extract.Extractor{s.Extractor}, extract.Limits{})
		if doc.Skip == nil {
			t.Errorf("after %d bytes: the error is lost", after)
		} else if doc.Skip.Reason != "error" {
			t.Errorf("after %d bytes: skip %+v", after, doc.Skip)
		}
	}
}

// hostile gives the extractor what it did not ask for.
func (s Suite) hostile(t *testing.T) {
	noise := make([]byte, 64<<10)
	rnd := rand.New(rand.NewPCG(7, 7))
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	tests := map[string][]byte{
		"nothing": nil, "one byte": {0}, "zeros": make([]byte, 64<<10), "noise": noise, "ones": bytes.Repeat([]byte{0xFF}, 64<<10),
		"text": []byte("only text\n"), "brackets": bytes.Repeat([]byte("<{[("), 16<<10), "long line": bytes.Repeat([]byte("a"), 1<<20),
	}
	for _, magic := range []string{
		"PK\x03\x04", "PK\x05\x06", "%PDF-1.7\n", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "{\\rtf1", "7z\xBC\xAF\x27\x1C", "Rar!\x1A\x07\x01\x00",
		"\x1F\x8B\x08", "BZh9", "\xFD7zXZ\x00", "From a\nb: c\n", "<html>", "<?xml version=\"1.0\"?>",
	} {
		tests["noise after "+fmt.Sprintf("%q", magic)] = append([]byte(magic), noise...)
		tests["magic "+fmt.Sprintf("%q", magic)] = []byte(magic)
	}
	for name, b := range tests {
		t.Run(name, func(t *testing.T) {
			var r Recorder
			if err := s.call(t, "x", extract.Bytes(b), &r); !known(err) {
				t.Errorf("error without a reason: %v", err)
			}
		})
	}
}
