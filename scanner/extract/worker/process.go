package worker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/image"
)

// process is the pool's end of one worker. One goroutine uses it at a time,
// but for kill.
type process struct {
	cmd       *exec.Cmd
	in        *bufio.Writer
	closeIn   func() error
	out       *bufio.Reader
	said      *said
	buf       []byte
	documents int
	ends      bool // the worker said that it ends after this document

	memory int64 // its limit, in bytes
	mu     sync.Mutex
	waited bool // the process is gone and its number may be another's
	ending sync.Once
	crash  crash
}

// crash is what a worker died of.
type crash int

const (
	crashOther crash = iota
	crashMemory
	crashRunaway
)

// end is how the work on a document ended.
type end int

const (
	endNone    end = iota // well
	endTimeout            // the deadline passed
	endCrash              // the worker is gone
	endGarbage            // it sent what it must not
	endContext            // the caller's context ended
)

// start starts a worker and waits until it is ready.
func start(ctx context.Context, opt Options) (*process, ready, error) {
	cmd := exec.Command(opt.Command[0], opt.Command[1:]...)
	// GOTRACEBACK keeps a crash from printing what functions were called with.
	cmd.Env = append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "GOTRACEBACK=none"}, opt.Env...)
	cmd.Dir = "/"
	isolate(cmd)
	w := &process{cmd: cmd, said: &said{}, memory: opt.Settings.Memory}
	cmd.Stderr = w.said
	cmd.WaitDelay = time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, ready{}, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, ready{}, err
	}
	widen(stdin)
	widen(stdout)
	w.in, w.closeIn = bufio.NewWriterSize(stdin, 64<<10), stdin.Close
	w.out = bufio.NewReaderSize(stdout, 64<<10)
	if err := cmd.Start(); err != nil {
		return nil, ready{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	defer context.AfterFunc(ctx, w.kill)()
	var hello ready
	err = sendJSON(w.in, kindSettings, opt.Settings)
	if err == nil {
		var k kind
		var b []byte
		if k, b, err = readFrame(w.out, &w.buf); err == nil && (k != kindReady || json.Unmarshal(b, &hello) != nil) {
			err = errProtocol
		}
	}
	if err != nil {
		w.end()
		if ctx.Err() != nil {
			return nil, hello, ctx.Err()
		}
		return nil, hello, fmt.Errorf("%s: not ready: %w", opt.Command[0], err)
	}
	return w, hello, nil
}

// kill ends the process and what it started, at once.
func (w *process) kill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.waited {
		killGroup(w.cmd)
	}
}

// end ends the process, kindly if it listens, and says what it died of. It
// may be called again.
func (w *process) end() crash {
	w.ending.Do(func() {
		_ = w.closeIn()
		t := time.AfterFunc(time.Second, w.kill)
		_, _ = io.Copy(io.Discard, w.out) // until it has exited
		t.Stop()
		w.kill() // what it may have left behind
		w.mu.Lock()
		err := w.cmd.Wait()
		w.waited = true
		w.mu.Unlock()
		var exit *exec.ExitError
		switch {
		case errors.As(err, &exit) && exit.ExitCode() == exitRunaway:
			w.crash = crashRunaway
		case w.said.outOfMemory(), exit != nil && w.starved(exit):
			w.crash = crashMemory
		}
	})
	return w.crash
}

// starved reports whether the process probably died of the end of its memory
// without words for it: the runtime may crash with two thirds of the limit in
// use, and the kernel may kill.
func (w *process) starved(exit *exec.ExitError) bool {
	const fatal, signalled = 2, -1
	code := exit.ExitCode()
	return (code == fatal && !w.said.panicked() || code == signalled) &&
		!raceEnabled && w.memory > 0 && peak(exit.ProcessState) > w.memory/2
}

// said keeps the beginning of what a worker prints, to find out what it died
// of. It is never shown: it may quote a document.
type said struct {
	mu sync.Mutex
	b  []byte
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = append(s.b, p[:min(len(p), 4096-min(len(s.b), 4096))]...)
	return len(p), nil
}

// panicked reports whether the program itself gave up.
func (s *said) panicked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.HasPrefix(s.b, []byte("panic: "))
}

// outOfMemory looks for what the Go runtime prints when it gets no memory
// (runtime/malloc.go, runtime/mem_linux.go, runtime/os_linux.go), or its C part
// for a thread (runtime/cgo/gcc_libinit.c).
func (s *said) outOfMemory() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range []string{"out of memory", "cannot allocate memory", "failed to create new OS thread", "pthread_create failed", "Cannot allocate memory"} {
		if bytes.Contains(s.b, []byte(m)) {
			return true
		}
	}
	return false
}

// task is one document on its way through a worker.
type task struct {
	job    job
	file   extract.File
	inline []byte
	budget *image.Budget
	fault  *readFault // the first error of the file
}

// load reads a small document into memory.
func (t *task) load() *readFault {
	if t.job.Size > inlineSize {
		return nil
	}
	if b, ok := t.file.(extract.Bytes); ok {
		t.inline = b
	} else {
		t.inline = make([]byte, t.job.Size)
		n, err := t.file.ReadAt(t.inline, 0)
		if err != nil && err != io.EOF {
			return faultOf(err)
		}
		t.inline = t.inline[:n]
	}
	t.job.Inline, t.job.Size = true, int64(len(t.inline))
	return nil
}

