// Package carve takes readable strings out of files whose format has no
// reader: OneNote, Visio, Publisher, Project, Access and SQLite databases,
// WordPerfect and Word before version 6. What it finds may be incomplete or
// out of order, so that such a document is always partial.
package carve

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"unicode"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
)

// Extractor carves strings. It belongs after all readers of binary formats.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "carve" }

// magics are how the formats begin that are worth it. An OLE file comes here
// when its own reader does not know what it holds.
var magics = []struct {
	at    int
	bytes string
}{
	{0, "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3"}, // OneNote section
	{0, "\xA1\x2F\xFF\x43\xD9\xEF\x76\x4C\x9E\xE2\x10\xEA\x57\x22\x76\x5F"}, // OneNote notebook
	{0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"},                                 // Visio, Publisher, Project, Works
	{4, "Standard Jet DB"},
	{4, "Standard ACE DB"},
	{0, "SQLite format 3\x00"},
	{0, "\xFFWPC"},
	{0, "\xDB\xA5"},                         // Word 2
	{0, "\x31\xBE\x00\x00"},                 // Word for DOS, Write
	{0, "\x00\x00\x1A\x00\x00\x10\x04\x00"}, // Lotus 1-2-3
}

// Wants implements extract.Extractor.
func (Extractor) Wants(_, _ string, head []byte) bool {
	for _, m := range magics {
		if len(head) > m.at && bytes.HasPrefix(head[m.at:], []byte(m.bytes)) {
			return true
		}
	}
	return false
}

// Extract implements extract.Extractor. Where it finds anything its error is
// ErrCarved.
func (Extractor) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	c := carver{out: out}
	r := io.NewSectionReader(f, 0, f.Size())
	buf := make([]byte, 64<<10)
	for {
		if err := extract.Alive(ctx); err != nil {
			return err
		}
		n, err := r.Read(buf)
		for _, b := range buf[:n] {
			c.byte(b)
		}
		if len(c.text) >= blockSize {
			if err := c.flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	for _, run := range []*run{&c.narrow, &c.wide[0], &c.wide[1]} {
		c.end(run)
	}
	if err := c.flush(); err != nil {
		return err
	}
	if !c.found {
		return fmt.Errorf("no readable strings: %w", extract.ErrUnsupported)
	}
	return extract.ErrCarved
}

// blockSize is about how much text makes a block, in bytes.
const blockSize = 32 << 10

// run is a string that may go on.
type run struct {
	b    []byte
	wide bool
}

// carver follows three strings at once: bytes, and UTF-16 at even and at odd
// offsets.
type carver struct {
	out    extract.Out
	narrow run
	wide   [2]run
	last   byte
	odd    int // parity of the offset
	text   []byte
	found  bool
}

// Shortest and longest string; a longer one is told in pieces.
const (
	least = 5
	most  = 16 << 10
)

// readable are bytes of text in Windows-1252 and UTF-8.
var readable = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= 0x20 && c < 0x7F || c >= 0xA0 || c == '\t'
	}
	for _, c := range "\x80\x82\x84\x85\x91\x92\x93\x94\x96\x97" {
		t[byte(c)] = true
	}
	return t
}()

func (c *carver) byte(b byte) {
	if readable[b] || b >= 0x80 {
		c.narrow.b = append(c.narrow.b, b)
		if len(c.narrow.b) >= most {
			c.end(&c.narrow)
		}
	} else {
		c.end(&c.narrow)
	}
	// The byte ends a unit that began at the other parity.
	w := &c.wide[c.odd]
	if unit := rune(c.last) | rune(b)<<8; unit < 0x250 && (unit >= 0x20 && unit < 0x7F || unit >= 0xA0) || unit == '\t' || unit >= 0x2010 && unit < 0x2030 {
		w.wide = true
		w.b = append(w.b, c.last, b)
		if len(w.b) >= most {
			c.end(w)
		}
	} else {
		c.end(w)
	}
	c.last = b
	c.odd ^= 1
}

// end tells a string, if it is one.
func (c *carver) end(r *run) {
	b := r.b
	r.b = r.b[:0]
	n := len(b)
	if r.wide {
		n /= 2
	}
	if n < least {
		return
	}
	cs := charset.UTF16LE
	if !r.wide {
		if cs = charset.Detect(b, true); cs.String() == charset.Binary.String() {
			return
		}
	}
	start := len(c.text)
	c.text = cs.Append(c.text, b)
	if !likely(string(c.text[start:])) {
		c.text = c.text[:start]
		return
	}
	c.found = true
	c.text = append(c.text, '\n')
}

// likely reports whether three of four characters are letters, digits or
// white space, most of them plain, which noise hardly ever has.
func likely(s string) bool {
	n, good, foreign := 0, 0, 0
	for _, r := range s {
		n++
		if r >= 0x80 {
			foreign++
		}
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == ' ' || r == '-') || r != unicode.ReplacementChar && r >= 0xC0 && r < 0x180 && unicode.IsLetter(r) {
			good++
		}
	}
	return good*4 >= n*3 && foreign*3 <= n
}

func (c *carver) flush() error {
	if len(c.text) == 0 {
		return nil
	}
	err := c.out.Text(extract.Block{Text: string(c.text)})
	c.text = c.text[:0]
	return err
}
