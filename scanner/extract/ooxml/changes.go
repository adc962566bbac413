package ooxml

import (
	"bytes"
	"unicode/utf8"
)

// changes collects what was deleted with changes tracked. A paragraph is told
// as it reads now; the deleted pieces follow on lines of their own, each made
// up to whole words with the text that was kept around it, so that neither a
// number's old nor its new form is broken by the other.
type changes struct {
	del, ins int // depth of elements
	inserted int // end of inserted text in the current line
	old      []byte
	open     bool // the last deleted piece may go on in kept text
}

// maxOld bounds deleted text of one paragraph, in bytes.
const maxOld = 256 << 10

// deleted adds a deleted piece; line is the text before it.
func (c *changes) deleted(b, line []byte) {
	if len(c.old) > maxOld {
		return
	}
	if !c.open {
		c.end()
		from := 0
		if c.inserted <= len(line) {
			from = c.inserted
		}
		c.old = append(c.old, lastWord(line[from:])...)
		c.open = true
	}
	c.old = append(c.old, b...)
}

// kept makes up the last deleted piece to the end of its word.
func (c *changes) kept(b []byte) {
	if !c.open || c.ins > 0 || len(c.old) > maxOld {
		return
	}
	if i := bytes.IndexAny(b, " \t\n"); i >= 0 {
		c.old = append(c.old, b[:i]...)
		c.end()
		return
	}
	c.old = append(c.old, b...)
}

func (c *changes) end() {
	c.open = false
	if n := len(c.old); n > 0 && c.old[n-1] != '\n' {
		c.old = append(c.old, '\n')
	}
}

// take returns the deleted pieces of the paragraph that ended.
func (c *changes) take() []byte {
	if len(c.old) == 0 {
		return nil
	}
	c.end()
	old := c.old
	c.old, c.inserted = nil, 0
	return old
}

// lastWord returns the end of b after its last white space, at most 64 bytes
// of it.
func lastWord(b []byte) []byte {
	b = b[bytes.LastIndexAny(b, " \t\n")+1:]
	if len(b) > 64 {
		b = b[len(b)-64:]
		for len(b) > 0 && !utf8.RuneStart(b[0]) {
			b = b[1:]
		}
	}
	return b
}
