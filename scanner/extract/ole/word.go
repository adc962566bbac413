package ole

import (
	"bytes"
	"fmt"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/cell"
	"aktvakt/scanner/extract/charset"
	"aktvakt/scanner/extract/tracked"
)

// Offsets in the file information block, [MS-DOC] 2.5.
const (
	fibVersion = 0x02
	fibFlags   = 0x0A
	fibMin     = 0x18 // first and
	fibMac     = 0x1C // last byte of text, up to Word 95
	fibCounts  = 0x4C // characters of each part, since Word 97
	fibChpx    = 0xFA
	fibPapx    = 0x102
	fibClx     = 0x1A2

	fibCounts95 = 0x34
	fibClx95    = 0x160

	flagComplex   = 0x0004
	flagEncrypted = 0x0100
	flag1Table    = 0x0200
	lastWord95    = 105
)

// parts are the stretches of a document's text, in order.
var parts = []string{"", "footnotes", "header", "macros", "comments", "endnotes", "text boxes", "text boxes"}

// piece is a stretch of text in the WordDocument stream.
type piece struct {
	start, n int // first byte, number of characters
	wide     bool
}

// word reads a Word document of version 6 or later.
func (c *container) word(in string, out extract.Out) error {
	doc, err := c.stream(in, "WordDocument")
	if err != nil && len(doc) == 0 {
		return err
	}
	if len(doc) < 0x60 {
		return fmt.Errorf("WordDocument of %d bytes: %w", len(doc), extract.ErrCorrupt)
	}
	flags := u16(doc, fibFlags)
	if flags&flagEncrypted != 0 {
		return extract.ErrEncrypted
	}
	w := &wordText{c: c, out: out, doc: doc, page: charset.CP1252}
	var fault error
	if u16(doc, fibVersion) <= lastWord95 {
		w.word95(flags)
	} else {
		name := "0Table"
		if flags&flag1Table != 0 {
			name = "1Table"
		}
		table, terr := c.stream(in, name)
		if terr != nil && c.fatal(terr) {
			return terr
		}
		fault = w.word97(table)
	}
	if ferr := w.run(); ferr != nil {
		return ferr
	}
	if fault != nil {
		return fault
	}
	return err
}

// wordText is the text of a document as it is decoded.
type wordText struct {
	c    *container
	out  extract.Out
	doc  []byte
	page charset.Charset

	pieces                []piece
	counts                []int // characters of each part
	deleted, added, rowed []extent

	part    int
	left    int  // characters left in the part
	mark    bool // the last character ended a table cell
	buf     []byte
	aside   []byte
	changes tracked.Changes
	fields  []field
}

// field is a field being read; its code is told when it quotes something or
// has a number.
type field struct {
	code   []byte
	result bool
}

// word95 finds the text of Word 6 and 95, in one piece or several.
func (w *wordText) word95(flags int) {
	for i := range 8 {
		w.counts = append(w.counts, u32(w.doc, fibCounts95+4*i))
	}
	if flags&flagComplex != 0 {
		clx := slice(w.doc, u32(w.doc, fibClx95), u32(w.doc, fibClx95+4))
		if w.pieces = pieceTable(clx, false); len(w.pieces) > 0 {
			return
		}
	}
	from := u32(w.doc, fibMin)
	w.pieces = []piece{{start: from, n: len(slice(w.doc, from, u32(w.doc, fibMac)-from))}}
}

// word97 finds the pieces of text and where rows end and changes are tracked.
func (w *wordText) word97(table []byte) error {
	for i := range 8 {
		w.counts = append(w.counts, u32(w.doc, fibCounts+4*i))
	}
	at := func(fib int) []byte { return slice(table, u32(w.doc, fib), u32(w.doc, fib+4)) }
	w.deleted = formatted(w.doc, at(fibChpx), 1, func(p []byte) bool { return hasSprm(p, sprmDeleted) })
	w.added = formatted(w.doc, at(fibChpx), 1, func(p []byte) bool { return hasSprm(p, sprmInserted) })
	w.rowed = formatted(w.doc, at(fibPapx), 13, func(p []byte) bool { return hasSprm(p, sprmRowEnd) })
	w.pieces = pieceTable(at(fibClx), true)
	if len(w.pieces) > 0 {
		return nil
	}
	from := u32(w.doc, fibMin)
	w.pieces = []piece{{start: from, n: len(slice(w.doc, from, u32(w.doc, fibMac)-from))}}
	return fmt.Errorf("no table of pieces: %w", extract.ErrCorrupt)
}

// pieceTable reads a Clx: property modifiers, then the pieces, 2.9.38.
func pieceTable(clx []byte, word97 bool) []piece {
	for len(clx) > 3 && clx[0] == 1 {
		clx = slice(clx, 3+u16(clx, 1), len(clx))
	}
	if len(clx) < 5 || clx[0] != 2 {
		return nil
	}
	t := slice(clx, 5, u32(clx, 1))
	n := (len(t) - 4) / 12
	var pieces []piece
	for i := range n {
		p := piece{n: u32(t, 4*i+4) - u32(t, 4*i), start: u32(t, 4*(n+1)+8*i+2)}
		if p.n <= 0 {
			continue
		}
		if word97 {
			p.wide = p.start&0x40000000 == 0
			if p.start &^= 0xC0000000; !p.wide {
				p.start /= 2
			}
		}
		pieces = append(pieces, p)
	}
	return pieces
}

