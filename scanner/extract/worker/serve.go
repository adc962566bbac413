package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/image"
)

// Exit codes of a worker process.
const (
	exitOK      = 0
	exitFailed  = 1
	exitRunaway = 9 // an extractor did not come back and cannot be stopped
)

// Settings are what a worker needs to know of the configuration. They hold no
// secret: a worker has no credentials.
type Settings struct {
	// Memory is the most memory of the process in bytes.
	Memory int64 `json:"memory"`
	// FastPDF lets the fast reader of package pdf try first.
	FastPDF bool `json:"fast_pdf"`
	// PDFCache is the folder of PDFium's compiled code.
	PDFCache string `json:"pdf_cache"`
	// OCR is nil when pictures are not to be read.
	OCR *OCR `json:"ocr"`
}

// OCR are the settings of OCR.
type OCR struct {
	// Program and Languages are as in image.Options.
	Program   string        `json:"program"`
	Languages []string      `json:"languages"`
	PageTime  time.Duration `json:"page_time"`
}

// Extractors are what a worker reads documents with.
type Extractors struct {
	// Normal are tried first. Careful replace them for a document that brought
	// a worker down; nil means the same ones.
	Normal, Careful []extract.Extractor
	// OCR says why pictures cannot be read; empty when they can.
	OCR string
}

// Hooks are what extractors in a worker call.
type Hooks struct {
	// Gate asks the pool before each page of OCR.
	Gate image.Gate
	// Runaway ends the process at once; the document is tried again with the
	// careful extractors.
	Runaway func()
	// Abandoned ends the process after the current document.
	Abandoned func()
}

// Build makes the extractors of a worker process.
type Build func(Settings, Hooks) (Extractors, error)

// Serve reads documents from in and writes their text to out until in ends.
// exit is called, from any goroutine, when the process is to end at once.
func Serve(ctx context.Context, in io.Reader, out io.Writer, build Build, exit func(int)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	frames := make(chan message)
	go func() {
		defer cancel()
		defer close(frames)
		receive(ctx, in, frames)
	}()
	s := &server{
		link: &link{out: bufio.NewWriterSize(out, 64<<10), in: frames},
	}
	m, ok := <-frames
	if !ok {
		return nil
	}
	var settings Settings
	if m.kind != kindSettings || json.Unmarshal(m.payload, &settings) != nil {
		return errProtocol
	}
	ext, err := build(settings, Hooks{Gate: s, Runaway: func() { exit(exitRunaway) }, Abandoned: func() { s.last.Store(true) }})
	if err != nil {
		return err
	}
	if ext.Careful == nil {
		ext.Careful = ext.Normal
	}
	s.ext = ext
	if err := sendJSON(s.link.out, kindReady, ready{OCR: ext.OCR}); err != nil {
		return err
	}
	for m := range frames {
		if m.kind != kindDocument {
			return errProtocol
		}
		var j job
		if err := json.Unmarshal(m.payload, &j); err != nil {
			return errProtocol
		}
		if err := s.serve(ctx, j); err != nil {
			return err
		}
		if s.last.Load() {
			return nil
		}
	}
	return nil
}

// receive delivers frames until in ends: the pool is gone then.
func receive(ctx context.Context, in io.Reader, frames chan<- message) {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		var buf []byte // each payload has memory of its own
		k, payload, err := readFrame(r, &buf)
		if err != nil {
			return
		}
		select {
		case frames <- message{k, payload}:
		case <-ctx.Done():
			return
		}
	}
}

// unlimited is a document's time as extract.Run sees it.
const unlimited = 999 * time.Hour

// server is one worker process.
type server struct {
	link  *link
	ext   Extractors
	clock atomic.Pointer[clock] // of the current document
	last  atomic.Bool           // end after it
}

// serve reads one document and sends what was found.
func (s *server) serve(ctx context.Context, j job) error {
	if j.Size < 0 {
		return errProtocol
	}
	f, err := s.file(ctx, j)
	if err != nil {
		return err
	}
	lim := j.Limits.WithDefaults()
	c := newClock(ctx, lim.Time)
	s.clock.Store(c)
	defer c.stop()
	lim.Time = unlimited // the clock's is the one that counts
	ext := s.ext.Normal
	if j.Careful {
		ext = s.ext.Careful
	}
	start := time.Now()
	doc := extract.Run(c, f, j.Name, ext, lim)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if doc.Skip != nil {
		doc.Skip.Error = strings.ReplaceAll(doc.Skip.Error, unlimited.String(), j.Limits.WithDefaults().Time.String())
	}
	return s.send(doc, time.Since(start))
}

func (s *server) file(ctx context.Context, j job) (extract.File, error) {
	if !j.Inline {
		return &remote{ctx: ctx, link: s.link, size: j.Size}, nil
	}
	if j.Size > inlineSize {
		return nil, errProtocol
	}
	data := make([]byte, 0, j.Size)
	for int64(len(data)) < j.Size {
		m, ok := <-s.link.in
		if !ok || m.kind != kindBytes || len(m.payload) == 0 {
			return nil, errProtocol
		}
		data = append(data, m.payload...)
	}
	if int64(len(data)) != j.Size {
		return nil, errProtocol
	}
	return extract.Bytes(data), nil
}

func (s *server) send(doc extract.Document, took time.Duration) error {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	w := s.link.out
	for text := doc.Text; len(text) > 0; {
		n := min(len(text), maxFrame)
		if err := writeFrame(w, kindText, text[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	if err := (&spanWriter{w: w}).send(doc.Spans); err != nil {
		return err
	}
	r := resultOf(doc)
	r.Took, r.Last = took, s.last.Load()
	return sendJSON(w, kindResult, r)
}

// Enter implements image.Gate: the pool holds the queue and the budget of
// OCR. The document's clock stands still meanwhile.
func (s *server) Enter(ctx context.Context) (func(), error) {
	c := s.clock.Load()
	c.pause()
	// The answer is waited for whatever becomes of the document: it would be
	// taken for that of the next question.
	m, err := s.link.ask(context.WithoutCancel(ctx), kindAsk, nil)
	if err != nil {
		c.resume()
		return nil, err
	}
	var g grant
	if m.kind != kindGrant || json.Unmarshal(m.payload, &g) != nil {
		c.resume()
		return nil, errProtocol
	}
	if !g.OK {
		c.resume()
		return nil, fmt.Errorf("%s: %w", g.Refused, extract.ErrBudget)
	}
	return func() {
		// A connection that fails here fails at the next frame, too.
		_ = s.link.tell(kindOver, nil)
		c.resume()
	}, nil
}

// isClosed reports whether the connection ended, as it does when the pool is
// closed.
func isClosed(err error) bool {
	return err == nil || errors.Is(err, context.Canceled) || errors.Is(err, io.ErrClosedPipe)
}
