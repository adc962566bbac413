package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"
)

// Run extracts the text of a document and of everything embedded in it. The
// first of exts that wants the file reads it; one that finds it is not of its
// formats lets the next try. Run never panics and never returns an error:
// what went wrong is the document's Skip. name is a hint and becomes no text.
//
// Run keeps the limits as far as the extractors do their part. Memory and
// time that an extractor takes without asking can only be bounded from
// outside the process.
func Run(ctx context.Context, f File, name string, exts []Extractor, lim Limits) Document {
	lim = lim.WithDefaults()
	b := &budget{member: lim.Member}
	b.unpacked.Store(lim.Unpacked)
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, budgetKey{}, b), lim.Time)
	defer cancel()

	r := &runner{ctx: ctx, exts: exts, lim: lim, budget: b}
	mediaType, err := r.extract(f, name, "")
	r.doc.MediaType = mediaType
	if err == nil {
		err = r.ended // an extractor that did not pass it on
	}
	if err != nil {
		r.skip("", err)
	}
	if r.doc.Skip != nil {
		r.doc.Skip.Partial = r.doc.hasContent()
		if r.more > 0 {
			r.doc.Skip.Error += fmt.Sprintf(" (and %d more)", r.more)
		}
	}
	return r.doc
}

// hasContent reports whether there is more text than names of embedded files.
func (d *Document) hasContent() bool {
	for _, s := range d.Spans {
		if s.Place.Part != PartFileName {
			return true
		}
	}
	return false
}

// runner is one call of Run.
type runner struct {
	ctx    context.Context
	exts   []Extractor
	lim    Limits
	budget *budget
	doc    Document
	more   int // skips told by number alone
	ended  error
}

// extract reads one file, the document itself (member "") or an embedded one.
func (r *runner) extract(f File, name, member string) (mediaType string, err error) {
	if f.Size() == 0 {
		return TypeEmpty, nil
	}
	file := &watched{f: f}
	head, err := headOf(f, file)
	if err != nil {
		return TypeBinary, err
	}
	mediaType = Sniff(name, head)
	to := &out{r: r, member: member, mediaType: mediaType}
	err = ErrUnsupported
	for _, e := range r.exts {
		if !e.Wants(name, mediaType, head) {
			continue
		}
		// In-memory members stay Bytes, which extractors need not copy.
		var in File = file
		if b, ok := f.(Bytes); ok {
			in = b
		}
		before := len(r.doc.Text)
		err = r.guard(e, name, in, to)
		if errors.Is(err, ErrUnsupported) && len(r.doc.Text) == before {
			continue
		}
		break
	}
	if err != nil {
		switch {
		case r.ended != nil:
			err = r.ended
		case file.err != nil:
			err = file.err
		}
	}
	return to.mediaType, err
}

// headOf reads the beginning of a file, of one in memory without copying.
func headOf(f File, file *watched) ([]byte, error) {
	if b, ok := f.(Bytes); ok {
		n := min(len(b), HeadSize)
		return b[:n:n], nil
	}
	head := make([]byte, min(f.Size(), HeadSize))
	n, err := file.ReadAt(head, 0)
	switch {
	case n > 0:
		return head[:n], nil
	case file.err != nil:
		return nil, file.err
	case err != nil && err != io.EOF:
		return nil, err
	}
	return nil, fmt.Errorf("no bytes at its beginning: %w", ErrCorrupt)
}

// guard calls the extractor and turns a panic into an error. A panic's own
// text may quote the document, so only those of the runtime are told.
func (r *runner) guard(e Extractor, name string, f File, out Out) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			err = fmt.Errorf("fault in the %s reader: %w", e.Name(), p)
		default:
			err = fmt.Errorf("fault in the %s reader", e.Name())
		}
	}()
	return e.Extract(r.ctx, name, f, out)
}

// skip records why the document is partial. The gravest reason is told.
func (r *runner) skip(member string, err error) {
	if errors.Is(err, ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w (limit %v)", ErrTimeout, r.lim.Time)
	}
	s := skipFor(member, err)
	if r.doc.Skip == nil {
		r.doc.Skip = s
		return
	}
	if r.doc.Skip.Error == s.Error {
		return
	}
	r.more++
	if gravity(s.Reason) > gravity(r.doc.Skip.Reason) {
		r.doc.Skip = s
	}
}

// fatal ends the whole document.
func (r *runner) fatal(err error) error {
	if r.ended == nil {
		r.ended = err
	}
	return r.ended
}

// alive reports the error that ends the document, if any.
func (r *runner) alive() error {
	if r.ended != nil {
		return r.ended
	}
	if err := Alive(r.ctx); err != nil {
		return r.fatal(err)
	}
	return nil
}

