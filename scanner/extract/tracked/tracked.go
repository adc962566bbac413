// Package tracked tells the text that a document keeps of what was deleted
// with changes tracked. It parses nothing; the readers of formats feed it.
package tracked

import (
	"bytes"
	"unicode/utf8"
)

// Changes collects what was deleted. A paragraph is told as it reads now; the
// deleted pieces follow on lines of their own, each made up to whole words
// with the text that was kept around it, so that neither a number's old nor
// its new form is broken by the other.
type Changes struct {
	// Del and Ins are how many deletions and insertions the text now read lies
	// in; the caller counts them.
	Del, Ins int
	// Inserted is where inserted text ends in the current line.
	Inserted int

	old  []byte
	open bool // the last deleted piece may go on in kept text
}

// maxOld bounds deleted text of one paragraph, in bytes.
const maxOld = 256 << 10

// Deleted adds a deleted piece; line is the text before it.
func (c *Changes) Deleted(b, line []byte) {
	if len(c.old) > maxOld {
		return
	}
	if !c.open {
		c.end()
		from := 0
		if c.Inserted <= len(line) {
			from = c.Inserted
		}
		c.old = append(c.old, lastWord(line[from:])...)
		c.open = true
	}
	c.old = append(c.old, b...)
}

// Kept makes up the last deleted piece to the end of its word.
func (c *Changes) Kept(b []byte) {
	if !c.open || c.Ins > 0 || len(c.old) > maxOld {
		return
	}
	if i := bytes.IndexAny(b, " \t\n"); i >= 0 {
		c.old = append(c.old, b[:i]...)
		c.end()
		return
	}
	c.old = append(c.old, b...)
}

func (c *Changes) end() {
	c.open = false
	if n := len(c.old); n > 0 && c.old[n-1] != '\n' {
		c.old = append(c.old, '\n')
	}
}

// Take returns the deleted pieces of the paragraph that ended.
func (c *Changes) Take() []byte {
	if len(c.old) == 0 {
		return nil
	}
	c.end()
	old := c.old
	c.old, c.Inserted = nil, 0
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
