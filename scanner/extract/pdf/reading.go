package pdf

import (
	"context"
	"errors"
	"fmt"

	pdfium_errors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"aktvakt/scanner/extract"
)

// reading is one document being read, in a goroutine of its own. Only run and
// what it calls touch its fields; err is read once done is closed.
type reading struct {
	ext   *Extractor
	file  *reader
	parts chan part
	done  chan struct{}
	err   error

	pages     int
	damaged   int // pages that could not be read
	pictures  int // pages that only a picture of them tells, unread
	pictureOf error
	fields    map[string]string // form fields told, by name
	attached  map[string]bool   // attachments told, by name and size

	searched bool // for objects of a broken file
	repaired bool

	naming    bool // fonts of type 3 were looked for
	unlocking bool // a way in without a password was looked for
	password  string
}

// errNoPages says that PDFium found no pages, before the file was searched.
var errNoPages = errors.New("no pages found")

// errNamed says that the document got tables of its characters and is to be
// opened again.
var errNamed = errors.New("fonts were given names")

// errLocked says that PDFium asks for a password, before another way in was
// looked for.
var errLocked = errors.New("needs a password")

// maxTraps is how many sandboxes one document may break. Each costs the page
// (or other part) that broke it.
const maxTraps = 8

func (r *reading) run(ctx context.Context) {
	if r.ext.opt.Fast {
		done, err := r.fast(ctx)
		if done {
			r.err = err
			return
		}
	}
	engine, err := r.ext.start()
	if err != nil {
		r.err = err
		return
	}
	step := 0
	for traps := 0; ; {
		box, err := engine.acquire(ctx)
		if err != nil {
			r.err = err
			return
		}
		next, err := r.steps(ctx, box, step)
		if !trapped(err) {
			engine.release(box, r.file.size)
			if errors.Is(err, errNoPages) {
				if err = r.repair(ctx); err == nil {
					continue
				}
			}
			if errors.Is(err, errNamed) {
				step = next
				continue
			}
			if errors.Is(err, errLocked) {
				if err = r.unlock(ctx); err == nil {
					continue
				}
			}
			r.err = r.verdict(err)
			return
		}
		box.discard()
		if extract.Alive(ctx) != nil {
			r.err = extract.Alive(ctx)
			return
		}
		traps++
		r.damaged++
		if r.pages == 0 || traps >= maxTraps {
			r.err = fmt.Errorf("%w: %w", errTrap, extract.ErrCorrupt)
			return
		}
		step = next + 1
	}
}

// repair searches a file that PDFium finds no pages in for pages, once.
func (r *reading) repair(ctx context.Context) error {
	r.searched = true
	tail, err := repair(ctx, r.file)
	if err != nil {
		return err
	}
	if len(tail) > 0 {
		r.file.extend(tail)
		r.repaired = true
	}
	return nil
}

// unlock looks for a way into a document that PDFium has no password for,
// once.
func (r *reading) unlock(ctx context.Context) error {
	r.unlocking = true
	tail, password, err := unlock(ctx, r.file)
	if err != nil {
		return err
	}
	if len(tail) > 0 {
		r.file.extend(tail)
		r.password = password
	}
	return nil
}

// verdict says what became of a document that was read to its end.
func (r *reading) verdict(err error) error {
	switch {
	case err != nil:
		return err
	case r.repaired && r.damaged == 0:
		return fmt.Errorf("its end is missing, %d pages were found: %w", r.pages, extract.ErrCorrupt)
	case r.damaged > 0:
		return fmt.Errorf("%d of %d pages cannot be read: %w", r.damaged, r.pages, extract.ErrCorrupt)
	case r.pictures > 0 && r.pictureOf != nil:
		return fmt.Errorf("%d of %d pages have no readable text, only a picture: %w", r.pictures, r.pages, r.pictureOf)
	case r.pictures > 0:
		return fmt.Errorf("%d of %d pages have no readable text, only a picture, and OCR is off: %w", r.pictures, r.pages, extract.ErrUnsupported)
	}
	return nil
}

// steps reads the document from the given step: one for each page, then the
// parts that belong to no page. It returns the step at which an error came.
func (r *reading) steps(ctx context.Context, box *sandbox, step int) (int, error) {
	var d *document
	err := guarded(func() (err error) {
		d, err = r.open(box)
		return err
	})
	if err != nil {
		return step, err
	}
	defer d.close()
	others := []func(context.Context) error{d.properties, d.bookmarks, d.attachments, d.xfa}
	for ; step < r.pages+len(others); step++ {
		if err := extract.Alive(ctx); err != nil {
			return step, err
		}
		if step < r.pages {
			err = guarded(func() error { return d.page(ctx, step) })
		} else {
			err = guarded(func() error { return others[step-r.pages](ctx) })
		}
		if err != nil {
			return step, err
		}
	}
	return step, nil
}

func guarded(f func() error) (err error) {
	defer guard(&err)
	return f()
}

// document is an open document in a sandbox.
type document struct {
	*reading
	in   *sandbox
	ref  references.FPDF_DOCUMENT
	form *references.FPDF_FORMHANDLE
}

func (r *reading) open(box *sandbox) (*document, error) {
	if r.file.size == 0 {
		return nil, fmt.Errorf("empty file: %w", extract.ErrCorrupt)
	}
	if r.file.size > 1<<32-1 {
		return nil, fmt.Errorf("over 4 GiB: %w", extract.ErrTooLarge)
	}
	request := &requests.OpenDocument{FileReader: r.file, FileReaderSize: r.file.size}
	if r.password != "" {
		request.Password = &r.password
	}
	doc, err := box.OpenDocument(request)
	switch {
	case err == nil:
	case trapped(err):
		return nil, err
	case errors.Is(err, pdfium_errors.ErrPassword) && !r.unlocking:
		return nil, errLocked
	case errors.Is(err, pdfium_errors.ErrPassword):
		return nil, fmt.Errorf("needs a password: %w", extract.ErrEncrypted)
	case errors.Is(err, pdfium_errors.ErrSecurity):
		return nil, fmt.Errorf("unknown encryption: %w", extract.ErrEncrypted)
	case !r.searched:
		return nil, errNoPages
	default:
		return nil, fmt.Errorf("no PDF structure found: %w", extract.ErrCorrupt)
	}
	d := &document{reading: r, in: box, ref: doc.Document}
	count, err := box.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: d.ref})
	if err != nil {
		d.close()
		if trapped(err) {
			return nil, err
		}
		return nil, fmt.Errorf("no pages found: %w", extract.ErrCorrupt)
	}
	r.pages = count.PageCount
	if r.pages == 0 && !r.searched {
		d.close()
		return nil, errNoPages
	}
	d.openForm()
	return d, nil
}

// close closes the document. A sandbox that breaks in it is not used again.
func (d *document) close() {
	err := guarded(func() error {
		if d.form != nil {
			if _, err := d.in.FPDFDOC_ExitFormFillEnvironment(&requests.FPDFDOC_ExitFormFillEnvironment{FormHandle: *d.form}); err != nil {
				return err
			}
		}
		_, err := d.in.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: d.ref})
		return err
	})
	if err != nil {
		d.in.documents = sandboxDocuments
	}
}

func (r *reading) send(ctx context.Context, p part) error {
	select {
	case r.parts <- p:
		return nil
	case <-ctx.Done():
		return extract.Alive(ctx)
	}
}

func (r *reading) text(ctx context.Context, s string, place extract.Place) error {
	if s == "" {
		return nil
	}
	return r.send(ctx, part{block: extract.Block{Text: s, Place: place}})
}
