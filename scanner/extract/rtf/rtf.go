// Package rtf reads Rich Text Format as a stream: body, tables, headers,
// notes, comments, text boxes, deleted and hidden text, fields, forms,
// properties, embedded pictures and objects. It lays nothing out.
//
// Start reading at Extractor.Extract; scan.go is the lexer, destination.go
// says what groups are for.
package rtf

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
	"aktvakt/scanner/extract/tracked"
)

// Extractor reads RTF.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "rtf" }

// Wants implements extract.Extractor.
func (Extractor) Wants(_, _ string, head []byte) bool { return isRTF(head) }

func isRTF(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(head[:min(len(head), 256)], "\xEF\xBB\xBF \r\n\t\x00"), []byte(`{\rt`))
}

// Extract implements extract.Extractor.
func (Extractor) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	head := make([]byte, min(f.Size(), 256))
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	if !isRTF(head[:n]) {
		return fmt.Errorf("no RTF: %w", extract.ErrUnsupported)
	}
	return Text(ctx, io.NewSectionReader(f, 0, f.Size()), out)
}

// Text sends the text of an RTF document to out.
func Text(ctx context.Context, r io.Reader, out extract.Out) error {
	d := &document{ctx: ctx, out: out, def: charset.CP1252, fonts: map[int]charset.Charset{}}
	d.st = state{skipChars: 1}
	s := newScanner(r)
	for n := 0; ; n++ {
		if n&0xFFF == 0 {
			if err := extract.Alive(ctx); err != nil {
				return err
			}
		}
		tok := s.next()
		if tok.kind == tokEOF {
			break
		}
		if err := d.token(s, tok); err != nil {
			return err
		}
	}
	open := d.depth
	for len(d.stack) > 0 { // what the missing braces would have ended
		if err := d.close(); err != nil {
			return err
		}
	}
	if err := d.flush(); err != nil {
		return err
	}
	switch {
	case s.err != io.EOF:
		return s.err
	case open > 0:
		return fmt.Errorf("ends within %d groups: %w", open, extract.ErrCorrupt)
	}
	return nil
}

// blockSize is about how much text makes a block, in bytes.
const blockSize = 32 << 10

// maxDepth is how many nested groups keep a state of their own.
const maxDepth = 4096

// document is one document being read.
type document struct {
	ctx context.Context
	out extract.Out

	st    state
	stack []state
	depth int

	def   charset.Charset
	fonts map[int]charset.Charset
	font  int // the font that the font table defines now

	buf     []byte // whole lines, then the current paragraph
	aside   []byte // notes, comments, field codes: told after the paragraph
	part    []byte // a header or property being read
	field   []byte // the code of a field
	hex     []byte // a picture or object being read
	half    int    // the first digit of a byte in hex, plus one
	tabs    int    // cells that ended, tabs due before more text
	skip    int    // characters to skip after \u
	high    rune   // first half of a surrogate pair
	changes tracked.Changes
	members int
}

// state is what a group inherits and its end restores.
type state struct {
	dest      dest
	skipChars int // after \u
	enc       *charset.Charset
	deleted   bool
	revised   bool // inserted with changes tracked
	star      bool // \* came before the next control word
	upr       bool // the group holds its text twice
	first     bool // nothing came in the group yet
}

func (d *document) token(s *scanner, t token) error {
	switch t.kind {
	case tokOpen:
		d.open()
	case tokClose:
		return d.close()
	case tokText:
		d.chars(t.text)
		if len(d.buf) > 8*blockSize {
			return d.flush()
		}
	case tokByte:
		if d.skip > 0 {
			d.skip--
			return nil
		}
		d.bytes([]byte{t.b})
	case tokSymbol:
		return d.symbol(t.b)
	case tokWord:
		return d.word(s, t)
	case tokEOF:
	}
	return nil
}

func (d *document) open() {
	d.depth++
	d.skip = 0
	if d.depth > maxDepth {
		return
	}
	d.stack = append(d.stack, d.st)
	d.st.star = false
	d.st.first = true
	if d.st.upr {
		d.st.upr = false
		d.st.dest = destSkip
	}
}

