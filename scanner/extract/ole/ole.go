// Package ole reads Microsoft's binary formats of 1992 to 2007, which live in
// OLE compound files: Word (doc), Excel (xls), PowerPoint (ppt) and Outlook
// messages (msg), with their properties and the objects embedded in them.
// Nothing is repaired, and macros are read, never run.
//
// Start reading at Extractor.Extract. The structures are those of [MS-CFB],
// [MS-DOC], [MS-XLS], [MS-PPT] and [MS-OXMSG].
package ole

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/richardlehane/mscfb"

	"aktvakt/scanner/extract"
)

// Extractor reads OLE compound files and bare workbooks.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "ole" }

const magic = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"

// Wants implements extract.Extractor.
func (Extractor) Wants(_, _ string, head []byte) bool {
	return bytes.HasPrefix(head, []byte(magic)) || bareWorkbook(head)
}

// Extract implements extract.Extractor.
func (Extractor) Extract(ctx context.Context, name string, f extract.File, out extract.Out) error {
	head := make([]byte, min(f.Size(), 16))
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	if err := extract.Alive(ctx); err != nil {
		return err
	}
	if head = head[:n]; bareWorkbook(head) {
		data, err := extract.ReadAll(ctx, f, maxStream)
		if err != nil {
			return err
		}
		extract.SetMediaType(out, typeExcel)
		return readWorkbook(ctx, data, out)
	}
	if !bytes.HasPrefix(head, []byte(magic)) {
		return fmt.Errorf("no compound file: %w", extract.ErrUnsupported)
	}
	c, err := open(ctx, f)
	if err != nil {
		return err
	}
	return c.read(name, out)
}

// Media types of what a compound file can hold.
const (
	typeWord  = "application/msword"
	typeExcel = "application/vnd.ms-excel"
	typePPT   = "application/vnd.ms-powerpoint"
	typeMsg   = "application/vnd.ms-outlook"
)

// maxStream is the largest stream that is read, in bytes.
const maxStream = 256 << 20

// maxEntries bounds the entries of the directory.
const maxEntries = 100_000

// container is an open compound file.
type container struct {
	ctx  context.Context
	size int64
	all  []*mscfb.File
}

// open reads the directory of a compound file.
func open(ctx context.Context, f extract.File) (c *container, err error) {
	defer func() {
		if p := recover(); p != nil {
			c, err = nil, fmt.Errorf("directory: %w", extract.ErrCorrupt)
			if re, ok := p.(runtime.Error); ok {
				err = fmt.Errorf("directory: %w (%w)", extract.ErrCorrupt, re)
			}
		}
	}()
	r, err := mscfb.New(f)
	if err != nil {
		return nil, fmt.Errorf("directory: %w (%w)", extract.ErrCorrupt, err)
	}
	if len(r.File) > maxEntries {
		return nil, fmt.Errorf("directory of %d entries: %w", len(r.File), extract.ErrTooLarge)
	}
	return &container{ctx: ctx, size: f.Size(), all: r.File}, nil
}

// storage is the path of a storage, joined by slashes; "" is the root.
func storage(f *mscfb.File) string { return strings.Join(f.Path, "/") }

// find returns a stream of a storage, nil when there is none. The control
// character before some names is left out.
func (c *container) find(in, name string) *mscfb.File {
	for _, f := range c.all {
		if f.Size > 0 && strings.EqualFold(strings.TrimLeft(f.Name, "\x01\x03\x05"), name) && storage(f) == in {
			return f
		}
	}
	return nil
}

// bytes reads a stream as far as the file goes. What was read before an error
// comes with it.
func (c *container) bytes(f *mscfb.File) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("stream: %w", extract.ErrCorrupt)
		}
	}()
	if f == nil {
		return nil, nil
	}
	// A stream cannot be longer than the file; hostile ones say so.
	n := min(f.Size, c.size, maxStream)
	data, err = io.ReadAll(io.LimitReader(extract.Unpack(c.ctx, reader{f}), n))
	if err != nil && extract.ReasonOf(err) == "error" && extract.Alive(c.ctx) == nil {
		err = fmt.Errorf("stream: %w (%w)", extract.ErrCorrupt, err)
	}
	return data, err
}

// reader keeps only Read of a stream, which has no other safe method.
type reader struct{ f *mscfb.File }

func (r reader) Read(p []byte) (int, error) { return r.f.Read(p) }