// do has the worker read a document. Unless the end is endNone the worker is
// of no more use.
func (w *process) do(ctx context.Context, t *task, grace time.Duration) (extract.Document, end) {
	w.documents++
	c := newClock(ctx, t.job.Limits.Time+grace)
	defer c.stop()
	defer context.AfterFunc(c, w.kill)()
	doc, err := w.talk(c, t)
	switch {
	case err == nil:
		return doc, endNone
	case ctx.Err() != nil:
		return doc, endContext
	case errors.Is(c.Err(), context.DeadlineExceeded):
		return doc, endTimeout
	case errors.Is(err, errProtocol):
		return doc, endGarbage
	}
	return doc, endCrash
}

// talk sends the document and answers the worker until it has the result.
func (w *process) talk(c *clock, t *task) (extract.Document, error) {
	if err := w.send(t); err != nil {
		return extract.Document{}, err
	}
	conv := &conversation{process: w, task: t, clock: c}
	defer conv.leave()
	for {
		k, b, err := readFrame(w.out, &w.buf)
		if err != nil {
			return extract.Document{}, err
		}
		if k == kindResult {
			return conv.result(b)
		}
		if err := conv.answer(k, b); err != nil {
			return extract.Document{}, err
		}
	}
}

func (w *process) send(t *task) error {
	if err := sendJSON(w.in, kindDocument, t.job); err != nil {
		return err
	}
	for b := t.inline; len(b) > 0; {
		n := min(len(b), maxFrame)
		if err := writeFrame(w.in, kindBytes, b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return w.in.Flush()
}

// conversation is what the worker has said of one document.
type conversation struct {
	*process
	task  *task
	clock *clock
	text  []byte
	spans spanReader
	inOCR func() // ends OCR; nil when none is on
	reply []byte
}

func (c *conversation) answer(k kind, b []byte) error {
	switch k {
	case kindRange:
		return c.readRange(b)
	case kindAsk:
		return c.ask()
	case kindOver:
		if c.inOCR == nil {
			return errProtocol
		}
		c.leave()
		return nil
	case kindText:
		// A block may end a little over the limit.
		if int64(len(c.text)+len(b)) > c.task.job.Limits.Text+maxFrame {
			return fmt.Errorf("too much text: %w", errProtocol)
		}
		c.text = append(c.text, b...)
		return nil
	case kindSpans:
		return c.spans.add(b, len(c.text))
	}
	return fmt.Errorf("kind %q: %w", k, errProtocol)
}

// readRange reads for the worker. Time that the share takes counts as the
// document's.
func (c *conversation) readRange(b []byte) error {
	off, n, err := getRange(b)
	if err != nil {
		return err
	}
	if c.task.job.Inline || off+int64(n) > c.task.job.Size {
		return fmt.Errorf("range outside of the document: %w", errProtocol)
	}
	if cap(c.reply) < n {
		c.reply = make([]byte, n)
	}
	got, err := c.task.file.ReadAt(c.reply[:n], off)
	if err != nil && err != io.EOF {
		f := faultOf(err)
		if c.task.fault == nil {
			c.task.fault = f
		}
		return sendJSON(c.in, kindError, f)
	}
	return sendFrame(c.in, kindBytes, c.reply[:got])
}

// ocrGrace is how much longer than a page's own limit OCR may take before
// the document's clock runs again.
const ocrGrace = 2 * time.Minute

// ask admits a page to OCR. The document's clock stands still while it waits
// and works, but not forever.
func (c *conversation) ask() error {
	if c.inOCR != nil {
		return errProtocol
	}
	c.clock.pause()
	leave, err := c.task.budget.Enter(c.clock)
	if err != nil {
		c.clock.resume()
		if errors.Is(err, extract.ErrBudget) {
			return sendJSON(c.in, kindGrant, grant{Refused: err.Error()})
		}
		return err
	}
	resume := sync.OnceFunc(c.clock.resume)
	t := time.AfterFunc(ocrGrace, resume)
	c.inOCR = func() {
		t.Stop()
		leave()
		resume()
	}
	return sendJSON(c.in, kindGrant, grant{OK: true})
}

func (c *conversation) leave() {
	if c.inOCR != nil {
		c.inOCR()
		c.inOCR = nil
	}
}

func (c *conversation) result(b []byte) (extract.Document, error) {
	var r result
	if err := json.Unmarshal(b, &r); err != nil {
		return extract.Document{}, fmt.Errorf("result: %w", errProtocol)
	}
	c.ends = r.Last
	doc := r.document(bytes.ToValidUTF8(c.text, []byte("\uFFFD")), c.spans.spans)
	if len(doc.Text) != len(c.text) {
		doc.Spans = nil // they speak of other offsets
	}
	if f := c.task.fault; f != nil && doc.Skip != nil {
		s := f.skip()
		s.Partial = doc.Skip.Partial
		s.Error = printable(s.Error, maxError)
		doc.Skip = s
	}
	return doc, nil
}