// text appends a block.
func (r *runner) text(b Block) error {
	if err := r.alive(); err != nil {
		return err
	}
	if b.Text == "" {
		return nil
	}
	d := &r.doc
	if b.Place.Page > d.Pages && b.Place.Member == "" {
		d.Pages = b.Place.Page
	}
	room := r.lim.Text - int64(len(d.Text))
	full := int64(len(b.Text)) >= room
	if full {
		b.Text = cut(b.Text, max(room-1, 0))
	}
	start := len(d.Text)
	if need := start + len(b.Text) + 1; need > cap(d.Text) {
		// Doubling copies less than append, which grows long slices by a quarter.
		d.Text = slices.Grow(d.Text, max(need, min(2*cap(d.Text), int(r.lim.Text)))-start)
	}
	d.Text = appendValid(d.Text, b.Text)
	if len(d.Text) > start && d.Text[len(d.Text)-1] != '\n' {
		d.Text = append(d.Text, '\n')
	}
	if len(d.Text) > start {
		r.span(start, len(d.Text), b.Place)
	}
	if full {
		return r.fatal(fmt.Errorf("more than %d bytes of text: %w", r.lim.Text, ErrBudget))
	}
	return nil
}

// span records a place, in one span with the last where that says the same.
func (r *runner) span(start, end int, p Place) {
	d := &r.doc
	if n := len(d.Spans); n > 0 && d.Spans[n-1].Place == p && p.Row == 0 {
		d.Spans[n-1].End = end
		return
	}
	d.Spans = append(d.Spans, Span{Start: start, End: end, Place: p})
}

// cut shortens s to at most n bytes without breaking a character.
func cut(s string, n int64) string {
	if int64(len(s)) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func appendValid(dst []byte, s string) []byte {
	if utf8.ValidString(s) {
		return append(dst, s...)
	}
	for _, c := range s {
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}

// out is the Out of one file.
type out struct {
	r         *runner
	member    string
	mediaType string
}

func (o *out) Text(b Block) error {
	b.Place.Member = o.member
	return o.r.text(b)
}

func (o *out) File(name string, f File) error { return o.file(name, f, true) }

// MediaType lets an extractor say what a container turned out to hold.
func (o *out) MediaType(t string) { o.mediaType = t }

func (o *out) file(name string, f File, named bool) error {
	r := o.r
	if err := r.alive(); err != nil {
		return err
	}
	member := joinMember(o.member, name)
	if named {
		if err := r.text(Block{Text: name, Place: Place{Member: member, Part: PartFileName}}); err != nil {
			return err
		}
	}
	r.doc.Members++
	if r.doc.Members > r.lim.Members {
		return r.fatal(fmt.Errorf("more than %d embedded files: %w", r.lim.Members, ErrBudget))
	}
	if f == nil {
		return nil
	}
	if r.budget.depth >= r.lim.Depth {
		r.skip(member, fmt.Errorf("nested over %d deep: %w", r.lim.Depth, ErrTooLarge))
		return nil
	}
	r.budget.depth++
	mediaType, err := r.extract(f, name, member)
	r.budget.depth--
	switch {
	case r.ended != nil:
		return r.ended
	case err == nil:
	case errors.Is(err, ErrBudget):
		return r.fatal(err)
	case Alive(r.ctx) != nil:
		return r.fatal(Alive(r.ctx))
	case errors.Is(err, ErrUnsupported) && isMedia(mediaType):
		r.doc.Unread++
	default:
		r.skip(member, err)
	}
	return nil
}

// joinMember returns the path of an embedded file within the document.
func joinMember(parent, name string) string {
	name = strings.Trim(path.Clean("/"+strings.ReplaceAll(name, "\\", "/")), "/")
	if name == "" {
		name = "unnamed"
	}
	if parent == "" {
		return name
	}
	return parent + "/" + name
}

func isMedia(mediaType string) bool {
	for _, p := range []string{"image/", "audio/", "video/", "font/"} {
		if strings.HasPrefix(mediaType, p) {
			return true
		}
	}
	return false
}

// Embed hands over an embedded file whose name a program made up, such as
// image1.png: it is read like any member, but its name is no text.
func Embed(to Out, name string, f File) error {
	if o, ok := to.(*out); ok {
		return o.file(name, f, false)
	}
	return to.File(name, f)
}

// Broken records that a part or member cannot be read, and why; the others
// go on. The document becomes partial.
func Broken(to Out, name string, err error) error {
	if o, ok := to.(*out); ok {
		if o.r.alive() != nil {
			return o.r.ended
		}
		if errors.Is(err, ErrBudget) {
			return o.r.fatal(err)
		}
		o.r.skip(joinMember(o.member, name), err)
		return nil
	}
	if b, ok := to.(interface{ Broken(string, error) error }); ok {
		return b.Broken(name, err)
	}
	return nil
}

// SetMediaType says what a container turned out to hold, where Sniff could
// not see it in the first bytes.
func SetMediaType(to Out, mediaType string) {
	if o, ok := to.(interface{ MediaType(string) }); ok {
		o.MediaType(mediaType)
	}
}

// watched remembers the first error of the file below, so that a share that
// went away is not taken for a corrupt document.
type watched struct {
	f   File
	err error
}

func (w *watched) Size() int64 { return w.f.Size() }

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.f.ReadAt(p, off)
	if err != nil && err != io.EOF && off >= 0 && !isContext(err) && w.err == nil {
		w.err = &readError{err}
	}
	return n, err
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