// stream reads a stream of a storage by name; nil when there is none.
func (c *container) stream(in, name string) ([]byte, error) { return c.bytes(c.find(in, name)) }

// kind is what a storage holds.
type kind struct {
	stream    string // that tells it
	mediaType string
	read      func(c *container, in string, out extract.Out) error
}

var kinds = []kind{
	{"EncryptedPackage", "application/vnd.ms-office.encrypted", (*container).encrypted},
	{"WordDocument", typeWord, (*container).word},
	{"Workbook", typeExcel, (*container).excel},
	{"Book", typeExcel, (*container).excel},
	{"PowerPoint Document", typePPT, (*container).powerPoint},
	{"__properties_version1.0", typeMsg, (*container).message},
	{"Package", "", (*container).packaged},
	{"Ole10Native", "", (*container).native},
	{"CONTENTS", "", (*container).contents},
	{"_VBA_PROJECT", "", (*container).macros},
	{"PROJECT", "application/vnd.ms-office.vbaproject", func(*container, string, extract.Out) error { return nil }}, // its modules lie below
}

func (c *container) kindOf(in string) *kind {
	for i := range kinds {
		if c.find(in, kinds[i].stream) != nil {
			return &kinds[i]
		}
	}
	return nil
}

// read reads the root, then the storages of embedded objects.
func (c *container) read(_ string, out extract.Out) error {
	root := c.kindOf("")
	if root == nil || root.stream == "CONTENTS" {
		return fmt.Errorf("no known document in the compound file: %w", extract.ErrUnsupported)
	}
	if root.mediaType != "" {
		extract.SetMediaType(out, root.mediaType)
	}
	rootErr := root.read(c, "", out)
	if rootErr != nil && (c.fatal(rootErr) || root.stream == "EncryptedPackage") {
		return rootErr
	}
	if err := c.properties("", out); err != nil {
		return err
	}
	if root.mediaType != typeMsg { // a message reads its own storages
		if err := c.objects(out); err != nil {
			return err
		}
	}
	return rootErr
}

// fatal reports errors that end the document.
func (c *container) fatal(err error) bool {
	r := extract.ReasonOf(err)
	return r == "too-large" || r == "timeout" || r == "error" || extract.Alive(c.ctx) != nil
}

// objects reads the embedded objects. Their faults are recorded.
func (c *container) objects(out extract.Out) error {
	seen := map[string]bool{"": true}
	for _, f := range c.all {
		in := storage(f)
		if seen[in] {
			continue
		}
		seen[in] = true
		k := c.kindOf(in)
		if k == nil || k.mediaType == typeMsg {
			continue
		}
		if err := k.read(c, in, out); err != nil {
			if c.fatal(err) {
				return err
			}
			if err := extract.Broken(out, "embedded object", err); err != nil {
				return err
			}
			continue
		}
		if err := c.properties(in, out); err != nil {
			return err
		}
	}
	return nil
}

// packaged hands over an office file of the XML formats.
func (c *container) packaged(in string, out extract.Out) error { return c.embed(in, "Package", out) }

// contents hands over what some programs embed, such as a PDF.
func (c *container) contents(in string, out extract.Out) error { return c.embed(in, "CONTENTS", out) }

func (c *container) embed(in, name string, out extract.Out) error {
	data, err := c.stream(in, name)
	if err != nil && len(data) == 0 {
		return err
	}
	if ferr := extract.Embed(out, "embedded object", extract.Bytes(data)); ferr != nil {
		return ferr
	}
	return err
}

// native unwraps a file that the packager embedded: its size, a flag, label,
// path, another flag, a temporary path, then the data ([MS-OLEDS] 2.3.6 and
// what programs write).
func (c *container) native(in string, out extract.Out) error {
	data, err := c.stream(in, "Ole10Native")
	if err != nil && len(data) == 0 {
		return err
	}
	rest := slice(data, 6, len(data))
	text := func() string {
		i := bytes.IndexByte(rest, 0)
		if i < 0 {
			rest = nil
			return ""
		}
		s := string(rest[:i])
		rest = rest[i+1:]
		return s
	}
	label := text()
	text() // path
	rest = slice(rest, 4, len(rest))
	n := u32(rest, 0)
	rest = slice(rest, 4+n, len(rest)) // temporary path
	if content := slice(rest, 4, u32(rest, 0)); len(content) > 0 {
		return out.File(decodeName(label), extract.Bytes(content))
	}
	return extract.Embed(out, "embedded object", extract.Bytes(slice(data, 4, len(data))))
}
