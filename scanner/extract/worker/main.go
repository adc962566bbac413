package worker

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/image"
	"aktvakt/scanner/extract/list"
	"aktvakt/scanner/extract/pdf"
)

// Main is the hidden command of a worker process: it serves documents from
// stdin to stdout until stdin ends, and returns the exit code.
func Main(ctx context.Context, stdin io.Reader, stdout io.Writer) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := &watchedReader{r: stdin, ended: func() {
		// The pool is gone. An extractor may be in a call that cannot be
		// interrupted.
		time.AfterFunc(2*time.Second, func() { os.Exit(exitOK) })
	}}
	err := Serve(ctx, in, stdout, build, os.Exit)
	if !isClosed(err) {
		return exitFailed
	}
	return exitOK
}

// build makes the product's extractors and then gives up what the process
// does not need any more.
func build(s Settings, h Hooks) (Extractors, error) {
	if err := confineMemory(s.Memory); err != nil {
		return Extractors{}, fmt.Errorf("limit memory: %w", err)
	}
	var x Extractors
	var ocr *image.Extractor
	var recognizer pdf.Recognizer
	if s.OCR != nil {
		ocr = image.New(image.Options{Program: s.OCR.Program, Languages: s.OCR.Languages, PageTime: s.OCR.PageTime, Gate: h.Gate})
		recognizer = ocr
	} else {
		ocr = image.New(image.Options{Program: "off"})
	}
	if err := ocr.Available(); err != nil {
		x.OCR = err.Error()
	}
	opt := pdf.Options{Workers: 1, CacheDir: s.PDFCache, Memory: sandboxMemory(s.Memory), OCR: recognizer, Abandoned: h.Abandoned}
	careful := pdf.New(opt)
	if s.PDFCache != "" && !pdf.Cached(s.PDFCache) {
		// Without this the code would be compiled by every process, as files
		// cannot be written later on. A failure shows at the first PDF.
		_ = careful.Warm()
	}
	if err := confineFiles(); err != nil {
		return Extractors{}, fmt.Errorf("forbid files: %w", err)
	}
	with := func(p *pdf.Extractor) []extract.Extractor {
		return slices.Concat([]extract.Extractor{p, ocr}, list.All())
	}
	x.Careful = with(careful)
	x.Normal = x.Careful
	if s.FastPDF {
		opt.Fast, opt.Runaway = true, h.Runaway
		x.Normal = with(pdf.New(opt))
	}
	return x, nil
}

// sandboxMemory is how much of the process' memory one PDF may take. A
// sandbox that grows is copied, so at times there are two of it.
func sandboxMemory(process int64) int64 { return process / 4 }

// watchedReader tells when its reader ends.
type watchedReader struct {
	r     io.Reader
	ended func()
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil {
		w.ended()
	}
	return n, err
}