// close ends a group. Its destination ends where the outer group has another.
func (d *document) close() error {
	d.depth = max(d.depth-1, 0)
	d.skip = 0
	n := len(d.stack)
	if n == 0 || d.depth >= maxDepth {
		return nil
	}
	old := d.st
	d.st = d.stack[n-1]
	d.stack = d.stack[:n-1]
	if old.dest == d.st.dest && !(old.dest == destAside && d.st.first) {
		return nil
	}
	return d.endDest(old.dest)
}

// chars takes plain characters of the source: text, or hexadecimal data.
func (d *document) chars(b []byte) {
	if d.skip > 0 {
		n := min(d.skip, len(b))
		d.skip -= n
		b = b[n:]
	}
	if d.st.dest == destPicture || d.st.dest == destObject {
		d.hexDigits(b)
		return
	}
	d.bytes(b)
}

// bytes takes characters in the current charset.
func (d *document) bytes(b []byte) {
	if d.st.dest == destSkip || d.st.dest == destFonts || len(b) == 0 {
		return
	}
	if charset.IsASCII(b) {
		d.write(b)
		return
	}
	enc := d.def
	if d.st.enc != nil {
		enc = *d.st.enc
	}
	d.write(enc.Append(nil, b))
}

// maxAside bounds what is kept for after the paragraph, in bytes.
const maxAside = 16 << 20

// write adds text to where it belongs.
func (d *document) write(b []byte) {
	switch d.st.dest {
	case destAside:
		if len(d.aside) < maxAside {
			d.aside = append(d.aside, b...)
		}
	case destHeader, destFooter, destProperty:
		if len(d.part) < maxAside {
			d.part = append(d.part, b...)
		}
	case destField:
		if len(d.field) < blockSize {
			d.field = append(d.field, b...)
		}
	case destBody:
		d.changes.Ins = 0
		if d.st.revised {
			d.changes.Ins = 1
		}
		if d.st.deleted {
			d.changes.Deleted(b, d.buf)
			return
		}
		for ; d.tabs > 0; d.tabs-- {
			d.buf = append(d.buf, '\t')
		}
		d.changes.Kept(b)
		d.buf = append(d.buf, b...)
		if d.st.revised {
			d.changes.Inserted = len(d.buf)
		}
	case destSkip, destFonts, destPicture, destObject:
	}
}

func (d *document) hexDigits(b []byte) {
	for _, c := range b {
		v := hexValue(c)
		if v < 0 {
			continue
		}
		if d.half == 0 {
			d.half = v + 1
			continue
		}
		if len(d.hex) < maxObject {
			d.hex = append(d.hex, byte((d.half-1)<<4|v))
		}
		d.half = 0
	}
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func endLine(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] != '\n' {
		b = append(b, '\n')
	}
	return b
}

// paragraph ends a line of the body and tells what was put aside.
func (d *document) paragraph() error {
	switch d.st.dest {
	case destAside:
		d.aside = endLine(d.aside)
		return nil
	case destHeader, destFooter, destProperty:
		d.part = endLine(d.part)
		return nil
	case destBody:
	case destSkip, destField, destFonts, destPicture, destObject:
		return nil
	}
	d.tabs = 0
	d.buf = endLine(d.buf)
	d.buf = append(d.buf, d.changes.Take()...)
	d.buf = append(d.buf, endLine(d.aside)...)
	d.aside = d.aside[:0]
	if len(d.buf) >= blockSize {
		return d.flush()
	}
	return nil
}

func (d *document) flush() error {
	d.buf = append(endLine(d.buf), d.changes.Take()...)
	d.buf = append(d.buf, endLine(d.aside)...)
	d.aside = d.aside[:0]
	if len(d.buf) == 0 {
		return nil
	}
	err := d.out.Text(extract.Block{Text: string(d.buf)})
	d.buf = d.buf[:0]
	return err
}