// run decodes all pieces.
func (w *wordText) run() error {
	w.part, w.left = -1, 0
	w.nextPart()
	for _, p := range w.pieces {
		if err := w.piece(p); err != nil {
			return err
		}
	}
	return w.flush()
}

// nextPart moves on to the next part that has characters.
func (w *wordText) nextPart() {
	for w.left <= 0 && w.part < len(parts)-1 {
		w.part++
		if w.part < len(w.counts) {
			w.left = w.counts[w.part]
		}
	}
	if w.left <= 0 {
		w.left = 1 << 30 // what no part claims
	}
}

// piece decodes a piece in stretches of one part and one kind of change.
func (w *wordText) piece(p piece) error {
	width := 1
	if p.wide {
		width = 2
	}
	raw := slice(w.doc, p.start, p.n*width)
	for off := 0; off+width <= len(raw); {
		if err := extract.Alive(w.c.ctx); err != nil {
			return err
		}
		fc := p.start + off
		end := min(p.start+len(raw), fc+w.left*width, fc+64<<10)
		end = next(w.deleted, fc, next(w.added, fc, end))
		if end <= fc || (end-fc)%width != 0 {
			end = fc + width
		}
		b := w.doc[fc:min(end, p.start+len(raw))]
		deleted := within(w.deleted, fc)
		w.changes.Ins = 0
		if within(w.added, fc) {
			w.changes.Ins = 1
		}
		if err := w.text(b, p.wide, deleted, fc); err != nil {
			return err
		}
		off += len(b)
		if w.left -= len(b) / width; w.left <= 0 {
			if err := w.flush(); err != nil {
				return err
			}
			w.nextPart()
		}
	}
	return nil
}

// text decodes characters that begin at byte fc.
func (w *wordText) text(b []byte, wide, deleted bool, fc int) error {
	var s string
	if wide {
		s = utf16(b)
	} else {
		s = w.page.Decode(b)
	}
	at := fc
	for _, r := range s {
		if err := w.char(r, deleted, at); err != nil {
			return err
		}
		switch {
		case !wide:
			at++
		case r > 0xFFFF:
			at += 4
		default:
			at += 2
		}
	}
	if w.changes.Ins > 0 {
		w.changes.Inserted = len(w.buf)
	}
	return nil
}

// char handles one character, 2.4.1 and the special characters of 2.8.
func (w *wordText) char(r rune, deleted bool, at int) error {
	switch r {
	case 0x13:
		w.fields = append(w.fields, field{})
		if len(w.fields) > 64 {
			w.fields = w.fields[1:]
		}
		return nil
	case 0x14:
		if n := len(w.fields); n > 0 {
			w.fields[n-1].result = true
		}
		return nil
	case 0x15:
		w.endField()
		return nil
	case 0x0D, 0x0B, 0x0C, 0x0E:
		return w.paragraph(deleted)
	case 0x07:
		// Without paragraph properties two marks in a row end the row.
		if within(w.rowed, at) || (len(w.rowed) == 0 && w.mark) {
			w.mark = false
			return w.paragraph(deleted)
		}
		w.mark = true
		r = '\t'
	case 0x1E:
		r = '-'
	case '\t', '\n':
	default:
		if r < ' ' { // anchors, and hyphens that do not show
			return nil
		}
	}
	if n := len(w.fields); n > 0 && !w.fields[n-1].result {
		if len(w.fields[n-1].code) < 4096 {
			w.fields[n-1].code = append(w.fields[n-1].code, string(r)...)
		}
		return nil
	}
	w.mark = w.mark && r == '\t'
	b := []byte(string(r))
	if deleted {
		w.changes.Deleted(b, w.buf)
		return nil
	}
	w.changes.Kept(b)
	w.buf = append(w.buf, b...)
	return nil
}

func (w *wordText) endField() {
	n := len(w.fields)
	if n == 0 {
		return
	}
	if code := bytes.TrimSpace(w.fields[n-1].code); bytes.IndexByte(code, '"') >= 0 || cell.LongestDigits(string(code)) >= 6 {
		w.aside = append(append(w.aside, code...), '\n')
	}
	w.fields = w.fields[:n-1]
}

// paragraph ends a line; deleted text and field codes follow.
func (w *wordText) paragraph(deleted bool) error {
	if deleted {
		w.changes.Deleted([]byte("\n"), w.buf)
		return nil
	}
	w.buf = bytes.TrimRight(w.buf, "\t")
	if n := len(w.buf); n > 0 && w.buf[n-1] != '\n' {
		w.buf = append(w.buf, '\n')
	}
	w.buf = append(w.buf, w.changes.Take()...)
	w.buf = append(w.buf, w.aside...)
	w.aside = w.aside[:0]
	if len(w.buf) >= 32<<10 {
		return w.flush()
	}
	return nil
}

func (w *wordText) flush() error {
	w.buf = append(append(w.buf, w.changes.Take()...), w.aside...)
	w.aside = w.aside[:0]
	text := strings.TrimRight(string(w.buf), "\t")
	w.buf = w.buf[:0]
	if text == "" {
		return nil
	}
	part := ""
	if w.part >= 0 {
		part = parts[w.part]
	}
	return w.out.Text(extract.Block{Text: text, Place: extract.Place{Part: part}})
}
