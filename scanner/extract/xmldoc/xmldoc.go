// Package xmldoc reads XML of any kind: exports of case systems, feeds,
// drawings, and Word and Excel files of 2003. The text of a leaf element is
// told after the element's name, which is what tells a number's kind there;
// attributes are told like elements. No entity that a document declares is
// expanded, and nothing outside it is read.
package xmldoc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
	"aktvakt/scanner/extract/xmlstream"
)

// Extractor reads XML files.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "xml" }

// Wants implements extract.Extractor.
func (Extractor) Wants(_, mediaType string, head []byte) bool {
	return strings.HasSuffix(mediaType, "/xml") || strings.HasSuffix(mediaType, "+xml") || isXML(head)
}

func isXML(head []byte) bool {
	head = head[:min(len(head), 512)]
	if c := charset.Detect(head, false); strings.HasPrefix(c.String(), "utf-16") {
		head = c.Append(nil, head)
	}
	return bytes.HasPrefix(bytes.TrimLeft(head, "\xEF\xBB\xBF \r\n\t"), []byte("<?xml"))
}

// Extract implements extract.Extractor.
func (Extractor) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	head := make([]byte, min(f.Size(), 4096))
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	head = head[:n]
	if bytes.IndexByte(head, '<') < 0 && !isXML(head) {
		return fmt.Errorf("no XML: %w", extract.ErrUnsupported)
	}
	x := xmlstream.New(decode(f, head))
	d := &document{x: x, out: out, flow: bytes.Contains(head, []byte("mso-application")) || bytes.Contains(head, []byte("office:word"))}
	for n := 0; ; n++ {
		if n&0xFFF == 0 {
			if err := extract.Alive(ctx); err != nil {
				return err
			}
		}
		kind := x.Next()
		if kind == xmlstream.EOF {
			break
		}
		if err := d.token(kind); err != nil {
			return err
		}
	}
	d.newline()
	if err := d.flush(); err != nil {
		return err
	}
	if err := x.Err(); err != nil {
		return err
	}
	if x.Truncated() {
		return fmt.Errorf("a tag in it %w", extract.ErrTooLarge)
	}
	return nil
}

// decode returns the document in UTF-8. What is valid UTF-8 is that, whatever
// the document claims.
func decode(f extract.File, head []byte) io.Reader {
	r := io.NewSectionReader(f, 0, f.Size())
	c := charset.Detect(head, int64(len(head)) == f.Size())
	if c.String() != charset.UTF8.String() || charset.IsASCII(head) {
		if named, ok := charset.ByLabel(label(head)); ok && !strings.HasPrefix(named.String(), "utf-") && !strings.HasPrefix(c.String(), "utf-16") {
			return charset.NewReaderOf(r, named)
		}
	}
	return charset.NewReader(r)
}

// label finds encoding="..." in the declaration.
func label(head []byte) string {
	end := bytes.Index(head, []byte("?>"))
	i := bytes.Index(head, []byte("encoding="))
	if i < 0 || end < i || i+11 > end {
		return ""
	}
	rest := head[i+len("encoding=") : end]
	stop := bytes.IndexByte(rest[1:], rest[0])
	if stop < 0 {
		return ""
	}
	return string(rest[1 : 1+stop])
}

// blockSize is about how much text makes a block, in bytes.
const blockSize = 32 << 10

// document is one document being read.
type document struct {
	x    *xmlstream.Scanner
	out  extract.Out
	flow bool // Word or Excel 2003, whose element names say nothing
	buf  []byte
	name []byte // of the element that the text belongs to
	told bool   // its name was told
	// cells is how many table cells of Word are open: in them a paragraph's
	// end ends no line.
	cells int
}

// inline elements do not end a line.
var inline = map[string]bool{
	"t": true, "r": true, "span": true, "b": true, "i": true, "u": true, "em": true, "strong": true, "a": true, "font": true,
	"sub": true, "sup": true, "tspan": true, "delText": true, "rPr": true, "sz": true, "rFonts": true, "lang": true, "Font": true,
	"B": true, "I": true, "bookmark": true, "annotation": true, "proofErr": true, "Data": true, "NamedCell": true,
}

func (d *document) token(kind xmlstream.Kind) error {
	switch kind {
	case xmlstream.Start:
		name := d.x.Name()
		switch {
		case d.flow && (string(name) == "Cell" || string(name) == "tc"):
			if d.midLine() {
				d.buf = append(d.buf, '\t')
			}
			if string(name) == "tc" && !d.x.SelfClosing() {
				d.cells++
			}
		case d.flow && string(name) == "tab":
			d.buf = append(d.buf, '\t')
		case !inline[string(name)] && !(d.flow && d.cells > 0 && string(name) == "p"):
			d.newline()
		}
		d.name, d.told = append(d.name[:0], name...), false
		d.attributes()
	case xmlstream.Text:
		d.text(d.x.Bytes())
	case xmlstream.End:
		if string(d.x.Name()) == "tc" {
			d.cells = max(d.cells-1, 0)
		}
		if name := string(d.x.Name()); !inline[name] && !(d.flow && (name == "Cell" || name == "tc" || name == "p" && d.cells > 0)) {
			d.newline()
		}
		d.name = d.name[:0]
	case xmlstream.EOF:
	}
	if len(d.buf) >= blockSize && (!d.midLine() || len(d.buf) >= 8*blockSize) {
		return d.flush()
	}
	return nil
}

func (d *document) midLine() bool { return len(d.buf) > 0 && d.buf[len(d.buf)-1] != '\n' }

func (d *document) newline() {
	if d.midLine() {
		d.buf = append(d.buf, '\n')
	}
}

// text tells the text of an element, after its name where that may say what
// it is.
func (d *document) text(b []byte) {
	if len(bytes.TrimSpace(b)) == 0 {
		if d.midLine() && len(b) > 0 && !d.flow {
			d.buf = append(d.buf, ' ')
		}
		return
	}
	if len(d.name) > 0 && !d.told && !d.flow && !inline[string(d.name)] {
		d.buf = append(append(d.buf, d.name...), ": "...)
	}
	d.told = true
	d.buf = append(d.buf, bytes.Trim(b, "\r\n")...)
}

// attributes tells attributes that may hold text on lines of their own.
func (d *document) attributes() {
	if d.flow {
		return
	}
	d.x.EachAttr(func(name, value []byte) bool {
		if len(value) < 3 || len(value) > 4096 || dull(string(name)) {
			return true
		}
		d.newline()
		d.buf = append(append(append(d.buf, name...), ": "...), xmlstream.AppendUnescaped(nil, value)...)
		d.newline()
		return true
	})
}

// dull are attributes of looks and structure.
func dull(name string) bool {
	switch name {
	case "xmlns", "schemaLocation", "style", "class", "d", "transform", "fill", "stroke", "viewBox", "points", "version", "encoding", "type", "space", "lang":
		return true
	}
	return strings.HasPrefix(name, "xmlns")
}

func (d *document) flush() error {
	if len(d.buf) == 0 {
		return nil
	}
	err := d.out.Text(extract.Block{Text: string(d.buf)})
	d.buf = d.buf[:0]
	return err
}
